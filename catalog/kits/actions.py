"""Writes of kits. Needs catalog.edit on the whole city."""

from collections.abc import Sequence
from dataclasses import asdict

from catalog.kernel import attempts, audit, db, feed, history
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Missing, Stale
from catalog.kernel.stamp import Stamp
from catalog.kits import queries, rules
from catalog.kits.model import NewKit
from catalog.regions.queries import root_path
from catalog.regions.rules import check_city_wide

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('catalog.kits', 7))"
_WRITE = """
INSERT INTO kit_component (kit_id, component_id, quantity, source)
SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::text[])
ON CONFLICT (kit_id, component_id) DO UPDATE
SET quantity = excluded.quantity, source = excluded.source, retired_at = NULL
"""


async def set_components(*, stamp: Stamp, kits: Sequence[NewKit]) -> dict[int, int]:
    """Say what each kit is made of, replacing what was said before; the new version of each kit's item.

    Raises Missing, Stale, Invalid (`kit.no-kit`), Refused (`kit.cycle`, `kit.too-deep`).
    """

    async def work() -> Receipt:
        await db.execute(_LOCK)
        check_city_wide(stamp, Permission.CATALOG_EDIT, await root_path())
        wanted = {kit.kit_id for kit in kits} | {part.component_id for kit in kits for part in kit.components}
        rows = await db.fetch(
            "SELECT id, kind, version, retired_at IS NULL FROM item"
            " WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE",
            sorted(wanted),
        )
        items = {int(row[0]): row for row in rows}
        edges = await db.fetch("SELECT kit_id, component_id FROM kit_component WHERE retired_at IS NULL ORDER BY id")
        graph: dict[int, list[int]] = {}
        for kit_id, part in edges:
            graph.setdefault(kit_id, []).append(part)

        for kit in kits:
            _check(kit, items)
            graph[kit.kit_id] = [part.component_id for part in kit.components]
        rules.check_graph(graph, [kit.kit_id for kit in kits])

        versions: dict[str, int] = {}
        for kit in kits:
            before = [asdict(line) for line in await queries.list_components(kit.kit_id)]
            parts = kit.components
            await db.execute(
                "UPDATE kit_component SET retired_at = $3 WHERE kit_id = $1 AND retired_at IS NULL"
                " AND component_id <> ALL($2::bigint[])",
                kit.kit_id,
                [part.component_id for part in parts],
                stamp.recorded_at,
            )
            await db.execute(
                _WRITE,
                kit.kit_id,
                [part.component_id for part in parts],
                [part.quantity for part in parts],
                [part.source for part in parts],
            )
            version = await db.fetch_value(
                "UPDATE item SET version = version + 1 WHERE id = $1 RETURNING version", kit.kit_id
            )
            versions[str(kit.kit_id)] = version
            await history.record(
                stamp,
                table="kit_component",
                key=str(kit.kit_id),
                verb="set",
                before={"components": before},
                after={"components": [asdict(part) for part in parts]},
            )
        await audit.record(stamp, "kit.set-components", subject_kind="item", facts={"kits": list(versions)[:50]})
        await feed.publish("item", versions, stamp.recorded_at)
        return {"versions": versions}

    receipt = await attempts.once(stamp, "kit.set-components", work)
    return {int(kit_id): int(version) for kit_id, version in receipt["versions"].items()}


def _check(kit: NewKit, items: dict[int, db.Row]) -> None:
    item = items.get(kit.kit_id)
    missing = [part.component_id for part in kit.components if part.component_id not in items]
    if item is None or missing:
        raise Missing("kit.no-item", "没有这种物资", item_ids=missing or [kit.kit_id])
    if item[1] not in ("phantom_kit", "stocked_kit"):
        raise Invalid("kit.no-kit", "这种物资不是套装", item_id=kit.kit_id)
    if kit.version is not None and item[2] != kit.version:
        raise Stale("item.stale", "别人已修改，请重新载入", yours=kit.version, current=item[2])
    retired = [part.component_id for part in kit.components if not items[part.component_id][3]]
    if retired:
        raise Invalid("kit.retired-component", "套装里有已停用的物资", item_ids=retired)
    rules.check_components(kit.kit_id, kit.components)
