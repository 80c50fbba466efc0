"""Keys and walking order, without a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.kernel.errors import Invalid, Refused
from labels.codes.own import check_character, parse_own
from warehouse.sites import rules
from warehouse.sites.model import BinFacts, NewBin, NewSite, NewZone, SiteFacts, SiteKind, ZoneFacts

CODES = st.text(rules.ALPHABET, min_size=2, max_size=12)
NUMBERS = st.integers(0, 34**3 - 1)
FACTS = SiteFacts("库", SiteKind.STORE, 1)


@given(CODES, NUMBERS)
def test_a_key_tells_its_number_and_stands_on_a_label(code: str, number: int) -> None:
    key = rules.place_key(code, number)
    assert rules.place_number(key) == number
    body = "B" + key
    assert not isinstance(parse_own(body + check_character(body)), str), "labels can read it"


@given(CODES, NUMBERS, CODES, NUMBERS)
def test_no_two_places_share_a_key(a: str, n: int, b: str, m: int) -> None:
    assert (rules.place_key(a, n) == rules.place_key(b, m)) == ((a, n) == (b, m))


def test_keys_run_in_text_order_and_end() -> None:
    keys = [rules.place_key("CZ01", n) for n in range(0, 34**3, 7)]
    assert keys == sorted(keys)
    with pytest.raises(Refused):
        rules.place_key("CZ01", 34**3)


def test_walking_order_is_natural() -> None:
    codes = ["A-01-02", "A-1-10", "A-2-1", "A-10-1", "B-1"]
    assert sorted(codes, key=rules.walking_order) == codes


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        [NewSite("CZ01", FACTS), NewSite("CZ01", FACTS)],
        [NewSite("CI01", FACTS)],
        [NewSite("cz01", FACTS)],
        [NewSite("CZ01", SiteFacts(" ", SiteKind.STORE, 1))],
        [NewSite("CZ01", SiteFacts("库", SiteKind.STORE, 1, lat=31.0))],
        [NewSite("CZ01", FACTS, (NewZone("A", ZoneFacts("甲")), NewZone("A", ZoneFacts("乙"))))],
        [
            NewSite(
                "CZ01",
                FACTS,
                (NewZone("A", ZoneFacts("甲"), (NewBin("1"),)), NewZone("B", ZoneFacts("乙"), (NewBin("1"),))),
            )
        ],
        [NewSite("CZ01", FACTS, (NewZone("A", ZoneFacts("甲"), (NewBin("STAGE"),)),))],
        [NewSite("CZ01", FACTS, (NewZone("A", ZoneFacts("甲"), (NewBin("A1", BinFacts(volume_ml=0)),)),))],
    ],
)
def test_what_no_list_of_sites_may_hold(wrong: list[NewSite]) -> None:
    with pytest.raises(Invalid):
        rules.check_new(wrong)
