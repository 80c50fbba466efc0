"""Requisitions on a real database: asked, approved, sourced, released, carried out; who sees and may do what."""

from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from catalog.kernel.access import EVERYWHERE
from catalog.kernel.errors import Missing
from tests.catalog.test_tables import kind
from warehouse.requisitions import queries, tables


async def test_nothing_is_there_at_first(city: asyncpg.Connection) -> None:
    assert not (await queries.list_requisitions(scope=EVERYWHERE, text="x")).items
    assert not (await queries.list_releases(scope=EVERYWHERE, owed=True)).items
    assert not (await queries.list_releases(scope=EVERYWHERE, text="x")).items
    for one in (queries.get_requisition, queries.get_release):
        with pytest.raises(Missing):
            await one(uuid4(), EVERYWHERE)


@pytest.mark.parametrize(
    "table", [one for name, one in vars(tables).items() if name.endswith("Row")], ids=lambda one: one._meta.tablename
)
async def test_the_mirror_is_the_table(city: asyncpg.Connection, table: Any) -> None:
    rows = await city.fetch(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = $1", table._meta.tablename
    )
    assert {column._meta.name: kind(column) for column in table._meta.columns} == {row[0]: row[1] for row in rows}
