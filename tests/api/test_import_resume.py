"""The server is killed in the middle of an import; the next one goes on, and every row is there once."""

import asyncio
import base64
import time
from typing import Any
from uuid import uuid4

import asyncpg
import httpx

from tests.conftest import Database, StartServer
from tests.load.bench_scans import SECRET, keeper_token
from tests.warehouse.exchange.house import book
from tests.warehouse.stock import world
from warehouse.stock import verify

ROWS = 3_000


async def test_a_killed_import_goes_on_where_it_was(
    database: Database, owner: asyncpg.Connection, start_server: StartServer
) -> None:
    await world.build(owner)
    await owner.execute("DELETE FROM person; SELECT setval(pg_get_serial_sequence('person', 'id'), 100)")
    await keeper_token(database.owner_url)
    head = ["物资编号", "单位", "数量", "生产批号", "货位"]
    data = book([head, *[["ZP-0001", "件", 2, f"B{n}", f"A-10{1 + n % 5}"] for n in range(ROWS)]])
    server = await asyncio.to_thread(start_server, database)
    body = {"kind": "stock", "name": "大表.xlsx", "content": base64.b64encode(data).decode(), "site": "CZ01"}
    made = await _send(server.url, "POST", "/imports", body)
    assert made["counts"]["ready"] == ROWS
    await _send(server.url, "POST", f"/imports/{made['id']}/apply")
    for _ in range(2000):
        done = await owner.fetchval("SELECT count(*) FROM import_row WHERE state = 'done'")
        if done >= 500:
            break
        await asyncio.sleep(0.005)
    server.kill()
    done = await owner.fetchval("SELECT count(*) FROM import_row WHERE state = 'done'")
    assert 0 < done < ROWS
    assert await owner.fetchval("SELECT sum(on_hand) FROM balance") == done * 2

    again = await asyncio.to_thread(start_server, database)
    found = await _send(again.url, "GET", f"/imports/{made['id']}")
    assert (found["state"], found["running"]) == ("applying", False)
    await _send(again.url, "POST", f"/imports/{made['id']}/apply")
    until = time.monotonic() + 90
    while found["state"] != "applied" and time.monotonic() < until:
        await asyncio.sleep(0.1)
        found = await _send(again.url, "GET", f"/imports/{made['id']}")
    assert found["counts"] == {"rows": ROWS, "ready": 0, "done": ROWS}
    assert await owner.fetchval("SELECT sum(on_hand) FROM balance") == ROWS * 2
    assert await owner.fetchval("SELECT count(*) FROM move") == ROWS
    assert await verify.run() == []


async def _send(url: str, method: str, path: str, body: Any = None) -> Any:
    headers = {"authorization": f"Bearer {SECRET}", "idempotency-key": str(uuid4())}
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        answer = await client.request(method, f"/api/v1{path}", json=body, headers=headers)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()
