"""Piccolo's mirror of the table of work put aside. Constraints and indexes are in the migration."""

from piccolo.columns import JSONB, UUID, BigInt, Text, Timestamptz
from piccolo.table import Table


class KeptWorkRow(Table, tablename="kept_work"):
    """One entry."""

    id = UUID(primary_key=True)
    site_id = BigInt()
    person_id = BigInt()
    login = Text()
    kind = Text()
    name = Text()
    content = JSONB()
    kept_at = Timestamptz()
    ended_at = Timestamptz(null=True, default=None)
    ended_by = Text()
    end_verb = Text()
