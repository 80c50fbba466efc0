"""Imports at the edge: files are read in a process of their own with bounds, applied by a task that any process can
take up again.

The reader is one spawned worker with a limit on memory and time; what breaks it was the file's fault, and the next file
gets a fresh worker. Applying runs beside the requests, a chunk at a time, so that others are served between chunks.
"""

import asyncio
import contextlib
import resource
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures.process import BrokenProcessPool
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

import structlog

from api.workers import Worker, settle_in
from catalog.kernel import db
from catalog.kernel.errors import Invalid, Problem
from catalog.kernel.search import pinyin
from catalog.kernel.stamp import Stamp
from catalog.kernel.time import day_of
from warehouse.exchange import actions, queries
from warehouse.exchange.model import ImportFile, ImportState
from warehouse.exchange.rules import files
from warehouse.exchange.rules.dry_run import outcome_of

MEMORY_BYTES = 1_500 * 1024 * 1024
"""Address space of the reading worker; a file that wants more is refused."""
SECONDS = 40.0
IDLE_SECONDS = 300.0
MOST_WAITING = 8
TRIES = 4
P = ParamSpec("P")
T = TypeVar("T")
log = structlog.get_logger("importing")


class ReaderBusy(Problem):
    """Too many files wait to be read: 503."""

    status = 503


class Reader:
    """One per process: one file after the other, in a worker that may break without harm."""

    def __init__(self) -> None:
        self._worker = Worker(_prepare, IDLE_SECONDS)
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`work(*args)` in the worker. Raises Invalid (`import.too-heavy`) where it exceeds its bounds."""
        if self._waiting >= MOST_WAITING:
            raise ReaderBusy("import.busy", "正在读取的文件过多，请稍候重试", retry_after=5)
        self._waiting += 1
        self._worker.busy()
        try:
            async with self._turn:
                return await self._alone(work, *args, **kwargs)
        finally:
            self._waiting -= 1
            if self._waiting == 0:
                self._worker.idle()

    def warm(self) -> None:
        """Start the worker before it is needed: somebody is choosing a file."""
        if not self._worker.started:
            self._worker.pool().submit(_ready)
            self._worker.idle()

    async def _alone(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            future = asyncio.wrap_future(self._worker.pool().submit(work, *args, **kwargs))
            return await asyncio.wait_for(future, SECONDS)
        except (BrokenProcessPool, MemoryError, TimeoutError) as error:
            log.warning("importing.reader-gave-up", error=type(error).__name__)
            self._worker.kill()
            raise Invalid(
                "import.too-heavy", "读取这个文件超出了内存或时间限制，请另存为新的 .xlsx 或拆成几份"
            ) from error

    def close(self) -> None:
        """End the worker; the next file starts another."""
        self._worker.close()


def _prepare() -> None:
    """In the worker: bounded memory, and what every worker does."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    settle_in()


def _ready() -> None:
    """In the worker: load what reading needs."""
    pinyin("预备")


READER = Reader()
"""The process's reader: it holds nothing until it is used."""


async def read_apart(read: Callable[[str, bytes], T], name: str, data: bytes) -> T:
    """A file read in the worker by a function of a module. Raises what it refuses (Invalid), and what `READER` does."""
    found = await READER.run(files.outcome_of, read, name, data)
    if isinstance(found, dict):
        raise Invalid(found["code"], found["detail"], **found["facts"])
    return found


async def judge(stamp: Stamp, file_id: UUID) -> None:
    """Dry-run a file and keep what was found; again if somebody chose otherwise meanwhile."""
    for _ in range(TRIES):
        file = await queries.get_import(file_id, stamp)
        if file.state not in (ImportState.UPLOADED, ImportState.JUDGED):
            return
        data = await queries.raw_of(file_id)
        choices = await queries.choices_of(file)
        known = await queries.known_for(file, stamp, day_of(stamp.recorded_at))
        begun = time.perf_counter()
        try:
            found = await READER.run(outcome_of, file.kind, file.name, data, choices, known)
        except Invalid as problem:
            found = {"code": problem.code, "detail": problem.detail, "facts": dict(problem.facts)}
        took = int((time.perf_counter() - begun) * 1000)
        if isinstance(found, dict):
            await actions.keep_problem(stamp=stamp, file_id=file_id, version=file.version, problem=found, read_ms=took)
            return
        if await actions.keep_findings(
            stamp=stamp, file_id=file_id, version=file.version, choices=choices, findings=found, read_ms=took
        ):
            return


class Runner:
    """The applies of this process. What a killed one leaves is found waiting, and anybody may go on with it."""

    def __init__(self) -> None:
        self._tasks: dict[UUID, asyncio.Task[None]] = {}

    def running(self, file_id: UUID) -> bool:
        """Whether this process is applying the file now."""
        return file_id in self._tasks

    def start(self, stamp: Stamp, file_id: UUID) -> None:
        """Begin, or do nothing where it is running already. The rights are those of whoever pressed the button."""
        if file_id not in self._tasks:
            task = asyncio.create_task(self._apply(stamp, file_id))
            self._tasks[file_id] = task
            task.add_done_callback(lambda _: self._tasks.pop(file_id, None))

    async def _apply(self, stamp: Stamp, file_id: UUID) -> None:
        failures = 0
        while failures < TRIES:
            try:
                if (await actions.apply_chunk(stamp=stamp, file_id=file_id)).finished:
                    return
                await asyncio.sleep(0.01)
            except db.CONNECTION_ERRORS as error:
                failures += 1
                log.warning("importing.waiting", file=str(file_id), error=type(error).__name__)
                await asyncio.sleep(failures)
            except Exception:
                log.exception("importing.apply-failed", file=str(file_id))
                return

    async def close(self) -> None:
        """Stop after the chunks under way are rolled back; the rest waits for whoever continues."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


RUNNER = Runner()


async def seen(stamp: Stamp, file_id: UUID) -> tuple[ImportFile, bool]:
    """A file, and whether this process is applying it: asked first, so that one which ends meanwhile does not look
    broken off. Raises Missing."""
    running = RUNNER.running(file_id)
    return await queries.get_import(file_id, stamp), running


@contextlib.asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[None]:
    """End worker and tasks with the application."""
    try:
        yield
    finally:
        await RUNNER.close()
        READER.close()
