"""Shipments, receiving points and the recovery ledger as JSON. Quantities are base units, weights grams."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StringConstraints

from api.schemas.base import PLAIN, Given, Instant, Key, Line, Receipt, Taken
from api.schemas.stock import Number
from catalog.kernel.quantity import MAX_QUANTITY
from warehouse.fulfilment.model import DutyStatus, Purpose, Status

Many = Annotated[StrictInt, Field(ge=1, le=MAX_QUANTITY)]
NoneOrMore = Annotated[StrictInt, Field(ge=0, le=MAX_QUANTITY)]
LineNumber = Annotated[StrictInt, Field(ge=1, le=10_000)]
Words = Annotated[str, StringConstraints(strict=True, max_length=500, pattern=PLAIN, strip_whitespace=True)]
Short = Annotated[str, StringConstraints(strict=True, max_length=120, pattern=PLAIN, strip_whitespace=True)]
Why = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=500, pattern=PLAIN, strip_whitespace=True)]
Scanned = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=200, pattern=PLAIN)]
"""What a label says, as the scanner gave it, or the number or key typed by hand."""
Latitude = Annotated[StrictFloat | StrictInt, Field(ge=-90, le=90)]
Longitude = Annotated[StrictFloat | StrictInt, Field(ge=-180, le=180)]
Pieces = Annotated[list[Number], Field(max_length=1000)]


class VehicleIn(Taken):
    """What drives, and who. The limits are asked for when goods are loaded. `registered`: a vehicle of the register,
    from which plate, carrier and limits come, and what else is not given."""

    registered: UUID | None = None

    vehicle: Short = ""
    plate: Short = ""
    carrier: Key | None = Field(None, description="A party, by its key.")
    max_weight_kg: Annotated[StrictInt, Field(ge=1, le=1_000_000)] | None = None
    max_volume_l: Annotated[StrictInt, Field(ge=1, le=10_000_000)] | None = None
    driver: Short = ""
    phone: Short = ""


class ShipmentEdit(VehicleIn):
    """Who drives, and when it is to leave."""

    planned_for: Instant | None = None
    note: Words = ""


class ShipmentLineIn(Taken):
    """So much of a lot from a bin."""

    lot: Scanned
    bin: Scanned
    quantity: Many


class ShipmentNew(ShipmentEdit):
    """A shipment by hand: a transfer between stores, or goods brought forward. Exactly one destination."""

    purpose: Purpose = Purpose.TRANSFER
    site: Key = Field(description="The sender, by its code.")
    to_site: Key | None = None
    to_point: UUID | None = None
    lines: Annotated[list[ShipmentLineIn], Field(min_length=1, max_length=300)]


class ReleaseShipmentIn(ShipmentEdit):
    """A shipment with what a release order still holds. Without a destination: its place in the incident.

    `fits`: only as much as the vehicle may carry; the rest waits for the next one.
    """

    fits: StrictBool = False
    to_site: Key | None = None
    to_point: UUID | None = None


class LoadLineIn(Taken):
    """Goods for the vehicle. `lot` and `bin` as scanned; other ones than planned need the note."""

    line: LineNumber
    quantity: Many
    lot: Scanned | None = None
    bin: Scanned | None = None
    serials: Pieces = []


class LoadIn(Taken):
    """What goes onto the vehicle, all or nothing."""

    lines: Annotated[list[LoadLineIn], Field(min_length=1, max_length=300)]
    over_reason: Words = Field("", description="Why it goes all the same, above the vehicle's limits.")
    note: Words = Field("", description="Why another lot or bin than planned.")


class ShipmentPartIn(Taken):
    """So much of a line, and why."""

    line: LineNumber
    quantity: Many
    note: Words = ""


class ShipmentReasonIn(Taken):
    """Why."""

    reason: Why


class DepartIn(Taken):
    """It leaves; expected there within this range."""

    eta_from: Instant | None = None
    eta_to: Instant | None = None


class ReportIn(Taken):
    """Where it is, in words or as a point, and when it will be there."""

    place: Words = ""
    at: Instant | None = None
    lat: Latitude | None = None
    lon: Longitude | None = None
    eta_from: Instant | None = None
    eta_to: Instant | None = None
    note: Words = ""


class RedirectIn(Taken):
    """Where it goes instead, and why."""

    to_site: Key | None = None
    to_point: UUID | None = None
    reason: Why


class ReceivedIn(Taken):
    """What came of a line: fit, damaged, turned away; the rest of what was loaded is missing."""

    line: LineNumber
    accepted: NoneOrMore
    damaged: NoneOrMore = 0
    rejected: NoneOrMore = 0
    reason: Words = ""
    serials: Pieces = []
    damaged_serials: Pieces = []


class ShipmentReceiveIn(Taken):
    """Who signs for which lines; `files` are photos or a signature that were uploaded before."""

    lines: Annotated[list[ReceivedIn], Field(min_length=1, max_length=300)]
    receiver: Short
    files: Annotated[list[UUID], Field(max_length=20)] = []
    driver: Short = Field("", description="Who drove and signs, where it is not who set out.")
    driver_files: Annotated[list[UUID], Field(max_length=5, description="The driver's signature.")] = []


class ShipmentLineOut(Given):
    """One lot: planned, loaded, and what came of it."""

    line: int
    item: str
    item_name: str
    unit: str
    unit_factor: int
    lot: str
    expires_on: date | None
    bin: str
    box: str = Field(description="The number of the box it is packed in; empty: loose.")
    quantity: int
    short: int
    loaded: int
    accepted: int
    damaged: int
    rejected: int
    missing: int
    returned: int
    lost: int
    on_board: int
    reason: str
    received_at: datetime | None


class ShipmentOut(Given):
    """One shipment. `allowed`: what you may do with it now. The arrival is a range."""

    id: UUID
    number: str
    status: Status
    purpose: Purpose
    site: str
    site_name: str
    to_site: str | None
    to_point: UUID | None
    destination: str
    incident: str | None
    release: UUID | None
    vehicle: str
    plate: str
    registered: UUID | None
    carrier: str
    driver: str
    phone: str
    max_weight_g: int | None
    max_volume_ml: int | None
    weight_g: int
    volume_ml: int
    unmeasured: int
    over_reason: str
    planned_for: datetime | None
    departed_at: datetime | None
    eta_from: datetime | None
    eta_to: datetime | None
    last_seen_at: datetime | None
    last_seen: str
    arrived_at: datetime | None
    closed_at: datetime | None
    receiver: str
    note: str
    open_cases: int
    version: int
    lines: list[ShipmentLineOut]
    allowed: list[str]


class ShipmentsPage(Given):
    """Shipments, those on the road first."""

    items: list[ShipmentOut]
    next_cursor: str | None


class ShipmentDone(Receipt):
    """The shipment, its new status and version; after a difference its case."""

    id: UUID
    number: str
    status: Status
    version: int
    case: UUID | None = None


class ReleaseDone(Receipt):
    """The release order and its new status."""

    id: UUID
    status: str
    version: int


class WhereaboutsOut(Given):
    """Where it was, as somebody reported."""

    at: datetime
    place: str
    lat: float | None
    lon: float | None
    eta_from: datetime | None
    eta_to: datetime | None
    note: str
    login: str


class WhereaboutsListOut(Given):
    """The newest first."""

    items: list[WhereaboutsOut]


# --- receiving points -----------------------------------------------------------------------------------------------


class PointIn(Taken):
    """A place where goods of an incident are received."""

    incident: UUID
    region: Key
    name: Short
    place: Words = ""
    lat: Latitude | None = None
    lon: Longitude | None = None
    receiver: Short = ""
    phone: Short = ""


class PointContactIn(Taken):
    """Who receives there now."""

    receiver: Short = ""
    phone: Short = ""


class PointDone(Receipt):
    """The receiving point and its version."""

    id: UUID
    version: int


class AtPointOut(Given):
    """What stands there: one lot in one condition."""

    lot: str
    item: str
    item_name: str
    unit: str
    unit_factor: int
    returnable: bool
    condition: str
    on_hand: int


class PointTotalOut(Given):
    """Totals of an item: came = handed out + brought back + written off + there."""

    item: str
    item_name: str
    unit: str
    unit_factor: int
    returnable: bool
    came: int
    handed_out: int
    brought_back: int
    written_off: int
    there: int


class PointOut(Given):
    """One receiving point."""

    id: UUID
    incident: UUID
    incident_number: str
    region_name: str
    name: str
    place: str
    lat: float | None
    lon: float | None
    receiver: str
    phone: str
    version: int


class PointCardOut(PointOut):
    """With what stands there, and the totals."""

    there: list[AtPointOut]
    totals: list[PointTotalOut]


class PointsPage(Given):
    """The newest first."""

    items: list[PointOut]
    next_cursor: str | None


class GivenIn(Taken):
    """Goods at the point."""

    lot: Scanned
    quantity: Many
    condition: Annotated[str, StringConstraints(pattern="^(good|awaiting|frozen|damaged)$")] = "good"
    serials: Pieces = []


class HandOutIn(Taken):
    """What is given to those who need it."""

    lines: Annotated[list[GivenIn], Field(min_length=1, max_length=300)]
    note: Words = ""


class BringBackIn(HandOutIn):
    """What goes back into a store; `damaged`: graded so at the gate, else it awaits inspection."""

    site: Key
    damaged: StrictBool = False


class PointWriteOffIn(Taken):
    """What was worn out or lost in use, and on which ground."""

    lines: Annotated[list[GivenIn], Field(min_length=1, max_length=300)]
    note: Why


# --- the recovery ledger --------------------------------------------------------------------------------------------


class DrawUpIn(Taken):
    """Of which incident."""

    incident: UUID


class DrawnUp(Receipt):
    """How many duties there are now, and how many were new or changed."""

    incident: UUID
    changed: int
    duties: int


class DutyEdit(Taken):
    """Until when, with where that is written, and who pays."""

    due_on: date
    due_source: Line
    payer: Key | None = None
    note: Words = ""


class FillIn(Taken):
    """Goods came back: with which delivery or shipment, by its number."""

    quantity: Many
    document: Key
    note: Words = ""


class FillOut(Given):
    """Goods that came back."""

    quantity: int
    document: str
    at: datetime
    login: str
    note: str


class DutyOut(Given):
    """What has to be made good. `back`: has come back; `rest`: still owed."""

    id: UUID
    incident: UUID
    incident_number: str
    region: str
    region_name: str
    payer: str | None
    item: str
    item_name: str
    unit: str
    unit_factor: int
    quantity: int
    back: int
    rest: int
    due_on: date
    due_source: str
    late: bool
    note: str
    status: DutyStatus
    version: int
    fills: list[FillOut]
    allowed: list[str]


class DutiesPage(Given):
    """The first due first."""

    items: list[DutyOut]
    next_cursor: str | None


class DutyDone(Receipt):
    """The duty, its new status and version."""

    id: UUID
    status: DutyStatus
    version: int
