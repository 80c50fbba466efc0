"""Rotation on a real database: proposed once, decided by the owner, carried out at the store, never below a minimum."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from catalog.kernel.access import EVERYWHERE, ROLES, Grant, Role, Scope
from catalog.kernel.errors import Invalid, Missing, Refused, Stale
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from tests.catalog.test_tables import kind
from tests.warehouse.stock import world
from warehouse.norms import actions as norms
from warehouse.norms.model import NormFacts
from warehouse.rotation import actions, queries, tables
from warehouse.rotation.model import Choice, Line, Option, Planned, Sort, Status, Verdict
from warehouse.stock import queries as stock
from warehouse.stock.model import Lot

TODAY = day_of(world.NOW)
TENT, QUILT = 1, 2
CITY, A, TOWN = 1, 2, 4


def by(role: Role, login: str, path: str = "/1/", site_id: int | None = None) -> Stamp:
    return replace(world.stamp(), attempt=uuid4(), login=login, grants=(Grant(role, path, ROLES[role], site_id),))


def planner(path: str = "/1/") -> Stamp:
    return by(Role.PLANNER, "planner", path)


def approver(path: str = "/1/") -> Stamp:
    return by(Role.APPROVER, "approver", path)


def keeper(site_id: int = 1, path: str = "/1/") -> Stamp:
    return by(Role.KEEPER, "keeper", path, site_id)


async def stored(
    hall: asyncpg.Connection, quantity: int, place: int = 101, condition: str = "good", **facts: Any
) -> Lot:
    """Goods of the city on the shelf, dated so that they stand in this year's plan unless said otherwise."""
    facts = {"expires_on": TODAY + timedelta(days=60), "owner_region_id": CITY, **facts}
    (lot,) = await world.add_lots(hall, facts)
    await world.receive(lot, quantity, (place, condition), site_id=1 if place < 110 else 2)
    return lot


async def proposed(year: int = TODAY.year, region: str = "city") -> list[Line]:
    await actions.propose(stamp=planner(), region_key=region, year=year)
    return list((await queries.list_lines(scope=EVERYWHERE, limit=200)).items)


async def again(line: Line) -> Line:
    return await queries.get_line(line.id, EVERYWHERE)


def choice(option: Option = Option.USE, **more: Any) -> Choice:
    return Choice(option, **{"out_on": TODAY, "quantity": 10, **more})


async def choose(line: Line, **more: Any) -> None:
    await actions.choose(stamp=planner(), line_id=line.id, choice=choice(**more))


async def approve(*lines: Line) -> None:
    await actions.approve(stamp=approver(), line_ids=[line.id for line in lines])


async def carry(line: Line, quantity: int, place: int = 101, stamp: Stamp | None = None) -> Any:
    return await actions.carry_out(stamp=stamp or keeper(), line_id=line.id, place_id=place, quantity=quantity)


async def minimum(quantity: int, **whom: Any) -> None:
    whom = whom or {"region_id": CITY}
    facts = NormFacts(item_id=TENT, minimum=quantity, source="市文件", **whom)
    await norms.set_norms(stamp=planner(), norms=[facts])


async def prices(hall: asyncpg.Connection, fen: int = 50_000) -> None:
    await hall.execute("UPDATE item SET price_fen = $1", fen)


@pytest.mark.parametrize("table", [tables.RotationPlan, tables.RotationLine, tables.RotationPolicy])
async def test_tables_say_what_the_database_says(hall: asyncpg.Connection, table: Any) -> None:
    rows = await hall.fetch(
        "SELECT column_name, data_type, is_nullable = 'YES' FROM information_schema.columns"
        " WHERE table_name = $1 AND column_name <> 'seq'",
        table._meta.tablename,
    )
    in_schema = {row[0]: (row[1].lower(), row[2]) for row in rows}
    assert {c._meta.db_column_name: (kind(c), c._meta.null) for c in table._meta.columns} == in_schema


class TestProposing:
    async def test_what_is_due_stands_in_the_plan_of_its_owner_with_its_cheapest_way(
        self, hall: asyncpg.Connection
    ) -> None:
        await prices(hall)
        due = await stored(hall, 10)
        await stored(hall, 10, expires_on=TODAY + timedelta(days=1000))  # not yet
        others = await stored(hall, 4, owner_region_id=A)  # kept here for a district
        broken = await stored(hall, 3, condition="damaged")
        lines = await proposed()
        assert {(line.lot.id, line.plan, line.quantity) for line in lines} == {
            (due.id, f"LH-CITY-{TODAY.year}", 10),
            (others.id, f"LH-DISTRICT-A-{TODAY.year}", 4),
            (broken.id, f"LH-CITY-{TODAY.year}", 3),
        }
        one = next(line for line in lines if line.lot.id == due.id)
        assert (one.option, one.cost_fen, one.waste_fen) == (Option.EXTEND, 200_000 + 2 * 50_000, 100_000)
        assert one.out_on == TODAY  # ninety days before its end lie behind us
        assert next(line.option for line in lines if line.lot.id == broken.id) is Option.SELL

    async def test_a_year_that_begins_holds_what_is_due_in_it(self, hall: asyncpg.Connection) -> None:
        await stored(hall, 10)
        later = await stored(hall, 10, expires_on=date(TODAY.year + 1, 8, 1))
        lines = await proposed(TODAY.year + 1)
        assert [(line.lot.id, line.due_on) for line in lines] == [(later.id, date(TODAY.year + 1, 5, 3))]
        with pytest.raises(Invalid, match=r"rotation\.bad-year"):
            await proposed(TODAY.year - 1)

    async def test_twice_changes_nothing_and_what_was_withdrawn_stays_out(self, hall: asyncpg.Connection) -> None:
        await stored(hall, 10)
        (line,) = await proposed()
        assert [one.version for one in await proposed()] == [1]
        await actions.withdraw(stamp=planner(), line_id=line.id, reason="留作教学")
        assert [one.status for one in await proposed()] == [Status.WITHDRAWN]
        plan = await queries.get_plan(line.plan_id, EVERYWHERE)
        assert (plan.lines, plan.open) == (1, 0)

    async def test_rivals_propose_each_lot_once(self, hall: asyncpg.Connection) -> None:
        for _ in range(12):
            await stored(hall, 5)
        done = await asyncio.gather(
            *(actions.propose(stamp=planner(), region_key="city", year=TODAY.year) for _ in range(8))
        )
        assert sorted(one["lines"] for one in done) == [0] * 7 + [12]
        assert await hall.fetchval("SELECT count(*) FROM rotation_line") == 12
        assert sorted(await hall.fetchval("SELECT array_agg(line) FROM rotation_line")) == list(range(1, 13))

    async def test_the_right_is_asked_over_the_region(self, hall: asyncpg.Connection) -> None:
        await stored(hall, 5)
        with pytest.raises(Missing):
            await actions.propose(stamp=planner("/1/3/"), region_key="district-a", year=TODAY.year)


async def test_lines_are_sorted_and_their_pages_join(hall: asyncpg.Connection) -> None:
    await prices(hall)
    for quantity, days, place in ((3, 60, 101), (9, 40, 111), (5, 50, 101), (7, 30, 111)):
        await stored(hall, quantity, place, expires_on=TODAY + timedelta(days=days))
    await proposed()

    async def listed(sort: Sort, **more: Any) -> list[int]:
        found: list[int] = []
        cursor = None
        while True:
            page = await queries.list_lines(scope=EVERYWHERE, sort=sort, cursor=cursor, limit=1, **more)
            found += [line.quantity for line in page.items]
            cursor = page.next_cursor
            if cursor is None:
                return found

    assert await listed(Sort.ENDS) == [7, 9, 5, 3]
    stores = {line.quantity: line.site_code for line in (await queries.list_lines(scope=EVERYWHERE)).items}
    assert [stores[one] for one in await listed(Sort.STORE)] == sorted(stores.values())
    costs = {line.quantity: line.cost_fen for line in (await queries.list_lines(scope=EVERYWHERE)).items}
    assert [costs[one] for one in await listed(Sort.COST)] == sorted(costs.values(), key=lambda fen: -(fen or -1))
    await hall.execute("UPDATE rotation_line SET cost_fen = NULL WHERE quantity = 9")
    assert (await listed(Sort.COST))[-1] == 9  # without a price last
    for sort in Sort:
        assert sorted(await listed(sort)) == [3, 5, 7, 9]


class TestMinimum:
    async def test_below_it_is_refused_until_the_replacement_is_in_first(self, hall: asyncpg.Connection) -> None:
        await stored(hall, 10)
        await stored(hall, 20, expires_on=None, stored_on=TODAY)
        await minimum(25)
        (line,) = [one for one in await proposed() if one.lot.expires_on]
        await choose(line, in_on=TODAY + timedelta(days=45), in_quantity=10)
        with pytest.raises(Refused, match=r"rotation\.below-minimum") as refused:
            await approve(line)
        facts = refused.value.facts
        assert (facts["place"], facts["minimum"], facts["projected"]) == ("city", 25, 20)
        assert facts["day"] == TODAY.isoformat()
        await choose(line, in_on=TODAY, in_quantity=10)
        await approve(line)

    async def test_so_it_is_for_the_store_where_it_stands(self, hall: asyncpg.Connection) -> None:
        await stored(hall, 10, 111)
        await minimum(8, site_id=2)
        (line,) = await proposed()
        await choose(line)
        with pytest.raises(Refused, match=r"rotation\.below-minimum") as refused:
            await approve(line)
        assert refused.value.facts["place"] == "AA01"

    async def test_a_gap_is_granted_for_months_and_no_longer(self, hall: asyncpg.Connection) -> None:
        await stored(hall, 10)
        await minimum(10)
        (line,) = await proposed()
        await choose(line, in_on=TODAY + timedelta(days=80), in_quantity=10)
        with pytest.raises(Refused, match=r"rotation\.gap-too-long"):
            await actions.grant_gap(stamp=approver(), line_id=line.id, months=5, reason="等新货")
        await actions.grant_gap(stamp=approver(), line_id=line.id, months=5, reason="等新货", joint="市财政局")
        await actions.grant_gap(stamp=approver(), line_id=line.id, months=1, reason="等新货")
        with pytest.raises(Refused, match=r"rotation\.gap-too-short"):
            await approve(line)
        await actions.grant_gap(stamp=approver(), line_id=line.id, months=3, reason="等新货")
        await approve(line)
        await carry(line, 10)
        assert (await again(line)).status is Status.CARRIED

    async def test_what_really_stands_there_counts_when_goods_leave(self, hall: asyncpg.Connection) -> None:
        await stored(hall, 10)
        await minimum(10)
        (line,) = await proposed()
        await choose(line, in_on=TODAY, in_quantity=10)  # promised for today …
        await approve(line)
        with pytest.raises(Refused, match=r"rotation\.below-minimum"):
            await carry(line, 10)  # … and not there
        await stored(hall, 10, 102, expires_on=None)
        await carry(line, 10)

    async def test_lines_approved_before_count(self, hall: asyncpg.Connection) -> None:
        await stored(hall, 10)
        await stored(hall, 10, 102)
        await minimum(10)
        one, other = await proposed()
        await choose(one)
        await choose(other)
        day = TODAY + timedelta(days=59)  # both end then: a gap for the time after
        for line in (one, other):
            await choose(line, in_on=day, in_quantity=10)
        await approve(one)
        with pytest.raises(Refused, match=r"rotation\.below-minimum"):
            await approve(other)

    async def test_expired_goods_hold_nobody_up(self, hall: asyncpg.Connection) -> None:
        await stored(hall, 10, expires_on=TODAY - timedelta(days=1))
        await minimum(100)
        (line,) = await proposed()
        await choose(line, option=Option.SCRAP, experts=tuple("甲乙丙丁戊"))
        await approve(line)
        await carry(line, 10)


class TestApproval:
    async def test_nobody_approves_his_own_and_no_keeper_what_he_keeps(self, hall: asyncpg.Connection) -> None:
        await stored(hall, 10)
        (line,) = await proposed()
        await choose(line)
        both = replace(approver(), login="planner")
        with pytest.raises(Refused, match=r"rotation\.own-approval"):
            await actions.approve(stamp=both, line_ids=[line.id])
        also = approver()
        also = replace(also, grants=(*also.grants, *keeper().grants))
        with pytest.raises(Refused, match=r"rotation\.keeper-approves"):
            await actions.approve(stamp=also, line_ids=[line.id])
        await approve(line)

    async def test_only_the_owner_decides(self, hall: asyncpg.Connection) -> None:
        await stored(hall, 10, 111)  # the city's goods in the town's store
        (line,) = await proposed()
        await choose(line)
        with pytest.raises(Missing):
            await actions.approve(stamp=approver("/1/2/4/"), line_ids=[line.id])
        seen = await queries.get_line(line.id, Scope(("/1/2/4/",)))  # its custodian sees it
        assert seen.id == line.id
        with pytest.raises(Missing):
            await queries.get_line(line.id, Scope(("/1/3/",)))

    async def test_a_disposal_needs_a_test_house_or_five_experts(self, hall: asyncpg.Connection) -> None:
        await stored(hall, 3, condition="damaged")
        (line,) = await proposed()
        with pytest.raises(Refused, match=r"rotation\.no-witness"):
            await approve(line)  # as it was proposed: nobody is named
        with pytest.raises(Refused, match=r"rotation\.no-witness") as refused:
            await choose(line, option=Option.SCRAP, quantity=3, experts=("甲", "乙", "丙", "丁", "丁", " "))
        assert refused.value.facts["experts"] == 4
        assert (await again(line)).version == line.version
        await choose(line, option=Option.SCRAP, quantity=3, experts=tuple("甲乙丙丁戊"))
        await approve(line)

    async def test_goods_are_swapped_with_a_supplier_only(self, hall: asyncpg.Connection) -> None:
        await stored(hall, 10, expires_on=TODAY + timedelta(days=90))
        (line,) = await proposed()

        async def party(key: str, kind: str) -> int:
            said = "INSERT INTO party (uuid, key, kind, name_zh, source) VALUES (gen_random_uuid(), $1, $2, $1, 'test')"
            return int(await hall.fetchval(said + " RETURNING id", key, kind))

        def swap(party_id: int) -> Choice:
            return choice(Option.SWAP, party_id=party_id)

        carrier, shop, factory = (
            await party("YS", "carrier"),
            await party("GY", "supplier"),
            await party("QY", "enterprise"),
        )
        for other in (carrier, factory):
            with pytest.raises(Refused, match=r"rotation\.not-a-supplier"):
                await actions.choose(stamp=planner(), line_id=line.id, choice=swap(other), suppliers=[shop])
        await actions.choose(stamp=planner(), line_id=line.id, choice=swap(factory), suppliers=[factory])
        await actions.choose(stamp=planner(), line_id=line.id, choice=swap(shop))
        assert (await again(line)).party == "GY"

    async def test_all_or_none(self, hall: asyncpg.Connection) -> None:
        await stored(hall, 10)
        await stored(hall, 3, condition="damaged")
        good, broken = sorted(await proposed(), key=lambda one: one.condition, reverse=True)
        await choose(good)
        with pytest.raises(Refused, match=r"rotation\.no-witness"):
            await approve(good, broken)
        assert (await again(good)).status is Status.PROPOSED

    async def test_a_stale_page_overwrites_nothing(self, hall: asyncpg.Connection) -> None:
        await stored(hall, 10)
        (line,) = await proposed()
        await choose(line)
        with pytest.raises(Stale):
            await actions.choose(stamp=planner(), line_id=line.id, choice=choice(), version=1)


class TestCarryingOut:
    async def test_in_parts_never_more_than_planned_then_settled(self, hall: asyncpg.Connection) -> None:
        lot = await stored(hall, 10)
        (line,) = await proposed()
        await choose(line, quantity=8)
        await approve(line)
        await carry(line, 3)
        with pytest.raises(Refused, match=r"rotation\.more-than-planned"):
            await carry(line, 6)
        await carry(line, 5)
        now = await again(line)
        assert (now.status, now.moved, now.rest, now.standing) == (Status.CARRIED, 8, 0, 2)
        moves = await hall.fetch("SELECT quantity, reason FROM move WHERE document_kind = 'rotation' ORDER BY seq")
        assert [tuple(row) for row in moves] == [(3, "issue"), (5, "issue")]
        await actions.settle(stamp=planner(), line_id=line.id, income_fen=0, paid_fen=12_00, proof="演练记录 2026-3")
        settled = (await again(line)).settlement
        assert settled is not None
        assert (settled.paid_fen, settled.proof) == (1200, "演练记录 2026-3")
        assert lot.id == now.lot.id

    async def test_sent_twice_it_happens_once(self, hall: asyncpg.Connection) -> None:
        await stored(hall, 10)
        (line,) = await proposed()
        await choose(line)
        await approve(line)
        stamp = keeper()
        first, second = await asyncio.gather(carry(line, 4, stamp=stamp), carry(line, 4, stamp=stamp))
        assert first["rest"] == second["rest"] == 6
        assert (await again(line)).moved == 4

    async def test_rivals_take_no_more_than_the_line(self, hall: asyncpg.Connection) -> None:
        await stored(hall, 40)
        (line,) = await proposed()
        await choose(line, quantity=20)
        await approve(line)
        done = await asyncio.gather(*(carry(line, 3) for _ in range(12)), return_exceptions=True)
        assert sum(not isinstance(one, BaseException) for one in done) == 6
        assert {one.code for one in done if isinstance(one, Refused)} <= {"rotation.more-than-planned"}
        assert (await again(line)).rest == 2
        await actions.finish(stamp=keeper(), line_id=line.id, reason="余货转下年")
        assert (await again(line)).status is Status.CARRIED

    async def test_goods_beyond_the_approval_stay(self, hall: asyncpg.Connection) -> None:
        await stored(hall, 10)
        (line,) = await proposed()
        with pytest.raises(Refused, match=r"rotation\.not-from-here"):
            await carry(line, 1)
        await choose(line)
        await approve(line)
        await actions.send_back(stamp=approver(), line_id=line.id, reason="改期")
        with pytest.raises(Refused, match=r"rotation\.not-from-here"):
            await carry(line, 1)

    async def test_a_disposal_is_settled_with_its_record_only(self, hall: asyncpg.Connection) -> None:
        await stored(hall, 3, condition="damaged")
        (line,) = await proposed()
        await choose(line, option=Option.SCRAP, quantity=3, experts=tuple("甲乙丙丁戊"))
        await approve(line)
        await carry(line, 3)
        reason = await hall.fetchval("SELECT reason FROM move WHERE document_kind = 'rotation'")
        assert reason == "dispose"
        with pytest.raises(Refused, match=r"rotation\.no-record"):
            await actions.settle(stamp=planner(), line_id=line.id, income_fen=0, paid_fen=0, proof="收据")


class TestExtension:
    async def house(self, hall: asyncpg.Connection) -> int:
        found = await hall.fetchval(
            "INSERT INTO party (uuid, key, kind, name_zh, source) VALUES (gen_random_uuid(), 'TEST-1', 'test_house',"
            " '市质检院', 'test') RETURNING id"
        )
        return int(found)

    async def ready(self, hall: asyncpg.Connection) -> Line:
        await stored(hall, 10)
        (line,) = await proposed()
        await choose(line, option=Option.EXTEND, test_house_id=await self.house(hall))
        await approve(line)
        return line

    async def test_a_passed_test_makes_a_new_lot_with_evidence(self, hall: asyncpg.Connection) -> None:
        line = await self.ready(hall)
        with pytest.raises(Refused, match=r"rotation\.test-needed"):
            await carry(line, 10)
        await actions.sample(stamp=keeper(), line_id=line.id, place_id=101, quantity=2)
        until = TODAY + timedelta(days=400)
        far = Verdict(True, TODAY, "R-1", TODAY + timedelta(days=500), "")
        with pytest.raises(Refused, match=r"rotation\.extension-too-long"):
            await actions.record_test(stamp=planner(), line_id=line.id, test=far)
        await actions.record_test(stamp=planner(), line_id=line.id, test=Verdict(True, TODAY, "R-1", until, ""))
        await carry(line, 8)
        now = await again(line)
        assert (now.status, now.sampled, now.converted, now.rest, now.standing) == (Status.CARRIED, 2, 8, 0, 0)
        assert now.new_lot is not None
        new = (await stock.find_lots(numbers=[now.new_lot]))[now.new_lot]
        assert (new.expires_on, new.parent_id) == (until, line.lot.id)
        evidence = await hall.fetchval("SELECT evidence->>'report' FROM conversion WHERE to_lot = $1", new.id)
        assert evidence == "R-1"
        places = await hall.fetch("SELECT DISTINCT to_place FROM move WHERE reason = 'convert' AND lot_id = $1", new.id)
        assert [row[0] for row in places] == [101]

    async def test_a_failed_one_leaves_only_disposal(self, hall: asyncpg.Connection) -> None:
        line = await self.ready(hall)
        with pytest.raises(Refused, match=r"rotation\.no-sample"):
            await actions.record_test(stamp=planner(), line_id=line.id, test=Verdict(False, TODAY, "R-2", None, ""))
        await actions.sample(stamp=keeper(), line_id=line.id, place_id=101, quantity=2)
        await actions.record_test(stamp=planner(), line_id=line.id, test=Verdict(False, TODAY, "R-2", None, ""))
        assert (await again(line)).status is Status.PROPOSED
        with pytest.raises(Refused, match=r"rotation\.unfit"):
            await choose(line, quantity=8)
        await choose(line, option=Option.SCRAP, quantity=8, experts=tuple("甲乙丙丁戊"))


async def test_what_is_planned_is_told_to_others(hall: asyncpg.Connection) -> None:
    lot = await stored(hall, 10)
    (line,) = await proposed()
    until = TODAY + timedelta(days=300)
    assert await queries.planned(scope=EVERYWHERE, until=until) == []  # a proposal is no decision
    await choose(line, out_on=TODAY + timedelta(days=20), in_on=TODAY + timedelta(days=10), in_quantity=12)
    await approve(line)
    comes = Planned(TODAY + timedelta(days=10), 12, TENT, CITY, "/1/", 1, None, line.id)
    goes = Planned(TODAY + timedelta(days=20), -10, TENT, CITY, "/1/", 1, lot.id, line.id)
    assert await queries.planned(scope=EVERYWHERE, until=until) == [comes, goes]
    assert await queries.planned(scope=EVERYWHERE, until=TODAY + timedelta(days=15)) == [comes]
    assert await queries.planned(scope=EVERYWHERE, until=until, region_ids=[A]) == []
    assert await queries.planned(scope=EVERYWHERE, until=until, item_ids=[QUILT]) == []
    assert await queries.planned(scope=Scope(("/1/3/",)), until=until) == []


async def test_waste_is_what_use_does_not_reach(hall: asyncpg.Connection) -> None:
    await prices(hall, 1_000)
    used = await stored(hall, 100, expires_on=None)
    await world.issue(used, 73, 101)  # 0.2 a day
    first = await stored(hall, 20, expires_on=TODAY + timedelta(days=49))  # fifty days: ten are used
    second = await stored(hall, 5, expires_on=TODAY + timedelta(days=99))  # a hundred days: all of them
    assert [(one.stored.lot_id, one.quantity, one.value_fen) for one in await queries.risks(
        scope=EVERYWHERE, today=TODAY)] == [(first.id, 10, 10_000)]  # fmt: skip
    assert second.id not in {one.stored.lot_id for one in await queries.risks(scope=EVERYWHERE, today=TODAY)}
