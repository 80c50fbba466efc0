"""The sums that are kept: after any history, read at any moment, they are what the balances add up to."""

import asyncio
import contextlib
import random
from collections.abc import Sequence
from datetime import date, timedelta
from uuid import uuid4

import asyncpg
import pytest

from catalog.kernel import db, feed
from catalog.kernel.errors import Refused
from tests.others import others_done
from tests.warehouse.stock import world
from tests.warehouse.stock.world import CONSUMED, NOW
from warehouse.stock import holdings, verify
from warehouse.stock.model import Condition, Lot, Reason

DAYS = [NOW.date() + timedelta(days=n) for n in (-400, -1, 0, 1, 30, 31, 90, 5000)]
ON_THE_WAY, LENT = 901, 902


async def _outings(owner: asyncpg.Connection) -> None:
    """Two places that are no stores: a shipment and a loan."""
    await owner.executemany(
        "INSERT INTO place (id, uuid, kind, site_id, code, key) VALUES ($1, gen_random_uuid(), $2, 1, $2, $2)",
        [(ON_THE_WAY, "shipment"), (LENT, "loan")],
    )


async def _lots(owner: asyncpg.Connection) -> list[Lot]:
    days = [None, *DAYS[1:6]]
    return await world.add_lots(
        owner,
        *({"owner_region_id": n % 4 + 1, "item_id": n % 2 + 1, "expires_on": days[n % len(days)]} for n in range(14)),
    )


async def _step(owner: asyncpg.Connection, dice: random.Random, lots: Sequence[Lot]) -> None:
    lot, bins = dice.choice(lots), [101, 102, 111, 121]
    free = await owner.fetch(
        "SELECT place_id, condition, on_hand - reserved FROM balance WHERE lot_id = $1 AND on_hand > reserved", lot.id
    )
    deed = dice.choice(["receive", "receive", "issue", "move", "outing", "inspect", "reserve"])
    if deed == "receive" or not free:
        await world.receive(lot, dice.randint(1, 9), dice.choice(bins))
        return
    place, condition, most = dice.choice(free)
    here, count = (place, Condition(condition)), dice.randint(1, most)
    with contextlib.suppress(Refused):
        if deed == "issue":
            await world.done(world.posting(world.line(lot, most, here, CONSUMED), reason=Reason.DISPOSE))
        elif deed == "move":
            target = (dice.choice([one for one in bins if one != place]), here[1])
            await world.done(world.posting(world.line(lot, count, here, target)))
        elif deed == "outing":
            target = (dice.choice([one for one in (ON_THE_WAY, LENT) if one != place]), here[1])
            await world.done(world.posting(world.line(lot, count, here, target)))
        elif deed == "inspect" and condition == "good":
            await world.done(
                world.posting(world.line(lot, count, here, (place, Condition.DAMAGED)), reason=Reason.INSPECT)
            )
        elif deed == "reserve" and condition == "good" and place in bins:
            await world.reserve(owner, lot, place, count)


async def _differences() -> list[str]:
    return [str(one) for one in await verify.run() if one.kind in ("holding", "balance")]


@pytest.mark.parametrize("seed", range(4))
async def test_after_any_history_they_are_what_the_balances_are(hall: asyncpg.Connection, seed: int) -> None:
    dice = random.Random(seed)
    await _outings(hall)
    lots = await _lots(hall)
    followed = 0
    for number in range(60):
        await _step(hall, dice, lots)
        if dice.random() < 0.3 or number == 5:
            followed += await holdings.follow(now=NOW, limit=dice.choice([1, 3, 100]))
        if number > 5 and dice.random() < 0.5:
            assert await _differences() == []
            for day in DAYS:
                said = await db.fetch_value(
                    f"SELECT coalesce(sum({holdings.usable_on('$1::date')}), 0)::bigint FROM ({holdings.current()}) h",
                    day,
                )
                true = await hall.fetchval(
                    "SELECT coalesce(sum(on_hand), 0)::bigint FROM balance b JOIN place p ON p.id = b.place_id"
                    " WHERE condition = 'good' AND kind IN ('bin', 'staging')"
                    " AND coalesce(expires_on, 'infinity') >= $1",
                    day,
                )
                assert said == true, day
    await others_done()
    followed += await holdings.follow(now=NOW)
    assert followed > 0
    assert await hall.fetchval(f"SELECT count(*) FROM ({holdings.current()}) h") > 3
    kept = await hall.fetch(f"SELECT {holdings.COLUMNS} FROM holding ORDER BY 1, 2, 3")
    assert kept == await hall.fetch(f"{holdings.FROM_BALANCES} ORDER BY 1, 2, 3")
    await holdings.rebuild(now=NOW)
    assert kept == await hall.fetch(f"SELECT {holdings.COLUMNS} FROM holding ORDER BY 1, 2, 3")


async def test_a_posting_that_commits_late_is_never_missed(hall: asyncpg.Connection) -> None:
    """It has its place in the news before others that were followed already; and until it commits nobody sees it."""
    one, other = await world.add_lots(hall, {"item_id": 1}, {"item_id": 2})
    await holdings.rebuild(now=NOW)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with db.transaction():
            await world.post(world.posting(world.line(one, 5, world.SUPPLIER, 101), reason=Reason.RECEIVE))
            begun.set()
            await go_on.wait()

    task = asyncio.create_task(slow())
    await begun.wait()
    await world.receive(other, 7, 101)
    await holdings.follow(now=NOW)
    assert await _differences() == []
    go_on.set()
    await task
    assert await _differences() == []
    await others_done()
    await holdings.follow(now=NOW)
    assert await _differences() == []
    assert await hall.fetchval("SELECT sum(on_hand) FROM holding") == 12


async def test_sums_without_a_bookmark_or_with_a_lost_one_are_not_read_but_made_anew(hall: asyncpg.Connection) -> None:
    (lot,) = await world.add_lots(hall, {})
    await world.receive(lot, 5, 101)
    assert not await holdings.ready(NOW)
    await holdings.follow(now=NOW)
    assert await holdings.ready(NOW)
    assert await hall.fetchval("SELECT on_hand FROM holding") == 5
    later = NOW + feed.KEPT
    assert not await holdings.ready(later)
    await hall.execute("UPDATE holding SET on_hand = 6")
    await holdings.follow(now=later)
    assert await hall.fetchval("SELECT on_hand FROM holding") == 5
    await hall.execute("UPDATE feed_reader SET xid = '999999999999'::xid8")  # as after a restore elsewhere
    assert not await holdings.ready(later)
    await holdings.follow(now=later)
    assert await holdings.ready(later)


async def test_an_idle_bookmark_moves_on(hall: asyncpg.Connection) -> None:
    await holdings.rebuild(now=NOW)
    await holdings.follow(now=NOW + timedelta(minutes=5))
    assert await hall.fetchval("SELECT at FROM feed_reader WHERE name = 'holdings'") == NOW
    await holdings.follow(now=NOW + timedelta(hours=2))
    assert await hall.fetchval("SELECT at FROM feed_reader WHERE name = 'holdings'") == NOW + timedelta(hours=2)


async def test_rivals_who_add_up_and_post_do_not_wait_for_each_other_for_ever(hall: asyncpg.Connection) -> None:
    dice = random.Random(7)
    lots = await world.add_lots(hall, *({"expires_on": date(2027, 1, 1 + n)} for n in range(6)))
    await holdings.rebuild(now=NOW)

    async def post() -> None:
        for _ in range(15):
            await world.receive(dice.choice(lots), 2, dice.choice([101, 102]), by=world.stamp(attempt=uuid4()))

    async def add_up() -> None:
        for _ in range(10):
            await holdings.follow(now=NOW)
            assert await _differences() == []

    async with asyncio.timeout(60):
        await asyncio.gather(post(), post(), post(), add_up(), add_up())
    assert await _differences() == []
