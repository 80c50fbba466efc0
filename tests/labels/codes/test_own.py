"""Own keys: what is written reads back; a slip of one character never reads as another key."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labels.codes import Code, Form, Own, OwnKind, Reason, own_text, parse_own, read, write_own
from labels.codes.own import ALPHABET, MAX_KEY
from labels.errors import BadCode

TODAY = date(2026, 11, 21)
kinds = st.sampled_from(OwnKind)
keys = st.text(ALPHABET, min_size=1, max_size=MAX_KEY)


@given(kinds, keys)
def test_what_is_written_reads_back(kind: OwnKind, key: str) -> None:
    written = write_own(kind, key)
    assert read(written, today=TODAY) == Code(
        Form.OWN, written, Own(kind, key), elements=(("91", own_text(kind, key)),)
    )


@given(kinds, keys)
def test_typed_by_hand_reads_the_same_key(kind: OwnKind, key: str) -> None:
    typed = own_text(kind, key)
    for form in (typed, typed.lower(), typed[:3] + "-" + typed[3:], f" {typed}\r\n"):
        found = read(form, today=TODAY)
        assert isinstance(found, Code)
        assert found.own == Own(kind, key)


@given(kinds, keys)
def test_letters_that_look_like_digits_are_digits(kind: OwnKind, key: str) -> None:
    typed = own_text(kind, key)
    found = parse_own(typed)
    assert found == Own(kind, key)
    mistaken = typed[0] + typed[1:].replace("0", "O").replace("1", "I")
    seen = read(mistaken, today=TODAY)
    assert isinstance(seen, Code)
    assert seen.own == Own(kind, key)


@given(kinds, keys, st.data())
def test_one_wrong_character_is_caught(kind: OwnKind, key: str, data: st.DataObject) -> None:
    typed = own_text(kind, key)
    at = data.draw(st.integers(1, len(typed) - 1))
    wrong = data.draw(st.sampled_from([c for c in ALPHABET if c != typed[at]]))
    assert parse_own(typed[:at] + wrong + typed[at + 1 :]) is Reason.BAD_CHECK_CHARACTER


@given(keys, st.data())
def test_another_kind_letter_is_caught(key: str, data: st.DataObject) -> None:
    kind, other = data.draw(st.permutations(list(OwnKind)))[:2]
    assert parse_own(other.value + own_text(kind, key)[1:]) is Reason.BAD_CHECK_CHARACTER


def test_most_exchanged_neighbours_are_caught() -> None:
    """Every pair of different neighbours behind every kind letter: 97 of 100 exchanges are caught."""
    caught = tried = 0
    for kind in OwnKind:
        for a in ALPHABET:
            for b in ALPHABET:
                if a != b:
                    typed = own_text(kind, f"2{a}{b}7")
                    tried += 1
                    caught += isinstance(parse_own(typed[:2] + b + a + typed[4:]), Reason)
    assert caught / tried > 0.97


def test_alphabet_is_in_order_and_without_lookalikes() -> None:
    assert all(a < b for a, b in pairwise(ALPHABET))
    assert set("IO").isdisjoint(ALPHABET)
    assert len(ALPHABET) == 34


def test_kind_letters_are_of_the_alphabet() -> None:
    assert {kind.value for kind in OwnKind} <= set(ALPHABET)


@pytest.mark.parametrize("key", ["", "0" * (MAX_KEY + 1), "a1", "O1", "I1", "A-1", "帐篷", "A 1", "１２"])
def test_keys_outside_the_grammar_are_refused(key: str) -> None:
    with pytest.raises(BadCode) as refusal:
        write_own(OwnKind.BIN, key)
    assert refusal.value.code == "labels.bad-own-key"
    assert refusal.value.facts == {"key": key, "kind": "bin"}
