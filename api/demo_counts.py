"""A few counts of the demo city in different states: posted, waiting for an approver, under way, planned by risk.

Told by the store's own people with their own rights, after the year of stock. Each step is an attempt of its own, so a
load that broke off is taken up again.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from catalog.kernel import db
from catalog.kernel.access import EVERYWHERE, ROLES, Grant, Role
from catalog.kernel.stamp import Channel, Stamp, content_hash
from warehouse.counts import actions, queries
from warehouse.counts.model import Count, CountKind, Entry, VarianceReason
from warehouse.stock import queries as stock
from warehouse.stock.model import StockKey

NAMESPACE = UUID("6b1e6f0e-3a55-5d0c-9b3e-be1900000077")
BINS = 2
"""Bins of each count."""
_PEOPLE = """
SELECT w.id, w.login, g.role, r.path, g.site_id FROM role_grant g JOIN person w ON w.id = g.person_id
JOIN region r ON r.id = g.region_id WHERE g.revoked_at IS NULL AND w.login LIKE $1 ORDER BY w.id
"""
_BINS_WITH_GOODS = """
SELECT p.id FROM place p WHERE p.site_id = $1 AND p.kind = 'bin' AND p.retired_at IS NULL AND p.closed_by IS NULL
  AND EXISTS (SELECT 1 FROM balance b WHERE b.place_id = p.id AND b.on_hand > 9)
  AND NOT EXISTS (SELECT 1 FROM balance b JOIN item i ON i.id = b.item_id
                  WHERE b.place_id = p.id AND b.on_hand > 0 AND (i.tracking = 'serial' OR b.reserved > 0))
ORDER BY p.sort_key COLLATE "C", p.id LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class Hand:
    """A person of the demo and one role."""

    person_id: int
    login: str
    grant: Grant

    def stamp(self, step: str, at: datetime) -> Stamp:
        """What this person does at an instant."""
        attempt = uuid5(NAMESPACE, step)
        return Stamp(attempt, content_hash(step), at, at, self.person_id, self.login, (self.grant,), Channel.WEB)


async def load_counts(*, now: datetime) -> None:
    """Counts at the first store that has two keepers; nothing where there is none, or no goods to count."""
    hands = await hands_of({Role.KEEPER, Role.STATISTICIAN, Role.APPROVER})
    keepers: dict[int, list[Hand]] = {}
    for hand in hands:
        if hand.grant.role is Role.KEEPER and hand.grant.site_id is not None:
            keepers.setdefault(hand.grant.site_id, []).append(hand)
    site = next((site for site, found in sorted(keepers.items()) if len(found) > 1), None)
    others = {hand.grant.role: hand for hand in hands if hand.grant.site_id is None}
    if site is None or not {Role.APPROVER, Role.STATISTICIAN} <= others.keys():
        return
    bins = [row[0] for row in await db.fetch(_BINS_WITH_GOODS, site, 3 * BINS)]
    if len(bins) < 3 * BINS:
        return
    first, second = keepers[site][:2]
    begin = now - timedelta(hours=2)
    for number, name in enumerate(("posted", "review", "counting")):
        at = begin + timedelta(minutes=20 * number)
        chosen = bins[number * BINS : (number + 1) * BINS]
        told = await _count(name, site, chosen, (others[Role.STATISTICIAN], first, second), at)
        if name == "posted":
            stamp = others[Role.APPROVER].stamp("posted/approve", at + timedelta(minutes=15))
            await actions.approve(stamp=stamp, count_id=told.id)
    stamp = others[Role.STATISTICIAN].stamp("risk", now - timedelta(minutes=30))
    await actions.create_count(stamp=stamp, site_id=site, kind=CountKind.RISK, most=8, begin=False)


async def hands_of(roles: Collection[Role], logins: str = "cz.%") -> list[Hand]:
    """The city's own people with one of these roles; `logins`: a LIKE pattern for others."""
    rows = await db.fetch(_PEOPLE, logins)
    return [
        Hand(row[0], row[1], Grant(Role(row[2]), row[3], ROLES[Role(row[2])], row[4]))
        for row in rows
        if Role(row[2]) in roles
    ]


async def _count(name: str, site: int, bins: list[int], hands: tuple[Hand, Hand, Hand], at: datetime) -> Count:
    """One count as far as it shall come: the first bin is short by a tenth, both keepers find it so."""
    planner, first, second = hands
    made = await actions.create_count(stamp=planner.stamp(f"{name}/create", at), site_id=site, place_ids=bins)
    count_id = UUID(str(made["count"]))
    counted = bins[:1] if name == "counting" else bins
    for turn, place in enumerate(counted):
        await _bin(f"{name}/1/{turn}", count_id, place, first, at + timedelta(minutes=2 + turn), short=turn == 0)
    found = await queries.get_count(count_id, EVERYWHERE)
    if name == "counting":
        return found
    for turn, one in enumerate(one for one in found.bins if one.round > 1):
        await _bin(f"{name}/2/{turn}", count_id, one.place_id, second, at + timedelta(minutes=8 + turn), short=True)
    found = await queries.get_count(count_id, EVERYWHERE)
    explanations = [
        actions.Explanation(x.key.place_id, x.key.lot_id, x.key.condition, VarianceReason.LOSS, "包装破损，已核实")
        for x in await queries.differences(found)
        if x.variance
    ]
    if name == "posted" and explanations:
        stamp = first.stamp(f"{name}/explain", at + timedelta(minutes=13))
        await actions.explain(stamp=stamp, count_id=count_id, explanations=explanations)
    return found


async def _bin(step: str, count_id: UUID, place: int, who: Hand, at: datetime, *, short: bool) -> None:
    books: dict[StockKey, Any] = await stock.books_then({place: at})
    await actions.begin_bin(stamp=who.stamp(f"{step}/begin", at), count_id=count_id, place_id=place)
    for number, (key, found) in enumerate(sorted(books.items())):
        missing = found.then // 10 if short and number == 0 else 0
        entry = Entry(found.then - missing, key.lot_id, key.condition)
        stamp = who.stamp(f"{step}/{number}", at + timedelta(seconds=10 + number))
        await actions.enter(stamp=stamp, count_id=count_id, place_id=place, entry=entry)
    stamp = who.stamp(f"{step}/finish", at + timedelta(seconds=50))
    await actions.finish_bin(stamp=stamp, count_id=count_id, place_id=place)
