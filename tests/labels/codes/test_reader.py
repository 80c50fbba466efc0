"""Input → whole reading, as scanners, wedges, input methods and people really deliver it."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labels.codes import (
    Ambiguous,
    Code,
    Form,
    Glued,
    Note,
    Own,
    OwnKind,
    Reading,
    Reason,
    Unreadable,
    read,
    write_lot,
    write_own,
)

TODAY = date(2026, 11, 21)
GTIN = "06901234567892"
LOT = write_own(OwnKind.LOT, "26000423")
BIN = write_own(OwnKind.BIN, "A0103")
LOT_KEY = Own(OwnKind.LOT, "26000423")
BIN_KEY = Own(OwnKind.BIN, "A0103")
LABEL = write_lot("26000423", gtin=GTIN, batch="B21A", expires_on=date(2029, 5, 31))
MAY_31 = date(2027, 5, 31)

N = Note
UNDECLARED = N(Reason.NOT_DECLARED_GS1)
LOST = N(Reason.FNC1_LOST)
CAPS = N(Reason.CASE_INVERTED)


def own_code(text: str, own: Own, *notes: Note) -> Code:
    """An own code read from a symbol: the element (91) stands beside the key."""
    return Code(Form.OWN, text, own, elements=(("91", text[2:].upper()),), notes=notes)


def gs1(text: str, *notes: Note, form: Form = Form.ELEMENTS, elements: str = "", **values: Any) -> Code:
    """A GS1 code; elements as `01=… 10=…`."""
    pairs = tuple((e.split("=")[0], e.split("=")[1]) for e in elements.split())
    return Code(form, text, elements=pairs, notes=notes, **values)


def label(text: str, *notes: Note, form: Form = Form.ELEMENTS, batch: str = "B21A") -> Code:
    lot = LOT[2:]
    return gs1(
        text,
        *notes,
        form=form,
        elements=f"01={GTIN} 17=290531 10={batch} 91={lot}",
        own=LOT_KEY,
        gtin=GTIN,
        batch=batch,
        expires_on=date(2029, 5, 31),
    )


def ean(text: str, *notes: Note) -> Code:
    return Code(Form.GTIN, text, gtin=text.zfill(14), notes=notes)


PLAIN: list[tuple[str, Reading]] = [
    # own codes
    (LOT, own_code(LOT, LOT_KEY)),
    (BIN + "\r\n", own_code(BIN, BIN_KEY)),
    ("]d2" + LOT, own_code(LOT, LOT_KEY)),
    ("]C1" + BIN, own_code(BIN, BIN_KEY)),
    ("]Q3" + LOT + "\n", own_code(LOT, LOT_KEY)),
    (LOT[2:], Code(Form.OWN, LOT[2:], LOT_KEY)),
    ("]C0" + LOT[2:], Code(Form.OWN, LOT[2:], LOT_KEY)),
    # retail and logistic numbers
    ("6901234567892", ean("6901234567892")),
    ("]E06901234567892", ean("6901234567892")),
    ("]E00036000291452", Code(Form.GTIN, "0036000291452", gtin="00036000291452")),
    ("]E440123455", ean("40123455")),
    ("]E3690123456789212", ean("6901234567892")),
    ("036000291452", ean("036000291452")),
    ("40123455", ean("40123455")),
    ("16901234567899", ean("16901234567899")),
    ("]I116901234567899", ean("16901234567899")),
    ("106141412345678908", Code(Form.SSCC, "106141412345678908", sscc="106141412345678908")),
    (
        "]C100106141412345678908",
        gs1("00106141412345678908", elements="00=106141412345678908", sscc="106141412345678908"),
    ),
    # element strings
    ("]d2" + LABEL, label(LABEL)),
    (LABEL, label(LABEL)),
    (
        "]C1010690123456789211250102172705311030A",
        gs1(
            "010690123456789211250102172705311030A",
            elements=f"01={GTIN} 11=250102 17=270531 10=30A",
            gtin=GTIN,
            produced_on=date(2025, 1, 2),
            expires_on=MAY_31,
            batch="30A",
        ),
    ),
    (
        "]C1\x1d0206901234567892\x1d3724\x1d400PO-7\x1d4146901234567892\x1d",
        gs1(
            "0206901234567892\x1d3724\x1d400PO-7\x1d4146901234567892",
            elements=f"02={GTIN} 37=24 400=PO-7 414=6901234567892",
            content_gtin=GTIN,
            count=24,
            order_number="PO-7",
            location="6901234567892",
        ),
    ),
    (
        "]e0" + "01069012345678923103001250" + "13260930" + "15270430" + "2012",
        gs1(
            "0106901234567892310300125013260930152704302012",
            elements=f"01={GTIN} 3103=001250 13=260930 15=270430 20=12",
            gtin=GTIN,
            weight_grams=1250,
            packed_on=date(2026, 9, 30),
            best_before=date(2027, 4, 30),
            variant="12",
        ),
    ),
    (
        "]d2010690123456789221SN-1\x1d308\x1d93x",
        gs1(
            "010690123456789221SN-1\x1d308\x1d93x",
            elements=f"01={GTIN} 21=SN-1 30=8 93=x",
            gtin=GTIN,
            serial="SN-1",
            count=8,
        ),
    ),
    # identifiers that only biip knows
    (
        "]C101069012345678928012XYZ",
        gs1("01069012345678928012XYZ", elements=f"01={GTIN} 8012=XYZ", gtin=GTIN),
    ),
    # dates that are half or not at all there
    (
        "]d2010690123456789217270500",
        gs1(
            "010690123456789217270500",
            N(Reason.DAY_ZERO, "(17)270500"),
            elements=f"01={GTIN} 17=270500",
            gtin=GTIN,
            expires_on=MAY_31,
        ),
    ),
    (
        "]d2010690123456789217000000",
        gs1(
            "010690123456789217000000",
            N(Reason.BAD_DATE, "(17)000000"),
            elements=f"01={GTIN} 17=000000",
            gtin=GTIN,
        ),
    ),
    # somebody else's internal field
    (
        "]d2010690123456789291WAREHOUSE-7",
        gs1(
            "010690123456789291WAREHOUSE-7",
            N(Reason.FOREIGN_INTERNAL, "WAREHOUSE-7"),
            elements=f"01={GTIN} 91=WAREHOUSE-7",
            gtin=GTIN,
        ),
    ),
    # bracketed, linked
    (
        "(01)06901234567892(17)270531(10)A(1)B",
        gs1(
            "(01)06901234567892(17)270531(10)A(1)B",
            form=Form.BRACKETED,
            elements=f"01={GTIN} 17=270531 10=A(1)B",
            gtin=GTIN,
            expires_on=MAY_31,
            batch="A(1)B",
        ),
    ),
    (
        "https://id.gs1.org/01/06901234567892/10/A%2F1?17=270500&x=1",
        gs1(
            "https://id.gs1.org/01/06901234567892/10/A%2F1?17=270500&x=1",
            N(Reason.DAY_ZERO, "(17)270500"),
            form=Form.LINK,
            elements=f"01={GTIN} 10=A/1 17=270500",
            gtin=GTIN,
            batch="A/1",
            expires_on=MAY_31,
        ),
    ),
    # weights: kilograms with n decimals become whole grams
    (
        "]d201069012345678923105123457",
        gs1(
            "01069012345678923105123457",
            N(Reason.WEIGHT_ROUNDED, "123457"),
            elements=f"01={GTIN} 3105=123457",
            gtin=GTIN,
            weight_grams=1235,
        ),
    ),
    (
        "]d201069012345678923100000012",
        gs1(
            "01069012345678923100000012",
            elements=f"01={GTIN} 3100=000012",
            gtin=GTIN,
            weight_grams=12000,
        ),
    ),
]

WEDGE: list[tuple[str, Reading]] = [
    # lost FNC1: the own key settles it
    (LABEL.replace("\x1d", ""), label(LABEL.replace("\x1d", ""), LOST, UNDECLARED)),
    # lost FNC1, two honest readings
    (
        "]C1010690123456789210ABC17270531",
        Ambiguous(
            "010690123456789210ABC17270531",
            (
                gs1(
                    "010690123456789210ABC17270531",
                    LOST,
                    elements=f"01={GTIN} 10=ABC 17=270531",
                    gtin=GTIN,
                    batch="ABC",
                    expires_on=MAY_31,
                ),
                gs1(
                    "010690123456789210ABC17270531",
                    LOST,
                    elements=f"01={GTIN} 10=ABC17270531",
                    gtin=GTIN,
                    batch="ABC17270531",
                ),
            ),
            (LOST,),
        ),
    ),
    # lost FNC1, one way only: the batch would be too long
    (
        "]C1010690123456789210ABCDEFGHJKLMNPQ17270531",
        gs1(
            "010690123456789210ABCDEFGHJKLMNPQ17270531",
            LOST,
            elements=f"01={GTIN} 10=ABCDEFGHJKLMNPQ 17=270531",
            gtin=GTIN,
            batch="ABCDEFGHJKLMNPQ",
            expires_on=MAY_31,
        ),
    ),
    # a number that merely looks like a further field stays what the standard says it is
    (
        "]d2010690123456789210202109300",
        gs1(
            "010690123456789210202109300",
            elements=f"01={GTIN} 10=202109300",
            gtin=GTIN,
            batch="202109300",
        ),
    ),
    # the separator typed as something else
    ("]d2" + LABEL.replace("\x1d", "<GS>"), label(LABEL, N(Reason.SEPARATOR_REPLACED))),
    (LABEL.replace("\x1d", "\u241d"), label(LABEL, N(Reason.FULL_WIDTH))),
    (LABEL.replace("\x1d", "|"), label(LABEL, N(Reason.SEPARATOR_REPLACED))),
    (LABEL.replace("\x1d", " "), label(LABEL, N(Reason.SEPARATOR_REPLACED))),
    # Caps Lock
    (LOT.lower(), Code(Form.OWN, LOT.lower(), LOT_KEY, elements=(("91", LOT[2:]),), notes=(CAPS,))),
    (LOT[2:].lower(), Code(Form.OWN, LOT[2:].lower(), LOT_KEY, notes=(CAPS,))),
    (("]d2" + LABEL).swapcase(), label(LABEL, CAPS)),
    (LABEL.swapcase(), label(LABEL.swapcase(), CAPS)),
    ("]e06901234567892", ean("6901234567892", CAPS)),
    (
        "HTTPS://ID.GS1.ORG/01/06901234567892/10/abc",
        gs1(
            "https://id.gs1.org/01/06901234567892/10/ABC",
            CAPS,
            form=Form.LINK,
            elements=f"01={GTIN} 10=ABC",
            gtin=GTIN,
            batch="ABC",
        ),
    ),
    (
        "]d2010690123456789210abc",
        gs1(
            "010690123456789210abc",
            N(Reason.CASE_UNCERTAIN, "abc"),
            elements=f"01={GTIN} 10=abc",
            gtin=GTIN,
            batch="abc",
        ),
    ),
    # full width from an input method
    ("６９０１２３４５６７８９２", ean("6901234567892", N(Reason.FULL_WIDTH))),
    ("】ｄ２" + LOT, own_code(LOT, LOT_KEY, N(Reason.FULL_WIDTH))),
    (
        "（０１）０６９０１２３４５６７８９２（１０）Ａ１",
        gs1(
            "(01)06901234567892(10)A1",
            N(Reason.FULL_WIDTH),
            form=Form.BRACKETED,
            elements=f"01={GTIN} 10=A1",
            gtin=GTIN,
            batch="A1",
        ),
    ),
    # stray spaces, line ends, invisible characters
    (" 690 1234 567892 \t", ean("6901234567892", N(Reason.STRAY_SPACE))),
    ("69012345\r\n67892", ean("6901234567892", N(Reason.STRAY_SPACE))),
    ("\ufeff6901234567892\u200b", ean("6901234567892")),
    ("\x026901234567892\x03", ean("6901234567892")),
    # letters that look like digits
    (
        LOT[2:].replace("0", "O"),
        Code(Form.OWN, LOT[2:].replace("0", "O"), LOT_KEY, notes=(N(Reason.LOOKALIKE_LETTER),)),
    ),
    # glued
    (LOT + BIN, Glued(LOT + BIN, (own_code(LOT, LOT_KEY), own_code(BIN, BIN_KEY)))),
    (
        "]d2" + LOT + "]C1" + BIN,
        Glued(LOT + "]C1" + BIN, (own_code(LOT, LOT_KEY), own_code(BIN, BIN_KEY))),
    ),
    (
        LOT[2:] + BIN[2:],
        Glued(LOT[2:] + BIN[2:], (Code(Form.OWN, LOT[2:], LOT_KEY), Code(Form.OWN, BIN[2:], BIN_KEY))),
    ),
    (
        "6901234567892" * 2,
        Glued("6901234567892" * 2, (ean("6901234567892"), ean("6901234567892"))),
    ),
    ("6901234567892" + LOT, Glued("6901234567892" + LOT, (ean("6901234567892"), own_code(LOT, LOT_KEY)))),
    (LOT + "6901234567892", Glued(LOT + "6901234567892", (own_code(LOT, LOT_KEY), ean("6901234567892")))),
    (
        LOT + "\r\n" + BIN + "\r\n",
        Glued(LOT + " " + BIN, (own_code(LOT, LOT_KEY), own_code(BIN, BIN_KEY))),
    ),
    (
        "010690123456789210ABC" * 2,
        Glued(
            "010690123456789210ABC" * 2,
            (
                gs1(
                    "010690123456789210ABC",
                    UNDECLARED,
                    elements=f"01={GTIN} 10=ABC",
                    gtin=GTIN,
                    batch="ABC",
                ),
            )
            * 2,
        ),
    ),
    (
        LOT + BIN + LOT,
        Glued(LOT + BIN + LOT, (own_code(LOT, LOT_KEY), own_code(BIN, BIN_KEY), own_code(LOT, LOT_KEY))),
    ),
]


@pytest.mark.parametrize(("raw", "reading"), PLAIN)
def test_plain_codes(raw: str, reading: Reading) -> None:
    assert read(raw, today=TODAY) == reading


@pytest.mark.parametrize(("raw", "reading"), WEDGE)
def test_the_wedges_reality(raw: str, reading: Reading) -> None:
    assert read(raw, today=TODAY) == reading


@pytest.mark.parametrize(
    ("raw", "text", "reason"),
    [
        ("", "", Reason.EMPTY),
        (" \r\n", "", Reason.EMPTY),
        ("x" * 401, "x" * 400, Reason.TOO_LONG),
        ("6901234567893", "6901234567893", Reason.BAD_CHECK_DIGIT),
        ("]E06901234567893", "6901234567893", Reason.BAD_CHECK_DIGIT),
        ("]E069012345", "69012345", Reason.BAD_CHECK_DIGIT),
        ("]E0690123", "690123", Reason.BAD_LENGTH),
        ("106141412345678909", "106141412345678909", Reason.BAD_CHECK_DIGIT),
        ("0106901234567893", "0106901234567893", Reason.BAD_CHECK_DIGIT),
        ("]d20106901234567893", "0106901234567893", Reason.BAD_CHECK_DIGIT),
        ("(01)06901234567893", "(01)06901234567893", Reason.BAD_CHECK_DIGIT),
        ("]C1010690123456789217", "010690123456789217", Reason.BAD_LENGTH),
        ("]C1ABC", "ABC", Reason.UNKNOWN_AI),
        ("]d210A\x1d10B", None, Reason.REPEATED_AI),
        ("http://example.com/x", "http://example.com/x", Reason.NOT_A_GS1_LINK),
        ("L2600042300", "L2600042300", Reason.BAD_CHECK_CHARACTER),
        ("91L2600042300", "91L2600042300", Reason.BAD_CHECK_CHARACTER),
        ("]d291L2600042300", "91L2600042300", Reason.BAD_CHECK_CHARACTER),
        ("ABC-123", "ABC-123", Reason.UNKNOWN_SHAPE),
        ("救灾帐篷", "救灾帐篷", Reason.UNKNOWN_SHAPE),
        ("10ABC", "10ABC", Reason.UNKNOWN_SHAPE),
        ("12345", "12345", Reason.UNKNOWN_SHAPE),
    ],
)
def test_unreadable_is_a_value_with_a_reason(raw: str, text: str | None, reason: Reason) -> None:
    found = read(raw, today=TODAY)
    assert isinstance(found, Unreadable)
    assert found.reason is reason
    if text is not None:
        assert found.text == text


def test_prefix_and_symbology_may_come_apart_from_the_string() -> None:
    assert read("01" + GTIN + "10AB", aim="]d2", today=TODAY) == read("]d201" + GTIN + "10AB", today=TODAY)
    assert read("]d2" + LOT, aim="]d2", today=TODAY) == own_code(LOT, LOT_KEY)
    assert read("6901234567892", symbology="ean_13", today=TODAY) == ean("6901234567892")
    assert read("04252614", symbology="UPC-E", today=TODAY) == Code(Form.GTIN, "04252614", gtin="00042100005264")
    # an EAN symbol cannot hold an SSCC
    assert isinstance(read("376104250021234569", aim="]E0", today=TODAY), Unreadable)


def test_second_symbol_of_a_carton_without_a_key_reads_when_declared() -> None:
    assert read("]C11727053110AB", today=TODAY) == gs1(
        "1727053110AB", elements="17=270531 10=AB", expires_on=MAY_31, batch="AB"
    )


@given(st.text(max_size=60))
def test_any_text_has_a_reading(raw: str) -> None:
    assert isinstance(read(raw, today=TODAY), Code | Ambiguous | Glued | Unreadable)


pieces = st.sampled_from(
    [
        "]C1",
        "]d2",
        "91",
        LOT,
        BIN,
        "01",
        GTIN,
        "10",
        "A",
        "21",
        "17270531",
        " ",
        "\x1d",
        "(",
        "http://",
        "\n",
        "L",
    ]
)


@given(st.lists(pieces, max_size=25).map("".join))
def test_any_pile_of_code_pieces_has_a_reading(raw: str) -> None:
    assert isinstance(read(raw, today=TODAY), Code | Ambiguous | Glued | Unreadable)


@given(st.lists(st.sampled_from([LOT, BIN, write_own(OwnKind.SITE, "CZ01")]), min_size=2, max_size=4))
def test_glued_own_codes_come_apart_in_order(codes: list[str]) -> None:
    found = read("".join(codes), today=TODAY)
    assert isinstance(found, Glued)
    assert [part.text for part in found.parts] == codes
