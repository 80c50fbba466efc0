"""Photos over HTTP: what a phone sends, what is kept, who sees it, and what is not taken."""

import base64
import io

import pytest
from PIL import Image

from tests.api.rest.conftest import Enter
from tests.api.rest.hall import Caller
from tests.warehouse.files.samples import HOSTILE, pdf, photo

BIN = "CZ01A101"


def text(content: bytes) -> str:
    return base64.b64encode(content).decode()


async def lot_of(keeper: Caller) -> str:
    line = {"item": "ZP-0001", "quantity": 10, "bin": BIN, "maker_batch": "B1", "expires_on": "2031-05-01"}
    return str((await keeper.ok("POST", "/stock/receive", {"lines": [line]}))["lines"][0]["lot"])


async def test_a_phones_photo_is_kept_without_its_place_and_seen_by_who_sees_the_lot(enter: Enter) -> None:
    async with enter("keeper") as keeper, enter("keeper-b") as other, enter("auditor") as auditor:
        lot = await lot_of(keeper)
        sent = photo(3000, 2000)
        assert b"SECRETPHONE" in sent
        body = {"content": text(sent), "name": "IMG_2041.HEIC", "note": "外包装", "subject": {"kind": "lot", "id": lot}}
        made = await keeper.ok("POST", "/files", body)
        answer = await keeper.send("GET", f"/files/{made['id']}")
        assert answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-disposition"].startswith("inline; ")
        assert not Image.open(io.BytesIO(answer.body)).getexif()
        assert b"SECRET" not in answer.body
        small = await keeper.send("GET", f"/files/{made['id']}/thumbnail")
        assert max(Image.open(io.BytesIO(small.body)).size) == 320
        (listed,) = (await keeper.get(f"/files?kind=lot&id={lot}"))["items"]
        assert (listed["name"], listed["sha256"], listed["login"]) == ("IMG_2041.jpg", made["sha256"], "keeper")
        for path in (f"/files/{made['id']}", f"/files/{made['id']}/facts", f"/files/{made['id']}/thumbnail"):
            assert (await other.code("GET", path))[0] == 404
            assert (await auditor.code("GET", path))[0] == 403


async def test_a_paper_is_a_download_and_a_loose_file_is_its_uploaders(enter: Enter) -> None:
    async with enter("keeper") as keeper, enter("approver") as approver:
        made = await keeper.ok("POST", "/files", {"content": text(pdf()), "name": "送货单.pdf"})
        answer = await keeper.send("GET", f"/files/{made['id']}")
        assert answer.headers["content-disposition"].startswith("attachment; ")
        assert "sandbox" in answer.headers["content-security-policy"]
        assert (await approver.code("GET", f"/files/{made['id']}"))[0] == 404
        lot = await lot_of(keeper)
        subject = {"kind": "lot", "id": lot}
        done = await keeper.ok("POST", "/files/attach", {"files": [made["id"]], "subject": subject})
        assert done["files"] == [made["id"]]
        assert (await approver.get(f"/files/{made['id']}/facts"))["subject"] == subject


@pytest.mark.parametrize("what", HOSTILE)
async def test_hostile_uploads_are_refused_in_words(enter: Enter, what: str) -> None:
    content, code = HOSTILE[what]
    if not content:
        return
    async with enter("keeper") as keeper:
        assert await keeper.code("POST", "/files", {"content": text(content)}) == (400, code)


async def test_what_is_no_file_or_belongs_nowhere_is_refused(enter: Enter) -> None:
    async with enter("keeper") as keeper, enter("keeper-b") as other:
        lot = await lot_of(keeper)
        small = text(photo(40, 30))
        assert await keeper.code("POST", "/files", {"content": "abc"}) == (400, "file.not-base64")
        wrong = {"content": small, "subject": {"kind": "person", "id": "1"}}
        assert await keeper.code("POST", "/files", wrong) == (400, "file.bad-subject")
        foreign = {"content": small, "subject": {"kind": "lot", "id": lot}}
        assert (await other.code("POST", "/files", foreign))[0] == 404
        assert (await keeper.code("POST", "/files", {"content": small, "subject": {"kind": "item", "id": "ZP-0001"}}))[
            0
        ] == 403


async def test_the_same_upload_sent_twice_is_one_file(enter: Enter) -> None:
    async with enter("keeper") as keeper:
        lot = await lot_of(keeper)
        body = {"content": text(photo(40, 30)), "subject": {"kind": "lot", "id": lot}}
        key = "0b8f7f1e-1f4e-4f0e-9d5a-6f1f0f3c2b1a"
        first = await keeper.ok("POST", "/files", body, key=key)
        again = await keeper.ok("POST", "/files", body, key=key)
        assert (again["id"], again["repeat"]) == (first["id"], True)
        assert len((await keeper.get(f"/files?kind=lot&id={lot}"))["items"]) == 1


@pytest.mark.parametrize(
    ("kind", "name"), [("bin", BIN), ("site", "CZ01"), ("delivery", None), ("move", None), ("serial", None)]
)
async def test_whatever_is_seen_can_have_a_photo(enter: Enter, kind: str, name: str | None) -> None:
    async with enter("keeper") as keeper:
        if kind == "delivery":
            lines = [{"item": "ZP-0001", "quantity": 1}]
            name = (await keeper.ok("POST", "/deliveries", {"site": "CZ01", "lines": lines}))["delivery"]
        elif kind in ("move", "serial"):
            line = {"item": "SB-0001", "quantity": 1, "bin": BIN}
            done = await keeper.ok("POST", "/stock/receive", {"lines": [line]})
            (move,) = (await keeper.get(f"/moves?attempt={done['attempt']}"))["items"]
            name = done["attempt"] if kind == "move" else move["serials"][0]
        body = {"content": text(photo(40, 30)), "subject": {"kind": kind, "id": name}}
        made = await keeper.ok("POST", "/files", body)
        assert [one["id"] for one in (await keeper.get(f"/files?kind={kind}&id={name}"))["items"]] == [made["id"]]
