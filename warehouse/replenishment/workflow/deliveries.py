"""The life of a delivery as a table. Buttons, `allowed`, permission checks and the README's diagram come from here."""

from catalog.kernel.access import Permission
from catalog.kernel.errors import Refused
from catalog.kernel.stamp import Stamp
from catalog.kernel.workflow import StockEffect, Transition, Workflow
from warehouse.replenishment.model.deliveries import Delivery, Status


def has_lines(delivery: Delivery) -> Refused | None:
    """Something must be expected."""
    return None if delivery.lines else Refused("delivery.no-lines", "到货单没有物资行")


def nothing_received(delivery: Delivery) -> Refused | None:
    """Goods in stock stay in stock: undo or close, do not cancel."""
    taken = [line.line for line in delivery.lines if line.received]
    if not taken:
        return None
    return Refused("delivery.already-received", "已有物资入库，不能取消，请冲销或结束收货", lines=taken)


_EDIT, _RECEIVE = Permission.DELIVERY_EDIT, Permission.RECEIVE
_DRAFT, _ANNOUNCED, _RECEIVING = Status.DRAFT.value, Status.ANNOUNCED.value, Status.RECEIVING.value
_CLOSED, _CANCELLED = Status.CLOSED.value, Status.CANCELLED.value

DELIVERY = Workflow(
    name="delivery",
    initial=_DRAFT,
    transitions=(
        Transition("edit", _DRAFT, _DRAFT, _EDIT),
        Transition("announce", _DRAFT, _ANNOUNCED, _EDIT, needs=(has_lines,)),
        Transition("cancel", _DRAFT, _CANCELLED, _EDIT),
        Transition("edit", _ANNOUNCED, _ANNOUNCED, _EDIT),
        Transition("start", _ANNOUNCED, _RECEIVING, _RECEIVE, StockEffect.ARRIVE),
        Transition("refuse", _ANNOUNCED, _RECEIVING, _RECEIVE),
        Transition("cancel", _ANNOUNCED, _CANCELLED, _EDIT),
        Transition("refuse", _RECEIVING, _RECEIVING, _RECEIVE),
        Transition("close", _RECEIVING, _CLOSED, _RECEIVE),
        Transition("cancel", _RECEIVING, _CANCELLED, _EDIT, needs=(nothing_received,)),
    ),
)


def allowed(delivery: Delivery, stamp: Stamp) -> list[str]:
    """What the caller may do with it now."""
    return DELIVERY.allowed(
        delivery, status=delivery.status.value, stamp=stamp, path=delivery.path, site_id=delivery.site_id
    )
