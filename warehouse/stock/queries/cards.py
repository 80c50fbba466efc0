"""Cards: all there is to say of one lot, one numbered piece, one pallet."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Missing
from warehouse.stock.queries.books import MoveFilter, list_moves
from warehouse.stock.queries.loads import LOT_COLUMNS, find_lots, find_serials, get_lots, get_spots, lot_from
from warehouse.stock.queries.open_work import ReservationFilter, list_loans_of, list_reservations
from warehouse.stock.queries.sight import see
from warehouse.stock.queries.stock import StockFilter, get_entry, list_balances
from warehouse.stock.queries.views import (
    CareEvent,
    ConversionRow,
    LotCard,
    PalletCard,
    PalletLine,
    SerialCard,
)

_MOST = 500
"""Rows of one kind on a card; beyond it, the lists."""
_CARE = """
SELECT c.kind, c.done_on, c.passed, c.result, c.login, s.code, n.number
FROM care_event c JOIN site s ON s.id = c.site_id LEFT JOIN serial n ON n.id = c.serial_id
"""
_CONVERSIONS = """
SELECT c.id, c.kind, f.number, t.number, c.reason, c.evidence::text, c.login, c.occurred_at, c.attempt
FROM conversion c LEFT JOIN lot f ON f.id = c.from_lot LEFT JOIN lot t ON t.id = c.to_lot
WHERE c.from_lot = $1 OR c.to_lot = $1 ORDER BY c.seq DESC LIMIT $2
"""


async def lot_card(number: str, *, scope: Scope, on: date) -> LotCard:
    """The card of a lot. Raises Missing for one that is unknown or was never in sight."""
    lot = (await find_lots(numbers=[number])).get(number)
    entry = await get_entry(lot_id=lot.id, scope=scope, on=on) if lot else None
    if lot is None or entry is None:
        raise Missing("stock.no-such-lot", "没有这个批次，或不在您的管辖范围内", lot=number)
    balances = await list_balances(scope=scope, on=on, wanted=StockFilter(lot_id=lot.id), limit=_MOST)
    parents = await get_lots(ids=[lot.parent_id]) if lot.parent_id is not None else {}
    children = await db.fetch(
        f"SELECT {LOT_COLUMNS} FROM lot l JOIN item i ON i.id = l.item_id WHERE l.parent_id = $1"
        " ORDER BY l.id LIMIT $2",
        lot.id,
        _MOST,
    )
    conversions = await db.fetch(_CONVERSIONS, lot.id, _MOST)
    care = await db.fetch(_CARE + "WHERE c.lot_id = $1 ORDER BY c.done_on DESC, c.id DESC LIMIT $2", lot.id, _MOST)
    held = await list_reservations(scope=scope, wanted=ReservationFilter(lot_id=lot.id), limit=_MOST)
    return LotCard(
        entry,
        tuple(balances.items),
        next(iter(parents.values()), None),
        tuple(lot_from(row) for row in children),
        tuple(_conversion(row) for row in conversions),
        tuple(CareEvent(*row) for row in care),
        tuple(held.items),
    )


def _conversion(row: Any) -> ConversionRow:
    values = list(row)
    values[5] = json.loads(values[5])
    return ConversionRow(*values)


async def serial_card(number: str, *, scope: Scope, on: date) -> SerialCard:
    """The passport of a numbered piece. Raises Missing for one that is unknown or whose lot is not in sight."""
    piece = next(iter(await find_serials([number])), None)
    entry = await get_entry(lot_id=piece.lot.id, scope=scope, on=on) if piece else None
    if piece is None or entry is None:
        raise Missing("stock.no-such-serial", "没有这个编号，或不在您的管辖范围内", serial=number)
    moves = await list_moves(scope=scope, wanted=MoveFilter(serial_id=piece.serial_id), limit=_MOST)
    care = await db.fetch(
        _CARE + "WHERE c.serial_id = $1 ORDER BY c.done_on DESC, c.id DESC LIMIT $2", piece.serial_id, _MOST
    )
    places = {leg.place_id for move in moves.items for leg in (move.source, move.target) if leg.kind == "loan"}
    spots = await get_spots([piece.place_id]) if piece.place_id is not None else {}
    return SerialCard(
        piece,
        next(iter(spots.values()), None),
        tuple(moves.items),
        tuple(CareEvent(*row) for row in care),
        tuple(await list_loans_of(sorted(places))),
    )


async def pallet_card(number: str, *, scope: Scope) -> PalletCard:
    """A pallet by its own number or SSCC. Raises Missing for one that is unknown or out of scope."""
    row: Any = await db.fetch_row(
        "SELECT id, uuid, number, sscc, status, void_reason, created_at, place_id FROM pallet"
        " WHERE number = $1 OR sscc = $1",
        number,
    )
    spot = (await get_spots([row[7]]))[row[7]] if row else None
    lines = await _pallet_lines(row[0], row[7]) if row else []
    sight = await see(scope)
    seen = sight.everything or (spot is not None and spot.site_id in sight.sites)
    seen = seen or any(line.lot.owner_path.startswith(path) for line in lines for path in sight.owners)
    if row is None or spot is None or not seen:
        raise Missing("stock.no-such-pallet", "没有这个托盘，或不在您的管辖范围内", pallet=number)
    return PalletCard(*(*tuple(row)[:7], spot, tuple(lines)))


async def _pallet_lines(pallet_id: int, place_id: int) -> Sequence[PalletLine]:
    rows = await db.fetch(
        f"SELECT {LOT_COLUMNS}, p.condition, p.quantity, coalesce(b.on_hand, 0) FROM pallet_line p"
        " JOIN lot l ON l.id = p.lot_id JOIN item i ON i.id = l.item_id LEFT JOIN balance b ON b.lot_id = p.lot_id"
        " AND b.place_id = $2 AND b.condition = p.condition WHERE p.pallet_id = $1 ORDER BY p.id",
        pallet_id,
        place_id,
    )
    return [PalletLine(*(lot_from(row), *tuple(row)[-3:])) for row in rows]
