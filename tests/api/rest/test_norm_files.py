"""Norms in by Excel and CSV over HTTP: what the list writes comes back unchanged, is changed, and is set once."""

import base64
import io
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from python_calamine import CalamineWorkbook

from api.web.languages import language
from api.web.words import word
from tests.api.rest.conftest import Enter
from tests.api.rest.hall import Caller
from tests.warehouse.exchange.house import book
from tests.warehouse.norms.test_norms import planner, put
from warehouse.exchange.rules.norm_rows import BASES, COLUMNS, EACH
from warehouse.norms.model import Basis, Each, Equivalent, Field, NormFacts, Season

LAW = "市文件（2026）1号"


def sent(data: bytes, name: str = "标准.xlsx") -> dict[str, Any]:
    return {"name": name, "content": base64.b64encode(data).decode()}


def agreed(found: Any) -> list[dict[str, Any]]:
    usable = [row for row in found["rows"] if row["verdict"] in ("new", "change")]
    return [{name: row[name] for name in ("row", "norm", "version")} for row in usable]


def cells(data: bytes) -> list[list[Any]]:
    return [list(row) for row in CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()]


async def furnished() -> None:
    more: dict[str, Any] = {"source": "=" + LAW, "note": "-无附件"}
    await put(
        NormFacts(
            region_id=1, item_id=1, each=Each.DISTRICT, minimum=5, basis=Basis.POPULATION, basis_per=5_000, **more
        ),
        NormFacts(region_id=2, item_id=4, minimum=1_500_000, target=2_000_000, round_to=500_000, lead_days=9),
        NormFacts(region_id=2, item_id=1, minimum=5, season=Season(1101, 228), **more),
        NormFacts(region_id=2, item_id=1, target=50, **more),
        NormFacts(region_id=3, class_id=1, minimum=7, unit="顶（个）", equivalents=(Equivalent(2, 2, 1),), **more),
        NormFacts(site_id=2, item_id=2, maximum=12, **more),
        stamp=planner(),
    )


async def file_of(caller: Caller, kind: str) -> bytes:
    answer = await caller.client.get(f"/norms/export.{kind}")
    assert answer.status_code == 200
    return answer.content


@pytest.mark.parametrize("tongue", ["zh", "en"])
async def test_the_lists_own_file_comes_back_and_changes_nothing(
    enter: Enter, owner: asyncpg.Connection, tongue: str
) -> None:
    await furnished()
    async with enter("planner") as caller:
        caller.client.cookies.set("beiyu_language", tongue)
        for kind in ("xlsx", "csv"):
            found = await caller.ok("POST", "/norms/import/check", sent(await file_of(caller, kind), f"x.{kind}"))
            assert found["counts"] == {"new": 0, "change": 0, "same": 6, "fault": 0}, found
            assert found["aside"] == []
        template = await caller.client.get("/norms/import/template.xlsx")
        assert cells(template.content) == [[one.zh if tongue == "zh" else one.en for one in COLUMNS]]


async def test_a_changed_file_is_shown_and_set_once(enter: Enter, owner: asyncpg.Connection) -> None:
    await furnished()
    async with enter("planner") as caller:
        await owner.execute("UPDATE norm SET source = $1 WHERE source LIKE '=%'", LAW)
        head, *rows = cells(await file_of(caller, "xlsx"))
        sand = next(row for row in rows if row[4] == "SZ-0001")
        sand[head.index("最低储备")], sand[head.index("依据")] = 1.75, LAW
        body = sent(book([head, *rows, [None, "district-b", None, None, "SZ-0001", "升", 3]]))
        found = await caller.ok("POST", "/norms/import/check", body)
        assert found["counts"] == {"new": 0, "change": 1, "same": 5, "fault": 1}
        (change,) = [row for row in found["rows"] if row["verdict"] == "change"]
        assert change["changes"] == [
            {"column": "minimum", "before": "1.5", "after": "1.75"},
            {"column": "source", "before": "unverified", "after": LAW},
        ]
        (bad,) = [row for row in found["rows"] if row["verdict"] == "fault"]
        assert [(one["cell"], one["text"], one["code"]) for one in bad["faults"]] == [("F8", "升", "norm.other-unit")]
        assert [one["after"]["minimum"] for one in found["preview"]["differences"]] == [2_000_000]  # packs of half a m³

        whole, key = {**body, "agreed": agreed(found)}, str(uuid4())
        for repeat in (False, True):
            done = await caller.ok("POST", "/norms/import", whole, key=key)
            assert done == {"counts": found["counts"], "repeat": repeat}
        assert await caller.code("POST", "/norms/import", whole) == (409, "norm.file-stale")
        again = await caller.ok("POST", "/norms/import/check", body)
        assert (again["counts"]["same"], agreed(again)) == (6, [])
        assert await owner.fetchval("SELECT count(*) FROM norm WHERE version > 1") == 1


async def test_what_is_no_such_file_is_refused_plainly(enter: Enter, owner: asyncpg.Connection) -> None:
    async with enter("planner") as caller:
        for data, name, code in [
            (b"", "x.csv", "import.empty-file"),
            (b"\x89PNG\0\0", "x.xlsx", "import.not-a-spreadsheet"),
            ("名称,数量\n帐篷,5".encode(), "x.csv", "norm.no-headings"),
            (
                book([["编号", "物资或类别编号", "上限"], *[["city", "ZP-0001", 5]] * 2001]),
                "x.xlsx",
                "norm.too-many-rows",
            ),
        ]:
            body = sent(data, name)
            assert await caller.code("POST", "/norms/import/check", body) == (400, code)
            assert await caller.code("POST", "/norms/import", {**body, "agreed": []}) == (400, code)
    async with enter("keeper") as caller:
        body = sent("编号,物资或类别编号,上限\ncity,ZP-0001,5".encode(), "x.csv")
        assert await caller.code("POST", "/norms/import/check", body) == (403, "access.denied")


@pytest.mark.parametrize("tongue", ["zh", "en"])
def test_the_words_of_a_file_are_those_of_the_pages(tongue: str) -> None:
    lang, at = language(tongue), ("zh", "en").index(tongue)
    assert {one: words[at] for one, words in EACH.items()} == {one: word(lang, "norm_each", one) for one in Each}
    assert {one: words[at] for one, words in BASES.items()} == {one: word(lang, "norm_basis", one) for one in Basis}
    heads = {one.name: (one.zh, one.en)[at] for one in COLUMNS}
    assert {one: heads[one.value] for one in Field} == {one: word(lang, "norm_field", one) for one in Field}
