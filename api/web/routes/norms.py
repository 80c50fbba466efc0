"""Stocking norms: the list, one norm with its form and preview, and why a figure is what it is."""

from collections.abc import AsyncIterator
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
from catalog.items import queries as items
from catalog.kernel.access import Permission, Scope, scope_of
from catalog.kernel.errors import Missing
from catalog.kernel.history import list_changes
from catalog.kernel.page import Page, all_pages
from catalog.regions import queries as regions
from warehouse.exchange.rules.files import MOST_BYTES
from warehouse.exchange.rules.norm_rows import COLUMNS
from warehouse.norms import queries
from warehouse.norms.model import USUAL_PER, Basis, Each, Field, Norm, NormFacts
from warehouse.norms.rules import MOST_AT_ONCE
from warehouse.sites import queries as sites

Request_ = Request[Any, Any, Any]


async def _asked(request: Request_, scope: Scope) -> dict[str, Any]:
    key = asked.text(request, "region", 80)
    region = (await regions.find_regions([key])).get(key) if key else None
    site = await asked.site(request, scope)
    return {
        "text": asked.text(request, "q"),
        "under": region.path if region else None,
        "site_id": site.id if site else None,
        "basis": asked.member(request, "basis", Basis),
        "unverified": {"yes": True, "no": False}.get(request.query_params.get("unverified", "")),
        "retired": request.query_params.get("retired") == "yes",
    }


@get("/norms", include_in_schema=False)
async def norms_page(request: Request_, stamp: Stamped) -> Response[str]:
    """Norms in sight, filtered."""
    scope = stamp.require(Permission.NORM_READ)
    listed = await queries.list_norms(
        scope=scope, **await _asked(request, scope), cursor=asked.cursor(request), limit=asked.PAGE
    )
    known = await sites.list_sites(scope=scope, limit=200)
    return page(
        request,
        "norms.html",
        listed=listed,
        regions=await regions.list_in(scope),
        sites=known.items,
        bases=list(Basis),
        fields=list(Field),
    )


@get(["/norms/export.csv", "/norms/export.xlsx"], include_in_schema=False)
async def norms_export(request: Request_, stamp: Stamped) -> Response[Any]:
    """The same list as a file."""
    scope = stamp.require(Permission.NORM_READ)
    viewer = viewer_of(request)
    wanted = await _asked(request, scope)

    async def fetch(cursor: str | None) -> Page[Any]:
        return await queries.list_norms(scope=scope, **wanted, cursor=cursor, limit=500)

    pages = ([_row(one, viewer) for one in found.items] async for found in all_pages(fetch))
    _ = viewer.language.text
    sheet = exports.Sheet(
        f"norms-{viewer.today.isoformat()}",
        _("Stocking norms"),
        _heads(viewer),
        cut_of(viewer),
        [(_("List"), _("Stocking norms")), (_("As of"), moment(edge_of(request).clock())), (_("Made by"), viewer.name)],
        _("About this list"),
    )
    return await exports.download(sheet, pages, request.scope["path"].rpartition(".")[2])


def _heads(viewer: Viewer) -> list[str]:
    return [one.en if viewer.language.code == "en" else one.zh for one in COLUMNS]


@get("/norms/import", include_in_schema=False)
async def import_norms_page(request: Request_, stamp: Stamped) -> Response[str]:
    """Bring norms in from a file: what it would do first, then what was seen."""
    stamp.require(Permission.NORM_EDIT)
    viewer = viewer_of(request)
    return page(
        request,
        "norm_import.html",
        columns=dict(zip((one.name for one in COLUMNS), _heads(viewer), strict=True)),
        eaches={one.value: word(viewer.language, "norm_each", one) for one in Each},
        bases={one.value: word(viewer.language, "norm_basis", one) for one in Basis},
        most_mb=MOST_BYTES // (1024 * 1024),
        most_rows=MOST_AT_ONCE,
    )


@get("/norms/import/template.xlsx", include_in_schema=False)
async def norm_template(request: Request_, stamp: Stamped) -> Response[Any]:
    """An empty table with the headings of the list, and what each column takes."""
    stamp.require(Permission.NORM_EDIT)
    viewer = viewer_of(request)
    _ = viewer.language.text
    heads = dict(zip((one.name for one in COLUMNS), _heads(viewer), strict=True))
    said = {
        "place": _("Key of the region or store; where it is empty, the name decides."),
        "each": _("Empty: the place itself. Else one of: ")
        + "; ".join(word(viewer.language, "norm_each", one) for one in Each),
        "goods": _("Key of the item, or code of the class; where it is empty, the name decides."),
        "unit": _("What a norm of a class counts. Of an item: its own unit, or empty."),
        "minimum": _("Figures in that unit; at least one of the four."),
        "basis": _("Empty: a fixed quantity. Else one of: ")
        + "; ".join(word(viewer.language, "norm_basis", one) for one in Basis),
        "basis_per": _("So many of the basis; empty: the usual, as 10,000 residents."),
        "season_from": _("Month-day, for example 05-01; both ends or neither."),
        "valid_from": _("A date; empty: as it is, for a new norm today."),
        "source": _("Title, number and clause; empty: unverified."),
    }
    notes = [(heads[name], text) for name, text in said.items()]

    async def nothing() -> AsyncIterator[list[exports.Row]]:
        return
        yield

    sheet = exports.Sheet(
        "norms-template", _("Stocking norms"), list(heads.values()), cut_of(viewer), notes, _("About this list")
    )
    return await exports.download(sheet, nothing(), exports.Format.XLSX)


def _row(norm: Norm, viewer: Viewer) -> exports.Row:
    facts, lang = norm.facts, viewer.language
    season = facts.season

    def sized(value: int | None) -> exports.Cell:
        return None if value is None else exports.figure(value, norm.unit_factor)

    return [
        named(lang, {"name_zh": norm.anchor_zh, "name_en": norm.anchor_en}),
        norm.anchor_key,
        word(lang, "norm_each", facts.each) if facts.each else "",
        named(lang, {"name_zh": norm.what_zh, "name_en": norm.what_en}),
        norm.what_key,
        norm.unit_zh,
        *(sized(facts.stated(field)) for field in Field),
        word(lang, "norm_basis", facts.basis),
        facts.basis_per if facts.basis is not Basis.FIXED else None,
        facts.lead_days,
        sized(facts.round_to),
        _written(season.begins) if season else "",
        _written(season.ends) if season else "",
        facts.valid_from,
        facts.valid_to,
        facts.source,
        facts.note,
    ]


def _written(at: int) -> str:
    return f"{at // 100:02}-{at % 100:02}"


@get("/norms/new", include_in_schema=False)
async def new_norm_page(request: Request_, stamp: Stamped) -> Response[str]:
    """The form of a new norm."""
    scope = stamp.require(Permission.NORM_EDIT)
    known = await sites.list_sites(scope=scope, limit=200)
    return page(
        request,
        "norm_new.html",
        regions=await regions.list_in(scope),
        sites=known.items,
        classes=await classes.own_classes(deepest=2),
        facts=NormFacts(source=""),
        **_choices(),
    )


def _choices() -> dict[str, Any]:
    return {"eaches": list(Each), "bases": list(Basis), "fields": list(Field), "usual": USUAL_PER}


@get("/norms/{norm_id:uuid}", include_in_schema=False)
async def norm_page(request: Request_, stamp: Stamped, norm_id: FromPath[UUID]) -> Response[str]:
    """One norm: what it says, its history, and its form for whoever may change it."""
    norm = await queries.get_norm(norm_id, stamp.require(Permission.NORM_READ))
    known = await items.find_items({one.item_id for one in norm.facts.equivalents})
    may = scope_of(stamp.grants, Permission.NORM_EDIT).covers(norm.path, norm.facts.site_id)
    return page(
        request,
        "norm.html",
        norm=norm,
        facts=norm.facts,
        may_edit=may and norm.retired_at is None,
        equivalents_of=[(known[one.item_id], one) for one in norm.facts.equivalents if one.item_id in known],
        changes=await list_changes(table="norm", key=str(norm.id)),
        **_choices(),
    )


@get("/norms/why", include_in_schema=False)
async def why_page(request: Request_, stamp: Stamped) -> Response[str]:
    """Why a place must hold so much of an item on a day: the whole chain."""
    scope = stamp.require(Permission.NORM_READ)
    viewer = viewer_of(request)
    known = await sites.list_sites(scope=scope, limit=200)
    place, item = asked.text(request, "place", 80), asked.text(request, "item", 60)
    day = asked.day(request, "day") or viewer.today
    found, missing = None, False
    if place and item:
        kind, _, key = place.partition(":")
        key_of_item = item.rpartition(" · ")[2]
        try:
            found = await queries.why(
                scope=scope,
                region=key if kind != "site" else None,
                site=key if kind == "site" else None,
                item=key_of_item,
                on=day,
            )
        except Missing:
            missing = True
    return page(
        request,
        "norm_why.html",
        regions=await regions.list_in(scope),
        sites=known.items,
        found=found,
        missing=missing,
        day=day,
        fields=list(Field),
    )


HANDLERS: list[Any] = [
    norms_page,
    norms_export,
    import_norms_page,
    norm_template,
    new_norm_page,
    why_page,
    norm_page,
]
