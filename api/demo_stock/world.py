"""The city as the story of its stock sees it: goods, houses with their bins, and the people who keep them.

What a house keeps follows from data alone (its tier, kind, zones and the words in its name), so that another city is
another folder of seeds. Quantities are base units; `volume` and `weight` are millilitres and grams of one base unit.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from catalog.items.queries import find_items_by_key
from catalog.kernel.access import EVERYWHERE, Role
from catalog.regions.queries import find_regions
from catalog.seeds.loader import care_of
from catalog.seeds.model import CareSeed, CitySeeds, CommonSeeds, ItemSeed, PersonSeed, SiteSeed
from warehouse.parties.queries import find_parties
from warehouse.people.queries import find_by_login
from warehouse.sites.model import STAGING_CODE
from warehouse.sites.queries import find_places_by_code, find_sites
from warehouse.stock.model import Condition, LotFacts, StockKey
from warehouse.stock.rules import usable

LARGEST = 1.4
"""A piece that is larger than so many bins is kept elsewhere; some stick out of theirs."""
CITY, DISTRICT, TOWN, VILLAGE = "city", "district", "town", "village"

THEMES: dict[str, frozenset[str]] = {
    "防汛": frozenset({"DL", "TG", "ZH", "SS", "PS", "SJ", "FD", "FH", "PC", "TX"}),
    "排涝": frozenset({"PS", "FD", "SJ", "DL", "TG"}),
    "防火": frozenset({"SL", "XF", "FH", "FD", "PC", "TX", "YS"}),
    "消防": frozenset({"XF", "FH", "PC", "FD", "SJ", "TX"}),
    "医药": frozenset({"YL"}),
    "商超": frozenset({"LS", "YS"}),
    "砂石": frozenset({"SS", "ZH", "DL"}),
    "工程装备": frozenset({"PS", "FD", "PC", "JT", "ZH"}),
    "安置": frozenset({"ZP", "BF", "ZJ", "LS", "YS", "YL", "FD"}),
}
"""Words in the name of a house → the leading letters of the items it is there for. No word: it keeps of everything."""
VILLAGE_GROUPS = frozenset({"DL", "SJ", "FH", "FD", "PC", "TX", "XF", "YS", "LS", "BF", "YL"})

SUPPLIERS = {
    "ZP": "tent",
    "BF": "textile",
    "ZJ": "textile",
    "DL": "bag",
    "TG": "bag",
    "LS": "food",
    "YS": "water",
    "PS": "pump",
    "FD": "power",
    "SJ": "boat",
    "YL": "medical",
    "XF": "fire",
    "SL": "fire",
    "TX": "radio",
    "SS": "stone",
    "ZH": "stone",
}
"""Leading letters of an item → the end of its supplier's key, where the city has such a one."""


@dataclass(frozen=True, slots=True)
class Goods:
    """One item as the story needs it. `pack`: base units in its usual pack; `price_fen` buys `price_per` base units."""

    id: int
    key: str
    name: str
    seed: ItemSeed
    pack: int
    volume: float
    weight: float
    care: tuple[CareSeed, ...]
    maker_id: int | None

    @property
    def group(self) -> str:
        """The leading letters of its key."""
        return self.key[:2]

    @property
    def serial(self) -> bool:
        """Whether each piece has a number."""
        return self.seed.tracking == "serial"

    @property
    def life(self) -> int | None:
        """How many days it keeps."""
        return self.seed.storage_life_days

    def share(self, rack: "Rack") -> float:
        """The part of a bin that one base unit takes, by volume or by weight, whichever is more."""
        return max(self.volume / rack.volume, self.weight / rack.weight, 1e-9)

    def fits(self, *disasters: str) -> bool:
        """Whether it is good for any of these disasters."""
        return any(one in self.seed.disaster_types for one in disasters)


@dataclass(frozen=True, slots=True)
class Keeper:
    """Somebody of the demo city."""

    id: int
    login: str
    name: str


@dataclass(slots=True)
class Rack:
    """One bin. `room`: the part of it that is free, by volume or weight, by the story's own reckoning."""

    id: int
    volume: float
    weight: float
    room: float = 1.0
    since: int = 0
    """The deed that last touched it: bins that rested longest are counted first."""


@dataclass(slots=True)
class Stand:
    """What the story believes to stand somewhere: a mirror of one balance."""

    key: StockKey
    goods: Goods
    facts: LotFacts
    on_hand: int
    reserved: int = 0
    serials: list[int] = field(default_factory=list)
    stored: date = date.min

    @property
    def free(self) -> int:
        """What may be taken."""
        return self.on_hand - self.reserved

    @property
    def good(self) -> bool:
        """In good condition."""
        return self.key.condition == Condition.GOOD

    def usable(self, on: date) -> bool:
        """Good and not expired, by the one rule of the books."""
        return usable(self.key.condition, self.facts.expires_on, on)


@dataclass(slots=True)
class House:
    """One store or point with what stands in it."""

    id: int
    code: str
    name: str
    tier: str
    kind: str
    region: str
    owner_id: int
    upper_owner_id: int
    """The city's region: some of its goods stand with the districts."""
    custody: bool
    staging: int
    zones: dict[str, tuple[tuple[str, ...], list[Rack]]]
    keepers: tuple[Keeper, ...]
    buyer: Keeper
    approver: Keeper
    dispatcher: Keeper
    statistician: Keeper
    wanted: dict[str, int] = field(default_factory=dict)
    """Item key → what it means to keep."""
    stock: dict[StockKey, Stand] = field(default_factory=dict)
    racks: dict[int, Rack] = field(init=False)
    lent: set[int] = field(default_factory=set)
    """Lots of which a part may be on loan: a correction would change that part too."""
    engraved: int = 10_000
    """The last maker's number that the story made up for this house."""

    def __post_init__(self) -> None:
        self.racks = {rack.id: rack for _, racks in self.zones.values() for rack in racks}

    @property
    def theme(self) -> frozenset[str]:
        """The items it is there for; empty where it keeps of everything."""
        found = [groups for word, groups in THEMES.items() if word in self.name]
        return frozenset().union(*found)

    @property
    def general(self) -> bool:
        """A large house for everything: kits are made there."""
        return self.tier in (CITY, DISTRICT) and not self.theme and len(self.zones) > 5

    def racks_for(self, goods: Goods) -> list[Rack]:
        """The bins of the zones that take such goods, those that hold a piece first; all where none does."""
        zones = [racks for classes, racks in self.zones.values() if goods.seed.storage_class in classes and racks]
        zones.sort(key=lambda racks: (goods.share(racks[0]) > 1, len(racks)))
        found = [rack for racks in zones for rack in racks]
        return [rack for rack in found if goods.share(rack) <= LARGEST] or found

    def room_for(self, goods: Goods) -> int:
        """How many base units more it has room for."""
        return int(sum(max(rack.room, 0.0) * 0.9 / goods.share(rack) for rack in self.racks_for(goods)))

    def standing(self, on: date) -> list[Stand]:
        """What is free and usable on that day in the bins, in the order it should leave."""
        found = [s for s in self.stock.values() if s.free > 0 and s.usable(on) and s.key.place_id in self.racks]
        return sorted(found, key=lambda s: (s.goods.key, s.facts.expires_on or date.max, s.key))

    def held(self, goods: Goods) -> int:
        """What stands of an item, in any condition."""
        return sum(s.on_hand for s in self.stock.values() if s.goods is goods)


@dataclass(slots=True)
class World:
    """Everything the story is told about."""

    goods: dict[str, Goods]
    houses: list[House]
    kits: dict[str, dict[str, int]]
    """Stocked kit → component key → base units in one."""
    staples: frozenset[str]
    """Items that any kit is made of, also those that only stand in lists: every large house keeps them."""
    donors: tuple[int, ...]
    test_house: str


async def read_world(common: CommonSeeds, city: CitySeeds, *, share: float) -> World:
    """The world of the loaded city; `share` of its houses, the most telling ones first."""
    parties = {key: party.id for key, party in (await find_parties(city.parties, EVERYWHERE)).items()}
    ids = {key: item.id for key, item in (await find_items_by_key(common.items)).items()}
    suppliers = {key: parties[key] for key, one in city.parties.items() if one.kind == "supplier"}
    goods = {key: _goods(seed, common, ids[key], suppliers) for key, seed in common.items.items() if key in ids}
    regions = {key: region.id for key, region in (await find_regions(city.regions)).items()}
    people = {login: await _person(login) for login in city.people}
    sites = await find_sites(city.sites, EVERYWHERE)
    houses = [
        await _house(seed, sites[seed.code].id, city, regions, people)
        for seed in _chosen(list(city.sites.values()), city, share)
    ]
    kits: dict[str, dict[str, int]] = {}
    for part in common.kits:
        if common.items[part.kit_key].kind == "stocked_kit":
            kits.setdefault(part.kit_key, {})[part.component_key] = part.quantity
    donors = tuple(parties[key] for key, one in city.parties.items() if one.kind == "donor")
    tests = [one.name_zh for one in city.parties.values() if one.kind == "test_house"]
    return World(
        goods=goods,
        houses=houses,
        kits=kits,
        staples=frozenset(part.component_key for part in common.kits),
        donors=donors,
        test_house=tests[0] if tests else "检验机构",
    )


async def _person(login: str) -> Keeper:
    found = await find_by_login(login)
    if found is None:
        raise LookupError(f"demo account {login} is missing")
    return Keeper(found.id, found.login, found.name_zh)


def _goods(seed: ItemSeed, common: CommonSeeds, item_id: int, suppliers: dict[str, int]) -> Goods:
    packs = [pack for pack in common.packs.values() if pack.item_key == seed.key]
    usual = next((pack.factor for pack in packs if pack.is_default), seed.display_factor)
    ending = SUPPLIERS.get(seed.key[:2])
    maker = next((party for key, party in suppliers.items() if ending and key.endswith("-" + ending)), None)
    if maker is None and suppliers:
        maker = sorted(suppliers.values())[sum(map(ord, seed.key)) % len(suppliers)]
    return Goods(
        item_id,
        seed.key,
        seed.name_zh,
        seed,
        usual,
        seed.volume_ml / seed.display_factor,
        seed.weight_g / seed.display_factor,
        tuple(care_of(seed, common)),
        maker,
    )


def tier_of(site: SiteSeed, city: CitySeeds) -> str:
    """The tier of a house: that of its region."""
    return city.regions[site.region_key].tier


def _chosen(sites: Sequence[SiteSeed], city: CitySeeds, share: float) -> list[SiteSeed]:
    """All sites, or so many that every tier and a custody site are among them; in file order."""
    count = max(7, round(len(sites) * share))
    if count >= len(sites):
        return list(sites)
    turns: dict[tuple[str, bool], list[SiteSeed]] = {}
    for site in sites:
        turns.setdefault((tier_of(site, city), site.custody), []).append(site)
    picked: list[str] = []
    while len(picked) < count:
        for turn in turns.values():
            if turn and len(picked) < count:
                picked.append(turn.pop(0).code)
    return [site for site in sites if site.code in picked]


async def _house(
    seed: SiteSeed,
    site_id: int,
    city: CitySeeds,
    regions: dict[str, int],
    people: dict[str, Keeper],
) -> House:
    rules = [rule for rule in city.bins if rule.site_code == seed.code]
    codes = [code for rule in rules for code in rule.codes()]
    places = await find_places_by_code(site_id, [*codes, STAGING_CODE])
    zones: dict[str, tuple[tuple[str, ...], list[Rack]]] = {}
    for zone in city.zones:
        if zone.site_code != seed.code:
            continue
        racks = [
            Rack(places[code].id, float(rule.volume_ml), float(rule.weight_g))
            for rule in rules
            if rule.zone_code == zone.code
            for code in rule.codes()
        ]
        zones[zone.code] = (zone.storage_classes, racks)
    root = next(key for key, region in city.regions.items() if region.parent_key is None)

    def nearest(role: Role, *, at_site: bool = False) -> tuple[Keeper, ...]:
        return tuple(people[one.login] for one in _nearest(seed, role, city, at_site=at_site))

    statistician = nearest(Role.STATISTICIAN)[0]
    return House(
        id=site_id,
        code=seed.code,
        name=seed.name_zh,
        tier=tier_of(seed, city),
        kind=seed.kind,
        region=city.regions[seed.region_key].name_zh,
        owner_id=regions[seed.custody_for or seed.region_key],
        upper_owner_id=regions[root],
        custody=seed.custody,
        staging=places[STAGING_CODE].id,
        zones=zones,
        keepers=nearest(Role.KEEPER, at_site=True),
        buyer=nearest(Role.PURCHASER)[0],
        approver=nearest(Role.APPROVER)[0],
        dispatcher=nearest(Role.DISPATCHER)[0],
        statistician=statistician,
    )


def _nearest(site: SiteSeed, role: Role, city: CitySeeds, *, at_site: bool) -> list[PersonSeed]:
    """The people of a role who stand nearest: at the site itself, else up the regions; somebody there always is."""
    holders = [one for one in city.people.values() if one.role is role]
    if at_site and (here := [one for one in holders if one.site_code == site.code]):
        return here
    region: str | None = site.region_key
    while region is not None:
        if found := [one for one in holders if one.region_key == region]:
            return found[:1]
        region = city.regions[region].parent_key
    return holders[:1] or list(city.people.values())[:1]
