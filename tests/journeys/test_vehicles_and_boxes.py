"""A lorry is registered, planned with, loaded by the labels of boxes, received by scanning them, signed for on the
screen; the papers say so."""

import io
import re
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pytest
from playwright.async_api import Page, expect
from pypdf import PdfReader

from labels.codes.symbols import SymbolKind
from tests.journeys.conftest import SCREENSHOTS, Opened, Store
from tests.journeys.store import APPROVER, DISPATCHER, GATE, GATE_SITE, KEEPER, SITE
from tests.journeys.test_requisitions import press
from tests.journeys.test_shipments import _sign, pressed
from tests.labels.eyes import decode

ITEMS = {"zh": "XF-0009", "en": "XF-0010"}
PLATES = {"zh": "苏DD10001", "en": "苏DD10002"}


async def register(keeper: Any, plate: str) -> None:
    """The keeper's lorry; a plate of no civil pattern is asked about first."""
    page = keeper.page
    await keeper.open("/vehicles/new")
    await page.fill("[name=plate]", f"{plate}88")
    await page.select_option("[name=kind]", "box")
    await page.fill("[name=max_weight_kg]", "3000")
    await page.fill("[name=max_volume_l]", "12000")
    await page.select_option("[name=site]", SITE)
    await page.fill("[name=driver]", "赵师傅")
    await page.fill("[name=phone]", "13800000000")
    keeper.expected = (409,)
    await page.click("button[type=submit].btn-lg")
    await expect(page.locator(".form-problem")).to_be_visible()
    await keeper.shot("plate-asked-about", full=True)
    keeper.expected = ()
    await page.fill("[name=plate]", plate)
    await page.click("button[type=submit].btn-lg")
    await expect(page).to_have_url(re.compile("/vehicles/[0-9a-f-]{36}$"))
    await keeper.shot("vehicle", full=True)
    await keeper.open("/vehicles?sort=weight")
    await expect(page.locator("table.list")).to_contain_text(plate)
    await keeper.shot("vehicles", full=True)


async def released(desk: Opened, language: str, width: int, name: str) -> str:
    """Twelve of the goods, planned with a vehicle, held, and let go by their owner; the order's address."""
    boss = await desk(APPROVER, language=language, width=width)
    page = boss.page
    await boss.open("/incidents/new")
    await page.fill("[name=name]", name)
    await page.select_option("[name=hazard]", "typhoon")
    await page.select_option("[name=region]", "wujin")
    await page.select_option("[name=level]", "2")
    await page.fill("[name=reason]", "堤防出险")
    await page.click("button[type=submit].btn-primary")
    await expect(page).to_have_url(re.compile("/incidents/[0-9a-f-]{36}$"))
    row = page.locator("[data-row]").first
    await row.locator("[name=item]").fill(ITEMS[language])
    await row.locator("[name=quantity]").fill("12")
    await row.locator("[name=region]").select_option("wujin")
    await press(page, "form[data-api$='/needs'] button[type=submit]")
    incident = page.url.partition("#")[0]
    dispatcher = await desk(DISPATCHER, language=language, width=width)
    page = dispatcher.page
    await page.goto(incident)
    await page.click("#requisitions a.btn")
    await page.fill("[name=own_stock]", "本级已全部动用")
    await press(page, "button[type=submit].btn-primary")
    await expect(page).to_have_url(re.compile("/requisitions/[0-9a-f-]{36}$"))
    requisition = page.url
    await boss.page.goto(requisition)
    await press(boss.page, "button[data-api$='/approve']")
    await page.goto(requisition)
    await press(page, "button[data-api$='/plan']")
    await expect(page.locator("#loads .tag").first).to_contain_text("苏DD1000")
    await expect(page.locator("#loads .tag-good")).to_have_count(1)
    await dispatcher.shot("plan-with-vehicle", full=True)
    await press(page, "form[data-api$='/accept'] button[type=submit]")
    await page.locator("#orders table.list tbody tr a").first.click()
    await expect(page).to_have_url(re.compile("/releases/"))
    release = page.url
    await boss.page.goto(release)
    await boss.page.fill("#word [name=paper_number]", "常应急动〔2026〕10号")
    await press(boss.page, "#word button[type=submit]")
    return str(release)


async def paper(page: Page, address: str, name: str) -> bytes:
    """A PDF, kept beside the screenshots to be looked at."""
    body = await (await page.request.get(address)).body()
    assert body.startswith(b"%PDF")
    Path(SCREENSHOTS / f"{name}.pdf").write_bytes(body)
    return bytes(body)


@pytest.mark.parametrize(("language", "width"), [("zh", 1280), ("en", 360)])
async def test_from_the_lorry_to_the_signed_receipt(desk: Opened, store: Store, language: str, width: int) -> None:
    keeper = await desk(KEEPER, language=language, width=width)
    await register(keeper, PLATES[language])
    release = await released(desk, language, width, f"台风“玛娃” {language}{width}")
    page = keeper.page
    await page.goto(release.replace("/releases/", "/shipments/new?release="))
    await expect(page.locator("[name=plate]")).to_have_value(re.compile("苏DD1000"))
    await expect(page.locator("[name=driver]")).to_have_value("赵师傅")
    await page.click("details summary:has-text('指令'), details summary:has-text('order says')")
    await page.fill("[name=to_site]", GATE_SITE)
    await keeper.shot("shipment-suggested", full=True)
    await page.click("form[data-api] > div > .btn-lg")
    await expect(page).to_have_url(re.compile("/shipments/[0-9a-f-]{36}$"))
    card = str(page.url)
    api = card.replace("/shipments/", "/api/v1/shipments/")

    await pressed(page, "#open-box button >> nth=0")
    box = page.locator("#boxes article")
    await box.locator("[name=lot]").fill(store.lot(f"boxed {language}"))
    await box.locator("[name=quantity]").fill("8")
    await pressed(page, "#boxes article form[data-api$='/pack'] button")
    await expect(box).to_contain_text("8")
    await keeper.shot("box-packed", full=True)
    await box.locator("[name=gross_weight_g]").fill("31.5")
    await pressed(page, "#boxes article form[data-api$='/close'] button")
    label = await box.locator("a[href$='/label']").get_attribute("href")
    drawn = await paper(page, f"{keeper.url}{label}", f"box-label-{language}")
    picture = pdfium.PdfDocument(drawn)[0].render(scale=300 / 72, grayscale=True).to_pil()
    (code,) = decode(SymbolKind.GS1_128, picture)
    assert "SJ" in "".join(one.extract_text() for one in PdfReader(io.BytesIO(drawn)).pages)  # the incident
    keeper.expected = (400,)
    await page.fill("#load-boxes [name=labels]", store.lot(f"boxed {language}"))
    await page.click("#load-boxes .btn-lg")
    await expect(page.locator("#load-boxes .form-problem")).to_be_visible()
    await keeper.shot("wrong-label")
    keeper.expected = ()
    await page.fill("#load-boxes [name=labels]", code)
    await pressed(page, "#load-boxes .btn-lg")
    await pressed(page, "#lines form .btn-lg")
    await keeper.shot("all-on-board", full=True)
    await paper(page, f"{api}/waybill", f"waybill-{language}")
    await pressed(page, "#depart .btn-lg")
    await keeper.open("/vehicles?standing=in_use")
    await expect(page.locator("table.list")).to_contain_text("YD")

    gate = await desk(GATE, language=language, width=width)
    page = gate.page
    await page.goto(card + "/receive")
    await page.fill("#receive-boxes [name=labels]", code)
    await page.fill("#receive-boxes [name=receiver]", "王镇长")
    await gate.shot("receive-by-box", full=True)
    await pressed(page, "#receive-boxes .btn-lg")
    await expect(page.locator("#receive-boxes")).to_have_count(0)
    await page.fill("#receive [name=receiver]", "王镇长")
    await _sign(page, "files")
    await gate.shot("receive-the-rest", full=True)
    await page.click("#receive .btn-lg")
    await expect(page).to_have_url(card)
    await gate.shot("received", full=True)
    receipt = await paper(page, f"{api}/receipt", f"receipt-{language}")
    said = "".join(one.extract_text() for one in PdfReader(io.BytesIO(receipt)).pages).replace(" ", "")
    assert "王镇长" in said
    assert list(PdfReader(io.BytesIO(receipt)).pages[0].images)
    await keeper.open("/vehicles?standing=in_use")
    await expect(keeper.page.locator("#part")).not_to_contain_text(PLATES[language])
