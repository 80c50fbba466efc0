"""Piccolo's view of material_class. Constraints and indexes stand in the migration."""

from piccolo.columns import Array, BigSerial, ForeignKey, Integer, Text, Timestamptz
from piccolo.table import Table


class MaterialClass(Table, tablename="material_class"):
    """One class of one scheme."""

    id = BigSerial(primary_key=True)
    scheme = Text()
    code = Text()
    parent_id: ForeignKey["MaterialClass"] = ForeignKey("self", null=True, default=None)
    path = Text(unique=True)
    level = Integer()
    name_zh = Text()
    name_en = Text(null=True, default=None)
    search = Text()
    mapped_id: ForeignKey["MaterialClass"] = ForeignKey("self", null=True, default=None)
    source = Text()
    version = Integer(default=1)
    retired_at = Timestamptz(null=True, default=None)
    near_expiry_days = Array(Integer())
