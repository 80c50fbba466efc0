"""Schemathesis, signed in as each role on demo data: the description of the API is the whole truth."""

import asyncio

import asyncpg
import pytest

from tests.api import asks  # noqa: F401 - says how to ask each route
from tests.api.fuzz import fuzz
from tests.api.matrix import CALLERS, furnished
from tests.conftest import Database, StartServer

EXAMPLES = 3


@pytest.mark.database
async def test_every_answer_is_documented(
    demo_database: Database,
    start_server: StartServer,
) -> None:
    server = await asyncio.to_thread(
        start_server,
        demo_database,
        log_level="error",
        lock_after_failures="100000",
        lock_address_after_failures="100000",
    )
    owner = await asyncpg.connect(demo_database.owner_url)
    try:
        async with furnished(None, owner, server.url) as house:
            found = await fuzz(server.url, house, callers=CALLERS, examples=EXAMPLES)
    finally:
        await owner.close()
    unreached = sorted(found.operations - found.reached)
    print(f"\n{found.cases} requests, 2xx on {found.share:.0%} of {len(found.operations)} operations; {found.statuses}")
    print("never 2xx:", *[f"{name} {found.refusals.get(name)}" for name in unreached], sep="\n  ")
    assert not found.failures, "\n\n".join(found.failures.values())
    assert found.share >= 0.8, unreached
