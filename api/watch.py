"""The watch over the stock: follows the news, judges what they touched, and lets time pass for alerts; and the adder,
which keeps the sums that reports read near the news.

Beside the worker, in the same process. Any number may run: one works at a time, the others find nothing new.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from api.clock import Clock, system_clock
from catalog.kernel import db, jobs
from warehouse.alerts import actions
from warehouse.alerts.actions.judging import AT_ONCE
from warehouse.stock import holdings

IDLE_SECONDS = 0.5
TIME_SECONDS = 30.0
AFTER_ERROR_SECONDS = 5.0
ADDING_SECONDS = 5.0
"""Between two turns of the adder: what was touched meanwhile readers add up themselves, a fraction of a ms each."""
FULL_PASS = "alerts.full"
log = structlog.get_logger("watch")


@dataclass
class Watch:
    """One watch. `first_seconds`: after the start others come first."""

    clock: Clock = system_clock
    first_seconds: float = 5.0
    idle_seconds: float = IDLE_SECONDS
    _passed: float = field(default=float("-inf"), init=False)

    async def run(self) -> None:
        """Watch until cancelled."""
        await asyncio.sleep(self.first_seconds)
        await _repeat(self._pass_and_turn, self.idle_seconds)

    async def _pass_and_turn(self) -> bool:
        at = asyncio.get_running_loop().time()
        if at - self._passed >= TIME_SECONDS:
            await actions.pass_time(now=self.clock())
            self._passed = at
        return await self.turn()

    async def turn(self) -> bool:
        """Follow the news once; whether more are waiting."""
        done = await actions.follow(now=self.clock())
        if done.wants_all:
            await jobs.ask(FULL_PASS, now=self.clock(), asked_by="house")
        return done.news == AT_ONCE


@dataclass
class Adder:
    """Keeps `warehouse.stock.holdings` near the balances."""

    clock: Clock = system_clock
    first_seconds: float = 8.0

    async def run(self) -> None:
        """Add until cancelled."""
        await asyncio.sleep(self.first_seconds)
        await _repeat(self.turn, ADDING_SECONDS)

    async def turn(self) -> bool:
        """Follow the news once; whether more are waiting."""
        return await holdings.follow(now=self.clock()) == holdings.AT_ONCE


async def _repeat(turn: Callable[[], Awaitable[bool]], idle_seconds: float) -> None:
    """Turn after turn for ever, with a rest when there was nothing more, and a longer one after an error."""
    while True:
        try:
            if not await turn():
                await asyncio.sleep(idle_seconds)
        except (*db.CONNECTION_ERRORS, RuntimeError) as error:
            log.warning("watch.waiting", error=str(error) or type(error).__name__)
            await asyncio.sleep(AFTER_ERROR_SECONDS)
        except Exception:
            log.exception("watch.failed")
            await asyncio.sleep(AFTER_ERROR_SECONDS)
