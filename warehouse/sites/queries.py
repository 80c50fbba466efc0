"""Reads of sites, zones and places. Every one takes a scope; only `find_places` (scanning) resolves first and lets its
caller check the path it finds."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Missing
from catalog.kernel.listing import Listing
from catalog.kernel.page import Page
from catalog.regions import queries as regions
from warehouse.parties.queries import find_names
from warehouse.sites.model import FoundPlace, Place, PlaceKind, Site, SiteCard, SiteKind, Zone

_SITE_COLUMNS = ", ".join(f"s.{name}" for name in Site.__slots__)
_SITE_SCOPE = "(s.path LIKE ANY({}::text[]) OR s.id = ANY({}::bigint[]))"
_ZONE_SELECT = """
SELECT z.id, z.site_id, z.code, z.name_zh, z.name_en, z.storage_classes, z.version, z.retired_at,
    (SELECT count(*) FROM place p WHERE p.zone_id = z.id AND p.retired_at IS NULL),
    (SELECT count(*) FROM place p WHERE p.zone_id = z.id AND p.retired_at IS NULL AND p.closed_by IS NOT NULL)
FROM zone z JOIN site s ON s.id = z.site_id"""
_PLACE_SELECT = """SELECT p.id, p.uuid, p.kind, p.site_id, p.zone_id, p.code, p.key, p.sort_key, p.volume_ml,
p.weight_g, p.closed_by IS NOT NULL, p.close_reason, p.version, p.retired_at
FROM place p JOIN site s ON s.id = p.site_id"""
_FOUND = """
SELECT p.id, p.kind, p.site_id, s.code, s.name_zh, s.path, p.zone_id, z.code, coalesce(z.storage_classes, '{}'),
    p.code, p.key, p.closed_by IS NOT NULL, p.retired_at IS NOT NULL OR s.retired_at IS NOT NULL
FROM place p JOIN site s ON s.id = p.site_id LEFT JOIN zone z ON z.id = p.zone_id
"""


def _site(row: Any) -> Site:
    values = list(row)
    values[5] = SiteKind(values[5])
    return Site(*values)


def _zone(row: Any) -> Zone:
    values = list(row)
    values[5] = tuple(values[5])
    return Zone(*values)


def _place(row: Any) -> Place:
    values = list(row)
    values[2] = PlaceKind(values[2])
    return Place(*values)


def _found(row: Any) -> FoundPlace:
    values = list(row)
    values[1] = PlaceKind(values[1])
    values[8] = tuple(values[8])
    return FoundPlace(*values)


# --- sites ------------------------------------------------------------------------------------------------


async def find_site(site_id: int, scope: Scope) -> Site | None:
    """A site in scope, also a retired one."""
    sql = f"SELECT {_SITE_COLUMNS} FROM site s WHERE s.id = $1 AND " + _SITE_SCOPE.format("$2", "$3")
    row = await db.fetch_row(sql, site_id, scope.prefixes, list(scope.site_ids))
    return _site(row) if row else None


async def get_site(site_id: int, scope: Scope) -> Site:
    """A site in scope. Raises Missing."""
    found = await find_site(site_id, scope)
    if found is None:
        raise Missing("site.missing", "没有这个储备库点，或不在您的管辖范围内", site_id=site_id)
    return found


async def find_sites(codes: Iterable[str], scope: Scope) -> Mapping[str, Site]:
    """Sites in scope by code, set-wise; others are left out."""
    sql = f"SELECT {_SITE_COLUMNS} FROM site s WHERE s.code = ANY($1::text[]) AND " + _SITE_SCOPE.format("$2", "$3")
    rows = await db.fetch(sql, list(codes), scope.prefixes, list(scope.site_ids))
    return {row[2]: _site(row) for row in rows}


async def get_by_code(code: str, scope: Scope) -> Site:
    """A site in scope by code. Raises Missing."""
    found = (await find_sites([code], scope)).get(code)
    if found is None:
        raise Missing("site.missing", "没有这个储备库点，或不在您的管辖范围内", site=code)
    return found


async def list_sites(
    *,
    scope: Scope,
    query: str | None = None,
    kind: SiteKind | None = None,
    under: str | None = None,
    custodian_id: int | None = None,
    custody: bool | None = None,
    retired: bool = False,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[Site]:
    """Sites in scope by code. `under` is a region's path; `custody`: only those that keep goods for another owner."""
    found = Listing(f"SELECT {_SITE_COLUMNS} FROM site s")
    found.where(_SITE_SCOPE, scope.prefixes, list(scope.site_ids))
    if not retired:
        found.where("s.retired_at IS NULL")
    if kind is not None:
        found.where("s.kind = {}", kind.value)
    if under is not None:
        found.where("s.path LIKE {}", under + "%")
    if custodian_id is not None:
        found.where("s.custodian_id = {}", custodian_id)
    if custody is not None:
        found.where("(s.custody_for_id IS NOT NULL) = {}", custody)
    found.search("s.search", query)
    return await found.page(('s.code COLLATE "C"',), cursor, limit, _site)


async def english_names() -> dict[str, str]:
    """The English names of stores by their Chinese ones."""
    rows = await db.fetch("SELECT name_zh, name_en FROM site WHERE name_en IS NOT NULL")
    return {row[0]: row[1] for row in rows}


async def count_sites_under(path: str) -> int:
    """How many live sites stand in a region or below it, whoever asks: what retiring a region must know."""
    return int(
        await db.fetch_value("SELECT count(*) FROM site WHERE path LIKE $1 AND retired_at IS NULL", path + "%") or 0
    )


async def get_card(site_id: int, scope: Scope) -> SiteCard:
    """A site with its zones, staging place and the first bins. Raises Missing."""
    site = await get_site(site_id, scope)
    names = await find_names([site.custodian_id]) if site.custodian_id is not None else {}
    staging = await list_places(site_id=site_id, scope=scope, kinds=(PlaceKind.STAGING,), retired=True)
    return SiteCard(
        site=site,
        regions=tuple(await regions.list_parents(site.path)),
        custodian=names.get(site.custodian_id or 0),
        custody_for=await regions.find_region(site.custody_for_id) if site.custody_for_id is not None else None,
        zones=tuple(await list_zones(site_id, scope)),
        staging=staging.items[0] if staging.items else None,
        bins=await list_places(site_id=site_id, scope=scope),
    )


# --- zones ------------------------------------------------------------------------------------------------


async def get_zone(zone_id: int, scope: Scope) -> Zone:
    """A zone of a site in scope. Raises Missing."""
    sql = f"{_ZONE_SELECT} WHERE z.id = $1 AND " + _SITE_SCOPE.format("$2", "$3")
    row = await db.fetch_row(sql, zone_id, scope.prefixes, list(scope.site_ids))
    if row is None:
        raise Missing("zone.missing", "没有这个库区，或不在您的管辖范围内", zone_id=zone_id)
    return _zone(row)


async def get_zone_by_code(site_id: int, code: str, scope: Scope) -> Zone:
    """A zone of a site in scope by code. Raises Missing."""
    for zone in await list_zones(site_id, scope, retired=True):
        if zone.code == code:
            return zone
    raise Missing("zone.missing", "没有这个库区，或不在您的管辖范围内", zone=code)


async def list_zones(site_id: int, scope: Scope, *, retired: bool = False) -> Sequence[Zone]:
    """The zones of a site in scope, by code."""
    sql = (
        f"{_ZONE_SELECT} WHERE z.site_id = $1 AND ($4 OR z.retired_at IS NULL) AND {_SITE_SCOPE.format('$2', '$3')}"
        ' ORDER BY z.code COLLATE "C"'
    )
    rows = await db.fetch(sql, site_id, scope.prefixes, list(scope.site_ids), retired)
    return [_zone(row) for row in rows]


# --- places -----------------------------------------------------------------------------------------------


async def find_place(place_id: int, scope: Scope) -> Place | None:
    """A place of a site in scope, also a retired one."""
    sql = f"{_PLACE_SELECT} WHERE p.id = $1 AND " + _SITE_SCOPE.format("$2", "$3")
    row = await db.fetch_row(sql, place_id, scope.prefixes, list(scope.site_ids))
    return _place(row) if row else None


async def get_place(place_id: int, scope: Scope) -> Place:
    """A place of a site in scope. Raises Missing."""
    found = await find_place(place_id, scope)
    if found is None:
        raise Missing("place.missing", "没有这个货位，或不在您的管辖范围内", place_id=place_id)
    return found


async def get_place_by_key(key: str, scope: Scope) -> Place:
    """A place of a site in scope by its own key. Raises Missing."""
    sql = f"{_PLACE_SELECT} WHERE p.key = $1 AND " + _SITE_SCOPE.format("$2", "$3")
    row = await db.fetch_row(sql, key, scope.prefixes, list(scope.site_ids))
    if row is None:
        raise Missing("place.missing", "没有这个货位，或不在您的管辖范围内", place=key)
    return _place(row)


async def list_places(
    *,
    site_id: int,
    scope: Scope,
    zone_id: int | None = None,
    kinds: Sequence[PlaceKind] = (PlaceKind.BIN,),
    query: str | None = None,
    closed: bool | None = None,
    retired: bool = False,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[Place]:
    """The places of a site in walking order. `query` is the beginning of a code, or a key."""
    found = Listing(_PLACE_SELECT)
    found.where(_SITE_SCOPE, scope.prefixes, list(scope.site_ids))
    found.where("p.site_id = {} AND p.kind = ANY({}::text[])", site_id, [kind.value for kind in kinds])
    if not retired:
        found.where("p.retired_at IS NULL")
    if zone_id is not None:
        found.where("p.zone_id = {}", zone_id)
    if closed is not None:
        found.where("(p.closed_by IS NOT NULL) = {}", closed)
    wanted = (query or "").strip().upper()[:60]
    if wanted:
        found.where("(starts_with(p.code, {}) OR p.key = {})", wanted, wanted)
    return await found.page(('p.sort_key COLLATE "C"', "p.id"), cursor, limit, _place)


async def find_places(keys: Sequence[str]) -> Mapping[str, FoundPlace]:
    """What own keys of places lead to, set-wise in one statement; unknown ones are left out.

    Not scoped: the caller checks `path` and `site_id` against its grants before it shows anything.
    """
    rows = await db.fetch(f"{_FOUND} WHERE p.key = ANY($1::text[])", list(keys))
    return {row[10]: _found(row) for row in rows}


async def find_places_by_code(site_id: int, codes: Sequence[str]) -> Mapping[str, FoundPlace]:
    """What the codes on the racks of one site lead to, set-wise. Not scoped: see `find_places`."""
    rows = await db.fetch(f"{_FOUND} WHERE p.site_id = $1 AND p.code = ANY($2::text[])", site_id, list(codes))
    return {row[9]: _found(row) for row in rows}
