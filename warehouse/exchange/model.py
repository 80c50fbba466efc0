"""Nouns of exchange. Rows and columns are counted from 1 as a spreadsheet shows them; scores go from 0 to 100."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from catalog.kernel.access import Permission
from catalog.kernel.parameters import UNVERIFIED, Kind, Parameter, declare

Cell = str | int | float | bool | date | datetime | None
"""What stands in one cell, as the file has it."""


KEEP_DAYS = Parameter(
    "import.keep_days",
    400,
    Kind.WHOLE,
    "days",
    "导入原始文件保存天数",
    "Days that imported files are kept",
    "超过此天数，清除上传的原始文件和单元格文字（含姓名、电话）；数字、结论和防重记录保留",
    "After so many days raw files and the words of their cells (names, phones) are cleared away; figures, verdicts and"
    " what keeps rows from being imported twice stay",
    UNVERIFIED,
    low=1,
    high=36_500,
)
declare(KEEP_DAYS)


class ImportKind(StrEnum):
    """What a file brings."""

    REGIONS = "regions"
    PARTIES = "parties"
    SITES = "sites"
    BINS = "bins"
    CLASSES = "classes"
    ITEMS = "items"
    STOCK = "stock"


PERMISSION: Mapping[ImportKind, Permission] = {
    ImportKind.REGIONS: Permission.REGION_EDIT,
    ImportKind.PARTIES: Permission.PARTY_EDIT,
    ImportKind.SITES: Permission.SITE_EDIT,
    ImportKind.BINS: Permission.SITE_EDIT,
    ImportKind.CLASSES: Permission.CATALOG_EDIT,
    ImportKind.ITEMS: Permission.CATALOG_EDIT,
    ImportKind.STOCK: Permission.COUNT,
}
"""The right that each kind needs beside import.run; the list actions check it again, place by place."""


class ImportState(StrEnum):
    """A file's life; the way between them is `workflow.IMPORT`."""

    UPLOADED = "uploaded"
    UNREADABLE = "unreadable"
    JUDGED = "judged"
    APPLYING = "applying"
    APPLIED = "applied"
    WITHDRAWN = "withdrawn"


class Verdict(StrEnum):
    """What the dry run says of a row: precise; vague and asked; impossible as it stands; nothing to import."""

    OK = "ok"
    ASK = "ask"
    REJECT = "reject"
    SKIP = "skip"


class RowState(StrEnum):
    """What became of a row: nothing yet, imported, was there before, refused by the list action."""

    WAITING = "waiting"
    DONE = "done"
    REPEAT = "repeat"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet as it was read. `rows[r][c]` counts from 0; `merged` are (top, left, bottom, right), inclusive, from
    0; hidden rows and columns as well."""

    name: str
    rows: Sequence[Sequence[Cell]]
    merged: Sequence[tuple[int, int, int, int]] = ()
    hidden_columns: frozenset[int] = frozenset()
    hidden_rows: frozenset[int] = frozenset()
    visible: bool = True


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a column may hold. `aliases` are headings people write for it. `content` is what its cells look like
    (text, number, day, phone, unit). Without `kept` it is recognised and left aside."""

    name: str
    name_zh: str
    name_en: str
    aliases: tuple[str, ...] = ()
    content: str = "text"
    required: bool = False
    kept: bool = True
    note_zh: str = ""
    note_en: str = ""
    example: Cell = None
    choices: tuple[str, ...] = ()


@dataclass(slots=True)
class ColumnFound:
    """A column and what it is taken for: a field's name, "item:KEY" in a wide table, or "" (left aside)."""

    index: int
    letter: str
    heading: str
    unit: str = ""
    field: str = ""
    score: int = 0
    why: str = ""
    hidden: bool = False
    candidates: list[tuple[str, int]] = made(default_factory=list)
    samples: list[str] = made(default_factory=list)


@dataclass(slots=True)
class SheetFound:
    """A sheet and how it is read. `header` is its first and last heading row, counted from 1."""

    name: str
    used: bool
    visible: bool
    height: int
    width: int
    header: tuple[int, int] | None
    columns: list[ColumnFound]
    why: str = ""


@dataclass(slots=True)
class Question:
    """What must be asked, once for all rows that wonder the same. `options` are (answer, facts, score)."""

    key: str
    code: str
    field: str
    facts: dict[str, Any]
    options: list[tuple[str, dict[str, Any], int]]
    free: str = ""
    """What may be typed besides: number, day, item, place; nothing if empty."""
    rows: int = 0
    first: str = ""
    answer: str = ""
    by: str = ""
    """Empty, "answer" or "remembered"."""


@dataclass(slots=True)
class Reason:
    """Why a row is judged so. `level` is ask, reject, skip or note."""

    level: str
    code: str
    field: str = ""
    column: str = ""
    text: str = ""
    key: str = ""
    facts: dict[str, Any] = made(default_factory=dict)


@dataclass(slots=True)
class RowFound:
    """One row (of a wide table: one cell of it) with its verdict. `facts` are what would be imported."""

    sheet: str
    row: int
    part: str
    verdict: Verdict
    title: str
    cells: dict[str, str]
    reasons: list[Reason]
    facts: dict[str, Any] = made(default_factory=dict)
    identity: bytes = b""
    """What makes it the same row in any file; empty where nothing would be imported."""
    subject: bytes = b""
    """The same without its quantity: goods at a place."""


@dataclass(slots=True)
class Findings:
    """All that a dry run found."""

    sheets: list[SheetFound]
    rows: list[RowFound]
    questions: dict[str, Question]


@dataclass(frozen=True, slots=True)
class Packed:
    """Findings as they are written: the rows as columns of a table, texts encoded where they were found, so that
    ten thousand rows pass a process border and a database in a moment."""

    sheets: str
    questions: dict[str, Question]
    headings: dict[str, str]
    """What people said of headings: to be remembered."""
    sheet: list[str]
    row: list[int]
    part: list[str]
    verdict: list[str]
    title: list[str]
    cells: list[str]
    reasons: list[str]
    facts: list[str]
    identity: list[bytes]
    subject: list[bytes]
    keys: list[str]

    @property
    def columns(self) -> list[list[Any]]:
        """In the order of the statement that writes them."""
        return [
            self.sheet,
            self.row,
            self.part,
            self.verdict,
            self.title,
            self.cells,
            self.reasons,
            self.facts,
            self.identity,
            self.subject,
            self.keys,
        ]


@dataclass(frozen=True, slots=True)
class Choices:
    """What people chose for this file, and what is remembered of its sender.

    `sheets`: by sheet name {"use": bool, "header": [first, last], "columns": {letter: field}}. `headings` and
    `remembered` come from files of the same sender: heading → field, question key → answer.
    """

    sheets: Mapping[str, Mapping[str, Any]] = made(default_factory=dict)
    answers: Mapping[str, str] = made(default_factory=dict)
    headings: Mapping[str, str] = made(default_factory=dict)
    remembered: Mapping[str, str] = made(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImportFile:
    """One uploaded file. `path` and `site_id` say in whose scope it lies."""

    id: UUID
    seq: int
    kind: ImportKind
    name: str
    sha256: bytes
    size: int
    sender: str
    path: str
    site_id: int | None
    site_code: str | None
    site_name: str | None
    state: ImportState
    problem: Mapping[str, Any]
    counts: Mapping[str, int]
    generation: int
    """How many rows the last dry run found; rows from there on are left over from an earlier mapping."""
    version: int
    person_id: int | None
    login: str
    uploaded_at: datetime
    applied_at: datetime | None
    purged_at: datetime | None
    read_ms: int


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One row as it is kept."""

    seq: int
    sheet: str
    row: int
    part: str
    verdict: Verdict
    state: RowState
    title: str
    cells: Mapping[str, str]
    reasons: Sequence[Mapping[str, Any]]
    facts: Mapping[str, Any]
    identity: bytes
    subject: bytes
    tries: int
    outcome: Mapping[str, Any]
