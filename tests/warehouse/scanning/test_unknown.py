"""Maker's codes that nobody knows: who met them, what keepers said they are, and how they become known."""

from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from catalog.items import actions as items
from catalog.items.model import CodeKind, NewCode
from catalog.items.queries import find_items_by_key
from catalog.kernel.access import ROLES, Grant, Role
from catalog.kernel.errors import Denied
from labels.codes import check_digit, write_elements
from tests.warehouse.scanning.test_scan import scan_one
from tests.warehouse.stock import world
from tests.warehouse.stock.world import NOW
from warehouse.scanning.unknown import LOOKED_BACK, unknown_codes

PLANNER = replace(world.stamp(), grants=(Grant(Role.PLANNER, "/1/", ROLES[Role.PLANNER]),))


def gtin_of(body: str) -> str:
    return body + check_digit(body)


async def test_what_keepers_said_stands_beside_the_code_until_it_is_known(hall: asyncpg.Connection) -> None:
    often, once = gtin_of("0690123456701"), gtin_of("0690123456702")
    for raw in (often, often, write_elements([("01", often), ("10", "B7")]), once):
        await scan_one(raw, "receive")
    await scan_one(often, "receive", answers={"item": "MB-0001"}, quantity=4)

    found = {one.gtin: one for one in await unknown_codes(stamp=PLANNER, now=NOW)}
    assert (found[often].times, found[often].told, found[often].sites) == (3, ("MB-0001",), ("CZ01",))
    assert found[often].reading["batch"] == "B7"
    assert (found[once].times, found[once].told) == (1, ())
    assert await unknown_codes(stamp=PLANNER, now=NOW + LOOKED_BACK + timedelta(days=1)) == []

    item = (await find_items_by_key(["MB-0001"]))["MB-0001"]
    await items.add_codes(
        stamp=replace(PLANNER, attempt=world.stamp().attempt), item_id=item.id, codes=[NewCode(CodeKind.GTIN, often)]
    )
    assert [one.gtin for one in await unknown_codes(stamp=PLANNER, now=NOW)] == [once]
    assert (await scan_one(often, "receive", quantity=1)).code == "scan.received"


async def test_only_who_keeps_the_catalogue_sees_them(hall: asyncpg.Connection) -> None:
    for path, role in (("/1/", Role.KEEPER), ("/1/2/", Role.PLANNER)):
        with pytest.raises(Denied):
            await unknown_codes(stamp=replace(PLANNER, grants=(Grant(role, path, ROLES[role]),)), now=NOW)
