"""A furnished store behind a real server, and Chromium before it."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from api import database as api_database
from tests.conftest import Database, Postgres, launch
from tests.journeys.store import KEEPER, PASSWORD, SITE, Store, furnish

CHROMIUM = Path("/usr/bin/chromium")
SCREENSHOTS = Path(__file__).parents[2] / "var" / "screenshots"
SWITCHES = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WEDGE_SECONDS = 0.005
"""Between two characters of a scanner."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every journey drives a browser."""
    for item in items:
        if "tests/journeys" in str(item.path):
            item.add_marker("browser")
            item.add_marker("database")


@pytest_asyncio.fixture(scope="session")
async def store(postgres: Postgres, postgres_dir: Path) -> AsyncIterator[Store]:
    """One store for all journeys; each has lots of its own in it."""
    name = await postgres.create()
    await api_database.close_pool()
    api_database.configure(postgres.app_url(name))
    await api_database.open_pool(1, 5)
    try:
        furnished = await furnish()
    finally:
        await api_database.close_pool()
    database = Database(name, postgres.owner_url(name), postgres.app_url(name))
    server = await asyncio.to_thread(launch, database, postgres_dir / f"serve-{name}")
    furnished.url, furnished.database = server.url, database
    yield furnished
    await asyncio.to_thread(server.stop)
    await postgres.drop(name)


@pytest_asyncio.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """One browser for all journeys."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=SWITCHES)
        yield browser
        await browser.close()


class Desk:
    """A page as its user handles it. A console error or a failed script fails the journey at its end."""

    def __init__(self, page: Page, url: str, name: str) -> None:
        self.page = page
        self.url = url
        self._name = name
        self._shots = 0
        self.wrong: list[str] = []
        self.expected: tuple[int, ...] = ()
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", lambda line: self._heard(line.type, line.text))

    def _heard(self, kind: str, text: str) -> None:
        status = re.search(r"status of (\d+)", text)
        network = re.search(r"ERR_INTERNET_DISCONNECTED|ERR_CONNECTION|ERR_FAILED|htmx:(sendError|afterRequest)", text)
        if kind == "error" and not network and not (status and int(status[1]) in self.expected):
            self.wrong.append(text)

    async def open(self, path: str) -> None:
        await self.page.goto(self.url + path)
        await expect(self.page.locator("body")).to_be_visible()

    async def at_desk(self, query: str = "") -> None:
        """The scan desk, ready."""
        await self.open(f"/scan{query}")
        await expect(self.page.locator("body[data-ready=yes]")).to_have_count(1)

    async def wedge(self, text: str, end: str = "Enter") -> None:
        """Type as a scanner does, wherever the focus is: the keys carry the times at which a scanner sends them, so
        that a busy machine does not turn it into a person."""
        keys = await self.page.context.new_cdp_session(self.page)
        begin = time.time()
        strokes = [(char, char, 0) for char in text] + [
            (end, "\r" if end == "Enter" else "", 13 if end == "Enter" else 9)
        ]
        sent = []
        for number, (key, typed, code) in enumerate(strokes):
            stroke = {"key": key, "timestamp": begin + number * WEDGE_SECONDS}
            if code:
                stroke |= {"windowsVirtualKeyCode": code, "code": end}
            sent.append(keys.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": typed, **stroke}))
            sent.append(keys.send("Input.dispatchKeyEvent", {"type": "keyUp", **stroke}))
        await asyncio.gather(*sent)
        await keys.detach()

    async def scan(self, text: str, outcome: str) -> str:
        """Scan, wait for the outcome, and return what the banner says."""
        await self.wedge(text)
        await self.answered()
        await expect(self.page.locator("#banner")).to_have_attribute("data-outcome", outcome)
        return await self.said()

    async def answered(self) -> None:
        """Nothing is on its way any more."""
        await expect(self.page.locator("#unsent")).to_have_attribute("data-count", "0")
        await expect(self.page.locator("#banner.is-waiting")).to_have_count(0)

    async def said(self) -> str:
        return (await self.page.locator("#banner").text_content()) or ""

    async def mode(self, key: str) -> None:
        await self.page.keyboard.press(key)
        await expect(self.page.locator(f'[aria-keyshortcuts="{key}"]')).to_have_attribute("aria-pressed", "true")

    async def shot(self, what: str, *, full: bool = False) -> None:
        """A picture for people to look at, and no sideways scrolling."""
        self._shots += 1
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=SCREENSHOTS / f"{self._name}-{self._shots:02}-{what}.png", full_page=full)
        wide = await self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{what} scrolls sideways by {wide} px"


Opened = Callable[..., Awaitable[Desk]]


@pytest_asyncio.fixture
async def desk(store: Store, chromium: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Opened]:
    """`await desk(login=…, width=…, language=…, dark=…)`: a browser window of its own, logged in through the API."""
    contexts: list[BrowserContext] = []
    desks: list[Desk] = []
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower().removeprefix("test_")).strip("-")

    async def open_desk(
        login: str | None = KEEPER, *, width: int = 1280, height: int = 900, language: str = "zh", dark: bool = False
    ) -> Desk:
        phone: dict[str, Any] = {"has_touch": True, "is_mobile": True} if width < 500 else {}
        context = await chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            locale="zh-CN" if language == "zh" else "en-GB",
            timezone_id="Asia/Shanghai",
            **phone,
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        await context.add_cookies([{"name": "beiyu_language", "value": language, "url": store.url}])
        if login:
            entered = await context.request.post(
                f"{store.url}/api/v1/sessions", data={"login": login, "password": PASSWORD}
            )
            assert entered.ok, await entered.text()
        opened = Desk(await context.new_page(), store.url, f"{name}-{width}" + ("" if not desks else f"-{len(desks)}"))
        desks.append(opened)
        return opened

    yield open_desk
    wrong = [text for one in desks for text in one.wrong]
    for context in contexts:
        await context.close()
    assert not wrong, wrong


__all__ = ["SITE", "Desk", "Opened", "Store"]
