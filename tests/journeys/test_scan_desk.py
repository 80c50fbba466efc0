"""The keeper's day at the scan desk, each way typed as a wedge types."""

import re

import pytest
from playwright.async_api import Route, expect

from labels.codes import OwnKind, check_digit, own_text, write_own
from tests.journeys.conftest import Opened
from tests.journeys.store import KEEPER, NEWCOMER, PASSWORD, READER, Store


def lot_in(said: str) -> str:
    """The lot number that the banner names."""
    found = re.search(r"(?<!\d)(\d{8})(?!\d)", said)
    assert found, said
    return found[1]


KEEPER_NAME = "林晓舟"


async def test_log_in_with_a_first_password(desk: Opened, store: Store) -> None:
    """A first password must be changed; then the way leads on to where one wanted to go."""
    keeper = await desk(login=None)
    keeper.expected = (401, 400)
    page = keeper.page
    await keeper.open("/scan")
    await expect(page).to_have_url(re.compile(r"/login\?next=%2Fscan$"))
    await keeper.shot("log-in")
    await page.keyboard.type(NEWCOMER)
    await page.keyboard.press("Tab")
    await page.keyboard.type("wrong")
    await page.keyboard.press("Enter")
    await expect(page.locator(".form-problem")).to_be_visible()
    await keeper.shot("wrong-password")
    await page.fill("[name=password]", PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(r"/password"))
    await keeper.shot("must-change")
    await page.fill("[name=old]", PASSWORD)
    await page.fill("[name=new]", "Better-2026!")
    await page.fill("[name=again]", "Bettor-2026!")
    await page.keyboard.press("Enter")
    await expect(page.locator(".form-problem")).to_be_visible()
    await page.fill("[name=again]", "Better-2026!")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(r"/scan$"))


async def test_receive_put_away_issue_undo(desk: Opened, store: Store) -> None:
    """Free receipt of tents by their item label, into a bin, out again, and the mistake taken back."""
    keeper = await desk()
    await keeper.at_desk()
    await keeper.mode("F2")
    await keeper.page.fill("#quantity", "2")
    await keeper.page.locator("#scan-input").focus()
    said = await keeper.scan("ZP-0008", "done")
    assert "已入库" in said
    assert "2 顶" in said
    lot = lot_in(said)
    label = write_own(OwnKind.LOT, lot)
    await keeper.shot("received")
    assert (await keeper.page.locator("#list-labels").get_attribute("href") or "").endswith(f"id={lot}")

    await keeper.mode("F3")
    assert store.code(20) in await keeper.scan(store.bin(20), "set")
    said = await keeper.scan(label, "done")
    assert "上架" in said
    assert f"{store.code(20)} 现有 2 顶" in said
    await keeper.shot("put-away")

    await keeper.mode("F7")
    await keeper.page.fill("#quantity", "1")
    said = await keeper.scan(label, "done")  # typed into the quantity field: a wedge does not look
    assert "出库" in said
    assert "1 顶" in said
    assert await keeper.page.input_value("#quantity") == ""
    await keeper.page.locator("#banner .banner-undo").click()
    await expect(keeper.page.locator("#banner")).to_have_attribute("data-outcome", "done")
    await expect(keeper.page.locator("#banner .banner-title")).to_have_text("已撤销")
    await expect(keeper.page.locator(".scan-undone")).to_have_count(1)
    assert f"{store.code(20)} 现有 2 顶" in await keeper.said()
    await keeper.shot("undone")

    await keeper.open(f"/lots/{lot}")
    await expect(keeper.page.locator(".big-figure.is-main > strong")).to_have_text("2")
    history = await keeper.page.locator("#part").inner_text()
    assert KEEPER_NAME in history  # the books keep the login; a page says whose it is
    assert "撤销" in history
    await keeper.shot("lot-card", full=True)


async def test_older_scans_are_undone_after_a_question_and_blocked_ones_say_why(desk: Opened, store: Store) -> None:
    keeper = await desk(width=360, height=760)
    keeper.expected = (409,)
    await keeper.at_desk()
    await keeper.mode("F2")
    await keeper.page.fill("#quantity", "3")
    said = await keeper.scan("TG-0002", "done")
    lot = lot_in(said)
    await keeper.mode("F7")
    await keeper.page.fill("#quantity", "3")
    await keeper.scan(write_own(OwnKind.LOT, lot), "done")
    await keeper.mode("F9")
    await keeper.shot("undo-mode")
    await keeper.page.locator(".scan-done .scan-undo").last.click()
    await expect(keeper.page.locator("#undo-dialog")).to_be_visible()
    await keeper.shot("question")
    await keeper.page.locator("#undo-dialog button[value=yes]").click()
    await expect(keeper.page.locator("#banner")).to_have_attribute("data-outcome", "refused")
    await expect(keeper.page.locator("#banner .banner-title")).to_have_text("不能撤销")
    await keeper.shot("blocked")


async def test_move_between_bins(desk: Opened, store: Store) -> None:
    """Source bin, lot, target bin; the quantity is asked, prefilled with all there is."""
    keeper = await desk(width=360, height=760)
    await keeper.at_desk()
    await keeper.mode("F4")
    await keeper.scan(store.bin(3), "set")
    await keeper.scan(store.lot("mover"), "ask")
    await keeper.shot("which-bin")
    await keeper.wedge(store.bin(21))
    await expect(keeper.page.locator("[data-ask='scan.ask-quantity']")).to_be_visible()
    await keeper.shot("how-many")
    await keeper.page.keyboard.type("7")
    await keeper.page.keyboard.press("Enter")
    await expect(keeper.page.locator("#banner")).to_have_attribute("data-outcome", "done")
    assert f"{store.code(21)} 现有 7" in await keeper.said()
    await keeper.shot("moved")


async def test_look_up_everything(desk: Opened, store: Store) -> None:
    keeper = await desk()
    await keeper.at_desk()
    await keeper.mode("F8")
    assert "雨伞" in await keeper.scan(store.lot("looked up"), "set")
    await keeper.shot("lot")
    assert "雨伞" in await keeper.scan("ZJ-0015", "set")
    assert store.code(6) in await keeper.scan(store.bin(6), "set")
    keeper.expected = (404,)
    assert "没有找到" in await keeper.scan(write_own(OwnKind.LOT, "26999999"), "refused")
    await keeper.scan(own_text(OwnKind.LOT, store.lots["looked up"])[:-1] + "!", "refused")
    await expect(keeper.page.locator("#miss-count")).to_have_text("2")
    await keeper.shot("misses")


async def test_first_expired_first_out_and_a_reason_for_another(desk: Opened, store: Store) -> None:
    keeper = await desk(width=360, height=760)
    await keeper.at_desk()
    await keeper.mode("F7")
    await keeper.scan(store.lot("later out"), "ask")
    form = keeper.page.locator("[data-ask='scan.ask-fefo']")
    await expect(form).to_contain_text(store.lots["first out"])
    await keeper.shot("asked")
    await form.locator("[name=reason]").fill("先到期的压在里面，取不出")
    await keeper.page.keyboard.press("Enter")
    await expect(keeper.page.locator("#banner")).to_have_attribute("data-outcome", "done")
    assert "棉被" in await keeper.said()
    await keeper.open(f"/lots/{store.lots['later out']}")
    await expect(keeper.page.locator("#part")).to_contain_text("取不出")


async def test_what_cannot_leave_is_refused_and_says_what_is_free(desk: Opened, store: Store) -> None:
    keeper = await desk()
    await keeper.at_desk()
    await keeper.mode("F7")
    await keeper.page.fill("#quantity", "9")
    said = await keeper.scan(store.lot("few"), "refused")
    assert "5" in said
    await keeper.shot("too-many")
    said = await keeper.scan(store.lot("expired"), "refused")
    await keeper.shot("expired")
    await keeper.scan("\\nonsense/123", "unreadable")
    await expect(keeper.page.locator("#miss-count")).to_have_text("3")
    await keeper.shot("unreadable")


async def test_receive_against_a_delivery_note(desk: Opened, store: Store) -> None:
    """Short, over and damaged: the counter runs, a line is refused at the gate, closing opens a case."""
    keeper = await desk()
    delivery, number = store.deliveries["lorry"]
    await keeper.at_desk()
    await keeper.mode("F2")
    said = await keeper.scan(store.note("lorry"), "set")
    assert number in said
    await expect(keeper.page.locator("#counter strong")).to_have_text("0 / 3")
    await keeper.page.fill("#quantity", "10")
    await keeper.scan("ZP-0001", "done")
    await expect(keeper.page.locator("#counter strong")).to_have_text("1 / 3")
    await keeper.page.select_option("#condition", "damaged")
    await keeper.page.fill("#quantity", "1")
    await keeper.scan("ZP-0002", "done")
    await keeper.page.select_option("#condition", "good")
    await keeper.page.fill("#quantity", "6")
    await keeper.scan("ZP-0002", "done")
    await expect(keeper.page.locator(".document-lines .is-over")).to_have_count(1)
    await keeper.shot("counter", full=True)
    await keeper.scan("BF-0004", "refused")

    await keeper.open(f"/deliveries/{delivery}")
    await keeper.shot("delivery", full=True)
    await keeper.page.locator("details.by-hand summary").click()
    await keeper.page.select_option("[data-line]", "3")
    await keeper.page.fill("[name=quantity]", "1")
    await keeper.page.select_option("[name=reason]", "damaged")
    await keeper.page.fill("[name=note]", "包装浸水")
    async with keeper.page.expect_navigation():
        await keeper.page.locator("details.by-hand form[data-line-form] button[type=submit]").click()
    await expect(keeper.page.locator("tbody tr").nth(2)).to_contain_text("包装浸水")
    await keeper.page.locator("button[data-api$='/close']").click()
    await keeper.shot("close-question")
    async with keeper.page.expect_navigation():
        await keeper.page.locator("dialog button[value=yes]").click()
    await expect(keeper.page.locator(".head-line .tag").first).to_have_text("已关闭")
    await keeper.shot("closed", full=True)


async def test_expiry_and_serial_numbers_are_asked(desk: Opened, store: Store) -> None:
    keeper = await desk(width=360, height=760)
    await keeper.at_desk()
    await keeper.mode("F2")
    await keeper.page.fill("#quantity", "2")
    await keeper.page.locator("#scan-input").focus()
    await keeper.wedge("LS-0004")
    await expect(keeper.page.locator("[data-ask='scan.ask-expiry']")).to_be_visible()
    await keeper.shot("expiry")
    await keeper.page.locator(".ask-form button[type=submit]").click()
    await expect(keeper.page.locator(".ask-form .form-problem")).to_be_visible()
    await keeper.page.fill("[name=expires_on]", "2028-03-01")
    await keeper.page.locator(".ask-form button[type=submit]").click()
    await expect(keeper.page.locator("#banner")).to_have_attribute("data-outcome", "done")
    assert "2028-03-01" in await keeper.said()

    await keeper.wedge("ZP-0004")
    await expect(keeper.page.locator("[data-ask='scan.ask-serials']")).to_be_visible()
    await keeper.page.fill("[name=serials]", "A-1001\nA-1002")
    await keeper.shot("serials")
    await keeper.page.locator(".ask-form button[type=submit]").click()
    await expect(keeper.page.locator("#banner")).to_have_attribute("data-outcome", "done")
    assert "2 顶" in await keeper.said()


async def test_an_unknown_article_number_asks_which_item_it_is(desk: Opened, store: Store) -> None:
    """A maker's code that nobody has entered: new item or alias? What it says is shown, and goes into the lot."""
    gtin = "0690000000001"
    keeper = await desk(width=360, height=760)
    await keeper.at_desk()
    await keeper.mode("F2")
    await keeper.page.fill("#quantity", "3")
    await keeper.page.locator("#scan-input").focus()
    await keeper.wedge(f"01{gtin}{check_digit(gtin)}1728030110B7")
    form = keeper.page.locator("[data-ask='scan.ask-item']")
    await expect(form).to_contain_text("新物资，还是已有物资的别名")
    for told in (gtin + check_digit(gtin), "B7", "2028-03-01"):
        await expect(form.locator("ul")).to_contain_text(told)
    await form.locator("input[type=search]").press_sequentially("LS-0004")
    await form.locator("label.ask-choice", has_text="LS-0004").click()
    await keeper.shot("which-item")
    await form.locator("button[type=submit]").click()
    await expect(keeper.page.locator("#banner")).to_have_attribute("data-outcome", "done")
    said = await keeper.said()
    assert "2028-03-01" in said
    await keeper.open(f"/lots/{lot_in(said)}")
    await expect(keeper.page.locator("main")).to_contain_text("B7")


async def test_a_double_press_has_one_effect(desk: Opened, store: Store) -> None:
    """Two presses on undo, two presses on issue a paper: one effect each."""
    keeper = await desk()
    await keeper.at_desk()
    await keeper.mode("F7")
    await keeper.page.fill("#quantity", "4")
    await keeper.scan(store.lot("doubled"), "done")
    await keeper.page.locator("#banner .banner-undo").dblclick()
    await expect(keeper.page.locator(".scan-undone")).to_have_count(1)
    await keeper.open(f"/lots/{store.lots['doubled']}")
    await expect(keeper.page.locator(".big-figure.is-main > strong")).to_have_text("30")
    await expect(keeper.page.locator("#part tbody tr")).to_have_count(3)


async def test_scans_survive_a_dead_network_and_a_reload(desk: Opened, store: Store) -> None:
    """Unsent scans are counted, survive a reload, and arrive once, in order, when the network is back."""
    keeper = await desk(width=360, height=760)
    await keeper.at_desk()
    await keeper.mode("F7")

    async def swallow(route: Route) -> None:
        """The server does it, the answer is lost on the way: the worst case."""
        await route.fetch()
        await route.abort("connectionreset")

    await keeper.page.route("**/api/v1/scans", swallow, times=1)
    for _ in range(3):
        await keeper.wedge(store.lot("reloaded"))
    await keeper.page.context.set_offline(True)
    await expect(keeper.page.locator("#unsent")).to_have_attribute("data-count", "3")
    await expect(keeper.page.locator("#trouble")).to_be_visible()
    await keeper.shot("offline")
    await keeper.page.context.set_offline(False)
    await keeper.page.reload()
    await expect(keeper.page.locator("body[data-ready=yes]")).to_have_count(1)
    await keeper.answered()
    await expect(keeper.page.locator(".scan-row[data-kind=done], .scan-row[data-kind=repeat]")).to_have_count(3)
    await keeper.shot("sent")
    await keeper.open(f"/lots/{store.lots['reloaded']}")
    await expect(keeper.page.locator(".big-figure.is-main > strong")).to_have_text("27")


async def test_a_scan_into_a_form_goes_to_the_scanner(desk: Opened, store: Store) -> None:
    """What a person typed into the form before stays as it was."""
    keeper = await desk()
    await keeper.at_desk()
    await keeper.mode("F8")
    await keeper.page.locator(".by-hand summary").click()
    field = keeper.page.locator("#by-hand [name=code]")
    await field.click()
    await keeper.page.keyboard.type("AB", delay=90)
    await keeper.wedge(store.lot("looked up"))
    await expect(keeper.page.locator("#banner")).to_have_attribute("data-code", "scan.found")
    assert await field.input_value() == "AB"
    await keeper.page.keyboard.type("C", delay=90)
    assert await field.input_value() == "ABC"


async def test_everything_by_hand(desk: Opened, store: Store) -> None:
    """No scanner at all: keyboard only."""
    keeper = await desk()
    await keeper.at_desk()
    await keeper.mode("F2")
    await keeper.page.locator(".by-hand summary").focus()
    await keeper.page.keyboard.press("Enter")
    await keeper.page.locator("#by-hand [name=code]").fill("ZJ-0002")
    await keeper.page.locator("#by-hand [name=count]").fill("8")
    await keeper.page.locator("#by-hand [name=bin]").fill(store.code(22))
    await keeper.shot("form")
    await keeper.page.keyboard.press("Enter")
    await keeper.answered()
    said = await keeper.said()
    assert "8" in said
    assert store.code(22) in said


@pytest.mark.parametrize(("language", "dark"), [("zh", True), ("en", False), ("en", True)])
async def test_in_both_languages_and_lights(desk: Opened, store: Store, language: str, dark: bool) -> None:
    keeper = await desk(width=360, height=760, language=language, dark=dark)
    await keeper.at_desk()
    await keeper.mode("F7")
    await keeper.page.fill("#quantity", "1")
    await keeper.scan(store.lot("english"), "done")
    await keeper.shot("issued", full=True)
    await keeper.page.fill("#quantity", "99")
    await keeper.scan(store.lot("english"), "refused")
    await keeper.shot("refused")
    title = await keeper.page.locator("#banner .banner-title").inner_text()
    assert title == ("Refused" if language == "en" else "未办理")


async def test_logged_out_in_the_middle(desk: Opened, store: Store) -> None:
    """The session ends while somebody scans: the scan waits, and goes out after log-in, with the new page's token."""
    keeper = await desk()
    keeper.expected = (401,)
    page = keeper.page
    await keeper.at_desk()
    await keeper.mode("F7")
    await page.context.clear_cookies(name="beiyu_session")
    await keeper.wedge(store.lot("spread"))
    await expect(page.locator("#unsent")).to_have_attribute("data-count", "1")
    await keeper.shot("logged-out")
    await page.locator("#trouble a").click()
    await page.fill("[name=login]", KEEPER)
    await page.fill("[name=password]", PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator("body[data-ready=yes]")).to_have_count(1)
    await keeper.answered()
    await expect(page.locator("#banner")).to_have_attribute("data-outcome", "ask")  # it stands in two bins


async def test_another_person_at_the_same_browser_sends_only_their_own(desk: Opened, store: Store) -> None:
    """Scans of one keeper never go out under another's name; they are counted and wait."""
    keeper = await desk()
    page = keeper.page
    await keeper.at_desk()
    await keeper.mode("F7")
    await page.context.set_offline(True)
    await keeper.wedge(store.lot("few"))
    await expect(page.locator("#unsent")).to_have_attribute("data-count", "1")
    # Before the network is back: it would be sent at once, by the keeper whose it is.
    await page.route("**/api/v1/scans", lambda route: route.abort())
    await page.context.set_offline(False)
    keeper.expected = (401,)  # between the two persons nobody is logged in, and the page looks for news meanwhile
    await page.context.clear_cookies(name="beiyu_session")
    await page.context.request.post(f"{store.url}/api/v1/sessions", data={"login": READER, "password": PASSWORD})
    await keeper.at_desk()
    await page.unroute("**/api/v1/scans")
    await expect(page.locator("#unsent")).to_have_attribute("data-count", "0")
    await expect(page.locator("#trouble")).to_contain_text("1 条")
    await expect(page.locator("[data-mode=issue]")).to_have_count(0)
