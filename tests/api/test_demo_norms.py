"""The demo city's norms: set by the feature's own action, each with its source, explained on real basis figures."""

from datetime import UTC, date, datetime

from api.demo import load_catalog_and_city
from api.demo_norms import load_norms
from catalog.kernel.access import EVERYWHERE
from tests.conftest import Database
from warehouse.norms import queries
from warehouse.norms.model import Field

AT = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
SUMMER, WINTER = date(2026, 7, 1), date(2026, 12, 1)


async def _minimum(region: str, item: str, on: date) -> tuple[int | None, bool]:
    *_, found = await queries.why(scope=EVERYWHERE, region=region, item=item, on=on)
    return found.value(Field.MINIMUM), Field.MINIMUM in found.figures


async def test_the_demo_citys_norms_hold(database: Database) -> None:
    loaded = await load_catalog_and_city(city="changzhou", at=AT)
    count = await load_norms(loaded.city, at=AT)
    assert count == len(loaded.city.norms) == await load_norms(loaded.city, at=AT)  # safe to run again
    listed = await queries.list_norms(scope=EVERYWHERE, limit=500)
    assert len(listed.items) == count
    assert all(one.unverified or "http" in one.facts.source for one in listed.items)
    # 64 life jackets for each of Xinbei's 42 kilometres, in the flood season only.
    assert await _minimum("xinbei", "SJ-0004", SUMMER) == (2688, True)
    assert await _minimum("xinbei", "SJ-0004", WINTER) == (None, False)
    # Tianning's dikes are not known: unknown, not zero.
    assert await _minimum("tianning", "SJ-0004", SUMMER) == (None, True)
    # One quilt for each of the 600 shelter places in Xueyan; 18 bottles each, in boxes of 24.
    assert await _minimum("xueyan", "BF-0001", WINTER) == (600, True)
    assert await _minimum("xueyan", "YS-0001", WINTER) == (10_800, True)
    required = await queries.requirements(scope=EVERYWHERE, path=(await _root()), on=SUMMER)
    assert len(required) > 100
    assert {one.subject.key for one in required} >= {"changzhou", "xinbei", "xueyan", "WJ12"}


async def _root() -> str:
    subject = await queries.get_subject(region="changzhou", site=None, scope=EVERYWHERE, on=SUMMER)
    return subject.path
