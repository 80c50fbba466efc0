"""Deliveries: what is expected, and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, PathParameter, QueryParameter

from api.auth.edge import VERB
from api.auth.stamps import Stamped
from api.rest import references
from api.rest.conditions import IfMatch, etag, read_version
from api.rest.sessions import Cursor, Limit
from api.schemas.deliveries import (
    DeliveriesPage,
    DeliveryDone,
    DeliveryEdit,
    DeliveryFactsIn,
    DeliveryLineIn,
    DeliveryLineOut,
    DeliveryNew,
    DeliveryOut,
    RefusalOut,
    RefuseIn,
    StrayIn,
    StrayOut,
)
from catalog.kernel.access import Permission
from catalog.kernel.stamp import Stamp
from warehouse.replenishment import actions, queries, workflow
from warehouse.replenishment.model import Delivery, DeliveryFacts, NewLine, Status
from warehouse.sites import queries as sites

TAGS = ["deliveries"]
Sought = Annotated[str | None, QueryParameter(max_length=100, description="Part of number, note or supplier's name.")]
Code = Annotated[str | None, QueryParameter(max_length=40)]


@get("/deliveries", opt={VERB: "delivery.list"}, tags=TAGS)
async def list_deliveries(
    stamp: Stamped,
    site: Code = None,
    status: FromQuery[list[Status] | None] = None,
    q: Sought = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> DeliveriesPage:
    """Deliveries to sites in my scope, the newest first."""
    page = await queries.list_deliveries(
        scope=stamp.require(Permission.STOCK_READ),
        site_code=site,
        status=status or (),
        text=q,
        cursor=cursor,
        limit=limit,
    )
    return DeliveriesPage(items=[_shown(one, stamp) for one in page.items], next_cursor=page.next_cursor)


@get("/deliveries/{delivery:uuid}", opt={VERB: "delivery.read"}, tags=TAGS)
async def get_delivery(stamp: Stamped, delivery: FromPath[UUID]) -> Response[DeliveryOut]:
    """One delivery. The ETag is the version to send as If-Match."""
    found = await queries.get_delivery(delivery, stamp.require(Permission.STOCK_READ))
    return Response(_shown(found, stamp), headers=etag(found.version))


def _shown(found: Delivery, stamp: Stamp) -> DeliveryOut:
    lines = [
        DeliveryLineOut(
            **{
                name: getattr(line, name)
                for name in DeliveryLineOut.model_fields
                if name not in ("item", "item_name", "refusals")
            },
            item=line.item_key,
            item_name=line.item,
            refusals=[RefusalOut.model_validate(one, from_attributes=True) for one in line.refusals],
        )
        for line in found.lines
    ]
    plain = {
        name: getattr(found, name)
        for name in DeliveryOut.model_fields
        if name not in ("site", "allowed", "strays", "lines")
    }
    strays = [StrayOut(what=one.what, quantity=one.quantity, note=one.note) for one in found.strays]
    return DeliveryOut(
        **plain, site=found.site_code, allowed=workflow.allowed(found, stamp), strays=strays, lines=lines
    )


@post("/deliveries", opt={VERB: "delivery.create"}, tags=TAGS)
async def create_delivery(stamp: Stamped, data: JSONBody[DeliveryNew]) -> DeliveryDone:
    """A new delivery, as a draft or announced at once."""
    site = await sites.get_by_code(data.site, stamp.require(Permission.DELIVERY_EDIT))
    facts = await _facts(stamp, data, site.custody_for_id or site.region_id)
    lines = await _lines(data.lines)
    done = await actions.create_delivery(stamp=stamp, site_id=site.id, facts=facts, lines=lines, announce=data.announce)
    return _done(done)


@put("/deliveries/{delivery:uuid}", opt={VERB: "delivery.edit"}, tags=TAGS)
async def edit_delivery(
    stamp: Stamped, delivery: FromPath[UUID], data: JSONBody[DeliveryEdit], if_match: IfMatch
) -> Response[DeliveryDone]:
    """Replace the head, and the lines where they are sent, while it is a draft or announced. 409 `delivery.stale`."""
    before = await queries.get_delivery(delivery, stamp.require(Permission.DELIVERY_EDIT))
    done = await actions.edit_delivery(
        stamp=stamp,
        delivery_id=delivery,
        version=read_version(if_match),
        facts=await _facts(stamp, data, before.owner_region_id),
        lines=await _lines(data.lines) if data.lines is not None else None,
    )
    return Response(_done(done), headers=etag(done["version"]))


async def _facts(stamp: Stamp, data: DeliveryFactsIn, owner: int) -> DeliveryFacts:
    facts = DeliveryFacts(
        kind=data.kind,
        owner_region_id=owner,
        fund_source=data.fund_source,
        note_number=data.note_number,
        invoice_number=data.invoice_number,
        expected_on=data.expected_on,
    )
    if data.owner_region:
        region = await references.find_regions([data.owner_region])
        facts = replace(facts, owner_region_id=region[data.owner_region])
    if data.supplier:
        supplier = await references.find_parties([data.supplier], stamp)
        facts = replace(facts, supplier_id=supplier[data.supplier])
    return facts


async def _lines(lines: Sequence[DeliveryLineIn]) -> list[NewLine]:
    items = await references.find_items({line.item for line in lines})
    return [
        NewLine(
            items[line.item],
            line.quantity,
            line.maker_batch,
            line.produced_on,
            line.expires_on,
            line.price_fen,
            line.price_per,
        )
        for line in lines
    ]


@post("/deliveries/{delivery:uuid}/announce", opt={VERB: "delivery.announce"}, tags=TAGS, status_code=200)
async def announce(stamp: Stamped, delivery: FromPath[UUID]) -> DeliveryDone:
    """It is on its way: it may be received from now on."""
    return _done(await actions.announce(stamp=stamp, delivery_id=delivery))


@post("/deliveries/{delivery:uuid}/start", opt={VERB: "delivery.start"}, tags=TAGS, status_code=200)
async def start(stamp: Stamped, delivery: FromPath[UUID]) -> DeliveryDone:
    """The lorry is here. The first receipt against it does the same."""
    return _done(await actions.start(stamp=stamp, delivery_id=delivery))


@post("/deliveries/{delivery:uuid}/close", opt={VERB: "delivery.close"}, tags=TAGS, status_code=200)
async def close(stamp: Stamped, delivery: FromPath[UUID]) -> DeliveryDone:
    """All has come that will come. A difference opens a discrepancy case."""
    return _done(await actions.close(stamp=stamp, delivery_id=delivery))


@post("/deliveries/{delivery:uuid}/cancel", opt={VERB: "delivery.cancel"}, tags=TAGS, status_code=200)
async def cancel(stamp: Stamped, delivery: FromPath[UUID]) -> DeliveryDone:
    """It will not come. 409 `delivery.already-received` once goods of it are in stock."""
    return _done(await actions.cancel(stamp=stamp, delivery_id=delivery))


@post("/deliveries/{delivery:uuid}/lines/{line:int}/refuse", opt={VERB: "delivery.refuse"}, tags=TAGS, status_code=200)
async def refuse_line(
    stamp: Stamped,
    delivery: FromPath[UUID],
    line: Annotated[int, PathParameter(ge=1, le=10_000)],
    data: JSONBody[RefuseIn],
) -> DeliveryDone:
    """拒收: goods of a line are turned away (wrong, damaged, over)."""
    return _done(
        await actions.refuse_line(
            stamp=stamp, delivery_id=delivery, line=line, quantity=data.quantity, reason=data.reason, note=data.note
        )
    )


@post("/deliveries/{delivery:uuid}/strays", opt={VERB: "delivery.turn-away"}, tags=TAGS, status_code=200)
async def turn_away(stamp: Stamped, delivery: FromPath[UUID], data: JSONBody[StrayIn]) -> DeliveryDone:
    """错发拒收: goods that stand in no line are turned away; the case names them when the delivery is closed."""
    return _done(
        await actions.turn_away(
            stamp=stamp, delivery_id=delivery, what=data.what, quantity=data.quantity, note=data.note
        )
    )


def _done(receipt: Mapping[str, Any]) -> DeliveryDone:
    return DeliveryDone(**{name: receipt[name] for name in DeliveryDone.model_fields if name in receipt})


HANDLERS: list[Any] = [
    list_deliveries,
    get_delivery,
    create_delivery,
    edit_delivery,
    announce,
    start,
    close,
    cancel,
    refuse_line,
    turn_away,
]
