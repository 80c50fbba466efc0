"""What the administrators' pages make of what is typed into them, without a server."""

import re
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from api.web.languages import language
from api.web.routes import asked
from api.web.routes.admin.house import _read
from api.web.words import WORDS
from catalog.kernel.parameters import Kind, Parameter, declared

ROOT = Path(__file__).parents[3]
LIMIT = Parameter("test.limit", 500_000, Kind.WHOLE, "fen", name_zh="界限", name_en="Limit", low=0, high=10_000_000)
DAYS = Parameter("test.days", 90, Kind.WHOLE, "days", name_zh="天数", name_en="Days", low=0)


@pytest.mark.parametrize(
    ("typed", "fen"),
    [
        ("5000", 500_000),
        ("¥5,000.00", 500_000),
        ("￥５，０００．５", 500_050),
        (" 12.05 元 ", 1_205),
        ("0", 0),
        ("0.5", 50),
        ("100000", 10_000_000),
        ("100000.01", None),
        ("-1", None),
        ("5.005", None),
        ("1e3", None),
        ("", None),
        ("五千", None),
        ("9" * 30, None),
    ],
)
def test_an_amount_is_typed_in_yuan(typed: str, fen: int | None) -> None:
    assert _read(LIMIT, typed) == fen


def test_other_whole_numbers_stay_as_they_are() -> None:
    assert [_read(DAYS, text) for text in ("90", "90.5", "²")] == [90, None, None]


def test_every_unit_of_a_parameter_has_a_word() -> None:
    import api.app  # noqa: F401  (every feature declares its own)

    assert {one.unit for one in declared() if one.unit} - set(WORDS["unit"]) - {"%", "km/h"} == set()


def test_the_words_of_acts_are_of_acts_that_exist() -> None:
    """A word for an act that nobody does any more helps nobody who searches the trail."""
    said = "\n".join(
        path.read_text()
        for folder in ("api", "catalog", "warehouse")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "words.py"
    )
    unknown = [verb for verb in WORDS["act"] if f'"{verb}"' not in said]
    assert unknown == []
    chinese = language("zh")
    assert not [text for text in WORDS["act"].values() if not re.search(r"[\u4e00-\u9fff]", chinese.text(text))]


@pytest.mark.parametrize(
    ("typed", "day"),
    [("2026-11-26", date(2026, 11, 26)), ("9999-12-31", None), ("0001-01-01", None), ("2026-13-01", None), ("", None)],
)
def test_a_day_has_a_day_after_it(typed: str, day: date | None) -> None:
    assert asked.day(cast("Any", SimpleNamespace(query_params={"until": typed})), "until") == day
