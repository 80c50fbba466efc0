"""The telling: events wait by time; each draws from a random hand of its own and may call up later ones.

What happens is in `arrivals`, `outings`, `keeping` and `changes`, when in `year`. The hand of an event is seeded by its
number, so the same seed and the same last day tell the same story.
"""

import heapq
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any

from api.demo_stock.hands import Hands, Taken
from api.demo_stock.world import House, Stand, World
from catalog.kernel.time import SHANGHAI
from warehouse.stock.model import StockKey

DAYS = 365
"""How long the story is."""
_HOURS = (8, 9, 9, 10, 10, 11, 13, 14, 14, 15, 15, 16)


@dataclass(order=True, slots=True)
class Event:
    """Something that will happen in a house."""

    at: datetime
    number: int
    kind: str = field(compare=False)
    house: House = field(compare=False)
    facts: dict[str, Any] = field(compare=False, default_factory=dict)


class Story:
    """The year before `today`, told by `hands` in `world`."""

    def __init__(self, world: World, hands: Hands, *, seed: int, today: date) -> None:
        self.world, self.hands, self.seed, self.today = world, hands, seed, today
        self.first_day = today - timedelta(DAYS)
        self.end = self.moment(today - timedelta(1), 17, 30)
        self.calls = 0
        self.waiting: list[Event] = []
        self.care_done: dict[tuple[int, int, str], date] = {}
        """(lot, site, kind) → the last day."""
        self.kits_made: list[tuple[House, Stand, int, list[Taken]]] = []
        self.palletised: set[StockKey] = set()

    async def tell_on(self, deeds: Mapping[str, "Deed"]) -> bool:
        """The next event; False when there is none left before the end."""
        if not self.waiting or self.waiting[0].at > self.end:
            return False
        event = heapq.heappop(self.waiting)
        await deeds[event.kind](self, event, Random(f"{self.seed}/{event.number}"))  # noqa: S311 - a story, no secret
        return True

    @property
    def day(self) -> date:
        """How far it has come."""
        return min(self.waiting[0].at.astimezone(SHANGHAI).date(), self.today) if self.waiting else self.today

    def call(self, at: datetime, kind: str, house: House, **facts: Any) -> None:
        """Something will happen at a time."""
        self.calls += 1
        heapq.heappush(self.waiting, Event(at, self.calls, kind, house, facts))

    @staticmethod
    def moment(day: date, hour: int, minute: int, second: int = 0) -> datetime:
        """An instant, from a wall clock in the city."""
        return datetime.combine(day, time(hour, minute, second), SHANGHAI).astimezone(UTC)

    def hour(self, day: date, rng: Random, *, urgent: bool = False) -> datetime:
        """A moment of a working day (the next one, if it is none), or any hour where it is urgent."""
        if urgent:
            return self.moment(day, rng.randint(5, 21), rng.randint(0, 59), rng.randint(0, 59))
        while day.weekday() > 4:
            day += timedelta(1)
        return self.moment(day, rng.choice(_HOURS), rng.randint(0, 59), rng.randint(0, 59))

    def later(self, at: datetime, days: int, rng: Random) -> datetime:
        """A moment of a working day, so many days later."""
        return self.hour(at.astimezone(SHANGHAI).date() + timedelta(days), rng)


Deed = Callable[[Story, Event, Random], Awaitable[None]]
