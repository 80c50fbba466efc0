"""Stores: a card for each, and one store with its bins as a plain drawing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from api import exports
from api.auth.stamps import Stamped
from api.web.pages import UNTOLD, page, viewer_of
from api.web.routes import asked
from api.web.routes.list_files import Column, list_file
from api.web.words import place_name, word
from catalog.kernel.access import Permission, Scope, scope_of
from catalog.kernel.page import Page
from catalog.regions import queries as regions
from warehouse.counts.queries import veil_of
from warehouse.files import queries as files
from warehouse.files.model import Subject
from warehouse.parties import queries as parties
from warehouse.sites import queries as sites
from warehouse.sites.model import Place, PlaceKind, Site, SiteKind, Zone
from warehouse.stock.fill import Fill, Grade
from warehouse.stock.queries import figures_of_sites, fill_of_places

CARDS = 24
MOST_BINS = 2000
"""Bins of one drawing; a larger store is drawn zone by zone."""
MANY_POSITIONS = (3, 6)
NOTHING = Fill()


class Measure(StrEnum):
    """What the drawing shows of a bin."""

    FILL = "fill"
    VOLUME = "volume"
    WEIGHT = "weight"
    POSITIONS = "positions"


@dataclass(frozen=True, slots=True)
class Cell:
    """One bin of the drawing. `level` is how high it is filled, 0 to 100; `figure` what is written in it."""

    place: Place
    fill: Fill
    grade: Grade
    level: int
    figure: str


async def _listed(request: Request[Any, Any, Any], scope: Scope, cursor: str | None, limit: int) -> Page[Site]:
    return await sites.list_sites(
        scope=scope,
        query=asked.text(request, "q"),
        kind=asked.member(request, "kind", SiteKind),
        custody={"yes": True, "no": False}.get(request.query_params.get("custody", "")),
        cursor=cursor,
        limit=limit,
    )


@get(["/sites/export.csv", "/sites/export.xlsx"], include_in_schema=False)
async def sites_export(request: Request[Any, Any, Any], stamp: Stamped) -> Response[Any]:
    """The same list as a file."""
    scope = stamp.require(Permission.SITE_READ)
    lang = viewer_of(request).language
    _ = lang.text
    columns: list[Column] = [
        (_("Code"), lambda one: one.code),
        (_("Store"), lambda one: one.name_zh),
        (_("English name"), lambda one: one.name_en),
        (_("Kind"), lambda one: word(lang, "site_kind", one.kind)),
        (_("Address"), lambda one: one.address),
        (_("Phone"), lambda one: one.phone),
        (_("Latitude"), lambda one: one.lat),
        (_("Longitude"), lambda one: one.lon),
        (_("Live"), lambda one: _("yes") if one.live else _("no")),
        (_("One keeper"), lambda one: _("yes") if one.one_keeper else _("no")),
        (_("Source"), lambda one: one.source),
    ]
    return await list_file(
        request,
        name="stores",
        title=_("Stores and points"),
        columns=columns,
        fetch=lambda cursor, size: _listed(request, scope, cursor, size),
    )


@get(["/sites/{code:str}/bins.csv", "/sites/{code:str}/bins.xlsx"], include_in_schema=False)
async def bins_export(request: Request[Any, Any, Any], stamp: Stamped, code: FromPath[str]) -> Response[Any]:
    """The bins of a store as a file, with what of their room and load is taken. Raises Missing out of scope."""
    scope = stamp.require(Permission.SITE_READ)
    site = await sites.get_by_code(code.upper(), scope)
    seen = scope_of(stamp.grants, Permission.STOCK_READ).covers(site.path, site.id)
    zones = {one.id: one for one in await sites.list_zones(site.id, scope)}
    hidden = (await veil_of(stamp.person_id)).places
    lang = viewer_of(request).language
    _ = lang.text
    columns: list[Column] = [
        (_("Bin"), lambda row: place_name(lang, row[0].code)),
        (_("Own key"), lambda row: row[0].key),
        (_("Zone"), lambda row: zones[row[0].zone_id].code if row[0].zone_id in zones else ""),
        (_("Room (m³)"), lambda row: exports.figure(row[0].volume_ml, 10**6)),
        (_("Load (kg)"), lambda row: exports.figure(row[0].weight_g, 1000)),
        (_("Lots"), lambda row: row[1].positions if row[1] else None),
        (_("Room taken (%)"), lambda row: row[1].volume_share if row[1] else None),
        (_("Load taken (%)"), lambda row: row[1].weight_share if row[1] else None),
        (_("Closed"), lambda row: row[0].close_reason if row[0].closed else ""),
    ]

    async def fetch(cursor: str | None, limit: int) -> Page[tuple[Place, Fill | None]]:
        kinds = (PlaceKind.BIN, PlaceKind.STAGING)
        found = await sites.list_places(site_id=site.id, scope=scope, kinds=kinds, cursor=cursor, limit=limit)
        told = [one.id for one in found.items if seen and one.id not in hidden]
        fills = await fill_of_places(told)
        return Page([(one, fills.get(one.id)) for one in found.items], found.next_cursor)

    title = f"{_('Bins')} {site.code}"
    return await list_file(request, name=f"bins-{site.code}", title=title, columns=columns, fetch=fetch)


@get("/sites", include_in_schema=False)
async def sites_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Stores in scope, with what stands in them for who may read stock there."""
    scope = stamp.require(Permission.SITE_READ)
    listed = await _listed(request, scope, asked.cursor(request), CARDS)
    stock = scope_of(stamp.grants, Permission.STOCK_READ)
    seen = [one.id for one in listed.items if stock.covers(one.path, one.id)]
    return page(
        request,
        "sites.html",
        listed=listed,
        figures=await figures_of_sites(seen, viewer_of(request).today),
        operators=await regions.find_regions_by_id({one.region_id for one in listed.items}),
        owners=await regions.find_regions_by_id(
            {one.custody_for_id for one in listed.items if one.custody_for_id is not None}
        ),
        custodians=await parties.find_names({one.custodian_id for one in listed.items if one.custodian_id is not None}),
        kinds=list(SiteKind),
        narrowed=any(request.query_params.get(name) for name in ("q", "kind", "custody")),
    )


@get("/sites/{code:str}", include_in_schema=False)
async def site_page(request: Request[Any, Any, Any], stamp: Stamped, code: FromPath[str]) -> Response[str]:
    """One store: who runs it, what stands in it, and where. Raises Missing out of scope."""
    scope = stamp.require(Permission.SITE_READ)
    site = await sites.get_by_code(code.upper(), scope)
    card = await sites.get_card(site.id, scope)
    seen = scope_of(stamp.grants, Permission.STOCK_READ).covers(site.path, site.id)
    measure = asked.one_of(request, "show", Measure, Measure.FILL)
    bins = await _bins(site.id, scope)
    fills = await fill_of_places([one.id for one in bins]) if seen else {}
    veil = await veil_of(stamp.person_id)
    cells = [_cell(one, fills.get(one.id, NOTHING), measure, one.id in veil.places) for one in bins]
    figures = await figures_of_sites([site.id], viewer_of(request).today) if seen else {}
    return page(
        request,
        "site.html",
        veil=veil,
        card=card,
        site=site,
        seen=seen,
        figures=figures.get(site.id),
        drawing=_drawing(card.zones, cells),
        measure=measure.value,
        measures=[one.value for one in Measure],
        grades=list(Grade),
        cut=len(bins) >= MOST_BINS,
        photos=await files.list_files(Subject("site", site.code)) if seen else [],
    )


async def _bins(site_id: int, scope: Scope) -> Sequence[Place]:
    found: list[Place] = []
    cursor: str | None = None
    kinds = (PlaceKind.BIN, PlaceKind.STAGING)
    while len(found) < MOST_BINS:
        listed = await sites.list_places(site_id=site_id, scope=scope, kinds=kinds, cursor=cursor, limit=500)
        found += listed.items
        cursor = listed.next_cursor
        if cursor is None:
            break
    return found


def _cell(place: Place, fill: Fill, measure: Measure, hidden: bool) -> Cell:
    if hidden:
        return Cell(place, NOTHING, Grade.UNKNOWN, 0, UNTOLD)
    if measure is Measure.POSITIONS:
        some, many = MANY_POSITIONS
        count = fill.positions
        grade = Grade.EMPTY if count == 0 else Grade.LOW if count < some else Grade.HALF if count < many else Grade.FULL
        return Cell(place, fill, grade, min(count * 100 // (many + 2), 100), str(count))
    share = {Measure.FILL: fill.share, Measure.VOLUME: fill.volume_share, Measure.WEIGHT: fill.weight_share}[measure]
    grade = fill.graded(share)
    level = 0 if grade in (Grade.EMPTY, Grade.UNKNOWN) else max(min(share or 0, 100), 4)
    figure = "" if grade is Grade.EMPTY else "?" if share is None else f"{share}%"
    return Cell(place, fill, grade, level, figure)


def _drawing(zones: Sequence[Zone], cells: Sequence[Cell]) -> Sequence[tuple[Zone | None, Sequence[Cell]]]:
    """Zones as blocks, each with its bins in walking order; last what stands in no zone (the arrivals area)."""
    known: Mapping[int, Zone] = {zone.id: zone for zone in zones}
    blocks: list[tuple[Zone | None, Sequence[Cell]]] = [
        (zone, [cell for cell in cells if cell.place.zone_id == zone.id]) for zone in zones
    ]
    loose = [cell for cell in cells if cell.place.zone_id not in known]
    return [*blocks, *([(None, loose)] if loose else [])]


HANDLERS: list[Any] = [sites_page, sites_export, site_page, bins_export]
