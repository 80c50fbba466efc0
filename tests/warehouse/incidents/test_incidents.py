"""Incidents on a real database: declared, raised, needs asked and renewed, ended, closed; who sees what."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from catalog.kernel import parameters
from catalog.kernel.access import EVERYWHERE, ROLES, Grant, Role, Scope
from catalog.kernel.errors import Denied, Invalid, Missing, Refused, Stale
from catalog.kernel.history import list_changes
from catalog.kernel.stamp import Stamp
from tests.catalog.test_tables import kind
from tests.warehouse.stock import world
from warehouse.incidents import actions, queries, rules, tables
from warehouse.incidents.model import Hazard, IncidentFacts, Level, NeedFacts, NeedStatus, Status, level_key

CITY, A, B, TOWN = 1, 2, 3, 4
TENT, QUILT = 1, 2
IN_A, IN_B = Scope(("/1/2/",)), Scope(("/1/3/",))


def hand(role: Role = Role.DISPATCHER, path: str = "/1/", *, login: str = "duty", hours: float = 0) -> Stamp:
    stamp = world.stamp(at=world.NOW + timedelta(hours=hours))
    return replace(stamp, attempt=uuid4(), login=login, grants=(Grant(role, path, ROLES[role]),))


def boss(**more: Any) -> Stamp:
    return hand(Role.APPROVER, login="boss", **more)


def facts(**more: Any) -> IncidentFacts:
    said: dict[str, Any] = {"name": "台风“梅花”", "hazard": Hazard.TYPHOON, "region_id": A, "occurred_at": world.NOW}
    return IncidentFacts(**{**said, **more})


async def opened(level: Level | None = Level.III, **more: Any) -> UUID:
    return UUID((await actions.open_incident(stamp=boss(), facts=facts(**more), level=level))["id"])


def tents(quantity: int = 40, **more: Any) -> NeedFacts:
    said: dict[str, Any] = {
        "region_id": TOWN,
        "quantity": quantity,
        "item_id": TENT,
        "receiver": "王镇长",
        "phone": "139",
    }
    return NeedFacts(**{**said, **more})


async def asked(incident: UUID, *needs: NeedFacts, stamp: Stamp | None = None) -> list[UUID]:
    done = await actions.add_needs(stamp=stamp or hand(), incident_id=incident, needs=needs or (tents(),))
    return [UUID(one) for one in done["needs"]]


async def test_the_level_and_its_history_with_every_reason(city: asyncpg.Connection) -> None:
    incident = await opened(None)
    with pytest.raises(Denied):
        await actions.set_level(stamp=hand(), incident_id=incident, level=Level.IV, reason="雨")
    with pytest.raises(Invalid, match=r"原因"):
        await actions.set_level(stamp=boss(), incident_id=incident, level=Level.IV, reason=" ")
    await actions.set_level(
        stamp=boss(), incident_id=incident, level=Level.IV, reason="橙色预警", order_number="常防指1号"
    )
    await actions.set_level(stamp=boss(hours=2), incident_id=incident, level=Level.II, reason="堤防出险")
    with pytest.raises(Refused, match=r"II 级"):
        await actions.set_level(stamp=boss(), incident_id=incident, level=Level.II, reason="同上")
    found = await queries.get_incident(incident, EVERYWHERE)
    assert (found.level, found.status, found.number[:4]) == (Level.II, Status.ACTIVE, "SJ26")
    levels = await queries.list_levels(incident)
    assert [(one.level, one.reason, one.order_number) for one in levels] == [
        (Level.IV, "橙色预警", "常防指1号"), (Level.II, "堤防出险", ""),
    ]  # fmt: skip
    await actions.end_response(stamp=boss(hours=30), incident_id=incident, reason="风停雨止")
    assert (await queries.get_incident(incident, EVERYWHERE)).level is None
    assert (await queries.list_levels(incident))[-1].level is None


async def test_what_a_level_changes_is_a_setting_of_the_region(city: asyncpg.Connection) -> None:
    rules_now = await queries.level_rules(Level.I, "/1/2/")
    assert (rules_now.spoken, rules_now.papers_hours, rules_now.protected_percent) == (True, 48, 0)
    key = level_key(Level.I, "papers-hours")
    admin = hand(Role.SYSTEM_ADMIN)
    await parameters.set_parameter(stamp=admin, key=key, path="/1/2/", value=24, version=0)
    parameters.forget()
    assert (await queries.level_rules(Level.I, "/1/2/4/")).papers_hours == 24
    assert (await queries.level_rules(Level.I, "/1/3/")).papers_hours == 48
    assert all(parameters.parameter(level_key(level, "approvals")).verified is False for level in Level)
    assert parameters.parameter(key).verified


async def test_needs_are_asked_for_goods_by_places_in_reach(city: asyncpg.Connection) -> None:
    incident = await opened()
    by_town = hand(Role.KEEPER, "/1/2/4/", login="town")
    (mine,) = await asked(incident, stamp=by_town)
    need = await queries.get_need(mine, Scope(("/1/2/4/",)))
    assert (need.facts.quantity, need.goods_key, need.facts.receiver, need.asked_by) == (
        40,
        "ZP-0001",
        "王镇长",
        "town",
    )
    with pytest.raises(Missing):
        await asked(incident, tents(region_id=B), stamp=hand(Role.KEEPER, "/1/2/4/"))
    with pytest.raises(Invalid) as wrong:
        await asked(incident, tents(), tents(quantity=0))
    assert (wrong.value.code, wrong.value.facts["line"]) == ("need.bad-quantity", 2)
    with pytest.raises(Missing):
        await asked(incident, tents(item_id=99))
    assert len(await queries.list_needs(incident, EVERYWHERE)) == 1  # all or none
    assert await queries.find_needs([mine], IN_B) == []
    with pytest.raises(Missing):
        await queries.get_incident(incident, IN_B)
    assert (
        await queries.get_incident(incident, Scope(("/1/2/4/",)))
    ).id == incident  # a town sees what hits its district
    history = str(await list_changes(table="need", key=str(mine)))
    assert "王镇长" not in history
    assert "139" not in history


async def test_a_need_goes_stale_and_one_tap_brings_it_back(city: asyncpg.Connection) -> None:
    incident = await opened()
    first, second = await asked(incident, tents(priority=2), tents(item_id=QUILT, priority=1))
    hours = await queries.fresh_hours("/1/2/4/")
    later = world.NOW + timedelta(hours=hours, minutes=1)
    fresh, stale = rules.queue(await queries.list_needs(incident, EVERYWHERE), later, hours)
    assert (fresh, [one.id for one in stale]) == ([], [second, first])
    await actions.renew_needs(stamp=hand(hours=hours), need_ids=[first])
    fresh, stale = rules.queue(await queries.list_needs(incident, EVERYWHERE), later, hours)
    assert ([one.id for one in fresh], [one.id for one in stale]) == ([first], [second])


async def test_an_incident_closes_only_when_every_need_has_ended(city: asyncpg.Connection) -> None:
    incident = await opened()
    first, second = await asked(incident, tents(), tents(item_id=QUILT))
    await actions.end_response(stamp=boss(), incident_id=incident, reason="结束")
    with pytest.raises(Refused, match="需求"):
        await actions.close_incident(stamp=boss(), incident_id=incident)
    with pytest.raises(Refused):
        await asked(incident)
    await actions.meet_need(stamp=hand(), need_id=first, reason="自备已足")
    await actions.withdraw_need(stamp=hand(), need_id=second, reason="群众已返家")
    await actions.close_incident(stamp=boss(), incident_id=incident)
    assert (await queries.get_need(second, EVERYWHERE)).status is NeedStatus.WITHDRAWN
    assert [one.id for one in (await queries.list_incidents(scope=EVERYWHERE)).items] == []
    assert [one.id for one in (await queries.list_incidents(scope=EVERYWHERE, closed=True)).items] == [incident]
    with pytest.raises(Refused):
        await actions.reopen_need(stamp=hand(), need_id=first)


async def test_edits_are_versioned_and_sending_twice_is_one_effect(city: asyncpg.Connection) -> None:
    incident = await opened()
    await actions.edit_incident(stamp=boss(), incident_id=incident, version=1, facts=facts(moved=3200, affected=9000))
    with pytest.raises(Stale):
        await actions.edit_incident(stamp=boss(), incident_id=incident, version=1, facts=facts())
    assert (await queries.get_incident(incident, EVERYWHERE)).facts.moved == 3200
    stamp = hand()
    first = await actions.add_needs(stamp=stamp, incident_id=incident, needs=[tents()])
    again = await actions.add_needs(stamp=stamp, incident_id=incident, needs=[tents()])
    assert again == {**first, "repeat": True}
    assert len(await queries.list_needs(incident, EVERYWHERE)) == 1


async def test_rivals_close_and_ask_and_one_of_them_is_told(city: asyncpg.Connection) -> None:
    for _ in range(5):
        incident = await opened()
        found = await asyncio.gather(
            actions.end_response(stamp=boss(), incident_id=incident, reason="结束"),
            *(asked(incident) for _ in range(4)),
            return_exceptions=True,
        )
        refused = [one for one in found if isinstance(one, Refused)]
        assert all(isinstance(one, dict | list | Refused) for one in found)
        assert len(await queries.list_needs(incident, EVERYWHERE)) == 4 - len(refused)
        with_needs = (await queries.get_incident(incident, EVERYWHERE)).open_needs
        assert with_needs == 4 - len(refused)


@pytest.mark.parametrize("table", [tables.IncidentRow, tables.IncidentLevelRow, tables.NeedRow, tables.NeedContactRow])
async def test_the_mirror_has_the_columns_of_the_database(city: asyncpg.Connection, table: Any) -> None:
    rows = await city.fetch(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = $1", table._meta.tablename
    )
    assert {column._meta.name: kind(column) for column in table._meta.columns} == {row[0]: row[1] for row in rows}
