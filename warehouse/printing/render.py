"""From values to files: pure, picklable, for a worker process. Nothing here knows a database or a setting."""

from collections.abc import Mapping
from typing import Any

from labels import documents, sheets
from labels.errors import LabelProblem
from warehouse.printing import rules
from warehouse.printing.model import Format, LabelJob, PaperKind


def render_labels(job: LabelJob, font_path: str) -> bytes:
    """The file of a label job. Raises LabelProblem before any byte is made."""
    if not job.labels:
        return sheets.calibration(job.layout, font_path)
    if job.format is Format.PDF:
        return sheets.pdf(job.labels, job.layout, font_path, start=job.start, copies=job.copies)
    if job.format is Format.ZPL:
        return sheets.zpl(job.labels, job.layout, font_path, dpi=job.dpi, copies=job.copies)
    if len(job.labels) != 1:
        raise LabelProblem("labels.one-picture", "PNG is for one label at a time", {"labels": len(job.labels)})
    return sheets.png(job.labels[0], job.layout, font_path, dpi=job.dpi)


def render_paper(kind: PaperKind, content: Mapping[str, Any], font_path: str) -> bytes:
    """The PDF of an issued paper from its frozen content. Same content, same bytes."""
    value = rules.thaw(kind, content)
    match value:
        case documents.ReceiptSlip():
            return documents.receipt_slip(value, font_path)
        case documents.IssueSlip():
            return documents.issue_slip(value, font_path)
        case documents.ShelfCard():
            return documents.shelf_card(value, font_path)
        case documents.LedgerSheet():
            return documents.ledger_sheet(value, font_path)
        case documents.CountSheet():
            return documents.count_sheet(value, font_path)
        case documents.CountReport():
            return documents.count_report(value, font_path)
        case documents.ReportTable():
            return documents.report_table(value, font_path)


def render_table(table: documents.ReportTable, font_path: str) -> bytes:
    """The PDF of a table that is no numbered paper (a pick list): drawn anew from what stands there now."""
    return documents.report_table(table, font_path)
