"""Monthly balance snapshots: they make an as-of balance a snapshot plus what it does not hold (DESIGN section 5).

The snapshot of month M holds the moves with seq up to `up_to_seq` that occurred before M began in Shanghai and were
recorded up to `known_at`. Which moves a snapshot holds can be said of every move for ever, so the answer is the same
with it or without it: a fact that is dated back, a history that is loaded later, a posting that committed while the
snapshot was taken are simply not in it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
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
            f"INSERT INTO holding_snapshot (month, {holdings.COLUMNS}) SELECT $1, * FROM ({holdings.FROM_SNAPSHOT}) h"
            " ORDER BY 2, 3, 4",
            month,
        )
        await db.execute(
            "INSERT INTO snapshot_run (month, known_at, up_to_seq, rows, added_up) VALUES ($1, $2, $3, $4, true)",
            month,
            now,
            up_to,
            rows,
        )
        return Snapshot(month, now, up_to, rows)


async def take_due(now: datetime) -> Snapshot | None:
    """The monthly job: take the snapshot of the month that `now` lies in, unless it is there."""
    month = day_of(now).replace(day=1)
    return None if await find(month) is not None else await take(month, now=now)


async def take_end_of(month: str | None, *, now: datetime) -> Snapshot:
    """The snapshot of the end of a month "YYYY-MM"; without one, of the last month that has ended.

    Raises Invalid for anything that is not a month, or for one that has not ended.
    """
    if month is None:
        return await take(day_of(now).replace(day=1), now=now)
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise Invalid("stock.bad-month", "月份格式须为 YYYY-MM", month=month) from error
    return await take((first + timedelta(days=32)).replace(day=1), now=now)


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
