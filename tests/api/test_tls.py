"""https that a phone can trust: a real client verifies against the authority; what is wrong is refused or renewed."""

import http.client
import socket
import ssl
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509

from api import tls
from api.settings import Settings
from tests.api.test_serve import Installation, installation  # noqa: F401 - a fixture
from tests.conftest import ROOT, free_port

NOW = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)


def leaf_of(found: tls.Certificate) -> x509.Certificate:
    return x509.load_pem_x509_certificate(found.cert.read_bytes())


def test_made_once_kept_and_renewed_in_time_by_the_same_authority(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path, tls="auto", tls_names="beiyu.example, 10.1.2.3", public_url="https://x.example/"
    )
    found = tls.prepare(settings, NOW)
    assert found.authority is not None
    for path in tmp_path.joinpath("tls").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600, path
    first, authority = leaf_of(found), found.authority.read_bytes()
    names = {str(one.value) for one in first.extensions.get_extension_for_class(x509.SubjectAlternativeName).value}
    assert names >= {"beiyu.example", "10.1.2.3", "x.example", "localhost", "127.0.0.1", socket.gethostname()}
    assert first.not_valid_after_utc - first.not_valid_before_utc <= timedelta(days=398)
    assert first.not_valid_before_utc < NOW - timedelta(days=1), "phones' clocks are late"
    tls.prepare(settings, NOW + timedelta(days=300))
    assert leaf_of(found) == first
    tls.prepare(settings, NOW + timedelta(days=380))
    assert leaf_of(found) != first
    assert found.authority.read_bytes() == authority, "phones need not be set up again"


@pytest.mark.parametrize("damage", ["name", "key", "cert", "authority"])
def test_a_new_name_or_a_damaged_file_makes_a_new_certificate(tmp_path: Path, damage: str) -> None:
    settings = Settings(data_dir=tmp_path, tls="auto")
    found = tls.prepare(settings, NOW)
    assert found.authority is not None
    first = leaf_of(found)
    if damage == "name":
        settings = Settings(data_dir=tmp_path, tls="auto", tls_names="new.example")
    else:
        {"key": found.key, "cert": found.cert, "authority": found.authority}[damage].write_text("nonsense")
    again = tls.prepare(settings, NOW)
    assert leaf_of(again) != first
    ssl.create_default_context(cafile=str(again.authority))


def test_half_a_setting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="BEIYU_TLS_KEY"):
        tls.prepare(Settings(data_dir=tmp_path, tls_cert=tmp_path / "x"), NOW)


def ask(url: str, path: str, authority: Path | None) -> http.client.HTTPResponse:
    """GET over https, trusting only `authority`."""
    place = urlsplit(url)
    context = ssl.create_default_context(cafile=authority and str(authority))
    connection = http.client.HTTPSConnection(place.hostname or "", place.port, context=context, timeout=20)
    connection.request("GET", path)
    return connection.getresponse()


def test_a_client_that_trusts_the_authority_is_served_and_others_are_warned(
    installation: Installation,  # noqa: F811
) -> None:
    other = free_port()
    made = installation.run("tls")
    assert made.returncode == 0, made.stderr
    assert "/install" in made.stdout
    authority = installation.folder / "var" / "tls" / "ca.crt"
    installation.url = f"https://127.0.0.1:{installation.port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "serve"],
        cwd=ROOT,
        env=installation.environment(TLS="auto", HTTP_PORT=str(other)),
        stdout=installation.log.open("ab"),
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    installation.running.append(process)
    for _ in range(900):
        try:
            if ask(installation.url, "/health/ready", authority).status == 200:
                break
        except (OSError, http.client.HTTPException):
            assert process.poll() is None, installation.log.read_text()[-3000:]
        time.sleep(0.1)
    for host in ("localhost", "127.0.0.1"):
        assert ask(f"https://{host}:{installation.port}", "/install", authority).status == 200
    with pytest.raises(ssl.SSLCertVerificationError):
        ask(installation.url, "/login", None)
    page = ask(installation.url, "/install", authority).read().decode()
    assert tls.fingerprint(authority) in page
    taken = ask(installation.url, "/install/beiyu-ca.crt", authority)
    assert taken.headers["content-type"] == "application/x-x509-ca-cert"
    assert taken.read() == authority.read_bytes()
    plain = http.client.HTTPConnection("127.0.0.1", other, timeout=20)
    plain.request("GET", "/scan?x=1", headers={"host": "10.9.8.7:8080"})
    led = plain.getresponse()
    assert led.status == 307
    assert led.headers["location"] == f"https://10.9.8.7:{installation.port}/scan?x=1"


@pytest.mark.parametrize("head", ["GET / HTTP/1.1\r\n\r\n", "nonsense\r\n\r\n", "GET x HTTP/1.1\r\nHost: a\r\n\r\n"])
def test_what_is_no_request_is_led_nowhere(head: str) -> None:
    assert tls._moved(head, 8000).startswith(b"HTTP/1.1 400")
