"""The demo's counts: one in each state, and the books follow from the moves."""

import pytest

from catalog.kernel import db
from tests.conftest import Database
from warehouse.stock import verify


@pytest.mark.usefixtures("demo_database")
async def test_the_demo_has_counts_in_different_states(demo_database: Database) -> None:
    rows = await db.fetch("SELECT status, approved FROM stocktake ORDER BY seq")
    assert [row[0] for row in rows] == ["posted", "review", "counting", "draft"]
    assert rows[0][1]
    assert await db.fetch_value("SELECT count(*) FROM stocktake_result WHERE book <> counted AND reason = 'loss'") > 0
    assert await verify.run() == []
