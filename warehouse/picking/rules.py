"""Which goods to take for what is wanted, and in which order to walk. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from catalog.items.model import Item, ItemKind
from catalog.kernel.errors import Invalid, Refused
from catalog.kernel.quantity import MAX_QUANTITY
from warehouse.picking.model import Free, Pick, PlannedLine, Wanted

MOST_WANTED = 200


def check_wanted(wanted: Sequence[Wanted], items: Mapping[int, Item]) -> None:
    """Raises Invalid for a list that cannot be planned; names the first wrong line (from 1)."""
    if not 1 <= len(wanted) <= MOST_WANTED:
        raise Invalid("pick.bad-count", f"拣货单须有 1 到 {MOST_WANTED} 行", lines=len(wanted))
    for number, one in enumerate(wanted, 1):
        if one.item_id not in items:
            raise Invalid("pick.no-such-item", "没有这种物资", line=number)
        if not 0 < one.quantity <= MAX_QUANTITY:
            raise Invalid("pick.bad-quantity", "数量必须大于零且不超过上限", line=number, asked=one.quantity)


def added_up(wanted: Sequence[Wanted], kits: Mapping[int, Mapping[int, int]]) -> dict[int, int]:
    """What is wanted per item. `kits`: what one of each phantom kit among them is made of."""
    total: dict[int, int] = {}
    for one in wanted:
        parts = kits.get(one.item_id, {one.item_id: 1})
        for item_id, each in parts.items():
            total[item_id] = total.get(item_id, 0) + each * one.quantity
    return total


def phantoms(items: Mapping[int, Item]) -> list[int]:
    """The kits on paper among these items."""
    return [item.id for item in items.values() if item.kind is ItemKind.PHANTOM_KIT]


def plan(wanted: Mapping[int, int], free: Sequence[Free]) -> list[PlannedLine]:
    """Lines that take what expires first (no expiry last, then the longest in store), sorted by the walk.

    Never more than is free of any balance; what is missing of an item is one line without lot and place, at the end.
    """
    lines: list[tuple[str, int, PlannedLine]] = []
    missing: list[PlannedLine] = []
    for item_id, quantity in wanted.items():
        rest = quantity
        for one in sorted((f for f in free if f.item_id == item_id), key=_order):
            taken = min(rest, one.free)
            if taken > 0:
                line = PlannedLine(item_id, taken, one.lot_id, one.place_id)
                lines.append((one.sort, one.place_id, line))
                rest -= taken
        if rest:
            missing.append(PlannedLine(item_id, rest))
    lines.sort(key=lambda entry: entry[:2])
    return [line for _, _, line in lines] + missing


def _order(one: Free) -> tuple[Any, ...]:
    return (one.expires_on or date.max, one.stored_on, one.lot_id, one.sort, one.place_id)


def check_open(pick: Pick) -> None:
    """Raises Refused for a list that has ended."""
    if pick.status != "open":
        raise Refused("pick.ended", "拣货单已结束", pick=pick.number, status=pick.status.value)


def check_untouched(pick: Pick) -> None:
    """Raises Refused for cancelling a list of which goods have gone out."""
    if any(line.picked for line in pick.lines):
        raise Refused("pick.already-picked", "已有物资按此单出库，不能取消，请结束拣货", pick=pick.number)


def pick_number(site_code: str, year: int, serial: int) -> str:
    """ "CZ01-JH26-0012": site, Shanghai year, gapless serial of the site's year. Two figures of the year, so that the
    key of its label has room beside codes of eight characters."""
    return f"{site_code}-JH{year % 100:02d}-{serial:04d}"


def label_key(number: str) -> str:
    """The own key of a pick list's code: its number without hyphens."""
    return number.replace("-", "")
