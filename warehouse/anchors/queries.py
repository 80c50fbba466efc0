"""Reads: only for whoever audits the whole city, for a lower house's anchors have no region of ours."""

from collections.abc import Sequence

from catalog.kernel import db
from catalog.kernel.access import Permission
from catalog.kernel.audit import Anchor
from catalog.kernel.errors import Missing
from catalog.kernel.page import Page, checked_limit, read_cursor, write_cursor
from catalog.kernel.stamp import Stamp
from catalog.regions import rules as regions
from catalog.regions.queries import root_path
from warehouse.anchors.model import House, Received, Verdict

_HOUSES = """
SELECT encode(house, 'hex'), (array_agg(name ORDER BY id DESC))[1], count(*), max(position), min(received_at),
    max(received_at), count(*) FILTER (WHERE verdict <> 'agrees')
FROM received_anchor WHERE ($1::text IS NULL OR house = decode($1, 'hex')) GROUP BY house ORDER BY 2, 1
"""


async def list_houses(*, stamp: Stamp) -> Sequence[House]:
    """The houses that send their anchors here, by name."""
    await _check(stamp)
    return [House(*row) for row in await db.fetch(_HOUSES, None)]


async def get_house(key: str, *, stamp: Stamp) -> House:
    """One of them. Raises Missing."""
    await _check(stamp)
    row = await db.fetch_row(_HOUSES, key) if len(key) == 64 and set(key) <= set("0123456789abcdef") else None
    if row is None:
        raise Missing("anchor.no-such-house", "没有收到过这个单位的审计锚")
    return House(*row)


async def list_received(*, house: House, cursor: str | None = None, limit: int | None = None) -> Page[Received]:
    """What a house sent, the newest first."""
    size = checked_limit(limit)
    after = read_cursor(cursor, 1)
    if after is not None and (type(after[0]) is not int or abs(after[0]) >= 2**62):
        read_cursor("!", 1)
    rows = await db.fetch(
        "SELECT id, name, position, audit_seq, mac, digest, made_at, verdict, received_at FROM received_anchor"
        " WHERE house = decode($1, 'hex') AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        house.key,
        after[0] if after else None,
        size + 1,
    )
    found = [
        Received(row[0], house.key, row[1], Anchor(*tuple(row)[2:7]), Verdict(row[7]), row[8]) for row in rows[:size]
    ]
    return Page(found, write_cursor(found[-1].id) if len(rows) > size else None)


async def anchors_of(house: House) -> Sequence[Anchor]:
    """Every anchor of a house in the order of arrival, to hold its export against."""
    rows = await db.fetch(
        "SELECT position, audit_seq, mac, digest, made_at FROM received_anchor WHERE house = decode($1, 'hex')"
        " ORDER BY id",
        house.key,
    )
    return [Anchor(*row) for row in rows]


async def _check(stamp: Stamp) -> None:
    regions.check_city_wide(stamp, Permission.AUDIT_READ, await root_path())
