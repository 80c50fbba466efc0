"""Piccolo's mirror of the tables of deliveries, orders and budgets. Constraints and indexes are in the migration."""

from piccolo.columns import UUID, Array, BigInt, Date, Integer, Text, Timestamptz
from piccolo.table import Table


class DeliveryRow(Table, tablename="delivery"):
    """The head."""

    id = UUID(primary_key=True)
    number = Text()
    site_id = BigInt()
    supplier_id = BigInt(null=True, default=None)
    kind = Text()
    note_number = Text()
    invoice_number = Text()
    owner_region_id = BigInt()
    fund_source = Text(null=True, default=None)
    expected_on = Date(null=True, default=None)
    status = Text()
    created_at = Timestamptz()
    created_by = Text()
    attempt = UUID()
    version = Integer(default=1)
    strays = Text()
    order_id = UUID(null=True, default=None)


class DeliveryLineRow(Table, tablename="delivery_line"):
    """One expected line, and what was turned away."""

    id = BigInt(primary_key=True)
    delivery_id = UUID()
    line = Integer()
    item_id = BigInt()
    quantity = BigInt()
    maker_batch = Text(null=True, default=None)
    produced_on = Date(null=True, default=None)
    expires_on = Date(null=True, default=None)
    price_fen = BigInt(null=True, default=None)
    price_per = BigInt(default=1)
    refused = BigInt(default=0)
    refuse_reason = Text()
    order_line = Integer(null=True, default=None)


class SupplyOrderRow(Table, tablename="supply_order"):
    """The head of an order."""

    id = UUID(primary_key=True)
    seq = BigInt()
    number = Text(null=True, default=None)
    kind = Text()
    status = Text()
    owner_region_id = BigInt()
    site_id = BigInt()
    supplier_id = BigInt(null=True, default=None)
    fund_source = Text(null=True, default=None)
    budget_year = Integer()
    contract = Text()
    reason = Text()
    note = Text()
    revision = Integer(default=1)
    authors = Array(Text())
    created_at = Timestamptz()
    created_by = Text()
    endorsed_by = Text()
    approved_by = Text()
    over_budget_reason = Text()
    ordered_at = Timestamptz(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)
    end_reason = Text()
    attempt = UUID()
    version = Integer(default=1)


class SupplyOrderLineRow(Table, tablename="supply_order_line"):
    """One line of an order."""

    id = BigInt(primary_key=True)
    order_id = UUID()
    line = Integer()
    item_id = BigInt()
    quantity = BigInt()
    pack_id = BigInt(null=True, default=None)
    price_fen = BigInt(null=True, default=None)
    price_per = BigInt(default=1)
    amount_fen = BigInt(null=True, default=None)
    expected_on = Date(null=True, default=None)
    why = Text()


class SupplyOrderCounterRow(Table, tablename="supply_order_counter"):
    """The last serial that an order of this kind took in this year."""

    kind = Text(primary_key=True)
    year = Integer()
    last = BigInt()


class BudgetRow(Table, tablename="budget"):
    """So much money of one fund source, for one region, in one year."""

    id = UUID(primary_key=True)
    seq = BigInt()
    region_id = BigInt()
    year = Integer()
    fund_source = Text()
    amount_fen = BigInt()
    source = Text()
    note = Text()
    version = Integer(default=1)
    created_at = Timestamptz()
    created_by = Text()
    attempt = UUID()


class BudgetMilestoneRow(Table, tablename="budget_milestone"):
    """By this day so much of it must be ordered or received."""

    id = BigInt(primary_key=True)
    budget_id = UUID()
    name = Text()
    day = Date()
    percent = Integer()
    measure = Text()
