"""Shipments under rivals and power cuts: no piece twice, none lost, nothing half-loaded or half-received."""

import asyncio
import json
import random
from collections import Counter
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from tests.load.client import request_bytes
from tests.storms import books
from tests.storms.conftest import Hall
from tests.storms.crashes import House, _ask, house
from tests.storms.rivals import Rivals, Shot
from tests.storms.scene import TOKEN, furnish
from tests.warehouse.stock import world

RIVALS, PLANNED = 40, 25
LANES, TRIPS, KILLS = 4, 6, 5


def _new(lot: str, quantity: int) -> dict[str, Any]:
    line = {"lot": lot, "bin": "CZ101", "quantity": quantity}
    return {"site": "CZ01", "to_site": "AA01", "plate": "苏D1", "driver": "赵", "lines": [line]}


def _keyed(url: str, path: str, body: Any) -> bytes:
    """A request with an attempt of its own: the same bytes may be sent again."""
    plain = request_bytes(url, TOKEN, "POST", path, body)
    return plain.replace(b"\r\n", f"\r\nIdempotency-Key: {uuid4()}\r\n".encode(), 1)


async def test_rivals_load_no_more_than_planned_and_receive_once(hall: Hall, clients: Rivals) -> None:
    (lot,) = await world.add_lots(hall.owner, {})
    await world.receive(lot, 100, 101)

    def attack(path: str, body: Any, many: int = RIVALS) -> Counter[str]:
        shots = [
            Shot(hall.urls[n % 2], TOKEN, path, body, n, headers={"Idempotency-Key": str(uuid4())}) for n in range(many)
        ]
        return Counter(str(one.body.get("code") or one.status) for one in clients.attack(shots))

    made = clients.attack(
        [
            Shot(
                hall.urls[0],
                TOKEN,
                "/api/v1/shipments",
                _new(lot.number, PLANNED),
                headers={"Idempotency-Key": str(uuid4())},
            )
        ]
    )[0]
    assert made.status == 201, made.body
    at = f"/api/v1/shipments/{made.body['id']}"
    found = await asyncio.to_thread(attack, f"{at}/load", {"lines": [{"line": 1, "quantity": 1}]})
    assert found == {"200": PLANNED, "shipment.too-much": RIVALS - PLANNED}
    found = await asyncio.to_thread(attack, f"{at}/depart", {})
    assert found == {"200": 1, "shipment.not-from-here": RIVALS - 1}
    said = {"lines": [{"line": 1, "accepted": PLANNED}], "receiver": "王"}
    found = await asyncio.to_thread(attack, f"{at}/receive", said)
    assert found == {"200": 1, "shipment.not-from-here": RIVALS - 1}
    assert await hall.owner.fetchval("SELECT on_hand FROM balance WHERE place_id = 110") == PLANNED
    assert await hall.books() == []


async def _lane(url: str, lot: str, seed: int, done: list[tuple[int, int]], tries: Counter[str]) -> None:
    """Trips, one after the other: each step is sent again with its own key until it is answered."""
    chance, where = random.Random(seed), urlsplit(url)

    async def send(path: str, body: Any) -> Any:
        request = _keyed(url, path, body)
        while True:
            try:
                streams = await asyncio.open_connection(where.hostname, where.port)
                status, answer = await asyncio.wait_for(_ask(streams, request), 30)
                streams[1].close()
            except (OSError, asyncio.IncompleteReadError, TimeoutError, ValueError) as error:
                tries[type(error).__name__] += 1
                await asyncio.sleep(0.05)
                continue
            if status != 503:
                assert status < 300, (path, status, answer[:300])
                return json.loads(answer)
            tries["503"] += 1
            await asyncio.sleep(0.05)

    for _ in range(TRIPS):
        quantity = chance.randint(2, 9)
        shipment = (await send("/api/v1/shipments", _new(lot, quantity)))["id"]
        at = f"/api/v1/shipments/{shipment}"
        first = chance.randint(1, quantity - 1)
        for part in (first, quantity - first):
            await send(f"{at}/load", {"lines": [{"line": 1, "quantity": part}]})
        await send(f"{at}/depart", {})
        short = chance.randint(0, 1)
        said = {"line": 1, "accepted": quantity - short, "reason": "少一" if short else ""}
        await send(f"{at}/receive", {"lines": [said], "receiver": "王"})
        done.append((quantity, short))


@pytest.mark.database
@pytest.mark.heavy
def test_power_cuts_while_loading_leaving_and_receiving() -> None:
    with house() as found:
        asyncio.run(_power_cuts(found))
        assert found.verify() == ""


async def _power_cuts(found: House) -> None:
    owner = await asyncpg.connect(found.owner_url())
    await furnish(owner)
    number = await _stocked(found)
    await owner.close()
    done: list[tuple[int, int]] = []
    tries: Counter[str] = Counter()
    lanes = [asyncio.create_task(_lane(found.url, number, n, done, tries)) for n in range(LANES)]
    chance = random.Random(20261127)
    for n in range(KILLS):
        await asyncio.sleep(chance.uniform(0.2, 1.2))
        await asyncio.to_thread(found.kill_postgres if n % 3 == 2 else found.kill_server)
    await asyncio.gather(*lanes)
    owner = await asyncpg.connect(found.owner_url())
    try:
        shipped, short = sum(one for one, _ in done), sum(one for _, one in done)
        assert len(done) == LANES * TRIPS
        assert tries, "no kill met a request on its way"
        assert await owner.fetchval("SELECT sum(on_hand) FROM balance WHERE place_id = 110") == shipped - short
        left = "SELECT coalesce(sum(b.on_hand), 0) FROM balance b JOIN shipment h ON h.place_id = b.place_id"
        assert await owner.fetchval(left) == short
        assert await owner.fetchval("SELECT count(*) FROM shipment") == LANES * TRIPS
        assert await owner.fetchval("SELECT count(*) FROM discrepancy_case WHERE kind = 'shipment'") == short
        assert await owner.fetchval("SELECT count(*) FROM reservation WHERE state = 'held'") == 0
        assert await books.differences(owner) == []
    finally:
        await owner.close()


async def _stocked(found: House, quantity: int = 1000) -> str:
    """One lot with enough for every trip, received through the front door; its number."""
    body = {"lines": [{"item": "ZP-0001", "quantity": quantity, "bin": "CZ101"}]}
    where = urlsplit(found.url)
    streams = await asyncio.open_connection(where.hostname, where.port)
    request = _keyed(found.url, "/api/v1/stock/receive", body)
    status, answer = await _ask(streams, request)
    assert status < 300, answer
    return str(json.loads(answer)["lines"][0]["lot"])
