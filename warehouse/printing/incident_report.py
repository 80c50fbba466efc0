"""The report of an incident (应急物资保障报告): timeline, orders, goods, times against clocks, shortcuts, papers owed.

Pure: values in, values out. What the caller may not see is not in the values.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from catalog.kernel.time import SHANGHAI
from labels.documents import A4_WIDE, Column, ReportTable
from warehouse.commitments.model import CallOff, CallStatus
from warehouse.fulfilment.model import Duty, Point, PointTotal, Shipment, Status
from warehouse.incidents.model import Incident, Level, LevelChange, Need
from warehouse.printing.rules import quantity_text
from warehouse.printing.shipment_papers import STATUSES
from warehouse.requisitions.model import OVER, Release, ReleaseStatus
from warehouse.requisitions.queries.promises import CalledFor

_ENDED = {
    ReleaseStatus.WAITING: "（未下达）",
    ReleaseStatus.REFUSED: "（不予动用）",
    ReleaseStatus.CANCELLED: "（已作废）",
}
_NEEDS = {"open": "未满足", "met": "已满足", "withdrawn": "已撤回"}
_COLUMNS = (
    Column("类别", 1.0), Column("时间", 1.4), Column("事项", 3.2), Column("数量或时限", 2.4), Column("经办或依据", 2.0),
)  # fmt: skip
Row = tuple[str, str, str, str, str]
T = TypeVar("T")
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class IncidentStory:
    """Everything that is told of an incident. `transport_hours`: the clock of a level, from the order until it leaves;
    None where no level was in force."""

    incident: Incident
    levels: Sequence[LevelChange]
    needs: Sequence[Need]
    releases: Sequence[Release]
    shipments: Sequence[Shipment]
    points: Sequence[tuple[Point, Sequence[PointTotal]]]
    duties: Sequence[Duty]
    transport_hours: Mapping[Level, int]
    calls: Sequence[CalledFor] = ()
    """What was called off from agreements for it."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What people are called, by login: a login stands on no paper."""

    def who(self, login: str) -> str:
        """The name of who acted."""
        return self.names.get(login, login) or "—"


def incident_report(story: IncidentStory, at: datetime) -> ReportTable:
    """What was asked, ordered, sent, handed out and is still owed, as known at `at`."""
    incident = story.incident
    facts = incident.facts
    owed = [
        _owed(one.name, one.papers_due_at, story.who(one.released_by), at) for one in story.releases if one.paper_owed
    ]
    owed += [
        _owed(f"调用单 {one.call.number}", one.call.papers_due_at, story.who(one.call.activated_by), at)
        for one in story.calls
        if one.call.paper_owed
    ]
    open_cases = sum(one.open_cases for one in story.shipments)
    return ReportTable(
        title="应急物资保障报告",
        heading=facts.name,
        number=incident.number,
        facts=(
            ("区划", incident.region_zh),
            ("发生时间", _minute(facts.occurred_at)),
            ("响应级别", f"{incident.level.name} 级" if incident.level else "未启动或已结束"),
            ("响应结束", _minute(incident.ended_at)),
            ("受灾人数", "—" if facts.affected is None else str(facts.affected)),
            ("转移人数", "—" if facts.moved is None else str(facts.moved)),
            ("动用指令", str(sum(one.status not in OVER for one in story.releases))),
            ("运单", str(len(story.shipments))),
            ("未办结差异", str(open_cases)),
            ("欠补手续", str(len(owed))),
        ),
        columns=_COLUMNS,
        rows=(
            *_timeline(story),
            *(_need(one) for one in story.needs),
            *(_release(one, story) for one in _in_time(story.releases, lambda one: one.released_at)),
            *(_call(one, story) for one in story.calls),
            *_travel(story),
            *_goods(story.points),
            *_shortcuts(story),
            *owed,
            *(_duty(one, at) for one in story.duties),
        ),
        notes=("时限取自各级响应的业务参数；未注明依据的参数以系统“业务参数”页为准。",),
        signatures=("编制", "审核"),
        known_at=_minute(at),
        page=A4_WIDE,
    )


def _timeline(story: IncidentStory) -> Iterator[Row]:
    for one in story.levels:
        what = f"{one.level.name} 级响应" if one.level else "结束响应"
        yield ("时间线", _minute(one.at), f"{what}：{one.reason}", one.order_number or "—", story.who(one.login))


def _need(one: Need) -> Row:
    wanted = quantity_text(one.facts.quantity, one.unit_factor, one.unit_zh)
    met = quantity_text(one.met, one.unit_factor, one.unit_zh)
    said = f"{one.region_zh} {one.facts.place}".strip()
    return (
        "需求",
        _minute(one.asked_at),
        f"{said}：{one.goods_zh}",
        f"需 {wanted}，已到 {met}",
        _NEEDS[one.status.value],
    )


def _release(one: Release, story: IncidentStory) -> Row:
    said = ("（口头）" if one.spoken else "") + _ENDED.get(one.status, "")
    where = f"{one.site_zh} → {one.region_zh} {one.place}".strip()
    return (
        "动用指令",
        _minute(one.released_at),
        f"{one.name}{said}：{where}",
        f"{len(one.lines)} 行",
        story.who(one.released_by),
    )


def _call(one: CalledFor, story: IncidentStory) -> Row:
    call = one.call
    said = "（口头）" if call.spoken else ""
    what = f"{call.number}{said}：{one.party_zh}（{one.number}）{one.goods_zh}"
    many = [quantity_text(count, one.unit_factor, one.unit_zh) for count in (call.quantity, call.came)]
    return (
        "协议调用",
        _minute(call.activated_at),
        what,
        f"调用 {many[0]}，已到 {many[1]}",
        story.who(call.activated_by),
    )


def _travel(story: IncidentStory) -> Iterator[Row]:
    orders: dict[UUID, Release] = {one.id: one for one in story.releases}
    for one in _in_time(story.shipments, lambda one: one.departed_at):
        way = f"{one.number}：{one.start.name} → {one.end.name}，{STATUSES[one.status]}"
        yield ("运输", _minute(one.departed_at), way, _clock(one, orders, story), one.vehicle.plate or "—")
        for line in one.lines:
            if line.differs:
                parts = (("损坏", line.damaged), ("拒收", line.rejected), ("短少", line.missing))
                what = "，".join(f"{word} {_many(n, line.unit_factor, line.unit)}" for word, n in parts if n)
                settled = "已办结" if one.status is Status.CLOSED else "未办结"
                yield ("差异", _minute(line.received_at), f"{one.number} {line.item}：{what}", settled, line.reason)


def _clock(one: Shipment, orders: Mapping[UUID, Release], story: IncidentStory) -> str:
    """From the order until it left, against the clock of the level that held then; and how long it was on its way."""
    said = []
    order = orders.get(one.release_id) if one.release_id else None
    if order is not None and order.released_at is not None and one.departed_at is not None:
        took = _hours(order.released_at, one.departed_at)
        level = _level_at(story.levels, order.released_at)
        limit = story.transport_hours.get(level) if level else None
        late = limit is not None and took > limit
        said.append(f"下令到启运 {took:.1f} h" + (f"（时限 {limit} h{'，超时' if late else ''}）" if limit else ""))
    if one.departed_at is not None and one.arrived_at is not None:
        said.append(f"在途 {_hours(one.departed_at, one.arrived_at):.1f} h")
    return "；".join(said) or "—"


def _level_at(levels: Sequence[LevelChange], at: datetime) -> Level | None:
    before = [one for one in levels if one.at <= at]
    return before[-1].level if before else None


def _goods(points: Sequence[tuple[Point, Sequence[PointTotal]]]) -> Iterator[Row]:
    for point, totals in points:
        for one in totals:
            parts = (
                ("到达", one.came),
                ("发放", one.handed_out),
                ("归还", one.brought_back),
                ("核销", one.written_off),
                ("现有", one.there),
            )
            what = "，".join(
                f"{word} {_many(n, one.unit_factor, one.unit)}" for word, n in parts if n or word == "到达"
            )
            yield (
                "物资去向",
                "",
                f"{point.region_zh} {point.name}：{one.item}",
                what,
                "可回收" if one.returnable else "",
            )


def _shortcuts(story: IncidentStory) -> Iterator[Row]:
    for one in story.releases:
        if one.spoken and one.status not in OVER:
            yield _shortcut(one, one.released_at, f"{one.name} 口头下达", one.paper_number)
    for called in story.calls:
        call = called.call
        if call.spoken and call.status is not CallStatus.CANCELLED:
            yield _shortcut(call, call.activated_at, f"调用单 {call.number} 口头下达", call.order_number)


def _shortcut(one: Release | CallOff, at: datetime | None, what: str, number: str) -> Row:
    by = f"{one.spoken_by} 对 {one.spoken_to}".strip()
    return ("简化手续", _minute(at), what, f"手续 {number}" if one.paper_checked_at else "手续未补齐", by)


def _owed(name: str, due: datetime | None, by: str, at: datetime) -> Row:
    late = "，已超期" if due is not None and due < at else ""
    return ("欠补手续", _minute(due), f"{name} 书面手续", f"应于此时前补齐{late}", by)


def _duty(one: Duty, at: datetime) -> Row:
    late = "，已超期" if one.late(at.astimezone(SHANGHAI).date()) else ""
    back = f"动用 {_many(one.quantity, one.unit_factor, one.unit)}，已补 {_many(one.back, one.unit_factor, one.unit)}"
    who = one.payer or one.region_zh
    return ("回收补充", one.due_on.isoformat(), f"{one.region_zh}：{one.item}", f"{back}{late}", who)


def _in_time(rows: Sequence[T], when: Callable[[T], datetime | None]) -> list[T]:
    """The first first; what has not happened last."""
    return sorted(rows, key=lambda one: when(one) or _NEVER)


def _many(quantity: int, factor: int, unit: str) -> str:
    return quantity_text(quantity, factor, unit)


def _hours(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / 3600


def _minute(at: datetime | None) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if at else "—"
