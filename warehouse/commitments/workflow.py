"""The lives of a commitment and of a call-off as tables: buttons, `allowed`, rights and the README's diagrams."""

from catalog.kernel.access import Permission
from catalog.kernel.errors import Refused
from catalog.kernel.stamp import Stamp
from catalog.kernel.workflow import Transition, Workflow
from warehouse.commitments.model import CallOff, CallStatus, Commitment, Status


def paper_is_owed(call: CallOff) -> Refused | None:
    """Only an order that was spoken gets its paper later."""
    if call.paper_owed:
        return None
    return Refused("call-off.no-paper-owed", "这份调用单不欠手续", order=call.order_number)


def paper_is_filed(call: CallOff) -> Refused | None:
    """There is a scan to check."""
    if call.paper_owed and call.paper_filed_at is not None:
        return None
    return Refused("call-off.no-paper-to-check", "没有待核对的手续扫描件", call_off=call.number)


def paper_is_there(call: CallOff) -> Refused | None:
    """What was only spoken is on paper, and checked, before the call-off is over."""
    if not call.paper_owed:
        return None
    return Refused("call-off.paper-owed", "启动令为口头下达，请先补齐并核对书面手续", call_off=call.number)


def nothing_came(call: CallOff) -> Refused | None:
    """Goods that came are not called back: close it."""
    if not call.came:
        return None
    return Refused("call-off.something-came", "已有物资到达，不能取消，请结束", came=call.came)


_EDIT, _CALL, _ACTIVATE = Permission.COMMITMENT_EDIT, Permission.COMMITMENT_CALL, Permission.COMMITMENT_ACTIVATE
_DRAFT, _IN_FORCE = Status.DRAFT.value, Status.IN_FORCE.value
_SUSPENDED, _RETIRED = Status.SUSPENDED.value, Status.RETIRED.value

COMMITMENT = Workflow(
    name="commitment",
    initial=_DRAFT,
    transitions=(
        Transition("edit", _DRAFT, _DRAFT, _EDIT),
        Transition("sign", _DRAFT, _IN_FORCE, _EDIT),
        Transition("retire", _DRAFT, _RETIRED, _EDIT),
        Transition("edit", _IN_FORCE, _IN_FORCE, _EDIT),
        Transition("drill", _IN_FORCE, _IN_FORCE, _EDIT),
        Transition("suspend", _IN_FORCE, _SUSPENDED, _EDIT),
        Transition("retire", _IN_FORCE, _RETIRED, _EDIT),
        Transition("edit", _SUSPENDED, _SUSPENDED, _EDIT),
        Transition("drill", _SUSPENDED, _SUSPENDED, _EDIT),
        Transition("resume", _SUSPENDED, _IN_FORCE, _EDIT),
        Transition("retire", _SUSPENDED, _RETIRED, _EDIT),
    ),
)

_REQUESTED, _ACTIVATED = CallStatus.REQUESTED.value, CallStatus.ACTIVATED.value
_CLOSED, _CANCELLED = CallStatus.CLOSED.value, CallStatus.CANCELLED.value

CALL_OFF = Workflow(
    name="call-off",
    initial=_REQUESTED,
    transitions=(
        Transition("activate", _REQUESTED, _ACTIVATED, _ACTIVATE),
        Transition("cancel", _REQUESTED, _CANCELLED, _CALL),
        Transition("arrive", _ACTIVATED, _ACTIVATED, _CALL),
        Transition("file-paper", _ACTIVATED, _ACTIVATED, _ACTIVATE, needs=(paper_is_owed,)),
        Transition("check-paper", _ACTIVATED, _ACTIVATED, _ACTIVATE, needs=(paper_is_filed,)),
        Transition("close", _ACTIVATED, _CLOSED, _CALL, needs=(paper_is_there,)),
        Transition("cancel", _ACTIVATED, _CANCELLED, _CALL, needs=(nothing_came,)),
    ),
)


def allowed(commitment: Commitment, stamp: Stamp) -> list[str]:
    """What the caller may do with a commitment now."""
    return COMMITMENT.allowed(
        commitment, status=commitment.status.value, stamp=stamp, path=commitment.path, site_id=None
    )


def allowed_of_call(call: CallOff, stamp: Stamp) -> list[str]:
    """What the caller may do with a call-off now."""
    found = CALL_OFF.allowed(call, status=call.status.value, stamp=stamp, path=call.path, site_id=None)
    return [verb for verb in found if verb != "check-paper" or stamp.login != call.paper_filed_by]
