"""A task in one line, in both languages: what a store's keepers are told when it comes."""

from catalog.kernel.time import SHANGHAI
from warehouse.board.model import Task


def line(one: Task, *, zh: bool) -> str:
    """What is to be done, from where to where, and until when."""
    by = one.needed_by.astimezone(SHANGHAI).strftime("%m-%d %H:%M") if one.needed_by else None
    if zh:
        return f"新出库任务 {one.name}：{one.site_code} → {one.to_zh}" + (f"，{by} 前需要" if by else "")
    return f"New order to pick {one.name}: {one.site_code} → {one.to_en or one.to_zh}" + (
        f", needed by {by}" if by else ""
    )
