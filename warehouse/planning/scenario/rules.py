"""The decisions of scenarios, over plain values: what is needed, what is within reach, and the cheapest way out.

A deterministic greedy: lines of items first, then classes from the deepest up, so that no goods meet two needs. Steps
that arrive in time come first, among them the cheapest. Ties go by arrival and by key, so the order of the input never
matters.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import asin, ceil, cos, radians, sin, sqrt
from typing import Any

from catalog.kernel.errors import Invalid
from catalog.kernel.quantity import MAX_QUANTITY
from warehouse.planning.scenario.model import (
    HAZARDS,
    Area,
    AreaNeed,
    Consumption,
    ConsumptionNorm,
    Entry,
    Fix,
    Goods,
    Guard,
    Need,
    Offer,
    Reach,
    ScenarioFacts,
    Way,
    What,
)

EARTH_METRES = 6_371_000
MOST_AREAS, MOST_USES, MOST_DAYS = 100, 100, 90
MOST_PEOPLE = 10**8
_UNKNOWN = 10**18
"""An unknown cost or hour sorts last."""


# --- need -----------------------------------------------------------------------------------------------------------


def need_of(use: Consumption, people: int, days: int) -> int:
    """Of one area: rounded up to whole units. More people or days never lower it."""
    return -(-people * use.quantity * (days if use.daily else 1) // use.people)


def chosen(norms: Iterable[ConsumptionNorm], hazard: str, path: str) -> list[ConsumptionNorm]:
    """The norms for a hazard in a region: for the same goods and basis the nearest, then the one for the hazard."""
    best: dict[tuple[Any, ...], ConsumptionNorm] = {}
    for norm in sorted(norms, key=lambda one: one.seq):
        facts = norm.facts
        if norm.hazard not in (None, hazard) or not path.startswith(norm.path):
            continue
        key = (facts.item_id, facts.class_id, facts.basis, facts.daily)
        rival = best.get(key)
        if rival is None or _near(norm) >= _near(rival):
            best[key] = norm
    return sorted(best.values(), key=lambda one: (one.goods_key, one.seq))


def _near(norm: ConsumptionNorm) -> tuple[int, bool]:
    return len(norm.path), norm.hazard is not None


# --- the way --------------------------------------------------------------------------------------------------------


def metres_between(a: tuple[float, float], b: tuple[float, float]) -> int:
    """Along the great circle, in whole metres, rounded up."""
    (lat_a, lon_a), (lat_b, lon_b) = (tuple(map(radians, point)) for point in (a, b))
    part = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return ceil(2 * EARTH_METRES * asin(min(1.0, sqrt(part))))


def minutes_of(metres: int | None, reach: Reach) -> int | None:
    """Loading and the way, in whole minutes, rounded up; None where the place is not known."""
    if metres is None:
        return None
    return reach.load_minutes + -(-metres * reach.detour_percent * 60 // (100 * reach.speed_kmh * 1000))


# --- the plan -------------------------------------------------------------------------------------------------------


@dataclass
class _Stock:
    """What is left of one entry, who guards it, and when it can be there."""

    entry: Entry
    minutes: int | None
    local: bool
    left: int
    guards: list["_Keep"] = field(default_factory=list)
    """Who holds it back."""
    counted_by: list["_Keep"] = field(default_factory=list)
    """Who counts it, also where it is not held back."""

    def take_at_most(self) -> int:
        """Base units that may go without any guard falling below its minimum."""
        return min([self.left, *(guard.may_go(self) for guard in self.guards)])

    def take(self, quantity: int) -> None:
        """They go."""
        for guard in self.counted_by:
            guard.spare -= guard.counted(self.entry.item_id, self.left) - guard.counted(
                self.entry.item_id, self.left - quantity
            )
        self.left -= quantity


@dataclass
class _Keep:
    """How much a guarded place has above its minimum."""

    guard: Guard
    spare: int

    def counted(self, item_id: int, quantity: int) -> int:
        base, worth = self.guard.ratios[item_id]
        return quantity * worth // base

    def may_go(self, stock: _Stock) -> int:
        """The most that can leave the entry: what stays must still count enough."""
        base, worth = self.guard.ratios[stock.entry.item_id]
        if worth == 0:
            return stock.left
        must_stay = max(self.counted(stock.entry.item_id, stock.left) - max(self.spare, 0), 0)
        return stock.left - -(-must_stay * base // worth)


@dataclass
class _Pledge:
    """What is left of an offer."""

    offer: Offer
    left: int


def work_out(
    *,
    areas: Sequence[Area],
    uses: Sequence[tuple[Consumption, What]],
    days: int,
    reach: Reach,
    entries: Iterable[Entry],
    guards: Sequence[Guard],
    offers: Sequence[Offer],
    goods: Iterable[Goods],
) -> list[Need]:
    """Every line of need with its gap and the way out of it."""
    known = {one.item_id: one for one in goods}
    stocks = _stocks(areas, entries, guards, reach)
    pledges = [_Pledge(one, one.quantity) for one in sorted(offers, key=lambda o: (o.number, o.commitment_id))]
    found = []
    for what, mine in _lines(uses):
        found.append(_line(what, mine, areas, days, reach, stocks, pledges, known))
    return sorted(found, key=lambda one: (one.what.class_path, one.what.item_id or 0, one.what.key))


def _lines(uses: Sequence[tuple[Consumption, What]]) -> Iterator[tuple[What, list[Consumption]]]:
    """One per goods; items first, then classes from the deepest up."""
    grouped: dict[tuple[int | None, int | None], tuple[What, list[Consumption]]] = {}
    for use, what in uses:
        grouped.setdefault((what.item_id, what.class_id), (what, []))[1].append(use)
    order = sorted(
        grouped.values(), key=lambda one: (one[0].item_id is None, -one[0].class_path.count("/"), one[0].key)
    )
    yield from order


def _stocks(areas: Sequence[Area], entries: Iterable[Entry], guards: Sequence[Guard], reach: Reach) -> list[_Stock]:
    paths = [area.path for area in areas]
    by_site: dict[tuple[int, int], list[_Keep]] = defaultdict(list)
    by_owner: dict[tuple[int, int], list[_Keep]] = defaultdict(list)
    for guard in guards:
        keep = _Keep(guard, -(guard.minimum * reach.keep_percent // 100))
        for item_id in guard.ratios:
            if guard.site_id is not None:
                by_site[guard.site_id, item_id].append(keep)
            if guard.owner_id is not None:
                by_owner[guard.owner_id, item_id].append(keep)
    found = []
    for entry in sorted(entries, key=lambda e: (e.metres is None, e.metres or 0, e.site_code, e.owner_id, e.item_id)):
        local = any(entry.site_path.startswith(path) for path in paths)
        ours = any(entry.owner_path.startswith(path) for path in paths)
        minutes = minutes_of(entry.metres, reach)
        stock = _Stock(entry, minutes, local, entry.quantity)
        of_site, of_owner = by_site[entry.site_id, entry.item_id], by_owner[entry.owner_id, entry.item_id]
        for keep in of_site + of_owner:
            keep.spare += keep.counted(entry.item_id, entry.quantity)
        stock.counted_by = of_site + of_owner
        stock.guards = ([] if local else of_site) + ([] if local or ours else of_owner)
        found.append(stock)
    return found


def _line(
    what: What,
    uses: Sequence[Consumption],
    areas: Sequence[Area],
    days: int,
    reach: Reach,
    stocks: Sequence[_Stock],
    pledges: Sequence[_Pledge],
    known: Mapping[int, Goods],
) -> Need:
    by_area = tuple(
        AreaNeed(area.key, area.name_zh, area.tier, sum(need_of(use, area.people(use.basis), days) for use in uses))
        for area in areas
    )
    need = sum(one.need for one in by_area)
    mine = [one for one in stocks if _is(what, known.get(one.entry.item_id))]
    here = [one for one in mine if one.local and (one.minutes is None or one.minutes <= reach.hours * 60)]
    beyond = [one for one in mine if one not in here]
    there: dict[str, int] = defaultdict(int)
    for stock in here:
        there[stock.entry.tier] += _units(what, known, stock.entry.item_id, stock.left)
    usable = sum(there.values())
    _consume(what, known, here, min(need, usable))
    wanted = max(need - usable, 0)
    in_time = [one for one in beyond if one.minutes is not None and one.minutes <= reach.hours * 60]
    within = _within(what, known, in_time, wanted)
    fixes, still = _close(what, known, wanted, beyond, pledges, reach)
    daily = sum(need_of(use, area.people(use.basis), 1) for use in uses if use.daily for area in areas)
    once = sum(need_of(use, area.people(use.basis), 1) for use in uses if not use.daily for area in areas)
    sources = list(dict.fromkeys(use.source for use in uses))
    return Need(
        what=what,
        source="; ".join(sources),
        unverified=any(one.strip().lower().startswith("unverified") for one in sources),
        areas=by_area,
        need=need,
        here=usable,
        here_by_tier=dict(sorted(there.items())),
        reach=within,
        gap=max(wanted - within, 0),
        days_here=min(max(usable - once, 0) * 10 // daily, 9_999) if daily else None,
        fixes=fixes,
        open=still,
    )


def _is(what: What, goods: Goods | None) -> bool:
    if goods is None:
        return False
    return goods.item_id == what.item_id if what.item_id is not None else goods.class_path.startswith(what.class_path)


def _step(what: What, known: Mapping[int, Goods], item_id: int) -> int:
    """Base units of an item in one unit of the line."""
    return 1 if what.item_id is not None else known[item_id].unit_factor


def _units(what: What, known: Mapping[int, Goods], item_id: int, quantity: int) -> int:
    return quantity // _step(what, known, item_id)


def _consume(what: What, known: Mapping[int, Goods], stocks: Sequence[_Stock], units: int) -> None:
    for stock in stocks:
        step = _step(what, known, stock.entry.item_id)
        taken = min(units, stock.left // step)
        stock.take(taken * step)
        units -= taken


def _within(what: What, known: Mapping[int, Goods], stocks: Sequence[_Stock], wanted: int) -> int:
    """How much could be moved here in time, without moving it: guards are left as they were."""
    guards = {id(keep): keep for stock in stocks for keep in stock.counted_by}
    before = {key: keep.spare for key, keep in guards.items()}
    left = [stock.left for stock in stocks]
    total = 0
    for stock in stocks:
        step = _step(what, known, stock.entry.item_id)
        taken = min(max(stock.take_at_most(), 0) // step, wanted - total)
        stock.take(taken * step)
        total += taken
    for stock, was in zip(stocks, left, strict=True):
        stock.left = was
    for key, spare in before.items():
        guards[key].spare = spare
    return total


# --- the cheapest way out -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Option:
    """One way to get some of it: sorted by in time, cost, hours, key."""

    late: bool
    unit_cost: int
    minutes: int
    rank: int
    key: str
    way: Way
    of: "_Stock | _Pledge | Goods"

    @property
    def order(self) -> tuple[bool, int, int, int, str]:
        """What decides which comes first."""
        return self.late, self.unit_cost, self.minutes, self.rank, self.key


def _close(
    what: What,
    known: Mapping[int, Goods],
    wanted: int,
    stocks: Sequence[_Stock],
    pledges: Sequence[_Pledge],
    reach: Reach,
) -> tuple[tuple[Fix, ...], int]:
    limit = reach.hours * 60
    options = [_move(what, known, stock, reach, limit) for stock in stocks]
    options += [_call(what, known, one, limit) for one in pledges if _offered(what, one.offer, known)]
    options += _buy(what, known, reach, limit)
    fixes: list[Fix] = []
    for option in sorted(options, key=lambda one: one.order):
        if wanted == 0:
            break
        fix = _taken(what, known, option, wanted, reach)
        if fix is not None:
            fixes.append(fix)
            wanted -= fix.quantity
    return tuple(fixes), wanted


def _move_cost(what: What, known: Mapping[int, Goods], stock: _Stock, units: int, reach: Reach) -> int | None:
    """Tonne-kilometres of so many units, in fen, rounded up; None where weight or way is not known."""
    goods = known[stock.entry.item_id]
    if goods.weight_g is None or stock.entry.metres is None:
        return None
    grams = -(-units * _step(what, known, goods.item_id) * goods.weight_g // goods.unit_factor)
    way = stock.entry.metres * reach.detour_percent // 100
    return -(-grams * way * reach.tonne_km_fen // (1_000_000 * 1_000))


_PER = 10_000
"""Costs are compared for so many units, so that cheap goods still differ."""


def _move(what: What, known: Mapping[int, Goods], stock: _Stock, reach: Reach, limit: int) -> _Option:
    cost = _move_cost(what, known, stock, _PER, reach)
    key = f"{stock.entry.site_code}/{known[stock.entry.item_id].key}/{stock.entry.owner_id}"
    late = stock.minutes is None or stock.minutes > limit
    return _Option(late, _or(cost), _or(stock.minutes), 0, key, Way.MOVE, stock)


def _offered(what: What, offer: Offer, known: Mapping[int, Goods]) -> bool:
    if offer.item_id is not None:
        return _is(what, known.get(offer.item_id))
    return what.class_id is not None and offer.class_path.startswith(what.class_path)


def _call_cost(what: What, known: Mapping[int, Goods], offer: Offer, units: int) -> int | None:
    if offer.price_fen is None:
        return None
    step = _step(what, known, offer.item_id) if offer.item_id is not None else 1
    return -(-units * step * offer.price_fen // offer.price_per)


def _call(what: What, known: Mapping[int, Goods], pledge: _Pledge, limit: int) -> _Option:
    offer = pledge.offer
    cost = _call_cost(what, known, offer, _PER)
    return _Option(
        offer.hours * 60 > limit,
        _or(cost),
        offer.hours * 60,
        1,
        f"{offer.number}/{offer.commitment_id}",
        Way.CALL,
        pledge,
    )


def _buy_cost(what: What, known: Mapping[int, Goods], goods: Goods, units: int) -> int | None:
    if goods.price_fen is None:
        return None
    return -(-units * _step(what, known, goods.item_id) * goods.price_fen // goods.price_per)


def _buy(what: What, known: Mapping[int, Goods], reach: Reach, limit: int) -> list[_Option]:
    """The cheapest item that has a price: there is as much of it as wanted."""
    minutes = reach.buy_days * 24 * 60
    priced = [
        _Option(minutes > limit, cost, minutes, 2, one.key, Way.BUY, one)
        for one in known.values()
        if _is(what, one) and (cost := _buy_cost(what, known, one, _PER)) is not None
    ]
    return sorted(priced, key=lambda one: one.order)[:1]


def _taken(what: What, known: Mapping[int, Goods], option: _Option, wanted: int, reach: Reach) -> Fix | None:
    of = option.of
    if isinstance(of, _Stock):
        goods = known[of.entry.item_id]
        step = _step(what, known, goods.item_id)
        units = min(max(of.take_at_most(), 0) // step, wanted)
        if units == 0:
            return None
        stood = of.left
        of.take(units * step)
        facts: dict[str, Any] = {
            "there": stood // step,
            "kilometres": None if of.entry.metres is None else of.entry.metres * reach.detour_percent // 100 // 1000,
            "guarded_by": [keep.guard.place_zh for keep in of.guards],
        }
        cost = _move_cost(what, known, of, units, reach)
        reason = "above-its-norm" if of.guards else "no-norm" if not of.local else "far-in-the-area"
        return Fix(Way.MOVE, units, goods.key, goods.name_zh, of.entry.site_code, of.entry.site_zh, of.minutes,
                   not option.late, cost, reason, facts)  # fmt: skip
    if isinstance(of, _Pledge):
        offer = of.offer
        step = _step(what, known, offer.item_id) if offer.item_id is not None else 1
        units = min(of.left // step, wanted)
        if units == 0:
            return None
        of.left -= units * step
        named = known[offer.item_id] if offer.item_id is not None else None
        facts = {"promised": offer.promised // step, "confidence": offer.confidence, "commitment": offer.commitment_id}
        return Fix(Way.CALL, units, named.key if named else what.key, named.name_zh if named else what.name_zh,
                   offer.number, offer.party_zh, offer.hours * 60, not option.late,
                   _call_cost(what, known, offer, units), "promised", facts)  # fmt: skip
    facts = {"price_fen": of.price_fen, "price_per": of.price_per, "days": reach.buy_days}
    return Fix(Way.BUY, wanted, of.key, of.name_zh, of.key, of.name_zh, option.minutes, not option.late,
               _buy_cost(what, known, of, wanted), "catalogue-price", facts)  # fmt: skip


def _or(value: int | None) -> int:
    return _UNKNOWN if value is None else value


# --- what may be saved ----------------------------------------------------------------------------------------------


def check_consumption(use: Consumption, line: int = 1) -> None:
    """Raises Invalid for a consumption norm that could never be right, naming its line."""
    if (use.item_id is None) == (use.class_id is None):
        raise Invalid("consumption.what", "请指定一种物资或一个类别", line=line)
    if not 0 < use.quantity <= MAX_QUANTITY or not 0 < use.people <= MOST_PEOPLE:
        raise Invalid("consumption.bad-quantity", "数量和人数须为正整数", line=line)
    if not use.source.strip() or len(use.source) > 500 or len(use.note) > 500:
        raise Invalid("consumption.no-source", "请写明依据；没有依据请写 unverified", line=line)


def check_facts(facts: ScenarioFacts) -> None:
    """Raises Invalid for a scenario that cannot be worked out, naming the line."""
    if not facts.name.strip() or len(facts.name) > 200 or len(facts.note) > 500:
        raise Invalid("scenario.no-name", "请填写名称（200 字以内）")
    if facts.hazard not in HAZARDS:
        raise Invalid("scenario.no-such-hazard", "没有这种灾害", hazard=facts.hazard)
    if not 1 <= facts.days <= MOST_DAYS:
        raise Invalid("scenario.bad-days", f"天数须在 1 到 {MOST_DAYS} 之间", asked=facts.days)
    if not 1 <= len(facts.areas) <= MOST_AREAS or len({one.region_id for one in facts.areas}) < len(facts.areas):
        raise Invalid("scenario.bad-areas", f"受灾区划须有 1 到 {MOST_AREAS} 个，各不相同")
    for line, area in enumerate(facts.areas, 1):
        if not 0 <= area.moved <= area.affected <= MOST_PEOPLE:
            raise Invalid("scenario.bad-people", "转移人数不能多于受灾人数，且都不能为负", line=line)
    if len(facts.uses) > MOST_USES:
        raise Invalid("scenario.bad-uses", f"消耗标准须有 1 到 {MOST_USES} 条", lines=len(facts.uses))
    for line, use in enumerate(facts.uses, 1):
        check_consumption(use, line)
    reach = facts.reach
    if not (
        0 <= reach.hours <= 720
        and 1 <= reach.speed_kmh <= 200
        and 0 <= reach.load_minutes <= 2880
        and 100 <= reach.detour_percent <= 500
        and 0 <= reach.keep_percent <= 100
        and 0 <= reach.buy_days <= 365
        and 0 <= reach.tonne_km_fen <= 100_000
    ):
        raise Invalid("scenario.bad-reach", "到达时限、车速、装车时间、绕行系数等超出范围")
    if not reach.source.strip() or len(reach.source) > 500:
        raise Invalid("scenario.no-source", "请写明依据；没有依据请写 unverified")


def check_apart(areas: Sequence[Area]) -> None:
    """Raises Invalid where one hit region lies in another: its people would count twice."""
    for one in areas:
        inside = next((other for other in areas if other is not one and one.path.startswith(other.path)), None)
        if inside is not None:
            raise Invalid("scenario.nested-areas", f"{one.name_zh}在{inside.name_zh}之内，人数会重复", region=one.key)
