"""Reads of kits."""

from collections.abc import Iterable, Sequence

from catalog.kernel import db
from catalog.kernel.errors import Missing
from catalog.kits import rules
from catalog.kits.model import Component, KitLine

_TREE = """
WITH RECURSIVE tree (kit_id, depth) AS (
    SELECT DISTINCT k, 0 FROM unnest($1::bigint[]) k
    UNION
    SELECT c.component_id, t.depth + 1
    FROM tree t JOIN kit_component c ON c.kit_id = t.kit_id AND c.retired_at IS NULL
    JOIN item i ON i.id = c.component_id AND i.kind = 'phantom_kit'
    WHERE t.depth < $2
)
SELECT c.kit_id, c.component_id, c.quantity, c.source FROM kit_component c
WHERE c.retired_at IS NULL AND c.kit_id IN (SELECT kit_id FROM tree) ORDER BY c.kit_id, c.id
"""


async def load_tree(kit_ids: Iterable[int]) -> dict[int, list[Component]]:
    """What the given kits, and the phantom kits inside them, are made of: the input of `rules.explode`."""
    tree: dict[int, list[Component]] = {}
    for row in await db.fetch(_TREE, list(kit_ids), rules.DEEPEST):
        tree.setdefault(row[0], []).append(Component(*tuple(row)[1:]))
    return tree


async def explode(kit_id: int, quantity: int) -> dict[int, int]:
    """Base units by component item in `quantity` kits. Raises Missing (`kit.no-kit`) for what is none, Invalid."""
    tree = await load_tree([kit_id])
    if kit_id not in tree:
        raise Missing("kit.no-kit", "这种物资不是套装，或没有登记组成", item_id=kit_id)
    return rules.explode(tree, kit_id, quantity)


_LINES = (
    "SELECT i.id, i.key, i.name_zh, i.name_en, i.kind, c.quantity, c.source FROM kit_component c JOIN item i"
    " ON i.id = {0} WHERE {1} = $1 AND c.retired_at IS NULL ORDER BY c.id"
)


async def list_components(kit_id: int) -> Sequence[KitLine]:
    """What one kit is made of."""
    return [KitLine(*row) for row in await db.fetch(_LINES.format("c.component_id", "c.kit_id"), kit_id)]


async def list_kits_with(item_id: int) -> Sequence[KitLine]:
    """The kits an item is part of (`component_id` and names are the kit's)."""
    return [KitLine(*row) for row in await db.fetch(_LINES.format("c.kit_id", "c.component_id"), item_id)]
