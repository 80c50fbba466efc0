"""Goods that become others: kits, corrections, extensions, owners; and what is put on pallets."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from api.demo_stock.assortment import whole
from api.demo_stock.hands import Taken, take
from api.demo_stock.story import Event, Story
from api.demo_stock.world import House, Stand
from catalog.kernel.time import SHANGHAI
from labels.codes.gs1 import check_digit
from warehouse.stock.actions import Content, Correction


async def kits(story: Story, event: Event, rng: Random) -> None:
    """Stocked kits are made where all parts stand."""
    house, day = event.house, event.at.astimezone(SHANGHAI).date()
    stands = [s for s in house.standing(day) if not s.goods.serial and s.facts.owner_region_id == house.owner_id]
    names = sorted(story.world.kits)
    for key in names[event.facts["turn"] % len(names) :] + names:
        kit, needs = story.world.goods[key], story.world.kits[key]
        held = {part: sum(s.free for s in stands if s.goods.key == part) for part in needs}
        possible = min(held[part] // (need * 3) for part, need in needs.items())
        racks = house.racks_for(kit)
        if possible < 2 or not racks:
            continue
        count = min(possible, rng.choice((20, 30, 50, 100)))
        parts: list[Taken] = []
        for part, need in needs.items():
            rest = need * count
            for stand in [s for s in stands if s.goods.key == part]:
                if rest and (quantity := min(rest, stand.free)):
                    parts.append(take(stand, quantity))
                    rest -= quantity
        rack = rng.choice(sorted(racks, key=lambda r: -r.room)[:4])
        made = await story.hands.make_kit(house, house.keepers[0], event.at, kit, count, rack, parts)
        story.kits_made.append((house, made, count, parts))
        return


async def unkit(story: Story, event: Event, rng: Random) -> None:
    """Some kits are taken apart again, into the lots they were made of."""
    for house, stand, count, parts in reversed(story.kits_made):
        few = max(1, count // rng.randint(5, 10))
        if stand.free < few or house.stock.get(stand.key) is not stand:
            continue
        needs = story.world.kits[stand.goods.key]
        given: dict[str, int] = {}
        back = []
        for one in parts:
            key = one.stand.goods.key
            quantity = min(one.quantity, needs[key] * few - given.get(key, 0))
            if quantity > 0:
                given[key] = given.get(key, 0) + quantity
                back.append(Taken(one.stand, quantity))
        await story.hands.break_kit(house, house.keepers[0], event.at, take(stand, few), back)
        return


async def pallet(story: Story, event: Event, rng: Random) -> None:
    """A lot is put on a pallet where it stands."""
    house, day = event.house, event.at.astimezone(SHANGHAI).date()
    stands = [s for s in house.standing(day) if not s.goods.serial and s.free >= 4 * s.goods.pack]
    stands = [s for s in stands if s.key not in story.palletised and s.reserved == 0]
    if not stands:
        return
    stand = rng.choice(stands)
    story.palletised.add(stand.key)
    content = Content(stand.key.lot_id, whole(stand.goods, stand.free // 2))
    sscc = _sscc(event.number) if rng.random() < 0.3 else None
    await story.hands.build_pallet(house.keepers[0], event.at, stand.key.place_id, [content], sscc)


async def correct(story: Story, event: Event, rng: Random) -> None:
    """A wrong expiry or batch is put right."""
    stand = _whole_lot(event.house, rng, event.at, lambda s: s.facts.expires_on is not None)
    if stand is None or stand.facts.expires_on is None:
        return
    if rng.random() < 0.7:
        shift = rng.choice((-30, -10, 10, 31, 60))
        fields: dict[str, Any] = {"expires_on": stand.facts.expires_on + timedelta(shift)}
        reason = "入库时有效期录错，按外包装更正"
    else:
        fields = {"maker_batch": f"{stand.facts.maker_batch or 'B'}-1"}
        reason = "生产批号录错"
    await story.hands.correct(
        event.house, event.house.keepers[0], event.at, stand.key.lot_id, Correction(fields, "correct", reason)
    )


async def extend(story: Story, event: Event, rng: Random) -> None:
    """After a test goods may be kept longer."""
    day = event.at.astimezone(SHANGHAI).date()

    def soon(stand: Stand) -> bool:
        expires = stand.facts.expires_on
        return expires is not None and expires < day + timedelta(700) and (stand.goods.life or 0) > 1000

    stand = _whole_lot(event.house, rng, event.at, soon)
    if stand is None or stand.facts.expires_on is None:
        return
    fields = {"expires_on": stand.facts.expires_on + timedelta(365)}
    evidence = {"report": f"JC{day:%Y%m}{event.number:04d}", "by": story.world.test_house}
    correction = Correction(fields, "extend", "抽检合格，延长储存一年", evidence)
    await story.hands.correct(event.house, event.house.keepers[0], event.at, stand.key.lot_id, correction)


async def owner(story: Story, event: Event, rng: Random) -> None:
    """The city hands goods down to the district they stand in."""
    house = event.house
    stand = _whole_lot(house, rng, event.at, lambda s: s.facts.owner_region_id != house.owner_id)
    if stand is not None:
        correction = Correction({"owner_region_id": house.owner_id}, "owner", "市级物资无偿划转属地管理")
        await story.hands.correct(house, house.keepers[0], event.at, stand.key.lot_id, correction)


async def fund(story: Story, event: Event, rng: Random) -> None:
    """Another purse pays."""
    stand = _whole_lot(event.house, rng, event.at, lambda s: s.facts.fund_source is not None)
    if stand is not None:
        correction = Correction({"fund_source": "追加预算资金"}, "fund", "资金来源调整")
        await story.hands.correct(event.house, event.house.keepers[0], event.at, stand.key.lot_id, correction)


def _whole_lot(house: House, rng: Random, at: datetime, wanted: Callable[[Stand], bool]) -> Stand | None:
    """A lot of which nothing is reserved here or on loan."""
    held = {s.key.lot_id for s in house.stock.values() if s.reserved} | house.lent
    stands = [s for s in house.standing(at.astimezone(SHANGHAI).date()) if s.key.lot_id not in held and wanted(s)]
    return rng.choice(stands) if stands else None


def _sscc(number: int) -> str:
    """An SSCC as a supplier sticks it on a pallet."""
    body = f"3690000{number:010d}"
    return body + check_digit(body)
