"""What each owner holds of each item at each site, kept added up: a report over a city reads a few hundred thousand of
these instead of millions of balances (DESIGN section 5: projections).

Nothing of it is written by a posting, so postings never wait for each other's sums. `follow` reads the news of balances
and adds up anew what they touched; whoever reads takes the kept rows of everything that no later news touched, and adds
up the rest from the balances in the same statement (`current`). So the answer is that of the balances at every instant,
however far behind the sums are. Without a bookmark that can be trusted (`ready`) readers take the balances.
"""

from datetime import datetime, timedelta

from catalog.kernel import db, feed
from warehouse.stock.model import FIRST_INSIDE_PLACE
from warehouse.stock.queries.books import unheld
from warehouse.stock.queries.sight import IN_STORE

READER = "holdings"
AT_ONCE = 5000
"""News per turn."""
_LOST = feed.KEPT - timedelta(days=30)
"""A bookmark that did not move for longer may have lost news that were forgotten."""
_STALE = timedelta(hours=1)
"""So often the bookmark moves though nothing happened."""
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('warehouse.stock.holdings', 7))"

_KEY = "owner_region_id, site_id, item_id"
COLUMNS = f"{_KEY}, on_hand, in_transit, lent, days, lasting"
_ADDED = f"""
SELECT {{by}}, sum(on_hand)::bigint AS on_hand, sum(in_transit)::bigint AS in_transit, sum(lent)::bigint AS lent,
    coalesce(array_agg(day ORDER BY day) FILTER (WHERE good <> 0 AND day < 'infinity'), '{{{{}}}}') AS days,
    sum(good)::bigint || coalesce(array_agg((lasting - good)::bigint ORDER BY day)
        FILTER (WHERE good <> 0 AND day < 'infinity'), '{{{{}}}}') AS lasting
FROM (
    SELECT *, sum(good) OVER ({{within}} ORDER BY day DESC) AS lasting FROM (
        SELECT {{keys}}, coalesce(l.expires_on, 'infinity') AS day,
            coalesce(sum(b.on_hand) FILTER (WHERE p.kind IN {IN_STORE}), 0) AS on_hand,
            coalesce(sum(b.on_hand) FILTER (WHERE p.kind IN {IN_STORE} AND b.condition = 'good'), 0) AS good,
            coalesce(sum(b.on_hand) FILTER (WHERE p.kind = 'shipment'), 0) AS in_transit,
            coalesce(sum(b.on_hand) FILTER (WHERE p.kind = 'loan'), 0) AS lent
        FROM {{balances}} b JOIN lot l ON l.id = b.lot_id JOIN place p ON p.id = b.place_id
        WHERE b.on_hand <> 0{{where}} GROUP BY {{keys}}, l.expires_on
    ) one
) run GROUP BY {{by}}
"""
_EACH = {"by": _KEY, "within": f"PARTITION BY {_KEY}", "keys": "l.owner_region_id, p.site_id, l.item_id"}
FROM_BALANCES = _ADDED.format(balances="balance", where="", **_EACH)
"""Every holding, from the balances. A holding is there while anything stands there, on its way or lent."""
FROM_SNAPSHOT = _ADDED.format(balances="balance_snapshot", where=" AND b.month = $1", **_EACH)
"""The same as of a month's snapshot ($1)."""
_HELD = f"""(SELECT lot_id, place_id, condition, sum(q)::bigint AS on_hand FROM ({{start}}
    SELECT m.lot_id, v.place_id, v.condition, v.q FROM {{moves}} m CROSS JOIN LATERAL (VALUES
        (m.to_place, m.to_condition, m.quantity), (m.from_place, m.from_condition, -m.quantity)
    ) v (place_id, condition, q) WHERE v.place_id >= {FIRST_INSIDE_PLACE}
) x (lot_id, place_id, condition, q) GROUP BY 1, 2, 3)"""
_BEFORE = "occurred_at < $1::timestamptz AND recorded_at <= $2::timestamptz AND seq <= $3::bigint"
FROM_MOVES = _ADDED.format(
    balances=_HELD.format(start="", moves=f"(SELECT * FROM move WHERE {_BEFORE})"), where="", **_EACH
)
"""The same from all moves that occurred before $1, were recorded up to $2 and have a seq up to $3."""
SINCE_SNAPSHOT = _ADDED.format(
    balances=_HELD.format(
        start="SELECT lot_id, place_id, condition, on_hand FROM balance_snapshot WHERE month = $4::date UNION ALL",
        moves=unheld("$5::timestamptz", "$6::timestamptz", "$7::bigint", _BEFORE),
    ),
    where="",
    **_EACH,
)
"""The same from a month's snapshot ($4: the month, $5: its begin, $6: known_at, $7: up_to_seq) and the moves that it
does not hold."""
_OF_ONE = _ADDED.format(
    balances="balance",
    where=" AND b.item_id = t.item_id AND b.site_id = t.site_id AND l.owner_region_id = t.owner_region_id",
    **_EACH | {"within": ""},
)
# One row after the other by key: how many news there are PostgreSQL does not know, and takes them for a third of all.
_TOUCHED = """
SELECT DISTINCT l.owner_region_id, p.site_id, l.item_id FROM {news} f
CROSS JOIN LATERAL (SELECT owner_region_id, item_id FROM lot WHERE id = split_part(f.key, ':', 1)::bigint LIMIT 1) l
CROSS JOIN LATERAL (SELECT site_id FROM place WHERE id = split_part(f.key, ':', 2)::bigint LIMIT 1) p
"""
_MARK = f"(SELECT {{}} FROM feed_reader WHERE name = '{READER}')"
_LATER = _TOUCHED.format(
    news=f"(SELECT key FROM feed WHERE (xid, seq) > ({_MARK.format('xid')}, {_MARK.format('seq')})"
    " AND topic = 'balance' OFFSET 0)"
)


def current(also: str = "true") -> str:
    """SQL: all holdings (`COLUMNS`), as the balances are in this very statement. `also`: a condition on h's key."""
    return f"""
WITH touched AS MATERIALIZED (SELECT * FROM ({_LATER}) h WHERE {also})
SELECT {COLUMNS} FROM holding h WHERE {also} AND NOT EXISTS (SELECT 1 FROM touched t
    WHERE (t.owner_region_id, t.site_id, t.item_id) = (h.owner_region_id, h.site_id, h.item_id))
UNION ALL SELECT f.* FROM touched t CROSS JOIN LATERAL ({_OF_ONE} OFFSET 0) f"""


def usable_on(day: str) -> str:
    """SQL: what of the good goods in store of a holding is not expired on a day."""
    return f"lasting[1 + width_bucket({day} - 1, days)]"


TRUSTED = (
    f"EXISTS (SELECT 1 FROM feed_reader WHERE name = '{READER}' AND xid < pg_snapshot_xmin(pg_current_snapshot()))"
)
"""SQL: the sums were added up in this cluster, not before the database was restored here."""


async def ready(now: datetime) -> bool:
    """Whether the kept sums may be read: they were added up in this cluster and the news since are all there."""
    fresh = "SELECT EXISTS (SELECT 1 FROM feed_reader WHERE name = $1 AND at > $2)"
    return bool(await db.fetch_value(f"{fresh} AND {TRUSTED}", READER, now - _LOST))


async def rebuild(*, now: datetime) -> int:
    """Add up everything anew from the balances; how many holdings. Readers see the old sums until it is done."""
    async with db.transaction():
        await db.execute(_LOCK)
        position = await feed.frontier()
        await db.execute("SET LOCAL work_mem = '256MB'")
        await db.execute("DELETE FROM holding")
        await db.execute(f"INSERT INTO holding ({COLUMNS}) {FROM_BALANCES} ORDER BY 1, 2, 3")
        await feed.move_to(READER, position, now)
        return int(await db.fetch_value("SELECT count(*) FROM holding"))


_AGAIN = f"""
WITH t AS MATERIALIZED (SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])
    t (owner_region_id, site_id, item_id)), fresh AS MATERIALIZED (
    SELECT f.* FROM t CROSS JOIN LATERAL ({_OF_ONE} OFFSET 0) f
), gone AS (
    DELETE FROM holding h USING t WHERE (h.owner_region_id, h.site_id, h.item_id) = (t.owner_region_id, t.site_id,
        t.item_id) AND NOT EXISTS (SELECT 1 FROM fresh f WHERE (f.owner_region_id, f.site_id, f.item_id)
        = (t.owner_region_id, t.site_id, t.item_id))
)
INSERT INTO holding ({COLUMNS}) SELECT {COLUMNS} FROM fresh ORDER BY 1, 2, 3
ON CONFLICT ({_KEY}) DO UPDATE SET on_hand = excluded.on_hand,
    in_transit = excluded.in_transit, lent = excluded.lent, days = excluded.days, lasting = excluded.lasting
"""


async def follow(*, now: datetime, limit: int = AT_ONCE) -> int:
    """Add up anew what the next news touched; how many news there were. Everything, where the bookmark cannot be
    trusted."""
    async with db.transaction():
        await db.execute(_LOCK)
        if not await ready(now):
            await rebuild(now=now)
            return 0
        after = await feed.position_of(READER)
        if after is None:
            raise RuntimeError("a bookmark that was ready is gone")
        front = await feed.frontier()
        news = await feed.read(after, limit, ["balance"])
        if news:
            rows = await db.fetch(
                _TOUCHED.format(news="(SELECT unnest($1::text[]) AS key)"), sorted({one.key for one in news})
            )
            await db.execute(_AGAIN, *([row[at] for row in rows] for at in range(3)))
        elif not await _is_old(now):
            return 0
        seen = [one.position for one in news] if len(news) == limit else [front, *(one.position for one in news)]
        await feed.move_to(READER, max(seen, key=lambda at: (at.xid, at.seq)), now)
    return len(news)


async def _is_old(now: datetime) -> bool:
    return bool(
        await db.fetch_value(
            "SELECT EXISTS (SELECT 1 FROM feed_reader WHERE name = $1 AND at <= $2)", READER, now - _STALE
        )
    )
