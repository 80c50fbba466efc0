"""What the reads of stock answer: frozen values, no rows of the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from warehouse.stock.model import BalanceRow, DocumentRef, Lot, StockKey, is_outside


@dataclass(frozen=True, slots=True)
class Spot:
    """A place as the ledger's callers need it. Outside places have no site: `site_id` None, `path` empty."""

    place_id: int
    kind: str
    code: str
    key: str
    site_id: int | None
    site_code: str
    path: str
    closed: bool
    retired: bool

    @property
    def outside(self) -> bool:
        """Whether it keeps no balance."""
        return is_outside(self.place_id)


@dataclass(frozen=True, slots=True)
class FoundSerial:
    """A numbered piece and where it stands (nowhere before its first move)."""

    serial_id: int
    number: str
    maker_serial: str | None
    lot: Lot
    place_id: int | None
    condition: str | None

    @property
    def key(self) -> StockKey | None:
        """Where it stands as a balance key; the lot is the one it belongs to now."""
        return (
            None
            if self.place_id is None or self.condition is None
            else StockKey(self.lot.id, self.place_id, self.condition)
        )


@dataclass(frozen=True, slots=True)
class Leg:
    """One end of a move, as it is shown."""

    place_id: int
    kind: str
    code: str
    key: str
    site_id: int | None
    site_code: str
    condition: str


@dataclass(frozen=True, slots=True)
class MoveRow:
    """One row of the ledger. `reversed_by` is the seq of the row that takes it back, if there is one."""

    seq: int
    id: UUID
    attempt: UUID
    line: int
    lot_id: int
    lot: str
    item_id: int
    item_key: str
    item: str
    unit: str
    unit_factor: int
    quantity: int
    source: Leg
    target: Leg
    reason: str
    note: str
    document: DocumentRef | None
    document_line: int | None
    person_id: int | None
    login: str
    device_time: datetime | None
    occurred_at: datetime
    recorded_at: datetime
    booked_on: date
    is_fact: bool
    case_id: int | None
    case: UUID | None
    reverses: int | None
    reversed_by: int | None
    serial_ids: tuple[int, ...]
    serials: tuple[str, ...]

    @property
    def source_key(self) -> StockKey:
        """The balance it took from."""
        return StockKey(self.lot_id, self.source.place_id, self.source.condition)

    @property
    def target_key(self) -> StockKey:
        """The balance it gave to."""
        return StockKey(self.lot_id, self.target.place_id, self.target.condition)


@dataclass(frozen=True, slots=True)
class LastCount:
    """The last posted count of a place; `lines` maps (lot, condition) to (counted, variance, taken back)."""

    count_id: UUID
    place_id: int
    counted_at: datetime
    recorded_at: datetime
    lines: Mapping[tuple[int, str], tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class HeldStock:
    """One balance row, bare."""

    key: StockKey
    on_hand: int
    reserved: int

    @property
    def free(self) -> int:
        """Not promised to anybody (usable or not)."""
        return self.on_hand - self.reserved


@dataclass(frozen=True, slots=True)
class LotEntry:
    """A lot in a list: sums over what is in sight. `usable` and `free` count only what is in store (no loans, no
    shipments), good and not expired on the day asked."""

    lot: Lot
    item_key: str
    owner: str
    on_hand: int
    reserved: int
    usable: int
    free: int
    places: int
    sites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Free usable goods of an item in another place; outside the caller's scope only the site and its total."""

    site_id: int
    site_code: str
    site_name: str
    place_id: int | None
    place_code: str | None
    lot: str | None
    expires_on: date | None
    free: int


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """What a site has in store of an item. `posted_at`: when the site last posted anything (age of the data)."""

    item_id: int
    item_key: str
    item: str
    unit: str
    unit_factor: int
    site_id: int
    site_code: str
    site_name: str
    on_hand: int
    usable: int
    free: int
    first_expiry: date | None
    posted_at: datetime | None


@dataclass(frozen=True, slots=True)
class AsOfRow:
    """A balance of the past."""

    lot_id: int
    lot: str
    item_id: int
    item_key: str
    item: str
    unit: str
    unit_factor: int
    expires_on: date | None
    place_id: int
    place_code: str
    place_kind: str
    site_id: int
    site_code: str
    condition: str
    on_hand: int


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One line of 收发存: opening + came − went = closing. `ins` and `outs` split them by reason."""

    item_id: int
    item_key: str
    item: str
    unit: str
    unit_factor: int
    lot: str | None
    expires_on: date | None
    site_code: str | None
    opening: int
    came: int
    went: int
    closing: int
    ins: Mapping[str, int]
    outs: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CareEvent:
    """A restack, quality test or engine run that was done."""

    kind: str
    done_on: date
    passed: bool
    result: str
    login: str
    site_code: str
    serial: str | None


@dataclass(frozen=True, slots=True)
class CareDue:
    """Care that falls due: never done yet (`last_on` None), or due again."""

    lot_id: int
    lot: str
    item_id: int
    item_key: str
    item: str
    serial: str | None
    site_id: int
    site_code: str
    kind: str
    last_on: date | None
    due_on: date


@dataclass(frozen=True, slots=True)
class ConversionRow:
    """Why goods became another lot. `from_lot` or `to_lot` None: the making or breaking of a kit."""

    id: UUID
    kind: str
    from_lot: str | None
    to_lot: str | None
    reason: str
    evidence: Mapping[str, Any]
    login: str
    occurred_at: datetime
    attempt: UUID


@dataclass(frozen=True, slots=True)
class ReservationRow:
    """Goods promised, or a promise that has ended."""

    id: UUID
    lot_id: int
    lot: str
    item_key: str
    item: str
    unit: str
    unit_factor: int
    place_id: int
    place_code: str
    site_id: int
    site_code: str
    condition: str
    quantity: int
    state: str
    priority: int
    document: DocumentRef | None
    parent_id: UUID | None
    expires_at: datetime
    created_at: datetime
    ended_at: datetime | None
    end_reason: str
    login: str


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A discrepancy case."""

    id: int
    uuid: UUID
    kind: str
    site_id: int
    site_code: str
    site_name: str
    status: str
    opened_at: datetime
    opened_by: str
    attempt: UUID
    document: DocumentRef | None
    facts: Mapping[str, Any]
    settled_at: datetime | None
    settled_by: str
    settlement: str
    version: int
    owner: UUID | None = None
    owner_login: str | None = None
    owner_name_zh: str | None = None
    owner_name_en: str | None = None
    owner_role: str = "keeper"
    """Who sees to it while no person does."""
    due_on: date | None = None
    outcome: str = ""
    """How it ended: found, supplier, written-off, booked, accepted, other; empty while it is open."""


@dataclass(frozen=True, slots=True)
class LoanRow:
    """Goods lent. `out`: how many of its lots are not wholly back. `goods`: the first item lent, of `items`."""

    id: UUID
    place_id: int
    site_id: int
    site_code: str
    site_zh: str
    site_en: str | None
    site_path: str
    borrower: str
    due_on: date
    lent_at: datetime
    login: str
    goods: str
    items: int
    out: int


@dataclass(frozen=True, slots=True)
class LoanLine:
    """A lot of a loan: what was lent, and what is not back; numbers of the pieces that are out."""

    lot: str
    item_key: str
    item: str
    item_en: str | None
    unit: str
    unit_factor: int
    tracking: str
    lent: int
    out: int
    serials: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Debt:
    """What a borrower has of an owner's goods, over all loans: so much in so many loans, the first due on `due_on`."""

    owner_zh: str
    owner_en: str | None
    borrower: str
    item_key: str
    item: str
    item_en: str | None
    unit: str
    unit_factor: int
    out: int
    loans: int
    due_on: date


@dataclass(frozen=True, slots=True)
class PalletLine:
    """One lot on a pallet, and how much of it stands at the pallet's place."""

    lot: Lot
    condition: str
    quantity: int
    on_hand: int


@dataclass(frozen=True, slots=True)
class PalletCard:
    """A pallet: a content list that moves as one while it is open."""

    id: int
    uuid: UUID
    number: str
    sscc: str | None
    status: str
    void_reason: str
    created_at: datetime
    spot: Spot
    lines: tuple[PalletLine, ...]


@dataclass(frozen=True, slots=True)
class LotCard:
    """All there is to say of a lot, as far as it is in sight (its moves are a list of their own)."""

    entry: LotEntry
    balances: tuple[BalanceRow, ...]
    parent: Lot | None
    children: tuple[Lot, ...]
    conversions: tuple[ConversionRow, ...]
    care: tuple[CareEvent, ...]
    reservations: tuple[ReservationRow, ...]


@dataclass(frozen=True, slots=True)
class SerialCard:
    """The passport of a numbered piece: every move, newest first, its care and its loans."""

    piece: FoundSerial
    spot: Spot | None
    moves: tuple[MoveRow, ...]
    care: tuple[CareEvent, ...]
    loans: tuple[LoanRow, ...]
