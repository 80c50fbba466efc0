"""A coroutine in a process of its own, with a pool of its own: passes that compute for so long that the serving loop
would stand still (DESIGN section 10). It goes last (nice), ends with the server, and is killed where its caller is
cancelled.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from api.workers import Worker, settle_in

P = ParamSpec("P")
T = TypeVar("T")


async def run(work: Callable[P, Coroutine[Any, Any, T]], *args: P.args, **kwargs: P.kwargs) -> T:
    """`await work(…)` there. `work` is a function of a module, its arguments and its answer are plain values."""
    from api.piccolo_conf import DB

    worker = Worker(settle_in, 0)
    pool = worker.pool()
    try:
        return await asyncio.wrap_future(pool.submit(_enter, DB.config["dsn"], work, args, kwargs))
    except asyncio.CancelledError:
        worker.kill()
        raise
    finally:
        worker.close()


def _enter(url: str, work: Callable[..., Coroutine[Any, Any, T]], args: Any, kwargs: Any) -> T:
    return asyncio.run(_inside(url, work, args, kwargs))


async def _inside(url: str, work: Callable[..., Coroutine[Any, Any, T]], args: Any, kwargs: Any) -> T:
    from api import database

    database.configure(url)
    await database.open_pool(1, 2)
    try:
        return await work(*args, **kwargs)
    finally:
        await database.close_pool()
