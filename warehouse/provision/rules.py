"""The arithmetic of provision, over plain values: which lines there are, what counts in them, what a rate is."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from catalog.kits import rules as kits
from catalog.kits.rules import Tree
from warehouse.norms import rules as norm_rules
from warehouse.norms.model import Alike, Field, Goods, Norm, NormFacts, Requirement
from warehouse.provision.model import Coming, Figures, Holder, Line, Member, Question, Source, Term

Said = tuple[tuple[int, NormFacts] | None, ...]


# --- what must be held ----------------------------------------------------------------------------------------------


def lines(same: Sequence[Alike], goods: Mapping[int, Goods], tree: Tree) -> list[Line]:
    """The lines of each group of places. `tree`: what kits that are never stored are made of.

    A norm for such a kit is a norm for its parts, on top of what they must be held for themselves; and a part that
    has a figure of its own leaves the pool of its class, like every item with a norm of its own. So no unit of goods
    counts twice.
    """
    found = [line for group, one in enumerate(same) for line in _of_group(group, one.requirements, goods, tree)]
    return sorted(found, key=lambda line: (line.group, line.key, line.item_id is None))


def _of_group(group: int, required: Sequence[Requirement], goods: Mapping[int, Goods], tree: Tree) -> Iterator[Line]:
    terms: dict[int, list[tuple[Term, Requirement]]] = defaultdict(list)
    for one in required:
        if one.item_id is not None:
            for item_id, times in parts(tree, one.item_id).items():
                terms[item_id].append((Term(times, _said(one)), one))
    for item_id, found in terms.items():
        item = goods.get(item_id)
        if item is not None:
            yield _of_item(group, item, found)
    for one in required:
        if one.class_id is not None:
            members = tuple(
                member(one.resolution.governing, item)
                for item in one.items
                if item.item_id not in terms and item.item_id not in tree
            )
            yield _of_class(group, one, members)


def parts(tree: Tree, item_id: int) -> dict[int, int]:
    """The goods that a norm for one of the item asks for: itself, or what the kit is made of."""
    return kits.explode(tree, item_id, 1) if item_id in tree else {item_id: 1}


def _of_item(group: int, item: Goods, found: Sequence[tuple[Term, Requirement]]) -> Line:
    leads = [one.resolution.lead_days for _, one in found if one.resolution.lead_days is not None]
    return Line(
        group, item.item_id, None, item.class_path, item.key, item.name_zh, item.name_en, item.unit_zh, item.unit_en,
        item.unit_factor, max(leads, default=None), any(_unverified(one) for _, one in found),
        completed([term for term, _ in found]), (Member(item.item_id, 1, 1),),
    )  # fmt: skip


def _of_class(group: int, one: Requirement, members: tuple[Member, ...]) -> Line:
    norm = one.resolution.governing
    if norm is None:
        raise RuntimeError("a pool without a norm")
    return Line(
        group, None, one.class_id, norm.class_path or "/", norm.what_key, norm.what_zh, norm.what_en, norm.facts.unit,
        None, 1, one.resolution.lead_days, _unverified(one), (Term(1, _said(one)),), members,
    )  # fmt: skip


def _said(one: Requirement) -> Said:
    figures = one.resolution.figures
    return tuple((figures[field].stated, figures[field].norm.facts) if field in figures else None for field in Field)


def _unverified(one: Requirement) -> bool:
    return any(figure.norm.unverified for figure in one.resolution.figures.values())


def member(norm: Norm | None, item: Goods) -> Member:
    """How an item counts in a class: as the norm says, else one for each display unit (`norms.rules.counted`)."""
    worth, base = norm_rules.worth(norm, item.item_id, item.unit_factor)
    return Member(item.item_id, base, worth)


def completed(terms: Sequence[Term]) -> tuple[Term, ...]:
    """Several norms on the same goods add up, figure by figure. One that does not say a figure which another says asks
    there for the next lower it does say: whoever must hold at least 100 has a target of 100 too, not of none."""
    if len(terms) == 1:
        return tuple(terms)
    asked = [any(term.said[at] is not None for term in terms) for at in range(len(Field))]
    return tuple(replace(term, said=_filled(term.said, asked)) for term in terms)


def _filled(said: Said, asked: Sequence[bool]) -> Said:
    found: list[tuple[int, NormFacts] | None] = []
    below: tuple[int, NormFacts] | None = None
    for at, one in enumerate(said):
        below = one or below
        found.append(below if asked[at] else one)
    return tuple(found)


def need_of(line: Line) -> Field | None:
    """The figure that the line is measured against: the minimum, without one the target."""
    for at, field in enumerate(Field):
        if field in (Field.MINIMUM, Field.TARGET) and any(term.said[at] is not None for term in line.terms):
            return field
    return None


def narrowed(found: Iterable[Line], question: Question) -> list[Line]:
    """The lines of the goods asked for."""
    return [line for line in found if _wanted(line, question)]


def _wanted(line: Line, question: Question) -> bool:
    if question.class_path is not None and not line.class_path.startswith(question.class_path):
        return False
    items = {one.item_id for one in line.members}
    return not items & question.without and (question.item_ids is None or bool(items & question.item_ids))


# --- what comes -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stream:
    """Coming goods of one holder and one item or class, added up."""

    holder_id: int
    item_id: int | None
    class_id: int | None
    figures: Figures


def streams(coming: Iterable[Coming], question: Question, today: date) -> list[Stream]:
    """What comes, by holder and goods, as the day asked sees it.

    What is due between today and that day will be usable then, unless it will have expired; what is late, due later or
    without a day stays on order. A loan that is due back counts where the goods went out from.
    """
    found: dict[tuple[int, int | None, int | None], Figures] = {}
    for one in coming:
        holder = one.owner_id if question.holder is Holder.REGION else one.site_id
        if holder is None:
            continue
        key = holder, one.item_id, one.class_id
        found[key] = added(found.get(key, Figures()), _seen(one, question.day, today))
    return [Stream(*key, figures) for key, figures in found.items()]


def _seen(one: Coming, day: date, today: date) -> Figures:
    if one.source is Source.PROMISE:
        return Figures(promised=one.quantity * one.confidence // 100)
    if one.due_on is not None and today < day and today <= one.due_on <= day:
        lasts = one.expires_on is None or one.expires_on >= day
        usable = one.quantity if lasts else 0
        if one.source is Source.LOAN:
            return Figures(on_hand=one.quantity, usable=usable, lent=-one.quantity, due_back=one.quantity)
        return Figures(on_hand=one.quantity, usable=usable, arriving=one.quantity)
    return Figures(on_order=one.quantity) if one.source is Source.ORDER else Figures()


def added(one: Figures, other: Figures) -> Figures:
    """Figure by figure."""
    return Figures(*(getattr(one, name) + getattr(other, name) for name in Figures.__slots__))


# --- what it comes to -----------------------------------------------------------------------------------------------


def rate(usable: int, need: int) -> Fraction | None:
    """配备率 of one line, capped: never below 0 (books of the past can be), never above 1; None where nothing is
    needed."""
    return Fraction(min(max(usable, 0), need), need) if need > 0 else None


def uncapped(usable: int, need: int) -> Fraction | None:
    """The same without the cap."""
    return Fraction(usable, need) if need > 0 else None


def per_mille(share: Fraction | None) -> int | None:
    """Rounded down: what is not full is never shown as full."""
    return None if share is None else share.numerator * 1000 // share.denominator


def cheapest(line: Line, prices: Mapping[int, tuple[int, int]]) -> tuple[int, int] | None:
    """(fen, quantity in the line's unit) at which a gap can be filled at the least, of the goods that have a reference
    price; None where none has."""
    found: Collection[tuple[int, int]] = [
        (fen * one.base, per * one.worth)
        for one in line.members
        if one.worth > 0 and one.item_id in prices
        for fen, per in [prices[one.item_id]]
    ]
    return min(found, key=lambda price: Fraction(*price), default=None)
