"""The first start of an empty house: three administrators, one code, one time."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from api import first_start, rescue
from api.app import create_app
from api.settings import Settings
from catalog.kernel import db
from catalog.kernel.errors import Missing, Refused
from catalog.kernel.parameters import value_of
from catalog.regions.queries import root_path
from tests.api.auth.conftest import House, attempt, make_settings, started
from tests.conftest import Database
from tests.warehouse.people.city import City, Clock
from warehouse.people.model import SECOND_FACTOR
from warehouse.people.passwords import verify

FIRST = "First-Start-9"


def body(code: str, **more: Any) -> dict[str, Any]:
    accounts = {
        name: {"login": f"lz.{name}", "name_zh": f"管理员{name}", "password": FIRST}
        for name in ("system", "security", "audit")
    }
    return {"code": code, "city_key": "luzhou", "city_zh": "泸州市", "catalogue": False, **accounts, **more}


@pytest_asyncio.fixture
async def empty(database: Database, tmp_path: Path) -> AsyncIterator[tuple[House, Settings]]:
    settings = make_settings(tmp_path)
    clock = Clock()
    app = create_app(settings, clock=clock)
    async with started(app):
        yield House(app, City(clock)), settings


async def post(house: House, sent: dict[str, Any]) -> httpx.Response:
    async with house.visitor() as client:
        return await client.post("/api/v1/first-start", json=sent)


async def test_one_code_makes_three_people_who_must_change_their_password(empty: tuple[House, Settings]) -> None:
    house, settings = empty
    code = await first_start.code_if_due(settings)
    assert code is not None
    assert code == await first_start.code_if_due(settings)
    answer = await post(house, body(code.lower()))
    assert answer.status_code == 200, answer.text
    roles = await db.fetch("SELECT p.login, g.role FROM role_grant g JOIN person p ON p.id = g.person_id ORDER BY g.id")
    assert [tuple(row) for row in roles] == [
        ("lz.system", "system_admin"),
        ("lz.security", "security_admin"),
        ("lz.audit", "audit_admin"),
    ]
    assert await value_of(SECOND_FACTOR.key, await root_path()) == "administrators"
    async with house.as_("lz.system", FIRST) as client:
        assert (await client.get("/api/v1/people")).json()["code"] == "session.password-must-change"
        changed = await client.post(
            "/api/v1/me/password", json={"old": FIRST, "new": "My-Own-1-Choice"}, headers=attempt()
        )
        assert changed.status_code == 200
        assert (await client.get("/api/v1/people")).json()["code"] == "session.second-factor-must-enrol"
    assert await first_start.code_if_due(settings) is None
    again = await post(house, body(code))
    assert (again.status_code, again.json()["code"]) == (409, "first-start.done")
    assert await db.fetch_value("SELECT count(*) FROM person") == 3


async def test_guessing_the_code_is_locked_and_makes_nothing(empty: tuple[House, Settings]) -> None:
    house, settings = empty
    codes = [(await post(house, body("AAAAA-AAAAA"))).json()["code"] for _ in range(6)]
    assert codes == ["first-start.wrong-code"] * 5 + ["session.account-locked"]
    assert await first_start.code_if_due(settings) is not None
    assert await db.fetch_value("SELECT count(*) FROM region") == 0


async def test_a_weak_password_or_a_login_twice_makes_nothing_at_all(empty: tuple[House, Settings]) -> None:
    house, settings = empty
    code = str(await first_start.code_if_due(settings))
    weak = body(code)
    weak["audit"] = {**weak["audit"], "password": "weak"}
    assert (await post(house, weak)).json()["code"] == "password.too-weak"
    twice = body(code)
    twice["audit"] = {**twice["audit"], "login": "lz.system"}
    assert (await post(house, twice)).json()["code"] == "person.login-taken"
    assert await db.fetch_value("SELECT (SELECT count(*) FROM person) + (SELECT count(*) FROM region)") == 0
    assert (await post(house, body(code))).status_code == 200


async def test_the_shipped_catalogue_comes_along(empty: tuple[House, Settings]) -> None:
    house, settings = empty
    code = str(await first_start.code_if_due(settings))
    assert (await post(house, body(code, catalogue=True))).status_code == 200
    assert await db.fetch_value("SELECT count(*) FROM item") > 50
    assert await db.fetch_value("SELECT count(*) FROM site") == 0


async def test_the_owner_of_the_machine_lets_an_administrator_in_again(
    empty: tuple[House, Settings], capsys: pytest.CaptureFixture[str]
) -> None:
    house, settings = empty
    await post(house, body(str(await first_start.code_if_due(settings))))
    password = await rescue.reset(settings, "lz.audit")
    assert await verify(await db.fetch_value("SELECT password_hash FROM person WHERE login = 'lz.audit'"), password)
    assert any(line.startswith("lz.audit") for line in await rescue.administrators())
    with pytest.raises(Missing):
        await rescue.reset(settings, "nobody")
    await db.execute("UPDATE role_grant SET revoked_at = now() WHERE role = 'audit_admin'")
    with pytest.raises(Refused):
        await rescue.reset(settings, "lz.audit")
    assert await db.fetch_value("SELECT count(*) FROM audit WHERE verb = 'password.reset' AND login = 'house'") == 1
