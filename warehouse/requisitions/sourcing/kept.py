"""A plan as plain JSON and back, so that it can be kept as it was made. Pure."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from warehouse.requisitions.sourcing.model import (
    Closeness,
    Goals,
    Line,
    PassedOver,
    Plan,
    Shipment,
    Uncovered,
    Why,
)


def write(plan: Plan) -> dict[str, Any]:
    """Plain values, fit for JSON."""
    return asdict(plan)


def read(content: Mapping[str, Any]) -> Plan:
    """What `write` wrote, also after a trip through JSON."""
    return Plan(
        lines=tuple(
            Line(**{**one, "closeness": Closeness(one["closeness"]), "why_not": _passed(one["why_not"])})
            for one in content["lines"]
        ),
        shipments=tuple(Shipment(**{**one, "vehicles": tuple(one["vehicles"])}) for one in content["shipments"]),
        uncovered=tuple(Uncovered(one["need"], one["quantity"], _passed(one["help"])) for one in content["uncovered"]),
        goals=_goals(content["goals"]),
        before_consolidation=_goals(content["before_consolidation"]),
        method=content["method"],
        proven=content["proven"],
    )


def _passed(found: list[Mapping[str, Any]]) -> tuple[PassedOver, ...]:
    return tuple(PassedOver(**{**one, "why": Why(one["why"]), "needs": tuple(one["needs"])}) for one in found)


def _goals(one: Mapping[str, Any]) -> Goals:
    return Goals(
        covered=tuple((pair[0], pair[1]) for pair in one["covered"]),
        by_closeness=tuple((Closeness(pair[0]), pair[1]) for pair in one["by_closeness"]),
        late=one["late"],
        instead=one.get("instead", 0),
        expiry=one["expiry"],
        shipments=one["shipments"],
        tonne_km=one["tonne_km"],
    )
