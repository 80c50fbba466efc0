"""Health, metrics and the description of the API."""

import re
from pathlib import Path

import asyncpg
import pytest

from api.app import create_app, tile_host
from api.auth.edge import NO_ATTEMPT
from api.codes import listed
from tests.api.auth.conftest import House, make_settings, started
from tests.warehouse.people.city import City

# --- health and metrics -------------------------------------------------------------------------------


async def test_ready_says_when_schema_and_program_differ(house: House, owner: asyncpg.Connection) -> None:
    async with house.visitor() as client:
        assert (await client.get("/health/live")).json() == {"status": "live"}
        assert (await client.get("/health/ready")).json() == {"status": "ready"}
        await owner.execute("DELETE FROM migration WHERE app_name = 'warehouse'")
        answer = await client.get("/health/ready")
        assert (answer.status_code, answer.json()["code"]) == (503, "database.other-schema")


async def test_metrics_want_their_token(house: House) -> None:
    async with house.visitor() as client:
        assert (await client.get("/metrics")).status_code == 401
        assert (await client.get("/metrics", headers={"authorization": "Bearer lock"})).status_code == 401
        answer = await client.get("/metrics", headers={"authorization": "Bearer look"})
        assert answer.status_code == 200
        assert "beiyu_requests_total" in answer.text


async def test_without_a_token_there_are_no_metrics(city: City, tmp_path: Path) -> None:
    app = create_app(make_settings(tmp_path), clock=city.clock)
    async with started(app), House(app, city).visitor() as client:
        assert (await client.get("/metrics")).status_code == 404


# --- the description ----------------------------------------------------------------------------------


async def test_every_operation_names_its_refusals(house: House) -> None:
    async with house.visitor() as client:
        schema = (await client.get("/schema/openapi.json")).json()
    assert schema["components"]["schemas"]["Problem"]["required"] == ["title", "status", "code", "detail"]
    operations = [
        (path, method, operation)
        for path, item in schema["paths"].items()
        for method, operation in item.items()
        if path.startswith("/api/v1/")
    ]
    without_attempt = {
        (route.path_format, str(method).lower())
        for route in house.app.routes
        for handler in getattr(route, "route_handlers", [])
        for method in getattr(handler, "http_methods", ())
        if handler.opt.get(NO_ATTEMPT)
    }
    assert len(operations) > 15
    for path, method, operation in operations:
        wanted = {"400", "401", "403", "404", "422", "429", "500", "503"}
        assert wanted <= set(operation["responses"]), (path, method)
        kinds = {k for s, r in operation["responses"].items() if s >= "400" for k in r["content"]}
        assert kinds == {"application/problem+json"}, (path, method)
        assert operation["summary"], (path, method)
        names = {p["name"] for p in operation.get("parameters", [])}
        free = method == "get" or (path, method) in without_attempt
        assert free or "Idempotency-Key" in names, (path, method)
        assert not names & {"stamp", "caller"}


async def test_every_error_code_is_listed(house: House) -> None:
    async with house.visitor() as client:
        page = (await client.get("/schema/error-codes")).text
    codes = {c.code: c for c in listed()}
    assert codes["session.wrong-credentials"].statuses == (401,)
    assert codes["grant.exclusive-roles"].statuses == (409,)
    assert codes["person.stale"].detail.startswith("此人员资料")
    assert codes["request.bad-value"].statuses == (422,)
    assert len(codes) > 100
    for code in codes:
        assert re.fullmatch(r"[a-z{][a-z0-9_{}…-]*\.[a-z0-9{][a-z0-9{}…-]*", code), code
        assert code in page


async def test_the_page_of_the_api_loads_nothing_from_elsewhere(house: House) -> None:
    async with house.visitor() as client:
        page = await client.get("/schema")
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")
        assert "/api/v1/people/{person}" in page.text
        assert "http://" not in page.text
        assert "https://" not in page.text
        assert "<script" not in page.text
        assert (await client.get("/schema/read.css")).status_code == 200


# --- pictures of other hosts ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://t{s}.tianditu.gov.cn/DataServer?T=vec_w&x={x}&y={y}&l={z}&tk=k", "https://*.tianditu.gov.cn"),
        ("https://tiles.example.org:8443/{z}/{x}/{y}.png", "https://tiles.example.org:8443"),
        ("http://10.1.2.3/{z}/{x}/{y}.png", "http://10.1.2.3"),
        ("https://tiles.{s}.example.org/{z}", ""),
        ("https://evil.org; script-src */", ""),
        ("/tiles/{z}/{x}/{y}.png", ""),
    ],
)
def test_a_tile_server_is_named_as_the_policy_names_hosts(address: str, host: str) -> None:
    assert tile_host(address) == host


async def test_pictures_come_from_the_house_alone_unless_a_map_is_set(city: City, tmp_path: Path) -> None:
    tiles = "https://t{s}.map.example/a?x={x}&y={y}&z={z} https://t{s}.map.example/b?x={x}&y={y}&z={z}"
    for settings, pictures in (
        (make_settings(tmp_path), "img-src 'self' data: blob:;"),
        (make_settings(tmp_path, map_tiles=tiles), "img-src 'self' data: blob: https://*.map.example;"),
    ):
        app = create_app(settings, clock=city.clock)
        async with started(app), House(app, city).visitor() as client:
            policy = (await client.get("/health/live")).headers["content-security-policy"]
            assert pictures in policy
            assert policy.count("example") == pictures.count("example")
