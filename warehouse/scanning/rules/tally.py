"""Count: scan the bin, then what lies in it. Blind: no answer here says what the books have."""

from collections.abc import Sequence
from typing import Any

from catalog.kernel.errors import Refused
from warehouse.scanning.model import (
    Answer,
    BinTarget,
    Intent,
    ItemTarget,
    LotTarget,
    Outcome,
    Scan,
    SerialTarget,
    Tally,
    Target,
    UnknownTarget,
    World,
)
from warehouse.scanning.rules.answers import ask, lot_facts, quantity_of, reading_facts
from warehouse.stock.model import Lot
from warehouse.stock.queries import Spot


def tally(scan: Scan, target: Target, world: World) -> Intent:
    """Begin the bin that was scanned, or enter what was scanned into the bin in force; else a question."""
    if isinstance(target, BinTarget):
        return Tally(target.spot)
    spot = _bin_in_force(scan, world)
    match target:
        case SerialTarget():
            return Tally(spot, target.serial.lot, 1, (target.serial.serial_id,))
        case LotTarget():
            return _of_lot(scan, spot, target.lot, target.lot.unit_factor, world)
        case ItemTarget():
            chosen = _lot_of(scan, target, world)
            return (
                chosen if isinstance(chosen, Answer) else _of_lot(scan, spot, chosen, target.hit.factor, world, target)
            )
        case UnknownTarget():
            facts = {"text": target.text, "reading": reading_facts(target.code) if target.code else {}}
            return ask("scan.ask-unknown", "这里没有登记这种物资，是否按未知物资登记？", facts)
        case _:
            return Answer(Outcome.REFUSED, "scan.cannot-count", "盘点时请逐批扫描，托盘请扫描其中每个批次", {})


def _bin_in_force(scan: Scan, world: World) -> Spot:
    """The bin that is being counted. It is shut: that is what counting is."""
    wanted, site = scan.request.bin, scan.request.site
    if wanted is None:
        raise Refused("scan.count-no-bin", "请先扫描要盘点的货位")
    spot = world.bins.get(f"{site}/{wanted}") or world.bins.get(wanted)
    if spot is None:
        raise Refused("scan.no-such-bin", "没有这个货位", bin=wanted)
    return spot


def _of_lot(scan: Scan, spot: Spot, lot: Lot, factor: int, world: World, item: ItemTarget | None = None) -> Intent:
    if lot.tracking == "serial":
        facts = {"lot": lot.number, "item": lot.item_name}
        return ask("scan.ask-serials", "此物资按编号管理，请扫描每件的编号", facts)
    if scan.request.quantity is None and scan.request.base_quantity is None:
        return ask("scan.ask-quantity", "请输入数量", {**lot_facts(lot), "factor": factor})
    return Tally(spot, lot, quantity_of(scan, lot.item_id, factor, lot.unit_factor, world, item.code if item else None))


def _lot_of(scan: Scan, target: ItemTarget, world: World) -> Lot | Answer:
    """The own lot that an item or maker's code means: all that the store has of it are named, and no figures."""
    code, hit = target.code, target.hit
    lots: dict[str, Lot] = {}
    for (item, _), rows in world.standing.items():
        if item == hit.item_id:
            lots |= {s.lot.number: s.lot for s in rows}
    found: Sequence[Lot] = [
        lot
        for lot in lots.values()
        if (code is None or not code.batch or lot.maker_batch == code.batch)
        and (code is None or not code.expires_on or lot.expires_on == code.expires_on)
    ]
    wanted = scan.request.answers.get("lot")
    if wanted is not None:
        found = [lot for lot in found if lot.number == wanted]
    if len(found) == 1:
        return found[0]
    if not found:
        facts: dict[str, Any] = {"text": hit.name_zh, "reading": reading_facts(code) if code else {}}
        return ask("scan.ask-unknown", "本库没有这种物资的批次，是否按未知物资登记？", facts)
    candidates = [lot_facts(lot) for lot in found]
    return ask("scan.ask-lot", "有多个批次，请看标签选择", {"item": hit.name_zh, "candidates": candidates})
