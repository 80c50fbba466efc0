"""What labels say, from a real database: quantity and quality in sight, place-holders, care, packs, GTINs."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from catalog.kernel.access import ROLES, Grant, Role, Scope
from catalog.kernel.errors import Denied, Invalid, Missing
from labels.sheets import A4_3X8, ROLL_70X50, BinLabel, ItemLabel, LotLabel, PalletLabel, SerialLabel
from tests.warehouse.stock import world
from warehouse.printing import actions, queries, rules
from warehouse.printing.model import Format, LabelKind, PaperKind
from warehouse.stock import actions as stock
from warehouse.stock.actions import Arrival, Content, Take
from warehouse.stock.model import Condition, LotFacts

ALL = Scope(("/",))
FAR = Scope(("/1/3/",))
TODAY = date(2026, 11, 21)


async def receive(quantity: int, place: int = 101, item: int = 1, **facts: Any) -> str:
    arrival = Arrival(LotFacts(item, 1, **({"maker_batch": "B1"} | facts)), quantity, place, origin="江苏常州")
    receipt = await stock.receive(stamp=world.stamp(), arrivals=[arrival])
    number: str = receipt.body["lines"][0]["lot"]
    return number


async def one(kind: LabelKind, name: str, **more: Any) -> Any:
    job = await actions.print_labels(stamp=world.stamp(), kind=kind, ids=[name], layout=ROLL_70X50, **more)
    (label,) = job.labels
    return label


async def test_a_lot_s_label_says_what_stands_in_sight_and_how_it_is(hall: asyncpg.Connection) -> None:
    lot = await receive(20, produced_on=date(2026, 3, 15), expires_on=date(2034, 3, 14))
    await hall.execute("UPDATE item SET spec = '12㎡', unit_zh = '顶' WHERE id = 1")
    label: LotLabel = await one(LabelKind.LOT, lot)
    assert (label.name, label.spec, label.origin, label.number) == ("帐篷", "12㎡", "江苏常州", lot)
    assert (label.quantity, label.quality, label.bin) == ("20 顶", "合格", "A-101")
    assert (label.produced_on, label.received_on) == (date(2026, 3, 15), date(2026, 11, 21))
    assert (label.expires_on, label.batch, label.gtin) == (date(2034, 3, 14), "B1", None)
    await stock.move(stamp=world.stamp(), takes=[Take(1, 5, 101, to_place=102)])
    await stock.inspect(stamp=world.stamp(), takes=[Take(1, 1, 102, to_condition=Condition.DAMAGED)], note="x")
    label = await one(LabelKind.LOT, lot)
    assert (label.quantity, label.quality, label.bin) == ("20 顶", "合格、损坏", "")
    label = await one(LabelKind.LOT, lot, place_id=102)
    assert (label.quantity, label.bin) == ("5 顶", "A-102")


async def test_what_is_past_its_day_is_not_called_fit(hall: asyncpg.Connection) -> None:
    assert (await one(LabelKind.LOT, await receive(1, expires_on=TODAY))).quality == "合格"
    assert (await one(LabelKind.LOT, await receive(1, expires_on=date(2026, 11, 20)))).quality == "已过期"


async def test_a_maker_s_gtin_stands_on_the_label_where_the_batch_fits(hall: asyncpg.Connection) -> None:
    await hall.execute(
        "INSERT INTO item_code (item_id, kind, code, source) VALUES (1, 'gtin', '06901234567892', 'test'),"
        " (2, 'gtin', '02000000000121', 'own')"
    )
    assert (await one(LabelKind.LOT, await receive(1))).gtin == "06901234567892"
    assert (await one(LabelKind.LOT, await receive(1, maker_batch="春-1"))).gtin is None
    assert (await one(LabelKind.LOT, await receive(1, item=2))).gtin is None
    item: ItemLabel = await one(LabelKind.ITEM, "ZP-0001")
    assert (item.own_key, item.gtin13) == ("ZP0001", "6901234567892")
    await hall.execute(
        "INSERT INTO pack (item_id, key, name_zh, factor, source) VALUES (1, 'ZP0001P1', '包', 4, 'test')"
    )
    pack: ItemLabel = await one(LabelKind.ITEM, "ZP0001P1")
    assert (pack.own_key, pack.is_pack, pack.pack) == ("ZP0001P1", True, "包 = 4 件")


async def test_an_empty_bin_gets_a_place_holder(hall: asyncpg.Connection) -> None:
    full: BinLabel = await one(LabelKind.BIN, "CZ01-A-101") if await receive(1) else None
    assert (full.name, full.zone, full.meant_for) == ("A-101", "A区", "")
    assert (await one(LabelKind.BIN, "CZ01-A-103")).meant_for == "A区"
    assert (await one(LabelKind.BIN, "CZ01-A-103", meant_for="棉被")).meant_for == "棉被"
    await stock.issue(stamp=world.stamp(), takes=[Take(1, 1, 101)])
    assert (await one(LabelKind.BIN, "CZ01-A-101")).meant_for == "帐篷"
    assert (await one(LabelKind.BIN, "CZ01-STAGE")).name == "收发区"


async def test_a_machine_s_label_says_when_care_is_due(hall: asyncpg.Connection) -> None:
    await hall.execute(
        "INSERT INTO item_care (item_id, kind, first_after_days, interval_days, basis, source) VALUES"
        " (3, 'engine_run', 30, 90, 'in_store', 'test'), (3, 'oil', 400, 400, 'in_store', 'test')"
    )
    arrival = Arrival(LotFacts(3, 1), 1, 101, maker_serials=("M-77",))
    await stock.receive(stamp=world.stamp(), arrivals=[arrival])
    number = await hall.fetchval("SELECT number FROM serial")
    label: SerialLabel = await one(LabelKind.SERIAL, number)
    assert (label.serial, label.bin, label.care_due_on) == ("M-77", "A-101", date(2026, 12, 21))
    later = replace(world.stamp(), recorded_at=datetime(2026, 12, 20, tzinfo=world.NOW.tzinfo))
    await stock.care(
        stamp=later, lot_id=1, site_id=1, kind="engine_run", done_on=date(2026, 12, 20), passed=True, serial_id=1
    )
    assert (await one(LabelKind.SERIAL, number)).care_due_on == date(2027, 3, 20)


async def test_a_pallet_s_label_lists_what_lies_on_it(hall: asyncpg.Connection) -> None:
    await hall.execute("UPDATE item SET weight_g = 1500 WHERE id IN (1, 2)")
    await receive(20, expires_on=date(2034, 3, 14))
    await receive(9, item=2, expires_on=date(2031, 1, 1))
    built = await stock.build_pallet(stamp=world.stamp(), place_id=101, contents=[Content(1, 20), Content(2, 3)])
    label: PalletLabel = await one(LabelKind.PALLET, built["pallet"])
    assert label.contents == ("帐篷 20 件", "棉被 3 件")
    assert (label.weight, label.expires_on, label.packed_on) == ("35 kg", date(2031, 1, 1), date(2026, 11, 21))


async def test_scope_rights_and_counts(hall: asyncpg.Connection) -> None:
    lot = await receive(1)
    for label_of in (queries.lot_labels([lot], FAR, on=TODAY), queries.bin_labels(["CZ01-A-101"], FAR)):
        with pytest.raises(Missing):
            await label_of
    with pytest.raises(Missing):
        await queries.site_labels(["CZ01"], FAR)
    grants = (Grant(Role.DISPATCHER, "/1/", ROLES[Role.DISPATCHER]),)
    with pytest.raises(Denied):
        await actions.print_labels(
            stamp=replace(world.stamp(), grants=grants), kind=LabelKind.LOT, ids=[lot], layout=ROLL_70X50
        )
    # The same lot in two sites: the owner sees all of it, a custodian what stands at its own.
    assert await receive(3, place=121) == lot
    assert (await queries.lot_labels([lot], ALL, on=TODAY))[0].quantity == "4 件"
    assert (await queries.lot_labels([lot], FAR, on=TODAY))[0].quantity == "3 件"
    for ids, copies in (([], 1), ([lot] * 1001, 1), ([lot] * 100, 51), ([lot], 0)):
        with pytest.raises(Invalid, match="bad-count"):
            await actions.print_labels(
                stamp=world.stamp(), kind=LabelKind.LOT, ids=ids, layout=A4_3X8, copies=copies, out=Format.PDF
            )


@pytest.mark.parametrize("kind", list(PaperKind))
@pytest.mark.parametrize("site", ["CZ01", "AB2345", "TZ01", "RKCK"])
def test_a_paper_s_key_leads_back_to_its_number(kind: PaperKind, site: str) -> None:
    number = rules.paper_number(site, kind, 2026, 17)
    assert rules.number_of_key(rules.paper_key(number, uuid4().hex)) == number


def test_a_key_is_never_too_long() -> None:
    number = rules.paper_number("ABCDEFGH2345", PaperKind.LEDGER_SHEET, 2026, 17)
    assert len(rules.paper_key(number, uuid4().hex)) == rules.MAX_KEY
    assert rules.number_of_key("26000001") is None
