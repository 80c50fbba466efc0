"""What is expected to come in and from whom, for features below the one that knows: facts are passed in, never looked
up upwards."""

from datetime import date

from catalog.kernel.access import EVERYWHERE
from catalog.kernel.page import all_pages
from warehouse.commitments import queries as commitments
from warehouse.replenishment import queries as deliveries
from warehouse.replenishment.model import Status
from warehouse.rotation.model import Flow

_OPEN = (Status.ANNOUNCED, Status.RECEIVING)


async def expected_goods() -> list[Flow]:
    """The open deliveries that say on which day they come. Without a day nothing can be counted on."""
    pages = all_pages(
        lambda cursor: deliveries.list_deliveries(scope=EVERYWHERE, status=_OPEN, cursor=cursor, limit=200)
    )
    return [
        Flow(one.expected_on, line.item_id, line.rest, one.owner_region_id, one.site_id, line.expires_on)
        async for page in pages
        for one in page.items
        if one.expected_on is not None
        for line in one.lines
        if line.rest
    ]


async def suppliers_for(lot_id: int, today: date) -> set[int]:
    """With whom a lot may be swapped besides registered suppliers: who delivered it, and who promises goods today."""
    return await deliveries.suppliers_of_lot(lot_id) | await commitments.holders(today)
