"""Kits come apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.items.model import ItemKind
from catalog.kernel.errors import Invalid, Missing, Refused, Stale
from catalog.kernel.quantity import MAX_QUANTITY
from catalog.kits import actions, queries, rules
from catalog.kits.model import Component, NewKit
from tests.catalog.small import house, make_catalogue, make_item

TREES = st.dictionaries(
    st.integers(1, 6),
    st.lists(st.builds(Component, st.integers(4, 12), st.integers(1, 9)), min_size=1, max_size=4),
    max_size=5,
)


@given(TREES, st.integers(1, 50))
def test_two_explosions_are_one_of_both(tree: dict[int, list[Component]], count: int) -> None:
    """explode(a) + explode(b) = explode(a + b), in trees without a cycle."""
    graph = {kit: [part.component_id for part in parts] for kit, parts in tree.items()}
    for kit in tree:
        try:
            rules.check_graph(graph, [kit])
        except Refused:
            with pytest.raises((Refused, Invalid)):
                rules.check_graph(graph, [kit])
            continue
        one, many = rules.explode(tree, kit, 1), rules.explode(tree, kit, count)
        assert many == {item: amount * count for item, amount in one.items()}
        assert not set(many) & set(tree)


def test_a_cycle_never_hangs() -> None:
    tree = {1: [Component(2, 1)], 2: [Component(1, 2)]}
    with pytest.raises(Invalid):
        rules.explode(tree, 1, 1)
    with pytest.raises(Refused) as refused:
        rules.check_graph({1: [2], 2: [1]}, [1])
    assert refused.value.code == "kit.cycle"


def test_too_deep_and_too_many_are_refused() -> None:
    chain = {n: [n + 1] for n in range(1, rules.DEEPEST + 2)}
    with pytest.raises(Refused) as refused:
        rules.check_graph(chain, [1])
    assert refused.value.code == "kit.too-deep"
    with pytest.raises(Invalid):
        rules.explode({1: [Component(2, MAX_QUANTITY)]}, 1, 2)
    for wrong in ([Component(1, 1)], [Component(2, 1), Component(2, 2)], [Component(2, 0)]):
        with pytest.raises(Invalid):
            rules.check_components(1, wrong)


async def test_phantom_inside_explodes_and_stocked_inside_stays_whole(database: object) -> None:
    facts = await make_catalogue()
    lamp, rope = await make_item(facts, "LAMP-1", "手电"), await make_item(facts, "RAPE-1", "绳索")
    stocked = await make_item(facts, "KT-1", "应急包", kind=ItemKind.STOCKED_KIT)
    inner = await make_item(facts, "KT-2", "照明组", kind=ItemKind.PHANTOM_KIT)
    outer = await make_item(facts, "KT-3", "安置组", kind=ItemKind.PHANTOM_KIT)
    await actions.set_components(
        stamp=house(),
        kits=[
            NewKit(stocked, (Component(lamp, 1), Component(rope, 2))),
            NewKit(inner, (Component(lamp, 5),)),
            NewKit(outer, (Component(inner, 2), Component(stocked, 10), Component(lamp, 1))),
        ],
    )
    assert await queries.explode(outer, 3) == {stocked: 30, lamp: 33}
    assert await queries.explode(stocked, 4) == {lamp: 4, rope: 8}
    assert [line.key for line in await queries.list_kits_with(lamp)] == ["KT-1", "KT-2", "KT-3"]
    with pytest.raises(Missing):
        await queries.explode(lamp, 1)
    with pytest.raises(Refused) as refused:
        await actions.set_components(stamp=house(), kits=[NewKit(inner, (Component(outer, 1),))])
    assert refused.value.code == "kit.cycle"
    with pytest.raises(Invalid):
        await actions.set_components(stamp=house(), kits=[NewKit(lamp, (Component(rope, 1),))])


async def test_components_are_replaced_as_a_whole(database: object) -> None:
    facts = await make_catalogue()
    lamp, rope = await make_item(facts, "LAMP-1", "手电"), await make_item(facts, "RAPE-1", "绳索")
    kit = await make_item(facts, "KT-1", "应急包", kind=ItemKind.STOCKED_KIT)
    versions = await actions.set_components(stamp=house(), kits=[NewKit(kit, (Component(lamp, 1),), version=1)])
    assert versions == {kit: 2}
    with pytest.raises(Stale):
        await actions.set_components(stamp=house(), kits=[NewKit(kit, (Component(rope, 1),), version=1)])
    await actions.set_components(stamp=house(), kits=[NewKit(kit, (Component(rope, 3),), version=2)])
    assert await queries.explode(kit, 1) == {rope: 3}
    await actions.set_components(stamp=house(), kits=[NewKit(kit, (Component(lamp, 2),), version=3)])
    assert await queries.explode(kit, 1) == {lamp: 2}
