"""Counts, as the API takes and shows them. Quantities are base units; money is fen.

What a counter gets never holds a book figure: `differences` is null until the counting is over (or for an approver).
"""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StrictBool, StrictInt, StringConstraints

from api.schemas.base import PLAIN, Given, Instant, Key, Line, Receipt, Taken
from api.schemas.catalog import Amount, Day
from api.schemas.stock import Number
from warehouse.counts.model import BinStatus, CountKind, Factor, Status, VarianceReason, Way
from warehouse.stock.model import Condition

Short = Annotated[str, StringConstraints(strict=True, max_length=200, pattern=PLAIN)]
Found = Annotated[StrictInt, Field(ge=0, le=10**12)]
"""At most as much as a scan may say: an article number of 13 digits scanned into the field is no quantity."""
MOST = 2_000


class CountNew(Taken):
    """A new count. `bins` (keys or codes at the store) are needed for `chosen`, may narrow the others."""

    site: Key
    kind: CountKind = CountKind.CHOSEN
    bins: list[Key] = Field(default_factory=list, max_length=MOST)
    most: Annotated[StrictInt, Field(ge=1, le=MOST)] = 20
    note: Short = ""
    begin: StrictBool = Field(True, description="Start at once; else it is a draft.")


class ReasonIn(Taken):
    """Why something is ended or sent back."""

    reason: Line


class SendBackIn(Taken):
    """Which bins are counted once more; without any, all with a difference."""

    bins: list[Key] = Field(default_factory=list, max_length=MOST)
    note: Short = ""


class NewLotIn(Taken):
    """Goods that the books do not know: only in an opening count."""

    item: Key
    maker_batch: Line | None = None
    produced_on: Day | None = None
    expires_on: Day | None = None
    price_fen: Amount | None = None
    fund_source: Line | None = None


class EntryIn(Taken):
    """What was found in a bin: of a lot (`lot`), of new goods (`new`, opening count) or of unknown goods (`words`)."""

    quantity: Found
    lot: Number | None = None
    condition: Condition = Condition.GOOD
    serials: list[Number] = Field(default_factory=list, max_length=1_000)
    words: Short = ""
    new: NewLotIn | None = None
    repeated: Literal["refuse", "add", "replace"] = "refuse"


class FinishIn(Taken):
    """The bin is done. `at`: when a paper says that it was counted."""

    empty: StrictBool = False
    at: Instant | None = None


class TakeOutIn(Taken):
    """The line to take out again."""

    line: Annotated[StrictInt, Field(ge=1, le=2**53)]


class SheetEntryIn(Taken):
    """What a line of a paper sheet says. `correct`: it replaces what was typed before."""

    quantity: Found
    words: Short = ""
    correct: StrictBool = False


class ExplanationIn(Taken):
    """Why one line differs."""

    bin: Key
    lot: Number
    condition: Condition = Condition.GOOD
    reason: VarianceReason
    note: Short = ""


class ExplainIn(Taken):
    """The reasons of differences."""

    lines: list[ExplanationIn] = Field(min_length=1, max_length=MOST)


class PartOut(Given):
    """One factor of a bin's points: `share` of 100, times `weight`."""

    factor: Factor
    share: int
    weight: int


class ProposalOut(Given):
    """A bin that should be counted, and why. No figure of what stands there."""

    bin: str
    bin_key: str
    points: int
    never: bool
    age_days: int | None
    shorts: int
    parts: list[PartOut]


class PlanOut(Given):
    """The bins that should be counted first."""

    site: str
    items: list[ProposalOut]


class CountedByOut(Given):
    """Who counted a bin in a round."""

    round: int
    login: str
    name: str
    began_at: datetime
    finished_at: datetime | None


class CountBinOut(Given):
    """A bin of a count, in walking order."""

    bin: str
    bin_key: str
    zone: str
    status: BinStatus
    round: int
    frozen: bool
    again: list[str]
    points: int | None
    why: list[PartOut]
    rounds: list[CountedByOut]


class CountLineOut(Given):
    """A figure as it was entered."""

    line: int
    bin: str
    round: int
    lot: str | None
    item: str
    unit: str
    unit_factor: int
    condition: Condition
    quantity: int
    serials: int
    words: str
    way: Way
    by: str
    at: datetime


class DifferenceOut(Given):
    """One line of the result. `book` is of the moment of counting; `moved` counts the moves since, which stay."""

    bin: str
    lot: str
    item: str
    item_name: str
    unit: str
    unit_factor: int
    condition: Condition
    book: int
    counted: int
    variance: int
    value_fen: int | None
    earlier: int | None
    moved: int
    reason: str
    note: str


class CountHead(Given):
    """One count in a list."""

    id: UUID
    number: str
    site: str
    site_name: str
    kind: CountKind
    status: Status
    note: str
    created_at: datetime
    created_by: str
    ended_at: datetime | None
    ended_by: str
    approved: bool
    shortcuts: list[str]
    version: int
    done: int
    total: int


class CountOut(CountHead):
    """One count. `lines` are the caller's own figures while it is counted; `differences` come when it is over."""

    end_reason: str
    allowed: list[str]
    approve: list[str]
    bins: list[CountBinOut]
    lines: list[CountLineOut]
    differences: list[DifferenceOut] | None


class CountsPage(Given):
    """Counts, the newest first."""

    items: list[CountHead]
    next_cursor: str | None


class SheetLineOut(Given):
    """What a line of a paper sheet stands for; no figure of the books."""

    code: str
    count: UUID
    number: str
    status: Status
    bin: str
    bin_key: str
    line: int
    lot: str | None
    item: str
    unit: str
    unit_factor: int
    tracking: str
    condition: Condition
    entered_by: str | None
    entered_at: datetime | None


class CountDone(Receipt):
    """What was done to a count, or to one of its bins."""

    verb: str
    count: UUID
    number: str
    status: Status
    version: int | None = None
    bin: str | None = None
    bin_key: str | None = None
    round: int | None = None
    done: int | None = None
    bins: int | None = None
    lot: str | None = None
    line: int | None = None
    quantity: int | None = None
    left: int | None = None
    differences: int | None = None
    value_fen: int | None = None
    case: UUID | None = None
