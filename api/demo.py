"""The demo city, first half: the shipped catalogue, one city and its people, through the program's own actions.

A few large calls, each one attempt with an id derived from the city's name and the step, so that a load that broke off
is taken up where it stopped. Stock is made by `api.demo_stock`. Points of towns are from GeoNames, CC BY 4.0; the
credits stand in the city's `credits.txt`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from api.clock import system_clock
from api.settings import get_settings
from catalog.classes import actions as classes
from catalog.classes.model import ClassFacts, NewClass
from catalog.classes.queries import find_classes
from catalog.items import actions as items
from catalog.items.model import (
    Care,
    CareBasis,
    CodeKind,
    ItemFacts,
    ItemKind,
    NewAlias,
    NewCode,
    NewItem,
    OtherClass,
    StorageClassFacts,
    Substitute,
    Tracking,
)
from catalog.items.queries import find_items_by_key, list_storage_classes, waiting_substitutes
from catalog.kernel import attempts, db
from catalog.kernel.access import EVERYWHERE
from catalog.kernel.stamp import Stamp, content_hash, house_stamp
from catalog.kernel.time import day_of
from catalog.kits import actions as kits
from catalog.kits.model import Component, NewKit
from catalog.packs.model import NewPack, PackFacts
from catalog.regions import actions as regions
from catalog.regions.model import NewRegion, RegionCode, RegionFact, RegionFacts, RegionKind, Tier
from catalog.regions.queries import find_regions
from catalog.seeds.loader import care_of, load_city, load_common, people_of_city, substitutes_of
from catalog.seeds.model import CitySeeds, CommonSeeds, ItemSeed, RegionSeed
from warehouse.parties import actions as parties
from warehouse.parties.model import Duty, NewParty, PartyFacts, PartyKind
from warehouse.parties.queries import find_parties
from warehouse.people import passwords
from warehouse.people.actions import create_person, give_role
from warehouse.people.model import Policy
from warehouse.sites import actions as sites
from warehouse.sites.model import BinFacts, NewBin, NewSite, NewZone, SiteFacts, SiteKind, ZoneFacts

NAMESPACE = UUID("6b1e6f0e-3a55-5d0c-9b3e-be1900000001")
LOGIN = "demo"
APPROVER = "demo-approver"
"""Who the audit trail says loaded it."""
ACCOUNTS: list[tuple[str, str, str]] = []
"""(login, password, role) of one demo account per role, once `load_if_empty` has run: what `beiyu serve` prints."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was read and loaded: the seeds themselves and the credits to be shown."""

    common: CommonSeeds
    city: CitySeeds


async def load_if_empty() -> bool:
    """Load the demo city named in the settings, with its people and stock, into an empty database.

    A load that broke off is taken up again. False, and nothing done, where the database holds anything else or the
    whole demo already. Raises Invalid where a seed file is wrong.
    """
    settings = get_settings()
    shown: dict[str, tuple[str, str, str]] = {}
    for person in people_of_city(settings.demo_city).values():
        shown.setdefault(person.role, (person.login, settings.demo_password, person.role.value))
    begun, done = (uuid5(NAMESPACE, f"{settings.demo_city}/{step}") for step in ("regions", "done"))
    rows = await db.fetch("SELECT id FROM attempt WHERE id = ANY($1::uuid[]) AND outcome = 'done'", [begun, done])
    known = {row[0] for row in rows}
    ours = begun in known or not await db.fetch_value("SELECT EXISTS (SELECT 1 FROM region)")
    ACCOUNTS[:] = shown.values() if ours else []
    if not ours or done in known:
        return False

    now = system_clock()
    loaded = await load_catalog_and_city(city=settings.demo_city, at=now)
    await load_people(loaded.city, password=settings.demo_password, at=now)
    from api.demo_commitments import load_commitments
    from api.demo_counts import load_counts  # a large part of the program, and only needed this once
    from api.demo_incidents import load_incidents
    from api.demo_norms import load_norms
    from api.demo_orders import load_orders
    from api.demo_requisitions import load_requisitions
    from api.demo_rotation import load_rotation
    from api.demo_shipments import load_shipments
    from api.demo_stock import load_stock
    from api.demo_vehicles import load_vehicles

    await load_stock(loaded.common, loaded.city, today=day_of(now), share=settings.demo_share)
    await load_counts(now=now)
    await load_norms(loaded.city, at=now)
    await load_rotation(city=settings.demo_city, now=now)
    await load_commitments(at=now)
    await load_orders(now=now)
    await load_incidents(now=now)
    await load_vehicles(now=now)
    await load_shipments(now=now)
    await load_requisitions(now=now)
    from warehouse.alerts.actions import judge_all

    await judge_all(now=now)
    stamp = house_stamp(done, settings.demo_city, now, login=LOGIN)

    async def finished() -> attempts.Receipt:
        return {"city": settings.demo_city}

    await attempts.once(stamp, "demo.load", finished)
    return True


async def load_people(city: CitySeeds, *, password: str, at: datetime) -> None:
    """The city's demo accounts with their roles, all with the same password. Safe to run again."""
    hashed = await passwords.hash_password(password)
    for person in city.people.values():
        content = (person, password)
        receipt = await create_person(
            stamp=_stamp(city.name, f"person/{person.login}", content, at),
            login=person.login,
            name_zh=person.name_zh,
            region_key=person.region_key,
            party_key=person.party_key,
            policy=Policy(),
            password=password,
            must_change=False,
            hashed=hashed,
        )
        await give_role(
            stamp=_stamp(city.name, f"role/{person.login}", person, at),
            person=UUID(receipt["person"]),
            role=person.role,
            region_key=None if person.site_code is not None else person.region_key,
            site_code=person.site_code,
            reason=person.source,
        )


def _stamp(city: str, step: str, content: Any, at: datetime) -> Stamp:
    digest = content_hash(repr(content)).hex()
    return house_stamp(uuid5(NAMESPACE, f"{city}/{step}"), digest, at, login=LOGIN)


async def load_catalog_and_city(*, city: str, at: datetime) -> Loaded:
    """Load the common seeds and the city's regions, parties, sites, zones and bins. Safe to run again.

    Raises Invalid naming file, line and column where a seed file is wrong; Refused where the database already holds
    another city or hand-made rows with the same keys.
    """
    common = load_common()
    seeds = load_city(city, common)

    def stamp(step: str, content: Any) -> Stamp:
        return _stamp(city, step, content, at)

    new_regions = [_region(region, seeds) for region in seeds.regions.values()]
    await regions.add_regions(stamp=stamp("regions", new_regions), regions=new_regions)
    await _load_catalog(common, stamp)
    await _approve_substitutes(city, at)
    region_ids = {key: region.id for key, region in (await find_regions(seeds.regions)).items()}
    new_parties = [
        NewParty(
            key=party.key,
            kind=PartyKind(party.kind),
            facts=PartyFacts(
                name_zh=party.name_zh,
                name_en=party.name_en,
                region_id=region_ids[party.region_key] if party.region_key else None,
                duties=tuple(Duty(duty) for duty in party.duties),
                source=party.source,
            ),
        )
        for party in seeds.parties.values()
    ]
    await parties.create_parties(stamp=stamp("parties", new_parties), parties=new_parties)
    party_ids = {key: party.id for key, party in (await find_parties(seeds.parties, EVERYWHERE)).items()}
    new_sites = _sites(seeds, region_ids, party_ids)
    await sites.create_sites(stamp=stamp("sites", new_sites), sites=new_sites)
    return Loaded(common, seeds)


async def load_catalogue(stamp: Callable[[str, Any], Stamp]) -> None:
    """The shipped catalogue alone, for a house of its own. Safe to run again."""
    await _load_catalog(load_common(), stamp)


async def is_demo() -> bool:
    """Whether this database holds the demo city that the settings name."""
    begun = uuid5(NAMESPACE, f"{get_settings().demo_city}/regions")
    return bool(await db.fetch_value("SELECT EXISTS (SELECT 1 FROM attempt WHERE id = $1)", begun))


async def _load_catalog(common: CommonSeeds, stamp: Callable[[str, Any], Stamp]) -> None:
    new_classes = [
        NewClass(
            scheme=one.scheme,
            code=one.code,
            parent_code=one.parent_code,
            facts=ClassFacts(one.name_zh, one.name_en, one.source),
            mapped=("gbt38565", one.gbt_code) if one.gbt_code and one.scheme != "gbt38565" else None,
        )
        for one in common.classes
    ]
    await classes.add_classes(stamp=stamp("classes", new_classes), classes=new_classes)
    storage = [
        (one.key, StorageClassFacts(one.name_zh, one.name_en, one.note_zh, one.source))
        for one in common.storage_classes
    ]
    await items.add_storage_classes(stamp=stamp("storage-classes", storage), classes=storage)

    class_ids = {
        key: found.id for key, found in (await find_classes((c.scheme, c.code) for c in common.classes)).items()
    }
    storage_ids = {one.key: one.id for one in await list_storage_classes()}
    new_items = [_item(item, common, class_ids, storage_ids) for item in common.items.values()]
    await items.create_items(stamp=stamp("items", new_items), items=new_items)

    item_ids = {key: item.id for key, item in (await find_items_by_key(common.items)).items()}
    substitutes = [
        (item_ids[key], Substitute(item_ids[one.substitute_key], one.need, one.give, one.note_zh, one.source))
        for key in common.items
        for one in substitutes_of(key, common)
    ]
    await items.add_substitutes(stamp=stamp("substitutes", substitutes), substitutes=substitutes)
    components: dict[str, list[Component]] = {}
    for part in common.kits:
        component = Component(item_ids[part.component_key], part.quantity, part.source)
        components.setdefault(part.kit_key, []).append(component)
    new_kits = [NewKit(item_ids[key], tuple(parts)) for key, parts in components.items()]
    await kits.set_components(stamp=stamp("kits", new_kits), kits=new_kits)


async def _approve_substitutes(city: str, at: datetime) -> None:
    """The demo's substitutes are approved, by another hand than theirs who set them: its plans take them."""
    for waits in await waiting_substitutes(1_000):
        found = await find_items_by_key([waits.key, waits.substitute])
        pair = f"{waits.key}/{waits.substitute}"
        stamp = house_stamp(uuid5(NAMESPACE, f"{city}/approve/{pair}"), pair, at, login=APPROVER)
        await items.approve_substitute(
            stamp=stamp, item_id=found[waits.key].id, substitute_id=found[waits.substitute].id
        )


def _region(seed: RegionSeed, city: CitySeeds) -> NewRegion:
    codes: tuple[RegionCode, ...] = ()
    if seed.code is not None and seed.code_scheme is not None and seed.code_valid_from is not None:
        codes = (RegionCode(seed.code_scheme, seed.code, seed.code_valid_from, None, seed.source),)
    figures = tuple(
        RegionFact(fact.fact, fact.value, fact.as_of, "; ".join(filter(None, (fact.source, fact.note))))
        for fact in city.facts
        if fact.region_key == seed.key
    )
    return NewRegion(
        key=seed.key,
        parent_key=seed.parent_key,
        tier=Tier(seed.tier),
        facts=RegionFacts(seed.name_zh, seed.name_en, RegionKind(seed.kind), seed.lat, seed.lon, seed.source),
        codes=codes,
        figures=figures,
    )


def _item(
    seed: ItemSeed, common: CommonSeeds, class_ids: Mapping[tuple[str, str], int], storage_ids: Mapping[str, int]
) -> NewItem:
    others = [
        OtherClass(class_ids[one.scheme, one.code], one.source)
        for one in common.item_classes
        if one.item_key == seed.key
    ]
    return NewItem(
        key=seed.key,
        facts=ItemFacts(
            name_zh=seed.name_zh,
            name_en=seed.name_en,
            spec=seed.spec,
            class_id=class_ids["local", seed.class_code],
            dimension=seed.dimension,
            unit_zh=seed.unit_zh,
            unit_en=seed.unit_en,
            unit_factor=seed.display_factor,
            tracking=Tracking(seed.tracking),
            kind=ItemKind(seed.kind),
            storage_class_id=storage_ids[seed.storage_class],
            weight_g=seed.weight_g,
            volume_ml=seed.volume_ml,
            storage_life_days=seed.storage_life_days,
            storage_life_source=seed.storage_life_source,
            expiry_on_pack=seed.expiry_on_pack,
            returnable=seed.returnable,
            returnable_source=seed.returnable_source,
            disaster_types=seed.disaster_types,
            price_fen=seed.price_fen,
            price_per=seed.price_per or 1,
            price_source=seed.price_source,
            near_expiry_days=seed.near_expiry_days,
            source=seed.source,
        ),
        packs=tuple(
            NewPack(
                handle=pack.key,
                facts=PackFacts(
                    name_zh=pack.name_zh,
                    name_en=pack.name_en,
                    factor=pack.factor,
                    weight_g=pack.weight_g,
                    volume_ml=pack.volume_ml,
                    is_default=pack.is_default,
                    source=pack.source,
                ),
            )
            for pack in common.packs.values()
            if pack.item_key == seed.key
        ),
        codes=tuple(
            NewCode(
                kind=CodeKind.TEXT if code.gtin14 is None else CodeKind.GTIN,
                code=code.gtin14 or code.code,
                source=code.source,
                pack=code.pack_key,
            )
            for code in common.item_codes
            if code.item_key == seed.key
        ),
        aliases=tuple(NewAlias(a.alias, a.kind, a.source) for a in common.aliases if a.item_key == seed.key),
        care=tuple(
            Care(c.kind, c.first_after_days, c.interval_days, CareBasis(c.basis), c.note_zh, c.source)
            for c in care_of(seed, common)
        ),
        classes=tuple(others),
    )


def _sites(seeds: CitySeeds, region_ids: Mapping[str, int], party_ids: Mapping[str, int]) -> list[NewSite]:
    bins = {
        (rule.site_code, rule.zone_code): tuple(
            NewBin(code, BinFacts(rule.volume_ml, rule.weight_g)) for code in rule.codes()
        )
        for rule in seeds.bins
    }
    zones: dict[str, list[NewZone]] = {}
    for zone in seeds.zones:
        facts = ZoneFacts(zone.name_zh, zone.name_en, zone.storage_classes)
        zones.setdefault(zone.site_code, []).append(
            NewZone(zone.code, facts, bins.get((zone.site_code, zone.code), ()))
        )
    return [
        NewSite(
            code=site.code,
            facts=SiteFacts(
                name_zh=site.name_zh,
                name_en=site.name_en,
                kind=SiteKind(site.kind),
                region_id=region_ids[site.region_key],
                custodian_id=party_ids[site.custodian_party],
                custody_for_id=region_ids[site.custody_for] if site.custody_for else None,
                lat=site.lat,
                lon=site.lon,
                one_keeper=site.one_keeper,
                source=site.source,
            ),
            zones=tuple(zones.get(site.code, ())),
        )
        for site in seeds.sites.values()
    ]
