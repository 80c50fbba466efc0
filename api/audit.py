"""The audit chain for the house: check it, anchor it, send the anchor away, export it, cut it after an export."""

import asyncio
import hashlib
import json
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from api import secret_files
from api.settings import Settings
from catalog.kernel import audit, audit_chain
from catalog.kernel.audit import Anchor, Finding
from catalog.kernel.audit_chain import Format
from catalog.kernel.errors import Invalid

WORDS = {
    "row-changed": ("内容被改动、插入或调换", "changed, inserted or moved"),
    "row-removed": ("记录被删除", "the row is gone"),
    "seal-missing": ("之前的记录缺失", "rows before it are gone"),
    "never-sealed": ("未入链，事后插入", "slipped in beneath the chain"),
    "tail-cut": ("审计锚之前的尾部被截断", "the tail up to this anchor was cut off"),
    "anchor-differs": ("与审计锚不一致", "an anchor remembers another chain"),
    "cut-forged": ("归档记录系伪造", "nobody with the key made this cut"),
}
SEND_SECONDS = 20


def key_of(settings: Settings) -> bytes:
    """The key of the chain; made on first use."""
    return secret_files.read_or_create(settings.secrets_dir / "audit.key", 32).encode()


async def verify(settings: Settings, anchor_files: Sequence[Path] = ()) -> list[Finding]:
    """Seal what can be sealed, then check the whole chain, also against anchors from files."""
    key = key_of(settings)
    while await audit.seal(key):
        pass
    outside = [one for path in anchor_files for one in audit_chain.read_anchors(path.read_text(encoding="utf-8"))]
    return await audit.check(key, outside)


def say(finding: Finding, language: str = "en") -> str:
    """A finding in words."""
    zh, en = WORDS.get(finding.what, (finding.what, finding.what))
    return f"审计记录 {finding.seq}：{zh}" if language == "zh" else f"audit row {finding.seq}: {en}"


async def anchor(settings: Settings, now: datetime) -> tuple[Anchor | None, list[str]]:
    """Make an anchor and take it to where the settings say: appended to a file, posted to the tier above. The anchor,
    and what did not work; the next turn tries again with the newest one."""
    made = await audit_chain.make_anchor(now)
    troubles = []
    for target, send in ((settings.anchor_file, _append), (settings.anchor_url, _post)):
        if target is None:
            continue
        waiting = await audit_chain.unsent(str(target))
        if waiting is None:
            continue
        try:
            await asyncio.to_thread(send, settings, waiting)
        except (OSError, ValueError) as error:
            troubles.append(f"{target}: {error}")
            await audit_chain.note_sent(waiting, str(target), at=now, success=False, words=str(error))
        else:
            await audit_chain.note_sent(waiting, str(target), at=now, success=True, words="")
    return made, troubles


def _append(settings: Settings, one: Anchor) -> None:
    """One line more, on the disk before it counts as sent."""
    assert settings.anchor_file is not None
    with settings.anchor_file.open("a", encoding="ascii") as file:
        file.write(audit_chain.anchor_line(one) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _post(settings: Settings, one: Anchor) -> None:
    """POST the line, signed, to a `POST /api/v1/anchors`. Sent again it is one row there all the same.

    Raises ValueError where the tier above remembers another chain of this house, OSError where it does not take it.
    """
    assert settings.anchor_url is not None
    if not settings.anchor_url.startswith(("https://", "http://")):
        raise ValueError("BEIYU_ANCHOR_URL must begin with https:// or http://")
    secret = secret_files.read_or_create(settings.secrets_dir / "anchor.key", 32)
    body = json.dumps(signed(secret, audit_chain.anchor_line(one))).encode()
    headers = {
        "content-type": "application/json",
        "authorization": f"Bearer {settings.anchor_token or ''}",
        "idempotency-key": str(uuid4()),
    }
    asked = urllib.request.Request(settings.anchor_url, body, headers)  # noqa: S310 - checked above
    try:
        with urllib.request.urlopen(asked, timeout=SEND_SECONDS) as answer:  # noqa: S310
            said = json.loads(answer.read(100_000))
    except urllib.error.HTTPError as error:
        raise OSError(f"{error.code} {error.read(2_000).decode(errors='replace')}".strip()) from error
    verdict = said.get("verdict") if isinstance(said, dict) else said
    if verdict != "agrees":
        raise ValueError(
            f"the tier above answers {verdict!r}: it holds other anchors of this house 上级留存的锚与此不符"
        )


def signed(secret: str, text: str) -> dict[str, str]:
    """A text with its Ed25519 signature and the public key, whose private one is made of the secret."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(secret.encode()).digest())
    public = key.public_key().public_bytes_raw()
    return {"anchor": text, "key": public.hex(), "signature": key.sign(text.encode()).hex()}


@dataclass(frozen=True, slots=True)
class Comparison:
    """An export held against anchors: how far it goes, how far it is certain, and what does not hold."""

    rows: int
    position: int
    certain: int
    findings: tuple[str, ...]


def compare(content: bytes, anchors: Sequence[Anchor]) -> Comparison:
    """Hold an export of another house against the anchors it sent. Raises Invalid where it is no export."""
    from api.verify_audit_export import Checker, Unreadable, read_export

    held: dict[int, list[tuple[str, str | None, str]]] = {}
    for one in anchors:
        held.setdefault(one.position, []).append((one.digest.hex(), one.mac.hex(), f"{one.at:%Y-%m-%d %H:%M}Z"))
    checker = Checker(held, None)
    with tempfile.NamedTemporaryFile(suffix=".export") as file:
        file.write(content)
        file.flush()
        try:
            for row in read_export(file.name):
                (checker.take if checker.begun else checker.begin)(row)
        except (OSError, ValueError, KeyError, TypeError, IndexError, Unreadable) as error:
            raise Invalid("anchor.bad-export", "文件不是备豫的审计导出", why=str(error)[:200]) from error
    if not checker.begun:
        raise Invalid("anchor.bad-export", "文件不是备豫的审计导出", why="empty")
    checker.end()
    return Comparison(checker.rows, checker.position, checker.certain, tuple(checker.findings[:200]))


async def export_to(path: Path, kind: Format, start: audit_chain.Start, up_to: int) -> str:
    """Write a stretch of the chain to a new file; its SHA-256. Raises FileExistsError."""
    digest = hashlib.sha256()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        async for text in audit_chain.export(start, up_to, kind):
            data = text.encode()
            digest.update(data)
            file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


async def cut(settings: Settings, before: datetime, path: Path, now: datetime) -> tuple[Anchor, int, str]:
    """Archive and delete: check, export up to the last anchor before `before`, check the export by itself, then delete.
    The engine must be logged in as the owner. (the anchor, rows deleted, SHA-256 of the export)."""
    from api import verify_audit_export

    findings = await verify(settings)
    if findings:
        raise ValueError(f"The chain does not hold, nothing is cut: {say(findings[0])}")
    point = await audit_chain.cut_point(before, now)
    made = await export_to(path, "jsonl", await audit_chain.last_cut(), point.position)
    printed = f"{point.position} {point.digest.hex()} {point.mac.hex()}"
    key_file = str(settings.secrets_dir / "audit.key")
    if await asyncio.to_thread(verify_audit_export.main, [str(path), "--printed", printed, "--key", key_file]):
        raise ValueError(f"The export {path} does not check, nothing is cut.")
    return point, await audit_chain.cut(key_of(settings), point, made, now=now), made
