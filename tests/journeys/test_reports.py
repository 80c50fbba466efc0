"""Reports: reached from one page, narrowed, turned over, and taken along as a file."""

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import Opened, Store
from tests.journeys.store import PLANNER

SCREENS = [("zh", 1280), ("zh", 360), ("en", 1280), ("en", 360)]
SAID = {
    "zh": ("只看缺的", "帐篷", "2026-07-15", "按存放：在库点内"),
    "en": ("only what is short", "Tents", "2026-07-15", "what stands in stores"),
}
FILES = {"xlsx": b"PK", "csv": b"\xef\xbb\xbf"}


@pytest.mark.parametrize(("language", "width"), SCREENS)
async def test_each_report_is_a_page_a_paper_and_a_file(desk: Opened, store: Store, language: str, width: int) -> None:
    planner = await desk(PLANNER, language=language, width=width)
    page = planner.page
    await planner.open("/reports")
    await planner.shot("index")
    links = await page.locator("main .tiles a").evaluate_all("all => all.map((a) => a.getAttribute('href'))")
    assert len(links) == 8
    for href in [one for one in links if one.startswith("/reports/") and "scheduled" not in one]:
        await planner.open(href)
        await expect(page.locator("#part .big-figures, #part .nothing").first).to_be_visible()
        await planner.shot(href.rpartition("/")[2], full=True)
        for kind, begins in FILES.items():
            answer = await page.request.get(f"{planner.url}{href}.{kind}")
            assert answer.ok
            assert (await answer.body()).startswith(begins)
    # What is looked at now is sent every week, to oneself and the purchaser, until it is ended.
    await planner.open("/shortfall?show=short&class=ZP&norms=2026-07-15&holder=site")
    await page.click("a[href^='/reports/scheduled']")
    asks = page.locator("form[data-api$=plans]")
    for said in SAID[language]:
        await expect(asks).to_contain_text(said)
    await expect(asks).not_to_contain_text("show=")  # in words, not as an address
    name = f"每周缺口 {language} {width}"
    await page.fill("[name=name]", name)
    await page.check("[name=recipients][value='jy.buyer']")
    await planner.shot("schedule", full=True)
    async with page.expect_event("load"):
        await page.click("form[data-api$=plans] button[type=submit]")
    row = page.locator("tr", has_text=name)
    await expect(row).to_be_visible()
    await expect(row).to_contain_text(SAID[language][0])
    await planner.shot("scheduled")
    await row.locator("button").click()
    async with page.expect_event("load"):
        await page.click("dialog button[value=yes]")
    await expect(row).to_have_count(0)
    # One line for each store, of the month's moves: what came is what the store's lots say.
    await planner.open("/reports/ledger?by=site")
    await expect(page.locator("table.list tbody tr").first).to_contain_text("CZ01")
    await page.fill("[name=month]", "2020-01")
    await expect(page.locator(".nothing")).to_be_visible()


@pytest.mark.parametrize(("language", "width"), SCREENS)
async def test_the_planners_first_page_says_what_waits(desk: Opened, store: Store, language: str, width: int) -> None:
    planner = await desk(PLANNER, language=language, width=width)
    await planner.open("/")
    await expect(planner.page.locator(".headline .big-figures, .headline a")).not_to_have_count(0)
    await planner.shot("home", full=True)
