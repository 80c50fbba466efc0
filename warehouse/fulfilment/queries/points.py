"""Reads of receiving points and of what stands there. Seen by whoever reads the place, leads the incident, or sends
goods there."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Missing
from catalog.kernel.listing import Listing
from catalog.kernel.page import Page
from warehouse.fulfilment.model import AtPoint, Point, PointTotal

_SELECT = (
    "SELECT p.id, p.seq, p.incident_id, e.number, e.status, p.region_id, r.name_zh, r.name_en, r.path, p.name, p.place,"
    " p.lat, p.lon, coalesce(c.receiver, ''), coalesce(c.phone, ''), p.site_id, p.place_id, p.version"
    " FROM receiving_point p JOIN incident e ON e.id = p.incident_id JOIN region er ON er.id = e.region_id"
    " JOIN region r ON r.id = p.region_id LEFT JOIN receiving_point_contact c ON c.point_id = p.id"
)
_SEEN = (
    "(r.path LIKE ANY({}::text[]) OR er.path LIKE ANY({}::text[]) OR p.site_id = ANY({}::bigint[])"
    " OR EXISTS (SELECT 1 FROM shipment h JOIN site s ON s.id = h.from_site_id WHERE h.to_point_id = p.id"
    " AND (s.path LIKE ANY({}::text[]) OR s.id = ANY({}::bigint[]))))"
)


def _point(row: Any) -> Point:
    return Point(*row)


def _sight(scope: Scope) -> tuple[list[str], list[str], list[int], list[str], list[int]]:
    sites = list(scope.site_ids)
    return scope.prefixes, scope.prefixes, sites, scope.prefixes, sites


async def get_point(point_id: UUID, scope: Scope) -> Point:
    """A receiving point in sight. Raises Missing."""
    listing = Listing(_SELECT)
    listing.where("p.id = {}", point_id)
    listing.where(_SEEN, *_sight(scope))
    found = await listing.page(("p.seq",), None, 1, _point)
    if not found.items:
        raise Missing("point.missing", "没有这个接收点，或不在您的管辖范围内", point=str(point_id))
    return found.items[0]


async def find_point(point_id: UUID) -> Point | None:
    """A receiving point by id. Not scoped."""
    rows = await db.fetch(_SELECT + " WHERE p.id = $1", point_id)
    return _point(rows[0]) if rows else None


async def list_points(
    *,
    scope: Scope,
    incident_id: UUID | None = None,
    text: str | None = None,
    over: bool = False,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[Point]:
    """Receiving points in sight, the newest first; `over`: also of closed incidents."""
    listing = Listing(_SELECT)
    listing.where(_SEEN, *_sight(scope))
    if incident_id is not None:
        listing.where("p.incident_id = {}", incident_id)
    elif not over:
        listing.where("e.status <> 'closed'")
    if text:
        listing.where(
            "strpos(upper(concat_ws(' ', p.name, p.place, r.name_zh, r.name_en, e.number, e.name)), upper({})) > 0",
            text,
        )
    return await listing.page(("-p.seq",), cursor, limit, _point)


async def keeper_of(path: str) -> int | None:
    """In whose books a receiving point in a region stands: the nearest live store from there upwards, else below."""
    found: int | None = await db.fetch_value(
        "SELECT id FROM site WHERE retired_at IS NULL ORDER BY ($1::text LIKE path || '%') DESC,"
        " (path LIKE $1::text || '%') DESC, live DESC,"
        " CASE WHEN $1::text LIKE path || '%' THEN -length(path) ELSE length(path) END, code LIMIT 1",
        path,
    )
    return found


async def at_point(place_id: int) -> Sequence[AtPoint]:
    """What stands at a receiving point that the caller has seen, first the first to expire."""
    rows = await db.fetch(
        "SELECT l.id, l.number, i.id, i.key, i.name_zh, i.name_en, i.unit_zh, i.unit_factor, i.tracking, i.returnable,"
        " b.condition, b.on_hand, l.expires_on FROM balance b JOIN lot l ON l.id = b.lot_id"
        " JOIN item i ON i.id = l.item_id WHERE b.place_id = $1 AND b.on_hand > 0"
        " ORDER BY i.sort_key, i.id, l.expires_on NULLS LAST, l.id, b.condition",
        place_id,
    )
    return [AtPoint(*row) for row in rows]


async def totals_of(place_id: int) -> Sequence[PointTotal]:
    """Totals per item at a receiving point: what came, was handed out, went back, was written off, is there."""
    rows = await db.fetch(
        """
SELECT i.key, i.name_zh, i.name_en, i.unit_zh, i.unit_factor, i.returnable, sum(x.came)::bigint, sum(x.given)::bigint,
    sum(x.back)::bigint, sum(x.off)::bigint, (sum(x.came) - sum(x.given) - sum(x.back) - sum(x.off))::bigint
FROM (
    SELECT lot_id, quantity AS came, 0 AS given, 0 AS back, 0 AS off FROM move WHERE to_place = $1 AND reason = 'arrive'
    UNION ALL SELECT lot_id, 0, CASE WHEN reason = 'hand-out' THEN quantity ELSE 0 END,
        CASE WHEN reason = 'bring-back' THEN quantity ELSE 0 END,
        CASE WHEN reason = 'write-off' THEN quantity ELSE 0 END
        FROM move WHERE from_place = $1
    UNION ALL SELECT lot_id, 0, -quantity, 0, 0 FROM move WHERE to_place = $1 AND reason = 'reverse'
) x JOIN lot l ON l.id = x.lot_id JOIN item i ON i.id = l.item_id
GROUP BY i.id ORDER BY i.sort_key, i.id
""",
        place_id,
    )
    return [PointTotal(*row) for row in rows]
