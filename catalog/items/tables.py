"""Piccolo's view of the item master. Constraints and indexes stand in the migration."""

from piccolo.columns import Array, BigInt, BigSerial, Boolean, ForeignKey, Integer, Text, Timestamptz
from piccolo.table import Table

from catalog.classes.tables import MaterialClass
from catalog.packs.tables import Pack


class StorageClass(Table, tablename="storage_class"):
    """How goods want to be kept."""

    id = BigSerial(primary_key=True)
    key = Text(unique=True)
    name_zh = Text()
    name_en = Text(null=True, default=None)
    note = Text()
    source = Text()


class Item(Table, tablename="item"):
    """One catalogue entry."""

    id = BigSerial(primary_key=True)
    key = Text(unique=True)
    name_zh = Text()
    name_en = Text(null=True, default=None)
    spec = Text()
    class_id = ForeignKey(MaterialClass, null=False)
    dimension = Text()
    unit_zh = Text()
    unit_en = Text(null=True, default=None)
    unit_factor = BigInt(default=1)
    tracking = Text()
    kind = Text()
    storage_class_id = ForeignKey(StorageClass, null=False)
    weight_g = BigInt(null=True, default=None)
    volume_ml = BigInt(null=True, default=None)
    storage_life_days = Integer(null=True, default=None)
    storage_life_source = Text(default="unverified")
    expiry_on_pack = Boolean(default=False)
    returnable = Boolean(default=False)
    returnable_source = Text(default="unverified")
    disaster_types = Array(Text())
    price_fen = BigInt(null=True, default=None)
    price_per = BigInt(default=1)
    price_source = Text(default="unverified")
    near_expiry_days = Array(Integer())
    search = Text()
    sort_key = Text()
    source = Text()
    unit_fixed = Boolean(default=False)
    version = Integer(default=1)
    retired_at = Timestamptz(null=True, default=None)


class ItemClass(Table, tablename="item_class"):
    """A class of another scheme an item belongs to."""

    id = BigSerial(primary_key=True)
    item_id = ForeignKey(Item, null=False)
    class_id = ForeignKey(MaterialClass, null=False)
    source = Text()
    retired_at = Timestamptz(null=True, default=None)


class ItemAlias(Table, tablename="item_alias"):
    """Another name of an item."""

    id = BigSerial(primary_key=True)
    item_id = ForeignKey(Item, null=False)
    alias = Text()
    kind = Text(default="synonym")
    source = Text()
    retired_at = Timestamptz(null=True, default=None)


class ItemCode(Table, tablename="item_code"):
    """A code of an item or of one of its packs."""

    id = BigSerial(primary_key=True)
    item_id = ForeignKey(Item, null=False)
    pack_id = ForeignKey(Pack, null=True, default=None)
    kind = Text()
    code = Text()
    source = Text()
    retired_at = Timestamptz(null=True, default=None)


class ItemCare(Table, tablename="item_care"):
    """A care interval of an item."""

    id = BigSerial(primary_key=True)
    item_id = ForeignKey(Item, null=False)
    kind = Text()
    first_after_days = Integer()
    interval_days = Integer()
    basis = Text(default="in_store")
    note = Text()
    source = Text()
    retired_at = Timestamptz(null=True, default=None)


class ItemSubstitute(Table, tablename="item_substitute"):
    """What may be given instead of an item, once somebody else than who set the ratio has approved it."""

    id = BigSerial(primary_key=True)
    item_id = ForeignKey(Item, null=False)
    substitute_id = ForeignKey(Item, null=False)
    need = BigInt()
    give = BigInt()
    note = Text()
    source = Text()
    retired_at = Timestamptz(null=True, default=None)
    set_by = Text()
    approved_by = Text()
    approved_at = Timestamptz(null=True, default=None)
