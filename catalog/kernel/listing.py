"""One page of a list: conditions, search with rank, order, cursor. Reads only; the SQL comes from the queries."""

from collections.abc import Callable
from typing import Any, TypeVar

import asyncpg

from catalog.kernel import db
from catalog.kernel.errors import Invalid
from catalog.kernel.page import Page, checked_limit, read_cursor, write_cursor
from catalog.kernel.search import sought

T = TypeVar("T")


class Listing:
    """A SELECT that grows conditions. `where("a = {} AND b = {}", 1, 2)` numbers the placeholders by itself."""

    def __init__(self, select: str) -> None:
        self._select = select
        self._conditions: list[str] = []
        self._args: list[Any] = []
        self._rank: str | None = None

    def _bound(self, text: str, *args: Any) -> str:
        places = []
        for arg in args:
            self._args.append(arg)
            places.append(f"${len(self._args)}")
        return text.format(*places)

    def where(self, condition: str, *args: Any) -> None:
        """Add a condition; all must hold."""
        self._conditions.append(self._bound(condition, *args))

    def search(self, column: str, query: str | None) -> None:
        """Keep rows whose search column matches `query`; exact tokens first, then beginnings. Nothing if empty."""
        wanted = sought(query)
        if wanted is None:
            return
        self.where(column + " LIKE ALL({}::text[])", list(wanted.contains))
        self._rank = self._bound(
            f"CASE WHEN {column} LIKE {{}} THEN 0 WHEN {column} LIKE {{}} THEN 1 ELSE 2 END",
            wanted.exact,
            wanted.prefix,
        )

    async def page(
        self, order: tuple[str, ...], cursor: str | None, limit: int | None, build: Callable[[Any], T]
    ) -> Page[T]:
        """The page after `cursor`. `order` are column expressions, ascending, the last one unique."""
        size = checked_limit(limit)
        keys = ((self._rank,) if self._rank else ()) + order
        after = read_cursor(cursor, len(keys))
        if after is not None:
            spots = ", ".join(["{}"] * len(keys))
            self.where(f"({', '.join(keys)}) > ({spots})", *after)
        where = " WHERE " + " AND ".join(self._conditions) if self._conditions else ""
        outer = ", ".join(f"{key} AS cursor_{n}" for n, key in enumerate(keys))
        select = self._select.replace("SELECT ", f"SELECT {outer}, ", 1)
        tail = f" ORDER BY {', '.join(keys)} LIMIT {size + 1}"
        try:
            rows = await db.fetch(select + where + tail, *self._args)
        except asyncpg.DataError as error:
            if after is None:
                raise
            raise Invalid("page.bad-cursor", "翻页标记无效，请从第一页重新开始") from error
        shown = rows[:size]
        following = write_cursor(*tuple(shown[-1])[: len(keys)]) if len(rows) > size else None
        return Page([build(tuple(row)[len(keys) :]) for row in shown], following)
