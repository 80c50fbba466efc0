"""Deliveries on a real database: short, over, damaged, wrong; rivals; scope; and what the case says."""

import asyncio
import json
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from catalog.kernel import db
from catalog.kernel.access import ROLES, Grant, Permission, Role, Scope, scope_of
from catalog.kernel.errors import Denied, Invalid, Missing, Refused, Stale
from catalog.kernel.stamp import Stamp
from tests.warehouse.stock import world
from warehouse.replenishment import actions, queries, rules, workflow
from warehouse.replenishment.model import Delivery, DeliveryFacts, DeliveryKind, NewLine, RefuseReason, Status, Stray
from warehouse.stock import actions as stock
from warehouse.stock.actions import Arrival
from warehouse.stock.model import Condition, LotFacts

TENT, QUILT, PUMP = 1, 2, 3
ALL = Scope(("/",))
FACTS = DeliveryFacts(DeliveryKind.PURCHASE, owner_region_id=1, note_number="SH-778")


def keeper(path: str = "/1/", role: Role = Role.KEEPER) -> Stamp:
    return replace(world.stamp(), login="keeper", grants=(Grant(role, path, ROLES[role]),))


async def announced(*lines: tuple[int, int], site_id: int = 1, facts: DeliveryFacts = FACTS) -> Delivery:
    wanted = [NewLine(item, quantity) for item, quantity in lines]
    made = await actions.create_delivery(stamp=world.stamp(), site_id=site_id, facts=facts, lines=wanted, announce=True)
    return await queries.get_delivery(UUID(made["delivery"]), ALL)


async def arrive(
    delivery: Delivery,
    item: int,
    quantity: int,
    line: int | None,
    condition: Condition = Condition.GOOD,
    stamp: Stamp | None = None,
    place: int = 101,
) -> Any:
    arrival = Arrival(LotFacts(item, 1, maker_batch="B1"), quantity, place, condition, document_line=line)
    return await actions.receive(stamp=stamp or world.stamp(), delivery_id=delivery.id, arrivals=[arrival])


async def again(delivery: Delivery) -> Delivery:
    return await queries.get_delivery(delivery.id, ALL)


async def case_of(delivery: Delivery) -> dict[str, Any] | None:
    row = await db.fetch_row("SELECT facts, site_id, status FROM discrepancy_case WHERE document_id = $1", delivery.id)
    return None if row is None else {**json.loads(row[0]), "site_id": row[1], "status": row[2]}


async def test_a_delivery_that_came_as_ordered_closes_without_a_case(hall: asyncpg.Connection) -> None:
    delivery = await announced((TENT, 10), (QUILT, 20))
    assert delivery.number.startswith("CZ01-26-")
    assert (delivery.status, delivery.receivable) == (Status.ANNOUNCED, True)
    await arrive(delivery, TENT, 4, 1)
    assert (await again(delivery)).status is Status.RECEIVING
    await arrive(delivery, TENT, 6, 1)
    await arrive(delivery, QUILT, 20, 2)
    assert [(x.received, x.rest) for x in (await again(delivery)).lines] == [(10, 0), (20, 0)]
    receipt = await actions.close(stamp=world.stamp(), delivery_id=delivery.id)
    assert receipt["case"] is None
    assert (await again(delivery)).status is Status.CLOSED
    assert await case_of(delivery) is None
    with pytest.raises(Refused, match="not-receivable"):
        await arrive(delivery, TENT, 1, 1)
    assert (await world.balances(hall))[1, 101, "good"] == (10, 0)


async def test_short_over_damaged_refused_and_unplanned_stand_line_by_line_in_the_case(
    hall: asyncpg.Connection,
) -> None:
    delivery = await announced((TENT, 10), (QUILT, 20), (TENT, 5), (QUILT, 8))
    await arrive(delivery, TENT, 7, 1)  # three short
    await arrive(delivery, QUILT, 22, 2)  # two over
    await arrive(delivery, TENT, 5, 3, Condition.DAMAGED)
    await arrive(delivery, QUILT, 5, 4)
    await actions.refuse_line(
        stamp=world.stamp(), delivery_id=delivery.id, line=4, quantity=2, reason=RefuseReason.WRONG, note="颜色不符"
    )
    await actions.refuse_line(
        stamp=world.stamp(), delivery_id=delivery.id, line=4, quantity=1, reason=RefuseReason.DAMAGED
    )
    await arrive(delivery, TENT, 3, None)
    receipt = await actions.close(stamp=world.stamp(), delivery_id=delivery.id)
    case = await case_of(delivery)
    assert case is not None
    assert receipt["case"]
    assert (case["site_id"], case["status"], case["delivery"]) == (1, "open", delivery.number)
    found = {(line["line"], line["kind"]): line["quantity"] for line in case["lines"]}
    assert found == {(1, "short"): 3, (2, "over"): 2, (3, "damaged"): 5, (4, "refused"): 3, (None, "unplanned"): 3}
    refused = next(line for line in case["lines"] if line["kind"] == "refused")
    assert refused["reason"] == "wrong 2 (颜色不符); damaged 1"
    # Refused goods never entered stock.
    total = await db.fetch_value("SELECT sum(on_hand)::bigint FROM balance")
    assert total == 7 + 22 + 5 + 5 + 3


async def test_wrong_goods_that_stand_in_no_line_go_back_and_stand_in_the_case(hall: asyncpg.Connection) -> None:
    delivery = await announced((TENT, 10))
    await arrive(delivery, TENT, 10, 1)
    once = world.stamp()
    for _ in range(2):  # sent twice, written once
        await actions.turn_away(stamp=once, delivery_id=delivery.id, what=" 雨衣  XL ", quantity=30, note="发错")
    found = await again(delivery)
    assert found.strays == (Stray("雨衣 XL", 30, "发错"),)
    assert await db.fetch_value("SELECT count(*) FROM move") == 1, "nothing entered stock"
    for what, quantity, code in (("  ", 1, "bad-stray"), ("雨衣", 0, "bad-stray")):
        with pytest.raises(Invalid, match=code):
            await actions.turn_away(stamp=world.stamp(), delivery_id=delivery.id, what=what, quantity=quantity)
    with pytest.raises(Missing):
        await actions.turn_away(stamp=keeper("/1/3/"), delivery_id=delivery.id, what="雨衣", quantity=1)
    await actions.close(stamp=world.stamp(), delivery_id=delivery.id)
    case = await case_of(delivery)
    assert case is not None
    assert case["kinds"] == ["wrong"]
    assert [(x["line"], x["item"], x["refused"], x["reason"]) for x in case["lines"]] == [(None, "雨衣 XL", 30, "发错")]
    with pytest.raises(Refused):
        await actions.turn_away(stamp=world.stamp(), delivery_id=delivery.id, what="雨衣", quantity=1)


async def test_a_reversed_receipt_is_expected_again(hall: asyncpg.Connection) -> None:
    delivery = await announced((TENT, 10))
    stamp = world.stamp()
    await arrive(delivery, TENT, 10, 1, stamp=stamp)
    await stock.reverse(stamp=world.stamp(), attempt=stamp.attempt)
    (line,) = (await again(delivery)).lines
    assert (line.received, line.rest) == (0, 10)
    # With nothing in stock it may be cancelled after all.
    await actions.cancel(stamp=world.stamp(), delivery_id=delivery.id)
    assert (await again(delivery)).status is Status.CANCELLED


async def test_goods_in_stock_cannot_be_cancelled_away(hall: asyncpg.Connection) -> None:
    delivery = await announced((TENT, 10))
    await arrive(delivery, TENT, 1, 1)
    with pytest.raises(Refused, match="already-received"):
        await actions.cancel(stamp=world.stamp(), delivery_id=delivery.id)


async def test_a_repeat_of_a_receipt_or_a_closing_is_one_effect_and_the_same_answer(hall: asyncpg.Connection) -> None:
    delivery = await announced((TENT, 10))
    stamp = world.stamp()
    first = await arrive(delivery, TENT, 4, 1, stamp=stamp)
    second = await arrive(delivery, TENT, 4, 1, stamp=stamp)
    assert (second.repeat, dict(second.body)) == (True, json.loads(json.dumps(first.body)))
    closing = world.stamp()
    one = await actions.close(stamp=closing, delivery_id=delivery.id)
    two = await actions.close(stamp=closing, delivery_id=delivery.id)
    assert two == {**one, "repeat": True}
    # A late repeat of the receipt still hears its answer, although the delivery is closed.
    assert (await arrive(delivery, TENT, 4, 1, stamp=stamp)).repeat
    assert (await again(delivery)).lines[0].received == 4
    assert await db.fetch_value("SELECT count(*) FROM discrepancy_case") == 1


async def test_closing_counts_every_receipt_of_its_rivals(hall: asyncpg.Connection) -> None:
    delivery = await announced((TENT, 100))
    await actions.start(stamp=world.stamp(), delivery_id=delivery.id)

    async def one() -> int:
        try:
            await arrive(delivery, TENT, 5, 1)
        except Refused as refusal:
            if refusal.code != "delivery.not-receivable":
                raise
            return 0
        return 5

    async def closing() -> None:
        await actions.close(stamp=world.stamp(), delivery_id=delivery.id)

    taken = await asyncio.gather(*[one() for _ in range(10)], closing(), *[one() for _ in range(10)])
    received = sum(n or 0 for n in taken)
    assert (await again(delivery)).lines[0].received == received
    case = await case_of(delivery)
    if received == 100:
        assert case is None
    else:
        assert case is not None
        assert [(x["kind"], x["received"], x["quantity"]) for x in case["lines"]] == [
            ("short", received, 100 - received)
        ]


async def test_first_scans_of_rivals_start_it_once(hall: asyncpg.Connection) -> None:
    delivery = await announced((TENT, 100))
    await asyncio.gather(*[arrive(delivery, TENT, 1, 1) for _ in range(12)])
    found = await again(delivery)
    assert (found.status, found.lines[0].received) == (Status.RECEIVING, 12)
    started = "SELECT count(*) FROM row_history WHERE table_name = 'delivery' AND verb = 'start'"
    assert await db.fetch_value(started) == 1


async def test_lines_are_replaced_while_nothing_has_come(hall: asyncpg.Connection) -> None:
    delivery = await announced((TENT, 10), (QUILT, 5))
    edited = await actions.edit_delivery(
        stamp=world.stamp(),
        delivery_id=delivery.id,
        version=1,
        facts=replace(FACTS, note_number="SH-779", expected_on=date(2026, 12, 1)),
        lines=[NewLine(QUILT, 7, "B7", date(2026, 1, 1), date(2031, 1, 1), 4500, 1)],
    )
    assert edited["version"] == 2
    found = await again(delivery)
    assert (found.note_number, found.expected_on) == ("SH-779", date(2026, 12, 1))
    assert [(x.line, x.item_id, x.quantity, x.maker_batch, x.price_fen) for x in found.lines] == [
        (1, QUILT, 7, "B7", 4500)
    ]
    with pytest.raises(Stale):
        await actions.edit_delivery(stamp=world.stamp(), delivery_id=delivery.id, version=1, facts=FACTS)
    await arrive(delivery, QUILT, 1, 1)
    with pytest.raises(Refused, match="not-from-here"):
        await actions.edit_delivery(stamp=world.stamp(), delivery_id=delivery.id, version=3, facts=FACTS)


async def test_a_line_takes_its_own_item_only_and_its_own_site_only(hall: asyncpg.Connection) -> None:
    delivery = await announced((TENT, 10))
    with pytest.raises(Refused, match="other-item"):
        await arrive(delivery, QUILT, 1, 1)
    with pytest.raises(Missing, match="no-such-line"):
        await arrive(delivery, TENT, 1, 9)
    with pytest.raises(Refused, match="other-site"):
        await arrive(delivery, TENT, 1, 1, place=111)
    # Nothing is left of a refused receipt: not even that receiving began.
    assert (await again(delivery)).status is Status.ANNOUNCED


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (NewLine(99, 1), "delivery.no-such-item"),
        (NewLine(TENT, 0), "delivery.bad-quantity"),
        (NewLine(TENT, 10**16), "delivery.bad-quantity"),
        (
            NewLine(TENT, 1, produced_on=date(2026, 1, 2), expires_on=date(2026, 1, 1)),
            "delivery.expiry-before-production",
        ),
        (NewLine(TENT, 1, price_fen=1, price_per=0), "delivery.bad-price"),
    ],
)
async def test_lines_that_could_never_come_are_refused(hall: asyncpg.Connection, line: NewLine, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await actions.create_delivery(stamp=world.stamp(), site_id=1, facts=FACTS, lines=[NewLine(TENT, 1), line])
    assert (refusal.value.code, refusal.value.facts["line"]) == (code, 2)


async def test_out_of_scope_is_missing_and_without_the_right_is_denied(hall: asyncpg.Connection) -> None:
    delivery = await announced((TENT, 10))
    for act in (actions.start, actions.cancel, actions.close, actions.announce):
        with pytest.raises(Missing):
            await act(stamp=keeper("/1/3/"), delivery_id=delivery.id)
        with pytest.raises(Denied):
            await act(stamp=keeper(role=Role.DISPATCHER), delivery_id=delivery.id)
    with pytest.raises(Missing):
        await arrive(delivery, TENT, 1, 1, stamp=keeper("/1/3/"))
    with pytest.raises(Missing):
        await queries.get_delivery(delivery.id, scope_of(keeper("/1/3/").grants, Permission.STOCK_READ))
    with pytest.raises(Missing):
        await actions.create_delivery(stamp=keeper("/1/3/"), site_id=1, facts=FACTS, lines=[NewLine(TENT, 1)])


async def test_buttons_are_what_would_succeed(hall: asyncpg.Connection) -> None:
    delivery = await announced((TENT, 10))
    assert workflow.allowed(delivery, keeper()) == ["edit", "start", "refuse", "cancel"]
    assert workflow.allowed(delivery, keeper(role=Role.PURCHASER)) == ["edit", "cancel"]
    assert workflow.allowed(delivery, keeper("/1/3/")) == []
    await arrive(delivery, TENT, 1, 1)
    assert workflow.allowed(await again(delivery), keeper()) == ["refuse", "close"]


async def test_pages_labels_and_numbers_find_the_same_delivery(hall: asyncpg.Connection) -> None:
    made = [await announced((TENT, 1)) for _ in range(5)]
    other = await announced((TENT, 1), site_id=3)
    first = await queries.list_deliveries(scope=Scope(("/1/",)), limit=4)
    second = await queries.list_deliveries(scope=Scope(("/1/",)), limit=4, cursor=first.next_cursor)
    assert [d.id for d in (*first.items, *second.items)] == [other.id, *[d.id for d in reversed(made)]]
    assert second.next_cursor is None
    only = await queries.list_deliveries(scope=Scope(("/1/3/",)))
    assert [d.id for d in only.items] == [other.id]
    key = rules.label_key(made[0].number)
    found = await queries.find_deliveries_by_label([key, "XX26000001", "CZ0126999999", "nonsense"])
    assert {k: d.id for k, d in found.items()} == {key: made[0].id}
    assert await queries.find_deliveries([uuid4()]) == {}
    listed = await queries.list_deliveries(scope=ALL, text="sh-778", status=[Status.ANNOUNCED], site_code="BB01")
    assert [d.id for d in listed.items] == [other.id]


async def test_a_donation_comes_from_the_donor(hall: asyncpg.Connection) -> None:
    delivery = await announced((TENT, 3), facts=replace(FACTS, kind=DeliveryKind.DONATION))
    await arrive(delivery, TENT, 3, 1)
    assert await db.fetch_value("SELECT from_place FROM move") == 2
    assert (await again(delivery)).lines[0].received == 3


async def test_who_delivered_a_lot_is_its_supplier_also_after_a_correction(hall: asyncpg.Connection) -> None:
    shop = await hall.fetchval(
        "INSERT INTO party (uuid, key, kind, name_zh, source) VALUES (gen_random_uuid(), 'GY', 'donor', '某厂', 'test')"
        " RETURNING id"
    )
    delivery = await announced((TENT, 10), facts=replace(FACTS, supplier_id=shop))
    other = await announced((TENT, 10))
    await arrive(delivery, TENT, 10, 1)
    await arrive(other, TENT, 10, 1)  # the same lot, from nobody named
    lot = await hall.fetchval("SELECT id FROM lot")
    assert await queries.suppliers_of_lot(lot) == {shop}
    correction = stock.Correction({"expires_on": date(2030, 1, 1)}, "correct", "看错", {})
    await stock.correct(stamp=world.stamp(), lot_id=lot, site_id=1, correction=correction)
    child = await hall.fetchval("SELECT id FROM lot WHERE parent_id = $1", lot)
    assert await queries.suppliers_of_lot(child) == {shop}
    (stranger,) = await world.add_lots(hall, {"owner_region_id": 1})
    assert await queries.suppliers_of_lot(stranger.id) == set()


async def test_an_undone_receipt_makes_nobody_a_supplier(hall: asyncpg.Connection) -> None:
    shop = await hall.fetchval(
        "INSERT INTO party (uuid, key, kind, name_zh, source) VALUES (gen_random_uuid(), 'GY', 'donor', '某厂', 'test')"
        " RETURNING id"
    )
    delivery = await announced((TENT, 10), facts=replace(FACTS, supplier_id=shop))
    stamp = world.stamp()
    await arrive(delivery, TENT, 10, 1, stamp=stamp)
    await stock.reverse(stamp=world.stamp(), attempt=stamp.attempt)
    assert await queries.suppliers_of_lot(await hall.fetchval("SELECT id FROM lot")) == set()
