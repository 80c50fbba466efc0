"""What the tests stand on: one PostgreSQL per run, one clone of a migrated database per test.

- `database`: a fresh database, the engine logged in as the application, its pool open.
- `owner`: an asyncpg connection to the same database as the role that owns the tables.
- `server` / `demo_server`: the real `beiyu serve` in a process of its own, on a fresh / demo-filled database.

`BEIYU_TEST_PG_BIN=/usr/lib/postgresql/15/bin` runs them on that PostgreSQL instead of the embedded one.
With `CI=true` or `BEIYU_NO_SKIP=1` a skipped test is a failure.
"""

import asyncio
import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

os.environ["PICCOLO_CONF"] = "api.piccolo_conf"

from api import database as api_database
from api.embedded import Connection, EmbeddedPostgres

ROOT = Path(__file__).parents[1]
TEMPLATE = "beiyu_template"
DEMO_TEMPLATE = "beiyu_demo"
HEAVY = {
    "test_crashes.py",
    "test_demo_stock.py",
    "test_embedded.py",
    "test_fuzz.py",
    "test_matrix.py",
    "test_safekeeping.py",
    "test_serve.py",
    "test_tls.py",
    "test_worker.py",
}
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "128MB",  # looked through whole whenever a database is dropped
}


# A slow machine is no finding: no deadline, no complaint about slow input. In CI the same examples every time.
hypothesis_settings.register_profile("beiyu", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.register_profile("ci", hypothesis_settings.get_profile("beiyu"), derandomize=True)
hypothesis_settings.load_profile("ci" if os.environ.get("CI") == "true" else "beiyu")


# --- no silent skips ----------------------------------------------------------------------------------


def _skips_fail() -> bool:
    return os.environ.get("CI") == "true" or os.environ.get("BEIYU_NO_SKIP") == "1"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Where skips are forbidden, say that the test was skipped, and fail it. Expected failures stay."""
    outcome: Any = yield
    report = outcome.get_result()
    if report.skipped and not hasattr(report, "wasxfail") and _skips_fail():
        report.outcome = "failed"
        report.longrepr = f"skipped where no test may be skipped: {call.excinfo.value if call.excinfo else ''}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What needs a database says so by its fixtures; `load` runs only when asked for with -m or by file."""
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        if names & {"postgres", "database", "demo_database", "owner", "server", "start_server"}:
            item.add_marker("database")
        if item.path.name in HEAVY:
            item.add_marker("heavy")
    asked = "load" in config.getoption("-m", "") or any("tests/load" in arg for arg in config.args)
    if not asked:
        unwanted = [item for item in items if item.get_closest_marker("load")]
        if unwanted:
            config.hook.pytest_deselected(items=unwanted)
            items[:] = [item for item in items if item not in unwanted]


# --- one PostgreSQL per run, also under pytest-xdist ----------------------------------------------------


@dataclass
class Postgres:
    """The run's PostgreSQL: makes and drops databases."""

    owner: Connection
    app_role: str
    app_password: str
    loaded: set[str] = field(default_factory=set)

    def owner_url(self, name: str) -> str:
        """The owner's login to database `name`."""
        login = self.owner
        return Connection(login.host, login.port, login.user, login.password, name).url

    def app_url(self, name: str) -> str:
        """The application's login to database `name`."""
        login = self.owner
        return Connection(login.host, login.port, self.app_role, self.app_password, name).url

    async def create(self, template: str = TEMPLATE) -> str:
        """A new database cloned from `template`; its name."""
        name = f"t_{secrets.token_hex(6)}"
        # With so many tables files are sooner copied, between two checkpoints, than written to the log.
        await self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    async def drop(self, name: str) -> None:
        """Drop a database and whoever is on it. An autovacuum worker may not be ended by us: it goes by itself."""
        for _ in range(50):
            try:
                await self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            except (asyncpg.InsufficientPrivilegeError, asyncpg.ObjectInUseError):
                await asyncio.sleep(0.1)
            else:
                return
        await self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    async def execute(self, sql: str) -> None:
        """Run one statement as the owner on the maintenance database."""
        connection = await asyncpg.connect(self.owner.url)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    async def exists(self, name: str) -> bool:
        """Whether there is a database `name`."""
        connection = await asyncpg.connect(self.owner.url)
        try:
            return bool(await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name))
        finally:
            await connection.close()


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "shared.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


ROOM_IN_MEMORY = 6 * 2**30


def _place_for_postgres() -> Path:
    """Where the run's databases lie: in memory where there is room, as a thousand files are made for each test (on a
    disk that takes a second, and most of the run)."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOM_IN_MEMORY
    return memory if roomy else Path(tempfile.gettempdir())


@pytest.fixture(scope="session")
def postgres_dir(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Path]:
    """A folder that an unprivileged user can reach; the same for all workers of one run."""
    if worker_id == "master":
        folder = Path(tempfile.mkdtemp(prefix="beiyu-tests-", dir=_place_for_postgres()))
        folder.chmod(0o755)
        yield folder
        shutil.rmtree(folder, ignore_errors=True)
        return
    with _locked(tmp_path_factory.getbasetemp().parent):  # all workers the same, however full it is meanwhile
        kept = tmp_path_factory.getbasetemp().parent / "postgres-place"
        if not kept.exists():
            kept.write_text(str(_place_for_postgres()))
    folder = Path(kept.read_text()) / f"beiyu-tests-{os.environ['PYTEST_XDIST_TESTRUNUID']}"
    folder.mkdir(mode=0o755, exist_ok=True)
    yield folder


@pytest.fixture(scope="session")
def postgres(postgres_dir: Path) -> Iterator[Postgres]:
    """Started once per run, with a migrated template. Workers share it; the last one to leave stops it."""
    bin_dir = os.environ.get("BEIYU_TEST_PG_BIN")
    with _locked(postgres_dir):
        server = EmbeddedPostgres(
            postgres_dir / "pg",
            settings=FAST,
            bin_dir=Path(bin_dir) if bin_dir else None,
            database="postgres_tests",
        )
        users = postgres_dir / "users"
        count = int(users.read_text()) if users.exists() else 0
        connection = server.attach() if count else None
        started = connection is None
        if connection is None:
            connection = server.start()
            server._release_lock()  # another worker may stop it
        users.write_text(str(count + 1))
        found = Postgres(connection, "beiyu_tests_app", "only-for-tests")
        if started:
            asyncio.run(_make_template(found))
    yield found
    with _locked(postgres_dir):
        left = int(users.read_text()) - 1
        users.write_text(str(left))
        if left == 0:
            if not server.is_alive():
                server.attach()
            server.stop()
            if "PYTEST_XDIST_TESTRUNUID" in os.environ:
                shutil.rmtree(postgres_dir, ignore_errors=True)


async def _make_template(found: Postgres) -> None:
    await found.execute(f"CREATE DATABASE {TEMPLATE}")
    await api_database.migrate(api_database.Logins(found.owner_url(TEMPLATE), found.app_url(TEMPLATE)))
    api_database.configure(found.app_url(TEMPLATE))


# --- one database per test ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Database:
    """One test's database."""

    name: str
    owner_url: str
    app_url: str


@pytest_asyncio.fixture
async def database(postgres: Postgres) -> AsyncIterator[Database]:
    """A fresh database with the engine logged in as the application and its pool open."""
    name = await postgres.create()
    await api_database.close_pool()
    api_database.configure(postgres.app_url(name))
    await api_database.open_pool(1, 20)
    yield Database(name, postgres.owner_url(name), postgres.app_url(name))
    await api_database.close_pool()
    await postgres.drop(name)


@pytest_asyncio.fixture
async def owner(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """The owner's own connection to the test's database."""
    connection = await asyncpg.connect(database.owner_url)
    yield connection
    await connection.close()


# --- the real server ------------------------------------------------------------------------------------


@dataclass
class Server:
    """A running `beiyu serve`."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    database: Database

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """End it as Ctrl-C would; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_ready(url: str, process: subprocess.Popen[bytes], log: Path, seconds: float = 90) -> None:
    """Wait for /health/ready; fail with the server's own words if it ends or stays silent."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with (
            contextlib.suppress(urllib.error.URLError, OSError),
            urllib.request.urlopen(f"{url}/health/ready", timeout=5) as answer,
        ):
            if answer.status == 200:
                return
        time.sleep(0.05)
    pytest.fail(f"beiyu serve did not become ready (exit {process.poll()}):\n{log.read_text()[-6000:]}")


def launch(database: Database, folder: Path, port: int | None = None, **settings: str) -> Server:
    """Start `beiyu serve` on `database`; settings by their name without BEIYU_, e.g. log_level="debug"."""
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    log = folder / f"server-{port}.log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BEIYU_")} | {
        "BEIYU_PORT": str(port),
        "BEIYU_DATA_DIR": str(folder),
        "BEIYU_DATABASE_URL": database.owner_url,
        "BEIYU_DATABASE_APP_URL": database.app_url,
        "BEIYU_LOG_FORMAT": "json",
        "BEIYU_WORKER": "off",
        **{f"BEIYU_{name.upper()}": value for name, value in settings.items()},
    }
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "serve"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        await_ready(url, process, log)
    except BaseException:
        process.kill()
        process.wait()
        raise
    return Server(url, process, log, database)


async def _demo_template(postgres: Postgres, postgres_dir: Path) -> None:
    """Load the demo city once per run, in a process of its own, through the program's own command."""
    with _locked(postgres_dir):
        if await postgres.exists(DEMO_TEMPLATE):
            return
        partial = f"{DEMO_TEMPLATE}_partial"
        await postgres.drop(partial)
        await postgres.execute(f"CREATE DATABASE {partial} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("BEIYU_")} | {
            "BEIYU_DATA_DIR": str(postgres_dir / "demo"),
            "BEIYU_DATABASE_URL": postgres.owner_url(partial),
            "BEIYU_DATABASE_APP_URL": postgres.app_url(partial),
            "BEIYU_DEMO_SHARE": "0.12",
        }
        done = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "api.cli", "demo"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            pytest.fail(f"beiyu demo failed:\n{done.stdout[-2000:]}\n{done.stderr[-6000:]}")
        await postgres.execute(f"ALTER DATABASE {partial} RENAME TO {DEMO_TEMPLATE}")


@pytest_asyncio.fixture
async def demo_database(postgres: Postgres, postgres_dir: Path) -> AsyncIterator[Database]:
    """A fresh clone of the demo city, with the engine logged in as the application and its pool open."""
    await _demo_template(postgres, postgres_dir)
    name = await postgres.create(DEMO_TEMPLATE)
    await api_database.close_pool()
    api_database.configure(postgres.app_url(name))
    await api_database.open_pool(1, 20)
    yield Database(name, postgres.owner_url(name), postgres.app_url(name))
    await api_database.close_pool()
    await postgres.drop(name)


StartServer = Callable[..., Server]


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """`start_server(database, port=…, **settings)`: as many servers as a test wants; all are ended after it."""
    running: list[Server] = []

    def start(database: Database, **options: Any) -> Server:
        server = launch(database, tmp_path / "serve", **options)
        running.append(server)
        return server

    yield start
    for server in running:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()


@pytest_asyncio.fixture
async def server(database: Database, start_server: StartServer) -> Server:
    """`beiyu serve` on an empty (migrated) database."""
    return await asyncio.to_thread(start_server, database)


@pytest_asyncio.fixture
async def demo_server(demo_database: Database, start_server: StartServer) -> Server:
    """`beiyu serve` on a fresh clone of the demo city."""
    return await asyncio.to_thread(start_server, demo_database)


@pytest_asyncio.fixture(scope="session")
async def shared_demo_server(postgres: Postgres, postgres_dir: Path) -> AsyncIterator[Server]:
    """One `beiyu serve` on one demo city for all tests that only look, or that bring their own rows."""
    await _demo_template(postgres, postgres_dir)
    name = await postgres.create(DEMO_TEMPLATE)
    found = Database(name, postgres.owner_url(name), postgres.app_url(name))
    running = await asyncio.to_thread(launch, found, postgres_dir / f"serve-{name}")
    yield running
    await asyncio.to_thread(running.stop)
    await postgres.drop(name)


def read_json(url: str) -> Any:
    """The JSON at `url`."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.load(answer)
