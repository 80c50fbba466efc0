"""Every page of the demo city as its users see it: both languages, phone and wide screen, light and dark.

The pages are found by walking from link to link, so a new page is looked at without a word here; one that no link
leads to is an error.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, expect

from api.web.languages import read_catalogue
from tests.conftest import Server
from tests.journeys import looks
from tests.journeys.conftest import SCREENSHOTS, Desk
from tests.journeys.store import PASSWORD
from tests.journeys.walk import ALSO, USERS, Sight, begin_work, choices, routes, walk

MOST_SHIFT = 0.02
NO_LINK = {
    "/login", "/first-start", "/pallets/{number:str}", "/search",
    "/shortfall/beside", "/shortfall/headline", "/reports/scheduled/{run:uuid}/file",
    "/items/choices", "/items/{key:str}/packs", "/deliveries/{delivery_id:uuid}/counter",
    "/counts/{count_id:uuid}/state", "/imports/{import_id:uuid}/progress",
    "/board/part", "/board/map/part", "/tasks/part", "/wall", "/wall/enter",
    "/requisitions/{requisition_id:uuid}/stands",
}  # fmt: skip
"""Reached by being led there or by scanning only, or asked by scripts. Files (…/x.csv) come when there is something."""

Enter = Callable[..., Awaitable[BrowserContext]]


@pytest_asyncio.fixture(scope="session")
async def enter(shared_demo_server: Server, chromium: Browser) -> AsyncIterator[Enter]:
    """`await enter(login, width, language)`: a window of one user of the demo city; one for all tests."""
    made: dict[tuple[Any, ...], BrowserContext] = {}

    async def window(login: str, width: int = 1280, language: str = "zh") -> BrowserContext:
        key = (login, width, language)
        if key not in made:
            phone: dict[str, Any] = {"has_touch": True, "is_mobile": True} if width < 500 else {}
            context = await chromium.new_context(
                viewport={"width": width, "height": 740 if width < 500 else 900},
                color_scheme="light",
                locale="zh-CN" if language == "zh" else "en-GB",
                timezone_id="Asia/Shanghai",
                reduced_motion="reduce",
                **phone,
            )
            url = shared_demo_server.url
            await context.add_cookies([{"name": "beiyu_language", "value": language, "url": url}])
            await context.add_init_script(looks.WATCH_SHIFTS)
            entered = await context.request.post(f"{url}/api/v1/sessions", data={"login": login, "password": PASSWORD})
            assert entered.ok, await entered.text()
            made[key] = context
        return made[key]

    yield window
    for context in made.values():
        await context.close()


@dataclass
class Walked:
    """What came of walking from link to link as every user."""

    pages: dict[str, Sight] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    dead: dict[str, list[str]] = field(default_factory=dict)

    @property
    def sights(self) -> list[Sight]:
        """One address of every page, as the first user who comes to it, and a second look at some."""
        more = [Sight(route, self.pages[route].login, other) for route, other in ALSO if route in self.pages]
        found = [Sight("/search", "cz.keeper", f"/search?q={what}") for what in ("ZP-0001", "CZ01", "nosuchthing")]
        return [*self.pages.values(), *more, *found]


@pytest_asyncio.fixture(scope="session")
async def walked(shared_demo_server: Server, enter: Enter) -> Walked:
    """All pages that can be reached."""
    found = Walked()
    keeper, statistician = await enter("cz.keeper"), await enter("cz.statistician")
    await begin_work(keeper.request, statistician.request, shared_demo_server.url)
    for login in USERS:
        context = await enter(login)
        pages, files, dead = await walk(context.request, shared_demo_server.url)
        found.files |= files
        if dead:
            found.dead[login] = dead
        for route, addresses in pages.items():
            found.pages.setdefault(route, Sight(route, login, addresses[0]))
    return found


async def test_no_link_leads_nowhere(walked: Walked) -> None:
    """Nobody is offered a door that is not there or that he may not open."""
    assert walked.dead == {}


async def test_every_choice_of_every_filter_and_every_order_of_a_list_is_answered(
    walked: Walked, enter: Enter, shared_demo_server: Server
) -> None:
    """One after the other, each by itself, as whoever first comes to the list."""
    url, failed, asked = shared_demo_server.url, [], 0
    for sight in walked.pages.values():
        window = await enter(sight.login)
        for address in choices(sight.address, await (await window.request.get(url + sight.address)).text()):
            answer = await window.request.get(url + address)
            asked += 1
            if not answer.ok:
                failed.append(f"{sight.login} {address} {answer.status}")
    assert failed == []
    assert asked > 200, "the walk found hardly any filter"


async def test_every_page_can_be_reached(walked: Walked) -> None:
    """From the first page, by links alone."""
    files = {route for route in routes() if re.search(r"\.[a-z]+$", route)}
    assert set(routes()) - set(walked.pages) - walked.files - files - NO_LINK == set()


@cache
def not_of(language: str) -> frozenset[str]:
    """The texts of the catalogue in the other language. (Read once: reading it takes longer than looking at a page.)"""
    catalogue = read_catalogue("zh")
    if language == "en":
        return frozenset(str(m.string) for m in catalogue if m.id and len(str(m.string)) > 2)
    return frozenset(str(m.id) for m in catalogue if m.id and len(str(m.id)) > 3 and m.id != m.string)


async def _look(desk: Desk, sight: Sight, language: str, width: int) -> list[str]:
    """What is wrong with one page, in light and in dark."""
    page = desk.page
    await desk.open(sight.address)
    if sight.route == "/scan":
        await expect(page.locator("body[data-ready=yes]")).to_have_count(1)
    await page.wait_for_load_state("networkidle")
    wrong = await looks.contrast(page) + await looks.access(page)
    wrong += [f"in the wrong language: {one}" for one in await looks.texts(page) & not_of(language)]
    moved, what = await looks.shift(page)
    if moved >= MOST_SHIFT:
        wrong.append(f"moved by {moved:.3f}: {what}")
    if over := await looks.sideways(page):
        wrong.append(f"{over} px too wide")
    picture = SCREENSHOTS / "every-page" / f"{sight.name}-{language}-{width}.png"
    picture.parent.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=picture, full_page=width < 500)
    await page.evaluate("document.documentElement.setAttribute('data-bs-theme', 'dark')")
    wrong += [f"dark: {one}" for one in await looks.contrast(page)]
    if (language, width) in {("zh", 1280), ("en", 360)}:
        await page.screenshot(path=picture.with_stem(picture.stem + "-dark"), full_page=width < 500)
    if width > 500:
        await page.set_viewport_size({"width": 1920, "height": 1080})
        if over := await looks.sideways(page):
            wrong.append(f"{over} px too wide at 1920")
        await page.set_viewport_size({"width": width, "height": 900})
    return wrong


@pytest.mark.parametrize(("width", "language"), [(360, "zh"), (360, "en"), (1280, "zh"), (1280, "en")])
async def test_every_page(shared_demo_server: Server, enter: Enter, walked: Walked, width: int, language: str) -> None:
    """Reads well, holds still, says everything in one language, and every part of it has a name and a size."""
    wrong: dict[str, list[str]] = {}
    desks: dict[str, Desk] = {}
    for sight in walked.sights:
        if sight.login not in desks:
            context = await enter(sight.login, width, language)
            desks[sight.login] = Desk(await context.new_page(), shared_demo_server.url, "every-page")
            desks[sight.login].expected = (404,)
        desk = desks[sight.login]
        found = await _look(desk, sight, language, width)
        found += desk.wrong
        desk.wrong.clear()
        if found:
            wrong[f"{sight.login} {sight.address}"] = found
    for desk in desks.values():
        await desk.page.close()
    assert not wrong, "\n".join(f"{where}\n    " + "\n    ".join(what) for where, what in wrong.items())
