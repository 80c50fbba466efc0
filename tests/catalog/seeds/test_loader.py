"""What a wrong file answers: the loader names file, line and column, and never guesses."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.kernel.errors import Invalid
from catalog.seeds.loader import check_digit, list_cities, load_city, load_common, shipped

Edit = Callable[[str], str]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the shipped files that a test may spoil."""
    source = Path(str(shipped()))
    for part in ("common", "cities"):
        shutil.copytree(source / part, tmp_path / part)
    return tmp_path


def spoil(path: Path, edit: Edit) -> None:
    before = path.read_text(encoding="utf-8")
    after = edit(before)
    assert after != before
    path.write_text(after, encoding="utf-8")


def swap(old: str, new: str) -> Edit:
    return lambda text: text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("file", "edit", "code", "line", "column"),
    [
        ("items.csv", swap("ZP-0001,单帐篷,", "ZP-0001,,"), "seed.bad-cell", 2, "name_zh"),
        ("items.csv", swap(",52000,", ",52000.0,"), "seed.bad-cell", 2, "weight_g"),
        ("items.csv", swap(",52000,", ",052000,"), "seed.bad-cell", 2, "weight_g"),
        ("items.csv", swap(",52000,", ",５２０００,"), "seed.bad-cell", 2, "weight_g"),
        ("items.csv", swap(",52000,", ",-1,"), "seed.bad-cell", 2, "weight_g"),
        ("items.csv", swap(",ZP-1,", ",ZP-9,"), "seed.unknown-reference", 2, "class_code"),
        ("items.csv", swap(",365;180,", ",180;365,"), "seed.bad-cell", 2, "near_expiry_days"),
        ("items.csv", swap("flood;typhoon", "flood;flood"), "seed.bad-cell", 2, "disaster_types"),
        ("items.csv", swap("ZP-0002,", "ZP-0001,"), "seed.duplicate", 3, "key"),
        ("packs.csv", swap(",8,8,", ",8,9,"), "seed.bad-cell", 3, "factor"),
        ("packs.csv", swap("ZP-0001-PALLET", "XX-0001-PALLET"), "seed.bad-cell", 3, "pack_key"),
        ("packs.csv", swap(",no,", ",yes,"), "seed.duplicate", 3, "is_default"),
        ("kits.csv", swap("YJ-0001,", "YJ-0099,"), "seed.unknown-reference", 2, "kit_key"),
        ("care.csv", swap("restack", "restacked"), "seed.bad-cell", 2, "kind"),
        ("substitutes.csv", swap(",yes,", ",true,"), "seed.bad-cell", 2, "one_way"),
        ("classes.csv", swap(",1,,", ",2,,"), "seed.bad-cell", 2, "level"),
    ],
)
def test_a_wrong_cell_is_named(root: Path, file: str, edit: Edit, code: str, line: int, column: str) -> None:
    spoil(root / "common" / file, edit)
    with pytest.raises(Invalid) as caught:
        load_common(root)
    assert caught.value.code == code
    assert (caught.value.facts["file"], caught.value.facts["line"], caught.value.facts["column"]) == (
        file,
        line,
        column,
    )
    assert file in caught.value.detail


def test_a_gtin_with_a_wrong_check_digit_is_refused(root: Path) -> None:
    path = root / "common" / "item_codes.csv"
    good = next(
        cell for cell in path.read_text(encoding="utf-8").split(",") if cell.startswith("200") and len(cell) == 13
    )
    spoil(path, swap(good, good[:-1] + str((int(good[-1]) + 1) % 10)))
    with pytest.raises(Invalid) as caught:
        load_common(root)
    assert caught.value.facts["column"] == "code"


def test_a_row_without_source_is_refused(root: Path) -> None:
    spoil(root / "common" / "aliases.csv", swap(",unverified\n", ",\n"))
    with pytest.raises(Invalid) as caught:
        load_common(root)
    assert (caught.value.facts["line"], caught.value.facts["column"]) == (2, "source")


def test_a_short_row_is_refused_with_its_line(root: Path) -> None:
    spoil(root / "common" / "kits.csv", lambda text: text + "YJ-0001,LS-0001\n")
    lines = (root / "common" / "kits.csv").read_text(encoding="utf-8").count("\n")
    with pytest.raises(Invalid) as caught:
        load_common(root)
    assert caught.value.code == "seed.bad-row"
    assert caught.value.facts["line"] == lines


def test_an_unknown_heading_is_refused(root: Path) -> None:
    spoil(root / "common" / "packs.csv", swap("is_default", "default"))
    with pytest.raises(Invalid) as caught:
        load_common(root)
    assert caught.value.code == "seed.bad-heading"


def test_a_missing_file_is_named(root: Path) -> None:
    (root / "common" / "care.csv").unlink()
    with pytest.raises(Invalid) as caught:
        load_common(root)
    assert caught.value.code == "seed.missing-file"
    assert caught.value.facts["file"] == "care.csv"


@pytest.mark.parametrize(
    ("file", "edit", "code", "column"),
    [
        ("regions.csv", swap(",town,street,tianning,", ",town,street,changzhou,"), "seed.bad-cell", "tier"),
        ("regions.csv", swap(",320402000000,", ",32040200000,"), "seed.bad-cell", "code"),
        ("regions.csv", swap(",CZ-JKQ,", ",,"), "seed.bad-cell", "code"),
        ("regions.csv", swap(",31.81328,", ",,"), "seed.bad-cell", "lat"),
        ("regions_facts.csv", swap(",5278121,", ",0,"), "seed.bad-cell", "value"),
        ("regions_facts.csv", swap("2020-11-01", "2020-11-31"), "seed.bad-cell", "as_of"),
        ("parties.csv", swap(",decide,", ",,"), "seed.bad-cell", "duties"),
        (
            "sites.csv",
            swap(",changzhou-reserves,no,,", ",changzhou-reserves,no,wujin,"),
            "seed.bad-cell",
            "custody_for",
        ),
        ("sites.csv", swap(",changzhou-reserves,", ",nobody,"), "seed.unknown-reference", "custodian_party"),
        ("zones.csv", swap("general;textile", "general;silk"), "seed.bad-cell", "storage_classes"),
        ("bins.csv", swap("CZ01,A,", "CZ01,Q,"), "seed.unknown-reference", "zone_code"),
        ("people.csv", swap(",keeper,", ",boss,"), "seed.bad-cell", "role"),
    ],
)
def test_a_wrong_city_cell_is_named(root: Path, file: str, edit: Edit, code: str, column: str) -> None:
    spoil(root / "cities" / "changzhou" / file, edit)
    common = load_common()
    with pytest.raises(Invalid) as caught:
        load_city("changzhou", common, root)
    assert (caught.value.code, caught.value.facts["file"], caught.value.facts["column"]) == (code, file, column)


def test_another_city_is_a_folder(root: Path) -> None:
    shutil.copytree(root / "cities" / "changzhou", root / "cities" / "yizhou")
    assert list_cities(root) == ("changzhou", "yizhou")
    assert load_city("yizhou", load_common(root), root).name == "yizhou"


def test_reading_twice_gives_the_same(root: Path) -> None:
    assert load_common(root) == load_common()


@given(st.text(alphabet="0123456789", min_size=7, max_size=17), st.data())
def test_the_check_digit_catches_every_single_wrong_digit(body: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(body) - 1))
    other = data.draw(st.sampled_from([d for d in "0123456789" if d != body[place]]))
    assert check_digit(body[:place] + other + body[place + 1 :]) != check_digit(body)


def test_a_byte_order_mark_from_a_spreadsheet_does_no_harm(root: Path) -> None:
    spoil(root / "common" / "kits.csv", lambda text: "\ufeff" + text)
    assert load_common(root) == load_common()
