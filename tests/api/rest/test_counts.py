"""Counts over HTTP: nobody who counts reads a book figure anywhere, and the figures come when it is over."""

import json
from typing import Any
from uuid import uuid4

import asyncpg

from tests.api.rest.conftest import Enter
from tests.api.rest.hall import Caller

BOOK, BOOK_TOO = 7919, 6007
"""Figures that stand nowhere else: whoever reads them has read the books."""


async def stocked(keeper: Caller) -> tuple[str, str]:
    """Two lots in bins of CZ01; their numbers."""
    numbers = []
    for item, bin_key, quantity in (("ZP-0001", "CZ01A101", BOOK), ("MB-0001", "CZ01A102", BOOK_TOO)):
        body = {"lines": [{"item": item, "quantity": quantity, "bin": bin_key, "maker_batch": item}]}
        done = await keeper.ok("POST", "/stock/receive", body)
        numbers.append(done["lines"][0]["lot"])
    return numbers[0], numbers[1]


def blind(body: Any) -> None:
    text = body.decode() if isinstance(body, bytes) else json.dumps(body)
    assert str(BOOK) not in text, text
    assert str(BOOK_TOO) not in text, text


async def walk(keeper: Caller, count: str) -> None:
    """Everything about a count that a counter can ask for."""
    for path in (f"/counts/{count}", "/counts", "/counts/plan?site=CZ01"):
        answer = await keeper.send("GET", path)
        assert answer.status == 200
        blind(answer.body)
    for page in ("", "/do", "/state"):
        got = await keeper.client.get(f"/counts/{count}{page}")
        assert got.status_code == 200, got.text[:500]
        blind(got.content)
    refused = await keeper.client.get(f"/counts/{count}/result.csv")
    assert refused.status_code == 409


async def test_who_counts_reads_no_book_figure(enter: Enter, owner: asyncpg.Connection) -> None:
    async with enter("keeper") as keeper, enter("approver") as approver:
        tents, _ = await stocked(keeper)
        made = await keeper.ok("POST", "/counts", {"site": "CZ01", "bins": ["CZ01A101", "CZ01A102"]})
        count = made["count"]
        await walk(keeper, count)
        begun = await keeper.ok("POST", f"/counts/{count}/bins/CZ01A101/begin")
        blind(begun)
        scan = {"raw": tents, "mode": "count", "site": "CZ01", "bin": "CZ01A101"}
        for number, more in enumerate(({}, {"base_quantity": 5}, {"base_quantity": 6})):
            one = {"id": f"00000000-0000-4000-8000-00000000000{number}", **scan, "raw": "91L" + tents, **more}
            blind(await keeper.ok("POST", "/scans", {"scans": [one]}))
        blind(
            await keeper.ok(
                "POST", f"/counts/{count}/bins/CZ01A101/enter", {"quantity": 5, "lot": tents, "repeated": "replace"}
            )
        )
        blind(await keeper.ok("POST", f"/counts/{count}/bins/CZ01A101/finish", {}))
        await walk(keeper, count)
        # the approver neither keeps the store nor counts: he may look before
        seen = await approver.get(f"/counts/{count}")
        assert BOOK in [line["book"] for line in seen["differences"]]
        sheet = await keeper.ok("POST", "/papers", {"kind": "count-sheet", "count": count})
        blind((await keeper.get(f"/papers/{sheet['paper']}"))["content"])
        code = await owner.fetchval("SELECT code FROM stocktake_sheet_line WHERE lot_id IS NOT NULL")
        from labels.codes import OwnKind, own_text

        line = own_text(OwnKind.COUNT_LINE, code)
        blind(await keeper.get(f"/counts/sheet-lines/{line}"))
        blind(await keeper.ok("POST", f"/counts/sheet-lines/{line}", {"quantity": 3}))
        twice = await keeper.send("POST", f"/counts/sheet-lines/{line}", {"quantity": 4})
        assert (twice.status, twice.body["code"]) == (409, "count.entered-already")
        assert twice.body["facts"]["by"]
        blind(twice.body)
        wrong = await keeper.code("GET", f"/counts/sheet-lines/{line[:-1]}{'A' if line[-1] != 'A' else 'B'}")
        assert wrong == (400, "count.bad-line-code")
        blind(await keeper.ok("POST", f"/counts/{count}/bins/CZ01A102/finish", {}))
        await walk(keeper, count)
        shown = await keeper.get(f"/counts/{count}")
        assert (shown["status"], shown["differences"]) == ("recounting", None)


async def test_the_result_is_open_when_the_counting_is_over(enter: Enter) -> None:
    async with enter("keeper") as keeper:
        tents, _ = await stocked(keeper)
        made = await keeper.ok("POST", "/counts", {"site": "CZ01", "bins": ["CZ01A101"]})
        path = f"/counts/{made['count']}"
        await keeper.ok("POST", f"{path}/bins/CZ01A101/begin")
        await keeper.ok("POST", f"{path}/bins/CZ01A101/enter", {"quantity": BOOK - 1, "lot": tents})
        await keeper.ok("POST", f"{path}/bins/CZ01A101/finish", {})
        shown = await keeper.get(path)
        assert [(x["book"], x["counted"], x["variance"]) for x in shown["differences"]] == [(BOOK, BOOK - 1, -1)]
        assert (shown["status"], shown["allowed"]) == ("review", ["explain", "cancel"])
        assert (await keeper.code("POST", f"{path}/post"))[1] == "count.reason-needed"
        await keeper.ok("POST", f"{path}/explain", {"lines": [{"bin": "A-101", "lot": tents, "reason": "loss"}]})
        done = await keeper.ok("POST", f"{path}/post")
        assert (done["status"], done["differences"]) == ("posted", 1)
        balances = (await keeper.get("/stock/balances?site=CZ01"))["items"]
        assert BOOK - 1 in [balance["on_hand"] for balance in balances]
        report = await keeper.ok("POST", "/papers", {"kind": "count-report", "count": made["count"]})
        assert report["number"].startswith("CZ01-PB-2026-")


async def test_a_store_that_is_not_live_is_in_no_summary(enter: Enter, owner: asyncpg.Connection) -> None:
    async with enter("keeper") as keeper, enter("approver") as approver, enter("dispatcher") as dispatcher:
        await owner.execute("UPDATE site SET live = false WHERE code = 'CZ01'")
        assert (await keeper.code("POST", "/counts", {"site": "CZ01", "kind": "full"}))[1] == "count.not-live"
        goods = {"lines": [{"item": "MB-0001", "quantity": 5, "bin": "CZ01A102"}]}
        lot = (await keeper.ok("POST", "/stock/receive", goods))["lines"][0]["lot"]
        made = await keeper.ok("POST", "/counts", {"site": "CZ01", "kind": "opening"})
        path = f"/counts/{made['count']}"
        for one in (await keeper.get(path))["bins"]:
            await keeper.ok("POST", f"{path}/bins/{one['bin_key']}/begin")
            if one["bin"] == "A-101":
                new = {"item": "ZP-0001", "maker_batch": "B1", "price_fen": 35000}
                await keeper.ok("POST", f"{path}/bins/{one['bin_key']}/enter", {"quantity": 12, "new": new})
            if one["bin"] == "A-102":
                await keeper.ok("POST", f"{path}/bins/{one['bin_key']}/enter", {"quantity": 5, "lot": lot})
            empty = one["bin"] not in ("A-101", "A-102")
            await keeper.ok("POST", f"{path}/bins/{one['bin_key']}/finish", {"empty": empty})
        assert (await keeper.code("POST", f"{path}/post"))[1] == "count.needs-approval"
        assert (await dispatcher.get("/stock/summary"))["items"] == []
        await approver.ok("POST", f"{path}/approve")
        rows = (await dispatcher.get("/stock/summary"))["items"]
        assert sorted((row["item"], row["on_hand"]) for row in rows) == [("MB-0001", 5), ("ZP-0001", 12)]
        assert await owner.fetchval("SELECT live FROM site WHERE code = 'CZ01'")
        assert await owner.fetchval("SELECT reason FROM move WHERE quantity = 12") == "open-balance"


async def look(keeper: Caller, tents: str) -> list[tuple[str, bytes]]:
    """Whatever shows the stock of a bin, its lot or its item to a keeper, beside the count itself."""
    pages = (
        "/bins/CZ01A101", f"/lots/{tents}", f"/lots/{tents}?day=2030-01-01", "/items/ZP-0001", "/sites/CZ01",
        "/stock/as-of?site=CZ01&day=2030-01-01",
        *(f"/stock?by={way}" for way in ("place", "item", "lot", "owner", "custodian")),
        "/stock/export.csv", "/stock/export.csv?by=lot", "/stock/export.csv?by=item", "/labels?kind=lot&site=CZ01",
        *(f"/api/v1{path}" for path in (
            "/stock/balances", "/lots", f"/lots/{tents}", f"/lots/{tents}/moves", "/moves?bin=CZ01A101",
            "/stock/as-of?at=2030-01-01T00:00:00Z", "/stock/statement?month=2026-11-01", "/reservations",
        )),
    )  # fmt: skip
    seen = []
    for path in pages:
        got = await keeper.client.get(path)
        assert got.status_code == 200, (path, got.text[:300])
        seen.append((path, got.content))
    for raw in ("91L" + tents, "ZP-0001"):
        one = {"id": str(uuid4()), "raw": raw, "mode": "look-up", "site": "CZ01"}
        seen.append((f"scan {raw}", json.dumps(await keeper.ok("POST", "/scans", {"scans": [one]})).encode()))
    return seen


def figure_in(body: bytes) -> bool:
    """Whether the book figure stands there, with or without a comma."""
    return str(BOOK).encode() in body or f"{BOOK:,}".encode() in body


async def test_who_counts_a_bin_finds_its_books_nowhere_else_until_he_has_finished(enter: Enter) -> None:
    async with enter("keeper") as keeper, enter("approver") as approver:
        tents, _ = await stocked(keeper)
        assert [path for path, body in await look(keeper, tents) if figure_in(body)] != []
        more = {"item": "ZP-0001", "quantity": 9001, "bin": "CZ01A103", "maker_batch": "more"}
        await keeper.ok("POST", "/stock/receive", {"lines": [more]})
        by_quantity = "/stock/balances?sort=quantity"
        assert [row["on_hand"] for row in (await keeper.get(by_quantity))["items"]] == [9001, BOOK, BOOK_TOO]
        made = await keeper.ok("POST", "/counts", {"site": "CZ01", "bins": ["CZ01A101"]})
        path = f"/counts/{made['count']}/bins/CZ01A101"
        await keeper.ok("POST", f"{path}/begin")
        assert [path for path, body in await look(keeper, tents) if figure_in(body)] == []
        assert await keeper.get(by_quantity) == await keeper.get("/stock/balances"), "no order tells the figure"
        assert (await keeper.client.get("/stock?sort=quantity")).status_code == 200
        for page in ("/bins/CZ01A101", f"/lots/{tents}", "/stock", "/items/ZP-0001"):
            assert "data-veil" in (await keeper.client.get(page)).text, page
        assert f"{BOOK_TOO:,}" in (await keeper.client.get("/stock?by=place")).text, "only what he counts is covered"
        shown = await approver.get("/stock/balances?bin=CZ01A101")
        assert [row["on_hand"] for row in shown["items"]] == [BOOK], "others read on"
        card = {"kind": "shelf-card", "bin": "CZ01A101", "lot": tents}
        assert await keeper.code("POST", "/papers", card) == (409, "count.still-blind")
        await keeper.ok("POST", f"{path}/leave", {})
        assert f"{BOOK:,}" in (await keeper.client.get("/bins/CZ01A101")).text
