"""The laws of scenarios, over plain values, and cases worked out by hand."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.kernel.earth import metres_between
from catalog.kernel.errors import Invalid
from warehouse.planning.scenario import plan, rules
from warehouse.planning.scenario.model import (
    Area,
    AreaPeople,
    Arriving,
    Basis,
    Consumption,
    ConsumptionNorm,
    Entry,
    Goods,
    Guard,
    Need,
    Offer,
    Reach,
    ScenarioFacts,
    Task,
    Way,
    What,
)

TENT, BIG, QUILT, WATER = 11, 12, 21, 31
GOODS = [
    Goods(TENT, "ZP-1", "帐篷", "/1/2/", "顶", 1, 50_000, 145_000),
    Goods(BIG, "ZP-2", "大帐篷", "/1/2/", "顶", 1, 90_000, 268_000),
    Goods(QUILT, "BF-1", "棉被", "/1/3/", "床", 1, 2_500, 9_000),
    Goods(WATER, "YS-1", "水", "/4/", "升", 1000, 1_000, 2, 1_000),
]
ITEMS = {
    one.item_id: What(one.key, one.name_zh, one.unit_zh, one.unit_factor, one.class_path, item_id=one.item_id)
    for one in GOODS
}
SHELTER = What("C-1-2", "帐篷类", "顶", 1, "/1/2/", class_id=2)
RELIEF = What("C-1", "救灾类", "件", 1, "/1/", class_id=1)
AREA = Area(5, "town", "镇", "town", "/1/5/", 3_000, 1_000, 31.4, 119.5)
OTHER = Area(6, "town-2", "镇二", "town", "/1/6/", 500, 100, 31.5, 119.5)
REACH = Reach()


def use(what: What, quantity: int = 1, people: int = 1, basis: Basis = Basis.MOVED, daily: bool = False) -> Any:
    facts = Consumption(quantity, people, basis, daily, what.item_id, what.class_id, source="市文件")
    return facts, what


def entry(
    site: int,
    path: str,
    item: int,
    quantity: int,
    metres: int | None = 10_000,
    owner: int = 1,
    coming: Arriving | None = None,
    waits: int | None = 0,
) -> Entry:
    said = (site, f"S{site}", f"库{site}", path, "town", owner, f"/1/{owner}/", item, quantity, metres)
    return Entry(*said, waits if coming else 0, coming)


ORDER = Arriving("order", "CG-1", "o1", "2026-07-02")
COMING = [ORDER, Arriving("shipment", "YD-1", "s1", "")]


def task(uses: Sequence[Any], entries: Sequence[Entry] = (), **more: Any) -> Task:
    said: dict[str, Any] = {"areas": [AREA], "days": 3, "reach": REACH, "guards": (), "offers": (), "goods": GOODS}
    said |= {"uses": uses, "entries": entries, **more}
    return Task(**{name: tuple(value) if isinstance(value, list) else value for name, value in said.items()})


def worked(uses: Sequence[Any], entries: Sequence[Entry] = (), **more: Any) -> list[Need]:
    outcome = plan.work_out(task(uses, entries, **more))
    assert outcome.proven
    return list(outcome.needs)


# --- worked by hand ---------------------------------------------------------------------------------------------------


def test_need_worked_by_hand() -> None:
    # One tent for six: 1,000 moved need 166.7, so 167. Three litres a day for three days: 9,000 litres.
    tents, water = worked([use(ITEMS[TENT], 1, 6), use(ITEMS[WATER], 3_000, 1, daily=True)])
    assert (tents.need, water.need) == (167, 9_000_000)
    # Rounded up area by area: 167 + 17.
    (both,) = worked([use(ITEMS[TENT], 1, 6)], areas=[AREA, OTHER])
    assert [(one.region, one.need) for one in both.areas] == [("town", 167), ("town-2", 17)]
    assert both.need == 184
    # Two norms for the same goods add up: everybody affected one, everybody moved one more.
    (quilts,) = worked([use(ITEMS[QUILT]), use(ITEMS[QUILT], basis=Basis.AFFECTED)])
    assert quilts.need == 4_000


def test_the_gap_and_the_cheapest_way_out_worked_by_hand() -> None:
    entries = [
        entry(1, "/1/5/9/", QUILT, 300),  # in the town itself
        entry(2, "/1/7/", QUILT, 500, 20_000, owner=7),  # 26 km away, of which 400 are its minimum
        entry(3, "/1/8/", QUILT, 1_000, 400_000, owner=8),  # 520 km: 13 hours of driving
    ]
    guards = [Guard(2, None, "库2", {QUILT: (1, 1)}, 400)]
    offers = [Offer("c1", "XY-1", "被服厂", QUILT, "/1/3/", 320, 400, 80, 6, 8_000, 1)]
    (line,) = worked([use(ITEMS[QUILT])], entries, guards=guards, offers=offers)
    assert (line.need, line.here, line.reach, line.gap) == (1_000, 300, 100, 600)
    found = [(fix.way, fix.source_key, fix.quantity, fix.minutes, fix.in_time) for fix in line.fixes]
    assert found == [
        (Way.MOVE, "S2", 100, 120 + 39, True),  # 2 h loading, 26 km at 40 km/h
        (Way.CALL, "XY-1", 320, 360, True),
        (Way.MOVE, "S3", 280, 120 + 780, False),  # late, but cheaper than to buy
    ]
    assert line.open == 0
    # 250 kg over 26 km at 1 yuan per tonne-km; 320 at 80 yuan; 700 kg over 520 km.
    assert [fix.cost_fen for fix in line.fixes] == [650, 2_560_000, 36_400]
    assert line.fixes[0].reason == "above-its-norm"


def test_what_nobody_has_is_bought_and_without_a_price_stays_open() -> None:
    (line,) = worked([use(ITEMS[QUILT])])
    (fix,) = line.fixes
    assert (fix.way, fix.quantity, fix.cost_fen, fix.in_time) == (Way.BUY, 1_000, 9_000_000, False)
    (open_,) = worked([use(ITEMS[QUILT])], goods=[replace(one, price_fen=None) for one in GOODS])
    assert (open_.fixes, open_.open) == ((), 1_000)


def test_a_class_takes_what_its_items_lines_leave() -> None:
    entries = [entry(1, "/1/5/", TENT, 120), entry(1, "/1/5/", BIG, 30)]
    found = {
        one.what.key: one
        for one in worked([use(ITEMS[TENT], 1, 10), use(SHELTER, 1, 20), use(RELIEF, 1, 100)], entries, goods=GOODS)
    }
    assert (found["ZP-1"].need, found["ZP-1"].here) == (100, 120)
    assert (found["C-1-2"].need, found["C-1-2"].here) == (50, 50)  # 20 tents left and 30 big ones
    assert (found["C-1"].need, found["C-1"].here) == (10, 0)  # nothing is left for the class above


def test_a_place_keeps_the_share_that_the_scenario_says() -> None:
    entries = [entry(2, "/1/7/", QUILT, 500, owner=7)]
    guards = [Guard(None, 7, "区七", {QUILT: (1, 1)}, 400)]
    for keep, within in ((100, 100), (50, 300), (0, 500)):
        (line,) = worked([use(ITEMS[QUILT])], entries, guards=guards, reach=replace(REACH, keep_percent=keep))
        assert line.reach == within
    # What the hit region itself owns elsewhere is for it.
    (own,) = worked(
        [use(ITEMS[QUILT])], [replace(entries[0], owner_id=5, owner_path="/1/5/")],
        guards=[Guard(None, 5, "镇", {QUILT: (1, 1)}, 400)],
    )  # fmt: skip
    assert own.reach == 500


def test_goods_whose_place_is_unknown_are_not_within_reach() -> None:
    (line,) = worked([use(ITEMS[QUILT])], [entry(2, "/1/7/", QUILT, 500, None)])
    assert line.reach == 0
    assert [fix.way for fix in line.fixes] == [Way.BUY]  # what can be reckoned with comes first
    (unpriced,) = worked(
        [use(ITEMS[QUILT])], [entry(2, "/1/7/", QUILT, 500, None)], goods=[replace(g, price_fen=None) for g in GOODS]
    )
    assert [(fix.way, fix.minutes, fix.cost_fen) for fix in unpriced.fixes] == [(Way.MOVE, None, None)]


def test_the_way_is_the_great_circle_times_the_detour() -> None:
    # Changzhou to Liyang: about 62 km as the crow flies.
    metres = metres_between((31.81328, 119.96932), (31.41583, 119.47499))
    assert 64_000 < metres < 65_000
    assert metres_between((31.4, 119.5), (31.4, 119.5)) == 0
    assert rules.minutes_of(40_000, REACH) == 120 + 78
    assert rules.minutes_of(None, REACH) is None


# --- laws -------------------------------------------------------------------------------------------------------------

QUANTITY = st.integers(0, 2_000)
WHATS = st.sampled_from([*ITEMS.values(), SHELTER, RELIEF])
USES = st.lists(
    st.builds(use, WHATS, st.integers(1, 50), st.integers(1, 50), st.sampled_from(Basis), st.booleans()),
    min_size=1,
    max_size=5,
)
ENTRIES = st.lists(
    st.builds(
        entry,
        st.integers(1, 4),
        st.just("/1/7/"),
        st.sampled_from(list(ITEMS)),
        QUANTITY,
        st.one_of(st.none(), st.integers(0, 600_000)),
        st.integers(5, 9),
        st.sampled_from([None, *COMING]),
        st.one_of(st.none(), st.integers(0, 3_000)),
    ),
    max_size=10,
)
RATIOS = st.sampled_from([{QUILT: (1, 1)}, {TENT: (1, 1), BIG: (1, 3)}, {TENT: (2, 1), BIG: (1, 1)}, {WATER: (1, 1)}])
GUARDS = st.lists(
    st.one_of(
        st.builds(Guard, st.integers(1, 4), st.none(), st.just("库"), RATIOS, QUANTITY),
        st.builds(Guard, st.none(), st.integers(5, 9), st.just("区"), RATIOS, QUANTITY),
    ),
    max_size=6,
)
PLAIN_GUARDS = st.lists(
    st.builds(
        lambda site, item, minimum: Guard(site, None, "库", {item: (1, 1)}, minimum),
        st.integers(1, 4), st.sampled_from(list(ITEMS)), QUANTITY,
    ),
    max_size=6, unique_by=lambda one: (one.site_id, *one.ratios),
)  # fmt: skip
OFFERS = st.lists(
    st.builds(
        lambda n, item, quantity, hours, price: Offer(
            str(n), f"XY-{n}", "厂", item, {TENT: "/1/2/", BIG: "/1/2/", QUILT: "/1/3/", WATER: "/4/"}[item], quantity,
            quantity, 100, hours, price, 1,
        ),
        st.integers(1, 1_000), st.sampled_from(list(ITEMS)), QUANTITY, st.integers(0, 48),
        st.one_of(st.none(), st.integers(0, 500_000)),
    ),
    max_size=4, unique_by=lambda one: one.commitment_id,
)  # fmt: skip


def placed(entries: Sequence[Entry]) -> list[Entry]:
    """Sites 1 and 2 lie in the area; one row per site, owner and item, as the books give them."""
    found: dict[tuple[Any, ...], Entry] = {}
    for one in entries:
        path = "/1/5/" if one.site_id <= 2 else "/1/7/"
        metres = None if one.metres is None else 5_000 * one.site_id + (one.metres if one.site_id > 2 else 0)
        metres = next((e.metres for e in found.values() if e.site_id == one.site_id), metres)
        found[one.site_id, one.owner_id, one.item_id, one.arriving] = replace(one, site_path=path, metres=metres)
    return list(found.values())


def by_key(found: Sequence[Need]) -> dict[str, Need]:
    return {one.what.key: one for one in found}


@given(USES, st.integers(0, 5_000), st.integers(0, 5_000), st.integers(1, 30), st.integers(0, 10))
def test_more_people_or_days_never_lower_a_need(uses: Any, people: int, more: int, days: int, longer: int) -> None:
    small = by_key(worked(uses, areas=[replace(AREA, affected=people, moved=people // 2)], days=days))
    many = replace(AREA, affected=people + more, moved=people // 2 + more)
    large = by_key(worked(uses, areas=[many], days=days + longer))
    assert all(large[key].need >= one.need for key, one in small.items())
    two = by_key(worked(uses, areas=[replace(AREA, affected=people, moved=people // 2), OTHER], days=days))
    assert all(two[key].need >= one.need for key, one in small.items())


def served(found: Sequence[Need]) -> list[Need]:
    """In the order in which lines are served: items, then classes from the deepest up."""
    return sorted(found, key=lambda one: (one.what.item_id is None, -one.what.class_path.count("/"), one.what.key))


def late_and_open(found: Sequence[Need]) -> tuple[list[int], list[int]]:
    in_time = [sum(fix.quantity for fix in one.fixes if fix.in_time) for one in served(found)]
    there = [min(one.need, one.here) for one in served(found)]
    missing = [one.need - here - came for one, here, came in zip(served(found), there, in_time, strict=True)]
    return missing, [one.open for one in served(found)]


def fuller(there: Sequence[Entry], data: Any, more: int) -> list[Entry]:
    if not there:
        return [entry(1, "/1/5/", QUILT, more)]
    extra = data.draw(st.sampled_from(there))
    return [replace(one, quantity=one.quantity + more) if one == extra else one for one in there]


@given(USES, ENTRIES, PLAIN_GUARDS, st.data(), QUANTITY)
def test_more_stock_never_raises_a_gap(uses: Any, entries: Any, guards: Any, data: Any, more: int) -> None:
    there = placed(entries)
    before = by_key(worked(uses, there, guards=guards))
    after = by_key(worked(uses, fuller(there, data, more), guards=guards))
    for key, one in before.items():
        assert after[key].gap <= one.gap


@given(USES, ENTRIES, GUARDS, st.data(), QUANTITY)
def test_where_lines_compete_more_stock_raises_none_before_it_has_lowered_one(
    uses: Any, entries: Any, guards: Any, data: Any, more: int
) -> None:
    # Minimums that cut across each other: an earlier line may now reach what a later one had. Never the other way.
    there = placed(entries)
    before, after = (worked(uses, each, guards=guards) for each in (there, fuller(there, data, more)))
    assert [one.gap for one in served(after)] <= [one.gap for one in served(before)]
    assert late_and_open(after) <= late_and_open(before)


@given(USES, ENTRIES, GUARDS, OFFERS)
def test_a_plan_closes_the_gap_with_what_is_there_and_no_more(
    uses: Any, entries: Any, guards: Any, offers: Any
) -> None:
    there = placed(entries)
    found = worked(uses, there, guards=guards, offers=offers)
    moved: dict[tuple[str, str], int] = defaultdict(int)
    came: dict[tuple[str, str, str], int] = defaultdict(int)
    called: dict[str, int] = defaultdict(int)
    for line in found:
        assert line.need == min(line.need, line.here) + sum(fix.quantity for fix in line.fixes) + line.open
        assert line.gap == max(line.need - line.here - line.arriving - line.reach, 0)
        assert sum(one.need for one in line.areas) == line.need
        assert sum(line.here_by_tier.values()) == line.here
        for fix in line.fixes:
            assert fix.quantity > 0
            factor = 1 if line.what.item_id is not None else next(g.unit_factor for g in GOODS if g.key == fix.item_key)
            if fix.way is Way.MOVE:
                moved[fix.source_key, fix.item_key] += fix.quantity * factor
            if fix.way is Way.ARRIVE:
                came[fix.source_key, fix.item_key, fix.facts["number"]] += fix.quantity * factor
                assert fix.reason in ("on-order", "in-transit")
            if fix.way is Way.CALL:
                called[fix.facts["commitment"]] += fix.quantity * factor
        assert [fix.in_time for fix in line.fixes] == sorted((fix.in_time for fix in line.fixes), reverse=True)
    keys = {one.item_id: one.key for one in GOODS}
    stands, due = defaultdict(int), defaultdict(int)
    for e in there:
        if e.arriving is None:
            stands[e.site_code, keys[e.item_id]] += e.quantity
        else:
            due[e.site_code, keys[e.item_id], e.arriving.number] += e.quantity
    assert all(moved[one] <= stands[one] for one in moved)
    assert all(came[one] <= due[one] for one in came)
    assert all(called[offer.commitment_id] <= offer.quantity for offer in offers)
    # No site outside the area falls below its minimum: neither what stands there now, nor with what comes.
    for guard in guards:
        if guard.site_id in (3, 4):
            site = f"S{guard.site_id}"
            left = {item: stands[site, keys[item]] - moved[site, keys[item]] for item in guard.ratios}
            assert counted(guard, left) >= min(counted(guard, {i: stands[site, keys[i]] for i in left}), guard.minimum)
            coming = {i: sum(n for (s, k, _), n in due.items() if (s, k) == (site, keys[i])) for i in left}
            gone = {i: sum(n for (s, k, _), n in came.items() if (s, k) == (site, keys[i])) for i in left}
            both = {i: stands[site, keys[i]] + coming[i] for i in left}
            after = {i: left[i] + coming[i] - gone[i] for i in left}
            assert counted(guard, after) >= min(counted(guard, both), guard.minimum)


def counted(guard: Guard, there: dict[int, int]) -> int:
    return sum(quantity * guard.ratios[item][1] // guard.ratios[item][0] for item, quantity in there.items())


@given(USES, ENTRIES, GUARDS, OFFERS, st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(uses: Any, entries: Any, guards: Any, offers: Any, random: Any) -> None:
    there = placed(entries)
    first = worked(uses, there, guards=guards, offers=offers, areas=[AREA])
    for one in (there, guards, offers):
        random.shuffle(one)
    assert worked(uses, there, guards=guards, offers=offers, areas=[AREA], goods=list(reversed(GOODS))) == first


@given(USES, ENTRIES, GUARDS, st.integers(0, 100), st.integers(0, 100))
def test_to_keep_less_never_widens_a_gap(uses: Any, entries: Any, guards: Any, keep: int, less: int) -> None:
    there = placed(entries)
    strict = worked(uses, there, guards=guards, reach=replace(REACH, keep_percent=max(keep, less)))
    loose = worked(uses, there, guards=guards, reach=replace(REACH, keep_percent=min(keep, less)))
    assert [one.gap for one in served(loose)] <= [one.gap for one in served(strict)]
    assert late_and_open(loose) <= late_and_open(strict)


# --- norms and what may be saved --------------------------------------------------------------------------------------


def norm(seq: int, path: str, hazard: str | None, quantity: int, item: int = QUILT) -> ConsumptionNorm:
    facts = Consumption(quantity, 1, Basis.MOVED, False, item)
    return ConsumptionNorm(
        UUID(int=seq), seq, facts, hazard, 1, path, "r", "区", None, str(item), "物", None, "件", 1, 1, None, "x"
    )


def test_the_nearer_norm_decides_then_the_one_for_the_hazard() -> None:
    city, typhoon, district = norm(1, "/1/", None, 1), norm(2, "/1/", "typhoon", 2), norm(3, "/1/5/", None, 3)
    foreign, quake = norm(4, "/1/6/", None, 4), norm(5, "/1/5/", "earthquake", 5)
    every = [quake, foreign, district, typhoon, city]
    assert rules.chosen(every, "typhoon", "/1/5/9/") == [district]
    assert rules.chosen(every, "earthquake", "/1/5/9/") == [quake]
    assert rules.chosen(every, "typhoon", "/1/7/") == [typhoon]
    assert rules.chosen(every, "flood", "/1/7/") == [city]


FACTS = ScenarioFacts(
    "台风", "typhoon", 1, date(2026, 7, 1), 3, (AreaPeople(5, 10, 5),), (Consumption(1, 1, Basis.MOVED, False, 1),)
)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": " "}, "scenario.no-name"),
        ({"hazard": "war"}, "scenario.no-such-hazard"),
        ({"days": 0}, "scenario.bad-days"),
        ({"areas": ()}, "scenario.bad-areas"),
        ({"areas": (AreaPeople(5, 10, 5), AreaPeople(5, 1, 1))}, "scenario.bad-areas"),
        ({"areas": (AreaPeople(5, 4, 5),)}, "scenario.bad-people"),
        ({"uses": (Consumption(0, 1, Basis.MOVED, False, 1),)}, "consumption.bad-quantity"),
        ({"uses": (Consumption(1, 1, Basis.MOVED, False),)}, "consumption.what"),
        ({"uses": (Consumption(1, 1, Basis.MOVED, False, 1, source=" "),)}, "consumption.no-source"),
        ({"reach": Reach(speed_kmh=0)}, "scenario.bad-reach"),
        ({"reach": Reach(source="")}, "scenario.no-source"),
    ],
)
def test_what_cannot_be_worked_out_is_refused(change: dict[str, Any], code: str) -> None:
    rules.check_facts(FACTS)
    with pytest.raises(Invalid) as refusal:
        rules.check_facts(replace(FACTS, **change))
    assert refusal.value.code == code


def test_a_region_in_another_would_count_its_people_twice() -> None:
    rules.check_apart([AREA, OTHER])
    with pytest.raises(Invalid) as refusal:
        rules.check_apart([AREA, replace(OTHER, path="/1/5/6/")])
    assert refusal.value.code == "scenario.nested-areas"
