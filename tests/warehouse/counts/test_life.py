"""A count from its plan to the books: rounds, persons, limits, reasons, approval."""

from datetime import timedelta

import asyncpg
import pytest

from catalog.kernel import db
from catalog.kernel.access import Role
from catalog.kernel.errors import Denied, Missing, Refused
from tests.warehouse.counts.hands import NOW, again, approver, began, by, counted, found, lines, wang, zhao
from tests.warehouse.stock import world
from warehouse.counts import actions, queries
from warehouse.counts.actions.result import Explanation
from warehouse.counts.model import Count, Entry, Status, VarianceReason
from warehouse.stock import actions as stock

LATER = NOW + timedelta(hours=1)


async def explained(count: Count) -> None:
    told = [
        Explanation(x.key.place_id, x.key.lot_id, x.key.condition, VarianceReason.LOSS)
        for x in await found(count)
        if x.variance
    ]
    await actions.explain(stamp=wang(LATER), count_id=count.id, explanations=told)


async def test_what_is_right_is_posted_by_the_keeper_himself(hall: asyncpg.Connection) -> None:
    (lot,) = await world.add_lots(hall, {})
    await world.receive(lot, 40, 101)
    count = await counted(await began(101, 102), 101, [(lot, 40)])
    assert count.status is Status.COUNTING
    count = await counted(count, 102, [])
    assert count.status is Status.REVIEW
    done = await actions.post(stamp=wang(LATER), count_id=count.id)
    assert (done["status"], done["differences"], done["case"]) == ("posted", 0, None)
    assert (await world.balances(hall))[lot.id, 101, "good"] == (40, 0)
    assert await hall.fetchval("SELECT count(*) FROM bin_count") == 2


async def test_a_large_difference_is_counted_by_another_and_approved_from_outside(hall: asyncpg.Connection) -> None:
    (lot,) = await world.add_lots(hall, {})
    await world.receive(lot, 40, 101)
    count = await counted(await began(101), 101, [(lot, 30)], at=LATER)
    assert (count.status, count.bins[0].again, count.bins[0].round) == (Status.RECOUNTING, ("percent",), 2)
    with pytest.raises(Refused, match="same-counter"):
        await actions.begin_bin(stamp=wang(LATER), count_id=count.id, place_id=101)
    count = await counted(count, 101, [(lot, 31)], who=zhao, at=LATER)
    assert count.status is Status.REVIEW
    assert await lines(count) == {("A-101", lot.number): (40, 31)}
    with pytest.raises(Refused, match="needs-approval"):
        await actions.post(stamp=wang(LATER), count_id=count.id)
    with pytest.raises(Refused, match="reason-needed"):
        await actions.approve(stamp=approver(), count_id=count.id)
    await explained(count)
    for stamp, code in (
        (by("chu", Role.APPROVER, at=LATER, site=None), "own-approval"),
        (by("shen", Role.APPROVER, at=LATER), "bound-to-site"),
    ):
        with pytest.raises(Refused, match=code):
            await actions.approve(stamp=stamp, count_id=count.id)
    with pytest.raises(Denied):
        await actions.approve(stamp=zhao(LATER), count_id=count.id)
    with pytest.raises(Missing):
        await actions.approve(stamp=by("b", Role.APPROVER, path="/1/3/", site=None), count_id=count.id)
    done = await actions.approve(stamp=approver(), count_id=count.id)
    assert (done["status"], done["differences"]) == ("posted", 1)
    assert (await world.balances(hall))[lot.id, 101, "good"] == (31, 0)
    (row,) = await found(count)
    assert (row.book, row.counted, row.reason) == (40, 31, "loss")


async def test_only_the_bin_being_counted_is_shut(hall: asyncpg.Connection) -> None:
    (lot,) = await world.add_lots(hall, {})
    await world.receive(lot, 40, 101)
    await world.receive(lot, 40, 102)
    count = await began(101, 102)
    await actions.begin_bin(stamp=wang(), count_id=count.id, place_id=101)
    take = stock.Take(lot.id, 1, 101)
    with pytest.raises(Refused, match="bin-closed"):
        await stock.issue(stamp=zhao(), takes=[take])
    await stock.issue(stamp=zhao(), takes=[stock.Take(lot.id, 1, 102)])
    await actions.enter(stamp=wang(), count_id=count.id, place_id=101, entry=Entry(40, lot.id))
    await actions.finish_bin(stamp=wang(), count_id=count.id, place_id=101)
    await stock.issue(stamp=zhao(), takes=[take])
    count = await again(count.id)
    assert [one.status.value for one in count.bins] == ["counted", "waiting"]


async def test_two_keepers_in_one_bin(hall: asyncpg.Connection) -> None:
    (lot,) = await world.add_lots(hall, {})
    count = await began(101)
    await actions.begin_bin(stamp=wang(), count_id=count.id, place_id=101)
    with pytest.raises(Refused, match="bin-taken"):
        await actions.begin_bin(stamp=zhao(), count_id=count.id, place_id=101)
    with pytest.raises(Refused, match="bin-taken"):
        await actions.enter(stamp=zhao(), count_id=count.id, place_id=101, entry=Entry(3, lot.id))
    await actions.enter(stamp=wang(), count_id=count.id, place_id=101, entry=Entry(3, lot.id))
    with pytest.raises(Refused, match="entered-already") as refusal:
        await actions.enter(stamp=wang(), count_id=count.id, place_id=101, entry=Entry(4, lot.id))
    assert refusal.value.facts["by"] == "王" or refusal.value.facts["by"] == "wang"
    more = await actions.enter(stamp=wang(), count_id=count.id, place_id=101, entry=Entry(4, lot.id), repeated="add")
    assert more["quantity"] == 7
    await actions.leave_bin(stamp=zhao(), count_id=count.id, place_id=101)
    await actions.begin_bin(stamp=zhao(), count_id=count.id, place_id=101)
    assert await queries.list_lines(count.id) == []


async def test_a_bin_is_in_one_count_at_a_time(hall: asyncpg.Connection) -> None:
    count = await began(101)
    with pytest.raises(Refused, match="bin-in-count"):
        await began(101, 102)
    await actions.begin_bin(stamp=wang(), count_id=count.id, place_id=101)
    await actions.cancel(stamp=by("chu", Role.STATISTICIAN, site=None), count_id=count.id, reason="下雨")
    assert not await db.fetch_value("SELECT closed_by FROM place WHERE id = 101")
    await began(101)


async def test_goods_that_nothing_knows_are_a_case_and_never_stock(hall: asyncpg.Connection) -> None:
    count = await began(101)
    for who in (wang, zhao):
        await actions.begin_bin(stamp=who(), count_id=count.id, place_id=101)
        await actions.enter(stamp=who(), count_id=count.id, place_id=101, entry=Entry(5, words="不明雨衣"))
        await actions.finish_bin(stamp=who(), count_id=count.id, place_id=101)
    done = await actions.post(stamp=wang(LATER), count_id=count.id)
    assert done["case"]
    assert await world.balances(hall) == {}
    facts = await db.fetch_value("SELECT facts::text FROM discrepancy_case WHERE document_id = $1", count.id)
    assert "不明雨衣" in facts


async def test_one_keeper_counts_twice_and_the_tier_above_confirms(hall: asyncpg.Connection) -> None:
    await hall.execute("UPDATE site SET one_keeper = true WHERE id = 2")
    (lot,) = await world.add_lots(hall, {"owner_region_id": 4})
    await world.receive(lot, 40, 111, site_id=2)

    def only(at=None):  # type: ignore[no-untyped-def]
        return by("only", at=at, path="/1/2/4/", site=2)

    count = await began(111, site_id=2)
    count = await counted(count, 111, [(lot, 30)], who=only)
    count = await counted(count, 111, [(lot, 30)], who=only)
    assert (count.status, count.shortcuts) == (Status.REVIEW, ("same-counter",))
    told = [Explanation(111, lot.id, "good", VarianceReason.LOSS)]
    await actions.explain(stamp=only(LATER), count_id=count.id, explanations=told)
    with pytest.raises(Refused, match="tier-above"):
        await actions.approve(stamp=by("t", Role.APPROVER, path="/1/2/4/", site=None), count_id=count.id)
    await actions.approve(stamp=by("d", Role.APPROVER, path="/1/2/", site=None, at=LATER), count_id=count.id)
    assert set((await again(count.id)).shortcuts) == {"same-counter", "one-keeper"}
