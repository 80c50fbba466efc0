"""Vehicles over HTTP: kept with their version, listed and exported; refusals name what is wrong."""

import csv
import io
from typing import Any

from tests.api.rest.conftest import Enter

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
