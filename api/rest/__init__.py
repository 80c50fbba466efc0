"""/api/v1: JSON for programs and phones. Handlers read through queries and write through actions; no decisions."""

from typing import Any, Self

from litestar import Router

from api.rest import (
    alerts,
    anchors,
    cases,
    catalog,
    commitments,
    counts,
    deliveries,
    files,
    first_start,
    imports,
    incidents,
    jobs,
    labels,
    lots,
    norms,
    notices,
    orders,
    papers,
    parameters,
    parties,
    people,
    picks,
    proposals,
    recovery,
    reports,
    requisitions,
    rights,
    rotation,
    scans,
    scenarios,
    second_factors,
    sessions,
    shipments,
    shortfall,
    sites,
    stock,
    tokens,
    views,
)


class _MadeForOne(Router):
    """Made anew for each application, so nothing in it need be copied when it is registered: a sixth of the start."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


def router() -> Router:
    """Everything under /api/v1. A new module of handlers is added to this list."""
    return _MadeForOne(
        "/api/v1",
        route_handlers=[
            *sessions.HANDLERS,
            *second_factors.HANDLERS,
            *first_start.HANDLERS,
            *people.HANDLERS,
            *anchors.HANDLERS,
            *rights.HANDLERS,
            *tokens.HANDLERS,
            *catalog.HANDLERS,
            *parties.HANDLERS,
            *sites.HANDLERS,
            *scans.HANDLERS,
            *picks.HANDLERS,
            *stock.HANDLERS,
            *lots.HANDLERS,
            *cases.HANDLERS,
            *counts.HANDLERS,
            *deliveries.HANDLERS,
            *files.HANDLERS,
            *imports.HANDLERS,
            *incidents.HANDLERS,
            *requisitions.HANDLERS,
            *labels.HANDLERS,
            *norms.HANDLERS,
            *commitments.HANDLERS,
            *reports.HANDLERS,
            *scenarios.HANDLERS,
            *notices.HANDLERS,
            *alerts.HANDLERS,
            *shortfall.HANDLERS,
            *orders.HANDLERS,
            *proposals.HANDLERS,
            *shipments.HANDLERS,
            *recovery.HANDLERS,
            *papers.HANDLERS,
            *rotation.HANDLERS,
            *views.HANDLERS,
            *parameters.HANDLERS,
            *jobs.HANDLERS,
        ],
    )
