"""Reads of deliveries. `find_…` is for scanning: set-wise, fixed SQL, no scope (the caller checks the site)."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Missing
from catalog.kernel.page import Page, checked_limit, read_cursor, write_cursor
from warehouse.replenishment import rules
from warehouse.replenishment.model.deliveries import (
    RECEIVABLE,
    Delivery,
    DeliveryKind,
    DeliveryLine,
    Expected,
    Status,
)

_HEAD = """
SELECT d.id, d.seq, d.number, d.site_id, s.code, s.name_zh, s.path, d.status, d.kind, d.owner_region_id, r.key,
    r.name_zh, d.fund_source, d.supplier_id, p.key, p.name_zh, d.note_number, d.invoice_number, d.expected_on,
    d.created_at, d.created_by, d.version, d.strays, d.order_id, o.number
FROM delivery d JOIN site s ON s.id = d.site_id JOIN region r ON r.id = d.owner_region_id
LEFT JOIN party p ON p.id = d.supplier_id LEFT JOIN supply_order o ON o.id = d.order_id
"""
_RECEIVED = """
SELECT m.document_id, m.document_line, l.item_id, sum(m.quantity)::bigint AS received,
    coalesce(sum(m.quantity) FILTER (WHERE m.to_condition = 'damaged'), 0)::bigint AS damaged
FROM move m JOIN lot l ON l.id = m.lot_id
WHERE m.document_id = ANY($1::uuid[]) AND m.document_kind = 'delivery' AND m.reason = 'receive'
  AND NOT EXISTS (SELECT 1 FROM move back WHERE back.reverses = m.seq)
GROUP BY m.document_id, m.document_line, l.item_id
"""
_LINES = f"""
SELECT d.delivery_id, d.line, d.item_id, i.key, i.name_zh, i.unit_zh, i.unit_factor, i.tracking, d.quantity,
    coalesce(r.received, 0)::bigint, coalesce(r.damaged, 0)::bigint, d.refused, d.refuse_reason, d.maker_batch,
    d.produced_on, d.expires_on, d.price_fen, d.price_per
FROM delivery_line d JOIN item i ON i.id = d.item_id
LEFT JOIN (SELECT document_id, document_line, sum(received) AS received, sum(damaged) AS damaged
           FROM ({_RECEIVED}) one GROUP BY document_id, document_line) r
    ON r.document_id = d.delivery_id AND r.document_line = d.line
WHERE d.delivery_id = ANY($1::uuid[]) ORDER BY d.delivery_id, d.line
"""


async def find_deliveries(ids: Collection[UUID]) -> dict[UUID, Delivery]:
    """Deliveries by id with their lines, in two statements; unknown ones are left out. Not scoped."""
    if not ids:
        return {}
    return await _with_lines(await db.fetch(_HEAD + "WHERE d.id = ANY($1::uuid[])", list(set(ids))))


async def find_deliveries_by_label(keys: Collection[str]) -> dict[str, Delivery]:
    """What the own keys of document labels lead to, by key; keys that are no delivery's are left out. Not scoped."""
    numbers = {number: key for key in keys if (number := rules.number_of_label(key)) is not None}
    if not numbers:
        return {}
    found = await _with_lines(await db.fetch(_HEAD + "WHERE d.number = ANY($1::text[])", list(numbers)))
    return {numbers[delivery.number]: delivery for delivery in found.values()}


async def find_delivery_by_number(number: str, scope: Scope) -> Delivery | None:
    """A delivery in scope by its number."""
    found = await _with_lines(await db.fetch(_HEAD + "WHERE d.number = $1", number))
    return next((d for d in found.values() if scope.covers(d.path, d.site_id)), None)


async def get_delivery(delivery_id: UUID, scope: Scope) -> Delivery:
    """A delivery in scope with its lines. Raises Missing."""
    found = (await find_deliveries([delivery_id])).get(delivery_id)
    if found is None or not scope.covers(found.path, found.site_id):
        raise Missing("delivery.missing", "没有这张到货单，或不在您的管辖范围内")
    return found


async def list_deliveries(
    *,
    scope: Scope,
    site_code: str | None = None,
    status: Collection[Status] = (),
    text: str | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[Delivery]:
    """Deliveries in scope, the newest first, with their lines. `text` is part of a number, note or supplier's name."""
    size = checked_limit(limit)
    after = read_cursor(cursor, 1)
    rows = await db.fetch(
        _HEAD + "WHERE (s.path LIKE ANY($1::text[]) OR s.id = ANY($2::bigint[]))"
        " AND ($3::text IS NULL OR s.code = $3) AND (cardinality($4::text[]) = 0 OR d.status = ANY($4::text[]))"
        " AND ($5::text IS NULL OR strpos(upper(d.number || ' ' || d.note_number || ' ' || coalesce(p.name_zh, '')),"
        " upper($5)) > 0) AND ($6::bigint IS NULL OR d.seq < $6) ORDER BY d.seq DESC LIMIT $7",
        scope.prefixes,
        list(scope.site_ids),
        site_code,
        [one.value for one in status],
        text or None,
        rules.checked_seq(after),
        size + 1,
    )
    shown = list((await _with_lines(rows[:size])).values())
    return Page(shown, write_cursor(shown[-1].seq) if len(rows) > size else None)


async def unplanned(delivery_id: UUID) -> list[tuple[int, int]]:
    """(item, quantity) of goods that were received against the delivery without one of its lines."""
    rows = await db.fetch(
        f"SELECT r.item_id, sum(r.received)::bigint FROM ({_RECEIVED}) r WHERE NOT EXISTS (SELECT 1 FROM delivery_line"
        " d WHERE d.delivery_id = r.document_id AND d.line = r.document_line) GROUP BY r.item_id ORDER BY r.item_id",
        [delivery_id],
    )
    return [(row[0], row[1]) for row in rows]


_EXPECTED = f"""
SELECT x.item_id, d.owner_region_id, d.site_id, d.expected_on, x.expires_on,
    (x.quantity - x.refused - coalesce(c.received, 0))::bigint
FROM delivery d JOIN delivery_line x ON x.delivery_id = d.id
LEFT JOIN (SELECT document_id, document_line, sum(received) AS received FROM ({_RECEIVED}) one
           GROUP BY document_id, document_line) c ON c.document_id = d.id AND c.document_line = x.line
WHERE d.id = ANY($1::uuid[]) AND x.quantity > x.refused + coalesce(c.received, 0)
"""


async def list_announced(*, path: str) -> list[Expected]:
    """What announced deliveries will still bring: those that arrive in the region at `path`, and those that are for an
    owner there. Not scoped: the caller's scope covers `path`."""
    rows = await db.fetch(
        "SELECT d.id FROM delivery d JOIN site s ON s.id = d.site_id JOIN region r ON r.id = d.owner_region_id"
        " WHERE d.status = ANY($1::text[]) AND s.live AND (s.path LIKE $2 OR r.path LIKE $2)",
        [one.value for one in RECEIVABLE],
        path + "%",
    )
    return [Expected(*row) for row in await db.fetch(_EXPECTED, [row[0] for row in rows])] if rows else []


async def _with_lines(rows: Any) -> dict[UUID, Delivery]:
    """The deliveries of these heads in their order, each with its lines."""
    lines: dict[UUID, list[DeliveryLine]] = {row[0]: [] for row in rows}
    if rows:
        for row in await db.fetch(_LINES, list(lines)):
            parts = list(row)[1:]
            parts[11] = rules.read_refusals(parts[11])
            lines[row[0]].append(DeliveryLine(*parts))
    found = {}
    for row in rows:
        values = list(row)
        values[7], values[8] = Status(values[7]), DeliveryKind(values[8])
        values[22] = rules.read_strays(values[22])
        found[row[0]] = Delivery(*values, lines=tuple(lines[row[0]]))  # type: ignore[misc]
    return found
