"""What surrounds every page: menu, search key, help beside a term, waiting, paper."""

import io
import re
from typing import Any

import pytest
from playwright.async_api import expect
from pypdf import PdfReader

from tests.journeys import looks
from tests.journeys.conftest import Opened
from tests.journeys.store import KEEPER, PASSWORD, READER, SITE, Store

ACTIVE = "document.activeElement.getAttribute('href')"


async def test_menu_on_a_phone(desk: Opened, store: Store) -> None:
    """The drawer opens from under the thumb, holds the focus, and Esc or a tap beside it gives it back."""
    keeper = await desk(width=360, height=740)
    page = keeper.page
    await keeper.open("/stock")
    button = page.locator(".foot-bar [data-menu]")
    side = page.locator("#main-nav")
    await expect(side).to_be_hidden()
    await button.click()
    await expect(side).to_be_visible()
    await expect(button).to_have_attribute("aria-expanded", "true")
    assert await page.evaluate(ACTIVE) == "/stock"
    await expect(page.locator("main")).to_have_js_property("inert", True)
    await keeper.shot("menu")
    await page.keyboard.press("Escape")
    await expect(side).to_be_hidden()
    await expect(button).to_be_focused()
    await button.click()
    await page.touchscreen.tap(350, 300)
    await expect(side).to_be_hidden()
    await page.locator(".foot-bar a[href='/scan']").click()
    await expect(page).to_have_url(re.compile("/scan$"))
    await expect(page.locator(".foot-bar a[aria-current]")).to_have_attribute("href", "/scan")


async def test_keys_of_the_shell(desk: Opened, store: Store) -> None:
    """Skip link, arrows in the menu, "/" for the search; none of them while something is typed."""
    keeper = await desk()
    page = keeper.page
    await keeper.open("/items")
    await page.keyboard.press("Escape")
    await page.locator("h1").click()
    await page.keyboard.press("/")
    await expect(page.locator("#find")).to_be_focused()
    await page.keyboard.type("a/b")
    await expect(page.locator("#find")).to_have_value("a/b")
    await page.locator("#main-nav a").first.focus()
    first = await page.evaluate(ACTIVE)
    await page.keyboard.press("ArrowDown")
    second = await page.evaluate(ACTIVE)
    assert first == "/"
    assert second not in (None, "/")
    await page.keyboard.press("ArrowUp")
    assert await page.evaluate(ACTIVE) == "/"
    await page.keyboard.press("End")
    assert await page.evaluate(ACTIVE) not in (None, "/", second)
    await keeper.open("/deliveries")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("#main")).to_be_focused()


async def test_help_beside_a_term(desk: Opened, store: Store) -> None:
    """Opened by key and by finger, closed by Esc; nothing moves; it never leaves the window."""
    for width, language, source in ((1280, "en", "Source:"), (360, "zh", "来源")):
        reader = await desk(READER, width=width, language=language)
        page = reader.page
        await page.add_init_script(looks.WATCH_SHIFTS)
        await reader.open("/papers/new?kind=shelf_card")
        mark = page.locator(".help-mark").first
        box = page.locator(".help-box:visible")
        await mark.focus()
        await page.keyboard.press("Enter")
        await expect(box).to_have_count(1)
        await expect(box).to_contain_text(source)
        await expect(mark).to_have_attribute("aria-expanded", "true")
        await reader.shot(f"help-{language}")
        await page.keyboard.press("Escape")
        await expect(box).to_have_count(0)
        await expect(mark).to_be_focused()
        for one in await page.locator("main .help-mark").all():
            await one.click()
            await expect(box).to_have_count(1)
            place: dict[str, Any] | None = await box.bounding_box()
            assert place is not None
            assert place["x"] >= 0
            assert place["x"] + place["width"] <= width
        await page.locator("h1").click()
        await expect(box).to_have_count(0)
        assert (await looks.shift(page))[0] == 0


async def test_on_paper(desk: Opened, store: Store) -> None:
    """A4, black on white also from a dark screen, without what can only be pressed, with title, date and person."""
    reader = await desk(READER, dark=True)
    page = reader.page
    for path, title, shown in (("/stock", "库存", "可调"), (f"/lots/{store.lots['looked up']}", "批次", "存放情况")):
        await reader.open(path)
        document = PdfReader(io.BytesIO(await page.pdf(prefer_css_page_size=True)))
        first = document.pages[0]
        assert [round(float(side) * 25.4 / 72) for side in first.mediabox[2:]] == [210, 297]
        text = "".join(one.extract_text() for one in document.pages)
        assert title in text
        assert shown in text
        assert "钱素英" in text
        assert re.search(r"20\d\d-\d\d-\d\d \d\d:\d\d", text)
        assert "首页" not in text  # the navigation
        assert "名称、编号或条码" not in text  # the search
        await page.emulate_media(media="print")
        assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert await page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(0, 0, 0)"
        await expect(page.locator(".head-actions").first).to_be_hidden()
        await page.set_viewport_size({"width": 720, "height": 1000})
        await expect(page.locator(".list thead").first).to_be_visible()
        await reader.shot("paper")
        await page.set_viewport_size({"width": 1280, "height": 900})
        await page.emulate_media(media="null")


async def test_waiting_says_so(desk: Opened, store: Store) -> None:
    """Whatever takes longer than a moment is seen to be under way, and the sign goes when the answer is there."""
    reader = await desk(READER)
    page = reader.page
    await reader.open("/items")

    async def late(route: Any) -> None:
        await page.wait_for_timeout(1500)
        await route.continue_()

    await page.route("**/items?q=*", late)
    await page.fill("#q", "zp")
    await expect(page.locator("#progress")).to_be_visible()
    await expect(page.locator("#progress")).to_contain_text("请稍候")
    await expect(page.locator("#progress")).to_be_hidden()


@pytest.mark.parametrize(("width", "language"), [(360, "zh"), (1280, "en")])
async def test_an_idle_page_says_beforehand_when_it_logs_out_and_afterwards_that_it_has(
    desk: Opened, width: int, language: str
) -> None:
    here = await desk(width=width, language=language)
    await here.page.clock.install()
    await here.at_desk()
    notice = here.page.locator(".idle-notice")
    await here.page.clock.fast_forward("27:00")
    await expect(notice).to_have_count(0)
    await here.page.clock.fast_forward("01:30")
    await expect(notice).to_contain_text("自动退出登录" if language == "zh" else "logged out at")
    await expect(notice).to_be_in_viewport(ratio=1)
    await here.shot("idle-soon")
    await notice.get_by_role("button").click()
    await expect(notice).to_have_count(0)
    await here.page.clock.fast_forward("20:00")
    await here.page.keyboard.press("Tab")  # who is at work is not asked
    await here.page.clock.fast_forward("08:30")
    await here.page.keyboard.press("Tab")
    await here.page.clock.fast_forward("00:10")
    await expect(notice).to_have_count(0)
    await here.page.clock.fast_forward("31:00")
    await expect(notice.get_by_role("link")).to_have_attribute("href", "/login?next=%2Fscan")
    await here.shot("idle-over")


@pytest.mark.parametrize(("width", "language"), [(360, "en"), (1280, "zh")])
async def test_a_page_in_use_says_when_its_session_ends_by_age(desk: Opened, width: int, language: str) -> None:
    here = await desk(width=width, language=language)
    await here.page.clock.install()
    await here.at_desk()
    notice = here.page.locator(".idle-notice")
    # Another tab of the browser stays in use all day.
    await here.page.evaluate("localStorage.setItem('beiyu.used', String(Date.now() + 12 * 3600_000))")
    await here.page.clock.fast_forward("11:48:00")
    await expect(notice).to_have_count(0)
    await here.page.clock.fast_forward("04:00")
    await expect(notice).to_contain_text("本次登录" if language == "zh" else "This session ends at")
    await expect(notice).to_be_in_viewport(ratio=1)
    await here.shot("session-ends")
    await notice.get_by_role("button").click()
    await here.page.clock.fast_forward("00:30")
    await expect(notice).to_have_count(0)
    await here.page.clock.fast_forward("09:00")
    await expect(notice).to_contain_text("最长时间" if language == "zh" else "longest time")
    await expect(notice.get_by_role("link")).to_have_attribute("href", "/login?next=%2Fscan")


@pytest.mark.parametrize(("width", "language"), [(360, "zh"), (1280, "en")])
async def test_what_was_typed_survives_a_session_that_ended(
    desk: Opened, store: Store, width: int, language: str
) -> None:
    """It is said, a new window logs in, and the same press goes through; under another person's session it does not."""
    here = await desk(width=width, language=language)
    here.expected = (401, 403)
    page = here.page
    notice = page.locator(".idle-notice")

    async def enter(login: str) -> None:
        answer = await page.context.request.post(
            f"{store.url}/api/v1/sessions", data={"login": login, "password": PASSWORD}
        )
        assert answer.ok

    await here.open(f"/picks/new?site={SITE}")
    await page.fill("[name=name]", "没有丢的话")
    await page.fill("[name=item]", "ZJ-0001")
    await page.fill("[name=quantity]", "1")
    await page.context.clear_cookies(name="beiyu_session")
    await page.keyboard.press("Enter")
    await expect(notice.get_by_role("link")).to_have_attribute("target", "_blank")
    await expect(notice).to_be_in_viewport(ratio=1)
    await here.shot("logged-out")
    await enter(READER)
    await page.locator("main button[type=submit]").click()
    await expect(page.locator(".form-problem:visible")).to_be_visible()
    await page.context.clear_cookies(name="beiyu_session")
    await enter(KEEPER)
    await expect(page.locator("[name=name]")).to_have_value("没有丢的话")
    async with page.expect_navigation():
        await page.locator("main button[type=submit]").click()
    await expect(page.locator("h1")).to_contain_text("JH")

    await here.at_desk(f"?delivery={store.deliveries['english lorry'][0]}")
    await page.keyboard.press("F6")
    await page.context.clear_cookies(name="beiyu_session")
    await page.locator("dialog[open] button[type=submit]").click()
    await expect(page.locator("dialog[open] .idle-notice a")).to_be_visible()
    await here.shot("dialog")
    await enter(KEEPER)
    await page.locator("dialog[open] button[type=submit]").click()
    await expect(page.locator("dialog[open]")).to_have_count(0)
    await expect(page.locator("#banner")).to_have_attribute("data-outcome", "done")


async def test_a_list_without_an_answer_says_so(desk: Opened, store: Store) -> None:
    """Neither a list nor a dialog of the desk takes silence for emptiness."""
    here = await desk(width=360)
    await here.open("/stock")
    await here.page.context.set_offline(True)
    await here.page.locator("main [name=q]").fill("帐篷")
    await expect(here.page.locator("#toast")).to_be_visible()  # once hidden by Tabler, whose word "toast" is
    await here.shot("no-answer")
    await here.page.context.set_offline(False)
    await here.at_desk()
    await here.page.keyboard.press("F1")
    await here.wedge(store.lot("looked up"))
    await expect(here.page.locator("#toast")).to_contain_text("请先答复")  # over the open dialog
    await here.shot("over-a-dialog")
    await here.page.keyboard.press("Escape")
    await here.page.context.set_offline(True)
    for key, name in (("Shift+F6", "asides"), ("Shift+F7", "picks")):
        await here.page.keyboard.press(key)
        await expect(here.page.locator(f'dialog[data-dialog="{name}"]')).to_contain_text("服务器没有回应")
        await here.page.keyboard.press("Escape")
    await here.page.context.set_offline(False)
