"""Lots and numbered pieces come into being here, in one order for all rivals, inside the posting's transaction."""

from collections.abc import Sequence
from datetime import date

from catalog.items.actions import fix_units
from catalog.kernel import db
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from warehouse.stock import queries
from warehouse.stock.model import Lot, LotFacts

_COLUMNS = (
    "item_id, owner_region_id, maker_id, maker_batch, produced_on, expires_on, owner_party_id, fund_source,"
    " price_fen, price_per, parent_id"
)
_NAMES = _COLUMNS.split(", ")
_KEYS = """unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::date[], $6::date[], $7::bigint[],
    $8::text[], $9::bigint[], $10::bigint[], $11::bigint[]) WITH ORDINALITY
    k (item_id, owner_region_id, maker_id, maker_batch, produced_on, expires_on, owner_party_id, fund_source,
       price_fen, price_per, parent_id, n)"""
# The coalesced facts are those of the index lot_same: an index finds no row that "is not distinct from" a null.
_FIND = f"""
SELECT k.n, l.id FROM {_KEYS} JOIN lot l ON l.item_id = k.item_id AND l.owner_region_id = k.owner_region_id
  AND coalesce(l.maker_batch, '') = coalesce(k.maker_batch, '')
  AND coalesce(l.produced_on, '-infinity') = coalesce(k.produced_on, '-infinity')
  AND coalesce(l.expires_on, 'infinity') = coalesce(k.expires_on, 'infinity')
  AND l.price_per = k.price_per
  AND (l.maker_id, l.maker_batch, l.produced_on, l.expires_on, l.owner_party_id, l.fund_source, l.price_fen,
       l.parent_id)
  IS NOT DISTINCT FROM
      (k.maker_id, k.maker_batch, k.produced_on, k.expires_on, k.owner_party_id, k.fund_source, k.price_fen,
       k.parent_id)
"""
_ADD = f"""
INSERT INTO lot (number, owner_path, stored_on, created_at, attempt, origin, {_COLUMNS})
SELECT to_char($12::date, 'YY') || lpad(nextval('lot_number')::text, 6, '0'), r.path, $12, $13, $14, k.origin,
    {", ".join("k." + name for name in _NAMES)}
FROM (SELECT k.*, o.origin FROM {_KEYS} JOIN unnest($15::text[]) WITH ORDINALITY o (origin, n) USING (n)) k
JOIN region r ON r.id = k.owner_region_id ORDER BY k.n
ON CONFLICT ON CONSTRAINT lot_identity DO NOTHING
"""


async def ensure_lots(stamp: Stamp, wanted: Sequence[LotFacts], *, origins: Sequence[str] = ()) -> list[Lot]:
    """The lot of each of `wanted`: an existing one if every fact is equal, else a new own lot number.

    A price of nothing known and a price of zero differ. The in-store date is the day of the first receipt.
    """
    order = sorted(range(len(wanted)), key=lambda i: wanted[i].order())
    facts = [wanted[i] for i in order]
    found = await _find(facts)
    missing = [n for n in range(len(facts)) if n not in found]
    if missing:
        origin = [origins[order[n]] if origins else "" for n in missing]
        columns = _columns([facts[n] for n in missing])
        await db.execute(_ADD, *columns, day_of(stamp.occurred_at), stamp.recorded_at, stamp.attempt, origin)
        await fix_units(item_ids=sorted({facts[n].item_id for n in missing}))
        found |= {missing[n]: lot_id for n, lot_id in (await _find([facts[n] for n in missing])).items()}
    lots = await queries.get_lots(ids=set(found.values()))
    placed = {order[n]: lots[lot_id] for n, lot_id in found.items()}
    return [placed[i] for i in range(len(wanted))]


async def _find(facts: Sequence[LotFacts]) -> dict[int, int]:
    return {row[0] - 1: row[1] for row in await db.fetch(_FIND, *_columns(facts))}


def _columns(facts: Sequence[LotFacts]) -> list[list[int | str | date | None]]:
    return [[getattr(fact, name) for fact in facts] for name in _NAMES]


async def add_serials(stamp: Stamp, lot: Lot, maker_serials: Sequence[str | None]) -> list[int]:
    """New numbered pieces of a lot, each with an own number; their ids in the order given."""
    rows = await db.fetch(
        "INSERT INTO serial (number, lot_id, maker_serial, created_at)"
        " SELECT to_char($1::date, 'YY') || lpad(nextval('serial_number')::text, 6, '0'), $2, m, $3"
        " FROM unnest($4::text[]) WITH ORDINALITY s (m, n) ORDER BY n RETURNING id",
        day_of(stamp.occurred_at),
        lot.id,
        stamp.recorded_at,
        list(maker_serials),
    )
    return [row[0] for row in rows]
