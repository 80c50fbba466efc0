"""A typhoon night: open the incident at a level, ask for goods for two towns, mark one met, withdraw one, end it."""

import re

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import Opened
from tests.journeys.counting import APPROVER

SCREENS = [("zh", 1280), ("zh", 360), ("en", 1280), ("en", 360)]


@pytest.mark.parametrize(("language", "width"), SCREENS)
async def test_from_the_first_call_to_the_end_of_the_response(desk: Opened, language: str, width: int) -> None:
    officer = await desk(APPROVER, language=language, width=width)
    page = officer.page
    await officer.open("/incidents/new")
    await page.fill("[name=name]", f"台风“烟花” {language}{width}")
    await page.select_option("[name=hazard]", "typhoon")
    await page.select_option("[name=region]", "wujin")
    await page.fill("[name=moved]", "3200")
    await page.select_option("[name=level]", "2")
    await page.fill("[name=reason]", "堤防出险")
    await officer.shot("new")
    await page.click("button[type=submit].btn-primary")
    await expect(page).to_have_url(re.compile("/incidents/[0-9a-f-]{36}$"))
    await expect(page.locator("#level li")).to_have_count(1)
    await expect(page.locator("#level dl")).to_contain_text("48")

    first = page.locator("[data-row]").first
    await first.locator("[name=item]").fill("ZP-0001")
    await first.locator("[name=quantity]").fill("40")
    await first.locator("[name=priority]").select_option("1")
    await first.locator("[name=needed_by]").fill("6")
    await first.locator("[name=receiver]").fill("王镇长")
    await page.click("[data-add-row]")
    second = page.locator("[data-row]").nth(1)
    await second.locator("[name=item]").fill("BF-0001")
    await second.locator("[name=quantity]").fill("300")
    await second.locator("[name=priority]").select_option("3")
    await officer.shot("asking")
    async with page.expect_event("load"):
        await page.click("form[data-api$='/needs'] button[type=submit]")
    rows = page.locator("#needs table.list").first.locator("tbody tr")
    await expect(rows).to_have_count(2)
    await expect(rows.first).to_contain_text("40")  # lives at stake come first
    await officer.shot("queue", full=True)

    await page.fill("form[data-api$='/end'] [name=reason]", "风停雨止")
    await page.click("form[data-api$='/end'] .btn-danger")
    async with page.expect_event("load"):
        await page.click("dialog button[value=yes]")
    await expect(page.locator("form[data-api$='/close']")).to_have_count(0)
    await expect(page.locator("#closing a[href^='#need-']")).to_have_count(2)  # needs are open: it says which
    await officer.shot("ended")
    for verb in ("meet", "withdraw"):
        row = page.locator("#needs table.list").first.locator("tbody tr").first
        await row.locator("summary").click()
        await row.locator("[name=reason]").fill("自备已足")
        if verb == "meet":
            async with page.expect_event("load"):
                await row.locator(f"button[data-api$='/{verb}']").click()
        else:
            await row.locator(f"button[data-api$='/{verb}']").click()
            async with page.expect_event("load"):
                await page.click("dialog button[value=yes]")
    await page.click("form[data-api$='/close'] button")
    async with page.expect_event("load"):
        await page.click("dialog button[value=yes]")
    await expect(page.locator("#closing")).to_have_count(0)
    await officer.open("/incidents?status=closed")
    await expect(page.locator("table.list")).to_contain_text(f"{language}{width}")
    await officer.shot("list")
