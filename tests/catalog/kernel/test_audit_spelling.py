"""Whoever checks an export has nothing but Python's own JSON: the quick spelling gives the same bytes."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from catalog.kernel import audit

_TEXT = st.text(st.characters(codec="utf-8"))
_FACTS = st.dictionaries(
    _TEXT,
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
        lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner),
        max_leaves=10,
    ),
)


@given(_FACTS, _TEXT)
def test_a_row_is_spelled_as_plain_python_spells_it(facts: dict[str, Any], login: str) -> None:
    at, attempt = datetime(2026, 11, 26, 1, 2, 3, 4, UTC), UUID(int=5)
    row = (7, at, None, login, "api", "", "x", "", "", True, "", attempt, json.dumps(facts, ensure_ascii=False))
    plain = [7, at.isoformat(), None, login, "api", "", "x", "", "", True, "", str(attempt), facts]
    assert audit.spelled(row) == json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
