"""A screen on a wall: let in once by its link, it shows the board of its region and nothing else, until it is ended."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from litestar.routes import HTTPRoute

from api.auth.edge import PUBLIC, SCREEN, SCREEN_COOKIE
from catalog.kernel import db
from catalog.kernel.access import Role
from tests.api.auth.conftest import House, attempt

SHOWN = {"/board", "/board/part", "/board/map", "/board/map/part", "/wall/enter", "/api/v1/alerts/stream"}

PARTS = {UUID: str(uuid4()), int: "1"}
"""What stands in an address, by its type."""


async def made(house: House, *, region: str = "NORTH", role: Role = Role.DISPATCHER, **more: Any) -> httpx.Response:
    """What the security administrator is answered who makes a screen for the duty officer."""
    if "duty" not in house.city.people:
        await house.city.person("duty", "CITY", (role, "CITY"))
    person = str(house.city.people["duty"])
    body = {"kind": "screen", "name": "值班室东墙", "person": person, "region": region, **more}
    async with house.as_("sec") as client:
        return await client.post("/api/v1/tokens", json=body, headers=attempt())


async def let_in(house: House, client: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    """A browser that has opened the link of a new screen."""
    token: dict[str, Any] = (await made(house, **more)).json()
    answer = await client.get("/wall/enter", headers={"authorization": f"Bearer {token['secret']}"})
    assert answer.status_code == 204, answer.text
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "max-age" in cookie
    return token


async def test_a_screen_shows_the_board_and_the_map_and_is_not_logged_out(house: House) -> None:
    async with house.visitor() as wall:
        token = await let_in(house, wall)
        assert token["link"] == f"http://beiyu.test/wall#{token['secret']}"
        for _ in range(3):
            house.city.clock.move(hours=20)
            for path in ("/board", "/board/part", "/board/map", "/board/map/part"):
                assert (await wall.get(path)).status_code == 200, path
        text = (await wall.get("/board")).text
        assert 'class="on-wall"' in text
        for nothing in ("idle-seconds", "main-nav", "data-log-out", "csrf-token", "data-bell", "人员duty"):
            assert nothing not in text, nothing
        stream = await wall.get("/api/v1/alerts/stream?follow=false")
        assert (stream.status_code, "event: hello" in stream.text) == (200, True)


async def test_it_reaches_nothing_else_and_writes_nothing(house: House) -> None:
    """Every route there is, by every method."""
    reached, tried = set(), 0
    async with house.visitor() as wall:
        token = await let_in(house, wall)
        for route in house.app.routes:
            if not isinstance(route, HTTPRoute):
                continue
            path = "".join(
                f"/{one if isinstance(one, str) else PARTS.get(one.type, 'x')}" for one in route.path_components
            )
            for method, (handler, _) in route.route_handler_map.items():
                if handler.opt.get(PUBLIC) or method == "OPTIONS":
                    continue
                tried += 1
                if handler.opt.get(SCREEN):
                    reached.add(route.path_format)
                    assert method in ("GET", "HEAD")
                    continue
                answer = await wall.request(method, path or "/", headers=attempt())
                assert answer.status_code == 403, (method, path, answer.status_code)
        bearer = {"authorization": f"Bearer {token['secret']}"}
    assert reached == SHOWN
    assert tried > 300
    async with house.visitor(**bearer) as program:  # nor with the token as a program's
        assert (await program.get("/api/v1/me")).status_code == 403
        assert (await program.post("/api/v1/incidents", json={}, headers=attempt())).status_code == 403


async def test_it_sees_its_region_only(house: House) -> None:
    token = (await made(house, region="NORTH")).json()
    caller = await house.app.state.edge.callers.by_token(token["secret"], house.city.clock.now)
    assert {grant.path for grant in caller.grants} == {"/1/2/"}
    assert {p.value for grant in caller.grants for p in grant.permissions} == {
        "incident.read",
        "requisition.read",
        "shipment.read",
    }


async def test_it_ends_at_once_when_it_is_ended(house: House) -> None:
    async with house.visitor() as wall:
        token = await let_in(house, wall)
        async with house.as_("sec") as client:
            listed = (await client.get("/api/v1/tokens")).json()["items"]
            assert [(one["kind"], one["region"]) for one in listed] == [("screen", "NORTH")]
            assert (await client.delete(f"/api/v1/tokens/{token['id']}", headers=attempt())).status_code == 200
        assert (await wall.get("/board/part")).status_code == 401
    verbs = await db.fetch("SELECT verb FROM audit WHERE verb LIKE 'token.%' ORDER BY seq")
    assert [row[0] for row in verbs] == ["token.create", "token.revoke"]


async def test_a_forgotten_session_does_not_keep_a_screen_dark(house: House) -> None:
    async with house.visitor() as wall:
        await let_in(house, wall)
        wall.cookies.set("beiyu_session", "A" * 43)
        assert (await wall.get("/board")).status_code == 200
        assert wall.cookies.get(SCREEN_COOKIE)


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"region": None}, 400, "token.region"),
        ({"region": "NOWHERE"}, 404, "region.missing"),
        ({"kind": "device"}, 400, "token.region"),
        ({"role": Role.KEEPER, "region": "NORTH"}, 201, None),
        ({"role": Role.AUDIT_ADMIN}, 409, "token.empty"),
    ],
)
async def test_what_is_no_screen_is_refused(house: House, more: dict[str, Any], status: int, code: str | None) -> None:
    answer = await made(house, **more)
    assert answer.status_code == status, answer.text
    assert answer.json().get("code") == code


async def test_nobody_makes_one_for_himself(house: House) -> None:
    await house.city.person("duty", "CITY", (Role.DISPATCHER, "CITY"))
    async with house.as_("duty") as client:
        body = {"kind": "screen", "name": "墙", "region": "CITY"}
        assert (await client.post("/api/v1/tokens", json=body, headers=attempt())).status_code == 403
