"""Nouns of counts. Quantities are whole base units; money is fen; instants are aware UTC."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from catalog.kernel.parameters import UNVERIFIED, Kind, Parameter, declare
from warehouse.stock.model import Lot, StockKey

DOCUMENT = "stocktake"
"""`document_kind` of the moves, papers and cases that a count made."""


class CountKind(StrEnum):
    """Which bins: chosen by hand, by risk, all of the store (全盘), or the opening count of a store that goes live."""

    CHOSEN = "chosen"
    RISK = "risk"
    FULL = "full"
    OPENING = "opening"


class Status(StrEnum):
    """A count's life; the way between them is `workflow.COUNT`."""

    DRAFT = "draft"
    COUNTING = "counting"
    RECOUNTING = "recounting"
    REVIEW = "review"
    POSTED = "posted"
    CANCELLED = "cancelled"


COUNTABLE = frozenset({Status.COUNTING, Status.RECOUNTING})
"""Figures may be entered."""
OPEN = frozenset({Status.DRAFT, Status.COUNTING, Status.RECOUNTING, Status.REVIEW})
DISCLOSED = frozenset({Status.REVIEW, Status.POSTED})
"""The counting is over: book figures may be shown to whoever may see the store's stock."""


class BinStatus(StrEnum):
    """How far the counting of one bin is, in its present round."""

    WAITING = "waiting"
    COUNTING = "counting"
    COUNTED = "counted"


class Way(StrEnum):
    """How a figure came in."""

    SCAN = "scan"
    PAGE = "page"
    SHEET = "sheet"


class VarianceReason(StrEnum):
    """Why books and hall differ. The list is ours; no standard was found that gives one."""

    MISCOUNT = "miscount"
    UNBOOKED_ISSUE = "unbooked-issue"
    UNBOOKED_RECEIPT = "unbooked-receipt"
    WRONG_BIN = "wrong-bin"
    WRONG_LOT = "wrong-lot"
    DAMAGE = "damage"
    LOSS = "loss"
    OTHER = "other"


class Again(StrEnum):
    """Why a bin is to be counted again by another person."""

    PERCENT = "percent"
    VALUE = "value"
    UNEXPECTED = "unexpected"
    MOVED = "moved"
    SENT_BACK = "sent-back"


class Approve(StrEnum):
    """Why the keeper's own posting is not enough."""

    PERCENT = "percent"
    VALUE = "value"
    TOTAL = "total"
    UNEXPECTED = "unexpected"
    UNLIKE = "unlike"
    ONE_KEEPER = "one-keeper"
    OPENING = "opening"


class Factor(StrEnum):
    """What makes a bin worth counting."""

    NEVER = "never"
    AGE = "age"
    VALUE = "value"
    MOVEMENT = "movement"
    SHORT = "short"


def _weight(factor: Factor, default: int, zh: str, en: str) -> Parameter:
    return Parameter(
        f"count.weight-{factor.value}",
        default,
        Kind.WHOLE,
        "points",
        f"盘点计划权重：{zh}",
        f"Count plan, weight of {en}",
        "按风险排盘点计划时，此因素占多少分；0 表示不考虑",
        "How much this weighs when bins are chosen by risk; 0 leaves it out",
        UNVERIFIED,
        low=0,
        high=1000,
    )


def _limit(key: str, default: int, unit: str, zh: str, en: str, meaning: tuple[str, str]) -> Parameter:
    return Parameter(key, default, Kind.WHOLE, unit, zh, en, *meaning, UNVERIFIED, low=0, high=10**12)


_RECOUNT = ("差异超过此限的货位由另一人复盘", "A bin that differs by more is counted again by another person")
_APPROVE = (
    "差异超过此限须由保管单位以外的审批人批准",
    "More than this needs an approver from outside the keeper's unit",
)
declare(
    _weight(Factor.NEVER, 30, "从未盘点", "never having been counted"),
    _weight(Factor.AGE, 25, "距上次盘点时间", "the time since the last count"),
    _weight(Factor.VALUE, 20, "货值", "value"),
    _weight(Factor.MOVEMENT, 15, "收发频次", "movement"),
    _weight(Factor.SHORT, 25, "以往盘亏", "shortages found before"),
    _limit(
        "count.full-age",
        90,
        "days",
        "盘点周期",
        "Count cycle",
        (
            "超过这么多天未盘点即计满分（有网页称应急物资仓库每季度全面盘点一次，未核实）",
            "A bin not counted for so long has the full points (a web page says every quarter; not verified)",
        ),
    ),
    _limit(
        "count.movement-days",
        90,
        "days",
        "收发频次统计天数",
        "Days of movement",
        ("统计最近多少天的收发", "How far back moves are looked at"),
    ),
    _limit("count.recount-percent", 2, "%", "复盘界限（比例）", "Recount limit, share", _RECOUNT),
    _limit("count.recount-value", 50_000, "fen", "复盘界限（金额）", "Recount limit, value", _RECOUNT),
    _limit("count.approve-percent", 5, "%", "审批界限（比例）", "Approval limit, share", _APPROVE),
    _limit("count.approve-value", 200_000, "fen", "审批界限（单行金额）", "Approval limit, value of a line", _APPROVE),
    _limit("count.approve-total", 500_000, "fen", "审批界限（合计金额）", "Approval limit, value of a count", _APPROVE),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on a difference is counted again, and from where on it needs an approver. Percent and fen."""

    recount_percent: int
    recount_value: int
    approve_percent: int
    approve_value: int
    approve_total: int


@dataclass(frozen=True, slots=True)
class BinRisk:
    """What is known of a bin before it is counted. `age_days` None: never counted."""

    place_id: int
    code: str
    key: str
    sort_key: str
    lots: int
    value_fen: int
    moves: int
    age_days: int | None
    shorts: int


@dataclass(frozen=True, slots=True)
class Part:
    """One factor's share of a bin's points: `share` of 100, times `weight`."""

    factor: Factor
    share: int
    weight: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """A bin that should be counted, and why: 0 to 100 points and what they are made of."""

    bin: BinRisk
    points: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class NewLot:
    """Goods that the books do not know yet: only an opening count may book them. `item_id` and what the label says."""

    item_id: int
    maker_batch: str | None = None
    produced_on: date | None = None
    expires_on: date | None = None
    price_fen: int | None = None
    fund_source: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What a counter found in a bin: so much of a lot, of goods not known here (`words`), or of new goods (`new`)."""

    quantity: int
    lot_id: int | None = None
    condition: str = "good"
    serial_ids: tuple[int, ...] = ()
    words: str = ""
    new: NewLot | None = None


@dataclass(frozen=True, slots=True)
class CountedBy:
    """Who counted a bin in a round, and when he was done."""

    round: int
    person_id: int | None
    login: str
    name: str
    began_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class CountBin:
    """A bin of a count. `code`, `key`: the rack's and the label's. `again`: why it is counted once more."""

    place_id: int
    code: str
    key: str
    kind: str
    zone: str
    turn: int
    status: BinStatus
    round: int
    froze: bool
    again: tuple[str, ...]
    points: int | None
    why: tuple[Part, ...]
    rounds: tuple[CountedBy, ...] = ()

    @property
    def now(self) -> CountedBy | None:
        """Who counts (or counted) it in the present round."""
        return next((one for one in self.rounds if one.round == self.round), None)

    @property
    def counted_at(self) -> datetime | None:
        """The moment its figures are of, once its present round is finished."""
        now = self.now
        return now.finished_at if now and self.status is BinStatus.COUNTED else None


@dataclass(frozen=True, slots=True)
class CountLine:
    """One entered figure."""

    id: int
    place_id: int
    round: int
    lot_id: int | None
    condition: str
    quantity: int
    serial_ids: tuple[int, ...]
    given: Mapping[str, Any] | None
    words: str
    way: Way
    person_id: int | None
    login: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Difference:
    """One line of the result: book and counted at the moment of counting. `value_fen` None: no price is known."""

    key: StockKey
    bin: str
    lot: Lot
    item_key: str
    book: int
    counted: int
    value_fen: int | None
    reason: str = ""
    note: str = ""
    earlier: int | None = None
    """What an earlier round found."""
    moved: int = 0
    """Moves since the bin was counted: kept, in no figure of this line."""

    @property
    def variance(self) -> int:
        """Counted less book."""
        return self.counted - self.book


@dataclass(frozen=True, slots=True)
class Count:
    """One count with its bins."""

    id: UUID
    seq: int
    number: str
    site_id: int
    site_code: str
    site_name: str
    path: str
    one_keeper: bool
    site_live: bool
    kind: CountKind
    status: Status
    note: str
    created_at: datetime
    created_by: str
    creator_id: int | None
    ended_at: datetime | None
    ended_by: str
    approved: bool
    end_reason: str
    shortcuts: tuple[str, ...]
    version: int
    bins: tuple[CountBin, ...] = field(default=())

    @property
    def done(self) -> int:
        """Bins whose present round is finished."""
        return sum(one.status is BinStatus.COUNTED for one in self.bins)

    @property
    def counters(self) -> frozenset[str]:
        """The logins of everybody who counted."""
        return frozenset(by.login for one in self.bins for by in one.rounds)

    def bin(self, place_id: int) -> CountBin | None:
        """One of its bins."""
        return next((one for one in self.bins if one.place_id == place_id), None)


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A line of a paper count sheet. `entry`: what was typed back, by whom, if it was."""

    code: str
    stocktake_id: UUID
    place_id: int
    bin: str
    sheet: UUID
    line: int
    lot_id: int | None
    condition: str
    entered_by: str | None
    entered_at: datetime | None


_FIGURES = frozenset(
    {"on_hand", "reserved", "usable", "free", "quantity", "opening", "came", "went", "closing", "ins", "outs"}
)
_NAMES = frozenset({"serials", "serial_ids"})
"""What tells how much stands somewhere, in any row that a read of stock answers."""


class Covered:
    """A row of stock whose figures are not told: they read None (numbers of pieces: none); all else is as it was."""

    def __init__(self, row: Any) -> None:
        self._row = row

    def __getattr__(self, name: str) -> Any:
        return None if name in _FIGURES else () if name in _NAMES else getattr(self._row, name)


@dataclass(frozen=True, slots=True)
class Veil:
    """What the books may not tell a person while he counts: the bins that he has begun and not finished, and what the
    books have in them. Sums over a lot or an item of which some stands there would give it away, so they are covered
    too."""

    codes: tuple[str, ...] = ()
    places: frozenset[int] = frozenset()
    keys: frozenset[str] = frozenset()
    lots: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.places)

    def hides(self, row: Any) -> bool:
        """Whether a row of any read of stock would tell: by its place if it has one, else its lot, else its item."""
        if hasattr(row, "place_id"):
            return row.place_id in self.places
        if hasattr(row, "place_key"):
            return row.place_key in self.keys
        lot = getattr(row, "lot", None)
        if lot is not None:
            return (lot if isinstance(lot, str) else lot.number) in self.lots
        return row.item_key in self.items

    def over(self, rows: Iterable[Any]) -> list[Any]:
        """The rows, those that would tell covered."""
        return [Covered(row) if self and self.hides(row) else row for row in rows]

    def uncounted(self, rows: Iterable[Any]) -> list[Any]:
        """The rows, without numbered pieces of what is hidden: one row for each piece is the count of them."""
        return [row for row in rows if not (self and getattr(row, "serial", None) and self.hides(row))]
