"""Nouns of the board. Quantities are whole base units (of a class: whole units); instants are aware UTC."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from catalog.kernel.access import Grant, Permission, Scope, scope_of
from catalog.kernel.parameters import UNVERIFIED, Kind, Parameter, declare
from warehouse.fulfilment.model import Shipment
from warehouse.requisitions.model import Release, Status

TOPICS = ("incident", "requisition", "release", "shipment", "receiving-point", "case")
"""Topics of the news after which a board may look different. Time alone changes it too: ages, what is late."""

SILENT_MINUTES = Parameter(
    "board.silent-minutes", 120, Kind.WHOLE, "minutes",
    name_zh="在途失联提醒", name_en="A vehicle counts as silent after",
    meaning_zh="在途车辆超过这么久没有位置报告，调度看板上标明“久无消息”",
    meaning_en="A vehicle on the road that has not reported for so long is marked on the dispatcher's board",
    source=UNVERIFIED, low=5, high=10_000,
)  # fmt: skip
declare(SILENT_MINUTES)


class Column(StrEnum):
    """The board's columns, from left to right."""

    WANTED = "wanted"
    SOURCED = "sourced"
    PICKING = "picking"
    ON_ROAD = "on_road"
    ARRIVED = "arrived"


class Mark(StrEnum):
    """What presses, said in a word on a card."""

    LATE = "late"
    STALE = "stale"
    HOLD_LAPSED = "hold-lapsed"
    PAPER_OVERDUE = "paper-overdue"
    OVERDUE = "overdue"
    SILENT = "silent"
    DIFFERENCE = "difference"


@dataclass(frozen=True, slots=True)
class Sight:
    """What a viewer may see of each kind."""

    needs: Scope
    orders: Scope
    shipments: Scope


def sight_of(grants: Sequence[Grant]) -> Sight:
    """The sight of whoever holds these grants."""
    return Sight(
        scope_of(grants, Permission.INCIDENT_READ),
        scope_of(grants, Permission.REQUISITION_READ),
        scope_of(grants, Permission.SHIPMENT_READ),
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted and not held yet: of a need, or of a line of a requisition written by hand (`need_id` None).

    `rest`: the part that no live release order brings. `status`: of the requisition that asks for it, None without one.
    """

    need_id: UUID | None
    line_id: UUID | None
    incident_id: UUID | None
    incident_number: str | None
    incident_name: str | None
    incident_path: str | None
    requisition_id: UUID | None
    requisition_number: str | None
    status: Status | None
    region_zh: str
    region_en: str | None
    place: str
    goods_zh: str
    goods_en: str | None
    unit_zh: str
    unit_factor: int
    rest: int
    priority: int
    needed_by: datetime | None
    asked_at: datetime
    renewed_at: datetime
    seq: int
    lat: float | None
    lon: float | None
    exact: bool
    """Whether the point was told; else it is that of the place that asks, or None."""
    stale: bool = False

    @property
    def key(self) -> str:
        """What it is called on the page."""
        return f"need-{self.need_id}" if self.need_id else f"line-{self.line_id}"


@dataclass(frozen=True, slots=True)
class Board:
    """All columns at one moment, each in its order. `silent_minutes`: after so long without report a vehicle is silent.

    `picking`: orders at their stores; `loading`: vehicles to be loaded or being loaded, with or without an order.
    `arrived`: at the gate or with differences open; `done`: accounted for within `DONE_HOURS`, `MOST_DONE` at most.
    """

    at: datetime
    silent_minutes: int
    wanted: tuple[Wanted, ...]
    sourced: tuple[Release, ...]
    picking: tuple[Release, ...]
    loading: tuple[Shipment, ...]
    on_road: tuple[Shipment, ...]
    arrived: tuple[Shipment, ...]
    done: tuple[Shipment, ...]
    more_done: bool = False
    """Whether more were accounted for than are shown."""


DONE_HOURS, MOST_DONE = 24, 50


class SpotKind(StrEnum):
    """What stands on the map; the order is that of the list beside it."""

    WANTED = "wanted"
    VEHICLE = "vehicle"
    POINT = "point"
    SITE = "site"


@dataclass(frozen=True, slots=True)
class Spot:
    """Something on the map, WGS-84 degrees; `lat` and `lon` None: nobody has told where it is. `href`: its own page.

    `exact` False: only the region of it is known. `at`: when a vehicle was seen there.
    `quantity`: how much is wanted, whole base units.
    """

    kind: SpotKind
    key: str
    href: str
    zh: str
    en: str | None
    detail_zh: str
    detail_en: str | None
    lat: float | None
    lon: float | None
    exact: bool = True
    at: datetime | None = None
    marks: tuple[Mark, ...] = ()
    quantity: int = 0
    unit_zh: str = ""
    unit_factor: int = 1


class TaskKind(StrEnum):
    """What a store is told to do: carry out a release order, or send a shipment that somebody else prepared."""

    RELEASE = "release"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True)
class Task:
    """Goods that a store has to pick and load, not begun yet. `since`: when it was told; `trip_id`: its vehicle's load,
    where there is one."""

    kind: TaskKind
    id: UUID
    name: str
    site_code: str
    site_zh: str
    site_en: str | None
    to_zh: str
    to_en: str | None
    priority: int
    needed_by: datetime | None
    since: datetime
    told_by: str
    trip_id: UUID | None
