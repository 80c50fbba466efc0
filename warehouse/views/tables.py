"""Piccolo's mirror of the table of saved views. Constraints and indexes are in the migration."""

from piccolo.columns import UUID, BigInt, Boolean, Integer, Text, Timestamptz
from piccolo.table import Table


class SavedViewRow(Table, tablename="saved_view"):
    """A list as somebody left it."""

    id = UUID(primary_key=True)
    seq = BigInt()
    person_id = BigInt()
    party_id = BigInt(null=True, default=None)
    list = Text()
    name = Text()
    query = Text()
    shared = Boolean(default=False)
    created_at = Timestamptz()
    version = Integer(default=1)
    retired_at = Timestamptz(null=True, default=None)
    attempt = UUID()
