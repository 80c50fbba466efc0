"""The map with a server of tiles: they are fetched from it and from nowhere else, and it may be down."""

import asyncio
import io
import threading
from collections.abc import AsyncIterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from PIL import Image, ImageDraw
from playwright.async_api import Browser, expect

from tests.conftest import Server, free_port, launch
from tests.journeys.conftest import Desk
from tests.journeys.store import DISPATCHER, PASSWORD, Store

KEY = "tk=0123abcd"


class Tiles(BaseHTTPRequestHandler):
    """PNG tiles, each with its address written on it; without the key nothing."""

    asked: list[str] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        path, _, query = self.path.partition("?")
        if KEY not in query:
            self.send_error(403)
            return
        picture = Image.new("RGB", (256, 256), "#e7efe2")
        drawing = ImageDraw.Draw(picture)
        drawing.rectangle((0, 0, 255, 255), outline="#9ab38f")
        drawing.text((12, 12), path, fill="#52684a")
        content = io.BytesIO()
        picture.save(content, "PNG")
        self.send_response(200)
        self.send_header("content-type", "image/png")
        self.end_headers()
        self.wfile.write(content.getvalue())

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def tiles() -> Any:
    """A tile server that the test may stop."""
    Tiles.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Tiles)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest_asyncio.fixture
async def with_tiles(store: Store, tiles: Any, tmp_path: Path) -> AsyncIterator[Server]:
    """The same store, served by a program that is told where tiles come from."""
    assert store.database is not None
    address = f"http://127.0.0.1:{tiles.server_port}/img/{{z}}/{{x}}/{{y}}?{KEY}"
    told = {"map_tiles": address, "map_attribution": "天地图 <GS(2026)1号>"}
    server = await asyncio.to_thread(launch, store.database, tmp_path, free_port(), **told)
    yield server
    await asyncio.to_thread(server.stop)


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_tiles_come_from_the_server_that_is_set_and_it_may_be_down(
    with_tiles: Server, tiles: Any, chromium: Browser, language: str
) -> None:
    context = await chromium.new_context(viewport={"width": 1280, "height": 900})
    await context.add_cookies([{"name": "beiyu_language", "value": language, "url": with_tiles.url}])
    entered = await context.request.post(
        f"{with_tiles.url}/api/v1/sessions", data={"login": DISPATCHER, "password": PASSWORD}
    )
    assert entered.ok
    desk = Desk(await context.new_page(), with_tiles.url, f"map-tiles-{language}")
    page = desk.page
    answer = await page.goto(f"{with_tiles.url}/board/map")
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    (images,) = [part.strip() for part in policy.split(";") if part.strip().startswith("img-src")]
    assert images.split()[1:] == ["'self'", "data:", "blob:", f"http://127.0.0.1:{tiles.server_port}"]
    loaded = page.locator("img.leaflet-tile-loaded")
    await expect(loaded.first).to_be_visible()
    assert await loaded.first.evaluate("one => one.naturalWidth") == 256
    await expect(page.locator(".leaflet-control-attribution")).to_have_text("天地图 <GS(2026)1号>")
    await expect(page.locator("#map-tiles")).to_be_hidden()
    assert all(path.endswith(KEY) for path in Tiles.asked)
    await desk.shot("tiles")
    # A picture of another host is not let in.
    refused = await page.evaluate(
        "new Promise((done) => { const one = new Image(); one.onload = () => done('in');"
        " one.onerror = () => done('out'); one.src = 'http://127.0.0.1:9/x.png'; })"
    )
    assert refused == "out"
    assert any("img-src" in text for text in desk.wrong)
    desk.wrong.clear()

    tiles.shutdown()
    tiles.server_close()
    await page.reload()
    await expect(page.locator("#map-tiles")).to_be_visible(timeout=20_000)
    await expect(page.locator(".map-name").first).to_be_visible()  # as without a server
    await expect(page.locator(".map-spot").first).to_be_visible()
    await page.locator(".map-spot").first.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".map-card a")).to_be_visible()
    await desk.shot("down")
    await context.close()
