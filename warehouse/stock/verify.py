"""`beiyu verify`: everything that is derived, recomputed from the moves. Names every difference, never repairs.

Each check is one statement, so that it sees the books at one instant while others go on posting. All sums are made in
the database, per lot and place; only what differs comes out.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from catalog.kernel import db
from warehouse.stock import holdings, snapshots
from warehouse.stock.model import FIRST_INSIDE_PLACE
from warehouse.stock.queries.books import begin_of, unheld

WORK_MEM = "128MB"
SUMS_TURN = 30
"""A year of kept days is worked out anew in so many nights: one of them costs up to half a minute in a large city."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The books and what was derived from them disagree here.

    `expected` is what the moves say, `found` what is stored; `subject` names the row where lot and place do not (a
    serial's number, a move's seq, a pallet's number, a snapshot's month).
    """

    kind: str
    lot_id: int | None = None
    lot: str | None = None
    place_id: int | None = None
    place: str | None = None
    condition: str | None = None
    expected: str | None = None
    found: str | None = None
    subject: str | None = None

    def __str__(self) -> str:
        where = [f"lot {self.lot or self.lot_id}"] if self.lot_id is not None else []
        where += [f"at {self.place or self.place_id}"] if self.place_id is not None else []
        where += [str(part) for part in (self.condition, self.subject) if part is not None]
        return f"{self.kind}: {' '.join(where)}: expected {self.expected}, found {self.found}"


@dataclass(frozen=True, slots=True)
class Check:
    """One statement that answers (lot, place, condition, expected, found, subject) for whatever differs."""

    kind: str
    what: str
    sql: str


_INSIDE = FIRST_INSIDE_PLACE
_LEGS = """move m CROSS JOIN LATERAL (VALUES (m.to_place, m.to_condition, m.quantity),
    (m.from_place, m.from_condition, -m.quantity)) v (place_id, condition, q)"""

_HOLDINGS = """NULL::bigint, NULL::bigint, NULL,
    nullif(concat_ws(' ', a.on_hand, a.in_transit, a.lent, a.days, a.lasting), ''),
    nullif(concat_ws(' ', k.on_hand, k.in_transit, k.lent, k.days, k.lasting), ''),
    'region ' || owner_region_id || ' site ' || site_id || ' item ' || item_id"""
_DIFFER = """(a.on_hand, a.in_transit, a.lent, a.days, a.lasting)
    IS DISTINCT FROM (k.on_hand, k.in_transit, k.lent, k.days, k.lasting)"""

CHECKS: Sequence[Check] = (
    Check(
        "balance",
        "on_hand of every lot, place and condition against the sum of its moves",
        f"""
WITH net AS (SELECT m.lot_id, v.place_id, v.condition, sum(v.q) AS q FROM {_LEGS}
    WHERE v.place_id >= {_INSIDE} GROUP BY 1, 2, 3)
SELECT lot_id, place_id, condition, coalesce(n.q, 0), coalesce(b.on_hand, 0), NULL
FROM net n FULL JOIN balance b USING (lot_id, place_id, condition) WHERE coalesce(n.q, 0) <> coalesce(b.on_hand, 0)
""",
    ),
    Check(
        "bounds",
        "no balance below zero, none promised beyond what is there",
        "SELECT lot_id, place_id, condition, '0 <= reserved <= on_hand', reserved || ' of ' || on_hand, NULL"
        " FROM balance WHERE on_hand < 0 OR reserved < 0 OR reserved > on_hand",
    ),
    Check(
        "balance-key",
        "the item and site that a balance repeats",
        "SELECT b.lot_id, b.place_id, b.condition, l.item_id || '/' || coalesce(p.site_id::text, '-'),"
        " b.item_id || '/' || b.site_id, NULL FROM balance b JOIN lot l ON l.id = b.lot_id"
        " JOIN place p ON p.id = b.place_id WHERE (b.item_id, b.site_id) IS DISTINCT FROM (l.item_id, p.site_id)",
    ),
    Check(
        "reserved",
        "reserved of every balance against its held reservations",
        """
WITH held AS (SELECT lot_id, place_id, condition, sum(quantity) AS q FROM reservation WHERE state = 'held'
    GROUP BY 1, 2, 3)
SELECT lot_id, place_id, condition, coalesce(h.q, 0), coalesce(b.reserved, 0), NULL
FROM held h FULL JOIN (SELECT * FROM balance WHERE reserved <> 0) b USING (lot_id, place_id, condition)
WHERE coalesce(h.q, 0) <> coalesce(b.reserved, 0)
""",
    ),
    Check(
        "outside",
        "what came from and went to each outside place, per lot",
        f"""
WITH net AS (
    SELECT m.lot_id, v.place_id, sum(v.came) AS came, sum(v.went) AS went FROM move m CROSS JOIN LATERAL (VALUES
        (m.from_place, m.quantity, 0), (m.to_place, 0, m.quantity)) v (place_id, came, went)
    WHERE v.place_id < {_INSIDE} GROUP BY 1, 2)
SELECT lot_id, place_id, NULL, coalesce(n.came, 0) || ' came, ' || coalesce(n.went, 0) || ' went',
    coalesce(t.came, 0) || ' came, ' || coalesce(t.went, 0) || ' went', NULL
FROM net n FULL JOIN outside_total t USING (lot_id, place_id)
WHERE (coalesce(n.came, 0), coalesce(n.went, 0)) <> (coalesce(t.came, 0), coalesce(t.went, 0))
""",
    ),
    Check(
        "serial-state",
        "where every numbered piece stands against its last move",
        """
WITH last AS (
    SELECT DISTINCT ON (ms.serial_id) ms.serial_id, m.lot_id, m.to_place, m.to_condition, m.seq
    FROM move_serial ms JOIN move m ON m.seq = ms.move_seq ORDER BY ms.serial_id, ms.move_seq DESC)
SELECT coalesce(n.lot_id, t.lot_id), coalesce(n.to_place, t.place_id), coalesce(n.to_condition, t.condition),
    CASE WHEN n.serial_id IS NULL THEN 'nowhere'
        ELSE 'lot ' || n.lot_id || ' at ' || n.to_place || ' ' || n.to_condition || ' by move ' || n.seq END,
    CASE WHEN t.serial_id IS NULL THEN 'nowhere'
        ELSE 'lot ' || t.lot_id || ' at ' || t.place_id || ' ' || t.condition || ' by move ' || t.move_seq END,
    'serial ' || s.number
FROM last n FULL JOIN serial_state t USING (serial_id) JOIN serial s ON s.id = serial_id
WHERE (n.lot_id, n.to_place, n.to_condition, n.seq) IS DISTINCT FROM (t.lot_id, t.place_id, t.condition, t.move_seq)
""",
    ),
    Check(
        "serial-path",
        "every move of a piece begins where the one before left it",
        f"""
SELECT x.lot_id, x.from_place, x.from_condition,
    coalesce(was_lot || ' at ' || was_place || ' ' || was_condition, 'outside'),
    x.lot_id || ' at ' || x.from_place || ' ' || x.from_condition, 'serial ' || s.number || ' move ' || x.seq
FROM (
    SELECT ms.serial_id, m.seq, m.lot_id, m.from_place, m.from_condition,
        lag(m.lot_id) OVER w AS was_lot, lag(m.to_place) OVER w AS was_place,
        lag(m.to_condition) OVER w AS was_condition
    FROM move_serial ms JOIN move m ON m.seq = ms.move_seq WINDOW w AS (PARTITION BY ms.serial_id ORDER BY m.seq)
) x JOIN serial s ON s.id = x.serial_id
WHERE (from_place >= {_INSIDE} OR was_place >= {_INSIDE})
    AND (x.lot_id, x.from_place, x.from_condition) IS DISTINCT FROM (was_lot, was_place, was_condition)
""",
    ),
    Check(
        "serial-count",
        "pieces standing at a place against the balance there",
        f"""
WITH pieces AS (SELECT lot_id, place_id, condition, count(*) AS q FROM serial_state WHERE place_id >= {_INSIDE}
    GROUP BY 1, 2, 3),
held AS (SELECT b.* FROM balance b JOIN item i ON i.id = b.item_id WHERE i.tracking = 'serial' AND b.on_hand <> 0)
SELECT lot_id, place_id, condition, coalesce(p.q, 0), coalesce(h.on_hand, 0), NULL
FROM pieces p FULL JOIN held h USING (lot_id, place_id, condition) WHERE coalesce(p.q, 0) <> coalesce(h.on_hand, 0)
""",
    ),
    Check(
        "move-serials",
        "as many pieces on every move of numbered goods as its quantity",
        """
SELECT m.lot_id, m.from_place, m.from_condition, m.quantity, count(ms.serial_id), 'move ' || m.seq
FROM item i JOIN lot l ON l.item_id = i.id JOIN move m ON m.lot_id = l.id
LEFT JOIN move_serial ms ON ms.move_seq = m.seq
WHERE i.tracking = 'serial' GROUP BY m.seq HAVING count(ms.serial_id) <> m.quantity
UNION ALL
SELECT m.lot_id, m.from_place, m.from_condition, 0, 1, 'move ' || m.seq
FROM move_serial ms JOIN move m ON m.seq = ms.move_seq JOIN lot l ON l.id = m.lot_id JOIN item i ON i.id = l.item_id
WHERE i.tracking <> 'serial'
""",
    ),
    Check(
        "pallet",
        "open pallets list no more than stands at their place",
        """
WITH listed AS (
    SELECT l.lot_id, p.place_id, l.condition, sum(l.quantity) AS q, string_agg(p.number, ', ' ORDER BY p.id) AS numbers
    FROM pallet p JOIN pallet_line l ON l.pallet_id = p.id WHERE p.status = 'open' GROUP BY 1, 2, 3)
SELECT lot_id, place_id, condition, 'at least ' || listed.q, coalesce(b.on_hand, 0), 'pallet ' || listed.numbers
FROM listed LEFT JOIN balance b USING (lot_id, place_id, condition) WHERE listed.q > coalesce(b.on_hand, 0)
""",
    ),
    Check(
        "reversal",
        "every reversal mirrors its original",
        """
SELECT r.lot_id, r.from_place, r.from_condition,
    o.quantity || ' of lot ' || o.lot_id || ' from ' || o.to_place || ' ' || o.to_condition || ' to ' || o.from_place
        || ' ' || o.from_condition,
    r.quantity || ' of lot ' || r.lot_id || ' from ' || r.from_place || ' ' || r.from_condition || ' to ' || r.to_place
        || ' ' || r.to_condition,
    'move ' || r.seq || ' reverses ' || o.seq
FROM move r JOIN move o ON o.seq = r.reverses
WHERE (r.lot_id, r.quantity, r.from_place, r.from_condition, r.to_place, r.to_condition)
    <> (o.lot_id, o.quantity, o.to_place, o.to_condition, o.from_place, o.from_condition) OR r.seq <= o.seq
""",
    ),
    Check(
        "case",
        "every flagged move belongs to the case that its own attempt opened",
        """
SELECT m.lot_id, m.from_place, m.from_condition, 'a case of attempt ' || m.attempt,
    coalesce('case ' || c.uuid || ' of attempt ' || c.attempt, 'none'), 'move ' || m.seq
FROM move m LEFT JOIN discrepancy_case c ON c.id = m.case_id
WHERE m.case_id IS NOT NULL AND c.attempt IS DISTINCT FROM m.attempt
""",
    ),
    Check(
        "holding",
        "what is kept added up by owner, site and item against the balances, and so against the moves",
        f"""
SELECT {_HOLDINGS} FROM ({holdings.FROM_BALANCES}) a
FULL JOIN ({holdings.current()}) k USING (owner_region_id, site_id, item_id) WHERE {_DIFFER} AND {holdings.TRUSTED}
""",
    ),
    Check(
        "attempt",
        "every move was written by an attempt that is known as done",
        """
SELECT m.lot_id, m.from_place, m.from_condition, 'attempt ' || m.attempt || ' done', coalesce(a.outcome, 'none'),
    'move ' || m.seq
FROM move m LEFT JOIN attempt a ON a.id = m.attempt WHERE a.outcome IS DISTINCT FROM 'done'
""",
    ),
)

RUNNING = Check(
    "running",
    "in the order of writing no balance was ever below zero",
    f"""
SELECT lot_id, place_id, condition, 'never below 0', low, 'move ' || seq FROM (
    SELECT DISTINCT ON (lot_id, place_id, condition) lot_id, place_id, condition, low, seq FROM (
        SELECT m.lot_id, v.place_id, v.condition, m.seq,
            sum(v.q) OVER (PARTITION BY m.lot_id, v.place_id, v.condition ORDER BY m.seq) AS low
        FROM {_LEGS} WHERE v.place_id >= {_INSIDE}) r
    WHERE low < 0 ORDER BY lot_id, place_id, condition, seq) x
""",
)
"""Dearer than the others (it sorts the whole ledger): asked for by `thorough`."""

_NAMED = """
SELECT d.lot_id, l.number, d.place_id, concat_ws(' ', s.code, p.code), d.condition, d.expected, d.found, d.subject
FROM ({sql}) d (lot_id, place_id, condition, expected, found, subject)
LEFT JOIN lot l ON l.id = d.lot_id LEFT JOIN place p ON p.id = d.place_id LEFT JOIN site s ON s.id = p.site_id
ORDER BY d.lot_id, d.place_id, d.condition, d.subject
"""
_HELD = "seq <= $8::bigint AND occurred_at < $6::timestamptz AND recorded_at <= $7::timestamptz"
_SNAPSHOT = f"""
SELECT lot_id, place_id, condition, sum(q), sum(stored), 'snapshot ' || $5::date FROM (
    SELECT lot_id, place_id, condition, on_hand AS q, 0 AS stored FROM balance_snapshot WHERE month = $1
    UNION ALL
    SELECT m.lot_id, v.place_id, v.condition, v.q, 0
    FROM {unheld("$2::timestamptz", "$3::timestamptz", "$4::bigint", _HELD)} m
    CROSS JOIN LATERAL (VALUES (m.to_place, m.to_condition, m.quantity),
        (m.from_place, m.from_condition, -m.quantity)) v (place_id, condition, q)
    WHERE v.place_id >= {_INSIDE}
    UNION ALL
    SELECT lot_id, place_id, condition, 0, on_hand FROM balance_snapshot WHERE month = $5
) held GROUP BY 1, 2, 3 HAVING sum(q) <> sum(stored)
"""


_KEPT_SUMS = f"""
SELECT {_HOLDINGS} || ' sums of ' || {{day}} FROM ({{added}}) a
FULL JOIN (SELECT * FROM holding_snapshot WHERE day = {{day}}) k USING (owner_region_id, site_id, item_id)
WHERE {_DIFFER}
"""


async def stream(*, thorough: bool = False) -> AsyncIterator[Difference]:
    """Every difference, check by check."""
    for check in (*CHECKS, *([RUNNING] if thorough else [])):
        for difference in await _ask(check.kind, check.sql):
            yield difference
    for difference in [*await _snapshots(), *await _sums(thorough=thorough)]:
        yield difference


async def run(*, thorough: bool = False) -> list[Difference]:
    """Every difference between the moves and what is derived from them; empty if the books are right."""
    return [difference async for difference in stream(thorough=thorough)]


async def _ask(kind: str, sql: str, *args: Any) -> list[Difference]:
    async with db.transaction():
        await db.execute(f"SET LOCAL work_mem = '{WORK_MEM}'")
        rows = await db.fetch(_NAMED.format(sql=sql), *args)
    return [
        Difference(kind, row[0], row[1], row[2], row[3] or None, row[4], _text(row[5]), _text(row[6]), row[7])
        for row in map(tuple, rows)
    ]


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


async def _snapshots() -> list[Difference]:
    """Each snapshot against the one before and the moves between; against all moves where that one differs or does
    not hold less."""
    found: list[Difference] = []
    before: tuple[Any, ...] | None = None
    for row in map(tuple, await db.fetch("SELECT month, known_at, up_to_seq FROM snapshot_run ORDER BY month")):
        differences: list[Difference] | None = None
        if before is not None and before[1] <= row[1] and before[2] <= row[2]:
            differences = await _one_snapshot(before, row)
        if differences is None or differences:
            differences = await _one_snapshot(None, row)
        before = None if differences else row
        found += differences
    orphans = await db.fetch(
        "SELECT DISTINCT month FROM balance_snapshot WHERE month NOT IN (SELECT month FROM snapshot_run)"
    )
    return found + [Difference("snapshot", expected="a run", found="none", subject=f"snapshot {r[0]}") for r in orphans]


async def _sums(*, thorough: bool) -> list[Difference]:
    """The kept sums of days against the month's snapshot before each and the moves since, else against all moves: the
    two last ones and every `SUMS_TURN`th, another part with each new day; all where it is thorough."""
    found: list[Difference] = []
    runs = list(map(tuple, await db.fetch("SELECT day, known_at, up_to_seq FROM holding_run ORDER BY day")))
    if not thorough:
        turn = runs[-1][0].toordinal() if runs else 0
        runs = [run for run in runs if run in runs[-2:] or (turn - run[0].toordinal()) % SUMS_TURN == 0]
    for run in runs:
        added, *args = await snapshots.sums_of(*run)
        day = f"${len(args) + 1}::date"
        found += await _ask("sums", _KEPT_SUMS.format(added=added, day=day), *args, run[0])
    orphans = await db.fetch("SELECT DISTINCT day FROM holding_snapshot WHERE day NOT IN (SELECT day FROM holding_run)")
    return found + [Difference("sums", expected="a run", found="none", subject=f"sums of {row[0]}") for row in orphans]


async def _one_snapshot(before: tuple[Any, ...] | None, row: tuple[Any, ...]) -> list[Difference]:
    month, known_at, up_to = before or (date(1, 1, 1), row[1], -1)
    begin = begin_of(month) if before else begin_of(row[0])
    held = (begin_of(row[0]), row[1], row[2])
    return await _ask("snapshot", _SNAPSHOT, month, begin, known_at, up_to, row[0], *held)
