"""The scan endpoint against whatever a device may send: an answer every time, and never a 500."""

import json
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from api.schemas.scans import ScanAnswers
from labels.codes import OwnKind, write_own
from tests.api.rest.conftest import Enter
from tests.api.rest.hall import V1
from tests.warehouse.stock import world
from warehouse.stock import actions
from warehouse.stock.actions import Content

CLIENT_ERRORS = {400, 413, 422}


def a_scan(raw: str = write_own(OwnKind.LOT, "26999999"), mode: str = "look-up", **more: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "raw": raw, "mode": mode, "site": "CZ01", **more}


ODD_TIMES = [
    "0001-01-01T00:00:00+08:00",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-08:00",
    "9999-12-31T23:59:59.999999Z",
    "1970-01-01T00:00:00Z",
    "2026-11-21T24:00:00Z",
    "2026-02-30T00:00:00Z",
    "2026-11-21T10:00:00+23:59",
]


async def test_odd_times_of_devices_are_answered_and_the_goods_move(enter: Enter, owner: asyncpg.Connection) -> None:
    (lot,) = await world.add_lots(owner, {})
    await world.receive(lot, 100, 101)
    async with enter("keeper") as keeper:
        for at in ODD_TIMES:
            for clock in (None, at, "2026-11-21T10:00:00+08:00"):
                for fact in (False, True):
                    body = {
                        "scans": [a_scan(write_own(OwnKind.LOT, lot.number), "issue", at=at, bin="A-101"), a_scan()],
                        "device_clock": clock,
                        "fact": fact,
                    }
                    answer = await keeper.send("POST", "/scans", body)
                    assert answer.status in {200, *CLIENT_ERRORS}, (at, clock, answer.body)
                    if answer.status == 200:
                        assert answer.body["results"][0]["outcome"] == "done", (at, clock, fact, answer.body)
    assert await owner.fetchval(
        "SELECT bool_and(occurred_at BETWEEN recorded_at - interval '1 year' AND recorded_at) FROM move"
    )


NO_BATCHES = [
    '{"scans": ' + "[" * 100_000 + "]" * 100_000 + "}",
    '{"scans": [{"id": "x"}]}',
    '{"scans": []}',
    "[" * 5000,
    "null",
    '"\\ud800"',
    "\x00",
    "",
]
NEVER_RIGHT: list[dict[str, Any]] = [
    {"raw": "\x00"},
    {"raw": "9" * 501},
    {"quantity": 10**12 + 1},
    {"quantity": 0},
    {"quantity": -1},
    {"quantity": 1.5},
    {"quantity": True},
    {"quantity": 2**70},
    {"site": "\x00"},
    {"bin": "x" * 81},
    {"facts": {"expires_on": "0000-00-00"}},
    {"facts": {"expires_on": 5}},
    {"facts": {"price_fen": 2**63}},
    {"document": {"kind": "delivery", "id": "no"}},
    {"aim": "]d2x"},
    {"unknown": 1},
]


async def test_what_is_no_batch_is_a_clients_error(enter: Enter) -> None:
    async with enter("keeper") as keeper:
        for text in NO_BATCHES:
            headers = {"content-type": "application/json"}
            answer = await keeper.client.post(V1 + "/scans", content=text, headers=headers)
            assert answer.status_code in CLIENT_ERRORS, (text[:50], answer.text[:300])


async def test_what_cannot_be_right_is_refused_before_the_desk(enter: Enter) -> None:
    async with enter("keeper") as keeper:
        for more in NEVER_RIGHT:
            answer = await keeper.send("POST", "/scans", {"scans": [{**a_scan(), **more}]})
            assert answer.status in CLIENT_ERRORS, (more, answer.body)


@pytest.mark.parametrize("mode", ["receive", "put-away", "move", "issue", "look-up"])
async def test_lone_surrogates_are_no_text(enter: Enter, mode: str) -> None:
    async with enter("keeper") as keeper:
        for field in ("raw", "bin", "reason", "site"):
            text = json.dumps({"scans": [{**a_scan(mode=mode), field: "a\ud800b"}]})
            answer = await keeper.client.post(V1 + "/scans", content=text, headers={"content-type": "application/json"})
            assert answer.status_code in {200, *CLIENT_ERRORS}, (field, answer.text[:300])
            if answer.status_code == 200:
                assert answer.json()["results"][0]["outcome"] in ("refused", "unreadable"), (field, answer.text)


async def test_the_largest_batch_is_answered(enter: Enter) -> None:
    async with enter("keeper") as keeper:
        body = {"scans": [a_scan("帐" * 500, "receive", reason="由" * 1000, bin="仓" * 80) for _ in range(200)]}
        answer = await keeper.send("POST", "/scans", body)
        assert answer.status in {200, 413}
        if answer.status == 200:
            assert len(answer.body["results"]) == 200
        assert (await keeper.send("POST", "/scans", {"scans": [a_scan() for _ in range(201)]})).status in CLIENT_ERRORS


async def test_the_largest_goods_fit_or_are_refused(enter: Enter, owner: asyncpg.Connection) -> None:
    """10^12 cubic metres of sand are more than a bigint of millilitres holds."""
    (sand,) = await world.add_lots(owner, {"item_id": 4})
    async with enter("keeper") as keeper:
        for more in ({"quantity": 10**12}, {"base_quantity": 10**12}):
            body = {
                "scans": [a_scan(write_own(OwnKind.LOT, sand.number), "receive", facts={"price_fen": 10**12}, **more)]
                * 1
            }
            (result,) = (await keeper.ok("POST", "/scans", body))["results"]
            assert result["outcome"] in ("done", "refused"), result


async def test_without_a_site_nothing_moves(enter: Enter, owner: asyncpg.Connection) -> None:
    (lot,) = await world.add_lots(owner, {})
    await world.receive(lot, 100, 101)
    async with enter("keeper") as keeper:
        for mode in ("receive", "put-away", "move", "issue"):
            one = {"id": str(uuid4()), "raw": write_own(OwnKind.LOT, lot.number), "mode": mode, "quantity": 1}
            (result,) = (await keeper.ok("POST", "/scans", {"scans": [one]}))["results"]
            assert (result["outcome"], result["code"]) == ("refused", "scan.no-site"), result


async def test_a_keeper_elsewhere_learns_nothing(enter: Enter, owner: asyncpg.Connection) -> None:
    (lot, pump) = await world.add_lots(owner, {}, {"item_id": 3})
    await world.receive(lot, 100, 101)
    pieces = await world.add_serials(owner, pump, 1)
    await world.receive(pump, 1, 101, pieces)
    number = await owner.fetchval("SELECT number FROM serial")
    async with enter("keeper-b") as keeper:
        for raw in (
            write_own(OwnKind.LOT, lot.number),
            write_own(OwnKind.SERIAL, number),
            write_own(OwnKind.BIN, "CZ01A101"),
            "ZP-0001",
        ):
            for mode in ("look-up", "issue", "move", "put-away"):
                for site in ("BB01", "CZ01", None):
                    one = {**a_scan(raw, mode, quantity=1, bin="CZ01A101", to_bin="A-121"), "site": site}
                    (result,) = (await keeper.ok("POST", "/scans", {"scans": [one]}))["results"]
                    told = {key: value for key, value in result["facts"].items() if key not in ("text", "site")}
                    assert result["outcome"] != "done" or raw == "ZP-0001", (raw, mode, site, result)
                    assert lot.number not in json.dumps(told), (raw, mode, site, result)
                    assert number not in json.dumps(told), (raw, mode, site, result)


async def test_a_fact_opens_no_bin_pallet_or_paper_to_a_stranger(enter: Enter, owner: asyncpg.Connection) -> None:
    (lot,) = await world.add_lots(owner, {})
    await world.receive(lot, 100, 101)
    built = await actions.build_pallet(stamp=world.stamp(), place_id=101, contents=[Content(lot.id, 10)])
    async with enter("keeper-b") as keeper:
        for raw in (write_own(OwnKind.BIN, "CZ01A101"), write_own(OwnKind.PALLET, built["pallet"])):
            for mode in ("issue", "receive", "put-away", "look-up"):
                for site in ("BB01", None):
                    one = {"id": str(uuid4()), "raw": raw, "mode": mode, "site": site}
                    (result,) = (await keeper.ok("POST", "/scans", {"scans": [one], "fact": True}))["results"]
                    assert result["outcome"] == "refused", result
                    told = json.dumps({**result["facts"], "text": ""})
                    assert lot.number not in told, result
                    assert "CZ01" not in told, result


async def test_the_answers_are_written_as_they_are_declared(enter: Enter, owner: asyncpg.Connection) -> None:
    """The handler writes plain values; each must still be what `ScanAnswers` promises, and nothing more."""
    (lot,) = await world.add_lots(owner, {})
    await world.receive(lot, 100, 101)
    label = write_own(OwnKind.LOT, lot.number)
    taken = a_scan(label, "issue", quantity=1, bin="A-101")
    sent = [taken, taken, a_scan(label, "issue", quantity=1000), a_scan("???"), a_scan(label, "move"), a_scan(label)]
    async with enter("keeper") as keeper:
        body = await keeper.ok("POST", "/scans", {"scans": sent})
    told = ScanAnswers.model_validate_json(json.dumps(body))
    assert json.loads(told.model_dump_json()) == body
    outcomes = [one.outcome for one in told.results]
    assert outcomes[1] == "repeat"
    assert {"repeat", "refused", "ask", "done"} <= set(outcomes)


async def test_the_card_of_a_lot_says_the_code_that_may_be_typed(enter: Enter) -> None:
    async with enter("keeper") as keeper:
        body = {"lines": [{"item": "ZP-0001", "quantity": 5, "bin": "CZ01A101", "maker_batch": "typed"}]}
        lot = (await keeper.ok("POST", "/stock/receive", body))["lines"][0]["lot"]
        page = (await keeper.client.get(f"/lots/{lot}")).text
        code = page[page.index(f"L{lot}") :][: len(lot) + 2]
        scan = {"id": str(uuid4()), "raw": code, "mode": "look-up", "site": "CZ01"}
        (answer,) = (await keeper.ok("POST", "/scans", {"scans": [scan]}))["results"]
        assert (answer["code"], answer["facts"]["lot"]) == ("scan.found", lot)
