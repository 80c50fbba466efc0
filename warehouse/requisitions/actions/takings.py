"""A more urgent need takes what is held for a less urgent one: inside accepting a plan, with the losers locked.

The loser's order gives up so much of its lines, or ends where nothing is left of it; what it covered is open again, is
told to whoever sees to alerts at the loser's, and is planned anew by the house.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from catalog.kernel import db
from catalog.kernel.access import Permission
from catalog.kernel.stamp import Stamp
from warehouse.requisitions import queries
from warehouse.requisitions.actions.notes import follow, hand_of, note, release_changed
from warehouse.requisitions.model import RELEASE_DOCUMENT, Line, ReleaseStatus, Requisition
from warehouse.requisitions.queries.holds import Hold, held_for, list_holds
from warehouse.requisitions.sourcing import kept
from warehouse.requisitions.sourcing.model import Line as Planned
from warehouse.stock import actions as stock
from warehouse.stock.model import DocumentRef


@dataclass(frozen=True, slots=True)
class Grab:
    """So much of a hold, for one line of the plan. `covers`: in units of the line that gets it."""

    line: Planned
    hold: Hold
    quantity: int
    covers: int


async def lock_losers(stamp: Stamp, requisition_id: UUID, plan_id: UUID) -> frozenset[UUID]:
    """Lock the requisition and those that its plan takes from, in one order, before anything else; who they are.

    Whoever writes a requisition or its orders locks it first: locked here, they stand still until the end.
    """
    scope = stamp.require(Permission.REQUISITION_SOURCE)
    plan = (await queries.find_plans([plan_id])).get(plan_id)
    mine = await queries.find_requisition(requisition_id)
    if plan is None or mine is None or plan.requisition_id != requisition_id or not scope.covers(mine.path):
        return frozenset()
    wanted = {line.supply: line.item for line in kept.read(plan.content).lines if held_for(line.source)}
    holds = await list_holds(mine, scope, set(wanted.values()), stamp.recorded_at)
    losers = {one.requisition_id for one in holds if one.supply in wanted}
    if losers:
        await db.execute(
            "SELECT 1 FROM requisition WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE", [requisition_id, *losers]
        )
    return frozenset(losers)


async def find_grabs(
    stamp: Stamp, requisition: Requisition, lines: Sequence[Planned], losers: Collection[UUID]
) -> tuple[list[Grab], list[tuple[Planned, int]]]:
    """Which holds give how much; and every line for which they do not suffice any more, with what there is."""
    if not lines:
        return [], []
    scope = stamp.require(Permission.REQUISITION_SOURCE)
    holds = await list_holds(requisition, scope, {line.item for line in lines}, stamp.recorded_at)
    priority = {str(line.id): line.facts.priority for line in requisition.lines}
    return share(lines, [one for one in holds if one.requisition_id in losers], priority)


def share(
    lines: Sequence[Planned], holds: Sequence[Hold], priority: Mapping[str, int]
) -> tuple[list[Grab], list[tuple[Planned, int]]]:
    """The same over plain values; holds are taken in the order given. Only of less urgent needs."""
    left = {one.reservation_id: one.quantity for one in holds}
    grabs: list[Grab] = []
    failing: list[tuple[Planned, int]] = []
    for line in lines:
        mine = [one for one in holds if one.supply == line.supply and priority[line.need] < one.priority]
        there = sum(left[one.reservation_id] for one in mine)
        if there < line.quantity:
            failing.append((line, there))
            continue
        wanted, covers = line.quantity, line.covers
        for one in mine:
            given = min(wanted, left[one.reservation_id])
            if not given:
                continue
            left[one.reservation_id] -= given
            part = covers if given == wanted else covers * given // wanted
            grabs.append(Grab(line, one, given, part))
            wanted, covers = wanted - given, covers - part
    return grabs, failing


async def take(
    stamp: Stamp, requisition: Requisition, plan_id: UUID, grabs: Sequence[Grab], wanted: Mapping[str, Line]
) -> list[UUID]:
    """Free what is taken, note it at the losers; the requisitions that lost. The goods are the taker's to hold now."""
    of_hold: dict[UUID, list[Grab]] = defaultdict(list)
    for one in grabs:
        of_hold[one.hold.reservation_id].append(one)
    of_order: dict[UUID, list[tuple[Hold, int]]] = defaultdict(list)
    for mine in sorted(of_hold.values(), key=lambda one: (one[0].hold.lot_id, one[0].hold.place_id)):
        hold, quantity = mine[0].hold, sum(one.quantity for one in mine)
        await _shrink(stamp, hold, hold.quantity - quantity)
        of_order[hold.release_id].append((hold, quantity))
        urgent = min(wanted[one.line.need].facts.priority for one in mine)
        await _write(stamp, requisition.id, plan_id, hold, quantity, urgent)
    orders = await queries.find_releases(of_order)
    losers: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for release_id, taken in sorted(of_order.items(), key=lambda one: one[1][0][0].release_seq):
        order = orders[release_id]
        facts = {
            "by": requisition.number,
            "taken": [{"line": _line_of(order.lines, hold), "quantity": quantity} for hold, quantity in taken],
        }
        gone = {hold.release_line_id for hold, quantity in taken if quantity == hold.quantity}
        if any(line.id not in gone for line in order.lines):
            await db.execute("UPDATE release_line SET gone = true WHERE id = ANY($1::uuid[])", list(gone))
            await release_changed(stamp, "taken", order, ReleaseStatus.WAITING, None, facts)
        else:
            sets = {"ended_at": stamp.recorded_at, "end_reason": f"{requisition.number} 调用"}
            await release_changed(stamp, "taken", order, ReleaseStatus.CANCELLED, sets, facts)
        losers[order.requisition_id].append({"release": str(release_id), **facts})
    for loser_id, lost in losers.items():
        await follow(stamp, loser_id)
        await note(stamp, "taken", loser_id, None, {"by": requisition.number, "orders": lost})
    return list(losers)


def _line_of(lines: Sequence[Any], hold: Hold) -> int:
    return next(int(line.line) for line in lines if line.id == hold.release_line_id)


async def _shrink(stamp: Stamp, hold: Hold, rest: int) -> None:
    """The loser's hold ends; what is left to it is held anew, as long and as urgently as before."""
    hand = hand_of(stamp)
    part = hand.for_part(f"take {hold.reservation_id}", [str(hold.reservation_id), rest])
    await stock.release(stamp=part, reservation=hold.reservation_id, note="taken for a more urgent need")
    if not rest:
        return
    done = await stock.reserve(
        stamp=hand.for_part(f"keep {hold.reservation_id}", [str(hold.reservation_id), rest]),
        lot_id=hold.lot_id,
        place_id=hold.place_id,
        quantity=rest,
        expires_at=hold.until,
        priority=hold.rank,
        document=DocumentRef(RELEASE_DOCUMENT, hold.release_id),
    )
    await db.execute(
        "UPDATE release_line SET quantity = $2, covers = $3, reservation_id = $4 WHERE id = $1",
        hold.release_line_id,
        rest,
        hold.covers * rest // hold.quantity,
        UUID(str(done["reservation"])),
    )


async def _write(stamp: Stamp, taker_id: UUID, plan_id: UUID, hold: Hold, quantity: int, urgent: int) -> None:
    await db.execute(
        "INSERT INTO hold_taken (id, taker_id, taker_plan_id, taker_priority, loser_id, loser_line_id,"
        " loser_release_id, loser_priority, item_id, lot_id, place_id, quantity, covers, taken_at, taken_by)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        uuid5(stamp.attempt, f"taken {hold.reservation_id}"),
        taker_id,
        plan_id,
        urgent,
        hold.requisition_id,
        hold.line_id,
        hold.release_id,
        hold.priority,
        hold.item_id,
        hold.lot_id,
        hold.place_id,
        quantity,
        hold.covers - hold.covers * (hold.quantity - quantity) // hold.quantity,
        stamp.recorded_at,
        stamp.login,
    )


async def note_planned(stamp: Stamp, requisition_id: UUID) -> None:
    """What was taken from a locked requisition has been planned anew."""
    await db.execute(
        "UPDATE hold_taken SET replanned_at = $2 WHERE loser_id = $1 AND replanned_at IS NULL",
        requisition_id,
        stamp.recorded_at,
    )


async def settle(stamp: Stamp, requisition_id: UUID) -> None:
    """A locked requisition holds other goods instead, or is over: nobody has to be told any more."""
    await db.execute(
        "UPDATE hold_taken SET settled_at = $2 WHERE loser_id = $1 AND settled_at IS NULL",
        requisition_id,
        stamp.recorded_at,
    )
