"""Nouns of commitments. Quantities of an item are whole base units; those of a class are whole units of its own."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from warehouse.parties.model import PartyKind
from warehouse.spoken.rules import owed


class Form(StrEnum):
    """协议, 产能, 社会号料: goods that others hold, can make, or have offered."""

    AGREEMENT = "agreement"
    CAPACITY = "capacity"
    SOCIAL = "social"


class PriceRule(StrEnum):
    """What the goods will cost: at the price agreed, at the market's on that day, free, or settled afterwards."""

    FIXED = "fixed"
    MARKET = "market"
    FREE = "free"
    LATER = "later"


class Status(StrEnum):
    """A commitment's life; the way between them is `workflow.COMMITMENT`. That it has ended follows from its dates."""

    DRAFT = "draft"
    IN_FORCE = "in_force"
    SUSPENDED = "suspended"
    RETIRED = "retired"


class CallStatus(StrEnum):
    """A call-off's life: asked for, ordered by an activation order, over."""

    REQUESTED = "requested"
    ACTIVATED = "activated"
    CLOSED = "closed"
    CANCELLED = "cancelled"


DOCUMENT = "call_off"
"""`document_kind` under which a higher feature (a delivery, a proposal) may name a call-off."""
PAPERS_HOURS = 48
"""An order that was only spoken is put on paper within this time where no response level says otherwise (the
usual clock of requisition rules)."""


@dataclass(frozen=True, slots=True)
class CommitmentFacts:
    """What a commitment says. Exactly one of item and class; both days inclusive.

    `response_hours`: from the activation order until the goods are handed over. `confidence`: percent of the quantity
    that is believed to come, with `confidence_source`: who says so. `handover`: where to draw from, and how.
    """

    region_id: int
    party_id: int
    form: Form
    number: str
    quantity: int
    response_hours: int
    confidence: int
    valid_from: date
    valid_to: date
    item_id: int | None = None
    class_id: int | None = None
    unit: str = ""
    confidence_source: str = "unverified"
    price_rule: PriceRule = PriceRule.LATER
    price_fen: int | None = None
    price_per: int = 1
    handover: str = ""
    source: str = "unverified"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """How a promise was kept once: `asked` was wanted, `in_time` and `late` came (or were shown in a drill)."""

    on: date
    asked: int
    in_time: int
    late: int = 0


@dataclass(frozen=True, slots=True)
class Drill:
    """One try-out: so much asked, so much shown after so many hours. Withdrawn ones count for nothing."""

    id: UUID
    on: date
    asked: int
    shown: int
    hours: int
    note: str
    recorded_at: datetime
    login: str
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class Commitment:
    """One commitment with its names. `taken`: called off and not cancelled; `results`: drills and closed call-offs."""

    id: UUID
    seq: int
    status: Status
    version: int
    created_at: datetime
    created_by: str
    facts: CommitmentFacts
    path: str
    region_key: str
    region_zh: str
    region_en: str | None
    party_key: str
    party_zh: str
    party_en: str | None
    goods_key: str
    goods_zh: str
    goods_en: str | None
    unit_zh: str
    unit_en: str | None
    unit_factor: int
    class_path: str
    taken: int
    party_kind: PartyKind
    results: tuple[Result, ...] = ()

    @property
    def left(self) -> int:
        """What can still be called off."""
        return max(self.facts.quantity - self.taken, 0)

    def holds(self, day: date) -> bool:
        """Whether it may be counted on that day."""
        return self.status is Status.IN_FORCE and self.facts.valid_from <= day <= self.facts.valid_to


@dataclass(frozen=True, slots=True)
class Arrival:
    """What came of a call-off: how much, when, and the document it came with (opaque: kind, id, number)."""

    quantity: int
    arrived_at: datetime
    document_number: str
    note: str
    login: str
    document_kind: str | None = None
    document_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class CallOff:
    """One call on a commitment (调用单). `order_number`: the activation order; empty while it was only spoken.

    A spoken one says who spoke to whom; its paper is owed until a second person has checked it.
    """

    id: UUID
    seq: int
    number: str
    commitment_id: UUID
    path: str
    quantity: int
    place: str
    reason: str
    status: CallStatus
    spoken: bool
    order_number: str
    requested_at: datetime
    requested_by: str
    activated_at: datetime | None
    activated_by: str
    closed_at: datetime | None
    version: int
    response_hours: int
    papers_hours: int
    spoken_by: str
    spoken_to: str
    papers_due_at: datetime | None
    paper_file_id: UUID | None
    paper_filed_at: datetime | None
    paper_filed_by: str
    paper_checked_at: datetime | None
    paper_checked_by: str
    arrivals: tuple[Arrival, ...] = ()

    @property
    def came(self) -> int:
        """How much has come so far."""
        return sum(one.quantity for one in self.arrivals)

    @property
    def due_at(self) -> datetime | None:
        """Until when it should be here."""
        return self.activated_at + timedelta(hours=self.response_hours) if self.activated_at else None

    @property
    def paper_owed(self) -> bool:
        """It was spoken, and its paper is not there and checked yet."""
        return owed(self.spoken, self.paper_checked_at) and self.status is not CallStatus.CANCELLED


@dataclass(frozen=True, slots=True)
class Promise:
    """What shortfall and sourcing may count on, and with what confidence (percent) and delay.

    Of an item in base units, or of a class in units of its own (`unit_zh`). `price_fen` per `price_per`; None: not
    agreed. `neighbour`: another city offers it.
    """

    commitment_id: UUID
    number: str
    party_zh: str
    form: Form
    region_id: int
    path: str
    item_id: int | None
    class_id: int | None
    class_path: str
    quantity: int
    confidence: int
    response_hours: int
    price_fen: int | None
    price_per: int
    valid_to: date
    unit_zh: str
    neighbour: bool

    @property
    def counted(self) -> int:
        """The quantity times its confidence, rounded down."""
        return self.quantity * self.confidence // 100
