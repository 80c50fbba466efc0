"""The item master in the database."""

from dataclasses import replace

import pytest

from catalog.classes.actions import add_classes
from catalog.classes.model import ClassFacts, NewClass
from catalog.items import actions, queries
from catalog.items.model import (
    Care,
    CodeKind,
    ItemFacts,
    NewAlias,
    NewCode,
    NewItem,
    OtherClass,
    Substitute,
    Tracking,
)
from catalog.kernel import db
from catalog.kernel.access import Role
from catalog.kernel.errors import Denied, Invalid, Missing, Refused, Stale
from catalog.packs.model import NewPack, PackFacts
from catalog.packs.queries import list_packs
from tests.catalog.small import as_role, house, make_catalogue, make_city, make_item

GTIN = "6901234567892"
BOX = "16901234567899"


@pytest.fixture
async def facts(database: object) -> ItemFacts:
    return await make_catalogue()


async def tent(facts: ItemFacts) -> int:
    return await make_item(
        facts,
        "ZP-0001",
        "单帐篷",
        name_en="Relief tent",
        spec="12㎡",
        packs=(NewPack("box", PackFacts("箱", 4, is_default=True)),),
        codes=(NewCode(CodeKind.GTIN, GTIN), NewCode(CodeKind.GTIN, BOX, pack="box"), NewCode(CodeKind.TEXT, "cz-1")),
        aliases=(NewAlias("帐篷", "short"), NewAlias("帐蓬", "misspelling")),
        care=(Care("restack", 365, 365),),
    )


async def found(query: str) -> list[str]:
    return [item.key for item in (await queries.list_items(query=query)).items]


@pytest.mark.parametrize(
    "query",
    [
        "zp",
        "dzp",
        "danzhangpeng",
        "帐篷",
        "帐蓬",
        "tent",
        "TENT relief",
        "ZP-0001",
        "zp0001",
        GTIN,
        BOX,
        "cz-1",
        "12m2",
    ],
)
async def test_an_item_is_found_by_everything_it_is_called(facts: ItemFacts, query: str) -> None:
    await tent(facts)
    await make_item(facts, "CC-1", "冲锋舟")
    assert await found(query) == ["ZP-0001"]


async def test_the_best_match_comes_first(facts: ItemFacts) -> None:
    await make_item(facts, "AA-1", "大帐篷布")
    await make_item(facts, "AA-2", "帐篷灯")
    await make_item(facts, "AA-3", "帐篷")
    assert await found("帐篷") == ["AA-3", "AA-2", "AA-1"]
    assert await found("zp") == ["AA-3", "AA-2", "AA-1"]
    assert await found("%") == []
    assert len(await found("")) == 3


async def test_codes_lead_to_item_and_pack(facts: ItemFacts) -> None:
    item = await tent(facts)
    hits = await queries.find_codes(
        [f"0{GTIN}", BOX, "00000000000000"], ["CZ-1", "?"], ["ZP0001", "ZP-0001"], ["ZP0001P1"]
    )
    assert {key: (hit.item_id, hit.factor) for key, hit in hits.items()} == {
        ("gtin", f"0{GTIN}"): (item, 1),
        ("gtin", BOX): (item, 4),
        ("text", "CZ-1"): (item, 1),
        ("key", "ZP0001"): (item, 1),
        ("pack", "ZP0001P1"): (item, 4),
    }
    for typed, factor in ((GTIN, 1), (BOX, 4), (" cz-1", 1), ("zp-0001", 1), ("ZP0001P1", 4)):
        hit = await queries.find_by_code(typed)
        assert hit is not None
        assert hit.factor == factor
    assert await queries.find_by_code("6901234567885") is None


async def test_a_code_is_never_given_twice(facts: ItemFacts) -> None:
    item = await tent(facts)
    other = await make_item(facts, "CC-1", "冲锋舟")
    code = next(c for c in await queries.list_codes(item) if c.code == "CZ-1")
    await actions.retire_code(stamp=house(), item_id=item, code_id=code.id)
    with pytest.raises(Missing):
        await actions.retire_code(stamp=house(), item_id=item, code_id=code.id)
    for taken in (NewCode(CodeKind.TEXT, "CZ-1"), NewCode(CodeKind.GTIN, f"0{GTIN}")):
        with pytest.raises(Refused) as refused:
            await actions.add_codes(stamp=house(), item_id=other, codes=[taken])
        assert refused.value.code == "item.code-taken"
    hit = (await queries.find_codes([], ["CZ-1"]))["text", "CZ-1"]
    assert hit.retired
    assert hit.item_id == item
    assert await found("cz-1") == []


async def test_an_unknown_code_becomes_an_alias(facts: ItemFacts) -> None:
    item = await tent(facts)
    box = (await list_packs(item))[0]
    await actions.add_codes(
        stamp=house(),
        item_id=item,
        codes=[NewCode(CodeKind.GTIN, "6901234567885"), NewCode(CodeKind.TEXT, "box-9", pack_id=box.id)],
    )
    assert (await queries.find_codes(["06901234567885"], ["BOX-9"]))["text", "BOX-9"].factor == 4
    assert await found("6901234567885") == ["ZP-0001"]
    other = await make_item(facts, "CC-1", "冲锋舟")
    with pytest.raises(Invalid):
        await actions.add_codes(stamp=house(), item_id=other, codes=[NewCode(CodeKind.TEXT, "b", pack_id=box.id)])


async def test_keys_are_never_given_twice_with_or_without_hyphens(facts: ItemFacts) -> None:
    item = await tent(facts)
    await actions.retire_item(stamp=house(), item_id=item, version=1)
    for key in ("ZP-0001", "ZP0001", "Z-P0001"):
        with pytest.raises(Refused) as refused:
            await make_item(facts, key, "别的")
        assert refused.value.code == "item.key-taken"
    assert await found("zp") == []
    await actions.restore_item(stamp=house(), item_id=item, version=2)
    assert await found("zp") == ["ZP-0001"]


async def test_a_refused_list_leaves_nothing(facts: ItemFacts) -> None:
    new = [NewItem("AA-1", facts), NewItem("AA-2", replace(facts, class_id=10**9))]
    with pytest.raises(Missing):
        await actions.create_items(stamp=house(), items=new)
    assert await db.fetch_value("SELECT count(*) FROM item") == 0
    assert await db.fetch_value("SELECT count(*) FROM feed WHERE topic = 'item'") == 0


async def test_editing_asks_for_the_version_and_keeps_the_unit_once_fixed(facts: ItemFacts) -> None:
    item = await tent(facts)
    read = await queries.get_item(item)
    changed = replace(read.facts, name_zh="双帐篷", price_fen=10**12, disaster_types=("flood",))
    assert await actions.edit_item(stamp=house(), item_id=item, version=1, facts=changed) == 2
    assert (await queries.get_item(item)).facts == changed
    assert await found("szp") == ["ZP-0001"]
    with pytest.raises(Stale):
        await actions.edit_item(stamp=house(), item_id=item, version=1, facts=changed)
    await actions.fix_units(item_ids=[item])
    with pytest.raises(Refused) as refused:
        await actions.edit_item(
            stamp=house(), item_id=item, version=2, facts=replace(changed, tracking=Tracking.SERIAL)
        )
    assert refused.value.code == "item.unit-fixed"


async def test_the_card_tells_everything(facts: ItemFacts) -> None:
    item = await tent(facts)
    boat = await make_item(facts, "CC-1", "冲锋舟")
    (js,) = await add_classes(stamp=house(), classes=[NewClass("js", "JS-1", None, ClassFacts("防汛", source="test"))])
    await actions.set_substitutes(
        stamp=house(), item_id=item, version=1, substitutes=[Substitute(boat, 2, 3, source="test")]
    )
    await actions.set_care(stamp=house(), item_id=item, version=2, care=[Care("quality_test", 1095, 365)])
    await actions.set_classes(stamp=house(), item_id=item, version=3, classes=[OtherClass(js, "test")])
    card = await queries.get_card(item)
    assert card.item.version == 4
    assert card.main_class.code == "ZP"
    assert [c.found.code for c in card.classes] == ["JS-1"]
    assert [c.kind for c in card.care] == ["quality_test"]
    assert [(s.key, s.need, s.give) for s in card.substitutes] == [("CC-1", 2, 3)]
    assert [(s.key, s.need, s.give) for s in (await queries.get_card(boat)).substitute_for] == [("ZP-0001", 2, 3)]
    assert card.storage_class.key == "general"
    assert card.unverified == ("returnable",)
    under = await queries.list_items(class_path=(card.classes[0].found).path)
    assert [i.key for i in under.items] == ["ZP-0001"]
    await actions.set_care(stamp=house(), item_id=item, version=4, care=[])
    await actions.set_substitutes(stamp=house(), item_id=item, version=5, substitutes=[])
    await actions.set_classes(stamp=house(), item_id=item, version=6, classes=[])
    bare = await queries.get_card(item)
    assert not bare.care
    assert not bare.substitutes
    assert not bare.classes


async def test_a_substitute_is_approved_by_another_and_anew_when_its_ratio_changes(facts: ItemFacts) -> None:
    await make_city()
    item = await tent(facts)
    boat, tarp = await make_item(facts, "CC-1", "冲锋舟"), await make_item(facts, "CC-2", "篷布")

    async def said(*ratios: Substitute, version: int) -> None:
        await actions.set_substitutes(stamp=house(), item_id=item, version=version, substitutes=ratios)

    async def approved() -> dict[str, str]:
        return {one.key: one.approved_by for one in await queries.list_substitutes(item) if one.approved_at}

    async def approve(substitute: int, version: int, login: str = "approver") -> None:
        stamp = replace(house(), login=login)
        await actions.approve_substitute(stamp=stamp, item_id=item, substitute_id=substitute, version=version)

    await said(Substitute(boat, 2, 3), Substitute(tarp, 1, 1), version=1)
    assert await approved() == {}
    assert [(one.key, one.substitute) for one in await queries.waiting_substitutes(9)] == [
        ("ZP-0001", "CC-1"),
        ("ZP-0001", "CC-2"),
    ]
    with pytest.raises(Refused, match=r"item\.own-approval"):
        await approve(boat, 2, house().login)
    with pytest.raises(Stale):
        await approve(boat, 1)
    planner = replace(await as_role(Role.PLANNER, "city"), login="other")
    with pytest.raises(Denied):
        await actions.approve_substitute(stamp=planner, item_id=item, substitute_id=boat, version=2)
    await approve(boat, 2)
    with pytest.raises(Refused, match=r"item\.approved-already"):
        await approve(boat, 3)
    assert await approved() == {"CC-1": "approver"}
    assert [one.substitute for one in await queries.waiting_substitutes(9)] == ["CC-2"]

    await said(Substitute(boat, 2, 3, note="同一标准"), Substitute(tarp, 1, 1), version=3)  # the ratio stays
    assert await approved() == {"CC-1": "approver"}
    await said(Substitute(boat, 2, 4), version=4)
    assert await approved() == {}
    await approve(boat, 5)
    await said(version=6)
    with pytest.raises(Missing):
        await approve(boat, 7)
    await said(Substitute(boat, 2, 4), version=7)  # taken back in, it is asked for again
    assert await approved() == {}


async def test_aliases_come_and_go(facts: ItemFacts) -> None:
    item = await make_item(facts, "CC-1", "冲锋舟")
    await actions.add_aliases(stamp=house(), item_id=item, aliases=[NewAlias("快艇"), NewAlias("快艇")])
    assert await found("kt") == ["CC-1"]
    (alias,) = await queries.list_aliases(item)
    await actions.retire_alias(stamp=house(), item_id=item, alias_id=alias.id)
    assert await found("kt") == []
    await actions.add_aliases(stamp=house(), item_id=item, aliases=[NewAlias("快艇")])
    assert await found("kt") == ["CC-1"]


async def test_only_the_city_edits_the_catalogue(facts: ItemFacts) -> None:
    await make_city()
    new = [NewItem("AA-1", facts)]
    for role, region in ((Role.KEEPER, "city"), (Role.PLANNER, "south")):
        with pytest.raises(Denied):
            await actions.create_items(stamp=await as_role(role, region), items=new)
    await actions.create_items(stamp=await as_role(Role.PLANNER, "city"), items=new)


async def test_pages_join_into_the_whole_list_in_every_order(facts: ItemFacts) -> None:
    await actions.create_items(
        stamp=house(),
        items=[NewItem(f"AA-{n:02}", replace(facts, name_zh=name)) for n, name in enumerate("帐篷绳索灯船泵油水米")],
    )
    for sort in ("name", "key", "id"):
        seen: list[str] = []
        cursor = None
        while len(seen) < 20:
            page = await queries.list_items(sort=sort, cursor=cursor, limit=3)
            seen += [item.key for item in page.items]
            if (cursor := page.next_cursor) is None:
                break
        assert len(seen) == len(set(seen)) == 10
    names = [item.name_zh for item in (await queries.list_items()).items]
    assert names == list("泵船灯米篷绳水索油帐")
    with pytest.raises(Invalid):
        await queries.list_items(sort="secret")
