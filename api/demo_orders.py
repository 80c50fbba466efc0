"""The demo city's orders, budgets and proposals: one of each state, told by its own people with their own rights.

Each step is an attempt of its own, so a load that broke off is taken up again. Goods that have come are scanned in now.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from api.demo_counts import Hand, hands_of
from catalog.items.queries import find_items_by_key
from catalog.kernel import db
from catalog.kernel.access import EVERYWHERE, Role
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from catalog.packs.queries import list_packs
from catalog.regions.queries import find_regions
from warehouse.parties.queries import find_parties
from warehouse.planning.proposals import actions as planning
from warehouse.replenishment import actions, queries
from warehouse.replenishment.model import (
    BudgetFacts,
    Measure,
    Milestone,
    NewOrderLine,
    Order,
    OrderFacts,
    OrderKind,
)
from warehouse.sites.model import Site
from warehouse.sites.queries import find_sites
from warehouse.stock.actions import Arrival
from warehouse.stock.model import LotFacts

NAMESPACE = UUID("6b1e6f0e-3a55-5d0c-9b3e-be19000000aa")
FUND, OTHER_FUND = "市级财政应急物资专项", "上级防汛补助资金"


class _Desk:
    """The people, and what an order is made of."""

    def __init__(self, hands: dict[Role, list[Hand]], site: Site, owner: int, now: datetime) -> None:
        self.hands, self.site, self.owner, self.now = hands, site, owner, now

    def stamp(self, role: Role, step: str, days_ago: int = 0, number: int = 0) -> Stamp:
        """What somebody of this role does, so many days ago."""
        at = self.now - timedelta(days=days_ago)
        return replace(self.hands[role][number].stamp(step, at), attempt=uuid5(NAMESPACE, step))

    async def draft(
        self,
        name: str,
        kind: OrderKind,
        supplier: str,
        lines: list[tuple[str, int, int, int]],
        *,
        days_ago: int,
        fund: str = FUND,
        reason: str = "",
    ) -> Order:
        """A draft: (item, packs, price in fen, expected in days from now)."""
        parties = await find_parties([supplier], EVERYWHERE)
        goods = await find_items_by_key([line[0] for line in lines])
        wanted = []
        for key, count, price, days in lines:
            pack = next((one for one in await list_packs(goods[key].id) if one.is_default), None)
            quantity = count * (pack.factor if pack else 1)
            due = day_of(self.now) + timedelta(days=days)
            wanted.append(
                NewOrderLine(goods[key].id, quantity, price, 1, due, pack.id if pack else None, "年度补充计划")
            )
        year = day_of(self.now).year
        facts = OrderFacts(
            kind,
            self.owner,
            self.site.id,
            year,
            parties[supplier].id,
            fund,
            f"常储购〔{year}〕{name}",
            reason,
            "演示：虚构订单",
        )
        stamp = self.stamp(Role.PURCHASER, f"{name}/draft", days_ago)
        made = await actions.create_order(stamp=stamp, facts=facts, lines=wanted)
        return (await queries.find_orders([UUID(made["order"])]))[UUID(made["order"])]

    async def submit(self, name: str, order: Order, days_ago: int) -> None:
        """Ask for approval."""
        stamp = self.stamp(Role.PURCHASER, f"{name}/submit", days_ago)
        await actions.submit_order(stamp=stamp, order_id=order.id)

    async def approve(self, name: str, order: Order, days_ago: int) -> None:
        """Approve, by two people where it is large."""
        if order.total_fen > 50_000_000:
            stamp = self.stamp(Role.APPROVER, f"{name}/endorse", days_ago, 1)
            await actions.endorse_order(stamp=stamp, order_id=order.id)
        await actions.approve_order(stamp=self.stamp(Role.APPROVER, f"{name}/approve", days_ago), order_id=order.id)

    async def issue(self, name: str, order: Order, days_ago: int) -> Order:
        """To the supplier."""
        await self.submit(name, order, days_ago + 2)
        await self.approve(name, order, days_ago + 1)
        await actions.issue_order(stamp=self.stamp(Role.PURCHASER, f"{name}/issue", days_ago), order_id=order.id)
        return (await queries.find_orders([order.id]))[order.id]

    async def receive(self, name: str, order: Order, share: int) -> None:
        """So many percent of each line of the first delivery are scanned in, now."""
        delivery = (await queries.find_deliveries([order.deliveries[0].id]))[order.deliveries[0].id]
        staging = await db.fetch_value("SELECT id FROM place WHERE site_id = $1 AND kind = 'staging'", self.site.id)
        arrivals = [
            Arrival(
                LotFacts(line.item_id, self.owner, maker_batch=f"DEMO-{name}", fund_source=order.fund_source),
                max(line.quantity * share // 100, 1),
                staging,
                document_line=line.line,
            )
            for line in delivery.lines
        ]
        stamp = self.stamp(Role.KEEPER, f"{name}/receive")
        await actions.receive(stamp=stamp, delivery_id=delivery.id, arrivals=arrivals)
        if share >= 100:
            await actions.close(stamp=self.stamp(Role.KEEPER, f"{name}/closed"), delivery_id=delivery.id)


async def load_orders(*, now: datetime) -> None:
    """Budgets, orders in every state, and what is proposed; nothing where the city has no such people or store."""
    site = (await find_sites(["CZ01"], EVERYWHERE)).get("CZ01")
    region = (await find_regions(["changzhou"])).get("changzhou")
    hands: dict[Role, list[Hand]] = {}
    for hand in await hands_of({Role.KEEPER, Role.PLANNER, Role.APPROVER, Role.PURCHASER}):
        if hand.grant.site_id in (None, site.id if site else None):
            hands.setdefault(hand.grant.role, []).append(hand)
    if site is None or region is None or len(hands.get(Role.APPROVER, ())) < 2:
        return
    if not {Role.PURCHASER, Role.PLANNER, Role.KEEPER} <= hands.keys():
        return
    desk = _Desk(hands, site, region.id, now)
    await _budgets(desk, region.id)
    await _orders(desk)
    await planning.run_proposals(stamp=desk.stamp(Role.PLANNER, "proposals"), region_id=region.id)


async def _budgets(desk: _Desk, region_id: int) -> None:
    year = day_of(desk.now).year
    steps = (
        Milestone("汛前下达订单", day_of(desk.now).replace(month=5, day=31), 60, Measure.ORDERED),
        Milestone("物资补充到位", day_of(desk.now).replace(month=10, day=31), 100),
    )
    for number, (fund, fen, milestones) in enumerate(((FUND, 180_000_000, steps), (OTHER_FUND, 30_000_000, steps[1:]))):
        facts = BudgetFacts(fen, "unverified", "演示：虚构预算；“每年十月底前补充到位”见某市预算绩效目标表", milestones)
        stamp = desk.stamp(Role.PLANNER, f"budget/{number}", 60)
        await actions.set_budget(stamp=stamp, region_id=region_id, year=year, fund_source=fund, facts=facts)


async def _orders(desk: _Desk) -> None:
    tents = await desk.draft("01", OrderKind.PROCUREMENT, "sup-tent", [("ZP-0001", 60, 118_000, 0)], days_ago=45)
    tents = await desk.issue("01", tents, 40)
    await desk.receive("01", tents, 100)
    done = desk.stamp(Role.PURCHASER, "01/close")
    await actions.close_order(stamp=done, order_id=tents.id)

    bags = await desk.draft("02", OrderKind.CALL_OFF, "sup-bag", [("DL-0001", 40, 105, -12)], days_ago=38)
    bags = await desk.issue("02", bags, 33)
    await desk.receive("02", bags, 60)

    food = await desk.draft("03", OrderKind.PROCUREMENT, "sup-food", [("LS-0004", 30, 620, 21)], days_ago=9)
    await desk.issue("03", food, 5)

    urgent = [("PS-0002", 6, 415_000, 14)]
    pumps = await desk.draft(
        "04",
        OrderKind.EMERGENCY_PURCHASE,
        "sup-pump",
        urgent,
        days_ago=4,
        fund=OTHER_FUND,
        reason="台风预报，城区排涝能力不足（演示）",
    )
    await desk.submit("04", pumps, 3)
    await desk.approve("04", pumps, 2)

    large = await desk.draft("05", OrderKind.PROCUREMENT, "sup-tent", [("ZP-0001", 600, 118_000, 60)], days_ago=3)
    await desk.submit("05", large, 1)

    dear = await desk.draft("06", OrderKind.PROCUREMENT, "sup-bag", [("DL-0001", 20, 260, 30)], days_ago=6)
    await desk.submit("06", dear, 5)
    back = desk.stamp(Role.APPROVER, "06/reject", 4)
    await actions.reject_order(stamp=back, order_id=dear.id, reason="单价明显高于上次采购，请重新询价")
