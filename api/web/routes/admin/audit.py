"""The audit administrator's search."""

from datetime import datetime, time, timedelta
from typing import Any

from litestar import Request, Response, get

from api import audit as trail
from api.auth.edge import edge_of
from api.auth.stamps import Stamped
from api.web.pages import viewer_of
from api.web.routes import asked
from api.web.routes.admin.sections import desk
from api.web.words import WORDS, act
from catalog.kernel import audit, audit_chain
from catalog.kernel.access import Permission
from catalog.kernel.time import SHANGHAI
from catalog.regions.queries import root_path
from warehouse.anchors import queries as anchors
from warehouse.people import queries
from warehouse.search import queries as searching

SILENT_HOURS = 24
"""A house sends every half hour; one that was silent for so long is marked."""
EXPORT_MB = 7
"""What fits into a request; larger exports are checked by the program that is offered beside."""


@get("/admin/audit", include_in_schema=False)
async def audit_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Acts and refusals in scope, the newest first. Looking at them leaves a row as well."""
    scope = stamp.require(Permission.AUDIT_READ)
    since, until = asked.day(request, "since"), asked.day(request, "until")
    success = {"yes": True, "no": False}.get(request.query_params.get("success", ""))
    sought = queries.AuditFilter(
        login=asked.text(request, "login"),
        verb=asked.text(request, "verb"),
        subject_kind=asked.text(request, "subject_kind"),
        subject_id=asked.text(request, "subject_id"),
        address=asked.text(request, "address"),
        success=success,
        since=datetime.combine(since, time(), SHANGHAI) if since else None,
        until=datetime.combine(until, time(), SHANGHAI) + timedelta(days=1) if until else None,
        code=asked.text(request, "code"),
    )
    listed = await queries.list_audit(scope=scope, sought=sought, cursor=asked.cursor(request), limit=asked.PAGE)
    if asked.cursor(request) is None:
        await audit.record(stamp, "audit.read", facts={"found": len(listed.items)})
    lang = viewer_of(request).language
    acts = {verb: lang.text(text) for verb, text in WORDS["act"].items()}
    named = {one.verb: act(lang, one.verb) for one in listed.items}
    names = await searching.names_of((one.subject_kind, one.subject_id) for one in listed.items)
    return desk(
        request,
        "admin_audit.html",
        listed=listed,
        acts=acts,
        names=names,
        named=named,
        kinds=WORDS["subject_kind"],
        now=edge_of(request).clock(),
    )


@get("/admin/audit/chain", include_in_schema=False)
async def chain_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """The chain of the trail: its anchors, its export, and a check of all of it when asked for."""
    scope = stamp.require(Permission.AUDIT_READ)
    findings = None
    if request.query_params.get("check") == "yes":
        findings = list(await trail.verify(edge_of(request).settings))
        await audit.record(stamp, "audit.check", facts={"findings": len(findings)})
    newest = list(reversed((await audit.anchors())[-20:]))
    return desk(
        request,
        "admin_chain.html",
        findings=findings,
        anchors=[(one, audit_chain.printed(one)) for one in newest],
        whole=scope.covers(await root_path()),
    )


@get("/admin/anchors", include_in_schema=False)
async def anchors_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """The houses that send their anchors here; one of them with what it sent."""
    stamp.require(Permission.AUDIT_READ)
    settings, now = edge_of(request).settings, edge_of(request).clock()
    if not stamp.require(Permission.AUDIT_READ).covers(await root_path()):
        return desk(request, "admin_anchors.html", houses=None, now=now)
    houses = await anchors.list_houses(stamp=stamp)
    key = asked.text(request, "house")
    chosen = await anchors.get_house(key, stamp=stamp) if key else None
    listed = await anchors.list_received(house=chosen, cursor=asked.cursor(request), limit=20) if chosen else None
    address = (settings.public_url or str(request.base_url)).rstrip("/") + "/api/v1/anchors"
    silent = now - timedelta(hours=SILENT_HOURS)
    return desk(
        request,
        "admin_anchors.html",
        houses=houses,
        chosen=chosen,
        listed=listed,
        address=address,
        silent=silent,
        silent_hours=SILENT_HOURS,
        most=EXPORT_MB,
        now=now,
    )


HANDLERS: list[Any] = [audit_page, chain_page, anchors_page]
