"""Writes of files: add, attach, retire. Bytes are never changed and never deleted."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

from catalog.kernel import attempts, audit, db, feed, history
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Refused, Stale
from catalog.kernel.stamp import Stamp
from warehouse.files import queries, rules
from warehouse.files.model import Cleaned, StoredFile, Subject, Unfit

_LONGEST_NOTE = 500


def fit(cleaned: Cleaned | Unfit) -> Cleaned:
    """What `pictures.clean` gave. Raises Invalid where it was not taken."""
    if isinstance(cleaned, Unfit):
        raise Invalid(cleaned.code, cleaned.detail, **dict(cleaned.facts))
    return cleaned


async def add_file(
    *, stamp: Stamp, file: Cleaned, name: str, note: str = "", subject: Subject | None = None
) -> Receipt:
    """Keep a file, beside a subject or beside nothing yet. The receipt has its id, hash, kind and size.

    Needs file.add; the caller has found the subject in that permission's scope. Raises Refused (too many files).
    """

    async def work() -> Receipt:
        stamp.require(Permission.FILE_ADD)
        await _check_room(stamp, subject, 1)
        digest = hashlib.sha256(file.content).digest()
        await db.execute(
            "INSERT INTO file_content (sha256, kind, size, width, height, content, thumbnail)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (sha256) DO NOTHING",
            digest,
            file.kind.value,
            len(file.content),
            file.width,
            file.height,
            file.content,
            file.thumbnail,
        )
        file_id = uuid5(stamp.attempt, "file")
        await db.execute(
            "INSERT INTO file (id, sha256, name, note, subject_kind, subject_id, person_id, login, uploaded_at,"
            " attached_at, attached_by, attempt)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            file_id,
            digest,
            rules.plain_name(name, file.kind),
            note.strip()[:_LONGEST_NOTE],
            subject.kind if subject else None,
            subject.id if subject else None,
            stamp.person_id,
            stamp.login,
            stamp.recorded_at,
            stamp.recorded_at if subject else None,
            stamp.login if subject else "",
            stamp.attempt,
        )
        facts = {"sha256": digest.hex(), "kind": file.kind.value, "size": len(file.content)} | dict(_said(subject))
        await _note(stamp, "add", file_id, None, facts)
        return {"id": str(file_id), "version": 1, **facts}

    return await attempts.once(stamp, "file.add", work)


async def attach_files(*, stamp: Stamp, file_ids: Sequence[UUID], subject: Subject) -> Receipt:
    """Put files that belong to nothing yet beside a subject: all or none. Only their uploader may.

    For forms that take photos and make their subject in the same act: call it inside that action. Needs file.add; the
    caller has found (or just made) the subject. Raises Missing, Refused (`file.already-attached`, too many).
    """

    async def work() -> Receipt:
        stamp.require(Permission.FILE_ADD)
        await _check_room(stamp, subject, len(set(file_ids)))
        for file_id in sorted(set(file_ids)):
            found = await _locked(file_id)
            if found.person_id != stamp.person_id or found.retired_at is not None:
                raise queries.missing()
            if found.subject == subject:
                continue
            if found.subject is not None:
                raise Refused("file.already-attached", "此文件已附在别处，请重新上传", file=str(file_id))
            await db.execute(
                "UPDATE file SET subject_kind = $2, subject_id = $3, attached_at = $4, attached_by = $5,"
                " version = version + 1 WHERE id = $1",
                file_id,
                subject.kind,
                subject.id,
                stamp.recorded_at,
                stamp.login,
            )
            await _note(stamp, "attach", file_id, {}, {"sha256": found.sha256} | dict(_said(subject)))
        return {"files": [str(one) for one in sorted(set(file_ids))], **_said(subject)}

    return await attempts.once(stamp.for_part("files", [str(f) for f in file_ids]), "file.attach", work)


async def retire_file(*, stamp: Stamp, file_id: UUID, version: int, reason: str) -> Receipt:
    """Take a file out of sight; its bytes and who took it away stay. The uploader may, or who holds file.retire.

    The caller has found its subject in scope. Raises Missing, Denied, Stale, Refused (retired before).
    """

    async def work() -> Receipt:
        found = await _locked(file_id)
        own = found.person_id is not None and found.person_id == stamp.person_id
        stamp.require(Permission.FILE_ADD if own else Permission.FILE_RETIRE)
        if found.subject is None and not own:
            raise queries.missing()
        if version != found.version:
            raise Stale("file.stale", "别人已修改，请重新载入", yours=version, current=found.version)
        if found.retired_at is not None:
            raise Refused("file.retired", "此文件已经撤下")
        await db.execute(
            "UPDATE file SET retired_at = $2, retired_by = $3, retire_reason = $4, version = version + 1 WHERE id = $1",
            file_id,
            stamp.recorded_at,
            stamp.login,
            reason.strip(),
        )
        await _note(stamp, "retire", file_id, {"version": version}, {"sha256": found.sha256, "reason": reason})
        return {"id": str(file_id), "version": version + 1}

    if not reason.strip():
        raise Invalid("file.no-reason", "请写明撤下的原因")
    return await attempts.once(stamp, "file.retire", work)


async def _locked(file_id: UUID) -> StoredFile:
    await db.execute("SELECT 1 FROM file WHERE id = $1 FOR UPDATE", file_id)
    return await queries.get_file(file_id)


async def _check_room(stamp: Stamp, subject: Subject | None, more: int) -> None:
    if subject is None:
        if await queries.count_unattached(stamp.person_id) + more > rules.MOST_UNATTACHED:
            raise Refused("file.too-many-loose", "您有过多未归属的文件", most=rules.MOST_UNATTACHED)
    elif await queries.count_files(subject) + more > rules.MOST_PER_SUBJECT:
        raise Refused("file.too-many", "此处的照片和文件已达上限，请先撤下一些", most=rules.MOST_PER_SUBJECT)


def _said(subject: Subject | None) -> Mapping[str, Any]:
    return {"subject_kind": subject.kind, "subject_id": subject.id} if subject else {}


async def _note(
    stamp: Stamp, verb: str, file_id: UUID, before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> None:
    await history.record(stamp, table="file", key=str(file_id), verb=verb, before=before, after=after)
    await audit.record(stamp, f"file.{verb}", subject_kind="file", subject_id=str(file_id), facts=after)
    await feed.publish("file", [str(file_id)], stamp.recorded_at)
