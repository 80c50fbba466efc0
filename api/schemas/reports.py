"""Reports beside shortfall as JSON. Quantities are base units, money is fen."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictInt, StringConstraints

from api.schemas.base import PLAIN, Given, Key, Line, Taken
from api.schemas.stock import StatementOut
from warehouse.alerts.model import AlertKind, Severity, Status
from warehouse.reports.model import Aspect, Every, FileFormat, LetterStatus, Measured


class LedgerReport(Given):
    """收发存 of a month by booked day."""

    month: date
    items: list[StatementOut]
    next_cursor: str | None


class FundValueOut(Given):
    """What is in store of one owner, fund source and class, at the lots' prices, else at reference prices."""

    owner: str
    owner_name: str
    fund_source: str
    class_code: str
    class_name: str
    lots: int
    value_fen: int
    estimated_fen: int = Field(description="Of it, at reference prices.")
    unusable_fen: int = Field(description="Of it, expired or not in good condition.")
    unpriced: int = Field(description="Lots without any price: in no sum.")


class FundValueReport(Given):
    """Value by fund source."""

    day: date
    value_fen: int
    items: list[FundValueOut]
    next_cursor: str | None


class SlowOut(Given):
    """A lot at a store that for long neither came nor left."""

    lot: str
    item: str
    item_name: str
    unit: str
    unit_factor: int
    site: str
    owner: str
    fund_source: str
    expires_on: date | None
    on_hand: int
    value_fen: int | None
    still_since: date
    dead: bool


class SlowReport(Given):
    """What did not move since a day."""

    months: int
    before: date
    items: list[SlowOut]
    next_cursor: str | None


class IndicatorOut(Given):
    """One line of the 预算绩效目标表: aims and figures by the end of June and of December."""

    aspect: Aspect
    key: str
    measured: Measured = Field(description="A count, thousandths, or fen.")
    half_aim: int | None
    half: int | None
    year_aim: int | None
    year: int | None


class PerformanceReport(Given):
    """The figures that a 预算绩效目标表 asks for."""

    year: int
    region: str
    items: list[IndicatorOut]


class AlertPast(Given):
    """An alert of a period; minutes from its opening."""

    id: UUID
    kind: AlertKind
    severity: Severity
    status: Status
    site: str | None
    region: str
    item: str | None
    opened_at: datetime
    handled_at: datetime | None
    handled_by: str
    closed_at: datetime | None
    minutes_open: int | None = Field(description="Until it closed; null while it stands.")


class AlertPastPage(Given):
    """Alerts that were opened in a period, the newest first."""

    since: date
    until: date
    items: list[AlertPast]
    next_cursor: str | None


# --- reports that are made by themselves ------------------------------------------


class ReportPlanIn(Taken):
    """A shortfall report to be made by itself: the filters of /shortfall as its address has them, and for whom."""

    name: Line
    query: Annotated[str, StringConstraints(strict=True, max_length=1000, pattern=PLAIN)] = ""
    format: FileFormat = FileFormat.PDF
    every: Every
    day: Annotated[StrictInt, Field(ge=1, le=28, description="Of the week (1: Monday) or of the month.")]
    recipients: Annotated[list[Key], Field(min_length=1, max_length=30, description="Logins.")]


class ReportPlanOut(Given):
    """One of one's own plans."""

    id: UUID
    name: str
    query: str
    format: FileFormat
    every: Every
    day: int
    next_on: date
    version: int


class ReportPlans(Given):
    """One's own plans, by name."""

    items: list[ReportPlanOut]


class ReportLetterOut(Given):
    """One report to one person."""

    login: str
    status: LetterStatus
    tries: int
    error: str


class ReportRunOut(Given):
    """What was made on a day, or why nothing was."""

    id: UUID
    plan: UUID
    plan_name: str
    due_on: date
    made_at: datetime
    name: str
    size: int | None
    error: str
    letters: list[ReportLetterOut]


class ReportRuns(Given):
    """What was made of one's plans, and what one received; the newest first."""

    items: list[ReportRunOut]
    next_cursor: str | None
