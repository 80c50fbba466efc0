"""Nouns of scenarios. Quantities of an item are base units, of a class whole display units; money is fen.

Everything that comes out is a plain value: it is kept as JSON beside the scenario, as it was when it was worked out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

HAZARDS = ("flood", "typhoon", "earthquake", "snow_cold", "drought", "fire", "forest_fire", "epidemic", "accident",
           "geological", "general")  # fmt: skip


class Basis(StrEnum):
    """For whom a consumption norm counts: everybody affected (受灾人口), or who is moved (转移安置人口)."""

    AFFECTED = "affected"
    MOVED = "moved"


class Way(StrEnum):
    """How a gap is closed: it arrives anyway, is moved from another site, called off a commitment, bought."""

    ARRIVE = "arrive"
    MOVE = "move"
    CALL = "call"
    BUY = "buy"


@dataclass(frozen=True, slots=True)
class Consumption:
    """`quantity` for every `people` of the basis, each day or once. Exactly one of item and class."""

    quantity: int
    people: int
    basis: Basis
    daily: bool
    item_id: int | None = None
    class_id: int | None = None
    source: str = "unverified"
    note: str = ""


@dataclass(frozen=True, slots=True)
class ConsumptionNorm:
    """A consumption norm of a region for a hazard (None: all), with the names of its goods."""

    id: UUID
    seq: int
    facts: Consumption
    hazard: str | None
    region_id: int
    path: str
    region_key: str
    region_zh: str
    region_en: str | None
    goods_key: str
    goods_zh: str
    goods_en: str | None
    unit_zh: str
    unit_factor: int
    version: int
    retired_at: datetime | None
    created_by: str


@dataclass(frozen=True, slots=True)
class AreaPeople:
    """How many people of a region are affected, and how many of them are moved."""

    region_id: int
    affected: int
    moved: int


@dataclass(frozen=True, slots=True)
class Reach:
    """How fast goods come and what that costs; every figure is a parameter of the scenario with one source for all.

    `hours`: within which goods count as within reach. The way is the straight line times `detour_percent`.
    `keep_percent`: how much of their minimum places outside the area keep. `buy_days`: from order to arrival.
    `tonne_km_fen`: per tonne and kilometre.
    """

    hours: int = 8
    speed_kmh: int = 40
    load_minutes: int = 120
    detour_percent: int = 130
    keep_percent: int = 100
    buy_days: int = 7
    tonne_km_fen: int = 100
    source: str = "unverified"


@dataclass(frozen=True, slots=True)
class ScenarioFacts:
    """What is assumed. `region_id`: whose it is. `uses` are copied from the consumption norms and may differ."""

    name: str
    hazard: str
    region_id: int
    day: date
    days: int
    areas: tuple[AreaPeople, ...]
    uses: tuple[Consumption, ...]
    reach: Reach = Reach()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One saved scenario. `outcome` None: not worked out yet, or changed since."""

    id: UUID
    seq: int
    facts: ScenarioFacts
    path: str
    region_key: str
    region_zh: str
    region_en: str | None
    version: int
    retired_at: datetime | None
    created_at: datetime
    created_by: str
    computed_at: datetime | None
    computed_by: str
    outcome: Mapping[str, Any] | None


# --- what is worked with --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Area:
    """A hit region with its people and point."""

    region_id: int
    key: str
    name_zh: str
    tier: str
    path: str
    affected: int
    moved: int
    lat: float | None = None
    lon: float | None = None

    def people(self, basis: Basis) -> int:
        """How many a norm counts."""
        return self.affected if basis is Basis.AFFECTED else self.moved


@dataclass(frozen=True, slots=True)
class Goods:
    """An item as the scenario sees it. `weight_g` is of one display unit; `price_fen` is for `price_per` base units."""

    item_id: int
    key: str
    name_zh: str
    class_path: str
    unit_zh: str
    unit_factor: int
    weight_g: int | None = None
    price_fen: int | None = None
    price_per: int = 1


@dataclass(frozen=True, slots=True)
class What:
    """What a line of need is for: an item in base units, or a class in display units of its items."""

    key: str
    name_zh: str
    unit_zh: str
    unit_factor: int
    class_path: str
    item_id: int | None = None
    class_id: int | None = None


@dataclass(frozen=True, slots=True)
class Arriving:
    """By what goods are on their way: a shipment in transit (在途), an issued order or an announced delivery (在订)."""

    kind: str
    number: str
    document: str
    due: str
    """ISO day or instant; empty where nobody has said one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Usable and not reserved of one item, of one owner, at one site. `metres` None: the site's place is not known.

    `arriving`: it does not stand there yet; it will `waits` minutes after the scenario began (None: overdue, or nobody
    has said when).
    """

    site_id: int
    site_code: str
    site_zh: str
    site_path: str
    tier: str
    owner_id: int
    owner_path: str
    item_id: int
    quantity: int
    metres: int | None
    waits: int | None = 0
    arriving: Arriving | None = None


@dataclass(frozen=True, slots=True)
class Guard:
    """What a place outside the area keeps of goods counted together: entries of `site_id`, or owned by `owner_id`.

    `ratios`: item → (base, worth), `base` base units count as `worth`; `minimum` in what is counted.
    """

    site_id: int | None
    owner_id: int | None
    place_zh: str
    ratios: Mapping[int, tuple[int, int]]
    minimum: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A commitment that may be called off: what counts of it, after how many hours, at what price."""

    commitment_id: str
    number: str
    party_zh: str
    item_id: int | None
    class_path: str
    quantity: int
    promised: int
    confidence: int
    hours: int
    price_fen: int | None
    price_per: int
    class_id: int | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """Everything an outcome follows from; it can be sent to another process."""

    areas: tuple[Area, ...]
    uses: tuple[tuple[Consumption, What], ...]
    days: int
    reach: Reach
    entries: tuple[Entry, ...]
    guards: tuple[Guard, ...]
    offers: tuple[Offer, ...]
    goods: tuple[Goods, ...]


# --- what comes out -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AreaNeed:
    """The need of one hit region."""

    region: str
    name_zh: str
    tier: str
    need: int


@dataclass(frozen=True, slots=True)
class Fix:
    """One step that closes part of a gap. `cost_fen` None: not known. `facts`: what its reason names."""

    way: Way
    quantity: int
    item_key: str
    item_zh: str
    source_key: str
    source_zh: str
    minutes: int | None
    in_time: bool
    cost_fen: int | None
    reason: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Need:
    """One line: what is needed, what is usable in the area, what arrives there in time (in transit, on order), what is
    within reach outside it, the gap, and the way out.

    `gap` = need − here − arriving − within reach; `open` is what no step closes. `days_here`: how many days what is
    here lasts, in tenths (only of what is used daily).
    """

    what: What
    source: str
    unverified: bool
    areas: tuple[AreaNeed, ...]
    need: int
    here: int
    here_by_tier: Mapping[str, int]
    arriving: int
    reach: int
    gap: int
    days_here: int | None
    fixes: tuple[Fix, ...]
    open: int

    @property
    def cost_fen(self) -> int:
        """The known cost of its steps."""
        return sum(fix.cost_fen or 0 for fix in self.fixes)


@dataclass(frozen=True, slots=True)
class Outcome:
    """All lines. `proven`: nothing covers more in time, and nothing that covers as much costs less."""

    needs: tuple[Need, ...]
    proven: bool
