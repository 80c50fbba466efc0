"""Label printing: choose what, on which stock, from which label; look at one; take the PDF or the ZPL away."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, get

from api.auth.stamps import Stamped
from api.web import english
from api.web.pages import Viewer, amount, named, page, viewer_of
from api.web.routes import asked
from api.web.words import place_name
from catalog.items import queries as items
from catalog.kernel.access import Permission, Scope
from catalog.kernel.errors import Missing
from catalog.kernel.parameters import value_of
from warehouse.counts.model import Veil
from warehouse.counts.queries import veil_of
from warehouse.printing import queries as stocks
from warehouse.printing.model import LAYOUT, LabelKind
from warehouse.replenishment import queries as deliveries
from warehouse.sites import queries as sites
from warehouse.sites.model import PlaceKind, Site
from warehouse.stock.queries import Sort, StockFilter, list_lots

OFFERED = 60


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that a label can be printed for: what the printing verb wants, and what people read."""

    id: str
    text: str
    more: str = ""


@get("/labels", include_in_schema=False)
async def labels_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """The things that labels can be printed for, and the settings of the stock."""
    scope = stamp.require(Permission.LABEL_PRINT)
    viewer = viewer_of(request)
    kind = asked.one_of(request, "kind", LabelKind, LabelKind.LOT)
    asked_for = [*request.query_params.getall("id", []), *request.query_params.getall("ids", [])]
    ids = list(dict.fromkeys(one for one in asked_for if one))[:50]
    known = await sites.list_sites(scope=scope, limit=200)
    site = await asked.site(request, scope) or (known.items[0] if known.items else None)
    usual = await value_of(LAYOUT.key, site.path if site else "/")
    offers = await _offers(kind, scope, viewer, site, asked.text(request, "q"), await veil_of(stamp.person_id))
    return page(
        request,
        "labels.html",
        kind=kind,
        kinds=list(LabelKind),
        layouts=sorted(await stocks.list_stock(), key=lambda one: one.layout.name != usual),
        chosen=await _chosen(kind, ids, scope, viewer),
        offers=[one for one in offers if one.id not in ids],
        sites=known.items,
        site=site,
    )


async def _chosen(kind: LabelKind, ids: Sequence[str], scope: Scope, viewer: Viewer) -> Sequence[Offer]:
    """What has been ticked already; lots with the name of their goods, so that labels go onto the right heap."""
    names: dict[str, str] = {}
    if kind is LabelKind.LOT and ids:
        with contextlib.suppress(Missing):
            found = await stocks.lot_labels(ids, scope, on=viewer.today)
            names = {one.own_key: english.goods(viewer.language, one.name) for one in found}
    return [Offer(one, f"{names[one]} · {one}" if one in names else one) for one in ids]


async def _offers(
    kind: LabelKind, scope: Scope, viewer: Viewer, site: Site | None, text: str | None, veil: Veil
) -> Sequence[Offer]:
    match kind:
        case LabelKind.LOT:
            wanted = StockFilter(site_id=site.id if site else None, q=text)
            lots = await list_lots(scope=scope, on=viewer.today, wanted=wanted, sort=Sort.ITEM, limit=OFFERED)
            return [
                Offer(
                    one.lot.number,
                    f"{english.goods(viewer.language, one.lot.item_name)} · {one.lot.number}",
                    f"{amount(one.on_hand, one.lot.unit_factor)} {english.unit(viewer.language, one.lot.unit)}",
                )
                for one in veil.over(lots.items)
            ]
        case LabelKind.BIN if site is not None:
            kinds = (PlaceKind.BIN, PlaceKind.STAGING)
            places = await sites.list_places(site_id=site.id, scope=scope, kinds=kinds, query=text, limit=OFFERED)
            return [Offer(one.key, place_name(viewer.language, one.code), one.key) for one in places.items]
        case LabelKind.SITE:
            found = await sites.list_sites(scope=scope, query=text, limit=OFFERED)
            return [Offer(one.code, named(viewer.language, one), one.code) for one in found.items]
        case LabelKind.ITEM:
            listed = await items.list_items(query=text, limit=OFFERED)
            return [Offer(one.key, named(viewer.language, one), f"{one.key} {one.spec}") for one in listed.items]
        case LabelKind.DOCUMENT:
            expected = await deliveries.list_deliveries(scope=scope, text=text, limit=OFFERED)
            return [Offer(one.number, one.number, one.supplier_name or "") for one in expected.items]
        case _:
            return []


HANDLERS: list[Any] = [labels_page]
