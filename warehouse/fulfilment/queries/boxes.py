"""Reads of boxes and pallets of shipments."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from catalog.kernel import db
from warehouse.fulfilment.model import Box, BoxKind, BoxStatus

_SELECT = "SELECT id, shipment_id, kind, number, sscc, status, gross_g, made_at, made_by FROM shipment_box"


def _box(row: Any) -> Box:
    v: Any = tuple(row)
    return Box(v[0], v[1], BoxKind(v[2]), v[3], v[4], BoxStatus(v[5]), *v[6:])


async def list_boxes(shipment_id: UUID) -> Sequence[Box]:
    """Boxes of a shipment that the caller has seen, in the order in which they were opened; none that was given up."""
    rows = await db.fetch(_SELECT + " WHERE shipment_id = $1 AND status <> 'void' ORDER BY seq", shipment_id)
    return [_box(row) for row in rows]


async def find_boxes(ids: Collection[UUID]) -> dict[UUID, Box]:
    """Boxes by id; unknown ones are left out. Not scoped."""
    rows = await db.fetch(_SELECT + " WHERE id = ANY($1::uuid[])", list(set(ids)))
    return {row[0]: _box(row) for row in rows}


async def find_boxes_by_label(keys: Collection[str]) -> dict[str, Box]:
    """Boxes by SSCC or own number, whichever was asked for. Not scoped."""
    rows = await db.fetch(_SELECT + " WHERE sscc = ANY($1::text[]) OR number = ANY($1::text[])", list(set(keys)))
    found: dict[str, Box] = {}
    for row in rows:
        box = _box(row)
        found |= {box.number: box} | ({box.sscc: box} if box.sscc else {})
    return found
