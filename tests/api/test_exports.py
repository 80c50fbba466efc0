"""Lists as files, read back by other people's code."""

import csv
import io
import tracemalloc
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import python_calamine
from litestar import Litestar, get
from litestar.params import FromQuery

from api import exports

NASTY = ["=1+1", "+SUM(A1)", "-2", "@cmd", "\t=x", "'=1", "https://example.org", "帐篷", 'a "b", c', "line\nbreak"]


def sheet(**more: Any) -> exports.Sheet:
    return exports.Sheet("stock", "库存", ["物资", "数量", "有效期", "时间", "重量"], "更多行未列出", **more)


async def pages(count: int, size: int = 500) -> AsyncIterator[Sequence[exports.Row]]:
    at = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)
    for begin in range(0, count, size):
        yield []  # of which nothing may be shown
        yield [(NASTY[n % len(NASTY)], n, date(2027, 2, 28), at, 12.5) for n in range(begin, min(begin + size, count))]


@get("/file")
async def file(kind: FromQuery[str], count: FromQuery[int], most: FromQuery[int] = 1000) -> Any:
    notes = [("按", "=HYPERLINK(1)"), ("打印人", "cz.keeper")]
    return await exports.download(sheet(most=most, notes=notes), pages(count), kind)


async def ask(**query: Any) -> Any:
    transport = httpx.ASGITransport(Litestar([file], debug=True))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        answer = await client.get("/file", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].startswith('attachment; filename="stock.')
    return answer


async def test_excel_holds_text_as_text_numbers_as_numbers_and_dates_as_dates() -> None:
    content = (await ask(kind="xlsx", count=20)).content
    book = python_calamine.load_workbook(io.BytesIO(content))
    assert book.sheet_names == ["库存", "说明"]
    rows = book.get_sheet_by_name("库存").to_python()
    assert rows[0] == ["物资", "数量", "有效期", "时间", "重量"]
    assert [row[0] for row in rows[1:]] == [*NASTY, *NASTY]
    assert rows[2] == ["+SUM(A1)", 1, date(2027, 2, 28), datetime(2026, 11, 22, 2, 30), 12.5]
    assert book.get_sheet_by_name("说明").to_python() == [["按", "=HYPERLINK(1)"], ["打印人", "cz.keeper"]]


async def test_nothing_in_the_workbook_is_a_formula_or_a_link() -> None:
    import zipfile

    with zipfile.ZipFile(io.BytesIO((await ask(kind="xlsx", count=20)).content)) as parts:
        text = "".join(parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/worksheets"))
    assert "<f>" not in text
    assert "hyperlink" not in text


async def test_csv_is_harmless_in_a_spreadsheet_and_has_its_mark() -> None:
    answer = await ask(kind="csv", count=20)
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert rows[0] == ["物资", "数量", "有效期", "时间", "重量"]
    assert [row[0] for row in rows[1:5]] == ["'=1+1", "'+SUM(A1)", "'-2", "'@cmd"]
    assert rows[8] == ["帐篷", "7", "2027-02-28", "2026-11-22 02:30", "12.5"]
    assert not any(cell.startswith(exports.FORMULA) for row in rows for cell in row)


async def test_a_list_longer_than_the_cap_says_so_in_the_file() -> None:
    rows = python_calamine.load_workbook(io.BytesIO((await ask(kind="xlsx", count=2500)).content)).get_sheet_by_index(0)
    found = rows.to_python()
    assert len(found) == 1 + 1000 + 1
    assert found[-1][0] == "更多行未列出"
    assert (await ask(kind="csv", count=2500)).text.strip().endswith("更多行未列出")
    exact = python_calamine.load_workbook(io.BytesIO((await ask(kind="xlsx", count=1000)).content)).get_sheet_by_index(
        0
    )
    assert len(exact.to_python()) == 1001


async def test_an_empty_list_is_a_head() -> None:
    assert python_calamine.load_workbook(io.BytesIO((await ask(kind="xlsx", count=0)).content)).get_sheet_by_index(
        0
    ).to_python() == [["物资", "数量", "有效期", "时间", "重量"]]
    assert (await ask(kind="csv", count=0)).text.strip().endswith("重量")


async def test_a_hundred_thousand_rows_take_little_memory_here() -> None:
    rows = exports._Rows(pages(100_000), exports.MOST_ROWS)
    await rows.begin()
    tracemalloc.start()
    path: Path = await exports._xlsx(sheet(), rows)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    try:
        assert peak < 20_000_000
        assert rows.count == 100_000
        assert not rows.cut
    finally:
        path.unlink()
