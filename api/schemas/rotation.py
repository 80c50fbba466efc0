"""Rotation as JSON: plans, lines with their options, what is decided and what came of it. Money in fen."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictInt, StringConstraints

from api.schemas.base import PLAIN, Given, Key, Line, Note, Receipt, Taken
from api.schemas.catalog import Day
from api.schemas.stock import BinRef, Number
from catalog.kernel.quantity import MAX_QUANTITY
from warehouse.rotation.model import Option, Status, Unfit, Why

Year = Annotated[StrictInt, Field(ge=2000, le=2999)]
Base = Annotated[StrictInt, Field(ge=1, le=MAX_QUANTITY)]
Fen = Annotated[StrictInt, Field(ge=0, le=10**14)]
Name = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=40, pattern=PLAIN, strip_whitespace=True)]
Words = Annotated[str, StringConstraints(strict=True, max_length=200, pattern=PLAIN, strip_whitespace=True)]


class ProposeIn(Taken):
    """A plan for what a region and those below it own."""

    region: Key
    year: Year


class ProposeOut(Receipt):
    """How many lines were added; running it again adds none."""

    year: int
    lines: int
    plans: list[UUID]


class RotationChoiceIn(Taken):
    """What is to become of a line. Quantities in base units; a replacement has a day and a quantity."""

    option: Option
    out_on: Day
    quantity: Base
    in_on: Day | None = None
    in_quantity: Base | None = None
    party: Key | None = Field(None, description="Who takes, swaps or buys the goods.")
    test_house: Key | None = None
    experts: list[Name] = Field(default_factory=list, max_length=50)
    purpose: Words = ""


class RotationApproveIn(Taken):
    """Lines to approve, all or none."""

    lines: list[UUID] = Field(min_length=1, max_length=500)


class RotationApproved(Receipt):
    """The lines that were approved."""

    lines: list[UUID]


class GapIn(Taken):
    """A window in which a minimum may lie broken. `joint`: with whom it is approved, where it is a long one."""

    months: Annotated[StrictInt, Field(ge=1, le=48)]
    reason: Line
    joint: Words = ""


class RotationReasonIn(Taken):
    """Why."""

    reason: Line


class RotationTakeIn(Taken):
    """Goods as they were scanned: so much from there."""

    place: BinRef
    quantity: Base
    serials: list[Number] = Field(default_factory=list, max_length=500)


class SampleIn(Taken):
    """Goods that a destructive test uses up."""

    place: BinRef
    quantity: Base


class TestResultIn(Taken):
    """The test house's result; passed: with the new last day."""

    passed: bool
    on: Day
    report: Line
    until: Day | None = None


class RotationSettleIn(Taken):
    """What it brought in and cost, and the proof."""

    income_fen: Fen
    paid_fen: Fen
    proof: Line


class PolicyIn(Taken):
    """What may not be done with goods of a class, and the longest extension by one test."""

    forbids: list[Option] = Field(default_factory=list, max_length=6)
    extend_days: Annotated[StrictInt, Field(ge=1, le=3650)] | None = None
    source: Note = "unverified"


class PolicyOut(Given):
    """What is said of a class."""

    class_code: str
    class_name: str
    forbids: list[Option]
    extend_days: int | None
    source: str
    unverified: bool


class PoliciesOut(Given):
    """All of them, by class."""

    items: list[PolicyOut]


class PolicyDone(Receipt):
    """It holds now."""

    class_code: str
    version: int


class RotationDone(Receipt):
    """The line, its status and new version. `rest`: still to be carried out; `shorts`: minimums it would break."""

    id: UUID
    status: Status
    version: int
    quantity: int | None = None
    rest: int | None = None
    shorts: int | None = None


class OfferOut(Given):
    """An option: why it is not open (`unfit`), what it costs, what is lost unused, days left. Null: unknown."""

    option: Option
    unfit: Unfit | None
    cost_fen: int | None
    waste_fen: int | None
    days_left: int | None


class ShortOut(Given):
    """Days on which a minimum would be broken, in units of its norm."""

    place: str
    place_name: str
    norm: UUID
    first: date
    last: date
    minimum: int
    projected: int


class GapOut(Given):
    """A granted gap window."""

    months: int
    reason: str
    joint: str
    by: str
    at: datetime


class TestResultOut(Given):
    """A test's result."""

    passed: bool
    on: date
    report: str
    until: date | None
    by: str


class SettlementOut(Given):
    """What came of it."""

    income_fen: int
    paid_fen: int
    proof: str
    by: str
    at: datetime


class RotationLineHead(Given):
    """One line of a plan. `done`: carried out; `sampled`: used up by a test; `standing`: there now."""

    id: UUID
    plan: str
    plan_id: UUID
    year: int
    number: int
    lot: str
    item: str
    item_name: str
    unit: str
    unit_factor: int
    site: str
    site_name: str
    owner: str
    owner_name: str
    condition: str
    quantity: int
    why: Why
    ends_on: date | None
    due_on: date
    option: Option | None
    out_on: date
    in_on: date | None
    in_quantity: int | None
    party: str | None
    test_house: str | None
    experts: list[str]
    purpose: str
    cost_fen: int | None
    waste_fen: int | None
    gap: GapOut | None
    test: TestResultOut | None
    status: Status
    chosen_by: str
    approved_by: str
    approved_at: datetime | None
    done: int
    sampled: int
    rest: int
    standing: int
    new_lot: str | None
    record_number: str | None
    settlement: SettlementOut | None
    version: int


class RotationLineOut(RotationLineHead):
    """A line with its options, the minimums it would break, and what you may do."""

    offers: list[OfferOut]
    shorts: list[ShortOut]
    allowed: list[str]


class RotationLinesPage(Given):
    """Lines by the day they leave."""

    items: list[RotationLineHead]
    next_cursor: str | None


class RotationPlanOut(Given):
    """A region's plan of a year. Sums leave out `unpriced` lines."""

    id: UUID
    number: str
    year: int
    region: str
    region_name: str
    created_at: datetime
    created_by: str
    lines: int
    open: int
    cost_fen: int
    waste_fen: int
    unpriced: int
    by_status: dict[Status, int]


class RotationPlansOut(Given):
    """Plans in sight."""

    items: list[RotationPlanOut]


class RiskOut(Given):
    """What of a lot will be left on its last day at the present rate of use. `value_fen` null: no price."""

    lot: str
    item: str
    item_name: str
    unit: str
    unit_factor: int
    class_code: str
    fund_source: str | None
    expires_on: date
    on_hand: int
    quantity: int
    value_fen: int | None


class RisksOut(Given):
    """Expired goods first. `days`: so many days of use stand behind the rate."""

    day: date
    days: int
    items: list[RiskOut]


class PlannedOut(Given):
    """What decided lines take out (below zero) and bring in on a day."""

    day: date
    quantity: int
    item_id: int
    region_id: int
    site_id: int
    line: UUID


class PlannedMovesOut(Given):
    """By day."""

    until: date
    items: list[PlannedOut]
