"""Two hundred rivals for fifty units, round after round: `python -m tests.load.bench_storm [rounds]`, 200 unless said.

Conditions: two server processes on one embedded PostgreSQL with fsync on, four client processes, one connection per
rival, all requests sent at one instant. Each round is checked as in tests/storms; the figures are printed.
"""

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("PICCOLO_CONF", "api.piccolo_conf")

import asyncpg

from api import database as api_database
from api.embedded import EmbeddedPostgres
from tests.conftest import Database, launch
from tests.load.meter import calibration
from tests.storms.conftest import Hall
from tests.storms.rivals import Rivals, rivals
from tests.storms.scene import furnish
from tests.storms.test_rivals import RIVALS, UNITS, rush


async def storm(found: Database, folder: Path, clients: Rivals, rounds: int) -> None:
    """All rounds; raises at the first that does not give exactly `UNITS` takers and clear refusals."""
    await api_database.migrate(api_database.Logins(found.owner_url, found.app_url))
    owner = await asyncpg.connect(found.owner_url)
    await furnish(owner)
    api_database.configure(found.app_url)
    await api_database.open_pool(1, 4)
    servers = [await asyncio.to_thread(launch, found, folder / "serve", log_level="warning") for _ in range(2)]
    hall = Hall(owner, servers)
    try:
        began = time.perf_counter()
        for seed in range(rounds):
            await rush(hall, clients, seed)
            if (seed + 1) % 20 == 0:
                print(f"{seed + 1:>4} rounds  {time.perf_counter() - began:6.1f} s", flush=True)
        deadlocks = await owner.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        scans = await owner.fetchrow("SELECT count(*), count(*) FILTER (WHERE outcome = 'done') FROM scan")
        print(f"{rounds} rounds of {RIVALS} rivals for {UNITS} units: {scans[1]} done, {scans[0] - scans[1]} refused")
        print(f"deadlocks in the database: {deadlocks}; differences in the books: {await hall.books() or 'none'}")
    finally:
        for server in servers:
            server.stop()
        await api_database.close_pool()
        await owner.close()


def main(rounds: int) -> None:
    """Storm and print."""
    print(calibration(), flush=True)
    with tempfile.TemporaryDirectory(prefix="beiyu-storm-") as folder, rivals(4) as clients:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "pg", database="storm")
        owner = server.start()
        try:
            app_url = owner.url.replace(f"{owner.user}:{owner.password}@", "storm_app:storm@")
            asyncio.run(storm(Database("storm", owner.url, app_url), Path(folder), clients, rounds))
        finally:
            server.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
