"""Reads of the region tree. The tree itself is public within the city; what hangs on it is scoped by its owners."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Missing
from catalog.kernel.listing import Listing
from catalog.kernel.page import Page
from catalog.regions.model import Region, RegionCode, RegionFact, RegionKind, Tier

_COLUMNS = "id, key, parent_id, tier, kind, path, name_zh, name_en, lat, lon, source, version, retired_at"


def _region(row: Any) -> Region:
    values = list(row)
    values[3], values[4] = Tier(values[3]), RegionKind(values[4])
    return Region(*values)


async def root_path() -> str:
    """The path of the city; "/" while there is none (then only the house may act)."""
    path = await db.fetch_value("SELECT path FROM region WHERE parent_id IS NULL")
    return str(path) if path else "/"


async def find_region(region_id: int) -> Region | None:
    """A region by id, also a retired one."""
    row = await db.fetch_row(f"SELECT {_COLUMNS} FROM region WHERE id = $1", region_id)
    return _region(row) if row else None


async def get_region(region_id: int) -> Region:
    """A region by id. Raises Missing."""
    found = await find_region(region_id)
    if found is None:
        raise Missing("region.missing", "没有这个区划", region_id=region_id)
    return found


async def find_regions(keys: Iterable[str]) -> Mapping[str, Region]:
    """Regions by key, set-wise; keys without a region are left out."""
    rows = await db.fetch(f"SELECT {_COLUMNS} FROM region WHERE key = ANY($1::text[])", list(keys))
    return {row[1]: _region(row) for row in rows}


async def get_by_key(key: str) -> Region:
    """A region by key. Raises Missing."""
    found = (await find_regions([key])).get(key)
    if found is None:
        raise Missing("region.missing", "没有这个区划", region=key)
    return found


async def find_regions_by_id(region_ids: Iterable[int]) -> Mapping[int, Region]:
    """Regions by id, set-wise; unknown ones are left out."""
    rows = await db.fetch(f"SELECT {_COLUMNS} FROM region WHERE id = ANY($1::bigint[])", list(region_ids))
    return {row[0]: _region(row) for row in rows}


async def find_by_code(scheme: str, code: str, on: date) -> Region | None:
    """The region that `scheme` called `code` on that day."""
    columns = ", ".join("r." + c for c in _COLUMNS.split(", "))
    row = await db.fetch_row(
        f"SELECT {columns} FROM region r JOIN region_code c ON c.region_id = r.id WHERE c.scheme = $1 AND c.code = $2"
        " AND c.valid_from <= $3 AND (c.valid_to IS NULL OR c.valid_to >= $3)",
        scheme,
        code,
        on,
    )
    return _region(row) if row else None


async def list_regions(
    *,
    query: str | None = None,
    parent_id: int | None = None,
    under: str | None = None,
    tier: Tier | None = None,
    retired: bool = False,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[Region]:
    """Regions by key. `under` is a path: that node and all below it."""
    found = Listing(f"SELECT {_COLUMNS} FROM region")
    if not retired:
        found.where("retired_at IS NULL")
    if parent_id is not None:
        found.where("parent_id = {}", parent_id)
    if under is not None:
        found.where("path LIKE {}", under + "%")
    if tier is not None:
        found.where("tier = {}", tier.value)
    found.search("search", query)
    return await found.page(('key COLLATE "C"', "id"), cursor, limit, _region)


async def english_names() -> dict[str, str]:
    """The English names of regions by their Chinese ones."""
    rows = await db.fetch("SELECT name_zh, name_en FROM region WHERE name_en IS NOT NULL")
    return {row[0]: row[1] for row in rows}


async def list_subtree(path: str) -> Sequence[Region]:
    """The node at `path` and everything alive below it, parents first."""
    rows = await db.fetch(
        f"SELECT {_COLUMNS} FROM region WHERE path LIKE $1 AND retired_at IS NULL ORDER BY length(path), path",
        path + "%",
    )
    return [_region(row) for row in rows]


async def list_in(scope: Scope) -> list[Region]:
    """All living nodes of a scope's subtrees, parents first in each."""
    return [one for path in scope.paths for one in await list_subtree(path)]


async def list_parents(path: str) -> Sequence[Region]:
    """The nodes from the city down to `path` itself: the breadcrumb."""
    ids = [int(part) for part in path.strip("/").split("/") if part]
    rows = await db.fetch(f"SELECT {_COLUMNS} FROM region WHERE id = ANY($1::bigint[]) ORDER BY length(path)", ids)
    return [_region(row) for row in rows]


async def list_codes(region_id: int) -> Sequence[RegionCode]:
    """Every code the region has or had, newest first."""
    rows = await db.fetch(
        "SELECT scheme, code, valid_from, valid_to, source FROM region_code WHERE region_id = $1"
        " ORDER BY scheme, valid_from DESC",
        region_id,
    )
    return [RegionCode(*row) for row in rows]


async def list_facts(region_id: int, *, on: date | None = None) -> Sequence[RegionFact]:
    """The newest figure of each kind known for the day `on`; every figure, newest first, without a day."""
    distinct, until = ("", date.max) if on is None else ("DISTINCT ON (kind) ", on)
    rows = await db.fetch(
        f"SELECT {distinct}kind, value, as_of, source FROM region_fact WHERE region_id = $1 AND as_of <= $2"
        " ORDER BY kind, as_of DESC",
        region_id,
        until,
    )
    return [RegionFact(*row) for row in rows]


async def find_facts(kind: str, region_ids: Iterable[int], on: date) -> Mapping[int, RegionFact]:
    """The newest figure of one kind for many regions; unknown ones are left out, never zero."""
    rows = await db.fetch(
        "SELECT DISTINCT ON (region_id) region_id, kind, value, as_of, source FROM region_fact"
        " WHERE kind = $1 AND region_id = ANY($2::bigint[]) AND as_of <= $3 ORDER BY region_id, as_of DESC",
        kind,
        list(region_ids),
        on,
    )
    return {row[0]: RegionFact(*tuple(row)[1:]) for row in rows}
