"""What was taken from a requisition by a more urgent one is planned anew by the house; its dispatcher accepts it."""

from datetime import datetime
from uuid import uuid4

from api import solving
from catalog.kernel.access import EVERYWHERE, Permission, Scope, scope_of
from catalog.kernel.errors import Problem
from catalog.kernel.stamp import Channel, house_stamp
from warehouse.people import queries as people
from warehouse.requisitions import actions, queries
from warehouse.requisitions.model import Requisition, Wishes


async def turn(now: datetime) -> int:
    """Plan what waits for it; how many. Safe to run twice: what has a plan since is left alone."""
    planned = 0
    for requisition_id, login in await queries.to_replan():
        found = await queries.get_requisition(requisition_id, EVERYWHERE)
        task = await queries.read_task(found, await _scope(found, login), Wishes(), now)
        plan = await solving.solve(task)
        stamp = house_stamp(uuid4(), "requisition.plan", now, login="house", channel=Channel.JOB)
        try:
            await actions.keep_plan(
                stamp=stamp, requisition_id=requisition_id, plan=plan, wishes=Wishes(), version=found.version
            )
        except Problem:  # somebody was quicker: he has planned, or ended it; else the next turn does
            continue
        planned += 1
    return planned


async def _scope(requisition: Requisition, login: str) -> Scope:
    """Where whoever held the goods may source now; without him only the asking region's own."""
    person = await people.find_by_login(login)
    grants = await people.load_grants(person.id) if person is not None and person.retired_at is None else ()
    scope = scope_of(grants, Permission.REQUISITION_SOURCE)
    return scope if scope.covers(requisition.path) else Scope((requisition.path,))
