"""One id, one effect, one answer: whoever else uses it, and whatever becomes of the connection."""

import asyncio
from contextlib import suppress
from dataclasses import replace

import asyncpg
import pytest

from catalog.kernel import db
from catalog.kernel.errors import Refused
from tests.conftest import Database
from tests.warehouse.scanning.test_scan import code_of, on_hand, one, stocked
from tests.warehouse.stock import world
from warehouse.scanning.actions import scan
from warehouse.scanning.model import Outcome, Scan, ScanResult
from warehouse.stock import actions
from warehouse.stock.actions import Take


async def test_the_same_scan_at_the_same_time_is_one(hall: asyncpg.Connection) -> None:
    """Six hands, as if six processes had been sent it: alone, and in a batch with others."""
    lot = await stocked(hall)
    same = one(code_of(lot), quantity=5)
    batches = [[same], [same, one(code_of(lot))], [one(code_of(lot)), same]] * 2
    results = [r for batch in await asyncio.gather(*(scan(b) for b in batches)) for r in batch]
    of_it = [r.outcome for r in results if r.id == same.request.id]
    assert sorted(of_it) == [Outcome.DONE] + [Outcome.REPEAT] * 5
    assert await on_hand(lot, 101) == 50 - 5 - 2


async def test_the_same_new_goods_at_the_same_time_arrive_once(hall: asyncpg.Connection) -> None:
    same = one("OLD-77", "receive", quantity=5)
    results = [r for batch in await asyncio.gather(*(scan([same]) for _ in range(4))) for r in batch]
    assert sorted(r.outcome for r in results) == [Outcome.DONE] + [Outcome.REPEAT] * 3
    assert await db.fetch_value("SELECT sum(on_hand) FROM balance") == 5


async def test_an_id_that_a_verb_has_used_is_refused_to_a_scan(hall: asyncpg.Connection) -> None:
    lot = await stocked(hall)
    sent = world.stamp()
    await actions.issue(stamp=sent, takes=[Take(lot.id, 1, 101)])
    (result,) = await scan([one(code_of(lot), id=sent.attempt)])
    assert (result.outcome, result.code) == (Outcome.REFUSED, "attempt.other-content")
    assert await on_hand(lot, 101) == 49


async def test_an_id_that_a_scan_has_used_is_refused_to_a_verb(hall: asyncpg.Connection) -> None:
    lot = await stocked(hall)
    made = one(code_of(lot))
    await scan([made])
    with pytest.raises(Refused) as refused:
        await actions.issue(stamp=world.stamp(attempt=made.request.id), takes=[Take(lot.id, 1, 101)])
    assert refused.value.code == "attempt.other-content"
    assert await on_hand(lot, 101) == 49


async def test_a_scan_and_a_verb_with_one_id_at_the_same_time_are_one(hall: asyncpg.Connection) -> None:
    lot = await stocked(hall)
    made = one(code_of(lot))
    verb = actions.issue(stamp=world.stamp(attempt=made.request.id), takes=[Take(lot.id, 1, 101)])
    await asyncio.gather(scan([made]), verb, return_exceptions=True)
    assert await on_hand(lot, 101) == 49


async def test_a_fact_again_is_recorded_once_and_a_refusal_again_stays_one(hall: asyncpg.Connection) -> None:
    lot = await stocked(hall, 3)
    fact, refused = one(code_of(lot), quantity=5, fact=True), one(code_of(lot), quantity=5)
    (no,) = await scan([refused])
    (yes,) = await scan([fact])
    assert (no.outcome, yes.outcome) == (Outcome.REFUSED, Outcome.DONE)
    await world.receive(lot, 100, 101)
    (no, yes) = await scan([refused, fact])
    assert [(r.outcome, r.was) for r in (no, yes)] == [
        (Outcome.REPEAT, Outcome.REFUSED),
        (Outcome.REPEAT, Outcome.DONE),
    ]
    assert await on_hand(lot, 101) == 100


async def test_a_connection_lost_at_commit_and_the_scan_again_is_one(
    hall: asyncpg.Connection, database: Database
) -> None:
    """Every connection is cut while the scan is being posted; whatever became of it, again is right."""
    lot = await stocked(hall)
    axe = await asyncpg.connect(database.app_url)
    cut = 0
    for milliseconds in range(0, 40, 4):
        before = await on_hand(lot, 101)
        made = one(code_of(lot))
        posting = asyncio.create_task(scan([made]))
        await asyncio.sleep(milliseconds / 1000)
        await axe.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
        )
        (first,) = await asyncio.gather(posting, return_exceptions=True)
        cut += isinstance(first, BaseException)
        result = await _until_answered(made)
        assert (result.was or result.outcome) is Outcome.DONE
        assert await on_hand(lot, 101) == before - 1
    assert cut
    await axe.close()


async def _until_answered(made: Scan) -> ScanResult:
    while True:
        with suppress(*db.CONNECTION_ERRORS):
            (result,) = await scan([made])
            return result


async def test_the_same_id_by_somebody_else_is_other_content(hall: asyncpg.Connection) -> None:
    lot = await stocked(hall)
    made = one(code_of(lot))
    (first, second) = await scan([made, replace(made, stamp=replace(made.stamp, content_hash=b"other"))])
    assert (first.outcome, second.code) == (Outcome.DONE, "attempt.other-content")
