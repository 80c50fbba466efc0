"""Count (盘点): post what a count of one bin found. Planning, blindness and approval belong to the counts feature."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid5

from catalog.kernel import db, feed
from catalog.kernel.access import Permission
from catalog.kernel.errors import Invalid, Refused
from catalog.kernel.stamp import Stamp
from warehouse.stock import ledger, queries
from warehouse.stock.actions.posting import codes_of, load_spots, one_site, post_one
from warehouse.stock.model import (
    ADJUSTMENT,
    Condition,
    DocumentRef,
    Line,
    Lot,
    Posting,
    Reason,
    Receipt,
    StockKey,
    is_outside,
)


@dataclass(frozen=True, slots=True)
class Counted:
    """What was found of a lot in a condition, in base units. Goods of the bin that are not named were not counted."""

    lot_id: int
    condition: Condition
    quantity: int
    serial_ids: tuple[int, ...] = ()


async def count(
    *,
    stamp: Stamp,
    place_id: int,
    found: Sequence[Counted],
    note: str = "",
    fact: bool = False,
    permission: Permission = Permission.COUNT,
    document: DocumentRef | None = None,
) -> Receipt:
    """Adjust a bin to what was counted at `stamp.occurred_at`, and remember the count and its variances.

    The variance is taken against the books of that moment, as they are known now: what moved since stays moved, what
    turned up late and happened before is no difference. The bin's rows are locked first, so that no move slips in
    between reading the books and adjusting them. The receipt has no lines when nothing differs. A numbered piece that
    the books have elsewhere is fetched from there, which needs the same right there; one that has moved since is left
    where it is. A fact that turns up later still is taken back against its variance.

    `fact`: goods that are not there cannot be promised, reservations yield, and a shut bin takes it too. `permission`:
    who approves a count posts it with that right. Raises Refused (`stock.counted-since`, `stock.count-contradicted`).
    """

    async def build() -> Posting:
        spots = await load_spots(stamp, Reason.COUNT, {place_id}, fact=fact, permission=permission)
        lots = await queries.get_lots(ids={c.lot_id for c in found})
        if any(c.quantity < 0 for c in found) or len({(c.lot_id, c.condition) for c in found}) != len(found):
            raise Invalid("stock.bad-count", "盘点数量不正确或重复")
        if {c.lot_id for c in found} - set(lots):
            raise Invalid("stock.no-such-lot", "没有这个批次", lots=sorted({c.lot_id for c in found} - set(lots)))
        counts = {StockKey(c.lot_id, place_id, c.condition.value): c for c in found}
        held = await ledger.lock_balances(sorted(counts))
        code = spots[place_id].code
        if await queries.counted_since({place_id: stamp.occurred_at}):
            raise Refused("stock.counted-since", "该货位此后又盘点过，请以较新的盘点为准", place=code)
        then = await queries.books_then({place_id: stamp.occurred_at})
        pieces = await _pieces(stamp, place_id, [c for c in found if lots[c.lot_id].tracking == "serial"], lots)
        lines: list[Line] = []
        rows: list[tuple[int, str, int, int]] = []
        for key, books in sorted(held.items()):
            counted, lot = counts[key], lots[key.lot_id]
            if lot.tracking == "serial":
                variance, more = pieces[key]
            else:
                variance = counted.quantity - (then[key].then if key in then else books.on_hand)
                if books.on_hand + variance < 0:
                    raise _contradicted(lot, code, counted.quantity, books.on_hand + variance)
                more = _bulk(key, variance, lot)
            rows.append((lot.id, key.condition, counted.quantity, variance))
            lines += more
        elsewhere = {line.from_place for line in lines if not is_outside(line.from_place)} - {place_id}
        others = await load_spots(stamp, Reason.COUNT, elsewhere, fact=fact, permission=permission)
        count_id = uuid5(stamp.attempt, "count")
        await _remember(stamp, place_id, count_id, rows)
        return Posting(
            stamp,
            Reason.COUNT,
            tuple(lines),
            one_site(spots.values()),
            fact=fact,
            document=document or DocumentRef("count", count_id),
            note=note,
            place_codes=codes_of(spots.values()) | codes_of(others.values()),
        )

    return await post_one(stamp, Reason.COUNT, build)


def _contradicted(lot: Lot, place: str, counted: int, rest: int) -> Refused:
    return Refused(
        "stock.count-contradicted",
        "盘点之后从该货位出去的比盘到的还多，请重新盘点该货位",
        lot=lot.number,
        item=lot.item_name,
        place=place,
        counted=counted,
        more=-rest,
    )


async def _remember(stamp: Stamp, place_id: int, count_id: object, rows: Sequence[tuple[int, str, int, int]]) -> None:
    await db.execute(
        "INSERT INTO bin_count (id, place_id, counted_at, recorded_at, attempt, login) VALUES ($1, $2, $3, $4, $5, $6)",
        count_id,
        place_id,
        stamp.occurred_at,
        stamp.recorded_at,
        stamp.attempt,
        stamp.login,
    )
    await db.execute(
        "INSERT INTO bin_count_line (count_id, lot_id, condition, counted, variance)"
        " SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::bigint[])",
        count_id,
        [r[0] for r in rows],
        [r[1] for r in rows],
        [r[2] for r in rows],
        [r[3] for r in rows],
    )
    await feed.publish("count", [str(place_id)], stamp.recorded_at)


def _bulk(key: StockKey, variance: int, lot: Lot) -> list[Line]:
    good, condition = Condition.GOOD, Condition(key.condition)
    if variance > 0:
        return [Line(lot, variance, ADJUSTMENT, good, key.place_id, condition)]
    if variance < 0:
        return [Line(lot, -variance, key.place_id, condition, ADJUSTMENT, good)]
    return []


async def _pieces(
    stamp: Stamp, place_id: int, found: Sequence[Counted], lots: Mapping[int, Lot]
) -> dict[StockKey, tuple[int, list[Line]]]:
    """Numbered goods, per key (variance, lines): a piece that was found comes from wherever the books had it; one not
    found is adjusted out. What has moved since the count is where the later move says."""
    seen: dict[int, StockKey] = {}
    for counted in found:
        if len(set(counted.serial_ids)) != counted.quantity:
            raise Invalid("stock.serials-needed", "按编号管理的物资请逐件清点")
        seen |= {one: StockKey(counted.lot_id, place_id, counted.condition.value) for one in counted.serial_ids}
    if not found:
        return {}
    rows = await db.fetch(
        "SELECT serial_id, lot_id, condition FROM serial_state WHERE place_id = $1 AND lot_id = ANY($2::bigint[])",
        place_id,
        sorted({counted.lot_id for counted in found}),
    )
    books = {row[0]: StockKey(row[1], place_id, row[2]) for row in rows}
    moved = await queries.moved_pieces(books.keys() | seen.keys(), stamp.occurred_at)
    states = await queries.get_serials(ids=seen.keys() - books.keys())
    told: dict[StockKey, tuple[int, list[Line]]] = {}
    for counted in found:
        lot, key = lots[counted.lot_id], StockKey(counted.lot_id, place_id, counted.condition.value)
        here = {one for one, stands in books.items() if stands == key}
        lines = []
        for serial_id in sorted(set(counted.serial_ids) - here - moved):
            stands = books.get(serial_id)
            state = states.get(serial_id)
            if stands is None and (state is None or state.lot.id != lot.id):
                raise Invalid("stock.serial-of-other-lot", "该编号不属于这个批次", serial=serial_id, lot=lot.number)
            place = place_id if stands else (state.place_id if state else None) or ADJUSTMENT
            was = Condition(stands.condition if stands else (state.condition if state else None) or "good")
            lines.append(Line(lot, 1, place, was, place_id, counted.condition, (serial_id,)))
        gone = tuple(sorted(here - seen.keys() - moved))
        variance = len(lines) - len(gone)
        if gone:
            lines.append(Line(lot, len(gone), place_id, counted.condition, ADJUSTMENT, Condition.GOOD, gone))
        told[key] = (variance, lines)
    return told
