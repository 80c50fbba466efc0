"""The one shape of all our papers, and how it is set on pages.

Every page repeats who speaks, what paper it is, its number and symbol; the facts stand on the first page, the table
repeats its heading, the last page closes with totals and signatures, and each page says which of how many it is.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import floor

from labels.codes.symbols import MIN_MODULE_MM, QUIET, Symbol
from labels.documents.model import MOST_SIGNED, Column, Page, Signed
from labels.drawing import Area, Box, Drawing, Item, Picture, Placed, Text
from labels.errors import DoesNotFit
from labels.fonts import MM_PER_POINT, Font
from labels.typesetting import wrap

_TITLE, _HEADING, _CLOSE, _CELL, _SMALL, _ANCHOR = 19.0, 11.0, 10.0, 9.0, 8.0, 6.5
_LINE = 1.35
_PAD = 1.1
_RULE = 0.2
_SYMBOL_PAD = 2.0
_STEP = 25.4 / 600
_INK_HIGH = 18.0
"""Millimetres of a drawn signature."""
_INK_STEP = _INK_HIGH + 7.0
"""Millimetres from one to the next below it."""


@dataclass(frozen=True, slots=True)
class Form:
    """A paper without measures. `carried[i]` are the cells of the balance carried after row i, if pages do so."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    page: Page
    heading: str = ""
    number: str = ""
    copy: str = ""
    symbol: Symbol | None = None
    under: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    fact_columns: int = 3
    fact_size: float = 10.0
    totals: tuple[tuple[str, ...], ...] = ()
    closing: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()
    signed: tuple[Signed, ...] = ()
    carried: tuple[tuple[str, ...], ...] | None = None
    foot: str = ""
    anchor: str = ""
    least_row: float = 0.0
    """Millimetres a row has at least, for entries by hand."""
    row_symbols: tuple[Symbol | None, ...] = ()
    """A linear symbol per row, in the last column; its cell has no text."""


def pages(form: Form, font: Font) -> tuple[Drawing, ...]:
    """The form as finished pages. Raises MissingGlyph, and DoesNotFit when a row is taller than a page."""
    return _Setter(form, font).pages()


@dataclass(frozen=True, slots=True)
class _Band:
    """A row of the table, measured: its lines per cell and its height."""

    cells: tuple[tuple[str, ...], ...]
    height: float
    bold: bool = False
    shade: bool = False


class _Setter:
    """Sets one form: measures everything first, then deals it out to pages."""

    def __init__(self, form: Form, font: Font) -> None:
        self.form = form
        self.font = font
        self.page = form.page
        self.width = form.page.width - 2 * form.page.margin
        weights = sum(column.weight for column in form.columns)
        self.widths = [self.width * column.weight / weights for column in form.columns]
        self.head = self._band([column.title for column in form.columns], bold=True, shade=True)
        self.top = form.page.margin
        self.bottom = form.page.height - form.page.margin - 6.0

    # ---- measuring

    def _lines(self, text: str, width: float, size: float) -> tuple[str, ...]:
        ems = (width - 2 * _PAD) / (size * MM_PER_POINT)
        return tuple(line for part in text.split("\n") for line in wrap(part, self.font, ems))

    def _band(self, cells: Sequence[str], *, bold: bool = False, shade: bool = False) -> _Band:
        lines = tuple(self._lines(cell, width, _CELL) for cell, width in zip(cells, self.widths, strict=True))
        tallest = max(len(each) for each in lines)
        height = tallest * _CELL * MM_PER_POINT * _LINE + 2 * _PAD
        return _Band(lines, max(height, self.form.least_row), bold, shade)

    def _close_height(self) -> float:
        height = sum(
            len(self._lines(text, self.width, _CLOSE)) * _CLOSE * MM_PER_POINT * _LINE + 1.0
            for text in self.form.closing
        )
        height += 13.0 if self.form.signatures else 0.0
        return height + _INK_STEP * max((row + 1 for row, _ in self._signed()), default=0)

    # ---- dealing out

    def pages(self) -> tuple[Drawing, ...]:
        sheets: list[list[Item]] = []
        items, y = self._opened(first=True)
        for row, cells in enumerate(self.form.rows):
            band = self._band(cells)
            carry = self._carry(row, "过次页")
            reserve = carry.height if carry else 0.0
            if y + band.height + reserve > self.bottom:
                if row and self.form.carried is not None:
                    before = self._carry(row - 1, "过次页")
                    assert before is not None
                    items.extend(self._drawn(before, y))
                sheets.append(items)
                items, y = self._opened(first=False)
                brought = self._carry(row - 1, "承前页") if row else None
                if brought is not None:
                    items.extend(self._drawn(brought, y))
                    y += brought.height
            self._must_fit(band.height + reserve, y, f"row {row + 1}")
            items.extend(self._drawn(band, y))
            items.extend(self._row_symbol(row, band, y))
            y += band.height
        ends = [self._band(cells, bold=True) for cells in self.form.totals]
        needed = sum(band.height for band in ends) + self._close_height()
        if y + needed > self.bottom and self.form.rows:
            sheets.append(items)
            items, y = self._opened(first=False)
        self._must_fit(needed, y, "the close")
        for band in ends:
            items.extend(self._drawn(band, y))
            y += band.height
        items.extend(self._closed(y))
        sheets.append(items)
        return tuple(
            Drawing(self.page.width, self.page.height, (*sheet, *self._foot(at, len(sheets))))
            for at, sheet in enumerate(sheets, 1)
        )

    def _carry(self, row: int, label: str) -> _Band | None:
        if self.form.carried is None:
            return None
        return self._band([label if cell == CARRY_LABEL else cell for cell in self.form.carried[row]], bold=True)

    def _must_fit(self, height: float, y: float, what: str) -> None:
        if y + height > self.bottom + 1e-6:
            raise DoesNotFit(
                "labels.row-too-tall",
                f"{what} of {self.form.title} needs {height:.0f} mm of height, there are {self.bottom - y:.0f} mm",
                {"needed_mm": round(height, 1), "available_mm": round(self.bottom - y, 1), "what": what},
            )

    # ---- drawing

    def _text(
        self, text: str, size: float, area: Area, baseline: float, align: str = "left", *, bold: bool = False
    ) -> Text:
        width = self.font.width(text, size)
        spare = area.width - width
        x = area.x + {"left": 0.0, "center": spare / 2, "right": spare}[align]
        return Text(x, baseline, size, text, width, bold)

    def _opened(self, *, first: bool) -> tuple[list[Item], float]:
        """A new page down to below the table's heading."""
        items, y = self._letterhead()
        if first and self.form.facts:
            more, y = self._facts(y)
            items.extend(more)
        items.extend(self._drawn(self.head, y))
        return items, y + self.head.height

    def _letterhead(self) -> tuple[list[Item], float]:
        form, left, width = self.form, self.page.margin, self.width
        whole = Area(left, self.top, width, 0)
        items: list[Item] = []
        y = self.top
        placed = self._symbol(form.symbol) if form.symbol is not None else None
        if form.heading:
            items.append(self._centred(form.heading, _HEADING, placed, y + 4.2))
            y += 5.6
        items.append(self._centred(form.title, _TITLE, placed, y + 7.0, bold=True))
        y += 9.6
        number = f"No. {form.number}" if form.number else ""
        if placed is not None:
            items.append(placed)
            under = placed.area.bottom + 3.1
            dark = placed.dark
            items.append(self._text(form.under, _SMALL, Area(dark.x, 0, dark.width, 0), under, "center"))
            y = max(y, under - 2.8)
        if form.copy:
            items.append(self._text(form.copy, _CLOSE, whole, self.top + 4.0))
        if number:
            items.append(self._text(number, _CLOSE, whole, y + 2.8))
        if number or form.symbol is not None:
            y += 4.6
        return items, y

    def _centred(self, text: str, size: float, symbol: Placed | None, baseline: float, *, bold: bool = False) -> Text:
        """In the middle of the paper; what would run into the symbol, in the middle of the room beside it, smaller if
        need be."""
        left, width = self.page.margin, self.width
        if symbol is not None and self.page.width / 2 + self.font.width(text, size) / 2 > symbol.area.x - 1.0:
            width = symbol.area.x - 1.0 - left
            size = min(size, size * width / self.font.width(text, size))
        return self._text(text, size, Area(left, 0, width, 0), baseline, "center", bold=bold)

    def _symbol(self, drawn: Symbol) -> Placed:
        """Top right: bars 9 mm high, or a square of at most 16 mm."""
        linear = drawn.kind.linear
        limit = 0.3 if linear else 16.0 / drawn.full_width
        module = max(1, floor(limit / _STEP)) * _STEP
        left, right = QUIET[drawn.kind]
        x = self.page.width - self.page.margin - (drawn.width + right) * module
        above = 0.0 if linear else left * module
        return Placed(drawn, x, self.top + above, module, 9.0 if linear else module)

    def _facts(self, y: float) -> tuple[list[Item], float]:
        """Captions and values in a few columns, each row as tall as its tallest value."""
        items: list[Item] = []
        size = self.form.fact_size
        columns = self.form.fact_columns
        width = self.width / columns
        line = size * MM_PER_POINT * _LINE
        for at in range(0, len(self.form.facts), columns):
            tallest = 1
            for place, (caption, value) in enumerate(self.form.facts[at : at + columns]):
                x = self.page.margin + place * width
                lead = self._text(f"{caption}：", size, Area(x, y, width, 0), y + line * 0.8)
                items.append(Text(lead.x, lead.baseline, lead.size, lead.text, lead.width, grey=0.3))
                lines = self._lines(value, width - lead.width - 1.0 + 2 * _PAD, size) if value else ()
                for more, text in enumerate(lines):
                    area = Area(x + lead.width, y, width, 0)
                    items.append(self._text(text, size, area, y + line * (0.8 + more)))
                tallest = max(tallest, len(lines))
            y += tallest * line + 0.6
        return items, y + 0.8

    def _drawn(self, band: _Band, y: float) -> Iterator[Item]:
        line = _CELL * MM_PER_POINT * _LINE
        x = self.page.margin
        if band.shade:
            yield Box(Area(x, y, self.width, band.height), fill=0.9)
        for column, width, lines in zip(self.form.columns, self.widths, band.cells, strict=True):
            yield Box(Area(x, y, width, band.height), line=_RULE)
            inside = Area(x + _PAD, y, width - 2 * _PAD, band.height)
            align = "center" if band.shade else column.align
            drop = (band.height - len(lines) * line) / 2
            for at, text in enumerate(lines):
                if text:
                    baseline = y + drop + line * (at + 0.77)
                    yield self._text(text, _CELL, inside, baseline, align, bold=band.bold)
            x += width

    def _row_symbol(self, row: int, band: _Band, y: float) -> Iterator[Item]:
        """The symbol of a row in the middle of its last cell. Raises DoesNotFit where the cell is too narrow."""
        drawn = self.form.row_symbols[row] if row < len(self.form.row_symbols) else None
        if drawn is None:
            return
        width = self.widths[-1]
        module = floor(min(width / drawn.full_width, 0.3) / _STEP) * _STEP
        if module < MIN_MODULE_MM[drawn.kind]:
            raise DoesNotFit("labels.symbol-too-wide", "the code of a row is too wide for its column", {"row": row + 1})
        left, _ = QUIET[drawn.kind]
        x = self.page.width - self.page.margin - width + (width - drawn.full_width * module) / 2 + left * module
        height = band.height - 2 * _SYMBOL_PAD
        yield Placed(drawn, x, y + _SYMBOL_PAD, module, height)

    def _closed(self, y: float) -> Iterator[Item]:
        line = _CLOSE * MM_PER_POINT * _LINE
        left = self.page.margin
        y += 1.0
        for text in self.form.closing:
            for part in self._lines(text, self.width, _CLOSE):
                yield self._text(part, _CLOSE, Area(left + _PAD, y, self.width, 0), y + line * 0.8)
                y += line
        if self.form.signatures:
            y = max(y, y + 8.0)
            width = self.width / len(self.form.signatures)
            for place, caption in enumerate(self.form.signatures):
                area = Area(left + place * width, y, width, 0)
                lead = self._text(caption, _CLOSE, area, y)
                yield lead
                if caption.endswith("："):
                    rule = min(32.0, width - lead.width - 4.0)
                    yield Box(Area(lead.x + lead.width, y + 0.6, rule, 0.15), fill=0.0)
            y += 4.0
        width = self.width / max(len(self.form.signatures), 1)
        for row, one in self._signed():
            area = Area(left + one.under * width, y + row * _INK_STEP, width - 4.0, _INK_HIGH)
            yield Picture(area, one.picture)
            yield self._text(one.caption, _SMALL, area, area.y + _INK_HIGH + 3.2)

    def _signed(self) -> Iterator[tuple[int, Signed]]:
        """What was drawn on a screen, each in its row below its line."""
        rows: Counter[int] = Counter()
        for one in self.form.signed:
            if rows[one.under] < MOST_SIGNED:
                yield rows[one.under], one
            rows[one.under] += 1

    def _foot(self, page: int, of: int) -> Iterator[Item]:
        baseline = self.page.height - self.page.margin + 1.0
        whole = Area(self.page.margin, baseline, self.width, 0)
        yield self._text(f"第 {page} 页 共 {of} 页", _SMALL, whole, baseline, "center")
        if self.form.foot:
            yield self._text(self.form.foot, _SMALL, whole, baseline)
        if self.form.anchor:
            yield self._text(self.form.anchor, _ANCHOR, whole, baseline, "right")


CARRY_LABEL = "\x00carry"
"""Stands in a carried row where 过次页 or 承前页 goes."""
