"""What every mode shares: questions, what is shown of goods, quantities and places as they were sent."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from catalog.kernel.access import Permission, scope_of
from catalog.kernel.errors import Refused
from catalog.kernel.quantity import in_base_units
from labels.codes import Code
from warehouse.scanning.model import (
    Answer,
    Outcome,
    Scan,
    SiteRow,
    Standing,
    World,
)
from warehouse.stock.model import Lot
from warehouse.stock.queries import Spot


def ask(code: str, detail: str, facts: Mapping[str, Any]) -> Answer:
    return Answer(Outcome.ASK, code, detail, facts)


def unreadable(reason: str, notes: Sequence[str] = ()) -> Answer:
    facts = {"reason": reason, "notes": list(notes)}
    return Answer(Outcome.UNREADABLE, "scan.unreadable", "无法识别的条码，请重扫或手工输入", facts)


def reading_facts(code: Code) -> dict[str, Any]:
    """What a code says, as plain values; what it does not say is absent."""
    facts = {
        "text": code.text,
        "gtin": code.gtin or code.content_gtin,
        "batch": code.batch,
        "serial": code.serial,
        "produced_on": code.produced_on,
        "expires_on": code.expires_on or code.best_before,
        "count": code.count,
        "sscc": code.sscc,
        "notes": [note.reason.value for note in code.notes],
    }
    return {
        key: value.isoformat() if isinstance(value, date) else value
        for key, value in facts.items()
        if value is not None
    }


def lot_facts(lot: Lot) -> dict[str, Any]:
    """A lot in a receipt or card."""
    return {
        "lot": lot.number,
        "lot_id": lot.id,
        "item": lot.item_name,
        "item_id": lot.item_id,
        "unit": lot.unit,
        "unit_factor": lot.unit_factor,
        "batch": lot.maker_batch,
        "produced_on": lot.produced_on.isoformat() if lot.produced_on else None,
        "expires_on": lot.expires_on.isoformat() if lot.expires_on else None,
    }


def standing_facts(standing: Standing) -> dict[str, Any]:
    return {
        **lot_facts(standing.lot),
        "place_id": standing.place_id,
        "place": standing.place_code,
        "condition": standing.condition,
        "on_hand": standing.on_hand,
        "reserved": standing.reserved,
    }


def quantity_of(scan: Scan, item_id: int, factor: int, unit_factor: int, world: World, code: Code | None) -> int:
    """Base units: exact ones if given, else packs or what the code stands for, else AI 30/37 counts, else one."""
    request = scan.request
    if request.base_quantity is not None:
        return in_base_units(request.base_quantity, 1)
    if request.pack is not None:
        packed, factor = world.packs.get(request.pack.replace("-", ""), (None, 0))
        if packed != item_id:
            raise Refused("scan.no-such-pack", "这种物资没有这种包装", pack=request.pack)
    elif code is not None and code.count is not None and request.quantity is None:
        return in_base_units(code.count, unit_factor)
    return in_base_units(1 if request.quantity is None else request.quantity, factor)


def place_of(scan: Scan, text: str, site: SiteRow, world: World) -> Spot:
    """The bin with this label or, at the site, this code. Refused elsewhere; unknown where the scanner may not look."""
    labelled, here = world.bins.get(text), world.bins.get(f"{site.code}/{text}")
    spot = here if here is not None and (labelled is None or labelled.site_id != site.id) else labelled
    sight = scope_of(scan.stamp.grants, Permission.STOCK_READ)
    if spot is None or not (spot.site_id == site.id or sight.covers(spot.path, spot.site_id)):
        raise Refused("scan.no-such-bin", "没有这个货位", bin=text)
    if spot.site_id != site.id:
        raise Refused("scan.wrong-site", f"这个货位属于 {spot.site_code}", bin=spot.code, site=spot.site_code)
    if (spot.closed or spot.retired) and not scan.fact:
        raise Refused("scan.bin-closed", "该货位已停用或正在盘点", bin=spot.code)
    return spot
