"""The verbs and views of stock, as the API takes and shows them.

Lots, serials and pallets are named by number, bins by key or `site/code`, items by key, sites by code. Quantities are
base units; money is fen.
"""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StrictBool, StrictInt, StringConstraints

from api.schemas.base import PLAIN, Given, Instant, Key, Line, Note, Receipt, Taken
from api.schemas.catalog import Amount, Day, Positive
from warehouse.stock.model import Condition, Reason

BinRef = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=60, pattern=PLAIN)]
"""A bin by its key (`CZ01011`) or as `site/code` (`CZ01/A-01-02`)."""
Number = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=40, pattern=PLAIN)]
"""The own number of a lot, serial or pallet."""
Words = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=1000, pattern=PLAIN)]
"""A reason that must be given."""
DocumentLine = Annotated[StrictInt, Field(ge=1, le=10_000)]


class DocumentIn(Taken):
    """The document that a verb belongs to. A receipt against a `delivery` starts it and fills its lines."""

    kind: Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z][a-z-]{1,39}$")]
    id: UUID


class _Verb(Taken):
    note: Note = Field("", description="Why; where a reason is required this is it.")


class _FactVerb(_Verb):
    fact: StrictBool = Field(False, description="It has already happened: always recorded, differences open a case.")
    occurred_at: Instant | None = Field(None, description="When it happened; only with `fact`, never in the future.")


class TakeIn(Taken):
    """Goods of a lot at a place."""

    lot: Number
    quantity: Positive
    bin: BinRef
    condition: Condition = Condition.GOOD
    serials: list[Number] = Field(default=[], max_length=1000, description="One per piece of serial-tracked goods.")
    document_line: DocumentLine | None = None


class MoveLine(TakeIn):
    """Goods that go to another bin of the same site."""

    to_bin: BinRef


class InspectLine(TakeIn):
    """Goods whose condition changes where they stand."""

    to_condition: Condition


class ReturnLine(TakeIn):
    """Goods that come back; `bin` is where they arrive, `to_condition` how they were graded at the gate."""

    to_condition: Condition = Condition.AWAITING


class ArrivalIn(Taken):
    """Goods that come in. Facts that are not known are left out; they are the lot's identity."""

    item: Key
    quantity: Positive
    bin: BinRef
    condition: Condition = Condition.GOOD
    owner_region: Key | None = Field(None, description="Without it the region the site keeps goods for, or its own.")
    owner_party: Key | None = None
    maker: Key | None = None
    maker_batch: Line | None = None
    produced_on: Day | None = None
    expires_on: Day | None = None
    fund_source: Line | None = None
    price_fen: Amount | None = None
    price_per: Positive = 1
    origin: Annotated[str, StringConstraints(strict=True, max_length=200, pattern=PLAIN)] = ""
    serials: list[Line | None] = Field(default=[], max_length=1000, description="The maker's number of each piece.")
    document_line: DocumentLine | None = None


class ReceiveIn(_FactVerb):
    """入库."""

    lines: list[ArrivalIn] = Field(min_length=1, max_length=200)
    donated: StrictBool = False
    document: DocumentIn | None = None


class PutAwayIn(_FactVerb):
    """上架: from staging into bins."""

    lines: list[MoveLine] = Field(min_length=1, max_length=200)


class MoveIn(PutAwayIn):
    """移库: from bin to bin inside a site."""


class IssueIn(_FactVerb):
    """出库. `reservations` are held ones that this uses up."""

    lines: list[TakeIn] = Field(min_length=1, max_length=200)
    document: DocumentIn | None = None
    reservations: list[UUID] = Field(default=[], max_length=200)


class InspectIn(_FactVerb):
    """质检: freeze, release, grade as damaged, accept. `note` says why."""

    lines: list[InspectLine] = Field(min_length=1, max_length=200)
    note: Words


class DisposeIn(Taken):
    """处置: scrapped, sold or destroyed. `note` names the ground."""

    lines: list[TakeIn] = Field(min_length=1, max_length=200)
    note: Words
    document: DocumentIn | None = None


class LeaveIn(Taken):
    """Goods used up by a test, or sent back to the supplier."""

    lines: list[TakeIn] = Field(min_length=1, max_length=200)
    note: Words


class ReturnIn(_FactVerb):
    """回收: back from use, never more than went out."""

    lines: list[ReturnLine] = Field(min_length=1, max_length=200)


class CorrectedFacts(Taken):
    """What is to be different; a field that is not sent stays, one that is null becomes unknown."""

    item: Key | None = None
    maker: Key | None = None
    maker_batch: Line | None = None
    produced_on: Day | None = None
    expires_on: Day | None = None
    owner_region: Key | None = None
    owner_party: Key | None = None
    fund_source: Line | None = None
    price_fen: Amount | None = None
    price_per: Positive | None = None


class CorrectIn(Taken):
    """更正: what stands of a lot at a site becomes a lot with other facts."""

    lot: Number
    site: Key
    bins: list[BinRef] = Field(default=[], max_length=200, description="Only what stands in these; else all of it.")
    kind: Literal["correct", "extend", "owner", "fund"] = "correct"
    fields: CorrectedFacts
    reason: Words
    evidence: dict[Annotated[str, StringConstraints(max_length=80, pattern=PLAIN)], Note] = Field(
        default={}, max_length=20
    )


class ReserveIn(Taken):
    """占用: hold goods until they leave."""

    lot: Number
    bin: BinRef
    quantity: Positive
    expires_at: Instant
    priority: Annotated[StrictInt, Field(ge=1, le=1000)] = 100
    document: DocumentIn | None = None


class ReleaseIn(Taken):
    """Give held goods back."""

    reservation: UUID
    note: Annotated[str, StringConstraints(strict=True, max_length=200, pattern=PLAIN)] = ""


class LendIn(Taken):
    """借出: usable goods until a day."""

    lines: list[TakeIn] = Field(min_length=1, max_length=200)
    borrower: Line
    borrower_party: Key | None = None
    due_on: Day
    note: Note = ""


class LoanReturnIn(Taken):
    """借用归还."""

    loan: UUID
    lines: list[ReturnLine] = Field(min_length=1, max_length=200)
    note: Note = ""


class ReverseIn(Taken):
    """冲销: take back everything that an attempt moved."""

    attempt: UUID
    reason: Note = ""


class PartIn(Taken):
    """Component goods of a kit."""

    lot: Number
    quantity: Positive
    bin: BinRef


class KitMakeIn(Taken):
    """Make stocked kits from parts."""

    kit: Key
    count: Positive
    bin: BinRef
    parts: list[PartIn] = Field(min_length=1, max_length=200)
    owner_region: Key | None = Field(None, description="Without it the region the site keeps goods for, or its own.")


class KitBreakIn(Taken):
    """Take stocked kits apart."""

    lot: Number
    count: Positive
    bin: BinRef
    parts: list[PartIn] = Field(min_length=1, max_length=200)


class ContentIn(Taken):
    """What lies on a pallet."""

    lot: Number
    quantity: Positive
    condition: Condition = Condition.GOOD


class PalletNew(Taken):
    """Put loose goods of a bin on a new pallet."""

    bin: BinRef
    contents: list[ContentIn] = Field(min_length=1, max_length=100)
    sscc: Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]{18}$")] | None = None


class CareIn(Taken):
    """维护保养: what was done to a lot, or to one piece of it, at a site."""

    lot: Number
    site: Key
    kind: Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z][a-z0-9_-]{1,39}$")]
    done_on: Day
    passed: StrictBool
    result: Note = ""
    serial: Number | None = None


ReservationState = Literal["held", "posted", "released", "expired"]


# --- answers ------------------------------------------------------------------------------------------


class LegOut(Given):
    """One end of a move, with what stands there now."""

    place_id: int
    place: str | None
    condition: str
    on_hand: int | None = None
    reserved: int | None = None


class ReceiptLineOut(Given):
    """One line of a receipt."""

    lot_id: int
    lot: str
    item_id: int
    item: str
    unit: str
    unit_factor: int
    expires_on: date | None
    quantity: int
    source: LegOut = Field(alias="from")
    target: LegOut = Field(alias="to")


class StockReceipt(Receipt):
    """What a verb did. `undo` is the attempt to reverse; `case` was opened where books and facts differ."""

    verb: str
    attempt: UUID
    site_id: int
    lines: list[ReceiptLineOut]
    case: UUID | None
    warnings: list[str]
    undo: UUID
    reverses: UUID | None = None
    loan: UUID | None = None
    due_on: date | None = None
    new_lot: str | None = None
    old_lot: str | None = None


class Reserved(Receipt):
    """A reservation that is held."""

    reservation: UUID
    lot: str
    place: str
    quantity: int
    free: int


class Released(Receipt):
    """A reservation that was released."""

    reservation: UUID
    quantity: int


class PalletBuilt(Receipt):
    """The new pallet."""

    pallet: str
    place: str


class CareRecorded(Receipt):
    """The event."""

    lot: str
    kind: str
    done_on: date
    passed: bool


class LotOut(Given):
    """A lot's facts."""

    id: int
    number: str
    item_id: int
    item: str
    unit: str
    unit_factor: int
    tracking: str
    maker_batch: str | None
    produced_on: date | None
    expires_on: date | None
    owner_region_id: int
    fund_source: str | None
    price_fen: int | None
    price_per: int
    stored_on: date
    origin: str


class BalanceOut(Given):
    """What stands of a lot at a place in a condition. Figures are null to whoever is counting such goods (blind)."""

    lot: LotOut
    item_key: str
    site: str
    site_name: str
    place: str
    place_key: str
    place_kind: str
    condition: Condition
    on_hand: int | None
    reserved: int | None
    usable: int | None
    free: int | None


class BalancesPage(Given):
    """Balances above zero."""

    items: list[BalanceOut]
    next_cursor: str | None


class SummaryOut(Given):
    """What a site has in store of an item; `posted_at` tells the age of the data.

    Figures are null to whoever is counting such goods: counts are blind.
    """

    item: str
    item_name: str
    unit: str
    unit_factor: int
    site: str
    site_name: str
    on_hand: int | None
    usable: int | None
    free: int | None
    first_expiry: date | None
    posted_at: datetime | None


class SummaryPage(Given):
    """A page of items, all their sites."""

    items: list[SummaryOut]
    next_cursor: str | None


class MoveLegOut(Given):
    """One end of a move."""

    place: str
    key: str
    kind: str
    site: str
    condition: str


class MoveOut(Given):
    """One row of the ledger. Figures are null to whoever is counting such goods (blind)."""

    seq: int
    id: UUID
    attempt: UUID
    lot: str
    item: str
    item_name: str
    unit: str
    unit_factor: int
    quantity: int | None
    source: MoveLegOut = Field(alias="from")
    target: MoveLegOut = Field(alias="to")
    reason: Reason
    note: str
    document_kind: str | None
    document_id: UUID | None
    document_line: int | None
    login: str
    occurred_at: datetime
    recorded_at: datetime
    device_time: datetime | None
    booked_on: date
    fact: bool
    case: UUID | None
    reverses: int | None
    reversed_by: int | None
    serials: list[str]


class MovesPage(Given):
    """Moves, the newest first."""

    items: list[MoveOut]
    next_cursor: str | None


class AsOfOut(Given):
    """A balance of the past; negative where a back-dated fact was recorded against goods that came later.

    Figures are null to whoever is counting such goods: counts are blind.
    """

    lot: str
    item: str
    item_name: str
    unit: str
    unit_factor: int
    expires_on: date | None
    site: str
    place: str
    condition: str
    on_hand: int | None


class AsOfAnswer(Given):
    """Balances as they stood at `at`, as far as was known at `known_at`."""

    at: datetime
    known_at: datetime
    items: list[AsOfOut]


class ReservationOut(Given):
    """Goods promised and not yet gone, or how that ended."""

    id: UUID
    lot: str
    item: str
    item_name: str
    site: str
    place: str
    place_key: str
    quantity: int | None
    priority: int
    state: ReservationState
    expires_at: datetime
    created_at: datetime
    ended_at: datetime | None
    end_reason: str
    login: str
    document_kind: str | None
    document_id: UUID | None


class ReservationsPage(Given):
    """Reservations, the newest first."""

    items: list[ReservationOut]
    next_cursor: str | None


class StatementOut(Given):
    """One line of 收发存: opening + came - went = closing; `ins` and `outs` by reason.

    Figures are null to whoever is counting such goods: counts are blind.
    """

    item: str
    item_name: str
    unit: str
    unit_factor: int
    lot: str | None
    site: str | None
    opening: int | None
    came: int | None
    went: int | None
    closing: int | None
    ins: dict[str, int]
    outs: dict[str, int]


class StatementAnswer(Given):
    """收发存 of a month by booked day."""

    month: date
    items: list[StatementOut]
