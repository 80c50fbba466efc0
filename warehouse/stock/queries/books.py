"""The books: moves as they were written, and balances as of any past second.

As-of(T, known at K) counts the moves that occurred up to T and were recorded up to K. K lies `SETTLED` back, so that no
posting that is still on its way can change the answer later; every report prints its K.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Invalid
from catalog.kernel.page import Page, checked_limit, read_cursor
from catalog.kernel.time import SHANGHAI
from warehouse.stock.model import FIRST_INSIDE_PLACE, Reason
from warehouse.stock.queries.loads import MOVE_JOINS, MOVE_SELECT, move_from
from warehouse.stock.queries.sight import Where, fetch_page, see
from warehouse.stock.queries.views import AsOfRow, MoveRow, StatementRow

SETTLED = timedelta(seconds=10)
"""A posting is committed this long after it was recorded, or it never is: requests are cut off earlier."""


def settled(at: datetime) -> datetime:
    """The latest `known_at` whose answer is final, at an instant."""
    return at - SETTLED


# -- moves ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MoveFilter:
    """Which moves; None says nothing. `since` and `until` (exclusive) are on `recorded_at`."""

    lot_id: int | None = None
    place_id: int | None = None
    site_id: int | None = None
    item_id: int | None = None
    document_id: UUID | None = None
    person_id: int | None = None
    serial_id: int | None = None
    case_id: int | None = None
    attempt: UUID | None = None
    reason: Reason | None = None
    since: datetime | None = None
    until: datetime | None = None


async def list_moves(
    *, scope: Scope, wanted: MoveFilter = MoveFilter(), cursor: str | None = None, limit: int | None = None
) -> Page[MoveRow]:
    """Moves in sight, newest first. A move is seen where one of its legs or its lot's owner is."""
    size, sight, where = checked_limit(limit), await see(scope), Where()
    before = read_cursor(cursor, 1)
    if before is not None:
        if not isinstance(before[0], int):
            raise Invalid("page.bad-cursor", "翻页标记无效，请从第一页重新开始")
        where.add("m.seq < {}", before[0])
    for column, value in (
        ("m.lot_id", wanted.lot_id),
        ("m.document_id", wanted.document_id),
        ("m.person_id", wanted.person_id),
        ("m.case_id", wanted.case_id),
        ("m.attempt", wanted.attempt),
        ("m.reason", wanted.reason.value if wanted.reason else None),
    ):
        if value is not None:
            where.add(column + " = {}", value)
    if wanted.item_id is not None:
        where.add("m.lot_id IN (SELECT id FROM lot WHERE item_id = {})", wanted.item_id)
    if wanted.serial_id is not None:
        where.add("m.seq IN (SELECT move_seq FROM move_serial WHERE serial_id = {})", wanted.serial_id)
    if wanted.since is not None:
        where.add("m.recorded_at >= {}", wanted.since)
        first, many = await _first_since(wanted.since)
        if first is None:
            return Page([])
        if not many:
            where.add("m.seq >= {}", first)
    if wanted.until is not None:
        where.add("m.recorded_at < {}", wanted.until)
    if not sight.everything:
        legs = f"{sight.at('fp.site_id')} OR {sight.at('tp.site_id')}" if sight.sites else "false"
        where.conditions.append(f"({legs} OR {sight.owned('l.owner_path')})")
    sql = _moves_sql(where, wanted, size)
    rows, following = await fetch_page(lambda _: sql, where.args, 1, size)
    return Page([move_from(row) for row in rows], following)


_MANY = 200_000


async def _first_since(since: datetime) -> tuple[int | None, bool]:
    """The lowest seq of what was recorded since, None where nothing was; and whether there is so much of it that
    walking back from the newest finds a page soon. Without that seq the walk back goes on to the very first move on a
    morning on which little has been recorded yet."""
    row: Any = await db.fetch_row(
        "SELECT min(seq), count(*) FROM (SELECT seq FROM move WHERE recorded_at >= $1 LIMIT $2) m", since, _MANY
    )
    return row[0], row[1] == _MANY


def _moves_sql(where: Where, wanted: MoveFilter, size: int) -> str:
    """Where a place or site is asked for, each leg's index is walked by itself and the two are merged."""
    tail = f" ORDER BY m.seq DESC LIMIT {size + 1}"
    legs: Sequence[str] = ("true",)
    if wanted.place_id is not None:
        legs = [f"m.{leg} = {int(wanted.place_id)}" for leg in ("from_place", "to_place")]
    elif wanted.site_id is not None:
        legs = [f"{leg}.site_id = {int(wanted.site_id)}" for leg in ("fp", "tp")]
    either = [f"({MOVE_SELECT}FROM move m{MOVE_JOINS} {where.text(leg)}{tail})" for leg in legs]
    return either[0] if len(either) == 1 else " UNION ".join(either) + f" ORDER BY 1 DESC LIMIT {size + 1}"


# -- balances of the past ------------------------------------------------------------------------------------------

_LEGS = f"""
SELECT m.lot_id, v.place_id, v.condition, v.q FROM {{moves}} m CROSS JOIN LATERAL (VALUES
    (m.to_place, m.to_condition, m.quantity), (m.from_place, m.from_condition, -m.quantity)) v (place_id, condition, q)
WHERE v.place_id >= {FIRST_INSIDE_PLACE}
"""
_LAST_SNAPSHOT = """
SELECT month, known_at, up_to_seq FROM snapshot_run WHERE month <= $1 AND known_at <= $2 ORDER BY month DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class AsOfFilter:
    """Which balances of the past; None says nothing."""

    site_id: int | None = None
    place_id: int | None = None
    item_id: int | None = None
    lot_id: int | None = None


def served_by(at: datetime) -> date:
    """The latest day whose snapshot may serve `at`: it holds what occurred before the day began (Shanghai), so it
    serves every instant from one microsecond before that."""
    return (at + timedelta(microseconds=1)).astimezone(SHANGHAI).date()


def begin_of(day: date) -> datetime:
    """The first instant of a Shanghai day; of a month, by its first day."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)


async def as_of(*, at: datetime, known_at: datetime, scope: Scope, wanted: AsOfFilter = AsOfFilter()) -> list[AsOfRow]:
    """Balances as they stood at `at`, as far as was known at `known_at`; zero ones are left out.

    A balance of the past may be negative where a back-dated fact was recorded against goods that came later.
    """
    sight = await see(scope)
    base: Any = await db.fetch_row(_LAST_SNAPSHOT, served_by(at), known_at)
    where = Where(args=(at, known_at))
    if wanted.lot_id is not None:
        where.add("n.lot_id = {}", wanted.lot_id)
    if wanted.place_id is not None:
        where.add("n.place_id = {}", wanted.place_id)
    joined = Where()
    joined.args = where.args
    if wanted.item_id is not None:
        joined.add("l.item_id = {}", wanted.item_id)
    if wanted.site_id is not None:
        joined.add("p.site_id = {}", wanted.site_id)
    joined.seen(sight, "p.site_id", "l.owner_path")
    net = _past(where, base)
    sql = f"""
WITH net AS ({net})
SELECT n.lot_id, l.number, l.item_id, i.key, i.name_zh, i.unit_zh, i.unit_factor, l.expires_on,
    n.place_id, p.code, p.kind, p.site_id, s.code, n.condition, sum(n.q)::bigint
FROM net n JOIN lot l ON l.id = n.lot_id JOIN item i ON i.id = l.item_id JOIN place p ON p.id = n.place_id
JOIN site s ON s.id = p.site_id{joined.text(*where.conditions)}
GROUP BY n.lot_id, l.id, i.id, n.place_id, p.id, s.id, n.condition HAVING sum(n.q) <> 0
ORDER BY i.sort_key, i.id, l.expires_on NULLS LAST, l.id, s.code, p.sort_key, p.id, n.condition
"""
    return [AsOfRow(*row) for row in await db.fetch(sql, *where.args)]


def _past(where: Where, base: Any) -> str:
    """Rows (lot_id, place_id, condition, q) that add up to the balances at $1 as known at $2.

    With a snapshot: its rows, and the moves that it does not hold.
    """
    if base is None:
        return _LEGS.format(moves="(SELECT * FROM move WHERE occurred_at <= $1 AND recorded_at <= $2)")
    month, begin = where.bind(base[0]) + "::date", where.bind(begin_of(base[0])) + "::timestamptz"
    known, seq = where.bind(base[1]) + "::timestamptz", where.bind(base[2]) + "::bigint"
    return f"""
    SELECT lot_id, place_id, condition, on_hand AS q FROM balance_snapshot WHERE month = {month}
    UNION ALL {_LEGS.format(moves=unheld(begin, known, seq, "occurred_at <= $1 AND recorded_at <= $2"))}"""


def unheld(begin: str, known: str, seq: str, also: str) -> str:
    """SQL: the moves with `also` that a snapshot of what occurred before `begin` does not hold: those that occurred
    since, and those of before that were written after it or were recorded after it was known. Each part is bounded on
    both sides, or by two bounds that only a few pages meet (index `move_times`)."""
    return f"""(
        SELECT * FROM move WHERE occurred_at >= {begin} AND {also}
        UNION ALL
        SELECT * FROM move WHERE occurred_at < {begin} AND seq + 0 > {seq} AND {also}
        UNION ALL
        SELECT * FROM move WHERE occurred_at < {begin} AND seq + 0 <= {seq} AND recorded_at > {known} AND {also}
    )"""


# -- 收发存 --------------------------------------------------------------------------------------------------------


class By(StrEnum):
    """What one line of the statement is."""

    ITEM = "item"
    LOT = "lot"
    SITE = "site"


_GROUPS = {By.ITEM: "0::bigint, 0::bigint", By.LOT: "l.id, 0::bigint", By.SITE: "0::bigint, p.site_id"}


async def statement(
    *,
    month: date,
    scope: Scope,
    by: By = By.ITEM,
    site_id: int | None = None,
    item_id: int | None = None,
) -> list[StatementRow]:
    """收发存 of a Shanghai month by `booked_on`: opening + in − out = closing, by item, by lot, or by item and site.

    What is counted is the stock in sight (at a site, if one is named). Goods that only change places inside one line
    are neither in nor out. Openings are counted back from today's balances over what was booked since, all in one
    statement, so that they always add up; `ins` and `outs` are by reason.
    """
    sight = await see(scope)
    first = month.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    where = Where(args=(first, following))
    where.seen(sight, "p.site_id", "l.owner_path")
    if site_id is not None:
        where.add("p.site_id = {}", site_id)
    if item_id is not None:
        where.add("l.item_id = {}", item_id)
    group = f"l.item_id, {_GROUPS[by]}"
    joins = "JOIN lot l ON l.id = x.lot_id JOIN place p ON p.id = x.place_id"
    legs = f"""(SELECT m.seq, m.booked_on, m.reason, m.lot_id, v.place_id, v.q FROM move m CROSS JOIN LATERAL
        (VALUES (m.to_place, m.quantity), (m.from_place, -m.quantity)) v (place_id, q)
        WHERE m.booked_on >= {{}} AND v.place_id >= {FIRST_INSIDE_PLACE}) x {joins}"""
    sql = f"""
WITH net AS (
    SELECT {group}, x.seq, x.reason, sum(x.q)::bigint FROM {legs.format("$1")}{where.text("x.booked_on < $2")}
    GROUP BY 1, 2, 3, 4, 5
), line (item_id, lot_id, site_id, kind, reason, q) AS (
    SELECT {group}, 'now', '', sum(x.on_hand)::bigint FROM balance x {joins}{where.text("x.on_hand > 0")}
    GROUP BY 1, 2, 3
    UNION ALL
    SELECT {group}, 'later', '', sum(x.q)::bigint FROM {legs.format("$2")}{where.text()} GROUP BY 1, 2, 3
    UNION ALL
    SELECT n.item_id, n.lot_id, n.site_id, CASE WHEN n.q > 0 THEN 'in' ELSE 'out' END, n.reason, sum(abs(n.q))::bigint
    FROM net n (item_id, lot_id, site_id, seq, reason, q) WHERE n.q <> 0 GROUP BY 1, 2, 3, 4, 5
), total AS (
    SELECT item_id, lot_id, site_id, coalesce(sum(q) FILTER (WHERE kind = 'now'), 0)
            - coalesce(sum(q) FILTER (WHERE kind = 'later'), 0) AS closing,
        coalesce(sum(q) FILTER (WHERE kind = 'in'), 0) AS came, coalesce(sum(q) FILTER (WHERE kind = 'out'), 0) AS went,
        coalesce(jsonb_object_agg(reason, q) FILTER (WHERE kind = 'in'), '{{}}')::text AS ins,
        coalesce(jsonb_object_agg(reason, q) FILTER (WHERE kind = 'out'), '{{}}')::text AS outs
    FROM line GROUP BY 1, 2, 3
)
SELECT i.id, i.key, i.name_zh, i.unit_zh, i.unit_factor, l.number, l.expires_on, s.code,
    (t.closing - t.came + t.went)::bigint, t.came::bigint, t.went::bigint, t.closing::bigint, t.ins, t.outs
FROM total t JOIN item i ON i.id = t.item_id LEFT JOIN lot l ON l.id = t.lot_id LEFT JOIN site s ON s.id = t.site_id
WHERE t.closing <> 0 OR t.came <> 0 OR t.went <> 0
ORDER BY i.sort_key, i.id, l.number, s.code
"""
    rows = await db.fetch(sql, *where.args)
    return [StatementRow(*(*row[:12], json.loads(row[12]), json.loads(row[13]))) for row in map(tuple, rows)]
