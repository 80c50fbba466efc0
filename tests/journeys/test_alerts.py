"""A keeper's issue makes goods short: the planner hears of it, looks why, acknowledges and snoozes it."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from playwright.async_api import expect

from api import database as api_database
from api.watch import Watch
from catalog.kernel.time import day_of
from tests.journeys.conftest import Desk, Opened
from tests.journeys.store import KEEPER, PLANNER, SITE, Store
from warehouse.alerts import actions

SCREENS = [
    ("zh", 1280, "ZJ-0008", 54), ("zh", 360, "ZJ-0009", 55), ("en", 1280, "ZJ-0010", 56), ("en", 360, "ZJ-0012", 57),
]  # fmt: skip
TONES = {"zh": {"紧急": "refused", "警告": "ask"}, "en": {"urgent": "refused", "warning": "ask"}}
BELOW = {"zh": "低于最低储备", "en": "Below the minimum"}
HEARD_MS = 30_000


@pytest_asyncio.fixture
async def watch(store: Store) -> AsyncIterator[None]:
    """The watch over the stock, as it runs beside the server."""
    assert store.database is not None
    await api_database.close_pool()
    api_database.configure(store.database.app_url)
    await api_database.open_pool(1, 3)
    await actions.judge_all(now=datetime.now(UTC))
    task = asyncio.create_task(Watch(first_seconds=0).run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await api_database.close_pool()


async def _post(desk: Desk, path: str, body: object) -> None:
    token = await desk.page.locator("meta[name=csrf-token]").get_attribute("content")
    headers = {"X-CSRF-Token": token or "", "Idempotency-Key": str(uuid4())}
    answer = await desk.page.request.post(f"{desk.url}/api/v1/{path}", data=body, headers=headers)
    assert answer.ok, await answer.text()


@pytest.mark.parametrize(("language", "width", "item", "bin_number"), SCREENS)
async def test_a_shortage_is_heard_explained_acknowledged_and_snoozed(
    desk: Opened, store: Store, watch: None, language: str, width: int, item: str, bin_number: int
) -> None:
    planner = await desk(PLANNER, language=language, width=width)
    page = planner.page
    await planner.open("/alerts")
    for where in ({"region": "changzhou"}, {"site": SITE}):
        await _post(planner, "norms", {**where, "item": item, "minimum": 15, "source": "常防指〔2026〕3号"})
    await planner.open("/alerts?whose=mine")
    await expect(page.locator("[data-alert-news]")).to_be_hidden()
    await page.evaluate("window.stillHere = true")

    keeper = await desk(KEEPER, language=language, width=width)
    await keeper.open("/alerts?whose=mine")
    # The stream begins a moment after the page: what happens now must not come before it.
    for one in (page, keeper.page):
        while not await one.evaluate("localStorage.getItem('beiyu.stream.last')"):
            await asyncio.sleep(0.1)
    scan = {
        "id": str(uuid4()), "raw": store.lot(f"alert {language}-{width}"), "mode": "issue", "site": SITE,
        "bin": store.code(bin_number), "quantity": 8, "reason": "drill",
    }  # fmt: skip
    await _post(keeper, "scans", {"scans": [scan]})
    # The keeper is told of the store's own shortage, the planner of the city's.
    await asyncio.gather(*(
        expect(one.locator("#toast")).to_contain_text(re.compile(f"{BELOW[language]}.*{item}"), timeout=HEARD_MS)
        for one in (page, keeper.page)
    ))  # fmt: skip
    # How grave it is stands in words, and in a colour that is not the green of what has been done.
    said = await page.locator("#toast").text_content() or ""
    (tone,) = {tone for word, tone in TONES[language].items() if word in said}
    await expect(page.locator("#toast")).to_have_attribute("data-tone", tone)
    paint = "(at) => getComputedStyle(at).backgroundColor"
    worn = await page.locator("#toast").evaluate(paint)
    await page.locator("#toast").evaluate("(at) => (at.dataset.tone = 'done')")
    assert worn != await page.locator("#toast").evaluate(paint)
    await expect(page.locator("[data-bell-count]")).to_be_visible()
    await expect(page.locator("[data-alert-news]")).to_be_visible()
    assert await page.evaluate("window.stillHere"), "it came without the page being loaded anew"
    await planner.shot("heard")
    await page.click("[data-alert-news] a")
    await page.fill("[name=q]", item)
    row = page.locator("table.list tbody tr").filter(has_text=item)
    await expect(row).to_have_count(1)
    await planner.shot("inbox")
    await row.locator("a.strong").click()
    await expect(page.locator(".alert-says")).to_contain_text("12")
    await planner.shot("alert", full=True)
    alert = page.url
    await page.locator("a.btn[href^='/alerts/why']").click()
    await expect(page.locator("main .tag-damaged").first).to_be_visible()
    await planner.shot("why", full=True)
    # Opened again without a choice, the page says what to choose, and offers what was looked at and what stands.
    await planner.open("/alerts/why")
    lately = page.locator("[data-why-lately] a")
    await expect(lately).to_have_count(1)
    await expect(page.locator("[data-why-standing] a").first).to_be_visible()
    await expect(page.locator("[name=place]")).to_have_value(re.compile(":"))
    await planner.shot("why-nothing-chosen", full=True)
    await lately.click()
    await expect(page.locator("main .tag-damaged").first).to_be_visible()

    await page.goto(alert)
    async with page.expect_event("load"):
        await page.click("form[data-api$=acknowledge] button.btn-primary")
    await expect(page.locator("form[data-api$=acknowledge] button.btn-primary:not([data-api])")).to_have_count(0)
    snooze = page.locator("details").filter(has=page.locator("[name=until]"))
    await snooze.locator("summary").click()
    day = day_of(datetime.now(UTC)) + timedelta(days=7)
    await page.fill("[name=until]", day.isoformat())
    planner.expected = (400,)
    await snooze.locator("button").click()  # without a reason it is refused
    await expect(page.locator(".form-problem")).to_be_visible()
    await page.fill("[name=reason]", "补货已在途")
    async with page.expect_event("load"):
        await snooze.locator("button").click()
    await expect(page.locator("main")).to_contain_text("补货已在途")
    await planner.shot("snoozed", full=True)
    await planner.open(f"/alerts?q={item}&whose=mine")
    await expect(page.locator("table.list")).to_have_count(0)

    await keeper.open(f"/alerts?q={item}&whose=mine")
    await expect(keeper.page.locator("table.list tbody tr")).to_have_count(1)
    await expect(keeper.page.locator("table.list tbody tr")).to_contain_text(SITE)
    await keeper.shot("keeper")
