"""The demo city's vehicles: each store with a keeper has a lorry and a van; one is in the garage."""

from datetime import datetime, timedelta

from api.demo_counts import hands_of
from catalog.kernel import db
from catalog.kernel.access import Role
from warehouse.vehicles import actions
from warehouse.vehicles.model import Kind, VehicleFacts

MOST_STORES = 5
_REGION = "SELECT region_id FROM site WHERE id = $1"


async def load_vehicles(*, now: datetime) -> int:
    """Vehicles of the first stores that have keepers; how many. By the keepers themselves, with made-up plates."""
    keepers = {
        hand.grant.site_id: hand for hand in await hands_of({Role.KEEPER}, "%") if hand.grant.site_id is not None
    }
    for number, (site_id, hand) in enumerate(sorted(keepers.items())[:MOST_STORES], 1):
        region = await db.fetch_value(_REGION, site_id)
        lorry = VehicleFacts(
            f"苏D{number:02}01挂", Kind.BOX, region, 5_000_000, 24_000_000, site_id=site_id,
            driver="演示驾驶员", phone="13900000000", note="演示数据",
        )  # fmt: skip
        van = VehicleFacts(
            f"苏DD{number:02}002", Kind.VAN, region, 1_200_000, 7_000_000, site_id=site_id,
            driver="演示驾驶员", phone="13900000000", note="演示数据",
            out_of_service="年检（演示）" if number == MOST_STORES else "",
        )  # fmt: skip
        at = now - timedelta(days=3)
        await actions.register(stamp=hand.stamp(f"vehicles/{site_id}", at), vehicles=[lorry, van])
    return 2 * min(len(keepers), MOST_STORES)
