"""Many phones, one queue: scans of requests that arrive together are posted together.

A request's scans stay in order and in one batch. Under load the transactions grow instead of queueing up, so that the
disk's one flush per commit is shared (measured in the README of the package); alone, a scan goes through at once.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextvars import Context

from catalog.kernel import db
from warehouse.scanning.actions import scan
from warehouse.scanning.model import Scan, ScanResult

BATCH = 200
"""Most scans that share a transaction (a single larger request keeps its own)."""
WORKERS = 2
"""Batches in flight: while one waits for the disk the next is being decided."""
BACKLOG = 20_000
"""Scans waiting before new requests are turned away (503): memory stays bounded."""

_Waiting = tuple[Sequence[Scan], asyncio.Future[list[ScanResult]]]


class Overloaded(Exception):
    """More scans wait than the desk will hold."""


class Desk:
    """Takes scans from request handlers and posts them in batches. One per process; started and stopped by the edge."""

    def __init__(self) -> None:
        self._waiting: deque[_Waiting] = deque()
        self._size = 0
        self._wake = asyncio.Event()
        self._workers: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start the workers on the running loop, each in a context of its own (no ambient transaction)."""
        self._workers = [asyncio.create_task(self._work(), context=Context()) for _ in range(WORKERS)]

    async def stop(self) -> None:
        """Finish what waits, then end."""
        pending = [future for _, future in self._waiting]
        await asyncio.gather(*pending, return_exceptions=True)
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)

    async def submit(self, scans: Sequence[Scan]) -> list[ScanResult]:
        """The answers to `scans`. Raises Overloaded, or what the database raised if it is away."""
        if self._size + len(scans) > BACKLOG:
            raise Overloaded
        future: asyncio.Future[list[ScanResult]] = asyncio.get_running_loop().create_future()
        self._waiting.append((scans, future))
        self._size += len(scans)
        self._wake.set()
        return await future

    async def _work(self) -> None:
        while True:
            await self._wake.wait()
            taken = self._take()
            if not taken:
                self._wake.clear()
                continue
            try:
                results = await scan([one for scans, _ in taken for one in scans])
            except Exception as error:  # noqa: BLE001 - handed to each waiting request, none is lost
                await self._apart(taken, error)
                continue
            start = 0
            for scans, future in taken:
                if not future.done():
                    future.set_result(results[start : start + len(scans)])
                start += len(scans)

    @staticmethod
    async def _apart(taken: list[_Waiting], error: Exception) -> None:
        """A batch that failed as a whole: each request once more by itself, so that one that cannot be answered takes
        no neighbour with it; none where the database is away."""
        for scans, future in taken:
            told: list[ScanResult] = []
            if len(taken) > 1 and not isinstance(error, db.CONNECTION_ERRORS):
                try:
                    told, failed = await scan(scans), None
                except Exception as own:  # noqa: BLE001 - handed to its request
                    failed = own
            else:
                failed = error
            if future.done():
                continue
            if failed is None:
                future.set_result(told)
            else:
                future.set_exception(failed)

    def _take(self) -> list[_Waiting]:
        taken: list[_Waiting] = []
        count = 0
        while self._waiting and (not taken or count + len(self._waiting[0][0]) <= BATCH):
            entry = self._waiting.popleft()
            count += len(entry[0])
            taken.append(entry)
        self._size -= count
        return taken
