"""The laws of the region tree, without a database."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.kernel.errors import Invalid
from catalog.regions import rules
from catalog.regions.model import RegionCode, RegionFacts, Tier

DAYS = st.dates(date(2020, 1, 1), date(2020, 3, 1))


@st.composite
def codes(draw: st.DrawFn) -> tuple[int, RegionCode]:
    start = draw(DAYS)
    end = draw(st.none() | st.integers(0, 40).map(lambda n: start + timedelta(days=n)))
    return draw(st.integers(1, 3)), RegionCode("stat", draw(st.sampled_from("AB")), start, end, "test")


@given(st.lists(codes(), max_size=5))
def test_overlap_is_found_exactly_where_a_day_has_two(found: list[tuple[int, RegionCode]]) -> None:
    def holds(code: RegionCode, day: date) -> bool:
        return code.valid_from <= day and (code.valid_to is None or day <= code.valid_to)

    clash = False
    for n in range(120):
        day = date(2020, 1, 1) + timedelta(days=n)
        alive = [(region, code) for region, code in found if holds(code, day)]
        clash |= len({code.code for _, code in alive}) < len(alive) or len({r for r, _ in alive}) < len(alive)
    assert (rules.overlapping(found) is not None) == clash


@pytest.mark.parametrize(
    ("tier", "parent", "allowed"),
    [
        (Tier.CITY, None, True),
        (Tier.TOWN, None, False),
        (Tier.DISTRICT, Tier.CITY, True),
        (Tier.TOWN, Tier.CITY, True),
        (Tier.TOWN, Tier.TOWN, False),
        (Tier.CITY, Tier.CITY, False),
    ],
)
def test_a_tier_lies_below_its_parent(tier: Tier, parent: Tier | None, allowed: bool) -> None:
    if allowed:
        rules.check_below(tier, parent, "x")
    else:
        with pytest.raises(Invalid):
            rules.check_below(tier, parent, "x")


@pytest.mark.parametrize(
    "facts",
    [RegionFacts(" "), RegionFacts("常州", lat=31.8), RegionFacts("常州", lat=131.8, lon=119.0)],
)
def test_half_facts_are_refused(facts: RegionFacts) -> None:
    with pytest.raises(Invalid):
        rules.check_facts(facts)
