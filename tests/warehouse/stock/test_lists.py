"""Lists and cards: what is seen, in which order, page by page."""

import random
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from catalog.kernel.access import EVERYWHERE, Scope
from catalog.kernel.errors import Invalid, Missing
from catalog.kernel.page import Page
from tests.warehouse.stock import world
from tests.warehouse.stock.world import CONSUMED, NOW, line, posting, stamp
from warehouse.stock import queries, rules
from warehouse.stock.model import Condition, Lot, Reason
from warehouse.stock.queries import MoveFilter, ReservationFilter, Sort, StockFilter, books

ON = date(2026, 11, 21)
SCOPES = {
    "everywhere": EVERYWHERE,
    "district A": Scope(("/1/2/",)),
    "district B": Scope(("/1/3/",)),
    "one site": Scope((), frozenset([2])),
    "town and a site": Scope(("/1/2/4/",), frozenset([3])),
    "nothing": Scope(),
}


@pytest_asyncio.fixture
async def stock(hall: asyncpg.Connection) -> list[Lot]:
    """Lots of three items and three owners, with and without expiry, in all sites and conditions."""
    dice = random.Random(7)
    facts = [
        {
            "item_id": dice.choice([1, 2, 4]),
            "owner_region_id": dice.choice([1, 2, 3, 4]),
            "expires_on": dice.choice([None, ON + timedelta(days=dice.randrange(-3, 4))]),
            "maker_batch": f"B{n % 7}-{n}",
        }
        for n in range(40)
    ]
    lots = await world.add_lots(hall, *facts)
    for lot in lots:
        for place in dice.sample([101, 102, 111, 112, 121], dice.randrange(0, 4)):
            await world.receive(lot, dice.randrange(1, 30), (place, dice.choice(list(Condition))))
    return lots


async def all_pages(ask: Callable[..., Awaitable[Page[Any]]], **asked: Any) -> list[Any]:
    rows, cursor = [], None
    for _ in range(100):
        page = await ask(cursor=cursor, **asked)
        rows += page.items
        cursor = page.next_cursor
        if cursor is None:
            return rows
    raise AssertionError("the pages never end")


async def expected(owner: asyncpg.Connection, scope: Scope) -> list[asyncpg.Record]:
    rows = await owner.fetch(
        "SELECT b.*, l.number, l.expires_on, l.owner_path, s.path, i.sort_key FROM balance b"
        " JOIN lot l ON l.id = b.lot_id JOIN item i ON i.id = l.item_id JOIN site s ON s.id = b.site_id"
        " WHERE b.on_hand > 0"
    )
    return [r for r in rows if scope.covers(r["path"], r["site_id"]) or scope.covers(r["owner_path"])]


ORDER: dict[Sort, Callable[[Any], tuple[Any, ...]]] = {
    Sort.EXPIRY: lambda r: (r["expires_on"] or date.max, r["lot_id"]),
    Sort.NUMBER: lambda r: (r["number"],),
    Sort.ITEM: lambda r: (r["sort_key"], r["item_id"], r["expires_on"] or date.max, r["lot_id"]),
}


async def test_balances_in_sight_come_in_order_page_by_page(hall: asyncpg.Connection, stock: list[Lot]) -> None:
    for name, scope in SCOPES.items():
        rows = await expected(hall, scope)
        assert (name == "nothing") == (rows == [])
        for sort, order in (*ORDER.items(), (Sort.QUANTITY, lambda r: (-r["on_hand"], r["lot_id"]))):
            wanted = sorted(rows, key=lambda r: (*order(r), r["place_id"], r["condition"]))
            for limit in (3, 7, 500):
                said = await all_pages(queries.list_balances, scope=scope, on=ON, sort=sort, limit=limit)
                assert [(r.lot.id, r.place_id, r.condition, r.on_hand) for r in said] == [
                    (r["lot_id"], r["place_id"], r["condition"], r["on_hand"]) for r in wanted
                ], (name, sort, limit)
            for row in said:
                ok = rules.usable(row.condition, row.lot.expires_on, ON)
                assert row.usable == (row.on_hand if ok else 0)


async def test_lots_in_sight_come_in_order_with_what_is_seen_of_them(
    hall: asyncpg.Connection, stock: list[Lot]
) -> None:
    for name, scope in SCOPES.items():
        rows = await expected(hall, scope)
        for sort, order in ORDER.items():
            wanted = list(dict.fromkeys(r["lot_id"] for r in sorted(rows, key=order)))
            for limit in (4, 500):
                said = await all_pages(queries.list_lots, scope=scope, on=ON, sort=sort, limit=limit)
                assert [entry.lot.id for entry in said] == wanted, (name, sort, limit)
        for entry in said:
            mine = [r for r in rows if r["lot_id"] == entry.lot.id]
            good = sum(r["on_hand"] for r in mine if r["condition"] == "good")
            ok = entry.lot.expires_on is None or entry.lot.expires_on >= ON
            assert (entry.on_hand, entry.usable, entry.places) == (
                sum(r["on_hand"] for r in mine),
                good if ok else 0,
                len({r["place_id"] for r in mine}),
            )
            assert await queries.get_entry(lot_id=entry.lot.id, scope=scope, on=ON) == entry
    by_quantity = await all_pages(queries.list_lots, scope=EVERYWHERE, on=ON, sort=Sort.QUANTITY, limit=9)
    amounts = [entry.on_hand for entry in by_quantity]
    assert amounts == sorted(amounts, reverse=True)


FILTERS: list[tuple[StockFilter, Callable[[Any], bool]]] = [
    (StockFilter(site_id=1), lambda r: r["site_id"] == 1),
    (StockFilter(zone_id=2), lambda r: r["site_id"] == 2),
    (StockFilter(place_id=101), lambda r: r["place_id"] == 101),
    (StockFilter(item_id=2), lambda r: r["item_id"] == 2),
    (StockFilter(item_id=2, site_id=1), lambda r: (r["item_id"], r["site_id"]) == (2, 1)),
    (StockFilter(condition=Condition.FROZEN), lambda r: r["condition"] == "frozen"),
    (StockFilter(owner_path="/1/2/"), lambda r: r["owner_path"].startswith("/1/2/")),
    (StockFilter(class_path="/1/"), lambda r: True),
    (StockFilter(class_path="/2/"), lambda r: False),
    (StockFilter(custodian_id=1), lambda r: False),
    (StockFilter(expired=True), lambda r: r["expires_on"] is not None and r["expires_on"] < ON),
    (StockFilter(expired=False), lambda r: r["expires_on"] is None or r["expires_on"] >= ON),
    (
        StockFilter(expiring_before=ON + timedelta(days=2)),
        lambda r: r["expires_on"] is not None and ON <= r["expires_on"] < ON + timedelta(days=2),
    ),
    (StockFilter(q="帐篷"), lambda r: r["item_id"] == 1),
    (StockFilter(q="帐篷", site_id=2), lambda r: (r["item_id"], r["site_id"]) == (1, 2)),
    (StockFilter(q="2600001"), lambda r: r["number"].startswith("2600001")),
    (StockFilter(q="l26000010"), lambda r: r["number"] == "26000010"),
    (StockFilter(q="b3-"), lambda r: int(r["number"][2:]) % 7 == 4),
    (StockFilter(q="%"), lambda r: False),
    (StockFilter(q="没有"), lambda r: False),
]


@pytest.mark.parametrize("few", [500, 3])
async def test_filters_keep_what_they_say(
    hall: asyncpg.Connection, stock: list[Lot], few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a search finds more lots than are named one by one."""
    monkeypatch.setattr(queries.stock, "_FEW", few)
    rows = await expected(hall, EVERYWHERE)
    ours = await expected(hall, SCOPES["district A"])
    for wanted, keeps in FILTERS:
        for scope, all_rows in ((EVERYWHERE, rows), (SCOPES["district A"], ours)):
            kept = {(r["lot_id"], r["place_id"], r["condition"]) for r in all_rows if keeps(r)}
            page = await queries.list_balances(scope=scope, on=ON, wanted=wanted, limit=500)
            assert {(r.lot.id, r.place_id, r.condition) for r in page.items} == kept, wanted
            lots = await queries.list_lots(scope=scope, on=ON, wanted=wanted, limit=500)
            assert {entry.lot.id for entry in lots.items} == {key[0] for key in kept}, wanted


@pytest.mark.parametrize("cursor", ["x", "WzFd", "WyJ4IiwxLDIsImdvb2QiXQ", "WyIyMDI2LTAxLTAxIiwieCIsMiwiZ29vZCJd"])
async def test_a_cursor_from_elsewhere_is_refused(hall: asyncpg.Connection, cursor: str) -> None:
    with pytest.raises(Invalid, match=r"page\.bad-cursor"):
        await queries.list_balances(scope=EVERYWHERE, on=ON, cursor=cursor)


async def test_fefo_is_the_order_of_the_rules(hall: asyncpg.Connection, stock: list[Lot]) -> None:
    for item in (1, 2, 4):
        said = await queries.fefo(item, 1, ON)
        assert all(row.usable > row.reserved for row in said)
        assert [row.lot for row in said] == sorted((row.lot for row in said), key=rules.fefo_order)
        everything = await queries.list_balances(
            scope=EVERYWHERE, on=ON, wanted=StockFilter(item_id=item, site_id=1), limit=500
        )
        assert {(r.lot.id, r.place_id) for r in said} == {(r.lot.id, r.place_id) for r in everything.items if r.usable}


async def test_elsewhere_names_bins_in_scope_and_only_totals_outside(hall: asyncpg.Connection) -> None:
    here, there = await world.add_lots(hall, {"expires_on": ON}, {"owner_region_id": 3})
    await world.receive(here, 5, 101)
    await world.receive(here, 6, 102)
    await world.receive(here, 9, (103, Condition.FROZEN))
    await world.receive(there, 70, 121)
    await world.reserve(hall, there, 121, 20)
    said = await queries.where_else(1, scope=Scope((), frozenset([1])), on=ON, besides=[101], near_site=1)
    assert [(row.site_code, row.place_code, row.lot, row.free) for row in said] == [
        ("CZ01", "A-102", here.number, 6),
        ("BB01", None, None, 50),
    ]
    assert await queries.where_else(1, scope=EVERYWHERE, on=ON + timedelta(days=1), besides=[121]) == []


async def test_the_summary_shows_the_city_without_lots(hall: asyncpg.Connection) -> None:
    tents, more, quilts = await world.add_lots(hall, {"expires_on": ON - timedelta(days=1)}, {}, {"item_id": 2})
    await world.receive(tents, 5, 101)
    await world.receive(more, 7, 102)
    await world.receive(more, 3, (102, Condition.DAMAGED))
    await world.receive(quilts, 4, 121, by=stamp(at=NOW + timedelta(hours=1)))
    await world.reserve(hall, more, 102, 2)
    first = await queries.summary(scope=EVERYWHERE, on=ON, limit=1)
    (row,) = first.items
    assert (row.item_key, row.site_code, row.on_hand, row.usable, row.free) == ("MB-0001", "BB01", 4, 4, 4)
    assert row.posted_at == NOW + timedelta(hours=1)
    (row,) = (await queries.summary(scope=EVERYWHERE, on=ON, limit=1, cursor=first.next_cursor)).items
    assert (row.item_key, row.on_hand, row.usable, row.free, row.first_expiry) == ("ZP-0001", 15, 7, 5, None)
    assert (await queries.summary(scope=Scope(("/1/2/",)), on=ON)).items == []
    assert [r.item_id for r in (await queries.summary(scope=EVERYWHERE, on=ON, item_id=1)).items] == [1]


async def test_moves_are_listed_newest_first_by_each_of_their_sides(hall: asyncpg.Connection) -> None:
    tents, quilts = await world.add_lots(hall, {}, {"item_id": 2, "owner_region_id": 3})
    by = stamp()
    await world.receive(tents, 10, 101, by=by)
    await world.done(posting(line(tents, 4, 101, 102)))
    await world.receive(quilts, 5, 121)
    await world.issue(quilts, 2, 121)

    async def reasons(scope: Scope = EVERYWHERE, limit: int = 50, **wanted: Any) -> list[tuple[str, int]]:
        rows = await all_pages(queries.list_moves, scope=scope, wanted=MoveFilter(**wanted), limit=limit)
        return [(row.reason, row.quantity) for row in rows]

    every = [("issue", 2), ("receive", 5), ("move", 4), ("receive", 10)]
    for limit in (1, 3, 50):
        assert await reasons(limit=limit) == every
        assert await reasons(limit=limit, place_id=101) == every[2:]
        assert await reasons(limit=limit, site_id=1) == every[2:]
    assert await reasons(place_id=102) == [("move", 4)]
    assert await reasons(lot_id=quilts.id) == await reasons(item_id=2) == every[:2]
    assert await reasons(attempt=by.attempt) == [("receive", 10)]
    assert await reasons(reason=Reason.RECEIVE) == [("receive", 5), ("receive", 10)]
    assert await reasons(Scope(("/1/3/",))) == every[:2]
    assert await reasons(Scope((), frozenset([1]))) == every[2:]
    assert await reasons(Scope()) == []
    assert await reasons(since=NOW + timedelta(seconds=1)) == await reasons(until=NOW) == []


async def test_moves_recorded_since_are_found_whatever_was_written_between(
    hall: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tents,) = await world.add_lots(hall, {})
    for number, hours in enumerate((0, 5, 1, 6, 2)):  # in the order of writing
        await world.receive(tents, number + 1, 101, by=stamp(at=NOW, recorded=NOW + timedelta(hours=hours)))
    since = MoveFilter(since=NOW + timedelta(hours=4))
    for many in (books._MANY, 3, 2):
        monkeypatch.setattr(books, "_MANY", many)
        for limit in (1, 50):
            for scope in (EVERYWHERE, Scope(("/1/",)), Scope((), frozenset([1]))):
                rows = await all_pages(queries.list_moves, scope=scope, wanted=since, limit=limit)
                assert [row.quantity for row in rows] == [4, 2]


async def test_cards_say_all_there_is_to_say(hall: asyncpg.Connection) -> None:
    (tents,) = await world.add_lots(hall, {"owner_region_id": 3})
    child, pumps = await world.add_lots(hall, {"parent_id": tents.id}, {"item_id": 3})
    pieces = await world.add_serials(hall, pumps, 2)
    await world.receive(tents, 10, 101)
    await world.receive(tents, 4, 121)
    await world.receive(pumps, 2, 102, pieces)
    await world.issue(pumps, 1, 102, pieces[:1])
    await world.reserve(hall, tents, 101, 3)
    await hall.execute(
        "INSERT INTO care_event (attempt, lot_id, serial_id, site_id, kind, done_on, passed, login, recorded_at)"
        " VALUES (gen_random_uuid(), $1, $2, 1, 'run', $3, true, 't', now())",
        pumps.id,
        pieces[0],
        ON,
    )
    card = await queries.lot_card(tents.number, scope=EVERYWHERE, on=ON)
    assert (card.entry.on_hand, card.entry.free, card.children) == (14, 11, (child,))
    assert [row.on_hand for row in card.balances] == [10, 4]
    assert [row.quantity for row in card.reservations] == [3]
    assert (await queries.lot_card(child.number, scope=EVERYWHERE, on=ON)).parent == tents
    (narrow,) = (await queries.lot_card(tents.number, scope=Scope((), frozenset([3])), on=ON)).balances
    assert narrow.place_id == 121
    for scope, number in ((EVERYWHERE, "nope"), (Scope(("/1/2/",)), tents.number), (Scope(), tents.number)):
        with pytest.raises(Missing):
            await queries.lot_card(number, scope=scope, on=ON)
    first = (await queries.get_serials(ids=pieces[:1]))[pieces[0]]
    passport = await queries.serial_card(first.number, scope=EVERYWHERE, on=ON)
    assert [move.reason for move in passport.moves] == ["issue", "receive"]
    assert passport.piece.place_id == CONSUMED
    assert [event.kind for event in passport.care] == ["run"]
    with pytest.raises(Missing):
        await queries.serial_card(first.number, scope=Scope(("/1/2/",)), on=ON)
    await hall.execute(
        "INSERT INTO pallet (id, uuid, number, place_id, created_at, attempt)"
        " VALUES (1, gen_random_uuid(), '26000009', 101, now(), gen_random_uuid());"
        f"INSERT INTO pallet_line (pallet_id, lot_id, condition, quantity) VALUES (1, {tents.id}, 'good', 8)"
    )
    pallet = await queries.pallet_card("26000009", scope=Scope(("/1/3/",)))  # whoever owns the goods sees it
    assert [(part.lot, part.quantity, part.on_hand) for part in pallet.lines] == [(tents, 8, 10)]
    for scope, number in ((Scope(("/1/2/",)), "26000009"), (EVERYWHERE, "26000010")):
        with pytest.raises(Missing):
            await queries.pallet_card(number, scope=scope)


async def test_open_work_is_listed_in_scope(hall: asyncpg.Connection) -> None:
    (tents,) = await world.add_lots(hall, {})
    await world.issue(tents, 3, 101, fact=True)
    await world.issue(tents, 3, 111, fact=True, site_id=2)
    cases = await all_pages(queries.list_cases, scope=EVERYWHERE, limit=1)
    assert [(case.kind, case.site_code) for case in cases] == [("books-short", "AA01"), ("books-short", "CZ01")]
    assert await queries.get_case(cases[0].uuid, scope=Scope(("/1/2/",))) == cases[0]
    moves = await queries.list_moves(scope=EVERYWHERE, wanted=MoveFilter(case_id=cases[0].id))
    assert [move.reason for move in moves.items] == ["issue", "adjust"]
    assert [c.site_code for c in (await queries.list_cases(scope=Scope((), frozenset([1])))).items] == ["CZ01"]
    assert (await queries.list_cases(scope=EVERYWHERE, status="settled")).items == []
    for scope, case in ((Scope(("/1/3/",)), cases[0].uuid), (EVERYWHERE, uuid4())):
        with pytest.raises(Missing):
            await queries.get_case(case, scope=scope)
    await world.receive(tents, 20, 101)
    late = await world.reserve(hall, tents, 101, 2, until=NOW + timedelta(days=9))
    soon = await world.reserve(hall, tents, 101, 3, until=NOW + timedelta(days=1))
    held = await all_pages(queries.list_reservations, scope=EVERYWHERE, limit=1)
    assert [row.id for row in held] == [soon, late]
    wanted = ReservationFilter(site_id=1, lot_id=tents.id, item_id=1)
    assert len((await queries.list_reservations(scope=Scope(("/1/",)), wanted=wanted)).items) == 2
    assert (await queries.list_reservations(scope=Scope(("/1/3/",)))).items == []


async def test_loans_are_listed_until_all_is_back(hall: asyncpg.Connection) -> None:
    (tents,) = await world.add_lots(hall, {})
    await world.receive(tents, 20, 101)
    await hall.execute(
        "INSERT INTO place (id, uuid, kind, site_id, code, key)"
        " VALUES (900, gen_random_uuid(), 'loan', 1, 'L1', 'L1');"
        "INSERT INTO loan (id, place_id, site_id, borrower, due_on, lent_at)"
        " VALUES (gen_random_uuid(), 900, 1, '邻市', '2026-12-01', now())"
    )
    await world.done(posting(line(tents, 5, 101, 900), reason=Reason.LEND))
    (loan,) = (await queries.list_loans(scope=EVERYWHERE)).items
    assert (loan.borrower, loan.goods, loan.items, loan.out) == ("邻市", tents.item_name, 1, 1)
    _, (lent,) = await queries.get_loan(loan.id, EVERYWHERE)
    assert (lent.lot, lent.lent, lent.out) == (tents.number, 5, 5)
    (debt,) = await queries.list_debts(scope=EVERYWHERE)
    assert (debt.borrower, debt.out, debt.loans, debt.due_on) == ("邻市", 5, 1, date(2026, 12, 1))
    assert await queries.list_debts(scope=Scope(("/1/2/",))) == []
    with pytest.raises(Missing):
        await queries.get_loan(loan.id, Scope(("/1/2/",)))
    assert (await queries.list_loans(scope=EVERYWHERE, due_before=date(2026, 12, 1))).items == []
    assert (await queries.list_loans(scope=Scope(("/1/2/",)))).items == []
    (entry,) = (await queries.list_lots(scope=EVERYWHERE, on=ON)).items
    assert (entry.on_hand, entry.usable, entry.free) == (20, 15, 15)  # what is lent is not in store
    await world.done(posting(line(tents, 5, 900, 101), reason=Reason.LOAN_RETURN))
    assert (await queries.list_loans(scope=EVERYWHERE)).items == []
    assert [one.out for one in (await queries.list_loans(scope=EVERYWHERE, still_out=False)).items] == [0]
    assert await queries.list_debts(scope=EVERYWHERE) == []


async def test_care_falls_due_after_the_first_receipt_and_after_each_time(hall: asyncpg.Connection) -> None:
    await hall.execute(
        "INSERT INTO item_care (item_id, kind, first_after_days, interval_days, source)"
        " VALUES (1, 'restack', 180, 90, 'test'), (3, 'run', 30, 30, 'test')"
    )
    tents, pumps = await world.add_lots(hall, {"stored_on": date(2026, 1, 10)}, {"item_id": 3})
    pieces = await world.add_serials(hall, pumps, 2)
    january = NOW.replace(month=1, day=10)
    await world.receive(tents, 10, 101, by=stamp(at=january))
    await world.receive(tents, 10, 121, by=stamp(at=january + timedelta(days=100)))
    await world.receive(pumps, 2, 102, pieces, by=stamp(at=january))
    event = (
        "INSERT INTO care_event (attempt, lot_id, serial_id, site_id, kind, done_on, passed, login, recorded_at)"
        " VALUES (gen_random_uuid(), $1, $2, 1, $3, $4, true, 't', now())"
    )
    await hall.execute(event, tents.id, None, "restack", date(2026, 8, 1))
    await hall.execute(event, pumps.id, pieces[1], "run", date(2026, 11, 1))

    async def due(by: date, scope: Scope = EVERYWHERE) -> list[tuple[str, str, date | None, date]]:
        rows = await all_pages(queries.care_due, scope=scope, by=by, limit=1)
        return [(row.kind, row.site_code, row.last_on, row.due_on) for row in rows]

    never = ("run", "CZ01", None, date(2026, 2, 9))
    elsewhere = ("restack", "BB01", None, date(2026, 10, 17))
    again = ("restack", "CZ01", date(2026, 8, 1), date(2026, 10, 30))
    assert await due(ON) == [never, elsewhere, again]
    assert await due(date(2026, 12, 1)) == [
        never,
        elsewhere,
        again,
        ("run", "CZ01", date(2026, 11, 1), date(2026, 12, 1)),
    ]
    assert await due(ON, Scope((), frozenset([3]))) == [elsewhere]
    await world.issue(tents, 10, 121, by=stamp(at=NOW))
    assert await due(ON) == [never, again]
