"""What travels in the demo city's typhoon: one shipment waits, one is on the road, one came short, and another store
sends to the city's; goods are handed out and drawn up as a duty. By the stores' own people with their own rights."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from api.demo_counts import Hand, hands_of
from catalog.kernel import db
from catalog.kernel.access import EVERYWHERE, Role
from catalog.regions.queries import find_regions
from warehouse.fulfilment import actions, queries
from warehouse.fulfilment.model import (
    Given,
    Loading,
    NewLine,
    Point,
    PointFacts,
    Purpose,
    Received,
    ShipmentFacts,
    Vehicle,
)
from warehouse.incidents import queries as incidents

TOWN = "liyang"
PLACE = "镇中心小学操场（演示）"
_GOODS = """
SELECT b.lot_id, b.place_id, b.on_hand - b.reserved FROM balance b JOIN item i ON i.id = b.item_id
JOIN place p ON p.id = b.place_id JOIN lot l ON l.id = b.lot_id
WHERE b.site_id = $1 AND p.kind = 'bin' AND p.closed_by IS NULL AND b.condition = 'good' AND b.on_hand - b.reserved > 60
  AND i.tracking = 'lot' AND i.unit_factor = 1 AND NOT i.returnable AND (b.expires_on IS NULL OR b.expires_on > $2)
ORDER BY i.sort_key, b.lot_id, b.place_id LIMIT 4
"""


async def load_shipments(*, now: datetime) -> int:
    """Shipments of the demo's incident; how many. Nothing without an incident, two stores with keepers, or goods."""
    hands = await hands_of({Role.KEEPER, Role.DISPATCHER, Role.APPROVER})
    found = (await incidents.list_incidents(scope=EVERYWHERE, limit=1)).items
    keepers = [hand for hand in hands if hand.grant.role is Role.KEEPER and hand.grant.site_id is not None]
    sender = keepers[0] if keepers else None
    town = (await find_regions([TOWN])).get(TOWN)
    books = await queries.keeper_of(town.path) if town else None
    theirs = await hands_of({Role.KEEPER}, "%")
    receiver = next((one for one in theirs if one.grant.site_id is not None and one.grant.site_id == books), None)
    boss = next((one for one in hands if one.grant.role is Role.APPROVER and one.grant.site_id is None), None)
    if not found or town is None or sender is None or receiver is None or boss is None:
        return 0
    goods = [tuple(row) for row in await db.fetch(_GOODS, sender.grant.site_id, now.date() + timedelta(days=60))]
    if len(goods) < 2:
        return 0
    point = await _point(found[0].id, town.id, boss, now - timedelta(minutes=100))
    lines = [NewLine(lot, place, 20) for lot, place, _ in goods[:2]]
    waits = await _prepared("waits", sender, point, lines[:1], now - timedelta(minutes=80))
    road = await _left("road", sender, point, lines, now - timedelta(minutes=70))
    soon = now + timedelta(minutes=40)
    await actions.report(
        stamp=sender.stamp("shipment/road/report", now - timedelta(minutes=25)),
        shipment_id=road,
        place="金坛区薛埠镇，241省道（演示）",
        lat=31.71861,
        lon=119.36988,
        eta_from=soon,
        eta_to=soon + timedelta(minutes=50),
    )
    came = await _left("came", sender, point, lines, now - timedelta(minutes=95))
    await _received(came, receiver, point, goods[0][0], boss, now)
    shipments = {waits, road, came}
    for other in keepers:
        if other.grant.site_id not in (None, sender.grant.site_id) and len(shipments) == 3:
            rows = [tuple(row) for row in await db.fetch(_GOODS, other.grant.site_id, now.date() + timedelta(days=60))]
            if rows:
                home = [NewLine(rows[0][0], rows[0][1], 10)]
                shipments.add(await _left("home", other, None, home, now - timedelta(minutes=50), sender.grant.site_id))
    return len(shipments)


async def _point(incident: UUID, region: int, boss: Hand, at: datetime) -> Point:
    facts = PointFacts(incident, region, PLACE, PLACE, receiver="接收组（演示）", phone="0519-00000000")
    done = await actions.add_point(stamp=boss.stamp("point", at), facts=facts)
    return await queries.get_point(UUID(str(done["id"])), EVERYWHERE)


async def _prepared(
    name: str, sender: Hand, point: Point | None, lines: Sequence[NewLine], at: datetime, to_site: int | None = None
) -> UUID:
    driver = Vehicle("4.2 米厢式货车", f"苏D·演示{name[:2].upper()}", driver="演示驾驶员", phone="13900000000")
    purpose = Purpose.FORWARD if point else Purpose.TRANSFER
    facts = ShipmentFacts(
        purpose, sender.grant.site_id or 0, to_site_id=to_site, to_point=point.id if point else None, vehicle=driver
    )
    done = await actions.prepare(stamp=sender.stamp(f"shipment/{name}", at), facts=facts, lines=lines)
    return UUID(str(done["id"]))


async def _left(
    name: str, sender: Hand, point: Point | None, lines: Sequence[NewLine], at: datetime, to_site: int | None = None
) -> UUID:
    shipment = await _prepared(name, sender, point, lines, at, to_site)
    wanted = [Loading(number, line.quantity) for number, line in enumerate(lines, 1)]
    await actions.load(
        stamp=sender.stamp(f"shipment/{name}/load", at + timedelta(minutes=12)), shipment_id=shipment, wanted=wanted
    )
    leaves = at + timedelta(minutes=15)
    await actions.depart(
        stamp=sender.stamp(f"shipment/{name}/depart", leaves),
        shipment_id=shipment,
        eta_from=leaves + timedelta(hours=1),
        eta_to=leaves + timedelta(hours=2),
    )
    return shipment


async def _received(shipment: UUID, receiver: Hand, point: Point, lot: int, boss: Hand, now: datetime) -> None:
    """One piece is missing; most of what came is handed out; what was used is owed."""
    said = [Received(1, 20), Received(2, 19, reason="少一件，待查")]
    await actions.receive(
        stamp=receiver.stamp("shipment/came/receive", now - timedelta(minutes=20)),
        shipment_id=shipment,
        said=said,
        receiver="王建国（演示）",
    )
    await actions.hand_out(
        stamp=receiver.stamp("point/hand-out", now - timedelta(minutes=10)),
        point_id=point.id,
        given=[Given(lot, 15)],
        note="安置点一至三号教室",
    )
    await actions.draw_up(
        stamp=boss.stamp("recovery/draw-up", now - timedelta(minutes=5)), incident_id=point.incident_id
    )
