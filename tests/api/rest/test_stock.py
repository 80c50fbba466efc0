"""The verbs of stock over HTTP: one effect per attempt, names for everything, refusals with their facts, scope."""

from typing import Any
from uuid import uuid4

import pytest

from catalog.kernel import db
from tests.api.rest.conftest import Enter
from tests.api.rest.hall import Caller

BIN, OTHER, FAR = "CZ01A101", "CZ01/A-102", "BB01A121"


async def receive(keeper: Caller, quantity: int = 10, key: str | None = None, **more: Any) -> Any:
    line = {"item": "ZP-0001", "quantity": quantity, "bin": BIN, "maker_batch": "B1", "expires_on": "2031-05-01"}
    return await keeper.ok("POST", "/stock/receive", {"lines": [line | more]}, **({"key": key} if key else {}))


def take(lot: str, quantity: int, place: str = BIN, **more: Any) -> dict[str, Any]:
    return {"lot": lot, "quantity": quantity, "bin": place} | more


async def test_goods_come_in_move_go_out_and_every_figure_is_right(enter: Enter) -> None:
    async with enter("keeper") as keeper:
        done = await receive(keeper, 10)
        (line,) = done["lines"]
        lot = line["lot"]
        assert (done["verb"], done["repeat"], done["case"], done["undo"]) == ("receive", False, None, done["attempt"])
        assert line["to"]["on_hand"] == 10
        assert line["from"]["place"] == "supplier"
        await keeper.ok("POST", "/stock/put-away", {"lines": [take(lot, 4, to_bin=OTHER)]})
        await keeper.ok("POST", "/stock/move", {"lines": [take(lot, 1, OTHER, to_bin=BIN)]})
        await keeper.ok("POST", "/stock/issue", {"lines": [take(lot, 2)], "note": "调用"})
        await keeper.ok("POST", "/stock/inspect", {"lines": [take(lot, 1, to_condition="damaged")], "note": "雨淋"})
        await keeper.ok("POST", "/stock/return", {"lines": [take(lot, 1)]})
        await keeper.ok("POST", "/stock/test", {"lines": [take(lot, 1)], "note": "抽检"})
        await keeper.ok("POST", "/stock/send-back", {"lines": [take(lot, 1, condition="damaged")], "note": "退"})
        page = await keeper.get(f"/stock/balances?lot={lot}")
        found = {(row["place"], row["condition"]): row["on_hand"] for row in page["items"]}
        assert found == {("A-101", "good"): 3, ("A-101", "awaiting"): 1, ("A-102", "good"): 3}
        card = await keeper.get(f"/lots/{lot}")
        assert (card["on_hand"], card["free"], card["item_key"]) == (7, 6, "ZP-0001")
        assert len(card["balances"]) == 3
        moves = await keeper.get(f"/lots/{lot}/moves?limit=3")
        assert [m["reason"] for m in moves["items"]] == ["send-back", "test", "return"]
        rest = await keeper.get(f"/lots/{lot}/moves?cursor={moves['next_cursor']}")
        assert [m["reason"] for m in rest["items"]] == ["inspect", "issue", "move", "put-away", "receive"]
        undone = await keeper.ok("POST", "/stock/reverse", {"attempt": moves["items"][0]["attempt"], "reason": "错"})
        assert undone["reverses"] == moves["items"][0]["attempt"]
        (summary,) = (await keeper.get("/stock/summary?item=ZP-0001"))["items"]
        assert (summary["site"], summary["on_hand"], summary["free"]) == ("CZ01", 8, 6)


async def test_the_same_key_is_one_effect_and_other_content_is_refused(enter: Enter) -> None:
    async with enter("keeper") as keeper:
        key = str(uuid4())
        first = await receive(keeper, 10, key=key)
        again = await receive(keeper, 10, key=key)
        assert again == first | {"repeat": True}
        body = {"lines": [{"item": "ZP-0001", "quantity": 11, "bin": BIN}]}
        assert await keeper.code("POST", "/stock/receive", body, key=key) == (409, "attempt.other-content")
        assert await db.fetch_value("SELECT sum(on_hand)::bigint FROM balance") == 10
        refused = {"lines": [take(first["lines"][0]["lot"], 99)]}
        late = str(uuid4())
        assert await keeper.code("POST", "/stock/issue", refused, key=late) == (409, "stock.not-enough")
        await receive(keeper, 200)
        assert await keeper.code("POST", "/stock/issue", refused, key=late) == (409, "stock.not-enough")


async def test_a_refusal_names_what_was_asked_and_what_is_free(enter: Enter) -> None:
    async with enter("keeper") as keeper:
        lot = (await receive(keeper, 10))["lines"][0]["lot"]
        answer = await keeper.send("POST", "/stock/issue", {"lines": [take(lot, 11)]})
        assert (answer.status, answer.body["code"]) == (409, "stock.not-enough")
        assert (answer.body["facts"]["asked"], answer.body["facts"]["free"]) == (11, 10)
        first = await receive(keeper, 5, maker_batch="B2")
        lot2 = first["lines"][0]["lot"]
        await keeper.ok("POST", "/stock/issue", {"lines": [take(lot2, 1)]})
        blocked = await keeper.send("POST", "/stock/reverse", {"attempt": first["attempt"]})
        assert (blocked.status, blocked.body["code"]) == (409, "stock.cannot-reverse")
        assert blocked.body["facts"]["blocked_by"]


async def test_correcting_an_expiry_is_one_act_with_a_parent(enter: Enter) -> None:
    async with enter("keeper") as keeper:
        lot = (await receive(keeper, 10))["lines"][0]["lot"]
        body = {"lot": lot, "site": "CZ01", "fields": {"expires_on": "2030-01-01"}, "reason": "标签写错"}
        done = await keeper.ok("POST", "/stock/correct", body)
        card = await keeper.get(f"/lots/{done['new_lot']}")
        assert (card["lot"]["expires_on"], card["parent"], card["on_hand"]) == ("2030-01-01", lot, 10)
        assert (await keeper.get(f"/lots/{lot}"))["on_hand"] == 0
        again = body | {"lot": done["new_lot"]}
        assert await keeper.code("POST", "/stock/correct", again) == (409, "stock.nothing-changes")
        wrong = body | {"fields": {"number": "x"}}
        assert (await keeper.send("POST", "/stock/correct", wrong)).status == 422


async def test_reservations_hold_and_end_once(enter: Enter) -> None:
    async with enter("keeper") as keeper, enter("dispatcher") as dispatcher:
        lot = (await receive(keeper, 10))["lines"][0]["lot"]
        body = {"lot": lot, "bin": BIN, "quantity": 8, "expires_at": "2026-12-01T00:00:00Z"}
        held = await dispatcher.ok("POST", "/stock/reserve", body)
        assert held["free"] == 2
        (row,) = (await keeper.get("/reservations?site=CZ01"))["items"]
        assert (row["id"], row["quantity"], row["state"]) == (held["reservation"], 8, "held")
        assert await keeper.code("POST", "/stock/issue", {"lines": [take(lot, 5)]}) == (409, "stock.not-enough")
        taken = {"lines": [take(lot, 5)], "reservations": [held["reservation"]]}
        await keeper.ok("POST", "/stock/issue", taken)
        (rest,) = (await keeper.get(f"/reservations?lot={lot}"))["items"]
        assert rest["quantity"] == 3
        released = await dispatcher.ok("POST", "/stock/release", {"reservation": rest["id"]})
        assert released["quantity"] == 3
        over = {"reservation": rest["id"]}
        assert await dispatcher.code("POST", "/stock/release", over) == (409, "stock.reservation-over")
        assert await keeper.code("POST", "/stock/reserve", body) == (403, "access.denied")


async def test_loans_serials_pallets_and_care(enter: Enter) -> None:
    async with enter("keeper") as keeper:
        pumps = await receive(keeper, 2, item="SB-0001", serials=["M-1", None], expires_on=None)
        lot = pumps["lines"][0]["lot"]
        (move,) = (await keeper.get(f"/moves?attempt={pumps['attempt']}"))["items"]
        first, second = move["serials"]
        loan = {"lines": [take(lot, 1, serials=[first])], "borrower": "横林镇", "due_on": "2026-12-01"}
        lent = await keeper.ok("POST", "/stock/lend", loan)
        piece = await keeper.get(f"/serials/{first}")
        assert (piece["maker_serial"], piece["place_kind"]) == ("M-1", "loan")
        assert (await keeper.get(f"/serials/{second}"))["place"] == "A-101"
        back = {"loan": lent["loan"], "lines": [take(lot, 1, serials=[first], to_condition="good")]}
        await keeper.ok("POST", "/stock/loan-return", back)
        assert (await keeper.get(f"/serials/{first}"))["place"] == "A-101"
        history = await keeper.get(f"/moves?serial={first}")
        assert [m["reason"] for m in history["items"]] == ["loan-return", "lend", "receive"]
        done = {"lot": lot, "site": "CZ01", "kind": "engine_run", "done_on": "2026-11-20", "passed": True}
        await keeper.ok("POST", "/care", done | {"serial": first, "result": "正常"})
        (event,) = (await keeper.get(f"/serials/{first}"))["care"]
        assert (event["kind"], event["serial"], event["result"]) == ("engine_run", first, "正常")
        assert (await keeper.get(f"/serials/{second}"))["care"] == []
        tents = (await receive(keeper, 30))["lines"][0]["lot"]
        pallet = {"bin": BIN, "contents": [{"lot": tents, "quantity": 20}]}
        built = await keeper.ok("POST", "/pallets", pallet)
        card = await keeper.get(f"/pallets/{built['pallet']}")
        assert (card["place"], card["lines"][0]["quantity"], card["status"]) == ("A-101", 20, "open")
        assert await keeper.code("POST", "/pallets", pallet) == (409, "stock.not-loose")


async def test_a_fact_is_always_recorded_and_its_case_can_be_settled(enter: Enter) -> None:
    async with enter("keeper") as keeper, enter("keeper-b") as stranger:
        lot = (await receive(keeper, 5))["lines"][0]["lot"]
        body = {"lines": [take(lot, 8)], "fact": True, "occurred_at": "2026-11-21T01:00:00Z", "note": "夜间调用"}
        done = await keeper.ok("POST", "/stock/issue", body)
        assert done["case"]
        (case,) = (await keeper.get("/cases?status=open&site=CZ01"))["items"]
        assert (case["id"], case["site"]) == (done["case"], "CZ01")
        words = {"settlement": "补录三件"}
        path = f"/cases/{case['id']}/settle"
        assert await stranger.code("POST", path, words) == (404, "access.out-of-scope")
        assert await stranger.code("GET", f"/cases/{case['id']}") == (404, "case.no-such-case")
        assert await keeper.code("POST", path, words, if_match='"9"') == (409, "case.stale")
        await keeper.ok("POST", path, words, if_match='"1"')
        assert await keeper.code("POST", path, words) == (409, "case.settled")
        assert (await keeper.get(f"/cases/{case['id']}"))["settlement"] == "补录三件"
        command = {"lines": [take(lot, 1)], "occurred_at": "2026-11-21T01:00:00Z"}
        assert await keeper.code("POST", "/stock/issue", command) == (400, "stock.bad-time")
        future = {"lines": [take(lot, 1)], "fact": True, "occurred_at": "2027-11-21T01:00:00Z"}
        assert await keeper.code("POST", "/stock/issue", future) == (400, "stock.bad-time")


async def test_the_past_is_known_as_it_was_known(enter: Enter) -> None:
    async with enter("keeper") as keeper:
        await receive(keeper, 5)
        at = "2026-11-21T02:00:00Z"
        now = await keeper.get(f"/stock/as-of?at={at}&site=CZ01")
        assert now["items"] == []  # what was posted this second is not settled yet
        assert now["known_at"] < at
        statement = await keeper.get("/stock/statement?month=2026-11-01&site=CZ01")
        assert [(x["item"], x["opening"], x["came"], x["closing"]) for x in statement["items"]] == [
            ("ZP-0001", 0, 5, 5)
        ]


async def test_kits_are_made_of_exactly_their_parts(enter: Enter) -> None:
    async with enter("keeper") as keeper:
        lot = (await receive(keeper, 5))["lines"][0]["lot"]
        parts = [{"lot": lot, "quantity": 1, "bin": BIN}]
        body = {"kit": "MB-0001", "count": 1, "bin": BIN, "parts": parts}
        assert await keeper.code("POST", "/stock/kits/make", body) == (409, "stock.not-a-kit")
        broken = {"lot": lot, "count": 1, "bin": BIN, "parts": parts}
        assert await keeper.code("POST", "/stock/kits/break", broken) == (409, "stock.not-a-kit")


async def test_out_of_scope_is_404_without_the_right_403_and_nothing_shows(enter: Enter) -> None:
    async with enter("keeper") as keeper, enter("keeper-b") as stranger, enter("auditor") as auditor:
        done = await receive(keeper, 10)
        lot = done["lines"][0]["lot"]
        one = {"lines": [take(lot, 1)], "note": "x"}
        to = {"lines": [take(lot, 1, to_bin=OTHER)]}
        writes: list[tuple[str, Any]] = [
            ("/stock/receive", {"lines": [{"item": "ZP-0001", "quantity": 1, "bin": BIN}]}),
            ("/stock/put-away", to),
            ("/stock/move", to),
            ("/stock/inspect", {"lines": [take(lot, 1, to_condition="frozen")], "note": "x"}),
            ("/stock/issue", one),
            ("/stock/test", one),
            ("/stock/send-back", one),
            ("/stock/return", one),
            ("/stock/lend", one | {"borrower": "x", "due_on": "2026-12-01"}),
            ("/stock/correct", {"lot": lot, "site": "CZ01", "fields": {"expires_on": None}, "reason": "x"}),
            ("/stock/reverse", {"attempt": done["attempt"]}),
            ("/pallets", {"bin": BIN, "contents": [{"lot": lot, "quantity": 1}]}),
            ("/care", {"lot": lot, "site": "CZ01", "kind": "restack", "done_on": "2026-11-20", "passed": True}),
        ]
        for path, body in writes:
            assert (await stranger.send("POST", path, body)).status == 404, path
            assert (await auditor.send("POST", path, body)).status == 403, path
        reads = [f"/lots/{lot}", f"/lots/{lot}/moves", f"/stock/balances?bin={BIN}", "/stock/balances?site=CZ01"]
        for path in (*reads, "/moves?site=CZ01", f"/moves?lot={lot}", f"/moves?bin={OTHER}"):
            assert (await stranger.send("GET", path)).status == 404, path
            assert (await auditor.send("GET", path)).status == 403, path
        for path in ("/lots", "/stock/balances", "/moves", f"/moves?attempt={done['attempt']}", "/cases"):
            assert (await stranger.get(path))["items"] == [], path
        assert await keeper.code("POST", "/stock/dispose", one) == (403, "access.denied")
    async with enter("approver") as approver:
        disposed = await approver.ok("POST", "/stock/dispose", one)
        assert disposed["lines"][0]["from"]["on_hand"] == 9


@pytest.mark.parametrize(
    "line",
    [
        {"item": "ZP-0001", "quantity": 0, "bin": BIN},
        {"item": "ZP-0001", "quantity": "5", "bin": BIN},
        {"item": "ZP-0001", "quantity": 1.0, "bin": BIN},
        {"item": "ZP-0001", "quantity": 10**16, "bin": BIN},
        {"item": "ZP-0001", "quantity": 1, "bin": "a\u0000b"},
        {"item": "ZP-0001", "quantity": 1, "bin": BIN, "condition": "new"},
        {"item": "ZP-0001", "quantity": 1, "bin": BIN, "expires_on": 20310501},
        {"item": "ZP-0001", "quantity": 1, "bin": BIN, "colour": "red"},
    ],
)
async def test_what_cannot_be_right_is_refused_before_anything_happens(enter: Enter, line: dict[str, Any]) -> None:
    async with enter("keeper") as keeper:
        assert (await keeper.send("POST", "/stock/receive", {"lines": [line]})).status == 422
        for path in ("/stock/balances?cursor=x", "/lots?cursor=WzFd", "/cases?cursor=WyJ4Il0", "/moves?cursor=WyJ4Il0"):
            assert (await keeper.send("GET", path)).status == 400, path


async def test_views_and_search_over_http(enter: Enter) -> None:
    async with enter("keeper") as keeper, enter("keeper-b") as other:
        lot = (await receive(keeper))["lines"][0]["lot"]
        found = await keeper.get(f"/search?q={lot}")
        assert found["only"]["key"] == lot
        assert (await other.get(f"/search?q={lot}"))["items"] == []
        body = {"list": "stock", "name": "快到期", "query": "near=90&cursor=x", "shared": False}
        made = await keeper.ok("POST", "/views", body)
        (view,) = (await keeper.get("/views?list=stock"))["items"]
        assert (view["id"], view["query"], view["own"]) == (made["id"], "near=90", True)
        assert (await other.get("/views"))["items"] == []
        assert (await other.code("DELETE", f"/views/{made['id']}?version=1"))[0] == 404
        assert await keeper.code("POST", "/views", body | {"shared": True}) == (409, "view.no-unit")
        await keeper.ok("PUT", f"/views/{made['id']}", {"name": "九十天", "shared": False, "version": 1})
        await keeper.ok("DELETE", f"/views/{made['id']}?version=2")
        assert (await keeper.get("/views"))["items"] == []
