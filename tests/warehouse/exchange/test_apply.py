"""What is precise goes in once: twice sent, broken off, refused in part, rivals, other files."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from catalog.kernel import db
from catalog.kernel.access import Role
from catalog.kernel.errors import Missing, Refused
from catalog.kernel.stamp import Stamp, house_stamp
from tests.warehouse.exchange.house import book
from tests.warehouse.stock import world
from warehouse.exchange import actions, queries
from warehouse.exchange.actions import apply
from warehouse.exchange.model import ImportKind, ImportState
from warehouse.exchange.rules.dry_run import outcome_of
from warehouse.exchange.workflow import IMPORT
from warehouse.stock import verify

HEAD = ["品名", "单位", "数量", "生产批号", "有效期至", "货位"]


@pytest_asyncio.fixture
async def hall(owner: asyncpg.Connection) -> asyncpg.Connection:
    await world.build(owner)
    return owner


def stamp(content: Any = None) -> Stamp:
    return house_stamp(uuid4(), content or uuid4().hex, world.NOW, login="keeper")


def listing(*rows: list[Any]) -> bytes:
    return book([HEAD, *rows])


async def judge(file: UUID) -> Any:
    """What the edge does around the worker, in this process."""
    found = await queries.get_import(file, stamp())
    choices = await queries.choices_of(found)
    house = await queries.known_for(found, stamp(), date(2026, 11, 21))
    packed = outcome_of(found.kind, found.name, await queries.raw_of(file), choices, house)
    assert not isinstance(packed, dict), packed
    assert await actions.keep_findings(
        stamp=stamp(), file_id=file, version=found.version, choices=choices, findings=packed, read_ms=1
    )
    return await queries.get_import(file, stamp())


async def bring(
    data: bytes, kind: ImportKind = ImportKind.STOCK, sender: str = "region:town-a1", site: str | None = "CZ01"
) -> UUID:
    made = await actions.upload(stamp=stamp(data), kind=kind, name="a.xlsx", data=data, sender=sender, site_code=site)
    file = UUID(str(made["import"]))
    await judge(file)
    return file


async def apply_all(file: UUID, size: int = 500) -> Any:
    await actions.begin_apply(stamp=stamp(), file_id=file)
    while not (await actions.apply_chunk(stamp=stamp(), file_id=file, size=size)).finished:
        pass
    return await queries.get_import(file, stamp())


async def total(hall: asyncpg.Connection) -> int:
    return int(await hall.fetchval("SELECT coalesce(sum(on_hand), 0) FROM balance"))


async def test_overlapping_files_add_each_row_once_and_ask_about_another_figure(hall: asyncpg.Connection) -> None:
    rows = [["帐篷", "件", 10, f"B{n}", "", ""] for n in range(6)]
    done = await apply_all(await bring(listing(*rows[:4])))
    assert done.counts["done"] == 4
    second = await queries.get_import(await bring(listing(*rows[2:], ["帐篷", "件", 11, "B0", "", ""])), stamp())
    assert second.counts == {"rows": 5, "ready": 2, "ok": 2, "skip": 2, "ask": 1}
    assert (await apply_all(second.id)).counts["done"] == 2
    assert await total(hall) == 60
    assert await verify.run() == []


async def test_a_broken_off_apply_goes_on_with_the_next_row(hall: asyncpg.Connection) -> None:
    file = await bring(listing(*[["帐篷", "件", 1, f"B{n}", "", ""] for n in range(20)]))
    await actions.begin_apply(stamp=stamp(), file_id=file)
    await actions.apply_chunk(stamp=stamp(), file_id=file, size=7)
    half = await queries.get_import(file, stamp())
    assert (half.state, half.counts["done"], half.counts["ready"]) == (ImportState.APPLYING, 7, 13)
    done = await apply_all(file, size=7)
    assert (done.state, done.counts["done"], await total(hall)) == (ImportState.APPLIED, 20, 20)


async def test_what_dies_between_writing_and_committing_has_not_happened(
    hall: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await bring(listing(*[["帐篷", "件", 1, f"B{n}", "", ""] for n in range(5)]))
    await actions.begin_apply(stamp=stamp(), file_id=file)
    real = db.execute

    async def dies(sql: str, *args: Any) -> None:
        await real(sql, *args)
        if sql == apply._WRITE:
            raise ConnectionResetError

    monkeypatch.setattr(db, "execute", dies)
    with pytest.raises(ConnectionResetError):
        await actions.apply_chunk(stamp=stamp(), file_id=file)
    monkeypatch.undo()
    assert await total(hall) == 0
    assert (await apply_all(file)).counts["done"] == 5
    assert await total(hall) == 5


async def test_rivals_applying_one_file_write_each_row_once(hall: asyncpg.Connection) -> None:
    file = await bring(listing(*[["帐篷", "件", 1, f"B{n}", "", ""] for n in range(60)]))
    await actions.begin_apply(stamp=stamp(), file_id=file)

    async def hand() -> None:
        while not (await actions.apply_chunk(stamp=stamp(), file_id=file, size=9)).finished:
            pass

    await asyncio.gather(*(asyncio.create_task(hand()) for _ in range(4)))
    assert await total(hall) == 60
    assert await verify.run() == []


async def test_rivals_applying_twins_of_a_file_write_each_row_once(hall: asyncpg.Connection) -> None:
    data = listing(*[["帐篷", "件", 1, f"B{n}", "", ""] for n in range(40)])
    files = [await bring(data) for _ in range(3)]
    done = await asyncio.gather(*(asyncio.create_task(apply_all(file, size=11)) for file in files))
    assert sum(one.counts.get("done", 0) for one in done) == 40
    assert sum(one.counts.get("repeat", 0) for one in done) == 80
    assert await total(hall) == 40


async def test_a_refused_row_stands_alone_and_can_be_tried_again(hall: asyncpg.Connection) -> None:
    file = await bring(listing(*[["帐篷", "件", 1, f"B{n}", "", "A-101" if n == 13 else "A-102"] for n in range(20)]))
    await hall.execute("UPDATE place SET closed_by = 1, close_reason = '盘点' WHERE id = 101")
    done = await apply_all(file)
    assert (done.counts["done"], done.counts["refused"]) == (19, 1)
    row = (await queries.all_rows(done))[13]
    assert (row.row, row.outcome["code"]) == (15, "stock.bin-closed")
    await hall.execute("UPDATE place SET closed_by = NULL WHERE id = 101")
    await actions.reopen(stamp=stamp(), file_id=file)
    assert (await judge(file)).counts["ready"] == 1
    assert (await apply_all(file)).counts["done"] == 20


async def test_answers_and_headings_are_remembered_for_their_sender_only(hall: asyncpg.Connection) -> None:
    data = book([["东西", "论啥", "数量"], ["救灾帐棚", "件", 3]])
    chosen = {"Sheet1": {"use": True, "header": [1, 1], "columns": {"A": "item", "B": "unit", "C": "quantity"}}}
    file = await bring(data)
    await actions.choose(stamp=stamp(), file_id=file, sheets=chosen)
    await judge(file)
    (key,) = [one["key"] for one in (await queries.found_in(file))[1]]
    await actions.answer(stamp=stamp(), file_id=file, answers={key: "item:ZP-0001"})
    assert (await judge(file)).counts["ready"] == 1
    other = book([["东西", "论啥", "数量"], ["救灾帐棚", "件", 4], ["救灾帐棚", "件", 5]])
    same = {"Sheet1": {"use": True, "header": [1, 1], "columns": {}}}
    for sender, ready in (("region:town-a1", 2), ("region:district-b", 0)):
        again = await bring(other, sender=sender)
        await actions.choose(stamp=stamp(), file_id=again, sheets=same)
        assert (await judge(again)).counts["ready"] == ready


async def test_goods_that_stand_there_already_are_asked(hall: asyncpg.Connection) -> None:
    lots = await world.add_lots(hall, {"item_id": 1})
    await world.put(lots[0], 101, 5) if hasattr(world, "put") else await _received(lots[0])
    found = await queries.get_import(await bring(listing(["帐篷", "件", 1, "B1", "", ""])), stamp())
    assert found.counts["ask"] == 1


async def _received(lot: Any) -> None:
    from warehouse.stock import actions as stock
    from warehouse.stock.model import LotFacts

    facts = LotFacts(item_id=lot.item_id, owner_region_id=lot.owner_region_id, maker_batch=lot.maker_batch)
    await stock.receive(stamp=stamp(), arrivals=[stock.Arrival(facts, 5, 101)])


async def test_a_purge_takes_words_and_file_and_leaves_figures(hall: asyncpg.Connection) -> None:
    file = await bring(listing(["帐篷", "件", 1, "B1", "", ""]))
    await apply_all(file)
    assert await actions.purge_before(stamp=stamp(), day=world.NOW + timedelta(days=1)) == 1
    assert await actions.purge_before(stamp=stamp(), day=world.NOW + timedelta(days=1)) == 0
    with pytest.raises(Missing):
        await queries.raw_of(file)
    (row,) = await queries.all_rows(await queries.get_import(file, stamp()))
    assert (row.cells, row.facts["quantity"]) == ({}, 1)
    again = await queries.get_import(await bring(listing(["帐篷", "件", 1, "B1", "", ""])), stamp())
    assert again.counts["skip"] == 1


async def test_a_stranger_sees_nothing(hall: asyncpg.Connection) -> None:
    file = await bring(listing(["帐篷", "件", 1, "B1", "", ""]))
    house = stamp()
    elsewhere = replace(house, grants=(replace(house.grants[0], role=Role.KEEPER, path="/1/3/"),), person_id=7)
    for ask in (queries.get_import(file, elsewhere), actions.begin_apply(stamp=elsewhere, file_id=file)):
        with pytest.raises(Missing):
            await ask
    nothing = await queries.known_for(await queries.get_import(file, house), elsewhere, date(2026, 11, 21))
    assert [site.code for site in nothing.sites] == ["BB01"]


async def test_the_houses_lists_come_in_parents_first_and_a_second_time_not_at_all(hall: asyncpg.Connection) -> None:
    regions = book(
        [
            ["区划编号", "名称", "层级", "上级", "人口"],
            ["v1", "新村", "村", "新镇", 900],
            ["t9", "新镇", "镇", "district-a", "12,000"],
        ]
    )
    parties = book(
        [["单位编号", "单位名称", "类型", "所属区划", "联系电话"], ["sup-1", "某厂", "供应商", "", 13800007701.0]]
    )
    sites = book(
        [["库点编号", "名称", "类型", "所属区划", "保管单位"], ["NZ01", "新镇储备点", "储备点", "新镇", "某厂"]]
    )
    bins = book(
        [
            ["库点", "库区编号", "库区名称", "货位编号", "容积"],
            ["新镇储备点", "A", "一区", "A-01", 6],
            ["NZ01", "A", "", "A-02", ""],
        ]
    )
    classes = book(
        [["分类体系", "代码", "名称", "上级代码"], ["local", "L011", "救生衣类", "L01"], ["local", "L01", "救生类", ""]]
    )
    items = book(
        [
            ["编号", "名称", "类别", "单位", "储存类别", "储存年限", "单价"],
            ["JS-0901", "救生衣", "救生衣类", "件", "常温", "5年", "85.5"],
        ]
    )
    for kind, data, rows in (
        (ImportKind.REGIONS, regions, 2), (ImportKind.PARTIES, parties, 1), (ImportKind.SITES, sites, 1),
        (ImportKind.BINS, bins, 2), (ImportKind.CLASSES, classes, 2), (ImportKind.ITEMS, items, 1),
    ):  # fmt: skip
        file = await bring(data, kind, site=None)
        shown = [(r.verdict.value, r.reasons) for r in await queries.all_rows(await queries.get_import(file, stamp()))]
        if kind is ImportKind.BINS:  # the second row names its zone nowhere: it comes with the first
            assert shown[1][0] == "reject"
            rows = 1
        assert (await apply_all(file)).counts["done"] == rows, shown
        again = await queries.get_import(await bring(data, kind, site=None), stamp())
        assert again.counts["ready"] == (1 if kind is ImportKind.BINS else 0), kind
    assert await hall.fetchval("SELECT phone FROM party WHERE key = 'sup-1'") == "13800007701"
    assert await hall.fetchval("SELECT path FROM region WHERE key = 'v1'")
    assert await hall.fetchval("SELECT storage_life_days FROM item WHERE key = 'JS-0901'") == 1825


async def answered(file: UUID, value: str = "take") -> Any:
    """Every open question answered alike, and the dry run again."""
    _, questions = await queries.found_in(file)
    await actions.answer(stamp=stamp(), file_id=file, answers={one["key"]: value for one in questions})
    return await judge(file)


async def differing(data: bytes, kind: ImportKind) -> tuple[UUID, list[str]]:
    """A file of rows whose keys are there, and what is said to differ (old → new)."""
    file = await bring(data, kind, site=None)
    found = await queries.get_import(file, stamp())
    rows = (await queries.list_rows(found)).items
    assert found.counts.get("ask") == found.counts["rows"], [row.reasons for row in rows]
    said = [one["facts"] for row in rows for one in row.reasons if one["code"] == "differs"]
    return file, [f"{one['old']} → {one['new']}" for one in said]


async def test_what_differs_from_what_is_there_is_shown_asked_and_taken_over_as_said(hall: asyncpg.Connection) -> None:
    parties = book([["单位编号", "单位名称", "类别", "联系电话"], ["p-1", "甲公司", "供应商", "13800000001"],
                    ["p-2", "乙公司", "供应商", "13800000002"]])  # fmt: skip
    await apply_all(await bring(parties, ImportKind.PARTIES, site=None))
    changed = book([["单位编号", "联系电话"], ["p-1", "13900000001"], ["p-2", "13900000002"]])
    file, said = await differing(changed, ImportKind.PARTIES)
    assert said == ["13800000001 → 13900000001", "13800000002 → 13900000002"]
    _, questions = await queries.found_in(file)
    assert [(one["code"], one["rows"]) for one in questions] == [("differs-take", 2)], "asked once for all of them"
    (key,) = (one["key"] for one in questions)
    await actions.answer(stamp=stamp(), file_id=file, answers={key: "take", f"{key}@Sheet1!3": "skip"})
    await judge(file)
    done = await apply_all(file)
    assert (done.counts["done"], done.counts["skip"]) == (1, 1)
    kept = "SELECT key, name_zh, kind, phone FROM party WHERE key LIKE 'p-_' ORDER BY key"
    assert [tuple(row) for row in await hall.fetch(kept)] == [
        ("p-1", "甲公司", "supplier", "13900000001"),
        ("p-2", "乙公司", "supplier", "13800000002"),
    ]
    assert (await queries.get_import(await bring(changed, ImportKind.PARTIES, site=None), stamp())).counts["ask"] == 1


async def test_the_other_lists_take_changes_over_too_and_nobody_else_is_overwritten(hall: asyncpg.Connection) -> None:
    code = await hall.fetchval("SELECT code FROM place WHERE id = 101")
    for kind, head, row, sql in (
        (ImportKind.BINS, ["库点", "库区", "货位编号", "容积（立方米）"], ["CZ01", "A", code, 7],
         "SELECT volume_ml = 7000000 FROM place WHERE id = 101"),
        (ImportKind.SITES, ["库点编号", "地址"], ["CZ01", "新路 1 号"],
         "SELECT address = '新路 1 号' FROM site WHERE id = 1"),
        (ImportKind.ITEMS, ["物资编号", "规格型号", "参考单价"], ["ZP-0001", "新规格", "12.5"],
         "SELECT spec = '新规格' AND price_fen = 1250 FROM item WHERE key = 'ZP-0001'"),
    ):  # fmt: skip
        file, said = await differing(book([head, row]), kind)
        assert said, kind
        await answered(file)
        done = await apply_all(file)
        assert done.counts.get("done") == 1, (kind, done.counts)
        assert await hall.fetchval(sql), kind
    file, _ = await differing(book([["库点编号", "地址"], ["CZ01", "新路 2 号"]]), ImportKind.SITES)
    await answered(file)
    await hall.execute("UPDATE site SET version = version + 1, address = '别人的路' WHERE id = 1")
    assert (await apply_all(file)).counts["refused"] == 1
    assert await hall.fetchval("SELECT address FROM site WHERE id = 1") == "别人的路"


async def test_what_only_its_page_may_change_is_shown_and_left(hall: asyncpg.Connection) -> None:
    file = await bring(book([["物资编号", "计量单位"], ["ZP-0001", "公斤"]]), ImportKind.ITEMS, site=None)
    (row,) = (await queries.list_rows(await queries.get_import(file, stamp()))).items
    assert row.verdict == "skip"
    assert [one["code"] for one in row.reasons] == ["differs", "exists-fixed"]


async def test_nothing_ready_is_not_applied(hall: asyncpg.Connection) -> None:
    file = await bring(listing(["不知何物", "件", 1, "", "", ""]))
    with pytest.raises(Refused, match="nothing-ready"):
        await actions.begin_apply(stamp=stamp(), file_id=file)


def test_the_life_of_a_file() -> None:
    assert set(IMPORT.statuses) == {state.value for state in ImportState}
    assert IMPORT.reachable() == set(IMPORT.statuses)
