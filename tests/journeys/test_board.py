"""The dispatcher's board: from an incident to goods that are accounted for, each step seen without a reload."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from tests.journeys import looks
from tests.journeys.conftest import Desk, Opened
from tests.journeys.store import APPROVER, DISPATCHER, GATE, KEEPER, Store

SCREENS = [("zh", 1280, 900, False), ("en", 768, 1024, True), ("zh", 360, 740, False), ("en", 360, 740, True)]
ITEMS = {"zh-1280": "BF-0007", "en-768": "BF-0011", "zh-360": "ZJ-0013", "en-360": "DL-0002"}
SEEN_MS = 15_000
STATE = "#board-state"


async def act(desk: Desk, method: str, path: str, body: Any = None) -> Any:
    """What somebody does elsewhere, through the API, with the rights of the desk's person."""
    token = await desk.page.locator("meta[name=csrf-token]").get_attribute("content")
    headers = {"X-CSRF-Token": token or "", "Idempotency-Key": str(uuid4())}
    answer = await desk.page.request.fetch(
        f"{desk.url}/api/v1/{path}", method=method, data=body if body is not None else {}, headers=headers
    )
    assert answer.ok, f"{method} {path}: {answer.status} {await answer.text()}"
    return await answer.json()


async def look(desk: Desk, path: str) -> Any:
    answer = await desk.page.request.get(f"{desk.url}/api/v1/{path}")
    assert answer.ok, await answer.text()
    return await answer.json()


def card(page: Page, column: str, key: str) -> Any:
    return page.locator(f"[data-cards={column}] [data-card={key}]")


async def listening(page: Page) -> None:
    """The stream stands: what happens from now on is told."""
    await expect(page.locator(STATE)).to_have_attribute("data-state", "live", timeout=SEEN_MS)


async def well(page: Page) -> None:
    """It reads well, fits, and has not moved by itself."""
    assert await looks.contrast(page) == []
    assert await looks.access(page) == []
    assert await looks.sideways(page) == 0


async def needing(desk: Desk, name: str, item: str) -> tuple[str, str]:
    """An incident at level II with one need; their ids."""
    said = {"name": name, "hazard": "typhoon", "region": "liyang", "level": 2, "reason": "堤防出险"}
    incident = (await act(desk, "POST", "incidents", said))["id"]
    need = {"region": "liyang", "item": item, "quantity": 12, "priority": 1, "own_stock_used": "本级已用完"}
    made = await act(desk, "POST", f"incidents/{incident}/needs", {"needs": [need]})
    return incident, made["needs"][0]


async def sourced(boss: Desk, dispatcher: Desk, incident: str, need: str) -> tuple[str, str]:
    """Asked for, approved, planned and held; the requisition and its release order."""
    said = {"region": "liyang", "reason": "安置", "incident": incident, "needs": [need], "submit": True}
    written = await act(dispatcher, "POST", "requisitions", {**said, "own_stock": "已用完"})
    requisition = written["id"]
    await act(boss, "POST", f"requisitions/{requisition}/approve")
    plan = (await act(dispatcher, "POST", f"requisitions/{requisition}/plan"))["plan"]
    await act(dispatcher, "POST", f"requisitions/{requisition}/accept", {"plan": plan})
    (order,) = (await look(dispatcher, f"releases?q={written['number']}"))["items"]
    return requisition, order["id"]


@pytest.mark.parametrize(("language", "width", "height", "dark"), SCREENS)
async def test_every_step_is_seen_without_a_reload(
    desk: Opened, store: Store, language: str, width: int, height: int, dark: bool
) -> None:
    which = f"{language}-{width}"
    watching = await desk(DISPATCHER, language=language, width=width, height=height, dark=dark)
    page = watching.page
    await page.add_init_script(looks.WATCH_SHIFTS)
    await watching.open("/board")
    await listening(page)
    await page.evaluate("window.stillHere = true")
    boss, keeper, gate = await desk(APPROVER), await desk(KEEPER), await desk(GATE)
    for other in (boss, keeper, gate):
        await other.open("/glossary")

    incident, need = await needing(boss, f"台风“{which}”", ITEMS[which])
    await expect(card(page, "wanted", f"need-{need}")).to_have_count(1, timeout=SEEN_MS)
    await well(page)
    await watching.shot("wanted")
    _, order = await sourced(boss, watching, incident, need)
    await expect(card(page, "sourced", f"order-{order}")).to_have_count(1, timeout=SEEN_MS)
    await expect(card(page, "wanted", f"need-{need}")).to_have_count(0)
    await act(boss, "POST", f"releases/{order}/release")
    await expect(card(page, "picking", f"order-{order}")).to_have_count(1, timeout=SEEN_MS)
    await watching.shot("picking")
    trip = (await act(keeper, "POST", f"releases/{order}/shipments", {"plate": "苏D·B" + which, "driver": "赵师傅"}))[
        "id"
    ]
    await expect(card(page, "picking", f"order-{order}").locator(".board-sub")).to_have_count(1, timeout=SEEN_MS)
    lines = (await look(keeper, f"shipments/{trip}"))["lines"]
    goods = [{"line": line["line"], "quantity": line["quantity"]} for line in lines]
    await act(keeper, "POST", f"shipments/{trip}/load", {"lines": goods})
    await act(keeper, "POST", f"shipments/{trip}/depart")
    await expect(card(page, "on_road", f"trip-{trip}")).to_have_count(1, timeout=SEEN_MS)
    await act(keeper, "POST", f"shipments/{trip}/report", {"place": "戚墅堰收费站"})
    await expect(card(page, "on_road", f"trip-{trip}")).to_contain_text("戚墅堰收费站", timeout=SEEN_MS)
    await watching.shot("on-the-road")
    await act(gate, "POST", f"shipments/{trip}/arrive")
    await expect(card(page, "arrived", f"trip-{trip}")).to_have_count(1, timeout=SEEN_MS)
    taken = [{"line": line["line"], "accepted": line["quantity"]} for line in lines]
    await act(gate, "POST", f"shipments/{trip}/receive", {"lines": taken, "receiver": "王镇长"})
    done = card(page, "arrived", f"trip-{trip}").locator(".tag-good")
    await expect(done).to_have_count(1, timeout=SEEN_MS)
    await well(page)
    await watching.shot("accounted-for")
    moved, what = await looks.shift(page)
    assert moved < 0.1, f"moved by {moved:.3f}: {what}"
    assert await page.evaluate("window.stillHere"), "it was all seen without the page being loaded anew"

    # A figure and the list behind it say the same, of this incident alone.
    await watching.open(f"/board?incident={incident}")
    await expect(page.locator("[data-figure=arrived]")).to_have_text("0")
    part = page.locator("[data-column=arrived] .board-parts li").last
    assert await part.locator("strong").inner_text() == "1"
    await page.evaluate("document.querySelectorAll('[data-column=arrived] .board-parts a')[2].click()")
    await expect(page.locator("table.list tbody tr")).to_have_count(1)


async def test_focus_place_and_keys(desk: Opened, store: Store) -> None:
    """Arrows walk, letters lead, and what comes in takes neither the focus nor the place."""
    watching, boss = await desk(DISPATCHER), await desk(APPROVER)
    page = watching.page
    await boss.open("/glossary")
    said = {"name": "台风“按键”", "hazard": "flood", "region": "wujin", "level": 3, "reason": "水位上涨"}
    incident = (await act(boss, "POST", "incidents", said))["id"]
    need = {"region": "wujin", "item": "LS-0012", "quantity": 3, "priority": 2, "own_stock_used": "无"}
    added = await act(boss, "POST", f"incidents/{incident}/needs", {"needs": [need] * 12})
    await watching.open(f"/board?incident={incident}")
    await listening(page)
    await page.keyboard.press("1")
    focused = "document.activeElement.closest('[data-card]').dataset.card"
    assert await page.evaluate(focused) == f"need-{added['needs'][0]}"
    for _ in range(9):
        await page.keyboard.press("ArrowDown")
    mine = f"need-{added['needs'][9]}"
    assert await page.evaluate(focused) == mine
    top = "document.activeElement.getBoundingClientRect().top"
    before = await page.evaluate(top)
    urgent = {**need, "priority": 1, "quantity": 4}
    first = (await act(boss, "POST", f"incidents/{incident}/needs", {"needs": [urgent] * 2}))["needs"][0]
    await expect(card(page, "wanted", f"need-{first}")).to_have_count(1, timeout=SEEN_MS)
    assert await page.evaluate(focused) == mine
    assert abs(await page.evaluate(top) - before) < 2, "the focused card stays where it is"
    await watching.shot("focus-kept")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(f"{watching.url}/incidents/{incident}#needs")  # two presses from the board
    await watching.open(f"/board?incident={incident}")
    await page.keyboard.press("f")
    assert await page.evaluate("document.activeElement.name") == "incident"
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("n")
    await expect(page.locator("table.list tbody tr")).to_have_count(14)
    await well(page)
    await watching.shot("list")


async def test_a_cut_line_is_said_and_nothing_is_missed(desk: Opened, store: Store) -> None:
    watching, boss = await desk(DISPATCHER, language="en"), await desk(APPROVER)
    page = watching.page
    await boss.open("/glossary")
    await watching.open("/board")
    await listening(page)
    await page.context.set_offline(True)
    await expect(page.locator(STATE)).to_have_attribute("data-state", "cut", timeout=SEEN_MS)
    await expect(page.locator(STATE)).to_contain_text("No connection since")
    await watching.shot("cut")
    said = {"name": "台风“断网”", "hazard": "flood", "region": "wujin", "level": 3, "reason": "水位上涨"}
    incident = (await act(boss, "POST", "incidents", said))["id"]
    need = {"region": "wujin", "item": "LS-0012", "quantity": 3, "own_stock_used": "无"}
    made = (await act(boss, "POST", f"incidents/{incident}/needs", {"needs": [need]}))["needs"][0]
    await page.context.set_offline(False)
    await expect(card(page, "wanted", f"need-{made}")).to_have_count(1, timeout=SEEN_MS)
    await expect(page.locator(STATE)).not_to_have_attribute("data-state", "cut")


RING = """
window.rung = 0;
const Real = window.AudioContext;
window.AudioContext = class extends Real {
  createOscillator() { window.rung += 1; return super.createOscillator(); }
};
"""


@pytest.mark.parametrize(("language", "width", "item"), [("zh", 1280, "LS-0005"), ("en", 360, "LS-0006")])
async def test_the_store_hears_at_once_what_it_has_to_pick(
    desk: Opened, store: Store, language: str, width: int, item: str
) -> None:
    keeper = await desk(KEEPER, language=language, width=width)
    boss, dispatcher = await desk(APPROVER), await desk(DISPATCHER)
    page = keeper.page
    await page.add_init_script(RING)
    await page.add_init_script(looks.WATCH_SHIFTS)
    await boss.open("/glossary")
    await dispatcher.open("/glossary")
    incident, need = await needing(boss, f"台风“拣货 {language}”", item)
    _, order = await sourced(boss, dispatcher, incident, need)
    await keeper.open("/")
    while not await page.evaluate("localStorage.getItem('beiyu.stream.last')"):
        await asyncio.sleep(0.1)
    waiting = int(await page.locator("[data-tasks-line] [data-task-count]").get_attribute("data-task-count") or 0)
    name = (await act(boss, "POST", f"releases/{order}/release"))["number"]
    await expect(page.locator("#toast")).to_contain_text(name, timeout=SEEN_MS)
    await expect(page.locator("[data-task-count]")).to_have_attribute("data-task-count", str(waiting + 1))
    await expect(page.locator("[data-tasks-count]")).to_have_text(str(waiting + 1))
    assert await page.evaluate("window.rung") > 0
    await well(page)
    assert (await looks.shift(page))[0] < 0.1
    await keeper.shot("told")
    # The sound can be off; what waits stays in sight, on every page, until somebody begins.
    await page.click("[data-mute]")
    assert await page.evaluate("localStorage.getItem('beiyu.muted')") == "yes"
    await keeper.open("/shipments")
    await expect(page.locator("[data-task-count]")).to_have_attribute("data-task-count", str(waiting + 1))
    await keeper.shot("shipments")
    trip = (await act(keeper, "POST", f"releases/{order}/shipments"))["id"]
    lines = (await look(keeper, f"shipments/{trip}"))["lines"]
    goods = [{"line": line["line"], "quantity": line["quantity"]} for line in lines]
    await act(keeper, "POST", f"shipments/{trip}/load", {"lines": goods})
    await expect(page.locator("[data-task-count]")).to_have_attribute("data-task-count", str(waiting), timeout=SEEN_MS)


@pytest.mark.parametrize(("language", "width", "dark"), [("zh", 1280, False), ("en", 360, True)])
async def test_the_map_needs_no_tiles_and_the_list_says_the_same(
    desk: Opened, store: Store, language: str, width: int, dark: bool
) -> None:
    watching, boss = await desk(DISPATCHER, language=language, width=width, dark=dark), await desk(APPROVER)
    page = watching.page
    await boss.open("/glossary")
    said = {"name": f"台风“地图 {language}”", "hazard": "flood", "region": "wujin", "level": 3, "reason": "水位上涨"}
    incident = (await act(boss, "POST", "incidents", said))["id"]
    need = {"region": "wujin", "item": "LS-0012", "quantity": 3, "own_stock_used": "无", "lat": 31.7, "lon": 119.95}
    await act(boss, "POST", f"incidents/{incident}/needs", {"needs": [need, {**need, "lat": None, "lon": None}]})
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    await watching.open(f"/board/map?incident={incident}")
    wanted = page.locator("[data-kind=wanted]")
    await expect(wanted).to_have_count(2)
    await expect(page.locator(".map-spot .spot-wanted")).to_have_count(2)
    await expect(page.locator("[data-kind=wanted][data-vague]")).to_have_count(1)
    spots = await page.locator("[data-spot][data-lat]").count()
    await expect(page.locator(".map-spot")).to_have_count(spots)
    await well(page)
    await watching.shot("map")
    # What comes in while it is looked at stands there too.
    while not await page.evaluate("localStorage.getItem('beiyu.stream.last')"):
        await asyncio.sleep(0.1)
    more = await act(boss, "POST", f"incidents/{incident}/needs", {"needs": [{**need, "lat": 31.75}]})
    await expect(page.locator(f"[data-spot=need-{more['needs'][0]}]")).to_have_count(1, timeout=SEEN_MS)
    await expect(page.locator(".map-spot .spot-wanted")).to_have_count(3)
    # By keyboard: a marker opens its card, the card leads on.
    await page.locator(".map-spot").filter(has=page.locator(".spot-wanted")).last.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".map-card a")).to_have_attribute("href", f"/incidents/{incident}#needs")
    await watching.shot("card")
    assert all(one.startswith((watching.url, "data:", "blob:")) for one in asked), "nothing comes from elsewhere"
