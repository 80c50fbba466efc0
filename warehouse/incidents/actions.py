"""Writes of incidents and needs: one function per verb. An incident's row is the lock of what hangs on it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from catalog.classes import queries as classes
from catalog.items import queries as items
from catalog.kernel import attempts, audit, db, feed, history
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Missing, Refused, Stale
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from catalog.regions import queries as regions
from warehouse.incidents import queries, rules, workflow
from warehouse.incidents.model import (
    LONGEST_TEXT,
    MOST_NEEDS,
    Incident,
    IncidentFacts,
    Level,
    Need,
    NeedFacts,
    NeedStatus,
    Status,
)

_COLUMNS = (
    "name", "hazard", "region_id", "occurred_at", "place", "lat", "lon", "affected", "moved", "note",
)  # fmt: skip
_NEED_COLUMNS = (
    "region_id", "quantity", "item_id", "class_id", "unit", "priority", "needed_by", "place", "lat", "lon",
    "own_stock_used", "origin", "note",
)  # fmt: skip


async def open_incident(
    *, stamp: Stamp, facts: IncidentFacts, level: Level | None = None, order_number: str = "", reason: str = ""
) -> Receipt:
    """Something has happened. A level may be declared at once (needs incident.level as well).

    Raises Invalid (`incident.…`), Missing (`region.missing`), Denied.
    """

    async def work() -> Receipt:
        rules.check_incident(facts, stamp.recorded_at)
        path = await _path(facts.region_id)
        stamp.require_at(Permission.INCIDENT_EDIT, path)
        if level is not None:
            stamp.require_at(Permission.INCIDENT_LEVEL, path)
        incident_id = uuid5(stamp.attempt, "incident")
        spots = ", ".join(f"${n}" for n in range(7, len(_COLUMNS) + 7))
        number = await db.fetch_value(
            "INSERT INTO incident (id, number, status, level, opened_at, opened_by, attempt,"
            f" {', '.join(_COLUMNS)}) VALUES ($1, 'SJ' || to_char($2::date, 'YY-') ||"
            f" lpad(nextval('incident_number')::text, 4, '0'), 'active', $3, $4, $5, $6, {spots}) RETURNING number",
            incident_id,
            day_of(stamp.recorded_at),
            level,
            stamp.recorded_at,
            stamp.login,
            stamp.attempt,
            *_values(facts, _COLUMNS),
        )
        if level is not None:
            await _write_level(stamp, incident_id, level, order_number, reason or facts.name)
        await _note(stamp, "open", incident_id, None, {**asdict(facts), "number": number, "level": level})
        return {"id": str(incident_id), "number": number, "version": 1, "status": Status.ACTIVE.value}

    return await attempts.once(stamp, "incident.open", work)


async def edit_incident(*, stamp: Stamp, incident_id: UUID, version: int, facts: IncidentFacts) -> Receipt:
    """Replace what is said of an incident (people affected and moved come in by and by); its region stays."""

    async def work() -> Receipt:
        before = await _locked(stamp, incident_id, "edit", version)
        if facts.region_id != before.facts.region_id:
            raise Refused("incident.other-region", "事件的区划不能修改：请另建事件", line=1)
        rules.check_incident(facts, stamp.recorded_at)
        sets = ", ".join(f"{name} = ${n}" for n, name in enumerate(_COLUMNS, 2))
        await db.execute(
            f"UPDATE incident SET version = version + 1, {sets} WHERE id = $1", incident_id, *_values(facts, _COLUMNS)
        )
        await _note(stamp, "edit", incident_id, asdict(before.facts), asdict(facts))
        return _done(before, before.status)

    return await attempts.once(stamp, "incident.edit", work)


async def set_level(
    *, stamp: Stamp, incident_id: UUID, level: Level, reason: str, order_number: str = "", version: int | None = None
) -> Receipt:
    """Declare, raise or lower the response level. The history keeps every change with its reason and paper.

    Raises Missing, Stale, Denied, Invalid (`incident.no-reason`), Refused (`incident.same-level`).
    """

    async def work() -> Receipt:
        before = await _locked(stamp, incident_id, "set-level", version)
        if before.level is level:
            raise Refused("incident.same-level", f"已是 {level.name} 级响应", level=level.value)
        await _write_level(stamp, incident_id, level, order_number, reason)
        await db.execute("UPDATE incident SET level = $2, version = version + 1 WHERE id = $1", incident_id, level)
        was = {"level": before.level}
        await _note(stamp, "set-level", incident_id, was, {"level": level, "reason": reason, "order": order_number})
        return _done(before, before.status)

    return await attempts.once(stamp, "incident.set-level", work)


async def end_response(*, stamp: Stamp, incident_id: UUID, reason: str, version: int | None = None) -> Receipt:
    """The response is over: no level is in force, no needs are added; what was used is now made good again."""

    async def work() -> Receipt:
        before = await _locked(stamp, incident_id, "end", version)
        await _write_level(stamp, incident_id, None, "", reason)
        await db.execute(
            "UPDATE incident SET status = 'ended', level = NULL, ended_at = $2, version = version + 1 WHERE id = $1",
            incident_id,
            stamp.recorded_at,
        )
        await _note(stamp, "end", incident_id, {"level": before.level}, {"status": "ended", "reason": reason})
        return _done(before, Status.ENDED)

    return await attempts.once(stamp, "incident.end", work)


async def resume(*, stamp: Stamp, incident_id: UUID, version: int | None = None) -> Receipt:
    """It was not over: active again, without a level until one is declared."""

    async def work() -> Receipt:
        before = await _locked(stamp, incident_id, "resume", version)
        await db.execute(
            "UPDATE incident SET status = 'active', ended_at = NULL, version = version + 1 WHERE id = $1", incident_id
        )
        await _note(stamp, "resume", incident_id, {"status": before.status.value}, {"status": "active"})
        return _done(before, Status.ACTIVE)

    return await attempts.once(stamp, "incident.resume", work)


async def close_incident(*, stamp: Stamp, incident_id: UUID, reason: str = "", version: int | None = None) -> Receipt:
    """All is accounted for. Refused (`incident.needs-open`) while a need is open.

    For fulfilment, inside its own action: it knows what else stands in the way. `reason`: why in spite of what is left.
    """
    before = await _locked(stamp, incident_id, "close", version)
    await db.execute("UPDATE incident SET status = 'closed', version = version + 1 WHERE id = $1", incident_id)
    after = {"status": "closed"} | ({"reason": reason} if reason else {})
    await _note(stamp, "close", incident_id, {"status": before.status.value}, after)
    return _done(before, Status.CLOSED)


# --- needs ----------------------------------------------------------------------------------------------------------


async def add_needs(*, stamp: Stamp, incident_id: UUID, needs: Sequence[NeedFacts]) -> Receipt:
    """What places need, all or none. Needs need.edit where the place that asks lies, or in the incident's region.

    Raises Missing (`incident.missing`, `region.missing`, `stock.no-such-item`, `class.missing`), Invalid (`need.…` with
    the line), Denied, Refused (`incident.not-from-here`).
    """

    async def work() -> Receipt:
        stamp.require(Permission.NEED_EDIT)
        incident = await _read_locked(incident_id, stamp, Permission.INCIDENT_READ)
        workflow.INCIDENT.find(incident.status.value, "add-needs")
        rules.check_needs(needs, stamp.recorded_at)
        places = await regions.find_regions_by_id({one.region_id for one in needs})
        await _check_goods(needs)
        for line, one in enumerate(needs, 1):
            if one.region_id not in places:
                raise Missing("region.missing", "没有这个区划", line=line)
            _require(stamp, places[one.region_id].path, incident.path)
        ids = [uuid5(stamp.attempt, f"need {number}") for number in range(len(needs))]
        columns = ("id", "incident_id", "status", "asked_at", "asked_by", "renewed_at", "attempt", *_NEED_COLUMNS)
        spots = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
        for need_id, one in zip(ids, needs, strict=True):
            at = stamp.recorded_at
            first = (need_id, incident_id, "open", at, stamp.login, at, stamp.attempt)
            await db.execute(
                f"INSERT INTO need ({', '.join(columns)}) VALUES ({spots})", *first, *_values(one, _NEED_COLUMNS)
            )
            await _keep_contact(need_id, one)
            await _note_need(stamp, "ask", need_id, incident_id, None, _told(one))
        return {"incident": str(incident_id), "needs": [str(one) for one in ids]}

    return await attempts.once(stamp, "need.ask", work)


async def edit_need(*, stamp: Stamp, need_id: UUID, version: int, facts: NeedFacts) -> Receipt:
    """Replace what a need says; who asks and for which goods stays. It is fresh again."""

    async def work() -> Receipt:
        before = await _need_locked(stamp, need_id, "edit", version)
        same = ("region_id", "item_id", "class_id")
        if any(getattr(facts, name) != getattr(before.facts, name) for name in same):
            raise Refused("need.other-goods", "需求方和物资不能修改：请撤回后另填")
        rules.check_needs([facts], stamp.recorded_at)
        sets = ", ".join(f"{name} = ${n}" for n, name in enumerate(_NEED_COLUMNS, 3))
        await db.execute(
            f"UPDATE need SET version = version + 1, renewed_at = $2, {sets} WHERE id = $1",
            need_id,
            stamp.recorded_at,
            *_values(facts, _NEED_COLUMNS),
        )
        await _keep_contact(need_id, facts)
        await _note_need(stamp, "edit", need_id, before.incident_id, _told(before.facts), _told(facts))
        return {"id": str(need_id), "version": before.version + 1, "status": before.status.value}

    return await attempts.once(stamp, "need.edit", work)


async def renew_needs(*, stamp: Stamp, need_ids: Sequence[UUID]) -> Receipt:
    """Still needed, all of them or none: they are fresh again and back in the queue. One tap."""

    async def work() -> Receipt:
        if not 1 <= len(set(need_ids)) <= MOST_NEEDS:
            raise Invalid("need.bad-count", f"一次须填报 1 到 {MOST_NEEDS} 行需求", lines=len(need_ids))
        renewed = []
        for need_id in sorted(set(need_ids)):
            before = await _need_locked(stamp, need_id, "renew", None)
            await db.execute("UPDATE need SET renewed_at = $2 WHERE id = $1", need_id, stamp.recorded_at)
            await _note_need(stamp, "renew", need_id, before.incident_id, None, {"renewed": True})
            renewed.append(str(need_id))
        return {"renewed": renewed}

    return await attempts.once(stamp, "need.renew", work)


async def withdraw_need(*, stamp: Stamp, need_id: UUID, reason: str, version: int | None = None) -> Receipt:
    """It is not needed (any more). Raises Missing, Stale, Invalid (`need.no-reason`), Refused."""

    async def work() -> Receipt:
        before = await _need_locked(stamp, need_id, "withdraw", version)
        return await _end_need(stamp, "withdraw", before, NeedStatus.WITHDRAWN, reason)

    return await attempts.once(stamp, "need.withdraw", work)


async def meet_need(*, stamp: Stamp, need_id: UUID, reason: str, version: int | None = None) -> Receipt:
    """It has been met, wherever from; the word says how."""

    async def work() -> Receipt:
        before = await _need_locked(stamp, need_id, "meet", version)
        return await _end_need(stamp, "meet", before, NeedStatus.MET, reason)

    return await attempts.once(stamp, "need.meet", work)


async def count_received(*, stamp: Stamp, received: Mapping[UUID, int]) -> list[UUID]:
    """So much has been received against needs, in their own units; a need of which all has come is met. Which are.

    For fulfilment, inside its own action: who may receive there has been decided. What is over already only counts.
    """
    met = []
    for need_id, quantity in sorted(received.items()):
        row: Any = await db.fetch_row(
            "UPDATE need SET met = met + $2 WHERE id = $1 RETURNING incident_id, status, quantity, met",
            need_id,
            quantity,
        )
        incident_id, status, wanted, now = tuple(row)
        facts: dict[str, Any] = {"received": quantity, "met": now}
        if status == NeedStatus.OPEN and now >= wanted:
            facts |= {"status": NeedStatus.MET.value}
            await db.execute(
                "UPDATE need SET status = 'met', ended_at = $2, end_reason = '物资已签收', version = version + 1"
                " WHERE id = $1",
                need_id,
                stamp.recorded_at,
            )
            met.append(need_id)
        await _note_need(stamp, "receive", need_id, incident_id, {"status": status}, facts)
    return met


async def forget_contacts(*, stamp: Stamp, before: datetime) -> int:
    """Clear away receivers and phones of needs that were over before an instant; how many. The needs stay."""
    rows = await db.fetch(
        "UPDATE need_contact c SET receiver = '', phone = '' FROM need n JOIN incident e ON e.id = n.incident_id"
        " WHERE n.id = c.need_id AND coalesce(n.ended_at, e.ended_at) < $1 AND (c.receiver <> '' OR c.phone <> '')"
        " RETURNING c.need_id",
        before,
    )
    if rows:
        await audit.record(stamp, "need.forget-contacts", subject_kind="need", facts={"rows": len(rows)})
    return len(rows)


async def reopen_need(*, stamp: Stamp, need_id: UUID, version: int | None = None) -> Receipt:
    """It is needed after all: open and fresh again. Only while its incident is active."""

    async def work() -> Receipt:
        before = await _need_locked(stamp, need_id, "reopen", version)
        incident = await _read_locked(before.incident_id, stamp, Permission.INCIDENT_READ)
        workflow.INCIDENT.find(incident.status.value, "add-needs")
        await db.execute(
            "UPDATE need SET status = 'open', ended_at = NULL, end_reason = '', renewed_at = $2, version = version + 1"
            " WHERE id = $1",
            need_id,
            stamp.recorded_at,
        )
        was = {"status": before.status.value}
        await _note_need(stamp, "reopen", need_id, before.incident_id, was, {"status": "open"})
        return {"id": str(need_id), "version": before.version + 1, "status": "open"}

    return await attempts.once(stamp, "need.reopen", work)


# --- parts ----------------------------------------------------------------------------------------------------------


async def _path(region_id: int) -> str:
    region = await regions.find_region(region_id)
    if region is None:
        raise Missing("region.missing", "没有这个区划", region_id=region_id)
    return region.path


def _values(facts: Any, columns: Sequence[str]) -> list[Any]:
    values = [getattr(facts, name) for name in columns]
    return [value.strip() if type(value) is str else value for value in values]


def _told(facts: NeedFacts) -> dict[str, Any]:
    """What may stand in history and audit: no receiver and no phone, which are purged some day."""
    said = asdict(facts)
    del said["receiver"], said["phone"]
    return said


def _done(before: Incident, status: Status) -> Receipt:
    return {
        "id": str(before.id),
        "number": before.number,
        "version": before.version + 1,
        "status": status.value,
    }


def _require(stamp: Stamp, place: str, incident: str) -> None:
    """A town asks for itself; whoever leads the incident may ask for any place in it."""
    scope = stamp.require(Permission.NEED_EDIT)
    if not scope.covers(place) and not scope.covers(incident):
        raise Missing("region.missing", "没有这个区划，或不在您的管辖范围内")


async def _read_locked(incident_id: UUID, stamp: Stamp, permission: Permission) -> Incident:
    await db.execute("SELECT 1 FROM incident WHERE id = $1 FOR UPDATE", incident_id)
    return await queries.get_incident(incident_id, stamp.require(permission))


async def _locked(stamp: Stamp, incident_id: UUID, verb: str, version: int | None) -> Incident:
    stamp.require(workflow.INCIDENT.permission(verb))
    found = await _read_locked(incident_id, stamp, Permission.INCIDENT_READ)
    if version is not None and version != found.version:
        raise Stale("incident.stale", "别人已修改，请重新载入", yours=version, current=found.version)
    workflow.INCIDENT.take(found, status=found.status.value, verb=verb, stamp=stamp, path=found.path, site_id=None)
    return found


async def _write_level(stamp: Stamp, incident_id: UUID, level: Level | None, order_number: str, reason: str) -> None:
    if not reason.strip() or len(reason) > LONGEST_TEXT or len(order_number) > LONGEST_TEXT:
        raise Invalid("incident.no-reason", "请写明原因")
    await db.execute(
        "INSERT INTO incident_level (incident_id, level, order_number, reason, at, login)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        incident_id,
        level,
        order_number.strip(),
        reason.strip(),
        stamp.recorded_at,
        stamp.login,
    )


async def _check_goods(needs: Sequence[NeedFacts]) -> None:
    known = await items.find_items({one.item_id for one in needs if one.item_id is not None})
    classed = await classes.find_classes_by_id({one.class_id for one in needs if one.class_id is not None})
    for line, one in enumerate(needs, 1):
        if one.item_id is not None and one.item_id not in known:
            raise Missing("stock.no-such-item", "没有这种物资", line=line, item_id=one.item_id)
        if one.class_id is not None and one.class_id not in classed:
            raise Missing("class.missing", "没有这个类别", line=line, class_id=one.class_id)


async def _keep_contact(need_id: UUID, facts: NeedFacts) -> None:
    await db.execute(
        "INSERT INTO need_contact (need_id, receiver, phone) VALUES ($1, $2, $3)"
        " ON CONFLICT (need_id) DO UPDATE SET receiver = excluded.receiver, phone = excluded.phone",
        need_id,
        facts.receiver.strip(),
        facts.phone.strip(),
    )


async def _need_locked(stamp: Stamp, need_id: UUID, verb: str, version: int | None) -> Need:
    """The need, locked after its incident, after scope, right and version."""
    scope = stamp.require(Permission.NEED_EDIT)
    await db.execute(
        "SELECT 1 FROM incident WHERE id = (SELECT incident_id FROM need WHERE id = $1) FOR UPDATE", need_id
    )
    await db.execute("SELECT 1 FROM need WHERE id = $1 FOR UPDATE", need_id)
    found = await queries.get_need(need_id, scope)
    if version is not None and version != found.version:
        raise Stale("need.stale", "别人已修改，请重新载入", yours=version, current=found.version)
    workflow.NEED.find(found.status.value, verb)
    return found


async def _end_need(stamp: Stamp, verb: str, before: Need, status: NeedStatus, reason: str) -> Receipt:
    if not reason.strip() or len(reason) > LONGEST_TEXT:
        raise Invalid("need.no-reason", "请写明原因")
    await db.execute(
        "UPDATE need SET status = $2, ended_at = $3, end_reason = $4, version = version + 1 WHERE id = $1",
        before.id,
        status.value,
        stamp.recorded_at,
        reason.strip(),
    )
    was = {"status": before.status.value}
    await _note_need(stamp, verb, before.id, before.incident_id, was, {"status": status.value, "reason": reason})
    return {"id": str(before.id), "version": before.version + 1, "status": status.value}


async def _note(
    stamp: Stamp, verb: str, incident_id: UUID, before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> None:
    key = str(incident_id)
    await history.record(stamp, table="incident", key=key, verb=verb, before=before, after=after)
    await audit.record(stamp, f"incident.{verb}", subject_kind="incident", subject_id=key, facts=after)
    await feed.publish("incident", [key], stamp.recorded_at)


async def _note_need(
    stamp: Stamp,
    verb: str,
    need_id: UUID,
    incident_id: UUID,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
) -> None:
    key = str(need_id)
    await history.record(stamp, table="need", key=key, verb=verb, before=before, after=after)
    await audit.record(stamp, f"need.{verb}", subject_kind="need", subject_id=key, facts=after)
    await feed.publish("incident", [str(incident_id)], stamp.recorded_at)
