"""Nouns of proposals to order. Quantities are whole base units of an item; money is fen."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class Cause(StrEnum):
    """Why goods are wanted: 配备缺口, 轮换出库, 事件消耗."""

    GAP = "gap"
    ROTATION = "rotation"
    INCIDENT = "incident"


class Status(StrEnum):
    """A proposal's life. Open ones are changed or withdrawn by the next run; the others stay as they are."""

    OPEN = "open"
    ORDERED = "ordered"
    DISMISSED = "dismissed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Need:
    """So much of an item an owner should have, and what there is, comes or goes.

    Below `trigger` something is to be done, up to `level`. `leaving` is in `usable` now and will go out (rotation). A
    gap of a class norm is a need of the item that fills it. `reference` names what asks: a norm, a plan, an incident.
    """

    cause: Cause
    reference: str
    owner_region_id: int
    item_id: int
    level: int
    trigger: int
    usable: int
    leaving: int = 0
    on_order: int = 0
    planned: int = 0
    in_transit: int = 0
    due_back: int = 0
    site_id: int | None = None

    @property
    def position(self) -> int:
        """What there will be once everything has come that is under way."""
        return self.usable - self.leaving + self.on_order + self.planned + self.in_transit + self.due_back

    @property
    def missing(self) -> int:
        """What nothing under way will close; zero while the position is not below the trigger."""
        return self.level - self.position if self.position < min(self.trigger, self.level) else 0


@dataclass(frozen=True, slots=True)
class PackSize:
    """In what an item is bought."""

    pack_id: int
    name: str
    factor: int


@dataclass(frozen=True, slots=True)
class Supply:
    """Who could sell an item, for how much, how fast, and how much at most (None: any)."""

    supplier_id: int | None
    price_fen: int | None
    price_per: int = 1
    lead_days: int | None = None
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class Fund:
    """What is left of a fund source of an owner this year."""

    fund_source: str
    left_fen: int


@dataclass(frozen=True, slots=True)
class Why:
    """The sum behind a line: level − (usable − leaving + on order + planned + in transit + due back) = missing, rounded
    up to whole packs; `quantity` is this line's part of `rounded`. All in base units."""

    level: int
    trigger: int
    usable: int
    leaving: int
    on_order: int
    planned: int
    in_transit: int
    due_back: int
    missing: int
    pack: str | None
    pack_factor: int
    rounded: int
    causes: tuple[tuple[str, str], ...]
    split: str = ""
    """Why this is only a part: "supplier" (he has no more) or "fund" (the money of one fund ends), else empty."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """One line to order. `key` and `part` name it over runs: the same cause makes the same key."""

    key: str
    part: int
    cause: Cause
    owner_region_id: int
    item_id: int
    site_id: int | None
    quantity: int
    pack_id: int | None
    supplier_id: int | None
    price_fen: int | None
    price_per: int
    lead_days: int | None
    fund_source: str | None
    amount_fen: int | None
    why: Why


@dataclass(frozen=True, slots=True)
class Proposal:
    """One proposal as it is kept, with the names that a page shows."""

    id: UUID
    seq: int
    key: str
    part: int
    cause: Cause
    status: Status
    owner_region_id: int
    owner_key: str
    owner_name: str
    owner_path: str
    item_id: int
    item_key: str
    item: str
    unit: str
    unit_factor: int
    site_id: int | None
    site_code: str | None
    site_name: str | None
    quantity: int
    pack_id: int | None
    pack: str | None
    pack_factor: int | None
    supplier_id: int | None
    supplier: str | None
    supplier_name: str | None
    fund_source: str | None
    price_fen: int | None
    price_per: int
    amount_fen: int | None
    expected_on: date | None
    why: Why
    order_id: UUID | None
    order: str | None
    reason: str
    until: date | None
    created_at: datetime
    version: int
