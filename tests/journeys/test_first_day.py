"""The first start of an empty house in a browser."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, expect

from api import database as api_database
from tests.conftest import Database, Postgres, Server, launch
from tests.journeys.conftest import Desk


@pytest_asyncio.fixture
async def empty_house(postgres: Postgres, tmp_path: Path) -> AsyncIterator[Server]:
    """A server on a database without any account."""
    name = await postgres.create()
    await api_database.close_pool()
    found = Database(name, postgres.owner_url(name), postgres.app_url(name))
    running = await asyncio.to_thread(launch, found, tmp_path / "serve", login_notice="仅限本单位人员使用")
    yield running
    await asyncio.to_thread(running.stop)
    await postgres.drop(name)


async def test_an_empty_house_is_started_by_three_people(empty_house: Server, chromium: Browser) -> None:
    code = re.search(r"启用码\s+([A-Z0-9-]{11})", empty_house.log.read_text())
    assert code is not None
    context = await chromium.new_context(viewport={"width": 1280, "height": 900}, locale="zh-CN")
    context.set_default_timeout(10_000)
    desk = Desk(await context.new_page(), empty_house.url, "first-day-1280")
    desk.expected = (401, 403)
    page = desk.page
    await desk.open("/")
    await expect(page).to_have_url(re.compile("/first-start"))
    await page.fill("[name=code]", "AAAAA-AAAAA")
    await page.fill("[name=city_zh]", "泸州市")
    await page.fill("[name=city_key]", "luzhou")
    await page.uncheck("[name=catalogue]")
    for name, who in (("system", "王系统"), ("security", "李安全"), ("audit", "赵审计")):
        await page.fill(f"[name='{name}.login']", f"lz.{name}")
        await page.fill(f"[name='{name}.name_zh']", who)
    await desk.shot("form", full=True)
    await page.click("button[type=submit]")
    await expect(page.locator(".form-problem")).to_contain_text("启用码不正确")
    await page.fill("[name=code]", code[1])
    await page.click("button[type=submit]")
    await expect(page.locator("#made")).to_be_visible()
    first = await page.inner_text("[data-field='system.password']")
    await desk.shot("ready", full=True)
    await page.click("#made a")
    await expect(page.locator(".entry")).to_contain_text("仅限本单位人员使用")
    await page.fill("[name=login]", "lz.system")
    await page.fill("[name=password]", first)
    await page.click("main button[type=submit]")
    await page.wait_for_url("**/password**")
    await page.fill("[name=old]", first)
    for name in ("new", "again"):
        await page.fill(f"[name={name}]", "Wang-2026-own!")
    await page.click("main button[type=submit]")
    await page.wait_for_url("**/second-factor**")
    await expect(page.locator("main")).to_contain_text("您的角色除密码外还须使用动态口令")
    await desk.shot("must-enrol")
    assert desk.wrong == []
    await context.close()
