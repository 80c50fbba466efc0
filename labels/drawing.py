"""A drawing: text, boxes and symbols with their places, in millimetres from the top left corner.

Everything is placed before anything is painted, so the geometry can be checked, and PDF, PNG and ZPL paint the
same drawing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from labels.codes.symbols import QUIET, Symbol
from labels.fonts import MM_PER_POINT, Font

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

POINTS_PER_MM = 1 / MM_PER_POINT


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle on the label."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    def overlaps(self, other: "Area") -> bool:
        """Whether the two share more than an edge."""
        slack = 1e-6
        return (
            self.x < other.right - slack
            and other.x < self.right - slack
            and self.y < other.bottom - slack
            and other.y < self.bottom - slack
        )

    def holds(self, other: "Area") -> bool:
        """Whether the other lies inside."""
        slack = 1e-6
        return (
            self.x <= other.x + slack
            and self.y <= other.y + slack
            and other.right <= self.right + slack
            and other.bottom <= self.bottom + slack
        )


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text: left end, baseline, size in points, measured width; grey 0 is black, 1 is white."""

    x: float
    baseline: float
    size: float
    text: str
    width: float
    bold: bool = False
    grey: float = 0.0

    @property
    def area(self) -> Area:
        """What the line covers: from above the tallest glyph to below the deepest."""
        em = self.size * MM_PER_POINT
        return Area(self.x, self.baseline - 0.88 * em, self.width, 1.08 * em)


@dataclass(frozen=True, slots=True)
class Box:
    """A filled or outlined rectangle; `line` is the stroke's width, 0 for none."""

    area: Area
    fill: float | None = None
    line: float = 0.0
    grey: float = 0.0


@dataclass(frozen=True, slots=True)
class Placed:
    """A symbol with the place of its first dark corner, the size of a module and the length of its bars."""

    symbol: Symbol
    x: float
    y: float
    module: float
    bar: float
    """Height of one row of modules: the module itself, or the bar length of a linear symbol."""

    @property
    def dark(self) -> Area:
        return Area(self.x, self.y, self.symbol.width * self.module, self.symbol.height * self.bar)

    @property
    def area(self) -> Area:
        """The symbol with its quiet zones, where nothing else may stand."""
        left, right = QUIET[self.symbol.kind]
        above = 0.0 if self.symbol.kind.linear else left * self.module
        dark = self.dark
        return Area(
            dark.x - left * self.module,
            dark.y - above,
            dark.width + (left + right) * self.module,
            dark.height + 2 * above,
        )


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture (PNG or JPEG) in its area, as large as fits without being stretched, at the left below."""

    area: Area
    content: bytes


Item = Text | Box | Placed | Picture


@dataclass(frozen=True, slots=True)
class Drawing:
    """A finished label or page."""

    width: float
    height: float
    items: tuple[Item, ...]

    @property
    def symbols(self) -> tuple[Placed, ...]:
        return tuple(item for item in self.items if isinstance(item, Placed))

    @property
    def texts(self) -> tuple[Text, ...]:
        return tuple(item for item in self.items if isinstance(item, Text))


def new_canvas(
    width: float, height: float, title: str, font: Font, *, compressed: bool = True
) -> "tuple[BytesIO, Canvas]":
    """A PDF of one page size in millimetres that holds no clock and no chance: same painting, same bytes."""
    from reportlab.pdfgen.canvas import Canvas

    out = BytesIO()
    canvas = Canvas(
        out,
        pagesize=(width * POINTS_PER_MM, height * POINTS_PER_MM),
        pageCompression=int(compressed),
        invariant=1,
        initialFontName=font.name,
    )
    canvas.setTitle(title)
    canvas.setCreator("Beiyu")
    return out, canvas


def paint(canvas: "Canvas", drawing: Drawing, font: Font, left: float, top: float, page_height: float) -> None:
    """Put the drawing on the canvas with its top left corner at (left, top), millimetres from the page's."""
    ox = left * POINTS_PER_MM
    oy = (page_height - top) * POINTS_PER_MM
    _paint_boxes(canvas, (item for item in drawing.items if isinstance(item, Box)), ox, oy)
    for placed in drawing.symbols:
        _paint_symbol(canvas, placed, ox, oy)
    _paint_texts(canvas, drawing.texts, font, ox, oy)
    for item in drawing.items:
        if isinstance(item, Picture):
            _paint_picture(canvas, item, ox, oy)


def _paint_boxes(canvas: "Canvas", boxes: Iterable[Box], ox: float, oy: float) -> None:
    for box in boxes:
        area = box.area
        canvas.setStrokeGray(box.grey)
        canvas.setLineWidth(box.line * POINTS_PER_MM)
        if box.fill is not None:
            canvas.setFillGray(box.fill)
        canvas.rect(
            ox + area.x * POINTS_PER_MM,
            oy - area.bottom * POINTS_PER_MM,
            area.width * POINTS_PER_MM,
            area.height * POINTS_PER_MM,
            stroke=int(box.line > 0),
            fill=int(box.fill is not None),
        )


def _paint_symbol(canvas: "Canvas", placed: Placed, ox: float, oy: float) -> None:
    """One path of rectangles: reportlab's call per rectangle is the dearest part of a label."""
    across = placed.module * POINTS_PER_MM
    down = placed.bar * POINTS_PER_MM
    x0 = ox + placed.x * POINTS_PER_MM
    y0 = oy - placed.y * POINTS_PER_MM
    path = [
        f"{x0 + x * across:.3f} {y0 - (y + height) * down:.3f} {width * across:.3f} {height * down:.3f} re"
        for x, y, width, height in placed.symbol.rectangles()
    ]
    canvas.setFillGray(0)
    canvas._code.append(" ".join(path) + " f")


def _paint_picture(canvas: "Canvas", picture: Picture, ox: float, oy: float) -> None:
    """In shades of grey: ink on paper, without a colour profile or a mask that would have to be kept as well."""
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    with Image.open(BytesIO(picture.content)) as image:
        shown = image.convert("RGBA")
        paper = Image.new("RGBA", shown.size, "white")
        ink = Image.alpha_composite(paper, shown).convert("L")
    area = picture.area
    canvas.drawImage(
        ImageReader(ink),
        ox + area.x * POINTS_PER_MM,
        oy - area.bottom * POINTS_PER_MM,
        area.width * POINTS_PER_MM,
        area.height * POINTS_PER_MM,
        preserveAspectRatio=True,
        anchor="sw",
    )


def _paint_texts(canvas: "Canvas", texts: Iterable[Text], font: Font, ox: float, oy: float) -> None:
    out = canvas.beginText()
    grey: float | None = None
    for item in texts:
        if item.grey != grey:
            grey = item.grey
            out._code.append(f"{grey:.2f} g {grey:.2f} G")
        # bold is the same outline with a stroke: the fonts at hand have one weight
        out._code.append(f"{item.size * (0.028 if item.size > 9 else 0.018):.3f} w 2 Tr" if item.bold else "0 Tr")
        out.setFont(font.name, item.size)
        out.setTextOrigin(ox + item.x * POINTS_PER_MM, oy - item.baseline * POINTS_PER_MM)
        out.textOut(item.text)
    canvas.drawText(out)
