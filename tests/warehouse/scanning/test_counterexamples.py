"""Scans that a reviewer thought up to reach another's goods, to count a pack wrong, or to break the desk."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from uuid import uuid4

import asyncpg
import pytest

from catalog.kernel import db
from catalog.kernel.access import ROLES, Grant, Role
from labels.codes import OwnKind, write_elements, write_own
from tests.warehouse.scanning.test_scan import code_of, on_hand, one, scan_one, stocked
from tests.warehouse.stock import world
from warehouse.scanning.actions import scan
from warehouse.scanning.model import Outcome
from warehouse.stock import actions
from warehouse.stock.actions import Content
from warehouse.stock.model import DocumentRef

OF_A = (Grant(Role.KEEPER, "/1/2/", ROLES[Role.KEEPER]),)


class TestAnothersGoods:
    async def test_a_pallet_of_another_site_is_not_taken_from_here(self, hall: asyncpg.Connection) -> None:
        """The same lot stands at both sites, so that its lines are known here."""
        lot = await stocked(hall, 20, 121)
        await world.receive(lot, 20, 111)
        built = await actions.build_pallet(stamp=world.stamp(), place_id=121, contents=[Content(lot.id, 10)])
        label = write_own(OwnKind.PALLET, built["pallet"])
        for fact in (False, True):
            result = await scan_one(label, "issue", grants=OF_A, site="AA01", fact=fact)
            assert result.outcome is Outcome.REFUSED
        assert await on_hand(lot, 121) == 20

    async def test_a_pallet_of_another_site_that_is_in_scope_neither(self, hall: asyncpg.Connection) -> None:
        lot = await stocked(hall, 20, 121)
        await world.receive(lot, 20, 101)
        built = await actions.build_pallet(stamp=world.stamp(), place_id=121, contents=[Content(lot.id, 10)])
        result = await scan_one(write_own(OwnKind.PALLET, built["pallet"]), "move", to_bin="CZ102")
        assert (result.outcome, result.code) == (Outcome.REFUSED, "scan.pallet-elsewhere")
        assert await on_hand(lot, 121) == 20

    async def test_a_bin_out_of_sight_is_unknown(self, hall: asyncpg.Connection) -> None:
        lot = await stocked(hall, 20, 111)
        for named in ({"bin": "CZ121"}, {"to_bin": "CZ121", "bin": "CZ111"}):
            result = await scan_one(code_of(lot), "move", quantity=1, grants=OF_A, site="AA01", **named)
            assert result.code == "scan.no-such-bin"
            assert "BB01" not in str(result)

    async def test_a_delivery_is_no_document_of_an_issue(self, hall: asyncpg.Connection) -> None:
        lot = await stocked(hall, 20, 111)
        delivery = uuid4()
        await hall.execute(
            "INSERT INTO delivery (id, number, site_id, owner_region_id, status, created_at, created_by, attempt)"
            " VALUES ($1, 'D1', 3, 3, 'announced', now(), 'x', $1)",
            delivery,
        )
        result = await scan_one(
            code_of(lot), "issue", grants=OF_A, site="AA01", document=DocumentRef("delivery", delivery)
        )
        assert result.outcome is Outcome.DONE
        assert await db.fetch_value("SELECT count(*) FROM move WHERE document_id IS NOT NULL") == 0
        assert await db.fetch_value("SELECT status FROM delivery") == "announced"


class TestReceive:
    async def test_a_lot_label_counts_the_pack_that_was_chosen(self, hall: asyncpg.Connection) -> None:
        await hall.execute("UPDATE pack SET key = 'ZP0001P1'")
        lot = await stocked(hall, 20)
        result = await scan_one(code_of(lot), "receive", quantity=2, pack="ZP0001-P1")
        assert result.facts["lines"][0]["quantity"] == 20

    @pytest.mark.parametrize("mode", ["receive", "issue"])
    async def test_another_items_pack_is_refused(self, hall: asyncpg.Connection, mode: str) -> None:
        await hall.execute("UPDATE pack SET key = 'ZP0001P1'")
        lot = await stocked(hall, 20, item_id=2)
        result = await scan_one(code_of(lot), mode, quantity=1, pack="ZP0001P1")
        assert (result.outcome, result.code) == (Outcome.REFUSED, "scan.no-such-pack")

    async def test_a_phantom_kit_is_not_received(self, hall: asyncpg.Connection) -> None:
        await hall.execute("UPDATE item SET kind = 'phantom_kit' WHERE id = 2")
        assert (await scan_one("OLD-77", "receive")).code == "stock.phantom-kit"

    async def test_a_lot_label_finds_the_line_of_the_delivery(self, hall: asyncpg.Connection) -> None:
        lot = await stocked(hall, 20)
        delivery = uuid4()
        await hall.execute(
            "INSERT INTO delivery (id, number, site_id, owner_region_id, status, created_at, created_by, attempt)"
            " VALUES ($1, 'D1', 1, 1, 'announced', now(), 'x', $1)",
            delivery,
        )
        await hall.execute(
            "INSERT INTO delivery_line (delivery_id, line, item_id, quantity) VALUES ($1, 3, 1, 100)", delivery
        )
        document = DocumentRef("delivery", delivery)
        await scan_one(code_of(lot), "receive", quantity=2, document=document)
        assert await db.fetch_value("SELECT document_line FROM move WHERE document_id = $1", delivery) == 3
        quilt = await stocked(hall, 20, item_id=2)
        assert (await scan_one(code_of(quilt), "receive", document=document)).code == "delivery.wrong-item"


ODD = [
    "\x1d" * 500,
    "(01)" * 125,
    "]d2" + "9" * 490,
    "91" + "L" * 400,
    "0" * 500,
    "１" * 500,
    "\u202e\u200b帐" * 100,
    "https://id.gs1.org/01/" + "9" * 400,
    "%%%" * 100,
    "9" * 14 + "\x1d37" + "9" * 8,
]


class TestBadInput:
    @pytest.mark.parametrize("mode", ["receive", "issue", "move", "put-away", "look-up"])
    async def test_odd_strings_are_answered(self, hall: asyncpg.Connection, mode: str) -> None:
        results = await scan([one(raw, mode, bin="CZ101", to_bin="CZ102") for raw in ODD])
        assert all(r.outcome is not Outcome.DONE for r in results)

    async def test_the_largest_quantities_are_refused_or_fit(self, hall: asyncpg.Connection) -> None:
        sand = (await world.add_lots(hall, {"item_id": 4}))[0]
        for more in ({"quantity": 10**12}, {"base_quantity": 10**12}, {"quantity": 10**9, "base_quantity": None}):
            result = await scan_one(code_of(sand), "receive", **more)
            assert result.outcome in (Outcome.DONE, Outcome.REFUSED)
        assert (await scan_one(code_of(sand), "receive", quantity=10**12)).code == "quantity.too-large"

    @pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31)])
    async def test_absurd_dates_are_answered(self, hall: asyncpg.Connection, day: date) -> None:
        raw = write_elements([("01", "02000000000015")])
        result = await scan_one(raw, "receive", given={"expires_on": day})
        assert result.outcome in (Outcome.DONE, Outcome.REFUSED)
        if result.outcome is Outcome.DONE:
            number = result.facts["lines"][0]["lot"]
            assert (await scan_one(write_own(OwnKind.LOT, number), "issue")).outcome is not None

    async def test_what_cannot_be_written_down_spoils_no_neighbours_scan(self, hall: asyncpg.Connection) -> None:
        lot = await stocked(hall)
        odd = one(code_of(lot))
        odd = replace(odd, stamp=replace(odd.stamp, device_time=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=8)))))
        results = await scan([one(code_of(lot)), odd, one("\ud800"), one(code_of(lot))])
        assert [r.outcome.value for r in results] == ["done", "refused", "refused", "done"]
        assert await on_hand(lot, 101) == 48
