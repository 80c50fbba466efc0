"""Requisitions: goods are asked for, approved, planned, held; release orders let them go."""

from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from api import rendering, solving
from api.auth.edge import FILES, VERB
from api.auth.stamps import Stamped
from api.rest import references
from api.rest.conditions import IfMatch, etag, read_version
from api.rest.requisitions_shown import plan_out, release_out, requisition_out
from api.rest.sessions import Cursor, Limit
from api.schemas.base import CheckPaperIn
from api.schemas.requisitions import (
    AcceptIn,
    ApproveRequisitionIn,
    CloseRequisitionIn,
    PlanIn,
    ReleaseOrderDone,
    ReleaseOrderIn,
    ReleaseOut,
    ReleasePaperIn,
    ReleasesPage,
    RequisitionDone,
    RequisitionEdit,
    RequisitionIn,
    RequisitionLineIn,
    RequisitionOut,
    RequisitionReasonIn,
    RequisitionsPage,
    SourcingPlansOut,
)
from catalog.classes import queries as classes
from catalog.classes.model import CLASS_SCHEME
from catalog.items import queries as items
from catalog.kernel.access import EVERYWHERE, Permission
from catalog.kernel.errors import Invalid, Missing
from catalog.kernel.stamp import Stamp
from catalog.regions import queries as regions
from warehouse.people import queries as people
from warehouse.printing import render
from warehouse.printing.release_papers import release_table, transfer_table
from warehouse.requisitions import actions, queries
from warehouse.requisitions.model import (
    KeptPlan,
    LineFacts,
    ReleaseStatus,
    Requisition,
    RequisitionFacts,
    Status,
    Wishes,
)
from warehouse.sites import queries as sites

TAGS = ["requisitions"]
Sought = Annotated[str | None, QueryParameter(max_length=100, description="Part of number, reason, region, incident.")]


@get("/requisitions", opt={VERB: "requisition.list"}, tags=TAGS)
async def list_requisitions(
    stamp: Stamped,
    q: Sought = None,
    status: FromQuery[Status | None] = None,
    incident: FromQuery[UUID | None] = None,
    ended: FromQuery[bool] = False,
    cursor: Cursor = None,
    limit: Limit = None,
) -> RequisitionsPage:
    """Requisitions of my area, of its incidents and of its goods, the newest first."""
    found = await queries.list_requisitions(
        scope=stamp.require(Permission.REQUISITION_READ),
        text=q,
        status=status,
        incident_id=incident,
        ended=ended,
        cursor=cursor,
        limit=limit,
    )
    shown = [await requisition_out(one, stamp) for one in found.items]
    return RequisitionsPage(items=shown, next_cursor=found.next_cursor)


@get("/requisitions/{requisition:uuid}", opt={VERB: "requisition.read"}, tags=TAGS)
async def get_requisition(stamp: Stamped, requisition: FromPath[UUID]) -> Response[RequisitionOut]:
    """One requisition with its lines. The ETag is the version to send as If-Match."""
    found = await _seen(stamp, requisition)
    return Response(await requisition_out(found, stamp), headers=etag(found.version))


@post("/requisitions", opt={VERB: "requisition.create"}, tags=TAGS)
async def create_requisition(stamp: Stamped, data: JSONBody[RequisitionIn]) -> RequisitionDone:
    """Ask for goods. 409 `requisition.own-stock-first` names what is free at home; `requisition.need-taken`."""
    stamp.require(Permission.REQUISITION_EDIT)
    facts = RequisitionFacts(
        region_id=(await references.find_regions([data.region]))[data.region],
        reason=data.reason,
        incident_id=data.incident,
        party_id=await _party(data.party, stamp),
        upward=data.upward,
        own_stock=data.own_stock,
        note=data.note,
    )
    done = await actions.create_requisition(
        stamp=stamp, facts=facts, lines=await _lines(data.lines), need_ids=data.needs, submit=data.submit
    )
    return RequisitionDone(**done)


@put("/requisitions/{requisition:uuid}", opt={VERB: "requisition.edit"}, tags=TAGS)
async def edit_requisition(
    stamp: Stamped, requisition: FromPath[UUID], data: JSONBody[RequisitionEdit], if_match: IfMatch
) -> Response[RequisitionDone]:
    """Replace what a draft says. Lines that came from needs stay; those by hand are replaced if `lines` is sent."""
    stamp.require(Permission.REQUISITION_EDIT)
    before = await _seen(stamp, requisition)
    lines = None
    if data.lines is not None:
        kept = [line.facts for line in before.lines if line.facts.need_id is not None]
        lines = [*kept, *await _lines(data.lines)]
    facts = replace(
        before.facts,
        reason=data.reason,
        party_id=await _party(data.party, stamp),
        upward=data.upward,
        own_stock=data.own_stock,
        note=data.note,
    )
    done = await actions.edit_requisition(
        stamp=stamp, requisition_id=requisition, version=read_version(if_match), facts=facts, lines=lines
    )
    return Response(_done(done), headers=etag(done["version"]))


@post("/requisitions/{requisition:uuid}/submit", opt={VERB: "requisition.submit"}, tags=TAGS, status_code=200)
async def submit_requisition(stamp: Stamped, requisition: FromPath[UUID]) -> RequisitionDone:
    """Ask for approval. 409 `requisition.own-stock-first`."""
    return _done(await actions.submit_requisition(stamp=stamp, requisition_id=requisition))


@post("/requisitions/{requisition:uuid}/approve", opt={VERB: "requisition.approve"}, tags=TAGS, status_code=200)
async def approve_requisition(
    stamp: Stamped, requisition: FromPath[UUID], data: JSONBody[ApproveRequisitionIn]
) -> RequisitionDone:
    """Approve; where more than one approval is needed, all but the last are kept. 409 `requisition.own`.

    `for_login`: as the deputy of that person. 409 `requisition.no-deputy`.
    """
    done = await actions.approve_requisition(
        stamp=stamp, requisition_id=requisition, note=data.note, for_login=data.for_login or ""
    )
    return _done(done)


@post("/requisitions/{requisition:uuid}/reject", opt={VERB: "requisition.reject"}, tags=TAGS, status_code=200)
async def reject_requisition(
    stamp: Stamped, requisition: FromPath[UUID], data: JSONBody[RequisitionReasonIn]
) -> RequisitionDone:
    """Back to its authors."""
    return _done(await actions.reject_requisition(stamp=stamp, requisition_id=requisition, reason=data.reason))


@post("/requisitions/{requisition:uuid}/amend", opt={VERB: "requisition.amend"}, tags=TAGS, status_code=200)
async def amend_requisition(
    stamp: Stamped, requisition: FromPath[UUID], data: JSONBody[RequisitionReasonIn]
) -> RequisitionDone:
    """A draft again; approvals and the plan lapse."""
    return _done(await actions.amend_requisition(stamp=stamp, requisition_id=requisition, reason=data.reason))


@post("/requisitions/{requisition:uuid}/cancel", opt={VERB: "requisition.cancel"}, tags=TAGS, status_code=200)
async def cancel_requisition(
    stamp: Stamped, requisition: FromPath[UUID], data: JSONBody[RequisitionReasonIn]
) -> RequisitionDone:
    """It is not needed; what was held is free. 409 `requisition.released-already`."""
    return _done(await actions.cancel_requisition(stamp=stamp, requisition_id=requisition, reason=data.reason))


@post("/requisitions/{requisition:uuid}/withdraw", opt={VERB: "requisition.withdraw"}, tags=TAGS, status_code=200)
async def withdraw_sources(
    stamp: Stamped, requisition: FromPath[UUID], data: JSONBody[RequisitionReasonIn]
) -> RequisitionDone:
    """Free all that is held, before any order is released, to plan anew."""
    return _done(await actions.withdraw_sources(stamp=stamp, requisition_id=requisition, reason=data.reason))


@post("/requisitions/{requisition:uuid}/close", opt={VERB: "requisition.close"}, tags=TAGS, status_code=200)
async def close_requisition(
    stamp: Stamped, requisition: FromPath[UUID], data: JSONBody[CloseRequisitionIn]
) -> RequisitionDone:
    """All is accounted for. 409 `requisition.releases-open`, `requisition.short-needs-reason`."""
    return _done(await actions.close_requisition(stamp=stamp, requisition_id=requisition, reason=data.reason))


# --- plans ----------------------------------------------------------------------------------------------------------


@post("/requisitions/{requisition:uuid}/plan", opt={VERB: "requisition.plan"}, tags=TAGS, status_code=200)
async def plan_requisition(stamp: Stamped, requisition: FromPath[UUID], data: JSONBody[PlanIn]) -> RequisitionDone:
    """Work out from where the goods come. 400 `sourcing.bad-pin`, `sourcing.pin-exceeds-free`."""
    scope = stamp.require(Permission.REQUISITION_SOURCE)
    found = await _seen(stamp, requisition)
    if not scope.covers(found.path):
        raise queries.missing(requisition)
    wishes = await _wishes(stamp, found, data)
    task = await queries.read_task(found, scope, wishes, stamp.recorded_at)
    plan = await solving.solve(task)
    return _done(await actions.keep_plan(stamp=stamp, requisition_id=requisition, plan=plan, wishes=wishes))


@get("/requisitions/{requisition:uuid}/plans", opt={VERB: "requisition.plans"}, tags=TAGS)
async def list_plans(stamp: Stamped, requisition: FromPath[UUID]) -> SourcingPlansOut:
    """Its plans with every reason, the newest first; each says what it does otherwise than the one before."""
    found = await _seen(stamp, requisition)
    kept = await queries.list_plans(requisition)
    earlier: list[KeptPlan | None] = [*kept[1:], None]
    return SourcingPlansOut(
        items=[
            plan_out(await queries.show_plan(one, found, before))
            for one, before in zip(kept[:5], earlier, strict=False)
        ]
    )


@post("/requisitions/{requisition:uuid}/accept", opt={VERB: "requisition.accept"}, tags=TAGS, status_code=200)
async def accept_plan(stamp: Stamped, requisition: FromPath[UUID], data: JSONBody[AcceptIn]) -> RequisitionDone:
    """Hold the goods, all or none, write the release orders, ask for what was promised, and take what less urgent
    requisitions hold where the plan says so. 409 `sourcing.stock-moved` names every line."""
    return _done(await actions.accept_plan(stamp=stamp, requisition_id=requisition, plan_id=data.plan))


# --- release orders -------------------------------------------------------------------------------------------------


@get("/releases", opt={VERB: "release.list"}, tags=TAGS)
async def list_releases(
    stamp: Stamped,
    q: Sought = None,
    status: FromQuery[ReleaseStatus | None] = None,
    site: Annotated[str | None, QueryParameter(max_length=80)] = None,
    incident: FromQuery[UUID | None] = None,
    owed: FromQuery[bool] = False,
    ended: FromQuery[bool] = False,
    cursor: Cursor = None,
    limit: Limit = None,
) -> ReleasesPage:
    """Release orders for my goods, my stores, my places; `owed`: spoken ones whose paper is still due."""
    scope = stamp.require(Permission.REQUISITION_READ)
    found = await queries.list_releases(
        scope=scope,
        text=q,
        status=status,
        site_id=(await sites.get_by_code(site, scope)).id if site else None,
        incident_id=incident,
        owed=owed,
        ended=ended,
        cursor=cursor,
        limit=limit,
    )
    return ReleasesPage(items=[release_out(one, stamp) for one in found.items], next_cursor=found.next_cursor)


@get("/releases/{release:uuid}", opt={VERB: "release.read"}, tags=TAGS)
async def get_release(stamp: Stamped, release: FromPath[UUID]) -> Response[ReleaseOut]:
    """One release order with its lines. The ETag is its version."""
    found = await queries.get_release(release, stamp.require(Permission.REQUISITION_READ))
    return Response(release_out(found, stamp), headers=etag(found.version))


@post("/releases/{release:uuid}/release", opt={VERB: "release.order"}, tags=TAGS, status_code=200)
async def release_goods(stamp: Stamped, release: FromPath[UUID], data: JSONBody[ReleaseOrderIn]) -> ReleaseOrderDone:
    """The owner lets the goods go. 409 `release.own`, `release.not-by-voice`, `release.goods-gone`."""
    done = await actions.release(
        stamp=stamp,
        release_id=release,
        spoken=data.spoken,
        spoken_by=data.spoken_by,
        spoken_to=data.spoken_to,
        paper_number=data.paper_number,
    )
    return _released(done)


@post("/releases/{release:uuid}/refuse", opt={VERB: "release.refuse"}, tags=TAGS, status_code=200)
async def refuse_release(
    stamp: Stamped, release: FromPath[UUID], data: JSONBody[RequisitionReasonIn]
) -> ReleaseOrderDone:
    """The owner keeps its goods."""
    return _released(await actions.refuse_release(stamp=stamp, release_id=release, reason=data.reason))


@post("/releases/{release:uuid}/cancel", opt={VERB: "release.cancel"}, tags=TAGS, status_code=200)
async def cancel_release(
    stamp: Stamped, release: FromPath[UUID], data: JSONBody[RequisitionReasonIn]
) -> ReleaseOrderDone:
    """The dispatcher takes it back before its owner has spoken; its goods are free."""
    return _released(await actions.cancel_release(stamp=stamp, release_id=release, reason=data.reason))


@post("/releases/{release:uuid}/recall", opt={VERB: "release.recall"}, tags=TAGS, status_code=200)
async def recall_release(
    stamp: Stamped, release: FromPath[UUID], data: JSONBody[RequisitionReasonIn]
) -> ReleaseOrderDone:
    """The owner takes its word back before anything was picked; its goods are free."""
    return _released(await actions.recall_release(stamp=stamp, release_id=release, reason=data.reason))


@post("/releases/{release:uuid}/paper", opt={VERB: "release.file-paper"}, tags=TAGS, status_code=200)
async def file_paper(stamp: Stamped, release: FromPath[UUID], data: JSONBody[ReleasePaperIn]) -> ReleaseOrderDone:
    """The scan of the written order (a file that was uploaded before, and belongs to nothing yet)."""
    done = await actions.file_paper(
        stamp=stamp, release_id=release, paper_number=data.paper_number, file_ids=data.photos
    )
    return _released(done)


@post("/releases/{release:uuid}/check-paper", opt={VERB: "release.check-paper"}, tags=TAGS, status_code=200)
async def check_paper(stamp: Stamped, release: FromPath[UUID], data: JSONBody[CheckPaperIn]) -> ReleaseOrderDone:
    """Somebody else checks it. 409 `spoken.own-paper`."""
    done = await actions.check_paper(stamp=stamp, release_id=release, agrees=data.agrees, note=data.note)
    return _released(done)


@get(
    "/releases/{release:uuid}/paper",
    opt={VERB: "release.print", FILES: ("application/pdf",)},
    tags=TAGS,
    responses={200: ResponseSpec(bytes, description="The paper", media_type="application/pdf")},
)
async def print_release(stamp: Stamped, release: FromPath[UUID]) -> Response[bytes]:
    """动用指令; a request for one until it is released."""
    found = await queries.get_release(release, stamp.require(Permission.REQUISITION_READ))
    names = {login: name.name_zh for login, name in (await people.names_by_login()).items()}
    return await _pdf(release_table(found, stamp.recorded_at, names), found.number or "release")


@get(
    "/releases/{release:uuid}/transfer",
    opt={VERB: "release.print-transfer", FILES: ("application/pdf",)},
    tags=TAGS,
    responses={200: ResponseSpec(bytes, description="The paper", media_type="application/pdf")},
)
async def print_transfer(stamp: Stamped, release: FromPath[UUID]) -> Response[bytes]:
    """调拨单: what goes from the store to the place, to be signed there."""
    found = await queries.get_release(release, stamp.require(Permission.REQUISITION_READ))
    return await _pdf(transfer_table(found, stamp.recorded_at), f"{found.number or 'release'}-transfer")


async def _pdf(table: Any, name: str) -> Response[bytes]:
    content = await rendering.RENDERER.run(render.render_table, table, rendering.font_path())
    headers = {"content-disposition": f'inline; filename="{name}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


# --- parts ----------------------------------------------------------------------------------------------------------


async def _seen(stamp: Stamp, requisition_id: UUID) -> Requisition:
    return await queries.get_requisition(requisition_id, stamp.require(Permission.REQUISITION_READ))


def _done(done: Any) -> RequisitionDone:
    return RequisitionDone(**{name: done[name] for name in RequisitionDone.model_fields if name in done})


def _released(done: Any) -> ReleaseOrderDone:
    return ReleaseOrderDone(**{name: done[name] for name in ReleaseOrderDone.model_fields if name in done})


async def _party(key: str | None, stamp: Stamp) -> int | None:
    return (await references.find_parties([key], stamp))[key] if key else None


async def _lines(given: list[RequisitionLineIn]) -> list[LineFacts]:
    places = await references.find_regions({one.region for one in given})
    goods = await references.find_items({one.item for one in given if one.item})
    codes = {
        code: (await classes.get_by_code(CLASS_SCHEME, code)).id
        for code in {one.class_code for one in given if one.class_code}
    }
    plain = ("quantity", "priority", "place", "lat", "lon", "note", "receiver", "phone")
    return [
        LineFacts(
            region_id=places[one.region],
            item_id=goods[one.item] if one.item else None,
            class_id=codes[one.class_code] if one.class_code else None,
            unit=one.unit if one.class_code else "",
            needed_by=references.aware(one.needed_by),
            **{name: getattr(one, name) for name in plain},
        )
        for one in given
    ]


async def _wishes(stamp: Stamp, found: Requisition, data: PlanIn) -> Wishes:
    """The dispatcher's word in the plan's own names."""
    lines = {line.line: str(line.id) for line in found.lines}
    known = set(lines.values())
    pins: dict[tuple[str, str, int], int] = {}
    banned: dict[tuple[str, str], None] = {}
    current = next((one for one in await queries.list_plans(found.id) if one.state == "current"), None)
    planned = {str(n): one for n, one in enumerate(current.content["lines"], 1)} if current else {}
    for number in (*data.keep, *data.forbid):
        if number not in planned:
            raise Missing("sourcing.no-such-line", "方案没有这一行，请重新载入", line=number)
    for number in data.keep:
        one = planned[number]
        key = (one["need"], one["source"], one["item"])
        pins[key] = pins.get(key, 0) + one["quantity"]
    banned |= {(planned[number]["need"], planned[number]["source"]): None for number in data.forbid}
    for mark in data.still:
        need, _, source = mark.partition(" ")
        if need not in known or not queries.is_source(source):
            raise Invalid("sourcing.bad-mark", "无法识别的排除项，请重新载入", mark=mark)
        banned[need, source] = None
    for pin in data.pins:
        item = (await items.find_items_by_key([pin.item])).get(pin.item)
        if pin.line not in lines or item is None:
            raise Missing("sourcing.no-such-line", "方案没有这一行，请重新载入", line=pin.line)
        key = (lines[pin.line], await _source(stamp, pin.site, pin.owner), item.id)
        pins[key] = pins.get(key, 0) + pin.quantity
    for ban in data.forbidden:
        if ban.line not in lines:
            raise Missing("sourcing.no-such-line", "方案没有这一行，请重新载入", line=ban.line)
        banned[lines[ban.line], await _source(stamp, ban.site, None)] = None
    return Wishes(
        pins=tuple((*key, quantity) for key, quantity in pins.items() if key[0] in known),
        forbidden=tuple(one for one in banned if one[0] in known and one not in {key[:2] for key in pins}),
    )


async def _source(stamp: Stamp, site_code: str, owner: str | None) -> str:
    """A store and an owner as the plan names them; by default the store's own region, or whom it keeps goods for."""
    stamp.require(Permission.SUMMARY_READ)
    site = await sites.get_by_code(site_code, EVERYWHERE)
    region = (await regions.get_by_key(owner)).id if owner else site.custody_for_id or site.region_id
    return f"{site.id}:{region}"


HANDLERS: list[Any] = [
    list_requisitions,
    get_requisition,
    create_requisition,
    edit_requisition,
    submit_requisition,
    approve_requisition,
    reject_requisition,
    amend_requisition,
    cancel_requisition,
    withdraw_sources,
    close_requisition,
    plan_requisition,
    list_plans,
    accept_plan,
    list_releases,
    get_release,
    release_goods,
    refuse_release,
    cancel_release,
    recall_release,
    file_paper,
    check_paper,
    print_release,
    print_transfer,
]
