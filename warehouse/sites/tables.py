"""Piccolo's view of site, zone, place. Constraints and indexes stand in the migration."""

from piccolo.columns import (
    UUID,
    Array,
    BigInt,
    BigSerial,
    Boolean,
    DoublePrecision,
    ForeignKey,
    Integer,
    Text,
    Timestamptz,
)
from piccolo.table import Table

from catalog.regions.tables import Region
from warehouse.parties.tables import Party


class Site(Table, tablename="site"):
    """A store or point. `path` is a copy of its region's, kept true by a foreign key."""

    id = BigSerial(primary_key=True)
    uuid = UUID()
    code = Text(unique=True)
    name_zh = Text()
    name_en = Text(null=True, default=None)
    kind = Text()
    region_id = ForeignKey(Region, null=False)
    path = Text()
    custodian_id = ForeignKey(Party, null=True, default=None)
    custody_for_id = ForeignKey(Region, null=True, default=None)
    address = Text()
    phone = Text()
    lat = DoublePrecision(null=True, default=None)
    lon = DoublePrecision(null=True, default=None)
    one_keeper = Boolean(default=False)
    live = Boolean(default=True)
    search = Text()
    source = Text()
    load_minutes = Integer(null=True, default=None)
    version = Integer(default=1)
    retired_at = Timestamptz(null=True, default=None)


class Zone(Table, tablename="zone"):
    """A part of a site."""

    id = BigSerial(primary_key=True)
    site_id = ForeignKey(Site, null=False)
    code = Text()
    name_zh = Text()
    name_en = Text(null=True, default=None)
    storage_classes = Array(Text())
    version = Integer(default=1)
    retired_at = Timestamptz(null=True, default=None)


class Place(Table, tablename="place"):
    """Where a leg of a move can stand."""

    id = BigSerial(primary_key=True)
    uuid = UUID()
    kind = Text()
    site_id = ForeignKey(Site, null=True, default=None)
    zone_id = ForeignKey(Zone, null=True, default=None)
    code = Text()
    key = Text(unique=True)
    sort_key = Text()
    volume_ml = BigInt(null=True, default=None)
    weight_g = BigInt(null=True, default=None)
    closed_by = BigInt(null=True, default=None)
    close_reason = Text()
    version = Integer(default=1)
    retired_at = Timestamptz(null=True, default=None)
