"""Nouns of reports."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from catalog.kernel.parameters import UNVERIFIED, Kind, Parameter, declare
from warehouse.provision.model import Label, Total
from warehouse.provision.queries import Table


@dataclass(frozen=True, slots=True)
class Expiring:
    """What expires in a month (the first of it) of goods that are usable on the day asked.

    `value_fen` at the price of the lot, else the reference price of the item; `unpriced` lots have neither.
    """

    month: date
    lots: int
    value_fen: int
    unpriced: int


@dataclass(frozen=True, slots=True)
class Compared:
    """One line of a roll-up on two days; None where there was none. No label: all together."""

    label: Label | None
    before: Total | None
    after: Total | None


@dataclass(frozen=True, slots=True)
class Spot:
    """A region on the cover map: degrees, and its line (with all below it) if it must hold anything."""

    label: Label
    lat: float
    lon: float
    total: Total


@dataclass(frozen=True, slots=True)
class Ahead:
    """What expires from today to `days` on; priced as `Expiring` is."""

    days: int
    lots: int
    value_fen: int
    unpriced: int


@dataclass(frozen=True, slots=True)
class Age:
    """How fresh the books of a store are: when it last posted anything; None: never."""

    code: str
    name_zh: str
    name_en: str | None
    posted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Ration:
    """What people use, by a consumption norm: `quantity` for every `people`, each day (`daily`) or once. Base units of
    an item; of a class display units of whatever items it has. `moved`: people to be moved, else all residents.
    `source` says where the figure is from; "unverified" where nobody could check it."""

    key: str
    name_zh: str
    name_en: str | None
    unit_zh: str
    unit_factor: int
    quantity: int
    people: int
    daily: bool
    moved: bool
    source: str
    item_id: int | None = None
    class_id: int | None = None
    class_path: str = "/"


@dataclass(frozen=True, slots=True)
class Served:
    """How many people goods last for by a ration: `amount` people-days (人·天), or people where it is used once."""

    ration: Ration
    amount: int


class Moving(StrEnum):
    """A planned move (计划内变动): issued orders and announced deliveries still to come; goods between stores, on the
    road or on a shipment that is being made ready; what is held for accepted plans, release orders and pick lists and
    will leave; what decided rotation takes out, and what it brings in."""

    ORDER = "order"
    ROAD = "road"
    HELD = "held"
    ROTATION_OUT = "rotation-out"
    ROTATION_IN = "rotation-in"


@dataclass(frozen=True, slots=True)
class Moved:
    """So many base units of an item come to a branch (above zero) or leave it."""

    kind: Moving
    branch: Label
    item_id: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Cover:
    """Of one branch (None: all together): the usable goods that a ration counts, in its unit, and for how many they
    last. `people` who might need it there, as known on the day; None: nobody has said, so the days are not known.
    `then`: for how many they last once the planned moves are carried out; None where that is not asked."""

    branch: Label | None
    usable: int
    amount: int
    people: int | None
    then: int | None = None

    @property
    def days(self) -> int | None:
        """Whole days for all these people, of a daily ration; None where it is not known."""
        return self.amount // self.people if self.people else None

    @property
    def share(self) -> int | None:
        """Thousandths of these people who have it, at most all of them; None where it is not known."""
        return min(1000 * self.amount // self.people, 1000) if self.people else None

    @property
    def after(self) -> "Cover | None":
        """The same once the planned moves are carried out."""
        return None if self.then is None else replace(self, amount=self.then, then=None)


@dataclass(frozen=True, slots=True)
class Covered:
    """A ration with how long or how far the goods go: all together, and branch by branch. `moves`: what the planned
    moves change, in the ration's unit."""

    ration: Ration
    whole: Cover
    branches: tuple[Cover, ...]
    moves: tuple[tuple[Moving, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Shortfall:
    """The shortfall report (缺口报告): totals from the whole down to goods, and the table to page its cells from."""

    table: Table
    whole: Total | None
    tiers: Sequence[Total]
    branches: Sequence[Total]
    classes: Sequence[Total]
    goods: Sequence[Total]
    spots: Sequence[Spot]
    ages: Sequence[Age]
    """Of the live stores in the region, the stalest first; of today only."""
    covered: Sequence[Covered] = ()
    """People-days by the consumption norms that were given; of all goods that these count, norm or not."""


# --- stock in other lights ----------------------------------------

SLOW_MONTHS = Parameter(
    "reports.slow-months", 12, Kind.WHOLE, "months", "呆滞月数", "Months without a move: slow",
    "一批物资在库点内多少个月没有出入库即列为呆滞。",
    "A lot that neither came to its store nor left it for so many months is listed as slow.",
    UNVERIFIED, low=1, high=240,
)  # fmt: skip
DEAD_MONTHS = Parameter(
    "reports.dead-months", 24, Kind.WHOLE, "months", "死库存月数", "Months without a move: dead",
    "多少个月没有出入库即标为死库存。",
    "After so many months without a move it is marked as dead.",
    UNVERIFIED, low=1, high=480,
)  # fmt: skip
declare(SLOW_MONTHS, DEAD_MONTHS)


@dataclass(frozen=True, slots=True)
class FundValue:
    """What is in store of one owner, fund source and class. Money in fen, at the price of the lot, else the reference
    price of the item (`estimated_fen` of it); `unusable_fen`: expired or not good; `unpriced` lots have no price."""

    owner_key: str
    owner_zh: str
    owner_en: str | None
    fund_source: str
    class_code: str
    class_zh: str
    class_en: str | None
    lots: int
    value_fen: int
    estimated_fen: int
    unusable_fen: int
    unpriced: int


@dataclass(frozen=True, slots=True)
class Slow:
    """A lot at a store that for long neither came nor left. `still_since`: its last coming or leaving."""

    lot_id: int
    lot: str
    item_key: str
    item_zh: str
    item_en: str | None
    unit: str
    unit_factor: int
    site_id: int
    site_code: str
    site_zh: str
    site_en: str | None
    owner_key: str
    fund_source: str
    expires_on: date | None
    on_hand: int
    value_fen: int | None
    still_since: date


@dataclass(frozen=True, slots=True)
class SlowTotal:
    """All of them together."""

    lots: int
    dead: int
    value_fen: int
    unpriced: int


# --- 预算绩效目标表 ----------------------------------------


class Aspect(StrEnum):
    """产出指标 of the table: 数量, 质量, 时效, 成本."""

    QUANTITY = "quantity"
    QUALITY = "quality"
    TIME = "time"
    COST = "cost"


class Measured(StrEnum):
    """What a figure is: a count, thousandths, or fen."""

    COUNT = "count"
    SHARE = "share"
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class Indicator:
    """One line: what was aimed at and what came of it by the end of June and of December; None: nothing to say (yet).

    `key` names it: its words are the page's.
    """

    aspect: Aspect
    key: str
    measured: Measured
    half_aim: int | None
    half: int | None
    year_aim: int | None
    year: int | None


@dataclass(frozen=True, slots=True)
class OrderedLine:
    """A line that was to be bought in a year and what came of it: `came` by day, in base units."""

    expected_on: date | None
    ordered_on: date | None
    item_id: int
    quantity: int
    amount_fen: int
    refused: int
    damaged: int
    came: tuple[tuple[date, int], ...]

    def by(self, day: date) -> int:
        """How much of it had come by the end of a day, at most what was ordered."""
        return min(sum(quantity for on, quantity in self.came if on <= day), self.quantity)

    @property
    def full_on(self) -> date | None:
        """The day on which it had come in full."""
        total = 0
        for on, quantity in sorted(self.came):
            total += quantity
            if total >= self.quantity:
                return on
        return None


# --- reports that are made by themselves ----------------------------------------


class Every(StrEnum):
    """How often: on a day of the week (1: Monday) or of the month (1 to 28)."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"


class FileFormat(StrEnum):
    """What is made."""

    PDF = "pdf"
    XLSX = "xlsx"


class LetterStatus(StrEnum):
    """What became of one report to one person. `unsent`: it lies here for them, no mail goes (no address or right)."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    UNSENT = "unsent"


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """A shortfall report as it is made: the settings of the page as its address has them, when, and for whom."""

    name: str
    query: str
    format: FileFormat
    every: Every
    day: int
    recipients: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan, with when it is due next. `path`: the region that its figures are of."""

    id: UUID
    seq: int
    person_id: int
    login: str
    path: str
    next_on: date
    version: int
    facts: PlanFacts


@dataclass(frozen=True, slots=True)
class Letter:
    """One report to one person."""

    person_id: int
    login: str
    name_zh: str
    name_en: str | None
    status: LetterStatus
    address: str
    tries: int
    error: str


@dataclass(frozen=True, slots=True)
class Run:
    """What was made on a day, or why nothing was."""

    id: UUID
    seq: int
    plan_id: UUID
    plan_name: str
    due_on: date
    made_at: datetime
    name: str
    size: int | None
    error: str
    letters: tuple[Letter, ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who may read a report of a place."""

    id: int
    login: str
    name_zh: str
    name_en: str | None
