"""Writes of packs. Needs catalog.edit on the whole city."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from catalog.kernel import attempts, audit, db, feed, history
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Missing, Refused, Stale
from catalog.kernel.stamp import Stamp
from catalog.packs import queries, rules, tables
from catalog.packs.model import NewPack, Pack, PackFacts
from catalog.regions.queries import root_path
from catalog.regions.rules import check_city_wide


async def add_packs(*, stamp: Stamp, packs: Mapping[int, Sequence[NewPack]]) -> dict[int, dict[str, int]]:
    """Add packs to items (by item id); the new ids by item and handle. A new default replaces the old one.

    Raises Missing (`pack.no-item`), Invalid.
    """

    async def work() -> Receipt:
        check_city_wide(stamp, Permission.CATALOG_EDIT, await root_path())
        rows = await db.fetch(
            "SELECT i.id, replace(i.key, '-', ''), (SELECT count(*) FROM pack p WHERE p.item_id = i.id)"
            " FROM item i WHERE i.id = ANY($1::bigint[]) ORDER BY i.id FOR UPDATE",
            list(packs),
        )
        items = {int(row[0]): (str(row[1]), int(row[2])) for row in rows}
        for item_id in packs:
            if item_id not in items:
                raise Missing("pack.no-item", "没有这种物资", item_id=item_id)
            rules.check_new(packs[item_id], items[item_id][1])

        defaults = [i for i, news in packs.items() if any(new.facts.is_default for new in news)]
        await db.execute(
            "UPDATE pack SET is_default = false WHERE item_id = ANY($1::bigint[]) AND is_default", defaults
        )
        new_rows = []
        handles = []
        for item_id, news in packs.items():
            label_key, already = items[item_id]
            for number, new in enumerate(news, already + 1):
                key = rules.pack_key(label_key, number)
                new_rows.append(tables.Pack(item_id=item_id, key=key, **asdict(new.facts)))
                handles.append((item_id, new.handle, key, new))
        ids: dict[str, int] = {}
        for start in range(0, len(new_rows), 500):
            written = await tables.Pack.insert(*new_rows[start : start + 500]).returning(
                tables.Pack.id, tables.Pack.key
            )
            ids |= {row["key"]: row["id"] for row in written}
        receipt: dict[str, dict[str, int]] = {}
        for item_id, handle, key, new in handles:
            receipt.setdefault(str(item_id), {})[handle] = ids[key]
            after = {"item_id": item_id, "key": key, **asdict(new.facts)}
            await history.record(stamp, table="pack", key=str(ids[key]), verb="add", before=None, after=after)
        await audit.record(stamp, "pack.add", subject_kind="pack", facts={"ids": list(ids.values())[:50]})
        await feed.publish("item", map(str, packs), stamp.recorded_at)
        return {"packs": receipt}

    receipt = await attempts.once(stamp, "pack.add", work)
    return {int(item_id): dict(ids) for item_id, ids in receipt["packs"].items()}


async def edit_pack(*, stamp: Stamp, pack_id: int, version: int, facts: PackFacts) -> int:
    """Replace the facts; the new version. The factor is fixed with the item's base unit (`pack.factor-fixed`).

    Raises Missing, Stale, Invalid, Refused.
    """

    async def work() -> Receipt:
        rules.check_facts(facts)
        before = await _locked(stamp, pack_id, version)
        fixed = await db.fetch_value("SELECT unit_fixed FROM item WHERE id = $1", before.item_id)
        if fixed and facts.factor != before.factor:
            raise Refused("pack.factor-fixed", "已有收发记录，换算系数不能修改；请停用后新增包装", factor=before.factor)
        if facts.is_default and not before.is_default:
            await db.execute("UPDATE pack SET is_default = false WHERE item_id = $1 AND is_default", before.item_id)
        return await _changed(stamp, "edit", before, asdict(facts))

    return int((await attempts.once(stamp, "pack.edit", work))["version"])


async def retire_pack(*, stamp: Stamp, pack_id: int, version: int) -> int:
    """Take a pack out of use; its key and codes stay taken. The new version."""

    async def work() -> Receipt:
        before = await _locked(stamp, pack_id, version)
        if before.retired_at is not None:
            raise Refused("pack.already-retired", "包装已停用", pack_id=pack_id)
        return await _changed(stamp, "retire", before, {"retired_at": stamp.recorded_at, "is_default": False})

    return int((await attempts.once(stamp, "pack.retire", work))["version"])


async def _locked(stamp: Stamp, pack_id: int, version: int) -> Pack:
    check_city_wide(stamp, Permission.CATALOG_EDIT, await root_path())
    await db.execute("SELECT 1 FROM item i JOIN pack p ON p.item_id = i.id WHERE p.id = $1 FOR UPDATE", pack_id)
    found = await queries.get_pack(pack_id)
    if found.version != version:
        raise Stale("pack.stale", "别人已修改，请重新载入", yours=version, current=found.version)
    return found


async def _changed(stamp: Stamp, verb: str, before: Pack, columns: dict[Any, Any]) -> Receipt:
    await tables.Pack.update({**columns, "version": before.version + 1}).where(tables.Pack.id == before.id)
    after = {**asdict(before), **columns, "version": before.version + 1}
    await history.record(stamp, table="pack", key=str(before.id), verb=verb, before=asdict(before), after=after)
    await audit.record(stamp, f"pack.{verb}", subject_kind="pack", subject_id=str(before.id))
    await feed.publish("item", [str(before.item_id)], stamp.recorded_at)
    return {"version": before.version + 1}
