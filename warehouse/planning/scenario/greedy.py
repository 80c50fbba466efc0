"""The plain way: line by line, what comes in time first, then the cheapest. A bound for the exact one, and what is
taken where that was stopped at its limit; it also fills what rounding left."""

from collections.abc import Callable, Sequence

from warehouse.planning.scenario.model import Task, Way
from warehouse.planning.scenario.supplies import Demand, Supply, unit_cost

UNKNOWN = 10**18
"""An unknown cost or hour sorts last."""
Steps = dict[tuple[int, int], int]
"""(line, place among what is beyond it) → units of the line."""
_RANK = (Way.ARRIVE, Way.MOVE, Way.CALL, Way.BUY)


def fill(lines: Sequence[Demand], task: Task, steps: Steps, only: Callable[[Supply], bool] = lambda _: True) -> Steps:
    """Take, in order, what is still wanted beyond `steps`, which are in the books already."""
    found = dict(steps)
    for number, line in enumerate(lines):
        missing = line.wanted - sum(units for (at, _), units in found.items() if at == number)
        options = [(place, one) for place, one in enumerate(line.beyond) if only(one)]
        for place, supply in sorted(options, key=lambda one: sorted_as(one[1], task)):
            if missing <= 0:
                break
            units = min(line.units(supply), missing)
            if units > 0:
                supply.take(units * line.step(supply))
                found[number, place] = found.get((number, place), 0) + units
                missing -= units
    return found


def sorted_as(supply: Supply, task: Task) -> tuple[bool, float, int, int, str]:
    """What comes first: in time, then cheap, then near."""
    cost = unit_cost(supply, task)
    return (
        supply.late,
        UNKNOWN if cost is None else cost,
        UNKNOWN if supply.minutes is None else supply.minutes,
        _RANK.index(supply.way),
        supply.key,
    )
