"""The owner's authority: approve, grant a gap window, send back."""

from collections.abc import Sequence
from uuid import UUID

from catalog.kernel import attempts
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid
from catalog.kernel.jsontext import json_text
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from warehouse.rotation import queries, rules
from warehouse.rotation.actions.document import changed, judged, locked, take
from warehouse.rotation.model import Flow, Status


async def approve(*, stamp: Stamp, line_ids: Sequence[UUID], inflow: Sequence[Flow] = ()) -> Receipt:
    """Decide on lines of one's own region's goods, all or none; each is judged with those before it.

    Nobody approves his own, no keeper what he keeps. Raises Missing, Refused (`rotation.below-minimum` …, naming the
    line).
    """

    async def work() -> Receipt:
        today = day_of(stamp.recorded_at)
        done = []
        for line in await locked(stamp, line_ids, "approve"):
            rules.check_approver(line, stamp.grants, stamp.login, stamp.person_id)
            (standing,) = await queries.standings_of([line], today, inflow)
            take(stamp, standing, "approve")
            columns = {"approved_by": stamp.login, "approved_at": stamp.recorded_at}
            done.append(await changed(stamp, "approve", line, Status.APPROVED, columns, {}))
        return {"verb": "approve", "lines": [one["id"] for one in done]}

    return await attempts.once(stamp, "rotation.approve", work)


async def grant_gap(
    *, stamp: Stamp, line_id: UUID, months: int, reason: str, joint: str = "", version: int | None = None
) -> Receipt:
    """A window of months in which a minimum may lie broken. `joint`: who approves with one, where it is a long one."""

    async def work() -> Receipt:
        standing = await judged(stamp, line_id, "grant-gap", version)
        line = standing.line
        rules.check_approver(line, stamp.grants, stamp.login, stamp.person_id)
        rules.check_gap(months, reason, joint, standing.terms)
        gap = {"months": months, "reason": reason.strip(), "joint": joint.strip(), "by": stamp.login}
        kept = json_text({**gap, "at": stamp.recorded_at.isoformat()})
        return await changed(stamp, "grant-gap", line, Status.PROPOSED, {"gap": kept}, {"gap": gap})

    return await attempts.once(stamp, "rotation.grant-gap", work)


async def send_back(*, stamp: Stamp, line_id: UUID, reason: str, version: int | None = None) -> Receipt:
    """Undo one's approval as long as nothing has been carried out."""

    async def work() -> Receipt:
        if not reason.strip():
            raise Invalid("rotation.reason-needed", "请填写理由")
        standing = await judged(stamp, line_id, "send-back", version)
        columns = {"approved_by": "", "approved_at": None, "end_note": reason.strip()}
        said = {"reason": reason.strip()}
        return await changed(stamp, "send-back", standing.line, Status.PROPOSED, columns, said)

    return await attempts.once(stamp, "rotation.send-back", work)
