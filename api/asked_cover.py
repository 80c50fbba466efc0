"""By what people-days are counted: the consumption norms that hold in a region, as the report takes them."""

from catalog.classes import queries as classes
from catalog.kernel.errors import Invalid
from warehouse.planning.scenario import queries, rules
from warehouse.planning.scenario.model import HAZARDS, Basis
from warehouse.reports.model import Ration

HAZARD = "general"
"""Unless the question names one, a report is of no emergency: norms for one hazard only do not count in it."""


def checked_hazard(hazard: str | None) -> str:
    """The hazard by whose consumption norms people-days are counted. Raises Invalid for one that nobody knows."""
    if hazard and hazard not in HAZARDS:
        raise Invalid("scenario.no-such-hazard", "没有这种灾害", hazard=hazard)
    return hazard or HAZARD


async def rations_at(path: str, hazard: str = HAZARD) -> list[Ration]:
    """The rations of the region at `path`: its own consumption norms, else those of the regions above it; for the
    same goods one that holds in this hazard alone comes before a general one."""
    found = rules.chosen(await queries.consumption_above(path), hazard, path)
    paths = await classes.find_classes_by_id(one.facts.class_id for one in found if one.facts.class_id is not None)
    return [
        Ration(
            one.goods_key, one.goods_zh, one.goods_en, one.unit_zh, one.unit_factor, one.facts.quantity,
            one.facts.people, one.facts.daily, one.facts.basis is Basis.MOVED, one.facts.source, one.facts.item_id,
            one.facts.class_id, paths[one.facts.class_id].path if one.facts.class_id is not None else "/",
        )
        for one in found
    ]  # fmt: skip
