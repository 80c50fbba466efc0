"""The figures of the 预算绩效目标表 of a year, from orders, budgets and provision."""

from datetime import date, datetime
from typing import Any

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.time import day_of
from warehouse.provision import queries as provision
from warehouse.provision.model import Question
from warehouse.provision.rules import per_mille
from warehouse.reports import rules
from warehouse.reports.model import Indicator, OrderedLine

_LINES = """
SELECT l.expected_on, (o.ordered_at AT TIME ZONE 'Asia/Shanghai')::date, l.item_id, l.quantity,
    coalesce(l.amount_fen, 0), coalesce(t.refused, 0)::bigint, coalesce(sum(v.damaged), 0)::bigint,
    coalesce(array_agg(v.day ORDER BY v.day) FILTER (WHERE v.day IS NOT NULL), '{}'),
    coalesce(array_agg(v.quantity ORDER BY v.day) FILTER (WHERE v.day IS NOT NULL), '{}')
FROM supply_order o JOIN region r ON r.id = o.owner_region_id JOIN supply_order_line l ON l.order_id = o.id
LEFT JOIN LATERAL (
    SELECT sum(dl.refused) AS refused FROM delivery d JOIN delivery_line dl ON dl.delivery_id = d.id
    WHERE d.order_id = o.id AND dl.order_line = l.line) t ON true
LEFT JOIN LATERAL (
    SELECT m.booked_on AS day, sum(m.quantity)::bigint AS quantity,
        coalesce(sum(m.quantity) FILTER (WHERE m.to_condition = 'damaged'), 0)::bigint AS damaged
    FROM delivery d JOIN delivery_line dl ON dl.delivery_id = d.id AND dl.order_line = l.line
    JOIN move m ON m.document_id = d.id AND m.document_kind = 'delivery' AND m.document_line = dl.line
        AND m.reason = 'receive' AND NOT EXISTS (SELECT 1 FROM move back WHERE back.reverses = m.seq)
    WHERE d.order_id = o.id GROUP BY m.booked_on) v ON true
WHERE o.budget_year = $1 AND r.path LIKE $2 AND o.status IN ('approved', 'ordered', 'closed')
GROUP BY o.id, l.id, t.refused
"""


async def performance(*, year: int, path: str, scope: Scope, now: datetime) -> list[Indicator]:
    """The table of a region with all below it. The caller's scope covers `path`."""
    today = day_of(now)
    rows: Any = await db.fetch(_LINES, year, path + "%")
    lines = [OrderedLine(*(*row[:7], tuple(zip(row[7], row[8], strict=True)))) for row in map(tuple, rows)]
    budget = await db.fetch_value(
        "SELECT sum(b.amount_fen)::bigint FROM budget b JOIN region r ON r.id = b.region_id"
        " WHERE b.year = $1 AND r.path LIKE $2",
        year,
        path + "%",
    )
    rates = [await _rate(path, day, today, scope, now) for day in (date(year, 6, 30), date(year, 12, 31))]
    return rules.indicators(lines, budget, (rates[0], rates[1]), year, today)


async def _rate(path: str, day: date, today: date, scope: Scope, now: datetime) -> int | None:
    """配备率 at the end of a period, or today's in one that runs; None before it begins."""
    if (day.year, day.month > 6) > (today.year, today.month > 6):
        return None
    table = await provision.prepare(Question(path, min(day, today)), scope=scope, now=now)
    found = await provision.roll_up(table, [])
    return per_mille(found[0].rate) if found else None
