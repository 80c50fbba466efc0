"""Reads of the item master. The catalogue is one for the city and has no scope."""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from catalog.classes import queries as classes
from catalog.classes.model import MaterialClass
from catalog.items import rules
from catalog.items.model import (
    Care,
    CareBasis,
    ClassOfItem,
    CodeHit,
    CodeKind,
    Item,
    ItemAlias,
    ItemCard,
    ItemCode,
    ItemKind,
    StorageClass,
    SubstituteLine,
    Tracking,
    WaitingSubstitute,
)
from catalog.kernel import db
from catalog.kernel.errors import Invalid, Missing
from catalog.kernel.listing import Listing
from catalog.kernel.page import Page
from catalog.kernel.quantity import Dimension
from catalog.kits import queries as kits
from catalog.packs import queries as packs

_COLUMNS = ", ".join(f"i.{name}" for name in Item.__slots__)
_SORTS = {
    "name": ('i.sort_key COLLATE "C"', "i.id"),
    "key": ('i.key COLLATE "C"',),
    "id": ("i.id",),
}


def _item(row: Any) -> Item:
    values = dict(zip(Item.__slots__, row, strict=True))
    values["dimension"] = Dimension(values["dimension"])
    values["tracking"] = Tracking(values["tracking"])
    values["kind"] = ItemKind(values["kind"])
    values["disaster_types"] = tuple(values["disaster_types"])
    values["near_expiry_days"] = tuple(values["near_expiry_days"])
    return Item(**values)


async def find_item(item_id: int) -> Item | None:
    """An item by id, also a retired one."""
    row = await db.fetch_row(f"SELECT {_COLUMNS} FROM item i WHERE i.id = $1", item_id)
    return _item(row) if row else None


async def get_item(item_id: int) -> Item:
    """An item by id. Raises Missing."""
    found = await find_item(item_id)
    if found is None:
        raise Missing("item.missing", "没有这种物资", item_id=item_id)
    return found


async def find_items(item_ids: Iterable[int]) -> Mapping[int, Item]:
    """Items by id, set-wise; unknown ones are left out."""
    rows = await db.fetch(f"SELECT {_COLUMNS} FROM item i WHERE i.id = ANY($1::bigint[])", list(item_ids))
    return {row[0]: _item(row) for row in rows}


async def find_items_by_key(keys: Iterable[str]) -> Mapping[str, Item]:
    """Items by key, set-wise; unknown ones are left out."""
    rows = await db.fetch(f"SELECT {_COLUMNS} FROM item i WHERE i.key = ANY($1::text[])", list(keys))
    return {row[1]: _item(row) for row in rows}


async def get_by_key(key: str) -> Item:
    """An item by key. Raises Missing."""
    found = (await find_items_by_key([key])).get(key)
    if found is None:
        raise Missing("item.missing", "没有这种物资", item=key)
    return found


async def list_items(
    *,
    query: str | None = None,
    class_path: str | None = None,
    storage_class_id: int | None = None,
    disaster_type: str | None = None,
    tracking: Tracking | None = None,
    kind: ItemKind | None = None,
    unverified: bool | None = None,
    retired: bool = False,
    sort: str = "name",
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[Item]:
    """Items; with `query` the best match first (name, pinyin, initials, alias, code, spec), then by `sort`.

    `class_path`: that class and all below it, of any scheme. `sort`: name, key or id.
    """
    if sort not in _SORTS:
        raise Invalid("item.bad-sort", "不支持这种排序", sort=sort, possible=list(_SORTS))
    found = Listing(f"SELECT {_COLUMNS} FROM item i")
    if not retired:
        found.where("i.retired_at IS NULL")
    if class_path is not None:
        found.where(
            "EXISTS (SELECT 1 FROM material_class c WHERE c.path LIKE {} AND (c.id = i.class_id OR c.id IN"
            " (SELECT x.class_id FROM item_class x WHERE x.item_id = i.id AND x.retired_at IS NULL)))",
            class_path + "%",
        )
    if storage_class_id is not None:
        found.where("i.storage_class_id = {}", storage_class_id)
    if disaster_type is not None:
        found.where("{} = ANY(i.disaster_types)", disaster_type)
    if tracking is not None:
        found.where("i.tracking = {}", tracking.value)
    if kind is not None:
        found.where("i.kind = {}", kind.value)
    if unverified is not None:
        found.where("(i.source ILIKE '%unverified%') = {}", unverified)
    found.search("i.search", query)
    return await found.page(_SORTS[sort], cursor, limit, _item)


# --- codes ------------------------------------------------------------------------------------------------

_HIT = """
SELECT f.by, f.code, i.id, i.key, i.name_zh, i.name_en, i.spec, i.dimension, i.unit_zh, i.unit_factor, i.tracking,
       i.kind, i.expiry_on_pack, i.storage_life_days, p.id, p.name_zh, coalesce(p.factor, i.unit_factor),
       f.retired OR i.retired_at IS NOT NULL OR p.retired_at IS NOT NULL
FROM (
    SELECT c.kind AS by, c.code, c.item_id, c.pack_id, c.retired_at IS NOT NULL AS retired
    FROM item_code c WHERE c.kind = 'gtin' AND c.code = ANY($1::text[])
    UNION ALL
    SELECT c.kind, c.code, c.item_id, c.pack_id, c.retired_at IS NOT NULL
    FROM item_code c WHERE c.kind = 'text' AND c.code = ANY($2::text[])
    UNION ALL
    SELECT 'key', replace(k.key, '-', ''), k.id, NULL, false FROM item k WHERE replace(k.key, '-', '') = ANY($3::text[])
    UNION ALL
    SELECT 'pack', q.key, q.item_id, q.id, false FROM pack q WHERE q.key = ANY($4::text[])
) f JOIN item i ON i.id = f.item_id LEFT JOIN pack p ON p.id = f.pack_id
"""


def _hit(row: Any) -> CodeHit:
    values = list(row)
    values[7], values[10], values[11] = Dimension(values[7]), Tracking(values[10]), ItemKind(values[11])
    return CodeHit(*values)


async def find_codes(
    gtins: Sequence[str], texts: Sequence[str], keys: Sequence[str] = (), pack_keys: Sequence[str] = ()
) -> Mapping[tuple[str, str], CodeHit]:
    """What codes stand for, set-wise in one statement: {(by, code): hit}; unknown ones are left out.

    `gtins` as 14 digits, `texts` as `rules.normalised_text` gives them, `keys` and `pack_keys` as on own labels
    (an item's key without hyphens).
    """
    rows = await db.fetch(_HIT, list(gtins), list(texts), list(keys), list(pack_keys))
    return {(row[0], row[1]): _hit(row) for row in rows}


async def find_by_code(code: str) -> CodeHit | None:
    """What one code typed or scanned by hand stands for: a GTIN of any length, a text code, an item's or pack's key."""
    gtins = []
    with contextlib.suppress(Invalid):
        gtins = [rules.normalised_gtin(code)]
    try:
        text = rules.normalised_text(code)
    except Invalid:
        return None
    key = rules.label_key(text)
    hits = await find_codes(gtins, [text], [key], [key])
    order = ("gtin", "text", "key", "pack")
    return min(hits.values(), key=lambda hit: order.index(hit.by), default=None)


async def list_codes(item_id: int, *, retired: bool = False) -> Sequence[ItemCode]:
    """The codes of one item."""
    rows = await db.fetch(
        "SELECT id, item_id, pack_id, kind, code, source, retired_at FROM item_code"
        " WHERE item_id = $1 AND ($2 OR retired_at IS NULL) ORDER BY kind, id",
        item_id,
        retired,
    )
    return [ItemCode(r[0], r[1], r[2], CodeKind(r[3]), r[4], r[5], r[6]) for r in rows]


async def list_aliases(item_id: int) -> Sequence[ItemAlias]:
    """The other names of one item."""
    rows = await db.fetch(
        "SELECT id, item_id, alias, kind, source FROM item_alias WHERE item_id = $1 AND retired_at IS NULL ORDER BY id",
        item_id,
    )
    return [ItemAlias(*row) for row in rows]


# --- care, substitutes, storage classes ------------------------------------------------------------------------


async def list_care(item_id: int) -> Sequence[Care]:
    """The care one item wants."""
    return (await find_care([item_id])).get(item_id, ())


async def find_care(item_ids: Iterable[int]) -> Mapping[int, Sequence[Care]]:
    """The care many items want, set-wise; items that want none are left out."""
    rows = await db.fetch(
        "SELECT item_id, kind, first_after_days, interval_days, basis, note, source FROM item_care"
        " WHERE item_id = ANY($1::bigint[]) AND retired_at IS NULL ORDER BY item_id, kind",
        list(item_ids),
    )
    found: dict[int, list[Care]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(Care(row[1], row[2], row[3], CareBasis(row[4]), row[5], row[6]))
    return found


_SUBSTITUTES = (
    "SELECT i.id, i.key, i.name_zh, i.name_en, s.need, s.give, s.note, s.source, s.set_by, s.approved_by,"
    " s.approved_at FROM item_substitute s JOIN item i"
    " ON i.id = s.{0} WHERE s.{1} = $1 AND s.retired_at IS NULL ORDER BY i.sort_key, i.id"
)


async def list_substitutes(item_id: int) -> Sequence[SubstituteLine]:
    """What may be given instead of the item."""
    rows = await db.fetch(_SUBSTITUTES.format("substitute_id", "item_id"), item_id)
    return [SubstituteLine(*row) for row in rows]


async def list_substitute_for(item_id: int) -> Sequence[SubstituteLine]:
    """What the item may be given for (ids and names are the other item's)."""
    rows = await db.fetch(_SUBSTITUTES.format("item_id", "substitute_id"), item_id)
    return [SubstituteLine(*row) for row in rows]


async def waiting_substitutes(limit: int) -> Sequence[WaitingSubstitute]:
    """Substitutes that nobody has approved yet, by item."""
    rows = await db.fetch(
        "SELECT i.key, i.name_zh, i.name_en, o.key, o.name_zh, o.name_en FROM item_substitute s"
        " JOIN item i ON i.id = s.item_id JOIN item o ON o.id = s.substitute_id WHERE s.retired_at IS NULL"
        " AND s.approved_at IS NULL AND i.retired_at IS NULL ORDER BY i.sort_key, i.id, o.sort_key, o.id LIMIT $1",
        limit,
    )
    return [WaitingSubstitute(*row) for row in rows]


async def list_storage_classes() -> Sequence[StorageClass]:
    """Every storage class."""
    rows = await db.fetch("SELECT id, key, name_zh, name_en, note, source FROM storage_class ORDER BY id")
    return [StorageClass(*row) for row in rows]


async def get_storage_class(key: str) -> StorageClass:
    """A storage class by key. Raises Missing."""
    for one in await list_storage_classes():
        if one.key == key:
            return one
    raise Missing("item.no-storage-class", "没有这个储存类别", storage_class=key)


async def list_other_classes(item_id: int) -> Sequence[ClassOfItem]:
    """The classes of other schemes one item belongs to."""
    columns = ", ".join(f"c.{name}" for name in MaterialClass.__slots__)
    rows = await db.fetch(
        f"SELECT x.source, {columns} FROM item_class x JOIN material_class c ON c.id = x.class_id"
        " WHERE x.item_id = $1 AND x.retired_at IS NULL ORDER BY c.scheme, c.code",
        item_id,
    )
    return [ClassOfItem(MaterialClass(*tuple(row)[1:]), row[0]) for row in rows]


async def get_card(item_id: int) -> ItemCard:
    """Everything the catalogue knows about one item. Raises Missing."""
    item = await get_item(item_id)
    storage = {one.id: one for one in await list_storage_classes()}
    return ItemCard(
        item=item,
        main_class=await classes.get_class(item.class_id),
        classes=tuple(await list_other_classes(item_id)),
        storage_class=storage[item.storage_class_id],
        aliases=tuple(await list_aliases(item_id)),
        codes=tuple(await list_codes(item_id)),
        packs=tuple(await packs.list_packs(item_id)),
        care=tuple(await list_care(item_id)),
        substitutes=tuple(await list_substitutes(item_id)),
        substitute_for=tuple(await list_substitute_for(item_id)),
        components=tuple(await kits.list_components(item_id)),
        part_of=tuple(await kits.list_kits_with(item_id)),
        unverified=rules.unverified(item),
    )


async def english_words() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """English names of goods, and English units, by the Chinese ones. Where one Chinese unit has several, the one that
    most items have; a name that several items bear has none of them."""
    names = await db.fetch(
        "SELECT name_zh, min(name_en) FROM item WHERE name_en <> '' GROUP BY name_zh HAVING count(DISTINCT name_en) = 1"
    )
    units = await db.fetch(
        "SELECT DISTINCT ON (unit_zh) unit_zh, unit_en FROM item WHERE unit_en <> '' GROUP BY unit_zh, unit_en"
        " ORDER BY unit_zh, count(*) DESC, unit_en"
    )
    return {row[0]: row[1] for row in names}, {row[0]: row[1] for row in units}
