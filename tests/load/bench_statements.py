"""Statements and time of every page: `python -m tests.load.bench_statements DATA_DIR`.

DATA_DIR is that of a running `beiyu serve --demo`. The application runs a second time, in this process, on the same
database; each page is asked for by its user as the walk finds it, and every statement that reaches PostgreSQL is
counted. A statement that comes often in one page is named: that is how a query per row is found. CPU is this process's.
"""

import asyncio
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from api import database
from api.app import create_app
from api.embedded import EmbeddedPostgres
from api.settings import Settings
from tests.journeys.store import PASSWORD
from tests.journeys.walk import USERS, walk

OFTEN = 4
heard: list[str] = []


def listen() -> None:
    """Note every statement of this process."""
    for name in ("fetch", "fetchrow", "fetchval", "execute", "executemany"):
        before = getattr(asyncpg.Connection, name)

        def noted(self: Any, query: str, *args: Any, _before: Any = before, **more: Any) -> Any:
            heard.append(" ".join(query.split()))
            return _before(self, query, *args, **more)

        setattr(asyncpg.Connection, name, noted)


class Answer:
    """An answer as the walk reads it."""

    def __init__(self, found: httpx.Response) -> None:
        self.status, self.headers, self.ok = found.status_code, found.headers, found.is_success
        self._text = found.text

    async def text(self) -> str:
        """The page."""
        return self._text


class Request:
    """A client as the walk uses it."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def get(self, url: str, **_: Any) -> Answer:
        """One page."""
        return Answer(await self._client.get(url))


async def measure(folder: Path) -> None:
    """Walk, measure, print: the page with most statements first."""
    server = EmbeddedPostgres(folder / "postgres")
    owner = server.attach()
    if owner is None:
        raise SystemExit(f"No Beiyu runs on {folder}.")
    settings = Settings(data_dir=folder)
    database.configure(database.logins(settings, owner.url).app)
    app = create_app(settings)
    rows, seen = [], set[str]()
    async with app.lifespan():
        listen()
        for login in USERS:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                entered = await client.post("/api/v1/sessions", json={"login": login, "password": PASSWORD})
                assert entered.is_success, entered.text
                pages, _, _ = await walk(Request(client), "")  # type: ignore[arg-type]
                for route, addresses in pages.items():
                    if route in seen:
                        continue
                    seen.add(route)
                    for address in addresses[:2]:
                        await client.get(address)
                        heard.clear()
                        begun, busy = time.perf_counter(), time.process_time()
                        await client.get(address)
                        took, own = ((time.perf_counter() - begun) * 1000, (time.process_time() - busy) * 1000)
                        often = [(n, sql) for sql, n in Counter(heard).most_common(3) if n >= OFTEN]
                        rows.append((len(heard), took, own, login, address, often))
    for count, took, own, login, address, often in sorted(rows, reverse=True):
        print(f"{count:>4} statements {took:>6.0f} ms {own:>6.0f} CPU ms  {address[:70]} ({login})")
        for n, sql in often:
            print(f"       {n} × {sql[:150]}")


if __name__ == "__main__":
    asyncio.run(measure(Path(sys.argv[1])))
