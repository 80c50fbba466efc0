"""Imports over HTTP on a large database: `python -m tests.load.bench_import [rows] [lots]`.

Prints figures, judges nothing. Conditions: one server process, fsync on, token, audit on, 100,000 lots and 1,000,000
moves loaded; load generator and PostgreSQL on the same machine. The promise: 10,000 rows read and judged under 2 s and
applied under 10 s, while look-ups by others stay quick.
"""

import asyncio
import base64
import os
import random
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

os.environ.setdefault("PICCOLO_CONF", "api.piccolo_conf")

import asyncpg
import httpx

from api import database as api_database
from api.embedded import EmbeddedPostgres
from tests.conftest import Database, launch
from tests.load import big_city
from tests.load.bench_scans import SECRET, keeper_token
from tests.load.meter import calibration
from tests.warehouse.exchange.house import book

HEAD = ["序号", "物资名称", "单位", "数量", "生产日期", "有效期至", "生产批号", "货位", "资金来源", "备注"]


def listing(rows: int) -> bytes:
    """A list of so many rows, written as people write them."""
    rng = random.Random(7)
    body = [
        [
            n,
            f"帐篷{rng.randint(1, 200)}",
            "顶",
            f"{rng.randint(1, 9)}，000",
            date(2024, rng.randint(1, 12), rng.randint(1, 28)),
            rng.choice(("长期", "5年", "2031-05-06", "2031年5月6日")),
            f"I{n:06}",
            f"A-{rng.randint(1, 40):02}",
            "财政资金",
            "",
        ]
        for n in range(1, rows + 1)
    ]
    return book([["某市应急物资清单"], HEAD, *body])


async def _look_ups(client: httpx.AsyncClient, stop: asyncio.Event) -> list[float]:
    """One caller's look-ups, one after the other, until told to stop; milliseconds."""
    took = []
    while not stop.is_set():
        begun = time.perf_counter()
        answer = await client.get("/api/v1/stock/balances", params={"site": "S001", "limit": 20})
        assert answer.status_code == 200, answer.text
        took.append((time.perf_counter() - begun) * 1000)
        await asyncio.sleep(0.01)
    return took


def _line(name: str, seconds: float, took: list[float]) -> str:
    took = sorted(took) or [float("nan")]
    p50, p95 = took[len(took) // 2], took[int(len(took) * 0.95)]
    load = os.getloadavg()[0]
    return f"{name:<36} {seconds:7.2f} s   look-ups p50 {p50:6.1f}  p95 {p95:6.1f} ms ({len(took)})   load {load:4.1f}"


async def _while_others_look(client: httpx.AsyncClient, name: str, work: Any) -> Any:
    stop = asyncio.Event()
    looking = asyncio.create_task(_look_ups(client, stop))
    begun = time.perf_counter()
    found = await work
    seconds = time.perf_counter() - begun
    stop.set()
    print(_line(name, seconds, await looking), flush=True)
    return found


async def _ok(answer: Any) -> Any:
    found = await answer
    assert found.status_code in (200, 201), found.text[:500]
    return found.json()


async def _applied(client: httpx.AsyncClient, file: str) -> Any:
    await _ok(client.post(f"/api/v1/imports/{file}/apply", headers={"idempotency-key": str(uuid4())}))
    while True:
        found = await _ok(client.get(f"/api/v1/imports/{file}"))
        if found["state"] == "applied":
            return found
        await asyncio.sleep(0.05)


async def _bench(url: str, rows: int) -> None:
    headers = {"authorization": f"Bearer {SECRET}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=120) as client:
        await _while_others_look(client, "nothing else (5 s)", asyncio.sleep(5))
        warm = {"kind": "stock", "name": "w.xlsx", "content": base64.b64encode(listing(5)).decode(), "site": "S001"}
        await _ok(client.post("/api/v1/imports", json=warm, headers={"idempotency-key": str(uuid4())}))
        body = warm | {"content": base64.b64encode(listing(rows)).decode()}
        up = _ok(client.post("/api/v1/imports", json=body, headers={"idempotency-key": str(uuid4())}))
        made = await _while_others_look(client, f"{rows:,} rows up, read, judged, kept", up)
        print(
            f"    in the worker {made['counts']}",
            (await _ok(client.get(f"/api/v1/imports/{made['id']}")))["read_ms"],
            "ms",
        )
        done = await _while_others_look(client, f"{rows:,} rows applied", _applied(client, made["id"]))
        print("   ", done["counts"])
        twin = _ok(client.post("/api/v1/imports", json=body, headers={"idempotency-key": str(uuid4())}))
        again = await _while_others_look(client, "the same file again", twin)
        print("   ", again["counts"])


async def _prepare(owner_url: str, app_url: str, lots: int) -> None:
    await api_database.migrate(api_database.Logins(owner_url, app_url))
    connection = await asyncpg.connect(owner_url)
    await big_city.fill(connection, lots=lots)
    await connection.close()


def main(rows: int, lots: int) -> None:
    """Make the database, start the server, measure."""
    print(calibration(), flush=True)
    with tempfile.TemporaryDirectory(prefix="beiyu-load-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "pg", database="load")
        owner = server.start()
        try:
            app_url = owner.url.replace(f"{owner.user}:{owner.password}@", "load_app:load@")
            asyncio.run(_prepare(owner.url, app_url, lots))
            asyncio.run(keeper_token(owner.url))
            running = launch(Database("load", owner.url, app_url), Path(folder) / "serve", log_level="warning")
            try:
                asyncio.run(_bench(running.url, rows))
            finally:
                running.stop()
        finally:
            server.stop()


if __name__ == "__main__":
    main(*(int(arg) for arg in [*sys.argv[1:], *("10000", "100000")[len(sys.argv) - 1 :]]))
