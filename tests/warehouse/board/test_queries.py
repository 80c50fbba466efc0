"""The board on a real database: a need's way from column to column, figures of the lists, and who sees what."""

from datetime import timedelta
from uuid import UUID

import asyncpg

from catalog.kernel.access import EVERYWHERE, Scope
from catalog.kernel.page import MAX_LIMIT
from tests.warehouse.fulfilment.test_shipments import LORRY, there
from tests.warehouse.fulfilment.test_shipments import hand as keeper
from tests.warehouse.requisitions.test_requisitions import (
    TENT,
    TOWN,
    A,
    approved,
    boss,
    facts,
    hand,
    planned,
    tents,
)
from tests.warehouse.stock import world
from warehouse.board.model import Board, Sight, SpotKind
from warehouse.board.queries import list_spots, list_tasks, read_board
from warehouse.fulfilment import actions as fulfilment
from warehouse.fulfilment import queries as shipments
from warehouse.fulfilment.model import Loading, Received
from warehouse.fulfilment.model import Status as Travel
from warehouse.incidents import actions as incidents
from warehouse.incidents.model import Hazard, IncidentFacts, NeedFacts
from warehouse.requisitions import actions, queries
from warehouse.requisitions.model import ReleaseStatus

ALL = Sight(EVERYWHERE, EVERYWHERE, EVERYWHERE)


def only(*paths: str) -> Sight:
    return Sight(Scope(paths), Scope(paths), Scope(paths))


async def look(sight: Sight = ALL, incident: UUID | None = None, hours: float = 0) -> Board:
    return await read_board(sight=sight, at=world.NOW + timedelta(hours=hours), incident_id=incident)


def figures(board: Board) -> tuple[int, ...]:
    columns = (board.wanted, board.sourced, board.picking, board.loading, board.on_road, board.arrived, board.done)
    return tuple(len(one) for one in columns)


async def needing(quantity: int = 60) -> tuple[UUID, UUID]:
    """An incident in district A and what its town needs there."""
    said = IncidentFacts("台风", Hazard.TYPHOON, A, world.NOW - timedelta(hours=1))
    incident = UUID((await incidents.open_incident(stamp=boss(), facts=said))["id"])
    need = NeedFacts(TOWN, quantity, item_id=TENT, own_stock_used="本镇已用完", priority=1)
    return incident, UUID((await incidents.add_needs(stamp=hand(), incident_id=incident, needs=[need]))["needs"][0])


async def test_a_need_goes_through_all_columns(stocked: asyncpg.Connection) -> None:
    incident, need = await needing()
    board = await look()
    assert figures(board) == (1, 0, 0, 0, 0, 0, 0)
    assert (board.wanted[0].need_id, board.wanted[0].rest, board.wanted[0].status) == (need, 60, None)

    said = facts(incident_id=incident, own_stock="")
    made = await actions.create_requisition(stamp=hand(), facts=said, need_ids=[need], submit=True)
    requisition = UUID(made["id"])
    assert (await look()).wanted[0].status == "submitted"
    await actions.approve_requisition(stamp=boss(), requisition_id=requisition)
    await actions.accept_plan(stamp=hand(), requisition_id=requisition, plan_id=await planned(requisition))
    assert figures(await look()) == (0, 1, 0, 0, 0, 0, 0)
    (release,) = (await look()).sourced
    await actions.release(stamp=boss(), release_id=release.id)
    assert figures(await look()) == (0, 0, 1, 0, 0, 0, 0)

    truck = UUID((await fulfilment.prepare_release(stamp=keeper(), release_id=release.id, vehicle=LORRY))["id"])
    assert figures(await look()) == (0, 0, 1, 1, 0, 0, 0)
    lines = (await look()).loading[0].lines
    await fulfilment.load(
        stamp=keeper(), shipment_id=truck, wanted=[Loading(line.line, line.quantity) for line in lines]
    )
    assert (await look()).loading[0].status is Travel.LOADING
    await fulfilment.depart(stamp=keeper(), shipment_id=truck)
    assert figures(await look()) == (0, 0, 0, 0, 1, 0, 0)
    await fulfilment.arrive(stamp=keeper(), shipment_id=truck)
    assert figures(await look()) == (0, 0, 0, 0, 0, 1, 0)
    said_of = [Received(line.line, line.quantity) for line in lines]
    await fulfilment.receive(stamp=there(), shipment_id=truck, said=said_of, receiver="王")
    assert figures(await look()) == (0, 0, 0, 0, 0, 0, 1)
    assert figures(await look(hours=30)) == (0, 0, 0, 0, 0, 0, 0)


async def test_only_what_nothing_brings_is_wanted(stocked: asyncpg.Connection) -> None:
    """150 tents: 130 are there, 20 stay wanted beside the orders that bring the rest."""
    requisition = await approved(tents(150))
    assert [(one.rest, one.need_id) for one in (await look()).wanted] == [(150, None)]
    await actions.accept_plan(stamp=hand(), requisition_id=requisition, plan_id=await planned(requisition))
    board = await look()
    held = sum(line.quantity for order in board.sourced for line in order.lines)
    assert [one.rest for one in board.wanted] == [150 - held]
    assert 0 < held < 150


async def test_an_unconfirmed_need_is_stale_and_comes_last(stocked: asyncpg.Connection) -> None:
    await needing()
    await approved(tents(1, priority=4))
    fresh, later = (await look()).wanted, (await look(hours=13)).wanted
    assert [(one.rest, one.stale) for one in fresh] == [(60, False), (1, False)]
    assert [(one.rest, one.stale) for one in later] == [(1, False), (60, True)]


async def test_figures_are_those_of_the_lists(stocked: asyncpg.Connection) -> None:
    incident, _ = await needing()
    for _ in range(3):
        requisition = await approved(tents(10), incident_id=incident)
        await actions.accept_plan(stamp=hand(), requisition_id=requisition, plan_id=await planned(requisition))
    first, second, _ = (await look()).sourced
    await actions.release(stamp=boss(), release_id=first.id)
    await actions.release(stamp=boss(), release_id=second.id)
    await fulfilment.prepare_release(stamp=keeper(), release_id=first.id, vehicle=LORRY)
    board = await look()
    for status, shown in ((ReleaseStatus.WAITING, board.sourced), (ReleaseStatus.RELEASED, board.picking)):
        listed = (await queries.list_releases(scope=EVERYWHERE, status=status, limit=MAX_LIMIT)).items
        assert {one.id for one in listed} == {one.id for one in shown}
    listed_trucks = (await shipments.list_shipments(scope=EVERYWHERE, status=Travel.PREPARED)).items
    assert {one.id for one in listed_trucks} == {one.id for one in board.loading}


async def test_a_board_of_one_incident(stocked: asyncpg.Connection) -> None:
    incident, _ = await needing(5)
    other, _ = await needing(7)
    await approved(tents(9))
    assert sorted(one.rest for one in (await look()).wanted) == [5, 7, 9]
    assert [one.rest for one in (await look(incident=incident)).wanted] == [5]
    assert [one.rest for one in (await look(incident=other)).wanted] == [7]


async def test_a_person_sees_what_lies_in_his_scope(stocked: asyncpg.Connection) -> None:
    """District B has a store and goods; A's town asks. Whoever reads nothing sees nothing."""
    await needing()
    await approved(tents(40))
    assert figures(await look(only("/1/3/"))) == (0, 0, 0, 0, 0, 0, 0)
    assert figures(await look(only("/1/2/"))) == (2, 0, 0, 0, 0, 0, 0)
    assert figures(await look(only("/1/2/4/")))[0] == 1  # the town's own need; the requisition is the district's
    nothing = Sight(Scope(), Scope(), Scope())
    assert figures(await look(nothing)) == (0, 0, 0, 0, 0, 0, 0)


async def test_what_a_store_has_to_pick_is_its_own_and_ends_when_it_begins(stocked: asyncpg.Connection) -> None:
    incident, _ = await needing()
    requisition = await approved(tents(10), incident_id=incident)
    await actions.accept_plan(stamp=hand(), requisition_id=requisition, plan_id=await planned(requisition))
    (order,) = (await look()).sourced
    own, other = Scope((), frozenset({order.site_id})), Scope((), frozenset({order.site_id + 1}))
    assert await list_tasks(own) == []
    told = boss()
    await actions.release(stamp=told, release_id=order.id)
    (task,) = await list_tasks(own)
    assert (task.id, task.since, task.told_by, task.trip_id) == (order.id, told.recorded_at, "boss", None)
    assert await list_tasks(other) == []
    assert await list_tasks(own, [incident]) == []
    truck = UUID((await fulfilment.prepare_release(stamp=keeper(), release_id=order.id, vehicle=LORRY))["id"])
    assert [one.trip_id for one in await list_tasks(own)] == [truck]
    await fulfilment.load(stamp=keeper(), shipment_id=truck, wanted=[Loading(1, 1)])
    assert await list_tasks(own) == []


async def test_what_is_wanted_by_hand_stands_at_its_region_where_no_point_was_told(stocked: asyncpg.Connection) -> None:
    await stocked.execute("UPDATE region SET lat = 31.5, lon = 119.5 WHERE id = $1", TOWN)
    await approved(tents(9), tents(8, lat=31.6, lon=119.6))
    found = await list_spots(await look(), sight=ALL, places=Scope())
    wanted = {(one.lat, one.lon, one.exact) for one in found if one.kind is SpotKind.WANTED}
    assert wanted == {(31.5, 119.5, False), (31.6, 119.6, True)}


async def test_the_map_knows_where_and_says_where_not(stocked: asyncpg.Connection) -> None:
    await stocked.execute("UPDATE region SET lat = 31.5, lon = 119.5 WHERE id = $1", TOWN)
    await stocked.execute("UPDATE site SET lat = 31.7, lon = 119.9 WHERE id = 1")
    incident, _ = await needing(5)
    exact = NeedFacts(TOWN, 3, item_id=TENT, own_stock_used="无", lat=31.6, lon=119.6)
    await incidents.add_needs(stamp=hand(), incident_id=incident, needs=[exact])
    requisition = await approved(tents(10), incident_id=incident)
    await actions.accept_plan(stamp=hand(), requisition_id=requisition, plan_id=await planned(requisition))
    (order,) = (await look()).sourced
    await actions.release(stamp=boss(), release_id=order.id)
    truck = UUID((await fulfilment.prepare_release(stamp=keeper(), release_id=order.id, vehicle=LORRY))["id"])
    await fulfilment.load(stamp=keeper(), shipment_id=truck, wanted=[Loading(1, 10)])
    await fulfilment.depart(stamp=keeper(), shipment_id=truck)

    async def spots(kind: SpotKind, places: Scope = EVERYWHERE) -> set[tuple[float | None, float | None, bool]]:
        found = await list_spots(await look(), sight=ALL, places=places)
        return {(one.lat, one.lon, one.exact) for one in found if one.kind is kind}

    assert await spots(SpotKind.WANTED) == {(31.5, 119.5, False), (31.6, 119.6, True)}
    assert await spots(SpotKind.VEHICLE) == {(None, None, True)}
    await fulfilment.report(stamp=keeper(), shipment_id=truck, place="路口", lat=31.55, lon=119.7)
    await fulfilment.report(stamp=keeper(minutes=1), shipment_id=truck, place="桥")
    assert await spots(SpotKind.VEHICLE) == {(31.55, 119.7, True)}
    assert (31.7, 119.9, True) in await spots(SpotKind.SITE)
    assert await spots(SpotKind.SITE, Scope(("/1/3/",))) == {(None, None, True)}
