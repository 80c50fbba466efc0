"""Reads of replenishment. `find_…` is for higher features and scanning, unscoped; the rest takes a `Scope`."""

from warehouse.replenishment.queries.arrivals import late_lines, late_orders, list_expected, on_order
from warehouse.replenishment.queries.budgets import find_budget, get_budget, list_budgets
from warehouse.replenishment.queries.deliveries import (
    find_deliveries,
    find_deliveries_by_label,
    find_delivery_by_number,
    get_delivery,
    list_deliveries,
    unplanned,
)
from warehouse.replenishment.queries.orders import find_orders, get_order, list_orders
from warehouse.replenishment.queries.suppliers import last_offers, supplier_record, suppliers_of_lot

__all__ = [
    "find_budget",
    "find_deliveries",
    "find_deliveries_by_label",
    "find_delivery_by_number",
    "find_orders",
    "get_budget",
    "get_delivery",
    "get_order",
    "last_offers",
    "late_lines",
    "late_orders",
    "list_budgets",
    "list_deliveries",
    "list_expected",
    "list_orders",
    "on_order",
    "supplier_record",
    "suppliers_of_lot",
    "unplanned",
]
