"""Judging: from the news for what was touched, in full each night. Both come to the same alerts.

One judge at a time, by an advisory lock that is held while facts are read and alerts are written: a pass that read
older facts never overwrites what newer ones said. The house does this itself: no caller, no attempt.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from catalog.kernel import db, feed
from catalog.kernel.feed import News
from catalog.kernel.time import day_of
from warehouse.alerts import rules
from warehouse.alerts.actions.ordered import follow_orders
from warehouse.alerts.actions.settling import settle
from warehouse.alerts.model import (
    AlertKind,
    At,
    BooksFact,
    Changes,
    Domain,
    Fact,
    Severity,
    Shelf,
    Standing,
    Status,
    Tally,
)
from warehouse.alerts.queries import facts as read
from warehouse.alerts.queries.facts import Measured
from warehouse.norms import queries as norms
from warehouse.norms import rules as norm_rules
from warehouse.norms.model import Goods, Norm, Requirement, Subject
from warehouse.stock.verify import Difference

READER = "alerts"
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('warehouse.alerts', 7))"
AT_ONCE = 500
"""News per turn: what was touched meanwhile waits for the next."""
MOST_TOUCHED = 2000
"""Needs that a norm may touch and still be judged at once; beyond that a full pass follows, apart from the server."""
SLICE = 400
"""Places whose needs are judged in one transaction of the full pass."""
SHARES = 10
"""Transactions in which the full pass judges lots: a share of the sites each, during which the news wait."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What a turn of the reader did. `wants_all`: something changed that only a full pass can follow."""

    news: int
    tally: Tally
    wants_all: bool


# --- from the news ---------------------------------------------------------------------------------------------------


_PAIRS, _NUMBERS, _PAPERS = ("balance",), ("care", "count", "site"), (
    "stocktake", "case", "delivery", "norm", "order", "commitment", "call-off", "requisition", "release",
)  # fmt: skip
_ALL = ("class", "item", "region")
"""These change what is judged and how, for who knows how many places: seldom, and only a full pass can follow."""


@dataclass
class _Touched:
    """What some news are about, as far as judging cares, by topic."""

    balances: set[tuple[int, int]] = field(default_factory=set)
    numbers: dict[str, set[int]] = field(default_factory=lambda: {topic: set() for topic in _NUMBERS})
    papers: dict[str, set[UUID]] = field(default_factory=lambda: {topic: set() for topic in _PAPERS})
    everything: bool = False

    def add(self, news: News) -> None:
        if news.topic in _PAIRS:
            lot, _, place = news.key.partition(":")
            self.balances.add((int(lot), int(place)))
        elif news.topic in _NUMBERS:
            self.numbers[news.topic].add(int(news.key))
        elif news.topic in _PAPERS:
            self.papers[news.topic].add(UUID(news.key))
        elif news.topic in _ALL or (news.topic == "parameter" and news.key.startswith("alerts.")):
            self.everything = True


async def follow(*, now: datetime, limit: int = AT_ONCE) -> Followed:
    """Judge what the next news touched, and move the bookmark with it. A reader that never read, or whose bookmark is
    of another cluster, begins at the present and wants a full pass."""
    async with db.transaction():
        await db.execute(_LOCK)
        after = await feed.position_of(READER)
        if after is None:
            await feed.move_to(READER, await feed.frontier(), now)
            return Followed(0, Tally(), True)
        news = await feed.read(after, limit)
        if not news:
            return Followed(0, Tally(), False)
        touched = _Touched()
        for one in news:
            touched.add(one)
        tally = await _judge_touched(touched, now)
        await feed.move_to(READER, news[-1].position, now)
    return Followed(len(news), tally, touched.everything)


async def _judge_touched(touched: _Touched, now: datetime) -> Tally:
    today = day_of(now)
    judge = _Judge(today, Measured(), now)
    rows = await read.places_touched(touched.balances)
    places, sites = {row[1] for row in rows}, {row[2] for row in rows}
    lots = touched.numbers["care"] | {row[0] for row in rows}
    counted = await read.sites_of_bins(touched.numbers["count"]) | await read.sites_of_counts(
        touched.papers["stocktake"]
    )
    changed = touched.numbers["site"]
    if changed:
        places |= set(await read.bins_of(changed))
    tally = Tally()
    if lots:
        tally += await judge.lots(lots)
        tally += await judge.care(lots)
    if places:
        tally += await judge.room(places)
    if lent := {row[5] for row in rows if row[5] is not None}:
        tally += await judge.loans(lent)
    if sites | counted | changed:
        tally += await judge.counts(sites | counted | changed)
    for topic, domain in (
        ("case", judge.cases), ("delivery", judge.deliveries), ("commitment", judge.commitments),
        ("call-off", judge.papers), ("requisition", judge.holds), ("release", judge.papers),
    ):  # fmt: skip
        if touched.papers[topic]:
            tally += await domain(touched.papers[topic])
    awaiting = await read.orders_awaiting(today, {row[3] for row in rows}, sites) if rows else set()
    if orders := touched.papers["order"] | awaiting:
        tally += await judge.orders(orders)
    if rows:
        tally += await judge.needs_touched({(row[2], row[3]) for row in rows}, {(row[4], row[3]) for row in rows})
    if changed:
        above = {int(part) for path in await read.paths_of_sites(changed) for part in path.strip("/").split("/")}
        tally += await judge.needs_of(await norms.subjects_of(above, changed, today), None)
    tally += await _judge_norms(touched, judge)
    served = await read.orders_of(touched.papers["delivery"]) if touched.papers["delivery"] else set()
    if orders or served or tally.opened:
        await follow_orders(orders | served, now)
    return tally


async def _judge_norms(touched: _Touched, judge: "_Judge") -> Tally:
    tally, today = Tally(), judge.today
    for path, item, class_path in await read.norms_touched(touched.papers["norm"]):
        goods = [one.item_id for one in await norms.list_goods() if _covers(item, class_path, one)]
        subjects = await norms.subjects_under(path, today)
        if len(subjects) * len(goods) > MOST_TOUCHED:
            touched.everything = True
        else:
            tally += await judge.needs_of(subjects, goods)
    return tally


def _covers(item: int | None, class_path: str | None, goods: Goods) -> bool:
    return goods.item_id == item if class_path is None else goods.class_path.startswith(class_path)


# --- in full ---------------------------------------------------------------------------------------------------------


async def judge_all(*, now: datetime) -> Tally:
    """Judge everything, a domain or a few hundred places per transaction, so that the news are followed in between.
    Safe to run twice and to break off. The bookmark does not move: what is touched meanwhile is judged again."""
    judge = _Judge(day_of(now), Measured(), now)
    tally = Tally()
    domains = (
        judge.care, judge.room, judge.counts, judge.cases, judge.deliveries, judge.orders,
        judge.commitments, judge.holds, judge.papers, judge.loans,
    )  # fmt: skip
    for domain in domains:
        async with db.transaction():
            await db.execute(_LOCK)
            tally += await domain(None)
    sites = await read.site_ids()
    for share in range(SHARES):
        async with db.transaction():
            await db.execute(_LOCK)
            tally += await judge.lots_at(sites[share::SHARES])
    goods = await norms.list_goods()
    for root in await norms.root_paths():
        rules_of = await norms.norms_around(root)
        subjects = await norms.subjects_under(root, judge.today)
        for begin in range(0, len(subjects), SLICE):
            part = subjects[begin : begin + SLICE]
            needed = await _resolved(rules_of, part, goods, judge.today)
            async with db.transaction():
                await db.execute(_LOCK)
                tally += await judge.needs(part, needed, None, ())
    async with db.transaction():
        await db.execute(_LOCK)
        gone = await _standing("a.domain = 'need' AND " + _GONE)
        tally += await settle(Domain.NEED, Changes(closed=tuple(gone)), now)
        await follow_orders((), now)
        if await feed.position_of(READER) is None:
            await feed.move_to(READER, await feed.frontier(), now)
    return tally


_GONE = (
    "(EXISTS (SELECT 1 FROM site s WHERE s.id = a.site_id AND s.retired_at IS NOT NULL)"
    " OR EXISTS (SELECT 1 FROM region r WHERE r.id = a.region_id AND r.retired_at IS NOT NULL))"
)


async def _resolved(
    every: Sequence[Norm], subjects: Sequence[Subject], goods: Sequence[Goods], today: date
) -> list[Requirement]:
    """Requirements of many places, others being served in between."""
    found: list[Requirement] = []
    for begin in range(0, len(subjects), 20):
        found += norm_rules.requirements(every, subjects[begin : begin + 20], goods, today)
        await asyncio.sleep(0)
    return found


async def judge_books(*, now: datetime, differences: Sequence[Difference]) -> Tally:
    """Alerts for what `verify` found, by site; those of figures that are right again close."""
    where = await read.places_of_books({one.place_id for one in differences if one.place_id is not None})
    root = await read.root()
    by_place: dict[At, list[str]] = {}
    for one in differences:
        at = where.get(one.place_id or 0, root)
        if at is not None:
            by_place.setdefault(at, []).append(str(one))
    judge = _Judge(day_of(now), Measured(), now)
    async with db.transaction():
        await db.execute(_LOCK)
        return await judge.settle(Domain.BOOKS, [BooksFact(at, tuple(found)) for at, found in by_place.items()], "true")


# --- one domain after the other --------------------------------------------------------------------------------------


_Shelves = Mapping[int, Mapping[int, Shelf]]


def _by_place(pairs: read.Pairs) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for place, item in pairs:
        found.setdefault(place, set()).add(item)
    return found


@dataclass
class _Judge:
    """Facts in, alerts out. `None` for everything of a domain. Call inside a transaction that holds the lock."""

    today: date
    measured: Measured
    now: datetime

    async def settle(self, domain: Domain, found: Sequence[Fact], concerned: str, *args: Any) -> Tally:
        """Make the alerts of a domain, among those `concerned`, what the facts say they should be."""
        wanted = []
        for fact in found:
            one = rules.judge(fact, await self.measured.at(fact.at.path), self.today)
            if one is not None:
                wanted.append(one)
        standing = await _standing(f"a.domain = '{domain.value}' AND {concerned}", *args)
        return await settle(domain, rules.reconcile(wanted, standing), self.now)

    async def lots(self, ids: Collection[int]) -> Tally:
        """Near their expiry, or past it."""
        return await self._of(Domain.LOT, await read.lots(self.today, await self._widest(), ids), "a.lot_id", ids)

    async def lots_at(self, sites: Collection[int]) -> Tally:
        """The same, of all lots at some sites."""
        found = await read.lots(self.today, await self._widest(), None, sites)
        return await self.settle(Domain.LOT, found, "a.site_id = ANY($1::bigint[])", list(sites))

    async def care(self, ids: Collection[int] | None) -> Tally:
        """Care that is due."""
        ahead = max((one.care_days for one in await self._everywhere()), default=0)
        found = await read.care(self.today + timedelta(days=ahead), ids)
        return await self._of(Domain.CARE, found, "a.lot_id", ids)

    async def room(self, ids: Collection[int] | None) -> Tally:
        """Bins beyond their measure."""
        return await self._of(Domain.ROOM, await read.room(ids), "a.place_id", ids)

    async def counts(self, ids: Collection[int] | None) -> Tally:
        """Stores whose bins were not counted for long."""
        ages = [one.count_days for one in await self._everywhere() if one.count_days]
        found = await read.counts(self.today - timedelta(days=min(ages, default=0)), ids) if ages else []
        return await self._of(Domain.COUNT, found, "a.site_id", ids)

    async def cases(self, ids: Collection[UUID] | None) -> Tally:
        """Discrepancy cases that are open."""
        return await self._of(Domain.CASE, await read.cases(ids), "a.document_id", ids, "uuid")

    async def deliveries(self, ids: Collection[UUID] | None) -> Tally:
        """Deliveries that are late."""
        found = await read.deliveries(self.today, ids)
        return await self._of(Domain.DELIVERY, found, "a.document_id", ids, "uuid")

    async def orders(self, ids: Collection[UUID] | None) -> Tally:
        """Issued orders of which something is late."""
        return await self._of(Domain.ORDER, await read.orders(self.today, ids), "a.document_id", ids, "uuid")

    async def commitments(self, ids: Collection[UUID] | None) -> Tally:
        """Commitments that end soon, or have ended and are not retired."""
        ahead = max((one.ending_days for one in await self._everywhere()), default=0)
        found = await read.commitments(self.today + timedelta(days=ahead), ids)
        return await self._of(Domain.COMMITMENT, found, "a.document_id", ids, "uuid")

    async def holds(self, ids: Collection[UUID] | None) -> Tally:
        """Requisitions that lost what they held to a more urgent one."""
        return await self._of(Domain.HOLD, await read.holds(ids), "a.document_id", ids, "uuid")

    async def papers(self, ids: Collection[UUID] | None) -> Tally:
        """Papers of spoken orders that are due today or overdue."""
        return await self._of(Domain.PAPER, await read.papers(self.today, ids), "a.document_id", ids, "uuid")

    async def loans(self, ids: Collection[UUID] | None) -> Tally:
        """Loans that are due today or overdue."""
        return await self._of(Domain.LOAN, await read.loans(self.today, ids), "a.document_id", ids, "uuid")

    async def _widest(self) -> int:
        return int(max(one.bands[0] for one in await self._everywhere()))

    async def _of(
        self, domain: Domain, found: Sequence[Fact], column: str, ids: Collection[Any] | None, kind: str = "bigint"
    ) -> Tally:
        if ids is None:
            return await self.settle(domain, found, "true")
        return await self.settle(domain, found, f"{column} = ANY($1::{kind}[])", list(ids))

    async def _everywhere(self) -> list[Any]:
        """The measures at every place that sets one of its own, and at the root."""
        return [await self.measured.at(path) for path in ("/", *await read.paths_with_settings("alerts."))]

    async def needs_of(self, subjects: Sequence[Subject], item_ids: Collection[int] | None) -> Tally:
        """What these places must hold of these items (None: of all), with the classes they are counted in."""
        if not subjects:
            return Tally()
        goods = await norms.list_goods()
        if item_ids is None:
            every = await norms.norms_over(subjects, [one.item_id for one in goods])
            return await self.needs(subjects, await _resolved(every, subjects, goods, self.today), None, ())
        touched = [one for one in goods if one.item_id in set(item_ids)]
        classes = {n.class_path for n in await norms.norms_over(subjects, []) if n.class_path is not None}
        pools = [path for path in classes if any(one.class_path.startswith(path) for one in touched)]
        among = [one for one in goods if one in touched or any(one.class_path.startswith(path) for path in pools)]
        every = await norms.norms_over(subjects, [one.item_id for one in among])
        needed = await _resolved(every, subjects, among, self.today)
        ids = sorted({one.item_id for one in among} | set(item_ids))
        return await self.needs(subjects, needed, ids, sorted({one.class_path for one in among}))

    async def needs_touched(self, at_sites: read.Pairs, at_owners: read.Pairs) -> Tally:
        """What sites and owners must hold of the items touched there, with the classes these are counted in: of each
        place its own, not whatever was touched anywhere."""
        of_site, of_owner = _by_place(at_sites), _by_place(at_owners)
        subjects = await norms.subjects_of(of_owner, of_site, self.today)
        if not subjects:
            return Tally()
        goods = await norms.list_goods()
        classes = {n.class_path for n in await norms.norms_over(subjects, []) if n.class_path is not None}
        wanted: list[tuple[Subject, list[Goods]]] = []
        causes: list[str] = []
        for who in subjects:
            items = of_owner[who.region_id] if who.site_id is None else of_site[who.site_id]
            touched = [one for one in goods if one.item_id in items]
            pools = [path for path in classes if any(one.class_path.startswith(path) for one in touched)]
            among = [
                one for one in goods if one.item_id in items or any(one.class_path.startswith(path) for path in pools)
            ]
            wanted.append((who, among))
            above = {int(part) for one in among for part in one.class_path.strip("/").split("/")}
            causes += [rules.need_cause(who.region_id, who.site_id, one) for one in items | {o.item_id for o in among}]
            causes += [rules.need_cause(who.region_id, who.site_id, None, one) for one in above]
        needed = norm_rules.requirements_of(await norms.norms_for(wanted), wanted, self.today)
        at, of = await read.shelves_touched(
            self.today,
            await self._horizon(needed),
            sites={(one.subject.site_id, i.item_id) for one in needed if one.subject.site_id for i in one.items},
            owners={(one.subject.region_id, i.item_id) for one in needed if not one.subject.site_id for i in one.items},
        )
        return await self.settle(
            Domain.NEED, await self._need_facts(needed, at, of), "a.cause = ANY($1::text[])", causes
        )

    async def _horizon(self, needed: Sequence[Requirement]) -> date:
        return read.horizon_of(needed, self.today, max(one.lead_days for one in await self._everywhere()))

    async def _need_facts(self, needed: Sequence[Requirement], at_sites: _Shelves, at_owners: _Shelves) -> list[Fact]:
        found: list[Fact] = []
        for number, one in enumerate(needed):
            if number % 1000 == 0:
                await asyncio.sleep(0)
            who = one.subject
            shelves = at_owners.get(who.region_id, {}) if who.site_id is None else at_sites.get(who.site_id, {})
            fact = rules.need_fact(one, shelves, await self.measured.at(who.path), self.today)
            if fact is not None:
                found.append(fact)
        return found

    async def needs(
        self,
        subjects: Sequence[Subject],
        needed: Sequence[Requirement],
        item_ids: Sequence[int] | None,
        class_paths: Sequence[str],
    ) -> Tally:
        """Judge requirements of these places; alerts of these items, and of classes they count in, are concerned."""
        sites = [one.site_id for one in subjects if one.site_id is not None]
        regions = [one.region_id for one in subjects if one.site_id is None]
        horizon = await self._horizon(needed)
        wanted_items = None if item_ids is None else {goods.item_id for one in needed for goods in one.items}
        at_sites = await read.shelves_of_sites(self.today, horizon, sites, wanted_items) if sites else {}
        at_owners = await read.shelves_of_owners(self.today, horizon, regions, wanted_items) if regions else {}
        found = await self._need_facts(needed, at_sites, at_owners)
        return await self.settle(Domain.NEED, found, _NEEDS, sites, regions, item_ids, list(class_paths))


_NEEDS = (
    "(a.site_id = ANY($1::bigint[]) OR (a.site_id IS NULL AND a.region_id = ANY($2::bigint[])))"
    " AND ($3::bigint[] IS NULL OR a.item_id = ANY($3) OR a.class_id IN (SELECT c.id FROM material_class c"
    " WHERE EXISTS (SELECT 1 FROM unnest($4::text[]) g WHERE starts_with(g, c.path))))"
)


async def _standing(condition: str, *args: Any) -> list[Standing]:
    rows = await db.fetch(
        "SELECT a.id, a.cause, a.kind, a.severity, a.status, a.facts::text, a.snoozed_until IS NOT NULL FROM alert a"
        f" WHERE a.status <> 'closed' AND {condition}",
        *args,
    )
    return [
        Standing(row[0], row[1], AlertKind(row[2]), Severity(row[3]), Status(row[4]), read.plain(row[5]), row[6])
        for row in rows
    ]
