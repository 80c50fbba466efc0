"""The catalogue: regions, classes, storage classes, items, packs, kits. Reading needs catalog.read anywhere."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Literal

from litestar import Response, delete, get, post, put
from litestar.params import FromQuery, JSONBody, PathParameter, QueryParameter

from api.auth.edge import VERB
from api.auth.stamps import Stamped
from api.rest.conditions import IfMatch, etag, read_version
from api.rest.sessions import Cursor, Limit
from api.schemas.catalog import (
    AliasesIn,
    AliasOut,
    CarePlanOut,
    CareSet,
    ClassesPage,
    ClassesSet,
    ClassFactsIn,
    ClassMapping,
    ClassNew,
    ClassOut,
    ClassRef,
    ClassRefIn,
    CodeFound,
    CodeIn,
    CodeOut,
    CodesAdded,
    CodesIn,
    ComponentOut,
    ComponentsSet,
    Created,
    Edited,
    Exploded,
    ExplodedLine,
    ItemCard,
    ItemFactsIn,
    ItemNew,
    ItemOut,
    ItemsPage,
    OtherClassOut,
    PackIn,
    PackOut,
    RegionCard,
    RegionCodeIn,
    RegionCodeOut,
    RegionFactsIn,
    RegionFigureIn,
    RegionFigureOut,
    RegionFiguresOut,
    RegionMove,
    RegionNew,
    RegionOut,
    RegionRef,
    RegionsPage,
    SchemesOut,
    StorageClassesOut,
    StorageClassIn,
    StorageClassOut,
    SubstituteOut,
    SubstitutesSet,
)
from catalog.classes import actions as class_actions
from catalog.classes import queries as classes
from catalog.classes.model import ClassFacts, NewClass
from catalog.items import actions as item_actions
from catalog.items import queries as items
from catalog.items import rules as item_rules
from catalog.items.model import (
    Care,
    Item,
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
from catalog.kernel.access import Permission
from catalog.kernel.errors import Missing
from catalog.kernel.quantity import MAX_QUANTITY
from catalog.kernel.stamp import Stamp
from catalog.kits import actions as kit_actions
from catalog.kits import queries as kits
from catalog.kits.model import Component, NewKit
from catalog.packs import actions as pack_actions
from catalog.packs import queries as packs
from catalog.packs.model import NewPack, PackFacts
from catalog.regions import actions as region_actions
from catalog.regions import queries as regions
from catalog.regions.model import NewRegion, RegionCode, RegionFact, RegionFacts, Tier
from warehouse.sites.queries import count_sites_under

Sought = Annotated[str | None, QueryParameter(max_length=100, description="Name, pinyin, initials, alias or code.")]
KeyOf = Annotated[str | None, QueryParameter(max_length=40)]
InPath = Annotated[str, PathParameter(max_length=40)]
NumberInPath = Annotated[int, PathParameter(ge=1, le=2**63 - 1)]


# --- regions ------------------------------------------------------------------------------------------


@get("/regions", opt={VERB: "region.list"}, tags=["regions"])
async def list_regions(
    stamp: Stamped,
    q: Sought = None,
    under: KeyOf = None,
    parent: KeyOf = None,
    tier: FromQuery[Tier | None] = None,
    retired: FromQuery[bool] = False,
    cursor: Cursor = None,
    limit: Limit = None,
) -> RegionsPage:
    """Regions; `under` keeps that node and all below it, `parent` only its children."""
    stamp.require(Permission.CATALOG_READ)
    page = await regions.list_regions(
        query=q,
        parent_id=(await regions.get_by_key(parent)).id if parent is not None else None,
        under=(await regions.get_by_key(under)).path if under is not None else None,
        tier=tier,
        retired=retired,
        cursor=cursor,
        limit=limit,
    )
    return RegionsPage(items=[RegionOut(**asdict(found)) for found in page.items], next_cursor=page.next_cursor)


@get("/regions/{region:str}", opt={VERB: "region.read"}, tags=["regions"])
async def get_region(stamp: Stamped, region: InPath) -> Response[RegionCard]:
    """One region with its codes and newest figures. The ETag is the version to send as If-Match."""
    stamp.require(Permission.CATALOG_READ)
    found = await regions.get_by_key(region)
    card = RegionCard(
        **asdict(found),
        parents=[RegionRef.model_validate(one, from_attributes=True) for one in await regions.list_parents(found.path)],
        codes=[RegionCodeOut(**asdict(code)) for code in await regions.list_codes(found.id)],
        figures=[
            RegionFigureOut(**asdict(fact)) for fact in await regions.list_facts(found.id, on=stamp.recorded_at.date())
        ],
    )
    return Response(card, headers=etag(found.version))


@post("/regions", opt={VERB: "region.add"}, tags=["regions"])
async def add_region(stamp: Stamped, data: JSONBody[RegionNew]) -> Created:
    """A new node under a parent. 409 `region.key-taken`."""
    await regions.get_by_key(data.parent)
    new = NewRegion(data.key, data.parent, data.tier, _region_facts(data))
    (region_id,) = await region_actions.add_regions(stamp=stamp, regions=[new])
    return Created(id=region_id, key=data.key, version=1)


@put("/regions/{region:str}", opt={VERB: "region.edit"}, tags=["regions"])
async def edit_region(
    stamp: Stamped, region: InPath, data: JSONBody[RegionFactsIn], if_match: IfMatch
) -> Response[Edited]:
    """Replace the editable part. 409 `region.stale` when somebody else was faster."""
    found = await regions.get_by_key(region)
    version = await region_actions.edit_region(
        stamp=stamp, region_id=found.id, version=read_version(if_match), facts=_region_facts(data)
    )
    return _edited(region, version)


def _region_facts(data: RegionFactsIn) -> RegionFacts:
    return RegionFacts(**{name: getattr(data, name) for name in RegionFactsIn.model_fields})


@post("/regions/{region:str}/move", opt={VERB: "region.move"}, tags=["regions"], status_code=200)
async def move_region(
    stamp: Stamped, region: InPath, data: JSONBody[RegionMove], if_match: IfMatch
) -> Response[Edited]:
    """Hang a node under another parent. 409 `region.in-use` while sites or lots stand in it."""
    found = await regions.get_by_key(region)
    parent = await regions.get_by_key(data.parent)
    version = await region_actions.move_region(
        stamp=stamp, region_id=found.id, version=read_version(if_match), parent_id=parent.id
    )
    return _edited(region, version)


@delete("/regions/{region:str}", opt={VERB: "region.retire"}, tags=["regions"], status_code=200)
async def retire_region(stamp: Stamped, region: InPath, if_match: IfMatch) -> Response[Edited]:
    """Take a node without children and sites out of use; its key stays taken."""
    found = await regions.get_by_key(region)
    version = await region_actions.retire_region(
        stamp=stamp,
        region_id=found.id,
        version=read_version(if_match),
        sites=await count_sites_under(found.path),
    )
    return _edited(region, version)


@post("/regions/{region:str}/codes", opt={VERB: "region.add-code"}, tags=["regions"])
async def add_region_code(stamp: Stamped, region: InPath, data: JSONBody[RegionCodeIn]) -> RegionCodeOut:
    """A code from a day on; the running one of the same scheme ends the day before."""
    found = await regions.get_by_key(region)
    code = RegionCode(data.scheme, data.code, data.valid_from, None, data.source)
    await region_actions.add_code(stamp=stamp, region_id=found.id, code=code)
    return RegionCodeOut(**asdict(code))


@get("/regions/{region:str}/facts", opt={VERB: "region.list-facts"}, tags=["regions"])
async def list_region_facts(stamp: Stamped, region: InPath, on: FromQuery[date | None] = None) -> RegionFiguresOut:
    """The newest figure of each kind known for the day `on`; every figure without a day."""
    stamp.require(Permission.CATALOG_READ)
    found = await regions.get_by_key(region)
    facts = await regions.list_facts(found.id, on=on)
    return RegionFiguresOut(items=[RegionFigureOut(**asdict(fact)) for fact in facts])


@post("/regions/{region:str}/facts", opt={VERB: "region.set-facts"}, tags=["regions"], status_code=200)
async def set_region_fact(stamp: Stamped, region: InPath, data: JSONBody[RegionFigureIn]) -> RegionFigureOut:
    """A figure on a day; one of the same kind and day is corrected."""
    found = await regions.get_by_key(region)
    fact = RegionFact(data.kind, data.value, data.as_of, data.source)
    await region_actions.set_facts(stamp=stamp, facts=[(found.id, fact)])
    return RegionFigureOut(**asdict(fact))


# --- classes ------------------------------------------------------------------------------------------


@get("/class-schemes", opt={VERB: "class.list-schemes"}, tags=["classes"])
async def list_schemes(stamp: Stamped) -> SchemesOut:
    """The schemes that stand side by side."""
    stamp.require(Permission.CATALOG_READ)
    return SchemesOut(items=list(await classes.list_schemes()))


@get("/classes", opt={VERB: "class.list"}, tags=["classes"])
async def list_classes(
    stamp: Stamped,
    q: Sought = None,
    scheme: KeyOf = None,
    parent: KeyOf = None,
    retired: FromQuery[bool] = False,
    cursor: Cursor = None,
    limit: Limit = None,
) -> ClassesPage:
    """Classes by scheme and code; `parent` is a code of `scheme`."""
    stamp.require(Permission.CATALOG_READ)
    parent_id = (await classes.get_by_code(scheme or "", parent)).id if parent is not None else None
    page = await classes.list_classes(
        scheme=scheme, query=q, parent_id=parent_id, retired=retired, cursor=cursor, limit=limit
    )
    found = [ClassOut.model_validate(one, from_attributes=True) for one in page.items]
    return ClassesPage(items=found, next_cursor=page.next_cursor)


@get("/classes/{scheme:str}/{class_code:str}", opt={VERB: "class.read"}, tags=["classes"])
async def get_class(stamp: Stamped, scheme: InPath, class_code: InPath) -> Response[ClassOut]:
    """One class. The ETag is the version to send as If-Match."""
    stamp.require(Permission.CATALOG_READ)
    found = await classes.get_by_code(scheme, class_code)
    return Response(ClassOut.model_validate(found, from_attributes=True), headers=etag(found.version))


@post("/classes", opt={VERB: "class.add"}, tags=["classes"])
async def add_class(stamp: Stamped, data: JSONBody[ClassNew]) -> Created:
    """A new class. Codes of `gbt38565` have seven digits and their parent by zero-padding. 409 `class.code-taken`."""
    mapped = (data.mapped.scheme, data.mapped.code) if data.mapped is not None else None
    new = NewClass(data.scheme, data.code, data.parent, _class_facts(data), mapped)
    (class_id,) = await class_actions.add_classes(stamp=stamp, classes=[new])
    return Created(id=class_id, key=data.code, version=1)


@put("/classes/{scheme:str}/{class_code:str}", opt={VERB: "class.edit"}, tags=["classes"])
async def edit_class(
    stamp: Stamped, scheme: InPath, class_code: InPath, data: JSONBody[ClassFactsIn], if_match: IfMatch
) -> Response[Edited]:
    """Replace the editable part. 409 `class.stale` when somebody else was faster."""
    found = await classes.get_by_code(scheme, class_code)
    version = await class_actions.edit_class(
        stamp=stamp, class_id=found.id, version=read_version(if_match), facts=_class_facts(data)
    )
    return _edited(class_code, version)


def _class_facts(data: ClassFactsIn) -> ClassFacts:
    return ClassFacts(data.name_zh, data.name_en, data.source, tuple(data.near_expiry_days))


@put("/classes/{scheme:str}/{class_code:str}/mapping", opt={VERB: "class.map"}, tags=["classes"])
async def map_class(
    stamp: Stamped, scheme: InPath, class_code: InPath, data: JSONBody[ClassMapping], if_match: IfMatch
) -> Response[Edited]:
    """Say which class of another scheme means the same."""
    found = await classes.get_by_code(scheme, class_code)
    version = await class_actions.map_class(
        stamp=stamp,
        class_id=found.id,
        version=read_version(if_match),
        mapped_id=(await _class_named(data.mapped)) if data.mapped is not None else None,
    )
    return _edited(class_code, version)


@delete("/classes/{scheme:str}/{class_code:str}", opt={VERB: "class.retire"}, tags=["classes"], status_code=200)
async def retire_class(stamp: Stamped, scheme: InPath, class_code: InPath, if_match: IfMatch) -> Response[Edited]:
    """Take a class without children out of use; its code stays taken."""
    found = await classes.get_by_code(scheme, class_code)
    version = await class_actions.retire_class(stamp=stamp, class_id=found.id, version=read_version(if_match))
    return _edited(class_code, version)


async def _class_named(ref: ClassRefIn) -> int:
    return (await classes.get_by_code(ref.scheme, ref.code)).id


# --- storage classes ----------------------------------------------------------------------------------


@get("/storage-classes", opt={VERB: "item.list-storage-classes"}, tags=["classes"])
async def list_storage_classes(stamp: Stamped) -> StorageClassesOut:
    """How goods want to be kept."""
    stamp.require(Permission.CATALOG_READ)
    return StorageClassesOut(items=[StorageClassOut(**asdict(one)) for one in await items.list_storage_classes()])


@put("/storage-classes/{storage_class:str}", opt={VERB: "item.add-storage-classes"}, tags=["classes"])
async def put_storage_class(stamp: Stamped, storage_class: InPath, data: JSONBody[StorageClassIn]) -> StorageClassOut:
    """Add a storage class, or correct the one with this key."""
    facts = StorageClassFacts(data.name_zh, data.name_en, data.note, data.source)
    await item_actions.add_storage_classes(stamp=stamp, classes=[(storage_class, facts)])
    return StorageClassOut(**asdict(await items.get_storage_class(storage_class)))


# --- items: read --------------------------------------------------------------------------------------


@get("/items", opt={VERB: "item.list"}, tags=["items"])
async def list_items(
    stamp: Stamped,
    q: Sought = None,
    scheme: KeyOf = None,
    class_code: KeyOf = None,
    storage_class: KeyOf = None,
    disaster_type: KeyOf = None,
    tracking: FromQuery[Tracking | None] = None,
    kind: FromQuery[ItemKind | None] = None,
    unverified: FromQuery[bool | None] = None,
    retired: FromQuery[bool] = False,
    sort: FromQuery[Literal["name", "key", "id"]] = "name",
    cursor: Cursor = None,
    limit: Limit = None,
) -> ItemsPage:
    """Items; `q` finds by name, pinyin, initials, alias, code and specification, the best match first. `class_code` (of
    `scheme`) keeps that class and all below it."""
    stamp.require(Permission.CATALOG_READ)
    page = await items.list_items(
        query=q,
        class_path=(await classes.get_by_code(scheme or "local", class_code)).path if class_code is not None else None,
        storage_class_id=(await items.get_storage_class(storage_class)).id if storage_class is not None else None,
        disaster_type=disaster_type,
        tracking=tracking,
        kind=kind,
        unverified=unverified,
        retired=retired,
        sort=sort,
        cursor=cursor,
        limit=limit,
    )
    return ItemsPage(items=[ItemOut(**one) for one in await _shown(page.items)], next_cursor=page.next_cursor)


async def _shown(found: Sequence[Item]) -> list[dict[str, Any]]:
    by_id = await classes.find_classes_by_id({item.class_id for item in found})
    storage = {one.id: one.key for one in await items.list_storage_classes()}
    return [
        {name: getattr(item, name) for name in ItemOut.model_fields if hasattr(item, name)}
        | {
            "main_class": ClassRef.model_validate(by_id[item.class_id], from_attributes=True),
            "storage_class": storage[item.storage_class_id],
            "unverified": list(item_rules.unverified(item)),
        }
        for item in found
    ]


@get("/items/{item:str}", opt={VERB: "item.read"}, tags=["items"])
async def get_item(stamp: Stamped, item: InPath) -> Response[ItemCard]:
    """Everything the catalogue knows about one item. The ETag is the version to send as If-Match."""
    stamp.require(Permission.CATALOG_READ)
    card = await items.get_card((await items.get_by_key(item)).id)
    (shown,) = await _shown([card.item])
    pack_keys = {pack.id: pack.key for pack in await packs.list_packs(card.item.id, retired=True)}
    body = ItemCard(
        **shown,
        classes=[
            OtherClassOut(**ClassRef.model_validate(one.found, from_attributes=True).model_dump(), source=one.source)
            for one in card.classes
        ],
        aliases=[AliasOut.model_validate(one, from_attributes=True) for one in card.aliases],
        codes=[
            CodeOut(id=one.id, kind=one.kind, code=one.code, pack=pack_keys.get(one.pack_id or 0), source=one.source)
            for one in card.codes
        ],
        packs=[PackOut.model_validate(one, from_attributes=True) for one in card.packs],
        care=[CarePlanOut(**asdict(one)) for one in card.care],
        substitutes=[_line(SubstituteOut, one) for one in card.substitutes],
        substitute_for=[_line(SubstituteOut, one) for one in card.substitute_for],
        components=[_line(ComponentOut, one) for one in card.components],
        part_of=[_line(ComponentOut, one) for one in card.part_of],
    )
    return Response(body, headers=etag(card.item.version))


def _line(shape: Any, line: Any) -> Any:
    return shape(item=line.key, **{name: getattr(line, name) for name in shape.model_fields if name != "item"})


@get("/item-codes/{code:str}", opt={VERB: "item.find-code"}, tags=["items"])
async def find_code(stamp: Stamped, code: Annotated[str, PathParameter(max_length=60)]) -> CodeFound:
    """What a code stands for: a GTIN of any length, a supplier's or old ledger's code, an item's or pack's key."""
    stamp.require(Permission.CATALOG_READ)
    hit = await items.find_by_code(code)
    if hit is None:
        raise Missing("item.unknown-code", "没有物资使用这个编码；可新建物资，或作为别码加到已有物资上", asked=code)
    return CodeFound(
        by=hit.by,
        code=hit.code,
        item=hit.item_key,
        name_zh=hit.name_zh,
        name_en=hit.name_en,
        spec=hit.spec,
        pack=hit.pack_name,
        factor=hit.factor,
        retired=hit.retired,
    )


# --- items: write -------------------------------------------------------------------------------------


@post("/items", opt={VERB: "item.create"}, tags=["items"])
async def create_item(stamp: Stamped, data: JSONBody[ItemNew]) -> Created:
    """A new item with packs, codes and aliases. 409 `item.key-taken`, `item.code-taken`."""
    new = NewItem(
        key=data.key,
        facts=await _item_facts(data),
        packs=tuple(NewPack(pack.handle, _pack_facts(pack)) for pack in data.packs),
        codes=tuple(NewCode(code.kind, code.code, code.source, pack=code.pack) for code in data.codes),
        aliases=tuple(NewAlias(one.alias, one.kind, one.source) for one in data.aliases),
    )
    (item_id,) = await item_actions.create_items(stamp=stamp, items=[new])
    return Created(id=item_id, key=data.key, version=1)


async def _item_facts(data: ItemFactsIn) -> ItemFacts:
    fields = {name: getattr(data, name) for name in ItemFactsIn.model_fields}
    for name in ("disaster_types", "near_expiry_days"):
        fields[name] = tuple(fields[name])
    main, storage = fields.pop("main_class"), fields.pop("storage_class")
    return ItemFacts(
        **fields, class_id=await _class_named(main), storage_class_id=(await items.get_storage_class(storage)).id
    )


@put("/items/{item:str}", opt={VERB: "item.edit"}, tags=["items"])
async def edit_item(stamp: Stamped, item: InPath, data: JSONBody[ItemFactsIn], if_match: IfMatch) -> Response[Edited]:
    """Replace the editable part. 409 `item.stale`; 409 `item.unit-fixed` once goods have moved."""
    found = await items.get_by_key(item)
    version = await item_actions.edit_item(
        stamp=stamp, item_id=found.id, version=read_version(if_match), facts=await _item_facts(data)
    )
    return _edited(item, version)


@delete("/items/{item:str}", opt={VERB: "item.retire"}, tags=["items"], status_code=200)
async def retire_item(stamp: Stamped, item: InPath, if_match: IfMatch) -> Response[Edited]:
    """Take an item out of use: not to be received any more. Its key and codes stay taken."""
    found = await items.get_by_key(item)
    version = await item_actions.retire_item(stamp=stamp, item_id=found.id, version=read_version(if_match))
    return _edited(item, version)


@post("/items/{item:str}/restore", opt={VERB: "item.restore"}, tags=["items"], status_code=200)
async def restore_item(stamp: Stamped, item: InPath, if_match: IfMatch) -> Response[Edited]:
    """Put a retired item back into use."""
    found = await items.get_by_key(item)
    version = await item_actions.restore_item(stamp=stamp, item_id=found.id, version=read_version(if_match))
    return _edited(item, version)


@post("/items/{item:str}/codes", opt={VERB: "item.add-codes"}, tags=["items"])
async def add_codes(stamp: Stamped, item: InPath, data: JSONBody[CodesIn]) -> CodesAdded:
    """More codes for an item or its packs: also the answer to an unknown code. 409 `item.code-taken`."""
    found = await items.get_by_key(item)
    codes = [await _code(code) for code in data.codes]
    return CodesAdded(ids=await item_actions.add_codes(stamp=stamp, item_id=found.id, codes=codes))


async def _code(code: CodeIn) -> NewCode:
    pack_id = (await packs.get_by_key(code.pack)).id if code.pack is not None else None
    return NewCode(code.kind, code.code, code.source, pack_id=pack_id)


@delete("/items/{item:str}/codes/{number:int}", opt={VERB: "item.retire-code"}, tags=["items"], status_code=200)
async def retire_code(stamp: Stamped, item: InPath, number: NumberInPath) -> Edited:
    """Take a code out of use; it is never given to something else."""
    found = await items.get_by_key(item)
    await item_actions.retire_code(stamp=stamp, item_id=found.id, code_id=number)
    return Edited(key=item, version=(await items.get_by_key(item)).version)


@post("/items/{item:str}/aliases", opt={VERB: "item.add-aliases"}, tags=["items"], status_code=200)
async def add_aliases(stamp: Stamped, item: InPath, data: JSONBody[AliasesIn]) -> Edited:
    """More names to be found by."""
    found = await items.get_by_key(item)
    aliases = [NewAlias(one.alias, one.kind, one.source) for one in data.aliases]
    await item_actions.add_aliases(stamp=stamp, item_id=found.id, aliases=aliases)
    return Edited(key=item, version=(await items.get_by_key(item)).version)


@delete("/items/{item:str}/aliases/{number:int}", opt={VERB: "item.retire-alias"}, tags=["items"], status_code=200)
async def retire_alias(stamp: Stamped, item: InPath, number: NumberInPath) -> Edited:
    """Take another name away."""
    found = await items.get_by_key(item)
    await item_actions.retire_alias(stamp=stamp, item_id=found.id, alias_id=number)
    return Edited(key=item, version=(await items.get_by_key(item)).version)


@put("/items/{item:str}/care", opt={VERB: "item.set-care"}, tags=["items"])
async def set_care(stamp: Stamped, item: InPath, data: JSONBody[CareSet], if_match: IfMatch) -> Response[Edited]:
    """All the care an item wants."""
    found = await items.get_by_key(item)
    care = [
        Care(one.kind, one.first_after_days, one.interval_days, one.basis, one.note, one.source) for one in data.care
    ]
    version = await item_actions.set_care(stamp=stamp, item_id=found.id, version=read_version(if_match), care=care)
    return _edited(item, version)


@put("/items/{item:str}/substitutes", opt={VERB: "item.set-substitutes"}, tags=["items"])
async def set_substitutes(
    stamp: Stamped, item: InPath, data: JSONBody[SubstitutesSet], if_match: IfMatch
) -> Response[Edited]:
    """All that may be given instead of an item. What is new or has another ratio is to be approved anew."""
    found = await items.get_by_key(item)
    ids = await _ids_of(stamp, [one.item for one in data.substitutes])
    version = await item_actions.set_substitutes(
        stamp=stamp,
        item_id=found.id,
        version=read_version(if_match),
        substitutes=[Substitute(ids[one.item], one.need, one.give, one.note, one.source) for one in data.substitutes],
    )
    return _edited(item, version)


@post(
    "/items/{item:str}/substitutes/{other:str}/approve",
    opt={VERB: "item.approve-substitute"},
    tags=["items"],
    status_code=200,
)
async def approve_substitute(stamp: Stamped, item: InPath, other: InPath, if_match: IfMatch) -> Response[Edited]:
    """Let plans give one item for another, in the ratio that stands there. Nobody approves what he has set."""
    found, given = await items.get_by_key(item), await items.get_by_key(other)
    version = await item_actions.approve_substitute(
        stamp=stamp, item_id=found.id, substitute_id=given.id, version=read_version(if_match)
    )
    return _edited(item, version)


@put("/items/{item:str}/classes", opt={VERB: "item.set-classes"}, tags=["items"])
async def set_classes(stamp: Stamped, item: InPath, data: JSONBody[ClassesSet], if_match: IfMatch) -> Response[Edited]:
    """All the classes of other schemes an item belongs to."""
    found = await items.get_by_key(item)
    wanted = [OtherClass(await _class_named(one), one.source) for one in data.classes]
    version = await item_actions.set_classes(
        stamp=stamp, item_id=found.id, version=read_version(if_match), classes=wanted
    )
    return _edited(item, version)


async def _ids_of(stamp: Stamp, keys: Sequence[str]) -> dict[str, int]:
    stamp.require(Permission.CATALOG_EDIT)
    found = await items.find_items_by_key(keys)
    missing = sorted(set(keys) - set(found))
    if missing:
        raise Missing("item.missing", "没有这种物资", items=missing)
    return {key: item.id for key, item in found.items()}


# --- packs and kits -----------------------------------------------------------------------------------


@post("/items/{item:str}/packs", opt={VERB: "pack.add"}, tags=["items"])
async def add_pack(stamp: Stamped, item: InPath, data: JSONBody[PackIn]) -> Created:
    """A new pack of an item. A new default replaces the old one."""
    found = await items.get_by_key(item)
    made = await pack_actions.add_packs(stamp=stamp, packs={found.id: [NewPack("new", _pack_facts(data))]})
    pack = await packs.get_pack(made[found.id]["new"])
    return Created(id=pack.id, key=pack.key, version=1)


@get("/packs/{pack:str}", opt={VERB: "pack.read"}, tags=["items"])
async def get_pack(stamp: Stamped, pack: InPath) -> Response[PackOut]:
    """One pack by its own key, as its label carries it. The ETag is the version to send as If-Match."""
    stamp.require(Permission.CATALOG_READ)
    found = await packs.get_by_key(pack)
    return Response(PackOut.model_validate(found, from_attributes=True), headers=etag(found.version))


@put("/packs/{pack:str}", opt={VERB: "pack.edit"}, tags=["items"])
async def edit_pack(stamp: Stamped, pack: InPath, data: JSONBody[PackIn], if_match: IfMatch) -> Response[Edited]:
    """Replace a pack's facts. 409 `pack.factor-fixed` once goods have moved."""
    found = await packs.get_by_key(pack)
    version = await pack_actions.edit_pack(
        stamp=stamp, pack_id=found.id, version=read_version(if_match), facts=_pack_facts(data)
    )
    return _edited(pack, version)


@delete("/packs/{pack:str}", opt={VERB: "pack.retire"}, tags=["items"], status_code=200)
async def retire_pack(stamp: Stamped, pack: InPath, if_match: IfMatch) -> Response[Edited]:
    """Take a pack out of use; its key and codes stay taken."""
    found = await packs.get_by_key(pack)
    version = await pack_actions.retire_pack(stamp=stamp, pack_id=found.id, version=read_version(if_match))
    return _edited(pack, version)


def _pack_facts(data: PackIn) -> PackFacts:
    return PackFacts(**{name: getattr(data, name) for name in PackIn.model_fields})


@put("/items/{item:str}/components", opt={VERB: "kit.set-components"}, tags=["items"])
async def set_components(
    stamp: Stamped, item: InPath, data: JSONBody[ComponentsSet], if_match: IfMatch
) -> Response[Edited]:
    """All that one kit is made of. 409 `kit.cycle`, `kit.too-deep`."""
    found = await items.get_by_key(item)
    ids = await _ids_of(stamp, [one.item for one in data.components])
    parts = tuple(Component(ids[one.item], one.quantity, one.source) for one in data.components)
    versions = await kit_actions.set_components(stamp=stamp, kits=[NewKit(found.id, parts, read_version(if_match))])
    return _edited(item, versions[found.id])


@get("/items/{item:str}/components", opt={VERB: "kit.explode"}, tags=["items"])
async def explode_kit(
    stamp: Stamped,
    item: InPath,
    quantity: Annotated[int, QueryParameter(ge=1, le=MAX_QUANTITY, description="How many kits.")] = 1,
) -> Exploded:
    """What so many kits come apart into, phantom kits inside included."""
    stamp.require(Permission.CATALOG_READ)
    found = await items.get_by_key(item)
    lines = await kits.explode(found.id, quantity)
    names = await items.find_items(lines)
    return Exploded(
        kit=item,
        quantity=quantity,
        lines=[
            ExplodedLine(item=names[i].key, name_zh=names[i].name_zh, name_en=names[i].name_en, quantity=count)
            for i, count in lines.items()
        ],
    )


def _edited(key: str, version: int) -> Response[Edited]:
    return Response(Edited(key=key, version=version), headers=etag(version))


HANDLERS: list[Any] = [
    list_regions,
    get_region,
    add_region,
    edit_region,
    move_region,
    retire_region,
    add_region_code,
    list_region_facts,
    set_region_fact,
    list_schemes,
    list_classes,
    get_class,
    add_class,
    edit_class,
    map_class,
    retire_class,
    list_storage_classes,
    put_storage_class,
    list_items,
    get_item,
    find_code,
    create_item,
    edit_item,
    retire_item,
    restore_item,
    add_codes,
    retire_code,
    add_aliases,
    retire_alias,
    set_care,
    set_substitutes,
    approve_substitute,
    set_classes,
    add_pack,
    get_pack,
    edit_pack,
    retire_pack,
    set_components,
    explode_kit,
]
