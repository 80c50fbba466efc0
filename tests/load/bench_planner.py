"""A planner's pages on the large city: `python -m tests.load.bench_planner FOLDER`. Prints figures, judges nothing.

FOLDER was filled by `bench_shortfall SHARE FOLDER` (1,500 towns × 300 items, 2,000,000 balances, 10,000,000 moves at
share 1) and stays as it is but for what is made here once: a planner of the whole city, and all alerts of the day's
full pass. One server process without jobs, Chromium on the same machine. Each page is opened once with an empty browser
cache and `TIMES` with a full one: first paint counts from the start of the navigation, the server's work included (aim
for the home page: below 500 ms); the figures stand when what is asked for after the page has come.
"""

import asyncio
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from uuid import uuid4

os.environ.setdefault("PICCOLO_CONF", "api.piccolo_conf")

import asyncpg
from playwright.async_api import Page, async_playwright

from api import database as api_database
from api.embedded import EmbeddedPostgres
from catalog.kernel.access import Role
from catalog.kernel.stamp import house_stamp
from tests.conftest import Database, launch
from tests.journeys import looks
from tests.journeys.conftest import CHROMIUM, SWITCHES
from tests.journeys.store import PASSWORD
from tests.load.meter import Meter, calibration
from warehouse.alerts import actions as alerts
from warehouse.people import actions as people
from warehouse.people.model import Policy
from warehouse.stock import holdings

TIMES = 5
LOGIN = "load.planner"
PAGES = ("/", "/alerts", "/alerts?whose=mine&status=open", "/shortfall", "/stock", "/norms", "/orders", "/rotation")
WAITING = {"/": ".headline:not(:has(> .nothing-now))"}
"""What is there once the figures stand, where they come after the page."""


async def prepare(owner_url: str, app_url: str) -> None:
    """The planner, the kept sums and the day's alerts, unless they are there."""
    await api_database.migrate(api_database.Logins(owner_url, app_url))
    api_database.configure(app_url)
    await api_database.open_pool(1, 4)
    now = datetime.now(UTC)
    owner = await asyncpg.connect(owner_url)
    try:
        if not await owner.fetchval("SELECT count(*) FROM person WHERE login = $1", LOGIN):
            made = await people.create_person(
                stamp=house_stamp(uuid4(), "load", now, login="load"), login=LOGIN, name_zh="计划员", region_key="city",
                policy=Policy(), password=PASSWORD, must_change=False,
            )  # fmt: skip
            await people.give_role(
                stamp=house_stamp(uuid4(), "load", now, login="load"),
                person=made["person"],
                role=Role.PLANNER,
                region_key="city",
            )
        if not await holdings.ready(now):
            await holdings.rebuild(now=now)
        if not await owner.fetchval("SELECT EXISTS (SELECT 1 FROM alert)"):
            began = time.perf_counter()
            print(f"{await alerts.judge_all(now=now)} in {time.perf_counter() - began:.0f} s", flush=True)
            await owner.execute("VACUUM ANALYZE")
        print({table: await owner.fetchval(f"SELECT count(*) FROM {table}") for table in ("balance", "move", "alert")})
    finally:
        await owner.close()
        await api_database.close_pool()


async def opened(page: Page, url: str, path: str) -> tuple[float, float, float]:
    """Milliseconds to the first byte, to the first paint, and until the figures stand."""
    began = time.perf_counter()
    answer = await page.goto(url + path, wait_until="load")
    assert answer is not None
    assert answer.status == 200, (path, answer.status)
    if path in WAITING:
        await page.locator(WAITING[path]).wait_for(timeout=60_000)
    stand = (time.perf_counter() - began) * 1000
    await page.wait_for_load_state("networkidle")
    first: float = await page.evaluate("performance.getEntriesByType('navigation')[0].responseStart")
    paints: dict[str, float] = await page.evaluate(looks.PAINTS)
    return first, paints.get("first-contentful-paint", float("nan")), stand


async def look(url: str, meter: Meter) -> None:
    """Open every page as the planner."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=SWITCHES)
        context = await browser.new_context(viewport={"width": 1280, "height": 800})
        entered = await context.request.post(f"{url}/api/v1/sessions", data={"login": LOGIN, "password": PASSWORD})
        assert entered.ok, await entered.text()
        page = await context.new_page()
        cache = await context.new_cdp_session(page)
        await cache.send("Network.enable")
        for path in PAGES:
            await cache.send("Network.setCacheDisabled", {"cacheDisabled": True})
            cold = await opened(page, url, path)
            await cache.send("Network.setCacheDisabled", {"cacheDisabled": False})
            meter.spent()
            warm = [await opened(page, url, path) for _ in range(TIMES)]
            spent = meter.spent()
            byte, paint, stand = (median(times) for times in zip(*warm, strict=True))
            print(
                f"{path:32} first byte {byte:6.0f}  first paint {paint:6.0f} (max {max(w[1] for w in warm):.0f},"
                f" empty cache {cold[1]:.0f})  figures {stand:6.0f} ms  {spent.per(TIMES)}"
                f"  load {os.getloadavg()[0]:.1f}",
                flush=True,
            )
        await browser.close()


def main(folder: Path) -> None:
    """Start the folder's PostgreSQL, and a server on it."""
    print(calibration(), flush=True)
    server = EmbeddedPostgres(folder / "pg", database="load")
    login = server.start()
    try:
        app = f"postgresql://load_app:only-for-load@{login.host}:{login.port}/{login.database}"
        asyncio.run(prepare(login.url, app))
        serving = launch(Database("load", login.url, app), folder / "serve", log_level="warning")
        try:
            asyncio.run(look(serving.url, Meter(serving.process.pid, server._pid or 0)))
        finally:
            serving.stop()
    finally:
        server.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
