"""Nouns of deliveries. Quantities are whole base units; money is fen; expected and shelf dates are dates."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class DeliveryKind(StrEnum):
    """采购, 捐赠, 调入."""

    PURCHASE = "purchase"
    DONATION = "donation"
    TRANSFER = "transfer"


class Status(StrEnum):
    """A delivery's life; the way between them is `workflow.DELIVERY`."""

    DRAFT = "draft"
    ANNOUNCED = "announced"
    RECEIVING = "receiving"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class RefuseReason(StrEnum):
    """Why goods were turned away at the gate: 错货, 损坏, 多送. They never enter stock."""

    WRONG = "wrong"
    DAMAGED = "damaged"
    OVER = "over"


RECEIVABLE = frozenset({Status.ANNOUNCED, Status.RECEIVING})
"""Goods may be scanned in against these."""
DOCUMENT = "delivery"
"""`document_kind` of the moves that a delivery made."""


@dataclass(frozen=True, slots=True)
class NewLine:
    """An expected line. The facts are what order or delivery note say; what is scanned wins over them. `order_line` is
    the line of the delivery's order that it brings."""

    item_id: int
    quantity: int
    maker_batch: str | None = None
    produced_on: date | None = None
    expires_on: date | None = None
    price_fen: int | None = None
    price_per: int = 1
    order_line: int | None = None


@dataclass(frozen=True, slots=True)
class DeliveryFacts:
    """The head of a delivery. `expected_on` is the day it should arrive."""

    kind: DeliveryKind
    owner_region_id: int
    supplier_id: int | None = None
    fund_source: str | None = None
    note_number: str = ""
    invoice_number: str = ""
    expected_on: date | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Goods of a line that were turned away at the gate."""

    reason: RefuseReason
    quantity: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Stray:
    """Goods that came with a delivery, stand in none of its lines and were turned away; said by who saw them."""

    what: str
    quantity: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """One line with what became of it. `received` comes from the moves (reversals subtract), `damaged` is the part of
    it that came in as damaged; `refused` was turned away and never entered stock."""

    line: int
    item_id: int
    item_key: str
    item: str
    unit: str
    unit_factor: int
    tracking: str
    quantity: int
    received: int
    damaged: int
    refused: int
    refusals: tuple[Refusal, ...]
    maker_batch: str | None
    produced_on: date | None
    expires_on: date | None
    price_fen: int | None
    price_per: int

    @property
    def rest(self) -> int:
        """Still to come, never below zero; short, once the delivery is closed."""
        return max(self.quantity - self.received - self.refused, 0)

    @property
    def over(self) -> int:
        """How much more entered stock than was ordered."""
        return max(self.received - self.quantity, 0)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One expected arrival with its lines."""

    id: UUID
    seq: int
    number: str
    site_id: int
    site_code: str
    site_name: str
    path: str
    status: Status
    kind: DeliveryKind
    owner_region_id: int
    owner_region: str
    owner_name: str
    fund_source: str | None
    supplier_id: int | None
    supplier: str | None
    supplier_name: str | None
    note_number: str
    invoice_number: str
    expected_on: date | None
    created_at: datetime
    created_by: str
    version: int
    strays: tuple[Stray, ...] = ()
    order_id: UUID | None = None
    order: str | None = None
    lines: tuple[DeliveryLine, ...] = ()

    @property
    def receivable(self) -> bool:
        """Whether goods may be scanned in against it now."""
        return self.status in RECEIVABLE

    @property
    def facts(self) -> DeliveryFacts:
        """The editable head, to change with `dataclasses.replace`."""
        return DeliveryFacts(
            self.kind,
            self.owner_region_id,
            self.supplier_id,
            self.fund_source,
            self.note_number,
            self.invoice_number,
            self.expected_on,
        )


@dataclass(frozen=True, slots=True)
class Expected:
    """What is still to come on one line of an announced delivery."""

    item_id: int
    owner_region_id: int
    site_id: int
    expected_on: date | None
    expires_on: date | None
    quantity: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Why a closed delivery needs a discrepancy case: one entry per line and kind (short, over, damaged, refused,
    unplanned, wrong)."""

    line: int | None
    kind: str
    item: str
    expected: int
    received: int
    refused: int
    quantity: int
    reason: str = ""
