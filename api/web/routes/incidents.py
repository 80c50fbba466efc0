"""Incidents: the list, one incident with its level, queue of needs and history, and the form of a new one."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from api.asked_needs import MOST_DAYS, MOST_PEOPLE, Wanted, by_scenario, by_template
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
from warehouse.fulfilment.model import STOPS, Left, Undone
from warehouse.fulfilment.queries import undone_of
from warehouse.incidents import queries, rules, workflow
from warehouse.incidents.model import PRIORITIES, Hazard, Incident, Level, Status
from warehouse.planning.scenario.queries import get_scenario, list_scenarios
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
        closing=await _closing(stamp, found),
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


_THERE = {
    Left.NEEDS: "#need-{}", Left.REQUISITIONS: "/requisitions/{}", Left.ORDERS: "/releases/{}",
    Left.SHIPMENTS: "/shipments/{}", Left.GOODS: "/receiving-points/{}", Left.CASES: "/cases#{}",
    Left.PAPERS: "/releases/{}", Left.CALLS: "/commitments/{}", Left.RECOVERY: "/recovery/{}",
}  # fmt: skip
"""Where each thing that is left is done."""


async def _closing(stamp: Stamp, found: Incident) -> list[tuple[Left, bool, list[tuple[str, Undone]]]] | None:
    """What stands in the way of closing, by kind: whether it stops, and each with its page. None: not the viewer's."""
    if found.status is Status.CLOSED or not scope_of(stamp.grants, Permission.INCIDENT_EDIT).covers(found.path):
        return None
    undone = await undone_of(found.id)
    return [
        (kind, kind in STOPS, [(_THERE[kind].format(one.id), one) for one in ones])
        for kind, ones in ((kind, [one for one in undone if one.kind is kind]) for kind in Left)
        if ones
    ]


async def _requisitions(stamp: Stamp, incident_id: UUID) -> Sequence[Requisition]:
    """The requisitions of an incident, for whoever may see them."""
    scope = scope_of(stamp.grants, Permission.REQUISITION_READ)
    return (await requisitions.list_requisitions(scope=scope, incident_id=incident_id, limit=50)).items


@get("/incidents/{incident_id:uuid}/needs", include_in_schema=False)
async def needs_page(request: Request_, stamp: Stamped, incident_id: FromPath[UUID]) -> Response[str]:
    """Needs worked out from the consumption norms of the incident's kind, or as a scenario assumed them, to be looked
    at, changed and asked for. Denied without the right to ask."""
    asking = stamp.require(Permission.NEED_EDIT)
    found = await queries.get_incident(incident_id, stamp.require(Permission.INCIDENT_READ))
    under = asking if not asking.covers(found.path) else Scope((found.path,))
    places = [one for one in await regions.list_in(under) if one.tier is not Tier.VILLAGE]
    wanted: list[Wanted] | None = None
    place = next((one for one in places if one.key == request.query_params.get("region")), None)
    affected, moved = (asked.number(request, name, MOST_PEOPLE) for name in ("affected", "moved"))
    days = asked.number(request, "days", MOST_DAYS)
    seen = scope_of(stamp.grants, Permission.SCENARIO_READ)
    scenario = asked.key(request, "scenario")
    if scenario is not None and not seen.empty:
        wanted = await by_scenario(await get_scenario(scenario, seen))
        keys = {one.key for one in places}
        wanted = [one for one in wanted if one.region_key in keys]
    elif place is not None and days:
        wanted = await by_template(found.facts.hazard, place, affected or 0, moved or 0, days)
    return page(
        request,
        "incident_needs.html",
        one=found,
        places=places,
        place=place,
        affected=affected if affected is not None else found.facts.affected,
        moved=moved if moved is not None else found.facts.moved,
        days=days or 3,
        wanted=wanted,
        scenario=scenario,
        scenarios=[] if seen.empty else (await list_scenarios(scope=seen, limit=100)).items,
        priorities=PRIORITIES,
        most_people=MOST_PEOPLE,
        most_days=MOST_DAYS,
    )


HANDLERS: list[Any] = [incidents_page, new_incident_page, incident_page, needs_page]
