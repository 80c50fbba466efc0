"""Scans of different requests share a transaction, and nothing else."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import asyncpg
import pytest_asyncio

from tests.conftest import Database
from tests.warehouse.scanning.test_scan import code_of, on_hand, one, stocked
from warehouse.scanning.desk import Desk
from warehouse.scanning.model import Outcome


@pytest_asyncio.fixture
async def desk(hall: asyncpg.Connection) -> AsyncIterator[Desk]:
    """A desk at work."""
    found = Desk()
    found.start()
    yield found
    await found.stop()


async def test_requests_that_arrive_together_are_answered_each_for_itself(hall: asyncpg.Connection, desk: Desk) -> None:
    lot = await stocked(hall)
    told = await asyncio.gather(*[desk.submit([one(code_of(lot), quantity=1)]) for _ in range(60)])
    outcomes = [result.outcome for (result,) in told]
    assert outcomes.count(Outcome.DONE) == 50
    assert outcomes.count(Outcome.REFUSED) == 10
    assert await on_hand(lot, 101) == 0


async def test_a_request_that_cannot_be_answered_takes_no_neighbour_with_it(
    hall: asyncpg.Connection, desk: Desk
) -> None:
    lot = await stocked(hall)
    broken: Any = None
    bad = one(code_of(lot))
    bad = replace(bad, request=replace(bad.request, raw=broken))
    before, failed, after = await asyncio.gather(
        desk.submit([one(code_of(lot), quantity=1)]),
        desk.submit([bad]),
        desk.submit([one(code_of(lot), quantity=2)]),
        return_exceptions=True,
    )
    assert isinstance(before, list)
    assert isinstance(after, list)
    assert [before[0].outcome, after[0].outcome] == [Outcome.DONE, Outcome.DONE]
    assert isinstance(failed, Exception)
    assert await on_hand(lot, 101) == 47
    assert [r.outcome for r in await desk.submit([one(code_of(lot), quantity=1)])] == [Outcome.DONE]


async def test_whose_connection_is_cut_is_told_and_the_next_is_served(
    hall: asyncpg.Connection, desk: Desk, database: Database
) -> None:
    lot = await stocked(hall)
    cutter = await asyncpg.connect(database.app_url)
    await cutter.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND usename = current_user AND pid <> pg_backend_pid()"
    )
    await cutter.close()
    told = await asyncio.gather(
        *[desk.submit([one(code_of(lot), quantity=1)]) for _ in range(5)], return_exceptions=True
    )
    answered = sum(isinstance(result, list) for result in told)
    again = await desk.submit([one(code_of(lot), quantity=1)])
    assert again[0].outcome is Outcome.DONE
    assert await on_hand(lot, 101) == 50 - answered - 1
