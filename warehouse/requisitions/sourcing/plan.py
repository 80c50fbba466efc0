"""A plan from a task: choose (exactly or greedily), put shipments together, name lots, and say why. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from warehouse.requisitions.sourcing.choices import Choice, Choices, closeness, fefo, lay_out, way_of
from warehouse.requisitions.sourcing.greedy import take_greedily
from warehouse.requisitions.sourcing.model import (
    Change,
    Closeness,
    Goals,
    Line,
    Plan,
    Shipment,
    Size,
    Supply,
    Task,
    Vehicle,
)
from warehouse.requisitions.sourcing.reasons import Books, Given, passed_over, who_could_help

GRAMS_PER_TONNE, METRES_PER_KM = 1_000_000, 1_000
NO_SIZE = Size()
Ride = tuple[str, str]


def plan(task: Task) -> Plan:
    """The exact plan: cover by priority, nearer tiers, in time, expires first; then few shipments, little transport."""
    from warehouse.requisitions.sourcing.exact import solve  # the solver: loaded where it solves

    found = lay_out(task)
    hauls = [_tonne_km(task, found, choice) for choice in found.choices]
    solved = solve(found, hauls.__getitem__)
    return _write_out(task, found, solved.steps, "exact", solved.proven)


def plan_greedily(task: Task) -> Plan:
    """The greedy plan, of the same shape: never better by the goals, and quick without a solver."""
    found = lay_out(task)
    return _write_out(task, found, take_greedily(found), "greedy", False)


def compare(before: Plan, after: Plan) -> list[Change]:
    """What a new plan does differently, by need, source and item; what stays is left out."""
    sums: dict[tuple[str, str, int], list[int]] = defaultdict(lambda: [0, 0])
    for which, one in enumerate((before, after)):
        for line in one.lines:
            sums[line.need, line.source, line.item][which] += line.quantity
    return [Change(*key, *both) for key, both in sorted(sums.items()) if both[0] != both[1]]


def _write_out(task: Task, found: Choices, steps: Mapping[int, int], method: str, proven: bool) -> Plan:
    before = _goals(task, _given(task, found, steps))
    given = _given(task, found, consolidate(task, found, steps))
    books = Books(task, given)
    whys = passed_over(books, given)
    lines = [replace(line, why_not=whys[line.need, line.source, line.item]) for line in _lines(task, given)]
    return Plan(
        lines=tuple(lines),
        shipments=tuple(_shipments(task, lines)),
        uncovered=tuple(who_could_help(books)),
        goals=_goals(task, given),
        before_consolidation=before,
        method=method,
        proven=proven,
    )


# --- few shipments ---------------------------------------------------------------------------------------


def consolidate(task: Task, found: Choices, steps: Mapping[int, int]) -> dict[int, int]:
    """Give up whole shipments whose goods others that drive to the same place can carry as well.

    Only between choices that are equal by the goals before (tier, in time, band of expiry, kind of goods), so those do
    not change. From the lightest shipment up, again until nothing can be given up.
    """
    state = _State(task, found, dict(steps))
    while sum(state.give_up(ride) for ride in state.rides()):
        pass
    return state.steps


class _State:
    """Steps that are moved about, with what pools and caps still hold and who drives where."""

    def __init__(self, task: Task, found: Choices, steps: dict[int, int]) -> None:
        self.task, self.found, self.steps = task, found, steps
        self.free = [pool.free for pool in found.pools]
        self.left = [cap.allowance for cap in found.caps]
        self.caps_of: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for number, cap in enumerate(found.caps):
            for pool, worth in cap.worth.items():
                self.caps_of[pool].append((number, worth))
        self.of_ride: dict[Ride, set[int]] = defaultdict(set)
        self.kinds: dict[int, dict[tuple[object, ...], list[int]]] = {}
        places = {need.key: need.place for need in task.needs}
        self.pinned: set[Ride] = {(pin.source, places[pin.need]) for pin in task.pins}
        self.ride_of = [(found.pools[one.pool].source, found.needs[one.need].place) for one in found.choices]
        for which, count in steps.items():
            self._book(which, count)
            self.of_ride[self.ride_of[which]].add(which)

    def _book(self, which: int, count: int) -> None:
        choice = self.found.choices[which]
        self.free[choice.pool] -= count * choice.given
        for cap, worth in self.caps_of.get(choice.pool, ()):
            self.left[cap] -= count * choice.given * worth

    def _weight(self, ride: Ride) -> float:
        total = 0.0
        for which in self.of_ride[ride]:
            choice = self.found.choices[which]
            size = self.task.sizes.get(self.found.pools[choice.pool].item, NO_SIZE)
            total += self.steps[which] * choice.given * size.grams
        return total

    def rides(self) -> list[Ride]:
        """(source, place) of all shipments without a pin, the lightest first."""
        found = [ride for ride, members in self.of_ride.items() if members and ride not in self.pinned]
        weight = {ride: self._weight(ride) for ride in found}
        return sorted(found, key=lambda ride: (weight[ride], ride))

    def give_up(self, ride: Ride) -> bool:
        """Move all goods of one shipment to others; False, with nothing changed, where some cannot be moved."""
        undo: list[tuple[int, int, int]] = []
        for which in sorted(self.of_ride[ride]):
            rest = self.steps[which]
            for other in self._alike(which, ride):
                moved = min(rest, self._room(other))
                if moved > 0:
                    self._shift(which, other, moved)
                    undo.append((which, other, moved))
                    rest -= moved
                if not rest:
                    break
            if rest:
                for origin, target, count in reversed(undo):
                    self._shift(target, origin, count)
                return False
        return True

    def _alike(self, which: int, ride: Ride) -> list[int]:
        """Choices equal to this one whose source drives to the place anyway, in order of preference."""

        def drives(its: Ride) -> bool:
            return its != ride and bool(self.of_ride.get(its) or its in self.pinned)

        need = self.found.choices[which].need
        if need not in self.kinds:
            self.kinds[need] = defaultdict(list)
            for other in self.found.of_need[need]:
                self.kinds[need][self._kind(other)].append(other)
        return [other for other in self.kinds[need][self._kind(which)] if drives(self.ride_of[other])]

    def _kind(self, which: int) -> tuple[object, ...]:
        one, pool = self.found.choices[which], self.found.pools[self.found.choices[which].pool]
        return one.closeness, one.late, one.of, one.given, pool.item, pool.band

    def _room(self, which: int) -> int:
        choice = self.found.choices[which]
        caps = (self.left[cap] // (worth * choice.given) for cap, worth in self.caps_of.get(choice.pool, ()))
        return min((self.free[choice.pool] // choice.given, *caps))

    def _shift(self, source: int, target: int, count: int) -> None:
        for which, change in ((source, -count), (target, count)):
            self._book(which, change)
            self.steps[which] = self.steps.get(which, 0) + change
            if self.steps[which]:
                self.of_ride[self.ride_of[which]].add(which)
            else:
                del self.steps[which]
                self.of_ride[self.ride_of[which]].discard(which)


# --- writing out -----------------------------------------------------------------------------------------


def _given(task: Task, found: Choices, steps: Mapping[int, int]) -> list[Given]:
    """Who gives what to whom, the pins first; by urgency of the needs."""
    needs = {need.key: need for need in task.needs}
    sources = {source.key: source for source in task.sources}
    given = []
    for pin in task.pins:
        need, source = needs[pin.need], sources[pin.source]
        way = way_of(task, need.item, pin.item)
        minutes = source.ready + task.roads[pin.source, need.place].minutes
        late = need.by is not None and minutes > need.by
        near = closeness(need.path, source.path, source.kind)
        covers = pin.quantity // way.given * way.of
        given.append(Given(need, pin.source, pin.item, 0, pin.quantity, covers, near, minutes, late, pinned=True))
    rest = []
    for which, count in steps.items():
        choice = found.choices[which]
        pool, need = found.pools[choice.pool], needs[found.needs[choice.need].key]
        rest.append(
            Given(
                need, pool.source, pool.item, pool.band, count * choice.given, count * choice.of, choice.closeness,
                choice.minutes, choice.late,
            )
        )  # fmt: skip
    rest.sort(key=lambda g: (g.need.priority, g.need.asked, g.need.key, g.minutes, g.source, g.item, g.band))
    return given + rest


def _lines(task: Task, given: Sequence[Given]) -> list[Line]:
    """Names lots: at each source what expires first goes to the most urgent need; one line for each need and lot."""
    ready = {source.key: source.ready for source in task.sources}
    left = {supply.key: supply.free for supply in task.supplies}
    shelves: dict[tuple[str, int], list[Supply]] = defaultdict(list)
    for supply in sorted(task.supplies, key=fefo):
        shelves[supply.source, supply.item].append(supply)
    lines: dict[tuple[str, str, bool], Line] = {}
    for one in given:
        wanted, covered = one.quantity, one.covers
        for supply in shelves[one.source, one.item]:
            taken = min(wanted, left[supply.key])
            if taken <= 0:
                continue
            left[supply.key] -= taken
            covers = covered if taken == wanted else covered * taken // wanted
            wanted, covered = wanted - taken, covered - covers
            key = (one.need.key, supply.key, one.pinned)
            more = lines.get(key, _line(one, supply.key, ready[one.source]))
            lines[key] = replace(more, quantity=more.quantity + taken, covers=more.covers + covers)
    return list(lines.values())


def _line(one: Given, supply: str, leaves: int) -> Line:
    """A line of a supply for a need, still without a quantity."""
    return Line(
        need=one.need.key,
        supply=supply,
        source=one.source,
        item=one.item,
        quantity=0,
        covers=0,
        closeness=one.closeness,
        leaves=leaves,
        arrives=one.minutes,
        late=one.late,
        pinned=one.pinned,
    )


def _goals(task: Task, given: Sequence[Given]) -> Goals:
    wanted = {need.key: need for need in task.needs}
    by_need: dict[str, int] = defaultdict(int)
    near: dict[Closeness, int] = defaultdict(int)
    for one in given:
        by_need[one.need.key] += one.covers
        near[one.closeness] += one.covers
    covered: dict[int, int] = {need.priority: 0 for need in task.needs}
    for key, quantity in by_need.items():
        covered[wanted[key].priority] += min(quantity, wanted[key].quantity)
    return Goals(
        covered=tuple(sorted(covered.items())),
        by_closeness=tuple(sorted(near.items())),
        late=sum(one.covers for one in given if one.late),
        instead=sum(one.covers for one in given if one.item != one.need.item),
        expiry=sum(one.quantity * one.band for one in given),
        shipments=len({(one.source, one.need.place) for one in given}),
        tonne_km=round(sum(_haul(task, one.source, one.need.place, one.item, one.quantity) for one in given), 3),
    )


def _haul(task: Task, source: str, place: str, item: int, quantity: int) -> float:
    """Tonne-kilometres; goods of unknown weight count as a kilogram for each base unit: the way counts."""
    grams = task.sizes.get(item, NO_SIZE).grams or 1_000
    return quantity * grams / GRAMS_PER_TONNE * task.roads[source, place].metres / METRES_PER_KM


def _tonne_km(task: Task, found: Choices, choice: Choice) -> float:
    pool = found.pools[choice.pool]
    return _haul(task, pool.source, found.needs[choice.need].place, pool.item, choice.given)


# --- vehicles --------------------------------------------------------------------------------------------


def _shipments(task: Task, lines: Sequence[Line]) -> list[Shipment]:
    """What goes from where to where, with vehicles for it: the earliest arrival first chooses among those at hand."""
    places = {need.key: need.place for need in task.needs}
    rides: dict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in lines:
        rides[line.source, places[line.need]].append(line)
    turns = sorted(rides.items(), key=lambda ride: (ride[1][0].arrives, ride[0]))
    loads = [(source, *_measured(task, goods)) for (source, _), goods in turns]
    found = []
    for ((source, place), goods), (_, grams, millilitres), vehicles in zip(
        turns, loads, load_all(task.vehicles, loads), strict=True
    ):
        carried = sum(v.grams for v in vehicles) >= grams and sum(v.millilitres for v in vehicles) >= millilitres
        found.append(
            Shipment(
                source, place, goods[0].leaves, goods[0].arrives, grams, millilitres,
                tuple(vehicle.key for vehicle in vehicles), short=bool(task.vehicles) and not carried,
                estimated=task.roads[source, place].estimated,
            )
        )  # fmt: skip
    return found


def _measured(task: Task, goods: Sequence[Line]) -> tuple[int, int]:
    sizes = [(line.quantity, task.sizes.get(line.item, NO_SIZE)) for line in goods]
    grams = round(sum(quantity * size.grams for quantity, size in sizes))
    return grams, round(sum(quantity * size.millilitres for quantity, size in sizes))


def load_all(vehicles: Sequence[Vehicle], loads: Sequence[tuple[str, int, int]]) -> list[list[Vehicle]]:
    """Vehicles for loads (source, grams, millilitres), each vehicle once; who comes first chooses first.

    A load that one vehicle carries gives way where another carries it as well, if a later one would have none else. A
    load that no single free vehicle carries takes several of those that are left, as `load` does.
    """
    whole: dict[int, Vehicle] = {}
    several: dict[int, list[Vehicle]] = {}
    rider: dict[str, int] = {}  # of a vehicle that carries a load alone, that load
    gone: set[str] = set()  # vehicles that carry a load together
    ready = {source: _in_turn(vehicles, source) for source in {source for source, _, _ in loads}}
    fits = [
        [v for v in ready[source] if v.grams >= grams and v.millilitres >= millilitres]
        for source, grams, millilitres in loads
    ]

    def seat(turn: int, asked: set[str]) -> bool:
        there = [one for one in fits[turn] if one.key not in asked and one.key not in gone]
        for one in sorted(there, key=lambda v: v.key in rider):  # what is free before anybody gives way
            if one.key in asked:
                continue
            asked.add(one.key)
            if one.key not in rider or seat(rider[one.key], asked):
                whole[turn], rider[one.key] = one, turn
                return True
        return False

    for turn, (source, grams, millilitres) in enumerate(loads):
        if (grams > 0 or millilitres > 0) and not seat(turn, set()):
            free = [v for v in ready[source] if v.key not in rider and v.key not in gone]
            several[turn] = load(free, source, grams, millilitres)
            gone.update(v.key for v in several[turn])
    return [[whole[turn]] if turn in whole else several.get(turn, []) for turn in range(len(loads))]


def _in_turn(vehicles: Sequence[Vehicle], source: str) -> list[Vehicle]:
    """Those that stand ready for a source: first what few others could need, then the smallest."""
    return sorted(
        (v for v in vehicles if v.sources is None or source in v.sources),
        key=lambda v: (v.sources is None, len(v.sources or ()), v.grams, v.millilitres, v.key),
    )


def load(vehicles: Sequence[Vehicle], source: str, grams: int, millilitres: int) -> list[Vehicle]:
    """Few vehicles that carry so much: the smallest that carries all that is left, else the largest and go on.

    What stands ready for few sources is taken before what others could need as well.
    """
    at_hand = _in_turn(vehicles, source)
    taken: list[Vehicle] = []
    while at_hand and (grams > 0 or millilitres > 0):
        whole = [v for v in at_hand if v.grams >= grams and v.millilitres >= millilitres]
        one = whole[0] if whole else max(at_hand, key=lambda v: (v.grams, v.millilitres, v.key))
        at_hand.remove(one)
        taken.append(one)
        grams, millilitres = grams - one.grams, millilitres - one.millilitres
    return taken
