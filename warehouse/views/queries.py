"""Reads of saved views. Their scope is the reader: one's own, and what the unit shares."""

from collections.abc import Sequence
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.errors import Missing
from warehouse.views.model import SavedView

_SELECT = """
SELECT v.id, v.list, v.name, v.query, v.shared, v.person_id = $1, p.name_zh, v.created_at, v.version
FROM saved_view v JOIN person p ON p.id = v.person_id
WHERE v.retired_at IS NULL AND (v.person_id = $1 OR (v.shared AND p.retired_at IS NULL
    AND v.party_id = (SELECT party_id FROM person WHERE id = $1)))
"""


async def list_views(*, person_id: int | None, list_name: str | None = None) -> Sequence[SavedView]:
    """A person's own views and the unit's, one's own first, by name."""
    if person_id is None:
        return []
    rows = await db.fetch(
        _SELECT + " AND ($2::text IS NULL OR v.list = $2) ORDER BY v.list, v.person_id <> $1, v.name, v.seq",
        person_id,
        list_name,
    )
    return [SavedView(*row) for row in rows]


async def get_view(view_id: UUID, *, person_id: int | None) -> SavedView:
    """One of them. Raises Missing."""
    row = await db.fetch_row(_SELECT + " AND v.id = $2", person_id, view_id) if person_id is not None else None
    if row is None:
        raise Missing("view.missing", "没有这个视图")
    return SavedView(*row)
