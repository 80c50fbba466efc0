"""Commitments: the list, one commitment with its drills and call-offs, and the form of a new one."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from api import exports
from api.auth.edge import edge_of
from api.auth.stamps import Stamped
from api.web.pages import Viewer, moment, named, page, viewer_of
from api.web.routes import asked
from api.web.routes.stock import cut_of
from api.web.words import word
from catalog.classes import queries as classes
from catalog.kernel.access import Permission, scope_of
from catalog.kernel.history import list_changes
from catalog.kernel.page import Page, all_pages
from catalog.regions import queries as regions
from warehouse.commitments import queries, rules, workflow
from warehouse.commitments.model import Commitment, Form, PriceRule, Status
from warehouse.files import queries as files
from warehouse.files.model import Subject
from warehouse.parties import queries as parties

Request_ = Request[Any, Any, Any]
SOON = 60
"""Days within which an ending commitment is shown above the list."""
ENDS = (30, 90, 180)


async def _asked(request: Request_, viewer: Viewer) -> dict[str, Any]:
    key = asked.text(request, "region", 80)
    region = (await regions.find_regions([key])).get(key) if key else None
    within = asked.number(request, "ends", 3650)
    return {
        "text": asked.text(request, "q"),
        "under": region.path if region else None,
        "form": asked.member(request, "form", Form),
        "status": asked.member(request, "status", Status),
        "ends_by": viewer.today + timedelta(days=within) if within is not None else None,
    }


@get("/commitments", include_in_schema=False)
async def commitments_page(request: Request_, stamp: Stamped) -> Response[str]:
    """Commitments in sight, filtered, with those that end soon on top."""
    scope = stamp.require(Permission.COMMITMENT_READ)
    viewer = viewer_of(request)
    listed = await queries.list_commitments(
        scope=scope, **await _asked(request, viewer), cursor=asked.cursor(request), limit=asked.PAGE
    )
    return page(
        request,
        "commitments.html",
        listed=listed,
        ending=await queries.ending(viewer.today, SOON, scope),
        soon=SOON,
        ends=ENDS,
        regions=await regions.list_in(scope),
        forms=list(Form),
        statuses=list(Status),
        confidence=_confidence(viewer),
        days_left=rules.days_left,
    )


def _confidence(viewer: Viewer) -> Any:
    return lambda one: rules.confidence(one.facts.confidence, one.results, viewer.today)


@get(["/commitments/export.csv", "/commitments/export.xlsx"], include_in_schema=False)
async def commitments_export(request: Request_, stamp: Stamped) -> Response[Any]:
    """The same list as a file."""
    scope = stamp.require(Permission.COMMITMENT_READ)
    viewer = viewer_of(request)
    wanted = await _asked(request, viewer)

    async def fetch(cursor: str | None) -> Page[Any]:
        return await queries.list_commitments(scope=scope, **wanted, cursor=cursor, limit=500)

    pages = ([_row(one, viewer) for one in found.items] async for found in all_pages(fetch))
    _ = viewer.language.text
    sheet = exports.Sheet(
        f"commitments-{viewer.today.isoformat()}",
        _("Commitments"),
        [
            *(_("Contract number"), _("Form"), _("Firm"), _("For region"), _("Goods"), _("Item or class"), _("Unit")),
            *(
                _("Quantity"),
                _("Left to call off"),
                _("Response time (hours)"),
                _("Confidence in percent"),
                _("Stated confidence in percent"),
            ),
            *(_("Source of the confidence"), _("Drills and call-offs counted"), _("Price rule"), _("Price (yuan)")),
            *(_("In force from"), _("Until"), _("Status"), _("Source"), _("Note")),
        ],
        cut_of(viewer),
        [(_("List"), _("Commitments")), (_("As of"), moment(edge_of(request).clock())), (_("Made by"), viewer.name)],
        _("About this list"),
    )
    return await exports.download(sheet, pages, request.scope["path"].rpartition(".")[2])


def _row(one: Commitment, viewer: Viewer) -> exports.Row:
    facts, lang = one.facts, viewer.language
    price = None
    if facts.price_fen is not None:
        price = facts.price_fen * one.unit_factor / facts.price_per / 100
    return [
        facts.number,
        word(lang, "commitment_form", facts.form),
        named(lang, {"name_zh": one.party_zh, "name_en": one.party_en}),
        named(lang, {"name_zh": one.region_zh, "name_en": one.region_en}),
        named(lang, {"name_zh": one.goods_zh, "name_en": one.goods_en}),
        one.goods_key,
        one.unit_zh,
        exports.figure(facts.quantity, one.unit_factor),
        exports.figure(one.left, one.unit_factor),
        facts.response_hours,
        rules.confidence(facts.confidence, one.results, viewer.today),
        facts.confidence,
        facts.confidence_source,
        len(one.results),
        word(lang, "price_rule", facts.price_rule),
        price,
        facts.valid_from,
        facts.valid_to,
        word(lang, "commitment_status", one.status),
        facts.source,
        facts.note,
    ]


@get("/commitments/new", include_in_schema=False)
async def new_commitment_page(request: Request_, stamp: Stamped) -> Response[str]:
    """The form of a new commitment."""
    scope = stamp.require(Permission.COMMITMENT_EDIT)
    viewer = viewer_of(request)
    known = await parties.list_parties(scope=stamp.require(Permission.PARTY_READ), limit=200)
    return page(
        request,
        "commitment_new.html",
        regions=await regions.list_in(scope),
        parties=known.items,
        classes=await classes.own_classes(deepest=2),
        forms=list(Form),
        price_rules=list(PriceRule),
        today=viewer.today,
        year_end=viewer.today.replace(month=12, day=31),
    )


@get("/commitments/{commitment_id:uuid}", include_in_schema=False)
async def commitment_page(request: Request_, stamp: Stamped, commitment_id: FromPath[UUID]) -> Response[str]:
    """One commitment: what it says, how it was kept, the calls on it, and the forms for whoever may act."""
    found = await queries.get_commitment(commitment_id, stamp.require(Permission.COMMITMENT_READ))
    viewer = viewer_of(request)
    calls = await queries.list_calls(found.id)
    return page(
        request,
        "commitment.html",
        one=found,
        facts=found.facts,
        confidence=rules.confidence(found.facts.confidence, found.results, viewer.today),
        days_left=rules.days_left(found, viewer.today),
        holds=found.holds(viewer.today),
        drills=await queries.list_drills(found.id),
        calls=[(call, workflow.allowed_of_call(call, stamp)) for call in calls],
        may=workflow.allowed(found, stamp),
        may_call=scope_of(stamp.grants, Permission.COMMITMENT_CALL).covers(found.path),
        photos=await files.list_files(Subject("commitment", str(found.id))),
        changes=await list_changes(table="commitment", key=str(found.id)),
        forms=list(Form),
        price_rules=list(PriceRule),
        now=edge_of(request).clock(),
    )


HANDLERS: list[Any] = [commitments_page, commitments_export, new_commitment_page, commitment_page]
