"""Nouns of rotation. Quantities are whole base units; money is fen; due, out and in are dates."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from catalog.kernel.parameters import UNVERIFIED, Kind, Parameter, declare
from warehouse.norms.model import Goods, Norm, Subject
from warehouse.stock.model import Condition, Lot
from warehouse.stock.rules import usable

DOCUMENT = "rotation"
"""`document_kind` of the moves that a line of a plan made; the document is the line."""


class Option(StrEnum):
    """What may become of old goods: 演练使用, 调拨消耗单位, 供应商轮换, 检验延期, 变卖, 报废."""

    USE = "use"
    PASS = "pass"
    SWAP = "swap"
    EXTEND = "extend"
    SELL = "sell"
    SCRAP = "scrap"


DISPOSALS = frozenset({Option.SELL, Option.SCRAP})
"""These need a test house or experts, and a disposal record."""


class Status(StrEnum):
    """A line's life; the way between them is `workflow.LINE`."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    CARRYING = "carrying"
    CARRIED = "carried"
    SETTLED = "settled"
    WITHDRAWN = "withdrawn"


OVER = frozenset({Status.SETTLED, Status.WITHDRAWN})
COMMITTED = frozenset({Status.APPROVED, Status.CARRYING, Status.CARRIED})
"""Decided and not settled: what others must reckon with."""


class Sort(StrEnum):
    """Orders of the lines of plans. Cost and loss: the most first; without a price last."""

    OUT = "out"
    ITEM = "item"
    STORE = "store"
    ENDS = "ends"
    COST = "cost"
    LOSS = "loss"


class Why(StrEnum):
    """Why goods stand in the plan: their date, their storage life, their time in store, their state."""

    EXPIRY = "expiry"
    LIFE = "life"
    AGE = "age"
    DAMAGED = "damaged"


class Unfit(StrEnum):
    """Why an option is not open to goods."""

    OWNED_BY_PARTY = "owned-by-party"
    EXPIRED = "expired"
    NOT_GOOD = "not-good"
    DATE_ON_PACK = "date-on-pack"
    TEST_FAILED = "test-failed"
    TOO_SHORT = "too-short"
    STILL_GOOD = "still-good"
    POLICY = "policy"


def _whole(key: str, default: int, unit: str, zh: str, en: str, meaning: tuple[str, str], **more: Any) -> Parameter:
    source = more.pop("source", UNVERIFIED)
    return Parameter(f"rotation.{key}", default, Kind.WHOLE, unit, zh, en, *meaning, source, **{"low": 0, **more})


_GRAIN = "（取自安顺市市级储备粮规定第22条：粮食轮换架空期不超过4个月，联合批准可再延2个月；用于应急物资未核实）"
_GRAIN_EN = " (Anshun city reserve grain, art. 22: 4 months, 2 more by joint approval; not verified for other goods)"
_SCRAP = "甘肃救灾物资回收报废规定 http://edu.dongchanet.com/20220125/85650.html"
_DAYS = ("剩余天数少于此数则不宜", "With fewer days left it is no option")
_SHARE = ("占货值的百分比，用于比较各方案费用", "Share of the goods' value, to compare options")
declare(
    _whole("gap-months", 4, "months", "轮换架空期上限", "Longest gap window",
           ("出库到补库之间最低储备可缺口的月数上限" + _GRAIN, "How long stock may lie below its minimum" + _GRAIN_EN),
           high=24),
    _whole("gap-extra", 2, "months", "架空期可延长", "Further gap by joint approval",
           ("经联合批准可再延长的月数" + _GRAIN, "Months more with joint approval" + _GRAIN_EN), high=24),
    _whole("age-years", 3, "years", "在库检验年限", "Years in store until tested",
           ("无有效期、无储存年限的物资在库满此年限须检验", "Goods without a date are tested after so long in store"),
           low=1, high=30, source="DB11/T 2010-2022 5.3; http://gong123.com/EHS/1470979.html"),
    _whole("experts", 5, "persons", "报废鉴定专家人数", "Experts for scrapping",
           ("没有检测机构时至少须有的专家人数", "Named experts needed where there is no test house"), low=1, high=20,
           source=_SCRAP),
    _whole("list-month", 10, "month", "报废清单月份", "Month of the scrapping list",
           ("每年此月底前列出待报废物资", "Goods for scrapping are listed by the end of this month"), low=1, high=12,
           source=_SCRAP),
    _whole("ahead-days", 90, "days", "轮换提前天数", "Days ahead of the end",
           ("物资未定临期天数时，到期前多少天轮换", "Where an item has no near-expiry band"), high=1000),
    _whole("pass-days", 30, "days", "调拨消耗最短剩余", "Days left to pass goods on", _DAYS, high=1000),
    _whole("swap-days", 90, "days", "供应商轮换最短剩余", "Days left to swap", _DAYS, high=1000),
    _whole("scrap-days", 30, "days", "可报废最长剩余", "Days left to scrap or sell",
           ("剩余天数多于此数的完好物资不得变卖、报废", "Good goods with more days left are neither sold nor scrapped"),
           high=1000),
    _whole("extend-days", 365, "days", "检验后最长延期", "Longest extension",
           ("检验合格后一次最多延长的天数", "Days by which one passed test may extend"), low=1, high=3650),
    _whole("test-fee", 200_000, "fen", "检验费估算", "Fee of a test",
           ("每批检验费，用于比较方案", "Per lot, to compare options"), high=10**10),
    _whole("sample-percent", 1, "%", "抽样比例", "Share taken as sample",
           ("估算抽样损耗，至少2个单位", "To reckon what a test uses up, at least two units"), high=100),
    _whole("pass-percent", 0, "%", "调拨收回比例", "Got back when passed on", _SHARE, high=100),
    _whole("swap-percent", 20, "%", "轮换费比例", "Fee of a swap", _SHARE, high=100),
    _whole("sell-percent", 5, "%", "变卖收入比例", "Got back when sold", _SHARE, high=100),
    _whole("scrap-percent", 3, "%", "处置费比例", "Cost of disposal", _SHARE, high=100),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Terms:
    """The settings that rules look at, as they hold at one place. Names are those of the parameters."""

    gap_months: int = 4
    gap_extra: int = 2
    age_years: int = 3
    experts: int = 5
    list_month: int = 10
    ahead_days: int = 90
    pass_days: int = 30
    swap_days: int = 90
    scrap_days: int = 30
    extend_days: int = 365
    test_fee: int = 200_000
    sample_percent: int = 1
    pass_percent: int = 0
    swap_percent: int = 20
    sell_percent: int = 5
    scrap_percent: int = 3


@dataclass(frozen=True, slots=True)
class Policy:
    """What may not be done with goods of a class, whatever they cost. The deepest class decides."""

    class_id: int
    class_path: str
    class_code: str
    class_name: str
    forbids: tuple[Option, ...]
    extend_days: int | None
    source: str
    version: int = 1


@dataclass(frozen=True, slots=True)
class Old:
    """Goods of one lot in one condition at one store, as the rules see them. Price is the lot's, else the item's."""

    lot_id: int
    site_id: int
    condition: Condition
    quantity: int
    item_id: int
    class_path: str
    expires_on: date | None
    produced_on: date | None
    stored_on: date
    owner_region_id: int
    owner_path: str
    owner_party_id: int | None
    unit_factor: int
    life_days: int | None
    on_pack: bool
    near_days: tuple[int, ...]
    price_fen: int | None
    price_per: int
    failed: bool = False
    """Its last test was not passed."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One option for goods: whether it is open to them, what it costs and what of their value is lost unused.

    `cost_fen` is what must be spent to be as well stocked as before; None where no price is known.
    """

    option: Option
    unfit: Unfit | None
    cost_fen: int | None
    waste_fen: int | None
    days_left: int | None


@dataclass(frozen=True, slots=True)
class Holding:
    """Usable goods that count for somebody's norm, up to and including `until` (None: no end)."""

    item_id: int
    quantity: int
    until: date | None


@dataclass(frozen=True, slots=True)
class Flow:
    """So much comes (above zero) or goes on a day. `region_id` owns it, `site_id` is where; `until`: its last day."""

    day: date
    item_id: int
    quantity: int
    region_id: int | None = None
    site_id: int | None = None
    until: date | None = None
    lot_id: int | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """What a place must hold from `day` on of these goods together (until its next entry). None: no minimum then."""

    day: date
    minimum: int | None
    norm: Norm | None
    goods: Mapping[int, Goods]


@dataclass(frozen=True, slots=True)
class Short:
    """From `first` to `last` a place would have only `projected` of its minimum, in units of the norm."""

    subject: Subject
    norm: Norm
    first: date
    last: date
    minimum: int
    projected: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A granted gap window."""

    months: int
    reason: str
    joint: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a quality test. `until`: the new last day, where it was passed."""

    passed: bool
    on: date
    report: str
    until: date | None
    by: str


@dataclass(frozen=True, slots=True)
class Settlement:
    """What came of it in money, and the proof."""

    income_fen: int
    paid_fen: int
    proof: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Choice:
    """What a planner decides of a line. `party_id`: who takes, swaps or buys; `test_house_id`: who tests or judges."""

    option: Option
    out_on: date
    quantity: int
    in_on: date | None = None
    in_quantity: int | None = None
    party_id: int | None = None
    test_house_id: int | None = None
    experts: tuple[str, ...] = ()
    purpose: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plan with what became of it. `moved` and `sampled` come from the moves."""

    id: UUID
    seq: int
    plan_id: UUID
    plan: str
    year: int
    number: int
    lot: Lot
    item_key: str
    item_en: str | None
    class_path: str
    class_name: str
    life_days: int | None
    life_source: str
    on_pack: bool
    near_days: tuple[int, ...]
    item_price_fen: int | None
    item_price_per: int
    site_id: int
    site_code: str
    site_name: str
    site_path: str
    owner_key: str
    owner_name: str
    condition: Condition
    quantity: int
    why: Why
    ends_on: date | None
    due_on: date
    option: Option | None
    out_on: date
    in_on: date | None
    in_quantity: int | None
    party_id: int | None
    party: str | None
    test_house_id: int | None
    test_house: str | None
    experts: tuple[str, ...]
    purpose: str
    cost_fen: int | None
    waste_fen: int | None
    gap: Gap | None
    test: Verdict | None
    status: Status
    created_by: str
    chosen_by: str
    chooser_id: int | None
    approved_by: str
    approved_at: datetime | None
    converted: int
    new_lot: str | None
    record_number: str | None
    record_id: UUID | None
    end_note: str
    settlement: Settlement | None
    version: int
    moved: int
    sampled: int
    standing: int
    """On hand of the lot at the store in this condition now."""

    @property
    def done(self) -> int:
        """How much has been carried out; samples belong to an extension's losses, not to its goods."""
        return self.moved + self.converted

    @property
    def rest(self) -> int:
        """Still to be carried out."""
        return max(self.quantity - self.done - self.sampled, 0)

    @property
    def over(self) -> bool:
        """Settled or withdrawn."""
        return self.status in OVER

    def old(self) -> Old:
        """The goods as the rules see them."""
        lot = self.lot
        priced = lot.price_fen is not None
        return Old(
            lot_id=lot.id,
            site_id=self.site_id,
            condition=self.condition,
            quantity=self.quantity,
            item_id=lot.item_id,
            class_path=self.class_path,
            expires_on=lot.expires_on,
            produced_on=lot.produced_on,
            stored_on=lot.stored_on,
            owner_region_id=lot.owner_region_id,
            owner_path=lot.owner_path,
            owner_party_id=lot.owner_party_id,
            unit_factor=lot.unit_factor,
            life_days=self.life_days,
            on_pack=self.on_pack,
            near_days=self.near_days,
            price_fen=lot.price_fen if priced else self.item_price_fen,
            price_per=lot.price_per if priced else self.item_price_per,
            failed=self.test is not None and not self.test.passed,
        )

    def counts(self, on: date) -> bool:
        """Whether its goods count for anybody's norm on a day."""
        return usable(self.condition, self.lot.expires_on, on)


@dataclass(frozen=True, slots=True)
class Plan:
    """A region's rotation plan of a year with its sums."""

    id: UUID
    seq: int
    number: str
    year: int
    region_id: int
    region_key: str
    region_name: str
    region_en: str | None
    path: str
    created_at: datetime
    created_by: str
    lines: int
    open: int
    cost_fen: int
    waste_fen: int
    unpriced: int
    """Lines whose cost is not known for want of a price: in no sum."""
    by_status: Mapping[Status, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HeatCell:
    """What of a class is due in a month."""

    class_code: str
    class_name: str
    class_en: str | None
    month: int
    lines: int
    value_fen: int
    waste_fen: int


@dataclass(frozen=True, slots=True)
class Stored:
    """A lot's usable goods of an owner, for the projection of waste."""

    lot_id: int
    lot: str
    item_id: int
    item_key: str
    item: str
    item_en: str | None
    unit: str
    unit_factor: int
    class_code: str
    class_name: str
    region_id: int
    fund_source: str | None
    quantity: int
    expires_on: date
    price_fen: int | None
    price_per: int


@dataclass(frozen=True, slots=True)
class Risk:
    """So much of a lot will still be there on its last day at the present rate of use."""

    stored: Stored
    quantity: int
    value_fen: int | None


@dataclass(frozen=True, slots=True)
class Planned:
    """Goods that a decided line will take out on a day, or bring in (`quantity` above zero: in)."""

    day: date
    quantity: int
    item_id: int
    region_id: int
    path: str
    site_id: int
    lot_id: int | None
    line_id: UUID
