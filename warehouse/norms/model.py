"""Nouns of norms. Quantities of an item are whole base units; those of a class are whole units of the norm's own."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from catalog.regions.model import RegionFact, Tier


class Each(StrEnum):
    """Whom a norm of a region is for, where not for the region itself: every one of these inside it."""

    DISTRICT = "district"
    TOWN = "town"
    VILLAGE = "village"
    SITE = "site"


class Basis(StrEnum):
    """What a quantity is measured against. All but `fixed` and `site` are dated figures of the region."""

    FIXED = "fixed"
    POPULATION = "population"
    DIKE = "dike_m"
    SHELTER = "shelter_places"
    MOVED = "people_to_move"
    SITE = "site"


USUAL_PER = {
    Basis.FIXED: 1,
    Basis.POPULATION: 10_000,
    Basis.DIKE: 1_000,
    Basis.SHELTER: 1,
    Basis.MOVED: 1,
    Basis.SITE: 1,
}
"""A quantity is for so many of the basis unless the norm says otherwise: 10,000 residents, a kilometre, one place."""
FIGURE_BASES = (Basis.POPULATION, Basis.DIKE, Basis.SHELTER, Basis.MOVED)


class Field(StrEnum):
    """The four figures, in the order in which they may not fall: 最低储备, 补库点, 目标, 上限."""

    MINIMUM = "minimum"
    REORDER = "reorder"
    TARGET = "target"
    MAXIMUM = "maximum"


@dataclass(frozen=True, slots=True)
class Season:
    """A yearly window, both days inclusive, as month × 100 + day; from > to goes over the new year."""

    begins: int
    ends: int


@dataclass(frozen=True, slots=True)
class Equivalent:
    """`base` base units of the item count as `worth` units of the class norm; worth 0: does not count."""

    item_id: int
    base: int
    worth: int


@dataclass(frozen=True, slots=True)
class NormFacts:
    """What a norm says. Exactly one of site and region, exactly one of item and class; at least one of the figures.

    `each`: not the region itself but every one of these inside it. `lead_days`: from order to receipt. `round_to`:
    figures are rounded up to whole multiples of it (a pack). `unit`: what a class norm counts. Both days inclusive.
    """

    site_id: int | None = None
    region_id: int | None = None
    each: Each | None = None
    item_id: int | None = None
    class_id: int | None = None
    minimum: int | None = None
    reorder: int | None = None
    target: int | None = None
    maximum: int | None = None
    lead_days: int | None = None
    round_to: int | None = None
    basis: Basis = Basis.FIXED
    basis_per: int = 1
    unit: str = ""
    season: Season | None = None
    valid_from: date = date(2000, 1, 1)
    valid_to: date | None = None
    source: str = "unverified"
    note: str = ""
    equivalents: tuple[Equivalent, ...] = ()

    def stated(self, field: Field) -> int | None:
        """The figure as written, before the basis is applied."""
        found: int | None = getattr(self, field.value)
        return found


@dataclass(frozen=True, slots=True)
class Norm:
    """One norm with the places and goods it names, as decisions need them."""

    id: UUID
    seq: int
    facts: NormFacts
    path: str
    """Of the region it is anchored in (a site's own region)."""
    tier: Tier
    class_path: str | None
    version: int
    retired_at: datetime | None
    anchor_key: str
    anchor_zh: str
    anchor_en: str | None
    what_key: str
    what_zh: str
    what_en: str | None
    unit_zh: str
    unit_en: str | None
    unit_factor: int
    created_by: str

    @property
    def unverified(self) -> bool:
        """Nobody has checked where it comes from."""
        return self.facts.source.strip().lower().startswith("unverified")


@dataclass(frozen=True, slots=True)
class Subject:
    """Who has to hold something: a region (what it owns counts) or a site (what stands there counts)."""

    region_id: int
    path: str
    tier: Tier
    key: str
    name_zh: str
    name_en: str | None = None
    site_id: int | None = None
    figures: tuple[RegionFact, ...] = ()
    """The newest of each kind on the day asked; unknown ones are left out."""
    sites: int = 0
    """Live sites in the region and below."""


@dataclass(frozen=True, slots=True)
class Goods:
    """An item as norms see it: with the path of its main class."""

    item_id: int
    class_path: str
    key: str
    name_zh: str
    name_en: str | None
    unit_zh: str
    unit_en: str | None
    unit_factor: int


class Lost(StrEnum):
    """Why a norm that could apply does not decide."""

    OUT_OF_SEASON = "out-of-season"
    NOT_IN_FORCE = "not-in-force"
    LESS_NEAR = "less-near"
    LESS_EXACT = "less-exact"
    ALL_YEAR = "all-year"
    OLDER = "older"
    COUNTS_OTHERWISE = "counts-otherwise"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Figure:
    """One resolved figure: what was stated, the basis with its date and source, and what comes of it.

    `value` is None where the basis is unknown: shown as unknown and left out of every sum, never zero.
    """

    norm: Norm
    stated: int
    basis_value: int | None
    basis_as_of: date | None
    basis_source: str
    value: int | None


@dataclass(frozen=True, slots=True)
class Loser:
    """A norm that was looked at, and why it does not decide."""

    norm: Norm
    why: Lost


@dataclass(frozen=True, slots=True)
class Resolution:
    """What holds for one subject and item on a day. `class_id`: the goods are counted together with others of it."""

    figures: dict[Field, Figure]
    class_id: int | None
    governing: Norm | None
    lead_days: int | None
    lead_norm: Norm | None
    losers: dict[Field, tuple[Loser, ...]]
    applicable: tuple[Norm, ...]

    def value(self, field: Field) -> int | None:
        """The figure, None where none is set or its basis is unknown."""
        found = self.figures.get(field)
        return found.value if found else None


@dataclass(frozen=True, slots=True)
class Requirement:
    """What one subject must hold of one item, or of one class together. `items`: the goods that count."""

    subject: Subject
    item_id: int | None
    class_id: int | None
    resolution: Resolution
    items: tuple[Goods, ...]


@dataclass(frozen=True, slots=True)
class Alike:
    """Places for which the same norms decide, and what holds for the first of them.

    For the others the same norms, stated figures and goods hold; only the basis, and so the values, are their own.
    """

    subjects: tuple[Subject, ...]
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What a change would do to one place and goods: each figure before and after, None where none or unknown."""

    subject: Subject
    what_key: str
    what_zh: str
    what_en: str | None
    unit_zh: str
    unit_factor: int
    before: dict[Field, int | None]
    after: dict[Field, int | None]


@dataclass(frozen=True, slots=True)
class Preview:
    """Which places and goods a change would touch. `more`: that many beyond those listed."""

    day: date
    """The day it is shown for: the first on which the changed norms hold, at the earliest today."""
    differences: tuple[Difference, ...]
    more: int
    places: int
    unknown: int
    """Places and goods for which the basis figure is not known."""
