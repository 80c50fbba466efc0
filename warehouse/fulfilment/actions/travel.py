"""A shipment leaves, is seen on its way, is sent elsewhere, arrives."""

from datetime import datetime
from uuid import UUID

from catalog.kernel import attempts, db
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid
from catalog.kernel.stamp import Stamp
from warehouse.fulfilment import rules
from warehouse.fulfilment.actions.orders import tell
from warehouse.fulfilment.actions.parts import changed, locked
from warehouse.fulfilment.actions.prepare import check_end
from warehouse.fulfilment.model import Status


async def depart(
    *, stamp: Stamp, shipment_id: UUID, eta_from: datetime | None = None, eta_to: datetime | None = None
) -> Receipt:
    """It leaves, with the time in which it is expected there. Needs stock.issue at the sender.

    Raises Refused (`shipment.empty`, `shipment.not-all-loaded`, `shipment.no-vehicle`), Invalid, Missing.
    """

    async def work() -> Receipt:
        before = await locked(stamp, shipment_id, "depart")
        rules.check_times(eta_from, eta_to, stamp.recorded_at)
        sets = {"departed_at": stamp.recorded_at, "eta_from": eta_from, "eta_to": eta_to}
        receipt = await changed(stamp, "depart", before, Status.ON_ROAD, sets)
        await tell(stamp, shipment_id)
        return receipt

    return await attempts.once(stamp, "shipment.depart", work)


async def report(
    *,
    stamp: Stamp,
    shipment_id: UUID,
    place: str,
    at: datetime | None = None,
    lat: float | None = None,
    lon: float | None = None,
    eta_from: datetime | None = None,
    eta_to: datetime | None = None,
    note: str = "",
) -> Receipt:
    """Where it was at a time, in words or as a point, and when it will be there. Needs shipment.edit at either end."""

    async def work() -> Receipt:
        before = await locked(stamp, shipment_id, "report")
        seen = at or stamp.recorded_at
        if not place.strip() and lat is None:
            raise Invalid("shipment.no-place", "请填写位置")
        rules.check_reported(seen, stamp.recorded_at, place, note)
        rules.check_point_on_earth(lat, lon)
        rules.check_times(eta_from, eta_to, stamp.recorded_at)
        await db.execute(
            "INSERT INTO shipment_report (shipment_id, at, place, lat, lon, eta_from, eta_to, note, login, recorded_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            shipment_id,
            seen,
            place.strip(),
            lat,
            lon,
            eta_from,
            eta_to,
            note.strip(),
            stamp.login,
            stamp.recorded_at,
        )
        sets: dict[str, object] = {}
        if before.last_seen_at is None or seen >= before.last_seen_at:
            sets = {"last_seen_at": seen, "last_seen": place.strip() or f"{lat:.4f}, {lon:.4f}"}
            if eta_from is not None:
                sets |= {"eta_from": eta_from, "eta_to": eta_to}
        return await changed(stamp, "report", before, before.status, sets, {"place": place.strip()})

    return await attempts.once(stamp, "shipment.report", work)


async def redirect(
    *, stamp: Stamp, shipment_id: UUID, reason: str, to_site_id: int | None = None, to_point: UUID | None = None
) -> Receipt:
    """Send it elsewhere on its way; both places go on seeing it. Needs shipment.redirect at either end."""

    async def work() -> Receipt:
        before = await locked(stamp, shipment_id, "redirect")
        if not reason.strip():
            raise Invalid("shipment.no-reason", "请写明原因")
        if (to_site_id is None) is (to_point is None):
            raise Invalid("shipment.where-to", "请在库点和接收点中选择一个目的地")
        same = to_point == before.end.point if to_point is not None else to_site_id == before.end.site_id
        if to_site_id == before.start.site_id or (same and (to_point is not None) is (before.end.point is not None)):
            raise Invalid("shipment.same-site", "目的地没有改变")
        name = await check_end(to_site_id, to_point)
        await db.execute(
            "INSERT INTO shipment_redirect (shipment_id, at, site_id, point_id, name, reason, login)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7)",
            shipment_id,
            stamp.recorded_at,
            None if before.end.point is not None else before.end.site_id,
            before.end.point,
            before.end.name,
            reason.strip(),
            stamp.login,
        )
        sets = {
            "to_site_id": to_site_id, "to_point_id": to_point, "eta_from": None, "eta_to": None, "arrived_at": None,
        }  # fmt: skip
        facts = {"from": before.end.name, "to": name, "reason": reason.strip()}
        return await changed(stamp, "redirect", before, Status.ON_ROAD, sets, facts)

    return await attempts.once(stamp, "shipment.redirect", work)


async def arrive(*, stamp: Stamp, shipment_id: UUID) -> Receipt:
    """The vehicle is at the gate; its goods are received line by line. Needs stock.receive at the destination."""

    async def work() -> Receipt:
        before = await locked(stamp, shipment_id, "arrive")
        return await changed(stamp, "arrive", before, Status.ARRIVED, {"arrived_at": stamp.recorded_at})

    return await attempts.once(stamp, "shipment.arrive", work)
