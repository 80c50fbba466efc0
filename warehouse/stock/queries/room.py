"""How full bins and stores are: sums over what stands there, in the database."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from catalog.kernel import db
from warehouse.stock.fill import Fill

_PLACES = """
SELECT p.id, count(b.lot_id), count(b.lot_id) FILTER (WHERE i.volume_ml IS NULL AND i.weight_g IS NULL),
    coalesce(sum(ceil(b.on_hand::numeric * i.volume_ml / i.unit_factor)), 0)::bigint, p.volume_ml,
    coalesce(sum(ceil(b.on_hand::numeric * i.weight_g / i.unit_factor)), 0)::bigint, p.weight_g,
    coalesce(bool_or(b.condition = 'frozen'), false), min(b.expires_on)
FROM place p LEFT JOIN balance b ON b.place_id = p.id AND b.on_hand > 0 LEFT JOIN item i ON i.id = b.item_id
WHERE p.id = ANY($1::bigint[]) GROUP BY p.id
"""
_SITES = """
WITH stands AS (
    SELECT p.site_id, p.id, p.kind, p.volume_ml, p.weight_g, b.lot_id, b.item_id, b.on_hand, b.condition, b.expires_on,
        i.volume_ml AS item_volume, i.weight_g AS item_weight, i.unit_factor
    FROM place p LEFT JOIN balance b ON b.place_id = p.id AND b.on_hand > 0 LEFT JOIN item i ON i.id = b.item_id
    WHERE p.site_id = ANY($1::bigint[]) AND p.retired_at IS NULL AND p.kind IN ('bin', 'staging')
), room AS (
    SELECT site_id, count(*) FILTER (WHERE kind = 'bin') AS bins,
        count(*) FILTER (WHERE kind = 'bin' AND closed_by IS NOT NULL) AS closed,
        sum(volume_ml)::bigint AS volume_ml, sum(weight_g)::bigint AS weight_g
    FROM place WHERE site_id = ANY($1::bigint[]) AND retired_at IS NULL AND kind = 'bin' GROUP BY site_id
)
SELECT s.site_id, max(r.bins), max(r.closed),
    count(DISTINCT s.id) FILTER (WHERE s.kind = 'bin' AND s.lot_id IS NOT NULL),
    count(DISTINCT s.item_id), count(DISTINCT s.lot_id), count(DISTINCT s.lot_id) FILTER (WHERE s.expires_on < $2),
    count(s.lot_id), count(s.lot_id) FILTER (WHERE s.item_volume IS NULL AND s.item_weight IS NULL),
    coalesce(sum(ceil(s.on_hand::numeric * s.item_volume / s.unit_factor)), 0)::bigint, max(r.volume_ml),
    coalesce(sum(ceil(s.on_hand::numeric * s.item_weight / s.unit_factor)), 0)::bigint, max(r.weight_g),
    coalesce(bool_or(s.condition = 'frozen'), false), min(s.expires_on)
FROM stands s LEFT JOIN room r ON r.site_id = s.site_id GROUP BY s.site_id
"""


NOTHING = Fill()


@dataclass(frozen=True, slots=True)
class SiteFigures:
    """A store in figures: live bins, closed ones, bins with goods, items, lots, lots past their day, and its fill."""

    bins: int = 0
    closed: int = 0
    used: int = 0
    items: int = 0
    lots: int = 0
    expired: int = 0
    fill: Fill = NOTHING


async def fill_of_places(place_ids: Collection[int]) -> Mapping[int, Fill]:
    """How full places are that the caller has seen, set-wise."""
    rows: Any = await db.fetch(_PLACES, list(place_ids)) if place_ids else []
    return {row[0]: Fill(*tuple(row)[1:]) for row in rows}


async def figures_of_sites(site_ids: Collection[int], on: date) -> Mapping[int, SiteFigures]:
    """Stores in figures that the caller has seen, set-wise; a store without any place is left out."""
    rows: Any = await db.fetch(_SITES, list(site_ids), on) if site_ids else []
    found = {}
    for row in map(tuple, rows):
        bins, closed, used, items, lots, expired = (value or 0 for value in row[1:7])
        found[row[0]] = SiteFigures(bins, closed, used, items, lots, expired, Fill(*row[7:]))
    return found
