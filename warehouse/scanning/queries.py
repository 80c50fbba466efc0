"""Reads of the stored scans: what was read, by whom, and what was answered."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Missing
from catalog.kernel.page import Page, checked_limit, read_cursor, write_cursor
from warehouse.scanning.model import Room, Size
from warehouse.scanning.rules.hint import Candidate, Hint, hints
from warehouse.sites import queries as sites

RECEIPT = """
CASE WHEN c.receipt ? 'facts' THEN c.receipt ELSE c.receipt || jsonb_build_object('facts',
    (SELECT a.receipt FROM attempt a WHERE a.id = c.id) || jsonb_build_object('undo', c.id)) END
"""
"""The answer of a scan `c`. What was posted has its facts with the attempt, which is kept for longer."""
_LIST = f"""
SELECT c.seq, c.id, c.raw, c.mode, c.outcome, c.code, {RECEIPT}, c.login, c.is_fact, c.occurred_at, c.recorded_at,
    coalesce(s.code, '')
FROM scan c LEFT JOIN site s ON s.id = c.site_id
WHERE ($1::bigint IS NULL OR c.seq < $1)
  AND (c.person_id = $2 OR s.path LIKE ANY($3::text[]) OR c.site_id = ANY($4::bigint[]))
  AND ($5::text IS NULL OR c.outcome = $5) AND ($6::text IS NULL OR s.code = $6)
  AND (NOT $7 OR c.person_id = $2)
ORDER BY c.seq DESC LIMIT $8
"""


@dataclass(frozen=True, slots=True)
class StoredScan:
    """One scan and its answer."""

    seq: int
    id: UUID
    raw: str
    mode: str
    outcome: str
    code: str
    detail: str
    facts: Mapping[str, Any]
    login: str
    is_fact: bool
    occurred_at: datetime
    recorded_at: datetime
    site: str


async def list_scans(
    *,
    scope: Scope,
    person_id: int | None,
    mine: bool = True,
    outcome: str | None = None,
    site: str | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[StoredScan]:
    """The newest scans first: a person's own, or (not `mine`) also those at the sites in `scope`."""
    size = checked_limit(limit)
    key = read_cursor(cursor, 1)
    before = key[0] if key and isinstance(key[0], int) else None
    sites = sorted(scope.site_ids)
    rows = await db.fetch(_LIST, before, person_id, scope.prefixes, sites, outcome, site, mine, size + 1)
    found = []
    for row in rows[:size]:
        body = json.loads(row[6])
        values = (*tuple(row)[:6], body["detail"], body["facts"], *tuple(row)[7:])
        found.append(StoredScan(*values))
    return Page(found, write_cursor(found[-1].seq) if len(rows) > size else None)


# -- where to put goods --------------------------------------------------------------------------------------------

_BINS_OF_SITE = """
SELECT p.id, p.code, p.key, coalesce(z.storage_classes, '{}'), p.volume_ml, p.weight_g, coalesce(u.volume, 0)::bigint,
    coalesce(u.weight, 0)::bigint, coalesce(z.name_zh, ''),
    row_number() OVER (ORDER BY p.sort_key, p.id), coalesce(u.same_lot, false), coalesce(u.same_item, false),
    coalesce(u.other, false), p.closed_by IS NOT NULL
FROM place p LEFT JOIN zone z ON z.id = p.zone_id
LEFT JOIN (
    SELECT b.place_id, sum(b.on_hand * i.volume_ml / i.unit_factor) AS volume,
        sum(b.on_hand * i.weight_g / i.unit_factor) AS weight, bool_or(b.lot_id = $2) AS same_lot,
        bool_or(b.item_id = $3) AS same_item, bool_or(b.item_id <> $3) AS other
    FROM balance b JOIN item i ON i.id = b.item_id WHERE b.site_id = $1 AND b.on_hand > 0 GROUP BY b.place_id) u
    ON u.place_id = p.id
WHERE p.site_id = $1 AND p.kind = 'bin' AND p.retired_at IS NULL
"""
_SIZE = """
SELECT i.id, i.unit_factor, i.volume_ml, i.weight_g, c.key FROM item i JOIN storage_class c ON c.id = i.storage_class_id
WHERE i.id = $1
"""


async def put_away_hints(*, site_id: int, item_id: int, lot_id: int | None, quantity: int, scope: Scope) -> list[Hint]:
    """Bins for so many base units of goods at a site in scope, best first, with reasons. Raises Missing."""
    await sites.get_site(site_id, scope)
    row = await db.fetch_row(_SIZE, item_id)
    if row is None:
        raise Missing("item.missing", "没有这种物资", item_id=item_id)
    bins = [
        Candidate(Room(b[0], b[1], b[2], tuple(b[3]), b[4], b[5], b[6], b[7]), b[8], b[9], b[10], b[11], b[12])
        for b in await db.fetch(_BINS_OF_SITE, site_id, lot_id or 0, item_id)
        if not b[13]
    ]
    return hints(Size(*row), quantity, bins)
