"""The demo city's shipments: something to see on every page, by people who may, and books that agree."""

from datetime import UTC, datetime

from catalog.kernel.access import EVERYWHERE
from tests.conftest import Database
from warehouse.fulfilment import queries
from warehouse.fulfilment.model import Status
from warehouse.vehicles.queries import list_vehicles


async def test_something_waits_travels_and_came_short(demo_database: Database) -> None:
    listed = (await queries.list_shipments(scope=EVERYWHERE, over=True)).items
    assert [one.status for one in listed] == [Status.ON_ROAD, Status.ON_ROAD, Status.PREPARED, Status.RECEIVED]
    assert (listed[1].last_seen_at or datetime.min.replace(tzinfo=UTC)) > datetime(2026, 1, 1, tzinfo=UTC)
    assert listed[3].open_cases == 1
    driving = (await list_vehicles(scope=EVERYWHERE, on=datetime.now(UTC).date())).items
    assert {one.standing(datetime.now(UTC).date()).value for one in driving} >= {"ready"}
    (point,) = (await queries.list_points(scope=EVERYWHERE)).items
    totals = await queries.totals_of(point.place_id)
    assert [(one.came, one.handed_out) for one in totals] in ([(20, 15), (19, 0)], [(39, 15)])
    (duty,) = (await queries.list_duties(scope=EVERYWHERE)).items
    assert (duty.quantity, duty.rest, duty.due_source) == (15, 15, "recovery.days")
