"""Every symbol is decoded by other code than drew it: DataMatrix by libdmtx, the rest by zbar."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from labels.codes import OwnKind, own_text, write_lot, write_own, write_own_gtin13
from labels.codes.gs1 import check_digit, write_elements
from labels.codes.own import ALPHABET, MAX_KEY
from labels.codes.symbols import QUIET, Symbol, SymbolKind, symbol
from labels.errors import BadCode
from tests.labels.eyes import decode, decode_gs1

LOT = write_lot("26000423", gtin="6901234567892", batch="B21A", expires_on=date(2029, 5, 31))
keys = st.text(ALPHABET, min_size=1, max_size=MAX_KEY)
gtins = st.text("0123456789", min_size=13, max_size=13).map(lambda p: p + check_digit(p))
MATRIX = [SymbolKind.GS1_DATAMATRIX, SymbolKind.GS1_QR]


def picture(drawn: Symbol, scale: int = 3) -> Image.Image:
    """The symbol black on white, from its rectangles, with its quiet zones."""
    left, right = QUIET[drawn.kind]
    bar = 40 if drawn.height == 1 else 1
    tall = drawn.height * bar
    size = (left + drawn.width + right, tall + 2 * left)
    image = Image.new("L", size, 255)
    for x, y, width, height in drawn.rectangles():
        image.paste(0, (left + x, left + y * bar, left + x + width, left + (y + height) * bar))
    return image.resize((size[0] * scale, size[1] * scale), Image.Resampling.NEAREST)


@pytest.mark.parametrize(
    ("kind", "data", "read"),
    [
        (SymbolKind.GS1_DATAMATRIX, LOT, LOT),
        (SymbolKind.GS1_DATAMATRIX, write_own(OwnKind.BIN, "A0103"), write_own(OwnKind.BIN, "A0103")),
        (SymbolKind.GS1_QR, LOT, LOT),
        (SymbolKind.GS1_128, LOT, LOT),
        (SymbolKind.GS1_128, "00106141412345678908", "00106141412345678908"),
        (SymbolKind.CODE_128, own_text(OwnKind.DOCUMENT, "26CK000123"), own_text(OwnKind.DOCUMENT, "26CK000123")),
        (SymbolKind.QR, "https://id.gs1.org/01/06901234567892", "https://id.gs1.org/01/06901234567892"),
        (SymbolKind.EAN_13, "6901234567892", "6901234567892"),
        (SymbolKind.EAN_13, write_own_gtin13(17), write_own_gtin13(17)),
    ],
)
def test_each_kind_is_read_by_other_code(kind: SymbolKind, data: str, read: str) -> None:
    assert decode(kind, picture(symbol(kind, data))) == [read]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(list(OwnKind)), keys, st.sampled_from([SymbolKind.GS1_DATAMATRIX, SymbolKind.GS1_QR]))
def test_any_own_key_survives_a_matrix_symbol(kind: OwnKind, key: str, how: SymbolKind) -> None:
    written = write_own(kind, key)
    assert decode(how, picture(symbol(how, written), scale=5)) == [written]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(list(OwnKind)), keys)
def test_any_own_key_survives_linear_symbols(kind: OwnKind, key: str) -> None:
    written = write_own(kind, key)
    assert decode(SymbolKind.GS1_128, picture(symbol(SymbolKind.GS1_128, written))) == [written]
    assert decode(SymbolKind.CODE_128, picture(symbol(SymbolKind.CODE_128, written[2:]))) == [written[2:]]


@settings(max_examples=100, deadline=None)
@given(gtins, st.text("0123456789AB-", min_size=1, max_size=9), st.text("0123456789", min_size=1, max_size=9))
def test_separators_in_gs1_128_survive_between_digits_and_letters(gtin: str, batch: str, serial: str) -> None:
    data = write_elements([("01", gtin), ("10", batch), ("21", serial)])
    assert decode(SymbolKind.GS1_128, picture(symbol(SymbolKind.GS1_128, data))) == [data]


@pytest.mark.parametrize("kind", MATRIX)
def test_matrix_symbols_say_that_they_are_gs1(kind: SymbolKind) -> None:
    assert decode_gs1(picture(symbol(kind, LOT))) == {
        SymbolKind.GS1_DATAMATRIX: "]d2",
        SymbolKind.GS1_QR: "]Q3",
    }[kind]  # fmt: skip


def test_linear_gs1_says_so_too_and_code_128_does_not() -> None:
    assert decode_gs1(picture(symbol(SymbolKind.GS1_128, LOT))) == "]C1"
    assert decode_gs1(picture(symbol(SymbolKind.CODE_128, "L26000423K"))) == "]C0"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (SymbolKind.EAN_13, "6901234567893"),
        (SymbolKind.EAN_13, "690123456789"),
        (SymbolKind.CODE_128, "帐篷"),
        (SymbolKind.CODE_128, ""),
        (SymbolKind.CODE_128, "x" * 41),
        (SymbolKind.GS1_128, "0106901234567893"),
        (SymbolKind.GS1_128, "91" + "A" * 47),
        (SymbolKind.GS1_128, "L26000423K"),
        (SymbolKind.GS1_QR, ""),
        (SymbolKind.GS1_DATAMATRIX, "(01)06901234567892"),
        (SymbolKind.QR, "x" * 151),
    ],
)
def test_unfit_data_is_refused_before_drawing(kind: SymbolKind, data: str) -> None:
    with pytest.raises(BadCode) as refusal:
        symbol(kind, data)
    assert refusal.value.code == "labels.unfit-for-symbol"
    assert refusal.value.facts["symbol"] == str(kind)


@given(st.lists(st.text("01", min_size=12, max_size=12), min_size=1, max_size=12).map(tuple))
def test_rectangles_cover_the_dark_modules_once(rows: tuple[str, ...]) -> None:
    painted: dict[tuple[int, int], int] = {}
    for x, y, width, height in Symbol(SymbolKind.QR, "", rows).rectangles():
        for i in range(x, x + width):
            for j in range(y, y + height):
                painted[i, j] = painted.get((i, j), 0) + 1
    dark = {(i, j): 1 for j, row in enumerate(rows) for i, c in enumerate(row) if c == "1"}
    assert painted == dark


def test_datamatrix_symbols_are_square() -> None:
    for length in range(1, MAX_KEY + 1):
        drawn = symbol(SymbolKind.GS1_DATAMATRIX, write_own(OwnKind.LOT, "2" * length))
        assert drawn.width == drawn.height
