"""Shipments: prepared, loaded, on the road, received, settled."""

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
    DepartIn,
    LoadIn,
    ReceivedIn,
    RedirectIn,
    ReleaseDone,
    ReleaseShipmentIn,
    ReportIn,
    ShipmentDone,
    ShipmentEdit,
    ShipmentLineOut,
    ShipmentNew,
    ShipmentOut,
    ShipmentPartIn,
    ShipmentReasonIn,
    ShipmentReceiveIn,
    ShipmentsPage,
    VehicleIn,
    WhereaboutsListOut,
    WhereaboutsOut,
)
from catalog.kernel.access import EVERYWHERE, Permission
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from labels import codes
from warehouse.files import queries as files
from warehouse.files.model import Subject
from warehouse.fulfilment import actions, queries, rules, workflow
from warehouse.fulfilment.model import (
    SHIPMENT,
    Line,
    Loading,
    NewLine,
    Received,
    Shipment,
    ShipmentFacts,
    Signature,
    Status,
    Vehicle,
)
from warehouse.printing import render, shipment_papers
from warehouse.sites import queries as sites

TAGS = ["shipments"]
Sought = Annotated[str | None, QueryParameter(max_length=100, description="Part of number, plate, store or place.")]
PDF = {200: ResponseSpec(bytes, description="The paper", media_type="application/pdf")}
_PAPER: dict[str, Any] = {"tags": TAGS, "responses": PDF}


@get("/shipments", opt={VERB: "shipment.list"}, tags=TAGS)
async def list_shipments(
    stamp: Stamped,
    q: Sought = None,
    status: FromQuery[Status | None] = None,
    over: FromQuery[bool] = False,
    cursor: Cursor = None,
    limit: Limit = None,
) -> ShipmentsPage:
    """Shipments that start or end in my scope, those on the road first; `over`: also closed and cancelled ones."""
    found = await queries.list_shipments(
        scope=stamp.require(Permission.SHIPMENT_READ), text=q, status=status, over=over, cursor=cursor, limit=limit
    )
    return ShipmentsPage(items=[_shown(one, stamp) for one in found.items], next_cursor=found.next_cursor)


@get("/shipments/{shipment:uuid}", opt={VERB: "shipment.read"}, tags=TAGS)
async def get_shipment(stamp: Stamped, shipment: FromPath[UUID]) -> Response[ShipmentOut]:
    """One shipment. The ETag is the version to send as If-Match."""
    found = await queries.get_shipment(shipment, stamp.require(Permission.SHIPMENT_READ))
    return Response(_shown(found, stamp), headers=etag(found.version))


@get("/shipments/{shipment:uuid}/reports", opt={VERB: "shipment.whereabouts"}, tags=TAGS)
async def list_reports(stamp: Stamped, shipment: FromPath[UUID]) -> WhereaboutsListOut:
    """Where it was on its way, the newest first."""
    found = await queries.get_shipment(shipment, stamp.require(Permission.SHIPMENT_READ))
    reports = await queries.list_reports(found.id)
    names = WhereaboutsOut.model_fields
    return WhereaboutsListOut(items=[WhereaboutsOut(**{name: getattr(one, name) for name in names}) for one in reports])


@post("/shipments", opt={VERB: "shipment.prepare"}, tags=TAGS)
async def prepare(stamp: Stamped, data: JSONBody[ShipmentNew]) -> ShipmentDone:
    """A shipment by hand. 404 names what is not there; 409 `shipment.site-retired`."""
    scope = stamp.require(Permission.SHIPMENT_EDIT)
    start = await sites.get_by_code(data.site, scope)
    lots = await references.find_lots(
        {plain_key(one.lot, stamp) for one in data.lines}, stamp.require(Permission.STOCK_READ)
    )
    places = await references.find_places(
        {plain_key(one.bin, stamp) for one in data.lines}, stamp.require(Permission.STOCK_READ), start.code
    )
    lines = [
        NewLine(lots[plain_key(one.lot, stamp)].id, places[plain_key(one.bin, stamp)].id, one.quantity)
        for one in data.lines
    ]
    facts = ShipmentFacts(
        purpose=data.purpose,
        from_site_id=start.id,
        to_site_id=await _site(data.to_site, stamp),
        to_point=data.to_point,
        vehicle=await _vehicle(data, stamp),
        note=data.note,
    )
    done = await actions.prepare(stamp=stamp, facts=facts, lines=lines, planned_for=references.aware(data.planned_for))
    return ShipmentDone(**done)


@post("/releases/{release:uuid}/shipments", opt={VERB: "shipment.prepare-release"}, tags=TAGS)
async def prepare_release(stamp: Stamped, release: FromPath[UUID], data: JSONBody[ReleaseShipmentIn]) -> ShipmentDone:
    """A shipment with what a release order still holds. 409 `shipment.not-released`, `shipment.nothing-left`."""
    stamp.require(Permission.SHIPMENT_EDIT)
    done = await actions.prepare_release(
        stamp=stamp,
        release_id=release,
        vehicle=await _vehicle(data, stamp),
        to_site_id=await _site(data.to_site, stamp),
        to_point=data.to_point,
        planned_for=references.aware(data.planned_for),
        note_text=data.note,
        fits=data.fits,
    )
    return ShipmentDone(**done)


@post("/releases/{release:uuid}/finish", opt={VERB: "shipment.finish-release"}, tags=TAGS, status_code=200)
async def finish_release(stamp: Stamped, release: FromPath[UUID]) -> ReleaseDone:
    """Close an order whose goods are all accounted for, once its paper is there. 409 `release.paper-owed`."""
    done = await actions.finish_release(stamp=stamp, release_id=release)
    return ReleaseDone(**{name: done[name] for name in ReleaseDone.model_fields if name in done})


@put("/shipments/{shipment:uuid}", opt={VERB: "shipment.edit"}, tags=TAGS)
async def edit(
    stamp: Stamped, shipment: FromPath[UUID], data: JSONBody[ShipmentEdit], if_match: IfMatch
) -> Response[ShipmentDone]:
    """Say who drives and when it is to leave. 409 `shipment.stale`."""
    stamp.require(Permission.SHIPMENT_EDIT)
    done = await actions.edit(
        stamp=stamp,
        shipment_id=shipment,
        version=read_version(if_match),
        vehicle=await _vehicle(data, stamp),
        planned_for=references.aware(data.planned_for),
        note_text=data.note,
    )
    return Response(ShipmentDone(**done), headers=etag(done["version"]))


@post("/shipments/{shipment:uuid}/load", opt={VERB: "shipment.load"}, tags=TAGS, status_code=200)
async def load(stamp: Stamped, shipment: FromPath[UUID], data: JSONBody[LoadIn]) -> ShipmentDone:
    """Goods onto the vehicle. 409 `shipment.over-limit`, `shipment.other-goods`, `shipment.too-much`, `stock.…`."""
    stamp.require(Permission.ISSUE)
    scope = stamp.require(Permission.STOCK_READ)
    lots = await references.find_lots({plain_key(one.lot, stamp) for one in data.lines if one.lot}, scope)
    bins = {plain_key(one.bin, stamp) for one in data.lines if one.bin}
    start = (await queries.get_shipment(shipment, stamp.require(Permission.SHIPMENT_READ))).start.code if bins else ""
    places = await references.find_places(bins, scope, start)
    pieces = await references.find_serials({number for one in data.lines for number in one.serials})
    wanted = [
        Loading(
            one.line,
            one.quantity,
            lots[plain_key(one.lot, stamp)].id if one.lot else None,
            places[plain_key(one.bin, stamp)].id if one.bin else None,
            tuple(pieces[number] for number in one.serials),
        )
        for one in data.lines
    ]
    done = await actions.load(
        stamp=stamp, shipment_id=shipment, wanted=wanted, over_reason=data.over_reason, note=data.note
    )
    return ShipmentDone(**done)


@post("/shipments/{shipment:uuid}/short", opt={VERB: "shipment.short"}, tags=TAGS, status_code=200)
async def note_short(stamp: Stamped, shipment: FromPath[UUID], data: JSONBody[ShipmentPartIn]) -> ShipmentDone:
    """So much of a line is not there: the release order and sourcing hear of it."""
    done = await actions.note_short(
        stamp=stamp, shipment_id=shipment, line=data.line, quantity=data.quantity, note=data.note
    )
    return ShipmentDone(**done)


@post("/shipments/{shipment:uuid}/unload", opt={VERB: "shipment.unload"}, tags=TAGS, status_code=200)
async def unload(stamp: Stamped, shipment: FromPath[UUID], data: JSONBody[ShipmentPartIn]) -> ShipmentDone:
    """Off the vehicle again, before it leaves."""
    done = await actions.unload(
        stamp=stamp, shipment_id=shipment, line=data.line, quantity=data.quantity, note=data.note
    )
    return ShipmentDone(**done)


@post("/shipments/{shipment:uuid}/cancel", opt={VERB: "shipment.cancel"}, tags=TAGS, status_code=200)
async def cancel(stamp: Stamped, shipment: FromPath[UUID], data: JSONBody[ShipmentReasonIn]) -> ShipmentDone:
    """It does not go. 409 `shipment.loaded` with goods on the vehicle."""
    return ShipmentDone(**await actions.cancel(stamp=stamp, shipment_id=shipment, reason=data.reason))


@post("/shipments/{shipment:uuid}/depart", opt={VERB: "shipment.depart"}, tags=TAGS, status_code=200)
async def depart(stamp: Stamped, shipment: FromPath[UUID], data: JSONBody[DepartIn]) -> ShipmentDone:
    """It leaves. 409 says what is missing: goods, a vehicle, lines neither loaded nor short."""
    done = await actions.depart(
        stamp=stamp,
        shipment_id=shipment,
        eta_from=references.aware(data.eta_from),
        eta_to=references.aware(data.eta_to),
    )
    return ShipmentDone(**done)


@post("/shipments/{shipment:uuid}/report", opt={VERB: "shipment.report"}, tags=TAGS, status_code=200)
async def report(stamp: Stamped, shipment: FromPath[UUID], data: JSONBody[ReportIn]) -> ShipmentDone:
    """Where it is, and when it will be there."""
    done = await actions.report(
        stamp=stamp,
        shipment_id=shipment,
        place=data.place,
        at=references.aware(data.at),
        lat=data.lat,
        lon=data.lon,
        eta_from=references.aware(data.eta_from),
        eta_to=references.aware(data.eta_to),
        note=data.note,
    )
    return ShipmentDone(**done)


@post("/shipments/{shipment:uuid}/redirect", opt={VERB: "shipment.redirect"}, tags=TAGS, status_code=200)
async def redirect(stamp: Stamped, shipment: FromPath[UUID], data: JSONBody[RedirectIn]) -> ShipmentDone:
    """Send it elsewhere on its way; both places go on seeing it."""
    stamp.require(Permission.SHIPMENT_REDIRECT)
    done = await actions.redirect(
        stamp=stamp,
        shipment_id=shipment,
        reason=data.reason,
        to_site_id=await _site(data.to_site, stamp),
        to_point=data.to_point,
    )
    return ShipmentDone(**done)


@post("/shipments/{shipment:uuid}/arrive", opt={VERB: "shipment.arrive"}, tags=TAGS, status_code=200)
async def arrive(stamp: Stamped, shipment: FromPath[UUID]) -> ShipmentDone:
    """The vehicle is at the gate."""
    return ShipmentDone(**await actions.arrive(stamp=stamp, shipment_id=shipment))


@post("/shipments/{shipment:uuid}/receive", opt={VERB: "shipment.receive"}, tags=TAGS, status_code=200)
async def receive(stamp: Stamped, shipment: FromPath[UUID], data: JSONBody[ShipmentReceiveIn]) -> ShipmentDone:
    """What came of lines, and who signs. A difference opens a case; 409 `shipment.more-than-shipped`."""
    stamp.require(Permission.RECEIVE)
    pieces = await references.find_serials(
        {number for one in data.lines for number in (*one.serials, *one.damaged_serials)}
    )
    done = await actions.receive(
        stamp=stamp,
        shipment_id=shipment,
        said=[_said(one, pieces) for one in data.lines],
        receiver=data.receiver,
        file_ids=references.unique(data.files),
        driver=data.driver,
        driver_file_ids=references.unique(data.driver_files),
    )
    return ShipmentDone(**done)


@post("/shipments/{shipment:uuid}/find", opt={VERB: "shipment.find"}, tags=TAGS, status_code=200)
async def find(stamp: Stamped, shipment: FromPath[UUID], data: JSONBody[ShipmentPartIn]) -> ShipmentDone:
    """Missing goods have turned up at the destination."""
    return ShipmentDone(**await actions.find(stamp=stamp, shipment_id=shipment, **data.model_dump()))


@post("/shipments/{shipment:uuid}/take-back", opt={VERB: "shipment.take-back"}, tags=TAGS, status_code=200)
async def take_back(stamp: Stamped, shipment: FromPath[UUID], data: JSONBody[ShipmentPartIn]) -> ShipmentDone:
    """Goods that were turned away are back at the sender, awaiting inspection."""
    return ShipmentDone(**await actions.take_back(stamp=stamp, shipment_id=shipment, **data.model_dump()))


@post("/shipments/{shipment:uuid}/write-off", opt={VERB: "shipment.write-off"}, tags=TAGS, status_code=200)
async def write_off(stamp: Stamped, shipment: FromPath[UUID], data: JSONBody[ShipmentPartIn]) -> ShipmentDone:
    """Goods are lost for good."""
    return ShipmentDone(**await actions.write_off(stamp=stamp, shipment_id=shipment, **data.model_dump()))


@post("/shipments/{shipment:uuid}/close", opt={VERB: "shipment.close"}, tags=TAGS, status_code=200)
async def close(stamp: Stamped, shipment: FromPath[UUID]) -> ShipmentDone:
    """Every piece is accounted for. 409 `shipment.on-board`, `shipment.case-open`."""
    return ShipmentDone(**await actions.close(stamp=stamp, shipment_id=shipment))


# --- papers ---------------------------------------------------------------------------------------------------------


@get("/shipments/{shipment:uuid}/issue-slip", opt={VERB: "shipment.print", FILES: ("application/pdf",)}, **_PAPER)
async def print_issue_slip(stamp: Stamped, shipment: FromPath[UUID]) -> Response[bytes]:
    """出库单: what was loaded, lot by lot."""
    return await _paper(stamp, shipment, "issue-slip")


@get("/shipments/{shipment:uuid}/waybill", opt={VERB: "shipment.print", FILES: ("application/pdf",)}, **_PAPER)
async def print_waybill(stamp: Stamped, shipment: FromPath[UUID]) -> Response[bytes]:
    """运单: vehicle, driver, way, load; it goes along."""
    return await _paper(stamp, shipment, "waybill")


@get("/shipments/{shipment:uuid}/receipt", opt={VERB: "shipment.print", FILES: ("application/pdf",)}, **_PAPER)
async def print_receipt(stamp: Stamped, shipment: FromPath[UUID]) -> Response[bytes]:
    """签收单: shipped, accepted, damaged, turned away, missing, and who signed."""
    return await _paper(stamp, shipment, "receipt")


async def _paper(stamp: Stamp, shipment: UUID, kind: str) -> Response[bytes]:
    found = await queries.get_shipment(shipment, stamp.require(Permission.SHIPMENT_READ))
    table = shipment_papers.TABLES[kind](found, stamp.recorded_at)
    if kind == "receipt":
        table = shipment_papers.with_signatures(table, await _drawn(found.id))
    content = await rendering.RENDERER.run(render.render_table, table, rendering.font_path())
    headers = {"content-disposition": f'inline; filename="{found.number}-{kind}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


async def _drawn(shipment: UUID) -> list[tuple[Signature, bytes]]:
    """The signatures that were drawn on a screen for a shipment, in the order of signing; none that was taken back."""
    kept = {one.id for one in await files.list_files(Subject(SHIPMENT, str(shipment)))}
    signed = [one for one in await queries.list_signatures(shipment) if one.file_id in kept]
    return [(one, (await files.read_content(one.file_id)).data) for one in signed]


# --- to and from JSON -----------------------------------------------------------------------------------------------


def plain_key(text: str | None, stamp: Stamp) -> str:
    """A lot's number or a bin's key: out of our own label, or as it was typed."""
    reading = codes.read(text or "", today=day_of(stamp.recorded_at))
    own = getattr(reading, "own", None)
    return str(own.key) if own is not None else (text or "").strip()


async def _site(code: str | None, stamp: Stamp) -> int | None:
    """A destination may lie anywhere in the house; its label may be scanned."""
    return (await sites.get_by_code(plain_key(code, stamp).upper(), EVERYWHERE)).id if code else None


async def _vehicle(data: VehicleIn, stamp: Stamp) -> Vehicle:
    carrier = (await references.find_parties([data.carrier], stamp))[data.carrier] if data.carrier else None
    return Vehicle(
        vehicle=data.vehicle,
        plate=data.plate,
        carrier_id=carrier,
        max_weight_g=data.max_weight_kg * 1000 if data.max_weight_kg else None,
        max_volume_ml=data.max_volume_l * 1000 if data.max_volume_l else None,
        driver=data.driver,
        phone=data.phone,
        registered=data.registered,
    )


def _said(one: ReceivedIn, pieces: dict[str, int]) -> Received:
    return Received(
        one.line,
        one.accepted,
        one.damaged,
        one.rejected,
        one.reason,
        tuple(pieces[number] for number in one.serials),
        tuple(pieces[number] for number in one.damaged_serials),
    )


def _line(one: Line) -> ShipmentLineOut:
    said = {
        name: getattr(one, name) for name in ShipmentLineOut.model_fields if name not in ("item", "item_name", "bin")
    }
    return ShipmentLineOut(item=one.item_key, item_name=one.item, bin=one.place_key, **said)


def _shown(one: Shipment, stamp: Stamp) -> ShipmentOut:
    load = rules.load_of([(line, line.loaded or line.quantity) for line in one.lines])
    plain = {
        name: getattr(one, name)
        for name in (
            "id", "number", "status", "purpose", "incident", "over_reason", "planned_for", "departed_at", "eta_from",
            "eta_to", "last_seen_at", "last_seen", "arrived_at", "closed_at", "receiver", "note", "open_cases",
            "version",
        )
    }  # fmt: skip
    drives = {
        name: getattr(one.vehicle, name) for name in ("vehicle", "plate", "registered", "carrier", "driver", "phone")
    }
    return ShipmentOut(
        site=one.start.code,
        site_name=one.start.name,
        to_site=None if one.end.point else one.end.code,
        to_point=one.end.point,
        destination=one.end.name,
        release=one.release_id,
        max_weight_g=one.vehicle.max_weight_g,
        max_volume_ml=one.vehicle.max_volume_ml,
        weight_g=load.weight_g,
        volume_ml=load.volume_ml,
        unmeasured=load.unmeasured,
        lines=[_line(line) for line in one.lines],
        allowed=workflow.allowed(one, stamp),
        **plain,
        **drives,
    )


HANDLERS: list[Any] = [
    list_shipments,
    get_shipment,
    list_reports,
    prepare,
    prepare_release,
    finish_release,
    edit,
    load,
    note_short,
    unload,
    cancel,
    depart,
    report,
    redirect,
    arrive,
    receive,
    find,
    take_back,
    write_off,
    close,
    print_issue_slip,
    print_waybill,
    print_receipt,
]
