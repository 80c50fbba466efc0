"""Piccolo's mirror of the tables of incidents. Constraints and indexes are in the migration."""

from piccolo.columns import UUID, BigInt, DoublePrecision, Integer, SmallInt, Text, Timestamptz
from piccolo.table import Table


class IncidentRow(Table, tablename="incident"):
    """One incident."""

    id = UUID(primary_key=True)
    seq = BigInt()
    number = Text()
    name = Text()
    hazard = Text()
    region_id = BigInt()
    occurred_at = Timestamptz()
    place = Text()
    lat = DoublePrecision(null=True, default=None)
    lon = DoublePrecision(null=True, default=None)
    affected = BigInt(null=True, default=None)
    moved = BigInt(null=True, default=None)
    note = Text()
    status = Text()
    level = SmallInt(null=True, default=None)
    version = Integer(default=1)
    opened_at = Timestamptz()
    opened_by = Text()
    ended_at = Timestamptz(null=True, default=None)
    attempt = UUID()


class IncidentLevelRow(Table, tablename="incident_level"):
    """One entry of the history of an incident's level."""

    id = BigInt(primary_key=True)
    incident_id = UUID()
    level = SmallInt(null=True, default=None)
    order_number = Text()
    reason = Text()
    at = Timestamptz()
    login = Text()


class NeedRow(Table, tablename="need"):
    """One line of what a place needs in an incident."""

    id = UUID(primary_key=True)
    seq = BigInt()
    incident_id = UUID()
    region_id = BigInt()
    item_id = BigInt(null=True, default=None)
    class_id = BigInt(null=True, default=None)
    unit = Text()
    quantity = BigInt()
    met = BigInt(default=0)
    priority = SmallInt()
    needed_by = Timestamptz(null=True, default=None)
    place = Text()
    lat = DoublePrecision(null=True, default=None)
    lon = DoublePrecision(null=True, default=None)
    own_stock_used = Text()
    origin = Text()
    note = Text()
    status = Text()
    version = Integer(default=1)
    asked_at = Timestamptz()
    asked_by = Text()
    renewed_at = Timestamptz()
    ended_at = Timestamptz(null=True, default=None)
    end_reason = Text()
    attempt = UUID()


class NeedContactRow(Table, tablename="need_contact"):
    """Who receives: kept apart, so that it can be purged."""

    need_id = UUID(primary_key=True)
    receiver = Text()
    phone = Text()
