"""Files, as the API takes and shows them. The bytes travel as base64 in JSON, like everything else."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from api.schemas.base import PLAIN, Given, Key, Line, Note, Receipt, Taken, Version
from warehouse.files.model import FileKind, StoredFile

MOST_BASE64 = 7_100_000
"""Five megabytes as base64, and a little, so that what is barely too large hears so in words."""


class SubjectIn(Taken):
    """What a file belongs to: `kind` is item, lot, serial, pallet, bin, site, delivery, case or move; `id` is what
    stands on its label or in its address (of a move: the attempt that posted it)."""

    kind: Key
    id: Key


class FileNew(Taken):
    """A photo (JPEG, PNG, WebP) or PDF, at most 5 MB. Photos are drawn anew without place and device."""

    content: Annotated[
        str, StringConstraints(strict=True, min_length=1, max_length=MOST_BASE64, pattern=r"^[A-Za-z0-9+/=\s]*$")
    ] = Field(description="The bytes in base64.")
    name: Annotated[str, StringConstraints(strict=True, max_length=200, pattern=PLAIN)] = "photo"
    note: Note = ""
    subject: SubjectIn | None = Field(None, description="Without it the file is seen by its uploader only.")


class FilesAttach(Taken):
    """Files of mine that belong to nothing yet, and where they go."""

    files: list[UUID] = Field(min_length=1, max_length=20)
    subject: SubjectIn


class FileRetire(Taken):
    """Why a file is taken out of sight."""

    reason: Line
    version: Version


class SubjectOut(Given):
    """What a file belongs to."""

    kind: str
    id: str


class FileOut(Given):
    """One file. `sha256` is of the bytes that are kept; it may stand in a paper or a note as evidence."""

    id: UUID
    sha256: str
    kind: FileKind
    size: int
    width: int | None
    height: int | None
    thumbnail: bool
    name: str
    note: str
    subject: SubjectOut | None
    login: str
    uploaded_at: datetime
    attached_at: datetime | None
    attached_by: str
    retired_at: datetime | None
    retire_reason: str
    version: int


class FilesOut(Given):
    """The files of a subject, the newest first."""

    items: list[FileOut]


class FileAdded(Receipt):
    """What was kept."""

    id: UUID
    sha256: str
    kind: FileKind
    size: int
    version: int


class FilesAttached(Receipt):
    """What was put beside the subject."""

    files: list[UUID]
    subject_kind: str
    subject_id: str


def file_out(found: StoredFile) -> FileOut:
    """A file as the API shows it."""
    plain = {name: getattr(found, name) for name in FileOut.model_fields if name != "subject"}
    subject = SubjectOut(kind=found.subject.kind, id=found.subject.id) if found.subject else None
    return FileOut(**plain, subject=subject)
