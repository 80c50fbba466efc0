"""Nouns of requisitions and release orders. Quantities of an item are whole base units, of a class whole units."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from catalog.kernel.parameters import UNVERIFIED, Kind, Parameter, declare
from warehouse.spoken import rules as spoken

DOCUMENT = "requisition"
RELEASE_DOCUMENT = "release"
"""`document_kind` under which reservations, moves and files name a requisition and a release order."""


class Status(StrEnum):
    """A requisition's life. From `sourced` on it follows its release orders: the one that is least far decides."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    SOURCED = "sourced"
    RELEASED = "released"
    PICKING = "picking"
    SHIPPED = "shipped"
    RECEIVED = "received"
    CLOSED = "closed"
    CANCELLED = "cancelled"


UNDER_WAY = frozenset(
    {Status.APPROVED, Status.SOURCED, Status.RELEASED, Status.PICKING, Status.SHIPPED, Status.RECEIVED}
)
"""Approved and not over: as far as its release orders and call-offs are."""


class ReleaseStatus(StrEnum):
    """A release order's life: waiting for the owner's word, then carried out by the store and whoever receives."""

    WAITING = "waiting"
    RELEASED = "released"
    PICKING = "picking"
    SHIPPED = "shipped"
    RECEIVED = "received"
    CLOSED = "closed"
    REFUSED = "refused"
    CANCELLED = "cancelled"


OVER = (ReleaseStatus.REFUSED, ReleaseStatus.CANCELLED)
"""Nothing comes of these: what they held is free again, what they covered is open again."""

# --- settings -------------------------------------------------------------------------------------------------------

HOLD_HOURS = Parameter(
    "requisition.hold-hours", 24, Kind.WHOLE, "hours",
    name_zh="占用保留时间", name_en="Goods are held for",
    meaning_zh="接受货源方案后，物资为待下达的动用指令占用这么久；逾期自动释放",
    meaning_en="After a plan is accepted, goods are held so long for the release order; then they are free again",
    source=UNVERIFIED, low=1, high=720,
)  # fmt: skip
CARRY_HOURS = Parameter(
    "requisition.carry-hours", 240, Kind.WHOLE, "hours",
    name_zh="下达后占用保留时间", name_en="Released goods are held for",
    meaning_zh="动用指令下达后，物资为出库占用这么久",
    meaning_en="After the release order, goods are held so long until they leave",
    source=UNVERIFIED, low=1, high=2160,
)  # fmt: skip
SECOND_APPROVAL_ABOVE = Parameter(
    "requisition.second-approval-above", 50_000_000, Kind.WHOLE, "fen",
    name_zh="调用申请二级审批限额", name_en="A requisition above this needs one approval more",
    meaning_zh="按目录单价估算，金额超过此数的调用申请须多一人批准",
    meaning_en="Above this value at catalogue prices one person more has to approve a requisition",
    source=UNVERIFIED, low=0, high=10**12,
)  # fmt: skip
ROAD_FACTOR = Parameter(
    "sourcing.road-percent", 140, Kind.WHOLE, "%",
    name_zh="道路折算系数", name_en="Roads to straight lines",
    meaning_zh="没有道路数据时，路程按直线距离的这一比例估算",
    meaning_en="Without road data a way is so much of the straight line",
    source=UNVERIFIED, low=100, high=400,
)  # fmt: skip
ROAD_SPEED = Parameter(
    "sourcing.road-speed", 40, Kind.WHOLE, "km/h",
    name_zh="平均车速", name_en="Speed on the road",
    meaning_zh="估算运输时间所用的平均车速",
    meaning_en="The speed with which times on the road are estimated",
    source=UNVERIFIED, low=5, high=120,
)  # fmt: skip
LOAD_MINUTES = Parameter(
    "sourcing.load-minutes", 60, Kind.WHOLE, "minutes",
    name_zh="装车时间", name_en="Time to load",
    meaning_zh="从下令到车辆离库所需时间",
    meaning_en="From the order until the lorry leaves the store",
    source=UNVERIFIED, low=0, high=1440,
)  # fmt: skip
for _one in (HOLD_HOURS, CARRY_HOURS, SECOND_APPROVAL_ABOVE, ROAD_FACTOR, ROAD_SPEED, LOAD_MINUTES):
    declare(_one)


# --- requisitions ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RequisitionFacts:
    """What is said of a requisition as a whole. `region_id`: who asks (`party_id`: which office of it).

    `upward` False: only goods that the asking region (or one below it) owns. True: also from above and beside, once its
    own are used; `own_stock` says what was used or why it could not be (先用本级).
    """

    region_id: int
    reason: str
    incident_id: UUID | None = None
    party_id: int | None = None
    upward: bool = True
    own_stock: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class LineFacts:
    """One line that is asked for. Exactly one of item and class; a class's quantity is whole units of `unit`.

    `region_id`: where it goes. `receiver` and `phone` are kept apart and purged.
    """

    region_id: int
    quantity: int
    item_id: int | None = None
    class_id: int | None = None
    unit: str = ""
    need_id: UUID | None = None
    priority: int = 2
    needed_by: datetime | None = None
    place: str = ""
    lat: float | None = None
    lon: float | None = None
    note: str = ""
    receiver: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line with names. `covered`: what live release orders bring, in units of the line; `rest` is still open."""

    id: UUID
    line: int
    path: str
    region_key: str
    region_zh: str
    region_en: str | None
    goods_key: str
    goods_zh: str
    goods_en: str | None
    unit_zh: str
    unit_en: str | None
    unit_factor: int
    covered: int
    price_fen: int | None
    price_per: int
    facts: LineFacts

    @property
    def rest(self) -> int:
        """What nothing brings yet."""
        return max(0, self.facts.quantity - self.covered)

    @property
    def amount_fen(self) -> int:
        """Its value at the catalogue's price; 0 where none is known."""
        if self.price_fen is None:
            return 0
        return (self.facts.quantity * self.price_fen * 2 + self.price_per) // (2 * self.price_per)


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's approval. `for_login`: in whose name, where a deputy gave it."""

    login: str
    at: datetime
    note: str
    for_login: str = ""


@dataclass(frozen=True, slots=True)
class Requisition:
    """A requisition with names, lines and approvals. `level`: of its incident now, None without one in force."""

    id: UUID
    seq: int
    number: str
    status: Status
    version: int
    created_at: datetime
    created_by: str
    authors: tuple[str, ...]
    submitted_at: datetime | None
    ended_at: datetime | None
    end_reason: str
    path: str
    region_key: str
    region_zh: str
    region_en: str | None
    party_zh: str | None
    incident_number: str | None
    incident_name: str | None
    incident_path: str | None
    level: int | None
    facts: RequisitionFacts
    lines: tuple[Line, ...] = ()
    approvals: tuple[Approval, ...] = ()

    @property
    def amount_fen(self) -> int:
        """Its value at the catalogue's prices."""
        return sum(line.amount_fen for line in self.lines)

    @property
    def open_lines(self) -> tuple[Line, ...]:
        """Lines of which something is still to be sourced."""
        return tuple(line for line in self.lines if line.rest)


# --- plans ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wishes:
    """The dispatcher's word to a plan. Sources are named as the plan names them."""

    pins: tuple[tuple[str, str, int, int], ...] = ()
    """(line id, source, item, quantity)."""
    forbidden: tuple[tuple[str, str], ...] = ()
    """(line id, source)."""


@dataclass(frozen=True, slots=True)
class KeptPlan:
    """A plan as it was made, with the wishes it was made under. `state`: current, superseded or accepted."""

    id: UUID
    seq: int
    requisition_id: UUID
    made_at: datetime
    made_by: str
    state: str
    wishes: Wishes
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Taking:
    """Goods that were held for a line and a more urgent requisition has taken. `settled_at`: when the line's
    requisition held other goods instead, or was over."""

    id: UUID
    at: datetime
    login: str
    taker_id: UUID
    taker_number: str
    taker_priority: int
    loser_id: UUID
    line: int
    item_zh: str
    item_en: str | None
    unit_zh: str
    unit_en: str | None
    unit_factor: int
    quantity: int
    replanned_at: datetime | None
    settled_at: datetime | None


# --- release orders -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    """Goods of one lot at one place for one line. `covers`: in units of the line; `short`: what could not be picked."""

    id: UUID
    line: int
    requisition_line_id: UUID
    need_id: UUID | None
    item_id: int
    item_key: str
    item_zh: str
    item_en: str | None
    spec: str
    unit_zh: str
    unit_en: str | None
    unit_factor: int
    lot_id: int
    lot: str
    expires_on: date | None
    place_id: int
    place_code: str
    quantity: int
    covers: int
    short: int
    reservation_id: UUID
    reservation_state: str
    reserved_until: datetime
    reserved: int
    """What the reservation holds: a fact may have shrunk it below the quantity."""


@dataclass(frozen=True, slots=True)
class Release:
    """A release order (动用指令): goods of one owner in one store for one place, with names."""

    id: UUID
    seq: int
    number: str | None
    status: ReleaseStatus
    version: int
    requisition_id: UUID
    requisition_number: str
    requisition_path: str
    incident_id: UUID | None
    incident_name: str | None
    level: int | None
    owner_region_id: int
    owner_path: str
    owner_key: str
    owner_zh: str
    owner_en: str | None
    site_id: int
    site_code: str
    site_zh: str
    site_en: str | None
    site_path: str
    site_phone: str
    region_id: int
    region_path: str
    region_key: str
    region_zh: str
    region_en: str | None
    place: str
    lat: float | None
    lon: float | None
    receiver: str
    phone: str
    priority: int
    needed_by: datetime | None
    made_at: datetime
    made_by: str
    authors: tuple[str, ...]
    """Who wrote the requisition: they release nothing of it."""
    released_at: datetime | None
    released_by: str
    spoken: bool
    spoken_by: str
    spoken_to: str
    papers_due_at: datetime | None
    paper_number: str
    paper_file_id: UUID | None
    paper_filed_at: datetime | None
    paper_filed_by: str
    paper_checked_at: datetime | None
    paper_checked_by: str
    ended_at: datetime | None
    end_reason: str
    turn: int = 1
    """The how manieth of its requisition at its store."""
    lines: tuple[ReleaseLine, ...] = ()

    @property
    def name(self) -> str:
        """Its number; before it has one, that of the requisition, its store, and its turn where it is not the first."""
        return self.number or f"{self.requisition_number}·{self.site_code}" + (f"-{self.turn}" if self.turn > 1 else "")

    @property
    def paper_owed(self) -> bool:
        """It was spoken, and its paper is not there and checked yet."""
        return spoken.owed(self.spoken, self.paper_checked_at) and self.status not in OVER

    @property
    def held_until(self) -> datetime | None:
        """Until when its goods are held; None where nothing is."""
        held = [line.reserved_until for line in self.lines if line.reservation_state == "held"]
        return min(held) if held else None


LONGEST_TEXT = spoken.LONGEST_TEXT
MOST_LINES = 200
PAST = timedelta(minutes=5)
"""A time asked for may lie so far back: clocks and typing take a while."""
