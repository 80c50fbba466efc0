"""Load a vehicle, say what is short, take goods off again."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from catalog.kernel import attempts, db
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Missing, Refused
from catalog.kernel.stamp import Stamp
from warehouse.fulfilment import queries, rules
from warehouse.fulfilment.actions.orders import tell_loading, tell_short
from warehouse.fulfilment.actions.parts import changed, locked
from warehouse.fulfilment.model import Line, Loading, Shipment, Status
from warehouse.stock import actions as stock
from warehouse.stock import queries as stocks


async def load(
    *, stamp: Stamp, shipment_id: UUID, wanted: Sequence[Loading], over_reason: str = "", note: str = ""
) -> Receipt:
    """Bin or staging → vehicle, all or nothing; reservations of the release order end with it. Needs stock.issue.

    Another lot or bin than the planned one needs a `note` and becomes a line of its own. Above the vehicle's limits it
    needs `over_reason`. Raises Missing, Invalid, Refused (`shipment.too-much`, `shipment.over-limit`, `stock.…`).
    """

    async def work() -> Receipt:
        before = await locked(stamp, shipment_id, "load")
        return await load_lines(stamp, before, wanted, over_reason, note)

    return await attempts.once(stamp, "shipment.load", work)


async def load_lines(
    stamp: Stamp,
    before: Shipment,
    wanted: Sequence[Loading],
    over_reason: str,
    note: str,
    boxes: Sequence[str] = (),
) -> Receipt:
    """What `load` does with a locked shipment. `boxes`: the lines are all that is in these."""
    rules.check_loading(before, wanted, boxed=bool(boxes))
    lines = [rules.line_of(before, one.line) for one in wanted]
    on_board = [(line, line.loaded) for line in before.lines]
    weight = rules.load_of([*on_board, *((line, one.quantity) for line, one in zip(lines, wanted, strict=True))])
    rules.check_fits(before.vehicle, weight, over_reason)
    goods = [await _as_line(before, line, one, note) for line, one in zip(lines, wanted, strict=True)]
    carried = [
        stock.Carried(line.lot_id, one.quantity, line.place_id, before.place_id, line.line, serial_ids=one.serial_ids)
        for line, one in zip(goods, wanted, strict=True)
    ]
    await stock.ship(
        stamp=stamp.for_part("goods", [str(one) for one in wanted]),
        carried=carried,
        document=before.document,
        reservations=await _held(before, carried),
        note=note or over_reason,
    )
    await tell_loading(stamp, before)
    said = over_reason.strip() or before.over_reason
    facts = {"loaded": [[one.line, one.quantity] for one in wanted], **({"boxes": list(boxes)} if boxes else {})}
    return await changed(stamp, "load", before, Status.LOADING, {"over_reason": said}, facts)


async def note_short(*, stamp: Stamp, shipment_id: UUID, line: int, quantity: int, note: str) -> Receipt:
    """So much of a line was looked for and is not there: what was held for it is free again. Needs stock.issue."""

    async def work() -> Receipt:
        before = await locked(stamp, shipment_id, "short")
        found = rules.line_of(before, line)
        rules.check_short(found, quantity, note)
        await _set_short(before.id, found, quantity, note)
        await tell_short(stamp, before, found, quantity, note)
        await _give_back(stamp, before, found, quantity)
        facts = {"line": line, "item": found.item_key, "short": quantity, "note": note.strip()}
        return await changed(stamp, "short", before, before.status, {}, facts)

    return await attempts.once(stamp, "shipment.short", work)


async def unload(*, stamp: Stamp, shipment_id: UUID, line: int, quantity: int, note: str = "") -> Receipt:
    """Off the vehicle and back to where it stood, before it leaves. Needs stock.issue."""

    async def work() -> Receipt:
        before = await locked(stamp, shipment_id, "unload")
        found = rules.line_of(before, line)
        if not 0 < quantity <= found.loaded:
            raise Refused("shipment.not-on-board", "车上没有这么多", line=line, asked=quantity, free=found.loaded)
        if found.box_id is not None:
            raise Refused("box.line-inside", f"已装箱 {found.box}：请整箱卸车", line=line, box=found.box)
        pieces: tuple[int, ...] = ()
        if found.tracking == "serial":
            on_board = rules.pieces_of(before, found, await queries.pieces_on_board(before.place_id))
            if quantity != len(on_board):
                raise Invalid("shipment.serials", "按编号管理的物资请整行卸车", line=line, lot=found.lot)
            pieces = tuple(piece for piece, _ in on_board)
        return await unload_lines(stamp, before, [(found, quantity, pieces)], note)

    return await attempts.once(stamp, "shipment.unload", work)


async def unload_lines(
    stamp: Stamp, before: Shipment, goods: Sequence[tuple[Line, int, tuple[int, ...]]], note: str
) -> Receipt:
    """What `unload` does with lines of a locked shipment: (line, quantity, numbered pieces)."""
    carried = [
        stock.Carried(line.lot_id, quantity, before.place_id, line.place_id, line.line, serial_ids=pieces)
        for line, quantity, pieces in goods
    ]
    said = [[line.line, quantity] for line, quantity, _ in goods]
    await stock.unload(stamp=stamp.for_part("goods", said), carried=carried, document=before.document, note=note)
    return await changed(stamp, "unload", before, Status.LOADING, {}, {"unloaded": said})


# --- parts ----------------------------------------------------------------------------------------------------------


async def _as_line(shipment: Shipment, line: Line, one: Loading, note: str) -> Line:
    """The line the goods go on: the planned one, or a new one for another lot or bin of the same item."""
    lot_id, place_id = one.lot_id or line.lot_id, one.place_id or line.place_id
    if (lot_id, place_id) == (line.lot_id, line.place_id):
        return line
    if not note.strip():
        raise Refused(
            "shipment.other-goods", "与计划的批次或货位不同，请写明理由", line=line.line, lot=line.lot, place=line.place
        )
    lot = (await stocks.get_lots(ids=[lot_id])).get(lot_id)
    spot = (await stocks.get_spots([place_id])).get(place_id)
    if lot is None or lot.item_id != line.item_id:
        raise Refused("shipment.other-item", "不是本行的物资", line=line.line, item=line.item_key)
    if spot is None or spot.site_id != shipment.start.site_id or spot.kind not in ("bin", "staging"):
        raise Missing("stock.no-such-place", "没有这个货位", line=line.line, place=place_id)
    number = await db.fetch_value(
        "INSERT INTO shipment_line (shipment_id, line, item_id, lot_id, place_id, quantity, release_line, need_id)"
        " SELECT $1, max(line) + 1, $2, $3, $4, $5, $6, $7 FROM shipment_line WHERE shipment_id = $1 RETURNING line",
        shipment.id,
        line.item_id,
        lot_id,
        place_id,
        one.quantity,
        line.release_line,
        line.need_id,
    )
    await _set_short(shipment.id, line, one.quantity, f"→ {number}: {note.strip()}")
    return replace(line, line=number, lot_id=lot_id, place_id=place_id)


async def _set_short(shipment_id: UUID, line: Line, quantity: int, note: str) -> None:
    await db.execute(
        "UPDATE shipment_line SET short = short + $3, short_note = $4 WHERE shipment_id = $1 AND line = $2",
        shipment_id,
        line.line,
        quantity,
        note.strip(),
    )


async def _held(shipment: Shipment, carried: Sequence[stock.Carried]) -> tuple[UUID, ...]:
    """The reservations of the release order that these goods use up, oldest first and no more than needed."""
    if shipment.release_id is None:
        return ()
    wanted: dict[tuple[int, int], int] = {}
    for one in carried:
        key = (one.lot_id, one.from_place)
        wanted[key] = wanted.get(key, 0) + one.quantity
    used = []
    for key, held in (await queries.held_for(shipment.release_id, wanted.keys())).items():
        for reservation, quantity in held:
            if wanted[key] > 0:
                used.append(reservation)
                wanted[key] -= quantity
    return tuple(used)


async def _give_back(stamp: Stamp, shipment: Shipment, line: Line, quantity: int) -> None:
    """Let go of what the release order still holds for goods that are not there. What another vehicle of the same order
    counts on stays held."""
    if shipment.release_id is None:
        return
    key, left = (line.lot_id, line.place_id), quantity
    for reservation, held in (await queries.held_for(shipment.release_id, [key])).get(key, []):
        if held <= left:
            part = stamp.for_part(f"release {reservation}", str(reservation))
            await stock.release(stamp=part, reservation=reservation, note="short", permission=Permission.ISSUE)
            left -= held
