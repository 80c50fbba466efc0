"""By what people-days are counted: the consumption norms that hold in a region, as the report takes them."""

from catalog.classes import queries as classes
from warehouse.planning.scenario import queries, rules
from warehouse.planning.scenario.model import Basis
from warehouse.reports.model import Ration

HAZARD = "general"
"""A report is of no emergency: norms for one hazard only do not count in it."""


async def rations_at(path: str) -> list[Ration]:
    """The rations of the region at `path`: its own consumption norms, else those of the regions above it."""
    found = rules.chosen(await queries.consumption_above(path), HAZARD, path)
    paths = await classes.find_classes_by_id(one.facts.class_id for one in found if one.facts.class_id is not None)
    return [
        Ration(
            one.goods_key, one.goods_zh, one.goods_en, one.unit_zh, one.unit_factor, one.facts.quantity,
            one.facts.people, one.facts.daily, one.facts.basis is Basis.MOVED, one.facts.source, one.facts.item_id,
            one.facts.class_id, paths[one.facts.class_id].path if one.facts.class_id is not None else "/",
        )
        for one in found
    ]  # fmt: skip
