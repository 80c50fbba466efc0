"""Reads of scenarios and consumption norms, and what a scenario is worked out from (not scoped: for decisions)."""

import json
from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.earth import metres_between
from catalog.kernel.errors import Missing
from catalog.kernel.listing import Listing
from catalog.kernel.page import Page
from catalog.kernel.time import SHANGHAI
from warehouse.commitments import queries as commitments
from warehouse.norms import queries as norms
from warehouse.norms.model import Field
from warehouse.planning.scenario.model import (
    Area,
    AreaPeople,
    Arriving,
    Basis,
    Consumption,
    ConsumptionNorm,
    Entry,
    Goods,
    Guard,
    Offer,
    Reach,
    Scenario,
    ScenarioFacts,
    What,
)
from warehouse.planning.scenario.rules import minutes_until
from warehouse.replenishment import queries as replenishment

MOST_NORMS = 1_000
_NORM = (
    "SELECT n.id, n.seq, n.quantity, n.people, n.basis, n.daily, n.item_id, n.class_id, n.source, n.note, n.hazard,"
    " n.region_id, r.path, r.key, r.name_zh, r.name_en, coalesce(i.key, k.code), coalesce(i.name_zh, k.name_zh),"
    " CASE WHEN i.id IS NULL THEN k.name_en ELSE i.name_en END, coalesce(i.unit_zh, ''), coalesce(i.unit_factor, 1),"
    " n.version, n.retired_at, n.created_by FROM consumption_norm n JOIN region r ON r.id = n.region_id"
    " LEFT JOIN item i ON i.id = n.item_id LEFT JOIN material_class k ON k.id = n.class_id"
)
_SEEN = (
    "(r.path LIKE ANY({}::text[]) OR EXISTS (SELECT 1 FROM unnest({}::text[]) mine WHERE starts_with(mine, r.path)))"
)
_SCENARIO = (
    "SELECT s.id, s.seq, s.name, s.hazard, s.region_id, s.day, s.days, s.areas, s.uses, s.reach, s.note, r.path, r.key,"
    " r.name_zh, r.name_en, s.version, s.retired_at, s.created_at, s.created_by, s.computed_at, s.computed_by,"
    " s.outcome FROM scenario s JOIN region r ON r.id = s.region_id"
)


# --- consumption norms ----------------------------------------------------------------------------------------------


def _norm(row: Any) -> ConsumptionNorm:
    values = list(row)
    quantity, people, basis, daily, item_id, class_id, source, note = values[2:10]
    facts = Consumption(quantity, people, Basis(basis), daily, item_id, class_id, source, note)
    return ConsumptionNorm(values[0], values[1], facts, *values[10:])


async def list_consumption(*, scope: Scope, retired: bool = False) -> list[ConsumptionNorm]:
    """Consumption norms of the regions in scope and of those above them, by goods."""
    listing = Listing(_NORM)
    listing.where(_SEEN, scope.prefixes, list(scope.paths))
    if not retired:
        listing.where("n.retired_at IS NULL")
    found = await listing.page(("coalesce(i.key, k.code)", "n.seq"), None, 500, _norm)
    return list(found.items)


async def get_consumption(norm_id: UUID, scope: Scope) -> ConsumptionNorm:
    """One consumption norm in sight. Raises Missing."""
    listing = Listing(_NORM)
    listing.where("n.id = {}", norm_id)
    listing.where(_SEEN, scope.prefixes, list(scope.paths))
    found = await listing.page(("n.seq",), None, 1, _norm)
    if not found.items:
        raise Missing("consumption.missing", "没有这条消耗标准，或不在您的管辖范围内", norm=str(norm_id))
    return found.items[0]


async def consumption_above(path: str) -> list[ConsumptionNorm]:
    """Live norms of the region at `path` and of those above it."""
    rows = await db.fetch(
        _NORM + f" WHERE n.retired_at IS NULL AND starts_with($1, r.path) ORDER BY n.seq LIMIT {MOST_NORMS}", path
    )
    return [_norm(row) for row in rows]


# --- scenarios ------------------------------------------------------------------------------------------------------


def _read(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _scenario(row: Any) -> Scenario:
    values = list(row)
    facts = ScenarioFacts(
        name=values[2],
        hazard=values[3],
        region_id=values[4],
        day=values[5],
        days=values[6],
        areas=tuple(AreaPeople(**one) for one in _read(values[7])),
        uses=tuple(Consumption(**{**one, "basis": Basis(one["basis"])}) for one in _read(values[8])),
        reach=Reach(**_read(values[9])),
        note=values[10],
    )
    return Scenario(*(*values[:2], facts, *values[11:21], _read(values[21])))


async def get_scenario(scenario_id: UUID, scope: Scope) -> Scenario:
    """One scenario in scope, also a retired one. Raises Missing."""
    rows = await db.fetch(_SCENARIO + " WHERE s.id = $1", scenario_id)
    if not rows or not scope.covers(rows[0][11]):
        raise Missing("scenario.missing", "没有这个情景，或不在您的管辖范围内", scenario=str(scenario_id))
    return _scenario(rows[0])


async def list_scenarios(
    *,
    scope: Scope,
    text: str | None = None,
    hazard: str | None = None,
    retired: bool = False,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[Scenario]:
    """Scenarios in scope, the newest first."""
    listing = Listing(_SCENARIO)
    listing.where("r.path LIKE ANY({}::text[])", scope.prefixes)
    if not retired:
        listing.where("s.retired_at IS NULL")
    if text:
        listing.where("strpos(upper(concat_ws(' ', s.name, r.key, r.name_zh, r.name_en)), upper({})) > 0", text)
    if hazard:
        listing.where("s.hazard = {}", hazard)
    return await listing.page(("(-s.seq)",), cursor, limit, _scenario)


# --- what it is worked out from -------------------------------------------------------------------------------------


async def areas_of(facts: ScenarioFacts) -> list[Area]:
    """The hit regions with their people; a region without a point takes that of the nearest region above it."""
    rows = await db.fetch(
        "SELECT r.id, r.key, r.name_zh, r.tier, r.path, p.lat, p.lon FROM region r LEFT JOIN LATERAL"
        " (SELECT lat, lon FROM region a WHERE starts_with(r.path, a.path) AND a.lat IS NOT NULL"
        " ORDER BY length(a.path) DESC LIMIT 1) p ON true WHERE r.id = ANY($1::bigint[]) AND r.retired_at IS NULL",
        [one.region_id for one in facts.areas],
    )
    found = {row[0]: tuple(row) for row in rows}
    areas = []
    for one in facts.areas:
        if one.region_id not in found:
            raise Missing("region.missing", "没有这个区划", region_id=one.region_id)
        row = found[one.region_id]
        areas.append(Area(*(*row[:5], one.affected, one.moved, *row[5:])))
    return areas


async def whats_of(uses: Sequence[Consumption]) -> list[What]:
    """What each line is for, named. Raises Missing."""
    items = {
        row[0]: What(row[1], row[2], row[3], row[4], row[5], item_id=row[0])
        for row in await db.fetch(
            "SELECT i.id, i.key, i.name_zh, i.unit_zh, i.unit_factor, c.path FROM item i"
            " JOIN material_class c ON c.id = i.class_id WHERE i.id = ANY($1::bigint[])",
            [use.item_id for use in uses if use.item_id is not None],
        )
    }
    classes = {
        row[0]: What(row[1], row[2], row[4] or "", 1, row[3], class_id=row[0])
        for row in await db.fetch(
            "SELECT c.id, c.code, c.name_zh, c.path, (SELECT i.unit_zh FROM item i JOIN material_class k"
            " ON k.id = i.class_id WHERE k.path LIKE c.path || '%' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1)"
            " FROM material_class c WHERE c.id = ANY($1::bigint[])",
            [use.class_id for use in uses if use.class_id is not None],
        )
    }
    found = []
    for use in uses:
        what = items.get(use.item_id) if use.item_id is not None else classes.get(use.class_id or 0)
        if what is None:
            raise Missing("norm.no-such-goods", "没有这种物资或类别", item_id=use.item_id, class_id=use.class_id)
        found.append(what)
    return found


async def goods_of(whats: Sequence[What]) -> list[Goods]:
    """Every live item that a line may count, with weight and price."""
    rows = await db.fetch(
        "SELECT i.id, i.key, i.name_zh, c.path, i.unit_zh, i.unit_factor, i.weight_g, i.price_fen, i.price_per"
        " FROM item i JOIN material_class c ON c.id = i.class_id WHERE i.retired_at IS NULL"
        " AND i.kind <> 'phantom_kit' AND (i.id = ANY($1::bigint[]) OR c.path LIKE ANY($2::text[])) ORDER BY i.key",
        [what.item_id for what in whats if what.item_id is not None],
        [what.class_path + "%" for what in whats if what.class_id is not None],
    )
    return [Goods(*row) for row in rows]


async def entries_of(items: Collection[int], on: date, areas: Sequence[Area], scope: Scope) -> list[Entry]:
    """What is usable on the day and not reserved, by site, owner and item; with the way to the nearest hit region.

    Of live sites in scope. A site without a point stands at its region's, else nowhere.
    """
    rows = await db.fetch(
        "SELECT s.id, s.code, s.name_zh, s.path, r.tier, l.owner_region_id, l.owner_path, b.item_id,"
        " sum(b.on_hand - b.reserved)::bigint, coalesce(s.lat, r.lat), coalesce(s.lon, r.lon)"
        " FROM balance b JOIN lot l ON l.id = b.lot_id JOIN place p ON p.id = b.place_id"
        " JOIN site s ON s.id = b.site_id AND s.live AND s.retired_at IS NULL JOIN region r ON r.id = s.region_id"
        " WHERE b.item_id = ANY($1::bigint[]) AND b.condition = 'good' AND b.on_hand > b.reserved"
        " AND p.kind IN ('bin', 'staging') AND (l.expires_on IS NULL OR l.expires_on >= $2::date)"
        " AND (s.path LIKE ANY($3::text[]) OR s.id = ANY($4::bigint[]))"
        " GROUP BY s.id, r.id, l.owner_region_id, l.owner_path, b.item_id ORDER BY s.code, b.item_id",
        list(items),
        on,
        scope.prefixes,
        list(scope.site_ids),
    )
    return [Entry(*(*row[:-2], _way(areas, row[-2], row[-1]))) for row in map(tuple, rows)]


def _way(areas: Sequence[Area], lat: float | None, lon: float | None) -> int | None:
    """Metres to the nearest hit region's point; None where either place is not known."""
    if lat is None or lon is None:
        return None
    return min(
        (metres_between((lat, lon), (a.lat, a.lon)) for a in areas if a.lat is not None and a.lon is not None),
        default=None,
    )


_ON_ROAD = """
SELECT s.id, s.code, s.name_zh, s.path, r.tier, l.owner_region_id, l.owner_path, b.item_id,
    sum(b.on_hand - b.reserved)::bigint, coalesce(s.lat, r.lat), coalesce(s.lon, r.lon), h.eta_to, h.number, h.id::text
FROM shipment h JOIN balance b ON b.place_id = h.place_id JOIN lot l ON l.id = b.lot_id
JOIN site s ON s.id = h.to_site_id AND s.live AND s.retired_at IS NULL JOIN region r ON r.id = s.region_id
WHERE h.status IN ('on_road', 'arrived') AND b.item_id = ANY($1::bigint[]) AND b.condition = 'good'
    AND b.on_hand > b.reserved AND (l.expires_on IS NULL OR l.expires_on >= $2::date)
    AND (s.path LIKE ANY($3::text[]) OR s.id = ANY($4::bigint[]))
GROUP BY s.id, r.id, l.owner_region_id, l.owner_path, b.item_id, h.id ORDER BY h.number, b.item_id
"""
_PLACES = """
SELECT s.id, s.code, s.name_zh, s.path, r.tier, coalesce(s.lat, r.lat), coalesce(s.lon, r.lon)
FROM site s JOIN region r ON r.id = s.region_id WHERE s.id = ANY($1::bigint[]) AND s.live AND s.retired_at IS NULL
    AND (s.path LIKE ANY($2::text[]) OR s.id = ANY($3::bigint[]))
"""


async def arrivals_of(
    items: Collection[int], facts: ScenarioFacts, areas: Sequence[Area], scope: Scope, now: datetime
) -> list[Entry]:
    """What is on its way to live sites in scope: on the road between stores (在途), on order or announced
    (在订). A day's delivery is there when the day ends. What is overdue, or has no
    day, has no hour.

    What goes to a receiving point is somebody's already and is not counted. Left out: what is due only after the
    scenario's days and after bought goods would have come.
    """
    start = max(datetime.combine(facts.day, time(), SHANGHAI), now)
    until = facts.day + timedelta(days=max(facts.days, facts.reach.buy_days, facts.reach.hours // 24 + 1))
    found = []
    for row in await db.fetch(_ON_ROAD, list(items), facts.day, scope.prefixes, list(scope.site_ids)):
        *plain, lat, lon, eta, number, document = tuple(row)
        due = eta.astimezone(SHANGHAI).isoformat(timespec="minutes") if eta else ""
        coming = Arriving("shipment", number, document, due)
        found.append(Entry(*(*plain, _way(areas, lat, lon), minutes_until(eta, start, now), coming)))
    orders = await replenishment.on_order(item_ids=items)
    places = {
        row[0]: tuple(row)
        for row in await db.fetch(_PLACES, [one.site_id for one in orders], scope.prefixes, list(scope.site_ids))
    }
    owners = await db.fetch(
        "SELECT id, path FROM region WHERE id = ANY($1::bigint[])", [one.owner_region_id for one in orders]
    )
    path_of = {row[0]: row[1] for row in owners}
    for one in orders:
        place, day = places.get(one.site_id), one.expected_on
        if place is None or (day is not None and day > until):
            continue
        end = datetime.combine(day + timedelta(days=1), time(), SHANGHAI) if day is not None else None
        coming = Arriving(one.source.value, one.number, str(one.document_id), day.isoformat() if day else "")
        *named, lat, lon = place
        owner = (one.owner_region_id, path_of[one.owner_region_id])
        wait = minutes_until(end, start, now)
        found.append(Entry(*(*named, *owner, one.item_id, one.quantity, _way(areas, lat, lon), wait, coming)))
    return found


async def guards_of(entries: Sequence[Entry], on: date, root: str) -> list[Guard]:
    """The minimums of every place that has some of it: sites by what stands there, regions by what they own."""
    if not entries:
        return []
    required = await norms.requirements(scope=Scope((root,)), path=root, on=on)
    sites, owners = {one.site_id for one in entries}, {one.owner_id for one in entries}
    mine = {one.item_id for one in entries}
    guards = []
    for one in required:
        minimum, governing = one.resolution.value(Field.MINIMUM), one.resolution.governing
        at_site = one.subject.site_id is not None
        if not minimum or governing is None:
            continue
        if (one.subject.site_id not in sites) if at_site else (one.subject.region_id not in owners):
            continue
        by_item = {e.item_id: (e.base, e.worth) for e in governing.facts.equivalents}
        ratios = {
            goods.item_id: (1, 1) if one.item_id is not None else by_item.get(goods.item_id, (goods.unit_factor, 1))
            for goods in one.items
        }
        if not mine & set(ratios):
            continue
        guards.append(
            Guard(
                one.subject.site_id,
                None if at_site else one.subject.region_id,
                one.subject.name_zh,
                ratios,
                minimum,
            )
        )
    return guards


async def offers_of(areas: Sequence[Area], on: date) -> list[Offer]:
    """Commitments of the hit regions, of those above them and of those inside them."""
    rows = await db.fetch(
        "SELECT id FROM region WHERE EXISTS (SELECT 1 FROM unnest($1::text[]) hit"
        " WHERE starts_with(hit, path) OR path LIKE hit || '%')",
        [area.path for area in areas],
    )
    return [
        Offer(
            str(one.commitment_id),
            one.number,
            one.party_zh,
            one.item_id,
            one.class_path,
            one.counted,
            one.quantity,
            one.confidence,
            one.response_hours,
            one.price_fen,
            one.price_per,
            one.class_id,
        )
        for one in await commitments.promised([row[0] for row in rows], on)
    ]
