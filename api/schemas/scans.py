"""Scans as devices send them, and their answers."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StrictBool, StrictInt, StringConstraints

from api.schemas.base import Given, Instant, Key, Note, Taken

Raw = Annotated[str, StringConstraints(strict=True, max_length=500, pattern=r"^[^\u0000]*$")]
"""Exactly what the scanner sent, control characters and all (the database cannot hold a NUL)."""
Count = Annotated[StrictInt, Field(ge=1, le=10**12)]
Fen = Annotated[StrictInt, Field(ge=0, le=10**12)]
Mode = Literal["receive", "put-away", "move", "issue", "count", "look-up"]
Outcome = Literal["done", "repeat", "refused", "unreadable", "ask"]


class ScanDocument(Taken):
    """The document that the scans belong to."""

    kind: Literal["delivery", "pick"]
    id: UUID
    line: Annotated[StrictInt, Field(ge=1, le=10_000)] | None = None


class GoodsFacts(Taken):
    """What the code does not say about goods to receive. What the code says wins."""

    item: Key | None = None
    maker: Key | None = None
    maker_batch: Key | None = None
    produced_on: date | None = None
    expires_on: date | None = None
    owner_region: Key | None = None
    fund_source: Key | None = None
    price_fen: Fen | None = None
    price_per: Count | None = None
    origin: Key | None = None
    serials: Annotated[list[Key], Field(max_length=200)] | None = None


class Answers(Taken):
    """Answers to an earlier question; sent with a new scan id."""

    no_expiry: StrictBool = False
    own_numbers: StrictBool = False
    opened: StrictBool = False
    room: StrictBool = False
    """Put it there although the bin's room or load does not suffice."""
    unplanned: StrictBool = False
    """Receive it although the delivery note does not name it; it stands in the case when the delivery is closed."""
    hint: Key | None = None
    """The bin that was proposed; another one is noted."""
    lot: Key | None = None
    item: Key | None = None
    repeated: Literal["add", "replace"] | None = None
    """The same lot a second time in a bin that is counted: another pile, or a correction."""


class ScanIn(Taken):
    """One scan: what was read and when. The server decides what it means."""

    id: UUID
    raw: Raw
    mode: Mode
    aim: Annotated[str, StringConstraints(max_length=3, pattern=r"^\][A-Za-z][0-9A-Za-z]$")] | None = None
    symbology: Key | None = None
    at: Instant | None = None
    site: Key | None = None
    quantity: Count | None = None
    pack: Key | None = None
    base_quantity: Count | None = None
    bin: Key | None = None
    to_bin: Key | None = None
    condition: Literal["good", "awaiting", "frozen", "damaged"] = "good"
    document: ScanDocument | None = None
    reason: Note = ""
    facts: GoodsFacts | None = None
    answers: Answers | None = None


class ScanBatch(Taken):
    """Scans, decided in order. `fact`: they have already happened and are always recorded."""

    scans: Annotated[list[ScanIn], Field(min_length=1, max_length=200)]
    device_clock: Instant | None = None
    fact: StrictBool = False


class ScanOut(Given):
    """The answer to one scan. `code` is stable; `was` tells what a repeat was at first."""

    id: UUID
    outcome: Outcome
    code: str
    detail: str
    facts: dict[str, Any]
    was: Outcome | None = None


class ScanAnswers(Given):
    """One answer per scan, in order."""

    results: list[ScanOut]


class StoredScanOut(Given):
    """A scan of the past."""

    id: UUID
    raw: str
    mode: str
    outcome: str
    code: str
    detail: str
    facts: dict[str, Any]
    login: str
    fact: bool
    occurred_at: datetime
    recorded_at: datetime
    site: str


class ScansPage(Given):
    """The newest first."""

    items: list[StoredScanOut]
    next_cursor: str | None = None
