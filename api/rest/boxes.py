"""Boxes and pallets of shipments: opened, packed, closed, labelled; loaded, unloaded and received by their labels."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from api import rendering
from api.auth.edge import FILES, VERB
from api.auth.stamps import Stamped
from api.rest import references
from api.rest.shipments import PDF, plain_key
from api.schemas.boxes import (
    BoxCloseIn,
    BoxDone,
    BoxesLoadIn,
    BoxesOut,
    BoxesReceiveIn,
    BoxesUnloadIn,
    BoxNew,
    BoxOut,
    BoxPackIn,
    BoxUnpackIn,
)
from api.schemas.shipments import ShipmentDone
from catalog.kernel.access import Permission
from catalog.kernel.errors import Missing
from warehouse.fulfilment import actions, queries, rules
from warehouse.fulfilment.model import Box, Packing, Shipment
from warehouse.printing import queries as printing
from warehouse.printing import render, shipment_papers
from warehouse.printing.model import LabelJob

TAGS = ["shipments"]


@get("/shipments/{shipment:uuid}/boxes", opt={VERB: "shipment.boxes"}, tags=TAGS)
async def list_boxes(stamp: Stamped, shipment: FromPath[UUID]) -> BoxesOut:
    """Boxes of a shipment with the lines that are in them."""
    found = await queries.get_shipment(shipment, stamp.require(Permission.SHIPMENT_READ))
    return BoxesOut(items=[_shown(found, box) for box in await queries.list_boxes(found.id)])


@post("/shipments/{shipment:uuid}/boxes", opt={VERB: "shipment.open-box"}, tags=TAGS)
async def open_box(stamp: Stamped, shipment: FromPath[UUID], data: JSONBody[BoxNew]) -> BoxDone:
    """A new box or pallet; with a company prefix in the settings it has an SSCC."""
    return BoxDone(**await actions.open_box(stamp=stamp, shipment_id=shipment, kind=data.kind))


@post("/shipments/{shipment:uuid}/boxes/{box:uuid}/pack", opt={VERB: "shipment.pack"}, tags=TAGS, status_code=200)
async def pack(
    stamp: Stamped, shipment: FromPath[UUID], box: FromPath[UUID], data: JSONBody[BoxPackIn]
) -> ShipmentDone:
    """Goods into an open box. 409 `box.not-on-list`, `box.too-much`, `box.closed`."""
    stamp.require(Permission.ISSUE)
    scope = stamp.require(Permission.STOCK_READ)
    lot = plain_key(data.lot, stamp)
    lots = await references.find_lots({lot}, scope)
    bins = await references.find_places({plain_key(data.bin, stamp)}, scope) if data.bin else {}
    pieces = await references.find_serials(set(data.serials))
    packing = Packing(
        lots[lot].id,
        data.quantity,
        bins[plain_key(data.bin, stamp)].id if data.bin else None,
        tuple(pieces[number] for number in data.serials),
    )
    return ShipmentDone(**await actions.pack(stamp=stamp, shipment_id=shipment, box_id=box, packing=packing))


@post("/shipments/{shipment:uuid}/boxes/{box:uuid}/unpack", opt={VERB: "shipment.unpack"}, tags=TAGS, status_code=200)
async def unpack(
    stamp: Stamped, shipment: FromPath[UUID], box: FromPath[UUID], data: JSONBody[BoxUnpackIn]
) -> ShipmentDone:
    """A line out of an open box again."""
    return ShipmentDone(**await actions.unpack(stamp=stamp, shipment_id=shipment, box_id=box, line=data.line))


@post("/shipments/{shipment:uuid}/boxes/{box:uuid}/close", opt={VERB: "shipment.close-box"}, tags=TAGS, status_code=200)
async def close_box(
    stamp: Stamped, shipment: FromPath[UUID], box: FromPath[UUID], data: JSONBody[BoxCloseIn]
) -> ShipmentDone:
    """Nothing more goes in. 409 `box.empty`."""
    done = await actions.close_box(stamp=stamp, shipment_id=shipment, box_id=box, gross_g=data.gross_weight_g)
    return ShipmentDone(**done)


@post(
    "/shipments/{shipment:uuid}/boxes/{box:uuid}/reopen", opt={VERB: "shipment.reopen-box"}, tags=TAGS, status_code=200
)
async def reopen_box(stamp: Stamped, shipment: FromPath[UUID], box: FromPath[UUID]) -> ShipmentDone:
    """Open a closed box that is not on the vehicle. 409 `box.loaded`."""
    return ShipmentDone(**await actions.reopen_box(stamp=stamp, shipment_id=shipment, box_id=box))


@post("/shipments/{shipment:uuid}/boxes/{box:uuid}/void", opt={VERB: "shipment.void-box"}, tags=TAGS, status_code=200)
async def void_box(stamp: Stamped, shipment: FromPath[UUID], box: FromPath[UUID]) -> ShipmentDone:
    """Its goods are loose again; its number is used up."""
    return ShipmentDone(**await actions.void_box(stamp=stamp, shipment_id=shipment, box_id=box))


@post("/shipments/{shipment:uuid}/load-boxes", opt={VERB: "shipment.load-boxes"}, tags=TAGS, status_code=200)
async def load_boxes(stamp: Stamped, shipment: FromPath[UUID], data: JSONBody[BoxesLoadIn]) -> ShipmentDone:
    """Boxes onto the vehicle by their labels, all or none. 409 `box.other-shipment`, `box.open`, `box.loaded`."""
    done = await actions.load_boxes(stamp=stamp, shipment_id=shipment, labels=data.labels, over_reason=data.over_reason)
    return ShipmentDone(**done)


@post("/shipments/{shipment:uuid}/unload-boxes", opt={VERB: "shipment.unload-boxes"}, tags=TAGS, status_code=200)
async def unload_boxes(stamp: Stamped, shipment: FromPath[UUID], data: JSONBody[BoxesUnloadIn]) -> ShipmentDone:
    """Boxes off the vehicle again, before it leaves. 409 `box.not-loaded`."""
    done = await actions.unload_boxes(stamp=stamp, shipment_id=shipment, labels=data.labels, note=data.note)
    return ShipmentDone(**done)


@post("/shipments/{shipment:uuid}/receive-boxes", opt={VERB: "shipment.receive-boxes"}, tags=TAGS, status_code=200)
async def receive_boxes(stamp: Stamped, shipment: FromPath[UUID], data: JSONBody[BoxesReceiveIn]) -> ShipmentDone:
    """Boxes that came whole, by their labels. What differs is received line by line. 409 `box.received`."""
    done = await actions.receive_boxes(
        stamp=stamp,
        shipment_id=shipment,
        labels=data.labels,
        receiver=data.receiver,
        file_ids=references.unique(data.files),
        driver=data.driver,
        driver_file_ids=references.unique(data.driver_files),
    )
    return ShipmentDone(**done)


@get(
    "/shipments/{shipment:uuid}/boxes/{box:uuid}/label",
    opt={VERB: "shipment.print", FILES: ("application/pdf",)},
    tags=TAGS,
    responses=PDF,
)
async def print_label(
    stamp: Stamped,
    shipment: FromPath[UUID],
    box: FromPath[UUID],
    layout: Annotated[str, QueryParameter(max_length=40)] = "roll-100x70",
) -> Response[bytes]:
    """The label of a box: SSCC or own number as GS1-128, destination, incident, contents, gross weight."""
    found = await queries.get_shipment(shipment, stamp.require(Permission.SHIPMENT_READ))
    mine = next((one for one in await queries.list_boxes(found.id) if one.id == box), None)
    if mine is None:
        raise Missing("box.missing", "没有这个箱或托盘", box=str(box))
    job = LabelJob((shipment_papers.box_label(found, mine),), await printing.layout_of(layout))
    content = await rendering.RENDERER.run(render.render_labels, job, rendering.font_path())
    headers = {"content-disposition": f'inline; filename="{mine.number}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


def _shown(shipment: Shipment, box: Box) -> BoxOut:
    lines = rules.in_box(shipment, box)
    return BoxOut(
        id=box.id,
        kind=box.kind,
        number=box.number,
        sscc=box.sscc,
        status=box.status,
        gross_weight_g=box.gross_g,
        lines=[line.line for line in lines],
        loaded=any(line.loaded for line in lines),
        received=bool(lines) and all(line.received_at for line in lines),
    )


HANDLERS: list[Any] = [
    list_boxes,
    open_box,
    pack,
    unpack,
    close_box,
    reopen_box,
    void_box,
    load_boxes,
    unload_boxes,
    receive_boxes,
    print_label,
]
