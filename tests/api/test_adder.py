"""The adder beside the worker: what reports read keeps near the postings, by itself."""

import asyncio
import contextlib

import asyncpg

from api.watch import Adder
from tests.warehouse.stock import world
from warehouse.stock import verify


async def test_it_adds_up_at_its_first_turn_and_follows_what_is_posted_then(owner: asyncpg.Connection) -> None:
    await world.build(owner)
    first, later = await world.add_lots(owner, {"item_id": 1}, {"item_id": 2})
    await world.receive(first, 5, 101)
    adder = Adder(lambda: world.NOW, first_seconds=0)

    async def kept() -> int:
        return int(await owner.fetchval("SELECT coalesce(sum(on_hand), 0) FROM holding"))

    task = asyncio.create_task(adder.run())
    try:
        async with asyncio.timeout(60):
            while await kept() < 5:
                await asyncio.sleep(0.05)
            await world.receive(later, 7, 111)
            while await kept() < 12:
                assert not await adder.turn()
                await asyncio.sleep(0.05)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    assert await verify.run() == []
