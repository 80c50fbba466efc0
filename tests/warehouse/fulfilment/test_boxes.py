"""Boxes and pallets of a shipment: packed, labelled, loaded and received by their labels; refusals and rivals."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from catalog.kernel.access import EVERYWHERE
from catalog.kernel.errors import Problem
from labels.codes import OwnKind, own_text, write_elements, write_own
from tests.catalog.test_tables import kind
from tests.warehouse.fulfilment.small import a_line, a_shipment
from tests.warehouse.fulfilment.test_shipments import BIN, CITY, STAGING_THERE, TOWN, hand, refused, seen, there
from tests.warehouse.stock import world
from warehouse.fulfilment import actions, queries, rules, tables
from warehouse.fulfilment.model import (
    Box,
    BoxKind,
    BoxStatus,
    Loading,
    NewLine,
    Packing,
    Purpose,
    Received,
    ShipmentFacts,
    Status,
    Vehicle,
)
from warehouse.stock import verify
from warehouse.stock.model import Lot

PREFIX = "6901234"


async def prepared(owner: asyncpg.Connection) -> tuple[UUID, Lot, Lot]:
    """Ten tents and six quilts for the town."""
    tents, quilts = await world.add_lots(owner, {}, {"item_id": 2})
    await world.receive(tents, 30, BIN)
    await world.receive(quilts, 30, BIN)
    return await another(tents, quilts), tents, quilts


async def another(tents: Lot, quilts: Lot) -> UUID:
    facts = ShipmentFacts(Purpose.TRANSFER, CITY, to_site_id=TOWN, vehicle=Vehicle(plate="苏D12345", driver="赵"))
    lines = [NewLine(tents.id, BIN, 10), NewLine(quilts.id, BIN, 6)]
    return UUID((await actions.prepare(stamp=hand(), facts=facts, lines=lines))["id"])


async def opened(shipment: UUID, what: BoxKind = BoxKind.BOX) -> tuple[UUID, str]:
    done = await actions.open_box(stamp=hand(), shipment_id=shipment, kind=what)
    return UUID(done["box"]), str(done["box_number"])


async def packed(shipment: UUID, *goods: tuple[Lot, int], close: bool = True) -> tuple[UUID, str]:
    """A box with goods; its label as a scanner gives it."""
    box, number = await opened(shipment)
    for lot, quantity in goods:
        await actions.pack(stamp=hand(), shipment_id=shipment, box_id=box, packing=Packing(lot.id, quantity))
    if close:
        await actions.close_box(stamp=hand(), shipment_id=shipment, box_id=box)
    return box, write_own(OwnKind.PALLET, number)


async def with_prefix(owner: asyncpg.Connection) -> None:
    await owner.execute(
        "INSERT INTO parameter_value (key, path, value, version) VALUES ('shipment.company-prefix', '/1/', $1, 1)",
        f'"{PREFIX}"',
    )


async def in_lines(shipment: UUID) -> list[tuple[int, int, bool, int]]:
    """(line, quantity, in a box, loaded)."""
    lines = sorted((await seen(shipment)).lines, key=lambda one: one.line)
    return [(one.line, one.quantity, one.box_id is not None, one.loaded) for one in lines]


async def test_from_packing_to_receipt_by_the_label(city: asyncpg.Connection) -> None:
    shipment, tents, quilts = await prepared(city)
    _, label = await packed(shipment, (tents, 4), (quilts, 6))
    assert await in_lines(shipment) == [(1, 6, False, 0), (2, 6, True, 0), (3, 4, True, 0)]
    assert (await world.balances(city))[tents.id, BIN, "good"] == (30, 0)  # the ledger has it in the bin still
    await actions.load_boxes(stamp=hand(), shipment_id=shipment, labels=[label])
    await actions.load(stamp=hand(), shipment_id=shipment, wanted=[Loading(1, 6)])
    road = await seen(shipment)
    assert (await world.balances(city))[tents.id, road.place_id, "good"] == (10, 0)
    await actions.depart(stamp=hand(), shipment_id=shipment)
    done = await actions.receive_boxes(stamp=there(), shipment_id=shipment, labels=[label], receiver="王镇长")
    assert done["status"] == "arrived"
    assert (await world.balances(city))[tents.id, STAGING_THERE, "good"] == (4, 0)
    await refused(
        "box.received", actions.receive_boxes(stamp=there(), shipment_id=shipment, labels=[label], receiver="王")
    )
    await actions.receive(stamp=there(), shipment_id=shipment, said=[Received(1, 6)], receiver="王镇长")
    assert (await seen(shipment)).status is Status.CLOSED
    assert await verify.run(thorough=True) == []


async def test_damaged_in_a_box_is_received_line_by_line(city: asyncpg.Connection) -> None:
    shipment, tents, quilts = await prepared(city)
    _, first = await packed(shipment, (tents, 10))
    _, second = await packed(shipment, (quilts, 6))
    await actions.load_boxes(stamp=hand(), shipment_id=shipment, labels=[first, second])
    await actions.depart(stamp=hand(), shipment_id=shipment)
    said = [Received(2, 5, damaged=1, reason="一床受潮")]
    await actions.receive(stamp=there(), shipment_id=shipment, said=said, receiver="王")
    done = await actions.receive_boxes(stamp=there(), shipment_id=shipment, labels=[first], receiver="王")
    assert done["status"] == "received"
    now = await seen(shipment)
    assert (now.open_cases, (await world.balances(city))[quilts.id, STAGING_THERE, "damaged"]) == (1, (1, 0))


async def test_what_a_scan_is_refused_for(city: asyncpg.Connection) -> None:
    shipment, tents, quilts = await prepared(city)
    other = await another(tents, quilts)
    box, label = await packed(shipment, (tents, 4))
    _, open_label = await packed(shipment, (tents, 2), close=False)
    _, theirs = await packed(other, (tents, 2))

    async def load(*labels: str) -> Any:
        return await actions.load_boxes(stamp=hand(), shipment_id=shipment, labels=labels)

    problem = await refused("box.other-shipment", load(label, theirs))
    assert (problem.facts["line"], problem.facts["shipment"]) == (2, (await seen(other)).number)
    await refused("box.missing", load(write_own(OwnKind.PALLET, "99000001")))
    await refused("box.unreadable", load(write_own(OwnKind.LOT, tents.number)))
    await refused("box.unreadable", load("没有条码"))
    await refused("box.twice", load(label, label))
    await refused("box.open", load(open_label))
    assert (await seen(shipment)).status is Status.PREPARED  # all or none
    await refused("box.line-inside", actions.load(stamp=hand(), shipment_id=shipment, wanted=[Loading(3, 4)]))
    await refused(
        "box.line-inside", actions.note_short(stamp=hand(), shipment_id=shipment, line=3, quantity=1, note="无")
    )
    await load(label)
    await refused("box.loaded", load(label))
    await refused("box.line-inside", actions.unload(stamp=hand(), shipment_id=shipment, line=3, quantity=1))
    await refused("box.loaded", actions.reopen_box(stamp=hand(), shipment_id=shipment, box_id=box))
    await refused("box.loaded", actions.void_box(stamp=hand(), shipment_id=shipment, box_id=box))
    await actions.unload_boxes(stamp=hand(), shipment_id=shipment, labels=[label])
    await refused("box.not-loaded", actions.unload_boxes(stamp=hand(), shipment_id=shipment, labels=[label]))
    await actions.void_box(stamp=hand(), shipment_id=shipment, box_id=box)
    await refused("box.void", load(label))
    assert await verify.run(thorough=True) == []


async def test_what_cannot_be_packed(city: asyncpg.Connection) -> None:
    shipment, tents, quilts = await prepared(city)
    (strange,) = await world.add_lots(city, {"expires_on": None, "unit_price_fen": 7})
    box, _ = await opened(shipment)

    async def pack(packing: Packing) -> Any:
        return await actions.pack(stamp=hand(), shipment_id=shipment, box_id=box, packing=packing)

    await refused("box.not-on-list", pack(Packing(strange.id, 1)))
    await refused("box.not-on-list", pack(Packing(tents.id, 1, place_id=102)))
    problem = await refused("box.too-much", pack(Packing(tents.id, 11)))
    assert problem.facts["free"] == 10
    await refused("shipment.bad-quantity", pack(Packing(tents.id, 0)))
    await refused("shipment.serials", pack(Packing(tents.id, 1, serial_ids=(1,))))
    await refused("box.empty", actions.close_box(stamp=hand(), shipment_id=shipment, box_id=box))
    await refused("box.bad-weight", _closed_with(shipment, box, tents, 0))
    await actions.close_box(stamp=hand(), shipment_id=shipment, box_id=box, gross_g=12_500)
    await refused("box.closed", pack(Packing(quilts.id, 1)))
    await actions.reopen_box(stamp=hand(), shipment_id=shipment, box_id=box)
    lines = await in_lines(shipment)
    inside = next(line for line, _, boxed, _ in lines if boxed)
    await refused("box.not-inside", actions.unpack(stamp=hand(), shipment_id=shipment, box_id=box, line=2))
    await actions.unpack(stamp=hand(), shipment_id=shipment, box_id=box, line=inside)
    assert not any(boxed for _, _, boxed, _ in await in_lines(shipment))
    # What stands loose in two lines after all is packed again in one go, and loaded as planned.
    await pack(Packing(tents.id, 10))
    assert sum(quantity for _, quantity, boxed, _ in await in_lines(shipment) if boxed) == 10


async def _closed_with(shipment: UUID, box: UUID, lot: Lot, gross_g: int) -> None:
    await actions.pack(stamp=hand(), shipment_id=shipment, box_id=box, packing=Packing(lot.id, 3))
    await actions.close_box(stamp=hand(), shipment_id=shipment, box_id=box, gross_g=gross_g)


async def test_sent_twice_and_by_rivals_it_is_loaded_once(city: asyncpg.Connection) -> None:
    shipment, tents, _ = await prepared(city)
    box, number = await opened(shipment)
    stamp = hand()
    first = await actions.pack(stamp=stamp, shipment_id=shipment, box_id=box, packing=Packing(tents.id, 4))
    again = await actions.pack(stamp=stamp, shipment_id=shipment, box_id=box, packing=Packing(tents.id, 4))
    assert again == {**first, "repeat": True}
    tries: list[Any] = [
        actions.pack(stamp=hand(), shipment_id=shipment, box_id=box, packing=Packing(tents.id, 4)) for _ in range(3)
    ]
    packing = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(one.code for one in packing if isinstance(one, Problem)) == ["box.too-much"] * 2
    assert [line[:3] for line in await in_lines(shipment)] == [(1, 2, False), (2, 6, False), (3, 8, True)]
    await actions.close_box(stamp=hand(), shipment_id=shipment, box_id=box)
    label = own_text(OwnKind.PALLET, number)  # typed by hand
    tries = [actions.load_boxes(stamp=hand(), shipment_id=shipment, labels=[label]) for _ in range(4)]
    loading = await asyncio.gather(*tries, return_exceptions=True)
    assert [one.code for one in loading if isinstance(one, Problem)] == ["box.loaded"] * 3
    assert (await world.balances(city))[tents.id, (await seen(shipment)).place_id, "good"] == (8, 0)
    assert await verify.run(thorough=True) == []


async def test_with_a_company_prefix_the_label_is_an_sscc(city: asyncpg.Connection) -> None:
    await with_prefix(city)
    shipment, tents, _ = await prepared(city)
    box, number = await opened(shipment, BoxKind.PALLET)
    (found,) = await queries.list_boxes(shipment)
    assert found.sscc is not None
    assert (found.kind, found.sscc[1:8], found.sscc[8:17]) == (BoxKind.PALLET, PREFIX, f"{int(number[2:]):09d}")
    await actions.pack(stamp=hand(), shipment_id=shipment, box_id=box, packing=Packing(tents.id, 4))
    await actions.close_box(stamp=hand(), shipment_id=shipment, box_id=box)
    await actions.load_boxes(stamp=hand(), shipment_id=shipment, labels=["]C1" + write_elements((("00", found.sscc),))])
    assert sum(line.loaded for line in (await queries.get_shipment(shipment, EVERYWHERE)).lines) == 4


def test_the_serial_of_an_sscc_runs_on_into_the_extension_digit() -> None:
    assert rules.sscc_of("", 1) is None
    assert rules.sscc_of("69012a4", 1) is None
    one, over = rules.sscc_of("6901234567", 999_999), rules.sscc_of("6901234567", 1_000_000)
    assert (one and one[:17], over and over[:17]) == ("06901234567999999", "16901234567000000")
    assert rules.sscc_of("6901234567", 10_000_000) is None


def test_numbered_pieces_go_with_the_box_they_were_packed_in() -> None:
    box = Box(UUID(int=1), UUID(int=2), BoxKind.BOX, "26000001", None, BoxStatus.CLOSED, None, world.NOW, "x")
    loose, inside = a_line(1, tracking="serial"), a_line(2, tracking="serial", box_id=box.id, pieces=(7, 8))
    shipment = a_shipment(loose, inside)
    there = {1: [(7, "A"), (8, "B"), (9, "C")]}
    assert rules.pieces_of(shipment, inside, there) == [(7, "A"), (8, "B")]
    assert rules.pieces_of(shipment, loose, there) == [(9, "C")]
    with pytest.raises(Problem) as problem:
        rules.lines_to_pack(
            replace(shipment, lines=(replace(loose, quantity=2), inside)), Packing(1, 1, serial_ids=(8,))
        )
    assert problem.value.code == "box.piece-packed"


async def test_columns_of_boxes_agree_with_the_schema(owner: asyncpg.Connection) -> None:
    rows = await owner.fetch(
        "SELECT column_name, data_type, is_nullable = 'YES' FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name = 'shipment_box'"
    )
    in_schema = {row[0]: (row[1].lower(), row[2]) for row in rows}
    columns = tables.ShipmentBoxRow._meta.columns
    assert {one._meta.db_column_name: (kind(one), one._meta.null) for one in columns} == in_schema
