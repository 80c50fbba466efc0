"""Receiving points and the recovery ledger on a real database: handed out, brought back, owed until it is back."""

from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from catalog.kernel.access import EVERYWHERE, Role
from catalog.kernel.errors import Denied, Missing
from catalog.kernel.history import list_changes
from tests.warehouse.fulfilment.test_shipments import BIN, CITY, LORRY, hand, refused, seen, there
from tests.warehouse.stock import world
from warehouse.fulfilment import actions, queries
from warehouse.fulfilment.model import (
    DutyStatus,
    Given,
    Loading,
    NewLine,
    Point,
    PointFacts,
    Purpose,
    Received,
    ShipmentFacts,
    Status,
)
from warehouse.incidents import actions as incidents
from warehouse.incidents.model import Hazard, IncidentFacts
from warehouse.incidents.model import Status as Ended
from warehouse.incidents.queries import get_incident
from warehouse.stock import actions as stock
from warehouse.stock import verify
from warehouse.stock.model import DocumentRef, Lot, LotFacts

A, TOWN_REGION, TENT, QUILT = 2, 4, 1, 2


def boss(**more: Any) -> Any:
    return hand(Role.APPROVER, login="boss", **more)


async def incident() -> UUID:
    facts = IncidentFacts("台风", Hazard.TYPHOON, A, world.NOW)
    return UUID((await incidents.open_incident(stamp=boss(), facts=facts))["id"])


async def a_point(incident_id: UUID | None = None) -> Point:
    facts = PointFacts(
        incident_id or await incident(), TOWN_REGION, "镇中心小学", "操场", receiver="王镇长", phone="139"
    )
    done = await actions.add_point(stamp=hand(), facts=facts)
    return await queries.get_point(UUID(done["id"]), EVERYWHERE)


async def came(city: asyncpg.Connection, point: Point, tents: int = 10, quilts: int = 20) -> tuple[Lot, Lot]:
    """Tents (which come back) and quilts (which do not) of the city, at the point."""
    await city.execute("UPDATE item SET returnable = (id = 1)")
    one, other = await world.add_lots(city, {"item_id": TENT}, {"item_id": QUILT})
    await world.receive(one, 50, BIN)
    await world.receive(other, 50, BIN)
    facts = ShipmentFacts(Purpose.FORWARD, CITY, to_point=point.id, vehicle=LORRY)
    lines = [NewLine(one.id, BIN, tents), NewLine(other.id, BIN, quilts)]
    made = await actions.prepare(stamp=hand(), facts=facts, lines=lines)
    shipment = UUID(made["id"])
    await actions.load(stamp=hand(), shipment_id=shipment, wanted=[Loading(1, tents), Loading(2, quilts)])
    await actions.depart(stamp=hand(), shipment_id=shipment)
    await actions.receive(
        stamp=there(), shipment_id=shipment, said=[Received(1, tents), Received(2, quilts)], receiver="王"
    )
    assert (await seen(shipment)).status is Status.CLOSED
    return one, other


async def totals(point: Point) -> dict[str, tuple[int, int, int, int, int]]:
    return {
        one.item_key: (one.came, one.handed_out, one.brought_back, one.written_off, one.there)
        for one in await queries.totals_of(point.place_id)
    }


async def test_what_came_is_handed_out_comes_back_or_is_written_off(city: asyncpg.Connection) -> None:
    point = await a_point()
    tents, quilts = await came(city, point)
    assert (point.site_id, point.receiver) == (2, "王镇长")
    await refused("point.not-there", actions.hand_out(stamp=there(), point_id=point.id, given=[Given(quilts.id, 21)]))
    await refused("point.returnable", actions.hand_out(stamp=there(), point_id=point.id, given=[Given(tents.id, 1)]))
    stamp = there()
    first = await actions.hand_out(stamp=stamp, point_id=point.id, given=[Given(quilts.id, 15)])
    assert await actions.hand_out(stamp=stamp, point_id=point.id, given=[Given(quilts.id, 15)]) == {
        **first, "repeat": True,
    }  # fmt: skip
    await actions.bring_back(stamp=there(), point_id=point.id, given=[Given(tents.id, 7)], site_id=2)
    with pytest.raises(Denied):
        await actions.write_off_at_point(stamp=there(), point_id=point.id, given=[Given(tents.id, 3)], note="撕破")
    await actions.write_off_at_point(stamp=boss(), point_id=point.id, given=[Given(tents.id, 3)], note="撕破")
    assert await totals(point) == {"ZP-0001": (10, 0, 7, 3, 0), "MB-0001": (20, 15, 0, 0, 5)}
    assert (await world.balances(city))[tents.id, 110, "awaiting"] == (7, 0)
    assert await verify.run(thorough=True) == []


async def test_a_hand_out_that_was_undone_counts_for_nothing(city: asyncpg.Connection) -> None:
    point = await a_point()
    _, quilts = await came(city, point)
    await actions.hand_out(stamp=there(), point_id=point.id, given=[Given(quilts.id, 15)])
    attempt = await city.fetchval("SELECT attempt FROM move WHERE reason = 'hand-out'")
    await stock.reverse(stamp=there(), attempt=attempt)
    assert (await totals(point))["MB-0001"] == (20, 0, 0, 0, 20)
    assert await queries.used_in(point.incident_id) == []


async def test_who_may_at_a_point(city: asyncpg.Connection) -> None:
    point = await a_point()
    _, quilts = await came(city, point)
    with pytest.raises(Missing):
        await actions.hand_out(stamp=hand(path="/1/3/"), point_id=point.id, given=[Given(quilts.id, 1)])
    with pytest.raises(Denied):
        await actions.hand_out(stamp=hand(Role.DISPATCHER), point_id=point.id, given=[Given(quilts.id, 1)])
    with pytest.raises(Missing):  # a keeper of another district cannot fetch what he does not see
        await actions.bring_back(stamp=hand(path="/1/3/"), point_id=point.id, given=[Given(quilts.id, 1)], site_id=3)
    await refused("point.twice", a_point(point.incident_id))
    await actions.set_contact(stamp=there(), point_id=point.id, version=1, receiver="李", phone="138")
    await refused(
        "point.stale", actions.set_contact(stamp=there(), point_id=point.id, version=1, receiver="赵", phone="137")
    )
    assert not await city.fetchval("SELECT count(*) FROM row_history WHERE after::text LIKE '%李%'")


async def test_what_was_used_is_owed_until_it_is_back(city: asyncpg.Connection) -> None:
    point = await a_point()
    _, quilts = await came(city, point)
    await actions.hand_out(stamp=there(), point_id=point.id, given=[Given(quilts.id, 15)])
    desk = hand(Role.DISPATCHER, login="desk")
    await actions.draw_up(stamp=desk, incident_id=point.incident_id)
    (duty,) = (await queries.list_duties(scope=EVERYWHERE, incident_id=point.incident_id)).items
    assert (duty.region_key, duty.item_id, duty.quantity, duty.rest) == ("city", QUILT, 15, 15)
    again = await actions.draw_up(stamp=hand(Role.DISPATCHER), incident_id=point.incident_id)
    assert (again["changed"], again["duties"]) == (0, 1)
    await refused("recovery.not-back", actions.close_duty(stamp=hand(Role.DISPATCHER), duty_id=duty.id))

    delivery = uuid4()
    arrival = stock.Arrival(LotFacts(item_id=QUILT, owner_region_id=1), 12, 100)
    await stock.receive(stamp=hand(), arrivals=[arrival], document=DocumentRef("delivery", delivery))

    async def fill(quantity: int, **more: Any) -> Any:
        said = {"document_kind": "delivery", "document_id": delivery, "document_number": "CZ01-1", **more}
        return await actions.fill(stamp=hand(Role.PLANNER), duty_id=duty.id, quantity=quantity, **said)

    await refused("recovery.not-proved", fill(13))
    await refused("recovery.not-proved", fill(1, document_id=uuid4()))
    await fill(12)
    await refused("recovery.not-proved", fill(1))
    assert (await queries.get_duty(duty.id, EVERYWHERE)).rest == 3
    await refused("recovery.not-back", actions.close_duty(stamp=hand(Role.DISPATCHER), duty_id=duty.id))

    more = uuid4()
    await stock.receive(
        stamp=hand(),
        arrivals=[stock.Arrival(LotFacts(item_id=QUILT, owner_region_id=1), 9, 100)],
        document=DocumentRef("delivery", more),
    )
    await refused("recovery.too-much", fill(4, document_id=more))
    await fill(3, document_id=more)
    await actions.close_duty(stamp=hand(Role.DISPATCHER), duty_id=duty.id)
    assert (await queries.get_duty(duty.id, EVERYWHERE)).status is DutyStatus.CLOSED

    await actions.hand_out(stamp=there(), point_id=point.id, given=[Given(quilts.id, 2)])
    await actions.draw_up(stamp=hand(Role.DISPATCHER), incident_id=point.incident_id)
    grown = await queries.get_duty(duty.id, EVERYWHERE)
    assert (grown.status, grown.quantity, grown.rest) == (DutyStatus.OPEN, 17, 2)


async def test_goods_of_another_owner_do_not_make_it_good(city: asyncpg.Connection) -> None:
    point = await a_point()
    _, quilts = await came(city, point)
    await actions.hand_out(stamp=there(), point_id=point.id, given=[Given(quilts.id, 5)])
    await actions.draw_up(stamp=hand(Role.DISPATCHER), incident_id=point.incident_id)
    await city.execute("UPDATE recovery_duty SET region_id = 3")  # as if district B had owned them
    (duty,) = (await queries.list_duties(scope=EVERYWHERE)).items
    delivery = uuid4()
    await stock.receive(
        stamp=hand(),
        arrivals=[stock.Arrival(LotFacts(item_id=QUILT, owner_region_id=1), 5, 100)],
        document=DocumentRef("delivery", delivery),
    )
    await refused(
        "recovery.not-proved",
        actions.fill(
            stamp=hand(Role.PLANNER), duty_id=duty.id, quantity=1, document_kind="delivery", document_id=delivery,
            document_number="x",
        ),
    )  # fmt: skip


async def test_an_incident_closes_over_nothing_silently(city: asyncpg.Connection) -> None:
    """What is on the road stops it; what stands at a point or is owed asks for a reason, which is kept."""
    point = await a_point()
    event = point.incident_id
    (lot,) = await world.add_lots(city, {"item_id": QUILT})
    await world.receive(lot, 50, BIN)
    facts = ShipmentFacts(Purpose.FORWARD, CITY, to_point=point.id, vehicle=LORRY)
    made = await actions.prepare(stamp=hand(), facts=facts, lines=[NewLine(lot.id, BIN, 20)])
    shipment = UUID(made["id"])
    assert await left(event) == {"shipments": [shipment]}
    await actions.load(stamp=hand(), shipment_id=shipment, wanted=[Loading(1, 20)])
    await actions.depart(stamp=hand(), shipment_id=shipment)
    await incidents.end_response(stamp=boss(), incident_id=event, reason="结束")
    await refused(
        "incident.goods-under-way", actions.close_incident(stamp=boss(), incident_id=event, reason="仍要结案")
    )
    await actions.receive(stamp=there(), shipment_id=shipment, said=[Received(1, 19, reason="少一床")], receiver="王")
    assert set(await left(event)) == {"goods", "cases"}
    await actions.hand_out(stamp=there(), point_id=point.id, given=[Given(lot.id, 5)])
    await actions.draw_up(stamp=boss(), incident_id=event)
    assert set(await left(event)) == {"goods", "cases", "recovery"}
    await refused("incident.left-undone", actions.close_incident(stamp=boss(), incident_id=event, reason=" "))
    assert (await get_incident(event, EVERYWHERE)).status is Ended.ENDED
    stamp, why = boss(), "剩余 14 床由学校留用，另行销账"
    await actions.close_incident(stamp=stamp, incident_id=event, reason=why)
    assert (await actions.close_incident(stamp=stamp, incident_id=event, reason=why))["repeat"]
    assert (await get_incident(event, EVERYWHERE)).status is Ended.CLOSED
    (last, *_) = await list_changes(table="incident", key=str(event))
    assert last.after == {"status": "closed", "reason": why}
    # What was left can still be done.
    await actions.hand_out(stamp=there(), point_id=point.id, given=[Given(lot.id, 14)])


async def test_an_incident_with_nothing_left_closes_without_a_word(city: asyncpg.Connection) -> None:
    event = await incident()
    await incidents.end_response(stamp=boss(), incident_id=event, reason="结束")
    assert await left(event) == {}
    with pytest.raises(Denied):
        await actions.close_incident(stamp=hand(), incident_id=event)
    await actions.close_incident(stamp=boss(), incident_id=event)


async def left(event: UUID) -> dict[str, list[UUID]]:
    found: dict[str, list[UUID]] = {}
    for one in await queries.undone_of(event):
        found.setdefault(one.kind.value, []).append(one.id)
    return found
