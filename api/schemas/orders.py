"""Orders, budgets and what is on its way, as JSON. Quantities are base units; money is fen."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictBool, StrictInt, StringConstraints

from api.schemas.base import PLAIN, Given, Key, Line, Note, Receipt, Taken
from api.schemas.catalog import Amount, Day, Positive
from warehouse.replenishment.model import ExpectedFrom, Measure, OrderKind, OrderStatus, Standing

Short = Annotated[str, StringConstraints(strict=True, max_length=200, pattern=PLAIN)]
Year = Annotated[StrictInt, Field(ge=2000, le=2200)]
Number = Annotated[StrictInt, Field(ge=1, le=10_000)]
Said = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=500, pattern=PLAIN, strip_whitespace=True)
]
Fen = Annotated[StrictInt, Field(ge=0, le=10**16)]


class OrderLineIn(Taken):
    """A line to order; a price is fen for every `price_per` base units. `why`: where the quantity comes from."""

    item: Key
    quantity: Positive
    price_fen: Amount | None = None
    price_per: Positive = 1
    expected_on: Day | None = None
    pack: Key | None = Field(None, description="Key of the pack in which it is bought.")
    why: Note = ""


class OrderFactsIn(Taken):
    """The head of an order. `reason` says why it is urgent (emergency purchase and production need one)."""

    kind: OrderKind
    site: Key = Field(description="Where it is to be delivered.")
    owner_region: Key | None = Field(None, description="Without it the region the site keeps goods for, or its own.")
    supplier: Key | None = None
    fund_source: Line | None = None
    budget_year: Year | None = Field(None, description="The year whose money pays; this year by default.")
    contract: Short = ""
    reason: Note = ""
    note: Note = ""


class OrderNew(OrderFactsIn):
    """An order, kept as a draft or submitted at once."""

    lines: list[OrderLineIn] = Field(min_length=1, max_length=200)
    submit: StrictBool = False


class OrderEdit(OrderFactsIn):
    """The head as a whole; the lines too where they are sent."""

    lines: list[OrderLineIn] | None = Field(None, min_length=1, max_length=200)


class ApproveIn(Taken):
    """`over_budget_reason`: why it is approved though the budget has not enough left."""

    over_budget_reason: Annotated[str, StringConstraints(strict=True, max_length=500, pattern=PLAIN)] = ""


class OrderReasonIn(Taken):
    """Why."""

    reason: Said


class OrderCloseIn(Taken):
    """Why nothing more will come; needed where something is missing."""

    reason: Annotated[str, StringConstraints(strict=True, max_length=500, pattern=PLAIN)] = ""


class DeliverPart(Taken):
    """So much of a line."""

    line: Number
    quantity: Positive


class DeliverIn(Taken):
    """A further delivery: of these parts, or of all that no open delivery brings."""

    expected_on: Day | None = None
    parts: list[DeliverPart] = Field(default_factory=list, max_length=200)


class NewDay(Taken):
    """The day on which a line will come now."""

    line: Number
    expected_on: Day


class RescheduleIn(Taken):
    """Other days, as the supplier names them, and why."""

    days: list[NewDay] = Field(min_length=1, max_length=200)
    reason: Said


class OrderLineOut(Given):
    """One line with what came of it; `announced` is what open deliveries still bring."""

    line: int
    item: str
    item_name: str
    unit: str
    unit_factor: int
    quantity: int
    pack: str | None
    price_fen: int | None
    price_per: int
    amount_fen: int | None
    expected_on: date | None
    why: str
    received: int
    damaged: int
    refused: int
    announced: int
    rest: int


class OrderDeliveryOut(Given):
    """A delivery that the order made."""

    id: UUID
    number: str
    status: str
    expected_on: date | None


class OrderOut(Given):
    """One order. `number` is null until it is issued; `allowed` are the verbs that would succeed now."""

    id: UUID
    number: str | None
    kind: OrderKind
    status: OrderStatus
    owner_region: str
    owner_name: str
    site: str
    site_name: str
    supplier: str | None
    supplier_name: str | None
    fund_source: str | None
    budget_year: int
    contract: str
    reason: str
    note: str
    revision: int
    total_fen: int
    created_at: datetime
    created_by: str
    endorsed_by: str
    approved_by: str
    over_budget_reason: str
    ordered_at: datetime | None
    ended_at: datetime | None
    end_reason: str
    version: int
    allowed: list[str]
    lines: list[OrderLineOut]
    deliveries: list[OrderDeliveryOut]


class OrdersPage(Given):
    """Orders, the newest first."""

    items: list[OrderOut]
    next_cursor: str | None


class OrderDone(Receipt):
    """What was done to an order. `deliveries` were announced; `case` names the case that its closing opened."""

    verb: str
    order: UUID
    number: str | None
    status: OrderStatus
    version: int
    deliveries: list[str] = []
    case: UUID | None = None


class ExpectedOut(Given):
    """So much of an item is to arrive; `expected_on` null: nobody said when."""

    source: ExpectedFrom
    document: UUID
    number: str
    line: int
    item: str
    item_name: str
    site: str
    owner_region: str
    quantity: int
    unit: str
    unit_factor: int
    expected_on: date | None


class ExpectedPage(Given):
    """Expected arrivals, by day."""

    items: list[ExpectedOut]


class LateOut(Given):
    """A line of an order that is overdue by `days`."""

    order: UUID
    number: str
    line: int
    item_name: str
    unit: str
    unit_factor: int
    site: str
    supplier_name: str | None
    expected_on: date
    days: int
    quantity: int
    rest: int


class LatePage(Given):
    """Overdue lines, the longest overdue first."""

    items: list[LateOut]


class MilestoneIn(Taken):
    """By `day`, `percent` of the budget must be ordered or received."""

    name: Line
    day: Day
    percent: Annotated[StrictInt, Field(ge=1, le=100)]
    measure: Measure = Measure.RECEIVED


class BudgetSaid(Taken):
    """What a budget says. `source`: the paper it stands in, or "unverified"."""

    amount_fen: Fen
    source: Said
    note: Note = ""
    milestones: list[MilestoneIn] = Field(default_factory=list, max_length=12)


class BudgetIn(BudgetSaid):
    """So much money of one fund source, for a region, in a year."""

    region: Key
    year: Year
    fund_source: Line


class MilestoneOut(Given):
    """A milestone; `reached` is the percentage on its day, or today where that is still to come."""

    name: str
    day: date
    percent: int
    measure: Measure
    reached: int
    standing: Standing


class BudgetOut(Given):
    """One budget with where its money is."""

    id: UUID
    region: str
    region_name: str
    year: int
    fund_source: str
    amount_fen: int
    planned_fen: int
    approved_fen: int
    ordered_fen: int
    received_fen: int
    left_fen: int
    source: str
    note: str
    milestones: list[MilestoneOut]
    version: int


class BudgetsPage(Given):
    """Budgets, the latest year first."""

    items: list[BudgetOut]


class SupplierRecordOut(Given):
    """What came of a supplier's orders, counted by line; `lead_days` is the median from issue to the last receipt."""

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
