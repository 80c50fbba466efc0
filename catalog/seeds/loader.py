"""Reference data as files: read once, strictly, into frozen values.

Pure: no clock, no database, no environment. `load_common()` and `load_city(name)` read the files shipped in this
package; both take a `root` so that another city (or a test) may lie elsewhere. What a row refers to must have
been read before; the first thing that is wrong raises `Invalid` naming file, line and column (see `rows`).
"""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable

from catalog.kernel.access import Role
from catalog.kernel.quantity import MAX_QUANTITY, Dimension
from catalog.seeds.model import (
    AliasSeed,
    BinRuleSeed,
    CareSeed,
    CitySeeds,
    ClassSeed,
    CommonSeeds,
    ItemClassSeed,
    ItemCodeSeed,
    ItemSeed,
    KitComponentSeed,
    NormSeed,
    PackSeed,
    PartySeed,
    PersonSeed,
    RegionFactSeed,
    RegionSeed,
    SiteSeed,
    StorageClassSeed,
    SubstituteSeed,
    ZoneSeed,
)
from catalog.seeds.rows import Row, read_rows, read_text

SCHEMES = ("gbt38565", "js", "zj", "sd", "qh", "jl", "zy", "zf", "fx", "old", "ndrc", "local")
DISASTER_TYPES = (
    "flood", "typhoon", "earthquake", "fire", "forest_fire", "snow_cold", "epidemic", "drought", "general",
)  # fmt: skip
CARE_KINDS = ("restack", "quality_test", "engine_run", "sunning", "air_tightness", "charge", "inspection")
TIERS = ("city", "district", "town", "village")
REGION_KINDS = ("administrative", "functional_zone", "street", "town", "village", "community")
PARTY_KINDS = ("office", "supplier", "donor", "carrier", "test_house", "enterprise", "neighbour_city")
DUTIES = ("decide", "hold", "pay")
SITE_KINDS = ("store", "point", "shelter", "enterprise")


def shipped() -> Traversable:
    """The folder with the seed files of this package."""
    return files("catalog.seeds")


def list_cities(root: Traversable | None = None) -> tuple[str, ...]:
    """Names that `load_city` takes, sorted."""
    folder = (root or shipped()).joinpath("cities")
    return tuple(sorted(entry.name for entry in folder.iterdir() if entry.joinpath("regions.csv").is_file()))


def load_common(root: Traversable | None = None) -> CommonSeeds:
    """Classes, items, packs, codes, care, substitutes and kits, checked against each other."""
    folder = (root or shipped()).joinpath("common")
    classes = _classes(folder)
    storage = _storage_classes(folder)
    items = _items(folder, {(c.scheme, c.code): c for c in classes}, {s.key for s in storage})
    packs = _packs(folder, items)
    return CommonSeeds(
        classes=classes,
        storage_classes=storage,
        items=items,
        item_classes=_item_classes(folder, items, classes),
        packs=packs,
        item_codes=_item_codes(folder, items, packs),
        aliases=_aliases(folder, items),
        care=_care(folder, items, {c.code for c in classes if c.scheme == "local"}),
        substitutes=_substitutes(folder, items),
        kits=_kits(folder, items),
    )


def load_city(name: str, common: CommonSeeds, root: Traversable | None = None) -> CitySeeds:
    """One city's regions, facts, parties, sites, zones, bins and demo people, checked against each other."""
    folder = (root or shipped()).joinpath("cities").joinpath(name)
    regions = _regions(folder)
    parties = _parties(folder, regions)
    sites = _sites(folder, regions, parties)
    zones = _zones(folder, sites, {s.key for s in common.storage_classes})
    return CitySeeds(
        name=name,
        regions=regions,
        facts=_facts(folder, regions),
        parties=parties,
        sites=sites,
        zones=zones,
        bins=_bins(folder, zones),
        people=_people(folder, regions, sites, parties),
        credits=read_text(folder, "credits.txt"),
        norms=_norms(folder, {**regions, **sites}, common) if folder.joinpath("norms.csv").is_file() else (),
    )


def people_of_city(name: str, root: Traversable | None = None) -> dict[str, PersonSeed]:
    """The demo people of one city alone, by login: no other file than theirs and what it refers to is read."""
    folder = (root or shipped()).joinpath("cities").joinpath(name)
    regions = _regions(folder)
    parties = _parties(folder, regions)
    return _people(folder, regions, _sites(folder, regions, parties), parties)


def care_of(item: ItemSeed, common: CommonSeeds) -> tuple[CareSeed, ...]:
    """The care that holds for one item: its own rows, else its class's, else the parent class's, per kind.

    A phantom kit stands nowhere and needs none.
    """
    if item.kind == "phantom_kit":
        return ()
    group = next(c.parent_code for c in common.classes if (c.scheme, c.code) == ("local", item.class_code))
    found: dict[str, CareSeed] = {}
    for target in (("item", item.key), ("class", item.class_code), ("class", group)):
        for care in common.care:
            if (care.target_kind, care.target) == target:
                found.setdefault(care.kind, care)
    return tuple(found.values())


def substitutes_of(key: str, common: CommonSeeds) -> tuple[SubstituteSeed, ...]:
    """What may stand in for an item: its own rows, and the two-way rows of others turned round."""
    own = [s for s in common.substitutes if s.item_key == key]
    turned = [
        SubstituteSeed(key, s.item_key, s.give, s.need, s.one_way, s.note_zh, s.source)
        for s in common.substitutes
        if s.substitute_key == key and not s.one_way
    ]
    return (*own, *turned)


def check_digit(body: str) -> str:
    """GS1 check digit of the digits before it: from the right, weights 3, 1, 3, …, mod 10."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return str(-total % 10)


# --- common -------------------------------------------------------------------------------------------------


def _classes(folder: Traversable) -> tuple[ClassSeed, ...]:
    rows = read_rows(
        folder,
        "classes.csv",
        ("scheme", "code", "name_zh", "name_en", "parent_code", "level", "gbt_code", "source"),
        unique=[("scheme", "code")],
    )
    found: dict[tuple[str, str], ClassSeed] = {}
    for row in rows:
        scheme = row.choice("scheme", SCHEMES)
        parent = row.known_reference("parent_code", {code for s, code in found if s == scheme})
        level = row.whole("level", least=1)
        if level != (found[scheme, parent].level + 1 if parent else 1):
            raise row.problem("bad-cell", "level", "层级应比上级大一")
        seed = ClassSeed(
            scheme=scheme,
            code=row.text("code"),
            name_zh=row.text("name_zh"),
            name_en=row.text("name_en"),
            parent_code=parent,
            level=level,
            gbt_code=row.known_reference("gbt_code", {code for s, code in found if s == "gbt38565"}),
            source=row.text("source"),
        )
        found[scheme, seed.code] = seed
    return tuple(found.values())


def _storage_classes(folder: Traversable) -> tuple[StorageClassSeed, ...]:
    columns = ("key", "name_zh", "name_en", "note_zh", "source")
    rows = read_rows(folder, "storage_classes.csv", columns, unique=[("key",)])
    return tuple(StorageClassSeed(**{column: row.text(column) for column in columns}) for row in rows)


def _items(folder: Traversable, classes: Mapping[tuple[str, str], ClassSeed], storage: set[str]) -> dict[str, ItemSeed]:
    columns = [
        "key",
        "name_zh",
        "name_en",
        "spec",
        "class_code",
        "gbt_code",
        "dimension",
        "unit_zh",
        "unit_en",
        "display_factor",
        "tracking",
        "kind",
        "storage_class",
        "weight_g",
        "volume_ml",
        "storage_life_days",
        "storage_life_source",
        "expiry_on_pack",
        "returnable",
        "returnable_source",
        "disaster_types",
        "price_fen",
        "price_per",
        "price_source",
        "near_expiry_days",
        "source",
    ]
    rows = read_rows(folder, "items.csv", columns, unique=[("key",), ("name_zh", "spec")])
    leaves = {code for (scheme, code), c in classes.items() if scheme == "local" and c.level == 2}
    national = {code for scheme, code in classes if scheme == "gbt38565"}
    found = {}
    for row in rows:
        item = _item(row, leaves, national, storage)
        found[item.key] = item
    return found


def _item(row: Row, leaves: set[str], national: set[str], storage: set[str]) -> ItemSeed:
    dimension = Dimension(row.choice("dimension", [d.value for d in Dimension]))
    factor = row.whole("display_factor", least=1)
    tracking = row.choice("tracking", ("lot", "serial"))
    if tracking == "serial" and (dimension is not Dimension.PIECE or factor != 1):
        raise row.problem("bad-cell", "tracking", "按件编号的物资只能以件计")
    life = row.known_whole("storage_life_days", least=1)
    price = row.known_whole("price_fen")
    return ItemSeed(
        key=row.matching("key", r"[A-Z]{2}-[0-9]{4}"),
        name_zh=row.text("name_zh"),
        name_en=row.text("name_en"),
        spec=row.free_text("spec"),
        class_code=row.reference("class_code", leaves),
        gbt_code=row.reference("gbt_code", national),
        dimension=dimension,
        unit_zh=row.text("unit_zh"),
        unit_en=row.text("unit_en"),
        display_factor=factor,
        tracking=tracking,
        kind=row.choice("kind", ("plain", "phantom_kit", "stocked_kit")),
        storage_class=row.reference("storage_class", storage),
        weight_g=row.whole("weight_g", least=1),
        volume_ml=row.whole("volume_ml", least=1),
        storage_life_days=life,
        storage_life_source=row.text("storage_life_source") if life else row.free_text("storage_life_source"),
        expiry_on_pack=row.yes("expiry_on_pack"),
        returnable=row.yes("returnable"),
        returnable_source=row.text("returnable_source"),
        disaster_types=row.choices("disaster_types", DISASTER_TYPES),
        price_fen=price,
        price_per=row.known_whole("price_per", least=1) if price is None else row.whole("price_per", least=1),
        price_source=row.free_text("price_source") if price is None else row.text("price_source"),
        near_expiry_days=_bands(row),
        source=row.text("source"),
    )


def _bands(row: Row) -> tuple[int, ...]:
    """Two falling bands where the item expires, none where it does not."""
    if not row.cells["storage_life_days"]:
        if row.cells["near_expiry_days"]:
            raise row.problem("bad-cell", "near_expiry_days", "无保存期限的物资不设临期天数")
        return ()
    wide, narrow = row.matching("near_expiry_days", r"[1-9][0-9]{0,3};[1-9][0-9]{0,3}").split(";")
    if int(wide) <= int(narrow):
        raise row.problem("bad-cell", "near_expiry_days", "先宽后窄")
    return int(wide), int(narrow)


def _item_classes(
    folder: Traversable, items: Mapping[str, ItemSeed], classes: Sequence[ClassSeed]
) -> tuple[ItemClassSeed, ...]:
    rows = read_rows(
        folder, "item_classes.csv", ("item_key", "scheme", "code", "source"), unique=[("item_key", "scheme")]
    )
    return tuple(
        ItemClassSeed(
            item_key=row.reference("item_key", items),
            scheme=row.choice("scheme", SCHEMES),
            code=row.reference("code", {c.code for c in classes if c.scheme == row.cells["scheme"]}),
            source=row.text("source"),
        )
        for row in rows
    )


def _packs(folder: Traversable, items: Mapping[str, ItemSeed]) -> dict[str, PackSeed]:
    columns = [
        "item_key",
        "pack_key",
        "name_zh",
        "name_en",
        "quantity",
        "factor",
        "weight_g",
        "volume_ml",
        "is_default",
        "source",
    ]
    found = {}
    defaults: set[str] = set()
    for row in read_rows(folder, "packs.csv", columns, unique=[("pack_key",), ("item_key", "name_zh")]):
        item = items[row.reference("item_key", items)]
        pack = PackSeed(
            item_key=item.key,
            key=row.matching("pack_key", item.key + r"-[A-Z0-9]{2,12}"),
            name_zh=row.text("name_zh"),
            name_en=row.text("name_en"),
            quantity=row.whole("quantity", least=1),
            factor=row.whole("factor", least=1),
            weight_g=row.whole("weight_g", least=1),
            volume_ml=row.whole("volume_ml", least=1),
            is_default=row.yes("is_default"),
            source=row.text("source"),
        )
        if pack.factor != pack.quantity * item.display_factor or pack.factor > MAX_QUANTITY:
            raise row.problem("bad-cell", "factor", f"应为 {pack.quantity} × {item.display_factor}")
        if pack.is_default and item.key in defaults:
            raise row.problem("duplicate", "is_default", "每种物资只有一个默认包装")
        if pack.is_default:
            defaults.add(item.key)
        found[pack.key] = pack
    return found


def _item_codes(
    folder: Traversable, items: Mapping[str, ItemSeed], packs: Mapping[str, PackSeed]
) -> tuple[ItemCodeSeed, ...]:
    rows = read_rows(
        folder,
        "item_codes.csv",
        ("item_key", "pack_key", "scheme", "code", "note", "source"),
        unique=[("scheme", "code")],
    )
    found = []
    gtins: set[str] = set()
    for row in rows:
        key = row.reference("item_key", items)
        seed = ItemCodeSeed(
            item_key=key,
            pack_key=row.known_reference("pack_key", {k for k in packs if k.startswith(key)}),
            scheme=row.choice("scheme", ("gtin13", "gtin14", "supplier", "legacy")),
            code=row.matching("code", r"[0-9A-Z-]{4,24}"),
            note=row.free_text("note"),
            source=row.text("source"),
        )
        if seed.gtin14 is not None:
            _check_gtin(row, seed)
            if seed.gtin14 in gtins:
                raise row.problem("duplicate", "code", "条码重复")
            gtins.add(seed.gtin14)
        found.append(seed)
    return tuple(found)


def _check_gtin(row: Row, seed: ItemCodeSeed) -> None:
    row.matching("code", r"[0-9]{13}" if seed.scheme == "gtin13" else r"[0-9]{14}")
    if check_digit(seed.code[:-1]) != seed.code[-1]:
        raise row.problem("bad-cell", "code", "校验位不正确")


def _aliases(folder: Traversable, items: Mapping[str, ItemSeed]) -> tuple[AliasSeed, ...]:
    rows = read_rows(folder, "aliases.csv", ("item_key", "alias", "kind", "source"), unique=[("item_key", "alias")])
    return tuple(
        AliasSeed(
            item_key=row.reference("item_key", items),
            alias=row.text("alias"),
            kind=row.choice("kind", ("synonym", "misspelling", "short", "english")),
            source=row.text("source"),
        )
        for row in rows
    )


def _care(folder: Traversable, items: Mapping[str, ItemSeed], classes: set[str]) -> tuple[CareSeed, ...]:
    rows = read_rows(
        folder,
        "care.csv",
        ("target_kind", "target", "kind", "interval_days", "first_after_days", "basis", "note_zh", "source"),
        unique=[("target_kind", "target", "kind")],
    )
    return tuple(
        CareSeed(
            target_kind=row.choice("target_kind", ("item", "class")),
            target=row.reference("target", items if row.cells["target_kind"] == "item" else classes),
            kind=row.choice("kind", CARE_KINDS),
            interval_days=row.whole("interval_days", least=1),
            first_after_days=row.whole("first_after_days", least=1),
            basis=row.choice("basis", ("in_store", "production")),
            note_zh=row.free_text("note_zh"),
            source=row.text("source"),
        )
        for row in rows
    )


def _substitutes(folder: Traversable, items: Mapping[str, ItemSeed]) -> tuple[SubstituteSeed, ...]:
    rows = read_rows(
        folder,
        "substitutes.csv",
        ("item_key", "substitute_key", "need", "give", "one_way", "note_zh", "source"),
        unique=[("item_key", "substitute_key")],
    )
    pairs: set[frozenset[str]] = set()
    found = []
    for row in rows:
        seed = SubstituteSeed(
            item_key=row.reference("item_key", items),
            substitute_key=row.reference("substitute_key", items),
            need=row.whole("need", least=1),
            give=row.whole("give", least=1),
            one_way=row.yes("one_way"),
            note_zh=row.free_text("note_zh"),
            source=row.text("source"),
        )
        pair = frozenset({seed.item_key, seed.substitute_key})
        if len(pair) == 1 or pair in pairs:
            raise row.problem("duplicate", "substitute_key", "一对物资只写一行，且不能替代自身")
        pairs.add(pair)
        found.append(seed)
    return tuple(found)


def _kits(folder: Traversable, items: Mapping[str, ItemSeed]) -> tuple[KitComponentSeed, ...]:
    rows = read_rows(
        folder,
        "kits.csv",
        ("kit_key", "component_key", "quantity", "source"),
        unique=[("kit_key", "component_key")],
    )
    kits = {key for key, item in items.items() if item.kind != "plain"}
    return tuple(
        KitComponentSeed(
            kit_key=row.reference("kit_key", kits),
            component_key=row.reference("component_key", items.keys() - kits),
            quantity=row.whole("quantity", least=1),
            source=row.text("source"),
        )
        for row in rows
    )


# --- one city -----------------------------------------------------------------------------------------------


def _regions(folder: Traversable) -> dict[str, RegionSeed]:
    columns = [
        "key",
        "code",
        "code_scheme",
        "code_valid_from",
        "local_key",
        "name_zh",
        "name_en",
        "tier",
        "kind",
        "parent_key",
        "lat",
        "lon",
        "coord_system",
        "source",
    ]
    found: dict[str, RegionSeed] = {}
    for row in read_rows(folder, "regions.csv", columns, unique=[("key",), ("code", "local_key")]):
        region = _region(row, found)
        found[region.key] = region
    return found


def _region(row: Row, above: Mapping[str, RegionSeed]) -> RegionSeed:
    parent = row.known_reference("parent_key", above)
    tier = row.choice("tier", TIERS)
    if TIERS.index(tier) != (TIERS.index(above[parent].tier) + 1 if parent else 0):
        raise row.problem("bad-cell", "tier", "上级应恰好高一级，只有市没有上级")
    if parent is None and above:
        raise row.problem("bad-cell", "parent_key", "只能有一个市")
    if bool(row.cells["code"]) == bool(row.cells["local_key"]):
        raise row.problem("bad-cell", "code", "官方代码与本地键必居其一，且只居其一")
    if bool(row.cells["lat"]) != bool(row.cells["lon"]):
        raise row.problem("bad-cell", "lat", "经纬度应同时有或同时无")
    coded = bool(row.cells["code"])
    return RegionSeed(
        key=row.matching("key", r"[a-z0-9-]{2,40}"),
        code=row.matching("code", r"[0-9]{12}") if coded else None,
        code_scheme=row.text("code_scheme") if coded else None,
        code_valid_from=row.day("code_valid_from") if coded else None,
        local_key=row.known_text("local_key"),
        name_zh=row.text("name_zh"),
        name_en=row.text("name_en"),
        tier=tier,
        kind=row.choice("kind", REGION_KINDS),
        parent_key=parent,
        lat=row.degrees("lat", limit=90),
        lon=row.degrees("lon", limit=180),
        coord_system=row.choice("coord_system", ("WGS-84",)) if row.cells["lat"] else None,
        source=row.text("source"),
    )


def _facts(folder: Traversable, regions: Mapping[str, RegionSeed]) -> tuple[RegionFactSeed, ...]:
    rows = read_rows(
        folder,
        "regions_facts.csv",
        ("region_key", "fact", "value", "as_of", "note", "source"),
        unique=[("region_key", "fact", "as_of")],
    )
    return tuple(
        RegionFactSeed(
            region_key=row.reference("region_key", regions),
            fact=row.matching("fact", r"[a-z_]{3,40}"),
            value=row.whole("value", least=1),
            as_of=row.day("as_of"),
            note=row.free_text("note"),
            source=row.text("source"),
        )
        for row in rows
    )


_EACH = ("district", "town", "village", "site")
_BASES = ("fixed", "population", "dike_m", "shelter_places", "people_to_move", "site")
_EQUIVALENT = r"[A-Z0-9-]+:[1-9][0-9]*=[0-9]+(;[A-Z0-9-]+:[1-9][0-9]*=[0-9]+)*"


def _norms(folder: Traversable, places: Mapping[str, object], common: CommonSeeds) -> tuple[NormSeed, ...]:
    goods = {*common.items, *(c.code for c in common.classes if c.scheme == "local")}
    rows = read_rows(
        folder,
        "norms.csv",
        ("place", "each", "goods", "minimum", "reorder", "target", "maximum", "unit", "basis", "basis_per",
         "season_from", "season_to", "lead_days", "round_to", "equivalents", "note", "source"),
        unique=[("place", "each", "goods", "season_from")],
    )  # fmt: skip
    return tuple(
        NormSeed(
            place=row.reference("place", places),
            each=row.choice("each", _EACH) if row.cells["each"] else None,
            goods=row.reference("goods", goods),
            minimum=row.known_whole("minimum"),
            reorder=row.known_whole("reorder"),
            target=row.known_whole("target"),
            maximum=row.known_whole("maximum"),
            unit=row.free_text("unit"),
            basis=row.choice("basis", _BASES),
            basis_per=row.whole("basis_per", least=1),
            season=_season(row),
            lead_days=row.known_whole("lead_days"),
            round_to=row.known_whole("round_to", least=1),
            equivalents=_equivalents(row, common),
            note=row.free_text("note"),
            source=row.text("source"),
        )
        for row in rows
    )


def _season(row: Row) -> tuple[int, int] | None:
    if not row.cells["season_from"] and not row.cells["season_to"]:
        return None
    ends = [row.matching(name, r"[01][0-9]-[0-3][0-9]") for name in ("season_from", "season_to")]
    return int(ends[0].replace("-", "")), int(ends[1].replace("-", ""))


def _equivalents(row: Row, common: CommonSeeds) -> tuple[tuple[str, int, int], ...]:
    if not row.cells["equivalents"]:
        return ()
    found = []
    for part in row.matching("equivalents", _EQUIVALENT).split(";"):
        key, _, ratio = part.partition(":")
        if key not in common.items:
            raise row.problem("unknown-reference", "equivalents", "引用的对象不存在")
        base, worth = ratio.split("=")
        found.append((key, int(base), int(worth)))
    return tuple(found)


def _parties(folder: Traversable, regions: Mapping[str, RegionSeed]) -> dict[str, PartySeed]:
    rows = read_rows(
        folder,
        "parties.csv",
        ("key", "name_zh", "name_en", "kind", "duties", "region_key", "source"),
        unique=[("key",), ("name_zh",)],
    )
    found = {}
    for row in rows:
        party = PartySeed(
            key=row.matching("key", r"[a-z0-9-]{2,40}"),
            name_zh=row.text("name_zh"),
            name_en=row.text("name_en"),
            kind=row.choice("kind", PARTY_KINDS),
            duties=row.choices("duties", DUTIES),
            region_key=row.known_reference("region_key", regions),
            source=row.text("source"),
        )
        if bool(party.duties) != (party.kind == "office"):
            raise row.problem("bad-cell", "duties", "部门须有职责，其他单位没有")
        found[party.key] = party
    return found


def _sites(
    folder: Traversable, regions: Mapping[str, RegionSeed], parties: Mapping[str, PartySeed]
) -> dict[str, SiteSeed]:
    columns = [
        "code",
        "name_zh",
        "name_en",
        "kind",
        "region_key",
        "custodian_party",
        "custody",
        "custody_for",
        "lat",
        "lon",
        "one_keeper",
        "source",
    ]
    found = {}
    for row in read_rows(folder, "sites.csv", columns, unique=[("code",), ("name_zh",)]):
        if (row.cells["custody"] == "yes") != bool(row.cells["custody_for"]):
            raise row.problem("bad-cell", "custody_for", "代储点须写明代谁储存，其他不写")
        site = SiteSeed(
            code=row.matching("code", r"[A-Z0-9]{2,12}"),
            name_zh=row.text("name_zh"),
            name_en=row.text("name_en"),
            kind=row.choice("kind", SITE_KINDS),
            region_key=row.reference("region_key", regions),
            custodian_party=row.reference("custodian_party", parties),
            custody=row.yes("custody"),
            custody_for=row.known_reference("custody_for", regions),
            lat=row.degrees("lat", limit=90),
            lon=row.degrees("lon", limit=180),
            one_keeper=row.yes("one_keeper"),
            source=row.text("source"),
        )
        found[site.code] = site
    return found


def _zones(folder: Traversable, sites: Mapping[str, SiteSeed], storage: set[str]) -> tuple[ZoneSeed, ...]:
    rows = read_rows(
        folder,
        "zones.csv",
        ("site_code", "code", "name_zh", "name_en", "storage_classes", "source"),
        unique=[("site_code", "code")],
    )
    return tuple(
        ZoneSeed(
            site_code=row.reference("site_code", sites),
            code=row.matching("code", r"[A-Z][A-Z0-9]{0,3}"),
            name_zh=row.text("name_zh"),
            name_en=row.text("name_en"),
            storage_classes=row.choices("storage_classes", storage),
            source=row.text("source"),
        )
        for row in rows
    )


def _bins(folder: Traversable, zones: Sequence[ZoneSeed]) -> tuple[BinRuleSeed, ...]:
    columns = ("site_code", "zone_code", "aisles", "racks", "levels", "volume_ml", "weight_g", "source")
    return tuple(
        BinRuleSeed(
            site_code=row.text("site_code"),
            zone_code=row.reference("zone_code", {z.code for z in zones if z.site_code == row.cells["site_code"]}),
            aisles=row.whole("aisles", least=1),
            racks=row.whole("racks", least=1),
            levels=row.whole("levels", least=1),
            volume_ml=row.whole("volume_ml", least=1),
            weight_g=row.whole("weight_g", least=1),
            source=row.text("source"),
        )
        for row in read_rows(folder, "bins.csv", columns, unique=[("site_code", "zone_code")])
    )


def _people(
    folder: Traversable,
    regions: Mapping[str, RegionSeed],
    sites: Mapping[str, SiteSeed],
    parties: Mapping[str, PartySeed],
) -> dict[str, PersonSeed]:
    columns = ("login", "name_zh", "role", "region_key", "site_code", "party_key", "source")
    found = {}
    for row in read_rows(folder, "people.csv", columns, unique=[("login",)]):
        person = PersonSeed(
            login=row.matching("login", r"[a-z0-9._-]{2,40}"),
            name_zh=row.text("name_zh"),
            role=Role(row.choice("role", [role.value for role in Role])),
            region_key=row.reference("region_key", regions),
            site_code=row.known_reference("site_code", sites),
            party_key=row.reference("party_key", parties),
            source=row.text("source"),
        )
        found[person.login] = person
    return found
