"""A night of dispatchers: people with tokens, requisitions with plans, and the whole chain from asking to receipt."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg

from catalog.kernel.access import EVERYWHERE, ROLES, Grant, Role, Scope
from catalog.kernel.stamp import Stamp
from tests.load.client import request_bytes
from tests.storms.crashes import _ask
from tests.storms.rivals import Rivals, Shot
from tests.storms.scene import TOKEN, person
from tests.warehouse.stock import world
from warehouse.requisitions import actions, queries
from warehouse.requisitions.model import LineFacts, RequisitionFacts, Wishes
from warehouse.requisitions.sourcing.plan import plan

BOSS = "boss-" + "x" * 40
DUTY = "duty-" + "x" * 40
CITY, A, TOWN, TENT, QUILT = 1, 2, 4, 1, 2


async def hire(owner: asyncpg.Connection, dispatchers: int = 0) -> list[str]:
    """An approver, a dispatcher, and so many more dispatchers; the tokens of these."""
    await person(owner, 902, "storm-boss", "approver", BOSS)
    await person(owner, 903, "storm-duty", "dispatcher", DUTY)
    tokens = [f"duty-{n:03}-" + "x" * 40 for n in range(dispatchers)]
    for n, token in enumerate(tokens):
        await person(owner, 1000 + n, f"storm-duty-{n}", "dispatcher", token)
    return tokens


# --- many who accept at once ----------------------------------------------------------------------------------------


def _hand(login: str, role: Role) -> Stamp:
    return replace(world.stamp(), attempt=uuid4(), login=login, grants=(Grant(role, "/1/", ROLES[role]),))


async def planned(number: int, lines: Sequence[LineFacts], incident: UUID | None = None) -> tuple[UUID, UUID]:
    """A requisition that was approved, and its plan."""
    duty = f"storm-duty-{number}"
    made = await actions.create_requisition(
        stamp=_hand(duty, Role.DISPATCHER),
        facts=RequisitionFacts(A, "台风夜", incident_id=incident, own_stock="已用完"),
        lines=lines,
        submit=True,
    )
    requisition = UUID(made["id"])
    await actions.approve_requisition(stamp=_hand("storm-boss", Role.APPROVER), requisition_id=requisition)
    found = await queries.get_requisition(requisition, EVERYWHERE)
    stamp = _hand(duty, Role.DISPATCHER)
    task = await queries.read_task(found, Scope(("/1/",)), Wishes(), stamp.recorded_at)
    kept = await actions.keep_plan(stamp=stamp, requisition_id=requisition, plan=plan(task), wishes=Wishes())
    return requisition, UUID(kept["plan"])


def wants(chance: random.Random, **more: Any) -> list[LineFacts]:
    """Tents and quilts for a town."""
    return [
        LineFacts(TOWN, chance.randint(5, 25), item_id=TENT, **more),
        LineFacts(TOWN, chance.randint(5, 25), item_id=QUILT, **more),
    ]


@dataclass
class Outcome:
    """What a rush came to."""

    won: int = 0
    lost: int = 0
    held: int = 0
    seconds: float = 0.0
    """From the instant of attack until the last answer, the gathering before it with it."""
    there: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


async def rush(
    owner: asyncpg.Connection, urls: Sequence[str], clients: Rivals, tokens: list[str], seed: int
) -> Outcome:
    """Every dispatcher has a plan over the same goods, made before anybody held any; all accept at one instant."""
    chance = random.Random(seed)
    lots = await world.add_lots(owner, {"item_id": TENT}, {"item_id": TENT}, {"item_id": QUILT}, {"item_id": QUILT})
    before = {row[0]: row[1] for row in await owner.fetch(_HELD)}
    there = 0
    for lot, place in zip(lots, (101, 102, 103, 101), strict=True):
        many = chance.randint(3, 6) * len(tokens)
        await world.receive(lot, many, place)
        there += many
    plans = [await planned(n, wants(chance)) for n in range(len(tokens))]
    shots = [
        Shot(
            urls[n % len(urls)], tokens[n], f"/api/v1/requisitions/{requisition}/accept", {"plan": str(made)}, n,
            headers={"Idempotency-Key": str(uuid4())},
        )
        for n, (requisition, made) in enumerate(plans)
    ]  # fmt: skip
    began = time.perf_counter()
    found = await asyncio.to_thread(clients.attack, shots)
    seconds = time.perf_counter() - began
    done = Outcome(
        there=there, seconds=seconds, answers=Counter(str(one.body.get("code") or one.status) for one in found)
    )
    for one, (requisition, _) in zip(found, plans, strict=True):
        asked = await queries.get_requisition(requisition, EVERYWHERE)
        if one.status == 200:
            done.won += 1
            done.held += sum(line.covered for line in asked.lines)
            done.wrong += [f"{asked.number} line {line.line}: {line.rest} open" for line in asked.lines if line.rest]
            continue
        done.lost += 1
        told = one.body.get("facts", {}).get("lines", [])
        if one.body.get("code") != "sourcing.stock-moved" or not told:
            done.wrong.append(f"{asked.number}: {one.status} {one.body}")
        done.wrong += [f"{asked.number} is not told which: {line}" for line in told if not _named(line)]
        done.wrong += [f"{asked.number} lost and holds {line.covered}" for line in asked.lines if line.covered]
    after = {row[0]: row[1] for row in await owner.fetch(_HELD)}
    if sum(after.values()) - sum(before.values()) != done.held:
        done.wrong.append(f"held {sum(after.values()) - sum(before.values())}, covered {done.held}")
    return done


_HELD = "SELECT id, quantity FROM reservation WHERE state = 'held'"


def _named(line: dict[str, Any]) -> bool:
    """A loser is told which line, which goods, lot and store, what was asked and what there is."""
    return bool(line["line"] and line["goods"] and line["lot"] and line["site"]) and line["free"] < line["asked"]


# --- the whole chain, through power cuts ----------------------------------------------------------------------------


@dataclass
class Trips:
    """What lanes have brought to its end, as they were told."""

    asked: int = 0
    shipped: int = 0
    received: int = 0
    trips: int = 0
    tries: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


async def lane(url: str, seed: int, trips: int | None, done: Trips, stop: asyncio.Event) -> None:
    """Ask, approve, plan, accept, release, load, leave, receive: each sent again with its own key until answered."""
    chance, where = random.Random(seed), urlsplit(url)

    async def send(token: str, path: str, body: Any, method: str = "POST") -> Any:
        request = request_bytes(url, token, method, path, body)
        request = request.replace(b"\r\n", f"\r\nIdempotency-Key: {uuid4()}\r\n".encode(), 1)
        while True:
            try:
                streams = await asyncio.open_connection(where.hostname, where.port)
                status, answer = await asyncio.wait_for(_ask(streams, request), 30)
                streams[1].close()
            except (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError) as error:
                done.tries[type(error).__name__] += 1
                await asyncio.sleep(0.05)
                continue
            if status != 503:
                return status, json.loads(answer)
            done.tries["503"] += 1
            await asyncio.sleep(0.05)

    async def ask(token: str, path: str, body: Any, method: str = "POST") -> Any:
        status, answer = await send(token, path, body, method)
        if status >= 300:
            done.wrong.append(f"{path}: {status} {answer.get('code')} {answer.get('detail')}")
            raise _Stuck
        return answer

    turn = 0
    while not stop.is_set() and (trips is None or turn < trips):
        turn += 1
        try:
            await _trip(ask, send, chance, done)
        except _Stuck:
            return


class _Stuck(Exception):
    """An answer that no lane should get; it is written down."""


async def _trip(ask: Any, send: Any, chance: random.Random, done: Trips) -> None:
    quantity = chance.randint(2, 9)
    line = {"region": "town-a1", "item": "ZP-0001", "quantity": quantity, "priority": chance.randint(1, 4)}
    said = {"region": "district-a", "reason": "夜里", "own_stock": "已用完", "lines": [line], "submit": True}
    requisition = (await ask(DUTY, "/api/v1/requisitions", said))["id"]
    at = f"/api/v1/requisitions/{requisition}"
    await ask(BOSS, f"{at}/approve", {})
    releases: list[str] = []
    while not releases:  # others may have taken the goods meanwhile: plan again
        plan_id = (await ask(DUTY, f"{at}/plan", {}))["plan"]
        status, answer = await send(DUTY, f"{at}/accept", {"plan": plan_id})
        if status == 200:
            releases = answer["releases"]
        elif answer.get("code") != "sourcing.stock-moved":
            done.wrong.append(f"accept: {status} {answer}")
            raise _Stuck
    done.asked += quantity
    for release in releases:
        await ask(BOSS, f"/api/v1/releases/{release}/release", {"paper_number": "常应急动 1 号"})
        vehicle = {"to_site": "AA01", "plate": "苏D1", "driver": "赵"}
        shipment = (await ask(TOKEN, f"/api/v1/releases/{release}/shipments", vehicle))["id"]
        there = f"/api/v1/shipments/{shipment}"
        lines = (await ask(TOKEN, there, None, "GET"))["lines"]
        for one in lines:
            await ask(TOKEN, f"{there}/load", {"lines": [{"line": one["line"], "quantity": one["quantity"]}]})
        await ask(TOKEN, f"{there}/depart", {})
        short = chance.randint(0, 1)
        came = [{"line": one["line"], "accepted": one["quantity"]} for one in lines]
        if short:
            came[0] |= {"accepted": came[0]["accepted"] - 1, "reason": "少一"}
        await ask(TOKEN, f"{there}/receive", {"lines": came, "receiver": "王"})
        done.shipped += sum(one["quantity"] for one in lines)
        done.received += sum(one["accepted"] for one in came)
        done.trips += 1


async def leaks(owner: asyncpg.Connection, done: Trips) -> list[str]:
    """What is left that should not be, or lost that was answered, after all lanes have come to their end."""
    found = list(done.wrong)

    async def value(sql: str) -> int:
        return int(await owner.fetchval(sql) or 0)

    for what, sql, wanted in (
        ("reservations still held", "SELECT count(*) FROM reservation WHERE state = 'held'", 0),
        ("received at the store", "SELECT sum(on_hand) FROM balance WHERE place_id = 110", done.received),
        (
            "left on vehicles",
            "SELECT sum(b.on_hand) FROM balance b JOIN shipment h ON h.place_id = b.place_id",
            done.shipped - done.received,
        ),
        ("asked for", "SELECT sum(quantity) FROM requisition_line", done.asked),
        (
            "ordered",
            "SELECT sum(quantity) FROM release_line l JOIN release_order o ON o.id = l.release_id",
            done.shipped,
        ),
    ):
        is_ = await value(sql)
        if is_ != wanted:
            found.append(f"{what}: {is_} instead of {wanted}")
    return found
