"""How to ask each route, minimally and validly. A route that is not here fails `test_matrix`."""

import base64
import json
from typing import Any
from uuid import uuid4

from api import audit as trail
from catalog.kernel import db
from labels.codes import OwnKind, own_text, write_own
from tests.api.matrix import Ask, Side, _day, fresh, plain, route, simply

# --- public, and one's own --------------------------------------------------------------------------------

plain("GET /health/live", "GET /health/ready", "GET /metrics")
plain("GET /schema", "GET /schema/error-codes", "GET /schema/openapi.json", "GET /schema/read", "GET /schema/read.css")
plain(
    "GET /login",
    "GET /wall",
    "GET /wall/enter",
    "GET /install",
    "GET /install/beiyu-ca.crt",
    "GET /password",
    "GET /",
    "GET /api/v1/me",
)


@route("GET /schema/{path}", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask(path={"path": "nothing"})


@route("GET /static/{name}", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask(path={"name": "nothing.css"})


@route("POST /api/v1/sessions", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"login": fresh("nobody-"), "password": "wrong"})


@route("DELETE /api/v1/sessions/current", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask(headers={"x-fresh-session": "yes"})


@route("POST /api/v1/me/password", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"old": "wrong", "new": "Something-9-else"})


# --- lists: what they show is looked at, scope decides -----------------------------------------------------

plain(
    "GET /api/v1/sessions",
    "GET /api/v1/tokens",
    "GET /api/v1/people",
    "GET /api/v1/audit",
    "GET /api/v1/audit/check",
    "GET /api/v1/audit/anchors",
    "GET /api/v1/audit/export",
    "GET /api/v1/audit/verifier",
    "GET /api/v1/anchors",
    "GET /api/v1/jobs",
    "GET /api/v1/jobs/runs",
    "GET /api/v1/regions",
    "GET /api/v1/class-schemes",
    "GET /api/v1/classes",
    "GET /api/v1/storage-classes",
    "GET /api/v1/items",
    "GET /api/v1/parties",
    "GET /api/v1/sites",
    "GET /api/v1/scans",
    "GET /api/v1/deliveries",
    "GET /api/v1/cases",
    "GET /api/v1/lots",
    "GET /api/v1/moves",
    "GET /api/v1/papers",
    "GET /api/v1/reservations",
    "GET /api/v1/stock/balances",
    "GET /api/v1/stock/summary",
    "GET /api/v1/labels/layouts",
    "GET /api/v1/labels/calibration",
    "GET /cases",
    "GET /deliveries",
    "GET /deliveries/new",
    "GET /items",
    "GET /items/choices",
    "GET /labels",
    "GET /papers",
    "GET /papers/new",
    "GET /scan",
    "GET /stock",
    "GET /stock/as-of",
    "GET /today",
)


@route("GET /api/v1/stock/as-of")
async def _(home: Side, there: Side) -> Ask:
    return Ask(query={"at": "2099-01-01T00:00:00Z", "site": there.site})


@route("GET /api/v1/stock/statement")
async def _(home: Side, there: Side) -> Ask:
    return Ask(query={"month": f"{_day(0)[:7]}-01", "site": there.site})


for _kind in ("csv", "xlsx"):

    @route(f"GET /stock/export.{_kind}")
    async def _(home: Side, there: Side) -> Ask:
        return Ask(query={"site": there.site})


for _list in ("balances", "lots", "moves", "deliveries", "cases", "papers", "reservations"):
    _path = f"/api/v1/stock/{_list}" if _list == "balances" else f"/api/v1/{_list}"

    @route(f"GET {_path} @site")
    async def _(home: Side, there: Side) -> Ask:
        return Ask(query={"site": there.site})


# --- people -----------------------------------------------------------------------------------------------


@route("POST /api/v1/people")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=there.person_body())


@route("GET /api/v1/people/{person}")
async def _(home: Side, there: Side) -> Ask:
    return Ask(path={"person": there.people["keeper"]})


@route("PATCH /api/v1/people/{person}")
async def _(home: Side, there: Side) -> Ask:
    person = await there.person()
    return Ask({"person": person}, {"language": "en"}, headers=await there.version(f"/api/v1/people/{person}"))


@route("DELETE /api/v1/people/{person}")
async def _(home: Side, there: Side) -> Ask:
    person = await there.person()
    headers = await there.version(f"/api/v1/people/{person}")
    return Ask({"person": person}, headers=headers, spends=("person", "grant"))


@route("POST /api/v1/people/{person}/password")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"person": await there.person()}, {"password": "First-one-9"})


@route("POST /api/v1/people/{person}/unlock")
async def _(home: Side, there: Side) -> Ask:
    person = await there.person()
    await db.execute(
        "INSERT INTO login_failure (at, login, address) SELECT now(), login, '10.1.1.1' FROM person WHERE uuid = $1",
        person,
    )
    return Ask({"person": person})


@route("POST /api/v1/people/{person}/roles")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"person": await there.person()}, {"role": "keeper", "site": there.site}, spends=("person", "grant"))


@route("DELETE /api/v1/roles/{grant}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"grant": await there.grant()}, spends=("person", "grant"))


@route("POST /api/v1/addresses/unlock", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    await db.execute("INSERT INTO login_failure (at, login, address) VALUES (now(), 'x', '10.8.8.8')")
    return Ask(body={"address": "10.8.8.8"})


@route("DELETE /api/v1/sessions/{session}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"session": await there.session()}, spends=("session",))


@route("POST /api/v1/tokens")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"kind": "device", "name": there.mark, "person": str(there.people["keeper"])})


@route("DELETE /api/v1/tokens/{token}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"token": await there.token()}, spends=("token",))


# --- regions, parties, sites ------------------------------------------------------------------------------


@route("POST /api/v1/regions")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=there.region_body())


@route("GET /api/v1/regions/{region}", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask({"region": home.region})


@route("GET /api/v1/regions/{region}/facts", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask({"region": home.region})


@route("PUT /api/v1/regions/{region}")
async def _(home: Side, there: Side) -> Ask:
    leaf = await there.leaf()
    return Ask({"region": leaf}, {"name_zh": "新名"}, headers=await there.version(f"/api/v1/regions/{leaf}"))


@route("DELETE /api/v1/regions/{region}")
async def _(home: Side, there: Side) -> Ask:
    leaf = await there.leaf()
    return Ask({"region": leaf}, headers=await there.version(f"/api/v1/regions/{leaf}"), spends=("leaf",))


@route("POST /api/v1/regions/{region}/codes")
async def _(home: Side, there: Side) -> Ask:
    body = {"scheme": "local", "code": fresh("C"), "valid_from": _day(0)}
    return Ask({"region": await there.leaf()}, body, spends=("leaf",))


@route("POST /api/v1/regions/{region}/facts")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"region": await there.leaf()}, {"kind": "population", "value": 900, "as_of": _day(0)}, spends=("leaf",))


@route("POST /api/v1/regions/{region}/move")
async def _(home: Side, there: Side) -> Ask:
    leaf = await there.leaf()
    other = await db.fetch_value(
        "SELECT t.key FROM region t JOIN region d ON d.id = t.parent_id WHERE d.key = $1 AND t.key <> $2"
        " AND t.tier = 'town' AND t.retired_at IS NULL ORDER BY t.id LIMIT 1",
        there.region,
        there.town,
    )
    headers = await there.version(f"/api/v1/regions/{leaf}")
    return Ask({"region": leaf}, {"parent": other}, headers=headers, spends=("leaf",))


@route("POST /api/v1/parties")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=there.party_body())


simply("GET /api/v1/parties/{party}", lambda there: _party(there))


async def _party(there: Side) -> Ask:
    return Ask({"party": await there.party()})


@route("PUT /api/v1/parties/{party}")
async def _(home: Side, there: Side) -> Ask:
    party = await there.party()
    body = {"name_zh": "新名", "region": there.region}
    return Ask({"party": party}, body, headers=await there.version(f"/api/v1/parties/{party}"))


@route("DELETE /api/v1/parties/{party}")
async def _(home: Side, there: Side) -> Ask:
    party = await there.party()
    return Ask({"party": party}, headers=await there.version(f"/api/v1/parties/{party}"), spends=("party",))


@route("POST /api/v1/sites")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=there.site_body())


@route("GET /api/v1/sites/{site}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"site": there.site})


@route("PUT /api/v1/sites/{site}")
async def _(home: Side, there: Side) -> Ask:
    site = await there.empty_site()
    body = {"name_zh": there.mark, "kind": "store", "region": there.region}
    return Ask({"site": site}, body, headers=await there.version(f"/api/v1/sites/{site}"))


@route("DELETE /api/v1/sites/{site}")
async def _(home: Side, there: Side) -> Ask:
    site = await there.empty_site()
    return Ask({"site": site}, headers=await there.version(f"/api/v1/sites/{site}"), spends=("empty site",))


@route("GET /api/v1/sites/{site}/bins")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"site": there.site})


@route("POST /api/v1/sites/{site}/zones")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"site": there.site}, {"code": fresh("Z"), "name_zh": there.mark})


@route("GET /api/v1/sites/{site}/zones/{zone}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"site": there.site, "zone": there.zone})


@route("PUT /api/v1/sites/{site}/zones/{zone}")
async def _(home: Side, there: Side) -> Ask:
    zone = await there.empty_zone()
    headers = await there.version(f"/api/v1/sites/{there.site}/zones/{zone}")
    return Ask({"site": there.site, "zone": zone}, {"name_zh": there.mark}, headers=headers)


@route("DELETE /api/v1/sites/{site}/zones/{zone}")
async def _(home: Side, there: Side) -> Ask:
    zone = await there.empty_zone()
    headers = await there.version(f"/api/v1/sites/{there.site}/zones/{zone}")
    return Ask({"site": there.site, "zone": zone}, headers=headers, spends=("empty zone",))


@route("POST /api/v1/sites/{site}/zones/{zone}/bins")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"site": there.site, "zone": there.zone}, {"bins": [{"code": fresh("B-")}]})


@route("GET /api/v1/bins/{bin_key}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"bin_key": there.bins[0]})


@route("PUT /api/v1/bins/{bin_key}")
async def _(home: Side, there: Side) -> Ask:
    key = await there.empty_bin()
    return Ask({"bin_key": key}, {"weight_g": 5000}, headers=await there.version(f"/api/v1/bins/{key}"))


@route("POST /api/v1/bins/close")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"bins": [await there.empty_bin()], "reason": "盘点"}, spends=("bin",))


@route("POST /api/v1/bins/open")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"bins": [await there.closed_bin()]}, spends=("closed bin",))


@route("POST /api/v1/bins/retire")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"bins": [await there.empty_bin()]}, spends=("bin",))


# --- the catalogue ----------------------------------------------------------------------------------------


@route("POST /api/v1/classes", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"scheme": "local", "code": fresh("K"), "name_zh": "类别"})


@route("GET /api/v1/classes/{scheme}/{class_code}", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask({"scheme": "local", "class_code": "ZP-1"})


async def _class(home: Side) -> tuple[dict[str, Any], dict[str, str]]:
    code = await home.new_class()
    return {"scheme": "local", "class_code": code}, await home.version(f"/api/v1/classes/local/{code}", "planner")


@route("PUT /api/v1/classes/{scheme}/{class_code}", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    path, headers = await _class(home)
    return Ask(path, {"name_zh": "新名"}, headers=headers)


@route("DELETE /api/v1/classes/{scheme}/{class_code}", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    path, headers = await _class(home)
    return Ask(path, headers=headers, spends=("class",))


@route("PUT /api/v1/classes/{scheme}/{class_code}/mapping", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    path, headers = await _class(home)
    return Ask(path, {"mapped": None}, headers=headers)


@route("PUT /api/v1/storage-classes/{storage_class}", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask({"storage_class": "general"}, {"name_zh": "常温"})


@route("POST /api/v1/items", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=home.item_body())


@route("GET /items/{key}/edit", anywhere=True)
@route("GET /items/{key}/packs", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask({"key": "YJ-0001"})


for _read in ("GET /api/v1/items/{item}", "GET /api/v1/items/{item}/components"):

    @route(_read, anywhere=True)
    async def _(home: Side, there: Side) -> Ask:
        return Ask({"item": "YJ-0001"})


@route("GET /api/v1/item-codes/{code}", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask({"code": "ZP-0001"})


async def _item(home: Side, name: str = "item") -> tuple[dict[str, Any], dict[str, str], Any]:
    item = await home.new_item(name)
    return {"item": item["key"]}, await home.version(f"/api/v1/items/{item['key']}", "planner"), item


@route("PUT /api/v1/items/{item}", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    path, headers, item = await _item(home)
    body = {name: value for name, value in item.items() if name not in ("key", "aliases", "codes")}
    return Ask(path, body, headers=headers)


@route("DELETE /api/v1/items/{item}", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    path, headers, _ = await _item(home)
    return Ask(path, headers=headers, spends=("item",))


@route("POST /api/v1/items/{item}/restore", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    new = "retired item" not in home.subjects
    path, headers, _ = await _item(home, "retired item")
    if new:
        await home.do("planner", "DELETE", f"/api/v1/items/{path['item']}", **headers)
        headers = await home.version(f"/api/v1/items/{path['item']}", "planner")
    return Ask(path, headers=headers, spends=("retired item",))


@route("POST /api/v1/items/{item}/codes", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    path, _, _ = await _item(home)
    return Ask(path, {"codes": [{"kind": "text", "code": fresh("OLD-")}]})


@route("DELETE /api/v1/items/{item}/codes/{number}", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    path, _, item = await _item(home, "item with code")
    return Ask(path | {"number": await home.number(item["key"], "item_code")}, spends=("item with code",))


@route("POST /api/v1/items/{item}/aliases", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    path, _, _ = await _item(home)
    return Ask(path, {"aliases": [{"alias": fresh("别名")}]})


@route("DELETE /api/v1/items/{item}/aliases/{number}", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    path, _, item = await _item(home, "item with alias")
    return Ask(path | {"number": await home.number(item["key"], "item_alias")}, spends=("item with alias",))


for _name, _body in (
    ("care", {"care": [{"kind": "restack", "first_after_days": 90, "interval_days": 90}]}),
    ("substitutes", {"substitutes": [{"item": "ZP-0001", "need": 1, "give": 1}]}),
    ("classes", {"classes": []}),
):

    @route(f"PUT /api/v1/items/{{item}}/{_name}", anywhere=True)
    async def _(home: Side, there: Side, body: Any = _body) -> Ask:
        path, headers, _ = await _item(home)
        return Ask(path, body, headers=headers)


@route("POST /api/v1/items/{item}/substitutes/{other}/approve", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    path, headers, _ = await _item(home, "item with substitute")
    if "substitute set" not in home.subjects:

        async def make() -> Any:
            body = {"substitutes": [{"item": "ZP-0001", "need": 1, "give": 1}]}
            await home.do("planner", "PUT", f"/api/v1/items/{path['item']}/substitutes", body, **headers)
            return path

        await home.once("substitute set", make)
        headers = await home.version(f"/api/v1/items/{path['item']}", "planner")
    return Ask(path | {"other": "ZP-0001"}, headers=headers, spends=("item with substitute", "substitute set"))


@route("PUT /api/v1/items/{item}/components", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    async def make() -> Any:
        body = {**home.item_body(), "kind": "phantom_kit"}
        await home.do("planner", "POST", "/api/v1/items", body)
        return body

    kit = await home.once("phantom kit", make)
    headers = await home.version(f"/api/v1/items/{kit['key']}", "planner")
    return Ask({"item": kit["key"]}, {"components": [{"item": "ZP-0001", "quantity": 2}]}, headers=headers)


@route("POST /api/v1/items/{item}/packs", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    path, _, _ = await _item(home)
    return Ask(path, {"name_zh": fresh("箱"), "factor": 10 + int(fresh("")) % 1000})


@route("PUT /api/v1/packs/{pack}", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask(
        {"pack": await home.new_pack()}, {"name_zh": "大箱", "factor": 12}, headers={"if-match": await _pack(home)}
    )


@route("DELETE /api/v1/packs/{pack}", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    pack = await home.new_pack()
    return Ask({"pack": pack}, headers={"if-match": await _pack(home)}, spends=("pack", "item with pack"))


@route("GET /api/v1/packs/{pack}", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask({"pack": await home.new_pack()})


async def _pack(home: Side) -> str:
    return f'"{await db.fetch_value("SELECT version FROM pack WHERE key = $1", await home.new_pack())}"'


# --- stock ------------------------------------------------------------------------------------------------


async def _line(there: Side, quantity: int = 1, **more: Any) -> Any:
    return {"lines": [{"lot": await there.lot(), "quantity": quantity, "bin": there.bins[0], **more}]}


@route("POST /api/v1/stock/receive")
async def _(home: Side, there: Side) -> Ask:
    line = {"item": "ZP-0001", "quantity": 5, "bin": there.bins[0], "maker_batch": there.mark}
    return Ask(body={"lines": [line]})


@route("POST /api/v1/stock/return")
async def _(home: Side, there: Side) -> Ask:
    await there.used()
    return Ask(body=await _line(there))


@route("POST /api/v1/stock/put-away")
async def _(home: Side, there: Side) -> Ask:
    line = {"lot": await there.staged(), "quantity": 1, "bin": await there.staging(), "to_bin": there.bins[1]}
    return Ask(body={"lines": [line]})


@route("POST /api/v1/stock/move")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=await _line(there, to_bin=there.bins[1]))


@route("POST /api/v1/stock/inspect")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={**await _line(there, to_condition="frozen"), "note": "抽检"})


for _verb in ("dispose", "test", "send-back"):

    @route(f"POST /api/v1/stock/{_verb}")
    async def _(home: Side, there: Side) -> Ask:
        return Ask(body={**await _line(there), "note": "原因"})


@route("POST /api/v1/stock/issue")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=await _line(there))


@route("POST /api/v1/stock/lend")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=await there.lend_body())


@route("POST /api/v1/stock/loan-return")
async def _(home: Side, there: Side) -> Ask:
    body = {"loan": await there.loan(), **await _line(there, 3)}
    return Ask(body=body, spends=("loan",))


@route("POST /api/v1/stock/correct")
async def _(home: Side, there: Side) -> Ask:
    async def make() -> str:
        return await there._receive("ZP-0001", 3)

    lot = await there.once("wrong lot", make)
    body = {"lot": lot, "site": there.site, "fields": {"maker_batch": there.mark}, "reason": "录错"}
    return Ask(body=body, spends=("wrong lot",))


@route("POST /api/v1/stock/reverse")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"attempt": await there.issued(), "reason": "错"}, spends=("issued",))


@route("POST /api/v1/stock/reserve")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=await there.reserve_body())


@route("POST /api/v1/stock/release")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"reservation": await there.reservation()}, spends=("reservation",))


@route("POST /api/v1/stock/kits/make")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=await there.kit_body(), spends=("kit parts",))


@route("POST /api/v1/stock/kits/break")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=await there.kit(), spends=("kit",))


@route("POST /api/v1/pallets")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=await there.pallet_body())


@route("GET /api/v1/pallets/{pallet}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"pallet": await there.pallet()})


@route("POST /api/v1/care")
async def _(home: Side, there: Side) -> Ask:
    body = {"lot": await there.lot(), "site": there.site, "kind": "restack", "done_on": _day(0), "passed": True}
    return Ask(body=body)


@route("GET /api/v1/lots/{lot}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"lot": await there.lot()})


@route("GET /api/v1/lots/{lot}/moves")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"lot": await there.lot()})


@route("GET /api/v1/serials/{serial}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"serial": await there.serial()})


@route("GET /api/v1/cases/{case}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"case": await there.case()})


@route("POST /api/v1/cases/{case}/settle")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"case": await there.case()}, {"settlement": "查清"}, spends=("case",))


@route("POST /api/v1/cases/{case}/assign")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"case": await there.case()}, {"owner_role": "statistician"})


# --- the desk: pick lists, work put aside, hints -------------------------------------------------------------


async def _pick(there: Side) -> str:
    async def make() -> Any:
        return await there.do("keeper", "POST", "/api/v1/picks", await _pick_body(there))

    return str((await there.once("pick", make))["pick"])


async def _pick_body(there: Side) -> Any:
    await there.lot()
    return {"site": there.site, "name": there.mark, "wanted": [{"item": "ZP-0001", "quantity": 3}]}


async def _aside(there: Side) -> str:
    async def make() -> Any:
        return await there.do("keeper", "POST", "/api/v1/desk/asides", _aside_body(there))

    return str((await there.once("aside", make))["aside"])


def _aside_body(there: Side) -> Any:
    return {"site": there.site, "kind": "receive", "name": there.mark, "content": {"mode": "receive"}}


plain("GET /api/v1/picks", "GET /api/v1/desk/asides", "GET /picks", "GET /picks/new", "GET /care")
plain("GET /care/export.csv", "GET /care/export.xlsx")
for _list in ("items", "deliveries", "papers", "cases", "sites"):
    plain(f"GET /{_list}/export.csv", f"GET /{_list}/export.xlsx")


@route("GET /picks/{pick}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"pick": await _pick(there)})


@route("GET /api/v1/picks @site")
async def _(home: Side, there: Side) -> Ask:
    await _pick(there)
    return Ask(query={"site": there.site})


@route("POST /api/v1/picks")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=await _pick_body(there))


@route("GET /api/v1/picks/{pick}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"pick": await _pick(there)})


@route("GET /api/v1/picks/{pick}/paper")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"pick": await _pick(there)})


@route("POST /api/v1/picks/{pick}/lines/{line}/short")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"pick": await _pick(there), "line": 1}, {"quantity": 1, "note": "少一顶"}, spends=("pick",))


@route("POST /api/v1/picks/{pick}/close")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"pick": await _pick(there)}, spends=("pick",))


@route("POST /api/v1/picks/{pick}/cancel")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"pick": await _pick(there)}, spends=("pick",))


@route("POST /api/v1/desk/asides")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=_aside_body(there), spends=("aside",))


@route("POST /api/v1/desk/asides/{aside}/take-up")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"aside": await _aside(there)}, spends=("aside",))


@route("DELETE /api/v1/desk/asides/{aside}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"aside": await _aside(there)}, spends=("aside",))


@route("GET /api/v1/desk/put-away-hints")
async def _(home: Side, there: Side) -> Ask:
    return Ask(query={"site": there.site, "lot": await there.lot(), "quantity": 1})


# own places, the others' goods: nothing may be told about these

for _verb, _more in (
    ("issue", {}),
    ("move", {"to_bin": 1}),
    ("inspect", {"to_condition": "frozen"}),
    ("return", {}),
    ("send-back", {}),
):

    @route(f"POST /api/v1/stock/{_verb} @foreign lot")
    async def _(home: Side, there: Side, verb: str = _verb, more: Any = _more) -> Ask:
        more = {name: home.bins[value] if name == "to_bin" else value for name, value in more.items()}
        line = {"lot": await there.lot(), "quantity": 1, "bin": home.bins[0], **more}
        body = {"lines": [line]} | ({"note": "原因"} if verb in ("inspect", "send-back") else {})
        return Ask(body=body)


@route("GET /api/v1/stock/balances @foreign lot")
async def _(home: Side, there: Side) -> Ask:
    return Ask(query={"lot": await there.lot()})


@route("POST /api/v1/stock/reserve @foreign lot")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={**await home.reserve_body(), "lot": await there.lot()})


@route("POST /api/v1/papers @foreign lot")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"kind": "shelf-card", "bin": home.bins[0], "lot": await there.lot()})


# --- scans: always 200 for who may read stock; the outcome is in the body -----------------------------------


def _scan(home: Side, raw: str, mode: str, site: str, **more: Any) -> Any:
    return {"scans": [{"id": str(uuid4()), "raw": raw, "mode": mode, "site": site, **more}]}


@route("POST /api/v1/scans")
async def _(home: Side, there: Side) -> Ask:
    code = write_own(OwnKind.LOT, await there.lot())
    return Ask(body=_scan(home, code, "issue", there.site, bin=there.bins[0], reason="用"))


for _mode in ("look-up", "issue", "move", "put-away", "receive"):

    @route(f"POST /api/v1/scans @{_mode} foreign lot")
    async def _(home: Side, there: Side, mode: str = _mode) -> Ask:
        # The matrix fills the bin; it is about rights, not about room.
        more = (
            {"bin": home.bins[0], "to_bin": home.bins[1], "quantity": 1, "reason": "用", "answers": {"room": True}}
            if mode != "look-up"
            else {}
        )
        lot = await (there.stray() if mode == "receive" else there.lot())
        return Ask(body=_scan(home, write_own(OwnKind.LOT, lot), mode, home.site, **more))


@route("POST /api/v1/scans @look-up foreign serial")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=_scan(home, write_own(OwnKind.SERIAL, await there.serial()), "look-up", home.site))


@route("POST /api/v1/scans @issue foreign serial")
async def _(home: Side, there: Side) -> Ask:
    return Ask(
        body=_scan(home, write_own(OwnKind.SERIAL, await there.serial()), "issue", home.site), spends=("serial",)
    )


@route("POST /api/v1/scans @look-up foreign pallet")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=_scan(home, write_own(OwnKind.PALLET, await there.pallet()), "look-up", home.site))


@route("POST /api/v1/scans @issue foreign pallet")
async def _(home: Side, there: Side) -> Ask:
    return Ask(
        body=_scan(home, write_own(OwnKind.PALLET, await there.pallet()), "issue", home.site), spends=("pallet",)
    )


@route("POST /api/v1/scans @look-up foreign bin")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=_scan(home, write_own(OwnKind.BIN, there.bins[0]), "look-up", home.site))


@route("POST /api/v1/scans @look-up foreign site")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=_scan(home, write_own(OwnKind.SITE, there.site), "look-up", home.site))


@route("POST /api/v1/scans @look-up foreign delivery")
async def _(home: Side, there: Side) -> Ask:
    found = await there.delivery("announced")
    number = await db.fetch_value("SELECT number FROM delivery WHERE id = $1", found)
    return Ask(body=_scan(home, write_own(OwnKind.DOCUMENT, number.replace("-", "")), "look-up", home.site))


@route("POST /api/v1/scans @receive foreign delivery")
async def _(home: Side, there: Side) -> Ask:
    document = {"kind": "delivery", "id": await there.delivery("receiving"), "line": 1}
    code = write_own(OwnKind.LOT, await home.lot())
    return Ask(body=_scan(home, code, "receive", home.site, document=document))


@route("POST /api/v1/scans @issue item of others")
async def _(home: Side, there: Side) -> Ask:
    item = {"in": "ZP-0002", "out": "ZP-0003"}[there.where]
    await there.once("other goods", lambda: there._receive(item, 50_000))
    raw = write_own(OwnKind.ITEM, item.replace("-", ""))
    return Ask(body=_scan(home, raw, "issue", home.site, quantity=1))


@route("GET /api/v1/scans @site")
async def _(home: Side, there: Side) -> Ask:
    return Ask(query={"site": there.site, "mine": "false"})


# --- counts -----------------------------------------------------------------------------------------------

plain("GET /api/v1/counts", "GET /counts", "GET /counts/new", "GET /counts/sheet")


@route("GET /api/v1/counts @site")
async def _(home: Side, there: Side) -> Ask:
    return Ask(query={"site": there.site})


@route("GET /api/v1/counts/plan")
async def _(home: Side, there: Side) -> Ask:
    return Ask(query={"site": there.site})


async def _bin(there: Side) -> str:
    """A bin of its own for a count: no bin is in two."""
    key = fresh("PD")
    await db.execute(
        "INSERT INTO place (uuid, kind, site_id, zone_id, code, key, sort_key) SELECT gen_random_uuid(), 'bin', s.id,"
        " (SELECT min(id) FROM zone WHERE site_id = s.id), $2, $2, $2 FROM site s WHERE s.code = $1",
        there.site,
        key,
    )
    return key


async def _count(there: Side, status: str) -> dict[str, Any]:
    """A count of one bin, planned by the statistician: draft, waiting, begun (by the keeper), review."""

    async def make() -> Any:
        key = await _bin(there)
        body = {"site": there.site, "bins": [f"{there.site}/{key}"], "note": there.mark, "begin": status != "draft"}
        made = await there.do("statistician", "POST", "/api/v1/counts", body)
        there.secrets.add(made["number"])
        steps = {"begun": ("begin",), "review": ("begin", "finish")}.get(status, ())
        for verb in steps:
            told = {"empty": True} if verb == "finish" else None
            await there.do("keeper", "POST", f"/api/v1/counts/{made['count']}/bins/{key}/{verb}", told)
        return {"count": made["count"], "bin_ref": key}

    return dict(await there.once(f"count {status}", make))


@route("POST /api/v1/counts")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"site": there.site, "bins": [f"{there.site}/{await _bin(there)}"], "note": there.mark})


@route("GET /api/v1/counts/{count}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"count": (await _count(there, "begun"))["count"]})


for _verb, _status, _told in (
    ("start", "draft", None),
    ("cancel", "draft", {"reason": "x"}),
    ("post", "review", None),
    ("approve", "review", None),
    ("send-back", "review", {}),
):

    @route(f"POST /api/v1/counts/{{count}}/{_verb}")
    async def _(home: Side, there: Side, status: str = _status, told: Any = _told, verb: str = _verb) -> Ask:
        found = await _count(there, status)
        body = {"bins": [found["bin_ref"]]} if verb == "send-back" else told
        return Ask({"count": found["count"]}, body, spends=(f"count {status}",))


@route("POST /api/v1/counts/{count}/explain")
async def _(home: Side, there: Side) -> Ask:
    found = await _count(there, "review")
    line = {"bin": found["bin_ref"], "lot": await there.lot(), "reason": "loss"}
    return Ask({"count": found["count"]}, {"lines": [line]})


for _verb, _status, _told in (
    ("begin", "waiting", None),
    ("enter", "begun", {"quantity": 3, "words": "x"}),
    ("take-out", "begun", {"line": 1}),
    ("finish", "begun", {"empty": True}),
    ("leave", "begun", None),
):

    @route(f"POST /api/v1/counts/{{count}}/bins/{{bin_ref}}/{_verb}")
    async def _(home: Side, there: Side, status: str = _status, told: Any = _told) -> Ask:
        return Ask(await _count(there, status), told, spends=("count begun", "count waiting"))


for _page in ("", "/do", "/state", "/result.csv", "/result.xlsx"):

    @route(f"GET /counts/{{count_id}}{_page}")
    async def _(home: Side, there: Side, page: str = _page) -> Ask:
        found = await _count(there, "review" if page.startswith("/result") else "begun")
        return Ask({"count_id": found["count"]})


for _kind in ("count-sheet", "count-report"):

    @route(f"POST /api/v1/papers @{_kind}")
    async def _(home: Side, there: Side, kind: str = _kind) -> Ask:
        found = await _count(there, "waiting" if kind == "count-sheet" else "review")
        return Ask(body={"kind": kind, "count": found["count"]})


@route("POST /api/v1/scans @count")
async def _(home: Side, there: Side) -> Ask:
    found = await _count(there, "waiting")
    return Ask(
        body=_scan(home, write_own(OwnKind.BIN, found["bin_ref"]), "count", there.site), spends=("count waiting",)
    )


async def _line_code(there: Side) -> str:
    found = await _count(there, "waiting")
    key = await db.fetch_value(
        "INSERT INTO stocktake_sheet_line (code, stocktake_id, place_id, sheet, line)"
        " SELECT lpad(nextval('stocktake_sheet_code')::text, 6, '0'), b.stocktake_id, b.place_id, gen_random_uuid(), 1"
        " FROM stocktake_bin b WHERE b.stocktake_id = $1::uuid RETURNING code",
        found["count"],
    )
    return own_text(OwnKind.COUNT_LINE, key)


@route("GET /api/v1/counts/sheet-lines/{line_code}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"line_code": await _line_code(there)})


@route("POST /api/v1/counts/sheet-lines/{line_code}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"line_code": await _line_code(there)}, {"quantity": 1, "words": "x"}, spends=("count waiting",))


# --- deliveries, papers, labels ---------------------------------------------------------------------------


@route("POST /api/v1/deliveries")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=there.delivery_body())


@route("GET /api/v1/deliveries/{delivery}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"delivery": await there.delivery("announced")})


@route("PUT /api/v1/deliveries/{delivery}")
async def _(home: Side, there: Side) -> Ask:
    found = await there.delivery("draft")
    headers = await there.version(f"/api/v1/deliveries/{found}", "keeper")
    return Ask({"delivery": found}, {"note_number": there.mark}, headers=headers)


for _verb, _status in (("announce", "draft"), ("start", "announced"), ("cancel", "announced"), ("close", "receiving")):

    @route(f"POST /api/v1/deliveries/{{delivery}}/{_verb}")
    async def _(home: Side, there: Side, status: str = _status) -> Ask:
        return Ask({"delivery": await there.delivery(status)}, spends=(f"delivery {status}",))


@route("POST /api/v1/deliveries/{delivery}/lines/{line}/refuse")
async def _(home: Side, there: Side) -> Ask:
    found = await there.delivery("receiving")
    return Ask({"delivery": found, "line": 1}, {"quantity": 1, "reason": "damaged"}, spends=("delivery receiving",))


@route("POST /api/v1/deliveries/{delivery}/strays")
async def _(home: Side, there: Side) -> Ask:
    found = await there.delivery("receiving")
    return Ask({"delivery": found}, {"what": "雨衣", "quantity": 2}, spends=("delivery receiving",))


@route("POST /api/v1/papers")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=await there.paper_body())


@route("POST /api/v1/papers @ledger sheet")
async def _(home: Side, there: Side) -> Ask:
    body = {"kind": "ledger-sheet", "site": there.site, "item": "ZP-0001", "start": _day(-30), "end": _day(0)}
    return Ask(body=body)


@route("POST /api/v1/papers @receipt slip")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"kind": "receipt-slip", "attempt": await there.received()}, spends=("received",))


@route("GET /api/v1/papers/{paper}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"paper": await there.paper()})


@route("POST /api/v1/papers/{paper}/void")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"paper": await there.paper()}, {"reason": "填错"}, spends=("paper",))


@route("POST /api/v1/labels")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"kind": "lot", "ids": [await there.lot()], "format": "zpl", "layout": "roll-70x50"})


@route("POST /api/v1/labels @bin")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"kind": "bin", "ids": [there.bins[0]], "format": "zpl", "layout": "roll-70x50"})


@route("POST /api/v1/labels @delivery")
async def _(home: Side, there: Side) -> Ask:
    number = await db.fetch_value("SELECT number FROM delivery WHERE id = $1", await there.delivery("announced"))
    return Ask(body={"kind": "document", "ids": [number], "format": "zpl", "layout": "roll-100x70"})


# --- pages ------------------------------------------------------------------------------------------------


@route("GET /bins/{key}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"key": there.bins[0]})


@route("GET /deliveries/{delivery_id}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"delivery_id": await there.delivery("announced")})


@route("GET /deliveries/{delivery_id}/counter")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"delivery_id": await there.delivery("announced")})


@route("GET /items/{key}", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    await there.lot()
    return Ask({"key": "ZP-0001"})


@route("GET /lots/{number}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"number": await there.lot()})


@route("GET /pallets/{number}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"number": await there.pallet()})


@route("GET /serials/{number}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"number": await there.serial()})


@route("GET /stock @site")
async def _(home: Side, there: Side) -> Ask:
    return Ask(query={"site": there.site})


@route("GET /deliveries @site")
async def _(home: Side, there: Side) -> Ask:
    return Ask(query={"site": there.site})


# --- parameters -------------------------------------------------------------------------------------------

plain("GET /api/v1/parameters")


@route("GET /api/v1/parameters/{key}", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask({"key": "label.layout"})


async def _parameter(there: Side) -> tuple[dict[str, Any], int]:
    version = await db.fetch_value(
        "SELECT v.version FROM parameter_value v JOIN region r ON r.path = v.path"
        " WHERE r.key = $1 AND v.key = 'label.layout'",
        there.town,
    )
    return {"key": "label.layout", "region": there.town}, version or 0


@route("PUT /api/v1/parameters/{key}/regions/{region}")
async def _(home: Side, there: Side) -> Ask:
    path, version = await _parameter(there)
    return Ask(path, {"value": "roll-70x50", "version": version})


@route("POST /api/v1/parameters/{key}/regions/{region}/clear")
async def _(home: Side, there: Side) -> Ask:
    path, version = await _parameter(there)
    return Ask(path, {"version": version})


# --- jobs -------------------------------------------------------------------------------------------------


@route("POST /api/v1/jobs/{name}/run", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask(path={"name": "house.clean-up"})


# --- files ------------------------------------------------------------------------------------------------

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGP8z8DAwMDAxMDAwMDAAAANHQEDasKb6QAAAABJRU5ErkJggg=="


async def _file(there: Side, name: str = "file", *, loose: bool = False) -> str:
    async def make() -> Any:
        body = {"content": PIXEL, "note": there.mark}
        if not loose:
            body["subject"] = {"kind": "lot", "id": await there.lot()}
        return await there.do("keeper", "POST", "/api/v1/files", body)

    return str((await there.once(name, make))["id"])


@route("POST /api/v1/files")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"content": PIXEL, "subject": {"kind": "lot", "id": await there.lot()}})


@route("GET /api/v1/files")
async def _(home: Side, there: Side) -> Ask:
    await _file(there)
    return Ask(query={"kind": "lot", "id": await there.lot()})


@route("GET /api/v1/files/{file}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"file": await _file(there)})


@route("GET /api/v1/files/{file}/thumbnail")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"file": await _file(there)})


@route("GET /api/v1/files/{file}/facts")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"file": await _file(there)})


@route("POST /api/v1/files/attach")
async def _(home: Side, there: Side) -> Ask:
    subject = {"kind": "lot", "id": await there.lot()}
    return Ask(
        body={"files": [await _file(there, "loose file", loose=True)], "subject": subject}, spends=("loose file",)
    )


@route("POST /api/v1/files/{file}/retire")
async def _(home: Side, there: Side) -> Ask:
    body = {"reason": "wrong lot", "version": 1}
    return Ask({"file": await _file(there, "file to retire")}, body, spends=("file to retire",))


# --- second factors, first start, rights ------------------------------------------------------------------

plain("GET /api/v1/me/second-factor", "GET /api/v1/locks", "GET /api/v1/accounts/surplus")
plain("GET /api/v1/me/deputies", "GET /deputies")


@route("POST /api/v1/me/deputies", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    day = "2099-01-01"
    return Ask(body={"login": "nobody.here", "begins_on": day, "ends_on": day})


@route("POST /api/v1/me/deputies/{deputy}/end", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask({"deputy": uuid4()})


@route("POST /api/v1/first-start", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    one = {"login": "first.one", "name_zh": "某人", "password": "First-one-9"}
    body = {"code": "AAAAA-AAAAA", "city_key": "x", "city_zh": "某市", "system": one, "security": one, "audit": one}
    return Ask(body=body)


@route("POST /api/v1/me/second-factor", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"password": "wrong"})


@route("POST /api/v1/me/second-factor/confirm", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"code": "000000"})


@route("POST /api/v1/me/second-factor/recovery-codes", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    await db.execute("DELETE FROM login_failure")
    return Ask(body={"code": "000000"})


@route("POST /api/v1/people/{person}/second-factor/reset")
async def _(home: Side, there: Side) -> Ask:
    person = await there.person()
    await db.execute(
        "INSERT INTO second_factor (person_id, secret, begun_at, confirmed_at) SELECT id, 'x', now(), now() FROM person"
        " WHERE uuid = $1 ON CONFLICT (person_id) DO UPDATE SET secret = 'x', confirmed_at = now()",
        person,
    )
    return Ask({"person": person})


@route("GET /api/v1/people/{person}/rights")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"person": there.people["keeper"]})


@route("GET /api/v1/rights")
async def _(home: Side, there: Side) -> Ask:
    return Ask(query={"permission": "stock.issue", "site": there.site})


# --- the administrators' desks ----------------------------------------------------------------------------

plain("GET /second-factor", "GET /first-start", "GET /admin", "GET /admin/settings", "GET /admin/parameters")
plain("GET /admin/people", "GET /admin/rights", "GET /admin/tokens", "GET /admin/sessions", "GET /admin/locks")
plain("GET /admin/accounts", "GET /admin/audit", "GET /admin/anchors")


@route("GET /admin/people/{person_id}")
async def _(home: Side, there: Side) -> Ask:
    return Ask(path={"person_id": there.people["keeper"]})


@route("GET /admin/parameters/{key}", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask(path={"key": "label.layout"})


# --- imports ----------------------------------------------------------------------------------------------

plain("GET /api/v1/imports", "GET /imports", "GET /imports/new")


def _listing(there: Side) -> str:
    """One row of goods, in CSV, as base64; another batch each time."""
    rows = f"物资编号,单位,数量,生产批号\nZP-0003,顶,3,{fresh('M')}\n"
    return base64.b64encode(rows.encode()).decode()


def _upload(there: Side) -> dict[str, Any]:
    return {"kind": "stock", "name": f"{there.mark}.csv", "content": _listing(there), "site": there.site}


async def _import(there: Side) -> str:
    made = await there.do("keeper", "POST", "/api/v1/imports", _upload(there))
    return str(made["id"])


@route("POST /api/v1/imports")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=_upload(there))


@route("GET /api/v1/imports/templates/{kind}", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask(path={"kind": "stock"})


for _path in ("", "/rows", "/file"):

    @route(f"GET /api/v1/imports/{{import_id}}{_path}")
    async def _(home: Side, there: Side) -> Ask:
        return Ask(path={"import_id": await there.once("import", lambda: _import(there))})


for _path in ("", "/progress", "/columns", "/verdicts.xlsx", "/verdicts.csv"):

    @route(f"GET /imports/{{import_id}}{_path}")
    async def _(home: Side, there: Side) -> Ask:
        return Ask(path={"import_id": await there.once("import", lambda: _import(there))})


@route("POST /api/v1/imports/{import_id}/mapping")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"import_id": await _import(there)}, {"sheets": {"x": {"use": True}}})


@route("POST /api/v1/imports/{import_id}/answers")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"import_id": await _import(there)}, {"answers": {"about|": "take"}})


for _verb in ("read", "apply", "withdraw"):

    @route(f"POST /api/v1/imports/{{import_id}}/{_verb}")
    async def _(home: Side, there: Side) -> Ask:
        return Ask({"import_id": await _import(there)})


@route("DELETE /api/v1/imports/{import_id}/file")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"import_id": await _import(there)})


# --- seeing stock -------------------------------------------------------------------------------------------

plain("GET /api/v1/views", "GET /sites", "GET /search")


@route("GET /api/v1/search")
async def _(home: Side, there: Side) -> Ask:
    return Ask(query={"q": await there.lot(), "stay": "yes"})


@route("GET /sites/{code}/bins.csv")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"code": there.site})


@route("GET /sites/{code}/bins.xlsx")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"code": there.site})


@route("GET /sites/{code}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"code": there.site})


async def _view(there: Side) -> Any:
    async def make() -> Any:
        body = {"list": "stock", "name": fresh("view "), "query": "by=item"}
        return await there.do("keeper", "POST", "/api/v1/views", body)

    return (await there.once("view", make))["id"]


@route("POST /api/v1/views", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"list": "stock", "name": fresh("view "), "query": "by=item&site=TN01"})


@route("PUT /api/v1/views/{view}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"view": await _view(there)}, {"name": fresh("view "), "shared": False, "version": 1}, spends=("view",))


@route("DELETE /api/v1/views/{view}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"view": await _view(there)}, query={"version": 1}, spends=("view",))


plain("GET /admin/parties", "GET /admin/regions", "GET /admin/sites", "GET /admin/dictionaries")
plain("GET /admin/layouts", "GET /admin/jobs")


@route("GET /admin/parties/{key}")
async def _(home: Side, there: Side) -> Ask:
    return Ask(path={"key": await there.party()})


@route("GET /admin/regions/{key}", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask(path={"key": home.region})


@route("GET /admin/sites/{code}")
async def _(home: Side, there: Side) -> Ask:
    return Ask(path={"code": there.site})


plain("GET /admin/audit/chain", "GET /glossary")
# --- norms --------------------------------------------------------------------------------------------------

plain("GET /items/new", "GET /items/unknown-codes")
plain("GET /api/v1/norms", "GET /norms", "GET /norms/new", "GET /norms/why")
plain("GET /norms/export.csv", "GET /norms/export.xlsx", "GET /norms/import", "GET /norms/import/template.xlsx")


def _norm_body(there: Side) -> dict[str, Any]:
    return {"region": there.region, "item": "PC-0017", "minimum": 5, "source": there.mark, "valid_from": _fresh_day()}


def _fresh_day() -> str:
    return _day(int(fresh("")) % 30_000 + 1)  # two norms of one start would be a tie


async def _norm(there: Side) -> Any:
    async def make() -> Any:
        return (await there.do("planner", "POST", "/api/v1/norms", _norm_body(there)))["id"]

    return await there.once("norm", make)


@route("POST /api/v1/norms")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=_norm_body(there))


@route("POST /api/v1/norms/preview")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=_norm_body(there))


def _norm_file(there: Side) -> dict[str, Any]:
    """One row, whose place decides who may set it; the other rights see what it would do, row by row."""
    text = f"Key,Item or class,Minimum,In force from,Source\n{there.region},PC-0017,5,{_fresh_day()},{there.mark}\n"
    return {"name": "norms.csv", "content": base64.b64encode(text.encode()).decode()}


@route("POST /api/v1/norms/import/check", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=_norm_file(home))


@route("POST /api/v1/norms/import")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={**_norm_file(there), "agreed": [{"row": 2}]})


@route("GET /api/v1/norms/why")
async def _(home: Side, there: Side) -> Ask:
    return Ask(query={"region": there.region, "item": "PC-0017"})


@route("GET /api/v1/norms/requirements")
async def _(home: Side, there: Side) -> Ask:
    return Ask(query={"region": there.region})


@route("GET /api/v1/norms/{norm}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"norm": await _norm(there)})


@route("GET /norms/{norm_id}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"norm_id": await _norm(there)})


@route("PUT /api/v1/norms/{norm}")
async def _(home: Side, there: Side) -> Ask:
    norm = await _norm(there)
    headers = await there.version(f"/api/v1/norms/{norm}", "planner")
    return Ask({"norm": norm}, {"minimum": 6, "source": there.mark, "valid_from": _fresh_day()}, headers=headers)


@route("POST /api/v1/norms/{norm}/retire")
async def _(home: Side, there: Side) -> Ask:
    norm = await _norm(there)
    headers = await there.version(f"/api/v1/norms/{norm}", "planner")
    return Ask({"norm": norm}, headers=headers, spends=("norm",))


# --- commitments --------------------------------------------------------------------------------------------

plain("GET /api/v1/commitments", "GET /api/v1/commitments/ending", "GET /commitments", "GET /commitments/new")
plain("GET /commitments/export.csv", "GET /commitments/export.xlsx")


def _commitment_said(there: Side) -> dict[str, Any]:
    return {
        "number": fresh(there.mark),
        "quantity": 1000,
        "response_hours": 6,
        "confidence": 80,
        "valid_to": _day(300),
        "source": there.mark,
    }


async def _commitment_body(there: Side) -> dict[str, Any]:
    goods = {"region": there.region, "party": await there.party(), "item": "PC-0017"}
    return {**goods, **_commitment_said(there)}


async def _commitment(there: Side, status: str = "in_force") -> Any:
    async def make() -> Any:
        body = {**await _commitment_body(there), "sign": status != "draft"}
        made = await there.do("planner", "POST", "/api/v1/commitments", body)
        if status == "suspended":
            await there.do("planner", "POST", f"/api/v1/commitments/{made['id']}/suspend")
        return made["id"]

    return await there.once(f"commitment {status}", make)


async def _drill(there: Side) -> dict[str, Any]:
    one = await _commitment(there, "drilled")

    async def make() -> Any:
        body = {"on": _day(-1), "asked": 10, "shown": 5, "hours": 2}
        await there.do("planner", "POST", f"/api/v1/commitments/{one}/drills", body)
        return await db.fetch_value(
            "SELECT id::text FROM commitment_drill WHERE commitment_id = $1 AND withdrawn_at IS NULL", one
        )

    return {"commitment": one, "drill": await there.once("drill", make)}


async def _call_off(there: Side, status: str) -> dict[str, Any]:
    one = await _commitment(there, "called")

    async def make() -> Any:
        body = {"quantity": 1, "reason": there.mark}
        made = await there.do("purchaser", "POST", f"/api/v1/commitments/{one}/call-offs", body)
        there.secrets.add(made["number"])
        if status != "requested":
            voice = {"spoken": True, "spoken_by": there.mark, "spoken_to": there.mark}
            order = voice if status in ("spoken", "filed") else {"order_number": there.mark}
            await there.do("approver", "POST", f"/api/v1/call-offs/{made['id']}/activate", order)
        if status == "filed":
            paper = await _paper_scan(there, there)
            await there.do("approver", "POST", f"/api/v1/call-offs/{made['id']}/paper", paper)
        return made["id"]

    return {"call_off": await there.once(f"call-off {status}", make)}


@route("POST /api/v1/commitments")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=await _commitment_body(there))


@route("GET /api/v1/commitments/promised")
async def _(home: Side, there: Side) -> Ask:
    return Ask(query={"region": there.region})


@route("GET /api/v1/commitments/{commitment}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"commitment": await _commitment(there)})


@route("GET /commitments/{commitment_id}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"commitment_id": await _commitment(there)})


@route("PUT /api/v1/commitments/{commitment}")
async def _(home: Side, there: Side) -> Ask:
    one = await _commitment(there)
    headers = await there.version(f"/api/v1/commitments/{one}", "planner")
    return Ask({"commitment": one}, _commitment_said(there), headers=headers)


for _verb, _status in (("sign", "draft"), ("suspend", "in_force"), ("resume", "suspended"), ("retire", "draft")):

    @route(f"POST /api/v1/commitments/{{commitment}}/{_verb}")
    async def _(home: Side, there: Side, status: str = _status) -> Ask:
        return Ask({"commitment": await _commitment(there, status)}, spends=(f"commitment {status}",))


@route("POST /api/v1/commitments/{commitment}/drills")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"commitment": await _commitment(there)}, {"on": _day(-1), "asked": 10, "shown": 5, "hours": 2})


@route("POST /api/v1/commitments/{commitment}/drills/{drill}/withdraw")
async def _(home: Side, there: Side) -> Ask:
    return Ask(await _drill(there), spends=("drill",))


@route("GET /api/v1/commitments/{commitment}/call-offs")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"commitment": await _commitment(there)})


@route("POST /api/v1/commitments/{commitment}/call-offs")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"commitment": await _commitment(there, "called")}, {"quantity": 1, "reason": there.mark})


@route("GET /api/v1/call-offs/{call_off}")
async def _(home: Side, there: Side) -> Ask:
    return Ask(await _call_off(there, "requested"))


for _verb, _status, _body in (
    ("activate", "requested", {"order_number": "1"}),
    ("arrive", "activated", {"quantity": 1}),
    ("close", "activated", None),
    ("cancel", "requested", None),
):

    @route(f"POST /api/v1/call-offs/{{call_off}}/{_verb}")
    async def _(home: Side, there: Side, status: str = _status, body: Any = _body) -> Ask:
        return Ask(await _call_off(there, status), body, spends=(f"call-off {status}",))


async def _paper_scan(home: Side, there: Side) -> dict[str, Any]:
    """The paper of a spoken call-off."""
    scan = await home.do("approver", "POST", "/api/v1/files", {"content": PIXEL})
    return {"order_number": there.mark, "photos": [scan["id"]]}


@route("POST /api/v1/call-offs/{call_off}/paper")
async def _(home: Side, there: Side) -> Ask:
    return Ask(await _call_off(there, "spoken"), await _paper_scan(home, there), spends=("call-off spoken",))


@route("POST /api/v1/call-offs/{call_off}/check-paper")
async def _(home: Side, there: Side) -> Ask:
    return Ask(await _call_off(there, "filed"), {"agrees": True})


# --- rotation -----------------------------------------------------------------------------------------------

plain(
    "GET /api/v1/rotation/plans",
    "GET /api/v1/rotation/lines",
    "GET /api/v1/rotation/policies",
    "GET /api/v1/rotation/risk",
)
simply("GET /api/v1/rotation/planned", lambda there: _until(), anywhere=True)


async def _until() -> Ask:
    return Ask(query={"until": _day(400)})


async def _due(there: Side) -> Any:
    """A proposed line of goods that end soon."""
    lot = await there._receive("ZP-0001", 20, expires_on=_day(30))
    body = {"region": there.region, "year": int(_day(0)[:4])}
    await there.do("planner", "POST", "/api/v1/rotation/propose", body)
    found = (await there.do("planner", "GET", f"/api/v1/rotation/lines?q={lot}"))["items"][0]
    return {"line": found["id"], "plan": found["plan_id"], "version": found["version"]}


def _chosen(option: str = "use", **more: Any) -> dict[str, Any]:
    return {"option": option, "out_on": _day(1), "quantity": 20, **more}


async def _house(there: Side) -> Any:
    body = {**there.party_body(), "kind": "test_house"}
    await there.do("purchaser", "POST", "/api/v1/parties", body)
    return body["key"]


async def _rotation_line(there: Side, status: str) -> dict[str, Any]:
    """A line of a rotation plan: proposed, approved, tested (sampled, no result yet), carrying, carried."""

    async def make() -> Any:
        made = await _due(there)
        at = f"/api/v1/rotation/lines/{made['line']}"
        tested = status in ("to-sample", "sampled")
        body = _chosen("extend", test_house=await _house(there)) if tested else _chosen()
        headers = {"if-match": f'"{made["version"]}"'}
        await there.do("planner", "PUT", f"{at}/choice", body, **headers)
        if status != "proposed":
            await there.do("approver", "POST", "/api/v1/rotation/approve", {"lines": [made["line"]]})
        take = {"place": there.bins[0], "quantity": 5}
        if status == "sampled":
            await there.do("keeper", "POST", f"{at}/sample", take)
        if status in ("carrying", "carried"):
            await there.do("keeper", "POST", f"{at}/carry-out", take)
        if status == "carried":
            await there.do("keeper", "POST", f"{at}/finish", {"reason": there.mark})
        return made

    return dict(await there.once(f"rotation {status}", make))


@route("POST /api/v1/rotation/propose")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"region": there.region, "year": int(_day(0)[:4])})


@route("GET /api/v1/rotation/plans/{plan}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"plan": (await _rotation_line(there, "proposed"))["plan"]})


@route("GET /api/v1/rotation/plans/{plan}/paper")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"plan": (await _rotation_line(there, "proposed"))["plan"]})


@route("GET /api/v1/rotation/lines/{line}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"line": (await _rotation_line(there, "proposed"))["line"]})


@route("PUT /api/v1/rotation/lines/{line}/choice")
async def _(home: Side, there: Side) -> Ask:
    line = (await _rotation_line(there, "proposed"))["line"]
    headers = await there.version(f"/api/v1/rotation/lines/{line}", "planner")
    return Ask({"line": line}, _chosen(purpose=there.mark), headers=headers)


@route("POST /api/v1/rotation/approve")
async def _(home: Side, there: Side) -> Ask:
    line = (await _rotation_line(there, "proposed"))["line"]
    return Ask(body={"lines": [line]}, spends=("rotation proposed",))


for _verb, _status, _told in (
    ("gap", "proposed", {"months": 2, "reason": "x"}),
    ("withdraw", "proposed", {"reason": "x"}),
    ("send-back", "approved", {"reason": "x"}),
    ("test", "sampled", {"passed": False, "on": _day(-1), "report": "R-1"}),
    ("finish", "carrying", {"reason": "x"}),
    ("settle", "carried", {"income_fen": 0, "paid_fen": 100, "proof": "x"}),
):

    @route(f"POST /api/v1/rotation/lines/{{line}}/{_verb}")
    async def _(home: Side, there: Side, status: str = _status, told: Any = _told) -> Ask:
        return Ask({"line": (await _rotation_line(there, status))["line"]}, told, spends=(f"rotation {status}",))


for _verb, _status in (("sample", "to-sample"), ("carry-out", "approved")):

    @route(f"POST /api/v1/rotation/lines/{{line}}/{_verb}")
    async def _(home: Side, there: Side, status: str = _status) -> Ask:
        line = (await _rotation_line(there, status))["line"]
        return Ask({"line": line}, {"place": there.bins[0], "quantity": 5}, spends=(f"rotation {status}",))


@route("PUT /api/v1/rotation/policies/{class_code}", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask({"class_code": "ZP"}, {"forbids": ["sell"], "source": there.mark})


# --- scenarios ----------------------------------------------------------------------------------------------

plain("GET /api/v1/consumption-norms", "GET /api/v1/scenarios", "GET /consumption", "GET /scenarios")
plain("GET /scenarios/new", "GET /scenarios/compare")


async def _consumption_norm(there: Side) -> Any:
    async def make() -> Any:
        return (await there.do("planner", "POST", "/api/v1/consumption-norms", await _consumption_body(there)))["id"]

    return await there.once("consumption norm", make)


async def _consumption_body(there: Side) -> dict[str, Any]:
    item = (await there.new_item(fresh("consumed")))["key"]
    return {"region": there.region, "item": item, "quantity": 3, "source": there.mark}


def _scenario_said(there: Side) -> dict[str, Any]:
    return {
        "name": there.mark,
        "hazard": "typhoon",
        "day": _day(1),
        "days": 3,
        "areas": [{"region": there.town, "affected": 100, "moved": 50}],
        "uses": [{"item": "PC-0017", "quantity": 1}],
        "note": there.mark,
    }


async def _scenario(there: Side) -> Any:
    async def make() -> Any:
        body = {"region": there.region, **_scenario_said(there)}
        return (await there.do("planner", "POST", "/api/v1/scenarios", body))["id"]

    return await there.once("scenario", make)


@route("POST /api/v1/consumption-norms")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=await _consumption_body(there))


@route("GET /api/v1/consumption-norms/{norm}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"norm": await _consumption_norm(there)})


@route("PUT /api/v1/consumption-norms/{norm}")
async def _(home: Side, there: Side) -> Ask:
    norm = await _consumption_norm(there)
    headers = await there.version(f"/api/v1/consumption-norms/{norm}", "planner")
    return Ask({"norm": norm}, {"quantity": 4, "source": there.mark}, headers=headers)


@route("POST /api/v1/consumption-norms/{norm}/retire")
async def _(home: Side, there: Side) -> Ask:
    norm = await _consumption_norm(there)
    headers = await there.version(f"/api/v1/consumption-norms/{norm}", "planner")
    return Ask({"norm": norm}, headers=headers, spends=("consumption norm",))


@route("POST /api/v1/scenarios")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"region": there.region, **_scenario_said(there)})


for _name in ("GET /api/v1/scenarios/{scenario}", "GET /api/v1/scenarios/{scenario}/paper"):

    @route(_name)
    async def _(home: Side, there: Side) -> Ask:
        return Ask({"scenario": await _scenario(there)})


for _tail in ("", "/export.csv", "/export.xlsx"):

    @route(f"GET /scenarios/{{scenario_id}}{_tail}")
    async def _(home: Side, there: Side) -> Ask:
        return Ask({"scenario_id": await _scenario(there)})


@route("PUT /api/v1/scenarios/{scenario}")
async def _(home: Side, there: Side) -> Ask:
    one = await _scenario(there)
    headers = await there.version(f"/api/v1/scenarios/{one}", "planner")
    return Ask({"scenario": one}, _scenario_said(there), headers=headers)


for _verb in ("work-out", "retire"):

    @route(f"POST /api/v1/scenarios/{{scenario}}/{_verb}")
    async def _(home: Side, there: Side, verb: str = _verb) -> Ask:
        one = await _scenario(there)
        headers = await there.version(f"/api/v1/scenarios/{one}", "planner")
        return Ask({"scenario": one}, headers=headers, spends=("scenario",) if verb == "retire" else ())
# --- alerts -------------------------------------------------------------------------------------------------

plain("GET /api/v1/alerts", "GET /api/v1/alerts/waiting", "GET /alerts", "GET /alerts/why")


async def _alert(there: Side, status: str = "open") -> Any:
    """An alert of a kind that nothing but the nightly check of the books would close."""

    async def make() -> Any:
        return await db.fetch_value(
            "INSERT INTO alert (id, domain, cause, kind, severity, status, region_id, site_id, facts, opened_at,"
            " changed_at) SELECT gen_random_uuid(), 'books', $1, 'ledger-difference', 3, $3, s.region_id, s.id,"
            " jsonb_build_object('differences', jsonb_build_array($1::text), 'left', 1), now(), now()"
            " FROM site s WHERE s.code = $2 RETURNING id",
            there.mark,
            there.site,
            status,
        )

    return str(await there.once(f"alert {status}", make))


@route("GET /api/v1/alerts/stream", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask(query={"follow": "false"})


@route("GET /api/v1/alerts/why")
async def _(home: Side, there: Side) -> Ask:
    return Ask(query={"site": there.site, "item": "ZP-0001"})


@route("GET /api/v1/alerts/{alert}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"alert": await _alert(there)})


@route("GET /alerts/{alert_id}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"alert_id": await _alert(there)})


@route("POST /api/v1/alerts/acknowledge")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"alerts": [await _alert(there)]}, spends=("alert open",))


@route("POST /api/v1/alerts/take")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"alerts": [await _alert(there)], "plan": there.mark}, spends=("alert open",))


@route("POST /api/v1/alerts/put-back")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"alerts": [await _alert(there, "in-hand")]}, spends=("alert in-hand",))


@route("POST /api/v1/alerts/snooze")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"alerts": [await _alert(there)], "until": _day(10), "reason": there.mark})


plain(
    "GET /rotation",
    "GET /rotation/export.csv",
    "GET /rotation/export.xlsx",
    "GET /rotation/work",
    "GET /rotation/calendar",
    "GET /rotation/risk",
    "GET /rotation/policies",
)


@route("GET /rotation/plans/{plan_id}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"plan_id": (await _rotation_line(there, "proposed"))["plan"]})


@route("GET /rotation/lines/{line_id}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"line_id": (await _rotation_line(there, "proposed"))["line"]})


# --- anchors of lower houses ----------------------------------------------------------------------------------


@route("POST /api/v1/anchors", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    line = (
        f'{{"position":{int(fresh(""))},"audit_seq":9,"mac":"{"ab" * 32}","digest":"{"cd" * 32}",'
        '"at":"2026-11-26T09:00:00+00:00"}'
    )
    return Ask(body=trail.signed("a lower house", line))


for _what in ("GET /api/v1/anchors/{house}", "GET /api/v1/anchors/{house}/file"):

    @route(_what, anywhere=True)
    async def _(home: Side, there: Side) -> Ask:
        return Ask({"house": "ab" * 32})


@route("POST /api/v1/anchors/{house}/compare", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask({"house": "ab" * 32}, {"content": "e30="})


# --- label stock ----------------------------------------------------------------------------------------------

STOCK = {
    "name_zh": "标签纸",
    "label_width": 60,
    "label_height": 40,
    "page_width": 210,
    "page_height": 297,
    "columns": 3,
}


@route("POST /api/v1/labels/layouts", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"name": fresh("stock-"), **STOCK})


@route("PUT /api/v1/labels/layouts/{layout}", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask({"layout": "stock-00000"}, STOCK, headers={"if-match": '"1"'})


@route("POST /api/v1/labels/layouts/{layout}/retire", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask({"layout": "stock-00000"}, headers={"if-match": '"1"'})


@route("GET /api/v1/labels/sample", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask(query={"layout": "roll-70x50"})


@route("GET /admin/layouts/{name}", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask({"name": "roll-70x50"})


# --- incidents and needs ----------------------------------------------------------------------------------------------

plain("GET /api/v1/incidents", "GET /incidents", "GET /incidents/new")


def _incident_said(there: Side) -> dict[str, Any]:
    return {"name": fresh(there.mark), "hazard": "typhoon", "place": there.mark}


async def _incident(there: Side, status: str = "active") -> Any:
    async def make() -> Any:
        made = await there.do(
            "approver", "POST", "/api/v1/incidents", {**_incident_said(there), "region": there.region}
        )
        if status != "active":
            await there.do("approver", "POST", f"/api/v1/incidents/{made['id']}/end", {"reason": there.mark})
        there.secrets.add(made["number"])
        return made["id"]

    return await there.once(f"incident {status}", make)


async def _need(there: Side, status: str = "open") -> dict[str, Any]:
    incident = await _incident(there)

    async def make() -> Any:
        body = {"needs": [{"region": there.region, "item": "PC-0017", "quantity": 5, "receiver": there.mark}]}
        made = await there.do("approver", "POST", f"/api/v1/incidents/{incident}/needs", body)
        need = made["needs"][0]
        if status == "ended":
            await there.do("approver", "POST", f"/api/v1/needs/{need}/withdraw", {"reason": there.mark})
        return need

    return {"need": await there.once(f"need {status}", make)}


@route("POST /api/v1/incidents")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={**_incident_said(there), "region": there.region})


for _name in ("GET /api/v1/incidents/{incident}", "GET /api/v1/incidents/{incident}/levels"):

    @route(_name)
    async def _(home: Side, there: Side) -> Ask:
        return Ask({"incident": await _incident(there)})


@route("GET /incidents/{incident_id}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"incident_id": await _incident(there)})


@route("PUT /api/v1/incidents/{incident}")
async def _(home: Side, there: Side) -> Ask:
    one = await _incident(there)
    headers = await there.version(f"/api/v1/incidents/{one}", "approver")
    return Ask({"incident": one}, _incident_said(there), headers=headers)


@route("POST /api/v1/incidents/{incident}/level")
async def _(home: Side, there: Side) -> Ask:
    body = {"level": 3, "reason": there.mark}
    return Ask({"incident": await _incident(there)}, body, spends=("incident active", "need open", "need ended"))


for _verb, _status, _body in (
    ("end", "active", {"reason": "1"}),
    ("resume", "ended", None),
    ("close", "ended", {}),
):

    @route(f"POST /api/v1/incidents/{{incident}}/{_verb}")
    async def _(home: Side, there: Side, status: str = _status, body: Any = _body) -> Ask:
        spends = (f"incident {status}", "need open", "need ended")
        return Ask({"incident": await _incident(there, status)}, body, spends=spends)


@route("GET /api/v1/incidents/{incident}/needs")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"incident": await _incident(there)})


@route("POST /api/v1/incidents/{incident}/needs")
async def _(home: Side, there: Side) -> Ask:
    body = {"needs": [{"region": there.region, "item": "PC-0017", "quantity": 5}]}
    return Ask({"incident": await _incident(there)}, body)


@route("GET /api/v1/needs/{need}")
async def _(home: Side, there: Side) -> Ask:
    return Ask(await _need(there))


@route("PUT /api/v1/needs/{need}")
async def _(home: Side, there: Side) -> Ask:
    one = await _need(there)
    headers = await there.version(f"/api/v1/needs/{one['need']}", "approver")
    return Ask(one, {"quantity": 6}, headers=headers)


@route("POST /api/v1/needs/renew")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"needs": [(await _need(there))["need"]]})


for _verb, _status, _body in (
    ("withdraw", "open", {"reason": "1"}),
    ("meet", "open", {"reason": "1"}),
    ("reopen", "ended", None),
):

    @route(f"POST /api/v1/needs/{{need}}/{_verb}")
    async def _(home: Side, there: Side, status: str = _status, body: Any = _body) -> Ask:
        return Ask(await _need(there, status), body, spends=(f"need {status}",))

# --- requisitions and release orders --------------------------------------------------------------------------------

plain("GET /api/v1/requisitions", "GET /requisitions", "GET /requisitions/new", "GET /requisitions/export.csv")
plain("GET /requisitions/export.xlsx", "GET /api/v1/releases", "GET /releases", "GET /releases/export.csv")
plain("GET /releases/export.xlsx")


def _requisition_said(there: Side) -> dict[str, Any]:
    line = {"region": there.region, "item": "ZP-0001", "quantity": 3, "receiver": there.mark}
    return {"reason": there.mark, "upward": False, "lines": [line]}


_STEPS = ("draft", "submitted", "approved", "planned", "sourced", "spoken", "filed")


async def _requisition(there: Side, status: str = "draft") -> Any:
    """A requisition of this district as far as `status`; from `sourced` on with one release order."""

    async def make() -> Any:
        body = {**_requisition_said(there), "region": there.region}
        if status in ("spoken", "filed"):
            grave = {**_incident_said(there), "region": there.region, "level": 2, "reason": there.mark}
            body["incident"] = (await there.do("approver", "POST", "/api/v1/incidents", grave))["id"]
        await there.lot()
        made = {**await there.do("dispatcher", "POST", "/api/v1/requisitions", body), "release": None}
        there.secrets.add(made["number"])
        at = f"/api/v1/requisitions/{made['id']}"
        far = _STEPS.index(status)
        if far >= 1:
            await there.do("dispatcher", "POST", f"{at}/submit")
        if far >= 2:
            await there.do("approver", "POST", f"{at}/approve", {})
        if far >= 3:
            made["plan"] = (await there.do("dispatcher", "POST", f"{at}/plan", {}))["plan"]
        if far >= 4:
            done = await there.do("dispatcher", "POST", f"{at}/accept", {"plan": made["plan"]})
            made["release"] = done["releases"][0]
        if far >= 5:
            said = {"spoken": True, "spoken_by": there.mark, "spoken_to": there.mark}
            await there.do("approver", "POST", f"/api/v1/releases/{made['release']}/release", said)
        if far >= 6:
            scan = await there.do("approver", "POST", "/api/v1/files", {"content": PIXEL})
            paper = {"paper_number": there.mark, "photos": [scan["id"]]}
            await there.do("approver", "POST", f"/api/v1/releases/{made['release']}/paper", paper)
        return made

    return await there.once(f"requisition {status}", make)


@route("POST /api/v1/requisitions")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={**_requisition_said(there), "region": there.region})


for _name in ("GET /api/v1/requisitions/{requisition}", "GET /api/v1/requisitions/{requisition}/plans"):

    @route(_name)
    async def _(home: Side, there: Side) -> Ask:
        return Ask({"requisition": (await _requisition(there, "planned"))["id"]})


@route("GET /requisitions/{requisition_id}/stands")
@route("GET /requisitions/{requisition_id}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"requisition_id": (await _requisition(there, "planned"))["id"]})


@route("PUT /api/v1/requisitions/{requisition}")
async def _(home: Side, there: Side) -> Ask:
    one = (await _requisition(there))["id"]
    headers = await there.version(f"/api/v1/requisitions/{one}", "dispatcher")
    return Ask({"requisition": one}, _requisition_said(there), headers=headers)


for _verb, _status, _body in (
    ("submit", "draft", None),
    ("approve", "submitted", {}),
    ("reject", "submitted", {"reason": "1"}),
    ("amend", "submitted", {"reason": "1"}),
    ("cancel", "draft", {"reason": "1"}),
    ("plan", "approved", {}),
    ("withdraw", "sourced", {"reason": "1"}),
    ("close", "draft", {}),
):

    @route(f"POST /api/v1/requisitions/{{requisition}}/{_verb}")
    async def _(home: Side, there: Side, status: str = _status, body: Any = _body) -> Ask:
        one = (await _requisition(there, status))["id"]
        return Ask({"requisition": one}, body, spends=(f"requisition {status}",))


@route("POST /api/v1/requisitions/{requisition}/accept")
async def _(home: Side, there: Side) -> Ask:
    one = await _requisition(there, "planned")
    return Ask({"requisition": one["id"]}, {"plan": one["plan"]}, spends=("requisition planned",))


for _name in ("GET /api/v1/releases/{release}", "GET /api/v1/releases/{release}/paper"):

    @route(_name)
    async def _(home: Side, there: Side) -> Ask:
        return Ask({"release": (await _requisition(there, "sourced"))["release"]})


@route("GET /api/v1/releases/{release}/transfer")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"release": (await _requisition(there, "sourced"))["release"]})


@route("GET /releases/{release_id}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"release_id": (await _requisition(there, "sourced"))["release"]})


for _verb, _body in (("release", {}), ("refuse", {"reason": "1"}), ("cancel", {"reason": "1"})):

    @route(f"POST /api/v1/releases/{{release}}/{_verb}")
    async def _(home: Side, there: Side, body: Any = _body) -> Ask:
        one = (await _requisition(there, "sourced"))["release"]
        return Ask({"release": one}, body, spends=("requisition sourced",))


@route("POST /api/v1/releases/{release}/recall")
async def _(home: Side, there: Side) -> Ask:
    one = (await _requisition(there, "spoken"))["release"]
    return Ask({"release": one}, {"reason": "1"}, spends=("requisition spoken",))


@route("POST /api/v1/releases/{release}/paper")
async def _(home: Side, there: Side) -> Ask:
    one = (await _requisition(there, "spoken"))["release"]
    scan = await home.do("approver", "POST", "/api/v1/files", {"content": PIXEL})
    body = {"paper_number": there.mark, "photos": [scan["id"]]}
    return Ask({"release": one}, body, spends=("requisition spoken",))


@route("POST /api/v1/releases/{release}/check-paper")
async def _(home: Side, there: Side) -> Ask:
    one = (await _requisition(there, "filed"))["release"]
    return Ask({"release": one}, {"agrees": True})


# --- shortfall ----------------------------------------------------------------------------------------------

plain(
    "GET /shortfall",
    "GET /shortfall/beside",
    "GET /shortfall/headline",
    "GET /shortfall/export.csv",
    "GET /shortfall/export.xlsx",
    "GET /shortfall/export.pdf",
)


@route("GET /api/v1/shortfall")
@route("GET /api/v1/shortfall/totals")
@route("GET /api/v1/shortfall/cover")
async def _(home: Side, there: Side) -> Ask:
    return Ask(query={"region": there.region})


@route("GET /api/v1/shortfall/lots")
@route("GET /shortfall/lots")
async def _(home: Side, there: Side) -> Ask:
    return Ask(query={"region": there.region, "goods": await _needed(there)})


async def _needed(there: Side) -> str:
    """Goods for which the region has a norm today."""

    async def make() -> Any:
        body = {"region": there.region, "item": "PC-0018", "minimum": 5, "source": there.mark}
        await there.do("planner", "POST", "/api/v1/norms", body)
        return "PC-0018"

    return str(await there.once("needed", make))


# --- reports ------------------------------------------------------------------------------------------------

plain("GET /reports", "GET /reports/scheduled", "GET /api/v1/reports/plans", "GET /api/v1/reports/runs")


async def _scheduled(there: Side) -> dict[str, Any]:
    login = await db.fetch_value("SELECT login FROM person WHERE uuid = $1", there.people["planner"])
    return {
        "name": there.mark, "query": f"region={there.region}", "every": "weekly", "day": 1, "recipients": [login],
    }  # fmt: skip


@route("POST /api/v1/reports/plans")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=await _scheduled(there))


@route("DELETE /api/v1/reports/plans/{plan}")
async def _(home: Side, there: Side) -> Ask:
    """A plan is its planner's own."""

    async def make() -> Any:
        planner = there.house.of(there, "planner")
        answer = await there.house.send(planner, "POST", "/api/v1/reports/plans", body=await _scheduled(there))
        return answer.json()["id"]

    plan = await there.once("report plan", make)
    return Ask({"plan": plan}, headers={"If-Match": '"1"'}, spends=("report plan",))


@route("GET /reports/scheduled/{run}/file")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"run": str(uuid4())})


for _report in ("ledger", "value", "slow", "performance", "alerts"):

    @route(f"GET /reports/{_report}")
    @route(f"GET /reports/{_report}.csv")
    @route(f"GET /reports/{_report}.xlsx")
    async def _(home: Side, there: Side) -> Ask:
        return Ask(query={"region": there.region})


@route("GET /api/v1/reports/ledger")
@route("GET /api/v1/reports/value")
@route("GET /api/v1/reports/slow")
@route("GET /api/v1/reports/performance")
@route("GET /api/v1/alerts/history")
async def _(home: Side, there: Side) -> Ask:
    return Ask(query={"region": there.region})


# --- notices ------------------------------------------------------------------------------------------------

plain("GET /api/v1/alerts/subscription", "GET /alerts/subscription", "GET /alerts/channels", "GET /api/v1/notices")
plain("GET /api/v1/notice-channels", "GET /admin/notices")


@route("PUT /api/v1/alerts/subscription", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"mail": "digest", "address": "wang@example.cn", "quiet_from": 1320, "quiet_to": 420})


def _channel_body(there: Side) -> dict[str, Any]:
    return {"name": there.mark, "form": "webhook", "site": there.site, "target": "http://192.0.2.1/", "severity": 3}


async def _channel(there: Side) -> Any:
    async def make() -> Any:
        return (await there.do("planner", "POST", "/api/v1/notice-channels", _channel_body(there)))["id"]

    return await there.once("channel", make)


@route("POST /api/v1/notice-channels")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=_channel_body(there))


@route("PUT /api/v1/notice-channels/{channel}")
async def _(home: Side, there: Side) -> Ask:
    channel = await _channel(there)
    version = await db.fetch_value("SELECT version FROM notice_channel WHERE id = $1::uuid", channel)
    return Ask({"channel": channel}, {"name": there.mark}, headers={"If-Match": f'"{version}"'})


@route("POST /api/v1/notice-channels/{channel}/retire")
async def _(home: Side, there: Side) -> Ask:
    channel = await _channel(there)
    version = await db.fetch_value("SELECT version FROM notice_channel WHERE id = $1::uuid", channel)
    return Ask({"channel": channel}, headers={"If-Match": f'"{version}"'}, spends=("channel",))


@route("POST /api/v1/notices/{notice}/retry", anywhere=True)
async def _(home: Side, there: Side) -> Ask:
    notice = await db.fetch_value(
        "WITH told AS (INSERT INTO alert_event (alert_id, verb, kind, severity, at)"
        " VALUES ($1::uuid, 'opened', 'ledger-difference', 3, now()) RETURNING seq)"
        " INSERT INTO notice (id, event_seq, channel_id, status, next_at, created_at, ended_at)"
        " SELECT gen_random_uuid(), seq, $2::uuid, 'failed', now(), now(), now() FROM told RETURNING id",
        await _alert(there),
        await _channel(there),
    )
    return Ask({"notice": notice})


# --- orders and budgets -------------------------------------------------------------------------------------

plain("GET /api/v1/orders", "GET /api/v1/orders/late", "GET /api/v1/arrivals", "GET /api/v1/budgets")


def _order_body(there: Side) -> dict[str, Any]:
    line = {"item": "ZP-0001", "quantity": 10, "expected_on": _day(30), "why": there.mark}
    return {"kind": "transfer", "site": there.site, "note": there.mark, "lines": [line]}


_AS_FAR = {
    "draft": (),
    "submitted": (("purchaser", "submit", None),),
    "approved": (("purchaser", "submit", None), ("approver", "approve", {})),
    "ordered": (("purchaser", "submit", None), ("approver", "approve", {}), ("purchaser", "issue", None)),
}


async def _order(there: Side, status: str) -> str:
    async def make() -> Any:
        made = await there.do("purchaser", "POST", "/api/v1/orders", _order_body(there))
        for who, verb, body in _AS_FAR[status]:
            await there.do(who, "POST", f"/api/v1/orders/{made['order']}/{verb}", body)
        return made["order"]

    return str(await there.once(f"order {status}", make))


@route("POST /api/v1/orders")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=_order_body(there))


@route("GET /api/v1/orders/{order}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"order": await _order(there, "draft")})


@route("GET /api/v1/orders/{order}/paper")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"order": await _order(there, "draft")})


@route("PUT /api/v1/orders/{order}")
async def _(home: Side, there: Side) -> Ask:
    order = await _order(there, "draft")
    headers = await there.version(f"/api/v1/orders/{order}", "purchaser")
    body = {"kind": "transfer", "site": there.site, "note": there.mark}
    return Ask({"order": order}, body, headers=headers)


for _verb, _status, _body in (
    ("submit", "draft", None),
    ("endorse", "submitted", None),
    ("approve", "submitted", {}),
    ("reject", "submitted", {"reason": "退回"}),
    ("amend", "submitted", {"reason": "变更"}),
    ("issue", "approved", None),
    ("cancel", "draft", {"reason": "不需要"}),
    ("close", "ordered", {"reason": "不来了"}),
    ("deliver", "ordered", {}),
):

    @route(f"POST /api/v1/orders/{{order}}/{_verb}")
    async def _(home: Side, there: Side, status: str = _status, body: Any = _body) -> Ask:
        return Ask({"order": await _order(there, status)}, body, spends=(f"order {status}",))


@route("POST /api/v1/orders/{order}/reschedule")
async def _(home: Side, there: Side) -> Ask:
    body = {"days": [{"line": 1, "expected_on": _day(40)}], "reason": "延期"}
    return Ask({"order": await _order(there, "ordered")}, body)


@route("GET /api/v1/suppliers/{supplier}/record")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"supplier": await there.party()})


def _budget_body(there: Side) -> dict[str, Any]:
    return {"region": there.region, "year": 2027, "fund_source": there.mark, "amount_fen": 100, "source": "unverified"}


async def _budget(there: Side) -> str:
    async def make() -> Any:
        return (await there.do("planner", "POST", "/api/v1/budgets", _budget_body(there)))["id"]

    return str(await there.once("budget", make))


@route("POST /api/v1/budgets")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=_budget_body(there))


@route("GET /api/v1/budgets/{budget}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"budget": await _budget(there)})


@route("PUT /api/v1/budgets/{budget}")
async def _(home: Side, there: Side) -> Ask:
    budget = await _budget(there)
    headers = await there.version(f"/api/v1/budgets/{budget}", "planner")
    return Ask({"budget": budget}, {"amount_fen": 200, "source": there.mark}, headers=headers)


plain("GET /orders", "GET /orders/new", "GET /orders/export.csv", "GET /orders/export.xlsx")
plain("GET /budgets", "GET /budgets/export.csv", "GET /budgets/export.xlsx")


@route("GET /orders/{order_id}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"order_id": await _order(there, "draft")})


@route("GET /orders/{order_id}/edit")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"order_id": await _order(there, "draft")})


@route("GET /suppliers/{key}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"key": await there.party()})


@route("GET /budgets/{budget_id}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"budget_id": await _budget(there)})


# --- proposals ----------------------------------------------------------------------------------------------

plain("GET /api/v1/proposals", "GET /proposals", "GET /proposals/export.csv", "GET /proposals/export.xlsx")


async def _proposal(there: Side) -> str:
    async def make() -> Any:
        key = await db.fetch_value("SELECT id FROM region WHERE key = $1", there.region)
        item = await db.fetch_value("SELECT id FROM item WHERE key = 'ZP-0001'")
        why = {"level": 1, "trigger": 1, "usable": 0, "leaving": 0, "on_order": 0, "planned": 0, "in_transit": 0}
        why |= {"due_back": 0, "missing": 1, "pack": None, "pack_factor": 1, "rounded": 1, "causes": [], "split": ""}
        return await db.fetch_value(
            "INSERT INTO proposal (id, key, part, cause, status, owner_region_id, item_id, site_id, quantity, why,"
            " created_at, changed_at, attempt) SELECT gen_random_uuid(), $3, 1, 'gap', 'open', $1, $2, s.id, 1,"
            " $4::jsonb, now(), now(), gen_random_uuid() FROM site s WHERE s.code = $5 RETURNING id",
            key,
            item,
            fresh("proposal-"),
            json.dumps(why),
            there.site,
        )

    return str(await there.once("proposal", make))


@route("POST /api/v1/proposals/run")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"region": there.town})


@route("POST /api/v1/proposals/order")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"proposals": [await _proposal(there)]}, spends=("proposal",))


@route("POST /api/v1/proposals/{proposal}/dismiss")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"proposal": await _proposal(there)}, {"until": _day(9), "reason": "暂缓"}, spends=("proposal",))


# --- shipments, receiving points, the recovery ledger -----------------------------------------------------------------

plain("GET /board", "GET /board/part", "GET /board/wanted", "GET /board/map", "GET /board/map/part", "GET /tasks/part")
plain("GET /api/v1/shipments", "GET /api/v1/receiving-points", "GET /api/v1/recovery")
plain("GET /shipments", "GET /shipments/new", "GET /receiving-points", "GET /recovery")
plain(
    "GET /shipments/export.csv", "GET /shipments/export.xlsx", "GET /recovery/export.csv", "GET /recovery/export.xlsx"
)


def _vehicle(there: Side) -> dict[str, Any]:
    return {"plate": fresh("苏D"), "driver": there.mark, "phone": there.mark}


async def _quilts(there: Side) -> str:
    return str(await there.once("quilts", lambda: there._receive("BF-0001", 100_000)))


def _point_said(there: Side) -> dict[str, Any]:
    return {"region": there.region, "name": fresh(there.mark), "place": there.mark, "receiver": there.mark}


async def _point(there: Side) -> Any:
    incident = await _incident(there)

    async def make() -> Any:
        body = {**_point_said(there), "incident": incident}
        return (await there.do("keeper", "POST", "/api/v1/receiving-points", body))["id"]

    return await there.once("point", make)


async def _shipment_body(there: Side) -> dict[str, Any]:
    line = {"lot": await _quilts(there), "bin": there.bins[0], "quantity": 10}
    return {"site": there.site, "to_point": await _point(there), "lines": [line], **_vehicle(there)}


_ON_THE_WAY = {
    "prepared": (),
    "part": (("load", {"lines": [{"line": 1, "quantity": 4}]}),),
    "loading": (("load", {"lines": [{"line": 1, "quantity": 10}]}),),
    "on road": (("load", {"lines": [{"line": 1, "quantity": 10}]}), ("depart", {})),
    "received": (
        ("load", {"lines": [{"line": 1, "quantity": 10}]}),
        ("depart", {}),
        ("receive", {"lines": [{"line": 1, "accepted": 9, "reason": "缺一"}], "receiver": "王"}),
    ),
    "there": (
        ("load", {"lines": [{"line": 1, "quantity": 10}]}),
        ("depart", {}),
        ("receive", {"lines": [{"line": 1, "accepted": 10}], "receiver": "王"}),
    ),
}


async def _shipment(there: Side, status: str = "prepared") -> Any:
    body = await _shipment_body(there)

    async def make() -> Any:
        made = await there.do("keeper", "POST", "/api/v1/shipments", body)
        there.secrets.add(made["number"])
        for verb, said in _ON_THE_WAY[status]:
            await there.do("keeper", "POST", f"/api/v1/shipments/{made['id']}/{verb}", said)
        return made["id"]

    return await there.once(f"shipment {status}", make)


async def _release(there: Side) -> Any:
    """A release order that has been given, as requisitions make it."""
    incident, lot = await _incident(there), await _quilts(there)

    async def make() -> Any:
        held = await there.do(
            "dispatcher", "POST", "/api/v1/stock/reserve",
            {"lot": lot, "quantity": 5, "bin": there.bins[0], "expires_at": f"{_day(3)}T00:00:00Z"},
        )  # fmt: skip
        return str(
            await db.fetch_value(
                """
WITH g AS (SELECT id AS region FROM region WHERE key = $1), i AS (SELECT id, item_id FROM lot WHERE number = $2),
r AS (INSERT INTO requisition (id, number, status, region_id, incident_id, reason, authors, created_at, created_by,
    attempt) SELECT gen_random_uuid(), $6, 'released', region, $3::uuid, 'x', '{}', now(), 'x', gen_random_uuid() FROM g
    RETURNING id),
l AS (INSERT INTO requisition_line (id, requisition_id, line, region_id, quantity, item_id, priority)
    SELECT gen_random_uuid(), r.id, 1, region, 5, item_id, 1 FROM r, g, i RETURNING id),
p AS (INSERT INTO sourcing_plan (id, requisition_id, made_at, made_by, state, wishes, content, attempt)
    SELECT gen_random_uuid(), id, now(), 'x', 'accepted', '{}', '{}', gen_random_uuid() FROM r RETURNING id),
o AS (INSERT INTO release_order (id, number, status, requisition_id, plan_id, owner_region_id, site_id, region_id,
    priority, made_at, made_by, released_at, released_by, attempt)
    SELECT gen_random_uuid(), $6, 'released', r.id, p.id, region, s.id, region, 1, now(), 'x', now(), 'x',
    gen_random_uuid() FROM r, p, g, site s WHERE s.code = $4 RETURNING id)
INSERT INTO release_line (id, release_id, line, requisition_line_id, item_id, lot_id, place_id, quantity, covers,
    reservation_id) SELECT gen_random_uuid(), o.id, 1, l.id, i.item_id, i.id, v.place_id, 5, 5, v.id
    FROM o, l, i, reservation v WHERE v.id = $5::uuid RETURNING release_id
""",
                there.region,
                lot,
                incident,
                there.site,
                held["reservation"],
                fresh("DY-"),
            )
        )

    return await there.once("release", make)


@route("POST /api/v1/shipments")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=await _shipment_body(there))


@route("POST /api/v1/releases/{release}/shipments")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"release": await _release(there)}, _vehicle(there), spends=("release",))


@route("POST /api/v1/releases/{release}/finish")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"release": await _release(there)})


for _name in ("", "/reports", "/issue-slip", "/waybill", "/receipt"):

    @route(f"GET /api/v1/shipments/{{shipment}}{_name}")
    async def _(home: Side, there: Side) -> Ask:
        return Ask({"shipment": await _shipment(there)})


for _name in ("", "/receive"):

    @route(f"GET /shipments/{{shipment_id}}{_name}")
    async def _(home: Side, there: Side) -> Ask:
        return Ask({"shipment_id": await _shipment(there)})


@route("PUT /api/v1/shipments/{shipment}")
async def _(home: Side, there: Side) -> Ask:
    one = await _shipment(there)
    headers = await there.version(f"/api/v1/shipments/{one}", "keeper")
    return Ask({"shipment": one}, _vehicle(there), headers=headers)


for _verb, _status, _body in (
    ("load", "prepared", {"lines": [{"line": 1, "quantity": 1}]}),
    ("short", "part", {"line": 1, "quantity": 1, "note": "没有"}),
    ("unload", "part", {"line": 1, "quantity": 1}),
    ("cancel", "prepared", {"reason": "1"}),
    ("depart", "loading", {}),
    ("report", "on road", {"place": "桥"}),
    ("arrive", "on road", None),
    ("receive", "on road", {"lines": [{"line": 1, "accepted": 10}], "receiver": "王"}),
    ("find", "received", {"line": 1, "quantity": 1, "note": "找到"}),
    ("take-back", "received", {"line": 1, "quantity": 1, "note": "退回"}),
    ("write-off", "received", {"line": 1, "quantity": 1, "note": "丢失"}),
    ("close", "received", None),
):

    @route(f"POST /api/v1/shipments/{{shipment}}/{_verb}")
    async def _(home: Side, there: Side, status: str = _status, body: Any = _body) -> Ask:
        return Ask({"shipment": await _shipment(there, status)}, body, spends=(f"shipment {status}",))


@route("POST /api/v1/shipments/{shipment}/redirect")
async def _(home: Side, there: Side) -> Ask:
    body = {"to_site": "CZ01", "reason": there.mark}
    return Ask({"shipment": await _shipment(there, "on road")}, body, spends=("shipment on road",))


@route("POST /api/v1/receiving-points")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={**_point_said(there), "incident": await _incident(there)})


@route("GET /api/v1/receiving-points/{point}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"point": await _point(there)})


@route("GET /receiving-points/{point_id}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"point_id": await _point(there)})


@route("PUT /api/v1/receiving-points/{point}/contact")
async def _(home: Side, there: Side) -> Ask:
    one = await _point(there)
    headers = await there.version(f"/api/v1/receiving-points/{one}", "keeper")
    return Ask({"point": one}, {"receiver": there.mark}, headers=headers)


async def _at_point(there: Side) -> dict[str, Any]:
    """Quilts at the point, enough for one act: every success takes one."""
    await _shipment(there, "there")
    return {"lines": [{"lot": await _quilts(there), "quantity": 1}], "note": "街道"}


for _verb in ("hand-out", "bring-back", "write-off"):

    @route(f"POST /api/v1/receiving-points/{{point}}/{_verb}")
    async def _(home: Side, there: Side, verb: str = _verb) -> Ask:
        body = await _at_point(there)
        more = {"site": there.site} if verb == "bring-back" else {}
        return Ask({"point": await _point(there)}, {**body, **more}, spends=("shipment there",))


async def _duty(there: Side) -> str:
    """What was handed out, drawn up as a duty."""
    return str(await there.once("duty", lambda: _owe(there)))


async def _owe(there: Side) -> str:
    """One piece more is handed out: the duty of the incident grows by it, and is open again if it was closed."""
    incident, body, point = await _incident(there), await _at_point(there), await _point(there)
    await there.do("keeper", "POST", f"/api/v1/receiving-points/{point}/hand-out", body)
    there.subjects.pop("shipment there")
    await there.do("dispatcher", "POST", "/api/v1/recovery/draw-up", {"incident": incident})
    return str(await db.fetch_value("SELECT id FROM recovery_duty WHERE incident_id = $1::uuid", incident))


async def _duty_at(there: Side, *, back: bool) -> str:
    """The duty, open: with something still owed, or with all of it back."""
    duty = await _duty(there)
    owed = (
        "SELECT CASE status WHEN 'open' THEN quantity - coalesce((SELECT sum(f.quantity) FROM recovery_fill f"
        " WHERE f.duty_id = d.id), 0)::bigint ELSE -1 END FROM recovery_duty d WHERE id = $1::uuid"
    )
    rest = await db.fetch_value(owed, duty)
    if rest < (0 if back else 1):
        await _owe(there)
        rest = await db.fetch_value(owed, duty)
    if back and rest > 0:
        filled = {"quantity": rest, "document": await _brought(there)}
        await there.do("dispatcher", "POST", f"/api/v1/recovery/{duty}/fill", filled)
    return duty


async def _brought(there: Side) -> str:
    """A delivery that brought quilts, by its number."""

    async def make() -> str:
        body = {**there.delivery_body(), "lines": [{"item": "BF-0001", "quantity": 100_000}]}
        made = await there.do("keeper", "POST", "/api/v1/deliveries", {**body, "announce": True})
        line = {"item": "BF-0001", "quantity": 100_000, "bin": there.bins[0], "maker_batch": there.mark}
        document = {"kind": "delivery", "id": made["delivery"]}
        await there.do("keeper", "POST", "/api/v1/stock/receive", {"lines": [line], "document": document})
        there.secrets.add(made["number"])
        return str(made["number"])

    return str(await there.once("brought", make))


@route("GET /api/v1/recovery/{duty}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"duty": await _duty(there)})


@route("GET /recovery/{duty_id}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"duty_id": await _duty(there)})


@route("GET /api/v1/incidents/{incident}/report")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"incident": await _incident(there)})


@route("POST /api/v1/recovery/draw-up")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body={"incident": await _incident(there)})


@route("PUT /api/v1/recovery/{duty}")
async def _(home: Side, there: Side) -> Ask:
    one = await _duty(there)
    headers = await there.version(f"/api/v1/recovery/{one}", "dispatcher")
    return Ask({"duty": one}, {"due_on": _day(30), "due_source": "unverified"}, headers=headers)


@route("POST /api/v1/recovery/{duty}/fill")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"duty": await _duty_at(there, back=False)}, {"quantity": 1, "document": await _brought(there)})


@route("POST /api/v1/recovery/{duty}/close")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"duty": await _duty_at(there, back=True)})


# --- vehicles at hand -------------------------------------------------------------------------------------------------

plain(
    "GET /api/v1/vehicles",
    "GET /vehicles",
    "GET /vehicles/new",
    "GET /vehicles/export.csv",
    "GET /vehicles/export.xlsx",
)


def _vehicle_said(there: Side) -> dict[str, Any]:
    return {
        "plate": fresh("WJ"), "odd_plate": True, "kind": "box", "region": there.region, "site": there.site,
        "max_weight_kg": 5000, "max_volume_l": 20000, "driver": there.mark, "phone": there.mark, "note": there.mark,
    }  # fmt: skip


async def _registered(there: Side) -> Any:
    async def make() -> Any:
        made = await there.do("keeper", "POST", "/api/v1/vehicles", _vehicle_said(there))
        there.secrets.add(made["id"])
        return made["id"]

    return await there.once("vehicle", make)


@route("POST /api/v1/vehicles")
async def _(home: Side, there: Side) -> Ask:
    return Ask(body=_vehicle_said(there))


@route("POST /api/v1/vehicles/file")
async def _(home: Side, there: Side) -> Ask:
    head = "车牌,车辆类型,载重（千克）,容积（立方米）,支配区划,停放地,车牌无误"
    text = f"{head}\n{fresh('WJ')},van,900,4,{there.region},{there.site},yes"
    return Ask(body={"name": "a.csv", "content": base64.b64encode(text.encode()).decode()})


@route("GET /api/v1/vehicles/{vehicle}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"vehicle": await _registered(there)})


@route("GET /vehicles/{vehicle_id}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"vehicle_id": await _registered(there)})


@route("PUT /api/v1/vehicles/{vehicle}")
async def _(home: Side, there: Side) -> Ask:
    one = await _registered(there)
    headers = await there.version(f"/api/v1/vehicles/{one}", "keeper")
    return Ask({"vehicle": one}, _vehicle_said(there), headers=headers)


@route("DELETE /api/v1/vehicles/{vehicle}")
async def _(home: Side, there: Side) -> Ask:
    one = await _registered(there)
    headers = await there.version(f"/api/v1/vehicles/{one}", "keeper")
    return Ask({"vehicle": one}, headers=headers, spends=("vehicle",))


@route("POST /api/v1/vehicles/{vehicle}/restore")
async def _(home: Side, there: Side) -> Ask:
    one = await _registered(there)
    headers = await there.version(f"/api/v1/vehicles/{one}", "keeper")
    return Ask({"vehicle": one}, headers=headers)


# --- ways by road -------------------------------------------------------------------------------------------------

plain("GET /api/v1/roads", "GET /admin/roads", "GET /admin/roads/export.csv", "GET /admin/roads/export.xlsx")


@route("POST /api/v1/roads")
async def _(home: Side, there: Side) -> Ask:
    way = {"site": there.site, "region": there.region, "minutes": 30, "km": 20.5}
    return Ask(body={"ways": [way], "source": there.mark})


@route("POST /api/v1/roads/file")
async def _(home: Side, there: Side) -> Ask:
    text = f"库点编号,区划编号,行车分钟,公里\n{there.site},{there.region},40,30"
    return Ask(body={"name": "a.csv", "content": base64.b64encode(text.encode()).decode(), "source": there.mark})


# --- boxes of shipments -----------------------------------------------------------------------------------------------


async def _box(there: Side, status: str = "packed") -> tuple[Any, Any, str]:
    """A shipment with a box: (shipment, box, its number)."""
    body = await _shipment_body(there)

    async def make() -> Any:
        made = await there.do("keeper", "POST", "/api/v1/shipments", body)
        at = f"/api/v1/shipments/{made['id']}"
        box = await there.do("keeper", "POST", f"{at}/boxes", {"kind": "box"})
        goods = {"lot": await _quilts(there), "quantity": 10}
        steps: list[tuple[str, Any]] = [(f"boxes/{box['box']}/pack", goods)]
        if status != "packed":
            steps.append((f"boxes/{box['box']}/close", {}))
        if status in ("loaded", "on road"):
            steps.append(("load-boxes", {"labels": [box["box_number"]]}))
        if status == "on road":
            steps.append(("depart", {}))
        for verb, said in steps:
            await there.do("keeper", "POST", f"{at}/{verb}", said)
        there.secrets |= {made["number"], box["box_number"]}
        return made["id"], box["box"], box["box_number"]

    found: tuple[Any, Any, str] = await there.once(f"box {status}", make)
    return found


@route("GET /api/v1/shipments/{shipment}/boxes")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"shipment": (await _box(there))[0]})


@route("POST /api/v1/shipments/{shipment}/boxes")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"shipment": await _shipment(there)}, {"kind": "pallet"})


@route("GET /api/v1/shipments/{shipment}/boxes/{box}/label")
async def _(home: Side, there: Side) -> Ask:
    shipment, box, _number = await _box(there)
    return Ask({"shipment": shipment, "box": box})


@route("POST /api/v1/shipments/{shipment}/boxes/{box}/pack")
async def _(home: Side, there: Side) -> Ask:
    shipment, box, _number = await _box(there)
    return Ask({"shipment": shipment, "box": box}, {"lot": await _quilts(home), "quantity": 1})


for _verb, _status, _body in (
    ("unpack", "packed", {"line": 1}),
    ("close", "packed", {}),
    ("reopen", "closed", None),
    ("void", "packed", None),
):

    @route(f"POST /api/v1/shipments/{{shipment}}/boxes/{{box}}/{_verb}")
    async def _(home: Side, there: Side, status: str = _status, body: Any = _body) -> Ask:
        shipment, box, _number = await _box(there, status)
        return Ask({"shipment": shipment, "box": box}, body, spends=(f"box {status}",))


for _verb, _status, _more in (
    ("load-boxes", "closed", {}),
    ("unload-boxes", "loaded", {}),
    ("receive-boxes", "on road", {"receiver": "王"}),
):

    @route(f"POST /api/v1/shipments/{{shipment}}/{_verb}")
    async def _(home: Side, there: Side, status: str = _status, more: Any = _more) -> Ask:
        shipment, _box_id, number = await _box(there, status)
        return Ask({"shipment": shipment}, {"labels": [number], **more}, spends=(f"box {status}",))


# --- loans --------------------------------------------------------------------------------------------------------

plain("GET /loans", "GET /loans/export.csv", "GET /loans/export.xlsx", "GET /loans/debts")


@route("GET /loans/new")
async def _(home: Side, there: Side) -> Ask:
    return Ask(query={"lot": await there.lot()})


@route("GET /loans/{loan}")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"loan": await there.loan()})


@route("GET /incidents/{incident_id}/needs")
async def _(home: Side, there: Side) -> Ask:
    return Ask({"incident_id": await _incident(there)}, query={"region": there.region, "moved": 9, "days": 3})
