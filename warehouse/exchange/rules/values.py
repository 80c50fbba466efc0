"""What people write into cells: quantities, days, money, words. A reading says how precise it is; it never guesses.

A day that is only a month or a year stays one; "约50" stays about fifty; "3年" is a life, not a day.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache

from warehouse.exchange.model import Cell

_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "○": 0, "两": 2, "壹": 1, "贰": 2, "叁": 3}
_STEPS = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
_CHINESE = "".join([*_DIGITS, *_STEPS, "万"])
DITTO = frozenset({"同上", "同前", "〃", '"', "″", "''", "”", "“", "--同上--", "〞"})
NOTHING = frozenset(
    {"", "/", "\\", "-", "--", "—", "——", "无", "暂无", "不详", "未知", "不明", "none", "n/a", "na", "null"}
)
FOREVER = re.compile(r"(长期(有效|使用|保存)?|永久(有效)?|无限期|无期限|不限(期)?|无有效期|long[- ]?term|no expiry)")


def plain(value: Cell) -> str:
    """A cell as one line of ordinary characters: full-width made ordinary, no stray spaces; integers without ".0"."""
    if isinstance(value, str):
        return _plain_text(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return str(int(value)) if abs(value) < 1e15 and value == int(value) else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    return _plain_text(str(value))


@lru_cache(maxsize=200_000)
def _plain_text(value: str) -> str:
    """Cached: a column says the same again and again."""
    if value.isascii() and value.isprintable():
        return " ".join(value.split())
    text = unicodedata.normalize("NFKC", value)
    return " ".join("".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text).split())


def is_ditto(value: Cell) -> bool:
    """Whether a cell says "as above"."""
    return isinstance(value, str) and len(value) < 12 and (plain(value) in DITTO or value.strip() in DITTO)


def is_nothing(value: Cell) -> bool:
    """Whether a cell says nothing: empty, a dash, 无, 不详."""
    return plain(value).casefold() in NOTHING


def chinese_number(text: str) -> int | None:
    """Up to 9999 万 in Chinese numerals; None for anything else: chinese_number("三百二十") == 320."""
    if not text or any(c not in _CHINESE for c in text):
        return None
    if all(c in _DIGITS for c in text):
        return int("".join(str(_DIGITS[c]) for c in text)) if len(text) < 2 else None
    total = section = digit = 0
    for c in text:
        if c in _DIGITS:
            digit = _DIGITS[c]
        elif c == "万":
            total, section, digit = total + (section + digit) * 10_000, 0, 0
        else:
            section, digit = section + (digit or 1) * _STEPS[c], 0
    return total + section + digit


# --- quantities -------------------------------------------------------------------------------------------------

_ABOUT_BEFORE = r"(?:大?约莫?|近|将近|大概|大致|至少|不少于|超过|>=?|≥|≈|~|上)"
_ABOUT_AFTER = r"(?:余|多|来|左右|上下|以上|几)"
_NUMBER = r"(?:[0-9]+(?:\.[0-9]+)?|[" + _CHINESE + r"]+)"
_ONE = re.compile(
    rf"(?P<before>{_ABOUT_BEFORE})?\s*(?P<number>{_NUMBER})\s*(?P<scale>[万千百亿])?\s*(?P<after>{_ABOUT_AFTER})?\s*"
    rf"(?P<unit>[^\d\s,.;、/~-]{{0,8}}?[²³23]?)\s*(?P<late>{_ABOUT_AFTER})?"
).fullmatch
_RANGE = re.compile(rf"{_NUMBER}\s*(?:-|~|—|–|至|到)\s*{_NUMBER}\s*\D{{0,6}}").fullmatch
_WORDS = ("若干", "少量", "许多", "大量", "一批", "数十", "数百", "数千", "几十", "几百", "不等", "待盘点", "待核")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_SCALES = {None: 1, "": 1, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with the unit that stands beside it in the same cell, if one does."""

    number: Fraction
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Quantity:
    """`amounts` as written; `vague` is empty for a precise figure, else about, range, several, words, missing or
    unreadable."""

    amounts: tuple[Amount, ...]
    vague: str = ""


def read_quantity(value: Cell) -> Quantity:
    """What a cell says about how many."""
    if isinstance(value, bool | date):
        return Quantity((), "unreadable")
    if isinstance(value, int | float):
        if isinstance(value, float) and not abs(value) < 1e15:
            return Quantity((), "unreadable")
        return Quantity((Amount(Fraction(repr(value) if isinstance(value, float) else value)),))
    return _quantity_of(plain(value))


@lru_cache(maxsize=50_000)
def _quantity_of(text: str) -> Quantity:
    if text.casefold() in NOTHING:
        return Quantity((), "missing")
    if any(word in text for word in _WORDS):
        return Quantity((), "words")
    text = _THOUSANDS.sub("", text)
    sign = -1 if re.match(r"-\s*\d", text) else 1
    text = text.lstrip("+-") if sign < 0 or text.startswith("+") else text
    if _RANGE(text):
        ends = re.findall(r"[0-9.]+", text)
        return Quantity(tuple(Amount(Fraction(end)) for end in ends if re.fullmatch(r"\d+(\.\d+)?", end)), "range")
    parts = [part for part in re.split(r"[/、;]|\s*\+\s*|\s*=\s*|\(|\)", text) if part.strip()]
    amounts, about = [], False
    for part in parts or [text]:
        found = _ONE(part.strip())
        number = _number(found["number"]) if found else None
        if found is None or number is None:
            return Quantity((), "unreadable")
        about = about or bool(found["before"] or found["after"] or found["late"])
        amounts.append(Amount(sign * number * _SCALES[found["scale"]], found["unit"] or ""))
    if len(amounts) > 1:
        return Quantity(tuple(amounts), "several")
    return Quantity(tuple(amounts), "about" if about else "")


def _number(text: str) -> Fraction | None:
    if text[0].isascii():
        return Fraction(text)
    whole = chinese_number(text)
    return None if whole is None else Fraction(whole)


# --- days ---------------------------------------------------------------------------------------------------------

FIRST_YEAR, LAST_YEAR = 1950, 2100
_SEPARATOR = r"[-/.\s年]"
_FULL = re.compile(
    rf"(\d{{4}})\s*{_SEPARATOR}\s*(\d{{1,2}})\s*[-/.\s月]\s*(\d{{1,2}})\s*[日号]?(?:[ T]\d{{1,2}}:\d{{2}}.*)?"
).fullmatch
_MONTH = re.compile(rf"(\d{{4}})\s*{_SEPARATOR}\s*(\d{{1,2}})\s*月?\s*份?").fullmatch
_YEAR = re.compile(r"(\d{4})\s*(?:年度?|年[初底末])?").fullmatch
_SHORT = re.compile(r"(\d{2})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?").fullmatch
_SHORT_MONTH = re.compile(r"(\d{2})\s*年\s*(\d{1,2})\s*月份?").fullmatch
_LAST = re.compile(r"(\d{1,2})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{4})").fullmatch
_LIFE = re.compile(rf"(\d{{1,4}}|[{_CHINESE}]{{1,4}})\s*个?\s*(年半|年|月|天|日|year|years|months?|days?)").fullmatch
_FRAME = re.compile(
    r"^(有效期[至到]?|保质期[至到]?|失效日期|到期日?|生产日期|购于|产于|至|到)\s*[::]?\s*|\s*(生产|产|购置?|出厂|到期|前|止)$"
)


@dataclass(frozen=True, slots=True)
class Moment:
    """What a cell says about when.

    `kind`: day (`days[0]`), month, year (`year`, `month`), life (`months` or `life_days`), forever, missing, serial or
    either (`days` are what it may mean), unreadable.
    """

    kind: str
    days: tuple[date, ...] = ()
    year: int = 0
    month: int = 0
    months: int = 0
    life_days: int = 0


UNREADABLE = Moment("unreadable")


def read_moment(value: Cell) -> Moment:
    """What a cell says about when."""
    if isinstance(value, bool):
        return UNREADABLE
    if isinstance(value, date):
        day = value.date() if isinstance(value, datetime) else value
        return Moment("day", (day,)) if FIRST_YEAR <= day.year <= LAST_YEAR else UNREADABLE
    if isinstance(value, int | float):
        return _from_number(value)
    return _moment_of(plain(value))


@lru_cache(maxsize=50_000)
def _moment_of(text: str) -> Moment:
    if text.casefold() in NOTHING:
        return Moment("missing")
    if FOREVER.fullmatch(text.casefold()):
        return Moment("forever")
    return _from_text(_in_digits(_FRAME.sub("", text).strip()))


def _from_number(value: int | float) -> Moment:
    if not abs(value) < 1e15:
        return UNREADABLE
    if value == int(value):
        whole = int(value)
        if 10_000_000 <= whole <= 99_999_999 or 190_000 <= whole <= 210_012 or FIRST_YEAR <= whole <= LAST_YEAR:
            return _from_text(str(whole))
        if 18_000 <= whole <= 74_000:  # 1949 to 2102 as Excel counts days
            return Moment("serial", (date(1899, 12, 30) + timedelta(days=whole),))
        return UNREADABLE
    text = repr(float(value))
    year, _, month = text.partition(".")
    if month == "1":  # a number cell shows October and January alike
        return Moment("either", tuple(d for m in (10, 1) if (d := _day(int(year), m, 1))), int(year))
    return _from_text(text)


def _from_text(text: str) -> Moment:
    if found := _FULL(text):
        return _one(_day(*map(int, found.groups())))
    if re.fullmatch(r"\d{8}", text):
        return _one(_day(int(text[:4]), int(text[4:6]), int(text[6:])))
    if re.fullmatch(r"\d{6}", text):
        return _month(int(text[:4]), int(text[4:]))
    if found := _MONTH(text):
        return _month(int(found[1]), int(found[2]))
    if found := _YEAR(text):
        year = int(found[1])
        return Moment("year", year=year) if FIRST_YEAR <= year <= LAST_YEAR else UNREADABLE
    if found := _SHORT(text):
        day = _day(2000 + int(found[1]), int(found[2]), int(found[3]))
        return _one(day) if "年" in text else (Moment("either", (day,)) if day else UNREADABLE)
    if found := _SHORT_MONTH(text):
        return _month(2000 + int(found[1]), int(found[2]))
    if re.fullmatch(r"\d{5}", text):
        return _from_number(int(text))  # a day as Excel counts them, kept as text
    if found := _LAST(text):
        first, second, year = int(found[1]), int(found[2]), int(found[3])
        days = tuple(dict.fromkeys(d for d in (_day(year, second, first), _day(year, first, second)) if d))
        return Moment("day" if len(days) == 1 else "either", days) if days else UNREADABLE
    if found := _LIFE(text):
        return _life(found[1], found[2])
    return UNREADABLE


def _in_digits(text: str) -> str:
    """Chinese numerals of a date as digits: 二〇二三年五月 → 2023年5月."""
    text = re.sub(r"[〇○零一二三四五六七八九]{4}(?=年)", lambda m: "".join(str(_DIGITS[c]) for c in m[0]), text)
    if re.match(r"\d{4}年", text):
        return re.sub(r"[十一二三四五六七八九]+(?=[月日号])", lambda m: str(chinese_number(m[0]) or m[0]), text)
    return text


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if FIRST_YEAR <= year <= LAST_YEAR else None
    except ValueError:
        return None


def _one(day: date | None) -> Moment:
    return Moment("day", (day,)) if day else UNREADABLE


def _month(year: int, month: int) -> Moment:
    if FIRST_YEAR <= year <= LAST_YEAR and 1 <= month <= 12:
        return Moment("month", year=year, month=month)
    return UNREADABLE


def _life(number: str, unit: str) -> Moment:
    count = int(number) if number.isascii() else chinese_number(number) or 0
    if not 0 < count <= 1200:
        return UNREADABLE
    if unit == "年半":
        return Moment("life", months=count * 12 + 6)
    if unit in ("年", "year", "years"):
        return Moment("life", months=count * 12)
    if unit in ("月", "month", "months"):
        return Moment("life", months=count)
    return Moment("life", life_days=count)


def first_of(moment: Moment) -> date:
    """The first day that a month or year can mean."""
    return date(moment.year, moment.month or 1, 1)


def last_of(moment: Moment) -> date:
    """The last day that a month or year can mean."""
    year, month = (moment.year, moment.month + 1) if moment.month else (moment.year + 1, 1)
    return date(year + (month > 12), (month - 1) % 12 + 1, 1) - timedelta(days=1)


def after_life(produced: date, moment: Moment) -> date | None:
    """The last usable day of goods made on `produced` that keep so long: the day before the date comes round again
    (the expiry day itself is still usable, DESIGN section 4). None beyond the calendar."""
    if moment.life_days:
        return produced + timedelta(days=moment.life_days - 1)
    year, month = divmod(produced.year * 12 + produced.month - 1 + moment.months, 12)
    if year > LAST_YEAR:
        return None
    for day in (produced.day, 30, 29, 28):
        if day <= produced.day and (found := _day(year, month + 1, day)):
            return found - timedelta(days=1) if day == produced.day else found
    return None


# --- money, yes and no ----------------------------------------------------------------------------------------------


def read_fen(value: Cell) -> int | None:
    """Yuan as whole fen; None where it is no amount of at most two decimals."""
    text = plain(value).replace("¥", "").replace("元", "").replace("/", "").strip()
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)
    scale = 10_000 if text.endswith("万") else 1
    text = text.removesuffix("万")
    if not re.fullmatch(r"\d{1,12}(\.\d{1,8})?", text):
        return None
    fen = round(Fraction(text) * 100 * scale, 6)
    if isinstance(value, float):
        fen = Fraction(round(fen))
    return int(fen) if fen.denominator == 1 else None


def read_yes(value: Cell) -> bool | None:
    """Yes or no; None for anything else."""
    text = plain(value).casefold()
    if text in ("是", "有", "对", "√", "✓", "y", "yes", "true", "1"):
        return True
    return False if text in ("否", "无", "不", "×", "x", "n", "no", "false", "0") else None
