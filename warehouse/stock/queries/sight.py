"""Who sees what. Owner and place are two things (DESIGN section 4): goods are seen by the scope they stand in and by
the scope that owns them.

Site ids and paths of the scope are written into the statement (they come from our own tables), so that the planner
knows how many goods they hold: it is the difference between walking an index in order and gathering a small site.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from catalog.kernel import db
from catalog.kernel.access import Scope
from catalog.kernel.errors import Invalid
from catalog.kernel.page import read_cursor, write_cursor

_PATH = re.compile(r"/(?:[0-9]+/)*").fullmatch
NEVER = "date '9999-12-31'"
"""Stands for "does not expire" in sort keys; the index `lot_expiry` is on the same expression."""
IN_STORE = "('bin', 'staging')"
"""Kinds of places whose goods are in store; loans, shipments and incident places are not."""
_RESOLVE = """
SELECT coalesce((SELECT bool_or(r.path LIKE ANY($1::text[])) FROM region r WHERE r.parent_id IS NULL), false),
    coalesce((SELECT array_agg(s.id ORDER BY s.id) FROM site s
              WHERE s.path LIKE ANY($1::text[]) OR s.id = ANY($2::bigint[])), '{}')
"""


@dataclass(frozen=True, slots=True)
class Sight:
    """A scope, resolved: `everything`, or goods at `sites` and goods owned under the paths `owners`."""

    everything: bool
    sites: tuple[int, ...]
    owners: tuple[str, ...]

    def at(self, column: str) -> str:
        """SQL: a site id column names a site in sight."""
        return f"{column} = ANY('{{{','.join(str(int(s)) for s in self.sites)}}}'::bigint[])"

    def owned(self, column: str) -> str:
        """SQL: an owner path column lies in sight."""
        wanted = [f"{column} LIKE '{path}%'" for path in self.owners if _PATH(path)]
        return f"({' OR '.join(wanted)})" if wanted else "false"

    @property
    def owner_patterns(self) -> list[str]:
        """The same for `LIKE ANY`."""
        return [path + "%" for path in self.owners]


async def see(scope: Scope) -> Sight:
    """Resolve a scope against the sites and the city's root."""
    row: Any = await db.fetch_row(_RESOLVE, scope.prefixes, list(scope.site_ids))
    return Sight(row[0], tuple(row[1]), scope.paths)


class Where:
    """Conditions and their arguments: `add("a = {} AND b = {}", 1, 2)` numbers the placeholders."""

    def __init__(self, *, args: Iterable[Any] = ()) -> None:
        self.conditions: list[str] = []
        self.args: list[Any] = list(args)

    def bind(self, value: Any) -> str:
        """The placeholder of a value."""
        self.args.append(value)
        return f"${len(self.args)}"

    def add(self, condition: str, *values: Any) -> None:
        """Add a condition; all must hold."""
        self.conditions.append(condition.format(*[self.bind(value) for value in values]))

    def seen(self, sight: Sight, site: str, owner: str) -> None:
        """Keep what is in sight, by a site id column and an owner path column."""
        if not sight.everything:
            self.conditions.append(f"({sight.at(site)} OR {sight.owned(owner)})")

    def text(self, *more: str) -> str:
        """The WHERE clause."""
        every = [*self.conditions, *more]
        return " WHERE " + " AND ".join(every) if every else ""


@dataclass(frozen=True, slots=True)
class Key:
    """One part of a sort order: an SQL expression and its type in SQL."""

    sql: str
    type: str = "bigint"


def after(where: Where, keys: Sequence[Key], cursor: str | None, *, hint: int = 0) -> str | None:
    """The condition that continues after `cursor` in ascending order of `keys`; None on the first page.

    `hint`: also say it for the first so many keys alone (with >=), where an index serves only these.
    """
    values = read_cursor(cursor, len(keys))
    if values is None:
        return None
    spots = [f"{where.bind(None if v is None else str(v))}::text::{k.type}" for v, k in zip(values, keys, strict=True)]
    condition = f"({', '.join(k.sql for k in keys)}) > ({', '.join(spots)})"
    if 0 < hint < len(keys):
        condition += f" AND ({', '.join(k.sql for k in keys[:hint])}) >= ({', '.join(spots[:hint])})"
    return condition


async def fetch_page(
    sql_of: Callable[[str], str], args: Sequence[Any], width: int, size: int, windows: Iterable[str] = ("true",)
) -> tuple[list[tuple[Any, ...]], str | None]:
    """Run statements whose first `width` columns are the sort key and which ask for one row more than `size`: the rows
    to show, whole, and the cursor of the next page.

    `windows` are conditions that cut the order into consecutive stretches; later ones are only asked if need be.
    """
    rows: list[tuple[Any, ...]] = []
    for window in windows:
        try:
            rows += [tuple(row) for row in await db.fetch(sql_of(window), *args)]
        except (asyncpg.DataError, asyncpg.CharacterNotInRepertoireError) as error:
            raise Invalid("page.bad-cursor", "翻页标记无效，请从第一页重新开始") from error
        if len(rows) > size:
            break
    shown = rows[:size]
    return shown, write_cursor(*shown[-1][:width]) if len(rows) > size else None
