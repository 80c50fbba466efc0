"""Nouns of orders (采购申请单, 订单). Quantities are whole base units; money is fen; a day is a Shanghai date."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from catalog.kernel.money import Price, amount
from catalog.kernel.parameters import UNVERIFIED, Kind, Parameter, declare

ORDER_DOCUMENT = "order"
"""`document_kind` of the cases that an order opened."""


class OrderKind(StrEnum):
    """政府采购, 紧急采购, 协议调用, 紧急生产, 调入 (goods that another authority gives)."""

    PROCUREMENT = "procurement"
    EMERGENCY_PURCHASE = "emergency-purchase"
    CALL_OFF = "call-off"
    EMERGENCY_PRODUCTION = "emergency-production"
    TRANSFER = "transfer"


BOUGHT = frozenset(set(OrderKind) - {OrderKind.TRANSFER})
"""These cost money: they need a supplier, prices, a fund source and room in its budget."""
URGENT = frozenset({OrderKind.EMERGENCY_PURCHASE, OrderKind.EMERGENCY_PRODUCTION})
"""These leave out the usual way of buying and so must say why."""


class OrderStatus(StrEnum):
    """An order's life; the way between them is `workflow.ORDER`. Partly received and received are never stored: they
    follow from the moves that its deliveries posted, so a scan that is undone takes them back."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ENDORSED = "endorsed"
    APPROVED = "approved"
    ORDERED = "ordered"
    PARTLY_RECEIVED = "partly_received"
    RECEIVED = "received"
    CLOSED = "closed"
    CANCELLED = "cancelled"


DUE = frozenset({OrderStatus.ORDERED, OrderStatus.PARTLY_RECEIVED})
"""Goods of these are still to come."""
SECOND_APPROVAL_ABOVE = "order.second-approval-above"
declare(
    Parameter(
        SECOND_APPROVAL_ABOVE,
        50_000_000,
        Kind.WHOLE,
        "fen",
        "订单须两级审批的金额",
        "Order amount that needs two approvals",
        "订单金额超过此数，先由一名审批人初审，再由另一名审批人批准",
        "An order of more than this is endorsed by one approver and approved by another",
        UNVERIFIED,
        low=0,
        high=10**14,
    )
)


@dataclass(frozen=True, slots=True)
class NewOrderLine:
    """A line to order. `pack_id` only says in what it is bought; `why` is where the quantity comes from."""

    item_id: int
    quantity: int
    price_fen: int | None = None
    price_per: int = 1
    expected_on: date | None = None
    pack_id: int | None = None
    why: str = ""

    @property
    def amount_fen(self) -> int | None:
        """What the line costs; None without a price."""
        return None if self.price_fen is None else amount(Price(self.price_fen, self.price_per), self.quantity)


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """The head of an order. `budget_year` is the year whose money pays; `reason` is why it is urgent."""

    kind: OrderKind
    owner_region_id: int
    site_id: int
    budget_year: int
    supplier_id: int | None = None
    fund_source: str | None = None
    contract: str = ""
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line with what came of it: `received` and `damaged` are sums of moves, `refused` was turned away at the gate,
    `announced` is what open deliveries still bring."""

    line: int
    item_id: int
    item_key: str
    item: str
    spec: str
    unit: str
    unit_factor: int
    quantity: int
    pack_id: int | None
    pack: str | None
    pack_factor: int | None
    price_fen: int | None
    price_per: int
    amount_fen: int | None
    expected_on: date | None
    why: str
    received: int = 0
    damaged: int = 0
    refused: int = 0
    announced: int = 0

    @property
    def rest(self) -> int:
        """Still to come, never below zero."""
        return max(self.quantity - self.received, 0)

    @property
    def to_announce(self) -> int:
        """Still to come, and in no open delivery: what a further delivery would bring."""
        return max(self.rest - self.announced, 0)


@dataclass(frozen=True, slots=True)
class PartDelivery:
    """A delivery that brings, or brought, goods of an order."""

    id: UUID
    number: str
    status: str
    expected_on: date | None


@dataclass(frozen=True, slots=True)
class Order:
    """One order. `number` is None until it is issued; `authors` are all who wrote or submitted it."""

    id: UUID
    seq: int
    number: str | None
    kind: OrderKind
    status: OrderStatus
    owner_region_id: int
    owner_key: str
    owner_name: str
    owner_path: str
    site_id: int
    site_code: str
    site_name: str
    site_path: str
    supplier_id: int | None
    supplier: str | None
    supplier_name: str | None
    fund_source: str | None
    budget_year: int
    contract: str
    reason: str
    note: str
    revision: int
    authors: tuple[str, ...]
    created_at: datetime
    created_by: str
    endorsed_by: str
    approved_by: str
    over_budget_reason: str
    ordered_at: datetime | None
    ended_at: datetime | None
    end_reason: str
    version: int
    lines: tuple[OrderLine, ...] = ()
    deliveries: tuple[PartDelivery, ...] = ()

    @property
    def total_fen(self) -> int:
        """What all lines with a price cost."""
        return sum(line.amount_fen or 0 for line in self.lines)

    @property
    def name(self) -> str:
        """Its number, or what a draft is called before it has one."""
        return self.number or f"#{self.seq}"

    @property
    def facts(self) -> OrderFacts:
        """The editable head."""
        return OrderFacts(
            self.kind,
            self.owner_region_id,
            self.site_id,
            self.budget_year,
            self.supplier_id,
            self.fund_source,
            self.contract,
            self.reason,
            self.note,
        )


class ExpectedFrom(StrEnum):
    """What promises an arrival: an issued order, a delivery without an order, or an order not issued yet."""

    ORDER = "order"
    DELIVERY = "delivery"
    PLANNED = "planned"


@dataclass(frozen=True, slots=True)
class OnOrder:
    """So much of an item is to arrive at a site, for an owner, on a day (None: nobody said when)."""

    source: ExpectedFrom
    document_id: UUID
    number: str
    line: int
    item_id: int
    site_id: int
    owner_region_id: int
    quantity: int
    expected_on: date | None


@dataclass(frozen=True, slots=True)
class LateLine:
    """A line of an issued order whose day has passed and of which something is still to come."""

    order_id: UUID
    number: str
    line: int
    item_id: int
    item: str
    unit: str
    unit_factor: int
    site_id: int
    site_code: str
    site_path: str
    owner_region_id: int
    owner_path: str
    supplier_id: int | None
    supplier_name: str | None
    expected_on: date
    days: int
    quantity: int
    rest: int


@dataclass(frozen=True, slots=True)
class Offer:
    """At what price a supplier last sold an item to the house, and how long it usually takes him (None: not known)."""

    supplier_id: int
    item_id: int
    price_fen: int
    price_per: int
    lead_days: int | None


@dataclass(frozen=True, slots=True)
class SupplierRecord:
    """What came of a supplier's orders, counted by line. `on_time` and `late` are of lines that came in full and had a
    day; `lead_days` is the median from issue to last receipt; `short` closed with less, `refused` was turned away."""

    orders: int
    open_orders: int
    lines: int
    complete: int
    on_time: int
    late: int
    short: int
    refused: int
    damaged: int
    overdue: int
    lead_days: int | None
    value_fen: int
