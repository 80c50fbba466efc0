"""Pick lists, put-away hints and work put aside over HTTP."""

import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import pypdf

from tests.api.rest.conftest import Enter
from tests.api.rest.hall import Caller


async def stock(keeper: Caller, *lines: dict[str, Any]) -> list[str]:
    body = {"lines": [{"item": "ZP-0001", "quantity": 5, "bin": "CZ01A101"} | line for line in lines]}
    receipt = await keeper.ok("POST", "/stock/receive", body)
    return [line["lot"] for line in receipt["lines"]]


async def scan(keeper: Caller, raw: str, mode: str, **more: Any) -> Any:
    body = {"scans": [{"id": str(uuid4()), "raw": raw, "mode": mode, "site": "CZ01"} | more]}
    (answer,) = (await keeper.ok("POST", "/scans", body))["results"]
    return answer


async def test_a_list_is_planned_picked_short_and_closed(enter: Enter) -> None:
    async with enter("keeper") as keeper, enter("keeper-b") as stranger:
        late, early = await stock(
            keeper,
            {"maker_batch": "L", "expires_on": "2028-01-01", "bin": "CZ01A101"},
            {"maker_batch": "E", "expires_on": "2027-01-01", "bin": "CZ01A103"},
        )
        wanted = {"site": "CZ01", "name": "演练", "wanted": [{"item": "ZP-0001", "quantity": 12}]}
        made = await keeper.ok("POST", "/picks", wanted)
        assert (made["lines"], made["missing"], made["number"]) == (3, 1, "CZ01-JH26-0001")
        path = f"/picks/{made['pick']}"
        lines = (await keeper.get(path))["lines"]
        assert [(x["place"], x["lot"], x["quantity"], x["missing"]) for x in lines] == [
            ("A-101", late, 5, False),
            ("A-103", early, 5, False),
            (None, None, 2, True),
        ]
        document = {"document": {"kind": "pick", "id": made["pick"]}}
        asked = await scan(keeper, own(early), "issue", **document)
        assert (asked["code"], asked["facts"]["wanted"]) == ("scan.ask-quantity", 5)
        done = await scan(keeper, own(early), "issue", quantity=5, **document)
        assert done["code"] == "scan.issued"
        assert (await scan(keeper, own(late), "issue", quantity=3, **document))["code"] == "scan.issued"
        after = await keeper.get(path)
        assert [(x["picked"], x["rest"]) for x in after["lines"]] == [(3, 2), (5, 0), (0, 2)]

        assert await keeper.code("POST", f"{path}/lines/1/short", {"quantity": 3, "note": "少"}) == (
            409,
            "pick.short-too-much",
        )
        await keeper.ok("POST", f"{path}/lines/1/short", {"quantity": 2, "note": "箱内只有三顶"})
        assert [x["rest"] for x in (await keeper.get(path))["lines"]] == [0, 0, 2]
        assert await keeper.code("POST", f"{path}/cancel") == (409, "pick.already-picked")
        assert (await stranger.send("GET", path)).status == 404
        await keeper.ok("POST", "/stock/reverse", {"attempt": done["facts"]["undo"], "reason": "错"})
        assert [x["picked"] for x in (await keeper.get(path))["lines"]] == [3, 0, 0]
        assert (await keeper.ok("POST", f"{path}/close"))["status"] == "closed"
        assert await keeper.code("POST", f"{path}/close") == (409, "pick.ended")
        assert (await scan(keeper, own(late), "issue", quantity=1, **document))["code"] == "pick.ended"


async def test_numbers_are_gapless_by_store_and_year(enter: Enter) -> None:
    """Rivals wait for each other's number, and a list that is refused takes none."""
    async with enter("keeper") as keeper:
        await stock(keeper, {})
        body = {"site": "CZ01", "name": "x", "wanted": [{"item": "ZP-0001", "quantity": 1}]}
        assert await keeper.code("POST", "/picks", body | {"wanted": [{"item": "SB-0001", "quantity": 1}]}) == (
            409,
            "pick.nothing-there",
        )
        made = await asyncio.gather(*(keeper.ok("POST", "/picks", body) for _ in range(5)))
        assert sorted(one["number"] for one in made) == [f"CZ01-JH26-000{n}" for n in range(1, 6)]


async def test_kits_on_paper_are_picked_as_their_parts(enter: Enter, owner: asyncpg.Connection) -> None:
    await owner.execute(
        "INSERT INTO item (id, key, name_zh, kind, tracking, dimension, unit_zh, class_id, storage_class_id, source,"
        " search, sort_key) VALUES (50, 'TJ-0001', '一家一套', 'phantom_kit', 'lot', 'piece', '套', 1, 1, 't', '', '');"
        "INSERT INTO kit_component (kit_id, component_id, quantity, source)"
        " VALUES (50, 1, 1, 'test'), (50, 2, 3, 'test')"
    )
    async with enter("keeper") as keeper:
        await stock(keeper, {}, {"item": "MB-0001", "quantity": 10, "bin": "CZ01A102"})
        body = {"site": "CZ01", "name": "安置", "wanted": [{"item": "TJ-0001", "quantity": 2}]}
        made = await keeper.ok("POST", "/picks", body)
        lines = (await keeper.get(f"/picks/{made['pick']}"))["lines"]
        assert [(x["item"], x["quantity"]) for x in lines] == [("ZP-0001", 2), ("MB-0001", 6)]
        nothing = body | {"wanted": [{"item": "SB-0001", "quantity": 1}]}
        assert await keeper.code("POST", "/picks", nothing) == (409, "pick.nothing-there")


async def test_the_list_is_printed_with_its_code_and_line_numbers(enter: Enter, tmp_path: Any) -> None:
    async with enter("keeper") as keeper:
        (lot,) = await stock(keeper, {})
        body = {"site": "CZ01", "name": "演练用", "wanted": [{"item": "ZP-0001", "quantity": 4}]}
        made = await keeper.ok("POST", "/picks", body)
        answer = await keeper.send("GET", f"/picks/{made['pick']}/paper")
        assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
        (tmp_path / "pick.pdf").write_bytes(answer.body)
        text = "".join(page.extract_text() for page in pypdf.PdfReader(tmp_path / "pick.pdf").pages)
        for said in ("拣货单", made["number"], lot, "A-101", "4 件", "演练用"):
            assert said in text, said
        label = (await scan(keeper, own_key("D", made["number"]), "look-up"))["facts"]["document"]
        assert (label["kind"], label["id"]) == ("pick", made["pick"])


async def test_a_bin_that_cannot_hold_more_is_asked_about_and_hints_avoid_it(
    enter: Enter, owner: asyncpg.Connection
) -> None:
    await owner.execute("UPDATE place SET volume_ml = 1000 WHERE id = 102")
    await owner.execute("UPDATE item SET volume_ml = 300, weight_g = 10 WHERE id = 1")
    async with enter("keeper") as keeper:
        (lot,) = await stock(keeper, {"bin": "CZ01STAGE"})
        hints = (await keeper.get(f"/desk/put-away-hints?site=CZ01&lot={lot}&quantity=5"))["items"]
        assert "A-102" not in [one["code"] for one in hints]
        assert hints[0]["reasons"] == ["empty", "near"]
        asked = await scan(keeper, own(lot), "put-away", bin="CZ01A102")
        assert asked["code"] == "scan.ask-room"
        assert asked["facts"]["passed"] == [{"what": "volume", "cap": 1000, "used": 0, "adds": 1500}]
        some = await scan(keeper, own(lot), "put-away", bin="CZ01A102", quantity=2, answers={"hint": "A-101"})
        assert [one["code"] for one in some["facts"]["remarks"]] == ["scan.not-the-hint"]
        over = await scan(keeper, own(lot), "put-away", bin="CZ01A102", answers={"room": True})
        assert [one["code"] for one in over["facts"]["remarks"]] == ["scan.bin-overfull"]
        hints = (await keeper.get(f"/desk/put-away-hints?site=CZ01&lot={lot}&quantity=1"))["items"]
        assert "A-102" not in [one["code"] for one in hints]


async def test_work_is_put_aside_and_taken_up_once(enter: Enter) -> None:
    async with enter("keeper") as keeper, enter("keeper-b") as stranger, enter("dispatcher") as dispatcher:
        body = {"site": "CZ01", "kind": "receive", "name": "三号车", "content": {"mode": "receive", "bins": {}}}
        first = await keeper.ok("POST", "/desk/asides", body)
        again = await keeper.ok("POST", "/desk/asides", body | {"content": {"mode": "put-away"}})
        assert first["aside"] != again["aside"]
        (one,) = (await keeper.get("/desk/asides?site=CZ01"))["items"]
        assert (one["id"], one["name"], one["mine"]) == (again["aside"], "三号车", True)
        assert (await stranger.get("/desk/asides"))["items"] == []
        path = f"/desk/asides/{again['aside']}"
        assert (await stranger.send("POST", f"{path}/take-up")).status == 404
        assert (await dispatcher.send("POST", f"{path}/take-up")).status == 403
        key = str(uuid4())
        taken = await keeper.ok("POST", f"{path}/take-up", key=key)
        assert taken["content"] == {"mode": "put-away"}
        assert (await keeper.ok("POST", f"{path}/take-up", key=key))["repeat"] is True
        assert await keeper.code("POST", f"{path}/take-up") == (409, "aside.taken")
        assert (await keeper.get("/desk/asides"))["items"] == []
        huge = body | {"content": {"x": "x" * 100_001}}
        assert await keeper.code("POST", "/desk/asides", huge) == (400, "aside.too-much")


def own(lot: str) -> str:
    return own_key("L", lot)


def own_key(kind: str, key: str) -> str:
    from labels.codes import OwnKind, write_own

    return write_own(OwnKind(kind), key.replace("-", ""))
