"""Two requisitions of the demo city's typhoon: one planned, held and released in part, one that waits for approval."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from api.demo_counts import Hand, hands_of
from catalog.kernel.access import EVERYWHERE, Permission, Role
from catalog.regions.queries import find_regions
from warehouse.incidents import queries as incidents
from warehouse.incidents.model import Need, Status
from warehouse.requisitions import actions, queries
from warehouse.requisitions.model import RequisitionFacts, Wishes
from warehouse.requisitions.sourcing.plan import plan

FIRST = 2
"""So many needs, the most urgent, stand on the first requisition; the rest on the second."""


async def load_requisitions(*, now: datetime) -> int:
    """Write them for the demo's incident; how many. Safe to run again."""
    hands = [hand for hand in await hands_of({Role.APPROVER, Role.DISPATCHER}) if hand.grant.site_id is None]
    by_role = {role: [hand for hand in hands if hand.grant.role is role] for role in (Role.APPROVER, Role.DISPATCHER)}
    listed = await incidents.list_incidents(scope=EVERYWHERE, status=Status.ACTIVE, limit=1)
    region = (await find_regions({"changzhou"})).get("changzhou")
    if not all(by_role.values()) or not listed.items or region is None:
        return 0
    dispatcher = min(by_role[Role.DISPATCHER], key=lambda hand: len(hand.grant.path))
    approver = min(by_role[Role.APPROVER], key=lambda hand: len(hand.grant.path))
    needs = await incidents.list_needs(listed.items[0].id, EVERYWHERE)
    facts = RequisitionFacts(region.id, "台风转移群众安置（演示）", incident_id=listed.items[0].id)
    first = await _written(dispatcher, "first", facts, needs[:FIRST], now - timedelta(minutes=50))
    await actions.approve_requisition(
        stamp=approver.stamp("requisition/first/approve", now - timedelta(minutes=40)), requisition_id=first
    )
    if await _sourced(dispatcher, first, now - timedelta(minutes=30)):
        order = (await queries.releases_of(first))[0]
        await actions.release(
            stamp=approver.stamp("requisition/first/release", now - timedelta(minutes=20)),
            release_id=order.id,
            paper_number="常应急动〔演示〕1号",
        )
    if needs[FIRST:]:
        second = RequisitionFacts(region.id, "排涝抢险（演示）", incident_id=listed.items[0].id)
        await _written(dispatcher, "second", second, needs[FIRST:], now - timedelta(minutes=15))
    return 1 + bool(needs[FIRST:])


async def _written(by: Hand, name: str, facts: RequisitionFacts, needs: Sequence[Need], at: datetime) -> UUID:
    done = await actions.create_requisition(
        stamp=by.stamp(f"requisition/{name}", at), facts=facts, need_ids=[need.id for need in needs], submit=True
    )
    return UUID(str(done["id"]))


async def _sourced(by: Hand, requisition: UUID, at: datetime) -> bool:
    """Plan it and hold the goods; whether there were any."""
    stamp = by.stamp("requisition/plan", at)
    found = await queries.get_requisition(requisition, EVERYWHERE)
    task = await queries.read_task(found, stamp.require(Permission.REQUISITION_SOURCE), Wishes(), at)
    made = plan(task)
    kept = await actions.keep_plan(stamp=stamp, requisition_id=requisition, plan=made, wishes=Wishes())
    if not made.lines:
        return False
    await actions.accept_plan(
        stamp=by.stamp("requisition/accept", at), requisition_id=requisition, plan_id=UUID(str(kept["plan"]))
    )
    return True
