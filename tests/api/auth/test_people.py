"""People over HTTP: scope, versions, the audit trail."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from api import verify_audit_export
from catalog.kernel import audit, db
from tests.api.auth.conftest import House, attempt
from tests.others import all_sealed
from tests.warehouse.people.city import PASSWORD

NEW = {"login": "neu", "name_zh": "新人", "region": "TOWN", "password": PASSWORD}


async def test_a_person_is_made_shown_edited_and_retired(house: House) -> None:
    async with house.as_("sys") as client:
        made = (await client.post("/api/v1/people", json=NEW, headers=attempt())).json()
        url = f"/api/v1/people/{made['id']}"
        shown = await client.get(url)
        assert shown.headers["etag"] == '"1"'
        assert shown.json()["region"] == "TOWN"
        edited = await client.patch(
            url, json={"name_zh": "新名", "region": "NORTH"}, headers={**attempt(), "if-match": '"1"'}
        )
        assert (edited.status_code, edited.headers["etag"]) == (200, '"2"')
        stale = await client.patch(url, json={"name_zh": "旧"}, headers={**attempt(), "if-match": '"1"'})
        assert (stale.status_code, stale.json()["code"]) == (409, "person.stale")
        assert stale.json()["facts"]["version"] == 2
        gone = await client.delete(url, headers={**attempt(), "if-match": '"2"'})
        assert gone.status_code == 200
        listed = (await client.get("/api/v1/people?q=neu")).json()["items"]
        assert listed == []
        assert (await client.get("/api/v1/people?q=neu&retired=true")).json()["items"][0]["login"] == "neu"


async def test_an_edit_says_which_version(house: House) -> None:
    async with house.as_("sys") as client:
        url = f"/api/v1/people/{house.city.people['keeper']}"
        for if_match in (None, "", "*", '"0"', '"x"', '"99999999999999"'):
            headers = attempt() | ({} if if_match is None else {"if-match": if_match})
            answer = await client.patch(url, json={"name_zh": "x"}, headers=headers)
            assert answer.status_code in (400, 422), if_match


async def test_pages_of_people_have_no_gap_and_no_repeat(house: House) -> None:
    async with house.as_("sys") as client:
        everybody = [p["login"] for p in (await client.get("/api/v1/people")).json()["items"]]
        found: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = (await client.get("/api/v1/people", params={"limit": 3, "cursor": cursor})).json()
            found += [p["login"] for p in page["items"]]
            cursor = page["next_cursor"]
        assert found == everybody == sorted(everybody)


async def test_an_administrator_of_a_district_sees_and_touches_only_it(house: House) -> None:
    async with house.as_("sec-north") as client:
        page = (await client.get("/api/v1/people")).json()
        assert {p["login"] for p in page["items"]} == {"keeper", "new", "sec-north"}
        url = f"/api/v1/people/{house.city.people['south']}"
        assert (await client.get(url)).status_code == 404
        unlocked = await client.post(f"{url}/unlock", headers=attempt())
        assert (unlocked.status_code, unlocked.json()["code"]) == (404, "person.missing")
        assert str(house.city.people["south"]) not in page


BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "login"),
    ({**NEW, "login": "Groß"}, "login"),
    ({**NEW, "name_zh": ""}, "name_zh"),
    ({**NEW, "name_zh": "a\0b"}, "name_zh"),
    ({**NEW, "language": "de"}, "language"),
    ({**NEW, "extra": 1}, "extra"),
    ({**NEW, "name_zh": 5}, "name_zh"),
]


async def test_an_invalid_body_is_told_field_by_field(house: House) -> None:
    async with house.as_("sys") as client:
        for body, field in BAD:
            answer = await client.post("/api/v1/people", json=body, headers=attempt())
            assert answer.status_code == 422, answer.text
            assert answer.json()["code"] == "request.invalid"
            assert field in {f["field"] for f in answer.json()["facts"]["fields"]}


async def test_a_password_reset_must_be_changed(house: House) -> None:
    async with house.as_("sys") as client:
        url = f"/api/v1/people/{house.city.people['keeper']}/password"
        weak = await client.post(url, json={"password": "weak"}, headers=attempt())
        assert (weak.status_code, weak.json()["code"]) == (400, "password.too-weak")
        assert (await client.post(url, json={"password": "Given-2026-a"}, headers=attempt())).status_code == 200
    async with house.as_("keeper", "Given-2026-a") as client:
        assert (await client.get("/api/v1/me")).json()["must_change_password"] is True


# --- the audit trail ----------------------------------------------------------------------------------


async def trail(client: httpx.AsyncClient, **sought: Any) -> list[dict[str, Any]]:
    """Rows of the trail, the newest first."""
    answer = await client.get("/api/v1/audit", params=sought)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_log_ins_failures_acts_and_refusals_are_in_the_trail(house: House) -> None:
    async with house.visitor() as client:
        await client.post("/api/v1/sessions", json={"login": "keeper", "password": "wrong"})
    async with house.as_("keeper") as client:
        await client.get("/api/v1/people")
        await client.post("/api/v1/people", json=NEW, headers=attempt())
    async with house.as_("sys") as client:
        await client.post("/api/v1/people", json=NEW, headers=attempt())
    async with house.as_("aud") as client:
        rows = await trail(client, login="keeper")
        seen = [(r["verb"], r["success"], r["code"]) for r in rows]
        assert ("session.log-in", False, "session.wrong-credentials") in seen
        assert ("session.log-in", True, "") in seen
        assert ("person.list", False, "access.denied") in seen
        assert ("person.create", False, "access.denied") in seen
        assert {r["address"] for r in rows if not r["success"]} == {"10.0.0.1"}
        made = await trail(client, login="sys", verb="person.create")
        assert (made[0]["success"], made[0]["facts"]["login"]) == (True, "neu")
        assert PASSWORD not in str(rows) + str(made)


async def test_a_refusal_after_a_rollback_is_still_in_the_trail(house: House) -> None:
    async with house.as_("sec") as client:
        url = f"/api/v1/people/{house.city.people['sys']}/roles"
        answer = await client.post(url, json={"role": "keeper", "region": "NORTH"}, headers=attempt())
        assert (answer.status_code, answer.json()["code"]) == (409, "grant.exclusive-roles")
    row = await db.fetch_row(
        "SELECT success, code, facts FROM audit WHERE verb = 'grant.give' ORDER BY seq DESC LIMIT 1"
    )
    assert row is not None
    assert (row[0], row[1]) == (False, "grant.exclusive-roles")


async def test_strangers_cannot_flood_the_trail(house: House) -> None:
    async with house.visitor("10.6.6.6") as client:
        for _ in range(60):
            assert (await client.get("/api/v1/me")).status_code == 401
    count = "SELECT count(*) FROM audit WHERE address = '10.6.6.6' AND code = 'session.required'"
    assert await db.fetch_value(count) == 20
    house.city.clock.move(minutes=1)
    await house.app.state.edge.refusals.flush()
    row = await db.fetch_row("SELECT facts->>'count' FROM audit WHERE code = 'request.flood' AND address = '10.6.6.6'")
    assert row is not None
    assert row[0] == "40"


async def test_only_the_auditor_reads_the_trail_and_reading_leaves_a_row(house: House) -> None:
    for login in ("keeper", "sys", "sec"):
        async with house.as_(login) as client:
            assert (await client.get("/api/v1/audit")).status_code == 403
            assert (await client.get("/api/v1/audit/check")).status_code == 403
    async with house.as_("aud") as client:
        await trail(client)
        assert (await trail(client, verb="audit.read"))[0]["login"] == "aud"


async def test_pages_of_the_trail(house: House) -> None:
    async with house.as_("aud") as client:
        first = (await client.get("/api/v1/audit", params={"limit": 5})).json()
        second = (await client.get("/api/v1/audit", params={"limit": 5, "cursor": first["next_cursor"]})).json()
        seqs = [r["seq"] for r in first["items"] + second["items"]]
        assert seqs == sorted(seqs, reverse=True)
        assert len(set(seqs)) == 10


async def test_a_made_up_cursor_is_refused_or_harmless(house: House) -> None:
    for path, login in {"audit": "aud", "people": "sys", "sessions": "sec", "tokens": "sec"}.items():
        async with house.as_(login) as client:
            for cursor in ("x", "IQ", "WzFd", "WyJhIl0", "W251bGxd", "Wy0xXQ", "WzEuNV0", "WzFlOTk5XQ"):
                answer = await client.get(f"/api/v1/{path}", params={"cursor": cursor})
                assert answer.status_code in (200, 400), (path, cursor)


# --- the chain ----------------------------------------------------------------------------------------


async def test_the_application_cannot_touch_what_is_written(house: House) -> None:
    for table in ("audit", "audit_seal"):
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET mac = ''", f"TRUNCATE {table}"):
            with pytest.raises(asyncpg.PostgresError):
                await db.execute(statement.replace("mac = ''", "login = 'x'") if table == "audit" else statement)


TAMPERINGS = {
    "flip": "UPDATE audit SET success = NOT success WHERE seq = (SELECT min(seq) + 3 FROM audit)",
    "login": "UPDATE audit SET login = 'x' WHERE seq = (SELECT min(seq) + 3 FROM audit)",
    "remove-row-and-seal": "DELETE FROM audit_seal WHERE position = 4;"
    " DELETE FROM audit WHERE NOT EXISTS (SELECT 1 FROM audit_seal s WHERE s.audit_seq = seq)",
    "reorder": "UPDATE audit_seal a SET audit_seq = b.audit_seq FROM (VALUES (3, 4), (4, 3)) v (p, q)"
    " JOIN audit_seal b ON b.position = v.q WHERE a.position = v.p",
    "insert": "UPDATE audit_seal SET position = -position WHERE position > 3;"
    " UPDATE audit_seal SET position = 1 - position WHERE position < 0;"
    " INSERT INTO audit (at, login, channel, verb, success) VALUES (now(), 'sec', 'web', 'forged', true);"
    " INSERT INTO audit_seal (position, audit_seq, mac) SELECT 4, max(seq), sha256('x') FROM audit",
    "cut-the-middle": "DELETE FROM audit_seal WHERE position IN (4, 5)",
}


@pytest.mark.parametrize("how", TAMPERINGS)
async def test_whoever_touches_the_chain_is_found(house: House, owner: asyncpg.Connection, how: str) -> None:
    async with house.as_("aud") as client:
        await all_sealed(house.app.state.edge.audit_key)
        assert (await client.get("/api/v1/audit/check")).json() == {"holds": True, "findings": []}
        await owner.execute(
            "ALTER TABLE audit DISABLE TRIGGER USER; ALTER TABLE audit_seal DISABLE TRIGGER USER;"
            " ALTER TABLE audit_seal DROP CONSTRAINT audit_seal_audit_seq_key"
        )
        await owner.execute(TAMPERINGS[how])
        found = (await client.get("/api/v1/audit/check")).json()
        assert found["holds"] is False
        assert found["findings"]


async def test_a_row_slipped_in_beneath_the_chain_is_found(house: House, owner: asyncpg.Connection) -> None:
    await owner.execute(
        "INSERT INTO audit (seq, at, login, channel, verb, success) OVERRIDING SYSTEM VALUE"
        f" SELECT i, now(), 'x', 'api', 'x', true FROM (VALUES ({audit.LOOK_BACK + 1000})) v (i)"
    )
    await all_sealed(house.app.state.edge.audit_key)
    assert await audit.check(house.app.state.edge.audit_key) == []
    await owner.execute(
        "INSERT INTO audit (seq, at, login, channel, verb, success) OVERRIDING SYSTEM VALUE"
        " VALUES (900, now(), 'sec', 'web', 'forged', true)"
    )
    await all_sealed(house.app.state.edge.audit_key)
    assert await audit.check(house.app.state.edge.audit_key) == [audit.Finding(900, "never-sealed")]


async def test_rows_are_sealed_by_themselves(house: House) -> None:
    async with house.as_("aud") as client:
        for _ in range(50):
            if all(row["sealed"] for row in (await trail(client, verb="person.create"))):
                return
            await asyncio.sleep(0.1)
    pytest.fail("not sealed within five seconds")


async def test_a_forged_chain_needs_the_key(house: House) -> None:
    await all_sealed(house.app.state.edge.audit_key)
    assert await audit.check(b"another key") != []
    assert await audit.check(house.app.state.edge.audit_key) == []


async def test_the_trail_leaves_the_house_whole_and_checks_by_itself(house: House, tmp_path: Path) -> None:
    async with house.as_("aud") as client:
        await all_sealed(house.app.state.edge.audit_key)
        for kind in ("jsonl", "csv"):
            answer = await client.get("/api/v1/audit/export", params={"format": kind})
            assert answer.status_code == 200, answer.text
            export, key = tmp_path / kind, tmp_path / "key"
            export.write_bytes(answer.content)
            key.write_bytes(house.app.state.edge.audit_key)
            assert verify_audit_export.main([str(export), "--key", str(key)]) == 0
        script = await client.get("/api/v1/audit/verifier")
        assert script.content == Path(verify_audit_export.__file__).read_bytes()
        assert (await client.get("/api/v1/audit/anchors")).json() == []
        empty = await client.get("/api/v1/audit/export", params={"until": "2001-01-01T00:00:00Z"})
        assert (empty.status_code, empty.json()["code"]) == (400, "audit.nothing-there")
