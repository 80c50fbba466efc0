"""The decisions of scenarios, over plain values: how much is needed, how far the way is, what may be saved."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from catalog.kernel.errors import Invalid
from catalog.kernel.quantity import MAX_QUANTITY
from warehouse.planning.scenario.model import (
    HAZARDS,
    Area,
    Consumption,
    ConsumptionNorm,
    Reach,
    ScenarioFacts,
)

MOST_AREAS, MOST_USES, MOST_DAYS = 100, 100, 90
MOST_PEOPLE = 10**8


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


def minutes_of(metres: int | None, reach: Reach) -> int | None:
    """Loading and the way, in whole minutes, rounded up; None where the place is not known."""
    if metres is None:
        return None
    return reach.load_minutes + -(-metres * reach.detour_percent * 60 // (100 * reach.speed_kmh * 1000))


def minutes_until(when: datetime | None, start: datetime, now: datetime) -> int | None:
    """From the scenario's beginning until something comes, rounded up; None where nobody has said when, or it is
    overdue: who knows when it comes."""
    if when is None or when < now:
        return None
    return -(-max(int((when - start).total_seconds()), 0) // 60)


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
