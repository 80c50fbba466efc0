"""Goods were taken by a more urgent need: who held them hears it at once, and sees what the house planned instead."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from playwright.async_api import expect

from api import database as api_database
from api import replanning
from api.watch import Watch
from tests.journeys.conftest import Opened
from tests.journeys.store import APPROVER, DISPATCHER, Store
from tests.journeys.test_board import act, look
from warehouse.alerts import actions

HEARD_MS = 30_000
SCREENS = [("zh", 1280, "SJ-0005"), ("en", 820, "TX-0002")]


@pytest_asyncio.fixture
async def watch(store: Store) -> AsyncIterator[None]:
    """The watch over stock and requisitions, as it runs beside the server."""
    assert store.database is not None
    await api_database.close_pool()
    api_database.configure(store.database.app_url)
    await api_database.open_pool(1, 3)
    await actions.judge_all(now=datetime.now(UTC))
    task = asyncio.create_task(Watch(first_seconds=0).run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await api_database.close_pool()


@pytest.mark.parametrize(("language", "width", "item"), SCREENS)
async def test_the_loser_sees_who_took_what_and_what_is_planned_instead(
    desk: Opened, store: Store, watch: None, language: str, width: int, item: str
) -> None:
    boss = await desk(APPROVER, language=language)
    await boss.open("/incidents")
    grave = {
        "name": f"台风“桑美” {language}", "hazard": "typhoon", "region": "changzhou", "level": 1, "reason": "红色预警",
        "occurred_at": datetime.now(UTC).isoformat(),
    }  # fmt: skip
    incident = (await act(boss, "POST", "incidents", grave))["id"]
    mine = await desk(DISPATCHER, language=language, width=width)
    rival = await desk(DISPATCHER, language=language)
    await mine.open("/requisitions")
    await rival.open("/requisitions")

    async def planned(who: object, quantity: int, priority: int, town: str) -> tuple[str, str]:
        line = {"region": town, "item": item, "quantity": quantity, "priority": priority}
        said = {"region": "changzhou", "incident": incident, "reason": town, "own_stock": "本级", "lines": [line]}
        made = await act(mine, "POST", "requisitions", {**said, "submit": True})
        at = f"requisitions/{made['id']}"
        await act(boss, "POST", f"{at}/approve")
        return made["id"], (await act(mine, "POST", f"{at}/plan"))["plan"]

    loser, plan = await planned(mine, 16, 3, "wujin")
    await act(mine, "POST", f"requisitions/{loser}/accept", {"plan": plan})
    page = mine.page
    await mine.open(f"/requisitions/{loser}")
    await expect(page.locator("#orders tbody tr")).to_have_count(1)
    while not await page.evaluate("localStorage.getItem('beiyu.stream.last')"):
        await asyncio.sleep(0.1)
    # Next door somebody needs 14 of the 20 at once: 4 are free, 10 are taken from what waits here.
    taker, other = await planned(rival, 14, 1, "xinbei")
    await act(rival, "POST", f"requisitions/{taker}/accept", {"plan": other})

    (taken,) = (await look(mine, f"requisitions/{loser}"))["taken"]
    assert (taken["quantity"], taken["priority"]) == (10, 1)
    # The page that stands open says so by itself.
    await expect(page.locator("#changed")).to_be_visible(timeout=HEARD_MS)
    await mine.shot("changed")
    await page.click("#changed button")
    number = (await look(rival, f"requisitions/{taker}"))["number"]
    banner = page.locator("#taken")
    await expect(banner).to_contain_text(number)
    await expect(banner).to_contain_text("10")
    await expect(page.locator("#lines tbody tr")).to_contain_text("10")  # open again
    await mine.shot("taken", full=True)

    await replanning.turn(datetime.now(UTC))
    await expect(page.locator("#changed")).to_be_visible(timeout=HEARD_MS)
    await page.click("#changed button")
    await expect(page.locator("#plan")).to_contain_text("10")  # what stays uncovered
    await mine.shot("planned anew", full=True)
    await mine.open("/alerts?whose=mine")
    await expect(page.locator("#part")).to_contain_text(number, timeout=HEARD_MS)
    await mine.shot("alert")
