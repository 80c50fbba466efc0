"""The planner sets consumption norms, works out a typhoon, changes it, compares two, and takes it away as a file."""

import re

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import Opened
from tests.journeys.store import PLANNER

SCREENS = [("zh", 1280, "ZJ-0004"), ("zh", 360, "ZJ-0009"), ("en", 1280, "ZJ-0010"), ("en", 360, "ZJ-0014")]


@pytest.mark.parametrize(("language", "width", "item"), SCREENS)
async def test_a_typhoon_is_worked_out_changed_and_compared(desk: Opened, language: str, width: int, item: str) -> None:
    planner = await desk(PLANNER, language=language, width=width)
    page = planner.page
    await planner.open("/consumption")
    if not await page.locator("details[open] [name=item]").count():
        await page.click("details.card summary")
    await page.fill("details.card [name=item]", item)
    await page.fill("details.card [name=quantity] >> nth=0", "1")
    await page.fill("details.card [name=people] >> nth=0", "2")
    await page.fill("details.card [name=source] >> nth=0", "unverified")
    async with page.expect_event("load"):
        await page.click("details.card button[type=submit] >> nth=0")
    await expect(page.locator("table.list")).to_contain_text(item)
    await planner.shot("norms")

    async def worked_out(name: str, moved: str) -> str:
        await planner.open("/scenarios/new")
        await page.select_option("[name=region] >> nth=0", "changzhou")
        await page.fill("[name=name]", name)
        await page.select_option("[name=hazard]", "typhoon")
        await page.select_option("#areas [name=region]", "tianmuhu")
        await page.fill("[name=affected]", "9000")
        await page.fill("[name=moved]", moved)
        await planner.shot("form")
        await page.click("button[type=submit].btn-primary")
        await expect(page).to_have_url(re.compile("/scenarios/[0-9a-f-]{36}$"))
        return page.url

    first = await worked_out(f"{language} {width} small", "1001")
    await expect(page.locator("main")).to_contain_text("501")  # one for two, rounded up
    await planner.shot("outcome")
    async with page.expect_download() as file:
        await page.click(f"a[href^='{first[first.index('/scenarios') :]}/export.xlsx']")
    assert (await file.value).suggested_filename.endswith(".xlsx")
    paper = await page.request.get(planner.url + (await page.get_attribute("a[href$='/paper']", "href") or ""))
    assert (await paper.body()).startswith(b"%PDF")

    second = await worked_out(f"{language} {width} large", "4000")
    await expect(page.locator("main")).to_contain_text("2,000")
    await page.click("details.card.no-print summary")
    await page.fill("form[data-version] [name=moved]", "5000")
    async with page.expect_event("load"):
        await page.click("form[data-version] button.btn-primary")
    await expect(page.locator("main")).to_contain_text("2,500")
    await planner.open(f"/scenarios/compare?a={first[-36:]}&b={second[-36:]}")
    row = page.locator("table.list tbody tr", has_text=item)
    await expect(row).to_contain_text("501")
    await expect(row).to_contain_text("2,500")
    await planner.shot("compare")
    await planner.open(f"/scenarios?q={language} {width}")
    await expect(page.locator("table.list tbody tr")).to_have_count(2)
    await planner.shot("list")
