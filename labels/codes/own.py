"""Own keys, read and written side by side.

An own key is printed as kind letter + key + check character, for example lot `L260004` + check. Inside a GS1
symbol it stands behind AI 91 ("company internal information"); typed by hand it stands alone.

Alphabet: digits and capital letters without I and O (34 characters), so 0/O and 1/I cannot be mixed up: a
typed O is a 0, a typed I is a 1. Case carries nothing, so Caps Lock does no harm.

Check character: the hybrid system of ISO 7064 (MOD M+1,M) with M = 34 instead of 36 because of the two
missing letters. As M + 1 is odd, doubling is a bijection and every single wrong character is caught; most
neighbours exchanged are caught too (the tests state how many).
"""

import re

from labels.codes.model import Own, OwnKind, Reason
from labels.errors import BadCode

ALPHABET = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
MAX_KEY = 16
"""Longest key, in characters: kind, key and check stay below the 20 characters of AI 10, and the symbol
small.
"""

_M = len(ALPHABET)
_KINDS = {kind.value: kind for kind in OwnKind}
_CLASS = "[0-9A-HJ-NP-Z]"
_GRAMMAR = rf"([{''.join(_KINDS)}])({_CLASS}{{1,{MAX_KEY}}})({_CLASS})"
_whole = re.compile(_GRAMMAR).fullmatch
_key = re.compile(rf"{_CLASS}{{1,{MAX_KEY}}}").fullmatch
_scanned = re.compile(rf"(?:\](?:C1|d2|Q3))?(91{_GRAMMAR})(?:\r?\n|\r)?").fullmatch
_inner = re.compile(rf"91[{''.join(_KINDS)}]").search

LOOKALIKES = str.maketrans("IO", "10")


def _step(state: int, value: int) -> int:
    return 2 * ((state + value) % _M or _M) % (_M + 1)


_NEXT = tuple({c: _step(s, v) for v, c in enumerate(ALPHABET)} for s in range(_M + 1))


def check_character(text: str) -> str:
    """The check character of a kind letter and key (ISO 7064 hybrid system, M = 34)."""
    state = _M
    for char in text:
        state = _NEXT[state][char]
    return ALPHABET[(1 - state) % _M]


def own_text(kind: OwnKind, key: str) -> str:
    """The own key as people see and type it: kind, key, check character. Raises BadCode for a bad key."""
    if not _key(key):
        raise BadCode(
            "labels.bad-own-key",
            f"own key {key!r} must have 1 to {MAX_KEY} of the characters {ALPHABET}",
            {"key": key, "kind": kind.name.lower()},
        )
    body = kind.value + key
    return body + check_character(body)


def write_own(kind: OwnKind, key: str) -> str:
    """The GS1 element string (91) of an own key: what goes into a symbol."""
    return "91" + own_text(kind, key)


def parse_own(text: str) -> Own | Reason:
    """An own key from its bare capital form, or why it is none.

    BAD_CHECK_CHARACTER means: the shape is right, a character is wrong.
    """
    m = _whole(text)
    if m is None:
        return Reason.UNKNOWN_SHAPE
    return _verified(m[1], m[2], m[3])


def parse_scanned(raw: str) -> tuple[str, Own] | None:
    """The hot path: a scan that is nothing but (91) own key, as a scanner sends it. None: look closer."""
    m = _scanned(raw)
    if m is None:
        return None
    key = m[3]
    if "91" in key and _inner(key):
        return None  # perhaps two codes glued together
    own = _verified(m[2], key, m[4])
    return None if isinstance(own, Reason) else (m[1], own)


def _verified(letter: str, key: str, check: str) -> Own | Reason:
    row = _NEXT[_NEXT[_M][letter]]
    state = 0
    for char in key:
        state = row[char]
        row = _NEXT[state]
    if ALPHABET[(1 - state) % _M] != check:
        return Reason.BAD_CHECK_CHARACTER
    return Own(_KINDS[letter], key)
