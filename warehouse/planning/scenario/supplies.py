"""What could meet which line of need: stock, goods on their way, promises and the market, with who holds them back.

The books of one plan: `take` moves goods out, and nothing can be taken twice or below what a place keeps. The greedy
and the exact way both write here.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from warehouse.planning.scenario.model import Area, Consumption, Entry, Goods, Guard, Offer, Task, Way, What
from warehouse.planning.scenario.rules import minutes_of, need_of


@dataclass
class Cap:
    """How much may leave a place that keeps a minimum: `allowance` in what its norm counts."""

    guard: Guard
    allowance: int = 0
    taken: dict[int, int] = field(default_factory=dict)
    """Item → base units; each item counts rounded up, as the norm counts what stays rounded down."""

    def room(self, item_id: int) -> int:
        """How many more base units of the item may go."""
        base, worth = self.guard.ratios[item_id]
        if worth == 0:
            return 1 << 62
        others = sum(self._counted(each, gone) for each, gone in self.taken.items() if each != item_id)
        return max((self.allowance - others) * base // worth, 0) - self.taken.get(item_id, 0)

    def _counted(self, item_id: int, quantity: int) -> int:
        base, worth = self.guard.ratios[item_id]
        return -(-quantity * worth // base)


@dataclass
class Supply:
    """One pool of goods: an entry, an offer, or the market for an item. `unit`: base units of one display unit."""

    way: Way
    key: str
    item: Goods | None
    left: int
    unit: int
    minutes: int | None
    late: bool
    local: bool = False
    caps: list[Cap] = field(default_factory=list)
    entry: Entry | None = None
    offer: Offer | None = None

    @property
    def class_path(self) -> str:
        """Of its goods."""
        return self.item.class_path if self.item is not None else self.offer.class_path if self.offer else ""

    def room(self) -> int:
        """Base units that may still be taken."""
        item_id = self.item.item_id if self.item is not None else 0
        return min([self.left, *(cap.room(item_id) for cap in self.caps)])

    def take(self, quantity: int) -> None:
        """Base units go."""
        self.left -= quantity
        if self.item is not None:
            for cap in self.caps:
                cap.taken[self.item.item_id] = cap.taken.get(self.item.item_id, 0) + quantity


@dataclass
class Demand:
    """One line: its need, and in order what could meet it, in base units of an item or display units of a class."""

    what: What
    uses: list[Consumption]
    need: int
    here: list[Supply] = field(default_factory=list)
    arriving: list[Supply] = field(default_factory=list)
    beyond: list[Supply] = field(default_factory=list)
    """Goods outside the area, and goods that come too late; then promises, then the market."""
    wanted: int = 0
    """What is left of the need after what is here and what arrives."""

    def step(self, supply: Supply) -> int:
        """Base units of the supply in one unit of the line."""
        return supply.unit if self.what.item_id is None else 1

    def units(self, supply: Supply) -> int:
        """Whole units of the line that may still be taken of it."""
        return max(supply.room(), 0) // self.step(supply)


def demands_of(task: Task) -> list[Demand]:
    """Every line in the order in which they are served: items, then classes from the deepest up."""
    stocks = _stocks(task)
    limit = task.reach.hours * 60
    pledges = _pledges(task, limit)
    found = []
    for what, uses in _lines(task.uses):
        need = sum(need_of(use, area.people(use.basis), task.days) for use in uses for area in task.areas)
        line = Demand(what, uses, need)
        for stock in stocks:
            if not _is(what, stock):
                continue
            if stock.local and not stock.late:
                (line.arriving if stock.way is Way.ARRIVE else line.here).append(stock)
            else:
                line.beyond.append(stock)
        line.beyond += [one for one in pledges if _offered(what, one)]
        line.beyond += _market(what, task, limit)
        found.append(line)
    return found


def _pledges(task: Task, limit: int) -> list[Supply]:
    known = {one.item_id: one for one in task.goods}
    found = []
    for offer in sorted(task.offers, key=lambda one: (one.number, one.commitment_id)):
        goods = known.get(offer.item_id) if offer.item_id is not None else None
        minutes = offer.hours * 60
        found.append(
            Supply(Way.CALL, f"{offer.number}/{offer.commitment_id}", goods, offer.quantity,
                   goods.unit_factor if goods is not None else 1, minutes, minutes > limit, offer=offer)
        )  # fmt: skip
    return found


def _lines(uses: Sequence[tuple[Consumption, What]]) -> Iterator[tuple[What, list[Consumption]]]:
    grouped: dict[tuple[int | None, int | None], tuple[What, list[Consumption]]] = {}
    for use, what in uses:
        grouped.setdefault((what.item_id, what.class_id), (what, []))[1].append(use)
    yield from sorted(
        grouped.values(), key=lambda one: (one[0].item_id is None, -one[0].class_path.count("/"), one[0].key)
    )


def _stocks(task: Task) -> list[Supply]:
    known = {one.item_id: one for one in task.goods}
    limit = task.reach.hours * 60
    found = []
    for entry in sorted(task.entries, key=_order):
        goods = known.get(entry.item_id)
        if goods is None:
            continue
        local = any(entry.site_path.startswith(area.path) for area in task.areas)
        minutes = _minutes(entry, task, local)
        late = minutes is None or minutes > limit
        if local and minutes is None and entry.arriving is None:
            late = False  # a store in the area whose point nobody has entered
        key = f"{entry.site_code}/{goods.key}/{entry.owner_id}" + (
            f"/{entry.arriving.number}" if entry.arriving else ""
        )
        way = Way.ARRIVE if entry.arriving is not None else Way.MOVE
        found.append(Supply(way, key, goods, entry.quantity, goods.unit_factor, minutes, late, local, entry=entry))
    _guard(found, task)
    return found


def _order(entry: Entry) -> tuple[object, ...]:
    coming = entry.arriving
    return (
        coming is not None, entry.metres is None, entry.metres or 0, entry.site_code, entry.owner_id, entry.item_id,
        entry.waits is None, entry.waits or 0, coming.number if coming else "", coming.document if coming else "",
    )  # fmt: skip


def _minutes(entry: Entry, task: Task, local: bool) -> int | None:
    """Until it is where it is needed: until it stands in its store, then loading and the way."""
    way = minutes_of(entry.metres, task.reach)
    if entry.waits is None or (way is None and not (local and entry.arriving)):
        return None
    return entry.waits + (way or 0)


def _guard(stocks: Sequence[Supply], task: Task) -> None:
    """Who keeps what of it. Goods in the area are for the area: nobody holds them back, and they count for nobody.

    What is on its way may fill a minimum before it can be spared, but never frees what stands there now. So there are
    two caps: one over what stands, one over what arrives.
    """
    at: dict[tuple[str, int], list[Supply]] = defaultdict(list)
    for stock in stocks:
        entry = stock.entry
        if entry is None or stock.local:
            continue
        at["site", entry.site_id].append(stock)
        if not any(entry.owner_path.startswith(area.path) for area in task.areas):
            at["owner", entry.owner_id].append(stock)
    for guard in sorted(
        task.guards, key=lambda g: (g.site_id or 0, g.owner_id or 0, g.minimum, sorted(g.ratios.items()))
    ):
        there = []
        if guard.site_id is not None:
            there += at["site", guard.site_id]
        if guard.owner_id is not None:
            there += at["owner", guard.owner_id]
        mine = [one for one in there if one.item is not None and one.item.item_id in guard.ratios]
        minimum = guard.minimum * task.reach.keep_percent // 100
        standing = [one for one in mine if one.way is Way.MOVE]
        coming = [one for one in mine if one.way is Way.ARRIVE]
        stands, both = _counted(guard, standing), _counted(guard, mine)
        first = max(stands - minimum, 0)
        for members, allowance in ((standing, first), (coming, max(both - minimum, 0) - first)):
            cap = Cap(guard, allowance)
            for one in members:
                one.caps.append(cap)


def _rank(guard: Guard) -> tuple[object, ...]:
    return guard.site_id or 0, guard.owner_id or 0, guard.minimum, sorted(guard.ratios.items())


def _counted(guard: Guard, stocks: Iterable[Supply]) -> int:
    """As the norm counts: each item by itself, rounded down."""
    of_item: dict[int, int] = defaultdict(int)
    for one in stocks:
        if one.item is not None:
            of_item[one.item.item_id] += one.left
    return sum(quantity * guard.ratios[item][1] // guard.ratios[item][0] for item, quantity in of_item.items())


def _is(what: What, supply: Supply) -> bool:
    if supply.item is None:
        return False
    if what.item_id is not None:
        return supply.item.item_id == what.item_id
    return supply.item.class_path.startswith(what.class_path)


def _offered(what: What, supply: Supply) -> bool:
    offer = supply.offer
    if offer is None or (offer.item_id is not None and supply.item is None):
        return False
    if offer.item_id is not None:
        return _is(what, supply)
    return what.class_id is not None and offer.class_path.startswith(what.class_path)


def _market(what: What, task: Task, limit: int) -> list[Supply]:
    """The cheapest item that has a price: there is as much of it as wanted."""
    minutes = task.reach.buy_days * 24 * 60
    priced = [
        Supply(Way.BUY, one.key, one, 1 << 50, one.unit_factor, minutes, minutes > limit)
        for one in task.goods
        if one.price_fen is not None
    ]
    fitting = [one for one in priced if _is(what, one)]
    return sorted(fitting, key=lambda one: (unit_cost(one, task) or 0, one.key))[:1]


# --- what it costs --------------------------------------------------------------------------------------------------


def cost_of(supply: Supply, quantity: int, task: Task) -> int | None:
    """Fen for so many base units, rounded up: carriage by tonne and kilometre, the price of the promise or of the
    catalogue. What arrives in the area by itself costs nothing more. None where weight, way or price is not known."""
    if supply.offer is not None:
        price = supply.offer.price_fen
        return None if price is None else -(-quantity * price // supply.offer.price_per)
    goods = supply.item
    if goods is None:
        return None
    if supply.way is Way.BUY:
        return None if goods.price_fen is None else -(-quantity * goods.price_fen // goods.price_per)
    if supply.way is Way.ARRIVE and supply.local:
        return 0
    if goods.weight_g is None or supply.entry is None or supply.entry.metres is None:
        return None
    grams = -(-quantity * goods.weight_g // goods.unit_factor)
    way = supply.entry.metres * task.reach.detour_percent // 100
    return -(-grams * way * task.reach.tonne_km_fen // (1_000_000 * 1_000))


_MANY = 1_000_000


def unit_cost(supply: Supply, task: Task) -> float | None:
    """Fen for one display unit, so fine that cheap goods still differ."""
    cost = cost_of(supply, _MANY * supply.unit, task)
    return None if cost is None else cost / _MANY


def area_needs(line: Demand, areas: Sequence[Area], days: int) -> Mapping[str, int]:
    """The need of each hit region, by key."""
    return {area.key: sum(need_of(use, area.people(use.basis), days) for use in line.uses) for area in areas}
