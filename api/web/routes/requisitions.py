"""Requisitions and release orders: their lists, one of each with what may be done, and the form of a new one."""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from api import exports
from api.auth.edge import BACKGROUND, edge_of
from api.auth.stamps import Stamped
from api.web.pages import Viewer, moment, page, viewer_of
from api.web.routes import asked
from api.web.routes.stock import cut_of
from api.web.words import word
from catalog.classes import queries as classes
from catalog.kernel.access import Permission, Scope, scope_of
from catalog.kernel.errors import Missing
from catalog.kernel.history import list_changes
from catalog.kernel.page import Page, all_pages
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from catalog.regions import queries as regions
from catalog.regions.model import Region, Tier
from warehouse.commitments import queries as commitments
from warehouse.commitments.model import CallOff, Commitment
from warehouse.files import queries as files
from warehouse.files.model import Subject
from warehouse.fulfilment import queries as fulfilment
from warehouse.incidents import queries as incidents
from warehouse.incidents.model import PRIORITIES, Incident, Level
from warehouse.incidents.model import Status as IncidentStatus
from warehouse.people import queries as people
from warehouse.people.model import Deputy
from warehouse.requisitions import queries, workflow
from warehouse.requisitions.model import (
    RELEASE_DOCUMENT,
    KeptPlan,
    Line,
    Release,
    ReleaseStatus,
    Requisition,
    Status,
    Taking,
)
from warehouse.requisitions.queries import ShownPlan
from warehouse.sites import queries as sites

Request_ = Request[Any, Any, Any]


def _asked(request: Request_) -> dict[str, Any]:
    return {
        "status": asked.member(request, "status", Status),
        "ended": request.query_params.get("status") == "all",
        "text": asked.text(request, "q"),
    }


@get("/requisitions", include_in_schema=False)
async def requisitions_page(request: Request_, stamp: Stamped) -> Response[str]:
    """Requisitions in sight, the newest first; closed ones only when asked for."""
    listed = await queries.list_requisitions(
        scope=stamp.require(Permission.REQUISITION_READ),
        **_asked(request),
        cursor=asked.cursor(request),
        limit=asked.PAGE,
    )
    return page(request, "requisitions.html", listed=listed, statuses=list(Status))


@get(["/requisitions/export.csv", "/requisitions/export.xlsx"], include_in_schema=False)
async def requisitions_export(request: Request_, stamp: Stamped) -> Response[Any]:
    """The same list as a file, one row for each line."""
    scope = stamp.require(Permission.REQUISITION_READ)
    viewer, wanted = viewer_of(request), _asked(request)

    async def fetch(cursor: str | None) -> Page[Any]:
        return await queries.list_requisitions(scope=scope, **wanted, cursor=cursor, limit=200)

    pages = ([_row(one, line, viewer) for one in found.items for line in one.lines] async for found in all_pages(fetch))
    _ = viewer.language.text
    headings = [
        *(_("Requisition"), _("Status"), _("Who asks"), _("Incident"), _("Line"), _("Item"), _("Goods"), _("Unit")),
        *(_("Needed"), _("Covered"), _("Not covered yet"), _("Priority"), _("Needed by"), _("Goes to")),
        _("Written by"),
    ]
    sheet = exports.Sheet(
        f"requisitions-{viewer.today.isoformat()}",
        _("Requisitions"),
        headings,
        cut_of(viewer),
        _notes(request, viewer, _("Requisitions")),
        _("About this list"),
    )
    return await exports.download(sheet, pages, request.scope["path"].rpartition(".")[2])


def _notes(request: Request_, viewer: Viewer, title: str) -> list[tuple[str, str]]:
    _ = viewer.language.text
    return [(_("List"), title), (_("As of"), moment(edge_of(request).clock())), (_("Made by"), viewer.name)]


def _row(one: Requisition, line: Line, viewer: Viewer) -> exports.Row:
    facts = line.facts
    return [
        one.number,
        word(viewer.language, "requisition_status", one.status),
        one.region_zh,
        one.incident_name or "",
        line.line,
        line.goods_key,
        line.goods_zh,
        line.unit_zh,
        exports.figure(facts.quantity, line.unit_factor),
        exports.figure(line.covered, line.unit_factor),
        exports.figure(line.rest, line.unit_factor),
        facts.priority,
        moment(facts.needed_by) if facts.needed_by else "",
        f"{line.region_zh} {facts.place}".strip(),
        one.created_by,
    ]


@get("/requisitions/new", include_in_schema=False)
async def new_requisition_page(request: Request_, stamp: Stamped) -> Response[str]:
    """The form of a new requisition: of needs of an incident, or by hand. Denied without the right to write any."""
    asking = stamp.require(Permission.REQUISITION_EDIT)
    seen = stamp.require(Permission.INCIDENT_READ)
    open_ones = (await incidents.list_incidents(scope=seen, status=IncidentStatus.ACTIVE, limit=100)).items
    wanted = request.query_params.get("incident", "")
    incident = next((one for one in open_ones if str(one.id) == wanted), None)
    places = _no_villages(await regions.list_in(asking))
    return page(
        request,
        "requisition_new.html",
        incidents=open_ones,
        incident=incident,
        needs=await _open_needs(incident, seen) if incident else [],
        regions=places,
        asking=_who_asks(incident, places),
        priorities=PRIORITIES,
        classes=await classes.own_classes(deepest=2),
    )


def _no_villages(found: Sequence[Region]) -> list[Region]:
    return [one for one in found if one.tier is not Tier.VILLAGE]


def _who_asks(incident: Incident | None, places: Sequence[Region]) -> str | None:
    """The incident's own region where the caller may write for it, else the first that he may."""
    if incident and any(one.key == incident.region_key for one in places):
        return incident.region_key
    return places[0].key if places else None


async def _open_needs(incident: Incident, scope: Scope) -> list[Any]:
    """Open needs that no requisition asks for yet."""
    found = [one for one in await incidents.list_needs(incident.id, scope) if one.lacking]
    taken = await queries.requisitions_of_needs([one.id for one in found])
    return [one for one in found if one.id not in taken]


@get("/requisitions/{requisition_id:uuid}", include_in_schema=False)
async def requisition_page(request: Request_, stamp: Stamped, requisition_id: FromPath[UUID]) -> Response[str]:
    """One requisition: its lines, the plan with its reasons, its release orders, and what may be done."""
    scope = stamp.require(Permission.REQUISITION_READ)
    one = await queries.get_requisition(requisition_id, scope)
    standing = await queries.standing(one)
    may = workflow.allowed(standing, stamp)
    kept, orders = await queries.list_plans(one.id), await queries.releases_of(one.id)
    takings = await queries.takings_of(one.id)
    current = next((plan for plan in kept if plan.state == "current"), None)
    earlier = next((plan for plan in kept if current and plan.seq < current.seq), None)
    plan: ShownPlan | None = await queries.show_plan(current, one, earlier, stamp.recorded_at) if current else None
    rules = await incidents.level_rules(Level(one.level), one.path) if one.level else None
    editing = "edit" in may and request.query_params.get("edit") == "yes"
    return page(
        request,
        "requisition.html",
        one=one,
        facts=one.facts,
        may=may,
        standing=standing,
        plan=plan,
        plans=kept,
        releases=[(order, _sees(order, scope)) for order in orders],
        stands=_stands(one, kept, orders, takings),
        calls=await queries.calls_of(one.id),
        acting=await _acting(stamp, one),
        takings=[taking for taking in takings if taking.settled_at is None],
        sees_incident=await _sees_incident(stamp, one.facts.incident_id),
        holds=rules,
        now=edge_of(request).clock(),
        editing=editing,
        stores=await _stores(stamp) if "plan" in may else [],
        regions=_no_villages(await regions.list_subtree(one.path)) if editing else [],
        classes=await classes.own_classes(deepest=2) if editing else [],
        priorities=PRIORITIES,
        changes=await list_changes(table="requisition", key=str(one.id)),
    )


def _stands(one: Requisition, plans: Sequence[KeptPlan], orders: Sequence[Release], takings: Sequence[Taking]) -> str:
    """How it stands, in a word that changes with everything that its page shows."""
    last = max((plan.seq for plan in plans), default=0)
    open_takings = sum(1 for taking in takings if taking.settled_at is None)
    return f"{one.version}.{last}.{sum(order.version for order in orders)}.{open_takings}"


@get("/requisitions/{requisition_id:uuid}/stands", include_in_schema=False, opt={BACKGROUND: True})
async def requisition_stands(stamp: Stamped, requisition_id: FromPath[UUID]) -> Response[str]:
    """How a requisition stands now, for its open page: it says so when somebody else has changed it meanwhile."""
    one = await queries.get_requisition(requisition_id, stamp.require(Permission.REQUISITION_READ))
    plans, orders = await queries.list_plans(one.id), await queries.releases_of(one.id)
    text = _stands(one, plans, orders, await queries.takings_of(one.id))
    return Response(text, media_type="text/plain")


async def _acting(stamp: Stamp, one: Requisition) -> list[Deputy]:
    """In whose names the reader may approve it: not where he or that person wrote or approved it."""
    named = (
        await people.acting_for(stamp.person_id, day_of(stamp.recorded_at)) if one.status is Status.SUBMITTED else []
    )
    known = {*one.authors, *(login for approval in one.approvals for login in (approval.login, approval.for_login))}
    return [
        named_by
        for named_by in named
        if not known & {stamp.login, named_by.login}
        and scope_of(await people.load_grants(named_by.person_id), Permission.REQUISITION_APPROVE).covers(one.path)
    ]


def _sees(order: Release, scope: Scope) -> bool:
    """Whether an order of a shared requisition is the reader's too: a store's keeper opens those of his store."""
    paths = (order.owner_path, order.region_path, order.requisition_path)
    return scope.covers(order.site_path, order.site_id) or any(scope.covers(path) for path in paths)


async def _sees_incident(stamp: Stamp, incident_id: UUID | None) -> bool:
    if incident_id is None:
        return False
    try:
        await incidents.get_incident(incident_id, scope_of(stamp.grants, Permission.INCIDENT_READ))
    except Missing:
        return False
    return True


async def _stores(stamp: Stamp) -> Sequence[Any]:
    return (await sites.list_sites(scope=scope_of(stamp.grants, Permission.SUMMARY_READ), limit=200)).items


# --- release orders -------------------------------------------------------------------------------------------------


def _asked_releases(request: Request_) -> dict[str, Any]:
    return {
        "status": asked.member(request, "status", ReleaseStatus),
        "ended": request.query_params.get("status") == "all",
        "owed": request.query_params.get("owed") == "yes",
        "incident_id": asked.key(request, "incident"),
        "text": asked.text(request, "q"),
    }


@get("/releases", include_in_schema=False)
async def releases_page(request: Request_, stamp: Stamped) -> Response[str]:
    """Release orders in sight; with `owed=yes` the spoken ones whose paper is still due, and such call-offs."""
    scope = stamp.require(Permission.REQUISITION_READ)
    wanted = _asked_releases(request)
    listed = await queries.list_releases(scope=scope, **wanted, cursor=asked.cursor(request), limit=asked.PAGE)
    owed = listed if wanted["owed"] else await queries.list_releases(scope=scope, owed=True, limit=asked.PAGE)
    calls = await commitments.owed_calls(scope_of(stamp.grants, Permission.COMMITMENT_READ))
    due = [one.papers_due_at for one in owed.items] + [call.papers_due_at for call, _ in calls]
    now = edge_of(request).clock()
    return page(
        request,
        "releases.html",
        listed=listed,
        owed_calls=calls,
        owed=wanted["owed"],
        owed_count=len(due),
        late_count=sum(1 for at in due if at and at < now),
        statuses=list(ReleaseStatus),
        now=now,
    )


@get(["/releases/export.csv", "/releases/export.xlsx"], include_in_schema=False)
async def releases_export(request: Request_, stamp: Stamped) -> Response[Any]:
    """The same list as a file, one row for each line; of papers owed, with the call-offs."""
    scope = stamp.require(Permission.REQUISITION_READ)
    viewer, wanted = viewer_of(request), _asked_releases(request)
    calls = await commitments.owed_calls(scope_of(stamp.grants, Permission.COMMITMENT_READ)) if wanted["owed"] else []

    async def fetch(cursor: str | None) -> Page[Any]:
        return await queries.list_releases(scope=scope, **wanted, cursor=cursor, limit=200)

    async def pages() -> AsyncIterator[Sequence[exports.Row]]:
        async for found in all_pages(fetch):
            yield [row for one in found.items for row in _release_rows(one, viewer)]
        yield [_call_row(call, of, viewer) for call, of in calls]

    _ = viewer.language.text
    headings = [
        *(_("Release order"), _("Status"), _("Owner of the goods"), _("Store"), _("Goes to"), _("Requisition")),
        *(_("Item"), _("Goods"), _("Lot"), _("Unit"), _("Quantity"), _("Released at"), _("Spoken by")),
        *(_("Paper due"), _("Paper checked by")),
    ]
    sheet = exports.Sheet(
        f"releases-{viewer.today.isoformat()}",
        _("Release orders"),
        headings,
        cut_of(viewer),
        _notes(request, viewer, _("Release orders")),
        _("About this list"),
    )
    return await exports.download(sheet, pages(), request.scope["path"].rpartition(".")[2])


def _call_row(call: CallOff, of: Commitment, viewer: Viewer) -> exports.Row:
    """A call-off whose paper is owed, in the columns of release orders: whose agreement, and who delivers."""
    return [
        call.number,
        word(viewer.language, "call_status", call.status),
        of.region_zh,
        of.party_zh,
        call.place,
        of.facts.number,
        of.goods_key,
        of.goods_zh,
        "",
        of.unit_zh,
        exports.figure(call.quantity, of.unit_factor),
        moment(call.activated_at) if call.activated_at else "",
        call.spoken_by,
        moment(call.papers_due_at) if call.papers_due_at else "",
        "",
    ]


def _release_rows(one: Release, viewer: Viewer) -> list[exports.Row]:
    return [
        [
            one.name,
            word(viewer.language, "release_status", one.status),
            one.owner_zh,
            one.site_code,
            f"{one.region_zh} {one.place}".strip(),
            one.requisition_number,
            line.item_key,
            line.item_zh,
            line.lot,
            line.unit_zh,
            exports.figure(line.quantity, line.unit_factor),
            moment(one.released_at) if one.released_at else "",
            one.spoken_by,
            moment(one.papers_due_at) if one.papers_due_at else "",
            one.paper_checked_by,
        ]
        for line in one.lines
    ]


@get("/releases/{release_id:uuid}", include_in_schema=False)
async def release_page(request: Request_, stamp: Stamped, release_id: FromPath[UUID]) -> Response[str]:
    """One release order: its goods, the owner's word, its paper, and how far it is."""
    one = await queries.get_release(release_id, stamp.require(Permission.REQUISITION_READ))
    rules = await incidents.level_rules(Level(one.level), one.requisition_path) if one.level else None
    return page(
        request,
        "release.html",
        one=one,
        may=workflow.allowed_of_release(one, stamp),
        sees_incident=await _sees_incident(stamp, one.incident_id),
        holds=rules,
        now=edge_of(request).clock(),
        photos=await files.list_files(Subject(RELEASE_DOCUMENT, str(one.id))),
        changes=await list_changes(table="release_order", key=str(one.id)),
        shipments=(
            await fulfilment.list_shipments(
                scope=stamp.require(Permission.SHIPMENT_READ), release_id=one.id, over=True, limit=50
            )
        ).items,
        may_ship=one.status.value in ("released", "picking")
        and scope_of(stamp.grants, Permission.SHIPMENT_EDIT).covers(one.site_path, one.site_id),
    )


HANDLERS: list[Any] = [
    requisitions_page,
    requisitions_export,
    new_requisition_page,
    requisition_page,
    requisition_stands,
    releases_page,
    releases_export,
    release_page,
]
