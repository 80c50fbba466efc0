"""Which vehicles an order counts on: suggested by the plan, until they are sent or the order needs no more."""

from collections.abc import Mapping
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from warehouse.requisitions.queries.vehicles import counted_on
from warehouse.requisitions.sourcing.model import Plan
from warehouse.vehicles import actions as vehicles


async def suggest(stamp: Stamp, plan: Plan, rides: Mapping[tuple[str, str], UUID]) -> int:
    """Keep the plan's vehicles for the orders of its rides (source, place); how many.

    One that cannot be sent any more, or that another order counts on by now, is left out: a vehicle never keeps goods
    from being held.
    """
    wanted = {
        UUID(key): rides[one.source, one.place]
        for one in plan.shipments
        if (one.source, one.place) in rides
        for key in one.vehicles
    }
    ready = await vehicles.lock_ready(list(wanted), day_of(stamp.recorded_at))
    kept = [one for one in wanted if one in ready]
    promised = await counted_on(kept)
    kept = [one for one in kept if one not in promised]
    for turn, vehicle in enumerate(kept):
        await db.execute(
            "INSERT INTO release_vehicle (release_id, turn, vehicle_id) VALUES ($1, $2, $3)",
            wanted[vehicle],
            turn,
            vehicle,
        )
    return len(kept)


async def note_sent(*, stamp: Stamp, release_id: UUID, vehicle_id: UUID | None, all_goods: bool) -> None:
    """A shipment of an order has its vehicle; once it has vehicles for `all_goods`, the order counts on no other.

    For fulfilment, inside its transaction and under its right.
    """
    await db.execute(
        "UPDATE release_vehicle SET sent_at = $3 WHERE release_id = $1 AND sent_at IS NULL AND ($4 OR vehicle_id = $2)",
        release_id,
        vehicle_id,
        stamp.recorded_at,
        all_goods,
    )
