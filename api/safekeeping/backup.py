"""A backup: dump and counts of one snapshot, the keys, a manifest, one file."""

import asyncio
import hashlib
import importlib.metadata
import io
import json
import os
import re
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import asyncpg
import structlog

from api import secret_files
from api.safekeeping.sealed import Writer
from api.safekeeping.tools import SafekeepingError, environment, tools_for
from api.settings import Settings

log = structlog.get_logger("backup")
SUFFIX = ".beiyu"
IS_KEY = re.compile(r"[a-z][a-z-]{0,40}\.key").fullmatch
"""The name of a secret without which a restored house is not the same: chain, requests, second factors. Passwords of
databases stay behind."""
DUMP = "dump.sql.gz"


@dataclass(frozen=True, slots=True)
class Backup:
    """What was made."""

    path: Path
    size: int
    sha256: str
    rows: int
    encrypted: bool


def name_of(now: datetime, kind: str = "beiyu") -> str:
    """The file of a backup made now: its name sorts by time."""
    return f"{kind}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}{SUFFIX}"


async def make(settings: Settings, url: str, path: Path, now: datetime) -> Backup:
    """Back up the database at `url` (reading is enough) into a new file, while others write.

    Raises SafekeepingError with a text for people; then there is no file.
    """
    try:
        _make_room(path)
        with tempfile.TemporaryDirectory(prefix=".beiyu-backup-", dir=path.parent) as folder:
            dump = Path(folder) / DUMP
            manifest = await _dump(url, dump, now)
            return await asyncio.to_thread(_pack, settings, path, dump, manifest)
    except OSError as error:
        raise SafekeepingError(f"The backup could not be written to {path}: {error}") from error


def _make_room(path: Path) -> None:
    if path.exists():
        raise SafekeepingError(f"{path} is there already; nothing is overwritten.")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)


async def _dump(url: str, dump: Path, now: datetime) -> dict[str, Any]:
    """pg_dump into a file, and what the manifest says of the same snapshot."""
    connection = await asyncpg.connect(url, timeout=15, server_settings={"timezone": "UTC"})
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
            version = int(await connection.fetchval("SHOW server_version_num"))
            migrations = await connection.fetch("SELECT app_name, name FROM migration ORDER BY 1, 2")
            await _run_dump(tools_for(version), url, dump, snapshot)
            return {
                "beiyu": importlib.metadata.version("beiyu"),
                "at": now.astimezone(UTC).isoformat(),
                "server": version,
                "migrations": [list(row) for row in migrations],
                "counts": await count_rows(connection),
            }
    except (asyncpg.PostgresError, TimeoutError) as error:
        raise SafekeepingError(f"The database could not be read: {error}") from error
    finally:
        await connection.close()


async def count_rows(connection: Any) -> Mapping[str, int]:
    """Rows of every table of ours."""
    tables = await connection.fetch(
        "SELECT quote_ident(relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind IN ('r', 'p') ORDER BY relname"
    )
    return {row[0]: await connection.fetchval(f"SELECT count(*) FROM {row[0]}") for row in tables}


async def _run_dump(tools: Path, url: str, dump: Path, snapshot: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(str(tools / "pg_dump"), "--format=plain", "--compress=6", "--no-password", "--no-owner", "--no-privileges"),
        *(f"--snapshot={snapshot}", f"--file={dump}"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=environment(url),
    )
    try:
        said = (await process.communicate())[1]
    except BaseException:
        process.kill()
        raise
    if process.returncode != 0:
        raise SafekeepingError(f"pg_dump failed: {said.decode(errors='replace').strip()}")


def _pack(settings: Settings, path: Path, dump: Path, manifest: dict[str, Any]) -> Backup:
    """Manifest, keys and dump into one file, which gets its name when it is whole."""
    parts: dict[str, bytes] = {}
    for path_of_key in sorted(settings.secrets_dir.glob("*.key")):
        secret = secret_files.read(path_of_key)
        if secret is not None and IS_KEY(path_of_key.name):
            parts[f"secrets/{path_of_key.name}"] = (secret + "\n").encode()
    manifest["sha256"] = {name: hashlib.sha256(data).hexdigest() for name, data in parts.items()}
    manifest["sha256"][DUMP] = _hash_of(dump)
    partial = dump.with_name("whole")
    passphrase = settings.backup_passphrase
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        out: Any = Writer(file, passphrase) if passphrase else file
        with tarfile.open(fileobj=out, mode="w|") as tar:
            _add(tar, "manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1).encode())
            for name, data in parts.items():
                _add(tar, name, data)
            tar.add(dump, DUMP, filter=_plain)
        if passphrase:
            out.close()
        file.flush()
        os.fsync(file.fileno())
    digest = _hash_of(partial)
    os.link(partial, path)  # unlike a rename it never takes another file's place
    path.with_name(path.name + ".sha256").write_text(f"{digest}  {path.name}\n")
    _sync(path.parent)
    return Backup(path, path.stat().st_size, digest, sum(manifest["counts"].values()), bool(passphrase))


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    about = _plain(tarfile.TarInfo(name))
    about.size = len(data)
    tar.addfile(about, io.BytesIO(data))


def _plain(about: tarfile.TarInfo) -> tarfile.TarInfo:
    about.uid = about.gid = 0
    about.uname = about.gname = ""
    about.mode = 0o600
    return about


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def nightly(folder: Path) -> list[Path]:
    """The nightly backups of a folder, the oldest first."""
    return sorted(folder.glob(f"beiyu-*{SUFFIX}"))


def keep_newest(folder: Path, count: int) -> list[Path]:
    """Delete all but the newest `count` nightly backups of a folder; those deleted. Others stay."""
    old = nightly(folder)[:-count] if count else []
    for path in old:
        path.unlink(missing_ok=True)
        path.with_name(path.name + ".sha256").unlink(missing_ok=True)
    return old


def opened(path: Path, passphrase: str | None) -> BinaryIO:
    """A backup's tar as a stream of plain bytes. Raises SafekeepingError."""
    from api.safekeeping.sealed import MAGIC, Reader

    file = path.open("rb")
    if file.read(len(MAGIC)) != MAGIC:
        file.seek(0)
        return file
    if not passphrase:
        raise SafekeepingError("This backup is encrypted: set BEIYU_BACKUP_PASSPHRASE.")
    reader: Any = Reader(file, passphrase)
    return reader  # type: ignore[no-any-return]
