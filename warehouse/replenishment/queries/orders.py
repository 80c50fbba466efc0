"""Reads of orders. What a line has received is summed from the moves of the order's deliveries, never stored."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Missing
from catalog.kernel.page import Page, checked_limit, read_cursor, write_cursor
from warehouse.replenishment.model.orders import Order, OrderKind, OrderLine, OrderStatus, PartDelivery
from warehouse.replenishment.rules.deliveries import checked_seq

ARRIVED = """
SELECT d.order_id, dl.order_line AS line, coalesce(sum(r.received), 0)::bigint AS received,
    coalesce(sum(r.damaged), 0)::bigint AS damaged, coalesce(sum(dl.refused), 0)::bigint AS refused,
    coalesce(sum(greatest(dl.quantity - coalesce(r.received, 0) - dl.refused, 0))
        FILTER (WHERE d.status IN ('draft', 'announced', 'receiving')), 0)::bigint AS announced
FROM delivery d JOIN delivery_line dl ON dl.delivery_id = d.id AND dl.order_line IS NOT NULL
LEFT JOIN LATERAL (
    SELECT sum(m.quantity) AS received, sum(m.quantity) FILTER (WHERE m.to_condition = 'damaged') AS damaged
    FROM move m WHERE m.document_id = d.id AND m.document_kind = 'delivery' AND m.document_line = dl.line
      AND m.reason = 'receive' AND NOT EXISTS (SELECT 1 FROM move back WHERE back.reverses = m.seq)
) r ON true
WHERE d.order_id IN ({orders}) GROUP BY d.order_id, dl.order_line
"""
"""What came against each line of `orders` (a subselect of ids or a placeholder)."""
_STATE = f"""
CASE WHEN o.status <> 'ordered' THEN o.status ELSE (
    SELECT CASE WHEN bool_and(coalesce(a.received, 0) >= l.quantity) THEN 'received'
                WHEN bool_or(coalesce(a.received, 0) > 0) THEN 'partly_received' ELSE 'ordered' END
    FROM supply_order_line l LEFT JOIN ({ARRIVED.format(orders="o.id")}) a ON a.line = l.line
    WHERE l.order_id = o.id) END
"""
_HEAD = f"""
SELECT o.id, o.seq, o.number, o.kind, {_STATE} AS state, o.owner_region_id, r.key, r.name_zh, r.path, o.site_id, s.code,
    s.name_zh, s.path, o.supplier_id, p.key, p.name_zh, o.fund_source, o.budget_year, o.contract, o.reason, o.note,
    o.revision, o.authors, o.created_at, o.created_by, o.endorsed_by, o.approved_by, o.over_budget_reason,
    o.ordered_at, o.ended_at, o.end_reason, o.version
FROM supply_order o JOIN region r ON r.id = o.owner_region_id JOIN site s ON s.id = o.site_id
LEFT JOIN party p ON p.id = o.supplier_id
"""
_LINES = f"""
SELECT l.order_id, l.line, l.item_id, i.key, i.name_zh, i.spec, i.unit_zh, i.unit_factor, l.quantity, l.pack_id,
    k.name_zh, k.factor, l.price_fen, l.price_per, l.amount_fen, l.expected_on, l.why, coalesce(a.received, 0)::bigint,
    coalesce(a.damaged, 0)::bigint, coalesce(a.refused, 0)::bigint, coalesce(a.announced, 0)::bigint
FROM supply_order_line l JOIN item i ON i.id = l.item_id LEFT JOIN pack k ON k.id = l.pack_id
LEFT JOIN ({ARRIVED.format(orders="SELECT unnest($1::uuid[])")}) a ON a.order_id = l.order_id AND a.line = l.line
WHERE l.order_id = ANY($1::uuid[]) ORDER BY l.order_id, l.line
"""
_MISSING = ("order.missing", "没有这张订单，或不在您的管辖范围内")


async def find_orders(ids: Collection[UUID]) -> dict[UUID, Order]:
    """Orders by id with lines and deliveries, in three statements; unknown ones are left out. Not scoped."""
    if not ids:
        return {}
    return await _with_lines(await db.fetch(_HEAD + "WHERE o.id = ANY($1::uuid[])", list(set(ids))))


async def get_order(order_id: UUID, scope: Scope) -> Order:
    """An order that an office in scope owns, or that is delivered to a site in scope. Raises Missing."""
    found = (await find_orders([order_id])).get(order_id)
    if found is None or not visible(found, scope):
        raise Missing(*_MISSING)
    return found


def visible(order: Order, scope: Scope) -> bool:
    """Owner and place are two things: whoever sees either sees the order."""
    return scope.covers(order.owner_path) or scope.covers(order.site_path, order.site_id)


async def list_orders(
    *,
    scope: Scope,
    status: Collection[OrderStatus] = (),
    kind: OrderKind | None = None,
    site_code: str | None = None,
    supplier_id: int | None = None,
    budget: tuple[int, int, str] | None = None,
    late_on: date | None = None,
    text: str | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[Order]:
    """Orders in scope, the newest first. `budget` is (region, year, fund source); `late_on`: only those of which
    something should have come before that day; `text` is part of number, contract, supplier or goods."""
    size = checked_limit(limit)
    rows = await db.fetch(
        f"SELECT * FROM ({_HEAD} WHERE (r.path LIKE ANY($1::text[]) OR s.path LIKE ANY($1::text[])"
        " OR s.id = ANY($2::bigint[]))"
        " AND ($3::text IS NULL OR o.kind = $3) AND ($4::text IS NULL OR s.code = $4)"
        " AND ($5::bigint IS NULL OR o.supplier_id = $5)"
        " AND ($6::bigint IS NULL OR (o.owner_region_id = $6 AND o.budget_year = $7 AND o.fund_source = $8))"
        " AND ($9::text IS NULL OR strpos(upper(concat_ws(' ', o.number, o.contract, p.name_zh)), upper($9)) > 0"
        "  OR EXISTS (SELECT 1 FROM supply_order_line l JOIN item i ON i.id = l.item_id WHERE l.order_id = o.id"
        "   AND strpos(upper(i.key || ' ' || i.name_zh), upper($9)) > 0))"
        " AND ($10::date IS NULL OR (o.status = 'ordered' AND EXISTS (SELECT 1 FROM supply_order_line l"
        f"  LEFT JOIN ({ARRIVED.format(orders='o.id')}) a ON a.line = l.line WHERE l.order_id = o.id"
        "   AND l.expected_on < $10 AND coalesce(a.received, 0) < l.quantity)))"
        " AND ($11::bigint IS NULL OR o.seq < $11)) found"
        " WHERE cardinality($12::text[]) = 0 OR state = ANY($12::text[]) ORDER BY seq DESC LIMIT $13",
        scope.prefixes,
        list(scope.site_ids),
        kind.value if kind else None,
        site_code,
        supplier_id,
        *(budget or (None, None, None)),
        text or None,
        late_on,
        checked_seq(read_cursor(cursor, 1)),
        [one.value for one in status],
        size + 1,
    )
    shown = list((await _with_lines(rows[:size])).values())
    return Page(shown, write_cursor(shown[-1].seq) if len(rows) > size else None)


async def _with_lines(rows: Sequence[Any]) -> dict[UUID, Order]:
    """The orders of these heads in their order, each with its lines and deliveries."""
    ids = [row[0] for row in rows]
    lines: dict[UUID, list[OrderLine]] = {one: [] for one in ids}
    deliveries: dict[UUID, list[PartDelivery]] = {one: [] for one in ids}
    if rows:
        for row in await db.fetch(_LINES, ids):
            lines[row[0]].append(OrderLine(*tuple(row)[1:]))
        for row in await db.fetch(
            "SELECT order_id, id, number, status, expected_on FROM delivery WHERE order_id = ANY($1::uuid[])"
            " ORDER BY seq",
            ids,
        ):
            deliveries[row[0]].append(PartDelivery(*tuple(row)[1:]))
    found = {}
    for row in rows:
        values = list(row)
        values[3], values[4], values[22] = OrderKind(values[3]), OrderStatus(values[4]), tuple(values[22])
        found[row[0]] = Order(*values, lines=tuple(lines[row[0]]), deliveries=tuple(deliveries[row[0]]))  # type: ignore[misc]
    return found
