"""The catalogue for whoever keeps it: new items, their facts, packs, codes, names; codes that nobody knows."""

from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from api.auth.stamps import Stamped
from api.web.pages import page, viewer_of
from api.web.routes import asked
from api.web.routes.care import KINDS
from api.web.routes.items import DISASTERS
from catalog.classes import queries as classes
from catalog.classes.model import CLASS_SCHEME
from catalog.items import queries as items
from catalog.items.model import CareBasis, ItemKind, Tracking
from catalog.kernel.access import Permission
from catalog.kernel.errors import Missing
from catalog.kernel.quantity import Dimension
from catalog.kernel.stamp import Stamp
from catalog.packs import queries as packs
from catalog.regions.queries import root_path
from catalog.regions.rules import check_city_wide
from warehouse.scanning.unknown import LOOKED_BACK, unknown_codes


async def _choices(stamp: Stamp) -> dict[str, Any]:
    check_city_wide(stamp, Permission.CATALOG_EDIT, await root_path())
    return {
        "classes": await classes.own_classes(),
        "scheme": CLASS_SCHEME,
        "storages": await items.list_storage_classes(),
        "disasters": DISASTERS,
        "trackings": list(Tracking),
        "kinds": list(ItemKind),
        "dimensions": list(Dimension),
    }


@get("/items/new", include_in_schema=False)
async def item_new_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """A new item; `gtin` in the address is its first code."""
    return page(request, "item_new.html", gtin=asked.text(request, "gtin") or "", **await _choices(stamp))


@get("/items/unknown-codes", include_in_schema=False)
async def unknown_codes_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Maker's codes that keepers met and nobody knows: to be given to an item, or to a new one."""
    found = await unknown_codes(stamp=stamp, now=viewer_of(request).at)
    names = await items.find_items_by_key({key for one in found for key in one.told})
    return page(request, "unknown_codes.html", found=found, names=names, days=LOOKED_BACK.days)


@get("/items/{key:str}/edit", include_in_schema=False)
async def item_edit_page(request: Request[Any, Any, Any], stamp: Stamped, key: FromPath[str]) -> Response[str]:
    """Facts, packs, codes, names, care and substitutes of an item."""
    choices = await _choices(stamp)
    found = (await items.find_items_by_key([key])).get(key)
    if found is None:
        raise Missing("item.missing", "没有这种物资", item=key)
    substitutes = await items.list_substitutes(found.id)
    return page(
        request,
        "item_edit.html",
        item=found,
        main_class=await classes.get_class(found.class_id),
        packs=await packs.list_packs(found.id),
        codes=await items.list_codes(found.id),
        aliases=await items.list_aliases(found.id),
        care=await items.list_care(found.id),
        care_kinds=list(KINDS),
        care_bases=list(CareBasis),
        substitutes=substitutes,
        others=await items.find_items_by_key([one.key for one in substitutes]),
        **choices,
    )


HANDLERS: list[Any] = [item_new_page, unknown_codes_page, item_edit_page]
