"""What an incident will need, worked out: by the consumption norms of its kind for so many people and days (the
template), or as a scenario assumed it. A person looks at it and asks for what is right."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from catalog.kernel.parameters import UNVERIFIED
from catalog.regions.model import Region
from warehouse.incidents.model import Hazard
from warehouse.planning.scenario import queries, rules
from warehouse.planning.scenario.model import Basis, Consumption, Scenario, What

MOST_PEOPLE, MOST_DAYS = 10_000_000, 365
NORMS_OF: Mapping[Hazard, str] = {
    Hazard.FLOOD: "flood",
    Hazard.TYPHOON: "typhoon",
    Hazard.RAIN: "flood",
    Hazard.COLD: "snow_cold",
    Hazard.DROUGHT: "drought",
    Hazard.QUAKE: "earthquake",
    Hazard.LANDSLIDE: "geological",
    Hazard.FIRE: "fire",
    Hazard.ACCIDENT: "accident",
    Hazard.HEALTH: "epidemic",
    Hazard.OTHER: "general",
}
"""By which consumption norms an incident of a kind is worked out."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """So much of something for a region; of a class in `what.unit_zh`. `sources`: of the norms behind it."""

    region_key: str
    region_zh: str
    what: What
    quantity: int
    sources: tuple[str, ...]

    @property
    def said(self) -> list[tuple[bool, str]]:
        """Of each source: whether it is verified, and its words."""
        return [(not one.startswith(UNVERIFIED), one.removeprefix(UNVERIFIED).lstrip("：: ")) for one in self.sources]


@dataclass(frozen=True, slots=True)
class People:
    """Of a region, how many are affected and how many of them moved."""

    key: str
    name_zh: str
    affected: int
    moved: int


async def by_template(hazard: Hazard, region: Region, affected: int, moved: int, days: int) -> list[Wanted]:
    """By the norms that hold in the region: its own, else those of the regions above it."""
    norms = rules.chosen(await queries.consumption_above(region.path), NORMS_OF[hazard], region.path)
    return await _of([one.facts for one in norms], [People(region.key, region.name_zh, affected, moved)], days)


async def by_scenario(scenario: Scenario) -> list[Wanted]:
    """As the scenario assumed it: its regions, people, days and consumption. Raises Missing where one is gone."""
    areas = await queries.areas_of(scenario.facts)
    people = [People(one.key, one.name_zh, one.affected, one.moved) for one in areas]
    return await _of(scenario.facts.uses, people, scenario.facts.days)


async def _of(uses: Iterable[Consumption], people: Iterable[People], days: int) -> list[Wanted]:
    said = list(uses)
    whats = await queries.whats_of(said)
    found: dict[tuple[str, str], Wanted] = {}
    for where in people:
        for use, what in zip(said, whats, strict=True):
            count = where.affected if use.basis is Basis.AFFECTED else where.moved
            quantity = rules.need_of(use, count, days)
            if not quantity:
                continue
            key = where.key, what.key
            before = found.get(key)
            sources = dict.fromkeys((*(before.sources if before else ()), use.source))
            found[key] = Wanted(
                where.key, where.name_zh, what, quantity + (before.quantity if before else 0), tuple(sources)
            )
    return list(found.values())
