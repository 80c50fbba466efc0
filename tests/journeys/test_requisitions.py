"""A typhoon night at the dispatcher: from what a town needs to the release order, spoken first, its paper after."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from tests.journeys.conftest import Opened
from tests.journeys.counting import APPROVER as SECOND_APPROVER
from tests.journeys.store import APPROVER, DISPATCHER, PLANNER

SCREENS = [("zh", 1280), ("zh", 360), ("en", 1280), ("en", 360)]


async def press(page: Page, button: str) -> None:
    """A button that sends its form; the page is there again when this is done."""
    async with page.expect_event("load"):
        await page.click(button)


async def incident_with_a_need(desk: Any, name: str) -> str:
    """Level II, and bedding for a town; the incident's address."""
    page = desk.page
    await desk.open("/incidents/new")
    await page.fill("[name=name]", name)
    await page.select_option("[name=hazard]", "typhoon")
    await page.select_option("[name=region]", "wujin")
    await page.select_option("[name=level]", "2")
    await page.fill("[name=reason]", "堤防出险")
    await page.click("button[type=submit].btn-primary")
    await expect(page).to_have_url(re.compile("/incidents/[0-9a-f-]{36}$"))
    row = page.locator("[data-row]").first
    await row.locator("[name=item]").fill("BF-0008")
    await row.locator("[name=quantity]").fill("12")
    await row.locator("[name=region]").select_option("wujin")
    await row.locator("[name=needed_by]").fill("12")
    await row.locator("[name=receiver]").fill("王镇长")
    await press(page, "form[data-api$='/needs'] button[type=submit]")
    return str(page.url.partition("#")[0])


@pytest.mark.parametrize(("language", "width"), SCREENS)
async def test_from_a_need_to_a_release_order(desk: Opened, language: str, width: int, tmp_path: Any) -> None:
    boss = await desk(APPROVER, language=language, width=width)
    address = await incident_with_a_need(boss, f"台风“山竹” {language}{width}")
    dispatcher = await desk(DISPATCHER, language=language, width=width)
    page = dispatcher.page
    await page.goto(address)
    await page.click("#requisitions a.btn")
    await expect(page.locator("[name=needs]")).to_be_checked()
    await page.fill("[name=own_stock]", "本级已全部动用")
    await dispatcher.shot("new", full=True)
    await press(page, "button[type=submit].btn-primary")
    await expect(page).to_have_url(re.compile("/requisitions/[0-9a-f-]{36}$"))
    requisition = page.url
    await expect(page.locator("form[data-api$='/approve']")).to_have_count(0)  # nobody approves his own

    await boss.page.goto(requisition)
    await press(boss.page, "button[data-api$='/approve']")
    await page.goto(requisition)
    await press(page, "button[data-api$='/plan']")
    rows = page.locator("#plan table.list tbody tr")
    await expect(rows).to_have_count(1)
    await expect(rows.first).to_contain_text("CZ01")
    await expect(rows.first).to_contain_text("12")
    await dispatcher.shot("plan", full=True)
    await rows.first.locator("[name=forbid]").check()
    await press(page, "form[data-api$='/plan'] button[type=submit]")
    await expect(page.locator("#plan table.list")).to_have_count(0)  # nobody else has any
    await expect(page.locator("#plan")).to_contain_text("12")
    await dispatcher.shot("without", full=True)
    await page.locator("[name=still]").uncheck()
    await press(page, "form[data-api$='/plan'] button[type=submit]")
    await expect(rows).to_have_count(1)
    await press(page, "form[data-api$='/accept'] button[type=submit]")
    order = page.locator("#orders table.list tbody tr")
    await expect(order).to_have_count(1)
    await dispatcher.shot("held", full=True)
    await order.locator("a").click()
    await expect(page.locator("#word")).to_have_count(0)  # only the owner's office releases
    release = page.url
    for paper in ("paper", "transfer"):
        answer = await page.request.get(f"{release.replace('/releases/', '/api/v1/releases/')}/{paper}")
        assert (await answer.body()).startswith(b"%PDF")

    await boss.page.goto(release)
    await boss.page.click("#word summary")
    await boss.page.check("[name=spoken]")
    await boss.page.fill("[name=spoken_by]", "李副市长")
    await boss.page.fill("[name=spoken_to]", "张库长")
    await boss.shot("word", full=True)
    await press(boss.page, "#word button[type=submit]")
    await expect(boss.page.locator("h1")).to_contain_text("ZL-")
    number = str(await boss.page.locator("h1").inner_text()).split()[0]
    await boss.open("/releases?owed=yes")
    await expect(boss.page.locator("table.list")).to_contain_text(number)
    await boss.shot("owed")

    await boss.page.goto(release)
    await boss.page.fill(".file-paper [name=paper_number]", "常应急动〔2026〕9号")
    scan = tmp_path / "order.pdf"
    scan.write_bytes(await (await boss.page.request.get(f"{boss.url}{pdf_of(release)}")).body())
    await boss.page.set_input_files(".file-paper [name=photos]", scan)
    await press(boss.page, ".file-paper button[type=submit]")
    await expect(boss.page.locator(".check-paper")).to_have_count(0)  # somebody else checks
    second = await desk(SECOND_APPROVER, language=language, width=width)
    await second.page.goto(release)
    await second.shot("to check", full=True)
    await press(second.page, ".check-paper .btn-primary")
    await second.open("/releases?owed=yes")
    await expect(second.page.locator("#part")).not_to_contain_text(number)
    await dispatcher.open("/requisitions")
    await expect(page.locator("table.list")).to_contain_text(language)
    await dispatcher.shot("list")
    await page.goto(address)
    await expect(page.locator("#requisitions li")).to_have_count(1)
    await dispatcher.shot("incident", full=True)


@pytest.mark.parametrize(("language", "width", "item"), [("zh", 360, "XF-0003"), ("en", 1280, "XF-0004")])
async def test_what_a_firm_promised_is_called_off_with_the_plan(
    desk: Opened, language: str, width: int, item: str
) -> None:
    planner = await desk(PLANNER, language=language, width=width)
    today = datetime.now(UTC).date()
    promise = {
        "region": "changzhou", "party": await a_party(planner), "form": "agreement", "number": f"XY-{language}{width}",
        "item": item, "quantity": 40, "response_hours": 4, "confidence": 75,
        "valid_from": f"{today.year - 1}-01-01", "valid_to": f"{today.year + 1}-12-31", "sign": True,
    }  # fmt: skip
    await planner.open("/commitments")
    token = await planner.page.locator("meta[name=csrf-token]").get_attribute("content")
    headers = {"X-CSRF-Token": str(token), "Idempotency-Key": str(uuid4())}
    made = await planner.page.request.post(f"{planner.url}/api/v1/commitments", data=promise, headers=headers)
    assert made.status == 201, await made.text()
    boss = await desk(APPROVER, language=language, width=width)
    dispatcher = await desk(DISPATCHER, language=language, width=width)
    page = dispatcher.page
    await dispatcher.open("/requisitions/new")
    await page.fill("[name=reason]", f"协议调用 {language}{width}")
    await page.fill("[name=own_stock]", "本级没有")
    row = page.locator("[data-row]").first
    await row.locator("[name=item]").fill(item)
    await row.locator("[name=quantity]").fill("50")
    await row.locator("[name=region]").select_option("wujin")
    await press(page, "button[type=submit].btn-primary")
    await expect(page).to_have_url(re.compile("/requisitions/[0-9a-f-]{36}$"))
    await boss.page.goto(page.url)
    await press(boss.page, "button[data-api$='/approve']")
    await page.reload()
    await press(page, "button[data-api$='/plan']")
    rows = page.locator("#plan table.list tbody tr")
    await expect(rows).to_have_count(1)
    await expect(rows.first).to_contain_text("30")  # so sure is the firm of its 40
    await expect(page.locator("#plan ul.plain").last).to_contain_text("10")  # what it promised beyond that
    await dispatcher.shot("promised", full=True)
    await press(page, "form[data-api$='/accept'] button[type=submit]")
    await expect(page.locator("#calls tbody tr")).to_have_count(1)
    await expect(page.locator("#calls")).to_contain_text("30")
    await dispatcher.shot("called", full=True)


async def a_party(of: Any) -> str:
    """Some firm."""
    found = await (await of.page.request.get(f"{of.url}/api/v1/parties")).json()
    return str(next(one["key"] for one in found["items"] if one["kind"] in ("supplier", "enterprise")))


def pdf_of(release: str) -> str:
    """The address of a release order's paper."""
    return f"/api/v1/releases/{release.rpartition('/')[2]}/paper"
