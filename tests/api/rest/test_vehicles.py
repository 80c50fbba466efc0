"""Vehicles over HTTP: kept with their version, listed and exported; refusals name what is wrong."""

import base64
import csv
import io
from typing import Any
from uuid import uuid4

import pytest

from tests.api.rest.conftest import Enter
from tests.warehouse.exchange.house import book

BODY: dict[str, Any] = {
    "plate": "苏D·12345", "kind": "box", "region": "city", "site": "CZ01", "max_weight_kg": 5000,
    "max_volume_l": 24000, "driver": "=赵师傅", "phone": "13800000000", "valid_to": "2027-12-31",
}  # fmt: skip


async def test_registered_edited_withdrawn_restored_and_exported(enter: Enter) -> None:
    async with enter("keeper") as keeper:
        made = await keeper.send("POST", "/vehicles", BODY)
        assert made.status == 201
        at = f"/vehicles/{made.body['id']}"
        shown = await keeper.send("GET", at)
        assert (shown.body["plate"], shown.body["standing"], shown.headers["etag"]) == ("苏D12345", "ready", '"1"')
        taken = await keeper.send("POST", "/vehicles", {**BODY, "plate": "苏D12345"})
        assert (taken.status, taken.body["code"]) == (409, "vehicle.plate-taken")
        odd = await keeper.send("POST", "/vehicles", {**BODY, "plate": "WJ12345"})
        assert (odd.status, odd.body["code"]) == (409, "vehicle.odd-plate")
        wrong = await keeper.send("POST", "/vehicles", {**BODY, "max_weight_kg": 0})
        assert wrong.status == 422
        edited = await keeper.send("PUT", at, {**BODY, "out_of_service": "年检"}, **{"if-match": '"1"'})
        assert (edited.status, edited.body["version"]) == (200, 2)
        stale = await keeper.send("DELETE", at, **{"if-match": '"1"'})
        assert (stale.status, stale.body["code"]) == (409, "vehicle.stale")
        listed = await keeper.send("GET", "/vehicles?standing=out_of_service&sort=weight")
        assert [one["plate"] for one in listed.body["items"]] == ["苏D12345"]
        file = await keeper.client.get("/vehicles/export.csv")
        (_head, row, *_rest) = [one for one in csv.reader(io.StringIO(file.text.lstrip("\ufeff"))) if len(one) > 5]
        assert row[0] == "苏D12345"
        assert "=赵师傅" not in row  # no formula for whoever opens it
        assert (await keeper.send("DELETE", at, **{"if-match": '"2"'})).status == 200
        assert (await keeper.send("GET", "/vehicles")).body["items"] == []
        assert (await keeper.send("POST", f"{at}/restore", **{"if-match": '"3"'})).status == 200
    async with enter("keeper-b") as other:
        assert (await other.send("GET", at)).status == 404


def sent(data: bytes, name: str = "车辆.xlsx") -> dict[str, Any]:
    return {"name": name, "content": base64.b64encode(data).decode()}


HEAD = ["车牌", "车辆类型", "载重（千克）", "容积（立方米）", "支配区划", "停放地", "驾驶员", "有效期止"]
VAN = ["苏D·A1234", "面包车", 950, 4.5, "city", "CZ01", "赵师傅", "2027-12-31"]
LORRY = ["苏DB5678", "box", "5000", 24, "town-a1", None, None, None]


async def test_a_file_is_registered_once_and_goes_out_and_comes_back(enter: Enter) -> None:
    async with enter("dispatcher") as caller:
        key, file = str(uuid4()), sent(book([HEAD, VAN, LORRY]))
        for _ in range(2):
            assert await caller.ok("POST", "/vehicles/file", file, key=key) == {"new": 2, "known": 0}
        assert await caller.ok("POST", "/vehicles/file", file) == {"new": 0, "known": 2}
        found = {one["plate"]: one for one in (await caller.get("/vehicles"))["items"]}
        van, lorry = found["苏DA1234"], found["苏DB5678"]
        said = ("kind", "max_weight_kg", "max_volume_l", "site", "valid_to", "driver")
        assert [van[name] for name in said] == ["van", 950, 4500, "CZ01", "2027-12-31", "赵师傅"]
        assert (lorry["region"], lorry["site"], lorry["max_volume_l"]) == ("town-a1", None, 24000)
        for language in ("zh", "en"):
            for kind in ("xlsx", "csv"):
                out = await caller.client.get(
                    f"/vehicles/export.{kind}", headers={"cookie": f"{_cookies(caller)}; beiyu_language={language}"}
                )
                again = await caller.ok("POST", "/vehicles/file", sent(out.content, f"a.{kind}"))
                assert again == {"new": 0, "known": 2}, (language, kind)


async def test_whoever_keeps_one_store_registers_for_no_other_region(enter: Enter) -> None:
    async with enter("keeper-b") as caller:
        row = ["苏DA1234", "van", 950, 4, "city", None, None, None]
        refused = await caller.send("POST", "/vehicles/file", sent(book([HEAD, row])))
        assert [(one["cell"], one["code"]) for one in refused.body["facts"]["faults"]] == [("E2", "vehicle.no-region")]


def _cookies(caller: Any) -> str:
    return "; ".join(f"{name}={value}" for name, value in caller.client.cookies.items() if name != "beiyu_language")


@pytest.mark.parametrize(
    ("row", "cell", "code"),
    [
        (["苏DA1234", "火箭", 950, 4, "city", "CZ01", None, None], "B3", "vehicle.bad-kind"),
        (["苏DA1234", "van", "约1吨", 4, "city", "CZ01", None, None], "C3", "norm.bad-number"),
        (["苏DA1234", "van", 950, 0, "city", "CZ01", None, None], "D3", "vehicle.bad-limit"),
        (["苏DA1234", "van", 950, 4, "月球", "CZ01", None, None], "E3", "vehicle.no-region"),
        (["苏DA1234", "van", 950, 4, None, "CZ01", None, None], "E3", "vehicle.no-region"),
        (["苏DA1234", "van", 950, 4, "city", "ZZ99", None, None], "F3", "vehicle.no-site"),
        (["苏DA1234", "van", 950, 4, "district-b", "CZ01", None, None], "F3", "vehicle.home-elsewhere"),
        (["苏DA1234", "van", 950, 4, "city", "CZ01", None, "2027年"], "H3", "vehicle.bad-day"),
        (["WJ12345", "van", 950, 4, "city", "CZ01", None, None], "A3", "vehicle.odd-plate"),
        (LORRY, "A3", "vehicle.plate-twice"),
    ],
)
async def test_a_file_with_one_bad_cell_names_it_and_writes_nothing(
    enter: Enter, row: list[Any], cell: str, code: str
) -> None:
    async with enter("dispatcher") as caller:
        refused = await caller.send("POST", "/vehicles/file", sent(book([HEAD, LORRY, row])))
        assert refused.body["code"] == "vehicle.bad-rows"
        assert [(one["cell"], one["code"]) for one in refused.body["facts"]["faults"]] == [(cell, code)]
        assert (await caller.get("/vehicles"))["items"] == []
        worse = [None, "火箭", 0, 4, "月球", "ZZ99", None, None]
        refused = await caller.send("POST", "/vehicles/file", sent(book([HEAD, worse])))
        assert {one["cell"] for one in refused.body["facts"]["faults"]} == {"B2", "C2", "E2", "F2"}  # all at once
        assert await caller.code("POST", "/vehicles/file", sent(b"a,b\n1,2", "a.csv")) == (400, "vehicle.no-headings")
