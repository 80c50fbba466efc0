"""Facts about numbered pieces: the hall is right, also where the books have the piece elsewhere."""

from datetime import timedelta

import asyncpg

from tests.warehouse.stock import world
from tests.warehouse.stock.world import CONSUMED, NOW, SUPPLIER, line, posting, stamp
from warehouse.stock import queries
from warehouse.stock.model import Reason, StockKey


async def test_a_piece_that_the_books_have_in_another_bin_leaves_from_where_it_was_scanned(
    hall: asyncpg.Connection,
) -> None:
    (pumps,) = await world.add_lots(hall, {"item_id": 3})
    (piece,) = await world.add_serials(hall, pumps, 1)
    await world.receive(pumps, 1, 101, [piece])
    (receipt,) = await world.done(posting(line(pumps, 1, 102, CONSUMED, [piece]), reason=Reason.ISSUE, fact=True))
    assert receipt.body["warnings"] == ["serial-elsewhere"]
    assert receipt.body["case"]
    assert await world.balances(hall) == {}
    found = await queries.get_serials(ids=[piece])
    assert found[piece].key == StockKey(pumps.id, CONSUMED, "good")


async def test_a_reservation_where_the_books_had_the_piece_yields_too(hall: asyncpg.Connection) -> None:
    (pumps,) = await world.add_lots(hall, {"item_id": 3})
    pieces = await world.add_serials(hall, pumps, 1)
    await world.receive(pumps, 1, 101, pieces)
    await world.reserve(hall, pumps, 101, 1)
    (receipt,) = await world.done(posting(line(pumps, 1, 102, CONSUMED, pieces), reason=Reason.ISSUE, fact=True))
    assert set(receipt.body["warnings"]) == {"serial-elsewhere", "reservation-lost"}
    assert await world.balances(hall) == {}


async def test_a_piece_that_the_books_have_in_another_lot_changes_lots_by_adjustment(
    hall: asyncpg.Connection,
) -> None:
    old, new = await world.add_lots(hall, {"item_id": 3}, {"item_id": 3})
    (piece,) = await world.add_serials(hall, old, 1)
    await world.receive(old, 1, 101, [piece])
    await world.done(posting(line(new, 1, 101, 102, [piece]), fact=True))
    assert await world.balances(hall) == {(new.id, 102, "good"): (1, 0)}
    assert (await queries.get_serials(ids=[piece]))[piece].key == StockKey(new.id, 102, "good")


async def test_a_second_receipt_of_a_piece_that_stands_in_store_takes_it_from_there(
    hall: asyncpg.Connection,
) -> None:
    (pumps,) = await world.add_lots(hall, {"item_id": 3})
    pieces = await world.add_serials(hall, pumps, 1)
    await world.receive(pumps, 1, 101, pieces)
    (receipt,) = await world.done(posting(line(pumps, 1, SUPPLIER, 103, pieces), reason=Reason.RECEIVE, fact=True))
    assert receipt.body["warnings"] == ["serial-elsewhere"]
    assert await world.balances(hall) == {(pumps.id, 103, "good"): (1, 0)}


async def test_what_a_later_count_saw_stays_true(hall: asyncpg.Connection) -> None:
    (pumps,) = await world.add_lots(hall, {"item_id": 3})
    seen, gone = await world.add_serials(hall, pumps, 2)
    await world.receive(pumps, 2, 101, [seen, gone])
    counted = NOW + timedelta(hours=1)
    await world.done(posting(line(pumps, 1, 101, world.ADJUSTMENT, [gone]), reason=Reason.COUNT, by=stamp(at=counted)))
    count_id = await world.count(hall, 101, counted, [(pumps, "good", 1, -1)])
    late = stamp(at=NOW + timedelta(minutes=5), recorded=counted + timedelta(hours=1))
    (receipt,) = await world.done(
        posting(line(pumps, 1, 101, CONSUMED, [gone]), reason=Reason.ISSUE, fact=True, by=late)
    )
    assert "after-count" in receipt.body["warnings"]
    assert await world.balances(hall) == {(pumps.id, 101, "good"): (1, 0)}
    assert (await queries.get_serials(ids=[gone]))[gone].place_id == CONSUMED
    counts = await queries.last_counts([101])
    assert counts[101].count_id == count_id
    assert counts[101].lines[(pumps.id, "good")] == (1, -1, 1)
    # The count saw the other piece: a fact that it had left before is recorded, and it is back.
    late = stamp(at=NOW + timedelta(minutes=6), recorded=counted + timedelta(hours=2))
    await world.done(posting(line(pumps, 1, 101, CONSUMED, [seen]), reason=Reason.ISSUE, fact=True, by=late))
    assert await world.balances(hall) == {(pumps.id, 101, "good"): (1, 0)}
    assert (await queries.get_serials(ids=[seen]))[seen].place_id == 101


async def test_a_fact_is_recorded_although_its_reservation_is_over(hall: asyncpg.Connection) -> None:
    (tents,) = await world.add_lots(hall, {})
    await world.receive(tents, 5, 101)
    over = await world.reserve(hall, tents, 101, 2, until=NOW)
    (receipt,) = await world.done(
        posting(line(tents, 4, 101, CONSUMED), reason=Reason.ISSUE, fact=True, reservations=(over,), by=stamp(at=NOW))
    )
    assert receipt.body["warnings"] == []
    assert await world.balances(hall) == {(tents.id, 101, "good"): (1, 0)}


async def test_two_reservations_of_one_balance_are_used_up_one_after_the_other(hall: asyncpg.Connection) -> None:
    (tents,) = await world.add_lots(hall, {})
    await world.receive(tents, 10, 101)
    first = await world.reserve(hall, tents, 101, 5)
    second = await world.reserve(hall, tents, 101, 5)
    await world.done(posting(line(tents, 6, 101, CONSUMED), reason=Reason.ISSUE, reservations=(first, second)))
    assert await world.balances(hall) == {(tents.id, 101, "good"): (4, 4)}
    held = await hall.fetch("SELECT quantity, parent_id FROM reservation WHERE state = 'held'")
    assert [tuple(row) for row in held] == [(4, second)]


async def test_the_fact_itself_belongs_to_the_case_that_a_later_count_opened(hall: asyncpg.Connection) -> None:
    (tents,) = await world.add_lots(hall, {})
    await world.receive(tents, 10, 101)
    counted = NOW + timedelta(hours=1)
    await world.count(hall, 102, counted)
    late = stamp(at=NOW + timedelta(minutes=5), recorded=counted + timedelta(hours=1))
    await world.done(posting(line(tents, 3, 101, 102), fact=True, by=late))
    moves = await queries.find_moves_of_attempt(late.attempt)
    assert [(m.reason, m.case_id is not None) for m in moves] == [("move", True), ("take-back", True)]
    assert await world.balances(hall) == {(tents.id, 101, "good"): (7, 0)}
