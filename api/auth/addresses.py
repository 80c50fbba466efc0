"""Where a request comes from, and whether a browser was sent here by our own pages."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from litestar import Request

from api import tls
from api.auth.edge import Edge, edge_of, visit_of


def client_of(scope: Any, headers: Mapping[bytes, bytes], edge: Edge) -> tuple[str, bool]:
    """(address, arrived over https). X-Forwarded-For and -Proto are believed only from trusted proxies, read from the
    right: the first address that is not a trusted proxy is the client."""
    client = scope.get("client")
    address = client[0] if client else ""
    secure = scope.get("scheme") == "https"
    if not edge.proxies or not _trusted(address, edge):
        return address, secure
    secure = headers.get(b"x-forwarded-proto", b"").split(b",")[-1].strip() == b"https" or secure
    for hop in reversed(headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")):
        hop = hop.strip()
        if not _is_address(hop):
            break
        address = hop
        if not _trusted(hop, edge):
            break
    return address, secure


def own_origin(headers: Mapping[bytes, bytes], edge: Edge) -> bool:
    """Whether an unsafe request was sent by one of our own pages, as far as the browser tells: no `Origin` (not a
    browser, or an old one: the token decides), or our own."""
    if headers.get(b"sec-fetch-site") == b"cross-site":
        return False
    origin = headers.get(b"origin")
    if origin is None:
        return True
    text = origin.decode("latin-1")
    if edge.own_origin is not None and text == edge.own_origin:
        return True
    try:
        netloc = urlsplit(text).netloc
    except ValueError:
        return False
    return netloc != "" and netloc == headers.get(b"host", b"").decode("latin-1")


def _trusted(address: str, edge: Edge) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in edge.proxies)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


LONGEST_WAY = 200
"""What a phone's camera still reads from a screen."""


def way_here(request: Request[Any, Any, Any], path: str) -> str | None:
    """Where other machines find a page of ours: as the visitor came, unless that leads nowhere from elsewhere."""
    settings = edge_of(request).settings
    if settings.public_url:
        return settings.public_url.rstrip("/") + path
    visit = visit_of(request.scope)
    scheme = "https" if visit and visit.secure else "http"
    asked = urlsplit(f"//{request.headers.get('host', '')}")
    host = asked.hostname or ""
    if host in ("", "localhost", "127.0.0.1", "::1"):
        found = tls.addresses() if settings.host == "0.0.0.0" else []  # noqa: S104 - compared, not bound
        if not found:
            return None
        host = found[0]
    shown = f"[{host}]" if ":" in host else host
    try:
        port = f":{asked.port}" if asked.port else ""
    except ValueError:
        return None
    place = f"{scheme}://{shown}{port}{path}"
    return place if len(place) <= LONGEST_WAY else None
