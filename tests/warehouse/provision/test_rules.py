"""The laws of provision, over plain values."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from catalog.regions.model import Tier
from warehouse.norms.model import Field, NormFacts
from warehouse.provision import rules
from warehouse.provision.model import Cell, Coming, Figures, Holder, Line, Member, Question, Source, Term

TODAY = date(2026, 11, 21)
AMOUNT = st.integers(0, 10**6)
FIGURES = st.builds(Figures, *[AMOUNT] * 9)
CELL = Cell(
    "t", "镇", None, 4, "/1/2/4/", Tier.TOWN, None, 1, None, "ZP", "帐篷", None, "顶", None, 1, None, False, None,
    None, None, None, 0, False, Figures(), None,
)  # fmt: skip
COMING = st.builds(
    Coming, st.sampled_from(Source), AMOUNT, st.just(1), owner_id=st.sampled_from([2, 4]),
    due_on=st.none() | st.dates(TODAY - timedelta(30), TODAY + timedelta(90)),
    expires_on=st.none() | st.dates(TODAY, TODAY + timedelta(90)), confidence=st.integers(0, 100),
)  # fmt: skip


@given(AMOUNT, FIGURES, AMOUNT)
def test_more_stock_never_raises_a_gap(need: int, figures: Figures, more: int) -> None:
    before = replace(CELL, need=need, figures=figures)
    for name in ("usable", "in_transit", "on_order", "promised"):
        after = replace(before, figures=replace(figures, **{name: getattr(figures, name) + more}))
        assert (after.gap or 0) <= (before.gap or 0)
        assert (after.open_gap or 0) <= (before.open_gap or 0)
    assert 0 <= (before.open_gap or 0) <= (before.gap or 0) <= need


@given(st.integers(-(10**6), 10**6), st.integers(0, 10**6))
def test_the_capped_rate_lies_within_nothing_and_all(usable: int, need: int) -> None:
    share = rules.rate(usable, need)
    assert (share is None) == (need == 0)
    if share is not None:
        assert 0 <= share <= 1
        assert (share == 1) == (usable >= need)
        assert (rules.per_mille(share) == 1000) == (usable >= need)  # what is not full is never shown as full


@given(st.lists(COMING, max_size=8), st.dates(TODAY, TODAY + timedelta(60)))
def test_what_comes_is_added_up_and_lost_nowhere(coming: list[Coming], day: date) -> None:
    found = {one.holder_id: one.figures for one in rules.streams(coming, Question("/1/", day), TODAY)}
    for owner, figures in found.items():
        orders = [one.quantity for one in coming if one.owner_id == owner and one.source is Source.ORDER]
        assert figures.on_order + figures.arriving == sum(orders)
        assert figures.usable <= figures.on_hand == figures.arriving + figures.due_back
        assert figures.lent == -figures.due_back
        assert figures.promised <= sum(one.quantity for one in coming if one.source is Source.PROMISE)
    assert rules.streams(coming, Question("/1/", day, Holder.SITE), TODAY) == []  # it stands at no site


def test_today_nothing_has_arrived_yet() -> None:
    due = Coming(Source.ORDER, 5, 1, owner_id=4, due_on=TODAY)
    (found,) = rules.streams([due], Question("/1/", TODAY), TODAY)
    assert (found.figures.on_order, found.figures.usable) == (5, 0)
    (later,) = rules.streams([due], Question("/1/", TODAY + timedelta(1)), TODAY)
    assert (later.figures.on_order, later.figures.usable) == (0, 5)


def test_several_norms_on_the_same_goods_add_up_figure_by_figure() -> None:
    own, kit = NormFacts(minimum=5), NormFacts(minimum=10, target=12)
    terms = [Term(1, ((5, own), None, None, None)), Term(2, ((10, kit), None, (12, kit), None))]
    first, second = rules.completed(terms)
    assert [said and said[0] for said in first.said] == [5, None, 5, None]
    assert [said and said[0] for said in second.said] == [10, None, 12, None]


def test_a_gap_costs_what_the_cheapest_that_counts_costs() -> None:
    line = Line(0, None, 1, "/1/", "1", "帐篷", None, "顶", None, 1, None, False, (),
                (Member(1, 1, 1), Member(2, 2, 1), Member(3, 1, 0)))  # fmt: skip
    assert rules.cheapest(line, {1: (900, 1), 2: (400, 1), 3: (1, 1)}) == (800, 1)
    assert rules.cheapest(line, {3: (1, 1)}) is None
    assert rules.need_of(replace(line, terms=(Term(1, (None, None, (3, NormFacts()), None)),))) is Field.TARGET
