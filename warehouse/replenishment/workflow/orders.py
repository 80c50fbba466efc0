"""The life of an order as a table. Buttons, `allowed`, permission checks and the README's diagram come from here."""

from dataclasses import dataclass

from catalog.kernel.access import Permission
from catalog.kernel.errors import Problem, Refused
from catalog.kernel.stamp import Stamp
from catalog.kernel.workflow import StockEffect, Transition, Workflow
from warehouse.replenishment.model.orders import Order, OrderStatus
from warehouse.replenishment.rules import orders as rules


@dataclass(frozen=True, slots=True)
class OrderStanding:
    """An order with the amount above which two people must approve it."""

    order: Order
    limit_fen: int


def complete(standing: OrderStanding) -> Refused | None:
    """It says all that an approver must know."""
    return rules.check_complete(standing.order)


def within_limit(standing: OrderStanding) -> Refused | None:
    """One approver is enough."""
    total = standing.order.total_fen
    if total <= standing.limit_fen:
        return None
    return Refused("order.needs-endorsing", "金额超过一级审批的限额，须先初审", asked=total, limit=standing.limit_fen)


def above_limit(standing: OrderStanding) -> Refused | None:
    """Two approvers are needed."""
    total = standing.order.total_fen
    if total > standing.limit_fen:
        return None
    return Refused(
        "order.needs-no-endorsing", "金额在一级审批限额以内，可直接批准", asked=total, limit=standing.limit_fen
    )


def something_left(standing: OrderStanding) -> Refused | None:
    """A further delivery would bring something."""
    if any(line.to_announce for line in standing.order.lines):
        return None
    return Refused("order.all-announced", "所有物资都已有到货单")


def nobody_receives(standing: OrderStanding) -> Refused | None:
    """No delivery of it is at the gate."""
    busy = [one.number for one in standing.order.deliveries if one.status == "receiving"]
    return Refused("order.being-received", "有到货单正在收货，请先结束收货", deliveries=busy) if busy else None


_RECEIVE, _EDIT = Permission.RECEIVE, Permission.ORDER_EDIT
_APPROVE, _ISSUE = Permission.ORDER_APPROVE, Permission.ORDER_ISSUE
_DRAFT, _SUBMITTED, _ENDORSED = OrderStatus.DRAFT.value, OrderStatus.SUBMITTED.value, OrderStatus.ENDORSED.value
_APPROVED, _ORDERED = OrderStatus.APPROVED.value, OrderStatus.ORDERED.value
_PARTLY, _RECEIVED = OrderStatus.PARTLY_RECEIVED.value, OrderStatus.RECEIVED.value
_CLOSED, _CANCELLED = OrderStatus.CLOSED.value, OrderStatus.CANCELLED.value

ORDER = Workflow(
    name="order",
    initial=_DRAFT,
    transitions=(
        Transition("edit", _DRAFT, _DRAFT, _EDIT),
        Transition("submit", _DRAFT, _SUBMITTED, _EDIT, needs=(complete,)),
        Transition("cancel", _DRAFT, _CANCELLED, _EDIT),
        Transition("endorse", _SUBMITTED, _ENDORSED, _APPROVE, needs=(above_limit,)),
        Transition("approve", _SUBMITTED, _APPROVED, _APPROVE, needs=(within_limit,)),
        Transition("reject", _SUBMITTED, _DRAFT, _APPROVE),
        Transition("amend", _SUBMITTED, _DRAFT, _EDIT),
        Transition("cancel", _SUBMITTED, _CANCELLED, _EDIT),
        Transition("approve", _ENDORSED, _APPROVED, _APPROVE),
        Transition("reject", _ENDORSED, _DRAFT, _APPROVE),
        Transition("amend", _ENDORSED, _DRAFT, _EDIT),
        Transition("cancel", _ENDORSED, _CANCELLED, _EDIT),
        Transition("issue", _APPROVED, _ORDERED, _ISSUE),
        Transition("amend", _APPROVED, _DRAFT, _EDIT),
        Transition("cancel", _APPROVED, _CANCELLED, _EDIT),
        Transition("deliver", _ORDERED, _ORDERED, _ISSUE, needs=(something_left,)),
        Transition("reschedule", _ORDERED, _ORDERED, _ISSUE),
        Transition("amend", _ORDERED, _DRAFT, _ISSUE, needs=(nobody_receives,)),
        Transition("cancel", _ORDERED, _CANCELLED, _ISSUE, needs=(nobody_receives,)),
        Transition("receive", _ORDERED, _PARTLY, _RECEIVE, StockEffect.ARRIVE),
        Transition("complete", _ORDERED, _RECEIVED, _RECEIVE, StockEffect.ARRIVE),
        Transition("deliver", _PARTLY, _PARTLY, _ISSUE, needs=(something_left,)),
        Transition("reschedule", _PARTLY, _PARTLY, _ISSUE),
        Transition("complete", _PARTLY, _RECEIVED, _RECEIVE, StockEffect.ARRIVE),
        Transition("close", _PARTLY, _CLOSED, _ISSUE, needs=(nobody_receives,)),
        Transition("close", _RECEIVED, _CLOSED, _ISSUE, needs=(nobody_receives,)),
    ),
)
FOLLOWS = frozenset({"receive", "complete"})
"""These happen by themselves, when goods are scanned in against the order's deliveries; they are no buttons."""


def allowed_order(standing: OrderStanding, stamp: Stamp) -> list[str]:
    """What the caller may do with it now."""
    order = standing.order
    verbs = ORDER.allowed(standing, status=order.status.value, stamp=stamp, path=order.owner_path, site_id=None)
    return [verb for verb in verbs if verb not in FOLLOWS and not _not_his(verb, order, stamp)]


def _not_his(verb: str, order: Order, stamp: Stamp) -> bool:
    if verb not in ("approve", "endorse", "reject"):
        return False
    try:
        rules.check_approver(order, stamp.login)
    except Problem:
        return True
    return False
