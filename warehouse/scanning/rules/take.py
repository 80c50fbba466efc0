"""Put away, move, issue: which goods are meant, first expired first, and where they go."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from warehouse.scanning.model import (
    Answer,
    Intent,
    ItemTarget,
    LotTarget,
    Mode,
    Move,
    Outcome,
    PalletTarget,
    Scan,
    SerialTarget,
    SiteRow,
    Standing,
    Taking,
    Target,
    World,
)
from warehouse.scanning.rules.answers import ask, lot_facts, place_of, quantity_of, standing_facts
from warehouse.scanning.rules.pick import check_pick, pick_line, picks
from warehouse.scanning.rules.room import take_room
from warehouse.stock.model import CONSUMED, Condition, Lot
from warehouse.stock.queries import Spot


def take(scan: Scan, target: Target, site: SiteRow, world: World) -> Intent:
    request = scan.request
    source = target_place = None
    if request.mode is Mode.PUT_AWAY:
        if request.bin is None:
            return ask("scan.ask-bin", "请扫描上架货位", _staged_facts(target, site, world))
        target_place = place_of(scan, request.bin, site, world)
    else:
        source = place_of(scan, request.bin, site, world) if request.bin else None
        if request.mode is Mode.MOVE:
            if request.to_bin is None:
                return ask("scan.ask-bin", "请扫描目标货位", {"which": "to_bin"})
            target_place = place_of(scan, request.to_bin, site, world)
    to_place = target_place.place_id if target_place else CONSUMED
    check_pick(scan, site, world)
    match target:
        case PalletTarget():
            return _take_pallet(scan, target, source, to_place, site, world)
        case SerialTarget():
            return _take_serial(scan, target, site, world, to_place)
        case LotTarget():
            lot, factor, packed = target.lot, target.lot.unit_factor, request.pack is not None
        case ItemTarget():
            chosen = _choose_lot(scan, target, source, site, world)
            if isinstance(chosen, Answer):
                return chosen
            lot, factor, packed = chosen, target.hit.factor, target.hit.pack_id is not None
        case _:
            return Answer(Outcome.REFUSED, "scan.cannot-take", "这个条码不能用于此操作", {})
    if lot.tracking == "serial":
        facts = {"lot": lot.number, "item": lot.item_name}
        return ask("scan.ask-serials", "此物资按编号管理，请扫描每件的编号", facts)
    return _take_lot(scan, lot, factor, packed, source, to_place, site, world)


def _staged_facts(target: Target, site: SiteRow, world: World) -> dict[str, Any]:
    """What is to be put away, as far as one label says: what a proposal of bins needs."""
    match target:
        case LotTarget():
            rows = [s for s in world.standing.get((target.lot.item_id, site.id), ()) if s.lot.id == target.lot.id]
            staged = sum(s.on_hand for s in rows if s.place_kind == "staging")
            return {**lot_facts(target.lot), **({"on_hand": staged} if staged else {})}
        case SerialTarget():
            return {**lot_facts(target.serial.lot), "on_hand": 1}
        case ItemTarget():
            return {"item": target.hit.name_zh, "item_key": target.hit.item_key}
        case _:
            return {}


def _take_lot(
    scan: Scan,
    lot: Lot,
    factor: int,
    packed: bool,
    source: Spot | None,
    to_place: int,
    site: SiteRow,
    world: World,
) -> Intent:
    request = scan.request
    standing = _source(scan, lot, source, site, world)
    if isinstance(standing, Answer):
        if standing.code != "stock.not-enough":
            return standing
        asked = quantity_of(scan, lot.item_id, factor, lot.unit_factor, world, None)
        return replace(standing, facts={**standing.facts, "asked": asked})
    if request.mode is Mode.PUT_AWAY and request.quantity is None and request.base_quantity is None:
        quantity = standing.on_hand
    elif request.mode is Mode.MOVE and request.quantity is None and request.base_quantity is None and not scan.fact:
        return ask("scan.ask-quantity", "请输入数量", {**lot_facts(lot), "on_hand": standing.on_hand})
    elif picks(scan) and not scan.fact and request.quantity is None and request.base_quantity is None:
        line = pick_line(scan, lot, standing.place_id, world)
        wanted = {"wanted": min(line.rest, standing.free)} if line else {}
        return ask("scan.ask-quantity", "请输入数量", {**lot_facts(lot), "on_hand": standing.on_hand, **wanted})
    else:
        quantity = quantity_of(scan, lot.item_id, factor, lot.unit_factor, world, None)
    if standing.place_id == to_place:
        return Answer(Outcome.REFUSED, "stock.same-place", "来源与去向相同", {"place": standing.place_code})
    if packed and 0 < standing.free < quantity and not scan.fact and "opened" not in request.answers:
        facts = {**lot_facts(lot), "pack_quantity": quantity, "free": standing.free, "place": standing.place_code}
        return ask("scan.ask-opened-pack", "剩余不足一整包，是否已开封？请输入实际数量", facts)
    override = _override(scan, lot, site, world)
    if isinstance(override, Answer):
        return override
    room = take_room(scan, ((lot.item_id, quantity),), to_place, world)
    if isinstance(room, Answer):
        return replace(room, facts={**lot_facts(lot), **room.facts})
    _leave(world, site, standing, quantity)
    line = pick_line(scan, lot, standing.place_id, world)
    taking = Taking(lot, quantity, standing.place_id, request.condition, to_place, document_line=line and line.line)
    return Move((taking,), note=request.reason, extra={**override, **room})


def _first_expired(lot: Lot, site: SiteRow, world: World) -> Standing | None:
    """FEFO: other usable goods of the item that expire before this lot, if any stand free at the site."""
    first = world.first.get((lot.item_id, site.id))
    if first is None or first.lot.id == lot.id or first.free <= 0:
        return None
    return first if (first.lot.expires_on or date.max) < (lot.expires_on or date.max) else None


def _override(scan: Scan, lot: Lot, site: SiteRow, world: World) -> Answer | dict[str, Any]:
    """Taking another lot than the one that expires first: ask for a reason, or log it with the receipt."""
    first = _first_expired(lot, site, world) if scan.request.mode is Mode.ISSUE else None
    if first is None:
        return {}
    if scan.request.reason.strip() or scan.fact:
        return {"instead_of": first.lot.number}
    facts = {"chosen": lot_facts(lot), "first": standing_facts(first)}
    return ask("scan.ask-fefo", "另一批次先到期，应先出；确需用本批请填写原因", facts)


def _source(scan: Scan, lot: Lot, source: Spot | None, site: SiteRow, world: World) -> Standing | Answer:
    """Which balance is meant. One place: that one. Several: ask, unless it has already happened."""
    request = scan.request
    rows = [
        s
        for s in world.standing.get((lot.item_id, site.id), ())
        if s.lot.id == lot.id and s.condition == request.condition and s.place_kind in ("bin", "staging")
    ]
    if source is not None:
        here = [s for s in rows if s.place_id == source.place_id]
        if here:
            return here[0]
        empty = Standing(lot, source.place_id, source.code, source.kind, "", request.condition, 0, 0)
        if scan.fact:
            return empty
        return _not_here(lot, source.code, rows)
    if request.mode is Mode.PUT_AWAY:
        staged = [s for s in rows if s.place_kind == "staging"]
        rows = staged or rows
    filled = [s for s in rows if s.on_hand > 0]
    if len(filled) == 1:
        return filled[0]
    if not filled:
        if scan.fact and site.staging_id is not None:
            return Standing(lot, site.staging_id, "STAGE", "staging", "", request.condition, 0, 0)
        return _not_here(lot, None, rows)
    if scan.fact:
        return max(filled, key=lambda s: s.free)
    return ask(
        "scan.ask-bin",
        "该批次在多个货位，请扫描货位",
        {**lot_facts(lot), "candidates": [standing_facts(s) for s in filled]},
    )


def _not_here(lot: Lot, place: str | None, rows: Sequence[Standing]) -> Answer:
    """The same facts as the ledger's own refusal: whether the last unit went before or after the look is all one."""
    facts = {
        **lot_facts(lot),
        "asked_place": place,
        "free": 0,
        "on_hand": 0,
        "reserved": 0,
        "at_site": [standing_facts(r) for r in rows[:10]],
    }
    return Answer(Outcome.REFUSED, "stock.not-enough", "这里没有该批次的库存", facts)


def _choose_lot(scan: Scan, target: ItemTarget, source: Spot | None, site: SiteRow, world: World) -> Lot | Answer:
    """The own lot that an item or maker's code means: by batch and dates, narrowed by bin; ambiguous ones are asked."""
    request, code, hit = scan.request, target.code, target.hit
    rows = [
        s
        for s in world.standing.get((hit.item_id, site.id), ())
        if s.on_hand > 0 and s.condition == request.condition and s.place_kind in ("bin", "staging")
    ]
    if source is not None:
        rows = [s for s in rows if s.place_id == source.place_id] or ([] if not scan.fact else rows)
    if code is not None and code.batch:
        rows = [s for s in rows if s.lot.maker_batch == code.batch]
    if code is not None and code.expires_on:
        rows = [s for s in rows if s.lot.expires_on == code.expires_on]
    wanted = request.answers.get("lot")
    lots = {s.lot.number: s.lot for s in rows if wanted is None or s.lot.number == wanted}
    if len(lots) == 1 or (lots and scan.fact):
        return next(iter(lots.values()))
    if not lots:
        facts = {"item": hit.name_zh, "item_key": hit.item_key, "item_id": hit.item_id, "free": 0}
        return Answer(Outcome.REFUSED, "stock.not-enough", "这里没有这种物资的库存", facts)
    facts = {"item": hit.name_zh, "candidates": [standing_facts(s) for s in rows]}
    return ask("scan.ask-lot", "有多个批次，请选择（先到期在前）", facts)


def _take_serial(scan: Scan, target: SerialTarget, site: SiteRow, world: World, to_place: int) -> Intent:
    serial = target.serial
    if serial.place_id is None or serial.condition is None:
        return Answer(Outcome.REFUSED, "stock.serial-elsewhere", "该编号的物资不在库", {"serial": serial.number})
    place_id, condition = serial.place_id, serial.condition
    here = {s.place_id for s in world.standing.get((serial.lot.item_id, site.id), ())}
    if place_id not in here and not scan.fact:
        facts = {"serial": serial.number, **lot_facts(serial.lot), "place_id": place_id, "condition": condition}
        return Answer(Outcome.REFUSED, "stock.serial-elsewhere", "该编号的物资不在本仓库", facts)
    if place_id not in here:
        if site.staging_id is None:
            return Answer(
                Outcome.REFUSED, "stock.serial-elsewhere", "该编号的物资不在本仓库", {"serial": serial.number}
            )
        place_id, condition = site.staging_id, Condition.GOOD.value
    if place_id == to_place:
        return Answer(Outcome.REFUSED, "stock.same-place", "来源与去向相同", {"serial": serial.number})
    override = _override(scan, serial.lot, site, world)
    if isinstance(override, Answer):
        return override
    room = take_room(scan, ((serial.lot.item_id, 1),), to_place, world)
    if isinstance(room, Answer):
        return room
    line = pick_line(scan, serial.lot, place_id, world)
    taking = Taking(serial.lot, 1, place_id, condition, to_place, (serial.serial_id,), line and line.line)
    return Move((taking,), note=scan.request.reason, extra={"serials": [serial.number], **override, **room})


def _take_pallet(
    scan: Scan, target: PalletTarget, source: Spot | None, to_place: int, site: SiteRow, world: World
) -> Intent:
    pallet = target.pallet
    if pallet.site_id != site.id:
        return Answer(Outcome.REFUSED, "scan.pallet-elsewhere", "该托盘不在本仓库", {"pallet": pallet.number})
    if pallet.status != "open":
        return Answer(Outcome.REFUSED, "scan.pallet-void", "该托盘已拆散，请逐批扫描", {"pallet": pallet.number})
    if source is not None and source.place_id != pallet.place_id and not scan.fact:
        return Answer(Outcome.REFUSED, "scan.pallet-elsewhere", "该托盘不在这个货位", {"pallet": pallet.number})
    if scan.request.quantity not in (None, 1) or scan.request.base_quantity is not None:
        return ask("scan.ask-lot", "托盘只能整托操作；取部分请扫描批次", {"pallet": pallet.number, "candidates": []})
    lots = {s.lot.id: s.lot for rows in world.standing.values() for s in rows}
    missing = [lot_id for lot_id, _, _ in pallet.contents if lot_id not in lots]
    if missing or to_place == pallet.place_id:
        return Answer(
            Outcome.REFUSED, "scan.pallet-elsewhere", "该托盘不在本仓库或已在此货位", {"pallet": pallet.number}
        )
    goods = [(lots[lot_id].item_id, quantity) for lot_id, _, quantity in pallet.contents]
    room = take_room(scan, goods, to_place, world)
    if isinstance(room, Answer):
        return room
    takings = tuple(
        Taking(lots[lot_id], quantity, pallet.place_id, condition, to_place)
        for lot_id, condition, quantity in pallet.contents
    )
    return Move(takings, pallet_id=pallet.id, note=scan.request.reason, extra={"pallet": pallet.number, **room})


def _leave(world: World, site: SiteRow, standing: Standing, quantity: int) -> None:
    rows = world.standing.get((standing.lot.item_id, site.id), [])
    for index, row in enumerate(rows):
        if row is standing:
            rows[index] = row.without(quantity)
    first = world.first.get((standing.lot.item_id, site.id))
    if first is not None and (first.lot.id, first.place_id) == (standing.lot.id, standing.place_id):
        world.first[(standing.lot.item_id, site.id)] = first.without(quantity)
