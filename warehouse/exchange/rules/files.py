"""Bytes to cells, distrustfully: what is too large, locked, armed or no table at all ends in a clear refusal.

Formulas are never computed: the value stored beside them is read. Files with macros are refused, because the raw file
is kept and handed out as evidence.
"""

import csv
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from typing import Any, TypeVar

import python_calamine as calamine

from catalog.kernel.errors import Invalid
from warehouse.exchange.model import Cell, Sheet

T = TypeVar("T")
MOST_BYTES = 6 * 1024 * 1024
MOST_UNPACKED = 120 * 1024 * 1024
MOST_ROWS = 50_000
MOST_COLUMNS = 256
MOST_CELLS = 2_000_000
MOST_SHEETS = 50
LONGEST_CELL = 5_000
"""Excel holds 32,767 characters; no field of ours needs more than a paragraph."""
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_CELL = re.compile(rb'<(?:\w+:)?c\s[^>]*?r="([A-Z]{1,4})([0-9]{1,8})"')
_ROW = re.compile(rb'<(?:\w+:)?row\s[^>]*?r="([0-9]{1,8})"')
_HIDDEN_ROW = re.compile(rb'<(?:\w+:)?row\s(?=[^>]*?hidden="(?:1|true)")[^>]*?r="([0-9]{1,8})"')
_COLUMN = re.compile(rb"<(?:\w+:)?col\s[^>]*>")
_ATTRIBUTE = re.compile(rb'(min|max|hidden)="([^"]*)"')
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    LookupError,
    ValueError,
    OverflowError,
    RuntimeError,
)
"""What the standard library says of a damaged archive, in its many ways."""
_SHEET_PART = re.compile(r"xl/worksheets/[^/]+\.xml").fullmatch


def outcome_of(read: Callable[[str, bytes], T], name: str, data: bytes) -> T | dict[str, Any]:
    """What `read` makes of a file, for a process border: a refusal as a value."""
    try:
        return read(name, data)
    except Invalid as problem:
        return {"code": problem.code, "detail": problem.detail, "facts": dict(problem.facts)}


def read_file(name: str, data: bytes) -> list[Sheet]:
    """The sheets of an uploaded file, in order. Raises Invalid (`import.…`) naming what to do."""
    if not data:
        raise Invalid("import.empty-file", "文件是空的，请重新选择", file=name)
    if len(data) > MOST_BYTES:
        raise Invalid("import.too-large", "文件过大，请拆成几份再导入", file=name, bytes=len(data), limit=MOST_BYTES)
    if data[:4] == b"PK\x03\x04":
        return _xlsx(data)
    if data[:8] == _OLE:
        if _ENCRYPTED in data:
            raise Invalid("import.encrypted", "文件有密码，请在 Excel 中取消密码后另存再导入")
        return list(_sheets(data, {}))
    if data[:5] == b"%PDF-" or (b"\0" in data[:4096] and data[:2] not in (b"\xff\xfe", b"\xfe\xff")):
        raise Invalid("import.not-a-spreadsheet", "这不是表格文件，请用 .xlsx、.xls 或 .csv", file=name)
    return [_csv(name, data)]


# --- Excel --------------------------------------------------------------------------------------------------


def _xlsx(data: bytes) -> list[Sheet]:
    hidden: dict[str, tuple[frozenset[int], frozenset[int]]] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            infos = packed.infolist()
            names = {info.filename for info in infos}
            if sum(info.file_size for info in infos) > MOST_UNPACKED or len(infos) > 5_000:
                raise Invalid("import.zip-bomb", "文件解开后过大，不予读取；请另存为新的 .xlsx 再试")
            if any(one.lower().endswith("vbaproject.bin") for one in names):
                raise Invalid("import.macros", "文件带有宏，不予接收；请另存为不带宏的 .xlsx")
            if "xl/workbook.xml" not in names and not any(_SHEET_PART(one) for one in names):
                raise Invalid("import.not-a-spreadsheet", "这不是表格文件，请用 .xlsx、.xls 或 .csv")
            left = MOST_UNPACKED
            for info in infos:
                content, left = _unpacked(packed, info, left)
                if _SHEET_PART(info.filename):
                    hidden[info.filename] = _measured(content)
            order = _parts_of_sheets(packed, names)
    except _BROKEN as error:
        raise Invalid("import.truncated", "文件不完整或已损坏，请重新保存或重新下载后再导入") from error
    return list(_sheets(data, {name: hidden[part] for name, part in order.items() if part in hidden}))


def _unpacked(packed: zipfile.ZipFile, info: zipfile.ZipInfo, left: int) -> tuple[bytes, int]:
    """The content of one part, never more than `left` bytes: what the directory says may be a lie."""
    with packed.open(info) as part:
        content = part.read(left + 1)
    if len(content) > left:
        raise Invalid("import.zip-bomb", "文件解开后过大，不予读取；请另存为新的 .xlsx 再试")
    return content, left - len(content)


def _measured(content: bytes) -> tuple[frozenset[int], frozenset[int]]:
    """Hidden columns and rows of a sheet part, after its extent has been found bearable: a single cell in the last
    corner would make any reader lay out the whole rectangle."""
    bottom = max((int(found) for found in _ROW.findall(content)), default=0)
    right = 0
    letters: set[bytes] = set()
    for column, row in _CELL.findall(content):
        letters.add(column)
        bottom = max(bottom, int(row))
    right = max((column_number(column.decode()) for column in letters), default=0)
    _check_extent(bottom, right)
    columns: set[int] = set()
    for found in _COLUMN.findall(content):
        said = dict(_ATTRIBUTE.findall(found))
        if said.get(b"hidden") in (b"1", b"true") and said.get(b"min", b"").isdigit():
            last = int(said[b"max"]) if said.get(b"max", b"").isdigit() else int(said[b"min"])
            columns |= set(range(int(said[b"min"]) - 1, min(last, MOST_COLUMNS)))
    rows = frozenset(int(found) - 1 for found in _HIDDEN_ROW.findall(content))
    return frozenset(columns), rows


def _check_extent(rows: int, columns: int) -> None:
    if rows > MOST_ROWS:
        raise Invalid("import.too-many-rows", "行数过多，请拆成几份再导入", rows=rows, limit=MOST_ROWS)
    if columns > MOST_COLUMNS:
        raise Invalid("import.too-many-columns", "列数过多，请删去多余的列再导入", columns=columns, limit=MOST_COLUMNS)
    _check_cells(rows * columns)


def _check_cells(cells: int) -> None:
    if cells > MOST_CELLS:
        raise Invalid("import.too-many-cells", "表格过大，请拆成几份再导入", cells=cells, limit=MOST_CELLS)


def _parts_of_sheets(packed: zipfile.ZipFile, names: set[str]) -> dict[str, str]:
    """Which part holds which sheet, from the workbook's own lists; nothing where they cannot be read."""
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return {}
    book = packed.read("xl/workbook.xml").decode("utf-8", "replace")
    links = packed.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    targets: dict[str, str] = {}
    for tag in re.findall(r"<Relationship\s[^>]*>", links):
        said = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        targets[said.get("Id", "")] = "xl/" + said.get("Target", "").lstrip("/").removeprefix("xl/")
    found = {}
    for tag in re.findall(r"<(?:\w+:)?sheet\s[^>]*>", book):
        said = dict(re.findall(r'([\w:]+)="([^"]*)"', tag))
        name = re.sub(
            r"&(amp|lt|gt|quot|apos);",
            lambda m: {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}[m[1]],
            said.get("name", ""),
        )
        found[name] = targets.get(said.get("r:id", ""), "")
    return found


def _sheets(data: bytes, hidden: dict[str, tuple[frozenset[int], frozenset[int]]]) -> Iterator[Sheet]:
    cells = 0
    try:
        with calamine.CalamineWorkbook.from_object(io.BytesIO(data)) as book:
            shown = {one.name: one.visible is calamine.SheetVisibleEnum.Visible for one in book.sheets_metadata}
            kinds = {one.name: one.typ for one in book.sheets_metadata}
            for name in book.sheet_names[:MOST_SHEETS]:
                if kinds.get(name, calamine.SheetTypeEnum.WorkSheet) is not calamine.SheetTypeEnum.WorkSheet:
                    continue
                sheet = book.get_sheet_by_name(name)
                _check_extent(sheet.total_height, sheet.total_width)
                cells += sheet.total_height * sheet.total_width
                _check_cells(cells)
                merged = [(a[0], a[1], b[0], b[1]) for a, b in sheet.merged_cell_ranges or []]
                columns, rows = hidden.get(name, (frozenset(), frozenset()))
                body = sheet.to_python(skip_empty_area=False) if sheet.height else []
                yield Sheet(
                    name,
                    [[one if type(one) is float else _cell(one) for one in row] for row in body],
                    merged[:20_000],
                    columns,
                    rows,
                    shown.get(name, True),
                )
    except calamine.PasswordError as error:
        raise Invalid("import.encrypted", "文件有密码，请在 Excel 中取消密码后另存再导入") from error
    except (calamine.CalamineError, *_BROKEN) as error:
        raise Invalid("import.truncated", "文件不完整或已损坏，请重新保存或重新下载后再导入") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # how the reader's own language says that it gave up
            raise
        raise Invalid("import.truncated", "文件不完整或已损坏，请重新保存或重新下载后再导入") from error


def _cell(value: Any) -> Cell:
    if isinstance(value, str):
        if len(value) > LONGEST_CELL:
            raise Invalid(
                "import.cell-too-long", "有单元格的文字过长，请删短后再导入", length=len(value), limit=LONGEST_CELL
            )
        return value
    if isinstance(value, datetime):
        return value.date() if value.time() == time.min else value
    if isinstance(value, time | timedelta):
        return str(value)
    return value  # type: ignore[no-any-return]


# --- CSV ----------------------------------------------------------------------------------------------------


def _csv(name: str, data: bytes) -> Sheet:
    text = _decoded(data)
    first = next((line for line in text.splitlines() if line.strip()), "")
    if not first:
        raise Invalid("import.empty-file", "文件是空的，请重新选择", file=name)
    if first.lstrip().startswith(("<", "{", "[")):
        raise Invalid("import.not-a-spreadsheet", "这不是表格文件，请用 .xlsx、.xls 或 .csv", file=name)
    head = text[:20_000]
    delimiter = max(",\t;|", key=lambda one: head.count(one))
    rows: list[list[Cell]] = []
    csv.field_size_limit(LONGEST_CELL * 4)
    width = 0
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            width = max(width, len(row))
            _check_extent(len(rows) + 1, width)
            if any(len(one) > LONGEST_CELL for one in row):
                raise Invalid(
                    "import.cell-too-long", "有单元格的文字过长，请删短后再导入", row=len(rows) + 1, limit=LONGEST_CELL
                )
            rows.append([one or None for one in row])
    except csv.Error as error:
        raise Invalid("import.bad-csv", "CSV 文件有误，请用 Excel 打开后另存再导入", row=len(rows) + 1) from error
    return Sheet(name.rsplit("/", 1)[-1][:60] or "CSV", [[*row, *[None] * (width - len(row))] for row in rows])


def _decoded(data: bytes) -> str:
    codes = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for code in codes:
        try:
            text = data.decode(code)
        except UnicodeDecodeError:
            continue
        strange = sum(1 for c in text[:20_000] if (ord(c) < 32 and c not in "\t\r\n") or 0xE000 <= ord(c) <= 0xF8FF)
        if strange * 50 > len(text[:20_000]):
            break
        return text
    raise Invalid("import.bad-encoding", "文字编码无法识别，请用 Excel 打开后另存为 CSV UTF-8 再导入")


# --- columns by letter ----------------------------------------------------------------------------------------


def column_letter(index: int) -> str:
    """The letter of column `index` (from 0): column_letter(27) == "AB"."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """The number of a column (from 1): the inverse of `column_letter` plus one."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
