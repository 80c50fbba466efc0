"""The ledger on real PostgreSQL against a tiny model: whatever happens in whatever order, the books are right.

After each step: on_hand and reserved of every balance and the place of every piece as the model has them; after
every few steps `verify` in full. Repeats give the first receipt and write nothing.
"""

import asyncio
import contextlib
import os
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from api import database as api_database
from catalog.kernel import db
from catalog.kernel.errors import Problem, Refused
from catalog.kernel.stamp import content_hash, house_stamp
from catalog.kernel.time import day_of
from tests.conftest import Postgres
from tests.warehouse.stock import world
from tests.warehouse.stock.tiny_books import ADJUSTMENT, CONVERSION, Act, Key, Step, TinyBooks
from warehouse.stock import actions, ledger, queries, verify
from warehouse.stock.model import Condition, Line, Lot, Posting, Reason, Receipt

T = TypeVar("T")
SUPPLIER, CONSUMED, DISPOSED = 1, 3, 4
BINS = (101, 102, 103)
EXAMPLES = int(os.environ.get("BEIYU_EXAMPLES", "40"))
"""Forty of them, always the same, with the other tests; for a longer search set another number."""
EVERY = 6
"""Steps between two full verifications."""

bins = st.sampled_from(BINS)
conditions = st.sampled_from(["good", "good", "good", "damaged"])
quantities = st.integers(1, 12)
bulk = st.integers(0, 2)
minutes_ago = st.sampled_from([0, 0, 1, 30, 300])
picks = st.integers(0, 10**6)


class Ledger(RuleBasedStateMachine):
    """Lots 0 and 1 never expire, 2 expires soon, 3 and 4 are numbered goods with six pieces (of lot 3) between them."""

    runner: asyncio.Runner
    owner: asyncpg.Connection

    def __init__(self) -> None:
        super().__init__()
        self.now = world.NOW
        soon = day_of(world.NOW) + timedelta(days=1)
        facts: list[dict[str, Any]] = [{}, {}, {"expires_on": soon}, {"item_id": 3}, {"item_id": 3}]
        self.lots: list[Lot] = self.run(world.add_lots(self.owner, *facts))
        self.pieces: list[int] = self.run(world.add_serials(self.owner, self.lots[3], 6))
        self.bins = dict(zip(BINS, self.run(self.add_bins()), strict=True))
        self.by_id = {lot.id: lot for lot in self.lots}
        self.books = TinyBooks({lot.id: lot.expires_on for lot in self.lots}, {lot.id for lot in self.lots[3:]})
        self.sent: list[tuple[Posting, ledger.Outcome]] = []
        self.steps = 0

    async def add_bins(self) -> list[int]:
        """Bins of this run's own: counts are remembered per bin."""
        rows = await self.owner.fetch(
            "INSERT INTO place (uuid, kind, site_id, zone_id, code, key)"
            " SELECT gen_random_uuid(), 'bin', 1, 1, k, k FROM (SELECT gen_random_uuid()::text AS k"
            " FROM generate_series(1, 3)) x RETURNING id"
        )
        return [row[0] for row in rows]

    def real(self, place: int) -> int:
        """The bin of this run that a drawn 101, 102 or 103 stands for; outside places are the same for all."""
        return self.bins.get(place, place)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    # -- sending ---------------------------------------------------------------------------------------------------

    def stamp(self, ago: int = 0) -> Any:
        made = house_stamp(uuid4(), "content", self.now)
        return replace(made, occurred_at=self.now - timedelta(minutes=ago))

    def posting(self, act: Act) -> Posting:
        made = replace(house_stamp(uuid4(), "content", self.now), occurred_at=act.occurred)
        lines = tuple(
            Line(
                self.by_id[s.lot],
                s.quantity,
                s.source[0],
                Condition(s.source[1]),
                s.target[0],
                Condition(s.target[1]),
                s.pieces,
            )
            for s in act.steps
        )
        return Posting(made, Reason(act.reason), lines, 1, fact=act.fact, reservations=act.using)

    def send(self, *acts: Act) -> None:
        """Post a batch and tell it to the model; their answers must agree."""
        postings = [self.posting(act) for act in acts]
        outcomes = self.run(world.post(*postings))
        answers = self.books.batch(list(acts), self.now)
        assert [o.code if isinstance(o, Problem) else None for o in outcomes] == answers
        self.sent += zip(postings, outcomes, strict=True)

    def act(self, reason: str, *steps: Step, fact: bool = False, ago: int = 0, using: tuple[UUID, ...] = ()) -> Act:
        steps = tuple(
            replace(s, source=(self.real(s.source[0]), s.source[1]), target=(self.real(s.target[0]), s.target[1]))
            for s in steps
        )
        return Act(reason, steps, self.now - timedelta(minutes=ago), fact, using)

    def pick(self, keys: list[Key], pick: int) -> Key:
        return sorted(keys)[pick % len(keys)]

    def stocked(self) -> list[Key]:
        return [key for key, quantity in self.books.held.items() if quantity and key[0] not in self.books.numbered]

    def standing(self) -> dict[int, Key]:
        return {piece: key for piece, key in self.books.pieces.items() if key[1] >= 100}

    def promised(self, pick: int) -> UUID:
        """By age, not by id: ids are random, and a run must be repeatable."""
        oldest_first = sorted(self.books.promises, key=lambda made: self.books.promises[made].age)
        return oldest_first[pick % len(oldest_first)]

    # -- commands --------------------------------------------------------------------------------------------------

    @rule(lot=bulk, place=bins, condition=conditions, quantity=quantities)
    def receive(self, lot: int, place: int, condition: str, quantity: int) -> None:
        self.send(self.act("receive", Step(self.lots[lot].id, quantity, (SUPPLIER, "good"), (place, condition))))

    @rule(lot=bulk, place=bins, condition=conditions, quantity=quantities)
    def issue(self, lot: int, place: int, condition: str, quantity: int) -> None:
        self.send(self.act("issue", Step(self.lots[lot].id, quantity, (place, condition), (CONSUMED, "good"))))

    @precondition(lambda self: self.stocked())
    @rule(pick=picks, more=st.integers(-3, 3), reason=st.sampled_from(["issue", "dispose"]))
    def take_about_all(self, pick: int, more: int, reason: str) -> None:
        lot, *source = self.pick(self.stocked(), pick)
        quantity = max(self.books.free((lot, *source)) + more, 1)  # type: ignore[arg-type]
        target = CONSUMED if reason == "issue" else DISPOSED
        self.send(self.act(reason, Step(lot, quantity, tuple(source), (target, "good"))))  # type: ignore[arg-type]

    @precondition(lambda self: self.stocked())
    @rule(pick=picks, quantity=quantities, goal=bins, to=conditions)
    def move_or_inspect(self, pick: int, quantity: int, goal: int, to: str) -> None:
        lot, place, condition = self.pick(self.stocked(), pick)
        if (place, condition) != (self.real(goal), to):
            self.send(self.act("move", Step(lot, quantity, (place, condition), (goal, to))))

    @precondition(lambda self: self.stocked())
    @rule(pick=picks, other=bulk)
    def convert(self, pick: int, other: int) -> None:
        lot, place, condition = self.pick(self.stocked(), pick)
        quantity, new = self.books.held[(lot, place, condition)], self.lots[other].id
        out = Step(lot, quantity, (place, condition), (CONVERSION, "good"))
        back = Step(new, quantity, (CONVERSION, "good"), (place, condition))
        self.send(self.act("convert", out, back))

    # -- numbered goods --------------------------------------------------------------------------------------------

    @rule(first=st.integers(0, 5), count=st.integers(1, 3), place=bins)
    def receive_pieces(self, first: int, count: int, place: int) -> None:
        some = tuple(self.pieces[first : first + count])
        self.send(self.act("receive", Step(self.lots[3].id, len(some), (SUPPLIER, "good"), (place, "good"), some)))

    @precondition(lambda self: self.standing())
    @rule(pick=picks, end=st.sampled_from([*BINS, CONSUMED]), to=conditions)
    def move_piece(self, pick: int, end: int, to: str) -> None:
        standing = self.standing()
        piece = sorted(standing)[pick % len(standing)]
        lot, place, condition = standing[piece]
        goal = (self.real(end), "good" if end == CONSUMED else to)
        if (place, condition) != goal:
            reason = "issue" if end == CONSUMED else "move"
            self.send(self.act(reason, Step(lot, 1, (place, condition), goal, (piece,))))

    @precondition(lambda self: self.standing())
    @rule(pick=picks)
    def convert_piece(self, pick: int) -> None:
        standing = self.standing()
        piece = sorted(standing)[pick % len(standing)]
        lot, place, condition = standing[piece]
        new = self.lots[4].id if lot == self.lots[3].id else self.lots[3].id
        out = Step(lot, 1, (place, condition), (CONVERSION, "good"), (piece,))
        self.send(self.act("convert", out, Step(new, 1, (CONVERSION, "good"), (place, condition), (piece,))))

    @rule(
        piece=st.integers(0, 5),
        lot=st.integers(3, 4),
        source=st.sampled_from([SUPPLIER, *BINS]),
        end=st.sampled_from([*BINS, CONSUMED]),
        ago=minutes_ago,
    )
    def fact_about_a_piece(self, piece: int, lot: int, source: int, end: int, ago: int) -> None:
        if source != end:
            step = Step(self.lots[lot].id, 1, (source, "good"), (end, "good"), (self.pieces[piece],))
            self.send(self.act("move", step, fact=True, ago=ago))

    # -- facts -----------------------------------------------------------------------------------------------------

    @rule(
        lot=bulk,
        source=st.sampled_from([SUPPLIER, *BINS]),
        end=st.sampled_from([*BINS, CONSUMED]),
        condition=conditions,
        quantity=quantities,
        ago=minutes_ago,
        using=st.booleans(),
    )
    def fact(self, lot: int, source: int, end: int, condition: str, quantity: int, ago: int, using: bool) -> None:
        if source == end:
            return
        step = Step(self.lots[lot].id, quantity, (source, condition), (end, condition))
        leaves = (step.lot, self.real(source), condition)
        own = tuple(made for made, promise in self.books.promises.items() if promise.key == leaves)[:1]
        self.send(self.act("move", step, fact=True, ago=ago, using=own if using else ()))

    # -- promises --------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.stocked())
    @rule(pick=picks, quantity=quantities, priority=st.sampled_from([10, 100]), hours=st.sampled_from([1, 5, 500]))
    def reserve(self, pick: int, quantity: int, priority: int, hours: int) -> None:
        lot, place, _ = self.pick(self.stocked(), pick)
        key, until = (lot, place, "good"), self.now + timedelta(hours=hours)
        lapsed = [made for made, p in self.books.promises.items() if p.key == key and p.until <= self.now]
        expires = self.books.expiry[lot]
        free = self.books.free(key) + sum(self.books.promises[made].quantity for made in lapsed)
        asked = actions.reserve(
            stamp=self.stamp(), lot_id=lot, place_id=place, quantity=quantity, expires_at=until, priority=priority
        )
        if free < quantity or (expires is not None and expires < day_of(self.now)):
            with pytest.raises(Refused):
                self.run(asked)
            return
        made = UUID(self.run(asked)["reservation"])
        for gone in lapsed:
            del self.books.promises[gone]
        self.books.next_age += 1
        self.books.promises[made] = self._promise(key, quantity, priority, until)

    def _promise(self, key: Key, quantity: int, priority: int, until: datetime) -> Any:
        from tests.warehouse.stock.tiny_books import Promise

        return Promise(key, quantity, priority, until, self.books.next_age)

    @precondition(lambda self: self.books.promises)
    @rule(pick=picks)
    def release(self, pick: int) -> None:
        made = self.promised(pick)
        self.run(actions.release(stamp=self.stamp(), reservation=made))
        del self.books.promises[made]
        with pytest.raises(Refused):
            self.run(actions.release(stamp=self.stamp(), reservation=made))

    @precondition(lambda self: self.books.promises)
    @rule(pick=picks, share=st.sampled_from([1, 2, 3]), extra=st.integers(0, 2), both=st.booleans())
    def issue_what_was_promised(self, pick: int, share: int, extra: int, both: bool) -> None:
        made = self.promised(pick)
        promise = self.books.promises[made]
        others = [m for m, p in self.books.promises.items() if p.key == promise.key and m != made] if both else []
        quantity = max(promise.quantity // share, 1) + extra
        lot, place, condition = promise.key
        step = Step(lot, quantity, (place, condition), (CONSUMED, "good"))
        self.send(self.act("issue", step, using=(made, *others[:1])))

    @rule(hours=st.sampled_from([1, 6, 30]))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    # -- counts, pallets -------------------------------------------------------------------------------------------

    @rule(lot=bulk, place=bins, quantity=st.integers(0, 15))
    def count(self, lot: int, place: int, quantity: int) -> None:
        key = (self.lots[lot].id, self.real(place), "good")
        self._count(key, quantity - self.books.held.get(key, 0), actions.Counted(key[0], Condition.GOOD, quantity), ())

    @rule(place=bins, missing=st.integers(0, 2))
    def count_pieces(self, place: int, missing: int) -> None:
        key = (self.lots[3].id, self.real(place), "good")
        here = sorted(piece for piece, stands in self.books.pieces.items() if stands == key)
        seen, gone = tuple(here[missing:]), tuple(here[:missing])
        self._count(key, -len(gone), actions.Counted(key[0], Condition.GOOD, len(seen), seen), gone)

    def _count(self, key: Key, variance: int, found: actions.Counted, pieces: tuple[int, ...]) -> None:
        inside, outside = (key[1], "good"), (ADJUSTMENT, "good")
        ends = (outside, inside) if variance > 0 else (inside, outside)
        steps = [Step(key[0], abs(variance), *ends, pieces)] if variance else []
        refusal = None
        if steps:
            before = dict(self.books.promises)
            (refusal,) = self.books.batch([self.act("count", *steps)], self.now)
            if refusal is not None:
                self.books.promises = before  # a refused verb leaves nothing, not even lapsed promises released
        asked = actions.count(stamp=self.stamp(), place_id=key[1], found=[found])
        if refusal is not None:
            with pytest.raises(Refused) as refused:
                self.run(asked)
            assert refused.value.code == refusal
        else:
            self.run(asked)
            self.books.counted[key[1]] = self.now

    @precondition(lambda self: self.stocked())
    @rule(pick=picks, quantity=quantities)
    def build_pallet(self, pick: int, quantity: int) -> None:
        lot, place, condition = self.pick(self.stocked(), pick)
        content = actions.Content(lot, quantity, Condition(condition))
        with contextlib.suppress(Refused):  # what stands there is on another pallet
            self.run(actions.build_pallet(stamp=self.stamp(), place_id=place, contents=[content]))

    # -- again, together, back -------------------------------------------------------------------------------------

    @precondition(lambda self: self.sent)
    @rule(pick=picks, other=st.booleans())
    def send_again(self, pick: int, other: bool) -> None:
        posting, first = self.sent[pick % len(self.sent)]
        before = self.run(self.count_moves())
        if other:
            posting = replace(posting, stamp=replace(posting.stamp, content_hash=content_hash("other")))
        touched = [self.act(posting.reason.value, *self._steps(posting), fact=posting.fact)]
        (again,) = self.run(world.post(posting))
        self._only_lapse(touched)
        if other:
            assert isinstance(again, Refused)
            assert again.code == "attempt.other-content"
        elif isinstance(first, Receipt):
            assert isinstance(again, Receipt)
            assert (again.repeat, again.body) == (True, first.body)
        else:
            assert isinstance(again, Problem)
            assert (again.code, dict(again.facts)) == (first.code, dict(first.facts))
        assert self.run(self.count_moves()) == before

    def _steps(self, posting: Posting) -> list[Step]:
        return [
            Step(
                line.lot.id,
                line.quantity,
                (line.from_place, line.from_condition.value),
                (line.to_place, line.to_condition.value),
                line.serial_ids,
            )
            for line in posting.lines
        ]

    def _only_lapse(self, acts: list[Act]) -> None:
        """A repeat locks the same balances: what has lapsed there is released, nothing else happens."""
        ghosts = [Act(a.reason, tuple(replace(s, quantity=0) for s in a.steps), a.occurred, a.fact) for a in acts]
        touched = {k for a in ghosts for s in a.steps for k in (s.leaves, s.comes)}
        touched |= {
            self.books.pieces[p] for a in ghosts if a.fact for s in a.steps for p in s.pieces if p in self.books.pieces
        }
        for made, promise in list(self.books.promises.items()):
            if promise.key in touched and promise.until <= self.now:
                del self.books.promises[made]

    @precondition(lambda self: len(self.stocked()) > 1)
    @rule(chosen=st.lists(st.tuples(picks, quantities, st.booleans(), minutes_ago), min_size=2, max_size=5))
    def a_batch(self, chosen: list[tuple[int, int, bool, int]]) -> None:
        acts = []
        for pick, quantity, fact, ago in chosen:
            lot, place, condition = self.pick(self.stocked(), pick)
            goal = (CONSUMED, "good") if quantity % 2 else (self.real(BINS[pick % 3]), "good")
            if goal != (place, condition):
                step = Step(lot, quantity, (place, condition), goal)
                acts.append(self.act("move", step, fact=fact, ago=ago if fact else 0))
        if acts:
            self.send(*acts)

    @precondition(lambda self: any(isinstance(outcome, Receipt) for _, outcome in self.sent))
    @rule(pick=picks)
    def reverse(self, pick: int) -> None:
        done = [posting for posting, outcome in self.sent if isinstance(outcome, Receipt)]
        attempt = done[pick % len(done)].stamp.attempt
        moves = self.run(queries.find_moves_of_attempt(attempt))
        steps = [
            Step(
                m.lot_id,
                m.quantity,
                (m.target.place_id, m.target.condition),
                (m.source.place_id, m.source.condition),
                m.serial_ids,
            )
            for m in reversed(moves)
        ]
        counted = any(
            leg.place_id in self.books.counted and self.books.counted[leg.place_id] > m.occurred_at
            for m in moves
            for leg in (m.source, m.target)
        )
        outside = all(leg.place_id < 100 for m in moves for leg in (m.source, m.target))
        blocked = counted or outside or any(m.reversed_by is not None for m in moves)
        before = dict(self.books.promises)
        refusal = "stock.cannot-reverse" if blocked else self.books.batch([self.act("reverse", *steps)], self.now)[0]
        asked = actions.reverse(stamp=self.stamp(), attempt=attempt)
        if refusal is not None:
            self.books.promises = before
            with pytest.raises(Refused) as refused:
                self.run(asked)
            assert refused.value.code == "stock.cannot-reverse"
            assert blocked is False or refused.value.facts["blocked_by"]
        else:
            self.run(asked)

    # -- what must hold --------------------------------------------------------------------------------------------

    async def count_moves(self) -> int:
        return int(await self.owner.fetchval("SELECT count(*) FROM move"))

    @invariant()
    def the_books_agree(self) -> None:
        self.now += timedelta(minutes=1)
        self.steps += 1
        self.run(self._compare())
        if self.steps % EVERY == 0:
            assert self.run(verify.run(thorough=True)) == []

    async def _compare(self) -> None:
        lots = list(self.by_id)
        rows = await self.owner.fetch("SELECT * FROM balance WHERE lot_id = ANY($1)", lots)
        stored = {(r["lot_id"], r["place_id"], r["condition"]): (r["on_hand"], r["reserved"]) for r in rows}
        assert all(0 <= reserved <= on_hand for on_hand, reserved in stored.values())
        expected = {key: (q, self.books.reserved(key)) for key, q in self.books.held.items() if q}
        assert {key: pair for key, pair in stored.items() if pair != (0, 0)} == expected
        rows = await self.owner.fetch("SELECT * FROM serial_state WHERE serial_id = ANY($1)", self.pieces)
        assert {r["serial_id"]: (r["lot_id"], r["place_id"], r["condition"]) for r in rows} == self.books.pieces
        rows = await self.owner.fetch(
            "SELECT id, quantity FROM reservation WHERE state = 'held' AND lot_id = ANY($1)", lots
        )
        assert dict(map(tuple, rows)) == {made: promise.quantity for made, promise in self.books.promises.items()}

    def teardown(self) -> None:
        assert self.run(verify.run(thorough=True)) == []


@pytest.fixture
def runner(postgres: Postgres) -> Iterator[asyncio.Runner]:
    """A loop of its own with a database of its own: the machine's steps are not coroutines."""
    with asyncio.Runner() as runner:
        name = runner.run(postgres.create())
        runner.run(api_database.close_pool())
        api_database.configure(postgres.app_url(name))
        runner.run(api_database.open_pool(1, 4))
        Ledger.runner = runner
        Ledger.owner = runner.run(asyncpg.connect(postgres.owner_url(name)))
        runner.run(world.build(Ledger.owner))
        yield runner
        runner.run(Ledger.owner.close())
        runner.run(api_database.close_pool())
        runner.run(postgres.drop(name))


def test_the_ledger_does_what_the_tiny_model_does(runner: asyncio.Runner) -> None:
    assert not db.in_transaction()
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=25 if EXAMPLES == 40 else 50,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=EXAMPLES == 40,
        ),
    )
