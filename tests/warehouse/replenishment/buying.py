"""Hands for tests of orders: people of each role, a supplier, orders brought as far as a test needs them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from catalog.kernel.access import ROLES, Grant, Role, Scope
from catalog.kernel.stamp import Stamp
from tests.warehouse.stock import world
from warehouse.replenishment import actions, queries
from warehouse.replenishment.model import BudgetFacts, NewOrderLine, Order, OrderFacts, OrderKind
from warehouse.stock.actions import Arrival
from warehouse.stock.model import Condition, LotFacts

TENT, QUILT, PUMP = 1, 2, 3
ALL = Scope(("/",))
DAY = date(2026, 12, 1)
SUPPLIER = 900
FUND = "市级财政"
FACTS = OrderFacts(OrderKind.PROCUREMENT, 1, 1, 2026, SUPPLIER, FUND, contract="HT-1")


async def add_supplier(owner: asyncpg.Connection) -> None:
    """The supplier that `FACTS` names."""
    await owner.execute(
        "INSERT INTO party (id, uuid, key, kind, name_zh, source, search) VALUES"
        " (900, gen_random_uuid(), 'supplier-a', 'supplier', '甲公司', 'test', '')"
    )


def person(role: Role, login: str | None = None, path: str = "/1/") -> Stamp:
    """Somebody who holds one role in a region."""
    return replace(world.stamp(), login=login or role.value, grants=(Grant(role, path, ROLES[role]),))


def line(item: int = TENT, quantity: int = 10, price: int | None = 100, day: date | None = DAY) -> NewOrderLine:
    """A line to order."""
    return NewOrderLine(item, quantity, price, expected_on=day)


async def budget(amount_fen: int, year: int = 2026, fund: str = FUND, region_id: int = 1) -> UUID:
    """A budget of so much."""
    facts = BudgetFacts(amount_fen, "test")
    made = await actions.set_budget(
        stamp=person(Role.PLANNER), region_id=region_id, year=year, fund_source=fund, facts=facts
    )
    return UUID(made["id"])


async def draft(*lines: NewOrderLine, facts: OrderFacts = FACTS) -> Order:
    """A draft of the purchaser's."""
    made = await actions.create_order(stamp=person(Role.PURCHASER), facts=facts, lines=list(lines) or [line()])
    return await again(UUID(made["order"]))


async def submitted(*lines: NewOrderLine, facts: OrderFacts = FACTS) -> Order:
    """One that waits for its approver."""
    order = await draft(*lines, facts=facts)
    await actions.submit_order(stamp=person(Role.PURCHASER), order_id=order.id)
    return await again(order.id)


async def ordered(*lines: NewOrderLine, facts: OrderFacts = FACTS, reason: str = "") -> Order:
    """One that has gone to the supplier."""
    order = await submitted(*lines, facts=facts)
    await actions.approve_order(stamp=person(Role.APPROVER), order_id=order.id, over_budget_reason=reason)
    await actions.issue_order(stamp=person(Role.PURCHASER), order_id=order.id)
    return await again(order.id)


async def again(order_id: UUID) -> Order:
    """The order as it stands now."""
    return await queries.get_order(order_id, ALL)


async def arrive(
    delivery_id: UUID,
    goods: Sequence[tuple[int, int, int | None]],
    condition: Condition = Condition.GOOD,
    stamp: Stamp | None = None,
) -> Any:
    """Scan in (item, quantity, line of the delivery)."""
    arrivals = [
        Arrival(LotFacts(item, 1, maker_batch="B1"), quantity, 101, condition, document_line=number)
        for item, quantity, number in goods
    ]
    return await actions.receive(stamp=stamp or world.stamp(), delivery_id=delivery_id, arrivals=arrivals)
