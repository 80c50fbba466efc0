"""What a party may be."""

import re
from collections.abc import Sequence

from catalog.kernel.errors import Invalid
from warehouse.parties.model import NewParty, PartyFacts, PartyKind

MOST_AT_ONCE = 1000
_KEY = re.compile(r"[A-Za-z0-9._-]{2,40}").fullmatch


def check_facts(kind: PartyKind, facts: PartyFacts) -> None:
    """Raises Invalid for a nameless party, or duties of something that is no office."""
    if not facts.name_zh.strip():
        raise Invalid("party.no-name", "单位必须有中文名称")
    if facts.duties and kind is not PartyKind.OFFICE:
        raise Invalid("party.no-office", "只有部门有决定、储备、付款职责", kind=kind)
    if len(set(facts.duties)) != len(facts.duties):
        raise Invalid("party.duty-twice", "职责重复", duties=list(facts.duties))


def check_new(parties: Sequence[NewParty]) -> None:
    """All of a list by itself."""
    if not 1 <= len(parties) <= MOST_AT_ONCE:
        raise Invalid("party.bad-count", f"一次可新增 1 到 {MOST_AT_ONCE} 个单位", count=len(parties))
    keys = [new.key for new in parties]
    for new in parties:
        if not _KEY(new.key) or keys.count(new.key) > 1:
            raise Invalid("party.bad-key", "单位编号只能包含字母、数字、点和横线，且不能重复", key=new.key)
        check_facts(new.kind, new.facts)
