"""Sequences that a reviewer thought up to make goods out of nothing, or to reach another's goods."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import asyncpg
import pytest

from catalog.kernel import db
from catalog.kernel.access import ROLES, Grant, Role
from catalog.kernel.errors import Missing, Refused
from catalog.kernel.stamp import Stamp
from tests.warehouse.stock.test_verbs import PUMP, on_hand, received
from tests.warehouse.stock.world import NOW, stamp
from warehouse.stock import actions
from warehouse.stock.actions import Correction, Counted, Part, Take
from warehouse.stock.model import Condition


def keeper(path: str) -> Stamp:
    """A keeper of one district."""
    return replace(stamp(), grants=(Grant(Role.KEEPER, path, ROLES[Role.KEEPER]),), person_id=1)


class TestUndo:
    async def test_goods_that_were_given_back_are_not_given_back_again_by_undoing_their_issue(
        self, hall: asyncpg.Connection
    ) -> None:
        lot = await received(20)
        sent = stamp()
        await actions.issue(stamp=sent, takes=[Take(lot.id, 5, 101)])
        await actions.return_goods(stamp=stamp(), takes=[Take(lot.id, 3, 101)])
        with pytest.raises(Refused) as refused:
            await actions.reverse(stamp=stamp(), attempt=sent.attempt)
        assert refused.value.code == "stock.cannot-reverse"
        assert [by["why"] for by in refused.value.facts["blocked_by"]] == ["returned"]
        assert [await on_hand(lot, 101), await on_hand(lot, 101, "awaiting")] == [15, 3]

    async def test_a_count_is_not_undone_past_a_later_count(self, hall: asyncpg.Connection) -> None:
        lot = await received(20)
        first = stamp(at=NOW + timedelta(hours=1))
        await actions.count(stamp=first, place_id=101, found=[Counted(lot.id, Condition.GOOD, 25)])
        later = stamp(at=NOW + timedelta(hours=2))
        await actions.count(stamp=later, place_id=101, found=[Counted(lot.id, Condition.GOOD, 25)])
        with pytest.raises(Refused) as refused:
            await actions.reverse(stamp=stamp(at=NOW + timedelta(hours=3)), attempt=first.attempt)
        assert refused.value.facts["blocked_by"][0]["why"] == "counted"

    async def test_a_fact_before_a_count_that_was_undone_takes_nothing_back(self, hall: asyncpg.Connection) -> None:
        lot = await received(20)
        counted = stamp(at=NOW + timedelta(hours=1))
        await actions.count(stamp=counted, place_id=101, found=[Counted(lot.id, Condition.GOOD, 15)])
        await actions.reverse(stamp=stamp(at=NOW + timedelta(hours=2)), attempt=counted.attempt)
        late = stamp(at=NOW + timedelta(minutes=30), recorded=NOW + timedelta(hours=3))
        await actions.issue(stamp=late, takes=[Take(lot.id, 5, 101)], fact=True)
        assert await on_hand(lot, 101) == 15

    async def test_says_that_goods_are_promised(self, hall: asyncpg.Connection) -> None:
        lot = await received(20)
        (attempt,) = [row[0] for row in await db.fetch("SELECT attempt FROM move WHERE lot_id = $1", lot.id)]
        held = await actions.reserve(
            stamp=stamp(), lot_id=lot.id, place_id=101, quantity=5, expires_at=NOW + timedelta(days=1)
        )
        with pytest.raises(Refused) as refused:
            await actions.reverse(stamp=stamp(), attempt=attempt)
        (by,) = refused.value.facts["blocked_by"]
        assert (by["why"], by["reservation"]) == ("reserved", held["reservation"])

    async def test_a_fact_with_its_adjustment_goes_back_whole(self, hall: asyncpg.Connection) -> None:
        lot = await received(3)
        sent = stamp()
        await actions.issue(stamp=sent, takes=[Take(lot.id, 5, 101)], fact=True)
        await actions.reverse(stamp=stamp(), attempt=sent.attempt)
        assert await on_hand(lot, 101) == 3

    async def test_a_conversion_of_pieces_goes_back_whole(self, hall: asyncpg.Connection) -> None:
        lot = await received(3, item_id=PUMP)
        sent = stamp()
        change = Correction({"maker_batch": "B2"}, reason="批号看错")
        await actions.correct(stamp=sent, lot_id=lot.id, site_id=1, correction=change)
        await actions.reverse(stamp=stamp(), attempt=sent.attempt)
        states = await db.fetch("SELECT lot_id, place_id FROM serial_state")
        assert {tuple(s) for s in states} == {(lot.id, 101)}

    async def test_two_who_undo_the_same_do_it_once(self, hall: asyncpg.Connection) -> None:
        lot = await received(20)
        sent = stamp()
        await actions.issue(stamp=sent, takes=[Take(lot.id, 5, 101)])
        await asyncio.gather(
            *(actions.reverse(stamp=stamp(), attempt=sent.attempt) for _ in range(6)), return_exceptions=True
        )
        assert await on_hand(lot, 101) == 20


class TestCountAgainstRivals:
    async def test_goods_that_arrive_while_an_empty_shelf_is_counted_are_not_counted_twice(
        self, hall: asyncpg.Connection
    ) -> None:
        """The shelf has no balance row yet; the arrival is under way when the count looks at the books."""
        lot = await received(20)
        arriving = hall.transaction()
        await arriving.start()
        await hall.execute(
            "INSERT INTO balance (lot_id, place_id, condition, item_id, site_id, on_hand)"
            " VALUES ($1, 102, 'good', 1, 1, 5)",
            lot.id,
        )
        counting = asyncio.create_task(
            actions.count(stamp=stamp(), place_id=102, found=[Counted(lot.id, Condition.GOOD, 5)])
        )
        await asyncio.sleep(0.3)
        await arriving.commit()
        await counting
        assert await on_hand(lot, 102) == 5


class TestRights:
    async def test_a_piece_that_the_books_have_in_anothers_site_is_not_counted_away_from_him(
        self, hall: asyncpg.Connection
    ) -> None:
        lot = await received(1, place=121, item_id=PUMP)
        piece = await db.fetch_value("SELECT id FROM serial")
        with pytest.raises(Missing):
            await actions.count(
                stamp=keeper("/1/2/"), place_id=111, found=[Counted(lot.id, Condition.GOOD, 1, (piece,))]
            )
        assert await on_hand(lot, 121) == 1

    async def test_the_owner_of_anothers_goods_in_custody_is_not_corrected(self, hall: asyncpg.Connection) -> None:
        lot = await received(10, place=111, owner_region_id=3)
        change = Correction({"owner_region_id": 2}, kind="owner", reason="归我")
        with pytest.raises(Missing):
            await actions.correct(stamp=keeper("/1/2/"), lot_id=lot.id, site_id=2, correction=change)
        await actions.correct(stamp=keeper("/1/"), lot_id=lot.id, site_id=2, correction=change)

    async def test_care_only_where_the_goods_stand_or_stood(self, hall: asyncpg.Connection) -> None:
        lot = await received(10, place=121)
        with pytest.raises(Missing):
            await actions.care(
                stamp=keeper("/1/2/"), lot_id=lot.id, site_id=2, kind="restack", done_on=date(2026, 11, 1), passed=True
            )

    async def test_care_only_of_a_piece_of_the_lot(self, hall: asyncpg.Connection) -> None:
        lot, other = await received(1, item_id=PUMP), await received(1, item_id=PUMP)
        piece = await db.fetch_value("SELECT id FROM serial WHERE lot_id = $1", other.id)
        with pytest.raises(Missing):
            await actions.care(
                stamp=stamp(),
                lot_id=lot.id,
                site_id=1,
                kind="restack",
                done_on=date(2026, 11, 1),
                passed=True,
                serial_id=piece,
            )


class TestKits:
    async def test_not_from_expired_parts(self, hall: asyncpg.Connection) -> None:
        await hall.execute(
            "INSERT INTO item (id, key, name_zh, tracking, kind, dimension, unit_zh, class_id, storage_class_id,"
            " source) VALUES (9, 'YJB-0001', '应急包', 'lot', 'stocked_kit', 'piece', '个', 1, 1, 'test');"
            "INSERT INTO kit_component (kit_id, component_id, quantity) VALUES (9, 1, 1)"
        )
        old = await received(10, expires_on=date(2026, 11, 20))
        with pytest.raises(Refused) as refused:
            await actions.make_kit(
                stamp=stamp(), kit_item_id=9, count=5, place_id=102, parts=[Part(old.id, 5, 101)], owner_region_id=1
            )
        assert refused.value.code == "stock.expired"


class TestTime:
    async def test_a_command_is_judged_by_today_whatever_its_device_says(self, hall: asyncpg.Connection) -> None:
        lot = await received(10, expires_on=date(2026, 11, 20))
        early = stamp(at=NOW - timedelta(days=3), recorded=NOW)
        with pytest.raises(Refused) as refused:
            await actions.issue(stamp=early, takes=[Take(lot.id, 1, 101)])
        assert refused.value.code == "stock.expired"
