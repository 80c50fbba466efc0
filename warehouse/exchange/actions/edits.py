"""Changes that a row makes to an entry that is there, through the ordinary edit of its list.

The version is the one that the dry run saw: whoever has changed the entry since is not overwritten (Stale).
"""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from catalog.classes import actions as classes
from catalog.classes import queries as class_queries
from catalog.classes.model import ClassFacts
from catalog.items import actions as items
from catalog.items import queries as item_queries
from catalog.items.model import ItemFacts
from catalog.kernel import db
from catalog.kernel.access import Permission
from catalog.kernel.errors import Missing
from catalog.kernel.stamp import Stamp
from catalog.regions import actions as regions
from catalog.regions import queries as region_queries
from catalog.regions.model import RegionFacts
from warehouse.exchange.model import ImportKind
from warehouse.parties import actions as parties
from warehouse.parties import queries as party_queries
from warehouse.parties.model import Duty, PartyFacts
from warehouse.sites import actions as sites
from warehouse.sites import queries as site_queries
from warehouse.sites.model import BinFacts, SiteFacts, SiteKind

Row = Mapping[str, Any]
T = TypeVar("T")
_BY_KEY = {
    "region": "SELECT key, id FROM region WHERE key = ANY($1::text[])",
    "party": "SELECT key, id FROM party WHERE key = ANY($1::text[])",
    "site": "SELECT code, id FROM site WHERE code = ANY($1::text[])",
    "storage_class": "SELECT key, id FROM storage_class WHERE key = ANY($1::text[])",
    "class": "SELECT scheme || ':' || code, id FROM material_class WHERE scheme || ':' || code = ANY($1::text[])",
}


async def ids_of(what: str, keys: set[str]) -> dict[str, int]:
    """Ids by key. Raises Missing for one that has gone since the dry run."""
    found = {row[0]: int(row[1]) for row in await db.fetch(_BY_KEY[what], list(keys))}
    if len(found) != len(keys):
        raise Missing("import.reference-gone", "所引用的编号已不存在，请重新核对", keys=sorted(keys - set(found)))
    return found


async def _id(what: str, key: str | None) -> int | None:
    return (await ids_of(what, {key}))[key] if key else None


def _as_it_is(kind: type[T], entry: Any) -> T:
    """The editable facts of an entry."""
    return kind(**{one.name: getattr(entry, one.name) for one in fields(kind)})  # type: ignore[arg-type]


async def _region(stamp: Stamp, row: Row) -> None:
    facts = _as_it_is(RegionFacts, await region_queries.get_region(row["id"]))
    await regions.edit_region(
        stamp=stamp, region_id=row["id"], version=row["version"], facts=replace(facts, **row["edit"])
    )


async def _party(stamp: Stamp, row: Row) -> None:
    entry = await party_queries.get_party(row["id"], stamp.require(Permission.PARTY_EDIT))
    new = dict(row["edit"])
    if "region" in new:
        new["region_id"] = await _id("region", new.pop("region"))
    if "duties" in new:
        new["duties"] = tuple(Duty(duty) for duty in new["duties"])
    facts = replace(_as_it_is(PartyFacts, entry), **new)
    await parties.edit_party(stamp=stamp, party_id=row["id"], version=row["version"], facts=facts)


async def _site(stamp: Stamp, row: Row) -> None:
    entry = await site_queries.get_site(row["id"], stamp.require(Permission.SITE_EDIT))
    new = dict(row["edit"])
    for name, what in (("region", "region"), ("custodian", "party"), ("custody_for", "region")):
        if name in new:
            new[f"{name}_id"] = await _id(what, new.pop(name))
    if "kind" in new:
        new["kind"] = SiteKind(new["kind"])
    facts = replace(_as_it_is(SiteFacts, entry), **new)
    await sites.edit_site(stamp=stamp, site_id=row["id"], version=row["version"], facts=facts)


async def _bin(stamp: Stamp, row: Row) -> None:
    entry = await site_queries.get_place(row["id"], stamp.require(Permission.SITE_EDIT))
    facts = replace(_as_it_is(BinFacts, entry), **row["edit"])
    await sites.edit_bin(stamp=stamp, place_id=row["id"], version=row["version"], facts=facts)


async def _class(stamp: Stamp, row: Row) -> None:
    facts = _as_it_is(ClassFacts, await class_queries.get_class(row["id"]))
    await classes.edit_class(
        stamp=stamp, class_id=row["id"], version=row["version"], facts=replace(facts, **row["edit"])
    )


async def _item(stamp: Stamp, row: Row) -> None:
    entry = await item_queries.get_item(row["id"])
    new = dict(row["edit"])
    for name, what in (("class", "class"), ("storage", "storage_class")):
        if name in new:
            new[{"class": "class_id", "storage": "storage_class_id"}[name]] = await _id(what, new.pop(name))
    if "life_days" in new:
        new["storage_life_days"] = new.pop("life_days")
    if "life_source" in new:
        new["storage_life_source"] = new.pop("life_source")
    if "price_fen" in new:
        new["price_per"] = entry.unit_factor
    facts = replace(_as_it_is(ItemFacts, entry), **new)
    await items.edit_item(stamp=stamp, item_id=row["id"], version=row["version"], facts=facts)


EDITS: Mapping[ImportKind, Callable[[Stamp, Row], Coroutine[Any, Any, None]]] = {
    ImportKind.REGIONS: _region,
    ImportKind.PARTIES: _party,
    ImportKind.SITES: _site,
    ImportKind.BINS: _bin,
    ImportKind.CLASSES: _class,
    ImportKind.ITEMS: _item,
}
