"""What the verbs of shipments share: the locked document, and the news of what was done."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from catalog.kernel import audit, db, feed, history
from catalog.kernel.access import Permission, scope_of
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Missing, Stale
from catalog.kernel.stamp import Stamp
from warehouse.fulfilment import queries, workflow
from warehouse.fulfilment.model import SHIPMENT, End, Shipment, Status, Vehicle
from warehouse.vehicles import actions as vehicles
from warehouse.vehicles.model import KINDS

EMPTY = (Status.RECEIVED, Status.CLOSED, Status.CANCELLED)
"""The vehicle is free for the next load."""


async def locked(stamp: Stamp, shipment_id: UUID, verb: str, version: int | None = None) -> Shipment:
    """The shipment, locked, after sight, version, right and needs. Its row is the lock of all that hangs on it."""
    await db.execute("SELECT 1 FROM shipment WHERE id = $1 FOR UPDATE", shipment_id)
    stamp.require(workflow.SHIPMENT.permission(verb))
    found = await queries.get_shipment(shipment_id, stamp.require(Permission.SHIPMENT_READ))
    if version is not None and version != found.version:
        raise Stale("shipment.stale", "别人已修改，请重新载入", yours=version, current=found.version)
    workflow.take(found, verb, stamp)
    return found


async def changed(
    stamp: Stamp,
    verb: str,
    before: Shipment,
    status: Status,
    sets: Mapping[str, Any] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Receipt:
    """Write status and columns, and tell. `facts` carry no names and phones, which are purged some day."""
    sets = sets or {}
    columns = "".join(f", {name} = ${n}" for n, name in enumerate(sets, 3))
    version = await db.fetch_value(
        f"UPDATE shipment SET status = $2, version = version + 1{columns} WHERE id = $1 RETURNING version",
        before.id,
        status.value,
        *sets.values(),
    )
    told = {name: value for name, value in sets.items() if value is not None}
    after = {"number": before.number, "status": status.value, **told, **(facts or {})}
    await note(stamp, verb, before.id, {"status": before.status.value}, after)
    if status in EMPTY and before.status not in EMPTY and before.vehicle.registered:
        await vehicles.hold(stamp=stamp, kind=SHIPMENT, paper=before.id, number=before.number, vehicle_id=None)
    return {"id": str(before.id), "number": before.number, "status": status.value, "version": version}


async def note(
    stamp: Stamp, verb: str, shipment_id: UUID, before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> None:
    """History, audit and feed of one act on a shipment."""
    key = str(shipment_id)
    await history.record(stamp, table="shipment", key=key, verb=verb, before=before, after=after)
    await audit.record(stamp, f"shipment.{verb}", subject_kind="shipment", subject_id=key, facts=after)
    await feed.publish("shipment", [key], stamp.recorded_at)


async def take_vehicle(stamp: Stamp, shipment_id: UUID, number: str, start: End, said: Vehicle) -> Vehicle:
    """The vehicle as the register knows it, which this shipment uses from now on; one typed by hand as it was typed.

    A registered one must be at the sender's disposal or in the caller's area. Raises Missing, Refused (`vehicle.…`).
    """
    found = await vehicles.hold(
        stamp=stamp, kind=SHIPMENT, paper=shipment_id, number=number, vehicle_id=said.registered
    )
    if found is None:
        return said
    facts = found.facts
    mine = scope_of(stamp.grants, Permission.VEHICLE_READ).covers(found.path, facts.site_id)
    if not mine and not found.serves(start.site_id, start.path):
        raise Missing("vehicle.missing", "没有这辆车，或不在您的管辖范围内", vehicle=str(found.id))
    return replace(
        said,
        plate=facts.plate,
        vehicle=said.vehicle.strip() or KINDS[facts.kind],
        carrier_id=facts.carrier_id,
        max_weight_g=facts.max_weight_g,
        max_volume_ml=facts.max_volume_ml,
        driver=said.driver.strip() or facts.driver,
        phone=said.phone.strip() or facts.phone,
    )


async def keep_contact(shipment_id: UUID, vehicle: Vehicle) -> None:
    """Driver and phone lie apart, so that they can be purged."""
    await db.execute(
        "INSERT INTO shipment_contact (shipment_id, driver, phone) VALUES ($1, $2, $3)"
        " ON CONFLICT (shipment_id) DO UPDATE SET driver = excluded.driver, phone = excluded.phone",
        shipment_id,
        vehicle.driver.strip(),
        vehicle.phone.strip(),
    )
