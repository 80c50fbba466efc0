"""A task in one line, in both languages: what a store's keepers are told when it comes."""

from datetime import datetime

from catalog.kernel.time import SHANGHAI
from warehouse.board.model import Task
from warehouse.fulfilment.model import Coming
from warehouse.picking.model import Pick


def line(one: Task, *, zh: bool) -> str:
    """What is to be done, from where to where, and until when."""
    by = one.needed_by.astimezone(SHANGHAI).strftime("%m-%d %H:%M") if one.needed_by else None
    if zh:
        return f"新出库任务 {one.name}：{one.site_code} → {one.to_zh}" + (f"，{by} 前需要" if by else "")
    return f"New order to pick {one.name}: {one.site_code} → {one.to_en or one.to_zh}" + (
        f", needed by {by}" if by else ""
    )


def pick_line(one: Pick, *, zh: bool) -> str:
    """A pick list that somebody has just made for a store."""
    lines = len(one.lines)
    if zh:
        return f"新拣货单 {one.number}：{one.site_code}，{lines} 行" + (f"，{one.name}" if one.name else "")
    return f"New pick list {one.number}: {one.site_code}, {lines} lines" + (f", {one.name}" if one.name else "")


def coming_line(one: Coming, *, zh: bool) -> str:
    """Goods that have left for a place that the reader keeps, or were sent there on their way."""
    load, loaded = one.shipment, [line for line in one.shipment.lines if line.loaded]
    span = _span(load.eta_from, load.eta_to)
    names = [line.item if zh else line.item_en or line.item for line in loaded[:1]]
    more = len(loaded) - 1
    if zh:
        goods = "".join(names) + (f"等 {more + 1} 行" if more > 0 else "")
        way = f"物资在途 {load.number}：{load.start.name} → {load.end.name}"
        return "，".join(filter(None, (way, goods, span and f"预计 {span} 到")))
    goods = "".join(names) + (f" and {more} more" if more > 0 else "")
    start, end = (place.name_en or place.name for place in (load.start, load.end))
    way = f"On the way to you {load.number}: {start} → {end}"
    return ", ".join(filter(None, (way, goods, span and f"expected {span}")))


def _span(start: datetime | None, end: datetime | None) -> str:
    """When it will be there: a range, the day said once; nothing where nobody has said."""
    if start is None or end is None:
        return ""
    first, last = start.astimezone(SHANGHAI), end.astimezone(SHANGHAI)
    same_day = "%H:%M" if first.date() == last.date() else "%m-%d %H:%M"
    return f"{first:%m-%d %H:%M}–{last.strftime(same_day)}"
