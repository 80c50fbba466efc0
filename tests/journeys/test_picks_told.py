"""A pick list that a colleague makes is heard and seen at the store at once, without a reload."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import Opened
from tests.journeys.store import COLLEAGUE, KEEPER, SITE
from tests.journeys.test_board import RING, SEEN_MS, act


@pytest.mark.parametrize(("language", "width", "item"), [("zh", 1280, "DL-0003"), ("en", 360, "DL-0004")])
async def test_a_new_pick_list_is_heard_and_seen_without_a_reload(
    desk: Opened, language: str, width: int, item: str
) -> None:
    keeper = await desk(KEEPER, language=language, width=width)
    page = keeper.page
    await page.add_init_script(RING)
    await keeper.open("/picks")
    await page.evaluate("window.stillHere = true")
    while not await page.evaluate("localStorage.getItem('beiyu.stream.last')"):
        await asyncio.sleep(0.1)
    colleague = await desk(COLLEAGUE, language=language)
    await colleague.open("/picks")
    wanted = {"site": SITE, "name": f"红十字会 {language}", "wanted": [{"item": item, "quantity": 5}]}
    number = (await act(colleague, "POST", "picks", wanted))["number"]
    await expect(page.locator("#toast")).to_contain_text(number, timeout=SEEN_MS)
    await expect(page.locator("#part table.list")).to_contain_text(number, timeout=SEEN_MS)
    assert await page.evaluate("window.rung") > 0
    assert await page.evaluate("window.stillHere")
    await keeper.shot("told")
    # Who made it hears nothing of it, and a list that ends is no new task.
    assert number not in (await colleague.page.locator("#toast").text_content() or "")
