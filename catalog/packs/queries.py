"""Reads of packs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from catalog.kernel import db
from catalog.kernel.errors import Missing
from catalog.packs.model import Pack

_COLUMNS = "id, item_id, key, name_zh, name_en, factor, weight_g, volume_ml, is_default, source, version, retired_at"


def _pack(row: Any) -> Pack:
    return Pack(*row)


async def find_pack(pack_id: int) -> Pack | None:
    """A pack by id, also a retired one."""
    row = await db.fetch_row(f"SELECT {_COLUMNS} FROM pack WHERE id = $1", pack_id)
    return _pack(row) if row else None


async def get_pack(pack_id: int) -> Pack:
    """A pack by id. Raises Missing."""
    found = await find_pack(pack_id)
    if found is None:
        raise Missing("pack.missing", "没有这种包装", pack_id=pack_id)
    return found


async def get_by_key(key: str) -> Pack:
    """A pack by its own key. Raises Missing."""
    row = await db.fetch_row(f"SELECT {_COLUMNS} FROM pack WHERE key = $1", key)
    if row is None:
        raise Missing("pack.missing", "没有这种包装", pack=key)
    return _pack(row)


async def find_packs(pack_ids: Iterable[int]) -> Mapping[int, Pack]:
    """Packs by id, set-wise; unknown ones are left out."""
    rows = await db.fetch(f"SELECT {_COLUMNS} FROM pack WHERE id = ANY($1::bigint[])", list(pack_ids))
    return {row[0]: _pack(row) for row in rows}


async def list_packs(item_id: int, *, retired: bool = False) -> Sequence[Pack]:
    """The packs of one item, smallest first."""
    rows = await db.fetch(
        f"SELECT {_COLUMNS} FROM pack WHERE item_id = $1 AND ($2 OR retired_at IS NULL) ORDER BY factor, id",
        item_id,
        retired,
    )
    return [_pack(row) for row in rows]


async def english_names() -> dict[str, str]:
    """The English names of packs by their Chinese ones."""
    rows = await db.fetch("SELECT DISTINCT ON (name_zh) name_zh, name_en FROM pack WHERE name_en <> '' ORDER BY 1, 2")
    return {row[0]: row[1] for row in rows}
