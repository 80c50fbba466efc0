"""What people type finds what they mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.kernel.search import initials, normal, pinyin, search_text, sought


@pytest.mark.parametrize("typed", ["帐篷", "zhangpeng", "zp", "ZP", "ｚｐ", "Tent", "tent 12", "12", "12m2"])
def test_name_pinyin_initials_and_foreign_name_match(typed: str) -> None:
    column = search_text("单帐篷", "Relief tent", "12㎡", "帐篷")
    wanted = sought(typed)
    assert wanted is not None
    assert all(pattern.strip("%") in column for pattern in wanted.contains)


def test_initials_and_pinyin() -> None:
    assert pinyin("帐篷") == "zhangpeng"
    assert initials("帐篷") == "zp"


@pytest.mark.parametrize("nothing", [None, "", "  ", "|", "\x00", "\u200b"])
def test_nothing_sought_is_nothing(nothing: str | None) -> None:
    assert sought(nothing) is None


@given(st.text(max_size=200))
def test_patterns_never_let_a_wildcard_through(typed: str) -> None:
    wanted = sought(typed)
    for pattern in wanted.contains if wanted else ():
        inner = pattern[1:-1].replace("\\\\", "").replace("\\%", "").replace("\\_", "")
        assert not {"%", "_", "\\", "|"} & set(inner)


@given(st.text(max_size=50), st.text(max_size=50))
def test_whatever_is_written_is_found_again(name: str, spec: str) -> None:
    column = search_text(name, spec)
    for word in normal(name).split():
        assert word in column
