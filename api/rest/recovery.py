"""Receiving points of an incident, and the recovery ledger of what it used."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from api import rendering
from api.auth.edge import FILES, VERB
from api.auth.stamps import Stamped
from api.rest import references
from api.rest.conditions import IfMatch, etag, read_version
from api.rest.sessions import Cursor, Limit
from api.schemas.shipments import (
    AtPointOut,
    BringBackIn,
    DrawnUp,
    DrawUpIn,
    DutiesPage,
    DutyDone,
    DutyEdit,
    DutyOut,
    FillIn,
    FillOut,
    GivenIn,
    HandOutIn,
    PointCardOut,
    PointContactIn,
    PointDone,
    PointIn,
    PointOut,
    PointsPage,
    PointTotalOut,
    PointWriteOffIn,
)
from catalog.kernel.access import Permission, scope_of
from catalog.kernel.errors import Missing
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from warehouse.fulfilment import actions, queries, workflow
from warehouse.fulfilment.model import SHIPMENT, Duty, DutyStatus, Given, Point, PointFacts
from warehouse.incidents import queries as incidents
from warehouse.incidents.model import Level
from warehouse.people import queries as people
from warehouse.printing import render
from warehouse.printing.incident_report import IncidentStory, incident_report
from warehouse.replenishment import queries as deliveries
from warehouse.replenishment.model import DOCUMENT as DELIVERY
from warehouse.requisitions import queries as requisitions
from warehouse.sites import queries as sites
from warehouse.stock import queries as stock

POINTS, TAGS = ["receiving points"], ["recovery"]
Sought = Annotated[str | None, QueryParameter(max_length=100, description="Part of the names and numbers shown.")]


@get("/receiving-points", opt={VERB: "point.list"}, tags=POINTS)
async def list_points(
    stamp: Stamped,
    q: Sought = None,
    incident: FromQuery[UUID | None] = None,
    over: FromQuery[bool] = False,
    cursor: Cursor = None,
    limit: Limit = None,
) -> PointsPage:
    """Receiving points in my scope, the newest first; `over`: also of closed incidents."""
    found = await queries.list_points(
        scope=stamp.require(Permission.SHIPMENT_READ),
        incident_id=incident,
        text=q,
        over=over,
        cursor=cursor,
        limit=limit,
    )
    return PointsPage(items=[PointOut(**_point(one)) for one in found.items], next_cursor=found.next_cursor)


@get("/receiving-points/{point:uuid}", opt={VERB: "point.read"}, tags=POINTS)
async def get_point(stamp: Stamped, point: FromPath[UUID]) -> Response[PointCardOut]:
    """One receiving point: what stands there, and the totals per item."""
    found = await queries.get_point(point, stamp.require(Permission.SHIPMENT_READ))
    there = await queries.at_point(found.place_id)
    totals = await queries.totals_of(found.place_id)
    shown = PointCardOut(
        **_point(found),
        there=[
            AtPointOut(
                item=one.item_key,
                item_name=one.item,
                **{
                    name: getattr(one, name)
                    for name in ("lot", "unit", "unit_factor", "returnable", "condition", "on_hand")
                },
            )
            for one in there
        ],
        totals=[
            PointTotalOut(
                item=one.item_key,
                item_name=one.item,
                **{name: getattr(one, name) for name in PointTotalOut.model_fields if not name.startswith("item")},
            )
            for one in totals
        ],
    )
    return Response(shown, headers=etag(found.version))


@post("/receiving-points", opt={VERB: "point.add"}, tags=POINTS)
async def add_point(stamp: Stamped, data: JSONBody[PointIn]) -> PointDone:
    """A place where goods of an incident are received. 409 `point.twice`, `point.incident-closed`."""
    stamp.require(Permission.NEED_EDIT)
    region = (await references.find_regions([data.region]))[data.region]
    facts = PointFacts(
        incident_id=data.incident,
        region_id=region,
        name=data.name,
        place=data.place,
        lat=data.lat,
        lon=data.lon,
        receiver=data.receiver,
        phone=data.phone,
    )
    return PointDone(**await actions.add_point(stamp=stamp, facts=facts))


@put("/receiving-points/{point:uuid}/contact", opt={VERB: "point.set-contact"}, tags=POINTS)
async def set_contact(
    stamp: Stamped, point: FromPath[UUID], data: JSONBody[PointContactIn], if_match: IfMatch
) -> Response[PointDone]:
    """Who receives there now. 409 `point.stale`."""
    done = await actions.set_contact(
        stamp=stamp, point_id=point, version=read_version(if_match), receiver=data.receiver, phone=data.phone
    )
    return Response(PointDone(**done), headers=etag(done["version"]))


@post("/receiving-points/{point:uuid}/hand-out", opt={VERB: "point.hand-out"}, tags=POINTS, status_code=200)
async def hand_out(stamp: Stamped, point: FromPath[UUID], data: JSONBody[HandOutIn]) -> PointDone:
    """Goods are given to those who need them. 409 `point.not-there`, `point.returnable`."""
    stamp.require(Permission.HAND_OUT)
    given = await _given(data.lines)
    return PointDone(**await actions.hand_out(stamp=stamp, point_id=point, given=given, note=data.note))


@post("/receiving-points/{point:uuid}/bring-back", opt={VERB: "point.bring-back"}, tags=POINTS, status_code=200)
async def bring_back(stamp: Stamped, point: FromPath[UUID], data: JSONBody[BringBackIn]) -> PointDone:
    """Goods go back into a store, to be inspected. 409 `point.not-there`."""
    site = await sites.get_by_code(data.site, stamp.require(Permission.RETURN))
    done = await actions.bring_back(
        stamp=stamp,
        point_id=point,
        given=await _given(data.lines),
        site_id=site.id,
        damaged=data.damaged,
        note=data.note,
    )
    return PointDone(**done)


@post("/receiving-points/{point:uuid}/write-off", opt={VERB: "point.write-off"}, tags=POINTS, status_code=200)
async def write_off(stamp: Stamped, point: FromPath[UUID], data: JSONBody[PointWriteOffIn]) -> PointDone:
    """Worn out or lost in use. 409 `point.not-there`."""
    stamp.require(Permission.DISPOSE)
    given = await _given(data.lines)
    return PointDone(**await actions.write_off_at_point(stamp=stamp, point_id=point, given=given, note=data.note))


# --- the recovery ledger --------------------------------------------------------------------------------------------


@get("/recovery", opt={VERB: "recovery.list"}, tags=TAGS)
async def list_duties(
    stamp: Stamped,
    q: Sought = None,
    incident: FromQuery[UUID | None] = None,
    status: FromQuery[DutyStatus | None] = None,
    late: FromQuery[bool] = False,
    cursor: Cursor = None,
    limit: Limit = None,
) -> DutiesPage:
    """What incidents used and who makes it good, the first due first."""
    found = await queries.list_duties(
        scope=stamp.require(Permission.SHIPMENT_READ),
        incident_id=incident,
        status=status,
        late_on=day_of(stamp.recorded_at) if late else None,
        text=q,
        cursor=cursor,
        limit=limit,
    )
    return DutiesPage(items=[await _duty(one, stamp) for one in found.items], next_cursor=found.next_cursor)


@get("/recovery/{duty:uuid}", opt={VERB: "recovery.read"}, tags=TAGS)
async def get_duty(stamp: Stamped, duty: FromPath[UUID]) -> Response[DutyOut]:
    """One duty with what came back. The ETag is the version to send as If-Match."""
    found = await queries.get_duty(duty, stamp.require(Permission.SHIPMENT_READ))
    return Response(await _duty(found, stamp), headers=etag(found.version))


@post("/recovery/draw-up", opt={VERB: "recovery.draw-up"}, tags=TAGS, status_code=200)
async def draw_up(stamp: Stamped, data: JSONBody[DrawUpIn]) -> DrawnUp:
    """What the incident has used by now becomes duties; safe to do again."""
    return DrawnUp(**await actions.draw_up(stamp=stamp, incident_id=data.incident))


@put("/recovery/{duty:uuid}", opt={VERB: "recovery.edit"}, tags=TAGS)
async def edit_duty(
    stamp: Stamped, duty: FromPath[UUID], data: JSONBody[DutyEdit], if_match: IfMatch
) -> Response[DutyDone]:
    """Until when, with where that is written, and who pays. 409 `recovery.stale`."""
    stamp.require(Permission.RECOVERY_EDIT)
    payer = (await references.find_parties([data.payer], stamp))[data.payer] if data.payer else None
    done = await actions.edit_duty(
        stamp=stamp,
        duty_id=duty,
        version=read_version(if_match),
        due_on=references.thinkable(data.due_on),
        due_source=data.due_source,
        payer_id=payer,
        note=data.note,
    )
    return Response(DutyDone(**done), headers=etag(done["version"]))


@post("/recovery/{duty:uuid}/fill", opt={VERB: "recovery.fill"}, tags=TAGS, status_code=200)
async def fill(stamp: Stamped, duty: FromPath[UUID], data: JSONBody[FillIn]) -> DutyDone:
    """Goods came back with a delivery or shipment. 409 `recovery.not-proved` says what its moves prove."""
    stamp.require(Permission.RECOVERY_EDIT)
    kind, document = await _document(data.document, stamp)
    done = await actions.fill(
        stamp=stamp,
        duty_id=duty,
        quantity=data.quantity,
        document_kind=kind,
        document_id=document,
        document_number=data.document,
        note=data.note,
    )
    return DutyDone(**done)


@post("/recovery/{duty:uuid}/close", opt={VERB: "recovery.close"}, tags=TAGS, status_code=200)
async def close_duty(stamp: Stamped, duty: FromPath[UUID]) -> DutyDone:
    """The stock is back. 409 `recovery.not-back`."""
    return DutyDone(**await actions.close_duty(stamp=stamp, duty_id=duty))


@get(
    "/incidents/{incident:uuid}/report",
    opt={VERB: "incident.report", FILES: ("application/pdf",)},
    tags=TAGS,
    responses={200: ResponseSpec(bytes, description="The report", media_type="application/pdf")},
)
async def print_report(stamp: Stamped, incident: FromPath[UUID]) -> Response[bytes]:
    """The report of an incident: timeline, orders, goods, times against clocks, shortcuts, papers owed, duties."""
    table = incident_report(await _story(incident, stamp), stamp.recorded_at)
    content = await rendering.RENDERER.run(render.render_table, table, rendering.font_path())
    headers = {"content-disposition": f'inline; filename="{table.number}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


async def _story(incident: UUID, stamp: Stamp) -> IncidentStory:
    """What the caller may see of it; the first hundreds of each kind."""
    seen = stamp.require(Permission.INCIDENT_READ)
    found = await incidents.get_incident(incident, seen)
    scope = stamp.require(Permission.SHIPMENT_READ)
    points = (await queries.list_points(scope=scope, incident_id=found.id, over=True, limit=200)).items
    orders = await requisitions.list_releases(
        scope=stamp.require(Permission.REQUISITION_READ), incident_id=found.id, ended=True, limit=500
    )
    shipments = await queries.list_shipments(scope=scope, incident_id=found.id, over=True, limit=500)
    duties = await queries.list_duties(scope=scope, incident_id=found.id, limit=500)
    promised = scope_of(stamp.grants, Permission.COMMITMENT_READ)
    calls = [one for one in await requisitions.calls_in(found.id) if promised.covers(one.call.path)]
    return IncidentStory(
        incident=found,
        levels=await incidents.list_levels(found.id),
        needs=await incidents.list_needs(found.id, seen, ended=True),
        releases=orders.items,
        shipments=shipments.items,
        points=[(point, await queries.totals_of(point.place_id)) for point in points],
        duties=duties.items,
        transport_hours={level: (await incidents.level_rules(level, found.path)).transport_hours for level in Level},
        calls=calls,
        names={login: name.name_zh for login, name in (await people.names_by_login()).items()},
    )


# --- to and from JSON -----------------------------------------------------------------------------------------------


async def _given(lines: list[GivenIn]) -> list[Given]:
    lots = await stock.find_lots(numbers={one.lot for one in lines})
    pieces = await references.find_serials({number for one in lines for number in one.serials})
    given = []
    for number, one in enumerate(lines, 1):
        if one.lot not in lots:
            raise Missing("stock.no-such-lot", "没有这个批次，或不在您的管辖范围内", line=number, lot=one.lot)
        given.append(Given(lots[one.lot].id, one.quantity, one.condition, tuple(pieces[n] for n in one.serials)))
    return given


async def _document(number: str, stamp: Stamp) -> tuple[str, UUID]:
    delivery = await deliveries.find_delivery_by_number(number, stamp.require(Permission.STOCK_READ))
    if delivery is not None:
        return DELIVERY, delivery.id
    found = await queries.list_shipments(scope=stamp.require(Permission.SHIPMENT_READ), text=number, over=True, limit=5)
    for one in found.items:
        if one.number == number:
            return SHIPMENT, one.id
    raise Missing("recovery.no-document", "没有这张到货单或运单，或不在您的管辖范围内", document=number)


def _point(one: Point) -> dict[str, Any]:
    names = ("id", "name", "place", "lat", "lon", "receiver", "phone", "version")
    return {
        "incident": one.incident_id,
        "incident_number": one.incident,
        "region_name": one.region_zh,
        **{name: getattr(one, name) for name in names},
    }


async def _duty(one: Duty, stamp: Stamp) -> DutyOut:
    plain = {
        name: getattr(one, name)
        for name in (
            "id", "payer", "unit", "unit_factor", "quantity", "back", "rest", "due_on", "due_source", "note", "status",
            "version",
        )
    }  # fmt: skip
    return DutyOut(
        incident=one.incident_id,
        incident_number=one.incident,
        region=one.region_key,
        region_name=one.region_zh,
        item=one.item_key,
        item_name=one.item,
        late=one.late(day_of(stamp.recorded_at)),
        fills=[
            FillOut(quantity=f.quantity, document=f.document_number, at=f.at, login=f.login, note=f.note)
            for f in await queries.list_fills(one.id)
        ],
        allowed=workflow.allowed_of_duty(one, stamp),
        **plain,
    )


HANDLERS: list[Any] = [
    list_points,
    get_point,
    add_point,
    set_contact,
    hand_out,
    bring_back,
    write_off,
    list_duties,
    get_duty,
    draw_up,
    edit_duty,
    fill,
    close_duty,
    print_report,
]
