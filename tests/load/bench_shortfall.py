"""The shortfall report on a large city: `python -m tests.load.bench_shortfall [share] [folder]`.

At share 1: 1,500 towns in 7 districts, 300 items, 2,000,000 balances, 10,000,000 moves; 0.1 is a tenth of towns, items
and lots. Prints figures, judges nothing. In the process of the caller, without HTTP: norms, what comes and the cells.
With a folder the filled database stays there and is measured again by the next run.
"""

import asyncio
import os
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

os.environ.setdefault("PICCOLO_CONF", "api.piccolo_conf")

import asyncpg

from api import database as api_database
from api.embedded import EmbeddedPostgres
from catalog.kernel.access import EVERYWHERE
from tests.load.bench_books import timed
from tests.load.meter import Meter, calibration
from warehouse.provision import queries as provision
from warehouse.provision.model import By, Holder, Question
from warehouse.provision.queries import Show, Sort
from warehouse.stock import holdings, snapshots
from warehouse.stock.queries import begin_of

TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 2, tzinfo=UTC)
PAST = date(2026, 8, 17)
_WORLD = """
INSERT INTO region (id, key, parent_id, tier, path, name_zh, source) VALUES (1, 'city', NULL, 'city', '/1/', '市', 't');
INSERT INTO region (id, key, parent_id, tier, path, name_zh, source)
    SELECT 1 + n, 'd' || n, 1, 'district', '/1/' || 1 + n || '/', '区' || n, 't' FROM generate_series(1, 7) n;
INSERT INTO region (id, key, parent_id, tier, path, name_zh, source)
    SELECT 100 + n, 't' || n, 2 + n % 7, 'town', '/1/' || 2 + n % 7 || '/' || 100 + n || '/', '镇' || n, 't'
    FROM generate_series(1, {towns}) n;
INSERT INTO region_fact (region_id, kind, value, as_of, source)
    SELECT id, 'population', 20000 + id * 7, '2025-01-01', 't' FROM region WHERE tier = 'town' AND id % 50 <> 0;
INSERT INTO material_class (id, scheme, code, path, level, name_zh, source)
    SELECT n, 'local', n::text, '/' || n || '/', 1, '类' || n, 't' FROM generate_series(1, 12) n;
INSERT INTO storage_class (id, key, name_zh, source) VALUES (1, 'dry', '常温', 't');
INSERT INTO item (id, key, name_zh, tracking, kind, dimension, unit_zh, class_id, storage_class_id, source, search,
        sort_key, price_fen)
    SELECT n, 'WZ-' || lpad(n::text, 4, '0'), '物资' || n, 'lot', 'plain', 'piece', '件', 1 + n % 12, 1, 't', '', n, 900
    FROM generate_series(1, {items}) n;
INSERT INTO site (id, uuid, code, name_zh, kind, region_id, path)
    SELECT id, gen_random_uuid(), 'S' || id, name_zh, 'store', id, path FROM region WHERE tier = 'town';
INSERT INTO zone (id, site_id, code, name_zh) SELECT id, id, 'A', 'A' FROM site;
INSERT INTO place (id, uuid, kind, site_id, zone_id, code, key)
    SELECT 1000 + s.id * 10 + n, gen_random_uuid(), 'bin', s.id, s.id, 'A' || n, 'P' || s.id || 'A' || n
    FROM site s, generate_series(0, 9) n;
INSERT INTO norm (id, region_id, each, item_id, minimum, target, basis, basis_per, valid_from, source, created_at,
        created_by, attempt)
    SELECT gen_random_uuid(), 1, 'town', id, 40 + id % 60, 200, CASE WHEN id % 3 = 0 THEN 'population' ELSE 'fixed' END,
        CASE WHEN id % 3 = 0 THEN 10000 ELSE 1 END, '2026-01-01', 't', now(), 't', gen_random_uuid() FROM item;
"""
_STOCK = """
INSERT INTO lot (id, number, item_id, expires_on, owner_region_id, owner_path, stored_on, created_at, attempt,
        maker_batch)
    SELECT n, '26' || lpad(n::text, 7, '0'), 1 + n / {towns} % {items}, date '2026-06-01' + (n * 7919 % 1500)::int,
        r.id, r.path, '2025-12-01', '2025-12-01Z', gen_random_uuid(), n
    FROM generate_series(1::bigint, {lots}) n JOIN region r ON r.id = 101 + n % {towns};
INSERT INTO move (id, attempt, line, lot_id, quantity, from_place, from_condition, to_place, to_condition, reason,
        login, occurred_at, recorded_at, booked_on)
    SELECT gen_random_uuid(), gen_random_uuid(), 0, l.id, CASE WHEN k = 0 THEN 30 ELSE 1 END,
        CASE WHEN k = 0 THEN 1 ELSE p END, 'good', CASE WHEN k = 0 THEN p ELSE 3 END, 'good',
        CASE WHEN k = 0 THEN 'receive' ELSE 'issue' END, 't', t, t + interval '1 second', t::date
    FROM generate_series(0, 4) k, lot l, LATERAL (SELECT 1000 + l.owner_region_id * 10 + l.id % 10 AS p,
        timestamptz '2025-12-01Z' + k * interval '80 days' + l.id % 2000000 * interval '1 second' AS t) x
    ORDER BY x.t;
INSERT INTO balance (lot_id, place_id, condition, on_hand, item_id, site_id, expires_on)
    SELECT id, 1000 + owner_region_id * 10 + id % 10, 'good', 26, item_id, owner_region_id, expires_on FROM lot;
"""


_AROUND = """
SELECT 'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT ' || quote_ident(conname),
    'ALTER TABLE ' || conrelid::regclass || ' ADD CONSTRAINT ' || quote_ident(conname) || ' '
        || pg_get_constraintdef(oid), contype = 'f'
FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY($1::text[]::regclass[])
UNION ALL
SELECT 'DROP INDEX ' || indexrelid::regclass, pg_get_indexdef(indexrelid), false FROM pg_index i
WHERE indrelid = ANY($1::text[]::regclass[])
    AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
ORDER BY 3
"""
"""What slows a load down, to be dropped before and made again after it: foreign keys and indexes of no key."""


async def fill(owner: asyncpg.Connection, size: dict[str, int]) -> None:
    """The world and its stock, as its owner."""
    await owner.execute("SET synchronous_commit = off; SET maintenance_work_mem = '1GB'; SET work_mem = '256MB'")
    await owner.execute(_WORLD.format(**size))
    around = await owner.fetch(_AROUND, ["lot", "move", "balance"])
    for drop in around:
        await owner.execute(drop[0])
    await owner.execute(_STOCK.format(**size))
    for make in around:
        await owner.execute(make[1])
    await owner.execute("VACUUM ANALYZE")


async def report(name: str, question: Question, meter: Meter, times: int = 5) -> None:
    """All roll-ups of the page, and its first page of cells; with the CPU of each, which says what a quiet machine
    would do. A parallel worker of PostgreSQL ends with its statement, and its CPU is not seen."""

    async def whole() -> Any:
        table = await provision.prepare(question, scope=EVERYWHERE, now=NOW)
        await provision.roll_ups(table, [[], [By.TIER], [By.BRANCH], [By.CLASS], [By.GOODS]])
        return table

    async def page() -> Any:
        table = await provision.prepare(question, scope=EVERYWHERE, now=NOW)
        return await provision.list_cells(table, sort=Sort.GAP, show=Show.SHORT)

    asks: list[tuple[str, Callable[[], Awaitable[Any]]]] = [("roll-ups", whole), ("first page of cells", page)]
    for what, ask in asks:
        meter.spent()
        with meter.memory() as memory:
            await timed(f"{name}: {what}", ask, times)
        print(f"{'':58} {meter.spent().per(times + 1)}; {memory}  load {os.getloadavg()[0]:.1f}", flush=True)


async def file() -> int:
    """Every cell of the city, as the files have them."""
    table = await provision.prepare(Question("/1/", TODAY), scope=EVERYWHERE, now=NOW)
    return sum([len(part) async for part in provision.all_cells(table)])


async def analyze(owner_url: str, tables: str) -> None:
    """What autovacuum does within a minute."""
    owner = await asyncpg.connect(owner_url)
    await owner.execute(f"VACUUM ANALYZE {tables}")
    await owner.close()


async def as_it_was_then(owner_url: str) -> None:
    """Snapshots hold the moves that were written when they were taken, and no later ones; planned for as autovacuum
    would have it."""
    owner = await asyncpg.connect(owner_url)
    for table in ("snapshot_run", "holding_run"):
        await owner.execute(f"UPDATE {table} SET up_to_seq = (SELECT max(seq) FROM move WHERE recorded_at <= known_at)")
    await owner.close()
    await analyze(owner_url, "snapshot_run, balance_snapshot, holding_run, holding_snapshot")


async def measure(owner_url: str, app_url: str, share: float, postmaster: int) -> None:
    """Fill a database and ask."""
    await api_database.migrate(api_database.Logins(owner_url, app_url))
    owner = await asyncpg.connect(owner_url)
    size = {"towns": round(1500 * share), "items": round(300 * share), "lots": round(2_000_000 * share)}
    if not await owner.fetchval("SELECT count(*) FROM region"):
        began = time.perf_counter()
        await fill(owner, size)
        print(f"filled in {time.perf_counter() - began:.0f} s")
    await owner.execute("TRUNCATE snapshot_run, balance_snapshot, holding_run, holding_snapshot")
    await owner.execute("DELETE FROM feed_reader")
    await owner.close()
    print(size, calibration(), f"load {os.getloadavg()[0]:.1f}", flush=True)
    api_database.configure(app_url)
    await api_database.open_pool(1, 4)
    meter = Meter(os.getpid(), postmaster)
    try:
        await report("city today, from the balances", Question("/1/", TODAY), meter, 2)
        began = time.perf_counter()
        print(f"{await holdings.rebuild(now=NOW)} holdings added up in {time.perf_counter() - began:.1f} s")
        await analyze(owner_url, "holding")
        await report("city today", Question("/1/", TODAY), meter)
        await report("district today", Question("/1/3/", TODAY), meter)
        await report("district's stores today", Question("/1/3/", TODAY, Holder.SITE), meter)
        await report("city in a year", Question("/1/", date(2027, 11, 21)), meter)
        with meter.memory() as memory:
            await timed("city today: all cells, as for a file", file, 2)
        print(f"{'':58} {memory}", flush=True)
        for day in (date(2026, 1, 15), date(2026, 3, 15), PAST):  # after 2, 4 and 8 of 10 million moves
            await report(f"city on {day}, without snapshots", Question("/1/", day), meter, 2 if day == PAST else 1)
        # As the nightly job does; one that is taken while somebody asks knows more than he may and does not serve him.
        month = PAST.replace(day=1)
        for day, keep in ((month, snapshots.take), (PAST, snapshots.add_up)):
            began = time.perf_counter()
            await keep(day, now=begin_of(day) + timedelta(minutes=20))
            print(f"{keep.__name__} of {day} in {time.perf_counter() - began:.1f} s", flush=True)
        await as_it_was_then(owner_url)
        await report("city three days after a month's sums", Question("/1/", PAST.replace(day=3)), meter, 3)
        await report("city on the day that sums began with", Question("/1/", PAST), meter, 3)
        await report("city on the day before", Question("/1/", PAST - timedelta(days=1)), meter, 3)
        await report("district on the day that sums began with", Question("/1/3/", PAST), meter, 3)
    finally:
        await api_database.close_pool()
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"load {os.getloadavg()[0]:.1f}; this process held at most {held} MB")


def main(share: float, folder: Path) -> None:
    """Start a PostgreSQL of its own, fsync on, and measure."""
    folder.chmod(0o755)
    server = EmbeddedPostgres(folder / "pg", database="load")
    login = server.start()
    try:
        app = f"postgresql://load_app:only-for-load@{login.host}:{login.port}/{login.database}"
        asyncio.run(measure(login.url, app, share, server._pid or 0))
    finally:
        server.stop()


if __name__ == "__main__":
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    if len(sys.argv) > 2:
        Path(sys.argv[2]).mkdir(parents=True, exist_ok=True)
        main(share, Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory(prefix="beiyu-load-") as made:
            main(share, Path(made))
