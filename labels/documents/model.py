"""What the papers say: frozen values, ready for people. Money is whole fen, quantities come as text in their unit.

Times are printed as they are given: the caller passes local time.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Page:
    """Paper in millimetres."""

    width: float
    height: float
    margin: float = 12.0


MOST_SIGNED = 3
A4 = Page(210, 297)
A4_WIDE = Page(297, 210)
A5_WIDE = Page(210, 148, 10)
SLIP = Page(241, 139.7, 9)
"""Half a sheet of the three-part continuous paper (241-3-1/2) that needle printers take."""


@dataclass(frozen=True, slots=True)
class Column:
    """A table column: heading, share of the width, and where its values stand."""

    title: str
    weight: float = 1.0
    align: Literal["left", "right", "center"] = "left"


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that was drawn on a screen: a picture, and who signed when, as the paper says it.

    `under`: below which of the paper's lines for signatures it stands, from 0.
    """

    caption: str
    picture: bytes
    under: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTable:
    """Any table as paper. `totals` is a last, bold row; `known_at` tells how fresh the figures are.

    `signed` are drawn below the lines for signatures by hand, at most `MOST_SIGNED` below each, in their order.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    heading: str = ""
    number: str = ""
    own_key: str | None = None
    facts: tuple[tuple[str, str], ...] = ()
    totals: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()
    signed: tuple[Signed, ...] = ()
    known_at: str = ""
    anchor: str = ""
    page: Page = A4_WIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptLine:
    """One line of a 入库单. `unit_price_fen` is per unit printed; the amount is the caller's, never multiplied here."""

    name: str
    unit: str
    quantity: str
    spec: str = ""
    model: str = ""
    code: str = ""
    unit_price_fen: int | None = None
    amount_fen: int | None = None
    batch: str = ""
    expires_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptSlip:
    """入库单: time, supplier, invoice no., name, spec, model, code, unit, quantity, unit price, amount; numbered in
    order, no alterations, three copies for keeper, finance and supplier (general store rule)."""

    own_key: str
    number: str
    site: str
    received_at: datetime
    supplier: str
    lines: tuple[ReceiptLine, ...]
    invoice: str = ""
    contract: str = ""
    fund_source: str = ""
    note: str = ""
    keeper: str = ""
    checker: str = ""
    deliverer: str = ""
    copies: tuple[str, ...] = ("第一联 保管", "第二联 财务", "第三联 供货")
    anchor: str = ""
    """Where the audit trail stood when the paper was issued."""
    page: Page = A4_WIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueLine:
    """One line of a 出库单; the batch number is asked for by the rule on dispatch papers."""

    name: str
    unit: str
    quantity: str
    batch: str
    spec: str = ""
    code: str = ""
    bin: str = ""
    expires_on: date | None = None
    amount_fen: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueSlip:
    """出库单: kind, quantity, batch number and destination, with the order that lets the goods leave."""

    own_key: str
    number: str
    site: str
    issued_at: datetime
    destination: str
    lines: tuple[IssueLine, ...]
    order: str = ""
    purpose: str = ""
    receiver: str = ""
    receiver_phone: str = ""
    carrier: str = ""
    plate: str = ""
    note: str = ""
    keeper: str = ""
    checker: str = ""
    copies: tuple[str, ...] = ("第一联 保管", "第二联 财务", "第三联 领用")
    anchor: str = ""
    """Where the audit trail stood when the paper was issued."""
    page: Page = A4_WIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerLine:
    """One entry of a 台账 or 货位卡: what came in, what went out, what is left."""

    booked_on: date
    number: str
    summary: str
    balance: str
    came_in: str = ""
    went_out: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfCard:
    """货位卡: 品名, 规格, 编号, 数量, 生产日期, 生产厂家, 入库时间 (DB11/T 2010-2022), and lines for hand entries."""

    own_key: str
    bin: str
    site: str
    name: str
    quantity: str
    spec: str = ""
    number: str = ""
    produced_on: date | None = None
    maker: str = ""
    received_on: date | None = None
    expires_on: date | None = None
    keeper: str = ""
    lines: tuple[LedgerLine, ...] = ()
    least_lines: int = 6
    """Blank lines are added up to this number."""
    anchor: str = ""
    """Where the audit trail stood when the paper was issued."""
    page: Page = A5_WIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class CountSheetLine:
    """One line to be counted by hand: what is there to count, no figure, and the code it is typed back by. Without
    `name` it is for goods that the sheet does not list."""

    line: int
    bin: str
    code: str
    name: str = ""
    lot: str = ""
    quality: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountSheet:
    """盘点表: blind, in walking order, with a code per line."""

    number: str
    own_key: str
    site: str
    count: str
    round: str
    printed_at: datetime
    lines: tuple[CountSheetLine, ...]
    note: str = ""
    anchor: str = ""
    page: Page = A4


@dataclass(frozen=True, slots=True, kw_only=True)
class CountReportLine:
    """One line of what a count found. Quantities are text in the unit; fen None: no price is known."""

    bin: str
    name: str
    lot: str
    unit: str
    book: str
    counted: str
    difference: str
    quality: str = ""
    value_fen: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountReport:
    """盘点报告: book, counted, difference, value, reason, and who signs for it."""

    number: str
    own_key: str
    site: str
    count: str
    kind: str
    counted_from: datetime
    posted_at: datetime
    counters: str
    lines: tuple[CountReportLine, ...]
    bins: int
    total_fen: int
    unpriced: int = 0
    shortcuts: str = ""
    posted_by: str = ""
    approver: str = ""
    known_at: str = ""
    anchor: str = ""
    page: Page = A4_WIDE


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSheet:
    """台账 of one item at one site over a period, with carried balances from page to page."""

    number: str
    site: str
    name: str
    unit: str
    opening: str
    closing: str
    lines: tuple[LedgerLine, ...]
    spec: str = ""
    code: str = ""
    period: str = ""
    total_in: str = ""
    total_out: str = ""
    keeper: str = ""
    known_at: str = ""
    own_key: str | None = None
    anchor: str = ""
    """Where the audit trail stood when the paper was issued."""
    page: Page = A4
