"""Goods are lent from a lot's card, seen as owed, and taken back in two parts; nobody gives back more than he has."""

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import Opened, Store
from tests.journeys.store import KEEPER


@pytest.mark.parametrize(("language", "width", "dark"), [("zh", 1280, False), ("en", 360, True)])
async def test_lent_owed_and_back(desk: Opened, store: Store, language: str, width: int, dark: bool) -> None:
    lot, borrower = store.lots[f"lent {language}"], f"借用单位 {language}"
    keeper = await desk(KEEPER, language=language, width=width, dark=dark)
    page = keeper.page
    await keeper.open(f"/lots/{lot}")
    await page.click("a[href^='/loans/new']")
    await page.fill("form[method=get] input[name=lot]:not([type=hidden])", "NO-SUCH")
    await page.keyboard.press("Enter")
    await expect(page.locator("[role=alert]", has_text="NO-SUCH")).to_be_visible()
    await page.fill("[name=quantity]", "5")
    await page.fill("[name=borrower]", borrower)
    today = await page.get_attribute("[name=due_on]", "min")
    assert today
    await page.fill("[name=due_on]", today)
    await keeper.shot("lend", full=True)
    await page.dblclick("form[data-api$=lend] button[type=submit]")
    await expect(page.locator("h1")).to_contain_text(borrower)
    loan = page.url

    row = page.locator("tbody tr")
    keeper.expected = (409,)
    await page.fill("form[data-api$=loan-return] [name=quantity]", "6")
    await page.click("form[data-api$=loan-return] button[type=submit]")
    await expect(page.locator(".form-problem")).to_be_visible()
    await expect(row).to_contain_text("5")
    await page.fill("form[data-api$=loan-return] [name=quantity]", "2")
    await page.dblclick("form[data-api$=loan-return] button[type=submit]")
    await expect(row.locator("td").last).to_contain_text("3")
    await keeper.shot("partly-back", full=True)

    await keeper.open("/loans/debts")
    await expect(page.locator("tr", has_text=borrower).locator("td").nth(3)).to_contain_text("3")
    await keeper.open(f"/loans?q={borrower}")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await keeper.shot("list", full=True)

    await page.goto(loan)
    await page.fill("form[data-api$=loan-return] [name=quantity]", "3")
    await page.click("form[data-api$=loan-return] button[type=submit]")
    await expect(page.locator("form[data-api$=loan-return]")).to_have_count(0)
    await keeper.open(f"/loans?q={borrower}")
    await expect(page.locator("tbody tr")).to_have_count(0)
