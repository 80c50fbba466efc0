"""Writes of norms. They change seldom and each is judged together with all others: one writer at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from catalog.kernel import attempts, audit, db, feed, history
from catalog.kernel.access import Permission, scope_of
from catalog.kernel.attempts import Receipt
from catalog.kernel.errors import Denied, Invalid, Missing, Problem, Refused, Stale
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from warehouse.norms import lines, queries, rules
from warehouse.norms.model import (
    Difference,
    DryRun,
    Field,
    Goods,
    Judged,
    Line,
    Norm,
    NormFacts,
    Preview,
    Requirement,
    Subject,
)

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
            await _set(stamp, norm)
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
        await _edit(stamp, before, facts)
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


# --- from a file ----------------------------------------------------------------------------------------------------


async def judge_lines(*, stamp: Stamp, rows: Sequence[Line], scheme: str) -> DryRun:
    """What each row of a file would do, without doing it: new, a change, the same already, or not usable and why.

    `scheme`: of the classes that rows name. A row that would contradict another or a norm there is named, the rest is
    judged without it. Raises Denied, Invalid (`norm.bad-count`).
    """
    scope = stamp.require(Permission.NORM_EDIT)
    if not 1 <= len(rows) <= rules.MOST_AT_ONCE:
        raise Invalid("norm.bad-count", f"一次可设 1 到 {rules.MOST_AT_ONCE} 条标准", count=len(rows))
    today = day_of(stamp.recorded_at)
    seen = scope_of(stamp.grants, Permission.NORM_READ)
    places = await queries.places_named([one.place for one in rows], seen)
    goods = await queries.goods_named([one.goods for one in rows], scheme)
    found = lines.resolved(rows, places, goods)
    there = {one.place.region_id for one in found if one.place}, {one.place.site_id for one in found if one.place}
    norms = await queries.norms_at(*(sorted(key for key in keys if key is not None) for keys in there))
    found = lines.matched(found, norms, today)
    for number, one in enumerate(found):
        if one.usable and one.place and not scope.covers(one.place.path, one.place.site_id):
            found[number] = lines.refused(one, Denied("norm.no-right-there", "您无权设置这里的标准"))
    return await _together(stamp, found, today)


async def import_norms(
    *, stamp: Stamp, rows: Sequence[Line], scheme: str, agreed: Sequence[tuple[int, UUID | None, int]], file: str
) -> Receipt:
    """Set and change what the usable rows of a file say, all or none, as `set_norms` and `edit_norm` do one by one.

    `agreed`: the `mark` of each usable row as it was shown. Raises what `judge_lines` raises, Missing where the place
    of such a row is not in sight, and Stale (`norm.file-stale`, naming the first row) where the rows would now do
    anything else, for a norm was changed.
    """

    async def work() -> Receipt:
        await db.execute(_LOCK)
        found = await judge_lines(stamp=stamp, rows=rows, scheme=scheme)
        usable = found.usable
        promised = {row for row, *_ in agreed}
        for one in found.rows:
            if one.place is None and one.line.place and one.line.row in promised:
                raise Missing("norm.no-such-place", "没有这个区划或库点，或不在您的管辖范围内", row=one.line.row)
        other = {one.mark for one in usable} ^ set(agreed)
        if other:
            row = min(mark[0] for mark in other)
            raise Stale("norm.file-stale", f"第 {row} 行的标准已被别人修改，未写入任何内容，请重新检查文件", row=row)
        made = await _made(stamp, usable)
        for one, norm in zip(usable, made, strict=True):
            if one.before is None:
                await _set(stamp, norm)
            else:
                await _edit(stamp, one.before, norm.facts)
        facts = {"file": file, **found.counts}
        await audit.record(stamp, "norm.import", subject_kind="norm", facts=facts)
        return {"counts": found.counts}

    return await attempts.once(stamp, "norm.import", work)


async def _made(stamp: Stamp, usable: Sequence[Judged]) -> list[Norm]:
    """The norms as they would be, in the order of the rows."""
    described = []
    for one in usable:
        if one.facts is None:
            raise RuntimeError("a usable row without facts")
        row, norm_id, version = one.mark
        seq = one.before.seq if one.before else -row
        described.append((norm_id or uuid5(stamp.attempt, f"norm/{row}"), seq, version + 1, one.facts))
    return await queries.describe(described)


async def _together(stamp: Stamp, found: Sequence[Judged], today: date) -> DryRun:
    """The rows judged with each other and all other norms: those at fault are left out until the rest agrees."""
    rows = list(found)
    number_of = {one.line.row: number for number, one in enumerate(rows)}
    around: _Around | None = None
    while usable := [one for one in rows if one.usable]:
        made = await _made(stamp, usable)
        gone = [one.before for one in usable if one.before]
        if around is None:
            around = await _look_around([*made, *gone], today)
        row_of = {norm.id: one.line.row for norm, one in zip(made, usable, strict=True)}
        blamed: dict[UUID, Problem] = {}
        for norm, one in zip(made, usable, strict=True):
            try:
                rules.check_places(norm.facts, norm.tier, one.line.row)
            except Invalid as above:
                blamed[norm.id] = above
        blamed = blamed or _blamed(around, made, gone, today)
        if not blamed:
            return DryRun(rows, _outcome(around, made, gone, today))
        for norm_id, problem in blamed.items():
            number = number_of[row_of[norm_id]]
            rows[number] = lines.refused(rows[number], problem)
    return DryRun(rows, Preview(today, (), 0, 0, 0))


def _blamed(around: "_Around", made: Sequence[Norm], gone: Sequence[Norm], today: date) -> dict[UUID, Problem]:
    """Which of the changed norms cannot stand, and why."""
    blamed: dict[UUID, Problem] = {}
    changed = {norm.seq: norm for norm in made}
    after = around.after(made, gone)
    for pair in rules.ties(after, set(changed)):
        blamed |= {norm.id: rules.tie(*pair) for norm in pair if norm.seq in changed and norm.id not in blamed}
    if blamed:
        return blamed
    about = {one.item_id: [norm for norm in made if rules.covers(norm, one)] for one in around.goods}
    for day in around.days(made, today):
        for one in rules.requirements(after, around.places, around.goods, day):
            broken = rules.contradiction(one, day)
            if broken is not None:
                blamed |= {
                    norm.id: broken
                    for goods in one.items
                    for norm in about[goods.item_id]
                    if norm.id not in blamed and rules.concerns(norm, one.subject)
                }
    return blamed


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


@dataclass(frozen=True, slots=True)
class _Around:
    """What a change is judged against: the norms as they are, and the places and goods that it can touch."""

    before: Sequence[Norm]
    places: Sequence[Subject]
    goods: Sequence[Goods]

    def after(self, made: Sequence[Norm], gone: Sequence[Norm]) -> list[Norm]:
        """All norms once the change is done."""
        out = {norm.id for norm in gone}
        return [norm for norm in self.before if norm.id not in out] + list(made)

    def days(self, made: Sequence[Norm], today: date) -> list[date]:
        """The days on which the change must hold good."""
        relevant = [n for n in [*self.before, *made] if any(rules.covers(n, one) for one in self.goods)]
        return rules.days_that_matter(relevant, today)


async def _look_around(touched: Sequence[Norm], today: date) -> _Around:
    before: dict[UUID, Norm] = {}
    places: dict[tuple[int, int | None], Subject] = {}
    for path in _tops({norm.path for norm in touched}):
        before |= {norm.id: norm for norm in await queries.norms_around(path)}
        for subject in await queries.subjects_under(path, today):
            places[subject.region_id, subject.site_id] = subject
    goods = [one for one in await queries.list_goods() if any(rules.covers(norm, one) for norm in touched)]
    concerned = [one for one in places.values() if any(rules.concerns(norm, one) for norm in touched)]
    return _Around(list(before.values()), concerned, goods)


async def _check(made: Sequence[Norm], gone: Sequence[Norm], today: date) -> Preview:
    """Judge the change against all other norms on every day that matters; what it changes. Raises Refused."""
    around = await _look_around([*made, *gone], today)
    after = around.after(made, gone)
    rules.check_ties(after, {norm.seq for norm in made})
    for day in around.days(made, today):
        rules.check_order(rules.requirements(after, around.places, around.goods, day), day)
    return _outcome(around, made, gone, today)


def _outcome(around: _Around, made: Sequence[Norm], gone: Sequence[Norm], today: date) -> Preview:
    """What the change does on the first day on which any of it holds."""
    days = around.days(made, today)
    shown = next((day for day in days if any(_holds(norm, day) for norm in [*made, *gone])), today)
    return _compared(around.before, around.after(made, gone), around.places, around.goods, shown)


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


async def _set(stamp: Stamp, norm: Norm) -> None:
    await _insert(stamp, norm)
    await _note(stamp, "set", norm, None, norm.facts)


async def _edit(stamp: Stamp, before: Norm, facts: NormFacts) -> None:
    names = [*_SAID.split(", "), "basis", "season_from", "season_to"]
    sets = ", ".join(f"{name} = ${n}" for n, name in enumerate(names, 2))
    values = [_value(facts, name) for name in names]
    await db.execute(f"UPDATE norm SET version = version + 1, {sets} WHERE id = $1", before.id, *values)
    await db.execute("DELETE FROM norm_equivalent WHERE norm_id = $1", before.id)
    await _insert_equivalents(before.id, facts)
    await _note(stamp, "edit", before, before.facts, facts)


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
