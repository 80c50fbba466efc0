"""Two hundred rivals for fifty units, and other rushes for the same thing."""

import asyncio
import json
import random
from collections import Counter
from typing import Any
from uuid import uuid4

from labels.codes import OwnKind, write_elements, write_own
from tests.storms.conftest import Hall
from tests.storms.rivals import Rivals, Shot, a_scan, batch, count, results
from tests.storms.scene import TENT
from tests.warehouse.stock import world

ROUNDS = 20
RIVALS, UNITS = 200, 50


async def rush(hall: Hall, clients: Rivals, seed: int) -> None:
    """One round: every rival scans one unit, all at once, spread by chance over the servers."""
    chance = random.Random(seed)
    place = chance.choice(world.BINS["CZ01"])
    (lot,) = await world.add_lots(hall.owner, {})
    await world.receive(lot, UNITS, place)
    shots = [
        batch(
            chance.choice(hall.urls),
            hall.token,
            [a_scan(write_own(OwnKind.LOT, lot.number), "issue", bin=f"CZ{place}", quantity=1)],
            connection=n,
        )
        for n in range(RIVALS)
    ]
    found = results(await asyncio.to_thread(clients.attack, shots))
    assert count(found) == {"done": UNITS, "stock.not-enough": RIVALS - UNITS}, f"round {seed}"
    left = sorted(r["facts"]["lines"][0]["from"]["on_hand"] for r in found if r["outcome"] == "done")
    assert left == list(range(UNITS)), "each taker is told a balance of their own"
    for refusal in (r for r in found if r["outcome"] == "refused"):
        facts = refusal["facts"]
        assert (facts["asked"], facts["free"], facts["on_hand"], facts["lot"]) == (1, 0, 0, lot.number), refusal
        assert "where_else" in facts
        assert refusal["detail"]


async def test_two_hundred_rivals_for_fifty_units(hall: Hall, clients: Rivals) -> None:
    for seed in range(ROUNDS):
        await rush(hall, clients, seed)
    assert await hall.books() == []


async def test_opposite_moves_never_deadlock(hall: Hall, clients: Rivals) -> None:
    chance = random.Random(7)
    lots = await world.add_lots(hall.owner, *[{} for _ in range(25)])
    places = [101, 102, 103]
    for lot in lots:
        for place in places:
            await world.receive(lot, 30, place)

    def one() -> dict[str, Any]:
        lot, (here, there) = chance.choice(lots), chance.sample(places, 2)
        code = write_own(OwnKind.LOT, lot.number)
        return a_scan(code, "move", bin=f"CZ{here}", to_bin=f"CZ{there}", quantity=chance.randint(1, 12))

    shots = [
        batch(chance.choice(hall.urls), hall.token, [one() for _ in range(chance.choice((1, 5, 20, 50)))], n % 40)
        for n in range(160)
    ]
    found = results(await asyncio.to_thread(clients.attack, shots))
    assert len(found) == sum(len(shot.body["scans"]) for shot in shots)
    assert set(count(found)) == {"done", "stock.not-enough"}, count(found)
    rows = await hall.owner.fetch("SELECT lot_id, sum(on_hand) FROM balance GROUP BY 1")
    assert [row[1] for row in rows] == [90] * len(lots)
    assert await hall.books() == []


async def test_one_queue_sent_thrice_and_by_rivals_at_once_is_one_effect(hall: Hall, clients: Rivals) -> None:
    chance = random.Random(11)
    lots = await world.add_lots(hall.owner, *[{} for _ in range(8)])
    for lot in lots:
        await world.receive(lot, 20, 101)
    queue = [
        *[
            a_scan(write_own(OwnKind.LOT, chance.choice(lots).number), "issue", bin="CZ101", quantity=4)
            for _ in range(60)
        ],
        *[
            a_scan(write_elements([("01", TENT), ("10", f"Q{n % 5}")]), "receive", bin="CZ102", quantity=2)
            for n in range(40)
        ],
        *[
            a_scan(write_own(OwnKind.LOT, chance.choice(lots).number), "move", bin="CZ101", to_bin="CZ103", quantity=1)
            for _ in range(40)
        ],
        *[a_scan(f"nonsense {n}", "issue") for n in range(10)],
    ]
    shots = []
    for sender in range(6):  # three times one after the other, by two devices at once
        chance.shuffle(queue)
        rest = list(queue)
        while rest:
            size = chance.choice((1, 3, 17, 50))
            shots.append(batch(hall.urls[sender % 2], hall.token, rest[:size], connection=sender // 3))
            rest = rest[size:]
    found = results(await asyncio.to_thread(clients.attack, shots))
    by_id: dict[str, list[dict[str, Any]]] = {}
    for result in found:
        by_id.setdefault(result["id"], []).append(result)
    assert len(by_id) == len(queue)
    for scan_id, told in by_id.items():
        assert Counter(r["outcome"] == "repeat" for r in told) == {False: 1, True: 5}, (scan_id, told)
        answers = {json.dumps([r["code"], r["facts"], r["was"] or r["outcome"]], sort_keys=True) for r in told}
        assert len(answers) == 1, answers
    done = {r["id"] for r in found if r["outcome"] == "done"}
    moved = await hall.owner.fetch("SELECT attempt, count(*) FROM move WHERE login = 'storm' GROUP BY 1")
    assert {str(row[0]) for row in moved} == done
    assert await hall.owner.fetchval("SELECT count(*) FROM scan") == len(queue)
    assert await hall.books() == []


async def test_the_same_id_with_other_contents_has_one_winner(hall: Hall, clients: Rivals) -> None:
    (lot,) = await world.add_lots(hall.owner, {})
    await world.receive(lot, 1000, 101)
    code = write_own(OwnKind.LOT, lot.number)
    shots = []
    for n in range(20):
        scan_id = uuid4()
        shots += [
            batch(
                hall.urls[k % 2],
                hall.token,
                [a_scan(code, "issue", scan_id=scan_id, bin="CZ101", quantity=k + 1)],
                connection=4 * n + k,
            )
            for k in range(4)
        ]
    found = results(await asyncio.to_thread(clients.attack, shots))
    assert count(found) == {"done": 20, "attempt.other-content": 60}
    issued = sum(r["facts"]["lines"][0]["quantity"] for r in found if r["outcome"] == "done")
    assert await hall.owner.fetchval("SELECT on_hand FROM balance WHERE lot_id = $1", lot.id) == 1000 - issued
    assert await hall.books() == []


async def test_rivals_who_receive_a_new_lot_at_once_make_one(hall: Hall, clients: Rivals) -> None:
    chance = random.Random(5)
    batches = [f"N{n}" for n in range(6)]
    shots = []
    for n in range(60):
        picks = chance.sample(batches, 3)
        scans = [a_scan(write_elements([("01", TENT), ("10", b)]), "receive", bin="CZ104", quantity=2) for b in picks]
        shots.append(batch(chance.choice(hall.urls), hall.token, scans, connection=n))
    found = results(await asyncio.to_thread(clients.attack, shots))
    assert count(found) == {"done": 180}
    assert await hall.owner.fetchval("SELECT count(*) FROM lot") == len(batches)
    assert await hall.owner.fetchval("SELECT sum(on_hand) FROM balance") == 360
    assert await hall.books() == []


async def test_ten_rivals_undo_the_same_act_and_one_does(hall: Hall, clients: Rivals) -> None:
    chance = random.Random(3)
    (lot,) = await world.add_lots(hall.owner, {})
    await world.receive(lot, 500, 101)
    code = write_own(OwnKind.LOT, lot.number)
    acts = [a_scan(code, "issue", bin="CZ101", quantity=n + 1) for n in range(8)]
    acts += [a_scan(code, "move", bin="CZ101", to_bin="CZ102", quantity=n + 1) for n in range(8)]
    acts += [
        a_scan(write_elements([("01", TENT), ("10", f"U{n}")]), "receive", bin="CZ103", quantity=3) for n in range(4)
    ]
    assert count(results(clients.attack([batch(hall.urls[0], hall.token, acts)]))) == {"done": len(acts)}
    before = await hall.owner.fetchval("SELECT count(*) FROM move")
    shots = [
        Shot(
            hall.urls[n % 2],
            hall.token,
            "/api/v1/stock/reverse",
            {"attempt": act["id"], "reason": "拿错了"},
            connection=n,
            headers={"Idempotency-Key": str(uuid4())},
        )
        for act in acts
        for n in range(10)
    ]
    chance.shuffle(shots)
    answers = await asyncio.to_thread(clients.attack, shots)
    won: Counter[str] = Counter()
    for shot, answer in zip(shots, answers, strict=True):
        if answer.status == 409:
            assert answer.body["code"] == "stock.cannot-reverse", answer.body
            assert answer.body["facts"]["blocked_by"][0]["why"] == "reversed", answer.body
        else:
            assert answer.status in (200, 201), (answer.status, answer.body)
            won[shot.body["attempt"]] += 1
    assert won == {act["id"]: 1 for act in acts}
    assert await hall.owner.fetchval("SELECT count(*) FROM move") == before + len(acts)
    held = await hall.owner.fetch("SELECT place_id, on_hand FROM balance WHERE on_hand > 0")
    assert [tuple(row) for row in held] == [(101, 500)]
    assert await hall.books() == []


async def test_one_undo_sent_ten_times_at_once_is_one_undo(hall: Hall, clients: Rivals) -> None:
    (lot,) = await world.add_lots(hall.owner, {})
    await world.receive(lot, 50, 101)
    act = a_scan(write_own(OwnKind.LOT, lot.number), "issue", bin="CZ101", quantity=7)
    results(clients.attack([batch(hall.urls[0], hall.token, [act])]))
    key = {"Idempotency-Key": str(uuid4())}
    body = {"attempt": act["id"], "reason": ""}
    answers = await asyncio.to_thread(
        clients.attack,
        [Shot(hall.urls[n % 2], hall.token, "/api/v1/stock/reverse", body, n, headers=key) for n in range(10)],
    )
    assert {a.status for a in answers} <= {200, 201}, answers
    assert Counter(a.body["repeat"] for a in answers) == {False: 1, True: 9}
    assert len({json.dumps({**a.body, "repeat": 0}, sort_keys=True) for a in answers}) == 1
    assert await hall.owner.fetchval("SELECT on_hand FROM balance WHERE place_id = 101") == 50
    assert await hall.books() == []
