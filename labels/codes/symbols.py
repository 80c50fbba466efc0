"""Symbols: from data to bars and modules. Data that no reader would take is refused before anything is drawn.

Linear symbols come from python-barcode, matrix symbols from zxing-cpp. Sizes are in modules; millimetres are the
business of whoever draws. Minimum module sizes and quiet zones: GS1 General Specifications, symbol specification
tables 5.12 (EAN-13 0.264 mm at 80 %; GS1-128 0.25 mm; GS1 DataMatrix and GS1 QR 0.254 mm and up).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

import zxingcpp

from labels.codes.gs1 import GS, Fields, Flaw, has_check_digit, split_elements
from labels.errors import BadCode


class SymbolKind(StrEnum):
    """The symbols we print. The GS1 kinds carry element strings, the others plain text or digits."""

    GS1_DATAMATRIX = "gs1-datamatrix"
    GS1_QR = "gs1-qr"
    GS1_128 = "gs1-128"
    QR = "qr"
    CODE_128 = "code-128"
    EAN_13 = "ean-13"

    @property
    def gs1(self) -> bool:
        return self in (SymbolKind.GS1_DATAMATRIX, SymbolKind.GS1_QR, SymbolKind.GS1_128)

    @property
    def linear(self) -> bool:
        return self in (SymbolKind.GS1_128, SymbolKind.CODE_128, SymbolKind.EAN_13)


QUIET: dict[SymbolKind, tuple[int, int]] = {
    SymbolKind.GS1_DATAMATRIX: (2, 2),  # the standard asks for 1; 2 forgives a printer's gain
    SymbolKind.GS1_QR: (4, 4),
    SymbolKind.QR: (4, 4),
    SymbolKind.GS1_128: (10, 10),
    SymbolKind.CODE_128: (10, 10),
    SymbolKind.EAN_13: (11, 7),
}
"""Light modules left and right of the symbol; matrix symbols need the same above and below."""

MIN_MODULE_MM: dict[SymbolKind, float] = {
    SymbolKind.GS1_DATAMATRIX: 0.33,
    SymbolKind.GS1_QR: 0.33,
    SymbolKind.QR: 0.33,
    SymbolKind.GS1_128: 0.25,
    SymbolKind.CODE_128: 0.25,
    SymbolKind.EAN_13: 0.264,
}
"""Smallest module we print: for matrix symbols a third of a millimetre, so that old phones still see it."""

MAX_GS1_128 = 48
"""Longest GS1-128 in characters, identifiers and separators included (GS1 General Specifications 5.4.1)."""
MAX_CODE_128 = 40
MAX_MATRIX = 150
"""Longest matrix symbol in characters; beyond that it stops being a label symbol."""

Rectangle = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Symbol:
    """One symbol as rows of `1` (dark) and `0`; a linear symbol has a single row."""

    kind: SymbolKind
    data: str
    rows: tuple[str, ...]

    @property
    def width(self) -> int:
        """Modules from edge to edge, without quiet zones."""
        return len(self.rows[0])

    @property
    def height(self) -> int:
        """Modules from top to bottom; 1 for linear symbols, whose bars are as long as there is room."""
        return len(self.rows)

    @property
    def full_width(self) -> int:
        """Modules with both quiet zones."""
        return self.width + sum(QUIET[self.kind])

    def rectangles(self) -> tuple[Rectangle, ...]:
        """The dark area as few rectangles (x, y, width, height in modules): runs, merged downwards."""
        return _rectangles(self.rows)


def symbol(kind: SymbolKind, data: str) -> Symbol:
    """The symbol of the given kind for `data`: an element string for GS1 kinds, digits for EAN-13, else text.

    Raises BadCode when the data is not fit for the kind.
    """
    return Symbol(kind, data, _rows(kind, data))


@lru_cache(maxsize=4096)
def _rows(kind: SymbolKind, data: str) -> tuple[str, ...]:
    match kind:
        case SymbolKind.EAN_13:
            return _ean_13(data)
        case SymbolKind.CODE_128:
            return _code_128(data)
        case SymbolKind.GS1_128:
            return _gs1_128(data)
        case SymbolKind.QR:
            return _matrix(kind, data, data)
        case SymbolKind.GS1_QR | SymbolKind.GS1_DATAMATRIX:
            # square brackets cannot occur in GS1 data, round ones can
            return _matrix(kind, data, "".join(f"[{ai}]{value}" for ai, value in _elements(kind, data)))


def _elements(kind: SymbolKind, data: str) -> Fields:
    found = split_elements(data)
    if isinstance(found, Flaw):
        raise _unfit(kind, data, f"{found.reason} {found.detail}".strip())
    return found


def _unfit(kind: SymbolKind, data: str, why: str) -> BadCode:
    shown = data.replace(GS, "<GS>")
    return BadCode(
        "labels.unfit-for-symbol",
        f"{shown!r} cannot stand in a {kind} symbol: {why}",
        {"symbol": str(kind), "data": shown, "why": why},
    )


def _ean_13(data: str) -> tuple[str, ...]:
    if len(data) != 13 or not (data.isascii() and data.isdigit()) or not has_check_digit(data):
        raise _unfit(SymbolKind.EAN_13, data, "13 digits with their check digit are needed")
    return (_bars(SymbolKind.EAN_13, data),)


def _code_128(data: str) -> tuple[str, ...]:
    if not 1 <= len(data) <= MAX_CODE_128 or not all(" " <= c <= "~" for c in data):
        raise _unfit(SymbolKind.CODE_128, data, f"1 to {MAX_CODE_128} printable ASCII characters are needed")
    return (_bars(SymbolKind.CODE_128, data),)


def _gs1_128(data: str) -> tuple[str, ...]:
    _elements(SymbolKind.GS1_128, data)
    if len(data) > MAX_GS1_128:
        raise _unfit(SymbolKind.GS1_128, data, f"{len(data)} characters, at most {MAX_GS1_128} are allowed")
    return (_bars(SymbolKind.GS1_128, data),)


def _bars(kind: SymbolKind, data: str) -> str:
    from barcode.codex import Code128, Gs1_128
    from barcode.ean import EuropeanArticleNumber13
    from barcode.errors import BarcodeError

    try:
        if kind is SymbolKind.EAN_13:
            code: Code128 | EuropeanArticleNumber13 = EuropeanArticleNumber13(data)
        elif kind is SymbolKind.CODE_128:
            code = Code128(data)
        else:
            code = Gs1_128(data.replace(GS, Gs1_128.FNC1_CHAR))
        bars: str = code.build()[0]
    except (BarcodeError, RuntimeError, ValueError, KeyError) as error:
        raise _unfit(kind, data, str(error)) from error
    return bars


def _matrix(kind: SymbolKind, data: str, content: str) -> tuple[str, ...]:
    if not 1 <= len(data) <= MAX_MATRIX:
        raise _unfit(kind, data, f"1 to {MAX_MATRIX} characters are needed, got {len(data)}")
    try:
        if kind is SymbolKind.GS1_DATAMATRIX:
            made = zxingcpp.create_barcode(content, zxingcpp.BarcodeFormat.DataMatrix, gs1=True, forceSquare=True)
        else:
            made = zxingcpp.create_barcode(
                content, zxingcpp.BarcodeFormat.QRCode, gs1=kind is SymbolKind.GS1_QR, ec_level="M"
            )
    except ValueError as error:
        raise _unfit(kind, data, str(error)) from error
    # an Image offers the buffer protocol, which its stub does not say
    pixels: Any = memoryview(made.to_image(scale=1, add_quiet_zones=False))  # type: ignore[arg-type]
    return tuple("".join("0" if pixel else "1" for pixel in row) for row in pixels.tolist())


@lru_cache(maxsize=4096)
def _rectangles(rows: tuple[str, ...]) -> tuple[Rectangle, ...]:
    done: list[Rectangle] = []
    open_runs: dict[tuple[int, int], int] = {}
    for y, row in enumerate((*rows, "")):
        runs = set(_runs(row))
        for run, top in list(open_runs.items()):
            if run not in runs:
                done.append((run[0], top, run[1], y - top))
                del open_runs[run]
        for run in sorted(runs):
            open_runs.setdefault(run, y)
    return tuple(done)


def _runs(row: str) -> Iterator[tuple[int, int]]:
    at = row.find("1")
    while at >= 0:
        stop = row.find("0", at)
        stop = len(row) if stop < 0 else stop
        yield at, stop - at
        at = row.find("1", stop)
