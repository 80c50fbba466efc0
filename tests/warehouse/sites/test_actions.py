"""Sites, zones and bins in the database."""

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from catalog.classes.queries import get_by_code
from catalog.items.model import ItemFacts
from catalog.items.queries import get_storage_class
from catalog.kernel import db
from catalog.kernel.access import EVERYWHERE, Permission, Role, Scope
from catalog.kernel.errors import Invalid, Missing, Refused, Stale
from catalog.regions.actions import move_region
from tests.catalog.small import AT, as_role, house, make_catalogue, make_city, make_item
from warehouse.sites import actions, queries
from warehouse.sites.model import BinFacts, NewBin, NewSite, NewZone, PlaceKind, SiteFacts, SiteKind, ZoneFacts


@pytest.fixture
async def regions(database: object) -> dict[str, int]:
    await make_catalogue()
    return await make_city()


async def make(regions: dict[str, int], code: str = "XB01", region: str = "north") -> int:
    zones = (
        NewZone("A", ZoneFacts("甲区", storage_classes=("general",)), tuple(NewBin(f"A-{n}") for n in range(1, 12))),
        NewZone("B", ZoneFacts("乙区")),
    )
    facts = SiteFacts("新北区储备库", SiteKind.STORE, regions[region], address="长江路1号", source="test")
    return (await actions.create_sites(stamp=house(), sites=[NewSite(code, facts, zones)]))[0]


async def bins(site: int, **conditions: object) -> list[str]:
    page = await queries.list_places(site_id=site, scope=EVERYWHERE, **conditions)  # type: ignore[arg-type]
    return [place.code for place in page.items]


async def place_of(site: int, code: str) -> int:
    return (await queries.find_places_by_code(site, [code]))[code].id


async def put_stock(owner: asyncpg.Connection, regions: dict[str, int], place: int) -> None:
    """A lot with a balance, as the ledger would write it."""
    item = await make_item(await make_facts(), "ZP-0001")
    path = await db.fetch_value("SELECT path FROM region WHERE id = $1", regions["north"])
    lot = await owner.fetchval(
        "INSERT INTO lot (number, item_id, owner_region_id, owner_path, stored_on, created_at, attempt)"
        " VALUES ('L1', $1, $2, $3, $4, $5, gen_random_uuid()) RETURNING id",
        item,
        regions["north"],
        path,
        AT.date(),
        AT,
    )
    columns = {
        r[0]
        for r in await owner.fetch("SELECT column_name FROM information_schema.columns WHERE table_name = 'balance'")
    }
    values = {"lot_id": lot, "place_id": place, "condition": "good", "on_hand": 5, "item_id": item}
    values["site_id"] = await db.fetch_value("SELECT site_id FROM place WHERE id = $1", place)
    used = [name for name in values if name in columns]
    marks = ", ".join(f"${n}" for n in range(1, len(used) + 1))
    await owner.execute(f"INSERT INTO balance ({', '.join(used)}) VALUES ({marks})", *(values[name] for name in used))


async def make_facts() -> ItemFacts:
    return ItemFacts(
        "单帐篷", (await get_by_code("local", "ZP")).id, "顶", (await get_storage_class("general")).id, source="test"
    )


async def test_a_site_comes_with_zones_bins_and_a_staging_place(regions: dict[str, int]) -> None:
    site = await make(regions)
    card = await queries.get_card(site, EVERYWHERE)
    assert card.staging is not None
    assert card.staging.key == "XB01000"
    assert card.staging.kind is PlaceKind.STAGING
    assert [(z.code, z.bins, z.closed) for z in card.zones] == [("A", 11, 0), ("B", 0, 0)]
    assert [r.key for r in card.regions] == ["city", "north"]
    assert await bins(site) == [f"A-{n}" for n in range(1, 12)], "walking order is natural"
    assert await bins(site, query="A-1") == ["A-1", "A-10", "A-11"]
    found = await queries.find_places(["XB01000", "XB01001", "XB01ZZZ"])
    assert {key: (p.kind, p.code, p.storage_classes) for key, p in found.items()} == {
        "XB01000": (PlaceKind.STAGING, "STAGE", ()),
        "XB01001": (PlaceKind.BIN, "A-1", ("general",)),
    }
    assert found["XB01001"].path == card.site.path


async def test_scope_hides_what_lies_elsewhere(regions: dict[str, int]) -> None:
    north, south = await make(regions), await make(regions, "WJ01", "lake")
    scope = (await as_role(Role.KEEPER, "south")).require(Permission.SITE_READ)
    assert [s.code for s in (await queries.list_sites(scope=scope)).items] == ["WJ01"]
    only = Scope(site_ids=frozenset({north}))
    assert [s.code for s in (await queries.list_sites(scope=only)).items] == ["XB01"]
    for hidden in (
        queries.get_site(north, scope),
        queries.get_card(north, scope),
        queries.get_zone(1, scope),
        queries.get_place(await place_of(north, "A-1"), scope),
        queries.get_place_by_key("XB01001", scope),
        queries.get_by_code("XB01", scope),
    ):
        with pytest.raises(Missing):
            await hidden
    assert await queries.list_zones(north, scope) == []
    assert (await queries.list_places(site_id=north, scope=scope)).items == []
    assert [s.code for s in (await queries.list_sites(scope=EVERYWHERE, query="xbq")).items] == ["WJ01", "XB01"]
    assert (await queries.get_site(south, scope)).code == "WJ01"


async def test_rights_are_asked_at_the_region_and_at_the_site(regions: dict[str, int]) -> None:
    site = await make(regions)
    facts = (await queries.get_site(site, EVERYWHERE)).facts
    stranger = await as_role(Role.SYSTEM_ADMIN, "south")
    with pytest.raises(Missing):
        await actions.edit_site(stamp=stranger, site_id=site, version=1, facts=facts)
    with pytest.raises(Missing):
        await actions.create_sites(
            stamp=await as_role(Role.SYSTEM_ADMIN, "south"), sites=[NewSite("XB02", replace(facts, name_zh="又一库"))]
        )
    mine = await as_role(Role.SYSTEM_ADMIN, "north")
    with pytest.raises(Missing):
        await actions.edit_site(stamp=mine, site_id=site, version=1, facts=replace(facts, region_id=regions["south"]))
    own = await as_role(Role.SYSTEM_ADMIN, "north")
    moved = replace(facts, region_id=regions["river"], lat=31.9, lon=119.9, one_keeper=True)
    assert await actions.edit_site(stamp=own, site_id=site, version=1, facts=moved) == 2
    assert (await queries.get_site(site, EVERYWHERE)).facts == moved
    assert (await queries.get_card(site, EVERYWHERE)).regions[-1].key == "river"
    with pytest.raises(Stale):
        await actions.edit_site(stamp=house(), site_id=site, version=1, facts=moved)


async def test_codes_and_keys_run_on_and_are_never_given_twice(regions: dict[str, int]) -> None:
    site = await make(regions)
    a, b = await queries.list_zones(site, EVERYWHERE)
    await actions.retire_bins(stamp=house(), place_ids=[await place_of(site, "A-11")])
    with pytest.raises(Refused) as refused:
        await actions.add_bins(stamp=house(), zone_id=b.id, bins=[NewBin("A-11")])
    assert refused.value.code == "bin.code-taken"
    ids = await actions.add_bins(stamp=house(), zone_id=b.id, bins=[NewBin("B-1"), NewBin("B-2", BinFacts(1000, 500))])
    assert [(await queries.get_place(i, EVERYWHERE)).key for i in ids] == ["XB0100C", "XB0100D"]
    with pytest.raises(Refused) as refused:
        await actions.add_zones(stamp=house(), site_id=site, zones=[NewZone("A", ZoneFacts("又一区"))])
    assert refused.value.code == "zone.code-taken"
    with pytest.raises(Refused) as refused:
        await make(regions)
    assert refused.value.code == "site.code-taken"
    with pytest.raises(Missing):
        await actions.edit_zone(stamp=house(), zone_id=a.id, version=1, facts=ZoneFacts("甲", None, ("nowhere",)))
    await actions.add_zones(
        stamp=house(),
        site_id=site,
        zones=[NewZone("C", ZoneFacts("丙"), (NewBin("C-1"),)), NewZone("D", ZoneFacts("丁"))],
    )
    assert (await queries.find_places_by_code(site, ["C-1"]))["C-1"].key == "XB0100E"


async def test_bins_close_open_and_change_zone(regions: dict[str, int]) -> None:
    site = await make(regions)
    _, b = await queries.list_zones(site, EVERYWHERE)
    places = [await place_of(site, code) for code in ("A-1", "A-2")]
    await actions.close_bins(stamp=house(), place_ids=places, reason="漏雨")
    assert await bins(site, closed=True) == ["A-1", "A-2"]
    assert (await queries.find_places(["XB01001"]))["XB01001"].closed
    with pytest.raises(Refused) as refused:
        await actions.close_bins(stamp=house(), place_ids=places[:1], reason="漏雨")
    assert refused.value.code == "bin.already-closed"
    with pytest.raises(Invalid):
        await actions.close_bins(stamp=house(), place_ids=[places[0], places[0]], reason="漏雨")
    await actions.open_bins(stamp=house(), place_ids=places)
    assert await bins(site, closed=True) == []
    version = (await queries.get_place(places[0], EVERYWHERE)).version
    facts = BinFacts(1000, 2000, "Z")
    assert await actions.edit_bin(stamp=house(), place_id=places[0], version=version, facts=facts, zone_id=b.id) == 4
    assert await bins(site, zone_id=b.id) == ["A-1"]
    assert (await bins(site))[-1] == "A-1", "its turn in the walk is what was said"
    with pytest.raises(Stale):
        await actions.edit_bin(stamp=house(), place_id=places[0], version=version, facts=facts)
    staging = (await queries.get_card(site, EVERYWHERE)).staging
    assert staging is not None
    with pytest.raises(Refused):
        await actions.close_bins(stamp=house(), place_ids=[staging.id], reason="?")


async def test_what_holds_stock_is_not_retired(regions: dict[str, int], owner: asyncpg.Connection) -> None:
    site = await make(regions)
    place = await place_of(site, "A-3")
    await put_stock(owner, regions, place)
    with pytest.raises(Refused) as refused:
        await actions.retire_bins(stamp=house(), place_ids=[await place_of(site, "A-4"), place])
    assert refused.value.code == "bin.has-stock"
    assert refused.value.facts["stock"] == [{"place": "A-3", "lot": "L1", "condition": "good", "on_hand": 5}]
    with pytest.raises(Refused) as refused:
        await actions.retire_site(stamp=house(), site_id=site, version=1)
    assert refused.value.code == "site.has-stock"
    zone = (await queries.list_zones(site, EVERYWHERE))[0]
    with pytest.raises(Refused) as refused:
        await actions.retire_zone(stamp=house(), zone_id=zone.id, version=1)
    assert refused.value.code == "zone.has-bins"
    await owner.execute("UPDATE balance SET on_hand = 0")
    await actions.retire_site(stamp=house(), site_id=site, version=1)
    assert (await queries.find_places(["XB01003"]))["XB01003"].retired
    assert (await queries.list_sites(scope=EVERYWHERE)).items == []


async def test_a_region_that_owns_goods_keeps_its_place(regions: dict[str, int], owner: asyncpg.Connection) -> None:
    """Also where none of its goods stand in it: the lot holds a copy of the owner's path."""
    site = await make(regions, "CZ01", "city")
    await put_stock(owner, regions, await place_of(site, "A-1"))
    await db.execute("UPDATE region SET tier = 'town' WHERE id = $1", regions["north"])
    await db.execute("UPDATE region SET tier = 'village' WHERE id = $1", regions["river"])
    with pytest.raises(Refused) as refused:
        await move_region(stamp=house(), region_id=regions["north"], version=1, parent_id=regions["south"])
    assert refused.value.code == "region.in-use"


async def test_the_same_attempt_twice_is_one_site(regions: dict[str, int]) -> None:
    facts = SiteFacts("库", SiteKind.POINT, regions["lake"])
    stamp = house("same")
    first = await actions.create_sites(stamp=stamp, sites=[NewSite("WJ11", facts)])
    assert await actions.create_sites(stamp=stamp, sites=[NewSite("WJ11", facts)]) == first
    with pytest.raises(Refused) as refused:
        await actions.create_sites(stamp=replace(stamp, content_hash=b"other"), sites=[NewSite("WJ12", facts)])
    assert refused.value.code == "attempt.other-content"
    with pytest.raises(Missing):
        await actions.create_sites(stamp=house(), sites=[NewSite("WJ13", replace(facts, custodian_id=10**9))])


async def test_bins_added_by_many_at_once_have_keys_of_their_own(regions: dict[str, int]) -> None:
    site = await make(regions)
    zone = (await queries.list_zones(site, EVERYWHERE))[1]
    await asyncio.gather(
        *(
            actions.add_bins(stamp=house(), zone_id=zone.id, bins=[NewBin(f"B-{who}-{n}") for n in range(5)])
            for who in range(6)
        )
    )
    page = await queries.list_places(site_id=site, scope=EVERYWHERE, zone_id=zone.id)
    assert len({place.key for place in page.items}) == 30
