"""Receive: what a code says, what was typed and what the delivery note expects become the facts of a lot."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from catalog.items.model import ItemKind
from catalog.kernel.errors import Refused
from labels.codes import Code
from warehouse.replenishment.model import DeliveryKind
from warehouse.scanning.model import (
    Answer,
    Arrive,
    Intent,
    ItemTarget,
    LotTarget,
    Outcome,
    Scan,
    SerialTarget,
    SiteRow,
    Target,
    World,
)
from warehouse.scanning.rules.answers import ask, place_of, quantity_of
from warehouse.scanning.rules.room import take_room
from warehouse.stock.model import Lot, LotFacts


def receive(scan: Scan, target: Target, site: SiteRow, world: World) -> Intent:
    request = scan.request
    _check_delivery(scan, site, world)
    place = place_of(scan, request.bin, site, world) if request.bin else None
    place_id = place.place_id if place else site.staging_id
    if place_id is None:
        return ask("scan.ask-bin", "请扫描收货货位", {})
    match target:
        case LotTarget():
            return _receive_more(scan, target.lot, place_id, world)
        case ItemTarget():
            return _receive_item(scan, target, site, place_id, world)
        case SerialTarget():
            return Answer(
                Outcome.REFUSED,
                "scan.serial-known",
                "该编号已登记；归还请用“归还”，查询请用“查询”",
                {"serial": target.serial.number},
            )
        case _:
            return Answer(Outcome.REFUSED, "scan.cannot-receive", "这个条码不能用于收货", {})


def _receive_more(scan: Scan, lot: Lot, place_id: int, world: World) -> Intent:
    request = scan.request
    if lot.tracking == "serial":
        return Answer(Outcome.REFUSED, "scan.cannot-receive", "按编号管理的物资请扫描物资条码收货", {"lot": lot.number})
    line = _delivery_line(scan, lot.item_id, world)
    quantity = quantity_of(scan, lot.item_id, lot.unit_factor, lot.unit_factor, world, None)
    facts = LotFacts(
        item_id=lot.item_id,
        owner_region_id=lot.owner_region_id,
        maker_id=lot.maker_id,
        maker_batch=lot.maker_batch,
        produced_on=lot.produced_on,
        expires_on=lot.expires_on,
        owner_party_id=lot.owner_party_id,
        fund_source=lot.fund_source,
        price_fen=lot.price_fen,
        price_per=lot.price_per,
        parent_id=lot.parent_id,
    )
    room = take_room(scan, ((lot.item_id, quantity),), place_id, world)
    if isinstance(room, Answer):
        return room
    number = line.line if line else request.document_line
    return Arrive(
        facts, quantity, place_id, request.condition, None, _donated(request, world), lot.origin, document_line=number
    )


def _receive_item(scan: Scan, target: ItemTarget, site: SiteRow, place_id: int, world: World) -> Intent:
    request, hit, code = scan.request, target.hit, target.code
    if hit.retired:
        return Answer(Outcome.REFUSED, "scan.item-retired", "该物资或包装已停用", {"item": hit.item_key})
    if hit.kind is ItemKind.PHANTOM_KIT:
        raise Refused("stock.phantom-kit", "虚拟套件不入库，请按组成物资收货", item=hit.item_key)
    given = request.given
    line = _delivery_line(scan, hit.item_id, world)
    delivery = world.deliveries.get(request.document.id) if request.document else None
    expires = _date(code and (code.expires_on or code.best_before), given.get("expires_on"), line and line.expires_on)
    produced = _date(code and code.produced_on, given.get("produced_on"), line and line.produced_on)
    if expires is not None and produced is not None and expires < produced:
        raise Refused("stock.expiry-before-production", "有效期早于生产日期", expires_on=str(expires))
    if expires is None and hit.expiry_on_pack and not request.answers.get("no_expiry") and not scan.fact:
        facts = {"item": hit.name_zh, "item_key": hit.item_key, "storage_life_days": hit.storage_life_days}
        return ask("scan.ask-expiry", "请输入包装上的有效期", facts)
    serials: tuple[str | None, ...] | None = None
    if hit.tracking == "serial":
        serials = _serials(request, code)
        known = [p for s in serials or () if s for p in world.pieces.get(s, ()) if p.lot.item_id == hit.item_id]
        if known:
            facts = {"serial": known[0].number, "maker_serial": known[0].maker_serial, "item": hit.name_zh}
            return Answer(Outcome.REFUSED, "scan.serial-known", "这个厂家编号已登记；归还请用“归还”", facts)
        if serials is None and not scan.fact:
            return ask("scan.ask-serials", "请扫描厂家编号，或选择只用本库编号", {"item": hit.name_zh})
    quantity = len(serials) if serials else quantity_of(scan, hit.item_id, hit.factor, hit.unit_factor, world, code)
    if hit.tracking == "serial" and serials is None:
        serials = (None,) * quantity
    price_fen = given.get("price_fen")
    lot = LotFacts(
        item_id=hit.item_id,
        owner_region_id=_region(given, delivery, site, world),
        maker_id=_party(given.get("maker"), world),
        maker_batch=(code and code.batch) or given.get("maker_batch") or (line.maker_batch if line else None),
        produced_on=produced,
        expires_on=expires,
        fund_source=given.get("fund_source") or (delivery.fund_source if delivery else None),
        price_fen=price_fen if price_fen is not None else (line.price_fen if line else None),
        price_per=given.get("price_per") or (line.price_per if line else 1),
    )
    origin = given.get("origin") or ""
    room = take_room(scan, ((hit.item_id, quantity),), place_id, world)
    if isinstance(room, Answer):
        return room
    number = line.line if line else request.document_line
    return Arrive(
        lot, quantity, place_id, request.condition, serials, _donated(request, world), origin, document_line=number
    )


def _donated(request: Any, world: World) -> bool:
    return request.document is not None and world.deliveries[request.document.id].kind is DeliveryKind.DONATION


def _date(*candidates: Any) -> date | None:
    """The first date said: by the code, by hand, by the delivery note. What is missing never blanks what is known."""
    for candidate in candidates:
        if isinstance(candidate, date):
            return candidate
        if isinstance(candidate, str) and candidate:
            try:
                return date.fromisoformat(candidate)
            except ValueError as error:
                raise Refused("scan.bad-date", "日期格式不正确，应为 年-月-日", value=candidate) from error
    return None


def _serials(request: Any, code: Code | None) -> tuple[str | None, ...] | None:
    if code is not None and code.serial:
        return (code.serial,)
    named = request.given.get("serials")
    if named:
        return tuple(named)
    if request.answers.get("own_numbers"):
        return (None,) * (request.base_quantity or request.quantity or 1)
    return None


def _region(given: Mapping[str, Any], delivery: Any, site: SiteRow, world: World) -> int:
    key = given.get("owner_region")
    if key:
        if key not in world.regions:
            raise Refused("scan.no-such-region", "没有这个行政区划", region=key)
        return world.regions[key]
    return int(delivery.owner_region_id) if delivery else site.region_id


def _party(key: str | None, world: World) -> int | None:
    if not key:
        return None
    if key not in world.parties:
        raise Refused("scan.no-such-party", "没有这个单位", party=key)
    return world.parties[key]


def _check_delivery(scan: Scan, site: SiteRow, world: World) -> None:
    """The delivery that is named must be one of this site; and open, unless the goods have come in already."""
    request = scan.request
    if request.document is None:
        return
    delivery = world.deliveries.get(request.document.id)
    if delivery is None or delivery.site_id != site.id:
        raise Refused("scan.no-such-document", "没有这张送货单，或不在本仓库", document=str(request.document.id))
    if not delivery.receivable and not scan.fact:
        raise Refused("delivery.not-open", "送货单不在收货状态", document=delivery.number, status=delivery.status)


def _delivery_line(scan: Scan, item_id: int, world: World) -> Any:
    request = scan.request
    if request.document is None:
        return None
    delivery = world.deliveries[request.document.id]
    lines = [line for line in delivery.lines if line.item_id == item_id]
    if request.document_line is not None:
        lines = [line for line in lines if line.line == request.document_line]
    if not lines and (scan.fact or request.answers.get("unplanned")):
        return None
    if not lines:
        raise Refused("delivery.wrong-item", "送货单上没有这种物资", document=delivery.number)
    open_lines = [line for line in lines if line.rest > 0]
    return (open_lines or lines)[0]
