"""Vehicles at hand: the list, its file, the form of a new one, one vehicle."""

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
from catalog.kernel.access import Permission, scope_of
from catalog.kernel.history import list_changes
from catalog.kernel.page import Page, all_pages
from catalog.kernel.stamp import Stamp
from catalog.regions import queries as regions
from warehouse.parties import queries as parties
from warehouse.sites import queries as sites
from warehouse.vehicles import queries
from warehouse.vehicles.model import Kind, Sort, Standing, Vehicle

Request_ = Request[Any, Any, Any]


async def _asked(request: Request_, viewer: Viewer) -> dict[str, Any]:
    key = asked.text(request, "region", 80)
    region = (await regions.find_regions([key])).get(key) if key else None
    return {
        "on": viewer.today,
        "text": asked.text(request, "q"),
        "kind": asked.member(request, "kind", Kind),
        "standing": asked.member(request, "standing", Standing),
        "under": region.path if region else None,
        "retired": asked.text(request, "retired") == "yes",
        "sort": asked.one_of(request, "sort", Sort, Sort.PLATE),
    }


@get("/vehicles", include_in_schema=False)
async def vehicles_page(request: Request_, stamp: Stamped) -> Response[str]:
    """Vehicles in sight, filtered and sorted."""
    scope = stamp.require(Permission.VEHICLE_READ)
    viewer = viewer_of(request)
    listed = await queries.list_vehicles(
        scope=scope, **await _asked(request, viewer), cursor=asked.cursor(request), limit=asked.PAGE
    )
    return page(
        request,
        "vehicles.html",
        listed=listed,
        regions=await regions.list_in(scope),
        kinds=list(Kind),
        standings=list(Standing),
        sorts=list(Sort),
    )


@get(["/vehicles/export.csv", "/vehicles/export.xlsx"], include_in_schema=False)
async def vehicles_export(request: Request_, stamp: Stamped) -> Response[Any]:
    """The same list as a file."""
    scope = stamp.require(Permission.VEHICLE_READ)
    viewer = viewer_of(request)
    wanted = await _asked(request, viewer)

    async def fetch(cursor: str | None) -> Page[Any]:
        return await queries.list_vehicles(scope=scope, **wanted, cursor=cursor, limit=500)

    pages = ([_row(one, viewer) for one in found.items] async for found in all_pages(fetch))
    _ = viewer.language.text
    sheet = exports.Sheet(
        f"vehicles-{viewer.today.isoformat()}",
        _("Emergency vehicles"),
        [
            *(_("Plate"), _("Kind of vehicle"), _("Can it be sent"), _("May carry (kg)"), _("Room (m³)")),
            *(_("At the disposal of"), _("Stands at"), _("Carrier"), _("Driver"), _("Driver's phone")),
            *(_("Used by"), _("Out of service because"), _("Valid from"), _("Valid until"), _("Note")),
        ],
        cut_of(viewer),
        [
            (_("List"), _("Emergency vehicles")),
            (_("As of"), moment(edge_of(request).clock())),
            (_("Made by"), viewer.name),
        ],
        _("About this list"),
    )
    return await exports.download(sheet, pages, request.scope["path"].rpartition(".")[2])


def _row(one: Vehicle, viewer: Viewer) -> exports.Row:
    facts, lang = one.facts, viewer.language
    return [
        facts.plate,
        word(lang, "vehicle_kind", facts.kind),
        word(lang, "vehicle_standing", one.standing(viewer.today)),
        exports.figure(facts.max_weight_g, 1000),
        exports.figure(facts.max_volume_ml, 1_000_000),
        named(lang, {"name_zh": one.region_zh, "name_en": one.region_en}),
        named(lang, {"name_zh": one.site_zh, "name_en": one.site_en}) if one.site_zh else "",
        named(lang, {"name_zh": one.carrier_zh, "name_en": one.carrier_en}) if one.carrier_zh else "",
        facts.driver,
        facts.phone,
        one.used_paper,
        facts.out_of_service,
        facts.valid_from,
        facts.valid_to,
        facts.note,
    ]


async def _choices(stamp: Stamp) -> dict[str, Any]:
    """What a form of a vehicle offers to whoever keeps vehicles."""
    mine = stamp.require(Permission.VEHICLE_EDIT)
    stores = (await sites.list_sites(scope=mine, limit=500)).items
    known = await regions.list_in(mine)
    if not known:  # a keeper of one store: the region that runs it
        known = list((await regions.find_regions_by_id({one.region_id for one in stores})).values())
    return {
        "regions": known,
        "stores": stores,
        "carriers": (await parties.list_parties(scope=stamp.require(Permission.PARTY_READ), limit=200)).items,
        "kinds": list(Kind),
    }


@get("/vehicles/new", include_in_schema=False)
async def new_vehicle_page(request: Request_, stamp: Stamped) -> Response[str]:
    """The form of a new vehicle."""
    return page(request, "vehicle_new.html", **await _choices(stamp))


@get("/vehicles/{vehicle_id:uuid}", include_in_schema=False)
async def vehicle_page(request: Request_, stamp: Stamped, vehicle_id: FromPath[UUID]) -> Response[str]:
    """One vehicle, and its form for whoever keeps it."""
    found = await queries.get_vehicle(vehicle_id, stamp.require(Permission.VEHICLE_READ))
    may_edit = scope_of(stamp.grants, Permission.VEHICLE_EDIT).covers(found.path, found.facts.site_id)
    return page(
        request,
        "vehicle.html",
        one=found,
        facts=found.facts,
        standing=found.standing(viewer_of(request).today),
        may_edit=may_edit,
        changes=await list_changes(table="vehicle", key=str(found.id)),
        **(await _choices(stamp) if may_edit else {}),
    )


HANDLERS: list[Any] = [vehicles_page, vehicles_export, new_vehicle_page, vehicle_page]
