"""Apply: rows that are precise become goods and list entries, chunk by chunk, each row once whatever happens.

A chunk is one transaction: its rows, their identities and what the list action wrote stand or fall together. A chunk
that is refused is halved until the rows at fault stand alone. Whoever continues after a crash takes the next waiting
rows: there is nothing to remember but the rows themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from catalog.kernel import attempts, audit, db, feed
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Denied, Invalid, Missing, Problem, Refused, Stale
from catalog.kernel.jsontext import json_text
from catalog.kernel.stamp import Stamp
from warehouse.exchange import queries
from warehouse.exchange.actions.files import count_rows, locked, note, take
from warehouse.exchange.actions.landing import Landed, land
from warehouse.exchange.model import ImportFile, ImportRow, ImportState

CHUNK = 500
_NEXT = """
SELECT seq, sheet, row, part, verdict, state, title, '{}', '[]', facts, identity, subject, tries, '{}'
FROM import_row WHERE file_id = $1 AND verdict = 'ok' AND state = 'waiting' AND seq < $2 ORDER BY seq LIMIT $3
"""
_CLAIM = """
INSERT INTO import_identity (identity, subject, kind, file_id, seq, at)
SELECT i, s, $3, $4, n, $6 FROM unnest($1::bytea[], $2::bytea[], $5::int[]) k (i, s, n) ORDER BY i
ON CONFLICT (identity) DO NOTHING RETURNING identity
"""
_WRITE = """
UPDATE import_row r SET state = k.state, outcome = k.outcome::jsonb
FROM unnest($2::int[], $3::text[], $4::text[]) k (seq, state, outcome) WHERE r.file_id = $1 AND r.seq = k.seq
"""
_PROBLEMS = (Missing, Refused, Stale, Invalid, Denied)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an apply has come."""

    finished: bool
    counts: dict[str, Any]


async def begin_apply(*, stamp: Stamp, file_id: UUID) -> Receipt:
    """Let the precise rows be imported; also goes on with what was broken off. Raises Missing, Refused
    (`import.nothing-ready`)."""

    async def work() -> Receipt:
        file = await locked(stamp, file_id)
        take(file, "apply", stamp)
        await db.execute("UPDATE import_file SET state = 'applying', version = version + 1 WHERE id = $1", file_id)
        await note(stamp, "apply", file_id, {"name": file.name, "kind": file.kind.value, "counts": dict(file.counts)})
        return {"verb": "apply", "import": str(file_id), "state": "applying", "version": file.version + 1}

    return await attempts.once(stamp, "import.apply", work)


async def apply_chunk(*, stamp: Stamp, file_id: UUID, size: int = CHUNK) -> Progress:
    """Import the next waiting rows of a file that is being applied; finished when there are none. Safe against a
    rival and after a crash."""
    file = await queries.get_import(file_id, stamp)
    if file.state is not ImportState.APPLYING:
        return Progress(True, dict(file.counts))
    rows = [queries.row_from(row) for row in await db.fetch(_NEXT, file_id, file.generation, size)]
    if not rows:
        return await _finish(stamp, file)
    await _in_halves(stamp, file, rows)
    return Progress(False, await count_rows(file_id))


async def _finish(stamp: Stamp, file: ImportFile) -> Progress:
    async with db.transaction():
        now = await locked(stamp, file.id)
        counts = await count_rows(file.id)
        if now.state is ImportState.APPLYING:
            await db.execute(
                "UPDATE import_file SET state = 'applied', applied_at = $2, version = version + 1 WHERE id = $1",
                file.id,
                stamp.recorded_at,
            )
            await audit.record(stamp, "import.finish", subject_kind="import", subject_id=str(file.id), facts=counts)
            await feed.publish("import", [str(file.id)], stamp.recorded_at)
        return Progress(True, counts)


async def _in_halves(stamp: Stamp, file: ImportFile, rows: Sequence[ImportRow]) -> None:
    for last in range(attempts.RETRIES):
        try:
            async with db.transaction():
                await _together(stamp, file, rows)
            return
        except _PROBLEMS as problem:
            if len(rows) == 1:
                await _refuse(stamp, file, rows[0], problem)
                return
            break
        except db.SERIALIZATION_ERRORS:
            if last == attempts.RETRIES - 1:
                raise
    middle = len(rows) // 2
    await _in_halves(stamp, file, rows[:middle])
    await _in_halves(stamp, file, rows[middle:])


async def _together(stamp: Stamp, file: ImportFile, rows: Sequence[ImportRow]) -> None:
    """In one transaction: who still waits, what is new, what the list action makes of it, what became of each."""
    held = await db.fetch(
        "SELECT seq FROM import_row WHERE file_id = $1 AND seq = ANY($2::int[]) AND state = 'waiting'"
        " AND verdict = 'ok' ORDER BY seq FOR UPDATE",
        file.id,
        [row.seq for row in rows],
    )
    waiting = {found[0] for found in held}
    rows = [row for row in rows if row.seq in waiting]
    claimed = await db.fetch(
        _CLAIM,
        [row.identity for row in rows],
        [row.subject for row in rows],
        file.kind.value,
        file.id,
        [row.seq for row in rows],
        stamp.recorded_at,
    )
    new = {bytes(found[0]) for found in claimed}
    fresh = [row for row in rows if row.identity in new]
    outcomes = [Landed(row, "repeat", {}) for row in rows if row.identity not in new]
    if fresh:
        landed = await land(stamp, file, fresh)
        undone = [one.row.identity for one in landed if one.state == "refused"]
        if undone:
            raise Refused(
                "import.rows-refused",
                "有行被拒收",
                rows=len(undone),
                first=dict(next(o.outcome for o in landed if o.state == "refused")),
            )
        outcomes += landed
    await db.execute(
        _WRITE,
        file.id,
        [one.row.seq for one in outcomes],
        [one.state for one in outcomes],
        [json_text(one.outcome) for one in outcomes],
    )


async def _refuse(stamp: Stamp, file: ImportFile, row: ImportRow, problem: Problem) -> None:
    """A row that the list action will not have: it keeps the reason and can be tried again after another answer."""
    said: dict[str, Any] = {"code": problem.code, "detail": problem.detail, "facts": dict(problem.facts)}
    if problem.code == "import.rows-refused":
        said = dict(problem.facts["first"])
    async with db.transaction():
        await db.execute(
            "UPDATE import_row SET state = 'refused', outcome = $3 WHERE file_id = $1 AND seq = $2"
            " AND state = 'waiting'",
            file.id,
            row.seq,
            json_text(said),
        )
        await audit.record(
            stamp,
            "import.row",
            subject_kind="import",
            subject_id=str(file.id),
            success=False,
            code=said["code"],
            facts={"sheet": row.sheet, "row": row.row, **said["facts"]},
        )
