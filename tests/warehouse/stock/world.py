"""A small world for the tests of stock: two districts, three sites, some bins, items, and hands to post with.

Regions: city /1/, district A /1/2/ with town A1 /1/2/4/, district B /1/3/. Sites: CZ01 (city), AA01 (town A1), BB01
(district B). Everything is inserted as the owner; stock is only ever written through `ledger.post`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from catalog.kernel import db
from catalog.kernel.stamp import Stamp, house_stamp
from warehouse.stock import ledger, queries
from warehouse.stock.model import (
    ADJUSTMENT,
    CONSUMED,
    SUPPLIER,
    Condition,
    DocumentRef,
    Line,
    Lot,
    Posting,
    Reason,
    Receipt,
    is_outside,
)

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
GOOD = Condition.GOOD

_REGIONS = [
    (1, "city", None, "city", "/1/"),
    (2, "district-a", 1, "district", "/1/2/"),
    (3, "district-b", 1, "district", "/1/3/"),
    (4, "town-a1", 2, "town", "/1/2/4/"),
]
_SITES = [(1, "CZ01", 1, "/1/"), (2, "AA01", 4, "/1/2/4/"), (3, "BB01", 3, "/1/3/")]
_ITEMS = [
    # id, key, name, tracking, kind, dimension, factor
    (1, "ZP-0001", "帐篷", "lot", "plain", "piece", 1),
    (2, "MB-0001", "棉被", "lot", "plain", "piece", 1),
    (3, "SB-0001", "水泵", "serial", "plain", "piece", 1),
    (4, "SZ-0001", "砂", "lot", "plain", "millilitre", 1_000_000),
]
BINS = {"CZ01": range(101, 107), "AA01": range(111, 114), "BB01": range(121, 124)}
"""Place ids of the bins of each site; staging is 100, 110 and 120."""


async def build(owner: asyncpg.Connection) -> None:
    """Insert the world's reference rows."""
    await owner.executemany(
        "INSERT INTO region (id, key, parent_id, tier, path, name_zh, source) VALUES ($1, $2, $3, $4, $5, $2, 'test')",
        _REGIONS,
    )
    await owner.execute(
        "INSERT INTO material_class (id, scheme, code, path, level, name_zh, source)"
        " VALUES (1, 'local', '1', '/1/', 1, '救灾', 'test');"
        "INSERT INTO storage_class (id, key, name_zh, source) VALUES (1, 'dry', '常温', 'test')"
    )
    await owner.executemany(
        "INSERT INTO item (id, key, name_zh, tracking, kind, dimension, unit_factor, unit_zh, class_id,"
        " storage_class_id, source, search, sort_key)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, '件', 1, 1, 'test', '|' || $3 || '|', $2)",
        _ITEMS,
    )
    await owner.executemany(
        "INSERT INTO site (id, uuid, code, name_zh, kind, region_id, path)"
        " VALUES ($1, gen_random_uuid(), $2, $2 || '库', 'store', $3, $4)",
        _SITES,
    )
    for site_id, code, _, _ in _SITES:
        first = BINS[code].start - 1
        await owner.execute(
            "INSERT INTO zone (id, site_id, code, name_zh) VALUES ($1, $1, 'A', 'A区')",
            site_id,
        )
        await owner.execute(
            "INSERT INTO place (id, uuid, kind, site_id, code, key) VALUES ($1, gen_random_uuid(), 'staging', $2,"
            " 'STAGE', $3)",
            first,
            site_id,
            f"{code}-STAGE",
        )
        await owner.executemany(
            "INSERT INTO place (id, uuid, kind, site_id, zone_id, code, key, sort_key)"
            " VALUES ($1, gen_random_uuid(), 'bin', $2, $2, $3, $4, $3)",
            [(place, site_id, f"A-{place}", f"{code}-A-{place}") for place in BINS[code]],
        )
    await owner.execute("ALTER TABLE place ALTER id RESTART WITH 1000")
    for table in ("region", "item", "site", "zone", "place"):
        await owner.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 100000)")
    await owner.execute(
        "INSERT INTO person (id, uuid, login, name_zh, region_id) VALUES (1, gen_random_uuid(), 'keeper', '王', 1)"
    )


async def add_lots(owner: asyncpg.Connection, *lots: dict[str, Any]) -> list[Lot]:
    """Insert lots (item_id, expires_on, owner … as given) and read them back."""
    ids = []
    for facts in lots:
        owner_region = facts.get("owner_region_id", 1)
        ids.append(
            await owner.fetchval(
                "INSERT INTO lot (number, item_id, maker_batch, expires_on, owner_region_id, owner_path, stored_on,"
                " created_at, attempt, parent_id)"
                " VALUES ('26' || lpad(nextval('lot_number')::text, 6, '0'), $1, $2, $3, $4,"
                " (SELECT path FROM region WHERE id = $4), $5, $6, $7, $8) RETURNING id",
                facts.get("item_id", 1),
                facts.get("maker_batch", uuid4().hex[:8]),
                facts.get("expires_on"),
                owner_region,
                facts.get("stored_on", date(2026, 1, 1)),
                NOW,
                uuid4(),
                facts.get("parent_id"),
            )
        )
    found = await queries.get_lots(ids=ids)
    return [found[i] for i in ids]


async def add_serials(owner: asyncpg.Connection, lot: Lot, count: int) -> list[int]:
    """Insert numbered pieces that have not moved yet."""
    rows = await owner.fetch(
        "INSERT INTO serial (number, lot_id, created_at)"
        " SELECT '26' || lpad(nextval('serial_number')::text, 6, '0'), $1, $2 FROM generate_series(1, $3) RETURNING id",
        lot.id,
        NOW,
        count,
    )
    return [row[0] for row in rows]


def stamp(*, at: datetime | None = None, recorded: datetime | None = None, attempt: UUID | None = None) -> Stamp:
    """The house's hand, at an instant; `recorded` defaults to `at`."""
    from dataclasses import replace

    at = at or recorded or NOW
    made = house_stamp(attempt or uuid4(), {"content": "same"}, at)
    return replace(made, recorded_at=recorded or at)


def line(lot: Lot, quantity: int, source: Any, target: Any, serial_ids: Sequence[int] = (), **more: Any) -> Line:
    """A line; a place is an id (condition good) or (id, condition)."""
    source, target = ((leg, GOOD) if isinstance(leg, int) else leg for leg in (source, target))
    return Line(
        lot, quantity, source[0], Condition(source[1]), target[0], Condition(target[1]), tuple(serial_ids), **more
    )


def posting(
    *lines: Line, reason: Reason = Reason.MOVE, fact: bool = False, by: Stamp | None = None, **more: Any
) -> Posting:
    """A posting of the house at site 1."""
    return Posting(by or stamp(), reason, tuple(lines), more.pop("site_id", 1), fact=fact, **more)


async def post(*postings: Posting) -> list[ledger.Outcome]:
    """Post in one transaction."""
    async with db.transaction():
        return await ledger.post(list(postings))


async def done(*postings: Posting) -> list[Receipt]:
    """Post, and insist that nothing is refused."""
    outcomes = await post(*postings)
    for outcome in outcomes:
        if not isinstance(outcome, Receipt):
            raise outcome
    return [outcome for outcome in outcomes if isinstance(outcome, Receipt)]


async def receive(lot: Lot, quantity: int, place: Any, serial_ids: Sequence[int] = (), **more: Any) -> Receipt:
    """Goods from the supplier."""
    (receipt,) = await done(posting(line(lot, quantity, SUPPLIER, place, serial_ids), reason=Reason.RECEIVE, **more))
    return receipt


async def issue(lot: Lot, quantity: int, place: Any, serial_ids: Sequence[int] = (), **more: Any) -> Receipt:
    """Goods handed out."""
    (receipt,) = await done(posting(line(lot, quantity, place, CONSUMED, serial_ids), reason=Reason.ISSUE, **more))
    return receipt


async def reserve(
    owner: asyncpg.Connection,
    lot: Lot,
    place: int,
    quantity: int,
    *,
    priority: int = 100,
    until: datetime = NOW + timedelta(days=30),
    at: datetime = NOW,
) -> UUID:
    """A held reservation, written as the reserve verb writes it: row and balance together."""
    made = uuid4()
    async with owner.transaction():
        await owner.execute(
            "UPDATE balance SET reserved = reserved + $3 WHERE lot_id = $1 AND place_id = $2 AND condition = 'good'",
            lot.id,
            place,
            quantity,
        )
        await owner.execute(
            "INSERT INTO reservation (id, lot_id, place_id, quantity, priority, expires_at, created_at, login, attempt)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, 'test', $8)",
            made,
            lot.id,
            place,
            quantity,
            priority,
            until,
            at,
            uuid4(),
        )
    return made


async def count(
    owner: asyncpg.Connection, place: int, at: datetime, lines: Iterable[tuple[Lot, str, int, int]] = ()
) -> UUID:
    """A posted count of a place at an instant: (lot, condition, counted, variance) each; balances as they are."""
    made = uuid4()
    await owner.execute(
        "INSERT INTO bin_count (id, place_id, counted_at, recorded_at, attempt, login)"
        " VALUES ($1, $2, $3, $3, $4, 'test')",
        made,
        place,
        at,
        uuid4(),
    )
    for lot, condition, counted, variance in lines:
        await owner.execute(
            "INSERT INTO bin_count_line (count_id, lot_id, condition, counted, variance) VALUES ($1, $2, $3, $4, $5)",
            made,
            lot.id,
            condition,
            counted,
            variance,
        )
    return made


async def balances(owner: asyncpg.Connection, *, empty: bool = False) -> dict[tuple[int, int, str], tuple[int, int]]:
    """(lot, place, condition) → (on_hand, reserved)."""
    rows = await owner.fetch("SELECT lot_id, place_id, condition, on_hand, reserved FROM balance")
    return {(r[0], r[1], r[2]): (r[3], r[4]) for r in rows if empty or r[3] or r[4]}


@dataclass
class Clock:
    """Instants that only go forward, a minute at a time."""

    at: datetime = field(default=NOW)

    def tick(self, minutes: int = 1) -> datetime:
        """The next instant."""
        self.at += timedelta(minutes=minutes)
        return self.at


__all__ = [
    "ADJUSTMENT",
    "BINS",
    "CONSUMED",
    "GOOD",
    "NOW",
    "SUPPLIER",
    "Clock",
    "DocumentRef",
    "add_lots",
    "add_serials",
    "balances",
    "build",
    "count",
    "done",
    "is_outside",
    "issue",
    "line",
    "post",
    "posting",
    "receive",
    "reserve",
    "stamp",
]
