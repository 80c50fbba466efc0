"""The embedded PostgreSQL: what a crash leaves behind never stops the next start."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from api.embedded import AlreadyRunning, Connection, EmbeddedError, EmbeddedPostgres
from tests.conftest import ROOT

pytestmark = pytest.mark.database

BIN = os.environ.get("BEIYU_TEST_PG_BIN")
SLEEPING_CLIENT = """
import asyncio, asyncpg, sys
async def main():
    client = await asyncpg.connect(sys.argv[1])
    await client.execute("SELECT pg_sleep(60)")
asyncio.run(main())
"""
KILLED_SERVER = """
import os, sys
from pathlib import Path
from tests.api.test_embedded import make
postgres = make(Path(sys.argv[1]))
postgres.start()
print(postgres.pid, flush=True)
os.kill(os.getpid(), 9)
"""


def make(folder: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(folder, settings={"fsync": "off"}, bin_dir=Path(BIN) if BIN else None)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder an unprivileged user can enter; pytest's own is closed to others."""
    made = Path(tempfile.mkdtemp(prefix="beiyu-pg-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def postgres(folder: Path) -> Iterator[EmbeddedPostgres]:
    server = make(folder)
    yield server
    server.stop()


def ask(connection: Connection, sql: str) -> object:
    async def once() -> object:
        session = await asyncpg.connect(connection.url)
        try:
            return await session.fetchval(sql)
        finally:
            await session.close()

    return asyncio.run(once())


def test_starts_stops_and_keeps_what_was_written(postgres: EmbeddedPostgres) -> None:
    connection = postgres.start()
    ask(connection, "CREATE TABLE kept (x int)")
    postgres.stop()
    assert not postgres.is_alive()
    assert ask(postgres.start(), "SELECT count(*) FROM kept") == 0


def test_nobody_gets_in_without_a_password(postgres: EmbeddedPostgres) -> None:
    connection = postgres.start()
    for user in ("postgres", connection.user):
        with pytest.raises(asyncpg.PostgresError):
            ask(Connection(connection.host, connection.port, user, "guess", "postgres"), "SELECT 1")
    assert ask(connection, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    for file in postgres.data_dir.glob("*.password"):
        assert file.stat().st_mode & 0o077 == 0


def test_is_utf8_and_sorts_the_same_everywhere(postgres: EmbeddedPostgres) -> None:
    connection = postgres.start()
    assert ask(connection, "SHOW server_encoding") == "UTF8"
    assert ask(connection, "SELECT datcollate FROM pg_database WHERE datname = current_database()") == "C"
    assert ask(connection, "SHOW timezone") == "UTC"


def test_a_killed_database_comes_back_on_the_same_port(postgres: EmbeddedPostgres) -> None:
    before = postgres.start()
    ask(before, "CREATE TABLE kept (x int)")
    assert postgres.pid is not None
    os.kill(postgres.pid, signal.SIGKILL)
    wait_until_dead(postgres)
    after = postgres.restart()
    assert after == before
    assert ask(after, "SELECT count(*) FROM kept") == 0


def test_a_busy_backend_of_a_killed_database_does_not_stop_the_restart(postgres: EmbeddedPostgres) -> None:
    connection = postgres.start()
    client = subprocess.Popen(
        [
            sys.executable,
            "-c",
            SLEEPING_CLIENT,
            connection.url,
        ],
        stderr=subprocess.DEVNULL,
    )
    try:
        while ask(connection, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'") == 0:
            time.sleep(0.05)
        assert postgres.pid is not None
        os.kill(postgres.pid, signal.SIGKILL)
        wait_until_dead(postgres)
        assert ask(postgres.restart(), "SELECT 1") == 1
    finally:
        client.kill()
        client.wait()


def test_a_killed_server_leaves_a_database_that_the_next_adopts(folder: Path, postgres: EmbeddedPostgres) -> None:
    starter = subprocess.run(
        [
            sys.executable,
            "-c",
            KILLED_SERVER,
            str(folder),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert starter.returncode == -signal.SIGKILL
    connection = postgres.start()
    assert postgres.pid == int(starter.stdout.split()[-1])
    assert ask(connection, "SELECT 1") == 1
    postgres.stop()
    with pytest.raises(OSError, match=r"refused|Connect"):
        ask(connection, "SELECT 1")


def test_two_servers_on_one_folder_are_refused_but_a_command_may_attach(
    folder: Path, postgres: EmbeddedPostgres
) -> None:
    connection = postgres.start()
    with pytest.raises(AlreadyRunning, match=str(os.getpid())):
        make(folder).start()
    with make(folder).running() as attached:
        assert attached == connection
    assert postgres.is_alive()


def test_a_pid_file_that_names_a_living_stranger_is_seen_through(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    pid_file = postgres._cluster / "postmaster.pid"
    text, owner = pid_file.read_text(), pid_file.stat()
    postgres.stop()
    pid_file.write_text("\n".join([str(os.getpid()), *text.splitlines()[1:]]) + "\n")
    os.chown(pid_file, owner.st_uid, owner.st_gid)
    assert ask(postgres.start(), "SELECT 1") == 1


def test_an_empty_pid_file_is_seen_through(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    postgres.stop()
    (postgres._cluster / "postmaster.pid").touch()
    assert ask(postgres.start(), "SELECT 1") == 1


def test_half_a_cluster_is_made_anew(folder: Path, postgres: EmbeddedPostgres) -> None:
    half = folder / "pgdata.partial"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    assert ask(postgres.start(), "SELECT 1") == 1
    assert not half.exists()


def test_a_cluster_of_another_version_is_refused_with_a_reason(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    postgres.stop()
    (postgres._cluster / "PG_VERSION").write_text("12\n")
    with pytest.raises(EmbeddedError, match=r"12|initialized by PostgreSQL"):
        postgres.start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts it as somebody else")
def test_root_puts_the_cluster_where_its_user_may_enter(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    postgres = make(closed / "postgres")
    try:
        assert ask(postgres.start(), "SELECT 1") == 1
        assert not postgres._cluster.is_relative_to(closed)
    finally:
        postgres.stop()
        shutil.rmtree(postgres._cluster.parent)


def wait_until_dead(postgres: EmbeddedPostgres) -> None:
    while postgres.is_alive():
        time.sleep(0.01)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts it as somebody else")
def test_a_cluster_elsewhere_whose_folder_was_deleted_is_set_aside_not_reused(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    postgres = make(closed / "postgres")
    try:
        ask(postgres.start(), "CREATE TABLE old (x int)")
        postgres.stop()
        shutil.rmtree(closed / "postgres")
        postgres = make(closed / "postgres")
        assert ask(postgres.start(), "SELECT to_regclass('old') IS NULL") is True
        assert len(list(postgres._cluster.parent.glob("pgdata.orphan-*"))) == 1
    finally:
        postgres.stop()
        shutil.rmtree(postgres._cluster.parent)
