"""Reads of provision: `prepare` a question, then ask the table for its cells and totals."""

from warehouse.provision.queries.cells import Show, Sort, all_cells, list_cells, roll_up, roll_ups, usable_by_branch
from warehouse.provision.queries.table import Table, pairs, prepare
from warehouse.provision.queries.there import list_lots

__all__ = [
    "Show",
    "Sort",
    "Table",
    "all_cells",
    "list_cells",
    "list_lots",
    "pairs",
    "prepare",
    "roll_up",
    "roll_ups",
    "usable_by_branch",
]
