"""Sites, their zones and bins."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

from litestar import Response, delete, get, post, put
from litestar.params import FromQuery, JSONBody, PathParameter, QueryParameter

from api.auth.edge import VERB
from api.auth.stamps import Stamped
from api.rest.conditions import IfMatch, etag, read_version
from api.rest.sessions import Cursor, Limit
from api.schemas.catalog import Created, Edited, RegionRef
from api.schemas.places import (
    BinEdit,
    BinFactsIn,
    BinKeys,
    BinNew,
    BinOut,
    BinsAdded,
    BinsChanged,
    BinsClose,
    BinsNew,
    BinsPage,
    PartyRef,
    SiteCardOut,
    SiteFactsIn,
    SiteNew,
    SiteOut,
    SitesPage,
    ZoneFactsIn,
    ZoneNew,
    ZoneOut,
)
from catalog.kernel.access import Permission, Scope
from catalog.kernel.errors import Missing
from catalog.kernel.stamp import Stamp
from catalog.regions import queries as regions
from warehouse.parties import queries as parties
from warehouse.sites import actions, queries
from warehouse.sites.model import BinFacts, NewBin, NewSite, NewZone, Place, Site, SiteFacts, SiteKind, Zone, ZoneFacts

Sought = Annotated[str | None, QueryParameter(max_length=100, description="Name, pinyin, initials, code or address.")]
KeyOf = Annotated[str | None, QueryParameter(max_length=40)]
InPath = Annotated[str, PathParameter(max_length=40)]


# --- sites --------------------------------------------------------------------------------------------


@get("/sites", opt={VERB: "site.list"}, tags=["sites"])
async def list_sites(
    stamp: Stamped,
    q: Sought = None,
    kind: FromQuery[SiteKind | None] = None,
    under: KeyOf = None,
    custody: FromQuery[bool | None] = None,
    retired: FromQuery[bool] = False,
    cursor: Cursor = None,
    limit: Limit = None,
) -> SitesPage:
    """Sites in my scope by code; `under` is a region, `custody` keeps those that keep goods for another owner."""
    page = await queries.list_sites(
        scope=stamp.require(Permission.SITE_READ),
        query=q,
        kind=kind,
        under=(await regions.get_by_key(under)).path if under is not None else None,
        custody=custody,
        retired=retired,
        cursor=cursor,
        limit=limit,
    )
    return SitesPage(items=[SiteOut(**one) for one in await _shown(page.items)], next_cursor=page.next_cursor)


@get("/sites/{site:str}", opt={VERB: "site.read"}, tags=["sites"])
async def get_site(stamp: Stamped, site: InPath) -> Response[SiteCardOut]:
    """One site with its zones. The ETag is the version to send as If-Match."""
    scope = stamp.require(Permission.SITE_READ)
    card = await queries.get_card((await queries.get_by_code(site, scope)).id, scope)
    (shown,) = await _shown([card.site])
    body = SiteCardOut(
        **shown,
        regions=[RegionRef.model_validate(one, from_attributes=True) for one in card.regions],
        zones=[_zone(zone) for zone in card.zones],
        staging=_bin(card.staging) if card.staging is not None else None,
    )
    return Response(body, headers=etag(card.site.version))


@post("/sites", opt={VERB: "site.create"}, tags=["sites"])
async def create_site(stamp: Stamped, data: JSONBody[SiteNew]) -> Created:
    """A new site with zones, bins and a staging place. 409 `site.code-taken`."""
    new = NewSite(data.code, await _facts(stamp, data), tuple(_new_zone(zone) for zone in data.zones))
    (site_id,) = await actions.create_sites(stamp=stamp, sites=[new])
    return Created(id=site_id, key=data.code, version=1)


@put("/sites/{site:str}", opt={VERB: "site.edit"}, tags=["sites"])
async def edit_site(stamp: Stamped, site: InPath, data: JSONBody[SiteFactsIn], if_match: IfMatch) -> Response[Edited]:
    """Replace the editable part. 409 `site.stale` when somebody else was faster."""
    found = await queries.get_by_code(site, stamp.require(Permission.SITE_EDIT))
    version = await actions.edit_site(
        stamp=stamp, site_id=found.id, version=read_version(if_match), facts=await _facts(stamp, data)
    )
    return _edited(site, version)


@delete("/sites/{site:str}", opt={VERB: "site.retire"}, tags=["sites"], status_code=200)
async def retire_site(stamp: Stamped, site: InPath, if_match: IfMatch) -> Response[Edited]:
    """Take a site out of use with its zones and bins. 409 `site.has-stock`."""
    found = await queries.get_by_code(site, stamp.require(Permission.SITE_EDIT))
    version = await actions.retire_site(stamp=stamp, site_id=found.id, version=read_version(if_match))
    return _edited(site, version)


async def _facts(stamp: Stamp, data: SiteFactsIn) -> SiteFacts:
    """Names to numbers. A custodian need not be in the scope of party.read of whoever edits sites."""
    scope = stamp.require(Permission.SITE_EDIT)
    fields = {name: getattr(data, name) for name in SiteFactsIn.model_fields}
    region, custodian, owner = fields.pop("region"), fields.pop("custodian"), fields.pop("custody_for")
    return SiteFacts(
        **{name: value for name, value in fields.items() if name in SiteFacts.__slots__},
        region_id=(await regions.get_by_key(region)).id,
        custodian_id=(await parties.get_by_key(custodian, scope)).id if custodian is not None else None,
        custody_for_id=(await regions.get_by_key(owner)).id if owner is not None else None,
    )


async def _shown(sites: Sequence[Site]) -> list[dict[str, Any]]:
    nodes = await regions.find_regions_by_id(
        {site.region_id for site in sites} | {site.custody_for_id for site in sites if site.custody_for_id is not None}
    )
    names = await parties.find_names({site.custodian_id for site in sites if site.custodian_id is not None})

    def node(region_id: int | None) -> RegionRef | None:
        return RegionRef.model_validate(nodes[region_id], from_attributes=True) if region_id is not None else None

    return [
        {name: getattr(site, name) for name in SiteOut.model_fields if hasattr(site, name)}
        | {
            "region": node(site.region_id),
            "custody_for": node(site.custody_for_id),
            "custodian": PartyRef(**asdict(names[site.custodian_id])) if site.custodian_id is not None else None,
        }
        for site in sites
    ]


# --- zones --------------------------------------------------------------------------------------------


@post("/sites/{site:str}/zones", opt={VERB: "zone.add"}, tags=["sites"])
async def add_zone(stamp: Stamped, site: InPath, data: JSONBody[ZoneNew]) -> Created:
    """A new zone, with bins. 409 `zone.code-taken`, `bin.code-taken`."""
    found = await queries.get_by_code(site, stamp.require(Permission.SITE_EDIT))
    (zone_id,) = await actions.add_zones(stamp=stamp, site_id=found.id, zones=[_new_zone(data)])
    return Created(id=zone_id, key=data.code, version=1)


@get("/sites/{site:str}/zones/{zone:str}", opt={VERB: "zone.read"}, tags=["sites"])
async def get_zone(stamp: Stamped, site: InPath, zone: InPath) -> Response[ZoneOut]:
    """One zone. The ETag is the version to send as If-Match."""
    found = await _zone_named(site, zone, stamp.require(Permission.SITE_READ))
    return Response(_zone(found), headers=etag(found.version))


@put("/sites/{site:str}/zones/{zone:str}", opt={VERB: "zone.edit"}, tags=["sites"])
async def edit_zone(
    stamp: Stamped, site: InPath, zone: InPath, data: JSONBody[ZoneFactsIn], if_match: IfMatch
) -> Response[Edited]:
    """Replace the editable part. 409 `zone.stale` when somebody else was faster."""
    found = await _zone_named(site, zone, stamp.require(Permission.SITE_EDIT))
    version = await actions.edit_zone(
        stamp=stamp, zone_id=found.id, version=read_version(if_match), facts=_zone_facts(data)
    )
    return _edited(zone, version)


@delete("/sites/{site:str}/zones/{zone:str}", opt={VERB: "zone.retire"}, tags=["sites"], status_code=200)
async def retire_zone(stamp: Stamped, site: InPath, zone: InPath, if_match: IfMatch) -> Response[Edited]:
    """Take a zone without live bins out of use. 409 `zone.has-bins`."""
    found = await _zone_named(site, zone, stamp.require(Permission.SITE_EDIT))
    version = await actions.retire_zone(stamp=stamp, zone_id=found.id, version=read_version(if_match))
    return _edited(zone, version)


async def _zone_named(site: str, zone: str, scope: Scope) -> Zone:
    return await queries.get_zone_by_code((await queries.get_by_code(site, scope)).id, zone, scope)


def _zone_facts(data: ZoneFactsIn) -> ZoneFacts:
    return ZoneFacts(data.name_zh, data.name_en, tuple(data.storage_classes))


def _new_zone(data: ZoneNew) -> NewZone:
    return NewZone(data.code, _zone_facts(data), tuple(_new_bin(one) for one in data.bins))


def _zone(zone: Zone) -> ZoneOut:
    return ZoneOut.model_validate(zone, from_attributes=True)


# --- bins ---------------------------------------------------------------------------------------------


@get("/sites/{site:str}/bins", opt={VERB: "bin.list"}, tags=["sites"])
async def list_bins(
    stamp: Stamped,
    site: InPath,
    q: Annotated[str | None, QueryParameter(max_length=60, description="Beginning of a code, or a key.")] = None,
    zone: KeyOf = None,
    closed: FromQuery[bool | None] = None,
    retired: FromQuery[bool] = False,
    cursor: Cursor = None,
    limit: Limit = None,
) -> BinsPage:
    """The bins of a site in walking order."""
    scope = stamp.require(Permission.SITE_READ)
    found = await queries.get_by_code(site, scope)
    page = await queries.list_places(
        site_id=found.id,
        scope=scope,
        zone_id=(await queries.get_zone_by_code(found.id, zone, scope)).id if zone is not None else None,
        query=q,
        closed=closed,
        retired=retired,
        cursor=cursor,
        limit=limit,
    )
    return BinsPage(items=[_bin(place) for place in page.items], next_cursor=page.next_cursor)


@get("/bins/{bin_key:str}", opt={VERB: "bin.read"}, tags=["sites"])
async def get_bin(stamp: Stamped, bin_key: InPath) -> Response[BinOut]:
    """A bin or staging place by its own key, as its label carries it. The ETag is the version to send as If-Match."""
    found = await queries.get_place_by_key(bin_key, stamp.require(Permission.SITE_READ))
    return Response(_bin(found), headers=etag(found.version))


@post("/sites/{site:str}/zones/{zone:str}/bins", opt={VERB: "bin.add"}, tags=["sites"])
async def add_bins(stamp: Stamped, site: InPath, zone: InPath, data: JSONBody[BinsNew]) -> BinsAdded:
    """New bins in a zone; each gets a key for its label. 409 `bin.code-taken`."""
    scope = stamp.require(Permission.SITE_EDIT)
    found = await _zone_named(site, zone, scope)
    ids = await actions.add_bins(stamp=stamp, zone_id=found.id, bins=[_new_bin(one) for one in data.bins])
    return BinsAdded(items=[_bin(await queries.get_place(place_id, scope)) for place_id in ids])


@put("/bins/{bin_key:str}", opt={VERB: "bin.edit"}, tags=["sites"])
async def edit_bin(stamp: Stamped, bin_key: InPath, data: JSONBody[BinEdit], if_match: IfMatch) -> Response[Edited]:
    """Replace capacity and walking order, or move the bin to another zone of its site."""
    scope = stamp.require(Permission.SITE_EDIT)
    found = await queries.get_place_by_key(bin_key, scope)
    zone_id = None
    if data.zone is not None:
        zone_id = (await queries.get_zone_by_code(found.site_id, data.zone, scope)).id
    version = await actions.edit_bin(
        stamp=stamp, place_id=found.id, version=read_version(if_match), facts=_bin_facts(data), zone_id=zone_id
    )
    return _edited(bin_key, version)


@post("/bins/close", opt={VERB: "bin.close"}, tags=["sites"], status_code=200)
async def close_bins(stamp: Stamped, data: JSONBody[BinsClose]) -> BinsChanged:
    """Nothing goes in or out until the bins are opened again. 409 `bin.already-closed`."""
    await actions.close_bins(stamp=stamp, place_ids=await _places_named(stamp, data), reason=data.reason)
    return BinsChanged(bins=data.bins)


@post("/bins/open", opt={VERB: "bin.open"}, tags=["sites"], status_code=200)
async def open_bins(stamp: Stamped, data: JSONBody[BinKeys]) -> BinsChanged:
    """Let goods go in and out again. 409 `bin.not-closed`."""
    await actions.open_bins(stamp=stamp, place_ids=await _places_named(stamp, data))
    return BinsChanged(bins=data.bins)


@post("/bins/retire", opt={VERB: "bin.retire"}, tags=["sites"], status_code=200)
async def retire_bins(stamp: Stamped, data: JSONBody[BinKeys]) -> BinsChanged:
    """Take bins out of use. 409 `bin.has-stock`."""
    await actions.retire_bins(stamp=stamp, place_ids=await _places_named(stamp, data))
    return BinsChanged(bins=data.bins)


async def _places_named(stamp: Stamp, data: BinKeys) -> list[int]:
    scope = stamp.require(Permission.SITE_EDIT)
    found = await queries.find_places(data.bins)
    missing = [key for key in data.bins if key not in found or not scope.covers(found[key].path, found[key].site_id)]
    if missing:
        raise Missing("place.missing", "没有这个货位，或不在您的管辖范围内", places=missing)
    return [found[key].id for key in data.bins]


def _new_bin(data: BinNew) -> NewBin:
    return NewBin(data.code, _bin_facts(data))


def _bin_facts(data: BinFactsIn) -> BinFacts:
    return BinFacts(data.volume_ml, data.weight_g, data.sort_key)


def _bin(place: Place) -> BinOut:
    return BinOut.model_validate(place, from_attributes=True)


def _edited(key: str, version: int) -> Response[Edited]:
    return Response(Edited(key=key, version=version), headers=etag(version))


HANDLERS: list[Any] = [
    list_sites,
    get_site,
    create_site,
    edit_site,
    retire_site,
    add_zone,
    get_zone,
    edit_zone,
    retire_zone,
    list_bins,
    get_bin,
    add_bins,
    edit_bin,
    close_bins,
    open_bins,
    retire_bins,
]
