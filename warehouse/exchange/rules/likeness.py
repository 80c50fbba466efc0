"""How alike two names are, from 0 to 100: by characters, by sound (pinyin), by what one contains of the other."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from catalog.kernel import search

SURE = 90
"""From here on a name passes without a question."""
LIKELY = 60
"""From here on it is worth being offered."""
_NOISE = re.compile(r"(?<!\d)\.|\.(?!\d)|[\s\-_/\\|,;:'\"()\[\]{}<>*#·、，。；：（）【】《》“”‘’×＊]+")


@lru_cache(maxsize=50_000)
def bare(text: str) -> str:
    """A name without what people write differently: width, case, spaces, brackets, × and *."""
    plain = (
        unicodedata.normalize("NFKC", text).casefold().replace("平方米", "㎡").replace("平米", "㎡").replace("m2", "㎡")
    )
    return _NOISE.sub("", unicodedata.normalize("NFKC", plain))


@lru_cache(maxsize=50_000)
def sound(text: str) -> str:
    """Full pinyin of the bare name; empty where it has no Chinese characters."""
    short = bare(text)
    return search.pinyin(short) if any(c > "\u2e7f" for c in short) else ""


@lru_cache(maxsize=50_000)
def _pairs(text: str) -> Counter[str]:
    return Counter(text[n : n + 2] for n in range(len(text) - 1)) if len(text) > 1 else Counter([text])


def likeness(first: str, second: str) -> int:
    """100 for the same bare name; 95 for one of Chinese names that sound alike; else by shared pairs of characters."""
    a, b = bare(first), bare(second)
    if not a or not b:
        return 0
    if a == b:
        return 100
    pairs_a, pairs_b = _pairs(a), _pairs(b)
    shared = sum((pairs_a & pairs_b).values())
    score = int(180 * shared / (pairs_a.total() + pairs_b.total()))
    if len(a) >= 2 and len(b) >= 2:
        short, long_ = sorted((a, b), key=len)
        if short in long_:
            score = max(score, 60 + 25 * len(short) // len(long_))
        if set(a) & set(b) and abs(len(a) - len(b)) <= 1 and sound(a) and sound(a) == sound(b):
            score = max(score, 88)
    return min(score, 89)


class Names:
    """Many known names, each leading to something; `best` finds those that are most like a written one.

    Only names that share a character (or the sound) are compared, so that ten thousand rows stay quick.
    """

    def __init__(self, names: Iterable[tuple[str, str, int]]) -> None:
        """`names` are (name, what it leads to, most it may score)."""
        self._exact: dict[str, list[tuple[str, int]]] = {}
        self._by_character: dict[str, list[int]] = {}
        self._names: list[tuple[str, str, int]] = []
        for name, target, most in names:
            short = bare(name)
            if not short:
                continue
            self._exact.setdefault(short, []).append((target, most))
            for character in set(short):
                self._by_character.setdefault(character, []).append(len(self._names))
            self._names.append((name, target, most))
        self._seen: dict[str, list[tuple[str, int]]] = {}

    def exact(self, name: str) -> list[tuple[str, int]]:
        """What exactly this (bare) name leads to, with its score."""
        return self._exact.get(bare(name), [])

    def best(self, name: str, most: int = 5) -> list[tuple[str, int]]:
        """(target, score), the likest first, none twice, none below 30."""
        if name not in self._seen:
            self._seen[name] = self._compared(name)
        return self._seen[name][:most]

    def _compared(self, name: str) -> list[tuple[str, int]]:
        near: Counter[int] = Counter()
        for character in set(bare(name)):
            near.update(self._by_character.get(character, ()))
        scores: dict[str, int] = {}
        for index, _ in near.most_common(300):
            known, target, limit = self._names[index]
            score = likeness(name, known) * limit // 100
            if score >= 30 and score > scores.get(target, 0):
                scores[target] = score
        return sorted(scores.items(), key=lambda one: (-one[1], one[0]))[:10]
