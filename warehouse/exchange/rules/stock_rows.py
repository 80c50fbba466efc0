"""Opening stock: which goods, how many, of when, where. What is precise passes; everything else becomes a question."""

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any, TypeVar, cast

from catalog.kernel.quantity import MAX_QUANTITY, Dimension
from warehouse.exchange.known import Known, KnownItem, KnownSite
from warehouse.exchange.rules import units, values
from warehouse.exchange.rules.bench import Draft, Option
from warehouse.exchange.rules.likeness import LIKELY, SURE, Names, bare
from warehouse.exchange.rules.values import Moment, Quantity

_CONDITIONS = {
    "good": ("完好", "良好", "正常", "合格", "可用", "全新", "good"),
    "awaiting": ("待检", "待验", "未检", "awaiting"),
    "frozen": ("封存", "冻结", "停用", "frozen"),
    "damaged": ("损坏", "破损", "报废", "不合格", "待修", "待报废", "damaged"),
}
_CONDITION_OF = {said: name for name, all_said in _CONDITIONS.items() for said in all_said}
_BETWEEN_SERIALS = re.compile(r"[\s、,;，；/]+")
_LONGEST_NOTE = 300
T = TypeVar("T")


@dataclass(slots=True)
class Goods:
    """The house's words, indexed once for a file."""

    known: Known
    items: dict[str, KnownItem]
    names: Names
    sites: dict[str, KnownSite]
    site_names: Names
    makers: Names
    settled: dict[Hashable, Any] = field(default_factory=dict)
    """What rows that said the same have come to without a word: names, quantities and places come again and again."""

    @classmethod
    def of(cls, known: Known) -> "Goods":
        """Index what is known."""
        return cls(
            known,
            {item.key: item for item in known.items},
            Names((name, item.key, most) for item in known.items for name, most in ((item.key, 100), *item.names)),
            {site.code: site for site in known.sites},
            Names((name, site.code, 100) for site in known.sites for name in (site.name, site.code)),
            Names((name, party.key, 100) for party in known.parties for name in (party.name, party.key)),
        )


def judge(draft: Draft, goods: Goods, heading_unit: str = "", item_key: str = "") -> None:
    """Fill `draft.facts`, or say what keeps it. `item_key` is the column's item in a wide table."""
    text = draft.texts.get
    item = goods.items.get(item_key)
    if not item_key:
        item = _once(draft, goods, ("item", text("item_key"), text("item"), text("spec")), _item)
    site = _once(draft, goods, ("site", text("site")), _site)
    place = None
    if site:
        place = _once(draft, goods, ("place", site.code, text("place"), text("site")), _place, site)
    quantity = None
    if item and not draft.skipped:
        cell = draft.cells.get("quantity")
        key = ("quantity", type(cell), cell, text("unit"), heading_unit, item.key)
        quantity = _once(draft, goods, key, _quantity, item, heading_unit)
    produced = _produced(draft, goods.known.today)
    expires = _expires(draft, item, produced, goods.known.today)
    if produced and expires and expires < produced:
        produced, expires = _turned_round(draft, produced, expires)
    if not draft.skipped and item and place and quantity:
        _rest(draft, goods, item, quantity)
        if (place[0].id, item.id) in goods.known.stocked:
            draft.ask(
                "stock-there",
                "item",
                f"{place[0].code}|{item.key}",
                [("take", {}, 0)],
                item=item.name,
                site=place[0].name,
            )
        _facts(draft, item, place, quantity, produced, expires)


def _once(draft: Draft, goods: Goods, key: Hashable, find: Callable[..., T], *args: Any) -> T:
    """What `find` comes to, which is the same for every row with this key as long as nothing is said or asked."""
    if key in goods.settled:
        return cast("T", goods.settled[key])
    before = len(draft.reasons), len(draft.words)
    found = find(draft, goods, *args)
    if (len(draft.reasons), len(draft.words)) == before:
        goods.settled[key] = found
    return found


def _facts(
    draft: Draft,
    item: KnownItem,
    place: tuple[KnownSite, int, str],
    quantity: "Counted",
    produced: date | None,
    expires: date | None,
) -> None:
    site, place_id, code = place
    if draft.text("note"):
        draft.words.append(draft.text("note"))
    draft.facts |= {
        "item_id": item.id,
        "item": item.key,
        "item_name": item.name,
        "unit": item.unit,
        "unit_factor": item.factor,
        "quantity": quantity.base,
        "site_id": site.id,
        "site": site.code,
        "site_name": site.name,
        "place_id": place_id,
        "place": code,
        "owner_region_id": site.owner_region_id,
        "produced_on": produced.isoformat() if produced else None,
        "expires_on": expires.isoformat() if expires else None,
        "batch": draft.text("batch")[:60] or None,
        "fund": draft.text("fund")[:60] or None,
        "note": "；".join(dict.fromkeys(draft.words))[:_LONGEST_NOTE],
    }


# --- which goods --------------------------------------------------------------------------------------------------


def _item(draft: Draft, goods: Goods) -> KnownItem | None:
    key = draft.text("item_key").upper()
    name, spec = draft.text("item"), draft.text("spec")
    if key and key in goods.items:
        return _usable(draft, goods.items[key])
    if not name and not key:
        draft.say("reject", "no-item", "item")
        return None
    sure = {target for target, score in goods.names.exact(name or key) if score >= SURE}
    if len(sure) == 1 and not key:
        item = goods.items[next(iter(sure))]
        if not _other_spec(spec, item.spec):
            return _usable(draft, item)
        return _chosen(draft, goods, "item-spec", name, spec)
    return _chosen(draft, goods, "item", name or key, spec)


def _chosen(draft: Draft, goods: Goods, code: str, name: str, spec: str) -> KnownItem | None:
    options: list[Option] = []
    for target, score in goods.names.best(f"{name}", 6):
        item = goods.items[target]
        if spec and item.spec:
            score += -12 if _other_spec(spec, item.spec) else 4 if _figures(spec) & _figures(item.spec) else 0
        options.append(
            (f"item:{target}", {"name": item.name, "spec": item.spec, "unit": item.unit}, max(1, min(score, 99)))
        )
    options.sort(key=lambda one: -one[2])
    answer = draft.ask(code, "item", f"{bare(name)}|{bare(spec)}", options[:5], free="item", name=name, spec=spec)
    chosen = goods.items.get(answer.removeprefix("item:").upper()) if answer else None
    if answer and chosen is None:
        draft.say("ask", "no-such-item", "item", answer=answer)
    return _usable(draft, chosen) if chosen else None


def _usable(draft: Draft, item: KnownItem) -> KnownItem | None:
    if item.phantom:
        draft.say("reject", "phantom-kit", "item", item=item.name)
        return None
    return item


def _figures(spec: str) -> frozenset[str]:
    return frozenset(re.findall(r"\d+(?:\.\d+)?", spec))


def _other_spec(said: str, catalogue: str) -> bool:
    """Whether both name figures and share none: 3.8m is not 5.2 m."""
    first, second = _figures(said), _figures(catalogue)
    return bool(first and second and not first & second)


# --- how many -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Counted:
    """A quantity in base units, and how many of them one written unit is."""

    base: int
    per_unit: Fraction


def _quantity(draft: Draft, _: Goods, item: KnownItem, heading_unit: str) -> Counted | None:
    found = _figure(draft, values.read_quantity(draft.cells.get("quantity")), item)
    if found is None:
        return None
    number, unit = found
    if number == 0:
        draft.say("skip", "zero", "quantity")
        return None
    if number < 0:
        draft.say("reject", "negative", "quantity")
        return None
    column = draft.text("unit")
    if unit and column and bare(unit) != bare(column):
        answer = draft.ask(
            "two-units",
            "quantity",
            f"{bare(unit)}|{bare(column)}",
            [(f"unit:{unit}", {}, 60), (f"unit:{column}", {}, 40)],
            first=unit,
            second=column,
        )
        if answer is None:
            return None
        unit = answer.removeprefix("unit:")
    per_unit = _per_unit(draft, item, unit or column or heading_unit)
    if per_unit is None:
        return None
    base = number * per_unit
    if base.denominator != 1 or not 0 < base <= MAX_QUANTITY:
        draft.say("reject", "not-whole" if base.denominator != 1 else "too-large", "quantity", unit=item.unit)
        return None
    return Counted(int(base), per_unit)


def _figure(draft: Draft, found: Quantity, item: KnownItem) -> tuple[Fraction, str] | None:
    """The number and its unit; what is not one precise figure is asked."""
    text = draft.text("quantity")
    if not found.vague:
        return found.amounts[0].number, found.amounts[0].unit
    if found.vague == "about":
        answer = draft.ask("about", "quantity", "", [("take", {}, 70)], free="number")
        draft.words.append(f"数量原文：{text}")
        return _number_of(draft, answer, found)
    if found.vague in ("range", "several"):
        options: list[Option] = [
            (
                f"amount:{n}",
                {"number": str(one.number), "unit": one.unit},
                80 if one.unit and _same_unit(item, one.unit) else 30,
            )
            for n, one in enumerate(found.amounts)
        ]
        answer = draft.ask(found.vague, "quantity", bare(text), options, free="number")
        draft.words.append(f"数量原文：{text}")
        return _number_of(draft, answer, found)
    code = {"missing": "quantity-missing", "words": "quantity-words"}.get(found.vague, "quantity-unreadable")
    answer = draft.ask(code, "quantity", "" if found.vague == "missing" else bare(text), [], free="number")
    return _number_of(draft, answer, found)


def _number_of(draft: Draft, answer: str | None, found: Quantity) -> tuple[Fraction, str] | None:
    if answer is None:
        return None
    if answer == "take" and found.amounts:
        return found.amounts[0].number, found.amounts[0].unit
    kind, _, said = answer.partition(":")
    if kind == "amount" and said.isdigit() and int(said) < len(found.amounts):
        return found.amounts[int(said)].number, found.amounts[int(said)].unit
    if kind == "number" and re.fullmatch(r"\d{1,15}(\.\d{1,6})?", said):
        return Fraction(said), ""
    draft.say("ask", "bad-answer", "quantity", answer=answer)
    return None


def _same_unit(item: KnownItem, unit: str) -> bool:
    return bare(unit) == bare(item.unit) or units.measure(item.dimension, unit) is not None


def _per_unit(draft: Draft, item: KnownItem, unit: str) -> Fraction | None:
    """Base units in one written unit."""
    if not unit:
        answer = draft.ask(
            "no-unit", "quantity", item.unit, [("factor:1", {"unit": item.unit}, 70)], item=item.name, unit=item.unit
        )
        return Fraction(item.factor) if answer == "factor:1" else None
    if bare(unit) == bare(item.unit):
        return Fraction(item.factor)
    measure = units.measure(item.dimension, unit)
    if measure is not None:
        return Fraction(measure)
    scale, single_unit = units.scaled(unit)
    if scale > 1 and bare(single_unit) == bare(item.unit):
        return Fraction(item.factor) * scale
    options: list[Option] = []
    said = units.per_pack(draft.text("note")) or units.per_pack(draft.text("spec"))
    if said and bare(said[0]) in (bare(unit), "") and _same_unit(item, said[2]):
        options.append((f"factor:{said[1]}", {"unit": item.unit}, 95))
    for name, base in item.packs:
        if bare(name) == bare(unit) and base % item.factor == 0:
            options.append((f"factor:{base // item.factor}", {"unit": item.unit}, 80))
    if item.dimension is Dimension.PIECE and unit in units.COUNTERS:
        options.append(("factor:1", {"unit": item.unit}, 75))
    single = list({one[0]: one for one in reversed(options)}.values())[::-1]
    answer = draft.ask(
        "unit", "unit", f"{bare(unit)}|{item.key}", single, free="factor", unit=unit, item=item.name, base=item.unit
    )
    if answer is None:
        return None
    kind, _, number = answer.partition(":")
    if kind != "factor" or not re.fullmatch(r"\d{1,9}(\.\d{1,6})?", number) or not Fraction(number):
        draft.say("ask", "bad-answer", "unit", answer=answer)
        return None
    draft.words.append(f"1{unit}={number}{item.unit}")
    return Fraction(number) * item.factor


# --- of when --------------------------------------------------------------------------------------------------------


def _produced(draft: Draft, today: date) -> date | None:
    moment = values.read_moment(draft.cells.get("produced"))
    found = _settled(draft, "produced", moment, [("none", {}, 60), ("first", {}, 40), ("last", {}, 20)])
    if found and found > today:
        answer = draft.ask("produced-future", "produced", found.isoformat(), [("none", {}, 50)], free="day")
        draft.words.append(f"生产日期原文：{draft.text('produced')}")
        return _typed(answer)
    return found


def _expires(draft: Draft, item: KnownItem | None, produced: date | None, today: date) -> date | None:
    moment = values.read_moment(draft.cells.get("expires"))
    if moment.kind == "forever":
        return None
    if moment.kind == "missing":
        if item and item.expiry_on_pack and not draft.skipped:
            answer = draft.ask("expiry-not-given", "expires", item.key, [("none", {}, 50)], free="day", item=item.name)
            return _typed(answer)
        return None
    if moment.kind == "life":
        draft.words.append(f"有效期原文：{draft.text('expires')}")
        if produced is not None:
            return values.after_life(produced, moment)
        return _typed(draft.ask("life-without-day", "expires", "", [("none", {}, 50)], free="day"))
    found = _settled(draft, "expires", moment, [("last", {}, 70), ("first", {}, 40), ("none", {}, 10)])
    if found and found < today:
        draft.say("note", "expired-already", "expires", day=found.isoformat())
    return found


def _settled(draft: Draft, name: str, moment: Moment, coarse: list[Option]) -> date | None:
    """The day a cell means: at once where it names one, else as answered. The words go into the note."""
    if moment.kind == "day":
        return moment.days[0]
    if moment.kind == "missing":
        return None
    label = "生产日期" if name == "produced" else "有效期"
    draft.words.append(f"{label}原文：{draft.text(name)}")
    if moment.kind in ("month", "year"):
        answer = draft.ask(f"{name}-{moment.kind}", name, "", coarse)
        if answer in ("first", "last"):
            return values.first_of(moment) if answer == "first" else values.last_of(moment)
        return None
    if moment.kind == "serial":
        day = moment.days[0].isoformat()
        answer = draft.ask("serial-day", name, name, [("take", {"day": day}, 80), ("none", {}, 10)], day=day)
        return moment.days[0] if answer == "take" else _typed(answer)
    if moment.kind == "either":
        options: list[Option] = [(f"day:{one.isoformat()}", {}, 50) for one in moment.days]
        if moment.year:  # a number cell 2022.1: the month itself is in doubt, its day was never said
            options = []
        answer = draft.ask("either-day", name, bare(draft.text(name)), [*options, ("none", {}, 10)], free="day")
        return _typed(answer)
    return _typed(draft.ask("day-unreadable", name, bare(draft.text(name)), [("none", {}, 20)], free="day"))


def _typed(answer: str | None) -> date | None:
    if answer and answer.startswith("day:"):
        return date.fromisoformat(answer.removeprefix("day:"))
    return None


def _turned_round(draft: Draft, produced: date, expires: date) -> tuple[date | None, date | None]:
    """An expiry before production cannot be: rejected unless somebody says which of the two is wrong."""
    answer = draft.ask(
        "expiry-before-production",
        "expires",
        f"{produced.isoformat()}|{expires.isoformat()}",
        [("drop-expiry", {}, 0), ("drop-production", {}, 0)],
        level="reject",
        produced=produced.isoformat(),
        expires=expires.isoformat(),
    )
    draft.words.append(f"生产 {produced.isoformat()}、有效期 {expires.isoformat()} 矛盾")
    return (produced, None) if answer == "drop-expiry" else (None, expires)


# --- where --------------------------------------------------------------------------------------------------------


def _site(draft: Draft, goods: Goods) -> KnownSite | None:
    text = draft.text("site")
    if text:
        sure = {target for target, score in goods.site_names.exact(text) if score >= SURE}
        if len(sure) == 1:
            return goods.sites[next(iter(sure))]
        options: list[Option] = [
            (f"site:{code}", {"name": goods.sites[code].name}, score) for code, score in goods.site_names.best(text, 5)
        ]
        default = goods.sites.get(goods.known.default_site)
        if default and all(one[0] != f"site:{default.code}" for one in options):
            options.append((f"site:{default.code}", {"name": default.name}, 30))
        return _site_of(draft, goods, draft.ask("site", "site", bare(text), options, free="site"))
    if goods.known.default_site in goods.sites:
        return goods.sites[goods.known.default_site]
    if len(goods.sites) == 1:
        return next(iter(goods.sites.values()))
    few: list[Option] = [(f"site:{one.code}", {"name": one.name}, 10) for one in list(goods.sites.values())[:8]]
    return _site_of(draft, goods, draft.ask("site-missing", "site", "", few, free="site"))


def _site_of(draft: Draft, goods: Goods, answer: str | None) -> KnownSite | None:
    if answer is None:
        return None
    site = goods.sites.get(answer.removeprefix("site:").upper())
    if site is None:
        draft.say("ask", "no-such-site", "site", answer=answer)
    return site


def _place(draft: Draft, goods: Goods, site: KnownSite) -> tuple[KnownSite, int, str] | None:
    """(site, place id, code): the bin that is named; the arrivals area where none is; else asked."""
    text = draft.text("place")
    if values.is_nothing(text):
        return site, site.staging, "STAGE"
    code = text.upper().replace(" ", "")
    if code in site.bins:
        return site, site.bins[code], code
    named = {target for target, score in goods.site_names.exact(text) if score >= SURE}
    if len(named) == 1 and not draft.text("site"):
        other = goods.sites[next(iter(named))]
        return other, other.staging, "STAGE"
    draft.words.append(f"位置原文：{text}")
    options: list[Option] = [("staging", {"site": site.name}, 50)]
    options += [(f"bin:{one}", {"site": site.name}, 60) for one in site.bins if code and code in one][:3]
    if not draft.text("site"):
        options += [
            (f"site:{found}", {"name": goods.sites[found].name}, score)
            for found, score in goods.site_names.best(text, 3)
            if score >= LIKELY and found != site.code
        ]
    answer = draft.ask(
        "place",
        "place",
        f"{site.code}|{bare(text)}",
        sorted(options, key=lambda one: -one[2]),
        free="place",
        site=site.name,
    )
    return _place_of(draft, goods, site, answer)


def _place_of(draft: Draft, goods: Goods, site: KnownSite, answer: str | None) -> tuple[KnownSite, int, str] | None:
    if answer is None:
        return None
    if answer == "staging":
        return site, site.staging, "STAGE"
    kind, _, said = answer.partition(":")
    if kind == "bin" and said.upper() in site.bins:
        return site, site.bins[said.upper()], said.upper()
    if kind == "site" and said.upper() in goods.sites:
        other = goods.sites[said.upper()]
        return other, other.staging, "STAGE"
    draft.say("ask", "no-such-bin", "place", answer=said)
    return None


# --- the rest -------------------------------------------------------------------------------------------------------


def _rest(draft: Draft, goods: Goods, item: KnownItem, quantity: Counted) -> None:
    """Maker, condition, price and serial numbers."""
    maker = draft.text("maker")
    if not values.is_nothing(maker):
        _maker(draft, goods, maker)
    condition = draft.text("condition")
    found = _CONDITION_OF.get(condition.casefold())
    if not values.is_nothing(condition) and found is None:
        options: list[Option] = [(f"condition:{name}", {}, 20) for name in _CONDITIONS]
        answer = draft.ask("condition", "condition", bare(condition), options)
        found = answer.removeprefix("condition:") if answer else None
    draft.facts["condition"] = found if found in _CONDITIONS else "good"
    price = draft.text("price")
    if not values.is_nothing(price):
        fen = values.read_fen(draft.cells.get("price"))
        if fen is None:
            draft.ask("price-unreadable", "price", bare(price), [("none", {}, 50)])
        elif quantity.per_unit.denominator == 1:
            draft.facts |= {"price_fen": fen, "price_per": int(quantity.per_unit)}
    _serials(draft, item, quantity.base)


def _maker(draft: Draft, goods: Goods, text: str) -> None:
    parties: Mapping[str, Any] = {party.key: party for party in goods.known.parties}
    sure = {target for target, score in goods.makers.exact(text) if score >= SURE}
    if len(sure) == 1:
        draft.facts["maker_id"] = parties[next(iter(sure))].id
        return
    draft.words.append(f"厂家：{text}")
    options: list[Option] = [("none", {}, 50)]
    options += [
        (f"party:{key}", {"name": parties[key].name}, score)
        for key, score in goods.makers.best(text, 3)
        if score >= LIKELY
    ]
    answer = draft.ask("maker", "maker", bare(text), sorted(options, key=lambda one: -one[2]))
    if answer and answer.removeprefix("party:") in parties:
        draft.facts["maker_id"] = parties[answer.removeprefix("party:")].id


def _serials(draft: Draft, item: KnownItem, quantity: int) -> None:
    written = [one for one in _BETWEEN_SERIALS.split(draft.text("serials")) if one]
    if not item.serial:
        if written:
            draft.words.append(f"编号：{'、'.join(written)}")
        return
    if quantity > 1000:
        draft.say("reject", "too-many-pieces", "quantity")
    elif written and (len(written) != quantity or len(set(written)) != len(written)):
        if draft.ask(
            "serial-count",
            "serials",
            bare(draft.text("serials")),
            [("none", {}, 30)],
            pieces=quantity,
            numbers=len(written),
        ):
            draft.words.append(f"编号：{'、'.join(written)}")
    elif written:
        draft.facts["serials"] = written
