"""A keeper loads, the driver leaves, the receiver's phone takes it in short by one, a case opens and is settled."""

import re
from io import BytesIO

import pytest
from PIL import Image
from playwright.async_api import Locator, Page, expect

from tests.journeys.conftest import Opened, Store
from tests.journeys.store import GATE, GATE_SITE, KEEPER, SITE

SCREENS = [("zh", 1280), ("zh", 360), ("en", 1280), ("en", 360)]
BIN = {"zh-1280": 54, "zh-360": 55, "en-1280": 56, "en-360": 57}


async def pressed(page: Page, button: str) -> None:
    """Press, confirm where asked, and wait for the page that follows."""
    asks = await page.locator(button).get_attribute("data-confirm")
    async with page.expect_event("load"):
        await page.click(button)
        if asks:
            await page.locator("dialog[open] .btn-primary").click()


@pytest.mark.parametrize(("language", "width"), SCREENS)
async def test_loaded_on_the_road_and_received_short_by_one(
    desk: Opened, store: Store, language: str, width: int
) -> None:
    which = f"{language}-{width}"
    keeper = await desk(KEEPER, language=language, width=width)
    page = keeper.page
    await keeper.open("/shipments/new")
    await page.select_option("[name=site]", SITE)
    await page.fill("[name=to_site]", GATE_SITE)
    await page.fill("#lines [name=lot]", store.lot(f"ship {which}"))
    await page.fill("#lines [name=bin]", store.bin(BIN[which]) if width == 360 else store.code(BIN[which]))
    await page.fill("#lines [name=quantity]", "10")
    await keeper.shot("form", full=True)
    await page.click("form[data-api] .btn-lg")
    await expect(page).to_have_url(re.compile("/shipments/[0-9a-f-]{36}$"))
    card = page.url
    await keeper.shot("prepared", full=True)

    await pressed(page, "#lines form .btn-lg")
    await expect(page.locator("#depart")).to_have_count(0)  # nobody drives yet
    vehicle = page.locator("form[data-version]")
    await vehicle.locator("[name=plate]").fill("苏D12345")
    await vehicle.locator("[name=driver]").fill("赵师傅")
    async with page.expect_event("load"):
        await vehicle.locator("button[type=submit]").click()
    await page.fill("#depart [name=eta_from]", "1")
    await page.fill("#depart [name=eta_to]", "2")
    await keeper.shot("loaded", full=True)
    await pressed(page, "#depart .btn-lg")
    await page.fill("#report [name=place]", "戚墅堰收费站")
    await pressed(page, "#report button[type=submit]")
    await expect(page.locator("#reports")).to_contain_text("戚墅堰收费站")
    await keeper.shot("on-the-road", full=True)

    gate = await desk(GATE, language=language, width=width)
    await gate.open("/shipments")
    await gate.shot("list")
    await gate.page.goto(card + "/receive")
    await gate.page.fill("[name=receiver]", "王镇长")
    await gate.page.fill("[name=accepted]", "12")
    gate.expected = (400, 409)
    await gate.page.fill("[name=reason]", "多出两件")
    await gate.page.click("#receive .btn-lg")
    await expect(gate.page.locator("#receive .form-problem")).to_be_visible()
    gate.expected = ()
    await gate.page.fill("[name=accepted]", "9")
    await gate.page.fill("[name=reason]", "少一件，包装完好")
    await _sign(gate.page, "files")
    await gate.page.click("#receive details:has([name=driver_files]) summary")
    await expect(gate.page.locator("#receive [name=driver]")).to_have_value("赵师傅")
    await _sign(gate.page, "driver_files")
    await gate.shot("receive", full=True)
    sent: list[str] = []
    gate.page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    await gate.page.dblclick("#receive .btn-lg")
    await expect(gate.page).to_have_url(card)
    signature = gate.page.locator("#photos .photo img").first
    await expect(signature).to_be_visible()
    assert await _dark_pixels(gate.page, signature) > 100
    await expect(gate.page.locator(".alert-line.tag-damaged").first).to_be_visible()
    await gate.shot("received-short", full=True)
    assert [url.rpartition("/")[2] for url in sent] == [
        "files",
        "files",
        "receive",
    ]  # the second press signed nothing again

    await page.goto(card)
    await expect(page.locator("form[data-api$='/close']")).to_have_count(0)
    await keeper.open("/cases")
    case = page.locator("section.card", has=page.locator(f"a[href='{card.removeprefix(keeper.url)}']"))
    await expect(case).to_contain_text("少一件，包装完好")
    await keeper.shot("case")
    # It was under the pallet: found at the gate. The case is settled, then the shipment closes.
    await gate.page.fill("#lines [name=note]", "压在垫木下")
    await pressed(gate.page, "#lines button[data-api$='/find']")
    await case.locator("details.by-hand").first.locator("summary").click()
    await case.locator("[name=outcome]").first.select_option("found")
    await case.locator("[name=settlement]").fill("卸车时压在垫木下")
    async with page.expect_event("load"):
        await case.locator("form[data-api$='/settle'] button[type=submit]").click()
    await page.goto(card)
    await pressed(page, "form[data-api$='/close'] button")
    await expect(page.locator("form[data-api$='/close']")).to_have_count(0)
    await keeper.shot("closed", full=True)


async def _sign(page: Page, field: str) -> None:
    """Two strokes with the mouse; a first try is cleared."""
    pad = page.locator(f"#receive [data-signature]:has([name={field}])")
    sheet = pad.locator("canvas")
    await sheet.evaluate(
        "(sheet) => sheet.scrollIntoView({ block: 'center', behavior: 'instant' })"
    )  # not below the bar of a phone
    box = await sheet.bounding_box()
    assert box is not None
    for attempt in ("cleared", "kept"):
        for start, end in (((0.2, 0.2), (0.7, 0.8)), ((0.7, 0.2), (0.2, 0.8))):
            await page.mouse.move(box["x"] + start[0] * box["width"], box["y"] + start[1] * box["height"])
            await page.mouse.down()
            await page.mouse.move(box["x"] + end[0] * box["width"], box["y"] + end[1] * box["height"], steps=8)
            await page.mouse.up()
        if attempt == "cleared":
            await pad.locator("[data-clear]").click()


async def _dark_pixels(page: Page, image: Locator) -> int:
    """How much ink is in a picture as it is kept."""
    address = await image.get_attribute("src")
    answer = await page.request.get(f"{page.url.split('/shipments')[0]}{address}")
    picture = Image.open(BytesIO(await answer.body())).convert("L")
    return sum(picture.histogram()[:100])
