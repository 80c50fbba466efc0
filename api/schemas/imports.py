"""Imports, as the API takes and shows them. Rows and columns are counted as a spreadsheet shows them."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StrictBool, StrictInt, StringConstraints

from api.schemas.base import PLAIN, Given, Key, Line, Receipt, Taken
from warehouse.exchange.model import ImportKind, ImportState, RowState, Verdict

Answer = Annotated[str, StringConstraints(strict=True, max_length=200, pattern=PLAIN)]
Base64 = Annotated[
    str, StringConstraints(strict=True, min_length=0, max_length=8_400_000, pattern=r"^[A-Za-z0-9+/]*={0,2}$")
]
ColumnLetter = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z]{1,3}$")]
FieldName = Annotated[str, StringConstraints(strict=True, max_length=80, pattern=PLAIN)]


class ImportNew(Taken):
    """A file to import: .xlsx, .xls or .csv, at most 6 MB, as base64."""

    kind: ImportKind
    name: Line
    content: Base64
    site: Key | None = Field(None, description="Opening stock: the store of all rows that name none.")
    sender: Key | None = Field(None, description="Whose habits are remembered: region:KEY, site:CODE, person:LOGIN.")


class SheetChoice(Taken):
    """How one sheet is to be read."""

    use: StrictBool = True
    header: tuple[StrictInt, StrictInt] | None = Field(None, description="First and last heading row.")
    columns: dict[ColumnLetter, FieldName] = Field(default_factory=dict, max_length=300)


class MappingIn(Taken):
    """Sheets by name, as far as they are to be read otherwise."""

    sheets: dict[Line, SheetChoice] = Field(min_length=1, max_length=50)


class AnswersIn(Taken):
    """Answers by question key, each for all rows that wonder the same; `key@sheet!row` answers for one row. An empty
    answer takes one back."""

    answers: dict[Annotated[str, StringConstraints(max_length=300, pattern=PLAIN)], Answer] = Field(
        min_length=1, max_length=2000
    )


class ImportDone(Receipt):
    """What was done to a file, and its state now."""

    verb: str
    id: UUID
    state: ImportState
    counts: dict[str, int]
    problem: dict[str, Any]


class ImportOut(Given):
    """One file. `allowed` are the verbs that would succeed now; `running`: rows are being imported at this moment."""

    id: UUID
    kind: ImportKind
    name: str
    size: int
    sha256: str
    sender: str
    site: str | None
    state: ImportState
    problem: dict[str, Any]
    counts: dict[str, int]
    version: int
    login: str
    uploaded_at: datetime
    applied_at: datetime | None
    purged_at: datetime | None
    read_ms: int
    running: bool
    allowed: list[str]


class ImportsPage(Given):
    """Files, the newest first."""

    items: list[ImportOut]
    next_cursor: str | None


class ColumnOut(Given):
    """A column and what it is taken for, with the score of that."""

    letter: str
    heading: str
    unit: str
    field: str
    score: int
    why: str
    hidden: bool
    candidates: list[tuple[str, int]]
    samples: list[str]


class SheetOut(Given):
    """A sheet and how it is read."""

    name: str
    used: bool
    visible: bool
    height: int
    width: int
    header: tuple[int, int] | None
    columns: list[ColumnOut]
    why: str


class QuestionOut(Given):
    """What must be asked, once for all rows that wonder the same. `options` are (answer, facts, score)."""

    key: str
    code: str
    field: str
    facts: dict[str, Any]
    options: list[tuple[str, dict[str, Any], int]]
    free: str
    rows: int
    first: str
    answer: str
    by: str


class ImportDetail(ImportOut):
    """One file with its sheets and questions."""

    sheets: list[SheetOut]
    questions: list[QuestionOut]


class ImportRowOut(Given):
    """One row with its verdict and what became of it. `part` is the column of a wide table's cell."""

    seq: int
    sheet: str
    row: int
    part: str
    verdict: Verdict
    state: RowState
    title: str
    cells: dict[str, str]
    reasons: list[dict[str, Any]]
    facts: dict[str, Any]
    outcome: dict[str, Any]


class ImportRowsPage(Given):
    """Rows in their order."""

    items: list[ImportRowOut]
    next_cursor: str | None
