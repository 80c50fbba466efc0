"""The lives of a shipment and of a replenishment duty as tables: buttons, `allowed`, rights, the README's diagrams."""

from catalog.kernel.access import Permission
from catalog.kernel.errors import Refused
from catalog.kernel.stamp import Stamp
from catalog.kernel.workflow import StockEffect, Transition, Workflow
from warehouse.fulfilment.model import Duty, DutyStatus, End, Shipment, Status


def nothing_loaded(shipment: Shipment) -> Refused | None:
    """Goods on a vehicle are unloaded before the shipment is called off."""
    if not any(line.loaded for line in shipment.lines):
        return None
    return Refused("shipment.loaded", "车上已有物资，请先卸车")


def something_loaded(shipment: Shipment) -> Refused | None:
    """An empty vehicle carries nothing."""
    if any(line.loaded for line in shipment.lines):
        return None
    return Refused("shipment.empty", "车上还没有物资")


def all_loaded_or_short(shipment: Shipment) -> Refused | None:
    """Whatever stays behind is said to be short, so that it goes back to sourcing."""
    left = [line.line for line in shipment.lines if line.rest]
    if not left:
        return None
    return Refused("shipment.not-all-loaded", "还有未装的行：请装车，或登记短缺", line=left[0], lines=len(left))


def vehicle_named(shipment: Shipment) -> Refused | None:
    """Who meets it must know what to look for."""
    if shipment.vehicle.plate.strip() and shipment.vehicle.driver.strip():
        return None
    return Refused("shipment.no-vehicle", "请先填写车牌和驾驶员")


def nothing_received(shipment: Shipment) -> Refused | None:
    """Where a part has been received, the rest belongs there."""
    if not any(line.received_at for line in shipment.lines):
        return None
    return Refused("shipment.part-received", "已有部分签收，不能改送")


def all_received(shipment: Shipment) -> Refused | None:
    """The receiver has spoken on every line."""
    left = [line.line for line in shipment.lines if not line.settled]
    if not left:
        return None
    return Refused("shipment.not-all-received", "还有未签收的行", line=left[0], lines=len(left))


def nothing_on_board(shipment: Shipment) -> Refused | None:
    """What is missing was found or written off, what was turned away came back."""
    left = [line.line for line in shipment.lines if line.on_board]
    if not left:
        return None
    return Refused("shipment.on-board", "短少或拒收的物资还没有着落", line=left[0], lines=len(left))


def differences_settled(shipment: Shipment) -> Refused | None:
    """A difference is settled by somebody, with words, before the shipment is closed."""
    if not shipment.open_cases:
        return None
    return Refused("shipment.case-open", "差异单尚未办结", cases=shipment.open_cases)


_EDIT, _ISSUE, _RECEIVE = Permission.SHIPMENT_EDIT, Permission.ISSUE, Permission.RECEIVE
_REDIRECT = Permission.SHIPMENT_REDIRECT
_PREPARED, _LOADING, _ON_ROAD = Status.PREPARED.value, Status.LOADING.value, Status.ON_ROAD.value
_ARRIVED, _RECEIVED = Status.ARRIVED.value, Status.RECEIVED.value
_CLOSED, _CANCELLED = Status.CLOSED.value, Status.CANCELLED.value
_READY = (something_loaded, all_loaded_or_short, vehicle_named)

SHIPMENT = Workflow(
    name="shipment",
    initial=_PREPARED,
    transitions=(
        Transition("edit", _PREPARED, _PREPARED, _EDIT),
        Transition("load", _PREPARED, _LOADING, _ISSUE, StockEffect.POST),
        Transition("short", _PREPARED, _PREPARED, _ISSUE, StockEffect.RELEASE),
        Transition("pack", _PREPARED, _PREPARED, _ISSUE),
        Transition("cancel", _PREPARED, _CANCELLED, _EDIT),
        Transition("edit", _LOADING, _LOADING, _EDIT),
        Transition("load", _LOADING, _LOADING, _ISSUE, StockEffect.POST),
        Transition("short", _LOADING, _LOADING, _ISSUE, StockEffect.RELEASE),
        Transition("unload", _LOADING, _LOADING, _ISSUE, StockEffect.POST),
        Transition("pack", _LOADING, _LOADING, _ISSUE),
        Transition("depart", _LOADING, _ON_ROAD, _ISSUE, needs=_READY),
        Transition("cancel", _LOADING, _CANCELLED, _EDIT, needs=(nothing_loaded,)),
        Transition("report", _ON_ROAD, _ON_ROAD, _EDIT),
        Transition("redirect", _ON_ROAD, _ON_ROAD, _REDIRECT, needs=(nothing_received,)),
        Transition("arrive", _ON_ROAD, _ARRIVED, _RECEIVE),
        Transition("receive", _ON_ROAD, _ARRIVED, _RECEIVE, StockEffect.ARRIVE),
        Transition("redirect", _ARRIVED, _ON_ROAD, _REDIRECT, needs=(nothing_received,)),
        Transition("receive", _ARRIVED, _ARRIVED, _RECEIVE, StockEffect.ARRIVE),
        Transition("complete", _ARRIVED, _RECEIVED, _RECEIVE, needs=(all_received,)),
        Transition("find", _RECEIVED, _RECEIVED, _RECEIVE, StockEffect.ARRIVE),
        Transition("take-back", _RECEIVED, _RECEIVED, Permission.RETURN, StockEffect.ARRIVE),
        Transition("write-off", _RECEIVED, _RECEIVED, Permission.DISPOSE, StockEffect.POST),
        Transition("close", _RECEIVED, _CLOSED, _EDIT, needs=(nothing_on_board, differences_settled)),
    ),
)
AT_THE_END = frozenset({"arrive", "receive", "complete", "find"})
"""Verbs of whoever receives."""
AT_EITHER = frozenset({"report", "redirect", "close"})
"""Verbs of both sides; all others belong to the sender."""


def ends_of(verb: str, shipment: Shipment) -> tuple[End, ...]:
    """Where the right to a verb may lie."""
    if verb in AT_EITHER:
        return (shipment.start, shipment.end)
    return (shipment.end,) if verb in AT_THE_END else (shipment.start,)


def allowed(shipment: Shipment, stamp: Stamp) -> list[str]:
    """What the caller may do with a shipment now, on whichever side they stand."""
    verbs: dict[str, None] = {}
    for end in (shipment.start, shipment.end):
        able = SHIPMENT.allowed(shipment, status=shipment.status.value, stamp=stamp, path=end.path, site_id=end.site_id)
        verbs |= dict.fromkeys(verb for verb in able if end in ends_of(verb, shipment))
    return list(verbs)


def take(shipment: Shipment, verb: str, stamp: Stamp) -> Transition:
    """The transition for whoever holds its right at an end that has it. Raises the first refusal."""
    ends = ends_of(verb, shipment)
    scope = stamp.require(SHIPMENT.permission(verb))
    end = next((one for one in ends if scope.covers(one.path, one.site_id)), ends[0])
    return SHIPMENT.take(
        shipment, status=shipment.status.value, verb=verb, stamp=stamp, path=end.path, site_id=end.site_id
    )


# --- replenishment duties -------------------------------------------------------------------------------------------


def goods_are_back(duty: Duty) -> Refused | None:
    """A duty closes only when the stock is back."""
    if not duty.rest:
        return None
    return Refused("recovery.not-back", f"还欠 {duty.rest}，未补足不能销账", rest=duty.rest, line=1)


_RECOVERY = Permission.RECOVERY_EDIT
DUTY = Workflow(
    name="recovery",
    initial=DutyStatus.OPEN.value,
    transitions=(
        Transition("edit", DutyStatus.OPEN.value, DutyStatus.OPEN.value, _RECOVERY),
        Transition("fill", DutyStatus.OPEN.value, DutyStatus.OPEN.value, _RECOVERY),
        Transition("close", DutyStatus.OPEN.value, DutyStatus.CLOSED.value, _RECOVERY, needs=(goods_are_back,)),
    ),
)


def allowed_of_duty(duty: Duty, stamp: Stamp) -> list[str]:
    """What the caller may do with a duty now."""
    return DUTY.allowed(duty, status=duty.status.value, stamp=stamp, path=duty.path, site_id=None)
