"""A process of its own for work that would hold others up (DESIGN section 10): drawing files, reading spreadsheets.

One spawned worker per pool, started by the first job, ended after some idle minutes (an idle server must stay small).
It ends by itself when the server dies, and leaves Ctrl-C to the server.
"""

import asyncio
import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import parent_process

NICENESS = 5
"""Behind the server, and not so far that whoever waits for a file waits long."""


class Worker:
    """Starts the process when it is asked for. What to do with a broken one its user decides."""

    def __init__(self, prepare: Callable[[], None], idle_seconds: float, count: int = 1) -> None:
        self._prepare, self._idle_seconds, self._count = prepare, idle_seconds, count
        self._pool: ProcessPoolExecutor | None = None
        self._idle: asyncio.TimerHandle | None = None

    @property
    def started(self) -> bool:
        """Whether there is a process now."""
        return self._pool is not None

    def pool(self) -> ProcessPoolExecutor:
        """The process, started if need be."""
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self._count, mp_context=context, initializer=self._prepare)
        return self._pool

    def busy(self) -> None:
        """It has work: it is not ended."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def idle(self) -> None:
        """It has none: it is ended in a while."""
        self.busy()
        self._idle = asyncio.get_running_loop().call_later(self._idle_seconds, self.close)

    def forget(self, pool: ProcessPoolExecutor) -> None:
        """Leave one that broke; the next job starts another."""
        if self._pool is pool:
            self._pool = None
        pool.shutdown(wait=False, cancel_futures=True)

    def kill(self) -> None:
        """End it in the midst of its work."""
        pool = self._pool
        if pool is not None:
            for process in list((pool._processes or {}).values()):
                process.kill()
            self.forget(pool)

    def close(self) -> None:
        """End it; the next job starts another."""
        self.busy()
        if self._pool is not None:
            self.forget(self._pool)


def settle_in() -> None:
    """In the worker: go last, do not hear Ctrl-C, do not outlive the server."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    threading.Thread(target=_leave_with_server, daemon=True).start()


def _leave_with_server() -> None:
    server = parent_process()
    if server is not None:
        server.join()
        os._exit(0)
