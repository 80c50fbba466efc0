"""The small world of stock, with tents, ready for tests of the board."""

import asyncpg
import pytest_asyncio

from tests.warehouse.stock import world


@pytest_asyncio.fixture
async def stocked(owner: asyncpg.Connection) -> asyncpg.Connection:
    """100 tents of the city in its own store, 30 of district B in B's."""
    await world.build(owner)
    first, second = await world.add_lots(owner, {}, {"owner_region_id": 3})
    await world.receive(first, 100, 101)
    await world.receive(second, 30, 121, site_id=3)
    return owner
