"""Writes of vehicles. Needs vehicle.edit where the vehicle stands; names and phones never reach history or audit."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from catalog.kernel import attempts, audit, db, feed, history
from catalog.kernel.access import EVERYWHERE, Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Missing, Refused, Stale
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from warehouse.parties import queries as parties
from warehouse.sites import queries as sites
from warehouse.vehicles import queries, rules
from warehouse.vehicles.model import Standing, Vehicle, VehicleFacts

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('warehouse.vehicles', 7))"
_COLUMNS = (
    "plate", "kind", "region_id", "max_weight_g", "max_volume_ml", "odd_plate", "site_id", "carrier_id",
    "out_of_service", "valid_from", "valid_to", "note",
)  # fmt: skip


async def register(*, stamp: Stamp, vehicles: Sequence[VehicleFacts]) -> Receipt:
    """Register vehicles, all or none. Raises Invalid, Missing (region, store, carrier), Refused (`vehicle.plate-taken`,
    `vehicle.odd-plate`), each naming the line."""

    async def work() -> Receipt:
        rules.check_new(vehicles)
        await db.execute(_LOCK)
        taken = await queries.taken_plates([rules.plain_plate(one.plate) for one in vehicles])
        ids = []
        for line, facts in enumerate(vehicles, 1):
            await _check_home(stamp, facts, line)
            _check_plate(facts, taken, None, line)
            ids.append(await _insert(stamp, facts, line))
        return {"ids": [str(one) for one in ids], "id": str(ids[0]), "version": 1}

    return await attempts.once(stamp, "vehicle.register", work)


async def load(*, stamp: Stamp, vehicles: Sequence[VehicleFacts], known: int) -> Receipt:
    """Register the vehicles of a file, all or none; what the register has already stays as it is and is counted with
    those (`known`) that were seen to be there before. Raises what `register` raises."""

    async def work() -> Receipt:
        if vehicles:
            rules.check_new(vehicles)
        await db.execute(_LOCK)
        taken = await queries.taken_plates([rules.plain_plate(one.plate) for one in vehicles])
        new = [one for one in vehicles if rules.plain_plate(one.plate) not in taken]
        for line, facts in enumerate(new, 1):
            await _check_home(stamp, facts, line)
            await _insert(stamp, facts, line)
        return {"new": len(new), "known": known + len(vehicles) - len(new)}

    return await attempts.once(stamp, "vehicle.load", work)


async def edit(*, stamp: Stamp, vehicle_id: UUID, version: int, facts: VehicleFacts) -> Receipt:
    """Replace what is said of a vehicle, its home and driver too. Raises Missing, Stale, Invalid, Refused."""

    async def work() -> Receipt:
        await db.execute(_LOCK)
        before = await _locked(stamp, vehicle_id, version)
        rules.check_facts(facts)
        await _check_home(stamp, facts, 1)
        _check_plate(facts, await queries.taken_plates([rules.plain_plate(facts.plate)]), vehicle_id, 1)
        await _keep_contact(vehicle_id, facts)
        return await _changed(stamp, "edit", before, _columns(facts))

    return await attempts.once(stamp, "vehicle.edit", work)


async def retire(*, stamp: Stamp, vehicle_id: UUID, version: int) -> Receipt:
    """Withdraw a vehicle; papers that name it go on naming it. Refused (`vehicle.in-use`) on the road."""

    async def work() -> Receipt:
        before = await _locked(stamp, vehicle_id, version)
        if before.retired_at is not None:
            raise Refused("vehicle.retired", "车辆已停用", plate=before.facts.plate)
        if before.used_id is not None:
            rules.check_free(before, day_of(stamp.recorded_at))
        return await _changed(stamp, "retire", before, {"retired_at": stamp.recorded_at})

    return await attempts.once(stamp, "vehicle.retire", work)


async def restore(*, stamp: Stamp, vehicle_id: UUID, version: int) -> Receipt:
    """It is at hand again. Refused where another vehicle carries its plate by now."""

    async def work() -> Receipt:
        await db.execute(_LOCK)
        before = await _locked(stamp, vehicle_id, version)
        if before.retired_at is None:
            raise Refused("vehicle.not-retired", "车辆没有停用", plate=before.facts.plate)
        _check_plate(before.facts, await queries.taken_plates([before.facts.plate]), vehicle_id, 1)
        return await _changed(stamp, "restore", before, {"retired_at": None})

    return await attempts.once(stamp, "vehicle.restore", work)


async def forget_contacts(*, stamp: Stamp, before: datetime) -> int:
    """Clear away drivers and phones of vehicles withdrawn, or valid only, before an instant; how many."""
    rows = await db.fetch(
        "UPDATE vehicle_contact c SET driver = '', phone = '' FROM vehicle v WHERE v.id = c.vehicle_id"
        " AND v.used_id IS NULL AND (v.retired_at < $1 OR v.valid_to < $2) AND (c.driver <> '' OR c.phone <> '')"
        " RETURNING c.vehicle_id",
        before,
        day_of(before),
    )
    if rows:
        await audit.record(stamp, "vehicle.forget-contacts", subject_kind="vehicle", facts={"rows": len(rows)})
    return len(rows)


# --- for papers that use vehicles: inside their transaction, under their rights ------------------------------------


async def hold(*, stamp: Stamp, kind: str, paper: UUID, number: str, vehicle_id: UUID | None) -> Vehicle | None:
    """From now on a paper uses this vehicle (None: none) and no other; whatever it used before is free.

    Rivals wait at the rows, locked in a fixed order. Raises Missing, Refused (`vehicle.in-use`, `vehicle.retired` …).
    """
    rows = await db.fetch(
        "SELECT id FROM vehicle WHERE id = $1 OR used_kind = $2 AND used_id = $3 ORDER BY id FOR UPDATE",
        vehicle_id,
        kind,
        paper,
    )
    known = await queries.find_vehicles([row[0] for row in rows])
    wanted = known.get(vehicle_id) if vehicle_id is not None else None
    if vehicle_id is not None and wanted is None:
        raise queries.missing(vehicle_id)
    for one in known.values():
        if one.used_id == paper and one.id != vehicle_id:
            await _set_use(stamp, "vehicle.give-back", one, "", None, "")
    if wanted is not None and wanted.used_id != paper:
        rules.check_free(wanted, day_of(stamp.recorded_at))
        await _set_use(stamp, "vehicle.take", wanted, kind, paper, number)
    return wanted


async def lock_ready(ids: Collection[UUID], on: date) -> set[UUID]:
    """Which of these vehicles can be sent on a day; their rows stay locked until the transaction ends."""
    await db.execute("SELECT 1 FROM vehicle WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE", list(ids))
    found = await queries.find_vehicles(ids)
    return {one.id for one in found.values() if one.retired_at is None and one.standing(on) is Standing.READY}


# --- parts ----------------------------------------------------------------------------------------------------------


async def _set_use(stamp: Stamp, act: str, vehicle: Vehicle, kind: str, paper: UUID | None, number: str) -> None:
    await db.execute(
        "UPDATE vehicle SET used_kind = $2, used_id = $3, used_paper = $4 WHERE id = $1",
        vehicle.id,
        kind,
        paper,
        number,
    )
    await _note(
        stamp, act.removeprefix("vehicle."), vehicle.id, {"used_paper": vehicle.used_paper}, {"used_paper": number}
    )


async def _locked(stamp: Stamp, vehicle_id: UUID, version: int) -> Vehicle:
    scope = stamp.require(Permission.VEHICLE_EDIT)
    await db.execute("SELECT 1 FROM vehicle WHERE id = $1 FOR UPDATE", vehicle_id)
    found = await queries.get_vehicle(vehicle_id, scope)
    if found.version != version:
        raise Stale("vehicle.stale", "别人已修改，请重新载入", yours=version, current=found.version)
    return found


async def _check_home(stamp: Stamp, facts: VehicleFacts, line: int) -> None:
    """The caller may keep vehicles there; store and carrier are there. Raises Missing, Denied, Refused."""
    path = await db.fetch_value("SELECT path FROM region WHERE id = $1 AND retired_at IS NULL", facts.region_id)
    if path is None:
        raise Missing("region.missing", "没有这个区划", line=line, region_id=facts.region_id)
    if facts.site_id is not None:
        site = await sites.get_site(facts.site_id, EVERYWHERE)
        if not site.path.startswith(path):
            raise Refused("vehicle.home-elsewhere", "库点不在这个区划内", line=line, site=site.code)
        if site.retired_at is not None:
            raise Refused("vehicle.home-retired", "储备库点已停用", line=line, site=site.code)
        path = site.path
    stamp.require_at(Permission.VEHICLE_EDIT, path, facts.site_id)
    if facts.carrier_id is not None and not await parties.find_names([facts.carrier_id]):
        raise Missing("party.missing", "没有这个单位，或不在您的管辖范围内", line=line, party_id=facts.carrier_id)


def _check_plate(facts: VehicleFacts, taken: Mapping[str, UUID], mine: UUID | None, line: int) -> None:
    plate = rules.plain_plate(facts.plate)
    if taken.get(plate, mine) != mine:
        raise Refused("vehicle.plate-taken", f"{plate} 已登记", line=line, plate=plate)


def _columns(facts: VehicleFacts) -> dict[str, Any]:
    said = {name: getattr(facts, name) for name in _COLUMNS}
    texts = {name: said[name].strip() for name in ("out_of_service", "note")}
    return {**said, **texts, "plate": rules.plain_plate(facts.plate), "kind": facts.kind.value}


async def _insert(stamp: Stamp, facts: VehicleFacts, line: int) -> UUID:
    vehicle_id = uuid5(stamp.attempt, f"vehicle {line}")
    columns = _columns(facts)
    places = ", ".join(f"${n}" for n in range(1, len(columns) + 5))
    await db.execute(
        f"INSERT INTO vehicle (id, made_at, made_by, attempt, {', '.join(columns)}) VALUES ({places})",
        vehicle_id,
        stamp.recorded_at,
        stamp.login,
        stamp.attempt,
        *columns.values(),
    )
    await _keep_contact(vehicle_id, facts)
    await _note(stamp, "register", vehicle_id, None, _told(columns))
    return vehicle_id


async def _keep_contact(vehicle_id: UUID, facts: VehicleFacts) -> None:
    await db.execute(
        "INSERT INTO vehicle_contact (vehicle_id, driver, phone) VALUES ($1, $2, $3)"
        " ON CONFLICT (vehicle_id) DO UPDATE SET driver = excluded.driver, phone = excluded.phone",
        vehicle_id,
        facts.driver.strip(),
        facts.phone.strip(),
    )


async def _changed(stamp: Stamp, verb: str, before: Vehicle, columns: Mapping[str, Any]) -> Receipt:
    sets = ", ".join(f"{name} = ${n}" for n, name in enumerate(columns, 2))
    await db.execute(f"UPDATE vehicle SET version = version + 1, {sets} WHERE id = $1", before.id, *columns.values())
    was = {**_columns(before.facts), "retired_at": before.retired_at}
    await _note(stamp, verb, before.id, _told({name: was[name] for name in columns}), _told(columns))
    return {"id": str(before.id), "version": before.version + 1}


def _told(columns: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in columns.items()}


async def _note(
    stamp: Stamp, verb: str, vehicle_id: UUID, before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> None:
    key = str(vehicle_id)
    await history.record(stamp, table="vehicle", key=key, verb=verb, before=before, after=after)
    await audit.record(stamp, f"vehicle.{verb}", subject_kind="vehicle", subject_id=key, facts=after)
    await feed.publish("vehicle", [key], stamp.recorded_at)
