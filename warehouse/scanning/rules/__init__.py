"""What a scan means here: target + mode → intent, a question or a refusal. Pure, and readable as the keeper's manual.

- A code that says less than the books never blanks them; a code that says more than was typed wins.
- First expired, first out: another choice needs a reason. Frozen, damaged, awaiting and expired goods are refused by
  the ledger's own rule.
- What has already happened (a fact) is not asked: the likeliest is recorded and the ledger flags what was odd.
"""

from catalog.kernel.access import Permission, Scope, scope_of
from catalog.kernel.errors import Problem
from warehouse.scanning.model import (
    Answer,
    BinTarget,
    DocumentTarget,
    Intent,
    ItemTarget,
    LotTarget,
    Mode,
    Outcome,
    PalletTarget,
    Scan,
    SerialTarget,
    SeveralTarget,
    SiteTarget,
    Standing,
    Target,
    UnknownTarget,
    UnreadableTarget,
    World,
)
from warehouse.scanning.rules.answers import ask, lot_facts, reading_facts, standing_facts, unreadable
from warehouse.scanning.rules.receive import receive
from warehouse.scanning.rules.take import take
from warehouse.scanning.rules.tally import tally
from warehouse.stock.model import Reason
from warehouse.stock.queries import Spot

REASONS = {
    Mode.RECEIVE: Reason.RECEIVE,
    Mode.PUT_AWAY: Reason.PUT_AWAY,
    Mode.MOVE: Reason.MOVE,
    Mode.ISSUE: Reason.ISSUE,
    Mode.COUNT: Reason.COUNT,
}
DETAILS = {
    "scan.received": "已收货",
    "scan.put-away": "已上架",
    "scan.moved": "已移库",
    "scan.issued": "已出库",
}
DONE = {
    Mode.RECEIVE: "scan.received",
    Mode.PUT_AWAY: "scan.put-away",
    Mode.MOVE: "scan.moved",
    Mode.ISSUE: "scan.issued",
}


def intend(scan: Scan, target: Target, world: World) -> Intent:
    """What `scan` wants done. Problems of the domain come back as a refused Answer."""
    try:
        return _intend(scan, target, world)
    except Problem as problem:
        return Answer(Outcome.REFUSED, problem.code, problem.detail, dict(problem.facts))


def _intend(scan: Scan, target: Target, world: World) -> Intent:
    request = scan.request
    match target:
        case UnreadableTarget():
            return unreadable(target.reason, target.notes)
        case UnknownTarget() | BinTarget() if request.mode is Mode.COUNT:
            return tally(scan, target, world)
        case SeveralTarget():
            return ask("scan.ask-split", "读到多个条码，请逐个扫描", {"parts": list(target.parts)})
        case UnknownTarget():
            return _unknown(request.mode, target)
        case BinTarget():
            return _bin_set(target.spot, world, request.site)
        case SiteTarget():
            named = {"site": {"code": target.site.code, "name": target.site.name}}
            return Answer(Outcome.DONE, "scan.site-set", f"仓库：{target.site.name}", named)
        case DocumentTarget():
            document = {"document": {"kind": target.kind, "id": str(target.id), **target.facts}}
            return Answer(Outcome.DONE, "scan.document-set", "已选单据", document)
    if request.mode is Mode.LOOK_UP:
        return found(target, world, request.site, scope_of(scan.stamp.grants, Permission.STOCK_READ))
    site = world.sites.get(request.site)
    if site is None or site.retired:
        return Answer(Outcome.REFUSED, "scan.no-site", "请先选择仓库", {"site": request.site})
    if request.mode is Mode.COUNT:
        return tally(scan, target, world)
    if request.mode is Mode.RECEIVE:
        return receive(scan, target, site, world)
    return take(scan, target, site, world)


def _unknown(mode: Mode, target: UnknownTarget) -> Answer:
    reading = reading_facts(target.code) if target.code else {"text": target.text}
    if target.what == "gtin":
        text = "未登记的商品条码：新物资，还是已有物资的别名？"
        return ask("scan.ask-item", text, {"reading": reading, "candidates": []})
    if target.what == "text" and mode is not Mode.LOOK_UP:
        return unreadable("unknown")
    return Answer(Outcome.REFUSED, "scan.not-found", "没有找到对应的记录", {"what": target.what, "text": target.text})


def _bin_set(spot: Spot, world: World, site: str) -> Answer:
    if site and spot.site_code != site:
        facts = {"bin": spot.code, "site": spot.site_code}
        return Answer(Outcome.REFUSED, "scan.wrong-site", f"这个货位属于 {spot.site_code}", facts)
    if spot.retired or spot.closed:
        return Answer(Outcome.REFUSED, "scan.bin-closed", "该货位已停用或正在盘点", {"bin": spot.code})
    bin_facts = {"key": spot.key, "code": spot.code, "place_id": spot.place_id, "site": spot.site_code}
    contents = [standing_facts(s) for rows in world.standing.values() for s in rows if s.place_id == spot.place_id]
    return Answer(Outcome.DONE, "scan.bin-set", f"货位：{spot.code}", {"bin": bin_facts, "contents": contents})


# -- look up -------------------------------------------------------------------------------------------------------


def found(target: Target, world: World, site: str, scope: Scope) -> Answer:
    """The card of what was looked up; what stands where the scanner may not look is left out."""
    here = world.sites.get(site)
    site_id = here.id if here and scope.covers(here.path, here.id) else None
    match target:
        case LotTarget():
            standing = [s for s in _standing(world, target.lot.item_id, site_id, scope) if s.lot.id == target.lot.id]
            facts = {"kind": "lot", **lot_facts(target.lot), "standing": [standing_facts(s) for s in standing]}
        case SerialTarget():
            serial = target.serial
            facts = {
                "kind": "serial",
                "serial": serial.number,
                "maker_serial": serial.maker_serial,
                **lot_facts(serial.lot),
                "place_id": serial.place_id,
                "condition": serial.condition,
            }
        case ItemTarget():
            rows = _standing(world, target.hit.item_id, site_id, scope)
            facts = {
                "kind": "item",
                "item": target.hit.name_zh,
                "item_key": target.hit.item_key,
                "item_id": target.hit.item_id,
                "unit": target.hit.unit_zh,
                "unit_factor": target.hit.unit_factor,
                "factor": target.hit.factor,
                "pack": target.hit.pack_name,
                "reading": reading_facts(target.code) if target.code else {},
                "standing": [standing_facts(s) for s in rows[:50]],
            }
        case PalletTarget():
            pallet = target.pallet
            facts = {
                "kind": "pallet",
                "pallet": pallet.number,
                "sscc": pallet.sscc,
                "status": pallet.status,
                "place_id": pallet.place_id,
                "contents": [{"lot_id": c[0], "condition": c[1], "quantity": c[2]} for c in pallet.contents],
            }
        case _:
            facts = {}
    return Answer(Outcome.DONE, "scan.found", "查询结果", facts)


def _standing(world: World, item_id: int, site_id: int | None, scope: Scope) -> list[Standing]:
    if site_id is not None:
        return world.standing.get((item_id, site_id), [])
    return [
        s
        for (item, site), rows in world.standing.items()
        for s in rows
        if item == item_id and (scope.covers(world.site_paths.get(site, ""), site) or scope.covers(s.lot.owner_path))
    ]
