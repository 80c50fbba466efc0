"""Writes of budgets. The row is what rivals for the money queue at: whoever approves an order locks it first."""

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID, uuid5

from catalog.kernel import attempts, audit, db, feed, history
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Refused, Stale
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from catalog.regions import queries as regions
from warehouse.replenishment.model.budgets import BudgetFacts, Milestone
from warehouse.replenishment.queries import budgets as queries
from warehouse.replenishment.rules import budgets as rules


async def set_budget(*, stamp: Stamp, region_id: int, year: int, fund_source: str, facts: BudgetFacts) -> Receipt:
    """A new budget: so much of one fund source for a region in a year. The receipt has its id.

    Needs budget.edit there. Raises Missing, Invalid, Refused (`budget.exists`).
    """

    async def work() -> Receipt:
        region = await regions.get_region(region_id)
        stamp.require_at(Permission.BUDGET_EDIT, region.path)
        rules.check_key(year, fund_source)
        rules.check_facts(facts)
        fund = fund_source.strip()
        budget_id = uuid5(stamp.attempt, "budget")
        made = await db.fetch_value(
            "INSERT INTO budget (id, region_id, year, fund_source, amount_fen, source, note, created_at, created_by,"
            " attempt) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
            " ON CONFLICT (region_id, year, fund_source) DO NOTHING RETURNING id",
            budget_id,
            region_id,
            year,
            fund,
            facts.amount_fen,
            facts.source.strip(),
            facts.note,
            stamp.recorded_at,
            stamp.login,
            stamp.attempt,
        )
        if made is None:
            raise Refused("budget.exists", "该区划本年度已有这项资金的预算", year=year, fund_source=fund)
        await _write_milestones(budget_id, facts.milestones)
        await _note(stamp, "set", budget_id, None, facts)
        return {"id": str(budget_id), "version": 1}

    return await attempts.once(stamp, "budget.set", work)


async def edit_budget(*, stamp: Stamp, budget_id: UUID, version: int, facts: BudgetFacts) -> Receipt:
    """Replace what a budget says; region, year and fund source stay. A cut below what is approved is taken: it is a
    fact, and shows as overspent. Raises Missing, Invalid, Stale."""

    async def work() -> Receipt:
        await db.execute("SELECT 1 FROM budget WHERE id = $1 FOR UPDATE", budget_id)
        before = await queries.get_budget(budget_id, stamp.require(Permission.BUDGET_EDIT), day_of(stamp.recorded_at))
        if before.version != version:
            raise Stale("budget.stale", "别人已修改，请重新载入", yours=version, current=before.version)
        rules.check_facts(facts)
        await db.execute(
            "UPDATE budget SET amount_fen = $2, source = $3, note = $4, version = version + 1 WHERE id = $1",
            budget_id,
            facts.amount_fen,
            facts.source.strip(),
            facts.note,
        )
        await db.execute("DELETE FROM budget_milestone WHERE budget_id = $1", budget_id)
        await _write_milestones(budget_id, facts.milestones)
        await _note(stamp, "edit", budget_id, before.facts, facts)
        return {"id": str(budget_id), "version": version + 1}

    return await attempts.once(stamp, "budget.edit", work)


async def _write_milestones(budget_id: UUID, milestones: Sequence[Milestone]) -> None:
    await db.execute(
        "INSERT INTO budget_milestone (budget_id, name, day, percent, measure)"
        " SELECT $1, * FROM unnest($2::text[], $3::date[], $4::int[], $5::text[])",
        budget_id,
        [one.name for one in milestones],
        [one.day for one in milestones],
        [one.percent for one in milestones],
        [one.measure.value for one in milestones],
    )


async def _note(stamp: Stamp, verb: str, budget_id: UUID, before: BudgetFacts | None, after: BudgetFacts) -> None:
    key = str(budget_id)
    was = asdict(before) if before else None
    await history.record(stamp, table="budget", key=key, verb=verb, before=was, after=asdict(after))
    facts = {"amount_fen": after.amount_fen, "was_fen": before.amount_fen if before else None}
    await audit.record(stamp, f"budget.{verb}", subject_kind="budget", subject_id=key, facts=facts)
    await feed.publish("budget", [key], stamp.recorded_at)
