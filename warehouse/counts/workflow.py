"""The life of a count as a table. Buttons, `allowed`, permission checks and the README's diagram come from here."""

from dataclasses import dataclass

from catalog.kernel.access import Permission
from catalog.kernel.errors import Problem, Refused
from catalog.kernel.stamp import Stamp
from catalog.kernel.workflow import StockEffect, Transition, Workflow
from warehouse.counts import rules
from warehouse.counts.model import Approve, BinStatus, Count, Difference, Status


@dataclass(frozen=True, slots=True)
class Standing:
    """A count with what the needs look at: its differences, and why it must be approved."""

    count: Count
    lines: tuple[Difference, ...] = ()
    approve: tuple[Approve, ...] = ()


def all_counted(standing: Standing) -> Refused | None:
    """Every bin has been counted."""
    left = [one.code for one in standing.count.bins if one.status is not BinStatus.COUNTED]
    return Refused("count.bins-left", "还有货位没有盘完", bins=left[:20], left=len(left)) if left else None


def explained(standing: Standing) -> Refused | None:
    """Every difference has a reason."""
    left = rules.unexplained(standing.lines)
    if not left:
        return None
    first = left[0]
    facts = {"bin": first.bin, "lot": first.lot.number, "item": first.lot.item_name, "left": len(left)}
    return Refused("count.reason-needed", "每项差异都须选择原因", **facts)


def within_limits(standing: Standing) -> Refused | None:
    """The keeper's own posting is enough."""
    if not standing.approve:
        return None
    why = [one.value for one in standing.approve]
    return Refused("count.needs-approval", "差异超过界限或须上级确认，请由审批人批准", why=why)


_COUNT, _PLAN, _APPROVE = Permission.COUNT, Permission.COUNT_PLAN, Permission.COUNT_APPROVE
_DRAFT, _COUNTING, _RECOUNTING = Status.DRAFT.value, Status.COUNTING.value, Status.RECOUNTING.value
_REVIEW, _POSTED, _CANCELLED = Status.REVIEW.value, Status.POSTED.value, Status.CANCELLED.value

COUNT = Workflow(
    name="count",
    initial=_DRAFT,
    transitions=(
        Transition("start", _DRAFT, _COUNTING, _PLAN),
        Transition("cancel", _DRAFT, _CANCELLED, _PLAN),
        Transition("enter", _COUNTING, _COUNTING, _COUNT),
        Transition("recount", _COUNTING, _RECOUNTING, _COUNT, needs=(all_counted,)),
        Transition("submit", _COUNTING, _REVIEW, _COUNT, needs=(all_counted,)),
        Transition("cancel", _COUNTING, _CANCELLED, _PLAN),
        Transition("enter", _RECOUNTING, _RECOUNTING, _COUNT),
        Transition("submit", _RECOUNTING, _REVIEW, _COUNT, needs=(all_counted,)),
        Transition("cancel", _RECOUNTING, _CANCELLED, _PLAN),
        Transition("explain", _REVIEW, _REVIEW, _COUNT),
        Transition("post", _REVIEW, _POSTED, _COUNT, StockEffect.POST, needs=(within_limits, explained)),
        Transition("approve", _REVIEW, _POSTED, _APPROVE, StockEffect.POST, needs=(explained,)),
        Transition("send-back", _REVIEW, _RECOUNTING, _APPROVE),
        Transition("cancel", _REVIEW, _CANCELLED, _PLAN),
    ),
)
"""`recount` and `submit` follow by themselves when the last bin of a round is finished; they are no buttons."""


def allowed(standing: Standing, stamp: Stamp) -> list[str]:
    """What the caller may do with it now."""
    count = standing.count
    verbs = COUNT.allowed(standing, status=count.status.value, stamp=stamp, path=count.path, site_id=count.site_id)
    return [verb for verb in verbs if verb not in ("recount", "submit") and not _not_his(verb, count, stamp)]


def _not_his(verb: str, count: Count, stamp: Stamp) -> bool:
    if verb not in ("approve", "send-back"):
        return False
    try:
        rules.check_approver(count, stamp.grants, stamp.login, stamp.person_id)
    except Problem:
        return True
    return False
