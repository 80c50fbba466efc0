"""From the database to the engine's task: what is wanted, free, protected, how far, what does instead.

A source is one owner's goods in one store, `site:owner`; a supply one lot there, `lot:site:owner`. A class that is
asked for is an item with a negative number, for which its goods do. Promises are sources too (`promises`), measured
from the region to which they were made; and so is what less urgent requisitions hold, where the level lets it be taken
(`holds`).
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.earth import metres_between
from catalog.kernel.parameters import whole
from catalog.kernel.time import day_of
from warehouse.incidents import queries as incidents
from warehouse.incidents.model import Level
from warehouse.norms import queries as norms
from warehouse.norms import rules as norm_rules
from warehouse.norms.model import Field, Goods, Norm, Requirement
from warehouse.requisitions.model import LOAD_MINUTES, ROAD_FACTOR, ROAD_SPEED, Line, Requisition, Wishes
from warehouse.requisitions.queries import promises as promises_
from warehouse.requisitions.queries.holds import Hold, list_holds
from warehouse.requisitions.queries.vehicles import ready_for
from warehouse.requisitions.rules import AtHome
from warehouse.requisitions.sourcing.model import (
    Need,
    Pin,
    Protection,
    Road,
    Size,
    Source,
    SourceKind,
    Substitute,
    Supply,
    Task,
)
from warehouse.sites.roads import load_minutes, ways_to

UNKNOWN_METRES = 50_000
"""Where a store or a place has no point on the map, the straight line is taken to be so long."""
ALL_OF_IT = 100
FREE = """
SELECT b.lot_id, b.place_id, b.item_id, s.id, l.owner_region_id, l.owner_path, l.expires_on, b.on_hand,
    b.on_hand - b.reserved + coalesce((SELECT sum(v.quantity) FROM reservation v WHERE v.lot_id = b.lot_id
        AND v.place_id = b.place_id AND v.condition = 'good' AND v.state = 'held' AND v.expires_at <= $3), 0)::bigint,
    coalesce(s.lat, r.lat), coalesce(s.lon, r.lon)
FROM balance b JOIN lot l ON l.id = b.lot_id JOIN place p ON p.id = b.place_id JOIN site s ON s.id = p.site_id
JOIN region r ON r.id = s.region_id
WHERE b.item_id = ANY($1::bigint[]) AND b.condition = 'good' AND b.on_hand > 0 AND p.kind IN ('bin', 'staging')
    AND p.closed_by IS NULL AND p.retired_at IS NULL AND s.retired_at IS NULL AND s.live
    AND (l.expires_on IS NULL OR l.expires_on >= $2)
"""


@dataclass(frozen=True, slots=True)
class Stand:
    """Goods of one lot at one place. `free`: what nobody holds now, lapsed reservations not counted."""

    lot_id: int
    place_id: int
    item_id: int
    site_id: int
    owner_id: int
    owner_path: str
    expires_on: date | None
    on_hand: int
    free: int
    lat: float | None
    lon: float | None

    @property
    def source(self) -> str:
        """The engine's name of where it comes from."""
        return f"{self.site_id}:{self.owner_id}"

    @property
    def supply(self) -> str:
        """The engine's name of the lot there."""
        return f"{self.lot_id}:{self.site_id}:{self.owner_id}"


async def stands(item_ids: Collection[int], at: datetime) -> list[Stand]:
    """All usable goods of some items in live stores, in a fixed order. Not scoped: for decisions."""
    rows = await db.fetch(FREE + " ORDER BY b.lot_id, p.sort_key, b.place_id", list(set(item_ids)), day_of(at), at)
    return [Stand(*row) for row in rows]


async def read_task(requisition: Requisition, scope: Scope, wishes: Wishes, at: datetime) -> Task:
    """What is still to be sourced of a requisition, and from where it may come.

    `scope`: of requisition.source. Only goods whose owner lies in it are planned, and what was promised to
    regions in it; without `upward` only the asking region's own.
    """
    lines = requisition.open_lines
    substitutes = await _substitutes(lines, day_of(at))
    wanted = {_item(line) for line in lines} | {one.instead for one in substitutes}
    promises = [
        one
        for one in await promises_.promised_for(requisition, at)
        if scope.covers(one.path) and (requisition.facts.upward or one.path.startswith(requisition.path))
        if promises_.serves(one, lines, wanted)
    ]
    firms, offered = promises_.as_sources(promises)
    items = [item for item in wanted if item > 0]
    holds = await list_holds(requisition, scope, items, at)
    missed = await _noted_short(requisition)
    there = [
        one
        for one in await stands(items, at)
        if _may_come(one, requisition, scope) and (one.lot_id, one.place_id) not in missed
    ]
    places = {place_of(line): point for line, point in zip(lines, await _points(lines), strict=True)}
    towns = await _towns(one.region_id for one in promises)
    starts = {promises_.source_name(one.commitment_id): towns[one.region_id] for one in promises}
    speed = await whole(ROAD_SPEED.key, requisition.path)
    factor = await whole(ROAD_FACTOR.key, requisition.path)
    load = await whole(LOAD_MINUTES.key, requisition.path)
    sources: dict[str, Stand] = {one.source: one for one in there}
    starts |= {key: (one.lat, one.lon) for key, one in sources.items()}
    starts |= {one.source: (one.lat, one.lon) for one in holds}
    held: dict[str, list[Hold]] = defaultdict(list)
    for hold in holds:
        held[hold.supply].append(hold)
    site_of = {one.source: one.site_id for one in there} | {one.source: one.site_id for one in holds}
    loads = await load_minutes(site_of.values())
    others = {
        one.source: Source(one.source, one.owner_path, SourceKind.HELD, loads.get(one.site_id, load), one.priority)
        for one in holds
    }
    supplies: dict[str, list[Stand]] = defaultdict(list)
    for one in there:
        supplies[one.supply].append(one)
    kept = {line.id.hex for line in lines}
    return Task(
        today=day_of(at),
        needs=tuple(_need(line, at) for line in lines),
        sources=(
            *(Source(key, one.owner_path, ready=loads.get(one.site_id, load)) for key, one in sorted(sources.items())),
            *firms,
            *(others[key] for key in sorted(others)),
        ),
        supplies=(
            *(_supply(key, alike) for key, alike in sorted(supplies.items())),
            *offered,
            *(_held(key, alike) for key, alike in sorted(held.items())),
        ),
        roads={
            (key, place): road(start, point, factor, speed)
            for key, start in starts.items()
            for place, point in places.items()
        }
        | await _known_roads(lines, site_of),
        protections=tuple(await read_protections(requisition, there, at)),
        substitutes=tuple(substitutes),
        sizes=await _sizes({one.item_id for one in there} | {one.item_id for one in holds}),
        vehicles=await ready_for([*sources, *others], scope, at),
        pins=tuple(Pin(*pin) for pin in wishes.pins if _is_kept(pin[0], kept)),
        forbidden=frozenset((need, source) for need, source in wishes.forbidden if _is_kept(need, kept)),
    )


async def _noted_short(requisition: Requisition) -> set[tuple[int, int]]:
    """(lot, place) of goods that a keeper did not find for this requisition: whatever the books say, they are not
    looked for there again."""
    rows = await db.fetch(
        "SELECT l.lot_id, l.place_id FROM release_line l JOIN release_order o ON o.id = l.release_id"
        " WHERE o.requisition_id = $1 AND l.short > 0",
        requisition.id,
    )
    return {(row[0], row[1]) for row in rows}


def _supply(key: str, alike: Sequence[Stand]) -> Supply:
    first = alike[0]
    return Supply(key, first.source, first.item_id, sum(max(0, one.free) for one in alike), first.expires_on)


def _held(key: str, alike: Sequence[Hold]) -> Supply:
    first = alike[0]
    return Supply(key, first.source, first.item_id, sum(one.quantity for one in alike), first.expires_on)


def _is_kept(line: str, kept: Collection[str]) -> bool:
    return line.replace("-", "") in kept


def _may_come(one: Stand, requisition: Requisition, scope: Scope) -> bool:
    return scope.covers(one.owner_path) and (requisition.facts.upward or one.owner_path.startswith(requisition.path))


def _item(line: Line) -> int:
    return line.facts.item_id if line.facts.item_id is not None else -(line.facts.class_id or 0)


def place_of(line: Line) -> str:
    """The engine's name of where a line goes."""
    facts = line.facts
    return f"{facts.region_id}:{facts.place}:{facts.lat}:{facts.lon}"


def _need(line: Line, at: datetime) -> Need:
    facts = line.facts
    by = None if facts.needed_by is None else math.floor((facts.needed_by - at).total_seconds() / 60)
    return Need(str(line.id), place_of(line), line.path, _item(line), line.rest, facts.priority, by, line.line)


async def _known_roads(lines: Iterable[Line], site_of: Mapping[str, int]) -> dict[tuple[str, str], Road]:
    """Ways that somebody loaded, from a store to the middle of the region where a place lies."""
    region_of = {place_of(line): line.facts.region_id for line in lines}
    known = await ways_to(region_of.values(), site_of.values())
    return {
        (source, place): Road(*known[site, region])
        for source, site in site_of.items()
        for place, region in region_of.items()
        if (site, region) in known
    }


def road(
    start: tuple[float | None, float | None], end: tuple[float | None, float | None], percent: int, speed: int
) -> Road:
    """A way estimated from the straight line."""
    metres = _straight(start, end) * percent // 100
    return Road(math.ceil(metres * 60 / (speed * 1000)), metres, estimated=True)


def _straight(start: tuple[float | None, float | None], end: tuple[float | None, float | None]) -> int:
    if start[0] is None or start[1] is None or end[0] is None or end[1] is None:
        return UNKNOWN_METRES
    return metres_between((start[0], start[1]), (end[0], end[1]))


async def _towns(region_ids: Iterable[int]) -> dict[int, tuple[float | None, float | None]]:
    rows = await db.fetch("SELECT id, lat, lon FROM region WHERE id = ANY($1::bigint[])", sorted(set(region_ids)))
    return {row[0]: (row[1], row[2]) for row in rows}


async def _points(lines: Sequence[Line]) -> list[tuple[float | None, float | None]]:
    towns = await _towns(line.facts.region_id for line in lines)
    return [
        (line.facts.lat, line.facts.lon) if line.facts.lat is not None else towns[line.facts.region_id]
        for line in lines
    ]


async def _substitutes(lines: Iterable[Line], day: date) -> list[Substitute]:
    """What does instead of the items wanted and was approved to, and the goods of the classes wanted."""
    asked = list(lines)
    found = [
        Substitute(row[0], row[1], of=row[2], given=row[3], rank=row[4])
        for row in await db.fetch(
            "SELECT s.item_id, s.substitute_id, s.need, s.give,"
            " row_number() OVER (PARTITION BY s.item_id ORDER BY s.id)"
            " FROM item_substitute s JOIN item i ON i.id = s.substitute_id WHERE s.item_id = ANY($1::bigint[])"
            " AND s.retired_at IS NULL AND s.approved_at IS NOT NULL AND i.retired_at IS NULL ORDER BY s.item_id, s.id",
            sorted({line.facts.item_id for line in asked if line.facts.item_id is not None}),
        )
    ]
    return [*found, *(await _of_classes([line for line in asked if line.facts.class_id is not None], day))]


async def _of_classes(lines: Sequence[Line], day: date) -> list[Substitute]:
    """The goods of the classes wanted, each for as much as the norm of whoever asks (or of the region above) says.

    Lines of one class are one thing to the engine: where they do not all have the same norm, nothing but one for one is
    certain.
    """
    if not lines:
        return []
    rows = await db.fetch(
        "SELECT k.id, i.id, i.unit_factor FROM material_class k JOIN material_class c ON c.path LIKE k.path || '%'"
        " JOIN item i ON i.class_id = c.id WHERE k.id = ANY($1::bigint[]) AND i.retired_at IS NULL ORDER BY k.id, i.id",
        sorted({line.facts.class_id for line in lines if line.facts.class_id is not None}),
    )
    above = {int(part) for line in lines for part in line.path.strip("/").split("/")}
    subjects = await norms.subjects_of(above, (), day)
    stated = await norms.norms_over(subjects, ())
    by: dict[int, dict[UUID | None, Norm | None]] = defaultdict(dict)
    for line in lines:
        over = [one for one in subjects if line.path.startswith(one.path)]
        found = norm_rules.counting(stated, over, line.facts.class_id or 0, line.facts.unit, day)
        by[line.facts.class_id or 0][found.id if found else None] = found
    sure = {of_class: next(iter(each.values())) if len(each) == 1 else None for of_class, each in by.items()}
    ways = [(of_class, item, *norm_rules.worth(sure[of_class], item, factor)) for of_class, item, factor in rows]
    return [Substitute(-of_class, item, of=worth, given=base) for of_class, item, worth, base in ways if worth]


async def _sizes(item_ids: Collection[int]) -> dict[int, Size]:
    rows = await db.fetch(
        "SELECT id, coalesce(weight_g, 0), coalesce(volume_ml, 0), unit_factor FROM item WHERE id = ANY($1::bigint[])",
        sorted(item_ids),
    )
    return {row[0]: Size(row[1] / row[3], row[2] / row[3]) for row in rows}


# --- protection -----------------------------------------------------------------------------------------------------


async def read_protections(requisition: Requisition, there: Sequence[Stand], at: datetime) -> list[Protection]:
    """What may leave at most of what owners and stores must keep at the present response level."""
    percent = ALL_OF_IT
    if requisition.level is not None:
        percent = (await incidents.level_rules(Level(requisition.level), requisition.path)).protected_percent
    if not there or not percent:
        return []
    day = day_of(at)
    subjects = await norms.subjects_of({one.owner_id for one in there}, {one.site_id for one in there}, day)
    goods = await norms.list_goods()
    item_ids = {one.item_id for one in there}
    required = [
        one
        for one in norm_rules.requirements(
            await norms.norms_over(subjects, [one.item_id for one in goods]), subjects, goods, day
        )
        if one.resolution.value(Field.MINIMUM) and not item_ids.isdisjoint(good.item_id for good in one.items)
    ]
    if not required:
        return []
    # What counts for the minimums: also goods of the same class that nobody wants now.
    counted = await stands({good.item_id for one in required for good in one.items}, at)
    limits = (protection(one, counted, percent) for one in required)
    return [one for one in limits if one is not None]


def protection(required: Requirement, there: Iterable[Stand], percent: int) -> Protection | None:
    """The limit that one requirement sets: free goods that count for it, less the protected share of its minimum."""
    minimum = required.resolution.value(Field.MINIMUM)
    norm = required.resolution.governing
    if minimum is None or norm is None:
        return None
    subject = required.subject
    each = {good.item_id: _worth(norm, good) for good in required.items}
    scale = math.lcm(*(base for _, base in each.values()))
    members: dict[tuple[str, int], int] = {}
    free = 0
    for one in there:
        mine = one.owner_id == subject.region_id if subject.site_id is None else one.site_id == subject.site_id
        if not mine or one.item_id not in each:
            continue
        worth, base = each[one.item_id]
        members[one.source, one.item_id] = worth * scale // base
        free += max(0, one.free) * worth * scale // base
    if not members:
        return None
    kept = math.ceil(minimum * percent / 100) * scale
    key = f"site {subject.site_id}" if subject.site_id is not None else f"region {subject.region_id}"
    what = f"item {required.item_id}" if required.item_id is not None else f"class {required.class_id}"
    return Protection(f"{key} {what}", max(0, free - kept), members)


def _worth(norm: Norm, good: Goods) -> tuple[int, int]:
    """(worth, base): so much of the norm's own unit is so many base units of the item."""
    return (1, 1) if norm.facts.class_id is None else norm_rules.worth(norm, good.item_id, good.unit_factor)


# --- own tier first -------------------------------------------------------------------------------------------------


async def at_home(requisition: Requisition, at: datetime) -> list[AtHome]:
    """What the asking region itself (or a place in it) owns and has free of each line's goods."""
    classes: Mapping[int, list[int]] = defaultdict(list)
    asked = [line for line in requisition.lines if line.facts.class_id is not None]
    for one in await _of_classes(asked, day_of(at)):
        classes[-one.wanted].append(one.instead)
    goods = {
        line.line: [line.facts.item_id] if line.facts.item_id is not None else classes[line.facts.class_id or 0]
        for line in requisition.lines
    }
    there = [
        one
        for one in await stands({item for of_line in goods.values() for item in of_line}, at)
        if one.owner_path.startswith(requisition.path) and one.free > 0
    ]
    rows = await db.fetch("SELECT id, name_zh FROM site WHERE id = ANY($1::bigint[])", [one.site_id for one in there])
    names = {row[0]: str(row[1]) for row in rows}
    found = []
    for line in requisition.lines:
        mine = [one for one in there if one.item_id in goods[line.line]]
        if mine:
            sites = tuple(sorted({names[one.site_id] for one in mine}))
            found.append(AtHome(line.line, line.goods_zh, sum(one.free for one in mine), sites))
    return found
