"""Vehicles in plans: which are offered, how they are loaded, what accepting keeps, and that none is offered twice."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from catalog.kernel import db
from catalog.kernel.access import EVERYWHERE, Scope
from tests.warehouse.requisitions.test_requisitions import (
    CITY,
    NO_WISHES,
    B,
    approved,
    boss,
    hand,
    planned,
    sourced,
    tents,
)
from tests.warehouse.stock import world
from warehouse.requisitions import actions, queries
from warehouse.requisitions.queries.shown import ShownPlan
from warehouse.requisitions.sourcing.model import Task, Vehicle
from warehouse.requisitions.sourcing.plan import load, load_all, plan
from warehouse.vehicles import actions as vehicles
from warehouse.vehicles.model import Kind, VehicleFacts

LORRY = VehicleFacts("苏D00001", Kind.BOX, CITY, 1_000_000, 10_000_000, site_id=1, driver="赵")
"""A thousand kilograms and ten cubic metres, of the city's store."""


@pytest.fixture
async def stocked(city: asyncpg.Connection) -> asyncpg.Connection:
    """200 tents of 20 kg and 100 l in the city's store."""
    (lot,) = await world.add_lots(city, {})
    await world.receive(lot, 200, 101)
    await city.execute("UPDATE item SET weight_g = 20000, volume_ml = 100000 WHERE id = 1")
    return city


async def registered(*facts: VehicleFacts) -> list[UUID]:
    done = await vehicles.register(stamp=hand(), vehicles=facts)
    return [UUID(one) for one in done["ids"]]


async def task_of(requisition: UUID, scope: Scope = EVERYWHERE) -> Task:
    found = await queries.get_requisition(requisition, EVERYWHERE)
    return await queries.read_task(found, scope, NO_WISHES, world.NOW)


async def shown(requisition: UUID) -> ShownPlan:
    await planned(requisition)
    (current, *_) = await queries.list_plans(requisition)
    return await queries.show_plan(current, await queries.get_requisition(requisition, EVERYWHERE))


def test_a_vehicle_that_serves_few_sources_goes_before_one_that_others_need() -> None:
    mine = Vehicle("mine", 9, 9, frozenset("a"))
    shared = Vehicle("shared", 5, 5, frozenset("ab"))
    anywhere = Vehicle("anywhere", 5, 5)
    assert load([anywhere, shared, mine], "a", 5, 5) == [mine]
    assert load([anywhere, shared, mine], "b", 5, 5) == [shared]
    assert load([anywhere, shared, mine], "c", 5, 5) == [anywhere]


def test_a_small_load_leaves_the_lorry_to_the_load_that_only_it_carries() -> None:
    """The store's own lorry would go first; the small load takes the van where a later one needs the lorry."""
    lorry, van = Vehicle("lorry", 5_000, 24_000, frozenset("a")), Vehicle("van", 1_200, 7_000, frozenset("ab"))
    small, big, huge = ("a", 500, 3_000), ("a", 4_700, 22_000), ("a", 9_000, 22_000)
    assert load_all([lorry, van], [small]) == [[lorry]]
    assert load_all([lorry, van], [small, big]) == [[van], [lorry]]
    assert load_all([lorry, van], [big, small]) == [[lorry], [van]]
    assert load_all([lorry, van], [small, ("b", 500, 3_000)]) == [[lorry], [van]]
    # Who comes first keeps what he needs; a load that needs several takes those, and none is given twice.
    assert load_all([lorry, van], [big, ("a", 4_000, 8_000), small]) == [[lorry], [van], []]
    assert load_all([lorry, van], [huge, small]) == [[lorry, van], []]
    assert load_all([lorry, van], [("a", 0, 0), big]) == [[], [lorry]]


def test_nobody_gives_way_while_another_vehicle_is_free() -> None:
    """The light load takes the small free lorry and leaves the first one where it is: both large ones are then free."""
    a, c = Vehicle("a", 500, 6_000), Vehicle("c", 1_000, 4_000)
    large = [Vehicle(f"b{n}", 20_000, 40_000) for n in (1, 2)]
    loads = [("x", 100, 5_000), ("x", 200, 1_000), ("x", 35_000, 30_000)]
    first, second, third = load_all([a, c, *large], loads)
    assert (first, second, {one.key for one in third}) == ([a], [c], {"b1", "b2"})


async def test_the_plan_says_why_a_vehicle_that_could_carry_it_does_not(stocked: asyncpg.Connection) -> None:
    big = replace(LORRY, max_weight_g=5_000_000, max_volume_ml=24_000_000)
    ids = await registered(
        big,
        replace(big, plate="苏D00002", out_of_service="年检"),
        replace(big, plate="苏D00003", region_id=B, site_id=3),
        replace(LORRY, plate="苏D00004"),  # too small alone
    )
    (order,) = await sourced(await approved(tents(55)))
    assert [one.vehicle.id for one in await queries.suggested_for(order.id, world.NOW)] == [ids[0]]
    (gone,) = await registered(replace(big, plate="苏D00005"))
    async with db.transaction():
        await vehicles.hold(stamp=hand(), kind="shipment", paper=uuid4(), number="YD26-7", vehicle_id=gone)
    requisition = await approved(tents(60))
    await planned(requisition)
    (current, *_) = await queries.list_plans(requisition)
    found = await queries.get_requisition(requisition, EVERYWHERE)
    (ride,) = (await queries.show_plan(current, found, at=world.NOW)).shipments
    assert [(one.vehicle.plate, one.why.value, one.by) for one in ride.passed] == [
        ("苏D00001", "counted-on", ""),
        ("苏D00002", "out-of-service", ""),
        ("苏D00005", "in-use", ""),
        ("苏D00003", "elsewhere", await stocked.fetchval("SELECT name_zh FROM site WHERE id = 3")),
    ]


async def test_which_vehicles_the_task_has(stocked: asyncpg.Connection) -> None:
    ids = await registered(
        LORRY,
        replace(LORRY, plate="苏D00002", site_id=None),  # for all stores of the city
        replace(LORRY, plate="苏D00003", region_id=B, site_id=3),  # of another store
        replace(LORRY, plate="苏D00004", out_of_service="年检"),
        replace(LORRY, plate="苏D00005", valid_to=world.NOW.date() - timedelta(days=1)),
        replace(LORRY, plate="苏D00006"),
    )
    async with db.transaction():
        await vehicles.hold(stamp=hand(), kind="shipment", paper=uuid4(), number="YD", vehicle_id=ids[5])
    requisition = await approved(tents(10))
    task = await task_of(requisition)
    assert {one.key for one in task.vehicles} == {str(ids[0]), str(ids[1])}
    assert {one.sources for one in task.vehicles} == {frozenset({"1:1"})}
    assert (await task_of(requisition, Scope(("/1/3/",)))).vehicles == ()
    assert plan(task) == plan(await task_of(requisition))


async def test_the_plan_says_what_fits_and_covers_all_the_same(stocked: asyncpg.Connection) -> None:
    requisition = await approved(tents(60))
    (bare,) = (await shown(requisition)).shipments
    assert (bare.vehicles, bare.grams, bare.over_grams) == ((), 1_200_000, 1_200_000)
    await registered(LORRY)
    found = await shown(requisition)
    (ride,) = found.shipments
    assert [one.plate for one in ride.vehicles] == ["苏D00001"]
    assert (ride.grams, ride.over_grams, ride.over_millilitres) == (1_200_000, 200_000, 0)
    assert (sum(line.quantity for line in found.lines), found.lacks) == (60, ())
    await registered(replace(LORRY, plate="苏D00002", max_weight_g=300_000))
    (both,) = (await shown(requisition)).shipments
    assert ([one.plate for one in both.vehicles], both.over_grams) == (["苏D00001", "苏D00002"], 0)
    await stocked.execute("UPDATE item SET weight_g = NULL WHERE id = 1")
    (unknown,) = (await shown(requisition)).shipments
    assert (unknown.grams, unknown.unmeasured) == (0, 1)


async def test_accepting_keeps_the_vehicle_for_the_order_and_offers_it_to_nobody_else(
    stocked: asyncpg.Connection,
) -> None:
    (lorry,) = await registered(LORRY)
    rival = await approved(tents(10))
    earlier = await planned(rival)  # has the same lorry in mind
    (order,) = await sourced(await approved(tents(10)))
    assert [one.vehicle.id for one in await queries.suggested_for(order.id, world.NOW)] == [lorry]
    assert (await task_of(rival)).vehicles == ()
    done = await actions.accept_plan(stamp=hand(), requisition_id=rival, plan_id=earlier)
    assert done["status"] == "sourced"  # goods are held, the lorry is not promised twice
    (other,) = await queries.releases_of(rival)
    assert await queries.suggested_for(other.id, world.NOW) == []
    # The order that had it comes to nothing: the lorry is at hand again.
    await actions.refuse_release(stamp=boss(login="owner"), release_id=order.id, reason="不同意")
    third = await approved(tents(10))
    assert [one.key for one in (await task_of(third)).vehicles] == [str(lorry)]
