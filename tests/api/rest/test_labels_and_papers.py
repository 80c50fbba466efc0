"""Labels and papers over HTTP, drawn in the worker process and read back by other people's code."""

import io
from datetime import UTC, datetime
from typing import Any

import pypdfium2 as pdfium
import pytest
from PIL import Image

from catalog.kernel import db
from labels.codes import Code, read
from labels.codes.symbols import SymbolKind
from tests.api.rest.conftest import Enter
from tests.api.rest.hall import Caller
from tests.labels.eyes import decode

BIN = "CZ01A101"
TODAY = datetime(2026, 11, 21, tzinfo=UTC).date()


async def receive(keeper: Caller, quantity: int = 10, **more: Any) -> Any:
    line = {"item": "ZP-0001", "quantity": quantity, "bin": BIN, "maker_batch": "B1", "expires_on": "2031-05-01"}
    return await keeper.ok("POST", "/stock/receive", {"lines": [line | more]})


def own_key(kind: SymbolKind, image: Image.Image) -> str | None:
    """The own key on a picture, read as a scan would be."""
    (text,) = decode(kind, image)
    code = read(text, today=TODAY)
    assert isinstance(code, Code)
    assert code.own is not None
    return f"{code.own.kind.value}{code.own.key}"


def page_of(pdf: bytes) -> Image.Image:
    """The first page of a PDF as a picture."""
    document = pdfium.PdfDocument(pdf)
    assert len(document) >= 1
    return document[0].render(scale=300 / 72).to_pil()


async def test_a_label_printed_by_the_server_is_read_back_as_what_it_is_stuck_on(enter: Enter) -> None:
    async with enter("keeper") as keeper:
        lot = (await receive(keeper))["lines"][0]["lot"]
        serial = (await receive(keeper, 1, item="SB-0001", expires_on=None))["attempt"]
        (move,) = (await keeper.get(f"/moves?attempt={serial}"))["items"]
        pallet = await keeper.ok("POST", "/pallets", {"bin": BIN, "contents": [{"lot": lot, "quantity": 4}]})
        made = await keeper.ok(
            "POST", "/deliveries", {"site": "CZ01", "lines": [{"item": "ZP-0001", "quantity": 1}], "announce": True}
        )
        wanted = [
            ("lot", lot, SymbolKind.GS1_DATAMATRIX, f"L{lot}"),
            ("bin", "CZ01/A-101", SymbolKind.GS1_QR, f"B{BIN}"),
            ("bin", "CZ01A106", SymbolKind.GS1_QR, "BCZ01A106"),
            ("site", "CZ01", SymbolKind.GS1_QR, "SCZ01"),
            ("serial", move["serials"][0], SymbolKind.GS1_DATAMATRIX, f"N{move['serials'][0]}"),
            ("pallet", pallet["pallet"], SymbolKind.GS1_128, f"P{pallet['pallet']}"),
            ("item", "ZP-0001", SymbolKind.GS1_DATAMATRIX, "MZP0001"),
            ("document", made["number"], SymbolKind.CODE_128, "D" + made["number"].replace("-", "")),
        ]
        for kind, name, symbol, key in wanted:
            body = {"kind": kind, "ids": [name], "layout": "roll-100x70", "format": "png", "dpi": 300}
            answer = await keeper.send("POST", "/labels", body)
            assert (answer.status, answer.headers["content-type"]) == (200, "image/png"), answer.body
            assert own_key(symbol, Image.open(io.BytesIO(answer.body))) == key


async def test_sheets_rolls_copies_and_the_same_bytes(enter: Enter) -> None:
    async with enter("keeper") as keeper:
        lots = [(await receive(keeper, 1, maker_batch=f"B{n}"))["lines"][0]["lot"] for n in range(3)]
        body = {"kind": "lot", "ids": lots, "layout": "a4-3x8-70x37", "start": 24, "copies": 2}
        first = await keeper.send("POST", "/labels", body)
        again = await keeper.send("POST", "/labels", body)
        assert first.headers["content-type"] == "application/pdf"
        assert first.body == again.body
        assert len(pdfium.PdfDocument(first.body)) == 2
        zpl = await keeper.send("POST", "/labels", body | {"format": "zpl", "layout": "roll-70x50", "start": 1})
        assert zpl.body.count(b"^XA") >= 3
        free = {"label": [60, 40], "grid": [3, 6], "page": [210, 297], "origin": [5, 5], "gap": [2, 2]}
        assert (await keeper.send("POST", "/labels", body | {"layout": free, "start": 1})).status == 200
        wide = free | {"label": [100, 40]}
        assert await keeper.code("POST", "/labels", body | {"layout": wide, "start": 1}) == (
            400,
            "labels.layout-exceeds-page",
        )
        tiny = {"label": [12, 8]}
        answer = await keeper.send("POST", "/labels", body | {"layout": tiny, "start": 1})
        assert (answer.status, answer.body["code"].partition(".")[0]) == (400, "labels")
        layouts = (await keeper.get("/labels/layouts"))["items"]
        assert {x["name"] for x in layouts} >= {"a4-3x8-70x37", "a4-2x7-99x38", "roll-70x50", "roll-100x70"}
        assert (await keeper.send("GET", "/labels/calibration?layout=a4-2x7-99x38")).body.startswith(b"%PDF")
        assert await keeper.code("POST", "/labels", body | {"layout": "a5"}) == (400, "label.no-such-layout")
        assert await keeper.code("POST", "/labels", body | {"start": 25}) == (400, "label.no-such-place")
        printed = await db.fetch_value("SELECT count(*) FROM audit WHERE verb = 'label.print' AND success")
        assert printed >= 4


async def test_labels_out_of_scope_are_404_without_the_right_403(enter: Enter) -> None:
    async with enter("keeper") as keeper, enter("keeper-b") as stranger, enter("dispatcher") as dispatcher:
        lot = (await receive(keeper))["lines"][0]["lot"]
        for kind, name in (("lot", lot), ("bin", BIN), ("bin", "CZ01/A-101"), ("site", "CZ01"), ("document", "x")):
            body = {"kind": kind, "ids": [name]}
            assert (await stranger.send("POST", "/labels", body)).status == 404, name
            assert (await dispatcher.send("POST", "/labels", body)).status == 403, name
        assert (await stranger.send("POST", "/labels", {"kind": "item", "ids": ["ZP-0001"]})).status == 200


async def test_a_paper_is_issued_shown_printed_and_voided(enter: Enter) -> None:
    async with enter("keeper") as keeper, enter("keeper-b") as stranger, enter("dispatcher") as dispatcher:
        done = await receive(keeper)
        lot = done["lines"][0]["lot"]
        slip = {"kind": "receipt-slip", "attempt": done["attempt"], "supplier": "江南帐篷厂"}
        assert (await stranger.send("POST", "/papers", slip)).status == 404
        assert (await dispatcher.send("POST", "/papers", slip)).status == 403
        issued = await keeper.ok("POST", "/papers", slip)
        assert issued["number"] == "CZ01-RK-2026-0001"
        path = f"/papers/{issued['paper']}"
        shown = await keeper.get(path)
        assert (shown["kind"], shown["content"]["supplier"]) == ("receipt-slip", "江南帐篷厂")
        one = await keeper.send("GET", path + ".pdf")
        two = await keeper.send("GET", path + ".pdf")
        assert one.headers["content-type"] == "application/pdf"
        assert one.body == two.body
        assert own_key(SymbolKind.CODE_128, page_of(one.body)) == "DCZ01RK20260001"
        for where in (path, path + ".pdf"):
            assert (await stranger.send("GET", where)).status == 404
        assert (await stranger.send("POST", path + "/void", {"reason": "x"})).status == 404
        assert await keeper.code("POST", "/papers", slip) == (409, "paper.already-on-slip")
        await keeper.ok("POST", path + "/void", {"reason": "写错"})
        assert (await keeper.ok("POST", "/papers", slip))["number"] == "CZ01-RK-2026-0002"
        out = await keeper.ok("POST", "/stock/issue", {"lines": [{"lot": lot, "quantity": 2, "bin": BIN}]})
        others: list[dict[str, Any]] = [
            {"kind": "issue-slip", "attempt": out["attempt"], "destination": "薛埠镇"},
            {"kind": "shelf-card", "bin": BIN, "lot": lot},
            {"kind": "ledger-sheet", "site": "CZ01", "item": "ZP-0001", "start": "2026-11-01", "end": "2026-11-30"},
            {"kind": "ledger-sheet", "site": "CZ01", "lot": lot, "start": "2026-11-01", "end": "2026-11-30"},
        ]
        for body in others:
            made = await keeper.ok("POST", "/papers", body)
            assert (await keeper.send("GET", f"/papers/{made['paper']}.pdf")).body.startswith(b"%PDF")
        listed = await keeper.get("/papers?site=CZ01&limit=4")
        assert len(listed["items"]) == 4
        rest = await keeper.get(f"/papers?cursor={listed['next_cursor']}")
        assert [p["number"] for p in rest["items"]] == ["CZ01-RK-2026-0002", "CZ01-RK-2026-0001"]
        assert rest["items"][1]["void_reason"] == "写错"
        assert (await stranger.get("/papers"))["items"] == []


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ({"kind": "receipt-slip"}, (400, "paper.one-source")),
        ({"kind": "receipt-slip", "site": "CZ01"}, (400, "paper.one-source")),
        ({"kind": "receipt-slip", "site": "CZ01", "day": "2026-11-21"}, (409, "paper.nothing-moved")),
        ({"kind": "shelf-card", "bin": BIN, "lot": "26999999"}, (404, "stock.no-such-lot")),
        ({"kind": "waybill"}, (422, "request.invalid")),
        (
            {"kind": "ledger-sheet", "site": "CZ01", "start": "2026-11-01", "end": "2026-11-30"},
            (400, "paper.bad-period"),
        ),
    ],
)
async def test_papers_that_cannot_be(enter: Enter, body: dict[str, Any], answer: tuple[int, str]) -> None:
    async with enter("keeper") as keeper:
        assert await keeper.code("POST", "/papers", body) == answer
        for path in ("/papers/nothing", "/papers/nothing.pdf", "/papers/00000000-0000-0000-0000-000000000001.docx"):
            assert await keeper.code("GET", path) == (404, "paper.missing")
