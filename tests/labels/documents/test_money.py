"""Fen on paper. Examples of the People's Bank rule on writing amounts, and the places where zeros hide."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labels.documents import capital_yuan, yuan
from labels.errors import LabelProblem


@pytest.mark.parametrize(
    ("fen", "text"),
    [(0, "0.00"), (5, "0.05"), (123_456_789, "1,234,567.89"), (-1_850, "-18.50"), (100, "1.00")],
)
def test_yuan(fen: int, text: str) -> None:
    assert yuan(fen) == text


@given(st.integers(-(10**15), 10**15))
def test_yuan_loses_nothing(fen: int) -> None:
    assert int(yuan(fen).replace(",", "").replace(".", "")) == fen


@pytest.mark.parametrize(
    ("fen", "text"),
    [
        (140_950, "壹仟肆佰零玖元伍角整"),
        (600_714, "陆仟零柒元壹角肆分"),
        (168_032, "壹仟陆佰捌拾元零叁角贰分"),
        (10_700_053, "壹拾万柒仟元零伍角叁分"),
        (1_640_902, "壹万陆仟肆佰零玖元零贰分"),
        (32_504, "叁佰贰拾伍元零肆分"),
        (0, "零元整"),
        (1, "壹分"),
        (10, "壹角整"),
        (100, "壹元整"),
        (1_000_000, "壹万元整"),
        (10_010_000, "壹拾万零壹佰元整"),
        (38_755_600, "叁拾捌万柒仟伍佰伍拾陆元整"),
        (10_000_000_100, "壹亿零壹元整"),
        (12_000_000_000, "壹亿贰仟万元整"),
        (-100, "负壹元整"),
    ],
)
def test_capital_characters(fen: int, text: str) -> None:
    assert capital_yuan(fen) == text


def test_absurd_amounts_are_refused() -> None:
    with pytest.raises(LabelProblem) as refusal:
        capital_yuan(10**14)
    assert refusal.value.code == "labels.amount-too-large"


@given(st.integers(0, 10**14 - 1), st.integers(0, 10**14 - 1))
def test_different_amounts_read_differently(one: int, other: int) -> None:
    assert (capital_yuan(one) == capital_yuan(other)) == (one == other)
