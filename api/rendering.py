"""Files are drawn in a process of their own (`api.workers`), so that a thousand labels hold nobody up. One that broke
is started again."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures.process import BrokenProcessPool
from typing import Any, ParamSpec, TypeVar

import structlog

from api.fonts import FontMissing, find_font
from api.workers import Worker, settle_in
from catalog.kernel.errors import Invalid, Problem
from labels.errors import LabelProblem

IDLE_SECONDS = 180.0
MOST_WAITING = 20
"""Jobs under way and waiting; more are told to come back."""
P = ParamSpec("P")
T = TypeVar("T")
log = structlog.get_logger("rendering")


class NotNow(Problem):
    """Drawing is not possible at the moment: 503."""

    status = 503


class Renderer:
    """One per process. `run` may be called by many requests at once; jobs are drawn one after the other."""

    def __init__(self, workers: int = 1, idle_seconds: float = IDLE_SECONDS) -> None:
        self._worker = Worker(settle_in, idle_seconds, workers)
        self._running = 0

    @property
    def started(self) -> bool:
        """Whether there is a worker now."""
        return self._worker.started

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`work(*args)` in the worker. Its LabelProblem comes out as Invalid; a broken worker is replaced once."""
        if self._running >= MOST_WAITING:
            raise NotNow("labels.busy", "正在打印的任务过多，请稍候重试", retry_after=2)
        self._running += 1
        self._worker.busy()
        try:
            for last in (False, True):
                pool = self._worker.pool()
                try:
                    return await asyncio.wrap_future(pool.submit(work, *args, **kwargs))
                except BrokenProcessPool as error:
                    log.warning("rendering.broken", again=not last)
                    self._worker.forget(pool)
                    if last:
                        raise NotNow("labels.renderer-broken", "生成文件失败，请重试", retry_after=2) from error
            raise AssertionError("unreachable")
        except LabelProblem as problem:
            facts = {name: value for name, value in problem.facts.items() if name not in ("code", "detail", "self")}
            raise Invalid(problem.code, problem.detail, **facts) from problem
        finally:
            self._running -= 1
            if self._running == 0:
                self._worker.idle()

    def close(self) -> None:
        """End the worker; the next job starts another."""
        self._worker.close()


RENDERER = Renderer()
"""The process's renderer: it holds nothing until it is used."""


@contextlib.asynccontextmanager
async def lifespan(_: Any) -> AsyncIterator[None]:
    """End the worker with the application."""
    try:
        yield
    finally:
        RENDERER.close()


def font_path() -> str:
    """The font of labels and papers. Raises NotNow where the machine has none."""
    try:
        return str(find_font())
    except FontMissing as error:
        raise NotNow("labels.no-font", "服务器缺少中文字体，无法打印，请联系管理员") from error
