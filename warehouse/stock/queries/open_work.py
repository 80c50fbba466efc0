"""What waits for somebody: discrepancy cases, reservations, loans, care that falls due."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Missing
from catalog.kernel.page import Page, checked_limit
from warehouse.stock.model import DocumentRef
from warehouse.stock.queries.sight import IN_STORE, Key, Where, after, fetch_page, see
from warehouse.stock.queries.views import CareDue, CaseRow, Debt, LoanLine, LoanRow, ReservationRow

# -- cases ---------------------------------------------------------------------------------------------------------

_CASE = """
SELECT -c.id, c.id, c.uuid, c.kind, c.site_id, s.code, s.name_zh, c.status, c.opened_at, c.opened_by, c.attempt,
    c.document_kind, c.document_id, c.facts::text, c.settled_at, c.settled_by, c.settlement, c.version,
    o.uuid, o.login, o.name_zh, o.name_en, c.owner_role, c.due_on, c.outcome
FROM discrepancy_case c JOIN site s ON s.id = c.site_id LEFT JOIN person o ON o.id = c.owner_id
"""


def _document(kind: str | None, document_id: UUID | None) -> DocumentRef | None:
    return DocumentRef(kind, document_id) if kind is not None and document_id is not None else None


def _case(row: Any) -> CaseRow:
    r = tuple(row)[1:]
    return CaseRow(*(*r[:10], _document(r[10], r[11]), json.loads(r[12]), *r[13:]))


async def list_cases(
    *,
    scope: Scope,
    status: str | None = "open",
    site_id: int | None = None,
    kind: str | None = None,
    owner: str | None = None,
    overdue_on: date | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[CaseRow]:
    """Cases of the sites in scope, newest first. `status` None: also settled ones. `owner`: a login; `overdue_on`:
    only those that should have ended before this day."""
    size, sight, where = checked_limit(limit), await see(scope), Where()
    continued = after(where, [Key("-c.id")], cursor)
    if not sight.everything:
        where.conditions.append(sight.at("c.site_id"))
    for column, value in (("c.status", status), ("c.site_id", site_id), ("c.kind", kind), ("o.login", owner)):
        if value is not None:
            where.add(column + " = {}", value)
    if overdue_on is not None:
        where.add("c.due_on < {}", overdue_on)
    sql = f"{_CASE}{where.text(*([continued] if continued else []))} ORDER BY 1 LIMIT {size + 1}"
    rows, following = await fetch_page(lambda _: sql, where.args, 1, size)
    return Page([_case(row) for row in rows], following)


async def get_case(case: UUID, *, scope: Scope) -> CaseRow:
    """One case; raises Missing for one that is unknown or out of scope. Its moves: `list_moves` by `case_id`."""
    sight, where = await see(scope), Where()
    where.add("c.uuid = {}", case)
    if not sight.everything:
        where.conditions.append(sight.at("c.site_id"))
    row = await db.fetch_row(_CASE + where.text(), *where.args)
    if row is None:
        raise Missing("case.no-such-case", "没有这个差异单，或不在您的管辖范围内", case=str(case))
    return _case(row)


# -- reservations --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReservationFilter:
    """Which reservations; None says nothing. `state` None: also those that have ended."""

    state: str | None = "held"
    site_id: int | None = None
    lot_id: int | None = None
    item_id: int | None = None
    document_id: UUID | None = None


async def list_reservations(
    *,
    scope: Scope,
    wanted: ReservationFilter = ReservationFilter(),
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[ReservationRow]:
    """Reservations of goods in sight, in the order in which they lapse.

    A held one whose time is over still counts until somebody touches its goods.
    """
    size, sight, where = checked_limit(limit), await see(scope), Where()
    keys = (Key("r.expires_at", "timestamptz"), Key("r.seq"))
    continued = after(where, keys, cursor)
    where.seen(sight, "p.site_id", "l.owner_path")
    for column, value in (
        ("r.state", wanted.state),
        ("p.site_id", wanted.site_id),
        ("r.lot_id", wanted.lot_id),
        ("l.item_id", wanted.item_id),
        ("r.document_id", wanted.document_id),
    ):
        if value is not None:
            where.add(column + " = {}", value)
    sql = f"""
SELECT r.expires_at, r.seq, r.id, r.lot_id, l.number, i.key, i.name_zh, i.unit_zh, i.unit_factor, r.place_id, p.code,
    p.site_id, s.code, r.condition, r.quantity, r.state, r.priority, r.document_kind, r.document_id, r.parent_id,
    r.expires_at, r.created_at, r.ended_at, r.end_reason, r.login
FROM reservation r JOIN lot l ON l.id = r.lot_id JOIN item i ON i.id = l.item_id JOIN place p ON p.id = r.place_id
JOIN site s ON s.id = p.site_id{where.text(*([continued] if continued else []))} ORDER BY 1, 2 LIMIT {size + 1}"""
    rows, following = await fetch_page(lambda _: sql, where.args, 2, size)
    return Page([_reservation(row[2:]) for row in rows], following)


def _reservation(r: tuple[Any, ...]) -> ReservationRow:
    return ReservationRow(*(*r[:15], _document(r[15], r[16]), *r[17:]))


# -- loans ---------------------------------------------------------------------------------------------------------

_LOAN = """
SELECT n.due_on, n.seq, n.id, n.place_id, n.site_id, s.code, s.name_zh, s.name_en, s.path, n.borrower, n.due_on,
    n.lent_at, g.login, g.goods, g.items,
    (SELECT count(*) FROM balance b WHERE b.place_id = n.place_id AND b.on_hand > 0)::int
FROM loan n JOIN site s ON s.id = n.site_id CROSS JOIN LATERAL (
    SELECT coalesce(min(m.login), '') AS login, coalesce((array_agg(i.name_zh ORDER BY m.seq))[1], '') AS goods,
        count(DISTINCT i.id)::int AS items
    FROM move m JOIN lot l ON l.id = m.lot_id JOIN item i ON i.id = l.item_id
    WHERE m.to_place = n.place_id AND m.reason = 'lend'
) g
"""
_OUT = "EXISTS (SELECT 1 FROM balance b WHERE b.place_id = n.place_id AND b.on_hand > 0)"


async def list_loans(
    *,
    scope: Scope,
    site_id: int | None = None,
    borrower: str = "",
    due_before: date | None = None,
    still_out: bool = True,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[LoanRow]:
    """Loans of the sites in scope, the first due first; `still_out`: only those of which something is out."""
    size, sight, where = checked_limit(limit), await see(scope), Where()
    continued = after(where, [Key("n.due_on", "date"), Key("n.seq")], cursor)
    if not sight.everything:
        where.conditions.append(sight.at("n.site_id"))
    if site_id is not None:
        where.add("n.site_id = {}", site_id)
    if borrower:
        where.add("strpos(lower(n.borrower), lower({})) > 0", borrower)
    if due_before is not None:
        where.add("n.due_on < {}", due_before)
    if still_out:
        where.add(_OUT)
    sql = f"{_LOAN}{where.text(*([continued] if continued else []))} ORDER BY 1, 2 LIMIT {size + 1}"
    rows, following = await fetch_page(lambda _: sql, where.args, 2, size)
    return Page([LoanRow(*row[2:]) for row in rows], following)


async def list_loans_of(place_ids: Collection[int]) -> list[LoanRow]:
    """The loans whose places these are (for a piece's passport, which is already in sight)."""
    if not place_ids:
        return []
    rows = await db.fetch(_LOAN + "WHERE n.place_id = ANY($1::bigint[]) ORDER BY n.seq DESC", list(place_ids))
    return [LoanRow(*tuple(row)[2:]) for row in rows]


async def get_loan(loan_id: UUID, scope: Scope) -> tuple[LoanRow, list[LoanLine]]:
    """A loan of a site in scope, with its lots. Raises Missing."""
    rows = await db.fetch(_LOAN + "WHERE n.id = $1", loan_id)
    found = [LoanRow(*tuple(row)[2:]) for row in rows]
    if not found or not scope.covers(found[0].site_path, found[0].site_id):
        raise Missing("stock.no-such-loan", "没有这笔借用，或不在您的管辖范围内", loan=str(loan_id))
    lines = await db.fetch(
        "SELECT l.number, i.key, i.name_zh, i.name_en, i.unit_zh, i.unit_factor, i.tracking, sum(m.quantity)::bigint,"
        " coalesce((SELECT b.on_hand FROM balance b WHERE b.place_id = $1 AND b.lot_id = l.id AND b.on_hand > 0), 0),"
        " ARRAY(SELECT x.number FROM serial_state t JOIN serial x ON x.id = t.serial_id"
        " WHERE t.place_id = $1 AND t.lot_id = l.id ORDER BY x.number)"
        " FROM move m JOIN lot l ON l.id = m.lot_id JOIN item i ON i.id = l.item_id"
        " WHERE m.to_place = $1 AND m.reason = 'lend' GROUP BY l.id, i.id ORDER BY min(m.seq)",
        found[0].place_id,
    )
    return found[0], [replace(LoanLine(*row), serials=tuple(row[9])) for row in map(tuple, lines)]


async def pieces_in_good_order(lot_ids: Collection[int]) -> dict[tuple[int, int], list[str]]:
    """(lot, place) → numbers of its usable pieces. Not scoped: beside balances that are in sight."""
    found: dict[tuple[int, int], list[str]] = {}
    for lot_id, place_id, number in await db.fetch(
        "SELECT t.lot_id, t.place_id, x.number FROM serial_state t JOIN serial x ON x.id = t.serial_id"
        " WHERE t.lot_id = ANY($1::bigint[]) AND t.condition = 'good' ORDER BY x.number LIMIT 2000",
        sorted(set(lot_ids)),
    ):
        found.setdefault((lot_id, place_id), []).append(number)
    return found


async def list_debts(*, scope: Scope) -> list[Debt]:
    """Who has what of whose goods, over all loans of the sites in scope."""
    sight, where = await see(scope), Where()
    if not sight.everything:
        where.conditions.append(sight.at("n.site_id"))
    rows = await db.fetch(
        "SELECT r.name_zh, r.name_en, n.borrower, i.key, i.name_zh, i.name_en, i.unit_zh, i.unit_factor,"
        " sum(b.on_hand)::bigint, count(DISTINCT n.id)::int, min(n.due_on)"
        " FROM loan n JOIN balance b ON b.place_id = n.place_id AND b.on_hand > 0 JOIN lot l ON l.id = b.lot_id"
        " JOIN item i ON i.id = b.item_id JOIN region r ON r.id = l.owner_region_id"
        f" {where.text()} GROUP BY r.id, n.borrower, i.id ORDER BY r.path, n.borrower, i.key LIMIT 1000",
        *where.args,
    )
    return [Debt(*row) for row in map(tuple, rows)]


# -- care ----------------------------------------------------------------------------------------------------------

_DUE = f"""
WITH due AS MATERIALIZED (
    SELECT g.lot_id, g.serial_id, g.site_id, c.kind, done.last_on,
        coalesce(done.last_on + c.interval_days, c.first_after_days + (
            SELECT coalesce((min(m.occurred_at) AT TIME ZONE 'Asia/Shanghai')::date, l.stored_on)
            FROM move m JOIN place q ON q.id = m.to_place WHERE m.lot_id = g.lot_id AND q.site_id = g.site_id
        )) AS due_on
    FROM (
        SELECT DISTINCT b.lot_id, 0::bigint AS serial_id, b.site_id, b.item_id
        FROM balance b JOIN place p ON p.id = b.place_id JOIN item i ON i.id = b.item_id
        WHERE b.on_hand > 0 AND p.kind IN {IN_STORE} AND i.tracking = 'lot'
        UNION ALL
        SELECT t.lot_id, t.serial_id, p.site_id, l.item_id
        FROM serial_state t JOIN place p ON p.id = t.place_id JOIN lot l ON l.id = t.lot_id
        WHERE p.kind IN {IN_STORE}
    ) g
    JOIN item_care c ON c.item_id = g.item_id JOIN lot l ON l.id = g.lot_id
    CROSS JOIN LATERAL (
        SELECT max(e.done_on) AS last_on FROM care_event e WHERE e.lot_id = g.lot_id AND e.site_id = g.site_id
            AND e.kind = c.kind AND (e.serial_id IS NULL OR e.serial_id = g.serial_id)) done
    WHERE l.stored_on + c.first_after_days <= {{by}} AND {{seen}}
)
SELECT x.due_on, x.lot_id, x.serial_id, x.site_id, x.kind, x.lot_id, l.number, i.id, i.key, i.name_zh, n.number,
    x.site_id, s.code, x.kind, x.last_on, x.due_on
FROM (SELECT * FROM due x WHERE x.due_on <= {{by}}{{continued}} ORDER BY x.due_on, x.lot_id, x.serial_id, x.site_id,
    x.kind LIMIT {{size}}) x
JOIN lot l ON l.id = x.lot_id JOIN item i ON i.id = l.item_id JOIN site s ON s.id = x.site_id
LEFT JOIN serial n ON n.id = x.serial_id ORDER BY 1, 2, 3, 4, 5
"""
"""Materialized: when a piece was first received is looked up once, and only where no care has been done yet."""


async def care_due(
    *,
    scope: Scope,
    by: date,
    site_id: int | None = None,
    kind: str | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[CareDue]:
    """Care of goods in store that is due on or before `by`, the longest overdue first: per lot and site, and per piece
    for numbered goods. First after the in-store date (the first receipt there), then after each time it was done.
    """
    size, sight, where = checked_limit(limit), await see(scope), Where()
    keys = (Key("x.due_on", "date"), Key("x.lot_id"), Key("x.serial_id"), Key("x.site_id"), Key("x.kind", "text"))
    until = where.bind(by) + "::date"
    continued = after(where, keys, cursor)
    seen = Where(args=where.args)
    seen.seen(sight, "g.site_id", "l.owner_path")
    if site_id is not None:
        seen.conditions.append(f"g.site_id = {int(site_id)}")
    if kind is not None:
        seen.add("c.kind = {}", kind)
    sql = _DUE.format(
        by=until,
        seen=" AND ".join(seen.conditions) or "true",
        continued=f" AND {continued}" if continued else "",
        size=size + 1,
    )
    rows, following = await fetch_page(lambda _: sql, seen.args, 5, size)
    return Page([CareDue(*row[5:]) for row in rows], following)


_PLACES = f"""
SELECT l.number, n.number, s.code, array_agg(p.code ORDER BY p.sort_key, p.id)
FROM unnest($1::bigint[], $2::bigint[], $3::text[]) k (lot_id, site_id, serial)
JOIN lot l ON l.id = k.lot_id JOIN site s ON s.id = k.site_id LEFT JOIN serial n ON n.number = k.serial
JOIN LATERAL (
    SELECT DISTINCT b.place_id FROM balance b WHERE k.serial IS NULL AND b.lot_id = k.lot_id AND b.on_hand > 0
    UNION SELECT t.place_id FROM serial_state t WHERE t.serial_id = n.id) w ON true
JOIN place p ON p.id = w.place_id AND p.site_id = k.site_id AND p.kind IN {IN_STORE}
GROUP BY 1, 2, 3
"""


async def care_places(rows: Sequence[CareDue]) -> dict[tuple[str, str | None, str], Sequence[str]]:
    """Where the goods of these rows stand: (lot, serial, site code) → codes of places in walking order."""
    keys = {(row.lot_id, row.site_id, row.serial) for row in rows}
    if not keys:
        return {}
    columns = [list(column) for column in zip(*keys, strict=True)]
    return {(r[0], r[1], r[2]): r[3] for r in map(tuple, await db.fetch(_PLACES, *columns))}


_STAGED = """
SELECT i.name_zh, l.number, s.code, sum(b.on_hand)::bigint, i.unit_zh, i.unit_factor
FROM place p JOIN site s ON s.id = p.site_id JOIN balance b ON b.place_id = p.id AND b.on_hand > 0
JOIN lot l ON l.id = b.lot_id JOIN item i ON i.id = l.item_id
WHERE p.kind = 'staging' AND (s.path LIKE ANY($1::text[]) OR s.id = ANY($2::bigint[]))
GROUP BY 1, 2, 3, 5, 6 ORDER BY 3, 2 LIMIT $3
"""


@dataclass(frozen=True, slots=True)
class Staged:
    """Goods of a lot in a site's arrivals area, in base units."""

    item: str
    lot: str
    site_code: str
    on_hand: int
    unit: str
    unit_factor: int


async def list_staged(*, scope: Scope, limit: int) -> list[Staged]:
    """Goods that stand in the arrivals areas of the sites in scope and wait to be put away."""
    return [Staged(*row) for row in await db.fetch(_STAGED, scope.prefixes, list(scope.site_ids), limit)]
