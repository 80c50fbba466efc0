"""A year's rotation: proposed by the planner, refused below the minimum, granted a gap by the approver, carried out by
the keeper's scanner, settled; and the pages around it."""

import re
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import Desk, Opened, Store
from tests.journeys.counting import APPROVER
from tests.journeys.store import KEEPER, PLANNER, SITE

SCREENS = [("zh", 1280, "BF-0004"), ("zh", 360, "BF-0005"), ("en", 1280, "BF-0006"), ("en", 360, "BF-0002")]


async def send(desk: Desk, path: str, body: dict[str, Any]) -> None:
    token = await desk.page.locator("meta[name=csrf-token]").get_attribute("content")
    headers = {"X-CSRF-Token": token or "", "Idempotency-Key": str(uuid4())}
    answer = await desk.page.request.post(f"{desk.url}/api/v1/{path}", data=body, headers=headers)
    assert answer.ok, await answer.text()


@pytest.mark.parametrize(("language", "width", "item"), SCREENS)
async def test_old_goods_are_rotated_without_breaking_the_minimum(
    desk: Opened, store: Store, language: str, width: int, item: str
) -> None:
    planner = await desk(PLANNER, language=language, width=width)
    page = planner.page
    await planner.open("/rotation")
    await send(planner, "norms", {"site": SITE, "item": item, "minimum": 15, "source": "市文件〔2026〕7号"})
    form = page.locator("form[data-api='POST /api/v1/rotation/propose']")
    if not await form.is_visible():
        await page.click("details:has(form[data-api='POST /api/v1/rotation/propose']) summary")
    await form.locator("[name=region]").select_option("changzhou")
    async with page.expect_event("load"):
        await form.locator("button[type=submit]").click()
    await expect(page.locator("table.heat")).to_be_visible()
    await planner.shot("year", full=True)

    await planner.open(f"/rotation?q={item}")
    await page.click("table.list a[href^='/rotation/lines/']")
    await expect(page).to_have_url(re.compile("/rotation/lines/"))
    line = page.url.removeprefix(planner.url)
    await page.select_option("[name=option]", "use")
    await page.fill("[name=quantity]", "10")
    today = await page.locator("[name=out_on]").get_attribute("min") or ""
    await page.fill("[name=out_on]", today)
    await page.fill("[name=in_on]", await page.evaluate(
        "(day) => { const at = new Date(day); at.setDate(at.getDate() + 40); return at.toISOString().slice(0, 10) }",
        today,
    ))  # fmt: skip
    await page.fill("[name=in_quantity]", "10")
    await page.fill("[name=purpose]", "防汛演练")
    async with page.expect_event("load"):
        await page.click("form[data-version] button[type=submit]")
    await expect(page.locator(".alert-line.tag-damaged")).to_contain_text("15")
    await planner.shot("below-the-minimum", full=True)

    approver = await desk(APPROVER, language=language, width=width)
    approver.expected = (409,)
    await approver.open(line)
    # It is not offered, and the interface refuses it all the same.
    await expect(approver.page.locator("form[data-api='POST /api/v1/rotation/approve']")).to_have_count(0)
    gap = approver.page.locator("form[data-api$='/gap']")
    await gap.locator("[name=months]").fill("2")
    await gap.locator("[name=reason]").fill("新货六周后到")
    await approver.shot("gap", full=True)
    async with approver.page.expect_event("load"):
        await gap.locator("button[type=submit]").click()
    async with approver.page.expect_event("load"):
        await approver.page.click("form[data-api='POST /api/v1/rotation/approve'] button")
    await approver.shot("approved")

    keeper = await desk(KEEPER, language=language, width=width)
    await keeper.open(f"/rotation/work?site={SITE}")
    await expect(keeper.page.locator("body[data-ready=yes]")).to_have_count(1)
    row = keeper.page.locator(f"tr[data-lot='{store.lots[f'rotate {language}-{width}']}']")
    await expect(row).to_be_visible()
    await keeper.shot("to-be-carried-out")
    await keeper.wedge(store.lot(f"rotate {language}-{width}"))
    dialog = keeper.page.locator("dialog[data-dialog=rotation]")
    await expect(dialog.locator("[name=quantity]")).to_have_value("10")
    await keeper.shot("dialog")
    await dialog.locator("button[type=submit]").click()
    await expect(keeper.page.locator("#rotation-said")).to_have_attribute("data-outcome", "done")
    await expect(row).to_have_class(re.compile("is-done"))
    await keeper.shot("carried-out")

    await planner.open(line)
    settle = page.locator("form[data-api$='/settle']")
    await settle.locator("[name=paid_fen]").fill("12.5")
    await settle.locator("[name=proof]").fill("演练记录 2026-3")
    async with page.expect_event("load"):
        await settle.locator("button[type=submit]").click()
    await expect(page.locator("dl.facts")).to_contain_text("12.50")
    await planner.shot("settled", full=True)

    await page.locator("main a[href^='/rotation/plans/']").first.click()
    await expect(page.locator(".big-figure").first).to_be_visible()
    await planner.shot("plan")
    paper = await page.request.get(planner.url + (await page.locator("a[href$='/paper']").get_attribute("href") or ""))
    assert (await paper.body()).startswith(b"%PDF")
    for name in ("calendar", "risk", "policies"):
        await planner.open(f"/rotation/{name}")
        await planner.shot(name, full=True)
        if name == "calendar":
            # The whole month stands in its card: nothing lies over the last week.
            card = await page.locator("section.card", has=page.locator("table.sheet-month")).bounding_box()
            week = await page.locator("table.sheet-month tbody tr").last.bounding_box()
            assert card
            assert week
            assert week["height"] > 30
            assert week["width"] > 0.9 * card["width"] - 60
            assert week["y"] + week["height"] <= card["y"] + card["height"]
