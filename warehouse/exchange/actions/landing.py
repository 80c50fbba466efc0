"""From a row's facts to the ordinary list actions: nothing here writes, and no action knows of imports."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from catalog.classes import actions as classes
from catalog.classes.model import GBT, ClassFacts, NewClass
from catalog.items import actions as items
from catalog.items.model import CodeKind, ItemFacts, NewAlias, NewCode, NewItem, Tracking
from catalog.kernel import db
from catalog.kernel.errors import Problem
from catalog.kernel.quantity import Dimension
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from catalog.regions import actions as regions
from catalog.regions.model import NewRegion, RegionCode, RegionFact, RegionFacts, RegionKind, Tier
from warehouse.exchange.actions import edits
from warehouse.exchange.actions.edits import ids_of
from warehouse.exchange.model import ImportFile, ImportKind, ImportRow
from warehouse.parties import actions as parties
from warehouse.parties.model import Duty, NewParty, PartyFacts, PartyKind
from warehouse.sites import actions as sites
from warehouse.sites.model import BinFacts, NewBin, NewSite, NewZone, SiteFacts, SiteKind, ZoneFacts
from warehouse.stock import actions as stock
from warehouse.stock.model import Condition, DocumentRef, LotFacts

_SPACE = UUID("5d3c2c0e-7c39-4e2e-9d55-0b1f6d7a6b10")
_KIND_OF_TIER = {"city": "administrative", "district": "administrative", "town": "town", "village": "village"}
_CODE_SCHEME = "imported"


@dataclass(frozen=True, slots=True)
class Landed:
    """What became of one row."""

    row: ImportRow
    state: str
    outcome: Mapping[str, Any]


async def land(stamp: Stamp, file: ImportFile, rows: Sequence[ImportRow]) -> list[Landed]:
    """Give rows to the list action of their kind, inside the caller's transaction. Raises its refusal, except for
    opening stock, where each row has an outcome of its own."""
    if file.kind is ImportKind.STOCK:
        return await _stock(stamp, file, rows)
    new = [row for row in rows if "edit" not in row.facts]
    landed = []
    if new:
        own = stamp.for_part("import/" + _together(new), [dict(row.facts) for row in new])
        ids = await _LISTS[file.kind](own, [row.facts for row in new])
        landed = [Landed(row, "done", {"id": found}) for row, found in zip(new, ids, strict=True)]
    for row in rows:
        if "edit" in row.facts:
            own = stamp.for_part(f"import/edit/{attempt_of(row)}", dict(row.facts))
            await edits.EDITS[file.kind](own, row.facts)
            landed.append(Landed(row, "done", {"id": row.facts["id"]}))
    return landed


def attempt_of(row: ImportRow) -> UUID:
    """The attempt of one row: from what it says, so that it is the same in any file; another after a refusal."""
    return uuid5(_SPACE, f"{row.identity.hex()}/{row.tries}")


def _together(rows: Sequence[ImportRow]) -> str:
    return uuid5(_SPACE, "+".join(str(attempt_of(row)) for row in rows)).hex


# --- goods ------------------------------------------------------------------------------------------------------


async def _stock(stamp: Stamp, file: ImportFile, rows: Sequence[ImportRow]) -> list[Landed]:
    openings = [stock.Opening(attempt_of(row), _arrival(row.facts), str(row.facts.get("note", ""))) for row in rows]
    outcomes = await stock.open_balance(stamp=stamp, openings=openings, document=DocumentRef("import", file.id))
    landed = []
    for row, outcome in zip(rows, outcomes, strict=True):
        if isinstance(outcome, Problem):
            said = {"code": outcome.code, "detail": outcome.detail, "facts": dict(outcome.facts)}
            landed.append(Landed(row, "refused", said))
        else:
            landed.append(Landed(row, "done", {"lot": outcome.body["lines"][0]["lot"]}))
    return landed


def _arrival(facts: Mapping[str, Any]) -> stock.Arrival:
    lot = LotFacts(
        item_id=facts["item_id"],
        owner_region_id=facts["owner_region_id"],
        maker_id=facts.get("maker_id"),
        maker_batch=facts.get("batch"),
        produced_on=_day(facts.get("produced_on")),
        expires_on=_day(facts.get("expires_on")),
        fund_source=facts.get("fund"),
        price_fen=facts.get("price_fen"),
        price_per=facts.get("price_per") or 1,
    )
    return stock.Arrival(
        lot,
        facts["quantity"],
        facts["place_id"],
        Condition(facts.get("condition") or "good"),
        tuple(facts.get("serials") or ()),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


# --- lists ------------------------------------------------------------------------------------------------------

Facts = Sequence[Mapping[str, Any]]


async def _regions(stamp: Stamp, rows: Facts) -> list[int]:
    today = day_of(stamp.recorded_at)
    made = [
        NewRegion(
            one["key"],
            one.get("parent"),
            Tier(one["tier"]),
            RegionFacts(
                one["name_zh"],
                one.get("name_en"),
                RegionKind(_KIND_OF_TIER[one["tier"]]),
                one.get("lat"),
                one.get("lon"),
                one["source"],
            ),
            (RegionCode(_CODE_SCHEME, one["code"], today, None, one["source"]),) if one.get("code") else (),
            (RegionFact("population", one["population"], today, one["source"]),)
            if one.get("population") is not None
            else (),
        )
        for one in rows
    ]
    order = _parents_first(made)
    ids = await regions.add_regions(stamp=stamp, regions=[made[n] for n in order])
    by_index = dict(zip(order, ids, strict=True))
    return [by_index[n] for n in range(len(made))]


def _parents_first(made: Sequence[NewRegion]) -> list[int]:
    tiers = list(Tier)
    return sorted(range(len(made)), key=lambda n: tiers.index(made[n].tier))


async def _parties(stamp: Stamp, rows: Facts) -> list[int]:
    ids = await ids_of("region", {one["region"] for one in rows if one.get("region")})
    made = [
        NewParty(
            one["key"],
            PartyKind(one["kind"]),
            PartyFacts(
                one["name_zh"],
                one.get("name_en"),
                ids.get(one.get("region") or ""),
                tuple(Duty(duty) for duty in one["duties"]),
                one["contact"],
                one["phone"],
                one["source"],
            ),
        )
        for one in rows
    ]
    return await parties.create_parties(stamp=stamp, parties=made)


async def _sites(stamp: Stamp, rows: Facts) -> list[int]:
    ids = await ids_of("region", {one[name] for one in rows for name in ("region", "custody_for") if one.get(name)})
    keepers = await ids_of("party", {one["custodian"] for one in rows if one.get("custodian")})
    made = [
        NewSite(
            one["code"],
            SiteFacts(
                one["name_zh"],
                SiteKind(one["kind"]),
                ids[one["region"]],
                one.get("name_en"),
                keepers.get(one.get("custodian") or ""),
                ids.get(one.get("custody_for") or ""),
                one["address"],
                one["phone"],
                one.get("lat"),
                one.get("lon"),
                one["one_keeper"],
                one["live"],
                one["source"],
            ),
        )
        for one in rows
    ]
    return await sites.create_sites(stamp=stamp, sites=made)


async def _bins(stamp: Stamp, rows: Facts) -> list[int]:
    """Zone by zone; a zone that is not there yet comes with its bins."""
    site_ids = await ids_of("site", {one["site"] for one in rows})
    found = await db.fetch(
        "SELECT site_id, code, id FROM zone WHERE site_id = ANY($1::bigint[]) AND retired_at IS NULL",
        list(site_ids.values()),
    )
    zones = {(row[0], row[1]): row[2] for row in found}
    groups: dict[tuple[int, str], list[int]] = {}
    for n, one in enumerate(rows):
        groups.setdefault((site_ids[one["site"]], one["zone"]), []).append(n)
    ids = [0] * len(rows)
    for (site_id, zone), members in groups.items():
        bins = [NewBin(rows[n]["code"], BinFacts(rows[n].get("volume_ml"), rows[n].get("weight_g"))) for n in members]
        part = stamp.for_part(f"{site_id}/{zone}", [one.code for one in bins])
        zone_id = zones.get((site_id, zone))
        if zone_id is None:
            name = next((rows[n]["zone_name"] for n in members if rows[n].get("zone_name")), zone)
            (zone_id,) = await sites.add_zones(
                stamp=part.for_part("zone", zone), site_id=site_id, zones=[NewZone(zone, ZoneFacts(name))]
            )
        for n, place_id in zip(members, await sites.add_bins(stamp=part, zone_id=zone_id, bins=bins), strict=True):
            ids[n] = place_id
    return ids


async def _classes(stamp: Stamp, rows: Facts) -> list[int]:
    made = [
        NewClass(
            one["scheme"],
            one["code"],
            one.get("parent"),
            ClassFacts(one["name_zh"], one.get("name_en"), one["source"]),
            (GBT, one["mapped"]) if one.get("mapped") else None,
        )
        for one in rows
    ]
    return await classes.add_classes(stamp=stamp, classes=made)


async def _items(stamp: Stamp, rows: Facts) -> list[int]:
    storage = await ids_of("storage_class", {one["storage"] for one in rows})
    found = await db.fetch(
        "SELECT scheme || ':' || code, id FROM material_class WHERE scheme || ':' || code = ANY($1::text[])",
        [one["class"] for one in rows],
    )
    class_ids = {row[0]: row[1] for row in found}
    made = [
        NewItem(
            one["key"],
            ItemFacts(
                name_zh=one["name_zh"],
                class_id=class_ids[one["class"]],
                unit_zh=one["unit"],
                storage_class_id=storage[one["storage"]],
                dimension=Dimension(one["dimension"]),
                tracking=Tracking(one["tracking"]),
                name_en=one.get("name_en"),
                spec=one["spec"],
                unit_factor=one["factor"],
                storage_life_days=one.get("life_days"),
                storage_life_source=one["life_source"],
                expiry_on_pack=one["expiry_on_pack"],
                returnable=one["returnable"],
                price_fen=one.get("price_fen"),
                price_per=one["price_per"],
                source=one["source"],
            ),
            codes=(NewCode(CodeKind.GTIN, one["gtin"], one["source"]),) if one.get("gtin") else (),
            aliases=tuple(NewAlias(alias, source=one["source"]) for alias in one["aliases"]),
        )
        for one in rows
    ]
    return await items.create_items(stamp=stamp, items=made)


_LISTS: dict[ImportKind, Callable[[Stamp, Facts], Coroutine[Any, Any, list[int]]]] = {
    ImportKind.REGIONS: _regions,
    ImportKind.PARTIES: _parties,
    ImportKind.SITES: _sites,
    ImportKind.BINS: _bins,
    ImportKind.CLASSES: _classes,
    ImportKind.ITEMS: _items,
}
