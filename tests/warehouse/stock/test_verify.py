"""`verify` finds and names a seeded corruption of each kind, and nothing else."""

import contextlib
from datetime import date

import asyncpg
import pytest_asyncio

from api import database as api_database
from catalog.kernel import db
from tests.conftest import Database
from tests.warehouse.stock import world
from tests.warehouse.stock.world import CONSUMED, NOW, line, posting, stamp
from warehouse.stock import queries, snapshots, verify
from warehouse.stock.model import Condition, Lot, Reason
from warehouse.stock.verify import Difference

Stock = tuple[Lot, Lot]


@pytest_asyncio.fixture
async def stock(hall: asyncpg.Connection) -> Stock:
    """Tents and pumps in some bins: received, moved, issued, reserved, reversed, a case, a pallet, two snapshots."""
    tents, pumps = await world.add_lots(hall, {}, {"item_id": 3})
    pieces = await world.add_serials(hall, pumps, 3)
    july = stamp(at=NOW.replace(month=7))
    await world.receive(tents, 50, 101, by=july)
    await world.receive(pumps, 3, 102, pieces, by=stamp(at=NOW.replace(month=9)))
    await world.done(posting(line(tents, 20, 101, 103), by=stamp(at=NOW.replace(month=9))))
    await snapshots.take(date(2026, 8, 1), now=NOW.replace(month=8))
    await snapshots.take(date(2026, 10, 1), now=NOW)
    await snapshots.add_up(date(2026, 10, 10), now=NOW)
    await world.done(posting(line(pumps, 1, 102, (102, Condition.DAMAGED), pieces[:1]), reason=Reason.INSPECT))
    mistake = stamp()
    await world.issue(tents, 5, 101, by=mistake)
    (wrong,) = await queries.find_moves_of_attempt(mistake.attempt)
    await world.done(posting(line(tents, 5, CONSUMED, 101, reverses=wrong.seq), reason=Reason.REVERSE))
    await world.issue(tents, 2, 105, fact=True)  # the books are short: a case
    await world.reserve(hall, tents, 101, 7)
    await hall.execute(
        "INSERT INTO pallet (id, uuid, number, place_id, created_at, attempt)"
        " VALUES (1, gen_random_uuid(), '26000001', 103, now(), gen_random_uuid());"
        f"INSERT INTO pallet_line (pallet_id, lot_id, condition, quantity) VALUES (1, {tents.id}, 'good', 12)"
    )
    return tents, pumps


_UNLOCK = """
DO $$ DECLARE c record; BEGIN
    FOR c IN SELECT conname, conrelid::regclass AS t FROM pg_constraint WHERE contype = 'f' LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', c.t, c.conname);
    END LOOP;
    FOR c IN SELECT DISTINCT tgrelid::regclass AS t FROM pg_trigger WHERE NOT tgisinternal LOOP
        EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', c.t);
    END LOOP;
END $$
"""


class Enough(Exception):
    """Undo the corruption."""


async def found_after(sql: str) -> list[Difference]:
    """What `verify` says of books that the owner, with triggers and foreign keys off, has changed; then undone."""
    found: list[Difference] = []
    with contextlib.suppress(Enough):
        async with db.transaction():
            await db.execute(_UNLOCK)
            await db.execute(sql)
            found = await verify.run(thorough=True)
            raise Enough
    return found


async def test_true_books_have_no_difference(stock: Stock) -> None:
    assert await verify.run(thorough=True) == []


_FIRST_TENTS = "lot_id = (SELECT min(id) FROM lot) AND place_id = 101 AND condition = 'good'"
_MOVE = (
    "INSERT INTO move (id, attempt, line, lot_id, quantity, from_place, from_condition, to_place, to_condition, reason,"
    " login, occurred_at, recorded_at, booked_on)"
    " SELECT gen_random_uuid(), {attempt}, {line}, {lot}, {quantity}, {source}, 'good', {target}, 'good',"
    " 'move', 'nobody', now(), now(), current_date"
)
_ANY_DONE = "(SELECT id FROM attempt WHERE outcome = 'done' LIMIT 1)"
_BELIEVED = (
    "INSERT INTO feed_reader (name, xid, seq, at) SELECT 'holdings', xid, 2^62, now() FROM feed"
    " ORDER BY xid DESC, seq DESC LIMIT 1;"
)
SEEDED: list[tuple[str, str, dict[str, str | None]]] = [
    (
        f"UPDATE balance SET on_hand = on_hand + 1 WHERE {_FIRST_TENTS}",
        "balance",
        {"lot": "26000001", "place": "CZ01 A-101", "condition": "good", "expected": "30", "found": "31"},
    ),
    (
        "INSERT INTO balance SELECT 1, 121, 'frozen', 4, 0, 1, 3",
        "balance",
        {"place": "BB01 A-121", "condition": "frozen", "expected": "0", "found": "4"},
    ),
    (
        f"ALTER TABLE balance DROP CONSTRAINT balance_check; UPDATE balance SET reserved = 40 WHERE {_FIRST_TENTS}",
        "bounds reserved",
        {"place": "CZ01 A-101"},
    ),
    (
        f"UPDATE balance SET site_id = 2 WHERE {_FIRST_TENTS}",
        "balance-key",
        {"place": "CZ01 A-101", "expected": "1/1", "found": "1/2"},
    ),
    (
        f"UPDATE balance SET reserved = reserved - 1 WHERE {_FIRST_TENTS}",
        "reserved",
        {"lot": "26000001", "place": "CZ01 A-101", "expected": "7", "found": "6"},
    ),
    (
        "UPDATE reservation SET state = 'released', ended_at = now()",
        "reserved",
        {"place": "CZ01 A-101", "expected": "0", "found": "7"},
    ),
    (
        "UPDATE outside_total SET went = went + 3 WHERE place_id = 3",
        "outside",
        {"lot": "26000001", "place": "consumed", "expected": "5 came, 7 went", "found": "5 came, 10 went"},
    ),
    (
        "UPDATE serial_state SET place_id = 104 WHERE serial_id = (SELECT max(serial_id) FROM serial_state)",
        "serial-state serial-count",
        {"lot": "26000002"},
    ),
    ("DELETE FROM serial_state WHERE condition = 'damaged'", "serial-state serial-count", {"condition": "damaged"}),
    (
        "UPDATE move SET from_condition = 'frozen' WHERE reason = 'inspect'",
        "balance serial-path running",
        {"lot": "26000002", "place": "CZ01 A-102"},
    ),
    (
        "DELETE FROM move_serial WHERE move_seq = 2 AND serial_id = (SELECT max(serial_id) FROM move_serial)",
        "serial-state move-serials",
        {"lot": "26000002"},
    ),
    (
        "UPDATE pallet_line SET quantity = 21",
        "pallet",
        {"lot": "26000001", "place": "CZ01 A-103", "expected": "at least 21", "found": "20"},
    ),
    (
        "UPDATE move SET reason = 'reverse', reverses = (SELECT min(seq) FROM move) WHERE seq = 3",
        "reversal",
        {"subject": "move 3 reverses 1"},
    ),
    ("UPDATE discrepancy_case SET attempt = gen_random_uuid()", "case", {"place": "adjustment"}),
    ("DELETE FROM discrepancy_case", "case", {"found": "none"}),
    ("DELETE FROM attempt WHERE id = (SELECT attempt FROM move WHERE seq = 1)", "attempt", {"subject": "move 1"}),
    (
        "UPDATE balance_snapshot SET on_hand = 49 WHERE month = '2026-08-01'",
        "snapshot sums",
        {"lot": "26000001", "place": "CZ01 A-101", "expected": "50", "found": "49", "subject": "snapshot 2026-08-01"},
    ),
    (
        "DELETE FROM balance_snapshot WHERE month = '2026-10-01' AND place_id = 103",
        "snapshot sums",
        {"place": "CZ01 A-103", "expected": "20", "found": "0", "subject": "snapshot 2026-10-01"},
    ),
    ("DELETE FROM snapshot_run WHERE month = '2026-08-01'", "snapshot", {"subject": "snapshot 2026-08-01"}),
    (
        "UPDATE holding_snapshot SET on_hand = 51 WHERE day = '2026-08-01'",
        "sums",
        {"expected": "50 0 0 {} {50}", "found": "51 0 0 {} {50}"},
    ),
    (
        "DELETE FROM holding_snapshot WHERE day = '2026-10-10' AND item_id = 3",
        "sums",
        {"found": None, "subject": "region 1 site 1 item 3 sums of 2026-10-10"},
    ),
    ("DELETE FROM holding_run WHERE day = '2026-10-10'", "sums", {"subject": "sums of 2026-10-10"}),
    # A forged move, with the balances made to fit: only its attempt gives it away.
    (
        _MOVE.format(attempt="gen_random_uuid()", line=0, lot="1", quantity=1, source=101, target=103)
        + f"; UPDATE balance SET on_hand = on_hand - 1 WHERE {_FIRST_TENTS};"
        " UPDATE balance SET on_hand = on_hand + 1 WHERE lot_id = 1 AND place_id = 103",
        "attempt",
        {"lot": "26000001"},
    ),
    # What is kept added up, and believed to be up to date.
    (
        _BELIEVED + "INSERT INTO holding VALUES (1, 1, 2, 9, 0, 0, '{}', '{9}')",
        "holding",
        {"expected": None, "found": "9 0 0 {} {9}", "subject": "region 1 site 1 item 2"},
    ),
    # A move of no lot, to no place.
    (
        _MOVE.format(attempt=_ANY_DONE, line=7, lot="999", quantity=1, source=101, target=998),
        "balance running",
        {"place": None, "expected": "1", "found": "0"},
    ),
    # A move that is gone.
    ("DELETE FROM move WHERE seq = 3", "balance snapshot", {"lot": "26000001"}),
    # Goods that left before they came: only the running sum shows it.
    (
        _MOVE.format(attempt=_ANY_DONE, line=8, lot="1", quantity=3, source=104, target=101)
        + ";"
        + _MOVE.format(attempt=_ANY_DONE, line=9, lot="1", quantity=3, source=101, target=104),
        "running",
        {"lot": "26000001", "place": "CZ01 A-104", "found": "-3"},
    ),
]


async def test_each_kind_of_corruption_is_found_and_named(database: Database, stock: Stock) -> None:
    await api_database.close_pool()
    api_database.configure(database.owner_url)
    await api_database.open_pool(1, 2)
    for sql, kinds, named in SEEDED:
        found = await found_after(sql)
        assert {difference.kind for difference in found} == set(kinds.split()), (sql, found)
        assert any(all(getattr(d, key) == value for key, value in named.items()) for d in found), (sql, found)
        assert all(str(difference) for difference in found)
    assert {kind for _, kinds, _ in SEEDED for kind in kinds.split()} == {
        *(check.kind for check in (*verify.CHECKS, verify.RUNNING)),
        "snapshot",
        "sums",
    }
    assert await verify.run(thorough=True) == []


async def test_a_difference_reads_as_a_line() -> None:
    found = Difference("balance", 1, "26000001", 101, "CZ01 A-101", "good", "30", "31")
    assert str(found) == "balance: lot 26000001 at CZ01 A-101 good: expected 30, found 31"
