"""Incidents: the list, one incident with its level, queue of needs and history, and the form of a new one."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from api.auth.edge import edge_of
from api.auth.stamps import Stamped
from api.web.pages import page
from api.web.routes import asked
from catalog.classes import queries as classes
from catalog.kernel.access import Permission, Scope, scope_of
from catalog.kernel.history import list_changes
from catalog.kernel.stamp import Stamp
from catalog.regions import queries as regions
from catalog.regions.model import Tier
from warehouse.incidents import queries, rules, workflow
from warehouse.incidents.model import PRIORITIES, Hazard, Level, Status
from warehouse.requisitions import queries as requisitions
from warehouse.requisitions.model import Requisition

Request_ = Request[Any, Any, Any]


@get("/incidents", include_in_schema=False)
async def incidents_page(request: Request_, stamp: Stamped) -> Response[str]:
    """Incidents in sight, the newest first; closed ones only when asked for."""
    status = asked.member(request, "status", Status)
    listed = await queries.list_incidents(
        scope=stamp.require(Permission.INCIDENT_READ),
        text=asked.text(request, "q"),
        status=status,
        cursor=asked.cursor(request),
        limit=asked.PAGE,
    )
    return page(request, "incidents.html", listed=listed, statuses=list(Status))


@get("/incidents/new", include_in_schema=False)
async def new_incident_page(request: Request_, stamp: Stamped) -> Response[str]:
    """The form of a new incident."""
    scope = stamp.require(Permission.INCIDENT_EDIT)
    return page(
        request,
        "incident_new.html",
        regions=await regions.list_in(scope),
        hazards=list(Hazard),
        levels=list(Level),
        may_level=not scope_of(stamp.grants, Permission.INCIDENT_LEVEL).empty,
    )


@get("/incidents/{incident_id:uuid}", include_in_schema=False)
async def incident_page(request: Request_, stamp: Stamped, incident_id: FromPath[UUID]) -> Response[str]:
    """One incident: its level, the queue of needs, what has gone stale, and what may be done."""
    scope = stamp.require(Permission.INCIDENT_READ)
    found = await queries.get_incident(incident_id, scope)
    now = edge_of(request).clock()
    levels = await queries.list_levels(found.id)
    holds = await queries.level_rules(found.level, found.path) if found.level else None
    hours = await queries.fresh_hours(found.path)
    needs = await queries.list_needs(found.id, scope, ended=True)
    fresh, stale = rules.queue([n for n in needs if n.status.value == "open"], now, hours)
    asking = scope_of(stamp.grants, Permission.NEED_EDIT)
    under = asking if not asking.covers(found.path) else Scope((found.path,))
    return page(
        request,
        "incident.html",
        one=found,
        facts=found.facts,
        levels=levels,
        holds=holds,
        now=now,
        fresh=[(need, workflow.allowed_of_need(need, stamp)) for need in fresh],
        stale=[(need, workflow.allowed_of_need(need, stamp)) for need in stale],
        ended=[(need, workflow.allowed_of_need(need, stamp)) for need in needs if need.status.value != "open"],
        fresh_hours=hours,
        may=workflow.allowed(found, stamp),
        places=[one for one in await regions.list_in(under) if one.tier is not Tier.VILLAGE]
        if not asking.empty
        else [],
        classes=[] if asking.empty else await classes.own_classes(deepest=2),
        all_levels=list(Level),
        hazards=list(Hazard),
        priorities=PRIORITIES,
        asked_for=await requisitions.requisitions_of_needs([need.id for need in needs]),
        requisitions=await _requisitions(stamp, found.id),
        changes=await list_changes(table="incident", key=str(found.id)),
    )


async def _requisitions(stamp: Stamp, incident_id: UUID) -> Sequence[Requisition]:
    """The requisitions of an incident, for whoever may see them."""
    scope = scope_of(stamp.grants, Permission.REQUISITION_READ)
    return (await requisitions.list_requisitions(scope=scope, incident_id=incident_id, limit=50)).items


HANDLERS: list[Any] = [incidents_page, new_incident_page, incident_page]
