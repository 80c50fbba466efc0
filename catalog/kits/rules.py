"""How kits come apart. A phantom kit explodes; a stocked kit inside another is an item of its own and does not."""

from collections.abc import Mapping, Sequence

from catalog.kernel.errors import Invalid, Refused
from catalog.kernel.quantity import MAX_QUANTITY
from catalog.kits.model import Component

DEEPEST = 5
MOST_COMPONENTS = 200
Tree = Mapping[int, Sequence[Component]]
"""Components by kit. Only kits that come apart are keys."""


def explode(tree: Tree, kit_id: int, quantity: int) -> dict[int, int]:
    """Base units of every component item in `quantity` kits, equal items added up, in order of first appearance.

    Raises Invalid (`kit.too-deep` beyond DEEPEST levels or in a cycle, `quantity.*`).
    """
    if quantity <= 0:
        raise Invalid("quantity.not-positive", "数量必须大于零", asked=quantity)
    found: dict[int, int] = {}
    queue = [(kit_id, quantity, 0)]
    while queue:
        item_id, count, depth = queue.pop(0)
        if item_id not in tree:
            found[item_id] = found.get(item_id, 0) + count
            if found[item_id] > MAX_QUANTITY:
                raise Invalid("quantity.too-large", "数量过大，请核对", asked=found[item_id], limit=MAX_QUANTITY)
            continue
        if depth >= DEEPEST:
            raise Invalid("kit.too-deep", f"套装最多嵌套 {DEEPEST} 层", kit_id=kit_id)
        if count > MAX_QUANTITY:
            raise Invalid("quantity.too-large", "数量过大，请核对", asked=count, limit=MAX_QUANTITY)
        queue += [(part.component_id, part.quantity * count, depth + 1) for part in tree[item_id]]
    return found


def check_components(kit_id: int, components: Sequence[Component]) -> None:
    """Raises Invalid for a kit of itself, a component twice, a quantity that is not positive, or too many."""
    if len(components) > MOST_COMPONENTS:
        raise Invalid("kit.too-many", f"一个套装最多 {MOST_COMPONENTS} 种组成", kit_id=kit_id)
    ids = [part.component_id for part in components]
    if kit_id in ids:
        raise Invalid("kit.of-itself", "套装不能包含自己", kit_id=kit_id)
    if len(set(ids)) != len(ids):
        raise Invalid("kit.component-twice", "同一种物资在套装中出现两次", kit_id=kit_id)
    if any(not 0 < part.quantity <= MAX_QUANTITY for part in components):
        raise Invalid("kit.bad-quantity", "套装组成数量必须是正整数", kit_id=kit_id)


def check_graph(graph: Mapping[int, Sequence[int]], changed: Sequence[int]) -> None:
    """Raises Refused where a changed kit lies on a cycle (`kit.cycle`) or nests too deep. `graph`: kit → parts."""
    depths: dict[int, int] = {}

    def depth(item_id: int, above: tuple[int, ...]) -> int:
        if item_id in above:
            raise Refused("kit.cycle", "套装互相包含", cycle=[*above[above.index(item_id) :], item_id])
        if item_id not in graph:
            return 0
        if item_id not in depths:
            if len(above) > 4 * DEEPEST:
                raise Refused("kit.too-deep", f"套装最多嵌套 {DEEPEST} 层", kit_id=item_id)
            depths[item_id] = 1 + max((depth(part, (*above, item_id)) for part in graph[item_id]), default=0)
        return depths[item_id]

    for kit_id in sorted({*changed, *graph}):
        if depth(kit_id, ()) > DEEPEST:
            raise Refused("kit.too-deep", f"套装最多嵌套 {DEEPEST} 层", kit_id=kit_id)
