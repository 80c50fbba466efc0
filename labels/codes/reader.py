"""From the string a scanner typed to a Reading. One public function: `read`.

The order is: the hot path (a bare own code), cleaning, then one small reader per shape. A reader answers a
Code, several candidates, or a Note saying why it is not its kind; all notes end up in `Unreadable.tried`.
Only when the whole string reads as nothing are the two dear guesses made: Caps Lock, and several codes
glued together.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from labels.codes import wedge
from labels.codes.gs1 import (
    FIELDS,
    GS,
    Fields,
    Flaw,
    has_check_digit,
    own_in,
    read_date,
    split_bracketed,
    split_elements,
    split_without_fnc1,
)
from labels.codes.model import Ambiguous, Code, Form, Glued, Note, Own, OwnKind, Reading, Reason, Unreadable
from labels.codes.own import LOOKALIKES, parse_own, parse_scanned

MAX_LENGTH = 400
"""Longest string looked at, in characters; a GS1 symbol holds far less."""

_MAX_GLUED = 240
_MAX_PARTS = 6

_RETAIL = frozenset({"ean13", "ean8", "upca", "upce", "itf", "itf14"})
_GS1_NAMES = frozenset({"gs1128", "gs1datamatrix", "gs1qr", "gs1qrcode", "databar", "databarexpanded", "gs1databar"})
_KINDS = "".join(kind.value for kind in OwnKind)


def read(raw: str, *, aim: str | None = None, symbology: str | None = None, today: date) -> Reading:
    """What a scanned or typed string says. Never raises: an unreadable string is a value with a reason.

    `aim` is the ISO/IEC 15424 identifier if the scanner reported it apart from the string (`]d2`);
    `symbology` a decoder's word such as `ean_13` or `DataMatrix`. `today` settles the century of two-digit
    years.
    """
    bare = parse_scanned(raw)
    if bare is not None:
        text, own = bare
        return Code(Form.OWN, text, own, elements=(("91", text[2:]),))
    if len(raw) > MAX_LENGTH:
        return Unreadable(raw[:MAX_LENGTH], Reason.TOO_LONG)
    scan = wedge.clean(raw, aim)
    if not scan.lines:
        return Unreadable("", Reason.EMPTY, notes=scan.notes)
    hint = _hint(scan.aim, symbology)
    if len(scan.lines) == 1:
        return _read_line(scan.lines[0], hint, scan.notes, today)
    return _read_lines(scan.lines, hint, scan.notes, today)


def _hint(aim: str | None, symbology: str | None) -> str:
    """`gs1`, `retail`, `upce` or nothing: what the symbol itself tells about its contents."""
    if aim is not None:
        if aim in wedge.GS1_SYMBOLS:
            return "gs1"
        if aim[:2] in ("]E", "]I"):
            return "retail"
    if symbology is not None:
        name = re.sub(r"[^a-z0-9]", "", symbology.lower())
        if name == "upce":
            return "upce"
        if name in _RETAIL:
            return "retail"
        if name in _GS1_NAMES:
            return "gs1"
    return ""


def _read_lines(lines: tuple[str, ...], hint: str, notes: tuple[Note, ...], today: date) -> Reading:
    """Several lines: several codes if each reads by itself, else one code torn by a stray line end."""
    parts: list[Code] = []
    for place, line in enumerate(lines):
        found = read(line, today=today) if place else _read_line(line, hint, (), today)
        if isinstance(found, Code):
            parts.append(found)
        elif isinstance(found, Glued):
            parts.extend(found.parts)
        else:
            break
    else:
        return Glued(" ".join(lines), tuple(parts), notes)
    return _read_line("".join(lines), hint, (*notes, Note(Reason.STRAY_SPACE)), today)


def _read_line(text: str, hint: str, notes: tuple[Note, ...], today: date) -> Reading:
    tried: list[Note] = []
    single: Code | Ambiguous | None = None
    for found in _attempts(text, hint, today):
        if not isinstance(found, Note):
            single = found
            break
        tried.append(found)
    if single is not None and not any(note.reason is Reason.FNC1_LOST for note in single.notes):
        return _with_notes(single, notes)
    glued = _unglue(text, hint, today)
    if glued and (single is None or sum(map(_proofs, glued)) > _most_proofs(single)):
        return Glued(text, tuple(glued), notes)
    if single is not None:
        return _with_notes(single, notes)
    return Unreadable(text, _verdict(tried), tuple(dict.fromkeys(tried)), notes)


def _attempts(text: str, hint: str, today: date) -> Iterator[Code | Ambiguous | Note]:
    """Every way to take the string as one code, the plainest first."""
    yield _shape(text, hint, today)
    close = wedge.without_spaces(text)
    if close is not None:
        spaced = _noted(_elements(wedge.spaces_as_separators(text), True, today), Reason.SEPARATOR_REPLACED)
        if isinstance(spaced, Code) and _identifies(spaced):
            yield spaced
        yield _noted(_shape(close, hint, today), Reason.STRAY_SPACE)
    standing = wedge.stand_ins_as_separators(text)
    if standing is not None:
        yield _noted(_elements(standing, True, today), Reason.SEPARATOR_REPLACED)
    inverted = (close or text).swapcase()
    if inverted != text and _caps_lock_shows(close or text):
        yield _noted(_shape(inverted, hint, today), Reason.CASE_INVERTED)


def _shape(text: str, hint: str, today: date) -> Code | Ambiguous | Note:
    """The reader that the first characters call for."""
    if hint == "gs1" or GS in text:
        return _elements(text, True, today)
    if text[:4].lower() == "http":
        return _link(text, today)
    if text[0] == "(":
        return _bracketed(text, today)
    number: Code | Note | None = None
    if text.isascii() and text.isdigit():
        number = _number(text, hint)
        if isinstance(number, Code):
            return number
    elif hint in ("retail", "upce"):
        return Note(Reason.BAD_VALUE, text)
    own = _own(text)
    if isinstance(own, Code):
        return own
    found = _elements(text, False, today)
    if isinstance(found, Note):
        if number is not None and (hint or found.reason is Reason.UNKNOWN_SHAPE):
            return number
        return own if own.reason is Reason.BAD_CHECK_CHARACTER else found
    return found


# ---- one reader per shape -----------------------------------------------------------------


def _number(text: str, hint: str) -> Code | Note:
    """EAN-13, EAN-8, UPC-A, GTIN-14 or a bare SSCC; UPC-E only where the symbol says so."""
    length = len(text)
    if hint == "upce":
        return _upc_e(text)
    if hint == "retail" and length in (15, 18):  # EAN-13 with a supplement of two or five digits
        text, length = text[:13], 13
    if length in (8, 12, 13, 14):
        if has_check_digit(text):
            return Code(Form.GTIN, text, gtin=text.zfill(14))
        return Note(Reason.BAD_CHECK_DIGIT, text)
    if length == 18 and not hint:
        if has_check_digit(text):
            return Code(Form.SSCC, text, sscc=text)
        return Note(Reason.BAD_CHECK_DIGIT, text)
    return Note(Reason.BAD_LENGTH if hint else Reason.UNKNOWN_SHAPE, text)


def _upc_e(text: str) -> Code | Note:
    from labels.codes.foreign import gtin_of_upc_e

    gtin = gtin_of_upc_e(text)
    return Note(Reason.BAD_CHECK_DIGIT, text) if gtin is None else Code(Form.GTIN, text, gtin=gtin)


def _own(text: str) -> Code | Note:
    """An own key by itself: typed by hand or from a plain Code 128, in any case, with hyphens or without."""
    capital = text.upper().replace("-", "")
    own = parse_own(capital[:1] + capital[1:].translate(LOOKALIKES))
    if isinstance(own, Reason):
        return Note(own, text)
    notes: list[Note] = []
    if text != text.upper():
        notes.append(Note(Reason.CASE_INVERTED))
    if "I" in capital or "O" in capital:
        notes.append(Note(Reason.LOOKALIKE_LETTER))
    return Code(Form.OWN, text, own, notes=tuple(notes))


def _bracketed(text: str, today: date) -> Code | Note:
    found = split_bracketed(text)
    if isinstance(found, Flaw):
        return Note(found.reason, found.detail)
    return _foreign_or_own(_code(Form.BRACKETED, text, found, today))


def _link(text: str, today: date) -> Code | Note:
    """A GS1 Digital Link. With Caps Lock on the scheme is capital and the batch shows the wrong case."""
    notes: tuple[Note, ...] = ()
    if text.startswith("HTTP"):
        if text.upper() != text:
            text = text.swapcase()
            notes = (Note(Reason.CASE_INVERTED),)
        else:
            head, mark, rest = text.partition("://")
            text = head.lower() + mark + rest
    from labels.codes.foreign import link_fields

    found = link_fields(text)
    if isinstance(found, str):
        return Note(Reason.NOT_A_GS1_LINK, found)
    return _code(Form.LINK, text, found, today, notes)


def _elements(text: str, declared: bool, today: date) -> Code | Ambiguous | Note:
    """A GS1 element string. Undeclared, it must hold something that verifies, or plain text would pass for
    one.
    """
    strict: Fields | Flaw = split_elements(text)
    if isinstance(strict, Flaw) and strict.reason is Reason.UNKNOWN_AI and declared:
        from labels.codes.foreign import message_fields

        strict = message_fields(text) or strict
    if GS not in text and (isinstance(strict, Flaw) or _may_hide_more(strict)):
        if not isinstance(strict, Flaw) and _repeats(strict, today):
            return Note(Reason.REPEATED_AI, text)
        ways = _ways(text, strict, today)
        if not declared:
            ways = [way for way in ways if _telling(way, today)]
        if ways:
            return _choose(text, ways, strict, declared, today)
    if isinstance(strict, Flaw):
        plain = not declared and not _begins_with_key(text)
        return Note(Reason.UNKNOWN_SHAPE, text) if plain else Note(strict.reason, strict.detail)
    if not declared and not _telling(strict, today):
        broken = strict[0][0] == "91" and parse_own(strict[0][1].upper()) is Reason.BAD_CHECK_CHARACTER
        return Note(Reason.BAD_CHECK_CHARACTER if broken else Reason.UNKNOWN_SHAPE, text)
    return _foreign_or_own(_code(Form.ELEMENTS, text, strict, today, _undeclared(declared)))


_begins_with_key = re.compile(r"0[012]\d{14}", re.ASCII).match


def _undeclared(declared: bool) -> tuple[Note, ...]:
    return () if declared else (Note(Reason.NOT_DECLARED_GS1),)


def _foreign_or_own(code: Code) -> Code | Note:
    """Look again at a code whose (91) is not ours: wrong case, a wrong character, or somebody else's."""
    value = next((v for ai, v in code.elements if ai == "91"), None)
    if value is None or code.own is not None:
        return code
    own = parse_own(value.upper())
    if isinstance(own, Own):
        return _code_again(code)
    if len(code.elements) == 1 and own is Reason.BAD_CHECK_CHARACTER:
        return Note(own, value)
    return _noted_code(code, Note(Reason.FOREIGN_INTERNAL, value))


def _code_again(code: Code) -> Code:
    """The own key reads only in capitals: Caps Lock was on, so the other texts are inverted too."""
    fields = tuple((ai, value.swapcase()) for ai, value in code.elements)
    values: dict[str, Any] = {name: getattr(code, name) for name in code.__dataclass_fields__}
    for name in ("batch", "serial", "order_number"):
        if values[name] is not None:
            values[name] = values[name].swapcase()
    kept = tuple(note for note in code.notes if note.reason is not Reason.CASE_UNCERTAIN)
    values.update(own=own_in(fields), elements=fields, notes=(*kept, Note(Reason.CASE_INVERTED)))
    if len(fields) == 1:
        values.update(form=Form.OWN, notes=(Note(Reason.CASE_INVERTED),))
    return Code(**values)


# ---- lost FNC1 ----------------------------------------------------------------------------

_hidden = re.compile(rf"(?=1[1-35-7]\d{{6}}|0[012]\d{{14}}|414\d{{13}}|91[{_KINDS}])", re.ASCII).search


def _may_hide_more(fields: Fields) -> bool:
    """Whether the last, open field of a sound string contains what looks like further verifiable fields."""
    ai, value = fields[-1]
    field = FIELDS.get(ai)
    if field is None or field.fixed or len(value) < 4:
        return False
    return _hidden(value, 1) is not None and not (field.check == "own" and isinstance(parse_own(value), Own))


def _repeats(fields: Fields, today: date) -> bool:
    """Whether the open last field swallowed a second whole code that begins like the first."""
    value = fields[-1][1]
    at = value.find(fields[0][0], 1)
    while at > 0:
        tail = split_elements(value[at:])
        if not isinstance(tail, Flaw) and tail[0] == fields[0] and _telling(tail, today):
            return True
        at = value.find(fields[0][0], at + 1)
    return False


def _ways(text: str, strict: Fields | Flaw, today: date) -> list[Fields]:
    """The readings worth offering. Beside a sound strict reading only those that verify more than it does."""
    ways = [way for way in split_without_fnc1(text, today) if way != strict]
    if not isinstance(strict, Flaw):
        known = _evidence(strict, today)
        ways = [way for way in ways if _evidence(way, today) > known]
    return ways


def _choose(text: str, ways: list[Fields], strict: Fields | Flaw, declared: bool, today: date) -> Code | Ambiguous:
    """One way, or all of them with the likeliest first. A verified own key settles the matter."""
    notes = (Note(Reason.FNC1_LOST), *_undeclared(declared))
    ways.sort(key=lambda way: (-_evidence(way, today), len(way)))
    ours = [way for way in ways if own_in(way) is not None]
    if ours and len({own_in(way) for way in ours}) == 1:
        return _code(Form.ELEMENTS, text, ours[0], today, notes)
    if not isinstance(strict, Flaw):
        ways.append(strict)
    if len(ways) == 1:
        return _code(Form.ELEMENTS, text, ways[0], today, notes)
    return Ambiguous(text, tuple(_code(Form.ELEMENTS, text, way, today, notes) for way in ways[:_MAX_PARTS]), notes)


def _evidence(fields: Fields, today: date) -> int:
    """How many fields carry proof of themselves: check digits, an own key, believable dates."""
    proofs = 0
    for ai, value in fields:
        check = FIELDS[ai].check if ai in FIELDS else ""
        if check == "own":
            proofs += isinstance(parse_own(value), Own)
        elif check == "date":
            proofs += _believable(ai, value, today)
        else:
            proofs += check == "mod10"
    return proofs


def _believable(ai: str, value: str, today: date) -> bool:
    """Goods were made in the last 30 years, not in the future, and expire within 30 years of today."""
    day = read_date(value, today)
    if day is None:
        return False
    span = timedelta(days=30 * 365)
    if ai in ("11", "13"):
        return today - span <= day <= today + timedelta(days=31)
    return today - span <= day <= today + span


def _telling(fields: Fields, today: date) -> bool:
    """Whether an undeclared string is a GS1 one beyond doubt: a key that verifies, or dates in company."""
    if any(ai in FIELDS and FIELDS[ai].check == "mod10" for ai, _ in fields) or own_in(fields) is not None:
        return True
    if any(ai == "91" and isinstance(parse_own(value.upper()), Own) for ai, value in fields):
        return True
    dates = [_believable(ai, value, today) for ai, value in fields if ai in FIELDS and FIELDS[ai].check == "date"]
    return len(fields) > 1 and len(dates) > 0 and all(dates)


# ---- Caps Lock and glue -------------------------------------------------------------------


def _caps_lock_shows(text: str) -> bool:
    return text.upper() != text and text.lower() == text


_seam = re.compile(rf"\][A-Za-z][0-9]|91[{_KINDS}{_KINDS.lower()}]|0[012]\d{{14}}|https?://|\(\d{{2,4}}\)", re.ASCII)
_TAILS = (13, 14, 12, 18, 8)
"""Lengths of digits-only codes, the commonest first."""


def _unglue(text: str, hint: str, today: date) -> list[Code]:
    """The codes of a string in which several stand one after the other, each verifying by itself; else
    nothing.
    """
    if len(text) > _MAX_GLUED:
        return []
    return _parts(text, hint, today, _MAX_PARTS)


def _parts(text: str, hint: str, today: date, left: int) -> list[Code]:
    for seam in _seams(text):
        head = _one(text[:seam], hint, today)
        if head is None:
            continue
        rest = text[seam:]
        tail = _one(rest, "", today)
        if tail is not None:
            return [head, tail]
        if left > 2:
            more = _parts(rest, "", today, left - 1)
            if more:
                return [head, *more]
    return []


def _seams(text: str) -> list[int]:
    """Where one code may end and the next begin, likeliest first."""
    end = len(text)
    seams = [end // 2] if end % 2 == 0 and text[: end // 2] == text[end // 2 :] else []
    seams += [m.start() for m in _seam.finditer(text) if m.start() > 0]
    if text.isdigit():
        seams += [n for n in _TAILS if n < end]
    else:
        seams += [end - n for n in _TAILS if n < end and text[end - n :].isdigit()]
        seams += [n for n in _TAILS if n < end and text[:n].isdigit()]
        seams += [i for i in range(3, end - 2) if text[i].upper() in _KINDS]
    return list(dict.fromkeys(seams))


def _one(text: str, hint: str, today: date) -> Code | None:
    """A part by itself, if it is one code that verifies."""
    scan = wedge.clean(text, None)
    if len(scan.lines) != 1:
        return None
    found = _shape(scan.lines[0], _hint(scan.aim, None) or hint, today)
    if isinstance(found, Code) and _identifies(found):
        return _noted_code(found, *scan.notes)
    return None


def _identifies(code: Code) -> bool:
    return code.own is not None or code.gtin is not None or code.sscc is not None or code.content_gtin is not None


def _proofs(code: Code) -> int:
    """How many fields of a code carry proof of themselves."""
    keys = (code.own, code.gtin, code.content_gtin, code.sscc, code.location)
    dates = (code.produced_on, code.packed_on, code.best_before, code.expires_on)
    return sum(value is not None for value in (*keys, *dates))


def _most_proofs(found: Code | Ambiguous) -> int:
    return _proofs(found) if isinstance(found, Code) else max(map(_proofs, found.candidates))


# ---- putting a Code together --------------------------------------------------------------

_TEXTS = {
    "00": "sscc",
    "01": "gtin",
    "02": "content_gtin",
    "10": "batch",
    "20": "variant",
    "21": "serial",
    "400": "order_number",
    "414": "location",
}
_DATES = {"11": "produced_on", "13": "packed_on", "15": "best_before", "17": "expires_on"}


def _code(form: Form, text: str, fields: Fields, today: date, notes: tuple[Note, ...] = ()) -> Code:
    values: dict[str, Any] = {}
    found = list(notes)
    for ai, value in fields:
        if ai in _TEXTS:
            values[_TEXTS[ai]] = value
        elif ai in _DATES:
            values[_DATES[ai]] = _date(ai, value, today, found)
        elif ai == "91":
            own = parse_own(value)
            if isinstance(own, Own):
                values["own"] = own
        elif ai == "37" or (ai == "30" and "count" not in values):
            values["count"] = int(value)
        elif ai[:3] == "310":
            values["weight_grams"] = _grams(value, int(ai[3]), found)
    for name in ("batch", "serial"):
        said = values.get(name)
        if said is not None and said != said.upper() and said == said.lower():
            found.append(Note(Reason.CASE_UNCERTAIN, said))
    if "own" in values and len(fields) == 1:
        form, found = Form.OWN, [note for note in found if note.reason is not Reason.NOT_DECLARED_GS1]
    return Code(form, text, elements=fields, notes=tuple(found), **values)


def _date(ai: str, value: str, today: date, notes: list[Note]) -> date | None:
    day = read_date(value, today)
    if day is None:
        notes.append(Note(Reason.BAD_DATE, f"({ai}){value}"))
    elif value.endswith("00"):
        notes.append(Note(Reason.DAY_ZERO, f"({ai}){value}"))
    return day


def _grams(value: str, decimals: int, notes: list[Note]) -> int:
    """AI 310n is kilograms with n decimals; whole grams, halves rounded up."""
    if decimals <= 3:
        return int(value) * int(10 ** (3 - decimals))
    unit = int(10 ** (decimals - 3))
    if int(value) % unit:
        notes.append(Note(Reason.WEIGHT_ROUNDED, value))
    return (2 * int(value) + unit) // (2 * unit)


def _noted_code(code: Code, *notes: Note) -> Code:
    if not notes:
        return code
    values: dict[str, Any] = {name: getattr(code, name) for name in code.__dataclass_fields__}
    values["notes"] = tuple(dict.fromkeys((*notes, *code.notes)))
    return Code(**values)


def _noted(found: Code | Ambiguous | Note, reason: Reason) -> Code | Ambiguous | Note:
    return found if isinstance(found, Note) else _with_notes(found, (Note(reason),))


def _with_notes(found: Code | Ambiguous, notes: tuple[Note, ...]) -> Code | Ambiguous:
    if not notes:
        return found
    if isinstance(found, Code):
        return _noted_code(found, *notes)
    return Ambiguous(found.text, found.candidates, tuple(dict.fromkeys((*notes, *found.notes))))


_TELLING = (
    Reason.BAD_CHECK_CHARACTER,
    Reason.BAD_CHECK_DIGIT,
    Reason.NOT_A_GS1_LINK,
    Reason.BAD_VALUE,
    Reason.BAD_LENGTH,
    Reason.REPEATED_AI,
)


def _verdict(tried: list[Note]) -> Reason:
    """The most telling of the reasons found; the first attempt's where none stands out."""
    reasons = [note.reason for note in tried]
    return next((reason for reason in _TELLING if reason in reasons), reasons[0])
