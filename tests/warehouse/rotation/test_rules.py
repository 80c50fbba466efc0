"""The decisions of rotation: due dates, options, projections, gap windows, waste. Laws as properties."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.kernel.errors import Refused
from catalog.regions.model import Tier
from warehouse.norms.model import Goods, Norm, NormFacts, Subject
from warehouse.rotation import rules
from warehouse.rotation.model import (
    Flow,
    Holding,
    Need,
    Old,
    Option,
    Policy,
    Stored,
    Terms,
    Unfit,
    Why,
)
from warehouse.rotation.workflow import LINE
from warehouse.stock.model import Condition

TODAY = date(2026, 3, 1)
TERMS = Terms()
GOODS = Goods(1, "/1/", "ZP-0001", "帐篷", None, "顶", None, 1)
SUBJECT = Subject(1, "/1/", Tier.CITY, "city", "市")


def norm(minimum: int = 10) -> Norm:
    import uuid

    facts = NormFacts(region_id=1, item_id=1, minimum=minimum)
    return Norm(uuid.UUID(int=1), 1, facts, "/1/", Tier.CITY, None, 1, None, "city", "市", None, "ZP-0001", "帐篷",
                None, "顶", None, 1, "x")  # fmt: skip


NORM = norm()


def old(**more: Any) -> Old:
    facts: dict[str, Any] = {
        "lot_id": 1, "site_id": 1, "condition": Condition.GOOD, "quantity": 100, "item_id": 1, "class_path": "/1/2/",
        "expires_on": TODAY + timedelta(days=120), "produced_on": None, "stored_on": date(2024, 1, 1),
        "owner_region_id": 1, "owner_path": "/1/", "owner_party_id": None, "unit_factor": 1, "life_days": None,
        "on_pack": False, "near_days": (180, 90), "price_fen": 1_000, "price_per": 1,
    }  # fmt: skip
    return Old(**{**facts, **more})


def open_to(goods: Old, on: date = TODAY, policy: Policy | None = None) -> set[Option]:
    return {one.option for one in rules.offers(goods, TERMS, policy, on) if one.unfit is None}


class TestDue:
    def test_the_end_comes_from_date_life_time_in_store_or_state(self) -> None:
        assert rules.end_of(old(), TERMS) == (TODAY + timedelta(days=120), Why.EXPIRY)
        lived = old(expires_on=None, life_days=100, produced_on=date(2026, 1, 1))
        assert rules.end_of(lived, TERMS) == (date(2026, 4, 11), Why.LIFE)
        assert rules.end_of(old(expires_on=None), TERMS) == (date(2026, 12, 31), Why.AGE)
        assert rules.end_of(old(condition=Condition.DAMAGED), TERMS)[1] is Why.DAMAGED

    def test_due_before_the_end_by_the_last_band_and_damaged_by_the_end_of_october(self) -> None:
        assert rules.due_on(old(), TERMS, 2026) == TODAY + timedelta(days=30)
        assert rules.due_on(old(near_days=()), TERMS, 2026) == TODAY + timedelta(days=30)
        assert rules.due_on(old(condition=Condition.DAMAGED), TERMS, 2026) == date(2026, 10, 31)

    def test_the_overdue_stands_in_this_year_only(self) -> None:
        late = old(expires_on=date(2025, 6, 1))
        assert rules.in_plan(late, TERMS, 2026, TODAY)
        assert not rules.in_plan(late, TERMS, 2027, TODAY)
        assert not rules.in_plan(old(expires_on=date(2027, 6, 1)), TERMS, 2026, TODAY)

    @given(st.integers(2020, 2100), st.integers(1, 12))
    def test_the_last_day_of_a_month(self, year: int, month: int) -> None:
        day = rules.last_day(year, month)
        assert (day.year, day.month, (day + timedelta(days=1)).day) == (year, month, 1)


class TestOptions:
    def test_good_goods_with_days_left(self) -> None:
        assert open_to(old()) == {Option.USE, Option.PASS, Option.SWAP, Option.EXTEND}
        assert open_to(old(), TODAY + timedelta(days=100)) == {Option.USE, Option.EXTEND, Option.SELL, Option.SCRAP}

    def test_expired_and_damaged_goods_are_disposed_of(self) -> None:
        assert open_to(old(), TODAY + timedelta(days=121)) == {Option.SELL, Option.SCRAP}
        assert open_to(old(condition=Condition.DAMAGED)) == {Option.SELL, Option.SCRAP}

    def test_the_date_on_the_pack_a_failed_test_and_the_class_forbid_an_extension(self) -> None:
        assert Option.EXTEND not in open_to(old(on_pack=True))
        assert open_to(old(on_pack=True), TODAY + timedelta(days=121)) == {Option.SCRAP}  # nobody may trade it
        assert open_to(old(failed=True)) == {Option.SELL, Option.SCRAP}
        forbids = Policy(1, "/1/", "1", "x", (Option.EXTEND,), None, "GA 95-2007")
        allows = Policy(2, "/1/2/", "1", "x", (), None, "x")
        assert Option.EXTEND not in open_to(old(), policy=rules.policy_of([forbids], "/1/2/"))
        assert Option.EXTEND in open_to(old(), policy=rules.policy_of([forbids, allows], "/1/2/"))  # the deeper decides
        assert rules.policy_of([forbids], "/3/") is None

    def test_goods_of_a_unit_are_not_ours_to_part_with(self) -> None:
        assert open_to(old(owner_party_id=7)) == {Option.SWAP, Option.EXTEND}

    def test_time_in_store_asks_for_a_test_and_is_no_end(self) -> None:
        aged = old(expires_on=None, stored_on=date(2020, 1, 1))
        assert open_to(aged) == {Option.USE, Option.PASS, Option.SWAP, Option.EXTEND}
        assert [one.unfit for one in rules.offers(aged, TERMS, None, TODAY)][4] is Unfit.STILL_GOOD

    def test_costs_of_a_hand_worked_case(self) -> None:
        money = {one.option: (one.cost_fen, one.waste_fen) for one in rules.offers(old(), TERMS, None, TODAY)}
        assert money == {
            Option.USE: (100_000, 0),
            Option.PASS: (100_000, 0),
            Option.SWAP: (20_000, 0),
            Option.EXTEND: (202_000, 2_000),
            Option.SELL: (95_000, 95_000),
            Option.SCRAP: (103_000, 100_000),
        }
        best = rules.suggested(rules.offers(old(), TERMS, None, TODAY))
        assert best is not None
        assert best.option is Option.SWAP
        assert {one.cost_fen for one in rules.offers(old(price_fen=None), TERMS, None, TODAY)} == {None}

    @given(st.integers(1, 10_000), st.integers(-400, 400), st.booleans())
    def test_something_may_always_be_done_with_goods_of_our_own(self, count: int, ends: int, damaged: bool) -> None:
        goods = old(quantity=count, expires_on=TODAY + timedelta(days=ends))
        assert open_to(replace(goods, condition=Condition.DAMAGED) if damaged else goods)
        assert 0 < rules.sample_of(goods, TERMS) <= count


def shorts(holdings: list[Holding], flows: list[Flow], days: int = 60, needs: list[Need] | None = None) -> Any:
    needs = needs or [Need(TODAY, 10, NORM, {1: GOODS})]
    return rules.shorts(SUBJECT, needs, holdings, flows, TODAY, TODAY + timedelta(days=days))


def at(days: int) -> date:
    return TODAY + timedelta(days=days)


class TestMinimum:
    def test_the_stretch_and_the_worst_of_it_are_named(self) -> None:
        (found,) = shorts([Holding(1, 12, None)], [Flow(at(5), 1, -4), Flow(at(9), 1, -3), Flow(at(20), 1, 8)])
        assert (found.first, found.last, found.minimum, found.projected) == (at(5), at(19), 10, 5)

    def test_what_ends_counts_up_to_its_last_day(self) -> None:
        (found,) = shorts([Holding(1, 12, at(30))], [])
        assert (found.first, found.projected) == (at(31), 0)

    def test_another_season_has_another_minimum(self) -> None:
        needs = [
            Need(TODAY, 10, NORM, {1: GOODS}),
            Need(at(10), 20, norm(20), {1: GOODS}),
            Need(at(30), None, None, {}),
        ]
        (found,) = shorts([Holding(1, 12, None)], [], needs=needs)
        assert (found.first, found.last, found.minimum) == (at(10), at(29), 20)

    @given(
        st.lists(st.tuples(st.integers(1, 30), st.none() | st.integers(-5, 70)), max_size=6),
        st.lists(st.tuples(st.integers(-3, 65), st.integers(-20, 20)), max_size=6),
        st.integers(1, 40),
    )
    def test_it_is_short_on_exactly_the_days_on_which_there_is_too_little(
        self, stock: list[tuple[int, int | None]], moves: list[tuple[int, int]], minimum: int
    ) -> None:
        holdings = [Holding(1, count, None if days is None else at(days)) for count, days in stock]
        flows = [Flow(at(day), 1, count) for day, count in moves]
        need = Need(TODAY, minimum, norm(minimum), {1: GOODS})
        named = {at(n) for one in shorts(holdings, flows, needs=[need]) for n in range(
            (one.first - TODAY).days, (one.last - TODAY).days + 1)}  # fmt: skip
        really = {at(n) for n in range(61) if rules.projected(need, holdings, flows, at(n)) < minimum}
        assert named == really

    @given(st.integers(1, 50), st.integers(0, 30))
    def test_more_stock_never_makes_it_shorter(self, there: int, more: int) -> None:
        def days(count: int) -> int:
            return sum((one.last - one.first).days for one in shorts([Holding(1, count, None)], [Flow(at(9), 1, -9)]))

        assert days(there + more) <= days(there)


class TestGap:
    @pytest.mark.parametrize(
        ("first", "last", "months"),
        [
            (date(2026, 1, 15), date(2026, 3, 14), 2),
            (date(2026, 1, 15), date(2026, 3, 15), 3),
            (date(2026, 1, 1), date(2026, 1, 1), 1),
            (date(2026, 12, 1), date(2027, 3, 31), 4),
        ],
    )
    def test_begun_months(self, first: date, last: date, months: int) -> None:
        assert rules.months_of(first, last) == months

    def test_four_months_and_two_more_jointly(self) -> None:
        rules.check_gap(4, "x", "", TERMS)
        rules.check_gap(6, "x", "市财政局", TERMS)
        for months, joint in ((5, ""), (7, "市财政局")):
            with pytest.raises(Refused, match=r"rotation\.gap-too-long"):
                rules.check_gap(months, "x", joint, TERMS)


def stored(lot: int, quantity: int, ends: int) -> Stored:
    return Stored(lot, str(lot), 1, "ZP-0001", "帐篷", None, "顶", 1, "1", "x", 1, None, quantity, at(ends), 100, 1)


class TestWaste:
    def test_a_hand_worked_case(self) -> None:
        lots = [stored(1, 20, 9), stored(2, 20, 29), stored(3, 5, -1)]
        found = rules.at_risk(lots, {(1, 1): 365}, 365, TODAY)  # one a day: ten by then, thirty by then
        assert [(one.stored.lot_id, one.quantity, one.value_fen) for one in found] == [(3, 5, 500), (1, 10, 1000)]

    @given(st.lists(st.tuples(st.integers(1, 50), st.integers(-10, 400)), max_size=8), st.integers(0, 2_000))
    def test_nothing_is_wasted_twice_and_more_use_never_wastes_more(
        self, lots: list[tuple[int, int]], used: int
    ) -> None:
        goods = [stored(number, count, ends) for number, (count, ends) in enumerate(lots)]
        some, more = (rules.at_risk(goods, {(1, 1): rate}, 365, TODAY) for rate in (used, used + 100))
        assert all(0 < one.quantity <= one.stored.quantity for one in some)
        assert sum(one.quantity for one in more) <= sum(one.quantity for one in some)


def test_every_status_is_reachable_and_the_readme_shows_the_table() -> None:
    from pathlib import Path

    assert LINE.reachable() == set(LINE.statuses)
    readme = (Path(rules.__file__).parent / "README.md").read_text(encoding="utf-8")
    assert LINE.diagram() in readme
