"""A restore: into an empty place only, whole or not at all, and then proven."""

import asyncio
import contextlib
import gzip
import hashlib
import json
import re
import secrets
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import asyncpg

from api import database, secret_files
from api.safekeeping.backup import DUMP, IS_KEY, count_rows, opened
from api.safekeeping.tools import SafekeepingError, environment, tools_for
from api.settings import Settings

_HEAD = 60
"""Lines at the beginning of a dump in which a setting may stand that an older server does not know."""
_TAIL = 200
_UNRESTRICT = re.compile(rb"^\\unrestrict [A-Za-z0-9]+\s*\Z", re.MULTILINE)
"""How pg_dump ends its own restriction; ours holds to the very end."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What stands there now; `troubles` is empty where all is as it was."""

    at: str
    rows: int
    troubles: tuple[str, ...]


async def restore(settings: Settings, found: database.Logins, path: Path) -> Restored:
    """Fill an empty database and data folder from a backup, bring it to this program's version, check everything.

    Leaves the engine pointing at the application's login, its pool closed. Raises SafekeepingError; then the database
    is empty as before.
    """
    if found.owner is None:
        raise SafekeepingError("Restoring needs BEIYU_DATABASE_URL, the login that owns the tables.")
    with tempfile.TemporaryDirectory(prefix="beiyu-restore-") as name:
        folder = Path(name)
        manifest = await asyncio.to_thread(_unpack, path, settings.backup_passphrase, folder)
        _check_fits(manifest)
        await _check_empty(found.owner)
        _check_keys(settings, folder)
        await _load(found.owner, folder / DUMP)
        for key, secret in _keys(folder):
            secret_files.write(settings.secrets_dir / key, secret)
    counted = await _settle(found.owner)
    troubles = [
        f"{table}: {counted.get(table, 0)} rows, {count} were backed up"
        for table, count in manifest["counts"].items()
        if counted.get(table) != count
    ]
    await database.migrate(found)
    return Restored(manifest["at"], sum(manifest["counts"].values()), (*troubles, *await check(settings, found)))


async def check(settings: Settings, found: database.Logins) -> list[str]:
    """Recompute every figure and the audit chain; whatever does not hold, in words."""
    from api import audit as trail
    from warehouse.stock import verify

    await database.close_pool()
    database.configure(found.app)
    await database.open_pool(1, 4)
    try:
        troubles = [str(one) for one in await verify.run()]
        return troubles + [trail.say(one) for one in await trail.verify(settings)]
    finally:
        await database.close_pool()


def _unpack(path: Path, passphrase: str | None, folder: Path) -> dict[str, Any]:
    """The known parts of a backup, each with the hash that its manifest names."""
    try:
        with contextlib.closing(opened(path, passphrase)) as stream:
            with tarfile.open(fileobj=stream, mode="r|") as tar:
                for member in tar:
                    if not _is_part(member.name) or not member.isreg():
                        raise SafekeepingError(f"{path} holds something that is no part of a backup: {member.name}")
                    tar.extract(member, folder, filter="data")
            while stream.read(1 << 20):
                pass  # to the last frame: a tail that was cut off is noticed
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text())
        for name, digest in manifest["sha256"].items():
            with (folder / name).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                    raise SafekeepingError(f"{name} in {path} is damaged.")
    except (OSError, tarfile.TarError, ValueError, KeyError) as error:
        raise SafekeepingError(f"{path} is not a whole backup: {error}") from error
    return manifest


def _is_part(name: str) -> bool:
    return name in ("manifest.json", DUMP) or bool(name.startswith("secrets/") and IS_KEY(name[8:]))


def _keys(folder: Path) -> list[tuple[str, str]]:
    """Names and contents of the keys in an unpacked backup."""
    paths = sorted((folder / "secrets").glob("*.key"))
    return [(path.name, secret) for path in paths if (secret := secret_files.read(path)) is not None]


def _check_fits(manifest: dict[str, Any]) -> None:
    unknown = {tuple(one) for one in manifest["migrations"]} - database.migrations_of_code()
    if unknown:
        names = ", ".join(sorted(name for _, name in unknown))
        raise SafekeepingError(f"The backup is of a newer program (unknown: {names}). Use that program.")


async def _check_empty(owner_url: str) -> None:
    connection = await asyncpg.connect(owner_url, timeout=15)
    try:
        tables = await connection.fetchval(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')"
        )
    finally:
        await connection.close()
    if tables:
        raise SafekeepingError(
            f"The database holds {tables} tables. A backup is restored into an empty place only: another "
            "BEIYU_DATA_DIR, or a new database."
        )


def _check_keys(settings: Settings, folder: Path) -> None:
    for key, there in _keys(folder):
        if secret_files.read(settings.secrets_dir / key) not in (None, there):
            raise SafekeepingError(f"{settings.secrets_dir / key} is another house's. Choose an empty BEIYU_DATA_DIR.")


async def _load(owner_url: str, dump: Path) -> None:
    """The dump through psql, in one transaction: all of it or nothing."""
    connection = await asyncpg.connect(owner_url, timeout=15)
    version = connection.get_server_version().major * 10000
    await connection.close()
    await asyncio.to_thread(_feed, tools_for(version), owner_url, dump)


def _feed(tools: Path, owner_url: str, dump: Path) -> None:
    command = [str(tools / "psql"), "--no-psqlrc", "--quiet", "--no-password", "--single-transaction"]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [*command, "--set=ON_ERROR_STOP=1", "--file=-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
            env=dict(environment(owner_url)),
        )
        assert process.stdin is not None
        try:
            # From here on psql takes SQL only: a forged dump runs no commands of the shell (CVE-2025-8714).
            process.stdin.write(f"\\restrict {secrets.token_hex(16)}\n".encode())
            with gzip.open(dump, "rb") as lines:
                for data in _fitting(lines):
                    process.stdin.write(data)
            process.stdin.close()
        except BrokenPipeError:
            pass  # psql has said why
        except BaseException:
            process.kill()
            raise
        if process.wait() != 0:
            said.seek(0)
            raise SafekeepingError(
                f"The dump could not be loaded: {said.read().decode(errors='replace').strip()[:2000]}"
            )


def _fitting(lines: BinaryIO | gzip.GzipFile) -> Iterator[bytes]:
    """The dump without its own restriction, which ours stands for, and without a setting that servers before 17 do
    not know: a time limit that is off anyway."""
    for _ in range(_HEAD):
        line = lines.readline()
        if not line.startswith((b"SET transaction_timeout", b"\\restrict ")):
            yield line
    waiting = b""
    while data := lines.read(1 << 20):
        waiting += data
        yield waiting[:-_TAIL]
        waiting = waiting[-_TAIL:]
    yield _UNRESTRICT.sub(b"", waiting)


async def _settle(owner_url: str) -> dict[str, int]:
    """Bring transaction ids of the former cluster up to date; the rows of every table."""
    connection = await asyncpg.connect(owner_url, timeout=15)
    try:
        async with connection.transaction():
            columns = await connection.fetch(
                "SELECT quote_ident(table_name), quote_ident(column_name) FROM information_schema.columns"
                " WHERE table_schema = 'public' AND data_type = 'xid8'"
            )
            for table, column in columns:
                await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
                await connection.execute(
                    f"UPDATE {table} SET {column} = pg_current_xact_id() WHERE {column} > pg_current_xact_id()"
                )
                await connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        await connection.execute("ANALYZE")
        counted = dict(await count_rows(connection))
        # News and bookmark may be of one transaction now: no telling what the sums hold. The adder makes them anew.
        await connection.execute("DELETE FROM feed_reader WHERE name = 'holdings'")
        return counted
    finally:
        await connection.close()
