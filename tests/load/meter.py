"""What the machine spent meanwhile: CPU seconds of the server and of PostgreSQL, from /proc.

On a machine that others share, rates say little; the CPU a scan costs says what a quiet machine would do.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path

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

    def spent(self) -> Spent:
        """CPU since the last call. A backend that began and ended meanwhile is not seen."""
        now = {pid: _seconds(pid) for pid in (self._server, self._postmaster, *_children(self._postmaster))}
        used = {pid: seconds - self._before.get(pid, 0.0) for pid, seconds in now.items()}
        self._before = now
        return Spent(used.pop(self._server, 0.0), sum(used.values()))


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
    pids = [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    return [pid for pid in pids if (fields := _fields(pid)) and int(fields[1]) == parent]
