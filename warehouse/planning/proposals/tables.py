"""Piccolo's mirror of the table of proposals. Constraints and indexes are in the migration."""

from piccolo.columns import JSONB, UUID, BigInt, Date, Integer, Text, Timestamptz
from piccolo.table import Table


class ProposalRow(Table, tablename="proposal"):
    """One proposed line."""

    id = UUID(primary_key=True)
    seq = BigInt()
    key = Text()
    part = Integer()
    cause = Text()
    status = Text()
    owner_region_id = BigInt()
    item_id = BigInt()
    site_id = BigInt(null=True, default=None)
    quantity = BigInt()
    pack_id = BigInt(null=True, default=None)
    supplier_id = BigInt(null=True, default=None)
    fund_source = Text(null=True, default=None)
    price_fen = BigInt(null=True, default=None)
    price_per = BigInt(default=1)
    amount_fen = BigInt(null=True, default=None)
    expected_on = Date(null=True, default=None)
    why = JSONB()
    order_id = UUID(null=True, default=None)
    reason = Text()
    until = Date(null=True, default=None)
    created_at = Timestamptz()
    changed_at = Timestamptz()
    attempt = UUID()
    version = Integer(default=1)
