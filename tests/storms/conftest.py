"""A hall with a keeper who has a token, and client processes to storm it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import asyncpg
import pytest
import pytest_asyncio

from tests.conftest import Database, Server, StartServer
from tests.storms import books
from tests.storms.rivals import Rivals, rivals
from tests.storms.scene import TOKEN, furnish


@pytest.fixture(scope="session")
def clients() -> Iterator[Rivals]:
    """Four client processes, shared by all storms."""
    with rivals(4) as found:
        yield found


@dataclass
class Hall:
    """The small world of stock behind two servers that know nothing of each other."""

    owner: asyncpg.Connection
    servers: list[Server]
    token: str = TOKEN

    @property
    def urls(self) -> list[str]:
        """Where the servers listen."""
        return [server.url for server in self.servers]

    async def books(self) -> list[str]:
        """What is wrong in the books, by SQL of our own and by the program's `verify`."""
        return await books.differences(self.owner) + await books.verified()


@pytest_asyncio.fixture
async def hall(database: Database, owner: asyncpg.Connection, start_server: StartServer) -> AsyncIterator[Hall]:
    """Two servers on one database: rivals meet in the database and not in one queue."""
    await furnish(owner)
    one = await asyncio.to_thread(start_server, database, log_level="warning")
    two = await asyncio.to_thread(start_server, database, log_level="warning")
    found = Hall(owner, [one, two])
    yield found
    assert all(server.process.poll() is None for server in found.servers)
