"""What becomes of a count: reasons, posting by the keeper or an approver, or back for another count."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID, uuid5

from catalog.kernel import attempts, db
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Missing, Refused
from catalog.kernel.stamp import Stamp
from warehouse.counts import queries, rules
from warehouse.counts.actions.counting import open_again
from warehouse.counts.actions.document import changed, judged, note
from warehouse.counts.model import (
    DOCUMENT,
    Again,
    Approve,
    Count,
    CountBin,
    CountKind,
    CountLine,
    Difference,
    Status,
    VarianceReason,
)
from warehouse.counts.workflow import Standing
from warehouse.sites import actions as sites
from warehouse.stock import actions as stock
from warehouse.stock import queries as stock_queries
from warehouse.stock.actions import Arrival, Counted
from warehouse.stock.model import Condition, DocumentRef, LotFacts, Reason


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one line differs."""

    place_id: int
    lot_id: int
    condition: str
    reason: VarianceReason
    note: str = ""


async def explain(*, stamp: Stamp, count_id: UUID, explanations: Sequence[Explanation]) -> Receipt:
    """Give the reasons of differences, one from the list for each, while the count is reviewed. Needs stock.count."""

    async def work() -> Receipt:
        standing = await judged(stamp, count_id, "explain")
        known = {(one.key.place_id, one.key.lot_id, one.key.condition) for one in standing.lines if one.variance}
        for number, one in enumerate(explanations):
            if (one.place_id, one.lot_id, one.condition) not in known:
                raise Missing("count.no-such-line", "没有这一行，或没有差异", line=number)
            if one.reason is VarianceReason.OTHER and not one.note.strip():
                raise Invalid("count.words-needed", "原因选“其他”时请填写说明", line=number)
        await db.execute(
            "INSERT INTO stocktake_result (stocktake_id, place_id, lot_id, condition, reason, note, login)"
            " SELECT $1, p, l, c, r, n, $7 FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[])"
            " k (p, l, c, r, n) ON CONFLICT (stocktake_id, place_id, lot_id, condition)"
            " DO UPDATE SET reason = excluded.reason, note = excluded.note, login = excluded.login",
            count_id,
            [one.place_id for one in explanations],
            [one.lot_id for one in explanations],
            [one.condition for one in explanations],
            [one.reason.value for one in explanations],
            [one.note.strip() for one in explanations],
            stamp.login,
        )
        return await changed(stamp, "explain", standing.count, standing.count.status, {"lines": len(explanations)})

    return await attempts.once(stamp, "count.explain", work)


async def post(*, stamp: Stamp, count_id: UUID, version: int | None = None) -> Receipt:
    """The keeper's own posting: possible below the limits (`count.needs-approval` above). Needs stock.count."""

    async def work() -> Receipt:
        standing = await judged(stamp, count_id, "post", version)
        return await _post(stamp, standing, Permission.COUNT)

    return await attempts.once(stamp, "count.post", work)


async def approve(*, stamp: Stamp, count_id: UUID, version: int | None = None) -> Receipt:
    """Approve the differences and post them: somebody from outside the keeper's unit, who has not counted here.

    An opening count receives the opening stock and sets the store live. Needs count.approve.
    """

    async def work() -> Receipt:
        standing = await judged(stamp, count_id, "approve", version)
        count = standing.count
        rules.check_approver(count, stamp.grants, stamp.login, stamp.person_id)
        await db.execute("UPDATE stocktake SET approved = true WHERE id = $1", count_id)
        if Approve.ONE_KEEPER in standing.approve:
            await db.execute(
                "UPDATE stocktake SET shortcuts = shortcuts || 'one-keeper'::text"
                " WHERE id = $1 AND NOT 'one-keeper' = ANY(shortcuts)",
                count_id,
            )
        return await _post(stamp, standing, Permission.COUNT_APPROVE)

    return await attempts.once(stamp, "count.approve", work)


async def send_back(*, stamp: Stamp, count_id: UUID, place_ids: Collection[int], note_text: str = "") -> Receipt:
    """The approver does not believe it: these bins (or, without any, all with a difference) are counted once more, by
    somebody who has not counted them yet."""

    async def work() -> Receipt:
        standing = await judged(stamp, count_id, "send-back")
        count = standing.count
        rules.check_approver(count, stamp.grants, stamp.login, stamp.person_id)
        wanted = set(place_ids) or {one.key.place_id for one in standing.lines if one.variance}
        if not wanted or wanted - {one.place_id for one in count.bins}:
            raise Invalid("count.bad-bin-count", "请选择要重新盘点的货位", bins=len(wanted))
        await open_again(count, sorted(wanted))
        await db.execute(
            "UPDATE stocktake_bin SET again = ARRAY[$3::text] WHERE stocktake_id = $1 AND place_id = ANY($2::bigint[])",
            count_id,
            sorted(wanted),
            Again.SENT_BACK.value,
        )
        facts = {"bins": len(wanted), "note": note_text.strip()}
        return await changed(stamp, "send-back", count, Status.RECOUNTING, facts)

    return await attempts.once(stamp, "count.send-back", work)


# --- posting ----------------------------------------------------------------------------------------------


async def _post(stamp: Stamp, standing: Standing, permission: Permission) -> Receipt:
    """Every bin at the moment it was counted, in walking order; all of them or none."""
    count, lines = standing.count, await queries.list_lines(standing.count.id)
    _check_counted(count)
    await _freeze_result(count, standing.lines)
    for one in count.bins:
        here = [x for x in lines if x.place_id == one.place_id and x.round == one.round]
        await _post_bin(stamp, count, one, here, standing.lines, permission)
    case = await _unknown_goods(stamp, count, lines)
    if count.kind is CountKind.OPENING:
        await sites.go_live(stamp=stamp, site_id=count.site_id)
    differing = [x for x in standing.lines if x.variance]
    facts = {
        "differences": len(differing),
        "value_fen": sum(x.value_fen or 0 for x in differing),
        "case": str(case) if case else None,
    }
    verb = "approve" if permission is Permission.COUNT_APPROVE else "post"
    return await changed(stamp, verb, count, Status.POSTED, facts)


def _check_counted(count: Count) -> None:
    moments = {one.place_id for one in count.bins if one.counted_at is not None}
    if len(moments) != len(count.bins):
        raise Refused("count.bins-left", "还有货位没有盘完", left=len(count.bins) - len(moments))


async def _freeze_result(count: Count, lines: Sequence[Difference]) -> None:
    await db.execute(
        "INSERT INTO stocktake_result (stocktake_id, place_id, lot_id, condition, book, counted, value_fen)"
        " SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[])"
        " ON CONFLICT (stocktake_id, place_id, lot_id, condition)"
        " DO UPDATE SET book = excluded.book, counted = excluded.counted, value_fen = excluded.value_fen",
        count.id,
        [x.key.place_id for x in lines],
        [x.key.lot_id for x in lines],
        [x.key.condition for x in lines],
        [x.book for x in lines],
        [x.counted for x in lines],
        [x.value_fen for x in lines],
    )


async def _post_bin(
    stamp: Stamp,
    count: Count,
    found: CountBin,
    lines: Sequence[CountLine],
    result: Sequence[Difference],
    permission: Permission,
) -> None:
    moment = found.counted_at
    assert moment is not None
    document = DocumentRef(DOCUMENT, count.id)
    part = replace(stamp.for_part(f"bin {found.place_id}", [count.number, found.code]), occurred_at=moment)
    pieces = {(x.lot_id, x.condition): x.serial_ids for x in lines}
    counted = [
        Counted(x.key.lot_id, Condition(x.key.condition), x.counted, pieces.get((x.key.lot_id, x.key.condition), ()))
        for x in result
        if x.key.place_id == found.place_id
    ]
    await stock.count(
        stamp=part,
        place_id=found.place_id,
        found=counted,
        note=count.number,
        fact=True,
        permission=permission,
        document=document,
    )
    await _as_posted(count, found.place_id, uuid5(part.attempt, "count"))
    new = [x for x in lines if x.given is not None]
    if new:
        owner = await _owner(count)
        await stock.receive(
            stamp=replace(stamp.for_part(f"open {found.place_id}", [count.number, found.code]), occurred_at=moment),
            arrivals=[_opening(x, found.place_id, owner) for x in new],
            document=document,
            fact=True,
            note=count.number,
            reason=Reason.OPEN_BALANCE,
            permission=permission,
        )


async def _as_posted(count: Count, place_id: int, bin_count: UUID) -> None:
    """What the ledger adjusted over locked rows is what the result says: a late fact may have come in between."""
    rows = await db.fetch(
        "UPDATE stocktake_result r SET book = r.counted - l.variance FROM bin_count_line l WHERE l.count_id = $3"
        " AND r.stocktake_id = $1 AND r.place_id = $2 AND (l.lot_id, l.condition) = (r.lot_id, r.condition)"
        " AND r.book <> r.counted - l.variance RETURNING r.id, r.lot_id, l.variance",
        count.id,
        place_id,
        bin_count,
    )
    lots = await stock_queries.get_lots(ids={row[1] for row in rows})
    for row in rows:
        value = rules.value_of(lots[row[1]], row[2])
        await db.execute("UPDATE stocktake_result SET value_fen = $2 WHERE id = $1", row[0], value)


async def _owner(count: Count) -> int:
    """Who owns what stands in a store unless something else is said."""
    owner: int = await db.fetch_value(
        "SELECT coalesce(custody_for_id, region_id) FROM site WHERE id = $1", count.site_id
    )
    return owner


def _opening(line: CountLine, place_id: int, owner: int) -> Arrival:
    given = line.given or {}

    def day(name: str) -> date | None:
        return date.fromisoformat(given[name]) if given.get(name) else None

    facts = LotFacts(
        item_id=given["item_id"],
        owner_region_id=owner,
        maker_batch=given.get("maker_batch"),
        produced_on=day("produced_on"),
        expires_on=day("expires_on"),
        fund_source=given.get("fund_source"),
        price_fen=given.get("price_fen"),
    )
    return Arrival(facts, line.quantity, place_id, Condition(line.condition))


async def _unknown_goods(stamp: Stamp, count: Count, lines: Sequence[CountLine]) -> UUID | None:
    """Goods that nothing here knows are never posted: a case says where they lie and who found them."""
    rounds = {one.place_id: one.round for one in count.bins}
    codes = {one.place_id: one.code for one in count.bins}
    found = [x for x in lines if x.lot_id is None and x.given is None and x.round == rounds[x.place_id]]
    if not found:
        return None
    case = uuid5(stamp.attempt, "case")
    told = [{"bin": codes[x.place_id], "item": x.words, "quantity": x.quantity, "kind": "over"} for x in found]
    await stock.open_case(
        stamp=stamp,
        site_id=count.site_id,
        kind="count",
        facts={"count": count.number, "kinds": ["over"], "lines": told},
        document_kind=DOCUMENT,
        document_id=count.id,
        case=case,
    )
    await note(stamp, "open-case", count.id, None, {"case": str(case), "lines": len(told)}, count.site_id)
    return case
