"""Reads of requisitions, plans and release orders."""

from warehouse.requisitions.queries.holds import takings_of, to_replan
from warehouse.requisitions.queries.promises import (
    behind_their_calls,
    calls_in,
    calls_of,
    how_far,
    is_source,
    supply_names,
)
from warehouse.requisitions.queries.releases import (
    ORDER_NAME,
    find_releases,
    get_release,
    list_releases,
    missing_release,
    releases_of,
)
from warehouse.requisitions.queries.requisitions import (
    approvals_needed,
    find_plans,
    find_requisition,
    get_plan,
    get_requisition,
    list_plans,
    list_requisitions,
    missing,
    requisitions_of_needs,
    standing,
)
from warehouse.requisitions.queries.shown import ShownPlan, show_plan
from warehouse.requisitions.queries.tasks import at_home, read_task
from warehouse.requisitions.queries.vehicles import suggested_for

__all__ = [
    "ORDER_NAME",
    "ShownPlan",
    "approvals_needed",
    "at_home",
    "behind_their_calls",
    "calls_in",
    "calls_of",
    "find_plans",
    "find_releases",
    "find_requisition",
    "get_plan",
    "get_release",
    "get_requisition",
    "how_far",
    "is_source",
    "list_plans",
    "list_releases",
    "list_requisitions",
    "missing",
    "missing_release",
    "read_task",
    "releases_of",
    "requisitions_of_needs",
    "show_plan",
    "standing",
    "suggested_for",
    "supply_names",
    "takings_of",
    "to_replan",
]
