"""Reads of the board. Orders and shipments are those of their own lists, so that figures and lists cannot differ."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.page import MAX_LIMIT, Page, all_pages
from catalog.kernel.parameters import whole
from warehouse.board import rules
from warehouse.board.model import DONE_HOURS, MOST_DONE, SILENT_MINUTES, Board, Sight, Spot, Task, TaskKind, Wanted
from warehouse.fulfilment import queries as fulfilment
from warehouse.fulfilment.model import Shipment
from warehouse.fulfilment.model import Status as Travel
from warehouse.incidents import queries as incidents
from warehouse.requisitions import queries as requisitions
from warehouse.requisitions.model import Release, ReleaseStatus, Requisition, Status
from warehouse.sites import queries as sites

T = TypeVar("T")
MOST_WANTED = 2_000
_WANTED = f"""
SELECT n.id, NULL::uuid, e.id, e.number, e.name, er.path, l.requisition_id, l.number, l.status, r.name_zh, r.name_en,
    n.place, coalesce(i.name_zh, k.name_zh), CASE WHEN i.id IS NULL THEN k.name_en ELSE i.name_en END,
    coalesce(i.unit_zh, n.unit), coalesce(i.unit_factor, 1), coalesce(l.rest, n.quantity - n.met)::bigint, n.priority,
    n.needed_by, n.asked_at, n.renewed_at, n.seq, coalesce(n.lat, r.lat), coalesce(n.lon, r.lon), n.lat IS NOT NULL
FROM need n JOIN incident e ON e.id = n.incident_id JOIN region er ON er.id = e.region_id
JOIN region r ON r.id = n.region_id LEFT JOIN item i ON i.id = n.item_id
LEFT JOIN material_class k ON k.id = n.class_id
LEFT JOIN LATERAL (
    SELECT q.id AS requisition_id, q.number, q.status, l.quantity - coalesce(sum(x.covers - x.covers * x.short
        / x.quantity) FILTER (WHERE NOT x.gone AND o.status NOT IN ('refused', 'cancelled')), 0) - coalesce((
        SELECT sum(CASE WHEN c.status = 'closed' THEN y.covers * least(a.came, c.quantity) / c.quantity
            ELSE y.covers END)
        FROM requisition_call y JOIN call_off c ON c.id = y.call_off_id CROSS JOIN LATERAL (
            SELECT coalesce(sum(quantity), 0) AS came FROM call_off_arrival WHERE call_off_id = c.id) a
        WHERE y.requisition_line_id = l.id AND c.status <> 'cancelled'), 0) AS rest
    FROM requisition_line l JOIN requisition q ON q.id = l.requisition_id
    LEFT JOIN release_line x ON x.requisition_line_id = l.id LEFT JOIN release_order o ON o.id = x.release_id
    WHERE l.need_id = n.id AND NOT l.gone AND q.status NOT IN ('closed', 'cancelled')
    GROUP BY q.id, q.number, q.status, l.id, l.quantity LIMIT 1
) l ON true
WHERE n.status = 'open' AND e.status <> 'closed' AND (r.path LIKE ANY($1::text[]) OR er.path LIKE ANY($1::text[]))
    AND ($2::uuid IS NULL OR e.id = $2) AND coalesce(l.rest, n.quantity - n.met) > 0
ORDER BY n.priority, n.seq LIMIT {MOST_WANTED}
"""
_TASKS = f"""
SELECT 'release', o.id, {requisitions.ORDER_NAME}, s.code, s.name_zh, s.name_en,
    concat_ws(' ', r.name_zh, nullif(o.place, '')), concat_ws(' ', coalesce(r.name_en, r.name_zh), nullif(o.place, '')),
    o.priority, o.needed_by, o.released_at AS since, o.released_by,
    (SELECT h.id FROM shipment h WHERE h.release_id = o.id AND h.status = 'prepared' ORDER BY h.seq DESC LIMIT 1)
FROM release_order o JOIN requisition q ON q.id = o.requisition_id JOIN site s ON s.id = o.site_id
JOIN region r ON r.id = o.region_id
WHERE o.status = 'released' AND (s.path LIKE ANY($1::text[]) OR s.id = ANY($2::bigint[]))
    AND ($3::uuid[] IS NULL OR o.id = ANY($3))
UNION ALL
SELECT 'transfer', h.id, h.number, s.code, s.name_zh, s.name_en, coalesce(t.name_zh, concat_ws(' ', r.name_zh, p.name)),
    CASE WHEN t.id IS NULL THEN concat_ws(' ', coalesce(r.name_en, r.name_zh), p.name) ELSE t.name_en END,
    4, h.planned_for, h.created_at, h.created_by, h.id
FROM shipment h JOIN site s ON s.id = h.from_site_id LEFT JOIN site t ON t.id = h.to_site_id
LEFT JOIN receiving_point p ON p.id = h.to_point_id LEFT JOIN region r ON r.id = p.region_id
WHERE h.status = 'prepared' AND h.release_id IS NULL AND (s.path LIKE ANY($1::text[]) OR s.id = ANY($2::bigint[]))
    AND ($3::uuid[] IS NULL OR h.id = ANY($3))
ORDER BY 9, 10 NULLS LAST, 11, 2
"""


async def list_tasks(scope: Scope, among: Collection[UUID] | None = None) -> list[Task]:
    """What the stores of a scope have to pick and load and have not begun, the gravest first. `among`: only those."""
    rows = await db.fetch(_TASKS, scope.prefixes, list(scope.site_ids), None if among is None else list(among))
    return [Task(TaskKind(row[0]), *tuple(row)[1:]) for row in rows]


async def read_board(*, sight: Sight, at: datetime, incident_id: UUID | None = None) -> Board:
    """The board of a sight, of all incidents or of one."""

    def orders(status: ReleaseStatus) -> Callable[[str | None], Awaitable[Page[Release]]]:
        return lambda cursor: requisitions.list_releases(
            scope=sight.orders, status=status, incident_id=incident_id, cursor=cursor, limit=MAX_LIMIT
        )

    def travels(status: Travel) -> Callable[[str | None], Awaitable[Page[Shipment]]]:
        return lambda cursor: fulfilment.list_shipments(
            scope=sight.shipments, status=status, incident_id=incident_id, cursor=cursor, limit=MAX_LIMIT
        )

    released, picking = await _all(orders(ReleaseStatus.RELEASED)), await _all(orders(ReleaseStatus.PICKING))
    prepared, loading = await _all(travels(Travel.PREPARED)), await _all(travels(Travel.LOADING))
    gate, differing = await _all(travels(Travel.ARRIVED)), await _all(travels(Travel.RECEIVED))
    done = await fulfilment.list_shipments(
        scope=sight.shipments,
        status=Travel.CLOSED,
        incident_id=incident_id,
        closed_since=at - timedelta(hours=DONE_HOURS),
        limit=MOST_DONE,
    )
    return Board(
        at=at,
        silent_minutes=await whole(SILENT_MINUTES.key, "/"),
        wanted=tuple(sorted(await list_wanted(sight, at, incident_id), key=rules.turn_of_wanted)),
        sourced=tuple(sorted(await _all(orders(ReleaseStatus.WAITING)), key=rules.turn_of_order)),
        picking=tuple(sorted([*released, *picking], key=rules.turn_of_order)),
        loading=tuple(sorted([*prepared, *loading], key=lambda one: one.seq)),
        on_road=tuple(sorted(await _all(travels(Travel.ON_ROAD)), key=rules.turn_of_travel)),
        arrived=tuple(sorted([*gate, *differing], key=lambda one: (one.arrived_at or one.created_at, one.seq))),
        done=tuple(done.items),
        more_done=done.next_cursor is not None,
    )


async def _all(fetch: Callable[[str | None], Awaitable[Page[T]]]) -> list[T]:
    return [one async for page in all_pages(fetch) for one in page.items]


async def list_wanted(sight: Sight, at: datetime, incident_id: UUID | None = None) -> list[Wanted]:
    """What is wanted and not held yet, in no order: of needs, and of requisitions written by hand."""
    rows = await db.fetch(_WANTED, sight.needs.prefixes, incident_id)
    found = [_wanted(row) for row in rows]
    hours = {path: await incidents.fresh_hours(path) for path in {one.incident_path or "/" for one in found}}
    fresh = [
        replace(one, stale=at - one.renewed_at > timedelta(hours=hours[one.incident_path or "/"])) for one in found
    ]
    return [*fresh, *(await _by_hand(sight.orders, incident_id))]


def _wanted(row: Any) -> Wanted:
    values: Any = list(row)
    values[8] = None if values[8] is None else Status(values[8])
    return Wanted(*values)


async def _by_hand(scope: Scope, incident_id: UUID | None) -> Sequence[Wanted]:
    """Open lines of live requisitions that no need stands behind."""

    def fetch(cursor: str | None) -> Awaitable[Page[Requisition]]:
        return requisitions.list_requisitions(scope=scope, incident_id=incident_id, cursor=cursor, limit=MAX_LIMIT)

    live = [one for one in await _all(fetch) if one.status not in (Status.CLOSED, Status.CANCELLED)]
    lines = [(one, line) for one in live for line in one.open_lines if line.facts.need_id is None]
    rows = await db.fetch(
        "SELECT id, lat, lon FROM region WHERE id = ANY($1::bigint[])", [line.facts.region_id for _, line in lines]
    )
    middle = {row[0]: (row[1], row[2]) for row in rows}
    points = [
        middle[line.facts.region_id] if line.facts.lat is None else (line.facts.lat, line.facts.lon)
        for _, line in lines
    ]
    return [
        Wanted(
            None, line.id, one.facts.incident_id, one.incident_number, one.incident_name, one.incident_path, one.id,
            one.number, one.status, line.region_zh, line.region_en, line.facts.place, line.goods_zh, line.goods_en,
            line.unit_zh, line.unit_factor, line.rest, line.facts.priority, line.facts.needed_by, one.created_at,
            one.created_at, one.seq, lat, lon, line.facts.lat is not None,
        )
        for (one, line), (lat, lon) in zip(lines, points, strict=True)
    ]  # fmt: skip


# --- the map --------------------------------------------------------------------------------------------------------


async def last_positions(shipment_ids: Collection[UUID]) -> dict[UUID, tuple[float, float, datetime]]:
    """Where vehicles were last seen, by shipment: of reports that name a point. Not scoped."""
    rows = await db.fetch(
        "SELECT DISTINCT ON (shipment_id) shipment_id, lat, lon, at FROM shipment_report"
        " WHERE shipment_id = ANY($1::uuid[]) AND lat IS NOT NULL ORDER BY shipment_id, at DESC, id DESC",
        list(shipment_ids),
    )
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


async def list_spots(board: Board, *, sight: Sight, places: Scope, incident_id: UUID | None = None) -> list[Spot]:
    """What stands on the map of a board: what is wanted, vehicles, receiving points, stores; those without a point too.

    `places`: where stores may be read. Wanted goods of one place are one spot each.
    """
    positions = await last_positions([one.id for one in board.on_road])
    points = await _all(
        lambda cursor: fulfilment.list_points(
            scope=sight.shipments, incident_id=incident_id, cursor=cursor, limit=MAX_LIMIT
        )
    )
    stores = await _all(lambda cursor: sites.list_sites(scope=places, cursor=cursor, limit=MAX_LIMIT))
    return [
        *(rules.spot_of_wanted(one, board.at) for one in board.wanted),
        *(rules.spot_of_vehicle(one, board.at, board.silent_minutes, positions.get(one.id)) for one in board.on_road),
        *(rules.spot_of_point(one) for one in points if one.incident_status != "closed"),
        *(rules.spot_of_site(one) for one in stores),
    ]
