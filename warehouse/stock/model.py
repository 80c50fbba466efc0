"""The nouns of stock. Quantities are whole base units; instants aware UTC; expiry and production are dates."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from catalog.kernel.parameters import Kind, Parameter, declare
from catalog.kernel.stamp import Stamp


class Condition(StrEnum):
    """What may be done with goods. Expired is not a condition: it is computed from the date on the day asked."""

    GOOD = "good"
    AWAITING = "awaiting"
    FROZEN = "frozen"
    DAMAGED = "damaged"


CASE_DAYS = "stock.case_days"
declare(
    Parameter(
        CASE_DAYS,
        7,
        Kind.WHOLE,
        "days",
        name_zh="差异单办结期限",
        name_en="Days to settle a case",
        meaning_zh="差异单自立单之日起多少天内办结，超过即列为超期。",
        meaning_en="Days after its opening within which a discrepancy case must end; later it is listed as overdue.",
        source="unverified",
        low=1,
        high=365,
    )
)


class CaseOutcome(StrEnum):
    """How a discrepancy case ended: 找到, 供应商补齐, 核销, 更正账目, 接受差异, 其他."""

    FOUND = "found"
    SUPPLIER = "supplier"
    WRITTEN_OFF = "written-off"
    BOOKED = "booked"
    ACCEPTED = "accepted"
    OTHER = "other"


SUPPLIER, DONOR, CONSUMED, DISPOSED, ADJUSTMENT, CONVERSION = 1, 2, 3, 4, 5, 6
"""Places without a balance, with fixed ids (the migration writes them). Every other place keeps balances."""
OUTSIDE = {
    SUPPLIER: "supplier",
    DONOR: "donor",
    CONSUMED: "consumed",
    DISPOSED: "disposed",
    ADJUSTMENT: "adjustment",
    CONVERSION: "conversion",
}
FIRST_INSIDE_PLACE = 100


def is_outside(place_id: int) -> bool:
    """Whether a place keeps no balance."""
    return place_id < FIRST_INSIDE_PLACE


class Reason(StrEnum):
    """Why goods moved. The same word as the verb of the action, the URL and the button."""

    RECEIVE = "receive"
    PUT_AWAY = "put-away"
    MOVE = "move"
    ISSUE = "issue"
    RETURN = "return"
    SEND_BACK = "send-back"
    INSPECT = "inspect"
    DISPOSE = "dispose"
    TEST = "test"
    COUNT = "count"
    ADJUST = "adjust"
    TAKE_BACK = "take-back"
    CONVERT = "convert"
    LEND = "lend"
    LOAN_RETURN = "loan-return"
    REVERSE = "reverse"
    OPEN_BALANCE = "open-balance"
    SHIP = "ship"
    UNLOAD = "unload"
    ARRIVE = "arrive"
    HAND_OUT = "hand-out"
    BRING_BACK = "bring-back"
    WRITE_OFF = "write-off"


ON_THE_WAY = frozenset({Reason.SHIP, Reason.UNLOAD, Reason.ARRIVE, Reason.BRING_BACK, Reason.WRITE_OFF})
"""Moves of a document that is under way: put right there, never undone behind its back."""
NEEDS_USABLE = frozenset({Reason.ISSUE, Reason.LEND, Reason.SHIP, Reason.HAND_OUT})
"""Goods that are frozen, awaiting, damaged or expired leave only by disposal, test, send-back or correction."""


class StockKey(NamedTuple):
    """Where a balance stands."""

    lot_id: int
    place_id: int
    condition: str


@dataclass(slots=True)
class Held:
    """A locked balance while a batch is being decided; mutable, private to one transaction."""

    on_hand: int
    reserved: int

    @property
    def free(self) -> int:
        return self.on_hand - self.reserved


class Lot(NamedTuple):
    """Goods of one item that are alike in every respect that matters. Its facts are never overwritten.

    A tuple, like everything here of which a batch makes one or more for each scan: frozen, and made in one go."""

    id: int
    number: str
    item_id: int
    item_name: str
    unit: str
    unit_factor: int
    tracking: str
    maker_id: int | None
    maker_batch: str | None
    produced_on: date | None
    expires_on: date | None
    owner_region_id: int
    owner_path: str
    owner_party_id: int | None
    fund_source: str | None
    price_fen: int | None
    price_per: int
    parent_id: int | None
    stored_on: date
    origin: str = ""


@dataclass(frozen=True, slots=True)
class LotFacts:
    """The identity of a lot: a receipt joins an existing lot only if all of these are equal (DESIGN section 4)."""

    item_id: int
    owner_region_id: int
    maker_id: int | None = None
    maker_batch: str | None = None
    produced_on: date | None = None
    expires_on: date | None = None
    owner_party_id: int | None = None
    fund_source: str | None = None
    price_fen: int | None = None
    price_per: int = 1
    parent_id: int | None = None

    def order(self) -> tuple[str, ...]:
        """A total order, so that rivals create lots in one order and cannot deadlock."""
        return tuple(
            "" if value is None else str(value)
            for value in (
                self.item_id,
                self.owner_region_id,
                self.maker_id,
                self.maker_batch,
                self.produced_on,
                self.expires_on,
                self.owner_party_id,
                self.fund_source,
                self.price_fen,
                self.price_per,
                self.parent_id,
            )
        )


@dataclass(frozen=True, slots=True)
class Line:
    """One intended move: `quantity` of a lot from one place and condition to another."""

    lot: Lot
    quantity: int
    from_place: int
    from_condition: Condition
    to_place: int
    to_condition: Condition
    serial_ids: tuple[int, ...] = ()
    document_line: int | None = None
    reverses: int | None = None
    source: StockKey = field(init=False, repr=False, compare=False)
    """The balance it leaves …"""
    target: StockKey = field(init=False, repr=False, compare=False)
    """… and the one it comes to; made once, for the ledger asks for them a dozen times."""

    def __post_init__(self) -> None:
        source = StockKey(self.lot.id, self.from_place, self.from_condition.value)
        object.__setattr__(self, "source", source)
        object.__setattr__(self, "target", StockKey(self.lot.id, self.to_place, self.to_condition.value))


@dataclass(frozen=True, slots=True)
class DocumentRef:
    """An opaque reference to a paper or document of a higher feature."""

    kind: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Posting:
    """One attempt at the ledger: all lines or none.

    `fact`: it has already happened and is always recorded (DESIGN section 5); else a command, which may be refused.
    `site_id` is where a case would be opened. `reservations` are held ones that this posting uses up.
    `pallet_id` is set when a whole pallet goes as one. `note` says why (an override of FEFO, a reason code).
    """

    stamp: Stamp
    reason: Reason
    lines: tuple[Line, ...]
    site_id: int
    fact: bool = False
    document: DocumentRef | None = None
    reservations: tuple[UUID, ...] = ()
    pallet_id: int | None = None
    breaks_pallet: bool = False
    note: str = ""
    place_codes: Mapping[int, str] = field(default_factory=dict)
    """What the receipt calls the places."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further plain values for the receipt."""


class PlannedMove(NamedTuple):
    """A row that will be written. `flagged`: it belongs to the posting's discrepancy case."""

    line: Line
    quantity: int
    from_place: int
    from_condition: str
    to_place: int
    to_condition: str
    reason: Reason
    serial_ids: tuple[int, ...] = ()
    flagged: bool = False
    reverses: int | None = None
    other_lot: int | None = None
    """The lot that the books have a numbered piece in, where a fact knows it as another."""

    @property
    def lot_id(self) -> int:
        return self.line.lot.id if self.other_lot is None else self.other_lot


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was done: plain JSON values in `body`; stored with the attempt and answered again to a repeat."""

    body: Mapping[str, Any]
    repeat: bool = False


@dataclass(frozen=True, slots=True)
class Reservation:
    """Goods promised and not yet gone. Ends exactly once: posted, released or expired."""

    id: UUID
    key: StockKey
    quantity: int
    priority: int
    """1 is the most urgent; a fact shrinks the largest number first, then the youngest."""
    expires_at: datetime
    seq: int
    """Its place among those loaded with it, the oldest promise first; what is left of one is as old as it was."""
    document: DocumentRef | None = None


@dataclass(frozen=True, slots=True)
class SerialState:
    """Where one numbered piece stands."""

    serial_id: int
    number: str
    lot_id: int
    place_id: int
    condition: str


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """A balance as pages and the API show it."""

    lot: Lot
    place_id: int
    place_code: str
    place_kind: str
    site_id: int
    site_code: str
    site_name: str
    condition: Condition
    on_hand: int
    reserved: int
    usable: int
    """on_hand if usable on the day asked, else 0; free = usable − reserved."""
    item_key: str = ""
    place_key: str = ""

    @property
    def free(self) -> int:
        return max(self.usable - self.reserved, 0)
