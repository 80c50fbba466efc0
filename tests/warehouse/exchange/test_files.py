"""Hostile and broken files: each ends in a refusal that says what to do, never in an accident."""

import io
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.kernel.errors import Invalid
from tests.warehouse.exchange.house import book, known, run
from warehouse.exchange.model import Choices, ImportKind
from warehouse.exchange.rules.dry_run import dry_run
from warehouse.exchange.rules.files import MOST_BYTES, column_letter, column_number, read_file

OLD = Path(__file__).parent / "files" / "list.xls"
"""A list as Excel 97 wrote it (BIFF8, made with xlwt): a merged title, dates, text figures, a total."""
GOOD = book([["品名", "单位", "数量"], ["编织袋", "条", 10]])
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def repacked(change: Callable[[str, bytes], bytes], **more: bytes) -> bytes:
    """The good file with its parts changed and further parts added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            new.writestr(info.filename, change(info.filename, old.read(info)))
        for name, content in more.items():
            new.writestr(name, content)
    return out.getvalue()


def with_cell(cell: bytes) -> bytes:
    """The good file with one more cell in its sheet."""
    row = b"<row>" + cell + b"</row></sheetData>"
    return repacked(lambda name, old: old.replace(b"</sheetData>", row) if "sheet1" in name else old)


def code_of(data: bytes, name: str = "a.xlsx") -> str:
    """The code of the refusal to read a file."""
    with pytest.raises(Invalid) as refused:
        read_file(name, data)
    assert any("\u4e00" <= c <= "\u9fff" for c in refused.value.detail)
    return refused.value.code


def ends_well(work: Callable[[], object]) -> bool:
    """Whether something is read, or refused with a code of ours."""
    try:
        work()
    except Invalid as refused:
        return refused.code.startswith("import.")
    return True


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "import.empty-file"),
        (b"\n \n", "import.empty-file"),
        (b"x" * (MOST_BYTES + 1), "import.too-large"),
        (GOOD[:700], "import.truncated"),
        (GOOD[: len(GOOD) // 2], "import.truncated"),
        (b"PK\x03\x04" + b"\0" * 200, "import.truncated"),
        (b"%PDF-1.7 something", "import.not-a-spreadsheet"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 300, "import.not-a-spreadsheet"),
        (b"<html><body>hello</body></html>", "import.not-a-spreadsheet"),
        (b'{"a": 1}', "import.not-a-spreadsheet"),
        (OLE + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"), "import.encrypted"),
        (OLE + b"\0" * 2000, "import.truncated"),
        (b"\x81\x20\xff\xfa" * 50, "import.bad-encoding"),
        (("品名,数量\n" + "x" * 6000 + ",1\n").encode(), "import.cell-too-long"),
        (("a,b\n" * 50_001).encode(), "import.too-many-rows"),
        ((",".join("x" * 300) + "\n").encode(), "import.too-many-columns"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_so(data: bytes, code: str) -> None:
    assert code_of(data) == code


def test_a_zip_of_other_things_is_no_table() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("word/document.xml", "<x/>")
    assert code_of(out.getvalue()) == "import.not-a-spreadsheet"


def test_a_bomb_is_seen_in_the_directory_and_also_behind_a_lying_one() -> None:
    assert (
        code_of(repacked(lambda _n, old: old, **{"xl/media/x.bin": b"\0" * (130 * 1024 * 1024)})) == "import.zip-bomb"
    )
    data = bytearray(repacked(lambda _n, old: old, **{"xl/media/x.bin": b"\0" * (130 * 1024 * 1024)}))
    size = (130 * 1024 * 1024).to_bytes(4, "little")
    lying = bytes(data).replace(size, (10).to_bytes(4, "little"))
    assert code_of(lying) in ("import.zip-bomb", "import.truncated")


def test_macros_are_refused() -> None:
    assert code_of(repacked(lambda _n, old: old, **{"xl/vbaProject.bin": b"\0"}), "a.xlsm") == "import.macros"


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        (b'<c r="XFD1048576"><v>1</v></c>', "import.too-many-rows"),
        (b'<c r="XFD3"><v>1</v></c>', "import.too-many-columns"),
        (b'<c r="A1000000"><v>1</v></c>', "import.too-many-rows"),
        (b'<c r="IV40000"><v>1</v></c>', "import.too-many-cells"),
        (b'<c r="D3" t="inlineStr"><is><t>' + b"y" * 6000 + b"</t></is></c>", "import.cell-too-long"),
    ],
)
def test_a_far_cell_lays_out_nothing(cell: bytes, code: str) -> None:
    assert code_of(with_cell(cell)) == code


def test_formulas_of_death_are_not_computed() -> None:
    cell = b'<c r="D3" t="str"><f>' + b"(" * 2000 + b"1" + b")" * 2000 + b"</f><v>=cmd|' /C calc'!A0</v></c>"
    assert read_file("a.xlsx", with_cell(cell))[0].rows[2][3] == "=cmd|' /C calc'!A0"


def test_entities_do_not_grow() -> None:
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
    data = repacked(lambda name, old: old.replace(b"?>", b"?>" + laughs, 1) if "sheet1" in name else old)
    assert ends_well(lambda: read_file("a.xlsx", data))


@settings(max_examples=150)
@given(st.integers(0, 2**32), st.integers(1, 40))
def test_mutations_of_a_real_file_are_read_or_refused(seed: int, hits: int) -> None:
    rng = random.Random(seed)
    data = bytearray(GOOD)
    for _ in range(hits):
        where = rng.randrange(len(data))
        data[where : where + rng.choice((0, 1, 1, 4))] = rng.randbytes(rng.choice((0, 1, 1, 3)))
    assert ends_well(lambda: dry_run(ImportKind.STOCK, "a.xlsx", bytes(data), Choices(), known()))


@settings(max_examples=150)
@given(st.data())
def test_mutations_inside_the_parts_are_read_or_refused(draw: st.DataObject) -> None:
    rng = random.Random(draw.draw(st.integers(0, 2**32)))

    def bent(name: str, old: bytes) -> bytes:
        if rng.random() < 0.5 or not old:
            return old
        where = rng.randrange(len(old))
        return old[:where] + rng.choice((b"", b"<", b'"', b"&x;", b"<c r='ZZZ9'>", rng.randbytes(3))) + old[where + 1 :]

    assert ends_well(lambda: dry_run(ImportKind.STOCK, "a.xlsx", repacked(bent), Choices(), known()))


@settings(max_examples=200)
@given(st.one_of(st.binary(max_size=600), st.text(max_size=300).map(str.encode)))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for kind in ImportKind:
        assert ends_well(lambda kind=kind: run(data, kind=kind, name="a.csv"))  # type: ignore[misc]


_CELL = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.integers(-5, 10**6),
    st.floats(allow_nan=False, allow_infinity=False),
    st.dates(),
    st.booleans(),
    st.sampled_from(["编织袋", "约50", "同上", "合计", "2024年5月", "（一）", "3年", "个", "/"]),
)


@settings(max_examples=100)
@given(st.lists(st.lists(_CELL, min_size=1, max_size=8), min_size=1, max_size=8))
def test_any_table_is_judged(rows: list[list[object]]) -> None:
    data = book([["品名", "单位", "数量", "生产日期", "有效期", "存放位置", "厂家", "单价"], *rows])
    for row in run(data).rows:
        assert row.reasons or row.verdict.value == "ok"


@given(st.integers(0, 20_000))
def test_letters_and_numbers_of_columns(index: int) -> None:
    assert column_number(column_letter(index)) == index + 1


def test_a_list_of_the_old_excel_is_read_like_any_other() -> None:
    found = run(OLD.read_bytes(), name="list.xls")
    keys = ("item", "quantity", "place", "produced_on", "expires_on")
    assert [(row.row, row.verdict.value, *(row.facts.get(key) for key in keys)) for row in found.rows] == [
        (3, "ok", "DL-0001", 15_000, "A-01", "2024-05-20", "2029-05-19"),
        (4, "ok", "ZP-0001", 12_000, "A-02", "2025-03-01", None),
        (5, "ask", "BF-0001", 200, "A-01", None, None),
        (6, "skip", None, None, None, None, None),
    ]


@settings(max_examples=60)
@given(st.binary(max_size=40), st.integers(0, 5_600))
def test_a_damaged_list_of_the_old_excel_ends_well(noise: bytes, at: int) -> None:
    data = bytearray(OLD.read_bytes())
    data[at : at + len(noise)] = noise
    assert ends_well(lambda: dry_run(ImportKind.STOCK, "a.xls", bytes(data), Choices(), known()))
    assert ends_well(lambda: read_file("a.xls", OLD.read_bytes()[: at + 8]))
