"""Every Piccolo row of stock says of its columns what the database says."""

import asyncpg
from piccolo.table import Table

from tests.catalog.test_tables import kind
from warehouse.stock import tables


async def test_columns_agree_with_the_schema(owner: asyncpg.Connection) -> None:
    found = [t for t in vars(tables).values() if isinstance(t, type) and issubclass(t, Table) and t is not Table]
    assert len(found) >= 14
    for table in found:
        rows = await owner.fetch(
            "SELECT column_name, data_type, is_nullable = 'YES' FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = $1",
            table._meta.tablename,
        )
        in_schema = {row[0]: (row[1].lower(), row[2]) for row in rows}
        in_code = {c._meta.db_column_name: (kind(c), c._meta.null) for c in table._meta.columns}
        assert in_code == in_schema, table._meta.tablename
