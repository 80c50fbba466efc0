"""The life of a plan's line as a table. Buttons, `allowed`, permission checks and the README's diagram stand on it."""

from dataclasses import dataclass

from catalog.kernel.access import Permission
from catalog.kernel.errors import Problem, Refused
from catalog.kernel.stamp import Stamp
from catalog.kernel.workflow import StockEffect, Transition, Workflow
from warehouse.rotation import rules
from warehouse.rotation.model import DISPOSALS, Line, Offer, Option, Policy, Short, Status, Terms


@dataclass(frozen=True, slots=True)
class Standing:
    """A line with what the needs look at: its options, which minimum it would break, the settings."""

    line: Line
    terms: Terms
    policy: Policy | None = None
    offers: tuple[Offer, ...] = ()
    shorts: tuple[Short, ...] = ()


def chosen(standing: Standing) -> Refused | None:
    """An option has been chosen, and is still open to the goods."""
    line = standing.line
    offer = next((one for one in standing.offers if one.option is line.option), None)
    if offer is None:
        return Refused("rotation.nothing-chosen", "请先选择轮换方案", line=line.number, lot=line.lot.number)
    if offer.unfit is None:
        return None
    facts = {"line": line.number, "lot": line.lot.number, "option": offer.option.value, "why": offer.unfit.value}
    return Refused("rotation.unfit", "此方案不适用于该批次", **facts)


def complete(standing: Standing) -> Refused | None:
    """Whoever is to take, swap or test the goods is named."""
    line = standing.line
    if line.option in (Option.PASS, Option.SWAP) and line.party_id is None:
        return Refused("rotation.no-party", "请写明接收单位或供应商", line=line.number, lot=line.lot.number)
    if line.option is Option.EXTEND and line.test_house_id is None:
        return Refused("rotation.no-tester", "请写明检测机构", line=line.number, lot=line.lot.number)
    return None


def witnessed(standing: Standing) -> Refused | None:
    """A disposal has a test house or enough experts."""
    return rules.unwitnessed(standing.line, standing.line, standing.terms)


def covered(standing: Standing) -> Refused | None:
    """No minimum breaks, or its gap window has been granted."""
    return rules.uncovered(standing.line, standing.shorts)


def extends(standing: Standing) -> Refused | None:
    """Goods are to be tested and kept."""
    line = standing.line
    return (
        None if line.option is Option.EXTEND else Refused("rotation.not-a-test", "本行不是检验延期", line=line.number)
    )


def untested(standing: Standing) -> Refused | None:
    """No result stands yet."""
    line = standing.line
    return Refused("rotation.tested-already", "检验结果已登记", line=line.number) if line.test is not None else None


def passed(standing: Standing) -> Refused | None:
    """An extension has its passed test."""
    line = standing.line
    if line.option is not Option.EXTEND or (line.test is not None and line.test.passed):
        return None
    return Refused("rotation.test-needed", "检验合格后才能延期", line=line.number, lot=line.lot.number)


def untouched(standing: Standing) -> Refused | None:
    """Nothing has been carried out."""
    line = standing.line
    if line.done == 0 and line.sampled == 0:
        return None
    return Refused("rotation.begun", "已开始执行，不能退回或撤销", line=line.number, done=line.done + line.sampled)


def begun(standing: Standing) -> Refused | None:
    """Something has been carried out."""
    line = standing.line
    return None if line.done else Refused("rotation.nothing-done", "还没有执行", line=line.number)


def recorded(standing: Standing) -> Refused | None:
    """A disposal has its numbered record."""
    line = standing.line
    if line.option not in DISPOSALS or line.record_number:
        return None
    return Refused("rotation.no-record", "请先出具报废处置记录", line=line.number, lot=line.lot.number)


_PLAN, _APPROVE, _CARRY = Permission.ROTATION_PLAN, Permission.ROTATION_APPROVE, Permission.ROTATION_CARRY
_PROPOSED, _APPROVED, _CARRYING = Status.PROPOSED.value, Status.APPROVED.value, Status.CARRYING.value
_CARRIED, _SETTLED, _WITHDRAWN = Status.CARRIED.value, Status.SETTLED.value, Status.WITHDRAWN.value

LINE = Workflow(
    name="rotation",
    initial=_PROPOSED,
    transitions=(
        Transition("choose", _PROPOSED, _PROPOSED, _PLAN),
        Transition("grant-gap", _PROPOSED, _PROPOSED, _APPROVE, needs=(chosen,)),
        Transition("approve", _PROPOSED, _APPROVED, _APPROVE, needs=(chosen, complete, witnessed, covered)),
        Transition("withdraw", _PROPOSED, _WITHDRAWN, _PLAN),
        Transition("send-back", _APPROVED, _PROPOSED, _APPROVE, needs=(untouched,)),
        Transition("sample", _APPROVED, _APPROVED, _CARRY, StockEffect.POST, needs=(extends, untested)),
        Transition("pass-test", _APPROVED, _APPROVED, _PLAN, needs=(extends, untested)),
        Transition("fail-test", _APPROVED, _PROPOSED, _PLAN, needs=(extends, untested)),
        Transition("carry-out", _APPROVED, _CARRYING, _CARRY, StockEffect.POST, needs=(passed,)),
        Transition("carry-out", _CARRYING, _CARRYING, _CARRY, StockEffect.POST),
        Transition("finish", _CARRYING, _CARRIED, _CARRY, needs=(begun,)),
        Transition("settle", _CARRIED, _SETTLED, _PLAN, needs=(recorded,)),
    ),
)
"""`finish` follows by itself when nothing is left; as a button it says why the rest stays."""
AT_THE_STORE = frozenset({_CARRY})
"""These rights are asked where the goods stand; all others where their owner is."""


def place_of(verb: str, line: Line) -> tuple[str, int | None]:
    """Whose right a verb needs: the keeper's over the store, else an office's over the owner."""
    permission = next(one.permission for one in LINE.transitions if one.verb == verb)
    return (line.site_path, line.site_id) if permission in AT_THE_STORE else (line.lot.owner_path, None)


def allowed(standing: Standing, stamp: Stamp) -> list[str]:
    """What the caller may do with it now."""
    line = standing.line
    status = line.status.value
    found = []
    for verb in dict.fromkeys(one.verb for one in LINE.transitions if one.source == status):
        path, site_id = place_of(verb, line)
        may = LINE.allowed(standing, status=status, stamp=stamp, path=path, site_id=site_id)
        if verb in may and not (verb in ("approve", "grant-gap") and _own(line, stamp)):
            found.append(verb)
    return found


def _own(line: Line, stamp: Stamp) -> bool:
    try:
        rules.check_approver(line, stamp.grants, stamp.login, stamp.person_id)
    except Problem:
        return True
    return False
