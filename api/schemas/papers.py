"""Papers, as the API takes and shows them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, RootModel, StringConstraints

from api.schemas.base import PLAIN, Given, Key, Line, Receipt, Taken
from api.schemas.catalog import Day
from api.schemas.stock import BinRef, Number, Words

Short = Annotated[str, StringConstraints(strict=True, max_length=200, pattern=PLAIN)]


class _Slip(Taken):
    attempt: UUID | None = Field(None, description="What this attempt moved")
    document: UUID | None = Field(None, description="What belongs to this delivery (or other document)")
    site: Key | None = Field(None, description="With `day`: what was booked at this site on that day")
    day: Day | None = None


class ReceiptSlipIn(_Slip):
    """入库单 for what came in. Exactly one of: attempt; document; site and day."""

    kind: Literal["receipt-slip"]
    supplier: Short = ""
    invoice: Short = ""
    contract: Short = ""
    note: Short = ""
    checker: Short = ""
    deliverer: Short = ""


class IssueSlipIn(_Slip):
    """出库单 for what left. Exactly one of: attempt; document; site and day."""

    kind: Literal["issue-slip"]
    destination: Line
    order: Short = ""
    purpose: Short = ""
    receiver: Short = ""
    receiver_phone: Short = ""
    carrier: Short = ""
    plate: Short = ""
    note: Short = ""
    checker: Short = ""


class ShelfCardIn(Taken):
    """货位卡 of a lot at a bin."""

    kind: Literal["shelf-card"]
    bin: BinRef
    lot: Number


class LedgerSheetIn(Taken):
    """台账 of an item or of one lot at a site, by booked day, first and last day included."""

    kind: Literal["ledger-sheet"]
    site: Key
    item: Key | None = None
    lot: Number | None = None
    start: Day
    end: Day


class CountSheetIn(Taken):
    """盘点表 of the bins of a count that wait to be counted: blind, with a code per line."""

    kind: Literal["count-sheet"]
    count: UUID


class CountReportIn(Taken):
    """盘点报告 of a posted count."""

    kind: Literal["count-report"]
    count: UUID


class DisposalRecordIn(Taken):
    """报废处置记录 of a line of a rotation plan whose goods have been sold or scrapped."""

    kind: Literal["disposal-record"]
    rotation: UUID


PaperAny = Annotated[
    ReceiptSlipIn | IssueSlipIn | ShelfCardIn | LedgerSheetIn | CountSheetIn | CountReportIn | DisposalRecordIn,
    Field(discriminator="kind"),
]


class PaperNew(RootModel[PaperAny]):
    """A paper to be issued; `kind` says which. (A bare union cannot be read as a body.)"""


class VoidIn(Taken):
    """作废: it keeps its number; its moves may stand on another paper."""

    reason: Words


class PaperIssued(Receipt):
    """The new paper: GET /api/v1/papers/{paper}.pdf."""

    paper: UUID
    number: str
    kind: str
    moves: int


class PaperVoided(Receipt):
    """The void paper."""

    paper: UUID
    number: str
    void_reason: str


class PaperOut(Given):
    """An issued paper. `content` is what it says, frozen."""

    id: UUID
    number: str
    outside_number: str | None
    kind: str
    site: str
    site_name: str
    document_kind: str | None
    document: UUID | None
    issued_at: datetime
    issued_by: str
    voided_at: datetime | None
    void_reason: str
    content: dict[str, Any]


class PapersPage(Given):
    """Papers, the newest first, void ones too."""

    items: list[PaperOut]
    next_cursor: str | None
