"""What an incident has left undone: all that stands in the way of closing it, or is owed beyond that."""

from uuid import UUID

from catalog.kernel import db
from warehouse.fulfilment.model import Left, Undone
from warehouse.requisitions import queries as requisitions

_UNDONE = f"""
WITH sent AS (
    SELECT h.id, h.seq, h.number, h.status FROM shipment h LEFT JOIN receiving_point p ON p.id = h.to_point_id
    LEFT JOIN release_order o ON o.id = h.release_id LEFT JOIN requisition q ON q.id = o.requisition_id
    WHERE coalesce(p.incident_id, q.incident_id) = $1
)
SELECT 'needs', n.id, concat_ws(' ', r.name_zh, coalesce(i.name_zh, k.name_zh)),
    concat_ws(' ', coalesce(r.name_en, r.name_zh), coalesce(i.name_en, k.name_en, i.name_zh, k.name_zh)), n.seq
FROM need n JOIN region r ON r.id = n.region_id LEFT JOIN item i ON i.id = n.item_id
LEFT JOIN material_class k ON k.id = n.class_id WHERE n.incident_id = $1 AND n.status = 'open'
UNION ALL
SELECT 'requisitions', q.id, q.number, NULL, q.seq FROM requisition q
WHERE q.incident_id = $1 AND q.status IN ('submitted', 'approved', 'sourced')
UNION ALL
SELECT CASE WHEN o.status IN ('waiting', 'released', 'picking') THEN 'orders' ELSE 'papers' END, o.id,
    {requisitions.ORDER_NAME}, NULL, o.seq
FROM release_order o JOIN requisition q ON q.id = o.requisition_id JOIN site s ON s.id = o.site_id
WHERE q.incident_id = $1 AND (o.status IN ('waiting', 'released', 'picking')
    OR o.spoken AND o.paper_checked_at IS NULL AND o.status NOT IN ('refused', 'cancelled'))
UNION ALL
SELECT 'shipments', id, number, NULL, seq FROM sent WHERE status IN ('prepared', 'loading', 'on_road', 'arrived')
UNION ALL
SELECT 'goods', p.id, concat_ws(' ', r.name_zh, p.name), concat_ws(' ', coalesce(r.name_en, r.name_zh), p.name), p.seq
FROM receiving_point p JOIN region r ON r.id = p.region_id WHERE p.incident_id = $1
    AND EXISTS (SELECT 1 FROM balance b WHERE b.place_id = p.place_id AND b.on_hand > 0)
UNION ALL
SELECT 'cases', c.uuid, h.number, NULL, c.id FROM discrepancy_case c JOIN sent h ON h.id = c.document_id
WHERE c.status = 'open'
UNION ALL
SELECT 'recovery', d.id, concat_ws(' ', r.name_zh, i.name_zh),
    concat_ws(' ', coalesce(r.name_en, r.name_zh), coalesce(i.name_en, i.name_zh)), d.seq
FROM recovery_duty d JOIN region r ON r.id = d.region_id JOIN item i ON i.id = d.item_id
WHERE d.incident_id = $1 AND d.status = 'open'
ORDER BY 5
"""


async def undone_of(incident_id: UUID) -> list[Undone]:
    """What an incident has left undone, the stops first. Not scoped: whoever closes it must know of all."""
    rows = await db.fetch(_UNDONE, incident_id)
    found = [Undone(Left(row[0]), row[1], row[2], row[3]) for row in rows]
    calls = {one.call.id: one.call for one in await requisitions.calls_in(incident_id) if one.call.paper_owed}
    found += [Undone(Left.CALLS, one.commitment_id, one.number, None) for one in calls.values()]
    return sorted(found, key=lambda one: list(Left).index(one.kind))
