"""Decisions about the rows of a file of norms, over plain values: which norm a row means, and what it would say."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any, Generic, TypeVar

from catalog.kernel.errors import Invalid, Missing, Problem, Refused
from warehouse.norms import rules
from warehouse.norms.model import (
    USUAL_PER,
    Basis,
    Fault,
    Field,
    Judged,
    Line,
    LineVerdict,
    Norm,
    NormFacts,
    Place,
    Season,
    What,
)

_COLUMN_OF = {
    "norm.bad-dates": "valid_to",
    "norm.bad-lead": "lead_days",
    "norm.bad-order": "minimum",
    "norm.bad-per": "basis_per",
    "norm.bad-rounding": "round_to",
    "norm.bad-season": "season_from",
    "norm.basis-needs-region": "basis",
    "norm.each-not-below": "each",
    "norm.each-of-what": "each",
    "norm.no-figure": "minimum",
    "norm.no-source": "source",
    "norm.no-unit": "unit",
    "norm.other-unit": "unit",
    "norm.no-right-there": "place",
}
_ROUNDED_OFF = Fraction(1, 1_000_000)
"""Base units by which a spreadsheet may miss: it keeps a twelfth of a dozen as 0.0833…"""
T = TypeVar("T", Place, What)
Anchor = tuple[int | None, int | None, str | None, int | None, int | None]


def fault(line: Line, problem: Problem, column: str | None = None) -> Fault:
    """A refusal, said of the cell that it is about."""
    at = column or str(problem.facts.get("column", "")) or _COLUMN_OF.get(problem.code, "")
    said = {"place": line.place, "goods": line.goods}.get(at) or line.said.get(at)
    return Fault(at, line.cells.get(at, ""), said if isinstance(said, str) else "", problem.code, problem.detail)


def refused(one: Judged, *problems: Problem, column: str | None = None) -> Judged:
    """The row with the reasons why it cannot be used."""
    faults = (*one.faults, *(fault(one.line, problem, column) for problem in problems))
    return replace(one, verdict=LineVerdict.FAULT, faults=faults)


def resolved(lines: Iterable[Line], places: Collection[Place], goods: Collection[What]) -> list[Judged]:
    """Each row with its place and goods: by key, else by a name that only one of them has."""
    at, of = _Named(places), _Named(goods)
    found = []
    for line in lines:
        place, what, faults = at.get(line.place), of.get(line.goods), list(line.faults)
        if line.place and len(place) != 1:
            faults.append(fault(line, _no_place() if not place else _several(), "place"))
        if line.goods and len(what) != 1:
            faults.append(fault(line, _no_goods() if not what else _several(), "goods"))
        verdict = LineVerdict.FAULT if faults else LineVerdict.NEW
        one_place = place[0] if len(place) == 1 else None
        one_what = what[0] if len(what) == 1 else None
        found.append(Judged(line, verdict, one_place, one_what, faults=tuple(faults)))
    return found


def _no_place() -> Problem:
    return Missing("norm.no-such-place", "没有这个区划或库点，或不在您的管辖范围内")


def _no_goods() -> Problem:
    return Missing("norm.no-such-goods", "没有这种物资或类别")


def _several() -> Problem:
    return Invalid("norm.name-of-several", "这个名称对应多个对象，请填编号")


class _Named(Generic[T]):
    """Things by key and by name."""

    def __init__(self, things: Iterable[T]) -> None:
        self._by_key: dict[str, list[T]] = defaultdict(list)
        self._by_name: dict[str, list[T]] = defaultdict(list)
        for one in things:
            self._by_key[one.key.casefold()].append(one)
            for name in {one.name_zh, one.name_en} - {None, ""}:
                self._by_name[str(name).casefold()].append(one)

    def get(self, text: str) -> list[T]:
        return self._by_key.get(text.casefold()) or self._by_name.get(text.casefold()) or []


# --- which norm a row means -----------------------------------------------------------------------------------------


def matched(rows: Sequence[Judged], norms: Iterable[Norm], today: date) -> list[Judged]:
    """Each row as the same as a norm, a change of one, or a new one, with what would be said then.

    A file names no norm: a row means one for the same place and goods with the same start (any start where the row
    names none). First what is said word for word already; of the rest, a row means the norm between which and it
    nothing would decide, else the one of the same season.
    """
    of: dict[Anchor, list[Norm]] = defaultdict(list)
    for norm in norms:
        of[_anchor(norm.facts)].append(norm)
    found = list(rows)
    taken: set[int] = set()
    for settle in (_same, _changed):
        for number, one in enumerate(found):
            if one.verdict is LineVerdict.FAULT or one.facts is not None:
                continue
            there = [norm for norm in of.get(_whom(one), ()) if norm.seq not in taken]
            judged = settle(one, there, today)
            if judged is not None:
                found[number] = judged
                if judged.before is not None:
                    taken.add(judged.before.seq)
    return _once_each(found)


def _whom(one: Judged) -> Anchor:
    if one.place is None or one.what is None:
        raise RuntimeError("a row without place or goods has no norm")
    return one.place.site_id, one.place.region_id, one.line.said.get("each"), one.what.item_id, one.what.class_id


def _anchor(facts: NormFacts) -> Anchor:
    return facts.site_id, facts.region_id, facts.each, facts.item_id, facts.class_id


def _same(one: Judged, there: Sequence[Norm], today: date) -> Judged | None:
    for norm in there:
        try:
            facts = _facts(one, norm.facts, today)
        except Invalid:
            return None
        if facts == norm.facts:
            return replace(one, verdict=LineVerdict.SAME, before=norm, facts=facts)
    return None


def _changed(one: Judged, there: Sequence[Norm], today: date) -> Judged:
    try:
        alone = _facts(one, None, today)
        start = one.line.said.get("valid_from")
        would = [
            (norm, _facts(one, norm.facts, today)) for norm in there if start is None or norm.facts.valid_from == start
        ]
        alike = [(norm, facts) for norm, facts in would if norm.facts.season == facts.season]
        rivals = [(norm, facts) for norm, facts in would if rules.tied(norm.facts, facts)]
        before, facts = _only([pair for pair in rivals if pair in alike] or rivals or alike) or (None, alone)
        rules.check_facts(facts, one.line.row)
    except (Invalid, Refused) as problem:
        return refused(one, problem)
    return replace(one, verdict=LineVerdict.CHANGE if before else LineVerdict.NEW, before=before, facts=facts)


def _only(meant: Sequence[tuple[Norm, NormFacts]]) -> tuple[Norm, NormFacts] | None:
    if len(meant) > 1:
        raise Refused("norm.row-of-several", "这一行对应多条标准，请在页面上逐条修改")
    return meant[0] if meant else None


def _once_each(rows: Sequence[Judged]) -> list[Judged]:
    """Two rows of which nothing would decide, or which say the same, cannot both be meant."""
    alike: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for number, one in enumerate(rows):
        if one.facts is not None and one.verdict is not LineVerdict.FAULT:
            alike[*_anchor(one.facts), one.facts.valid_from].append(number)
    found = list(rows)
    for numbers in alike.values():
        for number in numbers:
            others = [n for n in numbers if n != number and rules.tied(_said(rows[n]), _said(rows[number]))]
            if others:
                found[number] = refused(rows[number], _twice([rows[n].line.row for n in others]))
    return found


def _said(one: Judged) -> NormFacts:
    if one.facts is None:
        raise RuntimeError("a row without facts")
    return one.facts


def _twice(rows: Sequence[int]) -> Problem:
    listed = "、".join(map(str, rows[:5]))
    return Refused("norm.row-twice", f"同一对象、同一物资写了多行（另见第 {listed} 行）", rows=list(rows[:5]))


# --- what it would say ----------------------------------------------------------------------------------------------


def _facts(one: Judged, before: NormFacts | None, today: date) -> NormFacts:
    """What the norm would say: columns that the table has count, also empty ones; what it has not stays as it is.

    Raises Invalid where a figure is no whole number of base units, the unit is another, or half a season is given.
    """
    if one.place is None or one.what is None:
        raise RuntimeError("a row without place or goods says nothing")
    said, line, factor = one.line.said, one.line, one.what.unit_factor
    was = before or NormFacts(valid_from=today)

    def told(name: str, empty: Any = None) -> Any:
        if name not in said:
            return getattr(was, name)
        return empty if said[name] is None else said[name]

    def base(name: str) -> int | None:
        value = told(name)
        if not isinstance(value, Fraction):
            return value if value is None else int(value)
        exact = value * factor
        if abs(exact - round(exact)) > _ROUNDED_OFF:
            raise Invalid("norm.bad-quantity", "数量须为不超过上限的非负整数", line=line.row, column=name)
        return round(exact)

    unit = was.unit
    if one.what.class_id is not None:
        unit = told("unit", "")
    elif said.get("unit") and said["unit"] not in (one.what.unit_zh, one.what.unit_en):
        raise Invalid("norm.other-unit", f"单位应为{one.what.unit_zh}", line=line.row, unit=one.what.unit_zh)
    basis = told("basis", Basis.FIXED)
    per = told("basis_per") if "basis_per" in said or basis == was.basis else None
    return NormFacts(
        site_id=one.place.site_id,
        region_id=one.place.region_id,
        each=said.get("each"),
        item_id=one.what.item_id,
        class_id=one.what.class_id,
        **{field.value: base(field.value) for field in Field},
        lead_days=told("lead_days"),
        round_to=base("round_to"),
        basis=basis,
        basis_per=USUAL_PER[basis] if per is None else per,
        unit=unit,
        season=_season(said, was.season, line.row),
        valid_from=told("valid_from", was.valid_from),
        valid_to=told("valid_to"),
        source=told("source", "unverified"),
        note=told("note", ""),
        equivalents=was.equivalents,
    )


def _season(said: Mapping[str, Any], was: Season | None, row: int) -> Season | None:
    if "season_from" not in said and "season_to" not in said:
        return was
    begins, ends = said.get("season_from"), said.get("season_to")
    if (begins is None) != (ends is None):
        raise Invalid("norm.bad-season", "季节须写成 月-日，例如 05-01", line=row)
    return None if begins is None or ends is None else Season(begins, ends)
