"""A need for which its owner has an issued order is in hand by that order, and open again when nothing comes of it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from catalog.kernel import db
from warehouse.alerts.actions.telling import Happening, tell
from warehouse.alerts.model import AlertKind, At, EventVerb, Severity, Status
from warehouse.alerts.queries.facts import plain
from warehouse.alerts.workflow import ALERT
from warehouse.replenishment import queries as replenishment
from warehouse.replenishment.model.orders import ExpectedFrom

_WANTING = """
SELECT DISTINCT ON (a.id) a.id, o.id, o.number, a.region_id
FROM alert a JOIN supply_order o ON o.owner_region_id = a.region_id AND o.status = 'ordered'
JOIN supply_order_line l ON l.order_id = o.id JOIN item i ON i.id = l.item_id
JOIN material_class c ON c.id = i.class_id LEFT JOIN material_class k ON k.id = a.class_id
WHERE a.domain = 'need' AND a.site_id IS NULL AND a.status IN ('open', 'acknowledged')
    AND (o.id = ANY($1::uuid[]) OR a.opened_at = $2) AND (a.item_id = l.item_id OR c.path LIKE k.path || '%')
ORDER BY a.id, o.seq DESC, l.line
"""
_MOVE = """
UPDATE alert a SET status = x.status, plan = x.plan, plan_link = x.link, handled_at = $1, handled_by = '',
    changed_at = $1, escalates_at = NULL, version = a.version + 1
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) x (id, status, plan, link), region r
WHERE a.id = x.id AND r.id = a.region_id
RETURNING a.id, a.kind, a.severity, a.region_id, r.path, a.facts::text, x.plan
"""


async def follow_orders(orders: Collection[UUID], now: datetime) -> None:
    """After judging: needs that these orders serve, or that were opened `now` and an order serves already, are in hand;
    those that were in hand by one of these orders, of which nothing is to come, are open. Only what the house itself
    took in hand is given back. Call inside the transaction that judged."""
    rows = await db.fetch(_WANTING, list(orders), now)
    coming = await _coming({row[3] for row in rows}) if rows else set()
    taken = [(row[0], row[1], row[2]) for row in rows if row[1] in coming]
    await _move(
        [(alert, Status.IN_HAND, number, f"/orders/{order}") for alert, order, number in taken], EventVerb.TAKEN, now
    )
    if not orders:
        return
    held = await db.fetch(
        "SELECT a.id, a.region_id, o.id FROM alert a JOIN supply_order o ON a.plan_link = '/orders/' || o.id"
        " WHERE o.id = ANY($1::uuid[]) AND a.status = 'in-hand' AND a.handled_by = ''",
        list(orders),
    )
    coming = await _coming({row[1] for row in held}) if held else set()
    again = Status(ALERT.find(ALERT.find(Status.IN_HAND.value, "put-back").target, "raise").target)
    gone = [(row[0], again, "", "") for row in held if row[2] not in coming]
    await _move(gone, EventVerb.PUT_BACK, now)


async def _coming(regions: Collection[int]) -> set[UUID]:
    return {
        one.document_id for one in await replenishment.on_order(region_ids=regions) if one.source is ExpectedFrom.ORDER
    }


async def _move(moves: Collection[tuple[UUID, Status, str, str]], verb: EventVerb, now: datetime) -> None:
    if not moves:
        return
    ids, statuses, plans, links = zip(*moves, strict=True)
    rows: Any = await db.fetch(_MOVE, now, list(ids), [one.value for one in statuses], list(plans), list(links))
    await tell(
        [
            Happening(row[0], verb, AlertKind(row[1]), Severity(row[2]), At(row[3], row[4]), plain(row[5]), note=row[6])
            for row in rows
        ],
        now=now,
    )
