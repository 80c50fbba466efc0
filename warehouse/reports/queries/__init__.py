"""Reads of reports."""

from warehouse.reports.queries.performance import performance
from warehouse.reports.queries.shortfall import ages, covered, expiring, shortfall
from warehouse.reports.queries.stock import ahead, ledger, list_slow, slow_total, value_by_fund

__all__ = [
    "ages",
    "ahead",
    "covered",
    "expiring",
    "ledger",
    "list_slow",
    "performance",
    "shortfall",
    "slow_total",
    "value_by_fund",
]
