"""Alerts on a large city: `python -m tests.load.bench_alerts [balances] [norms] [seconds]`.

Prints figures, judges nothing. The full pass in the caller's process, first from nothing, then with all alerts
standing; then scans over HTTP at 50/s (one server process, watch and worker inside, fsync on, log-in by token), each of
which makes one store short of one item: from the posting's time until the alert can be read, by its own row. As stated
in the issue: 1,000,000 balances, 20,000 norms; 200 towns, 300 items.
"""

import asyncio
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

os.environ.setdefault("PICCOLO_CONF", "api.piccolo_conf")

import asyncpg

from api import database as api_database
from api.embedded import EmbeddedPostgres
from labels.codes import OwnKind, write_own
from tests.conftest import Database, Server, launch
from tests.load.bench_scans import keeper_token
from tests.load.bench_shortfall import fill
from tests.load.client import drive_apart, request_bytes
from tests.load.meter import Meter, calibration
from warehouse.alerts import actions

TOWNS, ITEMS, PER_SECOND = 200, 300, 50
_NORMS = """
DELETE FROM norm;
CREATE TABLE edge AS SELECT row_number() OVER (ORDER BY site_id, item_id) AS n, site_id, item_id, min(lot_id) AS lot_id,
    sum(on_hand) FILTER (WHERE expires_on >= current_date) AS usable
    FROM balance GROUP BY site_id, item_id HAVING min(expires_on) >= current_date + 400 OR count(*) > 1;
DELETE FROM edge WHERE coalesce(usable, 0) = 0;
-- As many as are scanned lie just at the minimum; the others lie on either side of it.
INSERT INTO norm (id, site_id, item_id, minimum, reorder, basis, basis_per, valid_from, source, created_at, created_by,
        attempt)
    SELECT gen_random_uuid(), site_id, item_id, CASE WHEN scanned THEN usable ELSE usable * (80 + n % 25) / 100 END,
        NULL, 'fixed', 1, '2026-01-01', 't', now(), 't', gen_random_uuid()
    FROM (SELECT *, n % greatest((SELECT max(n) FROM edge) / {scans}, 1) = 0 AS scanned FROM edge) e
    ORDER BY NOT scanned, n * 7919 % 100003 LIMIT {norms};
"""
_SCANNED = """
SELECT e.item_id, e.site_id, l.number, s.code, p.code FROM edge e JOIN norm n ON n.site_id = e.site_id
    AND n.item_id = e.item_id AND n.minimum = e.usable
JOIN LATERAL (SELECT b.lot_id, b.place_id FROM balance b WHERE b.site_id = e.site_id AND b.item_id = e.item_id
    AND b.expires_on >= current_date AND b.on_hand > 0 ORDER BY b.expires_on, b.lot_id LIMIT 1) b ON true
JOIN lot l ON l.id = b.lot_id JOIN site s ON s.id = e.site_id JOIN place p ON p.id = b.place_id ORDER BY e.n LIMIT $1
"""
_CAME = """
SELECT a.cause, m.recorded_at FROM alert_event e JOIN alert a ON a.id = e.alert_id JOIN LATERAL (
    SELECT m.recorded_at FROM move m JOIN lot l ON l.id = m.lot_id JOIN place p ON p.id = m.from_place
    WHERE l.item_id = a.item_id AND p.site_id = a.site_id AND m.seq > $2 ORDER BY m.seq LIMIT 1) m ON true
WHERE e.seq > $1 AND a.domain = 'need' AND e.verb IN ('opened', 'raised')
"""


async def prepare(owner_url: str, app_url: str, balances: int, norms: int, scans: int) -> None:
    """Fill an empty database as its owner."""
    await api_database.migrate(api_database.Logins(owner_url, app_url))
    owner = await asyncpg.connect(owner_url)
    await fill(owner, {"towns": TOWNS, "items": ITEMS, "lots": balances})
    await owner.execute(_NORMS.format(norms=norms, scans=scans))
    await owner.execute("VACUUM ANALYZE")
    said = await owner.fetchrow("SELECT (SELECT count(*) FROM balance), (SELECT count(*) FROM norm)")
    await owner.close()
    print(f"{said[0]} balances, {said[1]} norms, {TOWNS} stores, {ITEMS} items", flush=True)


async def full_passes(app_url: str) -> None:
    """The nightly pass, twice."""
    api_database.configure(app_url)
    await api_database.open_pool(1, 2)
    try:
        for name in ("full pass, nothing stands yet", "full pass, everything stands"):
            began, cpu = time.perf_counter(), time.process_time()
            tally = await actions.judge_all(now=datetime.now(UTC))
            took, spent = time.perf_counter() - began, time.process_time() - cpu
            print(
                f"{name:34} {took:6.1f} s ({spent:.1f} s of CPU here)  {tally}  load {os.getloadavg()[0]:.1f}",
                flush=True,
            )
    finally:
        await api_database.close_pool()


async def listen(owner_url: str, wanted: int, seconds: float) -> list[float]:
    """Seconds from each posting until its alert could be read."""
    owner = await asyncpg.connect(owner_url)
    event = await owner.fetchval("SELECT coalesce(max(seq), 0) FROM alert_event")
    move = await owner.fetchval("SELECT coalesce(max(seq), 0) FROM move")
    seen: dict[str, float] = {}
    until = time.monotonic() + seconds
    while len(seen) < wanted and time.monotonic() < until:
        await asyncio.sleep(0.1)
        now = datetime.now(UTC)
        for cause, at in await owner.fetch(_CAME, event, move):
            seen.setdefault(cause, (now - at).total_seconds())
    await owner.close()
    return sorted(seen.values())


def _requests(server: Server, token: str, rows: list[Any]) -> list[bytes]:
    return [
        request_bytes(server.url, token, "POST", "/api/v1/scans", {"scans": [{
            "id": str(uuid4()), "raw": write_own(OwnKind.LOT, row[2]), "mode": "issue", "site": row[3], "bin": row[4],
            "quantity": 1, "reason": "load",
        }]})
        for row in rows
    ]  # fmt: skip


async def posted(server: Server, owner_url: str, token: str, seconds: int) -> None:
    """Post at a steady pace and wait for the alerts."""
    owner = await asyncpg.connect(owner_url)
    rows = await owner.fetch(_SCANNED, PER_SECOND * seconds)
    await owner.close()
    hearing = asyncio.create_task(listen(owner_url, len(rows), seconds + 60))
    await asyncio.sleep(1)
    meter = Meter(server.process.pid, 0)
    figures = await asyncio.to_thread(
        drive_apart, server.url, _requests(server, token, rows), connections=8, per_second=PER_SECOND
    )
    print(figures.line(f"scans at {PER_SECOND}/s"), flush=True)
    took = await hearing
    print(f"server's CPU for each posting, judged: {meter.spent().per(len(rows))}")
    if took:
        at = [took[min(int(len(took) * share), len(took) - 1)] for share in (0.5, 0.95, 0.99)]
        print(
            f"posting to alert: {len(took)} of {len(rows)}  p50 {at[0]:.2f}  p95 {at[1]:.2f}  p99 {at[2]:.2f} s"
            f"  longest {took[-1]:.2f} s  load {os.getloadavg()[0]:.1f}",
            flush=True,
        )


def main(balances: int, norms: int, seconds: int) -> None:
    """Start a PostgreSQL of its own, fsync on, and measure."""
    print(calibration(), flush=True)
    with tempfile.TemporaryDirectory(prefix="beiyu-load-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "pg", database="load")
        login = server.start()
        try:
            app = f"postgresql://load_app:only-for-load@{login.host}:{login.port}/{login.database}"
            asyncio.run(prepare(login.url, app, balances, norms, PER_SECOND * seconds))
            asyncio.run(full_passes(app))
            token = asyncio.run(keeper_token(login.url))
            serving = launch(
                Database("load", login.url, app), Path(folder) / "serve", log_level="warning", worker="inside"
            )
            try:
                time.sleep(20)  # its worker and watch have begun, and judged once in full
                asyncio.run(posted(serving, login.url, token, seconds))
            finally:
                serving.stop()
        finally:
            server.stop()


if __name__ == "__main__":
    main(*(int(one) for one in (sys.argv[1:] + ["1000000", "20000", "40"][len(sys.argv) - 1 :])))
