"""The decisions of norms, over plain values: which norm holds, what it comes to, what may be saved.

Precedence (DESIGN section 11), the first that differs decides: the nearer anchor (site, village, town, district, city);
the item before its class, the deeper class before the higher; a season before all year; the later start. Figures are
inherited one by one, but only among norms that count the same goods: a pool of a class is not the figure of an item.
Which goods are counted together is said by the norm that gives the minimum (without one, the next figure there is).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from catalog.kernel.errors import Invalid, Refused
from catalog.kernel.quantity import MAX_QUANTITY
from catalog.regions.model import Tier
from warehouse.norms.model import (
    FIGURE_BASES,
    Alike,
    Basis,
    Each,
    Field,
    Figure,
    Goods,
    Loser,
    Lost,
    Norm,
    NormFacts,
    Requirement,
    Resolution,
    Season,
    Subject,
)

MOST_AT_ONCE = 2_000
LONGEST_TEXT = 500
_TIERS = {Tier.CITY: 1, Tier.DISTRICT: 2, Tier.TOWN: 3, Tier.VILLAGE: 4}
_SITE, _ITEM = 9, 1_000
_YEAR = timedelta(days=366)
Rank = tuple[int, int, bool, date]


# --- which norms there are for a place and goods --------------------------------------------------------------------


def in_season(season: Season | None, day: date) -> bool:
    """Whether the day lies in the window, both ends included; 29 February counts as the 28th."""
    if season is None:
        return True
    at = _day_of_year(day.month * 100 + day.day)
    begins, ends = _day_of_year(season.begins), _day_of_year(season.ends)
    return begins <= at <= ends if begins <= ends else at >= begins or at <= ends


def in_force(facts: NormFacts, day: date) -> bool:
    """Whether the norm's own dates hold on the day."""
    return facts.valid_from <= day and (facts.valid_to is None or day <= facts.valid_to)


def concerns(norm: Norm, subject: Subject) -> bool:
    """Whether the norm is for this place: itself, or every one of its kind inside the norm's region."""
    facts = norm.facts
    if subject.site_id is not None:
        every = facts.each is Each.SITE and subject.path.startswith(norm.path)
        return facts.site_id == subject.site_id or every
    if facts.region_id is None:
        return False
    if facts.each is None:
        return facts.region_id == subject.region_id
    return facts.each.value == subject.tier.value and subject.path.startswith(norm.path)


def covers(norm: Norm, goods: Goods) -> bool:
    """Whether the norm is for these goods: the item itself, or a class at or above its main class."""
    if norm.class_path is None:
        return norm.facts.item_id == goods.item_id
    return goods.class_path.startswith(norm.class_path)


def rank(norm: Norm) -> Rank:
    """The higher decides."""
    near = _SITE if norm.facts.site_id is not None else _TIERS[norm.tier]
    exact = _ITEM if norm.class_path is None else norm.class_path.count("/")
    return near, exact, norm.facts.season is not None, norm.facts.valid_from


def counting(norms: Iterable[Norm], subjects: Iterable[Subject], class_id: int, unit: str, day: date) -> Norm | None:
    """The norm by which goods of a class count for those places: of the nearest one that has a norm of this very
    class in this unit on the day; whoever asks by the class in another unit counts otherwise."""
    alike = [n for n in norms if n.facts.class_id == class_id and n.facts.unit.strip() == unit.strip()]
    for subject in sorted(subjects, key=lambda one: one.path.count("/"), reverse=True):
        holding = [norm for norm in alike if concerns(norm, subject) and _holds(norm, day)]
        if holding:
            return max(holding, key=lambda norm: (rank(norm), norm.seq))
    return None


def worth(norm: Norm | None, item_id: int, unit_factor: int) -> tuple[int, int]:
    """(worth, base): so much of the norm's own unit is `base` base units of an item of its class; one display unit
    (`unit_factor` base units) counts as one where the norm does not say, or where there is none."""
    for one in norm.facts.equivalents if norm is not None else ():
        if one.item_id == item_id:
            return one.worth, one.base
    return 1, unit_factor


# --- which one decides ----------------------------------------------------------------------------------------------


def resolve(norms: Iterable[Norm], subject: Subject, goods: Goods, day: date) -> Resolution:
    """The four figures for a place and an item on a day, each with the norm it came from and those that lost."""
    return decide([norm for norm in norms if concerns(norm, subject) and covers(norm, goods)], subject, day)


def decide(candidates: Sequence[Norm], subject: Subject, day: date) -> Resolution:
    """The same, of norms that concern the place and cover the goods."""
    there = sorted(candidates, key=lambda norm: (rank(norm), norm.seq), reverse=True)
    holding = [norm for norm in there if _holds(norm, day)]
    absent = [Loser(norm, _absence(norm, day)) for norm in there if not _holds(norm, day)]
    governing = next(
        (norm for field in Field for norm in holding if norm.facts.stated(field) is not None),
        None,
    )
    figures: dict[Field, Figure] = {}
    losers: dict[Field, tuple[Loser, ...]] = {}
    for field in Field:
        alike = [norm for norm in holding if governing is not None and _what(norm) == _what(governing)]
        winner = next((norm for norm in alike if norm.facts.stated(field) is not None), None)
        if winner is None:
            continue
        figures[field] = _figure(winner, winner.facts.stated(field) or 0, subject)
        others = [Loser(norm, _reason(norm, winner, field)) for norm in holding if norm is not winner]
        losers[field] = (*others, *absent)
    lead = next((norm for norm in holding if norm.facts.lead_days is not None), None)
    return Resolution(
        figures,
        governing.facts.class_id if governing else None,
        governing,
        lead.facts.lead_days if lead else None,
        lead,
        losers,
        tuple(there),
    )


def _holds(norm: Norm, day: date) -> bool:
    return in_force(norm.facts, day) and in_season(norm.facts.season, day)


def _absence(norm: Norm, day: date) -> Lost:
    return Lost.OUT_OF_SEASON if in_force(norm.facts, day) else Lost.NOT_IN_FORCE


def _what(norm: Norm) -> tuple[int | None, int | None]:
    return norm.facts.item_id, norm.facts.class_id


def _reason(norm: Norm, winner: Norm, field: Field) -> Lost:
    if norm.facts.stated(field) is None:
        return Lost.SILENT
    if _what(norm) != _what(winner) and rank(norm) > rank(winner):
        return Lost.COUNTS_OTHERWISE
    mine, its = rank(norm), rank(winner)
    reasons = (Lost.LESS_NEAR, Lost.LESS_EXACT, Lost.ALL_YEAR, Lost.OLDER)
    return next((why for why, a, b in zip(reasons, mine, its, strict=True) if a != b), Lost.OLDER)


def _figure(norm: Norm, stated: int, subject: Subject) -> Figure:
    value, as_of, source = basis_of(norm.facts.basis, subject)
    return Figure(norm, stated, value, as_of, source, amount(norm.facts, stated, value))


def basis_of(basis: Basis, subject: Subject) -> tuple[int | None, date | None, str]:
    """The figure that a basis means for a place, its date and source; None where it is not known."""
    if basis is Basis.FIXED:
        return 1, None, ""
    if basis is Basis.SITE:
        return subject.sites, None, ""
    found = next((one for one in subject.figures if one.kind == basis.value), None)
    return (found.value, found.as_of, found.source) if found else (None, None, "")


def amount(facts: NormFacts, stated: int, basis_value: int | None) -> int | None:
    """`stated` per `basis_per` of the basis, rounded up to whole units and whole packs; None without the basis."""
    if basis_value is None:
        return None
    whole = -(-stated * basis_value // facts.basis_per)
    step = facts.round_to or 1
    return -(-whole // step) * step


def broken_order(resolution: Resolution) -> tuple[Field, Field] | None:
    """The first two figures of which the earlier is above the later, among those that are known."""
    known = [(field, value) for field in Field if (value := resolution.value(field)) is not None]
    return next(((a, b) for (a, x), (b, y) in pairwise(known) if x > y), None)


# --- set-wise -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shelf:
    """Goods by item and by class path, so that a norm finds what it covers without looking at all of them."""

    by_item: Mapping[int, Goods]
    by_class: Mapping[str, Sequence[Goods]]

    @classmethod
    def of(cls, goods: Iterable[Goods]) -> "Shelf":
        """Sorted in."""
        items: dict[int, Goods] = {}
        classes: dict[str, list[Goods]] = defaultdict(list)
        for one in sorted(goods, key=lambda g: g.key):
            items[one.item_id] = one
            classes[one.class_path].append(one)
        return cls(items, classes)


@dataclass(frozen=True, slots=True)
class Anchored:
    """Norms by the place they are anchored in, so that a subject finds those that reach it."""

    at_site: Mapping[int, Sequence[Norm]]
    at_region: Mapping[int, Sequence[Norm]]

    @classmethod
    def of(cls, norms: Iterable[Norm]) -> "Anchored":
        """Sorted in."""
        at_site: dict[int, list[Norm]] = defaultdict(list)
        at_region: dict[int, list[Norm]] = defaultdict(list)
        for norm in norms:
            if norm.facts.site_id is not None:
                at_site[norm.facts.site_id].append(norm)
            elif norm.facts.region_id is not None:
                at_region[norm.facts.region_id].append(norm)
        return cls(at_site, at_region)

    def chain(self, subject: Subject) -> list[int]:
        """The regions from the city down to the subject in which norms are anchored."""
        return [region for part in subject.path.strip("/").split("/") if (region := int(part)) in self.at_region]

    def reaching(self, subject: Subject) -> list[Norm]:
        """Every norm that concerns the subject."""
        mine = [n for region in self.chain(subject) for n in self.at_region[region] if concerns(n, subject)]
        if subject.site_id is not None:
            mine += self.at_site.get(subject.site_id, ())
        return mine

    def signature(self, subject: Subject) -> tuple[object, ...]:
        """Equal for subjects that the same norms reach: what `concerns` looks at, and nothing else."""
        chain = self.chain(subject)
        if subject.site_id is not None:
            return "site", tuple(chain), subject.site_id if subject.site_id in self.at_site else None
        return subject.tier, tuple(chain), subject.region_id in chain


def requirements(
    norms: Sequence[Norm], subjects: Iterable[Subject], goods: Iterable[Goods], day: date
) -> list[Requirement]:
    """What every subject must hold: one per item with a figure of its own, one per class that is counted together."""
    anchored, shelf = Anchored.of(norms), Shelf.of(goods)
    found: list[Requirement] = []
    for subject in subjects:
        mine = anchored.reaching(subject)
        if mine:
            found += _of_subject(mine, subject, shelf, day)
    return found


def requirements_of(
    norms: Sequence[Norm], wanted: Iterable[tuple[Subject, Iterable[Goods]]], day: date
) -> list[Requirement]:
    """The same where each subject is asked about goods of its own."""
    anchored = Anchored.of(norms)
    found: list[Requirement] = []
    for subject, goods in wanted:
        mine = anchored.reaching(subject)
        if mine:
            found += _of_subject(mine, subject, Shelf.of(goods), day)
    return found


def alike(norms: Sequence[Norm], subjects: Iterable[Subject], goods: Iterable[Goods], day: date) -> list[Alike]:
    """The same, decided once for all subjects that the same norms reach: of them only the basis figures differ."""
    anchored, shelf = Anchored.of(norms), Shelf.of(goods)
    together: dict[tuple[object, ...], list[Subject]] = defaultdict(list)
    for subject in subjects:
        together[anchored.signature(subject)].append(subject)
    found = []
    for same in together.values():
        required = tuple(_of_subject(anchored.reaching(same[0]), same[0], shelf, day))
        if required:
            found.append(Alike(tuple(same), required))
    return found


def _of_subject(mine: Sequence[Norm], subject: Subject, shelf: Shelf, day: date) -> Iterator[Requirement]:
    of_item: dict[int, list[Norm]] = defaultdict(list)
    of_class = [norm for norm in mine if norm.class_path is not None]
    for norm in mine:
        if norm.facts.item_id is not None:
            of_item[norm.facts.item_id].append(norm)
    pools: dict[int, tuple[Resolution, list[Goods]]] = {}
    for path, alike in shelf.by_class.items():
        above = [norm for norm in of_class if path.startswith(norm.class_path or "-")]
        together = decide(above, subject, day) if above else None
        for one in alike:
            own = of_item.get(one.item_id)
            resolution = decide([*above, *own], subject, day) if own else together
            if resolution is None or not resolution.figures:
                continue
            if resolution.class_id is None:
                yield Requirement(subject, one.item_id, None, resolution, (one,))
            else:
                pools.setdefault(resolution.class_id, (resolution, []))[1].append(one)
    for class_id, (resolution, items) in pools.items():
        yield Requirement(subject, None, class_id, resolution, tuple(items))


def counted(norm: Norm, goods: Goods, quantity: int) -> int:
    """Base units of an item in what the norm counts: itself, or whole units of the class (the rest does not count)."""
    if norm.facts.class_id is None:
        return quantity
    each, base = worth(norm, goods.item_id, goods.unit_factor)
    return quantity * each // base


def days_that_matter(norms: Iterable[Norm], today: date) -> list[date]:
    """Days from today on between which nothing changes: where norms begin and end, and their seasons, for a year."""
    all_of_them = list(norms)
    starts = {today}
    for norm in all_of_them:
        starts.add(norm.facts.valid_from)
        if norm.facts.valid_to is not None and norm.facts.valid_to < date.max - _YEAR:
            starts.add(norm.facts.valid_to + timedelta(days=1))
    days = {day for day in starts if day >= today}
    for start in list(days):
        for norm in all_of_them:
            if norm.facts.season is not None:
                days |= {day for day in _turns(norm.facts.season, start.year) if start <= day <= start + _YEAR}
    return sorted(days)


def _turns(season: Season, year: int) -> Iterator[date]:
    for at in (year, year + 1):
        yield _date(at, season.begins)
        yield _date(at, season.ends) + timedelta(days=1)
        yield _date(at, season.ends) + timedelta(days=2)  # behind a 29 February that counts as the 28th


def _date(year: int, at: int) -> date:
    at = _day_of_year(at)
    return date(year, at // 100, at % 100)


def _day_of_year(at: int) -> int:
    return 228 if at == 229 else at


# --- what may be saved ----------------------------------------------------------------------------------------------


def check_facts(facts: NormFacts, line: int = 1) -> None:
    """Raises Invalid for a norm that could never be right, naming its line."""
    _check_whom(facts, line)
    _check_figures(facts, line)
    if facts.season is not None:
        for at in (facts.season.begins, facts.season.ends):
            read_day(at, line)
    if facts.valid_to is not None and facts.valid_to < facts.valid_from:
        raise Invalid("norm.bad-dates", "停用日期早于启用日期", line=line)
    if not facts.source.strip() or len(facts.source) > LONGEST_TEXT or len(facts.note) > LONGEST_TEXT:
        raise Invalid("norm.no-source", "请写明依据；没有依据请写 unverified", line=line)


def _check_whom(facts: NormFacts, line: int) -> None:
    if (facts.site_id is None) == (facts.region_id is None):
        raise Invalid("norm.whom", "请指定一个库点或一个区划", line=line)
    if (facts.item_id is None) == (facts.class_id is None):
        raise Invalid("norm.what", "请指定一种物资或一个类别", line=line)
    if facts.each is not None and facts.region_id is None:
        raise Invalid("norm.each-of-what", "只有区划的标准才能适用于下级", line=line)
    at_sites = facts.site_id is not None or facts.each is Each.SITE
    if at_sites and facts.basis is not Basis.FIXED:
        raise Invalid("norm.basis-needs-region", "库点的标准只能用固定数量：基数是区划的数据", line=line)
    if facts.class_id is not None and not facts.unit.strip():
        raise Invalid("norm.no-unit", "按类别设标准须写明计量单位", line=line)
    if facts.class_id is None and facts.equivalents:
        raise Invalid("norm.equivalents-of-item", "只有按类别的标准才有折算", line=line)


def _check_figures(facts: NormFacts, line: int) -> None:
    stated = [value for field in Field if (value := facts.stated(field)) is not None]
    if not stated:
        raise Invalid("norm.no-figure", "最低储备、补库点、目标、上限至少填一项", line=line)
    if any(not 0 <= value <= MAX_QUANTITY for value in stated):
        raise Invalid("norm.bad-quantity", "数量须为不超过上限的非负整数", line=line)
    if stated != sorted(stated):
        raise Invalid("norm.bad-order", "须满足：最低储备 ≤ 补库点 ≤ 目标 ≤ 上限", line=line)
    if not 1 <= facts.basis_per <= 10**9 or (facts.basis is Basis.FIXED and facts.basis_per != 1):
        raise Invalid("norm.bad-per", "“每”须为正整数；固定数量不能有基数", line=line)
    if facts.lead_days is not None and not 0 <= facts.lead_days <= 3650:
        raise Invalid("norm.bad-lead", "补货天数须在 0 到 3650 之间", line=line)
    if facts.round_to is not None and not 1 <= facts.round_to <= MAX_QUANTITY:
        raise Invalid("norm.bad-rounding", "取整数量须为正整数", line=line)
    seen: set[int] = set()
    for one in facts.equivalents:
        if one.item_id in seen or one.base < 1 or one.worth < 0 or max(one.base, one.worth) > 10**9:
            raise Invalid("norm.bad-equivalent", "折算须为整数比，每种物资一次", line=line, item_id=one.item_id)
        seen.add(one.item_id)


def check_places(facts: NormFacts, tier: Tier, line: int = 1) -> None:
    """Raises Invalid for "every region of a tier" that does not lie below the region it is said for."""
    if facts.each is None or facts.each is Each.SITE:
        return
    if _TIERS[Tier(facts.each.value)] <= _TIERS[tier]:
        raise Invalid("norm.each-not-below", "“每一个”须是该区划的下级", line=line)


def check_ties(norms: Sequence[Norm], changed: set[int]) -> None:
    """Raises Refused (`norm.tie`) for the first of `ties`."""
    for one, other in ties(norms, changed):
        raise tie(one, other)


def tie(one: Norm, other: Norm) -> Refused:
    """The refusal of two norms between which nothing would decide."""
    return Refused(
        "norm.tie",
        f"{one.anchor_zh}的{one.what_zh}已有同样适用、同日启用的标准，无法判断以谁为准",
        place=one.anchor_key,
        goods=one.what_key,
        norms=[str(one.id), str(other.id)],
    )


def ties(norms: Sequence[Norm], changed: set[int]) -> Iterator[tuple[Norm, Norm]]:
    """Pairs of norms between which nothing would decide, one of them changed; `changed`: their seq."""
    groups: dict[tuple[object, ...], list[Norm]] = defaultdict(list)
    for norm in norms:
        facts = norm.facts
        groups[facts.site_id, facts.region_id, facts.each, facts.item_id, facts.class_id, facts.valid_from].append(norm)
    for alike in groups.values():
        for number, one in enumerate(alike):
            for other in alike[number + 1 :]:
                if {one.seq, other.seq} & changed and tied(one.facts, other.facts):
                    yield one, other


def tied(one: NormFacts, other: NormFacts) -> bool:
    """Of two norms for the same place, goods and start: whether on some day nothing decides between them."""
    if (one.season is None) != (other.season is None) or not _share_a_figure(one, other):
        return False
    if one.season is None or other.season is None:
        return True
    # Two windows of a year share a day exactly where one begins within the other.
    return in_season(one.season, _date(2023, other.season.begins)) or in_season(
        other.season, _date(2023, one.season.begins)
    )


def _share_a_figure(one: NormFacts, other: NormFacts) -> bool:
    pairs = [(one.stated(field), other.stated(field)) for field in Field] + [(one.lead_days, other.lead_days)]
    return any(a is not None and b is not None for a, b in pairs)


def check_order(found: Iterable[Requirement], day: date) -> None:
    """Raises Refused (`norm.order-broken`) naming the first place at which the resolved figures contradict."""
    for one in found:
        problem = contradiction(one, day)
        if problem is not None:
            raise problem


def contradiction(one: Requirement, day: date) -> Refused | None:
    """The refusal of a place's figures that contradict each other; None where they do not."""
    broken = broken_order(one.resolution)
    if broken is None:
        return None
    low, high = broken
    governing = one.resolution.governing
    what = governing.what_zh if governing else ""
    return Refused(
        "norm.order-broken",
        f"{one.subject.name_zh}的{what}在 {day} 将出现：{_WORDS[low]} {one.resolution.value(low)}"
        f" 大于{_WORDS[high]} {one.resolution.value(high)}（换算后）",
        place=one.subject.key,
        goods=governing.what_key if governing else "",
        day=day.isoformat(),
        low=low.value,
        low_value=one.resolution.value(low),
        high=high.value,
        high_value=one.resolution.value(high),
    )


_WORDS = {Field.MINIMUM: "最低储备", Field.REORDER: "补库点", Field.TARGET: "目标", Field.MAXIMUM: "上限"}


def read_day(at: int, line: int = 1) -> int:
    """A month and day, month × 100 + day. Raises Invalid."""
    try:
        date(2024, at // 100, at % 100)
    except ValueError as error:
        raise Invalid("norm.bad-season", "季节须写成 月-日，例如 05-01", line=line) from error
    return at


def needed_figures(norms: Iterable[Norm]) -> list[str]:
    """The kinds of region figures that these norms are measured against."""
    return sorted({norm.facts.basis.value for norm in norms} & {basis.value for basis in FIGURE_BASES})
