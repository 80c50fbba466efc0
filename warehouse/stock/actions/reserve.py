"""Reserve (占用) and release: phase one of leaving, and its end without leaving."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from catalog.kernel import attempts, audit, db
from catalog.kernel.access import Permission
from catalog.kernel.errors import Invalid, Missing, Refused
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from warehouse.stock import queries, rules
from warehouse.stock.actions.posting import check_open, load_lot
from warehouse.stock.model import Condition, DocumentRef

_LOCK = "SELECT on_hand, reserved FROM balance WHERE lot_id = $1 AND place_id = $2 AND condition = $3 FOR UPDATE"


async def reserve(
    *,
    stamp: Stamp,
    lot_id: int,
    place_id: int,
    quantity: int,
    expires_at: datetime,
    priority: int = 100,
    document: DocumentRef | None = None,
) -> attempts.Receipt:
    """Hold `quantity` base units of usable goods until `expires_at`. Refused where not so many are free.

    Priority 1 is the most urgent. Held goods do not leave by anybody else's command; a fact may still take them.
    """
    if quantity <= 0 or not 1 <= priority <= 1000:
        raise Invalid("stock.bad-reservation", "数量或优先级不正确", quantity=quantity, priority=priority)
    if expires_at <= stamp.recorded_at:
        raise Invalid("stock.reservation-in-past", "预留截止时间已过")

    async def work() -> attempts.Receipt:
        spot = (await queries.get_spots([place_id])).get(place_id)
        if spot is None:
            raise Missing("stock.no-such-place", "没有这个货位", place=place_id)
        stamp.require_at(Permission.RESERVE, spot.path, spot.site_id)
        check_open(spot)
        lot = await load_lot(lot_id)
        row = await db.fetch_row(_LOCK, lot_id, place_id, Condition.GOOD.value)
        on_hand, reserved = (row[0], row[1]) if row else (0, 0)
        reserved -= await _release_lapsed(stamp, lot_id, place_id)
        if not rules.usable(Condition.GOOD, lot.expires_on, day_of(stamp.recorded_at)):
            raise Refused("stock.expired", "已过期，不能预留", lot=lot.number)
        if on_hand - reserved < quantity:
            raise Refused(
                "stock.not-enough",
                f"可用数量不足：需要 {quantity}，可用 {on_hand - reserved}",
                lot=lot.number,
                place=spot.code,
                asked=quantity,
                free=on_hand - reserved,
                on_hand=on_hand,
                reserved=reserved,
            )
        reservation = uuid5(stamp.attempt, "reservation")
        await db.execute(
            "INSERT INTO reservation (id, lot_id, place_id, quantity, priority, document_kind, document_id, expires_at,"
            " created_at, person_id, login, attempt) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            reservation,
            lot_id,
            place_id,
            quantity,
            priority,
            document.kind if document else None,
            document.id if document else None,
            expires_at,
            stamp.recorded_at,
            stamp.person_id,
            stamp.login,
            stamp.attempt,
        )
        await _set_reserved(lot_id, place_id, reserved + quantity, stamp)
        facts = {"reservation": str(reservation), "lot": lot.number, "place": spot.code, "quantity": quantity}
        await audit.record(stamp, "stock.reserve", subject_kind="site", subject_id=str(spot.site_id), facts=facts)
        return {"verb": "reserve", **facts, "free": on_hand - reserved - quantity}

    return await attempts.once(stamp, "reserve", work)


async def release(
    *, stamp: Stamp, reservation: UUID, note: str = "", permission: Permission = Permission.RESERVE
) -> attempts.Receipt:
    """Give held goods back. Refused if the reservation has already ended.

    `permission`: the right of whoever carries out the document it was made for, instead of stock.reserve.
    """

    async def work() -> attempts.Receipt:
        lot_id, spot = await _held_where(reservation)
        stamp.require_at(permission, spot.path, spot.site_id)
        balance: Any = await db.fetch_row(_LOCK, lot_id, spot.place_id, Condition.GOOD.value)
        ended = await db.fetch_value(
            "UPDATE reservation SET state = 'released', ended_at = $2, end_reason = $3"
            " WHERE id = $1 AND state = 'held' RETURNING quantity",
            reservation,
            stamp.recorded_at,
            note or "released",
        )
        if ended is None:
            raise Refused("stock.reservation-over", "该预留已结束（已出库、已释放或已过期）")
        await _set_reserved(lot_id, spot.place_id, balance[1] - ended, stamp)
        facts = {"reservation": str(reservation), "quantity": ended}
        await audit.record(stamp, "stock.release", subject_kind="site", subject_id=str(spot.site_id), facts=facts)
        return {"verb": "release", **facts}

    return await attempts.once(stamp, "release", work)


async def prolong(*, stamp: Stamp, reservation: UUID, expires_at: datetime) -> attempts.Receipt:
    """Hold on until another instant: what was planned has been ordered. Refused if the reservation has ended."""

    async def work() -> attempts.Receipt:
        lot_id, spot = await _held_where(reservation)
        stamp.require_at(Permission.RESERVE, spot.path, spot.site_id)
        if expires_at <= stamp.recorded_at:
            raise Invalid("stock.reservation-in-past", "预留截止时间已过")
        await db.fetch_row(_LOCK, lot_id, spot.place_id, Condition.GOOD.value)
        held = await db.fetch_value(
            "UPDATE reservation SET expires_at = $2 WHERE id = $1 AND state = 'held' RETURNING quantity",
            reservation,
            expires_at,
        )
        if held is None:
            raise Refused("stock.reservation-over", "该预留已结束（已出库、已释放或已过期）")
        facts = {"reservation": str(reservation), "quantity": held, "until": expires_at.isoformat()}
        await audit.record(stamp, "stock.prolong", subject_kind="site", subject_id=str(spot.site_id), facts=facts)
        return {"verb": "prolong", **facts}

    return await attempts.once(stamp, "prolong", work)


async def _held_where(reservation: UUID) -> tuple[int, queries.Spot]:
    """The lot a reservation holds, and where. Raises Missing."""
    row = await db.fetch_row("SELECT lot_id, place_id FROM reservation WHERE id = $1", reservation)
    spot = (await queries.get_spots([row[1]])).get(row[1]) if row else None
    if row is None or spot is None:
        raise Missing("stock.no-such-reservation", "没有这个预留")
    return int(row[0]), spot


async def _release_lapsed(stamp: Stamp, lot_id: int, place_id: int) -> int:
    """End the lapsed reservations on a locked row; how much they held."""
    lapsed = await db.fetch(
        "UPDATE reservation SET state = 'expired', ended_at = $3, end_reason = 'time' WHERE lot_id = $1"
        " AND place_id = $2 AND condition = 'good' AND state = 'held' AND expires_at <= $3 RETURNING quantity",
        lot_id,
        place_id,
        stamp.recorded_at,
    )
    return sum(row[0] for row in lapsed)


async def _set_reserved(lot_id: int, place_id: int, reserved: int, stamp: Stamp) -> None:
    await db.execute(
        "UPDATE balance SET reserved = $3 WHERE lot_id = $1 AND place_id = $2 AND condition = 'good'",
        lot_id,
        place_id,
        reserved,
    )
    await db.execute(
        "INSERT INTO feed (topic, key, at) VALUES ('balance', $1, $2)", f"{lot_id}:{place_id}", stamp.recorded_at
    )
