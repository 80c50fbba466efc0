"""Files of ways by road: the columns that the list of ways writes and takes back, and the rows read from them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from catalog.kernel.errors import Invalid
from warehouse.exchange.model import Cell, Sheet
from warehouse.exchange.rules.files import column_letter, read_file
from warehouse.exchange.rules.norm_rows import Column, figure, heading, unmarked
from warehouse.exchange.rules.values import plain
from warehouse.sites.roads import MOST_AT_ONCE

_HEAD_WITHIN = 20
_LONGEST = 200
COLUMNS = (
    Column("site", "库点编号", "Store"),
    Column("site_name", "库点", "Store name"),
    Column("region", "区划编号", "Region"),
    Column("region_name", "区划", "Region name"),
    Column("minutes", "行车分钟", "Minutes"),
    Column("km", "公里", "Kilometres"),
    Column("source", "来源", "Source"),
)
"""In the order of the file. A region is found by key, by name only where the key is empty; a store by its code."""
_NAMES = {heading(text): one.name for one in COLUMNS for text in (one.zh, one.en)}


@dataclass(frozen=True, slots=True)
class RoadLine:
    """One row. `minutes` and `metres` None: the way is to be taken out. `cells`: column name → its cell, as B7."""

    row: int
    site: str
    region: str
    minutes: int | None
    metres: int | None
    source: str
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CellFault:
    """A cell that cannot be used, and why."""

    cell: str
    text: str
    code: str
    detail: str


def read_roads(name: str, data: bytes) -> tuple[list[RoadLine], list[CellFault]]:
    """The rows of an uploaded file and the cells at fault. Raises Invalid (`import.…`, `road.…`)."""
    for sheet in read_file(name, data):
        for number, row in enumerate(sheet.rows[:_HEAD_WITHIN]):
            found = {_NAMES[heading(cell)]: index for index, cell in enumerate(row) if heading(cell) in _NAMES}
            if sheet.visible and "site" in found and {"minutes", "km"} <= found.keys() and found.keys() & _REGION:
                return _read(sheet, number, found)
    raise Invalid("road.no-headings", "文件中没有路程表的表头，请用“路程”页导出的文件")


_REGION = {"region", "region_name"}


def _read(sheet: Sheet, head: int, columns: Mapping[str, int]) -> tuple[list[RoadLine], list[CellFault]]:
    rows = [(number, row) for number, row in enumerate(sheet.rows[head + 1 :], head + 2) if any(map(plain, row))]
    if len(rows) > MOST_AT_ONCE:
        raise Invalid("road.how-many", f"一次须有 1 至 {MOST_AT_ONCE} 条路程", count=len(rows))
    lines: list[RoadLine] = []
    faults: list[CellFault] = []
    for number, row in rows:
        line, bad = _line(number, row, columns)
        lines.append(line)
        faults += bad
    return lines, faults


def _line(number: int, row: Sequence[Cell], columns: Mapping[str, int]) -> tuple[RoadLine, list[CellFault]]:
    cells = {name: f"{column_letter(index)}{number}" for name, index in columns.items()}
    texts = {name: plain(unmarked(row[index]))[:_LONGEST] for name, index in columns.items()}
    faults: list[CellFault] = []

    def number_of(name: str) -> Fraction | None:
        try:
            found: Fraction | None = figure(row[columns[name]])
        except Invalid as problem:
            faults.append(CellFault(cells[name], texts[name], problem.code, problem.detail))
            return None
        return found

    minutes, km = number_of("minutes"), number_of("km")
    if faults:
        minutes = km = None  # said once is enough
    line = RoadLine(
        number,
        texts["site"].upper(),
        texts.get("region") or texts.get("region_name", ""),
        None if minutes is None else round(minutes),
        None if km is None else round(km * 1000),
        texts.get("source", ""),
        cells,
    )
    return line, faults
