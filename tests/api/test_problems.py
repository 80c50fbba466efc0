"""Every error as a problem, and what every answer carries. One application for all these tests."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from argon2 import PasswordHasher
from litestar import get, post
from litestar.exceptions import TooManyRequestsException

from api import database
from api.app import create_app
from api.auth.edge import PUBLIC
from api.auth.stamps import Stamped
from catalog.kernel import db
from catalog.kernel.errors import Denied, Invalid, Missing, Refused, Stale
from tests.api.auth.conftest import House, attempt, make_settings, started
from tests.conftest import Postgres
from tests.warehouse.people.city import build
from warehouse.people import passwords
from warehouse.people.rules import Busy

ERRORS: dict[str, tuple[Callable[[], Exception], int, str]] = {
    "missing": (lambda: Missing("thing.missing", "没有"), 404, "thing.missing"),
    "refused": (lambda: Refused("thing.refused", "不行", free=3), 409, "thing.refused"),
    "stale": (lambda: Stale("thing.stale", "旧"), 409, "thing.stale"),
    "invalid": (lambda: Invalid("thing.invalid", "错"), 400, "thing.invalid"),
    "denied": (lambda: Denied("thing.denied", "无权"), 403, "thing.denied"),
    "busy": (lambda: Busy("thing.busy", "忙", retry_after=5), 503, "thing.busy"),
    "away": (lambda: ConnectionRefusedError("no"), 503, "database.away"),
    "shutdown": (lambda: asyncpg.AdminShutdownError("bye"), 503, "database.away"),
    "deadlock": (lambda: asyncpg.DeadlockDetectedError("x"), 503, "database.busy"),
    "data": (lambda: asyncpg.DataError("secret detail"), 422, "request.bad-value"),
    "many": (lambda: TooManyRequestsException("x"), 429, "request.too-many"),
    "bug": (lambda: KeyError("a secret"), 500, "server.error"),
}


@get("/api/v1/raise/{name:str}", opt={PUBLIC: True}, include_in_schema=False)
async def raising(name: str) -> None:
    """Fail in a chosen way."""
    raise ERRORS[name][0]()


@get("/api/v1/inside/{name:str}", include_in_schema=False)
async def raising_inside(name: str) -> None:
    """Fail inside a transaction that has written."""
    async with db.transaction():
        await db.execute("INSERT INTO login_failure (login, address, at) VALUES ('inside', '', now())")
        raise ERRORS[name][0]()


@post("/api/v1/echo", include_in_schema=False)
async def echo(stamp: Stamped, data: dict[str, Any]) -> dict[str, Any]:
    """Take anything."""
    return {"attempt": str(stamp.attempt), "hash": stamp.content_hash.hex()}


@post("/api/v1/form", include_in_schema=False)
async def form(stamp: Stamped) -> dict[str, Any]:
    """Take a form."""
    return {"attempt": str(stamp.attempt), "hash": stamp.content_hash.hex()}


@pytest_asyncio.fixture(scope="module")
async def odd(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """The application with handlers that fail."""
    name = await postgres.create()
    await database.close_pool()
    database.configure(postgres.app_url(name))
    await database.open_pool(1, 10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        city = await build()
        settings = make_settings(tmp_path_factory.mktemp("odd"), trusted_proxies="10.0.0.0/24")
        app = create_app(settings, clock=city.clock, route_handlers=[raising, raising_inside, echo, form])
        async with started(app):
            yield House(app, city)
    await database.close_pool()
    await postgres.drop(name)


@pytest.mark.parametrize("name", ERRORS)
async def test_every_error_is_a_problem(odd: House, name: str) -> None:
    _, status, code = ERRORS[name]
    async with odd.visitor() as client:
        answer = await client.get(f"/api/v1/raise/{name}")
        body = answer.json()
        assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
        assert answer.headers["content-type"] == "application/problem+json"
        assert body["instance"] == f"/api/v1/raise/{name}"
        assert body["request_id"] == answer.headers["x-request-id"]
        assert "secret" not in answer.text
        assert ("retry-after" in answer.headers) == (status in (429, 503))
        if name == "refused":
            assert body["facts"] == {"free": 3}


async def test_a_refusal_undoes_what_was_written_and_is_audited(odd: House) -> None:
    async with odd.as_("keeper") as client:
        await client.get("/api/v1/inside/refused")
    assert await db.fetch_value("SELECT count(*) FROM login_failure WHERE login = 'inside'") == 0
    row = await db.fetch_row("SELECT login, code, facts->>'free' FROM audit WHERE verb = 'raising_inside'")
    assert row is not None
    assert tuple(row) == ("keeper", "thing.refused", "3")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "request.no-such-page"),
        ("PUT", "/api/v1/people", 405, "request.method-not-allowed"),
        ("GET", "/api/v1/people/not-a-uuid", 404, "request.no-such-page"),
    ],
)
async def test_what_is_not_there(odd: House, method: str, path: str, status: int, code: str) -> None:
    async with odd.as_("sys") as client:
        answer = await client.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[1]", "application/json", 422),
        (b"null", "application/json", 422),
        (b'{"login": "x", "password": 1}', "application/json", 422),
        (b'{"login": "\\ud800", "password": "x"}', "application/json", 400),
        (b'{"login": "a\\u0000", "password": "x"}', "application/json", 401),
    ],
)
async def test_bodies_that_cannot_be_read(odd: House, content: bytes, kind: str, status: int) -> None:
    async with odd.visitor() as client:
        answer = await client.post("/api/v1/sessions", content=content, headers={"content-type": kind})
        assert answer.status_code == status, answer.text


async def test_a_body_too_large_is_refused(odd: House) -> None:
    async with odd.as_("sys") as client:
        body = json.dumps({"x": "y" * (11 * 1024 * 1024)})
        answer = await client.post("/api/v1/echo", content=body, headers=attempt())
        assert (answer.status_code, answer.json()["code"]) == (413, "request.too-large")


async def test_the_content_of_an_attempt_is_method_path_person_and_body(odd: House) -> None:
    async with odd.as_("sys") as one, odd.as_("sec") as other:
        same = attempt()

        async def hash_of(client: Any, body: Any, query: str = "") -> str:
            answer = await client.post(f"/api/v1/echo{query}", json=body, headers=same)
            found: str = answer.json()["hash"]
            return found

        first = await hash_of(one, {"a": 1})
        assert await hash_of(one, {"a": 1}) == first
        assert (
            len(
                {
                    first,
                    await hash_of(one, {"a": 2}),
                    await hash_of(other, {"a": 1}),
                    await hash_of(one, {"a": 1}, "?b"),
                }
            )
            == 4
        )


async def test_a_form_brings_its_attempt_and_token_in_fields(odd: House) -> None:
    async with odd.as_("sys") as client:
        token = client.headers.pop("x-csrf-token")
        given = attempt()["idempotency-key"]
        fields = {"attempt": given, "csrf_token": token, "name": "帐篷"}
        plain = await client.post("/api/v1/form", data=fields)
        assert plain.status_code == 201, plain.text
        assert plain.json()["attempt"] == given
        parts = {name: (None, value) for name, value in fields.items()}
        whole = await client.post("/api/v1/form", files=parts)
        assert whole.json() == plain.json()
        other = await client.post("/api/v1/form", data={**fields, "name": "棉被"})
        assert other.json()["hash"] != plain.json()["hash"]
        for missing, status in (("attempt", 400), ("csrf_token", 403)):
            left = {k: v for k, v in fields.items() if k != missing}
            assert (await client.post("/api/v1/form", data=left)).status_code == status


async def test_every_answer_carries_the_same_protection(odd: House) -> None:
    async with odd.visitor() as client:
        for path in ("/health/live", "/api/v1/me", "/nothing", "/schema/openapi.json", "/schema"):
            headers = (await client.get(path)).headers
            assert "script-src 'self'" in headers["content-security-policy"]
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"
            assert headers["x-request-id"]
            assert headers["cache-control"]


async def test_a_harmless_request_id_is_kept(odd: House) -> None:
    async with odd.visitor() as client:
        kept = await client.get("/health/live", headers={"x-request-id": "abc-12345"})
        assert kept.headers["x-request-id"] == "abc-12345"
        odd = await client.get("/health/live", headers={"x-request-id": "a b\tc<script>"})
        assert odd.headers["x-request-id"] != "a b\tc<script>"


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "not-an-address", "10.0.0.1"),
        ("192.0.2.1", "203.0.113.7", "192.0.2.1"),
    ],
)
async def test_forwarded_addresses_are_believed_from_our_proxies_only(
    odd: House, peer: str, forwarded: str, address: str
) -> None:
    async with odd.visitor(peer) as client:
        headers = {"x-forwarded-for": forwarded, "x-forwarded-proto": "https"}
        body = {"login": "stranger", "password": "wrong"}
        await client.post("/api/v1/sessions", json=body, headers=headers)
    assert await db.fetch_value("SELECT address FROM audit ORDER BY seq DESC LIMIT 1") == address


async def test_behind_https_the_cookie_is_secure(odd: House) -> None:
    async with odd.visitor("10.0.0.1") as client:
        body = {"login": "keeper", "password": "Beiyu-2026-x"}
        answer = await client.post("/api/v1/sessions", json=body, headers={"x-forwarded-proto": "https"})
        assert "secure" in answer.headers["set-cookie"].lower()
        assert "strict-transport-security" in answer.headers
