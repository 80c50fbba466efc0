"""Counting: planned, counted as a wedge types, again by another, approved, printed; on paper; and an opening count."""

import io
import re

import pytest
from playwright.async_api import Page, Route, expect
from pypdf import PdfReader

from tests.journeys.conftest import SITE, Desk, Opened
from tests.journeys.counting import APPROVER, BINS, FRESH_KEEPER, FRESH_SITE, SECOND
from tests.journeys.store import KEEPER, READER, Store


async def plan(who: Desk, bins: list[str]) -> str:
    """A count of these bins from the page; its address."""
    await who.open(f"/counts/new?site={SITE}&kind=chosen")
    for key in bins:
        await who.page.locator(f"input[name=bins][value={key}]").check()
    await who.page.locator("main form[data-api] button.btn-primary[type=submit]").click()
    await expect(who.page).to_have_url(re.compile(r"/counts/[0-9a-f-]{36}$"))
    return who.page.url.removeprefix(who.url)


async def at_bins(who: Desk, address: str) -> Page:
    await who.open(address + "/do")
    await expect(who.page.locator("body[data-ready=yes]")).to_have_count(1)
    return who.page


async def enter(who: Desk, code: str, figure: str) -> None:
    """Scan a lot, type how many on the pad."""
    await who.wedge(code)
    await expect(who.page.locator("#pad[open]")).to_be_visible()
    await who.page.keyboard.type(figure, delay=90)
    await who.page.keyboard.press("Enter")
    await expect(who.page.locator("#banner")).to_have_attribute("data-outcome", "done")
    await who.answered()


async def pdf(who: Desk, address: str) -> str:
    answer = await who.page.context.request.get(who.url + address)
    assert answer.ok
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(await answer.body())).pages)


@pytest.mark.parametrize(("language", "width"), [("zh", 360), ("en", 1280)])
async def test_count_again_approve_print(desk: Opened, store: Store, language: str, width: int) -> None:
    """The plan says why; two keepers count blind; the approver posts; the report is a PDF."""
    mine = store.bins[BINS][:2] if language == "zh" else store.bins[BINS][2:4]
    names = ("count tents", "count quilts") if language == "zh" else ("count english", "count more")
    planner = await desk(READER, width=width, language=language)
    await planner.open(f"/counts/new?site={SITE}&kind=risk")
    await expect(planner.page.locator(".count-plan tbody tr").first).to_be_visible()
    await planner.shot("plan", full=width > 500)
    address = await plan(planner, [one.key for one in mine])
    await planner.shot("planned", full=True)

    keeper = await desk(KEEPER, width=width, language=language)
    page = await at_bins(keeper, address)
    await keeper.shot("next-bin")
    await keeper.wedge(store.bin(BINS.start + store.bins[BINS].index(mine[0])))
    await expect(page.locator("#banner")).to_have_attribute("data-outcome", "set")
    await keeper.wedge(store.lot(names[0]))
    await expect(page.locator("#pad[open]")).to_be_visible()
    await keeper.shot("pad")
    await page.keyboard.type("30", delay=90)
    await page.keyboard.press("Enter")
    await expect(page.locator("#count-lines li")).to_have_count(1)
    await keeper.answered()
    await keeper.shot("entered", full=True)
    said = await page.content()
    assert ">40<" not in said
    await page.locator("#finish").click()
    await expect(page.locator("#progress-count")).to_have_text("1 / 2")
    await keeper.shot("next", full=True)
    await page.locator("#begin").click()
    await expect(page.locator("#empty")).to_be_visible()
    await enter(keeper, store.lot(names[1]), "120" if language == "zh" else "60")
    await page.locator("#finish").click()
    await expect(page.locator("#bin-hint")).to_contain_text(
        "没有需要您" if language == "zh" else "Nothing is left for you"
    )
    await keeper.shot("for-another")

    other = await desk(SECOND, width=width, language=language)
    page = await at_bins(other, address)
    await other.wedge(store.bin(BINS.start + store.bins[BINS].index(mine[0])))
    await expect(page.locator("#banner")).to_have_attribute("data-outcome", "set")
    await enter(other, store.lot(names[0]), "31" if language == "zh" else "20")
    await page.locator("#finish").click()
    await expect(page.locator("#banner a")).to_be_visible()
    await other.shot("all-counted")
    await page.locator("#banner a").click()
    await expect(page.locator("select[name=reason]").first).to_be_visible()
    await page.locator("select[name=reason]").first.select_option("loss")
    await other.shot("result", full=True)
    await page.get_by_role("button", name="保存原因" if language == "zh" else "Keep the reasons").click()
    await page.wait_for_load_state()
    await expect(page.locator("select[name=reason]").first).to_have_value("loss")

    boss = await desk(APPROVER, width=width, language=language)
    await boss.open(address)
    await boss.shot("to-approve", full=True)
    await boss.page.get_by_role("button", name="批准并过账" if language == "zh" else "Approve and post").click()
    await boss.page.locator("dialog[open] button[value=yes]").click()
    await expect(boss.page.locator(".head-line .tag-good")).to_be_visible()
    await boss.shot("posted", full=True)

    page = keeper.page
    await keeper.open(address)
    await page.get_by_role("button", name="出盘点报告" if language == "zh" else "Issue the count report").click()
    await expect(page.locator(".paper-links a")).to_have_count(1)
    link = await page.locator(".paper-links a").get_attribute("href")
    text = await pdf(keeper, str(link))
    assert "盘 点 报 告" in text or "盘点报告" in text.replace(" ", "")
    assert "沈一帆" in text
    sheet = await page.context.request.get(f"{keeper.url}{address}/result.xlsx")
    assert sheet.ok


@pytest.mark.parametrize(("language", "width"), [("zh", 1280), ("en", 360)])
async def test_paper_typed_back(desk: Opened, store: Store, language: str, width: int) -> None:
    """The sheet is blind, its codes are scanned back, nobody enters a line twice."""
    at = 4 if language == "zh" else 5
    place, name = store.bins[BINS][at], "count paper" if language == "zh" else "count last"
    keeper = await desk(KEEPER, width=width, language=language)
    keeper.expected = (409,)
    await plan(keeper, [place.key])
    await keeper.page.get_by_role("button", name="打印盘点表" if language == "zh" else "Issue a count sheet").click()
    await expect(keeper.page.locator(".paper-links a")).to_have_count(1)
    link = str(await keeper.page.locator(".paper-links a").get_attribute("href"))
    text = await pdf(keeper, link)
    codes = re.findall(r"\bC0[0-9]{5}[0-9A-HJ-NP-Z]\b", text)
    assert len(codes) == 2
    assert store.lots[name] in text
    assert not re.search(r"\b(18|30)\b", text)
    page = keeper.page
    await keeper.open("/counts/sheet")
    await expect(page.locator("body[data-ready=yes]")).to_have_count(1)
    await keeper.wedge(codes[0])
    await expect(page.locator("#figure-form")).to_be_visible()
    await keeper.shot("line", full=True)
    await page.locator("#line-figure").fill("18" if language == "zh" else "30")
    await page.keyboard.press("Enter")
    await expect(page.locator("#typed-lines li")).to_have_count(1)
    await keeper.wedge(codes[0])
    await expect(page.locator("#line-correct")).to_be_visible()
    await page.locator("#line-figure").fill("17")
    await page.keyboard.press("Enter")
    await expect(page.locator("#banner")).to_have_attribute("data-outcome", "refused")
    await keeper.shot("twice", full=True)
    await page.locator("#done-form button[type=submit]").click()
    await expect(page.locator("#banner a")).to_be_visible()
    await keeper.shot("done", full=True)
    await page.locator("#banner a").click()
    await page.get_by_role("button", name="过账" if language == "zh" else "Post the result", exact=True).click()
    await page.locator("dialog[open] button[value=yes]").click()
    await expect(page.locator(".head-line .tag-good")).to_be_visible()


async def _answer_lost(route: Route) -> None:
    """The request arrives, its answer does not."""
    await route.fetch()
    await route.abort()


async def test_an_opening_count_sets_a_store_live(desk: Opened, store: Store) -> None:
    """What stands there is entered without labels; the approver books it; the store is live. Pressing twice falls on
    nothing that lies beneath, and what was entered and not answered is entered once."""
    keeper = await desk(FRESH_KEEPER, width=360, height=740)
    await keeper.open(f"/counts/new?site={FRESH_SITE}")
    await keeper.shot("opening", full=True)
    await keeper.page.locator("main form[data-api] button.btn-primary[type=submit]").click()
    await expect(keeper.page).to_have_url(re.compile(r"/counts/[0-9a-f-]{36}$"))
    address = keeper.page.url.removeprefix(keeper.url)
    page = await at_bins(keeper, address)
    await page.locator("#begin").dblclick()
    await page.route("**/enter", _answer_lost)
    for lost in (True, False):
        await page.locator("#new-goods").click()
        await page.locator("#new-item").fill("ZP-0001")
        await page.locator("#new-batch").fill("2025-7")
        await page.locator("#pad-figure").focus()
        for key in "12":
            await page.locator(f"#pad [data-key='{key}']").click()
        if lost:
            await keeper.shot("goods-without-label", full=True)
        await page.locator("#pad button[value=ok]").dblclick()
        await expect(page.locator("#banner")).to_have_attribute("data-outcome", "refused" if lost else "done")
        await page.unroute_all()
    await expect(page.locator("#count-lines li")).to_have_count(1)
    await page.locator("#finish").dblclick()
    for done in (2, 3):
        await expect(page.locator("#begin")).to_be_visible()
        await page.locator("#begin").click()
        await page.locator("#empty").click()
        await expect(page.locator("#progress-count")).to_have_text(f"{done} / 3")
    boss = await desk(APPROVER)
    await boss.open(address)
    await boss.shot("opening-result", full=True)
    await boss.page.get_by_role("button", name="批准并过账").click()
    await boss.page.locator("dialog[open] button[value=yes]").click()
    await expect(boss.page.locator(".head-line .tag-good")).to_be_visible()
    await boss.open(f"/stock?site={FRESH_SITE}")
    await expect(boss.page.locator("#part")).to_contain_text("12")
