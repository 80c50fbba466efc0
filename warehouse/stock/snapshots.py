"""Monthly balance snapshots: they make an as-of balance a snapshot plus what it does not hold (DESIGN section 5).

The snapshot of month M holds the moves with seq up to `up_to_seq` that occurred before M began in Shanghai and were
recorded up to `known_at`. Which moves a snapshot holds can be said of every move for ever, so the answer is the same
with it or without it: a fact that is dated back, a history that is loaded later, a posting that committed while the
snapshot was taken are simply not in it.

Between the months, where many moves came, the sums of a day are kept (`holdings`), of which the same is said
(`holding_run`): a report over a city reads a few hundred thousand of them and adds the moves of a few days.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from catalog.kernel import db
from catalog.kernel.errors import Invalid, Refused
from catalog.kernel.time import day_of
from warehouse.stock import holdings
from warehouse.stock.model import FIRST_INSIDE_PLACE
from warehouse.stock.queries.books import begin_of

_PATIENCE = 60
"""Seconds to wait for postings that were under way when the last seq was read."""
_LOCK = 7_305_002
WORTH_SUMS = 100_000
"""So many moves since the last kept sums cost a report 0.2 to 0.4 s: then a day's sums are kept."""
SUMS_KEPT = timedelta(days=400)
"""So long are the sums of a day kept; those of a month's first day for ever."""
_TAKE = f"""
INSERT INTO balance_snapshot (month, lot_id, place_id, condition, on_hand)
SELECT $1, m.lot_id, v.place_id, v.condition, sum(v.q)
FROM move m CROSS JOIN LATERAL (VALUES
    (m.to_place, m.to_condition, m.quantity), (m.from_place, m.from_condition, -m.quantity)) v (place_id, condition, q)
WHERE m.seq <= $4 AND m.occurred_at < $2 AND m.recorded_at <= $3 AND v.place_id >= {FIRST_INSIDE_PLACE}
GROUP BY m.lot_id, v.place_id, v.condition HAVING sum(v.q) <> 0
"""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was taken: `rows` balances."""

    month: date
    known_at: datetime
    up_to_seq: int
    rows: int


@dataclass(frozen=True, slots=True)
class Sums:
    """The kept sums of what stood at a day's begin: `rows` holdings."""

    day: date
    known_at: datetime
    up_to_seq: int
    rows: int


async def take(month: date, *, now: datetime) -> Snapshot:
    """Take the snapshot of `month` (a first day), or find it if it was taken before.

    Call it when the month has begun, outside any transaction. Raises Invalid for a month to come or a day that is not
    the first, Refused if postings that were under way do not end in time.
    """
    if month.day != 1 or begin_of(month) > now:
        raise Invalid("stock.bad-month", "快照月份须是已开始月份的第一天", month=month.isoformat())
    found = await find(month)
    if found is not None:
        return found
    up_to = await _last_committed_seq()
    async with db.transaction():
        await db.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        found = await find(month)
        if found is not None:
            return found
        await db.execute(_TAKE, month, begin_of(month), now, up_to)
        rows = await db.fetch_value("SELECT count(*) FROM balance_snapshot WHERE month = $1", month)
        await db.execute(
            "INSERT INTO snapshot_run (month, known_at, up_to_seq, rows) VALUES ($1, $2, $3, $4)",
            month,
            now,
            up_to,
            rows,
        )
        await _forget(month)  # sums of that day which were kept alone
        await _keep(Sums(month, now, up_to, 0), holdings.FROM_SNAPSHOT, month)
        return Snapshot(month, now, up_to, rows)


async def add_up(day: date, *, now: datetime) -> Sums:
    """Keep the sums of what stood when a day began, or find them.

    Call it when the day has begun, outside any transaction. Raises Invalid for a day to come, Refused if postings that
    were under way do not end in time.
    """
    if begin_of(day) > now:
        raise Invalid("stock.bad-day", "汇总日期不得晚于今天", day=day.isoformat())
    found = await find_sums(day)
    if found is not None:
        return found
    up_to = await _last_committed_seq()
    async with db.transaction():
        await db.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        found = await find_sums(day)
        if found is not None:
            return found
        return await _keep(Sums(day, now, up_to, 0), *await sums_of(day, now, up_to))


async def sums_of(day: date, known_at: datetime, up_to_seq: int) -> tuple[str, Any, *tuple[Any, ...]]:
    """The statement that adds up what the sums of a day hold, and its arguments: from the last month's snapshot that
    holds no more than they do, else from all moves."""
    held = (begin_of(day), known_at, up_to_seq)
    base: Any = await db.fetch_row(
        "SELECT month, known_at, up_to_seq FROM snapshot_run WHERE month <= $1 AND known_at <= $2 AND up_to_seq <= $3"
        " ORDER BY month DESC LIMIT 1",
        day,
        known_at,
        up_to_seq,
    )
    if base is None:
        return holdings.FROM_MOVES, *held
    return holdings.SINCE_SNAPSHOT, *held, base[0], begin_of(base[0]), base[1], base[2]


async def _keep(sums: Sums, added: str, *args: Any) -> Sums:
    await db.execute("SET LOCAL work_mem = '256MB'")
    day = f"${len(args) + 1}::date"
    await db.execute(
        f"INSERT INTO holding_snapshot (day, {holdings.COLUMNS}) SELECT {day}, h.* FROM ({added}) h ORDER BY 2, 3, 4",
        *args,
        sums.day,
    )
    await db.execute(
        "INSERT INTO holding_run (day, known_at, up_to_seq) VALUES ($1, $2, $3)",
        sums.day,
        sums.known_at,
        sums.up_to_seq,
    )
    rows = await db.fetch_value("SELECT count(*) FROM holding_snapshot WHERE day = $1", sums.day)
    return replace(sums, rows=rows)


async def _forget(day: date) -> None:
    await db.execute("DELETE FROM holding_snapshot WHERE day = $1", day)
    await db.execute("DELETE FROM holding_run WHERE day = $1", day)


async def take_due(now: datetime) -> Snapshot | Sums | None:
    """The nightly job: take the snapshot of the month that `now` lies in, unless it is there; then keep the sums of the
    day, if enough has moved since the last ones, and forget those of days long past."""
    today = day_of(now)
    month = today.replace(day=1)
    if await find(month) is None:
        return await take(month, now=now)
    for (day,) in await db.fetch(
        "SELECT day FROM holding_run WHERE day < $1 AND day NOT IN (SELECT month FROM snapshot_run)", today - SUMS_KEPT
    ):
        async with db.transaction():
            await _forget(day)
    moved: Any = await db.fetch_value(
        "SELECT (SELECT coalesce(max(seq), 0) FROM move) - coalesce(max(up_to_seq), 0) FROM holding_run"
    )
    return await add_up(today, now=now) if moved >= WORTH_SUMS else None


async def take_end_of(period: str | None, *, now: datetime) -> Snapshot | Sums:
    """The snapshot of the end of a month "YYYY-MM", or the sums of the end of a day "YYYY-MM-DD"; without either, the
    snapshot of the last month that has ended.

    Raises Invalid for anything else, or for what has not ended.
    """
    if period is None:
        return await take(day_of(now).replace(day=1), now=now)
    month = len(period) <= len("YYYY-MM")
    try:
        first = date.fromisoformat(f"{period}-01" if month else period)
    except ValueError as error:
        raise Invalid("stock.bad-month", "格式须为 YYYY-MM（月份）或 YYYY-MM-DD（日期）", month=period) from error
    if month:
        return await take((first + timedelta(days=32)).replace(day=1), now=now)
    return await add_up(first + timedelta(days=1), now=now)


async def find_sums(day: date) -> Sums | None:
    """The kept sums of a day's begin, if there are any."""
    row: Any = await db.fetch_row(
        "SELECT day, known_at, up_to_seq, (SELECT count(*) FROM holding_snapshot WHERE day = $1) FROM holding_run"
        " WHERE day = $1",
        day,
    )
    return None if row is None else Sums(*row)


async def find(month: date) -> Snapshot | None:
    """The snapshot of a month, if it was taken."""
    row: Any = await db.fetch_row("SELECT month, known_at, up_to_seq, rows FROM snapshot_run WHERE month = $1", month)
    return None if row is None else Snapshot(*row)


async def list_taken() -> Sequence[Snapshot]:
    """Every snapshot, newest first."""
    rows = await db.fetch("SELECT month, known_at, up_to_seq, rows FROM snapshot_run ORDER BY month DESC")
    return [Snapshot(*row) for row in rows]


async def _last_committed_seq() -> int:
    """The last seq given out, once every transaction that may have written up to it has ended.

    A posting has a transaction id before it writes moves (it touches and locks balances first).
    """
    row: Any = await db.fetch_row(
        "SELECT (SELECT coalesce(max(seq), 0) FROM move), pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
    )
    last, horizon = row
    for _ in range(_PATIENCE * 10):
        oldest = await db.fetch_value("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        if oldest >= horizon:
            return int(last)
        await asyncio.sleep(timedelta(milliseconds=100).total_seconds())
    raise Refused("stock.snapshot-busy", "有未结束的过账，请稍后再做快照")
