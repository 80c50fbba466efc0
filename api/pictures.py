"""QR codes as pictures inside a page: drawn here, so that no secret goes to another host."""

from urllib.parse import quote

from labels.codes.symbols import SymbolKind, symbol

QUIET = 4


def qr(text: str) -> str:
    """The `data:` address of an SVG with the QR code of `text`, with its quiet zone, always dark on white."""
    drawn = symbol(SymbolKind.QR, text)
    side = drawn.width + 2 * QUIET
    dark = "".join(f"M{x + QUIET} {y + QUIET}h{w}v{h}h-{w}z" for x, y, w, h in drawn.rectangles())
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path d="{dark}"/></svg>'
    )
    return "data:image/svg+xml," + quote(svg)
