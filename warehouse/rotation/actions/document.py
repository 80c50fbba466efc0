"""What the verbs of rotation share: lines, locked and judged, and the record of a change."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from catalog.kernel import audit, db, feed, history
from catalog.kernel.errors import Invalid, Stale
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from warehouse.rotation import queries, rules, workflow
from warehouse.rotation.model import Flow, Line, Status
from warehouse.rotation.workflow import Standing


async def locked(stamp: Stamp, ids: Sequence[UUID], verb: str) -> list[Line]:
    """The lines in the order asked, locked in one fixed order. Out of scope is Missing whatever the verb."""
    if not 1 <= len(set(ids)) == len(ids) <= rules.MOST_LINES:
        raise Invalid("rotation.bad-count", f"一次可处理 1 到 {rules.MOST_LINES} 行，不得重复", count=len(ids))
    await db.execute("SELECT 1 FROM rotation_line WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE", list(ids))
    found = await queries.find_lines(ids)
    permission = workflow.LINE.permission(verb)
    stamp.require(permission)
    for line_id in ids:
        if line_id not in found:
            raise queries.no_such_line(line_id)
        path, site_id = workflow.place_of(verb, found[line_id])
        stamp.require_at(permission, path, site_id)
    return [found[line_id] for line_id in ids]


async def judged(
    stamp: Stamp, line_id: UUID, verb: str, version: int | None, inflow: Sequence[Flow] = (), *, now: bool = False
) -> Standing:
    """The line, locked, if `verb` is possible from here for this caller and every need is met."""
    (line,) = await locked(stamp, [line_id], verb)
    check_version(line, version)
    (standing,) = await queries.standings_of([line], day_of(stamp.recorded_at), inflow, now=now)
    take(stamp, standing, verb)
    return standing


def check_version(line: Line, version: int | None) -> None:
    """Raises Stale where somebody else has changed it since."""
    if version is not None and version != line.version:
        raise Stale("rotation.stale", "别人已修改，请重新载入", yours=version, current=line.version)


def take(stamp: Stamp, standing: Standing, verb: str) -> None:
    """Raises the first refusal of the table."""
    line = standing.line
    path, site_id = workflow.place_of(verb, line)
    workflow.LINE.take(standing, status=line.status.value, verb=verb, stamp=stamp, path=path, site_id=site_id)


async def changed(
    stamp: Stamp, verb: str, before: Line, status: Status, columns: Mapping[str, Any], facts: Mapping[str, Any]
) -> dict[str, Any]:
    """The line goes on to `status` with these columns: version, history, audit and news; the receipt."""
    names = list(columns)
    sets = "".join(f", {name} = ${number}" for number, name in enumerate(names, 3))
    version = await db.fetch_value(
        f"UPDATE rotation_line SET status = $2, version = version + 1{sets} WHERE id = $1 RETURNING version",
        before.id,
        status.value,
        *columns.values(),
    )
    was = {"status": before.status.value, "version": before.version}
    after = {"status": status.value, "version": version, **facts}
    key = str(before.id)
    await history.record(stamp, table="rotation_line", key=key, verb=verb, before=was, after=after)
    told = {**after, "plan": before.plan, "line": before.number, "lot": before.lot.number, "site": before.site_code}
    await audit.record(stamp, f"rotation.{verb}", subject_kind="rotation", subject_id=key, facts=told)
    await feed.publish("rotation", [key], stamp.recorded_at)
    return {"verb": verb, "id": key, **after}
