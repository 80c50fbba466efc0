"""Piccolo's view of region, region_code, region_fact. Constraints and indexes stand in the migration."""

from piccolo.columns import BigInt, BigSerial, Date, DoublePrecision, ForeignKey, Integer, Text, Timestamptz
from piccolo.table import Table


class Region(Table, tablename="region"):
    """One node of the tree."""

    id = BigSerial(primary_key=True)
    key = Text(unique=True)
    parent_id: ForeignKey["Region"] = ForeignKey("self", null=True, default=None)
    tier = Text()
    kind = Text(default="administrative")
    path = Text(unique=True)
    name_zh = Text()
    name_en = Text(null=True, default=None)
    search = Text()
    lat = DoublePrecision(null=True, default=None)
    lon = DoublePrecision(null=True, default=None)
    source = Text()
    version = Integer(default=1)
    retired_at = Timestamptz(null=True, default=None)


class RegionCode(Table, tablename="region_code"):
    """A dated code of a region."""

    id = BigSerial(primary_key=True)
    region_id = ForeignKey(Region, null=False)
    scheme = Text()
    code = Text()
    valid_from = Date()
    valid_to = Date(null=True, default=None)
    source = Text()


class RegionFact(Table, tablename="region_fact"):
    """A dated figure of a region."""

    id = BigSerial(primary_key=True)
    region_id = ForeignKey(Region, null=False)
    kind = Text()
    value = BigInt()
    as_of = Date()
    source = Text()
