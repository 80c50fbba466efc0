"""What the sourcing engine is asked and what it answers. Quantities are whole base units; times are whole minutes.

Minute 0 is the moment of the plan. The engine knows no names, rights or rows: whoever asks has looked them up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum, StrEnum


class Closeness(IntEnum):
    """From whom first: the order in which a request climbs (本级 → 区 → 市 → 其他镇区 → 他人占用 → 协议 → 邻市)."""

    OWN = 0
    DISTRICT = 1
    CITY = 2
    SISTER = 3
    """Another place's own goods inside the city: whoever takes them has to replace them."""
    HELD = 4
    """Held for a less urgent need: whoever takes them leaves the other to be planned anew."""
    COMMITMENT = 5
    NEIGHBOUR = 6


class SourceKind(StrEnum):
    """Goods of ours in a store; such goods held for another need; promised by contract; offered by another city."""

    STOCK = "stock"
    HELD = "held"
    COMMITMENT = "commitment"
    NEIGHBOUR = "neighbour"


@dataclass(frozen=True, slots=True)
class Need:
    """One line of what a place needs. `priority` 1 is the most urgent; among equals the older (`asked`) comes first.

    `path`: the region of whoever asks. `by`: the minute until which it must be there; None: as soon as it can be.
    """

    key: str
    place: str
    path: str
    item: int
    quantity: int
    priority: int = 1
    by: int | None = None
    asked: int = 0


@dataclass(frozen=True, slots=True)
class Source:
    """From where goods can come. `path`: the region that owns them. `ready`: minutes until loaded (or called off).

    `held_for`: the priority of the needs that hold them now; only more urgent ones may have them. 0: nobody does.
    """

    key: str
    path: str
    kind: SourceKind = SourceKind.STOCK
    ready: int = 0
    held_for: int = 0

    def serves(self, need: Need) -> bool:
        """Whether a need may have of it at all."""
        return not self.held_for or need.priority < self.held_for


@dataclass(frozen=True, slots=True)
class Supply:
    """What is free of one lot at one source (of a promise: what may be called off). `expires`: the last usable day."""

    key: str
    source: str
    item: int
    free: int
    expires: date | None = None


@dataclass(frozen=True, slots=True)
class Protection:
    """What may leave at most of goods that are counted together: Σ worth × taken ≤ `allowance`.

    The allowance is what is usable there less the protected minimum at the present response level, never below zero;
    a protection that an approver has opened is simply not passed. `members`: (source, item) → worth of a base unit.
    """

    key: str
    allowance: int
    members: Mapping[tuple[str, int], int]


@dataclass(frozen=True, slots=True)
class Substitute:
    """`given` base units of `instead` serve for `of` base units of `wanted`. One way only; lower `rank` is better."""

    wanted: int
    instead: int
    of: int = 1
    given: int = 1
    rank: int = 1


@dataclass(frozen=True, slots=True)
class Road:
    """How long and how far from a source to a place. `estimated`: from the straight line, no way being known."""

    minutes: int
    metres: int
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Size:
    """Weight and volume of one base unit, in grams and millilitres."""

    grams: float = 0.0
    millilitres: float = 0.0


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One vehicle that stands ready for some sources (None: for any)."""

    key: str
    grams: int
    millilitres: int
    sources: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Pin:
    """The dispatcher's word: so many base units of this item from this source for this need."""

    need: str
    source: str
    item: int
    quantity: int


BANDS = (30, 90, 180, 365)
"""Days to expiry that are told apart between sources: within a band few shipments matter more than a few days."""


@dataclass(frozen=True, slots=True)
class Task:
    """All that a plan is made from. The same task gives the same plan."""

    today: date
    needs: tuple[Need, ...]
    sources: tuple[Source, ...]
    supplies: tuple[Supply, ...]
    roads: Mapping[tuple[str, str], Road]
    """(source, place); a pair that is not there cannot be driven."""
    protections: tuple[Protection, ...] = ()
    substitutes: tuple[Substitute, ...] = ()
    sizes: Mapping[int, Size] = field(default_factory=dict)
    vehicles: tuple[Vehicle, ...] = ()
    pins: tuple[Pin, ...] = ()
    forbidden: frozenset[tuple[str, str]] = frozenset()
    """(need, source) pairs that the dispatcher does not want."""


class Why(StrEnum):
    """Why a source was passed over, or what keeps it from helping."""

    NONE_FREE = "none-free"
    """It has the goods, but all are promised elsewhere."""
    PROTECTED = "protected"
    """What it still has is its protected minimum."""
    TAKEN = "taken"
    """This plan gives its goods to other needs."""
    FORBIDDEN = "forbidden"
    NO_ROAD = "no-road"
    FARTHER_TIER = "farther-tier"
    """It is nearer by road, but goods of a nearer tier go first."""
    LATE = "late"
    """It would not arrive in time."""
    SUBSTITUTE = "substitute"
    """It has goods that would do instead, and those that were asked for come from elsewhere."""
    EXPIRES_LATER = "expires-later"
    """Goods elsewhere expire first."""
    FEWER_SHIPMENTS = "fewer-shipments"
    """A lorry of another source drives there anyway, or the way over all is shorter."""


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A source that could have sent these goods too, and why it does not. `quantity`: what it still has of them."""

    source: str
    item: int
    why: Why
    minutes: int | None
    quantity: int = 0
    needs: tuple[str, ...] = ()
    """For `taken`: who gets them."""


@dataclass(frozen=True, slots=True)
class Line:
    """So much of a supply for a need. `covers` is in base units of the item wanted."""

    need: str
    supply: str
    source: str
    item: int
    quantity: int
    covers: int
    closeness: Closeness
    leaves: int
    arrives: int
    late: bool
    pinned: bool = False
    why_not: tuple[PassedOver, ...] = ()
    """Sources nearer by road that were passed over, nearest first."""


@dataclass(frozen=True, slots=True)
class Shipment:
    """What goes from one source to one place. `vehicles` empty with `short` true: no vehicle there carries it all."""

    source: str
    place: str
    leaves: int
    arrives: int
    grams: int
    millilitres: int
    vehicles: tuple[str, ...] = ()
    short: bool = False
    estimated: bool = True
    """Whether the way is estimated; plans that were kept before this was said are taken to be."""


@dataclass(frozen=True, slots=True)
class Uncovered:
    """What a need still lacks, and who could help if something were decided otherwise."""

    need: str
    quantity: int
    help: tuple[PassedOver, ...]


@dataclass(frozen=True, slots=True)
class Goals:
    """What a plan reaches, in the order of the goals. Covered and late in base units of what was wanted."""

    covered: tuple[tuple[int, int], ...]
    """(priority, quantity)."""
    by_closeness: tuple[tuple[Closeness, int], ...]
    late: int
    instead: int
    """What substitutes cover, where the goods that were asked for were not to be had as well."""
    expiry: int
    """Σ quantity × band of expiry: lower takes what expires first."""
    shipments: int
    tonne_km: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Lines, shipments, what is left uncovered, and what was reached."""

    lines: tuple[Line, ...]
    shipments: tuple[Shipment, ...]
    uncovered: tuple[Uncovered, ...]
    goals: Goals
    before_consolidation: Goals
    """What was reached before shipments were put together: their difference is the price of fewer shipments."""
    method: str
    proven: bool
    """False where the solver stopped at its limit of nodes before it was sure."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a new plan does differently for a need and a source: quantities of an item before and after."""

    need: str
    source: str
    item: int
    before: int
    after: int
