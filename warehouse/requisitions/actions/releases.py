"""Writes of release orders (动用指令): the owner's word, its paper, and how far the goods are."""

from uuid import UUID

from catalog.kernel import attempts, db
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Missing
from catalog.kernel.stamp import Stamp
from warehouse.requisitions import rules, workflow
from warehouse.requisitions.actions.notes import release_changed, release_locked
from warehouse.requisitions.model import LONGEST_TEXT, ReleaseStatus


async def move_release(*, stamp: Stamp, release_id: UUID, verb: str, version: int | None = None) -> Receipt:
    """How far the goods are: `pick`, `ship`, `receive` or `close`. For fulfilment, also from inside its own action.

    Needs release.carry at the store (pick, ship) or where the goods go (receive, close). Its requisition follows.
    Raises Missing, Denied, Stale, Refused (`release.not-from-here`, `release.paper-owed`).
    """

    async def work() -> Receipt:
        before = await release_locked(stamp, release_id, verb, version)
        target = ReleaseStatus(workflow.RELEASE.find(before.status.value, verb).target)
        return await release_changed(stamp, verb, before, target)

    part = stamp.for_part(f"release {verb} {release_id}", [str(release_id), verb]) if db.in_transaction() else stamp
    return await attempts.once(part, f"release.{verb}", work)


async def note_short(
    *, stamp: Stamp, release_id: UUID, line_id: UUID, quantity: int, note: str, version: int | None = None
) -> Receipt:
    """So much of a line is not there: it goes back to sourcing, where the requisition's line is open again.

    The reservation is the ledger's: fulfilment ends it with what it posts. Needs release.carry at the store.
    """

    async def work() -> Receipt:
        before = await release_locked(stamp, release_id, "short", version)
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
        return await release_changed(stamp, "short", before, before.status, None, facts)

    part = stamp.for_part(f"short {line_id}", [str(line_id), quantity, note]) if db.in_transaction() else stamp
    return await attempts.once(part, "release.short", work)
