"""Ways by road (路网): how long and how far it is from a store to a region's middle, loaded as a matrix.

Where a way is known, sourcing takes it; elsewhere it estimates from the straight line.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from catalog.kernel import attempts, audit, db, feed, history
from catalog.kernel.access import Permission, Scope
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid
from catalog.kernel.page import Page, checked_limit, read_cursor, write_cursor
from catalog.kernel.parameters import UNVERIFIED
from catalog.kernel.stamp import Stamp

MOST_MINUTES = 7 * 24 * 60
MOST_METRES = 10_000_000
MOST_AT_ONCE = 20_000
"""A hundred stores to two hundred towns."""


@dataclass(frozen=True, slots=True)
class Way:
    """From a store to a region's middle. `minutes` and `metres` None: the way is taken out again."""

    site_id: int
    region_id: int
    minutes: int | None
    metres: int | None
    source: str


@dataclass(frozen=True, slots=True)
class WayRow:
    """A way in words."""

    site_code: str
    site_zh: str
    site_en: str | None
    region_key: str
    region_zh: str
    region_en: str | None
    minutes: int
    metres: int
    source: str
    set_at: datetime


async def load_roads(*, stamp: Stamp, ways: Sequence[Way]) -> Mapping[str, int]:
    """Set, change and take out ways, all or none; `{"new", "changed", "removed", "same"}`. Ways not named stay.

    Needs site.edit at each store. Raises Invalid (`road.…`), Denied, Missing (a store out of scope).
    """

    async def work() -> Receipt:
        _check(ways)
        ids = sorted({one.site_id for one in ways})
        paths = {
            row[0]: str(row[1])
            for row in await db.fetch("SELECT id, path FROM site WHERE id = ANY($1::bigint[]) FOR UPDATE", ids)
        }
        for site_id in ids:
            stamp.require_at(Permission.SITE_EDIT, paths[site_id], site_id)
        known = {
            (row[0], row[1]): (row[2], row[3], str(row[4]))
            for row in await db.fetch(
                "SELECT site_id, region_id, minutes, metres, source FROM road WHERE site_id = ANY($1::bigint[])"
                " AND minutes IS NOT NULL",
                ids,
            )
        }
        counts = dict.fromkeys(("new", "changed", "removed", "same"), 0)
        changed: list[Way] = []
        for one in ways:
            before = known.get((one.site_id, one.region_id))
            after = None if one.minutes is None else (one.minutes, one.metres, one.source)
            verdict = "same" if before == after else "removed" if after is None else "changed" if before else "new"
            counts[verdict] += 1
            if verdict != "same":
                changed.append(one)
        await _write(changed, stamp.recorded_at)
        for site_id in sorted({one.site_id for one in changed}):
            mine = [one for one in changed if one.site_id == site_id]
            await history.record(
                stamp, table="road", key=str(site_id), verb="load",
                before={str(one.region_id): known.get((site_id, one.region_id)) for one in mine},
                after={str(one.region_id): asdict(one) for one in mine},
            )  # fmt: skip
            await audit.record(
                stamp, "site.roads", subject_kind="site", subject_id=str(site_id), facts={"ways": len(mine)}
            )
        await feed.publish("site", map(str, sorted({one.site_id for one in changed})), stamp.recorded_at)
        return counts

    return await attempts.once(stamp, "site.roads", work)


def _check(ways: Sequence[Way]) -> None:
    if not 0 < len(ways) <= MOST_AT_ONCE:
        raise Invalid("road.how-many", f"一次须有 1 至 {MOST_AT_ONCE} 条路程", count=len(ways))
    seen: set[tuple[int, int]] = set()
    for number, one in enumerate(ways, 1):
        if (one.site_id, one.region_id) in seen:
            raise Invalid("road.twice", "同一库点到同一区划出现了两次", line=number)
        seen.add((one.site_id, one.region_id))
        if (one.minutes is None) != (one.metres is None):
            raise Invalid("road.half", "时间和路程须都填，或都不填（不填即删除）", line=number)
        if one.minutes is None or one.metres is None:
            continue
        if not 0 <= one.minutes <= MOST_MINUTES or not 0 <= one.metres <= MOST_METRES:
            raise Invalid("road.too-far", "时间须在 0 至 10080 分钟、路程须在 0 至 10000 公里之内", line=number)
        if not one.source.strip():
            raise Invalid("road.no-source", "请填写路程数据的来源", line=number)


async def _write(changed: Sequence[Way], at: datetime) -> None:
    await db.execute(
        "INSERT INTO road (site_id, region_id, minutes, metres, source, set_at)"
        " SELECT *, $6 FROM unnest($1::bigint[], $2::bigint[], $3::int[], $4::bigint[], $5::text[])"
        " ON CONFLICT (site_id, region_id) DO UPDATE SET minutes = excluded.minutes, metres = excluded.metres,"
        " source = excluded.source, set_at = excluded.set_at",
        [one.site_id for one in changed],
        [one.region_id for one in changed],
        [one.minutes for one in changed],
        [one.metres for one in changed],
        [one.source.strip() or UNVERIFIED for one in changed],
        at,
    )


# --- reads ----------------------------------------------------------------------------------------------------------


async def ways_to(region_ids: Collection[int], site_ids: Collection[int]) -> dict[tuple[int, int], tuple[int, int]]:
    """(site, region) → (minutes, metres) where known. Not scoped: for decisions."""
    rows = await db.fetch(
        "SELECT site_id, region_id, minutes, metres FROM road"
        " WHERE region_id = ANY($1::bigint[]) AND site_id = ANY($2::bigint[]) AND minutes IS NOT NULL",
        sorted(set(region_ids)),
        sorted(set(site_ids)),
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


async def load_minutes(site_ids: Collection[int]) -> dict[int, int]:
    """How long these stores take to load, where somebody said it. Not scoped: for decisions."""
    rows = await db.fetch(
        "SELECT id, load_minutes FROM site WHERE id = ANY($1::bigint[]) AND load_minutes IS NOT NULL",
        sorted(set(site_ids)),
    )
    return {row[0]: row[1] for row in rows}


async def list_roads(
    *,
    scope: Scope,
    site_code: str | None = None,
    region_key: str | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> Page[WayRow]:
    """Known ways from stores in scope, by store and region. Raises Invalid for a bad cursor."""
    size = checked_limit(limit)
    after = [str(part) for part in read_cursor(cursor, 2) or ("", "")]
    rows = await db.fetch(
        "SELECT s.code, s.name_zh, s.name_en, r.key, r.name_zh, r.name_en, w.minutes, w.metres, w.source, w.set_at"
        " FROM road w JOIN site s ON s.id = w.site_id JOIN region r ON r.id = w.region_id"
        " WHERE w.minutes IS NOT NULL AND (s.path LIKE ANY($1::text[]) OR s.id = ANY($2::bigint[]))"
        " AND ($3::text IS NULL OR s.code = $3) AND ($4::text IS NULL OR r.key = $4)"
        ' AND (s.code COLLATE "C", r.key COLLATE "C") > ($5, $6)'
        ' ORDER BY s.code COLLATE "C", r.key COLLATE "C" LIMIT $7',
        scope.prefixes,
        sorted(scope.site_ids),
        site_code,
        region_key,
        *after,
        size + 1,
    )
    found = [WayRow(*row) for row in map(tuple, rows)]
    if len(found) <= size:
        return Page(found, None)
    last = found[size - 1]
    return Page(found[:size], write_cursor(last.site_code, last.region_key))
