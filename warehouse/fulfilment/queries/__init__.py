"""Reads of fulfilment: shipments, receiving points, and the recovery ledger."""

from warehouse.fulfilment.queries.boxes import find_boxes, find_boxes_by_label, list_boxes
from warehouse.fulfilment.queries.points import at_point, find_point, get_point, keeper_of, list_points, totals_of
from warehouse.fulfilment.queries.recovery import (
    claimed_of,
    duties_of,
    get_duty,
    list_duties,
    list_fills,
    owed_under,
    proved_by,
    used_in,
)
from warehouse.fulfilment.queries.shipments import (
    carried_of,
    find_shipments,
    get_shipment,
    held_for,
    list_coming,
    list_redirects,
    list_reports,
    list_shipments,
    measures_of,
    missing,
    pieces_on_board,
    staging_of,
    statuses_of,
)
from warehouse.fulfilment.queries.undone import undone_of

__all__ = [
    "at_point",
    "carried_of",
    "claimed_of",
    "duties_of",
    "find_boxes",
    "find_boxes_by_label",
    "find_point",
    "find_shipments",
    "get_duty",
    "get_point",
    "get_shipment",
    "held_for",
    "keeper_of",
    "list_boxes",
    "list_coming",
    "list_duties",
    "list_fills",
    "list_points",
    "list_redirects",
    "list_reports",
    "list_shipments",
    "measures_of",
    "missing",
    "owed_under",
    "pieces_on_board",
    "proved_by",
    "staging_of",
    "statuses_of",
    "totals_of",
    "undone_of",
    "used_in",
]
