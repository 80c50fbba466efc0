"""Goods that come: the opening balance, deliveries with what goes wrong, donations; and the cases that follow."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from api.demo_stock.assortment import lot_facts, maker_serials, opening_lots, racks_of, whole
from api.demo_stock.hands import DAMAGED, GOOD, Incoming, Taken
from api.demo_stock.story import Event, Story
from api.demo_stock.world import CITY, DISTRICT, VILLAGE, Goods, House, Keeper
from catalog.kernel.time import SHANGHAI
from warehouse.replenishment.model import DeliveryFacts, DeliveryKind, NewLine, RefuseReason
from warehouse.stock.model import Condition, LotFacts, Reason


async def opening(story: Story, event: Event, rng: Random) -> None:
    """Everything that stood there when the books were opened."""
    house, at = event.house, event.at
    found = opening_lots(house, story.world, rng, story.first_day, story.today)
    for n in range(0, len(found), 50):
        some = found[n : n + 50]
        await story.hands.receive(house, house.keepers[0], at, some, reason=Reason.OPEN_BALANCE, note="建账期初")
        at += timedelta(minutes=6)


async def order(story: Story, event: Event, rng: Random) -> None:
    """What is low is bought."""
    await _order(story, event, rng, DeliveryKind.PURCHASE)


async def donation(story: Story, event: Event, rng: Random) -> None:
    """Somebody gives."""
    await _order(story, event, rng, DeliveryKind.DONATION)


async def draft(story: Story, event: Event, rng: Random) -> None:
    """A delivery note nobody has sent yet."""
    await _order(story, event, rng, DeliveryKind.PURCHASE, sent=False)


async def cancel(story: Story, event: Event, rng: Random) -> None:
    """It never came."""
    del rng
    await story.hands.cancel(event.house.buyer, event.at, event.facts["delivery"])


async def arrive(story: Story, event: Event, rng: Random) -> None:
    """The lorry: check, refuse, receive, put away, close; what differs becomes a case."""
    house, at, delivery = event.house, event.at, event.facts["delivery"]
    who = rng.choice(house.keepers)
    incoming: list[Incoming] = []
    for number, (goods, facts, quantity) in enumerate(event.facts["lines"], 1):
        come, damaged, refused = quantity, 0, 0
        fate = rng.random()
        small = max(1, quantity // 20) if goods.serial else whole(goods, quantity // 20)
        if fate < 0.05 and quantity > small:
            come = quantity - small
        elif fate < 0.09 and quantity > small:
            damaged, come = small, quantity - small
        elif fate < 0.12 and quantity > small:
            refused, come = small, quantity - small
        elif fate < 0.135:
            come = quantity + small
        if refused:
            why = rng.choice((RefuseReason.DAMAGED, RefuseReason.WRONG))
            await story.hands.refuse(
                who, at, delivery, number, refused, why, "外包装破损" if why is RefuseReason.DAMAGED else "规格不符"
            )
            at += timedelta(minutes=4)
        for part, condition in ((come, GOOD), (damaged, DAMAGED)):
            if part:
                serials = maker_serials(goods, part, house, rng)
                incoming.append(Incoming(goods, facts, part, house.staging, condition, serials, number))
    await story.hands.unload(house, who, at, delivery, incoming, "到货验收")
    if event.facts["waits"]:
        return
    done = at + timedelta(minutes=rng.randint(25, 110))
    await _put_away(story, house, who, done, rng)
    case = await story.hands.close(who, done + timedelta(minutes=9), delivery)
    if house.tier in (CITY, DISTRICT) and rng.random() < 0.5:
        await story.hands.receipt_slip(who, done + timedelta(minutes=15), delivery, house.statistician.name)
    if case is not None and rng.random() < 0.72:
        words = rng.choice(
            ("供应商已补发，差异核销", "经核对为供应商少发，按实收结算", "破损件已换货", "多收部分按赠品入账")
        )
        story.call(story.later(done, rng.randint(3, 24), rng), "settle", house, case=case, words=words)


async def settle(story: Story, event: Event, rng: Random) -> None:
    """A case finds its words."""
    who = event.house.statistician if rng.random() < 0.6 else event.house.approver
    await story.hands.settle(who, event.at, event.facts["case"], event.facts["words"])


async def _order(story: Story, event: Event, rng: Random, kind: DeliveryKind, *, sent: bool = True) -> None:
    house = event.house
    low = [one for one in _low(story, house, rng) if house.room_for(one) >= one.seed.display_factor]
    wanted = [one for one in low[:12] if kind is DeliveryKind.PURCHASE or not one.serial]
    chosen = wanted[: rng.randint(2, 3 if house.tier == VILLAGE else 7)]
    if not chosen:
        return
    waits = bool(event.facts.get("waits"))
    wait = 6 if waits else rng.randint(5, 16)
    expected = event.at.astimezone(SHANGHAI).date() + timedelta(wait)
    lines: list[tuple[Goods, LotFacts, int]] = []
    for goods in chosen:
        full = house.wanted[goods.key]
        quantity = max(full - house.held(goods), full // 4)
        quantity = min(quantity, house.room_for(goods))
        quantity = max(1, quantity) if goods.serial else whole(goods, int(quantity * rng.uniform(0.6, 1.1)))
        facts = lot_facts(goods, house, rng, expected, story.today, old=False)
        lines.append((goods, _given(facts) if kind is DeliveryKind.DONATION else facts, quantity))
    owner, fund = lines[0][1].owner_region_id, lines[0][1].fund_source
    lines = [(g, replace(f, owner_region_id=owner, fund_source=fund), q) for g, f, q in lines]
    number = f"{event.number:05d}"
    party = (
        rng.choice(story.world.donors) if kind is DeliveryKind.DONATION and story.world.donors else chosen[0].maker_id
    )
    head = DeliveryFacts(
        kind=kind,
        owner_region_id=owner,
        supplier_id=party,
        fund_source=fund,
        note_number=f"SH{expected:%y%m}{number}",
        invoice_number=f"{rng.randint(10**7, 10**8 - 1)}" if kind is DeliveryKind.PURCHASE else "",
        expected_on=expected,
    )
    new = [_line(goods, lot, quantity, rng) for goods, lot, quantity in lines]
    who = house.buyer if kind is DeliveryKind.PURCHASE else house.keepers[0]
    delivery = await story.hands.announce(house, who, event.at, head, new, sent=sent)
    if not sent:
        return
    arrives = story.hour(expected + timedelta(rng.choice((-1, 0, 0, 0, 1, 2))), rng)
    if waits:
        story.call(story.moment(expected, 14, 20), "arrive", house, delivery=delivery, lines=lines, waits=True)
    elif rng.random() < 0.03:
        story.call(story.later(event.at, wait + 3, rng), "cancel", house, delivery=delivery)
    else:
        story.call(arrives, "arrive", house, delivery=delivery, lines=lines, waits=False)


def _low(story: Story, house: House, rng: Random) -> list[Goods]:
    """What the house misses most, in that order with a little chance."""
    held: dict[str, int] = {}
    for stand in house.stock.values():
        if stand.good:
            held[stand.goods.key] = held.get(stand.goods.key, 0) + stand.on_hand
    ratio = {key: held.get(key, 0) / wanted + rng.random() * 0.5 for key, wanted in house.wanted.items()}
    return [story.world.goods[key] for key in sorted(ratio, key=lambda key: (ratio[key], key))]


def _given(facts: LotFacts) -> LotFacts:
    """As donated: no price was paid."""
    return replace(facts, fund_source="社会捐赠", price_fen=None, price_per=1)


def _line(goods: Goods, facts: LotFacts, quantity: int, rng: Random) -> NewLine:
    """The expected line; what only the packs say is not in it."""
    told = rng.random() < 0.7
    return NewLine(
        item_id=goods.id,
        quantity=quantity,
        maker_batch=facts.maker_batch if told else None,
        produced_on=facts.produced_on if told else None,
        expires_on=facts.expires_on if told else None,
        price_fen=facts.price_fen,
        price_per=facts.price_per,
    )


async def _put_away(story: Story, house: House, who: Keeper, at: datetime, rng: Random) -> None:
    """What stands in staging goes into bins."""
    pending: dict[int, float] = {}
    takes: list[Taken] = []
    for stand in [s for s in house.stock.values() if s.key.place_id == house.staging]:
        given = 0
        for rack, part in racks_of(house, stand.goods, stand.on_hand, rng, pending):
            serials = tuple(stand.serials[given : given + part]) if stand.goods.serial else ()
            takes.append(Taken(stand, part, serials, rack.id, Condition(stand.key.condition)))
            given += part
    if takes:
        await story.hands.put_away(house, who, at, takes)
