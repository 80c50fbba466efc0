"""Writes of sites, zones and bins. Needs site.edit at the site's region (or on the site itself)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import uuid5

from catalog.kernel import attempts, audit, db, feed, history
from catalog.kernel.access import EVERYWHERE, Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Missing, Refused, Stale
from catalog.kernel.search import search_text
from catalog.kernel.stamp import Stamp
from warehouse.sites import queries, rules, tables
from warehouse.sites.model import (
    STAGING_CODE,
    BinFacts,
    NewBin,
    NewSite,
    NewZone,
    Place,
    PlaceKind,
    Site,
    SiteFacts,
    Zone,
    ZoneFacts,
)

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('warehouse.sites', 7))"


# --- sites ------------------------------------------------------------------------------------------------


async def create_sites(*, stamp: Stamp, sites: Sequence[NewSite]) -> list[int]:
    """Create sites with zones, bins and a staging place each; their ids in order.

    Raises Invalid, Missing (region, custodian, storage class), Refused (`site.code-taken`).
    """

    async def work() -> Receipt:
        await db.execute(_LOCK)
        rules.check_new(sites)
        paths = await _check_facts(stamp, [new.facts for new in sites])
        taken = await queries.find_sites([new.code for new in sites], EVERYWHERE)
        if taken:
            raise Refused("site.code-taken", "库点编号已使用（停用的编号也不再使用）", codes=sorted(taken))
        await _check_storage_classes([zone.facts for new in sites for zone in new.zones])

        rows = [
            tables.Site(
                uuid=uuid5(stamp.attempt, f"site/{new.code}"),
                code=new.code,
                **_site_columns(new.facts, new.code, paths[new.facts.region_id]),
            )
            for new in sites
        ]
        written = await tables.Site.insert(*rows).returning(tables.Site.id, tables.Site.code)
        by_code = {row["code"]: int(row["id"]) for row in written}
        ids = [by_code[new.code] for new in sites]
        places: list[tables.Place] = []
        for site_id, new in zip(ids, sites, strict=True):
            places.append(
                _place_row(stamp, PlaceKind.STAGING, site_id, None, rules.place_key(new.code, 0), NewBin(STAGING_CODE))
            )
        zones = await _write_zones(
            [(site_id, zone) for site_id, new in zip(ids, sites, strict=True) for zone in new.zones]
        )
        for site_id, new in zip(ids, sites, strict=True):
            number = 0
            for zone in new.zones:
                for one in zone.bins:
                    number += 1
                    key = rules.place_key(new.code, number)
                    places.append(_place_row(stamp, PlaceKind.BIN, site_id, zones[site_id, zone.code], key, one))
        await _write_places(places)
        for site_id, new in zip(ids, sites, strict=True):
            await history.record(stamp, table="site", key=str(site_id), verb="create", before=None, after=asdict(new))
        await audit.record(stamp, "site.create", subject_kind="site", facts={"ids": ids[:50], "count": len(ids)})
        await feed.publish("site", map(str, ids), stamp.recorded_at)
        return {"ids": ids}

    return list((await attempts.once(stamp, "site.create", work))["ids"])


async def edit_site(*, stamp: Stamp, site_id: int, version: int, facts: SiteFacts) -> int:
    """Replace the editable facts; the new version. Another region needs the right there too.

    Raises Missing, Stale, Invalid.
    """

    async def work() -> Receipt:
        before = await _locked_site(stamp, site_id, version)
        rules.check_facts(facts)
        paths = await _check_facts(stamp, [facts], at_home=before)
        columns = _site_columns(facts, before.code, paths[facts.region_id])
        return await _site_changed(stamp, "edit", before, columns)

    return int((await attempts.once(stamp, "site.edit", work))["version"])


async def retire_site(*, stamp: Stamp, site_id: int, version: int) -> int:
    """Take a site out of use with its zones and bins. Refused (`site.has-stock`) while anything stands there.

    The new version.
    """

    async def work() -> Receipt:
        before = await _locked_site(stamp, site_id, version)
        if before.retired_at is not None:
            raise Refused("site.already-retired", "储备库点已停用", site_id=site_id)
        places = await db.fetch("SELECT id FROM place WHERE site_id = $1 ORDER BY id FOR UPDATE", site_id)
        stock = await _stock_in([row[0] for row in places])
        if stock:
            raise Refused(
                "site.has-stock", "库点还有库存，不能停用", site_id=site_id, stock=stock[:20], count=len(stock)
            )
        at = stamp.recorded_at
        await db.execute("UPDATE place SET retired_at = $2 WHERE site_id = $1 AND retired_at IS NULL", site_id, at)
        await db.execute("UPDATE zone SET retired_at = $2 WHERE site_id = $1 AND retired_at IS NULL", site_id, at)
        return await _site_changed(stamp, "retire", before, {"retired_at": at})

    return int((await attempts.once(stamp, "site.retire", work))["version"])


# --- zones ------------------------------------------------------------------------------------------------


async def add_zones(*, stamp: Stamp, site_id: int, zones: Sequence[NewZone]) -> list[int]:
    """Add zones with their bins to a site; their ids in order. Raises Missing, Invalid, Refused (`…code-taken`)."""

    async def work() -> Receipt:
        site = await _locked_site(stamp, site_id, None)
        rules.check_zones(zones)
        await _check_storage_classes([zone.facts for zone in zones])
        await _check_free_codes(site_id, [zone.code for zone in zones], [one.code for z in zones for one in z.bins])
        written = await _write_zones([(site_id, zone) for zone in zones])
        await _add_places(stamp, site, [(written[site_id, zone.code], one) for zone in zones for one in zone.bins])
        ids = [written[site_id, zone.code] for zone in zones]
        for zone_id, zone in zip(ids, zones, strict=True):
            await history.record(stamp, table="zone", key=str(zone_id), verb="add", before=None, after=asdict(zone))
        await audit.record(stamp, "zone.add", subject_kind="site", subject_id=str(site_id), facts={"ids": ids[:50]})
        await feed.publish("site", [str(site_id)], stamp.recorded_at)
        return {"ids": ids}

    return list((await attempts.once(stamp, "zone.add", work))["ids"])


async def edit_zone(*, stamp: Stamp, zone_id: int, version: int, facts: ZoneFacts) -> int:
    """Replace the editable facts; the new version. Raises Missing, Stale, Invalid."""

    async def work() -> Receipt:
        before = await _locked_zone(stamp, zone_id, version)
        rules.check_zone(before.code, facts)
        await _check_storage_classes([facts])
        columns = {**asdict(facts), "storage_classes": list(facts.storage_classes)}
        return await _zone_changed(stamp, "edit", before, columns)

    return int((await attempts.once(stamp, "zone.edit", work))["version"])


async def retire_zone(*, stamp: Stamp, zone_id: int, version: int) -> int:
    """Take a zone without live bins out of use; the new version. Refused (`zone.has-bins`)."""

    async def work() -> Receipt:
        before = await _locked_zone(stamp, zone_id, version)
        if before.retired_at is not None:
            raise Refused("zone.already-retired", "库区已停用", zone_id=zone_id)
        if before.bins:
            raise Refused("zone.has-bins", "请先停用或移走库区内的货位", zone_id=zone_id, bins=before.bins)
        return await _zone_changed(stamp, "retire", before, {"retired_at": stamp.recorded_at})

    return int((await attempts.once(stamp, "zone.retire", work))["version"])


# --- bins -------------------------------------------------------------------------------------------------


async def add_bins(*, stamp: Stamp, zone_id: int, bins: Sequence[NewBin]) -> list[int]:
    """Add bins to a zone; their place ids in order. Raises Missing, Invalid, Refused (`bin.code-taken`)."""

    async def work() -> Receipt:
        scope = stamp.require(Permission.SITE_EDIT)
        zone = await queries.get_zone(zone_id, scope)
        site = await _locked_site(stamp, zone.site_id, None)
        zone = await queries.get_zone(zone_id, scope)
        if zone.retired_at is not None:
            raise Refused("zone.already-retired", "库区已停用", zone_id=zone_id)
        if not 1 <= len(bins) <= rules.MOST_BINS_AT_ONCE:
            raise Invalid("bin.bad-count", f"一次可新增 1 到 {rules.MOST_BINS_AT_ONCE} 个货位", count=len(bins))
        rules.check_zones([NewZone(zone.code, ZoneFacts(zone.name_zh), tuple(bins))])
        await _check_free_codes(site.id, [], [one.code for one in bins])
        ids = await _add_places(stamp, site, [(zone_id, one) for one in bins])
        for place_id, one in zip(ids, bins, strict=True):
            await history.record(stamp, table="place", key=str(place_id), verb="add", before=None, after=asdict(one))
        await audit.record(stamp, "bin.add", subject_kind="zone", subject_id=str(zone_id), facts={"count": len(ids)})
        await feed.publish("site", [str(site.id)], stamp.recorded_at)
        return {"ids": ids}

    return list((await attempts.once(stamp, "bin.add", work))["ids"])


async def edit_bin(*, stamp: Stamp, place_id: int, version: int, facts: BinFacts, zone_id: int | None = None) -> int:
    """Replace capacity and walking order; with `zone_id` the bin goes to another zone of its site. The new version."""

    async def work() -> Receipt:
        before = (await _locked_places(stamp, [place_id], {place_id: version}))[0]
        rules.check_bin_facts(facts)
        columns: dict[Any, Any] = {
            "volume_ml": facts.volume_ml,
            "weight_g": facts.weight_g,
            "sort_key": rules.walking_order(before.code) if facts.sort_key is None else facts.sort_key,
        }
        if zone_id is not None:
            zone = await queries.get_zone(zone_id, stamp.require(Permission.SITE_EDIT))
            if zone.site_id != before.site_id or zone.retired_at is not None:
                raise Invalid("bin.other-site", "只能移到同一库点在用的库区", zone_id=zone_id)
            columns["zone_id"] = zone_id
        return await _places_changed(stamp, "edit", [before], columns)

    return int((await attempts.once(stamp, "bin.edit", work))["version"])


async def close_bins(*, stamp: Stamp, place_ids: Sequence[int], reason: str) -> None:
    """Nothing goes into or out of these bins until they are opened again (a count, damage). Raises Missing, Refused."""

    async def work() -> Receipt:
        places = await _locked_places(stamp, place_ids, {})
        if not reason.strip():
            raise Invalid("bin.no-reason", "关闭货位须说明原因")
        shut = [place.code for place in places if place.closed]
        if shut:
            raise Refused("bin.already-closed", "货位已关闭", codes=shut)
        columns = {"closed_by": stamp.person_id or 0, "close_reason": reason.strip()}
        return await _places_changed(stamp, "close", places, columns)

    await attempts.once(stamp, "bin.close", work)


async def open_bins(*, stamp: Stamp, place_ids: Sequence[int]) -> None:
    """Let goods go in and out again. Raises Missing, Refused (`bin.not-closed`)."""

    async def work() -> Receipt:
        places = await _locked_places(stamp, place_ids, {})
        loose = [place.code for place in places if not place.closed]
        if loose:
            raise Refused("bin.not-closed", "货位没有关闭", codes=loose)
        return await _places_changed(stamp, "open", places, {"closed_by": None, "close_reason": ""})

    await attempts.once(stamp, "bin.open", work)


async def retire_bins(*, stamp: Stamp, place_ids: Sequence[int]) -> None:
    """Take bins out of use; code and key stay taken. Refused (`bin.has-stock`) while anything stands there."""

    async def work() -> Receipt:
        places = await _locked_places(stamp, place_ids, {})
        stock = await _stock_in(place_ids)
        if stock:
            raise Refused("bin.has-stock", "货位还有库存，不能停用", stock=stock[:20], count=len(stock))
        return await _places_changed(stamp, "retire", places, {"retired_at": stamp.recorded_at})

    await attempts.once(stamp, "bin.retire", work)


# --- for a count ------------------------------------------------------------------------------------------


async def freeze_for_count(*, stamp: Stamp, place_id: int, reason: str) -> bool:
    """Shut one bin or arrivals area while it is being counted: commands are refused there, facts are recorded.

    For the count, inside its transaction; needs stock.count. False where it was shut already (it stays so afterwards).
    """
    place = await _locked_for_count(stamp, place_id)
    if place.closed:
        return False
    await _places_changed(stamp, "freeze", [place], {"closed_by": stamp.person_id or 0, "close_reason": reason.strip()})
    return True


async def thaw_after_count(*, stamp: Stamp, place_id: int) -> None:
    """Open a bin again that `freeze_for_count` shut. Inside the count's transaction; it may be open already."""
    place = await _locked_for_count(stamp, place_id)
    if place.closed:
        await _places_changed(stamp, "thaw", [place], {"closed_by": None, "close_reason": ""})


async def _locked_for_count(stamp: Stamp, place_id: int) -> Place:
    await db.execute("SELECT 1 FROM place WHERE id = $1 FOR UPDATE", place_id)
    rights = [p for p in (Permission.COUNT, Permission.COUNT_PLAN, Permission.COUNT_APPROVE) if _has(stamp, p)]
    return await queries.get_place(place_id, stamp.require(rights[0] if rights else Permission.COUNT))


def _has(stamp: Stamp, permission: Permission) -> bool:
    return any(permission in grant.permissions for grant in stamp.grants)


async def go_live(*, stamp: Stamp, site_id: int) -> None:
    """The opening count has been posted: from now on the store counts in every report. Inside its transaction; needs
    count.approve."""
    site = await queries.get_site(site_id, stamp.require(Permission.COUNT_APPROVE))
    if not site.live:
        await _site_changed(stamp, "go-live", site, {"live": True})


# --- parts ------------------------------------------------------------------------------------------------


async def _check_facts(stamp: Stamp, facts: Sequence[SiteFacts], at_home: Site | None = None) -> Mapping[int, str]:
    """The paths of the sites' regions; every region, custodian and owner must be there, and editable."""
    stamp.require(Permission.SITE_EDIT)
    wanted = {one.region_id for one in facts} | {one.custody_for_id for one in facts if one.custody_for_id is not None}
    rows = await db.fetch(
        "SELECT id, path FROM region WHERE id = ANY($1::bigint[]) AND retired_at IS NULL", list(wanted)
    )
    paths = {int(row[0]): str(row[1]) for row in rows}
    if len(paths) != len(wanted):
        raise Missing("region.missing", "没有这个区划", region_ids=sorted(wanted - set(paths)))
    for region_id in {one.region_id for one in facts}:
        if at_home is None or region_id != at_home.region_id:
            stamp.require_at(Permission.SITE_EDIT, paths[region_id])
    custodians = {one.custodian_id for one in facts if one.custodian_id is not None}
    found = await db.fetch("SELECT id FROM party WHERE id = ANY($1::bigint[]) AND retired_at IS NULL", list(custodians))
    if len(found) != len(custodians):
        raise Missing("party.missing", "没有这个单位", party_ids=sorted(custodians - {row[0] for row in found}))
    return paths


async def _check_storage_classes(zones: Sequence[ZoneFacts]) -> None:
    wanted = {key for zone in zones for key in zone.storage_classes}
    found = await db.fetch("SELECT key FROM storage_class WHERE key = ANY($1::text[])", list(wanted))
    if len(found) != len(wanted):
        raise Missing("zone.no-storage-class", "没有这个储存类别", keys=sorted(wanted - {row[0] for row in found}))


async def _check_free_codes(site_id: int, zone_codes: Sequence[str], bin_codes: Sequence[str]) -> None:
    zones = await db.fetch("SELECT code FROM zone WHERE site_id = $1 AND code = ANY($2::text[])", site_id, zone_codes)
    if zones:
        raise Refused("zone.code-taken", "库区编号已使用（停用的也不再使用）", codes=sorted(row[0] for row in zones))
    bins = await db.fetch("SELECT code FROM place WHERE site_id = $1 AND code = ANY($2::text[])", site_id, bin_codes)
    if bins:
        raise Refused("bin.code-taken", "货位编号已使用（停用的也不再使用）", codes=sorted(row[0] for row in bins))


async def _locked_site(stamp: Stamp, site_id: int, version: int | None) -> Site:
    scope = stamp.require(Permission.SITE_EDIT)
    await db.execute("SELECT 1 FROM site WHERE id = $1 FOR UPDATE", site_id)
    found = await queries.get_site(site_id, scope)
    if version is not None and found.version != version:
        raise Stale("site.stale", "别人已修改，请重新载入", yours=version, current=found.version)
    if version is None and found.retired_at is not None:
        raise Refused("site.already-retired", "储备库点已停用", site_id=site_id)
    return found


async def _locked_zone(stamp: Stamp, zone_id: int, version: int) -> Zone:
    scope = stamp.require(Permission.SITE_EDIT)
    await db.execute("SELECT 1 FROM zone WHERE id = $1 FOR UPDATE", zone_id)
    found = await queries.get_zone(zone_id, scope)
    if found.version != version:
        raise Stale("zone.stale", "别人已修改，请重新载入", yours=version, current=found.version)
    return found


async def _locked_places(stamp: Stamp, place_ids: Sequence[int], versions: Mapping[int, int]) -> list[Place]:
    """Live bins, locked, in the order asked. Raises Missing, Stale, Refused."""
    scope = stamp.require(Permission.SITE_EDIT)
    if not 1 <= len(place_ids) <= rules.MOST_BINS_AT_ONCE or len(set(place_ids)) != len(place_ids):
        raise Invalid(
            "bin.bad-count", f"一次可处理 1 到 {rules.MOST_BINS_AT_ONCE} 个货位，不能重复", count=len(place_ids)
        )
    await db.execute("SELECT 1 FROM place WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE", list(place_ids))
    places = [await queries.get_place(place_id, scope) for place_id in place_ids]
    for place in places:
        if place.kind is not PlaceKind.BIN:
            raise Refused("bin.not-a-bin", "只有货位可以这样处理", which=place.code, kind=place.kind)
        if place.retired_at is not None:
            raise Refused("bin.already-retired", "货位已停用", which=place.code)
        if place.version != versions.get(place.id, place.version):
            raise Stale("bin.stale", "别人已修改，请重新载入", yours=versions[place.id], current=place.version)
    return places


async def _stock_in(place_ids: Sequence[int]) -> list[dict[str, Any]]:
    """What stands in places; reads the ledger's balances, never writes them."""
    rows = await db.fetch(
        "SELECT p.code, l.number, b.condition, b.on_hand FROM balance b JOIN place p ON p.id = b.place_id"
        " JOIN lot l ON l.id = b.lot_id WHERE b.place_id = ANY($1::bigint[]) AND b.on_hand > 0"
        " ORDER BY p.sort_key, l.number LIMIT 200",
        list(place_ids),
    )
    return [{"place": row[0], "lot": row[1], "condition": row[2], "on_hand": row[3]} for row in rows]


async def _write_zones(zones: Sequence[tuple[int, NewZone]]) -> dict[tuple[int, str], int]:
    rows = [
        tables.Zone(
            site_id=site_id,
            code=zone.code,
            **{**asdict(zone.facts), "storage_classes": list(zone.facts.storage_classes)},
        )
        for site_id, zone in zones
    ]
    found: dict[tuple[int, str], int] = {}
    for start in range(0, len(rows), 500):
        written = await tables.Zone.insert(*rows[start : start + 500]).returning(
            tables.Zone.id, tables.Zone.site_id, tables.Zone.code
        )
        found |= {(int(row["site_id"]), row["code"]): int(row["id"]) for row in written}
    return found


def _place_row(stamp: Stamp, kind: PlaceKind, site_id: int, zone_id: int | None, key: str, new: NewBin) -> tables.Place:
    facts = new.facts
    return tables.Place(
        uuid=uuid5(stamp.attempt, f"place/{key}"),
        kind=kind.value,
        site_id=site_id,
        zone_id=zone_id,
        code=new.code,
        key=key,
        sort_key=rules.walking_order(new.code) if facts.sort_key is None else facts.sort_key,
        volume_ml=facts.volume_ml,
        weight_g=facts.weight_g,
    )


async def _write_places(rows: Sequence[tables.Place]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(rows), 1000):
        written = await tables.Place.insert(*rows[start : start + 1000]).returning(tables.Place.id, tables.Place.key)
        found |= {row["key"]: int(row["id"]) for row in written}
    return found


async def _add_places(stamp: Stamp, site: Site, bins: Sequence[tuple[int, NewBin]]) -> list[int]:
    """Bins of a locked site, with the next running keys; their ids in order."""
    last = await db.fetch_value(
        "SELECT max(key COLLATE \"C\") FROM place WHERE site_id = $1 AND kind IN ('bin', 'staging')", site.id
    )
    number = rules.place_number(last)
    rows = []
    for zone_id, one in bins:
        number += 1
        rows.append(_place_row(stamp, PlaceKind.BIN, site.id, zone_id, rules.place_key(site.code, number), one))
    ids = await _write_places(rows)
    return [ids[row.key] for row in rows]


async def _site_changed(stamp: Stamp, verb: str, before: Site, columns: dict[Any, Any]) -> Receipt:
    key = str(before.id)
    columns = {**columns, "version": before.version + 1}
    await tables.Site.update(columns).where(tables.Site.id == before.id)
    await history.record(stamp, table="site", key=key, verb=verb, before=asdict(before), after=columns)
    await audit.record(stamp, f"site.{verb}", subject_kind="site", subject_id=key)
    await feed.publish("site", [key], stamp.recorded_at)
    return {"version": before.version + 1}


async def _zone_changed(stamp: Stamp, verb: str, before: Zone, columns: dict[Any, Any]) -> Receipt:
    key = str(before.id)
    columns = {**columns, "version": before.version + 1}
    await tables.Zone.update(columns).where(tables.Zone.id == before.id)
    await history.record(stamp, table="zone", key=key, verb=verb, before=asdict(before), after=columns)
    await audit.record(stamp, f"zone.{verb}", subject_kind="zone", subject_id=key)
    await feed.publish("site", [str(before.site_id)], stamp.recorded_at)
    return {"version": before.version + 1}


async def _places_changed(stamp: Stamp, verb: str, places: Sequence[Place], columns: dict[Any, Any]) -> Receipt:
    for place in places:
        after = {**columns, "version": place.version + 1}
        await tables.Place.update(after).where(tables.Place.id == place.id)
        await history.record(stamp, table="place", key=str(place.id), verb=verb, before=asdict(place), after=after)
    ids = [place.id for place in places]
    await audit.record(stamp, f"bin.{verb}", subject_kind="bin", subject_id=str(ids[0]), facts={"ids": ids[:50]})
    await feed.publish("site", map(str, sorted({place.site_id for place in places})), stamp.recorded_at)
    return {"version": places[0].version + 1}


def _site_columns(facts: SiteFacts, code: str, path: str) -> dict[Any, Any]:
    return {
        **asdict(facts),
        "kind": facts.kind.value,
        "path": path,
        "search": search_text(facts.name_zh, facts.name_en, code, facts.address),
    }
