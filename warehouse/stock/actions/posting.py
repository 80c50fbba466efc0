"""How every single verb reaches the ledger: one attempt, one transaction, one answer."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any

from catalog.kernel import attempts, audit, db
from catalog.kernel.access import Permission
from catalog.kernel.errors import Denied, Invalid, Missing, Problem, Refused, Stale
from catalog.kernel.stamp import Stamp
from warehouse.stock import ledger, queries
from warehouse.stock.model import CONSUMED, Line, Lot, Posting, Reason, Receipt, StockKey
from warehouse.stock.queries import Spot

PERMISSION = {
    Reason.RECEIVE: Permission.RECEIVE,
    Reason.PUT_AWAY: Permission.PUT_AWAY,
    Reason.MOVE: Permission.MOVE,
    Reason.ISSUE: Permission.ISSUE,
    Reason.RETURN: Permission.RETURN,
    Reason.SEND_BACK: Permission.ISSUE,
    Reason.INSPECT: Permission.INSPECT,
    Reason.DISPOSE: Permission.DISPOSE,
    Reason.TEST: Permission.INSPECT,
    Reason.COUNT: Permission.COUNT,
    Reason.CONVERT: Permission.CORRECT,
    Reason.LEND: Permission.LOAN,
    Reason.LOAN_RETURN: Permission.LOAN,
    Reason.REVERSE: Permission.REVERSE,
    Reason.OPEN_BALANCE: Permission.COUNT,
    Reason.SHIP: Permission.ISSUE,
    Reason.UNLOAD: Permission.ISSUE,
    Reason.ARRIVE: Permission.RECEIVE,
    Reason.HAND_OUT: Permission.HAND_OUT,
    Reason.BRING_BACK: Permission.RETURN,
    Reason.WRITE_OFF: Permission.DISPOSE,
}
"""Which right each reason needs at the site where the goods stand."""

RETRIES = attempts.RETRIES
PostingOutcome = ledger.Outcome
"""What became of one posting of a batch: a receipt, or its refusal as a value."""


async def post_many(postings: Sequence[Posting], *, seen: Collection[StockKey] = frozenset()) -> list[PostingOutcome]:
    """Post a batch set-wise inside the caller's transaction: one outcome each, in order (see `ledger.post`).

    The caller has checked the rights, and does the batch again one by one if the database refuses it. `seen` are
    balances that the caller has read in this transaction: those need not be made.
    """
    return await ledger.post(postings, seen=seen)


async def post_one(stamp: Stamp, verb: Reason, build: Callable[[], Awaitable[Posting]]) -> Receipt:
    """Build one posting inside a transaction and post it; raises its refusal after the transaction.

    Safe to send twice and safe against rivals: an earlier answer is found first; a deadlock or a rival's same new row
    makes the work start again, at most `RETRIES` times. Inside an outer transaction it joins, and a refusal rolls the
    whole of it back.
    """
    if db.in_transaction():
        return await _post(stamp, build)
    for last in range(RETRIES):
        try:
            async with db.transaction():
                return await _post(stamp, build)
        except db.SERIALIZATION_ERRORS:
            if last == RETRIES - 1:
                raise
        except (Missing, Refused, Stale, Invalid, Denied) as problem:
            told = await _remember_refusal(stamp, verb, problem)
            if told is None:
                raise
            return told
    raise AssertionError("unreachable")


async def _post(stamp: Stamp, build: Callable[[], Awaitable[Posting]]) -> Receipt:
    """A refusal is raised while the transaction is open: what `build` wrote (a loan, a conversion, a count) goes with
    the rollback, and so does the ledger's own row of the refusal."""
    outcome = await _attempt(stamp, build)
    if isinstance(outcome, Problem):
        outcome.audited = False
        raise outcome
    return outcome


async def _attempt(stamp: Stamp, build: Callable[[], Awaitable[Posting]]) -> Receipt | Problem:
    """Twins of one attempt wait for each other: what `build` sees must not be the other twin's doing."""
    await db.execute("SELECT pg_advisory_xact_lock(hashtextextended($1::text, 7))", str(stamp.attempt))
    earlier = await _find(stamp)
    if earlier is not None:
        return earlier
    (outcome,) = await ledger.post([await build()])
    return outcome


async def _find(stamp: Stamp) -> Receipt | None:
    """The answer of this attempt, if it has been made; raises its refusal again."""
    try:
        body = await attempts.find(stamp)
    except Problem as problem:
        problem.audited = problem.code != "attempt.other-content"  # the first time it was refused
        raise
    return None if body is None else Receipt({k: v for k, v in body.items() if k != "repeat"}, repeat=True)


async def _remember_refusal(stamp: Stamp, verb: Reason, problem: Problem) -> Receipt | None:
    """A refusal before the ledger was reached: final for this id, and in the audit. The receipt of a twin that got
    through meanwhile, if there is one: one attempt has one answer."""
    if problem.code.startswith("attempt.") or problem.audited:
        return None
    async with db.transaction():
        earlier = await _find(stamp)
        if earlier is not None:
            return earlier
        await attempts.remember(stamp, verb.value, "refused", attempts.refusal(problem))
        await audit.record(
            stamp, "stock." + verb.value, success=False, code=problem.code, facts={"refused": dict(problem.facts)}
        )
    problem.audited = True
    return None


# -- loading what the verbs share ----------------------------------------------------------------------------------


async def load_spots(
    stamp: Stamp,
    reason: Reason,
    place_ids: Collection[int],
    *,
    fact: bool = False,
    permission: Permission | None = None,
) -> dict[int, Spot]:
    """Places with a balance where `stamp` may do this; Missing if unknown or out of scope, Refused if shut.

    What has already happened (`fact`) is recorded in a bin that is being counted or out of use all the same.
    `permission`: the right of whoever approved it, instead of the reason's own.
    """
    spots = await queries.get_spots(place_ids)
    for place_id in place_ids:
        spot = spots.get(place_id)
        if spot is None:
            raise Missing("stock.no-such-place", "没有这个货位", place=place_id)
        stamp.require_at(permission or PERMISSION[reason], spot.path, spot.site_id)
        if not fact:
            check_open(spot)
    return spots


def check_open(spot: Spot) -> None:
    """Refused where a place is being counted or is out of use."""
    if spot.closed:
        raise Refused("stock.bin-closed", "该货位正在盘点，暂停收发", place=spot.code, site=spot.site_code)
    if spot.retired:
        raise Refused("stock.bin-retired", "该货位已停用", place=spot.code, site=spot.site_code)


async def load_lot(lot_id: int) -> Lot:
    """One lot; Missing if unknown."""
    lots = await queries.get_lots(ids=[lot_id])
    if lot_id not in lots:
        raise Missing("stock.no-such-lot", "没有这个批次", lot=lot_id)
    return lots[lot_id]


def one_site(spots: Collection[Spot]) -> int:
    """The site that all places belong to; Refused if they differ (goods change site by shipment)."""
    sites = {spot.site_id for spot in spots}
    if len(sites) != 1:
        raise Refused(
            "stock.other-site", "两个货位不在同一仓库；跨库请走调拨", sites=sorted({spot.site_code for spot in spots})
        )
    site_id = sites.pop()
    if site_id is None:
        raise Missing("stock.no-such-place", "没有这个货位")
    return site_id


def codes_of(spots: Collection[Spot]) -> dict[int, str]:
    """Place id → code, for the receipt."""
    return {spot.place_id: spot.code for spot in spots}


async def not_gone_out(lines: Sequence[Line]) -> dict[str, Any] | None:
    """The first of `lines` that would bring back from use more of its lot than is out there; None if all is well.

    Those who bring back goods of one lot wait for each other: what went out has no balance row to lock (and locking its
    total would cross the ledger's order). Call before anything is locked.
    """
    back = [(number, line) for number, line in enumerate(lines) if line.from_place == CONSUMED]
    lot_ids = sorted({line.lot.id for _, line in back})
    if not lot_ids:
        return None
    await db.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('return:' || id, 7))"
        " FROM (SELECT id FROM unnest($1::bigint[]) id ORDER BY id) x",
        lot_ids,
    )
    totals = await queries.outside_totals(lot_ids=lot_ids, place_id=CONSUMED)
    asked: dict[int, int] = {}
    for number, line in back:
        asked[line.lot.id] = asked.get(line.lot.id, 0) + line.quantity
        came, went = totals.get(line.lot.id, (0, 0))
        if asked[line.lot.id] > went - came:
            return {"line": number, "lot": line.lot.number, "asked": asked[line.lot.id], "out": went - came}
    return None
