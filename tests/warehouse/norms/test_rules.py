"""The laws of norms, over plain values: precedence is total or refused, order never matters, unknown is not zero."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from catalog.kernel.errors import Invalid, Refused
from catalog.regions.model import RegionFact, Tier
from warehouse.norms import rules
from warehouse.norms.model import (
    Basis,
    Each,
    Equivalent,
    Field,
    Goods,
    Lost,
    Norm,
    NormFacts,
    Requirement,
    Season,
    Subject,
)

DAY = date(2026, 7, 1)
REGIONS = {1: ("/1/", Tier.CITY), 2: ("/1/2/", Tier.DISTRICT), 4: ("/1/2/4/", Tier.TOWN)}
CLASSES = {1: "/1/", 8: "/1/8/"}
TENT = Goods(11, "/1/8/", "ZP-0001", "帐篷", None, "顶", None, 1)
TOWN = Subject(4, "/1/2/4/", Tier.TOWN, "town", "镇", None, None, (RegionFact("population", 25_000, DAY, "census"),), 3)
SITE = replace(TOWN, site_id=7, key="AA01", figures=())


def norm(seq: int, facts: NormFacts) -> Norm:
    """A norm of the small tree above."""
    path, tier = REGIONS[facts.region_id or 4]
    of = CLASSES[facts.class_id] if facts.class_id else None
    return Norm(UUID(int=seq + 1), seq, facts, path, tier, of, 1, None, "p", "某地", None, "g", "物", None, "顶",
                None, 1, "")  # fmt: skip


WHO = st.sampled_from(
    [(None, 1, Each.TOWN), (None, 2, Each.TOWN), (None, 4, None), (None, 1, None), (None, 1, Each.SITE),
     (None, 4, Each.SITE), (7, None, None)]
)  # fmt: skip
MONTH_DAY = st.dates(date(2024, 1, 1), date(2024, 12, 31)).map(lambda d: d.month * 100 + d.day)


@st.composite
def facts(draw: st.DrawFn) -> NormFacts:
    """Any norm for the town, its site or those above, of tents or a class of them."""
    site, region, each = draw(WHO)
    item, of_class = draw(st.sampled_from([(11, None), (None, 8), (None, 1)]))
    figures = sorted(draw(st.lists(st.integers(0, 300), min_size=4, max_size=4)))
    said = draw(st.lists(st.booleans(), min_size=4, max_size=4).filter(any))
    low, reorder, target, most = (value if there else None for value, there in zip(figures, said, strict=True))
    return NormFacts(
        site, region, each, item, of_class, low, reorder, target, most,
        season=draw(st.none() | st.builds(Season, MONTH_DAY, MONTH_DAY)),
        valid_from=DAY - timedelta(days=draw(st.integers(-2, 3))),
        unit="顶",
    )  # fmt: skip


NORMS = st.lists(facts(), max_size=9).map(lambda found: [norm(n, one) for n, one in enumerate(found)])


def tie_free(found: list[Norm]) -> bool:
    """Whether these could all have been saved."""
    try:
        rules.check_ties(found, {one.seq for one in found})
    except Refused:
        return False
    return True


@given(NORMS, st.randoms(), st.sampled_from([TOWN, SITE]), st.dates(date(2026, 1, 1), date(2027, 12, 31)))
def test_the_order_of_reading_never_matters(found: list[Norm], mixed: object, subject: Subject, day: date) -> None:
    assume(tie_free(found))
    shuffled = list(found)
    mixed.shuffle(shuffled)  # type: ignore[attr-defined]
    # Also not the order in which they were made: what decides is what they say.
    renumbered = [replace(one, seq=-one.seq) for one in shuffled]
    first = rules.resolve(found, subject, TENT, day)
    for other in (shuffled, renumbered):
        again = rules.resolve(other, subject, TENT, day)
        assert {f: x.norm.id for f, x in first.figures.items()} == {f: x.norm.id for f, x in again.figures.items()}


@given(NORMS, st.sampled_from([TOWN, SITE]), st.dates(date(2026, 1, 1), date(2027, 12, 31)))
def test_precedence_is_total_or_refused_as_a_tie(found: list[Norm], subject: Subject, day: date) -> None:
    assume(tie_free(found))
    there = [
        one for one in found
        if rules.concerns(one, subject) and rules.covers(one, TENT) and rules.in_force(one.facts, day)
        and rules.in_season(one.facts.season, day)
    ]  # fmt: skip
    for field in Field:
        ranks = [rules.rank(one) for one in there if one.facts.stated(field) is not None]
        assert len(ranks) == len(set(ranks))


@given(NORMS, st.sampled_from([TOWN, SITE]), st.dates(date(2026, 1, 1), date(2027, 12, 31)))
def test_the_more_specific_decides_the_minimum(found: list[Norm], subject: Subject, day: date) -> None:
    assume(tie_free(found))
    resolution = rules.resolve(found, subject, TENT, day)
    winner = resolution.figures.get(Field.MINIMUM)
    if winner is None:
        return
    for lost in resolution.losers[Field.MINIMUM]:
        if lost.why in (Lost.LESS_NEAR, Lost.LESS_EXACT, Lost.ALL_YEAR, Lost.OLDER):
            assert rules.rank(lost.norm) < rules.rank(winner.norm)
        assert lost.why is not Lost.COUNTS_OTHERWISE
    # Every norm that could apply stands either as the winner or with the reason why not.
    assert len(resolution.losers[Field.MINIMUM]) + 1 == len(resolution.applicable)


@given(NORMS, st.dates(date(2026, 1, 1), date(2027, 12, 31)))
def test_set_wise_and_one_by_one_agree(found: list[Norm], day: date) -> None:
    assume(tie_free(found))
    cloth = replace(TENT, item_id=12, key="ZP-0002", class_path="/1/9/")
    for subject in (TOWN, SITE):
        together = {
            (one.item_id, goods.item_id): one
            for one in rules.requirements(found, [subject], [TENT, cloth], day)
            for goods in one.items
        }
        for goods in (TENT, cloth):
            single = rules.resolve(found, subject, goods, day)
            mine = [one for (_, item), one in together.items() if item == goods.item_id]
            assert len(mine) == (1 if single.figures else 0)
            for one in mine:
                assert one.class_id == single.class_id
                assert {f: one.resolution.value(f) for f in Field} == {f: single.value(f) for f in Field}


@given(NORMS, st.dates(DAY, DAY + timedelta(days=365)))
def test_nothing_changes_between_the_days_that_matter(found: list[Norm], day: date) -> None:
    days = rules.days_that_matter(found, DAY)
    last = max(one for one in days if one <= day)
    for subject in (TOWN, SITE):
        now, then = (rules.resolve(found, subject, TENT, at) for at in (day, last))
        assert {f: x.norm.id for f, x in now.figures.items()} == {f: x.norm.id for f, x in then.figures.items()}


@given(st.builds(Season, MONTH_DAY, MONTH_DAY), st.dates(date(2023, 1, 1), date(2028, 12, 31)))
def test_a_season_has_both_ends_goes_over_the_new_year_and_takes_the_29th_for_the_28th(
    season: Season, day: date
) -> None:
    for end in (season.begins, season.ends):
        assert rules.in_season(season, date(2024, end // 100, end % 100))
    if day.month == 2 and day.day == 29:
        assert rules.in_season(season, day) == rules.in_season(season, day - timedelta(days=1))
    at, begins, ends = day.month * 100 + day.day, season.begins, season.ends
    if 229 not in (at, begins, ends):
        assert rules.in_season(season, day) == ((begins <= at <= ends) if begins <= ends else not ends < at < begins)


def test_a_figure_is_stated_times_basis_rounded_up_to_packs() -> None:
    said = NormFacts(None, 4, None, 11, None, 3, basis=Basis.POPULATION, basis_per=10_000, round_to=5)
    found = rules.resolve([norm(1, said)], TOWN, TENT, DAY).figures[Field.MINIMUM]
    assert (found.basis_value, found.basis_as_of, found.basis_source) == (25_000, DAY, "census")
    assert found.value == 10  # 7.5 tents, in fives


def test_an_unknown_basis_is_no_figure_and_never_zero() -> None:
    said = NormFacts(None, 4, None, 11, None, 3, 9, basis=Basis.DIKE, basis_per=1_000)
    found = rules.resolve([norm(1, said)], TOWN, TENT, DAY)
    assert found.value(Field.MINIMUM) is None
    assert Field.MINIMUM in found.figures
    assert rules.broken_order(found) is None


def test_figures_are_inherited_one_by_one() -> None:
    city = NormFacts(None, 1, Each.TOWN, 11, None, 100, 120, 200, 300, lead_days=30)
    town = NormFacts(None, 4, None, 11, None, None, None, 250)
    found = rules.resolve([norm(1, city), norm(2, town)], TOWN, TENT, DAY)
    assert [found.value(field) for field in Field] == [100, 120, 250, 300]
    assert found.figures[Field.TARGET].norm.facts is town
    assert found.lead_days == 30
    assert [(lost.norm.seq, lost.why) for lost in found.losers[Field.MINIMUM]] == [(2, Lost.SILENT)]
    assert [(lost.norm.seq, lost.why) for lost in found.losers[Field.TARGET]] == [(1, Lost.LESS_NEAR)]


def test_goods_with_a_norm_of_their_own_leave_the_pool() -> None:
    pool = norm(1, NormFacts(None, 4, None, None, 8, 50, unit="顶"))
    own = norm(2, NormFacts(None, 4, None, 11, None, 10))
    small = replace(TENT, item_id=12, key="ZP-0002")
    found = rules.requirements([pool, own], [TOWN], [TENT, small], DAY)
    assert [(one.item_id, one.class_id, [g.item_id for g in one.items]) for one in found] == [
        (11, None, [11]),
        (None, 8, [12]),
    ]


def test_two_small_tents_stand_for_a_large_one() -> None:
    pool = norm(1, NormFacts(None, 4, None, None, 8, 50, unit="顶", equivalents=(Equivalent(12, 2, 1),)))
    small = replace(TENT, item_id=12, key="ZP-0002")
    assert rules.counted(pool, small, 7) == 3
    assert rules.counted(pool, TENT, 7) == 7
    assert rules.counted(pool, replace(TENT, unit_factor=1_000), 12_500) == 12


def test_a_tie_is_refused_and_a_later_start_is_none() -> None:
    one = NormFacts(None, 4, None, 11, None, 10, valid_from=DAY)
    with pytest.raises(Refused) as refusal:
        rules.check_ties([norm(1, one), norm(2, replace(one, minimum=20))], {2})
    assert refusal.value.code == "norm.tie"
    assert refusal.value.facts["place"] == "p"
    later = replace(one, minimum=20, valid_from=DAY + timedelta(days=1))
    rules.check_ties([norm(1, one), norm(2, later)], {2})
    summer, winter = replace(one, season=Season(501, 930)), replace(one, season=Season(1001, 430))
    rules.check_ties([norm(1, one), norm(2, summer), norm(3, winter)], {1, 2, 3})
    with pytest.raises(Refused):
        rules.check_ties([norm(2, summer), norm(3, replace(winter, season=Season(930, 430)))], {3})


@given(facts(), facts())
def test_resolved_figures_that_contradict_are_named_with_their_place(one: NormFacts, other: NormFacts) -> None:
    found = rules.requirements([norm(1, one), norm(2, other)], [TOWN, SITE], [TENT], DAY)
    assert found == rules.requirements_of([norm(1, one), norm(2, other)], [(TOWN, [TENT]), (SITE, [TENT])], DAY)
    assert rules.requirements_of([norm(1, one)], [(TOWN, []), (SITE, [])], DAY) == []

    def falls(one: Requirement) -> bool:
        values = [one.resolution.value(field) for field in Field]
        return any(a > b for a, b in pairwise([value for value in values if value is not None]))

    wrong = [one for one in found if falls(one)]
    if not wrong:
        rules.check_order(found, DAY)
        return
    with pytest.raises(Refused) as refusal:
        rules.check_order(found, DAY)
    assert refusal.value.code == "norm.order-broken"
    assert refusal.value.facts["place"] == wrong[0].subject.key


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("norm.whom", {"region_id": None}),
        ("norm.what", {"class_id": 8}),
        ("norm.no-figure", {"minimum": None}),
        ("norm.bad-order", {"maximum": 4}),
        ("norm.bad-quantity", {"minimum": -1}),
        ("norm.bad-per", {"basis_per": 3}),
        ("norm.bad-season", {"season": Season(230, 301)}),
        ("norm.bad-dates", {"valid_from": DAY, "valid_to": DAY - timedelta(days=1)}),
        ("norm.no-source", {"source": " "}),
        ("norm.bad-rounding", {"round_to": 0}),
        ("norm.bad-lead", {"lead_days": -1}),
        ("norm.basis-needs-region", {"each": Each.SITE, "basis": Basis.POPULATION, "basis_per": 10_000}),
        ("norm.equivalents-of-item", {"equivalents": (Equivalent(11, 1, 1),)}),
        ("norm.no-unit", {"item_id": None, "class_id": 8}),
    ],
)
def test_what_can_never_be_right_is_refused(code: str, wrong: dict[str, object]) -> None:
    right = NormFacts(None, 4, None, 11, None, 5)
    rules.check_facts(right)
    with pytest.raises(Invalid) as problem:
        rules.check_facts(replace(right, **wrong), 3)  # type: ignore[arg-type]
    assert (problem.value.code, problem.value.facts["line"]) == (code, 3)
