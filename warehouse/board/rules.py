"""What presses on the board, over plain values."""

from datetime import datetime, timedelta

from warehouse.board.model import Mark, Spot, SpotKind, Wanted
from warehouse.fulfilment.model import Point, Shipment
from warehouse.fulfilment.model import Status as ShipmentStatus
from warehouse.requisitions.model import Release, ReleaseStatus
from warehouse.sites.model import Site


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


def spot_of_wanted(one: Wanted, at: datetime) -> Spot:
    """Something wanted on the map."""
    href = f"/requisitions/{one.requisition_id}" if one.requisition_id else f"/incidents/{one.incident_id}#needs"
    return Spot(
        SpotKind.WANTED, one.key, href, one.goods_zh, one.goods_en, f"{one.region_zh} {one.place}".strip(),
        f"{one.region_en or one.region_zh} {one.place}".strip(), one.lat, one.lon, one.exact, None,
        marks_of_wanted(one, at), one.rest, one.unit_zh, one.unit_factor,
    )  # fmt: skip


def spot_of_vehicle(
    one: Shipment, at: datetime, silent_minutes: int, seen: tuple[float, float, datetime] | None
) -> Spot:
    """A vehicle on the map, where a report last named a point."""
    name = f"{one.vehicle.plate or one.number}"
    lat, lon, when = seen or (None, None, one.last_seen_at)
    return Spot(
        SpotKind.VEHICLE, f"trip-{one.id}", f"/shipments/{one.id}", name, name, f"{one.start.name} → {one.end.name}",
        f"{one.start.name_en or one.start.name} → {one.end.name_en or one.end.name}", lat, lon, True, when,
        marks_of_shipment(one, at, silent_minutes),
    )  # fmt: skip


def spot_of_point(one: Point) -> Spot:
    """A receiving point on the map."""
    return Spot(
        SpotKind.POINT, f"point-{one.id}", f"/receiving-points/{one.id}", one.name, one.name,
        f"{one.region_zh} {one.place}".strip(), f"{one.region_en or one.region_zh} {one.place}".strip(),
        one.lat, one.lon,
    )  # fmt: skip


def spot_of_site(one: Site) -> Spot:
    """A store on the map."""
    return Spot(
        SpotKind.SITE, f"site-{one.code}", f"/sites/{one.code}", one.name_zh, one.name_en, one.code, one.code,
        one.lat, one.lon,
    )  # fmt: skip


def _those(*said: tuple[Mark, bool]) -> tuple[Mark, ...]:
    return tuple(mark for mark, holds in said if holds)
