"""Nouns of fulfilment. Quantities are whole base units, weights grams, volumes millilitres; instants are aware UTC."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from catalog.kernel.parameters import UNVERIFIED, Kind, Parameter, declare
from warehouse.stock.model import DocumentRef

SHIPMENT = "shipment"
POINT = "receiving-point"
"""`document_kind` of the moves of a shipment, and of those at a receiving point."""
LONGEST_TEXT = 500
LONGEST_NAME = 120
MOST_LINES = 300
SIGNATURE = "signature"
"""The name, but for its ending, under which the page uploads a signature that was drawn on the screen."""

RECOVERY_DAYS = Parameter(
    "recovery.days", 90, Kind.WHOLE, "days",
    name_zh="回收补充期限", name_en="Days to make good what was used",
    meaning_zh="自事件响应结束（未结束的自登记）之日起，动用的储备须在这些天内补足",
    meaning_en="Used stores must be back so many days after the response ended (after the entry while it goes on)",
    source=UNVERIFIED, low=1, high=1_000,
)  # fmt: skip
SSCC_PREFIX = Parameter(
    "shipment.company-prefix", "", Kind.TEXT,
    name_zh="GS1 厂商识别代码", name_en="GS1 company prefix",
    meaning_zh="向中国物品编码中心申请的厂商识别代码（7 到 10 位）。填写后箱和托盘标签用 SSCC，不填只用本系统编号",
    meaning_en="The house's own GS1 company prefix (7 to 10 digits). With it labels of boxes and pallets carry an SSCC;"
    " without one they carry our own number only",
    source="GS1 General Specifications: an SSCC is built on a licensed company prefix",
    low=0, high=10,
)  # fmt: skip
declare(RECOVERY_DAYS, SSCC_PREFIX)


class Purpose(StrEnum):
    """Why goods travel: ordered for an incident, moved between stores, or brought forward before it comes."""

    RELEASE = "release"
    TRANSFER = "transfer"
    FORWARD = "forward"


class Status(StrEnum):
    """A shipment's life."""

    PREPARED = "prepared"
    LOADING = "loading"
    ON_ROAD = "on_road"
    ARRIVED = "arrived"
    RECEIVED = "received"
    CLOSED = "closed"
    CANCELLED = "cancelled"


MOVING = (Status.ON_ROAD, Status.ARRIVED, Status.LOADING, Status.PREPARED, Status.RECEIVED)
"""Under way, in the order in which a list shows them; the rest is history."""


@dataclass(frozen=True, slots=True)
class Vehicle:
    """What drives, and who: `driver` and `phone` lie in a table that is purged. Limits None: not known.

    `registered`: it stands in the register of vehicles; then plate, carrier and limits come from there, and kind,
    driver and phone where none is given.
    """

    vehicle: str = ""
    plate: str = ""
    carrier_id: int | None = None
    carrier: str = ""
    max_weight_g: int | None = None
    max_volume_ml: int | None = None
    driver: str = ""
    phone: str = ""
    registered: UUID | None = None


@dataclass(frozen=True, slots=True)
class NewLine:
    """So much of a lot from a place. `release_line` and `need_id`: what ordered it."""

    lot_id: int
    place_id: int
    quantity: int
    release_line: UUID | None = None
    need_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """Weight and volume of so many base units (`per`) of an item; None: not known."""

    weight_g: int | None
    volume_ml: int | None
    per: int


@dataclass(frozen=True, slots=True)
class ShipmentFacts:
    """What is said of a new shipment. Exactly one of `to_site_id` and `to_point`."""

    purpose: Purpose
    from_site_id: int
    to_site_id: int | None = None
    to_point: UUID | None = None
    release_id: UUID | None = None
    vehicle: Vehicle = Vehicle()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One lot of a shipment. What became of it comes from the moves; `short` was not there to be loaded.

    `loaded` stands on the vehicle or has left it: accepted, damaged (both are at the destination), rejected or missing.
    """

    line: int
    item_id: int
    item_key: str
    item: str
    item_en: str | None
    unit: str
    unit_factor: int
    tracking: str
    weight_g: int | None
    volume_ml: int | None
    lot_id: int
    lot: str
    expires_on: date | None
    place_id: int
    place: str
    place_key: str
    quantity: int
    short: int
    short_note: str
    loaded: int
    accepted: int
    damaged: int
    returned: int
    lost: int
    rejected: int
    missing: int
    reason: str
    received_at: datetime | None
    release_line: UUID | None
    need_id: UUID | None
    box_id: UUID | None = None
    box: str = ""
    pieces: tuple[int, ...] = ()
    """The numbered pieces that were packed."""

    @property
    def rest(self) -> int:
        """Still to be loaded."""
        return max(self.quantity - self.loaded - self.short, 0)

    @property
    def on_board(self) -> int:
        """Still in the shipment's place on the ledger."""
        return self.loaded - self.accepted - self.damaged - self.returned - self.lost

    @property
    def settled(self) -> bool:
        """The receiver has said what came of it, or nothing of it left."""
        return self.received_at is not None or self.loaded == 0

    @property
    def differs(self) -> bool:
        """Whether something else came than was loaded."""
        return bool(self.damaged or self.rejected or self.missing)


@dataclass(frozen=True, slots=True)
class End:
    """Where a shipment starts or ends: a site, or a receiving point kept in the books of one."""

    site_id: int
    code: str
    name: str
    name_en: str | None
    path: str
    point: UUID | None = None


@dataclass(frozen=True, slots=True)
class Shipment:
    """One vehicle's load on its way, with its lines in walking order."""

    id: UUID
    seq: int
    number: str
    status: Status
    purpose: Purpose
    place_id: int
    incident_id: UUID | None
    incident: str | None
    release_id: UUID | None
    vehicle: Vehicle
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
    version: int
    created_at: datetime
    created_by: str
    open_cases: int
    start: End
    end: End
    to_place: int | None
    """The ledger place of the receiving point; None at a site (its staging is chosen when it arrives)."""
    lines: tuple[Line, ...] = ()

    @property
    def document(self) -> DocumentRef:
        """What its moves refer to."""
        return DocumentRef(SHIPMENT, self.id)


@dataclass(frozen=True, slots=True)
class Coming:
    """A shipment that its destination has to receive: when it left or was last sent elsewhere, and by whom."""

    shipment: Shipment
    sent_at: datetime
    sent_by: str


@dataclass(frozen=True, slots=True)
class Load:
    """How much stands on the vehicle. `unmeasured` lines have goods without weight or volume: the sums say at least."""

    weight_g: int
    volume_ml: int
    unmeasured: int


@dataclass(frozen=True, slots=True)
class Loading:
    """Goods for the vehicle: of a line as planned, or of another lot or bin with a reason."""

    line: int
    quantity: int
    lot_id: int | None = None
    place_id: int | None = None
    serial_ids: tuple[int, ...] = ()


class BoxKind(StrEnum):
    """What goods of a shipment are packed in."""

    BOX = "box"
    PALLET = "pallet"


class BoxStatus(StrEnum):
    """Being packed, closed with its label, or given up. Loaded and received is what its lines are."""

    OPEN = "open"
    CLOSED = "closed"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Box:
    """A box or pallet of a shipment: a group of its lines. `gross_g`: as weighed."""

    id: UUID
    shipment_id: UUID
    kind: BoxKind
    number: str
    sscc: str | None
    status: BoxStatus
    gross_g: int | None
    made_at: datetime
    made_by: str


@dataclass(frozen=True, slots=True)
class Packing:
    """So much of a lot for a box, of the line that has it (in `place_id`, where that is said)."""

    lot_id: int
    quantity: int
    place_id: int | None = None
    serial_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Received:
    """What the receiver says of one line: of what was loaded so much is fit, so much damaged, so much turned away;
    the rest is missing. `serials`: which pieces are which, for goods told apart by number."""

    line: int
    accepted: int
    damaged: int = 0
    rejected: int = 0
    reason: str = ""
    serials: tuple[int, ...] = ()
    damaged_serials: tuple[int, ...] = ()


class Signer(StrEnum):
    """As what somebody signs on the screen."""

    RECEIVER = "receiver"
    DRIVER = "driver"


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature drawn on the screen, and whose it is; the name is empty once it was purged."""

    file_id: UUID
    signer: Signer
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """Where a vehicle was, and when it will be there: a range, never a minute."""

    at: datetime
    place: str
    lat: float | None
    lon: float | None
    eta_from: datetime | None
    eta_to: datetime | None
    note: str
    login: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """It was going to `name` and was sent elsewhere."""

    at: datetime
    name: str
    reason: str
    login: str


@dataclass(frozen=True, slots=True)
class PointFacts:
    """A receiving point of an incident. `receiver` and `phone` lie in a table that is purged."""

    incident_id: UUID
    region_id: int
    name: str
    place: str = ""
    lat: float | None = None
    lon: float | None = None
    receiver: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """A receiving point with its place on the ledger and the site in whose books that stands."""

    id: UUID
    seq: int
    incident_id: UUID
    incident: str
    incident_status: str
    region_id: int
    region_zh: str
    region_en: str | None
    path: str
    name: str
    place: str
    lat: float | None
    lon: float | None
    receiver: str
    phone: str
    site_id: int
    place_id: int
    version: int


@dataclass(frozen=True, slots=True)
class AtPoint:
    """What stands at a receiving point: one lot in one condition."""

    lot_id: int
    lot: str
    item_id: int
    item_key: str
    item: str
    item_en: str | None
    unit: str
    unit_factor: int
    tracking: str
    returnable: bool
    condition: str
    on_hand: int
    expires_on: date | None


@dataclass(frozen=True, slots=True)
class PointTotal:
    """Totals of an item at a receiving point: came = handed out + brought back + written off + still there."""

    item_key: str
    item: str
    item_en: str | None
    unit: str
    unit_factor: int
    returnable: bool
    came: int
    handed_out: int
    brought_back: int
    written_off: int
    there: int


@dataclass(frozen=True, slots=True)
class Given:
    """Goods at the point to hand out, bring back or write off."""

    lot_id: int
    quantity: int
    condition: str = "good"
    serial_ids: tuple[int, ...] = ()


class Left(StrEnum):
    """What an incident can have left undone, in the order in which it is told."""

    NEEDS = "needs"
    REQUISITIONS = "requisitions"
    ORDERS = "orders"
    SHIPMENTS = "shipments"
    GOODS = "goods"
    CASES = "cases"
    PAPERS = "papers"
    CALLS = "calls"
    RECOVERY = "recovery"


STOPS = (Left.NEEDS, Left.REQUISITIONS, Left.ORDERS, Left.SHIPMENTS)
"""Somebody waits for goods, or goods are still on their way: with these no incident is closed. The rest is owed beyond
its close and has a list of its own each; it is closed over with a reason, which is kept."""


@dataclass(frozen=True, slots=True)
class Undone:
    """One thing that an incident has left: a need, requisition, order, shipment, point, case, or duty, by its id."""

    kind: Left
    id: UUID
    zh: str
    en: str | None


class DutyStatus(StrEnum):
    """A replenishment duty's life."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Used:
    """What an incident used of an item that a region owned: handed out, worn out or lost on the way there."""

    region_id: int
    path: str
    item_id: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Owed:
    """What open duties of one region and item want made good together, and what has come since the first was drawn up:
    what was counted against them, or what suppliers brought, whichever is more. `incident`: the number of the first."""

    region_id: int
    item_id: int
    incident: str
    quantity: int
    came: int


@dataclass(frozen=True, slots=True)
class Duty:
    """What has to be made good, by the region that owned it (it pays unless `payer` says otherwise)."""

    id: UUID
    seq: int
    incident_id: UUID
    incident: str
    status: DutyStatus
    region_id: int
    region_key: str
    region_zh: str
    region_en: str | None
    path: str
    payer_id: int | None
    payer: str | None
    item_id: int
    item_key: str
    item: str
    item_en: str | None
    unit: str
    unit_factor: int
    quantity: int
    back: int
    due_on: date
    due_source: str
    note: str
    version: int
    closed_at: datetime | None
    closed_by: str

    @property
    def rest(self) -> int:
        """Still to come back."""
        return max(self.quantity - self.back, 0)

    def late(self, today: date) -> bool:
        """Not back in time."""
        return self.status is DutyStatus.OPEN and self.rest > 0 and self.due_on < today


@dataclass(frozen=True, slots=True)
class Fill:
    """Goods that came back against a duty, with the paper that proves it."""

    quantity: int
    document_kind: str
    document_id: UUID
    document_number: str
    at: datetime
    login: str
    note: str
