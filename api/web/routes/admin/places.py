"""Where things are: offices and firms, regions, stores with zones and bins."""

from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.params import PathParameter

from api.auth.stamps import Stamped
from api.web.pages import viewer_of
from api.web.routes import asked
from api.web.routes.admin.people import offices_of, tree
from api.web.routes.admin.sections import check_open, desk
from api.web.routes.list_files import list_file
from catalog.items.queries import list_storage_classes
from catalog.kernel.access import Permission
from catalog.kernel.page import Page
from catalog.kernel.stamp import Stamp
from catalog.regions import queries as regions
from catalog.regions.model import RegionKind, Tier
from catalog.regions.rules import RANK
from warehouse.exchange.rules.road_rows import COLUMNS
from warehouse.parties import queries as parties
from warehouse.parties.model import Duty, PartyKind
from warehouse.sites import queries as sites
from warehouse.sites.model import SiteKind
from warehouse.sites.roads import WayRow, list_roads

Key = Annotated[str, PathParameter(max_length=40)]
FIGURES = ("population", "dike_m", "shelter_places")


@get("/admin/parties", include_in_schema=False)
async def parties_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Offices and firms in scope, and the form of a new one."""
    check_open(request)
    listed = await parties.list_parties(
        scope=stamp.require(Permission.PARTY_READ),
        query=asked.text(request, "q"),
        kind=asked.member(request, "kind", PartyKind),
        retired=request.query_params.get("retired") == "yes",
        cursor=asked.cursor(request),
        limit=asked.PAGE,
    )
    return desk(
        request,
        "admin_parties.html",
        listed=listed,
        kind=asked.member(request, "kind", PartyKind),
        kinds=list(PartyKind),
        duties=list(Duty),
        regions=await tree(),
    )


@get("/admin/parties/{key:str}", include_in_schema=False)
async def party_page(request: Request[Any, Any, Any], stamp: Stamped, key: Key) -> Response[str]:
    """One office or firm, to be changed or retired."""
    check_open(request)
    party = await parties.get_by_key(key, stamp.require(Permission.PARTY_EDIT))
    places = await tree()
    region = next((one.key for one in places if one.id == party.region_id), "")
    return desk(
        request,
        "admin_party.html",
        party=party,
        region=region,
        duties=list(Duty),
        regions=places,
        kinds=list(PartyKind),
    )


@get("/admin/regions", include_in_schema=False)
async def regions_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """The tree of the city."""
    stamp.require(Permission.REGION_EDIT)
    places = await tree()
    children: dict[int | None, list[Any]] = {}
    for one in places:
        children.setdefault(one.parent_id, []).append(one)
    return desk(request, "admin_regions.html", regions=places, children=children)


@get("/admin/regions/{key:str}", include_in_schema=False)
async def region_page(request: Request[Any, Any, Any], stamp: Stamped, key: Key) -> Response[str]:
    """One region: facts, dated codes and figures, a new one below it."""
    scope = stamp.require(Permission.REGION_EDIT)
    region = await regions.get_by_key(key)
    places = await tree()
    return desk(
        request,
        "admin_region.html",
        region=region,
        mine=scope.covers(region.path),
        parents=await regions.list_parents(region.path),
        children=[one for one in places if one.parent_id == region.id],
        codes=await regions.list_codes(region.id),
        figures=await regions.list_facts(region.id),
        tiers=[tier for tier in Tier if RANK[tier] > RANK[region.tier]],
        kinds=list(RegionKind),
        figure_kinds=FIGURES,
        regions=places,
        sites=await sites.count_sites_under(region.path),
        today=viewer_of(request).today,
    )


@get("/admin/sites", include_in_schema=False)
async def sites_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Stores in scope, and the form of a new one."""
    listed = await sites.list_sites(
        scope=stamp.require(Permission.SITE_EDIT),
        query=asked.text(request, "q"),
        retired=request.query_params.get("retired") == "yes",
        cursor=asked.cursor(request),
        limit=asked.PAGE,
    )
    places = await tree()
    return desk(
        request,
        "admin_sites.html",
        listed=listed,
        names={one.id: one for one in places},
        kinds=list(SiteKind),
        regions=places,
        offices=await offices_of(stamp),
    )


@get("/admin/sites/{code:str}", include_in_schema=False)
async def site_page(request: Request[Any, Any, Any], stamp: Stamped, code: Key) -> Response[str]:
    """One store: its facts, zones and bins."""
    scope = stamp.require(Permission.SITE_EDIT)
    card = await sites.get_card((await sites.get_by_code(code, scope)).id, scope)
    places = await tree()
    zone = asked.text(request, "zone", 20)
    chosen = next((one for one in card.zones if one.code == zone), card.zones[0] if card.zones else None)
    bins = await sites.list_places(
        site_id=card.site.id,
        scope=scope,
        zone_id=chosen.id if chosen else None,
        cursor=asked.cursor(request),
        limit=asked.PAGE,
    )
    return desk(
        request,
        "admin_site.html",
        site=card.site,
        zones=card.zones,
        zone=chosen,
        bins=bins,
        kinds=list(SiteKind),
        regions=places,
        region=next((one.key for one in places if one.id == card.site.region_id), ""),
        owner=next((one.key for one in places if one.id == card.site.custody_for_id), ""),
        custodian=card.custodian,
        offices=await offices_of(stamp),
        storage=await list_storage_classes(),
    )


@get("/admin/roads", include_in_schema=False)
async def roads_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Known ways by road, and the forms that set them: by hand and from a file."""
    check_open(request)
    listed = await _ways(request, stamp, asked.cursor(request), asked.PAGE)
    return desk(
        request,
        "admin_roads.html",
        listed=listed,
        site=asked.text(request, "site", 12),
        region=asked.text(request, "region", 80),
        regions=await tree(),
        sites=(await sites.list_sites(scope=stamp.require(Permission.SITE_EDIT), limit=500)).items,
    )


async def _ways(request: Request[Any, Any, Any], stamp: Stamp, cursor: str | None, limit: int) -> Page[WayRow]:
    return await list_roads(
        scope=stamp.require(Permission.SITE_EDIT),
        site_code=asked.text(request, "site", 12) or None,
        region_key=asked.text(request, "region", 80) or None,
        cursor=cursor,
        limit=limit,
    )


@get(["/admin/roads/export.csv", "/admin/roads/export.xlsx"], include_in_schema=False)
async def roads_export(request: Request[Any, Any, Any], stamp: Stamped) -> Response[Any]:
    """The known ways as a file that can be loaded again."""
    check_open(request)
    lang = viewer_of(request).language
    cells: dict[str, Any] = {
        "site": lambda one: one.site_code,
        "site_name": lambda one: one.site_zh,
        "region": lambda one: one.region_key,
        "region_name": lambda one: one.region_zh,
        "minutes": lambda one: one.minutes,
        "km": lambda one: one.metres / 1000,
        "source": lambda one: one.source,
    }
    return await list_file(
        request,
        name="roads",
        title=lang.text("Ways by road"),
        columns=[(one.en if lang.code == "en" else one.zh, cells[one.name]) for one in COLUMNS],
        fetch=lambda cursor, size: _ways(request, stamp, cursor, size),
    )


HANDLERS: list[Any] = [
    parties_page,
    party_page,
    regions_page,
    region_page,
    sites_page,
    site_page,
    roads_page,
    roads_export,
]
