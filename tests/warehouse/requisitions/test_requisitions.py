"""Requisitions on a real database: asked, approved, sourced, released, carried out; who sees and may do what."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from catalog.kernel.access import EVERYWHERE, ROLES, Grant, Role, Scope
from catalog.kernel.errors import Denied, Invalid, Missing, Refused
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import SHANGHAI
from tests.catalog.test_tables import kind
from tests.warehouse.stock import world
from warehouse.commitments import actions as commitments
from warehouse.commitments.actions import create_commitment
from warehouse.commitments.model import CommitmentFacts, Form, PriceRule
from warehouse.fulfilment.actions import close_incident
from warehouse.fulfilment.model import Left
from warehouse.fulfilment.queries import undone_of
from warehouse.incidents import actions as incidents
from warehouse.incidents.model import Hazard, IncidentFacts, Level, NeedFacts
from warehouse.norms.actions import set_norms
from warehouse.norms.model import Each, Equivalent, NormFacts
from warehouse.requisitions import actions, queries, tables
from warehouse.requisitions.model import LineFacts, Release, ReleaseStatus, RequisitionFacts, Status, Wishes
from warehouse.requisitions.sourcing import plan as sourcing
from warehouse.requisitions.sourcing.model import Why

CITY, A, B, TOWN = 1, 2, 3, 4
TENT, QUILT = 1, 2
DAY = date(2027, 6, 1)


def hand(role: Role = Role.DISPATCHER, path: str = "/1/", *, login: str = "duty", hours: float = 0) -> Stamp:
    stamp = world.stamp(at=world.NOW + timedelta(hours=hours))
    return replace(stamp, attempt=uuid4(), login=login, grants=(Grant(role, path, ROLES[role]),))


def boss(path: str = "/1/", **more: Any) -> Stamp:
    return hand(Role.APPROVER, path, **{"login": "boss", **more})


def facts(**more: Any) -> RequisitionFacts:
    return RequisitionFacts(**{"region_id": A, "reason": "安置转移群众", "own_stock": "已用完", **more})


def tents(quantity: int = 40, **more: Any) -> LineFacts:
    return LineFacts(**{"region_id": TOWN, "quantity": quantity, "item_id": TENT, **more})


@pytest.fixture
async def stocked(city: asyncpg.Connection) -> asyncpg.Connection:
    """50 tents of the city in its own store, 30 in district B's, of B; 20 more of the city that expire first."""
    first, second, third = await world.add_lots(
        city,
        {"expires_on": DAY + timedelta(days=900)},
        {"owner_region_id": B},
        {"expires_on": DAY},
    )
    await world.receive(first, 50, 101)
    await world.receive(second, 30, 121, site_id=3)
    await world.receive(third, 20, 102)
    return city


async def approved(*lines: LineFacts, hours: float = 0, **more: Any) -> UUID:
    done = await actions.create_requisition(
        stamp=hand(hours=hours), facts=facts(**more), lines=lines or (tents(),), submit=True
    )
    await actions.approve_requisition(stamp=boss(hours=hours), requisition_id=UUID(done["id"]))
    return UUID(done["id"])


NO_WISHES = Wishes()


async def planned(requisition: UUID, wishes: Wishes = NO_WISHES, stamp: Stamp | None = None) -> UUID:
    by = stamp or hand()
    found = await queries.get_requisition(requisition, EVERYWHERE)
    task = await queries.read_task(found, Scope(("/1/",)), wishes, by.recorded_at)
    done = await actions.keep_plan(stamp=by, requisition_id=requisition, plan=sourcing.plan(task), wishes=wishes)
    return UUID(done["plan"])


async def sourced(requisition: UUID, **more: Any) -> list[Release]:
    await actions.accept_plan(stamp=hand(**more), requisition_id=requisition, plan_id=await planned(requisition))
    return list(await queries.releases_of(requisition))


async def status_of(requisition: UUID) -> Status:
    return (await queries.get_requisition(requisition, EVERYWHERE)).status


async def test_from_a_need_to_the_end(stocked: asyncpg.Connection) -> None:
    done = await incidents.open_incident(
        stamp=boss(),
        facts=IncidentFacts("台风", Hazard.TYPHOON, A, world.NOW - timedelta(hours=1)),
        level=Level.II,
        reason="红色预警",
    )
    incident = UUID(done["id"])
    need = NeedFacts(TOWN, 60, item_id=TENT, own_stock_used="本镇已用完", receiver="王", phone="139")
    needs = (await incidents.add_needs(stamp=hand(), incident_id=incident, needs=[need]))["needs"]
    said = facts(incident_id=incident, own_stock="")
    made = await actions.create_requisition(stamp=hand(), facts=said, need_ids=[UUID(needs[0])], submit=True)
    requisition = UUID(made["id"])
    with pytest.raises(Refused, match="已列入申请"):
        await actions.create_requisition(stamp=hand(), facts=said, need_ids=[UUID(needs[0])])
    with pytest.raises(Refused) as own:
        await actions.approve_requisition(stamp=boss(login="duty"), requisition_id=requisition)
    assert own.value.code == "requisition.own"
    await actions.approve_requisition(stamp=boss(), requisition_id=requisition)
    assert await status_of(requisition) is Status.APPROVED
    (order,) = await sourced(requisition)
    assert [(line.quantity, line.expires_on) for line in order.lines] == [(20, DAY), (40, DAY + timedelta(days=900))]
    assert (order.status, order.number, order.receiver, order.site_code) == (ReleaseStatus.WAITING, None, "王", "CZ01")
    assert (await status_of(requisition)) is Status.SOURCED
    assert sum(held for _, held in (await world.balances(stocked)).values()) == 60
    with pytest.raises(Refused, match="自己申请"):
        await actions.release(stamp=boss(login="duty"), release_id=order.id)
    with pytest.raises(Invalid):
        await actions.release(stamp=boss(), release_id=order.id, spoken=True, spoken_by="李市长")
    out = await actions.release(
        stamp=boss(hours=1), release_id=order.id, spoken=True, spoken_by="李市长", spoken_to="张库长"
    )
    assert (out["number"], await status_of(requisition)) == ("ZL-2026-0001", Status.RELEASED)
    owed = (await queries.list_releases(scope=EVERYWHERE, owed=True)).items
    assert [(one.id, one.papers_due_at) for one in owed] == [(order.id, world.NOW + timedelta(hours=49))]
    for verb, status in (("pick", Status.PICKING), ("ship", Status.SHIPPED), ("receive", Status.RECEIVED)):
        await actions.move_release(stamp=hand(Role.KEEPER, "/1/"), release_id=order.id, verb=verb)
        assert await status_of(requisition) is status
    with pytest.raises(Refused, match="手续"):
        await actions.move_release(stamp=hand(), release_id=order.id, verb="close")
    file_id = await a_scan(boss())
    await actions.file_paper(stamp=boss(), release_id=order.id, paper_number="常应急〔2026〕8号", file_ids=[file_id])
    with pytest.raises(Refused, match="他人核对"):
        await actions.check_paper(stamp=boss(), release_id=order.id, agrees=True)
    await actions.check_paper(stamp=boss(login="second"), release_id=order.id, agrees=True)
    await actions.move_release(stamp=hand(), release_id=order.id, verb="close")
    await actions.close_requisition(stamp=hand(), requisition_id=requisition)
    assert await status_of(requisition) is Status.CLOSED


async def a_scan(stamp: Stamp) -> UUID:
    from warehouse.files import actions as files
    from warehouse.files.model import Cleaned, FileKind

    made = await files.add_file(stamp=stamp, file=Cleaned(FileKind.PDF, b"%PDF-1.4 test"), name="order.pdf")
    return UUID(made["id"])


async def test_own_stock_first_or_say_why(stocked: asyncpg.Connection) -> None:
    (mine,) = await world.add_lots(stocked, {"owner_region_id": TOWN})
    await world.receive(mine, 7, 111, site_id=2)
    made = await actions.create_requisition(stamp=hand(), facts=facts(own_stock=""), lines=[tents()])
    requisition = UUID(made["id"])
    with pytest.raises(Refused) as refused:
        await actions.submit_requisition(stamp=hand(), requisition_id=requisition)
    assert refused.value.code == "requisition.own-stock-first"
    assert refused.value.facts["goods"] == [{"line": 1, "goods": "帐篷", "free": 7, "sites": ["AA01库"]}]
    said = facts(own_stock="用于本镇第二安置点")
    await actions.edit_requisition(stamp=hand(), requisition_id=requisition, version=1, facts=said)
    await actions.submit_requisition(stamp=hand(), requisition_id=requisition)
    assert await status_of(requisition) is Status.SUBMITTED
    # Goods of the asking region alone need no word, and nothing else is planned for it.
    at_home = await approved(upward=False, own_stock="")
    (order,) = await sourced(at_home)
    assert [(line.quantity, order.owner_key) for line in order.lines] == [(7, "town-a1")]
    assert (await queries.get_requisition(at_home, EVERYWHERE)).lines[0].rest == 33


async def test_a_plan_takes_no_substitute_before_it_is_approved(stocked: asyncpg.Connection) -> None:
    await stocked.execute(
        "INSERT INTO item_substitute (item_id, substitute_id, need, give, note, source) VALUES ($1, $2, 1, 2, '', 't')",
        QUILT,
        TENT,
    )
    requisition = await approved(LineFacts(region_id=TOWN, quantity=5, item_id=QUILT))

    async def given() -> int:
        found = await queries.get_requisition(requisition, EVERYWHERE)
        task = await queries.read_task(found, Scope(("/1/",)), NO_WISHES, world.NOW)
        return sum(line.quantity for line in sourcing.plan(task).lines if line.item == TENT)

    assert await given() == 0
    await stocked.execute("UPDATE item_substitute SET approved_by = 'boss', approved_at = now()")
    assert await given() == 10


async def test_who_may_do_what_and_see_what(stocked: asyncpg.Connection) -> None:
    requisition = await approved(tents(80))
    with pytest.raises(Missing):
        await actions.create_requisition(stamp=hand(path="/1/3/"), facts=facts(), lines=[tents()])
    with pytest.raises(Denied):
        await actions.create_requisition(stamp=hand(Role.PLANNER), facts=facts(), lines=[tents()])
    with pytest.raises(Missing):
        await queries.get_requisition(requisition, Scope(("/1/3/",)))
    by_city, by_b = sorted(await sourced(requisition), key=lambda one: one.owner_region_id)
    assert sum(line.quantity for line in by_b.lines) == 10
    assert (await queries.get_requisition(requisition, Scope(("/1/3/",)))).number  # a shared document by now
    with pytest.raises(Missing):
        await actions.release(stamp=boss("/1/2/"), release_id=by_b.id)
    with pytest.raises(Missing):
        await actions.release(stamp=boss("/1/3/"), release_id=by_city.id)
    with pytest.raises(Denied):
        await actions.release(stamp=hand(), release_id=by_city.id)
    with pytest.raises(Refused, match="口头"):
        await actions.release(stamp=boss("/1/3/"), release_id=by_b.id, spoken=True, spoken_by="李", spoken_to="张")
    await actions.release(stamp=boss("/1/3/"), release_id=by_b.id)
    assert await status_of(requisition) is Status.SOURCED  # the other one still waits
    await actions.refuse_release(stamp=boss(), release_id=by_city.id, reason="留作他用")
    assert await status_of(requisition) is Status.RELEASED
    found = await queries.get_requisition(requisition, EVERYWHERE)
    assert found.lines[0].rest == 70
    assert sum(held for _, held in (await world.balances(stocked)).values()) == 10
    with pytest.raises(Refused) as out:
        await actions.cancel_requisition(stamp=hand(), requisition_id=requisition, reason="不需要")
    assert out.value.code == "requisition.not-from-here"
    await actions.recall_release(stamp=boss("/1/3/"), release_id=by_b.id, reason="改由他处调出")
    assert await status_of(requisition) is Status.APPROVED
    assert sum(held for _, held in (await world.balances(stocked)).values()) == 0
    await actions.amend_requisition(stamp=hand(), requisition_id=requisition, reason="改数量")
    again = await queries.get_requisition(requisition, EVERYWHERE)
    assert again.approvals == ()
    await actions.edit_requisition(
        stamp=hand(), requisition_id=requisition, version=again.version, facts=facts(), lines=[tents(5), tents(6)]
    )
    assert [line.rest for line in (await queries.get_requisition(requisition, EVERYWHERE)).lines] == [5, 6]


async def test_a_plan_whose_stock_moved_is_refused_line_by_line_and_nothing_is_held(
    stocked: asyncpg.Connection,
) -> None:
    requisition = await approved(tents(60), LineFacts(region_id=TOWN, quantity=5, item_id=QUILT))
    (quilts,) = await world.add_lots(stocked, {"item_id": QUILT})
    await world.receive(quilts, 5, 103)
    plan = await planned(requisition)
    late = await planned(requisition)
    with pytest.raises(Refused) as old:
        await actions.accept_plan(stamp=hand(), requisition_id=requisition, plan_id=plan)
    assert old.value.code == "sourcing.not-current"
    await world.issue(quilts, 1, 103)
    with pytest.raises(Refused) as moved:
        await actions.accept_plan(stamp=hand(), requisition_id=requisition, plan_id=late)
    assert moved.value.code == "sourcing.stock-moved"
    assert [(one["line"], one["asked"], one["free"]) for one in moved.value.facts["lines"]] == [(2, 5, 4)]
    assert sum(held for _, held in (await world.balances(stocked)).values()) == 0
    once = replace(hand(), attempt=uuid4())
    new = await planned(requisition)
    first = await actions.accept_plan(stamp=once, requisition_id=requisition, plan_id=new)
    twice = await actions.accept_plan(stamp=once, requisition_id=requisition, plan_id=new)
    assert twice == {**first, "repeat": True}
    assert sum(held for _, held in (await world.balances(stocked)).values()) == 64


async def test_a_lapsed_hold_is_free_again_and_the_order_says_so(stocked: asyncpg.Connection) -> None:
    (order,) = await sourced(await approved(tents(70)))
    late = await approved(tents(70), hours=30)
    plan = await planned(late, stamp=hand(hours=30))
    await actions.accept_plan(stamp=hand(hours=30), requisition_id=late, plan_id=plan)
    with pytest.raises(Refused) as gone:
        await actions.release(stamp=boss(hours=31), release_id=order.id)
    assert [(one["asked"], one["held"]) for one in gone.value.facts["lines"]] == [(20, 0), (50, 0)]
    await actions.cancel_release(stamp=hand(hours=31), release_id=order.id, reason="占用已失效")
    assert await status_of(order.requisition_id) is Status.APPROVED


async def test_pins_and_bans_of_the_dispatcher(stocked: asyncpg.Connection) -> None:
    requisition = await approved(tents(30))
    (line,) = (await queries.get_requisition(requisition, EVERYWHERE)).lines
    wishes = Wishes(pins=((str(line.id), "3:3", TENT, 12),), forbidden=((str(line.id), "1:1"),))
    await actions.accept_plan(stamp=hand(), requisition_id=requisition, plan_id=await planned(requisition, wishes))
    (order,) = await queries.releases_of(requisition)
    assert (order.owner_key, [one.quantity for one in order.lines]) == ("district-b", [12, 18])
    assert (await queries.list_plans(requisition))[0].wishes == wishes


async def test_a_plan_is_compared_with_the_last_one_unless_its_goods_are_held(stocked: asyncpg.Connection) -> None:
    requisition = await approved(tents(130))
    (line,) = (await queries.get_requisition(requisition, EVERYWHERE)).lines
    first = await planned(requisition)
    banned = await planned(requisition, Wishes(forbidden=((str(line.id), "1:1"),)))
    found = await queries.get_requisition(requisition, EVERYWHERE)
    (after, before) = await queries.list_plans(requisition)
    assert {after.id, before.id} == {banned, first}
    assert (await queries.show_plan(after, found, before)).changes
    await actions.accept_plan(stamp=hand(), requisition_id=requisition, plan_id=banned)
    await planned(requisition)  # for what is still open
    found = await queries.get_requisition(requisition, EVERYWHERE)
    (rest, held, _) = await queries.list_plans(requisition)
    assert (rest.state, held.state) == ("current", "accepted")
    assert not (await queries.show_plan(rest, found, held)).changes  # nothing of it was dropped


async def test_what_a_keeper_did_not_find_is_not_planned_from_there_again(stocked: asyncpg.Connection) -> None:
    requisition = await approved(tents(30))
    (order,) = await sourced(requisition)
    await actions.release(stamp=boss(), release_id=order.id)
    first = order.lines[0]
    assert (first.quantity, first.expires_on) == (20, DAY)
    await actions.note_short(
        stamp=hand(Role.KEEPER, "/1/"), release_id=order.id, line_id=first.id, quantity=20, note="货位上没有"
    )
    found = await queries.get_requisition(requisition, EVERYWHERE)
    task = await queries.read_task(found, Scope(("/1/",)), NO_WISHES, world.NOW)
    assert sum(one.rest for one in found.open_lines) == 20
    assert first.lot_id not in {int(one.key.partition(":")[0]) for one in task.supplies}
    other = await approved(tents(1))  # of another the books are believed
    task = await queries.read_task(
        await queries.get_requisition(other, EVERYWHERE), Scope(("/1/",)), NO_WISHES, world.NOW
    )
    assert first.lot_id in {int(one.key.partition(":")[0]) for one in task.supplies}


async def test_an_incident_waits_for_its_requisitions_and_nothing_is_held_for_a_closed_one(
    stocked: asyncpg.Connection,
) -> None:
    facts_of = IncidentFacts("台风", Hazard.TYPHOON, A, world.NOW)
    event = UUID((await incidents.open_incident(stamp=boss(), facts=facts_of))["id"])
    requisition = await approved(incident_id=event)
    plan = await planned(requisition)
    await incidents.end_response(stamp=boss(), incident_id=event, reason="结束")
    assert [(one.kind, one.id) for one in await undone_of(event)] == [(Left.REQUISITIONS, requisition)]
    with pytest.raises(Refused) as refused:
        await close_incident(stamp=boss(), incident_id=event, reason="仍要结案")
    assert refused.value.code == "incident.goods-under-way"
    await stocked.execute("UPDATE incident SET status = 'closed' WHERE id = $1", event)
    with pytest.raises(Refused) as closed:
        await actions.accept_plan(stamp=hand(), requisition_id=requisition, plan_id=plan)
    assert closed.value.code == "requisition.incident-closed"
    assert sum(held for _, held in (await world.balances(stocked)).values()) == 0


async def test_what_must_stay_stays(stocked: asyncpg.Connection) -> None:
    await stocked.execute(
        "INSERT INTO norm (id, region_id, item_id, minimum, basis, basis_per, unit, valid_from, source, created_at,"
        " created_by, attempt) VALUES (gen_random_uuid(), 1, 1, 60, 'fixed', 1, '', '2020-01-01', 'test', now(), 'x',"
        " gen_random_uuid())"
    )
    requisition = await approved(tents(80))
    orders = await sourced(requisition)
    assert {one.owner_key: sum(line.quantity for line in one.lines) for one in orders} == {"city": 10, "district-b": 30}
    await promised(stocked)
    found = await queries.get_requisition(requisition, EVERYWHERE)
    (lack,) = (await queries.show_plan((await queries.list_plans(requisition))[0], found)).lacks
    assert (lack.quantity, lack.help[0].why, lack.help[0].origin.site_code) == (40, Why.PROTECTED, "CZ01")
    assert [(one.party_zh, one.quantity) for one in lack.promises] == [("某厂", 100)]


async def promised(city: asyncpg.Connection, **more: Any) -> UUID:
    await city.execute(
        "INSERT INTO party (id, uuid, key, kind, name_zh, source) OVERRIDING SYSTEM VALUE VALUES"
        " (1, gen_random_uuid(), 'mill', 'supplier', '某厂', 'test'),"
        " (2, gen_random_uuid(), 'nantong', 'neighbour_city', '邻市', 'test') ON CONFLICT DO NOTHING"
    )
    said: dict[str, Any] = {"region_id": A, "party_id": 1, "number": "XY-1", "item_id": TENT, "quantity": 100}
    said |= {"confidence": 80}
    facts = CommitmentFacts(
        form=Form.AGREEMENT, response_hours=6, confidence_source="合同", valid_from=date(2026, 1, 1),
        valid_to=date(2026, 12, 31), price_rule=PriceRule.FIXED, price_fen=50_000, source="合同", **(said | more),
    )  # fmt: skip
    return UUID((await create_commitment(stamp=hand(Role.PLANNER), facts=facts, sign=True))["id"])


async def test_promises_come_after_own_stock_and_are_called_off_when_the_plan_is_accepted(
    stocked: asyncpg.Connection,
) -> None:
    mill = await promised(stocked)
    offer = await promised(stocked, party_id=2, number="LS-1", region_id=CITY, quantity=50, confidence=100)
    requisition = await approved(tents(250))
    plan_id = await planned(requisition)
    found = await queries.get_requisition(requisition, EVERYWHERE)
    (kept,) = await queries.list_plans(requisition)
    shown = await queries.show_plan(kept, found)
    lines = sorted(shown.lines, key=lambda one: (one.closeness, one.number))
    given = [(one.closeness.name, one.quantity) for one in lines]
    # All that stands in stores, then so much of the promise as its confidence says, then the other city's offer.
    assert given == [("CITY", 20), ("CITY", 50), ("SISTER", 30), ("COMMITMENT", 80), ("NEIGHBOUR", 50)]
    mills = lines[3]
    assert (mills.origin.site_zh, mills.origin.site_code, mills.origin.confidence) == ("某厂", "XY-1", 80)
    assert mills.arrives_at >= kept.made_at + timedelta(hours=6)
    assert [(one.quantity, [p.quantity for p in one.promises]) for one in shown.lacks] == [(20, [20])]
    done = await actions.accept_plan(stamp=hand(), requisition_id=requisition, plan_id=plan_id)
    calls = sorted(await queries.calls_of(requisition), key=lambda one: -one.call.quantity)
    assert [(one.party_zh, one.call.quantity, one.call.status.value) for one in calls] == [
        ("某厂", 80, "requested"), ("邻市", 50, "requested")
    ]  # fmt: skip
    assert set(done["calls"]) == {str(one.call.id) for one in calls}
    assert (await queries.get_requisition(requisition, EVERYWHERE)).lines[0].rest == 20
    # Nobody orders what he called off himself; once it is ordered, a stroke of the pen does not call it back.
    with pytest.raises(Refused, match="自己提出"):
        await commitments.activate(stamp=boss(login="duty"), call_id=calls[0].call.id, order_number="启1号")
    await commitments.activate(stamp=boss(), call_id=calls[0].call.id, order_number="启1号")
    with pytest.raises(Refused) as out:
        await actions.withdraw_sources(stamp=hand(), requisition_id=requisition, reason="重新安排")
    assert out.value.code == "requisition.released-already"
    # What came short is open again, and the requisition follows what firms and offices do by themselves.
    for order in await queries.releases_of(requisition):
        await actions.cancel_release(stamp=hand(), release_id=order.id, reason="由厂家送")
    later = world.NOW + timedelta(hours=5)
    by = hand(hours=5)
    await commitments.record_arrival(stamp=by, call_id=calls[0].call.id, quantity=60)
    await commitments.close_call(stamp=hand(hours=5), call_id=calls[0].call.id)
    await commitments.cancel_call(stamp=hand(hours=5), call_id=calls[1].call.id)
    assert await actions.follow_calls(now=later) == 1
    assert await actions.follow_calls(now=later) == 0
    found = await queries.get_requisition(requisition, EVERYWHERE)
    assert (found.status, found.lines[0].rest) == (Status.RECEIVED, 190)
    assert {mill, offer} == {one.call.commitment_id for one in calls}


async def test_a_promise_that_others_called_off_meanwhile_is_named_and_nothing_is_held(
    stocked: asyncpg.Connection,
) -> None:
    mill = await promised(stocked)
    first, second = await approved(tents(150)), await approved(tents(150))
    plans = [await planned(first), await planned(second)]
    await stocked.execute("UPDATE commitment SET status = 'suspended' WHERE id = $1", mill)
    with pytest.raises(Refused) as gone:
        await actions.accept_plan(stamp=hand(), requisition_id=first, plan_id=plans[0])
    assert [(one["site"], one["lot"], one["asked"], one["free"]) for one in gone.value.facts["lines"]] == [
        ("某厂", "XY-1", 50, 0)
    ]
    assert sum(held for _, held in (await world.balances(stocked)).values()) == 0
    assert await queries.calls_of(first) == []
    await stocked.execute("UPDATE commitment SET status = 'in_force' WHERE id = $1", mill)
    await actions.accept_plan(stamp=hand(), requisition_id=second, plan_id=plans[1])
    await actions.withdraw_sources(stamp=hand(), requisition_id=second, reason="重新安排")
    assert [one.call.status.value for one in await queries.calls_of(second)] == ["cancelled"]
    assert (await queries.get_requisition(second, EVERYWHERE)).lines[0].rest == 150


async def test_a_class_is_promised_as_such_only_in_its_own_unit(stocked: asyncpg.Connection) -> None:
    class_id = await stocked.fetchval("SELECT class_id FROM item WHERE id = $1", QUILT)
    await promised(stocked, item_id=None, class_id=class_id, unit="床", number="XY-2")
    await promised(stocked, item_id=None, class_id=class_id, unit="立方米", number="XY-3")
    requisition = await approved(LineFacts(region_id=TOWN, quantity=90, class_id=class_id, unit="床"), upward=False)
    assert (await queries.get_requisition(requisition, EVERYWHERE)).facts.upward is False
    await actions.accept_plan(stamp=hand(), requisition_id=requisition, plan_id=await planned(requisition))
    assert [(one.number, one.call.quantity) for one in await queries.calls_of(requisition)] == [("XY-2", 80)]
    found = await queries.get_requisition(requisition, EVERYWHERE)
    shown = await queries.show_plan((await queries.list_plans(requisition))[0], found)
    assert [(one.thing.unit_zh, one.quantity) for one in shown.lines] == [("床", 80)]


def norm_of_class(region: int, base: int, worth: int, **more: Any) -> NormFacts:
    counts = (Equivalent(TENT, base, worth),)
    return NormFacts(**{
        "region_id": region, "class_id": 1, "minimum": 1, "unit": "顶", "equivalents": counts, "source": "试", **more,
    })  # fmt: skip


@pytest.mark.parametrize(
    ("norms", "unit", "goods"),
    [
        ([], "顶", 30),
        ([norm_of_class(CITY, 2, 1, each=Each.DISTRICT)], "顶", 60),
        ([norm_of_class(CITY, 2, 1, each=Each.DISTRICT)], "件", 30),
        ([norm_of_class(CITY, 2, 1, each=Each.DISTRICT), norm_of_class(TOWN, 1, 2)], "顶", 15),
        ([norm_of_class(TOWN, 1, 2, valid_from=date(2030, 1, 1))], "顶", 30),
        ([norm_of_class(A, 1, 0)], "顶", 0),
    ],
)
async def test_goods_of_a_class_count_as_the_nearest_norm_says_in_its_own_unit(
    stocked: asyncpg.Connection, norms: list[NormFacts], unit: str, goods: int
) -> None:
    for one in norms:
        await set_norms(stamp=hand(Role.PLANNER, login="planner"), norms=(one,))
    requisition = await approved(LineFacts(region_id=TOWN, quantity=30, class_id=1, unit=unit))
    await planned(requisition)
    found = await queries.get_requisition(requisition, EVERYWHERE)
    shown = await queries.show_plan((await queries.list_plans(requisition))[0], found)
    assert sum(one.quantity for one in shown.lines) == goods
    assert sum(one.covers for one in shown.lines) + sum(one.quantity for one in shown.lacks) == 30
    assert sum(one.covers for one in shown.lines) == (30 if goods else 0)


async def test_where_the_norms_of_those_who_ask_differ_goods_of_a_class_count_one_for_one(
    stocked: asyncpg.Connection,
) -> None:
    await set_norms(stamp=hand(Role.PLANNER, login="planner"), norms=(norm_of_class(TOWN, 2, 1),))
    lines = [LineFacts(region_id=region, quantity=10, class_id=1, unit="顶") for region in (TOWN, B)]
    requisition = await approved(*lines, region_id=CITY)
    await planned(requisition)
    found = await queries.get_requisition(requisition, EVERYWHERE)
    shown = await queries.show_plan((await queries.list_plans(requisition))[0], found)
    assert sum(one.quantity for one in shown.lines) == sum(one.covers for one in shown.lines) == 20


async def test_many_accept_overlapping_plans_and_nothing_is_oversold(stocked: asyncpg.Connection) -> None:
    wanted = [await approved(tents(30)) for _ in range(8)]
    plans = [await planned(one) for one in wanted]

    async def accept(requisition: UUID, plan: UUID) -> Any:
        try:
            return await actions.accept_plan(stamp=hand(), requisition_id=requisition, plan_id=plan)
        except Refused as refused:
            return refused

    answers = await asyncio.gather(*(accept(one, plan) for one, plan in zip(wanted, plans, strict=True)))
    won = [one for one in answers if not isinstance(one, Refused)]
    lost = [one for one in answers if isinstance(one, Refused)]
    assert len(won) >= 1
    assert lost
    assert {one.code for one in lost} == {"sourcing.stock-moved"}
    assert all(one.facts["lines"][0]["line"] == 1 for one in lost)
    balances = await world.balances(stocked)
    assert all(held <= there for there, held in balances.values())
    assert sum(held for _, held in balances.values()) == 30 * len(won)
    held = await stocked.fetchval("SELECT coalesce(sum(quantity), 0) FROM reservation WHERE state = 'held'")
    assert held == 30 * len(won)


@pytest.mark.parametrize(
    "table", [one for name, one in vars(tables).items() if name.endswith("Row")], ids=lambda one: one._meta.tablename
)
async def test_the_mirror_is_the_table(city: asyncpg.Connection, table: Any) -> None:
    rows = await city.fetch(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = $1", table._meta.tablename
    )
    assert {column._meta.name: kind(column) for column in table._meta.columns} == {
        row[0]: row[1].lower() for row in rows
    }


async def test_who_releases_second_is_told_who_was_first_and_when(stocked: asyncpg.Connection) -> None:
    (order,) = await sourced(await approved(tents(10)))
    first = boss()
    await actions.release(stamp=first, release_id=order.id)
    with pytest.raises(Refused) as refusal:
        await actions.release(stamp=boss(login="second"), release_id=order.id)
    at = first.recorded_at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
    told = (await queries.get_release(order.id, EVERYWHERE)).name
    assert (refusal.value.code, refusal.value.facts["by"], refusal.value.facts["at"]) == (
        "release.was-released", "boss", at,
    )  # fmt: skip
    assert refusal.value.detail == f"{told} 已由 boss 于 {at} 下达"
    with pytest.raises(Refused, match="was-released"):
        await actions.refuse_release(stamp=boss(login="second"), release_id=order.id, reason="不同意")
    await actions.recall_release(stamp=boss(), release_id=order.id, reason="改由他库")
    with pytest.raises(Refused, match="was-recalled"):
        await actions.release(stamp=boss(login="second"), release_id=order.id)


async def test_orders_of_one_requisition_at_one_store_have_names_of_their_own(stocked: asyncpg.Connection) -> None:
    """Goods for three places: three orders at the store, named apart before they have numbers and told apart alike."""
    requisition = await approved(tents(10), tents(5, place="二号点"), tents(5, place="三号点"))
    orders = await sourced(requisition)
    number = orders[0].requisition_number
    assert [one.name for one in orders] == [f"{number}·CZ01", f"{number}·CZ01-2", f"{number}·CZ01-3"]
    in_sql = await stocked.fetch(
        f"SELECT {queries.ORDER_NAME} FROM release_order o JOIN requisition q ON q.id = o.requisition_id"
        " JOIN site s ON s.id = o.site_id ORDER BY o.seq"
    )
    assert [row[0] for row in in_sql] == [one.name for one in orders]
