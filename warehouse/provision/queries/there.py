"""What is there, in SQL: balances of now, or what snapshot and moves make of a past day; and the lots behind a cell."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Missing
from warehouse.norms.model import Subject
from warehouse.provision.model import Holder, Line, LotBehind
from warehouse.provision.queries.table import Table
from warehouse.stock import holdings
from warehouse.stock.model import FIRST_INSIDE_PLACE
from warehouse.stock.queries import begin_of, served_by, unheld
from warehouse.stock.queries.sight import IN_STORE

OF_STOCK = ("on_hand", "usable", "reserved", "in_transit", "lent")
_GOOD = "{0}.condition = 'good' AND coalesce({1}, date '9999-12-31') >= {2}"
MOST_LOTS = 500


@dataclass(slots=True)
class Statement:
    """The table, its arguments as they are written into the SQL."""

    table: Table
    args: list[Any] = field(default_factory=list)
    text: str = ""
    """The SQL so far."""

    def bind(self, value: Any, of: str) -> str:
        """The placeholder of a value, with its type."""
        self.args.append(value)
        return f"${len(self.args)}::{of}"

    def rows(self, name: str, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[Any]]) -> str:
        """A common table of given rows."""
        arrays = [self.bind([row[at] for row in rows], f"{of}[]") for at, (_, of) in enumerate(columns)]
        names = ", ".join(column for column, _ in columns)
        return f"{name} ({names}) AS MATERIALIZED (SELECT * FROM unnest({', '.join(arrays)}))"


def _narrow(statement: Statement, place: str = "p") -> str:
    """Only goods of the holders asked for: a district is not to read the city's."""
    question = statement.table.question
    if question.holder is Holder.REGION:
        return f"l.owner_path LIKE {statement.bind(question.path + '%', 'text')}"
    sites = [subject.site_id for _, subject in statement.table.places]
    return f"{place}.site_id = ANY({statement.bind(sites, 'bigint[]')})"


def stock_now(statement: Statement, items: str | None = None) -> str:
    """Rows (holder, item, ...) that add up to what is there now, usable on the day asked; `items`: the placeholder of
    the only ones."""
    return _from_holdings(statement, items) if statement.table.kept else _from_balances(statement, items)


def _from_balances(statement: Statement, items: str | None) -> str:
    day = statement.bind(statement.table.question.day, "date")
    good = _GOOD.format("b", "b.expires_on", day)
    regions = statement.table.question.holder is Holder.REGION
    joins = "JOIN lot l ON l.id = b.lot_id " if regions else ""
    return f"""
SELECT {"l.owner_region_id" if regions else "b.site_id"} AS holder, b.item_id,
    total(b.on_hand) FILTER (WHERE o.id IS NULL) AS on_hand,
    total(b.on_hand) FILTER (WHERE o.id IS NULL AND {good}) AS usable,
    total(b.reserved) FILTER (WHERE o.id IS NULL AND {good}) AS reserved,
    total(b.on_hand) FILTER (WHERE o.kind = 'shipment' AND {str(regions).lower()}) AS in_transit,
    total(b.on_hand) FILTER (WHERE o.kind = 'loan') AS lent
FROM balance b {joins}JOIN site s ON s.id = b.site_id AND s.live
LEFT JOIN place o ON o.id = b.place_id AND o.kind IN ('shipment', 'loan', 'incident')
WHERE b.on_hand > 0 AND {_narrow(statement, "b")}{f" AND b.item_id = ANY({items})" if items else ""} GROUP BY 1, 2"""


def _holders(statement: Statement, items: str | None) -> tuple[str, str]:
    """Who holds, as a column, and the condition on a holding `h` that it is asked for."""
    table = statement.table
    regions = table.question.holder is Holder.REGION
    holder = "owner_region_id" if regions else "site_id"
    holders = {subject.region_id if regions else subject.site_id for _, subject in table.places}
    asked = statement.bind(sorted(one for one in holders if one is not None), "bigint[]")
    return f"h.{holder}", f"h.{holder} = ANY({asked})" + (f" AND h.item_id = ANY({items})" if items else "")


def _holdings(statement: Statement, holder: str, source: str) -> str:
    """Rows of kept sums (`warehouse.stock.holdings`)."""
    usable = holdings.usable_on(statement.bind(statement.table.question.day, "date"))
    in_transit = "h.in_transit" if statement.table.question.holder is Holder.REGION else "0::bigint"
    return f"""
SELECT {holder} AS holder, h.item_id, h.on_hand, {usable} AS usable, 0::bigint AS reserved,
    {in_transit} AS in_transit, h.lent FROM {source} h JOIN site s ON s.id = h.site_id AND s.live"""


def _from_holdings(statement: Statement, items: str | None) -> str:
    """The same from the sums that stock keeps, and what is held from its reservations."""
    holder, asked = _holders(statement, items)
    good = _GOOD.format("r", "l.expires_on", statement.bind(statement.table.question.day, "date"))
    return f"""{_holdings(statement, holder, f"({holdings.current(asked)})")}
UNION ALL
SELECT {holder}, h.item_id, 0, 0, h.quantity, 0, 0 FROM (
    SELECT l.owner_region_id, p.site_id, l.item_id, r.quantity FROM reservation r JOIN lot l ON l.id = r.lot_id
    JOIN place p ON p.id = r.place_id AND p.kind IN {IN_STORE} JOIN site s ON s.id = p.site_id AND s.live
    WHERE r.state = 'held' AND {good}
) h WHERE {asked}"""


async def _snapshot_before(table: Table) -> Any:
    """(month, known_at, up_to_seq) of the last snapshot by lots that may serve."""
    return await db.fetch_row(
        "SELECT month, known_at, up_to_seq FROM snapshot_run WHERE month <= $1 AND known_at <= $2"
        " ORDER BY month DESC LIMIT 1",
        served_by(table.at),
        table.known_at,
    )


async def _sums_before(table: Table) -> Any:
    """(day, known_at, up_to_seq) of the last kept sums that may serve, unless a snapshot by lots is nearer."""
    return await db.fetch_row(
        "SELECT day, known_at, up_to_seq FROM holding_run WHERE day <= $1 AND known_at <= $2 AND NOT EXISTS ("
        "SELECT 1 FROM snapshot_run WHERE month <= $1 AND month > day AND known_at <= $2) ORDER BY day DESC LIMIT 1",
        served_by(table.at),
        table.known_at,
    )


def _rows_then(statement: Statement, base: Any, *, snapshot: bool) -> str:
    """Rows (lot_id, place_id, condition, q, held) that add up to the balances and reservations at an instant of the
    past: the snapshot before it (unless its rows are taken from elsewhere) and the moves that it does not hold."""
    table = statement.table
    at, known = statement.bind(table.at, "timestamptz"), statement.bind(table.known_at, "timestamptz")
    up_to = f"occurred_at <= {at} AND recorded_at <= {known}"
    moves, start = f"(SELECT * FROM move WHERE {up_to})", ""
    if base is not None:
        begin, seen = statement.bind(begin_of(base[0]), "timestamptz"), statement.bind(base[1], "timestamptz")
        seq = statement.bind(base[2], "bigint")
        moves = unheld(begin, seen, seq, up_to)
        if snapshot:
            start = f"""SELECT lot_id, place_id, condition, on_hand, 0::bigint FROM balance_snapshot
            WHERE month = {statement.bind(base[0], "date")} UNION ALL"""
    return f"""({start}
    SELECT m.lot_id, CASE WHEN came THEN m.to_place ELSE m.from_place END,
        CASE WHEN came THEN m.to_condition ELSE m.from_condition END,
        CASE WHEN came THEN m.quantity ELSE -m.quantity END, 0::bigint
    FROM {moves} m CROSS JOIN (VALUES (true), (false)) v (came)
    WHERE CASE WHEN came THEN m.to_place ELSE m.from_place END >= {FIRST_INSIDE_PLACE}
    UNION ALL
    SELECT lot_id, place_id, condition, 0::bigint, quantity FROM reservation
    WHERE created_at <= {at} AND (ended_at IS NULL OR ended_at > {at})
) x (lot_id, place_id, condition, q, held)"""


_LOT_OF_FEW = """CROSS JOIN LATERAL (
    SELECT owner_region_id, owner_path, item_id, expires_on FROM lot WHERE id = x.lot_id LIMIT 1) l"""
"""By key, one after the other: some days' moves touch a tenth of the lots, and a table of all lots costs a second."""


async def stock_then(statement: Statement, items: str | None = None) -> str:
    """Rows (holder, item, ...) that add up to what was there at an instant of the past: what its snapshot holds, added
    up already, and what came and went since. `items`: the placeholder of the only ones."""
    regions = statement.table.question.holder is Holder.REGION
    good = _GOOD.format("x", "l.expires_on", statement.bind(statement.table.question.day, "date"))
    sums = await _sums_before(statement.table)
    added_up = sums is not None
    base = sums if added_up else await _snapshot_before(statement.table)
    rows = _rows_then(statement, base, snapshot=not added_up)
    summed = f"""
SELECT {"l.owner_region_id" if regions else "p.site_id"} AS holder, l.item_id,
    total(x.q) FILTER (WHERE p.kind IN ('bin', 'staging')) AS on_hand,
    total(x.q) FILTER (WHERE p.kind IN ('bin', 'staging') AND {good}) AS usable,
    total(x.held) FILTER (WHERE {good}) AS reserved,
    total(x.q) FILTER (WHERE p.kind = 'shipment' AND {str(regions).lower()}) AS in_transit,
    total(x.q) FILTER (WHERE p.kind = 'loan') AS lent
FROM {rows} {_LOT_OF_FEW if added_up else "JOIN lot l ON l.id = x.lot_id"}
JOIN place p ON p.id = x.place_id JOIN site s ON s.id = p.site_id AND s.live
WHERE {_narrow(statement)}{f" AND l.item_id = ANY({items})" if items else ""} GROUP BY 1, 2"""
    if not added_up:
        return summed
    holder, asked = _holders(statement, items)
    day = statement.bind(base[0], "date")
    return f"{_holdings(statement, holder, 'holding_snapshot')} WHERE h.day = {day} AND {asked} UNION ALL {summed}"


# --- the lots behind a cell -----------------------------------------------------------------------------------------


async def list_lots(table: Table, *, place: Subject, line: Line, scope: Scope) -> list[LotBehind]:
    """The lots that make up a cell's figures, first the first to expire; at most MOST_LOTS. `scope` is of stock.read:
    a table of sums is seen more widely than lots. Raises Missing out of scope."""
    if not scope.covers(place.path, place.site_id):
        raise Missing("access.out-of-scope", "没有找到，或不在您的管辖范围内")
    statement = Statement(table)
    holder = statement.bind(place.region_id if place.site_id is None else place.site_id, "bigint")
    members = {one.item_id: one for one in line.members}
    items = statement.bind(sorted(members), "bigint[]")
    rows = (
        "(SELECT lot_id, place_id, condition, on_hand, reserved FROM balance) x (lot_id, place_id, condition, q, held)"
    )
    good = _GOOD.format("x", "l.expires_on", statement.bind(table.question.day, "date"))
    sql = f"""
SELECT l.number, i.key, i.name_zh, i.name_en, i.unit_zh, i.unit_factor, l.expires_on, s.code, s.name_zh, s.name_en,
    p.kind, x.condition, sum(x.q)::bigint, coalesce(sum(x.held), 0)::bigint,
    coalesce(sum(x.q) FILTER (WHERE p.kind IN ('bin', 'staging') AND {good}), 0)::bigint, i.id
FROM {_rows_then(statement, await _snapshot_before(table), snapshot=True) if table.past else rows}
JOIN lot l ON l.id = x.lot_id JOIN item i ON i.id = l.item_id JOIN place p ON p.id = x.place_id
JOIN site s ON s.id = p.site_id AND s.live
WHERE {"l.owner_region_id" if place.site_id is None else "s.id"} = {holder} AND l.item_id = ANY({items})
    AND p.kind IN ('bin', 'staging', 'shipment', 'loan')
GROUP BY l.id, i.id, s.id, p.kind, x.condition HAVING sum(x.q) <> 0
ORDER BY l.expires_on NULLS LAST, l.id, s.code, p.kind, x.condition LIMIT {MOST_LOTS}"""
    found = []
    for row in map(tuple, await db.fetch(sql, *statement.args)):
        member = members[row[15]]
        found.append(LotBehind(*(*row[:15], row[14] * member.worth // member.base)))
    return found
