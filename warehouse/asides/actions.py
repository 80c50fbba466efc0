"""Writes of work put aside."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from catalog.kernel import attempts, audit, db
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Denied, Invalid, Missing, Refused
from catalog.kernel.stamp import Stamp
from warehouse.asides import queries
from warehouse.asides.model import MOST_CONTENT, Kept, Kind
from warehouse.sites import queries as sites


async def keep(*, stamp: Stamp, site_id: int, kind: Kind, name: str, content: Mapping[str, Any]) -> Receipt:
    """Put work aside under a name; the person's open entry of that name at the site is replaced.

    Needs stock.put-away at the site (whoever handles goods there). Raises Missing, Denied (no person), Invalid.
    """
    if len(json.dumps(content, ensure_ascii=False)) > MOST_CONTENT:
        raise Invalid("aside.too-much", "暂存内容过大，请先处理一部分")

    async def work() -> Receipt:
        await sites.get_site(site_id, stamp.require(Permission.PUT_AWAY))
        if stamp.person_id is None:
            raise Denied("aside.no-person", "暂存须由本人操作")
        await db.execute(
            "UPDATE kept_work SET ended_at = $4, ended_by = $5, end_verb = 'drop'"
            " WHERE site_id = $1 AND person_id = $2 AND name = $3 AND ended_at IS NULL",
            site_id,
            stamp.person_id,
            name,
            stamp.recorded_at,
            stamp.login,
        )
        kept_id = uuid5(stamp.attempt, "aside")
        await db.execute(
            "INSERT INTO kept_work (id, site_id, person_id, login, kind, name, content, kept_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8)",
            kept_id,
            site_id,
            stamp.person_id,
            stamp.login,
            kind.value,
            name,
            attempts.as_json(dict(content)),
            stamp.recorded_at,
        )
        facts = {"name": name, "kind": kind.value, "site_id": site_id}
        await audit.record(stamp, "aside.keep", subject_kind="aside", subject_id=str(kept_id), facts=facts)
        return {"verb": "keep", "aside": str(kept_id), "name": name}

    return await attempts.once(stamp, "aside.keep", work)


async def take_up(*, stamp: Stamp, kept_id: UUID) -> Receipt:
    """Go on with it: the receipt has what was kept. Raises Missing, Refused (somebody has it already)."""
    return await _end(stamp, kept_id, "take-up")


async def drop(*, stamp: Stamp, kept_id: UUID) -> Receipt:
    """It is not needed any more."""
    return await _end(stamp, kept_id, "drop")


async def _end(stamp: Stamp, kept_id: UUID, verb: str) -> Receipt:
    async def work() -> Receipt:
        await db.execute("SELECT 1 FROM kept_work WHERE id = $1 FOR UPDATE", kept_id)
        found = await queries.find_kept(kept_id)
        if found is None:
            raise Missing("aside.missing", "没有这条暂存，或不在您的管辖范围内")
        stamp.require_at(Permission.PUT_AWAY, found.path, found.site_id)
        if found.ended:
            raise Refused("aside.taken", "这条暂存已被取用或删除", by=found.ended_by)
        await db.execute(
            "UPDATE kept_work SET ended_at = $2, ended_by = $3, end_verb = $4 WHERE id = $1",
            kept_id,
            stamp.recorded_at,
            stamp.login,
            verb,
        )
        facts = {"name": found.name, "kind": found.kind.value, "site_id": found.site_id}
        await audit.record(stamp, f"aside.{verb}", subject_kind="aside", subject_id=str(kept_id), facts=facts)
        return {"verb": verb, **_told(found)}

    return await attempts.once(stamp, f"aside.{verb}", work)


def _told(found: Kept) -> dict[str, Any]:
    return {
        "aside": str(found.id),
        "site": found.site_code,
        "name": found.name,
        "kind": found.kind.value,
        "content": dict(found.content),
    }
