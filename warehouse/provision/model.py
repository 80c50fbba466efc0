"""Nouns of provision. Quantities are whole: base units of an item, or units of a class norm."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from catalog.regions.model import Tier
from warehouse.norms.model import NormFacts


class Holder(StrEnum):
    """Whose goods count: what a region owns, wherever it stands; or what stands at a site, whoever owns it."""

    REGION = "region"
    SITE = "site"


class Source(StrEnum):
    """Why goods will come: 订购 (announced or ordered), 归还 (lent out now), 承诺 (协议、产能、社会号料)."""

    ORDER = "order"
    LOAN = "loan"
    PROMISE = "promise"


@dataclass(frozen=True, slots=True)
class Coming:
    """Goods that are not in store and are expected: where the figures of orders and commitments enter.

    A promise counts `confidence` percent of its quantity; it never makes goods usable, on no day. `owner_id` is the
    region that will own them, `site_id` where they will stand; None: they meet no norm of that kind. Exactly one of
    item and class; of a class, `quantity` is in units of the norm that counts it. `due_on` None: some day.
    """

    source: Source
    quantity: int
    item_id: int | None = None
    class_id: int | None = None
    owner_id: int | None = None
    site_id: int | None = None
    due_on: date | None = None
    expires_on: date | None = None
    confidence: int = 100


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `path`: the region and all below it. `season_day`: the norms of that day instead of `day`'s.

    `class_path` and `item_ids` narrow the goods, `tier` the regions, `site_ids` the sites (only with Holder.SITE).
    `without`: items whose lines are left out whole (their reader is counting them and may not know what there is).
    """

    path: str
    day: date
    holder: Holder = Holder.REGION
    season_day: date | None = None
    tier: Tier | None = None
    class_path: str | None = None
    item_ids: frozenset[int] | None = None
    site_ids: frozenset[int] | None = None
    without: frozenset[int] = frozenset()

    @property
    def norms_on(self) -> date:
        """The day whose norms hold."""
        return self.season_day or self.day


@dataclass(frozen=True, slots=True)
class Term:
    """One norm's part in what must be held: its four figures, `times` of each (a component of a kit; else 1).

    `said` holds (stated, norm) for minimum, reorder, target, maximum; None where the figure is not set.
    """

    times: int
    said: tuple[tuple[int, NormFacts] | None, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """Goods that count in a line: `base` base units of the item count as `worth`."""

    item_id: int
    base: int
    worth: int


@dataclass(frozen=True, slots=True)
class Line:
    """What must be held of one item, or of one class together, by all places for which the same norms decide."""

    group: int
    item_id: int | None
    class_id: int | None
    class_path: str
    key: str
    name_zh: str
    name_en: str | None
    unit_zh: str
    unit_en: str | None
    unit_factor: int
    lead_days: int | None
    unverified: bool
    terms: tuple[Term, ...]
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """What there is. Of a future day: `usable` is what will be; `arriving` and `due_back` are in it.

    `on_hand` in store, whatever its condition; `usable` good and not expired on the day; `reserved` of it; `in_transit`
    and `lent` are on hand, but not in store; `on_order` announced or ordered and not arrived by the day; `promised`
    commitments × confidence.
    """

    on_hand: int = 0
    usable: int = 0
    reserved: int = 0
    in_transit: int = 0
    lent: int = 0
    arriving: int = 0
    due_back: int = 0
    on_order: int = 0
    promised: int = 0

    @property
    def free(self) -> int:
        """Usable and not reserved; never below zero."""
        return max(self.usable - self.reserved, 0)

    @property
    def coming(self) -> int:
        """Under way or ordered, and due to these stores: promises are apart."""
        return self.in_transit + self.on_order


@dataclass(frozen=True, slots=True)
class Cell:
    """One place and one line. `need` is what 配备率 is measured against: the minimum, without one the target.

    `need` None with `unknown`: a basis figure is missing; without: the norms set neither (only a ceiling, say).
    """

    place_key: str
    place_zh: str
    place_en: str | None
    region_id: int
    path: str
    tier: Tier
    site_id: int | None
    item_id: int | None
    class_id: int | None
    goods_key: str
    goods_zh: str
    goods_en: str | None
    unit_zh: str
    unit_en: str | None
    unit_factor: int
    lead_days: int | None
    unverified: bool
    minimum: int | None
    reorder: int | None
    target: int | None
    maximum: int | None
    need: int | None
    unknown: bool
    figures: Figures
    gap_fen: int | None
    """What filling the gap costs at least, at reference prices; None where nothing that counts has one."""
    class_path: str = "/"
    """Of the goods' main class."""

    @property
    def gap(self) -> int | None:
        """What is missing now, in hand: the rest of 配备率."""
        return None if self.need is None else max(self.need - self.figures.usable, 0)

    @property
    def open_gap(self) -> int | None:
        """What nothing that is under way, ordered or promised will close."""
        if self.need is None:
            return None
        return max(self.need - self.figures.usable - self.figures.coming - self.figures.promised, 0)


@dataclass(frozen=True, slots=True)
class LotBehind:
    """What one lot adds to a cell, at one site in one condition. `usable` on the day asked."""

    number: str
    item_key: str
    item_zh: str
    item_en: str | None
    unit_zh: str
    unit_factor: int
    expires_on: date | None
    site_code: str
    site_zh: str
    site_en: str | None
    place_kind: str
    condition: str
    on_hand: int
    reserved: int
    usable: int
    counts: int
    """Of it in the line's own unit."""


class By(StrEnum):
    """What one line of a roll-up is. Branch: the regions next below the one asked for, and that one's own. The order is
    that of a line's labels."""

    TIER = "tier"
    BRANCH = "branch"
    PLACE = "place"
    CLASS = "class"
    GOODS = "goods"


@dataclass(frozen=True, slots=True)
class Label:
    """What a line of a roll-up is called. `path` where it is a region's."""

    key: str
    zh: str
    en: str | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """Cells put together. Σ need, Σ usable and Σ min(usable, need) run over the cells whose need is known, in
    thousandths of display units, so that a litre and a tent weigh alike; unknown ones are counted, never added."""

    of: tuple[Label, ...]
    cells: int
    known: int
    unknown: int
    met: int
    need: int
    usable: int
    filled: int
    gap: int
    open_gap: int
    gap_fen: int
    unpriced: int
    """Cells with a gap whose goods have no reference price: `gap_fen` leaves them out."""

    @property
    def rate(self) -> Fraction | None:
        """配备率: Σ min(usable, need) ÷ Σ need; None where nothing is needed."""
        return Fraction(self.filled, self.need) if self.need > 0 else None

    @property
    def uncapped(self) -> Fraction | None:
        """Σ usable ÷ Σ need: plenty of one makes good the lack of another."""
        return Fraction(self.usable, self.need) if self.need > 0 else None
