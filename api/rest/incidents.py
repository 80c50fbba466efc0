"""Incidents: what has happened, at which level, and what the places hit by it need."""

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from api.auth.edge import VERB
from api.auth.stamps import Stamped
from api.rest import references
from api.rest.conditions import IfMatch, etag, read_version
from api.rest.sessions import Cursor, Limit
from api.schemas.incidents import (
    CloseIn,
    EndIn,
    IncidentDone,
    IncidentEdit,
    IncidentIn,
    IncidentOut,
    IncidentsPage,
    LevelChangeOut,
    LevelIn,
    LevelRulesOut,
    LevelsOut,
    NeedDone,
    NeedEdit,
    NeedIn,
    NeedOut,
    NeedsAsked,
    NeedsIn,
    NeedsOut,
    RenewedOut,
    RenewIn,
)
from catalog.classes import queries as classes
from catalog.classes.model import CLASS_SCHEME
from catalog.kernel.access import Permission
from catalog.kernel.stamp import Stamp
from warehouse.fulfilment.actions import close_incident as close
from warehouse.incidents import actions, queries, rules, workflow
from warehouse.incidents.model import Incident, IncidentFacts, Need, NeedFacts, Status

TAGS = ["incidents"]
Sought = Annotated[str | None, QueryParameter(max_length=100, description="Part of number, name, place or region.")]


@get("/incidents", opt={VERB: "incident.list"}, tags=TAGS)
async def list_incidents(
    stamp: Stamped,
    q: Sought = None,
    status: FromQuery[Status | None] = None,
    closed: FromQuery[bool] = False,
    cursor: Cursor = None,
    limit: Limit = None,
) -> IncidentsPage:
    """Incidents that hit my area or the area above it, the newest first."""
    scope = stamp.require(Permission.INCIDENT_READ)
    found = await queries.list_incidents(scope=scope, text=q, status=status, closed=closed, cursor=cursor, limit=limit)
    return IncidentsPage(items=[_shown(one, stamp) for one in found.items], next_cursor=found.next_cursor)


@get("/incidents/{incident:uuid}", opt={VERB: "incident.read"}, tags=TAGS)
async def get_incident(stamp: Stamped, incident: FromPath[UUID]) -> Response[IncidentOut]:
    """One incident. The ETag is the version to send as If-Match."""
    found = await queries.get_incident(incident, stamp.require(Permission.INCIDENT_READ))
    return Response(_shown(found, stamp), headers=etag(found.version))


@post("/incidents", opt={VERB: "incident.open"}, tags=TAGS)
async def open_incident(stamp: Stamped, data: JSONBody[IncidentIn]) -> IncidentDone:
    """Something has happened."""
    stamp.require(Permission.INCIDENT_EDIT)
    region = (await references.find_regions([data.region]))[data.region]
    done = await actions.open_incident(
        stamp=stamp,
        facts=_facts(stamp, data, region),
        level=data.level,
        order_number=data.order_number,
        reason=data.reason,
    )
    return IncidentDone(**done)


@put("/incidents/{incident:uuid}", opt={VERB: "incident.edit"}, tags=TAGS)
async def edit_incident(
    stamp: Stamped, incident: FromPath[UUID], data: JSONBody[IncidentEdit], if_match: IfMatch
) -> Response[IncidentDone]:
    """Replace what is said of an incident; its region stays. 409 `incident.stale`."""
    stamp.require(Permission.INCIDENT_EDIT)
    before = await queries.get_incident(incident, stamp.require(Permission.INCIDENT_READ))
    facts = _facts(stamp, data, before.facts.region_id)
    if data.occurred_at is None:
        facts = replace(facts, occurred_at=before.facts.occurred_at)
    done = await actions.edit_incident(stamp=stamp, incident_id=incident, version=read_version(if_match), facts=facts)
    return Response(IncidentDone(**done), headers=etag(done["version"]))


@get("/incidents/{incident:uuid}/levels", opt={VERB: "incident.levels"}, tags=TAGS)
async def list_levels(stamp: Stamped, incident: FromPath[UUID]) -> LevelsOut:
    """The history of the level, and what the level in force changes."""
    found = await queries.get_incident(incident, stamp.require(Permission.INCIDENT_READ))
    holds = await queries.level_rules(found.level, found.path) if found.level else None
    return LevelsOut(
        items=[
            LevelChangeOut(
                level=one.level, at=one.at, order_number=one.order_number, reason=one.reason, login=one.login
            )
            for one in await queries.list_levels(found.id)
        ],
        rules=None
        if holds is None
        else LevelRulesOut(**{name: getattr(holds, name) for name in LevelRulesOut.model_fields}),
    )


@post("/incidents/{incident:uuid}/level", opt={VERB: "incident.set-level"}, tags=TAGS, status_code=200)
async def set_level(stamp: Stamped, incident: FromPath[UUID], data: JSONBody[LevelIn]) -> IncidentDone:
    """Declare, raise or lower the response level."""
    done = await actions.set_level(
        stamp=stamp, incident_id=incident, level=data.level, reason=data.reason, order_number=data.order_number
    )
    return IncidentDone(**done)


@post("/incidents/{incident:uuid}/end", opt={VERB: "incident.end"}, tags=TAGS, status_code=200)
async def end_response(stamp: Stamped, incident: FromPath[UUID], data: JSONBody[EndIn]) -> IncidentDone:
    """The response is over."""
    return IncidentDone(**await actions.end_response(stamp=stamp, incident_id=incident, reason=data.reason))


@post("/incidents/{incident:uuid}/resume", opt={VERB: "incident.resume"}, tags=TAGS, status_code=200)
async def resume(stamp: Stamped, incident: FromPath[UUID]) -> IncidentDone:
    """It was not over."""
    return IncidentDone(**await actions.resume(stamp=stamp, incident_id=incident))


@post("/incidents/{incident:uuid}/close", opt={VERB: "incident.close"}, tags=TAGS, status_code=200)
async def close_incident(stamp: Stamped, incident: FromPath[UUID], data: JSONBody[CloseIn]) -> IncidentDone:
    """All is accounted for. 409 `incident.needs-open`, `incident.goods-under-way`; where goods stand at a receiving
    point or papers, cases, recovery are open, 409 `incident.left-undone` without a reason."""
    return IncidentDone(**await close(stamp=stamp, incident_id=incident, reason=data.reason))


# --- needs ----------------------------------------------------------------------------------------------------------


@get("/incidents/{incident:uuid}/needs", opt={VERB: "need.list"}, tags=TAGS)
async def list_needs(stamp: Stamped, incident: FromPath[UUID], ended: FromQuery[bool] = False) -> NeedsOut:
    """The queue of an incident: by priority, what is needed first, and age. Stale needs stand apart."""
    scope = stamp.require(Permission.INCIDENT_READ)
    found = await queries.get_incident(incident, scope)
    hours = await queries.fresh_hours(found.path)
    fresh, stale = rules.queue(await queries.list_needs(found.id, scope, ended=ended), stamp.recorded_at, hours)
    return NeedsOut(
        items=[_need(one, stamp, stale=False) for one in fresh], stale=[_need(one, stamp, stale=True) for one in stale]
    )


@post("/incidents/{incident:uuid}/needs", opt={VERB: "need.ask"}, tags=TAGS)
async def add_needs(stamp: Stamped, incident: FromPath[UUID], data: JSONBody[NeedsIn]) -> NeedsAsked:
    """What places need, all lines or none; a wrong one is named by its number."""
    stamp.require(Permission.NEED_EDIT)
    await queries.get_incident(incident, stamp.require(Permission.INCIDENT_READ))
    places = await references.find_regions({one.region for one in data.needs})
    goods = await references.find_items({one.item for one in data.needs if one.item})
    codes = {
        code: (await classes.get_by_code(CLASS_SCHEME, code)).id
        for code in {one.class_code for one in data.needs if one.class_code}
    }
    needs = [
        _wanted(
            one,
            places[one.region],
            goods[one.item] if one.item else None,
            codes[one.class_code] if one.class_code else None,
        )
        for one in data.needs
    ]
    return NeedsAsked(**await actions.add_needs(stamp=stamp, incident_id=incident, needs=needs))


@get("/needs/{need:uuid}", opt={VERB: "need.read"}, tags=TAGS)
async def get_need(stamp: Stamped, need: FromPath[UUID]) -> Response[NeedOut]:
    """One need. The ETag is the version to send as If-Match."""
    found = await queries.get_need(need, stamp.require(Permission.INCIDENT_READ))
    hours = await queries.fresh_hours(found.incident_path)
    return Response(_need(found, stamp, stale=found.stale(stamp.recorded_at, hours)), headers=etag(found.version))


@put("/needs/{need:uuid}", opt={VERB: "need.edit"}, tags=TAGS)
async def edit_need(
    stamp: Stamped, need: FromPath[UUID], data: JSONBody[NeedEdit], if_match: IfMatch
) -> Response[NeedDone]:
    """Replace what a need says; who asks and the goods stay. 409 `need.stale`."""
    before = await queries.get_need(need, stamp.require(Permission.NEED_EDIT))
    facts = _wanted(data, before.facts.region_id, before.facts.item_id, before.facts.class_id)
    done = await actions.edit_need(stamp=stamp, need_id=need, version=read_version(if_match), facts=facts)
    return Response(NeedDone(**done), headers=etag(done["version"]))


@post("/needs/renew", opt={VERB: "need.renew"}, tags=TAGS, status_code=200)
async def renew_needs(stamp: Stamped, data: JSONBody[RenewIn]) -> RenewedOut:
    """They still hold: fresh again and back in the queue, all or none."""
    return RenewedOut(**await actions.renew_needs(stamp=stamp, need_ids=data.needs))


@post("/needs/{need:uuid}/withdraw", opt={VERB: "need.withdraw"}, tags=TAGS, status_code=200)
async def withdraw_need(stamp: Stamped, need: FromPath[UUID], data: JSONBody[EndIn]) -> NeedDone:
    """It is not needed any more."""
    return NeedDone(**await actions.withdraw_need(stamp=stamp, need_id=need, reason=data.reason))


@post("/needs/{need:uuid}/meet", opt={VERB: "need.meet"}, tags=TAGS, status_code=200)
async def meet_need(stamp: Stamped, need: FromPath[UUID], data: JSONBody[EndIn]) -> NeedDone:
    """It has been met, wherever from."""
    return NeedDone(**await actions.meet_need(stamp=stamp, need_id=need, reason=data.reason))


@post("/needs/{need:uuid}/reopen", opt={VERB: "need.reopen"}, tags=TAGS, status_code=200)
async def reopen_need(stamp: Stamped, need: FromPath[UUID]) -> NeedDone:
    """It is needed after all."""
    return NeedDone(**await actions.reopen_need(stamp=stamp, need_id=need))


# --- to and from JSON -----------------------------------------------------------------------------------------------


def _facts(stamp: Stamp, data: IncidentEdit, region_id: int) -> IncidentFacts:
    return IncidentFacts(
        name=data.name,
        hazard=data.hazard,
        region_id=region_id,
        occurred_at=references.aware(data.occurred_at) or stamp.recorded_at,
        place=data.place,
        lat=data.lat,
        lon=data.lon,
        affected=data.affected,
        moved=data.moved,
        note=data.note,
    )


def _wanted(data: NeedEdit | NeedIn, region_id: int, item_id: int | None, class_id: int | None) -> NeedFacts:
    plain: dict[str, Any] = {
        name: getattr(data, name)
        for name in ("quantity", "priority", "place", "lat", "lon", "own_stock_used", "note", "receiver", "phone")
    }
    return NeedFacts(
        region_id=region_id,
        item_id=item_id,
        class_id=class_id,
        unit=data.unit if class_id is not None else "",
        needed_by=references.aware(data.needed_by),
        **plain,
    )


def _shown(one: Incident, stamp: Stamp) -> IncidentOut:
    facts = one.facts
    plain = {
        name: getattr(facts, name)
        for name in ("name", "hazard", "occurred_at", "place", "lat", "lon", "affected", "moved", "note")
    }
    return IncidentOut(
        id=one.id,
        number=one.number,
        status=one.status,
        level=one.level,
        region=one.region_key,
        region_name=one.region_zh,
        opened_at=one.opened_at,
        opened_by=one.opened_by,
        ended_at=one.ended_at,
        open_needs=one.open_needs,
        version=one.version,
        allowed=workflow.allowed(one, stamp),
        **plain,
    )


def _need(one: Need, stamp: Stamp, *, stale: bool) -> NeedOut:
    facts = one.facts
    plain = {
        name: getattr(facts, name)
        for name in (
            "quantity", "priority", "needed_by", "place", "lat", "lon", "own_stock_used", "note", "receiver", "phone",
        )
    }  # fmt: skip
    return NeedOut(
        id=one.id,
        incident=one.incident_id,
        incident_number=one.incident_number,
        status=one.status,
        region=one.region_key,
        region_name=one.region_zh,
        item=one.goods_key if facts.item_id is not None else None,
        class_code=one.goods_key if facts.class_id is not None else None,
        goods_name=one.goods_zh,
        unit=one.unit_zh,
        unit_factor=one.unit_factor,
        met=one.met,
        lacking=one.lacking,
        asked_at=one.asked_at,
        asked_by=one.asked_by,
        renewed_at=one.renewed_at,
        stale=stale,
        end_reason=one.end_reason,
        version=one.version,
        allowed=workflow.allowed_of_need(one, stamp),
        **plain,
    )


HANDLERS: list[Any] = [
    list_incidents,
    get_incident,
    open_incident,
    edit_incident,
    list_levels,
    set_level,
    end_response,
    resume,
    close_incident,
    list_needs,
    add_needs,
    get_need,
    edit_need,
    renew_needs,
    withdraw_need,
    meet_need,
    reopen_need,
]
