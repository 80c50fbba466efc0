"""The built scripts, styles and pictures: named by the build's manifest, kept in memory, brotli where understood.

Names carry a hash of their contents, so a browser keeps them for good; theme.js and the pictures of `public/` keep
their names and are asked for again after an hour.
"""

import json
from dataclasses import dataclass
from functools import cache
from mimetypes import guess_type
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped,unused-ignore]
from litestar import Request, Response, get

from api.auth.edge import BACKGROUND, PUBLIC
from catalog.kernel.errors import Missing

STATIC = Path(__file__).parent / "static"
FOREVER = "public, max-age=31536000, immutable"
AN_HOUR = "public, max-age=3600"
_TEXTS = {".js", ".css", ".svg", ".json", ".map"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent."""

    plain: bytes
    small: bytes | None
    media_type: str
    cache: str


@cache
def find_asset(name: str) -> Asset | None:
    """A file of the build; None if there is none of this name."""
    path = (STATIC / name).resolve()
    if not path.is_relative_to(STATIC) or not path.is_file() or path.name == "manifest.json":
        return None
    plain = path.read_bytes()
    small = brotli.compress(plain, quality=9) if path.suffix in _TEXTS and len(plain) > 1000 else None
    media_type = guess_type(path.name)[0] or "application/octet-stream"
    return Asset(plain, small, media_type, FOREVER if name.startswith("assets/") else AN_HOUR)


@get("/static/{name:path}", opt={PUBLIC: True, BACKGROUND: True}, include_in_schema=False, sync_to_thread=True)
def static_file(request: Request[Any, Any, Any], name: str) -> Response[bytes]:
    """A file of the build. Raises Missing."""
    asset = find_asset(name.lstrip("/"))
    if asset is None:
        raise Missing("page.no-such-file", "没有这个文件")
    headers = {"cache-control": asset.cache, "vary": "accept-encoding"}
    body = asset.plain
    if asset.small is not None and "br" in request.headers.get("accept-encoding", ""):
        body = asset.small
        headers["content-encoding"] = "br"
    return Response(body, media_type=asset.media_type, headers=headers)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a page loads for one entry of the build."""

    scripts: tuple[str, ...]
    styles: tuple[str, ...]


@cache
def entry(source: str) -> Entry:
    """The files of `src/main.js` or another entry. Raises FileNotFoundError before the first build."""
    manifest: dict[str, Any] = json.loads((STATIC / "manifest.json").read_text())
    styles: dict[str, None] = {}

    def look(name: str) -> None:
        styles.update(dict.fromkeys(manifest[name].get("css", ())))
        for other in manifest[name].get("imports", ()):
            look(other)

    look(source)
    return Entry((f"/static/{manifest[source]['file']}",), tuple(f"/static/{style}" for style in styles))
