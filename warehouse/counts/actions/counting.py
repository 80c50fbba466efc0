"""Count a bin: begin, enter what is found, finish; or leave it to somebody else.

The four `…_now` functions are for whoever has a transaction and an attempt of its own (scans): they raise a refusal
before anything is written, so that it may be caught there.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from catalog.items import queries as items
from catalog.kernel import attempts, db
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Missing, Refused
from catalog.kernel.stamp import Stamp
from warehouse.counts import queries, rules
from warehouse.counts.actions.document import changed, locked, note, thaw
from warehouse.counts.model import BinStatus, Count, CountBin, CountKind, CountLine, Entry, Status, Way
from warehouse.sites import actions as sites
from warehouse.stock import queries as stock
from warehouse.stock.model import Lot

Repeated = Literal["refuse", "add", "replace"]
"""What a second figure for the same lot in the same bin means: a mistake, another pile, or a correction."""


async def begin_bin(*, stamp: Stamp, count_id: UUID, place_id: int, freeze: bool = True) -> Receipt:
    """Begin a bin: it is the caller's, and shut for others until it is finished. Again by the same person: no matter.

    Raises Refused (`count.bin-taken`, `count.bin-counted`, `count.same-counter`, `count.not-in-count` …).
    """

    async def work() -> Receipt:
        count = await locked(stamp, count_id, Permission.COUNT)
        return await begin_now(stamp, count, place_id, freeze=freeze)

    return await attempts.once(stamp, "count.begin", work)


async def begin_now(stamp: Stamp, count: Count, place_id: int, *, freeze: bool = True) -> Receipt:
    """`begin_bin` of a locked count, without an attempt of its own."""
    found = rules.find_bin(count, place_id)
    shortcut = rules.check_begin(count, found, stamp.person_id, stamp.login)
    if found.status is BinStatus.WAITING:
        froze = (
            await sites.freeze_for_count(stamp=stamp, place_id=place_id, reason=f"盘点 {count.number}")
            if freeze
            else False
        )
        await db.execute(
            "INSERT INTO stocktake_round (stocktake_id, place_id, round, person_id, login, began_at)"
            " VALUES ($1, $2, $3, $4, $5, $6)",
            count.id,
            place_id,
            found.round,
            stamp.person_id,
            stamp.login,
            stamp.occurred_at,
        )
        await db.execute(
            "UPDATE stocktake_bin SET status = 'counting', froze = $3 WHERE stocktake_id = $1 AND place_id = $2",
            count.id,
            place_id,
            froze,
        )
        if shortcut:
            await _take_shortcut(count, shortcut)
        await note(stamp, "begin", count.id, None, {"bin": found.code, "round": found.round}, count.site_id)
    return {**_where(count, found), "verb": "begin"}


async def _take_shortcut(count: Count, shortcut: str) -> None:
    await db.execute(
        "UPDATE stocktake SET shortcuts = shortcuts || $2::text WHERE id = $1 AND NOT $2 = ANY(shortcuts)",
        count.id,
        shortcut,
    )


async def enter(
    *,
    stamp: Stamp,
    count_id: UUID,
    place_id: int,
    entry: Entry,
    repeated: Repeated = "refuse",
    way: Way = Way.PAGE,
) -> Receipt:
    """Enter what was found of a lot (or of goods that nothing here knows) in a bin the caller is counting.

    A second figure for the same lot and condition is Refused (`count.entered-already`, naming who entered the first)
    unless it is said to be added or to replace it. The receipt says what the counter entered, never what the books say.
    """

    async def work() -> Receipt:
        count = await locked(stamp, count_id, Permission.COUNT)
        return await enter_now(stamp, count, place_id, entry, repeated=repeated, way=way)

    return await attempts.once(stamp, "count.enter", work)


async def enter_now(
    stamp: Stamp,
    count: Count,
    place_id: int,
    entry: Entry,
    *,
    repeated: Repeated = "refuse",
    way: Way = Way.PAGE,
) -> Receipt:
    """`enter` into a locked count, without an attempt of its own."""
    found = rules.find_bin(count, place_id)
    rules.check_counting(found, stamp.person_id, stamp.login)
    lot = await _lot(entry)
    await _check_new(entry)
    lines = [x for x in await queries.list_lines(count.id, place_id=place_id) if x.round == found.round]
    before = rules.entered_before(lines, entry)
    entry = await _joined(entry, before, repeated)
    rules.check_entry(count, entry, lot, lines)
    if before is not None and repeated == "refuse":
        raise rules.twice(before, found.code, lot)
    await _check_pieces(entry, lot, lines, before)
    line_id = await _write(stamp, count, found, entry, before, way)
    told = {"quantity": entry.quantity, "line": line_id, "lot": lot.number if lot else None, "words": entry.words}
    if before is not None:  # the first figure stays on record
        facts = {"bin": found.code, "lot": told["lot"], "quantity": before.quantity}
        await note(stamp, repeated, count.id, facts, {**facts, "quantity": entry.quantity}, count.site_id)
    return {**_where(count, found), "verb": "enter", **told, "condition": entry.condition}


async def _lot(entry: Entry) -> Lot | None:
    if entry.lot_id is None:
        return None
    lot = (await stock.get_lots(ids=[entry.lot_id])).get(entry.lot_id)
    if lot is None:
        raise Missing("stock.no-such-lot", "没有这个批次", lot=entry.lot_id)
    return lot


async def _check_new(entry: Entry) -> None:
    """New goods of an opening count: their item must be one that stands in a store."""
    if entry.new is None:
        return
    item = await items.find_item(entry.new.item_id)
    if item is None or item.kind == "phantom_kit":
        raise Invalid("stock.no-such-item", "没有这种物资", item=entry.new.item_id)
    made, until = entry.new.produced_on, entry.new.expires_on
    if made is not None and until is not None and until < made:
        raise Invalid("stock.expiry-before-production", "有效期早于生产日期", produced_on=made, expires_on=until)


async def _joined(entry: Entry, before: CountLine | None, repeated: Repeated) -> Entry:
    """Another pile of the same lot: both together."""
    if before is None or repeated != "add":
        return entry
    pieces = tuple(dict.fromkeys((*before.serial_ids, *entry.serial_ids)))
    quantity = len(pieces) if before.serial_ids or entry.serial_ids else before.quantity + entry.quantity
    return Entry(quantity, entry.lot_id, entry.condition, pieces, entry.words, entry.new)


async def _check_pieces(entry: Entry, lot: Lot | None, lines: list[CountLine], before: CountLine | None) -> None:
    """Numbered pieces are of this lot, and lie in one line of the bin."""
    if not entry.serial_ids or lot is None:
        return
    states = await stock.get_serials(ids=entry.serial_ids)
    strange = [one for one in entry.serial_ids if one not in states or states[one].lot.id != lot.id]
    if strange:
        raise Invalid("stock.serial-of-other-lot", "该编号不属于这个批次", serial=strange[0], lot=lot.number)
    others = {one for x in lines if before is None or x.id != before.id for one in x.serial_ids}
    again = [states[one].number for one in entry.serial_ids if one in others]
    if again:
        raise Refused("count.piece-twice", "这件物资已在本货位登记过", serial=again[0], lot=lot.number)


async def _write(stamp: Stamp, count: Count, found: CountBin, entry: Entry, before: CountLine | None, way: Way) -> int:
    if before is not None:
        await db.execute("UPDATE stocktake_line SET void = true WHERE id = $1", before.id)
    given = json.dumps(asdict(entry.new), default=str) if entry.new else None
    line_id: int = await db.fetch_value(
        "INSERT INTO stocktake_line (stocktake_id, place_id, round, lot_id, condition, quantity, serial_ids, given,"
        " words, way, person_id, login, at, attempt)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, $10, $11, $12, $13, $14) RETURNING id",
        count.id,
        found.place_id,
        found.round,
        entry.lot_id,
        entry.condition,
        entry.quantity,
        list(entry.serial_ids),
        given,
        entry.words.strip(),
        way.value,
        stamp.person_id,
        stamp.login,
        stamp.occurred_at,
        stamp.attempt,
    )
    if before is not None:
        await db.execute("UPDATE stocktake_sheet_line SET entry_id = $2 WHERE entry_id = $1", before.id, line_id)
    return line_id


async def take_out(*, stamp: Stamp, count_id: UUID, place_id: int, line_id: int) -> Receipt:
    """Take a wrongly entered figure out again, while the bin is being counted. It stays on record as void."""

    async def work() -> Receipt:
        count = await locked(stamp, count_id, Permission.COUNT)
        found = rules.find_bin(count, place_id)
        rules.check_counting(found, stamp.person_id, stamp.login)
        lines = await queries.list_lines(count.id, place_id=place_id)
        if not any(x.id == line_id and x.round == found.round for x in lines):
            raise Missing("count.no-such-line", "没有这一行", line=line_id)
        await db.execute("UPDATE stocktake_line SET void = true WHERE id = $1", line_id)
        await note(stamp, "take-out", count.id, None, {"bin": found.code, "line": line_id}, count.site_id)
        return {**_where(count, found), "verb": "take-out", "line": line_id}

    return await attempts.once(stamp, "count.take-out", work)


async def finish_bin(
    *, stamp: Stamp, count_id: UUID, place_id: int, empty: bool = False, at: datetime | None = None
) -> Receipt:
    """Everything in the bin has been entered: it is open again, its figures are of this moment (or of `at`, which a
    paper says). Lots that the books have there and nobody found are counted as none.

    `empty`: the counter says that nothing stands there; refused if something was entered, needed if nothing was. The
    last bin of a round leads on: to counting again what differs too much, by another person, or to the review.
    """

    async def work() -> Receipt:
        count = await locked(stamp, count_id, Permission.COUNT)
        found = rules.find_bin(count, place_id)
        rules.check_counting(found, stamp.person_id, stamp.login)
        lines = [x for x in await queries.list_lines(count.id, place_id=place_id) if x.round == found.round]
        _check_empty(found, lines, empty)
        now = found.now
        assert now is not None
        moment = rules.checked_moment(at, count.created_at, stamp.occurred_at)
        await db.execute(
            "UPDATE stocktake_round SET finished_at = $4, began_at = least(began_at, $4)"
            " WHERE stocktake_id = $1 AND place_id = $2 AND round = $3 AND NOT void",
            count.id,
            place_id,
            found.round,
            moment,
        )
        await db.execute(
            "UPDATE stocktake_bin SET status = 'counted' WHERE stocktake_id = $1 AND place_id = $2", count.id, place_id
        )
        await thaw(stamp, count, place_id)
        after = {"bin": found.code, "round": found.round, "lines": len(lines)}
        await note(stamp, "finish", count.id, None, after, count.site_id)
        fresh = (await queries.find_counts([count.id]))[count.id]
        if fresh.status is Status.COUNTING and fresh.kind is not CountKind.OPENING:
            unknown = any(x.lot_id is None for x in lines)
            await _judge(fresh, place_id, now.began_at, moment, unknown=unknown)
        status = await _lead_on(stamp, (await queries.find_counts([count.id]))[count.id])
        return {**_where(fresh, found), "verb": "finish", "status": status.value, "done": fresh.done}

    return await attempts.once(stamp, "count.finish", work)


def _check_empty(found: CountBin, lines: list[CountLine], empty: bool) -> None:
    entered = [x for x in lines if x.quantity > 0]
    if empty and entered:
        raise Refused("count.not-empty", "已登记了物资，不是空货位", bin=found.code, lines=len(entered))
    if not empty and not lines:
        raise Refused("count.nothing-entered", "还没有登记任何物资；如果货位是空的，请选择“空货位”", bin=found.code)


async def _judge(count: Count, place_id: int, began: datetime, until: datetime, *, unknown: bool) -> None:
    """After the first round of a bin: must another person count it again?"""
    lines = await queries.differences(count, place_id=place_id)
    moved = await queries.disturbed(place_id, began, until)
    why = rules.again(lines, await queries.limits_at(count.path), disturbed=moved, unknown=unknown)
    if why:
        await db.execute(
            "UPDATE stocktake_bin SET again = $3 WHERE stocktake_id = $1 AND place_id = $2",
            count.id,
            place_id,
            [one.value for one in why],
        )


async def _lead_on(stamp: Stamp, count: Count) -> Status:
    """The last bin of a round: what must be counted again is opened for another person, else the review begins."""
    if count.done < len(count.bins):
        return count.status
    differing = [one.place_id for one in count.bins if one.again and one.round == 1]
    if count.status is Status.COUNTING and differing:
        await open_again(count, differing)
        await changed(stamp, "recount", count, Status.RECOUNTING, {"bins": len(differing)})
        return Status.RECOUNTING
    await changed(stamp, "submit", count, Status.REVIEW)
    return Status.REVIEW


async def open_again(count: Count, place_ids: list[int]) -> None:
    """Some bins of a count are to be counted once more."""
    await db.execute(
        "UPDATE stocktake_bin SET status = 'waiting', round = round + 1"
        " WHERE stocktake_id = $1 AND place_id = ANY($2::bigint[])",
        count.id,
        place_ids,
    )


async def leave_bin(*, stamp: Stamp, count_id: UUID, place_id: int) -> Receipt:
    """Give a bin up that one has begun: what was entered is void, the bin is open and another may begin it. Whoever
    plans counts may do so for somebody who has gone home."""

    async def work() -> Receipt:
        may_plan = any(Permission.COUNT_PLAN in grant.permissions for grant in stamp.grants)
        count = await locked(stamp, count_id, Permission.COUNT_PLAN if may_plan else Permission.COUNT)
        found = rules.find_bin(count, place_id)
        if found.status is not BinStatus.COUNTING:
            raise Refused("count.bin-not-begun", "请先扫描货位开始盘点", bin=found.code)
        if not may_plan:
            rules.check_counting(found, stamp.person_id, stamp.login)
        for table in ("stocktake_line", "stocktake_round"):
            await db.execute(
                f"UPDATE {table} SET void = true WHERE stocktake_id = $1 AND place_id = $2 AND round = $3",
                count.id,
                place_id,
                found.round,
            )
        await db.execute(
            "UPDATE stocktake_bin SET status = 'waiting' WHERE stocktake_id = $1 AND place_id = $2", count.id, place_id
        )
        await thaw(stamp, count, place_id)
        await note(stamp, "leave", count.id, None, {"bin": found.code, "round": found.round}, count.site_id)
        return {**_where(count, found), "verb": "leave"}

    return await attempts.once(stamp, "count.leave", work)


def _where(count: Count, found: CountBin) -> Mapping[str, Any]:
    """What every receipt says: which count, which bin, how far."""
    return {
        "count": str(count.id),
        "number": count.number,
        "status": count.status.value,
        "bin": found.code,
        "bin_key": found.key,
        "round": found.round,
        "done": count.done,
        "bins": len(count.bins),
    }
