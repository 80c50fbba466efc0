"""Nouns of alerts and notices. Quantities are whole base units (units of the norm for a class); days are Shanghai's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import Any
from uuid import UUID

from catalog.kernel.parameters import UNVERIFIED, Kind, Parameter, declare


class AlertKind(StrEnum):
    """What is wrong. Kinds of one domain are grades of one cause and never stand side by side."""

    BELOW_MINIMUM = "below-minimum"
    BELOW_REORDER = "below-reorder"
    WILL_FALL_BELOW = "will-fall-below"
    NEAR_EXPIRY = "near-expiry"
    EXPIRED = "expired"
    CARE_DUE = "care-due"
    OVER_CAPACITY = "over-capacity"
    COUNT_OVERDUE = "count-overdue"
    LEDGER_DIFFERENCE = "ledger-difference"
    DELIVERY_LATE = "delivery-late"
    ORDER_LATE = "order-late"
    COMMITMENT_ENDING = "commitment-ending"
    HOLD_TAKEN = "hold-taken"
    PAPER_OVERDUE = "paper-overdue"
    LOAN_OVERDUE = "loan-overdue"


class Domain(StrEnum):
    """What is judged together: a need of a place, a lot at a store, …"""

    NEED = "need"
    LOT = "lot"
    CARE = "care"
    ROOM = "room"
    COUNT = "count"
    CASE = "case"
    DELIVERY = "delivery"
    ORDER = "order"
    COMMITMENT = "commitment"
    HOLD = "hold"
    PAPER = "paper"
    LOAN = "loan"
    BOOKS = "books"


class Severity(IntEnum):
    """提示, 警告, 紧急."""

    NOTICE = 1
    WARNING = 2
    URGENT = 3


class Status(StrEnum):
    """A life: `workflow.ALERT`."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    IN_HAND = "in-hand"
    CLOSED = "closed"


class EventVerb(StrEnum):
    """What happened to an alert."""

    OPENED = "opened"
    RAISED = "raised"
    LOWERED = "lowered"
    ACKNOWLEDGED = "acknowledged"
    TAKEN = "taken"
    PUT_BACK = "put-back"
    SNOOZED = "snoozed"
    WOKEN = "woken"
    ESCALATED = "escalated"
    CLOSED = "closed"


TOLD = frozenset({EventVerb.OPENED, EventVerb.RAISED, EventVerb.ESCALATED, EventVerb.WOKEN})
"""What people are told of; webhooks also of `closed`."""


def _days(key: str, default: int, zh: str, en: str, meaning_zh: str, meaning_en: str, unit: str = "days") -> Parameter:
    return Parameter(
        f"alerts.{key}", default, Kind.WHOLE, unit, zh, en, meaning_zh, meaning_en, UNVERIFIED, low=0, high=3650
    )


ESCALATE_HOURS = _days(
    "escalate-hours",
    24,
    "预警上报时限",
    "Hours until the tier above is told",
    "预警发出多少小时仍无人确认，即通知上一级；0 表示不上报。",
    "An alert that nobody has acknowledged after so many hours goes to the tier above; 0: never.",
    "hours",
)
LEAD_DAYS = _days(
    "lead-days",
    30,
    "默认补货天数",
    "Lead time where a norm names none",
    "储备标准未写补货天数时，按多少天预判会不会跌破最低储备。",
    "How far ahead a fall below the minimum is looked for, where the norm names no lead time.",
)
URGENT_PERCENT = _days(
    "urgent-percent",
    50,
    "紧急缺口比例",
    "Share of the minimum that is urgent",
    "可用数量低于最低储备的百分之多少时，由警告升为紧急。",
    "Below this share of the minimum the alert is urgent instead of a warning.",
    "percent",
)
COUNT_DAYS = _days(
    "count-days",
    365,
    "盘点周期",
    "Days between two counts",
    "存有物资的货位多少天没有盘点即提醒；0 表示不提醒。",
    "A bin with goods that was not counted for so many days is overdue; 0: never.",
)
CARE_DAYS = _days(
    "care-days",
    0,
    "保养提前提醒天数",
    "Days of notice before care",
    "保养到期前多少天提醒。",
    "So many days before care falls due it is told.",
)
LATE_DAYS = _days(
    "late-days",
    0,
    "到货宽限天数",
    "Days of grace for deliveries",
    "到货日期过后宽限多少天再提醒。",
    "A delivery is late so many days after its day.",
)
ORDER_LATE_DAYS = _days(
    "order-late-days",
    0,
    "订单宽限天数",
    "Days of grace for orders",
    "订单约定的到货日期过后宽限多少天，仍未到齐即提醒采购和计划人员。",
    "An issued order is late so many days after the day of a line that has not come in full.",
)
ENDING_DAYS = _days(
    "ending-days",
    60,
    "协议到期提前提醒天数",
    "Days of notice before a commitment ends",
    "代储、产能等协议到期前多少天提醒续签；到期后升为警告。",
    "So many days before an agreement ends it is told, for it to be renewed; once it has ended it is a warning.",
)
NEAR_DAYS = _days(
    "near-days",
    180,
    "临期第一档",
    "First band of near expiry",
    "物资与其类别都未设临期天数时，到期前多少天首次提醒。",
    "So many days before the expiry it is first told, where neither the item nor its class has bands of its own.",
)
NEARER_DAYS = _days(
    "nearer-days",
    90,
    "临期第二档",
    "Second band of near expiry",
    "同上，到期前多少天升为警告。",
    "In the same case: so many days before the expiry it becomes a warning.",
)
PARAMETERS = (
    ESCALATE_HOURS, LEAD_DAYS, URGENT_PERCENT, COUNT_DAYS, CARE_DAYS, LATE_DAYS, ORDER_LATE_DAYS, ENDING_DAYS,
    NEAR_DAYS, NEARER_DAYS,
)  # fmt: skip
declare(*PARAMETERS)


@dataclass(frozen=True, slots=True)
class Measures:
    """The parameters as they hold at one place."""

    lead_days: int = 30
    urgent_percent: int = 50
    count_days: int = 365
    care_days: int = 0
    late_days: int = 0
    escalate_hours: int = 24
    order_late_days: int = 0
    ending_days: int = 60
    near_days: int = 180
    nearer_days: int = 90

    @property
    def bands(self) -> tuple[int, ...]:
        """Days before the expiry at which it is told, where neither item nor class say so; falling."""
        return tuple(sorted({self.near_days, self.nearer_days}, reverse=True))


# --- facts: what the books say, one per cell that is judged ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class At:
    """Where a fact is: a region, or a site in it. `path` is the region's."""

    region_id: int
    path: str
    site_id: int | None = None


@dataclass(frozen=True, slots=True)
class Shelf:
    """What counts for a need of one item: usable now, promised, and how much of it expires on which day."""

    item_id: int
    usable: int = 0
    reserved: int = 0
    expiring: tuple[tuple[date, int], ...] = ()
    """(expiry day, quantity) of usable goods, in order; what never expires is left out."""


@dataclass(frozen=True, slots=True)
class NeedFact:
    """What a place must hold and what counts for it, both in units of the norm.

    `usable`: good, in store, not expired today. `then`: the end of the lead time; `left_then`: what of it is neither
    expired nor promised by then; `falls_on`: the first day on which that lies below the minimum.
    """

    at: At
    item_id: int | None
    class_id: int | None
    minimum: int | None
    reorder: int | None
    usable: int
    reserved: int
    then: date
    left_then: int
    falls_on: date | None
    norm_id: str
    unit_zh: str
    unit_factor: int
    unit_en: str | None = None


@dataclass(frozen=True, slots=True)
class LotFact:
    """A lot that stands at a site and has an expiry day. `bands`: days before it at which it is told, falling; of the
    item, else of its nearest class, empty where neither has some: then the place's parameters hold."""

    at: At
    lot_id: int
    item_id: int
    expires_on: date
    on_hand: int
    bands: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CareFact:
    """The first care that falls due of one kind for a lot at a site; `pieces` of numbered goods are due by then."""

    at: At
    lot_id: int
    item_id: int
    kind: str
    due_on: date
    pieces: int


@dataclass(frozen=True, slots=True)
class RoomFact:
    """How full a bin is, in percent of its room or its load, whichever is more."""

    at: At
    place_id: int
    percent: int


@dataclass(frozen=True, slots=True)
class CountFact:
    """Bins with goods of a site, by the day from which they count as not counted."""

    at: At
    since: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class CaseFact:
    """An open discrepancy case."""

    at: At
    case: UUID
    kind: str
    due_on: date | None


@dataclass(frozen=True, slots=True)
class DeliveryFact:
    """A delivery that should have come by a day and is not closed."""

    at: At
    delivery: UUID
    number: str
    expected_on: date


@dataclass(frozen=True, slots=True)
class OrderFact:
    """An issued order of which something should have come by a day and has not: at its owner. `lines` so many."""

    at: At
    order: UUID
    number: str
    expected_on: date
    lines: int
    item_id: int | None
    """Where all of them are of one item."""


@dataclass(frozen=True, slots=True)
class CommitmentFact:
    """A commitment in force or suspended, its last day, and what it promises: an item or a class."""

    at: At
    commitment: UUID
    number: str
    ends_on: date
    item_id: int | None
    class_id: int | None


@dataclass(frozen=True, slots=True)
class HoldFact:
    """A requisition from which a more urgent one (`by`) took goods that it held, and that holds no others instead yet:
    at the region that asks. `lines` so many."""

    at: At
    requisition: UUID
    number: str
    by: str
    lines: int
    item_id: int | None
    """Where all of them are of one item."""


@dataclass(frozen=True, slots=True)
class PaperFact:
    """A release order or call-off that was spoken and whose paper is not there and checked, at the region whose word it
    was. `commitment`: what a call-off calls on.

    `filed`: it is there and waits for somebody to check it.
    """

    at: At
    order: UUID
    number: str
    due_on: date
    filed: bool
    commitment: UUID | None = None


@dataclass(frozen=True, slots=True)
class LoanFact:
    """A loan of which something is out on its last day or later, at the store that lent. `number` is the borrower, who
    is what people know a loan by; `lots`: so many of its lots are not wholly back."""

    at: At
    loan: UUID
    number: str
    due_on: date
    lots: int


@dataclass(frozen=True, slots=True)
class BooksFact:
    """Figures that do not follow from the moves, at a site (or the city where no place is named)."""

    at: At
    differences: tuple[str, ...]


DocumentFact = DeliveryFact | OrderFact | CommitmentFact | HoldFact | PaperFact | LoanFact
"""What is about one paper, which has a number."""
Fact = (
    NeedFact
    | LotFact
    | CareFact
    | RoomFact
    | CountFact
    | CaseFact
    | DeliveryFact
    | OrderFact
    | CommitmentFact
    | HoldFact
    | PaperFact
    | LoanFact
    | BooksFact
)


# --- what is wanted, and what there is -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison: does `left` lie below (or over) `right`? What the page shows as the reason, fired or not.

    `right` None: nothing is set (or its basis is unknown), so nothing can be said.
    """

    kind: AlertKind
    severity: Severity
    left: int | None
    right: int | None
    fires: bool
    day: date | None = None
    """The day that it is about: the expiry, the end of the lead time."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An alert that there should be."""

    domain: Domain
    cause: str
    kind: AlertKind
    severity: Severity
    at: At
    item_id: int | None = None
    class_id: int | None = None
    lot_id: int | None = None
    place_id: int | None = None
    document_id: UUID | None = None
    due_on: date | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Plain JSON: the figures that decided."""
    escalate_hours: int = 24


@dataclass(frozen=True, slots=True)
class Standing:
    """An alert that there is, as far as judging needs it."""

    id: UUID
    cause: str
    kind: AlertKind
    severity: Severity
    status: Status
    facts: Mapping[str, Any]
    snoozed: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """What judging does to the alerts of a domain."""

    opened: tuple[Wanted, ...] = ()
    raised: tuple[tuple[Standing, Wanted], ...] = ()
    lowered: tuple[tuple[Standing, Wanted], ...] = ()
    freshened: tuple[tuple[Standing, Wanted], ...] = ()
    """Same kind and severity, other figures: written, told to nobody."""
    closed: tuple[Standing, ...] = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """How many alerts a pass opened, raised, lowered, closed, and how many cells it looked at."""

    opened: int = 0
    raised: int = 0
    lowered: int = 0
    closed: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.opened + other.opened,
            self.raised + other.raised,
            self.lowered + other.lowered,
            self.closed + other.closed,
        )


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as pages and programs see it."""

    id: UUID
    seq: int
    kind: AlertKind
    severity: Severity
    status: Status
    site_code: str | None
    site_zh: str | None
    site_en: str | None
    region_key: str
    region_zh: str
    region_en: str | None
    path: str
    site_id: int | None
    item_key: str | None
    item_zh: str | None
    item_en: str | None
    class_code: str | None
    class_zh: str | None
    class_en: str | None
    lot: str | None
    place_code: str | None
    place_key: str | None
    document_id: UUID | None
    due_on: date | None
    facts: Mapping[str, Any]
    level: int
    escalates_at: datetime | None
    opened_at: datetime
    changed_at: datetime
    handled_at: datetime | None
    handled_by: str
    plan: str
    plan_link: str
    snoozed_until: date | None
    snooze_reason: str
    closed_at: datetime | None
    version: int
    domain: Domain

    @property
    def place_zh(self) -> str:
        """The site's name, else the region's."""
        return self.site_zh or self.region_zh

    @property
    def place_en(self) -> str:
        """The same in English, as far as there is one."""
        return (self.site_en or self.site_zh or "") if self.site_zh else (self.region_en or self.region_zh)


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """One line of an alert's history."""

    seq: int
    verb: EventVerb
    kind: AlertKind
    severity: Severity
    at: datetime
    login: str
    note: str
    facts: Mapping[str, Any]


# --- notices ---------------------------------------------------------------------------------------------------------


class Form(StrEnum):
    """How a channel is spoken to."""

    WEBHOOK = "webhook"
    WECOM = "wecom"
    DINGTALK = "dingtalk"
    FEISHU = "feishu"
    MAIL = "mail"


class MailMode(StrEnum):
    """When a person gets mail."""

    OFF = "off"
    AT_ONCE = "at-once"
    DIGEST = "digest"


class NoticeStatus(StrEnum):
    """What became of a notice."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Quiet:
    """Minutes of the Shanghai day between which only what is urgent is told; over midnight where from > to."""

    begins: int
    ends: int


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a person wants to be told, and how. An empty `kinds` is all."""

    kinds: tuple[AlertKind, ...] = ()
    severity: Severity = Severity.NOTICE
    sound: bool = True
    mail: MailMode = MailMode.OFF
    address: str = ""
    digest_at: int = 480
    quiet: Quiet | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """What is said of a channel. `target` is an address of a receiver; `digest_at`: once a day, else at once."""

    name: str
    form: Form
    target: str = ""
    secret: str = ""
    kinds: tuple[AlertKind, ...] = ()
    severity: Severity = Severity.NOTICE
    digest_at: int | None = None
    quiet: Quiet | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as it is shown: its target without what is secret in it."""

    id: UUID
    seq: int
    name: str
    form: Form
    target_shown: str
    has_secret: bool
    region_key: str
    region_zh: str
    region_en: str | None
    path: str
    site_id: int | None
    site_code: str | None
    site_zh: str | None
    site_en: str | None
    kinds: tuple[AlertKind, ...]
    severity: Severity
    digest_at: int | None
    quiet: Quiet | None
    version: int
    retired_at: datetime | None
    created_by: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice in the list for the system administrator."""

    id: UUID
    seq: int
    status: NoticeStatus
    receiver: str
    form: str
    alert_id: UUID
    kind: AlertKind
    verb: EventVerb
    tries: int
    next_at: datetime
    created_at: datetime
    ended_at: datetime | None
    error: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A notice that is due, with what it tells and to whom; `target` and `secret` as stored (sealed)."""

    id: UUID
    event: AlertEvent
    alert: Alert
    form: Form
    target: str
    secret: str
    severity: Severity
    quiet: Quiet | None
    tries: int
    created_at: datetime
    language: str
    receiver: str
    """Of whom several notices may go as one message."""
    digest: bool
