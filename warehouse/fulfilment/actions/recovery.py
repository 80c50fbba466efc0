"""The recovery ledger (回收补充, 先调后补): duties drawn up from what was used, closed when it is back."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from catalog.kernel import attempts, audit, db, feed, history
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Missing, Stale
from catalog.kernel.parameters import whole
from catalog.kernel.stamp import Stamp
from warehouse.fulfilment import queries, rules, workflow
from warehouse.fulfilment.model import LONGEST_TEXT, RECOVERY_DAYS, Duty, DutyStatus, Used
from warehouse.incidents import queries as incidents
from warehouse.parties import queries as parties


async def draw_up(*, stamp: Stamp, incident_id: UUID) -> Receipt:
    """What the incident has used by now becomes duties of the regions that owned it: new ones, and changed quantities.

    Safe to do again as it goes on; a closed duty that grows is open again. Needs recovery.edit in its region.
    """

    async def work() -> Receipt:
        scope = stamp.require(Permission.RECOVERY_EDIT)
        await db.execute("SELECT 1 FROM incident WHERE id = $1 FOR UPDATE", incident_id)
        incident = await incidents.get_incident(incident_id, scope)
        known = await queries.duties_of(incident_id)
        owed = {key: quantity for key, (_, quantity, _) in known.items()}
        changed = rules.duties(await queries.used_in(incident_id), owed)
        for one, quantity in changed:
            there = known.get((one.region_id, one.item_id))
            if there is None:
                days = await whole(RECOVERY_DAYS.key, one.path)
                until = rules.due_on(incident.ended_at, stamp.recorded_at, days)
                await _insert(stamp, incident_id, one, quantity, until)
            else:
                await _grow(stamp, there[0], there[1], quantity)
        return {"incident": str(incident_id), "changed": len(changed), "duties": len(known) + _new(changed, known)}

    return await attempts.once(stamp, "recovery.draw-up", work)


async def edit_duty(
    *, stamp: Stamp, duty_id: UUID, version: int, due_on: date, due_source: str, payer_id: int | None, note: str
) -> Receipt:
    """Who pays, and until when, with where that is written. Raises Missing, Stale, Invalid."""

    async def work() -> Receipt:
        before = await _locked(stamp, duty_id, "edit", version)
        if not due_source.strip() or max(len(due_source), len(note)) > LONGEST_TEXT:
            raise Invalid("recovery.no-source", "请写明期限的依据，没有依据请写 unverified")
        if payer_id is not None and not await parties.find_names([payer_id]):
            raise Missing("party.missing", "没有这个单位，或不在您的管辖范围内", party_id=payer_id)
        await db.execute(
            "UPDATE recovery_duty SET due_on = $2, due_source = $3, payer_id = $4, note = $5, version = version + 1"
            " WHERE id = $1",
            duty_id,
            due_on,
            due_source.strip(),
            payer_id,
            note.strip(),
        )
        after = {"due_on": due_on.isoformat(), "due_source": due_source.strip(), "payer_id": payer_id}
        await _note(stamp, "edit", duty_id, {"due_on": before.due_on.isoformat(), "payer_id": before.payer_id}, after)
        return {"id": str(duty_id), "version": before.version + 1, "status": before.status.value}

    return await attempts.once(stamp, "recovery.edit", work)


async def fill(
    *, stamp: Stamp, duty_id: UUID, quantity: int, document_kind: str, document_id: UUID, document_number: str,
    note: str = "",
) -> Receipt:  # fmt: skip
    """Goods came back: so much of what a delivery or shipment brought into stores, owned by the duty's region.

    Every piece counts once. Raises Missing, Refused (`recovery.not-proved`, `recovery.too-much`).
    """

    async def work() -> Receipt:
        before = await _locked(stamp, duty_id, "fill", None)
        await db.execute("SELECT pg_advisory_xact_lock(hashtextextended('recovery:' || $1::text, 7))", str(document_id))
        proved = await queries.proved_by(document_id, before.item_id, before.path)
        claimed = await queries.claimed_of(document_id, before.item_id, before.path)
        rules.check_fill(before, quantity, proved, claimed)
        await db.execute(
            "INSERT INTO recovery_fill (duty_id, quantity, document_kind, document_id, document_number, note, at,"
            " login) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            duty_id,
            quantity,
            document_kind,
            document_id,
            document_number,
            note.strip(),
            stamp.recorded_at,
            stamp.login,
        )
        await db.execute("UPDATE recovery_duty SET version = version + 1 WHERE id = $1", duty_id)
        after = {"quantity": quantity, "document": document_number, "rest": before.rest - quantity}
        await _note(stamp, "fill", duty_id, {"rest": before.rest}, after)
        return {"id": str(duty_id), "version": before.version + 1, "status": before.status.value}

    return await attempts.once(stamp, "recovery.fill", work)


async def close_duty(*, stamp: Stamp, duty_id: UUID) -> Receipt:
    """The stock is back. Refused (`recovery.not-back`) before."""

    async def work() -> Receipt:
        before = await _locked(stamp, duty_id, "close", None)
        await db.execute(
            "UPDATE recovery_duty SET status = 'closed', closed_at = $2, closed_by = $3, version = version + 1"
            " WHERE id = $1",
            duty_id,
            stamp.recorded_at,
            stamp.login,
        )
        await _note(stamp, "close", duty_id, {"status": "open"}, {"status": "closed"})
        return {"id": str(duty_id), "version": before.version + 1, "status": DutyStatus.CLOSED.value}

    return await attempts.once(stamp, "recovery.close", work)


# --- parts ----------------------------------------------------------------------------------------------------------


def _new(changed: list[tuple[Used, int]], known: Mapping[tuple[int, int], Any]) -> int:
    return sum(1 for one, _ in changed if (one.region_id, one.item_id) not in known)


async def _insert(stamp: Stamp, incident_id: UUID, one: Used, quantity: int, until: date) -> None:
    duty_id = uuid5(stamp.attempt, f"duty {one.region_id} {one.item_id}")
    await db.execute(
        "INSERT INTO recovery_duty (id, incident_id, region_id, item_id, quantity, due_on, due_source, status, made_at,"
        " made_by, attempt) VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', $8, $9, $10)",
        duty_id,
        incident_id,
        one.region_id,
        one.item_id,
        quantity,
        until,
        RECOVERY_DAYS.key,
        stamp.recorded_at,
        stamp.login,
        stamp.attempt,
    )
    await _note(stamp, "draw-up", duty_id, None, {"quantity": quantity, "due_on": until.isoformat()})


async def _grow(stamp: Stamp, duty_id: UUID, before: int, quantity: int) -> None:
    await db.execute(
        "UPDATE recovery_duty SET quantity = $2, version = version + 1, status = CASE WHEN $2 > quantity THEN 'open'"
        " ELSE status END, closed_at = CASE WHEN $2 > quantity THEN NULL ELSE closed_at END WHERE id = $1",
        duty_id,
        quantity,
    )
    await _note(stamp, "draw-up", duty_id, {"quantity": before}, {"quantity": quantity})


async def _locked(stamp: Stamp, duty_id: UUID, verb: str, version: int | None) -> Duty:
    await db.execute("SELECT 1 FROM recovery_duty WHERE id = $1 FOR UPDATE", duty_id)
    scope = stamp.require(workflow.DUTY.permission(verb))
    found = await queries.get_duty(duty_id, scope)
    if version is not None and version != found.version:
        raise Stale("recovery.stale", "别人已修改，请重新载入", yours=version, current=found.version)
    workflow.DUTY.take(found, status=found.status.value, verb=verb, stamp=stamp, path=found.path, site_id=None)
    return found


async def _note(
    stamp: Stamp, verb: str, duty_id: UUID, before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> None:
    key = str(duty_id)
    await history.record(stamp, table="recovery_duty", key=key, verb=verb, before=before, after=after)
    await audit.record(stamp, f"recovery.{verb}", subject_kind="recovery_duty", subject_id=key, facts=after)
    await feed.publish("recovery", [key], stamp.recorded_at)
