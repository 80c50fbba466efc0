"""Packs convert by whole factors."""

import pytest

from catalog.items import actions as items
from catalog.items.queries import get_item
from catalog.kernel.errors import Invalid, Missing, Refused, Stale
from catalog.packs import actions, queries, rules
from catalog.packs.model import NewPack, PackFacts
from tests.catalog.small import house, make_catalogue, make_item


@pytest.mark.parametrize("facts", [PackFacts("箱", 0), PackFacts("箱", -1), PackFacts(" ", 1), PackFacts("箱", 10**16)])
def test_a_pack_is_a_whole_number_of_units(facts: PackFacts) -> None:
    with pytest.raises(Invalid):
        rules.check_facts(facts)


async def test_keys_run_on_and_a_new_default_replaces_the_old(database: object) -> None:
    item = await make_item(await make_catalogue(), "ZP-0001")
    made = await actions.add_packs(
        stamp=house(),
        packs={item: [NewPack("box", PackFacts("箱", 10, is_default=True)), NewPack("pallet", PackFacts("托", 200))]},
    )
    await actions.add_packs(stamp=house(), packs={item: [NewPack("bag", PackFacts("袋", 5, is_default=True))]})
    found = await queries.list_packs(item)
    assert [(p.key, p.factor, p.is_default) for p in found] == [
        ("ZP0001P3", 5, True),
        ("ZP0001P1", 10, False),
        ("ZP0001P2", 200, False),
    ]
    box = made[item]["box"]
    version = (await queries.get_pack(box)).version
    await actions.edit_pack(stamp=house(), pack_id=box, version=version, facts=PackFacts("纸箱", 12, is_default=True))
    assert [p.is_default for p in await queries.list_packs(item)] == [False, True, False]
    with pytest.raises(Stale):
        await actions.edit_pack(stamp=house(), pack_id=box, version=version, facts=PackFacts("纸箱", 12))
    await actions.retire_pack(stamp=house(), pack_id=box, version=version + 1)
    assert len(await queries.list_packs(item)) == 2
    with pytest.raises(Missing):
        await actions.add_packs(stamp=house(), packs={10**9: [NewPack("x", PackFacts("箱", 1))]})


async def test_after_the_first_move_factor_and_unit_are_fixed(database: object) -> None:
    item = await make_item(await make_catalogue(), "ZP-0001", packs=(NewPack("box", PackFacts("箱", 10)),))
    await items.fix_units(item_ids=[item])
    (box,) = await queries.list_packs(item)
    with pytest.raises(Refused) as refused:
        await actions.edit_pack(stamp=house(), pack_id=box.id, version=1, facts=PackFacts("箱", 12))
    assert refused.value.code == "pack.factor-fixed"
    await actions.edit_pack(stamp=house(), pack_id=box.id, version=1, facts=PackFacts("大箱", 10))
    assert (await get_item(item)).unit_fixed
