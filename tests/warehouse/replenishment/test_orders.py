"""Orders on a real database: their life, what flows back from scanning, money, rivals and scope."""

import asyncio
import json
from dataclasses import replace
from datetime import date
from uuid import UUID, uuid4

import asyncpg
import pytest

from catalog.kernel import db
from catalog.kernel.access import Role, Scope
from catalog.kernel.errors import Denied, Missing, Problem, Refused, Stale
from tests.warehouse.replenishment import buying
from tests.warehouse.replenishment.buying import (
    ALL,
    DAY,
    FACTS,
    FUND,
    QUILT,
    SUPPLIER,
    TENT,
    again,
    arrive,
    draft,
    line,
    ordered,
    person,
    submitted,
)
from tests.warehouse.stock import world
from warehouse.replenishment import actions, queries, workflow
from warehouse.replenishment.model import (
    SECOND_APPROVAL_ABOVE,
    BudgetFacts,
    DeliveryFacts,
    DeliveryKind,
    ExpectedFrom,
    Measure,
    Milestone,
    NewLine,
    OrderKind,
    OrderStatus,
    RefuseReason,
    Standing,
)
from warehouse.replenishment.model import Status as DeliveryStatus
from warehouse.stock import actions as stock


@pytest.fixture
async def desk(hall: asyncpg.Connection) -> asyncpg.Connection:
    """The small world with a supplier and money."""
    await buying.add_supplier(hall)
    await buying.budget(1_000_000)
    return hall


async def test_an_order_becomes_deliveries_and_what_is_scanned_flows_back_to_its_lines(
    desk: asyncpg.Connection,
) -> None:
    order = await ordered(line(TENT, 10), line(QUILT, 20, day=date(2026, 12, 9)), line(QUILT, 5))
    assert (order.number, order.status, order.total_fen) == ("ZC-2026-0001", OrderStatus.ORDERED, 3_500)
    assert [(one.status, one.expected_on) for one in order.deliveries] == [
        ("announced", DAY),
        ("announced", date(2026, 12, 9)),
    ]
    first, second = [await queries.get_delivery(one.id, ALL) for one in order.deliveries]
    assert [(one.item_id, one.quantity) for one in first.lines] == [(TENT, 10), (QUILT, 5)]
    assert (first.order, first.supplier_id, first.fund_source, first.lines[0].price_fen) == (
        order.number,
        SUPPLIER,
        FUND,
        100,
    )
    scan = world.stamp()
    await arrive(first.id, [(TENT, 4, 1)], stamp=scan)
    order = await again(order.id)
    assert (order.status, [one.received for one in order.lines]) == (OrderStatus.PARTLY_RECEIVED, [4, 0, 0])
    await stock.reverse(stamp=world.stamp(), attempt=scan.attempt)
    assert (await again(order.id)).status is OrderStatus.ORDERED
    await arrive(first.id, [(TENT, 10, 1), (QUILT, 5, 2)])
    await arrive(second.id, [(QUILT, 20, 1)])
    order = await again(order.id)
    assert (order.status, [one.rest for one in order.lines]) == (OrderStatus.RECEIVED, [0, 0, 0])
    for one in (first, second):
        await actions.close(stamp=world.stamp(), delivery_id=one.id)
    closed = await actions.close_order(stamp=person(Role.PURCHASER), order_id=order.id)
    assert (closed["status"], closed["case"]) == ("closed", None)


async def test_short_goods_come_with_a_further_delivery_or_stand_in_one_case(desk: asyncpg.Connection) -> None:
    order = await ordered(line(TENT, 10), line(QUILT, 6, day=date(2026, 12, 5)))
    tents, quilts = order.deliveries
    await arrive(tents.id, [(TENT, 6, 1)])
    await actions.refuse_line(
        stamp=world.stamp(), delivery_id=tents.id, line=1, quantity=1, reason=RefuseReason.DAMAGED
    )
    with pytest.raises(Refused, match="being-received"):
        await actions.close_order(stamp=person(Role.PURCHASER), order_id=order.id, reason="够了")
    await actions.close(stamp=world.stamp(), delivery_id=tents.id)
    order = await again(order.id)
    assert [(one.rest, one.refused, one.to_announce) for one in order.lines] == [(4, 1, 4), (6, 0, 0)]
    with pytest.raises(Refused) as refusal:
        await actions.deliver_order(stamp=person(Role.PURCHASER), order_id=order.id, parts={1: 5})
    assert refusal.value.facts == {"line": 1, "item": "帐篷", "asked": 5, "free": 4}
    await actions.deliver_order(stamp=person(Role.PURCHASER), order_id=order.id, parts={1: 3}, expected_on=DAY)
    order = await again(order.id)
    assert [one.to_announce for one in order.lines] == [1, 0]
    await arrive(order.deliveries[-1].id, [(TENT, 3, 1)])
    await actions.close(stamp=world.stamp(), delivery_id=order.deliveries[-1].id)
    with pytest.raises(Refused) as refusal:
        await actions.close_order(stamp=person(Role.PURCHASER), order_id=order.id)
    assert (refusal.value.code, refusal.value.facts["line"]) == ("order.short-needs-reason", 1)
    done = await actions.close_order(stamp=person(Role.PURCHASER), order_id=order.id, reason="厂家停产")
    row = await db.fetch_row("SELECT facts FROM discrepancy_case WHERE uuid = $1", UUID(done["case"]))
    assert [(one["line"], one["quantity"]) for one in json.loads(row[0])["lines"]] == [(2, 6)]  # line 1 has its case
    order = await again(order.id)
    assert (order.status, order.end_reason) == (OrderStatus.CLOSED, "厂家停产")
    assert (await queries.get_delivery(quilts.id, ALL)).status is DeliveryStatus.CANCELLED


async def test_nobody_approves_their_own_and_large_sums_need_two(desk: asyncpg.Connection) -> None:
    both = person(Role.PURCHASER, "chen")
    both = replace(both, grants=(*both.grants, *person(Role.APPROVER).grants))
    made = await actions.create_order(stamp=both, facts=FACTS, lines=[line()], submit=True)
    own = UUID(made["order"])
    with pytest.raises(Refused, match=r"order\.own"):
        await actions.approve_order(stamp=replace(both, attempt=uuid4()), order_id=own)
    standing = workflow.OrderStanding(await again(own), 10**9)
    assert "approve" not in workflow.allowed_order(standing, both)
    assert "approve" in workflow.allowed_order(standing, person(Role.APPROVER))

    await desk.execute(
        "INSERT INTO parameter_value (key, path, value, version) VALUES ($1, '/1/', '500', 1)", SECOND_APPROVAL_ABOVE
    )
    order = await submitted(line(TENT, 6))
    with pytest.raises(Refused, match="needs-endorsing"):
        await actions.approve_order(stamp=person(Role.APPROVER), order_id=order.id)
    await actions.endorse_order(stamp=person(Role.APPROVER, "zhao"), order_id=order.id)
    with pytest.raises(Refused, match="same-approver"):
        await actions.approve_order(stamp=person(Role.APPROVER, "zhao"), order_id=order.id)
    await actions.approve_order(stamp=person(Role.APPROVER, "qian"), order_id=order.id)
    order = await again(order.id)
    assert (order.status, order.endorsed_by, order.approved_by) == (OrderStatus.APPROVED, "zhao", "qian")
    small = await submitted(line(TENT, 5))
    with pytest.raises(Refused, match="needs-no-endorsing"):
        await actions.endorse_order(stamp=person(Role.APPROVER), order_id=small.id)


async def test_an_amended_order_keeps_its_number_and_loses_its_approvals(desk: asyncpg.Connection) -> None:
    order = await ordered(line(TENT, 10))
    await actions.amend_order(stamp=person(Role.PURCHASER), order_id=order.id, reason="数量变更")
    after = await again(order.id)
    assert (after.status, after.number, after.revision, after.approved_by) == (
        OrderStatus.DRAFT,
        order.number,
        2,
        "",
    )
    assert [one.status for one in after.deliveries] == ["cancelled"]
    await actions.edit_order(
        stamp=person(Role.PURCHASER), order_id=order.id, version=after.version, lines=[line(TENT, 12)]
    )
    with pytest.raises(Stale):
        await actions.edit_order(
            stamp=person(Role.PURCHASER), order_id=order.id, version=after.version, lines=[line(TENT, 13)]
        )
    await actions.submit_order(stamp=person(Role.PURCHASER), order_id=order.id)
    await actions.reject_order(stamp=person(Role.APPROVER), order_id=order.id, reason="单价偏高")
    await actions.submit_order(stamp=person(Role.PURCHASER), order_id=order.id)
    await actions.approve_order(stamp=person(Role.APPROVER), order_id=order.id)
    await actions.issue_order(stamp=person(Role.PURCHASER), order_id=order.id)
    after = await again(order.id)
    assert (after.number, [one.status for one in after.deliveries]) == (order.number, ["cancelled", "announced"])
    await arrive(after.deliveries[1].id, [(TENT, 1, 1)])
    with pytest.raises(Refused, match="not-from-here"):
        await actions.amend_order(stamp=person(Role.PURCHASER), order_id=order.id, reason="again")


async def test_what_an_approver_must_know_is_asked_before_it_is_submitted(desk: asyncpg.Connection) -> None:
    urgent = replace(FACTS, kind=OrderKind.EMERGENCY_PURCHASE)
    cases = {
        "order.no-supplier": (replace(FACTS, supplier_id=None), line()),
        "order.no-fund": (replace(FACTS, fund_source=" "), line()),
        "order.no-price": (FACTS, line(price=None)),
        "order.no-date": (FACTS, line(day=None)),
        "order.no-reason": (urgent, line()),
    }
    for code, (facts, one) in cases.items():
        order = await draft(one, facts=facts)
        with pytest.raises(Refused) as refusal:
            await actions.submit_order(stamp=person(Role.PURCHASER), order_id=order.id)
        assert refusal.value.code == code
    given = await ordered(line(price=None, day=None), facts=replace(FACTS, kind=OrderKind.TRANSFER, fund_source=None))
    assert given.number == "DR-2026-0001"


async def test_above_the_budget_only_with_a_reason_and_money_is_free_again_after_a_cancel(
    desk: asyncpg.Connection,
) -> None:
    big = await submitted(line(TENT, 9_000))  # 900,000 of 1,000,000 fen
    await actions.approve_order(stamp=person(Role.APPROVER), order_id=big.id)
    more = await submitted(line(TENT, 2_000))
    with pytest.raises(Refused) as refusal:
        await actions.approve_order(stamp=person(Role.APPROVER), order_id=more.id)
    assert refusal.value.code == "order.above-budget"
    assert refusal.value.facts == {
        "asked": 200_000,
        "left": 100_000,
        "over": 100_000,
        "year": 2026,
        "fund_source": FUND,
    }
    await actions.approve_order(stamp=person(Role.APPROVER), order_id=more.id, over_budget_reason="防汛急需")
    assert (await again(more.id)).over_budget_reason == "防汛急需"
    listed = await queries.list_budgets(scope=ALL, today=DAY)
    assert (listed[0].figures.approved_fen, listed[0].left_fen) == (1_100_000, -100_000)
    await actions.cancel_order(stamp=person(Role.PURCHASER), order_id=big.id, reason="不买了")
    assert (await queries.list_budgets(scope=ALL, today=DAY))[0].left_fen == 800_000
    other = await submitted(line(), facts=replace(FACTS, budget_year=2027))
    with pytest.raises(Refused, match="no-budget"):
        await actions.approve_order(stamp=person(Role.APPROVER), order_id=other.id)
    await actions.approve_order(stamp=person(Role.APPROVER), order_id=other.id, over_budget_reason="预算未下达")


async def test_a_closed_order_gives_back_what_did_not_come_and_milestones_look_at_their_day(
    desk: asyncpg.Connection,
) -> None:
    budget = (await queries.list_budgets(scope=ALL, today=DAY))[0]
    facts = BudgetFacts(
        1_000,
        "财〔2026〕1号",
        milestones=(
            Milestone("下单", date(2026, 11, 30), 100, Measure.ORDERED),
            Milestone("补充", date(2026, 10, 31), 100),
            Milestone("年底", date(2026, 12, 31), 60),
            Milestone("到半", date(2026, 11, 30), 40),
        ),
    )
    await actions.edit_budget(stamp=person(Role.PLANNER), budget_id=budget.id, version=1, facts=facts)
    order = await ordered(line(TENT, 10))
    await arrive(order.deliveries[0].id, [(TENT, 4, 1)])
    seen = await queries.get_budget(budget.id, ALL, date(2026, 11, 22))
    assert (seen.figures.ordered_fen, seen.figures.received_fen, seen.left_fen) == (1_000, 400, 0)
    assert {one.milestone.name: (one.reached, one.standing) for one in seen.progress} == {
        "补充": (0, Standing.MISSED),
        "下单": (100, Standing.MET),
        "到半": (40, Standing.MET),
        "年底": (40, Standing.AHEAD),
    }
    await actions.close(stamp=world.stamp(), delivery_id=order.deliveries[0].id)
    await actions.close_order(stamp=person(Role.PURCHASER), order_id=order.id, reason="停产")
    seen = await queries.get_budget(budget.id, ALL, date(2026, 11, 22))
    assert (seen.figures.approved_fen, seen.figures.received_fen, seen.left_fen) == (400, 400, 600)


async def test_rivals_cannot_overspend_a_budget_together(desk: asyncpg.Connection) -> None:
    waiting = [await submitted(line(TENT, 1_500)) for _ in range(12)]  # 150,000 of 1,000,000 fen each: six fit

    async def approve(order_id: UUID, number: int) -> str:
        try:
            await actions.approve_order(stamp=person(Role.APPROVER, f"approver-{number}"), order_id=order_id)
        except Problem as problem:
            return problem.code
        return "approved"

    outcomes = await asyncio.gather(*(approve(one.id, number) for number, one in enumerate(waiting)))
    assert sorted(set(outcomes)) == ["approved", "order.above-budget"]
    assert outcomes.count("approved") == 6
    assert (await queries.list_budgets(scope=ALL, today=DAY))[0].left_fen == 100_000


async def test_numbers_are_gapless_though_rivals_issue_and_others_fail(desk: asyncpg.Connection) -> None:
    ready = [await submitted(line()) for _ in range(6)]
    for one in ready:
        await actions.approve_order(stamp=person(Role.APPROVER), order_id=one.id)

    async def issue(order_id: UUID) -> str:
        try:
            done = await actions.issue_order(stamp=person(Role.PURCHASER), order_id=order_id)
        except Problem as problem:
            return problem.code
        return str(done["number"])

    outcomes = await asyncio.gather(*(issue(one.id) for one in ready for _ in range(2)))
    numbers = sorted(one for one in outcomes if one.startswith("ZC"))
    assert numbers == [f"ZC-2026-{n:04}" for n in range(1, 7)]
    assert outcomes.count("order.not-from-here") == 6
    assert await db.fetch_value("SELECT count(*) FROM delivery") == 6


async def test_the_same_attempt_twice_makes_one_order(desk: asyncpg.Connection) -> None:
    stamp = person(Role.PURCHASER)
    first = await actions.create_order(stamp=stamp, facts=FACTS, lines=[line()])
    second = await actions.create_order(stamp=stamp, facts=FACTS, lines=[line()])
    assert (second["order"], second["repeat"]) == (first["order"], True)
    assert await db.fetch_value("SELECT count(*) FROM supply_order") == 1


async def test_what_is_on_order_is_told_by_day_and_what_is_late(desk: asyncpg.Connection) -> None:
    order = await ordered(line(TENT, 10), line(QUILT, 5, day=date(2027, 1, 1)))
    await draft(line(TENT, 3))
    gift = await actions.create_delivery(
        stamp=world.stamp(),
        site_id=2,
        facts=DeliveryFacts(DeliveryKind.DONATION, 4),
        lines=[NewLine(TENT, 7)],
        announce=True,
    )
    await arrive(order.deliveries[0].id, [(TENT, 4, 1)])
    found = await queries.on_order()
    assert [(one.source, one.item_id, one.quantity, one.expected_on) for one in found] == [
        (ExpectedFrom.ORDER, TENT, 6, DAY),
        (ExpectedFrom.ORDER, QUILT, 5, date(2027, 1, 1)),
        (ExpectedFrom.DELIVERY, TENT, 7, None),
    ]
    assert [one.quantity for one in await queries.on_order(until=date(2026, 12, 31))] == [6]
    assert [one.quantity for one in await queries.on_order(item_ids=[TENT], region_ids=[1], planned=True)] == [3, 6]
    assert [one.document_id for one in await queries.on_order(site_ids=[2])] == [UUID(gift["delivery"])]
    expected = await queries.list_expected(path="/1/")
    assert sorted((one.site_id, one.item_id, one.quantity) for one in expected) == [
        (1, TENT, 6),
        (1, QUILT, 5),
        (2, TENT, 7),
    ]  # what a delivery announces of an order is told once
    assert await queries.late_orders(DAY, ALL) == []
    late = await queries.late_orders(date(2026, 12, 4), ALL)
    assert [(one.number, one.line, one.days, one.rest) for one in late] == [(order.number, 1, 3, 6)]
    assert await queries.late_orders(date(2026, 12, 4), Scope(("/1/3/",))) == []
    page = await queries.list_orders(scope=ALL, late_on=date(2026, 12, 4))
    assert [one.id for one in page.items] == [order.id]
    await actions.reschedule_order(
        stamp=person(Role.PURCHASER), order_id=order.id, days={1: date(2026, 12, 20)}, reason="厂家延期"
    )
    assert await queries.late_orders(date(2026, 12, 4), ALL) == []


async def test_the_suppliers_record_says_on_time_short_and_refused(desk: asyncpg.Connection) -> None:
    good = await ordered(line(TENT, 10))
    await arrive(good.deliveries[0].id, [(TENT, 10, 1)])
    await actions.close(stamp=world.stamp(), delivery_id=good.deliveries[0].id)
    await actions.close_order(stamp=person(Role.PURCHASER), order_id=good.id)
    late = await ordered(line(QUILT, 10, day=date(2026, 11, 1)))
    await arrive(late.deliveries[0].id, [(QUILT, 10, 1)])
    bad = await ordered(line(TENT, 10))
    await arrive(bad.deliveries[0].id, [(TENT, 1, 1)])
    await actions.refuse_line(
        stamp=world.stamp(), delivery_id=bad.deliveries[0].id, line=1, quantity=2, reason=RefuseReason.WRONG
    )
    await actions.close(stamp=world.stamp(), delivery_id=bad.deliveries[0].id)
    await actions.close_order(stamp=person(Role.PURCHASER), order_id=bad.id, reason="停产")
    record = await queries.supplier_record(SUPPLIER, ALL, DAY)
    assert (record.orders, record.open_orders, record.lines, record.complete) == (3, 1, 3, 2)
    assert (record.on_time, record.late, record.short, record.refused, record.overdue) == (1, 1, 1, 1, 0)
    assert (record.lead_days, record.value_fen) == (0, 2_100)
    assert (await queries.supplier_record(SUPPLIER, Scope(("/1/3/",)), DAY)).orders == 0
    offers = await queries.last_offers([TENT, QUILT, 3])
    assert {item: (one.supplier_id, one.price_fen, one.lead_days) for item, one in offers.items()} == {
        TENT: (SUPPLIER, 100, 0),
        QUILT: (SUPPLIER, 100, 0),
    }


async def test_out_of_scope_is_not_there_and_without_the_right_is_denied(desk: asyncpg.Connection) -> None:
    order = await submitted(line())
    with pytest.raises(Missing):
        await actions.approve_order(stamp=person(Role.APPROVER, path="/1/3/"), order_id=order.id)
    with pytest.raises(Denied):
        await actions.approve_order(stamp=person(Role.KEEPER), order_id=order.id)
    with pytest.raises(Missing):
        await queries.get_order(order.id, Scope(("/1/3/",)))
    assert (await queries.list_orders(scope=Scope(("/1/3/",)))).items == []
    far = await submitted(line(), facts=replace(FACTS, site_id=3))  # delivered to district B
    assert (await queries.get_order(far.id, Scope(("/1/3/",)))).id == far.id
    with pytest.raises(Missing):
        await actions.cancel_order(stamp=person(Role.PURCHASER, path="/1/3/"), order_id=far.id, reason="x")
