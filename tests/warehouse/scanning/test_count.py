"""Counting at the scanner: the bin, then what lies in it. No answer says what the books have."""

import json

import asyncpg

from catalog.kernel import db
from labels.codes import OwnKind, write_own
from tests.warehouse.scanning.test_scan import code_of, one, scan_one, stocked
from tests.warehouse.stock import world
from warehouse.counts import actions as counts
from warehouse.scanning.actions import scan
from warehouse.scanning.model import Outcome, ScanResult

BIN = write_own(OwnKind.BIN, "CZ101")


async def plan(*places: int) -> None:
    await counts.create_count(stamp=world.stamp(), site_id=1, place_ids=places)


async def counted(raw: str, **more: object) -> ScanResult:
    result = await scan_one(raw, "count", bin="CZ101", **more)
    assert "on_hand" not in json.dumps(dict(result.facts))
    return result


async def test_bin_lot_quantity_and_the_same_lot_again(hall: asyncpg.Connection) -> None:
    lot = await stocked(hall, 50)
    await plan(101, 102)
    begun = await scan_one(BIN, "count")
    assert (begun.outcome, begun.code, begun.facts["count"]["bins"]) == (Outcome.DONE, "scan.count-begun", 2)
    asked = await counted(code_of(lot))
    assert (asked.outcome, asked.code) == (Outcome.ASK, "scan.ask-quantity")
    done = await counted(code_of(lot), quantity=30)
    assert (done.code, done.facts["line"]["quantity"]) == ("scan.counted", 30)
    again = await counted(code_of(lot), quantity=4)
    assert (again.outcome, again.code, again.facts["quantity"]) == (Outcome.ASK, "scan.ask-again", 30)
    more = await counted(code_of(lot), quantity=4, answers={"repeated": "add"})
    assert more.facts["line"]["quantity"] == 34
    assert (await counted(code_of(lot), quantity=40, answers={"repeated": "replace"})).facts["line"]["quantity"] == 40
    assert await db.fetch_value("SELECT on_hand FROM balance WHERE place_id = 101") == 50


async def test_a_scan_that_is_sent_again_counts_once(hall: asyncpg.Connection) -> None:
    lot = await stocked(hall, 50)
    await plan(101)
    await scan_one(BIN, "count")
    same = one(code_of(lot), "count", bin="CZ101", quantity=30)
    first, second = await scan([same]), await scan([same])
    assert (first[0].outcome, second[0].outcome) == (Outcome.DONE, Outcome.REPEAT)
    assert await db.fetch_value("SELECT count(*) FROM stocktake_line") == 1


async def test_pieces_are_counted_one_by_one_and_each_once(hall: asyncpg.Connection) -> None:
    (lot,) = await world.add_lots(hall, {"item_id": 3})
    ids = await world.add_serials(hall, lot, 3)
    await world.receive(lot, 3, 101, ids)
    await plan(101)
    await scan_one(BIN, "count")
    numbers = [row[0] for row in await hall.fetch("SELECT number FROM serial ORDER BY id")]
    for expected, number in enumerate(numbers[:2], 1):
        done = await counted(write_own(OwnKind.SERIAL, number))
        assert done.facts["line"]["quantity"] == expected
    assert (await counted(write_own(OwnKind.SERIAL, numbers[0]))).facts["line"]["quantity"] == 2
    assert (await counted(code_of(lot), quantity=3)).code == "scan.ask-serials"


async def test_unknown_goods_wrong_bins_and_bins_of_no_count(hall: asyncpg.Connection) -> None:
    lot = await stocked(hall, 50)
    assert (await scan_one(BIN, "count")).code == "count.not-in-count"
    await plan(101)
    assert (await counted(code_of(lot), quantity=3)).code == "count.bin-not-begun"
    assert (await scan_one(code_of(lot), "count", quantity=3)).code == "scan.count-no-bin"
    await scan_one(BIN, "count")
    assert (await counted("06901234567892")).code == "scan.ask-unknown"
    assert (await scan_one(code_of(lot), "issue", bin="CZ101")).code in ("scan.bin-closed", "stock.bin-closed")


async def test_a_makers_code_names_the_lots_without_figures(hall: asyncpg.Connection) -> None:
    first, second = await stocked(hall, 50), await stocked(hall, 20)
    await plan(101)
    await scan_one(BIN, "count")
    asked = await counted("2000000000015", quantity=2)
    assert asked.code == "scan.ask-lot"
    assert {lot["lot"] for lot in asked.facts["candidates"]} == {first.number, second.number}
    done = await counted("2000000000015", quantity=2, answers={"lot": second.number})
    assert done.facts["line"]["lot"] == second.number
