"""When what happens: the calendar of the year."""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from api.demo_stock.story import DAYS, Story
from api.demo_stock.world import CITY, DISTRICT, TOWN, VILLAGE, House

FLOOD_MONTHS = (6, 7, 8, 9)
TYPHOON = (7, 13, 19)
"""The month, first and last day of the bad week."""
TYPHOON_CALLS = {CITY: 6, DISTRICT: 7, TOWN: 5, VILLAGE: 2}
"""Issues of that week."""
RAIN_CALLS = {CITY: 1.5, DISTRICT: 1.6, TOWN: 0.8, VILLAGE: 0.4}
"""Issues a month of the flood season."""
COLD_CALLS = {CITY: 0.02, DISTRICT: 0.02, TOWN: 0.008, VILLAGE: 0.004}
"""Issues a day of the winter."""
ORDERS = {CITY: 9, DISTRICT: 7, TOWN: 3, VILLAGE: 1.2}
"""Delivery notes a year."""
DRILLS = {CITY: 0.45, DISTRICT: 0.4, TOWN: 0.2, VILLAGE: 0.08}
DOUBTS = {CITY: 0.5, DISTRICT: 0.35, TOWN: 0.1, VILLAGE: 0.02}
"""How likely in a month."""


def schedule(story: Story) -> None:
    """Call up everything that does not follow from something else."""
    rng = Random(f"{story.seed}/calendar")  # noqa: S311 - a story, no secret
    for n, house in enumerate(story.world.houses):
        day = story.first_day + timedelta(n * 4 // len(story.world.houses))
        story.call(story.moment(day, 8 + n % 9, 10 + n % 40), "opening", house)
    days = [story.first_day + timedelta(n) for n in range(5, DAYS)]
    for house in story.world.houses:
        _schedule_year(story, house, days, rng)
    for day in days:
        for house in story.world.houses:
            _schedule_weather(story, house, day, rng)
    _schedule_rare(story, rng)


def _schedule_year(story: Story, house: House, days: Sequence[date], rng: Random) -> None:
    count = int(ORDERS[house.tier] * rng.uniform(0.8, 1.2) + rng.random())
    for day in rng.sample(days[:-2], count):
        kind = "donation" if rng.random() < 0.1 else "order"
        story.call(story.hour(day, rng), kind, house)
    big = house.tier in (CITY, DISTRICT)
    for month in range(12):
        start = story.first_day + timedelta(12 + month * 29)
        story.call(story.hour(start + timedelta(rng.randint(0, 9)), rng), "care", house, month=month)
        story.call(story.hour(start + timedelta(rng.randint(0, 14)), rng), "rotate", house)
        if month % (2 if big else 4) == rng.randint(0, 1):
            story.call(story.hour(start + timedelta(rng.randint(0, 20)), rng), "restack", house)
        if rng.random() < DRILLS[house.tier]:
            story.call(story.hour(start + timedelta(rng.randint(0, 20)), rng), "drill", house)
        if rng.random() < DOUBTS[house.tier]:
            story.call(story.hour(start + timedelta(rng.randint(0, 20)), rng), "doubt", house)
    for quarter in range(4):
        start = story.first_day + timedelta(70 + quarter * 88)
        story.call(story.hour(start + timedelta(rng.randint(0, 8)), rng), "count", house)
        story.call(story.hour(start + timedelta(rng.randint(9, 14)), rng), "scrap", house)


def _schedule_weather(story: Story, house: House, day: date, rng: Random) -> None:
    calls = 0.0
    if day.month in FLOOD_MONTHS:
        calls = RAIN_CALLS[house.tier] / 30
    bad = day.month == TYPHOON[0] and TYPHOON[1] <= day.day <= TYPHOON[2]
    if bad:
        calls = TYPHOON_CALLS[house.tier] / 7
    while rng.random() < calls / (1 + calls):
        story.call(story.hour(day, rng, urgent=bad), "flood", house, typhoon=bad)
    if day.month in (12, 1, 2) and rng.random() < COLD_CALLS[house.tier]:
        story.call(story.hour(day, rng), "cold", house)
    if day.month in (11, 12, 1, 2, 3, 4) and "SL" in house.theme and rng.random() < 0.06:
        story.call(story.hour(day, rng, urgent=True), "forest", house)


def _schedule_rare(story: Story, rng: Random) -> None:
    """What happens now and then, in the larger houses: spread over them in turn."""
    large = [h for h in story.world.houses if h.tier in (CITY, DISTRICT)]
    districts = [h for h in large if h.tier == DISTRICT and not h.custody] or large
    general = [h for h in large if h.general] or large

    def spread(kind: str, count: float, houses: Sequence[House], first: int = 20, last: int = 360) -> None:
        scaled = max(1, round(count * len(story.world.houses) / 56))
        for n in range(scaled):
            day = story.first_day + timedelta(first + (last - first) * n // scaled + rng.randint(0, 6))
            story.call(story.hour(min(day, story.today - timedelta(3)), rng), kind, houses[n % len(houses)], turn=n)

    spread("kits", 22, general, 30)
    spread("unkit", 6, general, 150)
    spread("pallet", 40, large, 15)
    spread("correct", 18, story.world.houses, 25)
    spread("extend", 5, large, 120)
    spread("owner", 6, districts, 60)
    spread("fund", 4, large, 90)
    spread("loan", 18, large, 40)
    spread("slip", 22, story.world.houses, 12)
    spread("offline", 18, story.world.houses, 200)
    spread("hold", 14, large, 80, 340)
    spread("donation", 5, large, 50)
    last = story.today - timedelta(1)
    for n, house in enumerate(general):
        story.call(story.moment(last, 9, 5 + n * 7 % 50), "hold", house, now=True)
        if n % 3 == 0:
            story.call(story.moment(last - timedelta(6), 14, 10 + n), "order", house, waits=True)
            story.call(story.moment(last - timedelta(2), 10, 10 + n), "order", house)
    story.call(story.moment(last, 15, 40), "draft", general[0])
