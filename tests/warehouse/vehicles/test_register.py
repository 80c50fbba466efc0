"""The register of vehicles on a real database: kept, listed, used by one paper at a time, forgotten."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from catalog.kernel import db
from catalog.kernel.access import EVERYWHERE, ROLES, Grant, Role, Scope
from catalog.kernel.errors import Problem
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from tests.warehouse.stock import world
from warehouse.vehicles import actions, queries
from warehouse.vehicles.model import Kind, Sort, Standing, Vehicle, VehicleFacts

TODAY = day_of(world.NOW)
FACTS = VehicleFacts("苏D12345", Kind.BOX, 2, 5_000_000, 20_000_000, driver="赵师傅", phone="13800000000")
TOWN_STORE = 2


def hand(role: Role = Role.KEEPER, path: str = "/1/2/", site: int | None = None) -> Stamp:
    stamp = world.stamp(at=world.NOW)
    return replace(stamp, attempt=uuid4(), login="keeper", grants=(Grant(role, path, ROLES[role], site_id=site),))


async def registered(*facts: VehicleFacts, stamp: Stamp | None = None) -> list[UUID]:
    done = await actions.register(stamp=stamp or hand(), vehicles=facts or [FACTS])
    return [UUID(one) for one in done["ids"]]


async def refused(code: str, act: Awaitable[Any]) -> Problem:
    with pytest.raises(Problem) as problem:
        await act
    assert problem.value.code == code, problem.value
    return problem.value


async def plates(**wanted: Any) -> list[str]:
    listed = await queries.list_vehicles(**{"scope": EVERYWHERE, "on": TODAY, **wanted})
    return [one.facts.plate for one in listed.items]


async def seen(vehicle: UUID) -> Vehicle:
    return await queries.get_vehicle(vehicle, EVERYWHERE)


async def test_registered_edited_withdrawn_and_restored(city: asyncpg.Connection) -> None:
    stamp = hand()
    (one,) = await registered(stamp=stamp)
    assert await registered(stamp=stamp) == [one]  # sent twice
    await refused("vehicle.plate-taken", registered(replace(FACTS, plate="苏D·12345")))
    assert (await seen(one)).facts == FACTS
    moved = replace(FACTS, site_id=TOWN_STORE, out_of_service="年检", driver="钱师傅")
    await actions.edit(stamp=hand(), vehicle_id=one, version=1, facts=moved)
    now = await seen(one)
    assert (now.path, now.site_code, now.facts.driver, now.standing(TODAY)) == (
        "/1/2/4/", "AA01", "钱师傅", Standing.OUT_OF_SERVICE,
    )  # fmt: skip
    await refused("vehicle.stale", actions.edit(stamp=hand(), vehicle_id=one, version=1, facts=moved))
    await actions.retire(stamp=hand(), vehicle_id=one, version=2)
    assert (await plates(), await plates(retired=True)) == ([], ["苏D12345"])
    (other,) = await registered()
    await refused("vehicle.plate-taken", actions.restore(stamp=hand(), vehicle_id=one, version=3))
    await actions.retire(stamp=hand(), vehicle_id=other, version=1)
    await actions.restore(stamp=hand(), vehicle_id=one, version=3)
    assert await plates() == ["苏D12345"]


async def test_who_may_and_what_is_not_there(city: asyncpg.Connection) -> None:
    (one,) = await registered()
    await refused("vehicle.missing", actions.edit(stamp=hand(path="/1/3/"), vehicle_id=one, version=1, facts=FACTS))
    away = replace(FACTS, plate="苏D00001", region_id=3)
    await refused("access.out-of-scope", registered(away))
    await refused("access.denied", registered(replace(FACTS, plate="苏D00001"), stamp=hand(Role.STATISTICIAN)))
    await refused("vehicle.home-elsewhere", registered(replace(away, region_id=2, site_id=3)))
    await refused("region.missing", registered(replace(away, region_id=99)))
    await refused("site.missing", registered(replace(FACTS, plate="苏D00001", site_id=99)))
    await refused("party.missing", registered(replace(FACTS, plate="苏D00001", carrier_id=99)))
    assert len(await plates()) == 1
    mine = hand(path="/1/2/4/", site=TOWN_STORE)
    await registered(replace(FACTS, plate="苏D00002", site_id=TOWN_STORE), stamp=mine)
    assert await plates(scope=Scope((), frozenset({TOWN_STORE}))) == ["苏D00002"]


async def test_the_list_is_filtered_and_sorted_by_pages(city: asyncpg.Connection) -> None:
    small = replace(FACTS, plate="苏D00001", kind=Kind.VAN, max_weight_g=1_000_000, max_volume_ml=30_000_000)
    ended = replace(FACTS, plate="苏D00002", valid_to=date(2026, 1, 1))
    broken = replace(FACTS, plate="苏D00003", site_id=TOWN_STORE, out_of_service="年检")
    ids = await registered(FACTS, small, ended, broken)
    await actions.hold(stamp=hand(), kind="shipment", paper=uuid4(), number="YD26-1", vehicle_id=ids[1])
    assert await plates(sort=Sort.WEIGHT, limit=1) == ["苏D12345"]
    assert (await plates(sort=Sort.VOLUME))[0] == "苏D00001"
    assert (await plates(sort=Sort.HOME))[-1] == "苏D00003"
    assert await plates(standing=Standing.READY) == ["苏D12345"]
    assert await plates(standing=Standing.IN_USE) == ["苏D00001"]
    assert await plates(standing=Standing.OUT_OF_SERVICE) == ["苏D00003"]
    assert await plates(standing=Standing.NOT_VALID) == ["苏D00002"]
    assert await plates(kind=Kind.VAN) == ["苏D00001"]
    assert await plates(under="/1/2/4/") == ["苏D00003"]
    assert len(await plates(text="赵师傅")) == 4
    listed: list[str] = []
    cursor = None
    while True:
        part = await queries.list_vehicles(scope=EVERYWHERE, on=TODAY, cursor=cursor, limit=2)
        listed += [one.facts.plate for one in part.items]
        cursor = part.next_cursor
        if cursor is None:
            break
    assert listed == ["苏D00001", "苏D00002", "苏D00003", "苏D12345"]
    # Only what can be sent, by whom it serves: the smallest first.
    assert [one.facts.plate for one in await queries.at_hand([TOWN_STORE], TODAY)] == ["苏D12345"]
    assert await queries.at_hand([3], TODAY) == []


async def test_rivals_for_one_vehicle_and_a_paper_that_changes_its_mind(city: asyncpg.Connection) -> None:
    first, second = await registered(FACTS, replace(FACTS, plate="苏D00001"))
    papers = [uuid4() for _ in range(6)]

    async def take(paper: UUID, number: int, vehicle: UUID | None) -> None:
        async with db.transaction():
            await actions.hold(stamp=hand(), kind="shipment", paper=paper, number=f"YD-{number}", vehicle_id=vehicle)

    tries = [take(paper, number, first) for number, paper in enumerate(papers)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    codes = [one.code for one in outcomes if isinstance(one, Problem)]
    assert codes == ["vehicle.in-use"] * 5
    (winner,) = (number for number, one in enumerate(outcomes) if one is None)
    await refused("vehicle.in-use", actions.retire(stamp=hand(), vehicle_id=first, version=1))
    await take(papers[winner], winner, second)
    assert ((await seen(first)).used_paper, (await seen(second)).used_paper) == ("", f"YD-{winner}")
    await take(papers[winner], winner, None)
    assert (await seen(second)).used_id is None
    # Two papers change vehicles with each other's: both are refused, nobody waits for ever.
    await take(papers[0], 0, first)
    await take(papers[1], 1, second)
    both = await asyncio.gather(take(papers[0], 0, second), take(papers[1], 1, first), return_exceptions=True)
    assert [one.code for one in both if isinstance(one, Problem)] == ["vehicle.in-use"] * 2


async def test_drivers_are_forgotten_and_never_reach_history(city: asyncpg.Connection) -> None:
    (one,) = await registered()
    told = await city.fetchval("SELECT string_agg(coalesce(before::text, '') || after::text, '') FROM row_history")
    assert "苏D12345" in told
    assert "赵师傅" not in told
    assert "13800000000" not in told
    assert await actions.forget_contacts(stamp=hand(), before=world.NOW + timedelta(days=999)) == 0
    await actions.retire(stamp=hand(), vehicle_id=one, version=1)
    assert await actions.forget_contacts(stamp=hand(), before=world.NOW) == 0
    assert await actions.forget_contacts(stamp=hand(), before=world.NOW + timedelta(days=1)) == 1
    assert ((await seen(one)).facts.driver, (await seen(one)).facts.phone) == ("", "")
