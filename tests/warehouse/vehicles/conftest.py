"""The small world of stock, ready for tests of vehicles."""

import asyncpg
import pytest_asyncio

from tests.warehouse.stock import world


@pytest_asyncio.fixture
async def city(owner: asyncpg.Connection) -> asyncpg.Connection:
    """The test's database with the small world; the owner's connection to it."""
    await world.build(owner)
    return owner
