"""The shortfall report over HTTP: cells, totals, the lots behind them, the page, paper and files."""

import io
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pypdf
from python_calamine import CalamineWorkbook

from catalog.kernel.access import ROLES, Grant, Role
from catalog.kernel.stamp import Stamp
from tests.api.rest.conftest import Enter
from tests.api.rest.hall import Caller
from tests.warehouse.stock import world
from warehouse.norms.actions import set_norms
from warehouse.norms.model import Basis, Each, NormFacts
from warehouse.planning.scenario.actions import set_consumption
from warehouse.planning.scenario.model import Basis as ConsumptionBasis
from warehouse.planning.scenario.model import Consumption

TODAY = date(2026, 11, 21)
TENT, QUILT = 1, 2
CITY, A, B, TOWN = 1, 2, 3, 4
TYPES = {
    "pdf": "application/pdf",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


async def furnished(owner: asyncpg.Connection) -> None:
    """District A must hold 40 tents and owns 25, of which 5 damaged; the town 10 and owns none; B by its residents."""
    (tents,) = await world.add_lots(owner, {"owner_region_id": A, "expires_on": TODAY + timedelta(days=40)})
    await world.receive(tents, 20, 101)
    await world.receive(tents, 5, (111, "damaged"))
    grants = (Grant(Role.PLANNER, "/1/", ROLES[Role.PLANNER]),)
    stamp = Stamp(uuid4(), b"norms", world.NOW, world.NOW, 1, "planner", grants)
    facts: list[dict[str, Any]] = [
        {"region_id": A, "item_id": TENT, "minimum": 40, "source": "市文件"},
        {"region_id": TOWN, "item_id": TENT, "minimum": 10},
        {"region_id": B, "item_id": QUILT, "minimum": 3, "basis": Basis.POPULATION, "basis_per": 10_000},
        {"region_id": CITY, "each": Each.SITE, "item_id": TENT, "minimum": 4},
    ]
    await set_norms(stamp=stamp, norms=[NormFacts(**one) for one in facts])


async def test_cells_totals_and_lots(enter: Enter, owner: asyncpg.Connection) -> None:
    await furnished(owner)
    async with enter("dispatcher") as caller:
        body = await caller.get("/shortfall?sort=gap")
        assert body["day"] == body["norms_day"] == "2026-11-21"
        assert [(one["region"], one["item"], one["need"], one["gap"], one["rate"]) for one in body["items"]] == [
            ("town-a1", "ZP-0001", 10, 10, 0),
            ("district-a", "ZP-0001", 40, 20, 500),
            ("district-b", "MB-0001", None, None, None),
        ]
        figures = body["items"][1]["figures"]
        assert (figures["on_hand"], figures["usable"], body["items"][1]["unverified"]) == (25, 20, False)
        assert [one["unknown"] for one in body["items"]] == [False, False, True]
        totals = await caller.get("/shortfall/totals?by=tier&by=goods")
        assert totals["by"] == ["tier", "goods"]
        assert [(one["keys"], one["rate"], one["known"]) for one in totals["items"]] == [
            (["district", "MB-0001"], None, 0), (["district", "ZP-0001"], 500, 1), (["town", "ZP-0001"], 0, 1)
        ]  # fmt: skip
        (whole,) = (await caller.get("/shortfall/totals"))["items"]
        assert (whole["rate"], whole["cells"], whole["met"]) == (400, 3, 0)
        lots = await caller.get("/shortfall/lots?region=district-a&goods=ZP-0001")
        assert [(one["site"], one["condition"], one["on_hand"], one["usable"]) for one in lots["items"]] == [
            ("AA01", "damaged", 5, 0), ("CZ01", "good", 20, 20)
        ]  # fmt: skip
        later = await caller.get(f"/shortfall?region=district-a&day={TODAY + timedelta(days=41)}")
        assert later["items"][0]["gap"] == 40
        before = await caller.get(f"/shortfall/lots?region=district-a&goods=ZP-0001&day={TODAY - timedelta(days=1)}")
        assert before["items"] == []
        stores = await caller.get("/shortfall?holder=site")
        assert [(one["site"], one["gap"]) for one in stores["items"]] == [("CZ01", 0), ("AA01", 4), ("BB01", 4)]
        assert await caller.code("GET", "/shortfall/lots?region=district-a&goods=MB-0001") == (404, "provision.no-line")
        assert await caller.code("GET", "/shortfall?day=2036-12-31") == (400, "provision.too-far")
    async with enter("keeper-b") as caller:
        assert [one["region"] for one in (await caller.get("/shortfall"))["items"]] == ["district-b"]
        assert await caller.code("GET", "/shortfall?region=city") == (404, "norm.no-such-place")


async def test_whoever_counts_is_not_told_by_sums(enter: Enter, owner: asyncpg.Connection) -> None:
    await furnished(owner)
    async with enter("keeper") as keeper:
        made = await keeper.ok("POST", "/counts", {"site": "CZ01", "bins": ["CZ01A101"]})
        await keeper.ok("POST", f"/counts/{made['count']}/bins/CZ01A101/begin")
        assert [one["item"] for one in (await keeper.get("/shortfall"))["items"]] == ["MB-0001"]
        (whole,) = (await keeper.get("/shortfall/totals"))["items"]
        assert (whole["cells"], whole["usable"]) == (1, 0)
        hidden = await keeper.code("GET", "/shortfall/lots?region=district-a&goods=ZP-0001")
        assert hidden == (404, "provision.no-line")
        assert "ZP-0001" not in (await keeper.client.get("/shortfall/export.csv")).text
        text = await page_of(keeper, "/shortfall")
        assert "data-veil" in text
        assert "ZP-0001" not in text


async def page_of(caller: Caller, path: str) -> str:
    answer = await caller.client.get(path)
    assert answer.status_code == 200, answer.text[:500]
    return answer.text


async def test_page_paper_and_files(enter: Enter, owner: asyncpg.Connection) -> None:
    await furnished(owner)
    await owner.execute("UPDATE region SET lat = 31.7 + id / 10.0, lon = 119.9 + id / 10.0")
    async with enter("dispatcher") as caller:
        for query in ("", "?show=short&sort=place", "?day=2026-12-31&against=2026-11-01", "?holder=site", "?site=CZ01",
                      "?tier=town&class=1", "?day=2026-11-20&norms=2026-07-01", "?day=nonsense&cursor="):  # fmt: skip
            text = await page_of(caller, f"/shortfall{query}")
            assert "big-figure" in text
        assert "40.0 %" in await page_of(caller, "/shortfall")
        assert "district-a" in await page_of(caller, "/shortfall/lots?region=district-a&goods=ZP-0001")
        for kind, media in TYPES.items():
            answer = await caller.client.get(f"/shortfall/export.{kind}")
            assert answer.headers["content-type"].startswith(media), answer.text[:300]
            content = answer.content
            if kind == "csv":
                rows = content.decode("utf-8-sig").splitlines()
                assert len(rows) == 4
                assert "district-a" in rows[2]
            elif kind == "xlsx":
                sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
                assert [row[1] for row in sheet[1:]] == ["town-a1", "district-a", "district-b"]
                assert [row[15] for row in sheet[1:3]] == [10, 20]
            else:
                pages = pypdf.PdfReader(io.BytesIO(content)).pages
                text = "".join(one.extract_text() for one in pages)
                assert all(
                    word in text
                    for word in ("应急物资配备与缺口报告", "40.0 %", "第 1 页 共 1 页", "负责人", "数据截至")
                )


async def test_for_how_many_people_it_lasts(enter: Enter, owner: asyncpg.Connection) -> None:
    """20 usable tents of district A, each for six; 60 people must be moved there, nobody knows how many elsewhere."""
    await furnished(owner)
    await owner.execute(
        "INSERT INTO region_fact (region_id, kind, value, as_of, source) VALUES (2, 'people_to_move', 60, '2026-01-01',"
        " 't')"
    )
    grants = (Grant(Role.PLANNER, "/1/", ROLES[Role.PLANNER]),)
    stamp = Stamp(uuid4(), b"use", world.NOW, world.NOW, 1, "planner", grants)
    use = Consumption(1, 6, ConsumptionBasis.MOVED, False, TENT, source="市文件〔2026〕3号")
    await set_consumption(stamp=stamp, region_id=CITY, hazard=None, use=use)
    async with enter("dispatcher") as caller:
        found = {one["region"]: one for one in (await caller.get("/shortfall"))["items"]}
        assert (found["district-a"]["people"], found["district-a"]["people_days"]) == (120, None)
        assert (found["district-a"]["ration"], found["district-a"]["ration_source"]) == ("ZP-0001", "市文件〔2026〕3号")
        assert (found["district-b"]["people"], found["district-b"]["ration"]) == (None, None)
        (cover,) = (await caller.get("/shortfall/cover"))["items"]
        assert cover["whole"] == {
            "region": None, "usable": 20, "amount": 120, "people": None, "days": None, "share": None,
            "amount_then": 120, "days_then": None, "share_then": None,
        }  # fmt: skip
        assert [(one["region"], one["amount"], one["people"], one["share"]) for one in cover["branches"]] == [
            ("district-a", 120, 60, 1000)
        ]
        (mine,) = (await caller.get("/shortfall/cover?region=district-a"))["items"]
        assert (mine["whole"]["people"], mine["whole"]["share"]) == (60, 1000)
        (past,) = (await caller.get(f"/shortfall/cover?day={TODAY - timedelta(days=1)}"))["items"]
        assert past["whole"]["amount"] == 0, "it came today"
        (later,) = (await caller.get(f"/shortfall/cover?day={TODAY + timedelta(days=41)}"))["items"]
        assert later["whole"]["amount"] == 0, "expired by then"
        text = await page_of(caller, "/shortfall")
        assert "市文件〔2026〕3号" in text
        content = (await caller.client.get("/shortfall/export.xlsx")).content
        rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
        (row,) = [one for one in rows if one[1] == "district-a"]
        assert row[21] == 120
        assert "市文件〔2026〕3号" in str(row[22])
        (other,) = [one for one in rows if one[1] == "district-b"]
        assert other[20:22] == ["", ""]
        paper = (await caller.client.get("/shortfall/export.pdf")).content
        printed = "".join(one.extract_text() for one in pypdf.PdfReader(io.BytesIO(paper)).pages).replace("\n", "")
        assert "120 人" in printed
        assert "需转移人口不明" in printed


async def test_the_question_names_a_hazard_and_the_cover_after_the_planned_moves(
    enter: Enter, owner: asyncpg.Connection
) -> None:
    await furnished(owner)
    grants = (Grant(Role.PLANNER, "/1/", ROLES[Role.PLANNER]),)

    async def norm(people: int, hazard: str | None) -> None:
        stamp = Stamp(uuid4(), b"use", world.NOW, world.NOW, 1, "planner", grants)
        use = Consumption(1, people, ConsumptionBasis.MOVED, False, TENT, source="市文件")
        await set_consumption(stamp=stamp, region_id=CITY, hazard=hazard, use=use)

    await norm(6, None)
    await norm(10, "earthquake")
    delivery = uuid4()
    await owner.execute(
        "INSERT INTO delivery (id, number, status, site_id, owner_region_id, expected_on, created_at, created_by,"
        " attempt) VALUES ($1, 'DH-1', 'announced', 2, 2, $2, now(), 'test', gen_random_uuid())",
        delivery, TODAY + timedelta(days=9),
    )  # fmt: skip
    await owner.execute(
        "INSERT INTO delivery_line (delivery_id, line, item_id, quantity) VALUES ($1, 1, $2, 5)", delivery, TENT
    )
    lot = await owner.fetchval("SELECT lot_id FROM balance b JOIN lot l ON l.id = b.lot_id WHERE l.owner_region_id = 2"
                               " AND b.item_id = $1 AND b.on_hand = 20", TENT)  # fmt: skip
    await owner.execute("UPDATE balance SET reserved = 4 WHERE lot_id = $1 AND on_hand = 20", lot)
    async with enter("dispatcher") as caller:
        (general,) = (await caller.get("/shortfall/cover"))["items"]
        assert (general["whole"]["amount"], general["whole"]["amount_then"]) == (120, 126)
        assert general["moves"] == {"order": 5, "held": -4}
        (quake,) = (await caller.get("/shortfall/cover?hazard=earthquake"))["items"]
        assert (quake["whole"]["amount"], quake["whole"]["amount_then"]) == (200, 210)
        lines = {one["region"]: one for one in (await caller.get("/shortfall?hazard=earthquake"))["items"]}
        assert lines["district-a"]["people"] == 200
        # On a day by which the delivery has come it is usable then, and no planned move any more.
        (later,) = (await caller.get(f"/shortfall/cover?day={TODAY + timedelta(days=10)}"))["items"]
        assert (later["whole"]["amount"], later["moves"]) == (150, {"held": -4})
        assert await caller.code("GET", "/shortfall/cover?hazard=war") == (400, "scenario.no-such-hazard")
