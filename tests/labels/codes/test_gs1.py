"""GS1 numbers, dates and element strings; biip is the outside judge."""

from datetime import date

import pytest
from biip.gs1_messages import GS1Message
from biip.gtin import Gtin
from biip.sscc import Sscc
from hypothesis import assume, given
from hypothesis import strategies as st

from labels.codes import (
    Code,
    Own,
    OwnKind,
    bracketed,
    has_check_digit,
    normal_gtin,
    own_text,
    read,
    read_date,
    write_elements,
    write_lot,
    write_own_gtin13,
    write_sscc,
)
from labels.codes.gs1 import check_digit
from labels.codes.own import ALPHABET, MAX_KEY
from labels.errors import BadCode

TODAY = date(2026, 11, 21)
CHARSET_82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"

keys = st.text(ALPHABET, min_size=1, max_size=MAX_KEY)
texts = st.text(CHARSET_82, min_size=1, max_size=20)
gtins = st.text("0123456789", min_size=13, max_size=13).map(lambda p: p + check_digit(p))
days = st.dates(date(1978, 1, 1), date(2076, 12, 31))


@pytest.mark.parametrize(
    ("payload", "digit"),
    [("690123456789", "2"), ("4012345", "5"), ("03600029145", "2"), ("10614141234567890", "8"), ("0", "0")],
)
def test_check_digit(payload: str, digit: str) -> None:
    assert check_digit(payload) == digit
    assert has_check_digit(payload + digit)


@pytest.mark.parametrize(
    ("given_gtin", "normal"),
    [
        ("6901234567892", "06901234567892"),
        ("40123455", "00000040123455"),
        ("036000291452", "00036000291452"),
        ("16901234567899", "16901234567899"),
    ],
)
def test_gtins_are_made_fourteen_digits(given_gtin: str, normal: str) -> None:
    assert normal_gtin(given_gtin) == normal
    assert Gtin.parse(given_gtin).as_gtin_14() == normal


@pytest.mark.parametrize("wrong", ["6901234567893", "690123456789", "", "690123456789X", "６９０１２３４５６７８９２"])
def test_wrong_gtins_are_refused(wrong: str) -> None:
    with pytest.raises(BadCode):
        normal_gtin(wrong)


@given(st.integers(0, 10**10 - 1), st.integers(20, 29))
def test_own_gtin13_stays_in_the_range_for_own_use(number: int, prefix: int) -> None:
    code = write_own_gtin13(number, prefix)
    found = read(code, today=TODAY)
    assert isinstance(found, Code)
    assert (found.gtin, found.in_house) == ("0" + code, True)
    assert Gtin.parse(code).value == code


def test_a_makers_gtin_is_not_in_house() -> None:
    found = read("6901234567892", today=TODAY)
    assert isinstance(found, Code)
    assert not found.in_house


@given(st.integers(0, 10**9 - 1), st.integers(0, 9))
def test_sscc_reads_back_and_passes_biip(serial: int, extension: int) -> None:
    sscc = write_sscc("6901234", serial, extension)
    assert Sscc.parse(sscc).value == sscc
    for form in (sscc, "00" + sscc, "]C100" + sscc):
        found = read(form, today=TODAY)
        assert isinstance(found, Code)
        assert found.sscc == sscc


@pytest.mark.parametrize("prefix", ["", "690123", "69012345678", "69O1234"])
def test_no_sscc_without_a_company_prefix(prefix: str) -> None:
    with pytest.raises(BadCode) as refusal:
        write_sscc(prefix, 1)
    assert refusal.value.code == "labels.no-company-prefix"


@pytest.mark.parametrize(
    ("text", "today", "day"),
    [
        ("270531", TODAY, date(2027, 5, 31)),
        ("270500", TODAY, date(2027, 5, 31)),
        ("280200", TODAY, date(2028, 2, 29)),
        ("270200", TODAY, date(2027, 2, 28)),
        ("760101", TODAY, date(2076, 1, 1)),  # 50 years ahead: this century
        ("770101", TODAY, date(1977, 1, 1)),  # 51 years ahead: the century before
        ("991231", TODAY, date(1999, 12, 31)),
        ("010101", date(2098, 6, 1), date(2101, 1, 1)),  # 97 years back: the next century
        ("490101", date(2098, 6, 1), date(2049, 1, 1)),  # 49 years back: this century
        ("480101", date(2098, 6, 1), date(2148, 1, 1)),  # 50 years back: the next
        ("271301", TODAY, None),
        ("270230", TODAY, None),
        ("270001", TODAY, None),
        ("000000", TODAY, None),
    ],
)
def test_dates_day_zero_and_century(text: str, today: date, day: date | None) -> None:
    assert read_date(text, today) == day


@given(keys, st.none() | gtins, st.none() | texts, st.none() | days)
def test_a_lot_label_reads_back(key: str, gtin: str | None, batch: str | None, expires_on: date | None) -> None:
    if gtin is None:
        batch = expires_on = None
    written = write_lot(key, gtin=gtin, batch=batch, expires_on=expires_on)
    for form in ("]d2" + written, "]C1" + written, "]Q3" + written):
        found = read(form, today=TODAY)
        assert isinstance(found, Code)
        assert found.own == Own(OwnKind.LOT, key)
        assert (found.gtin, found.batch, found.expires_on) == (gtin, batch, expires_on)


@given(keys, gtins, st.text("0123456789ABCDEFGHJ-", min_size=1, max_size=12), days)
def test_a_lot_label_never_reads_as_another_lot_when_fnc1_is_lost(
    key: str, gtin: str, batch: str, expires_on: date
) -> None:
    written = write_lot(key, gtin=gtin, batch=batch, expires_on=expires_on).replace("\x1d", "")
    found = read(written, today=TODAY)
    codes = (found,) if isinstance(found, Code) else getattr(found, "candidates", ())
    assert Own(OwnKind.LOT, key) in {code.own for code in codes}
    assert {code.gtin for code in codes} == {gtin}


def test_batch_and_expiry_need_the_makers_gtin() -> None:
    with pytest.raises(BadCode) as refusal:
        write_lot("26000423", batch="B1")
    assert refusal.value.code == "labels.batch-without-gtin"


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ([("01", "06901234567893")], "bad-check-digit"),
        ([("10", "")], "bad-length"),
        ([("10", "A" * 21)], "bad-length"),
        ([("10", "批次")], "bad-value"),
        ([("17", "27O531")], "bad-value"),
        ([("8200", "x")], "unknown-ai"),
        ([("10", "A"), ("10", "B")], "repeated-ai"),
    ],
)
def test_element_strings_no_reader_would_take_are_refused(elements: list[tuple[str, str]], reason: str) -> None:
    with pytest.raises(BadCode) as refusal:
        write_elements(elements)
    assert refusal.value.facts["reason"] == reason


fields = st.fixed_dictionaries(
    {"01": gtins},
    optional={
        "17": days.map(lambda d: f"{d:%y%m%d}"),
        "11": days.map(lambda d: f"{d:%y%m%d}"),
        "3103": st.text("0123456789", min_size=6, max_size=6),
        "20": st.text("0123456789", min_size=2, max_size=2),
        "30": st.text("0123456789", min_size=1, max_size=8),
        "21": texts,
        "10": texts,
        "400": st.text(CHARSET_82, min_size=1, max_size=30),
        "92": st.text(CHARSET_82, min_size=1, max_size=90),
    },
)


@given(fields)
def test_element_strings_read_as_biip_reads_them(values: dict[str, str]) -> None:
    elements = tuple(values.items())
    written = write_elements(elements)
    if "\x1d" not in written:  # the open last field could hide more; that is another test's matter
        assume(len(elements[-1][1]) < 4 or elements[-1][0] in ("01", "11", "17", "20", "3103"))
    found = read("]d2" + written, today=TODAY)
    assert isinstance(found, Code)
    assert found.elements == elements
    judged = GS1Message.parse(written)
    assert tuple((e.ai.ai, e.value) for e in judged.element_strings) == elements


@given(fields)
def test_the_bracketed_form_reads_the_same(values: dict[str, str]) -> None:
    assume(not any("(" in value for value in values.values()))
    written = write_elements(tuple(values.items()))
    found = read(bracketed(written), today=TODAY)
    assert isinstance(found, Code)
    assert found.elements == tuple(values.items())


def test_brackets_are_for_people() -> None:
    written = write_lot("26000423", gtin="6901234567892", batch="B(1)", expires_on=date(2029, 5, 31))
    lot = own_text(OwnKind.LOT, "26000423")
    assert bracketed(written) == f"(01)06901234567892(17)290531(10)B(1)(91){lot}"
    assert getattr(read(bracketed(written), today=TODAY), "batch", None) == "B(1)"
