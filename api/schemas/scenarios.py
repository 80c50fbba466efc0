"""Scenarios as JSON. Quantities of an item are base units; of a class, display units of its items. Money is fen."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StrictBool, StrictInt, StringConstraints

from api.schemas.base import PLAIN, Given, Key, Line
from api.schemas.base import Taken as _Taken
from catalog.kernel.quantity import MAX_QUANTITY
from warehouse.planning.scenario.model import Basis, Way

Used = Annotated[StrictInt, Field(ge=1, le=MAX_QUANTITY)]
People = Annotated[StrictInt, Field(ge=0, le=10**8)]
Per = Annotated[StrictInt, Field(ge=1, le=10**8)]
Stated = Annotated[
    str, StringConstraints(strict=True, min_length=1, max_length=500, pattern=PLAIN, strip_whitespace=True)
]
Remark = Annotated[str, StringConstraints(strict=True, max_length=500, pattern=PLAIN, strip_whitespace=True)]
Hazard = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=40, pattern=PLAIN)]


class ConsumptionSaid(_Taken):
    """So much for so many people."""

    quantity: Used
    people: Per = 1
    source: Stated = "unverified"
    note: Remark = ""


class ConsumptionLine(ConsumptionSaid):
    """A line of need: `quantity` for every `people` of the basis, each day or once. Of an item or a class."""

    item: Key | None = None
    class_code: Key | None = Field(None, description="Of the scheme in which items have their main class.")
    basis: Basis = Basis.MOVED
    daily: StrictBool = False


class ConsumptionIn(ConsumptionLine):
    """A consumption norm of a region, for one hazard or (none said) for all."""

    region: Key
    hazard: Hazard | None = None


class ConsumptionOut(Given):
    """One consumption norm. `unverified`: nobody has checked its source."""

    id: UUID
    region: str
    hazard: str | None
    item: str | None
    class_code: str | None
    goods_name: str
    unit: str
    unit_factor: int
    quantity: int
    people: int
    basis: Basis
    daily: bool
    source: str
    unverified: bool
    note: str
    version: int
    retired_at: datetime | None


class ConsumptionList(Given):
    """Consumption norms in sight, by goods."""

    items: list[ConsumptionOut]


class AreaIn(_Taken):
    """A hit region: how many people are affected, and how many of them are moved."""

    region: Key
    affected: People
    moved: People = 0


class ReachIn(_Taken):
    """How fast goods come and what that costs. One source for all these figures."""

    hours: Annotated[StrictInt, Field(ge=0, le=720)] = 8
    speed_kmh: Annotated[StrictInt, Field(ge=1, le=200)] = 40
    load_minutes: Annotated[StrictInt, Field(ge=0, le=2880)] = 120
    detour_percent: Annotated[StrictInt, Field(ge=100, le=500)] = 130
    keep_percent: Annotated[StrictInt, Field(ge=0, le=100)] = 100
    buy_days: Annotated[StrictInt, Field(ge=0, le=365)] = 7
    tonne_km_fen: Annotated[StrictInt, Field(ge=0, le=100_000)] = 100
    source: Stated = "unverified"


class ScenarioSaid(_Taken):
    """What is assumed. Without `uses` the consumption norms for the hazard and region are copied."""

    name: Line
    hazard: Hazard
    day: date
    days: Annotated[StrictInt, Field(ge=1, le=90)]
    areas: list[AreaIn] = Field(min_length=1, max_length=100)
    uses: list[ConsumptionLine] = Field(default_factory=list, max_length=100)
    reach: ReachIn = Field(default_factory=ReachIn)
    note: Remark = ""


class ScenarioIn(ScenarioSaid):
    """A new scenario of a region."""

    region: Key


class AreaNeedOut(Given):
    """The need of one hit region."""

    region: str
    name: str
    tier: str
    need: int


class FixOut(Given):
    """One step that closes part of a gap. `cost_fen` or `minutes` null: not known."""

    way: Way
    quantity: int
    item: str
    item_name: str
    source: str
    source_name: str
    minutes: int | None
    in_time: bool
    cost_fen: int | None
    reason: str
    facts: dict[str, Any]


class ScenarioLineOut(Given):
    """What is needed of one item or class, what is there, the gap, and the way out.

    `gap` = need − here − arriving − within reach; `arriving`: in transit or on order, in the area in time; `open` is
    what no step closes; `days_here` in tenths of a day.
    """

    goods: str
    goods_name: str
    of_class: bool
    unit: str
    unit_factor: int
    source: str
    unverified: bool
    areas: list[AreaNeedOut]
    need: int
    here: int
    here_by_tier: dict[str, int]
    arriving: int
    reach: int
    gap: int
    open: int
    days_here: int | None
    cost_fen: int
    fixes: list[FixOut]


class ScenarioOut(Given):
    """One scenario with what came out when it was last worked out: of what was there and promised at `computed_at`."""

    id: UUID
    region: str
    region_name: str
    name: str
    hazard: str
    day: date
    days: int
    affected: int
    moved: int
    note: str
    computed_at: datetime | None
    computed_by: str
    lines: list[ScenarioLineOut]
    changed: bool = Field(description="Goods, norms or promises it follows from changed while it was being worked out.")
    proven: bool = Field(description="Nothing covers more in time, and nothing that covers as much costs less.")
    version: int
    retired_at: datetime | None
    may_edit: bool


class ScenariosPage(Given):
    """Scenarios, the newest first."""

    items: list[ScenarioOut]
    next_cursor: str | None
