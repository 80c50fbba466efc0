"""Decisions of replenishment over plain values: here those of deliveries; `orders` and `budgets` stand beside them."""

from warehouse.replenishment.rules.deliveries import (
    MOST_LINES,
    check_lines,
    checked_seq,
    differences,
    label_key,
    number_of_label,
    read_refusals,
    read_strays,
    said,
    write_refusals,
    write_strays,
)

__all__ = [
    "MOST_LINES",
    "check_lines",
    "checked_seq",
    "differences",
    "label_key",
    "number_of_label",
    "read_refusals",
    "read_strays",
    "said",
    "write_refusals",
    "write_strays",
]
