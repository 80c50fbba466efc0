"""What reports decide, over plain values: rankings, two days beside each other."""

from collections.abc import Sequence
from fractions import Fraction

from warehouse.provision.model import Total
from warehouse.reports.model import Compared


def compared(before: Sequence[Total], after: Sequence[Total]) -> list[Compared]:
    """Lines of the same label beside each other, in the later one's order, then what is there no more."""
    was = {one.of[:1]: one for one in before}
    now = {one.of[:1] for one in after}
    found = [Compared(one.of[0] if one.of else None, was.get(one.of[:1]), one) for one in after]
    return found + [Compared(one.of[0] if one.of else None, one, None) for one in before if one.of[:1] not in now]


def ranked(goods: Sequence[Total], most: int) -> list[Total]:
    """The goods of which the largest share is missing; where that is equal, those missing at most places."""
    short = [one for one in goods if one.gap > 0]
    return sorted(short, key=lambda one: (-Fraction(one.gap, one.need), -(one.known - one.met), one.of[0].key))[:most]
