"""Lists as files: rows to Excel or CSV, page by page, with bounded memory.

    return await exports.download(sheet, pages, "xlsx")

`pages` yields pages of rows (tuples of cells). Text stays text, whatever it begins with: nothing that somebody typed
is calculated when the file is opened. Whole numbers are numbers, dates are dates. The first page is read before the
answer begins, so that a bad filter is refused and not cut off. Excel is written by the worker process from a spool on
disk; CSV is sent while it is read.
"""

import contextlib
import csv
import io
import os
import pickle
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import quote

from litestar import Response
from litestar.background_tasks import BackgroundTask
from litestar.response import File, Stream

from api import rendering
from catalog.kernel.time import SHANGHAI

MOST_ROWS = 100_000
"""Of one file. More is a report: the file says so in its last line, on its note sheet and in its name."""
Cell = str | int | float | date | datetime | None
Row = Sequence[Cell]
FORMULA = ("=", "+", "-", "@", "\t", "\r")
_LONGEST_CELL = 32_000


class Format(StrEnum):
    """What can be asked for."""

    XLSX = "xlsx"
    CSV = "csv"

    @property
    def media_type(self) -> str:
        """As HTTP calls it."""
        if self is Format.CSV:
            return "text/csv"
        return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the file says beside its rows, all in the viewer's language.

    `name` begins the file name (ASCII); `title` names the sheet; `notes` are (what, value) pairs for the second sheet:
    filter, as of, printed by; `cut` is the sentence for a list that was longer than `most`.
    """

    name: str
    title: str
    head: Sequence[str]
    cut: str
    notes: Sequence[tuple[str, str]] = ()
    notes_title: str = "说明"
    widths: Sequence[int] = ()
    most: int = MOST_ROWS


@dataclass
class _Rows:
    """The pages, with the first one read and everything beyond the cap left out."""

    pages: AsyncIterator[Sequence[Row]]
    most: int
    first: Sequence[Row] = ()
    count: int = 0
    cut: bool = field(default=False)

    async def begin(self) -> None:
        self.first = await self._next()

    async def _next(self) -> Sequence[Row]:
        """The next page that has rows: one of which nothing may be shown is not the last."""
        async for page in self.pages:
            if page:
                return page
        return ()

    async def __aiter__(self) -> AsyncIterator[Sequence[Row]]:
        page = self.first
        while page:
            room = self.most - self.count
            self.cut = len(page) > room
            self.count += min(len(page), room)
            if room > 0:
                yield page[:room]
            if self.cut:
                return
            page = await self._next()


async def download(sheet: Sheet, pages: AsyncIterator[Sequence[Row]], kind: Format | str) -> Response[Any]:
    """The answer to a request for a file. Raises what reading the first page raises, and `labels.busy`."""
    kind = Format(kind)
    rows = _Rows(pages, sheet.most)
    await rows.begin()
    headers = {"content-disposition": _disposition(sheet, kind)}
    if kind is Format.CSV:
        return Stream(_csv(sheet, rows), media_type=kind.media_type, headers=headers)
    path = await _xlsx(sheet, rows)
    return File(
        path,
        filename=f"{sheet.name}.xlsx",
        media_type=kind.media_type,
        headers=headers,
        background=BackgroundTask(_remove, path),
    )


async def workbook(sheet: Sheet, pages: AsyncIterator[Sequence[Row]]) -> bytes:
    """The same as the content of an Excel file, for what is kept and not answered."""
    rows = _Rows(pages, sheet.most)
    await rows.begin()
    path = await _xlsx(sheet, rows)
    try:
        return path.read_bytes()
    finally:
        _remove(path)


def _disposition(sheet: Sheet, kind: Format) -> str:
    return f"attachment; filename=\"{sheet.name}.{kind}\"; filename*=UTF-8''{quote(f'{sheet.name}.{kind}', safe='')}"


# --- CSV --------------------------------------------------------------------------------------------------------------


async def _csv(sheet: Sheet, rows: _Rows) -> AsyncIterator[bytes]:
    """UTF-8 with the mark that Excel needs."""
    yield b"\xef\xbb\xbf" + _lines([sheet.head])
    async for page in rows:
        yield _lines(page)
    if rows.cut:
        yield _lines([[sheet.cut]])


def _lines(rows: Sequence[Row]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([[_plain(cell) for cell in row] for row in rows])
    return out.getvalue().encode()


def _plain(cell: Cell) -> str | int | float:
    """CSV knows no types: text that a spreadsheet would calculate gets the mark that keeps it text."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return _local(cell).strftime("%Y-%m-%d %H:%M")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, str) and cell.startswith(FORMULA):
        return "'" + cell
    return cell


# --- Excel ------------------------------------------------------------------------------------------------------------


async def _xlsx(sheet: Sheet, rows: _Rows) -> Path:
    """The rows go through a spool on disk into a workbook that the worker writes row by row."""
    with tempfile.TemporaryDirectory(prefix="beiyu-export-") as folder:
        spool = Path(folder) / "rows"
        with spool.open("wb") as out:
            async for page in rows:
                pickle.dump([tuple(row) for row in page], out, protocol=pickle.HIGHEST_PROTOCOL)
        handle, name = tempfile.mkstemp(prefix="beiyu-export-", suffix=".xlsx")
        os.close(handle)
        try:
            await rendering.RENDERER.run(write_xlsx, sheet, str(spool), name, rows.count, rows.cut)
        except BaseException:
            _remove(Path(name))
            raise
    return Path(name)


def write_xlsx(sheet: Sheet, spool: str, out: str, count: int, cut: bool) -> None:
    """In the worker: one sheet of rows with a frozen head and a filter, one with what the list is."""
    import xlsxwriter

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "tmpdir": str(Path(out).parent),
    }
    with xlsxwriter.Workbook(out, options) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        formats = {date: book.add_format({"num_format": "yyyy-mm-dd", "align": "left"}),
                   datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm", "align": "left"})}  # fmt: skip
        page = book.add_worksheet(_sheet_name(sheet.title))
        for column, width in enumerate(sheet.widths or [14] * len(sheet.head)):
            page.set_column(column, column, width)
        page.freeze_panes(1, 0)
        page.autofilter(0, 0, max(count, 1), len(sheet.head) - 1)
        page.repeat_rows(0)
        page.set_landscape()
        page.fit_to_pages(1, 0)
        for column, text in enumerate(sheet.head):
            page.write_string(0, column, text, bold)
        line = 1
        for row in _spooled(spool):
            for column, cell in enumerate(row):
                _write(page, line, column, cell, formats)
            line += 1
        if cut:
            page.write_string(line, 0, sheet.cut, bold)
        notes = book.add_worksheet(_sheet_name(sheet.notes_title))
        notes.set_column(0, 0, 18)
        notes.set_column(1, 1, 70)
        said = [*sheet.notes, *([("!", sheet.cut)] if cut else [])]
        for number, (what, value) in enumerate(said):
            notes.write_string(number, 0, what, bold)
            notes.write_string(number, 1, value)


def _spooled(path: str) -> Iterator[Row]:
    with Path(path).open("rb") as spool, contextlib.suppress(EOFError):
        while True:
            yield from pickle.load(spool)  # noqa: S301  our own spool, in our own folder


def _write(page: Any, line: int, column: int, cell: Cell, formats: Mapping[Any, Any]) -> None:
    if cell is None or cell == "":
        return
    if isinstance(cell, datetime):
        page.write_datetime(line, column, _local(cell).replace(tzinfo=None), formats[datetime])
    elif isinstance(cell, date):
        page.write_datetime(line, column, datetime(cell.year, cell.month, cell.day), formats[date])  # noqa: DTZ001
    elif isinstance(cell, str):
        page.write_string(line, column, cell[:_LONGEST_CELL])
    else:
        page.write_number(line, column, cell)


def _sheet_name(title: str) -> str:
    return "".join("_" if c in "[]:*?/\\'" else c for c in title)[:31] or "1"


def _local(at: datetime) -> datetime:
    return at.astimezone(SHANGHAI) if at.tzinfo else at


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


# --- figures ----------------------------------------------------------------------------------------------------------


def figure(quantity: int | None, factor: int) -> int | float | None:
    """Base units in display units, as a number: 12,500 g of a thing counted in kg is 12.5. None stays an empty cell."""
    if quantity is None:
        return None
    whole, rest = divmod(quantity, factor)
    return whole if rest == 0 else quantity / factor
