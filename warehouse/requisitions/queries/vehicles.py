"""Vehicles for plans and release orders: which could be sent, and which orders count on one already."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.time import day_of
from warehouse.requisitions.queries.promises import commitment_of
from warehouse.requisitions.sourcing.model import Vehicle as Ready
from warehouse.vehicles import queries as vehicles
from warehouse.vehicles.model import Kind, Vehicle

_WAITING = "o.status IN ('waiting', 'released', 'picking')"


@dataclass(frozen=True, slots=True)
class Suggested:
    """A vehicle that a plan had in mind for an order. `ready`: it can still be sent."""

    vehicle: Vehicle
    ready: bool


@dataclass(frozen=True, slots=True)
class Loaded:
    """A vehicle of a plan, with what it may carry in grams and millilitres."""

    id: UUID
    plate: str
    kind: Kind
    grams: int
    millilitres: int


async def ready_for(sources: Collection[str], scope: Scope, at: datetime) -> tuple[Ready, ...]:
    """Vehicles in scope that stores among the sources may send now, and no waiting order counts on. Fixed order."""
    stores = {source: int(source.split(":")[0]) for source in sorted(sources) if commitment_of(source) is None}
    if not stores:
        return ()
    paths = dict(map(tuple, await db.fetch("SELECT id, path FROM site WHERE id = ANY($1)", sorted(stores.values()))))
    found = [
        one
        for one in await vehicles.at_hand(set(stores.values()), day_of(at))
        if scope.covers(one.path, one.facts.site_id)
    ]
    promised = await counted_on([one.id for one in found])
    return tuple(
        Ready(
            str(one.id),
            one.facts.max_weight_g,
            one.facts.max_volume_ml,
            frozenset(source for source, site in stores.items() if one.serves(site, paths[site])),
        )
        for one in found
        if one.id not in promised
    )


async def counted_on(ids: Collection[UUID]) -> set[UUID]:
    """Which of these vehicles a waiting order counts on."""
    rows = await db.fetch(
        "SELECT DISTINCT v.vehicle_id FROM release_vehicle v JOIN release_order o ON o.id = v.release_id"
        f" WHERE v.vehicle_id = ANY($1::uuid[]) AND v.sent_at IS NULL AND {_WAITING}",
        list(ids),
    )
    return {row[0] for row in rows}


async def suggested_for(release_id: UUID, at: datetime) -> Sequence[Suggested]:
    """Vehicles that the accepted plan had in mind for an order and that have not been sent with it, in its order."""
    rows = await db.fetch(
        "SELECT vehicle_id FROM release_vehicle WHERE release_id = $1 AND sent_at IS NULL ORDER BY turn", release_id
    )
    found = await vehicles.find_vehicles([row[0] for row in rows])
    ready = {one.id for one in await vehicles.at_hand(await _site_of(release_id), day_of(at))}
    return [Suggested(found[row[0]], row[0] in ready) for row in rows]


async def _site_of(release_id: UUID) -> list[int]:
    return [row[0] for row in await db.fetch("SELECT site_id FROM release_order WHERE id = $1", release_id)]


async def find_loaded(ids: Collection[str]) -> dict[str, Loaded]:
    """Vehicles that plans name, by their names there. Plate and limits only: whoever reads the plan may see them."""
    found = await vehicles.find_vehicles([UUID(one) for one in ids])
    return {
        str(one.id): Loaded(one.id, one.facts.plate, one.facts.kind, one.facts.max_weight_g, one.facts.max_volume_ml)
        for one in found.values()
    }
