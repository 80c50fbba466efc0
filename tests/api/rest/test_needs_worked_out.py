"""Needs of an incident by template and by scenario: what the page proposes, worked out by hand, is what is asked."""

import re
from typing import Any

import asyncpg

from api.asked_needs import NORMS_OF
from tests.api.rest.conftest import Enter
from tests.api.rest.hall import Caller
from tests.warehouse.planning.scenario.test_scenario import made, planner
from warehouse.incidents.model import Hazard
from warehouse.planning.scenario import actions
from warehouse.planning.scenario.model import HAZARDS, Basis, Consumption

CITY, TENT, QUILT = 1, 1, 2
ROW = re.compile(
    r'name="(item|class_code)" value="([^"]+)"><input type="hidden" name="region" value="([^"]+)">'
    r'.*?name="quantity"[^>]*data-factor="(\d+)"[^>]*value="([^"]+)"',
    re.DOTALL,
)


def test_every_kind_of_incident_has_norms_to_go_by() -> None:
    assert set(NORMS_OF) == set(Hazard)
    assert set(NORMS_OF.values()) <= set(HAZARDS)


async def opened(caller: Caller) -> str:
    body = {
        "name": "台风", "hazard": "typhoon", "region": "city", "occurred_at": "2026-11-21T00:00:00Z",
        "affected": 1000, "moved": 101,
    }  # fmt: skip
    return str((await caller.ok("POST", "/incidents", body))["id"])


async def proposed(caller: Caller, address: str) -> list[tuple[Any, ...]]:
    page = await caller.client.get(address)
    assert page.status_code == 200, page.text[:300]
    return [found.groups() for found in ROW.finditer(page.text)]


async def test_by_the_norms_of_the_kind_for_so_many_people(enter: Enter, owner: asyncpg.Connection) -> None:
    for hazard, use in (
        (None, Consumption(1, 4, Basis.MOVED, False, TENT, source="甲文件")),  # a tent for four
        (None, Consumption(2, 1, Basis.MOVED, True, QUILT, source="乙文件")),  # the kind has a rule of its own
        ("typhoon", Consumption(1, 1, Basis.MOVED, True, QUILT, source="unverified")),
        ("flood", Consumption(9, 1, Basis.AFFECTED, False, QUILT, source="丙文件")),
    ):
        await actions.set_consumption(stamp=planner(), region_id=CITY, hazard=hazard, use=use)
    async with enter("dispatcher") as caller:
        incident = await opened(caller)
        address = f"/incidents/{incident}/needs?region=town-a1&affected=1000&moved=101&days=3"
        found = await proposed(caller, address)
        assert sorted(one[1:] for one in found) == [
            ("MB-0001", "town-a1", "1", "303"),
            ("ZP-0001", "town-a1", "1", "26"),
        ]
        needs = [{kind: key, "region": region, "quantity": int(count)} for kind, key, region, _, count in found]
        await caller.ok("POST", f"/incidents/{incident}/needs", {"needs": needs})
        queue = (await caller.get(f"/incidents/{incident}/needs"))["items"]
        assert sorted((one["item"], one["quantity"]) for one in queue) == [("MB-0001", 303), ("ZP-0001", 26)]
        assert await proposed(caller, address.replace("moved=101", "moved=0")) == []
        for bad in ("region=nowhere&days=3", "region=town-a1&days=x", "scenario=nonsense", "region=town-a1&days=9999"):
            assert await proposed(caller, f"/incidents/{incident}/needs?{bad}&moved=9") == []
    async with enter("planner") as other:
        assert (await other.client.get(address)).status_code == 403


async def test_as_a_scenario_assumed_it(enter: Enter, owner: asyncpg.Connection) -> None:
    scenario = await made()  # a hundred moved in the town, a quilt for each, once
    async with enter("dispatcher") as caller:
        incident = await opened(caller)
        found = await proposed(caller, f"/incidents/{incident}/needs?scenario={scenario}")
        assert found == [("item", "MB-0001", "town-a1", "1", "100")]
