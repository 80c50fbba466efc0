"""Rushes in which verbs of different kinds meet: pieces, reservations, facts, a delivery that is closed meanwhile."""

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from labels.codes import OwnKind, write_elements, write_own
from tests.storms.conftest import Hall
from tests.storms.rivals import Answer, Rivals, Shot, a_scan, batch, count, results
from tests.storms.scene import TENT
from tests.warehouse.stock import world


def verb(hall: Hall, path: str, body: Any, connection: int) -> Shot:
    """A verb of the API by a rival of its own."""
    key = {"Idempotency-Key": str(uuid4())}
    return Shot(hall.urls[connection % 2], hall.token, f"/api/v1/{path}", body, connection, headers=key)


def refusals(answers: list[Answer]) -> Counter[str]:
    """`done`, or the code of the problem."""
    return Counter("done" if a.status < 300 else a.body["code"] for a in answers)


async def test_each_piece_goes_once(hall: Hall, clients: Rivals) -> None:
    (lot,) = await world.add_lots(hall.owner, {"item_id": 3})
    pieces = await world.add_serials(hall.owner, lot, 10)
    await world.receive(lot, 10, 101, pieces)
    numbers = [r[0] for r in await hall.owner.fetch("SELECT number FROM serial WHERE id = ANY($1::bigint[])", pieces)]
    shots = []
    for n in range(150):
        number = numbers[n % 10]
        if n % 3 == 2:
            line = {"lot": lot.number, "quantity": 1, "bin": "CZ101", "serials": [number]}
            shots.append(verb(hall, "stock/issue", {"lines": [line]}, n))
        else:
            shots.append(batch(hall.urls[n % 2], hall.token, [a_scan(write_own(OwnKind.SERIAL, number), "issue")], n))
    answers = await asyncio.to_thread(clients.attack, shots)
    scanned = [a for a, s in zip(answers, shots, strict=True) if s.path.endswith("/scans")]
    spoken = [a for a, s in zip(answers, shots, strict=True) if not s.path.endswith("/scans")]
    told = count(results(scanned)) + refusals(spoken)
    assert told["done"] == 10, told
    assert set(told) <= {"done", "stock.serial-elsewhere", "stock.not-enough"}, told
    assert await hall.books() == []


async def test_what_is_promised_is_there(hall: Hall, clients: Rivals) -> None:
    """Forty rivals reserve, forty scan the same twenty units away: promised and gone are twenty together."""
    await hall.owner.execute(
        "INSERT INTO role_grant (uuid, person_id, role, region_id, granted_at)"
        " VALUES (gen_random_uuid(), 900, 'dispatcher', 1, now())"
    )
    await asyncio.sleep(1.1)  # a caller's grants are remembered for a second
    (lot,) = await world.add_lots(hall.owner, {})
    await world.receive(lot, 20, 101)
    until = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    reserve = {"lot": lot.number, "bin": "CZ101", "quantity": 1, "expires_at": until}
    shots = []
    for n in range(80):
        if n % 2:
            shots.append(verb(hall, "stock/reserve", reserve, n))
        else:
            scan = a_scan(write_own(OwnKind.LOT, lot.number), "issue", bin="CZ101", quantity=1)
            shots.append(batch(hall.urls[n // 2 % 2], hall.token, [scan], n))
    random.Random(4).shuffle(shots)
    answers = await asyncio.to_thread(clients.attack, shots)
    reserved = refusals([a for a, s in zip(answers, shots, strict=True) if s.path.endswith("reserve")])
    issued = count(results([a for a, s in zip(answers, shots, strict=True) if s.path.endswith("scans")]))
    assert reserved["done"] + issued["done"] == 20, (reserved, issued)
    assert set(reserved) | set(issued) <= {"done", "stock.not-enough"}
    row = await hall.owner.fetchrow("SELECT on_hand, reserved FROM balance WHERE lot_id = $1", lot.id)
    assert tuple(row) == (reserved["done"], reserved["done"])
    assert await hall.books() == []


async def test_facts_are_recorded_whoever_was_first(hall: Hall, clients: Rivals) -> None:
    """Sixty devices come back and tell that they took two each of fifty: all is written, the lack opens cases."""
    (lot,) = await world.add_lots(hall.owner, {})
    await world.receive(lot, 50, 101)
    code = write_own(OwnKind.LOT, lot.number)
    shots = [
        batch(hall.urls[n % 2], hall.token, [a_scan(code, "issue", bin="CZ101", quantity=2)], n, fact=True)
        for n in range(60)
    ]
    found = results(await asyncio.to_thread(clients.attack, shots))
    assert count(found) == {"done": 60}
    cases = [r["facts"]["case"] for r in found if r["facts"]["case"]]
    assert len(set(cases)) == 35
    issued = await hall.owner.fetchval("SELECT sum(quantity) FROM move WHERE reason = 'issue'")
    flagged = await hall.owner.fetchval("SELECT sum(quantity) FROM move WHERE from_place = $1", world.ADJUSTMENT)
    assert (issued, flagged) == (120, 70)
    assert await hall.owner.fetchval("SELECT count(*) FROM discrepancy_case") == 35
    assert await hall.books() == []


async def test_a_delivery_closed_while_it_is_received(hall: Hall, clients: Rivals) -> None:
    """What was scanned before the closing is in; what came after is refused; the delivery counts what is in."""
    for turn in range(5):
        line = {"item": "ZP-0001", "quantity": 30, "maker_batch": f"D{turn}"}
        made = await asyncio.to_thread(
            clients.attack, [verb(hall, "deliveries", {"site": "CZ01", "lines": [line], "announce": True}, 0)]
        )
        assert made[0].status == 201, made[0].body
        delivery = made[0].body["delivery"]
        raw = write_elements([("01", TENT), ("10", f"D{turn}")])
        document = {"kind": "delivery", "id": delivery, "line": 1}
        shots = [
            batch(hall.urls[n % 2], hall.token, [a_scan(raw, "receive", document=document, quantity=1)], n)
            for n in range(60)
        ]
        shots[0:0] = [verb(hall, f"deliveries/{delivery}/start", {}, 90)]
        shots.insert(20, verb(hall, f"deliveries/{delivery}/close", {}, 91))
        answers = await asyncio.to_thread(clients.attack, shots)
        scans = [a for a, s in zip(answers, shots, strict=True) if s.path.endswith("scans")]
        told = count(results(scans))
        assert set(told) <= {"done", "delivery.not-open", "delivery.not-receivable"}, told
        received = await hall.owner.fetchval(
            "SELECT coalesce(sum(quantity), 0) FROM move WHERE document_id = $1::uuid", delivery
        )
        assert received == told["done"]
        closing = next(a for a, s in zip(answers, shots, strict=True) if s.path.endswith("close"))
        assert closing.status in (200, 409), closing.body
    assert await hall.books() == []
