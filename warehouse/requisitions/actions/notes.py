"""What every write of this feature leaves behind, and how rows are locked: the requisition first, then its orders."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from catalog.kernel import audit, db, feed, history
from catalog.kernel.access import EVERYWHERE, Grant, Permission, Role
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Missing, Refused, Stale
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import SHANGHAI
from warehouse.people import queries as people
from warehouse.requisitions import queries, rules, workflow
from warehouse.requisitions.model import Release, ReleaseStatus, Requisition, Status

_WAITS_FOR = frozenset({"release", "refuse", "cancel"})
"""What an order waits for: whoever says it second is told who was first."""
_TOLD = {
    "release": ("release.was-released", "下达"),
    "refuse": ("release.was-refused", "答复不予动用"),
    "cancel": ("release.was-cancelled", "撤销"),
    "recall": ("release.was-recalled", "收回"),
}


def hand_of(stamp: Stamp) -> Stamp:
    """The same caller, with the right to hold and free goods wherever they stand, and to call off what was promised.

    The right has been decided before, by requisition and owner: a dispatcher of the city takes the city's goods out of
    a town's store, where he may otherwise hold nothing, and calls off what was promised to it. Who it was stays in
    every row.
    """
    grant = Grant(Role.DISPATCHER, EVERYWHERE.paths[0], frozenset({Permission.RESERVE, Permission.COMMITMENT_CALL}))
    return replace(stamp, grants=(grant,))


async def locked(stamp: Stamp, requisition_id: UUID, verb: str, version: int | None) -> workflow.Standing:
    """The requisition, locked, after right, scope, version and needs. Raises Missing, Denied, Stale, Refused."""
    scope = stamp.require(workflow.REQUISITION.permission(verb))
    await db.execute("SELECT 1 FROM requisition WHERE id = $1 FOR UPDATE", requisition_id)
    found = await queries.find_requisition(requisition_id)
    if found is None or not scope.covers(found.path):
        raise queries.missing(requisition_id)
    if version is not None and version != found.version:
        raise Stale("requisition.stale", "别人已修改，请重新载入", yours=version, current=found.version)
    standing = await queries.standing(found)
    workflow.REQUISITION.take(
        standing, status=found.status.value, verb=verb, stamp=stamp, path=found.path, site_id=None
    )
    return standing


async def release_locked(stamp: Stamp, release_id: UUID, verb: str, version: int | None) -> Release:
    """The release order, locked after its requisition, after right, scope, version and needs."""
    scope = stamp.require(workflow.RELEASE.permission(verb))
    await db.execute(
        "SELECT 1 FROM requisition WHERE id = (SELECT requisition_id FROM release_order WHERE id = $1) FOR UPDATE",
        release_id,
    )
    await db.execute("SELECT 1 FROM release_order WHERE id = $1 FOR UPDATE", release_id)
    found = (await queries.find_releases([release_id])).get(release_id)
    if found is None:
        raise queries.missing_release(release_id)
    path, site_id = workflow.path_of(found, verb)
    if not scope.covers(path, site_id):
        raise queries.missing_release(release_id)
    await _say_what_happened(found, verb)
    if version is not None and version != found.version:
        raise Stale("release.stale", "别人已修改，请重新载入", yours=version, current=found.version)
    workflow.RELEASE.take(found, status=found.status.value, verb=verb, stamp=stamp, path=path, site_id=site_id)
    return found


async def _say_what_happened(found: Release, verb: str) -> None:
    """Who loses a race for an order's word is told who was first, and when. Raises Refused."""
    if verb not in _WAITS_FOR or found.status is ReleaseStatus.WAITING:
        return
    changes = await history.list_changes(table="release_order", key=str(found.id))
    last = next((one for one in changes if one.verb in _TOLD), None)
    if last is None:
        return
    code, done = _TOLD[last.verb]
    name = (await people.names_by_login()).get(last.login)
    zh = name.name_zh if name else last.login
    at = last.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
    by_en = (name and name.name_en) or zh
    raise Refused(code, f"{found.name} 已由 {zh} 于 {at} {done}", order=found.name, by=zh, by_en=by_en, at=at)


async def changed(
    stamp: Stamp,
    verb: str,
    before: Requisition,
    status: Status,
    sets: Mapping[str, Any] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Receipt:
    """Write status and columns, history, audit and news; the receipt."""
    columns = "".join(f", {name} = ${n}" for n, name in enumerate(sets or {}, 3))
    version = await db.fetch_value(
        f"UPDATE requisition SET version = version + 1, status = $2{columns} WHERE id = $1 RETURNING version",
        before.id,
        status.value,
        *(sets or {}).values(),
    )
    after = {"number": before.number, "status": status.value, **(facts or {})}
    await note(stamp, verb, before.id, {"status": before.status.value}, after)
    return {"id": str(before.id), "number": before.number, "status": status.value, "version": version, **(facts or {})}


async def note(
    stamp: Stamp, verb: str, requisition_id: UUID, before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> None:
    """History, audit and news of a requisition."""
    key = str(requisition_id)
    await history.record(stamp, table="requisition", key=key, verb=verb, before=before, after=after)
    await audit.record(stamp, f"requisition.{verb}", subject_kind="requisition", subject_id=key, facts=after)
    await feed.publish("requisition", [key], stamp.recorded_at)


async def release_changed(
    stamp: Stamp,
    verb: str,
    before: Release,
    status: ReleaseStatus,
    sets: Mapping[str, Any] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Receipt:
    """Write a release order's status and columns, history, audit and news; its requisition follows. The receipt."""
    columns = "".join(f", {name} = ${n}" for n, name in enumerate(sets or {}, 3))
    row: Any = await db.fetch_row(
        f"UPDATE release_order SET version = version + 1, status = $2{columns} WHERE id = $1 RETURNING version, number",
        before.id,
        status.value,
        *(sets or {}).values(),
    )
    after = {"number": row[1], "status": status.value, **(facts or {})}
    key = str(before.id)
    was = {"status": before.status.value}
    await history.record(stamp, table="release_order", key=key, verb=verb, before=was, after=after)
    await audit.record(stamp, f"release.{verb}", subject_kind="release", subject_id=key, facts=after)
    await feed.publish("release", [key], stamp.recorded_at)
    await follow(stamp, before.requisition_id)
    return {"id": key, "requisition": str(before.requisition_id), "version": row[0], **after}


async def follow(stamp: Stamp, requisition_id: UUID) -> Status:
    """Bring a locked requisition as far as its release orders and call-offs are."""
    status = rules.following(await queries.how_far(requisition_id))
    was = await db.fetch_value("SELECT status FROM requisition WHERE id = $1", requisition_id)
    if was is None:
        raise Missing("requisition.missing", "没有这份调用申请，或不在您的管辖范围内", requisition=str(requisition_id))
    if was != status.value:
        await db.execute(
            "UPDATE requisition SET status = $2, version = version + 1 WHERE id = $1", requisition_id, status.value
        )
        key = str(requisition_id)
        await history.record(
            stamp, table="requisition", key=key, verb="follow", before={"status": was}, after={"status": status.value}
        )
        await feed.publish("requisition", [key], stamp.recorded_at)
    return status
