"""Piccolo's mirror of the tables of vehicles. Constraints and indexes are in the migration."""

from piccolo.columns import UUID, BigInt, Boolean, Date, Integer, Text, Timestamptz
from piccolo.table import Table


class VehicleRow(Table, tablename="vehicle"):
    """One vehicle."""

    id = UUID(primary_key=True)
    seq = BigInt()
    plate = Text()
    odd_plate = Boolean()
    kind = Text()
    region_id = BigInt()
    site_id = BigInt(null=True, default=None)
    carrier_id = BigInt(null=True, default=None)
    max_weight_g = BigInt()
    max_volume_ml = BigInt()
    out_of_service = Text()
    valid_from = Date(null=True, default=None)
    valid_to = Date(null=True, default=None)
    note = Text()
    used_kind = Text()
    used_id = UUID(null=True, default=None)
    used_paper = Text()
    version = Integer(default=1)
    made_at = Timestamptz()
    made_by = Text()
    retired_at = Timestamptz(null=True, default=None)
    attempt = UUID()


class VehicleContactRow(Table, tablename="vehicle_contact"):
    """Who drives: kept apart, so that it can be purged."""

    vehicle_id = UUID(primary_key=True)
    driver = Text()
    phone = Text()
