"""How full a place is: what stands in it against the room and load it was given. Whole numbers only; pure."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

OVER, FULL, HALF = 100, 85, 50
"""Percent: above the first a place holds more than it was measured for; the others part the drawing's grades."""


class Grade(StrEnum):
    """What the drawing shows of a bin, by colour, pattern and word."""

    EMPTY = "empty"
    LOW = "low"
    HALF = "half"
    FULL = "full"
    OVER = "over"
    UNKNOWN = "unknown"
    """Goods stand there, and neither the place nor the goods are measured."""


@dataclass(frozen=True, slots=True)
class Fill:
    """What stands in a place, or in several. Volumes are millilitres, weights grams; None: not measured.

    `positions` are different lots in different conditions; `unmeasured` of them have an item without volume and weight,
    so that the shares say "at least".
    """

    positions: int = 0
    unmeasured: int = 0
    volume: int = 0
    volume_room: int | None = None
    weight: int = 0
    weight_room: int | None = None
    frozen: bool = False
    first_expiry: date | None = None

    @property
    def volume_share(self) -> int | None:
        """Percent of the room, rounded up; None where the room is not measured."""
        return None if not self.volume_room else -(-self.volume * 100 // self.volume_room)

    @property
    def weight_share(self) -> int | None:
        """Percent of the load, rounded up; None where the load is not measured."""
        return None if not self.weight_room else -(-self.weight * 100 // self.weight_room)

    @property
    def share(self) -> int | None:
        """The fuller of room and load, in percent; None where neither is known (or nothing in it is measured)."""
        if self.positions and self.unmeasured == self.positions:
            return None
        return max((one for one in (self.volume_share, self.weight_share) if one is not None), default=None)

    @property
    def grade(self) -> Grade:
        """The grade of the fuller of room and load."""
        return self.graded(self.share)

    def graded(self, share: int | None) -> Grade:
        """The grade of a share of this place (of its room alone, of its load alone)."""
        if self.positions == 0:
            return Grade.EMPTY
        if share is None:
            return Grade.UNKNOWN
        if share > OVER:
            return Grade.OVER
        return Grade.FULL if share >= FULL else Grade.HALF if share >= HALF else Grade.LOW
