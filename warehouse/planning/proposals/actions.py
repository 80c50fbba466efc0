"""Writes of proposals. Runs and orders queue at one lock: two at once would see the same gap and close it twice."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from catalog.kernel import attempts, audit, db, feed, history
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Missing, Refused
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from catalog.regions import queries as regions
from warehouse.planning.proposals import queries, rules
from warehouse.planning.proposals.model import Proposal, Proposed, Status
from warehouse.replenishment import actions as replenishment
from warehouse.replenishment.model import NewOrderLine, OrderFacts, OrderKind

MOST_TICKED = 200
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('proposals', 17))"


async def run_proposals(*, stamp: Stamp, region_id: int) -> Receipt:
    """Propose anew for a region and all below it; what is open is kept, changed or withdrawn to fit. Running again
    changes nothing. Needs order.edit there. The receipt counts what was done."""

    async def work() -> Receipt:
        region = await regions.get_region(region_id)
        stamp.require_at(Permission.ORDER_EDIT, region.path)
        await db.execute(_LOCK)
        today = day_of(stamp.recorded_at)
        all_needs = await queries.needs(region.path, stamp.recorded_at)
        sleeping = await queries.asleep(today)
        # What a store is not to be asked about for a while, its owner still lacks.
        dozing = [need for need in all_needs if need.store_id is not None and need.key in sleeping]
        needs = [need for need in all_needs if need not in dozing]
        short = {need.item_id for need in needs if need.missing}
        wanted = rules.propose(
            needs,
            await queries.packs_of(short),
            await queries.supplies_of(short),
            await queries.funds_of({need.owner_region_id for need in needs}, today),
            await queries.spares_of(region.path, all_needs, today),
        )
        awake = [one for one in wanted if one.key not in sleeping]
        steps = rules.compare(await queries.open_under(region.path), awake)
        await _insert(stamp, steps.new, today)
        await _rewrite(stamp, steps.changed, today)
        await _withdraw(stamp, steps.withdrawn)
        asleep = sleeping & {*(one.key for one in wanted), *(need.key for need in dozing if need.missing)}
        counts = {
            "new": len(steps.new),
            "changed": len(steps.changed),
            "withdrawn": len(steps.withdrawn),
            "kept": steps.kept,
            "asleep": len(asleep),
        }
        await audit.record(stamp, "proposal.run", subject_kind="region", subject_id=region.key, facts=counts)
        if steps.new or steps.changed or steps.withdrawn:
            await feed.publish("proposal", [region.key], stamp.recorded_at)
        return {"region": region.key, **counts}

    return await attempts.once(stamp, "proposal.run", work)


async def order_proposals(
    *,
    stamp: Stamp,
    proposals: Sequence[UUID],
    kind: OrderKind = OrderKind.PROCUREMENT,
    site_id: int | None = None,
    contract: str = "",
    reason: str = "",
) -> Receipt:
    """Make draft orders of ticked proposals: one for each owner, site, supplier and fund. `site_id` is for those whose
    owner has no store of its own. The receipt has the orders. Raises Missing, Refused naming what is open no more."""

    async def work() -> Receipt:
        wanted = list(dict.fromkeys(proposals))
        if not 1 <= len(wanted) <= MOST_TICKED:
            raise Invalid("proposal.bad-count", f"请勾选 1 到 {MOST_TICKED} 条建议", asked=len(wanted))
        scope = stamp.require(Permission.ORDER_EDIT)
        await db.execute(_LOCK)
        await db.execute("SELECT 1 FROM proposal WHERE id = ANY($1::uuid[]) ORDER BY seq FOR UPDATE", wanted)
        found = await queries.find_proposals(wanted)
        if any(one not in found or not scope.covers(found[one].owner_path) for one in wanted):
            raise Missing("proposal.missing", "没有这条补充建议，或不在您的管辖范围内")
        ticked = [found[one] for one in wanted]
        done = [one for one in ticked if one.status is not Status.OPEN]
        if done:
            raise Refused(
                "proposal.not-open",
                "有建议已订购、暂缓或撤回，请重新载入",
                proposals=queries.names_of(done)[:20],
                order=done[0].order,
            )
        moves = [one for one in ticked if one.is_move]
        if moves:
            raise Refused(
                "proposal.is-a-move",
                "所勾选的有从其他库点调运的建议，无须采购：请办理调运",
                proposals=queries.names_of(moves)[:20],
            )
        nowhere = [one for one in ticked if one.site_id is None and site_id is None]
        if nowhere:
            raise Refused(
                "proposal.no-site", "权属单位没有库点，请选择送达库点", proposals=queries.names_of(nowhere)[:20]
            )
        orders = []
        for (owner, site, supplier, fund), lines in rules.by_order(ticked, site_id).items():
            order_id = uuid5(stamp.attempt, f"order {owner} {site} {supplier} {fund}")
            year = day_of(stamp.recorded_at).year
            facts = OrderFacts(kind, owner, site, year, supplier, fund, contract, reason)
            await replenishment.write_order(stamp, order_id, facts, [_line(one) for one in lines])
            await _ordered(stamp, lines, order_id)
            orders.append(str(order_id))
        return {"orders": orders, "proposals": len(ticked)}

    return await attempts.once(stamp, "proposal.order", work)


async def dismiss_proposal(*, stamp: Stamp, proposal_id: UUID, until: date, reason: str) -> Receipt:
    """暂缓: not now. Its cause sleeps until that day (inclusive), all parts of it; then a run proposes it again."""

    async def work() -> Receipt:
        said = reason.strip()
        if not 0 < len(said) <= 500:
            raise Invalid("proposal.reason-needed", "请写明原因（500 字以内）")
        if not day_of(stamp.recorded_at) <= until <= date(2200, 12, 31):
            raise Invalid("proposal.bad-day", "暂缓日期不能早于今天", until=until.isoformat())
        await db.execute(_LOCK)
        found = await queries.get_proposal(proposal_id, stamp.require(Permission.ORDER_EDIT))
        if found.status is not Status.OPEN:
            raise Refused("proposal.not-open", "有建议已订购、暂缓或撤回，请重新载入", order=found.order)
        await db.execute(
            "UPDATE proposal SET status = 'dismissed', until = $2, reason = $3, changed_at = $4, version = version + 1"
            " WHERE key = $1 AND status = 'open'",
            found.key,
            until,
            said,
            stamp.recorded_at,
        )
        await _note(stamp, "dismiss", [found], {"until": until.isoformat(), "reason": said})
        return {"id": str(proposal_id), "version": found.version + 1}

    return await attempts.once(stamp, "proposal.dismiss", work)


# --- parts ------------------------------------------------------------------------------------------------


def _line(one: Proposal) -> NewOrderLine:
    return NewOrderLine(
        one.item_id, one.quantity, one.price_fen, one.price_per, one.expected_on, one.pack_id, rules.said(one)
    )


async def _insert(stamp: Stamp, lines: Sequence[Proposed], today: date) -> None:
    for one in lines:
        await db.execute(
            "INSERT INTO proposal (id, key, part, cause, status, owner_region_id, item_id, site_id, quantity, pack_id,"
            " supplier_id, fund_source, price_fen, price_per, amount_fen, expected_on, why, created_at, changed_at,"
            " attempt) VALUES ($1, $2, $3, $4, 'open', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16::jsonb,"
            " $17, $17, $18)",
            uuid5(stamp.attempt, f"{one.key} {one.part}"),
            one.key,
            one.part,
            one.cause.value,
            one.owner_region_id,
            one.item_id,
            one.site_id,
            *_facts(one, today),
            stamp.recorded_at,
            stamp.attempt,
        )


async def _rewrite(stamp: Stamp, lines: Sequence[tuple[Proposal, Proposed]], today: date) -> None:
    for before, one in lines:
        await db.execute(
            "UPDATE proposal SET quantity = $2, pack_id = $3, supplier_id = $4, fund_source = $5, price_fen = $6,"
            " price_per = $7, amount_fen = $8, expected_on = $9, why = $10::jsonb, cause = $11, site_id = $12,"
            " changed_at = $13, version = version + 1 WHERE id = $1",
            before.id,
            *_facts(one, today),
            one.cause.value,
            one.site_id,
            stamp.recorded_at,
        )


def _facts(one: Proposed, today: date) -> tuple[Any, ...]:
    return (
        one.quantity,
        one.pack_id,
        one.supplier_id,
        one.fund_source,
        one.price_fen,
        one.price_per,
        one.amount_fen,
        rules.expected_on(one.lead_days, today),
        attempts.as_json(rules.freeze(one.why)),
    )


async def _withdraw(stamp: Stamp, lines: Sequence[Proposal]) -> None:
    if lines:
        await db.execute(
            "UPDATE proposal SET status = 'withdrawn', changed_at = $2, version = version + 1"
            " WHERE id = ANY($1::uuid[])",
            [one.id for one in lines],
            stamp.recorded_at,
        )


async def _ordered(stamp: Stamp, lines: Sequence[Proposal], order_id: UUID) -> None:
    await db.execute(
        "UPDATE proposal SET status = 'ordered', order_id = $2, changed_at = $3, version = version + 1"
        " WHERE id = ANY($1::uuid[])",
        [one.id for one in lines],
        order_id,
        stamp.recorded_at,
    )
    await _note(stamp, "order", lines, {"order": str(order_id)})


async def _note(stamp: Stamp, verb: str, lines: Sequence[Proposal], facts: dict[str, Any]) -> None:
    for one in lines:
        key = str(one.id)
        await history.record(stamp, table="proposal", key=key, verb=verb, before={"status": one.status}, after=facts)
        about = {"item": one.item_key, "owner": one.owner_key, "quantity": one.quantity, **facts}
        await audit.record(stamp, f"proposal.{verb}", subject_kind="proposal", subject_id=key, facts=about)
    await feed.publish("proposal", [str(one.id) for one in lines], stamp.recorded_at)
