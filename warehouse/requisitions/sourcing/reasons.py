"""Why a plan passes a source over, and who could help with what it leaves uncovered. Pure, after the plan is made."""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from warehouse.requisitions.sourcing.choices import band, closeness, ways_to_give
from warehouse.requisitions.sourcing.model import (
    Closeness,
    Need,
    PassedOver,
    Source,
    Task,
    Uncovered,
    Why,
)

MOST_REASONS = 3
"""So many nearer sources are explained for each line; the nearest are those that a dispatcher asks about."""


@dataclass(frozen=True, slots=True)
class Given:
    """So much of an item from a source for a need, before lots are named. `band` is that of its expiry."""

    need: Need
    source: str
    item: int
    band: int
    quantity: int
    covers: int
    closeness: Closeness
    minutes: int
    late: bool
    pinned: bool = False


class Books:
    """What each source had and still has under a plan, and who gets the rest."""

    def __init__(self, task: Task, given: Sequence[Given]) -> None:
        self.task = task
        self.sources = {source.key: source for source in task.sources}
        self.ways = ways_to_give(task.substitutes)
        self.free: dict[tuple[str, int], int] = defaultdict(int)
        self.bands: dict[tuple[str, int], int] = {}
        self.holders: dict[int, list[str]] = defaultdict(list)
        self.takers: dict[tuple[str, int], list[str]] = defaultdict(list)
        self.got: dict[str, int] = defaultdict(int)
        for supply in task.supplies:
            key = (supply.source, supply.item)
            if key not in self.free:
                self.holders[supply.item].append(supply.source)
            self.free[key] += supply.free
            self.bands[key] = min(self.bands.get(key, 99), band(supply.expires, task.today))
        taken: dict[tuple[str, int], int] = defaultdict(int)
        for one in given:
            taken[one.source, one.item] += one.quantity
            self.got[one.need.key] += one.covers
            if one.need.key not in self.takers[one.source, one.item]:
                self.takers[one.source, one.item].append(one.need.key)
        self.left = {key: free - taken[key] for key, free in self.free.items()}
        self.may_leave = dict(self.left)
        for cap in task.protections:
            room = cap.allowance - sum(worth * taken[member] for member, worth in cap.members.items())
            for member, worth in cap.members.items():
                if worth and member in self.may_leave:
                    self.may_leave[member] = min(self.may_leave[member], max(0, room) // worth)

    def candidates(self, need: Need) -> Iterable[tuple[Source, int, int | None]]:
        """(source, item, minutes or None without a road) of all that has goods for a need."""
        for way in self.ways[need.item]:
            for key in self.holders.get(way.instead, ()):
                road = self.task.roads.get((key, need.place))
                source = self.sources[key]
                if source.serves(need):
                    yield source, way.instead, None if road is None else source.ready + road.minutes

    def why(self, need: Need, source: Source, item: int, minutes: int | None) -> PassedOver | None:
        """What keeps a source from giving more to a need; None where nothing does."""
        key = (source.key, item)
        others = tuple(k for k in self.takers[key] if k != need.key)

        def say(why: Why, quantity: int, needs: tuple[str, ...] = ()) -> PassedOver:
            return PassedOver(source.key, item, why, minutes, quantity, needs)

        if minutes is None:
            return say(Why.NO_ROAD, self.left[key])
        if (need.key, source.key) in self.task.forbidden:
            return say(Why.FORBIDDEN, self.left[key])
        if not self.free[key]:
            return say(Why.NONE_FREE, 0)
        if not self.left[key]:
            return say(Why.TAKEN, 0, others)
        if not self.may_leave[key]:
            return say(Why.PROTECTED, self.left[key])
        return None


def passed_over(books: Books, given: Sequence[Given]) -> dict[tuple[str, str, int], tuple[PassedOver, ...]]:
    """For each (need, source, item) of a plan: the sources nearer by road that give nothing (more), and why."""
    giving = {(one.need.key, one.source) for one in given}
    nearest: dict[str, list[tuple[Source, int, int]]] = {}
    found: dict[tuple[str, str, int], tuple[PassedOver, ...]] = {}
    for one in given:
        key = (one.need.key, one.source, one.item)
        if key in found:
            continue
        if one.need.key not in nearest:
            reached = [(c[0], c[1], c[2]) for c in books.candidates(one.need) if c[2] is not None]
            nearest[one.need.key] = sorted(reached, key=lambda c: (c[2], c[0].key, c[1]))
        nearer = itertools.takewhile(lambda c, limit=one.minutes: c[2] < limit, nearest[one.need.key])  # type: ignore[misc]
        # A source that gave all it had to this very need has been passed over by nobody.
        others = (c for c in nearer if (one.need.key, c[0].key) not in giving or books.left[c[0].key, c[1]])
        found[key] = tuple(_why_not(books, one, *c) for c in itertools.islice(others, MOST_REASONS))
    return found


def _why_not(books: Books, one: Given, source: Source, item: int, minutes: int | None) -> PassedOver:
    kept = books.why(one.need, source, item, minutes)
    if kept:
        return kept
    near = closeness(one.need.path, source.path, source.kind)
    quantity = books.may_leave[source.key, item]
    if near > one.closeness:
        why = Why.FARTHER_TIER
    elif minutes is not None and one.need.by is not None and minutes > one.need.by and not one.late:
        why = Why.LATE
    elif item != one.need.item and one.item == one.need.item:
        why = Why.SUBSTITUTE
    elif books.bands[source.key, item] > one.band:
        why = Why.EXPIRES_LATER
    else:
        why = Why.FEWER_SHIPMENTS
    return PassedOver(source.key, item, why, minutes, quantity)


_HELP = (Why.PROTECTED, Why.FORBIDDEN, Why.NO_ROAD, Why.TAKEN)


def _helps(reason: PassedOver) -> bool:
    """What gave all it had to this very need helps no more."""
    return reason.why in _HELP and (reason.why is not Why.TAKEN or bool(reason.needs))


def who_could_help(books: Books) -> list[Uncovered]:
    """What each need still lacks, with the sources that have such goods: first those whose goods are only protected."""
    found = []
    for need in books.task.needs:
        lacks = need.quantity - books.got[need.key]
        if lacks <= 0:
            continue
        reasons = [books.why(need, *candidate) for candidate in books.candidates(need)]
        helps = [reason for reason in reasons if reason is not None and _helps(reason)]
        helps.sort(key=lambda h: (_HELP.index(h.why), h.minutes if h.minutes is not None else 10**9, h.source, h.item))
        found.append(Uncovered(need.key, lacks, tuple(helps)))
    return found
