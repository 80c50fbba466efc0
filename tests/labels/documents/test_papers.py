"""Papers: the fields the rules ask for, pages that repeat their heading, symbols that open the document."""

from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from itertools import pairwise
from typing import Any

import pypdfium2 as pdfium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from labels.codes import OwnKind, own_text, write_own
from labels.codes.symbols import SymbolKind
from labels.documents import (
    A4,
    SLIP,
    Column,
    ReceiptLine,
    ReportTable,
    count_report,
    count_sheet,
    issue_slip,
    ledger_sheet,
    receipt_slip,
    report_table,
    shelf_card,
)
from labels.documents.forms import pages
from labels.documents.papers import _card, _count_report, _count_sheet, _issue, _ledger, _receipt, _table
from labels.drawing import Area, Drawing
from labels.errors import DoesNotFit, MissingGlyph
from labels.fonts import register
from tests.labels.documents.samples import CARD, COUNT_REPORT, COUNT_SHEET, ENTRIES, ISSUE, LEDGER, RECEIPT, REPORT
from tests.labels.eyes import decode

MADE: dict[str, tuple[Callable[[Any, str], bytes], Any]] = {
    "receipt": (receipt_slip, RECEIPT),
    "issue": (issue_slip, ISSUE),
    "card": (shelf_card, CARD),
    "ledger": (ledger_sheet, LEDGER),
    "report": (report_table, REPORT),
    "count sheet": (count_sheet, COUNT_SHEET),
    "count report": (count_report, COUNT_REPORT),
}
FORMS = {
    "receipt": _receipt(RECEIPT, "第一联 保管"),
    "receipt on continuous paper": replace(_receipt(RECEIPT, "第一联 保管"), page=SLIP),
    "issue": _issue(ISSUE, "第一联 保管"),
    "card": _card(CARD),
    "ledger": _ledger(LEDGER),
    "report": _table(REPORT),
    "report with a long title": replace(
        _table(REPORT),
        title="应急物资报废审批及处置情况登记记录（副本）",
        heading="某某市某某区应急物资储备管理中心某某仓库",
        symbol=_issue(ISSUE, "").symbol,
        under=_issue(ISSUE, "").under,
    ),
    "count sheet": _count_sheet(COUNT_SHEET),
    "count report": _count_report(COUNT_REPORT),
}


def said(document: bytes) -> list[str]:
    """The words of each page, without spaces and line breaks."""
    return ["".join(page.extract_text().split()) for page in PdfReader(BytesIO(document)).pages]


def sound(drawing: Drawing, margin: float) -> None:
    """All inside the margins (the page line apart), no text on another or on a symbol."""
    inner = Area(margin, margin, drawing.width - 2 * margin, drawing.height - 2 * margin + 2)
    cores = [Area(t.area.x, t.area.y + 0.1 * t.area.height, t.area.width, 0.75 * t.area.height) for t in drawing.texts]
    for at, core in enumerate(cores):
        assert inner.holds(core), drawing.texts[at]
        assert not any(core.overlaps(placed.area) for placed in drawing.symbols), drawing.texts[at]
        for later, other in enumerate(cores[at + 1 :], at + 1):
            assert not core.overlaps(other), (drawing.texts[at], drawing.texts[later])


@pytest.mark.parametrize("name", FORMS)
def test_nothing_overlaps(name: str, font_path: str) -> None:
    form = FORMS[name]
    for drawing in pages(form, register(font_path)):
        sound(drawing, form.page.margin)


def test_the_receipt_says_what_the_rule_asks(font_path: str) -> None:
    copies = said(receipt_slip(RECEIPT, font_path))
    assert len(copies) == 3
    for page, copy in zip(copies, ("第一联保管", "第二联财务", "第三联供货"), strict=True):
        assert copy in page
        for heading in ("品名", "规格", "型号", "编码", "单位", "数量", "单价(元)", "金额(元)"):
            assert heading in page
        assert "入库时间：2026-11-2109:40" in page
        assert "供货单位：江苏安达救灾装备有限公司" in page
        assert "发票号：24322000000118273645" in page
        assert "No.城北库-入-2026-000087" in page
        assert "387,556.00" in page
        assert "叁拾捌万柒仟伍佰伍拾陆元整" in page
        for name in ("保管员（王建国）：", "验收人：", "送货人：", "财务："):
            assert name in page
        assert "第1页共1页" in page


def test_a_receipt_with_an_unknown_amount_has_no_total(font_path: str) -> None:
    """A part is no total."""
    gift = ReceiptLine(name="棉被", unit="床", quantity="50")
    page = said(receipt_slip(replace(RECEIPT, lines=(*RECEIPT.lines, gift)), font_path))[0]
    assert "1行无金额，不作合计" in page
    assert "387,556.00" not in page


def test_the_issue_slip_names_batches_destination_and_order(font_path: str) -> None:
    page = said(issue_slip(ISSUE, font_path))[0]
    for words in (
        "出库单",
        "送往：金坛区薛埠镇储备点（薛埠镇人民路12号）",
        "调用依据：常应急调〔2026〕17号",
        "收货人：李敏13800000000",
        "承运：常州公路应急运输队苏D·A1234",
        "B260315-1",
        "MB2509-7",
        "No.城北库-出-2026-000123",
        "领用人：",
    ):
        assert words in page


def test_the_shelf_card_says_what_the_standard_asks(font_path: str) -> None:
    (page,) = said(shelf_card(CARD, font_path))
    for words in (
        "品名：12㎡单帐篷",
        "规格：3.7m×3.2m×1.75m牛津布",
        "编号：ZP-12-2026-0423",
        "数量：200顶",
        "生产日期：2026-03-15",
        "生产厂家：江苏安达救灾装备有限公司",
        "入库时间：2026-05-20",
    ):
        assert words in page


def test_ledger_pages_carry_the_balance(font_path: str) -> None:
    found = said(ledger_sheet(LEDGER, font_path))
    assert len(found) == 3
    for at, page in enumerate(found, 1):
        assert f"第{at}页共3页" in page
        for heading in ("日期", "凭证号", "摘要", "入库", "出库", "结存"):
            assert heading in page
    for this, following in pairwise(found):
        assert "过次页" in this
        assert "承前页" in following
        assert this.split("过次页")[1][:5] == following.split("承前页")[1][:5]
    assert "期初结存1,000" in found[0]
    assert "本期合计/期末结存7,5005,0001,100" in found[-1]
    assert "".join(found).count("城北库-") == len(ENTRIES)


def test_long_tables_repeat_their_heading_and_lose_no_row(font_path: str) -> None:
    table = replace(REPORT, rows=tuple((str(n), f"点{n:04d}", "棉被", "床", "1", "1", "1%") for n in range(1, 2001)))
    found = said(report_table(table, font_path))
    assert all("配备率" in page for page in found)
    assert [n for n in range(1, 2001) if f"点{n:04d}" not in "".join(found)] == []
    assert found[-1].count("合计") == 1
    assert f"第{len(found)}页共{len(found)}页" in found[-1]
    assert "数据截至2026-11-2118:00" in found[0]


@pytest.mark.parametrize(
    ("name", "kind", "data"),
    [
        ("receipt", SymbolKind.CODE_128, own_text(OwnKind.DOCUMENT, "26RK000087")),
        ("issue", SymbolKind.CODE_128, own_text(OwnKind.DOCUMENT, "26CK000123")),
        ("ledger", SymbolKind.CODE_128, own_text(OwnKind.DOCUMENT, "26TZ0012")),
        ("card", SymbolKind.GS1_QR, write_own(OwnKind.BIN, "A0103")),
    ],
)
def test_every_page_scans_back_to_its_document(name: str, kind: SymbolKind, data: str, font_path: str) -> None:
    make, paper = MADE[name]
    for page in pdfium.PdfDocument(make(paper, font_path)):
        assert decode(kind, page.render(scale=200 / 72, grayscale=True).to_pil()) == [data]


def test_every_line_of_a_count_sheet_scans_back_and_none_says_a_figure(font_path: str) -> None:
    """zbar reads the symbol of every row beside the paper's own; the quantity is left for the pen."""
    made = count_sheet(COUNT_SHEET, font_path)
    seen: list[str] = []
    for page in pdfium.PdfDocument(made):
        seen += decode(SymbolKind.CODE_128, page.render(scale=300 / 72, grayscale=True).to_pil())
    lines = {own_text(OwnKind.COUNT_LINE, line.code) for line in COUNT_SHEET.lines}
    assert set(seen) - {own_text(OwnKind.DOCUMENT, "CZ01PD20260001")} == lines
    assert "账面数" not in "".join(said(made)).replace("不印账面数", "")


def test_a_count_report_says_book_counted_difference_value_reason_and_who_signs(font_path: str) -> None:
    (page,) = said(count_report(COUNT_REPORT, font_path))
    for text in ("账面数", "实盘数", "40", "31", "-9", "-3,150.00", "短缺、丢失", "审批人（沈一帆）", "简化手续"):
        assert text in page, text


@pytest.mark.parametrize("name", MADE)
def test_same_paper_same_bytes(name: str, font_path: str) -> None:
    make, paper = MADE[name]
    assert make(paper, font_path) == make(paper, font_path)


@pytest.mark.parametrize("name", MADE)
def test_fonts_are_embedded(name: str, font_path: str) -> None:
    make, paper = MADE[name]
    for page in PdfReader(BytesIO(make(paper, font_path))).pages:
        for font in page["/Resources"]["/Font"].values():
            assert "/FontFile2" in font.get_object()["/FontDescriptor"]


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.tuples(*[st.text("救灾帐篷棉被A-12 （）\n", max_size=80)] * 4).map(tuple), min_size=0, max_size=30
    ),
    page=st.sampled_from([A4, SLIP]),
)
def test_any_table_stays_on_its_paper(font_path: str, rows: list[tuple[str, ...]], page: Any) -> None:
    columns = (Column("甲", 1), Column("乙", 2, "right"), Column("丙", 1, "center"), Column("丁", 3))
    table = ReportTable(
        title="表", heading="单位", number="1", columns=columns, rows=tuple(rows), signatures=("填表人",), page=page
    )
    try:
        drawings = pages(_table(table), register(font_path))
    except DoesNotFit:
        return  # a row of eighty line breaks is taller than any paper; the next test is about that
    for drawing in drawings:
        sound(drawing, page.margin)


def test_a_row_taller_than_the_paper_is_refused(font_path: str) -> None:
    table = replace(REPORT, rows=(("1", "帐篷" * 2000, "", "", "", "", ""),))
    with pytest.raises(DoesNotFit) as refusal:
        report_table(table, font_path)
    assert refusal.value.code == "labels.row-too-tall"


def test_a_missing_glyph_is_a_visible_error(font_path: str) -> None:
    with pytest.raises(MissingGlyph):
        shelf_card(replace(CARD, name="\U0001f525"), font_path)
