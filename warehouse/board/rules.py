"""What presses on the board, over plain values."""

from datetime import datetime, timedelta

from warehouse.board.model import Mark, Wanted
from warehouse.fulfilment.model import Shipment
from warehouse.fulfilment.model import Status as ShipmentStatus
from warehouse.requisitions.model import Release, ReleaseStatus


def turn_of_wanted(one: Wanted) -> tuple[object, ...]:
    """Its turn: what is fresh before what is stale, then priority, what is needed first, age."""
    return (one.stale, one.priority, one.needed_by or one.asked_at, one.asked_at, one.seq, one.key)


def turn_of_order(one: Release) -> tuple[object, ...]:
    """Its turn: priority, what is needed first, age."""
    return (one.priority, one.needed_by or one.made_at, one.made_at, one.seq)


def turn_of_travel(one: Shipment) -> tuple[object, ...]:
    """Its turn on the road: who should be there first; who never said so, by the time of leaving."""
    return (one.eta_to or one.departed_at or one.created_at, one.seq)


def marks_of_wanted(one: Wanted, at: datetime) -> tuple[Mark, ...]:
    """What presses of something wanted."""
    return _those((Mark.LATE, one.needed_by is not None and one.needed_by < at), (Mark.STALE, one.stale))


def marks_of_order(one: Release, at: datetime) -> tuple[Mark, ...]:
    """What presses of a release order that has not left yet."""
    lapsed = any(line.reservation_state in ("expired", "released") for line in one.lines)
    return _those(
        (Mark.LATE, one.needed_by is not None and one.needed_by < at),
        (Mark.HOLD_LAPSED, one.status in (ReleaseStatus.WAITING, ReleaseStatus.RELEASED) and lapsed),
        (Mark.PAPER_OVERDUE, one.paper_owed and one.papers_due_at is not None and one.papers_due_at < at),
    )


def marks_of_shipment(one: Shipment, at: datetime, silent_minutes: int) -> tuple[Mark, ...]:
    """What presses of a vehicle."""
    heard = max((t for t in (one.last_seen_at, one.departed_at) if t is not None), default=None)
    travels = one.status is ShipmentStatus.ON_ROAD
    return _those(
        (Mark.OVERDUE, travels and one.eta_to is not None and one.eta_to < at),
        (Mark.SILENT, travels and heard is not None and at - heard > timedelta(minutes=silent_minutes)),
        (Mark.DIFFERENCE, one.open_cases > 0),
    )


def _those(*said: tuple[Mark, bool]) -> tuple[Mark, ...]:
    return tuple(mark for mark, holds in said if holds)
