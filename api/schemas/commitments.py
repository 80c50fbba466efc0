"""Commitments as JSON. Quantities of an item are base units; of a class, whole units of its own. Money is fen."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictBool, StrictInt, StringConstraints

from api.schemas.base import PLAIN, Given, Instant, Key, Line, Receipt, Taken
from catalog.kernel.quantity import MAX_QUANTITY
from warehouse.commitments.model import CallStatus, Form, PriceRule, Status

Many = Annotated[StrictInt, Field(ge=1, le=MAX_QUANTITY)]
NoneOrMore = Annotated[StrictInt, Field(ge=0, le=MAX_QUANTITY)]
Hours = Annotated[StrictInt, Field(ge=0, le=8_760)]
Percent = Annotated[StrictInt, Field(ge=0, le=100)]
Said = Annotated[str, StringConstraints(strict=True, max_length=500, pattern=PLAIN, strip_whitespace=True)]
Whence = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=500, pattern=PLAIN, strip_whitespace=True)
]


class CommitmentEdit(Taken):
    """What a commitment says. `price_fen` is for `price_per` base units (or units of the class)."""

    form: Form = Form.AGREEMENT
    number: Line
    quantity: Many
    response_hours: Hours
    confidence: Percent
    confidence_source: Whence = "unverified"
    unit: Annotated[str, StringConstraints(strict=True, max_length=20, pattern=PLAIN, strip_whitespace=True)] = ""
    price_rule: PriceRule = PriceRule.LATER
    price_fen: NoneOrMore | None = None
    price_per: Many = 1
    valid_from: date | None = Field(None, description="First day in force; today by default.")
    valid_to: date = Field(description="Last day in force.")
    handover: Said = Field("", description="Where to draw from, and how.")
    source: Whence = "unverified"
    note: Said = ""


class CommitmentIn(CommitmentEdit):
    """A new commitment: for one region, of one party, of one item or class. `sign`: in force at once."""

    region: Key
    party: Key
    item: Key | None = None
    class_code: Key | None = Field(None, description="Of the scheme in which items have their main class.")
    sign: StrictBool = False


class CommitmentOut(Given):
    """One commitment. `confidence` is what counts today; `stated_confidence` is what the contract or planner says.

    `left`: what can still be called off. `ended`: its last day has passed. `allowed`: what you may do with it now.
    """

    id: UUID
    region: str
    region_name: str
    party: str
    party_name: str
    form: Form
    number: str
    item: str | None
    class_code: str | None
    goods_name: str
    unit: str
    unit_factor: int
    quantity: int
    left: int
    response_hours: int
    confidence: int
    stated_confidence: int
    confidence_source: str
    results: int
    price_rule: PriceRule
    price_fen: int | None
    price_per: int
    valid_from: date
    valid_to: date
    ended: bool
    handover: str
    source: str
    note: str
    status: Status
    version: int
    allowed: list[str]


class CommitmentsPage(Given):
    """Commitments, by the day they end."""

    items: list[CommitmentOut]
    next_cursor: str | None


class EndingOut(Given):
    """Commitments that end soon or have ended and are not retired."""

    day: date
    items: list[CommitmentOut]


class CommitmentDone(Receipt):
    """The commitment, its new version and status; after a drill also its confidence."""

    id: UUID
    version: int
    status: Status
    confidence: int | None = None


class PromiseOut(Given):
    """What may be counted on for a region. `counted` is the quantity times its confidence, rounded down."""

    commitment: UUID
    number: str
    party_name: str
    form: Form
    region: str
    item: str | None
    class_code: str | None
    quantity: int
    confidence: int
    counted: int
    response_hours: int
    price_fen: int | None
    price_per: int
    valid_to: date


class PromisedOut(Given):
    """What may be counted on that day."""

    day: date
    items: list[PromiseOut]


class DrillIn(Taken):
    """A try-out: so much asked for, so much shown after so many hours."""

    on: date
    asked: Many
    shown: NoneOrMore
    hours: Hours
    note: Said = ""


class CallIn(Taken):
    """Goods to call off: how much, why, and where to."""

    quantity: Many
    reason: Line
    place: Said = ""


class CommitmentArrivalOut(Given):
    """What came: how much, when, with which document."""

    quantity: int
    arrived_at: datetime
    document_number: str
    note: str
    login: str


class CallOut(Given):
    """One call-off. `due_at`: the promised hour; `papers_due_at`: until when a spoken order must be on paper."""

    id: UUID
    number: str
    commitment: UUID
    quantity: int
    came: int
    place: str
    reason: str
    status: CallStatus
    spoken: bool
    order_number: str
    requested_at: datetime
    requested_by: str
    activated_at: datetime | None
    activated_by: str
    closed_at: datetime | None
    due_at: datetime | None
    spoken_by: str
    spoken_to: str
    papers_due_at: Instant | None
    paper_owed: bool
    paper_file: UUID | None
    paper_filed_by: str
    paper_checked_by: str
    arrivals: list[CommitmentArrivalOut]
    version: int
    allowed: list[str]


class CallsOut(Given):
    """The call-offs of a commitment, the newest first."""

    items: list[CallOut]


class CallDone(Receipt):
    """The call-off, its new version and status."""

    id: UUID
    number: str
    version: int
    status: CallStatus


class ActivateIn(Taken):
    """The activation order: its number, or spoken for now: then by whom and to whom."""

    order_number: Said = ""
    spoken: StrictBool = False
    spoken_by: Said = ""
    spoken_to: Said = ""


class OrderPaperIn(Taken):
    """The paper of an order that was spoken: its number, and the scan: files that were uploaded and belong to nothing
    yet."""

    order_number: Line
    photos: list[UUID] = Field(min_length=1, max_length=5)


class ArrivalOfCallIn(Taken):
    """So much came, now or at `arrived_at`. `delivery`: the number of the delivery it came with."""

    quantity: Many
    arrived_at: Instant | None = None
    delivery: Key | None = None
    note: Said = ""
