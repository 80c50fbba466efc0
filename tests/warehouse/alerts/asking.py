"""Requisitions of the small world, in a few words: asked, approved, planned, held, spoken, put on paper."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from catalog.kernel.access import EVERYWHERE, ROLES, Grant, Role, Scope
from catalog.kernel.stamp import Stamp
from tests.warehouse.stock import world
from warehouse.files import actions as files
from warehouse.files.model import Cleaned, FileKind
from warehouse.incidents import actions as incidents
from warehouse.incidents.model import Hazard, IncidentFacts, Level
from warehouse.requisitions import actions, queries
from warehouse.requisitions.model import LineFacts, Release, RequisitionFacts, Wishes
from warehouse.requisitions.sourcing.plan import plan_greedily

A, TOWN, TENT = 2, 4, 1


def hand(login: str, role: Role, at: datetime) -> Stamp:
    """Somebody of the city."""
    return replace(world.stamp(at=at), attempt=uuid4(), login=login, grants=(Grant(role, "/1/", ROLES[role]),))


async def incident() -> UUID:
    """At level I: orders may be spoken, holds may be taken, nothing is protected."""
    facts = IncidentFacts("台风", Hazard.TYPHOON, 1, world.NOW - timedelta(hours=1))
    by = hand("boss", Role.APPROVER, world.NOW)
    return UUID((await incidents.open_incident(stamp=by, facts=facts, level=Level.I, reason="红色预警"))["id"])


def tents(quantity: int, **more: Any) -> LineFacts:
    """So many tents for a town."""
    return LineFacts(region_id=TOWN, quantity=quantity, item_id=TENT, **more)


async def sourced(of: UUID, line: LineFacts, *, at: datetime) -> UUID:
    """A requisition that holds what there is. Raises Refused where there is nothing."""
    facts = RequisitionFacts(A, "安置", incident_id=of, own_stock="已用完")
    made = await actions.create_requisition(
        stamp=hand("duty", Role.DISPATCHER, at), facts=facts, lines=[line], submit=True
    )
    requisition = UUID(made["id"])
    await actions.approve_requisition(stamp=hand("boss", Role.APPROVER, at), requisition_id=requisition)
    await accepted(requisition, at=at)
    return requisition


async def accepted(requisition: UUID, *, at: datetime) -> None:
    """Plan what is open and hold it."""
    found = await queries.get_requisition(requisition, EVERYWHERE)
    task = await queries.read_task(found, Scope(("/1/",)), Wishes(), at)
    by = hand("duty", Role.DISPATCHER, at)
    kept = await actions.keep_plan(stamp=by, requisition_id=requisition, plan=plan_greedily(task), wishes=Wishes())
    await actions.accept_plan(
        stamp=hand("duty", Role.DISPATCHER, at), requisition_id=requisition, plan_id=UUID(kept["plan"])
    )


async def orders(requisition: UUID) -> Sequence[Release]:
    """Its release orders."""
    return await queries.releases_of(requisition)


async def number(requisition: UUID) -> str:
    """What people call it."""
    return (await queries.get_requisition(requisition, EVERYWHERE)).number


async def speak(requisition: UUID, *, at: datetime) -> None:
    """All its orders, by voice."""
    for one in await orders(requisition):
        by = hand("boss", Role.APPROVER, at)
        await actions.release(stamp=by, release_id=one.id, spoken=True, spoken_by="李", spoken_to="张")


async def file_and_check(requisition: UUID, *, agrees: bool, at: datetime) -> None:
    """The paper of the first order, checked by another; nothing where it has none (all is called off)."""
    one = next(iter(await orders(requisition)), None)
    if one is None:
        return
    scan = await files.add_file(
        stamp=hand("boss", Role.APPROVER, at), file=Cleaned(FileKind.PDF, b"%PDF-1.4 test"), name="order.pdf"
    )
    await actions.file_paper(
        stamp=hand("boss", Role.APPROVER, at), release_id=one.id, paper_number="8", file_ids=[UUID(scan["id"])]
    )
    by = hand("second", Role.APPROVER, at)
    await actions.check_paper(stamp=by, release_id=one.id, agrees=agrees, note="" if agrees else "文号不符")


async def cancel(requisition: UUID, *, at: datetime) -> None:
    """It is not needed."""
    by = hand("duty", Role.DISPATCHER, at)
    await actions.cancel_requisition(stamp=by, requisition_id=requisition, reason="不需要")
