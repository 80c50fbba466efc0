"""A soak of the dispatcher's board: `python -m tests.load.bench_board [minutes] [seconds between updates]`, 60 and 1.

Prints figures, judges nothing. A hundred open requisitions in the demo city (waiting, sourced, at the store, on the
road), twenty screens: each a session that holds the event stream and reads the board anew as `board.js` does. One
writer makes an update after the other over HTTP: a vehicle's report, a need asked for, an order released, a vehicle
prepared, loaded, leaving, arriving, received. Each update has a mark of its own on the board, which also what follows
it shows (a vehicle that is there has left); counted is on how many screens it came within `PATIENCE`, and how long
after the writer's answer. One server process, embedded PostgreSQL with
fsync on; screens and writer share the machine with them.
"""

import asyncio
import itertools
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

os.environ.setdefault("PICCOLO_CONF", "api.piccolo_conf")

import httpx

from api import database as api_database
from api import demo
from api.embedded import EmbeddedPostgres
from catalog.items.queries import find_items_by_key
from catalog.kernel.access import EVERYWHERE, Role
from catalog.kernel.stamp import Stamp, house_stamp
from tests.conftest import Database, Server, launch
from tests.journeys.store import PASSWORD
from tests.load.meter import Meter, calibration
from warehouse.people import actions as people
from warehouse.people.model import Policy
from warehouse.sites.queries import find_sites, list_places
from warehouse.stock import actions as stock
from warehouse.stock.model import LotFacts

SCREENS, REQUISITIONS = 20, 100
SITE, TOWN, ITEM = "CZ01", "liyang", "BF-0008"
REST, POLL = 0.03, 10.0
"""As in board.js."""
PATIENCE = 15.0


@dataclass
class Update:
    """One change, and what of the board's text says that it is there."""

    kind: str
    seen_in: Callable[[str], bool]
    made: float = 0.0


@dataclass
class Soak:
    """What was made, and when which screen showed it."""

    updates: list[Update] = field(default_factory=list)
    waits: dict[str, list[float]] = field(default_factory=dict)
    readings: list[float] = field(default_factory=list)
    seen: int = 0
    missed: list[tuple[int, str]] = field(default_factory=list)
    broken: int = 0


def _mark(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in name.split("."))


class Screen:
    """One dispatcher's browser."""

    def __init__(self, number: int, url: str, soak: Soak) -> None:
        self.number, self._soak = number, soak
        self._client = httpx.AsyncClient(base_url=url, timeout=60)
        self._wanted = self._upto = (0, 0)
        self._digest, self.text = "", ""
        self._news = asyncio.Event()
        self._next = 0
        self._pending: list[Update] = []

    async def enter(self) -> None:
        answer = await self._client.post("/api/v1/sessions", json={"login": "b.watch", "password": PASSWORD})
        answer.raise_for_status()
        page = (await self._client.get("/board")).text
        self._upto = _mark(re.search(r'data-upto="([0-9.]+)"', page)[1])  # type: ignore[index]
        self._digest, self.text = re.search(r'data-digest="(\w+)"', page)[1], page  # type: ignore[index]

    async def listen(self) -> None:
        """Hold the stream; open it again where it broke."""
        last = ""
        while True:
            with suppress(httpx.HTTPError):
                path = "/api/v1/alerts/stream" + (f"?after={last}" if last else "")
                async with self._client.stream("GET", path, timeout=None) as answer:
                    async for line in answer.aiter_lines():
                        if line.startswith("id: "):
                            last = line[4:]
                        elif line in ("event: board", "event: again", "event: hello"):
                            self._wanted = max(self._wanted, _mark(last))
                            self._news.set()
            self._soak.broken += 1
            await asyncio.sleep(0.5)

    async def watch(self) -> None:
        """Read when there is news, else now and then."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), POLL)
                await asyncio.sleep(REST)
            self._news.clear()
            await self._read()
            while self._wanted > self._upto:
                await self._read()

    async def _read(self) -> None:
        began = time.perf_counter()
        answer = await self._client.get("/board/part", params={"have": self._digest})
        now = time.perf_counter()
        answer.raise_for_status()
        self._soak.readings.append(now - began)
        self._upto = _mark(answer.headers["x-upto"])
        self._digest = answer.headers["x-digest"]
        if answer.status_code == 200:
            self.text = answer.text
        self._look(now)

    def _look(self, now: float) -> None:
        made = self._soak.updates
        self._pending += made[self._next :]
        self._next = len(made)
        left = []
        for one in self._pending:
            if one.seen_in(self.text):
                self._soak.seen += 1
                self._soak.waits.setdefault(one.kind, []).append(max(now - one.made, 0.0) if one.made else 0.0)
            elif one.made and now - one.made > PATIENCE:
                self._soak.missed.append((self.number, one.kind))
            else:
                left.append(one)
        self._pending = left

    def finish(self) -> None:
        """What has not come until the end is missed."""
        self._look(time.perf_counter())
        self._soak.missed += [(self.number, one.kind) for one in self._pending]

    async def leave(self) -> None:
        await self._client.aclose()


class Hand:
    """Somebody who works over HTTP."""

    def __init__(self, url: str, login: str) -> None:
        self._client, self._login = httpx.AsyncClient(base_url=url, timeout=60), login

    async def enter(self) -> "Hand":
        said = {"login": self._login, "password": PASSWORD}
        (await self._client.post("/api/v1/sessions", json=said)).raise_for_status()
        page = (await self._client.get("/glossary")).text
        self._client.headers["x-csrf-token"] = re.search(r'name="csrf-token" content="([^"]+)"', page)[1]  # type: ignore[index]
        return self

    async def post(self, path: str, body: Any = None) -> Any:
        """Sent again under the same id where a connection that had lain idle was just being closed, as browsers do."""
        said: dict[str, Any] = {"json": body if body is not None else {}, "headers": {"idempotency-key": str(uuid4())}}
        try:
            answer = await self._client.post(f"/api/v1/{path}", **said)
        except httpx.TransportError as error:
            print(f"sent again after {error!r}: {path}", flush=True)
            answer = await self._client.post(f"/api/v1/{path}", **said)
        if answer.is_error:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:400]}")
        return answer.json()

    async def get(self, path: str) -> Any:
        answer = await self._client.get(f"/api/v1/{path}")
        answer.raise_for_status()
        return answer.json()

    async def leave(self) -> None:
        await self._client.aclose()


def _in_column(column: str, key: str) -> Callable[[str], bool]:
    """Whether a card stands in a column of the board's text."""

    def seen(text: str) -> bool:
        begin = text.find(f'data-cards="{column}"')
        end = text.find("</ol>", begin)
        return f'data-card="{key}"' in text[begin:end]

    return seen


class Writer:
    """Makes updates, one kind after the other, so that the city stays as busy as it was."""

    def __init__(self, url: str) -> None:
        self._hands = {name: Hand(url, f"b.{name}") for name in ("boss", "duty", "keeper", "gate")}
        self._number = itertools.count(1)
        self.incident = ""
        self.sourced: list[str] = []
        self.road: list[str] = []

    async def enter(self) -> None:
        for hand in self._hands.values():
            await hand.enter()

    async def leave(self) -> None:
        for hand in self._hands.values():
            await hand.leave()

    async def prepare(self) -> None:
        """An incident with a hundred open requisitions: 40 held, 20 at the store, 20 on the road, 20 to be sourced."""
        said = {"name": "台风“长守”", "hazard": "typhoon", "region": TOWN, "level": 2, "reason": "压测"}
        self.incident = (await self._hands["boss"].post("incidents", said))["id"]
        for number in range(REQUISITIONS):
            order = await self._requisition(source=number < 80)
            if order and number < 40:
                await self._release(order)
                if number < 20:
                    await self._depart(await self._load(order))
            elif order:
                self.sourced.append(order)
            if number % 20 == 19:
                print(f"{number + 1} requisitions", flush=True)

    async def _need(self, place: str, quantity: int = 1) -> str:
        need = {
            "region": TOWN, "item": ITEM, "quantity": quantity, "priority": 1 + next(self._number) % 4,
            "place": place, "own_stock_used": "无",
        }  # fmt: skip
        made = await self._hands["boss"].post(f"incidents/{self.incident}/needs", {"needs": [need]})
        return str(made["needs"][0])

    async def _requisition(self, *, source: bool) -> str | None:
        duty = self._hands["duty"]
        need = await self._need(f"点{next(self._number):06d}")
        said = {"region": TOWN, "reason": "压测", "incident": self.incident, "needs": [need], "submit": True}
        made = await duty.post("requisitions", {**said, "own_stock": "无"})
        await self._hands["boss"].post(f"requisitions/{made['id']}/approve")
        if not source:
            return None
        plan = (await duty.post(f"requisitions/{made['id']}/plan"))["plan"]
        await duty.post(f"requisitions/{made['id']}/accept", {"plan": plan})
        return str((await duty.get(f"releases?q={made['number']}"))["items"][0]["id"])

    async def _release(self, order: str) -> None:
        await self._hands["boss"].post(f"releases/{order}/release")

    async def _load(self, order: str) -> str:
        trip = await self._prepared(order)
        await self._loaded(trip)
        return trip

    async def _prepared(self, order: str) -> str:
        vehicle = {"plate": f"苏D{next(self._number):05d}", "driver": "赵"}
        return str((await self._hands["keeper"].post(f"releases/{order}/shipments", vehicle))["id"])

    async def _lines(self, trip: str) -> list[Any]:
        return list((await self._hands["keeper"].get(f"shipments/{trip}"))["lines"])

    async def _loaded(self, trip: str) -> None:
        lines = [{"line": line["line"], "quantity": line["quantity"]} for line in await self._lines(trip)]
        await self._hands["keeper"].post(f"shipments/{trip}/load", {"lines": lines})

    async def _depart(self, trip: str) -> None:
        await self._hands["keeper"].post(f"shipments/{trip}/depart")
        self.road.append(trip)

    async def run(self, soak: Soak, until: float, pause: float) -> None:
        """Updates until the time is over, at a steady pace."""
        turn = time.perf_counter()
        while time.perf_counter() < until:
            async for one in self._round():
                turn = max(turn + pause, time.perf_counter() - 5 * pause)
                await asyncio.sleep(max(turn - time.perf_counter(), 0))
                kind, seen_in, act = one
                update = Update(kind, seen_in)
                soak.updates.append(update)
                await act()
                update.made = time.perf_counter()
                if time.perf_counter() >= until:
                    return

    async def _round(self) -> Any:
        """One order from the owner's word to its end, reports and needs between; then another is sourced."""
        order, trip = self.sourced.pop(0), ""

        async def vehicle() -> None:
            nonlocal trip
            trip = await self._prepared(order)

        def under_way(text: str) -> bool:
            return bool(trip) and f"/shipments/{trip}" in text

        at_store = _in_column("picking", f"order-{order}")
        yield "release", lambda text: at_store(text) or under_way(text), lambda: self._release(order)
        yield self._report()
        yield "prepare", under_way, vehicle
        yield await self._asked()
        await self._loaded(trip)
        yield "depart", lambda text: f'data-card="trip-{trip}"' in text, lambda: self._depart(trip)
        yield self._report()
        oldest = self.road.pop(0)
        gate, lines = self._hands["gate"], await self._lines(oldest)
        yield "arrive", _in_column("arrived", f"trip-{oldest}"), lambda: gate.post(f"shipments/{oldest}/arrive")
        yield await self._asked()
        taken = {"lines": [{"line": line["line"], "accepted": line["quantity"]} for line in lines], "receiver": "王"}
        yield "receive", _done(oldest), lambda: gate.post(f"shipments/{oldest}/receive", taken)
        more = await self._requisition(source=True)
        if more:
            self.sourced.append(more)

    def _report(self) -> tuple[str, Callable[[str], bool], Callable[[], Any]]:
        place, trip = f"里程碑{next(self._number):07d}", self.road[10 + next(self._number) % (len(self.road) - 10)]
        keeper = self._hands["keeper"]
        return "report", lambda text: place in text, lambda: keeper.post(f"shipments/{trip}/report", {"place": place})

    async def _asked(self) -> tuple[str, Callable[[str], bool], Callable[[], Any]]:
        place = f"安置点{next(self._number):07d}"
        return "need", lambda text: place in text, lambda: self._need(place)


def _done(trip: str) -> Callable[[str], bool]:
    card = f'data-card="trip-{trip}"'
    return lambda text: "tag-good" in text[text.find(card) :].split("</li>", 1)[0] if card in text else False


def _stamp(what: str) -> Stamp:
    return house_stamp(uuid4(), what, datetime.now(UTC), login="load")


async def furnish(logins: Database) -> None:
    """The demo city, the people, and goods for a long night."""
    await api_database.migrate(api_database.Logins(logins.owner_url, logins.app_url))
    api_database.configure(logins.app_url)
    await api_database.open_pool(1, 4)
    try:
        await demo.load_catalog_and_city(city="changzhou", at=datetime.now(UTC))
        for login, role in (
            ("watch", Role.DISPATCHER), ("boss", Role.APPROVER), ("duty", Role.DISPATCHER), ("keeper", Role.KEEPER),
            ("gate", Role.KEEPER),
        ):  # fmt: skip
            made = await people.create_person(
                stamp=_stamp(login), login=f"b.{login}", name_zh=login, region_key="changzhou", policy=Policy(),
                password=PASSWORD, must_change=False,
            )  # fmt: skip
            person = UUID(str(made["person"]))
            await people.give_role(stamp=_stamp(login + "role"), person=person, role=role, region_key="changzhou")
        site = (await find_sites([SITE], EVERYWHERE))[SITE]
        bins = (await list_places(site_id=site.id, scope=EVERYWHERE, limit=50)).items
        item = (await find_items_by_key([ITEM]))[ITEM].id
        facts = LotFacts(item_id=item, owner_region_id=site.region_id)
        arrivals = [stock.Arrival(facts, 100_000, bins[0].id)]
        await stock.receive(stamp=_stamp("goods"), arrivals=arrivals)
    finally:
        await api_database.close_pool()


def _share(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else float("nan")


def report(soak: Soak, seconds: float) -> None:
    """The figures."""
    waits = [wait for of_kind in soak.waits.values() for wait in of_kind]
    made, wanted = len(soak.updates), len(soak.updates) * SCREENS
    print(
        f"{made} updates in {seconds / 60:.1f} min on {SCREENS} screens: {soak.seen} of {wanted} seen,"
        f" {len(soak.missed)} missed, streams broken {soak.broken} times, {len(soak.readings)} readings"
    )
    for name, found in [("update to screen", waits), *sorted(soak.waits.items()), ("one reading", soak.readings)]:
        print(
            f"{name:20} p50 {_share(found, 0.5):6.3f}  p95 {_share(found, 0.95):6.3f}  p99 {_share(found, 0.99):6.3f} s"
            f"  longest {max(found, default=0):.3f} s  ({len(found)})"
        )
    print(f"below 0.5 s: {100 * sum(wait < 0.5 for wait in waits) / max(len(waits), 1):.2f} %")
    print(f"load {', '.join(f'{one:.1f}' for one in os.getloadavg())}", flush=True)


async def soak_it(server: Server, minutes: float, pause: float) -> None:
    """Prepare, watch and write, then print."""
    writer, soak = Writer(server.url), Soak()
    await writer.enter()
    await writer.prepare()
    screens = [Screen(number, server.url, soak) for number in range(SCREENS)]
    for one in screens:
        await one.enter()
    tasks = [asyncio.create_task(work) for one in screens for work in (one.listen(), one.watch())]
    await asyncio.sleep(3)
    soak.readings.clear()
    meter, began = Meter(server.process.pid, 0), time.perf_counter()
    writing = asyncio.create_task(writer.run(soak, began + 60 * minutes, pause))
    while not writing.done():
        await asyncio.wait([writing], timeout=60)
        print(
            f"{time.perf_counter() - began:6.0f} s: {len(soak.updates)} updates, {len(soak.missed)} missed", flush=True
        )
    await writing
    took = time.perf_counter() - began
    await asyncio.sleep(PATIENCE)
    failed = [task.exception() for task in tasks if task.done() and not task.cancelled()]
    for one in screens:
        one.finish()
    report(soak, took)
    print(f"server's {meter.spent().per(len(soak.updates))} (one update with all its readings)")
    if failed:
        print(f"screens that broke off: {failed}")
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for one in screens:
        await one.leave()
    await writer.leave()


def main(minutes: float, pause: float) -> None:
    """Start a PostgreSQL of its own, fsync on, and soak."""
    print(calibration(), flush=True)
    with tempfile.TemporaryDirectory(prefix="beiyu-load-") as folder:
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder) / "pg", database="load")
        login = server.start()
        try:
            app = f"postgresql://load_app:only-for-load@{login.host}:{login.port}/{login.database}"
            database = Database("load", login.url, app)
            asyncio.run(furnish(database))
            # Looking on is no use of a session: screens outlast an hour only where idle log-out does.
            serving = launch(database, Path(folder) / "serve", log_level="warning", idle_minutes="600")
            try:
                asyncio.run(soak_it(serving, minutes, pause))
            finally:
                serving.stop()
        finally:
            server.stop()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60, float(sys.argv[2]) if len(sys.argv) > 2 else 1)
