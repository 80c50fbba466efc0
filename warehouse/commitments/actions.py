"""Writes of commitments: one function per verb. A commitment's row is the lock of everything that hangs on it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
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
from warehouse.commitments import queries, rules, workflow
from warehouse.commitments.model import (
    DOCUMENT,
    PAPERS_HOURS,
    CallOff,
    CallStatus,
    Commitment,
    CommitmentFacts,
    Promise,
    Status,
)
from warehouse.files.model import Subject
from warehouse.parties import queries as parties
from warehouse.spoken import actions as papers
from warehouse.spoken import rules as voices
from warehouse.spoken.rules import LONGEST_TEXT

_SAME = ("region_id", "party_id", "item_id", "class_id")
_COLUMNS = (
    "region_id", "party_id", "form", "number", "item_id", "class_id", "unit", "quantity", "response_hours",
    "confidence", "confidence_source", "price_rule", "price_fen", "price_per", "valid_from", "valid_to", "handover",
    "source", "note",
)  # fmt: skip


async def create_commitment(*, stamp: Stamp, facts: CommitmentFacts, sign: bool = False) -> Receipt:
    """A new commitment, as a draft or in force at once. Needs commitment.edit in its region.

    Raises Invalid (`commitment.…`), Missing (region, party, goods), Refused (`commitment.twice`).
    """

    async def work() -> Receipt:
        rules.check_facts(facts)
        await _check_names(stamp, facts)
        commitment_id = uuid5(stamp.attempt, "commitment")
        await _check_once(facts, commitment_id)
        status = Status.IN_FORCE if sign else Status.DRAFT
        spots = ", ".join(f"${n}" for n in range(1, len(_COLUMNS) + 6))
        await db.execute(
            f"INSERT INTO commitment (id, status, created_at, created_by, attempt, {', '.join(_COLUMNS)})"
            f" VALUES ({spots})",
            commitment_id,
            status.value,
            stamp.recorded_at,
            stamp.login,
            stamp.attempt,
            *_values(facts),
        )
        after = {**asdict(facts), "status": status.value}
        await _note(stamp, "create", commitment_id, None, after)
        return {"id": str(commitment_id), "version": 1, "status": status.value}

    return await attempts.once(stamp, "commitment.create", work)


async def edit_commitment(*, stamp: Stamp, commitment_id: UUID, version: int, facts: CommitmentFacts) -> Receipt:
    """Replace what a commitment says. Region, party and goods stay: for others make another and retire this one.

    Raises Missing, Stale, Invalid, Refused (`commitment.other-goods`, `commitment.below-taken`, `commitment.twice`).
    """

    async def work() -> Receipt:
        before = await _locked(stamp, commitment_id, "edit", version)
        if any(getattr(facts, name) != getattr(before.facts, name) for name in _SAME):
            raise Refused("commitment.other-goods", "区划、单位和物资不能修改：请另建一份并停用这一份")
        rules.check_facts(facts)
        if facts.quantity < before.taken:
            raise Refused(
                "commitment.below-taken",
                f"已调用 {before.taken}，数量不能少于它",
                line=1,
                asked=facts.quantity,
                free=before.left,
                protected=before.taken,
            )
        await _check_once(facts, commitment_id)
        sets = ", ".join(f"{name} = ${n}" for n, name in enumerate(_COLUMNS, 2))
        await db.execute(
            f"UPDATE commitment SET version = version + 1, {sets} WHERE id = $1", commitment_id, *_values(facts)
        )
        await _note(stamp, "edit", commitment_id, asdict(before.facts), asdict(facts))
        return {"id": str(commitment_id), "version": before.version + 1, "status": before.status.value}

    return await attempts.once(stamp, "commitment.edit", work)


async def sign(*, stamp: Stamp, commitment_id: UUID, version: int | None = None) -> Receipt:
    """It is signed: from its first day on it counts."""
    return await _step(stamp, commitment_id, "sign", version)


async def suspend(*, stamp: Stamp, commitment_id: UUID, version: int | None = None) -> Receipt:
    """It does not count for now (the firm has moved, the goods are gone)."""
    return await _step(stamp, commitment_id, "suspend", version)


async def resume(*, stamp: Stamp, commitment_id: UUID, version: int | None = None) -> Receipt:
    """It counts again."""
    return await _step(stamp, commitment_id, "resume", version)


async def retire(*, stamp: Stamp, commitment_id: UUID, version: int | None = None) -> Receipt:
    """It is over for good and stays readable. Refused (`commitment.calls-open`) while a call-off is under way."""
    return await _step(stamp, commitment_id, "retire", version)


async def record_drill(
    *, stamp: Stamp, commitment_id: UUID, on: date, asked: int, shown: int, hours: int, note: str = ""
) -> Receipt:
    """A try-out: so much was asked for, so much was shown after so many hours. It moves the confidence."""

    async def work() -> Receipt:
        before = await _locked(stamp, commitment_id, "drill", None)
        rules.check_drill(asked, shown, hours, on, day_of(stamp.recorded_at))
        drill_id = uuid5(stamp.attempt, "drill")
        await db.execute(
            "INSERT INTO commitment_drill (id, commitment_id, on_day, asked, shown, hours, note, recorded_at, login)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            drill_id,
            commitment_id,
            on,
            asked,
            shown,
            hours,
            note.strip(),
            stamp.recorded_at,
            stamp.login,
        )
        facts = {"drill": str(drill_id), "on": on.isoformat(), "asked": asked, "shown": shown, "hours": hours}
        return await _measured(stamp, "drill", before, facts)

    return await attempts.once(stamp, "commitment.drill", work)


async def withdraw_drill(*, stamp: Stamp, commitment_id: UUID, drill_id: UUID) -> Receipt:
    """A drill that was written down wrongly counts no more. It stays readable."""

    async def work() -> Receipt:
        before = await _locked(stamp, commitment_id, "drill", None)
        gone = await db.fetch_value(
            "UPDATE commitment_drill SET withdrawn_at = $3 WHERE id = $1 AND commitment_id = $2"
            " AND withdrawn_at IS NULL RETURNING id",
            drill_id,
            commitment_id,
            stamp.recorded_at,
        )
        if gone is None:
            raise Missing("commitment.no-such-drill", "没有这次演练，或已撤回", drill=str(drill_id))
        return await _measured(stamp, "withdraw-drill", before, {"drill": str(drill_id)})

    return await attempts.once(stamp, "commitment.withdraw-drill", work)


# --- call-offs ------------------------------------------------------------------------------------------------------


async def request_call(
    *,
    stamp: Stamp,
    commitment_id: UUID,
    quantity: int,
    reason: str,
    place: str = "",
    papers_hours: int = PAPERS_HOURS,
) -> Receipt:
    """Ask for goods of a commitment; an activation order by somebody else lets them come.

    `papers_hours`: within how many hours a spoken order of it is put on paper.

    Needs commitment.call in its region. Raises Missing, Invalid, Refused (`commitment.not-in-force`,
    `commitment.too-much` with what is left).
    """

    async def work() -> Receipt:
        before = await _read_locked(stamp, commitment_id, Permission.COMMITMENT_CALL)
        rules.check_quantity(quantity)
        if not reason.strip():
            raise Invalid("call-off.no-reason", "请写明调用原因")
        rules.check_left(before, quantity, day_of(stamp.recorded_at))
        call_id = uuid5(stamp.attempt, "call-off")
        number = await db.fetch_value(
            "INSERT INTO call_off (id, number, commitment_id, quantity, place, reason, status, requested_at,"
            " requested_by, attempt, papers_hours) VALUES ($1, 'DY' || to_char($2::date, '-YY-') ||"
            " lpad(nextval('call_off_number')::text, 6, '0'), $3, $4, $5, $6, 'requested', $7, $8, $9,"
            " $10)"
            " RETURNING number",
            call_id,
            day_of(stamp.recorded_at),
            commitment_id,
            quantity,
            place.strip(),
            reason.strip(),
            stamp.recorded_at,
            stamp.login,
            stamp.attempt,
            papers_hours,
        )
        after = {"number": number, "quantity": quantity, "status": CallStatus.REQUESTED.value}
        await _note_call(stamp, "request", call_id, commitment_id, None, after)
        return {"id": str(call_id), "number": number, "status": CallStatus.REQUESTED.value, "version": 1}

    return await attempts.once(stamp, "call-off.request", work)


async def hold_still(commitment_ids: Collection[UUID], day: date) -> dict[UUID, Promise]:
    """Lock commitments, always in one order, and tell what may still be counted on. For an action of a feature above
    that will call from several of them in this transaction."""
    await db.execute(
        "SELECT 1 FROM commitment WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE", list(set(commitment_ids))
    )
    return await queries.promises_of(commitment_ids, day)


async def activate(
    *,
    stamp: Stamp,
    call_id: UUID,
    order_number: str = "",
    spoken: bool = False,
    spoken_by: str = "",
    spoken_to: str = "",
    version: int | None = None,
) -> Receipt:
    """The activation order (启动令): the firm must deliver from now on. Nobody orders what he asked for himself.

    A spoken order says who spoke to whom and owes its paper. Raises Missing, Invalid (`call-off.no-order`,
    `spoken.unnamed`), Refused (`call-off.own`, `commitment.not-in-force`).
    """

    async def work() -> Receipt:
        before, commitment = await _call_locked(stamp, call_id, "activate", version)
        if before.requested_by == stamp.login:
            raise Refused("call-off.own", "不能批准自己提出的调用", call_off=before.number, login=stamp.login)
        if bool(order_number.strip()) == spoken:
            raise Invalid("call-off.no-order", "请填写启动令文号，或注明口头下达，二者取一")
        if spoken:
            voices.check_voice(spoken_by, spoken_to)
        if not commitment.holds(day_of(stamp.recorded_at)):
            rules.check_left(commitment, 0, day_of(stamp.recorded_at))
        due = stamp.recorded_at + timedelta(hours=before.papers_hours) if spoken else None
        sets: dict[str, Any] = {
            "activated_at": stamp.recorded_at,
            "activated_by": stamp.login,
            "spoken": spoken,
            "order_number": order_number.strip(),
            "spoken_by": spoken_by.strip() if spoken else "",
            "spoken_to": spoken_to.strip() if spoken else "",
            "papers_due_at": due,
        }
        return await _call_changed(stamp, "activate", before, CallStatus.ACTIVATED, sets)

    return await attempts.once(stamp, "call-off.activate", work)


async def file_paper(
    *, stamp: Stamp, call_id: UUID, order_number: str, file_ids: Sequence[UUID], version: int | None = None
) -> Receipt:
    """补办手续: the scan of the written order. It counts when somebody else has checked it."""

    async def work() -> Receipt:
        before, _ = await _call_locked(stamp, call_id, "file-paper", version)
        number, sets = await papers.file_scan(
            stamp=stamp, subject=Subject(DOCUMENT, str(call_id)), number=order_number, file_ids=file_ids
        )
        facts = {"files": [str(one) for one in file_ids]}
        return await _call_changed(stamp, "file-paper", before, before.status, {**sets, "order_number": number}, facts)

    return await attempts.once(stamp, "call-off.file-paper", work)


async def check_paper(
    *, stamp: Stamp, call_id: UUID, agrees: bool, note: str = "", version: int | None = None
) -> Receipt:
    """核对: the paper says what was spoken, or it does not and is owed still. Not by who filed it."""

    async def work() -> Receipt:
        before, _ = await _call_locked(stamp, call_id, "check-paper", version)
        sets = papers.check_scan(
            stamp=stamp, name=before.number, filed_by=before.paper_filed_by, agrees=agrees, note=note
        )
        facts = {"agrees": agrees, "note": note.strip()[:LONGEST_TEXT]}
        return await _call_changed(stamp, "check-paper", before, before.status, sets, facts)

    return await attempts.once(stamp, "call-off.check-paper", work)


async def record_arrival(
    *,
    stamp: Stamp,
    call_id: UUID,
    quantity: int,
    arrived_at: datetime | None = None,
    document: tuple[str, UUID] | None = None,
    document_number: str = "",
    note: str = "",
) -> Receipt:
    """So much of it has come, now or at the time given. More than was asked for is written down too: it has come.

    `document` is an opaque reference to what it came with (a delivery). Stock is received there, not here.
    """

    async def work() -> Receipt:
        before, _ = await _call_locked(stamp, call_id, "arrive", None)
        at = arrived_at or stamp.recorded_at
        rules.check_arrival(before, quantity, at, stamp.recorded_at)
        await db.execute(
            "INSERT INTO call_off_arrival (call_off_id, quantity, arrived_at, document_kind, document_id,"
            " document_number, note, recorded_at, login) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            call_id,
            quantity,
            at,
            document[0] if document else None,
            document[1] if document else None,
            document_number.strip(),
            note.strip(),
            stamp.recorded_at,
            stamp.login,
        )
        facts = {"quantity": quantity, "came": before.came + quantity, "document": document_number.strip()}
        return await _call_changed(stamp, "arrive", before, before.status, {}, facts)

    return await attempts.once(stamp, "call-off.arrive", work)


async def close_call(*, stamp: Stamp, call_id: UUID, version: int | None = None) -> Receipt:
    """All has come that will come. How well it was kept counts in the confidence from now on."""

    async def work() -> Receipt:
        before, _ = await _call_locked(stamp, call_id, "close", version)
        facts = {"asked": before.quantity, "came": before.came}
        return await _call_changed(stamp, "close", before, CallStatus.CLOSED, {"closed_at": stamp.recorded_at}, facts)

    return await attempts.once(stamp, "call-off.close", work)


async def cancel_call(*, stamp: Stamp, call_id: UUID, version: int | None = None) -> Receipt:
    """It is not needed after all. Refused once something has come."""

    async def work() -> Receipt:
        before, _ = await _call_locked(stamp, call_id, "cancel", version)
        return await _call_changed(stamp, "cancel", before, CallStatus.CANCELLED, {})

    return await attempts.once(stamp, "call-off.cancel", work)


# --- parts ----------------------------------------------------------------------------------------------------------


async def _check_names(stamp: Stamp, facts: CommitmentFacts) -> None:
    region = await regions.find_region(facts.region_id)
    if region is None:
        raise Missing("region.missing", "没有这个区划", region_id=facts.region_id)
    stamp.require_at(Permission.COMMITMENT_EDIT, region.path)
    if not await parties.find_names([facts.party_id]):
        raise Missing("party.missing", "没有这个单位，或不在您的管辖范围内", party_id=facts.party_id)
    if facts.item_id is not None and not await items.find_items([facts.item_id]):
        raise Missing("stock.no-such-item", "没有这种物资", item_id=facts.item_id)
    if facts.class_id is not None and not await classes.find_classes_by_id([facts.class_id]):
        raise Missing("class.missing", "没有这个类别", class_id=facts.class_id)


async def _check_once(facts: CommitmentFacts, commitment_id: UUID) -> None:
    twin = await db.fetch_value(
        "SELECT id FROM commitment WHERE region_id = $1 AND party_id = $2 AND number = $3 AND status <> 'retired'"
        " AND item_id IS NOT DISTINCT FROM $4 AND class_id IS NOT DISTINCT FROM $5 AND id <> $6",
        facts.region_id,
        facts.party_id,
        facts.number.strip(),
        facts.item_id,
        facts.class_id,
        commitment_id,
    )
    if twin is not None:
        raise Refused(
            "commitment.twice", f"合同 {facts.number} 已登记这种物资", number=facts.number, commitment=str(twin)
        )


def _values(facts: CommitmentFacts) -> list[Any]:
    values = asdict(facts)
    return [values[name].strip() if type(values[name]) is str else values[name] for name in _COLUMNS]


async def _read_locked(stamp: Stamp, commitment_id: UUID, permission: Permission) -> Commitment:
    """The commitment, locked, with what has been called off by now. Raises Missing, Denied."""
    await db.execute("SELECT 1 FROM commitment WHERE id = $1 FOR UPDATE", commitment_id)
    return await queries.get_commitment(commitment_id, stamp.require(permission))


async def _locked(stamp: Stamp, commitment_id: UUID, verb: str, version: int | None) -> Commitment:
    found = await _read_locked(stamp, commitment_id, Permission.COMMITMENT_EDIT)
    if version is not None and version != found.version:
        raise Stale("commitment.stale", "别人已修改，请重新载入", yours=version, current=found.version)
    workflow.COMMITMENT.take(found, status=found.status.value, verb=verb, stamp=stamp, path=found.path, site_id=None)
    return found


async def _step(stamp: Stamp, commitment_id: UUID, verb: str, version: int | None) -> Receipt:
    async def work() -> Receipt:
        before = await _locked(stamp, commitment_id, verb, version)
        target = workflow.COMMITMENT.find(before.status.value, verb).target
        if verb == "retire":
            open_calls = [
                row[0]
                for row in await db.fetch(
                    "SELECT number FROM call_off WHERE commitment_id = $1 AND status IN ('requested', 'activated')"
                    " ORDER BY seq",
                    commitment_id,
                )
            ]
            if open_calls:
                raise Refused("commitment.calls-open", "还有未结束的调用单，不能停用", call_offs=open_calls)
        await db.execute(
            "UPDATE commitment SET status = $2, version = version + 1 WHERE id = $1", commitment_id, target
        )
        await _note(stamp, verb, commitment_id, {"status": before.status.value}, {"status": target})
        return {"id": str(commitment_id), "version": before.version + 1, "status": target}

    return await attempts.once(stamp, f"commitment.{verb}", work)


async def _measured(stamp: Stamp, verb: str, before: Commitment, facts: Mapping[str, Any]) -> Receipt:
    """What a drill has done to the confidence."""
    day = day_of(stamp.recorded_at)
    after = await queries.get_commitment(before.id, stamp.require(Permission.COMMITMENT_EDIT))
    was = rules.confidence(before.facts.confidence, before.results, day)
    now = rules.confidence(after.facts.confidence, after.results, day)
    await _note(stamp, verb, before.id, {"confidence": was}, {**facts, "confidence": now})
    return {"id": str(before.id), "version": before.version, "status": before.status.value, "confidence": now}


async def _call_locked(stamp: Stamp, call_id: UUID, verb: str, version: int | None) -> tuple[CallOff, Commitment]:
    """The call-off and its commitment, both locked, after scope, right, needs and version."""
    permission = workflow.CALL_OFF.permission(verb)
    scope = stamp.require(permission)
    commitment_id = (await queries.get_call(call_id, scope)).commitment_id
    commitment = await _read_locked(stamp, commitment_id, permission)
    await db.execute("SELECT 1 FROM call_off WHERE id = $1 FOR UPDATE", call_id)
    found = await queries.get_call(call_id, scope)
    if version is not None and version != found.version:
        raise Stale("call-off.stale", "别人已修改，请重新载入", yours=version, current=found.version)
    workflow.CALL_OFF.take(found, status=found.status.value, verb=verb, stamp=stamp, path=found.path, site_id=None)
    return found, commitment


async def _call_changed(
    stamp: Stamp,
    verb: str,
    before: CallOff,
    status: CallStatus,
    sets: Mapping[str, Any],
    facts: Mapping[str, Any] | None = None,
) -> Receipt:
    columns = "".join(f", {name} = ${n}" for n, name in enumerate(sets, 3))
    version = await db.fetch_value(
        f"UPDATE call_off SET version = version + 1, status = $2{columns} WHERE id = $1 RETURNING version",
        before.id,
        status.value,
        *sets.values(),
    )
    told = {name: str(value) if isinstance(value, UUID | datetime) else value for name, value in sets.items()}
    after = {"number": before.number, "status": status.value, **told, **(facts or {})}
    await _note_call(stamp, verb, before.id, before.commitment_id, {"status": before.status.value}, after)
    return {"id": str(before.id), "number": before.number, "status": status.value, "version": version}


async def _note(
    stamp: Stamp, verb: str, commitment_id: UUID, before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> None:
    key = str(commitment_id)
    await history.record(stamp, table="commitment", key=key, verb=verb, before=before, after=after)
    await audit.record(stamp, f"commitment.{verb}", subject_kind="commitment", subject_id=key, facts=after)
    await feed.publish("commitment", [key], stamp.recorded_at)


async def _note_call(
    stamp: Stamp,
    verb: str,
    call_id: UUID,
    commitment_id: UUID,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
) -> None:
    key = str(call_id)
    await history.record(stamp, table="call_off", key=key, verb=verb, before=before, after=after)
    await audit.record(stamp, f"call-off.{verb}", subject_kind="call_off", subject_id=key, facts=after)
    await feed.publish("commitment", [str(commitment_id)], stamp.recorded_at)
    await feed.publish("call-off", [key], stamp.recorded_at)
