"""Nouns of pick lists. Quantities are whole base units."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

DOCUMENT = "pick"
"""`document_kind` of the moves that a pick list made."""


class Status(StrEnum):
    """A pick list's life."""

    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Wanted:
    """So much of an item."""

    item_id: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Free:
    """Usable goods that stand free: what `plan` chooses from. `sort` is the place's turn in the walk."""

    item_id: int
    lot_id: int
    place_id: int
    free: int
    expires_on: date | None
    stored_on: date
    sort: str


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """Take so much from there; without lot and place: not to be had."""

    item_id: int
    quantity: int
    lot_id: int | None = None
    place_id: int | None = None


@dataclass(frozen=True, slots=True)
class PickLine:
    """One line with what became of it. `picked` comes from the moves; `short` was looked for and not found."""

    line: int
    item_id: int
    item_key: str
    item: str
    unit: str
    unit_factor: int
    tracking: str
    lot: str | None
    lot_id: int | None
    expires_on: date | None
    place: str | None
    place_key: str | None
    place_id: int | None
    quantity: int
    picked: int
    short: int
    short_note: str

    @property
    def rest(self) -> int:
        """Still to be taken."""
        return max(self.quantity - self.picked - self.short, 0)

    @property
    def missing(self) -> bool:
        """Nothing free was found when the list was made."""
        return self.lot_id is None


@dataclass(frozen=True, slots=True)
class Pick:
    """One pick list with its lines in walking order."""

    id: UUID
    seq: int
    number: str
    site_id: int
    site_code: str
    site_name: str
    path: str
    name: str
    status: Status
    created_at: datetime
    created_by: str
    ended_at: datetime | None
    ended_by: str
    version: int
    lines: tuple[PickLine, ...] = ()

    @property
    def done(self) -> int:
        """Lines that need nothing more."""
        return sum(1 for line in self.lines if line.rest == 0 or line.missing)
