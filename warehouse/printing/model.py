"""Nouns of printing: jobs for the renderer, and papers with their numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from catalog.kernel.parameters import Kind, Parameter, declare
from labels.sheets import Label, Layout
from labels.sheets.layouts import A4_3X8, LAYOUTS

LAYOUT = Parameter(
    "label.layout",
    A4_3X8.name,
    Kind.TEXT,
    name_zh="常用标签纸",
    name_en="Usual label stock",
    meaning_zh="打印标签时首先选中的标签纸。",
    meaning_en="The stock that is chosen first when labels are printed.",
    source="Beiyu: 24 labels on A4 fit any office printer",
    choices=tuple(LAYOUTS),
)
declare(LAYOUT)


@dataclass(frozen=True, slots=True)
class Stock:
    """Label stock: what ships with the program (`version` 0) or what an administrator added."""

    layout: Layout
    name_zh: str = ""
    name_en: str = ""
    version: int = 0
    retired_at: datetime | None = None

    @property
    def own(self) -> bool:
        """Whether an administrator added it."""
        return self.version > 0


class LabelKind(StrEnum):
    """What a label is stuck on."""

    LOT = "lot"
    BIN = "bin"
    SITE = "site"
    SERIAL = "serial"
    PALLET = "pallet"
    ITEM = "item"
    DOCUMENT = "document"


class Format(StrEnum):
    """How labels come out. PNG is one label (a preview); ZPL is for thermal printers."""

    PDF = "pdf"
    PNG = "png"
    ZPL = "zpl"


@dataclass(frozen=True, slots=True)
class LabelJob:
    """Labels to render: plain values that may be sent to another process. `start` is the first free label of the
    sheet (from 1); without labels it is the calibration page of the layout."""

    labels: tuple[Label, ...]
    layout: Layout
    format: Format = Format.PDF
    start: int = 1
    copies: int = 1
    dpi: int = 203


class PaperKind(StrEnum):
    """入库单, 出库单, 货位卡, 台账, 盘点表, 盘点报告, 报废处置记录. The words of the database; `word` is the API's."""

    RECEIPT_SLIP = "receipt_slip"
    ISSUE_SLIP = "issue_slip"
    SHELF_CARD = "shelf_card"
    LEDGER_SHEET = "ledger_sheet"
    COUNT_SHEET = "count_sheet"
    COUNT_REPORT = "count_report"
    DISPOSAL_RECORD = "disposal_record"

    @property
    def word(self) -> str:
        """As it stands in the API: receipt-slip."""
        return self.value.replace("_", "-")


SHORT = {
    PaperKind.RECEIPT_SLIP: "RK",
    PaperKind.ISSUE_SLIP: "CK",
    PaperKind.SHELF_CARD: "HW",
    PaperKind.LEDGER_SHEET: "TZ",
    PaperKind.COUNT_SHEET: "PD",
    PaperKind.COUNT_REPORT: "PB",
    PaperKind.DISPOSAL_RECORD: "BF",
}
"""入库, 出库, 货位, 台账, 盘点, 盘点报告, 报废: the letters in a paper's number."""
TITLES = {
    PaperKind.RECEIPT_SLIP: "入库单",
    PaperKind.ISSUE_SLIP: "出库单",
    PaperKind.SHELF_CARD: "货位卡",
    PaperKind.LEDGER_SHEET: "物资台账",
    PaperKind.COUNT_SHEET: "盘点表",
    PaperKind.COUNT_REPORT: "盘点报告",
    PaperKind.DISPOSAL_RECORD: "报废处置记录",
}
OF_DOCUMENTS = frozenset({PaperKind.COUNT_SHEET, PaperKind.COUNT_REPORT, PaperKind.DISPOSAL_RECORD})
"""Issued from a count or a rotation, not from the form of papers."""
SLIPS = frozenset({PaperKind.RECEIPT_SLIP, PaperKind.ISSUE_SLIP})
"""A move stands on one of these only, as long as that one is not void."""


@dataclass(frozen=True, slots=True)
class Source:
    """Which moves a slip is for: of one attempt, of one document, or of one booked day at a site."""

    attempt: UUID | None = None
    document_id: UUID | None = None
    site_id: int | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class ReceiptWords:
    """What people add to a 入库单. `supplier` is only needed where no delivery says it."""

    supplier: str = ""
    invoice: str = ""
    contract: str = ""
    note: str = ""
    checker: str = ""
    deliverer: str = ""


@dataclass(frozen=True, slots=True)
class IssueWords:
    """What people add to a 出库单: at least where the goods go."""

    destination: str
    order: str = ""
    purpose: str = ""
    receiver: str = ""
    receiver_phone: str = ""
    carrier: str = ""
    plate: str = ""
    note: str = ""
    checker: str = ""


@dataclass(frozen=True, slots=True)
class SlipMove:
    """A move as a slip needs it. Money is fen per `price_per` base units; `place` is the bin inside the site."""

    seq: int
    item_name: str
    item_key: str
    item_sort: str
    spec: str
    unit: str
    unit_factor: int
    quantity: int
    lot_id: int
    lot: str
    maker_batch: str | None
    expires_on: date | None
    price_fen: int | None
    price_per: int
    fund_source: str | None
    site_id: int
    place: str
    reason: str
    occurred_at: datetime
    login: str
    keeper: str
    document_kind: str | None
    document_id: UUID | None
    on_paper: str | None
    """The number of the live slip it stands on already."""


@dataclass(frozen=True, slots=True)
class Paper:
    """An issued paper. `content` is frozen: the PDF is drawn from it alone, byte for byte the same each time."""

    id: UUID
    seq: int
    number: str
    outside_number: str | None
    kind: PaperKind
    site_id: int
    site_code: str
    site_name: str
    path: str
    content: Mapping[str, Any]
    document_kind: str | None
    document_id: UUID | None
    issued_at: datetime
    issued_by: str
    voided_at: datetime | None
    void_reason: str
