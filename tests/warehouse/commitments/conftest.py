"""The small world of stock with two firms in it, ready for tests of commitments."""

import asyncpg
import pytest_asyncio

from tests.warehouse.stock import world


@pytest_asyncio.fixture
async def hall(owner: asyncpg.Connection) -> asyncpg.Connection:
    """The test's database with the small world and two firms; the owner's connection to it."""
    await world.build(owner)
    await owner.execute(
        "INSERT INTO party (id, uuid, key, kind, name_zh, source) OVERRIDING SYSTEM VALUE VALUES"
        " (1, gen_random_uuid(), 'market', 'enterprise', '大润发', 'test'),"
        " (2, gen_random_uuid(), 'mill', 'supplier', '被服厂', 'test')"
    )
    return owner
