"""Piccolo's mirror of the tables of norms. Constraints and indexes are in the migration."""

from piccolo.columns import UUID, BigInt, Date, Integer, SmallInt, Text, Timestamptz
from piccolo.table import Table


class NormRow(Table, tablename="norm"):
    """One norm."""

    id = UUID(primary_key=True)
    seq = BigInt()
    site_id = BigInt(null=True, default=None)
    region_id = BigInt(null=True, default=None)
    each = Text(null=True, default=None)
    item_id = BigInt(null=True, default=None)
    class_id = BigInt(null=True, default=None)
    minimum = BigInt(null=True, default=None)
    reorder = BigInt(null=True, default=None)
    target = BigInt(null=True, default=None)
    maximum = BigInt(null=True, default=None)
    lead_days = Integer(null=True, default=None)
    round_to = BigInt(null=True, default=None)
    basis = Text()
    basis_per = BigInt(default=1)
    unit = Text()
    season_from = SmallInt(null=True, default=None)
    season_to = SmallInt(null=True, default=None)
    valid_from = Date()
    valid_to = Date(null=True, default=None)
    source = Text()
    note = Text()
    version = Integer(default=1)
    retired_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz()
    created_by = Text()
    attempt = UUID()


class NormEquivalentRow(Table, tablename="norm_equivalent"):
    """How an item counts in a norm of a class."""

    id = BigInt(primary_key=True)
    norm_id = UUID()
    item_id = BigInt()
    base = BigInt()
    worth = BigInt()
