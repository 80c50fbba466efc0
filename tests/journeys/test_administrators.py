"""The days of the three administrators, without a shell."""

import re

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import Desk, Opened
from tests.journeys.looks import CONTRAST
from tests.journeys.store import ADMIN, AUDITOR, KEEPER, PASSWORD, READER, SECURITY, Store

SECTIONS = {
    ADMIN: {
        "people",
        "parties",
        "regions",
        "sites",
        "roads",
        "dictionaries",
        "parameters",
        "settings",
        "layouts",
        "jobs",
        "notices",
    },
    SECURITY: {"people", "parameters", "rights", "tokens", "sessions", "locks", "accounts"},
    AUDITOR: {"audit", "anchors"},
}


async def say_yes(desk: Desk) -> None:
    await desk.page.click("dialog button[value=yes]")


@pytest.mark.parametrize(("width", "language", "dark"), [(360, "zh", False), (1280, "zh", False), (1280, "en", True)])
@pytest.mark.parametrize("login", list(SECTIONS))
async def test_each_desk_shows_its_own_sections_and_nothing_of_the_others(
    desk: Opened, login: str, width: int, language: str, dark: bool
) -> None:
    here = await desk(login, width=width, language=language, dark=dark)
    await here.open("/admin")
    found = await here.page.eval_on_selector_all(".tile", "all => all.map(one => one.getAttribute('href'))")
    assert {href.removeprefix("/admin/") for href in found} == SECTIONS[login]
    await here.shot(f"desk-{login}-{language}", full=True)
    for href in found:
        await here.open(href)
        await expect(here.page.locator("h1")).to_be_visible()
        await here.shot(f"{href.rsplit('/', 1)[1]}-{login}-{language}", full=width == 360)
        assert await here.page.evaluate(CONTRAST) == [], href
    here.expected = (403,)
    for href in {f"/admin/{one}" for all_ in SECTIONS.values() for one in all_} - set(found):
        answer = await here.page.goto(here.url + href)
        assert answer is not None
        assert answer.status == 403, href


async def test_a_new_keeper_from_account_to_log_in(desk: Opened, store: Store) -> None:
    """The system administrator makes the account, the security administrator gives the role, the keeper comes in."""
    system = await desk(ADMIN)
    await system.open("/admin/people")
    await system.page.click("details.by-hand summary")
    await system.page.fill("[name=login]", "jy.zhang")
    await system.page.fill("[name=name_zh]", "张建国")
    await system.page.click("form[data-told] button[type=submit]")
    await expect(system.page.locator("#made")).to_be_visible()
    first = await system.page.inner_text("#made [data-field=password]")
    await system.shot("account-made")

    security = await desk(SECURITY)
    await security.open("/admin/people?q=jy.zhang")
    await security.page.click("tbody a:has-text('jy.zhang')")
    await security.page.click("summary:has-text('授予角色')")
    await security.page.select_option("[name=role]", "keeper")
    await security.page.select_option("[name=site]", "CZ01")
    await security.page.fill("[name=reason]", "新任保管员")
    await security.page.click("button:has-text('授予'):not(summary)")
    await expect(security.page.locator("#why")).to_contain_text("出库")
    await expect(security.page.locator("#why")).to_contain_text("由 jy.security")
    await security.shot("why-may-zhang", full=True)
    await security.open("/admin/rights?permission=stock.issue&site=CZ01")
    await expect(security.page.locator("#part")).to_contain_text("张建国")
    await security.shot("who-may-issue")

    keeper = await desk(None)
    keeper.expected = (401, 403)
    await keeper.open("/login")
    await keeper.page.fill("[name=login]", "jy.zhang")
    await keeper.page.fill("[name=password]", first)
    await keeper.page.click("button[type=submit]")
    await keeper.page.wait_for_url("**/password**")
    await keeper.page.fill("[name=old]", first)
    for name in ("new", "again"):
        await keeper.page.fill(f"[name={name}]", "Zhang-2026-own!")
    await keeper.page.click("main button[type=submit]")
    await expect(keeper.page.locator("h1")).to_contain_text("张建国")


async def test_a_session_is_ended_while_its_page_is_open(desk: Opened) -> None:
    reader = await desk(READER)
    await reader.open("/stock")
    security = await desk(SECURITY)
    await security.open("/admin/sessions")
    row = security.page.locator(f"tr:has-text('{READER}')").first
    count = await security.page.locator(f"tr:has-text('{READER}')").count()
    await row.locator("button").click()
    await say_yes(security)
    await expect(security.page.locator(f"tr:has-text('{READER}')")).to_have_count(count - 1)
    reader.expected = (401,)
    await reader.page.goto(reader.url + "/stock")
    await expect(reader.page).to_have_url(re.compile("/login"))


async def test_a_parameter_for_one_district_only_seen_before_it_is_made(desk: Opened) -> None:
    system = await desk(ADMIN)
    await system.open("/admin/parameters/label.layout")
    await system.page.select_option("[name=region]", "wujin")
    await system.page.select_option("[name=value]", "roll-70x50")
    await system.page.click("form[method=get] button[type=submit]")
    await expect(system.page.locator("#preview")).to_contain_text("roll-70x50")
    await system.shot("preview")
    await system.page.click("#preview button[type=submit]")
    await expect(system.page.locator("section:has-text('单独设定的区划') li")).to_contain_text("roll-70x50")
    await system.shot("set", full=True)
    await system.open("/admin/parameters?region=wujin")
    await expect(system.page.locator("tr:has-text('常用标签纸')")).to_contain_text("roll-70x50")
    await system.open("/admin/parameters?region=tianning")
    await expect(system.page.locator("tr:has-text('常用标签纸') td:nth-child(2)")).to_contain_text("a4-3x8-70x37")
    await system.open("/admin/parameters/label.layout?region=wujin&clear=yes")
    await system.page.click("#preview button[type=submit]")
    await expect(system.page.locator("text=没有：各地均采用默认值。")).to_be_visible()


async def test_a_second_factor_from_enrolment_to_recovery(desk: Opened, store: Store) -> None:
    import pyotp

    keeper = await desk(KEEPER, width=360)
    page = keeper.page
    keeper.expected = (400, 401, 409)
    system = await desk(ADMIN)
    await system.page.request.post(
        f"{system.url}/api/v1/people",
        data={"login": "jy.factor", "name_zh": "两步验证", "region": "changzhou", "password": PASSWORD},
        headers={"idempotency-key": "6d1b1c6e-0000-4000-8000-000000000001", "x-csrf-token": await csrf(system)},
    )
    who = await desk(None, width=360)
    who.expected = (400, 401)
    page = who.page
    await enter(who, "jy.factor", PASSWORD)
    await page.wait_for_url("**/password**")
    await page.fill("[name=old]", PASSWORD)
    for name in ("new", "again"):
        await page.fill(f"[name={name}]", "Another-1-own!")
    await page.click("main button[type=submit]")
    await page.wait_for_url(re.compile(r"/$"))
    await who.open("/second-factor")
    await page.fill("[name=password]", "Another-1-own!")
    await page.click("main button[type=submit]")
    await expect(page.locator("img.qr")).to_be_visible()
    await who.shot("enrol", full=True)
    await page.click("#begun summary")
    secret = (await page.inner_text("#begun [data-field=secret]")).strip()
    await page.fill("#begun [name=code]", "000000")
    await page.click("#begun button[type=submit]")
    await expect(page.locator("#begun .form-problem")).to_be_visible()
    await page.fill("#begun [name=code]", pyotp.TOTP(secret).now())
    await page.click("#begun button[type=submit]")
    await expect(page.locator("#codes li")).to_have_count(10)
    recovery = await page.locator("#codes li").first.inner_text()
    await who.shot("recovery-codes", full=True)
    await page.context.clear_cookies(name="beiyu_session")
    await enter(who, "jy.factor", "Another-1-own!")
    await expect(page.locator("[name=code]")).to_be_visible()
    await who.shot("asked-for-a-code")
    await page.fill("[name=code]", recovery)
    await page.click("main button[type=submit]")
    await page.wait_for_url(re.compile(r"/$"))
    security = await desk(SECURITY)
    await security.open("/admin/people?q=jy.factor")
    await security.page.click("tbody a")
    await security.page.click("button:has-text('重置动态口令')")
    await say_yes(security)
    await expect(security.page.locator(".facts")).to_contain_text("无")


async def csrf(desk: Desk) -> str:
    return str((await (await desk.page.request.get(f"{desk.url}/api/v1/me")).json())["csrf"])


async def enter(desk: Desk, login: str, password: str) -> None:
    await desk.open("/login")
    await desk.page.fill("[name=login]", login)
    await desk.page.fill("[name=password]", password)
    await desk.page.click("main button[type=submit]")


async def test_the_auditor_finds_who_was_refused(desk: Opened) -> None:
    keeper = await desk(KEEPER)
    keeper.expected = (403,)
    await keeper.page.goto(keeper.url + "/admin/people")
    auditor = await desk(AUDITOR)
    await auditor.open("/admin/audit")
    await auditor.page.fill("[name=login]", KEEPER)
    await auditor.page.select_option("[name=success]", "no")
    await auditor.page.click("form.filters button[type=submit]")
    await expect(auditor.page.locator("tbody tr").first).to_contain_text("access.denied")
    await auditor.page.click("tbody tr:first-child summary")
    await auditor.shot("refusals")


@pytest.mark.parametrize(("width", "language"), [(360, "zh"), (1280, "en")])
async def test_a_limit_is_read_and_set_in_yuan(desk: Opened, width: int, language: str) -> None:
    system = await desk(ADMIN, width=width, language=language)
    await system.open("/admin/parameters/count.approve-total")
    await expect(system.page.locator("dl.facts")).to_contain_text("¥5,000.00")
    await system.page.select_option("[name=region]", "wujin")
    await system.page.fill("[name=value]", "8,000.555")
    await system.page.click("form.form-row button")
    await expect(system.page.get_by_role("alert").first).to_be_visible()
    await system.page.fill("[name=value]", "¥8,000.50")
    await system.page.click("form.form-row button")
    await expect(system.page.locator("#preview h3")).to_contain_text("¥8,000.50")
    await system.shot("limit", full=True)
    await system.page.click("#preview .btn-primary")
    await expect(system.page.locator("main")).not_to_contain_text("800050")
    await expect(system.page.locator(".head-line", has_text="¥8,000.50")).to_be_visible()
    await system.open("/admin/parameters/count.approve-total?region=wujin&clear=yes")
    await system.page.click("#preview .btn-primary")
    await expect(system.page.locator("#preview")).to_have_count(0)
