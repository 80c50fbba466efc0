"""What an item and its codes may be, without a database."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.items import rules
from catalog.items.model import (
    CodeKind,
    Item,
    ItemFacts,
    ItemKind,
    NewAlias,
    NewCode,
    NewItem,
    Substitute,
    Tracking,
)
from catalog.kernel.errors import Invalid, Refused
from catalog.kernel.quantity import Dimension

PLAIN = ItemFacts(name_zh="单帐篷", class_id=1, unit_zh="顶", storage_class_id=1)
STORED = Item(
    id=1, key="ZP-1", unit_fixed=True, version=1, retired_at=None,
    **{name: getattr(PLAIN, name) for name in ItemFacts.__slots__},
)  # fmt: skip


@given(st.text("0123456789", min_size=7, max_size=13).filter(lambda d: len(d) in (7, 11, 12, 13) and int(d)))
def test_a_gtin_with_its_check_digit_is_taken_and_with_any_other_refused(digits: str) -> None:
    good = rules.check_digit(digits)
    assert rules.normalised_gtin(f"{digits}{good}") == f"{digits}{good}".zfill(14)
    for wrong in set(range(10)) - {good}:
        with pytest.raises(Invalid):
            rules.normalised_gtin(f"{digits}{wrong}")


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("6901234567892", "06901234567892"),
        ("６９０１２３４５６７８９２", "06901234567892"),
        ("690 1234 567892", "06901234567892"),
        ("036000291452", "00036000291452"),
        ("96385074", "00000096385074"),
    ],
)
def test_gtins_of_all_lengths_become_fourteen_digits(text: str, stored: str) -> None:
    assert rules.normalised_gtin(text) == stored


@pytest.mark.parametrize("text", ["", "123", "abc", "0000000000000", "6901234567893", "69012345678921", "٦٩٠١٢٣٤٥"])
def test_other_things_are_no_gtin(text: str) -> None:
    with pytest.raises(Invalid):
        rules.normalised_gtin(text)


def test_text_codes_are_one_however_typed() -> None:
    assert rules.normalised_text(" czyj-zp0001 ") == rules.normalised_text("ＣＺＹＪ-ZP0001") == "CZYJ-ZP0001"
    for wrong in ("", "  ", "x" * 61, "a\x00b"):
        with pytest.raises(Invalid):
            rules.normalised_text(wrong)


@pytest.mark.parametrize("key", ["ZP-0001", "A1", "22", "ABCDEFGH-1234"])
def test_keys_that_can_stand_on_a_label(key: str) -> None:
    rules.check_key(key)


@pytest.mark.parametrize("key", ["", "A", "zp-1", "ZO-1", "ZI-1", "-ZP", "ZP-", "ABCDEFGH-12345", "帐篷"])
def test_keys_that_cannot(key: str) -> None:
    with pytest.raises(Invalid):
        rules.check_key(key)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name_zh": " "},
        {"unit_zh": ""},
        {"unit_factor": 0},
        {"tracking": Tracking.SERIAL, "dimension": Dimension.GRAM},
        {"tracking": Tracking.SERIAL, "unit_factor": 2},
        {"tracking": Tracking.SERIAL, "kind": ItemKind.PHANTOM_KIT},
        {"kind": ItemKind.STOCKED_KIT, "dimension": Dimension.GRAM},
        {"weight_g": -1},
        {"price_per": 0},
        {"storage_life_days": 0},
        {"near_expiry_days": (90, 180)},
        {"near_expiry_days": (90, 90)},
        {"disaster_types": ("Flood!",)},
    ],
)
def test_facts_that_cannot_be_right(wrong: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        rules.check_facts(replace(PLAIN, **wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change", [{"dimension": Dimension.GRAM}, {"tracking": Tracking.SERIAL}, {"kind": ItemKind.STOCKED_KIT}]
)
def test_the_unit_is_fixed_once_goods_have_moved(change: dict[str, object]) -> None:
    with pytest.raises(Refused):
        rules.check_edit(STORED, replace(PLAIN, **change))  # type: ignore[arg-type]
    rules.check_edit(replace(STORED, unit_fixed=False), replace(PLAIN, **change))  # type: ignore[arg-type]
    rules.check_edit(STORED, replace(PLAIN, name_zh="帐篷", unit_factor=10))


def test_a_list_is_checked_as_a_whole() -> None:
    gtin = NewCode(CodeKind.GTIN, "6901234567892")
    for wrong in (
        [],
        [NewItem("ZP-1", PLAIN), NewItem("ZP1", PLAIN)],
        [NewItem("ZP-1", PLAIN, codes=(gtin,)), NewItem("ZP-2", PLAIN, codes=(replace(gtin, code="06901234567892"),))],
        [NewItem("ZP-1", PLAIN, codes=(replace(gtin, pack="box"),))],
        [NewItem("ZP-1", PLAIN, aliases=(NewAlias(" "),))],
    ):
        with pytest.raises(Invalid):
            rules.check_new(wrong)
    for substitute in (Substitute(1, 1, 1), Substitute(2, 0, 1), Substitute(2, 1, -1)):
        with pytest.raises(Invalid):
            rules.check_substitutes(1, [substitute])


def test_what_nobody_has_checked_is_named() -> None:
    assert rules.unverified(STORED) == ("item", "returnable")
    checked = replace(STORED, source="GB/T 1", returnable_source="x", price_fen=100)
    assert rules.unverified(checked) == ("price",)
