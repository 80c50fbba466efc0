"""Laws of sourcing plans, small cases against brute force, and cases worked by hand."""

import itertools
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.kernel.errors import Invalid
from warehouse.requisitions.sourcing.choices import Choices, closeness, lay_out
from warehouse.requisitions.sourcing.model import (
    Closeness,
    Need,
    Pin,
    Plan,
    Protection,
    Road,
    Size,
    Source,
    SourceKind,
    Substitute,
    Supply,
    Task,
    Vehicle,
    Why,
)
from warehouse.requisitions.sourcing.plan import compare, load, plan, plan_greedily

TODAY = date(2026, 7, 1)
CITY, DISTRICT, TOWN, OTHER_TOWN = "/1/", "/1/2/", "/1/2/3/", "/1/2/4/"
TENT, SMALL_TENT, BAG = 1, 2, 3
PATHS = (CITY, DISTRICT, TOWN, OTHER_TOWN, "/1/5/")


@st.composite
def tasks(draw: st.DrawFn, *, substitutes: bool = True, most: int = 4) -> Task:
    """Two or three sources and needs of two goods, with caps, roads that may miss, and few units of each."""
    sources = tuple(
        Source(f"S{n}", draw(st.sampled_from(PATHS)), kind, draw(st.integers(0, 2)) * 30,
               draw(st.integers(1, 3)) if kind is SourceKind.HELD else 0)
        for n, kind in enumerate(draw(st.lists(st.sampled_from(SourceKind), min_size=1, max_size=3)))
    )  # fmt: skip
    needs = tuple(
        Need(
            f"N{n}", f"P{n % 2}", draw(st.sampled_from((TOWN, OTHER_TOWN))), draw(st.sampled_from((TENT, SMALL_TENT))),
            draw(st.integers(1, most)), draw(st.integers(1, 2)), draw(st.sampled_from((None, 60, 120))), n,
        )
        for n in range(draw(st.integers(1, 3)))
    )  # fmt: skip
    supplies = tuple(
        Supply(
            f"L{n}", draw(st.sampled_from(sources)).key, draw(st.sampled_from((TENT, SMALL_TENT))),
            draw(st.integers(0, most)), draw(st.sampled_from((None, TODAY + timedelta(20), TODAY + timedelta(100)))),
        )
        for n in range(draw(st.integers(0, 4)))
    )  # fmt: skip
    pairs = itertools.product([s.key for s in sources], ("P0", "P1"))
    roads = {pair: Road(draw(st.integers(1, 5)) * 30, draw(st.integers(1, 9)) * 1000) for pair in pairs
             if draw(st.integers(0, 5))}  # fmt: skip
    protections = tuple(
        Protection(f"C{n}", draw(st.integers(0, 6)), {
            (source.key, item): draw(st.integers(1, 2))
            for source in sources for item in (TENT, SMALL_TENT) if draw(st.booleans())
        })
        for n in range(draw(st.integers(0, 2)))
    )  # fmt: skip
    ways = (Substitute(TENT, SMALL_TENT, of=1, given=2),) if substitutes and draw(st.booleans()) else ()
    return Task(TODAY, needs, sources, supplies, roads, protections, ways, {TENT: Size(20_000, 200_000)})


def figures(made: Plan) -> tuple[int, ...]:
    """The goals as one tuple to compare: higher is better; the exact four, substitutes and the expiry."""
    near = dict(made.goals.by_closeness)
    covered = tuple(quantity for _, quantity in made.goals.covered)
    return (
        *covered,
        *(near.get(one, 0) for one in Closeness),
        -made.goals.late,
        -made.goals.instead,
        -made.goals.expiry,
    )


def brute_force(task: Task) -> tuple[int, ...]:
    """The best figures over all whole steps of all choices."""
    found = lay_out(task)
    ranges = [range(min(_most(found, c), 5) + 1) for c in range(len(found.choices))]
    return max(_score(found, steps) for steps in itertools.product(*ranges) if _holds(found, steps))


def _most(found: Choices, which: int) -> int:
    choice = found.choices[which]
    return min(-(-found.needs[choice.need].quantity // choice.of), found.pools[choice.pool].free // choice.given)


def _holds(found: Choices, steps: tuple[int, ...]) -> bool:
    taken: dict[int, int] = defaultdict(int)
    covers: dict[int, int] = defaultdict(int)
    for choice, count in zip(found.choices, steps, strict=True):
        taken[choice.pool] += count * choice.given
        covers[choice.need] += count * choice.of
    return (
        all(quantity <= found.pools[pool].free for pool, quantity in taken.items())
        and all(quantity <= found.needs[need].quantity for need, quantity in covers.items())
        and all(sum(worth * taken[pool] for pool, worth in cap.worth.items()) <= cap.allowance for cap in found.caps)
    )


def _score(found: Choices, steps: tuple[int, ...]) -> tuple[int, ...]:
    covered = {need.priority: 0 for need in found.needs}
    near: dict[Closeness, int] = defaultdict(int)
    late = instead = expiry = 0
    for choice, count in zip(found.choices, steps, strict=True):
        covered[found.needs[choice.need].priority] += count * choice.of
        near[choice.closeness] += count * choice.of
        late += count * choice.of * choice.late
        instead += count * choice.of * (choice.rank > 0)
        expiry += count * choice.given * found.pools[choice.pool].band
    return (*(covered[p] for p in sorted(covered)), *(near[one] for one in Closeness), -late, -instead, -expiry)


@given(tasks())
def test_a_plan_never_takes_what_is_not_free_or_protected(task: Task) -> None:
    for make in (plan, plan_greedily):
        made = make(task)
        taken: dict[str, int] = defaultdict(int)
        of: dict[tuple[str, int], int] = defaultdict(int)
        covers: dict[str, int] = defaultdict(int)
        for line in made.lines:
            taken[line.supply] += line.quantity
            of[line.source, line.item] += line.quantity
            covers[line.need] += line.covers
            assert line.quantity > 0
        assert all(taken[supply.key] <= supply.free for supply in task.supplies)
        for one in task.protections:
            assert sum(worth * of[member] for member, worth in one.members.items()) <= one.allowance
        lacks = {one.need: one.quantity for one in made.uncovered}
        for need in task.needs:
            assert covers[need.key] + lacks.get(need.key, 0) == need.quantity


@given(tasks(most=3))
def test_small_cases_equal_brute_force_and_the_greedy_is_never_better(task: Task) -> None:
    best = brute_force(task)
    made = plan(task)
    assert made.proven
    assert figures(made) == best
    assert figures(plan_greedily(task)) <= best


@given(tasks(), st.integers(0, 3), st.integers(1, 5))
def test_more_stock_never_covers_less(task: Task, which: int, more: int) -> None:
    if not task.supplies:
        return
    richer = list(task.supplies)
    one = richer[which % len(richer)]
    richer[which % len(richer)] = replace(one, free=one.free + more)
    before, after = plan(task).goals.covered, plan(replace(task, supplies=tuple(richer))).goals.covered
    assert [q for _, q in after] >= [q for _, q in before]
    assert sum(q for _, q in after) >= sum(q for _, q in before) or [q for _, q in after] > [q for _, q in before]


@given(tasks())
def test_the_same_task_gives_the_same_plan_whatever_the_order_of_its_rows(task: Task) -> None:
    turned = replace(task, supplies=task.supplies[::-1], sources=task.sources[::-1])
    assert plan(task) == plan(task)
    assert figures(plan(task)) == figures(plan(turned))


@given(tasks())
def test_consolidation_keeps_the_goals_before_it(task: Task) -> None:
    made = plan(task)
    before, after = made.before_consolidation, made.goals
    assert (before.covered, before.by_closeness, before.late, before.instead, before.expiry) == (
        after.covered, after.by_closeness, after.late, after.instead, after.expiry,
    )  # fmt: skip
    assert after.shipments <= before.shipments


@given(tasks())
def test_at_one_source_what_expires_first_goes_first(task: Task) -> None:
    taken: dict[str, int] = defaultdict(int)
    for line in plan(task).lines:
        taken[line.supply] += line.quantity
    for a, b in itertools.permutations(task.supplies, 2):
        same = (a.source, a.item) == (b.source, b.item)
        if same and (a.expires or date.max) < (b.expires or date.max) and taken[b.key]:
            assert taken[a.key] == a.free


def roads(*pairs: tuple[str, int]) -> dict[tuple[str, str], Road]:
    return {(source, "P"): Road(minutes, minutes * 500) for source, minutes in pairs}


def simple(**changes: object) -> Task:
    """A town that needs ten tents: four of its own, the district's six protected down to two, the city's plenty."""
    task = Task(
        TODAY,
        (Need("N", "P", TOWN, TENT, 10, by=180),),
        (
            Source("town", TOWN), Source("district", DISTRICT), Source("city", CITY, ready=30),
            Source("sister", OTHER_TOWN),
        ),
        (
            Supply("t1", "town", TENT, 4), Supply("d1", "district", TENT, 6), Supply("c1", "city", TENT, 50),
            Supply("s1", "sister", TENT, 9),
        ),
        roads(("town", 10), ("district", 40), ("city", 60), ("sister", 15)),
        (Protection("district tents", 2, {("district", TENT): 1}),),
    )  # fmt: skip
    return replace(task, **changes)  # type: ignore[arg-type]


def by_source(made: Plan) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for line in made.lines:
        found[line.source] += line.quantity
    return dict(found)


@pytest.mark.parametrize("make", [plan, plan_greedily])
def test_the_cascade_climbs_from_the_town_and_leaves_what_is_protected(make: Callable[[Task], Plan]) -> None:
    made = make(simple())
    assert by_source(made) == {"town": 4, "district": 2, "city": 4}
    city = next(line for line in made.lines if line.source == "city")
    assert (city.leaves, city.arrives, city.late) == (30, 90, False)
    said = {(one.source, one.why) for one in city.why_not}
    assert said == {("sister", Why.FARTHER_TIER), ("district", Why.PROTECTED)}


def test_what_is_protected_is_named_where_it_could_help() -> None:
    made = plan(simple(supplies=(Supply("d1", "district", TENT, 6),)))
    (lacks,) = made.uncovered
    assert lacks.quantity == 8
    assert [(one.source, one.why, one.quantity) for one in lacks.help] == [("district", Why.PROTECTED, 4)]
    opened = plan(simple(supplies=(Supply("d1", "district", TENT, 6),), protections=()))
    assert opened.uncovered[0].quantity == 4


def test_two_small_tents_stand_for_a_large_one_and_only_whole_pairs_go() -> None:
    task = simple(
        supplies=(Supply("c1", "city", SMALL_TENT, 7),), protections=(),
        substitutes=(Substitute(TENT, SMALL_TENT, of=1, given=2),),
    )  # fmt: skip
    made = plan(task)
    assert by_source(made) == {"city": 6}
    assert made.uncovered[0].quantity == 7


def test_a_pin_is_kept_a_ban_is_kept_and_the_change_is_shown() -> None:
    first = plan(simple())
    second = plan(simple(pins=(Pin("N", "sister", TENT, 3),), forbidden=frozenset({("N", "city")})))
    assert by_source(second) == {"town": 4, "district": 2, "sister": 4}
    assert {(c.source, c.before, c.after) for c in compare(first, second)} == {("city", 4, 0), ("sister", 0, 4)}
    with pytest.raises(Invalid, match=r"固定"):
        plan(simple(pins=(Pin("N", "sister", TENT, 10),)))


def test_the_small_shipment_joins_the_one_that_drives_anyway() -> None:
    needs = (Need("A", "P", TOWN, TENT, 5), Need("B", "P", TOWN, BAG, 5))
    sources = (Source("north", CITY), Source("south", CITY))
    supplies = (
        Supply("n1", "north", TENT, 9), Supply("s1", "south", BAG, 9), Supply("n2", "north", BAG, 9),
    )  # fmt: skip
    task = Task(TODAY, needs, sources, supplies, roads(("north", 30), ("south", 20)))
    made = plan(task)
    assert made.before_consolidation.shipments == 2
    assert made.goals.shipments == 1
    assert made.goals.tonne_km > made.before_consolidation.tonne_km


def test_vehicles_are_few_and_an_unloadable_shipment_is_said() -> None:
    small, large = Vehicle("small", 2_000_000, 8_000_000), Vehicle("large", 8_000_000, 30_000_000)
    assert load([large, small], "x", 1_500_000, 1) == [small]
    assert load([large, small], "x", 9_000_000, 1) == [large, small]
    made = plan(simple(sizes={TENT: Size(2_000_000, 1)}, vehicles=(small,)))
    assert any(shipment.short for shipment in made.shipments)


@pytest.mark.parametrize(
    ("owner", "kind", "near"),
    [
        (TOWN, SourceKind.STOCK, Closeness.OWN), ("/1/2/3/9/", SourceKind.STOCK, Closeness.OWN),
        (DISTRICT, SourceKind.STOCK, Closeness.DISTRICT), (CITY, SourceKind.STOCK, Closeness.CITY),
        (OTHER_TOWN, SourceKind.STOCK, Closeness.SISTER), ("/1/5/", SourceKind.STOCK, Closeness.SISTER),
        (TOWN, SourceKind.COMMITMENT, Closeness.COMMITMENT), ("", SourceKind.NEIGHBOUR, Closeness.NEIGHBOUR),
    ],
)  # fmt: skip
def test_how_near_a_source_stands(owner: str, kind: SourceKind, near: Closeness) -> None:
    assert closeness(TOWN, owner, kind) is near
