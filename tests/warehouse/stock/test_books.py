"""As-of by two times, snapshots, and the monthly statement: against brute force over the moves."""

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from catalog.kernel.access import EVERYWHERE, Scope
from catalog.kernel.errors import Invalid
from catalog.kernel.time import SHANGHAI, day_of
from tests.warehouse.stock import world
from tests.warehouse.stock.world import CONSUMED, NOW, line, posting, stamp
from warehouse.stock import holdings, queries, snapshots, verify
from warehouse.stock.model import Reason
from warehouse.stock.queries import AsOfFilter, By

Key = tuple[int, int, str]
EVERY = AsOfFilter()


def brute(moves: list[asyncpg.Record], at: datetime, known: datetime) -> dict[Key, int]:
    found: dict[Key, int] = defaultdict(int)
    for m in moves:
        if m["occurred_at"] <= at and m["recorded_at"] <= known:
            found[(m["lot_id"], m["from_place"], m["from_condition"])] -= m["quantity"]
            found[(m["lot_id"], m["to_place"], m["to_condition"])] += m["quantity"]
    return {key: q for key, q in found.items() if q and key[1] >= 100}


async def asked(at: datetime, known: datetime) -> dict[Key, int]:
    rows = await queries.as_of(at=at, known_at=known, scope=EVERYWHERE)
    return {(r.lot_id, r.place_id, r.condition): r.on_hand for r in rows}


async def write_history(
    owner: asyncpg.Connection, dice: random.Random, lots: list[int], count: int, begin: datetime, days: int
) -> None:
    """Random rows of the ledger as they could be: some dated back by minutes to months."""
    places = [1, 3, 5, 101, 102, 103, 111, 121]
    rows = []
    for _ in range(count):
        recorded = begin + timedelta(seconds=dice.randrange(days * 86400))
        back = dice.choice([0, 0, 0, dice.randrange(3600), dice.randrange(90 * 86400)])
        source, target = dice.sample(places, 2)
        occurred = recorded - timedelta(seconds=back)
        rows.append(
            (
                *(uuid4(), uuid4(), 0, dice.choice(lots), dice.randrange(1, 9), source, "good", target),
                *(dice.choice(["good", "damaged"]), "move", "t", occurred, recorded, day_of(occurred)),
            )
        )
    await owner.executemany(
        "INSERT INTO move (id, attempt, line, lot_id, quantity, from_place, from_condition, to_place, to_condition,"
        " reason, login, occurred_at, recorded_at, booked_on)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        rows,
    )


@pytest.mark.parametrize("seed", range(4))
async def test_the_past_is_the_same_with_and_without_snapshots(hall: asyncpg.Connection, seed: int) -> None:
    dice = random.Random(seed)
    lots = [lot.id for lot in await world.add_lots(hall, {}, {"item_id": 2}, {})]
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    await write_history(hall, dice, lots, 400, begin, 200)
    for month, taken_after in ((3, timedelta(hours=5)), (5, timedelta(days=9)), (6, timedelta(0))):
        now = queries.begin_of(date(2026, month, 1)) + taken_after
        taken = await snapshots.take(date(2026, month, 1), now=now)
        assert taken.up_to_seq == await hall.fetchval("SELECT max(seq) FROM move")
        # More comes in afterwards, also with times that the snapshot has passed.
        await write_history(hall, dice, lots, 60, begin, 200)
    moves = await hall.fetch("SELECT * FROM move")
    edges = [queries.begin_of(date(2026, m, 1)) for m in (3, 5, 6)]
    instants = [begin + timedelta(seconds=dice.randrange(210 * 86400)) for _ in range(12)]
    instants += [edge + delta for edge in edges for delta in (timedelta(0), timedelta(microseconds=-1))]
    instants += [dice.choice(moves)["occurred_at"] for _ in range(4)]
    for at in instants:
        for known in (at, at + timedelta(days=dice.randrange(60)), at - timedelta(days=3), begin + timedelta(days=300)):
            assert await asked(at, known) == brute(moves, at, known), (at, known)


async def sums_by_hand(owner: asyncpg.Connection, held: list[asyncpg.Record], day: date) -> dict[Any, list[int]]:
    """On hand in store, usable on a day and lent, by owner, site and item."""
    lots = {row["id"]: row for row in await owner.fetch("SELECT id, owner_region_id, item_id, expires_on FROM lot")}
    places = {row["id"]: row for row in await owner.fetch("SELECT id, kind, site_id FROM place")}
    found: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0])
    for (lot_id, place_id, condition), q in brute(held, NOW, NOW).items():
        lot, place = lots[lot_id], places[place_id]
        sums = found[lot["owner_region_id"], place["site_id"], lot["item_id"]]
        if place["kind"] in ("bin", "staging"):
            sums[0] += q
            sums[1] += q if condition == "good" and (lot["expires_on"] or date.max) >= day else 0
        sums[2] += q if place["kind"] == "loan" else 0
    return dict(found)


@pytest.mark.parametrize("seed", range(4))
async def test_kept_sums_hold_what_they_say_whenever_they_were_added_up(hall: asyncpg.Connection, seed: int) -> None:
    """In the night itself or months later, with and without a month's snapshot before them."""
    dice = random.Random(seed)
    facts: list[dict[str, Any]] = [
        {"item_id": item, "expires_on": day}
        for item in (1, 2)
        for day in (None, date(2026, 4, 1), date(2026, 6, 1), date(2027, 1, 1))
    ]
    lots = [lot.id for lot in await world.add_lots(hall, *facts)]
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    await write_history(hall, dice, lots, 300, begin, 200)
    nights = sorted(dice.sample(range(20, 200), 6))
    for number, night in enumerate(nights):
        day = day_of(begin) + timedelta(days=night)
        await snapshots.add_up(
            day, now=queries.begin_of(day) + dice.choice([timedelta(minutes=20), timedelta(days=90)])
        )
        await write_history(hall, dice, lots, 60, begin, 200)
        if number == 2:
            await snapshots.take(day.replace(day=1), now=queries.begin_of(day.replace(day=1)) + timedelta(hours=2))
    moves = await hall.fetch("SELECT * FROM move")
    for run in await hall.fetch("SELECT * FROM holding_run"):
        until = queries.begin_of(run["day"])
        held = [
            m
            for m in moves
            if m["occurred_at"] < until and m["recorded_at"] <= run["known_at"] and m["seq"] <= run["up_to_seq"]
        ]
        for day in (date(2026, 4, 1), date(2026, 4, 2), date(2026, 6, 2), date(2027, 1, 2)):
            rows = await hall.fetch(
                f"SELECT *, {holdings.usable_on('$2::date')} AS usable FROM holding_snapshot WHERE day = $1",
                run["day"],
                day,
            )
            kept = {
                (r["owner_region_id"], r["site_id"], r["item_id"]): [r["on_hand"], r["usable"], r["lent"]] for r in rows
            }
            assert kept == await sums_by_hand(hall, held, day), (run, day)
    assert len(moves) == 660
    assert [str(one) for one in await verify.run() if one.kind in ("sums", "snapshot")] == []


async def test_the_night_keeps_sums_where_much_has_moved_and_forgets_old_ones(
    hall: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "WORTH_SUMS", 10)
    (tents,) = await world.add_lots(hall, {})
    await write_history(hall, random.Random(1), [tents.id], 9, NOW - timedelta(days=40), 5)
    assert isinstance(await snapshots.take_due(NOW), snapshots.Snapshot)  # it keeps the sums of its own day
    days = [row["day"] for row in await hall.fetch("SELECT day FROM holding_run")]
    assert days == [date(2026, 11, 1)]
    await write_history(hall, random.Random(2), [tents.id], 9, NOW - timedelta(days=4), 3)
    assert await snapshots.take_due(NOW) is None
    await write_history(hall, random.Random(3), [tents.id], 1, NOW - timedelta(days=4), 3)
    kept = await snapshots.take_due(NOW)
    assert isinstance(kept, snapshots.Sums)
    assert (kept.day, kept.known_at) == (date(2026, 11, 21), NOW)
    assert kept.up_to_seq == await hall.fetchval("SELECT max(seq) FROM move")
    assert await snapshots.take_due(NOW) is None
    assert await snapshots.add_up(kept.day, now=NOW + timedelta(days=3)) == kept
    assert await snapshots.take_end_of("2026-11-20", now=NOW) == kept
    for wrong in ("2026-11-21", "2026-11-31", "2026-1-1"):
        with pytest.raises(Invalid):
            await snapshots.take_end_of(wrong, now=NOW)
    later = NOW + snapshots.SUMS_KEPT + timedelta(days=2)
    await snapshots.take_due(later)  # the month's
    await snapshots.take_due(later)
    days = [row["day"] for row in await hall.fetch("SELECT day FROM holding_run ORDER BY day")]
    assert days == [date(2026, 11, 1), date(2027, 12, 1)]
    assert await hall.fetchval("SELECT count(*) FROM holding_snapshot WHERE day = '2026-11-21'") == 0


async def test_a_snapshot_is_taken_once_and_only_of_a_month_that_has_begun(hall: asyncpg.Connection) -> None:
    (tents,) = await world.add_lots(hall, {})
    await world.receive(tents, 5, 101, by=stamp(at=NOW - timedelta(days=40)))
    first = await snapshots.take_due(NOW)
    assert first is not None
    assert (first.month, first.rows, first.known_at) == (date(2026, 11, 1), 1, NOW)
    assert await snapshots.take_due(NOW) is None
    assert await snapshots.take(date(2026, 11, 1), now=NOW + timedelta(days=1)) == first
    assert await snapshots.list_taken() == [first]
    assert await snapshots.take_end_of("2026-10", now=NOW) == first
    assert await snapshots.take_end_of(None, now=NOW) == first
    with pytest.raises(Invalid):
        await snapshots.take_end_of("2026-11", now=NOW)
    with pytest.raises(Invalid):
        await snapshots.take_end_of("October", now=NOW)
    with pytest.raises(Invalid):
        await snapshots.take(date(2026, 12, 1), now=NOW)
    with pytest.raises(Invalid):
        await snapshots.take(date(2026, 11, 2), now=NOW)


async def test_the_snapshot_waits_for_a_posting_that_is_under_way(hall: asyncpg.Connection, database: object) -> None:
    import asyncio

    (tents,) = await world.add_lots(hall, {})
    await world.receive(tents, 5, 101, by=stamp(at=NOW - timedelta(days=40)))
    old = NOW - timedelta(days=30)
    open_transaction = hall.transaction()
    await open_transaction.start()
    await hall.execute("SELECT pg_current_xact_id()")
    await write_history(hall, random.Random(1), [tents.id], 3, old, 1)
    await world.receive(tents, 7, 102, by=stamp(at=old))  # a later seq, committed first
    taking = asyncio.create_task(snapshots.take(date(2026, 11, 1), now=NOW))
    await asyncio.sleep(0.4)
    assert not taking.done()
    await open_transaction.commit()
    await taking
    moves = await hall.fetch("SELECT * FROM move")
    assert len(moves) == 5
    assert await asked(NOW, NOW) == brute(moves, NOW, NOW)


async def test_as_of_is_narrowed_and_scoped(hall: asyncpg.Connection) -> None:
    ours, theirs = await world.add_lots(hall, {"owner_region_id": 2}, {"owner_region_id": 3, "item_id": 2})
    await world.receive(ours, 5, 101)
    await world.receive(theirs, 6, 111)
    await world.receive(theirs, 7, 121)

    async def places(scope: Scope, wanted: AsOfFilter = EVERY) -> set[tuple[int, int]]:
        rows = await queries.as_of(at=NOW, known_at=NOW, scope=scope, wanted=wanted)
        return {(row.place_id, row.on_hand) for row in rows}

    assert await places(EVERYWHERE) == {(101, 5), (111, 6), (121, 7)}
    assert await places(Scope(("/1/2/",))) == {(101, 5), (111, 6)}  # owned by A, or standing in A
    assert await places(Scope((), frozenset([3]))) == {(121, 7)}
    assert await places(Scope()) == set()
    assert await places(EVERYWHERE, AsOfFilter(site_id=2)) == {(111, 6)}
    assert await places(EVERYWHERE, AsOfFilter(item_id=1)) == {(101, 5)}
    assert await places(EVERYWHERE, AsOfFilter(lot_id=theirs.id, place_id=121)) == {(121, 7)}


async def test_the_statement_always_adds_up(hall: asyncpg.Connection) -> None:
    dice = random.Random(5)
    lots = await world.add_lots(hall, {}, {"item_id": 2}, {"owner_region_id": 3})
    for day in range(120):
        at = datetime(2026, 7, 10, 3, tzinfo=UTC) + timedelta(days=day, minutes=dice.randrange(600))
        lot = dice.choice(lots)
        await world.receive(lot, dice.randrange(5, 20), dice.choice([101, 102, 111, 121]), by=stamp(at=at))
        held = [(key, v[0]) for key, v in (await world.balances(hall)).items() if v[0]]
        (lot_id, place, _), on_hand = dice.choice(held)
        of = next(each for each in lots if each.id == lot_id)
        target = dice.choice([p for p in (101, 102, 111, CONSUMED, CONSUMED) if p != place])
        reason = Reason.ISSUE if target == CONSUMED else Reason.MOVE
        await world.done(
            posting(line(of, dice.randrange(1, on_hand + 1), place, target), reason=reason, by=stamp(at=at))
        )
    sites = dict(await hall.fetch("SELECT id, site_id FROM place"))
    moves = await hall.fetch("SELECT m.*, l.item_id, l.number FROM move m JOIN lot l ON l.id = m.lot_id")
    keys = {
        By.ITEM: lambda m, site: (m["item_id"],),
        By.LOT: lambda m, site: (m["number"],),
        By.SITE: lambda m, site: (m["item_id"], site),
    }
    codes = {1: "CZ01", 2: "AA01", 3: "BB01"}
    for by, key in keys.items():
        closing: dict[object, int] = {}
        for month in (date(2026, m, 1) for m in range(7, 12)):
            expected: dict[object, list[int]] = defaultdict(lambda: [0, 0, 0])
            following = (month + timedelta(days=32)).replace(day=1)
            for m in moves:
                ends = [(m["to_place"], m["quantity"]), (m["from_place"], -m["quantity"])]
                legs = [(key(m, codes.get(sites[place])), q) for place, q in ends if place >= 100]
                if m["booked_on"] < month:
                    for k, q in legs:
                        expected[k][0] += q
                elif m["booked_on"] < following and (len(legs) == 1 or legs[0][0] != legs[1][0]):
                    for k, q in legs:
                        expected[k][1 if q > 0 else 2] += abs(q)
            rows = await queries.statement(month=month, scope=EVERYWHERE, by=by)
            said = {}
            for row in rows:
                name = {By.ITEM: (row.item_id,), By.LOT: (row.lot,), By.SITE: (row.item_id, row.site_code)}[by]
                said[name] = [row.opening, row.came, row.went]
                assert row.opening + row.came - row.went == row.closing
                assert sum(row.ins.values()) == row.came
                assert sum(row.outs.values()) == row.went
                assert closing.get(name, 0) == row.opening
                closing[name] = row.closing
            assert said == {k: v for k, v in expected.items() if any(v)}, (by, month)


async def test_in_a_closed_month_the_books_stay_as_they_were(hall: asyncpg.Connection) -> None:
    (tents,) = await world.add_lots(hall, {})
    october = datetime(2026, 10, 5, tzinfo=SHANGHAI)
    await world.receive(tents, 10, 101, by=stamp(at=october))
    before = await queries.statement(month=date(2026, 10, 1), scope=EVERYWHERE)
    await hall.execute("UPDATE book SET open_from = date '2026-11-01'")
    await world.issue(tents, 4, 101, by=stamp(at=october + timedelta(days=1), recorded=NOW), fact=True)
    assert await queries.statement(month=date(2026, 10, 1), scope=EVERYWHERE) == before
    (november,) = await queries.statement(month=date(2026, 11, 1), scope=EVERYWHERE)
    assert (november.opening, november.came, november.went, november.closing) == (10, 0, 4, 6)
    assert november.outs == {"issue": 4}
    # As-of goes by when it happened.
    (row,) = await queries.as_of(at=october + timedelta(days=2), known_at=NOW, scope=EVERYWHERE)
    assert row.on_hand == 6


async def test_a_month_without_moves_carries_its_opening(hall: asyncpg.Connection) -> None:
    (tents,) = await world.add_lots(hall, {})
    await world.receive(tents, 10, 101, by=stamp(at=NOW - timedelta(days=90)))
    (row,) = await queries.statement(month=date(2026, 11, 1), scope=EVERYWHERE, by=By.LOT, item_id=1)
    assert (row.opening, row.came, row.went, row.closing, row.lot) == (10, 0, 0, 10, tents.number)
    assert await queries.statement(month=date(2026, 11, 1), scope=EVERYWHERE, site_id=2) == []
    assert await queries.statement(month=date(2026, 11, 1), scope=Scope(("/1/3/",))) == []
