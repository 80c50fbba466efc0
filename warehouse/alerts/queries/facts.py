"""What the books say, set-wise: one statement for each kind of fact, for everything or for what was touched.

Not scoped: the house judges for all. `None` means all of them. Statements are put together from constants, so that
each is planned for what it is asked: a bin, or a million balances.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.parameters import Value, read_once
from warehouse.alerts import model
from warehouse.alerts.model import (
    At,
    CareFact,
    CaseFact,
    CommitmentFact,
    CountFact,
    DeliveryFact,
    HoldFact,
    LoanFact,
    LotFact,
    Measures,
    OrderFact,
    PaperFact,
    RoomFact,
    Shelf,
)
from warehouse.norms.model import Requirement
from warehouse.replenishment import queries as replenishment
from warehouse.requisitions.model import UNDER_WAY
from warehouse.stock.queries.sight import IN_STORE

Ids = Collection[int] | None
_SITE = "s.region_id, s.path, s.id"


class Measured:
    """The parameters at each place, looked up once."""

    def __init__(self) -> None:
        self._known: dict[str, Measures] = {}
        self._value_of: Callable[[str, str], Value] | None = None

    async def at(self, path: str) -> Measures:
        """What holds at a region's path."""
        if path not in self._known:
            self._value_of = self._value_of or await read_once()
            values = {
                one.key.partition(".")[2].replace("-", "_"): self._value_of(one.key, path) for one in model.PARAMETERS
            }
            self._known[path] = Measures(**values)  # type: ignore[arg-type]
        return self._known[path]


def _among(column: str, ids: Ids, args: list[Any], kind: str = "bigint") -> str:
    if ids is None:
        return ""
    args.append(list(ids))
    return f" AND {column} = ANY(${len(args)}::{kind}[])"


# --- what places must hold -------------------------------------------------------------------------------------------

_SHELVES = f"""
SELECT {{who}}, b.item_id, CASE WHEN b.expires_on < $2 THEN b.expires_on END, sum(b.on_hand)::bigint,
    sum(b.reserved)::bigint
FROM balance b JOIN place p ON p.id = b.place_id{{join}}
WHERE b.on_hand > 0 AND b.condition = 'good' AND (b.expires_on IS NULL OR b.expires_on >= $1) AND p.kind IN {IN_STORE}
"""


_PAIRS = " JOIN unnest($3::bigint[], $4::bigint[]) k (who, item_id)"


async def shelves_of_sites(today: date, horizon: date, sites: Ids, items: Ids) -> dict[int, dict[int, Shelf]]:
    """By site and item: what stands there and is usable. Expiry days from the horizon on do not matter."""
    args: list[Any] = [today, horizon]
    sql = _SHELVES.format(who="b.site_id", join="") + _among("b.site_id", sites, args)
    return _shelved(await db.fetch(sql + _among("b.item_id", items, args) + " GROUP BY 1, 2, 3", *args))


async def shelves_of_owners(today: date, horizon: date, regions: Ids, items: Ids) -> dict[int, dict[int, Shelf]]:
    """By owning region and item: what it owns and is usable, in whatever store."""
    args: list[Any] = [today, horizon]
    sql = _SHELVES.format(who="l.owner_region_id", join=" JOIN lot l ON l.id = b.lot_id")
    sql += _among("l.owner_region_id", regions, args)
    return _shelved(await db.fetch(sql + _among("b.item_id", items, args) + " GROUP BY 1, 2, 3", *args))


Pairs = Collection[tuple[int, int]]
"""(site or owning region, item)"""


async def shelves_touched(
    today: date, horizon: date, *, sites: Pairs, owners: Pairs
) -> tuple[dict[int, dict[int, Shelf]], dict[int, dict[int, Shelf]]]:
    """The same of these pairs alone: at sites, and of owners."""
    at_sites = _SHELVES.format(who="b.site_id", join=f"{_PAIRS} ON (b.site_id, b.item_id) = (k.who, k.item_id)")
    of_owners = _SHELVES.format(
        who="l.owner_region_id",
        join=f" JOIN lot l ON l.id = b.lot_id{_PAIRS} ON (l.owner_region_id, l.item_id) = (k.who, k.item_id)",
    )
    found = []
    for sql, pairs in ((at_sites, sites), (of_owners, owners)):
        whos, items = [who for who, _ in pairs], [item for _, item in pairs]
        rows = await db.fetch(sql + " GROUP BY 1, 2, 3", today, horizon, whos, items) if pairs else []
        found.append(_shelved(rows))
    return found[0], found[1]


def _shelved(rows: Sequence[Any]) -> dict[int, dict[int, Shelf]]:
    found: dict[int, dict[int, tuple[int, int, list[tuple[date, int]]]]] = {}
    for who, item, expires_on, on_hand, reserved in rows:
        place = found.setdefault(who, {})
        usable, held, expiring = place.get(item, (0, 0, []))
        if expires_on is not None:
            expiring.append((expires_on, on_hand))
        place[item] = (usable + on_hand, held + reserved, expiring)
    return {
        who: {
            item: Shelf(item, usable, held, tuple(sorted(expiring))) for item, (usable, held, expiring) in place.items()
        }
        for who, place in found.items()
    }


def horizon_of(needed: Sequence[Requirement], today: date, default: int) -> date:
    """The day behind the longest lead time that any requirement looks ahead."""
    leads = [one.resolution.lead_days for one in needed]
    return today + timedelta(days=max([default, *(lead for lead in leads if lead is not None)]) + 1)


# --- lots, care, bins, counts ----------------------------------------------------------------------------------------

_BANDS = """
SELECT i.id, CASE WHEN i.near_expiry_days <> '{}' THEN i.near_expiry_days ELSE coalesce((
    SELECT above.near_expiry_days FROM material_class c JOIN material_class above ON starts_with(c.path, above.path)
    WHERE c.id = i.class_id AND above.near_expiry_days <> '{}' ORDER BY above.level DESC LIMIT 1), '{}') END AS days
FROM item i
"""
"""The bands of each item: its own, else those of the nearest class that has some."""
_LOTS = f"""
SELECT {_SITE}, b.lot_id, b.item_id, b.expires_on, sum(b.on_hand)::bigint, n.days
FROM balance b JOIN place p ON p.id = b.place_id JOIN site s ON s.id = b.site_id
JOIN ({_BANDS}) n ON n.id = b.item_id
WHERE b.on_hand > 0 AND p.kind IN {IN_STORE}
    AND b.expires_on <= $1::date + coalesce((SELECT max(d) FROM unnest(n.days) d), $2)
"""
_BY_LOT = " GROUP BY 1, 2, 3, 4, 5, 6, n.days"


async def lots(today: date, widest: int, lot_ids: Ids, site_ids: Ids = None) -> list[LotFact]:
    """Lots in store that are near their day or past it, per site. `widest`: days before it that matter where neither
    item nor class say."""
    args: list[Any] = [today, widest]
    sql = _LOTS + _among("b.lot_id", lot_ids, args) + _among("b.site_id", site_ids, args)
    return _lots(await db.fetch(sql + _BY_LOT, *args))


async def lots_at(site_id: int, lot_ids: Collection[int]) -> list[LotFact]:
    """These lots at a site, however far their day is."""
    args: list[Any] = [date(9000, 1, 1), 0]
    sql = _LOTS + _among("b.lot_id", lot_ids, args) + _among("b.site_id", [site_id], args)
    return _lots(await db.fetch(sql + _BY_LOT, *args))


def _lots(rows: Sequence[Any]) -> list[LotFact]:
    return [LotFact(At(row[0], row[1], row[2]), row[3], row[4], row[5], row[6], tuple(row[7] or ())) for row in rows]


_CARE = f"""
WITH g AS (
    SELECT DISTINCT b.lot_id, 0::bigint AS serial_id, b.site_id, b.item_id
    FROM balance b JOIN place p ON p.id = b.place_id JOIN item i ON i.id = b.item_id
    WHERE b.on_hand > 0 AND p.kind IN {IN_STORE} AND i.tracking = 'lot'
        AND EXISTS (SELECT 1 FROM item_care c WHERE c.item_id = b.item_id){{of_balance}}
    UNION ALL
    SELECT t.lot_id, t.serial_id, p.site_id, l.item_id
    FROM serial_state t JOIN place p ON p.id = t.place_id JOIN lot l ON l.id = t.lot_id
    WHERE p.kind IN {IN_STORE}{{of_piece}}
), due AS MATERIALIZED (
    SELECT g.lot_id, g.serial_id, g.site_id, g.item_id, c.kind,
        coalesce(done.last_on + c.interval_days, c.first_after_days + (
            SELECT coalesce((min(m.occurred_at) AT TIME ZONE 'Asia/Shanghai')::date, l.stored_on)
            FROM move m JOIN place q ON q.id = m.to_place WHERE m.lot_id = g.lot_id AND q.site_id = g.site_id
        )) AS due_on
    FROM g JOIN item_care c ON c.item_id = g.item_id JOIN lot l ON l.id = g.lot_id
    CROSS JOIN LATERAL (
        SELECT max(e.done_on) AS last_on FROM care_event e WHERE e.lot_id = g.lot_id AND e.site_id = g.site_id
            AND e.kind = c.kind AND (e.serial_id IS NULL OR e.serial_id = g.serial_id)) done
    WHERE l.stored_on + c.first_after_days <= $1
)
SELECT {_SITE}, d.lot_id, d.item_id, d.kind, min(d.due_on), count(*)::int
FROM due d JOIN site s ON s.id = d.site_id WHERE d.due_on <= $1 GROUP BY 1, 2, 3, 4, 5, 6
"""
"""As the list of care that is due reads it (`warehouse.stock.queries.open_work`); set-wise and per lot here."""


async def care(by: date, lot_ids: Ids) -> list[CareFact]:
    """Care that falls due on or before a day, per lot, site and kind."""
    args: list[Any] = [by]
    of_balance = _among("b.lot_id", lot_ids, args)
    of_piece = f" AND t.lot_id = ANY(${len(args)}::bigint[])" if lot_ids is not None else ""
    rows = await db.fetch(_CARE.format(of_balance=of_balance, of_piece=of_piece), *args)
    return [CareFact(At(row[0], row[1], row[2]), *row[3:]) for row in map(tuple, rows)]


_ROOM = f"""
SELECT {_SITE}, p.id, greatest(
    ceil(coalesce(sum(ceil(b.on_hand::numeric * i.volume_ml / i.unit_factor)), 0) * 100 / max(p.volume_ml)),
    ceil(coalesce(sum(ceil(b.on_hand::numeric * i.weight_g / i.unit_factor)), 0) * 100 / max(p.weight_g))
)::bigint AS share
FROM place p JOIN site s ON s.id = p.site_id JOIN balance b ON b.place_id = p.id AND b.on_hand > 0
JOIN item i ON i.id = b.item_id
WHERE p.kind = 'bin' AND p.retired_at IS NULL AND (p.volume_ml IS NOT NULL OR p.weight_g IS NOT NULL)
"""


async def room(place_ids: Ids) -> list[RoomFact]:
    """Bins that hold more than they were measured for."""
    args: list[Any] = []
    sql = f"SELECT * FROM ({_ROOM}{_among('p.id', place_ids, args)} GROUP BY 1, 2, 3, 4) x WHERE share > 100"
    return [RoomFact(At(row[0], row[1], row[2]), row[3], row[4]) for row in await db.fetch(sql, *args)]


_COUNTS = f"""
SELECT {_SITE}, array_agg(w.since ORDER BY w.since)
FROM site s JOIN place p ON p.site_id = s.id CROSS JOIN LATERAL (
    SELECT (coalesce(
        (SELECT c.counted_at FROM bin_count c WHERE c.place_id = p.id ORDER BY c.counted_at DESC LIMIT 1),
        (SELECT m.occurred_at FROM move m WHERE m.to_place = p.id ORDER BY m.seq LIMIT 1)
    ) AT TIME ZONE 'Asia/Shanghai')::date AS since) w
WHERE p.kind = 'bin' AND p.retired_at IS NULL AND w.since <= $1
    AND EXISTS (SELECT 1 FROM balance b WHERE b.place_id = p.id AND b.on_hand > 0)
"""


async def counts(before: date, site_ids: Ids) -> list[CountFact]:
    """Bins with goods whose last count (or, never counted, first receipt) lies on or before a day, per site."""
    args: list[Any] = [before]
    rows = await db.fetch(_COUNTS + _among("s.id", site_ids, args) + " GROUP BY 1, 2, 3", *args)
    return [CountFact(At(row[0], row[1], row[2]), tuple(row[3])) for row in rows]


# --- papers ----------------------------------------------------------------------------------------------------------


async def cases(ids: Collection[UUID] | None) -> list[CaseFact]:
    """Open discrepancy cases."""
    args: list[Any] = []
    rows = await db.fetch(
        f"SELECT {_SITE}, c.uuid, c.kind, c.due_on FROM discrepancy_case c JOIN site s ON s.id = c.site_id"
        f" WHERE c.status = 'open'{_among('c.uuid', ids, args, 'uuid')}",  # type: ignore[arg-type]
        *args,
    )
    return [CaseFact(At(row[0], row[1], row[2]), *row[3:]) for row in map(tuple, rows)]


async def deliveries(today: date, ids: Collection[UUID] | None) -> list[DeliveryFact]:
    """Deliveries whose day has passed and that are not closed."""
    args: list[Any] = [today]
    rows = await db.fetch(
        f"SELECT {_SITE}, d.id, d.number, d.expected_on FROM delivery d JOIN site s ON s.id = d.site_id"
        " WHERE d.status IN ('announced', 'receiving') AND d.expected_on < $1"
        f"{_among('d.id', ids, args, 'uuid')}",  # type: ignore[arg-type]
        *args,
    )
    return [DeliveryFact(At(row[0], row[1], row[2]), *row[3:]) for row in map(tuple, rows)]


async def orders(today: date, ids: Collection[UUID] | None) -> list[OrderFact]:
    """Issued orders of which something is late, at their owners."""
    found: dict[UUID, list[Any]] = {}
    for line in await replenishment.late_lines(today, ids):
        found.setdefault(line.order_id, []).append(line)
    facts = []
    for order, lines in found.items():
        first, goods = lines[0], {line.item_id for line in lines}
        at = At(first.owner_region_id, first.owner_path)
        item = goods.pop() if len(goods) == 1 else None
        facts.append(OrderFact(at, order, first.number, first.expected_on, len(lines), item))
    return facts


async def orders_awaiting(today: date, items: Collection[int], sites: Collection[int]) -> set[UUID]:
    """Issued orders that should have brought these items to these sites by now, come or not."""
    rows = await db.fetch(
        "SELECT DISTINCT o.id FROM supply_order o JOIN supply_order_line l ON l.order_id = o.id"
        " WHERE o.status = 'ordered' AND o.site_id = ANY($1::bigint[]) AND l.item_id = ANY($2::bigint[])"
        " AND l.expected_on < $3",
        list(sites),
        list(items),
        today,
    )
    return {row[0] for row in rows}


async def orders_of(deliveries: Collection[UUID]) -> set[UUID]:
    """The orders that deliveries belong to."""
    rows = await db.fetch(
        "SELECT order_id FROM delivery WHERE id = ANY($1::uuid[]) AND order_id IS NOT NULL", list(deliveries)
    )
    return {row[0] for row in rows}


async def commitments(by: date, ids: Collection[UUID] | None) -> list[CommitmentFact]:
    """Commitments in force or suspended whose last day lies on or before a day."""
    args: list[Any] = [by]
    rows = await db.fetch(
        "SELECT c.region_id, r.path, c.id, c.number, c.valid_to, c.item_id, c.class_id FROM commitment c"
        " JOIN region r ON r.id = c.region_id WHERE c.status IN ('in_force', 'suspended') AND c.valid_to <= $1"
        f"{_among('c.id', ids, args, 'uuid')}",  # type: ignore[arg-type]
        *args,
    )
    return [CommitmentFact(At(row[0], row[1]), *row[2:]) for row in map(tuple, rows)]


async def holds(ids: Collection[UUID] | None) -> list[HoldFact]:
    """Requisitions under way that lost goods which they held, and hold no others instead yet."""
    args: list[Any] = [sorted(UNDER_WAY)]
    rows = await db.fetch(
        "SELECT q.region_id, r.path, q.id, q.number, string_agg(DISTINCT b.number, ', ' ORDER BY b.number),"
        " count(DISTINCT t.loser_line_id)::int,"
        " CASE WHEN min(t.item_id) = max(t.item_id) THEN min(t.item_id) END"
        " FROM hold_taken t JOIN requisition q ON q.id = t.loser_id JOIN region r ON r.id = q.region_id"
        " JOIN requisition b ON b.id = t.taker_id WHERE t.settled_at IS NULL AND q.status = ANY($1::text[])"
        f"{_among('q.id', ids, args, 'uuid')} GROUP BY q.region_id, r.path, q.id, q.number",  # type: ignore[arg-type]
        *args,
    )
    return [HoldFact(At(row[0], row[1]), *row[2:]) for row in map(tuple, rows)]


async def papers(by: date, ids: Collection[UUID] | None) -> list[PaperFact]:
    """Spoken release orders and call-offs whose paper is due by a day and not there and checked."""
    args: list[Any] = [by]
    only = _among("o.id", ids, args, "uuid")  # type: ignore[arg-type]
    due = "(o.papers_due_at AT TIME ZONE 'Asia/Shanghai')::date"
    owed = f"o.spoken AND o.paper_checked_at IS NULL AND o.status NOT IN ('refused', 'cancelled') AND {due} <= $1{only}"
    rows = await db.fetch(
        f"SELECT o.owner_region_id, r.path, o.id, o.number, {due}, o.paper_filed_at IS NOT NULL, NULL::uuid"
        f" FROM release_order o JOIN region r ON r.id = o.owner_region_id WHERE {owed}"
        f" UNION ALL SELECT c.region_id, r.path, o.id, o.number, {due}, o.paper_filed_at IS NOT NULL, c.id"
        " FROM call_off o JOIN commitment c ON c.id = o.commitment_id JOIN region r ON r.id = c.region_id"
        f" WHERE {owed}",
        *args,
    )
    return [PaperFact(At(row[0], row[1]), *row[2:]) for row in map(tuple, rows)]


async def loans(by: date, ids: Collection[UUID] | None) -> list[LoanFact]:
    """Loans that are due by a day and of which something is out."""
    args: list[Any] = [by]
    rows = await db.fetch(
        f"SELECT {_SITE}, n.id, n.borrower, n.due_on, count(*)::int FROM loan n JOIN site s ON s.id = n.site_id"
        " JOIN balance b ON b.place_id = n.place_id AND b.on_hand > 0"
        f" WHERE n.due_on <= $1{_among('n.id', ids, args, 'uuid')} GROUP BY s.id, n.id",  # type: ignore[arg-type]
        *args,
    )
    return [LoanFact(At(row[0], row[1], row[2]), *row[3:]) for row in map(tuple, rows)]


# --- what the news touch ---------------------------------------------------------------------------------------------


async def places_touched(keys: Collection[tuple[int, int]]) -> Sequence[Any]:
    """Of (lot, place): site, item, owning region, loan that the place is; places without a site are left out."""
    rows: Sequence[Any] = await db.fetch(
        "SELECT DISTINCT k.lot_id, k.place_id, p.site_id, l.item_id, l.owner_region_id,"
        " CASE p.kind WHEN 'loan' THEN p.uuid END FROM unnest($1::bigint[],"
        " $2::bigint[]) k (lot_id, place_id) JOIN place p ON p.id = k.place_id JOIN lot l ON l.id = k.lot_id"
        " WHERE p.site_id IS NOT NULL",
        [lot for lot, _ in keys],
        [place for _, place in keys],
    )
    return rows


async def norms_touched(ids: Collection[UUID]) -> list[tuple[str, int | None, str | None]]:
    """Of norms, also retired ones: (path of their region, item, path of their class)."""
    rows = await db.fetch(
        "SELECT r.path, n.item_id, c.path FROM norm n LEFT JOIN site s ON s.id = n.site_id"
        " JOIN region r ON r.id = coalesce(n.region_id, s.region_id) LEFT JOIN material_class c ON c.id = n.class_id"
        " WHERE n.id = ANY($1::uuid[])",
        list(ids),
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def site_ids() -> list[int]:
    """Every site, also retired ones."""
    return [row[0] for row in await db.fetch("SELECT id FROM site ORDER BY id")]


async def sites_of_counts(ids: Collection[UUID]) -> set[int]:
    """The sites of stocktakes."""
    rows = await db.fetch("SELECT site_id FROM stocktake WHERE id = ANY($1::uuid[])", list(ids))
    return {row[0] for row in rows}


async def paths_of_sites(ids: Collection[int]) -> set[str]:
    """The paths of the regions that sites lie in."""
    rows = await db.fetch("SELECT path FROM site WHERE id = ANY($1::bigint[])", list(ids))
    return {row[0] for row in rows}


async def sites_of_bins(ids: Collection[int]) -> set[int]:
    """The sites of places."""
    rows = await db.fetch("SELECT site_id FROM place WHERE id = ANY($1::bigint[]) AND site_id IS NOT NULL", list(ids))
    return {row[0] for row in rows}


async def holders_of(permission_roles: Collection[str]) -> Sequence[Any]:
    """(person, region's path, site) of everybody in office who holds one of these roles."""
    rows: Sequence[Any] = await db.fetch(
        "SELECT g.person_id, r.path, g.site_id FROM role_grant g JOIN region r ON r.id = g.region_id"
        " JOIN person p ON p.id = g.person_id WHERE g.revoked_at IS NULL AND p.retired_at IS NULL"
        " AND g.role = ANY($1::text[]) ORDER BY g.id",
        list(permission_roles),
    )
    return rows


async def places_of_books(place_ids: Collection[int]) -> Mapping[int, At]:
    """Where the places are that a difference of the books names."""
    rows = await db.fetch(
        f"SELECT p.id, {_SITE} FROM place p JOIN site s ON s.id = p.site_id WHERE p.id = ANY($1::bigint[])",
        list(place_ids),
    )
    return {row[0]: At(row[1], row[2], row[3]) for row in rows}


async def bins_of(site_ids: Collection[int]) -> list[int]:
    """The bins of sites."""
    rows = await db.fetch("SELECT id FROM place WHERE site_id = ANY($1::bigint[]) AND kind = 'bin'", list(site_ids))
    return [row[0] for row in rows]


async def root() -> At | None:
    """The city."""
    row = await db.fetch_row("SELECT id, path FROM region WHERE parent_id IS NULL ORDER BY id LIMIT 1")
    return At(row[0], row[1]) if row is not None else None


async def paths_with_settings(prefix: str) -> set[str]:
    """Regions that set a parameter of their own."""
    rows = await db.fetch(
        "SELECT DISTINCT path FROM parameter_value WHERE value IS NOT NULL AND key LIKE $1", prefix + "%"
    )
    return {row[0] for row in rows}


def plain(text: str) -> dict[str, Any]:
    """Stored JSON."""
    found: dict[str, Any] = json.loads(text)
    return found
