"""Labels as PDF, PNG and ZPL: one drawing, three ways out. Same data, same bytes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from io import BytesIO
from math import ceil
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from labels.drawing import Area, Box, Drawing, Placed, Text, new_canvas, paint
from labels.errors import LabelProblem
from labels.fonts import Font, register
from labels.sheets.compose import PRINT_STEP_MM, compose
from labels.sheets.faces import face
from labels.sheets.layouts import Layout
from labels.sheets.model import Label
from labels.sheets.zpl import graphic

if TYPE_CHECKING:
    from PIL.Image import Image

_MM_PER_INCH = 25.4
_THERMAL_DPI = (203, 300, 600)
_pdfium = Lock()
"""PDFium may be used by one thread at a time."""


def pdf(
    labels: Sequence[Label],
    layout: Layout,
    font_path: str | Path,
    *,
    start: int = 1,
    copies: int = 1,
) -> bytes:
    """The labels as PDF in the order given, `copies` of each, beginning at label `start` of the first sheet.

    Raises LabelProblem (BadCode, DoesNotFit, MissingGlyph) before any byte is written.
    """
    if not 1 <= start <= layout.per_page:
        raise LabelProblem(
            "labels.no-such-place",
            f"{layout.name} has the places 1 to {layout.per_page}, not {start}",
            {"layout": layout.name, "start": start, "places": layout.per_page},
        )
    font = register(font_path)
    drawings = [compose(face(label), layout, font) for label in labels]
    out, canvas = new_canvas(layout.page_width, layout.page_height, "Labels", font)
    place = start - 1
    for drawing in _copied(drawings, copies):
        if place == layout.per_page:
            canvas.showPage()
            place = 0
        left, top = layout.corner(place)
        paint(canvas, drawing, font, left, top, layout.page_height)
        place += 1
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def png(label: Label, layout: Layout, font_path: str | Path, *, dpi: int = 203) -> bytes:
    """One label as PNG, rendered from its PDF; at 200 dpi and more the symbol sits on whole pixels."""
    font = register(font_path)
    drawing = compose(face(label), layout, font, _step(dpi))
    return _pictures([drawing], font, dpi, lambda image: _png(image, dpi))[0]


def zpl(
    labels: Sequence[Label],
    layout: Layout,
    font_path: str | Path,
    *,
    dpi: int = 203,
    copies: int = 1,
) -> bytes:
    """The labels as ZPL II, one format each, as bitmaps on the printer's own dots.

    Bitmaps, because printers have no Chinese font and draw their own symbols by their own rules: so the print
    is the preview. Sheets print label by label, like a roll of the same size.
    """
    if dpi not in _THERMAL_DPI:
        raise LabelProblem("labels.no-such-resolution", f"{dpi} dpi is none of {_THERMAL_DPI}", {"dpi": dpi})
    font = register(font_path)
    drawings = [compose(face(label), layout, font, _step(dpi)) for label in labels]
    return b"".join(_pictures(drawings, font, dpi, lambda image: graphic(_black(image), copies)))


def calibration(layout: Layout, font_path: str | Path) -> bytes:
    """A page of outlines, numbers and a ruler: print it at 100 %, lay it on the stock, shift the layout."""
    font = register(font_path)
    out, canvas = new_canvas(layout.page_width, layout.page_height, "Calibration", font)
    items: list[Box | Text] = []
    for place in range(layout.per_page):
        left, top = layout.corner(place)
        items.extend(_outline(layout, left, top, str(place + 1), font))
    ruler = min(100.0, floor_to_ten(layout.label_width))
    x, y = layout.corner(0)
    x, y = x + (layout.label_width - ruler) / 2, y + layout.label_height * 0.7
    items.append(Box(Area(x, y, ruler, 0.2), fill=0.0))
    for at in range(0, int(ruler) + 1, 5):
        tall = 3.0 if at % 10 == 0 else 1.5
        items.append(Box(Area(x + at - 0.05, y - tall, 0.1, tall), fill=0.0))
    words = f"{ruler:.0f} mm · {layout.name}"
    items.append(Text(x, y + 3.5, 8, words, font.width(words, 8)))
    paint(canvas, Drawing(layout.page_width, layout.page_height, tuple(items)), font, 0, 0, layout.page_height)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def floor_to_ten(value: float) -> float:
    """The largest multiple of ten below, for rulers."""
    return value // 10 * 10


def _outline(layout: Layout, left: float, top: float, number: str, font: Font) -> Iterator[Box | Text]:
    yield Box(Area(left, top, layout.label_width, layout.label_height), line=0.1)
    inner = Area(
        left + layout.padding_x,
        top + layout.padding_y,
        layout.label_width - 2 * layout.padding_x,
        layout.label_height - 2 * layout.padding_y,
    )
    yield Box(inner, line=0.1, grey=0.6)
    middle_x, middle_y = left + layout.label_width / 2, top + layout.label_height / 2
    yield Box(Area(middle_x - 3, middle_y - 0.05, 6, 0.1), fill=0.0)
    yield Box(Area(middle_x - 0.05, middle_y - 3, 0.1, 6), fill=0.0)
    yield Text(inner.x + 1, inner.y + 6, 14, number, font.width(number, 14), bold=True)


def _copied(drawings: Iterable[Drawing], copies: int) -> Iterator[Drawing]:
    for drawing in drawings:
        for _ in range(copies):
            yield drawing


def _step(dpi: int) -> float:
    return _MM_PER_INCH / dpi if dpi >= 200 else PRINT_STEP_MM


def _pictures(drawings: Sequence[Drawing], font: Font, dpi: int, finish: "Callable[[Image], bytes]") -> list[bytes]:
    """What `finish` makes of each drawing in grey, rendered from a PDF page of its own.

    From 200 dpi on symbols sit on dots and are painted dot by dot, without the soft edges of rendering.
    """
    if not drawings:
        return []
    width, height = drawings[0].width, drawings[0].height
    out, canvas = new_canvas(width, height, "Labels", font, compressed=False)
    for drawing in drawings:
        paint(canvas, drawing, font, 0, 0, height)
        canvas.showPage()
    canvas.save()
    size = (ceil(width * dpi / _MM_PER_INCH - 1e-6), ceil(height * dpi / _MM_PER_INCH - 1e-6))
    finished: list[bytes] = []
    import pypdfium2 as pdfium  # only where a picture is wanted: its bindings are slow to read

    with _pdfium:
        document = pdfium.PdfDocument(out.getvalue())
        try:
            for page, drawing in zip(document, drawings, strict=True):
                image = page.render(scale=dpi / 72, grayscale=True).to_pil().convert("L").crop((0, 0, *size))
                if dpi >= 200:
                    for placed in drawing.symbols:
                        _stamp(image, placed, dpi)
                finished.append(finish(image))
        finally:
            document.close()
    return finished


def _png(image: "Image", dpi: int) -> bytes:
    out = BytesIO()
    image.save(out, "PNG", dpi=(dpi, dpi))
    return out.getvalue()


def _stamp(image: "Image", placed: Placed, dpi: int) -> None:
    from PIL import ImageDraw

    dots = dpi / _MM_PER_INCH
    x0, y0 = round(placed.x * dots), round(placed.y * dots)
    across, down = round(placed.module * dots), round(placed.bar * dots)
    pen = ImageDraw.Draw(image)
    area = placed.dark
    pen.rectangle((x0 - 1, y0 - 1, x0 + round(area.width * dots), y0 + round(area.height * dots)), fill=255)
    for x, y, width, height in placed.symbol.rectangles():
        pen.rectangle(
            (x0 + x * across, y0 + y * down, x0 + (x + width) * across - 1, y0 + (y + height) * down - 1), fill=0
        )


def _black(image: "Image") -> "Image":
    """Black and white without dithering: thin strokes of small characters keep their shape."""
    from PIL.Image import Dither

    return image.point(lambda level: 255 if level >= 140 else 0).convert("1", dither=Dither.NONE)
