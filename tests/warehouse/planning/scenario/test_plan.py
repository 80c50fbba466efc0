"""The cheapest way out: worked by hand, against every way there is, and against the plain one."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.warehouse.planning.scenario.test_rules import (
    BIG,
    ENTRIES,
    GOODS,
    GUARDS,
    ITEMS,
    OFFERS,
    ORDER,
    QUILT,
    RELIEF,
    SHELTER,
    TENT,
    USES,
    entry,
    placed,
    task,
    use,
    worked,
)
from warehouse.planning.scenario import exact, plan
from warehouse.planning.scenario.model import Arriving, Guard, Offer, Task, Way
from warehouse.planning.scenario.supplies import Demand, Supply, unit_cost

# --- worked by hand ---------------------------------------------------------------------------------------------------


def test_what_arrives_in_time_is_a_source_of_its_own() -> None:
    road = Arriving("shipment", "YD-7", "s", "2026-07-01T05:00+08:00")
    late = Arriving("order", "CG-2", "o2", "2026-07-04")
    lost = Arriving("delivery", "DH-1", "d", "")
    entries = [
        entry(1, "/1/5/", QUILT, 300, 0),
        entry(1, "/1/5/", QUILT, 200, 0, 1, road, 300),  # 5 h on the road and 2 h to load again: in time
        entry(1, "/1/5/", QUILT, 400, 0, 1, late, 5_760),  # in the area, on the fourth day
        entry(1, "/1/5/", QUILT, 999, 0, 1, lost, None),  # nobody knows when
        entry(2, "/1/7/", QUILT, 150, 20_000, 7, ORDER, 0),  # comes to a store outside, which must keep 100 of it
    ]
    guards = [Guard(2, None, "库2", {QUILT: (1, 1)}, 100)]
    (line,) = worked([use(ITEMS[QUILT])], entries, guards=guards, goods=[replace(g, price_fen=None) for g in GOODS])
    assert (line.need, line.here, line.arriving, line.reach, line.gap) == (1_000, 300, 200, 50, 450)
    assert [
        (one.way, one.facts["number"], one.quantity, one.in_time, one.reason, one.cost_fen) for one in line.fixes
    ] == [
        (Way.ARRIVE, "YD-7", 200, True, "in-transit", 0),
        (Way.ARRIVE, "CG-1", 50, True, "on-order", 325),  # 125 kg over 26 km
        (Way.ARRIVE, "CG-2", 400, False, "on-order", 0),
        (Way.ARRIVE, "DH-1", 50, False, "on-order", 0),
    ]
    assert line.open == 0


def test_goods_on_their_way_fill_a_minimum_but_free_nothing_that_stands() -> None:
    guards = [Guard(2, None, "库2", {QUILT: (1, 1)}, 100)]
    for standing, coming, moved, came in ((100, 50, 0, 50), (60, 50, 0, 10), (130, 50, 30, 50), (20, 50, 0, 0)):
        entries = [entry(2, "/1/7/", QUILT, standing), entry(2, "/1/7/", QUILT, coming, coming=ORDER)]
        (line,) = worked([use(ITEMS[QUILT])], entries, guards=guards, goods=[replace(g, price_fen=None) for g in GOODS])
        found = {fix.way: fix.quantity for fix in line.fixes}
        assert (found.get(Way.MOVE, 0), found.get(Way.ARRIVE, 0)) == (moved, came)


def test_the_plain_way_pays_more_where_lines_share_a_minimum() -> None:
    # Small and big tents stand in one store, which may spare a hundred of either; small ones are also promised cheaply.
    shared = Guard(3, None, "库3", {TENT: (1, 1), BIG: (1, 1)}, 100)
    entries = [entry(3, "/1/7/", TENT, 100, 1_000, owner=9), entry(3, "/1/7/", BIG, 100, 1_000, owner=9)]
    dear = [Offer("a", "XY-A", "厂", TENT, "/1/2/", 100, 100, 100, 4, 100, 1),
            Offer("b", "XY-B", "厂", BIG, "/1/2/", 100, 100, 100, 4, 90_000, 1)]  # fmt: skip
    cross = task([use(ITEMS[TENT], 1, 10), use(ITEMS[BIG], 1, 10)], entries, guards=[shared], offers=dear)
    best, plain = plan.work_out(cross), plan.work_out_plainly(cross)
    # A hundred may leave the store. The plain way moves the tents (0.07 yuan is less than 1) and calls big ones at 900.
    assert sum(one.cost_fen for one in plain.needs) > 100 * 90_000
    assert sum(one.cost_fen for one in best.needs) < 100 * 100 + 100 * 90_000 // 100
    assert [[fix.way for fix in one.fixes] for one in best.needs] == [[Way.CALL], [Way.MOVE]]


# --- laws -------------------------------------------------------------------------------------------------------------


def served(of: Task, outcome: Any) -> list[Any]:
    by = {(one.what.item_id, one.what.class_id): one for one in outcome.needs}
    return [by[line.what.item_id, line.what.class_id] for line in plan.laid_out(of)[0]]


def merit(of: Task, outcome: Any) -> tuple[list[int], list[int], int]:
    lines = served(of, outcome)
    missing = [
        one.need - min(one.need, one.here) - sum(fix.quantity for fix in one.fixes if fix.in_time) for one in lines
    ]
    unpriced = sum(
        fix.quantity * (1 if one.what.item_id else factor(fix.item_key))
        for one in lines for fix in one.fixes if fix.cost_fen is None
    )  # fmt: skip
    return missing, [one.open for one in lines], unpriced


def factor(key: str) -> int:
    return next((one.unit_factor for one in GOODS if one.key == key), 1)


def paid(outcome: Any) -> int:
    return sum(one.cost_fen for one in outcome.needs)


def steps(outcome: Any) -> int:
    return sum(len(one.fixes) for one in outcome.needs)


@given(USES, ENTRIES, GUARDS, OFFERS)
def test_the_exact_way_is_never_worse_than_the_plain_one(uses: Any, entries: Any, guards: Any, offers: Any) -> None:
    of = task(uses, placed(entries), guards=guards, offers=offers)
    best, plain = plan.work_out(of), plan.work_out_plainly(of)
    assert best.proven
    assert [one.gap for one in best.needs] == [one.gap for one in plain.needs]
    assert merit(of, best) <= merit(of, plain)
    if merit(of, best) == merit(of, plain):
        # Each step is rounded up to a fen, and the solver holds a sum to a part in 10**9.
        assert paid(best) <= paid(plain) + steps(best) + paid(plain) // 10**8


SMALL = st.integers(0, 3)
FEW_USES = st.lists(
    st.builds(lambda what, need: use(what, need, 1_000), st.sampled_from([ITEMS[TENT], ITEMS[BIG], SHELTER, RELIEF]),
              st.integers(1, 3)),
    min_size=1, max_size=2, unique_by=lambda one: one[1].key,
)  # fmt: skip
FEW_ENTRIES = st.lists(
    st.builds(
        lambda site, item, quantity, metres, owner, coming, waits: entry(
            site, "/1/7/", item, quantity, metres, owner, coming, waits
        ),
        st.integers(3, 4), st.sampled_from([TENT, BIG]), SMALL, st.sampled_from([None, 1_000, 90_000, 900_000]),
        st.integers(8, 9), st.sampled_from([None, ORDER]), st.sampled_from([None, 0, 2_000]),
    ),
    max_size=3,
)  # fmt: skip
FEW_GUARDS = st.lists(
    st.one_of(
        st.builds(Guard, st.integers(3, 4), st.none(), st.just("库"),
                  st.sampled_from([{TENT: (1, 1)}, {TENT: (1, 1), BIG: (1, 2)}, {TENT: (2, 1), BIG: (1, 1)}]), SMALL),
        st.builds(Guard, st.none(), st.integers(8, 9), st.just("区"), st.just({TENT: (1, 1), BIG: (1, 1)}), SMALL),
    ),
    max_size=2,
)  # fmt: skip
FEW_OFFERS = st.lists(
    st.builds(
        lambda n, item, quantity, hours, price: Offer(
            str(n), f"XY-{n}", "厂", item, "/1/2/", quantity, quantity, 100, hours, price, 1, None if item else 2
        ),
        st.integers(1, 9), st.sampled_from([TENT, BIG, None]), SMALL, st.sampled_from([2, 20]),
        st.sampled_from([None, 500, 200_000]),
    ),
    max_size=2, unique_by=lambda one: one.commitment_id,
)  # fmt: skip


def every_way(lines: Sequence[Demand], of: Task) -> Iterator[tuple[Any, ...]]:
    """What each way of taking is worth: what is missing in time, what is open, what has no known cost, the cost."""
    places = [(number, supply) for number, line in enumerate(lines) for supply in line.beyond]
    in_time, covered = [0] * len(lines), [0] * len(lines)

    def on(at: int, unpriced: int, cost: float) -> Iterator[tuple[Any, ...]]:
        if at == len(places):
            wanted = [line.wanted for line in lines]
            yield (
                [w - c for w, c in zip(wanted, in_time, strict=True)],
                [w - c for w, c in zip(wanted, covered, strict=True)],
                unpriced, round(cost, 6),
            )  # fmt: skip
            return
        number, supply = places[at]
        line = lines[number]
        most = min(line.units(supply), line.wanted - covered[number])
        each = unit_cost(supply, of)
        for units in range(most + 1):
            _move(line, supply, units)
            covered[number] += units
            in_time[number] += 0 if supply.late else units
            more = units * line.step(supply)
            yield from on(at + 1, unpriced + (more if each is None else 0), cost + (each or 0) * more / supply.unit)
            covered[number] -= units
            in_time[number] -= 0 if supply.late else units
            _move(line, supply, -units)

    return on(0, 0, 0.0)


def _move(line: Demand, supply: Supply, units: int) -> None:
    supply.take(units * line.step(supply))


@settings(deadline=None)
@given(FEW_USES, FEW_ENTRIES, FEW_GUARDS, FEW_OFFERS, st.booleans())
def test_small_cases_equal_every_way_there_is(uses: Any, entries: Any, guards: Any, offers: Any, priced: bool) -> None:
    goods = GOODS if priced else [replace(one, price_fen=None) for one in GOODS]
    of = task(uses, placed(entries), guards=guards, offers=offers, goods=goods)
    best = min(every_way(plan.laid_out(of)[0], of))
    lines, _ = plan.laid_out(of)
    taken, proven = exact.cheapest(lines, of)
    assert proven
    for (number, place), units in taken.items():
        _move(lines[number], lines[number].beyond[place], units)
        assert lines[number].beyond[place].left >= 0
        assert lines[number].beyond[place].room() >= 0
    sums = [[0, 0] for _ in lines]
    unpriced, cost = 0, 0.0
    for (number, place), units in taken.items():
        supply, line = lines[number].beyond[place], lines[number]
        sums[number][1] += units
        sums[number][0] += 0 if supply.late else units
        each = unit_cost(supply, of)
        unpriced += units * line.step(supply) if each is None else 0
        cost += (each or 0) * units * line.step(supply) / supply.unit
    wanted = [line.wanted for line in lines]
    assert [w - s[0] for w, s in zip(wanted, sums, strict=True)] == best[0]
    assert [w - s[1] for w, s in zip(wanted, sums, strict=True)] == best[1]
    assert unpriced == best[2]
    assert abs(cost - best[3]) <= 1e-5 * max(1.0, best[3])
