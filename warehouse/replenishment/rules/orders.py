"""The decisions of orders, over plain values."""

from collections.abc import Mapping, Sequence
from datetime import date

from catalog.items.model import Item, ItemKind
from catalog.kernel.errors import Invalid, Refused
from catalog.kernel.quantity import MAX_QUANTITY
from warehouse.replenishment.model.deliveries import NewLine
from warehouse.replenishment.model.orders import BOUGHT, URGENT, NewOrderLine, Order, OrderFacts, OrderKind, OrderLine

MOST_LINES = 200
MOST_FEN = 10**14
"""Of one order: a trillion yuan is a slip of the finger, and sums of many stay far below bigint."""
PREFIX = {
    OrderKind.PROCUREMENT: "ZC",
    OrderKind.EMERGENCY_PURCHASE: "JC",
    OrderKind.CALL_OFF: "XY",
    OrderKind.EMERGENCY_PRODUCTION: "JS",
    OrderKind.TRANSFER: "DR",
}
"""政府采购, 紧急采购, 协议调用, 紧急生产, 调入."""


def order_number(kind: OrderKind, year: int, serial: int) -> str:
    """An order's number: kind, Shanghai year, and the gapless serial of both."""
    return f"{PREFIX[kind]}-{year}-{serial:04}"


def check_lines(lines: Sequence[NewOrderLine], items: Mapping[int, Item], packs: Mapping[int, int]) -> None:
    """Raises Invalid or Refused for lines that nobody could order; names the first one (counted from 1).

    `packs` are the items of the packs named, by pack.
    """
    if not 1 <= len(lines) <= MOST_LINES:
        raise Invalid("order.bad-line-count", f"订单须有 1 到 {MOST_LINES} 行", lines=len(lines))
    for number, line in enumerate(lines, 1):
        item = items.get(line.item_id)
        if item is None or item.retired_at is not None:
            raise Invalid("order.no-such-item", "没有这种物资，或已停用", line=number, item=line.item_id)
        if item.kind is ItemKind.PHANTOM_KIT:
            raise Refused("order.phantom-kit", "虚拟套件不能订购，请按组成物资列出", line=number, item=item.key)
        if not 0 < line.quantity <= MAX_QUANTITY:
            raise Invalid("order.bad-quantity", "数量必须大于零且不超过上限", line=number, asked=line.quantity)
        if line.pack_id is not None and packs.get(line.pack_id) != line.item_id:
            raise Invalid("order.other-pack", "包装不属于这种物资", line=number, item=item.key)
        if (line.price_fen is not None and line.price_fen < 0) or line.price_per <= 0:
            raise Invalid("order.bad-price", "单价不正确", line=number)
    total = sum(line.amount_fen or 0 for line in lines)
    if total > MOST_FEN:
        raise Invalid("order.amount-too-large", "金额过大，请核对单价和数量", asked=total, limit=MOST_FEN)


def check_facts(facts: OrderFacts) -> None:
    """Raises Invalid for a head that cannot be right."""
    if not 2000 <= facts.budget_year <= 2200:
        raise Invalid("order.bad-year", "预算年度不正确", asked=facts.budget_year)
    if any(len(text or "") > 200 for text in (facts.contract, facts.fund_source)):
        raise Invalid("order.too-long", "合同号或资金来源过长")
    if len(facts.reason) > 1000 or len(facts.note) > 1000:
        raise Invalid("order.too-long", "说明过长")


def check_complete(order: Order) -> Refused | None:
    """What an order must say before anybody can judge it: the first thing missing, with its line."""
    if not order.lines:
        return Refused("order.no-lines", "订单没有物资行")
    if order.kind in URGENT and not order.reason.strip():
        return Refused("order.no-reason", "紧急采购和紧急生产须写明理由")
    if order.kind not in BOUGHT:
        return None
    if order.supplier_id is None:
        return Refused("order.no-supplier", "请选择供应单位")
    if not order.fund_source:
        return Refused("order.no-fund", "请写明资金来源")
    for line in order.lines:
        if line.price_fen is None:
            return Refused("order.no-price", "有物资没有单价，无法核对预算", line=line.line, item=line.item)
    for line in order.lines:
        if line.expected_on is None:
            return Refused("order.no-date", "请写明每行的交货日期", line=line.line, item=line.item)
    return None


def check_approver(order: Order, login: str) -> None:
    """Raises Refused where the caller wrote or submitted the order, or has endorsed it already."""
    if login in order.authors:
        raise Refused("order.own", "不能审批自己起草或提交的订单", order=order.name)
    if order.endorsed_by and login == order.endorsed_by:
        raise Refused("order.same-approver", "初审和批准须由两人进行", order=order.name, first=order.endorsed_by)


def check_room(order: Order, amount_fen: int | None, approved_fen: int, reason: str) -> int:
    """By how much the order goes above what is left of its budget (0: not at all), where that is allowed.

    `amount_fen` is the budget, None if nobody set one; `approved_fen` is what is approved of it already. Raises Refused
    unless the approver gives a reason.
    """
    if order.kind not in BOUGHT:
        return 0
    left = (amount_fen or 0) - approved_fen
    over = order.total_fen - left
    facts = {"asked": order.total_fen, "left": left, "year": order.budget_year, "fund_source": order.fund_source}
    if over <= 0 and amount_fen is not None:
        return 0
    if not reason.strip():
        if amount_fen is None:
            raise Refused("order.no-budget", "该区划本年度没有这项资金的预算；须先列预算，或由审批人写明理由", **facts)
        raise Refused("order.above-budget", "超出预算余额；须由审批人写明理由方可批准", over=over, **facts)
    return max(over, 0)


def batches(lines: Sequence[tuple[OrderLine, int, date | None]]) -> Mapping[date | None, list[NewLine]]:
    """The deliveries that bring these (line, quantity, day): one per day, each with its expected lines in order."""
    found: dict[date | None, list[NewLine]] = {}
    for line, quantity, day in lines:
        wanted = NewLine(
            line.item_id, quantity, price_fen=line.price_fen, price_per=line.price_per, order_line=line.line
        )
        found.setdefault(day, []).append(wanted)
    return found


def check_parts(order: Order, parts: Mapping[int, int]) -> list[tuple[OrderLine, int]]:
    """The lines and quantities of a further delivery; all that is still to be announced where `parts` is empty.

    Raises Invalid or Refused, naming the line, what was asked and what is still to come.
    """
    lines = {line.line: line for line in order.lines}
    if not parts:
        return [(line, line.to_announce) for line in order.lines if line.to_announce]
    for number, quantity in parts.items():
        line = lines.get(number)
        if line is None:
            raise Invalid("order.no-such-line", "订单没有这一行", line=number)
        if not 0 < quantity <= line.to_announce:
            raise Refused(
                "order.more-than-rest",
                "超过该行尚未通知到货的数量",
                line=number,
                item=line.item,
                asked=quantity,
                free=line.to_announce,
            )
    return [(lines[number], quantity) for number, quantity in parts.items()]
