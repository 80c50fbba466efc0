"""Proposals to order: the list with each sum, ticked into draft orders."""

from typing import Any

from litestar import Request, Response, get

from api import exports
from api.auth.edge import edge_of
from api.auth.stamps import Stamped
from api.web.pages import Viewer, moment, page, viewer_of
from api.web.routes import asked
from api.web.routes.stock import cut_of
from api.web.words import word
from catalog.kernel.access import Permission, scope_of
from catalog.kernel.page import Page, all_pages
from catalog.regions import queries as regions
from warehouse.planning.proposals import queries
from warehouse.planning.proposals.model import Proposal, Status
from warehouse.planning.proposals.rules import said
from warehouse.replenishment.model import OrderKind
from warehouse.sites import queries as sites

Request_ = Request[Any, Any, Any]


def _asked(request: Request_) -> dict[str, Any]:
    wanted = request.query_params.get("status", Status.OPEN.value)
    return {
        "status": None if wanted == "all" else asked.member(request, "status", Status) or Status.OPEN,
        "text": asked.text(request, "q"),
    }


@get("/proposals", include_in_schema=False)
async def proposals_page(request: Request_, stamp: Stamped) -> Response[str]:
    """Open proposals in scope, each with its sum; ticked ones become draft orders."""
    scope = stamp.require(Permission.ORDER_READ)
    listed = await queries.list_proposals(scope=scope, **_asked(request), cursor=asked.cursor(request), limit=100)
    tops = await regions.list_in(scope_of(stamp.grants, Permission.ORDER_EDIT))
    known = await sites.list_sites(scope=scope_of(stamp.grants, Permission.SITE_READ), limit=200)
    return page(
        request,
        "proposals.html",
        listed=listed,
        said=said,
        wanted=request.query_params.get("status", Status.OPEN.value),
        statuses=list(Status),
        kinds=list(OrderKind),
        regions=tops,
        sites=known.items,
        sees_suppliers=bool(scope_of(stamp.grants, Permission.PARTY_READ).paths),
        total_fen=sum(one.amount_fen or 0 for one in listed.items),
    )


@get(["/proposals/export.csv", "/proposals/export.xlsx"], include_in_schema=False)
async def proposals_export(request: Request_, stamp: Stamped) -> Response[Any]:
    """The same list as a file, with the figures of each sum."""
    scope = stamp.require(Permission.ORDER_READ)
    viewer = viewer_of(request)
    wanted = _asked(request)

    async def fetch(cursor: str | None) -> Page[Any]:
        return await queries.list_proposals(scope=scope, **wanted, cursor=cursor, limit=500)

    pages = ([_row(one, viewer) for one in found.items] async for found in all_pages(fetch))
    _ = viewer.language.text
    sheet = exports.Sheet(
        f"proposals-{viewer.today.isoformat()}",
        _("Proposals to order"),
        [
            *(_("Status"), _("Owner of the goods"), _("Item"), _("Goods"), _("Unit"), _("Quantity"), _("Should have")),
            *(_("Usable"), _("On order"), _("Drafted already"), _("In transit"), _("Lent out"), _("Missing")),
            *(_("Supplier"), _("Paid from"), _("Amount (yuan)"), _("Expected on"), _("Why so many"), _("Order number")),
        ],
        cut_of(viewer),
        [
            (_("List"), _("Proposals to order")),
            (_("As of"), moment(edge_of(request).clock())),
            (_("Made by"), viewer.name),
        ],
        _("About this list"),
    )
    return await exports.download(sheet, pages, request.scope["path"].rpartition(".")[2])


def _row(one: Proposal, viewer: Viewer) -> exports.Row:
    why = one.why

    def sized(value: int) -> exports.Cell:
        return exports.figure(value, one.unit_factor)

    return [
        word(viewer.language, "proposal_status", one.status),
        one.owner_name,
        one.item_key,
        one.item,
        one.unit,
        *(
            sized(value)
            for value in (
                *(one.quantity, why.level, why.usable, why.on_order, why.planned, why.in_transit, why.due_back),
                why.missing,
            )
        ),
        one.supplier_name or "",
        one.fund_source or "",
        None if one.amount_fen is None else exports.figure(one.amount_fen, 100),
        one.expected_on,
        said(one),
        one.order or "",
    ]


HANDLERS: list[Any] = [proposals_page, proposals_export]
