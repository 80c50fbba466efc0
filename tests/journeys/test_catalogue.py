"""The planner keeps the catalogue: a code that nobody knew, a new item with packs and names, a change, an end."""

import pytest
from playwright.async_api import expect

from labels.codes import check_digit
from tests.journeys.conftest import Opened
from tests.journeys.store import PLANNER, Store


def gtin_of(body: str) -> str:
    return body + check_digit(body)


async def test_a_code_nobody_knew_is_given_to_its_item(desk: Opened, store: Store) -> None:
    """A keeper meets it; the planner finds it in a list, with what the keeper said; nobody is asked again."""
    gtin = gtin_of("0690000000377")
    keeper = await desk(width=360, height=760)
    await keeper.at_desk()
    await keeper.mode("F2")
    await keeper.wedge(gtin)
    form = keeper.page.locator("[data-ask='scan.ask-item']")
    await form.locator("input[type=search]").press_sequentially("ZH-0006")
    await form.locator("label.ask-choice", has_text="ZH-0006").click()
    await form.locator("button[type=submit]").click()
    await expect(keeper.page.locator("#banner")).to_have_attribute("data-outcome", "done")

    planner = await desk(PLANNER, width=1280)
    await planner.open("/items/unknown-codes")
    row = planner.page.locator("tbody tr", has_text=gtin)
    await expect(row).to_contain_text("1 ×")
    await planner.shot("unknown")
    await row.locator("input[name=goods]").fill("ZH-0006")
    await row.locator("button[type=submit]").dblclick()
    await expect(planner.page.locator("body")).not_to_contain_text(gtin)
    await planner.open("/items/ZH-0006/edit")
    await expect(planner.page.locator("main")).to_contain_text(gtin)

    await keeper.open("/scan")
    await keeper.mode("F2")
    await keeper.wedge(gtin)
    await expect(keeper.page.locator("#banner")).to_have_attribute("data-outcome", "done")


@pytest.mark.parametrize(("language", "width", "key"), [("zh", 1280, "LS-0377"), ("en", 360, "LS-0378")])
async def test_a_new_item_from_its_code_to_its_end(
    desk: Opened, store: Store, language: str, width: int, key: str
) -> None:
    """Made from a code, packed, named, changed, refused where a name is missing, taken out of use and put back."""
    gtin = gtin_of(f"06900000{key[-4:]}5")
    planner = await desk(PLANNER, language=language, width=width)
    planner.expected = (409,)
    page = planner.page
    await planner.open(f"/items/new?gtin={gtin}")
    await page.fill("[name=key]", key)
    await page.locator("form[data-api] button[type=submit]").last.click()
    await expect(page.locator(".form-problem").first).to_be_visible()
    await page.fill("[name=name_zh]", "自热米饭")
    await page.fill("[name=unit_zh]", "盒")
    await page.select_option("[name='main_class.code']", index=3)
    await page.locator("input[value=flood]").check()
    await page.fill("[name=weight_g]", "0.35")
    await page.fill("[name=price_fen]", "15.5")
    await planner.shot("new")
    await page.locator("form[data-api] button[type=submit]").last.click()
    await page.wait_for_url(f"**/items/{key}/edit")
    await expect(page.locator("main")).to_contain_text(gtin)

    packs = page.locator(f"form[data-api='POST /api/v1/items/{key}/packs']")
    await packs.locator("[name=name_zh]").fill("箱")
    await packs.locator("[name=factor]").fill("24")
    await packs.locator("button[type=submit]").click()
    await expect(page.locator(".plain-list", has_text="箱").first).to_contain_text("24")
    names = page.locator(f"form[data-api='POST /api/v1/items/{key}/aliases']")
    await names.locator("[name=alias]").fill("自热饭")
    await names.locator("button[type=submit]").click()
    await expect(page.locator(".plain-list", has_text="自热饭")).to_be_visible()
    await planner.shot("edit")

    facts = page.locator(f"form[data-api='PUT /api/v1/items/{key}']")
    await expect(facts.locator("[name=weight_g]")).to_have_value("0.35")
    await facts.locator("[name=storage_life_days]").fill("365")
    before = await facts.get_attribute("data-version") or ""
    await facts.locator("button[type=submit]").click()
    await expect(facts).not_to_have_attribute("data-version", before)
    await planner.open(f"/items/{key}")
    await expect(page.locator("main")).to_contain_text("365")
    await expect(page.locator("main")).to_contain_text("¥15.50")

    await planner.open(f"/items/{key}/edit")
    await page.locator(f"form[data-api='DELETE /api/v1/items/{key}'] button").click()
    await page.locator("dialog[open] button[value=yes]").click()
    await expect(page.locator(f"form[data-api='POST /api/v1/items/{key}/restore']")).to_be_attached()
    await page.locator(f"form[data-api='POST /api/v1/items/{key}/restore'] button").click()
    await expect(page.locator(f"form[data-api='DELETE /api/v1/items/{key}']")).to_be_attached()


@pytest.mark.parametrize(("language", "width", "key"), [("zh", 1280, "LS-0379"), ("en", 360, "LS-0380")])
async def test_care_and_what_may_be_given_instead(
    desk: Opened, store: Store, language: str, width: int, key: str
) -> None:
    """Written on the item's page: refused where a line is wrong, kept once however often it is pressed, taken away."""
    planner = await desk(PLANNER, language=language, width=width)
    planner.expected = (400, 404)
    page = planner.page
    await planner.open("/items/new")
    await page.fill("[name=key]", key)
    await page.fill("[name=name_zh]", "自热米饭")
    await page.fill("[name=unit_zh]", "盒")
    await page.select_option("[name='main_class.code']", index=3)
    await page.locator("form[data-api] button[type=submit]").last.click()
    await page.wait_for_url(f"**/items/{key}/edit")

    care = page.locator("#care")
    await care.locator("[data-add-row]").click()
    await care.locator("[name=first_after_days]").fill("0")
    await care.locator("[name=interval_days]").fill("180")
    await care.locator("button[type=submit]").click()
    await expect(care.locator(".form-problem")).to_be_visible()  # at least a day
    await care.locator("[name=kind]").select_option("inspection")
    await care.locator("[name=first_after_days]").fill("365")
    before = await care.get_attribute("data-version") or ""
    await care.locator("button[type=submit]").dblclick()
    await expect(page.locator("#care")).not_to_have_attribute("data-version", before)
    await expect(page.locator("#care [name=kind]")).to_have_value("inspection")

    given = page.locator("#substitutes")
    await given.locator("[data-add-row]").click()
    await given.locator("[name=item]").fill(key)
    await given.locator("[name=give]").fill("1")
    await given.locator("[name=need]").fill("2")
    await given.locator("button[type=submit]").click()
    await expect(given.locator(".form-problem")).to_be_visible()  # nothing stands in for itself
    await given.locator("[name=item]").fill("ZH-0006")
    before = await given.get_attribute("data-version") or ""
    await given.locator("button[type=submit]").dblclick()
    await expect(page.locator("#substitutes")).not_to_have_attribute("data-version", before)
    await expect(page.locator("#substitutes [name=item]")).to_have_value("ZH-0006")
    await planner.shot("care-and-substitutes")

    await planner.open(f"/items/{key}")
    await expect(page.locator("main")).to_contain_text("365")
    await expect(page.locator("main a[href='/items/ZH-0006']")).to_be_visible()
    await planner.open(f"/items/{key}/edit")
    await page.locator("#care [data-drop-row]").click()
    before = await page.locator("#care").get_attribute("data-version") or ""
    await page.locator("#care button[type=submit]").click()
    await expect(page.locator("#care")).not_to_have_attribute("data-version", before)
    await expect(page.locator("#care [data-row]")).to_have_count(0)

    keeper = await desk(language=language, width=width)
    keeper.expected = (403,)
    await keeper.open(f"/items/{key}/edit")
    await expect(keeper.page.locator("#care")).to_have_count(0)
