"""Files of norms: the columns that the list of norms writes and takes back, and the rows read from them.

Pure; reading runs in the worker, as every reading of files.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from catalog.kernel.errors import Invalid
from warehouse.exchange.model import Cell, Sheet
from warehouse.exchange.rules.files import column_letter, read_file
from warehouse.exchange.rules.values import is_nothing, plain, read_moment, read_quantity
from warehouse.norms.model import Basis, Each, Fault, Line
from warehouse.norms.rules import LONGEST_TEXT, MOST_AT_ONCE

_HEAD_WITHIN = 20
_LONGEST_UNIT = 20
T = TypeVar("T", Each, Basis)
_YEARS = range(1970, 2201)


@dataclass(frozen=True, slots=True)
class Column:
    """One column, headed in either language."""

    name: str
    zh: str
    en: str


COLUMNS = (
    Column("place_name", "区划或库点", "Region or store"),
    Column("place", "编号", "Key"),
    Column("each", "适用区划", "For"),
    Column("goods_name", "物资", "Goods"),
    Column("goods", "物资或类别编号", "Item or class"),
    Column("unit", "单位", "Unit"),
    Column("minimum", "最低储备", "Minimum"),
    Column("reorder", "补库点", "Reorder point"),
    Column("target", "目标储备", "Target"),
    Column("maximum", "上限", "Most"),
    Column("basis", "基数", "Basis"),
    Column("basis_per", "每（基数）", "Per"),
    Column("lead_days", "补货天数", "Lead time (days)"),
    Column("round_to", "取整到", "Rounded up to"),
    Column("season_from", "季节起", "Season from"),
    Column("season_to", "季节止", "Season to"),
    Column("valid_from", "启用日期", "In force from"),
    Column("valid_to", "截止", "Until"),
    Column("source", "依据", "Source"),
    Column("note", "备注", "Note"),
)
"""In the order of the file. A place and its goods are found by key; their names only where the key is empty."""
EACH: Mapping[Each, tuple[str, str]] = {
    Each.DISTRICT: ("每个区", "every district"),
    Each.TOWN: ("每个镇（街道）", "every town"),
    Each.VILLAGE: ("每个村（社区）点", "every village point"),
    Each.SITE: ("每个库点", "every store and point"),
}
BASES: Mapping[Basis, tuple[str, str]] = {
    Basis.FIXED: ("固定数量", "a fixed quantity"),
    Basis.POPULATION: ("常住人口", "residents"),
    Basis.DIKE: ("米堤防", "metres of dike"),
    Basis.SHELTER: ("避难场所容量", "places in shelters"),
    Basis.MOVED: ("转移人口", "people to be moved"),
    Basis.SITE: ("库点", "stores and points"),
}


@dataclass(frozen=True, slots=True)
class Read:
    """A file as it was read. `aside`: headings that are none of ours; what stands below them is not taken."""

    lines: list[Line] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)


def read_norms(name: str, data: bytes) -> Read:
    """The rows of an uploaded file. Raises Invalid (`import.…`, `norm.…`) for a file that is no list of norms."""
    for sheet in read_file(name, data):
        for number, row in enumerate(sheet.rows[:_HEAD_WITHIN]):
            found = {index: _NAMES.get(heading(cell), "") for index, cell in enumerate(row)}
            named = set(found.values())
            if sheet.visible and named & {"place", "place_name"} and named & {"goods", "goods_name"}:
                return _read(sheet, number, found)
    raise Invalid("norm.no-headings", "文件中没有储备标准的表头，请用“储备标准”页导出的文件或模板")


def _read(sheet: Sheet, head: int, found: Mapping[int, str]) -> Read:
    columns: dict[str, int] = {}
    aside = []
    for index, name in found.items():
        text = plain(sheet.rows[head][index])
        if name in columns:
            raise Invalid("norm.heading-twice", f"表头“{text}”出现了两次，请删去一列", heading=text)
        if name:
            columns[name] = index
        elif text:
            aside.append(text[:80])
    if not columns.keys() & {"minimum", "reorder", "target", "maximum"}:
        raise Invalid("norm.no-headings", "文件中没有储备标准的表头，请用“储备标准”页导出的文件或模板")
    rows = [(number, row) for number, row in enumerate(sheet.rows[head + 1 :], head + 2) if any(map(plain, row))]
    if len(rows) > MOST_AT_ONCE:
        raise Invalid(
            "norm.too-many-rows",
            f"文件有 {len(rows)} 行，一次最多 {MOST_AT_ONCE} 行，请分成几份",
            rows=len(rows),
            limit=MOST_AT_ONCE,
        )
    if not rows:
        raise Invalid("norm.no-rows", "表头下面没有内容")
    return Read([_line(number, row, columns) for number, row in rows], aside)


def heading(cell: Cell) -> str:
    """A heading as it is compared."""
    return plain(cell).strip("* ").casefold()


_NAMES = {heading(text): one.name for one in COLUMNS for text in (one.zh, one.en)}


def _line(number: int, row: Sequence[Cell], columns: Mapping[str, int]) -> Line:
    cells = {name: f"{column_letter(index)}{number}" for name, index in columns.items()}
    said: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, index in columns.items():
        if name not in _READ:
            continue
        try:
            said[name] = _READ[name](row[index])
        except Invalid as problem:
            text = plain(row[index])[:80]
            faults.append(Fault(name, cells[name], text, problem.code, problem.detail))

    def called(key: str, otherwise: str) -> str:
        texts = [plain(unmarked(row[columns[name]])) for name in (key, otherwise) if name in columns]
        return next((text[:200] for text in texts if text), "")

    place, goods = called("place", "place_name"), called("goods", "goods_name")
    if not place:
        faults.append(Fault("place", cells.get("place", ""), "", "norm.whom", "请指定一个库点或一个区划"))
    if not goods:
        faults.append(Fault("goods", cells.get("goods", ""), "", "norm.what", "请指定一种物资或一个类别"))
    return Line(number, place, goods, said, cells, tuple(faults))


def unmarked(cell: Cell) -> Cell:
    """Without the mark with which a CSV file keeps text that a spreadsheet would calculate."""
    return cell[1:] if isinstance(cell, str) and cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@") else cell


# --- cells ----------------------------------------------------------------------------------------------------------


def figure(cell: Cell) -> Any:
    """One exact number (Fraction), None in an empty cell. Raises Invalid (`norm.bad-number`)."""
    if is_nothing(cell):
        return None
    found = read_quantity(cell)
    if found.vague or len(found.amounts) != 1 or found.amounts[0].unit:
        raise Invalid("norm.bad-number", "这里须填一个确切的数字")
    return found.amounts[0].number


def _whole(cell: Cell) -> int | None:
    found = figure(cell)
    if found is None:
        return None
    if found.denominator != 1:
        raise Invalid("norm.bad-number", "这里须填一个确切的数字")
    return int(found)


def _member(words: Mapping[T, tuple[str, str]]) -> Callable[[Cell], T | None]:
    known = {plain(text).casefold(): one for one, (zh, en) in words.items() for text in (one.value, zh, en)}

    def read(cell: Cell) -> T | None:
        if is_nothing(cell):
            return None
        found = known.get(plain(cell).casefold())
        if found is None:
            raise Invalid("norm.bad-word", "请填模板中列出的词")
        return found

    return read


def _month_day(cell: Cell) -> int | None:
    """05-01 as month × 100 + day; a spreadsheet may have made a day of some year of it."""
    if is_nothing(cell):
        return None
    if isinstance(cell, date):
        return cell.month * 100 + cell.day
    found = re.fullmatch(r"(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?", plain(cell))
    if not found:
        raise Invalid("norm.bad-season", "季节须写成 月-日，例如 05-01")
    return int(found[1]) * 100 + int(found[2])


def _day(cell: Cell) -> date | None:
    if is_nothing(cell):
        return None
    try:
        day: date | None = date.fromisoformat(plain(cell)[:10])
    except ValueError:
        moment = read_moment(cell)
        day = moment.days[0] if moment.kind == "day" else None
    if day is None or day.year not in _YEARS:
        raise Invalid("norm.bad-day", "请填完整的日期，例如 2026-05-01")
    return day


def _text(longest: int) -> Callable[[Cell], str | None]:
    def read(cell: Cell) -> str | None:
        text = str(unmarked(cell)) if isinstance(cell, str) else plain(cell)
        if len(text) > longest or any((ord(c) < 32 and c not in "\t\r\n") or ord(c) == 127 for c in text):
            raise Invalid("norm.bad-text", "文字过长，或含有不允许的字符")
        return text.strip() or None

    return read


def _source(cell: Cell) -> str | None:
    return None if is_nothing(cell) else _text(LONGEST_TEXT)(cell)


_READ: Mapping[str, Callable[[Cell], Any]] = {
    "each": _member(EACH),
    "unit": _text(_LONGEST_UNIT),
    **dict.fromkeys(("minimum", "reorder", "target", "maximum", "round_to"), figure),
    "basis": _member(BASES),
    **dict.fromkeys(("basis_per", "lead_days"), _whole),
    **dict.fromkeys(("season_from", "season_to"), _month_day),
    **dict.fromkeys(("valid_from", "valid_to"), _day),
    "source": _source,
    "note": _text(LONGEST_TEXT),
}
