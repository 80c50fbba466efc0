"""What the verbs of counts share: the count, locked and judged, and the record of a change."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from catalog.kernel import audit, db, feed, history
from catalog.kernel.access import Permission
from catalog.kernel.errors import Missing, Stale
from catalog.kernel.stamp import Stamp
from warehouse.counts import queries, workflow
from warehouse.counts.model import Count, Status
from warehouse.sites import actions as sites


async def locked(stamp: Stamp, count_id: UUID, permission: Permission, version: int | None = None) -> Count:
    """The count, locked, after scope, permission and version. Out of scope is Missing whatever the verb."""
    await db.execute("SELECT 1 FROM stocktake WHERE id = $1 FOR UPDATE", count_id)
    found = (await queries.find_counts([count_id])).get(count_id)
    if found is None:
        raise Missing("count.missing", "没有这次盘点，或不在您的管辖范围内")
    stamp.require_at(permission, found.path, found.site_id)
    if version is not None and version != found.version:
        raise Stale("count.stale", "别人已修改，请重新载入", yours=version, current=found.version)
    return found


async def judged(stamp: Stamp, count_id: UUID, verb: str, version: int | None = None) -> workflow.Standing:
    """The count, locked, if `verb` is possible from here for this caller and every need is met."""
    permission = workflow.COUNT.permission(verb)
    count = await locked(stamp, count_id, permission, version)
    standing = await queries.standing_of(count)
    workflow.COUNT.take(
        standing, status=count.status.value, verb=verb, stamp=stamp, path=count.path, site_id=count.site_id
    )
    return standing


async def changed(
    stamp: Stamp, verb: str, before: Count, status: Status, facts: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The count goes on to `status`: version, history, audit and news; the receipt."""
    over = status in (Status.POSTED, Status.CANCELLED)
    version = await db.fetch_value(
        "UPDATE stocktake SET status = $2, version = version + 1, ended_at = CASE WHEN $3 THEN $4 ELSE ended_at END,"
        " ended_by = CASE WHEN $3 THEN $5 ELSE ended_by END WHERE id = $1 RETURNING version",
        before.id,
        status.value,
        over,
        stamp.recorded_at,
        stamp.login,
    )
    if over:
        await db.execute("UPDATE stocktake_bin SET live = false WHERE stocktake_id = $1", before.id)
    after = {"number": before.number, "status": status.value, "version": version, **(facts or {})}
    was = {"status": before.status.value, "version": before.version}
    await note(stamp, verb, before.id, was, after, before.site_id)
    return {"verb": verb, "count": str(before.id), **after}


async def note(
    stamp: Stamp,
    verb: str,
    count_id: UUID,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
    site_id: int,
) -> None:
    """History, audit and news of one change. `after` holds no figure of a bin that is still being counted."""
    await history.record(stamp, table="stocktake", key=str(count_id), verb=verb, before=before, after=after)
    await audit.record(
        stamp, f"count.{verb}", subject_kind="stocktake", subject_id=str(count_id), facts={**after, "site_id": site_id}
    )
    await feed.publish("stocktake", [str(count_id)], stamp.recorded_at)


async def thaw(stamp: Stamp, count: Count, place_id: int) -> None:
    """Open a bin that this count had shut."""
    found = count.bin(place_id)
    if found is not None and found.froze:
        await db.execute(
            "UPDATE stocktake_bin SET froze = false WHERE stocktake_id = $1 AND place_id = $2", count.id, place_id
        )
        await sites.thaw_after_count(stamp=stamp, place_id=place_id)
