"""The desk without a mouse: a note with short, damaged and wrong goods; put away by proposal; put aside; misses; today.

Acts are keys, goods are scans; whatever is typed is typed as slowly as a person types.
"""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.journeys.conftest import Desk, Opened
from tests.journeys.store import COLLEAGUE, Store
from tests.journeys.test_scan_desk import lot_in
from tests.warehouse.files.samples import photo

LANGUAGES = pytest.mark.parametrize(("language", "width"), [("zh", 360), ("en", 1280)])


async def key_in(page: Page, text: str) -> None:
    """As a person types: slower than any scanner."""
    await page.keyboard.type(text, delay=90)


async def opens(page: Page, name: str) -> None:
    await expect(page.locator(f'dialog[data-dialog="{name}"]')).to_be_visible()


async def back_at_the_field(keeper: Desk) -> None:
    """No dialog is open, and the next scan finds its field."""
    await expect(keeper.page.locator("dialog[open]")).to_have_count(0)
    await expect(keeper.page.locator("#scan-input")).to_be_focused()


async def choose(page: Page, name: str, value: str) -> None:
    """A choice of an open dialog, by keyboard: first letter and arrows differ by language, the value does not."""
    field = page.locator(f"dialog[open] [name={name}]")
    await field.focus()
    for _ in range(await field.locator("option").count()):
        if await field.input_value() == value:
            return
        await page.keyboard.press("ArrowDown")
    await expect(field).to_have_value(value)


@LANGUAGES
async def test_a_note_with_short_damaged_and_wrong_goods(
    desk: Opened, store: Store, tmp_path: Path, language: str, width: int
) -> None:
    """Of ten tents seven come whole, one is kept damaged, one turned away with a photo, one is wrong; two boxes stand
    in no line. A slip of the finger is asked about. Closing opens a case that names them all."""
    taken = tmp_path / "torn.jpg"
    taken.write_bytes(photo(800, 600))
    keeper = await desk(width=width, height=800, language=language)
    page = keeper.page
    await keeper.at_desk()
    await keeper.mode("F2")
    await keeper.scan(store.note(f"keyboard {language}"), "set")
    counter = page.locator("#counter")
    await expect(counter).to_have_attribute("data-all", "2")
    await page.keyboard.press("Shift+F2")
    await key_in(page, "7")
    await page.keyboard.press("Escape")
    await keeper.scan("ZP-0001", "done")
    await expect(page.locator('[data-line="1"]')).to_have_class("is-part")

    for kind, note in (("damaged", "篷布撕裂"), ("kept", "杆弯"), ("wrong", "送来的是棉帐篷")):
        await page.keyboard.press("F6")
        await opens(page, "difference")
        await choose(page, "line", "1")
        await choose(page, "kind", kind)
        if kind == "damaged":
            await page.locator("dialog[open] [name=quantity]").fill("99999")
            await page.keyboard.press("Enter")
            await expect(page.locator("dialog[open] .form-problem")).to_be_visible()
            await keeper.shot("doubted")
            await page.locator("dialog[open] [name=quantity]").fill("1")
            await page.locator("dialog[open] [name=photos]").set_input_files(taken)
            await expect(page.locator("dialog[open] .photo-preview img")).to_be_visible()
        await page.locator("dialog[open] [name=note]").focus()
        await page.keyboard.insert_text(note)
        if kind == "damaged":
            await keeper.shot("difference")
        await page.keyboard.press("Enter")
        await back_at_the_field(keeper)
        await keeper.answered()
        await expect(page.locator("#banner")).to_have_attribute("data-outcome", "done")
    await expect(counter).to_have_attribute("data-done", "1")
    await page.keyboard.press("F10")
    await opens(page, "stray")
    await page.locator("dialog[open] [name=what]").focus()
    await page.keyboard.insert_text("红色灭火器")
    await page.locator("dialog[open] [name=quantity]").fill("2")
    await keeper.shot("stray")
    await page.keyboard.press("Enter")
    await back_at_the_field(keeper)
    await expect(page.locator("#banner")).to_contain_text("红色灭火器 × 2")
    await keeper.shot("counted", full=True)

    await page.keyboard.press("Control+Enter")
    await opens(page, "finish")
    await expect(page.locator("dialog[open] .difference-list li")).to_have_count(4)
    await expect(page.locator("dialog[open] .difference-list")).to_contain_text("红色灭火器")
    await keeper.shot("finish")
    await page.keyboard.press("Enter")
    await expect(page.locator("#banner[data-case]")).to_have_count(1)
    await back_at_the_field(keeper)
    case = await page.locator("#banner").get_attribute("data-case")
    await keeper.shot("finished")
    await keeper.open("/cases?whose=mine")
    mine = page.locator(f'[id="{case}"]')
    await expect(mine).to_contain_text("林晓舟")
    await expect(mine.locator("tbody tr")).to_have_count(4)
    await mine.scroll_into_view_if_needed()
    await keeper.shot("case")
    delivery, _ = store.deliveries[f"keyboard {language}"]
    await keeper.open(f"/deliveries/{delivery}")
    await expect(page.locator("#photos img")).to_have_count(1)


@LANGUAGES
async def test_put_away_by_proposal(desk: Opened, store: Store, language: str, width: int) -> None:
    """The receipt of a lot says where to put it; put-away proposes bins with reasons, answered by a number."""
    keeper = await desk(width=width, height=800, language=language)
    page = keeper.page
    await keeper.at_desk()
    await keeper.mode("F2")
    await page.keyboard.press("Shift+F2")
    await key_in(page, "5")
    await page.keyboard.press("Escape")
    item = {"zh": "ZJ-0010", "en": "ZJ-0008"}[language]
    said = await keeper.scan(item, "done")
    lot = lot_in(said)
    await expect(page.locator("#banner .banner-hint")).to_be_visible()
    await keeper.shot("received")
    await keeper.mode("F3")
    store.lots[f"fresh {language}"] = lot
    await keeper.scan(store.lot(f"fresh {language}"), "ask")
    choices = page.locator(".ask-choice")
    await expect(choices.first).to_be_visible()
    await keeper.shot("proposed")
    proposed = await choices.nth(1).locator("strong").inner_text()
    await expect(page.locator("#scan-input")).to_be_focused()
    await key_in(page, "2")
    await page.keyboard.press("Enter")
    await expect(page.locator("#banner")).to_have_attribute("data-code", "scan.put-away")
    assert proposed in await keeper.said()
    await expect(page.locator("#banner .banner-warning")).to_have_count(1)  # not the first proposal: noted
    await keeper.shot("put-away")


@LANGUAGES
async def test_undone_by_key(desk: Opened, store: Store, language: str, width: int) -> None:
    """⇧F9 takes the last scan back, once; what was undone before is asked about no more."""
    keeper = await desk(width=width, height=800, language=language)
    page = keeper.page
    await keeper.at_desk()
    await page.keyboard.press("Shift+F9")
    await expect(page.locator("#banner")).to_have_attribute("data-outcome", "refused")
    await keeper.mode("F2")
    for count in ("4", "3"):
        await page.keyboard.press("Shift+F2")
        await key_in(page, count)
        await page.keyboard.press("Escape")
        await keeper.scan({"zh": "TG-0003", "en": "TG-0004"}[language], "done")
    for left in (1, 2):
        await page.keyboard.press("Shift+F9")
        await expect(page.locator(".scan-undone")).to_have_count(left)
    await expect(page.locator("#banner")).to_have_attribute("data-outcome", "done")
    await keeper.shot("undone")
    await page.keyboard.press("Shift+F9")
    await expect(page.locator("#banner")).to_have_attribute("data-outcome", "refused")
    await expect(page.locator("#scan-input")).to_be_focused()


@LANGUAGES
async def test_put_aside_and_gone_on_with_in_another_browser(
    desk: Opened, store: Store, language: str, width: int
) -> None:
    keeper = await desk(width=width, height=800, language=language)
    page = keeper.page
    await keeper.at_desk()
    await keeper.mode("F2")
    await keeper.scan(store.note(f"aside {language}"), "set")
    await keeper.scan("ZP-0001", "done")
    await expect(page.locator('[data-line="1"]')).to_have_class("is-part")
    await keeper.scan("\\nonsense/123", "unreadable")
    await page.keyboard.press("Shift+F6")
    await opens(page, "asides")
    name = f"三号车 {language}"
    field = page.locator("dialog[open] [name=name]")
    await field.fill(name)
    await keeper.shot("name-it")
    await page.keyboard.press("Enter")
    await expect(page.locator("#document")).to_be_hidden()
    await expect(page.locator("#misses")).to_be_hidden()
    await back_at_the_field(keeper)

    other = await desk(COLLEAGUE, width=width, height=800, language=language)
    await other.open("/")
    waiting = other.page.locator('[data-task="asides"] a', has_text=name)
    await expect(waiting).to_be_visible()
    await other.shot("today", full=True)
    await waiting.click()
    await expect(other.page.locator("body[data-ready=yes]")).to_have_count(1)
    await expect(other.page.locator('[data-line="1"]')).to_have_class("is-part")
    await expect(other.page.locator("#miss-count")).to_have_text("1")
    await other.shot("taken-up", full=True)
    await other.scan("ZP-0001", "done")
    keeper.expected = other.expected = (404, 409)
    await page.keyboard.press("Shift+F6")
    await opens(page, "asides")
    await expect(page.locator("dialog[open] [data-aside]", has_text=name)).to_have_count(0)


async def test_misses_are_worked_off_by_keyboard(desk: Opened, store: Store) -> None:
    """Tried again, looked up, dismissed with a reason; the help sheet says which keys."""
    keeper = await desk()
    page = keeper.page
    await keeper.at_desk()
    await keeper.mode("F7")
    await page.fill("#quantity", "99")
    await page.locator("#scan-input").focus()
    await keeper.scan(store.lot("few"), "refused")
    await keeper.scan("\\nonsense/123", "unreadable")
    await expect(page.locator("#miss-count")).to_have_text("2")
    await page.keyboard.press("Shift+F8")
    await expect(page.locator("#miss-list li").first.locator("[data-miss]").first).to_be_focused()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Enter")
    await opens(page, "dismiss")
    await page.locator("dialog[open] [name=reason]").focus()
    await page.keyboard.insert_text("别家的标签")
    await page.keyboard.press("Enter")
    await expect(page.locator("#miss-count")).to_have_text("1")
    await back_at_the_field(keeper)
    await page.keyboard.press("Shift+F8")
    await page.keyboard.press("Enter")  # again: still not enough
    await keeper.answered()
    await expect(page.locator("#miss-count")).to_have_text("1")
    await page.reload()
    await expect(page.locator("body[data-ready=yes]")).to_have_count(1)
    await expect(page.locator("#miss-count")).to_have_text("1")
    await key_in(page, "?")
    await opens(page, "help")
    await keeper.shot("help")
    await page.keyboard.press("Escape")
    await back_at_the_field(keeper)


@LANGUAGES
async def test_today_says_what_to_do_and_what_others_did(desk: Opened, store: Store, language: str, width: int) -> None:
    keeper = await desk(COLLEAGUE, width=width, height=800, language=language)
    page = keeper.page
    await keeper.open("/")
    await expect(page.locator('[data-task="expected"] ul a').first).to_be_visible()
    await expect(page.locator('[data-task="expired"]')).to_be_visible()
    await expect(page.locator(".done-list li").first).to_be_visible()
    await keeper.shot("today", full=True)
    await page.locator('[data-task="expected"] ul a').first.click()
    await expect(page.locator("body[data-ready=yes]")).to_have_count(1)
    await expect(page.locator("#counter")).to_be_visible()
