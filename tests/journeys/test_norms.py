"""The planner's norms: set one with a preview, see why a figure is what it is, be refused a tie, change, retire it;
bring a file of them."""

import io
import re
from typing import Any

import pytest
import xlsxwriter
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


def workbook(*rows: list[Any]) -> Any:
    """A real Excel file, as a planner would send it."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    media = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return {"name": "norms.xlsx", "mimeType": media, "buffer": out.getvalue()}


HEADS = {
    "zh": ["编号", "适用区划", "物资或类别编号", "最低储备", "目标储备", "依据"],
    "en": ["Key", "For", "Item or class", "Minimum", "Target", "Source"],
}


@pytest.mark.parametrize(
    ("language", "width", "item", "other", "each"),
    [("zh", 1280, "PC-0012", "PC-0013", "每个区"), ("en", 360, "PC-0015", "PC-0016", "every district")],
)
async def test_a_file_of_norms_is_checked_then_set_and_a_second_time_changes_nothing(
    desk: Opened, language: str, width: int, item: str, other: str, each: str
) -> None:
    planner = await desk(PLANNER, language=language, width=width)
    page = planner.page
    source = "常防指〔2026〕3号"
    first = workbook(HEADS[language], ["tianning", "", item, 5, 8, source], ["tianning", "", other, 3, "", source])

    async def check(file: Any, **figures: int) -> None:
        await page.set_input_files("[name=file]", file)
        await page.click("[data-norm-file] button[type=submit]")
        for verdict in ("new", "change", "same", "fault"):
            figure = page.locator(f".big-figure[data-verdict={verdict}] strong")
            await expect(figure).to_have_text(str(figures.get(verdict, 0)))

    await planner.open("/norms")
    await page.click("a[href='/norms/import']")
    async with page.expect_download() as template:
        await page.click("a[href='/norms/import/template.xlsx']")
    assert (await template.value).suggested_filename == "norms-template.xlsx"
    await check(first, new=2)
    await page.click("[data-norm-apply]")
    await expect(page.locator("#found .alert-line.tag-good")).to_be_visible()

    second = workbook(
        HEADS[language],
        ["tianning", "", item, 6, "", source],
        ["tianning", "", other, 3, "", source],
        ["changzhou", each, other, 2, "", ""],
        ["tianning", "", "XX-0000", 1, "", source],
        ["wujin", "", item, "约50", 9, source],
        ["wujin", "", other, 9, 8, source],
    )
    await check(second, new=1, change=1, same=1, fault=3)
    rows = page.locator("#found tbody tr")
    await expect(rows.locator(".is-reject")).to_have_count(3)
    await expect(rows.filter(has_text="D6")).to_contain_text("约50")
    await expect(page.locator("#found tr[data-verdict=change]")).to_contain_text("5 → 6")
    await expect(page.locator("#found tr[data-verdict=change]")).to_contain_text("8 → –")
    await expect(page.locator("#found tr[data-verdict=new] .tag-unverified")).to_be_visible()
    await expect(page.locator("#found tr[data-verdict=new]")).to_contain_text(each)
    await planner.shot("file-checked")

    await page.click("[data-norm-apply]")
    await expect(page.locator("#found .alert-line.tag-good")).to_be_visible()
    await planner.shot("file-set")
    await check(second, same=3, fault=3)
    await check(workbook(HEADS[language], ["tianning", "", item, 6, "", source]), same=1)
    await expect(page.locator("[data-norm-apply]")).to_have_count(0)
    await planner.shot("file-again")

    # Somebody changes the norm between the look and the button: nothing is written.
    await check(workbook(HEADS[language], ["tianning", "", item, 7, "", source]), change=1)
    rival = await desk(PLANNER, language=language, width=1280)
    await rival.open(f"/norms?q={item}")
    await rival.page.click("table.list tbody a.strong")
    await rival.page.click("details.card summary")
    await rival.page.fill("[name=minimum]", "4")
    async with rival.page.expect_event("load"):
        await rival.page.click("form[data-version] button[type=submit].btn-primary")
    planner.expected = (409,)
    await page.click("[data-norm-apply]")
    await expect(page.locator(".form-problem")).to_be_in_viewport()
    await expect(page.locator("#found")).to_be_empty()
    await planner.shot("file-stale")
