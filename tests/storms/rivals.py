"""Rivals over HTTP: client processes that hold their connections open and let go of everything at one instant."""

import asyncio
import json
import multiprocessing
import multiprocessing.pool
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from tests.load.client import request_bytes

GATHER_SECONDS = 0.25
"""How long before the instant of attack the plans are handed out, so that every connection is open by then."""


@dataclass(frozen=True)
class Shot:
    """One request of one rival: to which server, what, and on which connection (requests of one wait in line)."""

    url: str
    token: str
    path: str
    body: Any
    connection: int = 0
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What came back for a shot."""

    status: int
    body: Any


class Rivals:
    """A few client processes, kept for many rounds."""

    def __init__(self, pool: multiprocessing.pool.Pool, processes: int) -> None:
        self._pool = pool
        self._processes = processes

    def attack(self, shots: Sequence[Shot]) -> list[Answer]:
        """Send all of `shots` at one instant, those of one connection in order; their answers in the order of shots."""
        lanes: dict[int, list[tuple[int, Shot]]] = {}
        for index, shot in enumerate(shots):
            lanes.setdefault(shot.connection, []).append((index, shot))
        shares: list[list[list[tuple[int, Shot]]]] = [[] for _ in range(self._processes)]
        for n, lane in enumerate(lanes.values()):
            shares[n % self._processes].append(lane)
        go = time.time() + GATHER_SECONDS
        found: list[Answer | None] = [None] * len(shots)
        for part in self._pool.map(_attack, [(share, go) for share in shares], chunksize=1):
            for index, status, body in part:
                found[index] = Answer(status, json.loads(body) if body else None)
        return [answer for answer in found if answer is not None]


@contextmanager
def rivals(processes: int = 4) -> Iterator[Rivals]:
    """`processes` client processes of their own."""
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield Rivals(pool, processes)


def _attack(plan: tuple[list[list[tuple[int, Shot]]], float]) -> list[tuple[int, int, bytes]]:
    lanes, go = plan
    return asyncio.run(_storm(lanes, go))


async def _storm(lanes: list[list[tuple[int, Shot]]], go: float) -> list[tuple[int, int, bytes]]:
    parts = await asyncio.gather(*[_lane(lane, go) for lane in lanes])
    return [answer for part in parts for answer in part]


async def _lane(lane: list[tuple[int, Shot]], go: float) -> list[tuple[int, int, bytes]]:
    where = urlsplit(lane[0][1].url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    await asyncio.sleep(max(go - time.time(), 0))
    found = []
    for index, shot in lane:
        writer.write(_bytes(shot))
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        start = head.index(b"content-length:") + 15
        length = int(head[start : head.index(b"\r\n", start)])
        found.append((index, int(head[9:12]), await reader.readexactly(length)))
    writer.close()
    return found


def _bytes(shot: Shot) -> bytes:
    made = request_bytes(shot.url, shot.token, shot.method, shot.path, shot.body)
    more = "".join(f"{name}: {value}\r\n" for name, value in shot.headers.items())
    return made.replace(b"\r\n\r\n", b"\r\n" + more.encode() + b"\r\n", 1) if more else made


# --- scans ----------------------------------------------------------------------------------------------


def a_scan(raw: str, mode: str, *, scan_id: UUID | None = None, site: str = "CZ01", **more: Any) -> dict[str, Any]:
    """One scan as a device sends it; `reason` spares the question about the lot that expires first."""
    return {"id": str(scan_id or uuid4()), "raw": raw, "mode": mode, "site": site, "reason": "storm", **more}


def batch(url: str, token: str, scans: Sequence[dict[str, Any]], connection: int = 0, *, fact: bool = False) -> Shot:
    """A request with some scans."""
    return Shot(url, token, "/api/v1/scans", {"scans": list(scans), "fact": fact}, connection)


def results(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """The outcomes of all scans, in order; fails where a request was not answered with 200."""
    bad = Counter((a.status, str(a.body)[:300]) for a in answers if a.status != 200)
    assert not bad, bad
    return [result for answer in answers for result in answer.body["results"]]


def count(found: Sequence[dict[str, Any]]) -> Counter[str]:
    """How often each outcome came: `done`, `repeat`, or the code of what was refused or asked."""
    return Counter(r["outcome"] if r["outcome"] in ("done", "repeat") else r["code"] for r in found)
