"""Writes of pick lists. The goods themselves leave through scanning; here stand the list, what was short, its end."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

from catalog.items import queries as items
from catalog.kernel import attempts, audit, db, feed, history
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Missing, Refused, Stale
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from catalog.kits import queries as kits
from warehouse.picking import queries, rules
from warehouse.picking.model import Pick, PlannedLine, Wanted
from warehouse.sites import queries as sites


async def create_pick(*, stamp: Stamp, site_id: int, name: str, wanted: Sequence[Wanted]) -> Receipt:
    """Plan what to take for `wanted` at a site. The receipt has the list's id, number, lines and how many are missing.

    Needs stock.issue at the site. Raises Missing (site), Invalid, Refused (retired site; nothing of it is there).
    """

    async def work() -> Receipt:
        site = await sites.get_site(site_id, stamp.require(Permission.ISSUE))
        if site.retired_at is not None:
            raise Refused("pick.site-retired", "储备库点已停用", site=site.code)
        known = await items.find_items({one.item_id for one in wanted})
        rules.check_wanted(wanted, known)
        made_of = {kit: await kits.explode(kit, 1) for kit in rules.phantoms(known)}
        total = rules.added_up(wanted, made_of)
        planned = rules.plan(total, await queries.free_at(site_id, total, day_of(stamp.recorded_at)))
        if all(line.lot_id is None for line in planned):
            raise Refused("pick.nothing-there", "所需物资在本库点没有可用库存", site=site.code)
        pick_id = uuid5(stamp.attempt, "pick")
        number = await _write(stamp, pick_id, site_id, site.code, name, wanted, planned)
        after = {"number": number, "lines": len(planned), "missing": sum(1 for p in planned if p.lot_id is None)}
        await _note(stamp, "create", pick_id, site_id, None, after)
        return {"verb": "create", "pick": str(pick_id), "status": "open", **after, "version": 1}

    return await attempts.once(stamp, "pick.create", work)


async def note_short(*, stamp: Stamp, pick_id: UUID, line: int, quantity: int, note: str) -> Receipt:
    """So much of a line was looked for and is not there. Raises Missing, Refused (more than is still to be taken)."""

    async def work() -> Receipt:
        before = await _locked(stamp, pick_id, None)
        found = next((one for one in before.lines if one.line == line), None)
        if found is None:
            raise Missing("pick.no-such-line", "拣货单没有这一行", line=line)
        if quantity <= 0:
            raise Invalid("pick.bad-quantity", "数量必须大于零且不超过上限", line=line, asked=quantity)
        if quantity > found.rest:
            raise Refused("pick.short-too-much", "短缺数量大于未拣数量", line=line, asked=quantity, rest=found.rest)
        await db.execute(
            "UPDATE pick_line SET short = short + $3, short_note = $4 WHERE pick_id = $1 AND line = $2",
            pick_id,
            line,
            quantity,
            note.strip(),
        )
        facts = {"line": line, "item": found.item, "quantity": quantity, "note": note.strip()}
        return await _changed(stamp, "short", before, "open", facts)

    return await attempts.once(stamp, "pick.short", work)


async def close_pick(*, stamp: Stamp, pick_id: UUID, version: int | None = None) -> Receipt:
    """Done picking, complete or not."""
    return await _end(stamp, "close", pick_id, "closed", version)


async def cancel_pick(*, stamp: Stamp, pick_id: UUID, version: int | None = None) -> Receipt:
    """It is not needed. Refused once goods have gone out on it."""
    return await _end(stamp, "cancel", pick_id, "cancelled", version)


async def _end(stamp: Stamp, verb: str, pick_id: UUID, status: str, version: int | None) -> Receipt:
    async def work() -> Receipt:
        before = await _locked(stamp, pick_id, version)
        if verb == "cancel":
            rules.check_untouched(before)
        await db.execute(
            "UPDATE pick_list SET ended_at = $2, ended_by = $3 WHERE id = $1", pick_id, stamp.recorded_at, stamp.login
        )
        return await _changed(stamp, verb, before, status, {})

    return await attempts.once(stamp, f"pick.{verb}", work)


async def _locked(stamp: Stamp, pick_id: UUID, version: int | None) -> Pick:
    await db.execute("SELECT 1 FROM pick_list WHERE id = $1 FOR UPDATE", pick_id)
    found = (await queries.find_picks([pick_id])).get(pick_id)
    if found is None:
        raise Missing("pick.missing", "没有这张拣货单，或不在您的管辖范围内")
    stamp.require_at(Permission.ISSUE, found.path, found.site_id)
    if version is not None and version != found.version:
        raise Stale("pick.stale", "别人已修改，请重新载入", yours=version, current=found.version)
    rules.check_open(found)
    return found


async def _write(
    stamp: Stamp,
    pick_id: UUID,
    site_id: int,
    site_code: str,
    name: str,
    wanted: Sequence[Wanted],
    planned: Sequence[PlannedLine],
) -> str:
    year = day_of(stamp.recorded_at).year
    serial = await db.fetch_value(
        "INSERT INTO pick_counter (site_id, year, last) VALUES ($1, $2, 1)"
        " ON CONFLICT (site_id, year) DO UPDATE SET last = pick_counter.last + 1 RETURNING last",
        site_id,
        year,
    )
    number = rules.pick_number(site_code, year, serial)
    await db.execute(
        "INSERT INTO pick_list (id, number, site_id, name, status, wanted, created_at, created_by, attempt)"
        " VALUES ($1, $2, $3, $4, 'open', $5::jsonb, $6, $7, $8)",
        pick_id,
        number,
        site_id,
        name.strip(),
        attempts.as_json({"wanted": [[one.item_id, one.quantity] for one in wanted]}),
        stamp.recorded_at,
        stamp.login,
        stamp.attempt,
    )
    await db.execute(
        "INSERT INTO pick_line (pick_id, line, item_id, lot_id, place_id, quantity)"
        " SELECT $1, n, i, l, p, q FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])"
        " WITH ORDINALITY k (i, l, p, q, n)",
        pick_id,
        [line.item_id for line in planned],
        [line.lot_id for line in planned],
        [line.place_id for line in planned],
        [line.quantity for line in planned],
    )
    return number


async def _changed(stamp: Stamp, verb: str, before: Pick, status: str, facts: Mapping[str, Any]) -> Receipt:
    version = await db.fetch_value(
        "UPDATE pick_list SET status = $2, version = version + 1 WHERE id = $1 RETURNING version", before.id, status
    )
    after = {"number": before.number, "status": status, "version": version, **facts}
    await _note(stamp, verb, before.id, before.site_id, {"status": before.status.value}, after)
    return {"verb": verb, "pick": str(before.id), **after}


async def _note(
    stamp: Stamp, verb: str, pick_id: UUID, site_id: int, before: Mapping[str, Any] | None, after: Mapping[str, Any]
) -> None:
    await history.record(stamp, table="pick_list", key=str(pick_id), verb=verb, before=before, after=after)
    facts = {**after, "site_id": site_id}
    await audit.record(stamp, f"pick.{verb}", subject_kind="pick", subject_id=str(pick_id), facts=facts)
    await feed.publish("pick", [str(pick_id)], stamp.recorded_at)
