"""Norms from a file: every row judged, what is usable set all at once, the same file a second time changes nothing."""

import asyncio
from dataclasses import replace
from datetime import date
from typing import Any

import asyncpg
import pytest

from catalog.kernel.access import EVERYWHERE, Role
from catalog.kernel.errors import Denied, Invalid, Stale
from catalog.kernel.stamp import Stamp
from tests.warehouse.exchange.house import book
from tests.warehouse.norms.test_norms import CITY, QUILT, A, of, planner, put
from warehouse.exchange.rules.norm_rows import COLUMNS, read_norms
from warehouse.norms import actions, queries
from warehouse.norms.model import Basis, DryRun, Each, Equivalent, Line, NormFacts, Season

SHORT = ["编号", "物资或类别编号", "最低储备", "目标储备", "依据"]
LAW = "市文件〔2026〕1号"


def read(*rows: list[Any], head: list[str] | None = None) -> list[Line]:
    return read_norms("标准.xlsx", book([head or SHORT, *rows])).lines


async def judge(rows: list[Line], stamp: Stamp | None = None) -> DryRun:
    return await actions.judge_lines(stamp=stamp or planner(), rows=rows, scheme="local")


async def bring(rows: list[Line], agreed: DryRun | None = None, stamp: Stamp | None = None) -> Any:
    found = agreed or await judge(rows)
    marks = [one.mark for one in found.usable]
    return await actions.import_norms(
        stamp=stamp or planner(), rows=rows, scheme="local", agreed=marks, file="标准.xlsx"
    )


def verdicts(found: DryRun) -> dict[int, str]:
    return {one.line.row: one.verdict.value for one in found.rows}


def faults(found: DryRun) -> dict[int, list[tuple[str, str]]]:
    return {one.line.row: [(bad.cell, bad.code) for bad in one.faults] for one in found.rows if one.faults}


# --- reading --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("english", [False, True])
def test_every_column_is_read_under_either_heading(english: bool) -> None:
    said = {
        "place": "city",
        "each": "every district" if english else "每个区",
        "goods": "ZP-0001",
        "minimum": 5,
        "target": 7.5,
        "basis": "residents" if english else "常住人口",
        "basis_per": 10_000,
        "season_from": "05-01",
        "season_to": date(2026, 9, 30),
        "valid_from": date(2026, 5, 1),
        "valid_to": "2199-12-31",
        "source": "=市文件（2026）1号",
        "note": "-",
    }
    head = [one.en if english else one.zh for one in COLUMNS]
    data = [[said.get(one.name) for one in COLUMNS]]
    data[0][18] = "'=市文件（2026）1号"  # as the list's CSV keeps it from being calculated
    (line,) = read(*data, head=head)
    assert (line.row, line.place, line.goods, line.faults) == (2, "city", "ZP-0001", ())
    assert {name: value for name, value in line.said.items() if value is not None} == {
        "each": Each.DISTRICT,
        "minimum": 5,
        "target": 7.5,
        "basis": Basis.POPULATION,
        "basis_per": 10_000,
        "season_from": 501,
        "season_to": 930,
        "valid_from": date(2026, 5, 1),
        "valid_to": date(2199, 12, 31),
        "source": "=市文件（2026）1号",
        "note": "-",
    }
    assert line.cells["minimum"] == "G2"


def test_a_cell_that_cannot_be_meant_is_named() -> None:
    head = [*SHORT, "适用区划", "启用日期", "补货天数", "季节起", "备注"]
    (line,) = read(["city", "ZP-0001", "约50", "5顶", LAW, "每个省", "2026-05", 1.5, "五月", "x" * 501], head=head)
    assert [(bad.cell, bad.code, bad.text[:4]) for bad in line.faults] == [
        ("C2", "norm.bad-number", "约50"),
        ("D2", "norm.bad-number", "5顶"),
        ("F2", "norm.bad-word", "每个省"),
        ("G2", "norm.bad-day", "2026"),
        ("H2", "norm.bad-number", "1.5"),
        ("I2", "norm.bad-season", "五月"),
        ("J2", "norm.bad-text", "xxxx"),
    ]
    (empty,) = read([None, None, 5])
    assert [bad.code for bad in empty.faults] == ["norm.whom", "norm.what"]


def test_what_is_no_list_of_norms_is_refused() -> None:
    def code(*rows: list[Any]) -> str:
        with pytest.raises(Invalid) as refused:
            read_norms("x.xlsx", book(list(rows)))
        return refused.value.code

    assert code(["名称", "数量"], ["帐篷", 5]) == "norm.no-headings"
    assert code(["编号", "物资或类别编号"], ["city", "ZP-0001"]) == "norm.no-headings"
    assert code(SHORT) == "norm.no-rows"
    assert code([*SHORT, "Minimum"], ["city"]) == "norm.heading-twice"
    rows = [["city", "ZP-0001", 5] for _ in range(2001)]
    assert code(SHORT, *rows) == "norm.too-many-rows"
    assert len(read_norms("x.xlsx", book([SHORT, *rows[1:]])).lines) == 2000
    assert read_norms("x.csv", "编号,物资或类别编号,最底,目标储备\ncity,ZP-0001,1,2".encode("gb18030")).aside == [
        "最底"
    ]


# --- judging and applying -------------------------------------------------------------------------------------------


async def test_new_changed_and_same_rows_are_told_apart_and_set_once(hall: asyncpg.Connection) -> None:
    tents, quilts = await put(of(A, minimum=100), of(A, QUILT, minimum=50, target=80))
    rows = read(
        ["district-a", "ZP-0001", 120, None, LAW],
        ["district-a", "MB-0001", 50, 80, LAW],
        ["district-b", "帐篷", 30, None, None],  # by its name, and from nowhere
    )
    found = await judge(rows)
    assert verdicts(found) == {2: "change", 3: "same", 4: "new"}
    changed, same, new = found.rows
    assert (changed.before.id, same.before.id, new.before) == (tents, quilts, None)  # type: ignore[union-attr]
    assert new.facts is not None
    assert (new.facts.unverified, new.facts.valid_from) == (True, date(2026, 11, 21))
    assert {(one.subject.key, *one.before.values(), *one.after.values()) for one in found.preview.differences} == {
        ("district-a", 100, None, None, None, 120, None, None, None),
        ("district-b", None, None, None, None, 30, None, None, None),
    }
    assert await hall.fetchval("SELECT count(*) FROM norm") == 2  # nothing is written yet

    stamp = planner()
    for repeat in (None, True):  # sent twice: one effect, one answer
        done = await bring(rows, found, stamp)
        assert (done["counts"], done.get("repeat")) == ({"new": 1, "change": 1, "same": 1, "fault": 0}, repeat)
    after = await queries.get_norm(tents, EVERYWHERE)
    assert (after.facts.minimum, after.version) == (120, 2)
    verbs = "SELECT verb FROM audit WHERE verb LIKE 'norm.%' AND attempt = $1 ORDER BY seq"
    assert [row[0] for row in await hall.fetch(verbs, stamp.attempt)] == ["norm.edit", "norm.set", "norm.import"]
    assert await hall.fetchval("SELECT count(*) FROM feed WHERE topic = 'norm'") == 4

    again = await judge(rows)
    assert verdicts(again) == {2: "same", 3: "same", 4: "same"}
    assert (await bring(rows))["counts"]["same"] == 3
    assert await hall.fetchval("SELECT max(version) FROM norm") == 2


async def test_an_empty_cell_takes_away_and_a_missing_column_leaves(hall: asyncpg.Connection) -> None:
    pool = NormFacts(
        region_id=A, class_id=1, minimum=50, target=70, unit="件", source=LAW, note="见附表",
        season=Season(501, 930), equivalents=(Equivalent(QUILT, 2, 1),), lead_days=9,
    )  # fmt: skip
    (norm,) = await put(pool)
    await bring(read(["district-a", "1", 55, None, LAW]))
    after = (await queries.get_norm(norm, EVERYWHERE)).facts
    assert after == replace(pool, minimum=55, target=None, valid_from=after.valid_from)


async def test_each_row_that_cannot_be_used_says_why_and_the_rest_is_set(hall: asyncpg.Connection) -> None:
    await put(of(CITY, each=Each.TOWN, minimum=100))
    rows = read(
        ["nowhere", "ZP-0001", 5],
        ["district-a", "ZP-9999", 5],
        ["district-a", "ZP-0001", 9, 8],
        ["district-a", "ZP-0001", 9, 10],
        ["district-b", "ZP-0001", 1],
        ["district-b", "ZP-0001", 2],
        ["district-a", "MB-0001", 0.5],
        ["AA01", "MB-0001", 7],
        ["town-a1", "ZP-0001", None, 90],  # below the 100 of every town
    )
    found = await judge(rows)
    assert faults(found) == {
        2: [("A2", "norm.no-such-place")],
        3: [("B3", "norm.no-such-goods")],
        4: [("C4", "norm.bad-order")],
        6: [("", "norm.row-twice")],
        7: [("", "norm.row-twice")],
        8: [("C8", "norm.bad-quantity")],
        10: [("", "norm.order-broken")],
    }
    assert [one.line.row for one in found.usable] == [5, 9]
    assert (await bring(rows, found))["counts"] == {"new": 2, "change": 0, "same": 0, "fault": 7}
    assert await hall.fetchval("SELECT count(*) FROM norm") == 3


async def test_a_rule_that_a_row_would_tie_with_is_changed_or_named(hall: asyncpg.Connection) -> None:
    """A row without a start means the norm there is; two that it may mean are not guessed between."""
    await put(of(A, minimum=100, valid_from=date(2026, 1, 1)), of(A, minimum=120, valid_from=date(2026, 6, 1)))
    found = await judge(read(["district-a", "ZP-0001", 130, None, LAW]))
    assert faults(found) == {2: [("", "norm.row-of-several")]}
    dated = read(["district-a", "ZP-0001", 130, None, LAW, "2026-06-01"], head=[*SHORT, "启用日期"])
    assert verdicts(await judge(dated)) == {2: "change"}
    later = read(["district-a", "ZP-0001", 130, None, LAW, "2026-07-01"], head=[*SHORT, "启用日期"])
    assert verdicts(await judge(later)) == {2: "new"}


async def test_a_norm_changed_since_the_file_was_checked_is_told_and_nothing_written(hall: asyncpg.Connection) -> None:
    (tents,) = await put(of(A, minimum=100))
    rows = read(["district-a", "ZP-0001", 120, None, LAW], ["district-b", "ZP-0001", 30, None, LAW])
    found = await judge(rows)
    await actions.edit_norm(stamp=planner(), norm_id=tents, version=1, facts=of(A, minimum=110))
    with pytest.raises(Stale) as stale:
        await bring(rows, found)
    assert (stale.value.code, stale.value.facts["row"]) == ("norm.file-stale", 2)
    assert await hall.fetchval("SELECT count(*) FROM norm") == 1
    assert (await queries.get_norm(tents, EVERYWHERE)).facts.minimum == 110


async def test_of_two_rivals_with_one_file_the_second_is_told(hall: asyncpg.Connection) -> None:
    rows = read(["district-a", "ZP-0001", 120, None, LAW], ["district-b", "ZP-0001", 30, None, LAW])
    found = await judge(rows)
    done = await asyncio.gather(bring(rows, found), bring(rows, found), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["Stale", "dict"]
    assert await hall.fetchval("SELECT count(*) FROM norm") == 2


async def test_rights_decide_row_by_row(hall: asyncpg.Connection) -> None:
    await put(of(CITY, each=Each.TOWN, minimum=100))
    head = [*SHORT, "适用区划"]
    rows = read(
        ["city", "ZP-0001", 100, None, LAW, "每个镇（街道）"],  # seen from below, and left as it is
        ["city", "MB-0001", 5, None, LAW, "每个镇（街道）"],
        ["district-b", "ZP-0001", 5, None, LAW, None],  # not even seen
        ["district-a", "ZP-0001", 5, None, LAW, None],
        head=head,
    )
    found = await judge(rows, planner("/1/2/"))
    assert verdicts(found) == {2: "same", 3: "fault", 4: "fault", 5: "new"}
    assert faults(found) == {3: [("A3", "norm.no-right-there")], 4: [("A4", "norm.no-such-place")]}
    with pytest.raises(Denied):
        await judge(rows, planner(role=Role.KEEPER))
