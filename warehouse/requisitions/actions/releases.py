"""Writes of release orders (动用指令): the owner's word, its paper, and how far the goods are."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from catalog.kernel import attempts, db
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Missing
from catalog.kernel.parameters import whole
from catalog.kernel.stamp import Channel, Stamp, house_stamp
from catalog.kernel.time import day_of
from warehouse.commitments import actions as commitments
from warehouse.commitments.model import CallStatus
from warehouse.files.model import Subject
from warehouse.incidents import queries as incidents
from warehouse.incidents.model import Level
from warehouse.requisitions import queries, rules, workflow
from warehouse.requisitions.actions.notes import follow, hand_of, release_changed, release_locked
from warehouse.requisitions.model import (
    CARRY_HOURS,
    LONGEST_TEXT,
    RELEASE_DOCUMENT,
    UNDER_WAY,
    Release,
    ReleaseLine,
    ReleaseStatus,
)
from warehouse.spoken import actions as papers
from warehouse.stock import actions as stock


async def release(
    *,
    stamp: Stamp,
    release_id: UUID,
    spoken: bool = False,
    spoken_by: str = "",
    spoken_to: str = "",
    paper_number: str = "",
    version: int | None = None,
) -> Receipt:
    """下达: the owner lets the goods go. It takes its gapless number; the goods are held on until they leave.

    Needs release.order over the owner's region; nobody releases what he asked for. A spoken order says who spoke and to
    whom, and its paper is due within the level's hours. Raises Missing, Denied, Stale, Invalid, Refused
    (`release.own`, `release.not-by-voice`, `release.goods-gone` with every line).
    """

    async def work() -> Receipt:
        before = await release_locked(stamp, release_id, "release", version)
        rules.check_releaser(before, stamp.login)
        level = None
        if before.level is not None:
            level = await incidents.level_rules(Level(before.level), before.requisition_path)
        rules.check_spoken(spoken, level is not None and level.spoken, spoken_by, spoken_to, before.level)
        rules.check_held(before)
        until = stamp.recorded_at + timedelta(hours=await whole(CARRY_HOURS.key, before.owner_path))
        for line in sorted(before.lines, key=_lock_order):
            part = hand_of(stamp).for_part(f"hold {line.id}", str(line.reservation_id))
            await stock.prolong(stamp=part, reservation=line.reservation_id, expires_at=until)
        year = day_of(stamp.recorded_at).year
        serial = await db.fetch_value(
            "INSERT INTO release_counter (year, last) VALUES ($1, 1)"
            " ON CONFLICT (year) DO UPDATE SET last = release_counter.last + 1 RETURNING last",
            year,
        )
        number = rules.release_number(year, serial)
        due = stamp.recorded_at + timedelta(hours=level.papers_hours) if spoken and level is not None else None
        sets = {
            "number": number,
            "released_at": stamp.recorded_at,
            "released_by": stamp.login,
            "spoken": spoken,
            "spoken_by": spoken_by.strip() if spoken else "",
            "spoken_to": spoken_to.strip() if spoken else "",
            "papers_due_at": due,
            "paper_number": paper_number.strip()[:LONGEST_TEXT],
        }
        facts = {"spoken": spoken, "spoken_by": sets["spoken_by"], "spoken_to": sets["spoken_to"]}
        said = {**facts, "papers_due_at": due.isoformat() if due else None}
        return await release_changed(stamp, "release", before, ReleaseStatus.RELEASED, sets, said)

    return await attempts.once(stamp, "release.release", work)


async def refuse_release(*, stamp: Stamp, release_id: UUID, reason: str, version: int | None = None) -> Receipt:
    """不同意: the owner keeps its goods. What was held is free, and the lines are open again."""
    return await _end(stamp, "refuse", release_id, ReleaseStatus.REFUSED, reason, version)


async def cancel_release(*, stamp: Stamp, release_id: UUID, reason: str, version: int | None = None) -> Receipt:
    """撤销: the dispatcher takes it back before its owner has spoken."""
    return await _end(stamp, "cancel", release_id, ReleaseStatus.CANCELLED, reason, version)


async def recall_release(*, stamp: Stamp, release_id: UUID, reason: str, version: int | None = None) -> Receipt:
    """收回: the owner takes its word back, as long as nothing has been picked. The number is not given again."""
    return await _end(stamp, "recall", release_id, ReleaseStatus.CANCELLED, reason, version)


async def file_paper(
    *, stamp: Stamp, release_id: UUID, paper_number: str, file_ids: Sequence[UUID], version: int | None = None
) -> Receipt:
    """补办手续: the scan of the written order, in one file or several. It counts when somebody else has checked it."""

    async def work() -> Receipt:
        before = await release_locked(stamp, release_id, "file-paper", version)
        number, sets = await papers.file_scan(
            stamp=stamp, subject=Subject(RELEASE_DOCUMENT, str(release_id)), number=paper_number, file_ids=file_ids
        )
        sets["paper_number"] = number
        facts = {"paper_number": number, "files": [str(one) for one in file_ids]}
        return await release_changed(stamp, "file-paper", before, before.status, sets, facts)

    return await attempts.once(stamp, "release.file-paper", work)


async def check_paper(
    *, stamp: Stamp, release_id: UUID, agrees: bool, note: str = "", version: int | None = None
) -> Receipt:
    """核对: the paper says what was spoken, or it does not and is owed still. Not by who filed it."""

    async def work() -> Receipt:
        before = await release_locked(stamp, release_id, "check-paper", version)
        sets = papers.check_scan(
            stamp=stamp, name=before.name, filed_by=before.paper_filed_by, agrees=agrees, note=note
        )
        facts = {"agrees": agrees, "note": note.strip()[:LONGEST_TEXT]}
        return await release_changed(stamp, "check-paper", before, before.status, sets, facts)

    return await attempts.once(stamp, "release.check-paper", work)


async def move_release(*, stamp: Stamp, release_id: UUID, verb: str, version: int | None = None) -> Receipt:
    """How far the goods are: `pick`, `ship`, `receive` or `close`. For fulfilment, also from inside its own action.

    Needs release.carry at the store (pick, ship) or where the goods go (receive, close). Its requisition follows.
    Raises Missing, Denied, Stale, Refused (`release.not-from-here`, `release.paper-owed`).
    """

    part = stamp.for_part(f"release {verb} {release_id}", [str(release_id), verb]) if db.in_transaction() else stamp

    async def work() -> Receipt:
        before = await release_locked(part, release_id, verb, version)
        target = ReleaseStatus(workflow.RELEASE.find(before.status.value, verb).target)
        return await release_changed(part, verb, before, target)

    return await attempts.once(part, f"release.{verb}", work)


async def note_short(
    *, stamp: Stamp, release_id: UUID, line_id: UUID, quantity: int, note: str, version: int | None = None
) -> Receipt:
    """So much of a line is not there: it goes back to sourcing, where the requisition's line is open again.

    The reservation is the ledger's: fulfilment ends it with what it posts. Needs release.carry at the store.
    """

    part = stamp.for_part(f"short {line_id}", [str(line_id), quantity, note]) if db.in_transaction() else stamp

    async def work() -> Receipt:
        before = await release_locked(part, release_id, "short", version)
        line = next((one for one in before.lines if one.id == line_id), None)
        if line is None:
            raise Missing("release.no-such-line", "动用指令没有这一行", line=str(line_id))
        rules.check_short({"rest": line.quantity - line.short}, quantity)
        await db.execute(
            "UPDATE release_line SET short = short + $2, short_note = $3 WHERE id = $1",
            line_id,
            quantity,
            note.strip()[:LONGEST_TEXT],
        )
        facts = {"line": line.line, "lot": line.lot, "quantity": quantity, "note": note.strip()}
        return await release_changed(part, "short", before, before.status, None, facts)

    return await attempts.once(part, "release.short", work)


# --- parts ----------------------------------------------------------------------------------------------------------


def _lock_order(line: ReleaseLine) -> tuple[int, int]:
    """Balances are locked by lot and place, as the ledger does."""
    return line.lot_id, line.place_id


def reason_of(text: str) -> str:
    """The word that a step needs. Raises Invalid."""
    said = text.strip()
    if not 0 < len(said) <= LONGEST_TEXT:
        raise Invalid("requisition.reason-needed", "请写明原因（500 字以内）")
    return said


async def _end(
    stamp: Stamp, verb: str, release_id: UUID, status: ReleaseStatus, reason: str, version: int | None
) -> Receipt:
    async def work() -> Receipt:
        said = reason_of(reason)
        before = await release_locked(stamp, release_id, verb, version)
        await _free(stamp, [before])
        sets = {"ended_at": stamp.recorded_at, "end_reason": said}
        return await release_changed(stamp, verb, before, status, sets, {"reason": said})

    return await attempts.once(stamp, f"release.{verb}", work)


async def end_waiting(stamp: Stamp, requisition_id: UUID, reason: str) -> int:
    """Cancel the orders and call-offs of a locked requisition that wait for a word, and free what they held; how
    many."""
    found = [one for one in await queries.releases_of(requisition_id) if one.status is ReleaseStatus.WAITING]
    await _free(stamp, found)
    for one in found:
        sets = {"ended_at": stamp.recorded_at, "end_reason": reason}
        await release_changed(stamp, "cancel", one, ReleaseStatus.CANCELLED, sets, {"reason": reason})
    asked = [one for one in await queries.calls_of(requisition_id) if one.call.status is CallStatus.REQUESTED]
    for called in sorted(asked, key=lambda one: one.call.commitment_id):
        part = hand_of(stamp).for_part(f"cancel {called.call.id}", str(called.call.id))
        await commitments.cancel_call(stamp=part, call_id=called.call.id)
    return len(found) + len(asked)


async def follow_calls(*, now: datetime) -> int:
    """Bring requisitions as far as their call-offs are, which firms and offices carry on by themselves; how many
    moved. For the house's job; safe to run at any time."""
    moved = 0
    for requisition_id in await queries.behind_their_calls():
        stamp = house_stamp(uuid4(), "requisition.follow", now, login="house", channel=Channel.JOB)
        async with db.transaction():
            was = await db.fetch_value("SELECT status FROM requisition WHERE id = $1 FOR UPDATE", requisition_id)
            if was in UNDER_WAY:
                moved += was != (await follow(stamp, requisition_id)).value
    return moved


async def _free(stamp: Stamp, found: Iterable[Release]) -> None:
    """End what is still held for these orders."""
    lines = [line for one in found for line in one.lines if line.reservation_state == "held"]
    for line in sorted(lines, key=_lock_order):
        part = hand_of(stamp).for_part(f"free {line.id}", str(line.reservation_id))
        await stock.release(stamp=part, reservation=line.reservation_id, note="release order ended")
