"""Every line of need with its gap and the way out of it: what is here, what arrives, what is within reach.

Pure, and made to run in a process of its own: a task in, an outcome out. No goods meet two needs.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from warehouse.planning.scenario import greedy
from warehouse.planning.scenario.greedy import Steps
from warehouse.planning.scenario.model import AreaNeed, Fix, Need, Outcome, Task, Way
from warehouse.planning.scenario.rules import need_of
from warehouse.planning.scenario.supplies import Demand, Supply, area_needs, cost_of, demands_of


def work_out(task: Task) -> Outcome:
    """The exact outcome; where the solver stopped at its limit, the better of what it had and the plain way's."""
    from warehouse.planning.scenario import exact  # the solver is loaded where it is used: a start needs none

    outcome = _outcome(task, exact.cheapest)
    if outcome.proven:
        return outcome
    return min(outcome, work_out_plainly(task), key=lambda one: _merit(one, task))


def work_out_plainly(task: Task) -> Outcome:
    """The same with the plain way: a bound."""
    return _outcome(task, lambda lines, of: (greedy.fill(lines, of, {}), False))


def _outcome(task: Task, solve: Callable[[Sequence[Demand], Task], tuple[Steps, bool]]) -> Outcome:
    from warehouse.planning.scenario import exact

    lines, bases = laid_out(task)
    within, sure = exact.most_in_time(lines, lambda one: not one.late and one.way in (Way.MOVE, Way.ARRIVE))
    steps, proven = solve(lines, task)
    if proven:
        steps = greedy.fill(lines, task, _booked(lines, steps))
    found = []
    for number, (line, base) in enumerate(zip(lines, bases, strict=True)):
        mine = [(line.beyond[place], units) for (at, place), units in steps.items() if at == number]
        found.append(_need(line, base, within.get(number, 0), mine, task))
    found.sort(key=lambda one: (one.what.class_path, one.what.item_id or 0, one.what.key))
    return Outcome(tuple(found), proven and sure)


def laid_out(task: Task) -> tuple[list[Demand], list["Base"]]:
    """The lines with what they still want, after what is in the area and what arrives there in time."""
    lines = demands_of(task)
    return lines, [_base(line) for line in lines]


class Base:
    """What was in the area and arrived there, and how much of what arrives is used."""

    def __init__(self) -> None:
        self.by_tier: dict[str, int] = defaultdict(int)
        self.arriving = 0
        self.arrived: list[tuple[Supply, int]] = []


def _base(line: Demand) -> Base:
    """Take what is in the area, then what arrives in time: nobody holds it back, and it costs nothing more."""
    base = Base()
    missing = line.need
    for stock in line.here:
        units = line.units(stock)
        if stock.entry is not None:
            base.by_tier[stock.entry.tier] += units
        missing -= _take(line, stock, min(units, missing))
    for stock in sorted(line.arriving, key=lambda one: (one.minutes or 0, one.key)):
        units = line.units(stock)
        base.arriving += units
        used = _take(line, stock, min(units, missing))
        missing -= used
        if used:
            base.arrived.append((stock, used))
    line.wanted = missing
    return base


def _take(line: Demand, stock: Supply, units: int) -> int:
    stock.take(units * line.step(stock))
    return units


def _booked(lines: Sequence[Demand], steps: Steps) -> Steps:
    """The solver's steps in the books, none beyond what is there: its figures are rounded."""
    found: Steps = {}
    for (number, place), wanted in sorted(steps.items()):
        line = lines[number]
        so_far = sum(units for (at, _), units in found.items() if at == number)
        units = min(wanted, line.units(line.beyond[place]), line.wanted - so_far)
        if units > 0:
            found[number, place] = _take(line, line.beyond[place], units)
    return found


def _need(line: Demand, base: Base, within: int, steps: Sequence[tuple[Supply, int]], task: Task) -> Need:
    by_area = area_needs(line, task.areas, task.days)
    here = sum(base.by_tier.values())
    daily = sum(need_of(use, area.people(use.basis), 1) for use in line.uses if use.daily for area in task.areas)
    once = sum(need_of(use, area.people(use.basis), 1) for use in line.uses if not use.daily for area in task.areas)
    sources = list(dict.fromkeys(use.source for use in line.uses))
    taken = sorted([*base.arrived, *steps], key=lambda one: greedy.sorted_as(one[0], task))
    return Need(
        what=line.what,
        source="; ".join(sources),
        unverified=any(one.strip().lower().startswith("unverified") for one in sources),
        areas=tuple(AreaNeed(area.key, area.name_zh, area.tier, by_area[area.key]) for area in task.areas),
        need=line.need,
        here=here,
        here_by_tier=dict(sorted(base.by_tier.items())),
        arriving=base.arriving,
        reach=within,
        gap=max(line.need - here - base.arriving - within, 0),
        days_here=min(max(here - once, 0) * 10 // daily, 9_999) if daily else None,
        fixes=tuple(_fix(line, supply, units, task) for supply, units in taken),
        open=line.wanted - sum(units for _, units in steps),
    )


def _fix(line: Demand, supply: Supply, units: int, task: Task) -> Fix:
    goods, entry, offer = supply.item, supply.entry, supply.offer
    step = line.step(supply)
    cost = cost_of(supply, units * step, task)
    key, name = (goods.key, goods.name_zh) if goods is not None else (line.what.key, line.what.name_zh)
    facts: dict[str, Any]
    if entry is not None:
        where = entry.metres
        facts = {
            "there": entry.quantity // step,
            "kilometres": None if where is None else where * task.reach.detour_percent // 100 // 1000,
            "guarded_by": list(dict.fromkeys(cap.guard.place_zh for cap in supply.caps)),
        }
        if entry.arriving is not None:
            coming = entry.arriving
            facts |= {"kind": coming.kind, "number": coming.number, "document": coming.document, "due": coming.due,
                      "in_area": supply.local}  # fmt: skip
        return Fix(supply.way, units, key, name, entry.site_code, entry.site_zh, supply.minutes, not supply.late, cost,
                   _reason(supply), facts)  # fmt: skip
    if offer is not None:
        facts = {"promised": offer.promised // step, "confidence": offer.confidence, "commitment": offer.commitment_id}
        return Fix(Way.CALL, units, key, name, offer.number, offer.party_zh, supply.minutes, not supply.late, cost,
                   "promised", facts)  # fmt: skip
    facts = {"days": task.reach.buy_days}
    if goods is not None:
        facts |= {"price_fen": goods.price_fen, "price_per": goods.price_per}
    return Fix(Way.BUY, units, key, name, key, name, supply.minutes, not supply.late, cost, "catalogue-price", facts)


def _reason(supply: Supply) -> str:
    if supply.entry is not None and supply.entry.arriving is not None:
        return "in-transit" if supply.entry.arriving.kind == "shipment" else "on-order"
    if supply.caps:
        return "above-its-norm"
    return "far-in-the-area" if supply.local else "no-norm"


def _merit(outcome: Outcome, task: Task) -> tuple[float, ...]:
    """Sorts outcomes: what is open in time, line by line, what is open at all, what has no known cost, the cost."""
    order = {(one.what.item_id, one.what.class_id): one for one in outcome.needs}
    lines = [order[line.what.item_id, line.what.class_id] for line in demands_of(task)]
    in_time = [-sum(fix.quantity for fix in one.fixes if fix.in_time) for one in lines]
    unpriced = sum(fix.quantity for one in lines for fix in one.fixes if fix.cost_fen is None)
    return (*in_time, *(one.open for one in lines), unpriced, sum(one.cost_fen for one in lines))
