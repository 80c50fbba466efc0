"""How a phone or computer comes to trust this machine: the authority's certificate, its code, the steps."""

from typing import Any

from litestar import Request, Response, get

from api import tls
from api.auth import addresses
from api.auth.edge import PUBLIC, edge_of, visit_of
from api.web.pages import page
from catalog.kernel.errors import Missing
from labels.codes.symbols import QUIET, SymbolKind, symbol


@get("/install", opt={PUBLIC: True}, include_in_schema=False, sync_to_thread=True)
def install_page(request: Request[Any, Any, Any]) -> Response[Any]:
    """Steps for Android, iPhone and Windows, with a code that leads a phone here."""
    settings = edge_of(request).settings
    authority = tls.authority_file(settings)
    visit = visit_of(request.scope)
    here = addresses.way_here(request, "/install")
    return page(
        request,
        "install.html",
        here=here,
        drawn=_drawing(here) if here else None,
        secure=bool(visit and visit.secure),
        fingerprint=tls.fingerprint(authority) if authority else None,
    )


@get("/install/beiyu-ca.crt", opt={PUBLIC: True}, include_in_schema=False, sync_to_thread=True)
def authority_certificate(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The authority's certificate, in the form that phones offer to install."""
    authority = tls.authority_file(edge_of(request).settings)
    if authority is None:
        raise Missing("install.no-authority", "本机没有自建证书，无需安装")
    headers = {"content-disposition": 'attachment; filename="beiyu-ca.crt"'}
    return Response(authority.read_bytes(), media_type="application/x-x509-ca-cert", headers=headers)


def _drawing(text: str) -> dict[str, Any]:
    """A QR code as one path of an SVG, with its quiet zone."""
    found = symbol(SymbolKind.QR, text)
    quiet = QUIET[SymbolKind.QR][0]
    parts = []
    for y, row in enumerate(found.rows):
        begin = None
        for x, cell in enumerate(row + "0"):
            if cell == "1" and begin is None:
                begin = x
            elif cell != "1" and begin is not None:
                parts.append(f"M{begin + quiet} {y + quiet}h{x - begin}v1h-{x - begin}z")
                begin = None
    return {"size": len(found.rows) + 2 * quiet, "path": "".join(parts)}


HANDLERS: list[Any] = [install_page, authority_certificate]
