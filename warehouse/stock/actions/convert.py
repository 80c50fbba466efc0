"""Conversions: a lot's facts are never overwritten, its goods become another lot with a parent link and evidence.

To the keeper "correct item, lot or expiry" is one act; extension after a test, change of owner or fund and the making
and breaking of kits are the same machinery (DESIGN section 4).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import uuid5

from catalog.items import queries as items
from catalog.kernel import db
from catalog.kernel.errors import Invalid, Refused
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from catalog.kits import queries as kits
from warehouse.stock import lots, queries
from warehouse.stock.actions.posting import PERMISSION, codes_of, load_lot, load_spots, one_site, post_one
from warehouse.stock.model import (
    CONVERSION,
    Condition,
    DocumentRef,
    Line,
    Lot,
    LotFacts,
    Posting,
    Reason,
    Receipt,
    StockKey,
)
from warehouse.stock.queries import Spot
from warehouse.stock.rules import usable


@dataclass(frozen=True, slots=True)
class Correction:
    """What is to be different. `fields` may name item_id, maker_id, maker_batch, produced_on, expires_on,
    owner_region_id, owner_party_id, fund_source, price_fen, price_per; a field that is not named stays."""

    fields: Mapping[str, Any]
    kind: str = "correct"
    reason: str = ""
    evidence: Mapping[str, Any] | None = None


KINDS = ("correct", "extend", "owner", "fund")
_FACTS = tuple(f for f in LotFacts.__slots__ if f != "parent_id")


def facts_of(lot: Lot) -> LotFacts:
    """A lot's identity."""
    return LotFacts(
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


async def correct(
    *,
    stamp: Stamp,
    lot_id: int,
    site_id: int,
    correction: Correction,
    place_ids: Sequence[int] = (),
) -> Receipt:
    """Turn what stands of a lot at a site (or at some places of it) into a lot with other facts.

    Refused while part of it is reserved, or where a serial-tracked item would become one that is not. Needs
    stock.correct at the site, and over the present owner's region too where the owner changes: whoever keeps another's
    goods does not make them his own. The reason is required.
    """

    async def build() -> Posting:
        _check(correction)
        lot = await load_lot(lot_id)
        held = list(await queries.balances_of_lots([lot_id], site_id=site_id))
        if place_ids:
            held = [h for h in held if h.key.place_id in set(place_ids)]
        if not held:
            raise Refused("stock.nothing-to-correct", "这里没有该批次的库存", lot=lot.number)
        spots = await load_spots(stamp, Reason.CONVERT, {h.key.place_id for h in held})
        fields = dict(correction.fields)
        await _check_item(lot, fields)
        facts = replace(facts_of(lot), **fields, parent_id=lot.id)
        if (facts.owner_region_id, facts.owner_party_id) != (lot.owner_region_id, lot.owner_party_id):
            stamp.require_at(PERMISSION[Reason.CONVERT], lot.owner_path)
        if facts == replace(facts_of(lot), parent_id=lot.id):
            raise Refused("stock.nothing-changes", "更正前后没有差别", lot=lot.number)
        _check_dates(facts.produced_on, facts.expires_on)
        (other,) = await lots.ensure_lots(stamp, [facts], origins=[lot.origin])
        lines = []
        for balance in held:
            serials = await _serials_at(balance.key) if lot.tracking == "serial" else ()
            condition = Condition(balance.key.condition)
            place = balance.key.place_id
            lines.append(Line(lot, balance.on_hand, place, condition, CONVERSION, Condition.GOOD, serials))
            lines.append(Line(other, balance.on_hand, CONVERSION, Condition.GOOD, place, condition, serials))
        return await _convert(stamp, correction.kind, lot, other, lines, spots, correction.reason, correction.evidence)

    return await post_one(stamp, Reason.CONVERT, build)


def _check(correction: Correction) -> None:
    if correction.kind not in KINDS:
        raise Invalid("stock.bad-conversion", "不支持的更正类型", kind=correction.kind)
    if not correction.reason.strip():
        raise Invalid("stock.reason-needed", "请填写更正原因")
    unknown = set(correction.fields) - set(_FACTS)
    if unknown or not correction.fields:
        raise Invalid("stock.bad-correction", "没有可更正的内容", unknown=sorted(unknown))


def _check_dates(produced: date | None, expires: date | None) -> None:
    if produced is not None and expires is not None and expires < produced:
        raise Invalid("stock.expiry-before-production", "有效期早于生产日期")


async def _check_item(lot: Lot, fields: Mapping[str, Any]) -> None:
    wanted = fields.get("item_id", lot.item_id)
    if wanted == lot.item_id:
        return
    found = await items.find_items({lot.item_id, wanted})
    if wanted not in found:
        raise Invalid("stock.no-such-item", "没有这种物资", item=wanted)
    was, now = found[lot.item_id], found[wanted]
    if (was.dimension, was.tracking) != (now.dimension, now.tracking):
        raise Refused(
            "stock.other-measure",
            "两种物资的计量方式或编号管理不同，不能直接更正",
            was=[was.dimension, was.tracking],
            now=[now.dimension, now.tracking],
        )


async def _serials_at(key: StockKey) -> tuple[int, ...]:
    rows = await db.fetch(
        "SELECT serial_id FROM serial_state WHERE lot_id = $1 AND place_id = $2 AND condition = $3 ORDER BY serial_id",
        *key,
    )
    return tuple(row[0] for row in rows)


async def _convert(
    stamp: Stamp,
    kind: str,
    source: Lot | None,
    target: Lot | None,
    lines: Sequence[Line],
    spots: Mapping[int, Spot],
    reason: str,
    evidence: Mapping[str, Any] | None,
) -> Posting:
    conversion = uuid5(stamp.attempt, "conversion")
    await db.execute(
        "INSERT INTO conversion (id, kind, from_lot, to_lot, reason, evidence, attempt, person_id, login, occurred_at,"
        " recorded_at) VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $10, $11)",
        conversion,
        kind,
        source.id if source else None,
        target.id if target else None,
        reason,
        json.dumps(evidence or {}, ensure_ascii=False, default=str),
        stamp.attempt,
        stamp.person_id,
        stamp.login,
        stamp.occurred_at,
        stamp.recorded_at,
    )
    return Posting(
        stamp,
        Reason.CONVERT,
        tuple(lines),
        one_site(spots.values()),
        document=DocumentRef("conversion", conversion),
        note=reason,
        place_codes=codes_of(spots.values()),
        extra={"new_lot": target.number if target else None, "old_lot": source.number if source else None},
    )


# -- kits ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Part:
    """Component goods taken for a kit, or put back from one."""

    lot_id: int
    quantity: int
    place_id: int


async def make_kit(
    *, stamp: Stamp, kit_item_id: int, count: int, place_id: int, parts: Sequence[Part], owner_region_id: int
) -> Receipt:
    """Make `count` stocked kits at a place from `parts`; the kit's expiry is the earliest of its parts.

    Refused unless the parts are exactly what the kit needs, of usable goods.
    """

    async def build() -> Posting:
        spots = await load_spots(stamp, Reason.CONVERT, {place_id} | {p.place_id for p in parts})
        found = await queries.get_lots(ids={p.lot_id for p in parts})
        await _check_parts(kit_item_id, count, parts, found)
        _check_usable(found.values(), day_of(stamp.recorded_at))
        expiries = [lot.expires_on for lot in found.values() if lot.expires_on is not None]
        facts = LotFacts(
            item_id=kit_item_id,
            owner_region_id=owner_region_id,
            maker_batch=f"KIT-{stamp.attempt.hex[:12].upper()}",
            expires_on=min(expiries, default=None),
        )
        (kit,) = await lots.ensure_lots(stamp, [facts])
        good = Condition.GOOD
        lines = [Line(found[p.lot_id], p.quantity, p.place_id, good, CONVERSION, good) for p in parts]
        lines.append(Line(kit, count, CONVERSION, good, place_id, good))
        evidence = {"parts": [[found[p.lot_id].number, p.quantity] for p in parts]}
        return await _convert(stamp, "kit_make", None, kit, lines, spots, "kit", evidence)

    return await post_one(stamp, Reason.CONVERT, build)


async def break_kit(*, stamp: Stamp, kit_lot_id: int, count: int, place_id: int, parts: Sequence[Part]) -> Receipt:
    """Take `count` stocked kits of a lot apart again into `parts` (lots that exist, at places of the site)."""

    async def build() -> Posting:
        spots = await load_spots(stamp, Reason.CONVERT, {place_id} | {p.place_id for p in parts})
        kit = await load_lot(kit_lot_id)
        found = await queries.get_lots(ids={p.lot_id for p in parts})
        await _check_parts(kit.item_id, count, parts, found)
        good = Condition.GOOD
        lines = [Line(kit, count, place_id, good, CONVERSION, good)]
        lines += [Line(found[p.lot_id], p.quantity, CONVERSION, good, p.place_id, good) for p in parts]
        evidence = {"parts": [[found[p.lot_id].number, p.quantity] for p in parts]}
        return await _convert(stamp, "kit_break", kit, None, lines, spots, "kit", evidence)

    return await post_one(stamp, Reason.CONVERT, build)


def _check_usable(lots: Iterable[Lot], on: date) -> None:
    for lot in lots:
        if not usable(Condition.GOOD, lot.expires_on, on):
            raise Refused("stock.expired", "已过期，不能装入套件", lot=lot.number, expires_on=str(lot.expires_on))


async def _check_parts(kit_item_id: int, count: int, parts: Sequence[Part], found: Mapping[int, Lot]) -> None:
    if count <= 0:
        raise Invalid("stock.not-positive", "数量必须大于零", asked=count)
    missing = [p.lot_id for p in parts if p.lot_id not in found]
    if missing:
        raise Invalid("stock.no-such-lot", "没有这个批次", lots=missing)
    kit = (await items.find_items({kit_item_id})).get(kit_item_id)
    if kit is None or kit.kind != "stocked_kit":
        raise Refused("stock.not-a-kit", "这种物资不是成品套件", item=kit_item_id)
    if any(found[p.lot_id].tracking == "serial" for p in parts):
        raise Refused("stock.serial-in-kit", "按编号管理的物资不能装入套件")
    needed = {c.component_id: c.quantity * count for c in await kits.list_components(kit_item_id)}
    given: dict[int, int] = {}
    for part in parts:
        item_id = found[part.lot_id].item_id
        given[item_id] = given.get(item_id, 0) + part.quantity
    if given != needed or not needed:
        raise Refused(
            "stock.kit-incomplete",
            "组成物资与套件清单不一致",
            needed={str(k): v for k, v in needed.items()},
            given={str(k): v for k, v in given.items()},
        )
