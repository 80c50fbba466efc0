"""The demo city as it comes out of the program's own actions."""

from datetime import UTC, datetime

import pytest

from api import demo
from catalog.items.queries import find_by_code, list_items
from catalog.kernel import db
from catalog.kernel.access import EVERYWHERE
from warehouse.sites.queries import list_sites

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
TABLES = (
    "region",
    "region_code",
    "region_fact",
    "material_class",
    "item",
    "item_alias",
    "item_care",
    "item_substitute",
    "kit_component",
    "pack",
    "item_code",
    "party",
    "site",
    "zone",
    "place",
    "person",
    "role_grant",
    "row_history",
    "audit",
)


async def counts() -> dict[str, int]:
    return {table: await db.fetch_value(f"SELECT count(*) FROM {table}") for table in TABLES}


async def load() -> None:
    loaded = await demo.load_catalog_and_city(city="changzhou", at=AT)
    await demo.load_people(loaded.city, password="Beiyu-2026!", at=AT)


async def test_the_city_is_there_and_loading_it_again_changes_nothing(database: object) -> None:
    await load()
    first = await counts()
    await load()

    assert await counts() == first
    assert first["region"] >= 73, "72 nodes of the code list and the zone without a code"
    assert first["item"] >= 120
    assert first["site"] >= 30
    assert first["person"] > 9
    assert [s.code for s in (await list_sites(scope=EVERYWHERE, custody=True)).items], "custody sites"
    assert not await db.fetch_value(
        "SELECT count(*) FROM item i WHERE NOT EXISTS (SELECT FROM pack WHERE item_id = i.id)"
    )
    assert await db.fetch_value("SELECT count(*) FROM item WHERE tracking = 'serial'") >= 3
    assert {r[0] for r in await db.fetch("SELECT DISTINCT kind FROM item")} == {"plain", "phantom_kit", "stocked_kit"}


async def test_a_load_that_broke_off_is_taken_up(database: object, monkeypatch: pytest.MonkeyPatch) -> None:
    def power_cut(*_: object, **__: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(demo.sites, "create_sites", power_cut)
        with pytest.raises(RuntimeError):
            await load()
    assert (await counts())["site"] == 0
    await load()
    assert (await counts())["site"] >= 30


async def test_a_tent_is_found_however_it_is_typed(database: object) -> None:
    await load()
    for query in ("zp", "ZP", "zhangpeng", "帐篷", "帐蓬", "tent", "ｚｐ", " 帐 篷 "):
        page = await list_items(query=query)
        assert any("帐篷" in item.name_zh for item in page.items[:3]), query
    hit = await find_by_code("2000000011004")
    assert hit is not None
    assert hit.item_key == "ZP-0001"
    assert [item.key for item in (await list_items(query="2000000011004")).items] == ["ZP-0001"]
