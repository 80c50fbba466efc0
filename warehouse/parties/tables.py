"""Piccolo's view of party. Constraints and indexes stand in the migration."""

from piccolo.columns import UUID, Array, BigSerial, ForeignKey, Integer, Text, Timestamptz
from piccolo.table import Table

from catalog.regions.tables import Region


class Party(Table, tablename="party"):
    """An office, supplier, carrier, test house, donor, neighbour city or enterprise."""

    id = BigSerial(primary_key=True)
    uuid = UUID()
    key = Text(unique=True)
    kind = Text()
    region_id = ForeignKey(Region, null=True, default=None)
    duties = Array(Text())
    name_zh = Text()
    name_en = Text(null=True, default=None)
    contact = Text()
    phone = Text()
    search = Text()
    source = Text()
    version = Integer(default=1)
    retired_at = Timestamptz(null=True, default=None)
