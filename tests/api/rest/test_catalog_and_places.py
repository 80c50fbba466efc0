"""Catalogue, parties and sites over HTTP: keys in addresses, versions as ETags, scope, refusals."""

from typing import Any

import asyncpg
import httpx
import pytest

from catalog.kernel import db
from tests.api.auth.conftest import House, attempt

V1 = "/api/v1"
REGION = {"key": "RIVER", "parent": "NORTH", "tier": "town", "name_zh": "春江街道"}
CLASS = {"scheme": "local", "code": "ZP", "name_zh": "帐篷类"}
ITEM = {
    "key": "ZP-0001",
    "name_zh": "单帐篷",
    "name_en": "Relief tent",
    "main_class": {"scheme": "local", "code": "ZP"},
    "unit_zh": "顶",
    "storage_class": "general",
    "packs": [{"handle": "box", "name_zh": "箱", "factor": 4}],
    "codes": [{"kind": "gtin", "code": "6901234567892", "pack": "box"}],
    "aliases": [{"alias": "帐蓬", "kind": "misspelling"}],
}
SITE = {
    "code": "XB02",
    "name_zh": "新北二库",
    "kind": "store",
    "region": "NORTH",
    "zones": [{"code": "A", "name_zh": "甲区", "bins": [{"code": "A-1"}, {"code": "A-2", "volume_ml": 1000}]}],
}


@pytest.fixture(autouse=True)
async def _numbers_run_on(house: House, owner: asyncpg.Connection) -> None:
    """The small city was written with numbers of its own."""
    for table in ("region", "site"):
        await owner.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 100)")


async def send(client: httpx.AsyncClient, method: str, path: str, body: Any = None, version: int | None = None) -> Any:
    headers = attempt() | ({} if version is None else {"if-match": f'"{version}"'})
    return await client.request(method, V1 + path, json=body, headers=headers)


async def ok(client: httpx.AsyncClient, method: str, path: str, body: Any = None, version: int | None = None) -> Any:
    answer = await send(client, method, path, body, version)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


async def code(client: httpx.AsyncClient, method: str, path: str, body: Any = None, version: int | None = None) -> Any:
    answer = await send(client, method, path, body, version)
    assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
    return answer.status_code, answer.json()["code"]


async def make_catalogue(client: httpx.AsyncClient) -> None:
    await ok(client, "POST", "/classes", CLASS)
    await ok(client, "PUT", "/storage-classes/general", {"name_zh": "普通库"})
    await ok(client, "POST", "/items", ITEM)


async def test_a_regions_life(house: House) -> None:
    async with house.as_("sys") as client:
        assert (await ok(client, "POST", "/regions", REGION))["key"] == "RIVER"
        card = await client.get(f"{V1}/regions/RIVER")
        assert card.headers["etag"] == '"1"'
        assert [one["key"] for one in card.json()["parents"]] == ["CITY", "NORTH", "RIVER"]
        figure = {"kind": "population", "value": 80000, "as_of": "2020-11-01", "source": "census"}
        assert await ok(client, "POST", "/regions/RIVER/facts", figure) == figure
        assert (await ok(client, "GET", "/regions/RIVER/facts?on=2020-10-31"))["items"] == []
        assert (await ok(client, "GET", "/regions/RIVER/facts?on=2026-01-01"))["items"] == [figure]
        number = {"scheme": "stat", "code": "320411001000", "valid_from": "2020-01-01"}
        await ok(client, "POST", "/regions/RIVER/codes", number)
        assert await code(client, "POST", "/regions/SOUTH/codes", number) == (409, "region.code-taken")
        assert (await ok(client, "PUT", "/regions/RIVER", {"name_zh": "春江镇"}, 1))["version"] == 2
        assert await code(client, "PUT", "/regions/RIVER", {"name_zh": "春江"}, 1) == (409, "region.stale")
        assert [r["key"] for r in (await ok(client, "GET", "/regions?q=cjz"))["items"]] == ["RIVER"]
        assert (await ok(client, "POST", "/regions/RIVER/move", {"parent": "SOUTH"}, 2))["version"] == 3
        assert await code(client, "POST", "/regions/NORTH/move", {"parent": "SOUTH"}, 1) == (400, "region.wrong-tier")
        assert await code(client, "DELETE", "/regions/SOUTH", None, 1) == (409, "region.has-sites")
        assert (await ok(client, "DELETE", "/regions/RIVER", None, 3))["version"] == 4
        assert await code(client, "POST", "/regions", REGION) == (409, "region.key-taken")
        assert await code(client, "GET", "/regions/NOWHERE") == (404, "region.missing")


async def test_an_items_life(house: House) -> None:
    async with house.as_("sys") as client:
        await make_catalogue(client)
        for query in ("zp", "帐蓬", "tent", "6901234567892"):
            assert [i["key"] for i in (await ok(client, "GET", f"/items?q={query}"))["items"]] == ["ZP-0001"], query
        card = await ok(client, "GET", "/items/ZP-0001")
        assert card["unverified"] == ["item", "returnable"]
        assert card["codes"][0]["pack"] == card["packs"][0]["key"] == "ZP0001P1"
        found = await ok(client, "GET", "/item-codes/6901234567892")
        assert (found["item"], found["factor"]) == ("ZP-0001", 4)
        assert await code(client, "GET", "/item-codes/6901234567885") == (404, "item.unknown-code")
        more = {"codes": [{"kind": "gtin", "code": "6901234567885"}]}
        await ok(client, "POST", "/items/ZP-0001/codes", more)
        assert await code(client, "POST", "/items/ZP-0001/codes", more) == (409, "item.code-taken")
        wrong = {"codes": [{"kind": "gtin", "code": "6901234567886"}]}
        assert await code(client, "POST", "/items/ZP-0001/codes", wrong) == (400, "item.bad-check-digit")
        facts = {k: v for k, v in ITEM.items() if k not in ("key", "packs", "codes", "aliases")}
        assert (await ok(client, "PUT", "/items/ZP-0001", {**facts, "name_zh": "棉帐篷"}, 2))["version"] == 3
        assert await code(client, "PUT", "/items/ZP-0001", facts, 2) == (409, "item.stale")
        care = {"care": [{"kind": "restack", "first_after_days": 365, "interval_days": 365}]}
        assert (await ok(client, "PUT", "/items/ZP-0001/care", care, 3))["version"] == 4
        await ok(client, "POST", "/items", {**ITEM, "key": "KT-1", "kind": "phantom_kit", "codes": [], "aliases": []})
        parts = {"components": [{"item": "ZP-0001", "quantity": 3}]}
        await ok(client, "PUT", "/items/KT-1/components", parts, 1)
        exploded = await ok(client, "GET", "/items/KT-1/components?quantity=5")
        assert [(line["item"], line["quantity"]) for line in exploded["lines"]] == [("ZP-0001", 15)]
        swap = {"substitutes": [{"item": "KT-1", "need": 1, "give": 2}]}
        await ok(client, "PUT", "/items/ZP-0001/substitutes", swap, 4)
        alias = (await ok(client, "GET", "/items/ZP-0001"))["aliases"][0]["id"]
        await ok(client, "DELETE", f"/items/ZP-0001/aliases/{alias}")
        assert await code(client, "DELETE", f"/items/ZP-0001/aliases/{alias}") == (404, "item.no-alias")
        pack = await ok(client, "POST", "/items/ZP-0001/packs", {"name_zh": "托", "factor": 40, "is_default": True})
        assert pack["key"] == "ZP0001P2"
        assert (await ok(client, "PUT", "/packs/ZP0001P2", {"name_zh": "托盘", "factor": 48}, 1))["version"] == 2
        await ok(client, "DELETE", "/packs/ZP0001P2", None, 2)
        assert (await ok(client, "GET", "/packs/ZP0001P2"))["retired_at"]
        version = (await ok(client, "GET", "/items/ZP-0001"))["version"]
        await ok(client, "DELETE", "/items/ZP-0001", None, version)
        assert (await ok(client, "GET", "/items?q=zp&scheme=local&class_code=ZP"))["items"][0]["key"] == "KT-1"
        await ok(client, "POST", "/items/ZP-0001/restore", None, version + 1)


@pytest.mark.parametrize(
    "change",
    [
        {"key": "zp"},
        {"unit_factor": "4"},
        {"unit_factor": 4.0},
        {"unit_factor": 2**63},
        {"unit_factor": True},
        {"name_zh": "帐\u0000篷"},
        {"name_zh": ""},
        {"returnable": 1},
        {"surprise": 1},
        {"main_class": None},
        {"near_expiry_days": [0]},
        {"spec": "x" * 201},
    ],
)
async def test_a_body_that_is_not_quite_right_is_refused(house: House, change: dict[str, Any]) -> None:
    async with house.as_("sys") as client:
        await make_catalogue(client)
        status, reason = await code(client, "POST", "/items", {**ITEM, "key": "AA-1", "codes": []} | change)
        assert status == 422, reason


async def test_a_class_maps_to_another_scheme(house: House) -> None:
    async with house.as_("sys") as client:
        await ok(client, "POST", "/classes", {"scheme": "gbt38565", "code": "1000000", "name_zh": "基本生活"})
        await ok(client, "POST", "/classes", {**CLASS, "mapped": {"scheme": "gbt38565", "code": "1000000"}})
        assert (await ok(client, "GET", "/class-schemes"))["items"] == ["gbt38565", "local"]
        national = await ok(client, "GET", "/classes/gbt38565/1000000")
        assert (await ok(client, "GET", "/classes/local/ZP"))["mapped_id"] == national["id"]
        assert (await ok(client, "PUT", "/classes/local/ZP/mapping", {"mapped": None}, 1))["version"] == 2
        assert (await ok(client, "PUT", "/classes/local/ZP", {"name_zh": "帐篷"}, 2))["version"] == 3
        await ok(client, "DELETE", "/classes/local/ZP", None, 3)
        assert (await ok(client, "GET", "/classes?scheme=local"))["items"] == []


async def test_a_sites_life(house: House) -> None:
    async with house.as_("sys") as client:
        party = {"key": "keepers", "kind": "office", "name_zh": "粮储局", "region": "NORTH", "duties": ["hold"]}
        await ok(client, "POST", "/parties", party)
        await ok(client, "POST", "/sites", {**SITE, "custodian": "keepers", "custody_for": "CITY"})
        card = await ok(client, "GET", "/sites/XB02")
        assert card["custodian"]["key"] == "keepers"
        assert card["custody_for"]["key"] == "CITY"
        assert card["staging"]["key"] == "XB02000"
        assert [(zone["code"], zone["bins"]) for zone in card["zones"]] == [("A", 2)]
        added = await ok(client, "POST", "/sites/XB02/zones/A/bins", {"bins": [{"code": "A-10"}, {"code": "A-3"}]})
        assert [one["key"] for one in added["items"]] == ["XB02003", "XB02004"]
        listed = (await ok(client, "GET", "/sites/XB02/bins?zone=A"))["items"]
        assert [one["code"] for one in listed] == ["A-1", "A-2", "A-3", "A-10"]
        await ok(client, "POST", "/bins/close", {"bins": ["XB02001"], "reason": "漏雨"})
        assert (await ok(client, "GET", "/bins/XB02001"))["close_reason"] == "漏雨"
        await ok(client, "POST", "/bins/open", {"bins": ["XB02001"]})
        await ok(client, "POST", "/sites/XB02/zones", {"code": "B", "name_zh": "乙区"})
        await ok(client, "PUT", "/bins/XB02001", {"zone": "B", "weight_g": 500}, 3)
        assert await code(client, "DELETE", "/sites/XB02/zones/B", None, 1) == (409, "zone.has-bins")
        await ok(client, "POST", "/bins/retire", {"bins": ["XB02001"]})
        assert (await ok(client, "PUT", "/sites/XB02/zones/B", {"name_zh": "丙区"}, 1))["version"] == 2
        await ok(client, "DELETE", "/sites/XB02/zones/B", None, 2)
        facts = {"name_zh": "新北新库", "kind": "store", "region": "TOWN", "lat": 31.9, "lon": 119.9}
        assert (await ok(client, "PUT", "/sites/XB02", facts, 1))["version"] == 2
        assert [s["code"] for s in (await ok(client, "GET", "/sites?under=TOWN"))["items"]] == ["XB02"]
        assert await code(client, "POST", "/sites", SITE) == (409, "site.code-taken")
        await ok(client, "DELETE", "/sites/XB02", None, 2)
        assert (await ok(client, "GET", "/sites/XB02"))["staging"]["retired_at"], "retired, and still to be seen"
        assert (await ok(client, "GET", "/sites/WJ01"))["staging"] is None, "a site from elsewhere may have none"


async def test_out_of_scope_is_not_there(house: House) -> None:
    async with house.as_("sys") as client:
        await ok(client, "POST", "/sites", SITE)
        office = {"key": "north-office", "kind": "office", "name_zh": "新北区应急局", "region": "NORTH"}
        await ok(client, "POST", "/parties", office)
        await ok(client, "POST", "/parties", {"key": "maker", "kind": "supplier", "name_zh": "帐篷厂"})
    async with house.as_("south") as client:
        assert [s["code"] for s in (await ok(client, "GET", "/sites"))["items"]] == ["WJ01"]
        assert [p["key"] for p in (await ok(client, "GET", "/parties"))["items"]] == ["maker"]
        for path in (
            "/sites/XB02",
            "/sites/XB02/bins",
            "/sites/XB02/zones/A",
            "/bins/XB02001",
            "/parties/north-office",
        ):
            assert (await code(client, "GET", path))[0] == 404, path
        assert (await code(client, "POST", "/sites", {**SITE, "code": "WJ02"}))[0] == 403
    async with house.as_("keeper") as client:
        assert (await code(client, "POST", "/regions", REGION))[0] == 403
        assert (await code(client, "DELETE", "/sites/XB02", None, 1))[0] == 403
        assert (await ok(client, "GET", "/sites/XB02"))["name_zh"] == "新北二库"


async def test_the_same_attempt_answers_the_same(house: House) -> None:
    async with house.as_("sys") as client:
        headers = attempt()
        first = await client.post(f"{V1}/sites", json=SITE, headers=headers)
        again = await client.post(f"{V1}/sites", json=SITE, headers=headers)
        assert (first.status_code, first.json()) == (again.status_code, again.json())
        other = await client.post(f"{V1}/sites", json={**SITE, "code": "XB03"}, headers=headers)
        assert other.json()["code"] == "attempt.other-content"
        assert await db.fetch_value("SELECT count(*) FROM site WHERE code LIKE 'XB0_'") == 2


async def test_a_torn_cursor_is_refused(house: House) -> None:
    async with house.as_("sys") as client:
        for path in ("/regions", "/items", "/classes", "/sites", "/parties"):
            assert (await code(client, "GET", f"{path}?cursor=W10"))[0] == 400
            assert (await send(client, "GET", f"{path}?limit=0")).status_code == 422
