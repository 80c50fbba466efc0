"""Single pages as they are worked with. How every page looks is the business of test_every_page.py."""

import re
from typing import Any

from playwright.async_api import expect

from tests.journeys.conftest import Opened
from tests.journeys.store import ADMIN, READER, Store


async def test_search_filter_sort_and_take_away(desk: Opened, store: Store) -> None:
    reader = await desk(READER)
    page = reader.page
    await reader.open("/stock")
    await page.fill("#q", "mianbei")  # 棉被 by its sound
    await expect(page).to_have_url(re.compile("q=mianbei"))
    await expect(page.locator("tbody tr:not(:has-text('棉被'))")).to_have_count(0)
    found = await page.locator("tbody tr").count()
    assert found >= 2
    await reader.shot("searched")
    await page.click("th a:has-text('在库')")
    await expect(page.locator("th[aria-sort=descending]")).to_have_count(1)
    await page.click(".export summary")
    async with page.expect_download() as csv:
        await page.click("a[href*='export.csv']")
    rows = (await (await csv.value).path()).read_text("utf-8-sig").splitlines()
    assert len(rows) == found + 1
    if not await page.locator(".export[open]").count():
        await page.click(".export summary")
    async with page.expect_download() as excel:
        await page.click("a[href*='export.xlsx']")
    assert (await (await excel.value).path()).read_bytes()[:2] == b"PK"


async def test_print_labels_and_a_paper(desk: Opened, store: Store) -> None:
    """From a lot's card to its label, on screen and as a file; a slip with the next number, drawn, then void."""
    keeper = await desk()
    page = keeper.page
    await keeper.open(f"/lots/{store.lots['looked up']}")
    await page.click("a[href^='/labels?kind=lot']")
    await page.click("[data-preview]")
    picture = page.locator("img.preview")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("i => i.decode().then(() => i.naturalWidth > 100)")
    await keeper.shot("label")
    async with page.expect_download() as pdf:
        await page.click("button[value=pdf]")
    assert (await (await pdf.value).path()).read_bytes().startswith(b"%PDF")
    async with page.expect_download() as zpl:
        await page.click("button[value=zpl]")
    assert (await (await zpl.value).path()).read_text().startswith("^XA")

    await keeper.open(f"/lots/{store.lots['looked up']}")
    await page.click("a[href^='/papers/new?kind=shelf_card']")
    await page.click("form[data-api] button[type=submit]")
    await expect(page).to_have_url(re.compile("/papers$"))
    row = page.locator("tbody tr").first
    await expect(row).to_contain_text("HW")
    link = await row.locator("a").first.get_attribute("href")
    answer = await page.context.request.get(store.url + str(link))
    assert (await answer.body()).startswith(b"%PDF")
    await row.locator("summary").click()
    await row.locator("[name=reason]").fill("写错了")
    async with page.expect_navigation():
        await row.locator("button[type=submit]").click()
    await expect(page.locator("tbody tr").first).to_contain_text("已作废")
    await keeper.shot("papers")


async def test_announce_a_delivery_by_name(desk: Opened, store: Store) -> None:
    keeper = await desk(width=360, height=760)
    page = keeper.page
    await keeper.open("/deliveries/new")
    await page.locator("[name=item]").press_sequentially("zp0003", delay=40)
    await page.fill("[name=quantity]", "3")
    await page.fill("[name=note_number]", "SH-1")
    await page.click("[data-add-row]")
    await page.locator("[name=item]").nth(1).fill("ZJ-0001")
    await page.locator("[name=quantity]").nth(1).fill("40")
    await keeper.shot("filled", full=True)
    await page.locator("[name=item]").first.fill("ZP-0003")
    await page.click("button[data-body]")
    await expect(page).to_have_url(re.compile(r"/deliveries/[0-9a-f-]{36}$"))
    await expect(page.locator("tbody tr")).to_have_count(2)
    await keeper.shot("announced", full=True)


async def test_keyboard_only(desk: Opened, store: Store) -> None:
    """Every page can be reached and left with Tab and Enter; focus is always to be seen."""
    keeper = await desk()
    page = keeper.page
    await keeper.open("/")
    await page.keyboard.press("Tab")
    await expect(page.locator(".to-content")).to_be_focused()
    seen: set[Any] = set()
    for _ in range(45):
        await page.keyboard.press("Tab")
        seen.add(await page.evaluate("document.activeElement.getAttribute('href')"))
        here = "document.activeElement"
        bare = f"{here} !== document.body && getComputedStyle({here}).outlineStyle === 'none'"
        assert not await page.evaluate(bare)
    assert {"/scan", "/stock", "/items", "/deliveries", "/labels", "/papers", "/cases"} <= seen


async def test_language_and_light_are_remembered(desk: Opened, store: Store) -> None:
    keeper = await desk()
    page = keeper.page
    await keeper.open("/stock")
    await page.click("[data-language=en]")
    await expect(page.locator("h1")).to_have_text("Stock")
    await page.click("[data-theme-switch]")
    await keeper.open("/items")
    await expect(page.locator("html[data-bs-theme=dark][lang=en]")).to_have_count(1)


async def test_who_may_not_sees_no_door_and_gets_an_answer(desk: Opened, store: Store) -> None:
    """A system administrator has no business with stock (three separate administrators)."""
    admin = await desk(ADMIN)
    admin.expected = (403,)
    await admin.open("/")
    await expect(admin.page.locator("#main-nav a[href='/scan']")).to_have_count(0)
    await admin.open("/scan")
    await expect(admin.page.locator(".problem-number")).to_have_text("403")
    await admin.shot("no-right")


async def test_log_out(desk: Opened, store: Store) -> None:
    keeper = await desk(READER)
    page = keeper.page
    await keeper.open("/")
    await page.click("details.who summary")
    await keeper.shot("account")
    await page.click("[data-log-out]")
    await expect(page).to_have_url(re.compile("/login"))
    await keeper.open("/stock")
    await expect(page).to_have_url(re.compile(r"/login\?next=%2Fstock"))


async def test_correct_what_a_label_says(desk: Opened, store: Store) -> None:
    """One act for the keeper: the goods become a lot with the right expiry, the old lot keeps its history."""
    keeper = await desk()
    page = keeper.page
    await keeper.open(f"/lots/{store.lots['mistaken']}")
    correcting = page.locator("details.by-hand", has=page.locator("[name='fields.expires_on']"))
    await correcting.locator("summary").click()
    await page.fill("[name='fields.expires_on']", "2029-05-01")
    await correcting.locator("[name=reason]").fill("标签日期抄错")
    async with page.expect_navigation():
        await correcting.locator("button[type=submit]").click()
    await expect(page.locator(".big-figure > strong").first).to_have_text("0")
    await page.click("dt:has-text('后续批次') + dd a")
    await expect(page.locator("h1")).not_to_contain_text(store.lots["mistaken"])
    await expect(page.locator(".facts").first).to_contain_text("2029-05-01")
    await keeper.shot("corrected", full=True)
