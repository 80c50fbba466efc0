"""Vehicles at hand (应急运力): registered, edited, withdrawn, restored."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Response, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from api.auth.edge import VERB
from api.auth.stamps import Stamped
from api.rest import references
from api.rest.conditions import IfMatch, etag, read_version
from api.rest.sessions import Cursor, Limit
from api.schemas.vehicles import VehicleDone, VehicleFactsIn, VehicleOut, VehiclesPage
from catalog.kernel.access import EVERYWHERE, Permission
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from catalog.regions import queries as regions
from warehouse.sites import queries as sites
from warehouse.vehicles import actions, queries
from warehouse.vehicles.model import Kind, Sort, Standing, Vehicle, VehicleFacts

TAGS = ["vehicles"]
Sought = Annotated[str | None, QueryParameter(max_length=100, description="Part of plate, carrier, driver or store.")]
KeyOf = Annotated[str | None, QueryParameter(max_length=80)]


@get("/vehicles", opt={VERB: "vehicle.list"}, tags=TAGS)
async def list_vehicles(
    stamp: Stamped,
    q: Sought = None,
    kind: FromQuery[Kind | None] = None,
    standing: FromQuery[Standing | None] = None,
    region: KeyOf = None,
    retired: FromQuery[bool] = False,
    sort: FromQuery[Sort] = Sort.PLATE,
    cursor: Cursor = None,
    limit: Limit = None,
) -> VehiclesPage:
    """Vehicles in my scope; `retired`: those that were withdrawn."""
    found = await queries.list_vehicles(
        scope=stamp.require(Permission.VEHICLE_READ),
        on=day_of(stamp.recorded_at),
        text=q,
        kind=kind,
        standing=standing,
        under=(await regions.get_by_key(region)).path if region is not None else None,
        retired=retired,
        sort=sort,
        cursor=cursor,
        limit=limit,
    )
    return VehiclesPage(items=[_shown(one, stamp) for one in found.items], next_cursor=found.next_cursor)


@get("/vehicles/{vehicle:uuid}", opt={VERB: "vehicle.read"}, tags=TAGS)
async def get_vehicle(stamp: Stamped, vehicle: FromPath[UUID]) -> Response[VehicleOut]:
    """One vehicle. The ETag is the version to send as If-Match."""
    found = await queries.get_vehicle(vehicle, stamp.require(Permission.VEHICLE_READ))
    return Response(_shown(found, stamp), headers=etag(found.version))


@post("/vehicles", opt={VERB: "vehicle.register"}, tags=TAGS)
async def register(stamp: Stamped, data: JSONBody[VehicleFactsIn]) -> VehicleDone:
    """A new vehicle. 409 `vehicle.plate-taken`; `vehicle.odd-plate` asks whether the plate is right."""
    stamp.require(Permission.VEHICLE_EDIT)
    done = await actions.register(stamp=stamp, vehicles=[await _facts(data, stamp)])
    return VehicleDone(id=done["id"], version=done["version"], repeat=done.get("repeat", False))


@put("/vehicles/{vehicle:uuid}", opt={VERB: "vehicle.edit"}, tags=TAGS)
async def edit(
    stamp: Stamped, vehicle: FromPath[UUID], data: JSONBody[VehicleFactsIn], if_match: IfMatch
) -> Response[VehicleDone]:
    """Replace what is said of it. 409 `vehicle.stale` when somebody else was faster."""
    stamp.require(Permission.VEHICLE_EDIT)
    done = await actions.edit(
        stamp=stamp, vehicle_id=vehicle, version=read_version(if_match), facts=await _facts(data, stamp)
    )
    return Response(VehicleDone(**done), headers=etag(done["version"]))


@delete("/vehicles/{vehicle:uuid}", opt={VERB: "vehicle.retire"}, tags=TAGS, status_code=200)
async def retire(stamp: Stamped, vehicle: FromPath[UUID], if_match: IfMatch) -> Response[VehicleDone]:
    """Withdraw it. 409 `vehicle.in-use` while a shipment has it."""
    done = await actions.retire(stamp=stamp, vehicle_id=vehicle, version=read_version(if_match))
    return Response(VehicleDone(**done), headers=etag(done["version"]))


@post("/vehicles/{vehicle:uuid}/restore", opt={VERB: "vehicle.restore"}, tags=TAGS, status_code=200)
async def restore(stamp: Stamped, vehicle: FromPath[UUID], if_match: IfMatch) -> Response[VehicleDone]:
    """It is at hand again. 409 `vehicle.plate-taken` where another carries its plate by now."""
    done = await actions.restore(stamp=stamp, vehicle_id=vehicle, version=read_version(if_match))
    return Response(VehicleDone(**done), headers=etag(done["version"]))


async def _facts(data: VehicleFactsIn, stamp: Stamp) -> VehicleFacts:
    region = (await references.find_regions([data.region]))[data.region]
    site = (await sites.get_by_code(data.site, EVERYWHERE)).id if data.site else None
    carrier = (await references.find_parties([data.carrier], stamp))[data.carrier] if data.carrier else None
    same = ("plate", "kind", "odd_plate", "out_of_service", "note", "driver", "phone")
    return VehicleFacts(
        region_id=region,
        site_id=site,
        carrier_id=carrier,
        max_weight_g=data.max_weight_kg * 1000,
        max_volume_ml=data.max_volume_l * 1000,
        valid_from=references.thinkable(data.valid_from) if data.valid_from else None,
        valid_to=references.thinkable(data.valid_to) if data.valid_to else None,
        **{name: getattr(data, name) for name in same},
    )


def _shown(one: Vehicle, stamp: Stamp) -> VehicleOut:
    facts = one.facts
    same = ("plate", "odd_plate", "kind", "driver", "phone", "out_of_service", "valid_from", "valid_to", "note")
    return VehicleOut(
        id=one.id,
        standing=one.standing(day_of(stamp.recorded_at)),
        region=one.region_key,
        region_name=one.region_zh,
        site=one.site_code,
        site_name=one.site_zh,
        carrier=one.carrier_key,
        carrier_name=one.carrier_zh,
        max_weight_kg=facts.max_weight_g // 1000,
        max_volume_l=facts.max_volume_ml // 1000,
        used_paper=one.used_paper,
        version=one.version,
        retired_at=one.retired_at,
        **{name: getattr(facts, name) for name in same},
    )


HANDLERS: list[Any] = [list_vehicles, get_vehicle, register, edit, retire, restore]
