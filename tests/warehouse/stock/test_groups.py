"""Stock by item, owner, custodian and piece: the same goods as in the list of balances, each once, in sight only."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from catalog.kernel.access import Scope
from catalog.kernel.page import Page
from tests.warehouse.stock import world
from warehouse.stock import queries
from warehouse.stock.fill import Fill, Grade
from warehouse.stock.model import Condition
from warehouse.stock.queries import StockFilter

ON = date(2026, 11, 21)
CITY, DISTRICT_B, NOWHERE = Scope(("/1/",)), Scope(("/1/3/",)), Scope(("/1/2/4/",))
Ask = Callable[..., Awaitable[Page[Any]]]
GROUPS: list[Ask] = [queries.by_item, queries.by_owner, queries.by_custodian]


@pytest_asyncio.fixture
async def hall(owner: asyncpg.Connection) -> asyncpg.Connection:
    """Tents and quilts of two owners in two stores, one lot past its day, one pump; a custodian for one store."""
    await world.build(owner)
    await owner.execute(
        "INSERT INTO party (id, uuid, key, kind, name_zh) VALUES (900, gen_random_uuid(), 'keeper-ltd', 'enterprise',"
        " '代储公司')"
    )
    await owner.execute("UPDATE site SET custodian_id = 900 WHERE id = 3")
    lots = await world.add_lots(
        owner,
        {"item_id": 1, "expires_on": date(2028, 1, 1)},
        {"item_id": 1, "expires_on": date(2026, 11, 1)},
        {"item_id": 2},
        {"item_id": 1, "maker_batch": "X"},
        {"item_id": 3},
    )
    await owner.execute("UPDATE lot SET owner_region_id = 3, owner_path = '/1/3/' WHERE id = $1", lots[3].id)
    for lot, place, count in (
        (lots[0], 101, 10), (lots[0], 121, 5), (lots[1], 102, 7), (lots[2], 101, 3), (lots[3], 121, 4),
        (lots[3], 103, 2),
    ):  # fmt: skip
        await world.receive(lot, count, place)
    pieces = await world.add_serials(owner, lots[4], 2)
    await world.receive(lots[4], 2, 104, pieces)
    return owner


async def everything(ask: Ask, limit: int, **asked: Any) -> list[Any]:
    """All pages, one after the other."""
    found: list[Any] = []
    cursor = None
    for _ in range(50):
        page = await ask(on=ON, cursor=cursor, limit=limit, **asked)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found
    raise AssertionError("the pages never end")


WANTED = [
    StockFilter(),
    StockFilter(site_id=1),
    StockFilter(item_id=1),
    StockFilter(owner_path="/1/3/"),
    StockFilter(expired=False),
    StockFilter(custodian_id=900),
    StockFilter(live=True),
    StockFilter(live=False),
    StockFilter(condition=Condition.GOOD),
    StockFilter(condition=Condition.GOOD, q="2600000"),
    StockFilter(class_path="/1/", expiring_before=date(2029, 1, 1), zone_id=1),
    StockFilter(condition=Condition.GOOD, q="nothing of the kind"),
]


@pytest.mark.parametrize("ask", GROUPS, ids=lambda ask: ask.__name__)
async def test_groups_hold_the_goods_of_the_balances(hall: asyncpg.Connection, ask: Ask) -> None:
    for scope in (CITY, DISTRICT_B, NOWHERE):
        for wanted in WANTED:
            groups = await everything(ask, 1, scope=scope, wanted=wanted)
            assert groups == await everything(ask, 50, scope=scope, wanted=wanted)
            assert len({(one.holder_key, one.item_key) for one in groups}) == len(groups)
            sums: Counter[str] = Counter()
            usable: Counter[str] = Counter()
            for row in (await queries.list_balances(scope=scope, on=ON, wanted=wanted, limit=500)).items:
                sums[row.item_key] += row.on_hand
                usable[row.item_key] += row.usable
            held: Counter[str] = Counter()
            held_usable: Counter[str] = Counter()
            for one in groups:
                held[one.item_key] += one.on_hand
                held_usable[one.item_key] += one.usable
            assert held == sums, (scope, wanted)
            assert +held_usable == +usable, (scope, wanted)


async def test_owners_and_custodians_are_named(hall: asyncpg.Connection) -> None:
    owners = {(g.holder, g.item_key): g.on_hand for g in (await queries.by_owner(scope=CITY, on=ON)).items}
    regions = {row[0] for row in await hall.fetch("SELECT name_zh FROM region WHERE id IN (1, 3)")}
    assert {holder for holder, _ in owners} == regions
    keepers = {g.holder for g in (await queries.by_custodian(scope=CITY, on=ON)).items}
    assert "代储公司" in keepers
    assert len(keepers) == 2


async def test_pieces_are_listed_by_number_and_found_by_the_makers(hall: asyncpg.Connection) -> None:
    pieces = await everything(queries.list_pieces, 1, scope=CITY)
    assert [one.number for one in pieces] == sorted(one.number for one in pieces)
    assert len(pieces) == 2
    await hall.execute("UPDATE serial SET maker_serial = 'HD 7781' WHERE number = $1", pieces[1].number)
    for text in (pieces[1].number, "HD 7781"):
        found = (await queries.list_pieces(scope=CITY, on=ON, wanted=StockFilter(q=text))).items
        assert [one.number for one in found] == [pieces[1].number]
    assert (await queries.list_pieces(scope=DISTRICT_B, on=ON)).items == []


async def test_a_bin_is_as_full_as_its_room_or_its_load_says(hall: asyncpg.Connection) -> None:
    await hall.execute("UPDATE item SET volume_ml = 1000, weight_g = 100 WHERE id = 1")
    await hall.execute("UPDATE place SET volume_ml = 20000, weight_g = 1000 WHERE id = 102")
    fills = await queries.fill_of_places([101, 102, 105])
    assert (fills[102].volume_share, fills[102].weight_share, fills[102].share) == (35, 70, 70)
    assert fills[102].grade is Grade.HALF
    assert fills[105].grade is Grade.EMPTY
    assert (fills[101].positions, fills[101].unmeasured, fills[101].grade) == (2, 1, Grade.UNKNOWN)
    figures = (await queries.figures_of_sites([1], ON))[1]
    assert (figures.bins, figures.used, figures.items, figures.expired) == (6, 4, 3, 1)


@pytest.mark.parametrize(
    ("fill", "share", "grade"),
    [
        (Fill(), None, Grade.EMPTY),
        (Fill(1, 0, 1, 1000), 1, Grade.LOW),
        (Fill(1, 0, 499, 1000), 50, Grade.HALF),
        (Fill(1, 0, 850, 1000), 85, Grade.FULL),
        (Fill(1, 0, 1000, 1000), 100, Grade.FULL),
        (Fill(1, 0, 1001, 1000), 101, Grade.OVER),
        (Fill(1, 0, 10, 1000, 900, 1000), 90, Grade.FULL),
        (Fill(2, 2, 0, 1000), None, Grade.UNKNOWN),
        (Fill(2, 0, 10, None, 10, None), None, Grade.UNKNOWN),
    ],
)
def test_grades(fill: Fill, share: int | None, grade: Grade) -> None:
    assert fill.share == share
    assert fill.grade is grade
