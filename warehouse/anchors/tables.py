"""Piccolo's mirror of the table. Constraints, indexes and the trigger are in the migration."""

from piccolo.columns import UUID, BigInt, Bytea, Text, Timestamptz
from piccolo.table import Table


class ReceivedAnchorRow(Table, tablename="received_anchor"):
    """An anchor as a lower house sent it."""

    id = BigInt(primary_key=True)
    house = Bytea()
    name = Text()
    position = BigInt()
    audit_seq = BigInt()
    mac = Bytea()
    digest = Bytea()
    made_at = Timestamptz()
    text = Text()
    signature = Bytea()
    verdict = Text()
    received_at = Timestamptz()
    received_from = Text()
    attempt = UUID()
