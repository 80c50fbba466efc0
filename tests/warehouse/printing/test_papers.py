"""Papers on a real database: gapless under rivals, one slip per move, frozen content, scope."""

import asyncio
import random
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from pypdf import PdfReader

from api.fonts import find_font
from catalog.kernel import audit_chain, db
from catalog.kernel.access import ROLES, Grant, Role, Scope
from catalog.kernel.errors import Denied, Invalid, Missing, Problem, Refused
from catalog.kernel.stamp import Stamp
from tests.others import all_sealed
from tests.warehouse.stock import world
from warehouse.printing import actions, queries, render
from warehouse.printing.model import IssueWords, Paper, PaperKind, ReceiptWords, Source
from warehouse.replenishment import actions as deliveries
from warehouse.replenishment.model import DeliveryFacts, DeliveryKind, NewLine
from warehouse.stock import actions as stock
from warehouse.stock.actions import Arrival, Take
from warehouse.stock.model import LotFacts

TENT, QUILT = 1, 2
ALL = Scope(("/",))
NOW = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)
NO_WORDS = ReceiptWords()
TO_TOWN = IssueWords("薛埠镇储备点")


def keeper(path: str = "/1/", role: Role = Role.KEEPER) -> Stamp:
    return replace(world.stamp(), login="keeper", person_id=1, grants=(Grant(role, path, ROLES[role]),))


async def receive(quantity: int = 10, item: int = TENT, place: int = 101, **facts: Any) -> Stamp:
    stamp = world.stamp()
    given = LotFacts(item, 1, maker_batch="B1", price_fen=12550, price_per=1, **facts)
    await stock.receive(stamp=stamp, arrivals=[Arrival(given, quantity, place)])
    return stamp


async def slip(source: Source, stamp: Stamp | None = None) -> Paper:
    made = await actions.issue_receipt_slip(stamp=stamp or world.stamp(), source=source, words=NO_WORDS)
    return await queries.get_paper(UUID(made["paper"]), ALL)


async def numbers() -> list[str]:
    return [row[0] for row in await db.fetch("SELECT number FROM paper ORDER BY serial")]


async def test_fifty_rivals_get_the_numbers_one_to_fifty_without_a_gap_also_when_others_fail(
    hall: asyncpg.Connection,
) -> None:
    received = [await receive() for _ in range(50)]
    # Every third attempt is sent twice by different people for the same goods: one of the two must fail.
    sources = [*received, *received[::3]]
    random.Random(7).shuffle(sources)

    async def one(stamp: Stamp) -> str | None:
        try:
            return (await slip(Source(attempt=stamp.attempt))).number
        except Refused as refusal:
            if refusal.code != "paper.already-on-slip":
                raise
            return None

    async def broken() -> None:
        with pytest.raises(Problem):
            await slip(Source(attempt=uuid4()))

    made = await asyncio.gather(*[one(s) for s in sources], *[broken() for _ in range(10)])
    given = sorted(n for n in made if n)
    assert given == [f"CZ01-RK-2026-{n:04d}" for n in range(1, 51)]
    assert await numbers() == given
    assert await db.fetch_value("SELECT last FROM paper_counter") == 50
    twice = "SELECT max(n) FROM (SELECT count(*) AS n FROM paper_move GROUP BY move_seq) c"
    assert await db.fetch_value(twice) == 1


async def test_each_site_kind_and_shanghai_year_counts_for_itself(hall: asyncpg.Connection) -> None:
    here, there = await receive(), await receive(place=121)
    assert (await slip(Source(attempt=here.attempt))).number == "CZ01-RK-2026-0001"
    assert (await slip(Source(attempt=there.attempt))).number == "BB01-RK-2026-0001"
    taken = world.stamp()
    await stock.issue(stamp=taken, takes=[Take(1, 2, 101)])
    out = await actions.issue_issue_slip(stamp=world.stamp(), source=Source(attempt=taken.attempt), words=TO_TOWN)
    assert out["number"] == "CZ01-CK-2026-0001"
    # 16:30 UTC on the last day of the year is next year's morning in Shanghai.
    eve = replace(world.stamp(), recorded_at=datetime(2026, 12, 31, 16, 30, tzinfo=UTC))
    late = await receive()
    assert (await slip(Source(attempt=late.attempt), eve)).number == "CZ01-RK-2027-0001"


async def test_a_repeat_of_the_same_issue_is_the_same_paper(hall: asyncpg.Connection) -> None:
    received, stamp = await receive(), world.stamp()
    first = await slip(Source(attempt=received.attempt), stamp)
    again = await asyncio.gather(*[slip(Source(attempt=received.attempt), stamp) for _ in range(5)])
    assert {paper.number for paper in again} == {first.number}


async def test_a_void_keeps_its_number_and_frees_its_moves(hall: asyncpg.Connection) -> None:
    received = await receive()
    first = await slip(Source(attempt=received.attempt))
    with pytest.raises(Refused) as refusal:
        await slip(Source(attempt=received.attempt))
    assert (refusal.value.code, refusal.value.facts["papers"]) == ("paper.already-on-slip", [first.number])
    with pytest.raises(Invalid):
        await actions.void_paper(stamp=world.stamp(), paper_id=first.id, reason=" ")
    await actions.void_paper(stamp=world.stamp(), paper_id=first.id, reason="供货单位写错")
    second = await slip(Source(attempt=received.attempt))
    assert second.number == "CZ01-RK-2026-0002"
    void = await queries.get_paper(first.id, ALL)
    assert (void.number, void.void_reason) == ("CZ01-RK-2026-0001", "供货单位写错")
    assert void.voided_at is not None
    with pytest.raises(Refused, match="already-void"):
        await actions.void_paper(stamp=world.stamp(), paper_id=first.id, reason="再次")


async def test_a_paper_is_drawn_from_what_was_frozen_byte_for_byte(hall: asyncpg.Connection) -> None:
    received = await receive(expires_on=date(2031, 5, 1), produced_on=date(2026, 5, 1))
    paper = await slip(Source(attempt=received.attempt))
    font = str(find_font())
    before = render.render_paper(paper.kind, paper.content, font)
    assert before.startswith(b"%PDF")
    # The world changes; the paper does not.
    await hall.execute("UPDATE item SET name_zh = '别的', unit_zh = '顶'; UPDATE site SET name_zh = '改名库'")
    again = await queries.get_paper(paper.id, ALL)
    assert render.render_paper(again.kind, again.content, font) == before
    (line,) = again.content["lines"]
    assert (line["name"], line["quantity"], line["unit_price_fen"], line["amount_fen"]) == (
        "帐篷",
        "10",
        12550,
        125500,
    )


async def test_a_paper_carries_the_audit_trail_s_anchor_of_when_it_was_issued(hall: asyncpg.Connection) -> None:
    first = await slip(Source(attempt=(await receive()).attempt))
    assert first.content["anchor"] == "", "no anchor yet: nothing is printed"
    await all_sealed(b"key")
    anchor = await audit_chain.make_anchor(NOW)
    assert anchor is not None
    second = await slip(Source(attempt=(await receive()).attempt))
    font = str(find_font())
    drawn = render.render_paper(second.kind, second.content, font)
    words = "".join(PdfReader(BytesIO(drawn)).pages[0].extract_text().split())
    assert f"审计锚{anchor.position}{anchor.digest.hex()[:16]}{anchor.mac.hex()[:16]}" in words
    await all_sealed(b"key")
    assert await audit_chain.make_anchor(NOW) != anchor
    again = await queries.get_paper(second.id, ALL)
    assert render.render_paper(again.kind, again.content, font) == drawn


async def test_a_delivery_s_slip_names_supplier_invoice_and_joins_scans_of_a_lot(hall: asyncpg.Connection) -> None:
    supplier = await hall.fetchval(
        "INSERT INTO party (uuid, key, kind, name_zh) VALUES (gen_random_uuid(), 'sup', 'supplier', '江南帐篷厂')"
        " RETURNING id"
    )
    facts = DeliveryFacts(DeliveryKind.PURCHASE, 1, supplier, "2026 财政", "SH-1", "FP-88")
    made = await deliveries.create_delivery(
        stamp=world.stamp(), site_id=1, facts=facts, lines=[NewLine(TENT, 30), NewLine(QUILT, 5)], announce=True
    )
    delivery = UUID(made["delivery"])
    for quantity, item, line in ((10, TENT, 1), (12, TENT, 1), (5, QUILT, 2)):
        given = LotFacts(item, 1, maker_batch="B9", fund_source="2026 财政")
        arrival = Arrival(given, quantity, 101, document_line=line)
        await deliveries.receive(stamp=world.stamp(), delivery_id=delivery, arrivals=[arrival])
    mistake = world.stamp()
    arrival = Arrival(LotFacts(TENT, 1, maker_batch="B9", fund_source="2026 财政"), 7, 101, document_line=1)
    await deliveries.receive(stamp=mistake, delivery_id=delivery, arrivals=[arrival])
    await stock.reverse(stamp=world.stamp(), attempt=mistake.attempt)
    paper = await slip(Source(document_id=delivery))
    assert {(x["name"], x["quantity"]) for x in paper.content["lines"]} == {("帐篷", "22"), ("棉被", "5")}
    assert paper.content["supplier"] == "江南帐篷厂"
    assert (paper.content["invoice"], paper.content["fund_source"]) == ("FP-88", "2026 财政")
    assert made["number"] in paper.content["note"]
    assert paper.document_id == delivery
    # What comes later goes on a slip of its own.
    late = Arrival(LotFacts(TENT, 1, maker_batch="B9", fund_source="2026 财政"), 3, 101, document_line=1)
    await deliveries.receive(stamp=world.stamp(), delivery_id=delivery, arrivals=[late])
    second = await slip(Source(document_id=delivery))
    assert [(x["name"], x["quantity"]) for x in second.content["lines"]] == [("帐篷", "3")]
    with pytest.raises(Refused, match="already-on-slip"):
        await slip(Source(document_id=delivery))


async def test_a_day_s_slip_takes_what_stands_on_no_other(hall: asyncpg.Connection) -> None:
    first = await receive(4)
    await receive(6, QUILT)
    await receive(9, QUILT, place=121)  # another site
    await slip(Source(attempt=first.attempt))
    paper = await slip(Source(site_id=1, day=date(2026, 11, 21)))
    assert [(x["name"], x["quantity"]) for x in paper.content["lines"]] == [("棉被", "6")]
    with pytest.raises(Refused, match="nothing-moved"):
        await slip(Source(site_id=1, day=date(2026, 11, 20)))


async def test_an_issue_slip_says_where_to_and_from_which_bin(hall: asyncpg.Connection) -> None:
    await receive(20)
    await stock.move(stamp=world.stamp(), takes=[Take(1, 8, 101, to_place=102)])
    taken = world.stamp()
    await stock.issue(stamp=taken, takes=[Take(1, 5, 101), Take(1, 3, 102)])
    words = IssueWords("薛埠镇储备点", order="常应急调〔2026〕7号", receiver="李四", plate="苏D12345")
    made = await actions.issue_issue_slip(stamp=keeper(), source=Source(attempt=taken.attempt), words=words)
    paper = await queries.get_paper(UUID(made["paper"]), ALL)
    assert [(x["bin"], x["quantity"]) for x in paper.content["lines"]] == [("A-101", "5"), ("A-102", "3")]
    assert paper.content["destination"] == "薛埠镇储备点"
    with pytest.raises(Invalid, match="no-destination"):
        await actions.issue_issue_slip(stamp=keeper(), source=Source(attempt=taken.attempt), words=IssueWords(" "))
    # A receipt is not an issue.
    with pytest.raises(Refused, match="nothing-moved"):
        await slip(Source(attempt=taken.attempt))


async def test_a_ledger_sheet_runs_from_its_opening_to_its_closing_balance(hall: asyncpg.Connection) -> None:
    early = replace(world.stamp(), occurred_at=datetime(2026, 10, 5, tzinfo=UTC))
    await stock.receive(stamp=early, arrivals=[Arrival(LotFacts(TENT, 1, maker_batch="B1"), 100, 101)])
    await receive(10)
    await stock.move(stamp=world.stamp(), takes=[Take(1, 8, 101, to_place=102)])  # inside: no line
    await stock.issue(stamp=world.stamp(), takes=[Take(1, 30, 101)])
    made = await actions.issue_ledger_sheet(
        stamp=world.stamp(), site_id=1, item_id=TENT, start=date(2026, 11, 1), end=date(2026, 11, 30)
    )
    content = (await queries.get_paper(UUID(made["paper"]), ALL)).content
    assert (content["opening"], content["total_in"], content["total_out"], content["closing"]) == (
        "100",
        "10",
        "30",
        "80",
    )
    assert [(x["came_in"], x["went_out"], x["balance"]) for x in content["lines"]] == [
        ("10", "", "110"),
        ("", "30", "80"),
    ]
    assert content["period"] == "2026 年 11 月"
    with pytest.raises(Invalid, match="bad-period"):
        await actions.issue_ledger_sheet(
            stamp=world.stamp(), site_id=1, item_id=TENT, start=date(2026, 11, 2), end=date(2026, 11, 1)
        )


async def test_a_shelf_card_shows_what_stands_there_and_how_it_came(hall: asyncpg.Connection) -> None:
    await receive(20)
    await stock.issue(stamp=world.stamp(), takes=[Take(1, 5, 101)])
    made = await actions.issue_shelf_card(stamp=world.stamp(), place_id=101, lot_id=1)
    content = (await queries.get_paper(UUID(made["paper"]), ALL)).content
    assert (content["name"], content["quantity"], content["bin"]) == ("帐篷", "15 件", "A-101")
    assert [(x["came_in"], x["went_out"], x["balance"]) for x in content["lines"]] == [
        ("20", "", "20"),
        ("", "5", "15"),
    ]
    with pytest.raises(Refused, match="never-stood-here"):
        await actions.issue_shelf_card(stamp=world.stamp(), place_id=103, lot_id=1)


async def test_out_of_scope_is_missing_and_without_the_right_is_denied(hall: asyncpg.Connection) -> None:
    received = await receive()
    for stamp, kind in ((keeper("/1/3/"), Missing), (keeper(role=Role.DISPATCHER), Denied)):
        with pytest.raises(kind):
            await slip(Source(attempt=received.attempt), stamp)
        with pytest.raises(kind):
            await actions.issue_shelf_card(stamp=stamp, place_id=101, lot_id=1)
        with pytest.raises(kind):
            await actions.issue_ledger_sheet(
                stamp=stamp, site_id=1, item_id=TENT, start=date(2026, 1, 1), end=date(2026, 1, 2)
            )
    paper = await slip(Source(attempt=received.attempt))
    with pytest.raises(Missing):
        await actions.void_paper(stamp=keeper("/1/3/"), paper_id=paper.id, reason="x")
    with pytest.raises(Missing):
        await queries.get_paper(paper.id, Scope(("/1/3/",)))
    assert (await queries.list_papers(scope=Scope(("/1/3/",)))).items == []
    assert (await queries.list_papers(scope=Scope(("/1/",)), kind=PaperKind.RECEIPT_SLIP)).items == [paper]
