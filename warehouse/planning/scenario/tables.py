"""Piccolo's mirror of the tables of scenarios. Constraints and indexes are in the migration."""

from piccolo.columns import JSONB, UUID, BigInt, Boolean, Date, Integer, Text, Timestamptz
from piccolo.table import Table


class ConsumptionNormRow(Table, tablename="consumption_norm"):
    """How much of something so many people use, each day or once."""

    id = UUID(primary_key=True)
    seq = BigInt()
    region_id = BigInt()
    hazard = Text(null=True, default=None)
    item_id = BigInt(null=True, default=None)
    class_id = BigInt(null=True, default=None)
    quantity = BigInt()
    people = BigInt()
    basis = Text()
    daily = Boolean(default=False)
    source = Text()
    note = Text()
    version = Integer(default=1)
    retired_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz()
    created_by = Text()
    attempt = UUID()


class ScenarioRow(Table, tablename="scenario"):
    """One scenario: what is assumed, and what came out."""

    id = UUID(primary_key=True)
    seq = BigInt()
    region_id = BigInt()
    name = Text()
    hazard = Text()
    day = Date()
    days = Integer()
    note = Text()
    areas = JSONB()
    uses = JSONB()
    reach = JSONB()
    version = Integer(default=1)
    retired_at = Timestamptz(null=True, default=None)
    created_at = Timestamptz()
    created_by = Text()
    computed_at = Timestamptz(null=True, default=None)
    computed_by = Text()
    outcome = JSONB(null=True, default=None)
    attempt = UUID()
