"""Unit words: which mean the same, which are measures, which are only counters.

顶, 个 and 件 are counters: that one is the other is asked once, never assumed. 公斤 and kg are the same measure.
"""

import re
from fractions import Fraction

from catalog.kernel.quantity import Dimension

_MEASURES: dict[Dimension, dict[str, int]] = {
    Dimension.GRAM: {"克": 1, "g": 1, "公斤": 1000, "千克": 1000, "kg": 1000, "斤": 500, "吨": 10**6, "t": 10**6},
    Dimension.MILLILITRE: {
        "毫升": 1,
        "ml": 1,
        "升": 1000,
        "l": 1000,
        "公升": 1000,
        "立方米": 10**6,
        "m³": 10**6,
        "m3": 10**6,
        "立方": 10**6,
        "方": 10**6,
    },
    Dimension.MILLIMETRE: {
        "毫米": 1,
        "mm": 1,
        "厘米": 10,
        "cm": 10,
        "米": 1000,
        "m": 1000,
        "公里": 10**6,
        "km": 10**6,
        "千米": 10**6,
    },
    Dimension.SQUARE_CENTIMETRE: {
        "平方厘米": 1,
        "cm²": 1,
        "平方米": 10**4,
        "㎡": 10**4,
        "m²": 10**4,
        "m2": 10**4,
        "平米": 10**4,
        "平方": 10**4,
        "亩": 6_666_667,
    },
}
COUNTERS = frozenset(
    (
        "个",
        "只",
        "件",
        "顶",
        "具",
        "把",
        "台",
        "条",
        "张",
        "床",
        "套",
        "根",
        "双",
        "支",
        "艘",
        "架",
        "部",
        "副",
        "辆",
        "块",
        "片",
        "节",
        "座",
        "面",
        "组",
        "名",
        "枚",
        "盏",
        "艇",
        "瓶",
        "盒",
        "罐",
        "口",
        "匹",
        "樘",
        "台套",
        "只套",
    )
)
PACKS = frozenset(
    ("箱", "包", "捆", "袋", "盘", "卷", "打", "筐", "提", "桶", "托", "扎", "匝", "车", "批", "板", "件箱")
)
_BRACKETS = re.compile(r"^(.*?)\s*[(（\[【]\s*([^()（）\[\]【】]{1,8})\s*[)）\]】]\s*$")
_STROKE = re.compile(r"^(.+?)\s*[/／]\s*([^/／()（）\s]{1,4})\s*$")
"""A unit after a stroke: 铁锹/把."""
_SCALES = {"千": 1000, "万": 10_000}


def known(word: str) -> bool:
    """Whether a word is a unit at all."""
    return word in COUNTERS or word in PACKS or any(word.casefold() in one for one in _MEASURES.values())


def measure(dimension: Dimension, word: str) -> int | None:
    """Base units in one of a measure word of this dimension: measure(GRAM, "公斤") == 1000; None for others."""
    return _MEASURES.get(dimension, {}).get(word.casefold().strip())


def split_heading(heading: str) -> tuple[str, str]:
    """A heading and the unit in its brackets: split_heading("救灾帐篷(顶)") == ("救灾帐篷", "顶")."""
    found = _BRACKETS.match(heading) or _STROKE.match(heading)
    if found and all(known(scaled(part.strip())[1]) for part in re.split(r"[/、,，]", found[2])):
        return found[1].strip(), found[2].strip()
    return heading, ""


def scaled(word: str) -> tuple[int, str]:
    """A unit and how many of it a written one is: scaled("万条") == (10000, "条")."""
    scale = _SCALES.get(word[:1], 1) if len(word) > 1 else 1
    return scale, word[1:] if scale > 1 else word


def per_pack(note: str) -> tuple[str, Fraction, str] | None:
    """What a remark says of a pack: per_pack("每捆50条") == ("捆", 50, "条"); None where it says nothing."""
    found = re.search(
        r"(?:每|1|一)\s*([^\d\s]{1,2}?)\s*(?:装|有|含|=|为|约)?\s*([0-9]+(?:\.[0-9]+)?)\s*([^\d\s,.;，。；)）]{1,3})",
        note,
    )
    return (found[1], Fraction(found[2]), found[3]) if found else None
