"""The planner's orders: a budget, an order above it, its approval with a reason, its deliveries, and a proposal."""

import re

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import Opened
from tests.journeys.store import APPROVER, PLANNER, PURCHASER

SCREENS = [("zh", 1280, "演示资金甲"), ("zh", 360, "演示资金乙"), ("en", 1280, "Fund A"), ("en", 360, "Fund B")]


@pytest.mark.parametrize(("language", "width", "fund"), SCREENS)
async def test_an_order_from_its_budget_to_its_delivery(desk: Opened, language: str, width: int, fund: str) -> None:
    planner = await desk(PLANNER, language=language, width=width)
    page = planner.page
    await planner.open("/budgets")
    if not await page.locator("#new[open]").count():
        await page.click("#new summary")
    await page.fill("#new [name=fund_source]", fund)
    await page.fill("#new [name=amount_fen]", "1.5")
    await page.fill("#new [name=source]", "unverified")
    await page.fill("#new [name=name]", "物资补充到位")
    await page.fill("#new [name=day]", "2026-10-31")
    await page.fill("#new [name=percent]", "100")
    await page.click("#new button[type=submit].btn-primary")
    await expect(page).to_have_url(re.compile("/budgets/[0-9a-f-]{36}$"))
    await expect(page.locator(".big-figure.is-main strong")).to_have_text("1.50")
    budget = page.url
    await planner.shot("budget")

    buyer = await desk(PURCHASER, language=language, width=width)
    page = buyer.page
    await buyer.open("/orders/new")
    await page.select_option("[name=site]", "CZ01")
    await page.select_option("[name=supplier]", "sup-tent")
    await page.fill("[name=fund_source]", fund)
    await page.fill("[name=contract]", "HT-2026-7")
    await page.fill("[name=item]", "ZP-0001")
    await page.fill("[name=quantity]", "20")
    await page.fill("[name=price_fen]", "1000")
    await page.fill("[name=expected_on]", "2026-12-20")
    await page.fill("[name=why]", "汛前补充")
    await buyer.shot("form")
    await page.click("button[type=submit].btn-primary")
    await expect(page).to_have_url(re.compile("/orders/[0-9a-f-]{36}$"))
    order = page.url
    await expect(page.locator(".big-figure.is-main strong")).to_have_text("¥20,000.00")

    approver = await desk(APPROVER, language=language, width=width)
    page = approver.page
    await page.goto(order)
    await expect(page.locator(".alert-line.tag-damaged")).to_contain_text("5,000.00")
    await approver.shot("above")
    approver.expected = (409,)
    await page.click("form[data-api$='/approve'] button")
    await expect(page.locator("form[data-api$='/approve'] .form-problem")).to_be_visible()
    await page.fill("[name=over_budget_reason]", "防汛急需，已报批")
    async with page.expect_event("load"):
        await page.click("form[data-api$='/approve'] button")
    await expect(page.locator("main")).to_contain_text("防汛急需，已报批")

    page = buyer.page
    await page.goto(order)
    await page.click("form[data-api$='/issue'] button")
    async with page.expect_event("load"):
        await page.click("dialog button[value=yes]")
    await expect(page.locator("h1")).to_contain_text(re.compile(r"ZC-\d{4}-\d{4}"))
    await expect(page.locator("main a[href^='/deliveries/']")).to_have_count(1)
    await buyer.shot("order")
    await buyer.open("/orders?q=HT-2026-7&status=all")
    await expect(page.locator("table.list tbody tr").first).to_be_visible()
    await buyer.shot("list")
    await buyer.open("/suppliers/sup-tent")
    await expect(page.locator(".big-figure.is-main strong")).not_to_have_text("0")
    await buyer.shot("supplier")

    page = planner.page
    await page.goto(budget)
    await expect(page.locator(".big-figure.is-main strong")).to_have_text("−0.50")
    await planner.shot("overspent")


@pytest.mark.parametrize(("language", "width", "item"), [("zh", 1280, "YS-0006"), ("en", 360, "YS-0007")])
async def test_a_gap_is_proposed_explained_and_ticked_into_a_draft(
    desk: Opened, language: str, width: int, item: str
) -> None:
    planner = await desk(PLANNER, language=language, width=width)
    page = planner.page
    await planner.open("/norms/new")
    await page.select_option("[name=region]", "changzhou")
    await page.fill("[name=item] >> nth=0", item)
    await page.fill("[name=minimum]", "240")
    await page.fill("[name=source]", "unverified")
    await page.click("button[type=submit].btn-primary")
    await expect(page).to_have_url(re.compile("/norms/[0-9a-f-]{36}$"))
    await planner.open("/proposals")
    await page.select_option("[name=region]", "changzhou")
    async with page.expect_event("load"):
        await page.click("form[data-api$='/run'] button")
    await planner.open(f"/proposals?q={item}")
    await expect(page.locator("table.list tbody tr")).to_have_count(1)
    await expect(page.locator("table.list tbody")).to_contain_text("240")
    await planner.shot("proposals")
    await page.check("[name=proposals]")
    await page.click("form[data-api$='/proposals/order'] button.btn-primary")
    await expect(page).to_have_url(re.compile("/orders$"))
    await planner.open(f"/orders?q={item}")
    await expect(page.locator("table.list tbody tr")).to_have_count(1)
    await planner.open(f"/proposals?q={item}")
    await expect(page.locator(".nothing")).to_be_visible()
