"""The form that digests are taken of is the one of the standard library, so that digests outlive the encoder."""

import json
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from catalog.kernel.jsontext import canonical

_text = st.text(st.characters(exclude_categories=["Cs"]))
_leaf = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | _text
_plain = st.recursive(_leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=4))


@given(st.dictionaries(_text, _plain, max_size=6))
def test_the_canonical_form_is_the_sorted_json_without_blanks(value: dict[str, object]) -> None:
    assert json.loads(canonical(value)) == value
    assert canonical(value) == json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8"
    )


def test_coordinates_and_days_are_written_as_they_always_were() -> None:
    assert (
        canonical({"lon": 119.95, "lat": 31.0, "day": date(2026, 1, 2)})
        == b'{"day":"2026-01-02","lat":31.0,"lon":119.95}'
    )
