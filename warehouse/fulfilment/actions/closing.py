"""An incident is closed: here, where all is known that it can have left undone."""

from uuid import UUID

from catalog.kernel import attempts
from catalog.kernel.attempts import Receipt
from catalog.kernel.stamp import Stamp
from warehouse.fulfilment import queries, rules
from warehouse.incidents import actions as incidents


async def close_incident(*, stamp: Stamp, incident_id: UUID, reason: str = "", version: int | None = None) -> Receipt:
    """All is accounted for, or what is not is left open with a reason. Needs incident.edit.

    Raises Refused (`incident.needs-open`, `incident.goods-under-way`, and `incident.left-undone` without a reason).
    """

    async def work() -> Receipt:
        receipt = await incidents.close_incident(
            stamp=stamp, incident_id=incident_id, version=version, reason=reason.strip()
        )
        rules.check_closing(await queries.undone_of(incident_id), reason)
        return receipt

    return await attempts.once(stamp, "incident.close", work)
