"""A backup that was never restored is none: taken while others write, restored elsewhere, compared row by row."""

import asyncio
import gzip
import hashlib
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from api import audit as trail
from api import database as logins
from api import secret_files
from api.app import create_app
from api.database import Logins
from api.jobs import JOBS, Context
from api.safekeeping import backup, restore
from api.safekeeping.sealed import FRAME, MAGIC, Reader, Writer
from api.safekeeping.tools import SafekeepingError
from api.settings import Settings
from catalog.kernel import db
from catalog.kernel.stamp import house_stamp
from tests.api.auth.conftest import House, started
from tests.conftest import ROOT, Database, Postgres
from tests.others import all_sealed
from tests.warehouse.people.city import City, build
from warehouse.stock import actions as stock
from warehouse.stock.actions import Arrival
from warehouse.stock.model import LotFacts

NOW = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)
TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1"


@dataclass
class Empty:
    """A place with nothing in it."""

    name: str
    found: Logins
    settings: Settings


@pytest.fixture
async def empty(postgres: Postgres, tmp_path: Path) -> AsyncIterator[Empty]:
    name = f"r_{os.urandom(5).hex()}"
    await postgres.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    found = Logins(postgres.owner_url(name), postgres.app_url(name))
    yield Empty(name, found, Settings(data_dir=tmp_path / "there"))
    await logins.close_pool()
    await postgres.drop(name)


async def contents(url: str) -> dict[str, str]:
    """A hash over all rows of every table, order apart, without transaction ids."""
    connection = await asyncpg.connect(url)
    try:
        found = {}
        for (table,) in await connection.fetch(TABLES):
            found[table] = await connection.fetchval(
                f"SELECT count(*) || ' ' || coalesce(sum(('x' || left(md5((to_jsonb(t) - 'xid')::text), 15))::bit(60)"
                f"::bigint::numeric), 0)::text FROM {table} t"
            )
        return found
    finally:
        await connection.close()


async def _receive(count: int) -> None:
    """Goods come in, one posting after the other."""
    item, region = (
        await db.fetch_value("SELECT id FROM item LIMIT 1"),
        await db.fetch_value("SELECT min(id) FROM region"),
    )
    place = await db.fetch_value("SELECT id FROM place WHERE kind = 'bin' LIMIT 1")
    for _ in range(count):
        stamp = house_stamp(uuid4(), "receive", datetime.now(UTC))
        await stock.receive(stamp=stamp, arrivals=[Arrival(LotFacts(item, region), 1, place)])
        await asyncio.sleep(0)


async def test_taken_under_load_and_restored_elsewhere_it_is_the_same_house(
    demo_database: Database, empty: Empty, tmp_path: Path
) -> None:
    here = Settings(data_dir=tmp_path / "here")
    key = trail.key_of(here)
    secret_files.write(here.secrets_dir / "second-factor.key", "vault")
    writing = asyncio.create_task(_receive(400))
    await asyncio.sleep(0.2)
    made = await backup.make(here, demo_database.app_url, tmp_path / "b" / "one.beiyu", NOW)
    assert not writing.done(), "the others were not held up to the end"
    await writing
    assert (made.path.stat().st_mode & 0o777, made.encrypted) == (0o600, False)
    assert hashlib.sha256(made.path.read_bytes()).hexdigest() == made.sha256
    assert sorted((tmp_path / "b").iterdir()) == sorted([made.path, made.path.with_name("one.beiyu.sha256")])

    done = await restore.restore(empty.settings, empty.found, made.path)
    assert done.troubles == ()
    there = await contents(str(empty.found.owner))
    moves = int(there["move"].split()[0])
    assert moves < await db_moves(demo_database), "what was written after the snapshot is not in it"
    assert trail.key_of(empty.settings) == key
    assert secret_files.read(empty.settings.secrets_dir / "second-factor.key") == "vault"

    # A backup of the restored house, restored again, is equal to the last figure: nothing is lost on the way.
    again = await backup.make(empty.settings, str(empty.found.owner), tmp_path / "b" / "two.beiyu", NOW)
    with tarfile.open(again.path) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))  # type: ignore[arg-type]
    assert manifest["counts"]["move"] == moves
    assert await contents(str(empty.found.owner)) == there


async def db_moves(database: Database) -> int:
    connection = await asyncpg.connect(database.app_url)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM move"))
    finally:
        await connection.close()


@pytest.fixture
async def small(database: Database) -> City:
    return await build()


async def test_in_the_restored_house_people_log_in_and_the_books_go_on(
    small: City, database: Database, empty: Empty, tmp_path: Path
) -> None:
    here = Settings(data_dir=tmp_path / "here", backup_passphrase="a long passphrase")
    key = trail.key_of(here)
    await all_sealed(key)
    owner = await asyncpg.connect(database.owner_url)
    # As after years in a cluster whose transaction ids are far ahead of a new one's.
    for table in ("audit", "feed"):
        await owner.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        await owner.execute(f"UPDATE {table} SET xid = (xid::text::bigint + 10000000000)::text::xid8")
        await owner.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    before = await contents(database.owner_url)
    await owner.close()
    made = await backup.make(here, database.app_url, tmp_path / "one.beiyu", NOW)
    assert b"PGDMP" not in made.path.read_bytes()
    with pytest.raises(SafekeepingError, match="BEIYU_BACKUP_PASSPHRASE"):
        await restore.restore(empty.settings, empty.found, made.path)
    settings = Settings(data_dir=tmp_path / "there", backup_passphrase="a long passphrase")
    done = await restore.restore(settings, empty.found, made.path)
    assert done.troubles == ()
    after = await contents(str(empty.found.owner))
    assert {table for table in before if before[table] != after[table]} <= {"audit_seal"}
    logins.configure(empty.found.app)
    await logins.open_pool(1, 10)
    app = create_app(settings, clock=small.clock)
    async with started(app):
        house = House(app, small)
        async with house.as_("aud") as client:
            for _ in range(60):
                rows = (await client.get("/api/v1/audit", params={"limit": 100})).json()["items"]
                if all(row["sealed"] for row in rows if row["verb"] == "session.create") and len(rows) > 1:
                    break
                await asyncio.sleep(0.1)
            assert (await client.get("/api/v1/audit/check")).json() == {"holds": True, "findings": []}
    ahead = "SELECT count(*) FROM audit WHERE xid >= pg_snapshot_xmin(pg_current_snapshot())"
    assert await db.fetch_value(ahead) == 0
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await db.execute("DELETE FROM move")


async def test_only_into_an_empty_place(small: City, database: Database, empty: Empty, tmp_path: Path) -> None:
    here = Settings(data_dir=tmp_path / "here")
    trail.key_of(here)
    made = await backup.make(here, database.app_url, tmp_path / "one.beiyu", NOW)
    with pytest.raises(SafekeepingError, match="already"):
        await backup.make(here, database.app_url, tmp_path / "one.beiyu", NOW)
    full = Logins(database.owner_url, database.app_url)
    with pytest.raises(SafekeepingError, match="empty"):
        await restore.restore(empty.settings, full, made.path)
    trail.key_of(empty.settings)
    with pytest.raises(SafekeepingError, match="another house"):
        await restore.restore(empty.settings, empty.found, made.path)


def _rewritten(path: Path, to: Path, change: dict[str, bytes]) -> Path:
    """The same backup with other contents of some members."""
    with tarfile.open(path) as old, tarfile.open(to, "w") as new:
        for member in old:
            data = change.get(member.name, old.extractfile(member).read())  # type: ignore[union-attr]
            member.size = len(data)
            new.addfile(member, BytesIO(data))
        for name in set(change) - set(old.getnames()):
            about = tarfile.TarInfo(name)
            about.size = len(change[name])
            new.addfile(about, BytesIO(change[name]))
    return to


async def test_what_is_damaged_foreign_or_newer_is_refused_and_leaves_nothing(
    small: City, database: Database, empty: Empty, tmp_path: Path
) -> None:
    here = Settings(data_dir=tmp_path / "here")
    trail.key_of(here)
    made = (await backup.make(here, database.app_url, tmp_path / "one.beiyu", NOW)).path
    with tarfile.open(made) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))  # type: ignore[arg-type]
        dump = tar.extractfile("dump.sql.gz").read()  # type: ignore[union-attr]
    newer = {**manifest, "migrations": [*manifest["migrations"], ["catalog", "2099"]]}
    wrong = hashlib.sha256(b"not sql").hexdigest()
    other = {**manifest, "sha256": {**manifest["sha256"], "dump.sql.gz": wrong}}
    cut = tmp_path / "cut"
    cut.write_bytes(made.read_bytes()[: made.stat().st_size // 2])
    words = tmp_path / "words"
    words.write_text("hello")
    bad = [
        cut,
        words,
        tmp_path / "nothing",
        _rewritten(made, tmp_path / "flip", {"dump.sql.gz": dump[:-9] + b"x" + dump[-8:]}),
        _rewritten(made, tmp_path / "more", {"../evil": b"x"}),
        _rewritten(made, tmp_path / "newer", {"manifest.json": json.dumps(newer).encode()}),
        _rewritten(made, tmp_path / "other", {"manifest.json": json.dumps(other).encode(), "dump.sql.gz": b"not sql"}),
    ]
    for path in bad:
        with pytest.raises((SafekeepingError, OSError)) as told:
            await restore.restore(empty.settings, empty.found, path)
        assert not isinstance(told.value, OSError) or path.name == "other", (path, told.value)
        connection = await asyncpg.connect(str(empty.found.owner))
        assert await connection.fetchval(f"SELECT count(*) FROM ({TABLES}) t") == 0, path
        await connection.close()
        assert not (empty.settings.secrets_dir / "audit.key").exists()


@pytest.mark.parametrize("lead", [b"", b"\\unrestrict guessed\n"])
async def test_a_forged_dump_runs_no_command_of_the_shell(
    small: City, database: Database, empty: Empty, tmp_path: Path, lead: bytes
) -> None:
    """Whoever can write a backup without a passphrase can write its hashes too: psql takes SQL from it, no more."""
    here = Settings(data_dir=tmp_path / "here")
    trail.key_of(here)
    made = (await backup.make(here, database.app_url, tmp_path / "one.beiyu", NOW)).path
    with tarfile.open(made) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))  # type: ignore[arg-type]
        dump = gzip.decompress(tar.extractfile("dump.sql.gz").read())  # type: ignore[union-attr]
    trace = tmp_path / "trace"
    forged = gzip.compress(dump + lead + f"\n\\! touch {trace}\n".encode())
    manifest["sha256"]["dump.sql.gz"] = hashlib.sha256(forged).hexdigest()
    path = _rewritten(
        made, tmp_path / "forged", {"dump.sql.gz": forged, "manifest.json": json.dumps(manifest).encode()}
    )
    with pytest.raises(SafekeepingError, match="could not be loaded"):
        await restore.restore(empty.settings, empty.found, path)
    assert not trace.exists()
    assert await contents(str(empty.found.owner)) == {}


def test_a_sealed_stream_comes_back_and_no_damage_passes() -> None:
    data = os.urandom(FRAME * 2 + 17)
    out = BytesIO()
    writer = Writer(out, "right")
    for begin in range(0, len(data), 70_001):
        writer.write(data[begin : begin + 70_001])
    writer.close()
    whole = out.getvalue()

    def read(text: bytes, passphrase: str = "right") -> bytes:
        file = BytesIO(text)
        assert file.read(len(MAGIC)) == MAGIC
        return Reader(file, passphrase).read()

    assert read(whole) == data
    frame = len(MAGIC) + 16 + 4 + FRAME + 16
    damaged = {
        "cut between frames": whole[:frame],
        "cut inside": whole[:-3],
        "flipped": whole[:100] + bytes([whole[100] ^ 1]) + whole[101:],
        "a frame left out": whole[: len(MAGIC) + 16] + whole[frame:],
    }
    for text in damaged.values():
        with pytest.raises(SafekeepingError):
            read(text)
    with pytest.raises(SafekeepingError):
        read(whole, "wrong")


async def test_the_nightly_job_keeps_as_many_as_wanted(small: City, database: Database, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, backup_keep=2)
    (tmp_path / "backups").mkdir()
    kept = tmp_path / "backups" / "before-upgrade-20200101T000000Z.beiyu"
    kept.write_text("mine")
    for day in (1, 2, 3):
        said = await JOBS["house.backup"].work(Context(settings, lambda day=day: NOW.replace(day=day)))  # type: ignore[misc]
        assert "MB" in said.en
    names = sorted(path.name for path in (tmp_path / "backups").glob("*.beiyu"))
    assert names == [kept.name, "beiyu-20261102T040000Z.beiyu", "beiyu-20261103T040000Z.beiyu"]


async def test_upgrade_backs_up_first_and_says_the_way_back(small: City, database: Database, tmp_path: Path) -> None:
    """A house one migration behind, as `beiyu upgrade` meets it; then one whose books do not hold."""
    owner = await asyncpg.connect(database.owner_url)
    environment = {
        "PATH": os.environ["PATH"],
        "BEIYU_DATA_DIR": str(tmp_path),
        "BEIYU_DATABASE_URL": database.owner_url,
        "BEIYU_DATABASE_APP_URL": database.app_url,
    }

    async def upgrade() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "api.cli", "upgrade"]
        return await asyncio.to_thread(
            subprocess.run, command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

    done = await upgrade()
    assert done.returncode == 0, done.stderr
    assert "up to date" in done.stdout
    assert not (tmp_path / "backups").exists()
    await owner.execute("DELETE FROM migration WHERE name LIKE '2026-11-26T11:25%'")
    broken = await upgrade()  # the tables are there, so the migration fails
    assert broken.returncode == 2
    (made,) = (tmp_path / "backups").glob("before-upgrade-*.beiyu")
    assert f"beiyu restore {made}" in broken.stderr
    assert "Traceback" not in broken.stderr
    await owner.close()
