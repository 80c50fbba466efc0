"""Nouns of norms. Quantities of an item are whole base units; those of a class are whole units of the norm's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
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

    @property
    def unverified(self) -> bool:
        """Nobody has checked where it comes from."""
        return self.source.strip().lower().startswith("unverified")

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
        return self.facts.unverified


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


# --- norms in a file ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a row cannot be used: the column and cell ("" for the row as a whole), what stands there, and the refusal."""

    column: str
    cell: str
    text: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a file of norms as it was read, counted as a spreadsheet shows it.

    `said`: what each column says that the table has; None: the cell is empty, and so nothing is stated. Figures and
    the rounding are exact, in the unit people read (a Fraction). `cells`: where each column stands ("G5").
    """

    row: int
    place: str
    """Key, or the name as written where there is no key."""
    goods: str
    said: Mapping[str, Any]
    cells: Mapping[str, str]
    faults: tuple[Fault, ...] = ()


class LineVerdict(StrEnum):
    """What a row would do."""

    NEW = "new"
    CHANGE = "change"
    SAME = "same"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Place:
    """A region or store that a file can name."""

    key: str
    name_zh: str
    name_en: str | None
    path: str
    region_id: int | None
    site_id: int | None


@dataclass(frozen=True, slots=True)
class What:
    """An item or class that a file can name. `unit_zh` is empty for a class: its norms say what they count."""

    key: str
    name_zh: str
    name_en: str | None
    item_id: int | None
    class_id: int | None
    unit_zh: str = ""
    unit_en: str | None = None
    unit_factor: int = 1


@dataclass(frozen=True, slots=True)
class Judged:
    """A row with its verdict. `before`: the norm that it changes or repeats; `facts`: what would be said then."""

    line: Line
    verdict: LineVerdict
    place: Place | None = None
    what: What | None = None
    before: Norm | None = None
    facts: NormFacts | None = None
    faults: tuple[Fault, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether applying the file writes something for it."""
        return self.verdict in (LineVerdict.NEW, LineVerdict.CHANGE)

    @property
    def mark(self) -> tuple[int, UUID | None, int]:
        """What somebody who saw this verdict agreed to: row, norm, its version (0 for a new one)."""
        return (self.line.row, self.before.id, self.before.version) if self.before else (self.line.row, None, 0)


@dataclass(frozen=True, slots=True)
class DryRun:
    """Every row with its verdict, and what the usable ones would change together."""

    rows: Sequence[Judged]
    preview: Preview

    @property
    def usable(self) -> list[Judged]:
        """The rows that would be written, in order."""
        return [one for one in self.rows if one.usable]

    @property
    def counts(self) -> dict[str, int]:
        """How many rows of each verdict."""
        return {verdict.value: sum(one.verdict is verdict for one in self.rows) for verdict in LineVerdict}
