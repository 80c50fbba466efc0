"""Goods taken for a pick list: whether the list is open here, and for which of its lines they count."""

from typing import Any

from catalog.kernel.errors import Refused
from warehouse.scanning.model import Mode, Scan, SiteRow, World
from warehouse.stock.model import Lot


def picks(scan: Scan) -> bool:
    """Whether the goods of this scan leave for a pick list."""
    return (
        scan.request.mode is Mode.ISSUE and scan.request.document is not None and scan.request.document.kind == "pick"
    )


def check_pick(scan: Scan, site: SiteRow, world: World) -> None:
    """Raises Refused for a list of another site, or one that has ended (unless it has happened already)."""
    document = scan.request.document
    if document is None or not picks(scan):
        return
    pick = world.picks.get(document.id)
    if pick is None or pick.site_id != site.id:
        raise Refused("scan.no-such-pick", "没有这张拣货单，或不在本仓库", document=str(document.id))
    if pick.status != "open" and not scan.fact:
        raise Refused("pick.ended", "拣货单已结束", pick=pick.number, status=pick.status.value)


def pick_line(scan: Scan, lot: Lot, place_id: int, world: World) -> Any:
    """The line that these goods count for: of the same lot and bin, else the same lot, else the same item; open lines
    first. None without a list. Raises Refused for an item that is not on it (unless it has happened already)."""
    document = scan.request.document
    if document is None or not picks(scan) or document.id not in world.picks:
        return None
    pick = world.picks[document.id]
    lines = [line for line in pick.lines if line.item_id == lot.item_id]
    if scan.request.document_line is not None:
        lines = [line for line in lines if line.line == scan.request.document_line]
    if not lines:
        if scan.fact:
            return None
        raise Refused("pick.other-item", "拣货单上没有这种物资", pick=pick.number, item=lot.item_name)
    lines.sort(key=lambda line: (line.rest == 0, line.lot_id != lot.id, line.place_id != place_id, line.line))
    return lines[0]
