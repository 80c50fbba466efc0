"""Writes of the region tree."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

import asyncpg

from catalog.kernel import attempts, audit, db, feed, history
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Missing, Refused, Stale
from catalog.kernel.search import search_text
from catalog.kernel.stamp import Stamp
from catalog.regions import queries, rules, tables
from catalog.regions.model import NewRegion, Region, RegionCode, RegionFact, RegionFacts

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('catalog.regions', 7))"


async def add_regions(*, stamp: Stamp, regions: Sequence[NewRegion]) -> list[int]:
    """Add nodes, parents before children; their ids in order. Needs region.edit at the parent.

    Raises Invalid (tree rules), Refused (`region.key-taken`, `region.second-city`, `region.code-taken`).
    """

    async def work() -> Receipt:
        await db.execute(_LOCK)
        known = dict(await queries.find_regions({n.key for n in regions} | {n.parent_key or "" for n in regions}))
        root = await queries.root_path()
        if root != "/" and not any(r.parent_id is None for r in known.values()):
            city = await queries.get_region(int(root.strip("/")))
            known.setdefault(city.key, city)

        rules.check_new(regions, known)
        for new in regions:
            parent = known.get(new.parent_key or "")
            if new.parent_key is None or parent is not None:
                stamp.require_at(Permission.REGION_EDIT, parent.path if parent else "/")

        rows = await db.fetch(
            "SELECT nextval(pg_get_serial_sequence('region', 'id')) FROM generate_series(1, $1)", len(regions)
        )
        ids = [int(row[0]) for row in rows]
        places = {key: (region.id, region.path) for key, region in known.items()}
        nodes, codes, figures = [], [], []
        for region_id, new in zip(ids, regions, strict=True):
            parent_id, parent_path = places[new.parent_key] if new.parent_key else (None, "/")
            path = f"{parent_path}{region_id}/"
            places[new.key] = (region_id, path)
            nodes.append(
                tables.Region(
                    id=region_id,
                    key=new.key,
                    parent_id=parent_id,
                    tier=new.tier.value,
                    path=path,
                    **_columns(new.facts, new.key, [code.code for code in new.codes]),
                )
            )
            codes += [(region_id, code) for code in new.codes]
            figures += [tables.RegionFact(region_id=region_id, **asdict(figure)) for figure in new.figures]
        for start in range(0, len(nodes), 500):
            await tables.Region.insert(*nodes[start : start + 500])
        await _write_codes(codes)
        for start in range(0, len(figures), 500):
            await tables.RegionFact.insert(*figures[start : start + 500])
        for region_id, new in zip(ids, regions, strict=True):
            await history.record(stamp, table="region", key=str(region_id), verb="add", before=None, after=asdict(new))
        await audit.record(stamp, "region.add", subject_kind="region", facts={"ids": ids[:50], "count": len(ids)})
        await feed.publish("region", map(str, ids), stamp.recorded_at)
        return {"ids": ids}

    return list((await attempts.once(stamp, "region.add", work))["ids"])


async def edit_region(*, stamp: Stamp, region_id: int, version: int, facts: RegionFacts) -> int:
    """Replace the editable facts; the new version. Raises Missing, Stale, Invalid."""

    async def work() -> Receipt:
        rules.check_facts(facts)
        before = await _locked(stamp, region_id, version)
        codes = [code.code for code in await queries.list_codes(region_id)]
        await tables.Region.update({**_columns(facts, before.key, codes), "version": version + 1}).where(
            tables.Region.id == region_id
        )
        return await _changed(stamp, "edit", before, {**asdict(before), **asdict(facts), "version": version + 1})

    return int((await attempts.once(stamp, "region.edit", work))["version"])


async def move_region(*, stamp: Stamp, region_id: int, version: int, parent_id: int) -> int:
    """Hang a node with all below it under another parent; the new version.

    Refused (`region.in-use`) while sites or lots hold a copy of a path below it: the database's foreign keys
    know them, the catalog does not. Raises Missing, Stale, Invalid, Refused.
    """

    async def work() -> Receipt:
        await db.execute(_LOCK)
        before = await _locked(stamp, region_id, version)
        parent = await queries.get_region(parent_id)
        stamp.require_at(Permission.REGION_EDIT, parent.path)
        if parent.path.startswith(before.path):
            raise Invalid("region.under-itself", "不能把区划移到它自己的下级", region_id=region_id, parent_id=parent_id)
        if before.parent_id is None or parent.retired_at is not None:
            raise Refused("region.cannot-move", "城市不能移动，也不能移到已停用的区划之下", region_id=region_id)
        for below in await queries.list_subtree(before.path):
            rules.check_below(below.tier, parent.tier, below.key)
        path = f"{parent.path}{region_id}/"
        await db.execute(
            "UPDATE region SET path = $2 || substr(path, length($1) + 1), version = version + (id = $3)::int,"
            " parent_id = CASE WHEN id = $3 THEN $4 ELSE parent_id END WHERE path LIKE $1 || '%'",
            before.path,
            path,
            region_id,
            parent_id,
        )
        return await _changed(stamp, "move", before, {**asdict(before), "parent_id": parent_id, "path": path})

    try:
        return int((await attempts.once(stamp, "region.move", work))["version"])
    except asyncpg.ForeignKeyViolationError as error:
        raise Refused(
            "region.in-use", "这个区划或它的下级已有储备库点或批次，不能改变上级", region_id=region_id
        ) from error


async def retire_region(*, stamp: Stamp, region_id: int, version: int, sites: int) -> int:
    """Take a node without live children out of use; its key and codes stay taken. The new version.

    `sites`: how many live sites stand in it. The catalog cannot know: the caller asks the warehouse.
    """

    async def work() -> Receipt:
        await db.execute(_LOCK)
        before = await _locked(stamp, region_id, version)
        if before.retired_at is not None:
            raise Refused("region.already-retired", "区划已停用", region_id=region_id)
        if sites:
            raise Refused("region.has-sites", "区划内还有储备库点", region_id=region_id, sites=sites)
        children = await db.fetch_value(
            "SELECT count(*) FROM region WHERE parent_id = $1 AND retired_at IS NULL", region_id
        )
        if children:
            raise Refused("region.has-children", "请先停用下级区划", region_id=region_id, children=children)
        await tables.Region.update({"retired_at": stamp.recorded_at, "version": version + 1}).where(
            tables.Region.id == region_id
        )
        return await _changed(stamp, "retire", before, {**asdict(before), "retired_at": stamp.recorded_at})

    return int((await attempts.once(stamp, "region.retire", work))["version"])


async def add_code(*, stamp: Stamp, region_id: int, code: RegionCode) -> None:
    """Give a region a code from a day on. Its running code of the same scheme ends the day before."""

    async def work() -> Receipt:
        rules.check_code(code)
        await db.execute(_LOCK)
        region = await queries.get_region(region_id)
        stamp.require_at(Permission.REGION_EDIT, region.path)
        await db.execute(
            "UPDATE region_code SET valid_to = $3::date - 1"
            " WHERE region_id = $1 AND scheme = $2 AND valid_to IS NULL AND valid_from < $3",
            region_id,
            code.scheme,
            code.valid_from,
        )
        await _write_codes([(region_id, code)])
        codes = [known.code for known in await queries.list_codes(region_id)]
        await tables.Region.update({"search": search_text(region.name_zh, region.name_en, region.key, *codes)}).where(
            tables.Region.id == region_id
        )
        return await _changed(stamp, "add-code", region, {**asdict(region), "code": asdict(code)})

    await attempts.once(stamp, "region.add-code", work)


async def set_facts(*, stamp: Stamp, facts: Sequence[tuple[int, RegionFact]]) -> int:
    """Write figures of regions, (region id, figure); one of the same day and kind is corrected. How many."""

    async def work() -> Receipt:
        if not 1 <= len(facts) <= rules.MOST_AT_ONCE:
            raise Invalid("region.bad-count", f"一次可写 1 到 {rules.MOST_AT_ONCE} 项", count=len(facts))
        for _, figure in facts:
            rules.check_figure(figure)
        await db.execute(_LOCK)
        ids = sorted({region_id for region_id, _ in facts})
        paths = await db.fetch("SELECT id, path FROM region WHERE id = ANY($1::bigint[])", ids)
        if len(paths) != len(ids):
            raise Missing("region.missing", "没有这个区划", region_ids=sorted(set(ids) - {r[0] for r in paths}))
        for row in paths:
            stamp.require_at(Permission.REGION_EDIT, row[1])
        for region_id, figure in facts:
            before = await _figure(region_id, figure.kind, figure.as_of)
            await db.execute(
                "INSERT INTO region_fact (region_id, kind, value, as_of, source) VALUES ($1, $2, $3, $4, $5)"
                " ON CONFLICT (region_id, kind, as_of) DO UPDATE SET value = excluded.value, source = excluded.source",
                region_id,
                figure.kind,
                figure.value,
                figure.as_of,
                figure.source,
            )
            key = f"{region_id}/{figure.kind}/{figure.as_of}"
            await history.record(stamp, table="region_fact", key=key, verb="set", before=before, after=asdict(figure))
        await audit.record(stamp, "region.set-facts", subject_kind="region", facts={"count": len(facts)})
        await feed.publish("region", map(str, ids), stamp.recorded_at)
        return {"count": len(facts)}

    return int((await attempts.once(stamp, "region.set-facts", work))["count"])


async def _figure(region_id: int, kind: str, as_of: date) -> dict[str, Any] | None:
    row = await db.fetch_row(
        "SELECT value, source FROM region_fact WHERE region_id = $1 AND kind = $2 AND as_of = $3",
        region_id,
        kind,
        as_of,
    )
    return dict(row) if row else None


async def _write_codes(codes: Sequence[tuple[int, RegionCode]]) -> None:
    if not codes:
        return
    rows = await db.fetch(
        "SELECT region_id, scheme, code, valid_from, valid_to, source FROM region_code"
        " WHERE code = ANY($1::text[]) OR region_id = ANY($2::bigint[])",
        [code.code for _, code in codes],
        [region_id for region_id, _ in codes],
    )
    there = [(int(row[0]), RegionCode(*tuple(row)[1:])) for row in rows]
    clash = rules.overlapping([*there, *codes])
    if clash is not None:
        raise Refused("region.code-taken", "区划代码的有效期互相重叠", first=asdict(clash[0]), second=asdict(clash[1]))
    new = [tables.RegionCode(region_id=region_id, **asdict(code)) for region_id, code in codes]
    for start in range(0, len(new), 500):
        await tables.RegionCode.insert(*new[start : start + 500])


async def _locked(stamp: Stamp, region_id: int, version: int) -> Region:
    await db.execute("SELECT 1 FROM region WHERE id = $1 FOR UPDATE", region_id)
    region = await queries.get_region(region_id)
    stamp.require_at(Permission.REGION_EDIT, region.path)
    if region.version != version:
        raise Stale("region.stale", "别人已修改，请重新载入", yours=version, current=region.version)
    return region


async def _changed(stamp: Stamp, verb: str, before: Region, after: dict[str, Any]) -> Receipt:
    key = str(before.id)
    await history.record(stamp, table="region", key=key, verb=verb, before=asdict(before), after=after)
    await audit.record(stamp, f"region.{verb}", subject_kind="region", subject_id=key)
    await feed.publish("region", [key], stamp.recorded_at)
    return {"version": before.version + 1}


def _columns(facts: RegionFacts, key: str, codes: Sequence[str]) -> dict[Any, Any]:
    return {**asdict(facts), "kind": facts.kind.value, "search": search_text(facts.name_zh, facts.name_en, key, *codes)}
