"""Reads of reports that are made by themselves: one's own, and those that one receives."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import ROLES, Permission
from catalog.kernel.errors import Missing
from catalog.kernel.page import Page, checked_limit, read_cursor, write_cursor
from warehouse.reports.model import Every, FileFormat, Letter, LetterStatus, Plan, PlanFacts, Reader, Run

_PLAN = """
SELECT n.id, n.seq, n.person_id, p.login, n.path, n.next_on, n.version, n.name, n.query, n.format, n.every, n.day,
    n.recipients FROM report_plan n JOIN person p ON p.id = n.person_id
"""
_RUN = """
SELECT x.id, x.seq, x.plan_id, n.name, x.due_on, x.made_at, x.name, octet_length(x.content), x.error
FROM report_run x JOIN report_plan n ON n.id = x.plan_id
"""
_MINE = "(n.person_id = $1 OR EXISTS (SELECT 1 FROM report_letter l WHERE l.run_id = x.id AND l.person_id = $1))"
_READING = [role.value for role, permissions in ROLES.items() if Permission.NORM_READ in permissions]


def _plan(row: Any) -> Plan:
    values = tuple(row)
    facts = PlanFacts(
        values[7], values[8], FileFormat(values[9]), Every(values[10]), values[11], tuple(values[12])
    )  # fmt: skip
    return Plan(*(*values[:7], facts))


async def list_plans(person_id: int) -> list[Plan]:
    """One's own plans, by name."""
    rows = await db.fetch(
        _PLAN + "WHERE n.person_id = $1 AND n.retired_at IS NULL ORDER BY n.name, n.seq LIMIT 100", person_id
    )
    return [_plan(row) for row in rows]


async def get_plan(plan_id: UUID, person_id: int) -> Plan:
    """One of one's own. Raises Missing."""
    row = await db.fetch_row(
        _PLAN + "WHERE n.id = $1 AND n.person_id = $2 AND n.retired_at IS NULL", plan_id, person_id
    )
    if row is None:
        raise Missing("report.missing", "没有这份报表，或它不是您的")
    return _plan(row)


async def list_due(today: date) -> list[Plan]:
    """Plans whose day has come. For the house."""
    rows = await db.fetch(
        _PLAN + "WHERE n.next_on <= $1 AND n.retired_at IS NULL ORDER BY n.next_on, n.seq LIMIT 200", today
    )
    return [_plan(row) for row in rows]


async def list_runs(person_id: int, *, cursor: str | None = None, limit: int | None = None) -> Page[Run]:
    """What was made of one's plans, and what one received; the newest first."""
    size, after = checked_limit(limit), read_cursor(cursor, 1)
    before = after[0] if after is not None and type(after[0]) is int and 0 < after[0] < 2**63 else 2**62
    rows = await db.fetch(
        _RUN + f"WHERE {_MINE} AND x.seq < $2 ORDER BY x.seq DESC LIMIT {size + 1}", person_id, before
    )
    found = [Run(*row) for row in map(tuple, rows[:size])]
    letters = await letters_of([one.id for one in found])
    shown = [
        Run(one.id, one.seq, one.plan_id, one.plan_name, one.due_on, one.made_at, one.name, one.size, one.error,
            tuple(letters.get(one.id, ())))
        for one in found
    ]  # fmt: skip
    return Page(shown, write_cursor(found[-1].seq) if len(rows) > size else None)


async def letters_of(run_ids: Collection[UUID]) -> dict[UUID, list[Letter]]:
    """To whom runs went, and what came of it."""
    rows = await db.fetch(
        "SELECT l.run_id, l.person_id, p.login, p.name_zh, p.name_en, l.status, l.address, l.tries, l.error"
        " FROM report_letter l JOIN person p ON p.id = l.person_id WHERE l.run_id = ANY($1::uuid[]) ORDER BY p.login",
        list(run_ids),
    )
    found: dict[UUID, list[Letter]] = {}
    for row in map(tuple, rows):
        found.setdefault(row[0], []).append(Letter(*(*row[1:5], LetterStatus(row[5]), *row[6:])))
    return found


async def get_file(run_id: UUID, person_id: int) -> tuple[str, bytes]:
    """(name, content) of what was made, for whoever planned or received it. Raises Missing."""
    row: Any = await db.fetch_row(
        "SELECT x.name, x.content FROM report_run x JOIN report_plan n ON n.id = x.plan_id"
        f" WHERE {_MINE} AND x.id = $2 AND x.content IS NOT NULL",
        person_id,
        run_id,
    )
    if row is None:
        raise Missing("report.missing", "没有这份报表，或它不是您的")
    return row[0], row[1]


async def list_waiting() -> Sequence[Any]:
    """(run, person, tries, report's name, due day, file's name, content, path) of letters to send. For the house."""
    rows: Sequence[Any] = await db.fetch(
        "SELECT x.id, l.person_id, l.tries, n.name, x.due_on, x.name, x.content, n.path FROM report_letter l"
        " JOIN report_run x ON x.id = l.run_id JOIN report_plan n ON n.id = x.plan_id WHERE l.status = 'waiting'"
        " ORDER BY x.seq, l.person_id LIMIT 100"
    )
    return rows


async def readers_of(path: str) -> list[Reader]:
    """Whoever may read figures of a region with all below it: the possible recipients, by login."""
    rows = await db.fetch(
        "SELECT DISTINCT p.id, p.login, p.name_zh, p.name_en FROM role_grant g JOIN region r ON r.id = g.region_id"
        " JOIN person p ON p.id = g.person_id WHERE g.revoked_at IS NULL AND p.retired_at IS NULL"
        " AND g.site_id IS NULL AND g.role = ANY($1::text[]) AND starts_with($2, r.path) ORDER BY p.login LIMIT 500",
        _READING,
        path,
    )
    return [Reader(*row) for row in rows]
