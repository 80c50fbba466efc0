"""Every Piccolo table says of its columns what the database says."""

import asyncpg
import pytest
from piccolo.columns import Column
from piccolo.table import Table

from catalog.classes import tables as classes
from catalog.items import tables as items
from catalog.kits import tables as kits
from catalog.packs import tables as packs
from catalog.regions import tables as regions
from warehouse.parties import tables as parties
from warehouse.sites import tables as sites

TABLES: list[type[Table]] = [
    regions.Region,
    regions.RegionCode,
    regions.RegionFact,
    classes.MaterialClass,
    items.StorageClass,
    items.Item,
    items.ItemClass,
    items.ItemAlias,
    items.ItemCode,
    items.ItemCare,
    items.ItemSubstitute,
    packs.Pack,
    kits.KitComponent,
    parties.Party,
    sites.Site,
    sites.Zone,
    sites.Place,
]
SAME = {"bigserial": "bigint", "timestamptz": "timestamp with time zone"}
SAME |= dict.fromkeys(("integer[]", "bigint[]", "text[]"), "array")


def kind(column: Column) -> str:
    name = column.column_type.lower()
    return SAME.get(name, name)


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t._meta.tablename)
async def test_columns_agree_with_the_schema(owner: asyncpg.Connection, table: type[Table]) -> None:
    rows = await owner.fetch(
        "SELECT column_name, data_type, is_nullable = 'YES' FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name = $1",
        table._meta.tablename,
    )
    in_schema = {row[0]: (row[1].lower(), row[2]) for row in rows}
    in_code = {column._meta.db_column_name: (kind(column), column._meta.null) for column in table._meta.columns}
    assert in_code == in_schema
