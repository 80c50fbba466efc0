"""What labels and papers say, their numbers, and how a paper's content is frozen. Pure: values in, values out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from datetime import date, datetime, timedelta
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from catalog.kernel.errors import Invalid, Refused
from catalog.kernel.money import Price, amount
from catalog.kernel.quantity import display
from catalog.kernel.time import SHANGHAI
from labels.documents import (
    A4,
    Column,
    CountReport,
    CountSheet,
    IssueLine,
    IssueSlip,
    LedgerSheet,
    ReceiptLine,
    ReceiptSlip,
    ReportTable,
    ShelfCard,
)
from labels.sheets import LAYOUTS, Layout, LotLabel, roll, sheet
from warehouse.picking.model import Pick
from warehouse.picking.rules import label_key
from warehouse.printing.model import SHORT, IssueWords, PaperKind, ReceiptWords, SlipMove, Stock
from warehouse.sites.model import STAGING_CODE, unnamed_kind
from warehouse.stock.model import Condition, Reason

MOST_LABELS = 1_000
"""Different labels in one job; with copies at most `MOST_PRINTED`."""
MOST_PRINTED = 5_000
MOST_LINES = 2_000
"""Lines on one paper."""
MAX_KEY = 16
"""Longest own key (labels.codes.own)."""

CAME_IN = frozenset(
    {Reason.RECEIVE, Reason.OPEN_BALANCE, Reason.RETURN, Reason.LOAN_RETURN, Reason.ARRIVE, Reason.BRING_BACK}
    | {Reason.UNLOAD}
)
WENT_OUT = frozenset({Reason.ISSUE, Reason.LEND, Reason.DISPOSE, Reason.SEND_BACK, Reason.TEST, Reason.SHIP})
REASONS = {PaperKind.RECEIPT_SLIP: CAME_IN, PaperKind.ISSUE_SLIP: WENT_OUT}
"""Which moves stand on which slip."""
REASON_WORDS = {
    Reason.RECEIVE: "入库",
    Reason.PUT_AWAY: "上架",
    Reason.MOVE: "移库",
    Reason.ISSUE: "出库",
    Reason.RETURN: "回收",
    Reason.SEND_BACK: "退货",
    Reason.INSPECT: "质检",
    Reason.DISPOSE: "处置",
    Reason.TEST: "检验耗用",
    Reason.COUNT: "盘点",
    Reason.ADJUST: "调整",
    Reason.TAKE_BACK: "盘点冲回",
    Reason.CONVERT: "更正",
    Reason.LEND: "借出",
    Reason.LOAN_RETURN: "借用归还",
    Reason.SHIP: "装车发运",
    Reason.UNLOAD: "卸车退回",
    Reason.ARRIVE: "调入到达",
    Reason.HAND_OUT: "现场发放",
    Reason.BRING_BACK: "使用后归还",
    Reason.WRITE_OFF: "核销",
    Reason.REVERSE: "冲销",
    Reason.OPEN_BALANCE: "期初",
}
"""The 摘要 of a ledger line."""
QUALITY = {
    Condition.GOOD: "合格",
    Condition.AWAITING: "待检",
    Condition.FROZEN: "冻结",
    Condition.DAMAGED: "损坏",
}
RECEIVING_AREA = "收货区"
UNNAMED_PLACES = {"shipment": "运输车辆", "incident": "接收点"}
TIERS = {"city": "市级", "district": "区级", "town": "镇(街道)级", "village": "村(社区)级"}


def place_name(code: str) -> str:
    """A place as papers name it."""
    unnamed = unnamed_kind(code)
    if unnamed:
        return UNNAMED_PLACES[unnamed]
    return RECEIVING_AREA if code == STAGING_CODE else code


def quantity_text(quantity: int, factor: int, unit: str) -> str:
    """ "200 顶"."""
    return f"{display(quantity, factor)} {unit}".strip()


def pick_table(pick: Pick) -> ReportTable:
    """A pick list as paper: where to go, what to take there, room to write what was taken."""
    rows = tuple(
        (
            str(line.line),
            place_name(line.place or "—"),
            line.item,
            line.lot or "本库点无货",
            line.expires_on.isoformat() if line.expires_on else "长期",
            quantity_text(line.quantity, line.unit_factor, line.unit),
            quantity_text(line.picked, line.unit_factor, line.unit) if line.picked else "",
            line.short_note,
        )
        for line in pick.lines
    )
    return ReportTable(
        title="拣货单",
        heading=pick.site_name,
        number=pick.number,
        own_key=label_key(pick.number) if len(label_key(pick.number)) <= MAX_KEY else None,
        facts=(("用途", pick.name), ("制单人", pick.created_by), ("制单时间", _minute(pick.created_at))),
        columns=(
            Column("行号", 0.5, "right"),
            Column("货位", 1.1),
            Column("物资", 2.4),
            Column("批次", 1.1),
            Column("有效期", 1.1),
            Column("应拣", 1.0, "right"),
            Column("实拣", 1.0, "right"),
            Column("备注", 1.6),
        ),
        rows=rows,
        notes=("按行走顺序拣货；先扫货位，再扫批次，最后核对数量。实拣不足请在备注栏写明原因。",),
        signatures=("拣货人", "复核人"),
        page=A4,
    )


def _minute(at: datetime) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def quality(conditions: Sequence[str], expires_on: date | None, on: date) -> str:
    """The 质量 of goods in these conditions on a day: what is past its day is not 合格, whatever its condition."""
    expired = expires_on is not None and expires_on < on
    found = [condition for condition in Condition if condition.value in conditions]
    return "、".join("已过期" if expired and one is Condition.GOOD else QUALITY[one] for one in found)


# --- numbers ----------------------------------------------------------------------------------------------


def paper_number(site_code: str, kind: PaperKind, year: int, serial: int) -> str:
    """ "CZ01-RK-2026-0001": site, kind, Shanghai year, gapless serial."""
    return f"{site_code}-{SHORT[kind]}-{year}-{serial:04d}"


def paper_key(number: str, paper_hex: str) -> str:
    """The own key of a paper's code: its number without hyphens; for the longest site codes a part of its id."""
    key = number.replace("-", "")
    return key if len(key) <= MAX_KEY else "X" + paper_hex[: MAX_KEY - 1].upper()


def number_of_key(key: str) -> str | None:
    """The inverse of `paper_key`; None where a key is not a paper's."""
    for short in SHORT.values():
        site, found, rest = key.rpartition(short)
        if found and site and len(rest) >= 8 and rest.isdigit():
            return f"{site}-{short}-{rest[:4]}-{rest[4:]}"
    return None


def checked_seq(after: Sequence[Any] | None) -> int | None:
    """The server's sequence in a cursor. Raises Invalid."""
    if after is None:
        return None
    if type(after[0]) is not int or not 0 <= after[0] < 2**63:
        raise Invalid("page.bad-cursor", "翻页标记无效，请从第一页重新开始")
    return after[0]


# --- label jobs -------------------------------------------------------------------------------------------


def check_job(count: int, copies: int) -> None:
    """Raises Invalid for a job nobody would print."""
    if not 1 <= count <= MOST_LABELS or copies < 1 or count * copies > MOST_PRINTED:
        raise Invalid(
            "label.bad-count",
            f"一次可打印 1 到 {MOST_LABELS} 种标签，连同份数不超过 {MOST_PRINTED} 张",
            labels=count,
            copies=copies,
        )


SAMPLE = LotLabel(
    own_key="LSAMPLE0001",
    name="救灾棉帐篷",
    spec="12㎡ 加厚",
    origin="样张",
    number="L2026-000001",
    quantity="24 顶",
    quality="合格",
    produced_on=date(2026, 3, 1),
    received_on=date(2026, 4, 1),
    expires_on=date(2036, 3, 1),
    bin="A-01-02",
)
"""What a new kind of stock is looked at with."""
_STOCK_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")
SMALLEST_LABEL_MM = 10.0
LARGEST_PAGE_MM = 1_000.0


def check_stock_name(name: str) -> None:
    """Raises Invalid for a name that cannot stand in an address, Refused for one that ships."""
    if _STOCK_NAME.fullmatch(name) is None:
        raise Invalid("label.bad-layout-name", "名称只能用小写字母、数字和连字符", layout=name)
    if name in LAYOUTS:
        raise Refused("label.layout-taken", "这个名称已有标签纸使用", layout=name)


def check_stock(stock: Stock) -> None:
    """Raises Invalid unless the stock has a name for people and room for something on each label."""
    one = stock.layout
    if not stock.name_zh.strip():
        raise Invalid("label.layout-nameless", "请填写标签纸的名称")
    inner = min(one.label_width - 2 * one.padding_x, one.label_height - 2 * one.padding_y)
    if inner < SMALLEST_LABEL_MM:
        raise Invalid("label.layout-too-small", f"除去留白，标签每边至少要有 {SMALLEST_LABEL_MM:.0f} 毫米", room=inner)
    lengths = (one.page_width, one.page_height, one.left, one.top, one.gap_x, one.gap_y, one.padding_x, one.padding_y)
    if not all(0 <= length <= LARGEST_PAGE_MM for length in lengths):
        raise Invalid("label.layout-out-of-bounds", f"尺寸须在 0 到 {LARGEST_PAGE_MM:.0f} 毫米之间")


def free_layout(
    *,
    label: tuple[float, float],
    grid: tuple[int, int] = (1, 1),
    page: tuple[float, float] | None = None,
    origin: tuple[float, float] = (0.0, 0.0),
    gap: tuple[float, float] = (0.0, 0.0),
) -> Layout:
    """A customer's own stock: a roll without `page`, else a sheet. Millimetres. Raises LabelProblem if it overflows."""
    if page is None:
        return roll("free", *label)
    return sheet("free", label=label, grid=grid, page=page, origin=origin, gap=gap)


_GS1_EXTRA = "!\"%&'()*+,-./:;<=>?_"


def fit_for_gs1(batch: str | None) -> bool:
    """Whether a maker's batch may stand in AI 10: at most 20 characters of GS1's character set 82."""
    return batch is None or (
        0 < len(batch) <= 20 and all((c.isascii() and c.isalnum()) or c in _GS1_EXTRA for c in batch)
    )


def period(start: date, end: date) -> str:
    """A period as a ledger sheet prints it; a whole month or year by its name."""
    if start.day == 1 and (end + timedelta(days=1)).day == 1:
        if (start.month, end.month) == (1, 12) and start.year == end.year:
            return f"{start.year} 年"
        if (start.year, start.month) == (end.year, end.month):
            return f"{start.year} 年 {start.month} 月"
    return f"{start} 至 {end}"


# --- slips ------------------------------------------------------------------------------------------------


def check_moves(kind: PaperKind, moves: Sequence[SlipMove], *, whole: bool) -> Sequence[SlipMove]:
    """The moves that shall stand on the slip. Raises Refused where there are none, or too many.

    `whole`: all of them or none, as with one attempt; else those that stand on a slip already are left out.
    """
    if not moves:
        raise Refused("paper.nothing-moved", "没有可开单的收发记录（冲销的不开单）")
    taken = sorted({m.on_paper for m in moves if m.on_paper})
    left = [m for m in moves if not m.on_paper]
    if taken and (whole or not left):
        raise Refused("paper.already-on-slip", "这些记录已开过单，如有误请先作废原单", papers=taken)
    if len({m.site_id for m in left}) != 1:
        raise Refused("paper.several-sites", "一张单据只能属于一个库点")
    if len(left) > MOST_LINES:
        raise Refused("paper.too-long", f"一张单据最多 {MOST_LINES} 行，请缩小范围", lines=len(left), kind=kind.word)
    return left


def receipt_value(
    *, number: str, own_key: str, site: str, moves: Sequence[SlipMove], words: ReceiptWords, delivery: Mapping[str, str]
) -> ReceiptSlip:
    """The 入库单 of some moves: one line per lot. `delivery` gives supplier, invoice and note where there is one."""
    lines = []
    for group in _grouped(moves, lambda m: (m.lot_id,)):
        first, quantity = group[0], sum(m.quantity for m in group)
        price = None if first.price_fen is None else Price(first.price_fen, first.price_per)
        lines.append(
            ReceiptLine(
                name=first.item_name,
                unit=first.unit,
                quantity=display(quantity, first.unit_factor),
                spec=first.spec,
                code=first.item_key,
                unit_price_fen=amount(price, first.unit_factor) if price else None,
                amount_fen=amount(price, quantity) if price else None,
                batch=_batch(first),
                expires_on=first.expires_on,
            )
        )
    return ReceiptSlip(
        own_key=own_key,
        number=number,
        site=site,
        received_at=_local(max(m.occurred_at for m in moves)),
        supplier=words.supplier or delivery.get("supplier", "") or "—",
        lines=tuple(lines),
        invoice=words.invoice or delivery.get("invoice", ""),
        contract=words.contract,
        fund_source="、".join(sorted({m.fund_source for m in moves if m.fund_source})),
        note="；".join(filter(None, (words.note, delivery.get("note", "")))),
        keeper=_keepers(moves),
        checker=words.checker,
        deliverer=words.deliverer,
    )


def issue_value(*, number: str, own_key: str, site: str, moves: Sequence[SlipMove], words: IssueWords) -> IssueSlip:
    """The 出库单 of some moves: one line per lot and bin."""
    lines = []
    for group in _grouped(moves, lambda m: (m.lot_id, m.place, m.reason)):
        first, quantity = group[0], sum(m.quantity for m in group)
        price = None if first.price_fen is None else Price(first.price_fen, first.price_per)
        lines.append(
            IssueLine(
                name=first.item_name,
                unit=first.unit,
                quantity=display(quantity, first.unit_factor),
                batch=_batch(first),
                spec=first.spec,
                code=first.item_key,
                bin=place_name(first.place),
                expires_on=first.expires_on,
                amount_fen=amount(price, quantity) if price else None,
                note="" if first.reason == Reason.ISSUE else REASON_WORDS[Reason(first.reason)],
            )
        )
    return IssueSlip(
        own_key=own_key,
        number=number,
        site=site,
        issued_at=_local(max(m.occurred_at for m in moves)),
        destination=words.destination,
        lines=tuple(lines),
        order=words.order,
        purpose=words.purpose,
        receiver=words.receiver,
        receiver_phone=words.receiver_phone,
        carrier=words.carrier,
        plate=words.plate,
        note=words.note,
        keeper=_keepers(moves),
        checker=words.checker,
    )


def _grouped(moves: Sequence[SlipMove], key: Any) -> list[list[SlipMove]]:
    groups: dict[Any, list[SlipMove]] = {}
    for move in sorted(moves, key=lambda m: (m.item_sort, m.item_key, m.lot, m.place, m.seq)):
        groups.setdefault(key(move), []).append(move)
    return list(groups.values())


def _batch(move: SlipMove) -> str:
    return f"{move.lot} ({move.maker_batch})" if move.maker_batch else move.lot


def _keepers(moves: Sequence[SlipMove]) -> str:
    return "、".join(dict.fromkeys(m.keeper or m.login for m in moves))


def _local(instant: datetime) -> datetime:
    return instant.astimezone(SHANGHAI)


# --- frozen content ---------------------------------------------------------------------------------------

PaperValue = ReceiptSlip | IssueSlip | ShelfCard | LedgerSheet | CountSheet | CountReport | ReportTable
_VALUES: dict[PaperKind, type[PaperValue]] = {
    PaperKind.RECEIPT_SLIP: ReceiptSlip,
    PaperKind.ISSUE_SLIP: IssueSlip,
    PaperKind.SHELF_CARD: ShelfCard,
    PaperKind.LEDGER_SHEET: LedgerSheet,
    PaperKind.COUNT_SHEET: CountSheet,
    PaperKind.COUNT_REPORT: CountReport,
    PaperKind.DISPOSAL_RECORD: ReportTable,
}


def freeze(value: PaperValue) -> dict[str, Any]:
    """A paper's value as plain JSON: dates as ISO text. `thaw` is the inverse."""
    frozen: dict[str, Any] = _plain(asdict(value))
    return frozen


def thaw(kind: PaperKind, content: Mapping[str, Any]) -> PaperValue:
    """The value that was frozen. Fields this program does not know any more are left out."""
    made: PaperValue = _typed(_VALUES[kind], content)
    return made


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _typed(kind: Any, value: Any) -> Any:
    if get_origin(kind) in (Union, UnionType):
        options = [one for one in get_args(kind) if one is not type(None)]
        return None if value is None else _typed(options[0], value)
    if is_dataclass(kind) and isinstance(kind, type):
        known = {field.name for field in fields(kind)}
        return kind(**{name: _typed(_hints(kind)[name], one) for name, one in value.items() if name in known})
    if get_origin(kind) is tuple:
        inner = get_args(kind)
        if len(inner) == 2 and inner[1] is Ellipsis:
            return tuple(_typed(inner[0], one) for one in value)
        return tuple(_typed(one, part) for one, part in zip(inner, value, strict=True))
    if kind is datetime:
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if kind is date else value
