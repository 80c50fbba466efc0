"""What is still to come, and when: for shortfall, alerts and proposals. Set-wise, fixed SQL."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from warehouse.replenishment.model.deliveries import Expected
from warehouse.replenishment.model.orders import ExpectedFrom, LateLine, OnOrder
from warehouse.replenishment.queries.deliveries import list_announced
from warehouse.replenishment.queries.orders import ARRIVED

_ISSUED = "SELECT id FROM supply_order WHERE status = 'ordered'"
_PLANNED = ("draft", "submitted", "endorsed", "approved")


async def on_order(
    *,
    region_ids: Collection[int] | None = None,
    site_ids: Collection[int] | None = None,
    item_ids: Collection[int] | None = None,
    until: date | None = None,
    planned: bool = False,
) -> Sequence[OnOrder]:
    """What is still to arrive, by day (those without a day last). Not scoped: for rules that count for everybody.

    Lines of issued orders less what came of them; and announced deliveries without an order (a gift, goods sent down)
    less what came and what was turned away. `region_ids` are the owners, `site_ids` where it is delivered; None: all.
    `until` leaves out later days, and those without one. `planned` adds orders that are not issued yet: what another
    proposal must not ask for again.
    """
    rows = await db.fetch(
        "SELECT * FROM ("
        " SELECT CASE WHEN o.status = 'ordered' THEN 'order' ELSE 'planned' END, o.id,"
        "  coalesce(o.number, '#' || o.seq), l.line, l.item_id, o.site_id, o.owner_region_id,"
        "  (l.quantity - coalesce(a.received, 0))::bigint AS rest, l.expected_on AS day"
        " FROM supply_order o JOIN supply_order_line l ON l.order_id = o.id LEFT JOIN"
        f"  ({ARRIVED.format(orders=_ISSUED)}) a ON a.order_id = o.id AND a.line = l.line"
        " WHERE o.status = 'ordered' OR ($5 AND o.status = ANY($6::text[]))"
        " UNION ALL"
        " SELECT 'delivery', d.id, d.number, dl.line, dl.item_id, d.site_id, d.owner_region_id,"
        "  (dl.quantity - dl.refused - coalesce((SELECT sum(m.quantity) FROM move m WHERE m.document_id = d.id"
        "   AND m.document_kind = 'delivery' AND m.document_line = dl.line AND m.reason = 'receive'"
        "   AND NOT EXISTS (SELECT 1 FROM move back WHERE back.reverses = m.seq)), 0))::bigint, d.expected_on"
        " FROM delivery d JOIN delivery_line dl ON dl.delivery_id = d.id"
        " WHERE d.order_id IS NULL AND d.status IN ('announced', 'receiving')"
        ") found (source, id, number, line, item_id, site_id, owner_region_id, rest, day)"
        " WHERE rest > 0 AND ($1::bigint[] IS NULL OR owner_region_id = ANY($1))"
        " AND ($2::bigint[] IS NULL OR site_id = ANY($2)) AND ($3::bigint[] IS NULL OR item_id = ANY($3))"
        " AND ($4::date IS NULL OR day <= $4) ORDER BY day NULLS LAST, number, line",
        None if region_ids is None else list(region_ids),
        None if site_ids is None else list(site_ids),
        None if item_ids is None else list(item_ids),
        until,
        planned,
        list(_PLANNED),
    )
    return [OnOrder(ExpectedFrom(row[0]), *tuple(row)[1:]) for row in rows]


async def list_expected(*, path: str) -> list[Expected]:
    """What is still to come: what announced deliveries bring, and what was ordered beyond them. To a live site in the
    region at `path`, or for an owner there. Not scoped: the caller's scope covers `path`."""
    rows = await db.fetch(
        "SELECT l.item_id, o.owner_region_id, o.site_id, l.expected_on, NULL::date,"
        " (l.quantity - coalesce(a.received, 0) - coalesce(a.announced, 0))::bigint"
        " FROM supply_order o JOIN supply_order_line l ON l.order_id = o.id JOIN site s ON s.id = o.site_id"
        f" JOIN region r ON r.id = o.owner_region_id LEFT JOIN ({ARRIVED.format(orders=_ISSUED)}) a"
        "  ON a.order_id = o.id AND a.line = l.line"
        " WHERE o.status = 'ordered' AND l.quantity > coalesce(a.received, 0) + coalesce(a.announced, 0)"
        " AND s.live AND (s.path LIKE $1 OR r.path LIKE $1)",
        path + "%",
    )
    return [*await list_announced(path=path), *(Expected(*row) for row in rows)]


async def late_orders(today: date, scope: Scope) -> Sequence[LateLine]:
    """Lines of issued orders that should have come before `today` and have not (fully): the longest overdue first.

    Scoped as orders are: by owner, or by the site they are delivered to.
    """
    return await _late(
        today,
        " AND (r.path LIKE ANY($2::text[]) OR s.path LIKE ANY($2::text[]) OR s.id = ANY($3::bigint[]))",
        scope.prefixes,
        list(scope.site_ids),
    )


async def late_lines(today: date, order_ids: Collection[UUID] | None) -> Sequence[LateLine]:
    """The same of these orders (None: of all), the earliest day first. Not scoped: for the house, which tells whoever
    can mend it."""
    if order_ids is None:
        return await _late(today, "")
    return await _late(today, " AND o.id = ANY($2::uuid[])", list(order_ids))


async def _late(today: date, condition: str, *args: Any) -> Sequence[LateLine]:
    rows = await db.fetch(
        "SELECT o.id, o.number, l.line, l.item_id, i.name_zh, i.unit_zh, i.unit_factor, o.site_id, s.code, s.path,"
        " o.owner_region_id, r.path, o.supplier_id, p.name_zh, l.expected_on, $1 - l.expected_on, l.quantity,"
        " (l.quantity - coalesce(a.received, 0))::bigint"
        " FROM supply_order o JOIN supply_order_line l ON l.order_id = o.id JOIN item i ON i.id = l.item_id"
        " JOIN site s ON s.id = o.site_id JOIN region r ON r.id = o.owner_region_id"
        f" LEFT JOIN party p ON p.id = o.supplier_id LEFT JOIN ({ARRIVED.format(orders=_ISSUED)}) a"
        "  ON a.order_id = o.id AND a.line = l.line"
        " WHERE o.status = 'ordered' AND l.expected_on < $1 AND l.quantity > coalesce(a.received, 0)"
        f"{condition} ORDER BY l.expected_on, o.seq, l.line",
        today,
        *args,
    )
    return [LateLine(*row) for row in rows]
