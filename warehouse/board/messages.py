"""A task in one line, in both languages: what a store's keepers are told when it comes."""

from catalog.kernel.time import SHANGHAI
from warehouse.board.model import Task
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
