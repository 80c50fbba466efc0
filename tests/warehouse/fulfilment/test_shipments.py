"""Shipments on a real database: loaded, on the road, received short, settled, closed; who may, and who is refused."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from api import streams
from catalog.kernel import db
from catalog.kernel.access import EVERYWHERE, ROLES, Grant, Role, Scope
from catalog.kernel.errors import Denied, Invalid, Missing, Problem, Stale
from catalog.kernel.feed import Bookmark, News
from catalog.kernel.stamp import Stamp
from tests.catalog.test_tables import kind
from tests.warehouse.stock import world
from warehouse.files import actions as files
from warehouse.files.model import Cleaned, FileKind
from warehouse.fulfilment import actions, queries, tables, workflow
from warehouse.fulfilment.model import Loading, NewLine, Purpose, Received, Shipment, ShipmentFacts, Status, Vehicle
from warehouse.stock import actions as stock
from warehouse.stock import queries as stocks
from warehouse.stock import verify
from warehouse.stock.model import CaseOutcome, Lot
from warehouse.vehicles import actions as vehicles
from warehouse.vehicles.model import Kind as VehicleKind
from warehouse.vehicles.model import VehicleFacts
from warehouse.vehicles.queries import find_vehicles

CITY, TOWN, OTHER = 1, 2, 3
"""Sites CZ01 (city, /1/), AA01 (town, /1/2/4/), BB01 (district B, /1/3/)."""
BIN, BIN_TOO, STAGING_THERE = 101, 102, 110
LORRY = Vehicle("厢式货车", "苏D12345", max_weight_g=None, driver="赵师傅", phone="13800000000")


def hand(role: Role = Role.KEEPER, path: str = "/1/", *, login: str = "keeper", minutes: float = 0) -> Stamp:
    stamp = world.stamp(at=world.NOW + timedelta(minutes=minutes))
    return replace(stamp, attempt=uuid4(), login=login, grants=(Grant(role, path, ROLES[role]),))


def there(**more: Any) -> Stamp:
    return hand(path="/1/2/", login="town", **more)


async def stocked(owner: asyncpg.Connection, quantity: int = 30) -> Lot:
    (lot,) = await world.add_lots(owner, {})
    await world.receive(lot, quantity, BIN)
    return lot


async def prepared(lot: Lot, quantity: int = 10, vehicle: Vehicle = LORRY, **more: Any) -> UUID:
    facts = ShipmentFacts(
        **{"purpose": Purpose.TRANSFER, "from_site_id": CITY, "to_site_id": TOWN, "vehicle": vehicle, **more}
    )
    done = await actions.prepare(stamp=hand(), facts=facts, lines=[NewLine(lot.id, BIN, quantity)])
    return UUID(done["id"])


async def loaded(lot: Lot, quantity: int = 10, **more: Any) -> UUID:
    shipment = await prepared(lot, quantity, **more)
    await actions.load(stamp=hand(), shipment_id=shipment, wanted=[Loading(1, quantity)])
    return shipment


async def on_road(lot: Lot, quantity: int = 10, **more: Any) -> UUID:
    shipment = await loaded(lot, quantity, **more)
    soon = world.NOW + timedelta(hours=2)
    await actions.depart(stamp=hand(), shipment_id=shipment, eta_from=soon, eta_to=soon + timedelta(hours=1))
    return shipment


async def seen(shipment: UUID) -> Shipment:
    return await queries.get_shipment(shipment, EVERYWHERE)


async def refused(code: str, act: Awaitable[Any]) -> Problem:
    with pytest.raises(Problem) as problem:
        await act
    assert problem.value.code == code, problem.value
    return problem.value


async def test_a_whole_load_comes_and_the_shipment_closes_by_itself(city: asyncpg.Connection) -> None:
    lot = await stocked(city)
    shipment = await on_road(lot)
    road = await seen(shipment)
    assert (road.status, road.number[:4], road.lines[0].on_board) == (Status.ON_ROAD, "YD26", 10)
    assert (await world.balances(city))[lot.id, road.place_id, "good"] == (10, 0)
    await actions.report(stamp=there(minutes=30), shipment_id=shipment, place="横山桥收费站")
    await actions.arrive(stamp=there(minutes=90), shipment_id=shipment)
    done = await actions.receive(
        stamp=there(minutes=95), shipment_id=shipment, said=[Received(1, 10)], receiver="王镇长"
    )
    assert (done["status"], done["case"]) == ("closed", None)
    assert await world.balances(city) == {
        (lot.id, BIN, "good"): (20, 0), (lot.id, STAGING_THERE, "good"): (10, 0),
    }  # fmt: skip
    now = await seen(shipment)
    assert (now.status, now.last_seen, now.receiver) == (Status.CLOSED, "横山桥收费站", "王镇长")
    assert await verify.run(thorough=True) == []


async def test_received_short_by_one_opens_a_case_that_is_settled_before_closing(city: asyncpg.Connection) -> None:
    lot = await stocked(city)
    shipment = await on_road(lot)
    await refused(
        "shipment.more-than-shipped",
        actions.receive(stamp=there(), shipment_id=shipment, said=[Received(1, 12)], receiver="王"),
    )
    said = [Received(1, 7, damaged=1, rejected=1, reason="一件破损，一件型号不符，一件未到")]
    done = await actions.receive(stamp=there(), shipment_id=shipment, said=said, receiver="王")
    assert done["status"] == "received"
    now = await seen(shipment)
    line = now.lines[0]
    assert (line.accepted, line.damaged, line.rejected, line.missing, line.on_board) == (7, 1, 1, 1, 2)
    assert (await world.balances(city))[lot.id, STAGING_THERE, "damaged"] == (1, 0)
    case = await stocks.get_case(UUID(done["case"]), scope=EVERYWHERE)
    assert (case.kind, case.document and case.document.id, case.facts["lines"][0]["missing"]) == (
        "shipment",
        shipment,
        1,
    )

    await refused("shipment.on-board", actions.close(stamp=hand(), shipment_id=shipment))
    note = "随车带回"
    await actions.take_back(stamp=hand(), shipment_id=shipment, line=1, quantity=1, note=note)
    with pytest.raises(Denied):
        await actions.write_off(stamp=hand(), shipment_id=shipment, line=1, quantity=1, note="途中丢失")
    boss = hand(Role.APPROVER, login="boss")
    await refused(
        "shipment.not-on-board",
        actions.write_off(stamp=hand(Role.APPROVER), shipment_id=shipment, line=1, quantity=2, note="丢失"),
    )
    await actions.write_off(stamp=boss, shipment_id=shipment, line=1, quantity=1, note="途中丢失")
    await refused("shipment.case-open", actions.close(stamp=hand(), shipment_id=shipment))
    await stock.settle_case(stamp=hand(), case=case.uuid, settlement="核实", outcome=CaseOutcome.WRITTEN_OFF)
    await actions.close(stamp=hand(), shipment_id=shipment)
    assert (await seen(shipment)).status is Status.CLOSED
    assert (await world.balances(city))[lot.id, 100, "awaiting"] == (1, 0)
    assert await verify.run(thorough=True) == []


async def test_what_was_missing_turns_up(city: asyncpg.Connection) -> None:
    lot = await stocked(city)
    shipment = await on_road(lot)
    await actions.receive(stamp=there(), shipment_id=shipment, said=[Received(1, 9, reason="少一件")], receiver="王")
    await actions.find(stamp=there(), shipment_id=shipment, line=1, quantity=1, note="卸车时压在垫木下")
    assert (await world.balances(city))[lot.id, STAGING_THERE, "good"] == (10, 0)
    assert workflow.allowed(await seen(shipment), hand(Role.APPROVER)) == ["write-off"]


async def test_sent_twice_is_one_effect_and_other_content_is_refused(city: asyncpg.Connection) -> None:
    lot = await stocked(city)
    shipment = await prepared(lot)
    stamp = hand()
    first = await actions.load(stamp=stamp, shipment_id=shipment, wanted=[Loading(1, 4)])
    again = await actions.load(stamp=stamp, shipment_id=shipment, wanted=[Loading(1, 4)])
    assert again == {**first, "repeat": True}
    assert (await seen(shipment)).lines[0].loaded == 4
    await refused("attempt.other-content", actions.load(
        stamp=replace(stamp, content_hash=b"x" * 32), shipment_id=shipment, wanted=[Loading(1, 5)],
    ))  # fmt: skip


async def test_rivals_load_no_more_than_was_planned(city: asyncpg.Connection) -> None:
    lot = await stocked(city)
    shipment = await prepared(lot)
    tries = [actions.load(stamp=hand(), shipment_id=shipment, wanted=[Loading(1, 4)]) for _ in range(5)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(one).__name__ for one in outcomes) == ["Refused"] * 3 + ["dict"] * 2
    assert (await seen(shipment)).lines[0].loaded == 8
    assert await verify.run(thorough=True) == []


async def test_who_may_on_which_side(city: asyncpg.Connection) -> None:
    lot = await stocked(city)
    shipment = await prepared(lot)
    road = await seen(shipment)
    assert workflow.allowed(road, hand()) == ["edit", "load", "short", "pack", "cancel"]
    assert workflow.allowed(road, there()) == []
    with pytest.raises(Missing):  # the town sees it come, but does not load it
        await actions.load(stamp=there(), shipment_id=shipment, wanted=[Loading(1, 4)])
    with pytest.raises(Denied):
        await actions.load(stamp=hand(Role.DISPATCHER), shipment_id=shipment, wanted=[Loading(1, 4)])
    with pytest.raises(Missing):
        await actions.load(stamp=hand(path="/1/3/"), shipment_id=shipment, wanted=[Loading(1, 4)])
    with pytest.raises(Missing):
        await queries.get_shipment(shipment, replace(EVERYWHERE, paths=("/1/3/",)))
    with pytest.raises(Stale):
        await actions.edit(stamp=hand(), shipment_id=shipment, version=7, vehicle=LORRY, planned_for=None, note_text="")


async def test_it_leaves_only_when_all_is_loaded_or_short_and_somebody_drives(city: asyncpg.Connection) -> None:
    lot = await stocked(city)
    shipment = await prepared(lot, vehicle=Vehicle())
    await refused("shipment.not-from-here", actions.depart(stamp=hand(), shipment_id=shipment))
    await actions.load(stamp=hand(), shipment_id=shipment, wanted=[Loading(1, 9)])
    await refused("shipment.not-all-loaded", actions.depart(stamp=hand(), shipment_id=shipment))
    await refused(
        "shipment.no-reason", actions.note_short(stamp=hand(), shipment_id=shipment, line=1, quantity=1, note=" ")
    )
    await actions.note_short(stamp=hand(), shipment_id=shipment, line=1, quantity=1, note="货位上只有九件")
    await refused("shipment.no-vehicle", actions.depart(stamp=hand(), shipment_id=shipment))
    version = (await seen(shipment)).version
    await actions.edit(
        stamp=hand(), shipment_id=shipment, version=version, vehicle=LORRY, planned_for=None, note_text=""
    )
    await actions.depart(stamp=hand(), shipment_id=shipment)
    assert (await seen(shipment)).status is Status.ON_ROAD


async def test_another_lot_needs_a_reason_and_becomes_a_line(city: asyncpg.Connection) -> None:
    lot, other = await world.add_lots(city, {}, {})
    (quilts,) = await world.add_lots(city, {"item_id": 2})
    for one, place in ((lot, BIN), (other, BIN_TOO), (quilts, BIN_TOO)):
        await world.receive(one, 20, place)
    shipment = await prepared(lot)
    swap = [Loading(1, 4, other.id, BIN_TOO)]
    await refused("shipment.other-goods", actions.load(stamp=hand(), shipment_id=shipment, wanted=swap))
    await refused("shipment.other-item", actions.load(
        stamp=hand(), shipment_id=shipment, wanted=[Loading(1, 4, quilts.id, BIN_TOO)], note="就近",
    ))  # fmt: skip
    await actions.load(stamp=hand(), shipment_id=shipment, wanted=swap, note="叉车通道堵了")
    lines = {line.line: (line.lot, line.loaded, line.short, line.rest) for line in (await seen(shipment)).lines}
    assert lines == {1: (lot.number, 0, 4, 6), 2: (other.number, 4, 0, 0)}


async def test_unloaded_and_called_off(city: asyncpg.Connection) -> None:
    lot = await stocked(city)
    shipment = await loaded(lot)
    await refused("shipment.loaded", actions.cancel(stamp=hand(), shipment_id=shipment, reason="车坏了"))
    await actions.unload(stamp=hand(), shipment_id=shipment, line=1, quantity=10)
    await actions.cancel(stamp=hand(), shipment_id=shipment, reason="车坏了")
    assert await world.balances(city) == {(lot.id, BIN, "good"): (30, 0)}
    assert await verify.run(thorough=True) == []


async def test_moves_of_a_shipment_are_not_undone_behind_its_back(city: asyncpg.Connection) -> None:
    lot = await stocked(city)
    shipment = await loaded(lot)
    attempt = await db.fetch_value("SELECT attempt FROM move WHERE document_id = $1", shipment)
    problem = await refused("stock.cannot-reverse", stock.reverse(stamp=hand(), attempt=attempt))
    assert problem.facts["blocked_by"][0]["why"] == "on-the-way"


async def test_sent_elsewhere_on_its_way_and_both_places_know(city: asyncpg.Connection) -> None:
    lot = await stocked(city)
    shipment = await on_road(lot)
    with pytest.raises(Denied):
        await actions.redirect(stamp=hand(), shipment_id=shipment, to_site_id=OTHER, reason="B区更急")
    desk = hand(Role.DISPATCHER, login="desk")
    with pytest.raises(Invalid):
        await actions.redirect(stamp=hand(Role.DISPATCHER), shipment_id=shipment, to_site_id=TOWN, reason="照旧")
    await actions.redirect(stamp=desk, shipment_id=shipment, to_site_id=OTHER, reason="B区更急")
    for path in ("/1/2/", "/1/3/"):
        found = await queries.get_shipment(shipment, replace(EVERYWHERE, paths=(path,)))
        assert (found.end.code, found.eta_to) == ("BB01", None)
        assert [one.id for one in (await queries.list_shipments(scope=replace(EVERYWHERE, paths=(path,)))).items] == [
            shipment
        ]
    with pytest.raises(Missing):
        await actions.arrive(stamp=there(), shipment_id=shipment)
    await actions.receive(stamp=hand(path="/1/3/"), shipment_id=shipment, said=[Received(1, 10)], receiver="李")
    assert (await world.balances(city))[lot.id, 120, "good"] == (10, 0)
    (was,) = await queries.list_redirects(shipment)
    assert (was.name, was.reason, was.login) == ("AA01库", "B区更急", "desk")


async def test_numbered_pieces_are_named_at_the_gate(city: asyncpg.Connection) -> None:
    (pumps,) = await world.add_lots(city, {"item_id": 3})
    pieces = await world.add_serials(city, pumps, 3)
    await world.receive(pumps, 3, BIN, pieces)
    shipment = await prepared(pumps, 3)
    await actions.load(stamp=hand(), shipment_id=shipment, wanted=[Loading(1, 3, serial_ids=tuple(pieces))])
    await actions.depart(stamp=hand(), shipment_id=shipment)
    said = [Received(1, 1, damaged=1, reason="一台摔坏一台未到", serials=(pieces[0],), damaged_serials=(pieces[1],))]
    await actions.receive(stamp=there(), shipment_id=shipment, said=said, receiver="王")
    await actions.find(stamp=there(), shipment_id=shipment, line=1, quantity=1, note="找到了")
    spots = {one.serial_id: (one.place_id, one.condition) for one in (await stocks.get_serials(ids=pieces)).values()}
    assert spots == {
        pieces[0]: (STAGING_THERE, "good"), pieces[1]: (STAGING_THERE, "damaged"), pieces[2]: (STAGING_THERE, "good"),
    }  # fmt: skip
    assert await verify.run(thorough=True) == []


async def test_the_list_has_the_road_first(city: asyncpg.Connection) -> None:
    lot = await stocked(city)
    road, waiting, gone = await on_road(lot, 5), await prepared(lot, 5), await prepared(lot, 5)
    await actions.cancel(stamp=hand(), shipment_id=gone, reason="不去了")
    found = await queries.list_shipments(scope=EVERYWHERE, limit=1)
    more = await queries.list_shipments(scope=EVERYWHERE, limit=1, cursor=found.next_cursor)
    assert [one.id for one in (*found.items, *more.items)] == [road, waiting]
    assert [one.id for one in (await queries.list_shipments(scope=EVERYWHERE, status=Status.CANCELLED)).items] == [gone]
    assert [one.id for one in (await queries.list_shipments(scope=EVERYWHERE, text="苏D12345", over=True)).items] != []
    assert (await queries.list_shipments(scope=EVERYWHERE, text="无此车")).items == []


@pytest.mark.parametrize(
    "table", [one for name, one in vars(tables).items() if name.endswith("Row")], ids=lambda one: one._meta.tablename
)
async def test_the_mirror_is_the_table(city: asyncpg.Connection, table: Any) -> None:
    rows = await city.fetch(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = $1", table._meta.tablename
    )
    assert {column._meta.name: kind(column) for column in table._meta.columns} == {
        row[0]: row[1].lower() for row in rows
    }


async def test_a_registered_vehicle_fills_the_shipment_and_is_free_when_it_is_empty(city: asyncpg.Connection) -> None:
    facts = VehicleFacts(
        "苏D54321", VehicleKind.BOX, 1, 5_000_000, 20_000_000, site_id=CITY, driver="李师傅", phone="13700000000"
    )
    away = replace(facts, plate="苏D00003", region_id=3, site_id=OTHER)
    done = await vehicles.register(stamp=hand(), vehicles=[facts, away])
    mine, theirs = map(UUID, done["ids"])
    lot = await stocked(city)
    shipment = await on_road(lot, vehicle=Vehicle(registered=mine))
    road = (await seen(shipment)).vehicle
    assert road == Vehicle("厢式货车", "苏D54321", None, "", 5_000_000, 20_000_000, "李师傅", "13700000000", mine)
    number = (await seen(shipment)).number
    assert (await found_vehicle(mine)).used_paper == number
    problem = await refused("vehicle.in-use", prepared(lot, vehicle=Vehicle(registered=mine)))
    assert problem.facts["used_paper"] == number
    town = hand(path="/1/2/")
    with pytest.raises(Missing):  # another district's vehicle is not at the disposal of this store
        await actions.prepare(
            stamp=town,
            facts=ShipmentFacts(Purpose.TRANSFER, TOWN, to_site_id=CITY, vehicle=Vehicle(registered=theirs)),
            lines=[NewLine(lot.id, 111, 1)],
        )
    assert (await found_vehicle(theirs)).used_id is None
    await actions.receive(stamp=there(), shipment_id=shipment, said=[Received(1, 9, reason="少一件")], receiver="王")
    assert (await found_vehicle(mine)).used_paper == ""  # received, though a difference is still open
    assert (await seen(shipment)).vehicle.registered == mine


async def test_another_vehicle_or_none_is_chosen_and_what_is_called_off_frees_it(city: asyncpg.Connection) -> None:
    facts = VehicleFacts("苏D54321", VehicleKind.VAN, 1, 1_000_000, 3_000_000, driver="李师傅")
    done = await vehicles.register(stamp=hand(), vehicles=[facts, replace(facts, plate="苏D54322")])
    first, second = map(UUID, done["ids"])
    lot = await stocked(city)
    shipment = await prepared(lot, vehicle=Vehicle(registered=first))

    async def change(version: int, vehicle: Vehicle) -> None:
        await actions.edit(
            stamp=hand(), shipment_id=shipment, version=version, vehicle=vehicle, planned_for=None, note_text=""
        )

    await change(1, Vehicle(registered=second, driver="钱师傅"))
    now = (await seen(shipment)).vehicle
    assert (now.plate, now.driver, now.max_weight_g) == ("苏D54322", "钱师傅", 1_000_000)
    assert ((await found_vehicle(first)).used_paper, (await found_vehicle(second)).used_paper != "") == ("", True)
    await change(2, LORRY)
    assert ((await seen(shipment)).vehicle.registered, (await found_vehicle(second)).used_paper) == (None, "")
    await change(3, Vehicle(registered=first))
    await actions.cancel(stamp=hand(), shipment_id=shipment, reason="不去了")
    assert (await found_vehicle(first)).used_paper == ""


async def found_vehicle(vehicle: UUID) -> Any:
    return (await find_vehicles([vehicle]))[vehicle]


async def test_what_comes_is_told_where_it_comes_and_where_it_is_sent_instead(city: asyncpg.Connection) -> None:
    """From when it leaves until it is received, at the present destination only; since the act that sent it there."""
    lot = await stocked(city)
    town, sender = Scope((), frozenset({TOWN})), Scope((), frozenset({CITY}))
    other = Scope((), frozenset({OTHER}))
    shipment = await loaded(lot)
    assert await queries.list_coming(town) == []
    left = hand(minutes=1)
    await actions.depart(stamp=left, shipment_id=shipment)
    (one,) = await queries.list_coming(town)
    assert (one.shipment.id, one.sent_at, one.sent_by) == (shipment, left.recorded_at, left.login)
    assert await queries.list_coming(sender) == []
    assert await queries.list_coming(town, [uuid4()]) == []
    news = [News(Bookmark(7, 1), "shipment", str(shipment), left.recorded_at)]
    heard = [part.decode() for part in await streams._told(news, there(minutes=2))]
    (said,) = [part for part in heard if "event: task" in part]
    assert one.shipment.number in said
    assert one.shipment.start.name in said
    assert not any(b"event: task" in part for part in await streams._told(news, hand(minutes=2)))

    elsewhere = replace(hand(Role.APPROVER, minutes=3), login="boss")
    await actions.redirect(stamp=elsewhere, shipment_id=shipment, to_site_id=OTHER, reason="路断")
    assert await queries.list_coming(town) == []
    (one,) = await queries.list_coming(other)
    assert (one.sent_at, one.sent_by) == (elsewhere.recorded_at, "boss")
    late = [part.decode() for part in await streams._told(news, there(minutes=4))]
    assert not any("event: task" in part for part in late)
    await actions.arrive(stamp=hand(path="/1/3/", minutes=5), shipment_id=shipment)
    assert len(await queries.list_coming(other)) == 1
    fit = [Received(line.line, line.loaded) for line in one.shipment.lines]
    await actions.receive(stamp=hand(path="/1/3/", minutes=6), shipment_id=shipment, receiver="王", said=fit)
    assert await queries.list_coming(other) == []


async def a_drawing(stamp: Stamp, name: str = "signature.png") -> UUID:
    content = f"%PDF-1.4 {uuid4()}".encode()
    kept = await files.add_file(stamp=replace(stamp, attempt=uuid4()), file=Cleaned(FileKind.PNG, content), name=name)
    return UUID(kept["id"])


async def test_each_signature_is_kept_with_who_signed_as_what(city: asyncpg.Connection) -> None:
    """Also when a later part is signed for by somebody else; a photo is no signature; the names are purged."""
    (lot,) = await world.add_lots(city, {})
    await world.receive(lot, 30, BIN)
    facts = ShipmentFacts(Purpose.TRANSFER, CITY, to_site_id=TOWN, vehicle=LORRY)
    lines = [NewLine(lot.id, BIN, 10), NewLine(lot.id, BIN, 5)]
    shipment = UUID((await actions.prepare(stamp=hand(), facts=facts, lines=lines))["id"])
    await actions.load(stamp=hand(), shipment_id=shipment, wanted=[Loading(1, 10), Loading(2, 5)])
    await actions.depart(stamp=hand(), shipment_id=shipment)
    first = there(minutes=1)
    drawn, driven, photo = await a_drawing(first), await a_drawing(first), await a_drawing(first, "photo.png")
    await actions.receive(
        stamp=first, shipment_id=shipment, said=[Received(1, 10)], receiver="王镇长", file_ids=[drawn, photo],
        driver_file_ids=[driven],
    )  # fmt: skip
    second = there(minutes=9)
    later = await a_drawing(second)
    await refused(
        "shipment.no-signer",
        actions.receive(
            stamp=there(minutes=9), shipment_id=shipment, said=[Received(2, 5)], receiver="李", driver="9" * 121,
            driver_file_ids=[later],
        ),
    )  # fmt: skip
    await actions.receive(
        stamp=second, shipment_id=shipment, said=[Received(2, 5)], receiver="李书记", file_ids=[later]
    )
    assert [(one.file_id, one.signer.value, one.name) for one in await queries.list_signatures(shipment)] == [
        (drawn, "receiver", "王镇长"), (driven, "driver", "赵师傅"), (later, "receiver", "李书记"),
    ]  # fmt: skip
    assert (await seen(shipment)).status is Status.CLOSED
    # Drawn before names were kept: the migration gives them to the receiver, the last one with the name of the books.
    signed = import_module("warehouse.piccolo_migrations.warehouse_2026_11_27t16_00_00_000000")
    await city.execute("DELETE FROM shipment_signature; " + signed.SQL[signed.SQL.index("INSERT INTO") :])
    before = {one.file_id: (one.signer.value, one.name) for one in await queries.list_signatures(shipment)}
    assert before == {drawn: ("receiver", ""), driven: ("receiver", ""), later: ("receiver", "李书记")}
    await actions.forget_contacts(stamp=hand(minutes=99), before=world.NOW + timedelta(days=1))
    assert {one.name for one in await queries.list_signatures(shipment)} == {""}
