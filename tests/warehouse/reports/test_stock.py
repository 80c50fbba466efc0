"""Value by fund source, what does not move, 收发存 of a class and the history of alerts, on a small world."""

from datetime import date, timedelta

import asyncpg

from catalog.kernel.access import EVERYWHERE, Scope
from tests.warehouse.stock import world
from warehouse.alerts import actions as alerts
from warehouse.alerts.model import AlertKind
from warehouse.alerts.queries import alerts as alert_queries
from warehouse.alerts.queries.alerts import AlertFilter
from warehouse.reports import queries, rules
from warehouse.stock.queries import By

TODAY = date(2026, 11, 21)


async def test_value_is_at_the_lots_price_else_at_the_reference_price(hall: asyncpg.Connection) -> None:
    one, two, old, own = await world.add_lots(
        hall, {}, {"item_id": 2}, {"expires_on": TODAY - timedelta(days=1)}, {"owner_region_id": 2}
    )
    for lot, quantity, place in ((one, 3, 101), (two, 5, 111), (old, 2, 101), (own, 4, 111)):
        await world.receive(lot, quantity, place)
    await hall.execute("UPDATE lot SET fund_source = '市级财政', price_fen = 1001, price_per = 2 WHERE id = $1", one.id)
    await hall.execute("UPDATE item SET price_fen = 100, price_per = 1 WHERE id = 1")
    found = await queries.value_by_fund(scope=EVERYWHERE, today=TODAY)
    said = {
        (row.owner_key, row.fund_source): (row.value_fen, row.estimated_fen, row.unusable_fen, row.unpriced)
        for row in found
    }
    assert said == {
        ("city", "市级财政"): (1502, 0, 0, 0),  # 3 × 1001 ÷ 2 = 1501.5
        ("city", ""): (200, 200, 200, 1),  # two tents that expired; five quilts without any price
        ("district-a", ""): (400, 400, 0, 0),
    }
    mine = await queries.value_by_fund(scope=Scope(("/1/3/",)), today=TODAY)
    assert mine == []
    assert len(await queries.value_by_fund(scope=EVERYWHERE, today=TODAY, without=[1])) == 1


async def test_slow_is_what_neither_came_nor_left(hall: asyncpg.Connection) -> None:
    old = world.NOW - timedelta(days=500)
    still, counted, moved, fresh = await world.add_lots(hall, *({"stored_on": date(2025, 1, 1)} for _ in range(4)))
    for lot in (still, counted, moved):
        await world.receive(lot, 10, 101, by=world.stamp(at=old))
    await world.receive(fresh, 10, 101)
    await world.done(world.posting(world.line(counted, 2, 101, 102)))  # within the store
    await world.issue(moved, 1, 101)
    before = rules.months_before(TODAY, 12)
    page = await queries.list_slow(scope=EVERYWHERE, before=before, limit=1)
    assert [(one.lot_id, one.on_hand, one.site_code) for one in page.items] == [(still.id, 10, "CZ01")]
    rest = await queries.list_slow(scope=EVERYWHERE, before=before, limit=1, cursor=page.next_cursor)
    assert [(one.lot_id, one.on_hand) for one in rest.items] == [(counted.id, 10)]
    assert rest.next_cursor is None
    total = await queries.slow_total(
        scope=EVERYWHERE, before=before, dead_before=rules.months_before(TODAY, 24), site_id=1
    )
    assert (total.lots, total.dead, total.unpriced) == (2, 0, 2)
    assert (await queries.list_slow(scope=Scope(("/1/3/",)), before=before)).items == []


async def test_the_ledger_of_a_class_adds_up(hall: asyncpg.Connection) -> None:
    await hall.execute(
        "INSERT INTO material_class (id, scheme, code, path, level, name_zh, source)"
        " VALUES (9, 'local', '9', '/9/', 1, '砂石', 'test'); UPDATE item SET class_id = 9 WHERE id = 2"
    )
    tent, quilt = await world.add_lots(hall, {}, {"item_id": 2})
    await world.receive(tent, 9, 101)
    await world.receive(quilt, 7, 111)
    await world.issue(quilt, 2, 111)
    (row,) = await queries.ledger(month=TODAY, scope=EVERYWHERE, by=By.SITE, class_path="/9/")
    assert (row.item_id, row.site_code, row.opening, row.came, row.went, row.closing) == (2, "AA01", 0, 7, 2, 5)
    assert (dict(row.ins), dict(row.outs)) == ({"receive": 7}, {"issue": 2})


async def test_the_history_of_alerts_says_how_long_each_stood(hall: asyncpg.Connection) -> None:
    (lot,) = await world.add_lots(hall, {"expires_on": TODAY - timedelta(days=1)})
    await world.receive(lot, 3, 101)
    await alerts.judge_all(now=world.NOW)
    await world.done(world.posting(world.line(lot, 3, 101, 4), reason=world.Reason.DISPOSE))
    await alerts.judge_all(now=world.NOW + timedelta(hours=5))
    wanted = AlertFilter(closed=None, snoozed=None, opened=(TODAY, TODAY))
    page = await alert_queries.list_history(scope=EVERYWHERE, wanted=wanted)
    assert [(one.kind, one.closed_at) for one in page.items] == [(AlertKind.EXPIRED, world.NOW + timedelta(hours=5))]
    (kind,) = await alert_queries.history_by_kind(scope=EVERYWHERE, wanted=wanted)
    assert (kind.opened, kind.closed, kind.minutes_to_close, kind.minutes_to_handle) == (1, 1, 300, None)
    earlier = AlertFilter(closed=None, snoozed=None, opened=(TODAY - timedelta(days=9), TODAY - timedelta(days=1)))
    assert (await alert_queries.list_history(scope=EVERYWHERE, wanted=earlier)).items == []


async def test_ahead_counts_each_lot_in_every_span_that_holds_its_last_day(hall: asyncpg.Connection) -> None:
    days = (0, 30, 31, 180, -1)
    lots = await world.add_lots(hall, *({"expires_on": TODAY + timedelta(days=one)} for one in days), {})
    for lot in lots:
        await world.receive(lot, 2, 101)
    await world.receive(lots[1], 3, 102)  # the same lot in another bin is one lot
    await hall.execute("UPDATE lot SET price_fen = 500, price_per = 1 WHERE id = $1", lots[1].id)
    found = await queries.ahead(scope=EVERYWHERE, today=TODAY, days=(30, 90, 180))
    assert [(one.days, one.lots, one.value_fen, one.unpriced) for one in found] == [
        (30, 2, 2500, 1),
        (90, 3, 2500, 2),
        (180, 4, 2500, 3),
    ]
    nothing = await queries.ahead(scope=Scope(("/1/3/",)), today=TODAY, days=(30,))
    assert [(one.days, one.lots, one.value_fen) for one in nothing] == [(30, 0, 0)]
    assert [one.lots for one in await queries.ahead(scope=EVERYWHERE, today=TODAY, days=(30,), without=[1])] == [0]
