"""Incidents and needs as JSON. Quantities of an item are base units; of a class, whole units of its own."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StringConstraints

from api.schemas.base import PLAIN, Given, Instant, Key, Line, Receipt, Taken
from catalog.kernel.quantity import MAX_QUANTITY
from warehouse.incidents.model import Hazard, Level, NeedStatus, Status

Words = Annotated[str, StringConstraints(strict=True, max_length=500, pattern=PLAIN, strip_whitespace=True)]
Reason = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=500, pattern=PLAIN, strip_whitespace=True)
]
People = Annotated[StrictInt, Field(ge=0, le=100_000_000)]
Latitude = Annotated[StrictFloat | StrictInt, Field(ge=-90, le=90)]
Longitude = Annotated[StrictFloat | StrictInt, Field(ge=-180, le=180)]


class IncidentEdit(Taken):
    """What is said of an incident. `affected` and `moved`: people; leave out what is not known."""

    name: Line
    hazard: Hazard
    occurred_at: datetime | None = Field(None, description="Now by default.")
    place: Words = ""
    lat: Latitude | None = None
    lon: Longitude | None = None
    affected: People | None = None
    moved: People | None = None
    note: Words = ""


class IncidentIn(IncidentEdit):
    """A new incident, with its level where one is declared at once (that needs incident.level as well)."""

    region: Key
    level: Level | None = None
    order_number: Words = ""
    reason: Words = ""


class IncidentOut(Given):
    """One incident. `level` is none before one is declared and after the response has ended. `allowed`: by you, now."""

    id: UUID
    number: str
    name: str
    hazard: Hazard
    status: Status
    level: Level | None
    region: str
    region_name: str
    occurred_at: Instant
    opened_at: Instant
    opened_by: str
    ended_at: Instant | None
    place: str
    lat: float | None
    lon: float | None
    affected: int | None
    moved: int | None
    note: str
    open_needs: int
    version: int
    allowed: list[str]


class IncidentsPage(Given):
    """Incidents, the newest first."""

    items: list[IncidentOut]
    next_cursor: str | None = None


class IncidentDone(Receipt):
    """What became of an incident."""

    id: UUID
    number: str
    version: int
    status: Status


class LevelIn(Taken):
    """Declare, raise or lower the level. I is 1, the gravest."""

    level: Level
    reason: Reason
    order_number: Words = ""


class EndIn(Taken):
    """Why the response is over."""

    reason: Reason


class CloseIn(Taken):
    """Why it is closed although something is left open; not needed where nothing is."""

    reason: Words = ""


class LevelChangeOut(Given):
    """One entry of the level's history; level none: the response ended."""

    level: Level | None
    at: Instant
    order_number: str
    reason: str
    login: str


class LevelRulesOut(Given):
    """What holds at the level in force, in the incident's region."""

    spoken: bool
    papers_hours: int
    approvals: int
    protected_percent: int
    transport_hours: int
    escalate_minutes: int
    report_hours: int
    takes: bool


class LevelsOut(Given):
    """The level's history, oldest first, and what the level in force changes."""

    items: list[LevelChangeOut]
    rules: LevelRulesOut | None


class NeedEdit(Taken):
    """What a need says. `priority`: 1 lives at stake, 4 can wait. Receiver and phone are purged when all is over."""

    quantity: Annotated[StrictInt, Field(ge=1, le=MAX_QUANTITY)]
    priority: Annotated[StrictInt, Field(ge=1, le=4)] = 2
    needed_by: datetime | None = None
    place: Words = ""
    lat: Latitude | None = None
    lon: Longitude | None = None
    own_stock_used: Words = Field("", description="What of their own they used, or why they could not.")
    note: Words = ""
    receiver: Words = ""
    phone: Words = ""
    unit: Annotated[str, StringConstraints(strict=True, max_length=20, pattern=PLAIN, strip_whitespace=True)] = ""


class NeedIn(NeedEdit):
    """One need of a place: an item, or a class counted in `unit`."""

    region: Key
    item: Key | None = None
    class_code: Key | None = None


class NeedsIn(Taken):
    """Needs, all or none."""

    needs: Annotated[list[NeedIn], Field(min_length=1, max_length=300)]


class NeedOut(Given):
    """One need. `stale`: nobody has renewed it for too long, so it is out of the queue. `lacking`: what is left."""

    id: UUID
    incident: UUID
    incident_number: str
    status: NeedStatus
    region: str
    region_name: str
    item: str | None
    class_code: str | None
    goods_name: str
    unit: str
    unit_factor: int
    quantity: int
    met: int
    lacking: int
    priority: int
    needed_by: Instant | None
    place: str
    lat: float | None
    lon: float | None
    own_stock_used: str
    note: str
    receiver: str
    phone: str
    asked_at: Instant
    asked_by: str
    renewed_at: Instant
    stale: StrictBool
    end_reason: str
    version: int
    allowed: list[str]


class NeedsOut(Given):
    """The queue: by priority, what is needed first, and age; stale ones stand apart."""

    items: list[NeedOut]
    stale: list[NeedOut]


class NeedsAsked(Receipt):
    """The ids of the needs, in their order."""

    incident: UUID
    needs: list[UUID]


class NeedDone(Receipt):
    """What became of a need."""

    id: UUID
    version: int
    status: NeedStatus


class RenewIn(Taken):
    """Needs that still hold."""

    needs: Annotated[list[UUID], Field(min_length=1, max_length=300)]


class RenewedOut(Receipt):
    """What was renewed."""

    renewed: list[UUID]
