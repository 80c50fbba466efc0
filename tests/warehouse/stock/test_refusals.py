"""A refused verb leaves nothing behind but its refusal."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import asyncpg
import pytest

from catalog.kernel.errors import Refused
from catalog.kernel.stamp import Stamp
from tests.warehouse.stock import world
from tests.warehouse.stock.world import stamp
from warehouse.stock import actions, verify
from warehouse.stock.actions import Correction, Counted, Take
from warehouse.stock.model import Condition, Lot

TRACES = (
    "loan",
    "conversion",
    "bin_count",
    "bin_count_line",
    "lot",
    "place",
    "move",
    "balance",
    "reservation",
    "serial",
)
Verb = Callable[[Stamp, Lot], Awaitable[Any]]


def lend(by: Stamp, lot: Lot) -> Awaitable[Any]:
    return actions.lend(stamp=by, takes=[Take(lot.id, 9, 101)], borrower="邻市", due_on=date(2027, 1, 1))


def correct(by: Stamp, lot: Lot) -> Awaitable[Any]:
    change = Correction({"maker_batch": "other"}, reason="x")
    return actions.correct(stamp=by, lot_id=lot.id, site_id=1, correction=change)


def count(by: Stamp, lot: Lot) -> Awaitable[Any]:
    return actions.count(stamp=by, place_id=101, found=[Counted(lot.id, Condition.GOOD, 1)])


@pytest.mark.parametrize("verb", [lend, correct, count])
async def test_a_refused_verb_leaves_no_trace_but_its_refusal(hall: asyncpg.Connection, verb: Verb) -> None:
    (lot,) = await world.add_lots(hall, {})
    await world.receive(lot, 5, 101)
    await world.reserve(hall, lot, 101, 3)
    before = {table: await hall.fetch(f"SELECT * FROM {table} ORDER BY 1, 2") for table in TRACES}
    by = stamp()
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            await verb(by, lot)
        assert refused.value.code == "stock.not-enough"
    assert {table: await hall.fetch(f"SELECT * FROM {table} ORDER BY 1, 2") for table in TRACES} == before
    assert await hall.fetchval("SELECT outcome FROM attempt WHERE id = $1", by.attempt) == "refused"
    assert await hall.fetchval("SELECT count(*) FROM audit WHERE attempt = $1", by.attempt) == 1
    assert await verify.run() == []


async def test_what_passed_through_no_bin_cannot_be_taken_back(hall: asyncpg.Connection) -> None:
    (lot,) = await world.add_lots(hall, {})
    by = stamp()
    await world.done(world.posting(world.line(lot, 5, world.SUPPLIER, world.CONSUMED), fact=True, by=by))
    with pytest.raises(Refused) as refused:
        await actions.reverse(stamp=stamp(), attempt=by.attempt)
    assert refused.value.code == "stock.cannot-reverse"
    assert [entry["why"] for entry in refused.value.facts["blocked_by"]] == ["outside"]
