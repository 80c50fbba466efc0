"""Imports through the API: up, asked, answered, applied, and a second time for nothing."""

import asyncio
import base64
import io
from datetime import date
from typing import Any

import asyncpg
import xlsxwriter

from tests.api.rest.conftest import Enter
from tests.api.rest.hall import Caller

HEAD = ["品名", "规格型号", "单位", "数量", "生产日期", "有效期至", "货位", "备注"]


def book(*rows: list[Any], sheet: str = "清单") -> bytes:
    """An Excel file with these rows."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as made:
        page = made.add_worksheet(sheet)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, date):
                    page.write_datetime(number, column, cell)
                elif cell is not None:
                    page.write(number, column, cell)
    return out.getvalue()


async def bring(caller: Caller, data: bytes, kind: str = "stock", name: str = "a.xlsx", **more: Any) -> Any:
    """Upload; the answer."""
    body = {"kind": kind, "name": name, "content": base64.b64encode(data).decode(), **more}
    return await caller.ok("POST", "/imports", body)


async def applied(caller: Caller, file: str) -> Any:
    """Apply and wait for the end."""
    await caller.ok("POST", f"/imports/{file}/apply")
    for _ in range(400):
        found = await caller.get(f"/imports/{file}")
        if found["state"] == "applied":
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(found)


async def test_a_precise_list_becomes_stock_and_twice_is_once(enter: Enter, owner: asyncpg.Connection) -> None:
    data = book(
        ["某镇物资清单"],
        HEAD,
        ["帐篷", "", "件", "12，000", date(2024, 5, 20), "长期", "A-101", ""],
        ["棉被", "", "件", 30, "2024年5月20日", "3年", "", ""],
        ["合计", "", "", 12030],
    )
    async with enter("keeper") as keeper:
        made = await bring(keeper, data, site="CZ01")
        assert made["state"] == "judged"
        assert made["counts"] == {"rows": 3, "ready": 2, "ok": 2, "skip": 1}
        found = await applied(keeper, made["id"])
        assert found["counts"]["done"] == 2
        rows = await owner.fetch(
            "SELECT i.key, b.on_hand, b.place_id, l.produced_on, l.expires_on"
            " FROM balance b JOIN lot l ON l.id = b.lot_id"
            " JOIN item i ON i.id = b.item_id ORDER BY i.key"
        )
        assert [tuple(row) for row in rows] == [
            ("MB-0001", 30, 100, date(2024, 5, 20), date(2027, 5, 19)),
            ("ZP-0001", 12_000, 101, date(2024, 5, 20), None),
        ]
        again = await bring(keeper, data, site="CZ01")
        assert again["counts"]["skip"] == 3
        assert await keeper.code("POST", f"/imports/{again['id']}/apply") == (409, "import.nothing-ready")
        assert await owner.fetchval("SELECT sum(on_hand) FROM balance") == 12_030


async def test_what_is_vague_waits_and_is_answered_for_all_rows(enter: Enter, owner: asyncpg.Connection) -> None:
    data = book(
        HEAD,
        ["救灾帐棚", "", "顶", "约50", "2024年", "", "", ""],
        ["救灾帐棚", "", "顶", 7, "", "", "", ""],
        ["棉被", "", "捆", 3, "", "", "", "每捆20件"],
    )
    async with enter("keeper") as keeper:
        made = await bring(keeper, data, site="CZ01")
        assert made["counts"] == {"rows": 3, "ready": 0, "ask": 3}
        detail = await keeper.get(f"/imports/{made['id']}")
        keys = {one["code"]: one["key"] for one in detail["questions"]}
        assert set(keys) == {"item", "produced-year", "unit"}
        said = {keys["item"]: "item:ZP-0001", keys["produced-year"]: "none", keys["unit"]: "factor:20"}
        more = await keeper.ok("POST", f"/imports/{made['id']}/answers", {"answers": said})
        assert more["counts"]["ask"] == 2
        detail = await keeper.get(f"/imports/{made['id']}")
        left = {one["code"]: one["key"] for one in detail["questions"] if not one["answer"]}
        await keeper.ok(
            "POST",
            f"/imports/{made['id']}/answers",
            {"answers": {left["about"]: "take", left["unit"]: "factor:1"}},
        )
        found = await applied(keeper, made["id"])
        assert found["counts"]["done"] == 3
        assert await owner.fetchval("SELECT sum(on_hand) FROM balance WHERE item_id = 1") == 57
        notes = {row[0] for row in await owner.fetch("SELECT note FROM move")}
        assert any("约50" in note and "2024年" in note for note in notes)
