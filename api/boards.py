"""Boards that many screens watch: read once for all who see the same, and never older than the news.

A board is kept with the bookmark behind which the news stood *before* it was read: it holds everything up to there.
As long as no news of its topics has come since, it is still true; who asks meanwhile waits for the one reading.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from catalog.kernel import feed
from catalog.kernel.feed import Bookmark
from warehouse.board import queries
from warehouse.board.model import TOPICS, Board, Sight

LONGEST = timedelta(seconds=15)
"""Time passes on a board too: holds lapse, what was due is late."""
MOST_KEPT = 100


@dataclass(frozen=True, slots=True)
class Drawn:
    """A board as a page shows it. `digest` changes with what is shown."""

    text: str
    digest: str


@dataclass
class Kept:
    """A board, up to where it is true, and how it has been drawn (by language)."""

    board: Board
    upto: Bookmark
    looked: float
    """When (monotonic) the news were last looked at: whoever asked before that need not look again."""
    drawn: dict[str, Drawn] = field(default_factory=dict)

    def draw(self, how: str, draw: Callable[[Board], Drawn]) -> Drawn:
        """Drawn once for each way."""
        if how not in self.drawn:
            self.drawn[how] = draw(self.board)
        return self.drawn[how]


class Boards:
    """One per process."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Sight, UUID | None], Kept] = {}
        self._locks: dict[tuple[Sight, UUID | None], asyncio.Lock] = {}

    async def read(self, sight: Sight, incident_id: UUID | None, at: datetime) -> Kept:
        """The board of a sight; nothing that was news before the call is missing from it."""
        key, asked = (sight, incident_id), time.monotonic()
        async with self._locks.setdefault(key, asyncio.Lock()):
            kept = self._kept.get(key)
            if kept is not None and kept.looked > asked:
                return kept
            looked = time.monotonic()
            upto = await feed.frontier()
            if kept is None or abs(at - kept.board.at) > LONGEST or await feed.read(kept.upto, 1, TOPICS):
                board = await queries.read_board(sight=sight, at=at, incident_id=incident_id)
                kept = self._kept[key] = Kept(board, upto, looked)
            else:
                kept.upto, kept.looked = upto, looked
            self._forget()
            return kept

    def _forget(self) -> None:
        """Keep the youngest only. A lock that is held stays."""
        for key in sorted(self._kept, key=lambda one: self._kept[one].board.at)[:-MOST_KEPT]:
            del self._kept[key]
        for key in [one for one, lock in self._locks.items() if one not in self._kept and not lock.locked()]:
            del self._locks[key]
