"""The demo city, second half: one year of stock, made through the program's own actions from a fixed seed.

The same seed, share and day make the same lots and quantities. Every deed is an attempt with an id made of its running
number, so a load that broke off is told again from the start, hears the first answers, and goes on where it stopped.
"""

import sys
from datetime import UTC, date, datetime, time
from typing import TextIO
from uuid import UUID, uuid5

from api.demo_stock import arrivals, changes, keeping, outings, year
from api.demo_stock.hands import Hands
from api.demo_stock.story import Deed, Story
from api.demo_stock.world import read_world
from catalog.kernel import attempts, db
from catalog.kernel.stamp import house_stamp
from catalog.kernel.time import SHANGHAI
from catalog.seeds.model import CitySeeds, CommonSeeds
from warehouse.stock import snapshots

NAMESPACE = UUID("6b1e6f0e-3a55-5d0c-9b3e-be1900000002")
SEED = 20261121
CHUNK = 80
"""Deeds of one transaction: a commit waits for the disk, a story of one transaction would be lost as a whole."""

DEEDS: dict[str, Deed] = {
    deed.__name__: deed
    for deed in (
        arrivals.opening,
        arrivals.order,
        arrivals.donation,
        arrivals.draft,
        arrivals.cancel,
        arrivals.arrive,
        arrivals.settle,
        outings.flood,
        outings.cold,
        outings.forest,
        outings.drill,
        outings.drill_home,
        outings.return_home,
        outings.grade,
        outings.loan,
        outings.loan_home,
        outings.slip,
        outings.offline,
        outings.hold,
        outings.fill,
        keeping.rotate,
        keeping.scrap,
        keeping.restack,
        keeping.doubt,
        keeping.verdict,
        keeping.care,
        keeping.count,
        changes.kits,
        changes.unkit,
        changes.pallet,
        changes.correct,
        changes.extend,
        changes.owner,
        changes.fund,
    )
}
"""What may happen, by name."""


async def load_stock(
    common: CommonSeeds,
    city: CitySeeds,
    *,
    today: date,
    seed: int = SEED,
    share: float = 1.0,
    progress: TextIO | None = None,
) -> None:
    """Tell the year before `today` in `share` of the city's stores (1: all of them). The city and its people must be
    loaded. Safe to run again, also on a later day: day and share of the first run stay.
    """
    namespace = uuid5(NAMESPACE, f"{city.name}/{seed}")
    today, share = await _begin(namespace, city.name, today, share)
    world = await read_world(common, city, share=share)
    hands = Hands(namespace)
    story = Story(world, hands, seed=seed, today=today)
    year.schedule(story)
    out = progress or sys.stdout
    more = True
    while more:
        async with db.transaction():
            goal = hands.number + CHUNK
            while more and hands.number < goal:
                more = await story.tell_on(DEEDS)
        _say(out, story, hands.moves)
    for month in _months(story.first_day, today):
        await snapshots.take(month, now=story.moment(today, 0, 0))
    _say(out, story, hands.moves, last=True)


async def _begin(namespace: UUID, city: str, today: date, share: float) -> tuple[date, float]:
    """The last day and the share of the story: those of the first run."""
    at = datetime.combine(today, time(), SHANGHAI).astimezone(UTC)
    stamp = house_stamp(uuid5(namespace, "begin"), city, at, login="demo")

    async def work() -> attempts.Receipt:
        return {"today": today.isoformat(), "share": share}

    first = await attempts.once(stamp, "demo.stock", work)
    return date.fromisoformat(first["today"]), first["share"]


def _months(first: date, last: date) -> list[date]:
    """The months that began after `first`, up to `last`."""
    begun = (date(year, month, 1) for year in range(first.year, last.year + 1) for month in range(1, 13))
    return [day for day in begun if first < day <= last]


def _say(out: TextIO, story: Story, moves: int, *, last: bool = False) -> None:
    """One line that is written over while the load runs; where nobody looks on, only the end of it."""
    if not (last or out.isatty()):
        return
    start = "\r" if out.isatty() else ""
    end = "\n" if last else ""
    out.write(f"{start}  Demo stock 演示库存: {story.day:%Y-%m-%d}, {moves} moves{end}")
    out.flush()
