"""Reads of the recovery ledger: what incidents used, who makes it good, what has come back."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Missing
from catalog.kernel.listing import Listing
from catalog.kernel.page import Page
from warehouse.fulfilment.model import Duty, DutyStatus, Fill, Owed, Used

_SELECT = (
    "SELECT d.id, d.seq, d.incident_id, e.number, d.status, d.region_id, r.key, r.name_zh, r.name_en, r.path,"
    " d.payer_id, y.name_zh, d.item_id, i.key, i.name_zh, i.name_en, i.unit_zh, i.unit_factor, d.quantity,"
    " coalesce((SELECT sum(f.quantity) FROM recovery_fill f WHERE f.duty_id = d.id), 0)::bigint, d.due_on,"
    " d.due_source, d.note, d.version, d.closed_at, d.closed_by"
    " FROM recovery_duty d JOIN incident e ON e.id = d.incident_id JOIN region er ON er.id = e.region_id"
    " JOIN region r ON r.id = d.region_id JOIN item i ON i.id = d.item_id LEFT JOIN party y ON y.id = d.payer_id"
)
_SEEN = "(r.path LIKE ANY({}::text[]) OR er.path LIKE ANY({}::text[]))"
_USED = """
SELECT l.owner_region_id, l.owner_path, l.item_id, sum(x.quantity)::bigint FROM (
    SELECT m.lot_id, m.quantity FROM move m JOIN receiving_point p ON p.place_id = m.from_place
        WHERE p.incident_id = $1 AND m.reason IN ('hand-out', 'write-off')
    UNION ALL SELECT m.lot_id, -m.quantity FROM move m JOIN receiving_point p ON p.place_id = m.to_place
        WHERE p.incident_id = $1 AND m.reason = 'reverse'
    UNION ALL SELECT m.lot_id, m.quantity FROM move m JOIN shipment h ON h.place_id = m.from_place
        JOIN receiving_point p ON p.id = h.to_point_id WHERE p.incident_id = $1 AND m.reason = 'write-off'
) x JOIN lot l ON l.id = x.lot_id GROUP BY 1, 2, 3 HAVING sum(x.quantity) > 0 ORDER BY 1, 3
"""


_OWED = """
SELECT d.region_id, d.item_id, d.incident, d.quantity, greatest(d.filled, coalesce((
    SELECT sum(m.quantity) FROM lot l JOIN move m ON m.lot_id = l.id
    WHERE l.owner_region_id = d.region_id AND l.item_id = d.item_id AND m.reason = 'receive'
        AND m.recorded_at >= d.since AND NOT EXISTS (SELECT 1 FROM move back WHERE back.reverses = m.seq)), 0))::bigint
FROM (
    SELECT d.region_id, d.item_id, min(e.number) AS incident, sum(d.quantity)::bigint AS quantity,
        min(d.made_at) AS since, sum(coalesce(f.quantity, 0)) AS filled
    FROM recovery_duty d JOIN incident e ON e.id = d.incident_id JOIN region r ON r.id = d.region_id
    LEFT JOIN (SELECT duty_id, sum(quantity) AS quantity FROM recovery_fill GROUP BY 1) f ON f.duty_id = d.id
    WHERE d.status = 'open' AND d.quantity > 0 AND r.path LIKE $1 || '%' GROUP BY 1, 2
) d ORDER BY 1, 2
"""


def _duty(row: Any) -> Duty:
    v: Any = tuple(row)
    return Duty(*(*v[:4], DutyStatus(v[4]), *v[5:]))


async def used_in(incident_id: UUID) -> Sequence[Used]:
    """What an incident used, by owner and item: handed out, worn out there, lost on the way. Not scoped."""
    return [Used(*row) for row in await db.fetch(_USED, incident_id)]


async def owed_under(path: str) -> Sequence[Owed]:
    """What the open duties of regions at and below `path` want made good. Not scoped: for decisions."""
    return [Owed(*row) for row in await db.fetch(_OWED, path)]


async def duties_of(incident_id: UUID) -> dict[tuple[int, int], tuple[UUID, int, str]]:
    """(region, item) → duty, quantity, status, of an incident. Not scoped: for decisions."""
    rows = await db.fetch(
        "SELECT region_id, item_id, id, quantity, status FROM recovery_duty WHERE incident_id = $1", incident_id
    )
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in rows}


async def get_duty(duty_id: UUID, scope: Scope) -> Duty:
    """A duty in sight of its region or its incident's. Raises Missing."""
    listing = Listing(_SELECT)
    listing.where("d.id = {}", duty_id)
    listing.where(_SEEN, scope.prefixes, scope.prefixes)
    found = await listing.page(("d.seq",), None, 1, _duty)
    if not found.items:
        raise Missing("recovery.missing", "没有这项回收补充任务，或不在您的管辖范围内", duty=str(duty_id))
    return found.items[0]


async def list_duties(
    *,
    scope: Scope,
    incident_id: UUID | None = None,
    status: DutyStatus | None = None,
    late_on: date | None = None,
    text: str | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[Duty]:
    """Duties in sight, the first due first. `text`: part of incident, region, item or payer."""
    listing = Listing(_SELECT)
    listing.where(_SEEN, scope.prefixes, scope.prefixes)
    if incident_id is not None:
        listing.where("d.incident_id = {}", incident_id)
    if status is not None:
        listing.where("d.status = {}", status.value)
    if late_on is not None:
        listing.where("d.status = 'open' AND d.due_on < {}", late_on)
    if text:
        listing.where(
            "strpos(upper(concat_ws(' ', e.number, e.name, r.key, r.name_zh, r.name_en, i.key, i.name_zh, i.name_en,"
            " y.name_zh)), upper({})) > 0",
            text,
        )
    return await listing.page(
        ("(d.status = 'closed')::int", "(d.due_on - date '2000-01-01')", "d.seq"), cursor, limit, _duty
    )


async def list_fills(duty_id: UUID) -> Sequence[Fill]:
    """What came back against a duty that the caller has seen."""
    rows = await db.fetch(
        "SELECT quantity, document_kind, document_id, document_number, at, login, note FROM recovery_fill"
        " WHERE duty_id = $1 ORDER BY id",
        duty_id,
    )
    return [Fill(*row) for row in rows]


async def proved_by(document_id: UUID, item_id: int, owner_path: str) -> int:
    """How much of an item a document brought into stores, owned in a region: from the moves, less what was undone."""
    return int(
        await db.fetch_value(
            "SELECT coalesce(sum(m.quantity), 0)::bigint FROM move m JOIN lot l ON l.id = m.lot_id"
            " JOIN place t ON t.id = m.to_place WHERE m.document_id = $1 AND l.item_id = $2 AND l.owner_path LIKE $3"
            " AND m.reason IN ('receive', 'arrive') AND t.kind IN ('bin', 'staging')"
            " AND NOT EXISTS (SELECT 1 FROM move back WHERE back.reverses = m.seq)",
            document_id,
            item_id,
            owner_path + "%",
        )
    )


async def claimed_of(document_id: UUID, item_id: int, owner_path: str) -> int:
    """How much of that other duties have counted already."""
    return int(
        await db.fetch_value(
            "SELECT coalesce(sum(f.quantity), 0)::bigint FROM recovery_fill f JOIN recovery_duty d ON d.id = f.duty_id"
            " JOIN region r ON r.id = d.region_id WHERE f.document_id = $1 AND d.item_id = $2 AND r.path LIKE $3",
            document_id,
            item_id,
            owner_path + "%",
        )
    )
