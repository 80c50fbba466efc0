"""Nouns of proposals to order. Quantities are whole base units of an item; money is fen."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class Cause(StrEnum):
    """Why goods are wanted: 配备缺口, 轮换出库, 事件消耗, 库点缺口 (a store's own norm)."""

    GAP = "gap"
    ROTATION = "rotation"
    INCIDENT = "incident"
    SITE = "site"


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
    A need of a store itself (`Cause.SITE`) is of what stands and comes there. `proposed`: what is bought for its
    stores by their own needs.
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
    proposed: int = 0
    members: tuple[int, ...] = ()
    """The items that count, where a class is asked for."""

    @property
    def key(self) -> str:
        """Names what is proposed for it over runs: the same cause makes the same key."""
        return f"{self.owner_region_id}:{self.item_id}" + (f":{self.store_id}" if self.store_id is not None else "")

    @property
    def store_id(self) -> int | None:
        """The store whose own need it is; None for an owner's."""
        return self.site_id if self.cause is Cause.SITE else None

    @property
    def position(self) -> int:
        """What there will be once everything has come that is under way."""
        coming = self.on_order + self.planned + self.proposed + self.in_transit + self.due_back
        return self.usable - self.leaving + coming

    @property
    def missing(self) -> int:
        """What nothing under way will close; zero while the position is not below the trigger."""
        return self.level - self.position if self.position < min(self.trigger, self.level) else 0


@dataclass(frozen=True, slots=True)
class Spare:
    """What an owner has free of an item in a store, beyond what that store must hold itself."""

    site_id: int
    code: str
    quantity: int


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
    proposed: int = 0
    """Bought for the owner's stores by lines of their own."""
    moved_from: tuple[tuple[str, int], ...] = ()
    """(store's code, quantity): nothing is bought, for the owner has it there to spare."""


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

    @property
    def is_move(self) -> bool:
        """Whether goods are to be moved from the owner's other stores: there is nothing to order."""
        return bool(self.why.moved_from)
