"""The region tree in the database."""

from datetime import date

import pytest

from catalog.kernel import db, history
from catalog.kernel.access import Role
from catalog.kernel.errors import Denied, Invalid, Missing, Refused, Stale
from catalog.regions import actions, queries
from catalog.regions.model import NewRegion, RegionCode, RegionFact, RegionFacts, Tier
from tests.catalog.small import as_role, house, make_city, node
from warehouse.sites import actions as sites
from warehouse.sites.model import NewSite, SiteFacts, SiteKind

DAY = date(2020, 11, 1)


async def keys(**conditions: object) -> list[str]:
    return [r.key for r in (await queries.list_regions(**conditions)).items]  # type: ignore[arg-type]


async def test_paths_hold_the_way_down_from_the_city(database: object) -> None:
    ids = await make_city()
    village = await queries.get_by_key("village")
    assert village.path == f"/{ids['city']}/{ids['south']}/{ids['lake']}/{ids['village']}/"
    assert [r.key for r in await queries.list_parents(village.path)] == ["city", "south", "lake", "village"]
    south = await queries.get_by_key("south")
    assert await keys(under=south.path) == ["lake", "south", "village"]
    assert [r.key for r in await queries.list_subtree(south.path)] == ["south", "lake", "village"]
    assert await keys(parent_id=ids["city"]) == ["north", "south"]
    assert await keys(query="wjq") == ["south"]
    assert await queries.root_path() == f"/{ids['city']}/"


async def test_a_second_city_a_taken_key_and_an_unknown_parent_are_refused(database: object) -> None:
    await make_city()
    for new, kind, code in (
        (node("other", None, Tier.CITY, "无锡市"), Refused, "region.second-city"),
        (node("lake", "south", Tier.TOWN, "再来"), Refused, "region.key-taken"),
        (node("x", "nowhere", Tier.TOWN, "某镇"), Invalid, "region.unknown-parent"),
        (node("x", "lake", Tier.TOWN, "某镇"), Invalid, "region.wrong-tier"),
    ):
        with pytest.raises(kind) as refused:
            await actions.add_regions(stamp=house(), regions=[new])
        assert refused.value.code == code


async def test_rights_are_asked_at_the_parent(database: object) -> None:
    await make_city()
    new = node("y", "river", Tier.VILLAGE, "某村")
    with pytest.raises(Missing):
        await actions.add_regions(stamp=await as_role(Role.SYSTEM_ADMIN, "south"), regions=[new])
    with pytest.raises(Denied):
        await actions.add_regions(stamp=await as_role(Role.KEEPER, "city"), regions=[new])
    await actions.add_regions(stamp=await as_role(Role.SYSTEM_ADMIN, "north"), regions=[new])


async def test_editing_asks_for_the_version_read_and_keeps_what_was(database: object) -> None:
    ids = await make_city()
    facts = RegionFacts("新北新区", lat=31.9, lon=119.9, source="test")
    assert await actions.edit_region(stamp=house(), region_id=ids["north"], version=1, facts=facts) == 2
    with pytest.raises(Stale):
        await actions.edit_region(stamp=house(), region_id=ids["north"], version=1, facts=facts)
    change = (await history.list_changes(table="region", key=str(ids["north"])))[0]
    assert change.before is not None
    assert change.before["name_zh"] == "新北区"
    assert await keys(query="xinbeixinqu") == ["north"]
    assert await db.fetch_value("SELECT count(*) FROM audit WHERE verb = 'region.edit'") == 1
    assert await db.fetch_value("SELECT count(*) FROM feed WHERE topic = 'region' AND key = $1", str(ids["north"])) == 2


async def test_moving_takes_the_subtree_along_unless_a_site_stands_in_it(database: object) -> None:
    ids = await make_city()
    lake = ids["lake"]
    await actions.move_region(stamp=house(), region_id=lake, version=1, parent_id=ids["north"])
    village = await queries.get_by_key("village")
    assert village.path == f"/{ids['city']}/{ids['north']}/{lake}/{ids['village']}/"
    with pytest.raises(Invalid):
        await actions.move_region(stamp=house(), region_id=ids["north"], version=1, parent_id=lake)
    site = NewSite("VP01", SiteFacts("村点", SiteKind.POINT, ids["village"]))
    await sites.create_sites(stamp=house(), sites=[site])
    with pytest.raises(Refused) as refused:
        await actions.move_region(stamp=house(), region_id=lake, version=2, parent_id=ids["south"])
    assert refused.value.code == "region.in-use"
    assert (await queries.get_by_key("village")).path == village.path


async def test_only_an_empty_leaf_is_retired_and_its_key_stays_taken(database: object) -> None:
    ids = await make_city()
    with pytest.raises(Refused) as refused:
        await actions.retire_region(stamp=house(), region_id=ids["lake"], version=1, sites=0)
    assert refused.value.code == "region.has-children"
    with pytest.raises(Refused) as refused:
        await actions.retire_region(stamp=house(), region_id=ids["village"], version=1, sites=2)
    assert refused.value.code == "region.has-sites"
    await actions.retire_region(stamp=house(), region_id=ids["village"], version=1, sites=0)
    assert "village" not in await keys()
    assert "village" in await keys(retired=True)
    with pytest.raises(Refused):
        await actions.add_regions(stamp=house(), regions=[node("village", "lake", Tier.VILLAGE, "再来")])


async def test_a_code_is_one_regions_on_one_day(database: object) -> None:
    ids = await make_city()
    old = RegionCode("stat", "320411000000", date(2010, 1, 1), None, "test")
    new = RegionCode("stat", "320411000001", date(2020, 1, 1), None, "test")
    await actions.add_code(stamp=house(), region_id=ids["north"], code=old)
    await actions.add_code(stamp=house(), region_id=ids["north"], code=new)
    for day, code, found in (
        (date(2019, 12, 31), old.code, "north"),
        (date(2020, 1, 1), old.code, None),
        (date(2020, 1, 1), new.code, "north"),
    ):
        region = await queries.find_by_code("stat", code, day)
        assert (region.key if region else None) == found
    with pytest.raises(Refused) as refused:
        await actions.add_code(stamp=house(), region_id=ids["south"], code=new)
    assert refused.value.code == "region.code-taken"
    assert [c.code for c in await queries.list_codes(ids["north"])] == [new.code, old.code]
    again = RegionCode("stat", old.code, date(2021, 1, 1), None, "test")
    await actions.add_code(stamp=house(), region_id=ids["south"], code=again)


async def test_figures_have_a_day_and_unknown_is_not_zero(database: object) -> None:
    ids = await make_city()
    facts = [
        (ids["north"], RegionFact("population", 100, date(2010, 11, 1), "census 6")),
        (ids["north"], RegionFact("population", 120, DAY, "census 7")),
    ]
    await actions.set_facts(stamp=house(), facts=facts)
    found = await queries.find_facts("population", [ids["north"], ids["south"]], date(2015, 1, 1))
    assert {k: v.value for k, v in found.items()} == {ids["north"]: 100}
    await actions.set_facts(stamp=house(), facts=[(ids["north"], RegionFact("population", 125, DAY, "corrected"))])
    assert [f.value for f in await queries.list_facts(ids["north"], on=date(2026, 1, 1))] == [125]
    assert [f.value for f in await queries.list_facts(ids["north"])] == [125, 100]
    with pytest.raises(Missing):
        await actions.set_facts(stamp=house(), facts=[(999, facts[0][1])])


async def test_pages_join_into_the_whole_list(database: object) -> None:
    await make_city()
    seen: list[str] = []
    cursor = None
    while True:
        page = await queries.list_regions(cursor=cursor, limit=2)
        seen += [r.key for r in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == ["city", "lake", "north", "river", "south", "village"]
    first = await queries.list_regions(query="q", limit=1)
    second = await queries.list_regions(query="q", limit=1, cursor=first.next_cursor)
    assert {first.items[0].key, second.items[0].key} == {"north", "south"}
    for wrong in ("x", first.next_cursor, "WyJhIiwiYiJd"):
        with pytest.raises(Invalid):
            await queries.list_regions(cursor=wrong)


async def test_the_same_attempt_twice_is_one_region(database: object) -> None:
    await make_city()
    stamp = house("x")
    new = [NewRegion("z", "city", Tier.DISTRICT, RegionFacts("某区", source="test"))]
    first = await actions.add_regions(stamp=stamp, regions=new)
    assert await actions.add_regions(stamp=stamp, regions=new) == first
