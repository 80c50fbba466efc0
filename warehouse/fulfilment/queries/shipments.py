"""Reads of shipments. A shipment is seen from both ends, and by whoever leads the incident it is for."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Missing
from catalog.kernel.listing import Listing
from catalog.kernel.page import MAX_LIMIT, Page
from warehouse.fulfilment.model import (
    MOVING,
    Coming,
    End,
    Line,
    Measure,
    Purpose,
    Redirect,
    Report,
    Shipment,
    Signature,
    Signer,
    Status,
    Vehicle,
)

MOST_REPORTS = 500
_SELECT = (
    "SELECT h.id, h.seq, h.number, h.status, h.purpose, h.place_id, e.id, e.number, h.release_id, h.vehicle, h.plate,"
    " h.carrier_id, coalesce(y.name_zh, ''), h.max_weight_g, h.max_volume_ml, coalesce(c.driver, ''),"
    " coalesce(c.phone, ''), h.vehicle_id, h.over_reason, h.planned_for, h.departed_at, h.eta_from, h.eta_to,"
    " h.last_seen_at, h.last_seen, h.arrived_at, h.closed_at, coalesce(c.receiver, ''), h.note, h.version,"
    " h.created_at, h.created_by,"
    " (SELECT count(*) FROM discrepancy_case d WHERE d.document_id = h.id AND d.status = 'open')::int,"
    " s.id, s.code, s.name_zh, s.name_en, s.path,"
    " coalesce(t.id, p.site_id), coalesce(t.code, r.key), coalesce(t.name_zh, r.name_zh || ' ' || p.name),"
    " CASE WHEN t.id IS NULL THEN coalesce(r.name_en || ' ' || p.name, p.name) ELSE t.name_en END,"
    " coalesce(t.path, r.path), p.id, p.place_id"
    " FROM shipment h JOIN site s ON s.id = h.from_site_id LEFT JOIN site t ON t.id = h.to_site_id"
    " LEFT JOIN receiving_point p ON p.id = h.to_point_id LEFT JOIN region r ON r.id = p.region_id"
    " LEFT JOIN release_order o ON o.id = h.release_id LEFT JOIN requisition q ON q.id = o.requisition_id"
    " LEFT JOIN incident e ON e.id = coalesce(p.incident_id, q.incident_id)"
    " LEFT JOIN region er ON er.id = e.region_id"
    " LEFT JOIN party y ON y.id = h.carrier_id LEFT JOIN shipment_contact c ON c.shipment_id = h.id"
)
_SEEN = (
    "(s.path LIKE ANY({0}::text[]) OR s.id = ANY({1}::bigint[]) OR t.path LIKE ANY({0}::text[])"
    " OR t.id = ANY({1}::bigint[]) OR r.path LIKE ANY({0}::text[]) OR p.site_id = ANY({1}::bigint[])"
    " OR er.path LIKE ANY({0}::text[]) OR EXISTS (SELECT 1 FROM shipment_redirect w LEFT JOIN site ws ON ws.id ="
    " w.site_id LEFT JOIN receiving_point wp ON wp.id = w.point_id LEFT JOIN region wr ON wr.id = wp.region_id"
    " WHERE w.shipment_id = h.id AND (coalesce(ws.path, wr.path) LIKE ANY({0}::text[])"
    " OR coalesce(ws.id, wp.site_id) = ANY({1}::bigint[]))))"
)
_COMING = """
SELECT h.id, coalesce(w.at, h.departed_at), coalesce(w.login, c.login, '')
FROM shipment h LEFT JOIN site t ON t.id = h.to_site_id LEFT JOIN receiving_point p ON p.id = h.to_point_id
LEFT JOIN region r ON r.id = p.region_id
LEFT JOIN LATERAL (SELECT at, login FROM shipment_redirect WHERE shipment_id = h.id ORDER BY id DESC LIMIT 1) w ON true
LEFT JOIN LATERAL (SELECT login FROM row_history WHERE table_name = 'shipment' AND row_key = h.id::text
    AND verb = 'depart' ORDER BY seq DESC LIMIT 1) c ON true
WHERE h.status IN ('on_road', 'arrived')
    AND (coalesce(t.path, r.path) LIKE ANY($1::text[]) OR coalesce(t.id, p.site_id) = ANY($2::bigint[]))
    AND ($3::uuid[] IS NULL OR h.id = ANY($3))
ORDER BY h.status, coalesce(h.eta_to, h.departed_at), h.seq LIMIT $4
"""
_LINES = """
SELECT l.shipment_id, l.line, l.item_id, i.key, i.name_zh, i.name_en, i.unit_zh, i.unit_factor, i.tracking, i.weight_g,
    i.volume_ml, l.lot_id, t.number, t.expires_on, l.place_id, q.code, q.key, l.quantity, l.short, l.short_note,
    coalesce(m.loaded, 0)::bigint, coalesce(m.accepted, 0)::bigint, coalesce(m.damaged, 0)::bigint,
    coalesce(m.returned, 0)::bigint, coalesce(m.lost, 0)::bigint, l.rejected, l.missing, l.reason, l.received_at,
    l.release_line, l.need_id, l.box_id, coalesce(x.number, ''), l.pieces
FROM shipment_line l JOIN item i ON i.id = l.item_id JOIN lot t ON t.id = l.lot_id JOIN place q ON q.id = l.place_id
LEFT JOIN shipment_box x ON x.id = l.box_id
LEFT JOIN (
    SELECT m.document_id, m.document_line,
        coalesce(sum(m.quantity) FILTER (WHERE m.reason = 'ship'), 0)
            - coalesce(sum(m.quantity) FILTER (WHERE m.reason = 'unload'), 0) AS loaded,
        sum(m.quantity) FILTER (WHERE m.reason = 'arrive' AND m.to_condition <> 'damaged') AS accepted,
        sum(m.quantity) FILTER (WHERE m.reason = 'arrive' AND m.to_condition = 'damaged') AS damaged,
        sum(m.quantity) FILTER (WHERE m.reason = 'bring-back') AS returned,
        sum(m.quantity) FILTER (WHERE m.reason = 'write-off') AS lost
    FROM move m WHERE m.document_id = ANY($1::uuid[]) AND m.document_kind = 'shipment' GROUP BY 1, 2
) m ON m.document_id = l.shipment_id AND m.document_line = l.line
WHERE l.shipment_id = ANY($1::uuid[]) ORDER BY l.shipment_id, q.sort_key, l.line
"""


def _shipment(row: Any, lines: tuple[Line, ...] = ()) -> Shipment:
    v: Any = tuple(row)
    vehicle = Vehicle(*v[9:18])
    start, end = End(*v[33:38]), End(*v[38:44])
    said = (*v[:3], Status(v[3]), Purpose(v[4]), *v[5:9], vehicle, *v[18:33], start, end, v[44], lines)
    return Shipment(*said)


async def _lines(ids: Collection[UUID]) -> dict[UUID, tuple[Line, ...]]:
    found: dict[UUID, list[Line]] = {one: [] for one in ids}
    if found:
        for row in await db.fetch(_LINES, list(found)):
            said = (*tuple(row)[1:-1], tuple(row[-1]))
            found[row[0]].append(Line(*said))
    return {key: tuple(lines) for key, lines in found.items()}


async def find_shipments(ids: Collection[UUID]) -> dict[UUID, Shipment]:
    """Shipments by id with their lines; unknown ones are left out. Not scoped."""
    if not ids:
        return {}
    rows = await db.fetch(_SELECT + " WHERE h.id = ANY($1::uuid[])", list(set(ids)))
    lines = await _lines([row[0] for row in rows])
    return {row[0]: _shipment(row, lines[row[0]]) for row in rows}


def missing(shipment_id: UUID) -> Missing:
    """What is not there and what is out of scope are one answer."""
    return Missing("shipment.missing", "没有这张运单，或不在您的管辖范围内", shipment=str(shipment_id))


async def get_shipment(shipment_id: UUID, scope: Scope) -> Shipment:
    """A shipment that the scope sees, with its lines. Raises Missing."""
    rows = await db.fetch(
        _SELECT + " WHERE h.id = $1 AND " + _SEEN.format("$2", "$3"),
        shipment_id,
        scope.prefixes,
        list(scope.site_ids),
    )
    if not rows:
        raise missing(shipment_id)
    return _shipment(rows[0], (await _lines([shipment_id]))[shipment_id])


async def list_shipments(
    *,
    scope: Scope,
    text: str | None = None,
    status: Status | None = None,
    over: bool = False,
    release_id: UUID | None = None,
    incident_id: UUID | None = None,
    closed_since: datetime | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[Shipment]:
    """Shipments in sight with their lines: those on the road first, then at the gate, then loading; newest first.

    `over`: also closed and cancelled ones. `text`: part of number, plate, site or receiving point.
    """
    listing = Listing(_SELECT)
    _where_seen(listing, scope)
    if status is not None:
        listing.where("h.status = {}", status.value)
    elif not over:
        listing.where("h.status NOT IN ('closed', 'cancelled')")
    if text:
        listing.where(
            "strpos(upper(concat_ws(' ', h.number, h.plate, s.code, s.name_zh, s.name_en, t.code, t.name_zh, t.name_en,"
            " p.name, r.name_zh, r.name_en, e.number, y.name_zh)), upper({})) > 0",
            text,
        )
    if release_id is not None:
        listing.where("h.release_id = {}", release_id)
    if incident_id is not None:
        listing.where("e.id = {}", incident_id)
    if closed_since is not None:
        listing.where("h.closed_at >= {}", closed_since)
    turn = " ".join(f"WHEN '{one.value}' THEN {n}" for n, one in enumerate(MOVING))
    order = (f"(CASE h.status {turn} ELSE {len(MOVING)} END)", "-h.seq")
    found = await listing.page(order, cursor, limit, tuple)
    lines = await _lines([row[0] for row in found.items])
    return Page([_shipment(row, lines[row[0]]) for row in found.items], found.next_cursor)


async def list_coming(scope: Scope, among: Collection[UUID] | None = None, limit: int = MAX_LIMIT) -> list[Coming]:
    """What stands at the gates of a scope's places or is on its way there, the gates first, then what comes first.

    `among`: only those.
    """
    asked = None if among is None else list(among)
    rows = await db.fetch(_COMING, scope.prefixes, list(scope.site_ids), asked, limit)
    found = await find_shipments([row[0] for row in rows])
    return [Coming(found[row[0]], row[1], row[2]) for row in rows]


def _where_seen(listing: Listing, scope: Scope) -> None:
    paths, sites = scope.prefixes, list(scope.site_ids)
    listing.where(_SEEN.replace("{0}", "{}").replace("{1}", "{}"), *[paths, sites] * 3, paths, paths, sites)


async def list_reports(shipment_id: UUID) -> Sequence[Report]:
    """Where a shipment that the caller has seen was on its way, the newest first."""
    rows = await db.fetch(
        "SELECT at, place, lat, lon, eta_from, eta_to, note, login FROM shipment_report WHERE shipment_id = $1"
        f" ORDER BY at DESC, id DESC LIMIT {MOST_REPORTS}",
        shipment_id,
    )
    return [Report(*row) for row in rows]


async def on_way_to(site_ids: Iterable[int]) -> dict[int, dict[int, int]]:
    """What shipments that are not received bring to stores, or will once they are loaded: store → item → base units.
    Not scoped: for decisions."""
    found: dict[int, dict[int, int]] = {site_id: {} for site_id in site_ids}
    for site_id, item_id, quantity in await db.fetch(
        "SELECT h.to_site_id, l.item_id, sum(greatest(l.quantity - l.short, 0))::bigint FROM shipment h"
        " JOIN shipment_line l ON l.shipment_id = h.id WHERE h.to_site_id = ANY($1::bigint[])"
        " AND h.status IN ('prepared', 'loading', 'on_road', 'arrived') GROUP BY 1, 2",
        list(found),
    ):
        found[site_id][item_id] = quantity
    return found


async def list_signatures(shipment_id: UUID) -> Sequence[Signature]:
    """Who signed on the screen for a shipment that the caller has seen, in the order of signing."""
    rows = await db.fetch(
        "SELECT file_id, role, name, signed_at FROM shipment_signature WHERE shipment_id = $1"
        " ORDER BY signed_at, role DESC, file_id",
        shipment_id,
    )
    return [Signature(row[0], Signer(row[1]), row[2], row[3]) for row in rows]


async def list_redirects(shipment_id: UUID) -> Sequence[Redirect]:
    """Where a shipment that the caller has seen was going before, oldest first."""
    rows = await db.fetch(
        "SELECT at, name, reason, login FROM shipment_redirect WHERE shipment_id = $1 ORDER BY id", shipment_id
    )
    return [Redirect(*row) for row in rows]


async def staging_of(site_id: int) -> int | None:
    """The staging area of a site, where shipments are received; None where it has none."""
    found: int | None = await db.fetch_value(
        "SELECT id FROM place WHERE site_id = $1 AND kind = 'staging' AND retired_at IS NULL ORDER BY id LIMIT 1",
        site_id,
    )
    return found


async def held_for(
    document_id: UUID, keys: Collection[tuple[int, int]]
) -> dict[tuple[int, int], list[tuple[UUID, int]]]:
    """Reservations that a document still holds at (lot, place), oldest first: (id, quantity)."""
    rows = await db.fetch(
        "SELECT lot_id, place_id, id, quantity FROM reservation WHERE document_id = $1 AND state = 'held'"
        " AND condition = 'good' ORDER BY created_at, seq",
        document_id,
    )
    found: dict[tuple[int, int], list[tuple[UUID, int]]] = {}
    for lot, place, reservation, quantity in map(tuple, rows):
        if (lot, place) in keys:
            found.setdefault((lot, place), []).append((reservation, quantity))
    return found


async def carried_of(release_id: UUID) -> dict[UUID, int]:
    """How much of each line of a release order shipments carry or have carried, by the line's id. Not scoped."""
    rows = await db.fetch(
        "SELECT l.release_line, sum(l.quantity - l.short)::bigint FROM shipment_line l JOIN shipment h"
        " ON h.id = l.shipment_id WHERE h.release_id = $1 AND h.status <> 'cancelled' AND l.release_line IS NOT NULL"
        " GROUP BY 1",
        release_id,
    )
    return {row[0]: row[1] for row in rows}


async def measures_of(item_ids: Collection[int]) -> dict[int, Measure]:
    """Weight and volume of one display unit of items."""
    rows = await db.fetch(
        "SELECT id, weight_g, volume_ml, unit_factor FROM item WHERE id = ANY($1::bigint[])", list(item_ids)
    )
    return {row[0]: Measure(row[1], row[2], row[3]) for row in rows}


async def statuses_of(release_id: UUID) -> list[Status]:
    """The statuses of all shipments of a release order that were not called off. Not scoped."""
    rows = await db.fetch("SELECT status FROM shipment WHERE release_id = $1 AND status <> 'cancelled'", release_id)
    return [Status(row[0]) for row in rows]


async def pieces_on_board(place_id: int) -> dict[int, list[tuple[int, str]]]:
    """Numbered pieces on a vehicle, by lot: (id, number)."""
    rows = await db.fetch(
        "SELECT t.lot_id, s.id, s.number FROM serial_state t JOIN serial s ON s.id = t.serial_id"
        " WHERE t.place_id = $1 ORDER BY s.number",
        place_id,
    )
    found: dict[int, list[tuple[int, str]]] = {}
    for lot, piece, number in map(tuple, rows):
        found.setdefault(lot, []).append((piece, number))
    return found
