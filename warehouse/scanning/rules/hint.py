"""Where to put goods: which bins of a site suit them, best first, and why. Pure.

Order: the same lot is already there, the same item is, the zone is meant for this storage class, nothing else is there;
then the shortest way from the arrivals area. A bin that is shut, full, or of a zone for other classes is no hint.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from warehouse.scanning.model import Room, Size
from warehouse.scanning.rules.room import bulk, suits, too_much

MOST_HINTS = 5
NEAR = 10
"""Bins in walking order that count as near to the arrivals area."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A bin of the site. `turn`: how many bins away from the arrivals area, in walking order."""

    room: Room
    zone: str
    turn: int
    same_lot: bool
    same_item: bool
    other_goods: bool


@dataclass(frozen=True, slots=True)
class Hint:
    """A bin and why: same-lot, same-item, class, empty, fits, size-unknown, near. `free_…` after putting the goods
    there, None where the bin has no cap."""

    place_id: int
    code: str
    key: str
    zone: str
    reasons: tuple[str, ...]
    free_volume_ml: int | None
    free_weight_g: int | None


def hints(size: Size, quantity: int, bins: Sequence[Candidate], most: int = MOST_HINTS) -> list[Hint]:
    """The best bins for so many base units, best first; empty where none will do."""
    volume, weight = bulk(size, quantity)
    fitting = [one for one in bins if suits(one.room, size) and not too_much(one.room, volume, weight)]
    fitting.sort(key=lambda one: (*_rank(one), one.turn, one.room.code))
    return [_hint(one, volume, weight, size) for one in fitting[:most]]


def _rank(one: Candidate) -> tuple[bool, bool, bool, bool]:
    return (not one.same_lot, not one.same_item, not one.room.storage_classes, one.other_goods)


def _hint(one: Candidate, volume: int, weight: int, size: Size) -> Hint:
    room = one.room
    known = bool(size.volume_ml or size.weight_g)
    capped = room.volume_ml is not None or room.weight_g is not None
    said = (
        ("same-lot", one.same_lot),
        ("same-item", one.same_item and not one.same_lot),
        ("class", bool(room.storage_classes)),
        ("empty", not (one.same_lot or one.same_item or one.other_goods)),
        ("fits", known and capped),
        ("size-unknown", not known),
        ("near", one.turn <= NEAR),
    )
    return Hint(
        place_id=room.place_id,
        code=room.code,
        key=room.key,
        zone=one.zone,
        reasons=tuple(reason for reason, holds in said if holds),
        free_volume_ml=None if room.volume_ml is None else room.volume_ml - room.used_volume - volume,
        free_weight_g=None if room.weight_g is None else room.weight_g - room.used_weight - weight,
    )
