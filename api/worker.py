"""The worker: notes what is due, takes one run at a time, and writes how it ended.

Inside `beiyu serve` it is a task of the serving loop (jobs wait for the database, or start a process of their own);
`beiyu worker` is the same in a process apart. Any number may run: rows are the agreement. A database that is away, or
is started again under another port, is waited for; nothing ends the worker but its own end.
"""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import structlog

from api.clock import Clock, system_clock
from api.jobs import JOBS, Context, Job, Said
from api.notices import Sender
from api.settings import Settings
from api.watch import Adder, Watch
from catalog.kernel import db, jobs
from catalog.kernel.errors import Problem
from catalog.kernel.jobs import Run, Status

log = structlog.get_logger("worker")
FIRST_SECONDS = 15.0
"""After the start others come first: whoever opens the pages."""
IDLE_SECONDS = 2.0
PLAN_SECONDS = 20.0
BEAT_SECONDS = 10.0


async def nothing() -> None:
    """Nothing to do before looking again."""


@dataclass
class Worker:
    """One worker. `before_retry` is awaited after the database was away (a worker apart looks for it anew)."""

    settings: Settings
    clock: Clock = system_clock
    first_seconds: float = FIRST_SECONDS
    idle_seconds: float = IDLE_SECONDS
    before_retry: Callable[[], Awaitable[None]] = nothing
    name: str = ""

    def __post_init__(self) -> None:
        self.name = self.name or f"{socket.gethostname()}:{os.getpid()}"

    async def run(self) -> None:
        """Work until cancelled."""
        await asyncio.sleep(self.first_seconds)
        log.info("worker.started", worker=self.name)
        planned = -PLAN_SECONDS
        loop = asyncio.get_running_loop()
        while True:
            try:
                if loop.time() - planned >= PLAN_SECONDS:
                    await self.plan()
                    planned = loop.time()
                if not await self.turn():
                    await asyncio.sleep(self.idle_seconds)
            except (*db.CONNECTION_ERRORS, RuntimeError) as error:
                log.warning("worker.waiting", error=str(error) or type(error).__name__)
                await asyncio.sleep(self.idle_seconds)
                with contextlib.suppress(*db.CONNECTION_ERRORS, RuntimeError):
                    await self.before_retry()
            except Exception:
                log.exception("worker.failed")
                await asyncio.sleep(self.idle_seconds)

    async def plan(self) -> None:
        """Note every slot that has come; give back runs whose worker fell silent."""
        now = self.clock()
        await jobs.revive(now=now)
        for job in JOBS.values():
            if job.schedule is not None:
                await jobs.plan(job.name, job.schedule.last(now))

    async def turn(self) -> bool:
        """Do one run that is due; False where there is none."""
        run = await jobs.take(list(JOBS), now=self.clock(), worker=self.name)
        if run is None:
            return False
        status, said = await self._do(JOBS[run.job], run)
        await self._end(run, status, said)
        return True

    async def _do(self, job: Job, run: Run) -> tuple[Status, Said]:
        """The job itself, watched: its time is bounded, its errors become its outcome."""
        beating = asyncio.create_task(self._beat(run))
        context = Context(self.settings, self.clock, run.arguments)
        try:
            async with asyncio.timeout(job.minutes * 60):
                said = await job.work(context)
        except TimeoutError:
            text = f"超过 {job.minutes} 分钟，已中止", f"Took longer than {job.minutes} minutes and was ended"
            return Status.FAILED, Said(*text)
        except Problem as problem:
            return Status.FAILED, Said(problem.detail, f"{problem.code}: {problem.detail}")
        except Exception as error:
            log.exception("job.failed", job=job.name)
            return Status.FAILED, Said(f"出错：{error or type(error).__name__}", f"{type(error).__name__}: {error}")
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
        if said.found:
            log.error("job.found", job=job.name, says=said.en)
        return Status.FOUND if said.found else Status.DONE, said

    async def _beat(self, run: Run) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            with contextlib.suppress(*db.CONNECTION_ERRORS, RuntimeError):
                await jobs.beat(run.id, now=self.clock(), worker=self.name)

    async def _end(self, run: Run, status: Status, said: Said) -> None:
        """Write the outcome; a database that is away meanwhile is waited for as long as a run counts as alive."""
        deadline = asyncio.get_running_loop().time() + jobs.SILENT_AFTER.total_seconds()
        while True:
            try:
                await jobs.end(run.id, status, now=self.clock(), worker=self.name, words_zh=said.zh, words_en=said.en)
            except (*db.CONNECTION_ERRORS, RuntimeError):
                if asyncio.get_running_loop().time() > deadline:
                    raise
                await asyncio.sleep(self.idle_seconds)
                with contextlib.suppress(*db.CONNECTION_ERRORS, RuntimeError):
                    await self.before_retry()
            else:
                log.info("job.ended", job=run.job, status=status.value, says=said.en)
                return


@contextlib.asynccontextmanager
async def beside(settings: Settings) -> AsyncIterator[None]:
    """The worker beside whatever the block does, where the settings want it inside."""
    if settings.worker != "inside":
        yield
        return
    works = (Worker(settings), Watch(), Adder(), Sender(settings))
    tasks = [asyncio.create_task(one.run()) for one in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def apart(settings: Settings) -> int:
    """`beiyu worker`: the same in a process apart, on the database that a server of ours runs or that the settings
    name. Ends with a signal. Raises CannotServe, EmbeddedError, DatabaseError with a text for people."""
    from api import database
    from api.serve import CannotServe, embedded_of, run_on_loop, until_told

    embedded = embedded_of(settings)
    owner = None
    if embedded is not None:
        owner = embedded.attach()
        if owner is None:
            raise CannotServe("No server runs on this data folder: start `beiyu serve` with BEIYU_WORKER=apart first.")
    found = database.logins(settings, owner.url if owner else None)

    async def find_again() -> None:
        """The embedded database may have been started again on another port."""
        nonlocal owner
        again = await asyncio.to_thread(embedded.attach) if embedded is not None else None
        if again is not None and again != owner:
            owner = again
            await database.close_pool()
            database.configure(database.logins(settings, again.url).app)
            await database.open_pool(1, 4)

    async def work() -> None:
        await database.check_schema(found.app)
        database.configure(found.app)
        await database.open_pool(1, 4)
        try:
            works = (Watch(first_seconds=0), Adder(first_seconds=0), Sender(settings))
            beside_it = [asyncio.create_task(one.run()) for one in works]
            try:
                await until_told(Worker(settings, first_seconds=0, before_retry=find_again).run())
            finally:
                for task in beside_it:
                    task.cancel()
                await asyncio.gather(*beside_it, return_exceptions=True)
        finally:
            await database.close_pool()

    run_on_loop(work())
    return 0
