"""Alerts and notices as JSON."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StrictBool, StrictInt, StringConstraints

from api.schemas.base import PLAIN, Given, Key, Line, Receipt, Taken
from warehouse.alerts.model import AlertKind, EventVerb, Form, MailMode, NoticeStatus, Severity, Status

Ids = Annotated[list[UUID], Field(min_length=1, max_length=500)]
Text = Annotated[str, StringConstraints(strict=True, max_length=500, pattern=PLAIN, strip_whitespace=True)]
Minute = Annotated[StrictInt, Field(ge=0, le=1439)]
Kinds = Annotated[list[AlertKind], Field(max_length=len(AlertKind))]


class AlertOut(Given):
    """One alert. `says_zh` and `says_en`: the figures that decided, in a sentence; `facts` the same, for programs.

    `severity`: 1 notice, 2 warning, 3 urgent. `level`: 0 the place's own keepers, 1 the tier above, …
    """

    id: UUID
    kind: AlertKind
    severity: Severity
    status: Status
    says_zh: str
    says_en: str
    site: str | None
    region: str
    place_name: str
    item: str | None
    item_name: str | None
    class_code: str | None
    lot: str | None
    bin: str | None
    document_id: UUID | None
    due_on: date | None
    facts: dict[str, Any]
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
    allowed: list[str]


class AlertsPage(Given):
    """Alerts, the gravest first."""

    items: list[AlertOut]
    next_cursor: str | None = None


class AlertEventOut(Given):
    """One line of an alert's history."""

    verb: EventVerb
    kind: AlertKind
    severity: Severity
    at: datetime
    login: str
    note: str


class AlertToldOut(Given):
    """Somebody who was told of an alert."""

    login: str
    name: str
    at: datetime


class AlertCard(AlertOut):
    """One alert with its history, the newest first, and who was told."""

    history: list[AlertEventOut]
    told: list[AlertToldOut]


class AlertCounts(Given):
    """How many alerts wait for me: told to me, open, not snoozed."""

    waiting: int
    urgent: int


class AlertsIn(Taken):
    """Which alerts."""

    alerts: Ids


class AlertTakeIn(AlertsIn):
    """Take in hand: by which order or plan, and the way to its page (`/…`)."""

    plan: Line
    link: Text = ""


class SnoozeIn(AlertsIn):
    """Leave out of the inbox until a day; without a day: take back at once."""

    until: date | None = None
    reason: Text = ""


class AlertsHandled(Receipt):
    """What was handled."""

    alerts: list[UUID]


class CheckOut(Given):
    """One comparison: `left` against `right` (None: nothing is set), and whether it fires."""

    kind: AlertKind
    severity: Severity
    left: int | None
    right: int | None
    day: date | None
    fires: bool


class LotReasonOut(Given):
    """A lot with an expiry day at the place."""

    lot: str
    expires_on: date
    on_hand: int
    checks: list[CheckOut]


class AlertWhy(Given):
    """What was compared for a place and an item today. `need` is empty where no figure holds."""

    place: str
    place_name: str
    item: str
    item_name: str
    minimum: int | None
    reorder: int | None
    usable: int | None
    reserved: int | None
    left_then: int | None
    then: date | None
    counted_with: list[str]
    need: list[CheckOut]
    lots: list[LotReasonOut]
    standing: list[UUID]


class SubscriptionSaid(Taken):
    """What I want to be told, and how; no `kinds`: all. Minutes are of the Shanghai day; urgent alerts ignore quiet."""

    kinds: Kinds = Field(default_factory=list)
    severity: Annotated[StrictInt, Field(ge=1, le=3)] = 1
    sound: StrictBool = True
    mail: MailMode = MailMode.OFF
    address: Annotated[str, StringConstraints(strict=True, max_length=200, pattern=PLAIN, strip_whitespace=True)] = ""
    digest_at: Minute = 480
    quiet_from: Minute | None = None
    quiet_to: Minute | None = None


class SubscriptionOut(Given):
    """The same, as it holds. `version` 0: never set."""

    kinds: list[AlertKind]
    severity: int
    sound: bool
    mail: MailMode
    address: str
    digest_at: int
    quiet_from: int | None
    quiet_to: int | None
    version: int


class ChannelIn(Taken):
    """A channel for the alerts of a region and all below it, or of one site.

    `target`: an address (http, https) of a receiver or robot, or mailboxes with commas. `secret`: the key of the
    webhook's signature or the robot's signing secret. Neither is shown again.
    """

    name: Line
    form: Form
    region: Key | None = None
    site: Key | None = None
    target: Annotated[str, StringConstraints(strict=True, max_length=1000, pattern=PLAIN, strip_whitespace=True)]
    secret: Annotated[str, StringConstraints(strict=True, max_length=200, pattern=PLAIN)] = ""
    kinds: Kinds = Field(default_factory=list)
    severity: Annotated[StrictInt, Field(ge=1, le=3)] = 1
    digest_at: Minute | None = None
    quiet_from: Minute | None = None
    quiet_to: Minute | None = None


class ChannelEdit(Taken):
    """What changes of a channel; without `target` and `secret` they stay."""

    name: Line
    target: Annotated[str, StringConstraints(strict=True, max_length=1000, pattern=PLAIN, strip_whitespace=True)] = ""
    secret: Annotated[str, StringConstraints(strict=True, max_length=200, pattern=PLAIN)] = ""
    kinds: Kinds = Field(default_factory=list)
    severity: Annotated[StrictInt, Field(ge=1, le=3)] = 1
    digest_at: Minute | None = None
    quiet_from: Minute | None = None
    quiet_to: Minute | None = None


class ChannelOut(Given):
    """A channel, without what is secret of it."""

    id: UUID
    name: str
    form: Form
    region: str | None
    site: str | None
    target_shown: str
    has_secret: bool
    kinds: list[AlertKind]
    severity: int
    digest_at: int | None
    quiet_from: int | None
    quiet_to: int | None
    version: int
    retired_at: datetime | None


class ChannelsOut(Given):
    """Channels of my area."""

    items: list[ChannelOut]


class NoticeOut(Given):
    """One notice to one receiver. Its id is what the receiver gets as the event's id, at every try."""

    id: UUID
    status: NoticeStatus
    receiver: str
    form: str
    alert: UUID
    kind: AlertKind
    verb: EventVerb
    tries: int
    next_at: datetime
    created_at: datetime
    ended_at: datetime | None
    error: str


class NoticesPage(Given):
    """Notices, the newest first."""

    items: list[NoticeOut]
    next_cursor: str | None = None


class NoticeRetried(Receipt):
    """The notice that is tried again."""

    id: UUID
