"""Reads of norms. What concerns a place may be seen there: also rules of regions above that reach down to it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Missing
from catalog.kernel.listing import Listing
from catalog.kernel.page import Page
from catalog.regions.model import RegionFact, Tier
from warehouse.norms import rules
from warehouse.norms.model import (
    FIGURE_BASES,
    Alike,
    Basis,
    Each,
    Equivalent,
    Goods,
    Norm,
    NormFacts,
    Place,
    Requirement,
    Resolution,
    Season,
    Subject,
    What,
)

_PLAIN = (
    "site_id, region_id, item_id, class_id, minimum, reorder, target, maximum, lead_days, round_to, basis_per, unit"
)
_OTHER = "valid_from, valid_to, source, note"
_FACTS = [*_PLAIN.split(", "), *_OTHER.split(", ")]
_SELECT = (
    "SELECT n.id, n.seq, r.path, r.tier, c.path, n.version, n.retired_at, coalesce(s.code, r.key),"
    " coalesce(s.name_zh, r.name_zh), CASE WHEN s.id IS NULL THEN r.name_en ELSE s.name_en END,"
    " coalesce(i.key, c.code), coalesce(i.name_zh, c.name_zh), coalesce(i.name_en, c.name_en),"
    " coalesce(i.unit_zh, n.unit), i.unit_en, coalesce(i.unit_factor, 1), n.created_by, n.each, n.basis,"
    " n.season_from, n.season_to, " + ", ".join(f"n.{name}" for name in _FACTS) + " FROM norm n"
    " LEFT JOIN site s ON s.id = n.site_id JOIN region r ON r.id = coalesce(n.region_id, s.region_id)"
    " LEFT JOIN item i ON i.id = n.item_id LEFT JOIN material_class c ON c.id = n.class_id"
)
_SEEN = (
    "(r.path LIKE ANY({}::text[]) OR n.site_id = ANY({}::bigint[]) OR (n.each IS NOT NULL AND EXISTS (SELECT 1 FROM"
    " (SELECT unnest({}::text[]) AS path UNION ALL SELECT path FROM site WHERE id = ANY({}::bigint[])) mine"
    " WHERE starts_with(mine.path, r.path))))"
)
# Paths that begin with "/1/" lie from "/1/" up to "/10": said so, the index on paths serves each region.
_SITES_BELOW = (
    "(SELECT count(*) FROM site s WHERE s.retired_at IS NULL AND s.path ~>=~ r.path"
    " AND s.path ~<~ (rtrim(r.path, '/') || '0'))::int"
)
_CALLED = (
    "(lower({}) = ANY($1::text[]) OR retired_at IS NULL AND (lower(name_zh) = ANY($1) OR lower(name_en) = ANY($1)))"
)
_REGION = "SELECT r.id, r.path, r.tier, r.key, r.name_zh, r.name_en, NULL::bigint, {sites} FROM region r"
_SITE = "SELECT s.region_id, s.path, r.tier, s.code, s.name_zh, s.name_en, s.id, 1 FROM site s JOIN region r"
_GOODS = (
    "SELECT i.id, c.path, i.key, i.name_zh, i.name_en, i.unit_zh, i.unit_en, i.unit_factor FROM item i"
    " JOIN material_class c ON c.id = i.class_id WHERE i.retired_at IS NULL AND (i.kind = 'phantom_kit') = {}"
)


def _norm(row: Any) -> Norm:
    values = list(row)
    each, basis, season_from, season_to = values[17:21]
    facts = NormFacts(
        **dict(zip(_FACTS, values[21:], strict=True)),
        each=Each(each) if each else None,
        basis=Basis(basis),
        season=Season(season_from, season_to) if season_from else None,
    )
    path, tier, class_path, version, retired_at = values[2:7]
    return Norm(values[0], values[1], facts, path, Tier(tier), class_path, version, retired_at, *values[7:17])


async def _with_equivalents(norms: Sequence[Norm]) -> list[Norm]:
    ids = [norm.id for norm in norms if norm.facts.class_id is not None]
    if not ids:
        return list(norms)
    found: dict[UUID, list[Equivalent]] = {}
    for row in await db.fetch(
        "SELECT norm_id, item_id, base, worth FROM norm_equivalent WHERE norm_id = ANY($1::uuid[]) ORDER BY item_id",
        ids,
    ):
        found.setdefault(row[0], []).append(Equivalent(*tuple(row)[1:]))
    return [
        replace(norm, facts=replace(norm.facts, equivalents=tuple(found[norm.id]))) if norm.id in found else norm
        for norm in norms
    ]


async def get_norm(norm_id: UUID, scope: Scope) -> Norm:
    """A norm that concerns something in scope, also a retired one. Raises Missing."""
    listing = Listing(_SELECT)
    listing.where("n.id = {}", norm_id)
    _in_sight(listing, scope)
    found = await listing.page(("n.seq",), None, 1, _norm)
    if not found.items:
        raise Missing("norm.missing", "没有这条储备标准，或不在您的管辖范围内", norm=str(norm_id))
    return (await _with_equivalents(found.items))[0]


def _in_sight(listing: Listing, scope: Scope) -> None:
    sites = list(scope.site_ids)
    listing.where(_SEEN, scope.prefixes, sites, list(scope.paths), sites)


async def list_norms(
    *,
    scope: Scope,
    text: str | None = None,
    under: str | None = None,
    site_id: int | None = None,
    basis: Basis | None = None,
    unverified: bool | None = None,
    retired: bool = False,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[Norm]:
    """Norms in sight, by place and then as they were made. `text`: part of a name or key of place or goods."""
    listing = Listing(_SELECT)
    _in_sight(listing, scope)
    if not retired:
        listing.where("n.retired_at IS NULL")
    if text:
        listing.where(
            "strpos(upper(concat_ws(' ', s.code, s.name_zh, s.name_en, r.key, r.name_zh, r.name_en, i.key, i.name_zh,"
            " i.name_en, c.code, c.name_zh, c.name_en)), upper({})) > 0",
            text,
        )
    if under is not None:
        listing.where("r.path LIKE {}", under + "%")
    if site_id is not None:
        listing.where("n.site_id = {}", site_id)
    if basis is not None:
        listing.where("n.basis = {}", basis.value)
    if unverified is not None:
        listing.where("(n.source ILIKE 'unverified%') = {}", unverified)
    found = await listing.page(('r.path COLLATE "C"', "n.seq"), cursor, limit, _norm)
    return Page(await _with_equivalents(found.items), found.next_cursor)


async def norms_around(path: str, at: datetime | None = None) -> list[Norm]:
    """Every norm anchored in the region at `path`, below it or above it, that is live, or was at an instant of the
    past. What it said before it was edited is in its history and does not count here. Not scoped: for decisions."""
    rows = await db.fetch(
        _SELECT + " WHERE (n.retired_at IS NULL OR n.retired_at > $2)"
        " AND (r.path LIKE $1 || '%' OR starts_with($1, r.path)) ORDER BY n.seq",
        path,
        at,
    )
    return await _with_equivalents([_norm(row) for row in rows])


async def norms_over(subjects: Iterable[Subject], item_ids: Iterable[int]) -> list[Norm]:
    """Live norms anchored at these places or at a region above one, for these items or for whatever class. For
    decisions about few places and goods; `norms_around` is for many."""
    there = list(subjects)
    rows = await db.fetch(
        _SELECT + " WHERE n.retired_at IS NULL AND (n.region_id = ANY($1::bigint[]) OR n.site_id = ANY($2::bigint[]))"
        " AND (n.class_id IS NOT NULL OR n.item_id = ANY($3::bigint[])) ORDER BY n.seq",
        sorted({int(part) for one in there for part in one.path.strip("/").split("/")}),
        [one.site_id for one in there if one.site_id is not None],
        list(item_ids),
    )
    return await _with_equivalents([_norm(row) for row in rows])


async def norms_for(wanted: Sequence[tuple[Subject, Sequence[Goods]]]) -> list[Norm]:
    """Live norms for whatever class that are anchored at these places or above them, and those for the goods that each
    place is asked about. Two hundred places and items have twenty thousand pairs, of which few are asked about."""
    pairs = [(subject.site_id, one.item_id) for subject, goods in wanted if subject.site_id for one in goods]
    rows = await db.fetch(
        _SELECT + " WHERE n.id IN ("
        "SELECT id FROM norm WHERE retired_at IS NULL AND region_id = ANY($1::bigint[])"
        " AND (class_id IS NOT NULL OR item_id = ANY($3::bigint[]))"
        " UNION ALL"
        " SELECT id FROM norm WHERE retired_at IS NULL AND class_id IS NOT NULL AND site_id = ANY($2::bigint[])"
        " UNION ALL SELECT m.id FROM unnest($4::bigint[], $5::bigint[]) k (site_id, item_id)"
        " JOIN norm m USING (site_id, item_id) WHERE m.retired_at IS NULL) ORDER BY n.seq",
        sorted({int(part) for subject, _ in wanted for part in subject.path.strip("/").split("/")}),
        [subject.site_id for subject, _ in wanted if subject.site_id is not None],
        sorted({one.item_id for _, goods in wanted for one in goods}),
        [site for site, _ in pairs],
        [item for _, item in pairs],
    )
    return await _with_equivalents([_norm(row) for row in rows])


async def norms_at(region_ids: Iterable[int], site_ids: Iterable[int]) -> list[Norm]:
    """Live norms anchored at these very places. Not scoped: for decisions."""
    rows = await db.fetch(
        _SELECT + " WHERE n.retired_at IS NULL AND (n.region_id = ANY($1::bigint[]) OR n.site_id = ANY($2::bigint[]))"
        " ORDER BY n.seq",
        list(region_ids),
        list(site_ids),
    )
    return await _with_equivalents([_norm(row) for row in rows])


# --- who and what ---------------------------------------------------------------------------------------------------


async def subjects_under(path: str, on: date, *, sites: bool = True) -> list[Subject]:
    """The region at `path`, every live region and site below it, with their newest figures known on the day.

    Three statements, however many. Not scoped: the caller's scope covers `path`.
    """
    rows = list(
        await db.fetch(
            _REGION.format(sites=_SITES_BELOW)
            + " WHERE r.path LIKE $1 || '%' AND r.retired_at IS NULL ORDER BY r.path COLLATE \"C\"",
            path,
        )
    )
    if sites:
        rows += await db.fetch(
            _SITE + " ON r.id = s.region_id WHERE s.path LIKE $1 || '%' AND s.retired_at IS NULL"
            ' ORDER BY s.code COLLATE "C"',
            path,
        )
    return await _with_figures(rows, on)


async def root_paths() -> list[str]:
    """The paths of the cities: one."""
    return [row[0] for row in await db.fetch("SELECT path FROM region WHERE parent_id IS NULL ORDER BY id")]


async def subjects_of(region_ids: Iterable[int], site_ids: Iterable[int], on: date) -> list[Subject]:
    """These live regions and sites, with their figures. Not scoped: for decisions."""
    rows = list(
        await db.fetch(
            _REGION.format(sites=_SITES_BELOW)
            + " WHERE r.id = ANY($1::bigint[]) AND r.retired_at IS NULL ORDER BY r.id",
            list(region_ids),
        )
    )
    rows += await db.fetch(
        _SITE + " ON r.id = s.region_id WHERE s.id = ANY($1::bigint[]) AND s.retired_at IS NULL ORDER BY s.id",
        list(site_ids),
    )
    return await _with_figures(rows, on)


async def get_subject(*, region: str | None, site: str | None, scope: Scope, on: date) -> Subject:
    """A region by key or a site by code, in scope. Raises Missing."""
    if site is not None:
        rows = await db.fetch(_SITE + " ON r.id = s.region_id WHERE s.code = $1", site)
    else:
        rows = await db.fetch(_REGION.format(sites=_SITES_BELOW) + " WHERE r.key = $1", region)
    found = await _with_figures(rows, on)
    if not found or not scope.covers(found[0].path, found[0].site_id):
        raise Missing("norm.no-such-place", "没有这个区划或库点，或不在您的管辖范围内", place=site or region)
    return found[0]


async def _with_figures(rows: Sequence[Any], on: date) -> list[Subject]:
    figures: dict[int, list[RegionFact]] = {}
    for row in await db.fetch(
        "SELECT DISTINCT ON (region_id, kind) region_id, kind, value, as_of, source FROM region_fact"
        " WHERE region_id = ANY($1::bigint[]) AND kind = ANY($2::text[]) AND as_of <= $3"
        " ORDER BY region_id, kind, as_of DESC",
        [row[0] for row in rows if row[6] is None],
        [basis.value for basis in FIGURE_BASES],
        on,
    ):
        figures.setdefault(row[0], []).append(RegionFact(*tuple(row)[1:]))
    return [
        Subject(
            row[0], row[1], Tier(row[2]), row[3], row[4], row[5], row[6], tuple(figures.get(row[0], ())), row[7] or 0
        )
        for row in rows
    ]


async def list_goods(item_keys: Iterable[str] | None = None, class_path: str | None = None) -> list[Goods]:
    """Live items that can stand in store, with their main class; all of them, these, or those of a class."""
    rows = await db.fetch(
        _GOODS.format("false")
        + " AND ($1::text[] IS NULL OR i.key = ANY($1)) AND ($2::text IS NULL OR c.path LIKE $2 || '%')"
        ' ORDER BY i.key COLLATE "C"',
        list(item_keys) if item_keys is not None else None,
        class_path,
    )
    return [Goods(*row) for row in rows]


async def list_phantom_kits() -> list[Goods]:
    """Live kits that are never stored as such: a norm for one is a norm for what it is made of."""
    return [Goods(*row) for row in await db.fetch(_GOODS.format("true") + ' ORDER BY i.key COLLATE "C"')]


# --- what holds -----------------------------------------------------------------------------------------------------


async def why(
    *, scope: Scope, region: str | None = None, site: str | None = None, item: str, on: date
) -> tuple[Subject, Goods, Resolution]:
    """What a place must hold of an item on a day, with the whole chain of how it came about. Raises Missing."""
    subject = await get_subject(region=region, site=site, scope=scope, on=on)
    goods = await list_goods([item])
    if not goods:
        raise Missing("stock.no-such-item", "没有这种物资", item=item)
    norms = await norms_around(subject.path)
    return subject, goods[0], rules.resolve(norms, subject, goods[0], on)


async def requirements(
    *, scope: Scope, path: str, on: date, sites: bool = True, class_path: str | None = None
) -> list[Requirement]:
    """What every place in the region at `path` must hold on a day: regions first, then sites; parents before children.

    Six statements for any number of places and goods. Raises Missing where `path` lies out of scope.
    """
    if not scope.covers(path):
        raise Missing("norm.no-such-place", "没有这个区划或库点，或不在您的管辖范围内", place=path)
    subjects = await subjects_under(path, on, sites=sites)
    return rules.requirements(await norms_around(path), subjects, await list_goods(class_path=class_path), on)


async def alike(
    *,
    scope: Scope,
    path: str,
    on: date,
    goods: Iterable[Goods],
    at: datetime | None = None,
    site_ids: Collection[int] | None = None,
) -> list[Alike]:
    """`requirements` for a thousand towns, put together by the norms that places share: of the regions in `path`; with
    `site_ids`, of these sites there instead. `at`: norms that were live then.

    Raises Missing where `path` lies out of scope (and one of the sites does).
    """
    if not scope.covers(path) and not (site_ids and scope.site_ids.issuperset(site_ids)):
        raise Missing("norm.no-such-place", "没有这个区划或库点，或不在您的管辖范围内", place=path)
    subjects = [
        one
        for one in await subjects_under(path, on, sites=site_ids is not None)
        if (one.site_id is None if site_ids is None else one.site_id in site_ids)
    ]
    return rules.alike(await norms_around(path, at), subjects, goods, on)


async def describe(facts: Sequence[tuple[UUID, int, int, NormFacts]]) -> list[Norm]:
    """Norms as they would be with these (id, seq, version, facts): places and goods named. Four statements.

    Raises Missing for a place, item or class that is not there.
    """
    regions = await _named("SELECT id, path, tier, key, name_zh, name_en FROM region", [f.region_id for *_, f in facts])
    sites = await _named(
        "SELECT s.id, s.path, r.tier, s.code, s.name_zh, s.name_en FROM site s JOIN region r ON r.id = s.region_id",
        [f.site_id for *_, f in facts],
        "s.id",
    )
    items = await _named(
        "SELECT id, NULL::text, key, name_zh, name_en, unit_zh, unit_en, unit_factor FROM item",
        [f.item_id for *_, f in facts],
    )
    classes = await _named(
        "SELECT id, path, code, name_zh, name_en, '', NULL, 1 FROM material_class", [f.class_id for *_, f in facts]
    )
    made = []
    for norm_id, seq, version, one in facts:
        at = sites.get(one.site_id or 0) if one.site_id is not None else regions.get(one.region_id or 0)
        of = items.get(one.item_id or 0) if one.item_id is not None else classes.get(one.class_id or 0)
        if at is None:
            raise Missing("norm.no-such-place", "没有这个区划或库点，或不在您的管辖范围内", place=one.region_id)
        if of is None:
            raise Missing("norm.no-such-goods", "没有这种物资或类别", item_id=one.item_id, class_id=one.class_id)
        made.append(
            Norm(norm_id, seq, one, at[1], Tier(at[2]), of[1], version, None, at[3], at[4], at[5], of[2], of[3],
                 of[4], of[5] or one.unit, of[6], of[7], "")
        )  # fmt: skip
    return made


async def places_named(texts: Iterable[str], scope: Scope) -> list[Place]:
    """Regions and sites with one of these keys or names, in scope or above it: their norms reach down into it."""
    rows = await db.fetch(
        "SELECT key, name_zh, name_en, path, id, NULL::bigint FROM region WHERE {} UNION ALL"
        " SELECT code, name_zh, name_en, path, NULL, id FROM site WHERE {}".format(
            _CALLED.format("key"), _CALLED.format("code")
        ),
        sorted({one.casefold() for one in texts}),
    )
    found = [Place(*row) for row in rows]
    return [
        one
        for one in found
        if scope.covers(one.path, one.site_id)
        or (one.site_id is None and any(path.startswith(one.path) for path in scope.paths))
    ]


async def goods_named(texts: Iterable[str], scheme: str) -> list[What]:
    """Items, and classes of a scheme, with one of these keys or names."""
    rows = await db.fetch(
        "SELECT key, name_zh, name_en, id, NULL::bigint, unit_zh, unit_en, unit_factor FROM item WHERE {} UNION ALL"
        " SELECT code, name_zh, name_en, NULL, id, '', NULL, 1 FROM material_class WHERE scheme = $2 AND {}".format(
            _CALLED.format("key"), _CALLED.format("code")
        ),
        sorted({one.casefold() for one in texts}),
        scheme,
    )
    return [What(*row) for row in rows]


async def _named(select: str, ids: Iterable[int | None], key: str = "id") -> Mapping[int, Any]:
    wanted = sorted({one for one in ids if one is not None})
    if not wanted:
        return {}
    return {row[0]: row for row in await db.fetch(f"{select} WHERE {key} = ANY($1::bigint[])", wanted)}
