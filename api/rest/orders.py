"""Orders, the budgets that pay for them, what is on its way, and the record of a supplier."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, PathParameter, QueryParameter

from api import rendering
from api.auth.edge import FILES, VERB
from api.auth.stamps import Stamped
from api.rest import references
from api.rest.conditions import IfMatch, etag, read_version
from api.rest.sessions import Cursor, Limit
from api.schemas.base import Changed
from api.schemas.orders import (
    ApproveIn,
    BudgetIn,
    BudgetOut,
    BudgetSaid,
    BudgetsPage,
    DeliverIn,
    ExpectedOut,
    ExpectedPage,
    LateOut,
    LatePage,
    MilestoneOut,
    OrderCloseIn,
    OrderDeliveryOut,
    OrderDone,
    OrderEdit,
    OrderFactsIn,
    OrderLineIn,
    OrderLineOut,
    OrderNew,
    OrderOut,
    OrderReasonIn,
    OrdersPage,
    RescheduleIn,
    SupplierRecordOut,
)
from catalog.items import queries as items
from catalog.kernel.access import Permission
from catalog.kernel.parameters import whole
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from catalog.packs import queries as packs
from catalog.regions import queries as regions
from warehouse.parties import queries as parties
from warehouse.people import queries as people
from warehouse.printing import render
from warehouse.printing.order_papers import order_table
from warehouse.replenishment import actions, queries
from warehouse.replenishment.model import (
    SECOND_APPROVAL_ABOVE,
    Budget,
    BudgetFacts,
    Milestone,
    NewOrderLine,
    OnOrder,
    Order,
    OrderFacts,
    OrderKind,
    OrderStatus,
)
from warehouse.replenishment.workflow import OrderStanding, allowed_order
from warehouse.sites import queries as sites

ORDERS, BUDGETS = ["orders"], ["budgets"]
Sought = Annotated[str | None, QueryParameter(max_length=100, description="Part of number, contract, supplier, goods.")]
Code = Annotated[str | None, QueryParameter(max_length=80)]


@get("/orders", opt={VERB: "order.list"}, tags=ORDERS)
async def list_orders(
    stamp: Stamped,
    status: FromQuery[list[OrderStatus] | None] = None,
    kind: FromQuery[OrderKind | None] = None,
    site: Code = None,
    late: FromQuery[bool] = False,
    q: Sought = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> OrdersPage:
    """Orders that an office in my scope owns, or that are delivered to a site in it; the newest first."""
    page = await queries.list_orders(
        scope=stamp.require(Permission.ORDER_READ),
        status=status or (),
        kind=kind,
        site_code=site,
        late_on=day_of(stamp.recorded_at) if late else None,
        text=q,
        cursor=cursor,
        limit=limit,
    )
    return OrdersPage(items=[await shown(one, stamp) for one in page.items], next_cursor=page.next_cursor)


@get("/orders/{order:uuid}", opt={VERB: "order.read"}, tags=ORDERS)
async def get_order(stamp: Stamped, order: FromPath[UUID]) -> Response[OrderOut]:
    """One order. The ETag is the version to send as If-Match."""
    found = await queries.get_order(order, stamp.require(Permission.ORDER_READ))
    return Response(await shown(found, stamp), headers=etag(found.version))


@get(
    "/orders/{order:uuid}/paper",
    opt={VERB: "order.print", FILES: ("application/pdf",)},
    tags=ORDERS,
    responses={200: ResponseSpec(bytes, description="The paper", media_type="application/pdf")},
)
async def print_order(stamp: Stamped, order: FromPath[UUID]) -> Response[bytes]:
    """采购申请单 until it is issued, then 订单."""
    found = await queries.get_order(order, stamp.require(Permission.ORDER_READ))
    names = {login: name.name_zh for login, name in (await people.names_by_login()).items()}
    table = order_table(found, stamp.recorded_at, names)
    content = await rendering.RENDERER.run(render.render_table, table, rendering.font_path())
    headers = {"content-disposition": f'inline; filename="{(found.number or "order")}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


@post("/orders", opt={VERB: "order.create"}, tags=ORDERS)
async def create_order(stamp: Stamped, data: JSONBody[OrderNew]) -> OrderDone:
    """A new order, as a draft or submitted at once."""
    facts, lines = await _facts(stamp, data), await _lines(data.lines)
    return _done(await actions.create_order(stamp=stamp, facts=facts, lines=lines, submit=data.submit))


@put("/orders/{order:uuid}", opt={VERB: "order.edit"}, tags=ORDERS)
async def edit_order(
    stamp: Stamped, order: FromPath[UUID], data: JSONBody[OrderEdit], if_match: IfMatch
) -> Response[OrderDone]:
    """Replace the head of a draft, and its lines where they are sent. 409 `order.stale`."""
    await queries.get_order(order, stamp.require(Permission.ORDER_EDIT))
    done = await actions.edit_order(
        stamp=stamp,
        order_id=order,
        version=read_version(if_match),
        facts=await _facts(stamp, data),
        lines=await _lines(data.lines) if data.lines is not None else None,
    )
    return Response(_done(done), headers=etag(done["version"]))


@post("/orders/{order:uuid}/submit", opt={VERB: "order.submit"}, tags=ORDERS, status_code=200)
async def submit(stamp: Stamped, order: FromPath[UUID]) -> OrderDone:
    """Ask for approval. 409 names the first thing that is missing."""
    return _done(await actions.submit_order(stamp=stamp, order_id=order))


@post("/orders/{order:uuid}/endorse", opt={VERB: "order.endorse"}, tags=ORDERS, status_code=200)
async def endorse(stamp: Stamped, order: FromPath[UUID]) -> OrderDone:
    """The first of two approvals of an order above the limit. 409 `order.own` for its authors."""
    return _done(await actions.endorse_order(stamp=stamp, order_id=order))


@post("/orders/{order:uuid}/approve", opt={VERB: "order.approve"}, tags=ORDERS, status_code=200)
async def approve(stamp: Stamped, order: FromPath[UUID], data: JSONBody[ApproveIn]) -> OrderDone:
    """Commit the budget's money. 409 `order.above-budget` with what is left, unless a reason is given."""
    done = await actions.approve_order(stamp=stamp, order_id=order, over_budget_reason=data.over_budget_reason)
    return _done(done)


@post("/orders/{order:uuid}/reject", opt={VERB: "order.reject"}, tags=ORDERS, status_code=200)
async def reject(stamp: Stamped, order: FromPath[UUID], data: JSONBody[OrderReasonIn]) -> OrderDone:
    """Back to its authors, with the reason."""
    return _done(await actions.reject_order(stamp=stamp, order_id=order, reason=data.reason))


@post("/orders/{order:uuid}/amend", opt={VERB: "order.amend"}, tags=ORDERS, status_code=200)
async def amend(stamp: Stamped, order: FromPath[UUID], data: JSONBody[OrderReasonIn]) -> OrderDone:
    """Back to a draft for its next revision; approvals lapse, the number stays."""
    return _done(await actions.amend_order(stamp=stamp, order_id=order, reason=data.reason))


@post("/orders/{order:uuid}/issue", opt={VERB: "order.issue"}, tags=ORDERS, status_code=200)
async def issue(stamp: Stamped, order: FromPath[UUID]) -> OrderDone:
    """It goes to the supplier: it takes its number and announces its deliveries."""
    return _done(await actions.issue_order(stamp=stamp, order_id=order))


@post("/orders/{order:uuid}/deliver", opt={VERB: "order.deliver"}, tags=ORDERS, status_code=200)
async def deliver(stamp: Stamped, order: FromPath[UUID], data: JSONBody[DeliverIn]) -> OrderDone:
    """Announce a further delivery. 409 `order.more-than-rest` with what is still to come."""
    parts = {one.line: one.quantity for one in data.parts}
    return _done(await actions.deliver_order(stamp=stamp, order_id=order, expected_on=data.expected_on, parts=parts))


@post("/orders/{order:uuid}/reschedule", opt={VERB: "order.reschedule"}, tags=ORDERS, status_code=200)
async def reschedule(stamp: Stamped, order: FromPath[UUID], data: JSONBody[RescheduleIn]) -> OrderDone:
    """Other days for its lines, as the supplier names them."""
    days = {one.line: one.expected_on for one in data.days}
    return _done(await actions.reschedule_order(stamp=stamp, order_id=order, days=days, reason=data.reason))


@post("/orders/{order:uuid}/close", opt={VERB: "order.close"}, tags=ORDERS, status_code=200)
async def close(stamp: Stamped, order: FromPath[UUID], data: JSONBody[OrderCloseIn]) -> OrderDone:
    """Nothing more will come. What no delivery has named as missing opens a case."""
    return _done(await actions.close_order(stamp=stamp, order_id=order, reason=data.reason))


@post("/orders/{order:uuid}/cancel", opt={VERB: "order.cancel"}, tags=ORDERS, status_code=200)
async def cancel(stamp: Stamped, order: FromPath[UUID], data: JSONBody[OrderReasonIn]) -> OrderDone:
    """It will not be. 409 once goods of it came."""
    return _done(await actions.cancel_order(stamp=stamp, order_id=order, reason=data.reason))


@get("/arrivals", opt={VERB: "order.arrivals"}, tags=ORDERS)
async def list_arrivals(
    stamp: Stamped, item: Code = None, site: Code = None, until: FromQuery[date | None] = None
) -> ExpectedPage:
    """What is still to arrive at the sites in my scope, by day: lines of orders, and deliveries without one."""
    scope = stamp.require(Permission.ORDER_READ)
    wanted = (await references.find_items([item]))[item] if item else None
    at = await sites.get_by_code(site, scope) if site else None
    found = await queries.on_order(
        site_ids=[at.id] if at else None,
        item_ids=[wanted] if wanted else None,
        until=references.thinkable(until) if until else None,
    )
    return ExpectedPage(items=await _expected(found, stamp))


async def _expected(found: Sequence[OnOrder], stamp: Stamp) -> list[ExpectedOut]:
    scope = stamp.require(Permission.ORDER_READ)
    here = {one: await sites.find_site(one, scope) for one in {one.site_id for one in found}}
    goods = await items.find_items({one.item_id for one in found})
    owners = await regions.find_regions_by_id({one.owner_region_id for one in found})
    shown_ = []
    for one in found:
        site = here[one.site_id]
        if site is None:
            continue
        item = goods[one.item_id]
        shown_.append(
            ExpectedOut(
                source=one.source,
                document=one.document_id,
                number=one.number,
                line=one.line,
                item=item.key,
                item_name=item.name_zh,
                site=site.code,
                owner_region=owners[one.owner_region_id].key,
                quantity=one.quantity,
                unit=item.unit_zh,
                unit_factor=item.unit_factor,
                expected_on=one.expected_on,
            )
        )
    return shown_


@get("/orders/late", opt={VERB: "order.late"}, tags=ORDERS)
async def list_late(stamp: Stamped) -> LatePage:
    """Lines of orders that should have come and have not, the longest overdue first."""
    found = await queries.late_orders(day_of(stamp.recorded_at), stamp.require(Permission.ORDER_READ))
    return LatePage(
        items=[
            LateOut(
                order=one.order_id,
                item_name=one.item,
                site=one.site_code,
                **{
                    name: getattr(one, name)
                    for name in LateOut.model_fields
                    if name not in ("order", "item_name", "site")
                },
            )
            for one in found
        ]
    )


@get("/suppliers/{supplier:str}/record", opt={VERB: "order.supplier"}, tags=ORDERS)
async def get_supplier_record(
    stamp: Stamped, supplier: Annotated[str, PathParameter(max_length=40)]
) -> SupplierRecordOut:
    """On time, late, short, refused: what came of a supplier's orders in my scope."""
    scope = stamp.require(Permission.ORDER_READ)
    party = await parties.get_by_key(supplier, stamp.require(Permission.PARTY_READ))
    found = await queries.supplier_record(party.id, scope, day_of(stamp.recorded_at))
    return SupplierRecordOut.model_validate(found, from_attributes=True)


# --- budgets ----------------------------------------------------------------------------------------------


@get("/budgets", opt={VERB: "budget.list"}, tags=BUDGETS)
async def list_budgets(
    stamp: Stamped, year: Annotated[int | None, QueryParameter(ge=2000, le=2200)] = None
) -> BudgetsPage:
    """Budgets of regions in my scope with where their money is."""
    found = await queries.list_budgets(
        scope=stamp.require(Permission.BUDGET_READ), today=day_of(stamp.recorded_at), year=year
    )
    return BudgetsPage(items=[_budget(one) for one in found])


@get("/budgets/{budget:uuid}", opt={VERB: "budget.read"}, tags=BUDGETS)
async def get_budget(stamp: Stamped, budget: FromPath[UUID]) -> Response[BudgetOut]:
    """One budget. The ETag is the version to send as If-Match."""
    found = await queries.get_budget(budget, stamp.require(Permission.BUDGET_READ), day_of(stamp.recorded_at))
    return Response(_budget(found), headers=etag(found.version))


@post("/budgets", opt={VERB: "budget.set"}, tags=BUDGETS)
async def set_budget(stamp: Stamped, data: JSONBody[BudgetIn]) -> Changed:
    """Set a budget. 409 `budget.exists` for a region, year and fund source that has one."""
    region = (await references.find_regions([data.region]))[data.region]
    done = await actions.set_budget(
        stamp=stamp, region_id=region, year=data.year, fund_source=data.fund_source, facts=_said(data)
    )
    return Changed(**done)


@put("/budgets/{budget:uuid}", opt={VERB: "budget.edit"}, tags=BUDGETS)
async def edit_budget(
    stamp: Stamped, budget: FromPath[UUID], data: JSONBody[BudgetSaid], if_match: IfMatch
) -> Response[Changed]:
    """Replace what a budget says. 409 `budget.stale`."""
    done = await actions.edit_budget(stamp=stamp, budget_id=budget, version=read_version(if_match), facts=_said(data))
    return Response(Changed(**done), headers=etag(done["version"]))


# --- to and from JSON -------------------------------------------------------------------------------------


def _said(data: BudgetSaid) -> BudgetFacts:
    milestones = tuple(Milestone(one.name, one.day, one.percent, one.measure) for one in data.milestones)
    return BudgetFacts(data.amount_fen, data.source, data.note, milestones)


def _budget(one: Budget) -> BudgetOut:
    return BudgetOut(
        id=one.id,
        region=one.region_key,
        region_name=one.region_name,
        year=one.year,
        fund_source=one.fund_source,
        amount_fen=one.facts.amount_fen,
        planned_fen=one.figures.planned_fen,
        approved_fen=one.figures.approved_fen,
        ordered_fen=one.figures.ordered_fen,
        received_fen=one.figures.received_fen,
        left_fen=one.left_fen,
        source=one.facts.source,
        note=one.facts.note,
        milestones=[
            MilestoneOut(
                name=step.milestone.name,
                day=step.milestone.day,
                percent=step.milestone.percent,
                measure=step.milestone.measure,
                reached=step.reached,
                standing=step.standing,
            )
            for step in one.progress
        ],
        version=one.version,
    )


async def shown(found: Order, stamp: Stamp) -> OrderOut:
    """An order with what its reader may do with it now."""
    limit = await whole(SECOND_APPROVAL_ABOVE, found.owner_path)
    skipped = ("site", "owner_region", "allowed", "lines", "deliveries")
    return OrderOut(
        **{name: getattr(found, name) for name in OrderOut.model_fields if name not in skipped},
        site=found.site_code,
        owner_region=found.owner_key,
        allowed=allowed_order(OrderStanding(found, limit), stamp),
        lines=[
            OrderLineOut(
                **{
                    name: getattr(line, name) for name in OrderLineOut.model_fields if name not in ("item", "item_name")
                },
                item=line.item_key,
                item_name=line.item,
            )
            for line in found.lines
        ],
        deliveries=[OrderDeliveryOut.model_validate(one, from_attributes=True) for one in found.deliveries],
    )


async def _facts(stamp: Stamp, data: OrderFactsIn) -> OrderFacts:
    stamp.require(Permission.ORDER_EDIT)
    site = await sites.get_by_code(data.site, stamp.require(Permission.SITE_READ))
    owner = site.custody_for_id or site.region_id
    if data.owner_region:
        owner = (await references.find_regions([data.owner_region]))[data.owner_region]
    supplier = None
    if data.supplier:
        supplier = (await references.find_parties([data.supplier], stamp))[data.supplier]
    return OrderFacts(
        data.kind,
        owner,
        site.id,
        data.budget_year or day_of(stamp.recorded_at).year,
        supplier,
        data.fund_source,
        data.contract,
        data.reason,
        data.note,
    )


async def _lines(lines: Sequence[OrderLineIn]) -> list[NewOrderLine]:
    goods = await references.find_items({line.item for line in lines})
    bought_in = {key: (await packs.get_by_key(key)).id for key in {line.pack for line in lines if line.pack}}
    return [
        NewOrderLine(
            goods[line.item],
            line.quantity,
            line.price_fen,
            line.price_per,
            line.expected_on,
            bought_in[line.pack] if line.pack else None,
            line.why,
        )
        for line in lines
    ]


def _done(receipt: Mapping[str, Any]) -> OrderDone:
    return OrderDone(**{name: receipt[name] for name in OrderDone.model_fields if name in receipt})


HANDLERS: list[Any] = [
    list_orders,
    list_late,
    list_arrivals,
    get_order,
    print_order,
    create_order,
    edit_order,
    submit,
    endorse,
    approve,
    reject,
    amend,
    issue,
    deliver,
    reschedule,
    close,
    cancel,
    get_supplier_record,
    list_budgets,
    get_budget,
    set_budget,
    edit_budget,
]
