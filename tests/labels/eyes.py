"""The tests' eyes: what other people's decoders see on a picture."""

import ctypes
import warnings

import zxingcpp
from PIL import Image
from pyzbar.pyzbar import ZBarSymbol
from pyzbar.pyzbar import decode as decode_zbar

from labels.codes.symbols import SymbolKind

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from pylibdmtx import pylibdmtx, wrapper

_ZBAR = {
    SymbolKind.GS1_QR: ZBarSymbol.QRCODE,
    SymbolKind.QR: ZBarSymbol.QRCODE,
    SymbolKind.GS1_128: ZBarSymbol.CODE128,
    SymbolKind.CODE_128: ZBarSymbol.CODE128,
    SymbolKind.EAN_13: ZBarSymbol.EAN13,
}
GIVES_UP_MS = 300_000
"""A busy machine is slow, not blind: what cannot be read is not found after five seconds either."""


def decode(kind: SymbolKind, image: Image.Image) -> list[str]:
    """The data of the symbols of a kind, DataMatrix by libdmtx, the rest by zbar. A leading FNC1 is not shown."""
    if kind is SymbolKind.GS1_DATAMATRIX:
        seen = _libdmtx(image)
    else:
        seen = [found.data for found in decode_zbar(image, symbols=[_ZBAR[kind]])]
    texts = [text.decode("utf-8", "replace") for text in seen]
    return [text.removeprefix("\x1d").removeprefix("]C1") for text in texts]


def _libdmtx(image: Image.Image) -> list[bytes]:
    """One DataMatrix. pylibdmtx's own `decode` cannot be told to show FNC1, the library below it can."""
    grey = image.convert("L").tobytes()
    pixels = ctypes.cast(grey, ctypes.POINTER(ctypes.c_ubyte))
    deadline = wrapper.dmtxTimeAdd(wrapper.dmtxTimeNow(), GIVES_UP_MS)
    with (
        pylibdmtx._image(pixels, *image.size, wrapper.DmtxPackOrder.DmtxPack8bppK) as seen,
        pylibdmtx._decoder(seen, 1) as decoder,
    ):
        wrapper.dmtxDecodeSetProp(decoder, wrapper.DmtxProperty.DmtxPropFnc1, ord("\x1d"))
        while True:
            with pylibdmtx._region(decoder, deadline) as region:
                if not region:
                    return []
                found = pylibdmtx._decode_region(decoder, region, -1, 1)
                if found is not None:
                    return [found.data]


def decode_gs1(image: Image.Image) -> str:
    """The symbology identifier, which only zxing tells."""
    return zxingcpp.read_barcodes(image)[0].symbology_identifier
