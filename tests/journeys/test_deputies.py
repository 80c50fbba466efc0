"""An approver names a deputy, who approves in his name; both names stand on the requisition."""

import re

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import Opened
from tests.journeys.store import APPROVER, DISPATCHER, PLANNER
from tests.journeys.test_requisitions import press


@pytest.mark.parametrize(("language", "width", "deputy"), [("zh", 360, PLANNER), ("en", 1280, PLANNER)])
async def test_a_deputy_approves_in_the_others_name(desk: Opened, language: str, width: int, deputy: str) -> None:
    boss = await desk(APPROVER, language=language, width=width)
    await boss.open("/deputies")
    await boss.page.fill("#appoint [name=login]", deputy)
    await press(boss.page, "#appoint button[type=submit]")
    await expect(boss.page.locator("form[data-api$='/end']")).not_to_have_count(0)
    await boss.shot("named", full=True)
    dispatcher = await desk(DISPATCHER, language=language, width=width)
    page = dispatcher.page
    await dispatcher.open("/requisitions/new")
    await page.fill("[name=reason]", f"代批 {language}{width}")
    await page.fill("[name=own_stock]", "本级没有")
    row = page.locator("[data-row]").first
    await row.locator("[name=item]").fill("XF-0005")
    await row.locator("[name=quantity]").fill("3")
    await row.locator("[name=region]").select_option("wujin")
    await press(page, "button[type=submit].btn-primary")
    await expect(page).to_have_url(re.compile("/requisitions/[0-9a-f-]{36}$"))
    other = await desk(deputy, language=language, width=width)
    await other.page.goto(page.url)
    await other.shot("asked", full=True)
    form = "form:has([name=for_login])"
    await press(other.page, f"{form} button")
    await expect(other.page.locator(form)).to_have_count(0)
    await other.shot("approved", full=True)
    await boss.open("/deputies")
    await press(boss.page, "form[data-api$='/end'] button")
