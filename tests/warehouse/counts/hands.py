"""Keepers, an approver and a store to count in: short ways to what the tests of counts do all the time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from catalog.kernel.access import ROLES, Grant, Role, Scope
from catalog.kernel.stamp import Stamp
from tests.warehouse.stock import world
from warehouse.counts import actions, queries
from warehouse.counts.model import Count, CountKind, Difference, Entry
from warehouse.stock.model import Lot

ALL = Scope(("/",))
NOW = world.NOW
TENT, QUILT, PUMP = 1, 2, 3


def by(
    login: str, role: Role = Role.KEEPER, *, at: datetime | None = None, path: str = "/1/", site: int | None = 1
) -> Stamp:
    """The stamp of a person with one role, at a site or (None) over a region."""
    grant = Grant(role, path, ROLES[role], site)
    return replace(world.stamp(at=at or NOW), login=login, grants=(grant,))


def wang(at: datetime | None = None) -> Stamp:
    """A keeper of site 1."""
    return by("wang", at=at)


def zhao(at: datetime | None = None) -> Stamp:
    """The other keeper of site 1."""
    return by("zhao", at=at)


def approver(at: datetime | None = None) -> Stamp:
    """An approver of the city."""
    return by("shen", Role.APPROVER, at=at or NOW + timedelta(days=1), site=None)


async def began(
    *places: int, at: datetime | None = None, kind: CountKind = CountKind.CHOSEN, site_id: int = 1
) -> Count:
    """A count of these bins, planned by somebody else, under way."""
    planner = by("chu", Role.STATISTICIAN, at=at, site=None)
    made = await actions.create_count(stamp=planner, site_id=site_id, kind=kind, place_ids=places)
    return await again(UUID(made["count"]))


async def again(count: UUID) -> Count:
    """The count as it is now."""
    return await queries.get_count(count, ALL)


async def counted(
    count: Count, place: int, figures: Sequence[tuple[Lot, int]], who: Any = wang, at: datetime | None = None
) -> Count:
    """One keeper counts one bin from beginning to end."""
    await actions.begin_bin(stamp=who(at), count_id=count.id, place_id=place)
    for lot, quantity in figures:
        await actions.enter(stamp=who(at), count_id=count.id, place_id=place, entry=Entry(quantity, lot.id))
    await actions.finish_bin(stamp=who(at), count_id=count.id, place_id=place, empty=not figures)
    return await again(count.id)


async def lines(count: Count) -> dict[tuple[str, str], tuple[int, int]]:
    """(bin, lot) → (book, counted)."""
    return {(x.bin, x.lot.number): (x.book, x.counted) for x in await found(count)}


async def found(count: Count) -> list[Difference]:
    """The result."""
    return await queries.differences(await again(count.id))


async def priced(owner: asyncpg.Connection, fen: int, **facts: Any) -> Lot:
    """A lot with a price."""
    (lot,) = await world.add_lots(owner, facts)
    await owner.execute("ALTER TABLE lot DISABLE TRIGGER USER")
    await owner.execute("UPDATE lot SET price_fen = $2 WHERE id = $1", lot.id, fen)
    return replace(lot, price_fen=fen)
