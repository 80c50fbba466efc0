"""Writes of the item master. The catalogue is one for the city: its edits need catalog.edit on all of it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from catalog.items import queries, rules, tables
from catalog.items.model import (
    Care,
    CodeKind,
    Item,
    ItemFacts,
    NewAlias,
    NewCode,
    NewItem,
    OtherClass,
    StorageClassFacts,
    Substitute,
    SubstituteLine,
)
from catalog.kernel import attempts, audit, db, feed, history
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Missing, Refused, Stale
from catalog.kernel.search import pinyin, search_text
from catalog.kernel.stamp import Stamp
from catalog.packs.actions import add_packs
from catalog.regions.queries import root_path
from catalog.regions.rules import check_city_wide

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('catalog.items', 7))"


async def create_items(*, stamp: Stamp, items: Sequence[NewItem]) -> list[int]:
    """Create items with packs, codes, aliases, care and further classes; their ids in order.

    Raises Invalid, Missing (`item.no-class`, `item.no-storage-class`), Refused (`item.key-taken`, `item.code-taken`).
    """

    async def work() -> Receipt:
        await _may_edit(stamp)
        rules.check_new(items)
        await _check_keys([new.key for new in items])
        await _check_classes(
            {new.facts.class_id for new in items} | {one.class_id for new in items for one in new.classes},
            {new.facts.storage_class_id for new in items},
        )
        await _check_codes([code for new in items for code in new.codes])

        rows = [tables.Item(key=new.key, **_columns(new.facts)) for new in items]
        ids: list[int] = []
        for start in range(0, len(rows), 500):
            written = await tables.Item.insert(*rows[start : start + 500]).returning(tables.Item.id, tables.Item.key)
            by_key = {row["key"]: row["id"] for row in written}
            ids += [by_key[new.key] for new in items[start : start + 500]]
        paired = list(zip(ids, items, strict=True))
        packed = {item_id: new.packs for item_id, new in paired if new.packs}
        pack_ids = await add_packs(stamp=stamp.for_part("packs", None), packs=packed) if packed else {}
        await _write_codes(
            [
                (item_id, code, pack_ids[item_id][code.pack] if code.pack is not None else None)
                for item_id, new in paired
                for code in new.codes
            ]
        )
        await _write_aliases([(item_id, alias) for item_id, new in paired for alias in new.aliases])
        await _write_care([(item_id, care) for item_id, new in paired for care in new.care])
        await _write_classes([(item_id, one) for item_id, new in paired for one in new.classes])
        await _write_search(ids)
        for item_id, new in paired:
            await history.record(stamp, table="item", key=str(item_id), verb="create", before=None, after=asdict(new))
        await audit.record(stamp, "item.create", subject_kind="item", facts={"ids": ids[:50], "count": len(ids)})
        await feed.publish("item", map(str, ids), stamp.recorded_at)
        return {"ids": ids}

    return list((await attempts.once(stamp, "item.create", work))["ids"])


async def edit_item(*, stamp: Stamp, item_id: int, version: int, facts: ItemFacts) -> int:
    """Replace the editable facts; the new version. Raises Missing, Stale, Invalid, Refused (`item.unit-fixed`)."""

    async def work() -> Receipt:
        before = await _locked(stamp, item_id, version)
        rules.check_edit(before, facts)
        await _check_classes({facts.class_id} - {before.class_id}, {facts.storage_class_id})
        await tables.Item.update({**_columns(facts), "version": version + 1}).where(tables.Item.id == item_id)
        await _write_search([item_id])
        return await _changed(stamp, "edit", before, asdict(before), asdict(facts))

    return int((await attempts.once(stamp, "item.edit", work))["version"])


async def retire_item(*, stamp: Stamp, item_id: int, version: int) -> int:
    """Take an item out of use: not to be received any more. Its key and codes stay taken. The new version."""

    async def work() -> Receipt:
        before = await _locked(stamp, item_id, version)
        if before.retired_at is not None:
            raise Refused("item.already-retired", "物资已停用", item_id=item_id)
        columns: dict[Any, Any] = {"retired_at": stamp.recorded_at, "version": version + 1}
        await tables.Item.update(columns).where(tables.Item.id == item_id)
        return await _changed(stamp, "retire", before, asdict(before), columns)

    return int((await attempts.once(stamp, "item.retire", work))["version"])


async def restore_item(*, stamp: Stamp, item_id: int, version: int) -> int:
    """Put a retired item back into use. The new version."""

    async def work() -> Receipt:
        before = await _locked(stamp, item_id, version)
        if before.retired_at is None:
            raise Refused("item.not-retired", "物资未停用", item_id=item_id)
        columns: dict[Any, Any] = {"retired_at": None, "version": version + 1}
        await tables.Item.update(columns).where(tables.Item.id == item_id)
        return await _changed(stamp, "restore", before, asdict(before), columns)

    return int((await attempts.once(stamp, "item.restore", work))["version"])


async def add_codes(*, stamp: Stamp, item_id: int, codes: Sequence[NewCode]) -> list[int]:
    """Give an item, or one of its packs (`pack_id`), more codes; their ids. Also the answer to "unknown code: alias?".

    Raises Missing, Invalid (`item.bad-gtin`, `item.bad-check-digit`), Refused (`item.code-taken`).
    """

    async def work() -> Receipt:
        before = await _locked(stamp, item_id, None)
        seen: set[tuple[str, str]] = set()
        for code in codes:
            rules.check_code_twice(code, seen)
        await _check_codes(codes)
        wanted = {code.pack_id for code in codes if code.pack_id is not None}
        found = await db.fetch(
            "SELECT id FROM pack WHERE item_id = $1 AND retired_at IS NULL AND id = ANY($2::bigint[])",
            item_id,
            list(wanted),
        )
        if len(found) != len(wanted) or any(code.pack is not None for code in codes):
            raise Invalid("item.unknown-pack", "编码所指的包装不存在", item_id=item_id, pack_ids=list(wanted))
        ids = await _write_codes([(item_id, code, code.pack_id) for code in codes])
        await _write_search([item_id])
        receipt = await _changed(
            stamp, "add-codes", before, None, {"codes": [asdict(code) for code in codes]}, bump=True
        )
        return {**receipt, "ids": ids}

    return list((await attempts.once(stamp, "item.add-codes", work))["ids"])


async def retire_code(*, stamp: Stamp, item_id: int, code_id: int) -> None:
    """Take a code out of use; it is never given to something else. Raises Missing."""

    async def work() -> Receipt:
        before = await _locked(stamp, item_id, None)
        row = await db.fetch_row(
            "UPDATE item_code SET retired_at = $3 WHERE id = $1 AND item_id = $2 AND retired_at IS NULL"
            " RETURNING kind, code",
            code_id,
            item_id,
            stamp.recorded_at,
        )
        if row is None:
            raise Missing("item.no-code", "没有这个编码", item_id=item_id, code_id=code_id)
        await _write_search([item_id])
        return await _changed(stamp, "retire-code", before, dict(row), None, bump=True)

    await attempts.once(stamp, "item.retire-code", work)


async def add_aliases(*, stamp: Stamp, item_id: int, aliases: Sequence[NewAlias]) -> None:
    """Give an item more names to be found by. One that it has already is left as it is."""

    async def work() -> Receipt:
        before = await _locked(stamp, item_id, None)
        rules.check_aliases(aliases)
        await _write_aliases([(item_id, alias) for alias in aliases])
        await _write_search([item_id])
        return await _changed(stamp, "add-aliases", before, None, {"aliases": [asdict(a) for a in aliases]}, bump=True)

    await attempts.once(stamp, "item.add-aliases", work)


async def retire_alias(*, stamp: Stamp, item_id: int, alias_id: int) -> None:
    """Take another name away. Raises Missing."""

    async def work() -> Receipt:
        before = await _locked(stamp, item_id, None)
        row = await db.fetch_row(
            "UPDATE item_alias SET retired_at = $3 WHERE id = $1 AND item_id = $2 AND retired_at IS NULL"
            " RETURNING alias, kind",
            alias_id,
            item_id,
            stamp.recorded_at,
        )
        if row is None:
            raise Missing("item.no-alias", "没有这个别名", item_id=item_id, alias_id=alias_id)
        await _write_search([item_id])
        return await _changed(stamp, "retire-alias", before, dict(row), None, bump=True)

    await attempts.once(stamp, "item.retire-alias", work)


async def set_care(*, stamp: Stamp, item_id: int, version: int, care: Sequence[Care]) -> int:
    """Say which care an item wants, replacing what was said before. The new version."""

    async def work() -> Receipt:
        before = await _locked(stamp, item_id, version)
        rules.check_care(care)
        earlier = [asdict(one) for one in await queries.list_care(item_id)]
        await db.execute(
            "UPDATE item_care SET retired_at = $2 WHERE item_id = $1 AND retired_at IS NULL"
            " AND kind <> ALL($3::text[])",
            item_id,
            stamp.recorded_at,
            [one.kind for one in care],
        )
        await _write_care([(item_id, one) for one in care])
        return await _changed(
            stamp, "set-care", before, {"care": earlier}, {"care": [asdict(one) for one in care]}, bump=True
        )

    return int((await attempts.once(stamp, "item.set-care", work))["version"])


async def set_substitutes(*, stamp: Stamp, item_id: int, version: int, substitutes: Sequence[Substitute]) -> int:
    """Say what may be given instead of an item, replacing what was said before. The new version.

    A new ratio, or a changed one, is to be approved (`approve_substitute`) before a plan takes it.
    """

    async def work() -> Receipt:
        before = await _locked(stamp, item_id, version)
        earlier = [_ratio(one) for one in await queries.list_substitutes(item_id)]
        await _replace_substitutes(stamp, item_id, substitutes)
        return await _changed(
            stamp,
            "set-substitutes",
            before,
            {"substitutes": earlier},
            {"substitutes": [asdict(one) for one in substitutes]},
            bump=True,
        )

    return int((await attempts.once(stamp, "item.set-substitutes", work))["version"])


async def approve_substitute(*, stamp: Stamp, item_id: int, substitute_id: int, version: int | None = None) -> int:
    """Let plans give one item for another in the ratio that stands there. The item's new version.

    Nobody approves what he has set. Raises Missing, Stale, Refused (`item.own-approval`, `item.approved-already`).
    """

    async def work() -> Receipt:
        before = await _locked(stamp, item_id, version, Permission.CATALOG_APPROVE)
        found = next((s for s in await queries.list_substitutes(item_id) if s.substitute_id == substitute_id), None)
        if found is None:
            raise Missing("item.no-substitute", "没有这种替代物资", item=before.key)
        if found.approved_at is not None:
            raise Refused("item.approved-already", "已批准", item=before.key, substitute=found.key)
        if found.set_by == stamp.login:
            raise Refused("item.own-approval", "不能批准自己登记的替代", item=before.key, substitute=found.key)
        await db.execute(
            "UPDATE item_substitute SET approved_by = $3, approved_at = $4 WHERE item_id = $1 AND substitute_id = $2",
            item_id,
            substitute_id,
            stamp.login,
            stamp.recorded_at,
        )
        return await _changed(stamp, "approve-substitute", before, None, _ratio(found), bump=True)

    return int((await attempts.once(stamp, "item.approve-substitute", work))["version"])


def _ratio(line: SubstituteLine) -> dict[str, Any]:
    """A substitute as the history keeps it."""
    return {"substitute": line.key, "need": line.need, "give": line.give, "note": line.note, "source": line.source}


async def add_substitutes(*, stamp: Stamp, substitutes: Sequence[tuple[int, Substitute]]) -> int:
    """Add substitutes of many items, (item id, substitute), for imports; one that is there is corrected. How many."""

    async def work() -> Receipt:
        await _may_edit(stamp)
        for item_id, one in substitutes:
            rules.check_substitutes(item_id, [one])
        ids = {item_id for item_id, _ in substitutes} | {one.substitute_id for _, one in substitutes}
        await _check_items(ids)
        await _write_substitutes(stamp, substitutes)
        await _bump({item_id for item_id, _ in substitutes})
        for item_id, one in substitutes:
            await history.record(
                stamp, table="item_substitute", key=str(item_id), verb="add", before=None, after=asdict(one)
            )
        await audit.record(stamp, "item.add-substitutes", subject_kind="item", facts={"count": len(substitutes)})
        await feed.publish("item", map(str, sorted(ids)), stamp.recorded_at)
        return {"count": len(substitutes)}

    return int((await attempts.once(stamp, "item.add-substitutes", work))["count"])


async def set_classes(*, stamp: Stamp, item_id: int, version: int, classes: Sequence[OtherClass]) -> int:
    """Say to which classes of other schemes an item belongs, replacing what was said before. The new version."""

    async def work() -> Receipt:
        before = await _locked(stamp, item_id, version)
        wanted = [one.class_id for one in classes]
        if len(set(wanted)) != len(wanted):
            raise Invalid("item.class-twice", "同一类别出现两次", item_id=item_id)
        await _check_classes(set(wanted), set())
        await db.execute(
            "UPDATE item_class SET retired_at = $2 WHERE item_id = $1 AND retired_at IS NULL"
            " AND class_id <> ALL($3::bigint[])",
            item_id,
            stamp.recorded_at,
            wanted,
        )
        await _write_classes([(item_id, one) for one in classes])
        return await _changed(
            stamp, "set-classes", before, None, {"classes": [asdict(one) for one in classes]}, bump=True
        )

    return int((await attempts.once(stamp, "item.set-classes", work))["version"])


async def add_storage_classes(*, stamp: Stamp, classes: Sequence[tuple[str, StorageClassFacts]]) -> list[int]:
    """Add storage classes, (key, facts), or correct those that are there; their ids in order."""

    async def work() -> Receipt:
        await _may_edit(stamp)
        ids = []
        for key, facts in classes:
            if not rules.is_word(key) or not facts.name_zh.strip():
                raise Invalid("item.bad-storage-class", "储存类别编号或名称不正确", key=key)
            before = await db.fetch_row(
                "SELECT name_zh, name_en, note, source FROM storage_class WHERE key = $1 FOR UPDATE", key
            )
            written = await db.fetch_value(
                "INSERT INTO storage_class (key, name_zh, name_en, note, source) VALUES ($1, $2, $3, $4, $5)"
                " ON CONFLICT (key) DO UPDATE SET name_zh = excluded.name_zh, name_en = excluded.name_en,"
                " note = excluded.note, source = excluded.source RETURNING id",
                key,
                facts.name_zh,
                facts.name_en,
                facts.note,
                facts.source,
            )
            ids.append(int(written))
            await history.record(
                stamp,
                table="storage_class",
                key=str(written),
                verb="add" if before is None else "edit",
                before=dict(before) if before else None,
                after=asdict(facts),
            )
        await audit.record(stamp, "item.add-storage-classes", subject_kind="storage-class", facts={"ids": ids})
        await feed.publish("storage-class", map(str, ids), stamp.recorded_at)
        return {"ids": ids}

    return list((await attempts.once(stamp, "item.add-storage-classes", work))["ids"])


async def fix_units(*, item_ids: Iterable[int]) -> None:
    """Goods of these items have moved: their base unit is fixed from now on. For the ledger, in its transaction."""
    await db.execute(
        "UPDATE item SET unit_fixed = true WHERE id = ANY($1::bigint[]) AND NOT unit_fixed", list(item_ids)
    )


# --- parts --------------------------------------------------------------------------------------------------


async def _may_edit(stamp: Stamp, permission: Permission = Permission.CATALOG_EDIT) -> None:
    """Writers of the catalogue queue here, so that what is checked is still so when it is written."""
    await db.execute(_LOCK)
    check_city_wide(stamp, permission, await root_path())


async def _locked(
    stamp: Stamp, item_id: int, version: int | None, permission: Permission = Permission.CATALOG_EDIT
) -> Item:
    await _may_edit(stamp, permission)
    await db.execute("SELECT 1 FROM item WHERE id = $1 FOR UPDATE", item_id)
    found = await queries.get_item(item_id)
    if version is not None and found.version != version:
        raise Stale("item.stale", "别人已修改，请重新载入", yours=version, current=found.version)
    return found


async def _check_keys(keys: Sequence[str]) -> None:
    taken = await db.fetch(
        "SELECT key FROM item WHERE replace(key, '-', '') = ANY($1::text[])", [rules.label_key(key) for key in keys]
    )
    if taken:
        raise Refused("item.key-taken", "物资编号已使用（停用的编号也不再使用）", keys=sorted(row[0] for row in taken))


async def _check_items(item_ids: set[int]) -> None:
    found = await db.fetch("SELECT id FROM item WHERE id = ANY($1::bigint[])", list(item_ids))
    if len(found) != len(item_ids):
        raise Missing("item.missing", "没有这种物资", item_ids=sorted(item_ids - {row[0] for row in found}))


async def _check_classes(class_ids: set[int], storage_class_ids: set[int]) -> None:
    found = await db.fetch(
        "SELECT id FROM material_class WHERE id = ANY($1::bigint[]) AND retired_at IS NULL", list(class_ids)
    )
    if len(found) != len(class_ids):
        raise Missing("item.no-class", "没有这个类别", class_ids=sorted(class_ids - {row[0] for row in found}))
    found = await db.fetch("SELECT id FROM storage_class WHERE id = ANY($1::bigint[])", list(storage_class_ids))
    if len(found) != len(storage_class_ids):
        raise Missing(
            "item.no-storage-class",
            "没有这个储存类别",
            storage_class_ids=sorted(storage_class_ids - {row[0] for row in found}),
        )


async def _check_codes(codes: Sequence[NewCode]) -> None:
    gtins, texts = [
        [rules.normalised(code.kind, code.code) for code in codes if code.kind is kind]
        for kind in (CodeKind.GTIN, CodeKind.TEXT)
    ]
    taken = await queries.find_codes(gtins, texts)
    if taken:
        raise Refused(
            "item.code-taken",
            "编码已使用（停用的编码也不再使用）",
            codes=[{"code": hit.code, "item_id": hit.item_id, "name": hit.name_zh} for hit in taken.values()],
        )


async def _write_codes(codes: Sequence[tuple[int, NewCode, int | None]]) -> list[int]:
    rows = await db.fetch(
        "INSERT INTO item_code (item_id, pack_id, kind, code, source)"
        " SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[]) RETURNING id",
        [item_id for item_id, _, _ in codes],
        [pack_id for _, _, pack_id in codes],
        [code.kind.value for _, code, _ in codes],
        [rules.normalised(code.kind, code.code) for _, code, _ in codes],
        [code.source for _, code, _ in codes],
    )
    return [int(row[0]) for row in rows]


async def _write_aliases(aliases: Sequence[tuple[int, NewAlias]]) -> None:
    single = {(item_id, alias.alias.strip()): alias for item_id, alias in aliases}
    await db.execute(
        "INSERT INTO item_alias (item_id, alias, kind, source)"
        " SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[])"
        " ON CONFLICT (item_id, alias) DO UPDATE SET retired_at = NULL",
        [item_id for item_id, _ in single],
        [alias for _, alias in single],
        [alias.kind for alias in single.values()],
        [alias.source for alias in single.values()],
    )


async def _write_care(care: Sequence[tuple[int, Care]]) -> None:
    await db.execute(
        "INSERT INTO item_care (item_id, kind, first_after_days, interval_days, basis, note, source)"
        " SELECT * FROM unnest($1::bigint[], $2::text[], $3::int[], $4::int[], $5::text[], $6::text[], $7::text[])"
        " ON CONFLICT (item_id, kind) DO UPDATE SET first_after_days = excluded.first_after_days, retired_at = NULL,"
        " interval_days = excluded.interval_days, basis = excluded.basis, note = excluded.note,"
        " source = excluded.source",
        [item_id for item_id, _ in care],
        [one.kind for _, one in care],
        [one.first_after_days for _, one in care],
        [one.interval_days for _, one in care],
        [one.basis.value for _, one in care],
        [one.note for _, one in care],
        [one.source for _, one in care],
    )


async def _write_classes(classes: Sequence[tuple[int, OtherClass]]) -> None:
    await db.execute(
        "INSERT INTO item_class (item_id, class_id, source)"
        " SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[])"
        " ON CONFLICT (item_id, class_id) DO UPDATE SET source = excluded.source, retired_at = NULL",
        [item_id for item_id, _ in classes],
        [one.class_id for _, one in classes],
        [one.source for _, one in classes],
    )


async def _replace_substitutes(stamp: Stamp, item_id: int, substitutes: Sequence[Substitute]) -> None:
    rules.check_substitutes(item_id, substitutes)
    wanted = [one.substitute_id for one in substitutes]
    await _check_items(set(wanted))
    await db.execute(
        "UPDATE item_substitute SET retired_at = $2 WHERE item_id = $1 AND retired_at IS NULL"
        " AND substitute_id <> ALL($3::bigint[])",
        item_id,
        stamp.recorded_at,
        wanted,
    )
    await _write_substitutes(stamp, [(item_id, one) for one in substitutes])


_SAME_RATIO = "s.retired_at IS NULL AND s.need = excluded.need AND s.give = excluded.give"


async def _write_substitutes(stamp: Stamp, substitutes: Sequence[tuple[int, Substitute]]) -> None:
    """An approval stands as long as the ratio does."""
    await db.execute(
        "INSERT INTO item_substitute AS s (item_id, substitute_id, need, give, note, source, set_by)"
        " SELECT *, $7 FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[])"
        " ON CONFLICT (item_id, substitute_id) DO UPDATE SET need = excluded.need, give = excluded.give,"
        " note = excluded.note, source = excluded.source, retired_at = NULL,"
        f" set_by = CASE WHEN {_SAME_RATIO} THEN s.set_by ELSE excluded.set_by END,"
        f" approved_by = CASE WHEN {_SAME_RATIO} THEN s.approved_by ELSE '' END,"
        f" approved_at = CASE WHEN {_SAME_RATIO} THEN s.approved_at END",
        [item_id for item_id, _ in substitutes],
        [one.substitute_id for _, one in substitutes],
        [one.need for _, one in substitutes],
        [one.give for _, one in substitutes],
        [one.note for _, one in substitutes],
        [one.source for _, one in substitutes],
        stamp.login,
    )


async def _write_search(item_ids: Sequence[int]) -> None:
    """Compute the search column anew from everything an item can be found by."""
    rows = await db.fetch(
        "SELECT i.id, i.name_zh, i.name_en, i.spec, i.key,"
        " array(SELECT a.alias FROM item_alias a WHERE a.item_id = i.id AND a.retired_at IS NULL ORDER BY a.id),"
        " array(SELECT c.code FROM item_code c WHERE c.item_id = i.id AND c.retired_at IS NULL ORDER BY c.id)"
        " FROM item i WHERE i.id = ANY($1::bigint[])",
        list(item_ids),
    )
    texts = [
        search_text(row[1], row[2], *row[5], row[4], rules.label_key(row[4]), row[3], *row[6], *_short_gtins(row[6]))
        for row in rows
    ]
    await db.execute(
        "UPDATE item i SET search = s.search FROM unnest($1::bigint[], $2::text[]) s (id, search) WHERE i.id = s.id",
        [row[0] for row in rows],
        texts,
    )


def _short_gtins(codes: Sequence[str]) -> list[str]:
    """GTINs as they are printed: 13 digits rather than 14 with a leading zero."""
    return [code[1:] for code in codes if len(code) == 14 and code.isdigit() and code.startswith("0")]


async def _bump(item_ids: Iterable[int]) -> None:
    await db.execute("UPDATE item SET version = version + 1 WHERE id = ANY($1::bigint[])", list(item_ids))


async def _changed(
    stamp: Stamp,
    verb: str,
    before: Item,
    was: dict[str, Any] | None,
    now: dict[str, Any] | None,
    *,
    bump: bool = False,
) -> Receipt:
    """The rows that tell of a change. `bump`: the item's own row has not been given its new version yet."""
    key = str(before.id)
    if bump:
        await _bump([before.id])
    await history.record(stamp, table="item", key=key, verb=verb, before=was, after=now)
    await audit.record(stamp, f"item.{verb}", subject_kind="item", subject_id=key)
    await feed.publish("item", [key], stamp.recorded_at)
    return {"version": before.version + 1}


def _columns(facts: ItemFacts) -> dict[Any, Any]:
    columns = asdict(facts)
    for name in ("dimension", "tracking", "kind"):
        columns[name] = columns[name].value
    for name in ("disaster_types", "near_expiry_days"):
        columns[name] = list(columns[name])
    return {**columns, "sort_key": pinyin(facts.name_zh)}
