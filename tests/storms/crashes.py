"""Power cuts under load: a server on its own embedded PostgreSQL, clients that never give a scan up, and a killer.

Every client sends a scan again, with the same id, until it is answered. So afterwards the answers that the clients hold
and the rows of the database must tell the same story, scan by scan.
"""

import asyncio
import contextlib
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from api.embedded import EmbeddedPostgres
from labels.codes import OwnKind, write_elements, write_own
from tests.conftest import ROOT, await_ready, free_port
from tests.load.client import request_bytes
from tests.storms import books
from tests.storms.rivals import a_scan
from tests.storms.scene import AUDITOR, TENT, TOKEN, furnish

LOTS = 10
STOCK = 300
"""Units of each lot at the start: they run out, so that refusals are told too."""
CLIENTS, LANES = 3, 6


@dataclass
class House:
    """`beiyu serve` on a data folder of its own; nothing but that folder survives a kill."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The settings of the server and of commands beside it."""
        rest = {name: value for name, value in os.environ.items() if not name.startswith("BEIYU_")}
        return rest | {
            "BEIYU_PORT": str(self.port),
            "BEIYU_DATA_DIR": str(self.folder / "var"),
            "BEIYU_LOG_FORMAT": "json",
            "BEIYU_LOG_LEVEL": "warning",
        }

    @property
    def log(self) -> Path:
        """What the servers said, one after the other."""
        return self.folder / "server.log"

    def start(self) -> float:
        """Start, and wait for /health/ready; the seconds it took."""
        began = time.monotonic()
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "api.cli", "serve"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        await_ready(self.url, self.process, self.log)
        return time.monotonic() - began

    def kill_server(self) -> float:
        """SIGKILL the server and start the next; seconds until ready."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        return self.start()

    def kill_postgres(self) -> float:
        """SIGKILL the postmaster beneath the running server, which must bring it back; seconds until ready."""
        assert self.process is not None
        pid = self.postmaster()
        os.kill(pid, signal.SIGKILL)
        began = time.monotonic()
        while self.postmaster() == pid and time.monotonic() - began < 90:
            time.sleep(0.02)
        await_ready(self.url, self.process, self.log)
        return time.monotonic() - began

    def postmaster(self) -> int:
        """The process id in postmaster.pid, 0 where there is none."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            return int((self.cluster / "postmaster.pid").read_text().splitlines()[0])
        return 0

    @property
    def cluster(self) -> Path:
        """The data folder of PostgreSQL."""
        return EmbeddedPostgres(self.folder / "var" / "postgres")._cluster

    def owner_url(self) -> str:
        """The owner's login to the running database."""
        found = EmbeddedPostgres(self.folder / "var" / "postgres").attach()
        assert found is not None
        return found.url

    def verify(self) -> str:
        """`beiyu verify` beside the running server: what it prints; empty where every figure is right."""
        done = subprocess.run(
            [sys.executable, "-m", "api.cli", "verify"],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return "" if done.returncode == 0 else f"exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"

    def stop(self) -> None:
        """In order."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=90)


@contextmanager
def house() -> Iterator[House]:
    """A house in a folder that an unprivileged PostgreSQL may enter."""
    with tempfile.TemporaryDirectory(prefix="beiyu-crash-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        found = House(folder)
        found.start()
        try:
            yield found
        finally:
            found.stop()


# --- clients that never give up ---------------------------------------------------------------------------


def _client(url: str, lots: list[str], seed: int, folder: str) -> None:
    asyncio.run(_lanes(url, lots, seed, Path(folder)))


async def _lanes(url: str, lots: list[str], seed: int, folder: Path) -> None:
    told: list[dict[str, Any]] = []
    statuses: Counter[str] = Counter()
    await asyncio.gather(*[_lane(url, lots, seed * 100 + n, folder, told, statuses) for n in range(LANES)])
    (folder / f"client-{seed}.json").write_text(json.dumps({"told": told, "statuses": statuses}))


async def _lane(
    url: str, lots: list[str], seed: int, folder: Path, told: list[dict[str, Any]], statuses: Counter[str]
) -> None:
    chance = random.Random(seed)
    where = urlsplit(url)
    streams: Any = None
    while not (folder / "stop").exists():
        scans = [_some_scan(chance, lots) for _ in range(chance.choice((1, 1, 1, 4)))]
        request = request_bytes(url, TOKEN, "POST", "/api/v1/scans", {"scans": scans})
        tries = 0
        while True:
            tries += 1
            try:
                if streams is None:
                    streams = await asyncio.open_connection(where.hostname, where.port)
                status, body = await asyncio.wait_for(_ask(streams, request), 30)
            except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
                statuses[type(error).__name__] += 1
                streams = None
                await asyncio.sleep(0.05)
                continue
            statuses[str(status)] += 1
            if status == 200:
                break
            if status != 503:
                statuses[f"{status} {body[:200]!r}"] += 1
            await asyncio.sleep(0.05)
        results = json.loads(body)["results"]
        told += [{"scan": scan, "result": result, "tries": tries} for scan, result in zip(scans, results, strict=True)]


async def _ask(streams: Any, request: bytes) -> tuple[int, bytes]:
    reader, writer = streams
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    start = head.index(b"content-length:") + 15
    return int(head[9:12]), await reader.readexactly(int(head[start : head.index(b"\r\n", start)]))


def _some_scan(chance: random.Random, lots: list[str]) -> dict[str, Any]:
    code = write_own(OwnKind.LOT, chance.choice(lots))
    match chance.choice(("issue", "issue", "move", "back", "receive", "new")):
        case "issue":
            return a_scan(code, "issue", bin=f"CZ{chance.choice((101, 102))}", quantity=chance.randint(1, 3))
        case "move":
            return a_scan(code, "move", bin="CZ101", to_bin="CZ102", quantity=chance.randint(1, 9))
        case "back":
            return a_scan(code, "move", bin="CZ102", to_bin="CZ101", quantity=chance.randint(1, 9))
        case "receive":
            return a_scan(code, "receive", bin="CZ101", quantity=chance.randint(1, 3))
        case _:
            raw = write_elements([("01", TENT), ("10", f"NEW{chance.randrange(200)}")])
            return a_scan(raw, "receive", bin="CZ103", quantity=1)


# --- the killer, and what is left -------------------------------------------------------------------------


@dataclass
class Story:
    """What happened."""

    kills: int = 0
    postgres_kills: int = 0
    back: list[float] = field(default_factory=list)
    """Seconds until ready, kill by kill."""
    scans: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    retried: int = 0
    trips: int = 0
    """Release orders carried from asking to receipt."""
    differences: list[str] = field(default_factory=list)


def cut_the_power(found: House, kills: int, seed: int, tell: Any = None) -> Story:
    """Load, kill, start again, as often as said; then compare what the clients were told with what is written."""
    chance, story = random.Random(seed), Story()
    lots = asyncio.run(_stock(found))
    folder = found.folder / "clients"
    folder.mkdir()
    context = multiprocessing.get_context("spawn")
    clients = [context.Process(target=_client, args=(found.url, lots, n, str(folder))) for n in range(CLIENTS)]
    for client in clients:
        client.start()
    time.sleep(2)
    for n in range(kills):
        time.sleep(chance.uniform(0.1, 1.2))
        of_postgres = n % 3 == 2
        seconds = found.kill_postgres() if of_postgres else found.kill_server()
        story.kills += 1
        story.postgres_kills += of_postgres
        story.back.append(seconds)
        if tell:
            tell(f"kill {n + 1:>3} of {'postmaster' if of_postgres else 'server':<10} ready after {seconds:5.2f} s")
    time.sleep(1)
    (folder / "stop").touch()
    for client in clients:
        client.join(timeout=120)
        assert client.exitcode == 0, "a client did not come to an end"
    told = []
    for n in range(CLIENTS):
        said = json.loads((folder / f"client-{n}.json").read_text())
        told += said["told"]
        story.statuses.update(said["statuses"])
    story.scans = len(told)
    story.retried = sum(one["tries"] > 1 for one in told)
    asyncio.run(_compare(found, told, story))
    verified = found.verify()
    if verified:
        story.differences.append(f"verify: {verified}")
    return story


async def _stock(found: House) -> list[str]:
    owner = await asyncpg.connect(found.owner_url())
    try:
        await furnish(owner)
    finally:
        await owner.close()
    scans = [
        a_scan(write_elements([("01", TENT), ("10", f"OLD{n}")]), "receive", bin="CZ101", quantity=STOCK)
        for n in range(LOTS)
    ]
    where = urlsplit(found.url)
    streams = await asyncio.open_connection(where.hostname, where.port)
    status, body = await _ask(streams, request_bytes(found.url, TOKEN, "POST", "/api/v1/scans", {"scans": scans}))
    assert status == 200, body
    return [result["facts"]["lines"][0]["lot"] for result in json.loads(body)["results"]]


async def _compare(found: House, told: list[dict[str, Any]], story: Story) -> None:
    owner = await asyncpg.connect(found.owner_url())
    try:
        story.differences += await books.differences(owner)
        scans = {str(r[0]): (r[1], r[2]) for r in await owner.fetch("SELECT id, outcome, code FROM scan")}
        moved = await owner.fetch("SELECT attempt, sum(quantity) FROM move WHERE reason <> 'reverse' GROUP BY 1")
        quantities = {str(r[0]): int(r[1]) for r in moved}
    finally:
        await owner.close()
    for one in told:
        scan_id, result = one["scan"]["id"], one["result"]
        outcome = result["was"] or result["outcome"]
        story.outcomes[outcome if outcome == "done" else result["code"]] += 1
        if scans.get(scan_id) != (outcome, result["code"]):
            story.differences.append(f"{scan_id} was told {outcome} {result['code']}, is {scans.get(scan_id)}")
        wanted = one["scan"]["quantity"] if outcome == "done" else None
        if quantities.get(scan_id) != wanted:
            story.differences.append(f"{scan_id} {outcome}: moved {quantities.get(scan_id)} instead of {wanted}")
    strangers = set(scans) - {one["scan"]["id"] for one in told}
    if len(strangers) != LOTS:
        story.differences.append(f"{len(strangers) - LOTS} scans are stored that nobody was told about")
    bad = {status: n for status, n in story.statuses.items() if status[:1].isdigit() and status not in ("200", "503")}
    if bad:
        story.differences.append(f"answers besides 200 and 503: {bad}")
    where = urlsplit(found.url)
    streams = await asyncio.open_connection(where.hostname, where.port)
    status, body = await _ask(streams, request_bytes(found.url, AUDITOR, "GET", "/api/v1/audit/check"))
    if status != 200 or not json.loads(body)["holds"]:
        story.differences.append(f"the audit trail does not hold: {status} {body[:500]!r}")
