"""The news: one row per thing that happened, written in the transaction that made it happen (DESIGN section 10).

Readers take only rows whose transaction id lies below the oldest still running one, so that nothing committed late
is skipped. No NOTIFY per posting: the readers poll or are woken, coalesced, by the edge.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from piccolo.columns import BigInt, Text, Timestamptz
from piccolo.table import Table

from catalog.kernel import db

LAST = 2**62
"""Greater than every seq."""


class Feed(Table, tablename="feed"):
    """`xid` (xid8) stays out of Piccolo's columns: it is only compared inside SQL."""

    seq = BigInt(primary_key=True)
    topic = Text()
    key = Text()
    at = Timestamptz()


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Behind which row a reader stands. Transactions write in any order, so `seq` alone is none: a row that commits
    late may have a smaller one than rows that were read."""

    xid: int
    seq: int


@dataclass(frozen=True, slots=True)
class News:
    """Something happened to `key` of `topic`; `position` is the reader's bookmark."""

    position: Bookmark
    topic: str
    key: str
    at: datetime


async def publish(topic: str, keys: Iterable[str], at: datetime) -> None:
    """Append one row per key. Call inside the transaction that made the news."""
    await db.execute(
        "INSERT INTO feed (topic, key, at) SELECT $1, k, $3 FROM unnest($2::text[]) k", topic, list(keys), at
    )


async def read(after: Bookmark, limit: int = 1000, topics: Sequence[str] | None = None) -> Sequence[News]:
    """News behind a bookmark, none that could still be overtaken; of some topics or of all."""
    rows = await db.fetch(
        "SELECT xid::text::bigint, seq, topic, key, at FROM feed WHERE (xid, seq) > ($1::text::xid8, $2)"
        " AND xid < pg_snapshot_xmin(pg_current_snapshot()) AND ($4::text[] IS NULL OR topic = ANY($4))"
        " ORDER BY xid, seq LIMIT $3",
        str(after.xid),
        after.seq,
        limit,
        None if topics is None else list(topics),
    )
    return [News(Bookmark(row[0], row[1]), *tuple(row)[2:]) for row in rows]


async def frontier() -> Bookmark:
    """Behind everything that `read` can give now, before everything that it will give later."""
    xid = await db.fetch_value("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    return Bookmark(int(xid) - 1, LAST)


async def position_of(reader: str) -> Bookmark | None:
    """Where a reader stopped; None for one that never read, or whose database was restored elsewhere since (transaction
    ids begin anew there): it begins anew from the rows themselves."""
    row = await db.fetch_row("SELECT xid::text::bigint, seq FROM feed_reader WHERE name = $1", reader)
    if row is None or row[0] > (await frontier()).xid:
        return None
    return Bookmark(row[0], row[1])


async def move_to(reader: str, position: Bookmark, at: datetime) -> None:
    """Keep where a reader stopped. Call inside the transaction that did what the news asked for."""
    await db.execute(
        "INSERT INTO feed_reader (name, xid, seq, at) VALUES ($1, $2::text::xid8, $3, $4) ON CONFLICT (name) DO UPDATE"
        " SET xid = excluded.xid, seq = excluded.seq, at = excluded.at",
        reader,
        str(position.xid),
        position.seq,
        at,
    )


KEPT = timedelta(days=90)
"""A reader that was away for longer begins anew from the rows themselves."""


async def forget(now: datetime) -> int:
    """Delete news older than `KEPT`; how many."""
    rows = await db.fetch("DELETE FROM feed WHERE at < $1 RETURNING seq", now - KEPT)
    return len(rows)
