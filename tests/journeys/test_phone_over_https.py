"""A phone comes to the house over https: the install page, its code, and a page on which the camera may be used."""

import asyncio
import base64
import hashlib
import http.client
import os
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from PIL import Image
from playwright.async_api import Browser, async_playwright, expect

from api import tls
from labels.codes.symbols import SymbolKind
from tests.conftest import ROOT, free_port
from tests.journeys.conftest import CHROMIUM, SWITCHES, Desk
from tests.journeys.store import KEEPER, PASSWORD, Store
from tests.labels.eyes import decode


@pytest_asyncio.fixture(scope="module")
async def house(store: Store, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Path]:
    """The store's database behind a second server, which answers https; its folder."""
    folder, port = tmp_path_factory.mktemp("https"), free_port()
    database = store.database
    assert database is not None
    environment = {key: value for key, value in os.environ.items() if not key.startswith("BEIYU_")} | {
        "BEIYU_PORT": str(port),
        "BEIYU_DATA_DIR": str(folder),
        "BEIYU_DATABASE_URL": database.owner_url,
        "BEIYU_DATABASE_APP_URL": database.app_url,
        "BEIYU_TLS": "auto",
        "BEIYU_HOST": "0.0.0.0",
        "BEIYU_WORKER": "off",
    }
    command = [sys.executable, "-m", "api.cli", "serve"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        await asyncio.to_thread(_await_https, folder, port, process)
        (folder / "url").write_text(f"https://127.0.0.1:{port}")
        yield folder
    finally:
        process.kill()
        process.wait()


def _await_https(folder: Path, port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        assert process.poll() is None, (folder / "log").read_text()[-3000:]
        try:
            context = ssl.create_default_context(cafile=str(folder / "tls" / "ca.crt"))
            connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=5)
            connection.request("GET", "/health/ready")
            if connection.getresponse().status == 200:
                return
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
    pytest.fail("no https")


@pytest_asyncio.fixture
async def trusting(house: Path) -> AsyncIterator[Browser]:
    """Chromium that trusts the authority's key, as a phone does that has installed it."""
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    authority = x509.load_pem_x509_certificate((house / "tls" / "ca.crt").read_bytes())
    key = authority.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    trusted = base64.b64encode(hashlib.sha256(key).digest()).decode()
    async with async_playwright() as playwright:
        switches = [*SWITCHES, f"--ignore-certificate-errors-spki-list={trusted}"]
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=switches)
        yield browser
        await browser.close()


async def test_a_phone_is_set_up_and_may_use_its_camera(house: Path, trusting: Browser, tmp_path: Path) -> None:
    url = (house / "url").read_text()
    for language, width in (("zh", 360), ("en", 1280)):
        context = await trusting.new_context(
            viewport={"width": width, "height": 900}, locale="zh-CN" if language == "zh" else "en-GB"
        )
        await context.add_cookies([{"name": "beiyu_language", "value": language, "url": url}])
        desk = Desk(await context.new_page(), url, f"phone-over-https-{width}")
        await desk.open("/install")
        await desk.shot("install", full=True)
        await expect(desk.page.locator("code")).to_have_text(tls.fingerprint(house / "tls" / "ca.crt"))
        drawing = desk.page.locator("svg.install-qr")
        if tls.addresses():
            await drawing.screenshot(path=tmp_path / "code.png")
            shown = await desk.page.locator(".install-address").inner_text()
            with Image.open(tmp_path / "code.png") as picture:
                assert decode(SymbolKind.QR, picture.convert("RGB")) == [shown.strip()]
        else:
            await expect(drawing).to_have_count(0)
        await context.close()
        assert desk.wrong == []


async def test_over_https_the_page_is_a_secure_place(house: Path, trusting: Browser) -> None:
    url = (house / "url").read_text()
    context = await trusting.new_context()
    entered = await context.request.post(
        f"{url}/api/v1/sessions", data={"login": KEEPER, "password": PASSWORD}, ignore_https_errors=True
    )
    assert entered.ok, await entered.text()
    assert "strict-transport-security" in entered.headers
    (session,) = [one for one in await context.cookies() if one["name"] == "beiyu_session"]
    assert session["secure"] is True
    desk = Desk(await context.new_page(), url, "phone-over-https-scan")
    await desk.at_desk()
    assert await desk.page.evaluate("isSecureContext && !!navigator.mediaDevices && 'serviceWorker' in navigator")
    assert desk.wrong == []
    await context.close()
