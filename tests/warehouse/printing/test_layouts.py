"""Label stock as rows: added, changed, retired by the system administrator of the whole city; printed on like any."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.fonts import find_font
from catalog.kernel import parameters
from catalog.kernel.access import ROLES, Grant, Role
from catalog.kernel.errors import Denied, Invalid, Missing, Problem, Refused, Stale
from catalog.kernel.stamp import Stamp
from labels.sheets import Layout, pdf, png, roll, sheet
from tests.warehouse.stock import world
from warehouse.printing import actions, queries, rules
from warehouse.printing.model import LAYOUT, Stock


def admin(path: str = "/1/", role: Role = Role.SYSTEM_ADMIN) -> Stamp:
    """A new attempt of an administrator."""
    return replace(world.stamp(), attempt=uuid4(), login="cz.system", grants=(Grant(role, path, ROLES[role]),))


def five(name: str = "a4-2x5", **changes: Any) -> Stock:
    """Ten labels on A4."""
    layout = sheet(name, label=(99.1, 57.3), grid=(2, 5), origin=(4.65, 5.25), gap=(2.5, 0))
    return Stock(replace(layout, **changes), "A4 十枚", "A4, ten")


class TestRules:
    """Pure decisions."""

    @given(
        label=st.tuples(st.integers(1600, 9000), st.integers(1600, 9000)),
        grid=st.tuples(st.integers(1, 5), st.integers(1, 5)),
        edges=st.tuples(st.integers(0, 300), st.integers(0, 300)),
    )
    def test_every_layout_that_fits_prints(
        self, label: tuple[int, int], grid: tuple[int, int], edges: tuple[int, int]
    ) -> None:
        width, height = label[0] / 100, label[1] / 100
        page = (grid[0] * width + edges[0] / 100, grid[1] * height + edges[1] / 100)
        layout = sheet(
            "x", label=(width, height), grid=grid, page=page, origin=(edges[0] / 100, edges[1] / 100), padding=(1, 1)
        )
        rules.check_stock(Stock(layout, "名"))
        assert [round(length * 100) / 100 for length in layout.corner(layout.per_page - 1)] == pytest.approx(
            list(layout.corner(layout.per_page - 1)), abs=0.006
        )

    @pytest.mark.parametrize("name", ["", "A4", "-a", "a", "a b", "标签", "x" * 41])
    def test_a_bad_name_is_refused(self, name: str) -> None:
        with pytest.raises(Invalid):
            rules.check_stock_name(name)

    def test_what_ships_is_taken(self) -> None:
        with pytest.raises(Refused):
            rules.check_stock_name("roll-70x50")

    def test_a_label_without_room_or_name_is_refused(self) -> None:
        for stock in (Stock(roll("r", 12, 40), "名"), Stock(roll("r", 60, 40), " ")):
            with pytest.raises(Invalid):
                rules.check_stock(stock)


@pytest.mark.database
@pytest.mark.usefixtures("hall")
class TestRows:
    """On a real database."""

    async def test_it_is_added_printed_on_changed_and_retired(self) -> None:
        await actions.add_layout(stamp=admin(), stock=five())
        assert await queries.layout_of("a4-2x5") == five().layout
        assert (await queries.layout_of("a4-2x5", 1, 2)).left == 5.65
        assert pdf([rules.SAMPLE], five().layout, find_font()).startswith(b"%PDF")
        assert png(rules.SAMPLE, five().layout, find_font()).startswith(b"\x89PNG")
        await actions.edit_layout(stamp=admin(), version=1, stock=five(top=6.0))
        found = await queries.get_stock("a4-2x5")
        assert (found.version, found.layout.top, found.name_en, found.own) == (2, 6.0, "A4, ten", True)
        with pytest.raises(Stale):
            await actions.edit_layout(stamp=admin(), version=1, stock=five())
        await actions.retire_layout(stamp=admin(), name="a4-2x5", version=2)
        with pytest.raises(Invalid, match="标签纸"):
            await queries.layout_of("a4-2x5")
        with pytest.raises(Missing):
            await actions.edit_layout(stamp=admin(), version=3, stock=five())
        with pytest.raises(Refused):  # a name stays taken
            await actions.add_layout(stamp=admin(), stock=five())
        assert [one.layout.name for one in await queries.list_stock(retired=True) if one.own] == ["a4-2x5"]

    async def test_usual_stock_may_be_one_of_ours_and_is_not_retired_then(self) -> None:
        with pytest.raises(Invalid):
            await _usual("a4-2x5", 0)
        await actions.add_layout(stamp=admin(), stock=five())
        await _usual("a4-2x5", 0)
        with pytest.raises(Refused, match="常用"):
            await actions.retire_layout(stamp=admin(), name="a4-2x5", version=1)
        await _usual("roll-70x50", 1)
        await actions.retire_layout(stamp=admin(), name="a4-2x5", version=1)

    async def test_only_the_city_s_system_administrator(self) -> None:
        for stamp in (admin("/1/2/"), admin(role=Role.AUDIT_ADMIN), admin(role=Role.KEEPER)):
            with pytest.raises(Denied):
                await actions.add_layout(stamp=stamp, stock=five())

    async def test_of_rivals_with_one_name_one_wins_and_a_repeat_adds_nothing(self) -> None:
        async def add() -> str:
            try:
                await actions.add_layout(stamp=admin(), stock=five())
            except Problem as problem:
                return problem.code
            return "added"

        assert sorted(await asyncio.gather(*(add() for _ in range(6)))) == ["added", *["label.layout-taken"] * 5]
        stamp = admin()
        first = await actions.edit_layout(stamp=stamp, version=1, stock=five(top=5.5))
        assert await actions.edit_layout(stamp=stamp, version=1, stock=five(top=5.5)) == {**first, "repeat": True}

    async def test_what_ships_is_nobody_s_to_change(self) -> None:
        with pytest.raises(Missing):
            await actions.retire_layout(stamp=admin(), name="roll-70x50", version=0)
        with pytest.raises(Missing):
            await queries.get_stock("nothing")


async def _usual(name: str, version: int) -> None:
    await parameters.set_parameter(stamp=admin(), key=LAYOUT.key, path="/1/", value=name, version=version)


def test_a_layout_beyond_its_page_cannot_be() -> None:
    with pytest.raises(Exception, match="needs"):
        Layout("x", 100, 50, 90, 50)
