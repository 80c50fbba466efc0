"""Writes of the class schemes. The catalog is one for the city: its edits need catalog.edit on all of it."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from catalog.classes import queries, rules, tables
from catalog.classes.model import ClassFacts, MaterialClass, NewClass
from catalog.kernel import attempts, audit, db, feed, history
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Refused, Stale
from catalog.kernel.search import search_text
from catalog.kernel.stamp import Stamp
from catalog.regions.queries import root_path
from catalog.regions.rules import check_city_wide

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('catalog.classes', 7))"


async def add_classes(*, stamp: Stamp, classes: Sequence[NewClass]) -> list[int]:
    """Add classes, parents before children; their ids in order. Raises Invalid, Refused (`class.code-taken`)."""

    async def work() -> Receipt:
        await db.execute(_LOCK)
        check_city_wide(stamp, Permission.CATALOG_EDIT, await root_path())
        wanted = {(new.scheme, new.code) for new in classes}
        wanted |= {(new.scheme, new.parent_code) for new in classes if new.parent_code}
        wanted |= {new.mapped for new in classes if new.mapped}
        known = await queries.find_classes(wanted)
        mapped = {key: found.id for key, found in known.items()}

        rules.check_new(classes, known)

        rows = await db.fetch(
            "SELECT nextval(pg_get_serial_sequence('material_class', 'id')) FROM generate_series(1, $1)", len(classes)
        )
        ids = [int(row[0]) for row in rows]
        mapped |= {(new.scheme, new.code): class_id for class_id, new in zip(ids, classes, strict=True)}
        places = {key: (found.id, found.path, found.level) for key, found in known.items()}
        new_rows = []
        for class_id, new in zip(ids, classes, strict=True):
            parent_id, path, level = (
                places[new.scheme, new.parent_code] if new.parent_code is not None else (None, "/", 0)
            )
            places[new.scheme, new.code] = (class_id, f"{path}{class_id}/", level + 1)
            if new.mapped is not None and new.mapped not in mapped:
                raise Invalid("class.unknown-mapping", "对应的类别不存在", which=new.code, mapped=new.mapped)
            new_rows.append(
                tables.MaterialClass(
                    id=class_id,
                    scheme=new.scheme,
                    code=new.code,
                    parent_id=parent_id,
                    path=f"{path}{class_id}/",
                    level=level + 1,
                    mapped_id=None,
                    **_columns(new.facts, new.code),
                )
            )
        for start in range(0, len(new_rows), 500):
            await tables.MaterialClass.insert(*new_rows[start : start + 500])
        links = [(i, mapped[new.mapped]) for i, new in zip(ids, classes, strict=True) if new.mapped is not None]
        await db.execute(
            "UPDATE material_class c SET mapped_id = m.mapped FROM unnest($1::bigint[], $2::bigint[]) m (id, mapped)"
            " WHERE c.id = m.id",
            [link[0] for link in links],
            [link[1] for link in links],
        )
        for class_id, new in zip(ids, classes, strict=True):
            await history.record(
                stamp, table="material_class", key=str(class_id), verb="add", before=None, after=asdict(new)
            )
        await audit.record(stamp, "class.add", subject_kind="class", facts={"ids": ids[:50], "count": len(ids)})
        await feed.publish("class", map(str, ids), stamp.recorded_at)
        return {"ids": ids}

    return list((await attempts.once(stamp, "class.add", work))["ids"])


async def edit_class(*, stamp: Stamp, class_id: int, version: int, facts: ClassFacts) -> int:
    """Replace the editable facts; the new version. Raises Missing, Stale, Invalid."""

    async def work() -> Receipt:
        rules.check_facts(facts)
        before = await _locked(stamp, class_id, version)
        return await _changed(stamp, "edit", before, _columns(facts, before.code))

    return int((await attempts.once(stamp, "class.edit", work))["version"])


async def map_class(*, stamp: Stamp, class_id: int, version: int, mapped_id: int | None) -> int:
    """Say which class of another scheme means the same (None: none is known). The new version."""

    async def work() -> Receipt:
        before = await _locked(stamp, class_id, version)
        if mapped_id is not None:
            target = await queries.get_class(mapped_id)
            if target.scheme == before.scheme:
                raise Invalid("class.same-scheme", "只能对应到另一套分类", class_id=class_id, mapped_id=mapped_id)
        return await _changed(stamp, "map", before, {"mapped_id": mapped_id})

    return int((await attempts.once(stamp, "class.map", work))["version"])


async def retire_class(*, stamp: Stamp, class_id: int, version: int) -> int:
    """Take a class without live children out of use; its code stays taken. The new version."""

    async def work() -> Receipt:
        await db.execute(_LOCK)
        before = await _locked(stamp, class_id, version)
        if before.retired_at is not None:
            raise Refused("class.already-retired", "类别已停用", class_id=class_id)
        children = await db.fetch_value(
            "SELECT count(*) FROM material_class WHERE parent_id = $1 AND retired_at IS NULL", class_id
        )
        if children:
            raise Refused("class.has-children", "请先停用下级类别", class_id=class_id, children=children)
        return await _changed(stamp, "retire", before, {"retired_at": stamp.recorded_at})

    return int((await attempts.once(stamp, "class.retire", work))["version"])


async def _locked(stamp: Stamp, class_id: int, version: int) -> MaterialClass:
    check_city_wide(stamp, Permission.CATALOG_EDIT, await root_path())
    await db.execute("SELECT 1 FROM material_class WHERE id = $1 FOR UPDATE", class_id)
    found = await queries.get_class(class_id)
    if found.version != version:
        raise Stale("class.stale", "别人已修改，请重新载入", yours=version, current=found.version)
    return found


async def _changed(stamp: Stamp, verb: str, before: MaterialClass, columns: dict[Any, Any]) -> Receipt:
    key = str(before.id)
    await tables.MaterialClass.update({**columns, "version": before.version + 1}).where(
        tables.MaterialClass.id == before.id
    )
    after = {**asdict(before), **columns, "version": before.version + 1}
    await history.record(stamp, table="material_class", key=key, verb=verb, before=asdict(before), after=after)
    await audit.record(stamp, f"class.{verb}", subject_kind="class", subject_id=key)
    await feed.publish("class", [key], stamp.recorded_at)
    return {"version": before.version + 1}


def _columns(facts: ClassFacts, code: str) -> dict[Any, Any]:
    days = list(facts.near_expiry_days)
    return {**asdict(facts), "near_expiry_days": days, "search": search_text(facts.name_zh, facts.name_en, code)}
