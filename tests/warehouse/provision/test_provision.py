"""Provision on a real database: a table worked out by hand, owner against place, kits, pools, past and future."""

from contextlib import aclosing
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from catalog.kernel import db
from catalog.kernel.access import EVERYWHERE, ROLES, Grant, Role, Scope
from catalog.kernel.errors import Missing
from catalog.kernel.stamp import Stamp
from tests.warehouse.stock import world
from warehouse.norms.actions import set_norms
from warehouse.norms.model import Basis, Each, Equivalent, NormFacts
from warehouse.provision import queries
from warehouse.provision.model import By, Cell, Coming, Holder, Question, Source
from warehouse.provision.queries import cells as cells_module
from warehouse.replenishment import actions as deliveries
from warehouse.replenishment.model import DeliveryFacts, DeliveryKind, NewLine
from warehouse.stock import holdings, snapshots
from warehouse.stock.model import Reason
from warehouse.stock.queries import begin_of

TODAY = date(2026, 11, 21)
TENT, QUILT, PUMP, SAND = 1, 2, 3, 4
CITY, A, B, TOWN = 1, 2, 3, 4
CITY_BIN, TOWN_BIN, B_BIN = 101, 111, 121


def hand(path: str = "/1/", role: Role = Role.PLANNER) -> Stamp:
    return replace(world.stamp(), attempt=uuid4(), login="someone", grants=(Grant(role, path, ROLES[role]),))


async def put(*norms: NormFacts) -> None:
    await set_norms(stamp=hand(), norms=norms)


def of(region: int, item: int = TENT, minimum: int | None = 10, **more: Any) -> NormFacts:
    return NormFacts(region_id=region, item_id=item, minimum=minimum, source="市文件〔2026〕1号", **more)


async def ask(coming: tuple[Coming, ...] = (), **more: Any) -> queries.Table:
    question = Question(**{"path": "/1/", "day": TODAY, **more})
    return await queries.prepare(question, scope=EVERYWHERE, now=world.NOW, coming=coming)


async def cells(coming: tuple[Coming, ...] = (), **more: Any) -> dict[tuple[str, str], Cell]:
    page = await queries.list_cells(await ask(coming, **more), limit=500)
    return {(one.place_key, one.goods_key): one for one in page.items}


async def test_a_table_worked_out_by_hand(hall: asyncpg.Connection) -> None:
    """60 tents in the town's bin: 30 of the town (5 expired yesterday, 4 damaged, 6 reserved), 20 of the city, 10 of
    district A. The town must hold 40, target 50."""
    mine, expired, citys, districts = await world.add_lots(
        hall,
        {"owner_region_id": TOWN, "expires_on": TODAY},
        {"owner_region_id": TOWN, "expires_on": TODAY - timedelta(days=1)},
        {"owner_region_id": CITY},
        {"owner_region_id": A},
    )
    await world.receive(mine, 21, TOWN_BIN)
    await world.receive(mine, 4, (TOWN_BIN, "damaged"))
    await world.receive(expired, 5, TOWN_BIN)
    await world.receive(citys, 20, TOWN_BIN)
    await world.receive(districts, 10, TOWN_BIN)
    await world.reserve(hall, mine, TOWN_BIN, 6)
    await put(of(TOWN, minimum=40, target=50), of(CITY, minimum=15), of(A, QUILT, 7))
    found = await cells()
    town = found["town-a1", "ZP-0001"]
    assert (town.minimum, town.target, town.need, town.unknown) == (40, 50, 40, False)
    assert (town.figures.on_hand, town.figures.usable, town.figures.reserved, town.figures.free) == (30, 21, 6, 15)
    assert (town.gap, town.open_gap) == (19, 19)
    city = found["city", "ZP-0001"]
    assert (city.figures.usable, city.gap) == (20, 0)
    quilts = found["district-a", "MB-0001"]
    assert (quilts.figures.on_hand, quilts.gap) == (0, 7)
    assert len(found) == 3
    (total,) = await queries.roll_up(await ask())
    assert (total.cells, total.known, total.unknown, total.met) == (3, 3, 0, 1)
    assert (total.need, total.usable, total.filled, total.gap) == (62_000, 41_000, 36_000, 26_000)


async def test_owner_and_place_are_two_things(hall: asyncpg.Connection) -> None:
    (citys,) = await world.add_lots(hall, {"owner_region_id": CITY})
    await world.receive(citys, 20, TOWN_BIN)
    await put(of(CITY, minimum=30), of(TOWN, minimum=30), NormFacts(site_id=2, item_id=TENT, minimum=30))
    owned = await cells()
    assert {place: one.figures.usable for (place, _), one in owned.items()} == {"city": 20, "town-a1": 0}
    stands = await cells(holder=Holder.SITE)
    assert {place: one.figures.usable for (place, _), one in stands.items()} == {"AA01": 20}


async def test_a_site_that_is_not_live_holds_nothing_and_must_hold_nothing(hall: asyncpg.Connection) -> None:
    here, there = await world.add_lots(hall, {"owner_region_id": CITY}, {"owner_region_id": CITY})
    await world.receive(here, 20, CITY_BIN)
    await world.receive(there, 5, B_BIN)
    await put(of(CITY, minimum=30), of(CITY, each=Each.SITE, minimum=3))
    assert (await cells())["city", "ZP-0001"].figures.usable == 25
    assert {place for place, _ in await cells(holder=Holder.SITE)} == {"CZ01", "AA01", "BB01"}
    await hall.execute("UPDATE site SET live = false WHERE code = 'BB01'")
    assert (await cells())["city", "ZP-0001"].figures.usable == 20
    assert {place for place, _ in await cells(holder=Holder.SITE)} == {"CZ01", "AA01"}
    yesterday = TODAY - timedelta(days=1)
    assert (await cells(day=yesterday))["city", "ZP-0001"].figures.usable == 0


async def test_an_unknown_basis_is_unknown_and_in_no_sum(hall: asyncpg.Connection) -> None:
    await hall.execute(
        "INSERT INTO region_fact (region_id, kind, value, as_of, source)"
        " VALUES ($1, 'population', 668906, $2, 'census')",
        A, date(2025, 1, 1),
    )  # fmt: skip
    await put(of(CITY, each=Each.DISTRICT, minimum=5, target=9, basis=Basis.POPULATION, basis_per=10_000, round_to=100))
    found = await cells()
    assert (found["district-a", "ZP-0001"].need, found["district-a", "ZP-0001"].target) == (400, 700)
    b = found["district-b", "ZP-0001"]
    assert (b.need, b.unknown, b.gap) == (None, True, None)
    (total,) = await queries.roll_up(await ask())
    assert (total.cells, total.known, total.unknown, total.need) == (2, 1, 1, 400_000)
    unknown = await queries.list_cells(await ask(), show=queries.Show.UNKNOWN)
    assert [one.place_key for one in unknown.items] == ["district-b"]


async def test_a_pool_counts_equivalents_and_nothing_twice(hall: asyncpg.Connection) -> None:
    """Two quilts are worth one; pumps do not count; sand counts by cubic metre; tents have a figure of their own."""
    tents, quilts, sand = await world.add_lots(
        hall, *({"item_id": item, "owner_region_id": A} for item in (TENT, QUILT, SAND))
    )
    await world.receive(tents, 100, CITY_BIN)
    await world.receive(quilts, 7, CITY_BIN)
    await world.receive(sand, 2_999_999, CITY_BIN)
    pool = NormFacts(
        region_id=A, class_id=1, minimum=50, unit="件", source="s",
        equivalents=(Equivalent(QUILT, 2, 1), Equivalent(PUMP, 1, 0)),
    )  # fmt: skip
    await put(pool, of(A, minimum=120))
    found = await cells()
    assert {goods: (one.figures.usable, one.gap) for (_, goods), one in found.items()} == {
        "ZP-0001": (100, 20),
        "1": (3 + 2, 45),
    }


async def test_a_kit_that_is_never_stored_is_asked_for_in_parts(hall: asyncpg.Connection) -> None:
    """A norm of 10 kits of 1 tent and 2 quilts: 10 tents on top of the 5 for themselves, 20 quilts out of the pool."""
    await hall.execute(
        "INSERT INTO item (id, key, name_zh, tracking, kind, dimension, unit_zh, class_id, storage_class_id, source,"
        " search, sort_key) VALUES (9, 'TJ-0001', '套件', 'lot', 'phantom_kit', 'piece', '套', 1, 1, 'test', '', '');"
        "INSERT INTO kit_component (kit_id, component_id, quantity, source) VALUES (9, 1, 1, 't'), (9, 2, 2, 't')"
    )
    quilts, pumps = await world.add_lots(
        hall, {"item_id": QUILT, "owner_region_id": A}, {"item_id": SAND, "owner_region_id": A}
    )
    await world.receive(quilts, 12, CITY_BIN)
    await world.receive(pumps, 1_000_000, CITY_BIN)
    await put(
        of(A, 9, 10, target=12),
        of(A, minimum=5),
        NormFacts(region_id=A, class_id=1, minimum=50, unit="件", source="s"),
    )
    found = await cells()
    assert {goods: (one.need, one.target, one.figures.usable) for (_, goods), one in found.items()} == {
        "ZP-0001": (15, 17, 0),
        "MB-0001": (20, 24, 12),
        "1": (50, None, 1),
    }


async def test_a_stocked_kit_is_an_item_of_its_own(hall: asyncpg.Connection) -> None:
    await hall.execute(
        "INSERT INTO item (id, key, name_zh, tracking, kind, dimension, unit_zh, class_id, storage_class_id, source,"
        " search, sort_key) VALUES (9, 'YJ-0001', '应急包', 'lot', 'stocked_kit', 'piece', '个', 1, 1, 'test', '', '');"
        "INSERT INTO kit_component (kit_id, component_id, quantity, source) VALUES (9, 1, 1, 't')"
    )
    (bags,) = await world.add_lots(hall, {"item_id": 9, "owner_region_id": A})
    await world.receive(bags, 8, CITY_BIN)
    await put(of(A, 9, 10), of(A, minimum=5))
    found = await cells()
    assert {goods: one.figures.usable for (_, goods), one in found.items()} == {"YJ-0001": 8, "ZP-0001": 0}


async def test_a_day_to_come_sees_expiry_arrivals_and_returns(hall: asyncpg.Connection) -> None:
    soon, late = await world.add_lots(
        hall, {"owner_region_id": A, "expires_on": TODAY + timedelta(days=9)}, {"owner_region_id": A}
    )
    await world.receive(soon, 30, CITY_BIN)
    await world.receive(late, 20, CITY_BIN)
    facts = DeliveryFacts(DeliveryKind.PURCHASE, A, expected_on=TODAY + timedelta(days=10))
    keeper = hand(role=Role.KEEPER)
    made = await deliveries.create_delivery(stamp=keeper, site_id=1, facts=facts, lines=[NewLine(TENT, 40)])
    await put(of(A, minimum=100))
    now = (await cells())["district-a", "ZP-0001"].figures
    assert (now.usable, now.on_order) == (50, 0)  # a draft is no promise
    await deliveries.announce(stamp=replace(keeper, attempt=uuid4()), delivery_id=UUID(made["delivery"]), version=1)
    promise = Coming(Source.PROMISE, 31, TENT, owner_id=A, site_id=1, confidence=50)
    loan = Coming(Source.LOAN, 5, TENT, owner_id=A, site_id=1, due_on=TODAY + timedelta(days=2))
    now = (await cells((promise, loan)))["district-a", "ZP-0001"]
    assert (now.figures.usable, now.figures.on_order, now.figures.promised) == (50, 40, 15)
    assert (now.gap, now.open_gap) == (50, 0)
    then = (await cells((promise, loan), day=TODAY + timedelta(days=10)))["district-a", "ZP-0001"].figures
    assert (then.usable, then.arriving, then.due_back, then.on_order) == (20 + 40 + 5, 40, 5, 0)
    before = (await cells(day=TODAY + timedelta(days=9)))["district-a", "ZP-0001"].figures
    assert (before.usable, before.on_order) == (50, 40)
    at_site = await cells(holder=Holder.SITE, day=TODAY + timedelta(days=10))
    assert at_site == {}  # no norm for stores


async def test_a_past_day_equals_replay_with_and_without_snapshots(hall: asyncpg.Connection) -> None:
    one, other = await world.add_lots(
        hall, {"owner_region_id": A}, {"owner_region_id": A, "expires_on": date(2026, 10, 20)}
    )
    days = [world.NOW - timedelta(days=back) for back in (60, 40, 35, 20, 3)]
    await world.receive(one, 50, CITY_BIN, by=world.stamp(at=days[0]))
    await world.receive(other, 10, CITY_BIN, by=world.stamp(at=days[1]))
    await world.done(
        world.posting(world.line(one, 8, CITY_BIN, (CITY_BIN, "damaged")), reason=Reason.INSPECT,
                      by=world.stamp(at=days[2]))
    )  # fmt: skip
    await world.issue(one, 5, CITY_BIN, by=world.stamp(at=days[3]))
    await world.receive(one, 7, B_BIN, by=world.stamp(at=days[4]))
    await world.receive(one, 3, B_BIN, by=world.stamp(at=days[2], recorded=world.NOW - timedelta(days=2)))  # late
    await put(of(A, minimum=100, valid_from=date(2026, 1, 1)))
    expected = {
        61: (0, 0),
        60: (50, 50),
        40: (60, 60),
        35: (63, 55),
        32: (63, 55),
        31: (63, 45),
        20: (58, 40),
        3: (65, 47),
    }
    for way in ("moves", "snapshots added up", "sums of days", "snapshots by lot"):
        if way == "snapshots added up":
            for month in (10, 11):
                await snapshots.take(date(2026, month, 1), now=begin_of(date(2026, month, 1)))
            # What a snapshot holds is taken from there alone.
            await hall.execute("ALTER TABLE move DISABLE TRIGGER USER")
            await hall.execute("UPDATE move SET quantity = 99 WHERE seq = 1")
            expected = {back: figures for back, figures in expected.items() if back <= 50}  # after the first of October
        elif way == "sums of days":
            # One before goods expired and before the late fact was known; one after both, and after goods were issued.
            await snapshots.add_up(TODAY - timedelta(days=33), now=world.NOW - timedelta(days=32))
            await snapshots.add_up(TODAY - timedelta(days=19), now=world.NOW - timedelta(days=1))
            await hall.execute("UPDATE move SET quantity = 77 WHERE reason = 'issue'")  # what sums hold they hold
        elif way == "snapshots by lot":
            await hall.execute("UPDATE move SET quantity = 5 WHERE reason = 'issue'")
            await hall.execute("DELETE FROM holding_run; DELETE FROM holding_snapshot")
        for back, (on_hand, usable) in expected.items():
            found = (await cells(day=TODAY - timedelta(days=back)))["district-a", "ZP-0001"].figures
            assert (way, back, found.on_hand, found.usable) == (way, back, on_hand, usable)


async def test_kept_sums_and_balances_give_the_same_table(hall: asyncpg.Connection) -> None:
    """Right after they were added up, and behind postings, reservations and losses that nobody has added up yet."""
    days = [None, TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=20)]
    lots = await world.add_lots(
        hall,
        *(
            {"owner_region_id": o, "item_id": i, "expires_on": d}
            for o in (CITY, A)
            for i in (TENT, QUILT)
            for d in days
        ),
    )
    for number, lot in enumerate(lots):
        await world.receive(lot, 10 + number, (CITY_BIN, TOWN_BIN)[number % 2])
    pool = NormFacts(region_id=A, class_id=1, minimum=50, unit="件", source="s", equivalents=(Equivalent(QUILT, 4, 1),))
    await put(of(CITY, minimum=40), pool, of(CITY, QUILT, 3, each=Each.SITE), of(A, minimum=9))
    await holdings.rebuild(now=world.NOW)

    async def is_same() -> list[Any]:
        found = []
        for holder in Holder:
            for ahead in (0, 1, 21):
                table = await ask(holder=holder, day=TODAY + timedelta(days=ahead))
                assert table.kept
                pages = [await queries.list_cells(one, limit=500) for one in (table, replace(table, kept=False))]
                totals = [await queries.roll_ups(one, [[By.PLACE], []]) for one in (table, replace(table, kept=False))]
                branches = [
                    await queries.usable_by_branch(one, [TENT, QUILT]) for one in (table, replace(table, kept=False))
                ]
                assert (pages[0], totals[0], branches[0]) == (pages[1], totals[1], branches[1])
                found.append(pages[0].items)
        return found

    before = await is_same()
    await world.reserve(hall, lots[2], CITY_BIN, 5)
    await world.issue(lots[0], 4, CITY_BIN)
    await world.receive(lots[3], 7, B_BIN)
    await world.done(
        world.posting(world.line(lots[15], 2, TOWN_BIN, (TOWN_BIN, "damaged")), reason=Reason.INSPECT),
        world.posting(world.line(lots[14], 24, CITY_BIN, TOWN_BIN)),
    )
    assert await is_same() != before
    await hall.execute("UPDATE site SET live = false WHERE code = 'AA01'")
    await is_same()


async def test_roll_ups_add_up_and_pages_hold_every_cell_once(
    hall: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    tents, quilts = await world.add_lots(hall, {"owner_region_id": TOWN}, {"owner_region_id": B, "item_id": QUILT})
    await world.receive(tents, 13, TOWN_BIN)
    await world.receive(quilts, 90, B_BIN)
    await put(
        of(CITY, minimum=8), of(CITY, QUILT, 20, each=Each.DISTRICT), of(TOWN, minimum=11), of(A, SAND, 5_000_000)
    )
    table = await ask()
    (whole,) = await queries.roll_up(table)
    for by in ([By.TIER], [By.BRANCH], [By.PLACE], [By.CLASS], [By.GOODS], [By.BRANCH, By.GOODS]):
        parts = await queries.roll_up(table, by)
        for name in ("cells", "known", "met", "need", "usable", "filled", "gap", "open_gap"):
            assert sum(getattr(one, name) for one in parts) == getattr(whole, name), (by, name)
    ways = [[], [By.TIER], [By.BRANCH, By.GOODS], [By.CLASS]]
    told = []
    for worth in (0, 10**9):  # put together finely first, or straight from the cells
        monkeypatch.setattr(cells_module, "_WORTH_IT", worth)
        told.append(await queries.roll_ups(table, ways))
    assert told[0] == told[1]
    branches = await queries.roll_up(table, [By.BRANCH])
    assert [(one.of[0].key, one.cells) for one in branches] == [("city", 1), ("district-a", 3), ("district-b", 1)]
    inside = await queries.roll_up(await ask(path="/1/2/"), [By.BRANCH])
    assert [(one.of[0].key, one.cells) for one in inside] == [("district-a", 2), ("town-a1", 1)]
    for sort in queries.Sort:
        seen, cursor = [], None
        while True:
            page = await queries.list_cells(table, sort=sort, cursor=cursor, limit=2)
            seen += [(one.place_key, one.goods_key) for one in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert len(seen) == len(set(seen)) == whole.cells
        parts = [part async for part in queries.all_cells(table, sort=sort)]
        assert [(one.place_key, one.goods_key) for part in parts for one in part] == seen
    short = await queries.list_cells(table, show=queries.Show.SHORT, sort=queries.Sort.GAP)
    assert [(one.place_key, one.goods_key, one.gap) for one in short.items] == [
        ("city", "ZP-0001", 8), ("district-a", "MB-0001", 20), ("district-a", "SZ-0001", 5_000_000)
    ]  # fmt: skip


async def test_a_table_asked_often_on_one_connection_is_planned_for_its_rows(hall: asyncpg.Connection) -> None:
    """After five runs PostgreSQL would keep one plan for any rows; a connection given back has no setting left."""
    await put(of(CITY, minimum=3))
    async with db.transaction():  # one connection
        for _ in range(8):
            await queries.roll_up(await ask())
        plans = await db.fetch(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE strpos(statement, $1) > 0",
            "GROUPING SETS",
        )
    assert [tuple(one) for one in plans] == [(0, 8)]
    assert await db.fetch_value("SHOW plan_cache_mode") == "auto"


async def test_all_cells_may_be_left_before_the_end(hall: asyncpg.Connection) -> None:
    await put(of(CITY, minimum=3), of(A, minimum=4))
    async with aclosing(queries.all_cells(await ask())) as parts:
        async for part in parts:
            assert len(part) == 2
            break
    async with db.connection() as found:
        assert await found.fetchval("SHOW plan_cache_mode") == "auto"
    async with db.transaction():
        assert [len(part) async for part in queries.all_cells(await ask())] == [2]


async def test_scope_decides_what_may_be_asked(hall: asyncpg.Connection) -> None:
    await put(of(CITY, minimum=3), of(A, minimum=4), NormFacts(site_id=2, item_id=TENT, minimum=5))
    for path in ("/1/", "/1/3/"):
        with pytest.raises(Missing):
            await queries.prepare(Question(path, TODAY), scope=Scope(("/1/2/",)), now=world.NOW)
    keeper = Scope((), frozenset({2}))
    with pytest.raises(Missing):
        await queries.prepare(Question("/1/", TODAY), scope=keeper, now=world.NOW)
    with pytest.raises(Missing):
        await queries.prepare(Question("/1/", TODAY, Holder.SITE), scope=keeper, now=world.NOW)
    mine = Question("/1/", TODAY, Holder.SITE, site_ids=frozenset({2}))
    page = await queries.list_cells(await queries.prepare(mine, scope=keeper, now=world.NOW))
    assert [one.place_key for one in page.items] == ["AA01"]
