"""Receiving points of an incident: goods are handed out there, come back from there, or are worn out there."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

from catalog.kernel import attempts, audit, db, feed, history
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Missing, Refused, Stale
from catalog.kernel.stamp import Stamp
from catalog.regions import queries as regions
from warehouse.fulfilment import queries, rules
from warehouse.fulfilment.model import LONGEST_NAME, POINT, AtPoint, Given, Point, PointFacts
from warehouse.incidents import queries as incidents
from warehouse.requisitions.model import Release
from warehouse.stock import actions as stock
from warehouse.stock.model import CONSUMED, DISPOSED, Condition, DocumentRef


async def add_point(*, stamp: Stamp, facts: PointFacts) -> Receipt:
    """A place where goods of an incident are received; its place on the ledger is kept by the nearest store.

    Needs need.edit where it lies or in the incident's region. Raises Missing, Invalid, Refused (closed incident, named
    already).
    """

    async def work() -> Receipt:
        rules.check_point(facts)
        scope = stamp.require(Permission.NEED_EDIT)
        incident = await incidents.get_incident(facts.incident_id, stamp.require(Permission.INCIDENT_READ))
        if incident.status == "closed":
            raise Refused("point.incident-closed", "事件已结案", incident=incident.number)
        region = await regions.find_region(facts.region_id)
        if region is None or not (scope.covers(region.path) or scope.covers(incident.path)):
            raise Missing("region.missing", "没有这个区划，或不在您的管辖范围内", region_id=facts.region_id)
        twin = await db.fetch_value(
            "SELECT id FROM receiving_point WHERE incident_id = $1 AND region_id = $2 AND name = $3",
            facts.incident_id,
            facts.region_id,
            facts.name.strip(),
        )
        if twin is not None:
            raise Refused("point.twice", "这个接收点已登记", point=str(twin))
        site_id = await queries.keeper_of(region.path)
        if site_id is None:
            raise Refused("point.no-store", "没有可以记账的储备库点")
        point_id = uuid5(stamp.attempt, "point")
        await _insert(stamp, point_id, facts, site_id)
        after = {"name": facts.name.strip(), "incident": incident.number, "region_id": facts.region_id}
        await _note(stamp, "add", point_id, None, after)
        return {"id": str(point_id), "version": 1}

    return await attempts.once(stamp, "point.add", work)


async def set_contact(*, stamp: Stamp, point_id: UUID, version: int, receiver: str, phone: str) -> Receipt:
    """Who receives there now. Needs need.edit where it lies or in the incident's region."""

    async def work() -> Receipt:
        point = await _locked(stamp, point_id, Permission.NEED_EDIT)
        if version != point.version:
            raise Stale("point.stale", "别人已修改，请重新载入", yours=version, current=point.version)
        await _keep_contact(point_id, receiver, phone)
        await db.execute("UPDATE receiving_point SET version = version + 1 WHERE id = $1", point_id)
        await _note(stamp, "set-contact", point_id, {"version": version}, {"version": version + 1})
        return {"id": str(point_id), "version": version + 1}

    return await attempts.once(stamp, "point.set-contact", work)


async def hand_out(*, stamp: Stamp, point_id: UUID, given: Sequence[Given], note: str = "") -> Receipt:
    """Goods are given to those who need them: used, for good. Needs stock.hand-out where the point lies.

    Returnables are not handed out: they stay at the point until they come back or are written off.
    """

    async def work() -> Receipt:
        point, there = await _goods(stamp, point_id, given, Permission.HAND_OUT)
        for number, one in enumerate(given, 1):
            if there[one.lot_id, one.condition].returnable:
                item = there[one.lot_id, one.condition].item_key
                raise Refused("point.returnable", "可回收物资不作发放，请在用后归还或核销", line=number, item=item)
        carried = _carried(point, given, CONSUMED)
        part = stamp.for_part("goods", [str(one) for one in given])
        await stock.hand_out(stamp=part, carried=carried, document=DocumentRef(POINT, point.id), note=note)
        return await _done(stamp, "hand-out", point, given)

    return await attempts.once(stamp, "point.hand-out", work)


async def bring_back(
    *, stamp: Stamp, point_id: UUID, given: Sequence[Given], site_id: int, damaged: bool = False, note: str = ""
) -> Receipt:
    """Goods go back into a store's staging: awaiting inspection, or damaged. Needs stock.return at the store."""

    async def work() -> Receipt:
        point, _ = await _goods(stamp, point_id, given, Permission.RETURN, seen=Permission.SHIPMENT_READ)
        staging = await queries.staging_of(site_id)
        if staging is None:
            raise Refused("shipment.no-staging", "收货库点没有收货区", site_id=site_id)
        to = Condition.DAMAGED if damaged else Condition.AWAITING
        carried = _carried(point, given, staging, to)
        part = stamp.for_part("goods", [str(one) for one in given])
        await stock.bring_back(stamp=part, carried=carried, document=DocumentRef(POINT, point.id), note=note)
        return await _done(stamp, "bring-back", point, given)

    return await attempts.once(stamp, "point.bring-back", work)


async def write_off(*, stamp: Stamp, point_id: UUID, given: Sequence[Given], note: str) -> Receipt:
    """Worn out or lost in use. Needs stock.dispose where the point's books are kept; `note` names the ground."""

    async def work() -> Receipt:
        point, _ = await _goods(stamp, point_id, given, Permission.DISPOSE)
        carried = _carried(point, given, DISPOSED)
        part = stamp.for_part("goods", [str(one) for one in given])
        await stock.write_off(stamp=part, carried=carried, document=DocumentRef(POINT, point.id), note=note)
        return await _done(stamp, "write-off", point, given)

    return await attempts.once(stamp, "point.write-off", work)


async def point_of(stamp: Stamp, release: Release) -> UUID:
    """The receiving point of a release order's place in its incident: there, or made now. Inside the caller's action.

    Raises Refused (`shipment.no-incident`) for an order without an incident: somebody has to say where it goes.
    """
    if release.incident_id is None:
        raise Refused("shipment.no-incident", "动用指令不属于任何事件，请选择目的地", release=release.name)
    name = (release.place.strip() or release.region_zh)[:LONGEST_NAME]
    found: UUID | None = await db.fetch_value(
        "SELECT id FROM receiving_point WHERE incident_id = $1 AND region_id = $2 AND name = $3",
        release.incident_id,
        release.region_id,
        name,
    )
    if found is not None:
        return found
    site_id = await queries.keeper_of(release.region_path)
    if site_id is None:
        raise Refused("point.no-store", "没有可以记账的储备库点")
    facts = PointFacts(
        release.incident_id, release.region_id, name, release.place, release.lat, release.lon,
        release.receiver, release.phone,
    )  # fmt: skip
    point_id = uuid5(stamp.attempt, "point")
    await _insert(stamp, point_id, facts, site_id)
    await _note(stamp, "add", point_id, None, {"name": name, "release": release.name, "region_id": release.region_id})
    return point_id


# --- parts ----------------------------------------------------------------------------------------------------------


async def _insert(stamp: Stamp, point_id: UUID, facts: PointFacts, site_id: int) -> None:
    place = await stock.add_place(kind="incident", id=point_id, site_id=site_id)
    await db.execute(
        "INSERT INTO receiving_point (id, incident_id, region_id, name, place, lat, lon, site_id, place_id, made_at,"
        " made_by, attempt) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        point_id,
        facts.incident_id,
        facts.region_id,
        facts.name.strip(),
        facts.place.strip(),
        facts.lat,
        facts.lon,
        site_id,
        place,
        stamp.recorded_at,
        stamp.login,
        stamp.attempt,
    )
    await _keep_contact(point_id, facts.receiver, facts.phone)


async def _keep_contact(point_id: UUID, receiver: str, phone: str) -> None:
    await db.execute(
        "INSERT INTO receiving_point_contact (point_id, receiver, phone) VALUES ($1, $2, $3)"
        " ON CONFLICT (point_id) DO UPDATE SET receiver = excluded.receiver, phone = excluded.phone",
        point_id,
        receiver.strip(),
        phone.strip(),
    )


async def _locked(stamp: Stamp, point_id: UUID, permission: Permission) -> Point:
    await db.execute("SELECT 1 FROM receiving_point WHERE id = $1 FOR UPDATE", point_id)
    return await queries.get_point(point_id, stamp.require(permission))


async def _goods(
    stamp: Stamp, point_id: UUID, given: Sequence[Given], permission: Permission, *, seen: Permission | None = None
) -> tuple[Point, Mapping[tuple[int, str], AtPoint]]:
    """The point, locked, and what stands there. `seen`: the right at the store is asked for by stock."""
    stamp.require(permission)
    point = await _locked(stamp, point_id, seen or permission)
    rules.check_given(given)
    there = {(one.lot_id, one.condition): one for one in await queries.at_point(point.place_id)}
    for number, one in enumerate(given, 1):
        found = there.get((one.lot_id, one.condition))
        if found is None or found.on_hand < one.quantity:
            free = found.on_hand if found else 0
            raise Refused("point.not-there", f"接收点只有 {free}", line=number, asked=one.quantity, free=free)
    return point, there


def _carried(point: Point, given: Sequence[Given], target: int, to: Condition = Condition.GOOD) -> list[stock.Carried]:
    return [
        stock.Carried(
            one.lot_id, one.quantity, point.place_id, target, number, Condition(one.condition), to, one.serial_ids
        )
        for number, one in enumerate(given, 1)
    ]


async def _done(stamp: Stamp, verb: str, point: Point, given: Sequence[Given]) -> Receipt:
    facts: dict[str, Any] = {"goods": [[one.lot_id, one.quantity] for one in given], "incident": point.incident}
    await _note(stamp, verb, point.id, None, facts)
    return {"id": str(point.id), "version": point.version, "lines": len(given)}


async def _note(
    stamp: Stamp, verb: str, point_id: UUID, before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> None:
    key = str(point_id)
    await history.record(stamp, table="receiving_point", key=key, verb=verb, before=before, after=after)
    await audit.record(stamp, f"point.{verb}", subject_kind="receiving_point", subject_id=key, facts=after)
    await feed.publish("receiving-point", [key], stamp.recorded_at)
