"""A typhoon night at a tablet, by keyboard: three towns, double presses, a lost answer, a rival, and no right."""

import re

from playwright.async_api import Route, expect

from tests.journeys.conftest import Opened
from tests.journeys.store import APPROVER, DISPATCHER, READER
from tests.journeys.test_board import act, look
from tests.journeys.test_requisitions import press

TOWNS = ("wujin", "xinbei", "liyang")
ITEM, NAME = "ZJ-0014", "蜡烛"


async def test_needs_of_three_towns_to_held_goods_under_stress(desk: Opened) -> None:
    boss = await desk(APPROVER, width=820, height=1180)
    page = boss.page
    await boss.open("/incidents/new")
    await page.fill("[name=name]", "台风“烟花” 夜")
    await page.select_option("[name=hazard]", "typhoon")
    await page.select_option("[name=region]", "changzhou")
    await page.select_option("[name=level]", "2")
    await page.fill("[name=reason]", "红色预警")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/incidents/[0-9a-f-]{36}$"))
    incident = page.url
    # Three lines, from the keyboard alone: each new line begins in its first field.
    await page.locator("[data-row] [name=item]").first.focus()
    for turn, town in enumerate(TOWNS):
        await page.keyboard.type(NAME if turn else ITEM)  # a name typed in full is as good as its key
        row = page.locator("[data-row]").nth(turn)
        await row.locator("[name=quantity]").fill("5")
        await expect(row.locator("[name=item]")).to_have_value(ITEM)
        await row.locator("[name=region]").select_option(town)
        await expect(row.locator("[name=priority]")).to_have_value("2")  # no line is graver by itself than another
        if turn + 1 < len(TOWNS):
            await page.locator("[data-add-row]").focus()
            await page.keyboard.press("Enter")
            await expect(page.locator("[data-row] [name=item]").nth(turn + 1)).to_be_focused()
    await boss.shot("needs", full=True)
    async with page.expect_event("load"):
        await page.locator("form[data-api$='/needs'] .btn-lg").dblclick()
    await expect(page.locator("#needs table.list tbody tr")).to_have_count(3)

    dispatcher = await desk(DISPATCHER, width=820, height=1180)
    page = dispatcher.page
    await page.goto(incident)
    await page.click("#requisitions a.btn")
    await page.fill("[name=own_stock]", "本级已全部动用")
    # The answer is lost on its way: it says so, and the second press finds what the first has made.
    lost = 0

    async def lose(route: Route) -> None:
        nonlocal lost
        lost += 1
        answer = await route.fetch()
        assert answer.ok
        await route.abort() if lost == 1 else await route.fulfill(response=answer)

    await page.route("**/api/v1/requisitions", lose)
    await page.locator("form[data-api$='/requisitions'] .btn-primary").click()
    await expect(page.locator("form[data-api$='/requisitions'] .form-problem")).to_contain_text("没有回应")
    await dispatcher.shot("lost")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/requisitions/[0-9a-f-]{36}$"))
    requisition = page.url
    await page.goto(incident)
    await expect(page.locator("#requisitions li")).to_have_count(1)

    await boss.page.goto(requisition)
    async with boss.page.expect_event("load"):
        await boss.page.locator("button[data-api$='/approve']").dblclick()
    await page.goto(requisition)
    await press(page, "button[data-api$='/plan']")
    await dispatcher.shot("plan", full=True)
    # A rival takes the goods while the plan stands on the screen: the refusal names the line.
    rival = await desk(DISPATCHER)
    await rival.open("/requisitions")
    line = {"region": "wujin", "item": ITEM, "quantity": 20, "priority": 1}
    said = {"region": "changzhou", "reason": "抢在前面", "own_stock": "无", "lines": [line], "submit": True}
    made = await act(rival, "POST", "requisitions", said)
    await act(boss, "POST", f"requisitions/{made['id']}/approve")
    plan = (await act(rival, "POST", f"requisitions/{made['id']}/plan"))["plan"]
    await act(rival, "POST", f"requisitions/{made['id']}/accept", {"plan": plan})
    dispatcher.expected = (409,)
    await page.click("form[data-api$='/accept'] button[type=submit]")
    problem = page.locator("form[data-api$='/accept'] .form-problem")
    await expect(problem).to_be_visible()
    await expect(problem).to_contain_text("1")
    await dispatcher.shot("rival", full=True)
    dispatcher.expected = ()
    await press(page, "form[data-api$='/plan'] button[type=submit]")
    await dispatcher.shot("planned again", full=True)
    assert (await look(dispatcher, requisition.rpartition("/")[0].replace(dispatcher.url + "/", "")))["items"]

    reader = await desk(READER, width=820, height=1180)
    reader.expected = (403,)
    await reader.open("/requisitions/new")
    await expect(reader.page.locator("#main")).to_contain_text("没有")
    await reader.shot("no right")
