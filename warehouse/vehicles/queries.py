"""Reads of vehicles."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Missing
from catalog.kernel.listing import Listing
from catalog.kernel.page import Page
from warehouse.vehicles.model import Kind, Sort, Standing, Vehicle, VehicleFacts

_SELECT = (
    "SELECT v.id, v.seq, coalesce(s.path, r.path), r.key, r.name_zh, r.name_en, s.code, s.name_zh, s.name_en,"
    " p.key, p.name_zh, p.name_en, v.used_kind, v.used_id, v.used_paper, v.version, v.retired_at, v.plate,"
    " v.kind, v.region_id, v.max_weight_g, v.max_volume_ml, v.odd_plate, v.site_id, v.carrier_id,"
    " v.out_of_service, v.valid_from, v.valid_to, v.note, coalesce(c.driver, ''), coalesce(c.phone, '')"
    " FROM vehicle v JOIN region r ON r.id = v.region_id LEFT JOIN site s ON s.id = v.site_id"
    " LEFT JOIN party p ON p.id = v.carrier_id LEFT JOIN vehicle_contact c ON c.vehicle_id = v.id"
)
_ORDER = {
    Sort.PLATE: ('v.plate COLLATE "C"', "v.seq"),
    Sort.WEIGHT: ("-v.max_weight_g", "v.seq"),
    Sort.VOLUME: ("-v.max_volume_ml", "v.seq"),
    Sort.HOME: ("coalesce(s.code, '')", "r.path", "v.seq"),
}
_BEFORE_ITS_DAYS = "(coalesce(v.valid_from > {}, false) OR coalesce(v.valid_to < {}, false))"


def _vehicle(row: Any) -> Vehicle:
    v: Any = tuple(row)
    said = (*v[:17], VehicleFacts(v[17], Kind(v[18]), *v[19:]))
    return Vehicle(*said)


async def get_vehicle(vehicle_id: UUID, scope: Scope) -> Vehicle:
    """A vehicle in scope, also a retired one. Raises Missing."""
    found = (await find_vehicles([vehicle_id])).get(vehicle_id)
    if found is None or not scope.covers(found.path, found.facts.site_id):
        raise missing(vehicle_id)
    return found


def missing(vehicle_id: UUID) -> Missing:
    """What is not there and what is out of scope are one answer."""
    return Missing("vehicle.missing", "没有这辆车，或不在您的管辖范围内", vehicle=str(vehicle_id))


async def find_vehicles(ids: Collection[UUID]) -> dict[UUID, Vehicle]:
    """Vehicles by id, retired ones too; unknown ones are left out. Not scoped."""
    if not ids:
        return {}
    rows = await db.fetch(_SELECT + " WHERE v.id = ANY($1::uuid[])", list(set(ids)))
    return {row[0]: _vehicle(row) for row in rows}


async def taken_plates(plates: Collection[str]) -> dict[str, UUID]:
    """Which of these plates vehicles in use of the register carry: their ids. Not scoped."""
    rows = await db.fetch("SELECT plate, id FROM vehicle WHERE plate = ANY($1) AND retired_at IS NULL", list(plates))
    return {row[0]: row[1] for row in rows}


async def list_vehicles(
    *,
    scope: Scope,
    on: date,
    text: str | None = None,
    kind: Kind | None = None,
    standing: Standing | None = None,
    under: str | None = None,
    retired: bool = False,
    sort: Sort = Sort.PLATE,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[Vehicle]:
    """Vehicles in scope. `text`: part of plate, carrier, driver, store or region; `under`: a region's path."""
    listing = Listing(_SELECT)
    listing.where(
        "(coalesce(s.path, r.path) LIKE ANY({}::text[]) OR v.site_id = ANY({}::bigint[]))",
        scope.prefixes,
        list(scope.site_ids),
    )
    listing.where("v.retired_at IS NOT NULL" if retired else "v.retired_at IS NULL")
    if text:
        listing.where(
            "strpos(upper(concat_ws(' ', v.plate, p.name_zh, p.name_en, c.driver, s.code, s.name_zh, s.name_en,"
            " r.name_zh, r.name_en)), upper({})) > 0",
            text,
        )
    if kind is not None:
        listing.where("v.kind = {}", kind.value)
    if under is not None:
        listing.where("starts_with(coalesce(s.path, r.path), {})", under)
    if standing is Standing.IN_USE:
        listing.where("v.used_id IS NOT NULL")
    elif standing is not None:
        listing.where("v.used_id IS NULL")
        listing.where("v.out_of_service <> ''" if standing is Standing.OUT_OF_SERVICE else "v.out_of_service = ''")
        if standing is not Standing.OUT_OF_SERVICE:
            listing.where(("" if standing is Standing.NOT_VALID else "NOT ") + _BEFORE_ITS_DAYS, on, on)
    return await listing.page(_ORDER[sort], cursor, limit, _vehicle)


async def at_hand(site_ids: Collection[int], on: date) -> Sequence[Vehicle]:
    """Vehicles that could be sent on a day by one of these stores (`Vehicle.serves`): smallest first, in a fixed order.

    Not scoped: for decisions and for whoever sends from there.
    """
    rows = await db.fetch(
        _SELECT + " WHERE v.retired_at IS NULL AND v.used_id IS NULL AND v.out_of_service = ''"
        " AND coalesce(v.valid_from <= $2, true) AND coalesce(v.valid_to >= $2, true)"
        " AND (v.site_id = ANY($1::bigint[]) OR v.site_id IS NULL AND EXISTS (SELECT 1 FROM site t"
        " WHERE t.id = ANY($1::bigint[]) AND starts_with(t.path, r.path)))"
        " ORDER BY v.max_weight_g, v.max_volume_ml, v.seq",
        sorted(set(site_ids)),
        on,
    )
    return [_vehicle(row) for row in rows]


async def strong_enough(grams: int, millilitres: int, most: int) -> Sequence[Vehicle]:
    """Vehicles of the register that carry a load alone, whatever keeps them now: smallest first. Not scoped."""
    rows = await db.fetch(
        _SELECT + " WHERE v.retired_at IS NULL AND v.max_weight_g >= $1 AND v.max_volume_ml >= $2"
        " ORDER BY v.max_weight_g, v.max_volume_ml, v.seq LIMIT $3",
        grams,
        millilitres,
        most,
    )
    return [_vehicle(row) for row in rows]
