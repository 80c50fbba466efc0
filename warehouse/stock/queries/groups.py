"""Stock put together in other ways than lot and place: by item, by owner, by custodian, piece by piece.

A page finds its groups first, in the order of an index and no further than it is long; then it sums up only those.
Whether a group has anything is asked group by group: a scalar subquery, which no planner turns into a scan of all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.page import Page, checked_limit
from warehouse.stock import rules
from warehouse.stock.model import Lot
from warehouse.stock.queries.loads import LOT_COLUMNS, LOT_WIDTH, lot_from
from warehouse.stock.queries.sight import IN_STORE, NEVER, Key, Sight, Where, after, fetch_page, see
from warehouse.stock.queries.stock import StockFilter, conditions_of, places_of

_SUMS = f"""
    sum(b.on_hand)::bigint, sum(b.reserved)::bigint,
    coalesce(sum(b.on_hand) FILTER (WHERE b.condition = 'good' AND p.kind IN {IN_STORE}
        AND coalesce(l.expires_on, {NEVER}) >= $1), 0)::bigint,
    coalesce(sum(b.on_hand - b.reserved) FILTER (WHERE b.condition = 'good' AND p.kind IN {IN_STORE}
        AND coalesce(l.expires_on, {NEVER}) >= $1), 0)::bigint,
    count(DISTINCT b.lot_id), count(DISTINCT b.site_id),
    min(l.expires_on) FILTER (WHERE l.expires_on >= $1)
"""
ALL = StockFilter()
_FROM = "FROM balance b JOIN lot l ON l.id = b.lot_id JOIN item i ON i.id = b.item_id JOIN place p ON p.id = b.place_id"


@dataclass(frozen=True, slots=True)
class Group:
    """Goods of one item, of one owner or custodian where the list is by one. `holder` is a region's or party's name.

    `usable` and `free`: good, in store, not expired on the day asked. `first_expiry`: of what is not expired yet.
    """

    holder_key: str | None
    holder: str | None
    holder_en: str | None
    item_key: str
    item: str
    unit: str
    unit_factor: int
    on_hand: int
    reserved: int
    usable: int
    free: int
    lots: int
    sites: int
    first_expiry: date | None


@dataclass(frozen=True, slots=True)
class Piece:
    """A numbered piece in a list: its lot, and where it stands."""

    number: str
    maker_serial: str | None
    lot: Lot
    item_key: str
    place_key: str
    place_code: str
    place_kind: str
    site_code: str
    site_name: str
    condition: str
    usable: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    """Conditions on balance, lot, item and place as text: what is wanted, and that with what is in sight."""

    sight: Sight
    wanted: str
    seen: str

    def stands(self, source: str) -> str:
        """Whether there is anything in `source` (FROM … WHERE …): asked of each branch of sight by itself, as each has
        an index of its own. `$1`, the day, is named so that every statement knows it."""
        branches = [self.sight.at("b.site_id"), self.sight.owned("l.owner_path")]
        if self.sight.everything:
            branches = ["true"]
        return " OR ".join(
            f"(SELECT true {source} AND {branch} AND {self.wanted} AND $1::date IS NOT NULL LIMIT 1) IS NOT NULL"
            for branch in branches
        )


async def _asked(where: Where, sight: Sight, wanted: StockFilter, on: date) -> _Asked | None:
    """The conditions; None where a search matches nothing."""
    found = await conditions_of(where, wanted, on)
    if found.nothing:
        return None
    conditions = [*where.conditions, places_of(where, wanted, found)]
    within = Where()
    within.seen(sight, "b.site_id", "l.owner_path")
    return _Asked(sight, " AND ".join(conditions), " AND ".join([*within.conditions, *conditions]))


async def by_item(
    *, scope: Scope, on: date, wanted: StockFilter = ALL, cursor: str | None = None, limit: int | None = None
) -> Page[Group]:
    """What is in sight of each item, in the order of names."""
    size, sight, where = checked_limit(limit), await see(scope), Where(args=(on,))
    asked = await _asked(where, sight, wanted, on)
    if asked is None:
        return Page([])
    seek = Where(args=where.args)
    keys = (Key("i.sort_key", "text"), Key("i.id"))
    continued = after(seek, keys, cursor)
    source = "FROM balance b JOIN lot l ON l.id = b.lot_id JOIN place p ON p.id = b.place_id WHERE b.item_id = i.id"
    sql = (
        f"SELECT i.sort_key, i.id FROM item i WHERE {continued or 'true'} AND ({asked.stands(source)})"
        f" ORDER BY i.sort_key, i.id LIMIT {size + 1}"
    )
    rows, following = await fetch_page(lambda _: sql, seek.args, 2, size)
    ids = where.bind([row[1] for row in rows])
    sums = (
        await db.fetch(
            f"SELECT NULL, NULL, NULL, i.key, i.name_zh, i.unit_zh, i.unit_factor, {_SUMS} {_FROM}"
            f" WHERE b.item_id = ANY({ids}::bigint[]) AND {asked.seen} GROUP BY i.id ORDER BY i.sort_key, i.id",
            *where.args,
        )
        if rows
        else []
    )
    return Page([Group(*row) for row in sums], following)


_OWNERS = """
WITH RECURSIVE pair AS (
    (SELECT l.owner_path, l.item_id FROM lot l WHERE {begin} ORDER BY l.owner_path, l.item_id LIMIT 1)
    UNION ALL
    SELECT n.owner_path, n.item_id FROM pair, LATERAL (
        SELECT l.owner_path, l.item_id FROM lot l WHERE (l.owner_path, l.item_id) > (pair.owner_path, pair.item_id)
        ORDER BY l.owner_path, l.item_id LIMIT 1) n
)
SELECT pair.owner_path, pair.item_id FROM pair WHERE {narrow} AND ({stands}) LIMIT {limit}
"""
_OF_PAIR = """
FROM lot l JOIN balance b ON b.lot_id = l.id JOIN place p ON p.id = b.place_id
WHERE l.owner_path = pair.owner_path AND l.item_id = pair.item_id
"""


async def by_owner(
    *, scope: Scope, on: date, wanted: StockFilter = ALL, cursor: str | None = None, limit: int | None = None
) -> Page[Group]:
    """What each owner region has of each item in sight, owner by owner. Walks the index (owner, item), pair by pair."""
    size, sight, where = checked_limit(limit), await see(scope), Where(args=(on,))
    asked = await _asked(where, sight, wanted, on)
    if asked is None:
        return Page([])
    seek = Where(args=where.args)
    begin = after(seek, (Key("l.owner_path", "text"), Key("l.item_id")), cursor) or "true"
    narrow = f"pair.item_id = {int(wanted.item_id)}" if wanted.item_id is not None else "true"
    if wanted.owner_path is not None:
        narrow += f" AND pair.owner_path LIKE {seek.bind(wanted.owner_path + '%')}"
    sql = _OWNERS.format(begin=begin, narrow=narrow, stands=asked.stands(_OF_PAIR), limit=size + 1)
    rows, following = await fetch_page(lambda _: sql, seek.args, 2, size)
    return Page(await _sums_of_owners(where, asked.seen, rows), following)


async def _sums_of_owners(where: Where, asked: str, pairs: Sequence[tuple[Any, ...]]) -> list[Group]:
    if not pairs:
        return []
    paths, items = where.bind([row[0] for row in pairs]), where.bind([row[1] for row in pairs])
    rows = await db.fetch(
        f"SELECT r.key, r.name_zh, NULL, i.key, i.name_zh, i.unit_zh, i.unit_factor, {_SUMS}"
        f" FROM unnest({paths}::text[], {items}::bigint[]) WITH ORDINALITY k (path, item_id, n)"
        " JOIN lot l ON l.owner_path = k.path AND l.item_id = k.item_id JOIN region r ON r.id = l.owner_region_id"
        " JOIN balance b ON b.lot_id = l.id JOIN item i ON i.id = l.item_id JOIN place p ON p.id = b.place_id"
        f" WHERE {asked} GROUP BY k.n, r.id, i.id ORDER BY k.n, r.id",
        *where.args,
    )
    return [Group(*row) for row in rows]


_HOLDERS = """
holder AS MATERIALIZED (
    SELECT coalesce(c.id, -r.id) AS id, coalesce(c.key, r.key) AS key, coalesce(c.name_zh, r.name_zh) AS name,
        c.name_en, array_agg(s.id) AS sites
    FROM site s JOIN region r ON r.id = s.region_id LEFT JOIN party c ON c.id = s.custodian_id GROUP BY c.id, r.id
)
"""
_CUSTODIANS = """
WITH {holders}, pair AS (
    SELECT h.name, h.id, i.sort_key, i.id AS item_id, h.sites FROM holder h CROSS JOIN item i
    WHERE {continued} ORDER BY 1, 2, 3, 4 OFFSET 0
)
SELECT pair.name, pair.id, pair.sort_key, pair.item_id FROM pair WHERE {stands} LIMIT {limit}
"""
_OF_CUSTODIAN = """
FROM balance b JOIN lot l ON l.id = b.lot_id JOIN place p ON p.id = b.place_id
WHERE b.item_id = pair.item_id AND b.site_id = ANY(pair.sites)
"""


async def by_custodian(
    *, scope: Scope, on: date, wanted: StockFilter = ALL, cursor: str | None = None, limit: int | None = None
) -> Page[Group]:
    """What each custodian keeps of each item in sight; a store without one is kept by the region that runs it."""
    size, sight, where = checked_limit(limit), await see(scope), Where(args=(on,))
    asked = await _asked(where, sight, wanted, on)
    if asked is None:
        return Page([])
    seek = Where(args=where.args)
    keys = (Key("h.name", "text"), Key("h.id"), Key("i.sort_key", "text"), Key("i.id"))
    continued = after(seek, keys, cursor) or "true"
    sql = _CUSTODIANS.format(holders=_HOLDERS, continued=continued, stands=asked.stands(_OF_CUSTODIAN), limit=size + 1)
    rows, following = await fetch_page(lambda _: sql, seek.args, len(keys), size)
    if not rows:
        return Page([])
    holders, items = where.bind([row[1] for row in rows]), where.bind([row[3] for row in rows])
    sums = await db.fetch(
        f"WITH {_HOLDERS} SELECT h.key, h.name, h.name_en, i.key, i.name_zh, i.unit_zh, i.unit_factor, {_SUMS}"
        f" FROM unnest({holders}::bigint[], {items}::bigint[]) WITH ORDINALITY k (holder_id, item_id, n)"
        " JOIN holder h ON h.id = k.holder_id JOIN item i ON i.id = k.item_id"
        " JOIN balance b ON b.item_id = k.item_id AND b.site_id = ANY(h.sites)"
        " JOIN lot l ON l.id = b.lot_id JOIN place p ON p.id = b.place_id"
        f" WHERE {asked.seen} GROUP BY k.n, h.key, h.name, h.name_en, i.id ORDER BY k.n",
        *where.args,
    )
    return Page([Group(*row) for row in sums], following)


_PIECES = f"""
SELECT n.number, n.id, n.number, n.maker_serial, {LOT_COLUMNS}, i.key, p.key, p.code, p.kind, coalesce(s.code, ''),
    coalesce(s.name_zh, ''), t.condition
FROM serial n JOIN serial_state t ON t.serial_id = n.id JOIN lot l ON l.id = t.lot_id JOIN item i ON i.id = l.item_id
JOIN place p ON p.id = t.place_id JOIN site s ON s.id = p.site_id
"""


_PIECE = "SELECT id FROM serial WHERE number = $1 OR maker_serial = $1"


async def list_pieces(
    *, scope: Scope, on: date, wanted: StockFilter = ALL, cursor: str | None = None, limit: int | None = None
) -> Page[Piece]:
    """Numbered pieces that stand somewhere in sight, by number; `q` also finds the maker's number."""
    size, sight, where = checked_limit(limit), await see(scope), Where()
    continued = after(where, (Key("n.number", "text"), Key("n.id")), cursor, hint=1)
    typed = (wanted.q or "").strip()
    number = (
        await db.fetch_value("SELECT id FROM serial WHERE number = $1 OR maker_serial = $1", typed) if typed else None
    )
    found = await conditions_of(where, wanted if number is None else replace(wanted, q=None), on)
    if found.nothing:
        return Page([])
    if number is not None:
        where.add("n.id = {}", number)
    where.seen(sight, "p.site_id", "l.owner_path")
    for column, value in (("p.site_id", wanted.site_id), ("p.zone_id", wanted.zone_id), ("p.id", wanted.place_id),
                          ("s.custodian_id", wanted.custodian_id), ("s.live", wanted.live)):  # fmt: skip
        if value is not None:
            where.add(column + " = {}", value)
    if wanted.condition is not None:
        where.add("t.condition = {}", wanted.condition.value)
    sql = f"{_PIECES}{where.text(*([continued] if continued else []))} ORDER BY n.number, n.id LIMIT {size + 1}"
    rows, following = await fetch_page(lambda _: sql, where.args, 2, size)
    return Page([_piece(row[2:], on) for row in rows], following)


def _piece(row: Sequence[Any], on: date) -> Piece:
    lot = lot_from(row, 2)
    stands = row[2 + LOT_WIDTH :]
    return Piece(*(row[0], row[1], lot, *stands, rules.usable(stands[-1], lot.expires_on, on)))
