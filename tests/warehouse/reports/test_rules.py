"""The figures of the 预算绩效目标表, by hand."""

from datetime import date

from warehouse.reports import rules
from warehouse.reports.model import Indicator, OrderedLine

JUNE, LATE = date(2026, 6, 1), date(2026, 10, 1)
LINES = [
    # in full and in time; one in ten refused
    OrderedLine(JUNE, date(2026, 3, 1), 1, 100, 10_000, 10, 0, ((date(2026, 4, 1), 60), (date(2026, 5, 30), 40))),
    # late: in full in July only, and five of it broken
    OrderedLine(JUNE, date(2026, 3, 1), 2, 50, 5_000, 0, 5, ((date(2026, 6, 2), 20), (date(2026, 7, 9), 30))),
    # due in October
    OrderedLine(LATE, date(2026, 8, 1), 1, 10, 1_001, 0, 0, ((date(2026, 9, 1), 5),)),
    # approved, not ordered, no day
    OrderedLine(None, None, 3, 7, 700, 0, 0, ()),
]


def by_key(today: date, budget: int | None = 20_000) -> dict[str, tuple[int | None, ...]]:
    found: list[Indicator] = rules.indicators(LINES, budget, (500, 900), 2026, today)
    return {one.key: (one.half_aim, one.half, one.year_aim, one.year) for one in found}


def test_a_year_by_hand() -> None:
    found = by_key(date(2027, 2, 1))
    assert found["lines-received"] == (2, 1, 4, 2)
    assert found["goods-received"] == (2, 2, 3, 2)
    assert found["provision-rate"] == (None, 500, None, 900)
    # June: 100 + 20 came, 15 bad; the year: 155 came, 15 bad.
    assert found["accepted"] == (1000, 1000 * 105 // 120, 1000, 1000 * 140 // 155)
    assert found["in-time"] == (1000, 500, 1000, 1000 * 1 // 3)
    assert found["ordered"] == (None, 15_000, 20_000, 16_001)
    # 10,000 + 5,000 × 20/50; then all of both and 1,001 × 5/10, rounded half up.
    assert found["received"] == (None, 12_000, 20_000, 15_501)
    assert found["budget-used"] == (None, 750, 1000, 800)


def test_what_has_not_begun_says_nothing_and_what_runs_says_how_far_it_is() -> None:
    before = by_key(date(2025, 12, 1))
    assert before["lines-received"] == (2, None, 4, None)
    running = by_key(date(2026, 5, 1))
    assert running["in-time"] == (1000, None, 1000, None), "no line was due by then"
    assert by_key(date(2027, 1, 1), None)["budget-used"] == (None, None, None, None)


def test_months_before_a_day() -> None:
    assert rules.months_before(date(2026, 3, 31), 1) == date(2026, 2, 28)
    assert rules.months_before(date(2026, 11, 21), 12) == date(2025, 11, 21)
    assert rules.months_before(date(2026, 1, 15), 13) == date(2024, 12, 15)
