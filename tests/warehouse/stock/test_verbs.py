"""The verbs beyond the ledger: what each does to lots and balances, what it refuses, and how it is undone."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from catalog.kernel import db
from catalog.kernel.access import ROLES, Grant, Role
from catalog.kernel.errors import Denied, Invalid, Missing, Refused
from tests.warehouse.stock.world import NOW, stamp
from warehouse.stock import actions, queries
from warehouse.stock.actions import Arrival, Content, Correction, Counted, Part, Take
from warehouse.stock.model import Condition, Lot, LotFacts, Receipt

TENT, QUILT, PUMP = 1, 2, 3


async def received(quantity: int = 50, place: int = 101, **facts: Any) -> Lot:
    wanted = LotFacts(**{"item_id": TENT, "owner_region_id": 1, "maker_batch": uuid4().hex[:8], **facts})
    receipt = await actions.receive(stamp=stamp(), arrivals=[Arrival(wanted, quantity, place)])
    lot_id = receipt.body["lines"][0]["lot_id"]
    return (await queries.get_lots(ids=[lot_id]))[lot_id]


async def on_hand(lot: Lot, place: int, condition: str = "good") -> int:
    row = await db.fetch_value(
        "SELECT on_hand FROM balance WHERE lot_id = $1 AND place_id = $2 AND condition = $3", lot.id, place, condition
    )
    return int(row or 0)


async def serials_of(receipt: Receipt) -> list[int]:
    rows = await db.fetch(
        "SELECT ms.serial_id FROM move_serial ms JOIN move m ON m.seq = ms.move_seq WHERE m.attempt = $1 ORDER BY 1",
        receipt.body["attempt"],
    )
    return [row[0] for row in rows]


class TestReverse:
    async def test_takes_every_row_back_and_keeps_the_original(self, hall: asyncpg.Connection) -> None:
        lot = await received(20)
        sent = stamp()
        await actions.issue(stamp=sent, takes=[Take(lot.id, 5, 101), Take(lot.id, 2, 101)])
        await actions.reverse(stamp=stamp(), attempt=sent.attempt)
        assert await on_hand(lot, 101) == 20
        rows = await db.fetch("SELECT reverses IS NULL FROM move WHERE lot_id = $1 ORDER BY seq", lot.id)
        assert [row[0] for row in rows] == [True, True, True, False, False]

    async def test_at_most_once(self, hall: asyncpg.Connection) -> None:
        lot = await received(20)
        sent = stamp()
        await actions.issue(stamp=sent, takes=[Take(lot.id, 5, 101)])
        await actions.reverse(stamp=stamp(), attempt=sent.attempt)
        with pytest.raises(Refused) as refused:
            await actions.reverse(stamp=stamp(), attempt=sent.attempt)
        assert refused.value.code == "stock.cannot-reverse"
        assert refused.value.facts["blocked_by"][0]["why"] == "reversed"

    async def test_says_which_later_moves_are_in_the_way(self, hall: asyncpg.Connection) -> None:
        lot = await received(20)
        (attempt,) = [row[0] for row in await db.fetch("SELECT attempt FROM move WHERE lot_id = $1", lot.id)]
        later = stamp()
        await actions.move(stamp=later, takes=[Take(lot.id, 15, 101, to_place=102)])
        with pytest.raises(Refused) as refused:
            await actions.reverse(stamp=stamp(), attempt=attempt)
        (blocking,) = refused.value.facts["blocked_by"]
        assert (blocking["why"], blocking["attempt"], blocking["quantity"]) == ("moved-on", str(later.attempt), 15)
        assert await on_hand(lot, 101) == 5

    async def test_not_past_a_count(self, hall: asyncpg.Connection) -> None:
        lot = await received(20)
        sent = stamp(at=NOW - timedelta(hours=2), recorded=NOW - timedelta(hours=2))
        await actions.issue(stamp=sent, takes=[Take(lot.id, 5, 101)])
        await actions.count(stamp=stamp(), place_id=101, found=[Counted(lot.id, Condition.GOOD, 15)])
        with pytest.raises(Refused) as refused:
            await actions.reverse(stamp=stamp(), attempt=sent.attempt)
        assert refused.value.facts["blocked_by"][0]["why"] == "counted"

    async def test_the_same_undo_twice_is_one(self, hall: asyncpg.Connection) -> None:
        lot = await received(20)
        sent, undo = stamp(), stamp()
        await actions.issue(stamp=sent, takes=[Take(lot.id, 5, 101)])
        first = await actions.reverse(stamp=undo, attempt=sent.attempt)
        again = await actions.reverse(stamp=undo, attempt=sent.attempt)
        assert (again.body, again.repeat) == (first.body, True)
        assert await on_hand(lot, 101) == 20


class TestCorrect:
    async def test_wrong_expiry_makes_a_new_lot_with_a_parent(self, hall: asyncpg.Connection) -> None:
        lot = await received(20, expires_on=date(2027, 1, 1))
        await actions.move(stamp=stamp(), takes=[Take(lot.id, 5, 101, to_place=102)])
        change = Correction({"expires_on": date(2028, 1, 1)}, reason="录错")
        receipt = await actions.correct(stamp=stamp(), lot_id=lot.id, site_id=1, correction=change)
        new = (await queries.find_lots(numbers=[receipt.body["new_lot"]]))[receipt.body["new_lot"]]
        assert (new.expires_on, new.parent_id, new.maker_batch) == (date(2028, 1, 1), lot.id, lot.maker_batch)
        assert [await on_hand(new, place) for place in (101, 102)] == [15, 5]
        assert await on_hand(lot, 101) == 0

    async def test_can_be_undone(self, hall: asyncpg.Connection) -> None:
        lot = await received(20)
        sent = stamp()
        change = Correction({"maker_batch": "B2"}, reason="批号看错")
        await actions.correct(stamp=sent, lot_id=lot.id, site_id=1, correction=change)
        await actions.reverse(stamp=stamp(), attempt=sent.attempt)
        assert await on_hand(lot, 101) == 20

    async def test_numbered_pieces_go_along(self, hall: asyncpg.Connection) -> None:
        lot = await received(2, item_id=PUMP)
        change = Correction({"maker_batch": "B2"}, reason="批号看错")
        receipt = await actions.correct(stamp=stamp(), lot_id=lot.id, site_id=1, correction=change)
        states = await db.fetch("SELECT lot_id, place_id FROM serial_state")
        new = (await queries.find_lots(numbers=[receipt.body["new_lot"]]))[receipt.body["new_lot"]]
        assert {tuple(s) for s in states} == {(new.id, 101)}

    @pytest.mark.parametrize(
        ("fields", "reason", "code"),
        [
            ({"expires_on": date(2028, 1, 1)}, " ", "stock.reason-needed"),
            ({}, "x", "stock.bad-correction"),
            ({"number": "1"}, "x", "stock.bad-correction"),
            ({"item_id": PUMP}, "x", "stock.other-measure"),
            ({"produced_on": date(2029, 1, 1), "expires_on": date(2028, 1, 1)}, "x", "stock.expiry-before-production"),
        ],
    )
    async def test_refuses_what_makes_no_sense(
        self, hall: asyncpg.Connection, fields: dict[str, Any], reason: str, code: str
    ) -> None:
        lot = await received(20)
        change = Correction(fields, reason=reason)
        with pytest.raises((Invalid, Refused)) as refused:
            await actions.correct(stamp=stamp(), lot_id=lot.id, site_id=1, correction=change)
        assert refused.value.code == code

    async def test_not_while_part_is_promised(self, hall: asyncpg.Connection) -> None:
        lot = await received(20)
        until = NOW + timedelta(days=1)
        await actions.reserve(stamp=stamp(), lot_id=lot.id, place_id=101, quantity=5, expires_at=until)
        change = Correction({"maker_batch": "B2"}, reason="x")
        with pytest.raises(Refused) as refused:
            await actions.correct(stamp=stamp(), lot_id=lot.id, site_id=1, correction=change)
        assert refused.value.facts["reserved"] == 5


class TestReserve:
    async def test_held_goods_leave_only_with_their_reservation(self, hall: asyncpg.Connection) -> None:
        lot = await received(20)
        until = NOW + timedelta(days=1)
        held = await actions.reserve(stamp=stamp(), lot_id=lot.id, place_id=101, quantity=15, expires_at=until)
        with pytest.raises(Refused) as refused:
            await actions.issue(stamp=stamp(), takes=[Take(lot.id, 6, 101)])
        assert (refused.value.facts["free"], refused.value.facts["reserved"]) == (5, 15)
        reservation = UUID(held["reservation"])
        await actions.issue(stamp=stamp(), takes=[Take(lot.id, 10, 101)], reservations=(reservation,))
        rows = await db.fetch("SELECT state, quantity FROM reservation ORDER BY seq")
        assert [tuple(row) for row in rows] == [("posted", 15), ("held", 5)]

    async def test_released_once(self, hall: asyncpg.Connection) -> None:
        lot = await received(20)
        until = NOW + timedelta(days=1)
        held = await actions.reserve(stamp=stamp(), lot_id=lot.id, place_id=101, quantity=15, expires_at=until)
        reservation = UUID(held["reservation"])
        await actions.release(stamp=stamp(), reservation=reservation)
        with pytest.raises(Refused):
            await actions.release(stamp=stamp(), reservation=reservation)
        await actions.issue(stamp=stamp(), takes=[Take(lot.id, 20, 101)])


class TestCount:
    async def test_adjusts_to_what_was_found(self, hall: asyncpg.Connection) -> None:
        lot, other = await received(20), await received(7)
        found = [Counted(lot.id, Condition.GOOD, 18), Counted(other.id, Condition.GOOD, 7)]
        receipt = await actions.count(stamp=stamp(), place_id=101, found=found)
        assert [line["quantity"] for line in receipt.body["lines"]] == [2]
        assert (await on_hand(lot, 101), await on_hand(other, 101)) == (18, 7)

    async def test_a_late_fact_takes_back_its_part_of_the_variance(self, hall: asyncpg.Connection) -> None:
        lot = await received(20)
        await actions.count(stamp=stamp(), place_id=101, found=[Counted(lot.id, Condition.GOOD, 15)])
        before = stamp(at=NOW - timedelta(hours=3), recorded=NOW + timedelta(hours=1))
        receipt = await actions.issue(stamp=before, takes=[Take(lot.id, 5, 101)], fact=True)
        assert receipt.body["warnings"] == ["after-count"]
        assert await on_hand(lot, 101) == 15
        assert await db.fetch_value("SELECT taken_back FROM bin_count_line") == 5
        totals = await queries.outside_totals(lot_ids=[lot.id], place_id=3)
        assert totals[lot.id] == (0, 5)

    async def test_a_piece_found_elsewhere_is_fetched(self, hall: asyncpg.Connection) -> None:
        lot = await received(2, item_id=PUMP)
        ids = [row[0] for row in await db.fetch("SELECT id FROM serial ORDER BY id")]
        await actions.count(stamp=stamp(), place_id=102, found=[Counted(lot.id, Condition.GOOD, 1, (ids[0],))])
        assert [await on_hand(lot, place) for place in (101, 102)] == [1, 1]


class TestKits:
    @pytest.fixture
    async def kit(self, hall: asyncpg.Connection) -> int:
        await hall.execute(
            "INSERT INTO item (id, key, name_zh, tracking, kind, dimension, unit_zh, class_id, storage_class_id,"
            " source) VALUES (9, 'YJB-0001', '应急包', 'lot', 'stocked_kit', 'piece', '个', 1, 1, 'test');"
            "INSERT INTO kit_component (kit_id, component_id, quantity) VALUES (9, 1, 1), (9, 2, 2)"
        )
        return 9

    async def test_made_from_parts_with_the_earliest_expiry_and_broken_again(self, kit: int) -> None:
        tent = await received(10, expires_on=date(2028, 1, 1))
        quilt = await received(30, item_id=QUILT, expires_on=date(2027, 6, 1))
        parts = [Part(tent.id, 5, 101), Part(quilt.id, 10, 101)]
        made = await actions.make_kit(
            stamp=stamp(), kit_item_id=kit, count=5, place_id=102, parts=parts, owner_region_id=1
        )
        new = (await queries.find_lots(numbers=[made.body["new_lot"]]))[made.body["new_lot"]]
        assert (new.expires_on, await on_hand(new, 102)) == (date(2027, 6, 1), 5)
        assert [await on_hand(tent, 101), await on_hand(quilt, 101)] == [5, 20]
        parts = [Part(tent.id, 2, 101), Part(quilt.id, 4, 101)]
        await actions.break_kit(stamp=stamp(), kit_lot_id=new.id, count=2, place_id=102, parts=parts)
        assert [await on_hand(new, 102), await on_hand(tent, 101), await on_hand(quilt, 101)] == [3, 7, 24]

    async def test_not_from_the_wrong_parts(self, kit: int) -> None:
        tent = await received(10)
        parts = [Part(tent.id, 5, 101)]
        with pytest.raises(Refused) as refused:
            await actions.make_kit(
                stamp=stamp(), kit_item_id=kit, count=5, place_id=102, parts=parts, owner_region_id=1
            )
        assert refused.value.code == "stock.kit-incomplete"


class TestPallets:
    async def test_stands_for_its_goods_until_part_is_taken(self, hall: asyncpg.Connection) -> None:
        lot = await received(20)
        await actions.build_pallet(stamp=stamp(), place_id=101, contents=[Content(lot.id, 15)])
        await actions.issue(stamp=stamp(), takes=[Take(lot.id, 5, 101)])
        assert await db.fetch_value("SELECT status FROM pallet") == "open"
        await actions.issue(stamp=stamp(), takes=[Take(lot.id, 1, 101)])
        assert await db.fetch_value("SELECT status FROM pallet") == "void"

    async def test_only_loose_goods_go_on_one(self, hall: asyncpg.Connection) -> None:
        lot = await received(20)
        await actions.build_pallet(stamp=stamp(), place_id=101, contents=[Content(lot.id, 15)])
        with pytest.raises(Refused) as refused:
            await actions.build_pallet(stamp=stamp(), place_id=101, contents=[Content(lot.id, 6)])
        assert refused.value.facts["free"] == 5


class TestLoans:
    async def test_nobody_returns_more_than_was_lent(self, hall: asyncpg.Connection) -> None:
        lot = await received(20)
        lent = await actions.lend(
            stamp=stamp(), takes=[Take(lot.id, 5, 101)], borrower="消防队", due_on=date(2026, 12, 1)
        )
        loan = UUID(lent.body["loan"])
        with pytest.raises(Refused):
            await actions.take_back(stamp=stamp(), loan=loan, takes=[Take(lot.id, 6, 101)])
        await actions.take_back(stamp=stamp(), loan=loan, takes=[Take(lot.id, 5, 101)])
        assert [await on_hand(lot, 101), await on_hand(lot, 101, "awaiting")] == [15, 5]


class TestReturns:
    async def test_come_back_awaiting_and_never_more_than_left(self, hall: asyncpg.Connection) -> None:
        lot = await received(20)
        await actions.issue(stamp=stamp(), takes=[Take(lot.id, 5, 101)])
        with pytest.raises(Refused) as refused:
            await actions.return_goods(stamp=stamp(), takes=[Take(lot.id, 6, 101)])
        assert refused.value.facts["out"] == 5
        await actions.return_goods(stamp=stamp(), takes=[Take(lot.id, 5, 101)])
        assert await on_hand(lot, 101, "awaiting") == 5


class TestRights:
    async def test_no_right_is_denied_and_out_of_scope_is_missing(self, hall: asyncpg.Connection) -> None:
        lot = await received(20)
        planner = replace(stamp(), grants=(Grant(Role.PLANNER, "/1/", ROLES[Role.PLANNER]),), person_id=1)
        elsewhere = replace(stamp(), grants=(Grant(Role.KEEPER, "/1/3/", ROLES[Role.KEEPER]),), person_id=1)
        with pytest.raises(Denied):
            await actions.issue(stamp=planner, takes=[Take(lot.id, 1, 101)])
        with pytest.raises(Missing):
            await actions.issue(stamp=elsewhere, takes=[Take(lot.id, 1, 101)])
        refused = await db.fetch("SELECT code FROM audit WHERE NOT success ORDER BY seq")
        assert [row[0] for row in refused] == ["access.denied", "access.out-of-scope"]

    async def test_a_refusal_before_the_ledger_is_final_for_its_id(self, hall: asyncpg.Connection) -> None:
        lot = await received(20)
        await hall.execute("UPDATE place SET closed_by = 1 WHERE id = 101")
        sent = stamp()
        for _ in range(2):
            with pytest.raises(Refused) as refused:
                await actions.issue(stamp=sent, takes=[Take(lot.id, 1, 101)])
            assert refused.value.code == "stock.bin-closed"
            await hall.execute("UPDATE place SET closed_by = NULL WHERE id = 101")
        assert await on_hand(lot, 101) == 20
