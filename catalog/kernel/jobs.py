"""Runs of jobs as rows: what is due, who does it, how it ended (DESIGN section 10).

`api.jobs` says which jobs there are and `api.worker` does them; here is what they share with everybody who looks: one
row per run. A deferred run is written in the transaction of whatever asked for it, so it is there if and only if the
act is. At most one run of a job at a time; a run whose worker fell silent is taken up again, at most `MOST_TURNS`
times.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import asyncpg

from catalog.kernel import db
from catalog.kernel.errors import Missing
from catalog.kernel.page import Page, checked_limit, read_cursor, write_cursor

SILENT_AFTER = timedelta(seconds=60)
"""A run without a heartbeat for so long has lost its worker."""
MOST_TURNS = 3
KEPT_RUNS = 400
"""Rows kept per job."""
_COLUMNS = (
    "id, job, why, due_at, arguments, asked_by, status, turns, started_at, heartbeat_at, ended_at, words_zh, words_en"
)


class Status(StrEnum):
    """How a run stands: `found` is done and has something to tell (a difference, a broken chain); `failed` raised;
    `broken` lost its worker too often; `skipped` is the slot at which a new installation first looked."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FOUND = "found"
    FAILED = "failed"
    BROKEN = "broken"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one job."""

    id: int
    job: str
    why: str
    due_at: datetime
    arguments: Mapping[str, Any]
    asked_by: str
    status: Status
    turns: int
    started_at: datetime | None
    heartbeat_at: datetime | None
    ended_at: datetime | None
    words_zh: str
    words_en: str


def _run(row: Any) -> Run:
    values = list(row)
    values[4], values[6] = json.loads(values[4]), Status(values[6])
    return Run(*values)


# --- asking -------------------------------------------------------------------------------------------


async def plan(job: str, slot: datetime) -> None:
    """Note that `job` is due for `slot`, unless somebody has. The first slot of all is skipped: a new installation
    starts its nightly work in its first night, not while it is being set up."""
    await db.execute(
        "INSERT INTO job_run (job, why, due_at, status, ended_at, words_zh, words_en)"
        " SELECT $1, 'periodic', $2, CASE WHEN known THEN 'waiting' ELSE 'skipped' END,"
        "        CASE WHEN NOT known THEN $2::timestamptz END,"
        "        CASE WHEN known THEN '' ELSE '新装，自下一次起运行' END,"
        "        CASE WHEN known THEN '' ELSE 'New here: runs from the next time on' END"
        " FROM (SELECT EXISTS (SELECT FROM job_run WHERE job = $1 AND why = 'periodic') AS known) k"
        " WHERE NOT EXISTS (SELECT FROM job_run WHERE job = $1 AND why = 'periodic' AND due_at >= $2)"
        " ON CONFLICT (job, due_at) WHERE why = 'periodic' DO NOTHING",
        job,
        slot,
    )


async def ask(job: str, *, now: datetime, asked_by: str) -> tuple[int, bool]:
    """Ask for a run now. (its id, whether one was waiting or running already: that one is meant then)."""
    async with db.transaction():
        await db.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 8))", job)
        found = await db.fetch_value(
            "SELECT min(id) FROM job_run WHERE job = $1 AND why <> 'deferred' AND status IN ('waiting', 'running')", job
        )
        if found is not None:
            return found, True
        made = await db.fetch_value(
            "INSERT INTO job_run (job, why, due_at, status, asked_by) VALUES ($1, 'asked', $2, 'waiting', $3)"
            " RETURNING id",
            job,
            now,
            asked_by,
        )
        return int(made), False


async def defer(job: str, arguments: Mapping[str, Any], *, due_at: datetime, asked_by: str) -> int:
    """Have `job` done with `arguments` (plain JSON) once `due_at` has come; the run's id. Joins an open transaction."""
    made = await db.fetch_value(
        "INSERT INTO job_run (job, why, due_at, arguments, status, asked_by)"
        " VALUES ($1, 'deferred', $2, $3::jsonb, 'waiting', $4) RETURNING id",
        job,
        due_at,
        json.dumps(arguments, ensure_ascii=False, default=str),
        asked_by,
    )
    return int(made)


# --- doing --------------------------------------------------------------------------------------------


async def take(known: Sequence[str], *, now: datetime, worker: str) -> Run | None:
    """The next due run of a known job whose turn it is, marked as running by `worker`; None where there is none."""
    try:
        row = await db.fetch_row(
            "UPDATE job_run SET status = 'running', turns = turns + 1, worker = $3, started_at = $2, heartbeat_at = $2"
            " WHERE id = (SELECT id FROM job_run w WHERE status = 'waiting' AND due_at <= $2 AND job = ANY($1)"
            "   AND NOT EXISTS (SELECT FROM job_run r WHERE r.job = w.job AND r.status = 'running')"
            "   ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) AND status = 'waiting'"
            f" RETURNING {_COLUMNS}",
            list(known),
            now,
            worker,
        )
    except asyncpg.UniqueViolationError:  # another worker took another run of the same job
        return None
    return None if row is None else _run(row)


async def beat(run: int, *, now: datetime, worker: str) -> bool:
    """Say that the run goes on; False where it was given to somebody else meanwhile."""
    row = await db.fetch_row(
        "UPDATE job_run SET heartbeat_at = $2 WHERE id = $1 AND status = 'running' AND worker = $3 RETURNING id",
        run,
        now,
        worker,
    )
    return row is not None


async def end(run: int, status: Status, *, now: datetime, worker: str, words_zh: str, words_en: str) -> None:
    """Write how a run ended, if it is still this worker's."""
    await db.execute(
        "UPDATE job_run SET status = $2, ended_at = $3, words_zh = $5, words_en = $6"
        " WHERE id = $1 AND status = 'running' AND worker = $4",
        run,
        status.value,
        now,
        worker,
        words_zh[:4000],
        words_en[:4000],
    )


async def revive(*, now: datetime) -> int:
    """Give back runs whose worker fell silent; too often taken up, they are broken. How many."""
    rows = await db.fetch(
        "UPDATE job_run SET status = CASE WHEN turns < $2 THEN 'waiting' ELSE 'broken' END,"
        " ended_at = CASE WHEN turns < $2 THEN NULL ELSE $1::timestamptz END,"
        " words_zh = '执行进程中断', words_en = 'The worker was lost'"
        " WHERE status = 'running' AND heartbeat_at < $3 RETURNING id",
        now,
        MOST_TURNS,
        now - SILENT_AFTER,
    )
    return len(rows)


async def forget_old() -> int:
    """Delete ended runs beyond the newest `KEPT_RUNS` of each job; how many."""
    rows = await db.fetch(
        "DELETE FROM job_run WHERE id IN (SELECT id FROM (SELECT id, status, row_number() OVER (PARTITION BY job"
        " ORDER BY id DESC) AS n FROM job_run) x WHERE n > $1 AND status NOT IN ('waiting', 'running')) RETURNING id",
        KEPT_RUNS,
    )
    return len(rows)


# --- looking ------------------------------------------------------------------------------------------


async def last_runs() -> Mapping[str, tuple[Run | None, Run | None]]:
    """Of every job that ever ran or waits: (its newest run, its newest that ended well)."""
    newest = await db.fetch(f"SELECT DISTINCT ON (job) {_COLUMNS} FROM job_run ORDER BY job, id DESC")
    good = await db.fetch(
        f"SELECT DISTINCT ON (job) {_COLUMNS} FROM job_run WHERE status IN ('done', 'found') ORDER BY job, id DESC"
    )
    well = {row[1]: _run(row) for row in good}
    return {row[1]: (_run(row), well.get(row[1])) for row in newest}


async def get_run(run: int) -> Run:
    """One run by its id. Raises `job.no-such-run`."""
    row = await db.fetch_row(f"SELECT {_COLUMNS} FROM job_run WHERE id = $1", run)
    if row is None:
        raise Missing("job.no-such-run", "没有找到此次运行")
    return _run(row)


async def list_runs(*, job: str | None = None, cursor: str | None = None, limit: int | None = None) -> Page[Run]:
    """Runs, the newest first."""
    size = checked_limit(limit)
    after = read_cursor(cursor, 1)
    if after is not None and (not isinstance(after[0], int) or isinstance(after[0], bool) or abs(after[0]) >= 2**62):
        read_cursor("!", 1)
    rows = await db.fetch(
        f"SELECT {_COLUMNS} FROM job_run WHERE ($1::text IS NULL OR job = $1) AND ($2::bigint IS NULL OR id < $2)"
        " ORDER BY id DESC LIMIT $3",
        job,
        after[0] if after else None,
        size + 1,
    )
    found = [_run(row) for row in rows[:size]]
    return Page(found, write_cursor(found[-1].id) if len(rows) > size else None)
