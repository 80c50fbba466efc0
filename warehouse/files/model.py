"""Nouns of files. Sizes are bytes; `sha256` is the hash of the bytes that are kept, in hexadecimal."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class FileKind(StrEnum):
    """What the bytes are, by their own beginning, never by what a sender calls them."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    PDF = "pdf"

    @property
    def media_type(self) -> str:
        """As HTTP calls it."""
        return "application/pdf" if self is FileKind.PDF else f"image/{self.value}"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a file belongs to, as an opaque reference: the edge has found it in the caller's scope.

    `id` is what stands on its label or in its address: item key, lot or serial number, bin key, site code, UUID.
    """

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A file as it will be kept: drawn anew without any metadata (photos) or found to be sound (PDF)."""

    kind: FileKind
    content: bytes
    width: int | None = None
    height: int | None = None
    thumbnail: bytes | None = None
    """A JPEG of at most 320 pixels a side; None where there is nothing to draw."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a file is not taken: a code and a Chinese sentence for `Invalid`, with its facts."""

    code: str
    detail: str
    facts: tuple[tuple[str, int | str], ...] = ()


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One upload, without its bytes. `subject` None: not attached yet, seen by its uploader only."""

    id: UUID
    seq: int
    sha256: str
    kind: FileKind
    size: int
    width: int | None
    height: int | None
    thumbnail: bool
    name: str
    note: str
    subject: Subject | None
    person_id: int | None
    login: str
    uploaded_at: datetime
    attached_at: datetime | None
    attached_by: str
    retired_at: datetime | None
    retire_reason: str
    version: int


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes to send, and what they are."""

    kind: FileKind
    data: bytes
