"""GS1: numbers with check digits, dates, element strings; written and read side by side.

Element strings here carry no symbology prefix and no leading FNC1; the group separator (GS, 0x1d) ends a
field of variable length that is not the last, as scanners send it. Source of lengths and rules: GS1 General
Specifications (GB/T 16986-2018 in China).
"""

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from labels.codes.model import Own, OwnKind, Reason
from labels.codes.own import own_text, parse_own
from labels.errors import BadCode

GS = "\x1d"

Fields = tuple[tuple[str, str], ...]


# ---- numbers with a check digit -----------------------------------------------------------


def check_digit(payload: str) -> str:
    """The GS1 mod-10 check digit: from the right, digits weigh 3 and 1 in turn."""
    digits = payload.encode()
    total = 3 * (sum(digits[-1::-2]) - 48 * ((len(digits) + 1) // 2)) + sum(digits[-2::-2]) - 48 * (len(digits) // 2)
    return str(-total % 10)


def has_check_digit(number: str) -> bool:
    """Whether the last digit of a digits-only number is its GS1 check digit."""
    return number[-1] == check_digit(number[:-1])


def _digits(text: str, length: int, what: str) -> str:
    if len(text) != length or not (text.isascii() and text.isdigit()):
        raise BadCode("labels.bad-number", f"{what} needs {length} digits, got {text!r}", {"value": text})
    return text


def normal_gtin(text: str) -> str:
    """A GTIN of 8, 12, 13 or 14 digits as 14 digits. Raises BadCode when length or check digit is wrong."""
    if len(text) not in (8, 12, 13, 14) or not (text.isascii() and text.isdigit()) or not has_check_digit(text):
        raise BadCode(
            "labels.bad-gtin",
            f"{text!r} is not a GTIN (8, 12, 13 or 14 digits with check digit)",
            {"value": text},
        )
    return text.zfill(14)


def write_own_gtin13(number: int, prefix: int = 20) -> str:
    """Our own EAN-13 for an item without a maker's code, in the range for own use (prefix 20 to 29).

    `number` is 0 to 9,999,999,999. It identifies the item inside this installation only and never claims a
    country's prefix such as 69.
    """
    if not 20 <= prefix <= 29 or not 0 <= number < 10**10:
        raise BadCode(
            "labels.bad-number",
            f"own GTIN-13 needs prefix 20-29 and a number below 10^10, got {prefix} and {number}",
            {"prefix": prefix, "number": number},
        )
    payload = f"{prefix}{number:010d}"
    return payload + check_digit(payload)


def write_sscc(prefix: str, serial: int, extension: int = 0) -> str:
    """An SSCC (18 digits, without AI 00) under the customer's own GS1 company prefix (7 to 10 digits)."""
    if not (7 <= len(prefix) <= 10 and prefix.isascii() and prefix.isdigit()):
        raise BadCode(
            "labels.no-company-prefix",
            "an SSCC needs the customer's GS1 company prefix of 7 to 10 digits",
            {"prefix": prefix},
        )
    room = 16 - len(prefix)
    if not 0 <= extension <= 9 or not 0 <= serial < 10**room:
        raise BadCode(
            "labels.bad-number",
            f"serial reference must have at most {room} digits and the extension one",
            {"serial": serial, "extension": extension},
        )
    payload = f"{extension}{prefix}{serial:0{room}d}"
    return payload + check_digit(payload)


# ---- dates --------------------------------------------------------------------------------


def write_date(day: date) -> str:
    """YYMMDD."""
    return day.strftime("%y%m%d")


def read_date(text: str, today: date) -> date | None:
    """YYMMDD as a date, or None when there is no such day.

    Day 00 is the last day of the month. Century: the year lies between 49 years before and 50 years after
    `today` (GS1 General Specifications 7.12: a difference of 51 to 99 is the previous century, -50 to -99
    the next).
    """
    year, month, day = int(text[:2]), int(text[2:4]), int(text[4:])
    century = today.year // 100 * 100
    ahead = year - today.year % 100
    if ahead > 50:
        century -= 100
    elif ahead < -49:
        century += 100
    year += century
    if not 1 <= month <= 12:
        return None
    last = monthrange(year, month)[1]
    if day > last:
        return None
    return date(year, month, day or last)


# ---- application identifiers --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Field:
    """One application identifier: its name, length, characters, and what its value can be checked by."""

    ai: str
    title: str
    low: int
    high: int
    numeric: bool = True
    check: str = ""
    """`mod10`, `date`, `own` or nothing."""

    @property
    def fixed(self) -> bool:
        return self.low == self.high


_TABLE = (
    Field("00", "SSCC", 18, 18, check="mod10"),
    Field("01", "GTIN", 14, 14, check="mod10"),
    Field("02", "CONTENT", 14, 14, check="mod10"),
    Field("10", "BATCH/LOT", 1, 20, numeric=False),
    *(
        Field(ai, title, 6, 6, check="date")
        for ai, title in (
            ("11", "PROD DATE"),
            ("12", "DUE DATE"),
            ("13", "PACK DATE"),
            ("15", "BEST BEFORE"),
            ("16", "SELL BY"),
            ("17", "EXPIRY"),
        )
    ),
    Field("20", "VARIANT", 2, 2),
    Field("21", "SERIAL", 1, 20, numeric=False),
    Field("30", "VAR. COUNT", 1, 8),
    Field("37", "COUNT", 1, 8),
    *(Field(f"310{n}", "NET WEIGHT (kg)", 6, 6) for n in range(6)),
    Field("400", "ORDER NUMBER", 1, 30, numeric=False),
    Field("414", "LOC No.", 13, 13, check="mod10"),
    Field("91", "INTERNAL", 1, 90, numeric=False, check="own"),
    *(Field(str(ai), "INTERNAL", 1, 90, numeric=False) for ai in range(92, 100)),
)
FIELDS: Mapping[str, Field] = {field.ai: field for field in _TABLE}
"""The identifiers that we understand. Codes with others are handed to biip."""

_charset_82 = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]+").fullmatch
"""GS1 AI encodable character set 82 (GS1 General Specifications, figure 7.11-1)."""


def _field_at(text: str, at: int) -> Field | None:
    return FIELDS.get(text[at : at + 2]) or FIELDS.get(text[at : at + 3]) or FIELDS.get(text[at : at + 4])


def _flaw(field: Field, value: str) -> Reason | None:
    """Why a value cannot stand behind its identifier. Dates are judged later, with today at hand."""
    if not field.low <= len(value) <= field.high:
        return Reason.BAD_LENGTH
    if field.numeric:
        if not (value.isascii() and value.isdigit()):
            return Reason.BAD_VALUE
        if field.check == "mod10" and not has_check_digit(value):
            return Reason.BAD_CHECK_DIGIT
    elif not _charset_82(value):
        return Reason.BAD_VALUE
    return None


# ---- writing ------------------------------------------------------------------------------


def write_elements(elements: Sequence[tuple[str, str]]) -> str:
    """An element string from (AI, value) pairs, in the order given. Raises BadCode for data no reader would
    take.
    """
    parts: list[str] = []
    for place, (ai, value) in enumerate(elements):
        field = FIELDS.get(ai)
        flaw = Reason.UNKNOWN_AI if field is None else _flaw(field, value)
        if field is None or flaw is not None or any(ai == other for other, _ in elements[:place]):
            raise BadCode(
                "labels.bad-element",
                f"({ai}){value!r}: {flaw or Reason.REPEATED_AI}",
                {"ai": ai, "value": value, "reason": str(flaw or Reason.REPEATED_AI)},
            )
        parts.append(ai + value)
        if not field.fixed and place + 1 < len(elements):
            parts.append(GS)
    return "".join(parts)


def bracketed(element_string: str) -> str:
    """The form for people: (01)…(10)…. Brackets are printed, never encoded."""
    found = split_elements(element_string)
    if isinstance(found, Flaw):
        raise BadCode("labels.bad-element", f"not an element string: {found.reason}", {"reason": str(found.reason)})
    return "".join(f"({ai}){value}" for ai, value in found)


def write_lot(
    own_key: str, *, gtin: str | None = None, batch: str | None = None, expires_on: date | None = None
) -> str:
    """The element string of a lot label: always (91) own key; (01) (17) (10) only with the maker's GTIN.

    Fields of fixed length come first and the verifiable own key last, so that the string still reads in one
    way when a wedge scanner swallows FNC1.
    """
    if gtin is None and (batch is not None or expires_on is not None):
        raise BadCode(
            "labels.batch-without-gtin",
            "a batch or expiry goes into the symbol only with the maker's GTIN",
            {"batch": batch, "expires_on": str(expires_on)},
        )
    elements: list[tuple[str, str]] = []
    if gtin is not None:
        elements.append(("01", normal_gtin(gtin)))
    if expires_on is not None:
        elements.append(("17", write_date(expires_on)))
    if batch is not None:
        elements.append(("10", batch))
    elements.append(("91", own_text(OwnKind.LOT, own_key)))
    return write_elements(elements)


# ---- reading ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Flaw:
    """Where and why a string is no element string."""

    reason: Reason
    detail: str = ""


def split_elements(text: str) -> Fields | Flaw:
    """The fields of an element string by the letter of the standard: an open field runs to the next GS or
    the end.
    """
    fields: list[tuple[str, str]] = []
    seen: dict[str, str] = {}
    at, end = 0, len(text)
    while at < end:
        if text[at] == GS:
            at += 1
            continue
        field = _field_at(text, at)
        if field is None:
            return Flaw(Reason.UNKNOWN_AI, text[at : at + 4])
        start = at + len(field.ai)
        if field.fixed:
            at = start + field.high
        else:
            at = text.find(GS, start)
            if at < 0:
                at = end
        value = text[start:at]
        flaw = _flaw(field, value)
        if flaw is not None:
            return Flaw(flaw, f"({field.ai}){value}")
        if seen.setdefault(field.ai, value) != value:
            return Flaw(Reason.REPEATED_AI, field.ai)
        fields.append((field.ai, value))
    return tuple(fields) if fields else Flaw(Reason.EMPTY)


def split_without_fnc1(text: str, today: date) -> list[Fields]:
    """Every way to read a string whose separators were swallowed, with at least one open field cut short.

    Only ways in which all values are sound count: check digits hold, dates exist, own keys verify. The
    search is bounded; strings long enough to exceed it are hopeless anyway.
    """
    budget = [_BUDGET]
    return [found for found in _ways(text, 0, frozenset(), budget, today) if len(found) > 1][:_MOST_WAYS]


_BUDGET = 1500
_MOST_WAYS = 64


def _ways(text: str, at: int, seen: frozenset[str], budget: list[int], today: date) -> Iterator[Fields]:
    if at == len(text):
        yield ()
        return
    field = _field_at(text, at)
    if field is None or field.ai in seen or budget[0] <= 0:
        return
    start = at + len(field.ai)
    if field.fixed:
        stops: Sequence[int] = (start + field.high,)
    else:
        last = min(len(text), start + field.high)
        stops = [s for s in range(start + field.low, last + 1) if s == len(text) or _field_at(text, s)]
    for stop in stops:
        budget[0] -= 1
        value = text[start:stop]
        if _flaw(field, value) is None and (field.check != "date" or read_date(value, today)):
            for rest in _ways(text, stop, seen | {field.ai}, budget, today):
                yield ((field.ai, value), *rest)


def split_bracketed(text: str) -> Fields | Flaw:
    """The fields of the printed form. A bracket opens a field only where an identifier not yet seen stands
    in it,
    so a batch may itself contain brackets."""
    marks: list[re.Match[str]] = []
    for mark in _bracket(text):
        if mark[1] in FIELDS and all(mark[1] != known[1] for known in marks):
            marks.append(mark)
    if not marks or marks[0].start() != 0:
        return Flaw(Reason.UNKNOWN_AI, text[:6])
    fields: list[tuple[str, str]] = []
    for place, mark in enumerate(marks):
        stop = marks[place + 1].start() if place + 1 < len(marks) else len(text)
        value = text[mark.end() : stop]
        flaw = _flaw(FIELDS[mark[1]], value)
        if flaw is not None:
            return Flaw(flaw, f"({mark[1]}){value}")
        fields.append((mark[1], value))
    return tuple(fields)


_bracket = re.compile(r"\((\d{2,4})\)").finditer


def own_in(fields: Fields) -> Own | None:
    """Our own key among the fields, if (91) holds one."""
    for ai, value in fields:
        if ai == "91":
            own = parse_own(value)
            return own if isinstance(own, Own) else None
    return None
