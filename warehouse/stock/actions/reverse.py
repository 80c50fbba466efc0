"""Undo (冲销): every row of an attempt again with its legs exchanged, pointing at its original, at most once."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.errors import Missing, Refused
from catalog.kernel.stamp import Stamp
from warehouse.stock import queries
from warehouse.stock.actions.posting import PERMISSION, codes_of, load_spots, not_gone_out, post_one
from warehouse.stock.model import ON_THE_WAY, Condition, Line, Posting, Reason, Receipt, is_outside
from warehouse.stock.queries import MoveRow, Spot


async def reverse(*, stamp: Stamp, attempt: UUID, note: str = "") -> Receipt:
    """Take back everything that `attempt` moved. The original rows stay.

    Refused with `blocked_by` where that cannot be: already reversed, the goods have moved on (by which moves) or are
    promised (to which reservations), have come back from use already, the bin has been counted since, late facts count
    on the count, a numbered piece is elsewhere.
    """

    async def build() -> Posting:
        moves = await queries.find_moves_of_attempt(attempt)
        if not moves:
            raise Missing("stock.no-such-attempt", "没有找到这次操作", attempt=str(attempt))
        inside = {p for m in moves for p in (m.source.place_id, m.target.place_id) if not is_outside(p)}
        if not inside:  # nothing here to take it back from, nor a site whose right it would be
            raise blocked([{"why": "outside", "move": m.seq} for m in moves])
        spots = await load_spots(stamp, Reason.REVERSE, inside)
        _check_rights(stamp, moves, spots)
        await _check(moves)
        lots = await queries.get_lots(ids={m.lot_id for m in moves})
        lines = tuple(
            Line(
                lots[m.lot_id],
                m.quantity,
                m.target.place_id,
                Condition(m.target.condition),
                m.source.place_id,
                Condition(m.source.condition),
                m.serial_ids,
                m.document_line,
                reverses=m.seq,
            )
            for m in reversed(moves)
        )
        short = await not_gone_out(lines)
        if short is not None:  # it waited for whoever had the goods: perhaps for a rival with the same undo
            done = _reversed(await queries.find_moves_of_attempt(attempt))
            raise blocked(done or [{"why": "returned", **short}])
        return Posting(
            stamp,
            Reason.REVERSE,
            lines,
            next(spot.site_id for spot in spots.values() if spot.site_id is not None),
            document=moves[0].document,
            note=note,
            place_codes=codes_of(spots.values()),
            extra={"reverses": str(attempt)},
        )

    try:
        return await post_one(stamp, Reason.REVERSE, build)
    except Refused as refusal:
        if refusal.code in ("stock.not-enough", "stock.serial-elsewhere"):
            moves = await queries.find_moves_of_attempt(attempt)
            by = _reversed(moves) or [*await _moved_on(moves), *await _promised(moves)]
            raise blocked(by, audited=refusal.audited) from refusal
        raise


def blocked(by: Sequence[dict[str, Any]], *, audited: bool = False) -> Refused:
    """The refusal of an undo, naming what stands in the way."""
    first = by[0]["why"] if by else "moved-on"
    text = {
        "reversed": "这次操作已经冲销过",
        "outside": "这次操作没有经过任何货位，不能冲销",
        "is-reversal": "冲销本身不能再冲销，请重新操作",
        "counted": "该货位此后已盘点，不能冲销；请按差异处理",
        "taken-back": "已有补录的业务冲抵了这次盘点差异，不能冲销；请重新盘点",
        "returned": "货物已从使用中归还，不能再冲销出库",
        "on-the-way": "这是运单上的业务，请在运单上更正",
    }.get(first, "货物此后已被移动或占用，请先冲销后面的操作")
    problem = Refused("stock.cannot-reverse", text, blocked_by=list(by))
    problem.audited = audited
    return problem


def _check_rights(stamp: Stamp, moves: Sequence[MoveRow], spots: Mapping[int, Spot]) -> None:
    """Who undoes an act must be one who may do it: a keeper does not take back an approver's disposal."""
    for reason in {m.reason for m in moves}:
        needed = PERMISSION.get(Reason(reason))
        for spot in spots.values():
            if needed is not None:
                stamp.require_at(needed, spot.path, spot.site_id)


async def _check(moves: Sequence[MoveRow]) -> None:
    done = _reversed(moves)
    if done:
        raise blocked(done)
    if any(m.reverses is not None for m in moves):
        raise blocked([{"why": "is-reversal", "move": m.seq} for m in moves if m.reverses is not None])
    if any(Reason(m.reason) in ON_THE_WAY for m in moves):
        raise blocked([{"why": "on-the-way", "move": m.seq} for m in moves])
    counted = await queries.last_counts(
        {p for m in moves for p in (m.source.place_id, m.target.place_id) if not is_outside(p)}
    )
    since = [
        {"why": "counted", "place": place, "counted_at": counted[place].counted_at.isoformat()}
        for m in moves
        for place in (m.source.place_id, m.target.place_id)
        if place in counted and counted[place].counted_at > m.occurred_at
    ]
    if since:
        raise blocked(since)
    taken_back = await db.fetch_value(
        "SELECT count(*) FROM bin_count c JOIN bin_count_line l ON l.count_id = c.id"
        " WHERE c.attempt = $1 AND l.taken_back <> 0",
        moves[0].attempt,
    )
    if taken_back:
        raise blocked([{"why": "taken-back", "lines": taken_back}])


def _reversed(moves: Sequence[MoveRow]) -> list[dict[str, Any]]:
    return [{"why": "reversed", "move": m.seq, "by": m.reversed_by} for m in moves if m.reversed_by is not None]


async def _moved_on(moves: Sequence[MoveRow]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for m in moves:
        if not is_outside(m.target.place_id):
            found += [
                {
                    "why": "moved-on",
                    "move": later.seq,
                    "attempt": str(later.attempt),
                    "reason": later.reason,
                    "quantity": later.quantity,
                    "login": later.login,
                    "at": later.occurred_at.isoformat(),
                }
                for later in await queries.later_moves_out(m.target_key, after_seq=m.seq, limit=5)
            ]
    return found


async def _promised(moves: Sequence[MoveRow]) -> list[dict[str, Any]]:
    rows = await db.fetch(
        "SELECT r.id, r.quantity FROM reservation r JOIN unnest($1::bigint[], $2::bigint[], $3::text[])"
        " k (lot_id, place_id, condition) USING (lot_id, place_id, condition) WHERE r.state = 'held' ORDER BY r.seq",
        *map(list, zip(*{m.target_key for m in moves}, strict=True)),
    )
    return [{"why": "reserved", "reservation": str(row[0]), "quantity": row[1]} for row in rows]
