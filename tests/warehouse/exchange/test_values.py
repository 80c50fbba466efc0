"""What a cell says, and how precisely: nothing vague becomes exact on the way."""

from datetime import date, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.exchange.rules import units
from warehouse.exchange.rules.values import (
    after_life,
    chinese_number,
    first_of,
    last_of,
    plain,
    read_fen,
    read_moment,
    read_quantity,
    read_yes,
)


@pytest.mark.parametrize(
    ("said", "number", "unit"),
    [
        ("12，000", 12_000, ""),
        ("12,000", 12_000, ""),
        ("1８0", 180, ""),
        ("６00", 600, ""),
        ("40个", 40, "个"),
        ("70万条", 700_000, "条"),
        ("1.5万", 15_000, ""),
        (30.0, 30, ""),
        (7, 7, ""),
        ("十二", 12, ""),
        ("三百二十个", 320, "个"),
        ("两千", 2000, ""),
        ("0.5吨", Fraction(1, 2), "吨"),
        (" 200 ", 200, ""),
        ("1,234,567", 1_234_567, ""),
        ("75,000㎡", 75_000, "m2"),
        ("-5", -5, ""),
    ],
)
def test_precise_quantities_pass(said: object, number: object, unit: str) -> None:
    found = read_quantity(said)  # type: ignore[arg-type]
    assert (found.vague, found.amounts[0].number, found.amounts[0].unit) == ("", number, unit)


@pytest.mark.parametrize(
    ("said", "vague"),
    [
        ("200余", "about"),
        ("约50", "about"),
        ("100余条", "about"),
        ("近千", "about"),
        ("上百", "about"),
        ("30多把", "about"),
        ("≥20", "about"),
        ("10-20", "range"),
        ("10至20个", "range"),
        ("250捆/75,000㎡", "several"),
        ("若干", "words"),
        ("数百", "words"),
        ("一批", "words"),
        ("", "missing"),
        ("/", "missing"),
        ("无", "missing"),
        (None, "missing"),
        ("1,20", "unreadable"),
        ("见附件", "unreadable"),
        (date(2024, 1, 1), "unreadable"),
        (True, "unreadable"),
        (float("inf"), "unreadable"),
        (float("nan"), "unreadable"),
    ],
)
def test_vague_quantities_are_called_so(said: object, vague: str) -> None:
    assert read_quantity(said).vague == vague  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "said",
    [
        date(2023, 5, 20),
        datetime(2023, 5, 20, 8, 30),
        "2023-05-20",
        "2023/5/20",
        "2023.5.20",
        "2023年5月20日",
        "20230520",
        20230520,
        20230520.0,
        "２０２３年５月２０日",
        "二〇二三年五月二十日",
        "23年5月20日",
        "2023年5月20日生产",
        "5/20/2023",
        "2023-05-20 00:00:00",
        "2023. 5. 20",
        "2023年5月20号",
    ],
)
def test_a_day_in_all_its_styles(said: object) -> None:
    assert read_moment(said).days == (date(2023, 5, 20),)  # type: ignore[arg-type]
    assert read_moment(said).kind == "day"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("2023年5月", "month"),
        ("2023.4", "month"),
        (2022.11, "month"),
        ("202305", "month"),
        ("2029/10", "month"),
        ("2023年", "year"),
        ("2023年底", "year"),
        (2023, "year"),
        ("长期", "forever"),
        ("永久有效", "forever"),
        ("/", "missing"),
        ("", "missing"),
        ("3年", "life"),
        ("12个月", "life"),
        ("十年", "life"),
        ("18个月", "life"),
        (44986.0, "serial"),
        ("3/4/2023", "either"),
        ("23.5.20", "either"),
        (2022.1, "either"),
        ("2023-02-30", "unreadable"),
        ("13800007701", "unreadable"),
        ("3023-01-01", "unreadable"),
        ("去年", "unreadable"),
    ],
)
def test_what_is_less_than_a_day_stays_less(said: object, kind: str) -> None:
    assert read_moment(said).kind == kind  # type: ignore[arg-type]


def test_the_edges_of_months_and_lives() -> None:
    month = read_moment("2024年2月")
    assert (first_of(month), last_of(month)) == (date(2024, 2, 1), date(2024, 2, 29))
    year = read_moment("2024年")
    assert (first_of(year), last_of(year)) == (date(2024, 1, 1), date(2024, 12, 31))
    assert last_of(read_moment("2023年12月")) == date(2023, 12, 31)
    assert after_life(date(2023, 11, 11), read_moment("10年")) == date(2033, 11, 10)
    assert after_life(date(2024, 2, 29), read_moment("1年")) == date(2025, 2, 28)
    assert after_life(date(2024, 8, 31), read_moment("6个月")) == date(2025, 2, 28)
    assert after_life(date(2024, 1, 1), read_moment("100年")) is None


@given(
    st.dates(date(1950, 1, 1), date(2100, 12, 31)),
    st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日"]),
)
def test_every_day_written_is_read_as_itself(day: date, style: str) -> None:
    assert read_moment(day.strftime(style)).days == (day,)


@given(st.integers(0, 99_999_999))
def test_every_number_written_with_commas_is_read_as_itself(number: int) -> None:
    for text in (f"{number:,}", f"{number:,}".replace(",", "，"), str(number)):
        assert read_quantity(text).amounts[0].number == number


@given(st.one_of(st.text(max_size=40), st.floats(), st.integers(), st.dates(), st.booleans(), st.none()))
def test_nothing_breaks_a_reading(cell: object) -> None:
    read_quantity(cell)  # type: ignore[arg-type]
    read_moment(cell)  # type: ignore[arg-type]
    read_fen(cell)  # type: ignore[arg-type]
    read_yes(cell)  # type: ignore[arg-type]
    plain(cell)  # type: ignore[arg-type]


def test_codes_keep_their_digits() -> None:
    assert plain(13800007701.0) == "13800007701"
    assert plain(320402100000.0) == "320402100000"
    assert plain("　消防水带 ") == "消防水带"


def test_money_is_whole_fen() -> None:
    assert [read_fen(x) for x in ("12.5", 12.5, "¥1,250.00元", "3万", 0.07, "1.005", "面议")] == [
        1250,
        1250,
        125_000,
        3_000_000,
        7,
        None,
        None,
    ]


def test_chinese_numerals() -> None:
    assert [chinese_number(x) for x in ("十", "二十", "三百二十", "一千零五", "两万", "百", "", "条")] == [
        10,
        20,
        320,
        1005,
        20_000,
        100,
        None,
        None,
    ]


def test_units_in_headings_and_remarks() -> None:
    assert units.split_heading("救灾帐篷(顶)") == ("救灾帐篷", "顶")
    assert units.split_heading("其他衣物（套、件）") == ("其他衣物", "套、件")
    assert units.split_heading("县(区)") == ("县(区)", "")
    assert units.split_heading("编织袋(万条)") == ("编织袋", "万条")
    assert units.split_heading("铁锹/把") == ("铁锹", "把")
    assert units.split_heading("乡镇/街道") == ("乡镇/街道", "")
    assert units.scaled("万条") == (10_000, "条")
    assert units.scaled("千克") == (1000, "克")
    assert units.per_pack("每捆50条") == ("捆", 50, "条")
    assert units.per_pack("无") is None
