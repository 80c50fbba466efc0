"""Breaking and shrinking of Chinese text. Lengths in ems, so that one measurement serves every size."""

from labels.fonts import Font

_NOT_FIRST = frozenset("，。、；：！？）》〉」』】〕％%,.;:!?)]}”’…·～")
_NOT_LAST = frozenset("（《〈「『【〔([{“‘¥￥#")
_BREAK_AFTER = frozenset(" -/—")


def _breaks_between(left: str, right: str) -> bool:
    if right in _NOT_FIRST or left in _NOT_LAST:
        return False
    return left in _BREAK_AFTER or left >= "\u2e80" or right >= "\u2e80"


def wrap(text: str, font: Font, ems: float) -> list[str]:
    """Lines of at most `ems`, broken between Chinese characters or words, inside a word only if it must be."""
    lines: list[str] = []
    start, length, good = 0, 0.0, 0
    widths = font.widths
    at = 0
    while at < len(text):
        char = text[at]
        length += widths[char]
        if at > start and _breaks_between(text[at - 1], char):
            good = at
        if length > ems + 1e-9 and at > start and char != " ":
            stop = good if good > start else at
            lines.append(text[start:stop].rstrip())
            start = stop
            while start < len(text) and text[start] == " ":
                start += 1
            at, length, good = start, 0.0, start
            continue
        at += 1
    rest = text[start:].rstrip()
    if rest or not lines:
        lines.append(rest)
    return lines


def shorten(text: str, font: Font, ems: float) -> str:
    """The text, or as much of it as fits with an ellipsis."""
    if font.ems(text) <= ems:
        return text
    room = ems - font.widths["…"]
    used = 0.0
    for at, char in enumerate(text):
        used += font.widths[char]
        if used > room:
            return text[:at].rstrip() + "…"
    return text
