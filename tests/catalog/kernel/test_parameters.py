"""Business parameters: declared once, set by region, the most specific wins."""

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import pytest

from catalog.kernel import db, feed, history, parameters
from catalog.kernel.access import Role
from catalog.kernel.errors import Denied, Invalid, Missing, Stale
from catalog.kernel.parameters import Kind, Parameter, clear_parameter, read_once, set_parameter, value_of
from catalog.regions import actions as regions
from catalog.regions.queries import get_by_key
from tests.catalog.small import as_role, house, make_city
from tests.others import others_done

DAYS = Parameter("test.days", 90, Kind.WHOLE, "days", "天数", "Days", low=1, high=400)


@pytest.fixture(autouse=True)
def only_here() -> Iterator[None]:
    before = dict(parameters._declared)
    parameters.declare(DAYS)
    yield
    parameters._declared.clear()
    parameters._declared.update(before)


async def path(key: str) -> str:
    return (await get_by_key(key)).path


def test_what_is_declared_must_be_right() -> None:
    parameters.declare(DAYS)  # again, the same
    for wrong in (
        Parameter("test.days", 91, Kind.WHOLE, "days", "天数", "Days"),
        Parameter("test.low", 0, Kind.WHOLE, "", "天数", "Days", low=1),
        Parameter("test.kind", "0", Kind.WHOLE, "", "天数", "Days"),
        Parameter("test.choice", "x", Kind.TEXT, "", "选择", "Choice", choices=("a", "b")),
        Parameter("test.nameless", True, Kind.SWITCH),
    ):
        with pytest.raises(ValueError, match=wrong.key):
            parameters.declare(wrong)
    assert not DAYS.verified


@pytest.mark.parametrize("value", [0, 401, "90", True])
def test_a_value_keeps_to_its_kind_and_bounds(value: object) -> None:
    with pytest.raises(Invalid):
        parameters.check(DAYS, value)  # type: ignore[arg-type]


async def test_the_most_specific_region_wins_and_only_below_it(database: object) -> None:
    await make_city()
    assert await value_of("test.days", await path("village")) == 90
    await set_parameter(stamp=house(), key="test.days", path=await path("city"), value=60, version=0)
    await set_parameter(stamp=house(), key="test.days", path=await path("south"), value=30, version=0)
    assert await value_of("test.days", await path("village")) == 30
    assert await value_of("test.days", await path("river")) == 60
    said = await read_once()
    assert [said("test.days", await path(where)) for where in ("village", "river")] == [30, 60]
    assert await value_of("test.days") == 90  # above the city nobody said anything
    await clear_parameter(stamp=house(), key="test.days", path=await path("south"), version=1)
    assert await value_of("test.days", await path("village")) == 60
    with pytest.raises(Missing):
        await value_of("test.nothing")


async def test_versions_never_repeat_and_leave_their_traces(database: object) -> None:
    await make_city()
    south = await path("south")
    stamp = house()
    first = await set_parameter(stamp=stamp, key="test.days", path=south, value=30, version=0)
    assert first["version"] == 1
    assert (await set_parameter(stamp=stamp, key="test.days", path=south, value=30, version=0))["repeat"]
    await clear_parameter(stamp=house(), key="test.days", path=south, version=1)
    with pytest.raises(Stale):
        await set_parameter(stamp=house(), key="test.days", path=south, value=31, version=0)
    await set_parameter(stamp=house(), key="test.days", path=south, value=31, version=2)
    changes = await history.list_changes(table="parameter_value", key=f"test.days {south}")
    assert [(c.before and c.before["value"], c.after and c.after["value"]) for c in changes] == [
        (None, 31),
        (30, None),
        (None, 30),
    ]
    await others_done()
    assert [news.topic for news in await feed.read(feed.Bookmark(0, 0)) if news.topic == "parameter"] == [
        "parameter"
    ] * 3
    assert await db.fetch_value("SELECT count(*) FROM audit WHERE subject_kind = 'parameter'") == 3


async def test_rivals_do_not_overwrite_each_other(database: object) -> None:
    await make_city()
    south = await path("south")
    done = await asyncio.gather(
        *(set_parameter(stamp=house(), key="test.days", path=south, value=10 + n, version=0) for n in range(8)),
        return_exceptions=True,
    )
    assert sum(not isinstance(one, BaseException) for one in done) == 1
    assert all(isinstance(one, Stale) for one in done if isinstance(one, BaseException))


async def test_rights_are_asked_at_the_region(database: object) -> None:
    await make_city()
    north, city = await path("north"), await path("city")
    await set_parameter(
        stamp=await as_role(Role.SYSTEM_ADMIN, "north"), key="test.days", path=north, value=5, version=0
    )
    for place in (city, await path("south")):
        with pytest.raises(Missing):
            await set_parameter(
                stamp=await as_role(Role.SYSTEM_ADMIN, "north"), key="test.days", path=place, value=5, version=0
            )
    for role in (Role.PLANNER, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN):
        with pytest.raises(Denied):
            await set_parameter(stamp=await as_role(role, "city"), key="test.days", path=city, value=5, version=0)


async def test_a_moved_region_takes_its_values_along(database: object) -> None:
    ids = await make_city()
    await set_parameter(stamp=house(), key="test.days", path=await path("lake"), value=7, version=0)
    await regions.move_region(stamp=house(uuid4()), region_id=ids["lake"], version=1, parent_id=ids["north"])
    parameters.forget()
    assert await value_of("test.days", await path("village")) == 7
