"""Fifty dispatchers accept overlapping plans at once: `python -m tests.load.bench_dispatch [rounds] [dispatchers]`.

Conditions: two server processes on one embedded PostgreSQL with fsync on, four client processes, one connection and one
login per dispatcher, all requests sent at one instant. Each round is checked as in tests/storms; figures are printed.
"""

import asyncio
import os
import statistics
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
from tests.storms import night
from tests.storms.conftest import Hall
from tests.storms.rivals import Rivals, rivals
from tests.storms.scene import furnish


async def storm(found: Database, folder: Path, clients: Rivals, rounds: int, dispatchers: int) -> None:
    """All rounds, printed."""
    await api_database.migrate(api_database.Logins(found.owner_url, found.app_url))
    owner = await asyncpg.connect(found.owner_url)
    await furnish(owner)
    tokens = await night.hire(owner, dispatchers)
    api_database.configure(found.app_url)
    await api_database.open_pool(1, 4)
    servers = [await asyncio.to_thread(launch, found, folder / "serve", log_level="warning") for _ in range(2)]
    hall = Hall(owner, servers)
    won, lost, wrong, spent = 0, 0, [], []
    try:
        for seed in range(rounds):
            done = await night.rush(owner, hall.urls, clients, tokens, seed)
            won, lost = won + done.won, lost + done.lost
            wrong += done.wrong
            spent.append(done.seconds)
            print(
                f"round {seed + 1:>2}: {done.won} won, {done.lost} were told which line, {done.seconds:.2f} s until the"
                f" last answer; {dict(done.answers)}",
                flush=True,
            )
        deadlocks = await owner.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        wrong += await hall.books()
        print(
            f"{rounds} rounds of {dispatchers} dispatchers: {won} plans accepted, {lost} refused,"
            f" {statistics.median(spent):.2f} s a round (median), {max(spent):.2f} s (longest)"
        )
        print(f"deadlocks in the database: {deadlocks}; wrong: {wrong[:20] or 'nothing'}")
    finally:
        for server in servers:
            server.stop()
        await api_database.close_pool()
        await owner.close()


def main(rounds: int, dispatchers: int) -> None:
    """Storm and print."""
    print(calibration(), flush=True)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="beiyu-night-") as folder, rivals(4) as clients:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "pg", database="storm")
        owner = server.start()
        try:
            app_url = owner.url.replace(f"{owner.user}:{owner.password}@", "storm_app:storm@")
            asyncio.run(storm(Database("storm", owner.url, app_url), Path(folder), clients, rounds, dispatchers))
        finally:
            server.stop()
    print(f"in all {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    given = [int(a) for a in sys.argv[1:]]
    main(*(given + [10, 50][len(given) :]))
