"""Writes of reports that are made by themselves: a person plans, the house makes, keeps and sends."""

from datetime import datetime
from hashlib import sha256
from uuid import UUID, uuid5

from catalog.kernel import attempts, audit, db, history
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Denied, Missing, Refused, Stale
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from warehouse.reports import rules
from warehouse.reports.model import LetterStatus, Plan, PlanFacts
from warehouse.reports.queries import plans as queries

GIVE_UP_AFTER = 40
"""Tries, one each half hour."""


async def plan_report(*, stamp: Stamp, facts: PlanFacts, path: str) -> Receipt:
    """Have a shortfall report of the region at `path` made and sent from now on. Raises Invalid, Missing (outside the
    planner's scope), Refused (too many; a recipient who may not read it)."""

    async def work() -> Receipt:
        person = await _locked_person(stamp)
        if not stamp.require(Permission.NORM_EDIT).covers(path):
            raise Missing("region.missing", "没有这个区划，或不在您的管辖范围内")
        rules.check_plan(facts)
        count = await db.fetch_value(
            "SELECT count(*) FROM report_plan WHERE person_id = $1 AND retired_at IS NULL", person
        )
        if count >= rules.MOST_PLANS:
            raise Refused("report.too-many", "定期报表已达上限，请先停用一些", most=rules.MOST_PLANS)
        able = {one.id for one in await queries.readers_of(path)}
        strangers = sorted(set(facts.recipients) - able)
        if strangers:
            raise Refused("report.not-a-reader", "有接收人无权查看这个区划的报表", people=len(strangers))

        plan_id = uuid5(stamp.attempt, "report")
        due = rules.next_on(facts.every, facts.day, day_of(stamp.recorded_at))
        await db.execute(
            "INSERT INTO report_plan (id, person_id, name, query, path, format, every, day, recipients, next_on,"
            " created_at, created_by, attempt) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            plan_id, person, facts.name.strip(), facts.query, path, facts.format.value, facts.every.value, facts.day,
            sorted(set(facts.recipients)), due, stamp.recorded_at, stamp.login, stamp.attempt,
        )  # fmt: skip
        said = {"name": facts.name, "query": facts.query, "every": facts.every.value, "day": facts.day}
        await history.record(stamp, table="report_plan", key=str(plan_id), verb="plan", before=None, after=said)
        await audit.record(
            stamp, "report.plan", subject_kind="report", subject_id=str(plan_id),
            facts={**said, "recipients": sorted(set(facts.recipients))},
        )  # fmt: skip
        return {"id": str(plan_id), "version": 1}

    return await attempts.once(stamp, "report.plan", work)


async def retire_report(*, stamp: Stamp, plan_id: UUID, version: int) -> Receipt:
    """Make it no more; what was made stays. Raises Missing, Stale."""

    async def work() -> Receipt:
        person = await _locked_person(stamp)
        found = await queries.get_plan(plan_id, person)
        if found.version != version:
            raise Stale("report.stale", "别人已修改，请重新载入", yours=version, current=found.version)
        await db.execute(
            "UPDATE report_plan SET retired_at = $2, version = version + 1 WHERE id = $1", plan_id, stamp.recorded_at
        )
        await history.record(stamp, table="report_plan", key=str(plan_id), verb="retire", before=None, after={})
        await audit.record(stamp, "report.retire", subject_kind="report", subject_id=str(plan_id))
        return {"id": str(plan_id), "version": version + 1}

    return await attempts.once(stamp, "report.retire", work)


async def _locked_person(stamp: Stamp) -> int:
    stamp.require(Permission.NORM_EDIT)
    if stamp.person_id is None:
        raise Denied("access.denied", "您没有此项权限", permission=Permission.NORM_EDIT.value)
    await db.execute("SELECT 1 FROM person WHERE id = $1 FOR UPDATE", stamp.person_id)
    return stamp.person_id


# --- the house's own --------------------------------------------------------------


async def keep_run(*, plan: Plan, now: datetime, name: str, content: bytes | None, error: str = "") -> bool:
    """Keep what was made of a plan for its due day (or why nothing was) with the letters to write, and move the plan
    on; False where somebody else was faster. A due day that lies behind is made once, not for each day missed."""
    today = day_of(now)
    async with db.transaction():
        held = await db.fetch_value(
            "SELECT next_on FROM report_plan WHERE id = $1 AND retired_at IS NULL FOR UPDATE", plan.id
        )
        if held != plan.next_on:
            return False
        run_id = uuid5(plan.id, plan.next_on.isoformat())
        await db.execute(
            "INSERT INTO report_run (id, plan_id, due_on, made_at, name, content, sha256, error)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            run_id, plan.id, plan.next_on, now, name, content, sha256(content).digest() if content else None, error,
        )  # fmt: skip
        if content is not None:
            await db.execute(
                "INSERT INTO report_letter (run_id, person_id, status) SELECT $1, p, 'waiting'"
                " FROM unnest($2::bigint[]) p",
                run_id,
                list(plan.facts.recipients),
            )
        following = rules.next_on(plan.facts.every, plan.facts.day, max(plan.next_on, today))
        await db.execute("UPDATE report_plan SET next_on = $2 WHERE id = $1", plan.id, following)
    return True


async def note_letter(
    *, run_id: UUID, person_id: int, status: LetterStatus, now: datetime, address: str = "", error: str = ""
) -> None:
    """What came of one try to send a report to a person; after many it counts as failed."""
    await db.execute(
        "UPDATE report_letter SET tries = tries + 1, address = $4, error = $5,"
        " status = CASE WHEN $3 = 'waiting' AND tries + 1 >= $7 THEN 'failed' ELSE $3 END,"
        " ended_at = CASE WHEN $3 = 'waiting' AND tries + 1 < $7 THEN NULL ELSE $6::timestamptz END"
        " WHERE run_id = $1 AND person_id = $2 AND status = 'waiting'",
        run_id, person_id, status.value, address, error[:500], now, GIVE_UP_AFTER,
    )  # fmt: skip
