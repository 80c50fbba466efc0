"""Goods that stand: rotation, scrapping, restacking, doubts and tests, care, counts."""

from datetime import date, timedelta
from random import Random

from api.demo_stock.hands import DAMAGED, FROZEN, GOOD, Taken, take
from api.demo_stock.story import Event, Story
from api.demo_stock.world import CITY, DISTRICT, TOWN, VILLAGE, House, Stand
from catalog.kernel.time import SHANGHAI
from warehouse.stock.model import Condition

COUNTED = {CITY: 4, DISTRICT: 2, TOWN: 1, VILLAGE: 1}
"""Bins counted each quarter."""
TURNED = {CITY: 10, DISTRICT: 8, TOWN: 5, VILLAGE: 2}
"""Stacks turned over at a time, at most."""
CARED = {CITY: 8, DISTRICT: 5, TOWN: 2, VILLAGE: 1}
"""Care events a month, at most."""
RESULTS = {
    "restack": "已倒垛，垛型完好",
    "quality_test": "抽检合格",
    "engine_run": "试机30分钟，运转正常",
    "charge": "充满，亮度正常",
    "sunning": "已晾晒",
    "air_tightness": "24小时气密合格",
    "inspection": "外观完好",
}
"""What is written down when all is well."""


async def rotate(story: Story, event: Event, rng: Random) -> None:
    """What will not keep much longer is used up in time (收储轮换), most of it."""
    house, day = event.house, event.at.astimezone(SHANGHAI).date()
    soon = [
        s
        for s in house.standing(day)
        if s.facts.expires_on and (s.facts.expires_on - day).days < min(60, (s.goods.life or 60) // 4)
    ]
    taken = [take(s, s.free) for s in soon if rng.random() < 0.82][:20]
    if taken and day < story.today - timedelta(30):
        await story.hands.issue(house, rng.choice(house.keepers), event.at, taken, "到期前轮换出库")


async def scrap(story: Story, event: Event, rng: Random) -> None:
    """Expired and damaged goods are scrapped with the approver's word; a little is left for next time."""
    house, day = event.house, event.at.astimezone(SHANGHAI).date()
    found = [
        s
        for s in house.stock.values()
        if s.free > 0
        and s.key.place_id in house.racks
        and (s.key.condition == DAMAGED or (s.good and s.facts.expires_on is not None and s.facts.expires_on < day))
    ]
    taken = [take(s, s.free) for s in sorted(found, key=lambda s: s.key) if rng.random() < 0.8][:25]
    if taken:
        await story.hands.dispose(house, event.at, taken, f"报废批复（{day.year}）{event.number:04d}号")


async def restack(story: Story, event: Event, rng: Random) -> None:
    """Goods change bins: consolidated, or turned over."""
    house, day = event.house, event.at.astimezone(SHANGHAI).date()
    stands = [s for s in house.standing(day) if s.reserved == 0]
    most = TURNED[house.tier]
    pending: dict[int, float] = {}
    taken = []
    for stand in rng.sample(stands, min(len(stands), rng.randint(1, most))):
        racks = [
            r
            for r in house.racks_for(stand.goods)
            if r.id != stand.key.place_id and r.room - pending.get(r.id, 0.0) >= stand.goods.share(r) * stand.free
        ]
        roomy = sorted(racks, key=lambda r: pending.get(r.id, 0.0) - r.room)[:5]
        if roomy:
            rack = rng.choice(roomy)
            pending[rack.id] = pending.get(rack.id, 0.0) + stand.goods.share(rack) * stand.free
            taken.append(take(stand, stand.free, to_place=rack.id))
    if taken:
        who = rng.choice(house.keepers)
        await story.hands.move(house, who, event.at, taken, rng.choice(("倒垛", "并垛整理", "调整货位")))
        if house.tier == CITY and rng.random() < 0.3:
            moved = house.stock[taken[0].stand.key._replace(place_id=taken[0].to_place or 0)]
            await story.hands.shelf_card(who, event.at + timedelta(minutes=20), moved)


async def doubt(story: Story, event: Event, rng: Random) -> None:
    """Something looks wrong: frozen until the test house has spoken; samples are used up."""
    house, day = event.house, event.at.astimezone(SHANGHAI).date()
    stands = [s for s in house.standing(day) if s.reserved == 0 and not s.goods.serial and s.on_hand > 4]
    if not stands:
        return
    stand = rng.choice(stands)
    who = rng.choice(house.keepers)
    why = rng.choice(("外包装受潮，待检", "抽检不合格，暂停使用", "供应商召回通知，暂停使用", "发现鼠咬痕迹，待查"))
    frozen = take(stand, stand.free, to_condition=FROZEN)
    await story.hands.inspect(house, who, event.at, [frozen], why)
    key = stand.key._replace(condition=FROZEN.value)
    story.call(story.later(event.at, rng.randint(4, 30), rng), "verdict", house, key=key)


async def verdict(story: Story, event: Event, rng: Random) -> None:
    """The test house has spoken: a sample is gone, the rest is good, damaged or goes back."""
    house, stand = event.house, event.house.stock.get(event.facts["key"])
    if stand is None or stand.free < 3:
        return
    who = rng.choice(house.keepers)
    sample = max(1, min(stand.free // 50, 5)) * (stand.goods.seed.display_factor if stand.free > 500 else 1)
    if sample >= stand.free:
        return
    await story.hands.test(house, who, event.at, [take(stand, sample)], f"{story.world.test_house}抽样检验")
    rest = take(stand, stand.free)
    later = event.at + timedelta(minutes=12)
    fate = rng.random()
    if fate < 0.68:
        await story.hands.inspect(house, who, later, [_as(rest, GOOD)], "检验合格，解除冻结")
    elif fate < 0.88:
        await story.hands.inspect(house, who, later, [_as(rest, DAMAGED)], "检验不合格")
    else:
        await story.hands.send_back(house, who, later, [rest], "质量不合格，退回供应商")


async def care(story: Story, event: Event, rng: Random) -> None:
    """Care that falls due is done, most of it; short intervals are told of the last months only."""
    house, day = event.house, event.at.astimezone(SHANGHAI).date()
    late = day > story.today - timedelta(110)
    due = _due(story, house, day, rng, short=late or (house.tier == CITY and not house.custody))
    at = event.at
    for stand, kind in due[: CARED[house.tier] * (2 if late else 1)]:
        story.care_done[(stand.key.lot_id, house.id, kind)] = day
        passed = rng.random() < 0.96
        at += timedelta(minutes=7)
        await story.hands.care(
            house,
            rng.choice(house.keepers),
            at,
            stand,
            kind,
            serial=stand.serials[0] if len(stand.serials) == 1 else None,
            passed=passed,
            result=RESULTS.get(kind, "正常") if passed else "异常，已报修",
        )


def _due(story: Story, house: House, day: date, rng: Random, *, short: bool) -> list[tuple[Stand, str]]:
    """What is due within three weeks, engines first; before the floods also what could wait; some is forgotten."""
    found: dict[tuple[int, str], tuple[int, float, Stand]] = {}
    for stand in [s for s in house.stock.values() if s.on_hand]:
        for one in stand.goods.care:
            long = one.interval_days > 100
            last = story.care_done.get((stand.key.lot_id, house.id, one.kind))
            due = (last or stand.stored) + timedelta(one.interval_days if last else one.first_after_days)
            early = long and day.month in (4, 5) and last is None and rng.random() < 0.6
            if (due <= day + timedelta(20) or early) and (long or short) and rng.random() > 0.1:
                found.setdefault((stand.key.lot_id, one.kind), (one.interval_days, rng.random(), stand))
    order = sorted(found.items(), key=lambda pair: pair[1][:2])
    return [(stand, kind) for (_, kind), (_, _, stand) in order]


async def count(story: Story, event: Event, rng: Random) -> None:
    """A quarter's count: bins in turn, the longest untouched first; small variances."""
    house = event.house
    who = rng.choice(house.keepers)
    filled: dict[int, list[Stand]] = {}
    for stand in house.stock.values():
        if stand.key.place_id in house.racks and stand.on_hand > 0:
            filled.setdefault(stand.key.place_id, []).append(stand)
    racks = sorted(filled, key=lambda place: (house.racks[place].since, place))[: COUNTED[house.tier] * 3]
    at = event.at
    for place in rng.sample(racks, min(len(racks), COUNTED[house.tier])):
        found = {}
        for stand in filled[place]:
            if (
                stand.good
                and not stand.goods.serial
                and not stand.reserved
                and stand.on_hand > 30
                and rng.random() < 0.14
            ):
                unit = stand.goods.seed.display_factor if stand.on_hand > 5000 else 1
                found[stand.key] = stand.on_hand + rng.choice((-3, -2, -1, -1, -1, 1, 1, 2)) * unit
        found = {key: now for key, now in found.items() if now > 0}
        await story.hands.count(house, who, at, place, found, "季度盘点")
        house.racks[place].since = story.hands.number
        at += timedelta(minutes=11)
    if house.tier == CITY and filled:
        goods = filled[min(filled)][0].goods
        await story.hands.ledger_sheet(house, who, at, goods, event.at.astimezone(SHANGHAI).date() - timedelta(60))


def _as(one: Taken, condition: Condition) -> Taken:
    return Taken(one.stand, one.quantity, one.serials, None, condition)
