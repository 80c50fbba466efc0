"""Plans are kept, and accepted: lines become reservations and release orders in one transaction, or nothing does."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

from catalog.kernel import attempts, db
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Refused
from catalog.kernel.jsontext import json_text
from catalog.kernel.parameters import whole
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from warehouse.commitments import actions as commitments
from warehouse.commitments.model import PAPERS_HOURS
from warehouse.incidents import queries as incidents
from warehouse.incidents.model import Level
from warehouse.requisitions import queries
from warehouse.requisitions.actions import carry, takings
from warehouse.requisitions.actions.notes import changed, hand_of, locked
from warehouse.requisitions.model import HOLD_HOURS, LONGEST_TEXT, RELEASE_DOCUMENT, Requisition, Status, Wishes
from warehouse.requisitions.model import Line as Wanted
from warehouse.requisitions.queries.holds import Hold, held_for
from warehouse.requisitions.queries.promises import commitment_of
from warehouse.requisitions.queries.tasks import Stand, place_of, read_protections, stands
from warehouse.requisitions.sourcing import kept
from warehouse.requisitions.sourcing.model import Line, Plan
from warehouse.stock import actions as stock
from warehouse.stock.model import DocumentRef

_URGENCY = {1: 10, 2: 30, 3: 60, 4: 90}
"""The ledger's priority of what is held for a need's: 100 is what anybody may hold."""


async def keep_plan(
    *, stamp: Stamp, requisition_id: UUID, plan: Plan, wishes: Wishes, version: int | None = None
) -> Receipt:
    """Keep a plan that was worked out; it is the current one until the next, or until it is accepted.

    Needs requisition.source at the region that asks. Raises Missing, Denied, Stale, Refused.
    """

    async def work() -> Receipt:
        before = (await locked(stamp, requisition_id, "plan", version)).requisition
        plan_id = uuid5(stamp.attempt, "plan")
        await db.execute(
            "UPDATE sourcing_plan SET state = 'superseded' WHERE requisition_id = $1 AND state = 'current'",
            requisition_id,
        )
        await takings.note_planned(stamp, requisition_id)
        said = {"pins": [list(one) for one in wishes.pins], "forbidden": [list(one) for one in wishes.forbidden]}
        await db.execute(
            "INSERT INTO sourcing_plan (id, requisition_id, made_at, made_by, state, wishes, content, attempt)"
            " VALUES ($1, $2, $3, $4, 'current', $5::jsonb, $6::jsonb, $7)",
            plan_id,
            requisition_id,
            stamp.recorded_at,
            stamp.login,
            json.dumps(said),
            json_text(kept.write(plan)),
            stamp.attempt,
        )
        facts = {
            "plan": str(plan_id),
            "lines": len(plan.lines),
            "uncovered": len(plan.uncovered),
            "shipments": plan.goals.shipments,
            "pins": len(wishes.pins),
            "forbidden": len(wishes.forbidden),
        }
        return await changed(stamp, "plan", before, before.status, None, facts)

    return await attempts.once(stamp, "requisition.plan", work)


@dataclass(frozen=True, slots=True)
class Take:
    """So much of one lot at one place, for one line of the plan."""

    line: Line
    stand: Stand
    quantity: int
    covers: int


async def _incident_open(requisition: Requisition) -> None:
    """Nothing is held for an incident that is closed; while this goes on it cannot be. Raises Refused."""
    status = await db.fetch_value("SELECT status FROM incident WHERE id = $1 FOR SHARE", requisition.facts.incident_id)
    if status == "closed":
        raise Refused("requisition.incident-closed", "事件已结案", incident=requisition.incident_name)


async def accept_plan(*, stamp: Stamp, requisition_id: UUID, plan_id: UUID, version: int | None = None) -> Receipt:
    """Hold all the goods of the current plan, write the release orders that wait for their owners' word, and ask for
    what was promised: one call-off for each line, which waits for its activation order. What less urgent requisitions
    hold is taken where the plan says so and the level still allows it; they are told, and planned anew.

    Raises Missing, Denied, Stale, Refused (`sourcing.not-current`, `sourcing.nothing-planned`, `sourcing.stock-moved`
    with every line for which the goods are not there, are protected, or are not promised any more; then nothing is
    held and nothing called off).
    """

    async def work() -> Receipt:
        losers = await takings.lock_losers(stamp, requisition_id, plan_id)
        before = (await locked(stamp, requisition_id, "accept", version)).requisition
        found = await queries.get_plan(plan_id, requisition_id)
        await _incident_open(before)
        if found.state != "current":
            raise Refused("sourcing.not-current", "这个方案已被替换或已采纳，请重新载入", state=found.state)
        plan = kept.read(found.content)
        if not plan.lines:
            raise Refused("sourcing.nothing-planned", "方案没有可用货源")
        promised = [line for line in plan.lines if commitment_of(line.source) is not None]
        held = [line for line in plan.lines if held_for(line.source)]
        stored = [line for line in plan.lines if line not in promised and line not in held]
        items = sorted({line.item for line in (*stored, *held)})
        # Rivals for the same goods wait here: what one of them holds counts for what the next may take.
        for item in items:
            await db.execute("SELECT pg_advisory_xact_lock(hashtextextended('sourcing', $1))", item)
        there = await _locked_stands({_lot(line) for line in (*stored, *held)}, items, stamp)
        wanted = {str(line.id): line for line in before.lines}
        takes, failing = allot(stored, there)
        failing += await _protected(before, stored, stamp)
        failing += await _not_promised(promised, stamp)
        grabs, not_held = await takings.find_grabs(stamp, before, held, losers)
        failing += [_failing(line, "taken", free) for line, free in not_held]
        if failing:
            raise await _moved(failing, wanted)
        lost = await takings.take(stamp, before, plan_id, grabs, wanted)
        takes += [Take(one.line, _stand_of(one.hold), one.quantity, one.covers) for one in grabs]
        orders = await _write_orders(stamp, before, plan_id, takes, wanted)
        rides = {
            (one.line.source, place_of(wanted[one.line.need])): _order_id(stamp, _group(one, wanted)) for one in takes
        }
        sent = await carry.suggest(stamp, plan, rides)
        calls = await _call_off(stamp, before, plan_id, promised, wanted)
        await db.execute("UPDATE sourcing_plan SET state = 'accepted' WHERE id = $1", plan_id)
        await takings.settle(stamp, requisition_id)
        facts = {
            "plan": str(plan_id),
            "releases": [str(one) for one in orders],
            "calls": [str(one) for one in calls],
            "taken_from": [str(one) for one in lost],
            "lines": len(takes) + len(calls),
            "vehicles": sent,
        }
        return await changed(stamp, "accept", before, Status.SOURCED, None, facts)

    return await attempts.once(stamp, "requisition.accept", work)


# --- parts ----------------------------------------------------------------------------------------------------------


def _stand_of(hold: Hold) -> Stand:
    """Where the goods of a hold stand, which are free by now."""
    return Stand(
        hold.lot_id, hold.place_id, hold.item_id, hold.site_id, hold.owner_id, hold.owner_path, hold.expires_on,
        hold.quantity, hold.quantity, hold.lat, hold.lon,
    )  # fmt: skip


def _lot(line: Line) -> int:
    return int(line.supply.split(":")[0])


async def _locked_stands(lot_ids: set[int], items: Sequence[int], stamp: Stamp) -> dict[str, list[Stand]]:
    """What stands of the plan's lots now, its balances locked in the ledger's order; by supply."""
    await db.execute(
        "SELECT 1 FROM balance WHERE lot_id = ANY($1::bigint[]) AND condition = 'good'"
        " ORDER BY lot_id, place_id, condition FOR UPDATE",
        sorted(lot_ids),
    )
    found: dict[str, list[Stand]] = defaultdict(list)
    for one in await stands(items, stamp.recorded_at):
        if one.lot_id in lot_ids:
            found[one.supply].append(one)
    return found


def allot(lines: Sequence[Line], there: Mapping[str, Sequence[Stand]]) -> tuple[list[Take], list[dict[str, Any]]]:
    """Which place gives how much, in the order given; and every line of the plan for which it is not there any more."""
    left = {(one.lot_id, one.place_id): max(0, one.free) for stand in there.values() for one in stand}
    takes: list[Take] = []
    failing: list[dict[str, Any]] = []
    for line in lines:
        free = sum(left[one.lot_id, one.place_id] for one in there.get(line.supply, ()))
        if free < line.quantity:
            failing.append(
                {"need": line.need, "supply": line.supply, "why": "taken", "asked": line.quantity, "free": free}
            )
            continue
        wanted, covers = line.quantity, line.covers
        for one in there[line.supply]:
            given = min(wanted, left[one.lot_id, one.place_id])
            if not given:
                continue
            left[one.lot_id, one.place_id] -= given
            part = covers if given == wanted else covers * given // wanted
            takes.append(Take(line, one, given, part))
            wanted, covers = wanted - given, covers - part
    return takes, failing


def _failing(line: Line, why: str, free: int) -> dict[str, Any]:
    return {"need": line.need, "supply": line.supply, "why": why, "asked": line.quantity, "free": free}


async def _protected(requisition: Requisition, lines: Sequence[Line], stamp: Stamp) -> list[dict[str, Any]]:
    """Lines that would now take what is protected."""
    there = await stands({line.item for line in lines}, stamp.recorded_at)
    giving = {(line.source, line.item) for line in lines}
    mine = [one for one in there if (one.source, one.item_id) in giving]
    failing = []
    for cap in await read_protections(requisition, mine, stamp.recorded_at):
        taken = [line for line in lines if cap.members.get((line.source, line.item))]
        worth = sum(cap.members[line.source, line.item] * line.quantity for line in taken)
        if worth > cap.allowance:
            failing += [_failing(line, "protected", 0) for line in taken]
    return failing


async def _not_promised(lines: Sequence[Line], stamp: Stamp) -> list[dict[str, Any]]:
    """Lines whose promise does not hold any more, or has been called off by others; the commitments stay locked."""
    ids = {line.source: commitment_of(line.source) for line in lines}
    left = await commitments.hold_still([one for one in ids.values() if one is not None], day_of(stamp.recorded_at))
    failing = []
    taken: dict[str, int] = defaultdict(int)
    for line in lines:
        promise = next((one for key, one in left.items() if key == ids[line.source]), None)
        free = (promise.quantity if promise else 0) - taken[line.source]
        if free < line.quantity:
            failing.append(_failing(line, "taken", free))
        taken[line.source] += line.quantity
    return failing


async def _call_off(
    stamp: Stamp, requisition: Requisition, plan_id: UUID, lines: Sequence[Line], wanted: Mapping[str, Wanted]
) -> list[UUID]:
    """One call-off for each line of a promise. A spoken one owes its paper by the level's clock."""
    hours, calls = PAPERS_HOURS, []
    if requisition.level is not None:
        hours = (await incidents.level_rules(Level(requisition.level), requisition.path)).papers_hours
    for number, line in enumerate(lines):
        commitment_id, of = commitment_of(line.source), wanted[line.need]
        if commitment_id is None:
            continue
        done = await commitments.request_call(
            stamp=hand_of(stamp).for_part(f"call {number}", [line.source, line.need, line.quantity]),
            commitment_id=commitment_id,
            quantity=line.quantity,
            reason=f"{requisition.number} {requisition.facts.reason}"[:LONGEST_TEXT],
            place=f"{of.region_zh} {of.facts.place}".strip()[:LONGEST_TEXT],
            papers_hours=hours,
        )
        calls.append(UUID(str(done["id"])))
        await db.execute(
            "INSERT INTO requisition_call (call_off_id, requisition_id, requisition_line_id, plan_id, covers)"
            " VALUES ($1, $2, $3, $4, $5)",
            calls[-1],
            requisition.id,
            of.id,
            plan_id,
            line.covers,
        )
    return calls


async def _moved(failing: Sequence[Mapping[str, Any]], wanted: Mapping[str, Wanted]) -> Refused:
    """The refusal that names every failing line, with goods, lot and store."""
    names = await queries.supply_names({one["supply"] for one in failing})
    said = [
        {
            "line": wanted[one["need"]].line,
            "goods": wanted[one["need"]].goods_zh,
            "lot": names[one["supply"]][0],
            "site": names[one["supply"]][1],
            "why": one["why"],
            "asked": one["asked"],
            "free": one["free"],
        }
        for one in failing
    ]
    return Refused(
        "sourcing.stock-moved", "库存已变动，下列各行已不能按方案调出，请重新计算方案", line=said[0]["line"], lines=said
    )


Group = tuple[int, int, int, str]
"""Owner, store, region and place: what one order is for."""


def _group(take: Take, wanted: Mapping[str, Wanted]) -> Group:
    facts = wanted[take.line.need].facts
    return take.stand.owner_id, take.stand.site_id, facts.region_id, facts.place


def _order_id(stamp: Stamp, group: Group) -> UUID:
    return uuid5(stamp.attempt, f"release {group}")


async def _write_orders(
    stamp: Stamp, requisition: Requisition, plan_id: UUID, takes: Sequence[Take], wanted: Mapping[str, Wanted]
) -> list[UUID]:
    """One order for each owner, store and place; each of its lines holds its goods."""
    until = stamp.recorded_at + timedelta(hours=await whole(HOLD_HOURS.key, requisition.path))
    groups: dict[Group, list[Take]] = defaultdict(list)
    for take in takes:
        groups[_group(take, wanted)].append(take)
    held: dict[int, UUID] = {}
    order_of: dict[int, UUID] = {}
    for group, mine in sorted(groups.items()):
        order_of |= {id(take): _order_id(stamp, group) for take in mine}
    # Held in the ledger's order of locks, whatever order they stand in.
    for number, take in enumerate(sorted(takes, key=lambda t: (t.stand.lot_id, t.stand.place_id, t.line.need))):
        part = hand_of(stamp).for_part(f"hold {number}", [take.stand.lot_id, take.stand.place_id, take.quantity])
        done = await stock.reserve(
            stamp=part,
            lot_id=take.stand.lot_id,
            place_id=take.stand.place_id,
            quantity=take.quantity,
            expires_at=until,
            priority=_URGENCY[wanted[take.line.need].facts.priority],
            document=DocumentRef(RELEASE_DOCUMENT, order_of[id(take)]),
        )
        held[id(take)] = UUID(str(done["reservation"]))
    for group, mine in sorted(groups.items()):
        order_id = order_of[id(mine[0])]
        await _write_order(stamp, requisition, plan_id, order_id, group, [wanted[take.line.need] for take in mine])
        await _write_order_lines(order_id, mine, held)
    return list(dict.fromkeys(order_of.values()))


async def _write_order(
    stamp: Stamp,
    requisition: Requisition,
    plan_id: UUID,
    order_id: UUID,
    key: Group,
    lines: Sequence[Wanted],
) -> None:
    facts = [line.facts for line in lines]
    by = [one.needed_by for one in facts if one.needed_by is not None]
    await db.execute(
        "INSERT INTO release_order (id, status, requisition_id, plan_id, owner_region_id, site_id, region_id, place,"
        " lat, lon, priority, needed_by, made_at, made_by, attempt)"
        " VALUES ($1, 'waiting', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        order_id,
        requisition.id,
        plan_id,
        *key,
        facts[0].lat,
        facts[0].lon,
        min(one.priority for one in facts),
        min(by) if by else None,
        stamp.recorded_at,
        stamp.login,
        stamp.attempt,
    )


async def _write_order_lines(order_id: UUID, takes: Sequence[Take], held: Mapping[int, UUID]) -> None:
    for number, take in enumerate(takes, 1):
        await db.execute(
            "INSERT INTO release_line (id, release_id, line, requisition_line_id, item_id, lot_id, place_id, quantity,"
            " covers, reservation_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            uuid5(order_id, f"line {number}"),
            order_id,
            number,
            UUID(take.line.need),
            take.stand.item_id,
            take.stand.lot_id,
            take.stand.place_id,
            take.quantity,
            take.covers,
            held[id(take)],
        )
