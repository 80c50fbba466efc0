"""What is held for other requisitions and may be taken by a more urgent one; and what has been taken so.

Only holds of orders that still wait for their owner's word: once it is given, the goods are as good as moving. A hold
is a source of its own, `site:owner:priority`, its supply `lot:site:owner:priority`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.time import day_of
from warehouse.incidents import queries as incidents
from warehouse.incidents.model import Level
from warehouse.requisitions.model import UNDER_WAY, Requisition, Taking

_HOLDS = """
SELECT v.id, v.expires_at, v.priority, x.id, o.id, o.seq, q.id, q.number, n.id, n.priority, x.lot_id, x.place_id,
    x.item_id, o.site_id, o.owner_region_id, w.path, l.expires_on, x.quantity, x.covers, coalesce(s.lat, r.lat),
    coalesce(s.lon, r.lon)
FROM release_line x JOIN release_order o ON o.id = x.release_id JOIN reservation v ON v.id = x.reservation_id
JOIN requisition_line n ON n.id = x.requisition_line_id JOIN requisition q ON q.id = o.requisition_id
JOIN region qr ON qr.id = q.region_id JOIN region w ON w.id = o.owner_region_id JOIN lot l ON l.id = x.lot_id
JOIN site s ON s.id = o.site_id JOIN region r ON r.id = s.region_id
WHERE o.status = 'waiting' AND NOT x.gone AND v.state = 'held' AND v.expires_at > $1 AND v.quantity = x.quantity
    AND x.item_id = ANY($2::bigint[]) AND q.id <> $3 AND n.priority > $4 AND qr.path LIKE ANY($5::text[])
    AND w.path LIKE ANY($5::text[]) AND (l.expires_on IS NULL OR l.expires_on >= $6) AND s.retired_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM hold_taken t WHERE t.taker_id = $3 AND t.loser_line_id = n.id)
ORDER BY o.seq DESC, x.line
"""
"""The youngest first: it loses least. Nobody loses a line to the same requisition twice."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Goods of one lot at one place that a line of another requisition holds. `covers`: in units of that line."""

    reservation_id: UUID
    until: datetime
    rank: int
    """The ledger's priority of the reservation."""
    release_line_id: UUID
    release_id: UUID
    release_seq: int
    requisition_id: UUID
    requisition_number: str
    line_id: UUID
    priority: int
    lot_id: int
    place_id: int
    item_id: int
    site_id: int
    owner_id: int
    owner_path: str
    expires_on: date | None
    quantity: int
    covers: int
    lat: float | None
    lon: float | None

    @property
    def source(self) -> str:
        """The engine's name of where it comes from."""
        return f"{self.site_id}:{self.owner_id}:{self.priority}"

    @property
    def supply(self) -> str:
        """The engine's name of the lot there."""
        return f"{self.lot_id}:{self.source}"


def held_for(source: str) -> int:
    """The priority of the needs that hold a source of a plan; 0 where nobody does."""
    parts = source.split(":")
    return int(parts[2]) if len(parts) == 3 else 0


async def may_take(requisition: Requisition) -> bool:
    """Whether the level in force lets a more urgent need take what is held for others."""
    if requisition.level is None:
        return False
    return (await incidents.level_rules(Level(requisition.level), requisition.path)).takes


async def list_holds(requisition: Requisition, scope: Scope, items: Collection[int], at: datetime) -> list[Hold]:
    """What a requisition may take of others, of owners and requisitions in scope, the youngest first."""
    urgent = min((line.facts.priority for line in requisition.lines), default=0)
    if not items or not await may_take(requisition):
        return []
    rows = await db.fetch(_HOLDS, at, sorted(items), requisition.id, urgent, scope.prefixes, day_of(at))
    found = [Hold(*row) for row in rows]
    return [one for one in found if requisition.facts.upward or one.owner_path.startswith(requisition.path)]


_TAKINGS = (
    "SELECT t.id, t.taken_at, t.taken_by, q.id, q.number, t.taker_priority, t.loser_id, n.line, i.name_zh, i.name_en,"
    " i.unit_zh, i.unit_en, i.unit_factor, t.quantity, t.replanned_at, t.settled_at FROM hold_taken t"
    " JOIN requisition q ON q.id = t.taker_id JOIN requisition_line n ON n.id = t.loser_line_id"
    " JOIN item i ON i.id = t.item_id WHERE {} ORDER BY t.seq"
)


async def takings_of(requisition_id: UUID) -> Sequence[Taking]:
    """What was taken from a requisition that the caller has seen, the oldest first."""
    return [Taking(*row) for row in await db.fetch(_TAKINGS.format("t.loser_id = $1"), requisition_id)]


async def to_replan() -> list[tuple[UUID, str]]:
    """(requisition, login of whoever held the goods) of what was taken and has not been planned anew."""
    rows = await db.fetch(
        "SELECT t.loser_id, min(o.made_by) FROM hold_taken t JOIN release_order o ON o.id = t.loser_release_id"
        " JOIN requisition q ON q.id = t.loser_id WHERE t.replanned_at IS NULL AND t.settled_at IS NULL"
        " AND q.status = ANY($1::text[]) GROUP BY t.loser_id ORDER BY min(t.seq)",
        sorted(UNDER_WAY),
    )
    return [(row[0], row[1]) for row in rows]
