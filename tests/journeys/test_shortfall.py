"""The shortfall report as a planner uses it: from the whole to the lots, two days compared, taken along, kept, sent."""

import io
import re
import subprocess
from pathlib import Path

import pytest
from playwright.async_api import expect
from python_calamine import CalamineWorkbook

from tests.journeys.conftest import Opened, Store
from tests.journeys.store import PLANNER

SCREENS = [
    ("zh", 1280, "SJ-0001", False),
    ("zh", 360, "SJ-0002", True),
    ("en", 1280, "ZJ-0007", True),
    ("en", 360, "LS-0008", False),
]
MISSING, SUFFICES = {"zh": "18", "en": "18"}, {"zh": "24 人", "en": "24 people"}


@pytest.mark.parametrize(("language", "width", "item", "dark"), SCREENS)
async def test_from_the_report_to_the_lots_and_to_the_mayor(
    desk: Opened, store: Store, tmp_path: Path, language: str, width: int, item: str, dark: bool
) -> None:
    """12 pieces are there, 30 must be; one suffices for two people, once. All of it expires in 40 days."""
    planner = await desk(PLANNER, language=language, width=width, dark=dark)
    page = planner.page
    await planner.open("/norms/new")
    await page.select_option("[name=region]", "changzhou")
    await page.fill("[name=item] >> nth=0", item)
    await page.fill("[name=minimum]", "30")
    await page.fill("[name=source]", "常防指〔2026〕3号 第六条")
    await page.click("button[type=submit].btn-primary")
    await expect(page).to_have_url(re.compile("/norms/[0-9a-f-]{36}$"))
    await planner.open("/consumption")
    if not await page.locator("form[data-api$=consumption-norms] [name=item]").is_visible():
        await page.click("main details.card > summary >> nth=0")
    await page.select_option("[name=region]", "changzhou")
    await page.fill("[name=item] >> nth=0", item)
    await page.fill("[name=quantity] >> nth=0", "1")
    await page.fill("[name=people] >> nth=0", "2")
    await page.fill("[name=source] >> nth=0", "常民〔2026〕7号")
    async with page.expect_event("load"):
        await page.click("form[data-api$=consumption-norms] button[type=submit]")

    # The report: what it says of this line, how far it goes, and where each figure leads.
    await planner.open("/shortfall?region=changzhou&tier=city&show=short")
    line = page.locator("tr", has_text=item).last
    await expect(line).to_contain_text("40.0 %")
    await expect(line).to_contain_text(MISSING[language])
    await expect(line).to_contain_text(SUFFICES[language])
    people = page.locator("section", has=page.locator("text=常民〔2026〕7号")).locator("tr", has_text="常民〔2026〕7号")
    await expect(people.first).to_be_visible()
    await planner.shot("report", full=True)
    await line.locator("td.lead a").click()
    await expect(page.locator("tbody tr")).to_have_count(1)
    await expect(page.locator("tbody tr")).to_contain_text(store.lots[f"short {language}-{width}"])
    await planner.shot("lots")

    # After the goods have expired, beside today.
    await page.go_back()
    today = await page.locator("[name=day]").input_value()
    later = await page.evaluate("day => new Date(Date.parse(day) + 41 * 864e5).toISOString().slice(0, 10)", today)
    await planner.open(f"/shortfall?region=changzhou&tier=city&day={later}&against={today}")
    await expect(page.locator("tr", has_text=item).last).to_contain_text("0.0 %")
    await expect(page.locator("td", has_text="→").first).to_be_visible()
    await planner.shot("compared", full=True)

    # On paper and as a sheet, read back by other programs.
    query = "region=changzhou&tier=city&show=short"
    paper = tmp_path / "shortfall.pdf"
    paper.write_bytes(await (await page.request.get(f"{planner.url}/shortfall/export.pdf?{query}")).body())
    read = subprocess.run(["pdftotext", "-layout", str(paper), "-"], check=True, capture_output=True, text=True).stdout
    for word in ("应急物资配备与缺口报告", "40.0 %", "24 人", "常民〔2026〕7号", "负责人", "需转移人口不明"):
        assert word in read, (word, read[:2000])
    sheet = await (await page.request.get(f"{planner.url}/shortfall/export.xlsx?{query}")).body()
    rows = CalamineWorkbook.from_filelike(io.BytesIO(sheet)).get_sheet_by_index(0).to_python()
    (row,) = [one for one in rows if one[4] == item]
    assert (row[6], row[9], row[15], row[17], row[20], row[21]) == (30, 12, 18, 40, "", 24)
    assert "常民〔2026〕7号" in str(row[22])

    # Kept under a name, and sent every month.
    await planner.open(f"/shortfall?{query}")
    await page.click("#views .view-save summary")
    name = f"市级缺口 {language} {width}"
    await page.fill("#views [name=name]", name)
    async with page.expect_event("load"):
        await page.click("#views form[data-view] button[type=submit]")
    kept = page.locator("#views .view-chip", has_text=name)
    await expect(kept.locator("a")).to_have_attribute("aria-current", "true")
    await planner.shot("kept")
    await page.click("a[href^='/reports/scheduled']")
    await page.fill("[name=name]", name)
    await page.select_option("[name=every]", "monthly")
    await page.check(f"[name=recipients][value='{PLANNER}']")
    async with page.expect_event("load"):
        await page.click("form[data-api$=plans] button[type=submit]")
    plan = page.locator("tr", has_text=name)
    await expect(plan).to_be_visible()
    await planner.shot("scheduled")
    await plan.locator("button").click()
    async with page.expect_event("load"):
        await page.click("dialog button[value=yes]")
    await expect(plan).to_have_count(0)
