"""The decisions of incidents and needs, over plain values."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from catalog.kernel.errors import Invalid
from catalog.kernel.quantity import MAX_QUANTITY
from warehouse.incidents.model import (
    EARLIEST,
    LONGEST_NAME,
    LONGEST_TEXT,
    MOST_NEEDS,
    PRIORITIES,
    IncidentFacts,
    Level,
    Need,
    NeedFacts,
)

MOST_PEOPLE = 100_000_000


def check_incident(facts: IncidentFacts, now: datetime) -> None:
    """Raises Invalid for what cannot be written down of an incident."""
    if not facts.name.strip():
        raise Invalid("incident.no-name", "请给事件起个名称")
    if len(facts.name) > LONGEST_NAME or len(facts.note) > LONGEST_TEXT or len(facts.place) > LONGEST_TEXT:
        raise Invalid("incident.too-long", "文字过长", longest=LONGEST_TEXT)
    if facts.occurred_at > now + timedelta(minutes=5) or facts.occurred_at.date() < EARLIEST:
        raise Invalid("incident.bad-time", "发生时间不能在将来，也不能过早")
    for people in (facts.affected, facts.moved):
        if people is not None and not 0 <= people <= MOST_PEOPLE:
            raise Invalid("incident.bad-people", "人数必须是不小于零的整数", asked=people)
    check_point(facts.lat, facts.lon)


def check_point(lat: float | None, lon: float | None) -> None:
    """Raises Invalid for half a point or one that is not on this earth."""
    if (lat is None) is not (lon is None) or not -90 <= (lat or 0) <= 90 or not -180 <= (lon or 0) <= 180:
        raise Invalid("incident.bad-point", "经纬度须同时填写，且在有效范围内")


def check_needs(needs: Sequence[NeedFacts], now: datetime) -> None:
    """Raises Invalid for a list of needs that cannot be taken; names the first wrong line (from 1)."""
    if not 1 <= len(needs) <= MOST_NEEDS:
        raise Invalid("need.bad-count", f"一次须填报 1 到 {MOST_NEEDS} 行需求", lines=len(needs))
    for line, one in enumerate(needs, 1):
        if (one.item_id is None) is (one.class_id is None):
            raise Invalid("need.what", "请在物资和类别中选择一个", line=line)
        if one.class_id is not None and not one.unit.strip():
            raise Invalid("need.no-unit", "按类别填报的需求须写明计量单位", line=line)
        if not 0 < one.quantity <= MAX_QUANTITY:
            raise Invalid("need.bad-quantity", "数量必须大于零且不超过上限", line=line, asked=one.quantity)
        if one.priority not in PRIORITIES:
            raise Invalid("need.bad-priority", "紧急程度须为 1 到 4", line=line, asked=one.priority)
        if one.needed_by is not None and one.needed_by < now - timedelta(minutes=5):
            raise Invalid("need.bad-time", "要求送达时间不能早于现在", line=line)
        texts = (one.place, one.own_stock_used, one.note, one.receiver, one.phone, one.unit)
        if any(len(text) > LONGEST_TEXT for text in texts):
            raise Invalid("need.too-long", "文字过长", line=line, longest=LONGEST_TEXT)
        check_point(one.lat, one.lon)


def queue(needs: Sequence[Need], at: datetime, fresh_hours: int) -> tuple[list[Need], list[Need]]:
    """(what dispatchers work on, what has gone stale): by priority, then by what is needed first, then by age."""
    ordered = sorted(needs, key=lambda n: (n.facts.priority, n.facts.needed_by or n.asked_at, n.asked_at, n.seq))
    fresh: list[Need] = []
    stale: list[Need] = []
    for need in ordered:
        (stale if need.stale(at, fresh_hours) else fresh).append(need)
    return fresh, stale


def rises(before: Level | None, after: Level | None) -> bool:
    """Whether the response becomes graver."""
    return after is not None and (before is None or after < before)
