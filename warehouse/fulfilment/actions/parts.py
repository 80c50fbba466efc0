"""What the verbs of shipments share: the locked document, and the news of what was done."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from catalog.kernel import audit, db, feed, history
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Stale
from catalog.kernel.stamp import Stamp
from warehouse.fulfilment import queries, workflow
from warehouse.fulfilment.model import Shipment, Status, Vehicle


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
    return {"id": str(before.id), "number": before.number, "status": status.value, "version": version}


async def note(
    stamp: Stamp, verb: str, shipment_id: UUID, before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> None:
    """History, audit and feed of one act on a shipment."""
    key = str(shipment_id)
    await history.record(stamp, table="shipment", key=key, verb=verb, before=before, after=after)
    await audit.record(stamp, f"shipment.{verb}", subject_kind="shipment", subject_id=key, facts=after)
    await feed.publish("shipment", [key], stamp.recorded_at)


async def keep_contact(shipment_id: UUID, vehicle: Vehicle) -> None:
    """Driver and phone lie apart, so that they can be purged."""
    await db.execute(
        "INSERT INTO shipment_contact (shipment_id, driver, phone) VALUES ($1, $2, $3)"
        " ON CONFLICT (shipment_id) DO UPDATE SET driver = excluded.driver, phone = excluded.phone",
        shipment_id,
        vehicle.driver.strip(),
        vehicle.phone.strip(),
    )
