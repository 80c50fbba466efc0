"""From a face to a drawing: the symbol gets its room first, the text takes what is left and shrinks into it.

The symbol's width with quiet zones is computed and refused before anything is placed. Text never enters the
symbol's area because it is set into a rectangle that does not touch it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import floor

from labels.codes.symbols import MIN_MODULE_MM, QUIET, SymbolKind
from labels.drawing import Area, Box, Drawing, Item, Placed, Text
from labels.errors import DoesNotFit
from labels.fonts import MM_PER_POINT, Font
from labels.sheets.faces import Cell, Face, Row
from labels.sheets.layouts import Layout
from labels.typesetting import shorten, wrap

SMALLEST_POINTS = 5.5
"""Below this no field is set; it is the size of the small print on medicine boxes."""
PRINT_STEP_MM = 25.4 / 600
"""Modules of a PDF are whole dots of a 600 dpi printer; half of them are whole dots at 300."""

_GAP = 1.8
_LINE = 1.3
_CAPTION_GREY = 0.3
_MAX_MODULE = {
    SymbolKind.GS1_DATAMATRIX: 0.9,
    SymbolKind.GS1_QR: 0.9,
    SymbolKind.QR: 0.9,
    SymbolKind.GS1_128: 0.5,
    SymbolKind.CODE_128: 0.5,
    SymbolKind.EAN_13: 0.4,
}
_POSTER_MODULE = 2.0
_COMFORTABLE_POINTS = 7.0
_SHORTEST_BAR_MM = 7.0
_SIZE_STEP = 0.25


def compose(shown: Face, layout: Layout, font: Font, step: float = PRINT_STEP_MM) -> Drawing:
    """The label as a drawing; places and modules of the symbol are multiples of `step` millimetres.

    Raises DoesNotFit when symbol or text have no room, MissingGlyph when the font lacks a character.
    """
    inner = Area(
        layout.padding_x,
        layout.padding_y,
        layout.label_width - 2 * layout.padding_x,
        layout.label_height - 2 * layout.padding_y,
    )
    # the symbol gives way to the text until the text has this size
    comfortable = max(_COMFORTABLE_POINTS, inner.height * 0.17)
    best: tuple[_Setting, list[Item]] | None = None
    for rows in (shown.rows, _paired(shown.rows)):
        for code, area in _options(shown, inner, layout, font, step):
            setting = _fitted(shown, rows, area, font)
            if setting is not None and (best is None or setting.size > best[0].size):
                best = setting, code
            if best is not None and best[0].size >= comfortable:
                break
        if best is not None:
            return _drawing(shown, *best, layout, font)
    *_, (code, area) = _options(shown, inner, layout, font, step)
    return _drawing(shown, _squeezed(shown, area, layout, font), code, layout, font)


def _drawing(shown: Face, setting: "_Setting", code: list[Item], layout: Layout, font: Font) -> Drawing:
    return Drawing(layout.label_width, layout.label_height, (*_set(shown, setting, font), *code))


def _options(shown: Face, inner: Area, layout: Layout, font: Font, step: float) -> Iterator[tuple[list[Item], Area]]:
    """The symbol in its place and what is left for text: first as large as is good, then smaller."""
    if shown.symbol.kind.linear:
        yield _bars_below(shown, inner, layout, font, step, tallest=18.0)
        yield _bars_below(shown, inner, layout, font, step, tallest=_SHORTEST_BAR_MM)
    else:
        for share in (0.5, 0.4, 0.3, 0.2) if shown.large_title else (0.4, 0.3, 0.2):
            yield _matrix_at_right(shown, inner, layout, font, step, share)


# ---- the symbol ----------------------------------------------------------------------------


def _module(shown: Face, room: float, limit: float, layout: Layout, step: float) -> float:
    """The module for a symbol that may be `room` wide; refuses in millimetres when it would be too small."""
    drawn = shown.symbol
    smallest = MIN_MODULE_MM[drawn.kind]
    module = floor(min(limit, room / drawn.full_width) / step + 1e-6) * step
    if module < smallest - 1e-9:
        # the smallest module that the printer's dots can make
        needed = drawn.full_width * -(-smallest // step) * step
        raise DoesNotFit(
            "labels.symbol-too-wide",
            f"the {drawn.kind} symbol needs {needed:.1f} mm with its quiet zones, "
            f"there are {room:.1f} mm on {layout.name}",
            {
                "symbol": str(drawn.kind),
                "layout": layout.name,
                "needed_mm": round(needed, 1),
                "available_mm": round(room, 1),
                "modules": drawn.full_width,
                "module_mm": smallest,
            },
        )
    return module


def _up(value: float, step: float) -> float:
    return -(-(value - 1e-9) // step) * step


def _matrix_at_right(
    shown: Face, inner: Area, layout: Layout, font: Font, step: float, share: float
) -> tuple[list[Item], Area]:
    drawn = shown.symbol
    size = min(11.0, max(6.5, inner.height * 0.22))
    line = size * MM_PER_POINT * 1.15
    limit = _POSTER_MODULE if shown.large_title else max(_MAX_MODULE[drawn.kind], inner.height * 0.024)
    height = inner.height - line
    needed = drawn.full_width * MIN_MODULE_MM[drawn.kind] + drawn.full_width * step
    room = min(height, max(share * inner.width, min(needed, inner.width / 2)))
    module = _module(shown, room, limit, layout, step)
    side = drawn.full_width * module
    under_ems = font.ems(shown.under)
    size = min(size, max(SMALLEST_POINTS, side / (under_ems * MM_PER_POINT)))
    under_width = under_ems * size * MM_PER_POINT
    column = max(side, under_width)
    quiet = QUIET[drawn.kind][0] * module
    x = floor((inner.right - column / 2 - side / 2 + quiet) / step) * step
    y = _up(inner.y + quiet, step)
    placed = Placed(drawn, x, y, module, module)
    middle = placed.area.x + side / 2
    left = min(middle - under_width / 2, inner.right - under_width)
    baseline = placed.area.bottom + size * MM_PER_POINT * 0.9
    caption = Text(left, baseline, size, shown.under, under_width)
    return [placed, caption], Area(inner.x, inner.y, min(placed.area.x, left) - _GAP - inner.x, inner.height)


def _bars_below(
    shown: Face, inner: Area, layout: Layout, font: Font, step: float, tallest: float
) -> tuple[list[Item], Area]:
    drawn = shown.symbol
    module = _module(shown, inner.width, _MAX_MODULE[drawn.kind], layout, step)
    under_ems = font.ems(shown.under)
    size = min(9.0, max(6.5, inner.height * 0.2), inner.width / (under_ems * MM_PER_POINT))
    line = size * MM_PER_POINT * 1.15
    bar = floor(min(tallest, max(_SHORTEST_BAR_MM, inner.height * 0.28)) / step) * step
    left, _ = QUIET[drawn.kind]
    x = floor((inner.x + (inner.width - drawn.full_width * module) / 2 + left * module) / step) * step
    y = floor((inner.bottom - line - bar) / step) * step
    placed = Placed(drawn, x, y, module, bar)
    width = under_ems * size * MM_PER_POINT
    middle = placed.dark.x + placed.dark.width / 2
    at = min(max(inner.x, middle - width / 2), inner.right - width)
    caption = Text(at, placed.dark.bottom + size * MM_PER_POINT * 0.95, size, shown.under, width)
    return [placed, caption], Area(inner.x, inner.y, inner.width, y - inner.y - 1.0)


# ---- the text ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the block: what stands in it, and where the second cell begins (in millimetres, or 0)."""

    cells: tuple[Cell, ...]
    second: float = 0.0


@dataclass(frozen=True, slots=True)
class _Setting:
    """The text block with everything decided: sizes in points, heights in millimetres."""

    area: Area
    size: float
    title: list[str]
    title_size: float
    lines: list[_Line]
    height: float


def _title_lines(shown: Face, area: Area) -> int:
    """A code such as A-01-03 stays on one line."""
    if shown.large_title and shown.title.isascii():
        return 1
    return 3 if area.height > 36 else 2


def _paired(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """Neighbouring rows of one cell put side by side, for low and wide labels."""
    paired: list[Row] = []
    for row in rows:
        if paired and len(row) == 1 and len(paired[-1]) == 1:
            paired[-1] = (*paired[-1], *row)
        else:
            paired.append(row)
    return tuple(paired)


def _fitted(shown: Face, rows: tuple[Row, ...], area: Area, font: Font) -> _Setting | None:
    """Title, rows and mark whole, in the largest size at which all of them fit: found by halving, as text only
    grows taller with its size."""
    fits: _Setting | None = None
    largest = min(18.0, max(8.0, area.height * 0.34))
    low, high = 0, int((largest - SMALLEST_POINTS) / _SIZE_STEP)
    while low <= high:
        middle = (low + high) // 2
        setting = _at_size(shown, rows, area, font, SMALLEST_POINTS + middle * _SIZE_STEP)
        if setting is None:
            high = middle - 1
        else:
            fits, low = setting, middle + 1
    return fits


def _at_size(shown: Face, rows: tuple[Row, ...], area: Area, font: Font, size: float) -> _Setting | None:
    title_size = size * (3.0 if shown.large_title else 1.6)
    title = wrap(shown.title, font, area.width / (title_size * MM_PER_POINT))
    if len(title) > _title_lines(shown, area):
        return None
    lines = _lines(rows, font, area.width, size)
    if lines is None:
        return None
    height = _height(title, title_size, lines, size, shown.mark, font, area)
    return _Setting(area, size, title, title_size, lines, height) if height <= area.height else None


def _squeezed(shown: Face, area: Area, layout: Layout, font: Font) -> _Setting:
    """The smallest size with long values cut short by an ellipsis. Raises DoesNotFit when even that is too tall."""
    size = SMALLEST_POINTS
    title_size = size * 1.5
    ems = area.width / (title_size * MM_PER_POINT)
    title = wrap(shown.title, font, ems)
    most = _title_lines(shown, area)
    if len(title) > most:
        title = [*title[: most - 1], shorten("".join(title[most - 1 :]), font, ems)]
    lines = [_short_line(row, font, area.width, size) for row in shown.rows]
    height = _height(title, title_size, lines, size, shown.mark, font, area)
    if height > area.height:
        raise DoesNotFit(
            "labels.text-too-tall",
            f"the text of {shown.title!r} needs {height:.1f} mm of height at {size} pt, "
            f"there are {area.height:.1f} mm on {layout.name}",
            {
                "layout": layout.name,
                "needed_mm": round(height, 1),
                "available_mm": round(area.height, 1),
                "title": shown.title,
            },
        )
    return _Setting(area, size, title, title_size, lines, height)


def _short_line(row: Row, font: Font, width: float, size: float) -> _Line:
    """A row on one line, the longer cell giving way to the shorter."""
    em = size * MM_PER_POINT
    room = width / em
    if len(row) == 1:
        return _Line((_short(row[0], font, room),))
    first, second = (_ems(cell, font) for cell in row)
    column = min(first + 0.8, max(room - second, room / 2))
    return _Line((_short(row[0], font, column - 0.8), _short(row[1], font, room - column)), column * em)


def _short(cell: Cell, font: Font, room: float) -> Cell:
    return Cell(cell.caption, shorten(cell.value, font, room - _ems(Cell(cell.caption, ""), font)), cell.strong)


def _ems(cell: Cell, font: Font) -> float:
    return font.ems(cell.caption) + (0.45 if cell.caption else 0.0) + font.ems(cell.value)


def _lines(rows: tuple[Row, ...], font: Font, width: float, size: float) -> list[_Line] | None:
    """The rows as lines, or None when a value would take more than two. Pairs too wide stand one below another."""
    em = size * MM_PER_POINT
    room = width / em
    pairs = [row for row in rows if len(row) == 2]
    first = max((_ems(row[0], font) for row in pairs), default=0.0)
    second = max((_ems(row[1], font) for row in pairs), default=0.0)
    column = max(min(room * 0.5, room - second), first + 0.8)
    lines: list[_Line] = []
    for row in rows:
        if len(row) == 2 and _ems(row[0], font) + 0.8 <= column and column + _ems(row[1], font) <= room:
            lines.append(_Line(row, column * em))
            continue
        for cell in row:
            more = _wrapped(cell, font, room)
            if more is None:
                return None
            lines.extend(_Line((each,)) for each in more)
    return lines


def _wrapped(cell: Cell, font: Font, room: float) -> list[Cell] | None:
    if _ems(cell, font) <= room:
        return [cell]
    indent = _ems(Cell(cell.caption, ""), font)
    lines = wrap(cell.value, font, room - indent)
    if len(lines) > 2:
        return None
    # an ideographic space per character of the caption keeps the second line under the first
    blank = "\u3000" * len(cell.caption)
    return [Cell(cell.caption if at == 0 else blank, line, cell.strong) for at, line in enumerate(lines)]


def _mark_size(mark: str, font: Font, area: Area, size: float) -> float:
    """The mark is as large as the column lets it be, up to twice the text."""
    return min(size * 1.75, area.width / ((font.ems(mark) + 0.8) * MM_PER_POINT))


def _height(
    title: list[str], title_size: float, lines: list[_Line], size: float, mark: str, font: Font, area: Area
) -> float:
    height = len(title) * title_size * MM_PER_POINT * 1.18 + 0.8
    height += len(lines) * size * MM_PER_POINT * _LINE
    if mark:
        height += _mark_size(mark, font, area, size) * MM_PER_POINT * 1.5 + 0.6
    return height


def _set(shown: Face, setting: _Setting, font: Font) -> list[Item]:
    items: list[Item] = []
    area, size, lines = setting.area, setting.size, setting.lines
    title_em = setting.title_size * MM_PER_POINT
    y = area.y
    for text in setting.title:
        width = font.ems(text) * title_em
        items.append(Text(area.x, y + 0.95 * title_em, setting.title_size, text, width, bold=True))
        y += title_em * 1.18
    em = size * MM_PER_POINT
    spare = min((area.height - setting.height) / (len(lines) + 1), em * 0.5)
    items.append(Box(Area(area.x, y + 0.15, area.width, 0.25), fill=0.0))
    y += 0.8 + spare * 0.5
    for line in lines:
        baseline = y + em * 1.05
        for cell, x in zip(line.cells, (area.x, area.x + line.second), strict=False):
            items.extend(_cell(cell, x, baseline, size, font))
        y += em * _LINE + spare
    if shown.mark:
        items.extend(_mark(shown.mark, area, font, size))
    return items


def _cell(cell: Cell, x: float, baseline: float, size: float, font: Font) -> Iterator[Text]:
    em = size * MM_PER_POINT
    if cell.caption:
        width = font.ems(cell.caption) * em
        if cell.caption.strip():
            yield Text(x, baseline, size, cell.caption, width, grey=_CAPTION_GREY)
        x += width + 0.45 * em
    yield Text(x, baseline, size, cell.value, font.ems(cell.value) * em, bold=cell.strong)


def _mark(mark: str, area: Area, font: Font, size: float) -> list[Item]:
    """White on black along the lower edge: dated goods are seen from the aisle."""
    mark_size = _mark_size(mark, font, area, size)
    em = mark_size * MM_PER_POINT
    box = Area(area.x, area.bottom - em * 1.5, area.width, em * 1.5)
    width = font.ems(mark) * em
    text = Text(box.x + (box.width - width) / 2, box.y + em * 1.1, mark_size, mark, width, bold=True, grey=1.0)
    return [Box(box, fill=0.0), text]
