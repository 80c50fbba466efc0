"""A town asks for a kind of goods instead of an item: the plan says which items fill the line, and as how much."""

import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import Opened
from tests.journeys.store import APPROVER, DISPATCHER
from tests.journeys.test_requisitions import incident_with_a_need, press

BEDDING = "BF"  # 被服; the store has several of its items


async def ask_for_a_class(row: Any, quantity: str) -> None:
    """Fill one line of a form with a class."""
    await row.locator("[name=item]").fill("XX")  # forgotten once a class is chosen
    await row.locator("[name=class_code]").select_option(BEDDING)
    await expect(row.locator("[name=item]")).to_be_disabled()
    await expect(row.locator("[name=item]")).to_have_value("")
    await row.locator("[name=unit]").fill("件")
    await row.locator("[name=quantity]").fill(quantity)
    await row.locator("[name=region]").select_option("wujin")


@pytest.mark.parametrize(("language", "width"), [("zh", 1280), ("en", 360)])
async def test_a_line_of_a_class_from_need_to_order(desk: Opened, language: str, width: int) -> None:
    boss = await desk(APPROVER, language=language, width=width)
    page = boss.page
    await incident_with_a_need(boss, f"按类别 {language}{width}")
    await page.click("#needs details:not(.menu) > summary")
    form = page.locator("form[data-api$='/needs']")
    await ask_for_a_class(form.locator("[data-row]").first, "3")
    await form.locator("[data-add-row]").click()
    second = form.locator("[data-row]").nth(1)
    await expect(second.locator("[name=item]")).to_be_enabled()  # a fresh line is of an item again
    await expect(second.locator("[name=unit]")).to_be_hidden()
    await second.locator("[data-drop-row]").click()
    await boss.shot("need", full=True)
    await press(page, "form[data-api$='/needs'] button[type=submit]")
    await expect(page.locator("#needs table.list").first).to_contain_text(BEDDING)

    dispatcher = await desk(DISPATCHER, language=language, width=width)
    page = dispatcher.page
    await dispatcher.open("/requisitions/new")
    await page.fill("[name=reason]", f"按类别 {language}{width}")
    await page.fill("[name=own_stock]", "本级没有")
    row = page.locator("[data-row]").first
    await ask_for_a_class(row, "4")
    await row.locator("[name=needed_by]").fill("12")
    await row.locator("[name=receiver]").fill("王镇长")
    await page.click("form[data-api] button[type=submit]:not(.btn-primary)")
    await expect(page).to_have_url(re.compile("/requisitions/[0-9a-f-]{36}$"))
    requisition = page.url
    needed_by = await page.locator("#lines tbody tr td").nth(5).inner_text()

    # An edit keeps the line as it was, with what its form does not ask for again.
    await page.goto(f"{requisition}?edit=yes")
    row = page.locator("#edit-lines [data-row]")
    await expect(row.locator("[name=class_code]")).to_have_value(BEDDING)
    await expect(row.locator("[name=unit]")).to_have_value("件")
    await page.fill("form[data-version] [name=note]", "先不急")
    await press(page, "form[data-version] button[type=submit]")
    line = page.locator("#lines tbody tr")
    await expect(line).to_contain_text(BEDDING)
    await expect(line).to_contain_text("王镇长")
    assert await line.locator("td").nth(5).inner_text() == needed_by
    await press(page, "button[data-api$='/submit']")

    await boss.page.goto(requisition)
    await boss.shot("to approve", full=True)
    await press(boss.page, "button[data-api$='/approve']")
    await page.goto(requisition)
    await press(page, "button[data-api$='/plan']")
    rows = page.locator("#plan table.list tbody tr")
    await expect(rows.first).to_contain_text("CZ01")
    await expect(rows.first).to_contain_text({"zh": "折合 4 件", "en": "counts as 4"}[language])
    await dispatcher.shot("plan", full=True)
    await press(page, "form[data-api$='/accept'] button[type=submit]")
    order = page.locator("#orders tbody tr").first
    await order.locator("a").click()
    await dispatcher.shot("order", full=True)
    for paper in ("paper", "transfer"):
        answer = await page.request.get(f"{page.url.replace('/releases/', '/api/v1/releases/')}/{paper}")
        assert (await answer.body()).startswith(b"%PDF")
