"""Reads of the class schemes."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from catalog.classes.model import CLASS_SCHEME, MaterialClass
from catalog.kernel import db
from catalog.kernel.errors import Missing
from catalog.kernel.listing import Listing
from catalog.kernel.page import Page

_COLUMNS = (
    "id, scheme, code, parent_id, path, level, name_zh, name_en, mapped_id, source, version, retired_at,"
    " near_expiry_days"
)


def _class(row: Any) -> MaterialClass:
    values = list(row)
    values[-1] = tuple(values[-1])
    return MaterialClass(*values)


async def find_class(class_id: int) -> MaterialClass | None:
    """A class by id, also a retired one."""
    row = await db.fetch_row(f"SELECT {_COLUMNS} FROM material_class WHERE id = $1", class_id)
    return _class(row) if row else None


async def get_class(class_id: int) -> MaterialClass:
    """A class by id. Raises Missing."""
    found = await find_class(class_id)
    if found is None:
        raise Missing("class.missing", "没有这个类别", class_id=class_id)
    return found


async def find_classes(keys: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], MaterialClass]:
    """Classes by (scheme, code), set-wise; unknown ones are left out."""
    wanted = list(keys)
    rows = await db.fetch(
        f"SELECT {_COLUMNS} FROM material_class WHERE (scheme, code) IN (SELECT * FROM unnest($1::text[], $2::text[]))",
        [scheme for scheme, _ in wanted],
        [code for _, code in wanted],
    )
    return {(row[1], row[2]): _class(row) for row in rows}


async def get_by_code(scheme: str, code: str) -> MaterialClass:
    """A class by scheme and code. Raises Missing."""
    found = (await find_classes([(scheme, code)])).get((scheme, code))
    if found is None:
        raise Missing("class.missing", "没有这个类别", scheme=scheme, class_code=code)
    return found


async def find_classes_by_id(class_ids: Iterable[int]) -> Mapping[int, MaterialClass]:
    """Classes by id, set-wise; unknown ones are left out."""
    rows = await db.fetch(f"SELECT {_COLUMNS} FROM material_class WHERE id = ANY($1::bigint[])", list(class_ids))
    return {row[0]: _class(row) for row in rows}


async def list_schemes() -> Sequence[str]:
    """The schemes there are."""
    return [row[0] for row in await db.fetch("SELECT DISTINCT scheme FROM material_class ORDER BY scheme")]


async def list_classes(
    *,
    scheme: str | None = None,
    query: str | None = None,
    parent_id: int | None = None,
    under: str | None = None,
    retired: bool = False,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[MaterialClass]:
    """Classes by scheme and code. `under` is a path: that class and all below it."""
    found = Listing(f"SELECT {_COLUMNS} FROM material_class")
    if not retired:
        found.where("retired_at IS NULL")
    if scheme is not None:
        found.where("scheme = {}", scheme)
    if parent_id is not None:
        found.where("parent_id = {}", parent_id)
    if under is not None:
        found.where("path LIKE {}", under + "%")
    found.search("search", query)
    return await found.page(('scheme COLLATE "C"', 'code COLLATE "C"'), cursor, limit, _class)


async def own_classes(deepest: int | None = None) -> Sequence[MaterialClass]:
    """All classes in use of the city's own scheme, by code, as forms and filters offer them.

    `deepest`: only classes down to this level.
    """
    rows = await db.fetch(
        f"SELECT {_COLUMNS} FROM material_class WHERE scheme = $1 AND retired_at IS NULL"
        ' AND ($2::int IS NULL OR level <= $2) ORDER BY code COLLATE "C"',
        CLASS_SCHEME,
        deepest,
    )
    return [_class(row) for row in rows]
