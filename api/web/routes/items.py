"""The catalogue as the desk shows it: list, card, and choices for forms. What nobody has checked is said to be so."""

from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from api.auth.stamps import Stamped
from api.web.pages import amount, named, page, viewer_of
from api.web.routes import asked
from api.web.routes.list_files import Column, list_file
from api.web.words import word
from catalog.classes import queries as classes
from catalog.items import queries as items
from catalog.items.model import Item, ItemKind, Tracking
from catalog.kernel.access import Permission, scope_of
from catalog.kernel.errors import Missing
from catalog.kernel.page import Page
from catalog.packs import queries as packs
from warehouse.counts.queries import veil_of
from warehouse.files import queries as files
from warehouse.files.model import Subject
from warehouse.stock.queries import StockFilter, list_lots, summary

MOST_CHOICES = 20
MOST_LOT_PHOTOS = 12
"""Photos of an item's lots on the item's own card."""
DISASTERS = ("flood", "typhoon", "earthquake", "snow_cold", "drought", "fire", "general")


async def _listed(request: Request[Any, Any, Any], cursor: str | None, limit: int) -> Page[Item]:
    disaster = request.query_params.get("disaster")
    return await items.list_items(
        query=asked.text(request, "q"),
        disaster_type=disaster if disaster in DISASTERS else None,
        tracking=asked.member(request, "tracking", Tracking),
        kind=asked.member(request, "kind", ItemKind),
        unverified=True if request.query_params.get("unverified") == "yes" else None,
        cursor=cursor,
        limit=limit,
    )


@get(["/items/export.csv", "/items/export.xlsx"], include_in_schema=False)
async def items_export(request: Request[Any, Any, Any], stamp: Stamped) -> Response[Any]:
    """The same list as a file."""
    stamp.require(Permission.CATALOG_READ)
    lang = viewer_of(request).language
    _ = lang.text
    names = {one.id: one for one in await classes.own_classes()}
    storage = {one.id: one for one in await items.list_storage_classes()}
    columns: list[Column] = [
        (_("Item key"), lambda one: one.key),
        (_("Item"), lambda one: one.name_zh),
        (_("English name"), lambda one: one.name_en),
        (_("Spec"), lambda one: one.spec),
        (_("Class"), lambda one: named(lang, names[one.class_id]) if one.class_id in names else ""),
        (_("Unit"), lambda one: one.unit_zh),
        (_("Tracking"), lambda one: word(lang, "tracking", one.tracking)),
        (
            _("Storage"),
            lambda one: named(lang, storage[one.storage_class_id]) if one.storage_class_id in storage else "",
        ),
        (_("Storage life (days)"), lambda one: one.storage_life_days),
        (_("Source of the storage life"), lambda one: one.storage_life_source),
        (_("Price (yuan)"), lambda one: _yuan(one)),
        (_("Source"), lambda one: one.source),
    ]
    return await list_file(
        request,
        name="items",
        title=_("Items"),
        columns=columns,
        fetch=lambda cursor, size: _listed(request, cursor, size),
    )


def _yuan(item: Item) -> float | None:
    """The price of one display unit."""
    return None if item.price_fen is None else round(item.price_fen * item.unit_factor / item.price_per) / 100


@get("/items", include_in_schema=False)
async def items_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Items by name, or the best matches first."""
    stamp.require(Permission.CATALOG_READ)
    listed = await _listed(request, asked.cursor(request), asked.PAGE)
    class_names = await classes.find_classes_by_id({one.class_id for one in listed.items})
    return page(
        request,
        "items.html",
        listed=listed,
        classes=class_names,
        disasters=DISASTERS,
        trackings=list(Tracking),
        kinds=list(ItemKind),
    )


@get("/items/choices", include_in_schema=False)
async def item_choices(request: Request[Any, Any, Any], stamp: Stamped) -> list[dict[str, str]]:
    """The first items that match `q`, for forms."""
    stamp.require(Permission.CATALOG_READ)
    wanted = asked.text(request, "q")
    if wanted is None:
        return []
    viewer = viewer_of(request)
    listed = await items.list_items(query=wanted, limit=MOST_CHOICES)
    return [
        {"key": one.key, "name": named(viewer.language, one), "spec": one.spec, "unit": one.unit_zh,
         "factor": str(one.unit_factor)}
        for one in listed.items
    ]  # fmt: skip


@get("/items/{key:str}/packs", include_in_schema=False)
async def item_packs(request: Request[Any, Any, Any], stamp: Stamped, key: FromPath[str]) -> list[dict[str, str]]:
    """What an item is packed in, for forms: "包 (12 顶)". Nothing for a key that is no item's."""
    stamp.require(Permission.CATALOG_READ)
    found = (await items.find_items_by_key([key])).get(key)
    if found is None:
        return []
    lang = viewer_of(request).language
    unit = (lang.code == "en" and found.unit_en) or found.unit_zh
    return [
        {"key": pack.key, "name": f"{named(lang, pack)} ({amount(pack.factor, found.unit_factor)} {unit})"}
        for pack in await packs.list_packs(found.id)
    ]


@get("/items/{key:str}", include_in_schema=False)
async def item_page(request: Request[Any, Any, Any], stamp: Stamped, key: FromPath[str]) -> Response[str]:
    """One item: its facts with their sources, and where it stands."""
    stamp.require(Permission.CATALOG_READ)
    viewer = viewer_of(request)
    found = (await items.find_items_by_key([key])).get(key)
    if found is None:
        raise Missing("item.missing", "没有这种物资", item=key)
    card = await items.get_card(found.id)
    standing = scope_of(stamp.grants, Permission.SUMMARY_READ)
    rows = [] if standing.empty else (await summary(scope=standing, on=viewer.today, item_id=found.id)).items
    seen = scope_of(stamp.grants, Permission.STOCK_READ)
    lots = (
        None
        if seen.empty
        else await list_lots(scope=seen, on=viewer.today, wanted=StockFilter(item_id=found.id), limit=20)
    )
    veil = await veil_of(stamp.person_id)
    of_lots = await files.list_files_of("lot", [row.lot.number for row in lots.items]) if lots else {}
    return page(
        request,
        "item.html",
        card=card,
        others=await items.find_items_by_key([one.key for one in card.substitutes]),
        item=found,
        veil=veil,
        standing=veil.over(rows),
        lots=Page(veil.over(lots.items), lots.next_cursor) if lots else None,
        photos=await files.list_files(Subject("item", found.key)),
        lot_photos=[(number, photo) for number, photos in of_lots.items() for photo in photos][:MOST_LOT_PHOTOS],
    )


HANDLERS: list[Any] = [items_page, items_export, item_choices, item_packs, item_page]
