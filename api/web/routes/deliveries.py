"""Expected arrivals: the list, one delivery with its lines, a new one, and the counter of the scan desk."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from api import exports
from api.auth.stamps import Stamped
from api.web.pages import page, viewer_of
from api.web.routes import asked
from api.web.routes.list_files import Column, list_file
from api.web.words import word
from catalog.kernel.access import EVERYWHERE, Permission, Scope
from catalog.kernel.page import Page
from catalog.regions import queries as regions
from warehouse.files import queries as files
from warehouse.files.model import Subject
from warehouse.parties import queries as parties
from warehouse.parties.model import PartyKind
from warehouse.replenishment import queries as deliveries
from warehouse.replenishment.model import Delivery, DeliveryKind, RefuseReason, Status
from warehouse.replenishment.workflow import allowed
from warehouse.sites import queries as sites
from warehouse.sites.model import Site

OPEN = (Status.DRAFT, Status.ANNOUNCED, Status.RECEIVING)


@get("/deliveries", include_in_schema=False)
async def deliveries_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """Deliveries in scope: those still open, or all, or one status."""
    scope = stamp.require(Permission.STOCK_READ)
    wanted = request.query_params.get("status", "open")
    site = await asked.site(request, scope)
    listed = await _listed(request, scope, site, asked.cursor(request), asked.PAGE)
    known = await sites.list_sites(scope=scope, limit=200)
    return page(
        request, "deliveries.html", listed=listed, site=site, sites=known.items, statuses=list(Status), wanted=wanted
    )


async def _listed(
    request: Request[Any, Any, Any], scope: Scope, site: Site | None, cursor: str | None, limit: int
) -> Page[Delivery]:
    one = asked.member(request, "status", Status)
    every = request.query_params.get("status") == "all"
    return await deliveries.list_deliveries(
        scope=scope,
        site_code=site.code if site else None,
        status=(one,) if one else () if every else OPEN,
        text=asked.text(request, "q"),
        cursor=cursor,
        limit=limit,
    )


@get(["/deliveries/export.csv", "/deliveries/export.xlsx"], include_in_schema=False)
async def deliveries_export(request: Request[Any, Any, Any], stamp: Stamped) -> Response[Any]:
    """The same list as a file, one row for each line."""
    scope = stamp.require(Permission.STOCK_READ)
    site = await asked.site(request, scope)
    lang = viewer_of(request).language
    _ = lang.text

    def sized(name: str) -> Callable[[Any], exports.Cell]:
        return lambda row: exports.figure(getattr(row[1], name), row[1].unit_factor)

    columns: list[Column] = [
        (_("Number"), lambda row: row[0].number),
        (_("State"), lambda row: word(lang, "delivery_status", row[0].status)),
        (_("Kind"), lambda row: word(lang, "delivery_kind", row[0].kind)),
        (_("Store"), lambda row: row[0].site_name),
        (_("Supplier"), lambda row: row[0].supplier_name or ""),
        (_("Delivery note"), lambda row: row[0].note_number),
        (_("Expected on"), lambda row: row[0].expected_on),
        (_("Line"), lambda row: row[1].line),
        (_("Item key"), lambda row: row[1].item_key),
        (_("Item"), lambda row: row[1].item),
        (_("Unit"), lambda row: row[1].unit),
        (_("Expected"), sized("quantity")),
        (_("Received"), sized("received")),
        (_("of it damaged"), sized("damaged")),
        (_("Turned away"), sized("refused")),
        (_("Still to come"), sized("rest")),
        (_("Maker's batch"), lambda row: row[1].maker_batch or ""),
        (_("Expires on"), lambda row: row[1].expires_on),
    ]
    return await list_file(
        request,
        name="deliveries",
        title=_("Deliveries"),
        columns=columns,
        fetch=lambda cursor, size: _listed(request, scope, site, cursor, size),
        rows_of=lambda one: [(one, line) for line in one.lines],
    )


@get("/deliveries/new", include_in_schema=False)
async def new_delivery_page(request: Request[Any, Any, Any], stamp: Stamped) -> Response[str]:
    """The form of a new delivery. Denied without the right to announce any."""
    scope = stamp.require(Permission.DELIVERY_EDIT)
    known = await sites.list_sites(scope=scope, limit=200)
    suppliers = await parties.list_parties(scope=EVERYWHERE, kind=PartyKind.SUPPLIER, limit=200)
    donors = await parties.list_parties(scope=EVERYWHERE, kind=PartyKind.DONOR, limit=200)
    owners = await regions.find_regions_by_id({site.region_id for site in known.items})
    return page(
        request,
        "delivery_new.html",
        sites=known.items,
        suppliers=[*suppliers.items, *donors.items],
        owners=owners,
        kinds=list(DeliveryKind),
    )


@get("/deliveries/{delivery_id:uuid}", include_in_schema=False)
async def delivery_page(request: Request[Any, Any, Any], stamp: Stamped, delivery_id: FromPath[UUID]) -> Response[str]:
    """One delivery: what was expected, what came, what may be done with it now."""
    scope = stamp.require(Permission.STOCK_READ)
    found = await deliveries.get_delivery(delivery_id, scope)
    return page(
        request,
        "delivery.html",
        delivery=found,
        may=allowed(found, stamp),
        reasons=list(RefuseReason),
        unplanned=await deliveries.unplanned(delivery_id),
        photos=await files.list_files(Subject("delivery", str(found.id))),
    )


@get("/deliveries/{delivery_id:uuid}/counter", include_in_schema=False)
async def delivery_counter(stamp: Stamped, delivery_id: FromPath[UUID]) -> dict[str, Any]:
    """N of M per line, for the scan desk."""
    return counter_of(await deliveries.get_delivery(delivery_id, stamp.require(Permission.STOCK_READ)))


def counter_of(delivery: Delivery) -> dict[str, Any]:
    """What the scan desk shows of a delivery in force."""
    return {
        "kind": "delivery",
        "id": str(delivery.id),
        "number": delivery.number,
        "site": delivery.site_code,
        "supplier": delivery.supplier_name or "",
        "lines": [
            {
                "line": line.line,
                "item": line.item,
                "item_key": line.item_key,
                "unit": line.unit,
                "unit_factor": line.unit_factor,
                "expected": line.quantity,
                "received": line.received,
                "refused": line.refused,
                "damaged": line.damaged,
            }
            for line in delivery.lines
        ],
        "strays": [{"what": one.what, "quantity": one.quantity} for one in delivery.strays],
    }


HANDLERS: list[Any] = [deliveries_page, deliveries_export, new_delivery_page, delivery_page, delivery_counter]
