"""The one box on a real database: whatever is typed or scanned, found in sight and nowhere else."""

from dataclasses import replace
from datetime import date

import asyncpg
import pytest
import pytest_asyncio

from catalog.kernel.access import ROLES, Grant, Role
from catalog.kernel.stamp import Stamp
from labels.codes import OwnKind, write_own
from tests.warehouse.fulfilment.test_boxes import packed, prepared, with_prefix
from tests.warehouse.stock import world
from warehouse.fulfilment.queries import list_boxes
from warehouse.search import queries
from warehouse.search.model import Found, Kind
from warehouse.stock.model import Lot

TODAY = date(2026, 11, 21)


@pytest_asyncio.fixture
async def lots(owner: asyncpg.Connection) -> tuple[Lot, Lot, str]:
    """Tents with a maker's batch in the city's store, others in district B's; and a pump with a maker's number."""
    await world.build(owner)
    await owner.execute("SELECT setval('serial_number', 500)")  # a piece and a lot may have the same number
    tent, foreign, pump = await world.add_lots(
        owner, {"item_id": 1, "maker_batch": "2026A7"}, {"item_id": 1, "maker_batch": "2026A9"}, {"item_id": 3}
    )
    await owner.execute("UPDATE lot SET owner_region_id = 3, owner_path = '/1/3/' WHERE id = $1", foreign.id)
    await owner.execute("UPDATE item SET search = '|帐篷|zhangpeng|zp|', name_zh = '帐篷' WHERE id = 1")
    await world.receive(tent, 10, 101)
    await world.receive(foreign, 10, 121)
    (serial,) = await world.add_serials(owner, pump, 1)
    await world.receive(pump, 1, 102, [serial])
    await owner.execute("UPDATE serial SET maker_serial = 'HD-7781' WHERE id = $1", serial)
    number = await owner.fetchval("SELECT number FROM serial WHERE id = $1", serial)
    return tent, foreign, number


def somebody(path: str = "/1/", role: Role = Role.KEEPER) -> Stamp:
    return replace(world.stamp(), grants=(Grant(role, path, ROLES[role]),))


async def found(text: str, stamp: Stamp | None = None) -> Found:
    return await queries.search(text=text, stamp=stamp or somebody(), today=TODAY)


async def test_a_lot_is_found_by_label_number_batch_and_a_part_of_either(
    lots: tuple[Lot, Lot, str],
) -> None:
    tent, _, _ = lots
    for text in (write_own(OwnKind.LOT, tent.number), tent.number, f" {tent.number}\n", "2026A7", "2026a7"):
        only = (await found(text)).only
        assert only is not None, text
        assert (only.kind, only.key) == (Kind.LOT, tent.number), text
    part = await found("2026A")
    assert part.only is None
    assert len(part.of(Kind.LOT)) == 2


async def test_pieces_bins_stores_and_items(lots: tuple[Lot, Lot, str], owner: asyncpg.Connection) -> None:
    _, _, number = lots
    key, code = await owner.fetchrow("SELECT key, code FROM place WHERE id = 101")
    for text, kind, wanted in (
        (number, Kind.SERIAL, number),
        ("HD-7781", Kind.SERIAL, number),
        (key, Kind.BIN, key),
        (f"CZ01/{code}".lower(), Kind.BIN, key),
        ("CZ01", Kind.SITE, "CZ01"),
        ("ZP-0001", Kind.ITEM, "ZP-0001"),
        ("帐篷", Kind.ITEM, "ZP-0001"),
    ):
        only = (await found(text)).only
        assert only is not None, text
        assert (only.kind, only.key) == (kind, wanted), text
    assert [hit.key for hit in (await found("zp")).of(Kind.ITEM)] == ["ZP-0001"]


async def test_a_count_is_found_by_its_number_where_its_store_is_in_sight(
    lots: tuple[Lot, Lot, str], owner: asyncpg.Connection
) -> None:
    count = await owner.fetchval(
        "INSERT INTO stocktake (id, number, site_id, kind, status, created_at, created_by, attempt)"
        " VALUES (gen_random_uuid(), 'CZ01-P26-000007', 1, 'full', 'counting', now(), 'x', gen_random_uuid())"
        " RETURNING id::text"
    )
    only = (await found("cz01-p26-000007")).only
    assert only is not None
    assert (only.kind, only.key) == (Kind.COUNT, count)
    assert (await found("CZ01-P26-000007", somebody("/1/2/"))).hits == ()


async def test_what_lies_out_of_scope_is_not_found(lots: tuple[Lot, Lot, str], owner: asyncpg.Connection) -> None:
    tent, foreign, number = lots
    other = somebody("/1/2/")
    for text in (tent.number, foreign.number, number, "HD-7781", "2026A7", "CZ01", write_own(OwnKind.LOT, tent.number)):
        hits = (await found(text, other)).hits
        assert [hit for hit in hits if hit.kind is not Kind.ITEM] == [], text
    assert (await found(foreign.number, somebody("/1/3/"))).only is not None
    auditor = somebody(role=Role.AUDIT_ADMIN)
    assert {hit.kind for hit in (await found("2026A7", auditor)).hits} <= {Kind.SITE, Kind.BIN, Kind.PERSON}


@pytest.mark.parametrize(
    "text", ["", "   ", "%", "_", "\\", "'; DROP TABLE lot; --", "\x1d(10)", "0" * 300, "帐" * 300, "(01)123", "]d2"]
)
async def test_odd_texts_find_nothing_and_break_nothing(lots: tuple[Lot, Lot, str], text: str) -> None:
    assert (await found(text)).only is None


async def test_a_hundred_percent_sign_is_no_wildcard(lots: tuple[Lot, Lot, str]) -> None:
    assert (await found("202%A7")).hits == ()


async def test_a_box_is_found_at_both_ends_of_its_shipment_by_number_and_by_sscc(owner: asyncpg.Connection) -> None:
    await world.build(owner)
    await with_prefix(owner)
    shipment, tents, _ = await prepared(owner)
    _, label = await packed(shipment, (tents, 4))
    (box,) = await list_boxes(shipment)
    assert box.sscc is not None
    assert (await found(box.number)).of(Kind.BOX)  # a lot may have the same number: then both are shown
    for text in (label, box.sscc, f"(00){box.sscc}"):
        for who in (somebody(), somebody("/1/2/")):
            only = (await found(text, who)).only
            assert only is not None, text
            assert (only.kind, only.key) == (Kind.BOX, f"{shipment}#box-{box.number}")
        assert (await found(text, somebody("/1/3/"))).hits == ()
