"""The database as the rest of the program sees it: one engine, one ambient transaction, fixed SQL where it pays.

Piccolo's transaction is ambient: an action inside an action joins it, and an error caught inside still commits what
was written. So: never catch a `Problem` inside an open transaction; no `asyncio.gather`, no spawned task inside one.
"""

import itertools
import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache, lru_cache
from typing import Any, cast

import asyncpg
from piccolo.engine import engine_finder
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

Row = Any
"""A row as asyncpg gives it: columns by position or name."""
SERIALIZATION_ERRORS = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.UniqueViolationError,
)
"""Errors after which the same work may be done again from the start, in a new transaction."""

CONNECTION_ERRORS = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # the next statement on a connection that has heard FATAL and is not closed yet
    ConnectionError,
    TimeoutError,
)
"""The database is away. At the edge: 503, try again; nothing half-written (the server rolled back)."""


@cache
def engine() -> PostgresEngine:
    """The one engine, named by PICCOLO_CONF. Found once: looking costs as much as a small statement."""
    found = engine_finder()
    if not isinstance(found, PostgresEngine):
        raise RuntimeError("PICCOLO_CONF does not name a PostgreSQL engine")
    return found


GENERIC_PLANS = "SET LOCAL plan_cache_mode = force_generic_plan"
"""For a transaction of fixed statements that reach all their rows by key: planned once per connection, not each time.
Left to itself PostgreSQL plans them anew for ever, for it takes an array of unknown length to be longer than ours."""
_OWN_PLANS = "SET LOCAL plan_cache_mode = force_custom_plan"
_ROOM = "SET LOCAL work_mem = '64MB'; SET LOCAL enable_mergejoin = off; SET LOCAL enable_sort = off"
"""For a statement over given rows: PostgreSQL knows how long an array is and nothing of what is in it, takes a million
groups for likely, and sorts on disk what would fit into one hash table. What must be sorted still is."""
INDEX_ORDER = "SET LOCAL enable_bitmapscan = off"
"""For a transaction with a statement that takes the first row of each of many index ranges: PostgreSQL takes the few
rows it guesses at for cheaper to collect and sort than to read in the index's order, and is wrong where there are many.
Such a transaction's statements must not join two indexes by OR."""
WITHOUT_FLUSH = "SET LOCAL synchronous_commit = off"
"""For a transaction whose loss in a power cut would do no harm: nobody waits for the disk."""

ONE_MOMENT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
"""For a transaction of several reads that must fit each other: all of them as of its first."""


class _Begun:
    """BEGIN with its settings in one round trip; what asyncpg's own transaction does in several."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def start(self, settings: Sequence[str] = ()) -> None:
        await self._connection.execute("; ".join(("BEGIN", *settings)))

    async def commit(self) -> None:
        await self._connection.execute("COMMIT")

    async def rollback(self) -> None:
        await self._connection.execute("ROLLBACK")


@asynccontextmanager
async def transaction(*settings: str) -> AsyncIterator[None]:
    """Run the block in one transaction, joining the ambient one if there is one.

    `settings` (`GENERIC_PLANS`, `INDEX_ORDER`, `WITHOUT_FLUSH`, `ONE_MOMENT`) hold until its end; an ambient one
    has its own. Unlike Piccolo's own, it gives the connection back and forgets itself even when COMMIT or ROLLBACK
    fails because the server has gone.
    """
    here = engine()
    if here.current_transaction.get() is not None:
        yield
        return
    if here.pool is None:
        raise RuntimeError("no connection pool: start it first")
    connection = await here.pool.acquire()
    ambient = PostgresTransaction(engine=here)
    ambient.connection = connection
    ambient.transaction = begun = _Begun(connection)
    token = None
    try:
        await begun.start(settings)
        token = here.current_transaction.set(ambient)
        try:
            yield
        except BaseException:
            if not connection.is_closed():
                await begun.rollback()
            raise
        await begun.commit()
    finally:
        if token is not None:
            here.current_transaction.reset(token)
        await here.pool.release(connection)


def in_transaction() -> bool:
    """Whether an ambient transaction is open here."""
    return engine().current_transaction.get() is not None


@asynccontextmanager
async def connection() -> AsyncIterator[asyncpg.Connection]:
    """The ambient transaction's connection, or one of the pool for the length of the block."""
    here = engine()
    ambient = here.current_transaction.get()
    if ambient is not None:
        yield cast(asyncpg.Connection, ambient.connection)
        return
    if here.pool is None:
        raise RuntimeError("no connection pool: start it first")
    async with here.pool.acquire() as found:
        yield found


async def fetch(sql: str, *args: Any) -> Sequence[Row]:
    """All rows of a fixed statement."""
    async with connection() as found:
        return cast(Sequence[Row], await found.fetch(sql, *args))


async def fetch_large(sql: str, *args: Any) -> Sequence[Row]:
    """All rows of a large statement over given rows (`unnest` of long arrays), planned each time for the rows it comes
    with, its hash tables in memory.

    Left to itself PostgreSQL after five runs on a connection keeps one plan for any arguments, which takes every array
    for ten rows and joins thousands by loops: a report of 0.2 s then takes 5. In an ambient transaction the settings
    stay until its end.
    """
    async with transaction():
        await execute(f"{_OWN_PLANS}; {_ROOM}")
        return await fetch(sql, *args)


async def fetch_in_parts(sql: str, *args: Any, size: int = 2000) -> AsyncGenerator[Sequence[Row], None]:
    """The rows of a large statement (`fetch_large`), `size` at a time and all as of one moment, in constant memory.

    Outside an ambient transaction it has one of its own, which whoever takes the rows does not join. Whoever may stop
    before the end closes it (`contextlib.aclosing`).
    """
    async with connection() as found:
        own = None if in_transaction() else _Begun(found)
        if own is not None:
            await own.start()
        try:
            await found.execute(f"{_OWN_PLANS}; {_ROOM}")
            cursor = await found.cursor(sql, *args)
            while rows := await cursor.fetch(size):
                yield rows
        finally:
            if own is not None and not found.is_closed():
                await own.rollback()  # it only read


Question = tuple[str, Sequence[Any]]
"""A fixed statement that reads, and its arguments."""


async def fetch_together(*questions: Question) -> list[Sequence[Row]]:
    """The rows of each of several questions, asked in one round trip and answered as of one moment. Columns go by
    position. Parameters must say their type (`$1::bigint[]`)."""
    if len(questions) == 1:
        return [await fetch(questions[0][0], *questions[0][1])]
    sql = _together(*((sql, len(args)) for sql, args in questions))
    return list(await fetch_row(sql, *(arg for _, args in questions for arg in args)) or ())


@lru_cache(maxsize=256)
def _together(*asked: tuple[str, int]) -> str:
    parts, before = [], 0
    for sql, count in asked:
        shift = before  # of its parameters, behind those of the questions before it
        shifted = re.sub(r"\$(\d+)", lambda found, shift=shift: f"${int(found[1]) + shift}", sql)  # type: ignore[misc]
        parts.append(f"ARRAY(SELECT t FROM ({shifted}) t)")
        before += count
    return "SELECT " + ", ".join(parts)


async def fetch_row(sql: str, *args: Any) -> Row | None:
    """The first row, or None."""
    async with connection() as found:
        return await found.fetchrow(sql, *args)


async def fetch_value(sql: str, *args: Any) -> Any:
    """The first column of the first row, or None."""
    async with connection() as found:
        return await found.fetchval(sql, *args)


async def execute(sql: str, *args: Any) -> None:
    """Run a fixed statement for its effect."""
    async with connection() as found:
        await found.execute(sql, *args)


Append = tuple[str, Sequence[str], Sequence[Sequence[Any]]]
"""Rows to append: the table, its columns, the values."""
FEW = 3
"""So many rows are cheaper by INSERT, which is one round trip."""


async def append(*wanted: Append) -> None:
    """Append rows to tables, in their order: a few by one INSERT, many by COPY, the cheapest way in for many.

    Constraints, defaults and foreign keys hold either way; a value that PostgreSQL cannot hold is a DataError.
    """
    some = [one for one in wanted if one[2]]
    if sum(len(rows) for _, _, rows in some) <= FEW:
        if some:
            sql = _insert(*((table, tuple(columns), len(rows)) for table, columns, rows in some))
            await execute(sql, *(value for _, _, rows in some for row in rows for value in row))
        return
    async with connection() as found:
        for table, columns, rows in some:
            try:
                await found.copy_records_to_table(table, columns=columns, records=rows)
            except (TypeError, ValueError, OverflowError) as error:  # encoded here, before the server sees it
                raise asyncpg.DataError(str(error)) from error


@lru_cache(maxsize=256)
def _insert(*wanted: tuple[str, tuple[str, ...], int]) -> str:
    numbers = itertools.count(1)
    parts = []
    for table, columns, rows in wanted:
        values = ", ".join("(" + ", ".join(f"${next(numbers)}" for _ in columns) + ")" for _ in range(rows))
        parts.append(f"INSERT INTO {table} ({', '.join(columns)}) VALUES {values}")
    if len(parts) == 1:
        return parts[0]
    named = ", ".join(f"part_{n} AS ({part})" for n, part in enumerate(parts[1:]))
    return f"WITH {named} {parts[0]}"
