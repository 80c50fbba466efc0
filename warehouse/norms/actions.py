"""Writes of norms. They change seldom and each is judged together with all others: one writer at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from catalog.kernel import attempts, audit, db, feed, history
from catalog.kernel.access import Permission
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Invalid, Refused, Stale
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from warehouse.norms import queries, rules
from warehouse.norms.model import Difference, Field, Goods, Norm, NormFacts, Preview, Requirement, Subject

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('warehouse.norms', 7))"
MOST_SHOWN = 200
"""Places and goods that a preview lists; the rest is counted."""
_SAID = "minimum, reorder, target, maximum, lead_days, round_to, basis_per, unit, valid_from, valid_to, source, note"
_COLUMNS = ("site_id, region_id, item_id, class_id, " + _SAID).split(", ")


async def set_norms(*, stamp: Stamp, norms: Sequence[NormFacts]) -> Receipt:
    """Add norms, all or none; their ids in order. Needs norm.edit at each place.

    Raises Invalid (`norm.…`, naming the line), Missing (place, goods), Refused (`norm.tie`, `norm.order-broken`).
    """

    async def work() -> Receipt:
        await db.execute(_LOCK)
        made = await _new(stamp, norms)
        await _check(made, (), day_of(stamp.recorded_at))
        for norm in made:
            await _insert(stamp, norm)
            await _note(stamp, "set", norm, None, norm.facts)
        return {"ids": [str(norm.id) for norm in made]}

    return await attempts.once(stamp, "norm.set", work)


async def edit_norm(*, stamp: Stamp, norm_id: UUID, version: int, facts: NormFacts) -> Receipt:
    """Replace what a norm says. Whom and what it is for stays: for others set another and retire this one.

    Raises Missing, Stale, Invalid, Refused (`norm.retired`, `norm.other-place`, `norm.tie`, `norm.order-broken`).
    """

    async def work() -> Receipt:
        await db.execute(_LOCK)
        before = await _locked(stamp, norm_id, version)
        after = await _edited(before, facts)
        await _check([after], [before], day_of(stamp.recorded_at))
        names = [*_SAID.split(", "), "basis", "season_from", "season_to"]
        sets = ", ".join(f"{name} = ${n}" for n, name in enumerate(names, 2))
        values = [_value(facts, name) for name in names]
        await db.execute(f"UPDATE norm SET version = version + 1, {sets} WHERE id = $1", norm_id, *values)
        await db.execute("DELETE FROM norm_equivalent WHERE norm_id = $1", norm_id)
        await _insert_equivalents(norm_id, facts)
        await _note(stamp, "edit", before, before.facts, facts)
        return {"id": str(norm_id), "version": version + 1}

    return await attempts.once(stamp, "norm.edit", work)


async def retire_norm(*, stamp: Stamp, norm_id: UUID, version: int) -> Receipt:
    """Take a norm out of force for good; it stays readable. Raises Missing, Stale, Refused (`norm.order-broken`)."""

    async def work() -> Receipt:
        await db.execute(_LOCK)
        before = await _locked(stamp, norm_id, version)
        await _check([], [before], day_of(stamp.recorded_at))
        await db.execute(
            "UPDATE norm SET retired_at = $2, version = version + 1 WHERE id = $1", norm_id, stamp.recorded_at
        )
        await _note(stamp, "retire", before, before.facts, None)
        return {"id": str(norm_id), "version": version + 1}

    return await attempts.once(stamp, "norm.retire", work)


async def preview(*, stamp: Stamp, norms: Sequence[NormFacts], instead_of: UUID | None = None) -> Preview:
    """What setting these norms (or one of them in place of `instead_of`) would change, without doing it.

    Raises what the writing raises, so that a contradiction is seen before it is sent.
    """
    today = day_of(stamp.recorded_at)
    scope = stamp.require(Permission.NORM_EDIT)
    if instead_of is None:
        gone: list[Norm] = []
        made = await _new(stamp, norms)
    else:
        gone = [await queries.get_norm(instead_of, scope)]
        stamp.require_at(Permission.NORM_EDIT, gone[0].path, gone[0].facts.site_id)
        made = [await _edited(gone[0], facts) for facts in norms[:1]]
    return await _check(made, gone, today)


# --- deciding -------------------------------------------------------------------------------------------------------


async def _new(stamp: Stamp, norms: Sequence[NormFacts]) -> list[Norm]:
    """The norms as they would be, checked one by one, each in the caller's scope."""
    stamp.require(Permission.NORM_EDIT)
    if not 1 <= len(norms) <= rules.MOST_AT_ONCE:
        raise Invalid("norm.bad-count", f"一次可设 1 到 {rules.MOST_AT_ONCE} 条标准", count=len(norms))
    for line, facts in enumerate(norms, 1):
        rules.check_facts(facts, line)
    ids = [uuid5(stamp.attempt, f"norm/{n}") for n in range(len(norms))]
    made = await queries.describe([(ids[n], -n - 1, 1, facts) for n, facts in enumerate(norms)])
    for line, norm in enumerate(made, 1):
        stamp.require_at(Permission.NORM_EDIT, norm.path, norm.facts.site_id)
        rules.check_places(norm.facts, norm.tier, line)
    return made


async def _edited(before: Norm, facts: NormFacts) -> Norm:
    same = ("site_id", "region_id", "each", "item_id", "class_id")
    if any(getattr(facts, name) != getattr(before.facts, name) for name in same):
        raise Refused("norm.other-place", "适用对象和物资不能修改：请另设一条并停用这一条", norm=str(before.id))
    rules.check_facts(facts)
    return (await queries.describe([(before.id, before.seq, before.version + 1, facts)]))[0]


async def _check(made: Sequence[Norm], gone: Sequence[Norm], today: date) -> Preview:
    """Judge the change against all other norms on every day that matters; what it changes. Raises Refused."""
    touched = [*made, *gone]
    out = {norm.id for norm in gone}
    before: dict[UUID, Norm] = {}
    places: dict[tuple[int, int | None], Subject] = {}
    for path in _tops({norm.path for norm in touched}):
        before |= {norm.id: norm for norm in await queries.norms_around(path)}
        for subject in await queries.subjects_under(path, today):
            places[subject.region_id, subject.site_id] = subject
    after = [norm for norm in before.values() if norm.id not in out] + list(made)
    rules.check_ties(after, {norm.seq for norm in made})
    goods = [one for one in await queries.list_goods() if any(rules.covers(norm, one) for norm in touched)]
    concerned = [one for one in places.values() if any(rules.concerns(norm, one) for norm in touched)]
    relevant = [n for n in [*before.values(), *made] if any(rules.covers(n, one) for one in goods)]
    days = rules.days_that_matter(relevant, today)
    for day in days:
        rules.check_order(rules.requirements(after, concerned, goods, day), day)
    shown = next((day for day in days if any(_holds(norm, day) for norm in touched)), today)
    return _compared(list(before.values()), after, concerned, goods, shown)


def _holds(norm: Norm, day: date) -> bool:
    return rules.in_force(norm.facts, day) and rules.in_season(norm.facts.season, day)


def _tops(paths: set[str]) -> list[str]:
    return sorted(path for path in paths if not any(other != path and path.startswith(other) for other in paths))


def _compared(
    before: Sequence[Norm], after: Sequence[Norm], places: Sequence[Subject], goods: Sequence[Goods], day: date
) -> Preview:
    was = {_key(one): one for one in rules.requirements(before, places, goods, day)}
    will = {_key(one): one for one in rules.requirements(after, places, goods, day)}
    found = []
    for key in {**was, **will}:
        old, new = was.get(key), will.get(key)
        if _values(old) != _values(new):
            found.append(_difference(new or old, _values(old), _values(new)))
    unknown = sum(1 for one in will.values() if any(figure.value is None for figure in one.resolution.figures.values()))
    places_touched = {(one.subject.region_id, one.subject.site_id) for one in found}
    return Preview(day, tuple(found[:MOST_SHOWN]), max(len(found) - MOST_SHOWN, 0), len(places_touched), unknown)


def _key(one: Requirement) -> tuple[int, int | None, int | None, int | None]:
    return one.subject.region_id, one.subject.site_id, one.item_id, one.class_id


def _values(one: Requirement | None) -> dict[Field, int | None]:
    return {field: one.resolution.value(field) if one else None for field in Field}


def _difference(
    one: Requirement | None, before: Mapping[Field, int | None], after: Mapping[Field, int | None]
) -> Difference:
    if one is None or one.resolution.governing is None:
        raise RuntimeError("a requirement without a norm")
    norm = one.resolution.governing
    return Difference(
        one.subject, norm.what_key, norm.what_zh, norm.what_en, norm.unit_zh, norm.unit_factor, dict(before),
        dict(after),
    )  # fmt: skip


# --- writing --------------------------------------------------------------------------------------------------------


async def _locked(stamp: Stamp, norm_id: UUID, version: int) -> Norm:
    norm = await queries.get_norm(norm_id, stamp.require(Permission.NORM_EDIT))
    stamp.require_at(Permission.NORM_EDIT, norm.path, norm.facts.site_id)
    if norm.retired_at is not None:
        raise Refused("norm.retired", "这条标准已停用", norm=str(norm_id))
    if norm.version != version:
        raise Stale("norm.stale", "别人已修改，请重新载入", yours=version, current=norm.version)
    return norm


def _value(facts: NormFacts, name: str) -> Any:
    if name in ("season_from", "season_to"):
        season = facts.season
        return None if season is None else season.begins if name == "season_from" else season.ends
    value = getattr(facts, name)
    return value.strip() if isinstance(value, str) and name != "basis" else value


async def _insert(stamp: Stamp, norm: Norm) -> None:
    names = [*_COLUMNS, "each", "basis", "season_from", "season_to"]
    facts = norm.facts
    values = [_value(facts, name) for name in names]
    spots = ", ".join(f"${n}" for n in range(1, len(names) + 5))
    await db.execute(
        f"INSERT INTO norm (id, created_at, created_by, attempt, {', '.join(names)}) VALUES ({spots})",
        norm.id,
        stamp.recorded_at,
        stamp.login,
        stamp.attempt,
        *values,
    )
    await _insert_equivalents(norm.id, facts)


async def _insert_equivalents(norm_id: UUID, facts: NormFacts) -> None:
    if facts.equivalents:
        await db.execute(
            "INSERT INTO norm_equivalent (norm_id, item_id, base, worth)"
            " SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::bigint[])",
            norm_id,
            [one.item_id for one in facts.equivalents],
            [one.base for one in facts.equivalents],
            [one.worth for one in facts.equivalents],
        )


async def _note(stamp: Stamp, verb: str, norm: Norm, before: NormFacts | None, after: NormFacts | None) -> None:
    key = str(norm.id)
    was, will = (asdict(one) if one else None for one in (before, after))
    await history.record(stamp, table="norm", key=key, verb=verb, before=was, after=will)
    facts = {"place": norm.anchor_key, "goods": norm.what_key}
    await audit.record(stamp, f"norm.{verb}", subject_kind="norm", subject_id=key, facts=facts)
    await feed.publish("norm", [key], stamp.recorded_at)
