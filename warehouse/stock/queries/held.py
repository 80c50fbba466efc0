"""What is held, packed together or in dispute: reservations, pallets, loans, care events, discrepancy cases."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Invalid, Missing
from catalog.kernel.page import Page, checked_limit, read_cursor, write_cursor
from warehouse.stock.queries.loads import find_serials
from warehouse.stock.queries.sight import Where, see
from warehouse.stock.queries.views import FoundSerial


@dataclass(frozen=True, slots=True)
class ReservationRow:
    """Goods promised and not yet gone, or how that ended."""

    seq: int
    id: UUID
    lot: str
    item_key: str
    item: str
    site_code: str
    place_code: str
    place_key: str
    quantity: int
    priority: int
    state: str
    expires_at: datetime
    created_at: datetime
    ended_at: datetime | None
    end_reason: str
    login: str
    document_kind: str | None
    document_id: UUID | None


@dataclass(frozen=True, slots=True)
class PalletLine:
    """What lies on a pallet, in base units."""

    lot: str
    item_key: str
    item: str
    unit: str
    unit_factor: int
    expires_on: date | None
    condition: str
    quantity: int


@dataclass(frozen=True, slots=True)
class PalletCard:
    """A pallet, where it stands and what lies on it."""

    uuid: UUID
    number: str
    sscc: str | None
    status: str
    void_reason: str
    created_at: datetime
    site_code: str
    place_code: str
    place_key: str
    lines: tuple[PalletLine, ...]


@dataclass(frozen=True, slots=True)
class CareEvent:
    """What was done to a lot, or to one piece of it, at a site."""

    lot: str
    serial: str | None
    site_code: str
    kind: str
    done_on: date
    passed: bool
    result: str
    login: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A discrepancy case: where books and facts differ."""

    id: int
    uuid: UUID
    kind: str
    site_id: int
    site_code: str
    site_name: str
    status: str
    opened_at: datetime
    opened_by: str
    attempt: UUID
    document_kind: str | None
    document_id: UUID | None
    facts: Mapping[str, Any]
    settled_at: datetime | None
    settled_by: str
    settlement: str
    version: int
    owner: UUID | None = None
    owner_login: str | None = None
    owner_name_zh: str | None = None
    owner_name_en: str | None = None
    owner_role: str = "keeper"
    """Who sees to it while no person does."""
    due_on: date | None = None
    outcome: str = ""
    """How it ended: found, supplier, written-off, booked, accepted, other; empty while it is open."""


_RESERVATION = """
SELECT v.seq, v.id, l.number, i.key, i.name_zh, s.code, p.code, p.key, v.quantity, v.priority, v.state,
    v.expires_at, v.created_at, v.ended_at, v.end_reason, v.login, v.document_kind, v.document_id
FROM reservation v JOIN lot l ON l.id = v.lot_id JOIN item i ON i.id = l.item_id JOIN place p ON p.id = v.place_id
JOIN site s ON s.id = p.site_id
"""


def _before(where: Where, column: str, cursor: str | None) -> None:
    """Continue after `cursor` in descending order of a number of the server's own."""
    key = read_cursor(cursor, 1)
    if key is not None:
        if type(key[0]) is not int or not 0 <= key[0] < 2**63:
            raise Invalid("page.bad-cursor", "翻页标记无效，请从第一页重新开始")
        where.add(column + " < {}", key[0])


async def list_reservations(
    *,
    scope: Scope,
    state: str | None = "held",
    site_id: int | None = None,
    lot_id: int | None = None,
    document_id: UUID | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[ReservationRow]:
    """Reservations of goods in sight, the newest first."""
    size, sight, where = checked_limit(limit), await see(scope), Where()
    _before(where, "v.seq", cursor)
    for column, value in (("v.state", state), ("p.site_id", site_id), ("v.lot_id", lot_id)):
        if value is not None:
            where.add(column + " = {}", value)
    if document_id is not None:
        where.add("v.document_id = {}", document_id)
    where.seen(sight, "p.site_id", "l.owner_path")
    rows = await db.fetch(f"{_RESERVATION}{where.text()} ORDER BY v.seq DESC LIMIT {size + 1}", *where.args)
    shown = [ReservationRow(*row) for row in rows[:size]]
    return Page(shown, write_cursor(shown[-1].seq) if len(rows) > size else None)


async def get_pallet(number: str, scope: Scope) -> PalletCard:
    """A pallet that stands (or last stood) in scope. Raises Missing."""
    row = await db.fetch_row(
        "SELECT q.id, q.uuid, q.number, q.sscc, q.status, q.void_reason, q.created_at, s.code, p.code, p.key, s.path,"
        " s.id FROM pallet q JOIN place p ON p.id = q.place_id JOIN site s ON s.id = p.site_id WHERE q.number = $1",
        number,
    )
    if row is None or not scope.covers(row[10], row[11]):
        raise Missing("stock.no-such-pallet", "没有这个托盘，或不在您的管辖范围内", pallet=number)
    lines = await db.fetch(
        "SELECT l.number, i.key, i.name_zh, i.unit_zh, i.unit_factor, l.expires_on, k.condition, k.quantity"
        " FROM pallet_line k JOIN lot l ON l.id = k.lot_id JOIN item i ON i.id = l.item_id WHERE k.pallet_id = $1"
        " ORDER BY k.id",
        row[0],
    )
    head = list(row)[1:10]
    return PalletCard(*head, lines=tuple(PalletLine(*line) for line in lines))  # type: ignore[misc]


async def get_serial(number: str, scope: Scope) -> FoundSerial:
    """A numbered piece that stands in scope or is owned by it. Raises Missing."""
    found = await find_serials([number])
    if found:
        site = await db.fetch_row(
            "SELECT s.path, s.id FROM place p JOIN site s ON s.id = p.site_id WHERE p.id = $1", found[0].place_id
        )
        if scope.covers(found[0].lot.owner_path) or (site is not None and scope.covers(site[0], site[1])):
            return found[0]
    raise Missing("stock.no-such-serial", "没有这个编号，或不在您的管辖范围内", serial=number)


async def list_care_events(
    *, scope: Scope, lot_id: int, serial_id: int | None = None, limit: int = 100
) -> Sequence[CareEvent]:
    """Care of a lot (or of one piece, with what was done to its whole lot) in sight, the newest first."""
    where = Where()
    where.add("e.lot_id = {}", lot_id)
    if serial_id is not None:
        where.add("(e.serial_id = {} OR e.serial_id IS NULL)", serial_id)
    where.seen(await see(scope), "e.site_id", "l.owner_path")
    rows = await db.fetch(
        "SELECT l.number, n.number, s.code, e.kind, e.done_on, e.passed, e.result, e.login, e.recorded_at"
        " FROM care_event e JOIN lot l ON l.id = e.lot_id JOIN site s ON s.id = e.site_id"
        f" LEFT JOIN serial n ON n.id = e.serial_id{where.text()}"
        f" ORDER BY e.done_on DESC, e.id DESC LIMIT {int(limit)}",
        *where.args,
    )
    return [CareEvent(*row) for row in rows]


_CASE = """
SELECT c.id, c.uuid, c.kind, c.site_id, s.code, s.name_zh, c.status, c.opened_at, c.opened_by, c.attempt,
    c.document_kind, c.document_id, c.facts::text, c.settled_at, c.settled_by, c.settlement, c.version,
    o.uuid, o.login, o.name_zh, o.name_en, c.owner_role, c.due_on, c.outcome, s.path
FROM discrepancy_case c JOIN site s ON s.id = c.site_id LEFT JOIN person o ON o.id = c.owner_id
"""


def _case(row: Any) -> CaseRow:
    values = [*row[:12], json.loads(row[12]), *row[13:24]]
    return CaseRow(*values)


async def list_cases(
    *,
    scope: Scope,
    status: str | None = None,
    site_id: int | None = None,
    document_id: UUID | None = None,
    owner: str | None = None,
    overdue_on: date | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[CaseRow]:
    """Cases of sites in scope, the newest first; `owner` is a login, `overdue_on` leaves those due before a day."""
    size, where = checked_limit(limit), Where()
    _before(where, "c.id", cursor)
    where.add("(s.path LIKE ANY({}::text[]) OR s.id = ANY({}::bigint[]))", scope.prefixes, list(scope.site_ids))
    exact = (("c.status", status), ("c.site_id", site_id), ("c.document_id", document_id), ("o.login", owner))
    for column, value in exact:
        if value is not None:
            where.add(column + " = {}", value)
    if overdue_on is not None:
        where.add("c.due_on < {}", overdue_on)
    rows = await db.fetch(f"{_CASE}{where.text()} ORDER BY c.id DESC LIMIT {size + 1}", *where.args)
    shown = [_case(row) for row in rows[:size]]
    return Page(shown, write_cursor(shown[-1].id) if len(rows) > size else None)


async def get_case(case: UUID, scope: Scope) -> CaseRow:
    """A case of a site in scope. Raises Missing."""
    row: Any = await db.fetch_row(_CASE + "WHERE c.uuid = $1", case)
    if row is None or not scope.covers(row[24], row[3]):
        raise Missing("case.no-such-case", "没有这个差异单，或不在您的管辖范围内")
    return _case(tuple(row))
