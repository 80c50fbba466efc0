"""What the books said of a bin at the moment it was counted, as known now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from catalog.kernel import db
from warehouse.stock.model import StockKey

_NOT_GOODS = "('adjust', 'take-back')"
"""What a fact found lacking in the books, or took back from a count, is no goods that moved: it was there before."""
_THEN = f"""
WITH t AS MATERIALIZED (SELECT * FROM unnest($1::bigint[], $2::timestamptz[]) t (place_id, at)),
legs AS (
    SELECT t.place_id, t.at, m.lot_id, m.to_condition AS condition, m.quantity AS signed, m.reason, m.reverses
    FROM t JOIN move m ON m.to_place = t.place_id AND m.occurred_at > t.at AND m.recorded_at > t.at
    UNION ALL
    SELECT t.place_id, t.at, m.lot_id, m.from_condition, -m.quantity, m.reason, m.reverses
    FROM t JOIN move m ON m.from_place = t.place_id AND m.occurred_at > t.at AND m.recorded_at > t.at
),
since AS (
    SELECT g.place_id, g.lot_id, g.condition, sum(g.signed)::bigint AS net, count(*) AS moves
    FROM legs g LEFT JOIN move o ON o.seq = g.reverses
    WHERE g.reason NOT IN {_NOT_GOODS} AND (o.seq IS NULL OR o.occurred_at > g.at)
    GROUP BY g.place_id, g.lot_id, g.condition
)
SELECT b.lot_id, b.place_id, b.condition, b.on_hand, coalesce(s.net, 0)::bigint, coalesce(s.moves, 0)::int
FROM t JOIN balance b ON b.place_id = t.place_id LEFT JOIN since s
    ON (s.place_id, s.lot_id, s.condition) = (b.place_id, b.lot_id, b.condition)
WHERE b.on_hand <> 0 OR s.moves > 0
ORDER BY b.place_id, b.lot_id, b.condition
"""
_MOVED_PIECES = """
SELECT DISTINCT k.serial_id FROM move_serial k JOIN move m ON m.seq = k.move_seq LEFT JOIN move o ON o.seq = m.reverses
WHERE k.serial_id = ANY($1::bigint[]) AND m.occurred_at > $2 AND (o.seq IS NULL OR o.occurred_at > $2)
"""


@dataclass(frozen=True, slots=True)
class BooksThen:
    """A balance now, and what came in or went out (negative) since the bin was counted."""

    on_hand: int
    since: int
    moves: int

    @property
    def then(self) -> int:
        """What the books said at that moment. A late fact that happened before it is in, a move after it is not."""
        return self.on_hand - self.since


async def books_then(counted_at: Mapping[int, datetime]) -> dict[StockKey, BooksThen]:
    """The books of some places, each at its own moment; keys where nothing stood and nothing moved are left out.

    An undoing belongs to the moment of what it undoes. Not scoped; not locked.
    """
    if not counted_at:
        return {}
    rows = await db.fetch(_THEN, list(counted_at), list(counted_at.values()))
    return {StockKey(row[0], row[1], row[2]): BooksThen(row[3], row[4], row[5]) for row in rows}


async def moved_pieces(serial_ids: Collection[int], after: datetime) -> set[int]:
    """Which of these numbered pieces moved after an instant: what the books say of them is newer than a count then."""
    if not serial_ids:
        return set()
    return {row[0] for row in await db.fetch(_MOVED_PIECES, list(serial_ids), after)}


async def counted_since(counted_at: Mapping[int, datetime]) -> set[int]:
    """Which of these places have a posted count that is younger than the moment given."""
    rows = await db.fetch(
        "SELECT DISTINCT c.place_id FROM unnest($1::bigint[], $2::timestamptz[]) t (place_id, at)"
        " JOIN bin_count c ON c.place_id = t.place_id AND c.counted_at > t.at",
        list(counted_at),
        list(counted_at.values()),
    )
    return {row[0] for row in rows}
