"""What a keeper is told at once, without a reload: a pick list that a colleague makes, goods that come to his store."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from catalog.kernel.time import SHANGHAI
from tests.journeys.conftest import Desk, Opened
from tests.journeys.store import COLLEAGUE, GATE, GATE_SITE, KEEPER, SITE, Store
from tests.journeys.test_board import RING, SEEN_MS, act


async def _listening(desk: Desk, path: str) -> None:
    """A page on which a sound would ring, with its stream open."""
    await desk.page.add_init_script(RING)
    await desk.open(path)
    await desk.page.evaluate("window.stillHere = true")
    while not await desk.page.evaluate("localStorage.getItem('beiyu.stream.last')"):
        await asyncio.sleep(0.1)


@pytest.mark.parametrize(("language", "width", "item"), [("zh", 1280, "DL-0003"), ("en", 360, "DL-0004")])
async def test_a_new_pick_list_is_heard_and_seen_without_a_reload(
    desk: Opened, language: str, width: int, item: str
) -> None:
    keeper = await desk(KEEPER, language=language, width=width)
    page = keeper.page
    await _listening(keeper, "/picks")
    colleague = await desk(COLLEAGUE, language=language)
    await colleague.open("/picks")
    wanted = {"site": SITE, "name": f"红十字会 {language}", "wanted": [{"item": item, "quantity": 5}]}
    number = (await act(colleague, "POST", "picks", wanted))["number"]
    await expect(page.locator("#toast")).to_contain_text(number, timeout=SEEN_MS)
    await expect(page.locator("#part table.list")).to_contain_text(number, timeout=SEEN_MS)
    assert await page.evaluate("window.rung") > 0
    assert await page.evaluate("window.stillHere")
    await keeper.shot("told")
    # Who made it hears nothing of it, and a list that ends is no new task.
    assert number not in (await colleague.page.locator("#toast").text_content() or "")


@pytest.mark.parametrize(("language", "width", "path"), [("zh", 360, "/"), ("en", 1280, "/shipments")])
async def test_goods_on_their_way_are_heard_and_seen_where_they_come(
    desk: Opened, store: Store, language: str, width: int, path: str
) -> None:
    gate = await desk(GATE, language=language, width=width)
    await _listening(gate, path)
    sender = await desk(KEEPER, language=language)
    await sender.open("/shipments")
    name = f"coming {language}"
    said = {
        "site": SITE, "to_site": GATE_SITE, "plate": "苏D12345", "driver": "赵师傅",
        "lines": [{"lot": store.lot(name), "bin": store.bin(57 if language == "zh" else 58), "quantity": 10}],
    }  # fmt: skip
    made = await act(sender, "POST", "shipments", said)
    await act(sender, "POST", f"shipments/{made['id']}/load", {"lines": [{"line": 1, "quantity": 10}]})
    leaves = datetime.now(UTC) + timedelta(hours=1)
    range_ = {"eta_from": leaves.isoformat(), "eta_to": (leaves + timedelta(hours=1)).isoformat()}
    await act(sender, "POST", f"shipments/{made['id']}/depart", range_)
    await expect(gate.page.locator("#toast")).to_contain_text(made["number"], timeout=SEEN_MS)
    where = gate.page.locator("[data-task=coming]" if path == "/" else "#coming")
    await expect(where).to_contain_text(made["number"], timeout=SEEN_MS)
    await expect(where).to_contain_text(f"{leaves.astimezone(SHANGHAI):%H:%M}")
    assert await gate.page.evaluate("window.rung") > 0
    assert await gate.page.evaluate("window.stillHere")
    await gate.shot("coming")
    # Who sent it has nothing to receive and hears nothing.
    assert made["number"] not in (await sender.page.locator("#toast").text_content() or "")
    await sender.open(path)
    await expect(sender.page.locator("[data-task=coming], #coming")).to_have_count(0)
