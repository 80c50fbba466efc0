"""What keyboard wedges, input methods and people do to a code before it arrives, undone.

Only what is certain is put right here, and each repair is noted. What needs the meaning of the code (Caps
Lock without a tell-tale, lost FNC1, glued codes) is left to the reader.
"""

import re
import unicodedata
from dataclasses import dataclass

from labels.codes.gs1 import GS
from labels.codes.model import Note, Reason

GS1_SYMBOLS = frozenset({"]C1", "]d2", "]Q3", "]e0", "]e1", "]e2", "]J1"})
"""Symbology identifiers that promise GS1 element strings (ISO/IEC 15424): GS1-128, DataMatrix, QR, DataBar,
DotCode.
"""

_aim = re.compile(r"\][A-Za-z][0-9A-Za-z]").match
_INVERTED = {prefix.swapcase(): prefix for prefix in ("]C1", "]C0", "]d2", "]d1", "]Q3", "]Q1", "]I1", "]J1")}
"""Prefixes as Caps Lock sends them. `]e0` and `]E0` both exist and are told apart by what follows."""

_plain = re.compile(r"[!-~\x1d]*").fullmatch
_line = re.compile(r"[\r\n\t\v\f\x85\u2028\u2029]+").split
_spaces = re.compile(r"[^\S\x1d]+")  # the group separator counts as white space in Python

# what some scanners type instead of the group separator: names, visible pictures, Latin-1 FNC1
_NAMED_GS = re.compile(r"<GS>|\{GS\}|\[GS\]|<FNC1>|\{FNC1\}|\^\]|\\x1[dD]|\\u001[dD]|\u241d|\xe8|\xf1", re.IGNORECASE)
# characters outside the GS1 set 82 that scanners are configured to type instead of it
_STAND_INS = re.compile(r"[|~^#@\\]")
# Chinese punctuation that compatibility normalisation leaves alone
_PUNCTUATION = str.maketrans(
    {
        "】": "]",
        "【": "[",
        "。": ".",
        "、": "/",
        "《": "<",
        "》": ">",
        "「": "{",
        "」": "}",
        "—": "-",
        "–": "-",
    }
)


@dataclass(frozen=True, slots=True)
class Scan:
    """A cleaned scan: its lines, the symbology identifier if one is known, and what was repaired."""

    lines: tuple[str, ...]
    aim: str | None
    notes: tuple[Note, ...]


def clean(raw: str, aim: str | None) -> Scan:
    """Take off prefix, line ends and width; keep inner spaces and separators for the reader to judge."""
    notes: tuple[Note, ...] = ()
    text = raw
    if not _plain(raw):
        text, notes = _narrow(raw)
    text, aim, inverted = _take_aim(text, aim)
    if inverted:
        text = text.swapcase()
        notes = (*notes, Note(Reason.CASE_INVERTED))
    text, replaced = _NAMED_GS.subn(GS, text) if _may_name_gs(text) else (text, 0)
    if replaced:
        notes = (*notes, Note(Reason.SEPARATOR_REPLACED))
    lines = tuple(part for part in (line.strip(" " + GS) for line in _line(text)) if part)
    return Scan(lines, aim, notes)


def _narrow(raw: str) -> tuple[str, tuple[Note, ...]]:
    """Full-width characters made narrow, invisible ones dropped."""
    text = raw
    notes: tuple[Note, ...] = ()
    if not raw.isascii():
        text = text.replace("\xa0", " ").replace("\u3000", " ")
        narrow = _NAMED_GS.sub(GS, unicodedata.normalize("NFKC", text).translate(_PUNCTUATION))
        if narrow != text:
            notes = (Note(Reason.FULL_WIDTH),)
        text = narrow
    text = "".join(c for c in text if c in "\x1d\r\n\t\v\f" or unicodedata.category(c) not in ("Cc", "Cf"))
    return text.strip(), notes


def _may_name_gs(text: str) -> bool:
    return not text.isalnum() and any(c in text for c in "<{[^\\\u241d\xe8\xf1")


def _take_aim(text: str, aim: str | None) -> tuple[str, str | None, bool]:
    """Split off a leading symbology identifier; tell whether its case shows that Caps Lock was on."""
    text = text.lstrip()
    m = _aim(text)
    if m is None:
        return text, aim, False
    found = m[0]
    rest = text[3:]
    if aim is not None and found.lower() == aim.lower():
        return rest, aim, found != aim
    if found in _INVERTED:
        return rest, _INVERTED[found], True
    digits = rest.strip()
    retail = digits.isdigit() and len(digits) in (8, 12, 13)
    if found == "]e0" and retail:
        return rest, "]E0", True
    if found == "]E0" and not retail and len(digits) > 18:
        return rest, "]e0", True
    return rest, found, False


def without_spaces(text: str) -> str | None:
    """The text with its inner spaces gone, or None when there are none."""
    close, times = _spaces.subn("", text)
    return close if times else None


def spaces_as_separators(text: str) -> str:
    """The text with each run of spaces read as a separator that a scanner typed as a space."""
    return _spaces.sub(GS, text)


def stand_ins_as_separators(text: str) -> str | None:
    """The text with `|`, `~`, `^`, `#`, `@` or `\\` read as separators, or None when there are none."""
    replaced, times = _STAND_INS.subn(GS, text)
    return replaced if times else None
