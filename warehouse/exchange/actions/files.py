"""Files come, are read, are withdrawn; their raw bytes and rows are purged when they have been kept long enough."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from catalog.kernel import attempts, audit, db, feed
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Denied, Invalid, Missing, Stale
from catalog.kernel.stamp import Stamp
from warehouse.exchange import queries, workflow
from warehouse.exchange.model import PERMISSION, Choices, ImportFile, ImportKind, ImportState, Packed
from warehouse.exchange.rules import earlier
from warehouse.exchange.rules.files import MOST_BYTES
from warehouse.exchange.rules.packing import encoded
from warehouse.sites import queries as sites

_UPSERT = """
INSERT INTO import_row (file_id, seq, sheet, row, part, verdict, title, cells, reasons, facts, identity, subject, keys)
SELECT $1, n - 1, sheet, row, part, verdict, title, cells::jsonb, reasons::jsonb, facts::jsonb, identity, subject,
    string_to_array(keys, E'\\x01')
FROM unnest($2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::bytea[], $11::bytea[], $12::text[])
    WITH ORDINALITY k (sheet, row, part, verdict, title, cells, reasons, facts, identity, subject, keys, n)
ON CONFLICT (file_id, seq) DO UPDATE SET sheet = excluded.sheet, row = excluded.row, part = excluded.part,
    verdict = excluded.verdict, title = excluded.title, cells = excluded.cells, reasons = excluded.reasons,
    facts = excluded.facts, identity = excluded.identity, subject = excluded.subject, keys = excluded.keys,
    state = 'waiting', tries = import_row.tries + (import_row.state = 'refused')::int, outcome = '{}'
WHERE import_row.state IN ('waiting', 'refused')
"""

_REMEMBER = """
INSERT INTO import_memory (sender, kind, what, key, value, login, at)
SELECT $1, $2, $3, k, v, $6, $7 FROM unnest($4::text[], $5::text[]) x (k, v)
ON CONFLICT (sender, kind, what, key) DO UPDATE SET value = excluded.value, login = excluded.login, at = excluded.at
"""


async def upload(
    *, stamp: Stamp, kind: ImportKind, name: str, data: bytes, sender: str = "", site_code: str | None = None
) -> Receipt:
    """Keep a file as it came; reading it is another step. `sender` is whose habits are remembered (party:, region:,
    site: or person: and a key). The receipt has its id.

    Needs import.run and the right of its kind. Raises Denied, Missing (site), Invalid (`import.too-large`).
    """

    async def work() -> Receipt:
        scope = stamp.require(Permission.IMPORT_RUN)
        kind_scope = stamp.require(PERMISSION[kind])
        if len(data) > MOST_BYTES:
            raise Invalid("import.too-large", "文件过大，请拆成几份再导入", bytes=len(data), limit=MOST_BYTES)
        site = await sites.get_by_code(site_code, kind_scope) if site_code else None
        if site is None and not scope.paths:
            raise Invalid("import.site-needed", "请选择物资所在的库点")
        path = site.path if site else scope.paths[0]
        stamp.require_at(Permission.IMPORT_RUN, path, site.id if site else None)
        file_id = uuid5(stamp.attempt, "import")
        await db.execute(
            "INSERT INTO import_file (id, kind, name, sha256, size, raw, sender, path, site_id, state, person_id,"
            " login, attempt, uploaded_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'uploaded', $10, $11, $12, $13)",
            file_id,
            kind.value,
            name[:200],
            hashlib.sha256(data).digest(),
            len(data),
            data,
            sender[:100] or f"person:{stamp.login}",
            path,
            site.id if site else None,
            stamp.person_id,
            stamp.login,
            stamp.attempt,
            stamp.recorded_at,
        )
        facts = {"kind": kind.value, "name": name[:200], "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        await note(stamp, "upload", file_id, facts)
        return {"verb": "upload", "import": str(file_id), "kind": kind.value}

    return await attempts.once(stamp, "import.upload", work)


async def keep_findings(
    *, stamp: Stamp, file_id: UUID, version: int, choices: Choices, findings: Packed, read_ms: int
) -> bool:
    """Write what a dry run found, set-wise. False if somebody chose otherwise meanwhile: then it is to be run again.

    Rows that have been imported stay as they are.
    """
    async with db.transaction():
        file = await locked(stamp, file_id)
        if file.version != version or file.state not in (ImportState.UPLOADED, ImportState.JUDGED):
            return file.state not in (ImportState.UPLOADED, ImportState.JUDGED)
        identities, subjects = (
            sorted({one for one in column if one}) for column in (findings.identity, findings.subject)
        )
        same, like = await queries.earlier(file.kind, identities, subjects, file_id)
        earlier.mark(file.kind, findings, choices, same, like)
        if findings.row:
            await db.execute(_UPSERT, file_id, *findings.columns)
        await db.execute(
            "UPDATE import_file SET state = 'judged', sheets = $2, questions = $3, total = $4, read_ms = $5,"
            " problem = '{}' WHERE id = $1",
            file_id,
            findings.sheets,
            encoded([asdict(question) for question in findings.questions.values()]),
            len(findings.row),
            read_ms,
        )
        await remember(stamp, file, "heading", findings.headings)
        await count_rows(file_id)
        if file.state is ImportState.UPLOADED:
            await feed.publish("import", [str(file_id)], stamp.recorded_at)
        return True


async def keep_problem(*, stamp: Stamp, file_id: UUID, version: int, problem: Mapping[str, Any], read_ms: int) -> None:
    """Write why a file cannot be read."""
    async with db.transaction():
        file = await locked(stamp, file_id)
        if file.version != version or file.state is not ImportState.UPLOADED:
            return
        await db.execute(
            "UPDATE import_file SET state = 'unreadable', problem = $2, read_ms = $3 WHERE id = $1",
            file_id,
            encoded(problem),
            read_ms,
        )
        await audit.record(
            stamp, "import.read", subject_kind="import", subject_id=str(file_id), success=False, code=problem["code"]
        )


async def withdraw(*, stamp: Stamp, file_id: UUID) -> Receipt:
    """It was the wrong file: nothing of it will be imported. Refused once a row has been."""

    async def work() -> Receipt:
        file = await locked(stamp, file_id)
        take(file, "withdraw", stamp)
        await db.execute("UPDATE import_file SET state = 'withdrawn', version = version + 1 WHERE id = $1", file_id)
        await note(stamp, "withdraw", file_id, {"name": file.name})
        return {"verb": "withdraw", "import": str(file_id), "state": "withdrawn"}

    return await attempts.once(stamp, "import.withdraw", work)


async def purge(*, stamp: Stamp, file_id: UUID) -> Receipt:
    """Take away the raw file and what its cells said (names and phones of people); verdicts, figures and identities
    stay. Not while it is being applied."""

    async def work() -> Receipt:
        file = await locked(stamp, file_id)
        if file.state is ImportState.APPLYING:
            workflow.IMPORT.find(file.state.value, "purge")
        await _purge([file_id], stamp.recorded_at)
        await note(stamp, "purge", file_id, {"name": file.name, "sha256": file.sha256.hex()})
        return {"verb": "purge", "import": str(file_id), "state": file.state.value}

    return await attempts.once(stamp, "import.purge", work)


async def purge_before(*, stamp: Stamp, day: datetime, limit: int = 200) -> int:
    """Purge files uploaded before an instant, for the retention job; how many. Run again until it answers 0."""
    stamp.require(Permission.IMPORT_RUN)
    async with db.transaction():
        rows = await db.fetch(
            "SELECT id FROM import_file WHERE uploaded_at < $1 AND purged_at IS NULL AND state <> 'applying'"
            " ORDER BY seq LIMIT $2 FOR UPDATE SKIP LOCKED",
            day,
            limit,
        )
        ids = [row[0] for row in rows]
        if ids:
            await _purge(ids, stamp.recorded_at)
            await audit.record(stamp, "import.purge", subject_kind="import", facts={"count": len(ids)})
        return len(ids)


async def _purge(ids: Sequence[UUID], at: datetime) -> None:
    await db.execute(
        "UPDATE import_file SET raw = NULL, sheets = '[]', questions = '[]', purged_at = $2, version = version + 1"
        " WHERE id = ANY($1::uuid[])",
        list(ids),
        at,
    )
    await db.execute("UPDATE import_row SET cells = '{}', reasons = '[]' WHERE file_id = ANY($1::uuid[])", list(ids))


# --- parts ------------------------------------------------------------------------------------------------------


async def locked(stamp: Stamp, file_id: UUID, version: int | None = None) -> ImportFile:
    """The file, locked. Raises Missing, Stale."""
    await db.execute("SELECT 1 FROM import_file WHERE id = $1 FOR UPDATE", file_id)
    file = await queries.get_import(file_id, stamp)
    if version is not None and version != file.version:
        raise Stale("import.stale", "别人已修改，请重新载入", yours=version, current=file.version)
    return file


def take(file: ImportFile, verb: str, stamp: Stamp) -> None:
    """The transition, or its refusal. One's own file is one's own wherever the role has moved since."""
    transition = workflow.IMPORT.find(file.state.value, verb)
    scope = stamp.require(transition.permission)
    if not scope.covers(file.path, file.site_id) and (file.person_id is None or file.person_id != stamp.person_id):
        raise Missing("import.missing", "没有这个导入文件，或不在您的管辖范围内")
    if PERMISSION[file.kind] not in {p for grant in stamp.grants for p in grant.permissions}:
        raise Denied("access.denied", "您没有此项权限", permission=PERMISSION[file.kind].value)
    for need in transition.needs:
        refusal = need(file)
        if refusal is not None:
            raise refusal


async def count_rows(file_id: UUID) -> dict[str, Any]:
    """Count the rows of a file anew and keep the counts with it."""
    rows = await db.fetch(
        "SELECT r.verdict, r.state, count(*)::int FROM import_row r JOIN import_file f ON f.id = r.file_id"
        " WHERE r.file_id = $1 AND r.seq < f.total GROUP BY 1, 2",
        file_id,
    )
    counts = earlier.counted([tuple(row) for row in rows])
    await db.execute("UPDATE import_file SET counts = $2 WHERE id = $1", file_id, encoded(counts))
    return counts


async def remember(stamp: Stamp, file: ImportFile, what: str, said: Mapping[str, str]) -> None:
    """Keep words (heading, answer) for the sender's next file."""
    if said:
        await db.execute(
            _REMEMBER,
            file.sender,
            file.kind.value,
            what,
            list(said),
            list(said.values()),
            stamp.login,
            stamp.recorded_at,
        )


async def note(stamp: Stamp, verb: str, file_id: UUID, facts: Mapping[str, Any]) -> None:
    """The audit row and the news of an act on a file."""
    await audit.record(stamp, f"import.{verb}", subject_kind="import", subject_id=str(file_id), facts=facts)
    await feed.publish("import", [str(file_id)], stamp.recorded_at)
