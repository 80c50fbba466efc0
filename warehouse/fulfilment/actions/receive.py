"""Receive a shipment line by line, settle what differs, close it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from catalog.kernel import attempts, audit, db
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Refused
from catalog.kernel.stamp import Stamp
from warehouse.files import actions as files
from warehouse.files.model import Subject
from warehouse.files.queries import list_files
from warehouse.fulfilment import queries, rules
from warehouse.fulfilment.actions import orders
from warehouse.fulfilment.actions.orders import tell
from warehouse.fulfilment.actions.parts import changed, locked
from warehouse.fulfilment.model import LONGEST_NAME, SHIPMENT, Line, Received, Shipment, Signer, Status
from warehouse.incidents import actions as incidents
from warehouse.stock import actions as stock
from warehouse.stock.model import ADJUSTMENT, Condition


async def receive(
    *,
    stamp: Stamp,
    shipment_id: UUID,
    said: Sequence[Received],
    receiver: str,
    file_ids: Sequence[UUID] = (),
    driver: str = "",
    driver_file_ids: Sequence[UUID] = (),
) -> Receipt:
    """What came of lines: fit, damaged, turned away, missing; who signs for it, with photos or a signature, and the
    driver with his (`driver`: who signs, where he is not the one who set out).

    Goods stand in the store's staging or at the receiving point. A difference opens a case at the sender, which is
    settled before the shipment closes; without any the last line closes it. Needs stock.receive at the destination.
    Raises Missing, Invalid, Refused (`shipment.more-than-shipped`, `shipment.line-received`).
    """

    async def work() -> Receipt:
        before = await locked(stamp, shipment_id, "receive")
        rules.check_received(before, said)
        if not receiver.strip() or len(receiver) > LONGEST_NAME:
            raise Invalid("shipment.no-receiver", "请填写签收人")
        target = await _target(before)
        carried = [one for line in said for one in _carried(before, line, target)]
        if carried:
            part = stamp.for_part("goods", [str(one) for one in said])
            await stock.arrive(stamp=part, carried=carried, document=before.document)
        case = await _write(stamp, before, said)
        await _count_for_needs(stamp, before, {one.line: one.accepted for one in said})
        await db.execute(
            "UPDATE shipment_contact SET receiver = $2 WHERE shipment_id = $1", shipment_id, receiver.strip()
        )
        await _keep_signatures(
            stamp,
            shipment_id,
            {Signer.RECEIVER: (receiver, file_ids), Signer.DRIVER: (driver or before.vehicle.driver, driver_file_ids)},
        )
        facts = {"received": [[o.line, o.accepted, o.damaged, o.rejected] for o in said], "case": case}
        sets = {} if before.arrived_at else {"arrived_at": stamp.recorded_at}
        receipt = await changed(stamp, "receive", before, Status.ARRIVED, sets, facts)
        return {**receipt, **await _complete(stamp, shipment_id), "case": case}

    return await attempts.once(stamp, "shipment.receive", work)


async def find(*, stamp: Stamp, shipment_id: UUID, line: int, quantity: int, note: str) -> Receipt:
    """Missing goods have turned up at the destination. Needs stock.receive there."""
    return await _settle(stamp, "find", shipment_id, line, quantity, note)


async def take_back(*, stamp: Stamp, shipment_id: UUID, line: int, quantity: int, note: str) -> Receipt:
    """Goods that were turned away, or turned up on the vehicle, are back at the sender, awaiting inspection."""
    return await _settle(stamp, "take-back", shipment_id, line, quantity, note)


async def write_off(*, stamp: Stamp, shipment_id: UUID, line: int, quantity: int, note: str) -> Receipt:
    """Goods are lost for good. Needs stock.dispose at the sender, which keepers do not hold."""
    return await _settle(stamp, "write-off", shipment_id, line, quantity, note)


async def forget_contacts(*, stamp: Stamp, before: datetime) -> int:
    """Clear away drivers, receivers and phones of shipments closed before an instant, and of receiving points whose
    incident ended before it; how many."""
    rows = [
        *await db.fetch(
            "UPDATE shipment_contact c SET driver = '', phone = '', receiver = '' FROM shipment h"
            " WHERE h.id = c.shipment_id AND h.status IN ('closed', 'cancelled')"
            " AND coalesce(h.closed_at, h.created_at) < $1 AND (c.driver <> '' OR c.phone <> '' OR c.receiver <> '')"
            " RETURNING c.shipment_id",
            before,
        ),
        *await db.fetch(
            "UPDATE shipment_signature g SET name = '' FROM shipment h WHERE h.id = g.shipment_id"
            " AND h.status IN ('closed', 'cancelled') AND coalesce(h.closed_at, h.created_at) < $1 AND g.name <> ''"
            " RETURNING g.file_id",
            before,
        ),
        *await db.fetch(
            "UPDATE receiving_point_contact c SET receiver = '', phone = '' FROM receiving_point p JOIN incident e"
            " ON e.id = p.incident_id WHERE p.id = c.point_id AND e.ended_at < $1"
            " AND (c.receiver <> '' OR c.phone <> '') RETURNING c.point_id",
            before,
        ),
    ]
    if rows:
        await audit.record(stamp, "shipment.forget-contacts", subject_kind="shipment", facts={"rows": len(rows)})
    return len(rows)


async def close(*, stamp: Stamp, shipment_id: UUID) -> Receipt:
    """Every piece is accounted for. Refused (`shipment.on-board`, `shipment.case-open`) before."""

    async def work() -> Receipt:
        before = await locked(stamp, shipment_id, "close")
        receipt = await changed(stamp, "close", before, Status.CLOSED, {"closed_at": stamp.recorded_at})
        await tell(stamp, shipment_id)
        return receipt

    return await attempts.once(stamp, "shipment.close", work)


# --- parts ----------------------------------------------------------------------------------------------------------


async def _keep_signatures(stamp: Stamp, shipment_id: UUID, by: Mapping[Signer, tuple[str, Sequence[UUID]]]) -> None:
    """Files beside the shipment; of those that are signatures, whose they are."""
    subject = Subject(SHIPMENT, str(shipment_id))
    ids = [one for _, several in by.values() for one in several]
    if not ids:
        return
    await files.attach_files(stamp=stamp, file_ids=ids, subject=subject)
    drawn = {one.id for one in await list_files(subject) if rules.is_signature(one.name)}
    for signer, (name, several) in by.items():
        signed = drawn.intersection(several)
        if signed and (not name.strip() or len(name) > LONGEST_NAME):
            raise Invalid("shipment.no-signer", "请填写签名人的姓名")
        for file_id in sorted(signed):
            await db.execute(
                "INSERT INTO shipment_signature (file_id, shipment_id, role, name, signed_at)"
                " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (file_id) DO NOTHING",
                file_id,
                shipment_id,
                signer.value,
                name.strip(),
                stamp.recorded_at,
            )


async def _target(shipment: Shipment) -> int:
    place = shipment.to_place if shipment.end.point is not None else await queries.staging_of(shipment.end.site_id)
    if place is None:
        raise Refused("shipment.no-staging", "收货库点没有收货区", site=shipment.end.code)
    return place


def _carried(shipment: Shipment, said: Received, target: int) -> list[stock.Carried]:
    line = rules.line_of(shipment, said.line)
    parts = (
        (said.accepted, Condition.GOOD, said.serials),
        (said.damaged, Condition.DAMAGED, said.damaged_serials),
    )
    return [
        stock.Carried(
            line.lot_id, quantity, shipment.place_id, target, line.line, to_condition=condition, serial_ids=pieces
        )
        for quantity, condition, pieces in parts
        if quantity
    ]


async def _write(stamp: Stamp, shipment: Shipment, said: Sequence[Received]) -> str | None:
    """What was said of each line, and the case where something differs: its id."""
    differing = []
    for one in said:
        line = rules.line_of(shipment, one.line)
        missing = line.loaded - one.accepted - one.damaged - one.rejected
        await db.execute(
            "UPDATE shipment_line SET rejected = $3, missing = $4, reason = $5, received_at = $6, received_by = $7"
            " WHERE shipment_id = $1 AND line = $2",
            shipment.id,
            one.line,
            one.rejected,
            missing,
            one.reason.strip(),
            stamp.recorded_at,
            stamp.login,
        )
        if one.accepted != line.loaded:
            differing.append(_difference(line, one, missing))
    if not differing:
        return None
    case = uuid5(stamp.attempt, "case")
    await stock.open_case(
        stamp=stamp,
        site_id=shipment.start.site_id,
        kind="shipment",
        facts={"shipment": shipment.number, "lines": differing},
        document_kind=SHIPMENT,
        document_id=shipment.id,
        case=case,
        mine=False,  # it is the sender's to settle
    )
    return str(case)


async def _count_for_needs(stamp: Stamp, shipment: Shipment, accepted: Mapping[int, int]) -> None:
    """What came fit counts for the needs it was sent for, in their units."""
    release = await orders.find_release(shipment)
    covers = {one.id: (one.covers, one.quantity) for one in release.lines} if release is not None else {}
    had: dict[tuple[UUID, UUID], int] = defaultdict(int)
    came: dict[tuple[UUID, UUID], int] = defaultdict(int)
    for line in shipment.lines:  # a line of the order may have become several, in boxes: rounded once
        if line.need_id is not None and line.release_line in covers:
            had[line.need_id, line.release_line] += line.accepted
            came[line.need_id, line.release_line] += accepted.get(line.line, 0)
    received: dict[UUID, int] = defaultdict(int)
    for (need, order_line), quantity in came.items():
        part, of = covers[order_line]
        before = had[need, order_line]
        received[need] += (before + quantity) * part // of - before * part // of
    await incidents.count_received(stamp=stamp, received={key: many for key, many in received.items() if many})


def _difference(line: Line, said: Received, missing: int) -> dict[str, Any]:
    return {
        "line": line.line,
        "item": line.item_key,
        "name": line.item,
        "unit": line.unit,
        "factor": line.unit_factor,
        "lot": line.lot,
        "shipped": line.loaded,
        "accepted": said.accepted,
        "damaged": said.damaged,
        "rejected": said.rejected,
        "missing": missing,
        "reason": said.reason.strip(),
    }


async def _complete(stamp: Stamp, shipment_id: UUID) -> Receipt:
    """After the last line: received; closed where nothing differs."""
    now = (await queries.find_shipments([shipment_id]))[shipment_id]
    if not all(line.settled for line in now.lines):
        return {}
    if any(line.differs for line in now.lines) or any(line.on_board for line in now.lines):
        receipt = await changed(stamp, "complete", now, Status.RECEIVED)
    else:
        receipt = await changed(stamp, "complete", now, Status.CLOSED, {"closed_at": stamp.recorded_at})
    await tell(stamp, shipment_id)
    return receipt


async def _settle(stamp: Stamp, verb: str, shipment_id: UUID, number: int, quantity: int, note: str) -> Receipt:
    async def work() -> Receipt:
        before = await locked(stamp, shipment_id, verb)
        line = rules.line_of(before, number)
        if not note.strip():
            raise Invalid("shipment.no-reason", "请写明原因", line=number)
        if not 0 < quantity <= line.on_board:
            raise Refused("shipment.not-on-board", "车上没有这么多", line=number, asked=quantity, free=line.on_board)
        pieces = await _pieces(before, line, quantity)
        part, document = stamp.for_part("goods", [number, quantity]), before.document
        if verb == "find":
            target = await _target(before)
            one = stock.Carried(line.lot_id, quantity, before.place_id, target, number, serial_ids=pieces)
            await stock.arrive(stamp=part, carried=[one], document=document, note=note)
            await _count_for_needs(stamp, before, {number: quantity})
        elif verb == "take-back":
            staging = await queries.staging_of(before.start.site_id)
            if staging is None:
                raise Refused("shipment.no-staging", "收货库点没有收货区", site=before.start.code)
            one = stock.Carried(
                line.lot_id, quantity, before.place_id, staging, number,
                to_condition=Condition.AWAITING, serial_ids=pieces,
            )  # fmt: skip
            await stock.bring_back(stamp=part, carried=[one], document=document, note=note)
        else:
            one = stock.Carried(line.lot_id, quantity, before.place_id, ADJUSTMENT, number, serial_ids=pieces)
            await stock.write_off(stamp=part, carried=[one], document=document, note=note)
        return await changed(stamp, verb, before, before.status, {}, {"line": number, "quantity": quantity})

    return await attempts.once(stamp, f"shipment.{verb}", work)


async def _pieces(shipment: Shipment, line: Line, quantity: int) -> tuple[int, ...]:
    """Which numbered pieces are left on the vehicle: all of them go the same way."""
    if line.tracking != "serial":
        return ()
    left = rules.pieces_of(shipment, line, await queries.pieces_on_board(shipment.place_id))
    if len(left) != quantity:
        raise Invalid("shipment.serials", "按编号管理的物资请一次处理全部剩余", line=line.line, lot=line.lot)
    return tuple(piece for piece, _ in left)
