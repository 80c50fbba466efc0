"""A town with one keeper goes live from its messy list: up, columns looked at, questions answered, in, figures seen."""

from datetime import date

from playwright.async_api import expect

from tests.journeys.conftest import Desk, Opened
from tests.journeys.store import Store
from tests.warehouse.exchange.house import book


def messy(first: str, *, later: int = 0) -> bytes:
    """A list as a town sends it, short enough to be read on a picture."""
    return book(
        [
            [f"某镇应急物资清单（{first}）"],
            ["填报单位：某镇应急管理局　　填报日期：2026年11月"],
            [
                "序号",
                "品名",
                "规格/型号",
                "计量单位",
                "现有数量",
                "购置(生产)时间",
                "有效期至",
                "存放位置",
                "保管人",
                "手机",
                "备注",
            ],
            ["(一)防汛"],
            [
                1,
                "编织袋",
                "50×90cm",
                "条",
                "15，000",
                date(2024 + later, 5, 20),
                f"{2029 + later}.5",
                "防汛仓库",
                "丁国强",
                13800007701,
                "",
            ],
            [
                2,
                "编织袋",
                "50×90cm",
                "捆",
                30,
                f"{2024 + later}年5月",
                f"{2029 + later}年5月",
                "同上",
                "丁国强",
                13800007701,
                "每捆50条",
            ],
            [3, "草袋", "", "只", "500余", f"{2023 + later}.4", "/", "同上", "丁国强", 13800007701, ""],
            [
                4,
                "救生衣",
                "成人款",
                "件",
                "1８0",
                f"{2023 + later}0601",
                f"{2028 + later}/6/1",
                "",
                "丁国强",
                13800007701,
                "",
            ],
            ["", "小计", "", "", 15710, "", "", "", "", "", ""],
            ["(二)生活安置"],
            [5, "帐篷", "单，12平方", "个", 18, date(2023 + later, 8, 8), "长期", "", "蒋月琴", "0519-86000000", ""],
            [6, "棉被", "", "床", "６00", date(2023 + later, 11, 11), "10年", "", "蒋月琴", "0519-86000000", ""],
            [
                7,
                "棉大衣",
                "",
                "件",
                80,
                f"{2025 - later}-10-10",
                f"{2025 - later}-04-09",
                "",
                "蒋月琴",
                "0519-86000000",
                "日期待核",
            ],
            ["", "合  计", "", "", 16408, "", "", "", "", "", ""],
            ["制表：丁国强      审核：                单位（盖章）"],
        ],
        merged=((0, 0, 0, 10, f"某镇应急物资清单（{first}）"),),
    )


async def bring(desk: Desk, data: bytes, name: str, site: str) -> None:
    """Choose the file and read it."""
    await desk.page.locator('[name="file"]').set_input_files(
        {"name": name, "mimeType": "application/vnd.ms-excel", "buffer": data}
    )
    await desk.page.locator('[name="site"]').select_option(site)
    await desk.page.locator("[data-import-upload] button[type=submit]").click()
    await expect(desk.page.locator(".big-figures")).to_be_visible(timeout=30_000)


async def settle(desk: Desk) -> None:
    """Answer all questions as a keeper would: likely proposals first, then one by one; the first offer otherwise."""
    for _ in range(6):
        questions = desk.page.locator("#questions [data-question]")
        if await questions.count() == 0:
            return
        await desk.page.locator("[data-import-propose]").click()
        for n in range(await questions.count()):
            choice = questions.nth(n).locator("[data-choice]")
            if not await choice.input_value():
                await choice.select_option(index=1)
        async with desk.page.expect_navigation(timeout=30_000):
            await desk.page.locator("#questions button[type=submit]").click()
        await expect(desk.page.locator("#rows")).to_be_visible()


async def go_in(desk: Desk) -> None:
    """Import, confirm, and wait for the end."""
    await desk.page.locator(".import-acts .btn-primary").click()
    await desk.page.locator("dialog button[value=yes]").click()
    await expect(desk.page.locator(".head-line .tag-good").first).to_be_visible(timeout=20_000)


async def test_a_town_goes_live_from_its_list(desk: Opened, store: Store) -> None:
    page = await desk(width=1280)
    await page.open("/imports")
    await page.shot("empty")
    await page.open("/imports/new")
    await page.shot("new", full=True)
    await bring(page, messy("甲"), "某镇清单.xlsx", "CZ01")
    await page.shot("questions", full=True)
    await page.page.get_by_role("link", name="列对应").click()
    await page.shot("columns", full=True)
    await expect(page.page.locator('[data-column="F"]')).to_have_value("produced")
    await page.page.locator("[data-import-mapping] button[type=submit]").click()
    await expect(page.page.locator("#questions")).to_be_visible(timeout=30_000)
    await settle(page)
    await page.shot("answered", full=True)
    await go_in(page)
    await page.shot("done", full=True)
    await page.open("/stock?q=DL-0001")
    await expect(page.page.locator("#part")).to_contain_text("15,000")
    await page.shot("stock")
    await page.open("/imports/new")
    await bring(page, messy("甲"), "某镇清单.xlsx", "CZ01")
    await expect(page.page.locator(".big-figure.is-main > strong")).to_have_text("0")
    await page.shot("again", full=True)


async def test_the_same_on_a_phone_in_english(desk: Opened, store: Store) -> None:
    """With dates of its own: the other list may have been imported into the same store before."""
    page = await desk(width=360, height=780, language="en")
    await page.open("/imports/new")
    await page.shot("new", full=True)
    await bring(page, messy("乙", later=1), "town list.xlsx", "CZ01")
    await page.shot("questions", full=True)
    await page.page.get_by_role("link", name="Columns", exact=True).click()
    await page.shot("columns", full=True)
    await expect(page.page.locator('[data-column="F"]')).to_have_value("produced")
    await page.page.locator("[data-import-mapping] button[type=submit]").click()
    await expect(page.page.locator(".big-figures")).to_be_visible(timeout=30_000)
    await settle(page)
    await page.shot("answered", full=True)
    await go_in(page)
    await page.shot("done", full=True)
    await page.open("/imports/new")
    await bring(page, messy("乙", later=1), "town list.xlsx", "CZ01")
    await expect(page.page.locator(".big-figure.is-main > strong")).to_have_text("0")
    await expect(page.page.locator(".import-acts .btn-primary")).to_have_count(0)
    await page.open("/imports")
    await page.shot("list")


async def test_a_file_that_cannot_be_read_says_what_to_do(desk: Opened, store: Store) -> None:
    page = await desk(width=1280)
    await page.open("/imports/new")
    await page.page.locator('[name="file"]').set_input_files(
        {"name": "坏.xlsx", "mimeType": "application/vnd.ms-excel", "buffer": messy("丙")[:900]}
    )
    await page.page.locator("[data-import-upload] button[type=submit]").click()
    await expect(page.page.locator("main")).to_contain_text("重新保存", timeout=30_000)
    await page.shot("broken")
