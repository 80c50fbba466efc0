"""Goods that go out and what comes back of them: calls in bad weather, drills, loans, holds, slips of the hand."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID, uuid5

from api.demo_stock.assortment import whole
from api.demo_stock.hands import DAMAGED, GOOD, Taken, take
from api.demo_stock.story import Event, Story
from api.demo_stock.world import CITY, DISTRICT, TOWN, VILLAGE, Goods, House, Stand
from catalog.kernel.time import SHANGHAI
from warehouse.printing.model import IssueWords
from warehouse.stock.model import DocumentRef

LINES = {CITY: (5, 12), DISTRICT: (4, 10), TOWN: (3, 7), VILLAGE: (1, 4)}
"""Lines of one issue."""
_PLACES = ("{}防汛抢险指挥部", "{}应急抢险队", "{}低洼地段排涝点", "{}转移安置点", "{}圩堤巡查队")


async def flood(story: Story, event: Event, rng: Random) -> None:
    """Rain, high water, a typhoon: goods go out, most of what returns comes back."""
    note = "防台风抢险调用" if event.facts["typhoon"] else rng.choice(("防汛抢险调用", "城区排涝调用", "圩堤巡查除险"))
    await _call_out(story, event, rng, ("flood", "typhoon"), note, 0.32 if event.facts["typhoon"] else 0.16)


async def cold(story: Story, event: Event, rng: Random) -> None:
    """Snow and frost."""
    await _call_out(story, event, rng, ("snow_cold",), "低温雨雪应急调用", 0.15)


async def forest(story: Story, event: Event, rng: Random) -> None:
    """Smoke on the hill."""
    await _call_out(story, event, rng, ("forest_fire",), "森林火情处置调用", 0.2)


async def drill(story: Story, event: Event, rng: Random) -> None:
    """Out in the morning, home in the evening."""
    house = event.house
    taken = _pick(house, rng, event.at, 0.08, lambda goods: goods.seed.returnable)
    if not taken:
        return
    morning = event.at.astimezone(SHANGHAI).replace(hour=8)
    who = rng.choice(house.keepers)
    await story.hands.issue(house, who, event.at, taken, "应急演练领用")
    back = max(morning.replace(hour=16).astimezone(UTC), event.at + timedelta(minutes=50))
    story.call(back, "drill_home", house, taken=taken, who=who)


async def drill_home(story: Story, event: Event, rng: Random) -> None:
    """The drill is over."""
    del rng
    await story.hands.bring_back(
        event.house, event.facts["who"], event.at, event.facts["taken"], "演练归还", graded=GOOD
    )


async def return_home(story: Story, event: Event, rng: Random) -> None:
    """Goods of an issue come home: graded at the gate, or looked at the next day."""
    house, home = event.house, event.facts["home"]
    who = rng.choice(house.keepers)
    if rng.random() < 0.55:
        graded = [part for one in home for part in _judged(one, rng)]
        await story.hands.bring_back(house, who, event.at, graded, "用后回收，当场验收")
        return
    back = await story.hands.bring_back(house, who, event.at, home, "用后回收")
    look = [Taken(stand, one.quantity, one.serials) for stand, one in zip(back, home, strict=True)]
    story.call(story.later(event.at, 1, rng), "grade", house, look=look)


async def grade(story: Story, event: Event, rng: Random) -> None:
    """What came back is graded: most is good, some is damaged, a little waits longer."""
    house = event.house
    there = [one for one in event.facts["look"] if house.stock.get(one.stand.key) is one.stand]
    graded = [part for one in there if rng.random() > 0.04 for part in _judged(one, rng)]
    if graded:
        await story.hands.inspect(house, rng.choice(house.keepers), event.at, graded, "回收物资清点检验")


def _judged(one: Taken, rng: Random) -> list[Taken]:
    """Good, and now and then a part of it damaged."""
    bad = (one.quantity if one.quantity < 3 else max(1, one.quantity // 15)) if rng.random() < 0.1 else 0
    good = one.quantity - bad
    parts = ((good, one.serials[:good], GOOD), (bad, one.serials[good:], DAMAGED))
    return [Taken(one.stand, part, pieces, None, condition) for part, pieces, condition in parts if part]


async def loan(story: Story, event: Event, rng: Random) -> None:
    """Neighbours borrow; most bring it back, one is late today."""
    house, day = event.house, event.at.astimezone(SHANGHAI).date()
    stands = [s for s in house.standing(day) if s.goods.seed.returnable]
    if not stands:
        return
    some = rng.sample(stands, min(len(stands), rng.randint(1, 3)))
    taken = [take(s, max(1, s.free // 10) if s.goods.serial else whole(s.goods, s.free // 10)) for s in some]
    taken = [one for one in taken if one.quantity <= one.stand.free]
    due = day + timedelta(rng.choice((7, 14, 30)))
    borrower = rng.choice(
        ("消防救援支队", "水利工程建设处", "供电公司抢修队", "市政排水管理处", "武警支队", "红十字会")
    )
    loan = await story.hands.lend(house, rng.choice(house.keepers), event.at, taken, borrower, due)
    if event.facts["turn"] % 6 != 5:
        back = story.hour(due + timedelta(rng.randint(-3, 4)), rng)
        story.call(max(back, event.at + timedelta(days=1)), "loan_home", house, loan=loan, taken=taken)


async def loan_home(story: Story, event: Event, rng: Random) -> None:
    """Lent goods come home and are looked at."""
    house, taken = event.house, event.facts["taken"]
    back = await story.hands.take_back(house, rng.choice(house.keepers), event.at, event.facts["loan"], taken)
    look = [Taken(stand, one.quantity, one.serials) for stand, one in zip(back, taken, strict=True)]
    story.call(story.later(event.at, 1, rng), "grade", house, look=look)


async def slip(story: Story, event: Event, rng: Random) -> None:
    """A slip of the hand, undone a few minutes later."""
    house = event.house
    taken = _pick(house, rng, event.at, 0.05, lambda goods: not goods.serial)[:2]
    if not taken:
        return
    who = rng.choice(house.keepers)
    receipt = await story.hands.issue(house, who, event.at, taken, "领用")
    attempt = UUID(receipt.body["attempt"])
    await story.hands.reverse(who, event.at + timedelta(minutes=8), attempt, len(taken), "扫错批次，冲销")
    story.hands.undo(house, taken)


async def offline(story: Story, event: Event, rng: Random) -> None:
    """Scanned without a net and sent hours later: facts. Some say more than the books have."""
    house = event.house
    taken = _pick(house, rng, event.at, 0.1, lambda goods: not goods.serial)[:3]
    taken = [one for one in taken if one.stand.reserved == 0]
    if not taken:
        return
    who, late = rng.choice(house.keepers), timedelta(hours=rng.randint(2, 9), minutes=rng.randint(0, 59))
    extra = 0
    if event.facts["turn"] % 3 == 0:
        taken = [take(taken[0].stand, taken[0].stand.on_hand), *taken[1:]]
        extra = rng.randint(1, 5) * (taken[0].stand.goods.seed.display_factor if taken[0].quantity > 5000 else 1)
    receipt = await story.hands.issue(house, who, event.at, taken, "断网期间出库，事后上传", late=late, extra=extra)
    case = receipt.body["case"]
    if case is not None and rng.random() < 0.5:
        story.call(
            story.later(event.at, rng.randint(2, 10), rng),
            "settle",
            house,
            case=UUID(case),
            words="复核实物后按实际出库数调整",
        )


async def hold(story: Story, event: Event, rng: Random) -> None:
    """Goods are held for an order; it is filled, or dropped, or still waits today."""
    house, day = event.house, event.at.astimezone(SHANGHAI).date()
    stands = [s for s in house.standing(day) if not s.goods.serial and s.free > 10 and s.reserved == 0]
    document = DocumentRef("requisition", uuid5(story.hands.namespace, f"requisition/{event.number}"))
    for stand in rng.sample(stands, min(len(stands), 3 if event.facts.get("now") else 1)):
        quantity = whole(stand.goods, stand.free // rng.randint(3, 6))
        if quantity > stand.free:
            continue
        until = event.at + timedelta(days=rng.randint(2, 6))
        held = await story.hands.reserve(house, event.at, stand, quantity, until, document)
        if not event.facts.get("now"):
            later = event.at + timedelta(hours=rng.randint(3, 20))
            story.call(later, "fill", house, stand=stand, quantity=quantity, held=held, document=document)


async def fill(story: Story, event: Event, rng: Random) -> None:
    """The order is filled in part, or the need is gone."""
    house, stand, quantity = event.house, event.facts["stand"], event.facts["quantity"]
    held: UUID = event.facts["held"]
    if stand.reserved < quantity:
        return
    if rng.random() < 0.3:
        await story.hands.release(house, event.at, stand, quantity, held)
        return
    stand.reserved -= quantity
    await story.hands.issue(
        house,
        rng.choice(house.keepers),
        event.at,
        [take(stand, quantity)],
        "按调拨指令出库",
        document=event.facts["document"],
        reservations=(held,),
    )


async def _call_out(
    story: Story, event: Event, rng: Random, disasters: tuple[str, ...], note: str, part: float
) -> None:
    house = event.house
    taken = _pick(house, rng, event.at, part, lambda goods: goods.fits(*disasters))
    if not taken:
        return
    who = rng.choice(house.keepers)
    document = DocumentRef("release_order", uuid5(story.hands.namespace, f"order/{event.number}"))
    receipt = await story.hands.issue(house, who, event.at, taken, note, document=document)
    if house.tier in (CITY, DISTRICT) and rng.random() < 0.4:
        words = IssueWords(rng.choice(_PLACES).format(house.region), purpose=note, checker=house.statistician.name)
        await story.hands.issue_slip(who, event.at + timedelta(minutes=12), UUID(receipt.body["attempt"]), words)
    home = []
    for one in taken:
        if one.stand.goods.seed.returnable:
            lost = 0 if rng.random() < 0.7 else max(1, one.quantity // 12)
            back = one.quantity - lost
        else:
            back = whole(one.stand.goods, one.quantity // 4) if rng.random() < 0.15 else 0
        if 0 < back <= one.quantity:
            home.append(Taken(one.stand, back, one.serials[:back]))
    if home:
        story.call(story.later(event.at, rng.randint(3, 16), rng), "return_home", house, home=home)


def _pick(house: House, rng: Random, at: datetime, part: float, wanted: Callable[[Goods], bool]) -> list[Taken]:
    """Some goods in first-expired order: about `part` of what is free of each, whole packs."""
    by_goods: dict[str, list[Stand]] = {}
    for stand in house.standing(at.astimezone(SHANGHAI).date()):
        if wanted(stand.goods):
            by_goods.setdefault(stand.goods.key, []).append(stand)
    low, high = LINES[house.tier]
    keys = sorted(by_goods)
    chosen = rng.sample(keys, min(len(keys), rng.randint(low, high)))
    taken: list[Taken] = []
    for key in chosen:
        stands = by_goods[key]
        goods = stands[0].goods
        asked = int(sum(s.free for s in stands) * part * rng.uniform(0.4, 1.6))
        asked = max(1, asked) if goods.serial else whole(goods, asked)
        for stand in stands[:3]:
            quantity = min(asked, stand.free)
            if quantity:
                taken.append(take(stand, quantity))
            asked -= quantity
    return taken
