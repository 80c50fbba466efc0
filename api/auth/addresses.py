"""Where a request comes from, and whether a browser was sent here by our own pages."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from api.auth.edge import Edge


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
