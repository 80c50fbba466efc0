"""The second proof at log-in, over HTTP."""

from typing import Any

import httpx
import pytest

from catalog.kernel import db, parameters
from labels.codes.symbols import SymbolKind
from tests.api.auth.conftest import House, attempt
from tests.warehouse.people.city import PASSWORD
from warehouse.people import second_factor
from warehouse.people.model import SECOND_FACTOR


async def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def enrol(house: House, client: httpx.AsyncClient) -> tuple[str, list[str]]:
    """(secret, recovery codes) of whoever `client` is."""
    begun = await client.post("/api/v1/me/second-factor", json={"password": PASSWORD}, headers=attempt())
    assert begun.status_code == 200, begun.text
    secret = begun.json()["secret"]
    code = second_factor.code_at(secret, second_factor.step_at(house.city.clock()))
    confirmed = await client.post("/api/v1/me/second-factor/confirm", json={"code": code}, headers=attempt())
    assert confirmed.status_code == 200, confirmed.text
    return secret, confirmed.json()["recovery_codes"]


async def log_in(house: House, login: str, code: str | None = None) -> httpx.Response:
    body: dict[str, Any] = {"login": login, "password": PASSWORD}
    async with house.visitor() as client:
        return await client.post("/api/v1/sessions", json=body if code is None else {**body, "code": code})


def code_now(house: House, secret: str, steps: int = 0) -> str:
    return second_factor.code_at(secret, second_factor.step_at(house.city.clock()) + steps)


async def test_enrolled_people_are_asked_for_a_code_and_no_code_works_twice(house: House) -> None:
    async with house.as_("keeper") as client:
        secret, _ = await enrol(house, client)
        assert (await client.get("/api/v1/me/second-factor")).json()["recovery_codes_left"] == 10
    assert await code_of(await log_in(house, "keeper")) == (401, "session.code-needed")
    used = code_now(house, secret)
    assert await code_of(await log_in(house, "keeper", used)) == (401, "session.wrong-code")  # confirmed with it
    house.city.clock.move(seconds=30)
    assert (await log_in(house, "keeper", code_now(house, secret))).status_code == 201
    assert await code_of(await log_in(house, "keeper", code_now(house, secret))) == (401, "session.wrong-code")


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 201), (0, 201), (1, 201), (2, 401)])
async def test_a_clock_may_be_one_step_off(house: House, steps: int, status: int) -> None:
    async with house.as_("keeper") as client:
        secret, _ = await enrol(house, client)
    house.city.clock.move(minutes=10)
    assert (await log_in(house, "keeper", code_now(house, secret, steps))).status_code == status


async def test_recovery_codes_work_once_each_and_can_be_renewed(house: House) -> None:
    async with house.as_("keeper") as client:
        secret, codes = await enrol(house, client)
    assert len(set(codes)) == 10
    assert (await log_in(house, "keeper", codes[3].upper().replace("-", " "))).status_code == 201
    assert await code_of(await log_in(house, "keeper", codes[3])) == (401, "session.wrong-code")
    facts = await db.fetch_value(
        "SELECT facts::text FROM audit WHERE verb = 'session.log-in' ORDER BY seq DESC LIMIT 1"
    )
    assert codes[3] not in str(facts)
    house.city.clock.move(minutes=1)
    async with house.visitor() as client:
        entered = await client.post(
            "/api/v1/sessions", json={"login": "keeper", "password": PASSWORD, "code": code_now(house, secret)}
        )
        client.headers["x-csrf-token"] = entered.json()["csrf"]
        house.city.clock.move(minutes=1)
        renewed = await client.post(
            "/api/v1/me/second-factor/recovery-codes", json={"code": code_now(house, secret)}, headers=attempt()
        )
        assert len(renewed.json()["recovery_codes"]) == 10
    assert await code_of(await log_in(house, "keeper", codes[4])) == (401, "session.wrong-code")
    assert (await log_in(house, "keeper", renewed.json()["recovery_codes"][0])).status_code == 201


async def test_wrong_codes_lock_like_wrong_passwords_and_a_missing_one_does_not(house: House) -> None:
    async with house.as_("keeper") as client:
        secret, _ = await enrol(house, client)
    for _ in range(8):
        assert await code_of(await log_in(house, "keeper")) == (401, "session.code-needed")
    for _ in range(5):
        assert await code_of(await log_in(house, "keeper", "000000")) == (401, "session.wrong-code")
    house.city.clock.move(minutes=1)
    assert (await log_in(house, "keeper", code_now(house, secret))).status_code == 429
    house.city.clock.move(minutes=30)
    assert (await log_in(house, "keeper", code_now(house, secret))).status_code == 201


async def test_secrets_are_told_once_and_stored_encrypted(house: House) -> None:
    async with house.as_("keeper") as client:
        same = attempt()
        first = (await client.post("/api/v1/me/second-factor", json={"password": PASSWORD}, headers=same)).json()
        again = (await client.post("/api/v1/me/second-factor", json={"password": PASSWORD}, headers=same)).json()
        assert first["secret"] in first["uri"]
        assert again["secret"] is None
        assert again["repeat"]
        stored = await db.fetch_value("SELECT secret FROM second_factor")
        assert first["secret"] not in stored
        kept = await db.fetch_value("SELECT string_agg(receipt::text, '') FROM attempt")
        assert first["secret"] not in str(kept)
        wrong = await client.post("/api/v1/me/second-factor", json={"password": "wrong"}, headers=attempt())
        assert await code_of(wrong) == (403, "password.wrong-old")
    assert house.app.state.edge.vault.open(stored) == first["secret"]
    assert second_factor.Vault("another key").open(stored) is None


async def test_the_qr_code_says_what_the_text_says(house: House) -> None:
    from urllib.parse import unquote

    from labels.codes.symbols import symbol

    async with house.as_("keeper") as client:
        begun = (await client.post("/api/v1/me/second-factor", json={"password": PASSWORD}, headers=attempt())).json()
    dark = symbol(SymbolKind.QR, begun["uri"]).rectangles()
    assert begun["picture"].startswith("data:image/svg+xml,")
    assert unquote(begun["picture"]).count("h") > len(dark)


async def test_only_the_security_administrator_resets_and_not_for_himself(house: House) -> None:
    async with house.as_("keeper") as client:
        await enrol(house, client)
        path = f"/api/v1/people/{house.city.people['keeper']}/second-factor/reset"
        for login in ("sys", "aud", "south"):
            async with house.as_(login) as other:
                assert (await other.post(path, headers=attempt())).status_code == 403
        async with house.as_("sec") as security:
            await enrol(house, security)
            own = f"/api/v1/people/{house.city.people['sec']}/second-factor/reset"
            assert await code_of(await security.post(own, headers=attempt())) == (403, "grant.own-account")
            assert (await security.post(path, headers=attempt())).status_code == 200
            assert await code_of(await security.post(path, headers=attempt())) == (409, "second-factor.none")
        assert (await client.get("/api/v1/me")).status_code == 401  # his sessions ended
    assert (await log_in(house, "keeper")).status_code == 201
    verbs = [row[0] for row in await db.fetch("SELECT verb FROM audit WHERE verb LIKE 'second-factor.%' ORDER BY seq")]
    assert verbs[:2] == ["second-factor.begin", "second-factor.confirm"]
    assert "second-factor.reset" in verbs


async def test_whoever_must_have_one_can_do_nothing_else_first(house: House) -> None:
    await parameters.set_parameter(
        stamp=house.city.house(), key=SECOND_FACTOR.key, path="/1/", value="administrators", version=0
    )
    async with house.as_("keeper") as keeper:
        assert (await keeper.get("/api/v1/sites")).status_code == 200
    async with house.as_("sys") as client:
        refused = await client.get("/api/v1/people")
        assert await code_of(refused) == (403, "session.second-factor-must-enrol")
        led = await client.get("/", headers={"accept": "text/html"})
        assert led.headers["location"].startswith("/second-factor?next=")
        await enrol(house, client)
        assert (await client.get("/api/v1/people")).status_code == 200


async def test_the_system_administrator_cannot_let_himself_off(house: House) -> None:
    async with house.as_("sys") as client:
        answer = await client.put(
            f"/api/v1/parameters/{SECOND_FACTOR.key}/regions/CITY",
            json={"value": "optional", "version": 0},
            headers=attempt(),
        )
        assert answer.status_code == 403
    async with house.as_("sec") as client:
        answer = await client.put(
            f"/api/v1/parameters/{SECOND_FACTOR.key}/regions/CITY",
            json={"value": "everyone", "version": 0},
            headers=attempt(),
        )
        assert answer.status_code == 200, answer.text
