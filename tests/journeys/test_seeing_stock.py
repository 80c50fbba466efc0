"""Seeing stock: find by scan, keep a view, take a list away, photograph, and look at the store as a drawing."""

import csv
import io
import re
from pathlib import Path

import pytest
import python_calamine
from PIL import Image
from playwright.async_api import expect

from labels.codes import OwnKind, write_own
from tests.journeys.conftest import Opened
from tests.journeys.store import READER, SITE, Store
from tests.warehouse.files.samples import photo

SCREENS = [("zh", 1280), ("zh", 360), ("en", 1280), ("en", 360)]


@pytest.mark.parametrize(("language", "width"), SCREENS)
async def test_whatever_is_scanned_into_the_box_is_found(desk: Opened, store: Store, language: str, width: int) -> None:
    keeper = await desk(language=language, width=width)
    page = keeper.page
    await keeper.open("/stock")
    await page.locator("main").click(position={"x": 5, "y": 5})
    await page.keyboard.press("/")
    await expect(page.locator("#find")).to_be_focused()
    await keeper.wedge(store.lot("first out"))
    await expect(page).to_have_url(re.compile(f"/lots/{store.lots['first out']}$"))
    for typed, leads in (
        (write_own(OwnKind.BIN, store.bins[0].key), f"/bins/{store.bins[0].key}$"),
        (f"{SITE}/{store.bins[1].code}", f"/bins/{store.bins[1].key}$"),
        (store.deliveries["lorry"][1], f"/deliveries/{store.deliveries['lorry'][0]}$"),
        ("ZP-0001", "/items/ZP-0001$"),
        (SITE, f"/sites/{SITE}$"),
    ):
        await page.fill("#find", typed)
        await page.press("#find", "Enter")
        await expect(page).to_have_url(re.compile(leads))
    await page.fill("#find", "mb")  # 棉被 by its initials: several
    await page.press("#find", "Enter")
    await expect(page.locator(".hits li").first).to_be_visible()
    await keeper.shot("found")
    await page.fill("#find", "NOSUCHTHING")
    await page.press("#find", "Enter")
    await expect(page.locator(".nothing")).to_be_visible()
    await keeper.shot("not-found")


@pytest.mark.parametrize(("language", "width"), SCREENS)
async def test_a_view_is_kept_and_come_back_to(desk: Opened, store: Store, language: str, width: int) -> None:
    reader = await desk(READER, language=language, width=width)
    page = reader.page
    name = f"{language}{width}"
    await reader.open("/stock")
    await page.click("nav.tabs a[href*='by=lot']")
    await expect(page.locator("nav.tabs a[aria-current]")).to_have_attribute("href", re.compile("by=lot"))
    await page.fill("#q", "mianbei")
    await expect(page).to_have_url(re.compile("q=mianbei"))
    await expect(page).to_have_url(re.compile("by=lot"))
    await page.click(".view-save summary")
    await page.fill(".view-save [name=name]", name)
    await reader.shot("save")
    async with page.expect_navigation():
        await page.click(".view-save button[type=submit]")
    await reader.open("/stock")
    await expect(page.locator("#q")).to_have_value("")
    await page.click(f".view-chip a:has-text('{name}')")
    await expect(page).to_have_url(re.compile("by=lot"))
    await expect(page.locator("#q")).to_have_value("mianbei")
    await expect(page.locator(".view-chip a[aria-current]")).to_have_text(name)
    await reader.shot("back", full=True)
    await page.click(f".view-chip:has-text('{name}') .chip-drop")
    async with page.expect_navigation():
        await page.click("dialog button[value=yes]")
    await expect(page.locator(f".view-chip:has-text('{name}')")).to_have_count(0)


@pytest.mark.parametrize("by", ["place", "item", "lot", "owner", "custodian"])
async def test_a_file_says_what_the_list_says(desk: Opened, store: Store, by: str, tmp_path: Path) -> None:
    reader = await desk(READER)
    page = reader.page
    first = following = f"/stock?by={by}&site={SITE}"
    shown: list[str] = []
    figures: list[str] = []
    while following:
        await reader.open(following)
        shown += [text.strip() for text in await page.locator("tbody td a.strong").all_inner_texts()]
        figures += [text.strip() for text in await page.locator("tbody td.num:has(strong) strong").all_inner_texts()]
        onward = page.locator("a[rel=next]")
        following = (await onward.get_attribute("href") or "") if await onward.count() else ""
    assert shown
    await reader.open(first)
    files = {}
    for kind in ("xlsx", "csv"):
        if not await page.locator(".export[open]").count():
            await page.click(".export summary")
        async with page.expect_download() as download:
            await page.click(f".export a[href*='export.{kind}']")
        files[kind] = tmp_path / (await download.value).suggested_filename
        await (await download.value).save_as(files[kind])
    book = python_calamine.load_workbook(str(files["xlsx"]))
    head, *rows = book.get_sheet_by_index(0).to_python()
    assert [row[head.index("物资")] for row in rows] == shown
    assert [f"{row[head.index('在库')]:,.0f}" for row in rows] == figures
    notes = {row[0]: row[1] for row in book.get_sheet_by_index(1).to_python()}
    assert notes["储备库"]
    assert notes["导出人"] == "钱素英"
    head, *rows = csv.reader(io.StringIO(files["csv"].read_text("utf-8-sig"), newline=""))
    assert [row[head.index("物资")] for row in rows] == shown
    await reader.shot(by)


@pytest.mark.parametrize(("language", "width"), [("zh", 360), ("en", 1280)])
async def test_a_photo_hangs_on_the_card_without_its_place(
    desk: Opened, store: Store, language: str, width: int, tmp_path: Path
) -> None:
    keeper = await desk(language=language, width=width)
    page = keeper.page
    taken = tmp_path / "IMG_2041.jpg"
    taken.write_bytes(photo(3000, 2000, orientation=6))
    await keeper.open(f"/lots/{store.lots['spread']}")
    card = page.locator("#photos")
    if not await card.locator("[type=file]").is_visible():
        await card.locator(".photo-add summary").click()
    await card.locator("[type=file]").set_input_files(taken)
    await expect(card.locator(".photo-preview img")).to_be_visible()
    await card.locator("[name=note]").first.fill(f"外包装 {language}")
    await card.scroll_into_view_if_needed()
    await keeper.shot("before")
    async with page.expect_event("load"):  # the card comes again, with the photo
        await card.locator("form[data-api='POST /api/v1/files'] button[type=submit]").click()
    picture = page.locator(f"#photos a[data-large='外包装 {language}']")
    await expect(picture).to_be_visible()
    await picture.click()
    large = page.locator("dialog.photo-large img")
    await expect(large).to_be_visible()
    assert await large.evaluate("i => i.decode().then(() => i.naturalHeight > i.naturalWidth)")
    await keeper.shot("large")
    await page.keyboard.press("Escape")
    answer = await page.request.get(store.url + str(await picture.get_attribute("href")))
    kept = Image.open(io.BytesIO(await answer.body()))
    assert not kept.getexif()
    assert b"SECRET" not in await answer.body()
    await keeper.shot("card", full=True)


async def test_what_is_no_photo_is_refused_where_it_was_chosen(desk: Opened, store: Store, tmp_path: Path) -> None:
    keeper = await desk(width=360)
    keeper.expected = (400,)
    page = keeper.page
    wrong = tmp_path / "scan.pdf"
    wrong.write_bytes(b"<html>not a pdf")
    await keeper.open(f"/bins/{store.bins[2].key}")
    await page.locator("#photos [type=file]").set_input_files(wrong)
    await page.locator("#photos button[type=submit]").first.click()
    await expect(page.locator("#photos .form-problem")).to_contain_text("PDF")
    await page.locator("#photos").scroll_into_view_if_needed()
    await keeper.shot("refused")


@pytest.mark.parametrize(("language", "width"), SCREENS)
async def test_the_store_is_drawn(desk: Opened, store: Store, language: str, width: int) -> None:
    keeper = await desk(language=language, width=width)
    page = keeper.page
    await keeper.open("/sites")
    await keeper.shot("stores")
    await page.click(f"a[href='/sites/{SITE}']")
    cells = page.locator(".map-cell")
    await expect(cells.first).to_be_visible()
    codes = [code.strip() for code in await page.locator(".map-zone").first.locator(".map-code").all_inner_texts()]
    assert codes[:3] == sorted(codes)[:3]
    box = await cells.first.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 40
    await page.locator("#part").scroll_into_view_if_needed()
    await keeper.shot("map")
    await page.click("nav.tabs a[href*='show=positions']")
    await expect(page.locator("nav.tabs a[aria-current]")).to_have_attribute("href", re.compile("show=positions"))
    await page.click("details.by-hand:has(table) summary")
    await keeper.shot("positions", full=True)
    await page.locator(f".map-cell[href='/bins/{store.bins[0].key}']").click()
    await expect(page).to_have_url(re.compile(f"/bins/{store.bins[0].key}"))
    await keeper.shot("bin", full=True)
