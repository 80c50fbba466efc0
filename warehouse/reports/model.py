"""Nouns of reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

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
class Age:
    """How fresh the books of a store are: when it last posted anything; None: never."""

    code: str
    name_zh: str
    name_en: str | None
    posted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Shortfall:
    """The shortfall report (缺口报告): totals from the whole down to goods, and the table to page its cells from."""

    table: Table
    whole: Total | None
    tiers: Sequence[Total]
    branches: Sequence[Total]
    classes: Sequence[Total]
    goods: Sequence[Total]
    months: Sequence[Expiring]
    spots: Sequence[Spot]
    ages: Sequence[Age]
    """Of the live stores in the region, the stalest first; of today only."""
