"""Stock in other lights: 收发存 by month, value by fund source, what does not move. Scoped as stock is."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Invalid
from catalog.kernel.page import Page, checked_limit, read_cursor, write_cursor
from warehouse.reports.model import Ahead, FundValue, Slow, SlowTotal
from warehouse.stock import queries as stock
from warehouse.stock.queries import By, StatementRow
from warehouse.stock.queries.sight import IN_STORE, Where, see

_PRICE = "coalesce(l.price_fen, i.price_fen)"
_PER_OF = "CASE WHEN l.price_fen IS NOT NULL THEN l.price_per ELSE i.price_per END"
_WORTH = f"div(2 * b.on_hand::numeric * {_PRICE} + {_PER_OF}, 2 * ({_PER_OF}))"
_FROM = f"""
FROM balance b JOIN place p ON p.id = b.place_id AND p.kind IN {IN_STORE} JOIN lot l ON l.id = b.lot_id
JOIN item i ON i.id = b.item_id JOIN material_class c ON c.id = i.class_id JOIN region r ON r.id = l.owner_region_id
JOIN site s ON s.id = b.site_id
"""


async def ledger(
    *, month: date, scope: Scope, by: By, site_id: int | None = None, class_path: str | None = None
) -> list[StatementRow]:
    """收发存 of a month (`stock.statement`), of the goods of a class."""
    rows = await stock.statement(month=month, scope=scope, by=by, site_id=site_id)
    if class_path is None:
        return rows
    found = await db.fetch(
        "SELECT i.id FROM item i JOIN material_class c ON c.id = i.class_id WHERE c.path LIKE $1", class_path + "%"
    )
    ids = {row[0] for row in found}
    return [row for row in rows if row.item_id in ids]


async def value_by_fund(*, scope: Scope, today: date, without: Sequence[int] = ()) -> list[FundValue]:
    """What is in store in sight, by owner, fund source and class; the most valuable first. `without`: items that the
    caller is counting."""
    where = Where(args=(today,))
    where.seen(await see(scope), "b.site_id", "l.owner_path")
    where.add("NOT b.item_id = ANY({}::bigint[])", list(without))
    rows = await db.fetch(
        "SELECT r.key, r.name_zh, r.name_en, coalesce(l.fund_source, ''), c.code, c.name_zh, c.name_en,"
        f" count(DISTINCT l.id)::int, coalesce(sum({_WORTH}), 0)::bigint,"
        f" coalesce(sum({_WORTH}) FILTER (WHERE l.price_fen IS NULL), 0)::bigint,"
        f" coalesce(sum({_WORTH}) FILTER (WHERE b.condition <> 'good' OR b.expires_on < $1), 0)::bigint,"
        f" (count(DISTINCT l.id) FILTER (WHERE {_PRICE} IS NULL))::int"
        f" {_FROM}{where.text('b.on_hand > 0')} GROUP BY r.id, c.id, 4 ORDER BY 9 DESC, 1, 4, 5",
        *where.args,
    )
    return [FundValue(*row) for row in map(tuple, rows)]


async def ahead(*, scope: Scope, today: date, days: Sequence[int], without: Sequence[int] = ()) -> list[Ahead]:
    """What is in store in sight and expires from today to so many days on, for each of `days`. `without`: as above."""
    where = Where(args=(today, list(days)))
    where.seen(await see(scope), "b.site_id", "l.owner_path")
    where.add("b.expires_on >= $1 AND b.expires_on <= $1 + {}::int", max(days))
    where.add("NOT b.item_id = ANY({}::bigint[])", list(without))
    rows = await db.fetch(
        f"WITH soon AS (SELECT b.lot_id, b.expires_on, {_WORTH} AS worth {_FROM}{where.text('b.on_hand > 0')})"
        " SELECT d.days, count(DISTINCT s.lot_id)::int, coalesce(sum(s.worth), 0)::bigint,"
        " (count(DISTINCT s.lot_id) FILTER (WHERE s.worth IS NULL))::int"
        " FROM unnest($2::int[]) AS d (days) LEFT JOIN soon s ON s.expires_on <= $1 + d.days GROUP BY 1 ORDER BY 1",
        *where.args,
    )
    return [Ahead(*row) for row in map(tuple, rows)]


_STILL = f"""
WITH held AS (
    SELECT b.lot_id, b.site_id, sum(b.on_hand)::bigint AS on_hand, sum({_WORTH})::bigint AS worth
    {_FROM}{{where}} GROUP BY b.lot_id, b.site_id
), still AS (
    SELECT h.*, coalesce(x.last_on, l.stored_on) AS since FROM held h JOIN lot l ON l.id = h.lot_id
    CROSS JOIN LATERAL (
        SELECT max(m.booked_on) AS last_on FROM move m JOIN place f ON f.id = m.from_place
        JOIN place t ON t.id = m.to_place WHERE m.lot_id = h.lot_id AND f.site_id IS DISTINCT FROM t.site_id
            AND h.site_id IN (f.site_id, t.site_id)
            AND m.reason NOT IN ('count', 'adjust', 'take-back', 'convert', 'reverse')
    ) x
)
"""


async def list_slow(
    *,
    scope: Scope,
    before: date,
    site_id: int | None = None,
    class_path: str | None = None,
    without: Sequence[int] = (),
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[Slow]:
    """Lots at stores in sight that last came or left on or before a day, the longest still first. Counts, corrections
    and moves within the store are no moves here."""
    where = await _where(scope, before, site_id, class_path, without)
    size, after = checked_limit(limit), read_cursor(cursor, 3)
    beyond = ""
    if after is not None:
        if not isinstance(after[0], str) or any(type(one) is not int or abs(one) >= 2**63 for one in after[1:]):
            raise Invalid("page.bad-cursor", "翻页标记无效，请从第一页重新开始")
        try:
            day = date.fromisoformat(after[0])
        except ValueError as error:
            raise Invalid("page.bad-cursor", "翻页标记无效，请从第一页重新开始") from error
        spots = ", ".join(where.bind(one) for one in (day, *after[1:]))
        first, rest = spots.split(", ", 1)
        beyond = f" AND (t.since, t.lot_id, t.site_id) > ({first}::date, {rest})"
    rows: Sequence[Any] = await db.fetch(
        _STILL.format(where=where.text("b.on_hand > 0", "l.stored_on <= $1"))
        + "SELECT t.lot_id, l.number, i.key, i.name_zh, i.name_en, i.unit_zh, i.unit_factor, t.site_id, s.code,"
        " s.name_zh, s.name_en, r.key, coalesce(l.fund_source, ''), l.expires_on, t.on_hand, t.worth, t.since"
        " FROM still t JOIN lot l ON l.id = t.lot_id JOIN item i ON i.id = l.item_id JOIN site s ON s.id = t.site_id"
        f" JOIN region r ON r.id = l.owner_region_id WHERE t.since <= $1{beyond}"
        f" ORDER BY t.since, t.lot_id, t.site_id LIMIT {size + 1}",
        *where.args,
    )
    found = [Slow(*row) for row in map(tuple, rows[:size])]
    last = found[-1] if len(rows) > size else None
    following = write_cursor(last.still_since.isoformat(), last.lot_id, last.site_id) if last else None
    return Page(found, following)


async def slow_total(
    *,
    scope: Scope,
    before: date,
    dead_before: date,
    site_id: int | None = None,
    class_path: str | None = None,
    without: Sequence[int] = (),
) -> SlowTotal:
    """All that `list_slow` lists."""
    where = await _where(scope, before, site_id, class_path, without)
    dead = where.bind(dead_before)
    row: Any = await db.fetch_row(
        _STILL.format(where=where.text("b.on_hand > 0", "l.stored_on <= $1"))
        + f"SELECT count(*)::int, (count(*) FILTER (WHERE t.since <= {dead}))::int, coalesce(sum(t.worth), 0)::bigint,"
        " (count(*) FILTER (WHERE t.worth IS NULL))::int FROM still t WHERE t.since <= $1",
        *where.args,
    )
    return SlowTotal(*row)


async def _where(
    scope: Scope, before: date, site_id: int | None, class_path: str | None, without: Sequence[int]
) -> Where:
    where = Where(args=(before,))
    where.seen(await see(scope), "b.site_id", "l.owner_path")
    where.add("NOT b.item_id = ANY({}::bigint[])", list(without))
    if site_id is not None:
        where.add("b.site_id = {}", site_id)
    if class_path is not None:
        where.add("c.path LIKE {}", class_path + "%")
    return where
