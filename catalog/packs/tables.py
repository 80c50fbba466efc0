"""Piccolo's view of pack. Constraints and indexes stand in the migration.

`item_id` is a plain number here: packs lie below items (see catalog/README.md); the foreign key is in the schema.
"""

from piccolo.columns import BigInt, BigSerial, Boolean, Integer, Text, Timestamptz
from piccolo.table import Table


class Pack(Table, tablename="pack"):
    """One way an item is packed."""

    id = BigSerial(primary_key=True)
    item_id = BigInt()
    key = Text(unique=True)
    name_zh = Text()
    name_en = Text(null=True, default=None)
    factor = BigInt()
    weight_g = BigInt(null=True, default=None)
    volume_ml = BigInt(null=True, default=None)
    is_default = Boolean(default=False)
    source = Text()
    version = Integer(default=1)
    retired_at = Timestamptz(null=True, default=None)
