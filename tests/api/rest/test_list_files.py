"""Lists as files: the same rows as the page, within the same scope, with nothing that a spreadsheet would calculate."""

import csv
import io
from uuid import UUID

import asyncpg
import pytest
import python_calamine as calamine

from tests.api.rest.conftest import Enter
from tests.api.rest.hall import Caller


async def rows(caller: Caller, path: str) -> list[list[str]]:
    """A list as CSV, without its head."""
    got = await caller.client.get(path)
    assert got.status_code == 200, (path, got.text[:300])
    assert got.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(got.content.decode("utf-8-sig"))))[1:]


async def delivery(keeper: Caller, purchaser: Caller) -> None:
    """One with a short line, closed: a delivery and its case."""
    body = {"site": "CZ01", "lines": [{"item": "ZP-0001", "quantity": 10}], "note_number": "=1+1", "announce": True}
    made = await purchaser.ok("POST", "/deliveries", body)
    await keeper.ok("POST", f"/deliveries/{made['delivery']}/start", {})
    await keeper.ok("POST", f"/deliveries/{made['delivery']}/strays", {"what": "@雨衣", "quantity": 3})
    await keeper.ok("POST", f"/deliveries/{made['delivery']}/close", {})


async def test_every_list_is_a_file_of_what_its_page_shows(enter: Enter, owner: asyncpg.Connection) -> None:
    await owner.execute("UPDATE site SET name_zh = '=HYPERLINK(1)' WHERE code = 'CZ01'")
    async with enter("keeper") as keeper, enter("keeper-b") as stranger, enter("purchaser") as purchaser:
        await delivery(keeper, purchaser)
        items = await rows(keeper, "/items/export.csv")
        assert {row[0] for row in items} >= {"ZP-0001", "MB-0001"}
        pieces = await rows(keeper, "/items/export.csv?tracking=serial")
        assert 0 < len(pieces) < len(items), "narrowed like the page"
        (line,) = await rows(keeper, "/deliveries/export.csv?status=all")
        assert "'=1+1" in line, "text stays text"
        assert line[-7:-2] == ["10", "0", "0", "0", "10"]
        assert await rows(keeper, "/deliveries/export.csv") == [], "the page shows open ones, and so does the file"
        cases = await rows(keeper, "/cases/export.csv")
        assert {row[7] for row in cases} >= {"'@雨衣"}
        assert UUID(cases[0][0])
        assert ["CZ01", "'=HYPERLINK(1)"] in [row[:2] for row in await rows(keeper, "/sites/export.csv")]
        assert await rows(keeper, "/papers/export.csv") == []
        bins = await rows(keeper, "/sites/CZ01/bins.csv")
        assert [row[:2] for row in bins][:2] == [["收货区", "CZ01STAGE"], ["A-101", "CZ01A101"]]
        for path in ("/deliveries/export.csv?status=all", "/cases/export.csv?status=all"):
            assert await rows(stranger, path) == [], path
        assert (await stranger.client.get("/sites/CZ01/bins.csv")).status_code == 404


@pytest.mark.parametrize(
    "path", ["/items/export", "/cases/export", "/deliveries/export", "/papers/export", "/sites/export"]
)
async def test_every_list_is_a_workbook_too(enter: Enter, path: str) -> None:
    async with enter("keeper") as keeper:
        got = await keeper.client.get(f"{path}.xlsx")
        assert got.status_code == 200, got.text[:300]
        book = calamine.CalamineWorkbook.from_object(io.BytesIO(got.content))
        assert len(book.sheet_names) == 2
        assert book.get_sheet_by_index(0).to_python()[0], "a head, also over nothing"


async def test_who_counts_a_bin_reads_its_fill_in_no_file(enter: Enter) -> None:
    async with enter("keeper") as keeper:
        line = {"item": "ZP-0001", "quantity": 9, "bin": "CZ01A101", "maker_batch": "b"}
        await keeper.ok("POST", "/stock/receive", {"lines": [line]})
        assert (await rows(keeper, "/sites/CZ01/bins.csv"))[1][5] == "1"
        made = await keeper.ok("POST", "/counts", {"site": "CZ01", "bins": ["CZ01A101"]})
        await keeper.ok("POST", f"/counts/{made['count']}/bins/CZ01A101/begin")
        assert (await rows(keeper, "/sites/CZ01/bins.csv"))[1][5] == ""
