"""One page of a list, and the cursor to the next.

A cursor is the sort key of the last row shown (the server's own sequence last, so that it is unique), as opaque
base64url JSON. It is not a secret and grants nothing: every query is scoped again.
"""

import base64
import binascii
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from catalog.kernel.errors import Invalid

DEFAULT_LIMIT = 50
MAX_LIMIT = 500
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """`items`, and the cursor of the page after it (None on the last)."""

    items: Sequence[T]
    next_cursor: str | None = None


async def all_pages(fetch: Callable[[str | None], Awaitable[Page[T]]]) -> AsyncIterator[Page[T]]:
    """Every page of a list, one after the other; `fetch` asks for the one at a cursor."""
    cursor: str | None = None
    while True:
        found = await fetch(cursor)
        yield found
        cursor = found.next_cursor
        if cursor is None:
            return


def write_cursor(*key: Any) -> str:
    """The cursor of a row with this sort key."""
    return base64.urlsafe_b64encode(json.dumps(key, default=str, separators=(",", ":")).encode()).decode().rstrip("=")


def read_cursor(cursor: str | None, size: int) -> list[Any] | None:
    """The sort key in a cursor of `size` parts; None without a cursor. Raises Invalid on anything else."""
    if not cursor:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise Invalid("page.bad-cursor", "翻页标记无效，请从第一页重新开始") from error
    if not isinstance(key, list) or len(key) != size or any(isinstance(k, dict | list) for k in key):
        raise Invalid("page.bad-cursor", "翻页标记无效，请从第一页重新开始")
    return key


def checked_limit(limit: int | None) -> int:
    """A page size between 1 and MAX_LIMIT."""
    if limit is None:
        return DEFAULT_LIMIT
    if not 1 <= limit <= MAX_LIMIT:
        raise Invalid("page.bad-limit", f"每页条数须在 1 到 {MAX_LIMIT} 之间", limit=limit)
    return limit
