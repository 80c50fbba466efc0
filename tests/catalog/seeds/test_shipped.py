"""The files that are shipped: complete, consistent, honest about their sources."""

from collections import Counter

import pytest
from pypinyin import Style, lazy_pinyin

from catalog.kernel.access import Role
from catalog.kernel.quantity import Dimension
from catalog.seeds.loader import (
    CARE_KINDS,
    DISASTER_TYPES,
    DUTIES,
    SCHEMES,
    TIERS,
    care_of,
    check_digit,
    list_cities,
    load_city,
    load_common,
    substitutes_of,
)
from catalog.seeds.model import CitySeeds, CommonSeeds


@pytest.fixture(scope="module")
def common() -> CommonSeeds:
    return load_common()


@pytest.fixture(scope="module")
def city(common: CommonSeeds) -> CitySeeds:
    return load_city("changzhou", common)


def initials(text: str) -> str:
    return "".join(lazy_pinyin(text, style=Style.FIRST_LETTER))


def item_named(common: CommonSeeds, name: str) -> str:
    return next(key for key, item in common.items.items() if item.name_zh == name)


# --- catalogue ------------------------------------------------------------------------------------------------


def test_there_are_as_many_items_as_promised(common: CommonSeeds) -> None:
    assert len(common.items) >= 130
    assert sum(item.tracking == "serial" for item in common.items.values()) >= 20
    kinds = Counter(item.kind for item in common.items.values())
    assert kinds["phantom_kit"] >= 3
    assert kinds["stocked_kit"] >= 3
    assert {item.dimension for item in common.items.values()} == set(Dimension)


def test_every_item_can_be_packed_called_and_stored(common: CommonSeeds) -> None:
    defaults = {pack.item_key for pack in common.packs.values() if pack.is_default}
    assert defaults == set(common.items)
    assert {alias.item_key for alias in common.aliases} == set(common.items)
    for item in common.items.values():
        assert item.weight_g > 0
        assert item.volume_ml > 0
        assert item.disaster_types
        assert len(item.key) <= 24


def test_many_items_come_in_two_pack_levels(common: CommonSeeds) -> None:
    levels = Counter(pack.item_key for pack in common.packs.values())
    assert sum(count >= 2 for count in levels.values()) >= 100


def test_a_larger_pack_is_heavier_and_bigger(common: CommonSeeds) -> None:
    for pack in common.packs.values():
        item = common.items[pack.item_key]
        assert pack.weight_g >= pack.quantity * item.weight_g
        assert pack.volume_ml >= pack.quantity * item.volume_ml


def test_goods_that_are_stocked_have_several_codes_and_phantom_kits_none(common: CommonSeeds) -> None:
    per_item = Counter(code.item_key for code in common.item_codes)
    for key, item in common.items.items():
        if item.kind == "phantom_kit":
            assert per_item[key] == 0
        else:
            assert per_item[key] >= (1 if item.storage_class == "outdoor_bulk" else 2)


def test_demo_gtins_are_valid_and_belong_to_no_maker(common: CommonSeeds) -> None:
    gtins = [code for code in common.item_codes if code.gtin14]
    assert len(gtins) > 300
    for code in gtins:
        assert code.gtin14 is not None
        assert code.gtin14[-1] == check_digit(code.gtin14[:-1])
        assert 20 <= int(code.gtin14[1:3]) <= 29
    assert len({code.gtin14 for code in gtins}) == len(gtins)


def test_a_text_code_leads_to_one_thing(common: CommonSeeds) -> None:
    texts = [code.code for code in common.item_codes if not code.gtin14]
    assert len(set(texts)) == len(texts)
    assert not set(texts) & ({*common.items} | {*common.packs})


def test_the_check_digit_is_the_published_one() -> None:
    # worked examples of the GS1 General Specifications: a GTIN-13 and an SSCC
    assert check_digit("629104150021") == "3"
    assert check_digit("37610425002123456") == "9"


def test_piece_and_case_carry_different_gtins(common: CommonSeeds) -> None:
    key = item_named(common, "单帐篷")
    water = item_named(common, "瓶装饮用水")
    pieces = {c.code for c in common.item_codes if c.item_key == water and c.scheme == "gtin13"}
    cases = {c.code for c in common.item_codes if c.item_key == water and c.scheme == "gtin14"}
    assert pieces
    assert cases
    assert not pieces & cases
    assert any(c.item_key == key for c in common.item_codes)


def test_only_verified_national_codes_are_shipped(common: CommonSeeds) -> None:
    national = {c.code for c in common.classes if c.scheme == "gbt38565"}
    digits = {code for code in national if code.isdigit()}
    assert digits == {"1000000", "2000000", "3000000", "1010000", "1010100", "1990000", "2990000", "3990000"}
    assert national - digits == {"L-SJSB"}
    parents = {c.code: c.parent_code for c in common.classes if c.scheme == "gbt38565"}
    assert parents["1010100"] == "1010000"


def test_the_local_tree_covers_all_items_and_maps_to_the_national_level_one(common: CommonSeeds) -> None:
    local = [c for c in common.classes if c.scheme == "local"]
    assert {c.level for c in local} == {1, 2}
    assert 16 <= sum(c.level == 1 for c in local) <= 22
    assert {c.gbt_code for c in local} == {"1000000", "2000000", "3000000"}
    used = {item.class_code for item in common.items.values()}
    assert used == {c.code for c in local if c.level == 2}


def test_every_other_scheme_is_there(common: CommonSeeds) -> None:
    schemes = Counter(c.scheme for c in common.classes)
    assert set(schemes) == set(SCHEMES)
    assert sum(schemes.values()) - schemes["local"] == 192


@pytest.mark.parametrize(
    ("typed", "name"), [("zp", "单帐篷"), ("bzd", "编织袋"), ("cfz", "冲锋舟"), ("mb", "棉被"), ("jsy", "救生衣")]
)
def test_pinyin_initials_find_the_item(common: CommonSeeds, typed: str, name: str) -> None:
    key = item_named(common, name)
    words = [common.items[key].name_zh, *(a.alias for a in common.aliases if a.item_key == key)]
    assert any(typed in initials(word) for word in words)


def test_the_initials_of_tent_are_zp() -> None:
    assert initials("帐篷") == "zp"


@pytest.mark.parametrize(
    ("said", "meant"),
    [("帐蓬", "单帐篷"), ("蛇皮袋", "编织袋"), ("草包", "草袋"), ("冲锋艇", "冲锋舟"), ("矿泉水", "瓶装饮用水")],
)
def test_what_people_say_leads_to_the_item(common: CommonSeeds, said: str, meant: str) -> None:
    assert item_named(common, meant) in {a.item_key for a in common.aliases if a.alias == said}


def test_an_alias_never_hides_another_items_name(common: CommonSeeds) -> None:
    names = {item.name_zh for item in common.items.values()}
    assert not [a for a in common.aliases if a.alias in names]


def test_care_follows_the_published_intervals(common: CommonSeeds) -> None:
    tent = {c.kind: c for c in care_of(common.items[item_named(common, "单帐篷")], common)}
    assert (tent["restack"].first_after_days, tent["restack"].interval_days) == (365, 365)
    assert tent["quality_test"].first_after_days == 1095
    assert "DB11/T 2010-2022" in tent["restack"].source
    powder = {c.kind: c for c in care_of(common.items[item_named(common, "干粉灭火器")], common)}
    assert (powder["inspection"].first_after_days, powder["inspection"].interval_days) == (1825, 730)
    assert powder["inspection"].basis == "production"
    boat = {c.kind for c in care_of(common.items[item_named(common, "橡皮艇")], common)}
    assert "air_tightness" in boat
    assert {care.kind for care in common.care} == set(CARE_KINDS)


def test_extinguishers_carry_their_scrap_age_and_its_source(common: CommonSeeds) -> None:
    life = {
        item.name_zh: item.storage_life_days
        for item in common.items.values()
        if "GA 95-2007" in item.storage_life_source
    }
    assert life == {
        "水基型灭火器": 6 * 365,
        "干粉灭火器": 10 * 365,
        "洁净气体灭火器": 10 * 365,
        "二氧化碳灭火器": 12 * 365,
    }


def test_the_gansu_rule_decides_what_comes_back(common: CommonSeeds) -> None:
    returns = {item.name_zh: item.returnable for item in common.items.values()}
    assert all(returns[name] for name in ("单帐篷", "棉帐篷", "活动板房", "净水机", "柴油发电机组", "移动照明灯塔"))
    assert not any(returns[name] for name in ("棉被", "棉大衣", "睡袋", "折叠床", "取暖炉"))


def test_two_way_substitutes_turn_their_ratio_round(common: CommonSeeds) -> None:
    small, large = item_named(common, "单帐篷"), item_named(common, "大型单帐篷")
    there = next(s for s in substitutes_of(small, common) if s.substitute_key == large)
    back = next(s for s in substitutes_of(large, common) if s.substitute_key == small)
    assert (there.need, there.give) == (8, 3)
    assert (back.need, back.give) == (3, 8)
    jute = item_named(common, "麻袋")
    assert item_named(common, "编织袋") not in {s.substitute_key for s in substitutes_of(jute, common)}


def test_kits_have_parts_and_parts_are_plain(common: CommonSeeds) -> None:
    kits = {key for key, item in common.items.items() if item.kind != "plain"}
    assert {part.kit_key for part in common.kits} == kits
    shelter = {
        common.items[p.component_key].name_zh: p.quantity
        for p in common.kits
        if p.kit_key == item_named(common, "住宿套件")
    }
    assert shelter == {"单帐篷": 1, "折叠床": 6, "棉被": 6, "防潮垫": 6}


def test_a_kit_part_is_a_whole_number_of_display_units(common: CommonSeeds) -> None:
    for part in common.kits:
        assert part.quantity % common.items[part.component_key].display_factor == 0


def test_every_disaster_type_has_goods(common: CommonSeeds) -> None:
    assert {t for item in common.items.values() for t in item.disaster_types} == set(DISASTER_TYPES)


# --- the demo city --------------------------------------------------------------------------------------------


def test_changzhou_is_shipped() -> None:
    assert "changzhou" in list_cities()


def test_the_statistics_bureaus_nodes_are_all_there(city: CitySeeds) -> None:
    tiers = Counter(r.tier for r in city.regions.values())
    assert sum(r.code is not None for r in city.regions.values()) == 72
    assert (tiers["city"], tiers["district"], tiers["town"]) == (1, 7, 65)
    assert 12 <= tiers["village"] <= 16


def test_parents_are_one_tier_up(city: CitySeeds) -> None:
    for region in city.regions.values():
        if region.parent_key is None:
            assert region.tier == "city"
        else:
            assert TIERS.index(city.regions[region.parent_key].tier) == TIERS.index(region.tier) - 1


def test_the_zone_without_a_code_governs_its_six_units(city: CitySeeds) -> None:
    zone = city.regions["jingkai"]
    assert zone.code is None
    assert zone.local_key == "CZ-JKQ"
    units = [r for r in city.regions.values() if r.parent_key == "jingkai"]
    assert {r.name_zh for r in units} == {"戚墅堰街道", "丁堰街道", "潞城街道", "遥观镇", "横林镇", "横山桥镇"}
    assert all(r.code is not None and r.code.startswith("320412") for r in units)


def test_district_populations_add_up_to_the_city(city: CitySeeds) -> None:
    people = {f.region_key: f.value for f in city.facts if f.fact == "population"}
    districts = [r.key for r in city.regions.values() if r.tier == "district"]
    assert people["changzhou"] == 5_278_121
    assert sum(people[key] for key in districts) == people["changzhou"]
    assert people["wujin"] + people["jingkai"] == 1_697_380


def test_unknown_figures_are_absent_not_zero(city: CitySeeds) -> None:
    assert all(fact.value > 0 for fact in city.facts)
    towns_known = [f for f in city.facts if f.fact == "population" and city.regions[f.region_key].tier == "town"]
    assert [f.region_key for f in towns_known] == ["jincheng"]


def test_invented_places_say_so(city: CitySeeds) -> None:
    assert all(r.source.startswith("demo") for r in city.regions.values() if r.tier == "village")
    assert all(s.source.startswith("demo") for s in city.sites.values())
    assert all(p.source.startswith("demo") for p in city.people.values())
    companies = [
        p for p in city.parties.values() if p.kind in {"supplier", "donor", "carrier", "test_house", "enterprise"}
    ]
    assert all(p.source.startswith("demo") and "演示" in p.name_zh for p in companies)


def test_geonames_is_credited(city: CitySeeds) -> None:
    assert any("GeoNames" in r.source for r in city.regions.values())
    assert "GeoNames" in city.credits
    assert "CC BY 4.0" in city.credits


def test_offices_decide_hold_and_pay_in_the_city_and_every_district(city: CitySeeds) -> None:
    for region in city.regions.values():
        if region.tier in {"city", "district"}:
            duties = {d for p in city.parties.values() if p.region_key == region.key for d in p.duties}
            assert duties == set(DUTIES), region.key


def test_the_seven_city_alliance_is_there(city: CitySeeds) -> None:
    others = {p.name_zh for p in city.parties.values() if p.kind == "neighbour_city"}
    assert others == {"上海市", "无锡市", "苏州市", "湖州市", "泰州市", "宣城市"}


def test_sites_stand_at_every_tier_and_some_keep_others_goods(city: CitySeeds) -> None:
    assert len(city.sites) >= 34
    assert {city.regions[s.region_key].tier for s in city.sites.values()} == set(TIERS)
    assert {s.kind for s in city.sites.values()} == {"store", "point", "shelter", "enterprise"}
    custody = [s for s in city.sites.values() if s.custody]
    assert len(custody) >= 4
    assert any(city.parties[s.custodian_party].kind == "enterprise" for s in custody)
    assert any(s.region_key != s.custody_for for s in custody)


def test_sites_stand_inside_the_city(city: CitySeeds) -> None:
    for site in city.sites.values():
        assert site.lat is not None
        assert site.lon is not None
        assert 31.0 < site.lat < 32.2
        assert 119.0 < site.lon < 120.3


def test_every_site_has_zones_and_every_zone_has_bins(city: CitySeeds) -> None:
    assert {z.site_code for z in city.zones} == set(city.sites)
    assert {(z.site_code, z.code) for z in city.zones} == {(b.site_code, b.zone_code) for b in city.bins}
    bins = [(rule.site_code, code) for rule in city.bins for code in rule.codes()]
    assert len(set(bins)) == len(bins)
    assert ("CZ01", "A-01-02") in bins


def test_every_storage_class_in_use_has_a_zone_in_the_city(common: CommonSeeds, city: CitySeeds) -> None:
    housed = {c for zone in city.zones for c in zone.storage_classes}
    assert {item.storage_class for item in common.items.values()} <= housed


def test_there_is_an_account_for_every_role_and_no_password(city: CitySeeds) -> None:
    assert {p.role for p in city.people.values()} == set(Role)
    tiers = {city.regions[p.region_key].tier for p in city.people.values() if p.role is Role.KEEPER}
    assert tiers == set(TIERS)
    assert len({p.name_zh for p in city.people.values()}) == len(city.people)


def test_a_keepers_site_lies_in_the_keepers_region(city: CitySeeds) -> None:
    for person in city.people.values():
        if person.role is Role.KEEPER:
            assert person.site_code is not None
            assert city.sites[person.site_code].region_key == person.region_key
