"""Two desks that are seldom opened: label stock of one's own, and the anchors of lower houses."""

import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from playwright.async_api import expect

from api import audit as trail
from catalog.kernel import audit_chain
from catalog.kernel.audit import Anchor
from tests.journeys.conftest import Opened
from tests.journeys.store import ADMIN, AUDITOR, KEEPER, Store

SCREENS = pytest.mark.parametrize(("language", "width"), [("zh", 360), ("en", 1280)])


@SCREENS
async def test_label_stock_from_its_packet_to_a_label(desk: Opened, store: Store, language: str, width: int) -> None:
    """Drawn while it is typed, refused where it does not fit, printed on by a keeper, changed, retired."""
    system = await desk(ADMIN, language=language, width=width)
    page, name = system.page, f"own-2x5-{language}"
    await system.open("/admin/layouts")
    await page.locator("details.by-hand summary").click()
    form = page.locator("form[data-stock]")
    await form.locator("[name=name]").fill(name)
    await form.locator("[name=name_zh]").fill("货架标签")
    for field, value in (
        ("label_width", "90"), ("label_height", "50"), ("columns", "3"), ("rows", "5"), ("left", "10"), ("top", "10"),
    ):  # fmt: skip
        await form.locator(f"[name={field}]").fill(value)
    words = form.locator("figcaption")
    await expect(words).to_have_class("form-hint is-wrong")
    await form.locator("[name=columns]").fill("2")
    await expect(words).to_have_class("form-hint")
    await expect(words).to_contain_text("10")
    await system.shot("typed", full=True)
    await form.locator("button[type=submit]").click()
    await page.wait_for_url(f"**/admin/layouts/{name}")
    sample = page.locator(".stock-sample")
    await expect(sample).to_be_visible()
    assert await sample.evaluate("i => i.decode().then(() => i.naturalWidth > 100)")
    await system.shot("made", full=True)
    calibration = await page.request.get(f"{store.url}/api/v1/labels/calibration?layout={name}")
    assert (await calibration.body()).startswith(b"%PDF")

    keeper = await desk(KEEPER, language=language, width=width)
    await keeper.open(f"/labels?kind=lot&id={store.lots['looked up']}")
    await expect(keeper.page.locator(".picked label").first).to_contain_text(
        "雨伞" if language == "zh" else store.lots["looked up"]
    )
    await keeper.page.select_option("[name=layout]", name)
    async with keeper.page.expect_download() as coming:
        await keeper.page.locator("#print-form button[type=submit]").first.click()
    assert (await coming.value).suggested_filename.endswith(".pdf")

    await page.locator("details.by-hand summary").click()
    await page.locator("[name=top]").fill("11")
    async with page.expect_event("load"):
        await page.locator("form[data-stock] button[type=submit]").click()
    await expect(page.locator(".facts").first).to_contain_text("10 / 11 mm")
    await expect(page.locator("#toast")).to_be_visible()
    await page.locator("form.card button").click()
    await page.locator("dialog button[value=yes]").click()
    await page.wait_for_url("**/admin/layouts")
    await expect(page.locator("main")).not_to_contain_text(name)


@SCREENS
async def test_a_lower_house_is_heard_and_held_to_it(desk: Opened, store: Store, language: str, width: int) -> None:
    """The auditor makes its token; its anchor arrives; an export that is cut off is found out, a foreign file told."""
    auditor = await desk(AUDITOR, language=language, width=width)
    auditor.expected = (400,)
    page, house = auditor.page, f"天宁区备豫 {language}"
    await auditor.open("/admin/anchors")
    await page.locator("details.by-hand summary").first.click()
    await page.locator("[name=name]").fill(house)
    await page.locator("details.by-hand button[type=submit]").click()
    secret = page.locator("#made [data-field=secret]")
    await expect(secret).to_be_visible()
    await auditor.shot("token", full=True)
    at = datetime.now(UTC).replace(microsecond=0)
    text = audit_chain.anchor_line(Anchor(3, 6, b"\1" * 32, b"\2" * 32, at))
    sent = await page.context.request.post(
        f"{store.url}/api/v1/anchors",
        data=trail.signed(f"lower {language}", text),
        headers={"authorization": f"Bearer {(await secret.inner_text()).strip()}", "idempotency-key": str(uuid4())},
    )
    assert sent.ok, await sent.text()

    await auditor.open("/admin/anchors")
    await page.get_by_role("link", name=house).click()
    await expect(page.locator("#part tbody tr")).to_have_count(1)
    file = page.locator("[data-compare] [name=file]")
    compared = page.locator("#compared")
    head = {"position": 0, **dict.fromkeys(audit_chain.FIELDS), "mac": "", "verb": "beiyu-audit-start", "code": ""}
    for content, tells in ((json.dumps(head) + "\n", ".plain-list li"), ("a,b\n1,2\n", ".alert-line")):
        await file.set_input_files({"name": "audit.jsonl", "mimeType": "text/plain", "buffer": content.encode()})
        await page.locator("[data-compare] button[type=submit]").click()
        await expect(compared.locator(tells)).to_have_count(1, timeout=30_000)  # read in a worker of its own
        await expect(compared.locator(".tag-damaged")).to_be_visible()
        await auditor.shot("compared" if tells != ".alert-line" else "no-export", full=True)
