"""A small city and catalogue for tests, made through the actions."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from catalog.classes import actions as classes
from catalog.classes.model import ClassFacts, NewClass
from catalog.items import actions as items
from catalog.items.model import ItemFacts, NewItem, StorageClassFacts
from catalog.items.queries import get_storage_class
from catalog.kernel.access import ROLES, Grant, Role
from catalog.kernel.stamp import Stamp, content_hash, house_stamp
from catalog.regions import actions as regions
from catalog.regions.model import NewRegion, RegionFacts, Tier
from catalog.regions.queries import get_by_key

AT = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


def house(content: Any = None, attempt: UUID | None = None) -> Stamp:
    """The program's own hand, a new attempt."""
    return house_stamp(attempt or uuid4(), content, AT)


async def as_role(role: Role, region: str, content: Any = None) -> Stamp:
    """Somebody with one role on one region's subtree."""
    path = (await get_by_key(region)).path
    return Stamp(uuid4(), content_hash(content), AT, AT, 7, "somebody", (Grant(role, path, ROLES[role]),))


def node(key: str, parent: str | None, tier: Tier, name: str) -> NewRegion:
    return NewRegion(key, parent, tier, RegionFacts(name, source="test"))


async def make_city() -> dict[str, int]:
    """City > two districts > a town each > a village; ids by key."""
    nodes = [
        node("city", None, Tier.CITY, "常州市"),
        node("north", "city", Tier.DISTRICT, "新北区"),
        node("south", "city", Tier.DISTRICT, "武进区"),
        node("river", "north", Tier.TOWN, "春江街道"),
        node("lake", "south", Tier.TOWN, "雪堰镇"),
        node("village", "lake", Tier.VILLAGE, "太滆村"),
    ]
    ids = await regions.add_regions(stamp=house(), regions=nodes)
    return {n.key: i for n, i in zip(nodes, ids, strict=True)}


async def make_catalogue() -> ItemFacts:
    """A class and a storage class; facts of a plain item in them, to be changed with `replace`."""
    new = NewClass("local", "ZP", None, ClassFacts("帐篷类", "Tents", "test"))
    (class_id,) = await classes.add_classes(stamp=house(), classes=[new])
    await items.add_storage_classes(stamp=house(), classes=[("general", StorageClassFacts("普通库", source="test"))])
    storage = await get_storage_class("general")
    return ItemFacts(name_zh="单帐篷", class_id=class_id, unit_zh="顶", storage_class_id=storage.id, source="test")


async def make_item(facts: ItemFacts, key: str, name: str = "单帐篷", **more: Any) -> int:
    """One item; its id."""
    parts = {name: more.pop(name) for name in ("packs", "codes", "aliases", "care", "classes") if name in more}
    new = NewItem(key, replace(facts, name_zh=name, **more), **parts)
    return (await items.create_items(stamp=house(), items=[new]))[0]
