"""Reads of release orders: seen by owner, store, whoever receives, whoever asked."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Missing
from catalog.kernel.listing import Listing
from catalog.kernel.page import Page
from warehouse.requisitions.model import Release, ReleaseLine, ReleaseStatus

_CONTACT = (
    "(SELECT c.{} FROM release_line x JOIN requisition_contact c ON c.line_id = x.requisition_line_id"
    " WHERE x.release_id = o.id AND c.receiver <> '' ORDER BY x.line LIMIT 1)"
)
_TURN = (
    "(SELECT count(*) FROM release_order b WHERE b.requisition_id = o.requisition_id AND b.site_id = o.site_id"
    " AND b.seq <= o.seq)::int"
)
ORDER_NAME = f"coalesce(o.number, q.number || '·' || s.code || coalesce('-' || nullif({_TURN}, 1), ''))"
"""`Release.name` in SQL: of a release_order o, its requisition q and its site s."""
_SELECT = (
    "SELECT o.id, o.seq, o.number, o.status, o.version, q.id, q.number, qr.path, q.incident_id, e.name, e.level,"
    " o.owner_region_id, w.path, w.key, w.name_zh, w.name_en, s.id, s.code, s.name_zh, s.name_en, s.path, s.phone,"
    f" r.id, r.path, r.key, r.name_zh, r.name_en, o.place, o.lat, o.lon, coalesce({_CONTACT.format('receiver')}, ''),"
    f" coalesce({_CONTACT.format('phone')}, ''), o.priority, o.needed_by, o.made_at, o.made_by, q.authors,"
    " o.released_at, o.released_by, o.spoken, o.spoken_by, o.spoken_to, o.papers_due_at, o.paper_number,"
    " o.paper_file_id, o.paper_filed_at, o.paper_filed_by, o.paper_checked_at, o.paper_checked_by, o.ended_at,"
    f" o.end_reason, {_TURN}"
    " FROM release_order o JOIN requisition q ON q.id = o.requisition_id JOIN region qr ON qr.id = q.region_id"
    " LEFT JOIN incident e ON e.id = q.incident_id JOIN region w ON w.id = o.owner_region_id"
    " JOIN site s ON s.id = o.site_id JOIN region r ON r.id = o.region_id"
)
_LINES = (
    "SELECT l.release_id, l.id, l.line, l.requisition_line_id, n.need_id, i.id, i.key, i.name_zh, i.name_en, i.spec,"
    " i.unit_zh, i.unit_en, i.unit_factor, t.id, t.number, t.expires_on, p.id, p.code, l.quantity, l.covers, l.short,"
    " l.reservation_id, v.state, v.expires_at, v.quantity"
    " FROM release_line l JOIN requisition_line n ON n.id = l.requisition_line_id JOIN item i ON i.id = l.item_id"
    " JOIN lot t ON t.id = l.lot_id JOIN place p ON p.id = l.place_id JOIN reservation v ON v.id = l.reservation_id"
    " WHERE l.release_id = ANY($1::uuid[]) AND NOT l.gone ORDER BY l.release_id, l.line"
)
_SEEN = (
    "(w.path LIKE ANY({}::text[]) OR s.path LIKE ANY({}::text[]) OR s.id = ANY({}::bigint[])"
    " OR r.path LIKE ANY({}::text[]) OR qr.path LIKE ANY({}::text[]))"
)


def _release(row: Any) -> Release:
    values: Any = list(row)
    values[3], values[36] = ReleaseStatus(values[3]), tuple(values[36])
    return Release(*values)


async def _with_lines(found: Sequence[Release]) -> list[Release]:
    if not found:
        return []
    lines: dict[UUID, list[ReleaseLine]] = {one.id: [] for one in found}
    for row in map(tuple, await db.fetch(_LINES, list(lines))):
        lines[row[0]].append(ReleaseLine(*row[1:]))
    return [replace(one, lines=tuple(lines[one.id])) for one in found]


def missing_release(release_id: UUID) -> Missing:
    """What is not there and what is out of scope are one answer."""
    return Missing("release.missing", "没有这份动用指令，或不在您的管辖范围内", release=str(release_id))


async def find_releases(release_ids: Collection[UUID]) -> dict[UUID, Release]:
    """Release orders by id, with their lines. Not scoped: the caller checks."""
    if not release_ids:
        return {}
    rows = await db.fetch(_SELECT + " WHERE o.id = ANY($1::uuid[])", list(set(release_ids)))
    return {one.id: one for one in await _with_lines([_release(row) for row in rows])}


async def releases_of(requisition_id: UUID) -> Sequence[Release]:
    """The release orders of a requisition that the caller has seen, with their lines, oldest first."""
    rows = await db.fetch(_SELECT + " WHERE o.requisition_id = $1 ORDER BY o.seq", requisition_id)
    return await _with_lines([_release(row) for row in rows])


def _in_sight(listing: Listing, scope: Scope) -> None:
    prefixes = scope.prefixes
    listing.where(_SEEN, prefixes, prefixes, list(scope.site_ids), prefixes, prefixes)


async def get_release(release_id: UUID, scope: Scope) -> Release:
    """A release order that the scope sees, with its lines. Raises Missing."""
    listing = Listing(_SELECT)
    listing.where("o.id = {}", release_id)
    _in_sight(listing, scope)
    found = await listing.page(("o.seq",), None, 1, _release)
    if not found.items:
        raise missing_release(release_id)
    return (await _with_lines(found.items))[0]


async def list_releases(
    *,
    scope: Scope,
    text: str | None = None,
    status: ReleaseStatus | None = None,
    site_id: int | None = None,
    incident_id: UUID | None = None,
    owed: bool = False,
    ended: bool = False,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[Release]:
    """Release orders that the scope sees, with their lines, the newest first; what is over only when asked for.

    `owed`: spoken orders whose paper is not there and checked yet, whatever their status, the first due first.
    """
    listing = Listing(_SELECT)
    _in_sight(listing, scope)
    if owed:
        listing.where("o.spoken AND o.paper_checked_at IS NULL AND o.status NOT IN ('refused', 'cancelled')")
    elif status is not None:
        listing.where("o.status = {}", status.value)
    elif not ended:
        listing.where("o.status NOT IN ('closed', 'refused', 'cancelled')")
    if site_id is not None:
        listing.where("s.id = {}", site_id)
    if incident_id is not None:
        listing.where("q.incident_id = {}", incident_id)
    if text:
        listing.where(
            "strpos(upper(concat_ws(' ', o.number, q.number, e.name, s.code, s.name_zh, r.name_zh, w.name_zh)),"
            " upper({})) > 0",
            text,
        )
    order = ("extract(epoch FROM o.papers_due_at)::bigint", "o.seq") if owed else ("-o.seq",)
    found = await listing.page(order, cursor, limit, _release)
    return Page(await _with_lines(found.items), found.next_cursor)
