"""What the verbs load before they decide."""

from uuid import UUID, uuid4

import asyncpg

from tests.warehouse.stock import world
from tests.warehouse.stock.world import CONSUMED, SUPPLIER, line, posting, stamp
from warehouse.stock import queries
from warehouse.stock.model import Condition, Reason, StockKey


async def test_lots_and_places_are_found_set_wise(hall: asyncpg.Connection) -> None:
    lots = await world.add_lots(hall, {"maker_batch": "B1"}, {"item_id": 3, "maker_batch": "B1"})
    assert await queries.get_lots(ids=[lots[0].id, lots[1].id, 999]) == {lot.id: lot for lot in lots}
    assert await queries.find_lots(numbers=[lots[1].number, "nope"]) == {lots[1].number: lots[1]}
    assert lots[1].tracking == "serial"
    assert await queries.find_lots_of_batch(maker_batch="B1") == lots
    assert await queries.find_lots_of_batch(maker_batch="B1", item_id=3) == [lots[1]]
    spots = await queries.get_spots([101, SUPPLIER, 999])
    assert set(spots) == {101, SUPPLIER}
    assert (spots[101].site_code, spots[101].path, spots[101].closed, spots[101].outside) == (
        "CZ01",
        "/1/",
        False,
        False,
    )
    assert (spots[SUPPLIER].site_id, spots[SUPPLIER].outside) == (None, True)
    assert (await queries.find_spots(["CZ01-A-101"]))["CZ01-A-101"] == spots[101]


async def test_moves_of_an_attempt_come_back_in_order_with_their_serials(hall: asyncpg.Connection) -> None:
    tents, pumps = await world.add_lots(hall, {}, {"item_id": 3})
    pieces = await world.add_serials(hall, pumps, 2)
    by = stamp()
    await world.done(
        posting(line(tents, 5, SUPPLIER, 101), line(pumps, 2, SUPPLIER, 102, pieces), by=by, reason=Reason.RECEIVE)
    )
    first, second = await queries.find_moves_of_attempt(by.attempt)
    assert (first.lot, first.quantity, first.source.code, first.target.code) == (tents.number, 5, "supplier", "A-101")
    assert second.serial_ids == tuple(pieces)
    assert len(second.serials) == 2
    assert second.reversed_by is None
    assert await queries.find_moves_of_attempt(uuid4()) == []
    found = await queries.find_serials(second.serials)
    assert [piece.key for piece in found] == [StockKey(pumps.id, 102, "good")] * 2
    assert set(await queries.get_serials(ids=pieces)) == set(pieces)


async def test_later_moves_out_name_what_blocks_a_reversal(hall: asyncpg.Connection) -> None:
    (tents,) = await world.add_lots(hall, {})
    by = stamp()
    await world.receive(tents, 5, 101, by=by)
    await world.issue(tents, 3, 101)
    await world.done(posting(line(tents, 1, 101, (101, Condition.DAMAGED)), reason=Reason.INSPECT))
    (received,) = await queries.find_moves_of_attempt(by.attempt)
    later = await queries.later_moves_out(received.target_key, received.seq)
    assert [(move.reason, move.quantity) for move in later] == [("issue", 3), ("inspect", 1)]
    assert len(await queries.later_moves_out(received.target_key, received.seq, 1)) == 1


async def test_the_last_count_of_a_place_comes_with_its_lines(hall: asyncpg.Connection) -> None:
    (tents,) = await world.add_lots(hall, {})
    clock = world.Clock()
    await world.count(hall, 101, clock.tick(), [(tents, "good", 1, 1)])
    newest: UUID = await world.count(hall, 101, clock.tick(), [(tents, "good", 2, -1)])
    counts = await queries.last_counts([101, 102])
    assert set(counts) == {101}
    assert counts[101].count_id == newest
    assert counts[101].lines == {(tents.id, "good"): (2, -1, 0)}


async def test_balances_are_looked_at_without_a_lock(hall: asyncpg.Connection) -> None:
    (tents,) = await world.add_lots(hall, {})
    await world.receive(tents, 5, 101)
    await world.reserve(hall, tents, 101, 2)
    key = StockKey(tents.id, 101, "good")
    held = await queries.get_held([key, StockKey(tents.id, CONSUMED, "good")])
    assert set(held) == {key}
    assert (held[key].on_hand, held[key].reserved, held[key].free) == (5, 2, 3)
    assert await queries.balances_of_lots([tents.id], site_id=1) == [held[key]]
    assert await queries.balances_of_lots([tents.id], site_id=2) == []
