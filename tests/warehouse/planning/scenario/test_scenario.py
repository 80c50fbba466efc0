"""Scenarios on a real database: worked out from stock, norms and commitments; changed, kept, scoped."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from catalog.kernel import db
from catalog.kernel.access import EVERYWHERE, ROLES, Grant, Role, Scope
from catalog.kernel.errors import Denied, Invalid, Missing, Refused, Stale
from catalog.kernel.history import list_changes
from catalog.kernel.stamp import Stamp
from tests.catalog.test_tables import kind
from tests.warehouse.stock import world
from warehouse.commitments import actions as commitments
from warehouse.commitments.model import CommitmentFacts, Form
from warehouse.norms import actions as norms
from warehouse.norms.model import NormFacts
from warehouse.planning.scenario import actions, queries, tables
from warehouse.planning.scenario.model import AreaPeople, Basis, Consumption, Outcome, Reach, ScenarioFacts, Task

TODAY = date(2026, 11, 21)
TENT, QUILT = 1, 2
CITY, A, B, TOWN = 1, 2, 3, 4
QUILTS = Consumption(1, 1, Basis.MOVED, False, QUILT, source="市文件")


def planner(path: str = "/1/", role: Role = Role.PLANNER) -> Stamp:
    return replace(world.stamp(), attempt=uuid4(), login="planner", grants=(Grant(role, path, ROLES[role]),))


def facts(**more: Any) -> ScenarioFacts:
    said: dict[str, Any] = {
        "name": "台风“测试”", "hazard": "typhoon", "region_id": A, "day": TODAY, "days": 3,
        "areas": (AreaPeople(TOWN, 300, 100),), "uses": (QUILTS,), "reach": Reach(source="演示"), **more,
    }  # fmt: skip
    return ScenarioFacts(**said)


async def made(stamp: Stamp | None = None, **more: Any) -> UUID:
    return UUID((await actions.create_scenario(stamp=stamp or planner(), facts=facts(**more)))["id"])


async def lines(scenario: UUID) -> list[dict[str, Any]]:
    found = await queries.get_scenario(scenario, EVERYWHERE)
    assert found.outcome is not None
    return list(found.outcome["lines"])


async def stand(hall: asyncpg.Connection, place: int, quantity: int, owner: int, **more: Any) -> None:
    (lot,) = await world.add_lots(hall, {"item_id": QUILT, "owner_region_id": owner, **more})
    await world.receive(lot, quantity, (place, "good"), site_id={11: 2, 12: 3}[place // 10])


async def where(hall: asyncpg.Connection) -> None:
    """The town at its point; the store of B some 13 km north, the city's store 110 km north."""
    await hall.execute("UPDATE region SET lat = 31.4, lon = 119.5 WHERE id = 4")
    await hall.executemany("UPDATE site SET lat = $2, lon = 119.5 WHERE id = $1", [(2, 31.4), (3, 31.52), (1, 32.4)])


async def test_a_scenario_is_worked_out_from_stock_norms_and_commitments(hall: asyncpg.Connection) -> None:
    await where(hall)
    await stand(hall, 111, 20, TOWN)
    await stand(hall, 111, 7, TOWN, expires_on=date(2026, 11, 20))  # expired yesterday
    await stand(hall, 121, 50, B)
    await norms.set_norms(stamp=planner(), norms=[NormFacts(region_id=B, item_id=QUILT, minimum=35, source="区文件")])
    await commitments.create_commitment(
        stamp=planner(),
        sign=True,
        facts=CommitmentFacts(A, 1, Form.AGREEMENT, "XY-1", 50, 6, 80, TODAY, TODAY, item_id=QUILT),
    )
    (line,) = await lines(await made())
    assert (line["need"], line["here"], line["reach"], line["gap"]) == (100, 20, 15, 65)
    assert line["here_by_tier"] == {"town": 20}
    assert [(fix["way"], fix["source_key"], fix["quantity"]) for fix in line["fixes"]] == [
        ("move", "BB01", 15),
        ("call", "XY-1", 40),
    ]
    assert line["open"] == 25  # nobody has a price for quilts
    assert line["fixes"][1]["facts"]["confidence"] == 80
    # On a day on which the commitment has ended it is not reckoned with.
    (later,) = await lines(await made(day=date(2026, 11, 22)))
    assert [fix["way"] for fix in later["fixes"]] == ["move"]


async def test_without_lines_the_norms_of_its_hazard_are_taken_and_kept(hall: asyncpg.Connection) -> None:
    with pytest.raises(Refused) as refusal:
        await made(uses=())
    assert refusal.value.code == "scenario.no-uses"
    norm = await actions.set_consumption(stamp=planner(), region_id=CITY, hazard=None, use=QUILTS)
    with pytest.raises(Refused) as twice:
        await actions.set_consumption(stamp=planner(), region_id=CITY, hazard=None, use=replace(QUILTS, quantity=9))
    assert twice.value.code == "consumption.twice"
    one = await made(uses=())
    await actions.edit_consumption(
        stamp=planner(), norm_id=UUID(norm["id"]), version=1, use=replace(QUILTS, quantity=2, source="新文件")
    )
    two = await made(uses=())
    assert [(await lines(each))[0]["need"] for each in (one, two)] == [100, 200]
    await actions.work_out(stamp=planner(), scenario_id=one, version=1)
    assert (await lines(one))[0]["need"] == 100  # it keeps the copy it was made with
    await actions.retire_consumption(stamp=planner(), norm_id=UUID(norm["id"]), version=2)
    with pytest.raises(Refused):
        await made(uses=())
    with pytest.raises(Stale):
        await actions.edit_scenario(stamp=planner(), scenario_id=one, version=1, facts=facts())


async def test_it_is_worked_out_again_changed_and_put_away(hall: asyncpg.Connection) -> None:
    await where(hall)
    stamp = planner()
    one = await made(stamp)
    assert UUID((await actions.create_scenario(stamp=stamp, facts=facts()))["id"]) == one  # sent twice
    assert await hall.fetchval("SELECT count(*) FROM scenario") == 1
    await stand(hall, 111, 30, TOWN)
    assert (await lines(one))[0]["here"] == 0
    await actions.work_out(stamp=planner(), scenario_id=one, version=1)
    assert (await lines(one))[0]["here"] == 30
    await actions.edit_scenario(
        stamp=planner(), scenario_id=one, version=2, facts=facts(areas=(AreaPeople(TOWN, 900, 400),))
    )
    assert (await lines(one))[0]["need"] == 400
    await actions.retire_scenario(stamp=planner(), scenario_id=one, version=3)
    with pytest.raises(Refused) as refusal:
        await actions.work_out(stamp=planner(), scenario_id=one, version=4)
    assert refusal.value.code == "scenario.retired"
    assert (await queries.list_scenarios(scope=EVERYWHERE)).items == []
    verbs = [change.verb for change in await list_changes(table="scenario", key=str(one))]
    assert verbs == ["retire", "edit", "work-out", "create"]


async def test_of_two_who_work_it_out_at_once_one_reads_again(hall: asyncpg.Connection) -> None:
    one = await made()
    done = await asyncio.gather(
        *(actions.work_out(stamp=planner(), scenario_id=one, version=1) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(each).__name__ for each in done) == ["Stale", "dict"]


async def test_no_transaction_is_open_while_it_is_solved_and_what_changed_meanwhile_is_marked(
    hall: asyncpg.Connection,
) -> None:
    await where(hall)
    await stand(hall, 111, 30, TOWN)
    solved: list[int] = []

    async def slow(task: Task) -> Outcome:
        assert not db.in_transaction()
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
        assert await hall.fetchval(waiting + " AND datname = current_database()") == 0
        if len(solved) == 1:
            await stand(hall, 111, 10, TOWN)
        solved.append(1)
        return await actions.solve_here(task)

    async def changed(scenario: UUID) -> bool:
        found = await queries.get_scenario(scenario, EVERYWHERE)
        assert found.outcome is not None
        return bool(found.outcome["changed"])

    stamp = planner()
    one = UUID((await actions.create_scenario(stamp=stamp, facts=facts(), solve=slow))["id"])
    assert not await changed(one)
    assert (await actions.create_scenario(stamp=stamp, facts=facts(), solve=slow))["repeat"]
    assert len(solved) == 1  # sent twice, solved once
    await actions.work_out(stamp=planner(), scenario_id=one, version=1, solve=slow)
    assert await changed(one)
    assert (await lines(one))[0]["here"] == 30  # of the moment at which it was read
    await actions.work_out(stamp=planner(), scenario_id=one, version=2, solve=slow)
    assert not await changed(one)
    assert (await lines(one))[0]["here"] == 40

    async def overtaken(task: Task) -> Outcome:
        await actions.work_out(stamp=planner(), scenario_id=one, version=3)
        return await actions.solve_here(task)

    late = planner()
    for _ in range(2):  # refused once, refused for good
        with pytest.raises(Stale):
            await actions.work_out(stamp=late, scenario_id=one, version=3, solve=overtaken)
    refused = planner()
    for _ in range(2):
        with pytest.raises(Invalid):
            await actions.create_scenario(stamp=refused, facts=facts(days=0))
    kept = "SELECT count(*) FROM attempt WHERE id = $1 AND outcome = 'refused'"
    assert await hall.fetchval(kept, refused.attempt) == 1


async def test_scope_decides_who_sees_and_who_plans(hall: asyncpg.Connection) -> None:
    one = await made()
    assert [each.id for each in (await queries.list_scenarios(scope=Scope(("/1/2/",)))).items] == [one]
    assert (await queries.list_scenarios(scope=Scope(("/1/3/",)))).items == []
    with pytest.raises(Missing):
        await queries.get_scenario(one, Scope(("/1/3/",)))
    with pytest.raises(Missing):
        await made(planner("/1/3/"))
    with pytest.raises(Missing):
        await made(planner("/1/2/"), areas=(AreaPeople(B, 1, 1),))
    with pytest.raises(Denied):
        await made(planner(role=Role.DISPATCHER))
    with pytest.raises(Missing):
        await actions.work_out(stamp=planner("/1/3/"), scenario_id=one, version=1)
    with pytest.raises(Invalid) as refusal:
        await made(areas=(AreaPeople(A, 1, 1), AreaPeople(TOWN, 1, 1)))
    assert refusal.value.code == "scenario.nested-areas"
    with pytest.raises(Missing):
        await actions.set_consumption(stamp=planner("/1/2/"), region_id=CITY, hazard=None, use=QUILTS)
    norm = await actions.set_consumption(stamp=planner(), region_id=CITY, hazard="typhoon", use=QUILTS)
    assert len(await queries.list_consumption(scope=Scope(("/1/2/",)))) == 1
    with pytest.raises(Missing):
        await actions.retire_consumption(stamp=planner("/1/2/"), norm_id=UUID(norm["id"]), version=1)


async def test_columns_agree_with_the_schema(owner: asyncpg.Connection) -> None:
    for table in (tables.ConsumptionNormRow, tables.ScenarioRow):
        rows = await owner.fetch(
            "SELECT column_name, data_type, is_nullable = 'YES' FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = $1",
            table._meta.tablename,
        )
        in_schema = {row[0]: (row[1].lower(), row[2]) for row in rows}
        assert {c._meta.db_column_name: (kind(c), c._meta.null) for c in table._meta.columns} == in_schema


async def test_what_is_on_the_road_and_on_order_is_counted_when_it_comes_in_time(hall: asyncpg.Connection) -> None:
    await where(hall)
    await _on_order(hall, "CG-1", 30, TODAY - timedelta(days=1))  # overdue: nobody knows when
    await _on_order(hall, "CG-2", 20, TODAY)
    await _on_order(hall, "CG-3", 10, TODAY + timedelta(days=2))
    (soon,) = await lines(await made(reach=Reach(hours=30, source="演示")))
    assert (soon["need"], soon["arriving"], soon["gap"]) == (100, 20, 80)
    steps = [(fix["facts"]["number"], fix["quantity"], fix["in_time"]) for fix in soon["fixes"]]
    assert steps == [("CG-2", 20, True), ("CG-3", 10, False), ("CG-1", 30, False)]
    assert soon["open"] == 40
    (later,) = await lines(await made(reach=Reach(hours=120, source="演示")))
    assert later["arriving"] == 30
    # What is due before the scenario begins is there when it does.
    (ahead,) = await lines(await made(day=TODAY + timedelta(days=5), reach=Reach(hours=8, source="演示")))
    assert ahead["arriving"] == 30


async def _on_order(hall: asyncpg.Connection, number: str, quantity: int, day: date) -> None:
    delivery = uuid4()
    await hall.execute(
        "INSERT INTO delivery (id, number, status, site_id, owner_region_id, expected_on, created_at, created_by,"
        " attempt) VALUES ($1, $2, 'announced', 2, $3, $4, now(), 'test', gen_random_uuid())",
        delivery, number, TOWN, day,
    )  # fmt: skip
    await hall.execute(
        "INSERT INTO delivery_line (delivery_id, line, item_id, quantity) VALUES ($1, 1, $2, $3)",
        delivery, QUILT, quantity,
    )  # fmt: skip
