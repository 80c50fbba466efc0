"""What reports decide, over plain values: rankings, two days beside each other."""

from calendar import monthrange
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction

from catalog.kernel.errors import Invalid
from warehouse.norms.model import Goods
from warehouse.provision.model import Label, Total
from warehouse.reports.model import (
    Aspect,
    Compared,
    Cover,
    Covered,
    Every,
    Indicator,
    Measured,
    Moved,
    Moving,
    OrderedLine,
    PlanFacts,
    Ration,
    Served,
)


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


# --- people-days ----------------------------------------


def served(item_id: int | None, class_path: str, usable: int, factor: int, rations: Sequence[Ration]) -> Served | None:
    """For how many people `usable` of a line lasts; None where no ration counts its goods.

    The ration of the item itself, else of the nearest class above it. A line of an item is in base units, `factor` of
    them a display unit; a line of a class (`item_id` None) in whole units of its norm, taken for display units. Where
    several fit, the one that uses the most.
    """
    fitting = [one for one in rations if _counts(one, item_id, class_path)]
    if not fitting:
        return None
    ration = max(fitting, key=lambda one: (len(one.class_path) if one.item_id is None else _ITEM, *_hunger(one)))
    return Served(ration, lasting(ration, max(usable, 0), factor if item_id is not None else 1))


_ITEM = 10**9
"""An item is nearer than any class."""


def _counts(ration: Ration, item_id: int | None, class_path: str) -> bool:
    if ration.item_id is not None:
        return ration.item_id == item_id
    return class_path.startswith(ration.class_path)


def _hunger(ration: Ration) -> tuple[bool, Fraction, bool]:
    """Sorts rations of one thing: what is used daily first, then by how much."""
    return ration.daily, Fraction(ration.quantity, ration.people), ration.moved


def lasting(ration: Ration, quantity: int, factor: int) -> int:
    """People-days, or people: rounded down. `factor`: base units that a class counts as one."""
    used = ration.quantity if ration.item_id is not None else ration.quantity * factor
    return quantity * ration.people // used


def rationed(rations: Sequence[Ration], goods: Sequence[Goods]) -> dict[int, list[Ration]]:
    """Which rations count each item: its own, else those of the nearest class above it. No goods count for a class when
    they count for themselves, or for a wider class when for a narrower one."""
    found: dict[int, list[Ration]] = {}
    for item in goods:
        fitting = [one for one in rations if _counts(one, item.item_id, item.class_path)]
        own = [one for one in fitting if one.item_id is not None]
        nearest = max((len(one.class_path) for one in fitting), default=0)
        chosen = own or [one for one in fitting if len(one.class_path) == nearest]
        if chosen:
            found[item.item_id] = chosen
    return found


def covered(
    rations: Sequence[Ration],
    goods: Sequence[Goods],
    usable: Sequence[tuple[Label, int, int]],
    people: Mapping[tuple[str, bool], int],
    whole: str,
    moves: Sequence[Moved] | None = None,
) -> list[Covered]:
    """For each ration how far the goods go, and how far once `moves` are carried out (None: not asked). `usable`:
    (branch, item, base units); `people`: by region key and whether those to be moved are meant; `whole`: the key of the
    region of all. Items of different sizes are put together in the ration's unit, rounded down for each item; no moves
    take out more than is there and comes."""
    by_item, factors = rationed(rations, goods), {one.item_id: one.unit_factor for one in goods}
    there: dict[tuple[str, int], int] = {}
    for label, item, quantity in usable:
        there[label.key, item] = there.get((label.key, item), 0) + quantity
    then = dict(there)
    for move in moves or ():
        where = move.branch.key, move.item_id
        then[where] = then.get(where, 0) + move.quantity
    labels = {label.key: label for label, _, _ in usable} | {one.branch.key: one.branch for one in moves or ()}
    found = []
    for ration in rations:
        mine = {item for item, each in by_item.items() if ration in each}
        parts = []
        for key, label in labels.items():
            here = {item: quantity for (at, item), quantity in there.items() if at == key and item in mine}
            after = {item: max(quantity, 0) for (at, item), quantity in then.items() if at == key and item in mine}
            if here or after:
                parts.append(
                    Cover(
                        label,
                        sum(_sized(ration, quantity, factors[item]) for item, quantity in here.items()),
                        sum(lasting(ration, quantity, factors[item]) for item, quantity in here.items()),
                        people.get((key, ration.moved)),
                        None if moves is None else sum(lasting(ration, q, factors[item]) for item, q in after.items()),
                    )
                )
        total = Cover(
            None,
            sum(one.usable for one in parts),
            sum(one.amount for one in parts),
            people.get((whole, ration.moved)),
            None if moves is None else sum(one.then or 0 for one in parts),
        )
        found.append(Covered(ration, total, tuple(parts), _moved(ration, mine, moves or (), factors)))
    return found


def _sized(ration: Ration, quantity: int, factor: int) -> int:
    """In the ration's unit, towards zero."""
    return quantity if ration.item_id is not None else int(Fraction(quantity, factor))


def _moved(
    ration: Ration, mine: Collection[int], moves: Sequence[Moved], factors: Mapping[int, int]
) -> tuple[tuple[Moving, int], ...]:
    sums: dict[tuple[Moving, int], int] = {}
    for one in moves:
        if one.item_id in mine:
            sums[one.kind, one.item_id] = sums.get((one.kind, one.item_id), 0) + one.quantity
    by_kind = [
        (kind, sum(_sized(ration, q, factors[item]) for (each, item), q in sums.items() if each is kind))
        for kind in Moving
    ]
    return tuple((kind, units) for kind, units in by_kind if units)


# --- 预算绩效目标表 ----------------------------------------


def indicators(
    lines: Sequence[OrderedLine], budget_fen: int | None, rates: tuple[int | None, int | None], year: int, today: date
) -> list[Indicator]:
    """The lines of the table for a year. `rates`: 配备率 in thousandths at the end of June and of December (or today).

    Aims: what was to be there by then as ordered, all of it good, all of it in time, within the budget. A half-year or
    year that has not begun says nothing; one that runs says how far it has come.
    """
    half, end = date(year, 6, 30), date(year, 12, 31)
    begun = (today > date(year - 1, 12, 31), today >= date(year, 1, 1))

    def pair(measure: Callable[[date], int | None]) -> tuple[int | None, int | None]:
        return (measure(half) if begun[0] else None, measure(end) if begun[1] else None)

    def due(day: date) -> list[OrderedLine]:
        return [one for one in lines if one.expected_on is not None and one.expected_on <= day]

    def share(part: int, whole: int) -> int | None:
        return 1000 * part // whole if whole else None

    def accepted(day: date) -> int | None:
        came = [(one.by(day), one.refused + one.damaged) for one in lines if one.by(day)]
        bad = sum(wrong for _, wrong in came)
        return share(max(sum(good for good, _ in came) - bad, 0), sum(good for good, _ in came))

    def in_time(day: date) -> int | None:
        judged = [one for one in due(min(day, today)) if one.expected_on is not None]
        kept = [one for one in judged if one.full_on is not None and one.full_on <= (one.expected_on or day)]
        return share(len(kept), len(judged))

    def ordered(day: date) -> int:
        return sum(one.amount_fen for one in lines if one.ordered_on is not None and one.ordered_on <= day)

    def came_fen(day: date) -> int:
        return sum((2 * one.amount_fen * one.by(day) + one.quantity) // (2 * one.quantity) for one in lines)

    def spent(day: date) -> int | None:
        return share(ordered(day), budget_fen or 0)

    rows: list[tuple[Aspect, str, Measured, tuple[int | None, int | None], tuple[int | None, int | None]]] = [
        (Aspect.QUANTITY, "lines-received", Measured.COUNT, (len(due(half)), len(lines)),
         pair(lambda day: sum(one.full_on is not None and one.full_on <= day for one in lines))),
        (Aspect.QUANTITY, "goods-received", Measured.COUNT,
         (len({one.item_id for one in due(half)}), len({one.item_id for one in lines})),
         pair(lambda day: len({one.item_id for one in lines if one.by(day)}))),
        (Aspect.QUANTITY, "provision-rate", Measured.SHARE, (None, None), rates),
        (Aspect.QUALITY, "accepted", Measured.SHARE, (1000, 1000), pair(accepted)),
        (Aspect.TIME, "in-time", Measured.SHARE, (1000, 1000), pair(in_time)),
        (Aspect.COST, "ordered", Measured.MONEY, (None, budget_fen), pair(ordered)),
        (Aspect.COST, "received", Measured.MONEY, (None, budget_fen), pair(came_fen)),
        (Aspect.COST, "budget-used", Measured.SHARE, (None, 1000 if budget_fen else None), pair(spent)),
    ]  # fmt: skip
    return [Indicator(aspect, key, kind, *_mixed(aims, got)) for aspect, key, kind, aims, got in rows]


def _mixed(aims: tuple[int | None, int | None], got: tuple[int | None, int | None]) -> tuple[int | None, ...]:
    return aims[0], got[0], aims[1], got[1]


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier; the month's last where it has no such day."""
    whole = day.year * 12 + day.month - 1 - months
    year, month = divmod(whole, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


# --- reports that are made by themselves ----------------------------------------

MOST_PLANS, MOST_RECIPIENTS = 20, 30
LONGEST_NAME, LONGEST_QUERY = 60, 1000
WEEK = 7
LAST_DAY = 28
"""Of every month there is one."""


def next_on(every: Every, day: int, after: date) -> date:
    """The first due day behind a day."""
    if every is Every.WEEKLY:
        return after + timedelta(days=(day - after.isoweekday() - 1) % WEEK + 1)
    if after.day < day:
        return after.replace(day=day)
    return (after.replace(day=1) + timedelta(days=32)).replace(day=day)


def check_plan(facts: PlanFacts) -> None:
    """Raises Invalid for a plan that cannot be kept."""
    if not 1 <= len(facts.name.strip()) <= LONGEST_NAME:
        raise Invalid("report.bad-name", f"报表名称须为 1 到 {LONGEST_NAME} 个字")
    if len(facts.query) > LONGEST_QUERY:
        raise Invalid("report.too-long", "筛选条件过长，无法保存")
    if not 1 <= facts.day <= (WEEK if facts.every is Every.WEEKLY else LAST_DAY):
        raise Invalid("report.bad-day", "每周请选 1 到 7，每月请选 1 到 28", day=facts.day)
    if not 1 <= len(set(facts.recipients)) <= MOST_RECIPIENTS:
        raise Invalid("report.no-recipient", f"请选择 1 到 {MOST_RECIPIENTS} 位接收人")
