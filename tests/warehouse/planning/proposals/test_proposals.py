"""Proposals on a real database: from a gap to a draft order and not a second time, also by rivals at once."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from catalog.kernel import db
from catalog.kernel.access import Role, Scope
from catalog.kernel.errors import Denied, Invalid, Missing, Problem, Refused
from tests.warehouse.replenishment import buying
from tests.warehouse.replenishment.buying import ALL, FUND, QUILT, SUPPLIER, TENT, again, person
from tests.warehouse.stock import world
from warehouse.fulfilment import actions as shipping
from warehouse.fulfilment.model import Loading, NewLine, Purpose, ShipmentFacts, Vehicle
from warehouse.incidents import actions as incidents
from warehouse.incidents.model import Hazard, IncidentFacts
from warehouse.norms.actions import set_norms
from warehouse.norms.model import Equivalent, NormFacts
from warehouse.planning.proposals import actions, queries
from warehouse.planning.proposals.model import Cause, Proposal, Status
from warehouse.replenishment import actions as orders
from warehouse.replenishment import queries as replenishment
from warehouse.replenishment.model import OrderStatus
from warehouse.rotation import actions as rotation
from warehouse.rotation import queries as turning
from warehouse.rotation.model import Choice, Line, Option

CITY, TOWN = 1, 4
TODAY = date(2026, 11, 21)


@pytest.fixture
async def desk(hall: asyncpg.Connection) -> asyncpg.Connection:
    """The city must hold 100 tents (ordered below 60, filled up to 120) and has 30; tents come in boxes of 8."""
    await buying.add_supplier(hall)
    await hall.execute(
        "INSERT INTO pack (id, key, item_id, name_zh, factor, is_default, source) VALUES (50, 'P50', 1, '箱', 8, true,"
        " 'test'); UPDATE item SET price_fen = 100 WHERE id = 2"
    )
    (lot,) = await world.add_lots(hall, {"owner_region_id": CITY})
    await world.receive(lot, 30, 101)
    await norm(CITY, TENT, minimum=100, reorder=100, target=120)
    return hall


async def norm(region: int, item: int | None = None, **more: Any) -> None:
    """Somebody must hold something."""
    facts = NormFacts(region_id=region, item_id=item, source="test", **more)
    await set_norms(stamp=person(Role.PLANNER), norms=[facts])


async def run(region: int = CITY) -> dict[str, Any]:
    """What a run did, in counts."""
    done = await actions.run_proposals(stamp=person(Role.PLANNER), region_id=region)
    return {name: done[name] for name in ("new", "changed", "withdrawn", "kept", "asleep") if done[name]}


async def proposals(status: Status | None = Status.OPEN) -> list[Proposal]:
    """What stands there."""
    return list((await queries.list_proposals(scope=ALL, status=status)).items)


async def test_a_gap_becomes_a_line_that_says_why_and_then_a_draft_order_and_nothing_more(
    desk: asyncpg.Connection,
) -> None:
    assert await run() == {"new": 1}
    (one,) = await proposals()
    assert (one.quantity, one.pack, one.site_code, one.why.missing, one.why.rounded) == (96, "箱", "CZ01", 90, 96)
    assert (one.why.level, one.why.trigger, one.why.usable) == (120, 100, 30)
    assert await run() == {"kept": 1}
    done = await actions.order_proposals(stamp=person(Role.PLANNER), proposals=[one.id])
    (order_id,) = [UUID(order) for order in done["orders"]]
    order = await again(order_id)
    assert (order.status, order.lines[0].quantity, order.lines[0].pack_factor) == (OrderStatus.DRAFT, 96, 8)
    assert order.lines[0].why == "应有120−可用30＝缺90，按箱（8）取整96"
    assert (await proposals(Status.ORDERED))[0].order_id == order_id
    assert await run() == {}
    assert await proposals() == []
    with pytest.raises(Refused, match="not-open"):
        await actions.order_proposals(stamp=person(Role.PLANNER), proposals=[one.id])
    await orders.cancel_order(stamp=person(Role.PLANNER), order_id=order_id, reason="重来")
    assert await run() == {"new": 1}


async def test_what_is_on_order_announced_or_lent_is_not_asked_for_again(desk: asyncpg.Connection) -> None:
    await buying.budget(10_000_000)
    order = await buying.ordered(buying.line(TENT, 40))
    await run()
    (one,) = await proposals()
    assert (one.why.on_order, one.why.missing, one.quantity) == (40, 50, 56)
    assert (one.supplier_id, one.fund_source, one.price_fen, one.amount_fen) == (SUPPLIER, FUND, 100, 5_600)
    await buying.arrive(order.deliveries[0].id, [(TENT, 40, 1)])
    assert await run() == {"changed": 1}  # usable now, no longer on order: the same line with another sum
    (after,) = await proposals()
    assert (after.id, after.quantity, after.why.usable, after.why.on_order) == (one.id, 56, 70, 0)


async def turned(hall: asyncpg.Connection, days: int = 60, year: int = TODAY.year, **choice: Any) -> Line:
    """90 more tents of the city, which expire in so many days and are to go out as chosen."""
    (lot,) = await world.add_lots(hall, {"owner_region_id": CITY, "expires_on": TODAY + timedelta(days=days)})
    await world.receive(lot, 90, 102)
    await rotation.propose(stamp=person(Role.PLANNER), region_key="city", year=year)
    (line,) = (await turning.list_lines(scope=ALL)).items
    said = Choice(**{"out_on": TODAY + timedelta(days=30), "quantity": 90, "in_on": TODAY + timedelta(days=20),
                     "in_quantity": 90, **choice})  # fmt: skip
    await rotation.choose(stamp=person(Role.PLANNER), line_id=line.id, choice=said)
    return line


async def test_what_rotation_takes_out_is_replaced_before_it_goes_and_only_once(desk: asyncpg.Connection) -> None:
    line = await turned(desk, option=Option.USE)
    assert await run() == {}, "120 are there, and what is only proposed is no decision"
    await rotation.approve(stamp=person(Role.APPROVER), line_ids=[line.id])
    done = await asyncio.gather(run(), run())
    assert sorted(done, key=str) == [{"kept": 1}, {"new": 1}]
    (one,) = await proposals()
    assert (one.cause, one.why.causes) == (Cause.ROTATION, (("rotation", line.plan),))
    assert (one.why.usable, one.why.leaving, one.why.missing, one.quantity) == (120, 90, 90, 96)
    made = await actions.order_proposals(stamp=person(Role.PLANNER), proposals=[one.id])
    order = await again(UUID(made["orders"][0]))
    assert order.lines[0].why == "应有120−可用120＋轮出90＝缺90，按箱（8）取整96"
    assert await run() == {}, "it is on order now"


async def test_what_an_incident_used_is_made_good_once(desk: asyncpg.Connection) -> None:
    """30 quilts that no norm asks for: 12 have come since, the rest is ordered."""
    facts = IncidentFacts("测试洪涝", Hazard.FLOOD, CITY, world.NOW)
    made = await incidents.open_incident(stamp=person(Role.DISPATCHER), facts=facts)
    incident = UUID(made["id"])
    await desk.execute(
        "INSERT INTO recovery_duty (id, incident_id, region_id, item_id, quantity, due_on, due_source, status, made_at,"
        " made_by, attempt) VALUES (gen_random_uuid(), $1, 1, 2, 30, '2026-12-31', 'test', 'open', $2, 'x', $3)",
        incident, world.NOW - timedelta(days=1), uuid4(),
    )  # fmt: skip
    number = await desk.fetchval("SELECT number FROM incident WHERE id = $1", incident)
    await run()
    (one,) = [one for one in await proposals() if one.item_id == QUILT]
    assert (one.cause, one.why.causes, one.quantity) == (Cause.INCIDENT, (("incident", number),), 30)
    (lot,) = await world.add_lots(desk, {"owner_region_id": CITY, "item_id": QUILT})
    await world.receive(lot, 12, 101)
    assert await run() == {"changed": 1, "kept": 1}
    (one,) = [one for one in await proposals() if one.item_id == QUILT]
    assert (one.why.usable, one.quantity) == (12, 18)
    await actions.order_proposals(stamp=person(Role.PLANNER), proposals=[one.id])
    assert await run() == {"kept": 1}
    await desk.execute("UPDATE recovery_duty SET status = 'closed', closed_at = now()")
    assert await run() == {"kept": 1}


async def test_what_a_supplier_swaps_comes_back_and_is_not_bought(desk: asyncpg.Connection) -> None:
    line = await turned(desk, 300, TODAY.year + 1, option=Option.SWAP, party_id=SUPPLIER)
    await rotation.approve(stamp=person(Role.APPROVER), line_ids=[line.id])
    assert await run() == {}


async def test_a_proposal_that_is_needed_no_more_is_withdrawn(desk: asyncpg.Connection) -> None:
    await run()
    (lot,) = await world.add_lots(desk, {"owner_region_id": CITY})
    await world.receive(lot, 70, 102)
    assert await run() == {"withdrawn": 1}
    assert [one.status for one in await proposals(None)] == [Status.WITHDRAWN]


async def test_a_dismissed_cause_sleeps_until_its_day(desk: asyncpg.Connection) -> None:
    await run()
    (one,) = await proposals()
    with pytest.raises(Invalid):
        await actions.dismiss_proposal(
            stamp=person(Role.PLANNER), proposal_id=one.id, until=TODAY - timedelta(days=1), reason="x"
        )
    await actions.dismiss_proposal(stamp=person(Role.PLANNER), proposal_id=one.id, until=TODAY, reason="等新标准")
    assert await run() == {"asleep": 1}
    later = world.stamp(at=world.NOW + timedelta(days=1))
    done = await actions.run_proposals(stamp=later, region_id=CITY)
    assert done["new"] == 1


async def test_a_class_norm_is_filled_with_the_item_that_was_bought_last_or_is_cheapest(
    desk: asyncpg.Connection,
) -> None:
    equal = (Equivalent(TENT, 1, 1), Equivalent(QUILT, 1, 1))
    await norm(TOWN, class_id=1, minimum=10, unit="件", equivalents=equal)
    await run()
    (one,) = [one for one in await proposals() if one.owner_region_id == TOWN]
    assert (one.item_id, one.quantity, one.site_code) == (QUILT, 10, "AA01")  # the only one with a price


async def test_orders_are_split_by_owner_supplier_and_fund_and_need_a_site(desk: asyncpg.Connection) -> None:
    await norm(2, TENT, minimum=5)  # district A has no store of its own
    await norm(TOWN, QUILT, minimum=7)
    await run()
    listed = await proposals()
    with pytest.raises(Refused) as refusal:
        await actions.order_proposals(stamp=person(Role.PLANNER), proposals=[one.id for one in listed])
    assert (refusal.value.code, refusal.value.facts["proposals"]) == ("proposal.no-site", ["district-a 帐篷"])
    done = await actions.order_proposals(stamp=person(Role.PLANNER), proposals=[one.id for one in listed], site_id=1)
    made = [await again(UUID(order)) for order in done["orders"]]
    assert sorted((one.owner_region_id, one.site_code) for one in made) == [(1, "CZ01"), (2, "CZ01"), (4, "AA01")]


async def test_rivals_who_run_and_order_at_once_close_each_gap_once(desk: asyncpg.Connection) -> None:
    await norm(TOWN, QUILT, minimum=7)

    async def try_run() -> str:
        await actions.run_proposals(stamp=person(Role.PLANNER), region_id=CITY)
        return "ran"

    async def try_order() -> str:
        ids = [one.id for one in await proposals()]
        if not ids:
            return "nothing"
        try:
            await actions.order_proposals(stamp=person(Role.PLANNER), proposals=ids)
        except Problem as problem:
            return problem.code
        return "ordered"

    await asyncio.gather(*(try_run() for _ in range(6)))
    assert len(await proposals()) == 2
    outcomes = await asyncio.gather(*(step() for _ in range(4) for step in (try_run, try_order)))
    assert outcomes.count("ordered") == 1
    assert set(outcomes) <= {"ran", "ordered", "nothing", "proposal.not-open"}
    await run()
    assert await proposals() == []
    planned = await replenishment.on_order(planned=True)
    assert sorted((one.item_id, one.quantity) for one in planned) == [(TENT, 96), (QUILT, 7)]
    assert await db.fetch_value("SELECT count(*) FROM proposal WHERE status = 'ordered'") == 2


async def test_the_same_attempt_twice_drafts_once(desk: asyncpg.Connection) -> None:
    await run()
    stamp = person(Role.PLANNER)
    ids = [one.id for one in await proposals()]
    first = await actions.order_proposals(stamp=stamp, proposals=ids)
    second = await actions.order_proposals(stamp=stamp, proposals=ids)
    assert (second["orders"], second["repeat"]) == (first["orders"], True)


async def test_out_of_scope_is_not_there_and_without_the_right_is_denied(desk: asyncpg.Connection) -> None:
    await run()
    (one,) = await proposals()
    far = person(Role.PLANNER, path="/1/3/")
    with pytest.raises(Missing):
        await actions.run_proposals(stamp=far, region_id=CITY)
    with pytest.raises(Missing):
        await actions.order_proposals(stamp=replace(far, attempt=uuid4()), proposals=[one.id])
    with pytest.raises(Denied):
        await actions.order_proposals(stamp=person(Role.KEEPER), proposals=[one.id])
    assert (await queries.list_proposals(scope=Scope(("/1/3/",)))).items == []


async def own_norm(site: int, **more: Any) -> None:
    """A store must hold tents itself."""
    await set_norms(stamp=person(Role.PLANNER), norms=[NormFacts(site_id=site, item_id=TENT, source="test", **more)])


async def test_what_a_store_lacks_is_bought_for_it_and_its_owner_does_not_buy_it_again(
    desk: asyncpg.Connection,
) -> None:
    await own_norm(1, minimum=70)  # CZ01 is the city's own; 30 stand there, and nowhere else
    done = await asyncio.gather(run(), run())
    assert sorted(done, key=str) == [{"kept": 2}, {"new": 2}]
    found = {one.cause: one for one in await proposals()}
    store, city = found[Cause.SITE], found[Cause.GAP]
    assert (store.site_code, store.why.missing, store.quantity, store.is_move) == ("CZ01", 40, 40, False)
    assert (city.why.missing, city.why.proposed, city.quantity) == (50, 40, 56)
    assert await run() == {"kept": 2}
    made = await actions.order_proposals(stamp=person(Role.PLANNER), proposals=[store.id])
    order = await again(UUID(made["orders"][0]))
    assert order.lines[0].why == "应有70−可用30＝缺40"
    assert await run() == {"changed": 1}  # what was proposed for the store is drafted now
    (after,) = await proposals()
    assert (after.id, after.quantity, after.why.planned, after.why.proposed) == (city.id, 56, 40, 0)
    assert await run() == {"kept": 1}


async def test_what_the_owner_has_to_spare_elsewhere_is_moved_and_not_ordered(desk: asyncpg.Connection) -> None:
    await desk.execute("UPDATE site SET region_id = 1, path = '/1/' WHERE id = 2")
    await own_norm(2, minimum=20)  # the second store of the city has none; the first has 30 and no norm of its own
    assert await run() == {"new": 2}
    (one,) = [each for each in await proposals() if each.cause is Cause.SITE]
    assert (one.site_id, one.is_move, one.quantity) == (2, True, 24)  # three boxes
    assert (one.why.moved_from, one.supplier_id, one.amount_fen) == ((("CZ01", 24),), None, None)
    (city,) = [each for each in await proposals() if each.cause is Cause.GAP]
    assert (city.why.missing, city.why.proposed) == (90, 0)  # moving makes the owner no richer
    with pytest.raises(Refused, match=r"is-a-move"):
        await actions.order_proposals(stamp=person(Role.PLANNER), proposals=[city.id, one.id])
    assert await run() == {"kept": 2}
    await own_norm(1, minimum=10)  # the first must keep ten: twenty are too few, now it is bought
    assert await run() == {"changed": 2}
    (one,) = [each for each in await proposals() if each.cause is Cause.SITE]
    assert (one.is_move, one.quantity) == (False, 24)
    (city,) = [each for each in await proposals() if each.cause is Cause.GAP]
    assert (city.why.proposed, city.why.missing) == (24, 66)
    (lot,) = await world.add_lots(desk, {"owner_region_id": CITY})
    await world.receive(lot, 20, 111, site_id=2)
    assert await run() == {"changed": 1, "withdrawn": 1}


async def test_what_is_on_its_way_to_a_store_is_not_asked_for_again(desk: asyncpg.Connection) -> None:
    await desk.execute("UPDATE site SET region_id = 1, path = '/1/' WHERE id = 2")
    await own_norm(2, minimum=20)
    await run()
    lot, place = await desk.fetchrow("SELECT lot_id, place_id FROM balance WHERE site_id = 1 AND on_hand = 30")
    facts = ShipmentFacts(Purpose.FORWARD, 1, to_site_id=2, vehicle=Vehicle(plate="苏D1", driver="赵"))
    made = await shipping.prepare(stamp=person(Role.KEEPER), facts=facts, lines=[NewLine(lot, place, 24)])
    assert (await run())["withdrawn"] == 1
    assert [one for one in await proposals() if one.cause is Cause.SITE] == []
    await shipping.load(stamp=person(Role.KEEPER), shipment_id=UUID(made["id"]), wanted=[Loading(1, 24)])
    await shipping.depart(stamp=person(Role.KEEPER), shipment_id=UUID(made["id"]))
    assert "new" not in await run()


async def test_a_store_that_is_left_alone_for_a_while_hides_no_gap_of_its_owner(desk: asyncpg.Connection) -> None:
    await own_norm(1, minimum=70)
    await run()
    (store,) = [one for one in await proposals() if one.cause is Cause.SITE]
    until = TODAY + timedelta(days=90)
    await actions.dismiss_proposal(stamp=person(Role.PLANNER), proposal_id=store.id, until=until, reason="等新库")
    assert await run() == {"changed": 1, "asleep": 1}
    (city,) = await proposals()
    assert (city.cause, city.why.missing, city.why.proposed) == (Cause.GAP, 90, 0)


async def test_what_counts_for_the_class_that_a_store_must_hold_is_not_given_away(desk: asyncpg.Connection) -> None:
    await desk.execute("UPDATE site SET region_id = 1, path = '/1/' WHERE id = 2")
    await own_norm(2, minimum=20)
    of_class = NormFacts(site_id=1, class_id=1, minimum=30, unit="件", source="test")
    await set_norms(stamp=person(Role.PLANNER), norms=[of_class])
    await run()
    stores = [one for one in await proposals() if one.cause is Cause.SITE]
    assert [(one.is_move, one.item_key) for one in stores if one.site_id == 2] == [(False, "ZP-0001")]
