"""A release order carried out by vehicles: its reservations end with the goods, short lines go back, it follows."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg

from api import jobs
from catalog.kernel.access import EVERYWHERE
from tests.warehouse.fulfilment.test_points_and_recovery import TOWN_REGION, incident
from tests.warehouse.fulfilment.test_shipments import BIN, LORRY, hand, refused, seen, there
from tests.warehouse.stock import world
from warehouse.fulfilment import actions, queries
from warehouse.fulfilment.model import Loading, Received, Status, Vehicle
from warehouse.requisitions import queries as requisitions
from warehouse.requisitions.model import Release
from warehouse.stock import verify
from warehouse.stock.model import Lot
from warehouse.vehicles import actions as vehicles
from warehouse.vehicles.model import Kind, VehicleFacts

_ORDER = """
WITH r AS (INSERT INTO requisition (id, number, status, region_id, incident_id, reason, authors, created_at, created_by,
    attempt) VALUES (gen_random_uuid(), 'DY-1', 'released', $1, $2, 'x', '{}', now(), 'x', gen_random_uuid())
    RETURNING id),
l AS (INSERT INTO requisition_line (id, requisition_id, line, region_id, quantity, item_id, priority)
    SELECT gen_random_uuid(), id, 1, $1, 12, 1, 1 FROM r RETURNING id),
p AS (INSERT INTO sourcing_plan (id, requisition_id, made_at, made_by, state, wishes, content, attempt)
    SELECT gen_random_uuid(), id, now(), 'x', 'accepted', '{}', '{}', gen_random_uuid() FROM r RETURNING id),
o AS (INSERT INTO release_order (id, number, status, requisition_id, plan_id, owner_region_id, site_id, region_id,
    place, priority, made_at, made_by, released_at, released_by, attempt)
    SELECT $3, 'LN-1', 'released', r.id, p.id, 1, 1, $1, '镇中心小学', 1, now(), 'x', now(), 'x', gen_random_uuid()
    FROM r, p RETURNING id)
INSERT INTO release_line (id, release_id, line, requisition_line_id, item_id, lot_id, place_id, quantity, covers,
    reservation_id) SELECT gen_random_uuid(), o.id, 1, l.id, 1, $4, $5, 12, 12, $6 FROM o, l
"""


async def ordered(city: asyncpg.Connection) -> tuple[UUID, Lot]:
    """Twelve tents of the city for a town's school, held for the order."""
    (lot,) = await world.add_lots(city, {})
    await world.receive(lot, 30, BIN)
    held, release = await world.reserve(city, lot, BIN, 12), uuid4()
    await city.execute(
        "UPDATE reservation SET document_kind = 'release', document_id = $2 WHERE id = $1", held, release
    )
    await city.execute(_ORDER, TOWN_REGION, await incident(), release, lot.id, BIN, held)
    return release, lot


async def order(release: UUID) -> Release:
    return await requisitions.get_release(release, EVERYWHERE)


async def on_vehicle(release: UUID) -> UUID:
    return UUID((await actions.prepare_release(stamp=hand(), release_id=release, vehicle=LORRY))["id"])


async def test_two_vehicles_carry_an_order_to_its_end(city: asyncpg.Connection) -> None:
    release, lot = await ordered(city)
    first = await on_vehicle(release)
    await refused("shipment.nothing-left", actions.prepare_release(stamp=hand(), release_id=release, vehicle=LORRY))
    await actions.load(stamp=hand(), shipment_id=first, wanted=[Loading(1, 7)])
    assert (await order(release)).status == "picking"
    road = await seen(first)
    assert await world.balances(city) == {(lot.id, BIN, "good"): (23, 5), (lot.id, road.place_id, "good"): (7, 0)}

    # The bin has only those: the rest is short, goes back to sourcing and is free again.
    await actions.note_short(stamp=hand(), shipment_id=first, line=1, quantity=5, note="货位上没有")
    assert (await order(release)).lines[0].short == 5
    assert (await world.balances(city))[lot.id, BIN, "good"] == (23, 0)
    await actions.depart(stamp=hand(), shipment_id=first)
    assert (await order(release)).status == "shipped"

    await actions.receive(stamp=there(), shipment_id=first, said=[Received(1, 7)], receiver="王镇长")
    assert ((await seen(first)).status, (await order(release)).status) == (Status.CLOSED, "closed")
    (point,) = (await queries.list_points(scope=EVERYWHERE)).items
    assert (point.name, (await seen(first)).end.point) == ("镇中心小学", point.id)
    assert (await world.balances(city))[lot.id, point.place_id, "good"] == (7, 0)
    assert not await city.fetchval("SELECT count(*) FROM reservation WHERE state = 'held'")
    assert await verify.run(thorough=True) == []


async def test_a_need_is_met_when_its_goods_are_received(city: asyncpg.Connection) -> None:
    release, _ = await ordered(city)
    need = await city.fetchval(
        "INSERT INTO need (id, incident_id, region_id, item_id, quantity, priority, status, asked_at, asked_by,"
        " renewed_at, attempt) SELECT gen_random_uuid(), q.incident_id, q.region_id, 1, 12, 1, 'open', now(), 'x',"
        " now(), gen_random_uuid() FROM requisition q RETURNING id"
    )
    await city.execute("UPDATE requisition_line SET need_id = $1", need)
    shipment = await on_vehicle(release)
    await actions.load(stamp=hand(), shipment_id=shipment, wanted=[Loading(1, 12)])
    await actions.depart(stamp=hand(), shipment_id=shipment)

    async def standing() -> tuple[str, int]:
        return tuple(await city.fetchrow("SELECT status, met FROM need WHERE id = $1", need))

    said = [Received(1, 10, reason="少二")]
    await actions.receive(stamp=there(), shipment_id=shipment, said=said, receiver="王镇长")
    assert await standing() == ("open", 10)
    await actions.find(stamp=there(), shipment_id=shipment, line=1, quantity=2, note="车厢里找到")
    assert await standing() == ("met", 12)
    told = await city.fetch("SELECT verb, after->>'met' FROM row_history WHERE row_key = $1 ORDER BY seq", str(need))
    assert [tuple(one) for one in told] == [("receive", "10"), ("receive", "12")]


async def test_names_and_phones_are_forgotten_some_time_after_the_end(city: asyncpg.Connection) -> None:
    release, _ = await ordered(city)
    shipment = await on_vehicle(release)
    await city.execute(
        "INSERT INTO requisition_contact (line_id, receiver, phone) SELECT id, '李', '138' FROM requisition_line;"
        "UPDATE shipment_contact SET receiver = '王', phone = '139'"
    )
    later = world.NOW + timedelta(days=400)

    async def left() -> set[str]:
        rows = await city.fetch(
            "SELECT receiver || phone FROM requisition_contact UNION ALL SELECT receiver || phone FROM shipment_contact"
        )
        return {row[0] for row in rows}

    assert (await left()) == {"李138", "王139"}
    assert await jobs._forget_contacts(later) == 0  # nothing is over
    await actions.cancel(stamp=hand(), shipment_id=shipment, reason="车坏了")
    await city.execute("UPDATE requisition SET status = 'closed', ended_at = $1", world.NOW)
    assert await jobs._forget_contacts(world.NOW + timedelta(days=179)) == 0
    assert await jobs._forget_contacts(later) == 2
    assert (await left()) == {""}
    assert await jobs._forget_contacts(later) == 0


async def test_a_called_off_vehicle_leaves_the_goods_held_for_another(city: asyncpg.Connection) -> None:
    release, lot = await ordered(city)
    first = await on_vehicle(release)
    await actions.cancel(stamp=hand(), shipment_id=first, reason="车坏了")
    assert (await world.balances(city))[lot.id, BIN, "good"] == (30, 12)
    second = await on_vehicle(release)
    await actions.load(stamp=hand(), shipment_id=second, wanted=[Loading(1, 12)])
    assert (await world.balances(city))[lot.id, BIN, "good"] == (18, 0)


async def test_a_spoken_order_is_finished_when_its_paper_is_there(city: asyncpg.Connection) -> None:
    release, _ = await ordered(city)
    await city.execute("UPDATE release_order SET spoken = true, papers_due_at = now() WHERE id = $1", release)
    shipment = await on_vehicle(release)
    await actions.load(stamp=hand(), shipment_id=shipment, wanted=[Loading(1, 12)])
    await refused("shipment.still-out", actions.finish_release(stamp=hand(), release_id=release))
    await actions.depart(stamp=hand(), shipment_id=shipment)
    await actions.receive(stamp=there(), shipment_id=shipment, said=[Received(1, 12)], receiver="王")
    assert (await order(release)).status == "received"
    await refused("release.paper-owed", actions.finish_release(stamp=hand(), release_id=release))
    await city.execute("UPDATE release_order SET paper_checked_at = now() WHERE id = $1", release)
    await actions.finish_release(stamp=hand(), release_id=release)
    assert (await order(release)).status == "closed"


async def test_received_with_a_difference_the_order_waits_until_it_is_settled(city: asyncpg.Connection) -> None:
    release, _ = await ordered(city)
    shipment = await on_vehicle(release)
    await actions.load(stamp=hand(), shipment_id=shipment, wanted=[Loading(1, 12)])
    await actions.depart(stamp=hand(), shipment_id=shipment)
    await actions.receive(stamp=there(), shipment_id=shipment, said=[Received(1, 11, reason="少一")], receiver="王")
    assert (await order(release)).status == "received"
    await actions.find(stamp=there(), shipment_id=shipment, line=1, quantity=1, note="找到")
    await city.execute("UPDATE discrepancy_case SET status = 'settled'")
    await actions.close(stamp=hand(), shipment_id=shipment)
    assert (await order(release)).status == "closed"


async def test_a_vehicle_takes_what_fits_and_the_next_takes_the_rest(city: asyncpg.Connection) -> None:
    release, _ = await ordered(city)
    await city.execute("UPDATE item SET weight_g = 20000, volume_ml = 100000 WHERE id = 1")
    lorry = VehicleFacts("苏D00001", Kind.BOX, 1, 150_000, 10_000_000, site_id=1, driver="赵")
    done = await vehicles.register(
        stamp=hand(), vehicles=[lorry, replace(lorry, plate="苏D00002"), replace(lorry, plate="苏D00003")]
    )
    first, second, third = map(UUID, done["ids"])
    await city.executemany(
        "INSERT INTO release_vehicle (release_id, turn, vehicle_id) VALUES ($1, $2, $3)",
        [(release, 0, first), (release, 1, second), (release, 2, third)],
    )
    assert [one.vehicle.id for one in await requisitions.suggested_for(release, world.NOW)] == [first, second, third]
    tiny = Vehicle(plate="苏D9", max_weight_g=19_999)
    await refused(
        "shipment.nothing-fits",
        actions.prepare_release(stamp=hand(), release_id=release, vehicle=tiny, fits=True),
    )

    async def sent(vehicle: UUID) -> list[int]:
        done = await actions.prepare_release(
            stamp=hand(), release_id=release, vehicle=Vehicle(registered=vehicle), fits=True
        )
        return [line.quantity for line in (await seen(UUID(done["id"]))).lines]

    assert await sent(first) == [7]  # 150 kg: seven tents of 20 kg
    assert [one.vehicle.id for one in await requisitions.suggested_for(release, world.NOW)] == [second, third]
    assert await sent(second) == [5]
    # All goods have their vehicle: the third is not kept for the order any longer.
    assert await requisitions.suggested_for(release, world.NOW) == []
    await refused("shipment.nothing-left", actions.prepare_release(stamp=hand(), release_id=release, vehicle=LORRY))


async def test_goods_for_an_incident_that_go_to_a_store_first_belong_to_it_all_the_same(
    city: asyncpg.Connection,
) -> None:
    release, _ = await ordered(city)
    done = await actions.prepare_release(stamp=hand(), release_id=release, vehicle=LORRY, to_site_id=2)
    shipment = await seen(UUID(done["id"]))
    assert (shipment.end.point, shipment.incident is not None) == (None, True)
    listed = await queries.list_shipments(scope=EVERYWHERE, incident_id=shipment.incident_id)
    assert [one.id for one in listed.items] == [shipment.id]
