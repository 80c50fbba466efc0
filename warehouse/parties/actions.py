"""Writes of parties. Needs party.edit at the party's region; anywhere for those without one (suppliers are shared)."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import uuid5

from catalog.kernel import attempts, audit, db, feed, history
from catalog.kernel.access import EVERYWHERE, Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Missing, Refused, Stale
from catalog.kernel.search import search_text
from catalog.kernel.stamp import Stamp
from warehouse.parties import queries, rules, tables
from warehouse.parties.model import NewParty, Party, PartyFacts

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('warehouse.parties', 7))"


async def create_parties(*, stamp: Stamp, parties: Sequence[NewParty]) -> list[int]:
    """Create parties; their ids in order. Raises Invalid, Missing (region), Refused (`party.key-taken`)."""

    async def work() -> Receipt:
        await db.execute(_LOCK)
        rules.check_new(parties)
        await _may_edit(stamp, {new.facts.region_id for new in parties})
        taken = await queries.find_parties([new.key for new in parties], EVERYWHERE)
        if taken:
            raise Refused("party.key-taken", "单位编号已使用（停用的编号也不再使用）", keys=sorted(taken))

        rows = [
            tables.Party(
                uuid=uuid5(stamp.attempt, f"party/{new.key}"),
                key=new.key,
                kind=new.kind.value,
                **_columns(new.facts, new.key),
            )
            for new in parties
        ]
        written = await tables.Party.insert(*rows).returning(tables.Party.id, tables.Party.key)
        by_key = {row["key"]: int(row["id"]) for row in written}
        ids = [by_key[new.key] for new in parties]
        for party_id, new in zip(ids, parties, strict=True):
            await history.record(stamp, table="party", key=str(party_id), verb="create", before=None, after=asdict(new))
        await audit.record(stamp, "party.create", subject_kind="party", facts={"ids": ids[:50], "count": len(ids)})
        await feed.publish("party", map(str, ids), stamp.recorded_at)
        return {"ids": ids}

    return list((await attempts.once(stamp, "party.create", work))["ids"])


async def edit_party(*, stamp: Stamp, party_id: int, version: int, facts: PartyFacts) -> int:
    """Replace the editable facts; the new version. Raises Missing, Stale, Invalid."""

    async def work() -> Receipt:
        before = await _locked(stamp, party_id, version)
        rules.check_facts(before.kind, facts)
        if facts.region_id != before.region_id:
            await _may_edit(stamp, {facts.region_id})
        return await _changed(stamp, "edit", before, _columns(facts, before.key))

    return int((await attempts.once(stamp, "party.edit", work))["version"])


async def retire_party(*, stamp: Stamp, party_id: int, version: int) -> int:
    """Take a party out of use; what names it keeps naming it. The new version."""

    async def work() -> Receipt:
        before = await _locked(stamp, party_id, version)
        if before.retired_at is not None:
            raise Refused("party.already-retired", "单位已停用", party_id=party_id)
        return await _changed(stamp, "retire", before, {"retired_at": stamp.recorded_at})

    return int((await attempts.once(stamp, "party.retire", work))["version"])


async def _may_edit(stamp: Stamp, region_ids: set[int | None]) -> None:
    stamp.require(Permission.PARTY_EDIT)
    wanted = [region_id for region_id in region_ids if region_id is not None]
    rows = await db.fetch("SELECT id, path FROM region WHERE id = ANY($1::bigint[]) AND retired_at IS NULL", wanted)
    if len(rows) != len(wanted):
        raise Missing("region.missing", "没有这个区划", region_ids=wanted)
    for row in rows:
        stamp.require_at(Permission.PARTY_EDIT, row[1])


async def _locked(stamp: Stamp, party_id: int, version: int) -> Party:
    scope = stamp.require(Permission.PARTY_EDIT)
    await db.execute("SELECT 1 FROM party WHERE id = $1 FOR UPDATE", party_id)
    found = await queries.get_party(party_id, scope)
    if found.path is not None:
        stamp.require_at(Permission.PARTY_EDIT, found.path)
    if found.version != version:
        raise Stale("party.stale", "别人已修改，请重新载入", yours=version, current=found.version)
    return found


async def _changed(stamp: Stamp, verb: str, before: Party, columns: dict[Any, Any]) -> Receipt:
    key = str(before.id)
    columns = {**columns, "version": before.version + 1}
    await tables.Party.update(columns).where(tables.Party.id == before.id)
    await history.record(stamp, table="party", key=key, verb=verb, before=asdict(before), after=columns)
    await audit.record(stamp, f"party.{verb}", subject_kind="party", subject_id=key)
    await feed.publish("party", [key], stamp.recorded_at)
    return {"version": before.version + 1}


def _columns(facts: PartyFacts, key: str) -> dict[Any, Any]:
    return {
        **asdict(facts),
        "duties": [duty.value for duty in facts.duties],
        "search": search_text(facts.name_zh, facts.name_en, key, facts.contact),
    }
