"""The planner registers a promise and tries it; a dispatcher calls it off, an approver orders it, it comes."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect
from reportlab.pdfgen.canvas import Canvas

from tests.journeys.conftest import Opened
from tests.journeys.counting import APPROVER as SECOND_APPROVER
from tests.journeys.store import APPROVER, DISPATCHER, PLANNER

SCREENS = [("zh", 1280), ("zh", 360), ("en", 1280), ("en", 360)]


@pytest.mark.parametrize(("language", "width"), SCREENS)
async def test_a_promise_is_registered_tried_called_off_and_kept(
    desk: Opened, language: str, width: int, tmp_path: Path
) -> None:
    number = f"XY-{language}-{width}"
    planner = await desk(PLANNER, language=language, width=width)
    page = planner.page
    await planner.open("/commitments/new")
    await page.select_option("[name=region]", "changzhou")
    await page.select_option("[name=party]", "ent-market")
    await page.fill("[name=item]", "YS-0001")
    await page.fill("[name=number]", number)
    await page.fill("[name=quantity]", "1000")
    await page.fill("[name=response_hours]", "6")
    await page.fill("[name=confidence]", "80")
    await page.fill("[name=confidence_source]", "合同第五条")
    await page.select_option("[name=price_rule]", "fixed")
    await page.fill("[name=source]", "应急物资协议储备合同")
    await planner.shot("form")
    # A fixed price needs a price: said in the form, and nothing is lost.
    planner.expected = (400,)
    await page.click("form[data-api] button[type=submit].btn-primary")
    await expect(page.locator(".form-problem")).to_be_visible()
    planner.expected = ()
    await page.fill("[name=price_fen]", "1.20")
    await page.click("form[data-api] button[type=submit].btn-primary")
    await expect(page).to_have_url(re.compile("/commitments/[0-9a-f-]{36}$"))
    card = page.url
    await expect(page.locator(".big-figure.is-main strong")).to_have_text("1,000")

    # Asked for 100, showed 60 in time: (80 + 80 + 60) / 3 = 73 %.
    await page.click("#drills details summary")
    await page.fill("#drills [name=asked]", "100")
    await page.fill("#drills [name=shown]", "60")
    await page.fill("#drills [name=hours]", "5")
    async with page.expect_event("load"):
        await page.click("#drills details button[type=submit]")
    await expect(page.locator(".big-figure").nth(1)).to_contain_text("73 %")
    await planner.shot("card")

    dispatcher = await desk(DISPATCHER, language=language, width=width)
    await dispatcher.page.goto(card)
    await dispatcher.page.click("#calls details summary")
    await dispatcher.page.fill("#calls details [name=quantity]", "300")
    await dispatcher.page.fill("#calls details [name=reason]", "台风转移")
    async with dispatcher.page.expect_event("load"):
        await dispatcher.page.click("#calls details button[type=submit]")
    await expect(dispatcher.page.locator("#calls article")).to_have_count(1)

    boss = await desk(APPROVER, language=language, width=width)
    await boss.page.goto(card)
    await boss.page.click("#calls article details summary")
    await boss.page.check("#calls [name=spoken]")
    await boss.page.fill("#calls [name=spoken_by]", "李副市长")
    await boss.page.fill("#calls [name=spoken_to]", "厂值班室")
    async with boss.page.expect_event("load"):
        await boss.page.click("#calls article button.btn-primary")
    await expect(boss.page.locator("#calls article p.tag-awaiting")).to_be_visible()
    await boss.shot("ordered")
    await boss.open("/releases?owed=yes")
    await expect(boss.page.locator("#owed-calls tbody tr", has_text=number)).to_contain_text("李副市长")
    await boss.shot("owed")
    listed = await (await boss.page.request.get(f"{boss.url}/releases/export.csv?owed=yes")).text()
    assert [row for row in listed.splitlines() if number in row and "李副市长" in row]
    await boss.page.goto(card)
    await boss.page.fill(".file-paper [name=order_number]", "常应急启〔2026〕9号")
    scan = tmp_path / "order.pdf"
    page_of = Canvas(str(scan))
    page_of.drawString(100, 700, number)
    page_of.save()
    await boss.page.set_input_files(".file-paper [name=photos]", scan)
    async with boss.page.expect_event("load"):
        await boss.page.click(".file-paper button.btn-primary")
    await expect(boss.page.locator(".check-paper")).to_have_count(0)  # somebody else checks
    second = await desk(SECOND_APPROVER, language=language, width=width)
    await second.page.goto(card)
    await second.shot("to check")
    async with second.page.expect_event("load"):
        await second.page.click(".check-paper .btn-primary")
    await second.open("/releases?owed=yes")
    await expect(second.page.locator("#part")).not_to_contain_text(number)

    await dispatcher.page.goto(card)
    await dispatcher.page.fill("#calls article [name=quantity]", "300")
    async with dispatcher.page.expect_event("load"):
        await dispatcher.page.click("#calls article form[data-api$='/arrive'] button")
    async with dispatcher.page.expect_event("load"):
        await dispatcher.page.click("#calls article button[data-api$='/close']")
    await expect(dispatcher.page.locator("#calls article .tag-good")).to_be_visible()
    # Kept whole: (80 + 80 + 60 + 100) / 4 = 80 %.
    await expect(dispatcher.page.locator(".big-figure").nth(1)).to_contain_text("80 %")
    await expect(dispatcher.page.locator(".big-figure.is-main strong")).to_have_text("700")
    await dispatcher.shot("kept")
    await planner.open(f"/commitments?q={number}")
    await expect(page.locator("table.list tbody tr")).to_have_count(1)
    await planner.shot("list")
