"""Reads of files. A file is seen by whoever sees what it belongs to: the edge finds the subject in the caller's scope
first. What belongs to nothing yet is its uploader's."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.errors import Missing
from warehouse.files.model import Content, FileKind, StoredFile, Subject

_SELECT = """
SELECT f.id, f.seq, encode(f.sha256, 'hex'), c.kind, c.size, c.width, c.height, c.thumbnail IS NOT NULL, f.name, f.note,
    f.subject_kind, f.subject_id, f.person_id, f.login, f.uploaded_at, f.attached_at, f.attached_by, f.retired_at,
    f.retire_reason, f.version
FROM file f JOIN file_content c ON c.sha256 = f.sha256
"""


def _file(row: Any) -> StoredFile:
    values = list(row)
    subject = Subject(values[10], values[11]) if values[10] is not None else None
    return StoredFile(*(*values[:3], FileKind(values[3]), *values[4:10], subject, *values[12:]))


async def find_file(file_id: UUID) -> StoredFile | None:
    """A file by id, also a retired one. Not scoped: the caller looks for its subject."""
    row = await db.fetch_row(_SELECT + "WHERE f.id = $1", file_id)
    return _file(row) if row else None


async def get_file(file_id: UUID) -> StoredFile:
    """The same. Raises Missing."""
    found = await find_file(file_id)
    if found is None:
        raise missing()
    return found


def missing() -> Missing:
    """What is not there and what is out of scope are one answer."""
    return Missing("file.missing", "没有这个文件，或不在您的管辖范围内")


async def list_files(subject: Subject, *, retired: bool = False) -> Sequence[StoredFile]:
    """What belongs to a subject that the caller has seen, the newest first."""
    rows = await db.fetch(
        _SELECT + "WHERE f.subject_kind = $1 AND f.subject_id = $2 AND ($3 OR f.retired_at IS NULL)"
        " ORDER BY f.seq DESC LIMIT 200",
        subject.kind,
        subject.id,
        retired,
    )
    return [_file(row) for row in rows]


async def list_files_of(kind: str, ids: Collection[str]) -> Mapping[str, Sequence[StoredFile]]:
    """What belongs to several subjects of one kind that the caller has seen, set-wise: for lists and histories."""
    if not ids:
        return {}
    rows = await db.fetch(
        _SELECT + "WHERE f.subject_kind = $1 AND f.subject_id = ANY($2::text[]) AND f.retired_at IS NULL"
        " ORDER BY f.seq DESC LIMIT 1000",
        kind,
        list(set(ids)),
    )
    found: dict[str, list[StoredFile]] = {}
    for row in rows:
        found.setdefault(row[11], []).append(_file(row))
    return found


async def count_files(subject: Subject) -> int:
    """How many files beside a subject are in force."""
    return int(
        await db.fetch_value(
            "SELECT count(*) FROM file WHERE subject_kind = $1 AND subject_id = $2 AND retired_at IS NULL",
            subject.kind,
            subject.id,
        )
    )


async def count_unattached(person_id: int | None) -> int:
    """How many uploads of a person belong to nothing yet."""
    return int(
        await db.fetch_value(
            "SELECT count(*) FROM file WHERE subject_kind IS NULL AND person_id IS NOT DISTINCT FROM $1", person_id
        )
    )


async def read_content(file_id: UUID) -> Content:
    """The bytes that are kept. Raises Missing."""
    row: Any = await db.fetch_row(
        "SELECT c.kind, c.content FROM file f JOIN file_content c ON c.sha256 = f.sha256 WHERE f.id = $1", file_id
    )
    if row is None:
        raise missing()
    return Content(FileKind(row[0]), row[1])


async def read_thumbnail(file_id: UUID) -> Content:
    """A small JPEG of the picture or of the first page. Raises Missing, also where there is none."""
    data = await db.fetch_value(
        "SELECT c.thumbnail FROM file f JOIN file_content c ON c.sha256 = f.sha256 WHERE f.id = $1", file_id
    )
    if data is None:
        raise missing()
    return Content(FileKind.JPEG, data)
