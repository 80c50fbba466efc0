"""The watch over the stock: follows the news, judges what they touched, and lets time pass for alerts.

Beside the worker, in the same process. Any number may run: one judges at a time, the others find nothing new.
"""

import asyncio
from dataclasses import dataclass

import structlog

from api.clock import Clock, system_clock
from catalog.kernel import db, jobs
from warehouse.alerts import actions
from warehouse.alerts.actions.judging import AT_ONCE

IDLE_SECONDS = 0.5
TIME_SECONDS = 30.0
AFTER_ERROR_SECONDS = 5.0
FULL_PASS = "alerts.full"
log = structlog.get_logger("watch")


@dataclass
class Watch:
    """One watch. `first_seconds`: after the start others come first."""

    clock: Clock = system_clock
    first_seconds: float = 5.0
    idle_seconds: float = IDLE_SECONDS

    async def run(self) -> None:
        """Watch until cancelled."""
        await asyncio.sleep(self.first_seconds)
        loop = asyncio.get_running_loop()
        passed = -TIME_SECONDS
        while True:
            try:
                if loop.time() - passed >= TIME_SECONDS:
                    await actions.pass_time(now=self.clock())
                    passed = loop.time()
                if not await self.turn():
                    await asyncio.sleep(self.idle_seconds)
            except (*db.CONNECTION_ERRORS, RuntimeError) as error:
                log.warning("watch.waiting", error=str(error) or type(error).__name__)
                await asyncio.sleep(AFTER_ERROR_SECONDS)
            except Exception:
                log.exception("watch.failed")
                await asyncio.sleep(AFTER_ERROR_SECONDS)

    async def turn(self) -> bool:
        """Follow the news once; whether more are waiting."""
        done = await actions.follow(now=self.clock())
        if done.wants_all:
            await jobs.ask(FULL_PASS, now=self.clock(), asked_by="house")
        return done.news == AT_ONCE
