"""Deliveries over HTTP: announced, received, refused at the gate, closed with a case; versions, scope, rights."""

from typing import Any

from catalog.kernel import db
from tests.api.rest.conftest import Enter
from tests.api.rest.hall import Caller

BIN = "CZ01A101"
NEW = {
    "site": "CZ01",
    "note_number": "SH-778",
    "lines": [{"item": "ZP-0001", "quantity": 10, "price_fen": 12550}, {"item": "MB-0001", "quantity": 20}],
}


async def make(keeper: Caller, **more: Any) -> Any:
    return await keeper.ok("POST", "/deliveries", NEW | {"announce": True} | more)


async def receive(keeper: Caller, delivery: str, line: int, item: str, quantity: int, **more: Any) -> Any:
    body = {
        "document": {"kind": "delivery", "id": delivery},
        "lines": [{"item": item, "quantity": quantity, "bin": BIN, "document_line": line} | more],
    }
    return await keeper.ok("POST", "/stock/receive", body)


async def test_a_delivery_from_its_announcement_to_its_case(enter: Enter) -> None:
    async with enter("keeper") as keeper:
        made = await make(keeper)
        path = f"/deliveries/{made['delivery']}"
        shown = await keeper.get(path)
        assert (shown["number"], shown["status"], shown["receivable"]) == (made["number"], "announced", True)
        assert shown["allowed"] == ["edit", "start", "refuse", "cancel"]
        assert shown["owner_region"] == "city"
        await receive(keeper, made["delivery"], 1, "ZP-0001", 7)
        await receive(keeper, made["delivery"], 2, "MB-0001", 18)
        refusal = {"quantity": 2, "reason": "damaged", "note": "受潮"}
        done = await keeper.ok("POST", f"{path}/lines/2/refuse", refusal)
        assert done["status"] == "receiving"
        lines = (await keeper.get(path))["lines"]
        assert [(x["received"], x["refused"], x["rest"]) for x in lines] == [(7, 0, 3), (18, 2, 0)]
        assert lines[1]["refusals"] == [refusal]
        closed = await keeper.ok("POST", f"{path}/close")
        assert (closed["status"], closed["differences"]) == ("closed", 2)
        (case,) = (await keeper.get(f"/cases?document={made['delivery']}"))["items"]
        assert case["id"] == closed["case"]
        assert {(x["line"], x["kind"], x["quantity"]) for x in case["facts"]["lines"]} == {
            (1, "short", 3),
            (2, "refused", 2),
        }
        assert (await keeper.get(path))["allowed"] == []
        assert await keeper.code("POST", f"{path}/close") == (409, "delivery.not-from-here")
        assert await keeper.code("POST", f"{path}/lines/9/refuse", refusal) == (409, "delivery.not-from-here")
        moved = await keeper.get(f"/moves?document={made['delivery']}")
        assert sorted(m["quantity"] for m in moved["items"]) == [7, 18]


async def test_edits_need_the_present_version(enter: Enter) -> None:
    async with enter("purchaser") as purchaser:
        made = await make(purchaser, announce=False)
        path = f"/deliveries/{made['delivery']}"
        answer = await purchaser.send("GET", path)
        assert answer.headers["etag"] == '"1"'
        body = {"note_number": "SH-779", "lines": [{"item": "MB-0001", "quantity": 3}]}
        assert await purchaser.code("PUT", path, body, if_match='"7"') == (409, "delivery.stale")
        edited = await purchaser.ok("PUT", path, body, if_match='"1"')
        assert edited["version"] == 2
        shown = await purchaser.get(path)
        assert (shown["note_number"], [x["item"] for x in shown["lines"]]) == ("SH-779", ["MB-0001"])
        assert (await purchaser.ok("POST", f"{path}/announce"))["status"] == "announced"
        # Receiving is the keeper's.
        assert await purchaser.code("POST", f"{path}/start") == (403, "access.denied")
        assert (await purchaser.ok("POST", f"{path}/cancel"))["status"] == "cancelled"


async def test_lists_are_scoped_and_turn_their_pages(enter: Enter) -> None:
    async with enter("keeper") as keeper, enter("keeper-b") as stranger:
        made = [await make(keeper) for _ in range(3)]
        far = await make(stranger, site="BB01")
        first = await keeper.get("/deliveries?limit=3")
        second = await keeper.get(f"/deliveries?limit=3&cursor={first['next_cursor']}")
        ids = [x["id"] for x in first["items"] + second["items"]]
        assert ids == [far["delivery"], *[m["delivery"] for m in reversed(made)]]
        own = await stranger.get("/deliveries")
        assert [x["id"] for x in own["items"]] == [far["delivery"]]
        some = await keeper.get("/deliveries?status=announced&status=receiving&site=BB01&q=sh-7")
        assert [x["id"] for x in some["items"]] == [far["delivery"]]
        assert (await keeper.get("/deliveries?status=closed"))["items"] == []


async def test_out_of_scope_is_404_and_without_the_right_403(enter: Enter) -> None:
    async with enter("keeper") as keeper, enter("keeper-b") as stranger, enter("auditor") as auditor:
        made = await make(keeper)
        path = f"/deliveries/{made['delivery']}"
        body = {"quantity": 1, "reason": "wrong"}
        calls: list[tuple[str, str, Any]] = [
            ("GET", path, None),
            ("POST", f"{path}/announce", None),
            ("POST", f"{path}/start", None),
            ("POST", f"{path}/close", None),
            ("POST", f"{path}/cancel", None),
            ("POST", f"{path}/lines/1/refuse", body),
            ("POST", "/deliveries", NEW),
        ]
        for method, where, sent in calls:
            assert (await stranger.send(method, where, sent)).status == 404, where
            assert (await auditor.send(method, where, sent)).status == 403, where
        edit = {"note_number": "x"}
        assert (await stranger.send("PUT", path, edit, if_match='"1"')).status == 404
        receipt = {
            "document": {"kind": "delivery", "id": made["delivery"]},
            "lines": [{"item": "ZP-0001", "quantity": 1, "bin": "BB01A121"}],
        }
        assert (await stranger.send("POST", "/stock/receive", receipt)).status == 404
        assert await db.fetch_value("SELECT status FROM delivery") == "announced"


async def test_what_could_never_come_is_refused(enter: Enter) -> None:
    async with enter("keeper") as keeper:
        assert await keeper.code("POST", "/deliveries", NEW | {"site": "XX99"}) == (404, "site.missing")
        wrong = NEW | {"lines": [{"item": "NO-SUCH", "quantity": 1}]}
        assert await keeper.code("POST", "/deliveries", wrong) == (404, "stock.no-such-item")
        early = {"item": "ZP-0001", "quantity": 1, "produced_on": "2026-02-01", "expires_on": "2026-01-01"}
        answer = await keeper.code("POST", "/deliveries", NEW | {"lines": [early]})
        assert answer == (400, "delivery.expiry-before-production")
        for bad in ({"lines": []}, {"lines": [{"item": "ZP-0001", "quantity": -1}]}, {"expected_on": "soon"}):
            assert (await keeper.send("POST", "/deliveries", NEW | bad)).status == 422


async def test_a_case_has_an_owner_and_an_end(enter: Enter) -> None:
    """It belongs to whoever opened it and is due in a week; it is handed over, falls overdue, ends with an outcome."""
    async with enter("keeper") as keeper, enter("keeper-b") as stranger:
        made = await make(keeper)
        closed = await keeper.ok("POST", f"/deliveries/{made['delivery']}/start")
        closed = await keeper.ok("POST", f"/deliveries/{made['delivery']}/close")
        path = f"/cases/{closed['case']}"
        case = await keeper.get(path)
        assert (case["owner_login"], case["due_on"], case["outcome"]) == ("keeper", "2026-11-28", "")
        assert [one["id"] for one in (await keeper.get("/cases?owner=me"))["items"]] == [closed["case"]]
        assert (await keeper.get("/cases?overdue=true"))["items"] == []

        handed = await keeper.ok("POST", f"{path}/assign", {"owner": "approver", "due_on": "2026-11-24"})
        assert (handed["owner"], handed["due_on"]) == ("approver", "2026-11-24")
        assert (await keeper.get("/cases?owner=me"))["items"] == []
        assert await keeper.code("POST", f"{path}/assign", {"owner": "keeper-b"}) == (409, "case.owner-not-able")
        assert await keeper.code("POST", f"{path}/assign", {"due_on": "2026-11-01"}) == (400, "case.due-in-past")
        assert (await stranger.send("POST", f"{path}/assign", {"owner_role": "keeper"})).status == 404
        assert await keeper.code("POST", f"{path}/assign", {}, if_match='"1"') == (409, "case.stale")
        await db.execute("UPDATE discrepancy_case SET due_on = '2026-11-20'")
        assert [one["id"] for one in (await keeper.get("/cases?overdue=true"))["items"]] == [closed["case"]]

        done = await keeper.ok("POST", f"{path}/settle", {"settlement": "供应商补送", "outcome": "supplier"})
        assert done["outcome"] == "supplier"
        assert (await keeper.get("/cases?overdue=true&status=open"))["items"] == []
        assert await keeper.code("POST", f"{path}/assign", {}) == (409, "case.settled")
