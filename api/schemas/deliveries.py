"""Deliveries, as the API takes and shows them. Quantities are base units; money is fen."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictBool, StringConstraints

from api.schemas.base import PLAIN, Given, Key, Line, Receipt, Taken
from api.schemas.catalog import Amount, Day, Positive
from warehouse.replenishment.model import DeliveryKind, RefuseReason, Status

Seen = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=120, pattern=PLAIN)]
Short = Annotated[str, StringConstraints(strict=True, max_length=200, pattern=PLAIN)]


class DeliveryLineIn(Taken):
    """An expected line; what is scanned wins over its facts."""

    item: Key
    quantity: Positive
    maker_batch: Line | None = None
    produced_on: Day | None = None
    expires_on: Day | None = None
    price_fen: Amount | None = None
    price_per: Positive = 1


class DeliveryFactsIn(Taken):
    """The head of a delivery."""

    kind: DeliveryKind = DeliveryKind.PURCHASE
    owner_region: Key | None = Field(None, description="Without it the region the site keeps goods for, or its own.")
    supplier: Key | None = None
    fund_source: Line | None = None
    note_number: Short = ""
    invoice_number: Short = ""
    expected_on: Day | None = None


class DeliveryNew(DeliveryFactsIn):
    """A delivery to a site."""

    site: Key
    lines: list[DeliveryLineIn] = Field(min_length=1, max_length=500)
    announce: StrictBool = Field(False, description="It is on its way: it may be received at once.")


class DeliveryEdit(DeliveryFactsIn):
    """The head as a whole; the lines too where they are sent."""

    lines: list[DeliveryLineIn] | None = Field(None, min_length=1, max_length=500)


class RefuseIn(Taken):
    """Goods turned away at the gate; they never enter stock."""

    quantity: Positive
    reason: RefuseReason
    note: Short = ""


class StrayIn(Taken):
    """Goods that stand in no line of the delivery and are turned away; `what` was seen: a name, a code, words."""

    what: Seen
    quantity: Positive
    note: Short = ""


class StrayOut(Given):
    """Goods that stood in no line and were turned away."""

    what: str
    quantity: int
    note: str


class RefusalOut(Given):
    """Goods turned away."""

    reason: RefuseReason
    quantity: int
    note: str


class DeliveryLineOut(Given):
    """One line with what became of it."""

    line: int
    item: str
    item_name: str
    unit: str
    unit_factor: int
    tracking: str
    quantity: int
    received: int
    damaged: int
    refused: int
    rest: int
    refusals: list[RefusalOut]
    maker_batch: str | None
    produced_on: date | None
    expires_on: date | None
    price_fen: int | None
    price_per: int


class DeliveryOut(Given):
    """One delivery. `allowed` are the verbs that would succeed now."""

    id: UUID
    number: str
    site: str
    site_name: str
    status: Status
    receivable: bool
    kind: DeliveryKind
    owner_region: str
    owner_name: str
    fund_source: str | None
    supplier: str | None
    supplier_name: str | None
    note_number: str
    invoice_number: str
    expected_on: date | None
    created_at: datetime
    created_by: str
    version: int
    allowed: list[str]
    strays: list[StrayOut]
    lines: list[DeliveryLineOut]


class DeliveriesPage(Given):
    """Deliveries, the newest first."""

    items: list[DeliveryOut]
    next_cursor: str | None


class DeliveryDone(Receipt):
    """What was done to a delivery. `case` names the discrepancy case that its closing opened."""

    verb: str
    delivery: UUID
    number: str
    status: Status
    version: int
    case: UUID | None = None
    differences: int = 0
