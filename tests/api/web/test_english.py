"""Goods and units in English, where the catalogue knows a word; else as the books say it."""

import asyncpg
import pytest

from api.web import english, languages
from tests.conftest import Database
from tests.warehouse.stock import world

pytestmark = pytest.mark.database


async def test_what_the_catalogue_knows_is_said_and_nothing_is_lost(
    database: Database, owner: asyncpg.Connection
) -> None:
    await world.build(owner)
    await owner.execute("UPDATE item SET name_en = NULL, unit_en = NULL")
    first, second, third = [row[0] for row in await owner.fetch("SELECT id FROM item ORDER BY id LIMIT 3")]
    await owner.execute("UPDATE item SET name_zh = '帐篷', name_en = 'Tent', unit_zh = '顶' WHERE id = $1", first)
    await owner.execute("UPDATE item SET unit_zh = '顶', unit_en = 'piece' WHERE id = $1", first)
    await owner.execute("UPDATE item SET name_zh = '手电', name_en = 'Torch' WHERE id = $1", second)
    await owner.execute("UPDATE item SET name_zh = '手电', name_en = 'Lamp' WHERE id = $1", third)
    await owner.execute(
        "INSERT INTO party (uuid, key, kind, name_zh, name_en, source)"
        " VALUES (gen_random_uuid(), 'GY', 'supplier', '某厂', 'A maker', 'test')"
    )
    await english.load()
    zh, en = languages.language("zh"), languages.language("en")
    assert english.goods(en, "帐篷") == "Tent"
    assert english.goods(zh, "帐篷") == "帐篷"
    assert english.goods(en, "手电") == "手电"  # two goods of one name: neither is guessed
    assert english.goods(en, None) == ""
    assert english.place(en, "某厂") == "A maker"
    assert english.unit(en, "份") == "portion"  # of a class that is counted together: no item has it
    assert english.unit(en, "顶") == "piece"
    assert english.unit(zh, "顶") == "顶"
    assert english.unit(en, "没有的") == "没有的"
    assert english.units(zh) == {}


async def test_places_are_said_in_english_also_before_a_points_own_name(
    database: Database, owner: asyncpg.Connection
) -> None:
    await world.build(owner)
    await owner.execute("UPDATE region SET name_zh = '溧阳市', name_en = 'Liyang' WHERE id = 4")
    await owner.execute("UPDATE site SET name_zh = '溧阳库', name_en = 'Liyang store' WHERE id = 2")
    await english.load()
    zh, en = languages.language("zh"), languages.language("en")
    assert english.place(en, "溧阳库") == "Liyang store"
    assert english.place(en, "溧阳市 中心小学") == "Liyang 中心小学"
    assert english.place(en, "别处 中心小学") == "别处 中心小学"
    assert english.place(zh, "溧阳市 中心小学") == "溧阳市 中心小学"
    assert english.place(en, None) == ""
