"""Piccolo's view of kit_component. Constraints and indexes stand in the migration (item ids: see packs/tables.py)."""

from piccolo.columns import BigInt, BigSerial, Text, Timestamptz
from piccolo.table import Table


class KitComponent(Table, tablename="kit_component"):
    """One item in one kit."""

    id = BigSerial(primary_key=True)
    kit_id = BigInt()
    component_id = BigInt()
    quantity = BigInt()
    source = Text()
    retired_at = Timestamptz(null=True, default=None)
