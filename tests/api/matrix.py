"""The permission matrix: every route × caller × in and out of scope, as `matrix.csv` promises it.

`python -m tests.api.matrix [part of a route]` compares promise and program; `--write` writes what the program does now,
to be read by a person against `catalog.kernel.access.ROLES` and DESIGN section 7 before it is committed: the table is
the promise.

Two districts of the demo city, each with a person of every role and goods, papers and cases of its own. The callers
are those of the first; "in" asks for what is theirs, "out" for what is the other district's. A route whose answer does
not depend on a place (the catalogue) has a line "any", and one that changes what all share another, "city", asked by
people whose roles hold for the whole city. Texts of the other district must not appear in any answer to the first.
"""

import asyncio
import csv
import os
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

os.environ.setdefault("PICCOLO_CONF", "api.piccolo_conf")

import asyncpg
import httpx
from litestar import Litestar
from litestar.routes import HTTPRoute

from api.auth.gate import csrf_of
from api.demo import load_catalog_and_city
from api.settings import Settings
from catalog.kernel import db
from catalog.kernel.access import Role
from catalog.kernel.stamp import house_stamp
from warehouse.people.actions import create_person, give_role
from warehouse.people.actions.sessions import hash_of
from warehouse.people.model import Policy

TABLE = Path(__file__).with_name("matrix.csv")
SITE_KEEPER = "site keeper"
"""A keeper whose role holds for one site only, as most keepers' do."""
CALLERS = ("nobody", "device", SITE_KEEPER, *(role.value for role in Role))
HOME, AWAY = ("tianning", "TN01", "zhenglu"), ("wujin", "WJ01", "hutang")
"""(region, site, a town of it) of the callers and of the others."""
CITY = "changzhou"
MARK = {"in": "本区", "out": "WAIQU外区", "city": "全市"}
"""Stands in every text that is written for a district; the second must never be read by the first."""
NUMBERS = count(1)


def fresh(prefix: str) -> str:
    """A new key."""
    return f"{prefix}{next(NUMBERS):05d}"


@dataclass
class Ask:
    """One request, minimally valid."""

    path: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    query: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    spends: tuple[str, ...] = ()
    """One-shot subjects that a success uses up."""


class Refused(AssertionError):
    """A subject could not be made."""


@dataclass
class Side:
    """One district: its people, its places, and what was made for it."""

    where: str
    region: str
    site: str
    town: str
    bins: list[str]
    zone: str
    house: "House"
    people: dict[str, UUID] = field(default_factory=dict)
    subjects: dict[str, Any] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)

    @property
    def mark(self) -> str:
        """A text of this district."""
        return f"{MARK[self.where]}{next(NUMBERS)}"

    async def do(self, role: Role | str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """As a person of this district (the planner: of the city), to make a subject: it must succeed."""
        who = self.house.secrets["city", "planner"] if role == "planner" else self.house.of(self, str(role))
        answer = await self.house.send(who, method, path, body=body, headers=headers)
        if answer.status_code >= 300:
            raise Refused(f"{role} {method} {path}: {answer.status_code} {answer.text[:500]}")
        return answer.json()

    async def once(self, name: str, make: Callable[[], Awaitable[Any]]) -> Any:
        """The subject `name`, made when there is none (left)."""
        if name not in self.subjects:
            self.subjects[name] = await make()
            if name != "stray":
                self._remember(self.subjects[name])
        return self.subjects[name]

    def _remember(self, made: Any) -> None:
        if isinstance(made, str | UUID):
            self.secrets.add(str(made))
        elif isinstance(made, dict):
            for value in made.values():
                if isinstance(value, str) and re.fullmatch(r"[0-9a-f-]{36}|[0-9]{8,}", value):
                    self.secrets.add(value)

    # -- subjects: what stands, and what is used up by a success ---------------------------------------

    async def lot(self) -> str:
        """Good goods in the first bin, plenty."""
        return str(await self.once("lot", lambda: self._receive("ZP-0001", 100_000)))

    async def _receive(self, item: str, quantity: int, **more: Any) -> str:
        line = {"item": item, "quantity": quantity, "bin": self.bins[0], "maker_batch": self.mark, **more}
        done = await self.do("keeper", "POST", "/api/v1/stock/receive", {"lines": [line]})
        return str(done["lines"][0]["lot"])

    async def serial(self) -> str:
        """A numbered piece."""

        async def make() -> str:
            lot = await self._receive("ZP-0005", 1, serials=[self.mark])
            found = await db.fetch_value(
                "SELECT s.number FROM serial s JOIN lot l ON l.id = s.lot_id WHERE l.number = $1", lot
            )
            return str(found)

        return str(await self.once("serial", make))

    async def staged(self) -> str:
        """Goods in staging."""
        bin_ = await self.staging()
        return str(await self.once("staged", lambda: self._receive("ZP-0001", 100_000, bin=bin_)))

    async def staging(self) -> str:
        """The key of the staging place."""
        return str(
            await db.fetch_value(
                "SELECT p.key FROM place p JOIN site s ON s.id = p.site_id WHERE s.code = $1 AND p.kind = 'staging'",
                self.site,
            )
        )

    async def issued(self) -> str:
        """An attempt that can be undone."""

        async def make() -> Any:
            body = {"lines": [{"lot": await self.lot(), "quantity": 1, "bin": self.bins[0]}]}
            return await self.do("keeper", "POST", "/api/v1/stock/issue", body)

        return str((await self.once("issued", make))["attempt"])

    async def received(self) -> str:
        """An attempt that brought goods in, on no paper yet."""

        async def make() -> Any:
            line = {"item": "ZP-0001", "quantity": 5, "bin": self.bins[0], "maker_batch": self.mark}
            return await self.do("keeper", "POST", "/api/v1/stock/receive", {"lines": [line]})

        return str((await self.once("received", make))["attempt"])

    async def stray(self) -> str:
        """Goods whose label lies about elsewhere: for scans that bring them into sight."""
        return str(await self.once("stray", lambda: self._receive("ZP-0001", 10, maker_batch=fresh("S"))))

    async def used(self) -> str:
        """A lot of which some went out."""
        await self.do(
            "keeper",
            "POST",
            "/api/v1/stock/issue",
            {"lines": [{"lot": await self.lot(), "quantity": 2, "bin": self.bins[0]}]},
        )
        return await self.lot()

    async def reservation(self) -> str:
        """Held goods."""

        async def make() -> Any:
            return await self.do("dispatcher", "POST", "/api/v1/stock/reserve", await self.reserve_body())

        return str((await self.once("reservation", make))["reservation"])

    async def reserve_body(self) -> Any:
        """What to hold."""
        until = (datetime.now(UTC) + timedelta(days=3)).isoformat()
        return {"lot": await self.lot(), "bin": self.bins[0], "quantity": 1, "expires_at": until}

    async def loan(self) -> str:
        """Goods that were lent."""

        async def make() -> Any:
            return await self.do("keeper", "POST", "/api/v1/stock/lend", await self.lend_body())

        return str((await self.once("loan", make))["loan"])

    async def lend_body(self) -> Any:
        """What to lend."""
        line = {"lot": await self.lot(), "quantity": 3, "bin": self.bins[0]}
        return {"lines": [line], "borrower": self.mark, "due_on": _day(30)}

    async def case(self) -> str:
        """An open case: goods were issued that the books do not have."""

        async def make() -> Any:
            lot = await self._receive("ZP-0001", 1)
            line = {"lot": lot, "quantity": 2, "bin": self.bins[0]}
            return await self.do("keeper", "POST", "/api/v1/stock/issue", {"lines": [line], "fact": True})

        return str((await self.once("case", make))["case"])

    async def pallet(self) -> str:
        """A pallet in the second bin."""

        async def make() -> Any:
            return await self.do("keeper", "POST", "/api/v1/pallets", await self.pallet_body())

        return str((await self.once("pallet", make))["pallet"])

    async def pallet_body(self) -> Any:
        """Loose goods for a pallet."""
        return {"bin": self.bins[0], "contents": [{"lot": await self.lot(), "quantity": 1}]}

    async def delivery(self, status: str) -> str:
        """A delivery: draft, announced, receiving."""

        async def make() -> Any:
            made = await self.do("keeper", "POST", "/api/v1/deliveries", self.delivery_body())
            self.secrets.add(made["number"])
            for verb in {"draft": (), "announced": ("announce",), "receiving": ("announce", "start")}[status]:
                await self.do("keeper", "POST", f"/api/v1/deliveries/{made['delivery']}/{verb}")
            return made

        return str((await self.once(f"delivery {status}", make))["delivery"])

    def delivery_body(self) -> Any:
        """What to expect."""
        line = {"item": "ZP-0001", "quantity": 10, "maker_batch": self.mark}
        return {"site": self.site, "lines": [line], "note_number": self.mark}

    async def paper(self) -> str:
        """An issued shelf card."""

        async def make() -> Any:
            made = await self.do("keeper", "POST", "/api/v1/papers", await self.paper_body())
            self.secrets.add(made["number"])
            return made

        return str((await self.once("paper", make))["paper"])

    async def paper_body(self) -> Any:
        """A shelf card."""
        return {"kind": "shelf-card", "bin": self.bins[0], "lot": await self.lot()}

    async def kit_parts(self) -> Any:
        """Parts of a stocked kit, in the first bin."""
        rows = await db.fetch(
            "SELECT i.key, c.quantity FROM kit_component c JOIN item i ON i.id = c.component_id"
            " JOIN item k ON k.id = c.kit_id WHERE k.key = 'YJ-0001' ORDER BY 1"
        )
        parts = []
        for row in rows:
            expires = None if row[0].startswith("ZJ") else _day(400)
            lot = await self._receive(row[0], row[1] * 5, expires_on=expires)
            parts.append({"lot": lot, "quantity": row[1], "bin": self.bins[0]})
        return parts

    async def kit_body(self) -> Any:
        """One kit to make."""

        async def make() -> Any:
            return {"kit": "YJ-0001", "count": 1, "bin": self.bins[0], "parts": await self.kit_parts()}

        return await self.once("kit parts", make)

    async def kit(self) -> Any:
        """One kit to break."""

        async def make() -> Any:
            body = {"kit": "YJ-0001", "count": 1, "bin": self.bins[0], "parts": await self.kit_parts()}
            done = await self.do("keeper", "POST", "/api/v1/stock/kits/make", body)
            lot = next(line["lot"] for line in done["lines"] if line["to"]["place_id"] >= 100)
            return {"lot": lot, "count": 1, "bin": self.bins[0], "parts": body["parts"]}

        return await self.once("kit", make)

    # people

    async def person(self) -> str:
        """Somebody without a role."""

        async def make() -> Any:
            return await self.do("system_admin", "POST", "/api/v1/people", self.person_body())

        return str((await self.once("person", make))["id"])

    def person_body(self) -> Any:
        """Somebody new."""
        login = fresh(f"{self.where}.")
        self.secrets.add(login)
        return {"login": login, "name_zh": self.mark, "region": self.region}

    async def grant(self) -> str:
        """A role somebody holds."""

        async def make() -> Any:
            body = {"role": "keeper", "region": self.region, "reason": self.mark}
            return await self.do("security_admin", "POST", f"/api/v1/people/{await self.person()}/roles", body)

        return str((await self.once("grant", make))["id"])

    async def session(self) -> str:
        """A session of a person of this district."""
        return str(await self.once("session", lambda: self.house.new_session(self.people["planner"])))

    async def token(self) -> str:
        """A device token of a person of this district."""

        async def make() -> Any:
            body = {"kind": "device", "name": self.mark, "person": str(self.people["keeper"])}
            return await self.do("security_admin", "POST", "/api/v1/tokens", body)

        return str((await self.once("token", make))["id"])

    # parties, regions, sites

    async def party(self) -> str:
        """An enterprise of this district."""

        async def make() -> str:
            body = self.party_body()
            await self.do("purchaser", "POST", "/api/v1/parties", body)
            self.secrets.update((body["contact"], body["phone"]))
            return str(body["key"])

        return str(await self.once("party", make))

    def party_body(self) -> Any:
        """A party."""
        return {
            "key": fresh("party-"),
            "kind": "supplier",
            "name_zh": self.mark,
            "region": self.region,
            "contact": self.mark,
            "phone": f"0519-{self.where}-{next(NUMBERS)}",
        }

    async def leaf(self) -> str:
        """A village point of this district with nothing in it."""

        async def make() -> str:
            body = self.region_body()
            await self.do("system_admin", "POST", "/api/v1/regions", body)
            return str(body["key"])

        key = str(await self.once("leaf", make))
        self.secrets.discard(key)  # the tree of regions is the city's: everybody who chooses a place reads it
        return key

    def region_body(self) -> Any:
        """A village."""
        return {"key": fresh("v-"), "parent": self.town, "tier": "village", "name_zh": "新村"}

    async def empty_site(self) -> str:
        """A site without stock."""

        async def make() -> str:
            body = self.site_body()
            await self.do("system_admin", "POST", "/api/v1/sites", body)
            return str(body["code"])

        return str(await self.once("empty site", make))

    def site_body(self) -> Any:
        """A site."""
        return {"code": fresh("X"), "name_zh": self.mark, "kind": "store", "region": self.region, "phone": self.mark}

    async def empty_zone(self) -> str:
        """A zone without bins."""

        async def make() -> str:
            code = fresh("Z")
            body = {"code": code, "name_zh": self.mark}
            await self.do("system_admin", "POST", f"/api/v1/sites/{self.site}/zones", body)
            return code

        return str(await self.once("empty zone", make))

    async def empty_bin(self, name: str = "bin") -> str:
        """A bin without goods, open."""

        async def make() -> str:
            body = {"bins": [{"code": fresh("B-")}]}
            path = f"/api/v1/sites/{self.site}/zones/{self.zone}/bins"
            return str((await self.do("system_admin", "POST", path, body))["items"][0]["key"])

        return str(await self.once(name, make))

    async def closed_bin(self) -> str:
        """A bin that is closed."""
        fresh_one = "closed bin" not in self.subjects
        key = await self.empty_bin("closed bin")
        if fresh_one:
            await self.do("system_admin", "POST", "/api/v1/bins/close", {"bins": [key], "reason": "盘点"})
        return key

    # the catalogue, the same for all

    async def new_item(self, name: str = "item") -> Any:
        """An item that nobody else touches, with an alias and a code."""

        async def make() -> Any:
            body = self.item_body()
            body["aliases"] = [{"alias": fresh("别名")}]
            body["codes"] = [{"kind": "text", "code": fresh("OLD-")}]
            await self.do("planner", "POST", "/api/v1/items", body)
            return body

        return await self.once(name, make)

    def item_body(self) -> Any:
        """An item."""
        return {
            "key": fresh("T-"),
            "name_zh": fresh("物资"),
            "main_class": {"scheme": "local", "code": "ZP-1"},
            "unit_zh": "件",
            "storage_class": "general",
        }

    async def new_class(self) -> str:
        """A class without items."""

        async def make() -> str:
            code = fresh("K")
            body = {"scheme": "local", "code": code, "name_zh": "类别"}
            await self.do("planner", "POST", "/api/v1/classes", body)
            return code

        return str(await self.once("class", make))

    async def new_pack(self) -> str:
        """A pack of an own item."""

        async def make() -> str:
            item = await self.new_item("item with pack")
            body = {"name_zh": "箱", "factor": 12}
            return str((await self.do("planner", "POST", f"/api/v1/items/{item['key']}/packs", body))["key"])

        return str(await self.once("pack", make))

    async def number(self, item: str, table: str) -> int:
        """The number of an item's code or alias."""
        return int(
            await db.fetch_value(
                f"SELECT max(x.id) FROM {table} x JOIN item i ON i.id = x.item_id WHERE i.key = $1", item
            )
        )

    async def version(self, path: str, role: str = "system_admin") -> dict[str, str]:
        """If-Match for what stands at `path`."""
        answer = await self.house.send(self.house.of(self, role), "GET", path)
        if answer.status_code != 200:
            raise Refused(f"{path}: {answer.status_code} {answer.text[:300]}")
        return {"if-match": answer.headers["etag"]}


def _day(ahead: int) -> str:
    return (date.today() + timedelta(days=ahead)).isoformat()


# --- the house with two districts -----------------------------------------------------------------------


@dataclass
class House:
    """The application, and who may call it."""

    app: Litestar | None
    sides: dict[str, Side] = field(default_factory=dict)
    secrets: dict[tuple[str, str], str] = field(default_factory=dict)
    device: str = ""
    client: httpx.AsyncClient | None = None
    said: str = ""
    """Everything that the callers have asked for."""

    def of(self, side: Side, role: str) -> str:
        """The session of the person who holds `role` in a district."""
        return self.secrets[side.where, role]

    async def new_session(self, person: UUID) -> UUID:
        """Log somebody in; the session's id."""
        return (await self.log_in(person))[0]

    async def log_in(self, person: UUID) -> tuple[UUID, str]:
        """A session and its secret, without the long hash."""
        secret, session = uuid4().hex + uuid4().hex, uuid4()
        await db.execute(
            "INSERT INTO login_session (uuid, token_hash, person_id, created_at, last_seen_at, expires_at, address,"
            " agent) SELECT $1, $2, id, now(), now(), now() + interval '10 hours', '10.9.9.9', 'test' FROM person"
            " WHERE uuid = $3",
            session,
            hash_of(secret),
            person,
        )
        return session, secret

    async def send(
        self,
        caller: str | None,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        bearer: bool = False,
    ) -> httpx.Response:
        """One request of a session (or, `bearer`, of a token, or of nobody)."""
        own = {"idempotency-key": str(uuid4()), "accept": "text/html, application/json"}
        if caller is not None and bearer:
            own["authorization"] = f"Bearer {caller}"
        elif caller is not None:
            own |= {"cookie": f"beiyu_session={caller}", "x-csrf-token": csrf_of(caller)}
        assert self.client is not None
        return await self.client.request(method, path, json=body, params=query, headers=own | (headers or {}))


@asynccontextmanager
async def furnished(app: Litestar | None, owner: asyncpg.Connection, url: str = "") -> AsyncIterator[House]:
    """Fill a migrated (or the demo's) database with the demo city's catalogue and places, and the two districts'
    people. Asks the application in-process, or else the server at `url`."""
    now = datetime.now(UTC)
    # numbers of lots, pieces and pallets apart, so that each is known wherever it stands
    await owner.execute(
        "SELECT setval('lot_number', 100000), setval('serial_number', 300000), setval('pallet_number', 500000)"
    )
    await load_catalog_and_city(city=CITY, at=now)
    house = House(app)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("10.0.0.1", 5000)) if app else None  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=url or "http://beiyu.test", timeout=60) as client:
        house.client = client
        for where, (region, site, town) in (("in", HOME), ("out", AWAY), ("city", (CITY, HOME[1], HOME[2]))):
            rows = await db.fetch(
                "SELECT p.key, z.code FROM place p JOIN site s ON s.id = p.site_id JOIN zone z ON z.id = p.zone_id"
                " WHERE s.code = $1 AND p.kind = 'bin' ORDER BY p.id LIMIT 4",
                site,
            )
            side = Side(where, region, site, town, [row[0] for row in rows], rows[0][1], house)
            house.sides[where] = side
            for title in CALLERS[2:]:
                role = Role.KEEPER if title == SITE_KEEPER else Role(title)
                name = fresh(side.mark)
                login = f"{where}.{title}".replace("_", "-").replace(" ", "-")
                made = await create_person(
                    stamp=house_stamp(uuid4(), login, now),
                    login=login,
                    name_zh=name,
                    region_key=region,
                    party_key=None,
                    policy=Policy(),
                    password="Beiyu-2026!",
                    must_change=False,
                    hashed="$argon2id$v=19$m=64,t=1,p=1$YWJjZGVmZ2g$AAAAAAAAAAAAAAAAAAAAAA",
                )
                side.people[title] = UUID(made["person"])
                side.secrets |= {login, made["person"], name}
                await give_role(
                    stamp=house_stamp(uuid4(), [login, "role"], now),
                    person=UUID(made["person"]),
                    role=role,
                    region_key=None if title == SITE_KEEPER else region,
                    site_code=site if title == SITE_KEEPER else None,
                    reason=side.mark,
                )
                session, secret = await house.log_in(UUID(made["person"]))
                side.secrets.add(str(session))
                house.secrets[where, title] = secret
        home = house.sides["in"]
        body = {"kind": "device", "name": "看板", "person": str(home.people["keeper"])}
        house.device = str((await home.do("security_admin", "POST", "/api/v1/tokens", body))["secret"])
        yield house


# --- one request per route --------------------------------------------------------------------------------

Builder = Callable[[Side, Side], Awaitable[Ask]]
"""(the callers' district, the district asked for) → the request."""
BUILDERS: dict[str, Builder] = {}
ANY: set[str] = set()
"""Routes whose answer does not depend on a place."""


def route(name: str, *, anywhere: bool = False) -> Callable[[Builder], Builder]:
    """Say how to ask a route: "GET /api/v1/lots/{lot}"."""

    def keep(builder: Builder) -> Builder:
        BUILDERS[name] = builder
        if anywhere:
            ANY.add(name)
        return builder

    return keep


def plain(*names: str, anywhere: bool = True) -> None:
    """Routes that need nothing."""
    for name in names:

        async def ask(home: Side, there: Side) -> Ask:
            return Ask()

        route(name, anywhere=anywhere)(ask)


def simply(name: str, make: Callable[[Side], Awaitable[Ask]], *, anywhere: bool = False) -> None:
    """A route that needs one subject of the district asked for."""

    async def ask(home: Side, there: Side) -> Ask:
        return await make(there)

    route(name, anywhere=anywhere)(ask)


def routes_of(app: Litestar) -> list[str]:
    """Every route of the application, method first, in one order."""
    found = set()
    for one in app.routes:
        if isinstance(one, HTTPRoute):
            found |= {f"{method} {one.path_format}" for method in one.route_handler_map if method != "OPTIONS"}
    return sorted(found, key=lambda name: (name.partition(" ")[2], name))


def fill(name: str, values: dict[str, Any]) -> tuple[str, str]:
    """Method and path of a route with its parameters filled in."""
    method, _, path = name.partition(" ")
    return method, re.sub(r"\{([a-z_]+)(?::[a-z]+)?\}", lambda m: str(values[m.group(1)]), path)


# --- ask everybody ----------------------------------------------------------------------------------------


@dataclass
class Seen:
    """What the program answered."""

    table: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    """(route, where) → caller → status; a scan's outcome stands beside its 200."""
    leaks: list[str] = field(default_factory=list)
    unasked: list[str] = field(default_factory=list)
    bodies: dict[tuple[str, str, str], str] = field(default_factory=dict)


STORES_BY_NAME = {"GET /requisitions/{requisition_id}", "GET /shipments/new", "GET /shipments/{shipment_id}"}
"""Pages on which whoever reads the city's summary (DESIGN section 7) chooses among its stores, by code and name."""


async def ask_all(house: House, *, only: str = "") -> Seen:
    """Every route × caller × where."""
    import tests.api.asks  # noqa: F401 - fills BUILDERS

    seen = Seen()
    home = house.sides["in"]
    known = set(routes_of(house.app)) if house.app else set(BUILDERS)
    for name, build in BUILDERS.items():
        if name.partition(" @")[0] not in known or only not in name:
            continue
        wheres = ("in", "out") if name not in ANY else ("any",) if name.startswith("GET ") else ("any", "city")
        for where in wheres:
            there = house.sides["out" if where == "out" else "in"]
            row = seen.table.setdefault((name, where), {})
            for caller in CALLERS if where != "city" else CALLERS[2:]:
                try:
                    ask = await build(home, there)
                except (Refused, KeyError, TypeError, ValueError, AttributeError) as error:
                    row[caller] = "unasked"
                    seen.unasked.append(f"{name} | {where} | {caller} | {error!s:.250}")
                    continue
                answer = await _ask_one(
                    house, "city" if where == "city" else "in", caller, name.partition(" @")[0], ask
                )
                row[caller] = _told(name, answer)
                seen.bodies[name, where, caller] = answer.text[:1500]
                if answer.status_code < 300:
                    for spent in ask.spends:
                        there.subjects.pop(spent, None)
                leaked = _leaked(house, answer, ask) if where != "city" else set()
                if leaked and name in STORES_BY_NAME:
                    rows = await db.fetch("SELECT code, name_zh FROM site")
                    leaked -= {text for row in rows for text in row}
                if leaked:
                    seen.leaks.append(f"{name} | {where} | {caller} | {answer.status_code} | {sorted(leaked)[:4]}")
    return seen


async def _ask_one(house: House, side: str, caller: str, name: str, ask: Ask) -> httpx.Response:
    method, path = fill(name, ask.path)
    headers = dict(ask.headers)
    secret = None if caller == "nobody" else house.device if caller == "device" else house.secrets[side, caller]
    if headers.pop("x-fresh-session", None) and caller not in ("nobody", "device"):
        secret = (await house.log_in(house.sides[side].people[caller]))[1]
    return await house.send(
        secret, method, path, body=ask.body, query=ask.query, headers=headers, bearer=caller == "device"
    )


def _told(name: str, answer: httpx.Response) -> str:
    if name.startswith("POST /api/v1/scans") and answer.status_code == 200:
        (result,) = answer.json()["results"]
        return f"200 {result['code']}"
    return str(answer.status_code)


def _leaked(house: House, answer: httpx.Response, ask: Ask) -> set[str]:
    """Texts of the other district that stand in an answer although the request did not say them."""
    if not answer.headers.get("content-type", "").startswith(
        ("application/json", "application/problem", "application/zpl", "text/")
    ):
        return set()
    text, said = answer.text, f"{ask.path} {ask.body} {ask.query}"
    house.said += said
    if answer.url.path in ("/api/v1/scans", "/api/v1/audit"):
        said = house.said  # they list what the callers have asked themselves
    away = house.sides["out"]
    found = {
        secret
        for secret in {*away.secrets, *away.bins}
        if secret in text
        and secret not in said
        and re.search(rf"(?<![0-9A-Za-z-]){re.escape(secret)}(?![0-9A-Za-z-])", text)
    }
    marks = set(re.findall(rf"{MARK['out']}[0-9]*", text))
    return found | {mark for mark in marks if mark not in said}


# --- the table ----------------------------------------------------------------------------------------------


def read_table() -> dict[tuple[str, str], dict[str, str]]:
    """The promise."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {(row.pop("route"), row.pop("where")): row for row in csv.DictReader(file)}


def write_table(table: dict[tuple[str, str], dict[str, str]]) -> None:
    """Write it in the order of paths."""
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["route", "where", *CALLERS])
        for (name, where), row in sorted(table.items(), key=lambda e: (e[0][0].partition(" ")[2], e[0])):
            out.writerow([name, where, *[row.get(caller, "") for caller in CALLERS]])


def differences(
    promised: dict[tuple[str, str], dict[str, str]], found: dict[tuple[str, str], dict[str, str]]
) -> list[str]:
    """Where promise and program part."""
    return [
        f"{name} | {where} | {caller}: promised {promised.get((name, where), {}).get(caller)}, is {row[caller]}"
        for (name, where), row in found.items()
        for caller in row
        if promised.get((name, where), {}).get(caller) != row[caller]
    ]


def settings_for(folder: Path) -> Settings:
    """No lock-outs: everybody comes from one address."""
    return Settings(
        data_dir=folder, metrics_token="look", lock_address_after_failures=100_000, lock_after_failures=100_000
    )


async def _main(arguments: list[str]) -> None:
    import tempfile

    from api import database
    from api.app import create_app
    from api.embedded import EmbeddedPostgres
    from tests.api.auth.conftest import started
    from tests.conftest import FAST

    with tempfile.TemporaryDirectory(prefix="beiyu-matrix-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "pg", settings=FAST, database="matrix")
        owner = server.start()
        try:
            app_url = owner.url.replace(f"{owner.user}:{owner.password}@", "matrix_app:matrix@")
            await database.migrate(database.Logins(owner.url, app_url))
            database.configure(app_url)
            await database.open_pool(1, 10)
            app = create_app(settings_for(Path(folder)))
            connection = await asyncpg.connect(owner.url)
            async with started(app), furnished(app, connection) as house:
                missing = routes_of(app)
                only = next((a for a in arguments if not a.startswith("--")), "")
                seen = await ask_all(house, only=only)
                missing = [r for r in missing if r not in BUILDERS]
                print("routes without a line:", *missing, sep="\n  ")
                print("unasked:", *[u for u in seen.unasked if "| keeper |" in u], sep="\n  ")
                print("leaks:", *seen.leaks, sep="\n  ")
                if "--bodies" in arguments:
                    for key, body in seen.bodies.items():
                        print(key, body[:700])
                if "--write" in arguments:
                    kept = {k: v for k, v in read_table().items() if k[0] in BUILDERS} if TABLE.exists() else {}
                    write_table(kept | seen.table)
                elif TABLE.exists():
                    print("differences:", *differences(read_table(), seen.table), sep="\n  ")
            await connection.close()
            await database.close_pool()
        finally:
            server.stop()


if __name__ == "__main__":
    from tests.api import matrix  # the same module that the asks fill

    asyncio.run(matrix._main(sys.argv[1:]))
