"""What an id of the audit trail stands for."""

from uuid import uuid4

import pytest

from catalog.kernel import db
from tests.conftest import Database
from tests.warehouse.people.city import build
from warehouse.search import queries
from warehouse.search.model import Subject

pytestmark = pytest.mark.database


async def test_every_form_of_an_id_finds_its_name_and_what_is_none_finds_nothing(database: Database) -> None:
    city = await build()
    person = str(city.people["keeper"])
    number = str(await db.fetch_value("SELECT id FROM person WHERE login = 'keeper'"))
    wanted = [
        ("person", person),
        ("person", number),
        ("site", "1"),
        ("site", "WJ01"),
        ("region", "NORTH"),
        ("person", "no such"),
        ("person", "9" * 40),
        ("site", "²"),
        ("delivery", str(uuid4())),
        ("nothing", "1"),
        ("", ""),
    ]
    found = await queries.names_of(wanted)
    keeper = Subject("人员keeper", found["person", person].name_en, "keeper")
    assert found == {
        ("person", person): keeper,
        ("person", number): keeper,
        ("site", "1"): Subject("新北库", found["site", "1"].name_en, "XB01"),
        ("site", "WJ01"): Subject("武进库", found["site", "WJ01"].name_en, "WJ01"),
        ("region", "NORTH"): Subject("新北区", found["region", "NORTH"].name_en, "NORTH"),
    }


async def test_every_statement_runs(database: Database) -> None:
    for sql in queries._BY_UUID.values():
        assert await db.fetch(sql, [uuid4()]) == []
    for sql in queries._BY_NUMBER.values():
        assert await db.fetch(sql, [9_999]) == []
    for sql in queries._BY_KEY.values():
        assert await db.fetch(sql, ["no such"]) == []
