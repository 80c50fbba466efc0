"""What came of a supplier's orders, and what he last asked for his goods."""

from collections.abc import Collection, Mapping
from datetime import date

from catalog.kernel import db
from catalog.kernel.access import Scope
from warehouse.replenishment.model.orders import Offer, SupplierRecord
from warehouse.replenishment.queries.orders import ARRIVED

_MEDIAN_LEAD = """
SELECT o.supplier_id, l.item_id, percentile_disc(0.5) WITHIN GROUP (ORDER BY came.day - {ordered}) AS days
FROM supply_order o JOIN supply_order_line l ON l.order_id = o.id
JOIN LATERAL (
    SELECT max(m.booked_on) AS day FROM delivery d JOIN delivery_line dl ON dl.delivery_id = d.id
    JOIN move m ON m.document_id = d.id AND m.document_kind = 'delivery' AND m.document_line = dl.line
        AND m.reason = 'receive' AND NOT EXISTS (SELECT 1 FROM move back WHERE back.reverses = m.seq)
    WHERE d.order_id = o.id AND dl.order_line = l.line
) came ON came.day IS NOT NULL
WHERE o.ordered_at IS NOT NULL AND {which} GROUP BY {by}
"""
_ORDERED_ON = "(o.ordered_at AT TIME ZONE 'Asia/Shanghai')::date"


async def supplier_record(supplier_id: int, scope: Scope, today: date) -> SupplierRecord:
    """A supplier's record over the orders in scope that were issued to him. All zero for one who never had any."""
    row = await db.fetch_row(
        "WITH ours AS (SELECT o.id, o.status, o.ordered_at FROM supply_order o"
        "  JOIN region r ON r.id = o.owner_region_id JOIN site s ON s.id = o.site_id"
        "  WHERE o.supplier_id = $1 AND o.ordered_at IS NOT NULL AND o.status IN ('ordered', 'closed')"
        "  AND (r.path LIKE ANY($2::text[]) OR s.path LIKE ANY($2::text[]) OR s.id = ANY($3::bigint[]))),"
        " told AS (SELECT o.id, o.status, l.quantity, l.expected_on, l.price_fen, l.price_per,"
        "  coalesce(a.received, 0) AS received, coalesce(a.refused, 0) AS refused, coalesce(a.damaged, 0) AS damaged,"
        "  (SELECT max(m.booked_on) FROM delivery d JOIN delivery_line dl ON dl.delivery_id = d.id JOIN move m"
        "   ON m.document_id = d.id AND m.document_kind = 'delivery' AND m.document_line = dl.line"
        "   AND m.reason = 'receive' AND NOT EXISTS (SELECT 1 FROM move back WHERE back.reverses = m.seq)"
        f"   WHERE d.order_id = o.id AND dl.order_line = l.line) AS last, {_ORDERED_ON} AS issued"
        "  FROM ours o JOIN supply_order_line l ON l.order_id = o.id LEFT JOIN"
        f"  ({ARRIVED.format(orders='SELECT id FROM ours')}) a ON a.order_id = o.id AND a.line = l.line)"
        " SELECT count(DISTINCT id), count(DISTINCT id) FILTER (WHERE status = 'ordered'), count(*),"
        "  count(*) FILTER (WHERE received >= quantity),"
        "  count(*) FILTER (WHERE received >= quantity AND last <= expected_on),"
        "  count(*) FILTER (WHERE received >= quantity AND last > expected_on),"
        "  count(*) FILTER (WHERE status = 'closed' AND received < quantity), count(*) FILTER (WHERE refused > 0),"
        "  count(*) FILTER (WHERE damaged > 0),"
        "  count(*) FILTER (WHERE status = 'ordered' AND received < quantity AND expected_on < $4),"
        "  percentile_disc(0.5) WITHIN GROUP (ORDER BY last - issued) FILTER (WHERE last IS NOT NULL),"
        "  coalesce(sum(div(2 * price_fen::numeric * received + price_per, 2 * price_per)), 0)::bigint FROM told",
        supplier_id,
        scope.prefixes,
        list(scope.site_ids),
        today,
    )
    return SupplierRecord(*row) if row else SupplierRecord(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, None, 0)


async def last_offers(item_ids: Collection[int]) -> Mapping[int, Offer]:
    """Who last sold each item to the house, at what price, and how many days he usually takes. Not scoped."""
    rows = await db.fetch(
        "SELECT DISTINCT ON (l.item_id) l.item_id, o.supplier_id, l.price_fen, l.price_per, m.days"
        " FROM supply_order_line l JOIN supply_order o ON o.id = l.order_id LEFT JOIN"
        f" ({_MEDIAN_LEAD.format(ordered=_ORDERED_ON, which='l.item_id = ANY($1::bigint[])', by='1, 2')}) m"
        "  ON m.supplier_id = o.supplier_id AND m.item_id = l.item_id"
        " JOIN party p ON p.id = o.supplier_id AND p.retired_at IS NULL"
        " WHERE l.item_id = ANY($1::bigint[]) AND o.ordered_at IS NOT NULL AND o.status <> 'cancelled'"
        " AND l.price_fen IS NOT NULL ORDER BY l.item_id, o.ordered_at DESC, o.seq DESC",
        list(item_ids),
    )
    return {row[0]: Offer(row[1], row[0], row[2], row[3], row[4]) for row in rows}


async def suppliers_of_lot(lot_id: int) -> set[int]:
    """Who delivered a lot, or one that it was converted from. Not scoped: for decisions."""
    rows = await db.fetch(
        "WITH RECURSIVE up AS (SELECT id, parent_id FROM lot WHERE id = $1"
        "  UNION SELECT l.id, l.parent_id FROM lot l JOIN up ON l.id = up.parent_id)"
        " SELECT DISTINCT d.supplier_id FROM up JOIN move m ON m.lot_id = up.id AND m.document_kind = 'delivery'"
        "  AND m.reason = 'receive' AND NOT EXISTS (SELECT 1 FROM move back WHERE back.reverses = m.seq)"
        " JOIN delivery d ON d.id = m.document_id WHERE d.supplier_id IS NOT NULL",
        lot_id,
    )
    return {row[0] for row in rows}
