"""Excel out: a template for each kind, and the table of verdicts. Pure; they run in the worker."""

import io
from collections.abc import Sequence

from warehouse.exchange.model import Cell, Field, ImportKind
from warehouse.exchange.rules.fields import FIELDS

_WIDTH = 18
_LISTED_ROWS = 2000


def template(kind: ImportKind) -> bytes:
    """An empty table of one kind: bilingual headings (* is needed), a row of notes, an example, lists to choose from.

    Rows that begin with 说明 or 示例 are left out when the file comes back.
    """
    import xlsxwriter

    out = io.BytesIO()
    fields = [one for one in FIELDS[kind] if one.kept]
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("数据 Data")
        head = book.add_format(
            {"bold": True, "bg_color": "#E7EEF7", "border": 1, "text_wrap": True, "valign": "vcenter"}
        )
        quiet = book.add_format({"italic": True, "font_color": "#666666", "text_wrap": True, "valign": "top"})
        plain = book.add_format({"num_format": "@"})
        sheet.set_row(0, 34)
        sheet.set_row(1, 48)
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, 0, 10)
        sheet.write_string(0, 0, "序号\nNo.", head)
        sheet.write_string(1, 0, "说明 Notes", quiet)
        sheet.write_string(2, 0, "示例 Example", quiet)
        for column, one in enumerate(fields, 1):
            sheet.set_column(column, column, _WIDTH, plain if one.content == "text" else None)
            sheet.write_string(0, column, f"{one.name_zh}{' *' if one.required else ''}\n{one.name_en}", head)
            sheet.write_string(1, column, "\n".join(text for text in (one.note_zh, one.note_en) if text), quiet)
            example = (
                one.example if one.example is not None else (one.choices[0] if one.choices and one.required else "")
            )
            sheet.write(2, column, example, quiet)
            if one.choices:
                sheet.data_validation(3, column, _LISTED_ROWS, column, _list_of(one))
    return out.getvalue()


def _list_of(one: Field) -> dict[str, object]:
    return {
        "validate": "list",
        "source": list(one.choices),
        "error_type": "warning",
        "error_title": "请从列表选择",
        "error_message": "、".join(one.choices)[:250],
    }


def table(title: str, headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> bytes:
    """A plain table; texts stay texts, also those that begin with = + - @."""
    import xlsxwriter

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        sheet = book.add_worksheet(title[:31])
        head = book.add_format({"bold": True, "bg_color": "#E7EEF7", "border": 1})
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        sheet.freeze_panes(1, 0)
        for column, heading in enumerate(headings):
            sheet.write_string(0, column, heading, head)
            sheet.set_column(column, column, 60 if column == len(headings) - 1 else 14)
        for number, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                if isinstance(cell, int) and not isinstance(cell, bool):
                    sheet.write_number(number, column, cell)
                elif cell is not None and cell != "":
                    sheet.write_string(number, column, str(cell)[:32_000], wrap)
        sheet.autofilter(0, 0, max(len(rows), 1), len(headings) - 1)
    return out.getvalue()
