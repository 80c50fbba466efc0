"""The decisions of budgets, over plain values."""

from collections.abc import Iterable
from datetime import date

from catalog.kernel.errors import Invalid
from warehouse.replenishment.model.budgets import BudgetFacts, Measure, Milestone, Progress, Standing

MOST_FEN = 10**16
MOST_MILESTONES = 12


def check_facts(facts: BudgetFacts) -> None:
    """Raises Invalid for a budget that cannot be right."""
    if not 0 <= facts.amount_fen <= MOST_FEN:
        raise Invalid("budget.bad-amount", "预算金额不正确", asked=facts.amount_fen)
    if not facts.source.strip():
        raise Invalid("budget.no-source", "请写明预算依据（文号）；没有的写：未核实")
    if len(facts.milestones) > MOST_MILESTONES:
        raise Invalid("budget.too-many-milestones", "进度要求过多", asked=len(facts.milestones), limit=MOST_MILESTONES)
    for one in facts.milestones:
        if not 1 <= one.percent <= 100:
            raise Invalid("budget.bad-percent", "进度须在 1% 到 100% 之间", asked=one.percent)


def check_key(year: int, fund_source: str) -> None:
    """Raises Invalid for a year or a fund source that cannot be."""
    if not 2000 <= year <= 2200:
        raise Invalid("budget.bad-year", "预算年度不正确", asked=year)
    if not 0 < len(fund_source.strip()) <= 200:
        raise Invalid("budget.no-fund", "请写明资金来源")


def progress(
    milestone: Milestone, amount_fen: int, spent: Iterable[tuple[Measure, date, int]], today: date
) -> Progress:
    """How a milestone stands. `spent` are (what, day, fen): orders issued and goods received, by day.

    What came after its day does not count for it. A budget of nothing is met at once.
    """
    until = min(milestone.day, today)
    done = sum(fen for measure, day, fen in spent if measure is milestone.measure and day <= until)
    reached = 100 if amount_fen <= 0 else max(done, 0) * 100 // amount_fen
    if reached >= milestone.percent:
        return Progress(milestone, reached, Standing.MET)
    return Progress(milestone, reached, Standing.AHEAD if today <= milestone.day else Standing.MISSED)
