"""Where a sheet's table stands: its heading rows, what each column holds, which rows are goods and which are not.

People merge titles, write reporting lines above, spread headings over two rows, put units into them, and set section
and total rows between the goods. What is left out is left out with its reason.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from warehouse.exchange.model import Cell, Choices, ColumnFound, Field, ImportKind, Sheet, SheetFound
from warehouse.exchange.rules.fields import FIELDS
from warehouse.exchange.rules.files import column_letter
from warehouse.exchange.rules.likeness import SURE, Names, bare
from warehouse.exchange.rules.units import known as known_unit
from warehouse.exchange.rules.units import split_heading
from warehouse.exchange.rules.values import is_nothing, plain, read_moment, read_quantity

LOOKED_AT = 40
"""Headings are sought in the first so many rows."""
TAKEN = 75
"""A column is taken for a field from this score on; below it is only offered."""
_TOTAL = re.compile(r"^(合计|小计|总计|累计|共计|总数|合计数|本页小计|total|subtotal|sum)[::]?", re.IGNORECASE)
_SECTION = re.compile(r"^([(（]?[一二三四五六七八九十]+[)）、.．]|第[一二三四五六七八九十]+[类章节部]|[IVX]+[.、])")
_FOOTER = re.compile(
    r"(制表|审核|填表人|填报人|填报单位|填报日期|盖章|签字|负责人|报出日期|复核|经办)\s*[::]|^(注|备注|说明|备注说明)\s*[::]|单位[(（]盖章[)）]"
)
_TEMPLATE = re.compile(r"^(说明|示例)\s*(notes?|example)?$", re.IGNORECASE)


@dataclass(slots=True)
class Table:
    """A sheet as a table: what was found, and its body rows as (number from 1, cells)."""

    found: SheetFound
    body: list[tuple[int, Sequence[Cell]]]
    heading_text: tuple[str, ...] = ()


def lay_out(sheet: Sheet, kind: ImportKind, choices: Choices, goods: Names | None = None) -> Table:
    """How a sheet is to be read, by itself or as people have chosen. `goods` are item names, for wide tables."""
    chosen: Mapping[str, Any] = choices.sheets.get(sheet.name, {})
    rows = _spread(sheet)
    width = max((len(row) for row in rows), default=0)
    reader = _Headings(kind, choices.headings, goods)
    header = _chosen_header(chosen, len(rows)) or reader.find(rows)
    found = SheetFound(sheet.name, sheet.visible, sheet.visible, len(rows), width, None, [])
    if header is None:
        found.used = bool(chosen.get("use", False))
        found.why = "no-table" if rows and width else "empty-sheet"
        return Table(found, [])
    texts = reader.texts(rows, *header)
    body: list[tuple[int, Sequence[Cell]]] = [(number + 1, rows[number]) for number in range(header[1] + 1, len(rows))]
    found.header = (header[0] + 1, header[1] + 1)
    found.columns = reader.columns(texts, [row for _, row in body[:200]], sheet.hidden_columns)
    _apply_choice(found, chosen, kind)
    required = [one.name for one in FIELDS[kind] if one.required]
    fields = {column.field for column in found.columns}
    good = bool(fields & set(required)) or any(one.startswith("item:") for one in fields)
    found.used = bool(chosen.get("use", sheet.visible and good))
    found.why = "" if sheet.visible else "hidden-sheet"
    if not good and not chosen:
        found.why = "no-table"
    return Table(found, body, tuple(bare(text) for text in texts))


def _chosen_header(chosen: Mapping[str, Any], height: int) -> tuple[int, int] | None:
    header = chosen.get("header")
    if not header:
        return None
    first, last = int(header[0]) - 1, int(header[1]) - 1
    return (first, last) if 0 <= first <= last < height and last - first < 4 else None


def _apply_choice(found: SheetFound, chosen: Mapping[str, Any], kind: ImportKind) -> None:
    """What people said of columns wins over everything; the same field is not taken twice."""
    said: Mapping[str, str] = chosen.get("columns", {})
    valid = {one.name for one in FIELDS[kind]}
    for column in found.columns:
        if column.letter in said:
            wanted = said[column.letter]
            if wanted == "" or wanted in valid or wanted.startswith("item:"):
                column.field, column.score, column.why = wanted, 100, "chosen"
    for column in found.columns:
        if column.why != "chosen" and column.field and not column.field.startswith("item:"):
            twins = [c for c in found.columns if c.field == column.field and c is not column]
            if any(c.why == "chosen" or (c.score, -c.index) > (column.score, -column.index) for c in twins):
                column.field, column.why = "", "twice"


def _spread(sheet: Sheet) -> list[list[Cell]]:
    """The rows with merged cells filled in: what is merged is said of every row and column it covers. Titles that run
    across the whole table stay where they begin."""
    rows = [list(row) for row in sheet.rows]
    width = max((len(row) for row in rows), default=0)
    for row in rows:
        row.extend([None] * (width - len(row)))
    for top, left, bottom, right in sheet.merged:
        if top >= len(rows) or left >= width or (right - left + 1) * 2 > width:
            continue
        value = rows[top][left]
        for r in range(top, min(bottom, len(rows) - 1) + 1):
            for c in range(left, min(right, width - 1) + 1):
                if rows[r][c] is None or rows[r][c] == "":
                    rows[r][c] = value
    return rows


# --- headings ---------------------------------------------------------------------------------------------------


class _Headings:
    def __init__(self, kind: ImportKind, remembered: Mapping[str, str], goods: Names | None) -> None:
        self._fields = {one.name: one for one in FIELDS[kind]}
        self._remembered = remembered
        self._goods = goods
        written = [
            (name, one.name, 100 if n < 3 else 97)
            for one in FIELDS[kind]
            for n, name in enumerate(
                (one.name_zh, f"{one.name_zh}{one.name_en}", one.name_en, *one.aliases, split_heading(one.name_zh)[0])
            )
        ]
        self._names = Names(
            [*written, *((said, name, 100) for said, name in remembered.items() if name in self._fields)]
        )

    def find(self, rows: Sequence[Sequence[Cell]]) -> tuple[int, int] | None:
        """The heading rows (first, last from 0), single or double; None where nothing looks like headings."""
        best: tuple[float, tuple[int, int]] | None = None
        for first in range(min(LOOKED_AT, len(rows))):
            if not _heading_like(rows[first]):
                continue
            for last in (first, first + 1):
                if last > first and not (last < len(rows) and _heading_like(rows[last])):
                    continue
                texts = self.texts(rows, first, last)
                score = self._worth_of(texts) - 0.6 * (last - first)
                if score >= 1.6 and (best is None or score > best[0] + 0.01):
                    best = (score, (first, last))
        return best[1] if best else None

    def _worth_of(self, texts: Sequence[str]) -> float:
        """How much a row says as headings: each field once, so that a merged heading over two columns counts once."""
        best: dict[str, float] = {}
        for n, text in enumerate(texts):
            name, worth = self._match(text)[0] if text else "", self._worth(text)
            key = name if worth == 1 else f"{n}"
            best[key] = max(best.get(key, 0), worth)
        return sum(best.values())

    def _worth(self, text: str) -> float:
        if not text:
            return 0
        score = self._match(text)[1]
        if score >= SURE:
            return 1
        name, unit = split_heading(text)
        if unit and self._goods is not None:
            return 0.9 if self._goods.best(name, 1) else 0.5
        return 0.4 if score >= TAKEN else 0

    def texts(self, rows: Sequence[Sequence[Cell]], first: int, last: int) -> list[str]:
        """One text per column: of two rows the lower, or both where the lower alone says nothing known."""
        lower = [plain(one) for one in rows[last]]
        if first == last:
            return lower
        upper, above = [], ""
        for n, one in enumerate(rows[first]):
            above = plain(one) or (above if n < len(lower) and lower[n] else "")
            upper.append(above)
        return [self._joined(a, b) for a, b in zip(upper, lower, strict=True)]

    def _joined(self, above: str, below: str) -> str:
        if not below or below == above:
            return above
        if not above or self._match(below)[1] >= SURE or split_heading(below)[1]:
            return below
        return f"{above} {below}" if self._match(above)[1] < SURE or self._match(below)[1] else above

    def _match(self, text: str) -> tuple[str, int]:
        exact = self._names.exact(text) or self._names.exact(split_heading(text)[0])
        if exact:
            return max(exact, key=lambda one: one[1])
        near = self._names.best(text, 1)
        return near[0] if near else ("", 0)

    def columns(
        self, texts: Sequence[str], body: Sequence[Sequence[Cell]], hidden: frozenset[int]
    ) -> list[ColumnFound]:
        """What each column is taken for."""
        found = []
        for index, text in enumerate(texts):
            cells = [row[index] for row in body if row[index] not in (None, "")]
            if not text and not cells:
                continue
            name, unit = split_heading(text)
            column = ColumnFound(index, column_letter(index), text, unit, hidden=index in hidden)
            column.samples = list(dict.fromkeys(plain(one)[:40] for one in cells[:30]))[:4]
            self._take(column, name, looks_like(cells))
            if column.hidden and column.why != "remembered":
                column.field, column.why = "", "hidden"
            found.append(column)
        return found

    def _take(self, column: ColumnFound, name: str, looks: str) -> None:
        remembered = self._remembered.get(bare(column.heading))
        if remembered is not None and (remembered in self._fields or remembered == "" or remembered[:5] == "item:"):
            column.field, column.score, column.why = remembered, 100, "remembered"
            return
        scores: dict[str, int] = {}
        for target, score in [*self._names.exact(column.heading), *self._names.exact(name), *self._names.best(name, 6)]:
            scores[target] = max(scores.get(target, 0), self._weighed(self._fields[target], score, looks))
        if not column.heading:
            scores |= {one.name: 50 for one in self._fields.values() if one.content == looks and looks != "text"}
        column.candidates = sorted(scores.items(), key=lambda one: (-one[1], one[0]))[:5]
        if column.candidates and column.candidates[0][1] >= TAKEN:
            column.field, column.score = column.candidates[0]
            column.why = "name"
        elif column.unit and self._goods is not None and looks in ("number", "empty"):
            goods = self._goods.best(name, 5)
            column.candidates = [(f"item:{key}", score) for key, score in goods] + column.candidates[:2]
            column.field, column.score, column.why = "item:", goods[0][1] if goods else 0, "wide"

    @staticmethod
    def _weighed(one: Field, score: int, looks: str) -> int:
        if looks in ("empty", "text") or one.content == looks:
            return score
        if one.content in ("number", "decimal", "day") and looks in ("number", "day"):
            return score - 5
        return score - (8 if one.content == "text" else 30)


def _heading_like(row: Sequence[Cell]) -> bool:
    """Words only, at least two of them, all short."""
    texts = [one for one in row if one not in (None, "")]
    if len({plain(one) for one in texts}) < 2 or any(not isinstance(one, str) or len(one) > 40 for one in texts):
        return False
    return not any(re.fullmatch(r"[\d,.\-/:]+", plain(one)) for one in texts)


def looks_like(cells: Sequence[Cell]) -> str:
    """What most cells of a column look like: number, day, phone, unit, text, or empty."""
    cells = [one for one in cells[:60] if not is_nothing(one)]
    if not cells:
        return "empty"
    counts = {"phone": 0, "day": 0, "number": 0, "unit": 0}
    for one in cells:
        text = plain(one)
        if re.fullmatch(r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}", text):
            counts["phone"] += 1
        elif isinstance(one, date) or (
            not isinstance(one, int | float) and read_moment(one).kind in ("day", "month", "life", "forever")
        ):
            counts["day"] += 1
        elif known_unit(text):
            counts["unit"] += 1
        elif read_quantity(one).amounts:
            counts["number"] += 1
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] * 2 > len(cells) else "text"


# --- rows ---------------------------------------------------------------------------------------------------------


def not_goods(texts: Sequence[str], table: Table, name_columns: Sequence[int]) -> str:
    """Why a body row holds nothing to import: blank, total, section, footer, heading-again, template; else empty."""
    said = list(dict.fromkeys(text for text in texts if text))
    if not said:
        return "blank"
    if _TEMPLATE.match(said[0]):
        return "template"
    if any(_TOTAL.match(text.replace(" ", "")) for text in said[:3]):
        return "total"
    if bare(said[0]) in table.heading_text and tuple(bare(text) for text in texts) == table.heading_text:
        return "heading-again"
    if len(said) <= 3 and any(_FOOTER.search(text) for text in said):
        return "footer"
    if _SECTION.match(said[0]) and len(said) <= 2:
        return "section"
    if len(said) == 1 and not any(texts[index] for index in name_columns if index < len(texts)):
        return "section"
    return ""
