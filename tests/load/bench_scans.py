"""Scans over HTTP on a large database: `python -m tests.load.bench_scans [lots] [rounds]`.

Prints figures, judges nothing; several rounds on the same database show how much a busy machine makes of them.

Conditions (DESIGN section 14): one server process, fsync on, log-in by token, audit and scan rows on, 100,000 lots and
1,000,000 moves, load generator and PostgreSQL on the same machine; once with all rivals on one lot.
"""

import asyncio
import json
import os
import random
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen
from uuid import uuid4

os.environ.setdefault("PICCOLO_CONF", "api.piccolo_conf")

import asyncpg

from api import database as api_database
from api.embedded import EmbeddedPostgres
from labels.codes import OwnKind, write_own
from tests.conftest import Database, launch
from tests.load import big_city
from tests.load.client import drive_apart, request_bytes
from tests.load.meter import Meter, calibration

SECONDS = 10
SECRET = "load-" + "x" * 40


async def _prepare(owner_url: str, app_url: str, lots: int) -> None:
    await api_database.migrate(api_database.Logins(owner_url, app_url))
    connection = await asyncpg.connect(owner_url)
    await big_city.fill(connection, lots=lots)
    await connection.close()


async def keeper_token(owner_url: str) -> str:
    """A keeper of the whole city and his token, written as the owner; the token's secret."""
    from warehouse.people.actions.sessions import hash_of

    connection = await asyncpg.connect(owner_url)
    await connection.execute(
        "INSERT INTO person (uuid, login, name_zh, region_id, must_change, password_set_at)"
        " VALUES (gen_random_uuid(), 'load', '压测', 1, false, now())"
    )
    await connection.execute(
        "INSERT INTO role_grant (uuid, person_id, role, region_id, granted_at)"
        " SELECT gen_random_uuid(), id, 'keeper', 1, now() FROM person"
    )
    await connection.execute(
        "INSERT INTO access_token (uuid, kind, name, token_hash, person_id, created_at)"
        " SELECT gen_random_uuid(), 'api', 'load', $1, id, now() FROM person",
        hash_of(SECRET),
    )
    await connection.close()
    return SECRET


def scan_body(lot: int, site: int, bin_: int, mode: str = "issue") -> dict[str, object]:
    """One scan of a lot of the big city at the bin where it stands."""
    return {
        "id": str(uuid4()),
        "raw": write_own(OwnKind.LOT, f"25{lot:06d}"),
        "mode": mode,
        "site": f"S{site:03d}",
        "bin": f"A-{bin_:02d}",
        "quantity": 1,
        "reason": "load",
    }


def where_is(lot: int, sites: int = 50, bins: int = 40) -> tuple[int, int]:
    """(site number, bin number) of a lot's first bin."""
    n = lot % (sites * bins)
    return 1 + n // bins, 1 + n % bins


def main(lots: int, rounds: int) -> None:
    """Measure and print."""
    print(calibration(), flush=True)
    with tempfile.TemporaryDirectory(prefix="beiyu-load-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "pg", database="load")
        owner = server.start()
        try:
            app_url = owner.url.replace(f"{owner.user}:{owner.password}@", "load_app:load@")
            asyncio.run(_prepare(owner.url, app_url, lots))
            token = asyncio.run(keeper_token(owner.url))
            _measure(Database("load", owner.url, app_url), Path(folder), token, lots, server._pid or 0, rounds)
        finally:
            server.stop()


class Bench:
    """One server under load: each line is a rate, latencies, the load average, and the CPU that each scan cost."""

    def __init__(self, url: str, token: str, lots: int, meter: Meter) -> None:
        self.url, self.token, self.lots, self.meter = url, token, lots, meter
        self.chance = random.Random(1)

    def scans(self, count: int, size: int = 1, *, mode: str = "issue", fixed: int | None = None) -> list[bytes]:
        """`count` requests of `size` scans of lots by chance, or of one lot."""
        made = []
        for _ in range(count):
            picks = [fixed or self.chance.randrange(1, self.lots + 1) for _ in range(size)]
            body = {"scans": [scan_body(lot, *where_is(lot), mode=mode) for lot in picks]}
            made.append(request_bytes(self.url, self.token, "POST", "/api/v1/scans", body))
        return made

    def line(self, name: str, requests: list[bytes], per_request: int = 1, **options: Any) -> None:
        """Send them and print what was measured."""
        self.meter.spent()
        found = drive_apart(self.url, requests, **options)
        count = len(found.latencies) * per_request
        spent = self.meter.spent()
        print(f"{found.line(name, per_request)}  {spent.per(count)}, client {1000 * found.cpu / count:.2f}", flush=True)

    def deep(self, pages: int) -> bytes:
        """The request for the page of the lot list that comes after so many of 200 lots."""
        path = "/api/v1/lots?limit=200"
        for _ in range(pages):
            asked = Request(self.url + path, headers={"Authorization": f"Bearer {self.token}"})
            with urlopen(asked, timeout=30) as answer:
                cursor = json.load(answer)["next_cursor"]
            if cursor is None:
                break
            path = f"/api/v1/lots?limit=200&cursor={quote(cursor)}"
        return request_bytes(self.url, self.token, "GET", path.replace("limit=200", "limit=50"))


def _measure(found: Database, folder: Path, token: str, lots: int, postmaster: int, rounds: int) -> None:
    running = launch(found, folder / "serve", log_level="warning")
    bench = Bench(running.url, token, lots, Meter(running.process.pid, postmaster))
    try:
        drive_apart(running.url, bench.scans(1000), connections=8)
        for _ in range(rounds):
            bench.line("look-up, one at a time", bench.scans(500, mode="look-up"), connections=1)
            bench.line("single scans at 50/s", bench.scans(500), connections=8, per_second=50)
            for callers in (16, 64):
                bench.line(
                    f"single scans, {callers} callers", bench.scans(15_000), connections=callers, seconds=SECONDS
                )
            bench.line("batches of 50, 8 callers", bench.scans(1500, 50), 50, connections=8, seconds=SECONDS)
            bench.line("single scans, all on one lot", bench.scans(5_000, fixed=7), connections=32, seconds=SECONDS)
            first = request_bytes(running.url, token, "GET", "/api/v1/lots?limit=50")
            bench.line("first page of the lot list", [first] * 200, connections=1)
            bench.line("page after 90 % of the lot list", [bench.deep(lots * 9 // 2000)] * 200, connections=1)
    finally:
        running.stop()


if __name__ == "__main__":
    main(*(int(a) for a in (sys.argv[1:] + ["100000", "1"][len(sys.argv) - 1 :])))
