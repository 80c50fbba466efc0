"""Many at once, each on a connection of its own: the last piece is taken once, nobody waits for ever.

Every task opens its own transaction (the ambient transaction is a context variable). Seeds make the order of starting
repeatable; the interleaving in the database is what it is.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar
from uuid import uuid4

import asyncpg

from catalog.kernel import db
from catalog.kernel.errors import Problem, Refused
from catalog.kernel.stamp import content_hash
from tests.warehouse.stock import world
from tests.warehouse.stock.world import CONSUMED, NOW, line, posting, stamp
from warehouse.stock import actions, queries, verify
from warehouse.stock.actions import Take
from warehouse.stock.ledger import Outcome
from warehouse.stock.model import Lot, Posting, Reason, Receipt

T = TypeVar("T")
ROUNDS = 20


async def patient(posting: Posting) -> Outcome:
    """Post one; what the database undoes (a deadlock, a rival's same new row) is done again, as the actions do."""
    for _ in range(5):
        try:
            return (await world.post(posting))[0]
        except db.SERIALIZATION_ERRORS:
            continue
    raise AssertionError("five times in a row")


async def together(works: list[Callable[[], Awaitable[T]]], seed: int, limit: float = 60) -> list[T | BaseException]:
    """Start all at once in a seeded order; their results in the order given. Nobody may wait longer than `limit`."""
    order = list(range(len(works)))
    random.Random(seed).shuffle(order)
    tasks = {n: asyncio.create_task(_of(works[n])) for n in order}
    async with asyncio.timeout(limit):
        done = await asyncio.gather(*(tasks[n] for n in range(len(works))), return_exceptions=True)
    return list(done)


async def _of(work: Callable[[], Awaitable[T]]) -> T:
    return await work()


async def test_two_hundred_rivals_for_fifty_units_give_exactly_fifty(hall: asyncpg.Connection) -> None:
    lots = await world.add_lots(hall, *[{} for _ in range(ROUNDS)])
    for seed, lot in enumerate(lots):
        await world.receive(lot, 50, 101)

        def issue(of: Lot = lot) -> Awaitable[Outcome]:
            return patient(posting(line(of, 1, 101, CONSUMED), reason=Reason.ISSUE))

        outcomes = await together([issue] * 200, seed)
        done = [outcome for outcome in outcomes if isinstance(outcome, Receipt)]
        refusals = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
        assert (len(done), len(refusals)) == (50, 150)
        assert {(r.code, r.facts["asked"], r.facts["free"], r.facts["lot"]) for r in refusals} == {
            ("stock.not-enough", 1, 0, lot.number)
        }
        assert sorted(r.body["lines"][0]["from"]["on_hand"] for r in done) == list(range(50))
    assert await world.balances(hall) == {}
    assert await verify.run(thorough=True) == []


async def test_rivals_of_any_size_never_take_more_than_there_is(hall: asyncpg.Connection) -> None:
    dice = random.Random(3)
    (lot,) = await world.add_lots(hall, {})
    await world.receive(lot, 100, 101)
    await world.reserve(hall, lot, 101, 30)
    wanted = [dice.randrange(1, 9) for _ in range(80)]

    def issue(quantity: int) -> Callable[[], Awaitable[Outcome]]:
        return lambda: patient(posting(line(lot, quantity, 101, CONSUMED), reason=Reason.ISSUE))

    outcomes = await together([issue(quantity) for quantity in wanted], 3)
    taken = sum(q for q, outcome in zip(wanted, outcomes, strict=True) if isinstance(outcome, Receipt))
    assert all(isinstance(outcome, Receipt | Refused) for outcome in outcomes)
    assert (await world.balances(hall))[(lot.id, 101, "good")] == (100 - taken, 30)
    free = 70 - taken
    assert all(q > free for q, outcome in zip(wanted, outcomes, strict=True) if isinstance(outcome, Refused))
    assert await verify.run(thorough=True) == []


async def test_opposite_moves_never_deadlock(hall: asyncpg.Connection) -> None:
    """Posted once each, without a second try: the one locking order alone keeps them apart."""
    lots = await world.add_lots(hall, {}, {}, {})
    bins = [101, 102, 103, 104]
    for lot in lots:
        for place in bins:
            await world.receive(lot, 200, place)
    for seed in range(ROUNDS):
        dice = random.Random(seed)

        def moves(dice: random.Random = dice) -> Callable[[], Awaitable[list[Outcome]]]:
            lines = []
            for lot in dice.sample(lots, dice.randrange(1, 4)):
                source, target = dice.sample(bins, 2)
                lines.append(line(lot, dice.randrange(1, 4), source, target))
            return lambda: world.post(posting(*lines))

        outcomes = await together([moves() for _ in range(40)], seed)
        assert [o for o in outcomes if isinstance(o, BaseException)] == []
    for lot in lots:
        held = await queries.balances_of_lots([lot.id])
        assert sum(balance.on_hand for balance in held) == 800
    assert await verify.run(thorough=True) == []


async def test_one_attempt_sent_by_ten_rivals_has_one_effect(hall: asyncpg.Connection) -> None:
    (lot,) = await world.add_lots(hall, {})
    await world.receive(lot, 1000, 101)
    before = await hall.fetchval("SELECT count(*) FROM move")
    for seed in range(ROUNDS):
        same = posting(line(lot, 3, 101, CONSUMED), reason=Reason.ISSUE, by=stamp(attempt=uuid4()))
        outcomes = await together([lambda same=same: patient(same)] * 10, seed)
        receipts = [outcome for outcome in outcomes if isinstance(outcome, Receipt)]
        assert len(receipts) == 10
        assert Counter(receipt.repeat for receipt in receipts) == {False: 1, True: 9}
        assert all(receipt.body == receipts[0].body for receipt in receipts)
    assert await hall.fetchval("SELECT count(*) FROM move") == before + ROUNDS
    assert (await world.balances(hall))[(lot.id, 101, "good")] == (1000 - 3 * ROUNDS, 0)


async def test_a_refusal_is_one_refusal_however_often_it_is_sent(hall: asyncpg.Connection) -> None:
    (lot,) = await world.add_lots(hall, {})
    await world.receive(lot, 2, 101)
    same = posting(line(lot, 3, 101, CONSUMED), reason=Reason.ISSUE)
    outcomes = await together([lambda: patient(same)] * 10, 1)
    assert {outcome.code for outcome in outcomes if isinstance(outcome, Problem)} == {"stock.not-enough"}
    await world.receive(lot, 10, 101)
    (again,) = await world.post(same)
    assert isinstance(again, Refused)  # final for this id, also when there is enough now
    assert await hall.fetchval("SELECT count(*) FROM audit WHERE attempt = $1", same.stamp.attempt) == 1


async def test_rivals_with_the_same_id_and_other_content_are_refused(hall: asyncpg.Connection) -> None:
    (lot,) = await world.add_lots(hall, {})
    await world.receive(lot, 1000, 101)
    by = stamp()

    def issue(quantity: int) -> Callable[[], Awaitable[Outcome]]:
        other = replace(by, content_hash=content_hash(quantity))
        return lambda: patient(posting(line(lot, quantity, 101, CONSUMED), reason=Reason.ISSUE, by=other))

    works = [issue(quantity) for quantity in range(1, 11)]
    outcomes = await together(works, 5)
    assert sum(isinstance(outcome, Receipt) for outcome in outcomes) == 1
    assert {o.code for o in outcomes if isinstance(o, Problem)} == {"attempt.other-content"}
    assert await hall.fetchval("SELECT count(*) FROM move WHERE reason = 'issue'") == 1


async def test_no_more_comes_back_than_went_out(hall: asyncpg.Connection) -> None:
    (lot,) = await world.add_lots(hall, {})
    await world.receive(lot, 10, 101)
    await world.issue(lot, 7, 101)

    def bring_back() -> Awaitable[Receipt]:
        takes = [Take(lot.id, 2, 102)]
        return actions.return_goods(stamp=stamp(), takes=takes)

    outcomes = await together([bring_back] * 12, 2)
    assert sum(isinstance(outcome, Receipt) for outcome in outcomes) == 3
    assert {o.code for o in outcomes if isinstance(o, Problem)} == {"stock.more-than-went-out"}
    assert (await world.balances(hall))[(lot.id, 102, "awaiting")] == (6, 0)
    await actions.return_goods(stamp=stamp(), takes=[Take(lot.id, 2, 102)], fact=True)
    assert await verify.run(thorough=True) == []


async def test_numbered_pieces_are_taken_once(hall: asyncpg.Connection) -> None:
    (pumps,) = await world.add_lots(hall, {"item_id": 3})
    pieces = await world.add_serials(hall, pumps, 12)
    await world.receive(pumps, 12, 101, pieces)
    dice = random.Random(8)

    def take(chosen: list[int]) -> Callable[[], Awaitable[Outcome]]:
        return lambda: patient(posting(line(pumps, len(chosen), 101, CONSUMED, chosen), reason=Reason.ISSUE))

    sets = [dice.sample(pieces, dice.randrange(1, 4)) for _ in range(40)]
    outcomes = await together([take(chosen) for chosen in sets], 8)
    taken = [piece for chosen, o in zip(sets, outcomes, strict=True) if isinstance(o, Receipt) for piece in chosen]
    assert len(taken) == len(set(taken))
    assert {o.code for o in outcomes if isinstance(o, Problem)} <= {"stock.serial-elsewhere", "stock.not-enough"}
    assert (await world.balances(hall)).get((pumps.id, 101, "good"), (0, 0))[0] == 12 - len(taken)
    assert await verify.run(thorough=True) == []


async def test_facts_counts_reservations_and_moves_at_once_leave_true_books(hall: asyncpg.Connection) -> None:
    lots = await world.add_lots(hall, {}, {})
    (pumps,) = await world.add_lots(hall, {"item_id": 3})
    pieces = await world.add_serials(hall, pumps, 10)
    await world.receive(pumps, 10, 101, pieces)
    for lot in lots:
        for place in (101, 102):
            await world.receive(lot, 40, place)
    dice = random.Random(11)
    later = NOW + timedelta(hours=1)

    def one() -> Callable[[], Awaitable[object]]:
        lot, (source, target) = dice.choice(lots), dice.sample([101, 102, 103], 2)
        quantity, by = dice.randrange(1, 15), stamp(at=NOW, recorded=later)
        kind = dice.randrange(5)
        if kind == 0:
            return lambda: patient(
                posting(line(lot, quantity, source, CONSUMED), reason=Reason.ISSUE, fact=True, by=by)
            )
        if kind == 1:
            until = later + timedelta(days=1)
            return lambda: actions.reserve(
                stamp=stamp(at=later), lot_id=lot.id, place_id=source, quantity=quantity, expires_at=until
            )
        if kind == 2:
            found = [actions.Counted(lot.id, world.GOOD, quantity * 3)]
            return lambda: actions.count(stamp=stamp(at=later), place_id=source, found=found)
        if kind == 3:
            some = dice.sample(pieces, 2)
            return lambda: patient(posting(line(pumps, 2, source, target, some), fact=True, by=by))
        takes = [Take(lot.id, quantity, source, to_place=target)]
        return lambda: actions.move(stamp=stamp(at=later), takes=takes)

    outcomes = await together([one() for _ in range(120)], 11)
    wrong = [o for o in outcomes if isinstance(o, BaseException) and not isinstance(o, Refused)]
    assert wrong == []
    assert await verify.run(thorough=True) == []
