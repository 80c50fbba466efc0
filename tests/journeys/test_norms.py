"""The planner's norms: set one with a preview, see why a figure is what it is, be refused a tie, change, retire it."""

import re

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import Opened
from tests.journeys.store import PLANNER

SCREENS = [("zh", 1280, "SJ-0004"), ("zh", 360, "SJ-0006"), ("en", 1280, "PC-0010"), ("en", 360, "PC-0011")]


@pytest.mark.parametrize(("language", "width", "item"), SCREENS)
async def test_a_norm_is_set_explained_changed_and_retired(desk: Opened, language: str, width: int, item: str) -> None:
    planner = await desk(PLANNER, language=language, width=width)
    page = planner.page
    await planner.open("/norms/new")
    await page.select_option("[name=region]", "changzhou")
    await page.select_option("[name=each]", "district")
    await page.fill("[name=item] >> nth=0", item)
    await page.fill("[name=minimum]", "5")
    await page.fill("[name=target]", "8")
    await page.select_option("[name=basis]", "population")
    await page.fill("[name=source]", "常防指〔2026〕3号 第五条")
    await page.click("[data-norm-preview]")
    await expect(page.locator("#preview tbody tr")).to_have_count(7)
    await planner.shot("preview")
    await page.click("button[type=submit].btn-primary")
    await expect(page).to_have_url(re.compile("/norms/[0-9a-f-]{36}$"))
    norm = page.url
    await planner.shot("norm")

    # Tianning has 668,906 residents: 5 per 10,000 are 334.5, so 335.
    await planner.open(f"/norms/why?place=region:tianning&item={item}")
    await expect(page.locator(".big-figure.is-main strong")).to_have_text("335")
    await expect(page.locator("main")).to_contain_text("668,906")
    await planner.shot("why")
    await planner.open(f"/norms/why?place=region:zhenglu&item={item}")
    await expect(page.locator(".nothing")).to_be_visible()

    # The same again would be a tie: nothing would decide between the two.
    planner.expected = (409,)
    await planner.open("/norms/new")
    await page.select_option("[name=region]", "changzhou")
    await page.select_option("[name=each]", "district")
    await page.fill("[name=item] >> nth=0", item)
    await page.fill("[name=minimum]", "6")
    await page.fill("[name=source]", "unverified")
    await page.click("button[type=submit].btn-primary")
    await expect(page.locator(".form-problem")).to_be_visible()
    await planner.shot("tie")

    await page.goto(norm)
    await page.click("details.card summary")
    await page.fill("[name=minimum]", "6")
    await page.click("[data-norm-preview]")
    await expect(page.locator("#preview tbody tr").first).to_contain_text("→")
    async with page.expect_event("load"):  # the page comes again with what it says now
        await page.click("form[data-version] button[type=submit].btn-primary")
    await expect(page.locator("dl.facts dd strong").first).to_have_text("6")
    await planner.open(f"/norms?q={item}")
    await expect(page.locator("table.list tbody tr")).to_have_count(1)
    await planner.shot("list")
    await page.goto(norm)
    await page.click("button[data-confirm]")
    async with page.expect_event("load"):
        await page.click("dialog button[value=yes]")
    await expect(page.locator(".alert-line.tag-quiet")).to_be_visible()
    await planner.open(f"/norms?q={item}")
    await expect(page.locator(".nothing")).to_be_visible()
