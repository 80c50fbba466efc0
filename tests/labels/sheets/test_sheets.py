"""Places, copies, bytes, refusals, and the geometry of every label."""

from dataclasses import replace
from datetime import date
from io import BytesIO

import pypdfium2 as pdfium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops
from pypdf import PdfReader

from labels.codes.symbols import MIN_MODULE_MM, SymbolKind
from labels.drawing import Area, Box, Drawing
from labels.errors import BadCode, DoesNotFit, LabelProblem, MissingGlyph
from labels.fonts import register
from labels.sheets import (
    A4_2X7,
    A4_3X8,
    LAYOUTS,
    ROLL_70X50,
    Label,
    Layout,
    LotLabel,
    calibration,
    pdf,
    png,
    roll,
    sheet,
    zpl,
)
from labels.sheets.compose import SMALLEST_POINTS, compose
from labels.sheets.faces import face
from labels.sheets.zpl import graphic, pictures
from tests.labels.samples import BARE_LOT, BIN, LONG_LOT, LOT, SAMPLES, with_symbol

layouts = pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
labels = pytest.mark.parametrize("label", SAMPLES.values(), ids=SAMPLES)
CHINESE = "救灾帐篷棉被应急照明灯组发电机，（）、：12 kW-A/x"


def words(document: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(document)).pages)


def sound(drawing: Drawing, layout: Layout) -> None:
    """Nothing leaves the label's inner area, no text touches a symbol or another text, modules are big enough."""
    inner = Area(
        layout.padding_x,
        layout.padding_y,
        layout.label_width - 2 * layout.padding_x,
        layout.label_height - 2 * layout.padding_y,
    )
    (symbol,) = drawing.symbols
    assert inner.holds(symbol.area)
    assert symbol.module >= MIN_MODULE_MM[symbol.symbol.kind]
    for text in drawing.texts:
        assert text.size >= SMALLEST_POINTS or text is drawing.texts[-1]
        assert inner.x - 1e-6 <= text.x
        assert text.area.right <= inner.right + 1e-6
        assert text.area.bottom <= layout.label_height
        assert not text.area.overlaps(symbol.area), text
    for box in drawing.items:
        if isinstance(box, Box):
            assert inner.holds(box.area)
            assert not box.area.overlaps(symbol.area)
    upright = [replace_area(text.area) for text in drawing.texts]
    for at, one in enumerate(upright):
        assert not any(one.overlaps(other) for other in upright[at + 1 :])


def replace_area(area: Area) -> Area:
    """The core of a line, without the room for accents and tails that lines may share."""
    return Area(area.x, area.y + 0.1 * area.height, area.width, area.height * 0.75)


@layouts
@labels
def test_text_never_touches_the_symbol(label: Label, layout: Layout, font_path: str) -> None:
    sound(compose(face(label), layout, register(font_path)), layout)


@settings(max_examples=150, deadline=None)
@given(
    name=st.text(CHINESE, min_size=1, max_size=60).map(str.strip).filter(bool),
    spec=st.text(CHINESE, max_size=60),
    origin=st.text(CHINESE, max_size=30),
    number=st.text("ABC-0123456789", max_size=30),
    bin_name=st.text("ABC-0123456789", max_size=15),
    gtin=st.sampled_from([None, "6901234567892"]),
    layout=st.sampled_from(list(LAYOUTS.values())),
    kind=st.sampled_from([SymbolKind.GS1_DATAMATRIX, SymbolKind.GS1_QR]),
)
def test_any_chinese_text_finds_room_or_is_cut_with_an_ellipsis(
    font_path: str,
    name: str,
    spec: str,
    origin: str,
    number: str,
    bin_name: str,
    gtin: str | None,
    layout: Layout,
    kind: SymbolKind,
) -> None:
    label = LotLabel(
        own_key="26000423",
        name=name,
        spec=spec,
        origin=origin,
        number=number,
        quantity="1200 床",
        produced_on=date(2026, 3, 15),
        expires_on=date(2034, 3, 14),
        bin=bin_name,
        gtin=gtin,
        symbol=kind,
    )
    sound(compose(face(label), layout, register(font_path)), layout)


def test_a_long_name_wraps_whole_where_there_is_room(font_path: str) -> None:
    for layout in (ROLL_70X50, A4_2X7):
        drawing = compose(face(LONG_LOT), layout, register(font_path))
        bold = [text.text for text in drawing.texts if text.bold]
        assert LONG_LOT.name in "".join(bold)


@layouts
def test_the_batch_label_says_what_the_rule_asks(layout: Layout, font_path: str) -> None:
    said = words(pdf([LOT], layout, font_path))
    for caption in ("规格", "产地", "编号", "数量", "质量", "生产", "入库"):
        assert caption in said
    for value in ("12㎡单帐篷", "江苏常州", "ZP-12-2026-0423", "200 顶", "合格", "2026-03-15", "2026-05-20"):
        assert value in said
    assert "有效期至 2034-03-14" in said
    assert "L26000423K" in said


def test_unknown_facts_print_as_dashes_not_as_nothing(font_path: str) -> None:
    drawing = compose(face(BARE_LOT), ROLL_70X50, register(font_path))
    assert [text.text for text in drawing.texts].count("—") == 7


def test_a_place_holder_says_what_belongs_there(font_path: str) -> None:
    said = words(pdf([SAMPLES["empty-bin"]], ROLL_70X50, font_path))
    assert "空货位" in said
    assert "棉被" in said


def test_labels_start_where_the_sheet_begins_to_be_fresh(font_path: str) -> None:
    """Place 23 of 24, two labels twice: two on this page, two on the next."""
    document = pdf([BIN, LOT], A4_3X8, font_path, start=23, copies=2)
    pages = [page.extract_text() for page in PdfReader(BytesIO(document)).pages]
    assert [page.count("BA0103C") for page in pages] == [2, 0]
    assert [page.count("L26000423K") for page in pages] == [0, 2]
    picture = pdfium.PdfDocument(document)[0].render(scale=1, grayscale=True).to_pil().convert("L")
    left, top = A4_3X8.corner(22)
    inked = ImageChops.invert(picture).getbbox()
    assert inked is not None
    assert inked[0] >= int(left * 72 / 25.4)
    assert inked[1] >= int(top * 72 / 25.4)


@pytest.mark.parametrize("start", [0, 25])
def test_places_that_the_sheet_does_not_have_are_refused(start: int, font_path: str) -> None:
    with pytest.raises(LabelProblem) as refusal:
        pdf([BIN], A4_3X8, font_path, start=start)
    assert refusal.value.code == "labels.no-such-place"
    assert refusal.value.facts == {"layout": "a4-3x8-70x37", "start": start, "places": 24}


def test_same_data_same_bytes(font_path: str) -> None:
    every = list(SAMPLES.values())
    assert pdf(every, A4_2X7, font_path, start=3) == pdf(every, A4_2X7, font_path, start=3)
    assert zpl(every, ROLL_70X50, font_path) == zpl(every, ROLL_70X50, font_path)
    assert png(LOT, ROLL_70X50, font_path) == png(LOT, ROLL_70X50, font_path)
    assert calibration(A4_2X7, font_path) == calibration(A4_2X7, font_path)


def test_preview_is_print(font_path: str) -> None:
    """The PNG at a printer's resolution, made black and white, is dot by dot what the ZPL prints."""
    for dpi in (203, 300):
        seen = Image.open(BytesIO(png(LOT, ROLL_70X50, font_path, dpi=dpi)))
        (sent,) = pictures(zpl([LOT], ROLL_70X50, font_path, dpi=dpi))
        black = seen.point(lambda level: 255 if level >= 140 else 0).convert("1")
        assert ImageChops.logical_xor(black, sent.crop((0, 0, *black.size))).getbbox() is None


def test_fonts_are_embedded(font_path: str) -> None:
    fonts = [
        font.get_object()
        for page in PdfReader(BytesIO(pdf([LOT], A4_3X8, font_path))).pages
        for font in page["/Resources"]["/Font"].values()
    ]
    assert fonts
    assert all("/FontFile2" in font["/FontDescriptor"] for font in fonts)


def test_too_wide_is_refused_before_drawing(font_path: str) -> None:
    """The full lot string in GS1-128 is far wider than a 70 mm label."""
    with pytest.raises(DoesNotFit) as refusal:
        pdf([with_symbol(LOT, SymbolKind.GS1_128)], ROLL_70X50, font_path)
    facts = refusal.value.facts
    assert refusal.value.code == "labels.symbol-too-wide"
    assert facts["available_mm"] == 66.0
    assert facts["needed_mm"] > 66.0
    assert facts["layout"] == "roll-70x50"
    assert f"{facts['needed_mm']} mm" in refusal.value.detail


def test_what_is_needed_suffices(font_path: str) -> None:
    """A roll as wide as the refusal asks for takes the symbol."""
    label = with_symbol(LOT, SymbolKind.GS1_128)
    with pytest.raises(DoesNotFit) as refusal:
        pdf([label], ROLL_70X50, font_path)
    wide = roll("wide", refusal.value.facts["needed_mm"] + 4.1, 50)
    assert pdf([label], wide, font_path).startswith(b"%PDF")


def test_too_much_text_for_a_tiny_label_is_refused(font_path: str) -> None:
    with pytest.raises(DoesNotFit) as refusal:
        pdf([LOT], roll("tiny", 60, 20), font_path)
    assert refusal.value.code == "labels.text-too-tall"


def test_a_missing_glyph_is_a_visible_error(font_path: str) -> None:
    with pytest.raises(MissingGlyph) as refusal:
        pdf([replace(LOT, name="帐篷\U0001f525")], A4_3X8, font_path)
    assert refusal.value.facts == {"character": "\U0001f525", "code_point": "U+1F525"}


def test_an_ean_needs_a_gtin(font_path: str) -> None:
    with pytest.raises(BadCode):
        pdf([with_symbol(LOT, SymbolKind.EAN_13)], A4_3X8, font_path)


def test_a_file_that_is_no_font_is_refused() -> None:
    with pytest.raises(LabelProblem) as refusal:
        pdf([LOT], A4_3X8, __file__)
    assert refusal.value.code == "labels.unusable-font"


def test_layouts_fit_their_page() -> None:
    assert A4_3X8.corner(0) == (0, 0.5)
    assert A4_3X8.corner(23) == (140, 259.5)
    assert A4_2X7.corner(13) == pytest.approx((106.25, 243.75))
    with pytest.raises(DoesNotFit) as refusal:
        sheet("wrong", label=(70, 37), grid=(4, 8))
    assert refusal.value.code == "labels.layout-exceeds-page"


def test_a_free_sheet_and_a_shifted_layout_print(font_path: str) -> None:
    free = sheet("free", label=(60, 40), grid=(3, 6), origin=(10, 12), gap=(5, 5), padding=(2, 2))
    moved = free.shifted(1.5, -2)
    assert moved.corner(4) == pytest.approx((76.5, 55))
    assert pdf([BIN] * 19, moved, font_path).startswith(b"%PDF")


def test_the_calibration_page_has_an_outline_for_each_label(font_path: str) -> None:
    said = words(calibration(A4_3X8, font_path)).split()
    assert {str(n) for n in range(1, 25)} <= set(said)


@given(st.data())
def test_zpl_graphics_read_back(data: st.DataObject) -> None:
    """Zebra's compression, written and read: any bitmap, also with long runs and repeated lines."""
    width = data.draw(st.integers(1, 40)) * 8
    line = st.one_of(
        st.binary(min_size=width // 8, max_size=width // 8),
        st.sampled_from([b"\x00", b"\xff", b"\x0f"]).map(lambda b: b * (width // 8)),
    )
    rows = data.draw(st.lists(line, min_size=1, max_size=12))
    image = Image.frombytes("1", (width, len(rows)), b"".join(rows))
    (back,) = pictures(graphic(image))
    assert back.tobytes() == image.tobytes()


def test_zpl_says_size_and_copies(font_path: str) -> None:
    sent = zpl([BIN, LOT], ROLL_70X50, font_path, dpi=203, copies=3)
    assert sent.count(b"^XA") == sent.count(b"^XZ") == 2
    assert sent.count(b"^PQ3") == 2
    assert sent.startswith(b"^XA^PW560^LL400^LH0,0^FO0,0^GFA,28000,28000,70,")
    sent.decode("ascii")


def test_a_resolution_no_printer_has_is_refused(font_path: str) -> None:
    with pytest.raises(LabelProblem) as refusal:
        zpl([BIN], ROLL_70X50, font_path, dpi=150)
    assert refusal.value.code == "labels.no-such-resolution"
