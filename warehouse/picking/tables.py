"""Piccolo's mirror of the tables of pick lists. Constraints and indexes are in the migration."""

from piccolo.columns import JSONB, UUID, BigInt, Integer, Text, Timestamptz
from piccolo.table import Table


class PickListRow(Table, tablename="pick_list"):
    """The head; `wanted` is what was asked for, before it was planned."""

    id = UUID(primary_key=True)
    number = Text()
    site_id = BigInt()
    name = Text()
    status = Text()
    wanted = JSONB()
    created_at = Timestamptz()
    created_by = Text()
    ended_at = Timestamptz(null=True, default=None)
    ended_by = Text()
    attempt = UUID()
    version = Integer(default=1)


class PickCounterRow(Table, tablename="pick_counter"):
    """The last serial that a store gave in a year (Asia/Shanghai)."""

    site_id = BigInt(primary_key=True)
    year = Integer()
    last = Integer()


class PickLineRow(Table, tablename="pick_line"):
    """What is to be taken from where."""

    id = BigInt(primary_key=True)
    pick_id = UUID()
    line = Integer()
    item_id = BigInt()
    lot_id = BigInt(null=True, default=None)
    place_id = BigInt(null=True, default=None)
    quantity = BigInt()
    short = BigInt(default=0)
    short_note = Text()
