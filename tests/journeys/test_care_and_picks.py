"""The keeper's lists: care done by scanning, goods picked by a list, both in the browser."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.journeys.conftest import Opened
from tests.journeys.store import Store

LANGUAGES = pytest.mark.parametrize(("language", "width"), [("zh", 360), ("en", 1280)])


async def key_in(page: Page, text: str) -> None:
    """As a person types: slower than any scanner."""
    await page.keyboard.type(text, delay=90)


@LANGUAGES
async def test_care_is_done_by_scanning_and_what_failed_is_frozen(
    desk: Opened, store: Store, language: str, width: int
) -> None:
    keeper = await desk(width=width, height=800, language=language)
    page = keeper.page
    await keeper.open("/care?ahead=3650&kind=restack")  # more kinds are more than a page
    await expect(page.locator("body[data-ready=yes]")).to_have_count(1)
    await keeper.shot("due", full=True)
    name = f"care {language}"
    rows = page.locator(f'[data-care][data-lot="{store.lots[name]}"]')
    before = await rows.count()
    assert before >= 1
    await keeper.wedge(store.lot(name))
    await expect(page.locator("dialog[open]")).to_be_visible()
    await keeper.shot("asked")
    await page.locator('[name=passed][value="no"]').check()
    await page.fill("[name=result]", "受潮发霉")
    await page.keyboard.press("Enter")
    await expect(page.locator('dialog[data-dialog="freeze"]')).to_be_visible()
    await expect(rows).to_have_count(before - 1)
    await keeper.shot("freeze")
    await page.locator('dialog[data-dialog="freeze"] button[type=submit]').click()
    await expect(page.locator("#care-said")).to_have_attribute("data-outcome", "done")
    await expect(page.locator("#scan-input")).to_be_focused()
    await keeper.open(f"/lots/{store.lots[name]}")
    await expect(page.locator(".tag-frozen").first).to_be_visible()
    await keeper.open("/care?ahead=3650")
    await keeper.wedge("\\nonsense/123")
    await expect(page.locator("#care-said")).to_have_attribute("data-outcome", "unreadable")


@LANGUAGES
async def test_goods_are_picked_by_a_list(desk: Opened, store: Store, language: str, width: int) -> None:
    """Made on its page, walked at the desk: bin, lot, quantity; what is missing is noted; the list is finished."""
    keeper = await desk(width=width, height=800, language=language)
    page = keeper.page
    await keeper.open("/picks/new?site=CZ01")
    await page.fill("[name=name]", "演练 1")
    item, first, later = {
        "zh": ("ZJ-0005", "pick zh first", "pick zh later"),
        "en": ("ZJ-0006", "pick en first", "pick en later"),
    }[language]
    await page.fill("[name=item]", item)
    await page.fill("[name=quantity]", "12")
    await keeper.shot("new", full=True)
    async with page.expect_navigation():
        await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(r"/picks/[0-9a-f-]{36}$"))
    await expect(page.locator("tbody tr")).to_have_count(2)
    await keeper.shot("list", full=True)
    await page.locator("a[href^='/scan?pick=']").click()
    await expect(page.locator("body[data-ready=yes]")).to_have_count(1)
    await expect(page.locator("#pick-next")).to_contain_text(store.lots[first])
    await expect(page.locator("#counter")).to_have_attribute("data-done", "0")
    await keeper.shot("walk", full=True)

    await keeper.wedge(store.bin(12))
    await expect(page.locator("#banner")).to_have_attribute("data-code", "scan.bin-set")
    await keeper.wedge(store.lot(first))
    await expect(page.locator("[data-ask='scan.ask-quantity'] [name=quantity]")).to_have_value("8")
    await keeper.shot("how-many")
    await page.keyboard.press("Enter")
    await expect(page.locator("#counter")).to_have_attribute("data-done", "1")
    await expect(page.locator("#pick-next")).to_contain_text(store.lots[later])

    await page.keyboard.press("Escape")
    await page.keyboard.press("F6")
    await page.locator('dialog [name="note"]').focus()
    await key_in(page, "1")
    await keeper.shot("short")
    await page.keyboard.press("Enter")
    await expect(page.locator("#counter")).to_have_attribute("data-done", "2")
    await expect(page.locator("#scan-input")).to_be_focused()
    await page.keyboard.press("Control+Enter")
    await expect(page.locator('dialog[data-dialog="finish"]')).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.locator("#banner")).to_have_attribute("data-outcome", "done")
    await expect(page.locator("#document")).to_be_hidden()
    await keeper.shot("finished")
