"""Create, start and cancel a count."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID, uuid5

from catalog.kernel import attempts, db
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Refused
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from warehouse.counts import queries, rules
from warehouse.counts.actions.document import changed, judged, note, thaw
from warehouse.counts.model import BinRisk, CountKind, Part, Status
from warehouse.sites import queries as sites
from warehouse.sites.model import Site


async def create_count(
    *,
    stamp: Stamp,
    site_id: int,
    kind: CountKind = CountKind.CHOSEN,
    place_ids: Collection[int] = (),
    most: int = 20,
    note_text: str = "",
    begin: bool = True,
) -> Receipt:
    """A new count of a store, started at once unless `begin` is False. The receipt has its id and number.

    `chosen` counts `place_ids`; `risk` the `most` bins that most should be counted (or those of them in `place_ids`);
    `full` and `opening` every bin. Bins that are in another count are Refused where they were named, else left out.
    Needs count.plan. Raises Missing, Invalid, Refused (`count.bin-in-count`, `count.is-live`, `count.site-retired`).
    """

    async def work() -> Receipt:
        site = await sites.get_site(site_id, stamp.require(Permission.COUNT_PLAN))
        _check_site(site, kind)
        chosen = await _chosen(site, kind, set(place_ids), most, stamp.recorded_at)
        rules.check_bins(len(chosen))
        status = Status.COUNTING if begin else Status.DRAFT
        count_id = uuid5(stamp.attempt, "stocktake")
        number = await db.fetch_value(
            "INSERT INTO stocktake (id, number, site_id, kind, status, note, created_at, created_by, creator_id,"
            " attempt) VALUES ($1, $2 || to_char($3::date, '-PYY-') || lpad(nextval('stocktake_number')::text, 6, '0'),"
            " $4, $5, $6, $7, $8, $9, $10, $11) RETURNING number",
            count_id,
            site.code,
            day_of(stamp.recorded_at),
            site_id,
            kind.value,
            status.value,
            note_text.strip(),
            stamp.recorded_at,
            stamp.login,
            stamp.person_id,
            stamp.attempt,
        )
        await db.execute(
            "INSERT INTO stocktake_bin (stocktake_id, place_id, turn, points, why)"
            " SELECT $1, p, n, k, w::jsonb FROM unnest($2::bigint[], $3::int[], $4::text[])"
            " WITH ORDINALITY t (p, k, w, n)",
            count_id,
            [one.place_id for one, _, _ in chosen],
            [points for _, points, _ in chosen],
            [json.dumps([[p.factor.value, p.share, p.weight] for p in parts]) for _, _, parts in chosen],
        )
        after = {"number": number, "status": status.value, "kind": kind.value, "bins": len(chosen)}
        await note(stamp, "create", count_id, None, after, site_id)
        return {"verb": "create", "count": str(count_id), **after, "version": 1}

    return await attempts.once(stamp, "count.create", work)


def _check_site(site: Site, kind: CountKind) -> None:
    if site.retired_at is not None:
        raise Refused("count.site-retired", "储备库点已停用", site=site.code)
    if kind is CountKind.OPENING and site.live:
        raise Refused("count.is-live", "该库点已启用，不能再做启用盘点", site=site.code)
    if kind is not CountKind.OPENING and not site.live:
        raise Refused("count.not-live", "该库点尚未启用，请先做启用盘点", site=site.code)


Chosen = tuple[BinRisk, int | None, tuple[Part, ...]]


async def _chosen(site: Site, kind: CountKind, wanted: set[int], most: int, now: datetime) -> Sequence[Chosen]:
    """The bins in walking order, each with its points where they were planned by risk."""
    taken = await queries.taken_places(wanted)
    if taken:
        raise Refused("count.bin-in-count", "有货位正在另一次盘点中", counts=sorted(set(taken.values())))
    free = await queries.bins_of(site_id=site.id, now=now)
    if wanted - {one.place_id for one in free}:
        raise Invalid("count.other-site", "货位不在这个库点，或已停用", site=site.code)
    if kind is CountKind.RISK:
        ranked = await queries.propose(site_id=site.id, path=site.path, now=now, most=rules.MOST_BINS)
        kept = [one for one in ranked if not wanted or one.bin.place_id in wanted][: len(wanted) or most]
        if not kept:
            raise Refused("count.nothing-at-risk", "没有需要盘点的货位", site=site.code)
        return sorted(
            ((one.bin, one.points, one.parts) for one in kept), key=lambda one: (one[0].sort_key, one[0].place_id)
        )
    if kind is CountKind.CHOSEN and not wanted:
        raise Invalid("count.bad-bin-count", "请选择要盘点的货位", bins=0)
    return [(one, None, ()) for one in free if not wanted or one.place_id in wanted]


async def start(*, stamp: Stamp, count_id: UUID, version: int | None = None) -> Receipt:
    """The counting begins: keepers may enter figures."""

    async def work() -> Receipt:
        standing = await judged(stamp, count_id, "start", version)
        return await changed(stamp, "start", standing.count, Status.COUNTING)

    return await attempts.once(stamp, "count.start", work)


async def cancel(*, stamp: Stamp, count_id: UUID, reason: str, version: int | None = None) -> Receipt:
    """Nothing will come of it: frozen bins are opened, what was entered stays on record and changes no stock."""

    async def work() -> Receipt:
        if not reason.strip():
            raise Invalid("count.no-reason", "请填写取消原因")
        standing = await judged(stamp, count_id, "cancel", version)
        count = standing.count
        for one in count.bins:
            await thaw(stamp, count, one.place_id)
        await db.execute("UPDATE stocktake SET end_reason = $2 WHERE id = $1", count_id, reason.strip())
        return await changed(stamp, "cancel", count, Status.CANCELLED, {"reason": reason.strip()})

    return await attempts.once(stamp, "count.cancel", work)
