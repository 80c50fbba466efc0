"""Lists, as-of, 收发存, snapshots and `verify` on a large database: `python -m tests.load.bench_books [lots]`.

Prints figures, judges nothing. In the process of the caller, without HTTP: what the queries themselves take. Ten moves
per lot within a year; every scope that is narrow in another way; first and deep pages of every order.
"""

import asyncio
import os
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
from catalog.kernel.access import EVERYWHERE, Scope
from tests.load import year_of_moves
from tests.load.meter import calibration
from tests.warehouse.stock import world
from warehouse.stock import queries, snapshots, verify
from warehouse.stock.queries import AsOfFilter, By, Sort, StockFilter

ON = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, tzinfo=UTC)
SCOPES = {
    "city": EVERYWHERE,
    "district": Scope(("/1/11/",)),
    "site": Scope((), frozenset([105])),
    "empty town": Scope(("/1/2/4/",)),
}
FILTERS = {
    "of a site": StockFilter(site_id=105),
    "of an item": StockFilter(item_id=120),
    "of an item's name": StockFilter(q="物资12"),
    "of a name in a site": StockFilter(q="物资12", site_id=105),
    "of a number": StockFilter(q="2500012"),
    "expired": StockFilter(expired=True),
    "found nowhere": StockFilter(q="zzz"),
}


async def timed(name: str, ask: Callable[[], Awaitable[Any]], times: int = 15) -> Any:
    """Run once for warmth, then `times`; print the middle, the 95th of a hundred and the slowest."""
    found = await ask()
    took = []
    for _ in range(times):
        start = time.perf_counter()
        found = await ask()
        took.append((time.perf_counter() - start) * 1000)
    took.sort()
    middle, most = took[len(took) // 2], took[len(took) * 95 // 100]
    print(f"{name:58} p50 {middle:9.1f} ms   p95 {most:9.1f} ms   max {took[-1]:9.1f} ms", flush=True)
    return found


async def lists() -> None:
    """First and deep pages in every scope and order, and filtered first pages."""
    for scope_name, scope in SCOPES.items():
        for ask in (queries.list_lots, queries.list_balances):
            for sort in Sort:
                asked: dict[str, Any] = {"scope": scope, "on": ON, "sort": sort}
                name = f"{ask.__name__} {scope_name} by {sort.value}"
                page = await timed(name, lambda a=ask, k=asked: a(**k), 5 if sort is Sort.QUANTITY else 15)
                if sort is Sort.QUANTITY or page.next_cursor is None:
                    continue
                for _ in range(40):
                    deeper = await ask(**asked, cursor=page.next_cursor, limit=500)
                    if deeper.next_cursor is None:
                        break
                    page = deeper
                await timed(f"{name}, deep", lambda a=ask, k=asked, c=page.next_cursor: a(**k, cursor=c))
    for name, wanted in FILTERS.items():
        await timed(f"lots {name}", lambda w=wanted: queries.list_lots(scope=EVERYWHERE, on=ON, wanted=w))
    await timed("fefo", lambda: queries.fefo(120, 105, ON))
    await timed("where_else", lambda: queries.where_else(120, scope=SCOPES["site"], on=ON))
    await timed("summary of an item", lambda: queries.summary(scope=EVERYWHERE, on=ON, item_id=120))


PIECES = """
INSERT INTO serial (number, lot_id, created_at)
    SELECT '99' || lpad(n::text, 6, '0'), 1000 + n, '2025-12-01Z' FROM generate_series(1, {count}) n;
INSERT INTO serial_state (serial_id, lot_id, place_id, condition, move_seq)
    SELECT s.id, s.lot_id, m.to_place, 'good', m.seq FROM serial s
    JOIN move m ON m.lot_id = s.lot_id AND m.reason = 'receive' WHERE s.number LIKE '99%';
"""
"""Numbered pieces, one of each of as many lots (their books are not looked at here)."""


async def groups() -> None:
    """Stock put together by item, owner, custodian and piece: first and deep pages, narrow scopes, one owner."""
    for scope_name, scope in SCOPES.items():
        for ask in (queries.by_item, queries.by_owner, queries.by_custodian, queries.list_pieces):
            page: Any = await timed(f"{ask.__name__} {scope_name}", lambda a=ask, s=scope: a(scope=s, on=ON), 7)
            for _ in range(6):
                if page.next_cursor is None:
                    break
                last, page = page.next_cursor, await ask(scope=scope, on=ON, cursor=page.next_cursor, limit=100)
            else:
                await timed(
                    f"{ask.__name__} {scope_name}, deep", lambda a=ask, s=scope, c=last: a(scope=s, on=ON, cursor=c), 7
                )
    owner = StockFilter(owner_path="/1/13/")
    await timed("by_owner, one owner", lambda: queries.by_owner(scope=EVERYWHERE, on=ON, wanted=owner), 7)
    await timed("by_item of one owner", lambda: queries.by_item(scope=EVERYWHERE, on=ON, wanted=owner), 7)
    one = StockFilter(q="99012345")
    await timed("a piece by number", lambda: queries.list_pieces(scope=EVERYWHERE, on=ON, wanted=one), 7)


async def books() -> None:
    """Snapshots, balances of the past with and without them, the statement, and the whole verification."""
    june = datetime(2026, 6, 15, tzinfo=UTC)
    narrow = {"a site": AsOfFilter(site_id=105), "an item": AsOfFilter(item_id=120), "a lot": AsOfFilter(lot_id=1500)}
    for text in ("without", "with"):
        for name, wanted in narrow.items():
            asked: dict[str, Any] = {"at": june, "known_at": NOW, "scope": EVERYWHERE, "wanted": wanted}
            await timed(f"as-of of {name}, {text} snapshots", lambda k=asked: queries.as_of(**k), 3)
        if text == "without":
            for month in (1, 3, 6, 9, 11):
                first = date(2026, month, 1)
                start = time.perf_counter()
                await snapshots.take(first, now=queries.begin_of(first) + timedelta(days=1))
                print(f"snapshot of {first}: {time.perf_counter() - start:.1f} s", flush=True)
    for by in By:
        asked = {"month": date(2026, 8, 1), "scope": EVERYWHERE, "by": by}
        await timed(f"statement by {by.value}", lambda k=asked: queries.statement(**k), 2)
    for thorough in (False, True):
        start = time.perf_counter()
        found = await verify.run(thorough=thorough)
        print(f"verify, thorough {thorough}: {time.perf_counter() - start:.1f} s, {len(found)} differences", flush=True)


async def measure(owner_url: str, app_url: str, lots: int) -> None:
    """Fill a database and ask."""
    await api_database.migrate(api_database.Logins(owner_url, app_url))
    owner = await asyncpg.connect(owner_url)
    await world.build(owner)
    await year_of_moves.build(owner, lots)
    await owner.execute(PIECES.format(count=lots // 2))
    await owner.execute("VACUUM ANALYZE")
    await owner.close()
    api_database.configure(app_url)
    await api_database.open_pool(1, 4)
    try:
        await groups()
        await lists()
        await books()
    finally:
        await api_database.close_pool()


def main(lots: int) -> None:
    """Start a PostgreSQL of its own, fsync on, and measure."""
    print(calibration(), flush=True)
    with tempfile.TemporaryDirectory(prefix="beiyu-load-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "pg", database="load")
        login = server.start()
        try:
            app = f"postgresql://load_app:only-for-load@{login.host}:{login.port}/{login.database}"
            asyncio.run(measure(login.url, app, lots))
        finally:
            server.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
