"""What a house keeps, how much of it, in which lots, and in which bins: plain decisions with a random hand.

All figures are invented; they only have to look like a Chinese city's (DOMAIN.md sections 2, 3 and 5).
"""

from datetime import date, timedelta
from random import Random

from api.demo_stock.hands import Incoming
from api.demo_stock.world import CITY, DISTRICT, LARGEST, TOWN, VILLAGE, VILLAGE_GROUPS, Goods, House, Rack, World
from warehouse.stock.model import LotFacts

YUAN = 100
VALUE = {
    "ZP": 600_000,
    "BF": 300_000,
    "ZJ": 150_000,
    "LS": 60_000,
    "YS": 50_000,
    "DL": 200_000,
    "TG": 200_000,
    "ZH": 150_000,
    "SS": 200_000,
    "PS": 600_000,
    "FD": 400_000,
    "SJ": 250_000,
    "PC": 120_000,
    "FH": 100_000,
    "YL": 80_000,
    "XF": 100_000,
    "SL": 120_000,
    "TX": 150_000,
    "JT": 80_000,
}
"""What a city store spends on one item, in yuan, by the leading letters of its key; other houses a part of it."""
PART = {CITY: 1.0, DISTRICT: 0.4, TOWN: 0.07, VILLAGE: 0.012}
KEEPS = {CITY: 0.72, DISTRICT: 0.4, TOWN: 0.19, VILLAGE: 0.15}
"""How likely a house keeps an item that it has room for."""
MOST_PIECES = {CITY: 20, DISTRICT: 7, TOWN: 3, VILLAGE: 1}
LOTS = {CITY: (1, 1, 1, 2, 2), DISTRICT: (1, 1, 1, 2), TOWN: (1, 1, 1, 1, 2), VILLAGE: (1,)}
FUNDS = {
    CITY: ("市级应急物资专项", "市级救灾物资采购", "市级防汛经费", "中央自然灾害救灾资金"),
    DISTRICT: ("区级应急物资专项", "区级防汛经费", "省级救灾补助"),
    TOWN: ("镇级应急经费", "区级下拨"),
    VILLAGE: ("镇级下拨",),
}


def choose(house: House, world: World, rng: Random) -> None:
    """Settle what the house means to keep (`house.wanted`); the large ones all that kits are made of."""
    theme = house.theme
    fitting: dict[str, list[Goods]] = {}
    needed = world.staples if house.general else frozenset[str]()
    for one in world.goods.values():
        if one.seed.kind != "plain":
            continue
        zone = next((code for code, (classes, _) in house.zones.items() if one.seed.storage_class in classes), None)
        if zone is None or not house.zones[zone][1]:
            continue
        if all(one.share(rack) > LARGEST for rack in house.racks_for(one)):
            continue
        chance = KEEPS[house.tier]
        if theme:
            chance = min(chance * 1.6, 0.95) if one.group in theme else chance * 0.08
        elif house.tier == VILLAGE and one.group not in VILLAGE_GROUPS:
            chance *= 0.15
        if (one.life or 9999) < 150:
            chance *= 0.2
        if _dear(one, house):
            chance *= 0.25
        if rng.random() < max(chance, 0.97 if one.key in needed else 0):
            fitting.setdefault(zone, []).append(one)
    for zone, kept in fitting.items():
        racks = house.zones[zone][1]
        room = sum(rack.room for rack in racks) * 0.62 / len(kept)
        for one in kept:
            house.wanted[one.key] = _usual(one, house, room / one.share(racks[0]), rng)


def _dear(goods: Goods, house: House) -> bool:
    price = (goods.seed.price_fen or 0) * goods.seed.display_factor / (goods.seed.price_per or 1) / YUAN
    return price > VALUE.get(goods.group, 80_000) * PART[house.tier] * 1.5


def _usual(goods: Goods, house: House, room: float, rng: Random) -> int:
    """How much of an item: what the money buys, what the zone has room for (`room` base units), in whole packs."""
    unit = goods.seed.display_factor
    price = (goods.seed.price_fen or 5_000) / (goods.seed.price_per or 1)
    money = VALUE.get(goods.group, 80_000) * YUAN * PART[house.tier] * rng.uniform(0.5, 1.5)
    quantity = min(money / price, max(room, unit))
    if goods.serial:
        return max(1, min(int(quantity), MOST_PIECES[house.tier]))
    return whole(goods, int(quantity))


def whole(goods: Goods, quantity: int) -> int:
    """Whole packs if that makes two or more, else whole display units, one at least."""
    unit = goods.seed.display_factor
    step = goods.pack if quantity >= 2 * goods.pack else unit
    return max(quantity // step * step, unit)


def parts_of(goods: Goods, quantity: int, count: int, rng: Random) -> list[int]:
    """`quantity` in about `count` parts of whole packs."""
    rest, found = quantity, []
    for left in range(count, 1, -1):
        one = whole(goods, int(rest / left * rng.uniform(0.6, 1.4)))
        if 0 < one < rest:
            found.append(one)
            rest -= one
    return [*found, rest]


def opening_lots(house: House, world: World, rng: Random, on: date, today: date) -> list[Incoming]:
    """What stands in the house when the story begins."""
    choose(house, world, rng)
    pending: dict[int, float] = {}
    found: list[Incoming] = []
    for key, wanted in sorted(house.wanted.items()):
        one = world.goods[key]
        count = 1 if one.serial and wanted < 4 else rng.choice(LOTS[house.tier])
        for quantity in parts_of(one, wanted, count, rng):
            facts = lot_facts(one, house, rng, on, today, old=True)
            found += shelve(house, one, facts, quantity, rng, pending)
    return found


def lot_facts(goods: Goods, house: House, rng: Random, on: date, today: date, *, old: bool) -> LotFacts:
    """The facts of a new lot that arrives on a day; `old`: it has lain somewhere for a while."""
    life = goods.life
    if life is None:
        produced, expires = on - timedelta(rng.randint(20, 900 if old else 90)), None
    else:
        age = int(life * rng.uniform(0.03, 0.65)) if old else rng.randint(4, max(6, min(60, life // 8)))
        produced = on - timedelta(age)
        expires = produced + timedelta(life)
        if old and life > 500 and rng.random() < 0.05:  # falls due around the day the story ends
            expires = today + timedelta(rng.randint(-40, 100))
            produced = expires - timedelta(life)
        if goods.serial and rng.random() < 0.15:
            expires = None
    upper = house.tier == DISTRICT and not house.custody and rng.random() < 0.06
    price = goods.seed.price_fen
    year = on.year - (rng.randint(0, 2) if old else 0)
    tier = CITY if upper else house.tier
    return LotFacts(
        item_id=goods.id,
        owner_region_id=house.upper_owner_id if upper else house.owner_id,
        maker_id=goods.maker_id if rng.random() < 0.92 else None,
        maker_batch=_batch(goods, produced, rng),
        produced_on=produced,
        expires_on=expires,
        fund_source=f"{rng.choice(FUNDS[tier])}{year}",
        price_fen=None if price is None else max(1, round(price * rng.uniform(0.9, 1.1))),
        price_per=goods.seed.price_per or 1,
    )


def _batch(goods: Goods, produced: date, rng: Random) -> str | None:
    style = sum(map(ord, goods.key)) % 3
    if goods.group == "SS" or (goods.serial and rng.random() < 0.3):
        return None
    if style == 0:
        return f"{produced:%Y%m%d}{rng.randint(1, 40):02d}"
    if style == 1:
        return f"{goods.group}{produced:%y%m}-{rng.randint(1, 99):02d}"
    return f"{rng.choice('ABCDEFGHJK')}{produced:%y%m%d}-{rng.randint(1, 9)}"


def shelve(
    house: House, goods: Goods, facts: LotFacts, quantity: int, rng: Random, pending: dict[int, float]
) -> list[Incoming]:
    """Where goods are put: a bin with room for them, else several. `pending` is room spoken for already."""
    return [
        Incoming(goods, facts, part, rack.id, serials=maker_serials(goods, part, house, rng))
        for rack, part in racks_of(house, goods, quantity, rng, pending)
    ]


def maker_serials(goods: Goods, count: int, house: House, rng: Random) -> tuple[str, ...]:
    """Numbers as the maker engraves them, of serial goods; unique over the whole city."""
    if not goods.serial:
        return ()
    first = house.engraved + rng.randint(3, 40)
    house.engraved = first + count
    return tuple(f"{goods.key[:2]}{goods.key[-2:]}{house.code}{first + n:05d}" for n in range(count))


def racks_of(
    house: House, goods: Goods, quantity: int, rng: Random, pending: dict[int, float]
) -> list[tuple[Rack, int]]:
    """Bins for `quantity`, six at most; a bin takes more than it has room for only where no other has more."""
    racks = house.racks_for(goods)
    found: list[tuple[Rack, int]] = []
    rest = quantity
    while rest and racks:
        roomiest = sorted(racks, key=lambda rack: pending.get(rack.id, 0.0) - rack.room)[:4]
        rack = rng.choice(roomiest[:3])
        room = max(rack.room - pending.get(rack.id, 0.0), 0.0)
        fits = int(room * 0.95 / goods.share(rack))
        part = rest if fits >= rest or len(found) == 5 or len(racks) == 1 else min(whole(goods, fits), rest)
        found.append((rack, part))
        pending[rack.id] = pending.get(rack.id, 0.0) + part * goods.share(rack)
        racks = [one for one in racks if one is not rack]
        rest -= part
    return found
