"""The decisions of counts: which bins first, what is counted again, what needs an approver; the table of its life."""

from hypothesis import given
from hypothesis import strategies as st

from catalog.kernel.workflow import StockEffect
from warehouse.counts import rules
from warehouse.counts.model import BinRisk, Factor, Status
from warehouse.counts.workflow import COUNT

WEIGHTS = {Factor.NEVER: 30, Factor.AGE: 25, Factor.VALUE: 20, Factor.MOVEMENT: 15, Factor.SHORT: 25}
RISKS = st.builds(
    BinRisk,
    st.integers(1, 10**6),
    st.just("A"),
    st.just("A"),
    st.text("AB", min_size=1, max_size=4),
    st.integers(0, 9),
    st.integers(0, 10**12),
    st.integers(0, 1000),
    st.none() | st.integers(0, 4000),
    st.integers(0, 9),
)


def risk(place: int, **more: object) -> BinRisk:
    facts = {"lots": 1, "value_fen": 0, "moves": 0, "age_days": 10, "shorts": 0} | more
    return BinRisk(place, f"A-{place}", f"K{place}", f"A-{place:03}", **facts)  # type: ignore[arg-type]


def test_never_counted_dear_busy_and_short_bins_come_first_and_say_why() -> None:
    bins = [
        risk(1),
        risk(2, age_days=None),
        risk(3, value_fen=900),
        risk(4, moves=50),
        risk(5, shorts=3),
        risk(6, age_days=90),
    ]
    found = rules.propose(bins, WEIGHTS, full_age=90, most=9)
    assert [one.bin.place_id for one in found] == [2, 5, 6, 3, 4, 1]
    assert [part.factor for part in found[0].parts] == [Factor.NEVER]
    assert found[1].parts[0].factor is Factor.SHORT
    assert rules.propose(bins, WEIGHTS, full_age=90, most=2) == found[:2]


def test_an_empty_bin_that_was_never_used_is_nobodys_concern() -> None:
    assert rules.propose([risk(1, lots=0, age_days=None)], WEIGHTS, full_age=90, most=9) == []


@given(st.lists(RISKS, max_size=12), st.dictionaries(st.sampled_from(Factor), st.integers(0, 1000)))
def test_points_are_0_to_100_and_ordered(bins: list[BinRisk], weights: dict[Factor, int]) -> None:
    found = rules.propose(bins, weights, full_age=90, most=100)
    assert all(0 < one.points <= 100 for one in found)
    assert [one.points for one in found] == sorted((one.points for one in found), reverse=True)


@given(RISKS, st.integers(0, 9))
def test_more_shortages_never_lower_the_points(one: BinRisk, more: int) -> None:
    from dataclasses import replace

    def points(risky: BinRisk) -> int:
        return next((p.points for p in rules.propose([risky], WEIGHTS, full_age=90, most=1)), 0)

    assert points(replace(one, shorts=one.shorts + more)) >= points(one)


def test_every_status_is_reached_and_only_two_ways_change_stock() -> None:
    assert COUNT.reachable() == {status.value for status in Status}
    posting = [(t.verb, t.source, t.target) for t in COUNT.transitions if t.effect is StockEffect.POST]
    assert posting == [("post", "review", "posted"), ("approve", "review", "posted")]
    assert not [t for t in COUNT.transitions if t.source in ("posted", "cancelled")]
