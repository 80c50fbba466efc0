"""What the machine spent meanwhile: CPU seconds of the server and of PostgreSQL, from /proc.

On a machine that others share, rates say little; the CPU a scan costs says what a quiet machine would do.
"""

import os
import re
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

ADDITIONS = 10_000_000
TICK = os.sysconf("SC_CLK_TCK")


def calibration() -> str:
    """How fast this machine runs Python today, in CPU time, so that figures of different days can be compared."""
    total, began = 0, time.process_time()
    for number in range(ADDITIONS):
        total += number
    return f"10 million additions in Python: {time.process_time() - began:.2f} s"


@dataclass(frozen=True)
class Spent:
    """CPU seconds of the server's process and of the postmaster with all its children."""

    server: float
    database: float

    def per(self, count: int) -> str:
        """Both, in milliseconds for each of `count`."""
        count = max(count, 1)
        return f"CPU/each: server {1000 * self.server / count:.2f} ms, PostgreSQL {1000 * self.database / count:.2f} ms"


class Meter:
    """Started when made; `spent` is what was used since then (or since it was last asked)."""

    def __init__(self, server: int, postmaster: int) -> None:
        self._server, self._postmaster = server, postmaster
        self._before: dict[int, float] = {}
        self.spent()

    def memory(self) -> "Memory":
        """What both hold while a block runs."""
        return Memory(self._server, self._postmaster)

    def spent(self) -> Spent:
        """CPU since the last call. A backend that began and ended meanwhile is not seen."""
        now = {pid: _seconds(pid) for pid in (self._server, self._postmaster, *_children(self._postmaster))}
        used = {pid: seconds - self._before.get(pid, 0.0) for pid, seconds in now.items()}
        self._before = now
        return Spent(used.pop(self._server, 0.0), sum(used.values()))


class Memory:
    """The most memory of their own (RssAnon: without shared buffers and files) that a process and all backends of a
    PostgreSQL held while the block ran, in megabytes; looked at ten times a second."""

    def __init__(self, server: int, postmaster: int) -> None:
        self._server, self._postmaster = server, postmaster
        self._ended = threading.Event()
        self.server = self.database = 0.0

    def __enter__(self) -> Self:
        self._looking = threading.Thread(target=self._look, daemon=True)
        self._looking.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._looking.join()

    def _look(self) -> None:
        while not self._ended.wait(0.1):
            self.server = max(self.server, _own_memory(self._server))
            self.database = max(self.database, sum(_own_memory(pid) for pid in _children(self._postmaster)))

    def __str__(self) -> str:
        return f"held at most: here {self.server:.0f} MB, PostgreSQL {self.database:.0f} MB"


def _own_memory(pid: int) -> float:
    try:
        found = re.search(r"RssAnon:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def _fields(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the command's name, which may hold blanks."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _seconds(pid: int) -> float:
    fields = _fields(pid)
    return (int(fields[11]) + int(fields[12])) / TICK if fields else 0.0


def _children(parent: int) -> list[int]:
    with suppress(OSError):
        return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
    pids = [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    return [pid for pid in pids if (fields := _fields(pid)) and int(fields[1]) == parent]
