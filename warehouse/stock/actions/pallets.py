"""Pallets (托盘): content lists that expand to several moves and are void after the first partial take."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid5

from catalog.kernel import attempts, audit, db
from catalog.kernel.access import Permission
from catalog.kernel.errors import Invalid, Missing, Refused
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from warehouse.stock import queries
from warehouse.stock.actions.posting import check_open
from warehouse.stock.model import Condition, StockKey


@dataclass(frozen=True, slots=True)
class Content:
    """What lies on a pallet, in base units."""

    lot_id: int
    quantity: int
    condition: Condition = Condition.GOOD


async def build_pallet(
    *, stamp: Stamp, place_id: int, contents: Sequence[Content], sscc: str | None = None
) -> attempts.Receipt:
    """Put goods that stand loose at a place on a new pallet with an own number (and an SSCC, if one is stuck on it).

    No stock moves: the place keeps the balance. Refused where the goods are not there, or are on another pallet.
    """
    if not contents or any(c.quantity <= 0 for c in contents):
        raise Invalid("stock.no-lines", "托盘内容不能为空")
    if len({(c.lot_id, c.condition) for c in contents}) != len(contents):
        raise Invalid("stock.pallet-line-twice", "同一批次请合并为一行")

    async def work() -> attempts.Receipt:
        spot = (await queries.get_spots([place_id])).get(place_id)
        if spot is None or spot.site_id is None:
            raise Missing("stock.no-such-place", "没有这个货位", place=place_id)
        stamp.require_at(Permission.PUT_AWAY, spot.path, spot.site_id)
        check_open(spot)
        for content in sorted(contents, key=lambda c: (c.lot_id, c.condition)):
            await _check_loose(place_id, content)
        if sscc and await db.fetch_value("SELECT true FROM pallet WHERE sscc = $1", sscc):
            raise Refused("stock.sscc-taken", "该 SSCC 已用于另一托盘", sscc=sscc)
        row = await db.fetch_row(
            "INSERT INTO pallet (uuid, number, sscc, place_id, created_at, attempt) VALUES ($1,"
            " to_char($2::date, 'YY') || lpad(nextval('pallet_number')::text, 6, '0'), $3, $4, $5, $6)"
            " RETURNING id, number",
            uuid5(stamp.attempt, "pallet"),
            day_of(stamp.recorded_at),
            sscc,
            place_id,
            stamp.recorded_at,
            stamp.attempt,
        )
        await db.execute(
            "INSERT INTO pallet_line (pallet_id, lot_id, condition, quantity)"
            " SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::bigint[])",
            row[0] if row else None,
            [c.lot_id for c in contents],
            [c.condition.value for c in contents],
            [c.quantity for c in contents],
        )
        facts = {"pallet": row[1] if row else "", "place": spot.code}
        await audit.record(stamp, "stock.build-pallet", subject_kind="site", subject_id=str(spot.site_id), facts=facts)
        return {"verb": "build-pallet", **facts}

    return await attempts.once(stamp, "build-pallet", work)


async def _check_loose(place_id: int, content: Content) -> None:
    key = StockKey(content.lot_id, place_id, content.condition.value)
    here = await db.fetch_value(
        "SELECT on_hand FROM balance WHERE lot_id = $1 AND place_id = $2 AND condition = $3 FOR UPDATE", *key
    )
    on_pallets = await db.fetch_value(
        "SELECT coalesce(sum(l.quantity), 0)::bigint FROM pallet p JOIN pallet_line l ON l.pallet_id = p.id"
        " WHERE p.status = 'open' AND l.lot_id = $1 AND p.place_id = $2 AND l.condition = $3",
        *key,
    )
    loose = (here or 0) - on_pallets
    if loose < content.quantity:
        raise Refused("stock.not-loose", "散放数量不足", lot=content.lot_id, asked=content.quantity, free=loose)
