"""Reads of pick lists. `find_…` is for scanning: set-wise, no scope (the caller checks the site)."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Missing
from catalog.kernel.page import Page, checked_limit, read_cursor, write_cursor
from warehouse.picking.model import Free, Pick, PickLine, Status

_HEAD = """
SELECT p.id, p.seq, p.number, p.site_id, s.code, s.name_zh, s.path, p.name, p.status, p.created_at, p.created_by,
    p.ended_at, p.ended_by, p.version
FROM pick_list p JOIN site s ON s.id = p.site_id
"""
_LINES = """
SELECT l.pick_id, l.line, l.item_id, i.key, i.name_zh, i.unit_zh, i.unit_factor, i.tracking, t.number, l.lot_id,
    t.expires_on, q.code, q.key, l.place_id, l.quantity, coalesce(m.picked, 0)::bigint, l.short, l.short_note
FROM pick_line l JOIN item i ON i.id = l.item_id LEFT JOIN lot t ON t.id = l.lot_id
LEFT JOIN place q ON q.id = l.place_id
LEFT JOIN (
    SELECT m.document_id, m.document_line, sum(m.quantity) AS picked FROM move m
    WHERE m.document_id = ANY($1::uuid[]) AND m.document_kind = 'pick' AND m.reason = 'issue'
      AND NOT EXISTS (SELECT 1 FROM move back WHERE back.reverses = m.seq)
    GROUP BY 1, 2) m ON m.document_id = l.pick_id AND m.document_line = l.line
WHERE l.pick_id = ANY($1::uuid[]) ORDER BY l.pick_id, l.line
"""
_FREE = """
SELECT b.item_id, b.lot_id, b.place_id, b.on_hand - b.reserved, b.expires_on, l.stored_on, p.sort_key
FROM balance b JOIN lot l ON l.id = b.lot_id JOIN place p ON p.id = b.place_id
WHERE b.site_id = $1 AND b.item_id = ANY($2::bigint[]) AND b.condition = 'good' AND b.on_hand > b.reserved
    AND p.kind IN ('bin', 'staging') AND p.closed_by IS NULL AND p.retired_at IS NULL
    AND (b.expires_on IS NULL OR b.expires_on >= $3)
"""


async def free_at(site_id: int, item_ids: Collection[int], on: date) -> list[Free]:
    """Usable goods of these items that stand free at a site on a day: the input of `rules.plan`."""
    return [Free(*row) for row in await db.fetch(_FREE, site_id, list(item_ids), on)]


async def find_picks(ids: Collection[UUID]) -> dict[UUID, Pick]:
    """Pick lists by id with their lines; unknown ones are left out. Not scoped."""
    if not ids:
        return {}
    return await _with_lines(await db.fetch(_HEAD + "WHERE p.id = ANY($1::uuid[])", list(set(ids))))


async def find_picks_by_label(keys: Collection[str]) -> dict[str, Pick]:
    """What the own keys on pick lists lead to, by key. Not scoped."""
    wanted = [key for key in keys if "JH" in key]
    if not wanted:
        return {}
    rows = await db.fetch(_HEAD + "WHERE replace(p.number, '-', '') = ANY($1::text[])", wanted)
    return {pick.number.replace("-", ""): pick for pick in (await _with_lines(rows)).values()}


async def get_pick(pick_id: UUID, scope: Scope) -> Pick:
    """A pick list in scope. Raises Missing."""
    found = (await find_picks([pick_id])).get(pick_id)
    if found is None or not scope.covers(found.path, found.site_id):
        raise Missing("pick.missing", "没有这张拣货单，或不在您的管辖范围内")
    return found


async def list_picks(
    *,
    scope: Scope,
    site_code: str | None = None,
    status: Status | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[Pick]:
    """Pick lists in scope with their lines, the newest first."""
    size = checked_limit(limit)
    after = read_cursor(cursor, 1)
    before = after[0] if after and isinstance(after[0], int) else None
    rows = await db.fetch(
        _HEAD + "WHERE (s.path LIKE ANY($1::text[]) OR s.id = ANY($2::bigint[])) AND ($3::text IS NULL OR s.code = $3)"
        " AND ($4::text IS NULL OR p.status = $4) AND ($5::bigint IS NULL OR p.seq < $5)"
        " ORDER BY p.seq DESC LIMIT $6",
        scope.prefixes,
        list(scope.site_ids),
        site_code,
        status.value if status else None,
        before,
        size + 1,
    )
    shown = list((await _with_lines(rows[:size])).values())
    return Page(shown, write_cursor(shown[-1].seq) if len(rows) > size else None)


async def _with_lines(rows: Any) -> dict[UUID, Pick]:
    lines: dict[UUID, list[PickLine]] = {row[0]: [] for row in rows}
    if lines:
        for row in await db.fetch(_LINES, list(lines)):
            lines[row[0]].append(PickLine(*tuple(row)[1:]))
    found = {}
    for row in rows:
        values = list(row)
        values[8] = Status(values[8])
        found[row[0]] = Pick(*values, lines=tuple(lines[row[0]]))  # type: ignore[misc]
    return found
