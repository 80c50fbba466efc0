"""Alerts: the inbox, one with its reasons and history, and why there is one or none."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from api.auth.stamps import Stamped
from api.web import english
from api.web.pages import page, viewer_of
from api.web.routes import asked
from api.web.routes.admin.sections import desk
from catalog.kernel.access import Permission, Scope
from catalog.kernel.errors import Missing
from catalog.regions import queries as regions
from warehouse.alerts import messages
from warehouse.alerts.model import Alert, AlertKind, Domain, Form, MailMode, NoticeStatus, Severity, Status
from warehouse.alerts.queries import alerts as queries
from warehouse.alerts.queries import notices
from warehouse.alerts.queries import why as reasons
from warehouse.alerts.queries.alerts import AlertFilter
from warehouse.alerts.workflow import ALERT, OWN
from warehouse.sites import queries as sites

Request_ = Request[Any, Any, Any]


def _words(request: Request_) -> dict[str, Any]:
    lang = viewer_of(request).language
    zh = lang.code == "zh"

    def says(one: Alert) -> str:
        return messages.why(
            one.kind, {**one.facts, "unit": english.unit(lang, str(one.facts.get("unit") or ""))}, zh=zh
        )

    return {
        "kind_word": lambda one: messages.kind(one, zh=zh),
        "severity_word": lambda one: messages.severity(one, zh=zh),
        "verb_word": lambda one: messages.verb(one, zh=zh),
        "says": says,
        "where": lambda one: messages.place(one, zh=zh),
        "goods_of": lambda one: messages.goods(one, zh=zh),
        "href_of": _href,
    }


def _href(one: Alert) -> str:
    """Where the cause can be mended or looked at."""
    match one.domain:
        case Domain.LOT | Domain.CARE:
            return f"/lots/{one.lot}"
        case Domain.ROOM:
            return f"/bins/{one.place_key}"
        case Domain.DELIVERY:
            return f"/deliveries/{one.document_id}"
        case Domain.ORDER:
            return f"/orders/{one.document_id}"
        case Domain.COMMITMENT:
            return f"/commitments/{one.document_id}"
        case Domain.HOLD:
            return f"/requisitions/{one.document_id}"
        case Domain.PAPER:
            of = one.facts.get("commitment")
            return f"/commitments/{of}#call-{one.document_id}" if of else f"/releases/{one.document_id}"
        case Domain.LOAN:
            return f"/loans/{one.document_id}"
        case Domain.CASE:
            return f"/cases#{one.document_id}"
        case Domain.COUNT:
            return "/counts"
        case Domain.NEED if one.item_key is not None:
            return _why(one)
        case _:
            return "/norms" if one.domain is Domain.NEED else "/stock"


def _why(one: Alert) -> str:
    """Where it is explained: of an alert about an item."""
    place = f"site:{one.site_code}" if one.site_code else f"region:{one.region_key}"
    return f"/alerts/why?place={place}&item={one.item_key}"


async def _asked(request: Request_, scope: Scope, person_id: int | None) -> AlertFilter:
    status = asked.member(request, "status", Status)
    kind = asked.member(request, "kind", AlertKind)
    severity = asked.number(request, "severity", 3)
    site = await asked.site(request, scope)
    key = asked.text(request, "region", 80)
    region = (await regions.find_regions([key])).get(key) if key else None
    snoozed = request.query_params.get("snoozed") == "yes"
    return AlertFilter(
        status=None if status is Status.CLOSED else status,
        closed=status is Status.CLOSED,
        snoozed=None if status is Status.CLOSED else snoozed,
        kinds=(kind,) if kind else (),
        severity=Severity(severity) if severity else None,
        site_id=site.id if site else None,
        under=region.path if region else None,
        text=asked.text(request, "q"),
        mine=(person_id or 0) if request.query_params.get("whose") == "mine" else None,
    )


@get("/alerts", include_in_schema=False)
async def alerts_page(request: Request_, stamp: Stamped) -> Response[str]:
    """The inbox: what stands in sight, filtered, with what can be done with many at once."""
    scope = stamp.require(Permission.ALERT_READ)
    wanted = await _asked(request, scope, stamp.person_id)
    listed = await queries.list_alerts(scope=scope, wanted=wanted, cursor=asked.cursor(request), limit=asked.PAGE)
    known = await sites.list_sites(scope=scope, limit=200)
    return page(
        request,
        "alerts.html",
        listed=listed,
        wanted=wanted,
        counts=await queries.count_by_kind(scope=scope, mine=wanted.mine),
        sites=known.items,
        regions=await regions.list_in(scope),
        kinds=list(AlertKind),
        severities=list(Severity),
        statuses=list(Status),
        **_words(request),
    )


@get("/alerts/{alert_id:uuid}", include_in_schema=False)
async def alert_page(request: Request_, stamp: Stamped, alert_id: FromPath[UUID]) -> Response[str]:
    """One alert: why, what happened to it, who was told, and what can be done."""
    scope = stamp.require(Permission.ALERT_READ)
    found = await queries.get_alert(alert_id, scope)
    allowed = ALERT.allowed(found, status=found.status.value, stamp=stamp, path=found.path, site_id=found.site_id)
    return page(
        request,
        "alert.html",
        alert=found,
        allowed=[verb for verb in allowed if verb not in OWN],
        history=await queries.history(found.id),
        told=await queries.told_of(found.id),
        **_words(request),
    )


MOST_OFFERED = 5


async def _explainable(scope: Scope, stamp: Stamped) -> list[Alert]:
    """Some alerts that stand, the viewer's own first, of goods at a place: what one may want explained."""
    found: dict[UUID, Alert] = {}
    for mine in (stamp.person_id, None):
        listed = await queries.list_alerts(scope=scope, wanted=AlertFilter(mine=mine), limit=50)
        found |= {one.id: one for one in listed.items if one.item_key and one.id not in found}
    return list(found.values())[:MOST_OFFERED]


@get("/alerts/why", include_in_schema=False)
async def why_alert_page(request: Request_, stamp: Stamped) -> Response[str]:
    """Why there is an alert for an item at a place, or why there is none."""
    scope = stamp.require(Permission.ALERT_READ)
    viewer = viewer_of(request)
    known = await sites.list_sites(scope=scope, limit=200)
    place, item = asked.text(request, "place", 80), asked.text(request, "item", 60)
    found, missing = None, False
    if place and item:
        kind, _, key = place.partition(":")
        try:
            found = await reasons.why(
                scope=scope,
                region=key if kind != "site" else None,
                site=key if kind == "site" else None,
                item=item.rpartition(" · ")[2],
                today=viewer.today,
            )
        except Missing:
            missing = True
    return page(
        request,
        "alert_why.html",
        regions=await regions.list_in(scope),
        sites=known.items,
        found=found,
        missing=missing,
        standing=[] if found else await _explainable(scope, stamp),
        why_href=_why,
        **_words(request),
    )


@get("/alerts/subscription", include_in_schema=False)
async def subscription_page(request: Request_, stamp: Stamped) -> Response[str]:
    """What I am told, and how."""
    stamp.require(Permission.ALERT_READ)
    found = await notices.subscription_of(stamp.person_id or 0)
    return page(request, "alert_subscription.html", found=found, modes=list(MailMode), **_choices(request))


@get("/alerts/channels", include_in_schema=False)
async def channels_page(request: Request_, stamp: Stamped) -> Response[str]:
    """Where the alerts of places go besides."""
    scope = stamp.require(Permission.NOTICE_EDIT)
    known = await sites.list_sites(scope=scope, limit=200)
    return page(
        request,
        "alert_channels.html",
        channels=await notices.list_channels(scope),
        forms=list(Form),
        regions=await regions.list_in(scope),
        sites=known.items,
        **_choices(request),
    )


@get("/admin/notices", include_in_schema=False)
async def notices_page(request: Request_, stamp: Stamped) -> Response[str]:
    """The outbox, for the system administrator: what did not arrive."""
    stamp.require(Permission.SETTING_EDIT)
    shown = request.query_params.get("show", "")
    status = asked.member(request, "show", NoticeStatus)
    listed = await notices.list_notices(
        status=status, troubled=status is None and shown != "all", cursor=asked.cursor(request), limit=asked.PAGE
    )
    return desk(
        request,
        "admin_notices.html",
        listed=listed,
        shown=shown,
        statuses=list(NoticeStatus),
        counts=await notices.count_notices(),
        **_words(request),
    )


def _choices(request: Request_) -> dict[str, Any]:
    return {"kinds": list(AlertKind), "severities": list(Severity), "clock": _clock, **_words(request)}


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


HANDLERS: list[Any] = [subscription_page, channels_page, notices_page, alerts_page, why_alert_page, alert_page]
