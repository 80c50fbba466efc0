"""A deputy approves in somebody's name for a time: with that right and no other, and neither of the two his own."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from catalog.kernel import parameters
from catalog.kernel.access import EVERYWHERE, ROLES, Grant, Role
from catalog.kernel.errors import Denied, Invalid, Missing, Refused
from catalog.kernel.stamp import Stamp
from tests.warehouse.requisitions.test_requisitions import facts, tents
from tests.warehouse.stock import world
from warehouse.people import actions as people
from warehouse.people import queries as persons
from warehouse.requisitions import actions, queries
from warehouse.requisitions.model import Status

TODAY = date(2026, 11, 21)
BOSS, SECOND, DEPUTY, AUDITOR = 10, 11, 12, 13


@pytest.fixture
async def office(city: asyncpg.Connection) -> asyncpg.Connection:
    """An approver of the city, one of district A, a dispatcher, an auditor."""
    for number, login, role, region in (
        (BOSS, "boss", Role.APPROVER, 1), (SECOND, "second", Role.APPROVER, 2), (DEPUTY, "deputy", Role.DISPATCHER, 1),
        (AUDITOR, "auditor", Role.AUDIT_ADMIN, 1),
    ):  # fmt: skip
        await city.execute(
            "INSERT INTO person (id, uuid, login, name_zh, region_id) OVERRIDING SYSTEM VALUE"
            " VALUES ($1, gen_random_uuid(), $2, $2, 1)",
            number,
            login,
        )
        await city.execute(
            "INSERT INTO role_grant (uuid, person_id, role, region_id, granted_at)"
            " VALUES (gen_random_uuid(), $1, $2, $3, now())",
            number,
            role.value,
            region,
        )
    return city


def by(person: int, login: str, role: Role, path: str = "/1/", days: int = 0) -> Stamp:
    stamp = world.stamp(at=world.NOW + timedelta(days=days))
    return replace(stamp, attempt=uuid4(), person_id=person, login=login, grants=(Grant(role, path, ROLES[role]),))


def boss(**more: Any) -> Stamp:
    return by(BOSS, "boss", Role.APPROVER, **more)


def deputy(**more: Any) -> Stamp:
    return by(DEPUTY, "deputy", Role.DISPATCHER, **more)


async def named(stamp: Stamp, login: str = "deputy", first: int = 0, last: int = 3) -> UUID:
    days = {"begins_on": TODAY + timedelta(days=first), "ends_on": TODAY + timedelta(days=last)}
    return UUID((await people.appoint_deputy(stamp=stamp, login=login, **days))["id"])


async def asked(stamp: Stamp | None = None) -> UUID:
    who = stamp or by(1, "duty", Role.DISPATCHER)
    made = await actions.create_requisition(stamp=who, facts=facts(), lines=[tents()], submit=True)
    return UUID(made["id"])


async def approve(requisition: UUID, stamp: Stamp, name: str = "boss") -> None:
    await actions.approve_requisition(stamp=stamp, requisition_id=requisition, for_login=name)


async def test_he_approves_in_the_others_name_and_both_stand_there(office: asyncpg.Connection) -> None:
    requisition = await asked()
    with pytest.raises(Denied):
        await approve(requisition, deputy(), "")
    with pytest.raises(Refused) as nobody:
        await approve(requisition, deputy())
    assert nobody.value.code == "requisition.no-deputy"
    await named(boss(), first=1)
    with pytest.raises(Refused):  # tomorrow
        await approve(requisition, deputy())
    await approve(requisition, deputy(days=1))
    found = await queries.get_requisition(requisition, EVERYWHERE)
    assert found.status is Status.APPROVED
    assert [(one.login, one.for_login) for one in found.approvals] == [("deputy", "boss")]
    row = await office.fetchrow("SELECT login, facts->>'for' FROM audit WHERE verb = 'requisition.approve'")
    assert tuple(row) == ("deputy", "boss")


async def test_neither_of_the_two_approves_his_own(office: asyncpg.Connection) -> None:
    await named(boss())
    for author in (deputy(), by(BOSS, "boss", Role.DISPATCHER)):
        requisition = await asked(author)
        with pytest.raises(Refused) as own:
            await approve(requisition, deputy())
        assert own.value.code == "requisition.own"


async def test_one_person_is_not_two_approvals_by_a_deputy(office: asyncpg.Connection) -> None:
    chief = by(1, "chief", Role.SYSTEM_ADMIN)
    await parameters.set_parameter(stamp=chief, key="requisition.second-approval-above", path="/1/", value=0, version=0)
    await office.execute("UPDATE item SET price_fen = 100, price_per = 1 WHERE id = 1")
    await named(boss())
    requisition = await asked()
    await actions.approve_requisition(stamp=boss(), requisition_id=requisition)
    with pytest.raises(Refused) as twice:
        await approve(requisition, deputy())
    assert twice.value.code == "requisition.same-approver"


async def test_only_where_the_other_may_and_only_until_it_is_taken_back(office: asyncpg.Connection) -> None:
    second = by(SECOND, "second", Role.APPROVER, path="/1/2/")
    one = await named(second)
    far = await actions.create_requisition(
        stamp=by(1, "duty", Role.DISPATCHER), facts=facts(region_id=3), lines=[tents(region_id=3)], submit=True
    )
    with pytest.raises(Missing):
        await approve(UUID(far["id"]), deputy(), "second")
    assert [found.login for found in await persons.acting_for(DEPUTY, TODAY)] == ["second"]
    with pytest.raises(Missing):
        await people.end_deputy(stamp=boss(), deputy_id=one)
    await people.end_deputy(stamp=replace(second, attempt=uuid4()), deputy_id=one)
    with pytest.raises(Refused):
        await approve(await asked(), deputy(), "second")


async def test_who_may_not_be_named(office: asyncpg.Connection) -> None:
    with pytest.raises(Denied):
        await named(deputy(), "boss")
    with pytest.raises(Refused) as oneself:
        await named(boss(), "boss")
    assert oneself.value.code == "deputy.oneself"
    with pytest.raises(Refused) as administrator:
        await named(boss(), "auditor")
    assert administrator.value.code == "grant.exclusive-roles"
    with pytest.raises(Missing):
        await named(boss(), "nobody")
    for first, last in ((2, 1), (-3, -1), (0, 90)):
        with pytest.raises(Invalid):
            await named(boss(), first=first, last=last)
    await named(boss())
    with pytest.raises(Refused) as twice:
        await named(boss(), first=3, last=9)
    assert twice.value.code == "deputy.twice"
