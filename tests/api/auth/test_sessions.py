"""Coming in over HTTP, and being kept out."""

import asyncio
import re
from typing import Any
from uuid import uuid4

from catalog.kernel import db
from tests.api.auth.conftest import House, attempt
from tests.warehouse.people.city import PASSWORD


async def code_of(answer) -> tuple[int, str]:  # type: ignore[no-untyped-def]
    """(status, code) of a problem."""
    return answer.status_code, answer.json()["code"]


async def test_log_in_gives_a_session_that_is_me(house: House) -> None:
    async with house.as_("keeper") as client:
        me = await client.get("/api/v1/me")
        assert me.status_code == 200
        assert me.json()["person"]["login"] == "keeper"
        assert me.json()["roles"][0]["role"] == "keeper"
        assert me.json()["csrf"] == client.headers["x-csrf-token"]
        assert {"permission": "stock.issue", "paths": ["/1/2/"], "sites": []} in me.json()["permissions"]


async def test_the_cookie_is_kept_from_scripts_and_other_sites(house: House) -> None:
    async with house.visitor() as client:
        entered = await client.post("/api/v1/sessions", json={"login": "keeper", "password": PASSWORD})
        cookie = entered.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert "secure" not in cookie


async def test_without_a_session_nothing_opens(house: House) -> None:
    async with house.visitor() as client:
        answer = await client.get("/api/v1/me")
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "session.required"


async def test_every_route_is_closed_unless_it_says_public(house: House) -> None:
    """Deny by default: whoever adds a route and forgets to think about it has added a closed one."""
    open_ = set()
    async with house.visitor() as client:
        for route in house.app.routes:
            path = re.sub(r"{\w+}", str(uuid4()), route.path_format)
            answer = await client.get(path)
            if answer.status_code not in (401, 405):
                open_.add(path)
    assert {p for p in open_ if p.startswith("/api/")} == set()


async def test_log_out_ends_the_session(house: House) -> None:
    async with house.as_("keeper") as client:
        cookie = dict(client.cookies)
        assert (await client.delete("/api/v1/sessions/current")).status_code == 200
        client.cookies.update(cookie)
        assert (await client.get("/api/v1/me")).status_code == 401


async def test_idleness_ends_a_session_and_use_keeps_it(house: House) -> None:
    clock = house.city.clock
    async with house.as_("keeper") as client:
        for _ in range(3):
            clock.move(minutes=29)
            assert (await client.get("/api/v1/me")).status_code == 200
        clock.move(minutes=30)
        assert await code_of(await client.get("/api/v1/me")) == (401, "session.ended")


async def test_a_session_ends_after_its_shift_however_busy(house: House) -> None:
    clock = house.city.clock
    async with house.as_("keeper") as client:
        for _ in range(35):
            clock.move(minutes=20)
            assert (await client.get("/api/v1/me")).status_code == 200
        clock.move(minutes=20)
        assert await code_of(await client.get("/api/v1/me")) == (401, "session.ended")


async def test_use_is_written_at_most_once_a_minute(house: House) -> None:
    async with house.as_("keeper") as client:
        seen = "SELECT xmin::text FROM login_session ORDER BY id DESC LIMIT 1"
        first = await db.fetch_value(seen)
        house.city.clock.move(seconds=59)
        await client.get("/api/v1/me")
        assert await db.fetch_value(seen) == first
        house.city.clock.move(seconds=1)
        await client.get("/api/v1/me")
        assert await db.fetch_value(seen) != first


async def test_a_first_password_only_opens_the_way_to_change_it(house: House) -> None:
    async with house.as_("new") as client:
        for path in ("/api/v1/people", "/api/v1/sessions"):
            assert await code_of(await client.get(path)) == (403, "session.password-must-change")
        assert (await client.get("/api/v1/me")).json()["must_change_password"] is True
        body = {"old": PASSWORD, "new": "Fresh-2026-z"}
        assert (await client.post("/api/v1/me/password", json=body, headers=attempt())).status_code == 200
        assert (await client.get("/api/v1/sessions")).status_code == 200
        assert (await client.get("/api/v1/me")).json()["must_change_password"] is False


async def test_an_old_password_must_be_changed(house: House) -> None:
    house.city.clock.move(days=89)
    async with house.as_("keeper") as client:
        assert (await client.get("/api/v1/me")).json()["password_days_left"] == 1
        assert (await client.get("/api/v1/sessions")).status_code == 200
    house.city.clock.move(days=1)
    async with house.as_("keeper") as client:
        assert await code_of(await client.get("/api/v1/sessions")) == (403, "session.password-must-change")


async def test_failures_lock_and_say_until_when(house: House) -> None:
    async with house.visitor() as client:
        body = {"login": "keeper", "password": "wrong"}
        for _ in range(5):
            answer = await client.post("/api/v1/sessions", json=body)
            assert await code_of(answer) == (401, "session.wrong-credentials")
        answer = await client.post("/api/v1/sessions", json={"login": "keeper", "password": PASSWORD})
        assert await code_of(answer) == (429, "session.account-locked")
        assert 1790 <= int(answer.headers["retry-after"]) <= 1801
        assert "until" in answer.json()["facts"]


# --- other sites --------------------------------------------------------------------------------------

NEW = {"login": "neu", "name_zh": "新人", "region": "CITY"}


ORIGINS: list[tuple[dict[str, str], int, str | None]] = [
    ({}, 201, None),
    ({"origin": "http://beiyu.test"}, 201, None),
    ({"x-csrf-token": ""}, 403, "csrf.bad-token"),
    ({"x-csrf-token": "x" * 43}, 403, "csrf.bad-token"),
    ({"x-csrf-token": "密"}, 403, "csrf.bad-token"),
    ({"origin": "http://evil.test"}, 403, "csrf.bad-origin"),
    ({"origin": "null"}, 403, "csrf.bad-origin"),
    ({"origin": "http://["}, 403, "csrf.bad-origin"),
    ({"sec-fetch-site": "cross-site"}, 403, "csrf.bad-origin"),
]


async def test_an_unsafe_call_comes_from_our_own_pages(house: House) -> None:
    async with house.as_("sys") as client:
        for number, (headers, status, code) in enumerate(ORIGINS):
            raw: Any = {k: v.encode() for k, v in headers.items()}
            body = {**NEW, "login": f"neu{number}"}
            answer = await client.post("/api/v1/people", json=body, headers={**attempt(), **raw})
            assert answer.status_code == status, (headers, answer.text)
            assert code is None or answer.json()["code"] == code, headers


async def test_the_token_of_one_session_does_not_fit_another(house: House) -> None:
    async with house.as_("sys") as one, house.as_("sys") as other:
        headers = {**attempt(), "x-csrf-token": one.headers["x-csrf-token"]}
        assert await code_of(await other.post("/api/v1/people", json=NEW, headers=headers)) == (403, "csrf.bad-token")


async def test_another_site_cannot_log_somebody_in(house: House) -> None:
    async with house.visitor(origin="http://evil.test") as client:
        answer = await client.post("/api/v1/sessions", json={"login": "keeper", "password": PASSWORD})
        assert await code_of(answer) == (403, "csrf.bad-origin")


# --- attempts -----------------------------------------------------------------------------------------


async def test_an_unsafe_call_wants_an_attempt(house: House) -> None:
    async with house.as_("sys") as client:
        without = await client.post("/api/v1/people", json=NEW)
        assert await code_of(without) == (400, "request.no-attempt")
        bad = await client.post("/api/v1/people", json=NEW, headers={"idempotency-key": "eins"})
        assert await code_of(bad) == (400, "request.bad-attempt")


async def test_the_same_attempt_is_one_effect(house: House) -> None:
    async with house.as_("sys") as client:
        same = attempt()
        answers = await asyncio.gather(*(client.post("/api/v1/people", json=NEW, headers=same) for _ in range(6)))
        assert {a.status_code for a in answers} == {201}
        assert len({a.json()["id"] for a in answers}) == 1
        assert sorted(a.json()["repeat"] for a in answers) == [False, True, True, True, True, True]
        other = await client.post("/api/v1/people", json={**NEW, "login": "andere"}, headers=same)
        assert await code_of(other) == (409, "attempt.other-content")


async def test_anothers_attempt_gives_nothing_away(house: House) -> None:
    same = attempt()
    body = {"kind": "api", "name": "x"}
    async with house.as_("keeper") as one, house.as_("south") as other:
        assert (await one.post("/api/v1/tokens", json=body, headers=same)).status_code == 201
        assert await code_of(await other.post("/api/v1/tokens", json=body, headers=same)) == (
            409,
            "attempt.other-content",
        )


async def test_a_refusal_is_final_for_its_attempt(house: House) -> None:
    async with house.as_("sys") as client:
        same = attempt()
        taken = {**NEW, "login": "keeper"}
        for _ in range(2):
            answer = await client.post("/api/v1/people", json=taken, headers=same)
            assert await code_of(answer) == (409, "person.login-taken")


# --- revocation ---------------------------------------------------------------------------------------


async def test_a_revoked_session_is_closed_at_once(house: House) -> None:
    async with house.as_("keeper") as keeper, house.as_("sec-north") as admin:
        assert (await keeper.get("/api/v1/me")).status_code == 200
        listed = (await admin.get("/api/v1/sessions")).json()["items"]
        session = next(s["id"] for s in listed if s["login"] == "keeper")
        assert (await admin.delete(f"/api/v1/sessions/{session}", headers=attempt())).status_code == 200
        assert (await keeper.get("/api/v1/me")).status_code == 401


async def test_sessions_of_others_are_seen_only_in_scope(house: House) -> None:
    async with house.as_("keeper") as keeper, house.as_("south"), house.as_("sec-north") as admin:
        assert {s["login"] for s in (await keeper.get("/api/v1/sessions")).json()["items"]} == {"keeper"}
        assert {s["login"] for s in (await admin.get("/api/v1/sessions")).json()["items"]} == {"keeper", "sec-north"}


async def test_a_revocation_elsewhere_is_in_force_within_a_second(house: House) -> None:
    async with house.as_("keeper") as client:
        assert (await client.get("/api/v1/me")).status_code == 200
        await db.execute("UPDATE login_session SET revoked_at = now()")
        await asyncio.sleep(1.05)
        assert (await client.get("/api/v1/me")).status_code == 401


async def test_a_role_given_or_taken_holds_with_the_next_request(house: House) -> None:
    async with house.as_("keeper") as keeper, house.as_("sec") as admin:
        assert (await keeper.get("/api/v1/people")).status_code == 403
        url = f"/api/v1/people/{house.city.people['south']}/roles"
        given = await admin.post(url, json={"role": "keeper", "region": "SOUTH"}, headers=attempt())
        assert given.status_code == 201
        async with house.as_("south") as south:
            have = {p["permission"] for p in (await south.get("/api/v1/me")).json()["permissions"]}
            assert "stock.issue" in have
            assert (await admin.delete(f"/api/v1/roles/{given.json()['id']}", headers=attempt())).status_code == 200
            have = {p["permission"] for p in (await south.get("/api/v1/me")).json()["permissions"]}
            assert "stock.issue" not in have


# --- tokens -------------------------------------------------------------------------------------------


async def test_a_bearer_token_needs_no_csrf_and_makes_no_tokens(house: House) -> None:
    async with house.as_("keeper") as client:
        body = {"kind": "api", "name": "接口"}
        made = (await client.post("/api/v1/tokens", json=body, headers=attempt())).json()
    bearer = {"authorization": f"Bearer {made['secret']}"}
    async with house.visitor(**bearer) as program:
        me = (await program.get("/api/v1/me")).json()
        assert me["person"]["login"] == "keeper"
        assert me["csrf"] is None
        assert await code_of(await program.post("/api/v1/tokens", json=body, headers=attempt())) == (
            403,
            "token.no-session",
        )
        assert await code_of(await program.delete(f"/api/v1/tokens/{made['id']}", headers=attempt())) == (
            403,
            "token.no-session",
        )
    async with house.as_("keeper") as client:
        assert (await client.delete(f"/api/v1/tokens/{made['id']}", headers=attempt())).status_code == 200
    async with house.visitor(**bearer) as program:
        assert (await program.get("/api/v1/me")).status_code == 401


async def test_a_token_ends_on_its_day(house: House) -> None:
    async with house.as_("keeper") as client:
        until = house.city.clock.now.replace(day=22).isoformat()
        body = {"kind": "api", "name": "接口", "expires_at": until}
        made = (await client.post("/api/v1/tokens", json=body, headers=attempt())).json()
    async with house.visitor(authorization=f"Bearer {made['secret']}") as program:
        assert (await program.get("/api/v1/me")).status_code == 200
        house.city.clock.move(days=1)
        assert (await program.get("/api/v1/me")).status_code == 401


async def test_a_bad_token_is_nobody(house: House) -> None:
    async with house.visitor() as client:
        for secret in ("", "x", "beiyu_" + "A" * 43, "密码", "a" * 5000):
            headers: Any = {"authorization": b"Bearer " + secret.encode()}
            assert (await client.get("/api/v1/me", headers=headers)).status_code == 401, secret
