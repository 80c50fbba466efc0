"""A more urgent need takes what is held for a less urgent one: once, told, planned anew, and never oversold."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from api import replanning, solving
from catalog.kernel import parameters
from catalog.kernel.access import EVERYWHERE, Role, Scope
from catalog.kernel.errors import Refused
from tests.warehouse.requisitions.test_requisitions import (
    approved,
    boss,
    hand,
    planned,
    sourced,
    status_of,
    stocked,  # noqa: F401 - a fixture
    tents,
)
from tests.warehouse.stock import world
from warehouse.incidents import actions as incidents
from warehouse.incidents.model import Hazard, IncidentFacts, Level
from warehouse.requisitions import actions, queries
from warehouse.requisitions.model import ReleaseStatus, Status, Wishes
from warehouse.requisitions.sourcing.model import Closeness


async def typhoon(level: Level = Level.II) -> UUID:
    facts = IncidentFacts("台风", Hazard.TYPHOON, 1, world.NOW - timedelta(hours=1))
    return UUID((await incidents.open_incident(stamp=boss(), facts=facts, level=level, reason="红色预警"))["id"])


async def rest_of(requisition: UUID) -> list[int]:
    return [line.rest for line in (await queries.get_requisition(requisition, EVERYWHERE)).lines]


async def held(city: asyncpg.Connection) -> int:
    return sum(reserved for _, reserved in (await world.balances(city)).values())


async def test_the_more_urgent_takes_and_the_loser_is_told_and_planned_anew(stocked: asyncpg.Connection) -> None:  # noqa: F811
    incident = await typhoon()
    (order,) = await sourced(await approved(tents(70, priority=3), incident_id=incident))
    loser = order.requisition_id
    assert await rest_of(loser) == [0]
    taker = await approved(tents(60, priority=1), incident_id=incident)
    plan = await planned(taker)
    found = await queries.get_requisition(taker, EVERYWHERE)
    shown = await queries.show_plan((await queries.list_plans(taker))[0], found)
    # What nobody holds goes first, even from beside; then what is held for a less urgent need.
    lines = sorted(shown.lines, key=lambda one: (one.closeness, -one.quantity))
    assert [(one.closeness, one.quantity, one.origin.held_for) for one in lines] == [
        (Closeness.SISTER, 30, 0), (Closeness.HELD, 20, 3), (Closeness.HELD, 10, 3),
    ]  # fmt: skip
    stamp = hand()
    done = await actions.accept_plan(stamp=stamp, requisition_id=taker, plan_id=plan)
    assert done["taken_from"] == [str(loser)]
    assert (await rest_of(taker), await rest_of(loser)) == ([0], [30])
    assert await held(stocked) == 100
    (order,) = await queries.releases_of(loser)
    assert (order.status, [(line.quantity, line.reserved) for line in order.lines]) == (
        ReleaseStatus.WAITING,
        [(40, 40)],
    )
    taken = await queries.takings_of(loser)
    assert sorted((one.quantity, one.taker_number, one.taker_priority, one.replanned_at) for one in taken) == [
        (10, found.number, 1, None), (20, found.number, 1, None),
    ]  # fmt: skip
    # Sent again, nothing happens twice.
    assert (await actions.accept_plan(stamp=stamp, requisition_id=taker, plan_id=plan))["repeat"]
    assert len(await queries.takings_of(loser)) == 2
    # The house plans it anew, once; its dispatcher accepts what there is.
    try:
        assert [await replanning.turn(world.NOW + timedelta(minutes=1)) for _ in range(2)] == [1, 0]
    finally:
        solving.SOLVER.close()
    (again, *_) = await queries.list_plans(loser)
    assert (again.state, again.made_by) == ("current", "house")
    (lack,) = (await queries.show_plan(again, await queries.get_requisition(loser, EVERYWHERE))).lacks
    assert lack.quantity == 30
    (more,) = await world.add_lots(stocked, {})
    await world.receive(more, 50, 103)
    await actions.accept_plan(stamp=hand(), requisition_id=loser, plan_id=await planned(loser))
    assert await rest_of(loser) == [0]
    assert all(one.settled_at for one in await queries.takings_of(loser))


async def test_an_order_of_which_nothing_is_left_ends_and_its_requisition_is_open_again(
    stocked: asyncpg.Connection,  # noqa: F811
) -> None:
    incident = await typhoon()
    first = await sourced(await approved(tents(100, priority=4), incident_id=incident))
    taker = await approved(tents(100, priority=2), incident_id=incident)
    await actions.accept_plan(stamp=hand(), requisition_id=taker, plan_id=await planned(taker))
    orders = await queries.releases_of(first[0].requisition_id)
    assert {one.status for one in orders} == {ReleaseStatus.CANCELLED}
    assert await status_of(first[0].requisition_id) is Status.APPROVED
    assert await held(stocked) == 100
    # Once the goods are free again, the same requisition may not take from it a second time.
    for order in await queries.releases_of(taker):
        await actions.cancel_release(stamp=hand(), release_id=order.id, reason="改由他处调出")
    await sourced(first[0].requisition_id)
    await planned(taker)
    found = await queries.get_requisition(taker, EVERYWHERE)
    shown = await queries.show_plan((await queries.list_plans(taker))[0], found)
    assert shown.lines == ()
    assert [one.quantity for one in shown.lacks] == [100]


@pytest.mark.parametrize("case", ["level", "setting", "equal", "ordered", "none"])
async def test_what_may_not_be_taken(stocked: asyncpg.Connection, case: str) -> None:  # noqa: F811
    incident = await typhoon(Level.III if case == "level" else Level.II)
    if case == "setting":
        said = {"key": "incident.level-2.takes", "path": "/1/2/", "value": False, "version": 0}
        await parameters.set_parameter(stamp=hand(Role.SYSTEM_ADMIN), **said)  # type: ignore[arg-type]
    orders = await sourced(await approved(tents(100, priority=1 if case == "equal" else 3), incident_id=incident))
    if case == "ordered":
        for order in orders:
            await actions.release(stamp=boss(), release_id=order.id)
    more = {} if case == "none" else {"incident_id": incident}
    taker = await approved(tents(10, priority=1), **more)
    await planned(taker)
    found = await queries.get_requisition(taker, EVERYWHERE)
    shown = await queries.show_plan((await queries.list_plans(taker))[0], found)
    assert shown.lines == ()


async def test_only_owners_and_requisitions_in_the_dispatchers_area_lose(stocked: asyncpg.Connection) -> None:  # noqa: F811
    incident = await typhoon()
    await sourced(await approved(tents(100, priority=3), incident_id=incident))
    taker = await approved(tents(10, priority=1), incident_id=incident)
    found = await queries.get_requisition(taker, EVERYWHERE)
    task = await queries.read_task(found, Scope(("/1/3/",)), Wishes(), world.NOW)
    assert [one.key for one in task.sources] == ["3:3"]  # the asking region of the loser is not in it


async def test_a_hold_that_was_ordered_out_meanwhile_is_named_and_nothing_is_taken(
    stocked: asyncpg.Connection,  # noqa: F811
) -> None:
    incident = await typhoon()
    orders = await sourced(await approved(tents(100, priority=3), incident_id=incident))
    taker = await approved(tents(90, priority=1), incident_id=incident)
    plan = await planned(taker)
    city = next(one for one in orders if one.owner_key == "city")
    await actions.release(stamp=boss(), release_id=city.id)
    with pytest.raises(Refused) as gone:
        await actions.accept_plan(stamp=hand(), requisition_id=taker, plan_id=plan)
    assert gone.value.code == "sourcing.stock-moved"
    assert [(one["site"], one["why"], one["free"]) for one in gone.value.facts["lines"]] == [
        ("CZ01库", "taken", 0), ("CZ01库", "taken", 0),
    ]  # fmt: skip
    assert await queries.takings_of(orders[0].requisition_id) == []
    assert await held(stocked) == 100


async def test_rivals_who_take_and_owners_who_release_at_once_never_oversell(
    stocked: asyncpg.Connection,  # noqa: F811
) -> None:
    incident = await typhoon()
    orders: list[Any] = []
    for _ in range(4):
        orders += await sourced(await approved(tents(25, priority=4), incident_id=incident))
    takers = [await approved(tents(30, priority=1 + n % 3), incident_id=incident) for n in range(6)]
    plans = [await planned(one) for one in takers]

    async def told(work: Any) -> Any:
        try:
            return await work
        except Refused as refused:
            return refused

    deeds = [
        actions.accept_plan(stamp=hand(), requisition_id=one, plan_id=plan)
        for one, plan in zip(takers, plans, strict=True)
    ]
    deeds += [actions.release(stamp=boss(), release_id=one.id) for one in orders]
    answers = await asyncio.gather(*(told(deed) for deed in deeds))
    codes = {one.code for one in answers if isinstance(one, Refused)}
    assert codes <= {"sourcing.stock-moved", "release.not-from-here", "release.goods-gone"}
    balances = await world.balances(stocked)
    assert all(reserved <= there for there, reserved in balances.values())
    # What is held is what live orders say, piece by piece; what somebody lost is written down.
    live = await stocked.fetch(
        "SELECT sum(x.quantity)::bigint, sum(v.quantity)::bigint FROM release_line x JOIN release_order o"
        " ON o.id = x.release_id JOIN reservation v ON v.id = x.reservation_id"
        " WHERE o.status IN ('waiting', 'released') AND v.state = 'held'"
    )
    assert live[0][0] == live[0][1] == await held(stocked)
    lost = {order.requisition_id for order in orders}
    open_again = sum([sum(await rest_of(one)) for one in lost])
    taken = await stocked.fetchval("SELECT coalesce(sum(quantity), 0) FROM hold_taken")
    assert open_again == taken
