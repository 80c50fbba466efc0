"""A keeper's day at the scanner, on the real database: what each scan answers and what it does to the stock."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from catalog.kernel import db
from catalog.kernel.access import ROLES, Grant, Role
from catalog.kernel.stamp import content_hash
from labels.codes import OwnKind, check_digit, write_elements, write_own
from tests.warehouse.fulfilment.test_boxes import packed, prepared, with_prefix
from tests.warehouse.stock import world
from tests.warehouse.stock.world import NOW
from warehouse.fulfilment.queries import list_boxes
from warehouse.scanning.actions import scan
from warehouse.scanning.model import Mode, Outcome, Scan, ScanRequest, ScanResult
from warehouse.stock.model import DocumentRef, Lot

KEEPER = (Grant(Role.KEEPER, "/1/", ROLES[Role.KEEPER]),)


def one(raw: str, mode: str = "issue", *, fact: bool = False, at: Any = NOW, grants: Any = KEEPER, **more: Any) -> Scan:
    """A scan at site CZ01 by a keeper of the city."""
    request = ScanRequest(id=more.pop("id", uuid4()), raw=raw, mode=Mode(mode), **{"site": "CZ01", **more})
    hashed = content_hash([raw, mode, fact, str(more)])
    stamp = replace(
        world.stamp(attempt=request.id, at=at, recorded=NOW), content_hash=hashed, grants=grants, person_id=1
    )
    return Scan(request, stamp, uuid4(), fact)


async def scan_one(raw: str, mode: str = "issue", **more: Any) -> ScanResult:
    (result,) = await scan([one(raw, mode, **more)])
    return result


def code_of(lot: Lot) -> str:
    return write_own(OwnKind.LOT, lot.number)


async def on_hand(lot: Lot, place: int, condition: str = "good") -> int:
    return (
        await db.fetch_value(
            "SELECT on_hand FROM balance WHERE lot_id = $1 AND place_id = $2 AND condition = $3",
            lot.id,
            place,
            condition,
        )
        or 0
    )


async def stocked(hall: asyncpg.Connection, quantity: int = 50, place: int = 101, **facts: Any) -> Lot:
    (lot,) = await world.add_lots(hall, facts)
    await world.receive(lot, quantity, place)
    return lot


class TestReceive:
    async def test_a_makers_code_makes_a_lot_with_what_it_says(self, hall: asyncpg.Connection) -> None:
        raw = write_elements([("01", "02000000000015"), ("17", "270131"), ("10", "B7")])
        result = await scan_one("]d2" + raw, "receive", quantity=12)
        assert (result.outcome, result.code) == (Outcome.DONE, "scan.received")
        (line,) = result.facts["lines"]
        row = await db.fetch_row(
            "SELECT maker_batch, expires_on, owner_region_id FROM lot WHERE number = $1", line["lot"]
        )
        assert row is not None
        assert tuple(row) == ("B7", date(2027, 1, 31), 1)
        assert line["to"]["on_hand"] == 12
        assert line["to"]["place"] == "STAGE"

    async def test_equal_facts_join_the_lot_and_other_facts_do_not(self, hall: asyncpg.Connection) -> None:
        raw = write_elements([("01", "02000000000015"), ("10", "B7")])
        lots = [
            (await scan_one(raw, "receive", given=given)).facts["lines"][0]["lot"]
            for given in ({}, {}, {"price_fen": 0}, {"price_fen": 100})
        ]
        assert lots[0] == lots[1]
        assert len(set(lots)) == 3

    async def test_a_missing_field_never_blanks_a_known_one(self, hall: asyncpg.Connection) -> None:
        known = {"expires_on": date(2028, 1, 1), "maker_batch": "X1"}
        first = await scan_one(write_elements([("01", "02000000000015")]), "receive", given=known)
        number = first.facts["lines"][0]["lot"]
        again = await scan_one(write_own(OwnKind.LOT, number), "receive")
        assert again.facts["lines"][0]["lot"] == number
        assert again.facts["lines"][0]["expires_on"] == "2028-01-01"

    async def test_a_case_counts_its_pieces(self, hall: asyncpg.Connection) -> None:
        result = await scan_one("2000000000022"[:12] + check_digit("200000000002"), "receive", quantity=3)
        assert result.facts["lines"][0]["quantity"] == 30

    async def test_an_unknown_gtin_asks_new_item_or_alias_with_what_it_says(self, hall: asyncpg.Connection) -> None:
        body = "690123456789"
        result = await scan_one(body + check_digit(body), "receive")
        assert (result.outcome, result.code) == (Outcome.ASK, "scan.ask-item")
        assert result.facts["reading"]["gtin"] == "0" + body + check_digit(body)

    async def test_told_which_item_it_is_an_unknown_gtin_brings_in_what_it_says(self, hall: asyncpg.Connection) -> None:
        body = "0690123456789"
        raw = write_elements([("01", body + check_digit(body)), ("17", "280301"), ("10", "B7")])
        result = await scan_one(raw, "receive", answers={"item": "MB-0001"}, quantity=4)
        assert (result.outcome, result.code) == (Outcome.DONE, "scan.received")
        (line,) = result.facts["lines"]
        assert (line["item"], line["quantity"], line["expires_on"]) == ("棉被", 4, "2028-03-01")
        assert await db.fetch_value("SELECT maker_batch FROM lot WHERE number = $1", line["lot"]) == "B7"

    async def test_an_old_text_code_is_an_alias(self, hall: asyncpg.Connection) -> None:
        result = await scan_one("old-77", "receive", quantity=2)
        assert result.facts["lines"][0]["item"] == "棉被"

    async def test_numbered_goods_ask_for_their_numbers_and_get_own_ones(self, hall: asyncpg.Connection) -> None:
        gtin = write_elements([("01", "02000000000039")])
        assert (await scan_one(gtin, "receive")).code == "scan.ask-serials"
        result = await scan_one(gtin, "receive", given={"serials": ["M-1", "M-2"]})
        assert result.facts["lines"][0]["quantity"] == 2
        assert await db.fetch_value("SELECT count(*) FROM serial_state WHERE place_id = 100") == 2

    async def test_expiry_before_production_is_refused(self, hall: asyncpg.Connection) -> None:
        raw = write_elements([("01", "02000000000015"), ("11", "270101"), ("17", "260101")])
        assert (await scan_one(raw, "receive")).code == "stock.expiry-before-production"


class TestIssue:
    async def test_takes_from_the_one_bin_where_it_stands(self, hall: asyncpg.Connection) -> None:
        lot = await stocked(hall)
        result = await scan_one(code_of(lot), quantity=5)
        assert (result.outcome, result.code) == (Outcome.DONE, "scan.issued")
        assert result.facts["lines"][0]["from"] == {
            "place_id": 101,
            "place": "A-101",
            "condition": "good",
            "on_hand": 45,
            "reserved": 0,
        }
        assert await on_hand(lot, 101) == 45

    async def test_asks_which_bin_where_there_are_several(self, hall: asyncpg.Connection) -> None:
        lot = await stocked(hall)
        await world.receive(lot, 5, 102)
        asked = await scan_one(code_of(lot))
        assert asked.code == "scan.ask-bin"
        assert {c["place"] for c in asked.facts["candidates"]} == {"A-101", "A-102"}
        for named in ("CZ102", "A-102"):
            assert (await scan_one(code_of(lot), bin=named)).outcome is Outcome.DONE
        assert await on_hand(lot, 102) == 3

    async def test_what_expires_first_goes_first_unless_there_is_a_reason(self, hall: asyncpg.Connection) -> None:
        late = await stocked(hall, expires_on=date(2028, 1, 1))
        early = await stocked(hall, place=102, expires_on=date(2027, 1, 1))
        asked = await scan_one(code_of(late))
        assert (asked.outcome, asked.code) == (Outcome.ASK, "scan.ask-fefo")
        assert asked.facts["first"]["lot"] == early.number
        done = await scan_one(code_of(late), reason="前一批压在里面")
        assert done.outcome is Outcome.DONE
        noted = await db.fetch_value("SELECT note FROM move WHERE attempt = $1", done.id)
        assert noted == "前一批压在里面"
        assert (await scan_one(code_of(early))).outcome is Outcome.DONE

    @pytest.mark.parametrize("condition", ["frozen", "awaiting", "damaged"])
    async def test_goods_that_are_not_good_do_not_leave(self, hall: asyncpg.Connection, condition: str) -> None:
        (lot,) = await world.add_lots(hall, {})
        await world.receive(lot, 5, (101, condition))
        result = await scan_one(code_of(lot), condition=condition)
        assert (result.outcome, result.code) == (Outcome.REFUSED, "stock.not-usable")

    async def test_the_expiry_day_itself_is_usable_and_the_next_is_not(self, hall: asyncpg.Connection) -> None:
        today = await stocked(hall, expires_on=date(2026, 11, 21))
        gone = await stocked(hall, expires_on=date(2026, 11, 20))
        assert (await scan_one(code_of(today))).outcome is Outcome.DONE
        assert (await scan_one(code_of(gone))).code == "stock.expired"

    async def test_a_refusal_says_what_was_asked_what_is_free_and_where_else(self, hall: asyncpg.Connection) -> None:
        lot = await stocked(hall, 5)
        await world.receive(lot, 7, 102)
        result = await scan_one(code_of(lot), quantity=6, bin="A-101")
        assert result.code == "stock.not-enough"
        assert (result.facts["asked"], result.facts["free"]) == (6, 5)
        assert [(w["place"], w["free"]) for w in result.facts["where_else"]] == [("A-102", 7)]

    async def test_each_refusal_of_a_batch_says_where_else_from_its_own_bin(self, hall: asyncpg.Connection) -> None:
        lot = await stocked(hall, 5)
        await world.receive(lot, 7, 102)
        asked = [("A-101", 6), ("A-101", 9), ("A-102", 8)]
        results = await scan([one(code_of(lot), quantity=quantity, bin=bin_) for bin_, quantity in asked])
        assert [r.code for r in results] == ["stock.not-enough"] * 3
        elsewhere = [[(w["place"], w["free"]) for w in r.facts["where_else"]] for r in results]
        assert elsewhere == [[("A-102", 7)], [("A-102", 7)], [("A-101", 5)]]

    async def test_what_never_expires_goes_last_and_what_has_expired_is_not_proposed(
        self, hall: asyncpg.Connection
    ) -> None:
        never, other = await stocked(hall), await stocked(hall, maker_batch="other")
        await stocked(hall, place=102, expires_on=date(2026, 11, 20))
        assert (await scan_one(code_of(never))).outcome is Outcome.DONE
        assert (await scan_one(code_of(other))).outcome is Outcome.DONE
        for n in range(30):
            await stocked(hall, place=102, expires_on=date(2027, 1, 30 - n))
        asked = await scan_one(code_of(never))
        assert asked.code == "scan.ask-fefo"
        assert asked.facts["first"]["expires_on"] == "2027-01-01"

    async def test_less_than_a_pack_asks_whether_it_was_opened(self, hall: asyncpg.Connection) -> None:
        await stocked(hall, 7)
        case = write_elements([("01", "02000000000022")])
        asked = await scan_one(case)
        assert asked.code == "scan.ask-opened-pack"
        assert (asked.facts["pack_quantity"], asked.facts["free"]) == (10, 7)
        assert (await scan_one(case, base_quantity=7, answers={"opened": True})).outcome is Outcome.DONE

    async def test_a_makers_batch_of_several_lots_is_asked_and_narrowed_by_bin(self, hall: asyncpg.Connection) -> None:
        first = await stocked(hall, maker_batch="B1", expires_on=date(2027, 1, 1))
        second = await stocked(hall, place=102, maker_batch="B1", expires_on=date(2027, 5, 1))
        raw = write_elements([("01", "02000000000015"), ("10", "B1")])
        asked = await scan_one(raw)
        assert asked.code == "scan.ask-lot"
        assert [c["lot"] for c in asked.facts["candidates"]] == [first.number, second.number]
        assert (await scan_one(raw, bin="A-102", reason="先用外面的")).facts["lines"][0]["lot"] == second.number
        assert (await scan_one(raw, answers={"lot": first.number})).facts["lines"][0]["lot"] == first.number

    async def test_a_piece_is_known_by_its_number(self, hall: asyncpg.Connection) -> None:
        (lot,) = await world.add_lots(hall, {"item_id": 3})
        ids = await world.add_serials(hall, lot, 2)
        await world.receive(lot, 2, 101, ids)
        assert (await scan_one(code_of(lot))).code == "scan.ask-serials"
        number = await db.fetch_value("SELECT number FROM serial WHERE id = $1", ids[0])
        raw = write_own(OwnKind.SERIAL, number)
        assert (await scan_one(raw)).outcome is Outcome.DONE
        assert (await scan_one(raw)).code == "stock.serial-elsewhere"


class TestPutAwayAndMove:
    async def test_everything_in_staging_goes_to_the_bin(self, hall: asyncpg.Connection) -> None:
        lot = await stocked(hall, 12, place=100)
        assert (await scan_one(code_of(lot), "put-away")).code == "scan.ask-bin"
        result = await scan_one(code_of(lot), "put-away", bin="CZ103")
        assert (result.code, await on_hand(lot, 103), await on_hand(lot, 100)) == ("scan.put-away", 12, 0)

    async def test_a_move_names_both_bins_and_a_quantity(self, hall: asyncpg.Connection) -> None:
        lot = await stocked(hall)
        assert (await scan_one(code_of(lot), "move", bin="A-101", to_bin="A-104")).code == "scan.ask-quantity"
        result = await scan_one(code_of(lot), "move", bin="A-101", to_bin="A-104", quantity=20)
        assert (result.code, await on_hand(lot, 104)) == ("scan.moved", 20)

    async def test_a_bin_of_another_site_is_refused(self, hall: asyncpg.Connection) -> None:
        lot = await stocked(hall)
        result = await scan_one(code_of(lot), "move", bin="A-101", to_bin="CZ111", quantity=1)
        assert result.code == "scan.wrong-site"


class TestContextAndLookUp:
    async def test_the_code_on_a_shelf_may_be_typed_without_its_label(self, hall: asyncpg.Connection) -> None:
        for typed in ("A-101", " a-101 "):
            result = await scan_one(typed, "put-away")
            assert (result.code, result.facts["bin"]["code"]) == ("scan.bin-set", "A-101")
        assert (await scan_one("A-999", "put-away")).outcome is Outcome.UNREADABLE
        elsewhere = await scan_one("A-101", "put-away", site="CZ02")
        assert elsewhere.code != "scan.bin-set", "a shelf's code means a shelf of this store only"

    async def test_a_bin_alone_sets_the_bin_and_shows_what_is_in_it(self, hall: asyncpg.Connection) -> None:
        lot = await stocked(hall)
        result = await scan_one(write_own(OwnKind.BIN, "CZ101"))
        assert (result.outcome, result.code) == (Outcome.DONE, "scan.bin-set")
        assert [c["lot"] for c in result.facts["contents"]] == [lot.number]

    async def test_rubbish_is_stored_as_unreadable(self, hall: asyncpg.Connection) -> None:
        result = await scan_one("§§ what is this", "issue")
        assert result.outcome is Outcome.UNREADABLE
        stored = await db.fetch_row("SELECT raw, outcome FROM scan WHERE id = $1", result.id)
        assert stored is not None
        assert tuple(stored) == ("§§ what is this", "unreadable")

    async def test_look_up_needs_no_site(self, hall: asyncpg.Connection) -> None:
        lot = await stocked(hall)
        result = await scan_one(code_of(lot), "look-up", site="")
        assert (result.facts["kind"], result.facts["standing"][0]["on_hand"]) == ("lot", 50)

    async def test_a_lot_is_looked_up_but_never_taken_by_its_bare_number(self, hall: asyncpg.Connection) -> None:
        lot = await stocked(hall)
        assert (await scan_one(lot.number, "look-up")).facts["lot"] == lot.number
        assert (await scan_one(lot.number, "issue")).outcome is Outcome.UNREADABLE

    async def test_nobody_scans_where_he_has_no_right(self, hall: asyncpg.Connection) -> None:
        lot = await stocked(hall)
        elsewhere = (Grant(Role.KEEPER, "/1/3/", ROLES[Role.KEEPER]),)
        planner = (Grant(Role.PLANNER, "/1/", ROLES[Role.PLANNER]),)
        assert (await scan_one(code_of(lot), grants=elsewhere)).code == "access.out-of-scope"
        assert (await scan_one(code_of(lot), grants=planner)).code == "access.denied"
        assert await on_hand(lot, 101) == 50


class TestTwice:
    async def test_the_same_scan_again_is_one_effect_and_the_same_answer(self, hall: asyncpg.Connection) -> None:
        lot = await stocked(hall)
        sent = one(code_of(lot), quantity=5)
        (first,) = await scan([sent])
        again, twin = await scan([sent, sent])
        assert again.outcome is twin.outcome is Outcome.REPEAT
        assert again.was is Outcome.DONE
        assert again.facts["lines"] == first.facts["lines"]
        assert await on_hand(lot, 101) == 45

    async def test_twins_in_one_batch_are_one_effect(self, hall: asyncpg.Connection) -> None:
        lot = await stocked(hall)
        sent = one(code_of(lot), quantity=5)
        results = await scan([sent, sent, sent])
        assert [r.outcome for r in results] == [Outcome.DONE, Outcome.REPEAT, Outcome.REPEAT]
        assert await on_hand(lot, 101) == 45

    async def test_the_same_id_with_other_contents_is_refused(self, hall: asyncpg.Connection) -> None:
        lot = await stocked(hall)
        number = uuid4()
        await scan_one(code_of(lot), quantity=5, id=number)
        other = await scan_one(code_of(lot), quantity=6, id=number)
        assert (other.outcome, other.code) == (Outcome.REFUSED, "attempt.other-content")
        assert await on_hand(lot, 101) == 45

    async def test_a_refusal_is_final_for_its_id(self, hall: asyncpg.Connection) -> None:
        lot = await stocked(hall, 3)
        number: UUID = uuid4()
        refused = await scan_one(code_of(lot), quantity=5, id=number)
        await world.receive(lot, 50, 101)
        again = await scan_one(code_of(lot), quantity=5, id=number)
        assert (refused.outcome, again.outcome, again.was) == (Outcome.REFUSED, Outcome.REPEAT, Outcome.REFUSED)
        assert await on_hand(lot, 101) == 53


class TestBatch:
    async def test_each_scan_sees_what_the_ones_before_it_did(self, hall: asyncpg.Connection) -> None:
        lot = await stocked(hall, 10)
        results = await scan([one(code_of(lot), quantity=4) for _ in range(3)])
        assert [r.outcome for r in results] == [Outcome.DONE, Outcome.DONE, Outcome.REFUSED]
        assert await on_hand(lot, 101) == 2

    async def test_one_bad_scan_does_not_spoil_its_neighbours(self, hall: asyncpg.Connection) -> None:
        lot = await stocked(hall)
        sent: Sequence[Scan] = [
            one(code_of(lot)),
            one("nonsense"),
            one(write_own(OwnKind.LOT, "26999999")),
            one(code_of(lot), site="NOPE"),
            one(code_of(lot)),
        ]
        results = await scan(sent)
        assert [r.outcome.value for r in results] == ["done", "unreadable", "refused", "refused", "done"]
        assert await db.fetch_value("SELECT count(*) FROM scan") == 5


class TestFacts:
    async def test_what_has_happened_is_recorded_even_if_the_books_lack_it(self, hall: asyncpg.Connection) -> None:
        lot = await stocked(hall, 3)
        result = await scan_one(code_of(lot), quantity=5, fact=True, at=NOW - timedelta(hours=1))
        assert result.outcome is Outcome.DONE
        assert result.facts["warnings"] == ["books-short"]
        assert result.facts["case"]
        assert await on_hand(lot, 101) == 0

    async def test_a_fact_is_recorded_in_a_bin_that_is_shut(self, hall: asyncpg.Connection) -> None:
        lot = await stocked(hall, 9)
        await hall.execute("UPDATE place SET closed_by = 1 WHERE id = 101")
        assert (await scan_one(code_of(lot), bin="A-101")).code == "scan.bin-closed"
        assert (await scan_one(code_of(lot), bin="A-101", fact=True)).outcome is Outcome.DONE
        assert await on_hand(lot, 101) == 8

    async def test_goods_that_came_before_the_delivery_was_closed_are_recorded(self, hall: asyncpg.Connection) -> None:
        delivery = uuid4()
        await hall.execute(
            "INSERT INTO delivery (id, number, site_id, owner_region_id, status, created_at, created_by, attempt)"
            " VALUES ($1, 'CZ01-26-000001', 1, 1, 'closed', $2, 'test', $1)",
            delivery,
            NOW,
        )
        await hall.execute(
            "INSERT INTO delivery_line (delivery_id, line, item_id, quantity) VALUES ($1, 1, 1, 10)", delivery
        )
        raw = write_elements([("01", "02000000000015")])
        document = DocumentRef("delivery", delivery)
        assert (await scan_one(raw, "receive", document=document)).code == "delivery.not-open"
        late = await scan_one(raw, "receive", document=document, fact=True)
        assert late.outcome is Outcome.DONE
        row = await db.fetch_row("SELECT document_id, document_line FROM move WHERE attempt = $1", late.id)
        assert row is not None
        assert tuple(row) == (delivery, 1)
        assert await db.fetch_value("SELECT status FROM delivery") == "closed"

    async def test_a_fact_is_not_asked(self, hall: asyncpg.Connection) -> None:
        late = await stocked(hall, expires_on=date(2028, 1, 1))
        await stocked(hall, place=102, expires_on=date(2027, 1, 1))
        await world.receive(late, 5, 103)
        result = await scan_one(code_of(late), quantity=2, fact=True)
        assert result.outcome is Outcome.DONE


class TestMakersSerials:
    async def test_the_makers_number_finds_the_piece_and_is_not_taken_twice(self, hall: asyncpg.Connection) -> None:
        raw = "]d2" + write_elements([("01", "02000000000039"), ("21", "M-1")])
        first = await scan_one(raw, "receive")
        assert first.facts["lines"][0]["quantity"] == 1
        assert (await scan_one(raw, "receive")).code == "scan.serial-known"
        assert (await scan_one("M-1", "look-up")).facts["maker_serial"] == "M-1"
        assert (await scan_one(raw)).code == "scan.issued"


class TestDocuments:
    async def test_a_boxs_label_leads_to_its_shipment_whatever_is_being_done(self, hall: asyncpg.Connection) -> None:
        await with_prefix(hall)
        shipment, tents, _ = await prepared(hall)
        await packed(shipment, (tents, 4))
        (box,) = await list_boxes(shipment)
        for raw in (write_own(OwnKind.PALLET, box.number), f"(00){box.sscc}"):
            for mode in ("look-up", "receive", "issue", "put-away"):
                result = await scan_one(raw, mode)
                assert result.code == "scan.document-set", (raw, mode)
                said = result.facts["document"]
                assert (said["kind"], said["id"], said["box"]) == ("shipment", str(shipment), box.number)

    async def test_a_papers_code_says_which_paper_it_is(self, hall: asyncpg.Connection) -> None:
        await hall.execute(
            "INSERT INTO paper (id, number, kind, site_id, year, serial, content, issued_at, issued_by, attempt)"
            " VALUES ($1, 'CZ01-RK-2026-0001', 'receipt_slip', 1, 2026, 1, '{}', $2, 'test', $1)",
            uuid4(),
            NOW,
        )
        result = await scan_one(write_own(OwnKind.DOCUMENT, "CZ01RK20260001"), "look-up")
        assert result.code == "scan.document-set"
        assert result.facts["document"]["number"] == "CZ01-RK-2026-0001"
