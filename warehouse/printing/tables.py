"""Piccolo's mirror of the tables of papers. Constraints and indexes are in the migration."""

from piccolo.columns import JSONB, UUID, BigInt, Integer, Text, Timestamptz
from piccolo.table import Table


class PaperRow(Table, tablename="paper"):
    """An issued paper with its frozen content."""

    id = UUID(primary_key=True)
    seq = BigInt()
    number = Text()
    outside_number = Text(null=True, default=None)
    kind = Text()
    site_id = BigInt()
    year = Integer()
    serial = Integer()
    content = JSONB()
    document_kind = Text(null=True, default=None)
    document_id = UUID(null=True, default=None)
    issued_at = Timestamptz()
    issued_by = Text()
    attempt = UUID()
    voided_at = Timestamptz(null=True, default=None)
    void_reason = Text()


class LabelLayoutRow(Table, tablename="label_layout"):
    """Label stock that an administrator added. Lengths are hundredths of a millimetre."""

    name = Text(primary_key=True)
    name_zh = Text()
    name_en = Text()
    label_width = Integer()
    label_height = Integer()
    page_width = Integer()
    page_height = Integer()
    columns = Integer()
    rows = Integer()
    left_edge = Integer()
    top_edge = Integer()
    gap_x = Integer()
    gap_y = Integer()
    padding_x = Integer()
    padding_y = Integer()
    version = Integer(default=1)
    retired_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz()
    created_by = Text()
