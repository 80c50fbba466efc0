"""Piccolo's mirror of the tables of rotation. Constraints and indexes are in the migration."""

from piccolo.columns import JSONB, UUID, Array, BigInt, Date, Integer, Text, Timestamptz
from piccolo.table import Table


class RotationPlan(Table, tablename="rotation_plan"):
    """A region's plan of a year."""

    id = UUID(primary_key=True)
    number = Text()
    region_id = BigInt()
    year = Integer()
    created_at = Timestamptz()
    created_by = Text()
    attempt = UUID()


class RotationLine(Table, tablename="rotation_line"):
    """Goods of one lot in one condition at one store, and what is to become of them."""

    id = UUID(primary_key=True)
    plan_id = UUID()
    line = Integer()
    lot_id = BigInt()
    site_id = BigInt()
    condition = Text()
    quantity = BigInt()
    why = Text()
    ends_on = Date(null=True, default=None)
    due_on = Date()
    option = Text(null=True, default=None)
    out_on = Date()
    in_on = Date(null=True, default=None)
    in_quantity = BigInt(null=True, default=None)
    party_id = BigInt(null=True, default=None)
    test_house_id = BigInt(null=True, default=None)
    experts = Array(base_column=Text())
    purpose = Text()
    cost_fen = BigInt(null=True, default=None)
    waste_fen = BigInt(null=True, default=None)
    gap = JSONB(null=True, default=None)
    test = JSONB(null=True, default=None)
    status = Text()
    created_by = Text()
    chosen_by = Text()
    chooser_id = BigInt(null=True, default=None)
    approved_by = Text()
    approved_at = Timestamptz(null=True, default=None)
    converted = BigInt(default=0)
    new_lot_id = BigInt(null=True, default=None)
    record_id = UUID(null=True, default=None)
    record_number = Text(null=True, default=None)
    end_note = Text()
    settlement = JSONB(null=True, default=None)
    version = Integer(default=1)


class RotationPolicy(Table, tablename="rotation_policy"):
    """What may not be done with goods of a class."""

    class_id = BigInt(primary_key=True)
    forbids = Array(base_column=Text())
    extend_days = Integer(null=True, default=None)
    source = Text()
    version = Integer(default=1)
