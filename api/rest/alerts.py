"""Alerts: the inbox, what is done with them, why one fired or none did, and the stream of what is new."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter
from litestar.response import Stream

from api.auth.edge import BACKGROUND, SCREEN, VERB
from api.auth.stamps import Calling, Stamped
from api.rest.conditions import etag
from api.rest.sessions import Cursor, Limit
from api.schemas.alerts import (
    AlertCard,
    AlertCounts,
    AlertEventOut,
    AlertOut,
    AlertsHandled,
    AlertsIn,
    AlertsPage,
    AlertTakeIn,
    AlertToldOut,
    AlertWhy,
    CheckOut,
    LotReasonOut,
    SnoozeIn,
)
from catalog.kernel.access import Permission
from catalog.kernel.errors import Invalid
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from catalog.regions import queries as regions
from warehouse.alerts import actions, messages
from warehouse.alerts.model import Alert, AlertKind, Check, Severity, Status
from warehouse.alerts.queries import alerts as queries
from warehouse.alerts.queries import why as reasons
from warehouse.alerts.queries.alerts import AlertFilter
from warehouse.alerts.workflow import ALERT, OWN
from warehouse.sites import queries as sites

TAGS = ["alerts"]
Code = Annotated[str | None, QueryParameter(max_length=80)]


@get("/alerts", opt={VERB: "alert.list"}, tags=TAGS)
async def list_alerts(
    stamp: Stamped,
    status: FromQuery[Status | None] = None,
    kind: FromQuery[AlertKind | None] = None,
    severity: Annotated[int | None, QueryParameter(ge=1, le=3, description="At least so grave.")] = None,
    region: Code = None,
    site: Code = None,
    item: Code = None,
    q: Annotated[str | None, QueryParameter(max_length=100)] = None,
    mine: FromQuery[bool] = False,
    snoozed: FromQuery[bool | None] = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> AlertsPage:
    """Alerts of my area, the gravest first. `mine`: only those I was told of. Closed ones by `status=closed`."""
    scope = stamp.require(Permission.ALERT_READ)
    closed = status is Status.CLOSED
    wanted = AlertFilter(
        status=None if closed else status,
        closed=closed,
        snoozed=snoozed,
        kinds=(kind,) if kind else (),
        severity=Severity(severity) if severity else None,
        under=(await regions.get_by_key(region)).path if region else None,
        site_id=(await sites.get_by_code(site, scope)).id if site else None,
        item_key=item,
        text=q,
        mine=(stamp.person_id or 0) if mine else None,
    )
    found = await queries.list_alerts(scope=scope, wanted=wanted, cursor=cursor, limit=limit)
    return AlertsPage(items=[_shown(one, stamp) for one in found.items], next_cursor=found.next_cursor)


@get("/alerts/waiting", opt={VERB: "alert.count", BACKGROUND: True}, tags=TAGS)
async def count_waiting(stamp: Stamped) -> AlertCounts:
    """How many alerts wait for me. Does not count as use of the session."""
    stamp.require(Permission.ALERT_READ)
    waiting, urgent = await queries.waiting_for(stamp.person_id or 0)
    return AlertCounts(waiting=waiting, urgent=urgent)


@get("/alerts/why", opt={VERB: "alert.why"}, tags=TAGS)
async def why(
    stamp: Stamped, item: Annotated[str, QueryParameter(max_length=40)], region: Code = None, site: Code = None
) -> AlertWhy:
    """Why there is an alert for an item at a region or site, or why there is none: the figures and comparisons."""
    if (region is None) == (site is None):
        raise Invalid("alert.whom", "请指定一个库点或一个区划")
    scope = stamp.require(Permission.ALERT_READ)
    found = await reasons.why(scope=scope, region=region, site=site, item=item, today=day_of(stamp.recorded_at))
    need = found.need
    return AlertWhy(
        place=found.subject.key,
        place_name=found.subject.name_zh,
        item=found.goods.key,
        item_name=found.goods.name_zh,
        minimum=need.minimum if need else None,
        reorder=need.reorder if need else None,
        usable=need.usable if need else None,
        reserved=need.reserved if need else None,
        left_then=need.left_then if need else None,
        then=need.then if need else None,
        counted_with=[one.key for one in found.alike],
        need=[_check(one) for one in found.checks],
        lots=[
            LotReasonOut(
                lot=one.lot,
                expires_on=one.fact.expires_on,
                on_hand=one.fact.on_hand,
                checks=[_check(check) for check in one.checks],
            )
            for one in found.lots
        ],
        standing=[one.id for one in found.standing],
    )


def _check(one: Check) -> CheckOut:
    return CheckOut.model_validate(one, from_attributes=True)


@get("/alerts/{alert:uuid}", opt={VERB: "alert.read"}, tags=TAGS)
async def get_alert(stamp: Stamped, alert: FromPath[UUID]) -> Response[AlertCard]:
    """One alert with its history and who was told."""
    found = await queries.get_alert(alert, stamp.require(Permission.ALERT_READ))
    card = AlertCard(
        **_shown(found, stamp).model_dump(),
        history=[AlertEventOut.model_validate(one, from_attributes=True) for one in await queries.history(found.id)],
        told=[AlertToldOut(login=row[0], name=row[1], at=row[3]) for row in await queries.told_of(found.id)],
    )
    return Response(card, headers=etag(found.version))


@post("/alerts/acknowledge", opt={VERB: "alert.acknowledge"}, tags=TAGS, status_code=200)
async def acknowledge(stamp: Stamped, data: JSONBody[AlertsIn]) -> AlertsHandled:
    """Say that they have been seen, all or none. 409 `alert.not-from-here`."""
    return _handled(await actions.acknowledge(stamp=stamp, alerts=data.alerts))


@post("/alerts/take", opt={VERB: "alert.take"}, tags=TAGS, status_code=200)
async def take(stamp: Stamped, data: JSONBody[AlertTakeIn]) -> AlertsHandled:
    """Say by which order or plan they are being mended."""
    return _handled(await actions.take(stamp=stamp, alerts=data.alerts, plan=data.plan, link=data.link))


@post("/alerts/put-back", opt={VERB: "alert.put-back"}, tags=TAGS, status_code=200)
async def put_back(stamp: Stamped, data: JSONBody[AlertsIn]) -> AlertsHandled:
    """Say that they are in nobody's hand any more."""
    return _handled(await actions.put_back(stamp=stamp, alerts=data.alerts))


@post("/alerts/snooze", opt={VERB: "alert.snooze"}, tags=TAGS, status_code=200)
async def snooze(stamp: Stamped, data: JSONBody[SnoozeIn]) -> AlertsHandled:
    """Leave them out of the inbox until a day, with a reason. A graver one comes back by itself."""
    return _handled(await actions.snooze(stamp=stamp, alerts=data.alerts, until=data.until, reason=data.reason))


@get("/alerts/stream", opt={VERB: "alert.stream", BACKGROUND: True, SCREEN: True}, tags=TAGS, include_in_schema=False)
async def stream(
    request: Request[Any, Any, Any],
    stamp: Stamped,
    caller: Calling,
    follow: FromQuery[bool] = True,
    after: Annotated[
        str | None, QueryParameter(max_length=60, description="The id of the last event heard, for a new page.")
    ] = None,
    last_event_id: Annotated[
        str | None, HeaderParameter(name="Last-Event-ID", required=False, max_length=60, description="Where it broke.")
    ] = None,
) -> Stream:
    """What happens to alerts of my area, as server-sent events: `alert` with JSON, `again` where so much was missed
    that the list must be read anew. `follow=false`: only what came since, then the end. One stream per session: a new
    one ends the other. Does not count as use of the session. OpenAPI has no words for what never ends: it is left out
    there and described in the README of `warehouse/alerts`."""
    if not caller.is_screen:
        stamp.require(Permission.ALERT_READ)
    events = request.app.state.streams.open(request, stamp, last_event_id or after, follow=follow)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return Stream(events, media_type="text/event-stream", headers=headers)


def _handled(done: Any) -> AlertsHandled:
    return AlertsHandled(alerts=done["alerts"], repeat=bool(done.get("repeat")))


def _shown(one: Alert, stamp: Stamp) -> AlertOut:
    same = {name: getattr(one, name) for name in AlertOut.model_fields if hasattr(one, name)}
    same |= {
        "says_zh": messages.why(one.kind, one.facts, zh=True),
        "says_en": messages.why(one.kind, one.facts, zh=False),
        "site": one.site_code,
        "region": one.region_key,
        "place_name": one.place_zh,
        "item": one.item_key,
        "item_name": one.item_zh,
        "bin": one.place_code,
        "facts": dict(one.facts),
        "allowed": [
            verb
            for verb in ALERT.allowed(one, status=one.status.value, stamp=stamp, path=one.path, site_id=one.site_id)
            if verb not in OWN
        ],
    }
    return AlertOut(**same)


HANDLERS: list[Any] = [
    list_alerts,
    count_waiting,
    why,
    stream,
    acknowledge,
    take,
    put_back,
    snooze,
    get_alert,
]
