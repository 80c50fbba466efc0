"""Moves made between counting and posting: none is lost, none is done twice, whenever its news arrives."""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.kernel.access import Role
from catalog.kernel.errors import Refused
from tests.warehouse.counts.hands import NOW, began, by, counted, found, wang, zhao
from tests.warehouse.stock import world
from warehouse.counts import actions
from warehouse.counts.model import VarianceReason
from warehouse.stock import actions as stock
from warehouse.stock import verify
from warehouse.stock.actions import Counted
from warehouse.stock.model import CONSUMED, SUPPLIER, Condition, Lot, Reason

MINUTE = timedelta(minutes=1)


def at(minute: int) -> datetime:
    return NOW + minute * MINUTE


HOURS_APART = itertools.count(1)
"""Examples share a bin: each has its own hours, after all earlier counts."""


async def move(lot: Lot, delta: int, happened: int, recorded: int, day: datetime = NOW) -> None:
    """A fact: goods came into bin 101 or left it at a minute, and it was written down at another."""
    stamp = world.stamp(at=day + happened * MINUTE, recorded=day + recorded * MINUTE)
    legs = (SUPPLIER, 101) if delta > 0 else (101, CONSUMED)
    reason = Reason.RECEIVE if delta > 0 else Reason.ISSUE
    await world.done(world.posting(world.line(lot, abs(delta), *legs), reason=reason, fact=True, by=stamp))


@dataclass(frozen=True)
class Event:
    """Goods moved in the hall at `happened`; the books hear of it `delay` minutes later."""

    delta: int
    happened: int
    delay: int


EVENTS = st.lists(st.builds(Event, st.integers(-6, 6).filter(bool), st.integers(1, 30), st.integers(0, 40)), max_size=7)


def in_the_hall(start: int, events: Sequence[Event], until: int) -> int | None:
    """What really stands there at a minute; None where something would leave that was not there."""
    stands = start
    for event in sorted(events, key=lambda e: e.happened):
        if event.happened <= until:
            stands += event.delta
            if stands < 0:
                return None
    return stands


def told_in_order(events: Sequence[Event], after: int) -> list[Event]:
    """What happened after the count is told in its order: an issue that is told before the receipt it lived from finds
    the books short, opens a case, and is a person's to settle; no count can know of it."""
    made, latest = [], 0
    for event in sorted(events, key=lambda e: e.happened):
        if event.happened > after:
            latest = max(latest, event.happened + event.delay)
            event = replace(event, delay=latest - event.happened)
        made.append(event)
    return made


@pytest.mark.asyncio
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    events=EVENTS, really=st.integers(0, 12), error=st.integers(-5, 5), when=st.integers(1, 30), wait=st.integers(0, 30)
)
async def test_the_books_end_up_as_the_hall(
    hall: asyncpg.Connection, events: list[Event], really: int, error: int, when: int, wait: int
) -> None:
    """Whatever moved before, between and after counting and posting, and however late it was told: at the end the books
    have what stands in the hall, and every figure follows from the moves."""
    if really + error < 0 or in_the_hall(really, events, 99) is None:
        return
    # nothing happens in the very minute of counting: who was first would be a matter of opinion
    events = [e if e.happened != when else replace(e, happened=e.happened + 1) for e in events]
    if in_the_hall(really, events, 99) is None:
        return
    events = told_in_order(events, when)
    (lot,) = await world.add_lots(hall, {})
    day = NOW + timedelta(hours=3 * next(HOURS_APART))
    if really + error:
        await move(lot, really + error, 0, 0, day)
    stands = in_the_hall(really, events, when)
    assert stands is not None
    told = sorted(events, key=lambda e: (e.happened + e.delay, e.happened))
    posted = when + wait
    for event in (e for e in told if e.happened + e.delay < posted):
        await move(lot, event.delta, event.happened, event.happened + event.delay, day)
    counting = world.stamp(at=day + when * MINUTE, recorded=day + posted * MINUTE)
    await stock.count(stamp=counting, place_id=101, found=[Counted(lot.id, Condition.GOOD, stands)], fact=True)
    for event in (e for e in told if e.happened + e.delay >= posted):
        await move(lot, event.delta, event.happened, event.happened + event.delay, day)
    books = (await world.balances(hall)).get((lot.id, 101, "good"), (0, 0))[0]
    assert books == in_the_hall(really, events, 99)
    assert await verify.run() == []


async def test_what_moved_since_stays_moved(hall: asyncpg.Connection) -> None:
    (lot,) = await world.add_lots(hall, {})
    await world.receive(lot, 40, 101)
    count = await counted(await began(101), 101, [(lot, 38)], at=at(10))
    count = await counted(count, 101, [(lot, 38)], who=zhao, at=at(20))
    await move(lot, -5, 30, 30)  # issued after the count
    await move(lot, +7, 31, 31)
    await move(lot, -2, 5, 32)  # had been taken before the count, and was told late: there is no difference
    (line,) = await found(count)
    assert (line.book, line.counted, line.moved) == (38, 38, 2)
    await actions.post(stamp=wang(at(60)), count_id=count.id)
    assert (await world.balances(hall))[lot.id, 101, "good"] == (38 - 5 + 7, 0)


async def test_more_has_left_than_was_counted(hall: asyncpg.Connection) -> None:
    (lot,) = await world.add_lots(hall, {})
    await world.receive(lot, 40, 101)
    count = await counted(await began(101), 101, [], at=at(10))
    count = await counted(count, 101, [], who=zhao, at=at(20))
    await move(lot, -5, 30, 30)
    told = [actions.Explanation(101, lot.id, "good", VarianceReason.LOSS)]
    await actions.explain(stamp=wang(at(40)), count_id=count.id, explanations=told)
    approver = by("shen", Role.APPROVER, at=at(50), site=None)
    with pytest.raises(Refused, match="count-contradicted"):
        await actions.approve(stamp=approver, count_id=count.id)
    await actions.send_back(stamp=by("shen", Role.APPROVER, at=at(55), site=None), count_id=count.id, place_ids=[101])
    await counted(count, 101, [(lot, 35)], who=lambda when: by("li", at=when), at=at(70))
    await actions.approve(stamp=by("shen", Role.APPROVER, at=at(80), site=None), count_id=count.id)
    assert (await world.balances(hall))[lot.id, 101, "good"] == (35, 0)


async def test_pressing_post_twice_posts_once(hall: asyncpg.Connection) -> None:
    (lot,) = await world.add_lots(hall, {})
    await world.receive(lot, 100, 101)
    count = await counted(await began(101), 101, [(lot, 99)], at=at(10))
    told = [actions.Explanation(101, lot.id, "good", VarianceReason.LOSS)]
    await actions.explain(stamp=wang(at(20)), count_id=count.id, explanations=told)
    same = wang(at(30))
    first, second = await asyncio.gather(
        actions.post(stamp=same, count_id=count.id), actions.post(stamp=same, count_id=count.id)
    )
    assert {bool(first.get("repeat")), bool(second.get("repeat"))} == {False, True}
    outcomes = await asyncio.gather(
        *[actions.post(stamp=wang(at(31)), count_id=count.id) for _ in range(3)], return_exceptions=True
    )
    assert all(isinstance(one, Refused) and one.code == "count.not-from-here" for one in outcomes)
    assert (await world.balances(hall))[lot.id, 101, "good"] == (99, 0)
    assert await hall.fetchval("SELECT count(*) FROM bin_count") == 1


async def test_posting_while_others_move(hall: asyncpg.Connection) -> None:
    """A storm: issues and receipts of the same lot while the count is posted. Each has its effect once."""
    (lot,) = await world.add_lots(hall, {})
    await world.receive(lot, 1000, 101)
    count = await counted(await began(101), 101, [(lot, 990)], at=at(10))
    told = [actions.Explanation(101, lot.id, "good", VarianceReason.LOSS)]
    await actions.explain(stamp=wang(at(20)), count_id=count.id, explanations=told)
    takes = [stock.issue(stamp=zhao(at(30)), takes=[stock.Take(lot.id, 3, 101)]) for _ in range(12)]
    results = await asyncio.gather(*takes[:6], actions.post(stamp=wang(at(30)), count_id=count.id), *takes[6:])
    assert len(results) == 13
    assert (await world.balances(hall))[lot.id, 101, "good"] == (990 - 36, 0)
    assert await verify.run() == []


async def test_two_keepers_race_for_a_bin(hall: asyncpg.Connection) -> None:
    count = await began(101, 102)
    outcomes = await asyncio.gather(
        *[actions.begin_bin(stamp=who(), count_id=count.id, place_id=101) for who in (wang, zhao)],
        return_exceptions=True,
    )
    refused = [one for one in outcomes if isinstance(one, Refused)]
    assert [one.code for one in refused] == ["count.bin-taken"]
    assert await hall.fetchval("SELECT count(*) FROM stocktake_round") == 1


async def test_pieces_that_moved_since_are_where_they_went(hall: asyncpg.Connection) -> None:
    (lot,) = await world.add_lots(hall, {"item_id": 3})
    ids = await world.add_serials(hall, lot, 5)
    a, b, c, d, e = ids
    await world.receive(lot, 4, 101, [a, b, c, d])
    await world.receive(lot, 1, 102, [e])
    # seen at minute 10: a, b, e (e is in the wrong bin); c and d were not there
    stamp = world.stamp(at=at(10), recorded=at(40))
    await world.done(
        world.posting(world.line(lot, 1, 101, CONSUMED, [b]), reason=Reason.ISSUE, by=world.stamp(at=at(20)))
    )
    await world.done(world.posting(world.line(lot, 1, 101, 103, [d]), reason=Reason.MOVE, by=world.stamp(at=at(20))))
    await stock.count(stamp=stamp, place_id=101, found=[Counted(lot.id, Condition.GOOD, 3, (a, b, e))], fact=True)
    places = dict(await hall.fetch("SELECT serial_id, place_id FROM serial_state"))
    assert places == {a: 101, b: CONSUMED, c: 5, d: 103, e: 101}
    assert await verify.run() == []
