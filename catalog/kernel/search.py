"""Text as people look for it: whole words, full pinyin, initials (the embedded database has no pg_trgm: DESIGN 13).

A search column holds `|token|token|…|`, lower case, without spaces inside tokens. `zp`, `zhangpeng` and `帐篷` all find
帐篷; a token that is equal ranks before one that begins so, and that before one that contains it.
"""

import unicodedata
from dataclasses import dataclass

LONGEST_QUERY = 100
MOST_TERMS = 8
_LONGEST_COLUMN = 8000


def normal(text: str) -> str:
    """Lower case, full-width forms made ordinary, no control characters, single spaces."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(" " if unicodedata.category(c)[0] in "CZ" or c == "|" else c for c in plain)
    return " ".join(kept.split())


def pinyin(text: str) -> str:
    """Full pinyin without tones or spaces: pinyin("帐篷") == "zhangpeng". What lists are sorted by."""
    from pypinyin import lazy_pinyin  # 58 MB of phrases: only for who writes names

    return "".join(lazy_pinyin(normal(text))).replace(" ", "")


def initials(text: str) -> str:
    """First letters: initials("帐篷") == "zp"."""
    from pypinyin import Style, lazy_pinyin

    return "".join(lazy_pinyin(normal(text), style=Style.FIRST_LETTER)).replace(" ", "")


def search_text(*texts: str | None) -> str:
    """The search column of a row that should be found by any of `texts`."""
    tokens: dict[str, None] = {}
    for text in texts:
        plain = normal(text or "")
        if not plain:
            continue
        words = [plain.replace(" ", ""), *plain.split()]
        if any(c > "\u2e7f" for c in plain):
            words += [pinyin(plain), initials(plain)]
        tokens.update(dict.fromkeys(words))
    return ("|" + "|".join(tokens) + "|")[:_LONGEST_COLUMN] if tokens else ""


@dataclass(frozen=True, slots=True)
class Sought:
    """LIKE patterns of one query: every one of `contains` must match; `exact` and `prefix` only rank."""

    exact: str
    prefix: str
    contains: tuple[str, ...]


def sought(query: str | None) -> Sought | None:
    """The patterns of what was typed; None if it says nothing."""
    terms = normal((query or "")[:LONGEST_QUERY]).split()[:MOST_TERMS]
    if not terms:
        return None
    escaped = [t.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for t in terms]
    whole = "".join(escaped)
    return Sought(f"%|{whole}|%", f"%|{whole}%", tuple(f"%{t}%" for t in escaped))
