"""`beiyu serve` on the embedded PostgreSQL, and the command line around it, as processes of their own."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT, await_ready, free_port

pytestmark = pytest.mark.database


class Installation:
    """A data folder and a port, and the command `beiyu` on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "log"
        self.running: list[subprocess.Popen[bytes]] = []

    def environment(self, **settings: str) -> dict[str, str]:
        bare = {name: value for name, value in os.environ.items() if not name.startswith("BEIYU_")}
        mine = {
            "DATA_DIR": str(self.folder / "var"),
            "PORT": str(self.port),
            "LOG_FORMAT": "json",
            "WORKER": "off",
            **settings,
        }
        return bare | {f"BEIYU_{name}": value for name, value in mine.items()}

    def serve(self, **settings: str) -> subprocess.Popen[bytes]:
        """Start, and wait until it is ready."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "api.cli", "serve"],
                cwd=ROOT,
                env=self.environment(**settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.running.append(process)
        await_ready(self.url, process, self.log)
        return process

    def run(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "api.cli", *arguments],
            cwd=ROOT,
            env=self.environment(**settings),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    @property
    def cluster(self) -> Path:
        return self.folder / "var" / "postgres" / "pgdata"

    @property
    def postmaster(self) -> int:
        return int((self.cluster / "postmaster.pid").read_text().splitlines()[0])

    def is_ready(self) -> bool:
        with (
            contextlib.suppress(urllib.error.URLError, OSError),
            urllib.request.urlopen(f"{self.url}/health/ready", timeout=5) as answer,
        ):
            return bool(answer.status == 200)
        return False


@pytest.fixture
def installation() -> Iterator[Installation]:
    folder = Path(tempfile.mkdtemp(prefix="beiyu-serve-"))
    folder.chmod(0o755)
    made = Installation(folder)
    yield made
    for process in made.running:
        if process.poll() is None:
            process.kill()
            process.wait()
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        os.kill(made.postmaster, signal.SIGQUIT)
        while (made.cluster / "postmaster.pid").exists():
            time.sleep(0.05)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_told_to_stop_it_leaves_nothing_running(installation: Installation, how: signal.Signals) -> None:
    process = installation.serve()
    process.send_signal(how)
    assert process.wait(timeout=60) == 0
    assert not (installation.cluster / "postmaster.pid").exists()
    assert installation.url in installation.log.read_text()


def test_killed_alone_and_with_its_database_it_starts_again(installation: Installation) -> None:
    first = installation.serve()
    below = installation.postmaster
    first.kill()
    first.wait()
    second = installation.serve()
    assert installation.postmaster == below, "the database that went on is adopted"
    os.kill(below, signal.SIGKILL)
    second.kill()
    second.wait()
    installation.serve()
    assert installation.run("verify").returncode == 0, "a command attaches to the running server's database"


def test_a_killed_database_is_started_again_under_the_running_server(installation: Installation) -> None:
    process = installation.serve()
    below = installation.postmaster
    os.kill(below, signal.SIGKILL)
    while not (installation.is_ready() and installation.postmaster != below):
        assert process.poll() is None
        time.sleep(0.05)
    assert installation.is_ready()


def test_a_taken_port_is_said_before_anything_is_started(installation: Installation) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", installation.port))
        other.listen()
        refused = installation.run("serve")
    assert refused.returncode == 2
    assert str(installation.port) in refused.stderr
    assert "BEIYU_PORT" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not installation.cluster.exists()


def test_a_second_server_on_the_same_data_is_refused(installation: Installation) -> None:
    process = installation.serve()
    refused = installation.run("serve", PORT=str(free_port()))
    assert refused.returncode == 2
    assert str(process.pid) in refused.stderr


def test_a_database_that_is_away_is_refused_with_its_place_and_without_its_password(
    installation: Installation,
) -> None:
    refused = installation.run("serve", DATABASE_URL="postgresql://someone:hidden@127.0.0.1:1/x")
    assert refused.returncode == 2
    assert "127.0.0.1:1/x" in refused.stderr
    assert "hidden" not in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_wrong_setting_is_named(installation: Installation) -> None:
    refused = installation.run("serve", PORT="many")
    assert refused.returncode == 2
    assert "BEIYU_PORT" in refused.stderr


def test_check_config_shows_every_setting_and_no_secret(installation: Installation) -> None:
    from api.settings import Settings

    shown = installation.run("check-config", METRICS_TOKEN="hidden")
    assert "hidden" not in shown.stdout + shown.stderr
    for name in Settings.model_fields:
        assert f"BEIYU_{name.upper()}=" in shown.stdout


def test_a_skipped_test_fails_where_no_test_may_be_skipped(tmp_path: Path) -> None:
    test = tmp_path / "test_skipped.py"
    test.write_text("import pytest\ndef test_it(): pytest.skip('no such thing here')\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "--rootdir", str(tmp_path), str(test)]
    bare = {name: value for name, value in os.environ.items() if name not in {"CI", "BEIYU_NO_SKIP"}}
    bare = {name: value for name, value in bare.items() if not name.startswith("PYTEST_")}
    usual = subprocess.run(command, cwd=ROOT, env=bare, capture_output=True, text=True, check=False)
    strict = subprocess.run(command, cwd=ROOT, env=bare | {"CI": "true"}, capture_output=True, text=True, check=False)
    assert usual.returncode == 0, usual.stdout
    assert strict.returncode == 1, strict.stdout
    assert "no such thing here" in strict.stdout
