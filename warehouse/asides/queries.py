"""Reads of work put aside."""

import json
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from warehouse.asides.model import Kept, Kind

MOST_SHOWN = 100
_KEPT = """
SELECT k.id, k.site_id, s.code, s.name_zh, s.path, k.person_id, k.login, p.name_zh, k.kind, k.name, k.content::text,
    k.kept_at, k.ended_by, k.ended_at IS NOT NULL
FROM kept_work k JOIN site s ON s.id = k.site_id JOIN person p ON p.id = k.person_id
"""


def _kept(row: Any) -> Kept:
    values = list(row)
    values[8], values[10] = Kind(values[8]), json.loads(values[10])
    return Kept(*values)


async def find_kept(kept_id: UUID) -> Kept | None:
    """An entry, also one that has ended. Not scoped: the caller checks the site."""
    row = await db.fetch_row(_KEPT + "WHERE k.id = $1", kept_id)
    return _kept(row) if row else None


async def list_kept(*, scope: Scope, site_code: str | None = None) -> list[Kept]:
    """What waits at the sites in scope, the newest first."""
    rows = await db.fetch(
        _KEPT + "WHERE k.ended_at IS NULL AND (s.path LIKE ANY($1::text[]) OR s.id = ANY($2::bigint[]))"
        f" AND ($3::text IS NULL OR s.code = $3) ORDER BY k.seq DESC LIMIT {MOST_SHOWN}",
        scope.prefixes,
        list(scope.site_ids),
        site_code,
    )
    return [_kept(row) for row in rows]
