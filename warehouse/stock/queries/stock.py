"""Lists of what stands where: balances, lots, the city-wide summary, and what to take first."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.page import Page, checked_limit, read_cursor
from catalog.kernel.search import sought
from warehouse.stock import rules
from warehouse.stock.model import BalanceRow, Condition
from warehouse.stock.queries.loads import LOT_COLUMNS, LOT_WIDTH, lot_from
from warehouse.stock.queries.sight import IN_STORE, NEVER, Key, Sight, Where, after, fetch_page, see
from warehouse.stock.queries.views import Elsewhere, LotEntry, SummaryRow

_ALL = 10**9
_FEW = 500
"""So many lots found by number or batch are named one by one; of more the beginning is asked of each row."""
_EXPIRY = Key(f"coalesce(l.expires_on, {NEVER})", "date")
_LOT = Key("l.id")
_PLACE = Key("b.place_id")
_CONDITION = Key("b.condition", "text")


class Sort(StrEnum):
    """Orders of a list. Quantity: the most first."""

    EXPIRY = "expiry"
    NUMBER = "number"
    ITEM = "item"
    QUANTITY = "quantity"


@dataclass(frozen=True, slots=True)
class StockFilter:
    """What to show; None says nothing. `owner_path` and `class_path` are stored paths: they name whole subtrees.

    `live`: of stores whose books count (or only of those that are not live yet).
    `expiring_before`: expires before that day and not yet expired; `expired`: only (or no) goods past their day.
    """

    site_id: int | None = None
    zone_id: int | None = None
    place_id: int | None = None
    item_id: int | None = None
    lot_id: int | None = None
    class_path: str | None = None
    condition: Condition | None = None
    owner_path: str | None = None
    custodian_id: int | None = None
    live: bool | None = None
    expiring_before: date | None = None
    expired: bool | None = None
    q: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a search may mean: nothing asked (None), or items and lots (both empty: nothing matches). Where `begins`
    (number, batch) is given, `lots` are only the first of those that begin so."""

    items: Sequence[int] | None = None
    lots: Sequence[int] | None = None
    begins: tuple[str, str] | None = None

    @property
    def nothing(self) -> bool:
        return self.items == [] and self.lots == []


async def conditions_of(where: Where, wanted: StockFilter, on: date) -> Found:
    """Conditions on lot and item (aliases l, i)."""
    for column, value in (("l.item_id", wanted.item_id), ("l.id", wanted.lot_id)):
        if value is not None:
            where.add(column + " = {}", value)
    if wanted.class_path is not None:
        where.add(
            "l.item_id IN (SELECT ci.id FROM item ci JOIN material_class mc ON mc.id = ci.class_id"
            " WHERE mc.path LIKE {})",
            wanted.class_path + "%",
        )
    if wanted.owner_path is not None:
        where.add("l.owner_path LIKE {}", wanted.owner_path + "%")
    if wanted.expiring_before is not None:
        where.add(f"{_EXPIRY.sql} < {{}} AND {_EXPIRY.sql} >= {{}}", wanted.expiring_before, on)
    if wanted.expired is not None:
        where.add(f"{_EXPIRY.sql} {'<' if wanted.expired else '>='} {{}}", on)
    found = await _search(wanted.q)
    if found.begins:
        where.add(
            "(l.item_id = ANY({}::bigint[]) OR l.number LIKE {} OR coalesce(l.maker_batch, '') LIKE {})",
            list(found.items or ()),
            *found.begins,
        )
    elif found.items and found.lots:
        where.add("(l.item_id = ANY({}::bigint[]) OR l.id = ANY({}::bigint[]))", list(found.items), list(found.lots))
    elif found.items:
        where.add("l.item_id = ANY({}::bigint[])", list(found.items))
    elif found.lots:
        where.add("l.id = ANY({}::bigint[])", list(found.lots))
    return found


async def _search(q: str | None) -> Found:
    """What was typed: an item by name, pinyin or key, or the beginning of a lot number or maker's batch."""
    terms = sought(q)
    if terms is None or q is None:
        return Found()
    items = await db.fetch("SELECT id FROM item WHERE search LIKE ALL($1::text[])", list(terms.contains))
    start = "".join(c for c in q.strip().upper() if c not in "\\%_")
    number = start[1:9] if start[:1] == "L" and start[1:3].isdigit() else start
    lots = await db.fetch(
        "(SELECT id FROM lot WHERE number LIKE $1 LIMIT $3) UNION"
        " (SELECT id FROM lot WHERE maker_batch LIKE $2 LIMIT $3)",
        number + "%",
        start + "%",
        _FEW + 1 if start else 0,
    )
    many = (number + "%", start + "%") if len(lots) > _FEW else None
    return Found([row[0] for row in items], [row[0] for row in lots], many)


def places_of(where: Where, wanted: StockFilter, sought_for: Found) -> str:
    """Conditions on the balance (alias b), as text to go on with AND; bound in `where`.

    The item is said again where it is known: the balance's index on item and site serves narrow questions.
    """
    found = ["b.on_hand > 0"]
    if wanted.item_id is not None:
        found.append(f"b.item_id = {int(wanted.item_id)}")
    elif sought_for.items and not sought_for.lots:
        found.append(f"b.item_id = ANY({where.bind(list(sought_for.items))}::bigint[])")
    if wanted.site_id is not None:
        found.append(f"b.site_id = {int(wanted.site_id)}")
    if wanted.place_id is not None:
        found.append(f"b.place_id = {int(wanted.place_id)}")
    if wanted.zone_id is not None:
        found.append(f"b.place_id IN (SELECT id FROM place WHERE zone_id = {int(wanted.zone_id)})")
    if wanted.condition is not None:
        found.append(f"b.condition = {where.bind(wanted.condition.value)}")
    if wanted.custodian_id is not None:
        found.append(f"b.site_id IN (SELECT id FROM site WHERE custodian_id = {int(wanted.custodian_id)})")
    if wanted.live is not None:
        found.append(f"b.site_id IN (SELECT id FROM site WHERE {'live' if wanted.live else 'NOT live'})")
    return " AND ".join(found)


async def _windows(sort: Sort, cursor: str | None, width: int) -> Sequence[str]:
    """In the order of items a page needs few of them: a window of some items at a time, growing."""
    if sort is not Sort.ITEM:
        return ("true",)
    first = read_cursor(cursor, width)
    from_here = " WHERE (sort_key, id) >= ($1::text, $2::text::bigint)" if first else ""
    args = [str(first[0]), str(first[1])] if first else []
    rows, _ = await fetch_page(lambda _: f"SELECT id FROM item{from_here} ORDER BY sort_key, id", args, 1, _ALL)
    ids, windows, start, size = [str(row[0]) for row in rows], [], 0, 3
    while start < len(ids):
        windows.append(f"l.item_id = ANY('{{{','.join(ids[start : start + size])}}}'::bigint[])")
        start, size = start + size, size * 8
    return windows


# -- balances ------------------------------------------------------------------------------------------------------

_BALANCE_COLUMNS = f"""
    {LOT_COLUMNS}, b.place_id, p.code, p.kind, b.site_id, s.code, s.name_zh, b.condition, b.on_hand, b.reserved,
    i.key, p.key
"""
_BALANCE_FROM = """
FROM balance b JOIN lot l ON l.id = b.lot_id JOIN item i ON i.id = l.item_id JOIN place p ON p.id = b.place_id
JOIN site s ON s.id = b.site_id
"""
_BALANCE_KEYS = {
    Sort.EXPIRY: ((_EXPIRY, _LOT, _PLACE, _CONDITION), 2),
    Sort.NUMBER: ((Key("l.number", "text"), _LOT, _PLACE, _CONDITION), 1),
    Sort.ITEM: ((Key("i.sort_key", "text"), Key("i.id"), _EXPIRY, _LOT, _PLACE, _CONDITION), 2),
    Sort.QUANTITY: ((Key("-b.on_hand"), _LOT, _PLACE, _CONDITION), 0),
}


def _balance_from(row: Sequence[Any], on: date) -> BalanceRow:
    lot = lot_from(row)
    place_id, code, kind, site_id, site, name, condition, on_hand, reserved, item_key, place_key = row[LOT_WIDTH:]
    ok = rules.usable(condition, lot.expires_on, on)
    return BalanceRow(
        lot,
        place_id,
        code,
        kind,
        site_id,
        site,
        name,
        Condition(condition),
        on_hand,
        reserved,
        on_hand if ok else 0,
        item_key,
        place_key,
    )


async def list_balances(
    *,
    scope: Scope,
    on: date,
    wanted: StockFilter = StockFilter(),
    sort: Sort = Sort.EXPIRY,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[BalanceRow]:
    """Balances above zero in sight, a page at a time. `on` is the day for which "usable" is asked."""
    size, sight, where = checked_limit(limit), await see(scope), Where()
    keys, hint = _BALANCE_KEYS[sort]
    continued = after(where, keys, cursor, hint=hint)
    found = await conditions_of(where, wanted, on)
    if found.nothing:
        return Page([])
    common = [*where.conditions, places_of(where, wanted, found), *([continued] if continued else [])]
    select = f"SELECT {', '.join(f'{k.sql} AS k{n}' for n, k in enumerate(keys))}, {_BALANCE_COLUMNS} {_BALANCE_FROM}"

    def sql_of(window: str) -> str:
        return _either(sight, select, [*common, window], len(keys), size)

    windows = await _windows(sort, cursor, len(keys))
    rows, following = await fetch_page(sql_of, where.args, len(keys), size, windows)
    return Page([_balance_from(row[len(keys) :], on) for row in rows], following)


def _either(sight: Sight, select: str, conditions: Sequence[str], width: int, size: int) -> str:
    """One ordered statement for everything, or two (at our sites; ours elsewhere) whose first rows are merged."""
    order = ", ".join(f"{n + 1}" for n in range(width))
    tail = f" ORDER BY {order} LIMIT {size + 1}"
    if sight.everything:
        return f"{select} WHERE {' AND '.join(conditions)}{tail}"
    here, branches = sight.at("b.site_id"), []
    if sight.sites:
        branches.append(f"({select} WHERE {' AND '.join([here, *conditions])}{tail})")
    if sight.owners or not sight.sites:
        ours = [f"NOT ({here})", sight.owned("l.owner_path")]
        branches.append(f"({select} WHERE {' AND '.join([*ours, *conditions])}{tail})")
    return " UNION ALL ".join(branches) + (tail if len(branches) > 1 else "")


# -- lots ----------------------------------------------------------------------------------------------------------

_LOT_KEYS = {
    Sort.EXPIRY: (_EXPIRY, _LOT),
    Sort.NUMBER: (Key("l.number", "text"), _LOT),
    Sort.ITEM: (Key("i.sort_key", "text"), Key("i.id"), _EXPIRY, _LOT),
    Sort.QUANTITY: (
        Key("-(SELECT coalesce(sum(q.on_hand), 0)::bigint FROM balance q WHERE q.lot_id = l.id)"),
        _LOT,
    ),
}
_LOT_SUMS = f"""
SELECT n.n, {LOT_COLUMNS}, i.key, r.name_zh,
    coalesce(sum(b.on_hand), 0)::bigint, coalesce(sum(b.reserved), 0)::bigint,
    coalesce(sum(b.on_hand) FILTER (WHERE b.condition = 'good' AND p.kind IN {IN_STORE}), 0)::bigint,
    coalesce(sum(b.reserved) FILTER (WHERE b.condition = 'good' AND p.kind IN {IN_STORE}), 0)::bigint,
    count(DISTINCT b.place_id), coalesce(array_agg(DISTINCT s.code) FILTER (WHERE s.code IS NOT NULL), '{{}}')
FROM unnest($1::bigint[]) WITH ORDINALITY n (id, n) JOIN lot l ON l.id = n.id JOIN item i ON i.id = l.item_id
JOIN region r ON r.id = l.owner_region_id
LEFT JOIN balance b ON b.lot_id = l.id AND b.on_hand > 0
    AND ($2::boolean OR b.site_id = ANY($3::bigint[]) OR l.owner_path LIKE ANY($4::text[]))
LEFT JOIN place p ON p.id = b.place_id LEFT JOIN site s ON s.id = b.site_id
GROUP BY n.n, l.id, i.id, r.id ORDER BY n.n
"""


async def list_lots(
    *,
    scope: Scope,
    on: date,
    wanted: StockFilter = StockFilter(),
    sort: Sort = Sort.EXPIRY,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[LotEntry]:
    """Lots that have goods in sight, a page at a time, each with what is seen of it."""
    size, sight, where = checked_limit(limit), await see(scope), Where()
    keys = _LOT_KEYS[sort]
    continued = after(where, keys, cursor, hint=2 if sort is Sort.ITEM else 1 if sort is Sort.NUMBER else 0)
    found = await conditions_of(where, wanted, on)
    if found.nothing:
        return Page([])
    stands = f"EXISTS (SELECT 1 FROM balance b WHERE b.lot_id = l.id AND {places_of(where, wanted, found)}{{}})"
    common = [*where.conditions, *([continued] if continued else [])]
    select = (
        f"SELECT {', '.join(f'{k.sql} AS k{n}' for n, k in enumerate(keys))} FROM lot l JOIN item i ON i.id = l.item_id"
    )
    tail = f" ORDER BY {', '.join(str(n + 1) for n in range(len(keys)))} LIMIT {size + 1}"
    branches = []
    if sight.everything:
        branches.append([stands.format("")])
    if not sight.everything and sight.sites:
        branches.append([stands.format(f" AND {sight.at('b.site_id')}")])
    if not sight.everything and (sight.owners or not sight.sites):
        branches.append([sight.owned("l.owner_path"), stands.format("")])

    def sql_of(window: str) -> str:
        either = [f"({select} WHERE {' AND '.join([*common, *branch, window])}{tail})" for branch in branches]
        return " UNION ".join(either) + (tail if len(either) > 1 else "")

    windows = await _windows(sort, cursor, len(keys))
    rows, following = await fetch_page(sql_of, where.args, len(keys), size, windows)
    return Page(await _entries([row[len(keys) - 1] for row in rows], sight, on), following)


async def _entries(ids: Sequence[int], sight: Sight, on: date) -> list[LotEntry]:
    if not ids:
        return []
    rows = await db.fetch(_LOT_SUMS, list(ids), sight.everything, list(sight.sites), sight.owner_patterns)
    entries = []
    for row in map(tuple, rows):
        lot = lot_from(row, 1)
        item_key, owner, on_hand, reserved, good, good_reserved, places, sites = row[1 + LOT_WIDTH :]
        ok = rules.usable(Condition.GOOD, lot.expires_on, on)
        free = max(good - good_reserved, 0) if ok else 0
        entries.append(
            LotEntry(lot, item_key, owner, on_hand, reserved, good if ok else 0, free, places, tuple(sorted(sites)))
        )
    return entries


async def get_entry(*, lot_id: int, scope: Scope, on: date) -> LotEntry | None:
    """One lot as the list shows it; None if nothing of it was ever in sight."""
    sight = await see(scope)
    seen = sight.everything or await db.fetch_value(
        "SELECT EXISTS (SELECT 1 FROM lot WHERE id = $1 AND owner_path LIKE ANY($2::text[]))"
        " OR EXISTS (SELECT 1 FROM balance WHERE lot_id = $1 AND site_id = ANY($3::bigint[]))",
        lot_id,
        sight.owner_patterns,
        list(sight.sites),
    )
    entries = await _entries([lot_id], sight, on) if seen else []
    return entries[0] if entries else None


# -- what to take, and from where else ----------------------------------------------------------------------------

_FEFO = f"""
SELECT {_BALANCE_COLUMNS} {_BALANCE_FROM}
WHERE b.item_id = $1 AND b.site_id = $2 AND b.condition = 'good' AND b.on_hand > b.reserved
    AND p.kind IN {IN_STORE} AND p.closed_by IS NULL AND p.retired_at IS NULL
    AND (l.expires_on IS NULL OR l.expires_on >= $3)
ORDER BY l.expires_on NULLS LAST, l.stored_on, l.id, p.sort_key, p.id LIMIT $4
"""


async def fefo(item_id: int, site_id: int, on: date, *, limit: int = 100) -> list[BalanceRow]:
    """Free usable goods of an item in a site, in the order in which they should leave (`rules.fefo_order`).

    Reservations that have lapsed but were not yet released still count as reserved.
    """
    return [_balance_from(tuple(row), on) for row in await db.fetch(_FEFO, item_id, site_id, on, limit)]


_ELSEWHERE = f"""
SELECT b.site_id, s.code, s.name_zh,
    CASE WHEN $4 OR s.id = ANY($5::bigint[]) THEN b.place_id END AS place,
    CASE WHEN $4 OR s.id = ANY($5::bigint[]) THEN p.code END,
    CASE WHEN $4 OR s.id = ANY($5::bigint[]) THEN l.number END,
    min(l.expires_on), sum(b.on_hand - b.reserved)::bigint
FROM balance b JOIN lot l ON l.id = b.lot_id JOIN place p ON p.id = b.place_id JOIN site s ON s.id = b.site_id
WHERE b.item_id = $1 AND b.condition = 'good' AND b.on_hand > b.reserved AND p.kind IN {IN_STORE}
    AND (l.expires_on IS NULL OR l.expires_on >= $2) AND NOT b.place_id = ANY($3::bigint[]) AND s.live
GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY (b.site_id = $6) DESC, 8 DESC, 1, 4, 6 LIMIT $7
"""


async def where_else(
    item_id: int,
    *,
    scope: Scope,
    on: date,
    besides: Collection[int] = (),
    near_site: int | None = None,
    limit: int = 10,
) -> list[Elsewhere]:
    """Where else free usable goods of an item stand, `near_site` first, then the most: for refusals.

    Bins and lots are named in scope; other sites of the city only with their total, as the summary shows them.
    """
    sight = await see(scope)
    rows = await db.fetch(
        _ELSEWHERE, item_id, on, list(besides), sight.everything, list(sight.sites), near_site or 0, limit
    )
    return [Elsewhere(*row) for row in rows]


_SUMMARY = f"""
WITH posted AS MATERIALIZED (
    SELECT q.site_id, max(m.recorded_at) AS at FROM place q CROSS JOIN LATERAL (
        (SELECT recorded_at FROM move WHERE to_place = q.id ORDER BY seq DESC LIMIT 1) UNION ALL
        (SELECT recorded_at FROM move WHERE from_place = q.id ORDER BY seq DESC LIMIT 1)) m
    WHERE q.kind <> 'outside' GROUP BY q.site_id)
SELECT i.id, i.key, i.name_zh, i.unit_zh, i.unit_factor, s.id, s.code, s.name_zh,
    sum(b.on_hand)::bigint,
    coalesce(sum(b.on_hand) FILTER (WHERE b.condition = 'good' AND coalesce(l.expires_on, {NEVER}) >= $2), 0)::bigint,
    coalesce(sum(b.on_hand - b.reserved)
        FILTER (WHERE b.condition = 'good' AND coalesce(l.expires_on, {NEVER}) >= $2), 0)::bigint,
    min(l.expires_on) FILTER (WHERE b.condition = 'good' AND l.expires_on >= $2),
    posted.at
FROM balance b JOIN lot l ON l.id = b.lot_id JOIN item i ON i.id = b.item_id JOIN place p ON p.id = b.place_id
JOIN site s ON s.id = b.site_id LEFT JOIN posted ON posted.site_id = s.id
WHERE b.item_id = ANY($1::bigint[]) AND b.on_hand > 0 AND p.kind IN {IN_STORE}
    AND ($3 OR s.id = ANY($4::bigint[])) AND s.live
GROUP BY i.id, s.id, posted.at ORDER BY i.sort_key, i.id, s.code
"""


async def summary(
    *,
    scope: Scope,
    on: date,
    item_id: int | None = None,
    class_path: str | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[SummaryRow]:
    """Per item and site what is in store: on hand, usable, free, earliest expiry, and when the site last posted. A
    site that is not live yet (before its opening count) is in no summary.

    For dispatchers and planners, whose scope of `summary.read` is the city: no lots, no papers, no contacts. A page is
    `limit` items (all their sites).
    """
    size, sight, where = checked_limit(limit), await see(scope), Where()
    keys = (Key("i.sort_key", "text"), Key("i.id"))
    continued = after(where, keys, cursor)
    if item_id is not None:
        where.add("i.id = {}", item_id)
    if class_path is not None:
        where.add("i.class_id IN (SELECT id FROM material_class WHERE path LIKE {})", class_path + "%")
    more = [
        "EXISTS (SELECT 1 FROM balance b WHERE b.item_id = i.id AND b.on_hand > 0)",
        *([continued] if continued else []),
    ]
    sql = f"SELECT i.sort_key, i.id FROM item i{where.text(*more)} ORDER BY 1, 2 LIMIT {size + 1}"
    items, following = await fetch_page(lambda _: sql, where.args, 2, size)
    rows = await db.fetch(_SUMMARY, [row[1] for row in items], on, sight.everything, list(sight.sites))
    return Page([SummaryRow(*row) for row in rows], following)
