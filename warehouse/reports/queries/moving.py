"""What is planned to move, as the places of a question see it: for the figures after the planned moves (计划执行后)."""

from collections.abc import Collection
from datetime import timedelta

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.time import day_of
from warehouse.provision.model import Holder, Label
from warehouse.provision.queries import Table
from warehouse.replenishment import queries as replenishment
from warehouse.reports.model import Moved, Moving
from warehouse.rotation import queries as rotation

AHEAD = timedelta(days=366)
"""So far ahead of the day asked decided rotation counts."""

_HELD = """
SELECT CASE WHEN $1 THEN l.owner_region_id ELSE b.site_id END, b.item_id, sum(b.reserved)::bigint
FROM balance b JOIN lot l ON l.id = b.lot_id JOIN place p ON p.id = b.place_id JOIN site s ON s.id = b.site_id
WHERE b.reserved > 0 AND b.condition = 'good' AND p.kind IN ('bin', 'staging') AND s.live
    AND (b.expires_on IS NULL OR b.expires_on >= $2) AND b.item_id = ANY($3::bigint[])
    AND (CASE WHEN $1 THEN l.owner_region_id ELSE b.site_id END) = ANY($4::bigint[])
GROUP BY 1, 2
"""
_ROAD = """
SELECT CASE WHEN $1 THEN x.owner ELSE x.site END, x.item, sum(x.quantity)::bigint FROM (
    SELECT l.owner_region_id AS owner, h.to_site_id AS site, b.item_id AS item, b.on_hand AS quantity, l.expires_on
    FROM shipment h JOIN balance b ON b.place_id = h.place_id AND b.on_hand > 0 AND b.condition = 'good'
    JOIN lot l ON l.id = b.lot_id WHERE h.status IN ('on_road', 'arrived') AND h.to_site_id IS NOT NULL
    UNION ALL
    SELECT l.owner_region_id, h.to_site_id, n.item_id, n.quantity - n.short, l.expires_on
    FROM shipment h JOIN shipment_line n ON n.shipment_id = h.id JOIN lot l ON l.id = n.lot_id
    WHERE h.status IN ('prepared', 'loading') AND h.to_site_id IS NOT NULL
) x JOIN site s ON s.id = x.site AND s.live
WHERE x.item = ANY($3::bigint[]) AND (x.expires_on IS NULL OR x.expires_on >= $2)
    AND (CASE WHEN $1 THEN x.owner ELSE x.site END) = ANY($4::bigint[])
GROUP BY 1, 2
"""


async def moves_of(table: Table, item_ids: Collection[int]) -> list[Moved]:
    """Planned moves of these items at the places of the question: orders, goods between stores, what is held and will
    leave, decided rotation. Loans due back and promises are not planned moves; drafts are not decided.

    What a day to come counts as arrived already is left out; none of items that the reader is counting.
    """
    question, by_region = table.question, table.question.holder is Holder.REGION
    wanted = sorted(set(item_ids) - question.without)
    branch_of = await _branches(table)
    holders = sorted(branch_of)
    if not wanted or not holders:
        return []
    found: list[tuple[Moving, int, int, int]] = []
    for kind, sql, sign in ((Moving.HELD, _HELD, -1), (Moving.ROAD, _ROAD, 1)):
        rows = await db.fetch_large(sql, by_region, question.day, wanted, holders)
        found += [(kind, row[0], row[1], sign * row[2]) for row in rows]
    today = day_of(table.known_at)
    for one in await replenishment.on_order(item_ids=wanted):
        counted = one.expected_on is not None and today < question.day and today <= one.expected_on <= question.day
        if not counted:
            found.append((Moving.ORDER, one.owner_region_id if by_region else one.site_id, one.item_id, one.quantity))
    places = {"region_ids": holders} if by_region else {"site_ids": holders}
    for flow in await rotation.planned(scope=Scope(("/",)), until=question.day + AHEAD, item_ids=wanted, **places):
        kind = Moving.ROTATION_OUT if flow.quantity < 0 else Moving.ROTATION_IN
        found.append((kind, flow.region_id if by_region else flow.site_id, flow.item_id, flow.quantity))
    return [
        Moved(kind, branch_of[holder], item, quantity) for kind, holder, item, quantity in found if holder in branch_of
    ]


async def _branches(table: Table) -> dict[int, Label]:
    """Place → the region next below the one asked for, or that one itself: as `provision` puts them together."""
    depth = table.question.path.count("/")
    above: dict[int, str] = {}
    for _, subject in table.places:
        holder = subject.region_id if subject.site_id is None else subject.site_id
        above[holder] = "/".join(subject.path.split("/")[: depth + 1]).rstrip("/") + "/"
    rows = await db.fetch(
        "SELECT path, key, name_zh, name_en FROM region WHERE path = ANY($1::text[])", sorted(set(above.values()))
    )
    labels = {row[0]: Label(row[1], row[2], row[3], row[0]) for row in rows}
    return {holder: labels[path] for holder, path in above.items() if path in labels}
