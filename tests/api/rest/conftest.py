"""The application on the small world of stock."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import asyncpg
import pytest_asyncio

from catalog.kernel.access import Role
from tests.api.auth.conftest import House, _fast_hashes, application, city, house, make_settings, started
from tests.api.rest.hall import ROLES, Caller
from tests.warehouse.people.city import City, Clock
from tests.warehouse.stock import world

Enter = Callable[[str], AbstractAsyncContextManager[Caller]]
__all__ = ["_fast_hashes", "city", "house"]


@pytest_asyncio.fixture
async def enter(owner: asyncpg.Connection, tmp_path: Path) -> AsyncIterator[Enter]:
    """`async with enter("keeper") as keeper`: somebody logged in to the application on the small world."""
    await world.build(owner)
    for table in ("region", "site", "person", "item"):
        await owner.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 100)")
    await owner.execute("UPDATE place SET key = replace(key, '-', '')")
    await owner.execute("DELETE FROM person")
    people = City(Clock(world.NOW))
    for login, (role, region) in ROLES.items():
        await people.person(login, region, (Role(role), region))
    app = application(make_settings(tmp_path), people.clock)

    @asynccontextmanager
    async def come(login: str) -> AsyncIterator[Caller]:
        async with House(app, people).as_(login) as client:
            yield Caller(client)

    async with started(app):
        yield come
