"""A screen on the wall of the duty room: made by the security administrator, opened once, it shows the board."""

import pytest
from playwright.async_api import Browser, expect

from tests.journeys.conftest import Opened, Store
from tests.journeys.store import APPROVER, DISPATCHER, SECURITY
from tests.journeys.test_requisitions import incident_with_a_need


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_a_screen_is_made_opened_and_ended(desk: Opened, store: Store, chromium: Browser, language: str) -> None:
    keeper = await desk(SECURITY, language=language)
    page = keeper.page
    await keeper.open("/admin/tokens")
    await page.locator("details.by-hand > summary").nth(1).click()
    form = page.locator("form[data-told='#made-screen']")
    await form.locator("[name=name]").fill(f"值班室 {language}")
    await form.locator("[name=region]").select_option("changzhou")
    reads_as = form.locator("[name=person] option", has_text=DISPATCHER)
    await form.locator("[name=person]").select_option(await reads_as.get_attribute("value"))
    await form.locator("button[type=submit]").click()
    await expect(page.locator("#made-screen img")).to_be_visible()
    link = str(await page.locator("#made-screen [data-field=link]").text_content())
    await keeper.shot("made", full=True)

    wall = await desk(None, language=language, width=1920, height=1080)
    await wall.page.goto(link)
    await expect(wall.page).to_have_url(f"{store.url}/board")
    assert "beiyu_" not in await wall.page.evaluate("JSON.stringify([localStorage, history.state, location.href])")
    await expect(wall.page.locator("#board-state")).to_have_attribute("data-state", "live")
    # What somebody else asks for stands on the wall without anybody touching it.
    boss = await desk(APPROVER, language=language)
    name = f"值班大屏 {language}"
    await incident_with_a_need(boss, name)
    await expect(wall.page.locator("[data-column=wanted] .board-card").first).to_be_visible()
    await expect(wall.page.locator("body")).not_to_contain_text("王镇长")
    await wall.shot("wall")
    await wall.page.keyboard.press("m")
    await expect(wall.page).to_have_url(f"{store.url}/board/map")
    await wall.shot("map")
    wall.expected = (403, 401)
    await wall.open("/requisitions")
    await expect(wall.page.locator("#main")).to_contain_text(
        {"zh": "大屏只能查看", "en": "A wall screen shows"}[language]
    )
    await wall.shot("refused")
    await wall.open("/board")

    await keeper.open("/admin/tokens")
    row = page.locator("table.list tbody tr", has_text=f"值班室 {language}")
    await keeper.shot("listed")
    await row.locator("form[data-api] button").click()
    async with page.expect_event("load"):
        await page.locator("dialog [value=yes]").click()
    await expect(wall.page.locator("#board-state")).to_have_attribute("data-state", "cut", timeout=20_000)
    await wall.shot("ended")
