"""Writes of scenarios and consumption norms. No transaction is open while a scenario is worked out."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any
from uuid import UUID, uuid5

from catalog.kernel import attempts, audit, db, feed, history
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Missing, Problem, Refused, Stale
from catalog.kernel.jsontext import json_text
from catalog.kernel.stamp import Stamp
from catalog.regions import queries as regions
from warehouse.planning.scenario import queries, rules
from warehouse.planning.scenario.model import (
    HAZARDS,
    Consumption,
    ConsumptionNorm,
    Need,
    Outcome,
    Scenario,
    ScenarioFacts,
    Task,
)
from warehouse.planning.scenario.plan import work_out as solved_here

Solve = Callable[[Task], Awaitable[Outcome]]
"""Works a task out; the edge gives one that does it in a process of its own."""


async def solve_here(task: Task) -> Outcome:
    """In this process: for tests and tools."""
    return solved_here(task)


# --- consumption norms ----------------------------------------------------------------------------------------------


async def set_consumption(*, stamp: Stamp, region_id: int, hazard: str | None, use: Consumption) -> Receipt:
    """A new consumption norm of a region. Needs norm.edit there.

    Raises Invalid (`consumption.…`), Missing (region, goods), Refused (`consumption.twice`).
    """

    async def work() -> Receipt:
        rules.check_consumption(use)
        _check_hazard(hazard)
        region = await regions.find_region(region_id)
        if region is None:
            raise Missing("region.missing", "没有这个区划", region_id=region_id)
        stamp.require_at(Permission.NORM_EDIT, region.path)
        await queries.whats_of([use])
        twin = await db.fetch_value(
            "SELECT id FROM consumption_norm WHERE region_id = $1 AND retired_at IS NULL AND basis = $4 AND daily = $5"
            " AND hazard IS NOT DISTINCT FROM $6 AND item_id IS NOT DISTINCT FROM $2"
            " AND class_id IS NOT DISTINCT FROM $3",
            region_id,
            use.item_id,
            use.class_id,
            use.basis.value,
            use.daily,
            hazard,
        )
        if twin is not None:
            raise Refused("consumption.twice", "这种物资已有同样的消耗标准，请修改那一条", norm=str(twin))
        norm_id = uuid5(stamp.attempt, "consumption")
        await db.execute(
            "INSERT INTO consumption_norm (id, region_id, hazard, item_id, class_id, quantity, people, basis, daily,"
            " source, note, created_at, created_by, attempt)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            norm_id,
            region_id,
            hazard,
            use.item_id,
            use.class_id,
            use.quantity,
            use.people,
            use.basis.value,
            use.daily,
            use.source.strip(),
            use.note.strip(),
            stamp.recorded_at,
            stamp.login,
            stamp.attempt,
        )
        await _note(stamp, "consumption_norm", "consumption.set", norm_id, None, {**asdict(use), "hazard": hazard})
        return {"id": str(norm_id), "version": 1}

    return await attempts.once(stamp, "consumption.set", work)


async def edit_consumption(*, stamp: Stamp, norm_id: UUID, version: int, use: Consumption) -> Receipt:
    """Change how much, for how many, its source and note. Goods, basis and hazard stay."""

    async def work() -> Receipt:
        before = await _norm_locked(stamp, norm_id, version)
        kept = replace(
            use,
            item_id=before.facts.item_id,
            class_id=before.facts.class_id,
            basis=before.facts.basis,
            daily=before.facts.daily,
        )
        rules.check_consumption(kept)
        await db.execute(
            "UPDATE consumption_norm SET quantity = $2, people = $3, source = $4, note = $5, version = version + 1"
            " WHERE id = $1",
            norm_id,
            kept.quantity,
            kept.people,
            kept.source.strip(),
            kept.note.strip(),
        )
        await _note(stamp, "consumption_norm", "consumption.edit", norm_id, asdict(before.facts), asdict(kept))
        return {"id": str(norm_id), "version": version + 1}

    return await attempts.once(stamp, "consumption.edit", work)


async def retire_consumption(*, stamp: Stamp, norm_id: UUID, version: int) -> Receipt:
    """Take it out of use; it stays readable, and scenarios that copied it keep their copy."""

    async def work() -> Receipt:
        before = await _norm_locked(stamp, norm_id, version)
        await db.execute(
            "UPDATE consumption_norm SET retired_at = $2, version = version + 1 WHERE id = $1",
            norm_id,
            stamp.recorded_at,
        )
        await _note(stamp, "consumption_norm", "consumption.retire", norm_id, asdict(before.facts), None)
        return {"id": str(norm_id), "version": version + 1}

    return await attempts.once(stamp, "consumption.retire", work)


# --- scenarios ------------------------------------------------------------------------------------------------------


async def create_scenario(*, stamp: Stamp, facts: ScenarioFacts, solve: Solve = solve_here) -> Receipt:
    """Save a scenario and work it out. Without lines it takes the consumption norms for its hazard and region.

    Needs scenario.edit in its region and every hit region. Raises Invalid (`scenario.…`), Missing, Refused
    (`scenario.no-uses`).
    """

    async def read() -> _Asked:
        region = await regions.find_region(facts.region_id)
        if region is None:
            raise Missing("region.missing", "没有这个区划", region_id=facts.region_id)
        stamp.require_at(Permission.SCENARIO_EDIT, region.path)
        return await _read(stamp, await _completed(stamp, facts, region.path))

    async def keep(asked: _Asked, outcome: str) -> Receipt:
        said = asked.facts
        scenario_id = uuid5(stamp.attempt, "scenario")
        await db.execute(
            "INSERT INTO scenario (id, region_id, name, hazard, day, days, note, areas, uses, reach, created_at,"
            " created_by, computed_at, computed_by, outcome, attempt) VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb,"
            " $9::jsonb, $10::jsonb, $11, $12, $11, $12, $13::jsonb, $14)",
            scenario_id,
            said.region_id,
            *_values(said),
            stamp.recorded_at,
            stamp.login,
            outcome,
            stamp.attempt,
        )
        await _note(stamp, "scenario", "scenario.create", scenario_id, None, asdict(said))
        return {"id": str(scenario_id), "version": 1}

    return await _worked_out(stamp, "scenario.create", read, solve, keep)


async def edit_scenario(
    *, stamp: Stamp, scenario_id: UUID, version: int, facts: ScenarioFacts, solve: Solve = solve_here
) -> Receipt:
    """Replace what is assumed, and work it out again. The region stays. Raises Missing, Stale, Invalid, Refused."""

    async def read() -> _Asked:
        before = await _current(stamp, scenario_id, version)
        wanted = replace(facts, region_id=before.facts.region_id)
        return await _read(stamp, await _completed(stamp, wanted, before.path))

    async def keep(asked: _Asked, outcome: str) -> Receipt:
        before = await _locked(stamp, scenario_id, version)
        await db.execute(
            "UPDATE scenario SET name = $2, hazard = $3, day = $4, days = $5, note = $6, areas = $7::jsonb,"
            " uses = $8::jsonb, reach = $9::jsonb, computed_at = $10, computed_by = $11, outcome = $12::jsonb,"
            " version = version + 1 WHERE id = $1",
            scenario_id,
            *_values(asked.facts),
            stamp.recorded_at,
            stamp.login,
            outcome,
        )
        await _note(stamp, "scenario", "scenario.edit", scenario_id, asdict(before.facts), asdict(asked.facts))
        return {"id": str(scenario_id), "version": version + 1}

    return await _worked_out(stamp, "scenario.edit", read, solve, keep)


async def work_out(*, stamp: Stamp, scenario_id: UUID, version: int, solve: Solve = solve_here) -> Receipt:
    """Work it out again with what is in store and promised now."""

    async def read() -> _Asked:
        return await _read(stamp, (await _current(stamp, scenario_id, version)).facts)

    async def keep(_: _Asked, outcome: str) -> Receipt:
        await _locked(stamp, scenario_id, version)
        await db.execute(
            "UPDATE scenario SET computed_at = $2, computed_by = $3, outcome = $4::jsonb, version = version + 1"
            " WHERE id = $1",
            scenario_id,
            stamp.recorded_at,
            stamp.login,
            outcome,
        )
        await _note(stamp, "scenario", "scenario.work-out", scenario_id, None, {"version": version + 1})
        return {"id": str(scenario_id), "version": version + 1}

    return await _worked_out(stamp, "scenario.work-out", read, solve, keep)


async def retire_scenario(*, stamp: Stamp, scenario_id: UUID, version: int) -> Receipt:
    """Put it away; it stays readable."""

    async def work() -> Receipt:
        await _locked(stamp, scenario_id, version)
        await db.execute(
            "UPDATE scenario SET retired_at = $2, version = version + 1 WHERE id = $1", scenario_id, stamp.recorded_at
        )
        await _note(stamp, "scenario", "scenario.retire", scenario_id, None, {"version": version + 1})
        return {"id": str(scenario_id), "version": version + 1}

    return await attempts.once(stamp, "scenario.retire", work)


# --- parts ----------------------------------------------------------------------------------------------------------


async def _completed(stamp: Stamp, facts: ScenarioFacts, path: str) -> ScenarioFacts:
    """With the consumption norms where no lines are said; checked, every hit region in the caller's scope."""
    rules.check_facts(facts)
    areas = await queries.areas_of(facts)
    for area in areas:
        stamp.require_at(Permission.SCENARIO_EDIT, area.path)
    rules.check_apart(areas)
    uses = facts.uses
    if not uses:
        found = rules.chosen(await queries.consumption_above(path), facts.hazard, path)
        uses = tuple(norm.facts for norm in found)
    if not uses:
        raise Refused("scenario.no-uses", "还没有适用的消耗标准：请先设标准，或在情景里逐条填写", hazard=facts.hazard)
    return replace(facts, uses=uses)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is assumed, and everything that its outcome follows from as it was read at one moment."""

    facts: ScenarioFacts
    task: Task


async def _worked_out(
    stamp: Stamp,
    verb: str,
    read: Callable[[], Awaitable[_Asked]],
    solve: Solve,
    keep: Callable[[_Asked, str], Awaitable[Receipt]],
) -> Receipt:
    """Read in one short transaction, solve in none (it may take a minute), keep in another.

    The outcome is that of the moment of reading. Whether anything that it follows from has changed until it was kept is
    kept with it (`changed`); a scenario that somebody else has changed meanwhile is Stale.
    """
    earlier = await attempts.find(stamp)
    if earlier is not None:
        return earlier
    try:
        async with db.transaction(db.ONE_MOMENT):
            asked = await read()
    except Problem as problem:
        found = problem

        async def refused() -> Receipt:
            raise found

        return await attempts.once(stamp, verb, refused)
    outcome = await solve(asked.task)

    async def work() -> Receipt:
        since = await _read(stamp, asked.facts)
        plain = {
            "lines": [_line(one) for one in outcome.needs],
            "areas": [asdict(one) for one in asked.task.areas],
            "proven": outcome.proven,
            "changed": not _same(asked.task, since.task),
        }
        return await keep(asked, json_text(plain))

    return await attempts.once(stamp, verb, work)


async def _read(stamp: Stamp, facts: ScenarioFacts) -> _Asked:
    areas = await queries.areas_of(facts)
    whats = await queries.whats_of(facts.uses)
    goods = await queries.goods_of(whats)
    items = [one.item_id for one in goods]
    root = await regions.root_path()
    scope = stamp.require(Permission.SUMMARY_READ)
    entries = [
        *await queries.entries_of(items, facts.day, areas, scope),
        *await queries.arrivals_of(items, facts, areas, scope, stamp.recorded_at),
    ]
    task = Task(
        areas=tuple(areas),
        uses=tuple(zip(facts.uses, whats, strict=True)),
        days=facts.days,
        reach=facts.reach,
        entries=tuple(entries),
        guards=tuple(await queries.guards_of(entries, facts.day, root)),
        offers=tuple(await queries.offers_of(areas, facts.day)),
        goods=tuple(goods),
    )
    return _Asked(facts, task)


def _same(one: Task, other: Task) -> bool:
    """Whether two readings say the same, in whatever order."""
    return one == other or all(
        sorted(map(repr, getattr(one, name))) == sorted(map(repr, getattr(other, name)))
        for name in ("areas", "uses", "entries", "guards", "offers", "goods")
    )


def _line(need: Need) -> Mapping[str, Any]:
    return {**asdict(need), "cost_fen": need.cost_fen}


def _values(facts: ScenarioFacts) -> list[Any]:
    return [
        facts.name.strip(),
        facts.hazard,
        facts.day,
        facts.days,
        facts.note.strip(),
        json_text([asdict(one) for one in facts.areas]),
        json_text([asdict(one) for one in facts.uses]),
        json_text(asdict(facts.reach)),
    ]


async def _locked(stamp: Stamp, scenario_id: UUID, version: int) -> Scenario:
    await db.execute("SELECT 1 FROM scenario WHERE id = $1 FOR UPDATE", scenario_id)
    return await _current(stamp, scenario_id, version)


async def _current(stamp: Stamp, scenario_id: UUID, version: int) -> Scenario:
    found = await queries.get_scenario(scenario_id, stamp.require(Permission.SCENARIO_EDIT))
    if found.retired_at is not None:
        raise Refused("scenario.retired", "这个情景已停用", scenario=str(scenario_id))
    if found.version != version:
        raise Stale("scenario.stale", "别人已修改，请重新载入", yours=version, current=found.version)
    return found


async def _norm_locked(stamp: Stamp, norm_id: UUID, version: int) -> ConsumptionNorm:
    await db.execute("SELECT 1 FROM consumption_norm WHERE id = $1 FOR UPDATE", norm_id)
    found = await queries.get_consumption(norm_id, stamp.require(Permission.NORM_EDIT))
    stamp.require_at(Permission.NORM_EDIT, found.path)
    if found.retired_at is not None:
        raise Refused("consumption.retired", "这条消耗标准已停用", norm=str(norm_id))
    if found.version != version:
        raise Stale("consumption.stale", "别人已修改，请重新载入", yours=version, current=found.version)
    return found


def _check_hazard(hazard: str | None) -> None:
    if hazard is not None and hazard not in HAZARDS:
        raise Invalid("scenario.no-such-hazard", "没有这种灾害", hazard=hazard)


async def _note(
    stamp: Stamp, table: str, verb: str, key: UUID, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> None:
    plain = verb.partition(".")[2]
    await history.record(stamp, table=table, key=str(key), verb=plain, before=before, after=after)
    await audit.record(stamp, verb, subject_kind=table, subject_id=str(key), facts={"verb": plain})
    await feed.publish(table, [str(key)], stamp.recorded_at)
