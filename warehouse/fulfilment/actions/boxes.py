"""Boxes and pallets of a shipment: opened, packed, closed; loaded, unloaded and received by their label.

A box is some of a shipment's lines: what is packed becomes a line of its own, so that every verb that knows lines
knows boxes, and the moves of the lines stay the only truth about where the goods are.
"""

from collections.abc import Sequence
from uuid import UUID, uuid5

from catalog.kernel import attempts, db
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Missing, Refused
from catalog.kernel.parameters import value_of
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from warehouse.fulfilment import queries, rules
from warehouse.fulfilment.actions.load import load_lines, unload_lines
from warehouse.fulfilment.actions.parts import changed, locked
from warehouse.fulfilment.actions.receive import receive
from warehouse.fulfilment.model import (
    SSCC_PREFIX,
    Box,
    BoxKind,
    BoxStatus,
    Line,
    Loading,
    Packing,
    Received,
    Shipment,
)


async def open_box(*, stamp: Stamp, shipment_id: UUID, kind: BoxKind) -> Receipt:
    """A new box or pallet with its own number, and an SSCC where the house has a company prefix. Needs stock.issue."""

    async def work() -> Receipt:
        before = await locked(stamp, shipment_id, "pack")
        turn = await db.fetch_value("SELECT nextval('pallet_number')")
        number = f"{day_of(stamp.recorded_at):%y}{turn:06d}"
        sscc = rules.sscc_of(str(await value_of(SSCC_PREFIX.key, before.start.path)), turn)
        box_id = uuid5(stamp.attempt, "box")
        await db.execute(
            "INSERT INTO shipment_box (id, shipment_id, kind, number, sscc, status, made_at, made_by, attempt)"
            " VALUES ($1, $2, $3, $4, $5, 'open', $6, $7, $8)",
            box_id,
            shipment_id,
            kind.value,
            number,
            sscc,
            stamp.recorded_at,
            stamp.login,
            stamp.attempt,
        )
        done = await changed(stamp, "open-box", before, before.status, None, {"box": number, "kind": kind.value})
        return {**done, "box": str(box_id), "box_number": number, "sscc": sscc}

    return await attempts.once(stamp, "shipment.open-box", work)


async def pack(*, stamp: Stamp, shipment_id: UUID, box_id: UUID, packing: Packing) -> Receipt:
    """So much of a lot into an open box: it becomes a line of its own. Needs stock.issue.

    Raises Refused (`box.not-on-list`, `box.too-much`, `box.closed`), Invalid (`shipment.serials`).
    """

    async def work() -> Receipt:
        before = await locked(stamp, shipment_id, "pack")
        box = await _box(before, box_id, BoxStatus.OPEN)
        parts = rules.lines_to_pack(before, packing)
        lines, at = [], 0
        for line, quantity in parts:
            pieces = packing.serial_ids[at : at + quantity]
            lines.append(await _into(before, box, line, quantity, pieces))
            at += quantity
        item = parts[0][0].item_key
        facts = {"box": box.number, "lines": lines, "item": item, "quantity": packing.quantity}
        return await changed(stamp, "pack", before, before.status, None, facts)

    return await attempts.once(stamp, "shipment.pack", work)


async def unpack(*, stamp: Stamp, shipment_id: UUID, box_id: UUID, line: int) -> Receipt:
    """A line out of an open box again. Needs stock.issue."""

    async def work() -> Receipt:
        before = await locked(stamp, shipment_id, "pack")
        box = await _box(before, box_id, BoxStatus.OPEN)
        found = rules.line_of(before, line)
        if found.box_id != box.id:
            raise Refused("box.not-inside", "这一行不在箱内", line=line, box=box.number)
        await _out(before, [found])
        return await changed(stamp, "unpack", before, before.status, None, {"box": box.number, "line": line})

    return await attempts.once(stamp, "shipment.unpack", work)


async def close_box(*, stamp: Stamp, shipment_id: UUID, box_id: UUID, gross_g: int | None = None) -> Receipt:
    """Nothing more goes in; its label may be stuck on. `gross_g`: as weighed. Refused (`box.empty`)."""

    async def work() -> Receipt:
        before = await locked(stamp, shipment_id, "pack")
        box = await _box(before, box_id, BoxStatus.OPEN)
        if not rules.in_box(before, box):
            raise Refused("box.empty", "箱内还没有物资", box=box.number)
        rules.check_gross(gross_g)
        await _set(box, BoxStatus.CLOSED, gross_g)
        return await changed(stamp, "close-box", before, before.status, None, {"box": box.number, "gross_g": gross_g})

    return await attempts.once(stamp, "shipment.close-box", work)


async def reopen_box(*, stamp: Stamp, shipment_id: UUID, box_id: UUID) -> Receipt:
    """Open a closed box that is not on the vehicle; its label has to be printed anew."""

    async def work() -> Receipt:
        before = await locked(stamp, shipment_id, "pack")
        box = await _box(before, box_id, BoxStatus.CLOSED)
        _not_loaded(before, box)
        await _set(box, BoxStatus.OPEN, None)
        return await changed(stamp, "reopen-box", before, before.status, None, {"box": box.number})

    return await attempts.once(stamp, "shipment.reopen-box", work)


async def void_box(*, stamp: Stamp, shipment_id: UUID, box_id: UUID) -> Receipt:
    """Its goods are loose again, its number is used up. Refused (`box.loaded`) on the vehicle."""

    async def work() -> Receipt:
        before = await locked(stamp, shipment_id, "pack")
        box = await _box(before, box_id, BoxStatus.OPEN, BoxStatus.CLOSED)
        _not_loaded(before, box)
        await _out(before, rules.in_box(before, box))
        await _set(box, BoxStatus.VOID, None)
        return await changed(stamp, "void-box", before, before.status, None, {"box": box.number})

    return await attempts.once(stamp, "shipment.void-box", work)


async def load_boxes(*, stamp: Stamp, shipment_id: UUID, labels: Sequence[str], over_reason: str = "") -> Receipt:
    """Closed boxes onto the vehicle by their scanned labels, all or none, each with everything in it.

    Needs stock.issue. Raises Invalid (`box.unreadable`, `box.twice`), Missing (`box.missing`), Refused
    (`box.other-shipment`, `box.open`, `box.loaded`, `shipment.over-limit`, `stock.…`), naming the label.
    """

    async def work() -> Receipt:
        before = await locked(stamp, shipment_id, "load")
        boxes = await _scanned(stamp, before, labels)
        lines = [line for box in boxes for line in rules.to_load(before, box)]
        wanted = [Loading(line.line, line.rest, serial_ids=line.pieces) for line in lines]
        return await load_lines(stamp, before, wanted, over_reason, "", boxes=[box.number for box in boxes])

    return await attempts.once(stamp, "shipment.load-boxes", work)


async def unload_boxes(*, stamp: Stamp, shipment_id: UUID, labels: Sequence[str], note: str = "") -> Receipt:
    """Boxes off the vehicle again, before it leaves. Refused (`box.not-loaded`)."""

    async def work() -> Receipt:
        before = await locked(stamp, shipment_id, "unload")
        boxes = await _scanned(stamp, before, labels)
        lines = [line for box in boxes for line in rules.on_vehicle(before, box)]
        return await unload_lines(stamp, before, [(line, line.loaded, line.pieces) for line in lines], note)

    return await attempts.once(stamp, "shipment.unload-boxes", work)


async def receive_boxes(
    *,
    stamp: Stamp,
    shipment_id: UUID,
    labels: Sequence[str],
    receiver: str,
    file_ids: Sequence[UUID] = (),
    driver: str = "",
    driver_file_ids: Sequence[UUID] = (),
) -> Receipt:
    """Boxes by their labels, with everything that was loaded in them; who signs for it. Needs stock.receive there.

    What is damaged or missing in a box is received line by line (`receive`). Raises as `load_boxes` does, and Refused
    (`box.received`, `box.not-loaded`).
    """

    async def work() -> Receipt:
        before = await locked(stamp, shipment_id, "receive")
        boxes = await _scanned(stamp, before, labels)
        lines = [line for box in boxes for line in rules.to_receive(before, box)]
        said = [Received(line.line, line.loaded, serials=line.pieces) for line in lines]
        part = stamp.for_part("receive", [str(one) for one in said])
        return await receive(
            stamp=part, shipment_id=shipment_id, said=said, receiver=receiver, file_ids=file_ids, driver=driver,
            driver_file_ids=driver_file_ids,
        )  # fmt: skip

    return await attempts.once(stamp, "shipment.receive-boxes", work)


# --- parts ----------------------------------------------------------------------------------------------------------


async def _box(shipment: Shipment, box_id: UUID, *statuses: BoxStatus) -> Box:
    found = (await queries.find_boxes([box_id])).get(box_id)
    if found is None or found.shipment_id != shipment.id:
        raise Missing("box.missing", "没有这个箱或托盘", box=str(box_id))
    if found.status not in statuses:
        rules.say_status(found)
    return found


async def _scanned(stamp: Stamp, shipment: Shipment, labels: Sequence[str]) -> list[Box]:
    """The boxes of scanned labels, in their order. Raises at the first label that is none of this shipment's."""
    keys = rules.read_labels(labels, day_of(stamp.recorded_at))
    known = await queries.find_boxes_by_label(keys)
    found: dict[UUID, Box] = {}
    for turn, key in enumerate(keys, 1):
        box = known.get(key)
        if box is None:
            raise Missing("box.missing", "没有这个箱或托盘", label=labels[turn - 1], line=turn)
        if box.shipment_id != shipment.id:
            seen = (await queries.find_shipments([box.shipment_id]))[box.shipment_id]
            raise Refused(
                "box.other-shipment", f"{box.number} 属于运单 {seen.number}", box=box.number, line=turn,
                shipment=seen.number,
            )  # fmt: skip
        if box.status is not BoxStatus.CLOSED:
            rules.say_status(box)
        if box.id in found:
            raise Invalid("box.twice", "同一箱扫了两次", box=box.number, line=turn)
        found[box.id] = box
    return list(found.values())


def _not_loaded(shipment: Shipment, box: Box) -> None:
    if any(line.loaded for line in rules.in_box(shipment, box)):
        raise Refused("box.loaded", "箱已装车，请先卸车", box=box.number)


async def _set(box: Box, status: BoxStatus, gross_g: int | None) -> None:
    await db.execute("UPDATE shipment_box SET status = $2, gross_g = $3 WHERE id = $1", box.id, status.value, gross_g)


async def _into(shipment: Shipment, box: Box, line: Line, quantity: int, pieces: Sequence[int]) -> int:
    """The goods' line in the box: the whole line, more of its like that is there, or a part split off. Its number.

    Lines are never deleted: moves refer to them, and a number that came again would gather another line's moves.
    """
    if quantity == line.quantity:
        await db.execute(
            "UPDATE shipment_line SET box_id = $3, pieces = $4 WHERE shipment_id = $1 AND line = $2",
            shipment.id,
            line.line,
            box.id,
            list(pieces),
        )
        return line.line
    await db.execute(
        "UPDATE shipment_line SET quantity = quantity - $3 WHERE shipment_id = $1 AND line = $2",
        shipment.id,
        line.line,
        quantity,
    )
    alike = rules.alike(rules.in_box(shipment, box), line)
    if alike is not None:
        await db.execute(
            "UPDATE shipment_line SET quantity = quantity + $3, pieces = pieces || $4::bigint[]"
            " WHERE shipment_id = $1 AND line = $2",
            shipment.id,
            alike.line,
            quantity,
            list(pieces),
        )
        return alike.line
    number: int = await db.fetch_value(
        "INSERT INTO shipment_line (shipment_id, line, item_id, lot_id, place_id, quantity, release_line, need_id,"
        " box_id, pieces) SELECT $1, max(line) + 1, $2, $3, $4, $5, $6, $7, $8, $9 FROM shipment_line"
        " WHERE shipment_id = $1 RETURNING line",
        shipment.id,
        line.item_id,
        line.lot_id,
        line.place_id,
        quantity,
        line.release_line,
        line.need_id,
        box.id,
        list(pieces),
    )
    return number


async def _out(shipment: Shipment, lines: Sequence[Line]) -> None:
    """Loose again, each a line as it was in the box."""
    await db.execute(
        "UPDATE shipment_line SET box_id = NULL, pieces = '{}' WHERE shipment_id = $1 AND line = ANY($2::int[])",
        shipment.id,
        [line.line for line in lines],
    )
