"""https without anybody's help: a local authority, a certificate for this machine's names, renewed by itself.

Camera and service worker of a phone need https (or localhost). A town's machine has no public name, so it is its own
authority: phones install `ca.crt` once (the page /install says how) and trust every certificate made here afterwards.
Keys lie in `<data_dir>/tls` with mode 0600; the authority's key never leaves it.
"""

import array
import asyncio
import contextlib
import datetime as dt
import fcntl
import hashlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog

from api import secret_files
from api.settings import Settings

log = structlog.get_logger("tls")
AUTHORITY_DAYS = 3650
LEAF_DAYS = 397
"""iOS takes 825 days at most from a private authority; about a year leaves no doubt with anybody."""
RENEW_DAYS = 30
LOOK_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a server presents, and what phones install (None where the certificate is somebody else's)."""

    cert: Path
    key: Path
    authority: Path | None = None


def wanted(settings: Settings) -> bool:
    """Whether the server answers https."""
    return settings.tls == "auto" or settings.tls_cert is not None


def authority_file(settings: Settings) -> Path | None:
    """The authority's certificate, where there is one."""
    path = settings.data_dir.resolve() / "tls" / "ca.crt"
    return path if settings.tls_cert is None and path.exists() else None


def prepare(settings: Settings, now: dt.datetime, more: Sequence[str] = (), *, renew: bool = False) -> Certificate:
    """The certificate to serve with; made or renewed where it is our own. Raises ValueError for a bad setting."""
    if settings.tls_cert is not None or settings.tls_key is not None:
        if settings.tls_cert is None or settings.tls_key is None:
            raise ValueError("BEIYU_TLS_CERT and BEIYU_TLS_KEY belong together.")
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(settings.tls_cert, settings.tls_key)
        return Certificate(settings.tls_cert, settings.tls_key)
    folder = settings.data_dir.resolve() / "tls"
    found = Certificate(folder / "server.crt", folder / "server.key", folder / "ca.crt")
    names = names_of(settings, more)
    if renew or not _is_good(found, names, now):
        _make(folder, names, now)
        log.info("tls.made", names=names)
    return found


def names_of(settings: Settings, more: Iterable[str] = ()) -> list[str]:
    """Names and addresses by which this machine is reached: its own, those of the settings, and localhost."""
    given = [*more, *(name.strip() for name in settings.tls_names.split(",") if name.strip())]
    if settings.public_url and (host := urlsplit(settings.public_url).hostname):
        given.append(host)
    host = socket.gethostname()
    return list(dict.fromkeys([*given, host, *([] if "." in host else [f"{host}.local"]), *addresses(), *_ITSELF]))


_ITSELF = ("localhost", "127.0.0.1", "::1")


def addresses() -> list[str]:
    """IPv4 addresses of this machine's interfaces, without its own loop."""
    found: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        space = array.array("B", bytes(40 * 128))
        asked = struct.pack("iL", len(space), space.buffer_info()[0])
        used = struct.unpack("iL", fcntl.ioctl(probe.fileno(), 0x8912, asked))[0]  # SIOCGIFCONF
        data = space.tobytes()
        found = [socket.inet_ntoa(data[at + 20 : at + 24]) for at in range(0, used, 40)]
    return [one for one in dict.fromkeys(found) if not ip_address(one).is_loopback]


def fingerprint(path: Path) -> str:
    """SHA-256 of a certificate as phones show it: pairs of figures."""
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(path.read_text())).hexdigest().upper()
    return " ".join(digest[at : at + 2] for at in range(0, 64, 2))


# --- making -------------------------------------------------------------------------------------------


def _is_good(found: Certificate, names: Sequence[str], now: dt.datetime) -> bool:
    """Whether the certificate is there, of our authority, good for another month, and knows all names."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    assert found.authority is not None
    try:
        leaf = x509.load_pem_x509_certificate(found.cert.read_bytes())
        authority = x509.load_pem_x509_certificate(found.authority.read_bytes())
        leaf.verify_directly_issued_by(authority)
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(found.cert, found.key)
        known = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    soon = now + dt.timedelta(days=RENEW_DAYS)
    return leaf.not_valid_after_utc > soon and {str(one.value) for one in known} >= set(names)


def _make(folder: Path, names: Sequence[str], now: dt.datetime) -> None:
    """A certificate for `names`; the authority too where there is none or it ends before the certificate."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority, authority_key = _authority(folder, now)
    key = _new_key()
    shown = [x509.IPAddress(ip_address(one)) if _is_address(one) else x509.DNSName(one) for one in names]
    leaf = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])]))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=2))
        .not_valid_after(min(now + dt.timedelta(days=LEAF_DAYS - 2), authority.not_valid_after_utc))
        .add_extension(x509.SubjectAlternativeName(shown), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    secret_files.write(folder / "server.key", _key_text(key))
    secret_files.write(folder / "server.crt", _text(leaf) + _text(authority))


def _authority(folder: Path, now: dt.datetime) -> tuple[Any, Any]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from cryptography.x509.oid import NameOID

    with contextlib.suppress(OSError, ValueError):
        found = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
        key = load_pem_private_key((folder / "ca.key").read_bytes(), None)
        if found.not_valid_after_utc > now + dt.timedelta(days=2 * RENEW_DAYS):
            return found, key
    key = _new_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Beiyu 备豫 {socket.gethostname()}"[:64])])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=2))
        .not_valid_after(now + dt.timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret_files.write(folder / "ca.key", _key_text(key))
    secret_files.write(folder / "ca.crt", _text(made))
    return made, key


def _new_key() -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _usage(*, signs: bool) -> Any:
    from cryptography import x509

    others = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only",
         "decipher_only"), False
    )  # fmt: skip
    return x509.KeyUsage(digital_signature=not signs, key_cert_sign=signs, crl_sign=signs, **others)


def _text(certificate: Any) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return str(certificate.public_bytes(Encoding.PEM).decode())


def _key_text(key: Any) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


# --- while serving ------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def kept_fresh(settings: Settings, live: ssl.SSLContext | None) -> AsyncIterator[None]:
    """Look every hour whether the certificate must be renewed (or was replaced); new connections get the new one."""
    if live is None:
        yield
        return
    looking = asyncio.create_task(_look(settings, live))
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


async def _look(settings: Settings, live: ssl.SSLContext) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            found = await asyncio.to_thread(prepare, settings, dt.datetime.now(dt.UTC))
            live.load_cert_chain(found.cert, found.key)
        except (OSError, ValueError):
            log.exception("tls.not-renewed")


@contextlib.asynccontextmanager
async def leading_here(settings: Settings, port: int) -> AsyncIterator[None]:
    """On BEIYU_HTTP_PORT: whoever comes over plain http is led to the same place over https."""
    if settings.http_port is None or not wanted(settings):
        yield
        return

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(
            OSError, TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError
        ):
            head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode("latin-1")
            writer.write(_moved(head, port))
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, settings.host, settings.http_port, limit=16384)
    async with server:
        yield


def _moved(head: str, port: int) -> bytes:
    """The answer to one plain request: go to https, or say that it cannot be understood."""
    lines = head.split("\r\n")
    asked = lines[0].split(" ")
    named = next((line[5:].strip() for line in lines[1:] if line[:5].lower() == "host:"), "")
    host = urlsplit(f"//{named}").hostname or ""
    if len(asked) != 3 or not asked[1].startswith("/") or not host or any(c in named for c in " /\\<>\"'"):
        return b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    shown = f"[{host}]" if ":" in host else host
    place = f"https://{shown}{'' if port == 443 else f':{port}'}{asked[1]}"
    text = f"请使用 https：{place}\nThis server answers https: {place}\n".encode()
    top = f"HTTP/1.1 307 Temporary Redirect\r\nlocation: {place}\r\ncontent-type: text/plain; charset=utf-8\r\n"
    return top.encode("latin-1") + f"content-length: {len(text)}\r\nconnection: close\r\n\r\n".encode() + text


# --- beiyu tls ------------------------------------------------------------------------------------------


def told(settings: Settings, found: Certificate) -> str:
    """What was made, and where a phone begins, with its QR code for a terminal."""
    lines = [f"certificate {found.cert}", f"key {found.key}"]
    if found.authority is not None:
        lines += [f"authority {found.authority}", "SHA-256 指纹:", f"  {fingerprint(found.authority)}"]
    hosts = addresses() or [socket.gethostname()]
    start = [f"https://{host}:{settings.port or 8000}/install" for host in hosts]
    lines += ["Phones begin at 手机请打开:", *(f"  {one}" for one in start), *_drawn(start[0])]
    if not wanted(settings):
        lines.append("Set BEIYU_TLS=auto and BEIYU_HOST=0.0.0.0 so that the server answers there.")
    elif settings.host in ("127.0.0.1", "localhost", "::1"):
        lines.append("Set BEIYU_HOST=0.0.0.0 so that phones reach the server.")
    return "\n".join(lines)


def _drawn(text: str) -> list[str]:
    """A QR code as half blocks, light on dark reversed, for a terminal."""
    from labels.codes.symbols import SymbolKind, symbol

    rows = symbol(SymbolKind.QR, text).rows
    width = len(rows[0]) + 4
    quiet = ["0" * width] * 2
    padded = [*quiet, *(f"00{row}00" for row in rows), *quiet]
    if len(padded) % 2:
        padded.append("0" * width)
    cells = {"00": "█", "01": "▀", "10": "▄", "11": " "}
    return [
        "".join(cells[above + below] for above, below in zip(padded[at], padded[at + 1], strict=True))
        for at in range(0, len(padded), 2)
    ]
