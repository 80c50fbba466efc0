"""The papers: each value becomes a form, each form becomes a PDF."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

from labels.codes.model import OwnKind
from labels.codes.own import own_text, write_own
from labels.codes.symbols import Symbol, SymbolKind, symbol
from labels.documents.forms import CARRY_LABEL, Form, pages
from labels.documents.model import (
    Column,
    CountReport,
    CountSheet,
    IssueSlip,
    LedgerLine,
    LedgerSheet,
    ReceiptSlip,
    ReportTable,
    ShelfCard,
)
from labels.documents.money import capital_yuan, yuan
from labels.drawing import new_canvas, paint
from labels.fonts import register


def receipt_slip(slip: ReceiptSlip, font_path: str | Path) -> bytes:
    """入库单, every copy one after the other."""
    return _printed([_receipt(slip, copy) for copy in slip.copies], font_path, slip.anchor)


def issue_slip(slip: IssueSlip, font_path: str | Path) -> bytes:
    """出库单, every copy one after the other."""
    return _printed([_issue(slip, copy) for copy in slip.copies], font_path, slip.anchor)


def shelf_card(card: ShelfCard, font_path: str | Path) -> bytes:
    """货位卡."""
    return _printed([_card(card)], font_path, card.anchor)


def ledger_sheet(sheet: LedgerSheet, font_path: str | Path) -> bytes:
    """台账."""
    return _printed([_ledger(sheet)], font_path, sheet.anchor)


def count_sheet(sheet: CountSheet, font_path: str | Path) -> bytes:
    """盘点表, blind."""
    return _printed([_count_sheet(sheet)], font_path, sheet.anchor)


def count_report(report: CountReport, font_path: str | Path) -> bytes:
    """盘点报告."""
    return _printed([_count_report(report)], font_path, report.anchor)


def report_table(table: ReportTable, font_path: str | Path) -> bytes:
    """Any table with a title, repeated headings and page numbers."""
    return _printed([_table(table)], font_path, table.anchor)


def _printed(forms: list[Form], font_path: str | Path, anchor: str = "") -> bytes:
    """Same forms, same bytes. All pages are set before the first is painted; each carries the audit trail's anchor."""
    font = register(font_path)
    forms = [replace(form, anchor=anchor) for form in forms]
    drawings = [drawing for form in forms for drawing in pages(form, font)]
    page = forms[0].page
    out, canvas = new_canvas(page.width, page.height, forms[0].title, font)
    for drawing in drawings:
        paint(canvas, drawing, font, 0, 0, page.height)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _document_symbol(own_key: str | None) -> tuple[Symbol | None, str]:
    """The paper's own code, so that scanning the paper opens the document."""
    if own_key is None:
        return None, ""
    text = own_text(OwnKind.DOCUMENT, own_key)
    return symbol(SymbolKind.CODE_128, text), text


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _said(facts: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((caption, value) for caption, value in facts if value)


def _money(fen: int | None) -> str:
    return "" if fen is None else yuan(fen)


_RECEIPT_COLUMNS = (
    Column("序号", 0.6, "center"),
    Column("品名", 2.4),
    Column("规格", 2.2),
    Column("型号", 1.5),
    Column("编码", 1.6),
    Column("单位", 0.7, "center"),
    Column("数量", 1.1, "right"),
    Column("单价(元)", 1.3, "right"),
    Column("金额(元)", 1.5, "right"),
    Column("批号", 1.5),
    Column("有效期至", 1.3, "center"),
)


def _receipt(slip: ReceiptSlip, copy: str) -> Form:
    drawn, under = _document_symbol(slip.own_key)
    rows = tuple(
        (
            str(at),
            line.name,
            line.spec,
            line.model,
            line.code,
            line.unit,
            line.quantity,
            _money(line.unit_price_fen),
            _money(line.amount_fen),
            line.batch,
            _day(line.expires_on),
        )
        for at, line in enumerate(slip.lines, 1)
    )
    totals, closing = _sum_row([line.amount_fen for line in slip.lines], len(_RECEIPT_COLUMNS), 8)
    return Form(
        title="入 库 单",
        heading=slip.site,
        number=slip.number,
        copy=copy,
        symbol=drawn,
        under=under,
        facts=(
            ("入库时间", f"{slip.received_at:%Y-%m-%d %H:%M}"),
            ("供货单位", slip.supplier),
            ("发票号", slip.invoice),
            *_said((("合同号", slip.contract), ("资金来源", slip.fund_source), ("备注", slip.note))),
        ),
        columns=_RECEIPT_COLUMNS,
        rows=rows,
        totals=totals,
        closing=closing,
        signatures=_signed(("保管员", slip.keeper), ("验收人", slip.checker), ("送货人", slip.deliverer), ("财务", "")),
        page=slip.page,
    )


def _sum_row(
    amounts: list[int | None], columns: int, place: int
) -> tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]:
    """The total in figures and capitals; nothing where an amount is unknown, as a part is no total."""
    known = [amount for amount in amounts if amount is not None]
    if not known:
        return (), ()
    if len(known) < len(amounts):
        return (), (f"合计：{len(amounts) - len(known)} 行无金额，不作合计",)
    cells = [""] * columns
    cells[1], cells[place] = "合计", yuan(sum(known))
    return (tuple(cells),), (f"合计（大写）：{capital_yuan(sum(known))}",)


def _signed(*people: tuple[str, str]) -> tuple[str, ...]:
    """A line to sign on after each caption, with the name where it is known."""
    return tuple(f"{caption}（{name}）：" if name else f"{caption}：" for caption, name in people)


_ISSUE_COLUMNS = (
    Column("序号", 0.6, "center"),
    Column("品名", 2.4),
    Column("规格", 2.2),
    Column("编码", 1.6),
    Column("单位", 0.7, "center"),
    Column("数量", 1.1, "right"),
    Column("批号", 1.7),
    Column("有效期至", 1.3, "center"),
    Column("货位", 1.2),
    Column("金额(元)", 1.4, "right"),
    Column("备注", 1.3),
)


def _issue(slip: IssueSlip, copy: str) -> Form:
    drawn, under = _document_symbol(slip.own_key)
    rows = tuple(
        (
            str(at),
            line.name,
            line.spec,
            line.code,
            line.unit,
            line.quantity,
            line.batch,
            _day(line.expires_on),
            line.bin,
            _money(line.amount_fen),
            line.note,
        )
        for at, line in enumerate(slip.lines, 1)
    )
    totals, closing = _sum_row([line.amount_fen for line in slip.lines], len(_ISSUE_COLUMNS), 9)
    return Form(
        title="出 库 单",
        heading=slip.site,
        number=slip.number,
        copy=copy,
        symbol=drawn,
        under=under,
        facts=(
            ("出库时间", f"{slip.issued_at:%Y-%m-%d %H:%M}"),
            ("送往", slip.destination),
            ("调用依据", slip.order or "—"),
            *_said(
                (
                    ("用途", slip.purpose),
                    ("收货人", " ".join(filter(None, (slip.receiver, slip.receiver_phone)))),
                    ("承运", " ".join(filter(None, (slip.carrier, slip.plate)))),
                    ("备注", slip.note),
                )
            ),
        ),
        columns=_ISSUE_COLUMNS,
        rows=rows,
        totals=totals,
        closing=closing,
        signatures=_signed(("保管员", slip.keeper), ("复核人", slip.checker), ("承运人", ""), ("领用人", "")),
        page=slip.page,
    )


_ENTRY_COLUMNS = (
    Column("日期", 1.3, "center"),
    Column("凭证号", 2.4),
    Column("摘要", 2.6),
    Column("入库", 1.2, "right"),
    Column("出库", 1.2, "right"),
    Column("结存", 1.3, "right"),
    Column("经手人", 1.1, "center"),
)


def _entry(line: LedgerLine) -> tuple[str, ...]:
    day = line.booked_on.isoformat()
    return (day, line.number, line.summary, line.came_in, line.went_out, line.balance, line.by)


def _card(card: ShelfCard) -> Form:
    text = own_text(OwnKind.BIN, card.own_key)
    blank = ("",) * len(_ENTRY_COLUMNS)
    return Form(
        title="货 位 卡",
        heading=card.site,
        number=card.bin,
        symbol=symbol(SymbolKind.GS1_QR, write_own(OwnKind.BIN, card.own_key)),
        under=text,
        facts=(
            ("品名", card.name),
            ("规格", card.spec or "—"),
            ("编号", card.number or "—"),
            ("数量", card.quantity),
            ("生产日期", _day(card.produced_on) or "—"),
            ("生产厂家", card.maker or "—"),
            ("入库时间", _day(card.received_on) or "—"),
            *_said((("有效期至", _day(card.expires_on)), ("保管员", card.keeper))),
        ),
        fact_columns=2,
        fact_size=13.0,
        columns=_ENTRY_COLUMNS,
        rows=(*map(_entry, card.lines), *((blank,) * (card.least_lines - len(card.lines)))),
        least_row=7.0,
        page=card.page,
    )


def _ledger(sheet: LedgerSheet) -> Form:
    drawn, under = _document_symbol(sheet.own_key)
    opening = ("", "", "期初结存", "", "", sheet.opening, "")
    rows = (opening, *map(_entry, sheet.lines))
    return Form(
        title="物 资 台 账",
        heading=sheet.site,
        number=sheet.number,
        symbol=drawn,
        under=under,
        facts=(
            ("品名", sheet.name),
            ("规格", sheet.spec or "—"),
            ("单位", sheet.unit),
            *_said((("编码", sheet.code), ("期间", sheet.period), ("保管员", sheet.keeper))),
        ),
        columns=_ENTRY_COLUMNS,
        rows=rows,
        totals=(("", "", "本期合计 / 期末结存", sheet.total_in, sheet.total_out, sheet.closing, ""),),
        carried=tuple(("", "", CARRY_LABEL, "", "", row[5], "") for row in rows),
        signatures=_signed(("保管员", ""), ("统计员", ""), ("负责人", "")),
        foot=f"数据截至 {sheet.known_at}" if sheet.known_at else "",
        page=sheet.page,
    )


def _table(table: ReportTable) -> Form:
    drawn, under = _document_symbol(table.own_key)
    return Form(
        title=table.title,
        heading=table.heading,
        number=table.number,
        symbol=drawn,
        under=under,
        facts=table.facts,
        columns=table.columns,
        rows=table.rows,
        totals=(table.totals,) if table.totals else (),
        closing=table.notes,
        signatures=tuple(f"{caption}：" for caption in table.signatures),
        signed=table.signed,
        foot=f"数据截至 {table.known_at}" if table.known_at else "",
        page=table.page,
    )


_COUNT_COLUMNS = (
    Column("行", 0.5, "center"),
    Column("货位", 1.2),
    Column("物资", 2.6),
    Column("批次", 1.3),
    Column("状态", 0.8, "center"),
    Column("实盘数量", 1.5),
    Column("单位", 0.7, "center"),
    Column("行码", 1.3, "center"),
    Column("扫码录入", 2.9, "center"),
)


def _count_sheet(sheet: CountSheet) -> Form:
    drawn, under = _document_symbol(sheet.own_key)
    codes = [own_text(OwnKind.COUNT_LINE, line.code) for line in sheet.lines]
    rows = tuple(
        (
            str(line.line),
            line.bin,
            line.name or "（表外物资）",
            line.lot,
            line.quality,
            "",
            line.unit,
            code,
            "",
        )
        for line, code in zip(sheet.lines, codes, strict=True)
    )
    return Form(
        title="盘 点 表",
        heading=sheet.site,
        number=sheet.number,
        symbol=drawn,
        under=under,
        facts=(
            ("盘点编号", sheet.count),
            ("盘点轮次", sheet.round),
            ("打印时间", f"{sheet.printed_at:%Y-%m-%d %H:%M}"),
            *_said((("备注", sheet.note),)),
        ),
        columns=_COUNT_COLUMNS,
        rows=rows,
        row_symbols=tuple(symbol(SymbolKind.CODE_128, code) for code in codes),
        least_row=13.0,
        closing=(
            "盲盘：表上不印账面数。没有的填 0；表上没有的物资写在“表外物资”行，写明名称和数量。",
            "清点时间：______年____月____日____时____分　　录入时填写此时间，此后的收发不受影响。",
        ),
        signatures=_signed(("盘点人", ""), ("监盘人", ""), ("录入人", "")),
        page=sheet.page,
    )


_RESULT_COLUMNS = (
    Column("货位", 1.2),
    Column("物资", 2.6),
    Column("批次", 1.3),
    Column("状态", 0.8, "center"),
    Column("单位", 0.7, "center"),
    Column("账面数", 1.2, "right"),
    Column("实盘数", 1.2, "right"),
    Column("差异", 1.2, "right"),
    Column("差异金额(元)", 1.4, "right"),
    Column("原因", 1.9),
)


def _count_report(report: CountReport) -> Form:
    drawn, under = _document_symbol(report.own_key)
    rows = tuple(
        (
            line.bin,
            line.name,
            line.lot,
            line.quality,
            line.unit,
            line.book,
            line.counted,
            line.difference,
            _signed_money(line.value_fen),
            line.reason,
        )
        for line in report.lines
    )
    totals = ("合计", "", "", "", "", "", "", "", _signed_money(report.total_fen), "")
    unpriced = (f"{report.unpriced} 行差异无单价，未计入金额。",) if report.unpriced else ()
    shortcuts = (f"简化手续：{report.shortcuts}",) if report.shortcuts else ()
    return Form(
        title="盘 点 报 告",
        heading=report.site,
        number=report.number,
        symbol=drawn,
        under=under,
        facts=(
            ("盘点编号", report.count),
            ("盘点方式", report.kind),
            ("货位数", str(report.bins)),
            ("开始时间", f"{report.counted_from:%Y-%m-%d %H:%M}"),
            ("过账时间", f"{report.posted_at:%Y-%m-%d %H:%M}"),
            ("盘点人", report.counters),
            *_said((("过账人", report.posted_by), ("审批人", report.approver))),
        ),
        columns=_RESULT_COLUMNS,
        rows=rows,
        totals=(totals,),
        closing=(*unpriced, *shortcuts),
        signatures=_signed(("盘点人", ""), ("复盘人", ""), ("保管员", ""), ("审批人", report.approver)),
        foot=f"数据截至 {report.known_at}" if report.known_at else "",
        page=report.page,
    )


def _signed_money(fen: int | None) -> str:
    if fen is None:
        return "—"
    return f"-{yuan(-fen)}" if fen < 0 else yuan(fen)
