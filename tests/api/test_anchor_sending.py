"""Anchors travel from one house to another: the real sender here, a real `beiyu serve` there, with failures before."""

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from api import audit as trail
from api import database as api_database
from catalog.kernel import audit, audit_chain
from catalog.kernel.access import Permission
from catalog.kernel.stamp import house_stamp
from tests.api.auth.conftest import _fast_hashes, make_settings
from tests.conftest import Database, Postgres, free_port, launch
from tests.others import all_sealed
from tests.warehouse.people.city import POLICY, Clock, build
from warehouse.people import actions as people
from warehouse.people.model import TokenKind

pytestmark = pytest.mark.database
__all__ = ["_fast_hashes"]
NOW = datetime.now(UTC)


@contextmanager
def receiver(status: int, body: bytes) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A receiver that answers everything the same; its address, and what it was sent."""
    heard: list[dict[str, Any]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["content-length"]))
            heard.append({"headers": dict(self.headers), "body": json.loads(sent)})
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/v1/anchors", heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def acts(count: int) -> None:
    for number in range(count):
        await audit.record(house_stamp(uuid4(), number, NOW), "test.act", facts={"number": number})


async def sealed(folder: Path) -> None:
    await all_sealed(trail.key_of(make_settings(folder)))


async def test_two_houses(postgres: Postgres, database: Database, owner: asyncpg.Connection, tmp_path: Path) -> None:
    """Down, refusing, then there; rewritten below, it shows above; an export is compared there."""
    lower = tmp_path / "lower"
    name = await postgres.create()
    upper = Database(name, postgres.owner_url(name), postgres.app_url(name))
    server = None
    try:
        # The house above: a city, its audit administrator, a token that may send anchors.
        await api_database.close_pool()
        api_database.configure(upper.app_url)
        await api_database.open_pool(1, 5)
        city = await build(Clock(NOW))
        made = await people.create_token(
            stamp=await city.stamp("aud", "token"),
            person=city.people["aud"],
            kind=TokenKind.API,
            name="天宁区备豫",
            policy=POLICY,
            permissions=frozenset({Permission.ANCHOR_SEND}),
        )
        await api_database.close_pool()
        server = launch(upper, tmp_path / "upper")
        address = f"{server.url}/api/v1/anchors"

        # The house below: some acts, and nobody there yet.
        api_database.configure(database.app_url)
        await api_database.open_pool(1, 20)
        await acts(5)
        await sealed(lower)

        async def send(url: str, token: str | None = None) -> list[str]:
            chosen = make_settings(lower, anchor_url=url, anchor_token=token)
            return (await trail.anchor(chosen, NOW))[1]

        (trouble,) = await send(f"http://127.0.0.1:{free_port()}/api/v1/anchors")
        assert "refused" in trouble
        (trouble,) = await send(address)
        assert "401" in trouble
        (trouble,) = await send(address, "beiyu_wrong")
        assert "401" in trouble
        assert await send(address, made["secret"]) == []
        assert await send(address, made["secret"]) == []  # nothing new: not sent again
        await acts(3)
        await sealed(lower)
        assert await send(address, made["secret"]) == []

        # Above: two anchors of one house; an export fits them.
        export = "".join([part async for part in audit_chain.export(*(await _whole()), "jsonl")])
        with httpx.Client(base_url=server.url) as aud:
            entered = aud.post("/api/v1/sessions", json={"login": "aud", "password": "Beiyu-2026-x"})
            assert entered.status_code == 201, entered.text
            aud.headers["x-csrf-token"] = entered.json()["csrf"]
            (house,) = aud.get("/api/v1/anchors").json()["items"]
            assert (house["name"], house["received"], house["wrong"]) == ("天宁区备豫", 2, 0)
            assert _compare(aud, house["key"], export)["holds"]
            kept = aud.get(f"/api/v1/anchors/{house['key']}/file").text
            assert [one.position for one in audit_chain.read_anchors(kept)] == [5, 8]
            changed = export.replace('"number":2', '"number":7')
            found = _compare(aud, house["key"], changed)
            assert not found["holds"]
            assert "differs" in found["findings"][0]
            assert not _compare(aud, house["key"], "".join(export.splitlines(True)[:-1]))["holds"]

            # Below somebody who owns the tables rewrites the trail, with the key, and anchors it anew.
            for table in ("audit_seal", "audit_anchor", "audit"):
                await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_append_only")
            await owner.execute("DELETE FROM audit_anchor_sent")
            await owner.execute("DELETE FROM audit_anchor")
            await owner.execute("DELETE FROM audit_seal")
            await owner.execute("UPDATE audit SET facts = '{}' WHERE facts->>'number' = '2'")
            await sealed(lower)
            assert await trail.verify(make_settings(lower)) == []  # below, nothing shows any more
            for _ in range(2):
                (trouble,) = await send(address, made["secret"])
                assert "differs" in trouble
            (house,) = aud.get("/api/v1/anchors").json()["items"]
            assert (house["received"], house["wrong"]) == (3, 1)
            page = aud.get(f"/admin/anchors?house={house['key']}")
            assert page.status_code == 200
            assert "天宁区备豫" in page.text

            # The token can do nothing else, and ends like every other.
            with httpx.Client(base_url=server.url, headers={"authorization": f"Bearer {made['secret']}"}) as token:
                for path in ("audit", "anchors", "people", "stock/balances"):
                    assert token.get(f"/api/v1/{path}").status_code == 403, path
    finally:
        if server is not None:
            server.stop()
        await postgres.drop(name)


async def _whole() -> tuple[audit_chain.Start, int]:
    return await audit_chain.stretch(None, NOW + timedelta(days=1))


def _compare(client: httpx.Client, key: str, export: str) -> Any:
    import base64

    body = {"content": base64.b64encode(export.encode()).decode()}
    answer = client.post(f"/api/v1/anchors/{key}/compare", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(
    ("status", "body"), [(503, b"{}"), (500, b"<html>"), (200, b"not json"), (200, b"{}"), (200, b"[]"), (204, b"")]
)
async def test_what_does_not_take_it_is_tried_again(
    database: Database, tmp_path: Path, status: int, body: bytes
) -> None:
    await acts(2)
    await sealed(tmp_path)
    with receiver(status, body) as (url, heard):
        for _ in range(2):
            _, troubles = await trail.anchor(make_settings(tmp_path, anchor_url=url, anchor_token="t"), NOW)
            assert len(troubles) == 1
    assert len(heard) == 2
    assert heard[0]["body"] == heard[1]["body"]
    assert await audit_chain.unsent(url) is not None
    with receiver(201, b'{"verdict":"agrees"}') as (other, _):
        assert (await trail.anchor(make_settings(tmp_path, anchor_url=other), NOW))[1] == []
        assert await audit_chain.unsent(other) is None
