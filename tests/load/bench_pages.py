"""First paint of every page on the demo city: `python -m tests.load.bench_pages [url]`. Prints figures, judges nothing.

Without an address it starts a server of its own on a fresh demo city (embedded PostgreSQL, fsync on), as `make run`
does. Every page is opened by its user in Chromium on the same machine: once with an empty browser cache, then twice
with a full one. First paint counts from the start of the navigation, the server's work and the transfer included; aim:
below 300 ms. The shift is what moved by itself until the page was at rest; aim: below 0.02.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from tests.conftest import ROOT, await_ready, free_port
from tests.journeys import looks
from tests.journeys.conftest import CHROMIUM, SWITCHES
from tests.journeys.store import PASSWORD
from tests.journeys.walk import USERS, walk
from tests.load.meter import calibration

AIM_MS = 300


async def _paint(page: Page, address: str) -> tuple[float, float]:
    """Milliseconds to the first paint, and the shift."""
    await page.goto(address, wait_until="networkidle")
    paints: dict[str, float] = await page.evaluate(looks.PAINTS)
    moved, _ = await looks.shift(page)
    return paints.get("first-contentful-paint", float("nan")), moved


async def _as(browser: Browser, url: str, login: str, width: int, seen: set[str]) -> list[tuple[Any, ...]]:
    context = await browser.new_context(viewport={"width": width, "height": 800})
    await context.add_init_script(looks.WATCH_SHIFTS)
    entered = await context.request.post(f"{url}/api/v1/sessions", data={"login": login, "password": PASSWORD})
    assert entered.ok, await entered.text()
    pages, _, _ = await walk(context.request, url)
    page = await context.new_page()
    cache = await context.new_cdp_session(page)
    await cache.send("Network.enable")
    found = []
    for route, addresses in pages.items():
        if route in seen:
            continue
        seen.add(route)
        await cache.send("Network.setCacheDisabled", {"cacheDisabled": True})
        cold, moved = await _paint(page, url + addresses[0])
        await cache.send("Network.setCacheDisabled", {"cacheDisabled": False})
        warm = [await _paint(page, url + addresses[0]) for _ in range(3)][1:]
        found.append(
            (median(paint for paint, _ in warm), cold, max([moved, *(m for _, m in warm)]), login, addresses[0])
        )
    await context.close()
    return found


async def measure(url: str) -> None:
    """Measure and print, the slowest first."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=SWITCHES)
        await (await browser.new_page()).goto(f"{url}/login")  # the browser's own start is not the pages'
        seen: set[str] = set()
        rows = [row for login in USERS for row in await _as(browser, url, login, 1280, seen)]
        await browser.close()
    print(f"{'first paint':>12} {'empty cache':>12} {'shift':>6}  page")
    for warm, cold, moved, login, address in sorted(rows, reverse=True):
        print(f"{warm:>9.0f} ms {cold:>9.0f} ms {moved:>6.3f}  {address[:60]} ({login})")
    print(f"{len(rows)} pages; load {os.getloadavg()[0]:.1f}")
    for what, column in (("full cache", 0), ("empty cache", 1)):
        paints = [row[column] for row in rows]
        over = sum(paint >= AIM_MS for paint in paints)
        print(f"{what}: median {median(paints):.0f} ms, slowest {max(paints):.0f} ms, {over} at or above {AIM_MS} ms")
    print(f"largest shift {max(row[2] for row in rows):.3f}")


def main() -> None:
    """Against a given address, else against a server of its own."""
    print(calibration(), flush=True)
    if len(sys.argv) > 1:
        asyncio.run(measure(sys.argv[1].rstrip("/")))
        return
    with tempfile.TemporaryDirectory(prefix="beiyu-pages-") as folder:
        Path(folder).chmod(0o755)
        port = free_port()
        log = Path(folder) / "server.log"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("BEIYU_")} | {
            "BEIYU_PORT": str(port),
            "BEIYU_DATA_DIR": folder,
            "BEIYU_LOG_FORMAT": "json",
        }
        command = [sys.executable, "-m", "api.cli", "serve", "--demo"]
        with log.open("ab") as output:
            process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            await_ready(f"http://127.0.0.1:{port}", process, log, 600)
            asyncio.run(measure(f"http://127.0.0.1:{port}"))
        finally:
            process.terminate()
            process.wait(60)


if __name__ == "__main__":
    main()
