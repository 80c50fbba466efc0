"""At the place of use: goods come to a receiving point, are handed out there, and what was used is owed."""

from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import Desk, Opened, Store
from tests.journeys.counting import APPROVER
from tests.journeys.store import GATE, KEEPER, PLANNER, SITE

BIN = {"zh-360": 58, "en-1280": 59}


async def send(desk: Desk, path: str, body: dict[str, Any] | None = None) -> Any:
    """What other journeys do by hand."""
    token = (await (await desk.page.request.get(f"{desk.url}/api/v1/me")).json())["csrf"]
    headers = {"x-csrf-token": str(token), "idempotency-key": str(uuid4())}
    answer = await desk.page.request.post(f"{desk.url}/api/v1/{path}", data=body, headers=headers)
    assert answer.ok, await answer.text()
    return await answer.json()


@pytest.mark.parametrize(("language", "width"), [("zh", 360), ("en", 1280)])
async def test_handed_out_brought_back_and_owed(desk: Opened, store: Store, language: str, width: int) -> None:
    which = f"{language}-{width}"
    boss = await desk(APPROVER, language=language, width=width)
    keeper = await desk(KEEPER, language=language, width=width)
    gate = await desk(GATE, language=language, width=width)
    said = {"name": f"强降雨 {which}", "hazard": "flood", "region": "changzhou"}
    incident = (await send(boss, "incidents", said))["id"]
    point_said = {"incident": incident, "region": "liyang", "name": f"中心小学 {which}", "receiver": "接收组"}
    point = (await send(boss, "receiving-points", point_said))["id"]
    line = {"lot": store.lots[f"given {which}"], "bin": store.bins[BIN[which]].key, "quantity": 10}
    body = {"site": SITE, "to_point": point, "plate": "苏D1", "driver": "赵", "lines": [line], "purpose": "forward"}
    shipment = (await send(keeper, "shipments", body))["id"]
    await send(keeper, f"shipments/{shipment}/load", {"lines": [{"line": 1, "quantity": 10}]})
    await send(keeper, f"shipments/{shipment}/depart", {})
    received = {"lines": [{"line": 1, "accepted": 10}], "receiver": "王"}
    assert (await send(gate, f"shipments/{shipment}/receive", received))["status"] == "closed"

    # While goods stand there, the incident closes over them only with a reason.
    await send(boss, f"incidents/{incident}/end", {"reason": "水退"})
    await boss.open(f"/incidents/{incident}")
    await expect(boss.page.locator(f"#closing a[href='/receiving-points/{point}']")).to_be_visible()
    boss.expected = (400,)
    await boss.page.click("form[data-api$='/close'] button")
    await expect(boss.page.locator("dialog[open]")).to_have_count(0)
    boss.expected = ()
    await boss.shot("closing")

    page = gate.page
    await gate.open(f"/receiving-points/{point}")
    await page.check("#hand-out [data-switches]")
    await page.fill("#hand-out [name=quantity]", "7")
    await page.fill("#hand-out [name=note]", "安置点一号教室")
    await gate.shot("hand-out", full=True)
    async with page.expect_event("load"):
        await page.click("#hand-out .btn-lg")
    row = page.locator("#totals tbody tr")
    await expect(row).to_contain_text("7")
    await page.click("#back summary")
    await page.check("#back [data-switches]")
    async with page.expect_event("load"):
        await page.click("#back button[type=submit]")
    await expect(page.locator("#hand-out")).to_have_count(0)  # nothing is left there
    await gate.shot("totals", full=True)
    # What came back waits at the gate until somebody has looked at it: one piece is broken, the others are stock again.
    await gate.open(f"/lots/{line['lot']}")
    looked = page.locator("#inspect form").first
    await expect(looked.locator("[name=condition]")).to_have_value("awaiting")
    await looked.locator("button").click()
    await expect(looked.locator(".form-problem")).to_be_visible()  # not without what was found
    for count, grade in (("1", "damaged"), ("2", "good")):
        looked = page.locator("#inspect form:has([name=condition][value=awaiting])")
        await looked.locator("[name=quantity]").fill(count)
        await looked.locator("[name=to_condition]").select_option(grade)
        await looked.locator("[name=note]").fill("逐件查看")
        async with page.expect_event("load"):
            await looked.locator("button").dblclick()
    await expect(page.locator("#inspect form:has([name=condition][value=awaiting])")).to_have_count(0)
    await gate.shot("inspected", full=True)
    await expect(page.locator("#scrap")).to_have_count(0)  # a keeper takes nothing out of the books
    await boss.open(f"/lots/{line['lot']}")
    await boss.page.click("#scrap summary")
    await boss.page.fill("#scrap [name=note]", "折断，无修复价值")
    await boss.page.click("#scrap form button")
    async with boss.page.expect_event("load"):
        await boss.page.click("dialog[open] .btn-primary")
    await expect(boss.page.locator("#scrap")).to_have_count(0)
    await boss.shot("scrapped", full=True)

    await boss.open("/recovery")
    await boss.page.select_option("form[data-api$='/draw-up'] [name=incident]", incident)
    async with boss.page.expect_event("load"):
        await boss.page.click("form[data-api$='/draw-up'] button")
    await boss.open(f"/recovery?incident={incident}")
    await boss.shot("ledger")
    await boss.page.click("table.list tbody a.strong")
    await expect(boss.page.locator(".big-figure.is-main strong")).to_have_text("7")

    planner = await desk(PLANNER, language=language, width=width)
    await planner.page.goto(boss.page.url)
    planner.expected = (404,)
    await planner.page.fill("#fills [name=document]", "NO-SUCH-PAPER")
    await planner.page.click("#fills button[type=submit]")
    await expect(planner.page.locator("#fills .form-problem")).to_be_visible()
    planner.expected = ()
    await planner.shot("duty", full=True)
    await expect(planner.page.locator("form[data-api$='/close']")).to_have_count(0)  # not before it is back
    report = await boss.page.request.get(f"{boss.url}/api/v1/incidents/{incident}/report")
    assert report.ok
    assert (await report.body()).startswith(b"%PDF")

    # What is owed goes on beyond the close, which says why.
    await boss.open(f"/incidents/{incident}")
    await expect(boss.page.locator("#closing a[href^='/recovery/']")).to_have_count(1)
    await boss.page.fill("form[data-api$='/close'] [name=reason]", "物资已收回，补充另行督办")
    await boss.page.click("form[data-api$='/close'] button")
    async with boss.page.expect_event("load"):
        await boss.page.click("dialog[open] button[value=yes]")
    await expect(boss.page.locator("#closing")).to_have_count(0)
    await expect(boss.page.locator("ul.plain li", has_text="补充另行督办")).to_be_visible()
    await boss.shot("closed over")
