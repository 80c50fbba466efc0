"""What the stock verbs load before they decide: set-wise, fixed SQL, no scope (the actions check their grants)."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from catalog.kernel import db
from warehouse.stock.model import DocumentRef, Lot, StockKey
from warehouse.stock.queries.views import FoundSerial, HeldStock, LastCount, Leg, MoveRow, Spot

LOT_COLUMNS = """
    l.id, l.number, l.item_id, i.name_zh, i.unit_zh, i.unit_factor, i.tracking, l.maker_id, l.maker_batch,
    l.produced_on, l.expires_on, l.owner_region_id, l.owner_path, l.owner_party_id, l.fund_source, l.price_fen,
    l.price_per, l.parent_id, l.stored_on, l.origin
"""
LOT_WIDTH = 20
"""The columns of a `Lot`, in its order; `l` is lot, `i` is item."""
_LOTS = f"SELECT {LOT_COLUMNS} FROM lot l JOIN item i ON i.id = l.item_id WHERE l.id = ANY($1::bigint[])"
_LOTS_BY_NUMBER = f"SELECT {LOT_COLUMNS} FROM lot l JOIN item i ON i.id = l.item_id WHERE l.number = ANY($1::text[])"
COUNT_STANDS = """
NOT EXISTS (SELECT 1 FROM move m JOIN move back ON back.reverses = m.seq WHERE m.attempt = c.attempt)
"""
"""A count `c` that was undone has seen nothing."""
_SPOT = """
SELECT p.id, p.kind, p.code, p.key, p.site_id, coalesce(s.code, ''), coalesce(s.path, ''), p.closed_by IS NOT NULL,
    p.retired_at IS NOT NULL OR s.retired_at IS NOT NULL
FROM place p LEFT JOIN site s ON s.id = p.site_id
"""
_SERIALS = f"""
SELECT s.id, s.number, s.maker_serial, t.place_id, t.condition, {LOT_COLUMNS}
FROM serial s LEFT JOIN serial_state t ON t.serial_id = s.id
JOIN lot l ON l.id = coalesce(t.lot_id, s.lot_id) JOIN item i ON i.id = l.item_id
"""
MOVE_SELECT = """
SELECT m.seq, m.id, m.attempt, m.line, m.lot_id, l.number, l.item_id, i.key, i.name_zh, i.unit_zh, i.unit_factor,
    m.quantity,
    m.from_place, fp.kind, fp.code, fp.key, fp.site_id, coalesce(fs.code, ''), m.from_condition,
    m.to_place, tp.kind, tp.code, tp.key, tp.site_id, coalesce(ts.code, ''), m.to_condition,
    m.reason, m.note, m.document_kind, m.document_id, m.document_line, m.person_id, m.login, m.device_time,
    m.occurred_at, m.recorded_at, m.booked_on, m.is_fact, m.case_id, c.uuid, m.reverses, back.seq,
    CASE WHEN i.tracking = 'serial' THEN (SELECT array_agg(ms.serial_id ORDER BY ms.serial_id)
        FROM move_serial ms WHERE ms.move_seq = m.seq) END,
    CASE WHEN i.tracking = 'serial' THEN (SELECT array_agg(s.number ORDER BY ms.serial_id)
        FROM move_serial ms JOIN serial s ON s.id = ms.serial_id WHERE ms.move_seq = m.seq) END
"""
MOVE_JOINS = """
JOIN lot l ON l.id = m.lot_id JOIN item i ON i.id = l.item_id
JOIN place fp ON fp.id = m.from_place LEFT JOIN site fs ON fs.id = fp.site_id
JOIN place tp ON tp.id = m.to_place LEFT JOIN site ts ON ts.id = tp.site_id
LEFT JOIN discrepancy_case c ON c.id = m.case_id LEFT JOIN move back ON back.reverses = m.seq
"""


def lot_from(row: Any, at: int = 0) -> Lot:
    """The `Lot` in a row that selected LOT_COLUMNS from column `at` on."""
    return Lot._make(row[at : at + LOT_WIDTH])


def move_from(row: Any) -> MoveRow:
    """The `MoveRow` in a row that selected MOVE_SELECT."""
    r = tuple(row)
    document = DocumentRef(r[28], r[29]) if r[28] is not None and r[29] is not None else None
    legs = (Leg(*r[12:19]), Leg(*r[19:26]))
    values = (*r[:12], *legs, r[26], r[27], document, *r[30:42], tuple(r[42] or ()), tuple(r[43] or ()))
    return MoveRow(*values)


async def get_lots(*, ids: Collection[int]) -> dict[int, Lot]:
    """Lots by id; those that do not exist are left out."""
    return {row[0]: lot_from(row) for row in await db.fetch(_LOTS, list(set(ids)))} if ids else {}


async def find_lots(*, numbers: Collection[str]) -> dict[str, Lot]:
    """Lots by number; those that do not exist are left out."""
    return {row[1]: lot_from(row) for row in await db.fetch(_LOTS_BY_NUMBER, list(set(numbers)))} if numbers else {}


async def find_lots_of_batch(*, maker_batch: str, item_id: int | None = None) -> list[Lot]:
    """Own lots that carry a maker's batch: there may be several (DESIGN section 4)."""
    rows = await db.fetch(
        f"SELECT {LOT_COLUMNS} FROM lot l JOIN item i ON i.id = l.item_id"
        " WHERE l.maker_batch = $1 AND ($2::bigint IS NULL OR l.item_id = $2) ORDER BY l.id",
        maker_batch,
        item_id,
    )
    return [lot_from(row) for row in rows]


async def get_spots(place_ids: Collection[int]) -> dict[int, Spot]:
    """Places by id; those that do not exist are left out."""
    if not place_ids:
        return {}
    return {
        row[0]: Spot(*row) for row in await db.fetch(_SPOT + "WHERE p.id = ANY($1::bigint[])", list(set(place_ids)))
    }


async def find_spots(keys: Collection[str]) -> dict[str, Spot]:
    """Places by key; those that do not exist are left out."""
    if not keys:
        return {}
    return {row[3]: Spot(*row) for row in await db.fetch(_SPOT + "WHERE p.key = ANY($1::text[])", list(set(keys)))}


async def find_serials(numbers: Collection[str] = (), *, maker_serials: Collection[str] = ()) -> list[FoundSerial]:
    """Pieces by own number or by the maker's serial (which several pieces may share)."""
    if not numbers and not maker_serials:
        return []
    rows = await db.fetch(
        _SERIALS + "WHERE s.id IN (SELECT id FROM serial WHERE number = ANY($1::text[])"
        " UNION SELECT id FROM serial WHERE maker_serial = ANY($2::text[])) ORDER BY s.id",
        list(set(numbers)),
        list(set(maker_serials)),
    )
    return [FoundSerial(row[0], row[1], row[2], lot_from(row, 5), row[3], row[4]) for row in rows]


async def get_serials(*, ids: Collection[int]) -> dict[int, FoundSerial]:
    """Pieces by id; those that do not exist are left out."""
    if not ids:
        return {}
    rows = await db.fetch(_SERIALS + "WHERE s.id = ANY($1::bigint[])", list(set(ids)))
    return {row[0]: FoundSerial(row[0], row[1], row[2], lot_from(row, 5), row[3], row[4]) for row in rows}


async def find_moves_of_attempt(attempt: UUID) -> list[MoveRow]:
    """What one attempt wrote, in its order; empty if it wrote nothing."""
    rows = await db.fetch(MOVE_SELECT + "FROM move m" + MOVE_JOINS + "WHERE m.attempt = $1 ORDER BY m.line", attempt)
    return [move_from(row) for row in rows]


async def later_moves_out(key: StockKey, after_seq: int, limit: int = 10) -> list[MoveRow]:
    """The first moves after `after_seq` that took goods from `key`: what may block a reversal."""
    rows = await db.fetch(
        MOVE_SELECT
        + "FROM move m"
        + MOVE_JOINS
        + "WHERE m.from_place = $2 AND m.lot_id = $1 AND m.from_condition = $3 AND m.seq > $4 ORDER BY m.seq LIMIT $5",
        *key,
        after_seq,
        limit,
    )
    return [move_from(row) for row in rows]


async def last_counts(place_ids: Collection[int]) -> dict[int, LastCount]:
    """The last posted count that stands of each place that has ever been counted, with its lines."""
    if not place_ids:
        return {}
    rows = await db.fetch(
        "SELECT c.id, c.place_id, c.counted_at, c.recorded_at, l.lot_id, l.condition, l.counted, l.variance,"
        " l.taken_back FROM (SELECT DISTINCT ON (c.place_id) c.id, c.place_id, c.counted_at, c.recorded_at"
        f" FROM bin_count c WHERE c.place_id = ANY($1::bigint[]) AND {COUNT_STANDS}"
        " ORDER BY c.place_id, c.counted_at DESC, c.seq DESC) c"
        " LEFT JOIN bin_count_line l ON l.count_id = c.id",
        list(set(place_ids)),
    )
    found: dict[int, LastCount] = {}
    lines: dict[int, dict[tuple[int, str], tuple[int, int, int]]] = {}
    for row in rows:
        of_place = lines.setdefault(row[1], {})
        if row[4] is not None:
            of_place[(row[4], row[5])] = (row[6], row[7], row[8])
        found[row[1]] = LastCount(row[0], row[1], row[2], row[3], of_place)
    return found


async def get_held(keys: Collection[StockKey]) -> dict[StockKey, HeldStock]:
    """Balances by key, unlocked: for looking, never for deciding. Keys without a row are left out."""
    wanted = list(set(keys))
    rows = await db.fetch(
        "SELECT lot_id, place_id, condition, on_hand, reserved FROM balance"
        " JOIN unnest($1::bigint[], $2::bigint[], $3::text[]) k (lot_id, place_id, condition)"
        " USING (lot_id, place_id, condition)",
        [k.lot_id for k in wanted],
        [k.place_id for k in wanted],
        [k.condition for k in wanted],
    )
    return {StockKey(*row[:3]): HeldStock(StockKey(*row[:3]), row[3], row[4]) for row in map(tuple, rows)}


async def balances_of_lots(lot_ids: Collection[int], *, site_id: int | None = None) -> list[HeldStock]:
    """Where some lots stand now (on_hand above zero), optionally in one site only."""
    rows = await db.fetch(
        "SELECT b.lot_id, b.place_id, b.condition, b.on_hand, b.reserved FROM balance b"
        " JOIN place p ON p.id = b.place_id WHERE b.lot_id = ANY($1::bigint[]) AND b.on_hand > 0"
        " AND ($2::bigint IS NULL OR p.site_id = $2) ORDER BY b.lot_id, p.sort_key, b.place_id, b.condition",
        list(set(lot_ids)),
        site_id,
    )
    return [HeldStock(StockKey(*row[:3]), row[3], row[4]) for row in map(tuple, rows)]


async def outside_totals(*, lot_ids: Collection[int], place_id: int) -> dict[int, tuple[int, int]]:
    """Per lot what came from and went to one outside place."""
    rows = await db.fetch(
        "SELECT lot_id, came, went FROM outside_total WHERE lot_id = ANY($1::bigint[]) AND place_id = $2",
        list(set(lot_ids)),
        place_id,
    )
    return {row[0]: (row[1], row[2]) for row in rows}
