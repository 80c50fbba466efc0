"""Piccolo's mirror of the tables of scheduled reports. Constraints and indexes are in the migration."""

from piccolo.columns import UUID, Array, BigInt, Bytea, Date, Integer, SmallInt, Text, Timestamptz
from piccolo.table import Table


class ReportPlanRow(Table, tablename="report_plan"):
    """A report that is made by itself."""

    id = UUID(primary_key=True)
    seq = BigInt()
    person_id = BigInt()
    name = Text()
    query = Text()
    path = Text()
    format = Text()
    every = Text()
    day = SmallInt()
    recipients = Array(BigInt())
    next_on = Date()
    created_at = Timestamptz()
    created_by = Text()
    attempt = UUID()
    version = Integer(default=1)
    retired_at = Timestamptz(null=True, default=None)


class ReportRunRow(Table, tablename="report_run"):
    """What was made on a day."""

    id = UUID(primary_key=True)
    seq = BigInt()
    plan_id = UUID()
    due_on = Date()
    made_at = Timestamptz()
    name = Text()
    content = Bytea(null=True, default=None)
    sha256 = Bytea(null=True, default=None)
    error = Text()


# `report_letter` has a composite key and no Piccolo row.
