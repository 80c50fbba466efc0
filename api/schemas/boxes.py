"""Boxes and pallets of shipments as JSON. Quantities are base units, weights grams."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictInt

from api.schemas.base import Given, Taken
from api.schemas.shipments import LineNumber, Many, Pieces, Scanned, ShipmentDone, Short, Words
from warehouse.fulfilment.model import BoxKind, BoxStatus

Labels = Annotated[list[Scanned], Field(min_length=1, max_length=300, description="As the scanner gave them.")]


class BoxNew(Taken):
    """What is opened."""

    kind: BoxKind = BoxKind.BOX


class BoxPackIn(Taken):
    """Goods for the box: the lot's label and how much; the bin where the lot stands in several."""

    lot: Scanned
    quantity: Many
    bin: Scanned | None = None
    serials: Pieces = []


class BoxUnpackIn(Taken):
    """Which line comes out again."""

    line: LineNumber


class BoxCloseIn(Taken):
    """Its weight, where it was weighed."""

    gross_weight_g: Annotated[StrictInt, Field(ge=1, le=100_000_000)] | None = None


class BoxLabelsIn(Taken):
    """Boxes by their labels, all or none."""

    labels: Labels


class BoxesLoadIn(BoxLabelsIn):
    """Boxes for the vehicle."""

    over_reason: Words = Field("", description="Why it goes all the same, above the vehicle's limits.")


class BoxesUnloadIn(BoxLabelsIn):
    """Boxes off the vehicle again."""

    note: Words = ""


class BoxesReceiveIn(BoxLabelsIn):
    """Boxes that came whole, and who signs for them; `files` are photos or a signature that were uploaded before."""

    receiver: Short
    files: Annotated[list[UUID], Field(max_length=20)] = []
    driver: Short = Field("", description="Who drove and signs, where it is not who set out.")
    driver_files: Annotated[list[UUID], Field(max_length=5, description="The driver's signature.")] = []


class BoxOut(Given):
    """A box of a shipment. `lines`: numbers of the shipment's lines that are in it."""

    id: UUID
    kind: BoxKind
    number: str
    sscc: str | None
    status: BoxStatus
    gross_weight_g: int | None
    lines: list[int]
    loaded: bool
    received: bool


class BoxesOut(Given):
    """In the order in which they were opened."""

    items: list[BoxOut]


class BoxDone(ShipmentDone):
    """The shipment, and the box that was opened."""

    box: UUID
    box_number: str
    sscc: str | None
