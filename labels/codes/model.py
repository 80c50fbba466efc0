"""What a scanned string can turn out to be: a small closed union of frozen values."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Reason(StrEnum):
    """Stable words for what was found while reading: why a string is unreadable, or what was put right.

    The same words go into stored scans and the API; they are never renamed.
    """

    # why a string cannot be read
    EMPTY = "empty"
    TOO_LONG = "too-long"
    UNKNOWN_SHAPE = "unknown-shape"
    UNKNOWN_AI = "unknown-ai"
    BAD_LENGTH = "bad-length"
    BAD_VALUE = "bad-value"
    BAD_CHECK_DIGIT = "bad-check-digit"
    BAD_CHECK_CHARACTER = "bad-check-character"
    REPEATED_AI = "repeated-ai"
    NOT_A_GS1_LINK = "not-a-gs1-link"
    # what was noticed on the way; the code is read all the same
    BAD_DATE = "bad-date"
    DAY_ZERO = "day-zero"
    FNC1_LOST = "fnc1-lost"
    SEPARATOR_REPLACED = "separator-replaced"
    NOT_DECLARED_GS1 = "not-declared-gs1"
    CASE_INVERTED = "case-inverted"
    CASE_UNCERTAIN = "case-uncertain"
    FULL_WIDTH = "full-width"
    STRAY_SPACE = "stray-space"
    LOOKALIKE_LETTER = "lookalike-letter"
    FOREIGN_INTERNAL = "foreign-internal"
    WEIGHT_ROUNDED = "weight-rounded"


class OwnKind(StrEnum):
    """What an own code stands for; the value is the code's first letter."""

    LOT = "L"
    BIN = "B"
    SITE = "S"
    SERIAL = "N"
    PALLET = "P"
    DOCUMENT = "D"
    ITEM = "M"
    PACK = "K"
    COUNT_LINE = "C"


class Form(StrEnum):
    """How the code was written."""

    OWN = "own"
    ELEMENTS = "elements"
    BRACKETED = "bracketed"
    LINK = "link"
    GTIN = "gtin"
    SSCC = "sscc"


@dataclass(frozen=True, slots=True)
class Note:
    """One thing noticed: a reason and, where it helps, the piece of text it is about."""

    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Own:
    """Our own key: kind and key, without the check character."""

    kind: OwnKind
    key: str


@dataclass(frozen=True, slots=True)
class Code:
    """One code, read and verified. A field that the code does not say is None and says nothing.

    GTINs are 14 digits. `gtin` is AI 01 or a retail code, `content_gtin` AI 02 (what is inside a unit),
    `count` AI 37 or else 30, `weight_grams` AI 310n, `location` AI 414 (a GLN), `order_number` AI 400.
    `elements` holds every (AI, value) as it stood, also those without a field of their own.
    """

    form: Form
    text: str
    own: Own | None = None
    gtin: str | None = None
    content_gtin: str | None = None
    batch: str | None = None
    serial: str | None = None
    produced_on: date | None = None
    packed_on: date | None = None
    best_before: date | None = None
    expires_on: date | None = None
    count: int | None = None
    weight_grams: int | None = None
    sscc: str | None = None
    variant: str | None = None
    order_number: str | None = None
    location: str | None = None
    elements: tuple[tuple[str, str], ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def in_house(self) -> bool:
        """Whether the GTIN is from a range kept for a company's own use (20-29, 02, 04; EAN-8 with 0 or 2).

        Source: GS1 prefixes 020-029, 040-049, 200-299, restricted circulation.
        """
        g = self.gtin
        if g is None:
            return False
        if g.startswith("000000"):
            return g[6] in "02"
        return g[0] == "0" and (g[1] == "2" or g[1:3] in ("02", "04"))


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """The string reads in several ways, usually because FNC1 was lost; the likeliest comes first."""

    text: str
    candidates: tuple[Code, ...]
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Glued:
    """Several codes arrived as one string; every part verifies by itself."""

    text: str
    parts: tuple[Code, ...]
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """No code. `text` is the cleaned string (it may still be an alias of an item), `tried` tells what
    failed.
    """

    text: str
    reason: Reason
    tried: tuple[Note, ...] = ()
    notes: tuple[Note, ...] = ()


Reading = Code | Ambiguous | Glued | Unreadable
