"""Nouns of incidents and needs, and what a response level changes. Quantities of an item are whole base units."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import IntEnum, StrEnum
from uuid import UUID

from catalog.kernel.parameters import UNVERIFIED, Kind, Parameter, declare

DOCUMENT = "incident"
"""`document_kind` under which moves, orders and files name an incident."""


class Hazard(StrEnum):
    """What kind of incident (突发事件种类)."""

    FLOOD = "flood"
    TYPHOON = "typhoon"
    RAIN = "rain"
    COLD = "cold"
    DROUGHT = "drought"
    QUAKE = "quake"
    LANDSLIDE = "landslide"
    FIRE = "fire"
    ACCIDENT = "accident"
    HEALTH = "health"
    OTHER = "other"


class Level(IntEnum):
    """Response level; I is the gravest."""

    I = 1  # noqa: E741 - the field's own numerals
    II = 2
    III = 3
    IV = 4


class Status(StrEnum):
    """An incident's life; the way between them is `workflow.INCIDENT`."""

    ACTIVE = "active"
    ENDED = "ended"
    CLOSED = "closed"


class NeedStatus(StrEnum):
    """A need's life. That it has gone stale follows from the time it was last renewed."""

    OPEN = "open"
    MET = "met"
    WITHDRAWN = "withdrawn"


# --- what a level changes: settings of each region, with default and source -----------------------------------------

ZOUCHENG = "邹城市应急物资调拨程序（2020）：紧急时电话下令，48 小时内补办手续"
CITY_PLAN = (
    "某市自然灾害救助应急预案（民政时期，法规库摘录）：Ⅰ级响应 12 小时内落实应急运输；省级预案：24 小时内完成调运"
)


@dataclass(frozen=True, slots=True)
class LevelRules:
    """What holds at a level in a region. Percent of the minimum that stays protected; hours and minutes as named.

    `takes`: what is held for a less urgent need may be taken for a more urgent one.
    """

    spoken: bool
    papers_hours: int
    approvals: int
    protected_percent: int
    transport_hours: int
    escalate_minutes: int
    report_hours: int
    takes: bool


_WHAT: dict[str, tuple[str, str, str, str, str, tuple[int | bool, int | bool, int | bool, int | bool], str]] = {
    # name: unit, zh, en, meaning zh, meaning en, defaults of I to IV, source
    "spoken": (
        "", "可口头下令", "Orders may be spoken", "该级响应下动用指令可先口头下达，手续后补",
        "At this level a release order may be spoken and its paper follows", (True, True, False, False), ZOUCHENG,
    ),
    "papers-hours": (
        "hours", "补办手续时限", "Papers due within", "口头指令须在此时限内补齐手续",
        "The paper of a spoken order is due within so many hours", (48, 48, 48, 48), ZOUCHENG,
    ),
    "approvals": (
        "people", "审批人数", "Approvals", "调用申请须由这么多人批准", "So many people approve a requisition",
        (1, 1, 1, 1), UNVERIFIED,
    ),
    "protected-percent": (
        "%", "保底比例", "Protected share of the minimum", "调用后各级须保留最低储备的这一比例",
        "This share of the minimum stays where it is", (0, 30, 50, 100), UNVERIFIED,
    ),
    "takes": (
        "", "可调整占用", "Holds may be taken", "该级响应下更紧急的需求可调用已为较缓需求占用、尚未下达动用指令的物资",
        "At this level a more urgent need may take goods that are held for a less urgent one and not ordered out yet",
        (True, True, False, False), UNVERIFIED,
    ),
    "transport-hours": (
        "hours", "调运时限", "Transport within", "从下令到物资启运的时限", "From the order until the goods leave",
        (12, 24, 24, 24), CITY_PLAN,
    ),
    "escalate-minutes": (
        "minutes", "提醒升级时限", "Unanswered reminders rise after", "无人处理的提醒在此时限后报上一级",
        "A reminder that nobody takes goes to the tier above after so many minutes", (10, 20, 60, 240), UNVERIFIED,
    ),
    "report-hours": (
        "hours", "报告间隔", "Reports every", "向上级报告物资情况的间隔", "How often the tier above is told",
        (2, 2, 12, 24), CITY_PLAN,
    ),
}  # fmt: skip


def level_key(level: Level, name: str) -> str:
    """The setting's key, as `incident.level-2.papers-hours`."""
    return f"incident.level-{level.value}.{name}"


for _level in Level:
    for _name, (_unit, _zh, _en, _meaning_zh, _meaning_en, _defaults, _source) in _WHAT.items():
        _default = _defaults[_level - 1]
        declare(
            Parameter(
                level_key(_level, _name),
                _default,
                Kind.SWITCH if isinstance(_default, bool) else Kind.WHOLE,
                _unit,
                name_zh=f"{_level.name} 级响应：{_zh}",
                name_en=f"Response level {_level.name}: {_en}",
                meaning_zh=_meaning_zh,
                meaning_en=_meaning_en,
                source=_source,
                low=None if isinstance(_default, bool) else 0,
                high=None if isinstance(_default, bool) else 100 if _unit == "%" else 10_000,
            )
        )
LEVEL_SETTINGS = tuple(_WHAT)

FRESH_HOURS = Parameter(
    "incident.need-fresh-hours", 12, Kind.WHOLE, "hours",
    name_zh="需求有效时间", name_en="A need stays fresh for",
    meaning_zh="超过这么久未确认的需求视为过时，移出调度队列，可一键续报",
    meaning_en="A need that nobody has renewed for so long goes stale and leaves the queue; it can be renewed",
    source=UNVERIFIED, low=1, high=720,
)  # fmt: skip
CONTACT_DAYS = Parameter(
    "incident.contact-days", 180, Kind.WHOLE, "days",
    name_zh="联系人保留天数", name_en="Contacts are kept for",
    meaning_zh="需求、申请、运单和发放点办结后，接收人、驾驶员的姓名和电话再保留这么多天，逾期自动清除",
    meaning_en="Names and phones of receivers and drivers are cleared away so many days after the end of their papers",
    source=UNVERIFIED, low=1, high=3650,
)  # fmt: skip
declare(FRESH_HOURS, CONTACT_DAYS)


# --- nouns ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """What is said of an incident. `region_id`: the area hit; `affected` and `moved`: people, None where unknown."""

    name: str
    hazard: Hazard
    region_id: int
    occurred_at: datetime
    place: str = ""
    lat: float | None = None
    lon: float | None = None
    affected: int | None = None
    moved: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class LevelChange:
    """One entry of the level's history; level None: the response has ended."""

    level: Level | None
    at: datetime
    order_number: str
    reason: str
    login: str


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident with the names of its region."""

    id: UUID
    seq: int
    number: str
    status: Status
    level: Level | None
    version: int
    opened_at: datetime
    opened_by: str
    ended_at: datetime | None
    path: str
    region_key: str
    region_zh: str
    region_en: str | None
    facts: IncidentFacts
    open_needs: int = 0


@dataclass(frozen=True, slots=True)
class NeedFacts:
    """What a place needs. Exactly one of item and class; a class's quantity is whole units of `unit`.

    `region_id`: who asks. `priority`: 1 (lives at stake) to 4. `receiver` and `phone` are kept apart and purged.
    """

    region_id: int
    quantity: int
    item_id: int | None = None
    class_id: int | None = None
    unit: str = ""
    priority: int = 2
    needed_by: datetime | None = None
    place: str = ""
    lat: float | None = None
    lon: float | None = None
    own_stock_used: str = ""
    """What of their own they have used, or why they could not (先用本级)."""
    origin: str = "by hand"
    note: str = ""
    receiver: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """One line of what is needed, with names. `met`: what has been received against it."""

    id: UUID
    seq: int
    incident_id: UUID
    incident_number: str
    incident_path: str
    status: NeedStatus
    version: int
    asked_at: datetime
    asked_by: str
    renewed_at: datetime
    ended_at: datetime | None
    end_reason: str
    path: str
    region_key: str
    region_zh: str
    region_en: str | None
    goods_key: str
    goods_zh: str
    goods_en: str | None
    unit_zh: str
    unit_en: str | None
    unit_factor: int
    met: int
    facts: NeedFacts

    def stale(self, at: datetime, fresh_hours: int) -> bool:
        """Whether nobody has renewed it for too long. What is met or withdrawn is never stale."""
        return self.status is NeedStatus.OPEN and at - self.renewed_at > timedelta(hours=fresh_hours)

    @property
    def lacking(self) -> int:
        """What is still wanted."""
        return max(0, self.facts.quantity - self.met)


LONGEST_NAME = 120
LONGEST_TEXT = 500
MOST_NEEDS = 300
PRIORITIES = (1, 2, 3, 4)
EARLIEST = date(1990, 1, 1)
