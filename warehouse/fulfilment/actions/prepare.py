"""Prepare a shipment, say who drives, call it off."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid5

from catalog.kernel import attempts, audit, db
from catalog.kernel.access import EVERYWHERE, Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Missing, Refused
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from warehouse.fulfilment import queries, rules
from warehouse.fulfilment.actions.parts import changed, keep_contact, locked, note, take_vehicle
from warehouse.fulfilment.actions.points import point_of
from warehouse.fulfilment.model import End, NewLine, Purpose, ShipmentFacts, Status, Vehicle
from warehouse.parties import queries as parties
from warehouse.requisitions import actions as orders
from warehouse.requisitions import queries as requisitions
from warehouse.requisitions.model import Release, ReleaseStatus
from warehouse.sites import queries as sites
from warehouse.stock import actions as stock
from warehouse.stock import queries as stocks
from warehouse.vehicles import queries as vehicles


async def prepare(
    *, stamp: Stamp, facts: ShipmentFacts, lines: Sequence[NewLine], planned_for: datetime | None = None
) -> Receipt:
    """A shipment with what it is to carry, from a release order or by hand. Needs shipment.edit at the sender.

    Its place on the ledger comes into being with it. Raises Invalid (`shipment.…`), Missing (site, point, lot, place),
    Refused (retired site, closed incident).
    """

    async def work() -> Receipt:
        rules.check_new(facts, lines)
        start = await sites.get_site(facts.from_site_id, stamp.require(Permission.SHIPMENT_EDIT))
        if start.retired_at is not None:
            raise Refused("shipment.site-retired", "储备库点已停用", site=start.code)
        await check_end(facts.to_site_id, facts.to_point)
        await _check_carrier(facts.vehicle)
        items = await _check_lines(start.id, lines)
        shipment_id = uuid5(stamp.attempt, "shipment")
        place = await stock.add_place(kind="shipment", id=shipment_id, site_id=start.id)
        number = await _next_number(stamp)
        end = End(start.id, start.code, start.name_zh, start.name_en, start.path)
        vehicle = await take_vehicle(stamp, shipment_id, number, end, facts.vehicle)
        await _insert(stamp, shipment_id, number, place, replace(facts, vehicle=vehicle), planned_for)
        await keep_contact(shipment_id, vehicle)
        await _insert_lines(shipment_id, lines, items)
        after = {"number": number, "purpose": facts.purpose.value, "from": start.code, "lines": len(lines)}
        await note(stamp, "prepare", shipment_id, None, after)
        return {"id": str(shipment_id), "number": number, "status": Status.PREPARED.value, "version": 1}

    return await attempts.once(stamp, "shipment.prepare", work)


async def prepare_release(
    *,
    stamp: Stamp,
    release_id: UUID,
    vehicle: Vehicle,
    to_site_id: int | None = None,
    to_point: UUID | None = None,
    planned_for: datetime | None = None,
    note_text: str = "",
    fits: bool = False,
) -> Receipt:
    """A shipment with everything of a release order that no vehicle carries yet.

    Without a destination it goes to the receiving point of its place in the incident, which is made where it is new.
    `fits`: only what the vehicle may carry; the rest waits for the next one. Needs shipment.edit at the store. Raises
    Missing, Refused (`shipment.not-released`, `shipment.nothing-left`, `shipment.nothing-fits`).
    """

    async def work() -> Receipt:
        release = await requisitions.get_release(release_id, stamp.require(Permission.SHIPMENT_READ))
        await db.execute("SELECT 1 FROM release_order WHERE id = $1 FOR UPDATE", release_id)
        if release.status not in (ReleaseStatus.RELEASED, ReleaseStatus.PICKING):
            raise Refused("shipment.not-released", "动用指令尚未下达或已执行", release=release.name)
        carried = await queries.carried_of(release_id)
        lines = [
            NewLine(one.lot_id, one.place_id, left, one.id, one.need_id)
            for one in release.lines
            if (left := one.quantity - one.short - carried.get(one.id, 0)) > 0
        ]
        if not lines:
            raise Refused("shipment.nothing-left", "动用指令的物资都已安排车辆", release=release.name)
        left_over = lines
        if fits:
            lines = await _fitting(release, lines, vehicle)
        point = to_point
        if to_site_id is None and to_point is None:
            point = await point_of(stamp, release)
        facts = ShipmentFacts(Purpose.RELEASE, release.site_id, to_site_id, point, release_id, vehicle, note_text)
        done = await prepare(
            stamp=stamp.for_part("shipment", str(facts)), facts=facts, lines=lines, planned_for=planned_for
        )
        await orders.note_sent(
            stamp=stamp, release_id=release_id, vehicle_id=vehicle.registered, all_goods=lines == left_over
        )
        said = {"shipment": done["id"], "lines": len(lines)}
        await audit.record(
            stamp, "shipment.prepare-release", subject_kind="release", subject_id=str(release_id), facts=said
        )
        return done

    return await attempts.once(stamp, "shipment.prepare-release", work)


async def edit(
    *, stamp: Stamp, shipment_id: UUID, version: int, vehicle: Vehicle, planned_for: datetime | None, note_text: str
) -> Receipt:
    """Say who drives what, and when it is to leave. Raises Missing, Stale, Invalid, Refused (it has left)."""

    async def work() -> Receipt:
        before = await locked(stamp, shipment_id, "edit", version)
        rules.check_vehicle(vehicle)
        await _check_carrier(vehicle)
        driving = await take_vehicle(stamp, shipment_id, before.number, before.start, vehicle)
        await keep_contact(shipment_id, driving)
        sets = {
            "vehicle": driving.vehicle.strip(),
            "plate": driving.plate.strip(),
            "carrier_id": driving.carrier_id,
            "vehicle_id": driving.registered,
            "max_weight_g": driving.max_weight_g,
            "max_volume_ml": driving.max_volume_ml,
            "planned_for": planned_for,
            "note": note_text.strip(),
        }
        return await changed(stamp, "edit", before, before.status, sets)

    return await attempts.once(stamp, "shipment.edit", work)


async def cancel(*, stamp: Stamp, shipment_id: UUID, reason: str) -> Receipt:
    """It does not go. What a release order holds stays held for another vehicle. Refused with goods on the vehicle."""

    async def work() -> Receipt:
        before = await locked(stamp, shipment_id, "cancel")
        if not reason.strip():
            raise Invalid("shipment.no-reason", "请写明原因")
        sets = {"closed_at": stamp.recorded_at}
        return await changed(stamp, "cancel", before, Status.CANCELLED, sets, {"reason": reason.strip()})

    return await attempts.once(stamp, "shipment.cancel", work)


async def check_end(site_id: int | None, point_id: UUID | None) -> str:
    """The name of where it goes. A destination may lie outside the sender's area. Raises Missing, Refused."""
    if site_id is not None:
        site = await sites.get_site(site_id, EVERYWHERE)
        if site.retired_at is not None:
            raise Refused("shipment.site-retired", "储备库点已停用", site=site.code)
        return site.name_zh
    point = await queries.find_point(point_id) if point_id is not None else None
    if point is None:
        raise Missing("point.missing", "没有这个接收点，或不在您的管辖范围内", point=str(point_id))
    if point.incident_status == "closed":
        raise Refused("point.incident-closed", "事件已结案", incident=point.incident)
    return f"{point.region_zh} {point.name}"


async def _fitting(release: Release, lines: list[NewLine], vehicle: Vehicle) -> list[NewLine]:
    """What of the lines goes on the vehicle. Raises Refused where not one unit does."""
    limits = (vehicle.max_weight_g, vehicle.max_volume_ml)
    if vehicle.registered is not None:
        known = (await vehicles.find_vehicles([vehicle.registered])).get(vehicle.registered)
        limits = (known.facts.max_weight_g, known.facts.max_volume_ml) if known else limits
    item_of = {one.lot_id: one.item_id for one in release.lines}
    measures = await queries.measures_of(set(item_of.values()))
    found = rules.fitting([(line, measures[item_of[line.lot_id]]) for line in lines], *limits)
    if not found:
        raise Refused("shipment.nothing-fits", "这辆车一件也装不下", release=release.name)
    return found


async def _check_carrier(vehicle: Vehicle) -> None:
    if vehicle.carrier_id is not None and not await parties.find_names([vehicle.carrier_id]):
        raise Missing("party.missing", "没有这个单位，或不在您的管辖范围内", party_id=vehicle.carrier_id)


async def _check_lines(site_id: int, lines: Sequence[NewLine]) -> dict[int, int]:
    """Lot → item, once every lot and place is known and stands in the sender's store."""
    lots = await stocks.get_lots(ids={one.lot_id for one in lines})
    spots = await stocks.get_spots({one.place_id for one in lines})
    for number, one in enumerate(lines, 1):
        if one.lot_id not in lots:
            raise Missing("stock.no-such-lot", "没有这个批次", line=number, lot=one.lot_id)
        spot = spots.get(one.place_id)
        if spot is None or spot.site_id != site_id or spot.kind not in ("bin", "staging"):
            raise Missing("stock.no-such-place", "没有这个货位", line=number, place=one.place_id)
    return {lot_id: lot.item_id for lot_id, lot in lots.items()}


async def _next_number(stamp: Stamp) -> str:
    number: str = await db.fetch_value(
        "SELECT 'YD' || to_char($1::date, 'YY-') || lpad(nextval('shipment_number')::text, 6, '0')",
        day_of(stamp.recorded_at),
    )
    return number


async def _insert(
    stamp: Stamp, shipment_id: UUID, number: str, place: int, facts: ShipmentFacts, planned_for: datetime | None
) -> None:
    vehicle = facts.vehicle
    await db.execute(
        "INSERT INTO shipment (id, number, status, purpose, from_site_id, place_id, to_site_id, to_point_id,"
        " release_id, vehicle, plate, carrier_id, max_weight_g, max_volume_ml, planned_for, note, created_at,"
        " created_by, attempt, vehicle_id)"
        " VALUES ($1, $2, 'prepared', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
        shipment_id,
        number,
        facts.purpose.value,
        facts.from_site_id,
        place,
        facts.to_site_id,
        facts.to_point,
        facts.release_id,
        vehicle.vehicle.strip(),
        vehicle.plate.strip(),
        vehicle.carrier_id,
        vehicle.max_weight_g,
        vehicle.max_volume_ml,
        planned_for,
        facts.note.strip(),
        stamp.recorded_at,
        stamp.login,
        stamp.attempt,
        vehicle.registered,
    )


async def _insert_lines(shipment_id: UUID, lines: Sequence[NewLine], items: dict[int, int]) -> None:
    await db.execute(
        "INSERT INTO shipment_line (shipment_id, line, item_id, lot_id, place_id, quantity, release_line, need_id)"
        " SELECT $1, n, i, l, p, q, r, d FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[],"
        " $6::uuid[], $7::uuid[]) WITH ORDINALITY k (i, l, p, q, r, d, n)",
        shipment_id,
        [items[one.lot_id] for one in lines],
        [one.lot_id for one in lines],
        [one.place_id for one in lines],
        [one.quantity for one in lines],
        [one.release_line for one in lines],
        [one.need_id for one in lines],
    )
