"""What a class tree may look like."""

import re
from collections.abc import Mapping, Sequence

from catalog.classes.model import GBT, ClassFacts, MaterialClass, NewClass
from catalog.kernel.errors import Invalid, Refused

DEEPEST = 6
MOST_AT_ONCE = 5000
MOST_BANDS, LONGEST_DAYS = 5, 36_500
_SCHEME = re.compile(r"[a-z][a-z0-9_]{1,39}").fullmatch
_CODE = re.compile(r"[A-Za-z0-9._-]{1,40}").fullmatch
_GBT = re.compile(r"[1-9][0-9]{6}|L-[A-Z0-9-]{1,20}").fullmatch
"""An official number, or a local key for a national class whose number is not known: official ones are not invented."""


def gbt_parent(code: str) -> str | None:
    """The parent of a seven-digit code by zero-padding: gbt_parent("1010100") == "1010000"; None at the top."""
    for end in (5, 3, 1):
        if int(code[end : end + 2]) and not int(code[end + 2 :] or "0"):
            return code[:end] + "0" * (7 - end)
    return None


def check_facts(facts: ClassFacts) -> None:
    """Raises Invalid for a class without a name."""
    if not facts.name_zh.strip():
        raise Invalid("class.no-name", "类别必须有中文名称")
    days = list(facts.near_expiry_days)
    if (
        len(days) > MOST_BANDS
        or any(not 0 < day <= LONGEST_DAYS for day in days)
        or days != sorted(set(days), reverse=True)
    ):
        raise Invalid("class.bad-near-expiry", "临期天数最多五档，由大到小", days=days)


def check_new(classes: Sequence[NewClass], known: Mapping[tuple[str, str], MaterialClass]) -> None:
    """All of a list, against the classes that are there (`known`: by scheme and code, also retired ones)."""
    if not 1 <= len(classes) <= MOST_AT_ONCE:
        raise Invalid("class.bad-count", f"一次可新增 1 到 {MOST_AT_ONCE} 个类别", count=len(classes))
    levels = {key: found.level for key, found in known.items()}
    for new in classes:
        key = (new.scheme, new.code)
        if not _SCHEME(new.scheme) or not _CODE(new.code) or (new.scheme == GBT and not _GBT(new.code)):
            raise Invalid("class.bad-code", "类别编码不正确", scheme=new.scheme, which=new.code)
        if key in levels:
            raise Refused("class.code-taken", "类别编码已使用（停用的也不再使用）", scheme=new.scheme, which=new.code)
        if new.scheme == GBT and new.code.isdigit() and new.parent_code != gbt_parent(new.code):
            raise Invalid("class.wrong-parent", "国标编码的上级由补零得出", which=new.code, parent=gbt_parent(new.code))
        level = 1
        if new.parent_code is not None:
            parent = (new.scheme, new.parent_code)
            if parent not in levels:
                raise Invalid("class.unknown-parent", "上级类别不存在", which=new.code, parent=new.parent_code)
            if parent in known and known[parent].retired_at is not None:
                raise Refused("class.parent-retired", "上级类别已停用", which=new.code, parent=new.parent_code)
            level = levels[parent] + 1
        if level > DEEPEST:
            raise Invalid("class.too-deep", f"类别最多 {DEEPEST} 级", which=new.code)
        check_facts(new.facts)
        levels[key] = level
