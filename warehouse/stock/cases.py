"""By when a discrepancy case must end: what its site's region says."""

from datetime import date

from catalog.kernel import db
from catalog.kernel.parameters import whole
from warehouse.stock.model import CASE_DAYS
from warehouse.stock.rules import case_due


async def due_on(site_id: int, opened_on: date) -> date:
    """The day by which a case opened at a site on a day must have ended."""
    path = await db.fetch_value("SELECT path FROM site WHERE id = $1", site_id)
    return case_due(opened_on, await whole(CASE_DAYS, str(path or "/")))
