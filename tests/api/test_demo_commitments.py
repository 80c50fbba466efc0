"""The demo city's commitments and scenarios: through their own actions, with something to see on every page."""

from datetime import UTC, datetime, timedelta

from api.demo import load_catalog_and_city
from api.demo_commitments import load_commitments
from api.demo_norms import load_norms
from catalog.kernel.access import EVERYWHERE
from catalog.kernel.time import day_of
from catalog.regions.queries import find_regions
from tests.conftest import Database
from warehouse.commitments import queries as commitments
from warehouse.planning.scenario import queries as scenarios

AT = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


async def test_the_demo_citys_promises_and_scenarios_hold(database: Database) -> None:
    loaded = await load_catalog_and_city(city="changzhou", at=AT)
    await load_norms(loaded.city, at=AT)
    for _ in range(2):  # safe to run again
        await load_commitments(at=AT)
    listed = (await commitments.list_commitments(scope=EVERYWHERE)).items
    assert len(listed) == 9
    assert [one.facts.number for one in await commitments.ending(day_of(AT), 30, EVERYWHERE)] == [
        "WJ-XY-2025-02",
        "TN-XY-2025-11",
    ]
    city = (await find_regions(["changzhou"]))["changzhou"].id
    promised = {one.number + str(one.item_id): one for one in await commitments.promised([city], day_of(AT))}
    assert len(promised) == 6
    # Water: stated 85, a drill kept whole: (85 + 85 + 100) / 3; 3,000 are called off.
    water = next(one for one in promised.values() if one.quantity == 37_000)
    assert water.confidence == 90
    # Meals: 900 of 1,200 in time and 300 late count as 87.5 %.
    meals = next(one for one in promised.values() if one.quantity == 18_800)
    assert meals.confidence == 85
    assert await commitments.promised([city], day_of(AT) + timedelta(days=400)) == []
    found = (await scenarios.list_scenarios(scope=EVERYWHERE)).items
    assert [one.facts.days for one in found] == [5, 3]
    assert all(one.outcome and all(line["unverified"] for line in one.outcome["lines"]) for one in found)
    wide, small = ({line["what"]["key"]: line["need"] for line in one.outcome["lines"]} for one in found if one.outcome)
    assert (small["ZP-1"], small["BF-0001"], small["YS-0001"]) == (750, 4_500, 81_000)
    assert all(wide[key] > need for key, need in small.items())
