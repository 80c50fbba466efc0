"""Reads of counts. What a caller may see of figures is decided by `rules.sees_books`; whoever shows them asks it."""

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Invalid, Missing
from catalog.kernel.page import Page, checked_limit, read_cursor, write_cursor
from catalog.kernel.parameters import whole
from warehouse.counts import rules
from warehouse.counts.model import (
    BinRisk,
    BinStatus,
    Count,
    CountBin,
    CountedBy,
    CountKind,
    CountLine,
    Difference,
    Factor,
    Limits,
    Part,
    Proposal,
    SheetLine,
    Status,
    Veil,
    Way,
)
from warehouse.counts.workflow import Standing
from warehouse.stock import queries as stock
from warehouse.stock.model import Lot, StockKey
from warehouse.stock.queries import Sort

_HEAD = """
SELECT d.id, d.seq, d.number, d.site_id, s.code, s.name_zh, s.path, s.one_keeper, s.live, d.kind, d.status, d.note,
    d.created_at, d.created_by, d.creator_id, d.ended_at, d.ended_by, d.approved, d.end_reason, d.shortcuts, d.version
FROM stocktake d JOIN site s ON s.id = d.site_id
"""
_BINS = """
SELECT b.stocktake_id, b.place_id, p.code, p.key, p.kind, coalesce(z.name_zh, ''), b.turn, b.status, b.round, b.froze,
    b.again, b.points, b.why::text
FROM stocktake_bin b JOIN place p ON p.id = b.place_id LEFT JOIN zone z ON z.id = p.zone_id
WHERE b.stocktake_id = ANY($1::uuid[]) ORDER BY b.stocktake_id, b.turn
"""
_ROUNDS = """
SELECT r.stocktake_id, r.place_id, r.round, r.person_id, r.login, coalesce(w.name_zh, r.login), r.began_at,
    r.finished_at
FROM stocktake_round r LEFT JOIN person w ON w.id = r.person_id
WHERE r.stocktake_id = ANY($1::uuid[]) AND NOT r.void ORDER BY r.round
"""
_LINES = """
SELECT l.id, l.place_id, l.round, l.lot_id, l.condition, l.quantity, l.serial_ids, l.given::text, l.words, l.way,
    l.person_id, l.login, coalesce(w.name_zh, l.login), l.at
FROM stocktake_line l LEFT JOIN person w ON w.id = l.person_id
WHERE l.stocktake_id = $1 AND NOT l.void AND ($2::bigint IS NULL OR l.place_id = $2) ORDER BY l.id
"""
_RISK = """
WITH here AS (
    SELECT p.id, p.code, p.key, p.sort_key FROM place p
    WHERE p.site_id = $1 AND p.kind IN ('bin', 'staging') AND p.retired_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM stocktake_bin b WHERE b.place_id = p.id AND b.live)
),
worth AS (
    SELECT b.place_id, count(*) AS lots, sum(b.on_hand::numeric * coalesce(l.price_fen, 0) / l.price_per) AS fen
    FROM balance b JOIN lot l ON l.id = b.lot_id WHERE b.site_id = $1 AND b.on_hand > 0 GROUP BY b.place_id
),
legs AS (
    SELECT h.id AS place_id FROM here h JOIN move m ON m.to_place = h.id AND m.recorded_at > $2
    UNION ALL
    SELECT h.id FROM here h JOIN move m ON m.from_place = h.id AND m.recorded_at > $2
),
moved AS (SELECT place_id, count(*) AS moves FROM legs GROUP BY place_id),
counted AS (
    SELECT c.place_id, max(c.counted_at) AS at,
        count(DISTINCT c.id) FILTER (WHERE l.variance < 0 AND c.counted_at > $3) AS shorts
    FROM here h JOIN bin_count c ON c.place_id = h.id LEFT JOIN bin_count_line l ON l.count_id = c.id
    GROUP BY c.place_id
)
SELECT h.id, h.code, h.key, h.sort_key, coalesce(w.lots, 0)::int, coalesce(w.fen, 0)::bigint,
    coalesce(m.moves, 0)::int, c.at, coalesce(c.shorts, 0)::int
FROM here h LEFT JOIN worth w ON w.place_id = h.id LEFT JOIN moved m ON m.place_id = h.id
LEFT JOIN counted c ON c.place_id = h.id
ORDER BY h.sort_key COLLATE "C", h.id
"""
_SHEET = """
SELECT k.code, k.stocktake_id, k.place_id, p.code, k.sheet, k.line, k.lot_id, k.condition, coalesce(w.name_zh, l.login),
    l.at
FROM stocktake_sheet_line k JOIN place p ON p.id = k.place_id LEFT JOIN stocktake_line l ON l.id = k.entry_id
    AND NOT l.void LEFT JOIN person w ON w.id = l.person_id
"""
_VEIL = """
SELECT r.person_id, p.id, p.key, p.code, l.number, i.key
FROM stocktake_round r JOIN stocktake_bin b ON b.stocktake_id = r.stocktake_id AND b.place_id = r.place_id AND b.live
    AND b.round = r.round JOIN place p ON p.id = r.place_id
LEFT JOIN balance s ON s.place_id = p.id AND s.on_hand > 0 LEFT JOIN lot l ON l.id = s.lot_id
LEFT JOIN item i ON i.id = s.item_id
WHERE r.person_id = ANY($1::bigint[]) AND r.finished_at IS NULL AND NOT r.void
"""


async def veils_of(person_ids: Collection[int | None]) -> dict[int, Veil]:
    """What the books may not tell these persons now; who counts no bin is left out."""
    sql, args = ask_veils(person_ids)
    return read_veils(await db.fetch(sql, *args))


def ask_veils(person_ids: Collection[int | None]) -> db.Question:
    """`veils_of` as a question, for whoever asks the database several things at once; `read_veils` reads the answer."""
    return _VEIL, (sorted({one for one in person_ids if one is not None}),)


def read_veils(rows: Sequence[db.Row]) -> dict[int, Veil]:
    """The answer to `ask_veils`, by person."""
    found = {}
    for person in {row[0] for row in rows}:
        own = [row for row in rows if row[0] == person]
        found[person] = Veil(
            tuple(sorted({row[3] for row in own})),
            frozenset(row[1] for row in own),
            frozenset(row[2] for row in own),
            frozenset(row[4] for row in own if row[4]),
            frozenset(row[5] for row in own if row[5]),
        )
    return found


async def veil_of(person_id: int | None) -> Veil:
    """What the books may not tell this person now: empty for whoever counts no bin."""
    return (await veils_of([person_id])).get(person_id or 0, Veil())


def unranked(sort: Sort, veil: Veil) -> Sort:
    """An order of a list of stock for whoever counts: the one by quantity would tell by the place in it."""
    return Sort.EXPIRY if veil and sort is Sort.QUANTITY else sort


async def find_counts(ids: Collection[UUID], *, bins: bool = True) -> dict[UUID, Count]:
    """Counts by id with their bins; unknown ones are left out. Not scoped."""
    if not ids:
        return {}
    rows = await db.fetch(_HEAD + "WHERE d.id = ANY($1::uuid[])", list(set(ids)))
    return await _with_bins(rows, bins=bins)


async def get_count(count_id: UUID, scope: Scope) -> Count:
    """A count in scope with its bins. Raises Missing."""
    found = (await find_counts([count_id])).get(count_id)
    if found is None or not scope.covers(found.path, found.site_id):
        raise Missing("count.missing", "没有这次盘点，或不在您的管辖范围内")
    return found


async def list_counts(
    *,
    scope: Scope,
    site_code: str | None = None,
    status: Collection[Status] = (),
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[Count]:
    """Counts of stores in scope, the newest first, with their bins."""
    size, after = checked_limit(limit), read_cursor(cursor, 1)
    if after is not None and (type(after[0]) is not int or not 0 <= after[0] < 2**63):
        raise Invalid("page.bad-cursor", "翻页标记无效，请从第一页重新开始")
    rows = await db.fetch(
        _HEAD + "WHERE (s.path LIKE ANY($1::text[]) OR s.id = ANY($2::bigint[])) AND ($3::text IS NULL OR s.code = $3)"
        " AND (cardinality($4::text[]) = 0 OR d.status = ANY($4::text[])) AND ($5::bigint IS NULL OR d.seq < $5)"
        " ORDER BY d.seq DESC LIMIT $6",
        scope.prefixes,
        list(scope.site_ids),
        site_code,
        [one.value for one in status],
        after[0] if after else None,
        size + 1,
    )
    shown = list((await _with_bins(rows[:size])).values())
    return Page(shown, write_cursor(shown[-1].seq) if len(rows) > size else None)


async def _with_bins(rows: Any, *, bins: bool = True) -> dict[UUID, Count]:
    ids = [row[0] for row in rows]
    kept: dict[UUID, list[CountBin]] = {one: [] for one in ids}
    rounds: dict[tuple[UUID, int], list[CountedBy]] = {}
    if ids and bins:
        for row in await db.fetch(_ROUNDS, ids):
            rounds.setdefault((row[0], row[1]), []).append(CountedBy(*tuple(row)[2:]))
        for row in await db.fetch(_BINS, ids):
            v = tuple(row)
            why = tuple(Part(Factor(part[0]), part[1], part[2]) for part in json.loads(v[12]))
            by = tuple(rounds.get((v[0], v[1]), ()))
            told: tuple[Any, ...] = (*v[1:7], BinStatus(v[7]), *v[8:10], tuple(v[10]), v[11], why, by)
            kept[v[0]].append(CountBin(*told))
    found = {}
    for row in rows:
        w = list(row)
        w[9], w[10], w[19] = CountKind(w[9]), Status(w[10]), tuple(w[19])
        found[w[0]] = Count(*w, bins=tuple(kept[w[0]]))  # type: ignore[misc]
    return found


async def list_lines(count_id: UUID, *, place_id: int | None = None) -> list[CountLine]:
    """Every figure that stands, of all rounds, in the order of entering."""
    found = []
    for row in await db.fetch(_LINES, count_id, place_id):
        v = list(row)
        v[6], v[7], v[9] = tuple(v[6]), json.loads(v[7]) if v[7] else None, Way(v[9])
        found.append(CountLine(*v))
    return found


# --- the result -------------------------------------------------------------------------------------------


async def limits_at(path: str) -> Limits:
    """The limits that hold for a store."""
    return Limits(
        *[
            await whole(f"count.{key}", path)
            for key in ("recount-percent", "recount-value", "approve-percent", "approve-value", "approve-total")
        ]
    )


async def standing_of(count: Count) -> Standing:
    """A count as its workflow looks at it, with its differences."""
    if count.status not in (Status.REVIEW, Status.POSTED):
        return Standing(count)
    lines = tuple(await differences(count))
    return Standing(count, lines, tuple(rules.needs_approval(count, lines, await limits_at(count.path))))


async def differences(count: Count, *, place_id: int | None = None) -> list[Difference]:
    """Every line of the result, in walking order: what was found, and what the books said at that moment.

    Figures of a posted count are as they were posted; before, as they are known now. Lots that the books had there and
    nobody found count as none. Only bins whose present round is finished.
    """
    if count.status is Status.POSTED:
        return await _posted(count)
    moments = {
        one.place_id: one.counted_at
        for one in count.bins
        if one.counted_at is not None and place_id in (None, one.place_id)
    }
    books = await stock.books_then(moments)
    counted: dict[StockKey, int] = {}
    earlier: dict[StockKey, int] = {}
    rounds = {one.place_id: one.round for one in count.bins}
    for line in await list_lines(count.id, place_id=place_id):
        if line.lot_id is None or line.place_id not in moments:
            continue
        key = StockKey(line.lot_id, line.place_id, line.condition)
        if line.round == rounds[line.place_id]:
            counted[key] = counted.get(key, 0) + line.quantity
        elif line.round == rounds[line.place_id] - 1:
            earlier[key] = line.quantity
    before = {one.place_id for one in count.bins if one.round > 1}
    keys = counted.keys() | {key for key, found in books.items() if found.then != 0}
    reasons = await _reasons(count.id)
    facts = await _facts(keys)
    made = []
    for key in keys:
        lot, item_key = facts[key.lot_id]
        book, found = (books[key].then if key in books else 0), counted.get(key, 0)
        reason, note = reasons.get(key, ("", ""))
        made.append(
            Difference(
                key,
                "",
                lot,
                item_key,
                book,
                found,
                rules.value_of(lot, found - book),
                reason,
                note,
                earlier.get(key, 0) if key.place_id in before else None,
                books[key].moves if key in books else 0,
            )
        )
    return _in_order(count, made)


async def _posted(count: Count) -> list[Difference]:
    rows = await db.fetch(
        "SELECT lot_id, place_id, condition, reason, note, book, counted, value_fen FROM stocktake_result"
        " WHERE stocktake_id = $1 AND book IS NOT NULL",
        count.id,
    )
    facts = await _facts({StockKey(row[0], row[1], row[2]) for row in rows})
    made = []
    for row in rows:
        lot, item_key = facts[row[0]]
        made.append(Difference(StockKey(*tuple(row)[:3]), "", lot, item_key, row[5], row[6], row[7], row[3], row[4]))
    return _in_order(count, made)


def _in_order(count: Count, made: Sequence[Difference]) -> list[Difference]:
    bins = {one.place_id: one for one in count.bins}
    named = [replace(one, bin=bins[one.key.place_id].code) for one in made]
    named.sort(key=lambda one: (bins[one.key.place_id].turn, one.lot.item_name, one.lot.number, one.key.condition))
    return named


async def _reasons(count_id: UUID) -> dict[StockKey, tuple[str, str]]:
    rows = await db.fetch(
        "SELECT lot_id, place_id, condition, reason, note FROM stocktake_result WHERE stocktake_id = $1", count_id
    )
    return {StockKey(row[0], row[1], row[2]): (row[3], row[4]) for row in rows}


async def _facts(keys: Collection[StockKey]) -> dict[int, tuple[Lot, str]]:
    """The lots of some keys, each with its item's key."""
    lots = await stock.get_lots(ids={key.lot_id for key in keys})
    rows = await db.fetch(
        "SELECT id, key FROM item WHERE id = ANY($1::bigint[])", [lot.item_id for lot in lots.values()]
    )
    names = {row[0]: row[1] for row in rows}
    return {lot_id: (lot, names[lot.item_id]) for lot_id, lot in lots.items()}


async def disturbed(place_id: int, began: datetime, until: datetime) -> bool:
    """Whether anything was moved in or out of a bin while it was being counted (facts are recorded all the same)."""
    return bool(
        await db.fetch_value(
            "SELECT EXISTS (SELECT 1 FROM move WHERE (to_place = $1 OR from_place = $1) AND occurred_at > $2"
            " AND occurred_at <= $3 AND reason <> 'count' AND reverses IS NULL)",
            place_id,
            began,
            until,
        )
    )


# --- which bins -------------------------------------------------------------------------------------------


async def propose(*, site_id: int, path: str, now: datetime, most: int = 50) -> list[Proposal]:
    """The bins of a store that should be counted first, and why; bins that are in a count already are left out."""
    weights = {factor: await whole(f"count.weight-{factor.value}", path) for factor in Factor}
    days = await whole("count.movement-days", path)
    risks = await bins_of(site_id=site_id, now=now, movement_days=days)
    return rules.propose(risks, weights, full_age=await whole("count.full-age", path), most=most)


async def bins_of(*, site_id: int, now: datetime, movement_days: int = 90) -> list[BinRisk]:
    """All bins of a store that are in no count now, in walking order, with what makes them worth counting."""
    rows = await db.fetch(_RISK, site_id, now - timedelta(days=min(movement_days, 3660)), now - timedelta(days=365))
    told: list[tuple[Any, ...]] = [
        (*tuple(row)[:7], None if row[7] is None else max((now - row[7]).days, 0), row[8]) for row in rows
    ]
    return [BinRisk(*one) for one in told]


async def taken_places(place_ids: Collection[int]) -> dict[int, str]:
    """Which of these bins are in a count that is not over, by that count's number."""
    rows = await db.fetch(
        "SELECT b.place_id, d.number FROM stocktake_bin b JOIN stocktake d ON d.id = b.stocktake_id"
        " WHERE b.place_id = ANY($1::bigint[]) AND b.live",
        list(place_ids),
    )
    return {row[0]: row[1] for row in rows}


async def live_count_of(place_ids: Collection[int]) -> dict[int, UUID]:
    """The count that each of these bins is in now."""
    rows = await db.fetch(
        "SELECT place_id, stocktake_id FROM stocktake_bin WHERE place_id = ANY($1::bigint[]) AND live", list(place_ids)
    )
    return {row[0]: row[1] for row in rows}


# --- paper sheets -----------------------------------------------------------------------------------------


async def find_sheet_line(code: str) -> SheetLine | None:
    """The line with this code. Not scoped: the caller checks the count's store."""
    row = await db.fetch_row(_SHEET + "WHERE k.code = $1", code)
    return SheetLine(*row) if row else None


async def list_sheet_lines(count_id: UUID) -> list[SheetLine]:
    """All lines of all sheets of a count, in their order."""
    rows = await db.fetch(_SHEET + "WHERE k.stocktake_id = $1 ORDER BY k.sheet, k.line", count_id)
    return [SheetLine(*row) for row in rows]


async def lots_in(place_ids: Collection[int]) -> list[tuple[int, int, str]]:
    """(place, lot, condition) of what the books have in some bins, without any figure: what a paper sheet lists."""
    rows = await db.fetch(
        "SELECT b.place_id, b.lot_id, b.condition FROM balance b JOIN lot l ON l.id = b.lot_id"
        " JOIN item i ON i.id = l.item_id WHERE b.place_id = ANY($1::bigint[]) AND b.on_hand > 0"
        " ORDER BY b.place_id, i.sort_key, l.number, b.condition",
        list(place_ids),
    )
    return [(row[0], row[1], row[2]) for row in rows]
