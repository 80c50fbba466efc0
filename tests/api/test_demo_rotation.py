"""The demo's rotation: plans of both years, lines in different states, one settled with its record, books in order."""

from datetime import UTC, datetime, timedelta

import pytest

from api.demo_rotation import load_rotation
from catalog.kernel import db
from catalog.kernel.time import day_of
from tests.conftest import Database
from warehouse.stock import verify


@pytest.mark.usefixtures("demo_database")
async def test_the_demo_rotates_both_years(demo_database: Database) -> None:
    this = day_of(datetime.now(UTC)).year
    years = [row[0] for row in await db.fetch("SELECT DISTINCT year FROM rotation_plan ORDER BY year")]
    assert years[-1] - years[0] == 1
    assert years[0] in (this - 1, this)  # the demo is as old as the database that was copied
    found = dict(tuple(row) for row in await db.fetch("SELECT status, count(*) FROM rotation_line GROUP BY status"))
    assert {"proposed", "approved", "carried", "settled"} <= found.keys()
    ((option, paper),) = await db.fetch(
        "SELECT l.option, p.kind FROM rotation_line l LEFT JOIN paper p ON p.number = l.record_number"
        " WHERE l.status = 'settled'"
    )
    assert (option, paper) in {("scrap", "disposal_record"), ("pass", None)}  # on some days nothing is past its date
    assert await verify.run() == []


@pytest.mark.usefixtures("demo_database")
async def test_telling_it_again_changes_nothing(demo_database: Database) -> None:
    at = await db.fetch_value("SELECT min(created_at) FROM rotation_plan")
    lines = await db.fetch("SELECT id, version FROM rotation_line ORDER BY seq")
    await load_rotation(city="changzhou", now=at + timedelta(hours=1))
    assert await db.fetch("SELECT id, version FROM rotation_line ORDER BY seq") == lines
