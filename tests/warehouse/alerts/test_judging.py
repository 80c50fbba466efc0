"""Alerts on a real database: opened, raised, lowered and closed by what happens; the news and the full pass agree."""

import contextlib
import random
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from catalog.kernel import feed, parameters
from catalog.kernel.access import EVERYWHERE, ROLES, Grant, Role
from catalog.kernel.errors import Problem, Refused
from catalog.kernel.stamp import Stamp
from tests.others import others_done
from tests.warehouse.alerts import asking
from tests.warehouse.replenishment import buying
from tests.warehouse.stock import world
from warehouse.alerts import actions
from warehouse.alerts.messages import why
from warehouse.alerts.model import AlertKind
from warehouse.alerts.queries.alerts import AlertFilter, list_alerts
from warehouse.commitments import actions as commitments
from warehouse.commitments.model import CommitmentFacts, Form
from warehouse.files import actions as files
from warehouse.files.model import Cleaned, FileKind
from warehouse.norms import actions as norms
from warehouse.norms.model import Each, Equivalent, NormFacts
from warehouse.replenishment import actions as replenishment
from warehouse.replenishment.model import Order, OrderFacts, OrderKind
from warehouse.stock import actions as stock
from warehouse.stock.actions import care, release, reserve
from warehouse.stock.model import CONSUMED, Lot, Reason

NOW = world.NOW
TODAY = date(2026, 11, 21)
TENT, QUILT, PUMP, SAND = 1, 2, 3, 4
CITY, A, B, TOWN = 1, 2, 3, 4
AA01 = 2
BINS = [101, 102, 111, 112, 121]
SITE_OF = {101: 1, 102: 1, 111: 2, 112: 2, 121: 3}


def hand(role: Role = Role.PLANNER, at: Any = NOW) -> Stamp:
    return replace(world.stamp(at=at), attempt=uuid4(), grants=(Grant(role, "/1/", ROLES[role]),))


def again(stamp: Stamp, login: str | None = None) -> Stamp:
    """Another attempt of the same person, or of another."""
    return replace(stamp, attempt=uuid4(), login=login or stamp.login)


async def put(*facts: NormFacts) -> list[str]:
    done = await norms.set_norms(stamp=hand(), norms=facts)
    return list(done["ids"])


async def settled(owner: asyncpg.Connection) -> None:
    """Begin to read: nothing older is news."""
    await actions.judge_all(now=NOW)
    assert (await caught_up()) >= 0


async def caught_up(now: Any = NOW) -> int:
    """Follow the news to their end; how many there were."""
    await others_done()
    count = 0
    while True:
        done = await actions.follow(now=now)
        count += done.news
        if done.wants_all:
            await actions.judge_all(now=now)
        if done.news == 0:
            return count


async def alerts(owner: asyncpg.Connection) -> list[tuple[str, str, int, str]]:
    rows = await owner.fetch("SELECT cause, kind, severity, status FROM alert WHERE status <> 'closed' ORDER BY cause")
    return [tuple(row) for row in rows]


async def whole(owner: asyncpg.Connection) -> list[tuple[Any, ...]]:
    rows = await owner.fetch(
        "SELECT cause, kind, severity, status, facts::text, due_on FROM alert WHERE status <> 'closed' ORDER BY cause"
    )
    return [tuple(row) for row in rows]


def need(site: int = AA01, item: int = TENT, **figures: Any) -> NormFacts:
    return NormFacts(site_id=site, item_id=item, source="市文件〔2026〕1号", **figures)


async def test_one_shortage_is_one_alert_that_rises_falls_and_closes_by_itself(hall: asyncpg.Connection) -> None:
    await put(need(minimum=10, reorder=20, lead_days=30))
    (lot,) = await world.add_lots(hall, {})
    await world.receive(lot, 15, 111)
    await settled(hall)
    cause = f"need:site:{AA01}:item:{TENT}"
    assert await alerts(hall) == [(cause, "below-reorder", 1, "open")]
    await world.issue(lot, 7, 111)
    await caught_up()
    assert await alerts(hall) == [(cause, "below-minimum", 2, "open")]
    await world.issue(lot, 4, 111)
    await caught_up()
    assert await alerts(hall) == [(cause, "below-minimum", 3, "open")]
    await world.receive(lot, 10, 112)
    await caught_up()
    assert await alerts(hall) == [(cause, "below-reorder", 1, "open")]
    await world.receive(lot, 10, 111)
    await caught_up()
    assert await alerts(hall) == []
    verbs = await hall.fetch("SELECT verb FROM alert_event ORDER BY seq")
    assert [row[0] for row in verbs] == ["opened", "raised", "raised", "lowered", "closed"]
    await world.issue(lot, 14, 111)  # the same cause again is another alert
    await caught_up()
    assert await hall.fetchval("SELECT count(*) FROM alert") == 2


async def test_what_will_fall_below_is_seen_before_it_does(hall: asyncpg.Connection) -> None:
    await put(need(minimum=10, lead_days=30))
    old, new = await world.add_lots(hall, {"expires_on": TODAY + timedelta(days=20)}, {})
    await world.receive(old, 6, 111)
    await world.receive(new, 9, 111)
    await hall.execute("UPDATE item SET near_expiry_days = '{1}'")
    await settled(hall)
    rows = await hall.fetch("SELECT kind, due_on, facts->>'left_then' FROM alert")
    assert [tuple(row) for row in rows] == [("will-fall-below", TODAY + timedelta(days=21), "9")]
    await world.receive(new, 1, 111)
    await caught_up()
    assert await alerts(hall) == []
    await reserve(
        stamp=hand(Role.APPROVER), lot_id=new.id, place_id=111, quantity=1, expires_at=NOW + timedelta(days=2)
    )
    await caught_up()
    assert [row[1] for row in await alerts(hall)] == ["will-fall-below"]


async def test_a_region_needs_what_it_owns_wherever_it_stands(hall: asyncpg.Connection) -> None:
    await put(NormFacts(region_id=A, item_id=TENT, minimum=10, source="x"))
    foreign, own = await world.add_lots(hall, {"owner_region_id": CITY}, {"owner_region_id": A})
    await world.receive(foreign, 50, 111)
    await settled(hall)
    assert [row[:2] for row in await alerts(hall)] == [(f"need:region:{A}:item:{TENT}", "below-minimum")]
    await world.receive(own, 10, 121)
    await caught_up()
    assert await alerts(hall) == []


async def test_a_lot_nears_its_day_in_bands_and_passes_it(hall: asyncpg.Connection) -> None:
    await hall.execute("UPDATE item SET near_expiry_days = '{180,90}'")
    far, mid, near, gone = await world.add_lots(
        hall, *({"expires_on": TODAY + timedelta(days=days)} for days in (181, 180, 90, -1))
    )
    for lot in (far, mid, near, gone):
        await world.receive(lot, 5, 101)
    await settled(hall)
    assert [row[:3] for row in await alerts(hall)] == [
        (f"lot:{lot.id}:1", kind, severity)
        for lot, kind, severity in (
            (mid, "near-expiry", 1),
            (near, "near-expiry", 2),
            (gone, "expired", 3),
        )
    ]
    await actions.judge_all(now=NOW + timedelta(days=1))
    assert len(await alerts(hall)) == 4
    await world.issue(mid, 5, 101)
    await caught_up()
    assert f"lot:{mid.id}:1" not in [row[0] for row in await alerts(hall)]


async def test_bands_are_those_of_the_item_else_of_its_class_else_of_the_place(hall: asyncpg.Connection) -> None:
    await hall.execute("UPDATE item SET near_expiry_days = CASE id WHEN 1 THEN '{10}'::int[] ELSE '{}' END")
    tent, quilt = await world.add_lots(
        hall, *({"item_id": item, "expires_on": TODAY + timedelta(days=100)} for item in (TENT, QUILT))
    )
    for lot in (tent, quilt):
        await world.receive(lot, 5, 101)
    await settled(hall)
    assert await alerts(hall) == [(f"lot:{quilt.id}:1", "near-expiry", 1, "open")]
    await hall.execute("UPDATE material_class SET near_expiry_days = '{200,120,30}' WHERE id = 1")
    await actions.judge_all(now=NOW)
    assert await alerts(hall) == [(f"lot:{quilt.id}:1", "near-expiry", 2, "open")]
    await hall.execute("UPDATE material_class SET near_expiry_days = '{40}' WHERE id = 1")
    await actions.judge_all(now=NOW)
    assert await alerts(hall) == []


async def test_an_order_is_late_until_all_of_it_has_come(hall: asyncpg.Connection) -> None:
    await buying.add_supplier(hall)
    await buying.budget(1_000_000)
    await settled(hall)
    order = await buying.ordered(buying.line(TENT, 10, day=TODAY + timedelta(days=2)))
    later = NOW + timedelta(days=4)
    await caught_up()
    assert await alerts(hall) == []
    await actions.judge_all(now=later)
    cause = f"order:{order.id}"
    assert [row[:3] for row in await alerts(hall) if row[0] == cause] == [(cause, "order-late", 2)]
    scan = world.stamp()
    await buying.arrive(order.deliveries[0].id, [(TENT, 10, 1)], stamp=scan)
    await caught_up(later)
    assert cause not in [row[0] for row in await alerts(hall)]
    await stock.reverse(stamp=world.stamp(), attempt=scan.attempt)
    await caught_up(later)
    assert cause in [row[0] for row in await alerts(hall)]
    moved = TODAY + timedelta(days=9)
    await replenishment.reschedule_order(
        stamp=buying.person(Role.PURCHASER), order_id=order.id, days={1: moved}, reason="厂家延期"
    )
    await caught_up(later)
    assert cause not in [row[0] for row in await alerts(hall)]


async def test_a_commitment_is_told_before_it_ends_until_it_is_renewed_or_retired(hall: asyncpg.Connection) -> None:
    await buying.add_supplier(hall)
    await settled(hall)
    facts = CommitmentFacts(
        A, buying.SUPPLIER, Form.AGREEMENT, "XY-1", 100, 6, 80, TODAY, TODAY + timedelta(days=61), item_id=TENT
    )
    one = UUID((await commitments.create_commitment(stamp=hand(Role.PURCHASER), facts=facts, sign=True))["id"])
    await caught_up()
    assert await alerts(hall) == []
    await actions.judge_all(now=NOW + timedelta(days=1))
    assert await alerts(hall) == [(f"commitment:{one}", "commitment-ending", 1, "open")]
    await actions.judge_all(now=NOW + timedelta(days=62))
    assert await alerts(hall) == [(f"commitment:{one}", "commitment-ending", 2, "open")]
    await commitments.retire(stamp=hand(Role.PURCHASER), commitment_id=one)
    await caught_up(NOW + timedelta(days=62))
    assert await alerts(hall) == []


async def test_the_paper_of_a_spoken_order_is_chased_until_it_is_there_and_checked(hall: asyncpg.Connection) -> None:
    (lot,) = await world.add_lots(hall, {"expires_on": None})
    await world.receive(lot, 9, 101)
    requisition = await asking.sourced(await asking.incident(), asking.tents(5), at=NOW)
    await settled(hall)
    await asking.speak(requisition, at=NOW)
    (order,) = await asking.orders(requisition)
    cause = f"paper:{order.id}"

    async def told(days: int) -> list[tuple[int, str]]:
        await caught_up(NOW + timedelta(days=days))
        await actions.judge_all(now=NOW + timedelta(days=days))
        return [(one[2], one[1]) for one in await alerts(hall) if one[0] == cause]

    assert [await told(days) for days in (1, 2, 3)] == [[], [(1, "paper-overdue")], [(2, "paper-overdue")]]
    await asking.file_and_check(requisition, agrees=False, at=NOW + timedelta(days=3))
    assert await told(3) == [(2, "paper-overdue")]
    await asking.file_and_check(requisition, agrees=True, at=NOW + timedelta(days=3))
    await caught_up(NOW + timedelta(days=3))
    assert cause not in [one[0] for one in await alerts(hall)]


async def test_the_paper_of_a_spoken_call_off_is_chased_by_the_same_alert(hall: asyncpg.Connection) -> None:
    await buying.add_supplier(hall)
    facts = CommitmentFacts(
        A, buying.SUPPLIER, Form.AGREEMENT, "XY-1", 100, 6, 80, TODAY, TODAY + timedelta(days=400), item_id=TENT
    )
    one = UUID((await commitments.create_commitment(stamp=hand(Role.PURCHASER), facts=facts, sign=True))["id"])
    asked = {"commitment_id": one, "quantity": 5, "reason": "台风", "papers_hours": 24}
    call = UUID((await commitments.request_call(stamp=hand(Role.PURCHASER), **asked))["id"])
    await settled(hall)
    boss = replace(hand(Role.APPROVER), login="boss")
    said = {"spoken": True, "spoken_by": "李", "spoken_to": "张"}
    await commitments.activate(stamp=boss, call_id=call, **said)

    async def told(days: int) -> list[tuple[int, str]]:
        await caught_up(NOW + timedelta(days=days))
        await actions.judge_all(now=NOW + timedelta(days=days))
        return [(found[2], found[1]) for found in await alerts(hall) if found[0] == f"paper:{call}"]

    assert [await told(days) for days in (0, 1, 2)] == [[], [(1, "paper-overdue")], [(2, "paper-overdue")]]
    (shown,) = (await list_alerts(scope=EVERYWHERE, wanted=AlertFilter(kinds=(AlertKind.PAPER_OVERDUE,)))).items
    assert "调用单 DY-26-" in why(shown.kind, shown.facts, zh=True)
    assert shown.facts["commitment"] == str(one)
    scan = await files.add_file(stamp=again(boss), file=Cleaned(FileKind.PDF, b"%PDF-1.4 test"), name="order.pdf")
    await commitments.file_paper(stamp=again(boss), call_id=call, order_number="7", file_ids=[UUID(scan["id"])])
    assert await told(2) == [(2, "paper-overdue")]
    await commitments.check_paper(stamp=again(boss, "second"), call_id=call, agrees=True)
    await caught_up(NOW + timedelta(days=2))
    assert [found for found in await alerts(hall) if found[0] == f"paper:{call}"] == []


async def test_who_lost_goods_to_a_more_urgent_need_is_told_until_he_holds_others(hall: asyncpg.Connection) -> None:
    (lot,) = await world.add_lots(hall, {"expires_on": None})
    await world.receive(lot, 9, 101)
    incident = await asking.incident()
    loser = await asking.sourced(incident, asking.tents(9, priority=3), at=NOW)
    await settled(hall)
    taker = await asking.sourced(incident, asking.tents(4, priority=1), at=NOW)
    await caught_up()
    (found,) = await hall.fetch("SELECT cause, severity, facts::text FROM alert WHERE kind = 'hold-taken'")
    assert (found[0], found[1]) == (f"hold:{loser}", 2)
    assert (await asking.number(taker)) in found[2]
    (more,) = await world.add_lots(hall, {"expires_on": None})
    await world.receive(more, 9, 102)
    await asking.accepted(loser, at=NOW)
    await caught_up()
    assert await hall.fetchval("SELECT status FROM alert WHERE cause = $1", found[0]) == "closed"


async def test_cases_care_bins_and_counts(hall: asyncpg.Connection) -> None:
    await hall.execute(
        "INSERT INTO item_care (item_id, kind, first_after_days, interval_days, basis, source)"
        " VALUES (1, 'restack', 30, 365, 'in_store', 'test')"
    )
    await hall.execute(
        "UPDATE item SET volume_ml = 1000 WHERE id = 1; UPDATE place SET volume_ml = 5000 WHERE id = 101"
    )
    (lot,) = await world.add_lots(hall, {})
    await world.receive(lot, 6, 101, by=world.stamp(at=NOW - timedelta(days=40)))
    await settled(hall)
    assert [row[:2] for row in await alerts(hall)] == [
        (f"care:{lot.id}:1:restack", "care-due"),
        ("room:101", "over-capacity"),
    ]
    await care(stamp=hand(Role.KEEPER), lot_id=lot.id, site_id=1, kind="restack", done_on=TODAY, passed=True)
    await world.done(world.posting(world.line(lot, 1, 101, 102)))
    await caught_up()
    assert await alerts(hall) == []
    await world.done(world.posting(world.line(lot, 9, 102, CONSUMED), reason=Reason.ISSUE, fact=True))
    await caught_up()
    assert [row[1] for row in await alerts(hall)] == ["ledger-difference"]
    await actions.judge_all(now=NOW + timedelta(days=400))
    assert "count:1" in [row[0] for row in await alerts(hall)]


async def test_a_bookmark_loses_nothing_that_commits_late(hall: asyncpg.Connection, database: Any) -> None:
    """A row with a smaller seq whose transaction ends after one with a greater seq was read is read all the same."""
    late = await asyncpg.connect(database.app_url)
    try:
        first = late.transaction()
        await first.start()
        await late.execute("SELECT pg_current_xact_id()")  # the older transaction …
        other = await asyncpg.connect(database.app_url)
        second = other.transaction()
        await second.start()
        await other.execute("INSERT INTO feed (topic, key, at) VALUES ('x', 'early seq', now())")
        await late.execute("INSERT INTO feed (topic, key, at) VALUES ('x', 'late seq', now())")
        begin = await feed.frontier()
        await first.commit()  # … commits first, with the greater seq
        read = await feed.read(begin)
        await second.commit()
        await others_done()
        rest = await feed.read(read[-1].position if read else begin)
        assert sorted(one.key for one in [*read, *rest]) == ["early seq", "late seq"]
        await other.close()
    finally:
        await late.close()


@dataclass
class Life:
    """Random deeds in the small world, some of which are refused."""

    dice: random.Random
    hall: asyncpg.Connection
    lots: list[Lot]
    set_norms: list[str] = field(default_factory=list)
    deliveries: list[tuple[UUID, Order]] = field(default_factory=list)
    scans: list[UUID] = field(default_factory=list)
    promises: list[UUID] = field(default_factory=list)
    incident: UUID | None = None
    asked: list[UUID] = field(default_factory=list)

    async def there(self) -> tuple[Lot, int, int] | None:
        """A balance with something free: lot, place, how much."""
        rows = await self.hall.fetch(
            "SELECT lot_id, place_id, on_hand - reserved FROM balance WHERE condition = 'good' AND on_hand > reserved"
            " AND lot_id = ANY($1::bigint[]) ORDER BY 1, 2",
            [one.id for one in self.lots],
        )
        if not rows:
            return None
        found = self.dice.choice(rows)
        return next(one for one in self.lots if one.id == found[0]), found[1], found[2]

    async def step(self) -> None:
        deeds = [self.receive, self.receive, self.dispose, self.dispose, self.move, self.reserve, self.release]
        deeds += [self.norm, self.retire, self.count, self.fact, self.care, self.parameter]
        deeds += [self.order, self.arrive, self.arrive, self.undo, self.promise, self.end_promise]
        deeds += [self.ask, self.ask, self.speak, self.file, self.give_up]
        await self.dice.choice(deeds)()

    async def receive(self) -> None:
        await world.receive(self.dice.choice(self.lots), self.dice.randint(1, 12), self.dice.choice(BINS))

    async def dispose(self) -> None:
        if found := await self.there():
            lot, place, free = found
            line = world.line(lot, self.dice.randint(1, free), place, CONSUMED)
            await world.done(world.posting(line, reason=Reason.DISPOSE))

    async def move(self) -> None:
        if found := await self.there():
            lot, place, free = found
            target = self.dice.choice([one for one in BINS if one != place])
            await world.done(world.posting(world.line(lot, self.dice.randint(1, free), place, target)))

    async def reserve(self) -> None:
        if (found := await self.there()) and (found[0].expires_on is None or found[0].expires_on >= TODAY):
            lot, place, free = found
            await reserve(
                stamp=hand(Role.APPROVER),
                lot_id=lot.id,
                place_id=place,
                quantity=self.dice.randint(1, free),
                expires_at=NOW + timedelta(days=3),
            )

    async def release(self) -> None:
        held = await self.hall.fetchval("SELECT id FROM reservation WHERE state = 'held' ORDER BY seq LIMIT 1")
        if held is not None:
            await release(stamp=hand(Role.APPROVER), reservation=held)

    async def norm(self) -> None:
        dice, low = self.dice, self.dice.randint(0, 20)
        item, whole_class = dice.choice([TENT, QUILT, SAND]), dice.random() < 0.3
        where: list[dict[str, Any]] = [{"site_id": 1}, {"site_id": 2}, {"region_id": CITY}, {"region_id": A}]
        where.append({"region_id": CITY, "each": Each.SITE})
        facts = NormFacts(
            **dice.choice(where),
            item_id=None if whole_class else item,
            class_id=1 if whole_class else None,
            unit="件" if whole_class else "",
            equivalents=(Equivalent(QUILT, 2, 1),) if whole_class and dice.random() < 0.5 else (),
            minimum=low,
            reorder=low + dice.randint(0, 9),
            lead_days=dice.choice([None, 0, 15, 90]),
            valid_from=TODAY - timedelta(days=dice.randint(0, 9_000)),
            source="x",
        )
        with contextlib.suppress(Refused):  # a tie, or figures that would clash: no news
            self.set_norms += await put(facts)

    async def retire(self) -> None:
        if self.set_norms:
            one = self.set_norms.pop(self.dice.randrange(len(self.set_norms)))
            with contextlib.suppress(Refused):
                await norms.retire_norm(stamp=hand(), norm_id=UUID(one), version=1)

    async def order(self) -> None:
        dice = self.dice
        lines = [
            buying.line(item, dice.randint(1, 9), day=TODAY + timedelta(days=dice.choice([-9, -1, 0, 5])))
            for item in dice.sample([TENT, QUILT], dice.randint(1, 2))
        ]
        facts = OrderFacts(OrderKind.PROCUREMENT, dice.choice([CITY, A]), 1, 2026, buying.SUPPLIER, buying.FUND)
        order = await buying.ordered(*lines, facts=facts, reason="x")
        self.deliveries += [(one.id, order) for one in order.deliveries]

    async def arrive(self) -> None:
        if self.deliveries:
            delivery, order = self.dice.choice(self.deliveries)
            line = self.dice.choice(order.lines)
            scan = world.stamp()
            with contextlib.suppress(Problem):  # a line of another delivery of the order
                await buying.arrive(delivery, [(line.item_id, self.dice.randint(1, line.quantity), 1)], stamp=scan)
                self.scans.append(scan.attempt)

    async def undo(self) -> None:
        if self.scans:
            with contextlib.suppress(Problem):  # the goods have gone
                await stock.reverse(stamp=world.stamp(), attempt=self.scans.pop())

    async def promise(self) -> None:
        facts = CommitmentFacts(
            self.dice.choice([CITY, A]), buying.SUPPLIER, Form.AGREEMENT, uuid4().hex[:8], 100, 6, 80,
            TODAY - timedelta(days=90), TODAY + timedelta(days=self.dice.choice([-5, 0, 60, 61])), item_id=TENT,
        )  # fmt: skip
        made = await commitments.create_commitment(stamp=hand(Role.PURCHASER), facts=facts, sign=True)
        self.promises.append(UUID(made["id"]))

    async def end_promise(self) -> None:
        if self.promises:
            verb = self.dice.choice([commitments.retire, commitments.suspend])
            one = self.promises.pop(self.dice.randrange(len(self.promises)))
            with contextlib.suppress(Refused):  # something has been called off
                await verb(stamp=hand(Role.PURCHASER), commitment_id=one)

    async def ask(self) -> None:
        """Tents for an incident at level I, of some urgency: what less urgent ones hold may be taken."""
        if self.incident is None:
            self.incident = await asking.incident()
        tents = asking.tents(self.dice.randint(1, 9), priority=self.dice.randint(1, 4))
        with contextlib.suppress(Refused):  # nobody has any
            self.asked.append(await asking.sourced(self.incident, tents, at=NOW))

    async def speak(self) -> None:
        """An order by voice, hours ago: its paper is due yesterday, today or tomorrow."""
        if self.asked:
            with contextlib.suppress(Problem):  # it has been given, or its goods are gone
                await asking.speak(
                    self.dice.choice(self.asked), at=NOW - timedelta(hours=self.dice.choice([72, 48, 24]))
                )

    async def file(self) -> None:
        if self.asked:
            with contextlib.suppress(Problem):
                await asking.file_and_check(self.dice.choice(self.asked), agrees=self.dice.random() < 0.7, at=NOW)

    async def give_up(self) -> None:
        if self.asked:
            with contextlib.suppress(Problem):  # an order has been given
                await asking.cancel(self.dice.choice(self.asked), at=NOW)

    async def count(self) -> None:
        place = self.dice.choice(BINS)
        await world.count(self.hall, place, NOW)
        await self.hall.execute("INSERT INTO feed (topic, key, at) VALUES ('count', $1, now())", str(place))

    async def fact(self) -> None:
        if found := await self.there():
            lot, place, free = found
            line = world.line(lot, free + 3, place, CONSUMED)
            await world.done(world.posting(line, reason=Reason.ISSUE, fact=True, site_id=SITE_OF[place]))

    async def care(self) -> None:
        if found := await self.there():
            lot, place, _ = found
            by = hand(Role.KEEPER)
            await care(stamp=by, lot_id=lot.id, site_id=SITE_OF[place], kind="restack", done_on=TODAY, passed=True)

    async def parameter(self) -> None:
        key = "alerts.urgent-percent"
        said = [one.version for one in await parameters.list_settings(key) if one.path == "/1/"]
        await parameters.set_parameter(
            stamp=hand(Role.SYSTEM_ADMIN),
            key=key,
            path="/1/",
            value=self.dice.choice([20, 50, 80]),
            version=said[0] if said else 0,
        )


@pytest.mark.parametrize("seed", range(8))
async def test_the_news_and_the_full_pass_come_to_the_same(hall: asyncpg.Connection, seed: int) -> None:
    dice = random.Random(seed)
    await hall.execute(
        "INSERT INTO item_care (item_id, kind, first_after_days, interval_days, basis, source)"
        " VALUES (1, 'restack', 200, 365, 'in_store', 'test'), (2, 'restack', 400, 365, 'in_store', 'test');"
        "UPDATE item SET volume_ml = 1000 WHERE id IN (1, 2); UPDATE item SET near_expiry_days = '{180,90,30}';"
        "UPDATE place SET volume_ml = 20000 WHERE id IN (101, 111)"
    )
    days = [None, -400, -1, 0, 10, 29, 30, 60, 95, 170, 181, 900]
    lots = await world.add_lots(
        hall,
        *(
            {
                "item_id": dice.choice([TENT, QUILT, SAND]),
                "owner_region_id": dice.choice([CITY, A, B, TOWN]),
                "expires_on": None if day is None else TODAY + timedelta(days=day),
            }
            for day in days
        ),
    )
    await buying.add_supplier(hall)
    life = Life(dice, hall, lots)
    await settled(hall)
    for _ in range(60):
        await life.step()
        if dice.random() < 0.4:
            await caught_up()
    await caught_up()
    followed = await whole(hall)
    tally = await actions.judge_all(now=NOW)
    assert await whole(hall) == followed
    assert (tally.opened, tally.raised, tally.lowered, tally.closed) == (0, 0, 0, 0)
    assert len(followed) >= 3, "the history is too dull to prove anything"


async def test_a_loan_is_told_on_its_last_day_and_overdue_until_all_is_back(hall: asyncpg.Connection) -> None:
    (tents,) = await world.add_lots(hall, {})
    await world.receive(tents, 9, 101)
    await settled(hall)
    due = TODAY + timedelta(days=3)
    take = stock.Take(tents.id, 5, 101)
    receipt = await stock.lend(stamp=world.stamp(), takes=[take], borrower="武进区应急管理局", due_on=due)
    loan = UUID(receipt.body["loan"])

    async def told(days: int) -> list[tuple[int, str]]:
        await actions.judge_all(now=NOW + timedelta(days=days))
        return [(found[2], found[1]) for found in await alerts(hall) if found[0] == f"loan:{loan}"]

    assert [await told(days) for days in (2, 3, 4)] == [[], [(1, "loan-overdue")], [(2, "loan-overdue")]]
    later = NOW + timedelta(days=4)
    for part, left in ((2, [(2, "loan-overdue")]), (3, [])):
        back = replace(take, quantity=part)
        await stock.take_back(stamp=world.stamp(at=later), loan=loan, takes=[back])
        await caught_up(later)
        assert [(found[2], found[1]) for found in await alerts(hall) if found[0] == f"loan:{loan}"] == left


async def test_a_need_is_in_hand_by_an_issued_order_and_open_again_without_it(hall: asyncpg.Connection) -> None:
    await buying.add_supplier(hall)
    await buying.budget(1_000_000)
    await put(NormFacts(region_id=CITY, item_id=TENT, minimum=30), NormFacts(region_id=CITY, item_id=QUILT, minimum=5))
    await caught_up()

    async def states() -> dict[str, str]:
        found = [one for one in await alerts(hall) if one[0].startswith(f"need:region:{CITY}:")]
        return {one[0].rpartition(":")[2]: one[3] for one in found}

    assert await states() == {str(TENT): "open", str(QUILT): "open"}
    order = await buying.ordered(buying.line(TENT, 10, day=TODAY + timedelta(days=5)))
    await caught_up()
    assert await states() == {str(TENT): "in-hand", str(QUILT): "open"}
    (shown,) = [
        one
        for one in (await list_alerts(scope=EVERYWHERE, wanted=AlertFilter(kinds=(AlertKind.BELOW_MINIMUM,)))).items
        if one.plan
    ]
    assert (shown.plan, shown.plan_link, shown.handled_by) == (order.number, f"/orders/{order.id}", "")
    await buying.arrive(order.deliveries[0].id, [(TENT, 10, 1)])  # all of it, and still too little
    await caught_up()
    await replenishment.close(stamp=world.stamp(), delivery_id=order.deliveries[0].id)
    await caught_up()
    assert await states() == {str(TENT): "open", str(QUILT): "open"}
    late = await buying.ordered(buying.line(QUILT, 9, day=TODAY + timedelta(days=5)))
    await hall.execute("UPDATE alert SET status = 'closed', closed_at = now() WHERE status <> 'closed'")
    await actions.judge_all(now=NOW + timedelta(minutes=1))  # opened when the order was there already
    assert await states() == {str(TENT): "open", str(QUILT): "in-hand"}
    assert late.number
