"""The paper of an order: 采购申请单 until it is issued, then 订单. Pure: values in, values out."""

from collections.abc import Mapping
from datetime import datetime

from catalog.kernel.money import yuan
from catalog.kernel.time import SHANGHAI
from labels.documents import A4_WIDE, Column, ReportTable, capital_yuan
from warehouse.printing.rules import quantity_text
from warehouse.replenishment.model import Order, OrderKind, OrderLine, OrderStatus

KINDS = {
    OrderKind.PROCUREMENT: "政府采购",
    OrderKind.EMERGENCY_PURCHASE: "紧急采购",
    OrderKind.CALL_OFF: "协议调用",
    OrderKind.EMERGENCY_PRODUCTION: "紧急生产",
    OrderKind.TRANSFER: "调入",
}
STATUSES = {
    OrderStatus.DRAFT: "草稿",
    OrderStatus.SUBMITTED: "待审批",
    OrderStatus.ENDORSED: "已初审",
    OrderStatus.APPROVED: "已批准",
    OrderStatus.ORDERED: "已下达",
    OrderStatus.PARTLY_RECEIVED: "部分到货",
    OrderStatus.RECEIVED: "已到货",
    OrderStatus.CLOSED: "已结清",
    OrderStatus.CANCELLED: "已作废",
}


def order_table(order: Order, at: datetime, names: Mapping[str, str] | None = None) -> ReportTable:
    """An order as paper, as it stands at `at`; `names`: what people are called, by login."""

    def who(login: str | None) -> str:
        return (names or {}).get(login or "", login or "—")

    issued = order.ordered_at is not None
    total = order.total_fen
    priced = all(line.amount_fen is not None for line in order.lines)
    facts = [
        ("类别", KINDS[order.kind]),
        ("状态", STATUSES[order.status]),
        ("权属单位", order.owner_name),
        ("送达库点", f"{order.site_name} {order.site_code}"),
        ("供应单位", order.supplier_name or "未定"),
        ("合同（协议）号", order.contract or "—"),
        ("资金来源", f"{order.fund_source or '—'}（{order.budget_year}年度）"),
        ("申请人", who(order.created_by)),
        ("初审", who(order.endorsed_by)),
        ("批准", who(order.approved_by)),
    ]
    if order.revision > 1:
        facts.append(("变更", f"第 {order.revision} 版"))
    notes = [text for text in (order.reason and f"理由：{order.reason}", order.note) if text]
    if order.over_budget_reason:
        notes.append(f"超预算批准理由：{order.over_budget_reason}")
    if priced and total:
        notes.append(f"金额合计（大写）：{capital_yuan(total)}")
    return ReportTable(
        title="订单" if issued else "采购申请单",
        heading=order.owner_name,
        number=order.number or "",
        facts=tuple(facts),
        columns=(
            Column("行号", 0.5, "right"),
            Column("品名", 2.2),
            Column("规格", 1.6),
            Column("数量", 1.2, "right"),
            Column("包装", 1.0),
            Column("单价（元）", 1.0, "right"),
            Column("金额（元）", 1.2, "right"),
            Column("交货日期", 1.1),
            Column("数量依据", 2.4),
        ),
        rows=tuple(_row(line) for line in order.lines),
        totals=("", "合计", "", "", "", "", yuan(total) if priced else "", "", ""),
        notes=tuple(notes),
        signatures=("申请", "初审", "批准", "供应单位") if issued else ("申请", "初审", "批准"),
        known_at=at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M"),
        page=A4_WIDE,
    )


def _row(line: OrderLine) -> tuple[str, ...]:
    price = ""
    if line.price_fen is not None:
        fen, rest = divmod(line.price_fen * line.unit_factor, line.price_per)
        price = yuan(fen) if rest == 0 else f"{line.price_fen}分/{line.price_per}"
    return (
        str(line.line),
        line.item,
        line.spec,
        quantity_text(line.quantity, line.unit_factor, line.unit),
        _packs(line),
        price,
        yuan(line.amount_fen) if line.amount_fen is not None else "",
        line.expected_on.isoformat() if line.expected_on else "",
        line.why,
    )


def _packs(line: OrderLine) -> str:
    if line.pack is None or not line.pack_factor:
        return ""
    count, rest = divmod(line.quantity, line.pack_factor)
    return f"{count} {line.pack}" + (f" 又 {quantity_text(rest, line.unit_factor, line.unit)}" if rest else "")
