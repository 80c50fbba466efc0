"""The decisions of deliveries, over plain values."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from catalog.items.model import Item, ItemKind
from catalog.kernel.errors import Invalid, Refused
from catalog.kernel.quantity import MAX_QUANTITY
from warehouse.replenishment.model.deliveries import Delivery, Difference, NewLine, Refusal, RefuseReason, Stray

MOST_LINES = 500
_LABEL = re.compile(r"([A-Z0-9]{2,8})([0-9]{2})([0-9]{6})").fullmatch
_NUMBER = re.compile(r"([A-Z0-9]{2,12})-([0-9]{2})-([0-9]{6,})").fullmatch


def label_key(number: str) -> str:
    """The own key of a delivery's document label: its number without hyphens ("CZ01-26-000012" → "CZ0126000012")."""
    return number.replace("-", "")


def number_of_label(key: str) -> str | None:
    """The inverse of `label_key`; None where a key is not a delivery's."""
    found = _LABEL(key)
    return f"{found[1]}-{found[2]}-{found[3]}" if found else None


def checked_seq(after: Sequence[Any] | None) -> int | None:
    """The server's sequence in a cursor. Raises Invalid."""
    if after is None:
        return None
    if type(after[0]) is not int or not 0 <= after[0] < 2**63:
        raise Invalid("page.bad-cursor", "翻页标记无效，请从第一页重新开始")
    return after[0]


def check_lines(lines: Sequence[NewLine], items: Mapping[int, Item]) -> None:
    """Raises Invalid or Refused for lines that could never be received; names the first one (counted from 1)."""
    if not 1 <= len(lines) <= MOST_LINES:
        raise Invalid("delivery.bad-line-count", f"到货单须有 1 到 {MOST_LINES} 行", lines=len(lines))
    for number, line in enumerate(lines, 1):
        item = items.get(line.item_id)
        if item is None or item.retired_at is not None:
            raise Invalid("delivery.no-such-item", "没有这种物资，或已停用", line=number, item=line.item_id)
        if item.kind is ItemKind.PHANTOM_KIT:
            raise Refused("delivery.phantom-kit", "虚拟套件不入库，请按组成物资列出", line=number, item=item.key)
        if not 0 < line.quantity <= MAX_QUANTITY:
            raise Invalid("delivery.bad-quantity", "数量必须大于零且不超过上限", line=number, asked=line.quantity)
        if line.produced_on and line.expires_on and line.expires_on < line.produced_on:
            raise Invalid("delivery.expiry-before-production", "有效期早于生产日期", line=number)
        if (line.price_fen is not None and line.price_fen < 0) or line.price_per <= 0:
            raise Invalid("delivery.bad-price", "单价不正确", line=number)


def read_refusals(text: str) -> tuple[Refusal, ...]:
    """What `write_refusals` wrote."""
    return tuple(Refusal(RefuseReason(one[0]), one[1], one[2]) for one in json.loads(text or "[]"))


def write_refusals(refusals: Sequence[Refusal]) -> str:
    """Refusals as they stand in the line's row."""
    return json.dumps([[one.reason.value, one.quantity, one.note] for one in refusals], ensure_ascii=False)


def read_strays(text: str) -> tuple[Stray, ...]:
    """What `write_strays` wrote."""
    return tuple(Stray(*one) for one in json.loads(text or "[]"))


def write_strays(strays: Sequence[Stray]) -> str:
    """Strays as they stand in the delivery's row."""
    return json.dumps([[one.what, one.quantity, one.note] for one in strays], ensure_ascii=False)


def said(refusals: Sequence[Refusal]) -> str:
    """Refusals in one line for a case: "damaged 3 (外包装破损); over 2"."""
    return "; ".join(f"{one.reason.value} {one.quantity}" + (f" ({one.note})" if one.note else "") for one in refusals)


def differences(delivery: Delivery, unplanned: Sequence[tuple[str, int]]) -> tuple[Difference, ...]:
    """Everything in which the arrival differs from what was announced; empty where it came as ordered.

    `unplanned` are (item name, quantity) received without a line.
    """
    found: list[Difference] = []
    for line in delivery.lines:
        for kind, quantity, reason in (
            ("short", line.rest, ""),
            ("over", line.over, ""),
            ("damaged", line.damaged, ""),
            ("refused", line.refused, said(line.refusals)),
        ):
            if quantity:
                found.append(
                    Difference(line.line, kind, line.item, line.quantity, line.received, line.refused, quantity, reason)
                )
    found += [Difference(None, "unplanned", name, 0, quantity, 0, quantity) for name, quantity in unplanned]
    found += [
        Difference(None, "wrong", one.what, 0, 0, one.quantity, one.quantity, one.note) for one in delivery.strays
    ]
    return tuple(found)
