"""Every write is safe to send twice: one attempt id, one effect, one answer (DESIGN section 5).

`once` is for the ordinary actions; the ledger keeps the same table set-wise for scans.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from catalog.kernel import db
from catalog.kernel.errors import Denied, Invalid, Missing, Problem, Refused, Stale
from catalog.kernel.jsontext import json_text
from catalog.kernel.stamp import Stamp

Receipt = Mapping[str, Any]
RETRIES = 5
"""How often a write that lost against a rival is done again."""
_KINDS: dict[str, type[Problem]] = {kind.__name__: kind for kind in (Missing, Refused, Stale, Invalid, Denied)}


async def once(stamp: Stamp, verb: str, work: Callable[[], Awaitable[Receipt]]) -> Receipt:
    """Do `work` in a transaction unless this attempt has been made before; its receipt either way.

    A repeat with equal content answers the first receipt, marked `"repeat": true`; with other content it is refused
    (`attempt.other-content`). A refusal is final for the id: it is remembered and raised again; trying again is a
    new id. The receipt must be plain JSON values. A deadlock, or a rival's same new row, makes `work` start again, at
    most `RETRIES` times. Inside an outer transaction neither happens: the outer one will roll back as a whole.
    """
    outermost = not db.in_transaction()
    for left in range(RETRIES if outermost else 0, 0, -1):
        try:
            return await _once(stamp, verb, work, outermost=True)
        except db.SERIALIZATION_ERRORS:
            if left == 1:
                raise
    return await _once(stamp, verb, work, outermost=False)


async def _once(stamp: Stamp, verb: str, work: Callable[[], Awaitable[Receipt]], *, outermost: bool) -> Receipt:
    try:
        async with db.transaction():
            await db.execute("SELECT pg_advisory_xact_lock(hashtextextended($1::text, 7))", str(stamp.attempt))
            earlier = await find(stamp)
            if earlier is not None:
                return earlier
            receipt = await work()
            await remember(stamp, verb, "done", receipt)
            return receipt
    except (Missing, Refused, Stale, Invalid, Denied) as problem:
        if outermost and not problem.code.startswith("attempt."):
            async with db.transaction():
                await remember(stamp, verb, "refused", refusal(problem))
        raise


def other_content(stamp: Stamp) -> Refused:
    """The refusal of an attempt id that was used before for something else."""
    return Refused("attempt.other-content", "这个操作编号已用于另一项内容，请重新发起", attempt=str(stamp.attempt))


def recall(stamp: Stamp, content_hash: bytes, outcome: str, receipt: str) -> Receipt:
    """The answer of an earlier attempt with this id, from its stored row; raises the earlier refusal again."""
    if content_hash != stamp.content_hash:
        raise other_content(stamp)
    body: dict[str, Any] = json.loads(receipt)
    if outcome == "refused":
        raise _KINDS[body["kind"]](body["code"], body["detail"], **body["facts"])
    return {**body, "repeat": True}


async def find(stamp: Stamp) -> Receipt | None:
    """The answer of this attempt if it has been made, marked `"repeat": true`; raises its refusal again."""
    row = await db.fetch_row("SELECT content_hash, outcome, receipt FROM attempt WHERE id = $1", stamp.attempt)
    return None if row is None else recall(stamp, row[0], row[1], row[2])


async def remember(stamp: Stamp, verb: str, outcome: str, receipt: Receipt) -> None:
    """Store the answer, unless a rival has stored one for this id. Call inside the transaction that made it."""
    await db.execute(
        "INSERT INTO attempt (id, content_hash, verb, outcome, receipt, person_id, recorded_at)"
        " VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7) ON CONFLICT (id) DO NOTHING",
        stamp.attempt,
        stamp.content_hash,
        verb,
        outcome,
        as_json(receipt),
        stamp.person_id,
        stamp.recorded_at,
    )


def refusal(problem: Problem) -> Receipt:
    """A refusal as plain JSON, so that a repeat of the attempt hears it again."""
    kind = next(name for name, known in _KINDS.items() if isinstance(problem, known))
    return {"kind": kind, "code": problem.code, "detail": problem.detail, "facts": dict(problem.facts)}


def as_json(receipt: Receipt) -> str:
    """A receipt as it is stored."""
    return json_text(receipt)
