"""From a task to its choices: which pool of goods may serve which need, under which caps. Pure.

Lots of one item at one source that expire within the same band are one pool: between them only the expiry decides, and
that is settled when the plan is written out.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from catalog.kernel.errors import Invalid
from warehouse.requisitions.sourcing.model import (
    BANDS,
    Closeness,
    Need,
    Pin,
    Source,
    SourceKind,
    Substitute,
    Supply,
    Task,
)


@dataclass(frozen=True, slots=True)
class Pool:
    """Goods of one item, source and expiry band."""

    source: str
    item: int
    band: int
    free: int


@dataclass(frozen=True, slots=True)
class Choice:
    """A pool that may serve a need, in steps of `given` base units that cover `of` of what was wanted."""

    need: int
    pool: int
    of: int
    given: int
    rank: int
    closeness: Closeness
    minutes: int
    late: bool


@dataclass(frozen=True, slots=True)
class Cap:
    """Σ worth × taken over pools ≤ allowance."""

    allowance: int
    worth: Mapping[int, int]


@dataclass(slots=True)
class Choices:
    """Needs less what is pinned, pools, caps, and all choices, each need's by preference."""

    needs: list[Need]
    pools: list[Pool]
    caps: list[Cap]
    choices: list[Choice]
    of_need: list[list[int]] = field(default_factory=list)


def closeness(asking: str, owner: str, kind: SourceKind) -> Closeness:
    """How near a source stands to whoever asks, by the paths of both regions (`/city/district/town/`)."""
    if kind is SourceKind.HELD:
        return Closeness.HELD
    if kind is SourceKind.COMMITMENT:
        return Closeness.COMMITMENT
    if kind is SourceKind.NEIGHBOUR:
        return Closeness.NEIGHBOUR
    if owner.startswith(asking):
        return Closeness.OWN
    if not asking.startswith(owner):
        return Closeness.SISTER
    return Closeness.CITY if owner.count("/") <= 2 else Closeness.DISTRICT


def band(expires: date | None, today: date) -> int:
    """Which band of expiry: 0 expires soonest; no expiry is the last."""
    if expires is None:
        return len(BANDS) + 1
    days = (expires - today).days
    return next((number for number, limit in enumerate(BANDS) if days <= limit), len(BANDS))


def check(task: Task) -> None:
    """Raises Invalid for pins that cannot be kept; names need and source."""
    needs = {need.key: need for need in task.needs}
    free: dict[tuple[str, int], int] = defaultdict(int)
    for supply in task.supplies:
        free[supply.source, supply.item] += supply.free
    ways = ways_to_give(task.substitutes)
    sources = {source.key: source for source in task.sources}
    for pin in task.pins:
        need = needs.get(pin.need)
        if need is None or (pin.source, need.place) not in task.roads or not sources[pin.source].serves(need):
            raise Invalid("sourcing.bad-pin", "固定的来源无法用于该需求", need=pin.need, source=pin.source)
        way = next((w for w in ways[need.item] if w.instead == pin.item), None)
        if way is None or pin.quantity <= 0 or pin.quantity % way.given:
            raise Invalid("sourcing.bad-pin", "固定的来源无法用于该需求", need=pin.need, source=pin.source)
        free[pin.source, pin.item] -= pin.quantity
        if free[pin.source, pin.item] < 0:
            raise Invalid(
                "sourcing.pin-exceeds-free",
                "固定的数量超过可调数量",
                need=pin.need,
                source=pin.source,
                asked=pin.quantity,
                free=free[pin.source, pin.item] + pin.quantity,
            )


class Ways(dict[int, list[Substitute]]):
    """Item wanted → in which ways it may be given, itself first; what has no substitute is given as itself."""

    def __missing__(self, item: int) -> list[Substitute]:
        return [Substitute(item, item, rank=0)]


def ways_to_give(substitutes: Iterable[Substitute]) -> Ways:
    """All ways, the better substitutes first."""
    ways = Ways()
    for one in sorted(substitutes, key=lambda s: (s.wanted, s.rank, s.instead)):
        ways.setdefault(one.wanted, ways[one.wanted]).append(one)
    return ways


def way_of(task: Task, item: int, given: int) -> Substitute:
    """In which way goods of `given` serve a need of `item`. Raises StopIteration where they do not."""
    return next(way for way in ways_to_give(task.substitutes)[item] if way.instead == given)


def lay_out(task: Task) -> Choices:
    """All choices of a task, after its pins have taken theirs (from what expires first)."""
    check(task)
    pinned = _pinned(task.pins)
    needs = [replace(n, quantity=max(0, n.quantity - _covered(task, n, pinned.get(n.key, ())))) for n in task.needs]
    free = _free_after_pins(task)
    pools, of_source_item = _pools(task, free)
    caps = _caps(task, of_source_item)
    choices: list[Choice] = []
    of_need: list[list[int]] = []
    sources = {source.key: source for source in task.sources}
    holders: dict[int, list[str]] = defaultdict(list)
    for source, item in of_source_item:
        holders[item].append(source)
    ways = ways_to_give(task.substitutes)
    for number, need in enumerate(needs):
        mine = []
        for way in ways[need.item]:
            for key in holders.get(way.instead, ()):
                mine += _choices(task, number, need, sources[key], way, of_source_item[key, way.instead])
        mine.sort(key=lambda c: preference(c, pools))
        of_need.append(list(range(len(choices), len(choices) + len(mine))))
        choices += mine
    return Choices(needs, pools, caps, choices, of_need)


def preference(choice: Choice, pools: Sequence[Pool]) -> tuple[int, bool, int, int, int, str]:
    """The order of the goals for one choice: nearer tier, in time, itself first, expires first, shorter way."""
    pool = pools[choice.pool]
    return choice.closeness, choice.late, choice.rank, pool.band, choice.minutes, pool.source


def _choices(
    task: Task, number: int, need: Need, source: Source, way: Substitute, pools: Sequence[tuple[int, int]]
) -> list[Choice]:
    road = task.roads.get((source.key, need.place))
    if road is None or not need.quantity or (need.key, source.key) in task.forbidden or not source.serves(need):
        return []
    near = closeness(need.path, source.path, source.kind)
    minutes = source.ready + road.minutes
    late = need.by is not None and minutes > need.by
    return [
        Choice(number, pool, way.of, way.given, way.rank, near, minutes, late)
        for pool, free in pools
        if free >= way.given
    ]


def _pinned(pins: Sequence[Pin]) -> dict[str, list[Pin]]:
    found: dict[str, list[Pin]] = defaultdict(list)
    for pin in pins:
        found[pin.need].append(pin)
    return found


def _covered(task: Task, need: Need, pins: Sequence[Pin]) -> int:
    total = 0
    for pin in pins:
        way = way_of(task, need.item, pin.item)
        total += pin.quantity // way.given * way.of
    return total


def fefo(supply: Supply) -> tuple[date, str]:
    """What expires first comes first; no expiry last."""
    return supply.expires or date.max, supply.key


def _free_after_pins(task: Task) -> dict[str, int]:
    """Supply → what is free once the pins have taken what expires first."""
    free = {supply.key: supply.free for supply in task.supplies}
    of: dict[tuple[str, int], list[Supply]] = defaultdict(list)
    for supply in sorted(task.supplies, key=fefo):
        of[supply.source, supply.item].append(supply)
    for pin in task.pins:
        rest = pin.quantity
        for supply in of[pin.source, pin.item]:
            taken = min(rest, free[supply.key])
            free[supply.key] -= taken
            rest -= taken
    return free


def _pools(task: Task, free: Mapping[str, int]) -> tuple[list[Pool], dict[tuple[str, int], list[tuple[int, int]]]]:
    """Pools, and for each (source, item) its pools with what is free of them."""
    total: dict[tuple[str, int, int], int] = defaultdict(int)
    for supply in task.supplies:
        if free[supply.key] > 0:
            total[supply.source, supply.item, band(supply.expires, task.today)] += free[supply.key]
    pools: list[Pool] = []
    of_source_item: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
    for (source, item, number), quantity in sorted(total.items()):
        of_source_item[source, item].append((len(pools), quantity))
        pools.append(Pool(source, item, number, quantity))
    return pools, dict(of_source_item)


def _caps(task: Task, of_source_item: Mapping[tuple[str, int], list[tuple[int, int]]]) -> list[Cap]:
    """Protections over pools, less what the pins take of them; one that cannot bind is left out."""
    caps = []
    for protection in task.protections:
        worth: dict[int, int] = {}
        most = 0
        for member, each in protection.members.items():
            for pool, free in of_source_item.get(member, ()):
                if each:
                    worth[pool] = each
                    most += each * free
        used = sum(protection.members.get((pin.source, pin.item), 0) * pin.quantity for pin in task.pins)
        allowance = max(0, protection.allowance - used)
        if worth and most > allowance:
            caps.append(_in_units(Cap(allowance, worth)))
    return caps


def _in_units(cap: Cap) -> Cap:
    """Goods of equal worth are counted themselves: a limit of 3 on tents that count 2 is a limit of one tent."""
    each = set(cap.worth.values())
    return Cap(cap.allowance // each.pop(), dict.fromkeys(cap.worth, 1)) if len(each) == 1 else cap
