"""Ways by road over HTTP: by hand, from a file and back, all or none; what sourcing makes of them."""

import base64
from typing import Any
from uuid import uuid4

import asyncpg

from catalog.kernel.access import EVERYWHERE, Scope
from tests.api.rest.conftest import Enter
from tests.warehouse.exchange.house import book
from tests.warehouse.requisitions.test_requisitions import approved, hand, tents
from tests.warehouse.stock import world
from warehouse.requisitions import actions, queries
from warehouse.requisitions.model import Wishes
from warehouse.requisitions.sourcing import plan as sourcing
from warehouse.requisitions.sourcing.model import Road

OFFICE = "市公路局2026"
HEAD = ["库点编号", "区划编号", "区划", "行车分钟", "公里", "来源"]
NOTHING = {"new": 0, "changed": 0, "removed": 0, "same": 0}


def sent(data: bytes, name: str = "路程.xlsx") -> dict[str, Any]:
    return {"name": name, "content": base64.b64encode(data).decode(), "source": OFFICE}


async def ways(caller: Any) -> list[tuple[Any, ...]]:
    found = (await caller.get("/roads"))["items"]
    return [(one["site"], one["region"], one["minutes"], one["km"], one["source"]) for one in found]


async def test_set_changed_taken_out_and_sent_twice(enter: Enter, owner: asyncpg.Connection) -> None:
    async with enter("system") as caller:
        body = {"ways": [{"site": "cz01", "region": "town-a1", "minutes": 35, "km": 21.4}], "source": "实测"}
        key = str(uuid4())
        for _ in range(2):
            assert await caller.ok("POST", "/roads", body, key=key) == NOTHING | {"new": 1}
        assert await caller.ok("POST", "/roads", body) == NOTHING | {"same": 1}
        assert await ways(caller) == [("CZ01", "town-a1", 35, 21.4, "实测")]
        body["ways"][0]["minutes"] = 50  # type: ignore[index]
        assert await caller.ok("POST", "/roads", body) == NOTHING | {"changed": 1}
        gone = {"ways": [{"site": "CZ01", "region": "town-a1"}], "source": "实测"}
        assert await caller.ok("POST", "/roads", gone) == NOTHING | {"removed": 1}
        assert await ways(caller) == []
        assert await owner.fetchval("SELECT count(*) FROM audit WHERE verb = 'site.roads'") == 3
    async with enter("planner") as caller:
        assert (await caller.send("POST", "/roads", body)).status == 403


async def test_a_file_goes_out_and_comes_back_and_a_dirty_one_writes_nothing(
    enter: Enter, owner: asyncpg.Connection
) -> None:
    async with enter("system") as caller:
        rows = [HEAD, ["CZ01", "town-a1", None, 35, 21.4, None], ["CZ01", None, "district-b", "1小时", 60, "局"]]
        refused = await caller.send("POST", "/roads/file", sent(book(rows)))
        assert refused.body["code"] == "road.bad-rows"
        assert [(one["cell"], one["code"]) for one in refused.body["facts"]["faults"]] == [
            ("D3", "norm.bad-number"),
        ]
        rows[2][3] = 61
        more = [[None] * 6, ["ZZ99", "town-a1", None, 5, 5, None], ["CZ01", "nowhere", None, 5, 5, None]]
        refused = await caller.send("POST", "/roads/file", sent(book([*rows, *more])))
        assert [(one["cell"], one["text"], one["code"]) for one in refused.body["facts"]["faults"]] == [
            ("A5", "ZZ99", "road.no-site"),
            ("B6", "nowhere", "road.no-region"),
        ]
        assert await ways(caller) == []
        assert await caller.ok("POST", "/roads/file", sent(book(rows))) == NOTHING | {"new": 2}
        assert await ways(caller) == [
            ("CZ01", "district-b", 61, 60, "局"),
            ("CZ01", "town-a1", 35, 21.4, OFFICE),
        ]
        for kind in ("xlsx", "csv"):
            out = await caller.client.get(f"/admin/roads/export.{kind}")
            assert out.status_code == 200
            assert await caller.ok("POST", "/roads/file", sent(out.content, f"a.{kind}")) == NOTHING | {"same": 2}
        twice = [*rows, rows[1]]
        assert await caller.code("POST", "/roads/file", sent(book(twice))) == (400, "road.twice")
        for data, code in ((b"", "import.empty-file"), ("名称\n帐篷".encode(), "road.no-headings")):
            assert await caller.code("POST", "/roads/file", sent(data, "a.csv")) == (400, code)


async def test_sourcing_takes_the_known_way_and_the_stores_own_time_to_load(
    enter: Enter, owner: asyncpg.Connection
) -> None:
    (lot,) = await world.add_lots(owner, {})
    await world.receive(lot, 50, 101)
    requisition = await queries.get_requisition(await approved(tents(5)), EVERYWHERE)
    (line,) = requisition.lines

    async def task() -> tuple[Road, int]:
        made = await queries.read_task(requisition, Scope(("/1/",)), Wishes(), world.NOW)
        (source,) = made.sources
        (way,) = made.roads.values()
        return way, source.ready

    async def estimated() -> list[bool]:
        made = await queries.read_task(requisition, Scope(("/1/",)), Wishes(), world.NOW)
        stamp = hand()
        plan = sourcing.plan(made)
        await actions.keep_plan(stamp=stamp, requisition_id=requisition.id, plan=plan, wishes=Wishes())
        (kept, *_) = await queries.list_plans(requisition.id)
        return [one.estimated for one in (await queries.show_plan(kept, requisition)).lines]

    assert await estimated() == [True]
    guessed, ready = await task()
    town = await owner.fetchval("SELECT key FROM region WHERE id = $1", line.facts.region_id)
    await owner.execute("UPDATE site SET load_minutes = 7 WHERE code = 'CZ01'")
    async with enter("system") as caller:
        body = {"ways": [{"site": "CZ01", "region": town, "minutes": 123, "km": 45.6}], "source": "实测"}
        await caller.ok("POST", "/roads", body)
    assert await task() == (Road(123, 45_600), 7)
    assert (guessed, ready) != (Road(123, 45_600), 7)
    assert await estimated() == [False]
