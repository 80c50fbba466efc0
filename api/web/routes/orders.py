"""Orders: the list, one order with what may be done with it, its form; budgets; the record of a supplier."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath, PathParameter

from api import exports
from api.auth.edge import edge_of
from api.auth.stamps import Stamped
from api.web.pages import Viewer, moment, page, viewer_of
from api.web.routes import asked
from api.web.routes.stock import cut_of
from api.web.words import word
from catalog.kernel.access import Permission, scope_of
from catalog.kernel.history import list_changes
from catalog.kernel.page import Page, all_pages
from catalog.kernel.parameters import parameter, whole
from catalog.kernel.stamp import Stamp
from catalog.regions import queries as regions
from warehouse.parties import queries as parties
from warehouse.parties.model import PartyKind
from warehouse.replenishment import queries
from warehouse.replenishment.model import (
    SECOND_APPROVAL_ABOVE,
    Budget,
    Measure,
    Order,
    OrderKind,
    OrderLine,
    OrderStatus,
)
from warehouse.replenishment.workflow import OrderStanding, allowed_order
from warehouse.sites import queries as sites

Request_ = Request[Any, Any, Any]
OPEN = tuple(status for status in OrderStatus if status not in (OrderStatus.CLOSED, OrderStatus.CANCELLED))


def _asked(request: Request_) -> dict[str, Any]:
    wanted = request.query_params.get("status", "open")
    one = asked.member(request, "status", OrderStatus)
    return {
        "status": (one,) if one else () if wanted == "all" else OPEN,
        "kind": asked.member(request, "kind", OrderKind),
        "site_code": asked.text(request, "site", 12),
        "late_on": viewer_of(request).today if request.query_params.get("late") == "yes" else None,
        "text": asked.text(request, "q"),
    }


@get("/orders", include_in_schema=False)
async def orders_page(request: Request_, stamp: Stamped) -> Response[str]:
    """Orders in scope: those still open, or all, or one status."""
    scope = stamp.require(Permission.ORDER_READ)
    listed = await queries.list_orders(scope=scope, **_asked(request), cursor=asked.cursor(request), limit=asked.PAGE)
    known = await sites.list_sites(scope=scope, limit=200)
    return page(
        request,
        "orders.html",
        listed=listed,
        late=await queries.late_orders(viewer_of(request).today, scope),
        sites=known.items,
        kinds=list(OrderKind),
        statuses=list(OrderStatus),
        wanted=request.query_params.get("status", "open"),
    )


@get(["/orders/export.csv", "/orders/export.xlsx"], include_in_schema=False)
async def orders_export(request: Request_, stamp: Stamped) -> Response[Any]:
    """The same list as a file, one row for each line."""
    scope = stamp.require(Permission.ORDER_READ)
    viewer = viewer_of(request)
    wanted = _asked(request)

    async def fetch(cursor: str | None) -> Page[Any]:
        return await queries.list_orders(scope=scope, **wanted, cursor=cursor, limit=200)

    pages = (
        [_row(order, line, viewer) for order in found.items for line in order.lines] async for found in all_pages(fetch)
    )
    _ = viewer.language.text
    sheet = exports.Sheet(
        f"orders-{viewer.today.isoformat()}",
        _("Orders"),
        [
            *(_("Order number"), _("Status"), _("Kind"), _("Owner of the goods"), _("Store"), _("Supplier")),
            *(_("Contract or agreement"), _("Paid from"), _("Budget of the year"), _("Line"), _("Item"), _("Goods")),
            *(_("Unit"), _("Ordered"), _("Received"), _("Turned away"), _("Still to come"), _("Amount (yuan)")),
            *(_("Expected on"), _("Why so many"), _("Drafted by"), _("Approved by")),
        ],
        cut_of(viewer),
        _notes(request, viewer, _("Orders")),
        _("About this list"),
    )
    return await exports.download(sheet, pages, request.scope["path"].rpartition(".")[2])


def _notes(request: Request_, viewer: Viewer, title: str) -> list[tuple[str, str]]:
    _ = viewer.language.text
    return [(_("List"), title), (_("As of"), moment(edge_of(request).clock())), (_("Made by"), viewer.name)]


def _row(order: Order, line: OrderLine, viewer: Viewer) -> exports.Row:
    def sized(value: int) -> exports.Cell:
        return exports.figure(value, line.unit_factor)

    return [
        order.name,
        word(viewer.language, "order_status", order.status),
        word(viewer.language, "order_kind", order.kind),
        order.owner_name,
        order.site_code,
        order.supplier_name or "",
        order.contract,
        order.fund_source or "",
        order.budget_year,
        line.line,
        line.item_key,
        line.item,
        line.unit,
        sized(line.quantity),
        sized(line.received),
        sized(line.refused),
        sized(line.rest),
        None if line.amount_fen is None else exports.figure(line.amount_fen, 100),
        line.expected_on,
        line.why,
        order.created_by,
        order.approved_by,
    ]


@get("/orders/new", include_in_schema=False)
async def new_order_page(request: Request_, stamp: Stamped) -> Response[str]:
    """The form of a new order. Denied without the right to draft any."""
    return await _form(request, stamp, None)


@get("/orders/{order_id:uuid}/edit", include_in_schema=False)
async def edit_order_page(request: Request_, stamp: Stamped, order_id: FromPath[UUID]) -> Response[str]:
    """The form of a draft."""
    found = await queries.get_order(order_id, stamp.require(Permission.ORDER_EDIT))
    return await _form(request, stamp, found)


async def _form(request: Request_, stamp: Stamp, order: Order | None) -> Response[str]:
    scope = stamp.require(Permission.ORDER_EDIT)
    known = await sites.list_sites(scope=scope_of(stamp.grants, Permission.SITE_READ), limit=200)
    seen = scope_of(stamp.grants, Permission.PARTY_READ)
    suppliers = await parties.list_parties(scope=seen, kind=PartyKind.SUPPLIER, limit=200)
    firms = await parties.list_parties(scope=seen, kind=PartyKind.ENTERPRISE, limit=200)
    budgets = await queries.list_budgets(scope=scope, today=viewer_of(request).today)
    return page(
        request,
        "order_form.html",
        order=order,
        sites=known.items,
        suppliers=[*suppliers.items, *firms.items],
        owners=await regions.list_in(scope),
        kinds=list(OrderKind),
        funds=sorted({one.fund_source for one in budgets}),
    )


@get("/orders/{order_id:uuid}", include_in_schema=False)
async def order_page(request: Request_, stamp: Stamped, order_id: FromPath[UUID]) -> Response[str]:
    """One order: its lines with what came, its deliveries, its history, what may be done with it now."""
    found = await queries.get_order(order_id, stamp.require(Permission.ORDER_READ))
    limit = await whole(SECOND_APPROVAL_ABOVE, found.owner_path)
    return page(
        request,
        "order.html",
        order=found,
        may=allowed_order(OrderStanding(found, limit), stamp),
        limit_fen=limit,
        limit_unverified=limit == parameter(SECOND_APPROVAL_ABOVE).default,
        budget=await _budget_of(found, stamp, viewer_of(request)),
        changes=await list_changes(table="supply_order", key=str(order_id)),
        sees_suppliers=bool(scope_of(stamp.grants, Permission.PARTY_READ).paths),  # a keeper of one store sees none
    )


async def _budget_of(order: Order, stamp: Stamp, viewer: Viewer) -> Budget | None:
    """The budget that pays for the order, where its reader may see it."""
    scope = scope_of(stamp.grants, Permission.BUDGET_READ)
    listed = await queries.list_budgets(
        scope=scope, today=viewer.today, year=order.budget_year, region_ids=[order.owner_region_id]
    )
    return next((one for one in listed if one.fund_source == order.fund_source), None)


@get("/suppliers/{key:str}", include_in_schema=False)
async def supplier_page(
    request: Request_, stamp: Stamped, key: Annotated[str, PathParameter(max_length=40)]
) -> Response[str]:
    """What came of a supplier's orders."""
    scope = stamp.require(Permission.ORDER_READ)
    party = await parties.get_by_key(key, stamp.require(Permission.PARTY_READ))
    return page(
        request,
        "supplier.html",
        party=party,
        record=await queries.supplier_record(party.id, scope, viewer_of(request).today),
        orders=await queries.list_orders(scope=scope, supplier_id=party.id, limit=asked.PAGE),
    )


# --- budgets ----------------------------------------------------------------------------------------------


@get("/budgets", include_in_schema=False)
async def budgets_page(request: Request_, stamp: Stamped) -> Response[str]:
    """Budgets in scope with where their money is."""
    scope = stamp.require(Permission.BUDGET_READ)
    today = viewer_of(request).today
    listed = await queries.list_budgets(scope=scope, today=today)
    year = asked.number(request, "year", 2200)
    return page(
        request,
        "budgets.html",
        listed=[one for one in listed if year is None or one.year == year],
        years=sorted({one.year for one in listed} | {today.year}, reverse=True),
        year=year,
        regions=await regions.list_in(scope_of(stamp.grants, Permission.BUDGET_EDIT)),
        measures=list(Measure),
    )


@get(["/budgets/export.csv", "/budgets/export.xlsx"], include_in_schema=False)
async def budgets_export(request: Request_, stamp: Stamped) -> Response[Any]:
    """The same list as a file; sums in 10,000 yuan."""
    scope = stamp.require(Permission.BUDGET_READ)
    viewer = viewer_of(request)
    listed = await queries.list_budgets(
        scope=scope, today=viewer.today, year=asked.number(request, "year", 2200) or None
    )

    async def pages() -> AsyncIterator[Sequence[exports.Row]]:
        yield [_budget_row(one) for one in listed]

    _ = viewer.language.text
    sheet = exports.Sheet(
        f"budgets-{viewer.today.isoformat()}",
        _("Budgets"),
        [
            *(_("Year"), _("Region"), _("Paid from"), _("Sum"), _("Planned"), _("Approved"), _("Ordered")),
            *(_("Received"), _("Left to spend"), _("Source"), _("Note")),
        ],
        cut_of(viewer),
        [*_notes(request, viewer, _("Budgets")), (_("Sum"), _("All sums in 10,000 yuan."))],
        _("About this list"),
    )
    return await exports.download(sheet, pages(), request.scope["path"].rpartition(".")[2])


def _budget_row(one: Budget) -> exports.Row:
    figures = one.figures
    sums = (one.facts.amount_fen, figures.planned_fen, figures.approved_fen, figures.ordered_fen, figures.received_fen)
    return [
        one.year,
        one.region_name,
        one.fund_source,
        *(exports.figure(fen, 1_000_000) for fen in (*sums, one.left_fen)),
        one.facts.source,
        one.facts.note,
    ]


@get("/budgets/{budget_id:uuid}", include_in_schema=False)
async def budget_page(request: Request_, stamp: Stamped, budget_id: FromPath[UUID]) -> Response[str]:
    """One budget: its figures, its milestones, the orders it pays for."""
    scope = stamp.require(Permission.BUDGET_READ)
    budget = await queries.get_budget(budget_id, scope, viewer_of(request).today)
    orders = await queries.list_orders(
        scope=scope, budget=(budget.region_id, budget.year, budget.fund_source), limit=200
    )
    return page(
        request,
        "budget.html",
        budget=budget,
        unverified=budget.facts.source.casefold() in ("unverified", "未核实"),
        orders=orders,
        measures=list(Measure),
        changes=await list_changes(table="budget", key=str(budget_id)),
    )


HANDLERS: list[Any] = [
    orders_page,
    orders_export,
    new_order_page,
    edit_order_page,
    order_page,
    supplier_page,
    budgets_page,
    budgets_export,
    budget_page,
]
