"""What to order: from needs to lines, over plain values. Deterministic, whatever the order of its inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

from catalog.kernel.money import Price, amount
from catalog.kernel.quantity import display
from warehouse.planning.proposals.model import Fund, Need, PackSize, Proposal, Proposed, Spare, Supply, Why
from warehouse.provision.model import Member
from warehouse.replenishment.model import Offer

LOOSE = PackSize(0, "", 1)
"""Goods that are bought by the base unit."""
NOBODY = Supply(None, None)


def propose(
    needs: Sequence[Need],
    packs: Mapping[int, PackSize],
    supplies: Mapping[int, Sequence[Supply]],
    funds: Mapping[int, Sequence[Fund]],
    spares: Mapping[tuple[int, int], Sequence[Spare]] = MappingProxyType({}),
) -> list[Proposed]:
    """Lines that close every need, in whole packs, split where a supplier has no more or a fund ends.

    Needs of one owner and item are one need: the largest shortage decides, for the same goods meet them all. What a
    store lacks itself comes before them: it is moved from the owner's other stores where they have all of it to spare
    (`spares` by owner and item), else bought, and what is bought for a store its owner need not buy again. Money is
    spent in the order of owners and items, so the proposals together stay within what is left; what no fund can pay is
    proposed without one.
    """
    grouped: dict[tuple[int, int, bool, int], list[Need]] = {}
    for need in needs:
        store = need.store_id
        grouped.setdefault((need.owner_region_id, need.item_id, store is None, store or 0), []).append(need)
    there = {key: {one.site_id: one for one in of} for key, of in spares.items()}
    bought: dict[tuple[int, int], int] = {}
    left = {owner: [[fund.fund_source, max(fund.left_fen, 0)] for fund in of] for owner, of in funds.items()}
    found: list[Proposed] = []
    for owner, item, is_owners, store in sorted(grouped):
        come = bought.get((owner, item), 0) if is_owners else 0
        of_all = [replace(one, proposed=come) for one in grouped[owner, item, is_owners, store]]
        asked = sorted(of_all, key=lambda one: (-one.missing, one.cause, one.reference))
        deciding = asked[0]
        if deciding.missing <= 0:
            continue
        pack = packs.get(item, LOOSE)
        if not is_owners:
            moved = take(there.get((owner, item), {}), store, whole_packs(deciding.missing, pack.factor))
            if moved:
                quantity = sum(part for _, part in moved)
                why = replace(_why(deciding, pack, quantity, (), ""), moved_from=moved)
                found.append(_line(deciding, 1, quantity, pack, NOBODY, None, why))
                continue
            bought[owner, item] = bought.get((owner, item), 0) + whole_packs(deciding.missing, pack.factor)
        parts = split_by_supplier(deciding.missing, pack.factor, supplies.get(item) or (NOBODY,))
        rounded = sum(quantity for _, quantity in parts)
        causes = tuple((one.cause.value, one.reference) for one in asked if one.missing > 0)
        number = 0
        for supply, quantity in parts:
            for fund, share in split_by_fund(quantity, pack.factor, supply, left.get(owner, [])):
                number += 1
                why = _why(deciding, pack, rounded, causes, _reason(len(parts), share, quantity))
                found.append(_line(deciding, number, share, pack, supply, fund, why))
    return found


def take(there: dict[int, Spare], store: int, quantity: int) -> tuple[tuple[str, int], ...]:
    """(store's code, quantity) of what the other stores give, the fullest first; nothing where they have not all of it.
    Lessens `there`, which the next store asks."""
    others = sorted((one for one in there.values() if one.site_id != store), key=lambda one: (-one.quantity, one.code))
    if sum(one.quantity for one in others) < quantity:
        return ()
    found: list[tuple[str, int]] = []
    for one in others:
        part = min(one.quantity, quantity - sum(given for _, given in found))
        if part > 0:
            found.append((one.code, part))
            there[one.site_id] = replace(one, quantity=one.quantity - part)
    return tuple(found)


def split_by_supplier(missing: int, factor: int, supplies: Sequence[Supply]) -> list[tuple[Supply, int]]:
    """(supplier, quantity) in whole packs, at least `missing` together: the cheapest first, the last one takes the rest
    even beyond what he said he has, for the need does not go away."""
    rest = whole_packs(missing, factor)
    order = sorted(supplies, key=lambda one: (_dear(one), one.lead_days or 0, one.supplier_id or 0))
    found: list[tuple[Supply, int]] = []
    for number, supply in enumerate(order):
        most = rest if supply.at_most is None or number == len(order) - 1 else supply.at_most // factor * factor
        quantity = min(rest, most)
        if quantity > 0:
            found.append((supply, quantity))
            rest -= quantity
    return found


def split_by_fund(quantity: int, factor: int, supply: Supply, left: list[list[Any]]) -> list[tuple[str | None, int]]:
    """(fund source, quantity) in whole packs; spends `left` (fund, fen) as it goes. Goods without a price name the
    first fund and spend nothing: nobody knows what they cost."""
    if supply.price_fen is None:
        return [(left[0][0] if left else None, quantity)]
    price = Price(supply.price_fen, supply.price_per)
    found: list[tuple[str | None, int]] = []
    rest = quantity
    for fund in left:
        share = min(rest, _affordable(price, factor, fund[1]))
        if share > 0:
            found.append((fund[0], share))
            fund[1] -= amount(price, share)
            rest -= share
    if rest > 0:
        found.append((None, rest))
    return found


def whole_packs(quantity: int, factor: int) -> int:
    """`quantity`, rounded up to whole packs."""
    return -(-quantity // factor) * factor


def _affordable(price: Price, factor: int, fen: int) -> int:
    """The most whole packs' worth that `fen` pays."""
    if price.fen == 0:
        return 10**15 // factor * factor
    packs = (2 * fen + 1) * price.per // (2 * price.fen * factor)
    while packs > 0 and amount(price, packs * factor) > fen:
        packs -= 1
    return packs * factor


def _dear(supply: Supply) -> tuple[int, int, int]:
    """Sorts by price per unit without fractions: unpriced offers last."""
    if supply.price_fen is None:
        return 1, 0, 0
    return 0, supply.price_fen * 10**9 // supply.price_per, supply.price_per


def _reason(suppliers: int, share: int, quantity: int) -> str:
    return "fund" if share < quantity else "supplier" if suppliers > 1 else ""


def _why(need: Need, pack: PackSize, rounded: int, causes: tuple[tuple[str, str], ...], split: str) -> Why:
    return Why(
        level=need.level,
        trigger=need.trigger,
        usable=need.usable,
        leaving=need.leaving,
        on_order=need.on_order,
        planned=need.planned,
        in_transit=need.in_transit,
        due_back=need.due_back,
        missing=need.missing,
        pack=pack.name or None,
        pack_factor=pack.factor,
        rounded=rounded,
        causes=causes,
        split=split,
        proposed=need.proposed,
    )


def _line(need: Need, part: int, quantity: int, pack: PackSize, supply: Supply, fund: str | None, why: Why) -> Proposed:
    price = None if supply.price_fen is None else Price(supply.price_fen, supply.price_per)
    return Proposed(
        key=need.key,
        part=part,
        cause=need.cause,
        owner_region_id=need.owner_region_id,
        item_id=need.item_id,
        site_id=need.site_id,
        quantity=quantity,
        pack_id=pack.pack_id or None,
        supplier_id=supply.supplier_id,
        price_fen=supply.price_fen,
        price_per=supply.price_per,
        lead_days=supply.lead_days,
        fund_source=fund,
        amount_fen=None if price is None else amount(price, quantity),
        why=why,
    )


# --- which item fills a class, what changes, which order -------------------------------------------------


def filler(
    members: Sequence[Member], offers: Mapping[int, Offer], prices: Mapping[int, tuple[int, int]]
) -> Member | None:
    """The item that a line is filled with: the only one, else the one that was bought last and is cheapest for what it
    is worth; then by reference price; then the first. None where nothing counts."""
    counted = [one for one in members if one.worth > 0]

    def dear(one: Member) -> tuple[int, int, int]:
        offer = offers.get(one.item_id)
        price = (offer.price_fen, offer.price_per) if offer else prices.get(one.item_id)
        known = 0 if offer else 1 if price else 2
        return known, price[0] * one.base * 10**6 // (price[1] * one.worth) if price else 0, one.item_id

    return min(counted, key=dear, default=None)


@dataclass(frozen=True, slots=True)
class Steps:
    """What a run writes: new lines, open ones that say something else now, open ones that are needed no more."""

    new: tuple[Proposed, ...]
    changed: tuple[tuple[Proposal, Proposed], ...]
    withdrawn: tuple[Proposal, ...]
    kept: int


def compare(before: Sequence[Proposal], wanted: Sequence[Proposed]) -> Steps:
    """What leads from what is open to what is wanted. Equal in all that matters is kept as it is: the day on which
    goods would come moves on by itself and is no change."""
    known = {(one.key, one.part): one for one in before}
    asked = {(one.key, one.part): one for one in wanted}
    changed = tuple((known[key], one) for key, one in asked.items() if key in known and _differs(known[key], one))
    return Steps(
        tuple(one for key, one in asked.items() if key not in known),
        changed,
        tuple(one for key, one in known.items() if key not in asked),
        sum(1 for key in asked if key in known) - len(changed),
    )


def _differs(before: Proposal, now: Proposed) -> bool:
    names = ("cause", "site_id", "quantity", "pack_id", "supplier_id", "fund_source", "price_fen", "price_per", "why")
    return any(getattr(before, name) != getattr(now, name) for name in names)


def by_order(
    ticked: Sequence[Proposal], site_id: int | None
) -> Mapping[tuple[int, int, int | None, str | None], list[Proposal]]:
    """The orders that ticked proposals become, by (owner, site, supplier, fund)."""
    found: dict[tuple[int, int, int | None, str | None], list[Proposal]] = {}
    for one in sorted(ticked, key=lambda one: (one.owner_path, one.item_key, one.part)):
        site = one.site_id if one.site_id is not None else site_id
        if site is None:
            raise ValueError("a proposal without a site")
        found.setdefault((one.owner_region_id, site, one.supplier_id, one.fund_source), []).append(one)
    return found


def said(one: Proposal) -> str:
    """The sum in one line, for the order and its paper: 应有500−可用300−在途在订15=缺185，按箱(24)取整192."""
    why, factor = one.why, one.unit_factor

    def shown(quantity: int) -> str:
        return display(quantity, factor)

    parts = [f"应有{shown(why.level)}", f"−可用{shown(why.usable)}"]
    if why.leaving:
        parts.append(f"＋轮出{shown(why.leaving)}")
    for name, quantity in (
        ("在订", why.on_order),
        ("已拟订", why.planned),
        ("在途", why.in_transit),
        ("待还", why.due_back),
        ("库点另购", why.proposed),
    ):
        if quantity:
            parts.append(f"−{name}{shown(quantity)}")
    text = "".join(parts) + f"＝缺{shown(why.missing)}"
    if why.rounded != why.missing:
        text += f"，按{why.pack}（{shown(why.pack_factor)}）取整{shown(why.rounded)}"
    if why.moved_from:
        text += "，调自" + "、".join(f"{code} {shown(quantity)}" for code, quantity in why.moved_from)
    if why.split:
        text += f"，分{shown(one.quantity)}"
    return text


# --- in words and in rows ---------------------------------------------------------------------------------


def expected_on(lead_days: int | None, today: date) -> date | None:
    """The day on which goods ordered today should come; None where nobody knows how long it takes."""
    return None if lead_days is None else today + timedelta(days=lead_days)


def freeze(why: Why) -> dict[str, Any]:
    """The sum as it is stored."""
    return asdict(why)


def thaw(stored: Mapping[str, Any]) -> Why:
    """What `freeze` wrote."""
    pairs = {name: tuple((one[0], one[1]) for one in stored.get(name, ())) for name in ("causes", "moved_from")}
    return Why(**{**stored, **pairs})
