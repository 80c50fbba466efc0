"""Scan-back proof: every kind of symbol on every layout, from PDF and from ZPL, decoded by libdmtx and zbar."""

from io import BytesIO

import pypdfium2 as pdfium
import pytest
from PIL import Image

from labels.codes.symbols import SymbolKind
from labels.sheets import LAYOUTS, Label, Layout, pdf, png, zpl
from labels.sheets.faces import face
from labels.sheets.zpl import pictures
from tests.labels.eyes import decode
from tests.labels.samples import BARE_LOT, BIN, ITEM_EAN, LOT, SAMPLES, with_symbol

EVERY_KIND: dict[str, Label] = {
    "gs1-datamatrix": with_symbol(LOT, SymbolKind.GS1_DATAMATRIX),
    "gs1-qr": with_symbol(LOT, SymbolKind.GS1_QR),
    "gs1-128": with_symbol(BARE_LOT, SymbolKind.GS1_128),
    "qr": with_symbol(BIN, SymbolKind.QR),
    "code-128": with_symbol(BIN, SymbolKind.CODE_128),
    "ean-13": ITEM_EAN,
}
CASES = {**SAMPLES, **EVERY_KIND}
layouts = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
labels = pytest.mark.parametrize("label", CASES.values(), ids=CASES)


def printed(label: Label, layout: Layout, font_path: str, start: int) -> Image.Image:
    """The label cut out of its printed page, at 300 dpi as an office printer would."""
    document = pdfium.PdfDocument(pdf([label], layout, font_path, start=start))
    page = document[0].render(scale=300 / 72, grayscale=True).to_pil().convert("L")
    left, top = layout.corner(start - 1)
    dots = 300 / 25.4
    return page.crop(tuple(round(v * dots) for v in (left, top, left + layout.label_width, top + layout.label_height)))


def test_the_cases_cover_every_kind_of_symbol() -> None:
    assert {face(label).symbol.kind for label in EVERY_KIND.values()} == set(SymbolKind)


@layouts
@labels
def test_pdf_is_decoded(label: Label, layout: Layout, font_path: str) -> None:
    wanted = face(label).symbol
    assert decode(wanted.kind, printed(label, layout, font_path, layout.per_page)) == [wanted.data]


@layouts
@labels
def test_zpl_is_decoded(label: Label, layout: Layout, font_path: str) -> None:
    wanted = face(label).symbol
    for dpi in (203, 300):
        (seen,) = pictures(zpl([label], layout, font_path, dpi=dpi))
        assert decode(wanted.kind, seen.convert("L")) == [wanted.data]


@labels
def test_png_is_decoded(label: Label, font_path: str) -> None:
    wanted = face(label).symbol
    for layout in LAYOUTS.values():
        seen = Image.open(BytesIO(png(label, layout, font_path, dpi=203)))
        assert decode(wanted.kind, seen) == [wanted.data]


def test_every_label_of_a_full_sheet_is_decoded(font_path: str) -> None:
    layout = LAYOUTS["a4-3x8-70x37"]
    document = pdfium.PdfDocument(pdf([with_symbol(LOT, SymbolKind.GS1_QR)], layout, font_path, copies=24))
    page = document[0].render(scale=300 / 72, grayscale=True).to_pil()
    assert decode(SymbolKind.GS1_QR, page) == [face(LOT).symbol.data] * 24
