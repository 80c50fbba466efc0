"""The small world of stock, with labels on its bins."""

import asyncpg
import pytest_asyncio

from tests.warehouse.stock import world


@pytest_asyncio.fixture
async def hall(owner: asyncpg.Connection) -> asyncpg.Connection:
    """Two districts, three sites; bins whose own keys can be printed (CZ101 …), a GTIN and a case for tents."""
    await world.build(owner)
    await owner.execute("UPDATE place SET key = 'CZ' || id WHERE id >= 100")
    await owner.execute(
        "INSERT INTO pack (id, item_id, key, name_zh, factor, is_default, source)"
        " VALUES (1, 1, 'ZP-0001-C', '箱', 10, true, 'test');"
        "INSERT INTO item_code (item_id, pack_id, kind, code, source) VALUES"
        " (1, NULL, 'gtin', '02000000000015', 'test'), (1, 1, 'gtin', '02000000000022', 'test'),"
        " (3, NULL, 'gtin', '02000000000039', 'test'), (2, NULL, 'text', 'OLD-77', 'test')"
    )
    return owner
