"""Reads of budgets: what stands in them, and where the money is."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Missing
from warehouse.replenishment.model.budgets import Budget, BudgetFacts, BudgetFigures, Measure, Milestone
from warehouse.replenishment.queries.orders import ARRIVED
from warehouse.replenishment.rules import budgets as rules

_SELECT = """
SELECT b.id, b.seq, b.region_id, r.key, r.name_zh, r.path, b.year, b.fund_source, b.amount_fen, b.source, b.note,
    b.version, b.created_at FROM budget b JOIN region r ON r.id = b.region_id
"""
_MINE = (
    "SELECT o.id FROM supply_order o JOIN budget b ON b.region_id = o.owner_region_id AND b.year = o.budget_year"
    " AND b.fund_source = o.fund_source WHERE b.id = ANY($1::uuid[]) AND o.kind <> 'transfer'"
)
_CAME = "div(2 * l.price_fen::numeric * least(coalesce(a.received, 0), l.quantity) + l.price_per, 2 * l.price_per)"
_FIGURES = f"""
SELECT b.id,
    coalesce(sum(l.amount_fen) FILTER (WHERE o.status IN ('draft', 'submitted', 'endorsed')), 0)::bigint,
    coalesce(sum(CASE WHEN o.status = 'closed' THEN {_CAME} ELSE l.amount_fen END)
        FILTER (WHERE o.status IN ('approved', 'ordered', 'closed')), 0)::bigint,
    coalesce(sum(CASE WHEN o.status = 'closed' THEN {_CAME} ELSE l.amount_fen END)
        FILTER (WHERE o.status IN ('ordered', 'closed')), 0)::bigint,
    coalesce(sum({_CAME}) FILTER (WHERE o.status IN ('ordered', 'closed')), 0)::bigint
FROM budget b JOIN supply_order o ON o.owner_region_id = b.region_id AND o.budget_year = b.year
    AND o.fund_source = b.fund_source AND o.kind <> 'transfer'
JOIN supply_order_line l ON l.order_id = o.id
LEFT JOIN ({ARRIVED.format(orders=_MINE)}) a ON a.order_id = o.id AND a.line = l.line
WHERE b.id = ANY($1::uuid[]) GROUP BY b.id
"""
_SPENT = f"""
SELECT b.id, 'ordered', (o.ordered_at AT TIME ZONE 'Asia/Shanghai')::date,
    sum(CASE WHEN o.status = 'closed' THEN {_CAME} ELSE l.amount_fen END)::bigint
FROM budget b JOIN supply_order o ON o.owner_region_id = b.region_id AND o.budget_year = b.year
    AND o.fund_source = b.fund_source AND o.kind <> 'transfer' AND o.status IN ('ordered', 'closed')
    AND o.ordered_at IS NOT NULL
JOIN supply_order_line l ON l.order_id = o.id
LEFT JOIN ({ARRIVED.format(orders=_MINE)}) a ON a.order_id = o.id AND a.line = l.line
WHERE b.id = ANY($1::uuid[]) GROUP BY 1, 3
UNION ALL
SELECT b.id, 'received', m.booked_on,
    sum(div(2 * l.price_fen::numeric * m.quantity + l.price_per, 2 * l.price_per))::bigint
FROM budget b JOIN supply_order o ON o.owner_region_id = b.region_id AND o.budget_year = b.year
    AND o.fund_source = b.fund_source AND o.kind <> 'transfer' AND o.status IN ('ordered', 'closed')
JOIN supply_order_line l ON l.order_id = o.id AND l.price_fen IS NOT NULL
JOIN delivery d ON d.order_id = o.id JOIN delivery_line dl ON dl.delivery_id = d.id AND dl.order_line = l.line
JOIN move m ON m.document_id = d.id AND m.document_kind = 'delivery' AND m.document_line = dl.line
    AND m.reason = 'receive' AND NOT EXISTS (SELECT 1 FROM move back WHERE back.reverses = m.seq)
WHERE b.id = ANY($1::uuid[]) GROUP BY 1, 3
"""


async def get_budget(budget_id: UUID, scope: Scope, today: date) -> Budget:
    """A budget of a region in scope with its figures and progress. Raises Missing."""
    rows = await db.fetch(_SELECT + "WHERE b.id = $1 AND r.path LIKE ANY($2::text[])", budget_id, scope.prefixes)
    if not rows:
        raise Missing("budget.missing", "没有这项预算，或不在您的管辖范围内")
    return (await _with_figures(rows, today))[0]


async def list_budgets(
    *, scope: Scope, today: date, year: int | None = None, region_ids: Collection[int] | None = None
) -> Sequence[Budget]:
    """Budgets in scope (of a year, of these regions), the latest year first, then by region and fund source."""
    rows = await db.fetch(
        _SELECT + "WHERE r.path LIKE ANY($1::text[]) AND ($2::int IS NULL OR b.year = $2)"
        ' AND ($3::bigint[] IS NULL OR b.region_id = ANY($3)) ORDER BY b.year DESC, r.path COLLATE "C", b.fund_source'
        " LIMIT 1000",
        scope.prefixes,
        year,
        None if region_ids is None else list(region_ids),
    )
    return await _with_figures(rows, today)


async def find_budget(region_id: int, year: int, fund_source: str) -> tuple[UUID, int, int] | None:
    """(id, budget, approved of it) of what pays for an order; None where nobody set one. Not scoped."""
    row = await db.fetch_row(
        "SELECT id, amount_fen FROM budget WHERE region_id = $1 AND year = $2 AND fund_source = $3",
        region_id,
        year,
        fund_source,
    )
    if row is None:
        return None
    figures = await _figures([row[0]])
    return row[0], row[1], figures.get(row[0], BudgetFigures()).approved_fen


async def _figures(ids: Sequence[UUID]) -> dict[UUID, BudgetFigures]:
    return {row[0]: BudgetFigures(*tuple(row)[1:]) for row in await db.fetch(_FIGURES, list(ids))}


async def _with_figures(rows: Sequence[Any], today: date) -> list[Budget]:
    ids = [row[0] for row in rows]
    if not ids:
        return []
    figures = await _figures(ids)
    milestones: dict[UUID, list[Milestone]] = {one: [] for one in ids}
    for row in await db.fetch(
        "SELECT budget_id, name, day, percent, measure FROM budget_milestone WHERE budget_id = ANY($1::uuid[])"
        " ORDER BY day, percent, id",
        ids,
    ):
        milestones[row[0]].append(Milestone(row[1], row[2], row[3], Measure(row[4])))
    spent: dict[UUID, list[tuple[Measure, date, int]]] = {one: [] for one in ids}
    for row in await db.fetch(_SPENT, ids):
        spent[row[0]].append((Measure(row[1]), row[2], row[3] or 0))
    found = []
    for row in rows:
        facts = BudgetFacts(row[8], row[9], row[10], tuple(milestones[row[0]]))
        reached = tuple(rules.progress(one, facts.amount_fen, spent[row[0]], today) for one in facts.milestones)
        money = figures.get(row[0], BudgetFigures())
        found.append(Budget(*tuple(row)[:8], facts, row[11], row[12], money, reached))  # type: ignore[call-arg]
    return found
